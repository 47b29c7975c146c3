"""Which display threshold costs the reviewer least, judged by frames of which the truth is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.figures.intervals import LEVEL, Interval
from autoanno_gui.core.keystrokes import Act, ActCosts
from autoanno_gui.core.records import Thresholds
from autoanno_gui.core.review_costs import TunedFrame
from autoanno_gui.core.sampling import SAMPLE_SIZE

THRESHOLDS: Final = tuple(round(0.05 * step, 2) for step in range(1, 20))
LEAST_FRAMES: Final = 8
"""Of fewer frames nothing can be said."""
CLEARLY_MORE: Final = 0.10
"""Share of the least cost from which on a threshold is a bad choice."""
NEARLY_THE_SAME: Final = 0.05
"""Share of the least cost within which thresholds are as good as the best one."""
FLAT_SPAN: Final = 0.5
"""A curve is flat when thresholds that cost nearly the same reach this far."""
RESAMPLES: Final = 2000
_CELLS_AT_ONCE: Final = 1_000_000

PARTS: Final[dict[str, tuple[Act, ...]]] = {
    "look": (Act.LOOK, Act.LOOK_AT_OBJECT, Act.DECIDE),
    "delete": (Act.DELETE,),
    "change": (Act.CHANGE_CLASS, Act.EDIT),
    "promote": (Act.SHOW_GHOSTS, Act.PROMOTE),
    "draw": (Act.DRAW,),
}
"""What the seconds of a frame are spent on."""
_COUNTED: Final = {
    "accepted": Act.ACCEPT,
    "deleted": Act.DELETE,
    "class_changed": Act.CHANGE_CLASS,
    "edited": Act.EDIT,
    "promoted": Act.PROMOTE,
    "drawn": Act.DRAW,
}


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What review would have cost at one threshold.

    Attributes:
        threshold: 0.05..0.95.
        seconds: per frame.
        interval: of the seconds, by resampling frames.
        actions: keys, clicks and drags per frame.
        counts: how many objects were accepted, deleted, ... on all frames together.
        parts: seconds per frame by what they are spent on, in the order of `PARTS`.
    """

    threshold: float
    seconds: float
    interval: Interval
    actions: float
    counts: dict[str, int]
    parts: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the point as `autoanno tune --json` prints it."""
        return {
            "threshold": self.threshold,
            "actions_per_frame": round(self.actions, 4),
            "seconds_per_frame": round(self.seconds, 4),
            "seconds_interval": [round(end, 4) for end in self.interval],
            **self.counts,
            **{f"{name}_seconds": round(part, 4) for name, part in zip(PARTS, self.parts, strict=True)},
        }


@dataclass(frozen=True, slots=True)
class Tuning:
    """The curve and what follows from it.

    Attributes:
        frames: how many it was drawn from.
        objects: how many true objects they have.
        curve: by rising threshold.
        recommended: the threshold that costs least; None where there is nothing to count.
        interval: in which it lies when other frames of the same kind had been taken.
        excess: how much more than the best one it costs, at most, in 95 of 100 draws of frames; a share.
        enough: whether the frames carry the recommendation.
        plateau: the thresholds around the best one that cost nearly the same.
        flat: whether these reach so far that the choice hardly matters.
    """

    frames: int
    objects: int
    curve: tuple[CurvePoint, ...]
    recommended: float | None
    interval: Interval
    excess: float
    enough: bool
    plateau: Interval
    flat: bool

    def at(self, threshold: float) -> CurvePoint:
        """Return the point next to a threshold."""
        return min(self.curve, key=lambda point: abs(point.threshold - threshold))

    @property
    def finding(self) -> str:
        """What was found out, in plain words."""
        frames = f"{self.frames} frame{'s' if self.frames != 1 else ''}"
        if self.recommended is None or not self.objects:
            return f"There is no object on the {frames}, so nothing can be said about the threshold."
        if self.frames < LEAST_FRAMES:
            return f"{frames} are too few to tell: at least {LEAST_FRAMES} are needed, {SAMPLE_SIZE} are better."
        if not self.enough:
            return (
                f"{frames} are too few to tell: {self.recommended:.2f} looks best, but may cost {self.excess:.0%} more "
                "than the best threshold. Review more frames."
            )
        seconds = self.at(self.recommended).seconds
        best = f"{self.recommended:.2f} costs least, {seconds:.1f} s a frame"
        low, high = self.plateau
        if self.flat:
            return f"{best}, but the curve is flat: anything from {low:.2f} to {high:.2f} costs nearly the same."
        low, high = self.interval
        sure = "" if low == high else f" With other frames it might have been {low:.2f} to {high:.2f}."
        return f"{best}.{sure}"


def curve_counts(frame: TunedFrame, *, ghost_floor: float) -> NDArray[np.int64]:
    """Return (19, ACTS) how often each act is needed on a frame at each of the `THRESHOLDS`."""
    return np.array([frame.counts(Thresholds(value, (), ghost_floor)) for value in THRESHOLDS])


def recommend(counts: NDArray[np.int64], costs: ActCosts, *, objects: int, seed: int = 0) -> Tuning:
    """Return the curve and the threshold to take.

    The recommendation is the minimum of the curve smoothed over neighbours: where the curve is shallow, a single frame
    would decide between them otherwise. Of equal ones the lower is taken, which shows more of what the model proposed.

    Args:
        counts: (F, 19, ACTS), one frame after the other.
        costs: of the acts.
        objects: how many true objects the frames have.
        seed: of the resampling.
    """
    frames = len(counts)
    if not frames:
        everything = THRESHOLDS[0], THRESHOLDS[-1]
        return Tuning(0, 0, (), None, everything, 0.0, False, everything, False)
    seconds = costs.seconds_of(counts)
    mean = seconds.mean(axis=0)
    best = int(smooth(mean).argmin())
    drawn = np.concatenate(list(resampled_means(seconds, seed=seed)))
    ends = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    bests = np.quantile(smooth(drawn).argmin(axis=1), ends, method="nearest").astype(int)
    excess = float(np.quantile(drawn[:, best] / drawn.min(axis=1) - 1.0, LEVEL))
    low, high = _plateau(mean)
    plateau = THRESHOLDS[low], THRESHOLDS[high]
    return Tuning(
        frames=frames,
        objects=objects,
        curve=_curve(counts, seconds, np.quantile(drawn, ends, axis=0), costs),
        recommended=THRESHOLDS[best],
        interval=(THRESHOLDS[bests[0]], THRESHOLDS[bests[1]]),
        excess=excess,
        enough=frames >= LEAST_FRAMES and objects > 0 and excess <= CLEARLY_MORE,
        plateau=plateau,
        flat=plateau[1] - plateau[0] >= FLAT_SPAN - 1e-9,
    )


def _curve(
    counts: NDArray[np.int64], seconds: NDArray[np.float64], ends: NDArray[np.float64], costs: ActCosts
) -> tuple[CurvePoint, ...]:
    totals = counts.sum(axis=0)
    prices = np.array(costs.seconds)
    actions = costs.actions_of(counts).mean(axis=0)
    return tuple(
        CurvePoint(
            threshold=value,
            seconds=float(seconds[:, at].mean()),
            interval=(float(ends[0, at]), float(ends[1, at])),
            actions=float(actions[at]),
            counts={name: int(totals[at, act]) for name, act in _COUNTED.items()},
            parts=tuple(float(totals[at, list(acts)] @ prices[list(acts)]) / len(counts) for acts in PARTS.values()),
        )
        for at, value in enumerate(THRESHOLDS)
    )


def smooth(curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (..., 19) curves, each value half its own and a quarter of each neighbour's; ends repeat themselves."""
    padded = np.concatenate([curves[..., :1], curves, curves[..., -1:]], axis=-1)
    return np.asarray((padded[..., :-2] + 2.0 * padded[..., 1:-1] + padded[..., 2:]) / 4.0, np.float64)


def _plateau(mean: NDArray[np.float64]) -> tuple[int, int]:
    """Return the first and the last of the thresholds around the best one that cost nearly the same."""
    good = mean <= mean.min() * (1.0 + NEARLY_THE_SAME)
    low = high = int(mean.argmin())
    while low > 0 and good[low - 1]:
        low -= 1
    while high < len(mean) - 1 and good[high + 1]:
        high += 1
    return low, high


def resampled_means(values: NDArray[np.float64], *, seed: int) -> Iterator[NDArray[np.float64]]:
    """Yield, in blocks, the (..., K) means over frames drawn anew with replacement, `RESAMPLES` in all.

    Args:
        values: (F, K) of each frame.
        seed: equal seeds give equal draws.
    """
    frames = len(values)
    rng = np.random.default_rng(seed)
    rows = max(1, _CELLS_AT_ONCE // frames)
    for start in range(0, RESAMPLES, rows):
        size = min(rows, RESAMPLES - start)
        yield rng.multinomial(frames, np.full(frames, 1.0 / frames), size=size) @ values / frames

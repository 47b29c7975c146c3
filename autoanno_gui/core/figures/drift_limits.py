"""Limits of the charts, by simulating the same procedure on a round whose edit rate stays the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.figures.drift_baseline import (
    LEAST_RATE,
    MOST_RATE,
    PRIOR_CANDIDATES,
    PRIOR_RATE,
    ratios,
    score_weights,
)
from autoanno_gui.core.figures.drift_chart import BLOCK, LAG, cusum, design_effect, log_ratios

Floats: TypeAlias = NDArray[np.float64]
Singles: TypeAlias = NDArray[np.float32]

RUNS: Final = 3000
RUNS_WITH_CLASSES: Final = 1500
"""Each of these takes several times as long."""
SEED: Final = 20
CLASS_PART: Final = 0.5
"""The charts of all classes together may ring falsely half as often as the chart of all classes."""
_RATE_STEP: Final = np.log(1.25)
_SHARE_STEP: Final = 0.1
_CLUSTER_STEP: Final = 0.05
_EXACT_SIZES: Final = 6
_RUNS_AT_ONCE: Final = 100
"""Rounds that are drawn without a breath."""
_MOST_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class Case:
    """What limits depend on, rounded so that one simulation serves many calls.

    Attributes:
        size: candidates of a frame.
        rate: of correction; that of all classes stands for each.
        shares: of the candidates, of each class that has a chart, falling, and of the others together.
        cluster: correlation of the corrections within a frame, 0..0.95.
        warm_up: blocks before the first charted one.
        horizon: frames, those of the warm-up included.
        alpha: probability that any chart rings within them.
        later: the limits are for the frames after the horizon: the probability holds for as many again.
    """

    size: int
    rate: float
    shares: tuple[float, ...]
    cluster: float
    warm_up: int
    horizon: int
    alpha: float
    later: bool = False

    @classmethod
    def rounded(
        cls,
        *,
        size: float,
        rate: float,
        shares: Floats,
        effect: float,
        warm_up: int,
        horizon: int,
        alpha: float,
        later: bool = False,
    ) -> Case:
        """Round what was measured.

        Args:
            size: mean number of candidates of a frame.
            rate: of correction.
            shares: (K + 1,) of each class with a chart, falling, and of the others.
            effect: the design effect of all classes.
            warm_up: blocks.
            horizon: frames; at least as many are simulated after the warm-up as in it.
            alpha: 0..1.
            later: for the frames after the horizon.
        """
        sizes = round(size) if size < _EXACT_SIZES else round(float(np.exp(round(np.log(size) / 0.2) * 0.2)))
        steps = np.maximum(np.round(shares / _SHARE_STEP), np.array([1.0] * (len(shares) - 1) + [0.0]))
        rounded = float(np.exp(round(float(np.log(np.clip(rate, 0.01, 0.8))) / _RATE_STEP) * _RATE_STEP))
        cluster = (effect - 1.0) / max(size - 1.0, 1.0)
        return cls(
            size=max(sizes, 1),
            rate=min(rounded, 0.8),
            shares=tuple((steps / steps.sum()).tolist()),
            cluster=float(min(round(cluster / _CLUSTER_STEP) * _CLUSTER_STEP, 0.95)),
            warm_up=warm_up,
            horizon=max(horizon, 2 * warm_up * BLOCK),
            alpha=alpha,
            later=later,
        )


_kept: Final[dict[Case, tuple[float, ...]]] = {}


def limits(case: Case, breathe: Callable[[], object] = lambda: None) -> tuple[float, ...]:
    """Return the limit of the chart of all classes, then of each class that has one; they are kept.

    Each rings as rarely as the others of its kind, and all together as rarely as the case says.

    Args:
        case: what they depend on.
        breathe: called often; what it raises ends the simulation.
    """
    found = _kept.get(case)
    if found is None:
        found = _simulated(case, breathe)
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[case] = found
    return found


def _simulated(case: Case, breathe: Callable[[], object]) -> tuple[float, ...]:
    highest = _highest(case, breathe)
    runs, charts = highest.shape
    tail = 1.0 - np.argsort(np.argsort(highest, axis=0), axis=0) / runs
    parts = np.array([1.0] + [CLASS_PART / max(charts - 1, 1)] * (charts - 1))
    level = float(np.quantile((tail / parts).min(1), case.alpha, method="lower"))
    return tuple(
        float(np.quantile(highest[:, chart], 1.0 - min(level * part, 1.0))) for chart, part in enumerate(parts)
    )


def _highest(case: Case, breathe: Callable[[], object]) -> Floats:
    """Return (runs, charts) the highest point of each chart in each simulated round."""
    counts, corrections = _rounds(case, breathe)
    classes = len(case.shares) - 1
    charted = slice(0, classes)
    warm_up = case.warm_up * BLOCK
    learnt, fixed = (one[:, :warm_up].sum(1, dtype=np.float64) for one in (counts, corrections))
    frames = _Frames(counts[:, :warm_up], corrections[:, :warm_up], _rates(learnt, fixed), charted)
    squares, variance = frames.squares.sum(2), frames.variance.sum(2)
    waiting: list[tuple[int, _Frames]] = []
    level, highest = np.zeros((len(counts), classes + 1)), np.zeros((len(counts), classes + 1))
    for start in range(warm_up, counts.shape[1], BLOCK):
        breathe()
        if case.later and start - BLOCK < case.horizon <= start:
            level, highest = np.zeros_like(level), np.zeros_like(highest)
        while len(waiting) > LAG:
            begin, known = waiting.pop(0)
            block = slice(begin, begin + BLOCK)
            learnt = learnt + counts[:, block].sum(1)
            fixed = fixed + corrections[:, block].sum(1)
            squares, variance = squares + known.squares.sum(2), variance + known.variance.sum(2)
        block = slice(start, min(start + BLOCK, counts.shape[1]))
        frames = _Frames(counts[:, block], corrections[:, block], _rates(learnt, fixed), charted)
        weights = score_weights(learnt.sum(1, keepdims=True)) / design_effect(squares, variance)
        weights[:, 1:] *= score_weights(learnt[:, charted])
        points = cusum(frames.scores * weights[:, :, None], level)
        level, highest = points[:, :, -1], np.maximum(highest, points.max(2))
        waiting.append((start, frames))
    return highest


def _rounds(case: Case, breathe: Callable[[], object]) -> tuple[Singles, Singles]:
    """Return (runs, frames, classes + 1) candidates and corrections of rounds without any drift."""
    rng = np.random.default_rng(SEED)
    one = len(case.shares) == 1
    runs, frames = RUNS if one else RUNS_WITH_CLASSES, case.horizon * (1 + case.later)
    # Small whole numbers: half the memory of doubles.
    counts = np.full((runs, frames, len(case.shares)), case.size, np.float32)
    chances: Floats = np.full((runs, 1, 1), case.rate)
    corrections = np.empty_like(counts)
    parts = [slice(start, min(start + _RUNS_AT_ONCE, runs)) for start in range(0, runs, _RUNS_AT_ONCE)]
    for part in parts if not one else ():
        breathe()
        counts[part] = rng.multinomial(case.size, case.shares, size=(part.stop - part.start, frames))
    if spread := case.cluster * (1.0 - case.rate) / case.rate:
        # A frame is as much harder or easier than usual for all of its candidates.
        chances = np.minimum(case.rate * rng.gamma(1.0 / spread, spread, size=(runs, frames, 1)), MOST_RATE)
    for part in parts:
        breathe()
        corrections[part] = rng.binomial(counts[part].astype(np.int64), chances[part])
    return counts, corrections


def _rates(candidates: Floats, corrections: Floats) -> Floats:
    """Return (runs, classes + 1) expected rates: what `Baseline` expects where all have one bin and one group."""
    prior = PRIOR_RATE * PRIOR_CANDIDATES
    overall = (corrections.sum(1, keepdims=True) + prior) / (candidates.sum(1, keepdims=True) + PRIOR_CANDIDATES)
    found: Floats = np.clip(overall * ratios(corrections, candidates * overall), LEAST_RATE, MOST_RATE)
    return found


class _Frames:
    """What frames bring to the charts, (runs, charts, frames)."""

    def __init__(self, counts: Singles, corrections: Singles, rates: Floats, charted: slice) -> None:
        rates = rates[:, None, :]
        scores = corrections * log_ratios(np.ones(1), np.zeros(1)) + counts * log_ratios(np.zeros(1), rates)
        self.scores = _by_chart(scores, charted)
        self.squares = _by_chart(corrections - counts * rates, charted) ** 2
        self.variance = _by_chart(counts * rates * (1.0 - rates), charted)


def _by_chart(values: Floats, charted: slice) -> Floats:
    """Return (runs, 1 + classes with a chart, frames) from (runs, frames, classes + 1)."""
    return np.concatenate([values.sum(2)[:, None, :], values[:, :, charted].swapaxes(1, 2)], axis=1)

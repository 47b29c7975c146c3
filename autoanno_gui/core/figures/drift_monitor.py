"""Runs the charts over the frames of one round, block after block, each against what was learnt before it.

While a chart rings, nothing is learnt from the frames of its climb, so that the climb does not become the usual rate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from autoanno_gui.core.figures.drift_baseline import Baseline, Candidates, Flags, Floats, Ints, score_weights
from autoanno_gui.core.figures.drift_chart import (
    BLOCK,
    LAG,
    WARM_UP_CANDIDATES,
    WARM_UP_FRAMES,
    cusum,
    design_effect,
    log_ratios,
)
from autoanno_gui.core.figures.drift_limits import Case, limits

CLASS_CHARTS: Final = 5
CLASS_CANDIDATES: Final = 100
"""A class with fewer of them in the baseline has no chart of its own."""
WHOLE: Final = 0.9
"""A class with a larger share of the candidates has none either: the chart of all classes is its chart."""
MOST: Final = 2.0
"""Points rise no higher, in limits, so that the end of a climb shows."""


@dataclass(slots=True)
class Climb:
    """One time that a chart rang.

    Attributes:
        start: first frame after the chart was last at zero.
        rang: frame at which it reached the limit.
        baseline: as it was before the climb.
        end: frame at which it was back at zero; None while it is not.
        peak: last frame at which it was highest: the climb itself went no further.
        height: there, in log-likelihood ratios.
    """

    start: int
    rang: int
    baseline: Baseline
    end: int | None = None
    peak: int = 0
    height: float = 0.0

    def follow(self, levels: Floats, start: int) -> None:
        """Find the peak in the values of the frames from `start` on, and whether the chart is back at zero."""
        zeros = np.flatnonzero(levels == 0.0)
        if len(zeros):
            self.end, levels = start + int(zeros[0]), levels[: zeros[0]]
        if len(levels) and (top := float(levels.max())) >= self.height:
            self.height, self.peak = top, start + int(np.flatnonzero(levels == top)[-1])


@dataclass(slots=True)
class ChartState:
    """One chart while it is drawn.

    Attributes:
        class_index: of the candidates that it counts; None for all.
        limit: of the newest simulation.
        level: last value, in log-likelihood ratios.
        zero: last frame at which it was at zero.
        points: (F,) in limits, 0 before its first frame.
        climbs: in the order in which it rang.
    """

    class_index: int | None
    zero: int
    points: Floats
    limit: float = 1.0
    level: float = 0.0
    climbs: list[Climb] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether it rang and has not been back at zero since."""
        return bool(self.climbs) and self.climbs[-1].end is None


class Monitor:
    """The charts of one round.

    Attributes:
        warm_up: blocks before the first charted one; None while there are too few frames.
        charts: of all classes first.
    """

    def __init__(
        self, found: Candidates, *, alpha: float, horizon: int, breathe: Callable[[], object] = lambda: None
    ) -> None:
        """Run over all frames.

        Args:
            found: candidates of the round.
            alpha: probability that any chart rings falsely within the horizon.
            horizon: frames.
            breathe: called often while limits are simulated.
        """
        self._found, self._alpha, self._horizon, self._breathe = found, alpha, horizon, breathe
        frames = len(found)
        self.warm_up = warm_up_blocks(found)
        self.charts = [ChartState(None, 0, np.zeros(frames))]
        self._baseline = Baseline(len(found.class_ids), found.groups)
        self._learnt: Flags = np.zeros(frames, np.bool_)
        self._taken: Flags = np.zeros(len(found.frame), np.bool_)
        self._squares = np.zeros((1 + CLASS_CHARTS, frames))
        self._variance = np.zeros((1 + CLASS_CHARTS, frames))
        self._sums_learnt = np.zeros((2, 1 + CLASS_CHARTS))
        self._chart_of_class: Ints = np.zeros(len(found.class_ids), np.int64)
        if self.warm_up is not None:
            self._run(self.warm_up * BLOCK)

    @property
    def first(self) -> int:
        """The first charted frame."""
        return (self.warm_up or 0) * BLOCK

    def _run(self, first: int) -> None:
        self._take(self._found.between(0, first))
        self._learnt[:first] = True
        self.charts[0].zero = first - 1
        milestone = first
        for start in range(first, len(self._found), BLOCK):
            due = start - (LAG + 1) * BLOCK
            if due >= first:
                self._learn(due)
            if start >= milestone:
                self._set_limits(start)
                milestone = 2 * start if start >= self._horizon else min(2 * start, self._horizon)
            self._chart(start, min(start + BLOCK, len(self._found)))

    def _learn(self, start: int) -> None:
        """Learn a block, unless it belongs to a climb; of cells that are not known yet even then."""
        which = self._found.between(start, start + BLOCK)
        if any(_touches(climb, start) for chart in self.charts for climb in chart.climbs):
            _, known = self._baseline.expected(self._found, which)
            unknown = np.flatnonzero(known == 0.0) + which.start
            if len(unknown):
                self._take(unknown)
            return
        self._take(which)
        block = slice(start, start + BLOCK)
        self._learnt[block] = True
        self._sums_learnt += self._squares[:, block].sum(1), self._variance[:, block].sum(1)

    def _take(self, which: slice | Ints) -> None:
        self._baseline.learn(self._found, which)
        self._taken[which] = True

    def _forget(self, start: int) -> None:
        """Learn anew from the frames before the block in which a climb began; of cells that only later ones tell
        anything about, from those."""
        begun = start // BLOCK * BLOCK
        taken = np.flatnonzero(self._taken)
        late = self._found.frame[taken] >= begun
        self._learnt[begun:] = False
        self._taken[:] = False
        self._baseline = Baseline(len(self._found.class_ids), self._found.groups)
        self._take(taken[~late])
        _, known = self._baseline.expected(self._found, taken[late])
        self._take(taken[late][known == 0.0])
        self._sum_anew()

    def _sum_anew(self) -> None:
        self._sums_learnt[:] = self._squares @ self._learnt, self._variance @ self._learnt

    def _set_limits(self, start: int) -> None:
        """Give classes with enough candidates a chart, and all charts the limits that fit what was learnt."""
        candidates = self._baseline.candidates.sum(1)
        known = len(self.charts) - 1
        for index in np.argsort(-candidates, kind="stable").tolist():
            enough = CLASS_CANDIDATES <= candidates[index] <= WHOLE * candidates.sum()
            if enough and not self._chart_of_class[index] and len(self.charts) <= CLASS_CHARTS:
                self._chart_of_class[index] = len(self.charts)
                self.charts.append(ChartState(index, start - 1, np.zeros(len(self._found))))
        if len(self.charts) - 1 > known or start == self.first:
            self._look_back()
        of_chart = self._of_charts(candidates)
        own = np.sort(of_chart[1:])[::-1]
        shares = np.append(own, candidates.sum() - own.sum()) / candidates.sum()
        case = Case.rounded(
            size=float(candidates.sum()) / int(self._learnt.sum()),
            rate=float(self._baseline.corrections.sum() / candidates.sum()),
            shares=shares,
            effect=float(self._effects()[0]),
            warm_up=self.warm_up or 0,
            horizon=self._horizon,
            alpha=self._alpha,
            later=start >= self._horizon,
        )
        places = [0, *(1 + np.argsort(-of_chart[1:], kind="stable")).tolist()]
        for place, limit in zip(places, limits(case, self._breathe), strict=True):
            self.charts[place].limit = limit

    def _of_charts(self, of_class: Floats) -> Floats:
        """Return (charts,) sums over classes that each chart counts."""
        found = np.bincount(self._chart_of_class, of_class, len(self.charts)).astype(np.float64)
        found[0] = found.sum()
        return found

    def _look_back(self) -> None:
        """Work out how errors cluster on the frames that were learnt, for charts that did not exist then."""
        stop = int(np.flatnonzero(self._learnt)[-1]) + 1
        _, squares, variance = self._sums(0, stop)
        self._squares[: len(squares), :stop], self._variance[: len(squares), :stop] = squares, variance
        self._sum_anew()

    def _effects(self) -> Floats:
        return design_effect(*self._sums_learnt[:, : len(self.charts)])

    def _sums(self, start: int, stop: int) -> tuple[Floats, Floats, Floats]:
        """Return (charts, frames) scores, squared surprises and variances of the frames start..stop-1."""
        which, size = self._found.between(start, stop), stop - start
        rates, scored = self._baseline.expected(self._found, which)
        known = scored > 0.0
        corrected = self._found.corrected[which]
        place = self._chart_of_class[self._found.class_index[which]] * size + self._found.frame[which] - start

        def by_chart(values: Floats) -> Floats:
            shape = (len(self.charts), size)
            sums = np.bincount(place, values, shape[0] * shape[1]).astype(np.float64).reshape(shape)
            sums[0] = sums.sum(0)
            return sums

        return (
            by_chart(log_ratios(corrected, rates) * scored),
            by_chart((corrected - rates) * known) ** 2,
            by_chart(rates * (1.0 - rates) * known),
        )

    def _chart(self, start: int, stop: int) -> None:
        scores, squares, variance = self._sums(start, stop)
        charts = len(self.charts)
        self._squares[:charts, start:stop], self._variance[:charts, start:stop] = squares, variance
        weights = 1.0 / self._effects()
        weights[1:] *= score_weights(self._of_charts(self._baseline.candidates.sum(1))[1:])
        levels = cusum(scores * weights[:, None], np.array([chart.level for chart in self.charts]))
        began = [
            climb for chart, row in zip(self.charts, levels, strict=True) if (climb := _advance(chart, row, start))
        ]
        if began:
            self._forget(min(climb.start for climb in began))
            for climb in began:
                climb.baseline = self._baseline.copy()


def warm_up_blocks(found: Candidates) -> int | None:
    """Return how many blocks come before the first charted one; None when the round has no frame after them."""
    enough = np.flatnonzero(found.starts >= WARM_UP_CANDIDATES)
    if not len(enough):
        return None
    blocks = -(-max(int(enough[0]), WARM_UP_FRAMES) // BLOCK)
    return blocks if blocks * BLOCK < len(found) else None


def _touches(climb: Climb, start: int) -> bool:
    return start + BLOCK > climb.start and (climb.end is None or start <= climb.end)


def _advance(chart: ChartState, levels: Floats, start: int) -> Climb | None:
    """Draw one more block of a chart; return the climb that made it ring, if one did now.

    Args:
        chart: drawn up to the block.
        levels: (frames of the block,) its values, in log-likelihood ratios.
        start: first frame of the block.
    """
    levels = np.minimum(levels, MOST * chart.limit)
    chart.points[start : start + len(levels)] = levels / chart.limit
    chart.level = float(levels[-1])
    zeros = np.flatnonzero(levels == 0.0) + start
    began = None
    if chart.open:
        chart.climbs[-1].follow(levels, start)
    elif len(over := np.flatnonzero(levels >= chart.limit) + start):
        rang = int(over[0])
        before = zeros[zeros < rang]
        began = Climb(
            start=(int(before[-1]) if len(before) else chart.zero) + 1,
            rang=rang,
            baseline=Baseline(0, 0),
        )
        began.follow(levels[rang - start :], rang)
        chart.climbs.append(began)
    if len(zeros):
        chart.zero = int(zeros[-1])
    return began

"""Whether the model's edit rate climbs beyond what its frames explain: a risk-adjusted CUSUM over the newest round.

What is expected of a candidate is learnt from earlier frames of the round only, by its bin of confidence, queue reason,
reviewer and class; limits are set by simulating the same procedure without drift. Only frames with judged candidates
count as frames here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from autoanno_gui.core.figures.drift_baseline import Candidates, Flags
from autoanno_gui.core.figures.drift_monitor import ChartState, Climb, Monitor
from autoanno_gui.core.figures.fact_table import FactTable

ALPHA: Final = 0.1
"""Probability that any of the charts gives a false alarm within the horizon."""
HORIZON: Final = 500
"""Frames for which that probability holds, those of the warm-up included; a climb that is over is told for as long."""
MOST_POINTS: Final = 500
EXPLAINED: Final = 0.5
"""A class is named when it brings more than this share of the corrections that were not expected."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Where the edit rate began to climb.

    Attributes:
        class_id: of the chart that rang; None for that of all classes.
        class_name: its name; None for all classes.
        since: path of the first frame of the climb.
        since_number: number of its decision.
        since_time: of its decision, ISO 8601 UTC.
        expected: edit rate since then by the earlier frames, 0..1.
        observed: edit rate since then, 0..1.
        frames: how many since then have candidates that the chart counts.
        sentence: says it.
        until: path of the last frame of a climb that is over; None while it lasts.
    """

    class_id: int | None
    class_name: str | None
    since: str
    since_number: int
    since_time: str
    expected: float
    observed: float
    frames: int
    sentence: str
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """One CUSUM.

    Attributes:
        class_id: None for all classes.
        class_name: None for all classes.
        limit: 1.0, the unit of the points: the alarm rings where one reaches it.
        points: at most 500, from the first charted frame on, at equal places in all charts; of neighbouring frames the
            highest stands for them. Capped at 2.
        alarm_at: place among the points; None without an alarm.
    """

    class_id: int | None
    class_name: str | None
    limit: float
    points: tuple[float, ...]
    alarm_at: int | None


@dataclass(frozen=True, slots=True)
class Drift:
    """What the charts of the newest round say.

    Attributes:
        watching: there are enough frames to say anything.
        frames: of the round, those of the warm-up included.
        false_alarm_rate: the stated probability of any false alarm within the horizon.
        horizon: in frames, those of the warm-up included.
        alarm: that of a climb that lasts or has been over for less than the horizon; None without one.
        charts: of all classes first, then one for each class that has enough candidates.
    """

    watching: bool
    frames: int
    false_alarm_rate: float
    horizon: int
    alarm: Alarm | None = None
    charts: tuple[Chart, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values, as the report prints it."""
        alarm = self.alarm
        return {
            "watching": self.watching,
            "frames": self.frames,
            "false_alarm_rate": self.false_alarm_rate,
            "horizon": self.horizon,
            "alarm": None
            if alarm is None
            else {
                "class": alarm.class_name,
                "since": alarm.since,
                "since_number": alarm.since_number,
                "since_time": alarm.since_time,
                "expected": alarm.expected,
                "observed": alarm.observed,
                "frames": alarm.frames,
                "sentence": alarm.sentence,
                "until": alarm.until,
            },
            "charts": [
                {"class": one.class_name, "limit": one.limit, "points": list(one.points), "alarm_at": one.alarm_at}
                for one in self.charts
            ],
        }


def watch(
    table: FactTable,
    class_names: Mapping[int, str],
    *,
    alpha: float = ALPHA,
    horizon: int = HORIZON,
    breathe: Callable[[], object] = lambda: None,
) -> Drift:
    """Return what the charts of the newest round say.

    The first call for a kind of round simulates, for up to a second each time that limits are set; they are kept.

    Args:
        table: of the ledger.
        class_names: by project class.
        alpha: probability that any chart gives a false alarm within the horizon, inside 0..1.
        horizon: in frames of the round, at least 1.
        breathe: called often while limits are simulated; what it raises ends the call.
    """
    found = Candidates.of_newest_round(table)
    if found is None:
        return Drift(watching=False, frames=0, false_alarm_rate=alpha, horizon=horizon)
    monitor = Monitor(found, alpha=alpha, horizon=horizon, breathe=breathe)
    if monitor.warm_up is None:
        return Drift(watching=False, frames=len(found), false_alarm_rate=alpha, horizon=horizon)
    names = [_name(found, chart, class_names) for chart in monitor.charts]
    standing = {
        place: climb
        for place, chart in enumerate(monitor.charts)
        if (climb := _standing(chart, len(found), horizon)) is not None
    }
    told = _told(found, monitor.charts, standing)
    return Drift(
        watching=True,
        frames=len(found),
        false_alarm_rate=alpha,
        horizon=horizon,
        alarm=None if told is None else _alarm(table, found, monitor.charts[told], standing[told], names[told]),
        charts=tuple(
            _drawn(found, chart, name, standing.get(place), monitor.first)
            for place, (chart, name) in enumerate(zip(monitor.charts, names, strict=True))
        ),
    )


def _name(found: Candidates, chart: ChartState, class_names: Mapping[int, str]) -> str | None:
    if chart.class_index is None:
        return None
    class_id = int(found.class_ids[chart.class_index])
    return class_names.get(class_id, f"class {class_id}")


def _standing(chart: ChartState, frames: int, horizon: int) -> Climb | None:
    """Return the newest climb of a chart, unless it has been over for a horizon."""
    if not chart.climbs:
        return None
    climb = chart.climbs[-1]
    return climb if climb.end is None or frames - climb.end <= horizon else None


def _told(found: Candidates, charts: list[ChartState], standing: Mapping[int, Climb]) -> int | None:
    """Return which chart's climb is told: of those that last, else of those that are over, the first.

    That of all classes goes before those of classes, unless a single class explains most of it.
    """
    lasting = [place for place, climb in standing.items() if climb.end is None] or list(standing)
    if not lasting:
        return None
    if 0 not in lasting:
        return min(lasting, key=lambda place: standing[place].rang)
    if len(lasting) != 2:
        return 0
    whole = standing[0]
    observed, expected, _ = _since(found, charts[0], whole)
    of_class, expected_of_class, _ = _since(found, charts[lasting[1]], whole)
    return lasting[1] if of_class - expected_of_class > EXPLAINED * (observed - expected) else 0


def _counted(found: Candidates, chart: ChartState, climb: Climb) -> Flags:
    """Return (N,) which candidates of the frames of a climb a chart is about."""
    flags: Flags = found.frame >= climb.start
    if climb.end is not None:
        flags &= found.frame <= climb.peak
    return flags if chart.class_index is None else flags & (found.class_index == chart.class_index)


def _since(found: Candidates, chart: ChartState, climb: Climb) -> tuple[float, float, int]:
    """Return corrections and expected corrections of a chart's candidates during a climb, and how many they are."""
    which = np.flatnonzero(_counted(found, chart, climb))
    expected, scored = climb.baseline.expected(found, which)
    known = scored > 0.0
    return float(found.corrected[which][known].sum()), float(expected[known].sum()), int(known.sum())


def _alarm(table: FactTable, found: Candidates, chart: ChartState, climb: Climb, name: str | None) -> Alarm:
    corrections, expected, candidates = _since(found, chart, climb)
    counted = _counted(found, chart, climb)
    frames = np.unique(found.frame[counted])
    first = table.facts[found.rows[frames[0]]]
    until = None if climb.end is None else table.facts[found.rows[climb.peak]].path
    observed, usual = corrections / candidates, expected / candidates
    rate = "the edit rate" if name is None else f"the edit rate of `{name}`"
    if until is None:
        what = f"is {observed:.0%}, expected {usual:.0%}: the pictures or the objects may have changed."
        sentence = f"Since {first.path} {rate} {what}"
    else:
        sentence = f"From {first.path} to {until} {rate} was {observed:.0%}, expected {usual:.0%}; it is usual again."
    return Alarm(
        class_id=None if chart.class_index is None else int(found.class_ids[chart.class_index]),
        class_name=name,
        since=first.path,
        since_number=first.number,
        since_time=first.wall_clock,
        expected=usual,
        observed=observed,
        frames=len(frames),
        sentence=sentence,
        until=until,
    )


def _drawn(found: Candidates, chart: ChartState, name: str | None, climb: Climb | None, first: int) -> Chart:
    points = chart.points[first:]
    step = -(-len(points) // MOST_POINTS)
    drawn = np.maximum.reduceat(points, np.arange(0, len(points), step))
    return Chart(
        class_id=None if chart.class_index is None else int(found.class_ids[chart.class_index]),
        class_name=name,
        limit=1.0,
        points=tuple(np.round(drawn, 4).tolist()),
        alarm_at=None if climb is None else (climb.rang - first) // step,
    )

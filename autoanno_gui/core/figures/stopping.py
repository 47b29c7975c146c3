"""When a review can stop: which errors would stay in what is left, how long that takes, what 100 more frames bring."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Final

import numpy as np

from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.facts import DecidedFrame
from autoanno_gui.core.figures.figure_groups import frame_tallies
from autoanno_gui.core.figures.intervals import Interval, bootstrap_counted
from autoanno_gui.core.figures.metric_report import SECONDS_AN_HOUR, Figures, Z, edit_rate_of
from autoanno_gui.core.records import PresentationMode

LEAST_STREAM: Final = 20
"""From so many frames of the random stream on there is an estimate."""
LEAST_PACE: Final = 10
"""From so many decided frames on there is a pace."""
PACE: Final = 50
"""The pace is that of the newest frames, so many of them."""
MORE: Final = 100


def stopping(table: FactTable, frames_left: int) -> Figures:
    """Return what is to be expected of the frames that are left, None where the data are too few to say.

    An error is a candidate that a reviewer would correct or an object that would have to be added, had the model's
    candidates been taken as they are. Frames of the random stream that were labelled blind are the measure once there
    are 20 of them; before, together with those that were reviewed as usual.

    Args:
        table: of the ledger.
        frames_left: that are not decided and can be.
    """
    errors = _errors_by_frame(table)
    found: Figures = {
        "frames_left": frames_left,
        "stream_frames": len(errors),
        "errors_left": None,
        "errors_left_interval": None,
        "errors_per_frame": None,
        "hours_left": None,
        "gain_of_100": _width_of_interval(table) | {"errors_found": None},
    }
    if len(table) >= LEAST_PACE:
        # The mean: few slow frames take much of the time, and a median would leave them out.
        found["hours_left"] = float(np.mean(table.seconds[-PACE:])) * frames_left / SECONDS_AN_HOUR
    if len(errors) >= LEAST_STREAM:
        mean, interval = float(np.mean(errors)), _interval_of_mean(errors)
        found["errors_per_frame"] = mean
        found["errors_left"] = mean * frames_left
        found["errors_left_interval"] = [edge * frames_left for edge in interval]
        found["gain_of_100"]["errors_found"] = mean * min(MORE, frames_left)
    return found | {"sentence": _sentence(found)}


def _errors_by_frame(table: FactTable) -> list[int]:
    """Return how many errors each frame had that the estimate is made of."""
    blind = [_blind_errors(fact) for fact in table.blind]
    if len(blind) >= LEAST_STREAM:
        return blind
    reviewed: list[int] = table.per_frame(table.corrected | table.missed)[table.judges & table.in_stream].tolist()
    return blind + reviewed


def _blind_errors(fact: DecidedFrame) -> int:
    assert fact.blind is not None  # that is what makes it a blind one
    if fact.mode is not PresentationMode.SETTLE:
        return fact.blind.missed + fact.blind.unfounded
    # Once settled, it is known of each candidate whether its class was right, too.
    return fact.blind.missed + sum(one.candidate and not one.right for one in fact.settled)


def _interval_of_mean(errors: Sequence[int]) -> Interval:
    """Return the interval of the mean number of errors of a frame."""
    values, counts = np.unique(np.asarray(errors), return_counts=True)
    if len(values) > 1:
        most = float(values[-1])
        low, high = bootstrap_counted(np.stack([values, np.full(len(values), most)], axis=1), counts)
        return low * most, high * most
    # Resampling cannot vary: Byar's interval of a Poisson count, wide, but never of no width at all.
    total, frames = int(np.sum(errors)), len(errors)
    low = total * (1 - 1 / (9 * total) - Z / (3 * sqrt(total))) ** 3 if total else 0.0
    high = (total + 1) * (1 - 1 / (9 * (total + 1)) + Z / (3 * sqrt(total + 1))) ** 3
    return low / frames, high / frames


def _width_of_interval(table: FactTable) -> Figures:
    """Return how wide the interval of the random stream's edit rate is, and would be after 100 more frames.

    Of those, as many belong to the stream as of the frames so far.
    """
    chosen = table.judges & table.in_stream
    (tally,) = frame_tallies(table, np.where(chosen, 0, -1), 1)
    interval, frames = edit_rate_of(tally)["edit_rate_interval"], sum(tally.edits.values())
    if interval is None or frames < LEAST_STREAM:
        return {"interval_width_now": None, "interval_width_then": None}
    now = interval[1] - interval[0]
    more = MORE * frames / len(table)
    return {"interval_width_now": now, "interval_width_then": now * sqrt(frames / (frames + more))}


def _sentence(found: Figures) -> str:
    left, hours, stream = found["frames_left"], found["hours_left"], found["stream_frames"]
    if not left:
        return "Every frame that can be decided is decided."
    frames = "1 frame" if left == 1 else f"{left:,} frames"
    pace = f" At your pace {'it takes' if left == 1 else 'they take'} {_duration(hours)}." if hours is not None else ""
    if found["errors_left"] is None:
        return (
            f"{frames} left.{pace} Too few frames drawn at random are decided to say how many errors are in them: "
            f"{stream} of {LEAST_STREAM}."
        )
    low, high = found["errors_left_interval"]
    more = f" Reviewing {MORE} of them would find about {found['gain_of_100']['errors_found']:,.0f}."
    return (
        f"{frames} left: unreviewed, about {found['errors_left']:,.0f} errors would stay in them "
        f"({low:,.0f} to {high:,.0f}).{pace}{more if left > MORE else ''}"
    )


def _duration(hours: float) -> str:
    minutes = round(hours * 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 60:
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    return f"{hours:,.1f} hours"

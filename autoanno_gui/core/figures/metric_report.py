"""The figures of an accumulator with their intervals, ready for JSON, and the parts that other figures are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from math import ceil, exp, floor, sqrt
from statistics import NormalDist
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.figures.intervals import LEVEL, Interval, bootstrap_counted, median_interval, wilson
from autoanno_gui.core.figures.metrics import (
    BIN_START,
    BIN_WIDTH,
    DECIDED,
    Accumulator,
    Event,
    Tally,
    candidates_of,
    corrections_of,
    missed_of,
)
from autoanno_gui.core.records import DecisionKind

Figures: TypeAlias = dict[str, Any]
"""Ready for JSON."""
Z: Final = NormalDist().inv_cdf((1 + LEVEL) / 2)
SECONDS_AN_HOUR: Final = 3600.0


def report(
    accumulator: Accumulator,
    *,
    frames_total: int,
    frames_predicted: int,
    frames_failed: int,
    class_names: Mapping[int, str],
) -> Figures:
    """Return all figures with their intervals, and the tables by class, model, reviewer and confidence.

    A rate whose denominator is 0 is None, as is its interval. Tables have one row for each group that occurs, by
    falling number of candidates (by class), by name, or by rising confidence.
    """
    frames = {
        "frames_total": frames_total,
        "frames_predicted": frames_predicted,
        "frames_failed": frames_failed,
    }
    return frames | figures(accumulator) | tables(accumulator, class_names)


def figures(accumulator: Accumulator) -> Figures:
    """Return the figures over all frames; cheap enough to follow each decision off the GUI thread."""
    tally = accumulator.whole
    decided, rejected = accumulator.frames_in(*DECIDED), accumulator.ever_rejected()
    return {
        "frames_decided": decided,
        **{f"frames_{kind.value}": accumulator.frames_in(kind) for kind in DecisionKind},
        "frames_ever_rejected": rejected,
        "candidates_in_rejected_frames": tally.counts[Event.IN_REJECTED_FRAMES],
        "annotations_by_hand": tally.counts[Event.BY_HAND],
        **counts_of(tally),
        **edit_rate_of(tally),
        **reject_rate_of(decided, rejected),
        **miss_rate_of(tally),
        **seconds_of(tally),
    }


def tables(accumulator: Accumulator, class_names: Mapping[int, str]) -> Figures:
    """Return the tables by class, model, reviewer and confidence."""
    by_class = [
        {"class_id": class_id, "class": class_names.get(class_id, f"class {class_id}")}
        | counts_of(tally)
        | edit_rate_of(tally)
        | miss_rate_of(tally)
        for class_id, tally in sorted(
            accumulator.by_class.items(), key=lambda item: (-candidates_of(item[1].counts), item[0])
        )
    ]
    by_confidence = [
        {"from": bin_edge(index), "to": min(bin_edge(index + 1), 1.0)} | counts_of(tally) | edit_rate_of(tally)
        for index, tally in sorted(accumulator.by_confidence.items())
    ]
    decided: Counter[tuple[str, str]] = Counter()
    rejected: Counter[tuple[str, str]] = Counter()
    for frame_id, model, reviewer in accumulator.first:
        if accumulator.is_decided(frame_id):
            groups = ("model", model), ("reviewer", reviewer)
            decided.update(groups)
            if frame_id in accumulator.rejections:
                rejected.update(groups)
    by_frame_group = {
        f"by_{name}": [
            {name: value, "frames_decided": decided[name, value]}
            | counts_of(tally)
            | edit_rate_of(tally)
            | reject_rate_of(decided[name, value], rejected[name, value])
            | miss_rate_of(tally)
            | seconds_of(tally)
            for value, tally in sorted(groups.items())
        ]
        for name, groups in (("model", accumulator.by_model), ("reviewer", accumulator.by_reviewer))
    }
    return {"by_class": by_class, **by_frame_group, "by_confidence": by_confidence}


def counts_of(tally: Tally) -> Figures:
    """Return how many candidates and objects a group has, by what became of them."""
    counts = tally.counts
    return {
        "candidates_shown": candidates_of(counts),
        "candidates_accepted": counts[Event.ACCEPTED],
        "candidates_edited": counts[Event.EDITED],
        "candidates_rejected": counts[Event.REJECTED],
        "candidates_class_changed": counts[Event.CLASS_CHANGED],
        "candidates_geometry_changed": counts[Event.GEOMETRY_CHANGED],
        "annotations_promoted": counts[Event.PROMOTED],
        "annotations_added": counts[Event.ADDED],
    }


def edit_rate_of(tally: Tally) -> Figures:
    """Return the rate and its parts; a candidate whose class and outline both changed is in both parts."""
    counts, shown = tally.counts, candidates_of(tally.counts)
    parts = {
        "class_changed": counts[Event.CLASS_CHANGED],
        "geometry_changed": counts[Event.GEOMETRY_CHANGED],
        "deleted": counts[Event.REJECTED],
    }
    return {
        "edit_rate": share_of(corrections_of(counts), shown),
        "edit_rate_interval": resampled(tally.edits),
        "edit_rate_parts": {name: share_of(number, shown) for name, number in parts.items()},
    }


def miss_rate_of(tally: Tally) -> Figures:
    """Return the share of the final objects that were drawn or promoted."""
    missed = missed_of(tally.counts)
    return {
        "miss_rate": share_of(missed, missed + tally.counts[Event.KEPT]),
        "miss_rate_interval": resampled(tally.misses),
    }


def reject_rate_of(decided: int, rejected: int) -> Figures:
    """Return the share of the decided frames that were sent to hand labelling."""
    return {
        "reject_rate": share_of(rejected, decided),
        "reject_rate_interval": plain(wilson(rejected, decided)) if decided else None,
    }


def seconds_of(tally: Tally) -> Figures:
    """Return the median active seconds of a frame."""
    times = np.fromiter(tally.seconds, np.float64, len(tally.seconds))
    values = np.sort(np.repeat(times, np.fromiter(tally.seconds.values(), np.int64, len(times))))
    return {
        "median_seconds_per_frame": float(np.median(values)) if len(values) else None,
        "median_seconds_per_frame_interval": plain(median_interval(values)) if len(values) else None,
    }


def quantile_of(name: str, values: NDArray[np.float64], share: float) -> Figures:
    """Return a quantile of values in any order, with the interval that their ranks give it."""
    ordered = np.sort(values)
    return {
        name: float(np.quantile(ordered, share)) if len(ordered) else None,
        f"{name}_interval": _rank_interval(ordered, share) if len(ordered) else None,
    }


def _rank_interval(ordered: NDArray[np.float64], share: float) -> list[float]:
    """Return two of the values, as `intervals.median_interval` does for the share 0.5."""
    n = len(ordered)
    reach = Z * sqrt(n * share * (1 - share))
    low, high = max(floor(n * share - reach) - 1, 0), min(ceil(n * share + reach), n - 1)
    return [float(ordered[low]), float(ordered[high])]


def frames_per_hour_of(seconds: NDArray[np.float64]) -> Figures:
    """Return how many frames an hour of active time decides at these seconds per frame; interval from two frames on."""
    name = "frames_per_hour"
    mean = float(seconds.mean()) if len(seconds) else 0.0
    if mean <= 0.0:
        return {name: None, f"{name}_interval": None}
    rate = SECONDS_AN_HOUR / mean
    if len(seconds) < 2:
        return {name: rate, f"{name}_interval": None}
    # Of the logarithm, so that it is never below 0.
    reach = exp(Z * float(seconds.std(ddof=1)) / sqrt(len(seconds)) / mean)
    return {name: rate, f"{name}_interval": [rate / reach, rate * reach]}


def share_of(part: float, whole: float) -> float | None:
    """Return a share; None of nothing."""
    return part / whole if whole else None


def resampled(frames: Mapping[tuple[int, int], int]) -> list[float] | None:
    """Return the interval of a rate over objects, resampled by frames; None without any.

    Args:
        frames: (numerator, denominator) of one frame -> how many frames are like that.
    """
    # Sorted, so that the same ledger gives the same interval in whatever order it was folded.
    return plain(_bootstrapped(tuple(sorted(frames.items())))) if frames else None


@lru_cache(maxsize=1024)
def _bootstrapped(frames: tuple[tuple[tuple[int, int], int], ...]) -> Interval:
    # Groups are often alike: one model, one reviewer; and old sessions stay as they are from one report to the next.
    return bootstrap_counted(np.array([pair for pair, _ in frames], np.float64), [count for _, count in frames])


def plain(interval: Interval) -> list[float]:
    """Return an interval as JSON has it."""
    return [interval[0], interval[1]]


def bin_edge(index: int) -> float:
    """Return the lower edge of a bin of confidence, see `metrics.confidence_bin`; that after the last one is over 1."""
    return round(BIN_START + index * BIN_WIDTH, 2)

"""What the ledger says about model and reviewer: edit rate, reject rate, miss rate, seconds per frame.

Judged by the final state of each object against its prediction, never by events. A frame's first decision counts for
the rates and the time, the adopted one for what state the frame is in, a revoked one for nothing. Putting a frame off
is not deciding it. Frames labelled by hand judged no prediction, so they are outside edit rate and miss rate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final, Self, TypeAlias, TypeVar

import numpy as np

from autoanno_gui.core.facts import DecidedFrame, ObjectFact
from autoanno_gui.core.intervals import Interval, bootstrap_counted, median_interval, wilson
from autoanno_gui.core.records import DecisionKind, VerdictKind

BIN_START: Final = 0.05
BIN_WIDTH: Final = 0.1
BINS: Final = 10
DECIDED: Final = tuple(kind for kind in DecisionKind if kind.state.decided)


class Event(IntEnum):
    """What is counted, by its place in the list of counts: folding a ledger hashes nothing it need not."""

    FRAMES = 0
    ACCEPTED = 1
    EDITED = 2
    REJECTED = 3
    CLASS_CHANGED = 4
    GEOMETRY_CHANGED = 5
    PROMOTED = 6
    ADDED = 7
    KEPT = 8
    """Final objects that came from candidates; by class they go under their final class."""
    IN_REJECTED_FRAMES = 9
    BY_HAND = 10


Counts: TypeAlias = list[int]
FINAL: Final = (Event.KEPT, Event.PROMOTED, Event.ADDED)
K = TypeVar("K")


def _no_counts() -> Counts:
    return [0] * len(Event)


@dataclass(slots=True)
class Tally:
    """Sums of one group, small whatever the number of frames.

    Attributes:
        counts: totals by `Event`.
        edits: (edited and rejected candidates, candidates) of one frame -> how many frames are like that.
        misses: (added and promoted objects, final objects) of one frame -> how many frames are like that.
        seconds: active seconds of one frame -> how many frames took that long.
    """

    counts: Counts = field(default_factory=_no_counts)
    edits: dict[tuple[int, int], int] = field(default_factory=dict)
    misses: dict[tuple[int, int], int] = field(default_factory=dict)
    seconds: dict[float, int] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        return not (self.edits or self.misses or self.seconds or any(self.counts))

    def bump(self, share: Counts, sign: int, *, seconds: float | None = None) -> None:
        """Add (or with sign -1 take back) what one frame brings."""
        counts = self.counts
        for event, number in enumerate(share):
            if number:
                counts[event] += sign * number
        if candidates := _candidates(share):
            _bump(self.edits, (_to_correct(share), candidates), sign)
        if objects := _missed(share) + share[Event.KEPT]:
            _bump(self.misses, (_missed(share), objects), sign)
        if seconds is not None:
            _bump(self.seconds, seconds, sign)


@dataclass(slots=True)
class Accumulator:
    """Everything the figures need, kept up to date one decision at a time.

    `remove` takes back exactly what `add` of the same facts put in, in any order. When a decision is revoked or stops
    being first or adopted, remove its old facts and add the new ones.

    Attributes:
        whole: sums of all first decisions; the `by_` ones have the sums of their groups.
        by_confidence: by number of the bin.
        adopted: kind -> frame -> how many adopted decisions of that kind it has (one, between changes).
        rejections: frame -> how many of its decisions that stand rejected it.
        first: (frame, model or "", reviewer) of the first decisions.
    """

    whole: Tally = field(default_factory=Tally)
    by_class: dict[int, Tally] = field(default_factory=dict)
    by_model: dict[str, Tally] = field(default_factory=dict)
    by_reviewer: dict[str, Tally] = field(default_factory=dict)
    by_confidence: dict[int, Tally] = field(default_factory=dict)
    adopted: dict[DecisionKind, dict[int, int]] = field(default_factory=lambda: {kind: {} for kind in DecisionKind})
    rejections: dict[int, int] = field(default_factory=dict)
    first: dict[tuple[int, str, str], int] = field(default_factory=dict)

    @classmethod
    def of(cls, decisions: Iterable[DecidedFrame]) -> Self:
        """Fold decisions from nothing."""
        found = cls()
        for decision in decisions:
            found.add(decision)
        return found

    def add(self, decision: DecidedFrame) -> None:
        """Count a decision."""
        self._apply(decision, 1)

    def remove(self, decision: DecidedFrame) -> None:
        """Take back a decision that was counted with the same facts."""
        self._apply(decision, -1)

    def _apply(self, decision: DecidedFrame, sign: int) -> None:
        kind, model, seconds = decision.kind, decision.model, decision.active_seconds
        if decision.revoked:
            return
        if decision.adopted:
            _bump(self.adopted[kind], decision.frame_id, sign)
        if kind is DecisionKind.REJECTED:
            _bump(self.rejections, decision.frame_id, sign)
        if not decision.first or kind is DecisionKind.DEFERRED:
            return
        _bump(self.first, (decision.frame_id, model or "", decision.reviewer), sign)
        whole, classes, bins = _shares(decision)
        self.whole.bump(whole, sign, seconds=seconds)
        _bump_group(self.by_reviewer, decision.reviewer, whole, sign, seconds=seconds)
        if model is not None:
            _bump_group(self.by_model, model, whole, sign, seconds=seconds)
        for class_id, share in classes.items():
            _bump_group(self.by_class, class_id, share, sign)
        for index, share in bins.items():
            _bump_group(self.by_confidence, index, share, sign)

    def frames_in(self, *kinds: DecisionKind) -> int:
        """Return how many frames are in the state of any of these decisions."""
        return sum(len(self.adopted[kind]) for kind in kinds)

    def is_decided(self, frame_id: int) -> bool:
        """Whether the frame is decided now; one that was put off since its decision is not."""
        return any(frame_id in self.adopted[kind] for kind in DECIDED)

    def ever_rejected(self) -> int:
        """Return how many of the frames that are decided now were ever rejected."""
        return sum(self.is_decided(frame_id) for frame_id in self.rejections)


def confidence_bin(confidence: float) -> int:
    """Return the bin of a confidence: 0 from 0.05 to 0.15, ..., 9 from 0.95 up. The upper edge belongs to the next."""
    # Confidences are float32, in which most edges have no exact value.
    index = int((confidence - BIN_START) / BIN_WIDTH + 1e-5)
    return min(max(index, 0), BINS - 1)


def _shares(decision: DecidedFrame) -> tuple[Counts, dict[int, Counts], dict[int, Counts]]:
    """Return what one first decision brings to the whole, to each class and to each bin of confidence."""
    whole, classes, bins = _no_counts(), dict[int, Counts](), dict[int, Counts]()
    whole[Event.FRAMES] = 1
    if decision.judges_predictions:
        for item in decision.objects:
            _share_object(item, whole, classes, bins)
    elif decision.kind is DecisionKind.REJECTED:
        whole[Event.IN_REJECTED_FRAMES] = decision.candidates_shown
    else:
        whole[Event.BY_HAND] = sum(item.kind is not VerdictKind.REJECTED for item in decision.objects)
    return whole, classes, bins


def _share_object(item: ObjectFact, whole: Counts, classes: dict[int, Counts], bins: dict[int, Counts]) -> None:
    in_bin = None if item.confidence is None else confidence_bin(item.confidence)
    for event in _events(item):
        whole[event] += 1
        class_id = item.class_id if event in FINAL else item.proposed_class_id
        if class_id is not None:
            if class_id not in classes:
                classes[class_id] = _no_counts()
            classes[class_id][event] += 1
        if in_bin is not None:
            if in_bin not in bins:
                bins[in_bin] = _no_counts()
            bins[in_bin][event] += 1


def _events(item: ObjectFact) -> list[Event]:
    if item.kind is VerdictKind.ADDED:
        return [Event.ADDED]
    if item.kind is VerdictKind.REJECTED:
        return [Event.REJECTED] if item.shown else []
    if item.kind is VerdictKind.PROMOTED or not item.shown:
        # Confirmed though it was no candidate: the model alone would have missed it.
        return [Event.PROMOTED]
    events = [Event.KEPT, Event.EDITED if item.kind is VerdictKind.EDITED else Event.ACCEPTED]
    if item.class_changed:
        events.append(Event.CLASS_CHANGED)
    if item.geometry_changed:
        events.append(Event.GEOMETRY_CHANGED)
    return events


def _candidates(counts: Counts) -> int:
    return counts[Event.ACCEPTED] + _to_correct(counts)


def _to_correct(counts: Counts) -> int:
    return counts[Event.EDITED] + counts[Event.REJECTED]


def _missed(counts: Counts) -> int:
    return counts[Event.ADDED] + counts[Event.PROMOTED]


def _bump(counted: dict[K, int], key: K, by: int) -> None:
    """Add without leaving zeros behind, so that equal sums are equal dictionaries."""
    if value := counted.get(key, 0) + by:
        counted[key] = value
    else:
        counted.pop(key, None)


def _bump_group(groups: dict[K, Tally], key: K, share: Counts, sign: int, *, seconds: float | None = None) -> None:
    tally = groups.get(key)
    if tally is None:
        tally = groups[key] = Tally()
    tally.bump(share, sign, seconds=seconds)
    if sign < 0 and tally.empty:
        del groups[key]


# ---------------------------------------------------------------------------------------------------- reporting
Figures: TypeAlias = dict[str, Any]
"""Ready for JSON."""


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
        **_counts(tally),
        **_edit_rate(tally),
        **_reject_rate(decided, rejected),
        **_miss_rate(tally),
        **_seconds(tally),
    }


def tables(accumulator: Accumulator, class_names: Mapping[int, str]) -> Figures:
    """Return the tables by class, model, reviewer and confidence."""
    by_class = [
        {"class_id": class_id, "class": class_names.get(class_id, f"class {class_id}")}
        | _counts(tally)
        | _edit_rate(tally)
        | _miss_rate(tally)
        for class_id, tally in sorted(
            accumulator.by_class.items(), key=lambda item: (-_candidates(item[1].counts), item[0])
        )
    ]
    by_confidence = [
        {"from": _bin_edge(index), "to": min(_bin_edge(index + 1), 1.0)} | _counts(tally) | _edit_rate(tally)
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
            | _counts(tally)
            | _edit_rate(tally)
            | _reject_rate(decided[name, value], rejected[name, value])
            | _miss_rate(tally)
            | _seconds(tally)
            for value, tally in sorted(groups.items())
        ]
        for name, groups in (("model", accumulator.by_model), ("reviewer", accumulator.by_reviewer))
    }
    return {"by_class": by_class, **by_frame_group, "by_confidence": by_confidence}


def _counts(tally: Tally) -> Figures:
    counts = tally.counts
    return {
        "candidates_shown": _candidates(counts),
        "candidates_accepted": counts[Event.ACCEPTED],
        "candidates_edited": counts[Event.EDITED],
        "candidates_rejected": counts[Event.REJECTED],
        "candidates_class_changed": counts[Event.CLASS_CHANGED],
        "candidates_geometry_changed": counts[Event.GEOMETRY_CHANGED],
        "annotations_promoted": counts[Event.PROMOTED],
        "annotations_added": counts[Event.ADDED],
    }


def _edit_rate(tally: Tally) -> Figures:
    """The rate and its parts; a candidate whose class and outline both changed is in both parts."""
    counts, shown = tally.counts, _candidates(tally.counts)
    parts = {
        "class_changed": counts[Event.CLASS_CHANGED],
        "geometry_changed": counts[Event.GEOMETRY_CHANGED],
        "deleted": counts[Event.REJECTED],
    }
    return {
        "edit_rate": _share(_to_correct(counts), shown),
        "edit_rate_interval": _resampled(tally.edits),
        "edit_rate_parts": {name: _share(number, shown) for name, number in parts.items()},
    }


def _miss_rate(tally: Tally) -> Figures:
    missed = _missed(tally.counts)
    return {
        "miss_rate": _share(missed, missed + tally.counts[Event.KEPT]),
        "miss_rate_interval": _resampled(tally.misses),
    }


def _reject_rate(decided: int, rejected: int) -> Figures:
    return {
        "reject_rate": _share(rejected, decided),
        "reject_rate_interval": _json(wilson(rejected, decided)) if decided else None,
    }


def _seconds(tally: Tally) -> Figures:
    times = np.fromiter(tally.seconds, np.float64, len(tally.seconds))
    values = np.sort(np.repeat(times, np.fromiter(tally.seconds.values(), np.int64, len(times))))
    return {
        "median_seconds_per_frame": float(np.median(values)) if len(values) else None,
        "median_seconds_per_frame_interval": _json(median_interval(values)) if len(values) else None,
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _resampled(frames: dict[tuple[int, int], int]) -> list[float] | None:
    if not frames:
        return None
    # Sorted, so that the same ledger gives the same interval in whatever order it was folded.
    pairs = sorted(frames)
    return _json(bootstrap_counted(np.array(pairs, np.float64), [frames[pair] for pair in pairs]))


def _json(interval: Interval) -> list[float]:
    return [interval[0], interval[1]]


def _bin_edge(index: int) -> float:
    return round(BIN_START + index * BIN_WIDTH, 2)

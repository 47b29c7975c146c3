"""What the ledger says about model and reviewer: edit rate, reject rate, miss rate, seconds per frame.

Judged by the final state of each object against its prediction, never by events. A frame's first decision counts for
the rates and the time, the adopted one for what state the frame is in, a revoked one for nothing. Putting a frame off
is not deciding it. Frames labelled by hand judged no prediction, so they are outside edit rate and miss rate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self, TypeAlias, TypeVar

import numpy as np

from autoanno_gui.core.facts import DecidedFrame, ObjectFact
from autoanno_gui.core.intervals import Interval, bootstrap_counted, median_interval, wilson
from autoanno_gui.core.records import DecisionKind, VerdictKind

BIN_START: Final = 0.05
BIN_WIDTH: Final = 0.1
BINS: Final = 10


class Event(StrEnum):
    """What is counted, per frame or per object."""

    FRAMES = "frames"
    ACCEPTED = "candidates_accepted"
    EDITED = "candidates_edited"
    REJECTED = "candidates_rejected"
    CLASS_CHANGED = "candidates_class_changed"
    GEOMETRY_CHANGED = "candidates_geometry_changed"
    IN_REJECTED_FRAMES = "candidates_in_rejected_frames"
    PROMOTED = "annotations_promoted"
    ADDED = "annotations_added"
    KEPT = "annotations_kept"
    """Final objects that came from candidates; by class they go under their final class."""
    BY_HAND = "annotations_by_hand"


class Dimension(StrEnum):
    """What the figures are broken down by."""

    ALL = "all"
    CLASS = "class"
    MODEL = "model"
    REVIEWER = "reviewer"
    CONFIDENCE = "confidence"


Group: TypeAlias = tuple[Dimension, int | str]
EVERYTHING: Final[Group] = (Dimension.ALL, "")
Counts: TypeAlias = Counter[Event]
K = TypeVar("K")


@dataclass(slots=True)
class Tally:
    """Sums of one group, small whatever the number of frames.

    Attributes:
        counts: totals.
        edits: (edited and rejected candidates, candidates) of one frame -> how many frames are like that.
        misses: (added and promoted objects, final objects) of one frame -> how many frames are like that.
        seconds: active seconds of one frame -> how many frames took that long.
    """

    counts: Counts = field(default_factory=Counter)
    edits: Counter[tuple[int, int]] = field(default_factory=Counter)
    misses: Counter[tuple[int, int]] = field(default_factory=Counter)
    seconds: Counter[float] = field(default_factory=Counter)

    @property
    def empty(self) -> bool:
        return not (self.counts or self.edits or self.misses or self.seconds)


@dataclass(slots=True)
class Accumulator:
    """Everything the figures need, kept up to date one decision at a time.

    `remove` takes back exactly what `add` of the same facts put in, in any order. When a decision is revoked or stops
    being first or adopted, remove its old facts and add the new ones.

    Attributes:
        tallies: sums of the first decisions by group.
        states: (frame, kind of its adopted decision).
        rejections: frame -> how many of its decisions that stand rejected it.
        first: (frame, model or "", reviewer) of the first decisions.
    """

    tallies: dict[Group, Tally] = field(default_factory=dict)
    states: Counter[tuple[int, DecisionKind]] = field(default_factory=Counter)
    rejections: Counter[int] = field(default_factory=Counter)
    first: Counter[tuple[int, str, str]] = field(default_factory=Counter)

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
        if decision.revoked:
            return
        if decision.adopted:
            _bump(self.states, (decision.frame_id, decision.kind), sign)
        if decision.kind is DecisionKind.REJECTED:
            _bump(self.rejections, decision.frame_id, sign)
        if not decision.first or not decision.kind.state.decided:
            return
        _bump(self.first, (decision.frame_id, decision.model or "", decision.reviewer), sign)
        shares = _shares(decision)
        timed = _frame_groups(decision)
        for group, counts in shares.items():
            tally = self.tallies.setdefault(group, Tally())
            for event, number in counts.items():
                _bump(tally.counts, event, sign * number)
            if candidates := _candidates(counts):
                _bump(tally.edits, (_to_correct(counts), candidates), sign)
            if objects := _missed(counts) + counts[Event.KEPT]:
                _bump(tally.misses, (_missed(counts), objects), sign)
            if group in timed:
                _bump(tally.seconds, decision.active_seconds, sign)
            if tally.empty:
                del self.tallies[group]

    def tally(self, group: Group = EVERYTHING) -> Tally:
        """Return the sums of a group; all zero where nothing was counted."""
        return self.tallies.get(group) or Tally()

    def groups(self, dimension: Dimension) -> list[tuple[int | str, Tally]]:
        """Return the groups of one dimension that occur, by rising value."""
        found = [(value, tally) for (kind, value), tally in self.tallies.items() if kind is dimension]
        return sorted(found, key=lambda item: (isinstance(item[0], str), item[0]))

    def frames_in(self, *kinds: DecisionKind) -> int:
        """Return how many frames are in the state of any of these decisions."""
        return sum(number for (_, kind), number in self.states.items() if kind in kinds)

    def decided_and_rejected(self) -> dict[Group, tuple[int, int]]:
        """Return, for all and by model and reviewer of the first decision, the frames that are decided now and those
        of them that were ever rejected."""
        decided = {frame_id for frame_id, kind in self.states if kind.state.decided}
        found: dict[Group, tuple[int, int]] = {EVERYTHING: (len(decided), len(decided & self.rejections.keys()))}
        for frame_id, model, reviewer in self.first:
            if frame_id not in decided:
                continue
            rejected = frame_id in self.rejections
            for group in ((Dimension.MODEL, model), (Dimension.REVIEWER, reviewer)):
                frames, ever = found.get(group, (0, 0))
                found[group] = frames + 1, ever + rejected
        return found


def confidence_bin(confidence: float) -> int:
    """Return the bin of a confidence: 0 from 0.05 to 0.15, ..., 9 from 0.95 up. The upper edge belongs to the next."""
    # Confidences are float32, in which most edges have no exact value.
    index = int((confidence - BIN_START) / BIN_WIDTH + 1e-5)
    return min(max(index, 0), BINS - 1)


def _frame_groups(decision: DecidedFrame) -> list[Group]:
    groups: list[Group] = [EVERYTHING, (Dimension.REVIEWER, decision.reviewer)]
    if decision.model is not None:
        groups.append((Dimension.MODEL, decision.model))
    return groups


def _shares(decision: DecidedFrame) -> dict[Group, Counts]:
    """Return what one first decision adds to each group."""
    whole: Counts = Counter({Event.FRAMES: 1})
    shares: dict[Group, Counts] = {}
    if decision.judges_predictions:
        for item in decision.objects:
            _share_object(item, whole, shares)
    elif decision.kind is DecisionKind.REJECTED:
        whole[Event.IN_REJECTED_FRAMES] = decision.candidates_shown
    else:
        whole[Event.BY_HAND] = sum(item.kind is not VerdictKind.REJECTED for item in decision.objects)
    for group in _frame_groups(decision):
        shares[group] = whole
    return shares


def _share_object(item: ObjectFact, whole: Counts, shares: dict[Group, Counts]) -> None:
    events = _events(item)
    if not events:
        return
    whole.update(events)
    final = [event for event in events if event in (Event.PROMOTED, Event.ADDED, Event.KEPT)]
    judged = [event for event in events if event not in final]
    if final:
        shares.setdefault((Dimension.CLASS, item.class_id), Counter()).update(final)
    if judged and item.proposed_class_id is not None:
        shares.setdefault((Dimension.CLASS, item.proposed_class_id), Counter()).update(judged)
    if item.confidence is not None:
        shares.setdefault((Dimension.CONFIDENCE, confidence_bin(item.confidence)), Counter()).update(events)


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


def _bump(counter: Counter[K], key: K, by: int) -> None:
    """Add without leaving zeros behind, so that equal sums are equal counters."""
    if value := counter[key] + by:
        counter[key] = value
    else:
        counter.pop(key, None)


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
    kinds = {
        f"frames_{kind.value}": accumulator.frames_in(kind)
        for kind in (DecisionKind.ACCEPTED, DecisionKind.EDITED, DecisionKind.REJECTED, DecisionKind.HAND_LABELLED)
    }
    tally = accumulator.tally()
    decided, rejected = accumulator.decided_and_rejected()[EVERYTHING]
    return {
        "frames_decided": decided,
        **kinds,
        "frames_deferred": accumulator.frames_in(DecisionKind.DEFERRED),
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
        {"class_id": value, "class": class_names.get(int(value), f"class {value}")}
        | _counts(tally)
        | _edit_rate(tally)
        | _miss_rate(tally)
        for value, tally in accumulator.groups(Dimension.CLASS)
    ]
    by_confidence = [
        {"from": _bin_edge(int(value)), "to": min(_bin_edge(int(value) + 1), 1.0)} | _counts(tally) | _edit_rate(tally)
        for value, tally in accumulator.groups(Dimension.CONFIDENCE)
    ]
    return {
        "by_class": sorted(by_class, key=lambda row: (-row["candidates_shown"], row["class_id"])),
        "by_model": _by_frame_group(accumulator, Dimension.MODEL),
        "by_reviewer": _by_frame_group(accumulator, Dimension.REVIEWER),
        "by_confidence": by_confidence,
    }


def _by_frame_group(accumulator: Accumulator, dimension: Dimension) -> list[Figures]:
    frames = accumulator.decided_and_rejected()
    rows = []
    for value, tally in accumulator.groups(dimension):
        decided, rejected = frames.get((dimension, value), (0, 0))
        rates = _edit_rate(tally) | _reject_rate(decided, rejected) | _miss_rate(tally) | _seconds(tally)
        rows.append({dimension.value: value, "frames_decided": decided} | _counts(tally) | rates)
    return rows


def _counts(tally: Tally) -> Figures:
    counts = tally.counts
    shown = {"candidates_shown": _candidates(counts)}
    listed = (
        Event.ACCEPTED,
        Event.EDITED,
        Event.REJECTED,
        Event.CLASS_CHANGED,
        Event.GEOMETRY_CHANGED,
        Event.PROMOTED,
        Event.ADDED,
    )
    return shown | {event.value: counts[event] for event in listed}


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
    values = np.sort(np.fromiter(tally.seconds.elements(), np.float64, tally.seconds.total()))
    return {
        "median_seconds_per_frame": float(np.median(values)) if len(values) else None,
        "median_seconds_per_frame_interval": _json(median_interval(values)) if len(values) else None,
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _resampled(frames: Counter[tuple[int, int]]) -> list[float] | None:
    if not frames:
        return None
    # Sorted, so that the same ledger gives the same interval in whatever order it was folded.
    pairs = sorted(frames)
    return _json(bootstrap_counted(np.array(pairs, np.float64), [frames[pair] for pair in pairs]))


def _json(interval: Interval) -> list[float]:
    return [interval[0], interval[1]]


def _bin_edge(index: int) -> float:
    return round(BIN_START + index * BIN_WIDTH, 2)

"""What the ledger says about model and reviewer: edit rate, reject rate, miss rate, seconds per frame.

Judged by the final state of each object against its prediction, never by events. A frame's first decision counts for
the rates and the time, the adopted one for what state the frame is in, a revoked one for nothing. Putting a frame off
is not deciding it. Frames labelled by hand judged no prediction, so they are outside edit rate and miss rate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, Self, TypeAlias, TypeVar

from autoanno_gui.core.figures.facts import DecidedFrame, ObjectFact
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
        if candidates := candidates_of(share):
            _bump(self.edits, (corrections_of(share), candidates), sign)
        if objects := missed_of(share) + share[Event.KEPT]:
            _bump(self.misses, (missed_of(share), objects), sign)
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


def candidates_of(counts: Counts) -> int:
    """Return how many candidates were judged."""
    return counts[Event.ACCEPTED] + corrections_of(counts)


def corrections_of(counts: Counts) -> int:
    """Return how many candidates were edited or rejected."""
    return counts[Event.EDITED] + counts[Event.REJECTED]


def missed_of(counts: Counts) -> int:
    """Return how many objects were drawn or promoted."""
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

"""Compares the labels of two reviewers, or of one at two times, on the frames that both labelled."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeAlias

from autoanno_gui.core.classes import living_class
from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.figures.agreement import (
    NO_OBJECT,
    Answers,
    ComparedFrame,
    Difference,
    Label,
    agreement,
    compare_frame,
)
from autoanno_gui.core.predictions import FramePredictions
from autoanno_gui.core.records import Decision, DecisionKind, PresentationMode, Progress, VerdictKind
from autoanno_gui.imaging.scan import natural_key
from autoanno_gui.store.reader import LedgerEntry, Reader

Report: TypeAlias = dict[str, Any]

_JUDGED: Final = (VerdictKind.ACCEPTED, VerdictKind.EDITED, VerdictKind.REJECTED)
_EVERY: Final = 64
"""Frames from one progress to the next."""
_OTHER_PICTURE: Final = "the two looked at different pictures under this name"


class Whose(StrEnum):
    """Which decisions of a project are one side of a comparison; of each frame the newest that stands."""

    OWN = "own"
    """Those that were made in it."""
    MERGED = "merged"
    """Those that were merged from other projects."""
    EARLIER = "earlier"
    """Those of the first sitting that labelled a frame which a later one labelled again."""
    LATER = "later"
    """Those of the last sitting on such a frame."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison.

    Attributes:
        reviewer: only this one's; None for any.
    """

    reader: Reader
    whose: Whose = Whose.OWN
    reviewer: str | None = None


@dataclass(frozen=True, slots=True)
class _Labelled:
    """What one side has on a frame.

    Attributes:
        kind: of the decision.
        reviewer: who made it.
        labels: as they stand.
        unseen: as they were made before any prediction was seen; None where predictions were shown.
        verdicts: what became of each prediction that was judged, by index.
        judged: stands for the predictions: equal for equal ones of equal weights; None without.
        size: (width, height) of the picture in pixels, 0 where it is not known.
        sha256: of the frame's file, None where it is not known.
    """

    kind: DecisionKind
    reviewer: str
    labels: tuple[Label, ...]
    unseen: tuple[Label, ...] | None
    verdicts: Mapping[int, str]
    judged: str | None
    size: tuple[int, int]
    sha256: str | None


@dataclass(slots=True)
class _Compared:
    """What is found out on the way through the frames."""

    all: list[ComparedFrame] = field(default_factory=list)
    blind: list[ComparedFrame] = field(default_factory=list)
    shown: list[ComparedFrame] = field(default_factory=list)
    different: list[Report] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def two_projects(first: Reader, second: Reader) -> tuple[Side, Side]:
    """Return the sides of two projects: what was decided in each of them."""
    return Side(first), Side(second)


def within(reader: Reader) -> tuple[Side, Side]:
    """Return the two sides that one project holds: its own decisions and those merged from a second reviewer, else
    those of the two reviewers that decided most, else earlier and later ones of the same reviewer.

    Raises:
        KnownError: it holds only one side.
    """
    merged = False
    frames: dict[str, set[int]] = {}
    sittings: dict[int, set[str]] = {}
    for entry in reader.decisions():
        decision = entry.decision
        merged |= decision.origin != ""
        if decision.kind.state.labelled:
            frames.setdefault(decision.reviewer, set()).add(decision.frame_id)
            sittings.setdefault(decision.frame_id, set()).add(decision.session_uuid)
    if merged:
        return Side(reader), Side(reader, Whose.MERGED)
    most = sorted(frames, key=lambda name: -len(frames[name]))[:2]
    if len(most) == 2 and frames[most[0]] & frames[most[1]]:
        return Side(reader, reviewer=most[0]), Side(reader, reviewer=most[1])
    if any(len(found) > 1 for found in sittings.values()):
        return Side(reader, Whose.EARLIER), Side(reader, Whose.LATER)
    raise KnownError(
        "This project holds the labels of one reviewer only: hand over a sample, have it labelled and merge it, or "
        "label some frames again another day."
    )


def compare(a: Side, b: Side) -> Generator[Progress, None, Report]:
    """Compare two sides on the frames that both labelled, matched by path; closing it stops.

    Returns:
        The document of `autoanno agree`: figures over all of these frames, apart in `blind` over those that both
        labelled before they saw predictions (with those labels) and in `with_predictions` over the others, and the
        frames that differ, worst first.
    """
    names = _common_names(a.reader, b.reader)
    first = yield from _read(a, names[0], "Reading the first reviewer")
    second = yield from _read(b, names[1], "Reading the second reviewer")
    paths = sorted(first.keys() & second.keys(), key=natural_key)
    found = _Compared()
    for at, path in enumerate(paths):
        if at % _EVERY == 0:
            yield Progress(at, len(paths), "Comparing")
        _compare_frame(path, first[path], second[path], found)
    yield Progress(len(paths), len(paths), "Working out the figures")
    figures = _figures(found.all)
    yield Progress(len(paths), len(paths), "Working out the figures")
    return {
        **figures,
        "blind": _figures(found.blind),
        "with_predictions": _figures(found.shown) if found.blind else figures,
        "disagreements": sorted(found.different, key=lambda row: -row["count"]),
        "reviewers": [_reviewers(first.values()), _reviewers(second.values())],
        "left_out": [{"frame": path, "reason": _OTHER_PICTURE} for path in found.left_out],
        "notes": _notes(first, second, found),
    }


def _compare_frame(path: str, a: _Labelled, b: _Labelled, found: _Compared) -> None:
    if not (a.kind.state.labelled and b.kind.state.labelled):
        return
    known = a.sha256 is not None and b.sha256 is not None
    if (known and a.sha256 != b.sha256) or (all((*a.size, *b.size)) and a.size != b.size):
        found.left_out.append(path)
        return
    frame = compare_frame(a.labels, b.labels, _shared_verdicts(a, b))
    found.all.append(frame)
    if a.unseen is not None and b.unseen is not None:
        found.blind.append(compare_frame(a.unseen, b.unseen))
    else:
        found.shown.append(frame)
    if differences := frame.differences():
        found.different.append(_disagreement(path, a, b, differences))


def _disagreement(path: str, a: _Labelled, b: _Labelled, differences: Sequence[Difference]) -> Report:
    objects = []
    for kind, at_a, at_b in differences:
        mine = a.labels[at_a] if at_a is not None else None
        theirs = b.labels[at_b] if at_b is not None else None
        bounds = [one[1].bounds.as_tuple() if one is not None else None for one in (mine, theirs)]
        names = [one[0] if one is not None else None for one in (mine, theirs)]
        objects.append({"kind": kind, "classes": names, "bounds": bounds})
    kinds = Counter(one.kind for one in differences)
    return {"frame": path, "kinds": dict(kinds), "count": len(differences), "objects": objects}


def _shared_verdicts(a: _Labelled, b: _Labelled) -> list[Answers]:
    """Return what the two made of the predictions that both judged."""
    if a.judged is None or a.judged != b.judged:
        return []
    return [(verdict, b.verdicts[index]) for index, verdict in sorted(a.verdicts.items()) if index in b.verdicts]


def _figures(frames: Sequence[ComparedFrame]) -> Report:
    return agreement(frames) | {"alpha": _alpha([unit for frame in frames for unit in frame.units()])}


def _alpha(units: Sequence[Answers]) -> float | None:
    """Return Krippendorff's alpha for nominal data; None where only one value occurs, which says nothing."""
    values = sorted({value for unit in units for value in unit})
    if len(values) < 2:
        return None
    import krippendorff  # no window needs it to start

    number = {value: at for at, value in enumerate(values)}
    data = [[number[unit[side]] for unit in units] for side in (0, 1)]
    return float(krippendorff.alpha(reliability_data=data, level_of_measurement="nominal"))


# ---------------------------------------------------------------------------------------------------- reading a side
def _common_names(a: Reader, b: Reader) -> tuple[dict[int, str], dict[int, str]]:
    """Return the class names of both sides, by id: merged classes by the one that stands for them, and a class of the
    second that is one of the first's under another name by the first's."""
    first, second = _living_names(a), _living_names(b)
    by_uuid = {uuid: first[class_id] for class_id, uuid in a.class_uuids().items() if class_id in first}
    records = {record.id: record for record in b.classes()}
    uuids = b.class_uuids()
    return first, {
        class_id: by_uuid.get(uuids[living_class(class_id, records)], name) for class_id, name in second.items()
    }


def _living_names(reader: Reader) -> dict[int, str]:
    records = {record.id: record for record in reader.classes()}
    return {class_id: records[living_class(class_id, records)].name for class_id in records}


def _read(side: Side, names: Mapping[int, str], text: str) -> Generator[Progress, None, dict[str, _Labelled]]:
    """Return by path what one side has on each frame that it decided or put off."""
    contents, total = side.reader.contents(), side.reader.frame_count()
    standing: dict[str, list[_Entry]] = {}
    for at, entry in enumerate(side.reader.decisions()):
        if at % _EVERY == 0:
            yield Progress(min(len(standing), total), total, text)
        if _counts(side, entry.decision):
            standing.setdefault(entry.path, []).append(_Entry.of(entry))
    found = {}
    for path, entries in standing.items():
        if chosen := _choose(side.whose, entries):
            found[path] = _labelled(chosen, names, contents)
    return found


@dataclass(frozen=True, slots=True)
class _Entry:
    """A decision, and what stands for the predictions that it judged."""

    decision: Decision
    judged: str | None

    @classmethod
    def of(cls, entry: LedgerEntry) -> _Entry:
        if entry.predictions is None or entry.weights_hash is None:
            return cls(entry.decision, None)
        return cls(entry.decision, _identity(entry.predictions, entry.weights_hash))


def _identity(predictions: FramePredictions, weights_hash: str) -> str:
    # The same run_frame, and what another run of the same weights found just so.
    content = predictions.boxes.tobytes() + predictions.confidences.tobytes()
    return hashlib.sha256(weights_hash.encode() + content).hexdigest()


def _counts(side: Side, decision: Decision) -> bool:
    if side.reviewer is not None and decision.reviewer != side.reviewer:
        return False
    return (decision.origin != "") == (side.whose is Whose.MERGED) or side.reviewer is not None


def _choose(whose: Whose, entries: list[_Entry]) -> list[_Entry]:
    """Return the decision that speaks for a side, last, with those of the side before it; none where it has none."""
    if whose in (Whose.EARLIER, Whose.LATER):
        labelled = [entry for entry in entries if entry.decision.kind.state.labelled]
        sittings = list(dict.fromkeys(entry.decision.session_uuid for entry in labelled))
        if len(sittings) < 2:
            return []
        wanted = sittings[0] if whose is Whose.EARLIER else sittings[-1]
        entries = [entry for entry in labelled if entry.decision.session_uuid == wanted]
    return entries


def _labelled(entries: Sequence[_Entry], names: Mapping[int, str], contents: Mapping[int, str]) -> _Labelled:
    decision = entries[-1].decision
    judged = decision.mode is PresentationMode.NORMAL
    verdicts = {
        verdict.prediction: verdict.kind.value
        for verdict in decision.verdicts
        if verdict.prediction is not None and verdict.kind in _JUDGED
    }
    return _Labelled(
        kind=decision.kind,
        reviewer=decision.reviewer,
        labels=_labels(decision, names),
        unseen=_unseen(decision, entries, names),
        verdicts=verdicts if judged else {},
        judged=entries[-1].judged if judged else None,
        size=(decision.width, decision.height),
        sha256=contents.get(decision.frame_id),
    )


def _unseen(decision: Decision, entries: Iterable[_Entry], names: Mapping[int, str]) -> tuple[Label, ...] | None:
    if decision.mode.hides_predictions:
        return _labels(decision, names)
    if decision.mode is not PresentationMode.SETTLE:
        return None
    blind = [one.decision for one in entries if one.decision.mode is PresentationMode.BLIND]
    return _labels(blind[-1], names) if blind else None


def _labels(decision: Decision, names: Mapping[int, str]) -> tuple[Label, ...]:
    return tuple(
        (names.get(verdict.class_id, NO_OBJECT), verdict.geometry)
        for verdict in decision.verdicts
        if verdict.geometry is not None
    )


# ---------------------------------------------------------------------------------------------------- words
def _reviewers(frames: Iterable[_Labelled]) -> str:
    """Return who decided, by falling number of frames."""
    return ", ".join(name for name, _ in Counter(frame.reviewer for frame in frames).most_common())


def _notes(first: Mapping[str, _Labelled], second: Mapping[str, _Labelled], found: _Compared) -> list[str]:
    both = first.keys() & second.keys()
    one_only = len(first.keys() ^ second.keys())
    rejected = sum(
        first[path].kind is DecisionKind.REJECTED or second[path].kind is DecisionKind.REJECTED for path in both
    )
    deferred = len(both) - rejected - len(found.all) - len(found.left_out)
    notes = []
    if not found.all:
        notes.append("There is no frame that both labelled.")
    if one_only:
        notes.append(f"Decided by one of the two only: {one_only:,}.")
    if rejected:
        notes.append(f"Waiting for hand labelling with one of the two: {rejected:,}.")
    if deferred:
        notes.append(f"Put off by one of the two: {deferred:,}.")
    if found.left_out:
        notes.append(f"Left out, since the two looked at different pictures: {len(found.left_out):,}.")
    if found.all and not found.blind:
        notes.append(
            "Both saw the same proposals on every frame, which makes them agree more than they would by themselves."
            if found.shown and any(frame.verdicts for frame in found.shown)
            else "No frame was labelled by both before they saw proposals."
        )
    return notes

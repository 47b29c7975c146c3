"""What is on a contact sheet, and in which order: from the prediction index, the states of the frames and their drafts.

Pure but for the drafts that are read; made on a thread of its own, since an index may hold a million predictions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.draft import DraftSummary
from autoanno_gui.core.frame_list import STATE_NUMBER, FrameColumns, FrameList
from autoanno_gui.core.history import EditEntry, History, PageEntry
from autoanno_gui.core.judged_page import SheetItem
from autoanno_gui.core.prediction_index import UNMAPPED, PredictionIndex
from autoanno_gui.core.records import FrameState, Thresholds, VerdictKind
from autoanno_gui.core.review_objects import Mark, ReviewObject
from autoanno_gui.review.sheet_reader import SheetReader

OPEN_STATES: Final = (FrameState.UNDECIDED, FrameState.DEFERRED)
_OTHER_PAIR: Final = 1000.0
"""More than any two places differ: objects of the same two classes come first."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What "more like this" looks for.

    Attributes:
        item: the object that was rejected or given another class.
        class_id: the class that the model gave it.
        other_class: the class it got, or the one that the model took for the next likely; `UNMAPPED` without one.
        place: centre x, centre y and size as shares of the frame, as `PredictionIndex.places` has them.
    """

    item: SheetItem
    class_id: int
    other_class: int
    place: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class SheetRequest:
    """What is to be on the sheet.

    Attributes:
        class_id: None for the class that most candidates have.
        like: what it is ranked by; None for the least certain first.
        focus: the object that the cursor goes to; None for the first.
    """

    class_id: int | None
    like: Likeness | None = None
    focus: SheetItem | None = None


@dataclass(frozen=True, slots=True)
class ListTask:
    """A request with all that its list follows from.

    Attributes:
        frames: as they are now.
        recorded: objects that pages of this sitting judged.
        classes: the living ones.
        hidden: (N,) by position, frames whose predictions must not be shown.
    """

    request: SheetRequest
    index: PredictionIndex
    frames: FrameColumns
    thresholds: Thresholds
    recorded: tuple[SheetItem, ...]
    classes: frozenset[int]
    hidden: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class MadeList:
    """What is on the sheet.

    Attributes:
        request: with the class that was found; None where there is no candidate at all.
        counts: candidates by class.
        rows: (K,) of the index, in the order in which they are shown.
    """

    request: SheetRequest
    index: PredictionIndex
    counts: Mapping[int, int]
    rows: NDArray[np.int64]


def make_list(task: ListTask, reader: SheetReader) -> MadeList:
    """Find what is on the sheet: what a draft or a page judged already is left out."""
    index, request = task.index, task.request
    rows = open_rows(index, task.frames, task.thresholds, hidden=task.hidden)
    drafts = reader.drafts(frozenset(np.unique(index.frame_ids[index.frame_of_row[rows]]).tolist()))
    rows &= ~drafted_rows(index, drafts)
    recorded = rows_of(index, task.recorded)
    rows[recorded[recorded >= 0]] = False
    counts = {each: count for each, count in counts_by_class(index, rows).items() if each in task.classes}
    if request.class_id not in task.classes:
        request = SheetRequest(max(counts, key=lambda each: counts[each], default=None))
    if request.class_id is None:
        return MadeList(request, index, counts, np.zeros(0, np.int64))
    if request.like is not None:
        return MadeList(request, index, counts, most_alike_first(index, rows, request.like))
    return MadeList(request, index, counts, least_certain_first(index, rows, request.class_id))


def open_rows(
    index: PredictionIndex, frames: FrameColumns, thresholds: Thresholds, *, hidden: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return (M,) which predictions of the index are candidates on a frame that is undecided or put off.

    Args:
        hidden: (N,) by position, frames whose predictions must not be shown.
    """
    if not len(frames.ids):
        return np.zeros(len(index), np.bool_)
    positions = index.at_positions(frames.ids)
    numbers = [STATE_NUMBER[state] for state in OPEN_STATES]
    open_frames = (positions >= 0) & np.isin(frames.states[positions], numbers) & ~hidden[positions]
    rows: NDArray[np.bool_] = index.candidates(thresholds) & open_frames[index.frame_of_row]
    return rows


def counts_by_class(index: PredictionIndex, rows: NDArray[np.bool_]) -> dict[int, int]:
    """Return how many of the rows are of each project class."""
    counts = np.bincount(index.classes[rows])
    return {class_id: count for class_id, count in enumerate(counts.tolist()) if count}


def least_certain_first(index: PredictionIndex, rows: NDArray[np.bool_], class_id: int) -> NDArray[np.int64]:
    """Return the rows of a class by rising confidence."""
    chosen: NDArray[np.int64] = np.flatnonzero(rows & (index.classes == class_id))
    return chosen[np.argsort(index.confidences[chosen], kind="stable")]


def most_alike_first(index: PredictionIndex, rows: NDArray[np.bool_], like: Likeness) -> NDArray[np.int64]:
    """Return the rows of the same class but the object itself: those that the model would also take for the other class
    first, and within each part the nearest in size and place."""
    chosen: NDArray[np.int64] = np.flatnonzero(rows & (index.classes == like.class_id))
    chosen = chosen[chosen != rows_of(index, [like.item])[0]]
    distances = np.linalg.norm(index.places[chosen].astype(np.float64) - np.array(like.place, np.float64), axis=1)
    if like.other_class != UNMAPPED:
        distances += np.where(index.seconds[chosen] == like.other_class, 0.0, _OTHER_PAIR)
    return chosen[np.argsort(distances, kind="stable")]


def rows_of(index: PredictionIndex, items: Sequence[SheetItem]) -> NDArray[np.int64]:
    """Return (K,) the row of each object, -1 where the index has other predictions of its frame, or none."""
    wanted = np.array([(item.frame_id, item.run_frame_id, item.prediction) for item in items], np.int64).reshape(-1, 3)
    if not len(wanted) or not len(index.frame_ids):
        return np.full(len(wanted), -1, np.int64)
    at = _frames_of(index, wanted[:, 0])
    known = (at >= 0) & (index.run_frame_ids[at] == wanted[:, 1]) & (wanted[:, 2] < index.counts[at])
    rows: NDArray[np.int64] = np.where(known, index.starts[at] + wanted[:, 2], -1)
    return rows


def _frames_of(index: PredictionIndex, frame_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return (K,) where each frame is in the index, -1 where it is not."""
    order = np.argsort(index.frame_ids, kind="stable")
    at = order[np.minimum(np.searchsorted(index.frame_ids, frame_ids, sorter=order), len(order) - 1)]
    places: NDArray[np.int64] = np.where(index.frame_ids[at] == frame_ids, at, -1)
    return places


def drafted_rows(index: PredictionIndex, drafts: Mapping[int, DraftSummary]) -> NDArray[np.bool_]:
    """Return (M,) which predictions a draft has judged already, or hides."""
    rows = np.zeros(len(index), np.bool_)
    if not drafts or not len(index.frame_ids):
        return rows
    places = _frames_of(index, np.array(list(drafts), np.int64))
    for at, draft in zip(places.tolist(), drafts.values(), strict=True):
        if at < 0:
            continue
        start, count = int(index.starts[at]), int(index.counts[at])
        if draft.by_hand or draft.run_frame_id != index.run_frame_ids[at]:
            rows[start : start + count] = True
        else:
            rows[[start + touched for touched in draft.touched if touched < count]] = True
    return rows


def likeness_of(index: PredictionIndex, item: SheetItem, new_class: int | None) -> Likeness | None:
    """Return what objects that are wrong in the same way look like.

    Args:
        index: of the newest predictions.
        item: the object that was wrong.
        new_class: the class that it got; None when it was rejected.
    """
    row = int(rows_of(index, [item])[0])
    if row < 0:
        return None
    other = int(index.seconds[row]) if new_class is None else new_class
    x, y, size = index.places[row].tolist()
    return Likeness(item, int(index.classes[row]), other, (x, y, size))


def last_correction(history: History, frames: FrameList) -> tuple[SheetItem, int | None] | None:
    """Return the proposed object that was rejected or given another class last, and that class (None: rejected)."""
    for entry in history.done():
        if isinstance(entry, PageEntry):
            for item, verdict in reversed(entry.page.verdicts.items()):
                if verdict.kind is not VerdictKind.ACCEPTED:
                    return item, verdict.class_id if verdict.kind is VerdictKind.EDITED else None
        elif isinstance(entry, EditEntry) and entry.frame_id in frames:
            run_frame_id = frames.get(entry.frame_id).run_frame_id
            for object_id, after in entry.change.after.items():
                found = _corrected(entry.change.before.get(object_id), after)
                if found is not None and run_frame_id is not None:
                    return SheetItem(entry.frame_id, run_frame_id, object_id), found[0]
    return None


def _corrected(before: ReviewObject | None, after: ReviewObject | None) -> tuple[int | None] | None:
    """Return the class that a proposed object got by an edit, as a tuple of one (None: rejected); None for no such."""
    if before is None or after is None or after.drawn:
        return None
    if after.mark is Mark.REJECTED:
        return (None,)
    return (after.class_id,) if after.class_id != before.class_id else None

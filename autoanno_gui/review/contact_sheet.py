"""The contact sheet: the candidates of one class across all frames that are not decided, page by page.

Qt-free. Marks belong to objects, not to places: they stay when a page is left, and are recorded only by the page that
shows their objects.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.draft import DraftSummary
from autoanno_gui.core.frame_list import STATE_NUMBER, FrameList
from autoanno_gui.core.history import EditEntry, History, PageEntry
from autoanno_gui.core.judged_page import SheetItem, SheetVerdict
from autoanno_gui.core.prediction_index import UNMAPPED, PredictionIndex
from autoanno_gui.core.records import FrameState, Thresholds, VerdictKind
from autoanno_gui.core.review_objects import Mark, ReviewObject

LARGEST_PAGE: Final = 100
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


# --- what is on a sheet -----------------------------------------------------------------------------------------------
def open_rows(index: PredictionIndex, frames: FrameList, thresholds: Thresholds) -> NDArray[np.bool_]:
    """Return (M,) which predictions of the index are candidates on a frame that is undecided or put off."""
    if not len(frames):
        return np.zeros(len(index), np.bool_)
    positions = index.at_positions(frames.ids)
    numbers = [STATE_NUMBER[state] for state in OPEN_STATES]
    open_frames = (positions >= 0) & np.isin(frames.states[positions], numbers)
    rows: NDArray[np.bool_] = index.candidates(thresholds) & open_frames[index.frame_of_row]
    return rows


def counts_by_class(index: PredictionIndex, rows: NDArray[np.bool_]) -> dict[int, int]:
    """Return how many of the rows are of each project class."""
    found, counts = np.unique(index.classes[rows], return_counts=True)
    return dict(zip(found.tolist(), counts.tolist(), strict=True))


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


# --- going through it -------------------------------------------------------------------------------------------------
class ContactSheet:
    """A list of objects, the page of it that is shown, the cursor, and the marks."""

    def __init__(self) -> None:
        self.class_id: int | None = None
        self.like: Likeness | None = None
        """What the sheet is ranked by; None for the least certain first."""
        self.cursor = 0
        """Number of an object on the page."""
        self.page = 0
        self.page_size = 1
        self.marks: dict[SheetItem, int | None] = {}
        """What the reviewer changed: the class an object is to have, None where it is wrong."""
        self._index: PredictionIndex | None = None
        self._rows: NDArray[np.int64] = np.zeros(0, np.int64)
        self._left: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._places: NDArray[np.int64] = np.zeros(0, np.int64)
        self._known: dict[SheetItem, int] = {}
        """The rows of objects that were asked for."""

    # ------------------------------------------------------------------------------------------------ the list
    def fill(
        self,
        index: PredictionIndex,
        rows: NDArray[np.int64],
        *,
        class_id: int,
        like: Likeness | None = None,
        focus: SheetItem | None = None,
    ) -> None:
        """Take the objects of these rows, in this order, and put the cursor on one of them. Where that is not among
        them, a list of the same kind stays at its page, and another one begins at its first."""
        place = self.place if (class_id, like) == (self.class_id, self.like) else 0
        self.class_id, self.like = class_id, like
        self._index, self._rows, self._known = index, rows, {}
        self._left = np.ones(len(rows), np.bool_)
        self._note_left()
        self.go_to(focus, otherwise=place)

    def clear(self) -> None:
        """Hold nothing."""
        self._index, self.class_id, self.like = None, None, None
        self._rows, self._left = np.zeros(0, np.int64), np.zeros(0, np.bool_)
        self._note_left()
        self._put_cursor(0)

    def item(self, place: int) -> SheetItem:
        """Return the object at a place among those that are left."""
        assert self._index is not None
        row = int(self._rows[self._places[place]])
        frame = int(self._index.frame_of_row[row])
        item = SheetItem(
            int(self._index.frame_ids[frame]),
            int(self._index.run_frame_ids[frame]),
            row - int(self._index.starts[frame]),
        )
        self._known[item] = row
        return item

    def _row(self, item: SheetItem | None) -> int:
        """Return the row of an object, -1 when the list has none."""
        if item is None or self._index is None:
            return -1
        if item not in self._known:
            self._known[item] = int(rows_of(self._index, [item])[0])
        return self._known[item]

    def confidence(self, item: SheetItem) -> float:
        """Return the confidence of an object of the list."""
        row = self._row(item)
        return float(self._index.confidences[row]) if self._index is not None and row >= 0 else 0.0

    def runner_up(self, item: SheetItem) -> int | None:
        """Return the class that the model took for the next likely, None without one."""
        row = self._row(item)
        second = int(self._index.seconds[row]) if self._index is not None and row >= 0 else UNMAPPED
        return second if second != UNMAPPED else None

    def likeness(self, item: SheetItem, new_class: int | None) -> Likeness | None:
        """Return what to look for after an object of the sheet turned out wrong."""
        return likeness_of(self._index, item, new_class) if self._index is not None else None

    def __len__(self) -> int:
        return len(self._places)

    def set_aside(self, items: Collection[SheetItem]) -> None:
        """Take objects off the sheet: they were recorded, or cannot be judged here."""
        self._set_left(items, left=False)

    def bring_back(self, items: Collection[SheetItem]) -> None:
        """Put objects back where they were."""
        self._set_left(items, left=True)

    def _set_left(self, items: Collection[SheetItem], *, left: bool) -> None:
        index = self._index
        if index is None or not items:
            return
        kept, place = self.current, self.place
        self._left[np.isin(self._rows, rows_of(index, list(items)))] = left
        self._note_left()
        self.go_to(kept, otherwise=place)

    def _note_left(self) -> None:
        self._places = np.flatnonzero(self._left)

    # ------------------------------------------------------------------------------------------------ pages
    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-len(self) // self.page_size))

    @property
    def shown(self) -> list[SheetItem]:
        """The objects of the page."""
        return self.items_of(self.page)

    def items_of(self, page: int) -> list[SheetItem]:
        """Return the objects of any page."""
        first = page * self.page_size
        return [self.item(place) for place in range(first, min(first + self.page_size, len(self)))]

    @property
    def place(self) -> int:
        """Where in the list the cursor is."""
        return self.page * self.page_size + self.cursor

    @property
    def current(self) -> SheetItem | None:
        """The object under the cursor."""
        return self.item(self.place) if self.place < len(self) else None

    def set_page_size(self, size: int) -> None:
        """Show so many objects a page, at most `LARGEST_PAGE`; the cursor stays on its object."""
        size = max(1, min(size, LARGEST_PAGE))
        if size != self.page_size:
            place, self.page_size = self.place, size
            self._put_cursor(place)

    def turn(self, by: int) -> bool:
        """Go some pages on or back. Returns whether there is such a page."""
        page = self.page + by
        if not 0 <= page < self.pages:
            return False
        self.page, self.cursor = page, 0
        return True

    def move_to(self, cursor: int) -> None:
        """Move the cursor on the page, no further than its ends."""
        count = min(self.page_size, len(self) - self.page * self.page_size)
        self.cursor = max(0, min(cursor, count - 1))

    def go_to(self, item: SheetItem | None, *, otherwise: int = 0) -> None:
        """Put the cursor on an object, or where there is none on a place of the list."""
        found = self._row(item)
        places = np.flatnonzero(self._rows[self._places] == found)
        self._put_cursor(int(places[0]) if found >= 0 and len(places) else otherwise)

    def _put_cursor(self, place: int) -> None:
        place = max(0, min(place, len(self) - 1))
        self.page, self.cursor = divmod(place, self.page_size)

    # ------------------------------------------------------------------------------------------------ marks
    def toggle_wrong(self, item: SheetItem) -> None:
        """Mark an object as wrong, or take that back."""
        if item in self.marks and self.marks[item] is None:
            del self.marks[item]
        else:
            self.marks[item] = None

    def set_class(self, item: SheetItem, class_id: int) -> None:
        """Let an object be of another class; of its own one, it is right as it is."""
        if class_id == self.class_id:
            self.marks.pop(item, None)
        else:
            self.marks[item] = class_id

    def verdicts(self, items: Iterable[SheetItem]) -> Mapping[SheetItem, SheetVerdict]:
        """Return the verdict on each of these objects, as they are marked."""
        assert self.class_id is not None
        own = self.class_id
        found = {}
        for item in items:
            to = self.marks.get(item, own)
            kind = VerdictKind.REJECTED if to is None else VerdictKind.ACCEPTED if to == own else VerdictKind.EDITED
            found[item] = SheetVerdict(kind, own if to is None else to)
        return found

    def mark_again(self, verdicts: Mapping[SheetItem, SheetVerdict]) -> None:
        """Put the marks back that a page was recorded with."""
        for item, verdict in verdicts.items():
            match verdict.kind:
                case VerdictKind.REJECTED:
                    self.marks[item] = None
                case VerdictKind.EDITED:
                    self.marks[item] = verdict.class_id
                case _:
                    self.marks.pop(item, None)

"""The contact sheet: the candidates of one class across all frames that are not decided, page by page.

Qt-free. Marks belong to objects, not to places: they stay when a page is left, and are recorded only by the page that
shows their objects.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.judged_page import SheetItem, SheetVerdict
from autoanno_gui.core.prediction_index import UNMAPPED, PredictionIndex
from autoanno_gui.core.records import VerdictKind
from autoanno_gui.review.sheet_list import Likeness, likeness_of, rows_of

LARGEST_PAGE: Final = 100


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
        index = self._index
        if index is None or not items:
            return
        kept, place = self.current, self.place
        self._left[np.isin(self._rows, rows_of(index, list(items)))] = False
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

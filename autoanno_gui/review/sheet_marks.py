"""The marks on the page of a contact sheet, one step after the other, so that the last one can be taken back."""

from __future__ import annotations

from typing import Final

from autoanno_gui.core.judged_page import SheetItem
from autoanno_gui.review.contact_sheet import ContactSheet
from autoanno_gui.review.sheet_list import Likeness

_Mark = tuple[SheetItem, bool, int | None]
"""An object as it was marked: whether it was, and with which class (None: wrong)."""


class SheetMarks:
    """Marks objects of a sheet; what was done on another page cannot be undone step by step any more."""

    def __init__(self, sheet: ContactSheet) -> None:
        self._sheet: Final = sheet
        self._done: list[_Mark] = []
        self._undone: list[_Mark] = []
        self.like: Likeness | None = None
        """Like what was marked last."""

    def toggle_wrong(self, item: SheetItem) -> None:
        """Mark an object as wrong, or take that back."""
        self._note(item)
        self._sheet.toggle_wrong(item)
        if item in self._sheet.marks:
            self.like = self._sheet.likeness(item, None) or self.like

    def set_class(self, item: SheetItem, class_id: int) -> None:
        """Let an object be of another class; of its own one, it is right as it is."""
        self._note(item)
        self._sheet.set_class(item, class_id)
        if item in self._sheet.marks:
            self.like = self._sheet.likeness(item, class_id) or self.like

    def undo(self) -> bool:
        """Take the last mark back. Returns whether there was one."""
        return self._replay(self._done, self._undone)

    def redo(self) -> bool:
        """Mark again what was taken back last. Returns whether there was anything."""
        return self._replay(self._undone, self._done)

    def forget(self) -> None:
        """Begin another page."""
        self._done.clear()
        self._undone.clear()

    def _note(self, item: SheetItem) -> None:
        self._done.append(self._state_of(item))
        self._undone.clear()

    def _state_of(self, item: SheetItem) -> _Mark:
        return item, item in self._sheet.marks, self._sheet.marks.get(item)

    def _replay(self, taken: list[_Mark], kept: list[_Mark]) -> bool:
        if not taken:
            return False
        item, marked, class_id = taken.pop()
        kept.append(self._state_of(item))
        if marked:
            self._sheet.marks[item] = class_id
        else:
            self._sheet.marks.pop(item, None)
        self._sheet.go_to(item, otherwise=self._sheet.place)
        return True

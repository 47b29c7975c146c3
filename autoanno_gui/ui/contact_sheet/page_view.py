"""Turns the page of a contact sheet into cells, and sees to it that their pictures come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from autoanno_gui.core.judged_page import SheetItem
from autoanno_gui.review.contact_sheet import ContactSheet
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.review.sheet_reader import CropJob
from autoanno_gui.ui.contact_sheet.crop_loader import CropLoader
from autoanno_gui.ui.contact_sheet.grid import Cell
from autoanno_gui.ui.contact_sheet.view import SheetView
from autoanno_gui.ui.frame_display import KeyOf

_NO_COLOUR: Final = "#9a9a9a"


class PageView:
    """What of a sheet is on the screen."""

    def __init__(
        self, session: ReviewSession, sheet: ContactSheet, view: SheetView, loader: CropLoader, *, key_of: KeyOf
    ) -> None:
        self._session: Final = session
        self._sheet: Final = sheet
        self._view: Final = view
        self._loader: Final = loader
        self._key_of: Final = key_of

    def show(self) -> list[SheetItem]:
        """Show the page that the sheet is at, without what was judged on its frame meanwhile, and ask for the pictures
        that are not there yet. Returns its objects."""
        sheet, grid = self._sheet, self._view.grid
        sheet.set_page_size(grid.capacity)
        reach = 1
        while gone := [item for item in self._next_items(pages=reach) if not self._stands(item)]:
            # Where one is gone, many may be: further ahead each time, so that it takes few rounds.
            sheet.set_aside(gone)
            reach *= 2
        shown = sheet.shown
        if not shown:
            grid.message = self._empty_text()
        self.redraw()
        self._want(shown)
        return shown

    def _next_items(self, *, pages: int) -> list[SheetItem]:
        sheet = self._sheet
        return [
            item for page in range(sheet.page, min(sheet.page + pages, sheet.pages)) for item in sheet.items_of(page)
        ]

    def _stands(self, item: SheetItem) -> bool:
        class_id = self._sheet.class_id
        return class_id is not None and self._session.pages.standing(item, class_id)

    def redraw(self) -> None:
        """Show the page as it is marked now."""
        sheet, view = self._sheet, self._view
        cells = [self._cell(item) for item in sheet.shown]
        view.grid.show_cells(cells, cursor=sheet.cursor)
        order = "most like the last correction first" if sheet.like is not None else "least certain first"
        view.show_place(
            page=sheet.page + 1,
            pages=sheet.pages,
            left=len(sheet),
            order=order if cells else "",
            narrowed=sheet.like is not None,
        )
        record = self._session.classes.get(sheet.class_id) if sheet.class_id is not None else None
        if record is not None and sheet.like is None:
            view.show_count(record, len(sheet))
        view.hint.setText(self._hint())

    def take_crops(self, items: Sequence[SheetItem]) -> None:
        """Show pictures that came."""
        if not set(items).isdisjoint(cell.item for cell in self._view.grid.cells):
            self.redraw()

    def choices(self, item: SheetItem) -> list[int]:
        """Return the classes that the model took an object for, best first; one alone where it gave no second."""
        classes, sheet = self._session.classes, self._sheet
        crop = self._loader.get(item, size=self._view.grid.picture_size)
        found = [class_id for class_id in (crop.choices if crop is not None else ()) if class_id in classes]
        rival = sheet.runner_up(item)
        if len(found) < 2 and rival in classes and sheet.class_id is not None and rival is not None:
            return [sheet.class_id, rival]
        return found

    def _cell(self, item: SheetItem) -> Cell:
        sheet = self._sheet
        now = sheet.marks.get(item, sheet.class_id)
        named = sheet.class_id if now is None else now
        record = self._session.classes.get(named) if named is not None else None
        return Cell(
            item,
            record.name if record is not None else f"class {named}",
            record.colour if record is not None else _NO_COLOUR,
            sheet.confidence(item),
            self._loader.get(item, size=self._view.grid.picture_size),
            wrong=now is None,
            changed=now is not None and now != sheet.class_id,
        )

    def _want(self, shown: Sequence[SheetItem]) -> None:
        """Ask for this page's crops, then the next one's; a frame is decoded once for all of its objects on both."""
        sheet = self._sheet
        following = sheet.items_of(sheet.page + 1) if sheet.page + 1 < sheet.pages else []
        by_frame: dict[int, list[SheetItem]] = {}
        for item in (*shown, *following):
            by_frame.setdefault(item.frame_id, []).append(item)
        frames, size = self._session.frames, self._view.grid.picture_size
        self._loader.want([CropJob(frames.get(frame_id), tuple(items), size) for frame_id, items in by_frame.items()])

    def _hint(self) -> str:
        key = self._key_of
        digits = f"{key('object.set_class_1')}–{key('object.set_class_9')}"
        parts = (
            f"{key('object.reject')} wrong",
            f"{digits}, {key('object.swap_class')}, {key('object.pick_class')} class",
            f"{key('object.accept')} opens the frame",
            f"{key('review.accept_frame')} records the page",
            f"{key('review.next')}, {key('review.previous')} turn pages",
            f"{key('review.more_like_this')} more like this",
            f"{key('edit.escape')} back to the image",
        )
        return "\u2003 ".join(part.replace(" ", "\u00a0") for part in parts)

    def _empty_text(self) -> str:
        class_id, back = self._sheet.class_id, self._key_of("edit.escape")
        record = self._session.classes.get(class_id) if class_id is not None else None
        if record is None or self._view.neighbour_of(1) == class_id:
            return f"No frame that is still to be decided has a candidate. {back} goes back to the image."
        other = self._key_of("object.nudge_down_10")
        return f"No candidate of “{record.name}” is left. {other} shows the next class, {back} goes back to the image."

"""What the reviewer says about the objects of the contact sheet: marks, pages recorded as a whole, and their undo."""

from __future__ import annotations

from collections.abc import Callable

from autoanno_gui.core.history import PageEntry
from autoanno_gui.core.judged_page import JudgedPage, SheetItem
from autoanno_gui.core.records import VerdictKind
from autoanno_gui.review.commits import PageAct
from autoanno_gui.review.sheet_list import SheetRequest
from autoanno_gui.ui.contact_sheet.browser import SheetBrowser
from autoanno_gui.ui.open_project import OpenProject


class ContactSheetController(SheetBrowser):
    """The contact sheet of the window. A page is recorded only when all of it was on the screen."""

    _unshown = 0
    """How many objects of the page that was recorded last could not be shown."""

    def attach(self, project: OpenProject, *, clock: Callable[[], float], idle_cap: float) -> None:
        """Work on a project from now on."""
        super().attach(project, clock=clock, idle_cap=idle_cap)
        project.session.pages.on_settled = self._on_settled

    # ------------------------------------------------------------------------------------------------ marks
    def toggle_wrong(self) -> None:
        """Mark the object under the cursor as wrong, or take that back."""
        if self.current is not None:
            self.marks.toggle_wrong(self.current)
            self._redraw()

    def set_class(self, class_id: int, item: SheetItem | None = None) -> None:
        """Let the object under the cursor, or one that was under it, be of another class."""
        item = item or self.current
        if item is not None:
            self.marks.set_class(item, class_id)
            self._redraw()

    def swap_class(self) -> None:
        """Give the object under the cursor the model's second choice of class, again for the third."""
        item = self.current
        if item is None or self._page is None:
            return
        choices = self._page.choices(item)
        if len(choices) < 2:
            self.said.emit("The model has no second choice for this object.")
            return
        now = self.sheet.marks.get(item, self.sheet.class_id)
        at = choices.index(now) if now in choices else -1
        self.set_class(choices[(at + 1) % len(choices)])

    # ------------------------------------------------------------------------------------------------ recording
    def record(self) -> None:
        """Record a verdict on each object of the page, all of which are on the screen."""
        reason = self._why_not_recorded()
        if reason is not None:
            self.said.emit(reason)
            return
        project, sheet = self._project, self.sheet
        if project is None or sheet.class_id is None:
            return
        items = [cell.item for cell in self.grid.cells]
        shown = [cell.item for cell in self.grid.cells if cell.crop is not None and cell.crop.image is not None]
        self._unshown = len(items) - len(shown)
        outcome = project.session.pages.record(
            sheet.verdicts(shown), class_id=sheet.class_id, seconds=self.timer.stop().active
        )
        if not shown:
            self.said.emit(_unshown_text(self._unshown))
        for item in shown:
            sheet.marks.pop(item, None)
        self.marks.forget()
        sheet.move_to(0)
        sheet.set_aside(items)
        project.presenter.apply(outcome)
        self.show_page()

    def _why_not_recorded(self) -> str | None:
        """Return why the page cannot be recorded now, None when it can."""
        if self._project is None or not self._filled:
            return "The sheet is still being read."
        if not self.grid.cells:
            return "Nothing is left to record here."
        if self._covered():
            return f"Something lies over the page: take it away first ({self._key_of('edit.escape')})."
        if unseen := self.grid.unseen():
            return f"{_objects(unseen)} still to come: a page is recorded when all of it was on the screen."
        return None if self._project.session.can_move else "The last page is still being saved; press again."

    def _on_settled(self, page: JudgedPage, act: PageAct, done: bool) -> None:
        """Follow what the store said about a page."""
        if act is PageAct.RECORD and done:
            self.said.emit(_said_of(page, unshown=self._unshown))
            return
        came_back = act is PageAct.RECORD or (act is PageAct.UNDO and done)
        if came_back:
            self.sheet.mark_again(page.verdicts)
        if self.active:
            like = self.sheet.like if page.class_id == self.sheet.class_id else None
            focus = next(iter(page.verdicts), None) if came_back else self.sheet.current
            self._fill(SheetRequest(page.class_id, like, focus))

    # ------------------------------------------------------------------------------------------------ undo
    def undo(self) -> None:
        """Take back the last mark on this page, else the last page; anything else is undone on the image."""
        if self.marks.undo():
            self._redraw()
        elif self._project is not None:
            entry = self._project.session.history.to_undo
            if entry is not None and not isinstance(entry, PageEntry):
                self.leave()
            self._project.presenter.undo()

    def redo(self) -> None:
        """Do again what was undone last."""
        if self.marks.redo():
            self._redraw()
        elif self._project is not None:
            entry = self._project.session.history.to_redo
            if entry is not None and not isinstance(entry, PageEntry):
                self.leave()
            self._project.presenter.redo()


def _objects(count: int) -> str:
    return "1 object" if count == 1 else f"{count} objects"


def _unshown_text(count: int) -> str:
    return f"{_objects(count)} could not be shown and {'stays' if count == 1 else 'stay'} unjudged."


def _said_of(page: JudgedPage, *, unshown: int) -> str:
    """Return what was recorded, for the status line."""
    kinds = [verdict.kind for verdict in page.verdicts.values()]
    parts = [f"{kinds.count(VerdictKind.ACCEPTED)} accepted"]
    if rejected := kinds.count(VerdictKind.REJECTED):
        parts.append(f"{rejected} rejected")
    if changed := kinds.count(VerdictKind.EDITED):
        parts.append(f"{changed} of another class")
    text = f"{_objects(len(kinds))} recorded: {', '.join(parts)}."
    if left_out := page.asked - len(kinds):
        text += f" {_objects(left_out)} changed meanwhile and stayed as before."
    return f"{text} {_unshown_text(unshown)}" if unshown else text

"""Which objects the contact sheet of the window shows: coming and going, the list, its pages, and the cursor.

The half of the sheet that judges nothing; `controller` adds what the reviewer says about the objects.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QStackedWidget

from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.judged_page import SheetItem
from autoanno_gui.core.prediction_index import PredictionIndex
from autoanno_gui.review.contact_sheet import ContactSheet
from autoanno_gui.review.sheet_list import Likeness, MadeList, SheetRequest, last_correction, likeness_of
from autoanno_gui.review.sheet_marks import SheetMarks
from autoanno_gui.review.timing import ActiveTimer
from autoanno_gui.ui.canvas.view import CanvasView
from autoanno_gui.ui.contact_sheet.crop_loader import CropLoader
from autoanno_gui.ui.contact_sheet.lister import SheetLister
from autoanno_gui.ui.contact_sheet.page_view import PageView
from autoanno_gui.ui.contact_sheet.view import SheetView
from autoanno_gui.ui.frame_display import KeyOf
from autoanno_gui.ui.open_project import OpenProject


class SheetBrowser(QObject):
    """One sheet at a time; it takes the place of the image in the window while it is shown."""

    said = Signal(str)
    failed = Signal(str)
    """A sentence that must not be overlooked."""
    shown = Signal(bool)
    """Whether the sheet is on the screen now."""

    def __init__(
        self,
        *,
        pages: QStackedWidget,
        canvas: CanvasView,
        key_of: KeyOf,
        index: Callable[[], PredictionIndex | None],
        covered: Callable[[], bool],
        parent: QObject,
    ) -> None:
        """Add the sheet to the pages of a window.

        Args:
            pages: the image is one of them.
            canvas: the image.
            key_of: names keys.
            index: returns the newest predictions of all frames of the open project, None while they are being read.
            covered: says whether something lies over the page, so that not all of it can be seen.
        """
        super().__init__(parent)
        self.view: Final = SheetView()
        self.grid: Final = self.view.grid
        self.timer: ActiveTimer = ActiveTimer()
        """Counts the time on the page that is shown."""
        self._pages: Final = pages
        self._canvas: Final = canvas
        self._key_of: Final = key_of
        self._index: Final = index
        self._covered: Final = covered
        self._page: PageView | None = None
        self._loader: CropLoader | None = None
        self._lister: SheetLister | None = None
        self._project: OpenProject | None = None
        self._take_project(None)
        self._was_active = False
        pages.addWidget(self.view)
        pages.currentChanged.connect(self._on_current_changed)
        self.grid.capacity_changed.connect(self._on_capacity)
        self.grid.cell_clicked.connect(self._move_to)
        self.grid.cell_opened.connect(self._open_cell)
        self.view.class_chosen.connect(self.choose_class)
        self.view.all_wanted.connect(self.show_all)

    # ------------------------------------------------------------------------------------------------ project
    def attach(self, project: OpenProject, *, clock: Callable[[], float], idle_cap: float) -> None:
        """Work on a project from now on."""
        self.detach()
        self._take_project(project)
        self.timer = ActiveTimer(clock=clock, idle_cap=idle_cap)
        self.timer.pause()
        loader = self._loader = CropLoader(project.store.root, project.store.reader, self)
        self._lister = SheetLister(project.session, loader, index=self._index, parent=loader)
        self._page = PageView(project.session, self.sheet, self.view, loader, key_of=self._key_of)
        self._lister.made.connect(self._on_made)
        loader.loaded.connect(self._on_crops)
        loader.failed.connect(self._on_failed)
        project.closing.connect(self.detach)
        project.queue.arranged.connect(self._on_arranged)
        presenter = project.presenter
        presenter.classes_changed.connect(self._on_classes)
        presenter.task_changed.connect(self.read_files_again)
        presenter.thresholds_changed.connect(self.refresh)
        presenter.frame_shown.connect(self._bring_near)

    def _take_project(self, project: OpenProject | None) -> None:
        self._project = project
        self.sheet = ContactSheet()
        self.marks = SheetMarks(self.sheet)
        self._filled = False
        self._timed: frozenset[SheetItem] = frozenset()
        """The objects that the timer counts for."""
        self._reveal: tuple[int, int] | None = None
        """(frame, object) to bring near as soon as its frame is painted."""

    @Slot()
    def detach(self) -> None:
        """Let go of the project."""
        loader, lister = self._loader, self._lister
        self._loader = self._lister = self._page = None
        self._take_project(None)
        self.grid.show_cells((), cursor=0)
        if loader is not None and lister is not None:
            loader.close()
            # What is on its way from there is none of the next project's business.
            lister.made.disconnect(self._on_made)
            loader.loaded.disconnect(self._on_crops)
            loader.failed.disconnect(self._on_failed)
            loader.deleteLater()

    # ------------------------------------------------------------------------------------------------ coming and going
    @property
    def active(self) -> bool:
        """Whether the sheet is on the screen in place of the image."""
        return self._pages.currentWidget() is self.view

    @property
    def ready(self) -> bool:
        """Whether the sheet is active and all of its page is on the screen, so that it can be recorded."""
        return self.active and self._filled and not self.grid.unseen()

    @property
    def key_timer(self) -> ActiveTimer | None:
        """What counts the reviewer's time now: on the page, or on the open frame."""
        if self.active:
            return self.timer
        return self._project.session.timer if self._project is not None else None

    def toggle(self) -> None:
        """Show the sheet where it was left, or go back to the image."""
        if self.active:
            self.leave()
        else:
            self._show(SheetRequest(self.sheet.class_id, self.sheet.like, self.sheet.current))

    def more_like_this(self) -> None:
        """Show the candidates that may be wrong in the same way as what was corrected last."""
        project = self._project
        like = self.marks.like if self.active else None
        if project is None:
            return
        if like is None:
            like = self._last_correction(project)
        if like is None:
            self.said.emit("Reject an object or change its class first: the sheet then shows its like.")
        else:
            self._show(SheetRequest(like.class_id, like))

    def _last_correction(self, project: OpenProject) -> Likeness | None:
        found, index = last_correction(project.session.history, project.session.frames), self._index()
        return likeness_of(index, *found) if found is not None and index is not None else None

    def _show(self, request: SheetRequest) -> None:
        project = self._project
        if project is None:
            return
        if self._canvas.busy:
            self.said.emit("Something is half drawn: finish it, or drop it with Esc.")
            return
        if not self.active:
            project.session.save_draft()
            self._pages.setCurrentWidget(self.view)
        self._fill(request)

    def leave(self) -> None:
        """Go back to the image; marks that were not recorded stay for when the sheet comes back."""
        if self.active:
            self._pages.setCurrentWidget(self._canvas)
            self._canvas.setFocus(Qt.FocusReason.OtherFocusReason)
            # What came over the image meanwhile is on the screen before a key can accept it.
            self._canvas.paint_now()

    @Slot(int)
    def _on_current_changed(self, _at: int) -> None:
        if self._was_active == self.active:
            return
        self._was_active = self.active
        self.shown.emit(self.active)
        session = self._project.session if self._project is not None else None
        if session is not None:
            session.set_in_sight(not self.active)
        if self.active:
            # Whoever gives the keys back to the image gives them to what stands in its place.
            self._canvas.setFocusProxy(self.grid)
            self.grid.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.marks.like = None  # what comes next is corrected on the image
            self._canvas.setFocusProxy(None)  # type: ignore[arg-type]
        for timer, counts in ((self.timer, self.active), (session.timer if session else None, not self.active)):
            if timer is not None:
                timer.resume() if counts else timer.pause()

    # ------------------------------------------------------------------------------------------------ the list
    @Slot()
    def refresh(self) -> None:
        """Make the list anew, because something that it follows from has changed."""
        if self.active:
            self._fill(SheetRequest(self.sheet.class_id, self.sheet.like, self.sheet.current))

    @Slot()
    def read_files_again(self) -> None:
        """Drop all pictures, because files, or what the project collects, may have changed."""
        if self._loader is not None:
            self._loader.renew()
            self._loader.forget()
        self.refresh()

    @Slot()
    def _on_classes(self) -> None:
        if self._loader is not None:
            self._loader.renew()
        if self._project is not None and self.sheet.class_id in self._project.session.classes:
            # A running prediction brings classes, too: that must not move what is under the reviewer's hands.
            self._redraw()
        else:
            self.refresh()

    @Slot(int)
    def choose_class(self, class_id: int) -> None:
        """Go through another class, the least certain first."""
        self._fill(SheetRequest(class_id))
        self.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def next_class(self, by: int) -> None:
        """Go through the class that is offered next, or before."""
        class_id = self.view.neighbour_of(by)
        if class_id is not None:
            self.choose_class(class_id)

    @Slot()
    def show_all(self) -> None:
        """Show the whole class, the least certain first."""
        self._fill(SheetRequest(self.sheet.class_id, focus=self.sheet.current))

    def _fill(self, request: SheetRequest) -> None:
        """Make a list; it is there when the drafts of its frames have been read."""
        self._filled = False
        if self._lister is None or not self._lister.ask(request):
            self.grid.message = "The predictions are still being read; the sheet comes by itself."
            self.grid.show_cells((), cursor=0)

    @Slot(object)
    def _on_made(self, made: MadeList) -> None:
        project, request = self._project, made.request
        if project is None:
            return
        self.sheet.set_page_size(self.grid.capacity)
        if (request.class_id, request.like) != (self.sheet.class_id, self.sheet.like):
            self.marks.forget()  # the same list made anew, as after a look at the image, keeps its steps
        if request.class_id is None:
            self.sheet.clear()
        else:
            self.sheet.fill(made.index, made.rows, class_id=request.class_id, like=request.like, focus=request.focus)
        classes = list(project.session.classes.values())
        self.view.show_classes(classes, made.counts, current=request.class_id)
        self._filled = True
        self.show_page()

    @Slot()
    def _on_arranged(self) -> None:
        if self.active and not self._filled and self._lister is not None:
            self._lister.ask_again()

    @Slot(object)
    def _on_failed(self, error: BaseException) -> None:
        if not isinstance(error, KnownError):
            raise error
        self.failed.emit(f"The contact sheet cannot be read: {error}")

    # ------------------------------------------------------------------------------------------------ the page
    def show_page(self) -> None:
        """Show the page that the sheet is at, and ask for what is not there yet."""
        if self._page is None or not self._filled:
            return
        shown = self._page.show()
        if not shown or not self._timed.issuperset(shown):
            self.timer.frame_shown()
            self._timed = frozenset(shown)

    @Slot()
    def _on_capacity(self) -> None:
        if self.active:
            self.show_page()

    @Slot(object)
    def _on_crops(self, items: list[SheetItem]) -> None:
        if self._page is not None and self._filled and self.active:
            self._page.take_crops(items)

    def _redraw(self) -> None:
        if self._page is not None and self._filled:
            self._page.redraw()

    @property
    def current(self) -> SheetItem | None:
        """The object under the cursor."""
        return self.sheet.current if self._filled else None

    # ------------------------------------------------------------------------------------------------ moving
    @Slot(int)
    def _move_to(self, cursor: int) -> None:
        self.sheet.move_to(cursor)
        self.grid.set_cursor(self.sheet.cursor)

    def move(self, *, across: int = 0, down: int = 0) -> None:
        """Move the cursor by cells and rows; it stays where there is none."""
        target = self.sheet.cursor + across + down * self.grid.columns
        if across or 0 <= target < len(self.grid.cells):
            self._move_to(target)

    def move_to_end(self, *, last: bool) -> None:
        """Move the cursor to the first or last cell of the page."""
        self._move_to(len(self.grid.cells) - 1 if last else 0)

    def turn(self, by: int) -> None:
        """Show another page; nothing is recorded, and marks stay."""
        if not self._filled:
            return
        if not self.sheet.turn(by):
            self.said.emit("This is the last page." if by > 0 else "This is the first page.")
            return
        self.marks.forget()
        self.show_page()

    @Slot(int)
    def _open_cell(self, at: int) -> None:
        self._move_to(at)
        self.open_frame()

    def open_frame(self) -> None:
        """Show the frame of the object under the cursor, with that object selected."""
        project, item = self._project, self.current
        if project is None or item is None:
            return
        if not project.session.can_move:
            self.said.emit("The last page is still being saved; try again.")
            return
        self.leave()
        self._reveal = item.frame_id, item.prediction
        project.presenter.open_frame(item.frame_id)
        project.presenter.select(item.prediction)
        if project.session.objects.enabled:
            self._bring_near()

    @Slot()
    def _bring_near(self) -> None:
        wanted, self._reveal = self._reveal, None
        document = self._project.session.document if self._project is not None else None
        if self._project is None or wanted is None or document is None or document.frame_id != wanted[0]:
            return
        if self._project.presenter.tour.enabled:
            self._canvas.reveal(wanted[1])

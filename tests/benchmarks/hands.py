"""Hands on the real window: real key and mouse events, each of them counted and priced."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Final

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QListWidget

from autoanno_gui.core.box import Box
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.ui.canvas.state import GRIP_REACH, PICK_REACH, grip_at
from autoanno_gui.ui.dialogs.class_picker import ClassPicker
from autoanno_gui.ui.main_window import MainWindow
from tests.benchmarks.keystrokes import Meter
from tests.benchmarks.waiting import wait_until
from tests.benchmarks.windows import Shown

SURE_SIDE: Final = 8.0
"""Logical pixels: a smaller box is drawn zoomed in, else a pixel more or less would matter."""
MOST_ZOOM_KEYS: Final = 12
LOOK_AGAIN_MS: Final = 10
LEFT: Final = Qt.MouseButton.LeftButton
NONE: Final = Qt.KeyboardModifier.NoModifier


class Hands:
    """One person at the keyboard and the mouse."""

    def __init__(self, window: MainWindow, meter: Meter) -> None:
        self.window = window
        self.meter = meter
        self.shown = Shown(window)

    @property
    def session(self) -> ReviewSession:
        """Return the review under way."""
        presenter = self.window.presenter
        assert presenter is not None
        return presenter.session

    # ------------------------------------------------------------------------------------------------ keys
    def press(self, action_id: str) -> None:
        """Press the first key of a command."""
        self.meter.press()
        self._send(action_id)

    def _send(self, action_id: str) -> None:
        combination = QKeySequence(self.window.actions_.specs[action_id].keys[0])[0]
        QTest.keyClick(self.window.canvas, combination.key(), combination.keyboardModifiers())

    def decide(self) -> None:
        """Accept the frame, or confirm that it is empty, and wait for what comes next."""
        if self.session.document is not None and self.session.document.looks_empty and self.session.fault is None:
            self.press("review.accept_frame")
        self.shown.wait_for_next(self._accept)

    def _accept(self) -> None:
        """Accept the frame, and once more where the window asks whether tiny objects were seen."""
        self.press("review.accept_frame")
        if self.session.unseen_asked:
            self.press("review.accept_frame")

    def type_class(self, name: str) -> None:
        """Find or create a class for the selected object by typing."""
        self.await_class_picker(name)
        self.press("object.pick_class")
        self.wait_until_active()

    def await_class_picker(self, name: str) -> None:
        """Type a name once the dialog is there; to be called before the act that opens it, since that waits for it."""

        def look() -> None:
            dialog = QApplication.activeModalWidget()
            if not isinstance(dialog, ClassPicker):
                QTimer.singleShot(LOOK_AGAIN_MS, look)
            elif not dialog.isAncestorOf(QApplication.focusWidget()):
                # Without the focus, keys would still be those of the window.
                dialog.activateWindow()
                QTimer.singleShot(LOOK_AGAIN_MS, look)
            else:
                self._finish(dialog, name)

        QTimer.singleShot(0, look)

    def _finish(self, dialog: ClassPicker, name: str) -> None:
        """Use the dialog; whatever happens, it must not stay open, since the act that opened it waits for its end."""
        try:
            self._type_into(dialog, name)
        finally:
            if dialog.isVisible():
                dialog.reject()

    def _type_into(self, dialog: ClassPicker, name: str) -> None:
        """Type until the first row is the class; a class that is not there yet is created from its whole name."""
        field, rows = dialog.findChild(QLineEdit), dialog.findChild(QListWidget)
        assert field is not None
        assert rows is not None
        wanted = next((record.id for record in self.session.classes.values() if record.name == name), None)
        letters = iter(name)
        while rows.currentItem() is None or rows.currentItem().data(Qt.ItemDataRole.UserRole) != wanted:
            letter = next(letters, None)
            if letter is None:
                break
            self._type(field, letter)
        if wanted is None:
            for letter in letters:
                self._type(field, letter)
        count = rows.count()
        while count and rows.currentItem().data(Qt.ItemDataRole.UserRole) != wanted:
            self.meter.press()
            QTest.keyClick(field, Qt.Key.Key_Down)
            count -= 1
        self.meter.press()
        QTest.keyClick(field, Qt.Key.Key_Return)

    def _type(self, field: QLineEdit, letter: str) -> None:
        self.meter.press()
        QTest.keyClicks(field, letter)

    # ------------------------------------------------------------------------------------------------ mouse
    def click(self, x: float, y: float) -> None:
        """Click on an image pixel."""
        self.meter.click()
        QTest.mouseClick(self.window.canvas.viewport(), LEFT, NONE, self._at(x, y))

    def draw(self, box: Box, *, before_release: Callable[[], None] = lambda: None) -> None:
        """Draw a box from a corner at which nothing else is grabbed; zoomed in where it is tiny."""
        zoomed = self._zoom_in(box)
        start, end = self._free_diagonal(box)
        self.meter.draw()
        self._drag(start, end, before_release)
        if zoomed:
            self.press("view.fit")

    def drag_corner(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag a corner of the selected object from one image pixel to another."""
        self.meter.drag()
        self._drag(start, end, lambda: None)

    def _drag(self, start: tuple[float, float], end: tuple[float, float], before_release: Callable[[], None]) -> None:
        viewport = self.window.canvas.viewport()
        QTest.mousePress(viewport, LEFT, NONE, self._at(*start))
        QTest.mouseMove(viewport, self._at((start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
        QTest.mouseMove(viewport, self._at(*end))
        before_release()
        QTest.mouseRelease(viewport, LEFT, NONE, self._at(*end))

    def _at(self, x: float, y: float) -> QPoint:
        """Return where an image pixel is in the viewport, whole logical pixels as a mouse has them."""
        left, top = self.window.canvas.camera.to_view(x, y)
        return QPoint(round(left), round(top))

    def _zoom_in(self, box: Box) -> bool:
        """Zoom at the box until it is large enough to be drawn well. Returns whether that was needed."""
        camera = self.window.canvas.camera
        side = min(box.width, box.height)
        zoomed = False
        for _ in range(MOST_ZOOM_KEYS):
            if side * camera.zoom / camera.ratio >= SURE_SIDE:
                break
            # Zooming goes to where the pointer is; pointing there is part of drawing.
            QTest.mouseMove(self.window.canvas.viewport(), self._at(*box.centre))
            self.press("view.zoom_in")
            zoomed = True
        return zoomed

    def _free_diagonal(self, box: Box) -> tuple[tuple[float, float], tuple[float, float]]:
        corners = [(box.x1, box.y1), (box.x2, box.y2), (box.x2, box.y1), (box.x1, box.y2)]
        for at in (0, 2, 1, 3):
            start, end = corners[at], corners[at ^ 1]
            if not self._grabs(*start):
                return start, end
        self.press("edit.escape")
        return corners[0], corners[1]

    def _grabs(self, x: float, y: float) -> bool:
        """Whether pressing there would take hold of the selected object."""
        canvas = self.window.canvas
        selected, at = canvas.state.selected_object(), self._at(x, y)
        if selected is None:
            return False
        x, y = canvas.camera.to_image(at.x(), at.y())
        return grip_at(selected.geometry, x, y, canvas.camera.in_image(GRIP_REACH)) is not None

    def clicks_on(self, object_id: int) -> tuple[float, float] | None:
        """Return an image pixel at which a click means just this object, None when others cover it everywhere."""
        canvas = self.window.canvas
        shown = canvas.state.objects.get(object_id)
        if shown is None:
            return None
        box, reach = shown.geometry, canvas.camera.in_image(PICK_REACH)
        for across, down in product((0.5, 0.3, 0.7, 0.15, 0.85), repeat=2):
            x, y = box.x1 + across * box.width, box.y1 + down * box.height
            at = self._at(x, y)
            hits = canvas.state.hits(*canvas.camera.to_image(at.x(), at.y()), reach)
            if hits and hits[0].id == object_id:
                return x, y
        return None

    def wait_until_active(self) -> None:
        """Wait until the window has the keys again after a dialog."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        wait_until(
            lambda: self.window.isActiveWindow() and self.window.canvas.hasFocus(),
            application.focusChanged,
            application.focusWindowChanged,
        )

    def wait_for_class(self, name: str) -> None:
        """Wait until the selected object has a class, which may have to be made first."""
        presenter = self.window.presenter
        assert presenter is not None
        wait_until(lambda: self.selected_class() == name, presenter.objects_changed, presenter.classes_changed)

    def selected_class(self) -> str | None:
        """Return the class name of the selected object."""
        document, selected = self.session.document, self.session.objects.selected
        item = document.get(selected) if document is not None and selected is not None else None
        record = self.session.classes.get(item.class_id) if item is not None else None
        return record.name if record is not None else None

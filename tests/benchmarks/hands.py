"""Hands on the real window: real key and mouse events, each of them counted and priced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Final

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QTreeWidgetItem, QWidget

from autoanno_gui.core.box import Box
from autoanno_gui.core.records import ClassRecord
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.ui.canvas.state import GRIP_REACH, PICK_REACH, grip_at
from autoanno_gui.ui.canvas.tools.tool import MIN_SIDE
from autoanno_gui.ui.dialogs.class_picker import ClassPicker
from autoanno_gui.ui.main_window import MainWindow
from tests.benchmarks.keystrokes import CLICK, KEY, POINT, Meter, Place
from tests.benchmarks.waiting import wait_until
from tests.benchmarks.windows import Shown

WELL_DRAWN: Final = 0.85
"""Overlap with its label that a drawn box has between whole pixels of the screen; else it is drawn zoomed in."""
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

    # ------------------------------------------------------------------------------------------------ classes
    def give_class(self, name: str, *, then: Place, swaps: int | None = None) -> None:
        """Give the selected object, else the next one that is drawn, a class in the cheapest way there is.

        Args:
            name: a class of the project or a new one.
            then: where the hand is needed afterwards.
            swaps: how often W leads there; None when it does not.
        """
        meter, record = self.meter, self._record(name)
        ways: list[tuple[float, Callable[[], None]]] = [
            (meter.price(KEY * keys_to_pick(name, self._classes()), "keys", then=then), lambda: self._type_class(name))
        ]
        if record is not None and record.slot is not None:
            digit = f"object.set_class_{record.slot}"
            ways.append((meter.price(KEY, "keys", then=then), lambda: self.press(digit)))
        if swaps:
            ways.append((meter.price(KEY * swaps, "keys", then=then), lambda: self._swap(swaps)))
        if (row := self._row_of(name)) is not None:
            ways.append((meter.price(POINT + CLICK, "mouse", then=then), lambda: self._click_row(row)))
        min(ways, key=lambda way: way[0])[1]()
        self.wait_for_class(name)

    def keys_of_class(self, name: str) -> int:
        """Return the keys that give a class by its digit, else by typing."""
        record = self._record(name)
        return 1 if record is not None and record.slot is not None else keys_to_pick(name, self._classes())

    def knows_class(self, name: str) -> bool:
        """Whether the project has a class."""
        return self._record(name) is not None

    def _record(self, name: str) -> ClassRecord | None:
        return next((record for record in self.session.classes.values() if record.name == name), None)

    def _classes(self) -> list[ClassRecord]:
        return list(self.session.classes.values())

    def _swap(self, count: int) -> None:
        for _ in range(count):
            self.press("object.swap_class")

    def _row_of(self, name: str) -> QTreeWidgetItem | None:
        """Return the row of a class in the panel, None when it would have to be scrolled to."""
        rows = self.window.classes_panel.list
        for at in range(rows.topLevelItemCount()):
            item = rows.topLevelItem(at)
            if item is not None and item.text(1) == name:
                whole = rows.isVisible() and rows.viewport().rect().contains(rows.visualItemRect(item).center())
                return item if whole else None
        return None

    def _click_row(self, row: QTreeWidgetItem) -> None:
        rows = self.window.classes_panel.list
        self.meter.click()
        QTest.mouseClick(rows.viewport(), LEFT, NONE, rows.visualItemRect(row).center())

    def _type_class(self, name: str) -> None:
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
            elif not _has_focus(dialog):
                # Without the focus, keys would still be those of the window.
                dialog.activateWindow()
                QTimer.singleShot(LOOK_AGAIN_MS, look)
            else:
                self._finish(dialog, name)

        QTimer.singleShot(0, look)

    def _finish(self, dialog: ClassPicker, name: str) -> None:
        """Use the dialog; whatever happens, it must not stay open, since the act that opened it waits for its end."""
        before = self.meter.seconds
        try:
            self._type_into(dialog, name)
        finally:
            self.meter.in_dialogs += self.meter.seconds - before
            if dialog.isVisible():
                dialog.reject()

    def _type_into(self, dialog: ClassPicker, name: str) -> None:
        field = dialog.findChild(QLineEdit)
        assert field is not None
        letters, downs = picking(name, self._classes())
        for letter in name[:letters]:
            self.meter.press()
            QTest.keyClicks(field, letter)
        for key in [Qt.Key.Key_Down] * downs + [Qt.Key.Key_Return]:
            self.meter.press()
            QTest.keyClick(field, key)

    # ------------------------------------------------------------------------------------------------ mouse
    def click(self, x: float, y: float) -> None:
        """Click on an image pixel."""
        self.meter.click()
        QTest.mouseClick(self.window.canvas.viewport(), LEFT, NONE, self._at(x, y))

    def draw(self, box: Box, *, before_release: Callable[[], None] = lambda: None) -> None:
        """Draw a box from a corner at which nothing else is grabbed; zoomed in where it is tiny."""
        self._bring_near(box)
        start, end = self._free_diagonal(box)
        self.meter.draw()
        self._drag(start, end, before_release)

    def snap(self, points: Sequence[tuple[float, float]]) -> None:
        """Hold E and click image pixels: each time the nearest side of the selected object jumps there."""
        self._bring_into_view(*points)
        self.meter.press()
        QTest.keyPress(self.window.canvas, Qt.Key.Key_E)
        for point in points:
            self.click(*point)
        QTest.keyRelease(self.window.canvas, Qt.Key.Key_E)

    def drag_corner(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag a corner of the selected object from one image pixel to another."""
        self._bring_into_view(start, end)
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

    def _bring_near(self, box: Box) -> None:
        """Zoom until a box can be drawn well; back to the whole image only where it is not in view."""
        canvas = self.window.canvas
        self._bring_into_view((box.x1, box.y1), (box.x2, box.y2))
        for _ in range(MOST_ZOOM_KEYS):
            if self._is_drawn_well(box):
                return
            # Zooming goes to where the pointer is; pointing there is part of drawing.
            QTest.mouseMove(canvas.viewport(), self._at(*box.centre))
            self.press("view.zoom_in")

    def _bring_into_view(self, *points: tuple[float, float]) -> None:
        """Go back to the whole image when image pixels lie outside of what is shown: Tab may have brought it near."""
        if not self._in_view(*points):
            self.press("view.fit")

    def _in_view(self, *points: tuple[float, float]) -> bool:
        return all(self.window.canvas.viewport().rect().contains(self._at(*point)) for point in points)

    def _is_drawn_well(self, box: Box) -> bool:
        """Whether whole pixels of the screen, between which it is drawn, make no other box of it."""
        camera = self.window.canvas.camera
        first, last = self._at(box.x1, box.y1), self._at(box.x2, box.y2)
        (x1, y1), (x2, y2) = (camera.to_image(at.x(), at.y()) for at in (first, last))
        drawn = Box(x1, y1, x2, y2).clipped(camera.image_width, camera.image_height)
        sides = last.x() - first.x(), last.y() - first.y()
        return min(sides) > MIN_SIDE and min(drawn.width, drawn.height) > 1.0 and drawn.iou(box) >= WELL_DRAWN

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
        return grip_at(selected.geometry.bounds, x, y, canvas.camera.in_image(GRIP_REACH)) is not None

    def clicks_on(self, object_id: int) -> tuple[float, float] | None:
        """Return an image pixel at which a click means just this object, None when others cover it everywhere."""
        canvas = self.window.canvas
        shown = canvas.state.objects.get(object_id)
        if shown is None:
            return None
        box, reach = shown.geometry.bounds, canvas.camera.in_image(PICK_REACH)
        for across, down in product((0.5, 0.3, 0.7, 0.15, 0.85), repeat=2):
            x, y = box.x1 + across * box.width, box.y1 + down * box.height
            at = self._at(x, y)
            if not self._in_view((x, y)):
                continue
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
        """Wait until the selected object, else the next one, has a class, which may have to be made first."""
        presenter = self.window.presenter
        assert presenter is not None
        wait_until(
            lambda: self.class_in_hand() == name,
            presenter.objects_changed,
            presenter.classes_changed,
            presenter.said,  # with nothing selected the window only says what the next object will be
        )

    def class_in_hand(self) -> str | None:
        """Return the class name of the selected object; without one, of the next that is drawn."""
        document, objects = self.session.document, self.session.objects
        item = document.get(objects.selected) if document is not None and objects.selected is not None else None
        class_id = item.class_id if item is not None else objects.last_class
        record = self.session.classes.get(class_id) if class_id is not None else None
        return record.name if record is not None else None


def _has_focus(dialog: QWidget) -> bool:
    focused = QApplication.focusWidget()
    return focused is not None and dialog.isAncestorOf(focused)


def picking(name: str, classes: Sequence[ClassRecord]) -> tuple[int, int]:
    """Return how many letters to type into the class picker, and how often to press Down after them, for fewest keys.

    It lists the classes that hold what was typed, those that begin with it first; a new name is typed in full.
    """
    ordered = sorted(classes, key=lambda record: (record.slot or 99, record.name.casefold()))
    best = len(name), sum(name.casefold() in record.name.casefold() for record in ordered)
    for letters in range(len(name) + 1):
        typed = name[:letters].strip().casefold()
        found = [record.name for record in ordered if typed in record.name.casefold()]
        found.sort(key=lambda other: not other.casefold().startswith(typed))
        if name in found and letters + found.index(name) < sum(best):
            best = letters, found.index(name)
    return best


def keys_to_pick(name: str, classes: Sequence[ClassRecord]) -> int:
    """Return the keys of finding or creating a class by typing, C and Enter among them."""
    return sum(picking(name, classes)) + 2

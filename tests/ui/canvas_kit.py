"""What the tests of the canvas share: a view in a window, plain frames, objects, and a mouse."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from autoanno_gui.core.geometry import Box
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.presentation import ShownObject
from autoanno_gui.ui.canvas.image_item import FrameImage
from autoanno_gui.ui.canvas.view import CanvasView

WIDTH, HEIGHT = 400, 300
LEFT = Qt.MouseButton.LeftButton
NO_KEY = Qt.KeyboardModifier.NoModifier


def shown(
    object_id: int,
    box: tuple[float, float, float, float],
    role: Role = Role.CANDIDATE,
    *,
    name: str = "kite",
    colour: str = "#dd7700",
    confidence: float | None = 0.62,
    drawn: bool = False,
    edited: bool = False,
    second: str | None = None,
) -> ShownObject:
    """Return an object as the presentation would describe it."""
    return ShownObject(
        object_id, Box(*box), role, 0, name, colour, None, None if drawn else confidence, drawn, edited, second
    )


def picture(frame_id: int = 1, *, width: int = WIDTH, height: int = HEIGHT, colour: str = "#808080") -> FrameImage:
    """Return a frame of one colour at its full size."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    return FrameImage(frame_id, image, width, height)


def open_view(qtbot: QtBot, *, width: int = 824, height: int = 624) -> CanvasView:
    """Return a view in a window of its own. At the usual size a plain frame is fitted at twice its size."""
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(width, height)
    with qtbot.waitExposed(view):
        view.show()
    return view


@dataclass(slots=True)
class Heard:
    """Everything a view told, by signal."""

    picked: list[int | None] = field(default_factory=list)
    drawn: list[Box] = field(default_factory=list)
    edited: list[tuple[int, Box]] = field(default_factory=list)
    adopted: list[int] = field(default_factory=list)
    hovered: list[int | None] = field(default_factory=list)
    cursor: list[tuple[float, float] | None] = field(default_factory=list)
    zoom: list[float] = field(default_factory=list)
    full: list[int] = field(default_factory=list)
    painted: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, view: CanvasView) -> Heard:
        heard = cls()
        view.object_picked.connect(heard.picked.append)
        view.box_drawn.connect(heard.drawn.append)
        view.geometry_edited.connect(lambda object_id, box: heard.edited.append((object_id, box)))
        view.ghost_adopted.connect(heard.adopted.append)
        view.object_hovered.connect(heard.hovered.append)
        view.cursor_moved.connect(heard.cursor.append)
        view.zoom_changed.connect(heard.zoom.append)
        view.full_resolution_wanted.connect(heard.full.append)
        view.frame_painted.connect(heard.painted.append)
        return heard

    @property
    def acts(self) -> int:
        """How many things the reviewer did."""
        return len(self.picked) + len(self.drawn) + len(self.edited) + len(self.adopted)


class Mouse:
    """Moves over a view in image pixels; every event has the fractional position that this makes."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view
        self._buttons = Qt.MouseButton.NoButton

    def spot(self, x: float, y: float) -> QPointF:
        return QPointF(*self._view.camera.to_view(x, y))

    def press(self, x: float, y: float, *, keys: Qt.KeyboardModifier = NO_KEY, button: Qt.MouseButton = LEFT) -> None:
        self._buttons |= button
        self._send(QEvent.Type.MouseButtonPress, x, y, button, keys)

    def move(self, x: float, y: float, *, keys: Qt.KeyboardModifier = NO_KEY) -> None:
        self._send(QEvent.Type.MouseMove, x, y, Qt.MouseButton.NoButton, keys)

    def release(self, x: float, y: float, *, keys: Qt.KeyboardModifier = NO_KEY, button: Qt.MouseButton = LEFT) -> None:
        self._buttons &= ~button
        self._send(QEvent.Type.MouseButtonRelease, x, y, button, keys)

    def drag(self, start: tuple[float, float], end: tuple[float, float], *, keys: Qt.KeyboardModifier = NO_KEY) -> None:
        """Press, move in three steps, release."""
        self.press(*start, keys=keys)
        for share in (0.2, 0.6, 1.0):
            x, y = (a + (b - a) * share for a, b in zip(start, end, strict=True))
            self.move(x, y, keys=keys)
        self.release(*end, keys=keys)

    def click(self, x: float, y: float) -> None:
        """Click through QTest, at the whole pixel a real click has."""
        QTest.mouseClick(self._view.viewport(), LEFT, NO_KEY, self.spot(x, y).toPoint())

    def wheel(self, x: float, y: float, turn: int, *, keys: Qt.KeyboardModifier = NO_KEY) -> None:
        """Turn the wheel; 120 is a notch away from the user."""
        viewport = self._view.viewport()
        spot = self.spot(x, y)
        event = QWheelEvent(
            spot,
            viewport.mapToGlobal(spot),
            QPoint(),
            QPoint(0, turn),
            self._buttons,
            keys,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(viewport, event)

    def _send(self, kind: QEvent.Type, x: float, y: float, button: Qt.MouseButton, keys: Qt.KeyboardModifier) -> None:
        viewport = self._view.viewport()
        spot = self.spot(x, y)
        QApplication.sendEvent(
            viewport, QMouseEvent(kind, spot, viewport.mapToGlobal(spot), button, self._buttons, keys)
        )

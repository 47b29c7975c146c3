"""What the tests of the canvas share: a view in a window, plain frames, objects, and a mouse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.prompt import Prompt
from autoanno_gui.core.review_objects import FIRST_DRAWN_ID, Role
from autoanno_gui.review.presentation import ShownObject
from autoanno_gui.ui.canvas.image_item import FrameImage
from autoanno_gui.ui.canvas.tools.tool import ToolName
from autoanno_gui.ui.canvas.view import CanvasView

WIDTH, HEIGHT = 400, 300
LEFT = Qt.MouseButton.LeftButton
RIGHT = Qt.MouseButton.RightButton
NO_KEY = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier


def shown(
    object_id: int,
    outline: tuple[float, float, float, float] | Geometry,
    role: Role = Role.CANDIDATE,
    *,
    name: str = "kite",
    colour: str = "#dd7700",
    confidence: float | None = 0.62,
    drawn: bool = False,
    edited: bool = False,
    second: str | None = None,
) -> ShownObject:
    """Return an object as the presentation would describe it; four numbers are a box, xyxy."""
    geometry = Box(*outline) if isinstance(outline, tuple) else outline
    return ShownObject(
        object_id, geometry, role, 0, name, colour, None, None if drawn else confidence, drawn, edited, second
    )


def picture(frame_id: int = 1, *, width: int = WIDTH, height: int = HEIGHT, colour: str = "#808080") -> FrameImage:
    """Return a frame of one colour at its full size."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    return FrameImage(frame_id, image, width, height)


def show(view: CanvasView, *outlines: Geometry, selected: int | None = 1) -> None:
    """Show objects with the ids 1, 2, ..."""
    view.show_frame(picture(), [shown(i, outline) for i, outline in enumerate(outlines, 1)], selected=selected)


def same_places(found: Sequence[tuple[float, float]], expected: Sequence[tuple[float, float]]) -> bool:
    """Whether two outlines go through the same points, (x, y) in image pixels, in the same order."""
    return len(found) == len(expected) and np.allclose(found, expected, rtol=0.0, atol=0.01)


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
    toggled: list[int] = field(default_factory=list)
    banded: list[tuple[int, ...]] = field(default_factory=list)
    drawn: list[Geometry] = field(default_factory=list)
    edited: list[tuple[int, Geometry]] = field(default_factory=list)
    steps: list[dict[int, Geometry]] = field(default_factory=list)
    """The same edits, those of one gesture together."""
    prompts: list[Prompt | None] = field(default_factory=list)
    tools: list[ToolName] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
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
        view.object_toggled.connect(heard.toggled.append)
        view.objects_banded.connect(heard.banded.append)
        view.shape_drawn.connect(heard.drawn.append)
        view.geometries_edited.connect(heard.steps.append)
        view.prompt_changed.connect(heard.prompts.append)
        view.tool_changed.connect(heard.tools.append)
        view.said.connect(heard.said.append)
        view.geometries_edited.connect(lambda outlines: heard.edited.extend(outlines.items()))
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
        selections = len(self.picked) + len(self.toggled) + len(self.banded)
        return selections + len(self.drawn) + len(self.steps) + len(self.adopted)


class Keeper:
    """Does with what a view tells what a document would: keeps it and shows it. Positions are image pixels."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view
        self._next_id = FIRST_DRAWN_ID
        view.object_picked.connect(view.set_selected)
        # A slot alone would not keep it alive.
        view.shape_drawn.connect(lambda outline: self._add(outline))
        view.geometries_edited.connect(lambda outlines: self._change(outlines))

    def _add(self, outline: Geometry) -> None:
        self._view.update_object(self._next_id, shown(self._next_id, outline, Role.CONFIRMED, drawn=True))
        self._view.set_selected(self._next_id)
        self._next_id += 1

    def _change(self, outlines: dict[int, Geometry]) -> None:
        for object_id, outline in outlines.items():
            self._view.update_object(object_id, shown(object_id, outline, Role.CONFIRMED, edited=True))


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

    def drag(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        *,
        keys: Qt.KeyboardModifier = NO_KEY,
        button: Qt.MouseButton = LEFT,
    ) -> None:
        """Press, move in three steps, release."""
        self.press(*start, keys=keys, button=button)
        for share in (0.2, 0.6, 1.0):
            x, y = (a + (b - a) * share for a, b in zip(start, end, strict=True))
            self.move(x, y, keys=keys)
        self.release(*end, keys=keys, button=button)

    def trail(self, *places: tuple[float, float], keys: Qt.KeyboardModifier = NO_KEY) -> None:
        """Press at the first place, move over all others, release at the last."""
        self.press(*places[0], keys=keys)
        for place in places[1:]:
            self.move(*place, keys=keys)
        self.release(*places[-1], keys=keys)

    def click(self, x: float, y: float) -> None:
        """Click through QTest, at the whole pixel a real click has."""
        QTest.mouseClick(self._view.viewport(), LEFT, NO_KEY, self.spot(x, y).toPoint())

    def tap(self, x: float, y: float, *, keys: Qt.KeyboardModifier = NO_KEY, button: Qt.MouseButton = LEFT) -> None:
        """Move there, press and release, at the very position."""
        self.move(x, y, keys=keys)
        self.press(x, y, keys=keys, button=button)
        self.release(x, y, keys=keys, button=button)

    def double(self, x: float, y: float) -> None:
        """Click twice in quick succession."""
        self.tap(x, y)
        self._buttons |= LEFT
        self._send(QEvent.Type.MouseButtonDblClick, x, y, LEFT, NO_KEY)
        self.release(x, y)

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


def close_to(outline: Geometry, expected: Geometry, *, by: float = 0.01) -> bool:
    """Return whether two outlines of one kind are the same but for rounding; pixels."""
    match outline, expected:
        case Box(), Box():
            return outline.as_tuple() == pytest.approx(expected.as_tuple(), abs=by)
        case OrientedBox(), OrientedBox():
            return bool(np.allclose(outline.corners, expected.corners, rtol=0.0, atol=by))
        case Mask(), Mask():
            mine, theirs = list(outline.rings), list(expected.rings)
            return [len(ring) for ring in mine] == [len(ring) for ring in theirs] and all(
                np.allclose(a, b, rtol=0.0, atol=by) for a, b in zip(mine, theirs, strict=True)
            )
        case _:
            return outline == expected

"""From mouse, wheel, touch pad and held keys to the tool in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

from autoanno_gui.ui.canvas.state import PICK_REACH, Side, SnapGuide, nearest_side, with_side_at
from autoanno_gui.ui.canvas.tools import BoxTool, HandTool, Pointer, SelectTool, Tool, ToolName

if TYPE_CHECKING:
    from autoanno_gui.ui.canvas.view import CanvasView

ZOOM_STEP: Final = 1.25
"""Factor of one notch of the wheel."""
NOTCH: Final = 120.0
"""Qt's wheel units of one notch."""
WHEEL_PAN: Final = 90.0
"""Logical pixels that one notch pans with Shift or Ctrl held."""

_PAN_BUTTON: Final = Qt.MouseButton.MiddleButton
_MAIN_BUTTON: Final = Qt.MouseButton.LeftButton


class Pointing:
    """Knows where the pointer is and which tool it works for. Panning goes before any tool and leaves it in peace."""

    def __init__(self, canvas: CanvasView) -> None:
        self._canvas = canvas
        self._select = SelectTool(canvas)
        self._tools: Final[dict[ToolName, Tool]] = {
            tool.name: tool for tool in (self._select, BoxTool(canvas), HandTool(canvas))
        }
        self._tool: Tool = self._select
        self._pan = HandTool(canvas)
        self._pan_button = Qt.MouseButton.NoButton
        self._pan_held = False
        self.snap_held = False
        self.last_snapped_side: Side | None = None
        self.pointer: Pointer | None = None
        """None while the pointer is not over the viewport."""

    # ------------------------------------------------------------------------------------------------ tools
    @property
    def tool(self) -> ToolName:
        return self._tool.name

    def set_tool(self, name: ToolName) -> None:
        self._tool.cancel()
        self._tool.leave()
        self._tool = self._tools[name]
        if not self._tool.hovers:
            self._canvas.set_hovered(None)
        self.update_cursor()

    def cancel(self) -> bool:
        return self._tool.cancel()

    def forget(self) -> None:
        """A new frame is shown: nothing that belonged to the old one goes on."""
        self._tool.cancel()
        self._select.forget_click()
        self.last_snapped_side = None
        # Nothing lights up under a pointer that has not moved since.
        self._canvas.set_hovered(None)

    def set_snap_held(self, held: bool) -> None:
        self.snap_held = held
        self.update_snap()

    def set_pan_held(self, held: bool) -> None:
        self._pan_held = held
        self.update_cursor()

    def update_snap(self) -> None:
        """Show where the nearest side would go, or nothing."""
        canvas = self._canvas
        selected, at = canvas.state.selected_object(), self.pointer
        canvas.state.snap = None
        if self.snap_held and selected is not None and at is not None:
            x, y = canvas.inside_image(at.x, at.y)
            side = nearest_side(selected.geometry, x, y)
            canvas.state.snap = SnapGuide(side, with_side_at(selected.geometry, side, x, y))

    def update_cursor(self) -> None:
        panning = self._pan_held or self._pan_button is not Qt.MouseButton.NoButton
        tool = self._pan if panning else self._tool
        shape = Qt.CursorShape.ArrowCursor
        if self._canvas.camera.image_width and self.pointer is not None:
            shape = tool.cursor(self.pointer)
        viewport = self._canvas.viewport()
        if viewport.cursor().shape() != shape:
            viewport.setCursor(shape)

    # ------------------------------------------------------------------------------------------------ events
    def press(self, event: QMouseEvent) -> None:
        if self._canvas.camera.image_width == 0:
            return
        at = self._locate(event.position(), event.modifiers())
        button = event.button()
        if button is _PAN_BUTTON or (button is _MAIN_BUTTON and self._pan_held):
            self._pan_button = button
            self._pan.press(at)
        elif button is _MAIN_BUTTON:
            self._tool.press(at)
        self.update_cursor()

    def move(self, event: QMouseEvent) -> None:
        if self._canvas.camera.image_width == 0:
            return
        at = self._locate(event.position(), event.modifiers())
        if self._pan_button is not Qt.MouseButton.NoButton:
            self._pan.move(at)
        else:
            self._tool.move(at)
            if event.buttons():
                self._canvas.set_hovered(None)  # a gesture is about itself
            else:
                self._hover(at)
        self.update_cursor()

    def release(self, event: QMouseEvent) -> None:
        if self._canvas.camera.image_width == 0:
            return
        at = self._locate(event.position(), event.modifiers())
        if event.button() is self._pan_button:
            self._pan_button = Qt.MouseButton.NoButton
            self._pan.release(at)
        elif event.button() is _MAIN_BUTTON:
            self._tool.release(at)
            self._hover(at)
        self.update_cursor()

    def wheel(self, event: QWheelEvent) -> None:
        """Zoom at the pointer; Shift pans sideways, Ctrl up and down."""
        angle = event.angleDelta()
        # Alt and, on some systems, Shift turn a plain wheel into a sideways one.
        turn = (angle.y() or angle.x()) / NOTCH
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._canvas.pan(turn * WHEEL_PAN, 0.0)
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._canvas.pan(0.0, turn * WHEEL_PAN)
        else:
            self._canvas.zoom_by(ZOOM_STEP**turn, event.position())
        self.view_moved(event.position())

    def view_moved(self, position: QPointF) -> None:
        """The image moved under a pointer at rest: everything that hangs on the pointer follows."""
        if self._canvas.camera.image_width == 0:
            return
        modifiers = self.pointer.modifiers if self.pointer is not None else Qt.KeyboardModifier.NoModifier
        self._tool.move(self._locate(position, modifiers))

    def leave(self) -> None:
        self.pointer = None
        self._tool.leave()
        self._canvas.set_hovered(None)
        self.update_snap()
        self._canvas.refresh()
        self._canvas.cursor_moved.emit(None)

    def key(self, event: QKeyEvent, *, pressed: bool) -> bool:
        """Show what Alt would do; hand other keys to the tool. Return whether the tool took the key."""
        if event.key() == Qt.Key.Key_Alt and self.pointer is not None:
            at = self.pointer
            alt = Qt.KeyboardModifier.AltModifier
            modifiers = at.modifiers | alt if pressed else at.modifiers & ~alt
            self.pointer = Pointer(at.view_x, at.view_y, at.x, at.y, modifiers)
            self.update_cursor()
            return False
        return pressed and self._tool.key(event)

    def _locate(self, position: QPointF, modifiers: Qt.KeyboardModifier) -> Pointer:
        camera = self._canvas.camera
        x, y = camera.to_image(position.x(), position.y())
        self.pointer = Pointer(position.x(), position.y(), x, y, modifiers)
        inside = 0 <= x < camera.image_width and 0 <= y < camera.image_height
        self._canvas.cursor_moved.emit((x, y) if inside else None)
        return self.pointer

    def _hover(self, at: Pointer) -> None:
        canvas = self._canvas
        if self._tool.hovers:
            hits = canvas.state.hits(at.x, at.y, canvas.camera.in_image(PICK_REACH))
            canvas.set_hovered(hits[0].id if hits else None)
        if self.snap_held:
            self.update_snap()
            canvas.refresh()

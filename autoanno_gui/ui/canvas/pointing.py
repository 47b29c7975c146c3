"""From mouse, wheel, touch pad and held keys to the tool in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

from autoanno_gui.core.mask import Mask
from autoanno_gui.ui.canvas.state import PICK_REACH, Side
from autoanno_gui.ui.canvas.tools.box import BoxTool, ExtremeTool
from autoanno_gui.ui.canvas.tools.brush import BrushTool, EraserTool
from autoanno_gui.ui.canvas.tools.hand import HandTool
from autoanno_gui.ui.canvas.tools.keypoints import KeypointsTool
from autoanno_gui.ui.canvas.tools.oriented_box import OrientedBoxTool
from autoanno_gui.ui.canvas.tools.polygon import PolygonTool
from autoanno_gui.ui.canvas.tools.segment import SegmentTool
from autoanno_gui.ui.canvas.tools.select import SelectTool
from autoanno_gui.ui.canvas.tools.snap import snap_guide
from autoanno_gui.ui.canvas.tools.tool import Pointer, Tool, ToolName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoanno_gui.ui.canvas.view import CanvasView

ZOOM_STEP: Final = 1.25
"""Factor of one notch of the wheel."""
NOTCH: Final = 120.0
"""Qt's wheel units of one notch."""
WHEEL_PAN: Final = 90.0
"""Logical pixels that one notch pans with Shift or Ctrl held."""

FIRST_RADIUS: Final = 12.0
"""Image pixels of the brush before anyone chose another one."""
HIDDEN_HINT: Final = "The objects are hidden: let go of the key that hides them."
LEAST_RADIUS: Final = 1.0
MOST_RADIUS: Final = 500.0

_PAN_BUTTON: Final = Qt.MouseButton.MiddleButton
_MAIN_BUTTON: Final = Qt.MouseButton.LeftButton
_OTHER_BUTTON: Final = Qt.MouseButton.RightButton
_NO_BUTTON: Final = Qt.MouseButton.NoButton
_MODIFIERS: Final[dict[int, Qt.KeyboardModifier]] = {
    Qt.Key.Key_Alt: Qt.KeyboardModifier.AltModifier,
    Qt.Key.Key_Shift: Qt.KeyboardModifier.ShiftModifier,
    Qt.Key.Key_Control: Qt.KeyboardModifier.ControlModifier,
}


class Pointing:
    """Knows where the pointer is and which tool it works for. Panning goes before any tool and leaves it in peace."""

    def __init__(self, canvas: CanvasView) -> None:
        self._canvas = canvas
        self._segment = SegmentTool(canvas)
        tools: tuple[Tool, ...] = (
            SelectTool(canvas),
            BoxTool(canvas),
            ExtremeTool(canvas),
            OrientedBoxTool(canvas),
            PolygonTool(canvas),
            KeypointsTool(canvas),
            BrushTool(canvas),
            EraserTool(canvas),
            self._segment,
            HandTool(canvas),
        )
        self._tools: Final[dict[ToolName, Tool]] = {tool.name: tool for tool in tools}
        self._tool: Tool = self._tools[ToolName.SELECT]
        self._pan = HandTool(canvas)
        self._pan_button = _NO_BUTTON
        self._pan_held = False
        self._tool_button = _NO_BUTTON
        """The button that the tool works with; the other one waits until it is up."""
        self.brush_radius = FIRST_RADIUS
        self.snap_held = False
        self.last_snapped_side: Side | None = None
        self.pointer: Pointer | None = None
        """None while the pointer is not over the viewport."""

    # ------------------------------------------------------------------------------------------------ tools
    @property
    def tool(self) -> ToolName:
        return self._tool.name

    @property
    def busy(self) -> bool:
        return self._tool.busy

    def set_tool(self, name: ToolName) -> None:
        """Take a tool in hand; the same one once more leaves what is under way in peace."""
        if name is self._tool.name and self._tool.busy:
            return
        changed = name is not self._tool.name
        self._tool.cancel()
        self._tool.exit()
        self._tool = self._tools[name]
        if not self._tool.hovers:
            self._canvas.set_hovered(None)
        self._tool.enter()
        self.update_snap()
        self.update_cursor()
        if changed:
            self._canvas.tool_changed.emit(name)

    def cancel(self) -> bool:
        return self._tool.cancel()

    def forget(self) -> None:
        """A new frame is shown: nothing that belonged to the old one goes on."""
        for tool in self._tools.values():
            tool.forget()
        self._tool_button = _NO_BUTTON
        self.last_snapped_side = None
        # Nothing lights up under a pointer that has not moved since.
        self._canvas.set_hovered(None)

    def objects_changed(self) -> None:
        """Objects or the selection changed under the pointer."""
        self._tool.objects_changed()
        self.update_snap()

    def show_candidates(self, masks: Sequence[Mask]) -> None:
        if self._tool is self._segment:
            self._segment.show_answers(masks)

    def grow_brush(self, steps: float) -> None:
        """Change the size of brush and eraser by steps of a quarter."""
        self.brush_radius = min(max(self.brush_radius * ZOOM_STEP**steps, LEAST_RADIUS), MOST_RADIUS)
        self.refresh_tool()

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
        if self.snap_held and selected is not None and at is not None and self._tool.name is ToolName.SELECT:
            canvas.state.snap = snap_guide(selected.geometry, *canvas.inside_image(at.x, at.y))

    def update_cursor(self) -> None:
        panning = self._pan_held or self._pan_button is not _NO_BUTTON
        tool = self._pan if panning else self._tool
        shape = Qt.CursorShape.ArrowCursor
        if self._canvas.camera.image_width and self.pointer is not None:
            shape = tool.cursor(self.pointer)
        viewport = self._canvas.viewport()
        if viewport.cursor().shape() != shape:
            viewport.setCursor(shape)

    # ------------------------------------------------------------------------------------------------ events
    def press(self, event: QMouseEvent, *, double: bool = False) -> None:
        if self._canvas.camera.image_width == 0:
            return
        at = self._locate(event.position(), event.modifiers())
        button = event.button()
        if button is _PAN_BUTTON or (button is _MAIN_BUTTON and self._pan_held):
            self._pan_button = button
            self._pan.press(at)
        elif button in (_MAIN_BUTTON, _OTHER_BUTTON) and not self._tool_waits_for_another(event):
            self._press_tool(at, button, double=double)
        self.update_cursor()

    def _press_tool(self, at: Pointer, button: Qt.MouseButton, *, double: bool) -> None:
        if not self._canvas.state.visible and self.tool is not ToolName.HAND:
            # Nobody shall change or cover what he does not see.
            self._canvas.said.emit(HIDDEN_HINT)
            return
        self._tool_button = button
        if button is _OTHER_BUTTON:
            self._tool.press_other(at)
        elif double:
            self._tool.double(at)
        else:
            self._tool.press(at)

    def _tool_waits_for_another(self, event: QMouseEvent) -> bool:
        held = self._tool_button
        return held not in (_NO_BUTTON, event.button()) and bool(event.buttons() & held)

    def move(self, event: QMouseEvent) -> None:
        if self._canvas.camera.image_width == 0:
            return
        at = self._locate(event.position(), event.modifiers())
        if not event.buttons() & self._pan_button:
            # The release went to somebody else, or came while there was no image.
            self._pan_button = _NO_BUTTON
            self._pan.cancel()
        if self._pan_button is not _NO_BUTTON:
            self._pan.move(at)
        else:
            if self._tool_button is not _NO_BUTTON and not event.buttons() & self._tool_button:
                self._tool_button = _NO_BUTTON
                self._tool.lose_button()
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
        button = event.button()
        if button is self._pan_button:
            self._pan_button = _NO_BUTTON
            self._pan.release(at)
        elif button is self._tool_button:
            self._tool_button = _NO_BUTTON
            if button is _OTHER_BUTTON:
                self._tool.release_other(at)
            else:
                self._tool.release(at)
            self._hover(at)
        self.update_cursor()

    def wheel(self, event: QWheelEvent) -> None:
        """Zoom at the pointer; Shift pans sideways, Ctrl up and down, Alt makes a brush larger or smaller."""
        angle = event.angleDelta()
        # Alt and, on some systems, Shift turn a plain wheel into a sideways one.
        turn = (angle.y() or angle.x()) / NOTCH
        if event.modifiers() & Qt.KeyboardModifier.AltModifier and self._tool.grow(turn):
            return
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

    def refresh_tool(self) -> None:
        """Let the tool show anew what hangs on the pointer."""
        if self.pointer is not None and self._canvas.camera.image_width and self._pan_button is _NO_BUTTON:
            self._tool.move(self.pointer)

    def leave(self) -> None:
        self.pointer = None
        self._tool.leave()
        self._canvas.set_hovered(None)
        self.update_snap()
        self._canvas.refresh()
        self._canvas.cursor_moved.emit(None)

    def claims(self, event: QKeyEvent) -> bool:
        return self._canvas.camera.image_width > 0 and self._tool.claims(event)

    def key(self, event: QKeyEvent, *, pressed: bool) -> bool:
        """Show at once what a modifier changes; hand other keys to the tool. Return whether the tool took the key."""
        modifier = _MODIFIERS.get(event.key())
        if modifier is not None:
            if self.pointer is not None:
                at = self.pointer
                modifiers = at.modifiers | modifier if pressed else at.modifiers & ~modifier
                self.pointer = Pointer(at.view_x, at.view_y, at.x, at.y, modifiers)
                self.refresh_tool()
                self.update_cursor()
            return False
        return pressed and self._canvas.camera.image_width > 0 and self._tool.key(event)

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

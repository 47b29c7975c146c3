"""The tools of the canvas: one object each, so that no event handler asks which mode it is in.

A tool turns presses, moves and releases into one signal at the end; until then it only changes what the state shows,
so that Esc has nothing to undo.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from autoanno_gui.core.geometry import Box
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.presentation import ShownObject
from autoanno_gui.ui.canvas.state import (
    GRIP_REACH,
    PICK_REACH,
    Grip,
    grip_at,
    nearest_side,
    resized,
    with_side_at,
)

if TYPE_CHECKING:
    from autoanno_gui.ui.canvas.view import CanvasView

CLICK_REACH: Final = 4.0
"""Logical pixels up to which a press and release is a click."""
GRIP_START: Final = 2.0
"""The same on an edge: corrections there are often tiny."""
MIN_SIDE: Final = 2.0
"""Logical pixels; a rectangle thinner than this was not meant."""
ADOPT_IOU: Final = 0.5
"""From this overlap with a shown ghost on, a rough drag adopts the ghost."""


class ToolName(StrEnum):
    SELECT = "select"
    BOX = "box"
    HAND = "hand"


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where the pointer is: in logical pixels of the viewport and in pixels of the image (also beyond its border)."""

    view_x: float
    view_y: float
    x: float
    y: float
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier

    def travelled(self, other: Pointer) -> float:
        """Return the distance in logical pixels."""
        return math.hypot(self.view_x - other.view_x, self.view_y - other.view_y)


class Gesture:
    """A drag under way."""

    def move(self, at: Pointer) -> None:
        raise NotImplementedError

    def release(self, at: Pointer) -> None:
        raise NotImplementedError


class EditGesture(Gesture):
    """Changes the outline of the selected object: live while it lasts, reported once at the end."""

    def __init__(self, canvas: CanvasView, shown: ShownObject, change: Callable[[Pointer], Box]) -> None:
        self._canvas = canvas
        self._shown = shown
        self._change = change

    def move(self, at: Pointer) -> None:
        self._canvas.state.live = (self._shown.id, self._change(at))
        self._canvas.refresh()

    def release(self, at: Pointer) -> None:
        box = self._change(at)
        state = self._canvas.state
        state.live = (self._shown.id, box)
        if box != self._shown.geometry and box.area > 0:
            self._canvas.geometry_edited.emit(self._shown.id, box)
        # Only now: whoever listens has put the new outline in place, so nothing flickers back.
        state.live = None
        self._canvas.refresh()


class DrawGesture(Gesture):
    """Draws a rectangle from a fixed corner; over a shown ghost it adopts the ghost where that is wanted."""

    def __init__(self, canvas: CanvasView, corner: Pointer, *, adopts: bool) -> None:
        self._canvas = canvas
        self._corner = corner
        self._adopts = adopts

    def move(self, at: Pointer) -> None:
        state = self._canvas.state
        state.draft = self._rectangle(at)
        state.adopting = self._ghost_under(state.draft)
        self._canvas.refresh()

    def release(self, at: Pointer) -> None:
        box = self._rectangle(at)
        ghost = self._ghost_under(box)
        self._canvas.state.drop_gesture()
        self._canvas.refresh()
        shortest = max(self._canvas.camera.in_image(MIN_SIDE), 1.0)
        if ghost is not None:
            self._canvas.ghost_adopted.emit(ghost)
        elif min(box.width, box.height) >= shortest:
            self._canvas.box_drawn.emit(box)

    def _rectangle(self, at: Pointer) -> Box:
        camera = self._canvas.camera
        box = Box.spanning(self._corner.x, self._corner.y, at.x, at.y)
        return box.clipped(camera.image_width, camera.image_height)

    def _ghost_under(self, box: Box) -> int | None:
        if not self._adopts:
            return None
        overlaps = [(ghost.geometry.iou(box), ghost.id) for ghost in self._canvas.state.ghosts()]
        best = max(overlaps, default=(0.0, -1))
        return best[1] if best[0] >= ADOPT_IOU else None


class Tool:
    """What all tools share: nothing happens, and nothing is under way."""

    name: ToolName
    hovers: bool = False
    """Whether objects light up under the pointer."""

    def __init__(self, canvas: CanvasView) -> None:
        self._canvas = canvas

    def press(self, at: Pointer) -> None:
        """The left button went down."""

    def move(self, at: Pointer) -> None:
        """The pointer moved, with or without the button."""

    def release(self, at: Pointer) -> None:
        """The left button went up."""

    def key(self, event: QKeyEvent) -> bool:
        """Return whether the tool took the key."""
        return False

    def leave(self) -> None:
        """The pointer left the viewport, or another tool takes over."""

    def cancel(self) -> bool:
        """Drop what is under way; return whether there was anything."""
        return False

    def cursor(self, at: Pointer) -> Qt.CursorShape:
        return Qt.CursorShape.ArrowCursor


_GRIP_CURSORS: Final[dict[Grip, Qt.CursorShape]] = {
    Grip.LEFT: Qt.CursorShape.SizeHorCursor,
    Grip.RIGHT: Qt.CursorShape.SizeHorCursor,
    Grip.TOP: Qt.CursorShape.SizeVerCursor,
    Grip.BOTTOM: Qt.CursorShape.SizeVerCursor,
    Grip.LEFT | Grip.TOP: Qt.CursorShape.SizeFDiagCursor,
    Grip.RIGHT | Grip.BOTTOM: Qt.CursorShape.SizeFDiagCursor,
    Grip.RIGHT | Grip.TOP: Qt.CursorShape.SizeBDiagCursor,
    Grip.LEFT | Grip.BOTTOM: Qt.CursorShape.SizeBDiagCursor,
}


class SelectTool(Tool):
    """Click to select or to adopt a ghost, drag to draw, drag an edge of the selected object to resize it, Alt+drag to
    move it, and with E held place its nearest side."""

    name = ToolName.SELECT
    hovers = True

    def __init__(self, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self._start: Pointer | None = None
        self._grip: Grip | None = None
        self._gesture: Gesture | None = None
        self._last_pick: tuple[Pointer, int] | None = None

    # ------------------------------------------------------------------------------------------------ events
    def press(self, at: Pointer) -> None:
        selected = self._canvas.state.selected_object()
        self._start = at
        self._grip = self._grip_under(at)
        self._gesture = None
        if self._canvas.snap_held and selected is not None:
            self._gesture = self._snapping(selected, at)
            self._gesture.move(at)

    def move(self, at: Pointer) -> None:
        if self._gesture is not None:
            self._gesture.move(at)
        elif self._start is not None and at.travelled(self._start) >= (GRIP_START if self._grip else CLICK_REACH):
            self._gesture = self._begin(self._start)
            if self._gesture is not None:
                self._gesture.move(at)

    def release(self, at: Pointer) -> None:
        gesture, start = self._gesture, self._start
        self._gesture = self._start = None
        if gesture is not None:
            gesture.release(at)
        elif start is not None and at.travelled(start) < CLICK_REACH:
            self._click(at)

    def cancel(self) -> bool:
        busy = self._gesture is not None
        self._gesture = self._start = None
        if busy:
            self._canvas.state.drop_gesture()
            self._canvas.refresh()
        return busy

    def forget_click(self) -> None:
        """A new frame is shown: a click on the same spot starts again with the smallest object."""
        self._last_pick = None

    def cursor(self, at: Pointer) -> Qt.CursorShape:
        selected = self._canvas.state.selected_object()
        if selected is not None and at.modifiers & Qt.KeyboardModifier.AltModifier:
            return Qt.CursorShape.SizeAllCursor
        grip = self._grip_under(at)
        return _GRIP_CURSORS[grip] if grip else Qt.CursorShape.CrossCursor

    # ------------------------------------------------------------------------------------------------ gestures
    def _begin(self, start: Pointer) -> Gesture | None:
        selected = self._canvas.state.selected_object()
        if start.modifiers & Qt.KeyboardModifier.ControlModifier:
            return None  # the rubber band's; it must not draw by mistake
        if start.modifiers & Qt.KeyboardModifier.AltModifier:
            return self._moving(selected, start) if selected is not None else None
        if self._grip is not None and selected is not None:
            return self._resizing(selected, self._grip, start)
        return DrawGesture(self._canvas, start, adopts=True)

    def _resizing(self, shown: ShownObject, grip: Grip, start: Pointer) -> Gesture:
        camera = self._canvas.camera

        def change(at: Pointer) -> Box:
            box = resized(shown.geometry, grip, at.x - start.x, at.y - start.y)
            return box.clipped(camera.image_width, camera.image_height)

        return EditGesture(self._canvas, shown, change)

    def _moving(self, shown: ShownObject, start: Pointer) -> Gesture:
        camera = self._canvas.camera

        def change(at: Pointer) -> Box:
            return shown.geometry.moved_inside(
                at.x - start.x, at.y - start.y, width=camera.image_width, height=camera.image_height
            )

        return EditGesture(self._canvas, shown, change)

    def _snapping(self, shown: ShownObject, start: Pointer) -> Gesture:
        """The nearest side jumps to the pointer; the same side then follows it until the button is released."""
        side = nearest_side(shown.geometry, *self._canvas.inside_image(start.x, start.y))
        self._canvas.note_snap(side)

        def change(at: Pointer) -> Box:
            x, y = self._canvas.inside_image(at.x, at.y)
            return with_side_at(shown.geometry, side, x, y)

        return EditGesture(self._canvas, shown, change)

    def _grip_under(self, at: Pointer) -> Grip | None:
        selected = self._canvas.state.selected_object()
        if selected is None:
            return None
        return grip_at(selected.geometry, at.x, at.y, self._canvas.camera.in_image(GRIP_REACH))

    # ------------------------------------------------------------------------------------------------ clicks
    def _click(self, at: Pointer) -> None:
        hits = self._canvas.state.hits(at.x, at.y, self._canvas.camera.in_image(PICK_REACH))
        if hits and hits[0].role is Role.GHOST:
            self._last_pick = None
            self._canvas.ghost_adopted.emit(hits[0].id)
            return
        ids = [shown.id for shown in hits if shown.role is not Role.GHOST]
        picked = self._next_below(ids, at)
        self._last_pick = (at, picked) if picked is not None else None
        self._canvas.object_picked.emit(picked)

    def _next_below(self, ids: list[int], at: Pointer) -> int | None:
        if not ids:
            return None
        if self._last_pick is not None and self._last_pick[0].travelled(at) < CLICK_REACH:
            before = self._last_pick[1]
            if before in ids:
                return ids[(ids.index(before) + 1) % len(ids)]
        return ids[0]


class BoxTool(Tool):
    """Draws boxes only: with a drag or with two clicks, along crosshair lines."""

    name = ToolName.BOX

    def __init__(self, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self._pressed: Pointer | None = None
        self._drawing: DrawGesture | None = None
        self._first_click = False
        """The first of two clicks was made."""

    def press(self, at: Pointer) -> None:
        self._pressed = at
        if self._drawing is None:
            self._drawing = DrawGesture(self._canvas, at, adopts=False)

    def move(self, at: Pointer) -> None:
        self._canvas.state.crosshair = self._canvas.inside_image(at.x, at.y)
        if self._drawing is not None:
            self._drawing.move(at)
        self._canvas.refresh()

    def release(self, at: Pointer) -> None:
        drawing, pressed = self._drawing, self._pressed
        self._pressed = None
        if drawing is None or pressed is None:
            return
        if self._first_click or at.travelled(pressed) >= CLICK_REACH:
            self._drawing = None
            self._first_click = False
            drawing.release(at)
        else:
            self._first_click = True

    def leave(self) -> None:
        if self._canvas.state.crosshair is not None:
            self._canvas.state.crosshair = None
            self._canvas.refresh()

    def cancel(self) -> bool:
        busy = self._drawing is not None
        self._drawing = self._pressed = None
        self._first_click = False
        if busy:
            self._canvas.state.drop_gesture()
            self._canvas.refresh()
        return busy

    def cursor(self, at: Pointer) -> Qt.CursorShape:
        return Qt.CursorShape.CrossCursor


class HandTool(Tool):
    """Moves the image about."""

    name = ToolName.HAND

    def __init__(self, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self._last: Pointer | None = None

    def press(self, at: Pointer) -> None:
        self._last = at

    def move(self, at: Pointer) -> None:
        if self._last is not None:
            self._canvas.pan(at.view_x - self._last.view_x, at.view_y - self._last.view_y)
            self._last = at

    def release(self, at: Pointer) -> None:
        self._last = None

    def cancel(self) -> bool:
        busy = self._last is not None
        self._last = None
        return busy

    def cursor(self, at: Pointer) -> Qt.CursorShape:
        return Qt.CursorShape.OpenHandCursor if self._last is None else Qt.CursorShape.ClosedHandCursor

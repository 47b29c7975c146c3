"""Draws oriented boxes: along one edge, then out to the other side."""

from __future__ import annotations

import math

from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.ui.canvas.tools.gestures import shortest_side
from autoanno_gui.ui.canvas.tools.placing import PlacingTool, Point
from autoanno_gui.ui.canvas.tools.tool import CLICK_REACH, TURN_STEP, Pointer, ToolName


class OrientedBoxTool(PlacingTool):
    """Drag (or click twice) along one edge, then click on the opposite side. Shift keeps the edge to steps of 15
    degrees; Backspace takes the last point back."""

    name = ToolName.OBB

    def press(self, at: Pointer) -> None:
        self._pressed = at
        if not self._points:
            self._points = [self._canvas.inside_image(at.x, at.y)]
            self._show(at)

    def release(self, at: Pointer) -> None:
        pressed, self._pressed = self._pressed, None
        if pressed is None or not self._points:
            return
        if len(self._points) == 2:
            self._finish(at)
            return
        end = self._end(at)
        if self._is_side(*self._points[0], *end) and (
            at.travelled(pressed) >= CLICK_REACH or self._canvas.camera.on_screen(self._length(end)) >= CLICK_REACH
        ):
            self._points.append(end)
        self._show(at)

    def _finish(self, at: Pointer) -> None:
        box = self._box(at)
        if box.height < shortest_side(self._canvas):
            return  # still on the edge: the other side was not shown yet
        self.cancel()
        self._canvas.shape_drawn.emit(box)

    def _show(self, at: Pointer | None) -> None:
        state = self._canvas.state
        state.path, state.draft = (), None
        if at is None:
            state.path = (*self._points, self._points[-1])
        elif len(self._points) == 2:
            state.draft = self._box(at)
        else:
            state.path = (*self._points, self._end(at))
        self._canvas.refresh()

    def _box(self, at: Pointer) -> OrientedBox:
        a, b = self._points
        return OrientedBox.of_edge(*a, *b, *self._canvas.inside_image(at.x, at.y))

    def _end(self, at: Pointer) -> Point:
        """Return the second end of the edge."""
        x, y = self._canvas.inside_image(at.x, at.y)
        if not at.shift:
            return x, y
        ax, ay = self._points[0]
        angle = round(math.atan2(y - ay, x - ax) / TURN_STEP) * TURN_STEP
        ux, uy = math.cos(angle), math.sin(angle)
        length = max((x - ax) * ux + (y - ay) * uy, 0.0)
        camera = self._canvas.camera
        for start, step, limit in ((ax, ux, camera.image_width), (ay, uy, camera.image_height)):
            # The border shortens the edge and must not bend it.
            if step > 1e-9:
                length = min(length, (limit - start) / step)
            elif step < -1e-9:
                length = min(length, -start / step)
        return ax + length * ux, ay + length * uy

    def _length(self, end: Point) -> float:
        ax, ay = self._points[0]
        return math.hypot(end[0] - ax, end[1] - ay)

    def _is_side(self, ax: float, ay: float, bx: float, by: float) -> bool:
        return math.hypot(bx - ax, by - ay) >= shortest_side(self._canvas)

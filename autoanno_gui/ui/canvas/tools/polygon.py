"""Draws masks vertex by vertex or freehand, and adds parts to a mask or cuts them out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtGui import QKeyEvent

from autoanno_gui.core.mask import Mask, mask_of_region
from autoanno_gui.ui.canvas.state import GRIP_REACH
from autoanno_gui.ui.canvas.tools.tool import (
    CLICK_REACH,
    MIN_AREA,
    Pointer,
    Tool,
    ToolName,
    is_backspace,
    is_enter,
)

if TYPE_CHECKING:
    from autoanno_gui.ui.canvas.view import CanvasView

FREEHAND_STEP: Final = 3.0
"""Logical pixels from one point of a freehand line to the next."""
FREEHAND_TOLERANCE: Final = 1.5
"""Logical pixels by which the kept line may miss the drawn one."""
FEWEST: Final = 3

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _PartOf:
    """The mask that gets another part, or loses one."""

    object_id: int
    mask: Mask
    cuts: bool

    def with_part(self, part: Mask) -> Mask:
        from shapely import difference, union

        change = difference if self.cuts else union
        return mask_of_region(change(self.mask.region(), part.region()))


class PolygonTool(Tool):
    """A click sets a vertex, a drag draws freehand. Enter, a double click, or a click on the first vertex closes;
    Backspace takes the last vertex or stretch back. With Shift at the first vertex the outline becomes a part of the
    selected mask, with Ctrl it is cut out of it."""

    name = ToolName.POLYGON

    def __init__(self, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self._pressed: Pointer | None = None
        self._stretches: list[list[Point]] = []
        """What Backspace takes back one by one: single vertices and freehand lines."""
        self._freehand: list[Point] = []
        """The line under the pressed button."""
        self._part_of: _PartOf | None = None
        self._just_closed = False
        """A second click of a double click that closed the outline begins no other one."""

    # ------------------------------------------------------------------------------------------------ mouse
    def press(self, at: Pointer) -> None:
        self._just_closed = False
        if not self._stretches and (at.shift or at.ctrl):
            self._part_of = self._selected_mask(cuts=at.ctrl)
            if self._part_of is None:
                return
        self._pressed = at
        self._freehand = []

    def move(self, at: Pointer) -> None:
        pressed = self._pressed
        if pressed is not None and not self._freehand and at.travelled(pressed) >= CLICK_REACH:
            self._freehand = [self._canvas.inside_image(pressed.x, pressed.y)]
        if self._freehand:
            self._draw_on(at, FREEHAND_STEP)
        if self._stretches or self._freehand:
            self._show(at)

    def release(self, at: Pointer) -> None:
        pressed, self._pressed = self._pressed, None
        freehand, self._freehand = self._freehand, []
        if pressed is None:
            return
        closes = self._on_first_vertex(at)
        if freehand:
            self._freehand = freehand
            self._draw_on(at, 0.0)
            self._stretches.append(self._simplified(self._freehand))
            self._freehand = []
            closes = closes or (len(self._stretches) == 1 and self._on_first_vertex(at))
        elif not closes:
            vertex = self._canvas.inside_image(at.x, at.y)
            if vertex != self._last_vertex():
                self._stretches.append([vertex])
        if closes and (not freehand or len(self._vertices()) >= FEWEST):
            self._close()
        if self._stretches:
            self._show(at)

    def double(self, at: Pointer) -> None:
        if self._stretches:
            self._close()
        elif not self._just_closed:
            self.press(at)

    # ------------------------------------------------------------------------------------------------ keys
    def claims(self, event: QKeyEvent) -> bool:
        return self.busy and (is_enter(event) or is_backspace(event))

    def key(self, event: QKeyEvent) -> bool:
        if not self.claims(event):
            return False
        if is_enter(event):
            self._close()
            return True
        if self._freehand:
            self._freehand = []
            self._pressed = None
        else:
            self._stretches.pop()
        if not self._stretches:
            self.cancel()
            self._drop()
        else:
            self._show(self._canvas.pointer)
        return True

    # ------------------------------------------------------------------------------------------------ coming and going
    @property
    def busy(self) -> bool:
        return bool(self._stretches or self._freehand)

    def cancel(self) -> bool:
        busy = self.busy
        self._stretches, self._freehand = [], []
        self._pressed = self._part_of = None
        if busy:
            self._drop()
        return busy

    def objects_changed(self) -> None:
        part_of = self._part_of
        if part_of is None:
            return
        shown = self._canvas.state.objects.get(part_of.object_id)
        if shown is None or shown.geometry != part_of.mask:
            self.cancel()

    # ------------------------------------------------------------------------------------------------ the outline
    def _vertices(self) -> list[Point]:
        return [point for stretch in self._stretches for point in stretch]

    def _last_vertex(self) -> Point | None:
        return self._stretches[-1][-1] if self._stretches else None

    def _on_first_vertex(self, at: Pointer) -> bool:
        if not self._stretches:
            return False
        x, y = self._canvas.camera.to_view(*self._stretches[0][0])
        return (at.view_x - x) ** 2 + (at.view_y - y) ** 2 <= GRIP_REACH**2

    def _draw_on(self, at: Pointer, least: float) -> None:
        """Lengthen the freehand line to the pointer when that is at least so many logical pixels away."""
        point = self._canvas.inside_image(at.x, at.y)
        last = self._freehand[-1]
        way = self._canvas.camera.on_screen(((point[0] - last[0]) ** 2 + (point[1] - last[1]) ** 2) ** 0.5)
        if point != last and way >= least:
            self._freehand.append(point)

    def _simplified(self, line: list[Point]) -> list[Point]:
        if len(line) < FEWEST:
            return line
        from shapely import LineString

        tolerance = self._canvas.camera.in_image(FREEHAND_TOLERANCE)
        kept = LineString(line).simplify(tolerance, preserve_topology=False)
        return [(x, y) for x, y in kept.coords]

    def _close(self) -> None:
        if self._freehand:
            return  # the button is still down
        points = self._vertices()
        if len(points) > 1 and points[-1] == points[0]:
            points.pop()
        mask = Mask.of_points(points) if len(points) >= FEWEST else None
        if mask is None:
            self._canvas.said.emit("An outline needs at least three points.")
            return
        if max(mask.area, mask.region().area) < MIN_AREA:
            self._canvas.said.emit("The outline has no area: set another point beside the line.")
            return
        part_of = self._part_of
        self.cancel()
        self._just_closed = True
        if part_of is None:
            self._canvas.shape_drawn.emit(mask)
        else:
            self._change_part(part_of, mask)

    def _change_part(self, part_of: _PartOf, part: Mask) -> None:
        after = part_of.with_part(part)
        if not after.parts:
            self._canvas.said.emit("Nothing would be left of the mask: reject the object to take it away.")
        elif abs(after.area - part_of.mask.region().area) < 1e-6:
            where = "does not touch" if part_of.cuts else "lies inside"
            self._canvas.said.emit(f"The outline {where} the selected mask: nothing was changed.")
        else:
            self._canvas.geometries_edited.emit({part_of.object_id: after})

    def _selected_mask(self, *, cuts: bool) -> _PartOf | None:
        selected = self._canvas.state.selected_object()
        if selected is None or not isinstance(selected.geometry, Mask):
            what = "cut a part out of it" if cuts else "add a part to it"
            self._canvas.said.emit(f"Select a mask first to {what}.")
            return None
        return _PartOf(selected.id, selected.geometry, cuts)

    def _show(self, at: Pointer | None) -> None:
        """Show the line up to the pointer, up to its last point when that is not over the viewport."""
        line = [*self._vertices(), *self._freehand]
        self._canvas.state.path = (*line, self._canvas.inside_image(at.x, at.y) if at is not None else line[-1])
        self._canvas.refresh()

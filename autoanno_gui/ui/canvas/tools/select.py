"""The tool in hand most of the time: selects, edits the selected object, and draws where there is nothing to edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.presentation import ShownObject
from autoanno_gui.ui.canvas.state import PICK_REACH, Spot
from autoanno_gui.ui.canvas.tools.gestures import BandGesture, DrawGesture, EditGesture, Gesture
from autoanno_gui.ui.canvas.tools.hold import EdgeHold, Hold, PointHold, VertexHold, hold_at
from autoanno_gui.ui.canvas.tools.snap import side_to_snap, snapped
from autoanno_gui.ui.canvas.tools.tool import CLICK_REACH, GRIP_START, Pointer, Tool, ToolName

if TYPE_CHECKING:
    from autoanno_gui.ui.canvas.view import CanvasView

LAST_RING_HINT = "A mask keeps at least three points: reject the object to take it away."


class SelectTool(Tool):
    """Click to select or to adopt a ghost; drag to draw.

    On the selected object: drag a side, corner, vertex, edge or keypoint to move it; Alt+drag moves all selected
    objects; with E held the nearest side goes where the button goes down. Shift+click, and a double click, on the edge
    of a mask inserts a vertex, Shift+click on a vertex deletes it, Shift+click on a keypoint says how far it can be
    seen. Ctrl+click selects one object more or less, Ctrl+drag those that the rubber band touches.
    """

    name = ToolName.SELECT
    hovers = True

    def __init__(self, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self._start: Pointer | None = None
        self._hold: Hold | None = None
        self._gesture: Gesture | None = None
        self._last_pick: tuple[Pointer, int] | None = None
        self._pressed_edge: tuple[int, EdgeHold] | None = None
        """The edge on which a double click may have begun, and its object; the first click may select another."""

    # ------------------------------------------------------------------------------------------------ events
    def press(self, at: Pointer) -> None:
        self.cancel()  # a release may have gone to somebody else
        selected = self._canvas.state.selected_object()
        self._start = at
        self._hold = self._hold_under(at)
        self._pressed_edge = None
        if selected is not None and isinstance(self._hold, EdgeHold):
            self._pressed_edge = selected.id, self._hold
        if self._canvas.snap_held and selected is not None:
            self._gesture = self._snapping(selected, at)
            if self._gesture is not None:
                self._gesture.move(at)

    def move(self, at: Pointer) -> None:
        if self._gesture is not None:
            self._gesture.move(at)
        elif self._start is None:
            hold = self._hold_under(at)
            self._light_up(hold.spot if hold is not None else None)
        elif at.travelled(self._start) >= (GRIP_START if self._hold else CLICK_REACH):
            self._gesture = self._begin(self._start)
            if self._gesture is not None:
                self._gesture.move(at)

    def release(self, at: Pointer) -> None:
        gesture, start = self._gesture, self._start
        self._gesture = self._start = None
        if gesture is not None:
            gesture.release(at)
        elif start is not None and at.travelled(start) < CLICK_REACH:
            self._click(start)

    def double(self, at: Pointer) -> None:
        """Insert a vertex when both clicks were on the edge of a mask; anywhere else it is one more click."""
        if self._pressed_edge is None:
            self.press(at)
            return
        object_id, edge = self._pressed_edge
        self._pressed_edge = None
        state = self._canvas.state
        shown = state.objects.get(object_id) if state.visible else None
        if shown is None or shown.geometry != edge.outline:
            self.press(at)
            return
        if state.selected != object_id:
            self._canvas.object_picked.emit(object_id)
        self._edit(object_id, edge.with_vertex(at).outline)

    def lose_button(self) -> None:
        self.cancel()

    @property
    def busy(self) -> bool:
        return self._gesture is not None

    def cancel(self) -> bool:
        busy = self._gesture is not None
        self._gesture = self._start = None
        if busy:
            self._drop()
        return busy

    def forget(self) -> None:
        """A click on the same spot of another frame starts again with the smallest object."""
        self.cancel()
        self._last_pick = self._pressed_edge = None
        self._canvas.state.spot = None

    def leave(self) -> None:
        if self._gesture is None:
            self._light_up(None)

    def objects_changed(self) -> None:
        if self._gesture is None:
            self._canvas.state.spot = None
        elif not self._gesture.holds():
            self.cancel()

    def cursor(self, at: Pointer) -> Qt.CursorShape:
        if at.alt and self._canvas.state.selected_object() is not None:
            return Qt.CursorShape.SizeAllCursor
        hold = self._hold if self._start is not None else self._hold_under(at)
        return hold.cursor if hold is not None else Qt.CursorShape.CrossCursor

    # ------------------------------------------------------------------------------------------------ gestures
    def _begin(self, start: Pointer) -> Gesture | None:
        selected = self._canvas.state.selected_object()
        if start.ctrl:
            return BandGesture(self._canvas, start)
        if start.alt:
            return self._moving()
        if self._hold is None or selected is None:
            return DrawGesture(self._canvas, start, adopts=True)
        hold = self._hold
        if start.shift and isinstance(hold, EdgeHold):
            hold = hold.with_vertex(start)
        self._canvas.state.spot = hold.spot
        return self._reshaping(selected, hold, start)

    def _reshaping(self, shown: ShownObject, hold: Hold, start: Pointer) -> Gesture:
        has_place = hold.loupe(start, start) is not None
        return EditGesture(
            self._canvas,
            {shown.id: shown.geometry},
            lambda at: {shown.id: hold.change(start, at)},
            loupe=(lambda at: hold.loupe(start, at)) if has_place else None,
        )

    def _moving(self) -> Gesture | None:
        """All selected objects keep their places to each other and stop together at the image's border."""
        objects = {shown.id: shown.geometry for shown in self._canvas.state.selection()}
        start = self._start
        if not objects or start is None:
            return None
        camera = self._canvas.camera
        bounds = [outline.bounds for outline in objects.values()]
        whole = Box(
            min(b.x1 for b in bounds), min(b.y1 for b in bounds), max(b.x2 for b in bounds), max(b.y2 for b in bounds)
        )
        # A corner of an oriented box may lie beyond the border; that is no reason to jump.
        whole = whole.clipped(camera.image_width, camera.image_height)

        def change(at: Pointer) -> dict[int, Geometry]:
            dx, dy = whole.shift_inside(
                at.x - start.x, at.y - start.y, width=camera.image_width, height=camera.image_height
            )
            return {object_id: outline.moved(dx, dy) for object_id, outline in objects.items()}

        return EditGesture(self._canvas, objects, change)

    def _snapping(self, shown: ShownObject, start: Pointer) -> Gesture | None:
        """The nearest side jumps to the pointer; the same side then follows it until the button is released."""
        camera = self._canvas.camera
        side = side_to_snap(shown.geometry, *camera.inside(start.x, start.y))
        if side is None:
            return None
        self._canvas.note_snap(side)
        return EditGesture(
            self._canvas,
            {shown.id: shown.geometry},
            lambda at: {shown.id: snapped(shown.geometry, side, *camera.inside(at.x, at.y))},
            loupe=lambda at: camera.inside(at.x, at.y),
        )

    def _hold_under(self, at: Pointer) -> Hold | None:
        selected = self._canvas.state.selected_object()
        return hold_at(selected.geometry, at, self._canvas.camera) if selected is not None else None

    def _light_up(self, spot: Spot | None) -> None:
        if self._canvas.state.spot != spot:
            self._canvas.state.spot = spot
            self._canvas.refresh()

    # ------------------------------------------------------------------------------------------------ clicks
    def _click(self, at: Pointer) -> None:
        selected = self._canvas.state.selected_object()
        hits = self._canvas.state.hits(at.x, at.y, self._canvas.camera.in_image(PICK_REACH))
        ids = [shown.id for shown in hits if shown.role is not Role.GHOST]
        if at.ctrl:
            if ids:
                self._canvas.object_toggled.emit(ids[0])
        elif at.shift and selected is not None and self._shift_click(selected, at):
            pass
        elif hits and hits[0].role is Role.GHOST:
            self._last_pick = None
            self._canvas.ghost_adopted.emit(hits[0].id)
        else:
            picked = self._next_below(ids, at)
            self._last_pick = (at, picked) if picked is not None else None
            self._canvas.object_picked.emit(picked)

    def _shift_click(self, shown: ShownObject, at: Pointer) -> bool:
        """Change the vertex, edge or keypoint under the click; return whether there was any."""
        match self._hold_under(at):
            case VertexHold() as vertex:
                mask = vertex.deleted()
                if mask.parts:
                    self._edit(shown.id, mask)
                else:
                    self._canvas.said.emit(LAST_RING_HINT)
            case EdgeHold() as edge:
                self._edit(shown.id, edge.with_vertex(at).outline)
            case PointHold() as point:
                self._edit(shown.id, point.cycled())
            case _:
                return False
        return True

    def _edit(self, object_id: int, outline: Geometry) -> None:
        self._canvas.state.spot = None
        self._canvas.geometries_edited.emit({object_id: outline})
        self._canvas.refresh()

    def _next_below(self, ids: list[int], at: Pointer) -> int | None:
        if not ids:
            return None
        if self._last_pick is not None and self._last_pick[0].travelled(at) < CLICK_REACH:
            before = self._last_pick[1]
            if before in ids:
                return ids[(ids.index(before) + 1) % len(ids)]
        return ids[0]

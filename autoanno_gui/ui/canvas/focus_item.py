"""What the reviewer is at: the hovered and the selected objects, brought forward, with what can be grabbed of them."""

from __future__ import annotations

from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from autoanno_gui.core.box import Box
from autoanno_gui.core.keypoints import Keypoints
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.review.presentation import ShownObject
from autoanno_gui.ui.canvas.camera import Camera
from autoanno_gui.ui.canvas.device_item import DeviceItem
from autoanno_gui.ui.canvas.handle_look import paint_square
from autoanno_gui.ui.canvas.handles import obb_handles
from autoanno_gui.ui.canvas.notes import paint_size
from autoanno_gui.ui.canvas.objects_item import ObjectsItem, tag_gap
from autoanno_gui.ui.canvas.outline_handles import OutlineHandles
from autoanno_gui.ui.canvas.shapes import Look, ShapePainter
from autoanno_gui.ui.canvas.state import CanvasState, Side, SnapGuide
from autoanno_gui.ui.canvas.strokes import Emphasis, guide_strips, strips
from autoanno_gui.ui.canvas.tags import Rect, TagLayout, TagPainter, pieces_of, tagged_bounds


class FocusItem(DeviceItem):
    """Lies over the objects at rest and is drawn anew in every repaint."""

    def __init__(self, camera: Camera, state: CanvasState, tags: TagPainter, objects: ObjectsItem) -> None:
        super().__init__(camera, state, tags)
        self._objects = objects
        self._shapes = ShapePainter()
        self._handles = OutlineHandles(camera, state, tags)

    def point_at(self, place: tuple[float, float] | None) -> None:
        """Note where the pointer is, image pixels: of a dense outline only the vertices around it are shown."""
        if self._handles.point_at(place):
            self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        state = self._state
        if not state.visible:
            return
        self._to_device_pixels(painter)
        selection = state.selection()
        selected = {shown.id for shown in selection}
        for object_id in dict.fromkeys((state.hovered, state.adopting)):
            shown = state.objects.get(object_id) if object_id is not None else None
            if shown is not None and object_id not in selected:
                self._paint_object(painter, shown, Emphasis.HOVERED)
        for object_id in state.live:
            if object_id not in selected and object_id in state.objects:
                self._paint_object(painter, state.objects[object_id], Emphasis.EDITING)
        for shown in selection:
            if shown.id == state.selected:
                self._paint_selected(painter, shown)
            else:
                self._paint_also_selected(painter, shown)

    # ------------------------------------------------------------------------------------------------ objects
    def _paint_object(self, painter: QPainter, shown: ShownObject, emphasis: Emphasis) -> None:
        if shown.id != self._state.painted:
            self._paint_outline(painter, shown, emphasis)
        if emphasis is not Emphasis.EDITING:
            self._paint_tag(painter, shown, selected=emphasis is Emphasis.SELECTED)

    def _paint_outline(self, painter: QPainter, shown: ShownObject, emphasis: Emphasis) -> None:
        geometry = self._state.outline_of(shown)
        if isinstance(geometry, Box | Keypoints):
            self._paint_frame(painter, shown, emphasis)
        if not isinstance(geometry, Box):
            look = Look(geometry, shown.role, shown.colour, emphasis)
            viewpoint, skeleton = self._camera.viewpoint, self._state.skeleton
            self._shapes.paint(painter, [look], viewpoint, skeleton=skeleton)

    def _paint_frame(self, painter: QPainter, shown: ShownObject, emphasis: Emphasis) -> None:
        """Paint an upright box: the object itself or what goes around its keypoints."""
        geometry = self._state.outline_of(shown)
        thin = isinstance(geometry, Keypoints)
        line = strips(shown.role, emphasis, shown.colour, self._camera.ratio, thin=thin)
        line.draw_frame(painter, *self._camera.to_device(geometry.bounds), self._view())

    def _paint_tag(self, painter: QPainter, shown: ShownObject, *, selected: bool, force: bool = True) -> None:
        tag = self._tags.tag(pieces_of(shown, selected=selected, task=self._state.task))
        place = self._objects.tag_place(shown.id)
        if place is None and force:
            layout = TagLayout(view=self._view(), small=(), gap=tag_gap(self._camera.ratio))
            rect = self._camera.to_device(tagged_bounds(shown.geometry))
            place = layout.place(rect, tag.width, tag.height, force=True)
        if place is not None:
            tag.draw(painter, *place)

    def _paint_also_selected(self, painter: QPainter, shown: ShownObject) -> None:
        """Paint one of several: what is no box lies selected among the objects at rest."""
        if shown.id in self._state.live:
            self._paint_object(painter, shown, Emphasis.EDITING)
            return
        if isinstance(shown.geometry, Box | Keypoints):
            self._paint_frame(painter, shown, Emphasis.SELECTED)
        self._paint_tag(painter, shown, selected=True, force=False)

    # ------------------------------------------------------------------------------------------------ the selected
    def _paint_selected(self, painter: QPainter, shown: ShownObject) -> None:
        state, geometry = self._state, self._state.outline_of(shown)
        if shown.id in state.live:
            self._paint_object(painter, shown, Emphasis.EDITING)
            paint_size(painter, geometry, self._camera, self._tags)
        else:
            self._paint_object(painter, shown, Emphasis.SELECTED)
            if state.snap is not None:
                self._paint_snap(painter, state.snap)
            elif shown.id != state.painted and not state.path:
                self._paint_handles(painter, geometry)
        if shown.id != state.painted and not isinstance(geometry, Box | OrientedBox):
            self._handles.paint_spot(painter, geometry, accent=self.accent)

    def _paint_handles(self, painter: QPainter, geometry: Box | OrientedBox | Mask | Keypoints) -> None:
        match geometry:
            case Mask():
                self._handles.paint_vertices(painter, geometry, accent=self.accent)
            case OrientedBox():
                self._handles.paint_oriented(painter, geometry, obb_handles(geometry, self._camera), accent=self.accent)
            case _:
                self._paint_box_handles(painter, self._camera.to_device(geometry.bounds))

    def _paint_box_handles(self, painter: QPainter, rect: Rect) -> None:
        """Squares on the corners, and on the sides where these are long enough; outside of a tiny box."""
        x1, y1, x2, y2 = rect
        ratio = self._camera.ratio
        half = round(3.5 * ratio)
        if min(x2 - x1, y2 - y1) < 4 * half:
            x1, y1, x2, y2 = x1 - half, y1 - half, x2 + half, y2 + half
        xs, ys = (x1, (x1 + x2) // 2, x2), (y1, (y1 + y2) // 2, y2)
        for column, x in enumerate(xs):
            for row, y in enumerate(ys):
                if (column == 1 and (row == 1 or x2 - x1 < 12 * half)) or (row == 1 and y2 - y1 < 12 * half):
                    continue
                paint_square(painter, x, y, accent=self.accent, ratio=ratio)

    def _paint_snap(self, painter: QPainter, snap: SnapGuide) -> None:
        if isinstance(snap.box, OrientedBox):
            self._handles.paint_oriented_snap(painter, snap.box, snap.side, accent=self.accent)
            return
        x1, y1, x2, y2 = self._camera.to_device(snap.box)
        line = guide_strips(self.accent, self._camera.ratio, width=2.0)
        view = self._view()
        over = round(24 * self._camera.ratio)
        if snap.side in (Side.LEFT, Side.RIGHT):
            x = (x1 if snap.side is Side.LEFT else x2) - line.reach
            line.draw_down(painter, x, y1 - over, y2 - y1 + 2 * over, view)
        else:
            y = (y1 if snap.side is Side.TOP else y2) - line.reach
            line.draw_across(painter, x1 - over, y, x2 - x1 + 2 * over, view)

"""The two items over the image: all objects at rest, and above them whatever the reviewer is busy with.

Both draw in device pixels and only whole ones, so that lines are sharp at every zoom and scaling.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from autoanno_gui.core.geometry import Box
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.presentation import ShownObject
from autoanno_gui.ui.canvas.camera import Camera
from autoanno_gui.ui.canvas.state import CanvasState, Side
from autoanno_gui.ui.canvas.strokes import Emphasis, Strips, guide_strips, strips
from autoanno_gui.ui.canvas.tags import GAP, HEIGHT, Piece, Rect, Tag, TagLayout, TagPainter, TagStyle, pieces_of

CROWDED: Final = 60
"""With more objects in sight than this, only some keep their tag."""
CROWDED_TAGS: Final = 24
"""How many of the least certain ones do."""
EVERYWHERE: Final = QRectF(-1e7, -1e7, 2e7, 2e7)
GUIDE_COLOUR: Final = "#ffffff"


@dataclass(frozen=True, slots=True)
class _Outline:
    object_id: int
    rect: Rect
    strips: Strips


@dataclass(frozen=True, slots=True)
class _Label:
    object_id: int
    x: int
    y: int
    tag: Tag


class Overlay(QGraphicsItem):
    """What both items have in common: they cover everything and draw in device pixels."""

    def __init__(self, camera: Camera, state: CanvasState, tags: TagPainter) -> None:
        super().__init__()
        self._camera = camera
        self._state = state
        self._tags = tags

    def boundingRect(self) -> QRectF:
        return EVERYWHERE

    def _view(self) -> tuple[int, int]:
        return round(self._camera.view_width), round(self._camera.view_height)

    def _to_device_pixels(self, painter: QPainter) -> None:
        painter.resetTransform()
        painter.scale(1.0 / self._camera.ratio, 1.0 / self._camera.ratio)


class ObjectsItem(Overlay):
    """Everything at rest, in one item: laid out anew only when the objects or the view changed."""

    def __init__(self, camera: Camera, state: CanvasState, tags: TagPainter) -> None:
        super().__init__(camera, state, tags)
        self._laid_out_for: object = None
        self._outlines: list[_Outline] = []
        self._labels: list[_Label] = []

    def tag_place(self, object_id: int) -> tuple[int, int] | None:
        """Return the place of an object's tag at rest, so that selecting it does not make the tag jump."""
        return next(((label.x, label.y) for label in self._labels if label.object_id == object_id), None)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        state = self._state
        if not state.visible or not state.objects:
            return
        self._to_device_pixels(painter)
        self._lay_out()
        view = self._view()
        brought_forward = {state.selected, state.hovered, state.adopting}
        for outline in self._outlines:
            if outline.object_id not in brought_forward:
                outline.strips.draw_frame(painter, *outline.rect, view)
        for label in self._labels:
            if label.object_id not in brought_forward:
                label.tag.draw(painter, label.x, label.y)

    def _lay_out(self) -> None:
        camera = self._camera
        key = (self._state.revision, camera.origin, camera.zoom, camera.ratio, self._view(), self._tags.generation)
        if key == self._laid_out_for:
            return
        self._laid_out_for = key
        width, height = self._view()
        ratio = camera.ratio
        inside: list[tuple[ShownObject, Rect]] = []
        self._outlines = []
        for shown in self._state.objects.values():
            rect = camera.to_device(shown.geometry)
            if rect[0] < width + 8 and rect[1] < height + 8 and rect[2] > -8 and rect[3] > -8:
                inside.append((shown, rect))
                line = strips(shown.role, Emphasis.PLAIN, shown.colour, ratio)
                self._outlines.append(_Outline(shown.id, rect, line))
        self._labels = self._place_tags(inside)

    def _place_tags(self, inside: list[tuple[ShownObject, Rect]]) -> list[_Label]:
        labelled = [entry for entry in inside if entry[0].role is not Role.GHOST]
        if len(labelled) > CROWDED:
            labelled = sorted((e for e in labelled if e[0].role is Role.CANDIDATE), key=_certainty)[:CROWDED_TAGS]
        ratio = self._camera.ratio
        tag_height = round(HEIGHT * ratio)
        small_side = 3 * tag_height
        small = [r for _, r in inside if r[2] - r[0] < small_side and r[3] - r[1] < small_side]
        layout = TagLayout(view=self._view(), small=small, gap=_gap(ratio))
        found: list[_Label] = []
        for shown, rect in labelled:
            tag = self._tags.tag(pieces_of(shown, selected=False))
            place = layout.place(rect, tag.width, tag.height)
            if place is not None:
                found.append(_Label(shown.id, *place, tag))
        return found


class FocusItem(Overlay):
    """The hovered and the selected object, the rectangle being drawn, and guides."""

    def __init__(self, camera: Camera, state: CanvasState, tags: TagPainter, objects: ObjectsItem) -> None:
        super().__init__(camera, state, tags)
        self._objects = objects
        self.accent = "#4c9aff"

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        state = self._state
        self._to_device_pixels(painter)
        if state.visible:
            for object_id in dict.fromkeys((state.hovered, state.adopting)):
                shown = state.objects.get(object_id) if object_id is not None else None
                if shown is not None and object_id != state.selected:
                    self._paint_object(painter, shown, Emphasis.HOVERED)
            selected = state.selected_object()
            if selected is not None:
                self._paint_selected(painter, selected)
        if state.draft is not None:
            self._paint_draft(painter, state.draft, adopting=state.adopting is not None)
        if state.crosshair is not None:
            self._paint_crosshair(painter, *state.crosshair)

    def _paint_object(self, painter: QPainter, shown: ShownObject, emphasis: Emphasis) -> None:
        rect = self._camera.to_device(self._state.box_of(shown))
        line = strips(shown.role, emphasis, shown.colour, self._camera.ratio)
        line.draw_frame(painter, *rect, self._view())
        if emphasis is not Emphasis.EDITING:
            self._paint_tag(painter, shown, rect, selected=emphasis is Emphasis.SELECTED)

    def _paint_tag(self, painter: QPainter, shown: ShownObject, rect: Rect, *, selected: bool) -> None:
        tag = self._tags.tag(pieces_of(shown, selected=selected))
        place = self._objects.tag_place(shown.id)
        if place is None:
            layout = TagLayout(view=self._view(), small=(), gap=_gap(self._camera.ratio))
            place = layout.place(rect, tag.width, tag.height, force=True)
        if place is not None:
            tag.draw(painter, *place)

    def _paint_selected(self, painter: QPainter, shown: ShownObject) -> None:
        state = self._state
        if state.live is not None and state.live[0] == shown.id:
            self._paint_object(painter, shown, Emphasis.EDITING)
            self._paint_size(painter, state.live[1])
            return
        self._paint_object(painter, shown, Emphasis.SELECTED)
        rect = self._camera.to_device(shown.geometry)
        if state.snap is not None:
            self._paint_snap(painter, state.snap.side, self._camera.to_device(state.snap.box))
        else:
            self._paint_handles(painter, rect)

    def _paint_handles(self, painter: QPainter, rect: Rect) -> None:
        """Squares on the corners, and on the sides where these are long enough; outside of a tiny box."""
        x1, y1, x2, y2 = rect
        ratio = self._camera.ratio
        half = round(3.5 * ratio)
        if min(x2 - x1, y2 - y1) < 4 * half:
            x1, y1, x2, y2 = x1 - half, y1 - half, x2 + half, y2 + half
        xs, ys = (x1, (x1 + x2) // 2, x2), (y1, (y1 + y2) // 2, y2)
        border = max(1, round(ratio))
        for column, x in enumerate(xs):
            for row, y in enumerate(ys):
                if (column == 1 and (row == 1 or x2 - x1 < 12 * half)) or (row == 1 and y2 - y1 < 12 * half):
                    continue
                _paint_square(painter, x, y, half, border, self.accent)

    def _paint_snap(self, painter: QPainter, side: Side, after: Rect) -> None:
        x1, y1, x2, y2 = after
        line = guide_strips(self.accent, self._camera.ratio, width=2.0)
        view = self._view()
        over = round(24 * self._camera.ratio)
        if side in (Side.LEFT, Side.RIGHT):
            x = (x1 if side is Side.LEFT else x2) - line.reach
            line.draw_down(painter, x, y1 - over, y2 - y1 + 2 * over, view)
        else:
            y = (y1 if side is Side.TOP else y2) - line.reach
            line.draw_across(painter, x1 - over, y, x2 - x1 + 2 * over, view)

    def _paint_draft(self, painter: QPainter, draft: Box, *, adopting: bool) -> None:
        line = guide_strips(GUIDE_COLOUR, self._camera.ratio, dashed=adopting)
        line.draw_frame(painter, *self._camera.to_device(draft), self._view())
        if not adopting:
            self._paint_size(painter, draft)

    def _paint_size(self, painter: QPainter, box: Box) -> None:
        """Say how large the box is, in image pixels, below its corner."""
        text = f"{round(box.width)} \N{MULTIPLICATION SIGN} {round(box.height)}"
        tag = self._tags.tag([Piece(text, TagStyle.OPEN, "#808080")])
        _, _, x2, y2 = self._camera.to_device(box)
        gap = round(6 * self._camera.ratio)
        width, height = self._view()
        x = min(max(x2 - tag.width, 0), width - tag.width)
        y = y2 + gap if y2 + gap + tag.height <= height else y2 - gap - tag.height
        tag.draw(painter, x, y)

    def _paint_crosshair(self, painter: QPainter, x: float, y: float) -> None:
        left, top = self._camera.origin
        px, py = left + round(x * self._camera.zoom), top + round(y * self._camera.zoom)
        line = guide_strips(GUIDE_COLOUR, self._camera.ratio, dashed=True)
        view = self._view()
        line.draw_across(painter, 0, py - line.reach, view[0], view)
        line.draw_down(painter, px - line.reach, 0, view[1], view)


def _certainty(entry: tuple[ShownObject, Rect]) -> tuple[float, int]:
    return entry[0].confidence or 0.0, entry[0].id


def _gap(ratio: float) -> int:
    """Device pixels between an outline's middle and its tag."""
    return round(GAP * ratio) + round(2 * ratio)


def _paint_square(painter: QPainter, x: int, y: int, half: int, border: int, accent: str) -> None:
    outer = QRect(x - half, y - half, 2 * half + 1, 2 * half + 1)
    painter.fillRect(outer.adjusted(-border, -border, border, border), QColor(0, 0, 0, 110))
    painter.fillRect(outer, QColor(accent))
    painter.fillRect(outer.adjusted(border, border, -border, -border), Qt.GlobalColor.white)

"""What is under way: outlines being drawn, prompts and their answer, painted pixels, the brush, and guides."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.keypoints import Keypoints
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.prompt import Prompt
from autoanno_gui.core.review_objects import Role
from autoanno_gui.imaging.masks import MaskRaster
from autoanno_gui.ui.canvas.camera import Camera
from autoanno_gui.ui.canvas.device_item import GUIDE_COLOUR, DeviceItem
from autoanno_gui.ui.canvas.handle_look import HOT_VERTEX, paint_knob, paint_square
from autoanno_gui.ui.canvas.notes import paint_beside, paint_size
from autoanno_gui.ui.canvas.paths import path_of
from autoanno_gui.ui.canvas.points_look import paint_points
from autoanno_gui.ui.canvas.shapes import paint_line
from autoanno_gui.ui.canvas.state import GRIP_REACH, BrushTip, CanvasState
from autoanno_gui.ui.canvas.strokes import Emphasis, casing_colour, guide_pens, guide_strips
from autoanno_gui.ui.canvas.tags import TagPainter

DRAFT_FILL: Final = 0.12
BAND_FILL: Final = 0.10
PAINT_FILL: Final = 0.42
"""How much of its colour a painted pixel has; those at the border have more."""
PAINT_BORDER: Final = 0.9
PROMPT_RADIUS: Final = 7.0
"""Logical pixels of the discs that stand for clicks."""
CLOSING_POINTS: Final = 3
"""So many vertices make an outline that can be closed."""


class GestureItem(DeviceItem):
    """Drawn anew in every repaint, over all objects."""

    def __init__(self, camera: Camera, state: CanvasState, tags: TagPainter) -> None:
        super().__init__(camera, state, tags)
        self._pointer: tuple[float, float] | None = None
        self._painted: tuple[MaskRaster, str, QImage] | None = None

    def point_at(self, place: tuple[float, float] | None) -> None:
        """Note where the pointer is, image pixels."""
        self._pointer = place
        if self._state.next_point is not None:
            self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        state = self._state
        self._to_device_pixels(painter)
        if state.paint is not None:
            self._paint_pixels(painter, state.paint)
        if state.preview is not None:
            self._paint_preview(painter, state.preview)
        if state.draft is not None:
            self._paint_draft(painter, state.draft)
        if state.band is not None:
            self._paint_band(painter, state.band)
        if state.crosshair is not None:
            self._paint_crosshair(painter, *state.crosshair)
        if state.path:
            self._paint_path(painter, state.path)
        if state.prompt is not None:
            self._paint_prompt(painter, state.prompt)
        if state.brush is not None:
            self._paint_brush(painter, state.brush)
        self._paint_next_point(painter)

    # ------------------------------------------------------------------------------------------------ drawing
    def _paint_draft(self, painter: QPainter, draft: Geometry) -> None:
        adopting = self._state.adopting is not None
        viewpoint = self._camera.viewpoint
        if isinstance(draft, Box | Keypoints):
            line = guide_strips(GUIDE_COLOUR, viewpoint.ratio, dashed=adopting)
            line.draw_frame(painter, *self._camera.to_device(draft.bounds), self._view())
        else:
            path = path_of(draft, viewpoint)
            if isinstance(draft, Mask):
                painter.fillPath(path, _tint(GUIDE_COLOUR, DRAFT_FILL))
            paint_line(painter, path, guide_pens(GUIDE_COLOUR, viewpoint.ratio, dashed=adopting))
        if isinstance(draft, Keypoints):
            paint_points(
                painter,
                draft,
                viewpoint,
                skeleton=self._state.skeleton,
                role=Role.CONFIRMED,
                emphasis=Emphasis.EDITING,
                colour=GUIDE_COLOUR,
            )
        if not adopting:
            paint_size(painter, draft, self._camera, self._tags)

    def _paint_path(self, painter: QPainter, path: tuple[tuple[float, float], ...]) -> None:
        """Paint placed vertices and the line to the pointer; with a draft beside them they are single points."""
        viewpoint = self._camera.viewpoint
        ratio = viewpoint.ratio
        *placed, pointer = [QPointF(*viewpoint.at(x, y)) for x, y in path]
        closable = self._state.draft is None and len(placed) >= CLOSING_POINTS
        if self._state.draft is None and placed:
            if closable:
                outline = QPainterPath()
                outline.addPolygon(QPolygonF([*placed, pointer]))
                painter.fillPath(outline, _tint(GUIDE_COLOUR, DRAFT_FILL))
            paint_line(painter, _open_line(placed), guide_pens(GUIDE_COLOUR, ratio))
            paint_line(painter, _open_line([placed[-1], pointer]), guide_pens(GUIDE_COLOUR, ratio, dashed=True))
        for point in placed:
            paint_square(painter, point.x(), point.y(), accent=self.accent, ratio=ratio, size=2.5)
        if closable and QLineF(placed[0], pointer).length() <= GRIP_REACH * ratio:
            paint_knob(painter, placed[0].x(), placed[0].y(), accent=self.accent, ratio=ratio, size=HOT_VERTEX)

    def _paint_next_point(self, painter: QPainter) -> None:
        """Name the keypoint that the next click places."""
        state = self._state
        index, skeleton = state.next_point, state.skeleton
        if index is not None and skeleton is not None and index < len(skeleton) and self._pointer is not None:
            x, y = self._camera.viewpoint.at(*self._pointer)
            paint_beside(painter, skeleton.names[index], x, y, self._camera, self._tags)

    def _paint_band(self, painter: QPainter, band: Box) -> None:
        x1, y1, x2, y2 = self._camera.to_device(band)
        painter.fillRect(x1, y1, x2 - x1, y2 - y1, _tint(self.accent, BAND_FILL))
        guide_strips(GUIDE_COLOUR, self._camera.ratio, dashed=True).draw_frame(painter, x1, y1, x2, y2, self._view())

    def _paint_crosshair(self, painter: QPainter, x: float, y: float) -> None:
        left, top = self._camera.origin
        px, py = left + round(x * self._camera.zoom), top + round(y * self._camera.zoom)
        line = guide_strips(GUIDE_COLOUR, self._camera.ratio, dashed=True)
        view = self._view()
        line.draw_across(painter, 0, py - line.reach, view[0], view)
        line.draw_down(painter, px - line.reach, 0, view[1], view)

    # ------------------------------------------------------------------------------------------------ segmenting
    def _paint_preview(self, painter: QPainter, mask: Mask) -> None:
        """Hatched: it is an offer, and no object yet."""
        ratio = self._camera.ratio
        path = path_of(mask, self._camera.viewpoint)
        painter.fillPath(path, _tint(self.accent, DRAFT_FILL))
        painter.fillPath(path, _hatch(ratio))
        paint_line(painter, path, guide_pens(GUIDE_COLOUR, ratio, width=2.0))

    def _paint_prompt(self, painter: QPainter, prompt: Prompt) -> None:
        viewpoint = self._camera.viewpoint
        if prompt.box is not None:
            line = guide_strips(self.accent, viewpoint.ratio)
            line.draw_frame(painter, *self._camera.to_device(prompt.box), self._view())
        for point in prompt.points:
            picture = _click_picture(viewpoint.ratio, positive=point.positive)
            x, y = viewpoint.at(point.x, point.y)
            painter.drawImage(round(x) - picture.width() // 2, round(y) - picture.height() // 2, picture)

    # ------------------------------------------------------------------------------------------------ painting
    def _paint_pixels(self, painter: QPainter, raster: MaskRaster) -> None:
        if raster.bits.size == 0:
            return
        shown = self._state.objects.get(self._state.painted) if self._state.painted is not None else None
        colour = shown.colour if shown is not None else self.accent
        if self._painted is None or self._painted[0] is not raster or self._painted[1] != colour:
            self._painted = raster, colour, _picture_of(raster, colour)
        rows, columns = raster.bits.shape
        _draw_part(
            painter,
            self._painted[2],
            Box.spanning(raster.left, raster.top, raster.left + columns, raster.top + rows),
            self._camera,
        )

    def _paint_brush(self, painter: QPainter, tip: BrushTip) -> None:
        viewpoint = self._camera.viewpoint
        circle = QPainterPath()
        circle.addEllipse(QPointF(*viewpoint.at(tip.x, tip.y)), *(2 * [tip.radius * viewpoint.zoom]))
        paint_line(painter, circle, guide_pens(GUIDE_COLOUR, viewpoint.ratio, dashed=tip.erases))


def _open_line(points: list[QPointF]) -> QPainterPath:
    path = QPainterPath(points[0])
    for point in points[1:]:
        path.lineTo(point)
    return path


def _tint(colour: str, share: float) -> QColor:
    tint = QColor(colour)
    tint.setAlphaF(share)
    return tint


@lru_cache(maxsize=4)
def _hatch(ratio: float) -> QBrush:
    """Return thin light stripes with dark ones beside them, to be seen on any image."""
    step = round(10 * ratio)
    tile = np.zeros((step, step, 4), np.uint8)
    rows, columns = np.indices((step, step))
    place = (rows + columns) % step
    width = max(1, round(ratio))
    tile[place < width] = (130, 130, 130, 130)  # premultiplied white
    tile[(place >= width) & (place < 2 * width)] = (0, 0, 0, 70)
    picture = QImage(tile.tobytes(), step, step, 4 * step, QImage.Format.Format_ARGB32_Premultiplied)
    return QBrush(picture.copy())


@lru_cache(maxsize=8)
def _click_picture(ratio: float, *, positive: bool) -> QImage:
    """Return a light disc with a plus, or a dark one with a minus."""
    radius = PROMPT_RADIUS * ratio
    half = round(radius + ratio)
    picture = QImage(2 * half + 1, 2 * half + 1, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(Qt.GlobalColor.transparent)
    back = QColor("#ffffff") if positive else QColor("#202020")
    ink = casing_colour(back)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(half + 0.5, half + 0.5)
    painter.setPen(QPen(ink, 1.5 * ratio))
    painter.setBrush(back)
    painter.drawEllipse(QPointF(0.0, 0.0), radius - 0.5 * ratio, radius - 0.5 * ratio)
    painter.setPen(QPen(ink, 2.0 * ratio))
    reach = 3.5 * ratio
    painter.drawLine(QLineF(-reach, 0.0, reach, 0.0))
    if positive:
        painter.drawLine(QLineF(0.0, -reach, 0.0, reach))
    painter.end()
    return picture


def _picture_of(raster: MaskRaster, colour: str) -> QImage:
    """Return the pixels in a colour, those at the border in more of it."""
    bits = raster.bits.astype(np.uint8)
    inner = cv2.erode(bits, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    picked = np.ascontiguousarray(2 * bits - inner, np.uint8)  # 0 outside, 1 inside, 2 at the border
    height, width = picked.shape
    picture = QImage(picked.data, width, height, width, QImage.Format.Format_Indexed8)
    picture.setColorTable([0, _tint(colour, PAINT_FILL).rgba(), _tint(colour, PAINT_BORDER).rgba()])
    return picture.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def _draw_part(painter: QPainter, picture: QImage, place: Box, camera: Camera) -> None:
    """Draw the part of a picture that is in sight; each of its pixels covers one of the image."""
    seen = camera.visible_box()
    x1, y1 = max(place.x1, float(int(seen.x1))), max(place.y1, float(int(seen.y1)))
    x2, y2 = min(place.x2, float(int(seen.x2) + 1)), min(place.y2, float(int(seen.y2) + 1))
    if x2 > x1 and y2 > y1:
        left, top = camera.viewpoint.at(x1, y1)
        target = QRectF(left, top, (x2 - x1) * camera.zoom, (y2 - y1) * camera.zoom)
        painter.drawImage(target, picture, QRectF(x1 - place.x1, y1 - place.y1, x2 - x1, y2 - y1))

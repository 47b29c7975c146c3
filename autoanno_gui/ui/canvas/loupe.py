"""A round window beside the pointer that shows what lies under it much larger, with the outline that is placed."""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.keypoints import Keypoints
from autoanno_gui.core.review_objects import Role
from autoanno_gui.ui.canvas.camera import Camera, Viewpoint
from autoanno_gui.ui.canvas.device_item import GUIDE_COLOUR, DeviceItem
from autoanno_gui.ui.canvas.image_item import NEAREST_FROM, ImageItem
from autoanno_gui.ui.canvas.paths import path_of
from autoanno_gui.ui.canvas.points_look import paint_points
from autoanno_gui.ui.canvas.shapes import paint_line
from autoanno_gui.ui.canvas.state import CanvasState
from autoanno_gui.ui.canvas.strokes import Emphasis, guide_pens, pens
from autoanno_gui.ui.canvas.tags import TagPainter

SIZE: Final = 132.0
"""Logical pixels across."""
MAGNIFICATION: Final = 4.0
"""How much larger than on the canvas."""
MAX_ZOOM: Final = 64.0
"""Device pixels per image pixel: larger squares tell no more."""
DISTANCE: Final = 26.0
"""Logical pixels between the pointer and the rim."""
_CROSS: Final = 10.0


class LoupeItem(DeviceItem):
    """Lies over everything; there only while the state has a point for it."""

    def __init__(self, camera: Camera, state: CanvasState, tags: TagPainter, image: ImageItem) -> None:
        super().__init__(camera, state, tags)
        self._image = image
        self.surround = QColor("#161616")

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        point = self._state.loupe
        if point is None or self._image.frame is None:
            return
        self._to_device_pixels(painter)
        rim = loupe_place(self._camera, *point)
        viewpoint = _magnified(self._camera, point, rim)
        disc = QPainterPath()
        disc.addEllipse(rim)
        painter.save()
        painter.setClipPath(disc)
        painter.fillRect(rim, self.surround)
        self._paint_image(painter, viewpoint, rim)
        self._paint_outlines(painter, viewpoint)
        painter.restore()
        self._paint_rim(painter, rim)

    def _paint_image(self, painter: QPainter, viewpoint: Viewpoint, rim: QRectF) -> None:
        frame = self._image.sharpest
        if frame is None:
            return
        across, down = frame.image.width() / frame.width, frame.image.height() / frame.height
        zoom = viewpoint.zoom
        # Whole pixels of the picture, and no more of them than the loupe shows.
        x1 = max(0, math.floor((rim.left() - viewpoint.left) / zoom * across))
        y1 = max(0, math.floor((rim.top() - viewpoint.top) / zoom * down))
        x2 = min(frame.image.width(), math.ceil((rim.right() - viewpoint.left) / zoom * across))
        y2 = min(frame.image.height(), math.ceil((rim.bottom() - viewpoint.top) / zoom * down))
        if x2 <= x1 or y2 <= y1:
            return
        left, top = viewpoint.at(x1 / across, y1 / down)
        right, bottom = viewpoint.at(x2 / across, y2 / down)
        smooth = frame.reduced or zoom < NEAREST_FROM
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(QRectF(left, top, right - left, bottom - top), frame.image, QRectF(x1, y1, x2 - x1, y2 - y1))

    def _paint_outlines(self, painter: QPainter, viewpoint: Viewpoint) -> None:
        state = self._state
        drawn: list[tuple[Geometry, str]] = []
        if state.live:
            drawn = [(state.live[i], state.objects[i].colour) for i in state.live if i in state.objects]
        elif (shown := state.selected_object()) is not None:
            drawn = [(shown.geometry, shown.colour)]
        if state.draft is not None:
            drawn.append((state.draft, GUIDE_COLOUR))
        for geometry, colour in drawn:
            self._paint_outline(painter, geometry, colour, viewpoint)
        if len(state.path) > 1:
            line = QPainterPath()
            line.addPolygon(QPolygonF([QPointF(*viewpoint.at(x, y)) for x, y in state.path]))
            paint_line(painter, line, guide_pens(GUIDE_COLOUR, viewpoint.ratio))

    def _paint_outline(self, painter: QPainter, geometry: Geometry, colour: str, viewpoint: Viewpoint) -> None:
        line = pens(Role.CONFIRMED, Emphasis.EDITING, colour, viewpoint.ratio)
        paint_line(painter, path_of(geometry, viewpoint), line)
        if isinstance(geometry, Keypoints):
            paint_points(
                painter,
                geometry,
                viewpoint,
                skeleton=self._state.skeleton,
                role=Role.CONFIRMED,
                emphasis=Emphasis.EDITING,
                colour=colour,
            )

    def _paint_rim(self, painter: QPainter, rim: QRectF) -> None:
        ratio = self._camera.ratio
        middle, reach = rim.center(), _CROSS * ratio
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for ink, width in ((QColor(0, 0, 0, 150), 3.0), (QColor("#ffffff"), 1.0)):
            painter.setPen(QPen(ink, width * ratio, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
            for dx, dy in ((1, 0), (0, 1), (-1, 0), (0, -1)):
                # The very middle stays free: it is what one wants to see.
                painter.drawLine(
                    QLineF(
                        middle.x() + dx * 4 * ratio,
                        middle.y() + dy * 4 * ratio,
                        middle.x() + dx * reach,
                        middle.y() + dy * reach,
                    )
                )
        for ink, width in ((QColor(0, 0, 0, 170), 5.0), (QColor("#f2f2f2"), 2.0)):
            painter.setPen(QPen(ink, width * ratio))
            painter.drawEllipse(rim)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def loupe_place(camera: Camera, x: float, y: float) -> QRectF:
    """Return where the loupe for an image point goes, device pixels: above it to the right, else wherever it neither
    leaves the viewport nor lies under the pointer."""
    size, gap = SIZE * camera.ratio, DISTANCE * camera.ratio
    px, py = camera.viewpoint.at(x, y)
    room = QRectF(0.0, 0.0, camera.view_width, camera.view_height).adjusted(3.0, 3.0, -3.0, -3.0)
    places = [QRectF(px + dx, py + dy, size, size) for dy in (-gap - size, gap) for dx in (gap, -gap - size)]
    fitting = next((place for place in places if room.contains(place)), None)
    if fitting is not None:
        return fitting
    # A viewport too small for any of them, or a point beyond its border: moved in beside the point.
    place = places[0]
    place.moveLeft(min(max(place.left(), room.left()), room.right() - size))
    place.moveTop(min(max(place.top(), room.top()), room.bottom() - size))
    return place


def _magnified(camera: Camera, point: tuple[float, float], rim: QRectF) -> Viewpoint:
    zoom = min(camera.zoom * MAGNIFICATION, max(MAX_ZOOM, camera.zoom))
    middle = rim.center()
    left, top = middle.x() - point[0] * zoom, middle.y() - point[1] * zoom
    return Viewpoint(left, top, zoom, camera.ratio, round(camera.view_width), round(camera.view_height))

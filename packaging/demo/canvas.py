"""The canvas: a picture and, beside it, a map of which object every pixel shows."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPen, QTransform

from demo.shapes import Point
from demo.themes import Theme

WIDTH: Final = 1280
HEIGHT: Final = 800
SCENERY: Final = 0  # the mark of all that is no labelled object


def pixels(image: QImage, channels: int) -> NDArray[np.uint8]:
    """Return the memory of an image of the canvas's size, (HEIGHT, WIDTH, channels), to read or to write."""
    return np.frombuffer(image.bits(), np.uint8).reshape(HEIGHT, -1, channels)[:, :WIDTH]


class Canvas:
    """A picture in one light, and the map of marks from which its boxes are read.

    Every object is painted between `begin_object` and `end_object`; what is painted outside of them is scenery and
    hides, in picture and map, the objects behind it.
    """

    def __init__(self, backdrop: NDArray[np.uint8], look: Theme, sun: Point) -> None:
        self.look = look
        self.sun = sun
        self._picture = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
        pixels(self._picture, 4)[..., :3] = backdrop
        self._marks = QImage(WIDTH, HEIGHT, QImage.Format.Format_Grayscale8)
        self._marks.fill(SCENERY)
        self.painter = QPainter(self._picture)
        self.painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._marker = QPainter(self._marks)
        self._mark = SCENERY
        self._extent = QRectF()

    def begin_object(self, mark: int, transform: QTransform) -> None:
        """Start an object, painted in units of its own; `mark` is 1 .. 255, or SCENERY for one without a label."""
        self.painter.setTransform(transform)
        self._mark = mark
        self._extent = QRectF()

    def end_object(self) -> QRectF:
        """Finish the object; returns the pixel extent of its solid parts, also of those outside the picture."""
        self.painter.resetTransform()
        self._mark = SCENERY
        return self._extent

    def fill(self, path: QPainterPath, brush: QBrush | QColor, *, solid: bool = True) -> None:
        """Paint a shape; a solid one also counts as visible surface of the object that is being painted."""
        self.painter.fillPath(path, brush)
        if solid:
            transform = self.painter.transform()
            self._marker.setTransform(transform)
            self._marker.fillPath(path, QColor(self._mark, self._mark, self._mark))
            if self._mark != SCENERY:
                self._extent = self._extent.united(transform.mapRect(path.boundingRect()))

    def line(self, path: QPainterPath, colour: QColor, width: float) -> None:
        """Paint a thin line; lines never count as surface."""
        self.painter.strokePath(path, QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))

    def marks(self) -> NDArray[np.uint8]:
        """Return the map as it is now: for every pixel (HEIGHT, WIDTH) the mark of what is seen there."""
        return pixels(self._marks, 1)[..., 0]

    def finish(self) -> NDArray[np.uint8]:
        """End all painting; returns the picture, (HEIGHT, WIDTH, 3), blue first."""
        self.painter.end()
        self._marker.end()
        return pixels(self._picture, 4)[..., :3].copy()

"""The frame's pixels: copied one to one where the preview has just the right size, scaled only where it has not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from autoanno_gui.ui.canvas.camera import Camera

NEAREST_FROM: Final = 3.0
"""From this zoom on the pixels themselves are what one wants to see."""
SAME_SIZE: Final = 1.5
"""Device pixels by which a preview may miss the size on screen and still be copied unscaled (rounding)."""


@dataclass(frozen=True, slots=True)
class FrameImage:
    """Pixels of one frame for the screen.

    Attributes:
        image: Format_RGB32, a preview scaled to device pixels or the full size; its own device pixel ratio is ignored.
        width: pixels of the full upright image.
        height: pixels of the full upright image.
    """

    frame_id: int
    image: QImage
    width: int
    height: int

    @property
    def reduced(self) -> bool:
        return self.image.width() < self.width


class ImageItem(QGraphicsItem):
    """Draws the preview of a frame, or its full pixels once there and needed."""

    def __init__(self, camera: Camera) -> None:
        super().__init__()
        self._camera = camera
        self._preview: FrameImage | None = None
        self._full: FrameImage | None = None

    @property
    def frame(self) -> FrameImage | None:
        return self._preview

    @property
    def sharpest(self) -> FrameImage | None:
        """The full pixels where they are there, else the preview."""
        return self._full or self._preview

    def set_frame(self, frame: FrameImage | None) -> None:
        self.prepareGeometryChange()
        self._preview = frame
        self._full = None

    def set_full(self, frame: FrameImage) -> None:
        """Add the full pixels of the frame that is shown."""
        self._full = frame

    def wants_full(self) -> bool:
        """Whether the preview would be enlarged although the file has more to show."""
        frame = self._preview
        if frame is None or self._full is not None or not frame.reduced:
            return False
        return frame.width * self._camera.zoom > frame.image.width() + SAME_SIZE

    def boundingRect(self) -> QRectF:
        frame = self._preview
        return QRectF(0.0, 0.0, frame.width, frame.height) if frame is not None else QRectF()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        frame = self._preview
        if frame is None:
            return
        camera = self._camera
        if self._full is not None and frame.width * camera.zoom > frame.image.width() + SAME_SIZE:
            frame = self._full
        image = frame.image
        left, top = camera.origin
        width, height = frame.width * camera.zoom, frame.height * camera.zoom
        painter.resetTransform()
        painter.scale(1.0 / camera.ratio, 1.0 / camera.ratio)
        if abs(width - image.width()) <= SAME_SIZE and abs(height - image.height()) <= SAME_SIZE:
            painter.drawImage(
                QRectF(left, top, image.width(), image.height()), image, QRectF(0, 0, image.width(), image.height())
            )
            return
        smooth = camera.zoom < NEAREST_FROM or frame.reduced
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        x1, x2 = _visible(left, width, image.width(), camera.view_width)
        y1, y2 = _visible(top, height, image.height(), camera.view_height)
        across, down = width / image.width(), height / image.height()
        painter.drawImage(
            QRectF(left + x1 * across, top + y1 * down, (x2 - x1) * across, (y2 - y1) * down),
            image,
            QRectF(x1, y1, x2 - x1, y2 - y1),
        )


def _visible(start: float, length: float, pixels: int, view: float) -> tuple[int, int]:
    """Return the range of source pixels that falls into the viewport, two more on each side for smoothing.

    Only that part is drawn: Qt scales with 16 bit coordinates, which a whole image exceeds at high zoom.
    """
    per_pixel = length / pixels
    first = math.floor(-start / per_pixel) - 2
    last = math.ceil((view - start) / per_pixel) + 2
    return max(0, first), min(pixels, last)

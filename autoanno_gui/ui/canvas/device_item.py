"""What the items over the image have in common: they cover everything and draw in device pixels.

Upright lines are on whole pixels, so that they are sharp at every zoom and scaling.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem

from autoanno_gui.ui.canvas.camera import Camera
from autoanno_gui.ui.canvas.state import CanvasState
from autoanno_gui.ui.canvas.tags import TagPainter

EVERYWHERE: Final = QRectF(-1e7, -1e7, 2e7, 2e7)
GUIDE_COLOUR: Final = "#ffffff"


class DeviceItem(QGraphicsItem):
    """Paints some of the state as the camera sees it."""

    def __init__(self, camera: Camera, state: CanvasState, tags: TagPainter) -> None:
        super().__init__()
        self._camera = camera
        self._state = state
        self._tags = tags
        self.accent = "#4c9aff"

    def boundingRect(self) -> QRectF:
        return EVERYWHERE

    def _view(self) -> tuple[int, int]:
        return round(self._camera.view_width), round(self._camera.view_height)

    def _to_device_pixels(self, painter: QPainter) -> None:
        painter.resetTransform()
        painter.scale(1.0 / self._camera.ratio, 1.0 / self._camera.ratio)
        # Whatever was drawn before may have left them on; pictures are copied faster without.
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)

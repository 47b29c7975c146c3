"""The scene: an image, the objects over it, what the reviewer is busy with, and the loupe, in this order."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGraphicsScene

from autoanno_gui.ui.canvas.camera import Camera
from autoanno_gui.ui.canvas.device_item import EVERYWHERE, DeviceItem
from autoanno_gui.ui.canvas.focus_item import FocusItem
from autoanno_gui.ui.canvas.gesture_item import GestureItem
from autoanno_gui.ui.canvas.image_item import ImageItem
from autoanno_gui.ui.canvas.loupe import LoupeItem
from autoanno_gui.ui.canvas.objects_item import ObjectsItem
from autoanno_gui.ui.canvas.state import CanvasState
from autoanno_gui.ui.canvas.tags import TagPainter


class CanvasScene(QGraphicsScene):
    """Holds the items; there is nothing to index, and the view does all hit testing on the state."""

    def __init__(self, camera: Camera, state: CanvasState, tags: TagPainter, parent: QObject) -> None:
        super().__init__(parent)
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.setSceneRect(EVERYWHERE)
        self.image = ImageItem(camera)
        self.objects = ObjectsItem(camera, state, tags, self.image)
        self._focus = FocusItem(camera, state, tags, self.objects)
        self._gesture = GestureItem(camera, state, tags)
        self._loupe = LoupeItem(camera, state, tags, self.image)
        self._items: tuple[DeviceItem, ...] = (self.objects, self._focus, self._gesture, self._loupe)
        for item in (self.image, *self._items):
            self.addItem(item)
        self.objects.overlay.renewed.connect(self.update)

    def set_theme(self, *, accent: str, surround: str) -> None:
        """Take the colours of a theme, `#rrggbb`: of what can be grabbed, and of what lies around the image."""
        for item in self._items:
            item.accent = accent
        self._loupe.surround = QColor(surround)

    def point_at(self, place: tuple[float, float] | None) -> None:
        """Note where the pointer is, image pixels; None when it is not over the image."""
        self._focus.point_at(place)
        self._gesture.point_at(place)

    def close(self) -> None:
        """Stop drawing in the background; it starts again with the next paint that needs it."""
        self.objects.overlay.close()

"""The scene: an image, the objects over it, and what the reviewer is busy with, in this order."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QGraphicsScene

from autoanno_gui.ui.canvas.camera import Camera
from autoanno_gui.ui.canvas.image_item import ImageItem
from autoanno_gui.ui.canvas.items import EVERYWHERE, FocusItem, ObjectsItem
from autoanno_gui.ui.canvas.state import CanvasState
from autoanno_gui.ui.canvas.tags import TagPainter


class CanvasScene(QGraphicsScene):
    """Holds the three items; there is nothing to index, and the view does all hit testing on the state."""

    def __init__(self, camera: Camera, state: CanvasState, tags: TagPainter, parent: QObject) -> None:
        super().__init__(parent)
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.setSceneRect(EVERYWHERE)
        self.image = ImageItem(camera)
        self.objects = ObjectsItem(camera, state, tags)
        self.focus = FocusItem(camera, state, tags, self.objects)
        for item in (self.image, self.objects, self.focus):
            self.addItem(item)

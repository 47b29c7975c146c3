"""A widget that shows a scene through a camera: zooming, panning, and all that a scaled screen asks for."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QResizeEvent, QTransform
from PySide6.QtWidgets import QFrame, QGraphicsView, QSizePolicy, QWidget

from autoanno_gui.ui.canvas.camera import Camera
from autoanno_gui.ui.canvas.pointing import ZOOM_STEP
from autoanno_gui.ui.canvas.state import GRIP_REACH
from autoanno_gui.ui.canvas.tools.tool import Pointer


class CameraView(QGraphicsView):
    """The scene's items draw themselves in device pixels; the view only carries the camera's mapping."""

    zoom_changed = Signal(float)
    """Device pixels per image pixel."""
    view_changed = Signal()
    """Another part of the image is on the screen, or the same one in another size."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.camera = Camera()
        self._surround = QColor("#161616")
        self._zoom_told = 0.0
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Scroll bars count in whole logical pixels. They rest at 0 in a scene without end, and the transform carries
        # the whole movement, to the device pixel.
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        viewport = self.viewport()
        viewport.setMouseTracking(True)
        viewport.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        viewport.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        viewport.setAutoFillBackground(False)
        viewport.grabGesture(Qt.GestureType.PinchGesture)
        for widget in (self, viewport):
            widget.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)

    # ------------------------------------------------------------------------------------------------ moves
    def fit(self) -> None:
        self.camera.fit()
        self._view_changed()

    def zoom_in(self) -> None:
        self.zoom_by(ZOOM_STEP)

    def zoom_out(self) -> None:
        self.zoom_by(1 / ZOOM_STEP)

    def actual_size(self) -> None:
        """One image pixel on one device pixel."""
        self._zoom_at(1.0, None)

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom around a viewport position, by default where the pointer is over the image, else the middle."""
        self._zoom_at(self.camera.zoom * factor, at)

    def _zoom_at(self, zoom: float, at: QPointF | None) -> None:
        if self.camera.image_width == 0:
            return
        if at is None:
            pointer = self.pointer
            middle = QPointF(self.viewport().width() / 2, self.viewport().height() / 2)
            at = QPointF(pointer.view_x, pointer.view_y) if pointer is not None else middle
        self.camera.zoom_at(zoom, at.x(), at.y())
        self._view_changed()

    def pan(self, dx: float, dy: float) -> None:
        """Move the image by logical pixels; it always keeps the middle of the viewport covered."""
        if self.camera.image_width:
            self.camera.pan(dx, dy)
            self._view_changed()

    # ------------------------------------------------------------------------------------------------ mapping
    @property
    def pointer(self) -> Pointer | None:
        """Where the pointer is; None while it is not over the viewport."""
        return None

    def preview_size(self) -> tuple[int, int]:
        """Return the device pixels into which a preview has to fit to be shown unscaled."""
        return self.camera.fit_area()

    def inside_image(self, x: float, y: float) -> tuple[float, float]:
        """Return the nearest point of the image."""
        return self.camera.inside(x, y)

    def is_on_image(self, at: Pointer) -> bool:
        """Return whether a pointer is on the image, or misses it by no more than one may miss a handle."""
        x, y = self.camera.to_view(*self.camera.inside(at.x, at.y))
        return math.hypot(at.view_x - x, at.view_y - y) <= GRIP_REACH

    # ------------------------------------------------------------------------------------------------ painting
    def refresh(self) -> None:
        """Paint again soon; several calls make one repaint."""
        self.viewport().update()

    def paint_now(self) -> None:
        """Paint at once, so that what was just shown is on the screen when this returns."""
        self.viewport().repaint()

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Fill what the image leaves free; painting under it would cost as much as the image itself."""
        camera = self.camera
        painter.resetTransform()
        painter.scale(1.0 / camera.ratio, 1.0 / camera.ratio)
        width, height = math.ceil(camera.view_width), math.ceil(camera.view_height)
        if camera.image_width == 0:
            painter.fillRect(0, 0, width, height, self._surround)
            return
        left, top = camera.origin
        right = math.floor(left + camera.image_width * camera.zoom) - 1
        bottom = math.floor(top + camera.image_height * camera.zoom) - 1
        for x1, y1, x2, y2 in (
            (0, 0, width, top),
            (0, bottom, width, height),
            (0, top, left, bottom),
            (right, top, width, bottom),
        ):
            if x2 > x1 and y2 > y1:
                painter.fillRect(x1, y1, x2 - x1, y2 - y1, self._surround)

    # ------------------------------------------------------------------------------------------------ changes
    def _view_changed(self) -> None:
        camera = self.camera
        left, top = camera.origin
        scale = camera.zoom / camera.ratio
        self.setTransform(QTransform(scale, 0, 0, scale, left / camera.ratio, top / camera.ratio))
        self.refresh()
        if camera.image_width and camera.zoom != self._zoom_told:
            self._zoom_told = camera.zoom
            self.zoom_changed.emit(camera.zoom)
        self.view_changed.emit()

    def _measure(self) -> None:
        """Take the size and scaling of the screen."""
        ratio = self.viewport().devicePixelRatioF()
        size = self.viewport().size()
        self.camera.resize(size.width() * ratio, size.height() * ratio, ratio)
        self._view_changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measure()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._measure()
        return super().event(event)

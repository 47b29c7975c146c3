"""The canvas: shows one frame with its objects and turns the mouse into what the reviewer means."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGestureEvent, QGraphicsView, QPinchGesture, QSizePolicy, QWidget

from autoanno_gui.review.presentation import ShownObject
from autoanno_gui.ui import theme
from autoanno_gui.ui.canvas.banner import Banner, Notice
from autoanno_gui.ui.canvas.camera import Camera
from autoanno_gui.ui.canvas.image_item import FrameImage
from autoanno_gui.ui.canvas.items import ObjectsItem
from autoanno_gui.ui.canvas.pointing import ZOOM_STEP, Pointing
from autoanno_gui.ui.canvas.scene import CanvasScene
from autoanno_gui.ui.canvas.state import CanvasState, Side
from autoanno_gui.ui.canvas.tags import TagPainter
from autoanno_gui.ui.canvas.tools import ToolName


class CanvasView(QGraphicsView):
    """Positions in signals are float pixels of the upright image. It changes no document: it only tells."""

    object_picked = Signal(object)
    """Id of the clicked object, None for a click beside all."""
    box_drawn = Signal(object)
    """The new `Box`, at release."""
    geometry_edited = Signal(int, object)
    """Object id and its new `Box`, once, at release."""
    ghost_adopted = Signal(int)
    cursor_moved = Signal(object)
    """(x, y), or None outside of the image."""
    zoom_changed = Signal(float)
    """Device pixels per image pixel."""
    full_resolution_wanted = Signal(int)
    """Frame id: its preview is now shown enlarged, once per frame."""
    frame_painted = Signal(int)
    """Frame id, from the event loop after its pixels and objects were painted together."""
    object_hovered = Signal(object)
    _painted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.camera = Camera()
        self._near: tuple[int, float] | None = None
        """The object that was brought near last, and the zoom at which it was."""
        self.state = CanvasState()
        self._tags = TagPainter()
        self._scene = CanvasScene(self.camera, self.state, self._tags, self)
        self._pointing = Pointing(self)
        self._unpainted: int | None = None
        self._asked_full = False
        self._zoom_told = 0.0
        self._set_up_widget()
        self._banner = Banner(self.viewport())
        self._notice = Notice(self.viewport())
        # Queued, so that the window has the pixels before anyone hears of them.
        self._painted.connect(self.frame_painted, Qt.ConnectionType.QueuedConnection)
        self._take_theme()

    def _set_up_widget(self) -> None:
        self.setObjectName("canvas")
        self.setScene(self._scene)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Image")
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

    # ------------------------------------------------------------------------------------------------ what is shown
    def show_frame(self, frame: FrameImage | None, objects: Sequence[ShownObject], *, selected: int | None) -> None:
        """Show a whole frame with its objects in one repaint; None empties the canvas."""
        self._pointing.forget()
        self._asked_full = False
        self._notice.hide()
        self._scene.image.set_frame(frame)
        self.state.set_objects(objects if frame is not None else (), selected=selected)
        self.camera.set_image(*(frame.width, frame.height) if frame is not None else (0, 0))
        self.camera.fit()
        self._unpainted = frame.frame_id if frame is not None else None
        self._view_changed()

    def show_fault(self, frame_id: int, title: str, text: str) -> None:
        """Say in place of the image why there is none."""
        self.show_frame(None, (), selected=None)
        self._notice.present(title, text)
        self._unpainted = frame_id

    def set_full_image(self, frame: FrameImage) -> None:
        """Add the full pixels of the frame that is shown; those of another frame come too late and are dropped."""
        shown = self._scene.image.frame
        if shown is not None and shown.frame_id == frame.frame_id:
            self._scene.image.set_full(frame)
            self.refresh()

    def show_objects(self, objects: Sequence[ShownObject], *, selected: int | None) -> None:
        """Replace all objects of the frame."""
        self._drop_edit()
        self._select(selected)
        self.state.set_objects(objects, selected=selected)
        self._check_hovered()
        self.refresh()

    def update_object(self, object_id: int, shown: ShownObject | None) -> None:
        """Redraw one object, add it, or take it away (None)."""
        if self.state.live is not None and self.state.live[0] == object_id:
            self._drop_edit()
        self.state.set_object(object_id, shown)
        self._check_hovered()
        self._pointing.update_snap()
        self.refresh()

    def set_selected(self, object_id: int | None) -> None:
        if object_id != self.state.selected:
            self._drop_edit()
            self._select(object_id)
            self._pointing.update_snap()
            self.refresh()

    def set_overlay_visible(self, visible: bool) -> None:
        """Show or hide all objects; hidden ones cannot be clicked."""
        self.state.visible = visible
        self.refresh()

    @property
    def overlay_visible(self) -> bool:
        return self.state.visible

    def show_banner(self, title: str, text: str) -> None:
        self._banner.present(title, text)

    def hide_banner(self) -> None:
        self._banner.hide()

    def _check_hovered(self) -> None:
        if self.state.hovered not in self.state.objects:
            self.set_hovered(None)

    def _select(self, object_id: int | None) -> None:
        if object_id != self.state.selected:
            self._pointing.last_snapped_side = None
        self.state.selected = object_id

    def _drop_edit(self) -> None:
        """A running drag of an object that changed meanwhile has lost its ground."""
        if self.state.live is not None:
            self._pointing.cancel()

    @property
    def scene_objects(self) -> ObjectsItem:
        """The item that draws the objects at rest."""
        return self._scene.objects

    # ------------------------------------------------------------------------------------------------ view
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

    def zoom_to(self, object_id: int) -> None:
        """Bring one object and its surroundings near; once it is near, go back to the whole image."""
        shown = self.state.objects.get(object_id)
        if shown is None:
            return
        if self._near == (object_id, self.camera.zoom):
            self.camera.fit()
        else:
            self.camera.show_box(shown.geometry)
            self._near = object_id, self.camera.zoom
        self._view_changed()

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom around a viewport position, by default where the pointer is over the image, else the middle."""
        self._zoom_at(self.camera.zoom * factor, at)

    def _zoom_at(self, zoom: float, at: QPointF | None) -> None:
        if self.camera.image_width == 0:
            return
        if at is None:
            pointer = self._pointing.pointer
            middle = QPointF(self.viewport().width() / 2, self.viewport().height() / 2)
            at = QPointF(pointer.view_x, pointer.view_y) if pointer is not None else middle
        self.camera.zoom_at(zoom, at.x(), at.y())
        self._view_changed()

    def pan(self, dx: float, dy: float) -> None:
        """Move the image by logical pixels; it always keeps the middle of the viewport covered."""
        if self.camera.image_width:
            self.camera.pan(dx, dy)
            self._view_changed()

    def preview_size(self) -> tuple[int, int]:
        """Return the device pixels into which a preview has to fit to be shown unscaled."""
        return self.camera.fit_area()

    def inside_image(self, x: float, y: float) -> tuple[float, float]:
        """Return the nearest point of the image."""
        return min(max(x, 0.0), self.camera.image_width), min(max(y, 0.0), self.camera.image_height)

    def refresh(self) -> None:
        """Paint again soon; several calls make one repaint."""
        self.viewport().update()

    def paint_now(self) -> None:
        """Paint at once, so that what was just shown is on the screen when this returns."""
        self.viewport().repaint()

    def _view_changed(self) -> None:
        camera = self.camera
        left, top = camera.origin
        scale = camera.zoom / camera.ratio
        self.setTransform(QTransform(scale, 0, 0, scale, left / camera.ratio, top / camera.ratio))
        self.refresh()
        if camera.image_width and camera.zoom != self._zoom_told:
            self._zoom_told = camera.zoom
            self.zoom_changed.emit(camera.zoom)
        frame = self._scene.image.frame
        if frame is not None and not self._asked_full and self._scene.image.wants_full():
            self._asked_full = True
            self.full_resolution_wanted.emit(frame.frame_id)

    def _measure(self) -> None:
        ratio = self.viewport().devicePixelRatioF()
        size = self.viewport().size()
        self.camera.resize(size.width() * ratio, size.height() * ratio, ratio)
        self._tags.prepare(self.font(), ratio)
        self._banner.place()
        self._notice.place()
        self._view_changed()

    # ------------------------------------------------------------------------------------------------ tools
    @property
    def tool(self) -> ToolName:
        return self._pointing.tool

    def set_tool(self, name: ToolName) -> None:
        self._pointing.set_tool(name)

    def cancel(self) -> bool:
        """Drop the gesture under way (Esc); return whether there was one."""
        return self._pointing.cancel()

    @property
    def snap_held(self) -> bool:
        return self._pointing.snap_held

    def set_snap_held(self, held: bool) -> None:
        """While held, a click puts the nearest side of the selected object where it is; a line shows which."""
        self._pointing.set_snap_held(held)
        self.refresh()

    @property
    def last_snapped_side(self) -> Side | None:
        """The side that the last snap moved, until another object is selected."""
        return self._pointing.last_snapped_side

    def note_snap(self, side: Side) -> None:
        self._pointing.last_snapped_side = side

    def set_pan_held(self, held: bool) -> None:
        """While held, the left button moves the image in any tool."""
        self._pointing.set_pan_held(held)

    def set_hovered(self, object_id: int | None) -> None:
        """Bring one object forward as if the pointer were over it."""
        if object_id != self.state.hovered:
            self.state.hovered = object_id
            self.refresh()
            self.object_hovered.emit(object_id)

    # ------------------------------------------------------------------------------------------------ events
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._unpainted is not None:
            frame_id, self._unpainted = self._unpainted, None
            self._painted.emit(frame_id)

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Fill what the image leaves free; painting under it would cost as much as the image itself."""
        camera = self.camera
        painter.resetTransform()
        painter.scale(1.0 / camera.ratio, 1.0 / camera.ratio)
        width, height = math.ceil(camera.view_width), math.ceil(camera.view_height)
        if self._scene.image.frame is None:
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

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measure()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._take_theme()
        elif event.type() == QEvent.Type.FontChange:
            self._measure()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._measure()
        return super().event(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_by(1.0 + event.value(), event.position())
            return True
        if isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                self.zoom_by(pinch.scaleFactor(), QPointF(self.viewport().mapFromGlobal(pinch.centerPoint())))
                return True
        if event.type() == QEvent.Type.Leave:
            self._pointing.leave()
        return super().viewportEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pointing.press(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._pointing.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointing.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pointing.release(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._pointing.wheel(event)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.setAccepted(self._pointing.key(event, pressed=True))

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        event.setAccepted(self._pointing.key(event, pressed=False))

    def _take_theme(self) -> None:
        tokens = theme.tokens()
        self._surround = QColor(tokens.canvas)
        self._scene.focus.accent = tokens.accent
        self._tags.set_accent(tokens.accent, tokens.accent_text)
        self.refresh()

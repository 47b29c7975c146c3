"""The canvas: shows one frame with its objects and turns the mouse into what the reviewer means."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QWidget

from autoanno_gui.core.keypoints import Skeleton
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.task import Task
from autoanno_gui.imaging.masks import DEFAULT_TOLERANCE
from autoanno_gui.review.presentation import ShownObject
from autoanno_gui.ui import theme
from autoanno_gui.ui.canvas.banner import Banner, Notice
from autoanno_gui.ui.canvas.camera_view import CameraView
from autoanno_gui.ui.canvas.image_item import FrameImage
from autoanno_gui.ui.canvas.objects_item import ObjectsItem
from autoanno_gui.ui.canvas.pointing import Pointing
from autoanno_gui.ui.canvas.scene import CanvasScene
from autoanno_gui.ui.canvas.sight import Sight
from autoanno_gui.ui.canvas.state import CanvasState, Side
from autoanno_gui.ui.canvas.tags import TagPainter
from autoanno_gui.ui.canvas.tools.tool import Pointer, ToolName


class CanvasView(CameraView):
    """Positions in signals are float pixels of the upright image. It changes no document: it only tells."""

    object_picked = Signal(object)
    """Id of the clicked object, None for a click beside all."""
    object_toggled = Signal(int)
    """Id of an object that was clicked with Ctrl."""
    objects_banded = Signal(object)
    """Ids of all objects that the rubber band touched, a tuple."""
    shape_drawn = Signal(object)
    """The new `Geometry`, once, at the end."""
    geometries_edited = Signal(object)
    """New outlines by object id, once, at the end."""
    prompt_changed = Signal(object)
    """The `Prompt` that the segment tool wants answered; None when it was dropped."""
    tool_changed = Signal(object)
    """The `ToolName` in hand."""
    said = Signal(str)
    """A hint for the status line."""
    ghost_adopted = Signal(int)
    cursor_moved = Signal(object)
    """(x, y), or None outside of the image."""
    full_resolution_wanted = Signal(int)
    """Frame id: its preview is now shown enlarged, once per frame."""
    frame_painted = Signal(int)
    """Frame id, from the event loop after its pixels and objects were painted together."""
    object_hovered = Signal(object)
    _painted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = CanvasState()
        self._sight = Sight(self.camera, self.state)
        self._tags = TagPainter()
        self._scene = CanvasScene(self.camera, self.state, self._tags, self)
        self._pointing = Pointing(self)
        self.cursor_moved.connect(self._scene.point_at)
        self._unpainted: int | None = None
        self._asked_full = False
        self.mask_tolerance = DEFAULT_TOLERANCE
        """Pixels by which the outline of what is painted may be simplified."""
        self.setObjectName("canvas")
        self.setAccessibleName("Image")
        self.setScene(self._scene)
        self._banner = Banner(self.viewport())
        self._notice = Notice(self.viewport())
        # Queued, so that the window has the pixels before anyone hears of them.
        self._painted.connect(self.frame_painted, Qt.ConnectionType.QueuedConnection)
        self._take_theme()

    # ------------------------------------------------------------------------------------------------ what is shown
    def show_frame(
        self,
        frame: FrameImage | None,
        objects: Sequence[ShownObject],
        *,
        selected: int | None,
        also: frozenset[int] = frozenset(),
    ) -> None:
        """Show a whole frame with its objects in one repaint; None empties the canvas."""
        self._pointing.forget()
        self._asked_full = False
        self._notice.hide()
        self._scene.image.set_frame(frame)
        self.state.set_objects(objects if frame is not None else (), selected=selected, also=also)
        self._pointing.objects_changed()
        self.camera.set_image(*(frame.width, frame.height) if frame is not None else (0, 0))
        self.camera.fit()
        self._unpainted = frame.frame_id if frame is not None else None
        self._view_changed()

    def show_fault(self, frame_id: int, title: str, text: str) -> None:
        """Say in place of the image why there is none."""
        self.show_frame(None, (), selected=None)
        self._notice.present(title, text)
        self._unpainted = frame_id

    def renew_image(self, frame: FrameImage) -> None:
        """Show the same frame's pixels in another light; view, objects and gesture stay."""
        shown = self._scene.image.frame
        if shown is not None and shown.frame_id == frame.frame_id:
            self._scene.image.set_frame(frame)
            self._asked_full = False
            self._view_changed()

    def set_full_image(self, frame: FrameImage) -> None:
        """Add the full pixels of the frame that is shown; those of another frame come too late and are dropped."""
        shown = self._scene.image.frame
        if shown is not None and shown.frame_id == frame.frame_id:
            self._scene.image.set_full(frame)
            self.refresh()

    def show_objects(
        self, objects: Sequence[ShownObject], *, selected: int | None, also: frozenset[int] = frozenset()
    ) -> None:
        """Replace all objects of the frame."""
        self._select(selected, also)
        self.state.set_objects(objects, selected=selected, also=also)
        self._check_hovered()
        self._pointing.objects_changed()
        self.refresh()

    def update_object(self, object_id: int, shown: ShownObject | None) -> None:
        """Redraw one object, add it, or take it away (None)."""
        self.state.set_object(object_id, shown)
        self._check_hovered()
        self._pointing.objects_changed()
        self.refresh()

    def set_selected(self, object_id: int | None, also: frozenset[int] = frozenset()) -> None:
        """Select one object, and others with it."""
        if (object_id, also) != (self.state.selected, self.state.also_selected):
            self._select(object_id, also)
            self._pointing.objects_changed()
            self.refresh()

    def set_skeleton(self, skeleton: Skeleton | None) -> None:
        """Take what the keypoints of the project are; None where it collects something else."""
        self.state.skeleton = skeleton
        self._pointing.objects_changed()
        self.refresh()

    def set_task(self, task: Task) -> None:
        """Take what the project collects."""
        self.state.task = task
        self.refresh()

    def show_candidates(self, masks: Sequence[Mask]) -> None:
        """Show the segmenter's answers to the prompt of the segment tool, surest first."""
        self._pointing.show_candidates(masks)

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

    def _select(self, object_id: int | None, also: frozenset[int]) -> None:
        if object_id != self.state.selected:
            self._pointing.last_snapped_side = None
        self.state.selected, self.state.also_selected = object_id, also

    @property
    def scene_objects(self) -> ObjectsItem:
        """The item that draws the objects at rest."""
        return self._scene.objects

    # ------------------------------------------------------------------------------------------------ view
    def zoom_to(self, object_id: int) -> None:
        """Bring one object and its surroundings near; once it is near, go back to the whole image."""
        if self._sight.zoom_to(object_id):
            self._view_changed()

    def reveal(self, object_id: int) -> None:
        """Bring a small object so near that it is easy to judge, and one that is out of sight to the middle; go back to
        the whole image for one that is large enough there, if it was this that left it."""
        if self._sight.reveal(object_id):
            self._view_changed()

    def short_side_on_screen(self, object_id: int) -> float:
        """Return the shorter side of an object on the screen, logical pixels; 0 when there is none of this id."""
        return self._sight.short_side(object_id)

    def is_in_view(self, object_id: int) -> bool:
        """Return whether the middle of an object is in the part of the image that is on the screen."""
        return self._sight.has(object_id)

    def _view_changed(self) -> None:
        super()._view_changed()
        frame = self._scene.image.frame
        if frame is not None and not self._asked_full and self._scene.image.wants_full():
            self._asked_full = True
            self.full_resolution_wanted.emit(frame.frame_id)

    def _measure(self) -> None:
        super()._measure()
        self._tags.prepare(self.font(), self.camera.ratio)
        self._banner.place()
        self._notice.place()

    # ------------------------------------------------------------------------------------------------ tools
    @property
    def tool(self) -> ToolName:
        return self._pointing.tool

    def set_tool(self, name: ToolName) -> None:
        """Take another tool in hand; what the old one had under way is dropped."""
        self._pointing.set_tool(name)

    @property
    def busy(self) -> bool:
        """Whether the tool has anything under way that `cancel` would drop."""
        return self._pointing.busy

    @property
    def pointer(self) -> Pointer | None:
        """Where the pointer is; None while it is not over the viewport."""
        return self._pointing.pointer

    @property
    def brush_radius(self) -> float:
        """Of brush and eraser, image pixels."""
        return self._pointing.brush_radius

    def grow_brush(self, steps: float) -> None:
        """Make brush and eraser larger (or smaller, negative) by so many steps, and say how large they are."""
        self._pointing.grow_brush(steps)
        self.said.emit(f"Brush: {2 * self.brush_radius:.0f} pixels wide")

    def claims(self, event: QKeyEvent) -> bool:
        """Return whether a key is for what the tool has under way, and no shortcut may have it."""
        return self._pointing.claims(event)

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
        with self._scene.objects.overlay.undisturbed():
            super().paintEvent(event)
        if self._unpainted is not None:
            frame_id, self._unpainted = self._unpainted, None
            self._painted.emit(frame_id)

    def paint_now(self) -> None:
        """Paint at once, and with the canvas whatever else of the window has changed."""
        with self._scene.objects.overlay.undisturbed():
            super().paint_now()

    def hideEvent(self, event: QHideEvent) -> None:
        """Qt override: nothing is drawn while nobody sees it, and no thread outlives the window."""
        super().hideEvent(event)
        self._scene.close()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._take_theme()
        elif event.type() == QEvent.Type.FontChange:
            self._measure()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and self.claims(event):
            event.accept()
            return True
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
        self._pointing.press(event, double=True)

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
        self._scene.set_theme(accent=tokens.accent, surround=tokens.canvas)
        self._tags.set_accent(tokens.accent, tokens.accent_text)
        self.refresh()

"""Places the keypoints of an object in the order of the skeleton."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtGui import QKeyEvent

from autoanno_gui.core.box import Box
from autoanno_gui.core.keypoints import Keypoint, Keypoints, Skeleton, Visibility
from autoanno_gui.review.presentation import ShownObject
from autoanno_gui.ui.canvas.tools.tool import (
    Pointer,
    Tool,
    ToolName,
    is_backspace,
    is_enter,
    is_letter,
)

if TYPE_CHECKING:
    from autoanno_gui.ui.canvas.view import CanvasView

BOX_MARGIN: Final = 0.1
"""How far the box reaches beyond the points, as a share of their extent."""
LEAST_MARGIN: Final = 8.0
"""Image pixels that it reaches beyond them at least."""
SKIP: Final = "T"


class KeypointsTool(Tool):
    """A click places the next point, a right or Shift+click one that is hidden; T leaves it out, Backspace takes the
    last one back. The selected object is completed; without one that lacks points a new object begins, and Enter or the
    last point ends it."""

    name = ToolName.KEYPOINTS

    def __init__(self, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self._pressed: bool | None = None
        """Whether the point under the pressed button is hidden; None without a button."""
        self._points: list[Keypoint | None] = []
        """Of a new object; None for a point that was left out."""
        self._completing: int | None = None
        """The selected object that lacks points."""
        self._done: list[int] = []
        """The points that were placed or left out on it, in their order."""
        self._left_out: set[int] = set()
        self._finished: tuple[Keypoint, ...] | None = None
        """Points of the object that was drawn last: what was left out on it does not ask again by itself."""

    # ------------------------------------------------------------------------------------------------ mouse
    def press(self, at: Pointer) -> None:
        self._begin(at, hidden=at.shift)

    def press_other(self, at: Pointer) -> None:
        self._begin(at, hidden=True)

    def move(self, at: Pointer) -> None:
        if self._pressed is not None:
            self._show(at)

    def release(self, at: Pointer) -> None:
        hidden, self._pressed = self._pressed, None
        if hidden is None:
            return
        self._canvas.state.loupe = None
        visibility = Visibility.HIDDEN if hidden else Visibility.VISIBLE
        self._place(Keypoint(*self._canvas.inside_image(at.x, at.y), visibility))

    def release_other(self, at: Pointer) -> None:
        self.release(at)

    # ------------------------------------------------------------------------------------------------ keys
    def claims(self, event: QKeyEvent) -> bool:
        if self._skeleton is None or not self._canvas.state.visible:
            return False
        if is_letter(event, SKIP):
            return True
        if is_backspace(event):
            return bool(self._points) or self._target() is not None or bool(self._done)
        return bool(self._points) and is_enter(event)

    def key(self, event: QKeyEvent) -> bool:
        if not self.claims(event):
            return False
        if self._pressed is not None:
            return True
        if is_letter(event, SKIP):
            self._place(None)
        elif is_enter(event):
            self._finish()
        else:
            self._take_back()
        return True

    # ------------------------------------------------------------------------------------------------ coming and going
    @property
    def busy(self) -> bool:
        return bool(self._points) or self._pressed is not None

    def enter(self) -> None:
        self._finished = None
        self._update_next()
        self._say_next()

    def exit(self) -> None:
        super().exit()
        self._stop_completing()
        self._canvas.state.next_point = None

    def cancel(self) -> bool:
        busy = self.busy
        self._points, self._pressed = [], None
        if busy:
            self._drop()
            self._update_next()
        return busy

    def forget(self) -> None:
        self.cancel()
        self._finished = None
        self._stop_completing()

    def objects_changed(self) -> None:
        state, skeleton = self._canvas.state, self._skeleton
        if self._points and (skeleton is None or len(self._points) >= len(skeleton)):
            self.cancel()
        if self._completing is not None and (
            state.selected != self._completing or self._completing not in state.objects
        ):
            self._stop_completing()
        self._update_next()

    # ------------------------------------------------------------------------------------------------ which point
    @property
    def _skeleton(self) -> Skeleton | None:
        return self._canvas.state.skeleton or None  # one without points is none

    def _target(self) -> ShownObject | None:
        """Return the selected object when it still lacks points and nothing new is being drawn."""
        shown, skeleton = self._canvas.state.selected_object(), self._skeleton
        if self._points or shown is None or skeleton is None or not isinstance(shown.geometry, Keypoints):
            return None
        points = shown.geometry.points
        left_out = self._left_out if shown.id == self._completing else set()
        lacks = any(not point.visibility and i not in left_out for i, point in enumerate(points))
        return shown if lacks and len(points) == len(skeleton) and points != self._finished else None

    def _next_index(self) -> int:
        target = self._target()
        if target is None or not isinstance(target.geometry, Keypoints):
            return len(self._points)
        left_out = self._left_out if target.id == self._completing else set()
        points = enumerate(target.geometry.points)
        return next(i for i, point in points if not point.visibility and i not in left_out)

    def _update_next(self) -> None:
        state = self._canvas.state
        state.next_point = self._next_index() if self._skeleton is not None and self._canvas.tool is self.name else None
        self._canvas.refresh()

    def _say_next(self) -> None:
        skeleton = self._skeleton
        if skeleton is None:
            self._canvas.said.emit("This project has no skeleton: keypoints need one.")
        else:
            name = skeleton.names[self._next_index()]
            self._canvas.said.emit(f"{name}: click, Shift+click when hidden, {SKIP} skips")

    # ------------------------------------------------------------------------------------------------ placing
    def _begin(self, at: Pointer, *, hidden: bool) -> None:
        if self._skeleton is None:
            self._say_next()
        elif self._canvas.is_on_image(at):
            self._pressed = hidden
            self._show(at)

    def _place(self, point: Keypoint | None) -> None:
        """Place the next point, or leave it out."""
        target = self._target()
        if target is not None:
            self._place_on(target, point)
        elif self._skeleton is not None:
            self._points.append(point)
            if len(self._points) == len(self._skeleton):
                self._finish()
                return
            self._show_draft([*self._points])
        self._update_next()
        self._say_next()

    def _place_on(self, target: ShownObject, point: Keypoint | None) -> None:
        index = self._next_index()
        if self._completing != target.id:
            self._stop_completing()
            self._completing = target.id
        self._done.append(index)
        if point is None:
            self._left_out.add(index)
        elif isinstance(target.geometry, Keypoints):
            box = target.geometry.box
            around = Box(min(box.x1, point.x), min(box.y1, point.y), max(box.x2, point.x), max(box.y2, point.y))
            changed = target.geometry.with_point(index, point).with_box(around)
            self._canvas.geometries_edited.emit({target.id: changed})

    def _take_back(self) -> None:
        if self._points:
            self._points.pop()
            self._show_draft([*self._points])
        else:
            self._take_back_on_object()
        self._update_next()
        self._say_next()

    def _take_back_on_object(self) -> None:
        shown = self._canvas.state.objects.get(self._completing) if self._completing is not None else None
        while self._done and shown is not None and isinstance(shown.geometry, Keypoints):
            index = self._done.pop()
            if index in self._left_out:
                self._left_out.discard(index)
                return
            point = shown.geometry.points[index]
            if point.visibility:
                unplaced = shown.geometry.with_point(index, point._replace(visibility=Visibility.UNLABELLED))
                self._canvas.geometries_edited.emit({shown.id: unplaced})
                return

    def _finish(self) -> None:
        outline = self._drawn(self._points)
        self.cancel()
        if outline is None:
            self._canvas.said.emit("No point was placed: nothing was drawn.")
            return
        self._finished = outline.points
        self._canvas.shape_drawn.emit(outline)
        self._update_next()
        self._say_next()

    def _stop_completing(self) -> None:
        self._completing = None
        self._done = []
        self._left_out = set()

    # ------------------------------------------------------------------------------------------------ showing
    def _show(self, at: Pointer) -> None:
        place = self._canvas.inside_image(at.x, at.y)
        self._canvas.state.loupe = place
        if self._target() is None:
            self._show_draft([*self._points, Keypoint(*place, Visibility.VISIBLE)])
        self._canvas.refresh()

    def _show_draft(self, points: list[Keypoint | None]) -> None:
        self._canvas.state.draft = self._drawn(points)
        self._canvas.refresh()

    def _drawn(self, points: list[Keypoint | None]) -> Keypoints | None:
        """Return the object with these points and the others not placed; None without any."""
        placed = [point for point in points if point is not None]
        if not placed or self._skeleton is None:
            return None
        box = Box.around(np.array([(point.x, point.y) for point in placed]))
        wide, high = max(BOX_MARGIN * box.width, LEAST_MARGIN), max(BOX_MARGIN * box.height, LEAST_MARGIN)
        camera = self._canvas.camera
        box = Box(box.x1 - wide, box.y1 - high, box.x2 + wide, box.y2 + high)
        figure = Keypoints.unplaced(box.clipped(camera.image_width, camera.image_height), len(self._skeleton))
        for index, point in enumerate(points):
            if point is not None:
                figure = figure.with_point(index, point)
        return figure

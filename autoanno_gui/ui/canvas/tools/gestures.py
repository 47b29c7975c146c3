"""Drags of the select tool and of the tools that draw boxes; each ends in one signal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.presentation import ShownObject
from autoanno_gui.ui.canvas.tools.tool import MIN_SIDE, Pointer

if TYPE_CHECKING:
    from autoanno_gui.ui.canvas.view import CanvasView

ADOPT_IOU: Final = 0.5
"""From this overlap with a shown ghost's bounds on, a rough drag adopts the ghost."""

ROUNDING: Final = 1e-6
"""Image pixels; from screen to image and back costs the last digits."""


class Gesture:
    """A drag under way."""

    def move(self, at: Pointer) -> None:
        raise NotImplementedError

    def release(self, at: Pointer) -> None:
        raise NotImplementedError

    def holds(self) -> bool:
        """Return whether what it works on is still as it was."""
        return True


class EditGesture(Gesture):
    """Changes outlines: live while it lasts, reported once at the end."""

    def __init__(
        self,
        canvas: CanvasView,
        objects: Mapping[int, Geometry],
        change: Callable[[Pointer], Mapping[int, Geometry]],
        *,
        loupe: Callable[[Pointer], tuple[float, float] | None] | None = None,
    ) -> None:
        """Begin with outlines as they are now.

        Args:
            objects: the outlines before, by object id.
            change: returns the outlines for a position of the pointer.
            loupe: returns the point to be magnified meanwhile.
        """
        self._canvas = canvas
        self._before: Final = dict(objects)
        self._change = change
        self._loupe = loupe

    def move(self, at: Pointer) -> None:
        state = self._canvas.state
        state.live = self._inside(at)
        state.loupe = self._loupe(at) if self._loupe is not None else None
        self._canvas.refresh()

    def release(self, at: Pointer) -> None:
        outlines = self._inside(at)
        state = self._canvas.state
        state.live, state.loupe = outlines, None
        edited = {i: outline for i, outline in outlines.items() if outline != self._before[i] and outline.area > 0}
        if edited:
            self._canvas.geometries_edited.emit(edited)
        # Only now: whoever listens has put the new outlines in place, so nothing flickers back.
        state.drop_gesture()
        self._canvas.refresh()

    def holds(self) -> bool:
        state = self._canvas.state
        selected = {state.selected, *state.also_selected}
        return all(
            object_id in selected and object_id in state.objects and state.objects[object_id].geometry == outline
            for object_id, outline in self._before.items()
        )

    def _inside(self, at: Pointer) -> dict[int, Geometry]:
        camera = self._canvas.camera
        return {i: outline.clipped(camera.image_width, camera.image_height) for i, outline in self._change(at).items()}


class DrawGesture(Gesture):
    """Draws a rectangle from a fixed corner; over a shown ghost it adopts the ghost where that is wanted."""

    def __init__(self, canvas: CanvasView, corner: Pointer, *, adopts: bool) -> None:
        self._canvas = canvas
        self._corner = corner
        self._adopts = adopts

    def move(self, at: Pointer) -> None:
        state = self._canvas.state
        box = spanned(self._canvas, self._corner, at)
        state.draft = box
        state.adopting = self._ghost_under(box)
        self._canvas.refresh()

    def release(self, at: Pointer) -> None:
        box = spanned(self._canvas, self._corner, at)
        ghost = self._ghost_under(box)
        self._canvas.state.drop_gesture()
        self._canvas.refresh()
        if ghost is not None:
            self._canvas.ghost_adopted.emit(ghost)
        elif is_meant(self._canvas, box):
            self._canvas.shape_drawn.emit(box)

    def _ghost_under(self, box: Box) -> int | None:
        if not self._adopts:
            return None
        overlaps = [(ghost.geometry.bounds.iou(box), ghost.id) for ghost in self._canvas.state.ghosts()]
        best = max(overlaps, default=(0.0, -1))
        return best[1] if best[0] >= ADOPT_IOU else None


class BandGesture(Gesture):
    """The rubber band: selects what it touches, ghosts left out."""

    def __init__(self, canvas: CanvasView, corner: Pointer) -> None:
        self._canvas = canvas
        self._corner = corner

    def move(self, at: Pointer) -> None:
        self._canvas.state.band = spanned(self._canvas, self._corner, at)
        self._canvas.refresh()

    def release(self, at: Pointer) -> None:
        band = spanned(self._canvas, self._corner, at)
        state = self._canvas.state
        candidates = (shown for shown in state.objects.values() if shown.role is not Role.GHOST)
        touched = [shown.id for shown in candidates if _touches(shown, band)]
        state.drop_gesture()
        self._canvas.refresh()
        self._canvas.objects_banded.emit(tuple(touched) if state.visible else ())


def spanned(canvas: CanvasView, corner: Pointer, at: Pointer) -> Box:
    """Return the box between two positions, cut off at the image's border."""
    box = Box.spanning(corner.x, corner.y, at.x, at.y)
    return box.clipped(canvas.camera.image_width, canvas.camera.image_height)


def is_meant(canvas: CanvasView, box: Box) -> bool:
    """Return whether a box is large enough to be more than a slip of the hand."""
    return min(box.width, box.height) >= shortest_side(canvas) - ROUNDING


def shortest_side(canvas: CanvasView) -> float:
    """Return the image pixels that a side of a drawn box has at least."""
    return max(canvas.camera.in_image(MIN_SIDE), 1.0)


def _touches(shown: ShownObject, band: Box) -> bool:
    """Return whether an object and the band have a point in common."""
    bounds = shown.geometry.bounds
    if bounds.x1 > band.x2 or bounds.x2 < band.x1 or bounds.y1 > band.y2 or bounds.y2 < band.y1:
        return False
    if band.contains(bounds.x1, bounds.y1) and band.contains(bounds.x2, bounds.y2):
        return True
    match shown.geometry:
        case Mask() as mask:
            region = mask.region()
        case OrientedBox() as box:
            region = Mask.of_points(map(tuple, box.corners.tolist())).region()
        case _:
            return True
    from shapely import box as rectangle
    from shapely import intersects

    return bool(intersects(region, rectangle(*band.as_tuple())))

"""What a press takes hold of on the selected object: a side, a corner, a vertex, an edge, a keypoint, the turn handle.

Handles, vertices and keypoints go before edges. All positions are float pixels of the upright image.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from PySide6.QtCore import Qt

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.keypoints import Keypoint, Keypoints, Visibility
from autoanno_gui.core.mask import Mask, Ring
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.ui.canvas.camera import Camera
from autoanno_gui.ui.canvas.handles import Turn, local_sides, obb_handle_at
from autoanno_gui.ui.canvas.mask_spots import foot_on_edge, nearest_edge, nearest_vertex
from autoanno_gui.ui.canvas.state import GRIP_REACH, Grip, Spot, grip_at, resized
from autoanno_gui.ui.canvas.tools.tool import TURN_STEP, Pointer

_SIZE_CURSORS: Final = (
    Qt.CursorShape.SizeHorCursor,
    Qt.CursorShape.SizeFDiagCursor,
    Qt.CursorShape.SizeVerCursor,
    Qt.CursorShape.SizeBDiagCursor,
)
"""By the direction in which a side moves, in steps of 45 degrees clockwise from the x axis."""


class Hold:
    """A place on an outline under a pressed button."""

    @property
    def spot(self) -> Spot | None:
        """Of a mask or keypoints: what lights up."""
        return None

    @property
    def cursor(self) -> Qt.CursorShape:
        return Qt.CursorShape.PointingHandCursor

    def change(self, start: Pointer, at: Pointer) -> Geometry:
        """Return the outline after a drag from `start`."""
        raise NotImplementedError

    def loupe(self, start: Pointer, at: Pointer) -> tuple[float, float] | None:
        """Return the point that the drag places, None where it is no point."""
        return None


@dataclass(frozen=True, slots=True)
class BoxHold(Hold):
    """Sides of an upright box, or of the box around keypoints."""

    outline: Box | Keypoints
    grip: Grip
    camera: Camera

    @property
    def cursor(self) -> Qt.CursorShape:
        return _size_cursor(self.grip, 0.0)

    def change(self, start: Pointer, at: Pointer) -> Geometry:
        box = resized(self.outline.bounds, self.grip, at.x - start.x, at.y - start.y)
        box = box.clipped(self.camera.image_width, self.camera.image_height)
        return box if isinstance(self.outline, Box) else self.outline.with_box(box)

    def loupe(self, start: Pointer, at: Pointer) -> tuple[float, float] | None:
        if self.grip not in _CORNERS:
            return None
        x, y = _corner(self.outline.bounds, self.grip)
        return self.camera.inside(x + at.x - start.x, y + at.y - start.y)


@dataclass(frozen=True, slots=True)
class OrientedHold(Hold):
    """Sides of an oriented box: they move along its own axes, and the opposite ones stay."""

    outline: OrientedBox
    grip: Grip
    camera: Camera

    @property
    def cursor(self) -> Qt.CursorShape:
        return _size_cursor(self.grip, self.outline.angle)

    def change(self, start: Pointer, at: Pointer) -> Geometry:
        # The pointer stops at the border: an oriented box that is cut off there would shrink on all sides.
        u, v = self.outline.local(*self.camera.inside(at.x, at.y))
        from_u, from_v = self.outline.local(start.x, start.y)
        sides = resized(local_sides(self.outline), self.grip, u - from_u, v - from_v)
        return self.outline.with_sides(*sides.as_tuple())

    def loupe(self, start: Pointer, at: Pointer) -> tuple[float, float] | None:
        if self.grip not in _CORNERS:
            return None
        u, v = self.outline.local(*self.camera.inside(at.x, at.y))
        from_u, from_v = self.outline.local(start.x, start.y)
        corner_u, corner_v = _corner(local_sides(self.outline), self.grip)
        return self.camera.inside(*self.outline.at(corner_u + u - from_u, corner_v + v - from_v))


@dataclass(frozen=True, slots=True)
class TurnHold(Hold):
    """The handle that turns an oriented box; with Shift in steps of 15 degrees."""

    outline: OrientedBox

    def change(self, start: Pointer, at: Pointer) -> Geometry:
        box = self.outline
        before = math.atan2(start.y - box.cy, start.x - box.cx)
        angle = box.angle + math.atan2(at.y - box.cy, at.x - box.cx) - before
        if at.shift:
            angle = round(angle / TURN_STEP) * TURN_STEP
        return box.turned(angle - box.angle)


@dataclass(frozen=True, slots=True)
class VertexHold(Hold):
    """One vertex of a mask."""

    outline: Mask
    ring: int
    index: int
    camera: Camera

    @property
    def spot(self) -> Spot:
        return Spot(self.ring, self.index)

    @property
    def place(self) -> tuple[float, float]:
        x, y = _ring(self.outline, self.ring)[self.index].tolist()
        return x, y

    def change(self, start: Pointer, at: Pointer) -> Geometry:
        ring = _ring(self.outline, self.ring).copy()
        ring[self.index] = self.loupe(start, at)
        return self.outline.with_ring(self.ring, ring)

    def loupe(self, start: Pointer, at: Pointer) -> tuple[float, float]:
        x, y = self.place
        return self.camera.inside(x + at.x - start.x, y + at.y - start.y)

    def deleted(self) -> Mask:
        """Return the mask without the vertex; a ring with fewer than three goes, and the last one leaves no parts."""
        return self.outline.with_ring(self.ring, np.delete(_ring(self.outline, self.ring), self.index, axis=0))


@dataclass(frozen=True, slots=True)
class EdgeHold(Hold):
    """One edge of a mask: both its vertices move."""

    outline: Mask
    ring: int
    index: int
    camera: Camera

    @property
    def spot(self) -> Spot:
        return Spot(self.ring, self.index, edge=True)

    def change(self, start: Pointer, at: Pointer) -> Geometry:
        ring = _ring(self.outline, self.ring).copy()
        ends = [self.index, (self.index + 1) % len(ring)]
        size = {"width": self.camera.image_width, "height": self.camera.image_height}
        ring[ends] += Box.around(ring[ends]).shift_inside(at.x - start.x, at.y - start.y, **size)
        return self.outline.with_ring(self.ring, ring)

    def with_vertex(self, at: Pointer) -> VertexHold:
        """Return the new vertex that the edge gets at the place nearest to the pointer, on a mask that has it."""
        ring = _ring(self.outline, self.ring)
        foot = foot_on_edge(self.outline, self.ring, self.index, at.x, at.y)
        longer = self.outline.with_ring(self.ring, np.insert(ring, self.index + 1, foot, axis=0))
        return VertexHold(longer, self.ring, self.index + 1, self.camera)


@dataclass(frozen=True, slots=True)
class PointHold(Hold):
    """One keypoint; an unlabelled one becomes visible, and the box follows a point that leaves it."""

    outline: Keypoints
    index: int
    camera: Camera

    @property
    def spot(self) -> Spot:
        return Spot(0, self.index)

    def change(self, start: Pointer, at: Pointer) -> Geometry:
        x, y = self.loupe(start, at)
        before = self.outline.points[self.index]
        box = self.outline.box
        around = Box(min(box.x1, x), min(box.y1, y), max(box.x2, x), max(box.y2, y))
        return self.outline.with_point(self.index, Keypoint(x, y, before.visibility or Visibility.VISIBLE)).with_box(
            around
        )

    def loupe(self, start: Pointer, at: Pointer) -> tuple[float, float]:
        x, y, _ = self.outline.points[self.index]
        return self.camera.inside(x + at.x - start.x, y + at.y - start.y)

    def cycled(self) -> Keypoints:
        """Return the object with the point hidden when it was visible, then unlabelled, then visible again."""
        x, y, visibility = self.outline.points[self.index]
        return self.outline.with_point(self.index, Keypoint(x, y, Visibility((visibility - 1) % 3)))


_CORNERS: Final = (
    Grip.LEFT | Grip.TOP,
    Grip.RIGHT | Grip.TOP,
    Grip.RIGHT | Grip.BOTTOM,
    Grip.LEFT | Grip.BOTTOM,
)


def hold_at(outline: Geometry, at: Pointer, camera: Camera) -> Hold | None:
    """Return what a press there takes hold of on the selected outline, None beside all."""
    reach = camera.in_image(GRIP_REACH)
    match outline:
        case Box():
            grip = grip_at(outline, at.x, at.y, reach)
            return BoxHold(outline, grip, camera) if grip else None
        case OrientedBox():
            handle = obb_handle_at(outline, at.x, at.y, camera)
            if isinstance(handle, Turn):
                return TurnHold(outline)
            return OrientedHold(outline, handle, camera) if handle else None
        case Mask():
            return _hold_on_mask(outline, at, camera, reach)
        case Keypoints():
            index = point_at(outline, at.x, at.y, reach)
            if index is not None:
                return PointHold(outline, index, camera)
            grip = grip_at(outline.box, at.x, at.y, reach)
            return BoxHold(outline, grip, camera) if grip else None


def _hold_on_mask(mask: Mask, at: Pointer, camera: Camera, reach: float) -> Hold | None:
    bounds = mask.bounds
    if not Box(bounds.x1 - reach, bounds.y1 - reach, bounds.x2 + reach, bounds.y2 + reach).contains(at.x, at.y):
        return None
    if mask.contains(at.x, at.y):
        # The middle of a small mask stays free.
        reach = min(reach, min(bounds.width, bounds.height) / 4)
    vertex = nearest_vertex(mask, at.x, at.y)
    if vertex is not None and vertex.distance <= reach:
        return VertexHold(mask, vertex.ring, vertex.index, camera)
    edge = nearest_edge(mask, at.x, at.y)
    if edge is not None and edge.distance <= reach:
        return EdgeHold(mask, edge.ring, edge.index, camera)
    return None


def point_at(outline: Keypoints, x: float, y: float, reach: float) -> int | None:
    """Return the nearest keypoint within reach; a labelled one goes before those that are not placed yet."""
    near = [
        (not point.visibility, math.hypot(point.x - x, point.y - y), index)
        for index, point in enumerate(outline.points)
    ]
    return min((entry for entry in near if entry[1] <= reach), default=(False, 0.0, None))[2]


def _ring(mask: Mask, number: int) -> Ring:
    return list(mask.rings)[number]


def _corner(box: Box, grip: Grip) -> tuple[float, float]:
    return box.x1 if Grip.LEFT in grip else box.x2, box.y1 if Grip.TOP in grip else box.y2


def _size_cursor(grip: Grip, angle: float) -> Qt.CursorShape:
    across = (Grip.RIGHT in grip) - (Grip.LEFT in grip)
    down = (Grip.BOTTOM in grip) - (Grip.TOP in grip)
    direction = angle + math.atan2(down, across)
    return _SIZE_CURSORS[round(direction / (math.pi / 4)) % 4]

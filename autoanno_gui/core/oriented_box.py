"""Boxes that are turned: centre, size and angle in float pixels of the upright image."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.box import Box


@dataclass(frozen=True, slots=True)
class OrientedBox:
    """A rectangle turned around its centre.

    Attributes:
        cx: centre, pixels.
        cy: centre, pixels.
        width: of the side that the angle is measured along, pixels.
        height: of the other side, pixels.
        angle: radians from the x axis to the width's side, clockwise as seen on the screen (y points down).
    """

    cx: float
    cy: float
    width: float
    height: float
    angle: float

    @classmethod
    def of_box(cls, box: Box) -> OrientedBox:
        """Return an upright box as one that can be turned."""
        return cls(*box.centre, box.width, box.height, 0.0)

    @classmethod
    def of_edge(cls, ax: float, ay: float, bx: float, by: float, px: float, py: float) -> OrientedBox:
        """Return the rectangle with the edge a-b whose opposite side goes through p."""
        length = math.hypot(bx - ax, by - ay)
        angle = math.atan2(by - ay, bx - ax)
        ux, uy = math.cos(angle), math.sin(angle)
        depth = -(px - ax) * uy + (py - ay) * ux
        cx = (ax + bx) / 2 - uy * depth / 2
        cy = (ay + by) / 2 + ux * depth / 2
        return cls(cx, cy, length, abs(depth), angle).normalised()

    @classmethod
    def of_corners(cls, corners: NDArray[np.floating]) -> OrientedBox:
        """Return the smallest rectangle around (N, 2) points, N >= 1.

        Four points in the order of a rectangle's corners give it back: the width is along the first and the second.
        Around any other number of points it is the longer side.
        """
        from shapely import MultiPoint, get_coordinates, minimum_rotated_rectangle

        points = np.asarray(corners, np.float64)
        found = get_coordinates(minimum_rotated_rectangle(MultiPoint(points))).tolist()
        # Points on one line give that line, and a single place gives a point.
        a, b, c = found[:3] if len(found) > 2 else (found[0], found[-1], found[0])
        rectangle = cls.of_edge(*a, *b, *c)
        along, across = rectangle.width, rectangle.height
        if len(points) == 4:
            along, across = np.abs(rectangle.axes @ (points[1] - points[0]))
        return rectangle if along >= across else rectangle.on_its_side()

    def on_its_side(self) -> OrientedBox:
        """Return the same rectangle with width and height exchanged."""
        return OrientedBox(self.cx, self.cy, self.height, self.width, self.angle + math.pi / 2).normalised()

    def normalised(self) -> OrientedBox:
        """Return the same rectangle with an angle in -pi/2 <= angle < pi/2."""
        angle = (self.angle + math.pi / 2) % math.pi - math.pi / 2
        return replace(self, angle=angle if angle < math.pi / 2 else -math.pi / 2)

    @property
    def axes(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Unit vectors along the width and along the height."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        return (cos, sin), (-sin, cos)

    def at(self, u: float, v: float) -> tuple[float, float]:
        """Return the image position of (u, v), pixels from the centre along width and height."""
        (ux, uy), (vx, vy) = self.axes
        return self.cx + u * ux + v * vx, self.cy + u * uy + v * vy

    def local(self, x: float, y: float) -> tuple[float, float]:
        """Return (u, v) of an image position, pixels from the centre along width and height."""
        (ux, uy), (vx, vy) = self.axes
        dx, dy = x - self.cx, y - self.cy
        return dx * ux + dy * uy, dx * vx + dy * vy

    @property
    def corners(self) -> NDArray[np.float64]:
        """(4, 2) pixels, clockwise on the screen from the one that an upright box has top left."""
        w, h = self.width / 2, self.height / 2
        return np.array([self.at(-w, -h), self.at(w, -h), self.at(w, h), self.at(-w, h)])

    @property
    def bounds(self) -> Box:
        """The smallest upright box around it."""
        (ux, uy), (vx, vy) = self.axes
        w = (abs(ux) * self.width + abs(vx) * self.height) / 2
        h = (abs(uy) * self.width + abs(vy) * self.height) / 2
        return Box(self.cx - w, self.cy - h, self.cx + w, self.cy + h)

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def centre(self) -> tuple[float, float]:
        return self.cx, self.cy

    def moved(self, dx: float, dy: float) -> OrientedBox:
        return replace(self, cx=self.cx + dx, cy=self.cy + dy)

    def moved_inside(self, dx: float, dy: float, *, width: float, height: float) -> OrientedBox:
        """Return the box moved by at most (dx, dy), stopping where its bounds meet the image's edge."""
        return self.moved(*self.bounds.shift_inside(dx, dy, width=width, height=height))

    def turned(self, radians: float) -> OrientedBox:
        """Return the box turned around its centre, clockwise on the screen."""
        return replace(self, angle=self.angle + radians).normalised()

    def with_sides(self, left: float, top: float, right: float, bottom: float) -> OrientedBox:
        """Return the box between these positions of its sides: pixels from the centre along its own axes; sides that
        cross change places. The angle stays."""
        left, right = min(left, right), max(left, right)
        top, bottom = min(top, bottom), max(top, bottom)
        cx, cy = self.at((left + right) / 2, (top + bottom) / 2)
        return OrientedBox(cx, cy, right - left, bottom - top, self.angle)

    def clipped(self, width: float, height: float) -> OrientedBox:
        """Return the smallest box of the same angle around the part inside the image; may have no area.

        Its corners can still lie beyond the edge: a turned rectangle cannot follow the image's border.
        """
        bounds = self.bounds
        if bounds.x1 >= 0 and bounds.y1 >= 0 and bounds.x2 <= width and bounds.y2 <= height:
            return self
        from shapely import Polygon, box, intersection

        if self.area <= 0.0:
            return replace(self, width=0.0)
        part = intersection(Polygon(self.corners), box(0.0, 0.0, width, height))
        if not isinstance(part, Polygon) or part.is_empty:
            return replace(self, width=0.0)
        local = np.array([self.local(x, y) for x, y in part.exterior.coords])
        return self.with_sides(*local.min(axis=0).tolist(), *local.max(axis=0).tolist())

    def contains(self, x: float, y: float) -> bool:
        u, v = self.local(x, y)
        return abs(u) <= self.width / 2 and abs(v) <= self.height / 2

    def iou(self, other: OrientedBox) -> float:
        """Return intersection over union in 0..1; two without area have 1.0 when they are equal, else 0.0."""
        if self == other:
            return 1.0
        if self.bounds.iou(other.bounds) <= 0.0 or self.area <= 0.0 or other.area <= 0.0:
            return 0.0
        from shapely import Polygon, intersection

        inter = float(intersection(Polygon(self.corners), Polygon(other.corners)).area)
        return min(inter / (self.area + other.area - inter), 1.0)

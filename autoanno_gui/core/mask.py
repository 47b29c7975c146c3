"""Regions of any form: parts with holes, kept as rings of float pixels of the upright image.

The rule for what is inside is even-odd over all rings, in drawing, in hit testing, and when a mask becomes a raster
(`imaging.masks`). Pixel (column, row) covers column..column + 1 by row..row + 1; its middle decides. A point exactly on
a side is inside when what is to the right of the side is, or below a level one: of two regions that share the side just
one has the point.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.box import Box

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

Ring: TypeAlias = NDArray[np.float64]
"""(N, 2) float pixels, N >= 3, not closed: the last point differs from the first."""


@dataclass(frozen=True, eq=False)
class Part:
    """One piece of a mask: what its outer ring holds, less its holes."""

    outer: Ring
    holes: tuple[Ring, ...] = ()

    @property
    def rings(self) -> tuple[Ring, ...]:
        return self.outer, *self.holes

    def mapped(self, change: Callable[[Ring], Ring]) -> Part:
        return Part(change(self.outer), tuple(change(hole) for hole in self.holes))


@dataclass(frozen=True, eq=False)
class Mask:
    """One object's region. The arrays are never changed in place."""

    parts: tuple[Part, ...]

    @classmethod
    def of_points(cls, points: Iterable[tuple[float, float]]) -> Mask:
        """Return the polygon through these points."""
        return cls((Part(np.array(list(points), np.float64).reshape(-1, 2)),))

    @classmethod
    def of_box(cls, box: Box) -> Mask:
        return cls.of_points([(box.x1, box.y1), (box.x2, box.y1), (box.x2, box.y2), (box.x1, box.y2)])

    @property
    def rings(self) -> Iterator[Ring]:
        """All rings, each part's outer one before its holes."""
        for part in self.parts:
            yield from part.rings

    def with_ring(self, index: int, ring: Ring) -> Mask:
        """Return the mask with ring `index` (counted as in `rings`) replaced; one with fewer than three points goes,
        with its holes when it is an outer one."""
        parts = []
        at = 0
        for part in self.parts:
            rings: list[Ring] = list(part.rings)
            if at <= index < at + len(rings):
                rings[index - at] = ring
            at += len(part.rings)
            if len(rings[0]) >= 3:
                parts.append(Part(rings[0], tuple(hole for hole in rings[1:] if len(hole) >= 3)))
        return Mask(tuple(parts))

    @property
    def point_count(self) -> int:
        return sum(len(ring) for ring in self.rings)

    @property
    def hole_count(self) -> int:
        return sum(len(part.holes) for part in self.parts)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Mask) or len(self.parts) != len(other.parts):
            return False
        mine, theirs = list(self.rings), list(other.rings)
        same_form = [len(part.holes) for part in self.parts] == [len(part.holes) for part in other.parts]
        return same_form and all(np.array_equal(a, b) for a, b in zip(mine, theirs, strict=True))

    def __hash__(self) -> int:
        return hash((len(self.parts), self.bounds))

    @cached_property
    def bounds(self) -> Box:
        """The smallest upright box around all rings; a point at the origin when there are none."""
        rings = [ring for ring in self.rings if len(ring)]
        return Box.around(np.concatenate(rings)) if rings else Box(0.0, 0.0, 0.0, 0.0)

    @cached_property
    def sides(self) -> NDArray[np.float64]:
        """(S, 4) pixels: x, y of the upper end and x, y of the lower end of each side that is not level.

        Which way round a ring goes makes no difference, so that two regions compute the same of a side they share.
        """
        rings = [ring for ring in self.rings if len(ring)]
        if not rings:
            return np.zeros((0, 4))
        here = np.concatenate(rings)
        there = np.concatenate([np.concatenate([ring[1:], ring[:1]]) for ring in rings])
        falls = (here[:, 1] < there[:, 1])[:, None]
        upper, lower = np.where(falls, here, there), np.where(falls, there, here)
        return np.hstack([upper, lower])[upper[:, 1] < lower[:, 1]]

    @cached_property
    def area(self) -> float:
        """Square pixels: of the outer rings less the holes; that of the region unless rings cross."""
        return max(sum(_area(part.outer) - sum(map(_area, part.holes)) for part in self.parts), 0.0)

    @property
    def centre(self) -> tuple[float, float]:
        """Of the bounds."""
        return self.bounds.centre

    def moved(self, dx: float, dy: float) -> Mask:
        shift = np.array([dx, dy])
        return Mask(tuple(part.mapped(lambda ring: ring + shift) for part in self.parts))

    def moved_inside(self, dx: float, dy: float, *, width: float, height: float) -> Mask:
        """Return the mask moved by at most (dx, dy), stopping where its bounds meet the image's edge."""
        return self.moved(*self.bounds.shift_inside(dx, dy, width=width, height=height))

    def clipped(self, width: float, height: float) -> Mask:
        """Return the part inside an image of `width` x `height` pixels; may have no parts."""
        bounds = self.bounds
        if bounds.x1 >= 0 and bounds.y1 >= 0 and bounds.x2 <= width and bounds.y2 <= height:
            return self
        from shapely import box, intersection

        return mask_of_region(intersection(self.region(), box(0.0, 0.0, width, height)))

    def contains(self, x: float, y: float) -> bool:
        """Whether a point is inside by the even-odd rule."""
        if not self.bounds.contains(x, y):
            return False
        x1, y1, x2, y2 = self.sides[(self.sides[:, 1] <= y) & (y < self.sides[:, 3])].T
        return int(np.count_nonzero(x1 + (y - y1) * (x2 - x1) / (y2 - y1) <= x)) % 2 == 1

    @cached_property
    def is_simple(self) -> bool:
        """Whether no ring crosses itself or another one, and each has an area."""
        from shapely import is_valid

        return all(len(ring) >= 3 for ring in self.rings) and bool(is_valid(self._as_given()))

    def _as_given(self) -> BaseGeometry:
        from shapely import MultiPolygon

        return MultiPolygon([(part.outer, list(part.holes)) for part in self.parts])

    @cached_property
    def _region(self) -> BaseGeometry:
        if self.is_simple:
            return self._as_given()
        from shapely import LineString, MultiPolygon, get_parts, point_on_surface, polygonize, union_all

        lines = union_all([LineString(np.concatenate([ring, ring[:1]])) for ring in self.rings if len(ring)])
        faces = get_parts(polygonize(get_parts([lines])))
        middles = point_on_surface(faces)
        inside = [self.contains(middle.x, middle.y) for middle in middles]
        region: BaseGeometry = union_all(faces[inside]) if any(inside) else MultiPolygon()
        return region

    def region(self) -> BaseGeometry:
        """Return the area that is inside by the even-odd rule, as a valid shapely geometry; empty without area."""
        return self._region

    def repaired(self) -> Mask:
        """Return a mask of the same region whose rings do not cross."""
        return self if self.is_simple else mask_of_region(self.region())

    def simplified(self, tolerance: float) -> Mask:
        """Return a mask with fewer points, from which this one's lie at most `tolerance` pixels away; itself when that
        leaves no region."""
        if tolerance <= 0.0:
            return self
        from shapely import simplify

        found = mask_of_region(simplify(self.region(), tolerance, preserve_topology=True))
        return found if found.parts and found.is_simple else self

    def iou(self, other: Mask) -> float:
        """Return intersection over union in 0..1; two without area have 1.0 when they are equal, else 0.0."""
        if self == other:
            return 1.0
        if self.bounds.iou(other.bounds) <= 0.0:
            return 0.0
        return region_iou(self.region(), other.region())


def mask_of_region(region: BaseGeometry) -> Mask:
    """Return the polygons of a shapely geometry; lines and points in it are dropped."""
    from shapely import Polygon, get_parts

    parts = []
    stack = [region]
    while stack:
        piece = stack.pop(0)
        if isinstance(piece, Polygon):
            if piece.area > 0.0:
                rings = [np.asarray(ring.coords, np.float64)[:-1, :2] for ring in (piece.exterior, *piece.interiors)]
                parts.append(Part(rings[0], tuple(rings[1:])))
        elif piece.geom_type in ("MultiPolygon", "GeometryCollection"):
            stack = [*get_parts(piece), *stack]
    return Mask(tuple(parts))


def region_iou(a: BaseGeometry, b: BaseGeometry) -> float:
    """Return intersection over union of two valid shapely geometries; 0.0 when both have no area."""
    from shapely import intersection

    inter = float(intersection(a, b).area)
    union = float(a.area) + float(b.area) - inter
    return min(inter / union, 1.0) if union > 0.0 else 0.0


def _area(ring: Ring) -> float:
    if len(ring) < 3:
        return 0.0
    x, y = (ring - ring[0]).T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2

"""Masks as rasters: one rule for filling, outlines that give the same raster back, and a canvas to paint on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.mask import Mask, Part, Ring
from autoanno_gui.imaging.rings import Corners, TracedPart, side_middles, simplify, trace

DEFAULT_TOLERANCE: Final = 1.0
"""Pixels by which a simplified outline may lie off the raster's."""

_SLACK: Final = 0.75
"""Share of the tolerance that choosing the points may use; fitting the lines between them takes the rest."""

_COARSENESS: Final = 1 / 16
"""Slack as a share of area by perimeter that keeps 99 % of the pixels of a shape with smooth borders."""

_LEAST_SLACK: Final = 0.5
"""Pixels: below it each step of a slanted edge would keep its points."""

_SMALL_RING: Final = 1 / 160
"""Slack as a share of the perimeter of a ring that is so small that `_LEAST_SLACK` would change its form."""


@dataclass(frozen=True, eq=False)
class MaskRaster:
    """The pixels of one object, cut out around it.

    Attributes:
        left: column of `bits[0, 0]` in the upright image.
        top: row of `bits[0, 0]` in the upright image.
        bits: (height, width) bool.
    """

    left: int
    top: int
    bits: NDArray[np.bool_]

    @property
    def area(self) -> int:
        """Number of pixels."""
        return int(np.count_nonzero(self.bits))


class PixelRect(NamedTuple):
    """Whole pixels of the upright image: columns x..x + width, rows y..y + height, the ends left out."""

    x: int
    y: int
    width: int
    height: int


def rasterise(mask: Mask, *, width: int, height: int) -> MaskRaster:
    """Return the pixels of an image of `width` x `height` whose middle is inside the mask by the even-odd rule; cut to
    the mask's bounds.

    A middle exactly on a side counts as `core.mask` says, so that regions which share a side share no pixel and leave
    none out. Without any pixel the raster is of 0 x 0 at the image's corner.
    """
    bounds = mask.bounds
    left, right = _middles_between(bounds.x1, bounds.x2, width)
    top, bottom = _middles_between(bounds.y1, bounds.y2, height)
    columns, rows = right - left, bottom - top
    # The number of sides that cross a row of middles to the left of a pixel is odd inside the mask.
    x1, y1, x2, y2 = mask.sides.T
    first, last = (np.ceil(np.clip(y, top, bottom) - 0.5).astype(np.int64) for y in (y1, y2))
    count = last - first
    side = np.repeat(np.arange(len(count)), count)
    row = np.arange(len(side)) - np.repeat(np.cumsum(count) - last, count)
    crossing = x1[side] + (row + 0.5 - y1[side]) * (x2 - x1)[side] / (y2 - y1)[side]
    column = np.ceil(np.clip(crossing, left, right) - 0.5).astype(np.int64)
    changes = np.sort((row - top) * columns + column - left)
    runs = np.diff(changes, prepend=0, append=columns * rows)
    inside = np.arange(len(runs)) % 2 == 1
    bits = np.repeat(inside, runs).reshape(rows, columns)
    return MaskRaster(left, top, bits) if bits.any() else MaskRaster(0, 0, np.zeros((0, 0), np.bool_))


def _middles_between(low: float, high: float, limit: int) -> tuple[int, int]:
    """Return the range of pixels below `limit` whose middle is at `low` or beyond, and before `high`."""
    start, end = (math.ceil(min(max(at, 0.0), limit) - 0.5) for at in (low, high))
    return start, end


def outline(raster: MaskRaster, *, tolerance: float = DEFAULT_TOLERANCE, min_area: float = 0.0) -> Mask:
    """Return the parts and holes of a raster. Rings cross nowhere; a raster without pixels gives a mask without parts.

    Args:
        tolerance: pixels by which the rings may be simplified, half a pixel for the steps of the borders not counted;
            at 0 they follow the pixels' borders and `rasterise` gives exactly the same raster back. Small and thin
            objects are simplified less, to keep their form.
        min_area: pixels; smaller parts and holes are dropped, but never the largest part. An island in a hole that is
            dropped is dropped with it.
    """
    parts = trace(raster.bits)
    if min_area > 0.0:
        parts = _without_small(parts, min_area)
    mask = _simplified(parts, tolerance) if parts and tolerance > 0.0 else _exact(parts)
    return mask.moved(raster.left, raster.top)


def _without_small(parts: list[TracedPart], min_area: float) -> list[TracedPart]:
    filled = [TracedPart(p.outer, tuple(hole for hole in p.holes if _ring_area(hole) >= min_area)) for p in parts]
    areas = [_area(part) for part in filled]
    largest = max(areas, default=0.0)
    return [part for part, area in zip(filled, areas, strict=True) if area >= min(min_area, largest)]


def _area(part: TracedPart) -> float:
    return _ring_area(part.outer) - sum(map(_ring_area, part.holes))


def _ring_area(ring: Corners) -> float:
    x, y = ring.T
    return abs(float(x[:-1] @ np.diff(y) + x[-1] * (y[0] - y[-1])))


def _exact(parts: list[TracedPart]) -> Mask:
    return Mask(tuple(Part(p.outer.astype(float), tuple(hole.astype(float) for hole in p.holes)) for p in parts))


def _simplified(parts: list[TracedPart], tolerance: float) -> Mask:
    """Return the parts with fewer points; a ring that would then cross one is simplified less, at last not at all."""
    traced = [ring for part in parts for ring in (part.outer, *part.holes)]
    borders = side_middles(traced)
    lengths = [len(border) for border in borders]
    fair = max(_LEAST_SLACK, _COARSENESS * sum(map(_area, parts)) / sum(lengths))
    slack = [min(_SLACK * tolerance, fair, max(_SMALL_RING * length, _LEAST_SLACK / 2)) for length in lengths]
    rings = simplify(traced, borders, slack)
    while not (mask := _of_rings(parts, rings)).is_simple and any(slack):
        clashing = [i for i in _clashing(rings) if slack[i] > 0.0]
        for i in clashing or range(len(rings)):
            slack[i] = slack[i] / 2 if slack[i] > _LEAST_SLACK / 2 else 0.0
        rings = simplify(traced, borders, slack)
    return mask


def _of_rings(parts: list[TracedPart], rings: list[Ring]) -> Mask:
    """Return the mask of which `rings` are the rings, one for each of the traced parts' own."""
    found = []
    at = 0
    for part in parts:
        end = at + 1 + len(part.holes)
        found.append(Part(rings[at], tuple(rings[at + 1 : end])))
        at = end
    return Mask(tuple(found))


def _clashing(rings: list[Ring]) -> list[int]:
    """Return which rings cross themselves, or touch another one."""
    from shapely import LinearRing, STRtree, is_simple

    lines = np.array([LinearRing(ring) for ring in rings])
    a, b = STRtree(lines).query(lines, predicate="intersects")
    return sorted({*np.flatnonzero(~is_simple(lines)).tolist(), *a[a != b].tolist()})


def raster_iou(a: MaskRaster, b: MaskRaster) -> float:
    """Return intersection over union in 0..1; 0.0 when neither has a pixel."""
    left, top = max(a.left, b.left), max(a.top, b.top)
    right = min(a.left + a.bits.shape[1], b.left + b.bits.shape[1])
    bottom = min(a.top + a.bits.shape[0], b.top + b.bits.shape[0])
    both = 0
    if left < right and top < bottom:
        in_a, in_b = (r.bits[top - r.top : bottom - r.top, left - r.left : right - r.left] for r in (a, b))
        both = int(np.count_nonzero(in_a & in_b))
    either = a.area + b.area - both
    return both / either if either else 0.0


def _set_rect(bits: NDArray[np.bool_]) -> PixelRect:
    return PixelRect(*cv2.boundingRect(bits.view(np.uint8))) if bits.size else PixelRect(0, 0, 0, 0)


def _inside(raster: MaskRaster, width: int, height: int) -> PixelRect:
    """Return the part of an image of `width` x `height` that the raster covers."""
    left, top = min(max(raster.left, 0), width), min(max(raster.top, 0), height)
    right = min(max(raster.left + raster.bits.shape[1], left), width)
    bottom = min(max(raster.top + raster.bits.shape[0], top), height)
    return PixelRect(left, top, right - left, bottom - top)


def _cut(raster: MaskRaster, rect: PixelRect) -> NDArray[np.bool_]:
    return _window(raster.bits, PixelRect(rect.x - raster.left, rect.y - raster.top, rect.width, rect.height))


def _window(bits: NDArray[np.bool_], rect: PixelRect) -> NDArray[np.bool_]:
    return bits[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]


class MaskCanvas:
    """A mask that is being painted: all pixels of one image, changed in place."""

    def __init__(self, width: int, height: int) -> None:
        self._bits = np.zeros((height, width), np.bool_)
        self._used = PixelRect(0, 0, 0, 0)

    @classmethod
    def from_mask(cls, mask: Mask, width: int, height: int) -> MaskCanvas:
        """Return a canvas of `width` x `height` pixels that shows a mask."""
        canvas = cls(width, height)
        canvas.apply(rasterise(mask, width=width, height=height))
        return canvas

    @property
    def bits(self) -> NDArray[np.bool_]:
        """(height, width), a view for drawing that cannot be written to."""
        view = self._bits.view()
        view.flags.writeable = False
        return view

    def apply(self, raster: MaskRaster, *, erase: bool = False) -> PixelRect:
        """Add a raster's pixels, or take them away; return what part of the image it covers."""
        height, width = self._bits.shape
        rect = _inside(raster, width, height)
        window, bits = _window(self._bits, rect), _cut(raster, rect)
        if erase:
            window &= ~bits
        else:
            window |= bits
            self._use(rect)
        return rect

    def dab(self, x: float, y: float, radius: float, erase: bool = False) -> PixelRect:
        """Paint the pixels whose middle is at most `radius` from a place; see `stroke`."""
        return self.stroke(x, y, x, y, radius, erase)

    def stroke(self, x1: float, y1: float, x2: float, y2: float, radius: float, erase: bool = False) -> PixelRect:
        """Paint the pixels whose middle is at most `radius` from the line between two places, or wipe them.

        Returns:
            The pixels in which anything may have changed, of no width when the stroke meets no middle in the image.
        """
        height, width = self._bits.shape
        top = math.ceil(min(max(min(y1, y2) - radius, 0.0), height) - 0.5)
        bottom = math.floor(min(max(max(y1, y2) + radius, 0.0), height) - 0.5) + 1
        low, high = _stroke_extent(np.arange(top, bottom) + 0.5, x1, y1, x2, y2, radius)
        first = np.ceil(np.clip(low, 0.0, width) - 0.5).astype(np.int64)
        last = np.floor(np.clip(high, 0.0, width) - 0.5).astype(np.int64) + 1
        rows = np.flatnonzero(first < last)
        if not len(rows):
            return PixelRect(0, 0, 0, 0)
        for row, start, end in zip((rows + top).tolist(), first[rows].tolist(), last[rows].tolist(), strict=True):
            self._bits[row, start:end] = not erase
        left, right = int(first[rows].min()), int(last[rows].max())
        rect = PixelRect(left, int(rows[0]) + top, right - left, int(rows[-1] - rows[0]) + 1)
        if not erase:
            self._use(rect)
        return rect

    def raster(self) -> MaskRaster:
        """Return a copy of what is painted, cut out around it; of 0 x 0 when nothing is."""
        used = _window(self._bits, self._used)
        rect = _set_rect(used)
        return MaskRaster(self._used.x + rect.x, self._used.y + rect.y, _window(used, rect).copy())

    def mask(self, tolerance: float = DEFAULT_TOLERANCE) -> Mask:
        """Return the outline of what is painted, as `outline` does."""
        return outline(self.raster(), tolerance=tolerance)

    def _use(self, rect: PixelRect) -> None:
        """Note where pixels may be set, so that the rest of a large image is never looked at."""
        used = self._used
        if not used.width or not used.height:
            self._used = rect
            return
        x, y = min(used.x, rect.x), min(used.y, rect.y)
        right = max(used.x + used.width, rect.x + rect.width)
        bottom = max(used.y + used.height, rect.y + rect.height)
        self._used = PixelRect(x, y, right - x, bottom - y)


def _stroke_extent(
    y: NDArray[np.floating], x1: float, y1: float, x2: float, y2: float, radius: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the least and the greatest x on each row at most `radius` from the line between two places; inf and -inf
    on a row that is too far away."""
    low, high = np.full(len(y), np.inf), np.full(len(y), -np.inf)

    def include(start: NDArray[np.floating], end: NDArray[np.floating], met: NDArray[np.bool_]) -> None:
        np.minimum(low, start, out=low, where=met)
        np.maximum(high, end, out=high, where=met)

    # It is two discs and the rectangle between them; convex, so that each row has one stretch.
    for cx, cy in ((x1, y1), (x2, y2)):
        rest = radius**2 - (y - cy) ** 2
        half = np.sqrt(np.maximum(rest, 0.0))
        include(cx - half, cx + half, rest >= 0.0)
    dx, dy = x2 - x1, y2 - y1
    length = math.hypot(dx, dy)
    if length > 0.0:
        # Between the ends: 0 <= dx (x - x1) + dy (y - y1) <= length^2; beside the line: |dy (x - x1) - dx (y - y1)| <=
        # radius * length.
        ends = _interval(dx, -dy * (y - y1), length**2 - dy * (y - y1))
        beside = _interval(dy, dx * (y - y1) - radius * length, dx * (y - y1) + radius * length)
        start, end = np.maximum(ends[0], beside[0]), np.minimum(ends[1], beside[1])
        include(x1 + start, x1 + end, start <= end)
    return low, high


def _interval(
    factor: float, least: NDArray[np.floating], most: NDArray[np.floating]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return the ends of the x for which least <= factor * x <= most; inf and -inf where there is none."""
    if abs(factor) < 1e-9:
        free = (least <= 0.0) & (most >= 0.0)
        return np.where(free, -np.inf, np.inf), np.where(free, np.inf, -np.inf)
    a, b = least / factor, most / factor
    return (a, b) if factor > 0.0 else (b, a)

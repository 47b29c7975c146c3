"""A mask as the one closed polygon that a row of a YOLO file can hold.

The rings of all parts and holes are joined by bridges: straight lines that are walked there and back, so that they
enclose nothing. Outer rings run clockwise on the screen and holes against it; even-odd and nonzero filling then give
the same region back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.mask import Mask

DECIMALS: Final = 7
"""The finest steps that a trainer's float32 still tells apart: rows that differ as text differ in training too."""

ONE: Final = 10**DECIMALS
"""Steps along a side of the picture."""

# Ultralytics cuts the decimals of a pixel position off and then fills the pixels under the outline too. A side on the
# border between two pixels would take in the outer one; a hair further inside, it takes in the pixels of the mask and
# no other. The hair outlives what a trainer's float32 does to it.
_INSET: Final = 10

_Number = TypeVar("_Number", np.float64, np.int64)

GridRing: TypeAlias = NDArray[np.int64]
"""(N, 2) steps of 1 / `ONE` of the picture's width and height, not closed."""


def grid_parts(mask: Mask, *, width: int, height: int) -> list[list[GridRing]]:
    """Return the rings of each part of a mask inside a picture of `width` x `height` pixels, the outer one first.

    Rings that have no area at this grain are dropped, holes with their part.
    """
    parts = []
    for part in mask.parts:
        rings = [_on_grid(ring, at > 0, np.array([width, height])) for at, ring in enumerate(part.rings)]
        if len(rings[0]):
            parts.append([ring for ring in rings if len(ring)])
    return parts


def closed_path(rings: Sequence[GridRing], *, width: int, height: int) -> GridRing:
    """Return one path along all rings, each of which is joined to those before it at the nearest vertices.

    It starts at the first point of the first one. No point is moved or left out.
    """
    if len(rings) == 1:
        return rings[0]
    from scipy.spatial import KDTree

    points = np.concatenate(rings)
    ring_of = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    pixels = points * (np.array([width, height]) / ONE)
    distance = np.full(len(points), np.inf)
    nearest = np.zeros(len(points), np.int64)
    path = fresh = np.flatnonzero(ring_of == 0)
    waiting = np.flatnonzero(ring_of != 0)
    while len(waiting):
        _, at = KDTree(pixels[fresh]).query(pixels[waiting])
        candidate = fresh[np.asarray(at)]
        found = np.hypot(*(pixels[candidate] - pixels[waiting]).T)
        closer = found < distance[waiting]
        distance[waiting[closer]] = found[closer]
        nearest[waiting[closer]] = candidate[closer]
        end = waiting[np.argmin(distance[waiting])]
        fresh = np.flatnonzero(ring_of == ring_of[end])
        around = np.roll(fresh, int(fresh[0] - end))
        start = int(np.flatnonzero(path == nearest[end])[0])
        path = np.concatenate([path[: start + 1], around, around[:1], path[start:]])
        waiting = waiting[ring_of[waiting] != ring_of[end]]
    return points[path]


def doubled_area(ring: GridRing) -> int:
    """Return twice the area in square steps, exactly; positive where the ring runs clockwise on the screen."""
    x, y = (ring - ring[0]).T
    return int(x[:-1] @ y[1:] - y[:-1] @ x[1:])


def _on_grid(ring: NDArray[np.float64], hole: bool, size: NDArray[np.int64]) -> GridRing:
    """Return a ring of pixels in steps, turned as its kind runs; empty where nothing is left of it."""
    ring = _without_repeats(ring)
    if len(ring) < 3:
        return np.zeros((0, 2), np.int64)
    x, y = (ring - ring[0]).T
    if (float(x[:-1] @ y[1:] - y[:-1] @ x[1:]) < 0) != hole:
        ring = ring[::-1]
    steps = np.rint(ring / size * ONE)
    border = np.rint(np.rint(ring) / size * ONE)
    # One that was written and read again lies the hair inside already, and goes to the same place once more.
    steps = np.where(np.abs(steps - border) <= _INSET + 1, border + _INSET * _inwards(ring), steps)
    grid = _without_repeats(steps.clip(0, ONE).astype(np.int64))
    return grid if len(grid) >= 3 and doubled_area(grid) * (-1 if hole else 1) > 0 else np.zeros((0, 2), np.int64)


def _inwards(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each point -1, 0 or 1 along x and along y: where the region lies of which the ring is a border."""
    edges = np.diff(ring, axis=0, append=ring[:1])
    normals = np.column_stack([-edges[:, 1], edges[:, 0]]) / np.hypot(*edges.T)[:, None]
    # Rounded so that the hair itself turns no corner the other way.
    inwards: NDArray[np.float64] = np.sign(np.round(normals + _shifted(normals), 2))
    return inwards


def _without_repeats(ring: NDArray[_Number]) -> NDArray[_Number]:
    moved: NDArray[np.bool_] = (ring != _shifted(ring)).any(axis=1)
    return ring[moved]


def _shifted(ring: NDArray[_Number]) -> NDArray[_Number]:
    """Return for each row the one before it, round the end."""
    return np.concatenate([ring[-1:], ring[:-1]])

"""Vertices and edges of a mask that lie near a point. All in float pixels of the upright image."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from autoanno_gui.core.mask import Mask


@dataclass(frozen=True, slots=True)
class Near:
    """A vertex, or the edge that starts at it.

    Attributes:
        ring: as counted by `Mask.rings`.
        index: of the vertex in its ring.
        distance: pixels from the point.
    """

    ring: int
    index: int
    distance: float


def nearest_vertex(mask: Mask, x: float, y: float) -> Near | None:
    """Return the vertex nearest to a point, None of a mask without parts."""
    best: Near | None = None
    for number, ring in enumerate(mask.rings):
        gaps = np.hypot(ring[:, 0] - x, ring[:, 1] - y)
        index = int(gaps.argmin())
        if best is None or gaps[index] < best.distance:
            best = Near(number, index, float(gaps[index]))
    return best


def nearest_edge(mask: Mask, x: float, y: float) -> Near | None:
    """Return the edge nearest to a point, None of a mask without parts."""
    best: Near | None = None
    point = np.array([x, y])
    for number, ring in enumerate(mask.rings):
        along = np.roll(ring, -1, axis=0) - ring
        to_point = point - ring
        lengths = np.einsum("ij,ij->i", along, along)
        share = np.einsum("ij,ij->i", to_point, along) / np.where(lengths > 0.0, lengths, 1.0)
        gaps = np.linalg.norm(to_point - np.clip(share, 0.0, 1.0)[:, None] * along, axis=1)
        index = int(gaps.argmin())
        if best is None or gaps[index] < best.distance:
            best = Near(number, index, float(gaps[index]))
    return best


def foot_on_edge(mask: Mask, ring: int, index: int, x: float, y: float) -> tuple[float, float]:
    """Return the point of an edge that lies nearest to (x, y)."""
    points = list(mask.rings)[ring]
    (ax, ay), (bx, by) = points[index].tolist(), points[(index + 1) % len(points)].tolist()
    length = math.hypot(bx - ax, by - ay)
    if length == 0.0:
        return ax, ay
    share = min(max(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length**2, 0.0), 1.0)
    return ax + share * (bx - ax), ay + share * (by - ay)

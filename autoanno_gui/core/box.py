"""Upright boxes in float pixels of the upright image; no rounding until a writer rounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Boxes: TypeAlias = NDArray[np.float32]
"""(N, 4) array, xyxy, pixels of the upright image."""


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned box: xyxy, float pixels of the upright image, x1 <= x2 and y1 <= y2."""

    x1: float
    y1: float
    x2: float
    y2: float

    @classmethod
    def spanning(cls, ax: float, ay: float, bx: float, by: float) -> Box:
        """Return the box between two opposite corners given in any order."""
        return cls(min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))

    @classmethod
    def around(cls, points: NDArray[np.floating]) -> Box:
        """Return the smallest box around (N, 2) points, N >= 1."""
        low, high = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        return cls(low[0], low[1], high[0], high[1])

    @property
    def bounds(self) -> Box:
        """The box itself: every kind of outline has one."""
        return self

    @property
    def width(self) -> float:
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        return self.y2 - self.y1

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def centre(self) -> tuple[float, float]:
        return (self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2

    def as_tuple(self) -> tuple[float, float, float, float]:
        """Return xyxy in pixels."""
        return self.x1, self.y1, self.x2, self.y2

    def moved(self, dx: float, dy: float) -> Box:
        return Box(self.x1 + dx, self.y1 + dy, self.x2 + dx, self.y2 + dy)

    def clipped(self, width: float, height: float) -> Box:
        """Return the part inside an image of `width` x `height` pixels; may have no area."""
        return Box(
            min(max(self.x1, 0.0), width),
            min(max(self.y1, 0.0), height),
            min(max(self.x2, 0.0), width),
            min(max(self.y2, 0.0), height),
        )

    def moved_inside(self, dx: float, dy: float, *, width: float, height: float) -> Box:
        """Return the box moved by at most (dx, dy), stopping at the image's edge and keeping its size."""
        return self.moved(*self.shift_inside(dx, dy, width=width, height=height))

    def shift_inside(self, dx: float, dy: float, *, width: float, height: float) -> tuple[float, float]:
        """Return how far of (dx, dy) the box can go without leaving the image; it does not move along a side that is
        longer than the image's."""
        dx = min(max(dx, -self.x1), width - self.x2) if self.width <= width else 0.0
        dy = min(max(dy, -self.y1), height - self.y2) if self.height <= height else 0.0
        return dx, dy

    def contains(self, x: float, y: float) -> bool:
        return self.x1 <= x <= self.x2 and self.y1 <= y <= self.y2

    def iou(self, other: Box) -> float:
        """Return intersection over union in 0..1; two boxes without area have 1.0 when they are equal, else 0.0."""
        inter_w = min(self.x2, other.x2) - max(self.x1, other.x1)
        inter_h = min(self.y2, other.y2) - max(self.y1, other.y1)
        inter = max(inter_w, 0.0) * max(inter_h, 0.0)
        union = self.area + other.area - inter
        if union <= 0.0:
            return 1.0 if self == other else 0.0
        return inter / union


def pairwise_iou(a: Boxes, b: Boxes) -> NDArray[np.float32]:
    """Return the (len(a), len(b)) intersection over union of each row of `a` with each of `b` (xyxy pixels)."""
    ax1, ay1, ax2, ay2 = a.T[:, :, None]
    bx1, by1, bx2, by2 = b.T
    wide = np.clip(np.minimum(ax2, bx2) - np.maximum(ax1, bx1), 0, None)
    high = np.clip(np.minimum(ay2, by2) - np.maximum(ay1, by1), 0, None)
    inter = wide * high
    union = (ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - inter
    overlap = np.zeros(inter.shape, np.float32)
    np.divide(inter, union, out=overlap, where=union > 0)
    return overlap


def yolo_to_box(row: tuple[float, float, float, float], *, width: int, height: int) -> Box:
    """Return the pixel xyxy box of a normalised xywh (centre, size) row."""
    cx, cy, w, h = row
    return Box((cx - w / 2) * width, (cy - h / 2) * height, (cx + w / 2) * width, (cy + h / 2) * height)

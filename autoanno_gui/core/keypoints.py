"""Keypoints of one object with the box around it, and the skeleton that says what they are."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final, NamedTuple

from autoanno_gui.core.box import Box

_SIDE: Final = re.compile("left|right")
OKS_SCALE: Final = 0.1
"""How far a point may lie off, as a share of the square root of the box area, before it counts for much less."""


class Visibility(IntEnum):
    """The third number of a keypoint in a YOLO pose row."""

    UNLABELLED = 0
    HIDDEN = 1
    """Its place is known although something is in front of it."""
    VISIBLE = 2


class Keypoint(NamedTuple):
    """One point, in float pixels of the upright image. An unlabelled one may keep a place, which no export takes."""

    x: float
    y: float
    visibility: Visibility


@dataclass(frozen=True, slots=True)
class Keypoints:
    """The points of one object in the order of the project's skeleton, and the box around the object."""

    box: Box
    points: tuple[Keypoint, ...]

    @classmethod
    def unplaced(cls, box: Box, count: int) -> Keypoints:
        """Return an object whose points are still to be placed; they wait in the middle of the box."""
        return cls(box, (Keypoint(*box.centre, Visibility.UNLABELLED),) * count)

    @property
    def labelled(self) -> tuple[int, ...]:
        """Indices of the points that have a place: the hidden and the visible ones."""
        return tuple(i for i, point in enumerate(self.points) if point.visibility)

    @property
    def bounds(self) -> Box:
        return self.box

    @property
    def area(self) -> float:
        """Of the box."""
        return self.box.area

    @property
    def centre(self) -> tuple[float, float]:
        return self.box.centre

    def with_box(self, box: Box) -> Keypoints:
        return replace(self, box=box)

    def with_point(self, index: int, point: Keypoint) -> Keypoints:
        """Return the object with one point changed.

        Raises:
            IndexError: there is no such point.
        """
        points = list(self.points)
        points[index] = point
        return replace(self, points=tuple(points))

    def grown_to_points(self) -> Keypoints:
        """Return the object with a box that reaches around all its labelled points."""
        box = self.box
        for index in self.labelled:
            x, y, _ = self.points[index]
            box = Box(min(box.x1, x), min(box.y1, y), max(box.x2, x), max(box.y2, y))
        return self.with_box(box)

    def moved(self, dx: float, dy: float) -> Keypoints:
        return Keypoints(self.box.moved(dx, dy), tuple(Keypoint(x + dx, y + dy, v) for x, y, v in self.points))

    def moved_inside(self, dx: float, dy: float, *, width: float, height: float) -> Keypoints:
        """Return the object moved by at most (dx, dy), stopping where its box meets the image's edge."""
        return self.moved(*self.box.shift_inside(dx, dy, width=width, height=height))

    def clipped(self, width: float, height: float) -> Keypoints:
        """Return the object with its box inside the image; a point outside of it is no longer labelled."""
        points = tuple(
            point
            if 0.0 <= point.x <= width and 0.0 <= point.y <= height
            else Keypoint(min(max(point.x, 0.0), width), min(max(point.y, 0.0), height), Visibility.UNLABELLED)
            for point in self.points
        )
        return Keypoints(self.box.clipped(width, height), points)

    def contains(self, x: float, y: float) -> bool:
        return self.box.contains(x, y)

    def iou(self, other: Keypoints) -> float:
        """Return the overlap of the boxes times the object keypoint similarity, 0..1.

        A point that only one of the two has labelled counts as 0, and so does one that is hidden in one and visible in
        the other.
        """
        pairs = list(zip(self.points, other.points, strict=False))
        counted = [(a, b) for a, b in pairs if a.visibility or b.visibility]
        extra = abs(len(self.points) - len(other.points))
        overlap = self.box.iou(other.box)
        if not counted and not extra:
            return overlap
        reach = 2 * max((self.area + other.area) / 2, 1.0) * OKS_SCALE**2
        similar = sum(
            math.exp(-((a.x - b.x) ** 2 + (a.y - b.y) ** 2) / reach) for a, b in counted if a.visibility == b.visibility
        )
        return overlap * similar / (len(counted) + extra)


@dataclass(frozen=True, slots=True)
class Skeleton:
    """What the keypoints of a project are.

    Attributes:
        names: of the points, in their order.
        edges: pairs of point indices that a line joins.
        flip: for each point the index of the one that takes its place when the picture is mirrored; itself for a point
            on the middle line.
    """

    names: tuple[str, ...]
    edges: tuple[tuple[int, int], ...] = ()
    flip: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.names)
        if not self.flip:
            object.__setattr__(self, "flip", tuple(range(count)))
        ok = sorted(self.flip) == list(range(count)) and all(self.flip[self.flip[i]] == i for i in range(count))
        if not ok or any(not 0 <= end < count for edge in self.edges for end in edge):
            raise ValueError("a skeleton whose edges or mirror pairs name no point")

    def __len__(self) -> int:
        return len(self.names)


COCO_PERSON: Final = Skeleton(
    names=(
        "nose",
        "left eye",
        "right eye",
        "left ear",
        "right ear",
        "left shoulder",
        "right shoulder",
        "left elbow",
        "right elbow",
        "left wrist",
        "right wrist",
        "left hip",
        "right hip",
        "left knee",
        "right knee",
        "left ankle",
        "right ankle",
    ),
    edges=(
        (15, 13),
        (13, 11),
        (16, 14),
        (14, 12),
        (11, 12),
        (5, 11),
        (6, 12),
        (5, 6),
        (5, 7),
        (6, 8),
        (7, 9),
        (8, 10),
        (1, 2),
        (0, 1),
        (0, 2),
        (1, 3),
        (2, 4),
        (3, 5),
        (4, 6),
    ),
    flip=(0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15),
)
"""The 17 points of COCO, in the order of every pose model that was trained on it."""


def mirror_pairs(names: Sequence[str]) -> tuple[int, ...]:
    """Return the `Skeleton.flip` that follows from names which differ only in left and right; itself for the others."""
    places = {name.casefold(): index for index, name in enumerate(names)}
    swapped = {"left": "right", "right": "left"}

    def partner(name: str) -> int | None:
        return places.get(_SIDE.sub(lambda found: swapped[found.group()], name.casefold()))

    found = [partner(name) for name in names]
    return tuple(other if other is not None and found[other] == i else i for i, other in enumerate(found))


def default_skeleton(count: int, names: Sequence[str] = ()) -> Skeleton:
    """Return the skeleton of a pose model with `count` points.

    Args:
        names: as the model knows them; empty when it does not. They have no lines between them.
    """
    if names and tuple(name.replace("_", " ") for name in names) != COCO_PERSON.names:
        return Skeleton(tuple(names), flip=mirror_pairs(names))
    if count == len(COCO_PERSON):
        return COCO_PERSON
    return Skeleton(tuple(f"point {i + 1}" for i in range(count)))

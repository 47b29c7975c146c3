"""What an object's outline can be, and how one kind becomes another."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from autoanno_gui.core.box import Box
from autoanno_gui.core.keypoints import Keypoints
from autoanno_gui.core.mask import Mask, region_iou
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.task import Task

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

Geometry: TypeAlias = Box | OrientedBox | Mask | Keypoints
"""All have `bounds`, `area`, `centre`, `moved`, `moved_inside`, `clipped`, `contains` and `iou` with their own kind."""


class GeometryKind(StrEnum):
    BOX = "box"
    ORIENTED_BOX = "oriented_box"
    MASK = "mask"
    KEYPOINTS = "keypoints"


def kind_of(geometry: Geometry) -> GeometryKind:
    match geometry:
        case Box():
            return GeometryKind.BOX
        case OrientedBox():
            return GeometryKind.ORIENTED_BOX
        case Mask():
            return GeometryKind.MASK
        case Keypoints():
            return GeometryKind.KEYPOINTS


def overlap(a: Geometry, b: Geometry) -> float:
    """Return the intersection over union of two outlines of any kinds, 0..1 (for two `Keypoints` see there)."""
    match a, b:
        case (Box(), Box()) | (OrientedBox(), OrientedBox()) | (Mask(), Mask()) | (Keypoints(), Keypoints()):
            return a.iou(b)  # type: ignore[arg-type]
        case _:
            return region_iou(_region(a), _region(b)) if a.bounds.iou(b.bounds) > 0.0 else 0.0


def _region(geometry: Geometry) -> BaseGeometry:
    match geometry:
        case Mask():
            return geometry.region()
        case OrientedBox():
            return Mask.of_points(map(tuple, geometry.corners.tolist())).region()
        case _:
            return Mask.of_box(geometry.bounds).region()


def outline_points(geometry: Geometry) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return (N, 2) pixels that span the outline: all points of a mask, the corners of anything else."""
    match geometry:
        case Mask():
            return np.concatenate(list(geometry.rings)) if geometry.parts else np.zeros((0, 2))
        case OrientedBox():
            return geometry.corners
        case _:
            b = geometry.bounds
            return np.array([(b.x1, b.y1), (b.x2, b.y1), (b.x2, b.y2), (b.x1, b.y2)])


def as_task(geometry: Geometry, task: Task, *, keypoints: int = 0) -> Geometry:
    """Return the outline as a project of `task` keeps it: a richer one gives up what that kind cannot hold.

    A box stays a box in a segment project until a segmenter or the reviewer makes a mask of it.

    Args:
        keypoints: how many points the skeleton of a pose project has.
    """
    match task, geometry:
        case (Task.DETECT, _):
            return geometry.bounds
        case (Task.OBB, Mask()) if geometry.point_count:
            return OrientedBox.of_corners(outline_points(geometry))
        case (Task.OBB, Box() | Keypoints() | Mask()):
            return OrientedBox.of_box(geometry.bounds)
        case (Task.SEGMENT, OrientedBox()):
            return Mask.of_points(map(tuple, geometry.corners.tolist()))
        case (Task.SEGMENT, Keypoints()):
            return geometry.box
        case (Task.POSE, Keypoints()) if len(geometry.points) == keypoints:
            return geometry
        case (Task.POSE, _):
            return Keypoints.unplaced(geometry.bounds, keypoints)
        case _:
            return geometry

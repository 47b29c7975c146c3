"""Rows of YOLO label files: written from outlines in pixels, and read back as shares of the picture."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry, outline_points
from autoanno_gui.core.keypoints import Keypoints
from autoanno_gui.core.mask import Mask, Part
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.datasets.closed_path import DECIMALS, ONE, closed_path, doubled_area, grid_parts
from autoanno_gui.datasets.layout import ObjectFault, RowRemark

# Edges lie on every second step. Then centre and size are whole steps, and centre plus half a size gives the edge back
# exactly: no reader that goes back to corners finds 1.00000005.
_EDGES: Final = ONE // 2

_ROW: Final = re.compile(r"[0-9]+( [0-9]+(\.[0-9]+)?)+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """What a row says behind its class number.

    Attributes:
        values: with spaces between, `DECIMALS` decimals, all in 0..1 but for the visibility of keypoints.
        remarks: in what it differs from the outline it was made from.
    """

    values: str
    remarks: tuple[RowRemark, ...] = ()


def detect_row(geometry: Geometry, *, width: int, height: int) -> Row | ObjectFault:
    """Return `cx cy w h` of the upright box around an outline in an upright picture of `width` x `height` pixels, or
    why there is none.

    All values and all four edges that follow from them lie in 0..1, and neither size is 0.
    """
    values = _box_values(geometry.bounds, width=width, height=height)
    if isinstance(values, ObjectFault):
        return values
    return Row(values, () if isinstance(geometry, Box) else (RowRemark.BOX,))


def segment_row(geometry: Geometry, *, width: int, height: int) -> Row | ObjectFault:
    """Return `x1 y1 ... xn yn` along a mask, with its parts and holes on one path, or why there is none."""
    remarks = []
    if isinstance(geometry, Mask):
        mask = geometry
    else:
        if not geometry.area > 0:
            return ObjectFault.NO_AREA
        mask = Mask((Part(outline_points(geometry)),))
        remarks.append(RowRemark.CORNERS)
    inside = _region_inside(mask, width=width, height=height)
    if isinstance(inside, ObjectFault):
        return inside
    if not mask.is_simple:
        remarks.append(RowRemark.REPAIRED)
    parts = grid_parts(inside, width=width, height=height)
    if not parts:
        return ObjectFault.NO_AREA
    if len(parts) > 1:
        remarks.append(RowRemark.JOINED)
    if any(len(rings) > 1 for rings in parts):
        remarks.append(RowRemark.KEYHOLE)
    path = closed_path([ring for rings in parts for ring in rings], width=width, height=height)
    return Row(_decimals(path.ravel().tolist()), tuple(remarks))


def obb_row(geometry: Geometry, *, width: int, height: int) -> Row | ObjectFault:
    """Return `x1 y1 x2 y2 x3 y3 x4 y4`, clockwise from the box's own first corner, or why there is none."""
    remarks = []
    match geometry:
        case OrientedBox():
            box = geometry
        case Mask():
            inside = _region_inside(geometry, width=width, height=height)
            if isinstance(inside, ObjectFault):
                return inside
            box = OrientedBox.of_corners(outline_points(inside))
            remarks.append(RowRemark.RECTANGLE)
        case Keypoints():
            box = OrientedBox.of_box(geometry.bounds)
            remarks.append(RowRemark.BOX)
        case Box():
            box = OrientedBox.of_box(geometry)
    if not np.isfinite(box.corners).all() or not (box.width > 0 and box.height > 0):
        return ObjectFault.NO_AREA
    visible = box.clipped(width, height)
    if visible.area <= 0:
        return ObjectFault.OUTSIDE
    corners = np.rint(visible.corners / (width, height) * ONE).astype(np.int64)
    written = corners.clip(0, ONE)
    if not doubled_area(written):
        return ObjectFault.NO_AREA
    if not np.array_equal(written, corners):
        remarks.append(RowRemark.MOVED_CORNERS)
    return Row(_decimals(written.ravel().tolist()), tuple(remarks))


def pose_row(geometry: Geometry, *, keypoints: int, width: int, height: int) -> Row | ObjectFault:
    """Return `cx cy w h` and `x y v` for each of as many points as the skeleton has, or why there is none.

    A point that is not labelled is `0 0 0`, and so is one outside the picture.
    """
    if not isinstance(geometry, Keypoints):
        geometry = Keypoints.unplaced(geometry.bounds, keypoints)
    if len(geometry.points) != keypoints:
        return ObjectFault.WRONG_KEYPOINTS
    values = [_box_values(geometry.bounds, width=width, height=height)]
    if isinstance(values[0], ObjectFault):
        return values[0]
    visible = geometry.clipped(width, height)
    for x, y, visibility in visible.points:
        if visibility:
            values.append(f"{_decimals((round(x / width * ONE), round(y / height * ONE)))} {visibility:d}")
        else:
            values.append("0 0 0")
    remarks = []
    if visible.labelled != geometry.labelled:
        remarks.append(RowRemark.KEYPOINTS_OUTSIDE)
    if not visible.labelled:
        remarks.append(RowRemark.NO_KEYPOINTS)
    return Row(" ".join(values), tuple(remarks))


def parse_detect_row(line: str, *, classes: int) -> tuple[int, NDArray[np.float64]]:
    """Return class number and (4,) normalised xywh (centre, size) of a row as `detect_row` has it behind the class.

    Raises:
        ValueError: anything else, in words. So do the others.
    """
    number, values = _numbers(line, classes, 4)
    return number, _checked_box(values)


def parse_segment_row(line: str, *, classes: int) -> tuple[int, NDArray[np.float64]]:
    """Return class number and the (N, 2) normalised path."""
    number, values = _numbers(line, classes)
    if len(values) < 6 or len(values) % 2:
        raise ValueError(f"{len(values)} values, which make no polygon")
    return number, _checked_path(values)


def parse_obb_row(line: str, *, classes: int) -> tuple[int, NDArray[np.float64]]:
    """Return class number and (4, 2) normalised corners."""
    number, values = _numbers(line, classes, 8)
    return number, _checked_path(values)


def parse_pose_row(line: str, *, classes: int, keypoints: int) -> tuple[int, NDArray[np.float64], NDArray[np.float64]]:
    """Return class number, (4,) normalised xywh (centre, size), and (K, 3) normalised x, y, and visibility 0, 1, 2."""
    number, values = _numbers(line, classes, 4 + 3 * keypoints)
    points = values[4:].reshape(-1, 3)
    if not np.isin(points[:, 2], (0, 1, 2)).all():
        raise ValueError("a visibility is not 0, 1 or 2")
    if points[:, :2].max(initial=0) > 1:
        raise ValueError("a keypoint lies outside the picture")
    if points[points[:, 2] == 0].any():
        raise ValueError("a keypoint that is not labelled has a place")
    return number, _checked_box(values[:4]), points


def _region_inside(mask: Mask, *, width: int, height: int) -> Mask | ObjectFault:
    """Return the part of a mask inside the picture, with rings that do not cross."""
    if not all(len(ring) >= 3 and np.isfinite(ring).all() for ring in mask.rings):
        return ObjectFault.NO_AREA
    whole = mask.repaired()
    if not whole.parts:
        return ObjectFault.NO_AREA
    inside = whole.clipped(width, height)
    return inside if inside.parts else ObjectFault.OUTSIDE


def _box_values(box: Box, *, width: int, height: int) -> str | ObjectFault:
    if not all(map(math.isfinite, box.as_tuple())) or box.width <= 0 or box.height <= 0:
        return ObjectFault.NO_AREA
    inside = box.clipped(width, height)
    if inside.width <= 0 or inside.height <= 0:
        return ObjectFault.OUTSIDE
    cx, w = _centre_and_size(inside.x1 / width, inside.x2 / width)
    cy, h = _centre_and_size(inside.y1 / height, inside.y2 / height)
    return _decimals((cx, cy, w, h))


def _centre_and_size(low: float, high: float) -> tuple[int, int]:
    """Return both in steps, for edges in 0..1 with low < high."""
    first, last = round(low * _EDGES), round(high * _EDGES)
    if first == last:
        first, last = (first, last + 1) if last < _EDGES else (first - 1, last)
    return first + last, 2 * (last - first)


def _decimals(steps: Iterable[int]) -> str:
    """Write steps as shares, with a point whatever the locale."""
    shares = tuple(step / ONE for step in steps)
    return " ".join([f"%.{DECIMALS}f"] * len(shares)) % shares


def _numbers(line: str, classes: int, count: int | None = None) -> tuple[int, NDArray[np.float64]]:
    """Return the class number and all values behind it."""
    parts = line.split(" ")
    if count is not None and len(parts) != count + 1:
        raise ValueError(f"{len(parts)} values instead of {count + 1}")
    if not _ROW.fullmatch(line):
        raise ValueError("a value is not a plain number")
    if (number := int(parts[0])) >= classes:
        raise ValueError(f"class {number} of only {classes}")
    return number, np.array([float(part) for part in parts[1:]])


def _checked_box(values: NDArray[np.float64]) -> NDArray[np.float64]:
    centre, size = values[:2], values[2:]
    if not (size > 0).all():
        raise ValueError("the box has no area")
    if (centre - size / 2 < 0).any() or (centre + size / 2 > 1).any():
        raise ValueError("the box reaches past the picture")
    return values


def _checked_path(values: NDArray[np.float64]) -> NDArray[np.float64]:
    if values.max() > 1:
        raise ValueError("the outline reaches past the picture")
    path = values.reshape(-1, 2)
    if not doubled_area(np.rint(path * ONE).astype(np.int64)):
        raise ValueError("the outline has no area")
    return path

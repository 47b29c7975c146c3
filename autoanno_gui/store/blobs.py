"""Predictions and outlines as blobs: little-endian numbers, laid out as docs/schema.md says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry, GeometryKind, kind_of
from autoanno_gui.core.keypoints import Keypoint, Keypoints, Visibility
from autoanno_gui.core.mask import Mask, Part
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.outlines import KeypointSets, Masks, OrientedBoxes, Outlines
from autoanno_gui.core.predictions import FramePredictions
from autoanno_gui.store.rows import Row

ARRAY_COLUMNS: Final = ("boxes", "confidences", "classes", "top_classes", "top_scores")
OUTLINE_COLUMNS: Final = ("outline_kind", "outlines")
PREDICTION_COLUMNS: Final = (*ARRAY_COLUMNS, *OUTLINE_COLUMNS)

_INT: Final = np.dtype("<i4")
_SINGLE: Final = np.dtype("<f4")
_DOUBLE: Final = np.dtype("<f8")


def pack_predictions(found: FramePredictions) -> Row:
    """Return the values of `PREDICTION_COLUMNS`."""
    return (
        found.boxes.astype(_SINGLE, copy=False).tobytes(),
        found.confidences.astype(_SINGLE, copy=False).tobytes(),
        found.classes.astype(_INT, copy=False).tobytes(),
        found.top_classes.astype(_INT, copy=False).tobytes(),
        found.top_scores.astype(_SINGLE, copy=False).tobytes(),
        *_pack_outlines(found.outlines),
    )


def unpack_predictions(row: Row) -> FramePredictions:
    """Return the (read-only) arrays of a row of `PREDICTION_COLUMNS`, or of `ARRAY_COLUMNS` alone.

    Raises:
        ValueError: outlines of an unknown kind, or blobs that do not fit together.
    """
    boxes, confidences, classes, top_classes, top_scores, *outlines = row
    sure = _singles(confidences)
    return FramePredictions(
        _singles(boxes).reshape(-1, 4),
        sure,
        _ints(classes),
        _ints(top_classes).reshape(-1, 3),
        _singles(top_scores).reshape(-1, 3),
        _unpack_outlines(*outlines, count=len(sure)) if outlines else None,
    )


def _pack_outlines(outlines: Outlines | None) -> tuple[str, bytes | None]:
    match outlines:
        case None:
            return "", None
        case OrientedBoxes(values):
            return GeometryKind.ORIENTED_BOX.value, values.astype(_SINGLE, copy=False).tobytes()
        case KeypointSets(values):
            head = np.array(values.shape[1], _INT)
            return GeometryKind.KEYPOINTS.value, head.tobytes() + values.astype(_SINGLE, copy=False).tobytes()
        case Masks(_, points, rings):
            head = np.concatenate([[len(rings)], rings.ravel()]).astype(_INT)
            return GeometryKind.MASK.value, head.tobytes() + points.astype(_SINGLE, copy=False).tobytes()


def _unpack_outlines(kind: str, blob: bytes, *, count: int) -> Outlines | None:
    match kind:
        case "":
            return None
        case GeometryKind.ORIENTED_BOX:
            return OrientedBoxes(_singles(blob).reshape(count, 5))
        case GeometryKind.KEYPOINTS:
            per_set = int(_ints(blob, count=1)[0])
            return KeypointSets(_singles(blob, start=_INT.itemsize).reshape(count, per_set, 3))
        case GeometryKind.MASK:
            rings = _ints(blob, start=_INT.itemsize, count=3 * int(_ints(blob, count=1)[0])).reshape(-1, 3)
            points = _singles(blob, start=_INT.itemsize + rings.nbytes).reshape(-1, 2)
            return Masks(count, points, rings)
        case _:
            raise ValueError(f"unknown kind of outlines: {kind}")


def _ints(blob: bytes, *, start: int = 0, count: int = -1) -> NDArray[np.int32]:
    """Return `count` numbers (-1: all) from byte `start` on, read-only."""
    return np.frombuffer(blob, _INT, count, start).astype(np.int32, copy=False)


def _singles(blob: bytes, *, start: int = 0) -> NDArray[np.float32]:
    return np.frombuffer(blob, _SINGLE, -1, start).astype(np.float32, copy=False)


def pack_numbers(numbers: Sequence[int]) -> bytes:
    return np.asarray(numbers, _INT).tobytes()


def unpack_numbers(blob: bytes) -> tuple[int, ...]:
    return tuple(np.frombuffer(blob, _INT).tolist())


def pack_geometry(geometry: Geometry) -> tuple[str, bytes]:
    """Return (kind, blob) of an outline; `unpack_geometry` gives it back exactly."""
    match geometry:
        case Box():
            blob = _doubles(geometry.as_tuple())
        case OrientedBox(cx, cy, width, height, angle):
            blob = _doubles((cx, cy, width, height, angle))
        case Keypoints(box, points):
            blob = _doubles((*box.as_tuple(), *(number for point in points for number in point)))
        case Mask():
            blob = _pack_mask(geometry)
    return kind_of(geometry).value, blob


def unpack_geometry(kind: str, blob: bytes) -> Geometry:
    """Return the outline of a (kind, blob).

    Raises:
        ValueError: an unknown kind.
    """
    match kind:
        case GeometryKind.BOX:
            return Box(*np.frombuffer(blob, _DOUBLE).tolist())
        case GeometryKind.ORIENTED_BOX:
            return OrientedBox(*np.frombuffer(blob, _DOUBLE).tolist())
        case GeometryKind.KEYPOINTS:
            box, points = np.split(np.frombuffer(blob, _DOUBLE), [4])
            triples = points.reshape(-1, 3).tolist()
            return Keypoints(Box(*box.tolist()), tuple(Keypoint(x, y, Visibility(int(v))) for x, y, v in triples))
        case GeometryKind.MASK:
            return _unpack_mask(blob)
        case _:
            raise ValueError(f"unknown kind of geometry: {kind}")


def _doubles(numbers: Sequence[float]) -> bytes:
    return np.array(numbers, _DOUBLE).tobytes()


def _pack_mask(mask: Mask) -> bytes:
    head, points = [0], [b""]
    for part in mask.parts:
        for hole, ring in enumerate(part.rings):
            head += [len(ring), int(hole > 0)]
            points.append(ring.astype(_DOUBLE, copy=False).tobytes())
    head[0] = len(points) - 1
    return np.array(head, _INT).tobytes() + b"".join(points)


def _unpack_mask(blob: bytes) -> Mask:
    rings = _ints(blob, start=_INT.itemsize, count=2 * int(_ints(blob, count=1)[0])).reshape(-1, 2)
    # Cut off first: so many bytes into the blob, numbers of this size would lie where they are slow to read.
    points = np.frombuffer(blob[_INT.itemsize + rings.nbytes :], _DOUBLE).astype(np.float64, copy=False).reshape(-1, 2)
    parts: list[Part] = []
    at = 0
    for length, hole in rings.tolist():
        ring = points[at : at + length]
        at += length
        if hole and parts:
            parts[-1] = Part(parts[-1].outer, (*parts[-1].holes, ring))
        else:
            parts.append(Part(ring))
    return Mask(tuple(parts))

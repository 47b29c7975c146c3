"""The newest predictions of all frames as columns: small and quick enough to sort 100,000 frames by.

`IndexBuilder` grows with every finished prediction and decision; a `PredictionIndex` is what it held at one moment and
never changes, so that another thread may look at it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.box import Boxes
from autoanno_gui.core.records import Thresholds, VerdictKind

UNMAPPED: Final = -1
"""Stands for the project class of a model class that has none."""
SAME_OBJECT_IOU: Final = 0.6
"""Boxes of different classes that overlap by this much are taken for one object."""
LEAST_RIVAL: Final = 0.125
"""Predictions that are less certain do not make another one ambiguous."""
_CELLS: Final = 255


class Judged(IntEnum):
    """What the adopted decision said about a prediction."""

    NOT_YET = 0
    ACCEPTED = 1
    EDITED = 2
    REJECTED = 3
    PROMOTED = 4


JUDGED: Final[Mapping[VerdictKind, Judged]] = {
    VerdictKind.ACCEPTED: Judged.ACCEPTED,
    VerdictKind.EDITED: Judged.EDITED,
    VerdictKind.REJECTED: Judged.REJECTED,
    VerdictKind.PROMOTED: Judged.PROMOTED,
}


@dataclass(frozen=True, slots=True)
class PredictionBlock:
    """The predictions of some frames as they are stored, one after the other.

    Attributes:
        frame_ids: (F,) int64.
        run_frame_ids: (F,) int64.
        sizes: (F, 2) width and height in pixels of the upright image, 0 where not known.
        counts: (F,) int32, how many predictions each frame has.
        boxes: (M, 4) float32, xyxy pixels, all frames one after the other.
        confidences: (M,) float32.
        classes: (M,) int32, project classes, `UNMAPPED` where there is none.
        top_classes: (M, 3) int32, project classes of the model's best three, `UNMAPPED` where there is none.
        top_scores: (M, 3) float32, their scores, 0 where not known.
    """

    frame_ids: NDArray[np.int64]
    run_frame_ids: NDArray[np.int64]
    sizes: NDArray[np.int32]
    counts: NDArray[np.int32]
    boxes: Boxes
    confidences: NDArray[np.float32]
    classes: NDArray[np.int32]
    top_classes: NDArray[np.int32]
    top_scores: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PredictionIndex:
    """The newest predictions of F frames, M in all. Row `starts[f] + i` is prediction i of frame f.

    Attributes:
        frame_ids: (F,) int64, frames that have a finished prediction, also an empty one.
        run_frame_ids: (F,) int64, where each is stored.
        starts: (F,) int64, the first row of each frame.
        counts: (F,) int32, how many rows it has.
        confidences: (M,) float32, falling within a frame.
        classes: (M,) int32, project classes, `UNMAPPED` where there is none.
        seconds: (M,) int32, the class that comes next for the same object, `UNMAPPED` without one.
        ratios: (M,) float32, its score as a share of the best one, 0 without one.
        places: (M, 3) uint8, centre x, centre y and the square root of the area, as shares of the frame times 255.
        judged: (M,) uint8, numbers of `Judged`.
        frame_of_row: (M,) int32, the place in `frame_ids` of each row.
    """

    frame_ids: NDArray[np.int64]
    run_frame_ids: NDArray[np.int64]
    starts: NDArray[np.int64]
    counts: NDArray[np.int32]
    confidences: NDArray[np.float32]
    classes: NDArray[np.int32]
    seconds: NDArray[np.int32]
    ratios: NDArray[np.float32]
    places: NDArray[np.uint8]
    judged: NDArray[np.uint8]
    frame_of_row: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.confidences)

    def candidates(self, thresholds: Thresholds) -> NDArray[np.bool_]:
        """Return (M,) whether each prediction is a candidate: above the threshold of its class, and mapped."""
        limits = limits_of(thresholds, highest_class=int(self.classes.max(initial=0)))
        found: NDArray[np.bool_] = self.confidences.astype(np.float64) > limits[self.classes]
        found &= self.classes != UNMAPPED
        return found

    def at_positions(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return (F,) where in `ids` (unique) each of the index's frames is; -1 where it is not among them."""
        if not len(ids):
            return np.full(len(self.frame_ids), -1, np.int64)
        order = np.argsort(ids, kind="stable")
        at = np.minimum(np.searchsorted(ids, self.frame_ids, sorter=order), len(ids) - 1)
        found = order[at]
        return np.where(ids[found] == self.frame_ids, found, -1)


def limits_of(thresholds: Thresholds, *, highest_class: int) -> NDArray[np.float64]:
    """Return the threshold by project class; the last entry stands for `UNMAPPED`."""
    highest = max([highest_class, *(class_id for class_id, _ in thresholds.per_class)])
    limits = np.full(highest + 2, thresholds.default)
    for class_id, value in thresholds.per_class:
        limits[class_id] = value
    return limits


class _Column:
    """An array that grows at its end."""

    def __init__(self, dtype: type[np.generic], *shape: int) -> None:
        self._buffer: NDArray[Any] = np.zeros((1024, *shape), dtype)
        self._length = 0

    def extend(self, values: NDArray[Any]) -> None:
        end = self._length + len(values)
        if end > len(self._buffer):
            grown = np.zeros((max(end, len(self._buffer) * 3 // 2), *self._buffer.shape[1:]), self._buffer.dtype)
            grown[: self._length] = self._buffer[: self._length]
            self._buffer = grown
        self._buffer[self._length : end] = values
        self._length = end

    def set(self, values: NDArray[Any]) -> None:
        self._buffer, self._length = values, len(values)

    def write(self, start: int, values: NDArray[Any]) -> None:
        self._buffer[start : start + len(values)] = values

    @property
    def values(self) -> NDArray[Any]:
        """What was put in; later growth does not change it."""
        view = self._buffer[: self._length]
        view.flags.writeable = False
        return view


class IndexBuilder:
    """Collects predictions and verdicts as they come."""

    def __init__(self) -> None:
        self._frames: Final = {
            "frame_ids": _Column(np.int64),
            "run_frame_ids": _Column(np.int64),
            "starts": _Column(np.int64),
            "counts": _Column(np.int32),
        }
        self._rows: Final = {
            "confidences": _Column(np.float32),
            "classes": _Column(np.int32),
            "seconds": _Column(np.int32),
            "ratios": _Column(np.float32),
            "places": _Column(np.uint8, 3),
            "judged": _Column(np.uint8),
        }
        self._at: dict[int, int] = {}
        """Frame -> its place among the frames; one that was predicted anew leaves its former place behind."""
        self._judged_seen = False
        """Whether the verdicts were handed out as they are: then they must stay so, and change in a copy."""

    def add(self, block: PredictionBlock) -> None:
        """Take the newest predictions of some frames, not judged yet; what was known of them before goes."""
        first, rows = len(self._frames["counts"].values), len(self._rows["judged"].values)
        seconds, ratios = runners_up(block)
        news = {
            "frame_ids": block.frame_ids,
            "run_frame_ids": block.run_frame_ids,
            "starts": rows + np.cumsum(block.counts, dtype=np.int64) - block.counts,
            "counts": block.counts,
            "confidences": block.confidences,
            "classes": block.classes,
            "seconds": seconds,
            "ratios": ratios,
            "places": _places(block),
            "judged": np.full(len(block.confidences), Judged.NOT_YET, np.uint8),
        }
        for name, column in (self._frames | self._rows).items():
            column.extend(news[name])
        for at, frame_id in enumerate(block.frame_ids.tolist(), start=first):
            self._at[frame_id] = at

    def forget(self, frame_ids: Iterable[int]) -> None:
        """Drop frames whose predictions no longer hold."""
        for frame_id in frame_ids:
            self._at.pop(frame_id, None)

    def judge(self, frame_id: int, verdicts: Mapping[int, Judged]) -> None:
        """Note what the adopted decision says of a frame's predictions, by their index; empty when there is none.

        A frame without predictions, and an index that it does not have, are passed over.
        """
        at = self._at.get(frame_id)
        if at is None:
            return
        judged = self._rows["judged"]
        if self._judged_seen:
            judged.set(judged.values.copy())
            self._judged_seen = False
        start, count = int(self._frames["starts"].values[at]), int(self._frames["counts"].values[at])
        row = np.full(count, Judged.NOT_YET, np.uint8)
        for prediction, verdict in verdicts.items():
            if prediction < count:
                row[prediction] = verdict
        judged.write(start, row)

    def snapshot(self) -> PredictionIndex:
        """Return everything as it is now."""
        if len(self._at) < len(self._frames["counts"].values):
            self._compact()
        self._judged_seen = True
        counts = self._frames["counts"].values
        return PredictionIndex(
            **{name: column.values for name, column in (self._frames | self._rows).items()},
            frame_of_row=np.repeat(np.arange(len(counts), dtype=np.int32), counts),
        )

    def _compact(self) -> None:
        """Leave out the rows of frames that were predicted anew or forgotten."""
        counts = self._frames["counts"].values
        keep = np.zeros(len(counts), np.bool_)
        keep[list(self._at.values())] = True
        rows = np.repeat(keep, counts)
        for column in self._rows.values():
            column.set(column.values[rows])
        for column in self._frames.values():
            column.set(column.values[keep])
        counts = self._frames["counts"].values
        self._frames["starts"].set(np.cumsum(counts, dtype=np.int64) - counts)
        self._at = {frame_id: at for at, frame_id in enumerate(self._frames["frame_ids"].values.tolist())}
        self._judged_seen = False


def _places(block: PredictionBlock) -> NDArray[np.uint8]:
    """Return (M, 3) where on its frame each box is and how large, roughly; the middle where the size is not known."""
    sizes = np.repeat(block.sizes.astype(np.float32), block.counts, axis=0)
    width, height = np.maximum(sizes, 1.0).T
    x1, y1, x2, y2 = block.boxes.T
    shares = np.stack(
        [
            (x1 + x2) / (2 * width),
            (y1 + y2) / (2 * height),
            np.sqrt(np.clip((x2 - x1) * (y2 - y1) / (width * height), 0, 1)),
        ],
        axis=1,
    )
    shares[(sizes <= 0).any(axis=1)] = 0.5
    cells: NDArray[np.uint8] = (np.clip(shares, 0.0, 1.0) * _CELLS).round().astype(np.uint8)
    return cells


def runners_up(block: PredictionBlock) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return for each prediction the project class that comes next for the same object, and how close it comes.

    Known from the model's three best scores where it gives them, and from a box of another class that lies over the
    same object: models that keep one class a box say it that way.

    Returns:
        (M,) classes, `UNMAPPED` without a rival, and (M,) scores of the rival as a share of the best, 0..1.
    """
    best = np.maximum(block.confidences, block.top_scores[:, 0]) if len(block.top_scores) else block.confidences
    rivals = (block.top_classes != block.classes[:, None]) & (block.top_classes != UNMAPPED) & (block.top_scores > 0)
    scores = np.where(rivals, block.top_scores, 0.0)
    at = scores.argmax(axis=1) if len(scores) else np.zeros(0, np.int64)
    rows = np.arange(len(at))
    known = scores[rows, at] > 0
    seconds = np.where(known, block.top_classes[rows, at], UNMAPPED).astype(np.int32)
    ratios = np.where(known, scores[rows, at] / np.maximum(best, 1e-6), 0.0).astype(np.float32)
    sure, less = _pairs_on_one_object(block)
    overlapping = (block.confidences[less] / np.maximum(best[sure], 1e-6)).astype(np.float32)
    # The closest rival last, so that it is the one that stays.
    order = np.argsort(overlapping, kind="stable")
    order = order[overlapping[order] > ratios[sure[order]]]
    ratios[sure[order]], seconds[sure[order]] = overlapping[order], block.classes[less[order]]
    return seconds, np.minimum(ratios, 1.0)


def _pairs_on_one_object(block: PredictionBlock) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (surer row, less sure row) of overlapping boxes of different classes on one frame."""
    telling = np.flatnonzero((block.confidences >= LEAST_RIVAL) & (block.classes != UNMAPPED))
    frames = np.repeat(np.arange(len(block.counts)), block.counts)[telling]
    classes, boxes = block.classes[telling], block.boxes[telling]
    found = [np.zeros(0, np.int64)]
    others = [np.zeros(0, np.int64)]
    # Rows of a frame lie together. All pairs at one distance at a time: all at once take gigabytes in dense folders.
    for distance in range(1, int(np.bincount(frames).max(initial=0))):
        one = np.flatnonzero((frames[:-distance] == frames[distance:]) & (classes[:-distance] != classes[distance:]))
        one = one[_row_iou(boxes[one], boxes[one + distance]) >= SAME_OBJECT_IOU]
        found.append(telling[one])
        others.append(telling[one + distance])
    return np.concatenate(found), np.concatenate(others)


def _row_iou(a: Boxes, b: Boxes) -> NDArray[np.float32]:
    """Return (K,) the overlaps of the boxes of equal rows."""
    (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = a.T, b.T
    width = np.maximum(np.minimum(ax2, bx2) - np.maximum(ax1, bx1), 0)
    shared = width * np.maximum(np.minimum(ay2, by2) - np.maximum(ay1, by1), 0)
    whole = (ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - shared
    overlaps: NDArray[np.float32] = (shared / np.maximum(whole, 1e-9)).astype(np.float32)
    return overlaps

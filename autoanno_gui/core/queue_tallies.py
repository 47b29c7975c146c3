"""What the predictions say of each frame as a whole: the numbers that the queue sorts by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.prediction_index import UNMAPPED, PredictionIndex
from autoanno_gui.core.queue_settings import OrderName, QueueSettings
from autoanno_gui.core.records import Thresholds

_Number = TypeVar("_Number", bound=np.generic)

LOOK_AT_FRAME: Final = 1.0
"""Taking in a frame costs about as much as looking at this many objects."""


@dataclass(frozen=True, slots=True)
class FrameTallies:
    """One number for each frame, in natural order; 0 for frames without predictions.

    Attributes:
        known: (N,) bool, whether the index holds the frame.
        candidates: (N,) int32.
        borderline: (N,) float32, how many predictions are borderline, central ones counting up to double.
        crowded: (N,) bool, whether the number of candidates is far out of the usual.
        ambiguous: (N,) float32, over the predictions whose second class is close, the sum of how close.
        least_confidence: (N,) float32, of the least certain candidate; 1 without one.
        expected_errors: (N,) float32, false candidates and missed objects that the confidences let expect, for each
            object to look at.
        main_class: (N,) int32, the class with the most candidates, of several the first; -1 without any, and for all
            orders but that of classes, since it takes longer than all else.
    """

    known: NDArray[np.bool_]
    candidates: NDArray[np.int32]
    borderline: NDArray[np.float32]
    crowded: NDArray[np.bool_]
    ambiguous: NDArray[np.float32]
    least_confidence: NDArray[np.float32]
    expected_errors: NDArray[np.float32]
    main_class: NDArray[np.int32]


def tally_frames(
    ids: NDArray[np.int64], index: PredictionIndex | None, *, settings: QueueSettings, thresholds: Thresholds
) -> FrameTallies:
    """Count what the queue sorts by.

    Args:
        ids: (N,) the frames, in natural order.
        index: their newest predictions; frames of it that are not among `ids` are passed over.
        settings: the bounds.
        thresholds: what is a candidate now.
    """
    count = len(ids)
    if index is None:
        return _nothing(count)
    at = index.at_positions(ids)
    frames = len(index.frame_ids)
    rows, confidences = index.frame_of_row, index.confidences
    mapped = index.classes != UNMAPPED
    candidate = index.candidates(thresholds)
    ghost = mapped & ~candidate & (confidences.astype(np.float64) >= thresholds.ghost_floor)

    def spread(values: NDArray[_Number], fill: float = 0) -> NDArray[_Number]:
        """Bring numbers of the index's frames into natural order."""
        found = np.full(count, fill, values.dtype)
        found[at[at >= 0]] = values[at >= 0]
        return found

    shown = np.bincount(rows[candidate], minlength=frames).astype(np.int32)
    wrong = np.bincount(rows[candidate], 1.0 - confidences[candidate], minlength=frames)
    missed = np.bincount(rows[ghost], confidences[ghost], minlength=frames)
    least = np.ones(frames, np.float32)
    np.minimum.at(least, rows[candidate], confidences[candidate])
    known = np.zeros(count, np.bool_)
    known[at[at >= 0]] = True
    return FrameTallies(
        known=known,
        candidates=spread(shown),
        borderline=spread(_borderline(index, mapped, settings)),
        crowded=spread(shown > _fence(shown[at >= 0], settings)),
        ambiguous=spread(_ambiguous(index, mapped, settings)),
        least_confidence=spread(least, 1),
        expected_errors=spread(((wrong + missed) / (shown + LOOK_AT_FRAME)).astype(np.float32)),
        main_class=spread(_main_class(index, candidate & (settings.order is OrderName.CLASS)), -1),
    )


def _nothing(count: int) -> FrameTallies:
    zeros = np.zeros(count, np.float32)
    no = np.zeros(count, np.bool_)
    none = np.zeros(count, np.int32)
    return FrameTallies(no, none, zeros, no, zeros, zeros + 1, zeros, none - 1)


def _borderline(index: PredictionIndex, mapped: NDArray[np.bool_], settings: QueueSettings) -> NDArray[np.float32]:
    # As precise as the confidences are: the 0.6 of a model belongs to a band up to 0.6.
    low, high = np.float32(settings.borderline_low), np.float32(settings.borderline_high)
    confidences = index.confidences
    here = mapped & (confidences >= low) & (confidences <= high)
    centrality = 1.0 - np.abs(confidences[here] - (low + high) / 2) / max((high - low) / 2, 1e-6)
    # One at the very edge of the band still counts for one.
    found = np.bincount(index.frame_of_row[here], 1.0 + centrality, minlength=len(index.frame_ids))
    return found.astype(np.float32)


def _fence(counts: NDArray[np.int32], settings: QueueSettings) -> float:
    """Return how many candidates are still usual in this folder: Tukey's upper fence."""
    if not len(counts):
        return float(settings.crowded_least)
    lower, upper = np.quantile(counts, [0.25, 0.75])
    return float(max(upper + settings.crowded_spread * (upper - lower), settings.crowded_least - 1))


def _ambiguous(index: PredictionIndex, mapped: NDArray[np.bool_], settings: QueueSettings) -> NDArray[np.float32]:
    close = mapped & (index.confidences >= settings.ambiguous_least) & (index.ratios >= settings.ambiguous_ratio)
    found = np.bincount(index.frame_of_row[close], index.ratios[close], minlength=len(index.frame_ids))
    return found.astype(np.float32)


def _main_class(index: PredictionIndex, candidate: NDArray[np.bool_]) -> NDArray[np.int32]:
    found = np.full(len(index.frame_ids), -1, np.int32)
    if not candidate.any():
        return found
    rows, classes = index.frame_of_row[candidate].astype(np.int64), index.classes[candidate].astype(np.int64)
    width = int(classes.max()) + 1
    cells, counts = np.unique(rows * width + classes, return_counts=True)
    # By frame, then rising count, then falling class: the last of each frame is its most frequent, of equals the first.
    order = np.lexsort((-(cells % width), counts, cells // width))
    frames = cells[order] // width
    last = np.flatnonzero(np.diff(frames, append=-1))
    found[frames[last]] = (cells[order] % width)[last]
    return found

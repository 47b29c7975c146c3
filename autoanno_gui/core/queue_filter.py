"""Which frames the queue is narrowed to by what the model found on them. Pure: columns in, one answer a frame out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.prediction_index import UNMAPPED, PredictionIndex

LEAST: Final = 0.05
"""Predictions are kept from this confidence up."""
MOST: Final = 1.0


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """A frame passes when one of its predictions is of the class and within the range.

    Attributes:
        class_id: project class; None for any.
        low: from this confidence up, 0..1.
        high: up to this one.
    """

    class_id: int | None = None
    low: float = LEAST
    high: float = MOST

    @property
    def is_open(self) -> bool:
        """Whether every frame passes, also one without predictions."""
        return self.class_id is None and not self.bounds_confidence

    @property
    def bounds_confidence(self) -> bool:
        """Whether the range leaves anything out that the model can have said."""
        return self.low > LEAST or self.high < MOST


def matching(index: PredictionIndex, wanted: QueueFilter) -> NDArray[np.bool_]:
    """Return (F,) whether each frame of the index passes, by `index.frame_ids`.

    A prediction whose class the project does not know is never shown, and so never lets its frame pass.
    """
    frames = len(index.frame_ids)
    if wanted.is_open:
        return np.ones(frames, np.bool_)
    rows = index.classes != UNMAPPED if wanted.class_id is None else index.classes == wanted.class_id
    if wanted.bounds_confidence:
        # As precise as the confidences are: the 0.4 of a model belongs to a range from 0.4.
        low, high = np.float32(wanted.low), np.float32(wanted.high)
        rows = rows & (index.confidences >= low) & (index.confidences <= high)
    found = np.zeros(frames, np.bool_)
    found[index.frame_of_row[rows]] = True
    return found

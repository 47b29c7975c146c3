"""How sure the model was of everything it proposed, and what became of it: the histogram behind the threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.prediction_index import UNMAPPED, Judged, PredictionIndex
from autoanno_gui.core.predictions import CONFIDENCE_FLOOR
from autoanno_gui.core.records import Thresholds

BIN: Final = 0.01
EDGES: Final = np.round(np.arange(CONFIDENCE_FLOOR, 1.0 + BIN / 2, BIN), 2)
"""(96,) from the floor to 1. A bin holds what lies above its lower edge, up to its upper one: as a threshold counts."""
BINS: Final = len(EDGES) - 1


@dataclass(frozen=True, slots=True)
class ConfidenceTable:
    """All predictions of the project that have a class, counted.

    Attributes:
        class_ids: (C,) int64, rising, the project classes that occur.
        counts: (C, 95, 5) int64, by class, bin of confidence and number of `Judged`.
    """

    class_ids: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, index: PredictionIndex) -> ConfidenceTable:
        """Count the predictions of an index."""
        mapped = index.classes != UNMAPPED
        classes = index.classes[mapped]
        # Numbers of classes are small: this is a fraction of the work of sorting them.
        occurs = np.bincount(classes) > 0
        class_ids, at = np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[classes]
        confidences = index.confidences[mapped].astype(np.float64)
        bins = np.clip(np.searchsorted(EDGES, confidences, side="left") - 1, 0, BINS - 1)
        shape = (len(class_ids), BINS, len(Judged))
        cells = np.ravel_multi_index((at, bins, index.judged[mapped]), shape) if len(class_ids) else np.zeros(0, int)
        counts = np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)
        return cls(class_ids.astype(np.int64), counts.astype(np.int64))

    def histogram(self, class_id: int | None = None) -> NDArray[np.int64]:
        """Return (95, 5) the counts by bin and `Judged`, of one class or of all."""
        if class_id is None:
            whole: NDArray[np.int64] = self.counts.sum(axis=0)
            return whole
        chosen: NDArray[np.int64] = self.counts[self.class_ids == class_id].sum(axis=0)
        return chosen

    def candidates(self, thresholds: Thresholds, class_id: int | None = None) -> int:
        """Return how many predictions of the folder, or of one class, are candidates; thresholds count in steps of
        0.01."""
        by_bin = self.counts.sum(axis=2)
        found = 0
        for one, counts in zip(self.class_ids.tolist(), by_bin, strict=True):
            if class_id in (None, one):
                first = int(np.searchsorted(EDGES, round(thresholds.of(one), 2) - BIN / 2))
                found += int(counts[first:].sum())
        return found

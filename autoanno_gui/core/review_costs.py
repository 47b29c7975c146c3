"""What reviewing one frame takes at a threshold: how many accepts, deletions, changes, promotions and drawings.

It follows the rules of `core.document`: what is above the threshold of its class is a candidate, what is not but at
least the ghost floor a ghost, unless it repeats an object that is there. The reviewer judges the candidates first, then
confirms ghosts that stand for what is missing, and draws the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.box import pairwise_iou
from autoanno_gui.core.duplicates import DUPLICATE_IOU
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.keystrokes import ACTS, Act
from autoanno_gui.core.matching import KEPT_IOU, Pair, bounds_of, candidate_pairs, match
from autoanno_gui.core.records import Thresholds
from autoanno_gui.core.review_objects import MappedPredictions

_UNMAPPED: Final = -1


@dataclass(frozen=True, slots=True)
class TunedFrame:
    """A frame of which the truth is known, reduced to what counting needs: N predictions, T true objects.

    Attributes:
        confidences: (N,) as `core.document` compares them.
        classes: (N,) project classes, -1 where there is none.
        true_classes: (T,) project classes.
        pairs: what can stand for what, in the order of `candidate_pairs`.
        repeats: (N, N) whether a prediction hides the ghost of another one.
        true_repeats: (T, N) whether a true object does, once a proposal has been given its outline.
    """

    confidences: NDArray[np.float64]
    classes: NDArray[np.int64]
    true_classes: NDArray[np.int64]
    pairs: tuple[Pair, ...]
    repeats: NDArray[np.bool_]
    true_repeats: NDArray[np.bool_]

    @classmethod
    def of(cls, predictions: MappedPredictions, truth: Sequence[tuple[int, Geometry]]) -> TunedFrame:
        """Compare predictions with the truth.

        Args:
            predictions: of the frame, merged classes resolved.
            truth: (project class, outline) of each true object, outlines in float pixels as the project keeps them.
        """
        outlines = [predictions.geometry(index) for index in range(len(predictions.raw))]
        boxes = predictions.raw.boxes
        return cls(
            predictions.raw.confidences.astype(np.float64),
            np.array([_UNMAPPED if one is None else one for one in predictions.class_ids], np.int64),
            np.array([class_id for class_id, _ in truth], np.int64),
            tuple(candidate_pairs(truth, list(zip(predictions.class_ids, outlines, strict=True)))),
            pairwise_iou(bounds_of(outlines), boxes) >= DUPLICATE_IOU,
            pairwise_iou(bounds_of([outline for _, outline in truth]), boxes) >= DUPLICATE_IOU,
        )

    def counts(self, thresholds: Thresholds) -> NDArray[np.int64]:
        """Return (ACTS,) how often each `Act` is needed at these thresholds."""
        mapped = self.classes != _UNMAPPED
        limits = np.full(len(self.classes), thresholds.default)
        for class_id, value in thresholds.per_class:
            limits[self.classes == class_id] = value
        shown = mapped & (self.confidences > limits)
        kept = match(self.pairs, shown)
        ghosts = mapped & ~shown & (self.confidences >= thresholds.ghost_floor) & ~self._hidden_by(kept)
        ghosts_first = int(ghosts.sum())
        promoted = self._promote(kept, ghosts)
        missing = len(self.true_classes) - len(kept)
        asked = missing > 0 and ghosts_first > 0
        found = np.zeros(ACTS, np.int64)
        found[Act.LOOK] = 1
        found[Act.DECIDE] = 1 if len(self.true_classes) else 2
        # A frame without candidates shows its ghosts by itself.
        found[Act.LOOK_AT_OBJECT] = int(shown.sum()) + (ghosts_first if asked or not shown.any() else 0)
        found[Act.SHOW_GHOSTS] = int(asked and bool(shown.any()))
        found[Act.ACCEPT] = sum(pair.same_class and pair.iou >= KEPT_IOU for pair in kept)
        found[Act.DELETE] = int(shown.sum()) - len(kept)
        found[Act.CHANGE_CLASS] = sum(not pair.same_class for pair in kept + promoted)
        found[Act.EDIT] = sum(pair.iou < KEPT_IOU for pair in kept + promoted)
        found[Act.PROMOTE] = len(promoted)
        found[Act.DRAW] = missing - len(promoted)
        return found

    def _hidden_by(self, pairs: Sequence[Pair]) -> NDArray[np.bool_]:
        """Return (N,) which predictions repeat an object that is there."""
        hidden = np.zeros(len(self.confidences), np.bool_)
        for pair in pairs:
            hidden |= self._hides(pair)
        return hidden

    def _hides(self, pair: Pair) -> NDArray[np.bool_]:
        row = self.repeats[pair.proposed] if pair.iou >= KEPT_IOU else self.true_repeats[pair.true]
        return np.asarray(row)

    def _promote(self, kept: Sequence[Pair], ghosts: NDArray[np.bool_]) -> list[Pair]:
        """Confirm ghosts for what is missing, one after the other: each takes those away that repeat it."""
        done = {pair.true for pair in kept}
        left = ghosts.copy()
        promoted = []
        for pair in self.pairs:
            if pair.true not in done and left[pair.proposed]:
                done.add(pair.true)
                left[pair.proposed] = False
                left &= ~self._hides(pair)
                promoted.append(pair)
        return promoted

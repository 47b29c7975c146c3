"""What a frame's labels say about its predictions: which were right, and which objects none of them covers.

Labels that were made without seeing the predictions say it without the reviewer leaning on them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.matching import candidate_pairs, match
from autoanno_gui.core.records import Decision, PresentationMode, VerdictKind
from autoanno_gui.core.review_objects import MappedPredictions


@dataclass(frozen=True, slots=True)
class Settled:
    """What the final labels of a frame say about one prediction.

    Attributes:
        class_id: the project class that was proposed.
        confidence: of the prediction.
        right: a label of the same class overlaps it by at least 0.5, and no better one claims that label.
        candidate: it was above the display threshold.
    """

    class_id: int
    confidence: float
    right: bool
    candidate: bool


@dataclass(frozen=True, slots=True)
class BlindFact:
    """How the labels of a frame that was labelled blind compare with its candidates, whatever the classes.

    Attributes:
        objects: labels.
        missed: labels that no candidate overlaps by at least 0.5.
        candidates: predictions above the display threshold.
        unfounded: candidates that overlap no label by that much.
        late: labels that the reviewer took from the predictions only after these were shown.
    """

    objects: int
    missed: int
    candidates: int
    unfounded: int
    late: int


def settle(decision: Decision, predictions: MappedPredictions) -> tuple[Settled, ...]:
    """Return what a labelled frame says about its predictions, by falling confidence.

    After blind labelling that is every prediction from the ghost floor up; else the candidates only, since nobody had
    to look at the ghosts.
    """
    settling = decision.mode is PresentationMode.SETTLE
    if decision.mode is not PresentationMode.NORMAL and not settling:
        return ()
    floor = decision.thresholds.ghost_floor
    shown = frozenset(decision.shown)
    asked = [
        (index, class_id)
        for index, class_id in enumerate(predictions.class_ids)
        if class_id is not None and (predictions.raw.confidences[index] >= floor if settling else index in shown)
    ]
    labels = _labels(decision)
    pairs = candidate_pairs(labels, [(class_id, predictions.raw.box(index)) for index, class_id in asked])
    right = {pair.proposed for pair in match([p for p in pairs if p.same_class], np.ones(len(asked), np.bool_))}
    found = []
    for at, (index, class_id) in enumerate(asked):
        confidence = float(predictions.raw.confidences[index])
        found.append(Settled(class_id, confidence, at in right, confidence > decision.thresholds.of(class_id)))
    return tuple(found)


def blind_fact(decision: Decision, predictions: MappedPredictions) -> BlindFact:
    """Compare the labels of a decision that was made blind, or settled after that, with the frame's candidates."""
    thresholds = decision.thresholds
    candidates: list[tuple[int | None, Geometry]] = [
        (class_id, predictions.raw.box(index))
        for index, class_id in enumerate(predictions.class_ids)
        if class_id is not None and predictions.raw.confidences[index] > thresholds.of(class_id)
    ]
    labels = _labels(decision)
    matched = match(candidate_pairs(labels, candidates), np.ones(len(candidates), np.bool_))
    return BlindFact(
        objects=len(labels),
        missed=len(labels) - len(matched),
        candidates=len(candidates),
        unfounded=len(candidates) - len(matched),
        late=sum(verdict.kind is VerdictKind.PROMOTED for verdict in decision.verdicts),
    )


def _labels(decision: Decision) -> list[tuple[int, Geometry]]:
    """Return (project class, bounds) of the final objects; the ledger is read without the predictions' outlines."""
    return [
        (verdict.class_id, Box(*verdict.geometry.bounds.as_tuple()))
        for verdict in decision.verdicts
        if verdict.geometry is not None
    ]

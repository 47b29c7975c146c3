"""A planted check as predictions, so that its frame looks and behaves like any other one under review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from autoanno_gui.core.box import Box, pairwise_iou
from autoanno_gui.core.geometry import Geometry, as_task
from autoanno_gui.core.keypoints import Keypoints, Visibility
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.matching import MATCH_IOU, bounds_of
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.outlines import KeypointSets, Masks, OrientedBoxes, Outlines
from autoanno_gui.core.planting import Label, Planted
from autoanno_gui.core.predictions import FramePredictions
from autoanno_gui.core.records import Thresholds
from autoanno_gui.core.review_objects import MappedPredictions
from autoanno_gui.core.task import Task

MARGIN: Final = 0.01
"""How far above its threshold a label's confidence is at least."""
HIGHEST: Final = 0.95
APART: Final = 0.3
"""A ghost that overlaps a label by more than this would give away where one was."""


@dataclass(frozen=True, slots=True)
class _Item:
    """One prediction to be: project class, outline, confidence, and (project class, score) of the best classes."""

    class_id: int
    geometry: Geometry
    confidence: float
    choices: Sequence[tuple[int, float]]


@dataclass(frozen=True, eq=False)
class _PlacedKeypoints(KeypointSets):
    """Keypoints that people placed: unlike a model's, some are known to be hidden."""

    placed: tuple[Keypoints, ...]

    def at(self, index: int, box: Box) -> Keypoints:
        return self.placed[index]


def to_predictions(
    planted: Planted,
    *,
    thresholds: Thresholds,
    rng: np.random.Generator,
    original: MappedPredictions | None = None,
    task: Task = Task.DETECT,
    keypoints: int = 0,
    run_frame_id: int = 0,
) -> MappedPredictions:
    """Return predictions that show the labels as candidates.

    A label has the confidence that the model gave the object, where it saw one there above the threshold, else one that
    could be. What the model saw below the threshold away from all labels is there as well, so that the frame has the
    ghosts of any other one.

    Args:
        planted: what is to be shown.
        thresholds: that hold now.
        rng: draws confidences that are not known.
        original: what the model proposed for the frame.
        task: what the project collects.
        keypoints: how many points its skeleton has.
        run_frame_id: names the predictions in the document; nothing is ever stored under it.
    """
    items = [_label_item(label, true, thresholds, original, rng) for label, true in _with_true(planted)]
    if original is not None:
        items += _ghosts(original, planted, thresholds)
    items.sort(key=lambda item: -item.confidence)
    outlines = [as_task(item.geometry, task, keypoints=keypoints) for item in items]
    class_ids = {class_id for item in items for class_id, _ in item.choices}
    raw = FramePredictions(
        boxes=bounds_of(outlines),
        confidences=np.array([item.confidence for item in items], np.float32),
        classes=np.array([item.class_id for item in items], np.int32),
        top_classes=np.array([_three([one for one, _ in item.choices], -1) for item in items], np.int32).reshape(-1, 3),
        top_scores=np.array([_three([one for _, one in item.choices], 0.0) for item in items], np.float32).reshape(
            -1, 3
        ),
        outlines=_packed(outlines, task, keypoints),
    )
    class_map: Mapping[int, int | None] = {class_id: class_id for class_id in sorted(class_ids)}
    return MappedPredictions.of(raw, run_frame_id=run_frame_id, class_map=class_map, task=task, keypoints=keypoints)


def _with_true(planted: Planted) -> list[tuple[Label, Label]]:
    """Return each label that is shown with what it is in truth."""
    truth = planted.truth if planted.altered_label is not None else planted.unaltered
    return list(zip(planted.labels, truth, strict=True))


def _label_item(
    label: Label,
    true: Label,
    thresholds: Thresholds,
    original: MappedPredictions | None,
    rng: np.random.Generator,
) -> _Item:
    class_id, geometry = label
    least = thresholds.of(class_id) + MARGIN
    drawn = float(rng.uniform(least, max(HIGHEST, least)))
    found = _seen_at(true[1], original)
    if found is None or original is None or original.raw.confidences[found] < least:
        return _Item(class_id, geometry, drawn, ((class_id, drawn),))
    confidence = float(original.raw.confidences[found])
    # The class it is shown with is the best; the true one is not offered beside it, or the tag would tell.
    others = [one for one in original.choices(found) if one[0] not in (class_id, true[0])]
    return _Item(class_id, geometry, confidence, ((class_id, confidence), *others[:2]))


def _seen_at(geometry: Geometry, original: MappedPredictions | None) -> int | None:
    """Return the prediction that overlaps an outline best; None when none does."""
    if original is None or not len(original.raw):
        return None
    overlaps = pairwise_iou(bounds_of([geometry]), original.raw.boxes)[0]
    best = int(overlaps.argmax())
    return best if overlaps[best] >= MATCH_IOU else None


def _ghosts(original: MappedPredictions, planted: Planted, thresholds: Thresholds) -> list[_Item]:
    labels = bounds_of([geometry for _, geometry in (*planted.truth, *planted.labels)])
    overlaps = pairwise_iou(original.raw.boxes, labels).max(axis=1, initial=0.0)
    found = []
    for index, class_id in enumerate(original.class_ids):
        confidence = float(original.raw.confidences[index])
        if class_id is not None and confidence <= thresholds.of(class_id) and overlaps[index] <= APART:
            choices = original.choices(index) or [(class_id, confidence)]
            found.append(_Item(class_id, original.geometry(index), confidence, ((class_id, confidence), *choices[1:])))
    return found


def _three(values: Sequence[float], filler: float) -> list[float]:
    return [*values, filler, filler, filler][:3]


def _packed(outlines: Sequence[Geometry], task: Task, keypoints: int) -> Outlines | None:
    match task:
        case Task.DETECT:
            return None
        case Task.SEGMENT:
            return Masks.of([one if isinstance(one, Mask) else None for one in outlines])
        case Task.OBB:
            rows = [
                (one.cx, one.cy, one.width, one.height, one.angle) for one in outlines if isinstance(one, OrientedBox)
            ]
            return OrientedBoxes(np.array(rows, np.float32).reshape(-1, 5))
        case Task.POSE:
            placed = tuple(one for one in outlines if isinstance(one, Keypoints))
            values = [
                [(p.x, p.y, float(p.visibility is not Visibility.UNLABELLED)) for p in one.points] for one in placed
            ]
            return _PlacedKeypoints(np.array(values, np.float32).reshape(len(placed), keypoints, 3), placed)

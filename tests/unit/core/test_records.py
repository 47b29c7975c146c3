"""What records know beyond their fields."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autoanno_gui.core.box import Box
from autoanno_gui.core.predictions import FramePredictions
from autoanno_gui.core.records import Thresholds


def test_a_class_has_its_own_threshold_or_the_default() -> None:
    thresholds = Thresholds(0.5, ((3, 0.2), (7, 0.9)), 0.1)
    assert [thresholds.of(class_id) for class_id in (3, 7, 8)] == [0.2, 0.9, 0.5]
    moved = replace(thresholds, default=0.6)
    assert [moved.of(class_id) for class_id in (3, 7, 8)] == [0.2, 0.9, 0.6]
    assert [replace(moved, per_class=()).of(class_id) for class_id in (3, 8)] == [0.6, 0.6]


def test_thresholds_are_equal_by_value() -> None:
    one, same = Thresholds(0.5, ((3, 0.2),)), Thresholds(0.5, ((3, 0.2),))
    assert one == same
    assert hash(one) == hash(same)
    assert one != Thresholds(0.5, ((3, 0.3),))
    assert repr(one) == "Thresholds(default=0.5, per_class=((3, 0.2),), ghost_floor=0.15)"


def test_a_box_of_predictions_has_the_numbers_that_are_stored() -> None:
    empty = FramePredictions.empty()
    row = np.array([[0.1, 0.2, 300.7, 4.0]], np.float32)
    found = replace(
        empty,
        boxes=row,
        confidences=np.ones(1, np.float32),
        classes=np.zeros(1, np.int32),
        top_classes=np.zeros((1, 3), np.int32),
        top_scores=np.zeros((1, 3), np.float32),
    )
    assert found.box(0) == Box(*(float(value) for value in row[0]))
    assert len(empty) == 0

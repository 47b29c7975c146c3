"""Planted checks look like any other frame under review."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoanno_gui.core.box import Box
from autoanno_gui.core.document import Document
from autoanno_gui.core.geometry import overlap
from autoanno_gui.core.keypoints import Keypoints, Visibility
from autoanno_gui.core.planted_predictions import to_predictions
from autoanno_gui.core.planting import Alteration, Label, Planted
from autoanno_gui.core.records import Thresholds
from autoanno_gui.core.review_objects import Role
from autoanno_gui.core.task import Task
from tests.unit.core.builders import HEIGHT, WIDTH, predictions
from tests.unit.core.planting_kit import (
    BIKE,
    CAR,
    LABELS,
    LEFT,
    MIDDLE,
    RIGHT,
    altered,
    frames,
    object_at,
    one_of_each,
    shown_document,
)


class TestLook:
    @given(frames(), st.integers(0, 2**32))
    def test_all_labels_are_candidates_and_nothing_else(self, frame: tuple[Task, tuple[Label, ...]], seed: int) -> None:
        task, labels = frame
        planted = altered(labels, seed)
        document = shown_document(planted, task)
        candidates = document.in_role(Role.CANDIDATE)
        assert len(candidates) == len(list(document)) == len(planted.labels)
        assert Counter(item.class_id for item in candidates) == Counter(class_id for class_id, _ in planted.labels)
        for _, geometry in planted.labels:
            assert max(overlap(item.geometry, geometry) for item in candidates) > 0.999

    def test_a_hidden_keypoint_stays_hidden(self) -> None:
        planted = one_of_each(Task.POSE)[Alteration.CLASS]
        document = shown_document(planted, Task.POSE)
        pose = next(iter(document)).geometry
        assert isinstance(pose, Keypoints)
        assert [point.visibility for point in pose.points] == [Visibility.VISIBLE, Visibility.HIDDEN]

    def test_a_box_in_a_segment_project_stays_one(self) -> None:
        planted = Planted(LABELS[:2], ((CAR, LEFT), (CAR, MIDDLE)), Alteration.CLASS, 1)
        document = shown_document(planted, Task.SEGMENT)
        assert {type(item.geometry) for item in document} == {Box}

    def test_the_confidences_are_those_that_the_model_gave(self) -> None:
        rows = [(LEFT.as_tuple(), 0.9, 0), (MIDDLE.moved(3, 0).as_tuple(), 0.6, 1), (RIGHT.as_tuple(), 0.3, 0)]
        planted = one_of_each()[Alteration.SHIFTED]
        document = shown_document(planted, original=predictions(rows))
        for (_, shown), (_, true) in zip(planted.labels, planted.truth, strict=True):
            confidence = document.get(object_at(document, shown))
            assert confidence is not None
            assert confidence.confidence is not None
            if true is RIGHT:
                assert 0.5 < confidence.confidence <= 0.95  # a ghost once: now it is a candidate like any other
            else:
                assert confidence.confidence == pytest.approx(0.9 if true is LEFT else 0.6)

    @pytest.mark.parametrize("default", [0.05, 0.5, 0.93, 0.95])
    def test_confidences_that_nobody_knows_are_above_the_threshold(self, default: float) -> None:
        thresholds = Thresholds(default=default, per_class=((BIKE, 0.7),))
        planted = one_of_each()[Alteration.CLASS]
        found = to_predictions(planted, thresholds=thresholds, rng=np.random.default_rng(0))
        document = Document(frame_id=1, width=WIDTH, height=HEIGHT, predictions=found, thresholds=thresholds)
        assert len(document.in_role(Role.CANDIDATE)) == 3
        assert all(item.confidence is not None and item.confidence < 1 for item in document)

    def test_ghosts_are_those_of_the_frame_but_none_where_a_label_was(self) -> None:
        away = Box(100, 70, 130, 95)
        rows = [(LEFT.moved(4, 0).as_tuple(), 0.4, 0), (away.as_tuple(), 0.3, 1), ((60, 70, 70, 90), 0.6, 0)]
        planted = Planted(LABELS, LABELS[1:], Alteration.REMOVED, 0)
        document = shown_document(planted, original=predictions(rows))
        # The last one is above the threshold and no label: the reviewer rejected it.
        assert [item.geometry for item in document.in_role(Role.GHOST)] == [away]

    def test_the_true_class_is_not_offered_beside_the_wrong_one(self) -> None:
        original = predictions([(LEFT.as_tuple(), 0.9, 0)], tops={0: [(0, 0.9), (1, 0.8)]})
        wrong = Planted(((CAR, LEFT),), ((BIKE, LEFT),), Alteration.CLASS, 0)
        assert [class_id for class_id, _ in shown_document(wrong, original=original).second_choices(0)] == [BIKE]
        moved = Planted(((CAR, LEFT),), ((CAR, LEFT.moved(12, 0)),), Alteration.SHIFTED, 0)
        second = shown_document(moved, original=original).second_choices(0)
        assert [class_id for class_id, _ in second] == [CAR, BIKE]
        assert [score for _, score in second] == pytest.approx([0.9, 0.8])

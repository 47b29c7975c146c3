"""Documents of every kind of project, and verbs on several objects at once."""

from __future__ import annotations

import numpy as np
import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.document import Document
from autoanno_gui.core.geometry import Geometry, kind_of
from autoanno_gui.core.keypoints import Keypoint, Keypoints, Visibility
from autoanno_gui.core.mask import Mask, Part
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.outlines import KeypointSets, Masks, OrientedBoxes
from autoanno_gui.core.predictions import FramePredictions
from autoanno_gui.core.records import VerdictKind
from autoanno_gui.core.review_objects import MappedPredictions, Mark, Role
from autoanno_gui.core.task import Task
from tests.unit.core.builders import BIKE, CAR, CLASS_MAP, HEIGHT, ROWS, WIDTH, document, predictions

HOLE = np.array([[20.0, 20], [30, 20], [30, 30], [20, 30]])
RING = Mask((Part(np.array([[10.0, 10], [50, 10], [50, 40], [10, 40]]), (HOLE,)),))


def rich(task: Task, outlines: Masks | OrientedBoxes | KeypointSets | None, *, keypoints: int = 0) -> Document:
    """A frame whose model gave two objects of a richer kind than boxes."""
    plain = predictions(ROWS[:2]).raw
    raw = FramePredictions(plain.boxes, plain.confidences, plain.classes, plain.top_classes, plain.top_scores, outlines)
    mapped = MappedPredictions.of(raw, run_frame_id=7, class_map=CLASS_MAP, task=task, keypoints=keypoints)
    return Document(frame_id=1, width=WIDTH, height=HEIGHT, predictions=mapped, task=task, keypoints=keypoints)


MASKS = Masks.of([RING, None])
TURNED = OrientedBoxes(np.array([[30, 25, 40, 20, 0.5], [75, 25, 30, 30, 0.0]], np.float32))
POINTS = KeypointSets(np.array([[[20, 20, 0.9], [40, 30, 0.2]], [[70, 20, 0.6], [80, 30, 0.5]]], np.float32))


def outline(doc: Document, object_id: int) -> Geometry:
    item = doc.get(object_id)
    assert item is not None
    return item.geometry


def test_a_segment_project_shows_masks_and_keeps_boxes_that_have_none() -> None:
    doc = rich(Task.SEGMENT, MASKS)
    assert outline(doc, 0) == RING
    assert outline(doc, 1) == BIKE


@pytest.mark.parametrize("outlines", [MASKS, TURNED, POINTS, None])
def test_a_box_project_shows_the_boxes_of_any_model(outlines: Masks | OrientedBoxes | KeypointSets | None) -> None:
    doc = rich(Task.DETECT, outlines)
    assert [outline(doc, i) for i in (0, 1)] == [CAR, BIKE]


def test_an_oriented_project_takes_boxes_and_oriented_boxes() -> None:
    doc = rich(Task.OBB, TURNED)
    found = outline(doc, 0)
    assert isinstance(found, OrientedBox)
    assert found.angle == pytest.approx(0.5)
    assert outline(rich(Task.OBB, None), 0) == OrientedBox.of_box(CAR)


def test_a_pose_project_shows_sure_points_and_places_for_the_others() -> None:
    found = outline(rich(Task.POSE, POINTS, keypoints=2), 0)
    assert isinstance(found, Keypoints)
    assert [point.visibility for point in found.points] == [Visibility.VISIBLE, Visibility.UNLABELLED]
    assert found.box == CAR
    # A model with another skeleton gives its boxes.
    assert outline(rich(Task.POSE, POINTS, keypoints=3), 0) == Keypoints.unplaced(CAR, 3)


def test_accepting_what_is_shown_is_no_edit_whatever_its_kind() -> None:
    for doc in (rich(Task.SEGMENT, MASKS), rich(Task.OBB, TURNED), rich(Task.POSE, POINTS, keypoints=2)):
        doc.accept(0)
        verdicts = doc.verdicts()
        assert [verdict.kind for verdict in verdicts] == [VerdictKind.ACCEPTED, VerdictKind.ACCEPTED]
        assert [verdict.iou for verdict in verdicts] == [1.0, 1.0]
        assert verdicts[0].geometry == outline(doc, 0)


def test_a_box_turned_into_a_mask_is_an_edit() -> None:
    doc = rich(Task.SEGMENT, MASKS)
    doc.set_geometry(1, Mask.of_box(BIKE))
    [verdict] = [v for v in doc.verdicts() if v.prediction == 1]
    assert verdict.kind is VerdictKind.EDITED
    assert verdict.iou == pytest.approx(1.0)


def test_one_moved_keypoint_is_an_edit() -> None:
    doc = rich(Task.POSE, POINTS, keypoints=2)
    pose = outline(doc, 1)
    assert isinstance(pose, Keypoints)
    doc.set_geometry(1, pose.with_point(0, Keypoint(85, 38, Visibility.VISIBLE)))
    item = doc.get(1)
    assert item is not None
    assert doc.changed(item)


@pytest.mark.parametrize(
    ("task", "kind"),
    [(Task.DETECT, Box), (Task.SEGMENT, Mask), (Task.OBB, OrientedBox), (Task.POSE, Keypoints)],
)
def test_what_is_drawn_becomes_what_the_project_collects(task: Task, kind: type) -> None:
    doc = Document(frame_id=1, width=WIDTH, height=HEIGHT, task=task, keypoints=2)
    change = doc.add(Mask.of_points([(5, 5), (45, 15), (25, 45)]), 10)
    assert change is not None
    assert isinstance(outline(doc, change.ids[0]), kind)


@pytest.mark.parametrize(
    "drawn",
    [
        Box(-20, 10, 30, 40),
        OrientedBox(0, 20, 60, 10, 0.3),
        Mask.of_points([(-20, 10), (30, 10), (30, 40)]),
        Keypoints(Box(-5, 10, 30, 40), (Keypoint(-3, 20, Visibility.VISIBLE), Keypoint(10, 20, Visibility.HIDDEN))),
    ],
)
def test_what_lies_outside_is_cut_off(drawn: Geometry) -> None:
    task = {Box: Task.DETECT, OrientedBox: Task.OBB, Mask: Task.SEGMENT, Keypoints: Task.POSE}[type(drawn)]
    doc = Document(frame_id=1, width=WIDTH, height=HEIGHT, task=task, keypoints=2)
    change = doc.add(drawn, 10)
    assert change is not None
    found = outline(doc, change.ids[0])
    assert kind_of(found) is kind_of(drawn)
    assert found.area < drawn.area
    if isinstance(found, Keypoints):
        assert [point.visibility for point in found.points] == [Visibility.UNLABELLED, Visibility.HIDDEN]


@pytest.mark.parametrize("outside", [Box(300, 10, 400, 40), Mask.of_points([(300, 10), (400, 10), (350, 40)])])
def test_nothing_is_drawn_of_what_lies_wholly_outside_or_has_no_area(outside: Geometry) -> None:
    doc = Document(frame_id=1, width=WIDTH, height=HEIGHT, task=Task.SEGMENT)
    assert doc.add(outside, 10) is None
    assert doc.add(Box(10, 10, 10, 40), 10) is None
    assert doc.add(Mask.of_points([(5, 5), (10, 10)]), 10) is None
    assert list(doc) == []


# ------------------------------------------------------------------------------------------------ several at once
def test_several_are_rejected_in_one_step_and_come_back_in_one() -> None:
    doc = document(ROWS)
    drawn = doc.add(Box(5, 60, 25, 90), 10)
    assert drawn is not None
    before = list(doc)
    change = doc.reject(0, 1, drawn.ids[0])
    assert change is not None
    assert [doc.get(i) and doc.get(i).mark for i in (0, 1)] == [Mark.REJECTED, Mark.REJECTED]  # type: ignore[union-attr]
    assert doc.get(drawn.ids[0]) is None
    doc.revert(change)
    assert list(doc) == before
    doc.apply(change)
    assert doc.get(drawn.ids[0]) is None


def test_several_get_a_class_and_are_moved_in_one_step() -> None:
    doc = document(ROWS)
    change = doc.set_class(0, 1, class_id=11)
    assert change is not None
    assert set(change.ids) == {0}  # the bike was one already
    moved = doc.set_geometries({0: CAR.moved(5, 5), 1: BIKE.moved(5, 5)})
    assert moved is not None
    assert set(moved.ids) == {0, 1}
    doc.revert(moved)
    assert outline(doc, 0) == CAR
    assert outline(doc, 1) == BIKE


def test_what_must_not_be_seen_is_never_touched_by_a_verb_on_several() -> None:
    doc = document(ROWS)
    hidden = [item.id for item in doc if doc.role(item) is Role.HIDDEN]
    assert hidden == [3]
    assert doc.reject(*hidden) is None
    assert doc.accept(*hidden) is None
    assert doc.set_class(*hidden, class_id=11) is None
    assert doc.set_geometries({3: CAR}) is None


def test_accepting_several_promotes_the_ghosts_among_them() -> None:
    doc = document(ROWS)
    assert doc.accept(0, 2) is not None
    kinds = {verdict.prediction: verdict.kind for verdict in doc.verdicts()}
    assert kinds == {0: VerdictKind.ACCEPTED, 1: VerdictKind.ACCEPTED, 2: VerdictKind.PROMOTED}

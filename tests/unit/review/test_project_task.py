"""What a project collects: by its first model or by choice, and what becomes of objects when that changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import GeometryKind, kind_of
from autoanno_gui.core.keypoints import COCO_PERSON, Keypoints, Skeleton
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.outlines import Masks
from autoanno_gui.core.predictions import FrameResult, ModelInfo, RunSettings
from autoanno_gui.core.records import FrameState, PresentationMode
from autoanno_gui.core.review_objects import Mark, Role
from autoanno_gui.core.task import Task
from autoanno_gui.review.outcome import NOTHING, Step
from autoanno_gui.review.prediction_job import prediction_job
from autoanno_gui.review.project_task import default_task, model_skeleton, serving_note, task_for_first_model
from autoanno_gui.store.store_thread import Priority
from tests.fakes import CLASSES, FakeDetector
from tests.projects import MODEL, SURE, USUAL, MadeProject, predictions
from tests.unit.review.conftest import Sit
from tests.unit.review.sitting import Sitting

SEGMENTS = replace(MODEL, name="yolo-seg.pt", task=Task.SEGMENT, weights_hash="b" * 64)
POSES = replace(MODEL, name="yolo-pose.pt", task=Task.POSE, weights_hash="c" * 64, kpt_shape=(5, 3))
ORIENTED = replace(MODEL, name="yolo-obb.pt", task=Task.OBB, weights_hash="d" * 64)
TRIANGLE = Mask.of_points([(20, 20), (80, 20), (50, 80)])
DRAWN = Box(230, 20, 300, 90)


def record_masks(sitting: Sitting, number: int) -> int:
    """Record a mask for the surest of the usual predictions, and boxes for the rest; return the run_frame id."""
    settings = RunSettings(SEGMENTS, (640, 640))
    found = predictions(USUAL)
    found = replace(found, outlines=Masks.of([TRIANGLE, *[None] * (len(found) - 1)]))
    run = sitting.store.submit(Priority.OTHER, lambda w: w.start_run(settings, device="cpu")).result()
    results = [FrameResult(sitting.ids[number], found)]
    ((_, run_frame_id),) = sitting.store.submit(Priority.OTHER, lambda w: w.record_results(run, results)).result()
    assert run_frame_id is not None
    return run_frame_id


def kinds(sitting: Sitting) -> list[GeometryKind]:
    return [kind_of(item.geometry) for item in sitting.document]


def stored_task(sitting: Sitting) -> str | None:
    sitting.settle()
    with sitting.store.reader() as reader:
        return reader.setting("task")


# ------------------------------------------------------------------------------------------------ the rule
@pytest.mark.parametrize("model", [MODEL, SEGMENTS, POSES, ORIENTED])
def test_a_project_begins_with_the_task_of_its_model(model: ModelInfo) -> None:
    assert default_task(model) is model.task


def test_the_skeleton_of_a_model_has_as_many_points_as_the_model() -> None:
    assert model_skeleton(MODEL) is None
    skeleton = model_skeleton(POSES)
    assert skeleton is not None
    assert len(skeleton) == 5
    assert model_skeleton(replace(POSES, kpt_shape=(17, 3))) == COCO_PERSON


def test_the_first_model_decides_until_the_task_is_written_down_or_anyone_worked(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[USUAL, USUAL])
    with sitting.store.reader() as reader:
        assert task_for_first_model(reader, SEGMENTS) is Task.SEGMENT
        sitting.accept()
        assert task_for_first_model(reader, SEGMENTS) is None
        sitting.undo()
        assert task_for_first_model(reader, SEGMENTS) is Task.SEGMENT
        sitting.session.objects.add(DRAWN, 1)
        sitting.session.save_draft()
        sitting.settle()
        assert task_for_first_model(reader, SEGMENTS) is None


# ------------------------------------------------------------------------------------------------ adopting a model
def test_a_fresh_project_follows_its_first_model_and_no_later_one(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[None, None], model_active=True)
    session = sitting.session
    assert (session.task, session.skeleton) == (Task.DETECT, None)
    assert sitting.done(session.adopt_model(POSES)).step is Step.FRAME
    assert session.task is Task.POSE
    assert session.skeleton is not None
    assert len(session.skeleton) == 5
    assert session.adopt_model(SEGMENTS) is NOTHING
    assert session.task is Task.POSE
    assert stored_task(sitting) == "pose"


def test_a_model_of_boxes_settles_the_task_without_showing_anything_anew(sitting: Sitting) -> None:
    document = sitting.document
    assert sitting.session.adopt_model(MODEL) is NOTHING
    assert sitting.document is document
    assert stored_task(sitting) == "detect"
    assert sitting.session.adopt_model(SEGMENTS) is NOTHING
    assert sitting.session.task is Task.DETECT


@pytest.mark.parametrize("work", ["decided", "drawn", "drawn in an earlier sitting"])
def test_a_project_with_work_in_it_keeps_its_task(sit_down: Sit, made: MadeProject, work: str) -> None:
    sitting = sit_down(made)
    if work == "decided":
        sitting.accept()
    else:
        sitting.session.objects.add(DRAWN, 1)
    if work == "drawn in an earlier sitting":
        sitting.close()
        sitting = sit_down(made)
    assert sitting.session.adopt_model(SEGMENTS) is NOTHING
    assert sitting.session.task is Task.DETECT
    assert stored_task(sitting) is None


def test_a_task_comes_back_with_its_project(sit_down: Sit, made: MadeProject) -> None:
    skeleton = Skeleton(("head", "tail"), ((0, 1),))
    first = sit_down(made)
    first.session.set_task(Task.POSE, skeleton)
    first.close()
    session = sit_down(made).session
    assert (session.task, session.skeleton) == (Task.POSE, skeleton)


def test_a_pose_project_without_a_skeleton_has_that_of_coco(sitting: Sitting) -> None:
    sitting.done(sitting.session.set_task(Task.POSE, None))
    assert sitting.session.skeleton == COCO_PERSON
    assert all(isinstance(each.geometry, Keypoints) and len(each.geometry.points) == 17 for each in sitting.document)


def test_a_prediction_without_a_window_settles_the_task(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[None, None])
    list(prediction_job(sitting.store, FakeDetector(info=replace(POSES, classes=CLASSES))))
    with sitting.store.reader() as reader:
        skeleton = reader.skeleton()
        assert reader.project_task() is Task.POSE
    assert skeleton is not None
    assert len(skeleton) == 5
    list(prediction_job(sitting.store, FakeDetector(info=SEGMENTS)))
    assert stored_task(sitting) == "pose"


def test_a_prediction_does_not_change_what_a_reviewer_began(sitting: Sitting) -> None:
    sitting.accept()
    list(prediction_job(sitting.store, FakeDetector(info=SEGMENTS)))
    assert stored_task(sitting) is None


# ------------------------------------------------------------------------------------------------ another task
def test_predictions_are_shown_as_the_project_has_them(sitting: Sitting) -> None:
    session = sitting.session
    session.predictions_arrived(sitting.ids[1], record_masks(sitting, 1))
    sitting.go_to(1)
    assert set(kinds(sitting)) == {GeometryKind.BOX}
    assert sitting.done(session.set_task(Task.SEGMENT, None)).step is Step.FRAME
    assert sitting.number == 1
    assert kinds(sitting) == [GeometryKind.MASK] + [GeometryKind.BOX] * 3
    first = sitting.document.get(0)
    assert first is not None
    assert first.geometry == TRIANGLE
    sitting.done(session.set_task(Task.OBB, None))
    assert set(kinds(sitting)) == {GeometryKind.ORIENTED_BOX}
    sitting.done(session.set_task(Task.DETECT, None))
    assert set(kinds(sitting)) == {GeometryKind.BOX}


def test_what_was_drawn_and_touched_stays_as_the_new_kind(sitting: Sitting) -> None:
    session = sitting.session
    drawn = session.objects.add(DRAWN, 1).ids[0]
    session.objects.select(1)
    session.objects.reject()
    session.objects.select(0)
    session.objects.set_class(2)
    sitting.done(session.set_task(Task.OBB, None))
    found = sitting.document.get(drawn)
    assert found is not None
    assert found.geometry == OrientedBox.of_box(DRAWN)
    assert sitting.in_role(Role.CONFIRMED) == 2
    rejected, changed = sitting.document.get(1), sitting.document.get(0)
    assert rejected is not None
    assert changed is not None
    assert rejected.mark is Mark.REJECTED
    assert (changed.class_id, changed.geometry) == (2, OrientedBox.of_box(Box(*SURE.box)))
    assert not sitting.document.unsaved


def test_drafts_of_other_frames_stay(sitting: Sitting) -> None:
    drawn = sitting.session.objects.add(DRAWN, 1).ids[0]
    with sitting.busy_store() as release:
        sitting.go_to(1)  # its draft still waits for the store
        release.set()
        sitting.done(sitting.session.set_task(Task.SEGMENT, None))
    assert sitting.number == 1
    sitting.go_to(0)
    found = sitting.document.get(drawn)
    assert found is not None
    assert found.geometry == DRAWN  # a box stays a box until somebody makes a mask of it
    sitting.done(sitting.session.set_task(Task.POSE, None))
    found = sitting.document.get(drawn)
    assert found is not None
    assert found.geometry == Keypoints.unplaced(DRAWN, 17)


def test_labels_stay_as_they_were_made_and_are_shown_as_the_new_kind(sitting: Sitting) -> None:
    sitting.accept()
    sitting.done(sitting.session.set_task(Task.OBB, None))
    assert {kind_of(each.geometry) for each in sitting.decision(0).verdicts if each.geometry} == {GeometryKind.BOX}
    sitting.go_to(0)
    assert sitting.in_role(Role.CONFIRMED) == 2
    assert set(kinds(sitting)) == {GeometryKind.ORIENTED_BOX}
    assert sitting.states[0] is FrameState.ACCEPTED
    sitting.accept()
    assert {kind_of(each.geometry) for each in sitting.decision(0).verdicts if each.geometry} == {
        GeometryKind.ORIENTED_BOX
    }


def test_steps_before_the_change_cannot_be_undone_into_it(sitting: Sitting) -> None:
    session = sitting.session
    session.objects.add(DRAWN, 1)
    sitting.done(session.set_task(Task.OBB, None))
    assert session.undo().text == "Nothing to undo."
    session.objects.add(Box(10, 100, 60, 150), 1)
    assert sitting.undo().text == "Undone: draw object."


def test_the_same_task_again_changes_nothing(sitting: Sitting) -> None:
    sitting.session.objects.add(DRAWN, 1)
    document = sitting.document
    assert sitting.session.set_task(Task.DETECT, None) is NOTHING
    assert sitting.document is document
    assert sitting.undo().text == "Undone: draw object."


def test_renaming_keypoints_changes_no_object_and_no_history(sitting: Sitting) -> None:
    session = sitting.session
    sitting.done(session.set_task(Task.POSE, Skeleton(("a", "b"))))
    session.objects.add(DRAWN, 1)
    renamed = Skeleton(("head", "tail"))
    assert session.set_task(Task.POSE, renamed) is NOTHING
    assert session.skeleton == renamed
    assert sitting.undo().text == "Undone: draw object."
    assert sitting.done(session.set_task(Task.POSE, Skeleton(("one",)))).step is Step.FRAME


def test_the_task_stays_while_a_decision_is_in_flight(sitting: Sitting) -> None:
    outcome = sitting.session.accept_frame()
    assert sitting.session.set_task(Task.OBB, None).step is Step.NOTHING
    assert sitting.session.adopt_model(SEGMENTS) is NOTHING
    sitting.done(outcome)
    assert sitting.session.task is Task.DETECT


def test_hand_labelling_and_a_finished_review_stay_what_they_are(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[USUAL, USUAL])
    session = sitting.session
    session.label_by_hand()
    session.objects.add(DRAWN, 1)
    sitting.done(session.set_task(Task.OBB, None))
    assert sitting.document.mode is PresentationMode.HAND
    sitting.accept()
    assert sitting.accept().step is Step.FINISHED
    assert session.set_task(Task.DETECT, None) is NOTHING
    assert session.finished
    assert not session.objects.enabled
    assert sitting.go_to(1).step is Step.FRAME
    assert set(kinds(sitting)) == {GeometryKind.BOX}


# ------------------------------------------------------------------------------------------------ notes
@pytest.mark.parametrize(
    ("model", "task", "keypoints", "expected"),
    [
        (MODEL, Task.SEGMENT, 0, "test.pt gives boxes; press S to make masks of them."),
        (SEGMENTS, Task.OBB, 0, "yolo-seg.pt gives masks; the smallest oriented box around each is shown."),
        (MODEL, Task.OBB, 0, "test.pt gives boxes; turn them by hand."),
        (ORIENTED, Task.POSE, 17, "yolo-obb.pt gives oriented boxes; place the keypoints by hand."),
        (POSES, Task.POSE, 17, "yolo-pose.pt gives 5 keypoints but the project has 17; place them by hand."),
        (SEGMENTS, Task.DETECT, 0, "yolo-seg.pt gives masks; this project keeps only the upright boxes around them."),
        (MODEL, Task.DETECT, 0, ""),
        (SEGMENTS, Task.SEGMENT, 0, ""),
        (ORIENTED, Task.OBB, 0, ""),
        (POSES, Task.POSE, 5, ""),
    ],
)
def test_a_model_of_another_kind_is_said_what_it_is_good_for(
    model: ModelInfo, task: Task, keypoints: int, expected: str
) -> None:
    assert serving_note(model, task, keypoints=keypoints) == expected


@pytest.mark.parametrize("task", Task)
@pytest.mark.parametrize("model", [MODEL, SEGMENTS, POSES, ORIENTED])
def test_every_pair_that_does_not_fit_has_a_note(model: ModelInfo, task: Task) -> None:
    assert bool(serving_note(model, task, keypoints=5)) is (model.task is not task)


def test_boxes_of_other_models_wait_for_their_points_in_a_pose_project(sitting: Sitting) -> None:
    sitting.done(sitting.session.set_task(Task.POSE, Skeleton(("a", "b", "c"))))
    first = sitting.document.get(0)
    assert first is not None
    assert first.geometry == Keypoints.unplaced(Box(*SURE.box), 3)

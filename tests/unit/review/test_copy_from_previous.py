"""What comes over from the frame before: human-confirmed objects of the same clip, and nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.errors import FrameErrorCode
from autoanno_gui.core.frame_list import FrameList
from autoanno_gui.core.keypoints import Keypoints
from autoanno_gui.core.records import Frame
from autoanno_gui.core.review_objects import Role
from autoanno_gui.core.task import Task
from autoanno_gui.imaging.scan import scan_folder
from autoanno_gui.review.outcome import NOTHING, Step
from autoanno_gui.review.previous_frame import previous_of_clip
from autoanno_gui.store.store_thread import Priority, Store
from tests.projects import SURE, UNSURE, USUAL, MadeProject, Proposal, draw_frames
from tests.unit.review.conftest import Sit
from tests.unit.review.sitting import Sitting

DRAWN = Box(230, 20, 300, 90)


def draw(sitting: Sitting, box: Box = DRAWN) -> int:
    return sitting.session.objects.add(box, min(sitting.session.classes)).ids[0]


def drawn(sitting: Sitting) -> list[Box]:
    """Return the boxes of the drawn objects of the open frame."""
    return [item.geometry.bounds for item in sitting.document if item.drawn]


def frame_list(*paths: str, failed: str = "") -> FrameList:
    frames = FrameList()
    frames.extend(
        Frame(number, path, error=FrameErrorCode.DAMAGED if path == failed else None)
        for number, path in enumerate(paths)
    )
    return frames


# ------------------------------------------------------------------------------------------------ which frame
@pytest.mark.parametrize(
    ("paths", "here", "expected"),
    [
        (("a_1.jpg", "a_2.jpg"), 1, "a_1.jpg"),
        (("a_1.jpg", "a_2.jpg"), 0, None),
        (("a_1.jpg", "b_1.jpg"), 1, None),
        (("x/a_1.jpg", "y/a_2.jpg"), 1, None),
        (("t_1_left.jpg", "t_1_right.jpg", "t_2_left.jpg", "t_2_right.jpg"), 3, "t_1_right.jpg"),
        (("a_1.jpg", "a_9.jpg", "a_10.jpg"), 2, "a_9.jpg"),
    ],
)
def test_the_previous_frame_is_the_one_before_in_the_same_clip(
    paths: tuple[str, ...], here: int, expected: str | None
) -> None:
    found = previous_of_clip(frame_list(*paths), here)
    assert (found.path if found is not None else None) == expected


def test_a_damaged_frame_is_passed_over() -> None:
    found = previous_of_clip(frame_list("a_1.jpg", "a_2.jpg", "a_3.jpg", failed="a_2.jpg"), 2)
    assert found is not None
    assert found.path == "a_1.jpg"


# ------------------------------------------------------------------------------------------------ which objects
def test_labels_of_the_previous_frame_come_over_in_one_step(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[USUAL, ()])
    draw(sitting)
    sitting.accept()
    before = sitting.decision(0)
    outcome = sitting.session.copy_from_previous()
    assert outcome.step is Step.OBJECTS
    assert outcome.text == "3 objects added."
    kept = {verdict.geometry: verdict.class_id for verdict in before.verdicts if verdict.geometry is not None}
    assert {item.geometry: item.class_id for item in sitting.document} == kept
    assert len(kept) == 3
    assert sitting.session.objects.selection == tuple(item.id for item in sitting.document)
    assert sitting.undo().text == "Undone: copy from previous frame."
    assert list(sitting.document) == []


def test_a_decision_that_is_still_being_saved_counts(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[USUAL, ()])
    with sitting.busy_store():
        outcome = sitting.session.accept_frame()
        sitting.paint()
        assert sitting.session.copy_from_previous().text == "2 objects added."
    sitting.done(outcome)


def test_of_an_undecided_frame_only_what_was_confirmed_or_drawn_comes_over(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[USUAL, ()])
    drawn_id = draw(sitting)
    sitting.session.objects.select(1)
    sitting.session.objects.accept()
    confirmed = [sitting.document.get(i) for i in (1, drawn_id)]
    sitting.go_to(1)
    sitting.session.copy_from_previous()
    assert {box.as_tuple() for box in drawn(sitting)} == {
        item.geometry.bounds.as_tuple() for item in confirmed if item is not None
    }


def test_a_draft_of_an_earlier_sitting_comes_over(sit_down: Sit, made: MadeProject) -> None:
    first = sit_down(made)
    draw(first)
    first.close()
    sitting = sit_down(made)
    sitting.go_to(1)
    sitting.session.copy_from_previous()
    assert drawn(sitting) == [DRAWN]


def test_proposals_are_never_copied(sitting: Sitting) -> None:
    sitting.go_to(1)
    outcome = sitting.session.copy_from_previous()
    assert (outcome.step, outcome.text) == (Step.NOTHING, "Nothing is labelled on frame_0.jpg yet.")
    assert drawn(sitting) == []


def test_the_first_frame_of_a_clip_has_nothing_before_it(sitting: Sitting) -> None:
    outcome = sitting.session.copy_from_previous()
    assert (outcome.step, outcome.text) == (
        Step.NOTHING,
        "This is the first frame of its clip; there is nothing to copy.",
    )


def test_what_is_there_already_is_left_out(sit_down: Sit) -> None:
    moved = Proposal((24, 22, 84, 82), SURE.model_class, 0.8)  # overlaps `SURE` by more than 0.6
    other_class = Proposal((121, 41, 199, 119), 2, 0.7)
    sitting = sit_down(proposals=[(SURE, UNSURE), (moved, other_class)])
    sitting.accept()
    sitting.session.copy_from_previous()
    assert drawn(sitting) == [Box(*UNSURE.box)]


def test_a_second_copy_adds_nothing(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[USUAL, ()])
    sitting.accept()
    sitting.session.copy_from_previous()
    outcome = sitting.session.copy_from_previous()
    assert (outcome.step, outcome.text) == (Step.NOTHING, "All objects of frame_0.jpg are here already.")


def test_what_was_rejected_here_can_be_copied_again(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[(SURE,), (SURE,)])
    sitting.accept()
    sitting.session.objects.select(0)
    sitting.session.objects.reject()
    sitting.session.copy_from_previous()
    assert drawn(sitting) == [Box(*SURE.box)]


def test_copies_have_the_class_that_stands_for_theirs_today(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[(SURE,), ()])
    session = sitting.session
    sitting.accept()
    cat = min(session.classes)
    lion = sitting.store.submit(Priority.OTHER, lambda w: w.add_class("lion")).result().id
    sitting.store.submit(Priority.OTHER, lambda w: w.merge_class(cat, lion)).result()
    session.reload_classes()
    session.copy_from_previous()
    assert [item.class_id for item in sitting.document] == [lion]


def test_people_are_told_apart_by_their_boxes(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[None, (SURE,)])
    session = sitting.session
    sitting.done(session.set_task(Task.POSE, None))
    person = Keypoints.unplaced(Box(*SURE.box), 17)
    session.objects.add(person.with_point(0, person.points[0]._replace(x=30.0, y=30.0, visibility=2)), 1)
    sitting.accept()
    sitting.go_to(1)
    assert session.copy_from_previous().text == "All objects of frame_0.jpg are here already."


def test_nothing_is_copied_before_the_paint(sitting: Sitting) -> None:
    sitting.accept()
    sitting.session.next()
    assert sitting.session.copy_from_previous() is NOTHING


def test_clips_are_told_apart_in_a_real_folder(tmp_path: Path, sit_down: Sit) -> None:
    root, file = tmp_path / "clips", tmp_path / "clips.autoanno"
    names = ("cam_a_1.jpg", "cam_a_2.jpg", "cam_b_1.jpg")
    draw_frames(root, names)
    with Store.open(file, root=root) as store:
        for block in scan_folder(root):
            store.submit(Priority.OTHER, lambda w, b=block: w.add_frames(b)).result()
        store.submit(Priority.OTHER, lambda w: w.add_class("cat")).result()
    sitting = sit_down(MadeProject(root, file, names))
    draw(sitting)
    sitting.accept()
    assert sitting.session.copy_from_previous().text == "1 object added."
    sitting.go_to(2)
    assert sitting.session.copy_from_previous().step is Step.NOTHING
    assert sitting.in_role(Role.CONFIRMED) == 0

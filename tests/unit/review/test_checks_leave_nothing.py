"""Nothing of a planted check outlasts it, whatever happens while it is on the screen."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

from autoanno_gui.core.check_outcome import final_labels
from autoanno_gui.core.errors import FrameErrorCode
from autoanno_gui.core.history import DecisionEntry, EditEntry, PageEntry
from autoanno_gui.core.planting import Alteration
from autoanno_gui.core.review_objects import Role
from autoanno_gui.core.task import Task
from autoanno_gui.review.outcome import Step
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.store.store_thread import Priority
from tests.projects import MadeProject
from tests.unit.review.conftest import Sit
from tests.unit.review.honesty_kit import (
    EVERY,
    accept,
    events,
    go_to_check,
    prepare_check,
)
from tests.unit.review.session_kit import draw
from tests.unit.review.sitting import Sitting


@pytest.fixture
def sitting(sit_down: Sit, fresh: MadeProject) -> Sitting:
    return sit_down(fresh, check_every=EVERY)


def truth(sitting: Sitting, number: int) -> list[Any]:
    return final_labels(sitting.decision(number).verdicts)


def labels(sitting: Sitting) -> list[Any]:
    return [(item.class_id, item.geometry) for item in sitting.document.in_role(Role.CONFIRMED, Role.CANDIDATE)]


def newest(session: ReviewSession, count: int) -> list[EditEntry | DecisionEntry]:
    """Return the steps that undo would take next."""
    return [entry for entry in islice(session.history.done(), count) if not isinstance(entry, PageEntry)]


def go_to_check_of(sitting: Sitting, alteration: Alteration) -> None:
    """Go on until a check with this alteration is on the screen."""
    for _ in range(60):
        go_to_check(sitting)
        shown = sitting.session.checks.shown
        assert shown is not None
        if shown.prepared.planted.alteration is alteration:
            return
        sitting.accept()
    raise AssertionError("no such check came")


# ------------------------------------------------------------------------------------------------ nothing outlasts it
def test_a_decision_that_fails_takes_what_was_done_on_the_check_behind_it_along(sitting: Sitting) -> None:
    session = sitting.session
    prepare_check(sitting)
    with sitting.failing_disk():
        outcome = session.accept_frame()
        assert session.planted
        sitting.paint()
        checked = sitting.number
        session.objects.reject()  # while the decision is on its way
        draw(sitting)
        assert outcome.commit is not None
        assert outcome.commit.exception(20) is not None
        sitting.done(session.commit_failed())
        sitting.settle()
    assert sitting.ids[checked] not in {entry.frame_id for entry in newest(session, 3)}
    before = truth(sitting, checked)
    sitting.undo()  # the decision before
    sitting.go_to(checked)
    assert labels(sitting) == before
    assert events(sitting) == []  # the reviewer has not passed it over


def test_what_was_copied_from_a_check_is_gone_and_what_was_copied_before_is_not(sitting: Sitting) -> None:
    session = sitting.session
    session.objects.copy()
    copied = session.objects.clipboard
    assert copied
    go_to_check(sitting)
    draw(sitting)
    session.objects.copy()
    assert session.objects.clipboard != copied
    sitting.accept()
    assert session.objects.clipboard == copied


def test_undo_that_leaves_a_check_leaves_nothing_to_redo_of_it(sitting: Sitting) -> None:
    go_to_check(sitting)
    checked = sitting.number
    sitting.session.objects.reject()
    sitting.undo()
    sitting.undo()
    assert not sitting.session.planted
    sitting.redo()
    assert sitting.session.history.to_redo is None
    sitting.go_to(checked)
    assert labels(sitting) == truth(sitting, checked)


def test_a_step_that_is_done_again_leads_to_no_check_and_the_next_can_be_done_again(sitting: Sitting) -> None:
    prepare_check(sitting)
    decided = [sitting.undo(), sitting.undo(), sitting.undo()]
    assert all(outcome.step is Step.FRAME for outcome in decided)
    for _ in decided:
        assert sitting.redo().step is Step.FRAME
        assert not sitting.session.planted
    assert sitting.session.history.to_redo is None


def test_closing_on_a_check_leaves_its_frame_alone(sitting: Sitting, sit_down: Sit, fresh: MadeProject) -> None:
    go_to_check(sitting)
    number, decisions = sitting.number, len(sitting.ledger)
    before = truth(sitting, number)
    sitting.session.objects.reject()
    sitting.session.save_draft()
    sitting.close()
    again = sit_down(fresh)
    again.go_to(number)
    assert labels(again) == before
    assert again.draft(number) is None
    assert len(again.ledger) == decisions


def test_copying_from_the_previous_frame_takes_its_labels_not_the_altered_ones(sitting: Sitting) -> None:
    go_to_check(sitting)
    number = sitting.number
    before = truth(sitting, number)
    session = sitting.session
    drawn = [session.objects.add(geometry.moved(5.0, 0.0), class_id) for class_id, geometry in before]
    assert all(outcome.step is Step.OBJECTS for outcome in drawn)
    sitting.accept()
    sitting.go_to(number + 1)
    session.objects.select_all()
    session.objects.reject()
    assert session.copy_from_previous().step is Step.OBJECTS
    assert labels(sitting) == before


def test_an_event_that_cannot_be_written_is_told_and_harms_nothing(sitting: Sitting) -> None:
    go_to_check(sitting)
    faults: list[BaseException | None] = []
    sitting.session.on_write = lambda future: faults.append(future.exception(20))
    number, following, states = sitting.number, sitting.session.listed_id, sitting.stored_states
    with sitting.failing_disk():
        sitting.accept()
    assert any(fault is not None for fault in faults)
    assert sitting.session.frame is not None
    assert sitting.session.frame.id == following
    assert sitting.stored_states == states
    assert sitting.draft(number) is None
    assert events(sitting) == []


# ------------------------------------------------------------------------------------------------ on the screen
def test_another_kind_of_object_leads_on_and_no_check_of_the_former_kind_comes(sitting: Sitting) -> None:
    go_to_check(sitting)
    following = sitting.session.listed_id
    sitting.done(sitting.session.set_task(Task.SEGMENT, None))
    assert sitting.session.frame is not None
    assert sitting.session.frame.id == following
    prepare_check(sitting)
    sitting.done(sitting.session.set_task(Task.DETECT, None))
    for _ in range(2 * EVERY):
        accept(sitting)
        assert sitting.document.task is Task.DETECT


def test_a_file_that_is_gone_is_not_the_reviewers_fault(sitting: Sitting) -> None:
    go_to_check(sitting)
    session, following = sitting.session, sitting.session.listed_id
    assert session.frame is not None
    session.note_fault(replace(session.frame, error=FrameErrorCode.MISSING), "It is gone.")
    # The next undecided frame behind the check's own is another one.
    session.open(following)
    assert session.frame is not None
    assert session.frame.id == following


@pytest.mark.parametrize("verb", ["accept", "reject", "defer"])
def test_a_check_without_a_picture_leads_to_the_frame_that_it_stood_before(sitting: Sitting, verb: str) -> None:
    prepare_check(sitting)
    session = sitting.session
    sitting.go_to(sitting.number + 30)  # what comes next is far from what comes next of the check's own frame
    sitting.accept()
    assert session.planted
    following, frame = session.listed_id, session.frame
    assert frame is not None
    session.note_fault(replace(frame, error=FrameErrorCode.MISSING), "It is gone.")
    getattr(sitting, verb)()
    assert session.frame is not None
    assert session.frame.id == following
    assert events(sitting) == []
    assert session.frames.get(frame.id).state.labelled


def test_labels_that_a_threshold_hides_are_not_judged(sitting: Sitting) -> None:
    go_to_check(sitting)
    sitting.session.set_threshold(0.95)
    sitting.accept()
    if sitting.session.planted:
        sitting.accept()  # "Empty?"
    (event,) = events(sitting)
    assert (event["passed_over"], event["caught"]) == (True, False)


def test_a_threshold_that_was_moved_and_moved_back_changes_nothing(sitting: Sitting) -> None:
    go_to_check(sitting)
    sitting.session.set_threshold(0.95)
    sitting.session.set_threshold(0.5)
    sitting.accept()
    (event,) = events(sitting)
    assert (event["passed_over"], event["caught"], event["kept"]) == (False, False, event["objects"])


def test_classes_that_are_merged_on_a_check_are_the_same_in_its_answer(sitting: Sitting) -> None:
    go_to_check(sitting)
    shown = sitting.session.checks.shown
    assert shown is not None
    classes = sorted(sitting.session.classes)
    for other in classes[1:]:
        sitting.store.submit(Priority.OTHER, lambda w, other=other: w.merge_class(other, classes[0])).result()
    sitting.session.reload_classes()
    outcome = sitting.accept()
    (event,) = events(sitting)
    if shown.prepared.planted.alteration is Alteration.CLASS:
        assert event["passed_over"]
    else:
        assert (event["kept"], event["changed"]) == (event["objects"], 0)
        assert "class " not in outcome.text


def test_a_wrong_class_that_is_merged_with_the_right_one_is_not_judged(sitting: Sitting) -> None:
    go_to_check_of(sitting, Alteration.CLASS)
    shown = sitting.session.checks.shown
    assert shown is not None
    wrong, (right, _) = shown.prepared.planted.altered_label, shown.prepared.planted.true_label
    assert wrong is not None
    before = len(events(sitting))
    sitting.store.submit(Priority.OTHER, lambda w: w.merge_class(wrong[0], right)).result()
    sitting.session.reload_classes()
    sitting.accept()
    assert [event["passed_over"] for event in events(sitting)[before:]] == [True]


def test_new_class_maps_leave_a_check_as_it_is(sitting: Sitting) -> None:
    go_to_check(sitting)
    before = list(sitting.document)
    sitting.session.reload_predictions()
    assert list(sitting.document) == before
    assert sitting.session.planted

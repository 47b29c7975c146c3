"""What was seen at a readable size, and the question before the rest is accepted."""

from __future__ import annotations

import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.records import FrameState
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.outcome import Step
from autoanno_gui.review.tour import READABLE_PIXELS, SeenObjects
from tests.unit.review.conftest import Sit
from tests.unit.review.sitting import Sitting


def test_an_object_is_seen_once_it_was_in_view_at_a_readable_size() -> None:
    seen = SeenObjects()
    seen.note(1, READABLE_PIXELS, True)
    seen.note(2, READABLE_PIXELS - 0.01, True)
    seen.note(3, 100.0, False)
    assert seen.unseen([3, 1, 2, 4]) == (3, 2, 4)
    seen.note(3, 50.0, True)
    seen.note(1, 2.0, False)  # zoomed out again: it was seen all the same
    assert seen.unseen([3, 1, 2, 4]) == (2, 4)
    seen.reset()
    assert seen.unseen([1, 2]) == (1, 2)


def test_candidates_that_were_never_seen_are_asked_about_once(sitting: Sitting) -> None:
    outcome = sitting.session.accept_frame(unseen=[1, 0])
    assert (outcome.step, set(outcome.ids), outcome.commit) == (Step.ASK_UNSEEN, {0, 1}, None)
    assert outcome.text.startswith("2 candidates were never seen at a readable size or lie off screen.")
    assert sitting.session.unseen_asked
    assert not sitting.session.empty_asked
    sitting.settle()
    assert sitting.stored_states[0] is FrameState.UNDECIDED
    assert sitting.done(sitting.session.accept_frame(unseen=[0, 1])).step is Step.FRAME
    assert sitting.stored_states[0] is FrameState.ACCEPTED
    assert not sitting.session.unseen_asked


def test_a_single_one_is_asked_about_in_the_singular(sitting: Sitting) -> None:
    text = sitting.session.accept_frame(unseen=(1,)).text
    assert text.startswith("1 candidate was never seen at a readable size or lies off screen.")


def test_only_untouched_candidates_are_asked_about(sitting: Sitting) -> None:
    session = sitting.session
    session.objects.select(0)
    session.objects.accept()
    session.objects.select(1)
    session.objects.reject()
    ghost = sitting.document.in_role(Role.GHOST)[0].id
    assert sitting.done(session.accept_frame(unseen=[0, 1, ghost, 77])).step is Step.FRAME


def test_what_was_seen_meanwhile_is_not_asked_about(sitting: Sitting) -> None:
    sitting.session.accept_frame(unseen=[0])
    sitting.session.objects.select_next()
    assert sitting.done(sitting.session.accept_frame()).step is Step.FRAME


@pytest.mark.parametrize("act", ["edit", "undo", "threshold", "by hand and back", "away and back", "cancel"])
def test_any_change_asks_anew(sitting: Sitting, act: str) -> None:
    session = sitting.session
    session.objects.add(Box(230, 20, 300, 90), min(session.classes))
    assert session.accept_frame(unseen=[0]).step is Step.ASK_UNSEEN
    match act:
        case "edit":
            session.objects.select(1)
            session.objects.accept()
        case "undo":
            sitting.undo()
        case "threshold":
            session.set_threshold(0.55)
        case "by hand and back":
            session.label_by_hand()
            session.label_by_hand()
        case "away and back":
            sitting.done(session.next())
            sitting.done(session.previous())
        case "cancel":
            assert session.cancel_question()
            assert not session.cancel_question()
    assert not session.unseen_asked
    assert session.accept_frame(unseen=[0]).step is Step.ASK_UNSEEN


def test_an_empty_frame_is_asked_about_its_emptiness_only(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[(), ()])
    assert sitting.session.accept_frame(unseen=[0]).step is Step.ASK_EMPTY
    assert sitting.done(sitting.session.accept_frame(unseen=[0])).step is Step.FRAME


def test_labelling_by_hand_asks_about_no_proposal(sitting: Sitting) -> None:
    session = sitting.session
    session.label_by_hand()
    session.objects.add(Box(230, 20, 300, 90), min(session.classes))
    assert sitting.done(session.accept_frame(unseen=[0, 1])).step is Step.FRAME
    assert sitting.stored_states[0] is FrameState.HAND_LABELLED

"""The session through its verbs, over real projects: what counts when, what is kept, what comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.errors import FrameErrorCode, ProjectError
from autoanno_gui.core.records import DecisionKind, FrameState, PresentationMode, VerdictKind
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.outcome import NOTHING, Outcome, Step
from autoanno_gui.review.session import HIGHEST_THRESHOLD, LOWEST_THRESHOLD, ReviewSession
from autoanno_gui.store.store_thread import Store
from tests.projects import GHOST, NOISE, USUAL, MadeProject
from tests.unit.review.conftest import Sit
from tests.unit.review.session_kit import BOX, draw, sit_again
from tests.unit.review.sitting import Sitting


def leave_fault(sitting: Sitting, verb: Callable[[ReviewSession], Outcome]) -> Outcome:
    return sitting.done(verb(sitting.session))


DECISIONS = [ReviewSession.accept_frame, ReviewSession.reject_frame, ReviewSession.defer_frame]


# ------------------------------------------------------------------------------------------------ gates
@pytest.mark.parametrize("decide", DECISIONS)
def test_a_decision_counts_only_once_the_frame_was_painted(
    sitting: Sitting, decide: Callable[[ReviewSession], Outcome]
) -> None:
    sitting.session.next()
    assert decide(sitting.session) is NOTHING
    assert sitting.number == 1
    sitting.paint()
    sitting.done(decide(sitting.session))
    assert [entry.decision.frame_id for entry in sitting.ledger] == [sitting.ids[1]]


@pytest.mark.parametrize("decide", DECISIONS)
def test_nothing_is_decided_or_left_while_a_decision_is_in_flight(
    sitting: Sitting, decide: Callable[[ReviewSession], Outcome]
) -> None:
    session = sitting.session
    first = session.accept_frame()
    sitting.paint()
    assert first.commit is not None
    first.commit.result()
    assert decide(session) is NOTHING
    assert session.next() is session.previous() is session.open(sitting.ids[3]) is NOTHING
    assert session.undo().step is session.redo().step is Step.NOTHING
    assert sitting.number == 1
    assert session.committed() == sitting.ids[0]
    sitting.done(decide(session))
    assert len(sitting.ledger) == 2


@pytest.mark.parametrize("decide", DECISIONS)
def test_nothing_is_decided_while_the_frame_waits_for_its_prediction(
    sit_down: Sit, decide: Callable[[ReviewSession], Outcome]
) -> None:
    sitting = sit_down(proposals=[None, USUAL], model_active=True)
    sitting.go_to(0)
    assert sitting.session.waiting
    assert not sitting.session.can_decide
    assert decide(sitting.session) is NOTHING
    assert sitting.ledger == []


def test_objects_cannot_be_changed_before_the_paint(sitting: Sitting) -> None:
    sitting.session.next()
    assert sitting.session.objects.reject() is NOTHING
    assert sitting.session.objects.add(BOX, 1) is NOTHING
    sitting.paint()
    assert sitting.session.objects.reject().step is Step.OBJECTS


# ------------------------------------------------------------------------------------------------ decisions
def test_accepting_records_what_was_shown_and_goes_on(sitting: Sitting) -> None:
    outcome = sitting.accept()
    assert outcome.step is Step.FRAME
    assert sitting.number == 1
    decision = sitting.decision(0)
    assert (decision.kind, decision.mode, decision.shown) == (DecisionKind.ACCEPTED, PresentationMode.NORMAL, (0, 1))
    assert [verdict.kind for verdict in decision.verdicts] == [VerdictKind.ACCEPTED] * 2
    assert decision.reviewer == "ann"
    assert sitting.states == sitting.stored_states
    assert sitting.states[:2] == [FrameState.ACCEPTED, FrameState.UNDECIDED]


def test_what_was_edited_is_recorded_as_such(sitting: Sitting) -> None:
    sitting.session.objects.select(0)
    sitting.session.objects.reject()
    sitting.session.objects.select(1)
    sitting.session.objects.set_class(sitting.document.get(0).class_id)
    draw(sitting)
    sitting.accept()
    decision = sitting.decision(0)
    assert decision.kind is DecisionKind.EDITED
    found = [verdict.kind for verdict in decision.verdicts]
    assert found == [VerdictKind.REJECTED, VerdictKind.EDITED, VerdictKind.ADDED]
    assert decision.verdicts[1].class_changed


def test_a_frame_without_candidates_asks_before_it_is_empty(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[(GHOST, NOISE), USUAL])
    session = sitting.session
    assert session.objects.ghosts_shown
    assert session.accept_frame().step is Step.ASK_EMPTY
    assert session.empty_asked
    assert session.cancel_question()
    assert not session.cancel_question()
    assert session.accept_frame().step is Step.ASK_EMPTY
    assert session.objects.adopt(0).step is Step.OBJECTS
    assert not session.empty_asked
    session.undo()
    assert session.accept_frame().step is Step.ASK_EMPTY
    session.set_threshold(0.4)
    assert session.accept_frame().step is Step.ASK_EMPTY
    sitting.accept()
    assert sitting.decision(0).kind is DecisionKind.ACCEPTED
    assert sitting.decision(0).verdicts == ()


def test_a_rejected_frame_waits_for_hand_labelling(sitting: Sitting) -> None:
    sitting.reject()
    assert sitting.decision(0).kind is DecisionKind.REJECTED
    sitting.go_to(0)
    assert sitting.document.mode is PresentationMode.HAND
    assert sitting.in_role(Role.CANDIDATE) == 0
    again = sitting.session.reject_frame()
    assert (again.step, again.text) == (Step.NOTHING, "This frame already waits for hand labelling.")
    draw(sitting)
    sitting.accept()
    decision = sitting.decision(0)
    assert (decision.kind, decision.mode, decision.shown) == (
        DecisionKind.HAND_LABELLED,
        PresentationMode.HAND,
        (),
    )
    assert [verdict.kind for verdict in decision.verdicts] == [VerdictKind.ADDED]


def test_frames_that_were_put_off_come_after_the_undecided_ones(sitting: Sitting) -> None:
    sitting.defer()
    sitting.accept()
    sitting.defer()
    assert sitting.number == 3
    sitting.accept()
    assert sitting.session.finished
    deferred, accepted = FrameState.DEFERRED, FrameState.ACCEPTED
    assert sitting.states == sitting.stored_states == [deferred, accepted, deferred, accepted]
    assert sitting.session.queue.first() == sitting.session.frames.at(0)
    sitting.go_to(0)
    sitting.accept()
    assert sitting.number == 2
    sitting.defer()
    assert sitting.session.finished
    assert sitting.states[2] is deferred


def test_after_the_last_frame_no_key_counts_until_a_frame_is_opened(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[USUAL])
    session = sitting.session
    outcome = sitting.accept()
    assert (outcome.step, session.finished) == (Step.FINISHED, True)
    assert session.accept_frame() is session.reject_frame() is session.objects.reject() is NOTHING
    # The frame that was decided last can be opened again, too.
    assert sitting.go_to(0).step is Step.FRAME
    assert not session.finished
    assert sitting.in_role(Role.CONFIRMED) == 2
    assert session.open(sitting.ids[0]) is NOTHING
    session.objects.select(0)
    session.objects.reject()
    sitting.accept()
    assert [entry.decision.kind for entry in sitting.ledger] == [DecisionKind.ACCEPTED, DecisionKind.EDITED]
    assert [entry.adopted for entry in sitting.ledger] == [False, True]


# ------------------------------------------------------------------------------------------------ failed commits
def test_a_decision_that_could_not_be_written_brings_its_frame_back(sitting: Sitting) -> None:
    session = sitting.session
    drawn = draw(sitting)
    with sitting.failing_disk():
        outcome = session.accept_frame()
        assert outcome.commit is not None
        with pytest.raises(ProjectError, match="may not be written"):
            outcome.commit.result()
        assert sitting.number == 1
        assert session.commit_failed().step is Step.FRAME
    assert sitting.number == 0
    assert sitting.document.get(drawn) is not None
    assert session.accept_frame() is NOTHING, "it has not been painted again"
    assert sitting.states == sitting.stored_states == [FrameState.UNDECIDED] * 4
    assert session.history.to_undo is not None
    assert session.history.to_undo.name == "Draw object"
    assert session.history.to_redo is None
    sitting.paint()
    sitting.accept()
    assert sitting.decision(0).kind is DecisionKind.EDITED
    assert len(sitting.ledger) == 1


def test_the_draft_of_a_frame_whose_decision_failed_is_kept(sitting: Sitting, made: MadeProject) -> None:
    drawn = draw(sitting)
    with sitting.failing_disk():
        outcome = sitting.session.accept_frame()
        assert outcome.commit is not None
        outcome.commit.exception()
        sitting.session.commit_failed()
    sitting.close()
    with Store.open(made.file) as store, store.reader() as reader:
        assert str(drawn).encode() in (reader.draft(sitting.ids[0]) or b"")


def test_a_revocation_that_could_not_be_written_leaves_the_decision(sitting: Sitting) -> None:
    session = sitting.session
    sitting.accept()
    with sitting.failing_disk():
        outcome = session.undo()
        assert sitting.number == 0
        assert outcome.commit is not None
        with pytest.raises(ProjectError):
            outcome.commit.result()
        assert session.commit_failed().step is Step.FRAME
    assert sitting.number == 1
    assert sitting.states == sitting.stored_states == [FrameState.ACCEPTED] + [FrameState.UNDECIDED] * 3
    sitting.paint()
    assert sitting.undo().text == "Undone: frame accepted."
    assert sitting.stored_states == [FrameState.UNDECIDED] * 4


def test_nothing_in_flight_nothing_to_take_back(sitting: Sitting) -> None:
    assert sitting.session.commit_failed() is NOTHING
    assert sitting.session.committed() is None


# ------------------------------------------------------------------------------------------------ faults
@pytest.mark.parametrize("decide", DECISIONS)
def test_a_frame_that_cannot_be_shown_is_left_without_a_decision(
    sitting: Sitting, decide: Callable[[ReviewSession], Outcome]
) -> None:
    session = sitting.session
    session.next()
    frame = replace(session.frames.get(sitting.ids[1]), error=FrameErrorCode.DAMAGED, state=FrameState.FAILED)
    session.note_fault(frame, "The file is damaged.")
    assert session.fault == "The file is damaged."
    assert decide(session) is NOTHING, "not painted yet"
    sitting.paint()
    assert session.objects.add(BOX, 1) is NOTHING
    sitting.done(decide(session))
    assert sitting.number == 2
    assert session.fault is None
    assert sitting.ledger == []
    sitting.done(session.previous())
    assert session.fault is not None


def test_a_file_that_can_be_read_again_can_be_judged_again(sitting: Sitting) -> None:
    session = sitting.session
    before = session.frames.get(sitting.ids[0])
    session.note_fault(replace(before, error=FrameErrorCode.MISSING, state=FrameState.FAILED), "gone")
    session.note_readable(sitting.ids[0])
    assert session.fault is None
    assert session.frames.get(sitting.ids[0]) == before
    sitting.accept()
    assert sitting.decision(0).kind is DecisionKind.ACCEPTED


def test_a_fault_on_the_last_frame_finishes(sitting: Sitting) -> None:
    for _ in range(3):
        sitting.accept()
    frame = replace(sitting.session.frames.get(sitting.ids[3]), error=FrameErrorCode.DAMAGED, state=FrameState.FAILED)
    sitting.session.note_fault(frame, "The file is damaged.")
    outcome = sitting.session.accept_frame()
    assert (outcome.step, outcome.commit) == (Step.FINISHED, None)


def test_the_size_that_the_decoder_found_clips_what_is_drawn(sitting: Sitting) -> None:
    sitting.session.note_size(sitting.ids[0], width=320, height=240)
    drawn = draw(sitting, Box(300, 200, 400, 400))
    assert sitting.document.get(drawn).geometry == Box(300, 200, 320, 240)
    assert sitting.session.frames.get(sitting.ids[0]).width == 320


# ------------------------------------------------------------------------------------------------ moving and looking
def test_moving_ends_at_both_ends_of_the_queue(sitting: Sitting) -> None:
    assert sitting.session.previous().text == "This is the first frame of the queue."
    for _ in range(3):
        sitting.done(sitting.session.next())
    assert sitting.session.next().text == "This is the last frame of the queue."
    assert sitting.number == 3
    sitting.done(sitting.session.previous())
    assert sitting.number == 2


def test_before_the_first_frame_nothing_is_open(made: MadeProject) -> None:
    sitting = Sitting(made)
    session = sitting.session
    assert session.frame is session.presentation is session.document is None
    assert session.next() is session.accept_frame() is session.label_by_hand() is NOTHING
    assert not session.waiting
    session.save_draft()
    sitting.close()


def test_the_look_ahead_holds_the_next_undecided_frames_then_the_neighbours(sitting: Sitting) -> None:
    queue = sitting.session.queue
    ids = sitting.ids
    assert queue.look_ahead(ids[0], count=2) == [ids[1], ids[2]]
    sitting.done(sitting.session.next())
    sitting.accept()
    assert queue.look_ahead(ids[0], count=2) == [ids[2], ids[3], ids[1]]
    assert queue.look_ahead(ids[3], count=9) == [ids[0], ids[2]]


def test_the_threshold_is_a_view_that_is_kept(sitting: Sitting, sit_down: Sit, made: MadeProject) -> None:
    session = sitting.session
    assert session.set_threshold(0.5) is NOTHING
    assert session.set_threshold(0.7).text == "Threshold 0.70"
    assert sitting.in_role(Role.CANDIDATE) == 1
    session.set_threshold(7)
    assert session.thresholds.default == HIGHEST_THRESHOLD
    session.set_threshold(-1)
    assert session.thresholds.default == LOWEST_THRESHOLD
    assert sitting.in_role(Role.CANDIDATE) == 4
    sitting.done(session.next())
    assert sitting.in_role(Role.CANDIDATE) == 4
    again = sit_again(sitting, sit_down, made)
    assert again.session.thresholds.default == LOWEST_THRESHOLD


def test_raising_the_threshold_over_a_candidate_rejects_it(sitting: Sitting) -> None:
    sitting.session.set_threshold(0.7)
    sitting.accept()
    decision = sitting.decision(0)
    assert decision.shown == (0, 1)
    assert [verdict.kind for verdict in decision.verdicts] == [VerdictKind.ACCEPTED, VerdictKind.REJECTED]


def test_notes(sitting: Sitting) -> None:
    session, frame = sitting.session, sitting.ids[2]
    assert session.note(frame) == ""
    session.set_note(frame, "look again")
    sitting.settle()
    assert session.note(frame) == "look again"
    session.set_note(frame, "")
    sitting.settle()
    assert session.note(frame) == ""

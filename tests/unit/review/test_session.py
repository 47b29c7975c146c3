"""The session through its verbs, over real projects: what counts when, what is kept, what comes back."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.errors import FrameErrorCode, ProjectError
from autoanno_gui.core.predictions import FrameResult, RunSettings
from autoanno_gui.core.records import DecisionKind, FrameState, PresentationMode, VerdictKind
from autoanno_gui.core.review_objects import FIRST_DRAWN_ID, Mark, Role
from autoanno_gui.review.outcome import NOTHING, Outcome, Step
from autoanno_gui.review.session import HIGHEST_THRESHOLD, LOWEST_THRESHOLD, ReviewSession
from autoanno_gui.store.store_thread import Priority, Store
from tests.projects import GHOST, MODEL, NOISE, SURE, UNSURE, USUAL, MadeProject, Proposal, make_project, predictions
from tests.unit.review.conftest import Sit
from tests.unit.review.sitting import Sitting

BOX = Box(230, 20, 300, 90)
EDGE = Proposal((0, 20, 60, 80), 0, 0.9)
"""It touches the left border."""


def draw(sitting: Sitting, box: Box = BOX) -> int:
    """Draw a box of the first class; return its id."""
    outcome = sitting.session.objects.add(box, min(sitting.session.classes))
    assert outcome.step is Step.OBJECTS
    return outcome.ids[0]


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


# ------------------------------------------------------------------------------------------------ undo and redo
def test_undo_goes_back_through_edits_and_decisions_across_frames(sitting: Sitting) -> None:
    session = sitting.session
    drawn = draw(sitting)
    sitting.accept()
    session.objects.select(0)
    session.objects.reject()
    sitting.done(session.next())
    assert sitting.number == 2

    outcome = sitting.undo()
    assert (outcome.step, outcome.text, sitting.number) == (Step.FRAME, "Undone: reject object.", 1)
    assert sitting.document.get(0).mark is Mark.NONE
    outcome = sitting.undo()
    assert (outcome.text, sitting.number) == ("Undone: frame edited.", 0)
    assert sitting.ledger == []
    assert sitting.document.get(drawn) is not None
    outcome = sitting.undo()
    assert (outcome.step, outcome.ids[0]) == (Step.OBJECTS, drawn)
    assert sitting.document.get(drawn) is None
    assert sitting.undo().text == "Nothing to undo."

    assert sitting.redo().text == "Redone: draw object."
    assert sitting.document.get(drawn) is not None
    assert sitting.redo().step is Step.FRAME
    assert sitting.number == 1
    assert [verdict.kind for verdict in sitting.decision(0).verdicts][-1] is VerdictKind.ADDED
    sitting.redo()
    assert sitting.document.get(0).mark is Mark.REJECTED
    assert sitting.redo().text == "Nothing to redo."
    assert len(sitting.ledger) == 1


def test_a_decision_that_is_redone_is_recorded_anew(sitting: Sitting) -> None:
    sitting.accept()
    before = sitting.decision(0)
    sitting.undo()
    sitting.redo()
    after = sitting.decision(0)
    assert after.uuid != before.uuid
    assert replace(after, uuid=before.uuid) == before


def test_undo_takes_the_frame_back_to_the_decision_before(sitting: Sitting) -> None:
    sitting.accept()
    sitting.go_to(0)
    sitting.session.objects.select(0)
    sitting.session.objects.reject()
    sitting.accept()
    assert sitting.states[0] is FrameState.EDITED
    sitting.undo()
    assert sitting.states[0] is sitting.stored_states[0] is FrameState.ACCEPTED
    assert sitting.in_role(Role.REJECTED) == 1


def test_undo_after_the_last_frame_brings_it_back(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[USUAL])
    draw(sitting)
    sitting.accept()
    assert sitting.undo().step is Step.FRAME
    assert not sitting.session.finished
    assert sitting.in_role(Role.CONFIRMED) == 1
    sitting.undo()
    assert sitting.in_role(Role.CONFIRMED) == 0


def test_a_new_decision_ends_what_could_be_redone(sitting: Sitting) -> None:
    sitting.accept()
    sitting.undo()
    sitting.reject()
    assert sitting.redo().text == "Nothing to redo."
    assert [entry.decision.kind for entry in sitting.ledger] == [DecisionKind.REJECTED]


# ------------------------------------------------------------------------------------------------ drafts
def sit_again(sitting: Sitting, sit_down: Sit, made: MadeProject) -> Sitting:
    sitting.close()
    return sit_down(made)


def test_an_unfinished_frame_is_there_again_in_the_next_sitting(
    sitting: Sitting, sit_down: Sit, made: MadeProject
) -> None:
    drawn = draw(sitting)
    sitting.session.objects.select(1)
    sitting.session.objects.reject()
    sitting.done(sitting.session.next())
    sitting.session.objects.reject()
    again = sit_again(sitting, sit_down, made)
    assert again.document.get(drawn).geometry == BOX
    assert again.document.get(1).mark is Mark.REJECTED
    again.go_to(1)
    assert again.in_role(Role.REJECTED) == 1
    assert again.states == [FrameState.UNDECIDED] * 4


def test_a_draft_that_was_undone_is_dropped(sitting: Sitting) -> None:
    draw(sitting)
    sitting.session.save_draft()
    sitting.settle()
    assert sitting.draft(0) is not None
    sitting.undo()
    sitting.session.save_draft()
    sitting.settle()
    assert sitting.draft(0) is None


def test_a_draft_that_the_decision_overtook_stays_away(sitting: Sitting) -> None:
    with sitting.busy_store():
        draw(sitting)
        sitting.session.save_draft()
        outcome = sitting.session.accept_frame()
    assert outcome.commit is not None
    outcome.commit.result()
    sitting.settle()
    assert sitting.draft(0) is None
    assert sitting.stored_states[0] is FrameState.EDITED


def test_a_decision_does_not_cost_another_frame_its_draft(sitting: Sitting) -> None:
    session = sitting.session
    with sitting.busy_store():
        drawn = draw(sitting)
        session.next()
        sitting.paint()
        outcome = session.accept_frame()
    sitting.done(outcome)
    sitting.settle()
    assert str(drawn).encode() in (sitting.draft(0) or b"")


def test_taking_the_only_object_of_a_labelled_frame_away_is_kept(sit_down: Sit, tmp_path: Path) -> None:
    made = make_project(tmp_path, [None, USUAL])
    sitting = sit_down(made)
    sitting.go_to(0)
    drawn = draw(sitting)
    sitting.accept()
    sitting.go_to(0)
    sitting.session.objects.select(drawn)
    sitting.session.objects.reject()
    assert list(sitting.document) == []
    sitting.done(sitting.session.next())
    sitting = sit_again(sitting, sit_down, made)
    sitting.go_to(0)
    assert list(sitting.document) == []
    # Nothing was decided, so the labels stand.
    assert sitting.states[0] is FrameState.HAND_LABELLED
    assert len(sitting.decision(0).verdicts) == 1
    assert sitting.session.accept_frame().step is Step.ASK_EMPTY
    sitting.accept()
    assert sitting.decision(0).verdicts == ()
    assert sitting.draft(0) is None


def test_a_frame_that_is_put_off_keeps_what_was_done_on_it(sitting: Sitting, sit_down: Sit, made: MadeProject) -> None:
    drawn = draw(sitting)
    with sitting.busy_store():
        outcome = sitting.session.defer_frame()
        sitting.session.committed()  # as soon as that: the draft is still on its way
        sitting.session.open(sitting.ids[0])
        assert sitting.document.get(drawn) is not None
    assert outcome.commit is not None
    outcome.commit.result()
    again = sit_again(sitting, sit_down, made)
    assert again.number == 1
    again.go_to(0)
    assert again.document.get(drawn) is not None


def test_a_labelled_frame_that_is_put_off_keeps_its_labels(sitting: Sitting, sit_down: Sit, made: MadeProject) -> None:
    draw(sitting)
    sitting.accept()
    sitting.go_to(0)
    sitting.defer()
    again = sit_again(sitting, sit_down, made)
    assert again.states[0] is FrameState.DEFERRED
    again.go_to(0)
    assert again.in_role(Role.CONFIRMED) == 3
    again.accept()
    assert len(again.decision(0).verdicts) == 3


def test_the_end_of_a_sitting_is_recorded(sitting: Sitting, made: MadeProject) -> None:
    sitting.close()
    conn = sqlite3.connect(made.file)
    rows = conn.execute("SELECT reviewer, ended IS NOT NULL FROM session").fetchall()
    conn.close()
    assert rows == [("ann", 1)]


# ------------------------------------------------------------------------------------------- by hand, models that come
def test_labelling_by_hand_hides_the_proposals_and_back(sitting: Sitting) -> None:
    session = sitting.session
    assert session.label_by_hand().step is Step.OBJECTS
    assert sitting.document.mode is PresentationMode.HAND
    assert sitting.in_role(Role.CANDIDATE, Role.GHOST) == 0
    session.label_by_hand()
    assert sitting.in_role(Role.CANDIDATE) == 2
    session.label_by_hand()
    assert session.accept_frame().step is Step.ASK_EMPTY
    sitting.accept()
    assert sitting.decision(0).kind is DecisionKind.HAND_LABELLED
    assert sitting.decision(0).shown == ()


def test_without_a_model_frames_are_labelled_by_hand(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[None, USUAL])
    sitting.go_to(0)
    assert not sitting.session.waiting
    assert sitting.document.mode is PresentationMode.HAND
    assert "no model" in sitting.session.label_by_hand().text


def test_a_model_that_comes_or_goes_changes_the_open_frame_only_while_it_is_untouched(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[None, USUAL])
    session = sitting.session
    sitting.go_to(0)
    assert session.set_model_active(True)
    assert session.waiting
    assert not session.set_model_active(True)
    assert session.set_model_active(False)
    draw(sitting)
    assert not session.set_model_active(True)
    assert sitting.document.mode is PresentationMode.HAND
    assert session.can_decide
    sitting.go_to(1)
    assert not session.set_model_active(False)
    assert sitting.in_role(Role.CANDIDATE) == 2


def predict(sitting: Sitting, number: int, *proposals: Proposal) -> int:
    """Store a prediction of the usual model; return its run_frame."""
    result = FrameResult(sitting.ids[number], predictions(proposals))
    settings = RunSettings(MODEL, (640, 640))

    def work(writer):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        return writer.record_results(writer.start_run(settings, device="cpu"), [result])

    run_frame_id = sitting.store.submit(Priority.PREDICTIONS, work).result()[0][1]
    assert run_frame_id is not None
    return run_frame_id


def test_the_open_frame_takes_the_prediction_it_waited_for(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[None, None, USUAL], model_active=True)
    session = sitting.session
    sitting.go_to(0)
    drawn = draw(sitting)
    assert not session.predictions_arrived(sitting.ids[1], predict(sitting, 1, SURE))
    assert session.waiting
    assert session.predictions_arrived(sitting.ids[0], predict(sitting, 0, SURE, UNSURE))
    assert session.can_decide
    assert sitting.in_role(Role.CANDIDATE) == 2
    assert sitting.document.get(drawn) is not None
    sitting.accept()
    assert sitting.number == 1
    assert sitting.in_role(Role.CANDIDATE) == 1
    assert not session.predictions_arrived(99_999, 1)


def test_a_prediction_that_comes_late_does_not_change_what_is_being_judged(sitting: Sitting) -> None:
    before = list(sitting.document)
    run_frame = sitting.document.run_frame_id
    assert not sitting.session.predictions_arrived(sitting.ids[0], predict(sitting, 0, GHOST))
    assert list(sitting.document) == before
    sitting.accept()
    assert sitting.decision(0).run_frame_id == run_frame


def test_the_model_gave_up_so_the_frame_is_labelled_by_hand(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[None, USUAL], model_active=True)
    sitting.go_to(0)
    assert not sitting.session.prediction_failed(sitting.ids[1])
    assert sitting.session.prediction_failed(sitting.ids[0])
    assert sitting.document.mode is PresentationMode.HAND
    assert sitting.session.can_decide


def test_a_changed_class_map_reaches_the_open_frame_unless_it_was_touched(sitting: Sitting) -> None:
    session = sitting.session
    cat, dog = sitting.document.get(0).class_id, sitting.document.get(1).class_id
    sitting.store.submit(Priority.OTHER, lambda w: w.set_class_map(MODEL.weights_hash, {0: dog, 1: None})).result()
    session.reload_classes()
    session.reload_predictions()
    assert sitting.document.get(0).class_id == dog
    assert sitting.document.get(1) is None
    session.objects.set_class(cat)
    sitting.store.submit(Priority.OTHER, lambda w: w.set_class_map(MODEL.weights_hash, {0: None})).result()
    session.reload_predictions()
    assert sitting.document.get(0).class_id == cat


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


# ------------------------------------------------------------------------------------------------ runs of nudges
def right(pixels: float) -> Callable[[Box], Box]:
    return lambda box: Box(box.x1 + pixels, box.y1, box.x2 + pixels, box.y2)


def test_a_run_of_nudges_is_one_step(sitting: Sitting) -> None:
    session = sitting.session
    session.objects.select(0)
    before = sitting.document.get(0).geometry
    for _ in range(3):
        session.objects.move_selected(right(1))
    assert sitting.document.get(0).geometry == right(3)(before)
    session.undo()
    assert sitting.document.get(0).geometry == before


def test_a_nudge_against_the_border_begins_no_run(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[(EDGE, UNSURE)] * 2)
    session = sitting.session
    sitting.accept()
    session.objects.select(0)
    stay: Callable[[Box], Box] = lambda box: box  # noqa: E731
    assert session.objects.move_selected(stay) is NOTHING
    assert session.objects.move_selected(right(1)).step is Step.OBJECTS
    assert sitting.undo().text == "Undone: move or resize."
    assert sitting.undo().text == "Undone: frame accepted."


# ------------------------------------------------------------------------------------------------ everything at once
def random_step(sitting: Sitting, random_: random.Random) -> None:
    session = sitting.session
    verb = random_.choice(
        [
            sitting.accept,
            sitting.accept,
            sitting.reject,
            sitting.defer,
            sitting.undo,
            sitting.undo,
            sitting.redo,
            lambda: sitting.done(session.next()),
            lambda: sitting.done(session.previous()),
            lambda: sitting.go_to(random_.randrange(len(sitting.ids))),
            session.objects.select_next,
            session.objects.accept,
            session.objects.reject,
            session.objects.swap_class,
            session.label_by_hand,
            lambda: session.objects.move_selected(right(random_.choice([-5, 0, 7]))),
            lambda: session.objects.add(BOX, min(session.classes)),
            lambda: session.set_threshold(random_.choice([0.2, 0.5, 0.8])),
        ]
    )
    verb()


@pytest.mark.parametrize("seed", range(6))
def test_whatever_was_done_session_and_ledger_agree_and_undo_leads_back(
    sit_down: Sit, made: MadeProject, seed: int
) -> None:
    sitting, random_ = sit_down(made), random.Random(seed)
    for _ in range(60):
        random_step(sitting, random_)
    assert sitting.states == sitting.stored_states
    assert sitting.store.submit(Priority.OTHER, lambda writer: writer.rebuild_frame_state()).result() == 0
    adopted = {entry.decision.frame_id: entry.decision.verdicts for entry in sitting.ledger if entry.adopted}
    undone = 0
    while sitting.session.history.to_undo is not None:
        sitting.undo()
        undone += 1
    assert undone > 5
    assert sitting.states == sitting.stored_states == [FrameState.UNDECIDED] * 4
    assert sitting.ledger == []
    for frame in range(4):
        sitting.go_to(frame)
        assert all(item.mark is Mark.NONE and item.id < FIRST_DRAWN_ID for item in sitting.document)
    for _ in range(undone):
        sitting.redo()
    assert sitting.states == sitting.stored_states
    again = {entry.decision.frame_id: entry.decision.verdicts for entry in sitting.ledger if entry.adopted}
    assert again == adopted


def test_labels_are_still_there_when_putting_their_frame_off_is_done_again(sitting: Sitting) -> None:
    draw(sitting)
    sitting.accept()
    sitting.go_to(0)
    sitting.defer()
    sitting.undo()
    sitting.undo()
    sitting.redo()
    sitting.redo()
    assert sitting.states[0] is FrameState.DEFERRED
    sitting.go_to(0)
    assert sitting.in_role(Role.CONFIRMED) == 3

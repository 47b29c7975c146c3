"""What comes late: failed commits, predictions and pictures that changed while the reviewer was at work elsewhere."""

from __future__ import annotations

from dataclasses import replace

from autoanno_gui.core.box import Box
from autoanno_gui.core.errors import ProjectError
from autoanno_gui.core.predictions import FrameResult, RunSettings
from autoanno_gui.core.records import PresentationMode
from autoanno_gui.core.review_objects import Mark, Role
from autoanno_gui.review.outcome import Step
from autoanno_gui.store.store_thread import Priority
from tests.projects import MODEL, USUAL, predictions
from tests.unit.review.conftest import Sit
from tests.unit.review.sitting import Sitting

BOX = Box(230, 20, 300, 90)


def predict(sitting: Sitting, number: int) -> int:
    """Record the usual predictions of a frame, as a job in the background does; return the run_frame id."""
    settings = RunSettings(MODEL, (640, 640))
    run = sitting.store.submit(Priority.OTHER, lambda w: w.start_run(settings, device="cpu")).result()
    result = FrameResult(sitting.ids[number], predictions(USUAL))
    ((_, run_frame_id),) = sitting.store.submit(Priority.OTHER, lambda w: w.record_results(run, [result])).result()
    assert run_frame_id is not None
    return run_frame_id


def draw(sitting: Sitting) -> int:
    return sitting.session.objects.add(BOX, min(sitting.session.classes)).ids[0]


def test_edits_made_while_a_decision_was_in_flight_outlive_its_failure(sitting: Sitting) -> None:
    session = sitting.session
    with sitting.failing_disk():
        outcome = session.accept_frame()
        sitting.paint()
        drawn = draw(sitting)
        assert outcome.commit is not None
        assert isinstance(outcome.commit.exception(), ProjectError)
        assert session.commit_failed().text == "The decision was not saved and its frame is back."
    sitting.paint()
    assert sitting.number == 0
    sitting.go_to(1)
    assert sitting.document.get(drawn) is not None
    assert sitting.undo().text == "Undone: draw object."
    assert sitting.undo().text == "Nothing to undo."


def test_a_frame_that_was_left_waiting_shows_what_came_since(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[None, USUAL], model_active=True)
    sitting.go_to(0)
    assert sitting.session.waiting
    drawn = draw(sitting)
    sitting.go_to(1)
    assert not sitting.session.predictions_arrived(sitting.ids[0], predict(sitting, 0))
    sitting.go_to(0)
    assert not sitting.session.waiting
    assert sitting.in_role(Role.CANDIDATE) == 2
    assert sitting.document.get(drawn) is not None


def test_a_frame_that_waited_is_labelled_by_hand_once_there_is_no_model(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[None, None, USUAL], model_active=True)
    sitting.go_to(0)
    draw(sitting)
    sitting.go_to(1)
    draw(sitting)
    assert sitting.session.set_model_active(False)
    assert sitting.session.can_decide
    sitting.go_to(0)
    assert sitting.session.can_decide
    assert sitting.document.mode is PresentationMode.HAND


def test_predictions_are_shown_on_request_without_a_model(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[None, USUAL])
    sitting.go_to(0)
    assert sitting.document.mode is PresentationMode.HAND
    sitting.session.predictions_arrived(sitting.ids[0], predict(sitting, 0))
    assert sitting.session.label_by_hand().step is Step.OBJECTS
    assert sitting.in_role(Role.CANDIDATE) == 2
    assert sitting.session.objects.selected is not None


def test_proposals_of_a_replaced_picture_go_also_while_a_decision_is_in_flight(sitting: Sitting) -> None:
    session = sitting.session
    outcome = session.accept_frame()
    sitting.paint()
    assert session.take_frames([replace(session.frames.get(sitting.ids[1]), run_frame_id=None)])
    assert sitting.document.predictions is None
    sitting.done(outcome)
    assert session.frame is not None
    assert session.frame.id == sitting.ids[1]


def test_proposals_of_a_replaced_picture_do_not_come_back_with_its_document(sitting: Sitting) -> None:
    session = sitting.session
    session.objects.select(0)
    session.objects.reject()
    sitting.undo()
    sitting.go_to(1)
    session.take_frames([replace(session.frames.get(sitting.ids[0]), run_frame_id=None)])
    sitting.go_to(0)
    assert sitting.document.predictions is None
    assert sitting.redo().text.startswith("Redone")
    assert list(sitting.document) == [], "its object is gone with the proposal"
    draw(sitting)
    sitting.accept()
    assert len(sitting.ledger) == 1


def test_the_selection_stays_when_a_class_map_changes(sitting: Sitting) -> None:
    session = sitting.session
    other = next(i for i in sitting.document.review_order(ghosts=False) if i != session.objects.selected)
    session.objects.select(other)
    session.reload_predictions()
    assert session.objects.selected == other
    session.objects.accept()
    assert sitting.document.get(other).mark is Mark.ACCEPTED

"""Labelling by hand, and predictions, models and class maps that come while a frame is open."""

from __future__ import annotations

from autoanno_gui.core.predictions import FrameResult, RunSettings
from autoanno_gui.core.records import DecisionKind, PresentationMode
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.outcome import Step
from autoanno_gui.store.store_thread import Priority
from tests.projects import GHOST, MODEL, SURE, UNSURE, USUAL, Proposal, predictions
from tests.unit.review.conftest import Sit
from tests.unit.review.session_kit import draw
from tests.unit.review.sitting import Sitting


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

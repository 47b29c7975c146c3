"""The document of a frame: roles, every verb, thresholds and verdicts."""

from __future__ import annotations

import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.records import DecisionKind, How, PresentationMode, Thresholds, Verdict, VerdictKind
from autoanno_gui.core.review_objects import FIRST_DRAWN_ID, Role
from tests.unit.core.builders import (
    BIKE,
    CAR,
    FAINT,
    FAINTER,
    HIGH,
    LOW,
    NEW,
    ROWS,
    Row,
    by_prediction,
    document,
    done,
    predictions,
    roles,
)


# ------------------------------------------------------------------------------------------ roles
def test_roles_by_threshold() -> None:
    assert roles(document(ROWS)) == {0: Role.CANDIDATE, 1: Role.CANDIDATE, 2: Role.GHOST, 3: Role.HIDDEN}
    assert roles(document(ROWS, thresholds=HIGH))[1] is Role.GHOST
    assert roles(document(ROWS, thresholds=LOW))[2] is Role.CANDIDATE


def test_a_candidate_is_strictly_above_the_threshold_and_a_ghost_from_its_floor_on() -> None:
    rows: list[Row] = [(CAR.as_tuple(), 0.5, 0), (BIKE.as_tuple(), 0.25, 0), (FAINT.as_tuple(), 0.24, 0)]
    found = roles(document(rows, thresholds=Thresholds(default=0.5, ghost_floor=0.25)))
    assert found == {0: Role.GHOST, 1: Role.GHOST, 2: Role.HIDDEN}


def test_a_class_can_have_its_own_threshold() -> None:
    found = roles(document(ROWS, thresholds=Thresholds(default=0.5, per_class=((11, 0.7), (10, 0.3)))))
    assert found == {0: Role.CANDIDATE, 1: Role.GHOST, 2: Role.CANDIDATE, 3: Role.HIDDEN}


def test_predictions_of_unmapped_classes_are_not_in_the_document() -> None:
    rows: list[Row] = [(CAR.as_tuple(), 0.9, 2), (BIKE.as_tuple(), 0.8, 3), (FAINT.as_tuple(), 0.7, 1)]
    frame = document(rows)
    assert [(item.id, item.class_id) for item in frame] == [(2, 11)]


def test_a_ghost_over_a_shown_object_is_a_duplicate_and_hidden() -> None:
    rows: list[Row] = [(CAR.as_tuple(), 0.9, 0), (CAR.moved(2, 0).as_tuple(), 0.4, 1), (FAINT.as_tuple(), 0.3, 0)]
    frame = document(rows)
    assert roles(frame) == {0: Role.CANDIDATE, 1: Role.HIDDEN, 2: Role.GHOST}
    done(frame.reject(0))
    assert roles(frame)[1] is Role.GHOST
    done(frame.add(FAINT.moved(1, 0), 10))
    assert roles(frame)[2] is Role.HIDDEN


def test_two_ghosts_on_one_place_are_both_shown_until_one_is_confirmed() -> None:
    rows: list[Row] = [(CAR.as_tuple(), 0.4, 0), (CAR.moved(2, 0).as_tuple(), 0.3, 1)]
    frame = document(rows)
    assert roles(frame) == {0: Role.GHOST, 1: Role.GHOST}
    done(frame.adopt(1))
    assert roles(frame) == {0: Role.HIDDEN, 1: Role.CONFIRMED}


def test_hand_mode_hides_every_prediction() -> None:
    frame = document(ROWS, mode=PresentationMode.HAND)
    assert set(roles(frame).values()) == {Role.HIDDEN}
    assert frame.shown == ()


def test_review_order_is_least_certain_first_then_ghosts_then_confirmed() -> None:
    frame = document([*ROWS[:3], (FAINTER.as_tuple(), 0.2, 0)])
    new = done(frame.add(NEW, 11))
    assert frame.review_order(ghosts=False) == [1, 0, new]
    done(frame.accept(1))
    assert frame.review_order(ghosts=True) == [0, 2, 3, 1, new]
    done(frame.reject(0))
    assert frame.review_order(ghosts=True) == [2, 3, 1, new]


def test_second_choices_are_mapped_and_named_once() -> None:
    frame = document(ROWS, tops={0: [(0, 0.9), (2, 0.8), (1, 0.5)], 1: [(1, 0.6), (1, 0.2)]})
    assert frame.second_choices(0) == [(10, pytest.approx(0.9)), (11, pytest.approx(0.5))]
    assert frame.second_choices(1) == [(11, pytest.approx(0.6))]
    assert frame.second_choices(2) == []
    assert frame.second_choices(done(frame.add(NEW, 10))) == []


# ------------------------------------------------------------------------------------------ verbs
def test_accepting_a_candidate_confirms_it_once() -> None:
    frame = document(ROWS)
    assert done(frame.accept(0)) == 0
    assert roles(frame)[0] is Role.CONFIRMED
    assert frame.accept(0) is None
    assert frame.accept(99) is None


def test_accepting_a_ghost_promotes_it() -> None:
    frame = document(ROWS)
    done(frame.accept(2))
    verdict = by_prediction(frame)[2]
    assert (verdict.kind, verdict.how, verdict.class_id, verdict.geometry) == (
        VerdictKind.PROMOTED,
        How.OBJECT,
        10,
        FAINT,
    )


def test_adopt_takes_ghosts_only() -> None:
    frame = document(ROWS)
    assert frame.adopt(0) is None
    assert frame.adopt(3) is None
    assert done(frame.adopt(2)) == 2


def test_a_rejected_object_can_be_accepted_again() -> None:
    frame = document(ROWS)
    done(frame.reject(0))
    assert roles(frame)[0] is Role.REJECTED
    assert frame.reject(0) is None
    done(frame.accept(0))
    assert by_prediction(frame)[0].kind is VerdictKind.ACCEPTED


def test_rejecting_a_drawn_object_takes_it_away() -> None:
    frame = document(ROWS)
    new = done(frame.add(NEW, 10))
    assert new == FIRST_DRAWN_ID
    done(frame.reject(new))
    assert frame.get(new) is None
    assert done(frame.add(NEW, 10)) == new + 1


def test_accepting_a_drawn_object_changes_nothing() -> None:
    frame = document(ROWS)
    assert frame.accept(done(frame.add(NEW, 10))) is None


def test_another_class_confirms() -> None:
    frame = document(ROWS)
    assert frame.set_class(0, class_id=10) is None
    done(frame.set_class(0, class_id=11))
    verdict = by_prediction(frame)[0]
    assert (verdict.kind, verdict.class_id, verdict.class_changed, verdict.iou) == (VerdictKind.EDITED, 11, True, 1.0)
    done(frame.set_class(0, class_id=10))
    assert by_prediction(frame)[0].kind is VerdictKind.ACCEPTED


def test_the_class_of_a_drawn_object_can_change() -> None:
    frame = document(ROWS)
    new = done(frame.add(NEW, 10))
    done(frame.set_class(new, class_id=11))
    assert by_prediction(frame)[None] == Verdict(VerdictKind.ADDED, How.OBJECT, None, 11, NEW)


def test_another_class_on_a_rejected_object_brings_it_back() -> None:
    frame = document(ROWS)
    done(frame.reject(0))
    done(frame.set_class(0, class_id=10))
    assert roles(frame)[0] is Role.CONFIRMED


def test_another_outline_confirms_and_is_clipped() -> None:
    frame = document(ROWS)
    assert frame.set_geometry(0, CAR) is None
    done(frame.set_geometry(0, Box(-5, 10, 50, 40)))
    verdict = by_prediction(frame)[0]
    assert verdict.geometry == Box(0, 10, 50, 40)
    assert (verdict.kind, verdict.class_changed) == (VerdictKind.EDITED, False)
    assert verdict.iou == pytest.approx(0.8)


def test_a_nudge_below_two_percent_counts_as_unchanged() -> None:
    frame = document(ROWS)
    nudged = Box(10, 10, 50.5, 40)
    done(frame.set_geometry(0, nudged))
    verdict = by_prediction(frame)[0]
    assert (verdict.kind, verdict.geometry) == (VerdictKind.ACCEPTED, nudged)
    assert not frame.changed(frame.get(0) or pytest.fail("the object is gone"))
    done(frame.set_geometry(0, Box(10, 10, 51, 40)))
    assert by_prediction(frame)[0].kind is VerdictKind.EDITED


def test_an_outline_outside_the_image_is_refused() -> None:
    frame = document(ROWS)
    assert frame.set_geometry(0, Box(300, 10, 350, 40)) is None
    assert frame.add(Box(300, 10, 350, 40), 10) is None
    assert frame.add(Box(10, 10, 10, 40), 10) is None
    assert frame.get(0) == document(ROWS).get(0)


def test_a_promoted_object_stays_promoted_through_edits() -> None:
    frame = document(ROWS)
    done(frame.set_class(2, class_id=11))
    done(frame.set_geometry(2, FAINT.moved(10, 0)))
    done(frame.reject(2))
    done(frame.accept(2))
    verdict = by_prediction(frame)[2]
    assert (verdict.kind, verdict.class_id, verdict.class_changed) == (VerdictKind.PROMOTED, 11, True)
    assert verdict.iou == pytest.approx(0.5)


@pytest.mark.parametrize("mode", list(PresentationMode))
def test_no_verb_acts_on_an_object_that_must_not_be_seen(mode: PresentationMode) -> None:
    frame = document(ROWS, mode=mode)
    hidden = [item.id for item in frame if frame.role(item) is Role.HIDDEN]
    assert hidden
    for object_id in hidden:
        assert frame.accept(object_id) is None
        assert frame.reject(object_id) is None
        assert frame.adopt(object_id) is None
        assert frame.set_class(object_id, class_id=11) is None
        assert frame.set_geometry(object_id, NEW) is None
    assert not frame.has_traces


def test_verbs_on_an_object_that_is_not_there_do_nothing() -> None:
    frame = document(ROWS)
    assert frame.reject(99) is None
    assert frame.set_class(99, class_id=10) is None
    assert frame.set_geometry(99, NEW) is None


def test_undo_puts_a_removed_object_back_at_its_place() -> None:
    frame = document(ROWS)
    first, second = done(frame.add(NEW, 10)), done(frame.add(NEW.moved(30, 0), 10))
    change = frame.reject(first)
    assert change is not None
    frame.revert(change)
    assert [item.id for item in frame] == [0, 1, 2, 3, first, second]
    frame.apply(change)
    frame.apply(change)
    assert [item.id for item in frame] == [0, 1, 2, 3, second]


# ------------------------------------------------------------------------------------------ thresholds
def test_touched_objects_never_leave_because_a_threshold_moved() -> None:
    frame = document(ROWS)
    done(frame.accept(0))
    done(frame.set_class(1, class_id=10))
    done(frame.adopt(2))
    new = done(frame.add(NEW, 10))
    for value in (0.95, 0.05, 0.7):
        frame.set_thresholds(Thresholds(default=value, ghost_floor=0.05))
        assert [item.id for item in frame.in_role(Role.CONFIRMED)] == [0, 1, 2, new]


def test_a_candidate_that_was_hidden_by_raising_the_threshold_counts_as_rejected() -> None:
    frame = document(ROWS)
    frame.set_thresholds(HIGH)
    assert roles(frame)[1] is Role.GHOST
    assert by_prediction(frame)[1] == Verdict(VerdictKind.REJECTED, How.THRESHOLD, 1, 11, None)
    assert frame.shown == (0, 1)
    frame.set_thresholds(Thresholds())
    assert by_prediction(frame)[1].kind is VerdictKind.ACCEPTED


def test_a_candidate_that_was_hidden_and_confirmed_as_a_ghost_is_accepted_not_promoted() -> None:
    frame = document(ROWS)
    frame.set_thresholds(HIGH)
    done(frame.adopt(1))
    assert by_prediction(frame)[1].kind is VerdictKind.ACCEPTED


def test_what_a_lower_threshold_brings_counts_as_shown() -> None:
    frame = document(ROWS)
    frame.set_thresholds(LOW)
    assert frame.shown == (0, 1, 2)
    frame.set_thresholds(Thresholds())
    assert by_prediction(frame)[2].kind is VerdictKind.REJECTED


def test_a_promoted_ghost_does_not_become_a_candidate_by_lowering_the_threshold() -> None:
    frame = document(ROWS)
    done(frame.adopt(2))
    frame.set_thresholds(LOW)
    assert by_prediction(frame)[2].kind is VerdictKind.PROMOTED
    done(frame.set_class(2, class_id=11))
    assert by_prediction(frame)[2].kind is VerdictKind.PROMOTED
    assert frame.shown == (0, 1)


# ------------------------------------------------------------------------------------------ verdicts
def test_accepting_as_shown() -> None:
    frame = document(ROWS)
    verdicts = frame.verdicts()
    assert verdicts == (
        Verdict(VerdictKind.ACCEPTED, How.FRAME, 0, 10, CAR, iou=1.0),
        Verdict(VerdictKind.ACCEPTED, How.FRAME, 1, 11, BIKE, iou=1.0),
    )
    assert frame.decision_kind(verdicts) is DecisionKind.ACCEPTED


@pytest.mark.parametrize(
    "act",
    [
        lambda frame: frame.reject(0),
        lambda frame: frame.set_class(0, class_id=11),
        lambda frame: frame.set_geometry(0, CAR.moved(5, 0)),
        lambda frame: frame.adopt(2),
        lambda frame: frame.add(NEW, 10),
        lambda frame: frame.set_thresholds(HIGH),
    ],
)
def test_a_frame_with_any_correction_is_edited(act) -> None:  # noqa: ANN001
    frame = document(ROWS)
    act(frame)
    assert frame.decision_kind(frame.verdicts()) is DecisionKind.EDITED


def test_a_rejected_candidate_keeps_the_class_it_was_shown_with() -> None:
    frame = document(ROWS)
    done(frame.set_class(0, class_id=11))
    done(frame.reject(0))
    assert by_prediction(frame)[0] == Verdict(VerdictKind.REJECTED, How.OBJECT, 0, 10, None)


def test_a_rejected_ghost_has_no_verdict() -> None:
    frame = document(ROWS)
    done(frame.reject(2))
    assert roles(frame)[2] is Role.REJECTED
    assert set(by_prediction(frame)) == {0, 1}
    assert frame.decision_kind(frame.verdicts()) is DecisionKind.ACCEPTED


def test_a_frame_without_candidates_looks_empty_whatever_ghosts_it_has() -> None:
    frame = document(ROWS[2:])
    assert frame.looks_empty
    assert frame.verdicts() == ()
    assert frame.decision_kind(()) is DecisionKind.ACCEPTED
    done(frame.adopt(0))
    assert not frame.looks_empty
    assert document([]).looks_empty
    assert not document(ROWS).looks_empty


def test_a_frame_whose_candidates_were_all_rejected_looks_empty() -> None:
    frame = document(ROWS)
    done(frame.reject(0))
    done(frame.reject(1))
    assert frame.looks_empty
    assert frame.decision_kind(frame.verdicts()) is DecisionKind.EDITED


def test_hand_labelling_judges_no_prediction() -> None:
    frame = document(ROWS)
    frame.start_by_hand()
    done(frame.add(NEW, 10))
    verdicts = frame.verdicts()
    assert verdicts == (Verdict(VerdictKind.ADDED, How.OBJECT, None, 10, NEW),)
    assert frame.decision_kind(verdicts) is DecisionKind.HAND_LABELLED


def test_hand_labelling_keeps_what_was_confirmed_before() -> None:
    frame = document(ROWS)
    done(frame.accept(0))
    done(frame.adopt(2))
    frame.start_by_hand()
    assert [item.id for item in frame.in_role(Role.CONFIRMED)] == [0, 2]
    assert not frame.looks_empty


def test_a_frame_without_predictions_is_labelled_by_hand() -> None:
    frame = document(None)
    done(frame.add(NEW, 10))
    assert frame.run_frame_id is None
    assert frame.decision_kind(frame.verdicts()) is DecisionKind.HAND_LABELLED


# ------------------------------------------------------------------------------------------ arriving predictions
def test_arriving_predictions_keep_what_was_drawn() -> None:
    frame = document(None)
    new = done(frame.add(NEW, 10))
    frame.mark_saved()
    frame.replace_predictions(predictions(ROWS, run_frame_id=42))
    assert roles(frame) == {0: Role.CANDIDATE, 1: Role.CANDIDATE, 2: Role.GHOST, 3: Role.HIDDEN, new: Role.CONFIRMED}
    assert frame.run_frame_id == 42
    assert frame.shown == (0, 1)
    assert done(frame.add(NEW.moved(30, 0), 10)) == new + 1


def test_predictions_that_arrive_while_labelling_by_hand_stay_hidden() -> None:
    frame = document(None, mode=PresentationMode.HAND)
    frame.replace_predictions(predictions(ROWS))
    assert set(roles(frame).values()) == {Role.HIDDEN}
    assert frame.shown == ()

"""What labels of the random stream say about predictions: right values by hand, on a picture of 200 x 100 pixels."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.figures.facts import DecidedFrame, facts_from_decision
from autoanno_gui.core.figures.settling import BlindFact
from autoanno_gui.core.records import Decision, DecisionKind, How, PresentationMode, Thresholds, Timing, Verdict
from autoanno_gui.core.records import VerdictKind as Kind
from tests.unit.core.builders import Row, document

CAR, BIKE = 10, 11
THRESHOLDS = Thresholds(0.5, per_class=((BIKE, 0.25),))
CAR_AT, BIKE_AT, GHOST_AT, FAINT_AT = (
    Box(10, 10, 50, 50),
    Box(60, 10, 100, 50),
    Box(110, 10, 150, 50),
    Box(160, 10, 190, 40),
)
ROWS: list[Row] = [
    (CAR_AT.as_tuple(), 0.9, 0),
    ((10, 15, 50, 55), 0.8, 0),  # a second box: 40 x 35 of 40 x 45 pixels
    (BIKE_AT.as_tuple(), 0.3, 1),  # a candidate by the threshold of its class
    (GHOST_AT.as_tuple(), 0.3, 0),
    (FAINT_AT.as_tuple(), 0.1, 0),  # below the ghost floor
]


def label(class_id: int, box: Box, kind: Kind = Kind.ADDED, prediction: int | None = None) -> Verdict:
    return Verdict(kind, How.OBJECT, prediction, class_id, box)


def facts(mode: PresentationMode, *verdicts: Verdict, **changes: object) -> DecidedFrame:
    decision = Decision(
        uuid="d",
        frame_id=1,
        kind=DecisionKind.EDITED if mode is PresentationMode.NORMAL else DecisionKind.HAND_LABELLED,
        mode=mode,
        run_frame_id=1,
        thresholds=THRESHOLDS,
        shown=(0, 1, 2) if mode is PresentationMode.NORMAL else (),
        verdicts=verdicts,
        timing=Timing(0.0, None, 4.0, 4.0, "2026-01-01T00:00:00+00:00"),
        reviewer="anna",
        session_uuid="s",
        in_stream=True,
    )
    return facts_from_decision(
        replace(decision, **changes),  # type: ignore[arg-type]
        proposals={},
        model="yolo.pt",
        first=True,
        adopted=True,
        predictions=document(ROWS).predictions,
    )


def settled(found: DecidedFrame) -> list[tuple[float, bool, bool]]:
    """Return (confidence, right, candidate) of each prediction that something is known of."""
    return [(round(one.confidence, 2), one.right, one.candidate) for one in found.settled]


TRUTH = (label(CAR, CAR_AT), label(BIKE, BIKE_AT), label(CAR, GHOST_AT), label(CAR, FAINT_AT))


def test_after_blind_labelling_every_prediction_from_the_ghost_floor_up_is_known() -> None:
    found = facts(PresentationMode.SETTLE, *TRUTH)
    # The second box for the car is not right: a better one claims that label.
    assert settled(found) == [(0.9, True, True), (0.8, False, True), (0.3, True, True), (0.3, True, False)]
    # Missed: the ghost and the faint one. Of three candidates the second box covers nothing of its own.
    assert found.blind == BlindFact(objects=4, missed=2, candidates=3, unfounded=1, late=0)


def test_after_a_review_only_the_candidates_are_known() -> None:
    found = facts(PresentationMode.NORMAL, *TRUTH)
    assert settled(found) == [(0.9, True, True), (0.8, False, True), (0.3, True, True)]
    assert found.blind is None


def test_a_wrong_name_is_not_right_but_not_missed_either() -> None:
    found = facts(PresentationMode.SETTLE, label(BIKE, CAR_AT), label(BIKE, BIKE_AT))
    assert settled(found) == [(0.9, False, True), (0.8, False, True), (0.3, True, True), (0.3, False, False)]
    assert found.blind == BlindFact(objects=2, missed=0, candidates=3, unfounded=1, late=0)


def test_labels_taken_from_the_predictions_come_late() -> None:
    found = facts(PresentationMode.SETTLE, *TRUTH[:2], label(CAR, GHOST_AT, Kind.PROMOTED, 3))
    assert found.blind == BlindFact(objects=3, missed=1, candidates=3, unfounded=1, late=1)


def test_before_it_is_settled_a_blind_frame_says_nothing_about_single_predictions() -> None:
    found = facts(PresentationMode.BLIND, *TRUTH)
    assert found.settled == ()
    assert found.blind == BlindFact(objects=4, missed=2, candidates=3, unfounded=1, late=0)


@pytest.mark.parametrize(
    ("mode", "changes"),
    [
        (PresentationMode.SETTLE, {"in_stream": False}),
        (PresentationMode.BLIND, {"kind": DecisionKind.REJECTED, "verdicts": ()}),
        (PresentationMode.BLIND, {"kind": DecisionKind.DEFERRED, "verdicts": ()}),
        (PresentationMode.NORMAL, {"kind": DecisionKind.REJECTED, "verdicts": ()}),
        (PresentationMode.HAND, {}),
    ],
)
def test_nothing_is_known_without_labels_or_outside_the_stream(
    mode: PresentationMode, changes: dict[str, object]
) -> None:
    """A frame that was sent to hand labelling has no labels, which does not make its predictions wrong."""
    found = facts(mode, *TRUTH, **changes)
    assert (found.settled, found.blind) == ((), None)

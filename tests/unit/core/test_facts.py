"""What a recorded decision comes down to for the figures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.document import Document
from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.facts import DecidedFrame, Proposal, facts_from_decision, proposals_of
from autoanno_gui.core.figures.metric_report import report
from autoanno_gui.core.figures.metrics import Accumulator
from autoanno_gui.core.records import (
    Decision,
    DecisionKind,
    How,
    PresentationMode,
    Thresholds,
    Timing,
    Verdict,
    VerdictKind,
)
from tests.unit.core.builders import Row, document

CAR, BIKE = 10, 11


def figures_of(facts: DecidedFrame) -> dict[str, Any]:
    names = {CAR: "car", BIKE: "bike"}
    return report(Accumulator.of([facts]), frames_total=1, frames_predicted=1, frames_failed=0, class_names=names)


def decision_of(frame: Document, kind: DecisionKind | None = None) -> Decision:
    verdicts = frame.verdicts()
    return Decision(
        uuid="d",
        frame_id=frame.frame_id,
        kind=kind or frame.decision_kind(verdicts),
        mode=frame.mode,
        run_frame_id=frame.run_frame_id,
        thresholds=frame.thresholds,
        shown=frame.shown,
        verdicts=verdicts if kind is None else (),
        timing=Timing(0.0, 1.0, 9.0, 4.5, "2026-01-01T00:00:00+00:00"),
        reviewer="anna",
        session_uuid="s",
    )


ROWS: list[Row] = [
    ((10, 10, 50, 40), 0.9, 0),
    ((60, 10, 90, 40), 0.8, 0),
    ((100, 10, 130, 40), 0.7, 1),
    ((10, 60, 40, 90), 0.6, 1),
    ((60, 60, 90, 90), 0.3, 0),
]


def test_facts_of_a_reviewed_document() -> None:
    frame = document(ROWS)
    frame.set_class(0, class_id=BIKE)
    frame.set_geometry(1, Box(65, 10, 95, 40))
    frame.reject(2)
    frame.adopt(4)
    frame.add(Box(150, 10, 180, 40), BIKE)
    decision = decision_of(frame)
    facts = facts_from_decision(
        decision, proposals=proposals_of(frame.predictions, decision), model="yolo.pt", first=True, adopted=True
    )
    assert (facts.frame_id, facts.kind, facts.mode) == (1, DecisionKind.EDITED, PresentationMode.NORMAL)
    assert (facts.reviewer, facts.active_seconds, facts.candidates_shown) == ("anna", 4.5, 4)
    assert [
        (item.kind, item.class_id, item.proposed_class_id, item.class_changed, item.geometry_changed, item.shown)
        for item in facts.objects
    ] == [
        (VerdictKind.EDITED, BIKE, CAR, True, False, True),
        (VerdictKind.EDITED, CAR, CAR, False, True, True),
        (VerdictKind.REJECTED, BIKE, BIKE, False, False, True),
        (VerdictKind.ACCEPTED, BIKE, BIKE, False, False, True),
        (VerdictKind.PROMOTED, CAR, CAR, False, False, False),
        (VerdictKind.ADDED, BIKE, None, False, False, False),
    ]
    confidences = [item.confidence for item in facts.objects]
    assert confidences == [*(pytest.approx(row[1]) for row in ROWS), None]
    found = figures_of(facts)
    assert (found["edit_rate"], found["miss_rate"]) == (0.75, 0.4)


def test_facts_of_a_rejected_frame_keep_how_many_candidates_it_had() -> None:
    frame = document(ROWS)
    decision = decision_of(frame, DecisionKind.REJECTED)
    facts = facts_from_decision(
        decision, proposals=proposals_of(frame.predictions, decision), model="yolo.pt", first=True, adopted=True
    )
    assert figures_of(facts)["candidates_in_rejected_frames"] == 4


def test_a_candidate_hidden_by_the_threshold_is_a_rejected_one() -> None:
    frame = document(ROWS)
    frame.set_thresholds(Thresholds(default=0.65))
    decision = decision_of(frame)
    facts = facts_from_decision(
        decision, proposals=proposals_of(frame.predictions, decision), model="yolo.pt", first=True, adopted=True
    )
    assert figures_of(facts)["edit_rate"] == 0.25


def test_verdicts_without_known_predictions_count_but_for_the_tables() -> None:
    verdict = Verdict(VerdictKind.EDITED, How.OBJECT, 3, CAR, Box(0, 0, 5, 5), class_changed=True, iou=0.5)
    decision = replace(decision_of(document([])), shown=(3,), verdicts=(verdict,), kind=DecisionKind.EDITED)
    assert proposals_of(None, decision) == {}
    facts = facts_from_decision(decision, proposals={}, model=None, first=True, adopted=True)
    found = figures_of(facts)
    assert found["edit_rate"] == 1.0
    assert found["by_confidence"] == []
    assert found["by_model"] == []
    assert [(row["class"], row["candidates_shown"], row["miss_rate"]) for row in found["by_class"]] == [("car", 0, 0.0)]


def test_proposals_name_the_predictions_that_were_judged() -> None:
    frame = document(ROWS)
    frame.set_thresholds(Thresholds(default=0.75))
    frame = document(ROWS, thresholds=frame.thresholds)
    found = proposals_of(frame.predictions, decision_of(frame))
    assert found == {
        0: Proposal(CAR, pytest.approx(0.9), (10.0, 10.0, 50.0, 40.0)),
        1: Proposal(CAR, pytest.approx(0.8), (60.0, 10.0, 90.0, 40.0)),
    }


# ---------------------------------------------------------------------------------------------------- outlines
def facts_of(decision: Decision, frame: Document, **more: Any) -> DecidedFrame:  # noqa: ANN401
    """Return the facts of a decision on a picture of 200 x 100 pixels."""
    return facts_from_decision(
        replace(decision, width=200, height=100),
        proposals=proposals_of(frame.predictions, decision),
        model="yolo.pt",
        first=True,
        adopted=True,
        **more,
    )


def test_where_objects_are_and_how_far_their_edges_went() -> None:
    frame = document(ROWS)
    frame.set_geometry(0, Box(14, 13, 48, 46))
    frame.reject(2)
    frame.add(Box(150, 10, 180, 40), BIKE)
    facts = facts_of(decision_of(frame), frame)
    moved, kept, rejected, _, drawn = facts.objects
    # Of (10, 10, 50, 40), 40 x 30 pixels.
    assert moved.bounds == pytest.approx((14 / 200, 13 / 100, 48 / 200, 46 / 100))
    assert moved.shifts == pytest.approx((4 / 40, 3 / 30, -2 / 40, 6 / 30))
    # 34 x 27 of 34 x 33 + 40 x 30 - 34 x 27 pixels.
    assert moved.iou == pytest.approx(918 / (1122 + 1200 - 918))
    assert kept.shifts == (0.0, 0.0, 0.0, 0.0)
    assert (rejected.bounds, rejected.shifts, rejected.iou) == (pytest.approx((0.5, 0.1, 0.65, 0.4)), None, None)
    assert (drawn.bounds, drawn.shifts, drawn.iou) == ((0.75, 0.1, 0.9, 0.4), None, None)
    unknown = facts_from_decision(decision_of(frame), proposals={}, model=None, first=True, adopted=True)
    assert [item.bounds for item in unknown.objects] == [None] * 5


@pytest.mark.parametrize(("iou", "changed"), [(0.9799, True), (0.98, False), (1.0, False)])
def test_an_outline_is_another_one_from_an_overlap_below_98_percent(iou: float, changed: bool) -> None:
    verdict = Verdict(VerdictKind.EDITED, How.OBJECT, 0, BIKE, Box(10, 10, 50, 40), class_changed=True, iou=iou)
    frame = document(ROWS)
    (found,) = facts_of(replace(decision_of(frame), verdicts=(verdict,)), frame).objects
    assert found.geometry_changed is changed


def test_only_objects_that_stay_make_a_crowd() -> None:
    frame = document([((10, 10, 50, 50), 0.9, 0), ((10, 20, 50, 60), 0.8, 0), ((100, 10, 140, 50), 0.7, 0)])
    frame.reject(1)
    # 40 x 30 of 40 x 50 pixels: the rejected one lies over the first, which has nobody beside it that stays.
    assert [item.crowding for item in facts_of(decision_of(frame), frame).objects] == [0.0, pytest.approx(0.6), 0.0]


def test_time_on_pages_of_the_contact_sheet_counts() -> None:
    frame = document(ROWS)
    assert facts_of(decision_of(frame), frame, page_seconds=2.0).active_seconds == 6.5


def test_a_ghost_that_was_edited_is_missed_and_no_candidate() -> None:
    """Whatever the verdict calls it: what was not shown as a candidate cannot count for the edit rate."""
    for kind, shown in ((VerdictKind.EDITED, ()), (VerdictKind.PROMOTED, (0,))):
        verdict = Verdict(kind, How.OBJECT, 0, BIKE, Box(10, 10, 50, 40), class_changed=True, iou=1.0)
        frame = document(ROWS)
        found = facts_of(replace(decision_of(frame), verdicts=(verdict,), shown=shown, kind=DecisionKind.EDITED), frame)
        assert (figures_of(found)["candidates_shown"], figures_of(found)["miss_rate"]) == (0, 1.0)
        table = FactTable.of([found])
        assert (table.judged.tolist(), table.missed.tolist()) == ([False], [True])

"""What each rule about classes, outlines and missed objects says, and when it is silent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.facts import DecidedFrame, ObjectFact
from autoanno_gui.core.figures.hypotheses.rules import figure_of
from autoanno_gui.core.records import VerdictKind
from tests.unit.core.hypothesis_kit import (
    BIKE,
    CAR,
    DRAWN,
    FALSE,
    GOOD,
    TRAM,
    VAN,
    ask,
    frames,
    moved,
    renamed,
)

BIKE_SEEN = replace(GOOD, class_id=BIKE, proposed_class_id=BIKE)
VAN_SEEN = replace(GOOD, class_id=VAN, proposed_class_id=VAN)


def figure(code: str, decisions: Sequence[DecidedFrame]) -> float | None:
    table = FactTable.of(decisions)
    return figure_of(code, table, np.ones(len(table), np.bool_))


# ---------------------------------------------------------------------------------------------------- confusion
def test_two_classes_mixed_up_are_named_both_ways() -> None:
    decisions = frames(
        *[[GOOD, GOOD, VAN_SEEN, BIKE_SEEN]] * 20,
        *[[renamed(CAR, VAN)]] * 10,
        *[[renamed(VAN, CAR)]] * 6,
        *[[FALSE]] * 4,
    )
    (found,) = ask(decisions)
    assert found.code == "confusion:10:12"
    assert found.sentence == "The model mixes up `car` and `van`."
    # Cars: 2 * 20 right, 10 renamed, 4 false; vans: 20 right, 6 renamed.
    assert found.evidence == (
        "10 of 54 candidates shown as `car` became `van`, and 6 of 26 shown as `van` became `car`."
    )
    assert found.share == 16 / 20
    assert figure(found.code, decisions) == 16 / 80
    assert figure(found.code, decisions[:20]) == 0.0
    assert figure("confusion:11:13", decisions[20:]) is None


def test_wrong_names_that_are_spread_over_all_classes_are_no_confusion() -> None:
    classes = (CAR, BIKE, VAN, TRAM)
    wrong = [[renamed(a, b)] for a in classes for b in classes if a != b] * 6
    assert (
        ask(frames(*[[GOOD, BIKE_SEEN, VAN_SEEN, replace(GOOD, class_id=TRAM, proposed_class_id=TRAM)]] * 10, *wrong))
        == []
    )


def test_a_confusion_on_a_single_frame_is_no_rule() -> None:
    assert ask(frames([renamed(CAR, VAN)] * 20, *[[GOOD]] * 30)) == []


def test_classes_that_were_merged_since_are_not_mixed_up() -> None:
    """Vans that were renamed to cars, before the two became one."""
    one = replace(renamed(VAN, CAR), proposed_class_id=CAR)
    assert ask(frames(*[[GOOD, BIKE_SEEN, one]] * 25)) == []


# ---------------------------------------------------------------------------------------------------- unknown class
def test_a_class_that_the_model_does_not_know() -> None:
    drawn = replace(DRAWN, class_id=TRAM)
    decisions = frames(*[[GOOD, drawn]] * 6, *[[renamed(CAR, TRAM)]] * 4, *[[GOOD, FALSE]] * 15)
    (found,) = ask(decisions, known=[CAR, BIKE, VAN])
    assert found.code == "unknown_class:13"
    assert found.class_name == "tram"
    assert found.sentence == "The model does not know the class `tram`."
    assert found.evidence == "10 objects on 10 frames: 6 had no candidate, and 4 were shown as something else."
    assert found.share == 10 / 25
    assert figure(found.code, decisions) == 1.0
    seen = frames(*[[replace(GOOD, class_id=TRAM, proposed_class_id=TRAM), drawn, drawn, drawn]] * 5)
    assert figure(found.code, seen) == 15 / 20


def test_a_class_is_unknown_only_where_the_classes_of_the_model_are_known() -> None:
    drawn = replace(DRAWN, class_id=TRAM)
    decisions = frames(*[[GOOD, drawn]] * 4, *[[GOOD, FALSE]] * 20)
    assert ask(decisions, known=[CAR]) == []  # 4 are too few
    decisions = frames(*[[GOOD, drawn]] * 5, *[[GOOD, FALSE]] * 20)
    assert [found.code for found in ask(decisions, known=[CAR])] == ["unknown_class:13"]
    assert ask(decisions, known=[CAR, TRAM]) == []
    assert ask(decisions, known=[]) == []


# ---------------------------------------------------------------------------------------------------- offset
@pytest.mark.parametrize(
    ("shifts", "how"),
    [
        ((0.0, 0.0, 0.06, 0.0), "6% too narrow on the right"),
        ((0.0, 0.0, -0.06, 0.0), "6% too wide on the right"),
        ((-0.1, 0.0, 0.0, 0.0), "10% too narrow on the left"),
        ((0.04, 0.0, 0.0, 0.0), "4% too wide on the left"),
        ((-0.03, 0.0, 0.05, 0.0), "8% too narrow"),
        ((0.05, 0.0, 0.07, 0.0), "6% of their width too far left"),
        ((-0.05, 0.0, -0.07, 0.0), "6% of their width too far right"),
        ((0.0, -0.05, 0.0, 0.0), "5% too short at the top"),
        ((0.0, 0.0, 0.0, -0.05), "5% too tall at the bottom"),
        ((0.0, 0.04, 0.0, 0.04), "4% of their height too high"),
        ((0.02, 0.03, -0.02, -0.05), "4% too wide and 8% too tall"),
    ],
)
def test_boxes_that_are_off_the_same_way(shifts: tuple[float, float, float, float], how: str) -> None:
    decisions = frames(*[[GOOD, moved(*shifts)]] * 18, *[[GOOD, FALSE]] * 6)
    (found,) = ask(decisions)
    assert found.sentence == f"The model's boxes of `car` are {how}."
    assert found.share == 18 / 24
    # Of the cars that stayed, 18 of 18 + 18 + 6 had such an edge.
    assert figure(found.code, decisions) == 18 / 42


def test_an_offset_counts_what_goes_beyond_edges_that_moved_either_way() -> None:
    decisions = frames(
        *[[GOOD, moved(0.0, 0.0, 0.06, 0.0)]] * 26, *[[GOOD, moved(0.0, 0.0, -0.05, 0.0)]] * 2, *[[FALSE]] * 2
    )
    (found,) = ask(decisions)
    assert found.code == "box:10:right+"
    assert found.evidence == (
        "Of 28 boxes of `car` corrected on 28 frames, the right edge had to go right in 26 of 28 (median 6% of the "
        "width)."
    )
    assert found.share == (26 - 2) / 30


def test_an_offset_of_all_classes_is_said_once() -> None:
    decisions = frames(
        *[[moved(0.0, 0.0, 0.06, 0.0)]] * 15, *[[moved(0.0, 0.0, 0.08, 0.0, class_id=BIKE)]] * 15, *[[FALSE]] * 5
    )
    (found,) = ask(decisions)
    assert found.code == "box:all:right+"
    assert found.sentence == "The model's boxes are 7% too narrow on the right."
    assert found.class_name is None
    assert found.share == 30 / 35


def test_classes_that_are_off_differently_are_told_apart() -> None:
    decisions = frames(
        *[[moved(0.0, 0.0, 0.06, 0.0)]] * 20, *[[moved(0.0, -0.05, 0.0, 0.0, class_id=BIKE)]] * 15, *[[FALSE]] * 5
    )
    assert [(found.code, found.class_name) for found in ask(decisions)] == [
        ("box:10:right+", "car"),
        ("box:11:top-", "bike"),
    ]


def test_edges_that_move_either_way_are_no_offset() -> None:
    either = [[moved(0.0, 0.0, 0.06 * sign, 0.0)] for sign in (1, 1, -1)] * 8
    assert ask(frames(*either)) == []


def test_a_tiny_or_rare_offset_is_not_worth_a_word() -> None:
    assert ask(frames(*[[moved(0.0, 0.0, 0.015, 0.0)]] * 30)) == []
    assert ask(frames(*[[moved(0.0, 0.0, 0.06, 0.0)]] * 11, *[[GOOD, FALSE]] * 20)) == []


# ---------------------------------------------------------------------------------------------------- duplicates
def test_second_boxes_on_one_object() -> None:
    second, neighbour = replace(FALSE, crowding=0.7), replace(GOOD, crowding=0.7)
    decisions = frames(*[[GOOD, GOOD, second]] * 18, *[[neighbour, GOOD]] * 6, *[[FALSE]] * 4)
    (found,) = ask(decisions)
    assert found.code == "duplicates"
    assert found.sentence == "The model puts two boxes on one object."
    # The rest: 4 rejected of 36 + 6 + 4.
    assert found.evidence == (
        "18 of 24 candidates that overlap another object by half or more were rejected (75%), against 9% of the rest."
    )
    assert found.share == pytest.approx((18 - 24 * 4 / 46) / 22)
    assert figure(found.code, decisions) == 18 / 70


def test_crowded_candidates_rejected_as_often_as_others_are_no_duplicates() -> None:
    second, neighbour = replace(FALSE, crowding=0.7), replace(GOOD, crowding=0.7)
    assert ask(frames(*[[neighbour, second, GOOD, FALSE]] * 20)) == []


# ---------------------------------------------------------------------------------------------------- missed objects
SMALL = {"bounds": (0.5, 0.5, 0.55, 0.55)}
CUT = {"bounds": (0.5, 0.5, 0.9, 1.0)}
CROWDED = {"crowding": 0.4}


@pytest.mark.parametrize(
    ("code", "kind", "sentence", "what"),
    [
        ("missed_small", SMALL, "The model misses small objects.", "objects of less than 1% of the picture"),
        ("missed_cut", CUT, "The model misses objects that the picture's border cuts.", "objects at the border"),
        ("missed_crowded", CROWDED, "The model misses objects in a crowd.", "objects that overlap another"),
    ],
)
def test_kinds_of_objects_that_are_missed(code: str, kind: dict[str, object], sentence: str, what: str) -> None:
    found_one, missed_one = replace(GOOD, **kind), replace(DRAWN, **kind)
    decisions = frames(*[[GOOD, GOOD, missed_one]] * 18, *[[GOOD, found_one]] * 12, *[[GOOD, DRAWN]] * 5)
    (found,) = ask(decisions)
    assert found.code == code
    assert found.sentence == sentence
    # Others: 36 + 12 + 5 found, 5 drawn.
    assert found.evidence == f"It missed 18 of 30 {what} (60%), against 9% of the rest."
    assert found.share == pytest.approx((18 - 30 * 5 / 58) / 23)
    assert figure(code, decisions) == 18 / 30
    assert figure(code, decisions[30:]) is None


@pytest.mark.parametrize("kind", [SMALL, CUT, CROWDED])
def test_kinds_that_are_missed_no_more_than_others_are_not_named(kind: dict[str, object]) -> None:
    found_one, missed_one = replace(GOOD, **kind), replace(DRAWN, **kind)
    assert ask(frames(*[[GOOD, DRAWN, found_one, missed_one]] * 30)) == []


def test_objects_of_unknown_size_are_left_out() -> None:
    def unknown(item: ObjectFact) -> ObjectFact:
        return replace(item, bounds=None)

    assert ask(frames(*[[unknown(GOOD), unknown(DRAWN)]] * 30)) == []
    assert figure("missed_small", frames([unknown(DRAWN)])) is None


# ---------------------------------------------------------------------------------------------------- threshold
def test_a_threshold_that_is_too_low() -> None:
    faint, false = replace(GOOD, confidence=0.55), replace(FALSE, confidence=0.55)
    decisions = frames(*[[GOOD, GOOD, GOOD, false]] * 18, *[[GOOD, faint]] * 7, *[[FALSE]] * 4)
    (found,) = ask(decisions)
    assert found.code == "threshold_low"
    assert found.sentence.startswith("The threshold of 0.50 is low for this model")
    # Further up: 4 false of 54 + 7 + 4.
    assert found.evidence == (
        "18 of 25 candidates within 0.1 above the threshold were rejected (72%), against 6% of those further up."
    )
    assert found.share == pytest.approx((18 - 25 * 4 / 65) / 22)
    assert "0.60" in found.advice
    assert figure(found.code, decisions) == 18 / 90


def test_a_threshold_is_not_too_low_where_most_above_it_is_right() -> None:
    faint, false = replace(GOOD, confidence=0.55), replace(FALSE, confidence=0.55)
    assert ask(frames(*[[GOOD, GOOD, faint, false]] * 20, *[[GOOD, faint]] * 5)) == []


def test_a_threshold_that_is_too_high() -> None:
    ghost = replace(GOOD, kind=VerdictKind.PROMOTED, confidence=0.4, shown=False)
    faint = replace(GOOD, confidence=0.55)
    decisions = frames(*[[GOOD, faint, ghost]] * 12, *[[GOOD, FALSE]] * 10)
    (found,) = ask(decisions)
    assert found.code == "threshold_high"
    assert found.sentence.startswith("The threshold of 0.50 is high for this model")
    assert found.evidence == (
        "12 of 12 missed objects were ghosts within 0.15 below the threshold, and 100% of the candidates just above it "
        "were kept."
    )
    assert found.share == 12 / 22
    assert "0.35" in found.advice
    assert figure(found.code, decisions) == 12 / (36 + 10)


@pytest.mark.parametrize(("confidences", "above"), [((0.4, 0.2, 0.25, 0.3), GOOD), ((0.4,), FALSE)])
def test_a_threshold_is_not_too_high_by_a_few_ghosts(confidences: Sequence[float], above: ObjectFact) -> None:
    """Neither where confirmed ghosts are of any confidence, nor where what is just above the threshold is false."""
    ghosts = [
        replace(GOOD, kind=VerdictKind.PROMOTED, confidence=each, shown=False)
        for each in confidences
        for _ in range(12)
    ]
    faint = replace(above, confidence=0.55)
    decisions = frames(*[[GOOD, ghost, faint] for ghost in ghosts], *[[GOOD, FALSE]] * 10)
    assert "threshold_high" not in [found.code for found in ask(decisions)]

"""What the figures so far say about the rest: worked out by hand, and held against folders whose truth is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

import numpy as np
import pytest

from autoanno_gui.core.figures.estimates import PRIOR, ROUND_LEAST, calibration, estimates
from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.facts import DecidedFrame, ObjectFact
from autoanno_gui.core.figures.intervals import wilson
from autoanno_gui.core.figures.metrics import BINS, confidence_bin
from autoanno_gui.core.figures.settling import Settled
from autoanno_gui.core.records import DecisionKind, PresentationMode
from tests.unit.core.builders import bootstrap_ratio
from tests.unit.core.ledger_kit import BIKE, CAR, drawn, frame, ledger, moved, renamed, right, table, wrong


def estimated(facts: Sequence[DecidedFrame], left: Mapping[tuple[int, float], int]) -> dict[str, Any]:
    """Return the estimates, with (class, confidence) -> how many candidates are left of it."""
    class_ids = sorted({class_id for class_id, _ in left})
    counts = np.zeros((len(class_ids), BINS), np.int64)
    for (class_id, confidence), number in left.items():
        counts[class_ids.index(class_id), confidence_bin(confidence)] += number
    return estimates(FactTable.of(facts), counts, np.array(class_ids, np.int64))


# ------------------------------------------------------------------------------------------------ so far and stream
def test_so_far_and_on_the_random_stream() -> None:
    found = estimated(ledger(), {})
    # Six frames judge: 11 candidates, 4 corrected; 11 final objects, 2 missed.
    so_far = found["so_far"]
    assert (so_far["edit_rate"], so_far["miss_rate"], so_far["frames"]) == (4 / 11, 2 / 11, 6)
    assert so_far["edit_rate_parts"] == {"class_changed": 1 / 11, "geometry_changed": 1 / 11, "deleted": 2 / 11}
    # Of the stream: frames 3, 5 and 8 with 1 + 3 + 0 candidates, the renamed one corrected; 1 drawn among 2 + 3.
    stream = found["stream"]
    assert (stream["edit_rate"], stream["miss_rate"], stream["frames"]) == (1 / 4, 1 / 5, 3)
    assert stream["edit_rate_interval"] == list(bootstrap_ratio([1, 0], [1, 3]))


def test_only_frames_of_the_stream_that_judge_predictions_speak_for_it() -> None:
    blind = frame(9, drawn(CAR), kind=DecisionKind.HAND_LABELLED, mode=PresentationMode.BLIND, in_stream=True)
    assert estimated([*ledger(), blind], {})["stream"]["frames"] == 3


# ------------------------------------------------------------------------------------------------ what is left
def test_what_is_left_by_class_and_confidence() -> None:
    assert PRIOR == 2
    facts = [
        frame(1, right(0.9), right(0.9), wrong(0.5)),
        frame(2, right(0.9), moved(0.9), wrong(0.5)),
    ]
    # All: 3 of 6 corrected, 1/2. Bin of 0.9: 1 of 4, drawn to (1 + 2/2) / (4 + 2) = 1/3; bin of 0.5: 2 of 2, drawn to
    # (2 + 2/2) / (2 + 2) = 3/4. Cars are all there is: (1 + 2/3) / 6 = 5/18 and (2 + 3/2) / 4 = 7/8. No bike was
    # judged: it is as its bin, 1/3; at 0.7 nothing was, as all: 1/2.
    left = {(CAR, 0.9): 30, (CAR, 0.5): 10, (BIKE, 0.9): 6, (BIKE, 0.7): 4}
    expected = (30 * 5 / 18 + 10 * 7 / 8 + 6 / 3 + 4 / 2) / 50
    found = estimated(facts, left)
    assert found["left"]["candidates"] == 50
    assert found["left"]["edit_rate"] == pytest.approx(expected)
    # Together with the 3 of 6 that are known.
    assert found["whole"]["edit_rate"] == pytest.approx((3 + 50 * expected) / 56)


def test_judged_candidates_of_classes_that_are_not_left_speak_for_their_bin() -> None:
    facts = [frame(1, right(0.9), right(0.9)), frame(2, wrong(0.9, BIKE), wrong(0.9, BIKE))]
    # All and bin: 2 of 4. Cars: (0 + 2/2) / (2 + 2).
    assert estimated(facts, {(CAR, 0.9): 8})["left"]["edit_rate"] == pytest.approx(1 / 4)


def test_the_interval_of_what_is_left_does_not_vanish_where_all_frames_agree() -> None:
    facts = [frame(number, right(0.9), right(0.9)) for number in range(5)]
    found = estimated(facts, {(CAR, 0.9): 100})
    assert found["left"]["edit_rate"] == 0.0
    assert found["left"]["edit_rate_interval"] == list(wilson(0, 5))
    low, high = found["whole"]["edit_rate_interval"]
    # 10 of 110 are known.
    assert (low, high) == (0.0, pytest.approx(wilson(0, 5)[1] * 100 / 110))


def test_a_renamed_candidate_speaks_for_the_class_that_the_model_gave_it() -> None:
    facts = [frame(1, *[renamed(0.9, CAR, BIKE)] * 2), frame(2, right(0.9, BIKE), right(0.9, BIKE))]
    # All and bin: 2 of 4. Bikes, as the model has them: (0 + 2/2) / (2 + 2).
    assert estimated(facts, {(BIKE, 0.9): 8})["left"]["edit_rate"] == pytest.approx(1 / 4)


def test_the_less_is_left_the_more_its_own_rate_varies() -> None:
    facts = [frame(number, right(0.9), right(0.9), *([wrong(0.9)] if number % 2 else [])) for number in range(40)]
    few, many = (estimated(facts, {(CAR, 0.9): left})["left"] for left in (100, 10**9))
    # 100 judged candidates: with 100 left it varies as much again, with endlessly many not at all.
    assert (few["edit_rate"], many["edit_rate"]) == (pytest.approx(0.2), pytest.approx(0.2))
    for edge in range(2):
        inner, outer = many["edit_rate_interval"][edge] - 0.2, few["edit_rate_interval"][edge] - 0.2
        assert outer == pytest.approx(sqrt(2) * inner)
        assert abs(inner) > 0.02


def test_the_interval_of_what_is_left_stays_between_0_and_1() -> None:
    facts = [frame(1, wrong(0.9)), frame(2, right(0.9)), frame(3, right(0.9))]
    assert estimated(facts, {(CAR, 0.9): 1})["left"]["edit_rate_interval"] == [0.0, 1.0]


def test_one_frame_says_little() -> None:
    low, high = estimated([frame(1, right(0.9), wrong(0.9))], {(CAR, 0.9): 100})["left"]["edit_rate_interval"]
    assert (low, high) == pytest.approx(wilson(0.5, 1))


def test_the_newest_round_alone_speaks_once_it_has_enough() -> None:
    old = [frame(number, *[wrong(0.9)] * 10) for number in range(20)]
    new = [frame(100 + number, *[right(0.9)] * 10, round=2) for number in range(ROUND_LEAST // 10)]
    assert estimated([*old, *new[:-1]], {(CAR, 0.9): 10})["left"]["edit_rate"] > 0.5
    assert estimated([*old, *new], {(CAR, 0.9): 10})["left"]["edit_rate"] == 0.0


def test_nothing_left_is_what_was_found() -> None:
    found = estimated(ledger(), {})
    assert found["left"] == {"candidates": 0, "edit_rate": None, "edit_rate_interval": None}
    assert found["whole"] == {key: found["so_far"][key] for key in ("edit_rate", "edit_rate_interval")}


def test_nothing_judged_says_nothing() -> None:
    for facts in ([], [frame(1)], [frame(1, drawn(CAR))]):
        found = estimated(facts, {(CAR, 0.9): 3})
        assert found["left"] == {"candidates": 3, "edit_rate": None, "edit_rate_interval": None}
        assert found["whole"] == {"edit_rate": None, "edit_rate_interval": None}
    assert estimated([], {})["so_far"]["frames"] == 0


def test_more_frames_than_are_resampled_singly_give_as_wide_an_interval() -> None:
    """2,000 frames, resampled in 500 groups: one judged candidate each, 30 % of them wrong.

    The share of 2,000 trials varies by sqrt(0.3 * 0.7 / 2000) = 0.01025; 1.96 times that to both sides makes 0.0402.
    """
    rng = np.random.default_rng(5)
    facts = [frame(number, wrong(0.9) if rng.random() < 0.3 else right(0.9)) for number in range(2000)]
    low, high = estimated(facts, {(CAR, 0.9): 10_000_000})["left"]["edit_rate_interval"]
    assert high - low == pytest.approx(0.0402, rel=0.15)


def _folder(seed: int) -> tuple[list[DecidedFrame], Counter[tuple[int, float]], float]:
    """Review 150 of 600 frames, hard ones first; return them, what is left, and the true edit rate of what is left."""
    rng = np.random.default_rng(seed)
    whole = []
    for number in range(600):
        confidences = 0.5 + 0.5 * rng.beta(2.0, 1.0, rng.poisson(3))
        difficulty = rng.normal(0, 0.5)
        wrongly = rng.random(len(confidences)) < 1 / (1 + np.exp(7 * confidences - 5 - difficulty))
        objects: tuple[ObjectFact, ...] = tuple(
            wrong(one) if bad else right(one) for one, bad in zip(confidences.tolist(), wrongly.tolist(), strict=True)
        )
        whole.append(frame(number, *objects))
    stream = set(rng.choice(600, 30, replace=False).tolist())
    hard = sorted(
        (one for one in whole if one.frame_id not in stream),
        key=lambda one: -sum((item.confidence or 1.0) < 0.7 for item in one.objects),
    )
    decided = [*(whole[number] for number in sorted(stream)[:8]), *hard[:142]]
    ids = {one.frame_id for one in decided}
    rest = [item for one in whole if one.frame_id not in ids for item in one.objects]
    left = Counter((CAR, round(item.confidence or 0.0, 3)) for item in rest)
    return decided, left, float(np.mean([item.iou is None for item in rest]))


def test_hard_frames_first_do_not_mislead_the_estimate() -> None:
    """Over 25 folders: the rate so far is far too high, the estimate is not, and its interval keeps its word."""
    found = []
    for seed in range(25):
        decided, left, truth = _folder(seed)
        document = estimated(decided, left)
        rest = document["left"]
        low, high = rest["edit_rate_interval"]
        found.append((document["so_far"]["edit_rate"] - truth, rest["edit_rate"] - truth, low <= truth <= high))
    so_far, estimate, held = np.mean(found, axis=0)
    assert so_far > 0.08
    assert abs(estimate) < 0.02
    assert held >= 0.8


# ------------------------------------------------------------------------------------------------ calibration
def settled(number: int, *said: tuple[float, bool], **changes: object) -> DecidedFrame:
    """Return a frame of the random stream with (confidence, right) of its predictions."""
    own = tuple(Settled(CAR, confidence, truth, candidate=confidence > 0.5) for confidence, truth in said)
    return frame(number, right(0.9), in_stream=True, settled=own, **changes)


def test_calibration() -> None:
    facts = [
        settled(1, (0.9, True), (0.88, True), (0.3, False)),
        settled(2, (0.92, False), (0.34, True), (0.28, False)),
        settled(3, (0.9, True)),
        frame(4, wrong(0.9)),  # not of the stream: it says nothing
    ]
    found = calibration(FactTable.of(facts))
    assert found["frames"] == 3
    low, high = found["bins"]
    # 0.25 to 0.35: 1 of 3 right at a mean confidence of (0.3 + 0.34 + 0.28) / 3.
    assert (low["from"], low["to"], low["predictions"], low["right"]) == (0.25, 0.35, 3, 1)
    assert low["rate"] == 1 / 3
    assert low["confidence"] == pytest.approx(0.92 / 3)
    assert low["rate_interval"] == list(bootstrap_ratio([0, 1], [1, 2]))
    # 0.85 to 0.95: 3 of 4 right at (0.9 + 0.88 + 0.92 + 0.9) / 4 = 0.9.
    assert (high["from"], high["to"], high["predictions"], high["right"]) == (0.85, 0.95, 4, 3)
    assert high["confidence"] == pytest.approx(0.9)
    assert high["rate_interval"] == list(bootstrap_ratio([2, 0, 1], [2, 1, 1]))
    # Distances 0.92/3 - 1/3 = -0.0267 on 3 and 0.15 on 4 of 7 predictions.
    assert found["gap"] == pytest.approx((3 * abs(0.92 / 3 - 1 / 3) + 4 * 0.15) / 7)


def test_the_newest_labels_say_what_was_right() -> None:
    before = settled(1, (0.9, False), adopted=False)
    after = settled(1, (0.9, True), first=False)
    (row,) = calibration(FactTable.of([before, after]))["bins"]
    assert (row["predictions"], row["right"]) == (1, 1)


def test_no_calibration_without_a_random_stream() -> None:
    assert calibration(FactTable.of([])) == calibration(table()) == {"bins": [], "frames": 0, "gap": None}

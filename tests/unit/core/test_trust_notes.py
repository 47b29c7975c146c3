"""Sentences about how far to trust the figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autoanno_gui.core.figures.checks import blind_figures, check_figures, nodding_figures
from autoanno_gui.core.figures.estimates import estimates
from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.facts import DecidedFrame
from autoanno_gui.core.figures.settling import BlindFact
from autoanno_gui.core.figures.trust_notes import trust_notes
from autoanno_gui.core.records import DecisionKind, PresentationMode
from tests.unit.core.ledger_kit import CAR, drawn, frame, right, wrong

SEEN = {"caught": True, "alteration": "shifted", "objects": 3, "kept": 3}
PASSED = {"caught": False, "alteration": "class", "objects": 3, "kept": 3}
LEFT_OPEN = PASSED | {"passed_over": True}


def notes(
    facts: Sequence[DecidedFrame], *, left: int = 1000, checks: Sequence[dict[str, Any]] = (), enabled: bool = True
) -> list[str]:
    table = FactTable.of(facts)
    counts = np.zeros((1, 10), np.int64)
    counts[0, 8] = left
    return trust_notes(
        {
            "frames_decided": len(facts),
            "estimates": estimates(table, counts, np.array([CAR])),
            "blind": blind_figures(table),
            "checks": check_figures(checks, enabled),
            "nodding": nodding_figures(table),
        }
    )


def reviewed(count: int, *, in_stream: bool, start: int = 0) -> list[DecidedFrame]:
    """Return frames with one of four candidates wrong, taken with ease."""
    four = (right(0.9), right(0.9), right(0.9), wrong(0.9))
    return [frame(start + n, *four, in_stream=in_stream, active_seconds=20.0) for n in range(count)]


def test_the_estimate_from_frames_drawn_at_random_stands_beside_the_figure_so_far() -> None:
    hard = [frame(100 + n, wrong(0.9), wrong(0.9), active_seconds=20.0) for n in range(40)]
    # So far 80 + 20 of 80 + 80 candidates, on the stream 20 of 80, on each frame alike: Wilson, 20 frames.
    assert notes([*hard, *reviewed(20, in_stream=True)]) == [
        "So far, hard frames first: edit rate 62.5% over 60 frames; estimated for the whole folder: 25.0% "
        "(11.2% to 46.9%), from 20 frames drawn at random."
    ]


def test_without_enough_of_them_the_candidates_that_are_left_are_looked_at() -> None:
    (note,) = notes(reviewed(19, in_stream=True))
    assert note.startswith(
        "So far, hard frames first: edit rate 25.0% over 19 frames; estimated for the whole folder: 25"
    )
    assert note.endswith("by the classes and confidences of the candidates that are left.")


def test_nothing_is_estimated_once_all_is_known() -> None:
    assert notes(reviewed(1, in_stream=False), left=0) == ["No candidate is left: edit rate 25.0% over 1 frame."]


def test_planted_checks() -> None:
    (_, note) = notes(reviewed(5, in_stream=False), checks=[SEEN, PASSED, SEEN, LEFT_OPEN])
    assert note == "2 of 3 planted checks caught."
    (_, note) = notes(reviewed(5, in_stream=False), enabled=False)
    assert note == "Blind frames and planted checks are off: nothing says how far the labels lean on the model."


def test_a_reviewer_who_finds_less_once_the_predictions_are_in_sight() -> None:
    blind = [
        frame(
            500 + n,
            drawn(CAR),
            kind=DecisionKind.HAND_LABELLED,
            mode=PresentationMode.SETTLE,
            in_stream=True,
            active_seconds=60.0,
            blind=BlindFact(objects=5, missed=2 + n % 2, candidates=3, unfounded=0, late=0),
        )
        for n in range(40)
    ]
    found = notes([*reviewed(40, in_stream=True), *blind])
    # 2.5 of 5 objects missing, none added to those that were shown.
    assert found[-1] == (
        "Labelled without seeing the predictions, 50.0% of the objects were missing from them; reviewed with them in "
        "sight, 0.0% were added. Objects that the model misses seem to pass the review."
    )


def test_a_difference_that_may_be_chance_is_not_held_against_the_reviewer() -> None:
    """2 of 4 blind frames have an object that is missing; 1 of 2 objects was added on 3 of 8 reviewed ones."""
    blind = [
        frame(
            500 + n,
            drawn(CAR),
            kind=DecisionKind.HAND_LABELLED,
            mode=PresentationMode.SETTLE,
            in_stream=True,
            active_seconds=60.0,
            blind=BlindFact(objects=2, missed=n % 2, candidates=2, unfounded=0, late=0),
        )
        for n in range(4)
    ]
    seen = [
        frame(n, right(0.9), drawn(CAR) if n < 3 else right(0.9), in_stream=True, active_seconds=20.0) for n in range(8)
    ]
    table = FactTable.of([*seen, *blind])
    low, high = blind_figures(table)["leaning_missed_interval"]
    assert low < 0 < high
    assert not any("Labelled without" in note for note in notes([*seen, *blind]))


def test_nothing_decided_needs_no_words() -> None:
    assert notes([]) == []
    assert notes([], enabled=False) == []

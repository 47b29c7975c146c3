"""What a reviewer noted, held against later rounds."""

from __future__ import annotations

from typing import Any

import pytest

from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.facts import DecidedFrame
from autoanno_gui.core.figures.hypothesis_notes import LEAST_FRAMES, hypothesis_notes
from tests.unit.core.ledger_kit import BIKE, CAR, frame, renamed, right

WHEN = "2026-03-01T12:00:00+00:00"
CONFUSED = f"confusion:{BIKE}:{CAR}"


def note(**changes: object) -> dict[str, Any]:
    """Return a note on round 1, at a time when 4 of 10 cars had to be named bikes."""
    return {
        "session": "s1",
        "reviewer": "ann",
        "round": 1,
        "text": "Mirrored bikes",
        "code": CONFUSED,
        "edit_rate": 0.5,
        "figure": 0.4,
    } | changes


def later(confused: int, *, frames: int = LEAST_FRAMES, round_: int = 2) -> list[DecidedFrame]:
    """Return frames of five candidates each, on so many of which one car had to be named a bike."""
    return [
        frame(
            100 * round_ + number,
            *[right(0.9)] * 4,
            renamed(0.8, CAR, BIKE) if number < confused else right(0.8),
            round=round_,
        )
        for number in range(frames)
    ]


def answer(body: dict[str, Any], facts: list[DecidedFrame]) -> tuple[float | None, str]:
    (found,) = hypothesis_notes([(body, WHEN)], FactTable.of(facts))
    return found["now"], found["verdict"]


@pytest.mark.parametrize(
    ("confused", "then", "verdict"),
    [(10, 0.4, "better"), (10, 0.05, "worse"), (10, 0.105, "same"), (0, 0.4, "better"), (0, 0.0, "same")],
)
def test_the_same_figure_in_a_later_round(confused: int, then: float, verdict: str) -> None:
    # So many of 20 * 5 candidates.
    assert answer(note(figure=then), later(confused)) == (confused / 100, verdict)


def test_a_note_on_no_cause_of_ours_is_held_against_the_edit_rate() -> None:
    for own in (note(code=None), note(code="", figure=None)):
        assert answer(own | {"edit_rate": 0.5}, later(10)) == (0.1, "better")


def test_the_round_itself_says_nothing_about_what_changed() -> None:
    assert answer(note(), later(10, round_=1)) == (None, "too_early")


def test_a_few_frames_of_the_next_round_say_nothing_yet() -> None:
    assert answer(note(), later(10, frames=LEAST_FRAMES - 1)) == (None, "too_early")


def test_a_cause_that_is_not_known_any_more() -> None:
    assert answer(note(code="gone:1"), later(10)) == (None, "too_early")


def test_what_was_noted_is_kept_the_newest_first() -> None:
    found = hypothesis_notes([(note(), WHEN), (note(text="Later"), "2026-03-02")], FactTable.of([]))
    assert [one["text"] for one in found] == ["Later", "Mirrored bikes"]
    assert found[1] == {
        "session": "s1",
        "wall_clock": WHEN,
        "round": 1,
        "text": "Mirrored bikes",
        "code": CONFUSED,
        "edit_rate": 0.5,
        "figure": 0.4,
        "now": None,
        "verdict": "too_early",
    }

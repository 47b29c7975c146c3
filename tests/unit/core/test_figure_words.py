"""Figures in words."""

from __future__ import annotations

import pytest

from autoanno_gui.core.figures.figure_words import counted, hours_text, percent, percent_range, seconds_text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0%"),
        (0.004, "0.4%"),
        (0.05, "5.0%"),
        (0.0996, "10%"),
        (0.12, "12%"),
        (1.0, "100%"),
        (-0.02, "-2.0%"),
        (None, "–"),
    ],
)
def test_percent(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_ticks_have_no_digit_of_nothing() -> None:
    assert [percent(tick, exact=True) for tick in (0.0, 0.025, 0.05, 0.1)] == ["0%", "2.5%", "5%", "10%"]


def test_ranges_and_times() -> None:
    assert percent_range([0.081, 0.17]) == "8.1% to 17%"
    assert percent_range(None) == "–"
    assert (seconds_text(4.25), seconds_text(None)) == ("4.2 s", "–")
    assert (hours_text(0.42), hours_text(3.42), hours_text(-2.0)) == ("25 min", "3.4 h", "-2.0 h")
    assert (counted(1, "frame"), counted(1200, "frame"), counted(2, "class", "classes")) == (
        "1 frame",
        "1,200 frames",
        "2 classes",
    )

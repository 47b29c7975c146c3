"""What is to be expected of the frames that are left."""

from __future__ import annotations

from math import sqrt

import pytest

from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.facts import DecidedFrame
from autoanno_gui.core.figures.settling import BlindFact, Settled
from autoanno_gui.core.figures.stopping import stopping
from autoanno_gui.core.records import DecisionKind, PresentationMode
from tests.unit.core.builders import bootstrap_ratio
from tests.unit.core.ledger_kit import CAR, drawn, frame, ledger, moved, promoted, right, table, wrong


def reviewed(count: int, *, start: int = 0) -> list[DecidedFrame]:
    """Return frames of the random stream: every fourth has 3 errors, the others none."""
    bad = (right(0.9), moved(0.9), wrong(0.9), drawn(CAR))
    good = (right(0.9), right(0.9), right(0.9))
    return [
        frame(start + number, *(good if number % 4 else bad), in_stream=True, active_seconds=36.0)
        for number in range(count)
    ]


def blind(number: int, *, missed: int, unfounded: int, misnamed: int = 0, settled: bool = True) -> DecidedFrame:
    """Return a frame that was labelled blind: 3 objects; misnamed candidates cover one each."""
    predictions = (
        Settled(CAR, 0.9, right=True, candidate=True),
        *[Settled(CAR, 0.8, right=False, candidate=True)] * (unfounded + misnamed),
        Settled(CAR, 0.3, right=False, candidate=False),
    )
    return frame(
        number,
        drawn(CAR),
        kind=DecisionKind.HAND_LABELLED,
        mode=PresentationMode.SETTLE if settled else PresentationMode.BLIND,
        in_stream=True,
        blind=BlindFact(objects=3, missed=missed, candidates=3 - missed + unfounded, unfounded=unfounded, late=0),
        settled=predictions if settled else (),
    )


def test_errors_that_would_stay_in_what_is_left() -> None:
    found = stopping(FactTable.of(reviewed(40)), 1000)
    # 10 of 40 frames have 3 errors each: 0.75 a frame.
    assert (found["frames_left"], found["stream_frames"]) == (1000, 40)
    assert found["errors_per_frame"] == 0.75
    assert found["errors_left"] == 750.0
    low, high = bootstrap_ratio([3] * 10 + [0] * 30, [3] * 40)
    assert found["errors_left_interval"] == pytest.approx([3000 * low, 3000 * high])
    # 36 seconds a frame.
    assert found["hours_left"] == pytest.approx(10.0)
    assert found["gain_of_100"]["errors_found"] == 75.0
    assert found["sentence"] == (
        "1,000 frames left: unreviewed, about 750 errors would stay in them "
        f"({3000 * low:,.0f} to {3000 * high:,.0f}). "
        "At your pace they take 10.0 hours. Reviewing 100 of them would find about 75."
    )


def test_frames_outside_the_stream_say_nothing_about_the_errors() -> None:
    hard = [frame(100 + number, wrong(0.6), wrong(0.6), active_seconds=36.0) for number in range(60)]
    found = stopping(FactTable.of([*hard, *reviewed(40, start=1000)]), 1000)
    assert (found["errors_per_frame"], found["stream_frames"]) == (0.75, 40)


def test_blind_frames_are_the_measure_once_there_are_20() -> None:
    # A settled one: 1 missed and 2 candidates that were not right, the ghost aside, make 3 errors. One that is not
    # settled yet: 1 missed and 1 that covers nothing make 2.
    settled = [blind(number, missed=1, unfounded=1, misnamed=1) for number in range(10)]
    open_ = [blind(10 + number, missed=1, unfounded=1, settled=False) for number in range(10)]
    found = stopping(FactTable.of([*settled, *open_, *reviewed(40, start=100)]), 100)
    assert (found["stream_frames"], found["errors_per_frame"]) == (20, 2.5)
    # One fewer: all 59 frames of the stream together, 30 + 18 errors and 30 of the reviewed ones.
    found = stopping(FactTable.of([*settled, *open_[1:], *reviewed(40, start=100)]), 100)
    assert found["stream_frames"] == 59
    assert found["errors_per_frame"] == pytest.approx((30 + 18 + 30) / 59)


def test_too_few_frames_drawn_at_random() -> None:
    found = stopping(FactTable.of(reviewed(19)), 50)
    assert found["errors_left"] is found["errors_left_interval"] is found["errors_per_frame"] is None
    assert found["gain_of_100"] == {
        "errors_found": None,
        "interval_width_now": None,
        "interval_width_then": None,
    }
    assert found["sentence"] == (
        "50 frames left. At your pace they take 30 minutes. Too few frames drawn at random are decided to say how many "
        "errors are in them: 19 of 20."
    )


def test_the_interval_does_not_vanish_where_no_frame_had_an_error() -> None:
    good = [frame(number, right(0.9), in_stream=True) for number in range(20)]
    found = stopping(FactTable.of(good), 100)
    assert found["errors_left"] == 0.0
    low, high = found["errors_left_interval"]
    # Byar: (0 + 1) * (1 - 1/9 + 1.96 / 3) ** 3 = 3.67 errors on 20 frames at most.
    assert (low, high) == (0.0, pytest.approx(3.67 / 20 * 100, rel=0.005))


def test_the_interval_where_all_frames_have_equally_many_errors() -> None:
    alike = [frame(number, wrong(0.9), in_stream=True) for number in range(25)]
    low, high = stopping(FactTable.of(alike), 100)["errors_left_interval"]
    # 25 of a Poisson count: exactly 16.18 to 36.90, which is 4 times as many on 100 frames.
    assert (low, high) == (pytest.approx(4 * 16.18, rel=0.005), pytest.approx(4 * 36.90, rel=0.005))


def test_the_pace_is_that_of_the_newest_50_frames() -> None:
    slow = [frame(number, right(0.9), active_seconds=100.0) for number in range(60)]
    fast = [frame(100 + number, right(0.9), active_seconds=10.0) for number in range(40)]
    # 10 of the last 50 took 100 seconds, 40 took 10: 28 on average.
    assert stopping(FactTable.of([*slow, *fast]), 360)["hours_left"] == pytest.approx(2.8)
    assert stopping(FactTable.of(slow), 360)["hours_left"] == pytest.approx(10.0)
    assert stopping(FactTable.of(slow[:10]), 360)["hours_left"] == pytest.approx(10.0)
    assert stopping(FactTable.of(slow[:9]), 360)["hours_left"] is None


def test_what_100_more_frames_bring() -> None:
    hard = [frame(100 + number, wrong(0.6), active_seconds=36.0) for number in range(60)]
    stream = reviewed(40, start=1000)
    found = stopping(FactTable.of([*hard, *stream]), 1000)
    # The stream's edit rate: 10 frames with 2 of 3 candidates corrected (the drawn one is none), 30 with 0 of 3.
    low, high = bootstrap_ratio([2] * 10 + [0] * 30, [3] * 40)
    assert found["gain_of_100"]["interval_width_now"] == pytest.approx(high - low)
    # 40 of 100 frames were of the stream, so would be 40 of the next 100.
    assert found["gain_of_100"]["interval_width_then"] == pytest.approx((high - low) * sqrt(40 / 80))


def test_fewer_than_100_left() -> None:
    found = stopping(FactTable.of(reviewed(40)), 8)
    assert found["gain_of_100"]["errors_found"] == found["errors_left"] == 6.0
    assert found["sentence"].endswith("At your pace they take 5 minutes.")


def test_promoted_ghosts_are_errors() -> None:
    ghosts = [frame(number, right(0.9), promoted(0.3, CAR), in_stream=True) for number in range(20)]
    assert stopping(FactTable.of(ghosts), 10)["errors_left"] == 10.0


def test_nothing_left() -> None:
    found = stopping(table(), 0)
    assert found["sentence"] == "Every frame that can be decided is decided."


def test_an_empty_ledger() -> None:
    found = stopping(FactTable.of([]), 1)
    assert found["hours_left"] is None
    assert found["sentence"] == (
        "1 frame left. Too few frames drawn at random are decided to say how many errors are in them: 0 of 20."
    )
    assert stopping(FactTable.of(ledger()[:1]), 1)["stream_frames"] == 0

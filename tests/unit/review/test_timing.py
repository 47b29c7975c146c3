"""Active seconds: what counts, what does not, and which stamps are kept."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from autoanno_gui.review.timing import ActiveTimer
from tests.projects import MadeProject
from tests.unit.review.conftest import Sit

CAP = 60.0


class Clock:
    def __init__(self) -> None:
        self.now = 5000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timer(clock: Clock) -> ActiveTimer:
    timer = ActiveTimer(clock=clock, idle_cap=CAP)
    clock.now += 1000
    timer.frame_shown()
    return timer


def test_the_time_between_paint_and_decision_counts(timer: ActiveTimer, clock: Clock) -> None:
    clock.now += 2.5
    timing = timer.stop()
    assert (timing.shown_at, timing.first_input_at, timing.decided_at) == (6000.0, None, 6002.5)
    assert timing.active == 2.5


def test_the_first_input_is_kept(timer: ActiveTimer, clock: Clock) -> None:
    for _ in range(3):
        clock.now += 1
        timer.note_input()
    clock.now += 1
    timing = timer.stop()
    assert (timing.first_input_at, timing.active) == (6001.0, 4.0)


def test_a_long_pause_counts_up_to_the_cap_each_time(timer: ActiveTimer, clock: Clock) -> None:
    clock.now += 3600
    timer.note_input()
    clock.now += CAP
    timer.note_input()
    clock.now += CAP + 1
    timing = timer.stop()
    assert timing.active == 3 * CAP
    assert timing.decided_at - timing.shown_at == 3600 + 2 * CAP + 1


def test_nothing_counts_while_the_window_is_away(timer: ActiveTimer, clock: Clock) -> None:
    clock.now += 3
    timer.pause()
    clock.now += 50
    timer.pause()
    clock.now += 50
    timer.resume()
    clock.now += 4
    timer.resume()
    clock.now += 1
    assert timer.stop().active == 8.0


def test_an_input_while_the_window_is_away_adds_nothing(timer: ActiveTimer, clock: Clock) -> None:
    timer.pause()
    clock.now += 5
    timer.note_input()
    clock.now += 5
    timing = timer.stop()
    assert (timing.active, timing.first_input_at, timing.decided_at) == (0.0, 6005.0, 6010.0)


def test_the_pause_before_the_window_goes_away_is_capped(timer: ActiveTimer, clock: Clock) -> None:
    clock.now += 600
    timer.pause()
    clock.now += 600
    timer.resume()
    assert timer.stop().active == CAP


def test_each_frame_starts_anew(timer: ActiveTimer, clock: Clock) -> None:
    clock.now += 7
    timer.note_input()
    timer.frame_shown()
    clock.now += 2
    timing = timer.stop()
    assert (timing.shown_at, timing.first_input_at, timing.active) == (6007.0, None, 2.0)


def test_a_frame_that_comes_while_the_window_is_away_waits_for_it(timer: ActiveTimer, clock: Clock) -> None:
    timer.pause()
    timer.frame_shown()
    clock.now += 30
    timer.resume()
    clock.now += 1
    assert timer.stop().active == 1.0


def test_the_wall_clock_is_utc(timer: ActiveTimer) -> None:
    before = datetime.now(UTC)
    stamp = datetime.fromisoformat(timer.stop().wall_clock)
    assert stamp.tzinfo is not None
    assert abs((stamp - before).total_seconds()) < 60


def test_a_decision_carries_the_time_of_its_own_frame(sit_down: Sit, made: MadeProject, clock: Clock) -> None:
    sitting = sit_down(made, clock=clock)
    clock.now += 3
    sitting.session.objects.reject()
    clock.now += 2
    sitting.accept()
    clock.now += 4
    sitting.accept()
    first, second = sitting.decision(0).timing, sitting.decision(1).timing
    assert (first.active, first.first_input_at) == (5.0, 5003.0)
    assert (second.active, second.first_input_at, second.shown_at) == (4.0, None, 5005.0)

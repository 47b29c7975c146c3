"""Which work goes first, when it gives way, and that it always ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from autoanno_gui.review.scheduler import KEY_QUIET_SECONDS, MAX_YIELD_SECONDS, Scheduler, Task, Urgency

PATIENCE = 20.0


class Log:
    """Makes work that notes its steps, and notes how it ended."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self.steps: list[str] = []
        self.failures: list[BaseException] = []

    def work(self, name: str, steps: int, *, then: Callable[[int], None] = lambda step: None) -> Generator[Any]:
        try:
            for step in range(steps):
                self.steps.append(f"{name}{step}")
                then(step)
                yield
        finally:
            self.steps.append(f"{name} closed")

    def submit(
        self,
        name: str,
        steps: int = 1,
        *,
        urgency: Urgency = Urgency.JOB,
        under: str | None = None,
        then: Callable[[int], None] = lambda step: None,
    ) -> Task:
        return self.scheduler.submit(
            under or name,
            self.work(name, steps, then=then),
            urgency=urgency,
            on_failed=self.failures.append,
            on_ended=lambda: self.steps.append(f"{name} ended"),
        )


@pytest.fixture
def log() -> Log:
    return Log(Scheduler(clock=lambda: 1000.0))


def test_the_most_urgent_goes_first_whatever_the_order_of_asking(log: Log) -> None:
    for name, urgency in (
        ("background", Urgency.BACKGROUND),
        ("job", Urgency.JOB),
        ("next", Urgency.NEXT_FRAME),
        ("prompt", Urgency.PROMPT),
        ("shown", Urgency.SHOWN_FRAME),
    ):
        log.submit(name, urgency=urgency)
    log.scheduler.run_until_idle()
    ended = [step.removesuffix(" ended") for step in log.steps if step.endswith("ended")]
    assert ended == ["prompt", "shown", "next", "job", "background"]
    assert not log.scheduler.busy


def test_equally_urgent_work_keeps_the_order_of_asking(log: Log) -> None:
    for name in "abc":
        log.submit(name, 2)
    log.scheduler.run_until_idle()
    assert [step for step in log.steps if step[-1].isdigit()] == ["a0", "a1", "b0", "b1", "c0", "c1"]


def test_something_more_urgent_goes_between_two_steps(log: Log) -> None:
    def prompt(step: int) -> None:
        if step == 1:
            log.submit("prompt", 2, urgency=Urgency.PROMPT)

    log.submit("job", 3, then=prompt)
    log.scheduler.run_until_idle()
    assert log.steps == [
        *("job0", "job1"),
        *("prompt0", "prompt1", "prompt closed", "prompt ended"),
        *("job2", "job closed", "job ended"),
    ]


def test_new_work_takes_the_place_of_the_old_of_its_name(log: Log) -> None:
    def again(step: int) -> None:
        if step == 0:
            log.submit("second", under="shown", urgency=Urgency.BACKGROUND)

    log.submit("first", 5, under="shown", urgency=Urgency.JOB, then=again)
    log.submit("other", urgency=Urgency.NEXT_FRAME)
    log.scheduler.run_until_idle()
    # What was replaced ends before anything else is begun, however urgent that is.
    assert log.steps == [
        *("other0", "other closed", "other ended"),
        *("first0", "first closed", "first ended"),
        *("second0", "second closed", "second ended"),
    ]
    assert log.failures == []


def test_work_that_was_never_begun_still_ends(log: Log) -> None:
    log.submit("first", under="shown")
    log.submit("second", under="shown")
    log.scheduler.run_until_idle()
    assert log.steps == ["first ended", "second0", "second closed", "second ended"]


def test_a_cancel_takes_effect_after_the_step_that_runs(log: Log) -> None:
    def cancel(step: int) -> None:
        if step == 1:
            log.scheduler.cancel("job")

    log.submit("job", 10, then=cancel)
    log.submit("stays")
    log.scheduler.run_until_idle()
    assert log.steps == ["job0", "job1", "job closed", "job ended", "stays0", "stays closed", "stays ended"]
    log.scheduler.cancel("absent")


def test_a_task_can_be_cancelled_by_itself(log: Log) -> None:
    tasks: list[Task] = []
    tasks.append(log.submit("job", 10, then=lambda step: tasks[0].cancel()))
    log.scheduler.run_until_idle()
    assert log.steps == ["job0", "job closed", "job ended"]


def test_a_failure_is_handed_on_and_the_rest_goes_on(log: Log) -> None:
    def fail(_step: int) -> None:
        raise ValueError("no")

    log.submit("bad", 3, then=fail)
    log.submit("good")
    log.scheduler.run_until_idle()
    assert [str(failure) for failure in log.failures] == ["no"]
    assert log.steps == ["bad0", "bad closed", "bad ended", "good0", "good closed", "good ended"]


def test_a_failure_while_closing_is_handed_on(log: Log) -> None:
    def work() -> Generator[Any]:
        try:
            log.scheduler.cancel("bad")
            yield
        finally:
            raise ValueError("closing failed")

    log.scheduler.submit(
        "bad",
        work(),
        urgency=Urgency.JOB,
        on_failed=log.failures.append,
        on_ended=lambda: log.steps.append("bad ended"),
    )
    log.submit("good")
    log.scheduler.run_until_idle()
    assert [str(failure) for failure in log.failures] == ["closing failed"]
    assert log.steps == ["bad ended", "good0", "good closed", "good ended"]


# ------------------------------------------------------------------------------------------------ giving way
class Clock:
    """Stands still unless a test moves it, and tells when it was asked."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.asked = 0
        self.on_ask: Callable[[], None] = lambda: None

    def __call__(self) -> float:
        self.asked += 1
        self.on_ask()
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def typing(clock: Clock) -> Log:
    """A reviewer who has just pressed a key and whose look-ahead is not full."""
    log = Log(Scheduler(clock=clock))
    log.scheduler.note_look_ahead(full=False)
    log.scheduler.note_key()
    clock.asked = 0
    return log


@contextmanager
def while_waiting(clock: Clock, act: Callable[[], object]) -> Iterator[None]:
    """Do something on another thread once the scheduler gives way."""
    asked = threading.Event()
    # The scheduler holds its lock from its question until it waits, so what `act` tells it comes in the middle of that.
    clock.on_ask = lambda: asked.set() if clock.asked == 3 else None

    def run() -> None:
        assert asked.wait(PATIENCE)
        act()

    thread = threading.Thread(target=run)
    thread.start()
    yield
    thread.join(PATIENCE)


def test_a_job_waits_until_the_look_ahead_is_full(typing: Log, clock: Clock) -> None:
    def fill() -> None:
        typing.steps.append("filled")
        typing.scheduler.note_look_ahead(full=True)

    with while_waiting(clock, fill):
        typing.submit("job", 2)
        typing.scheduler.run_until_idle()
    assert typing.steps == ["filled", "job0", "job1", "job closed", "job ended"]


def test_a_step_waits_no_longer_than_its_share(typing: Log, clock: Clock) -> None:
    def move() -> None:
        clock.now += MAX_YIELD_SECONDS / 4

    clock.on_ask = move
    typing.submit("job")
    typing.scheduler.run_until_idle()
    assert typing.steps[0] == "job0"
    assert clock.now < 1000.0 + KEY_QUIET_SECONDS


@pytest.mark.parametrize("urgency", [Urgency.PROMPT, Urgency.SHOWN_FRAME, Urgency.NEXT_FRAME])
def test_what_the_reviewer_waits_for_does_not_give_way(typing: Log, clock: Clock, urgency: Urgency) -> None:
    typing.submit("shown", urgency=urgency)
    typing.scheduler.run_until_idle()
    assert clock.asked == 0
    assert typing.steps[0] == "shown0"


def test_a_job_does_not_wait_once_the_keys_are_quiet(typing: Log, clock: Clock) -> None:
    clock.now += KEY_QUIET_SECONDS
    typing.submit("job")
    typing.scheduler.run_until_idle()
    assert typing.steps[0] == "job0"
    assert clock.asked == 4, "two looks for each of two steps, and no third before a wait"


def test_while_a_job_gives_way_something_more_urgent_goes_first(typing: Log, clock: Clock) -> None:
    def fill(_step: int) -> None:
        typing.scheduler.note_look_ahead(full=True)

    with while_waiting(clock, lambda: typing.submit("shown", urgency=Urgency.SHOWN_FRAME, then=fill)):
        typing.submit("job")
        typing.scheduler.run_until_idle()
    assert typing.steps == ["shown0", "shown closed", "shown ended", "job0", "job closed", "job ended"]


def test_a_job_that_gives_way_can_be_cancelled(typing: Log, clock: Clock) -> None:
    with while_waiting(clock, lambda: typing.scheduler.cancel("job")):
        typing.submit("job")
        typing.scheduler.run_until_idle()
    assert typing.steps == ["job ended"]


def test_work_in_the_background_gives_way_too_and_to_jobs_as_well(typing: Log, clock: Clock) -> None:
    def job() -> None:
        typing.submit("job", 2, then=lambda step: typing.scheduler.note_look_ahead(full=True))

    with while_waiting(clock, job):
        typing.submit("background", 2, urgency=Urgency.BACKGROUND)
        typing.scheduler.run_until_idle()
    assert [step for step in typing.steps if step[-1].isdigit()] == ["job0", "job1", "background0", "background1"]


def test_work_in_the_background_is_put_off_but_never_dropped(log: Log) -> None:
    """Whatever comes meanwhile goes first, between any two of its steps; then it goes on where it was."""
    kinds = iter([Urgency.JOB, Urgency.NEXT_FRAME, Urgency.SHOWN_FRAME, Urgency.PROMPT])

    def interrupt(step: int) -> None:
        if (urgency := next(kinds, None)) is not None:
            log.submit(urgency.name, urgency=urgency)

    log.submit("background", 5, urgency=Urgency.BACKGROUND, then=interrupt)
    log.scheduler.run_until_idle()
    assert [step for step in log.steps if step[-1].isdigit()] == [
        *("background0", "JOB0", "background1", "NEXT_FRAME0", "background2"),
        *("SHOWN_FRAME0", "background3", "PROMPT0", "background4"),
    ]


def test_newer_work_in_the_background_takes_the_place_of_older(log: Log) -> None:
    def again(step: int) -> None:
        if step == 1:
            log.submit("newer", 2, urgency=Urgency.BACKGROUND, under="ahead")

    log.submit("older", 9, urgency=Urgency.BACKGROUND, under="ahead", then=again)
    log.scheduler.run_until_idle()
    assert [step for step in log.steps if step[-1].isdigit()] == ["older0", "older1", "newer0", "newer1"]


# ------------------------------------------------------------------------------------------------ on a thread
def test_a_thread_works_until_it_is_stopped() -> None:
    log = Log(Scheduler())
    thread = threading.Thread(target=log.scheduler.run)
    thread.start()
    stepped, ended = threading.Event(), threading.Event()
    log.submit("quick", then=lambda step: stepped.set())
    assert stepped.wait(PATIENCE)
    endless = threading.Event()

    def forever() -> Generator[Any]:
        try:
            while True:
                endless.set()
                yield
        finally:
            log.steps.append("forever closed")

    log.scheduler.submit("forever", forever(), urgency=Urgency.JOB, on_failed=log.failures.append, on_ended=ended.set)
    assert endless.wait(PATIENCE)
    assert log.scheduler.busy
    log.scheduler.stop()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert ended.is_set()
    assert log.steps[-1] == "forever closed"
    assert log.failures == []


def test_stop_ends_what_was_queued_and_lets_nothing_new_begin() -> None:
    log = Log(Scheduler())
    log.submit("queued")
    log.scheduler.stop()
    log.submit("late")
    log.scheduler.run()
    assert log.steps == ["queued ended", "late ended"]

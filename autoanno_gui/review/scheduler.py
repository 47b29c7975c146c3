"""One place that decides which model work runs next, on whatever thread calls `run`.

Work is a generator: each `yield` is the point where something more urgent may go first and where a cancel takes effect.
Each open project has one, so that its model work never runs twice at once on the same device.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final, TypeAlias

Work: TypeAlias = Generator[Any, None, None]

KEY_QUIET_SECONDS: Final = 2.0
"""A job gives way while a key came within this time and the look-ahead is not full."""
MAX_YIELD_SECONDS: Final = 0.25
"""The longest that one step of a job waits for the look-ahead."""


class Urgency(IntEnum):
    """Lower goes first."""

    PROMPT = 0
    SHOWN_FRAME = 1
    NEXT_FRAME = 2
    JOB = 3
    BACKGROUND = 4


@dataclass(slots=True)
class Task:
    """One piece of work in the scheduler; `cancel` may be called from any thread."""

    name: str
    urgency: Urgency
    work: Work
    on_failed: Callable[[BaseException], None]
    on_ended: Callable[[], None]
    cancelled: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        self.cancelled.set()


class Scheduler:
    """Runs tasks step by step, the most urgent first. A new task under a name takes the place of the old one."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wake = threading.Condition()
        self._tasks: list[Task] = []
        self._stopping = False
        self._last_key = float("-inf")
        self._look_ahead_full = True

    def submit(
        self,
        name: str,
        work: Work,
        *,
        urgency: Urgency,
        on_failed: Callable[[BaseException], None],
        on_ended: Callable[[], None] = lambda: None,
    ) -> Task:
        """Queue work; returns at once.

        Args:
            name: a queued or running task of the same name is cancelled.
            work: its steps; closed (never just dropped) when it is cancelled.
            on_failed: called on the scheduler's thread with what the work raised.
            on_ended: called last, on the scheduler's thread, whether it finished, failed or was cancelled.
        """
        task = Task(name, urgency, work, on_failed, on_ended)
        with self._wake:
            for other in self._tasks:
                if other.name == name:
                    other.cancel()
            if self._stopping:
                task.cancel()
            self._tasks.append(task)
            self._wake.notify_all()
        return task

    def cancel(self, name: str) -> None:
        """Cancel the task of this name, if there is one; it ends within one step."""
        with self._wake:
            for task in self._tasks:
                if task.name == name:
                    task.cancel()
            self._wake.notify_all()

    def note_key(self) -> None:
        """Note that the reviewer is typing, so that jobs give way to the look-ahead."""
        self._last_key = self._clock()

    def note_look_ahead(self, *, full: bool) -> None:
        """Note whether the frames ahead of the reviewer are ready."""
        with self._wake:
            self._look_ahead_full = full
            self._wake.notify_all()

    @property
    def busy(self) -> bool:
        with self._wake:
            return bool(self._tasks)

    def stop(self) -> None:
        """Cancel everything and let `run` return."""
        with self._wake:
            self._stopping = True
            for task in self._tasks:
                task.cancel()
            self._wake.notify_all()

    def run(self) -> None:
        """Work until `stop` is called."""
        while True:
            with self._wake:
                while not self._tasks and not self._stopping:
                    self._wake.wait()
                if not self._tasks:
                    return
            self._step()

    def run_until_idle(self) -> None:
        """Work until no task is left; for callers that bring their own thread."""
        while True:
            with self._wake:
                if not self._tasks:
                    return
            self._step()

    def _next(self) -> Task:
        """Return the task whose turn it is: a cancelled one, so that it ends at once, else the most urgent."""
        return min(self._tasks, key=lambda task: (not task.cancelled.is_set(), task.urgency))

    def _step(self) -> None:
        with self._wake:
            if self._next().urgency >= Urgency.JOB:
                self._give_way(self._next())
            task = self._next()
        failure: BaseException | None = None
        try:
            if not task.cancelled.is_set():
                next(task.work)
                return
            task.work.close()
        except StopIteration:
            pass
        except BaseException as error:  # noqa: BLE001 - this is the worker boundary: it is handed on, never swallowed
            failure = error
        self._end(task, failure)

    def _give_way(self, task: Task) -> None:
        """Let the look-ahead go first, until something more urgent than `task` comes."""
        deadline = self._clock() + MAX_YIELD_SECONDS
        while (
            not self._look_ahead_full
            and self._next() is task
            and not task.cancelled.is_set()
            and self._clock() - self._last_key < KEY_QUIET_SECONDS
            and (left := deadline - self._clock()) > 0
        ):
            self._wake.wait(left)

    def _end(self, task: Task, error: BaseException | None) -> None:
        with self._wake:
            self._tasks.remove(task)
        if error is not None:
            task.on_failed(error)
        task.on_ended()

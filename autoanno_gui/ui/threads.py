"""Worker threads: thin QThreads around Qt-free generators and the scheduler."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from autoanno_gui.review.scheduler import Scheduler


class GeneratorThread(QThread):
    """Runs one generator on its own thread: each yield is a progress signal and a point to cancel at.

    `failed` (if it raised) and then `ended` always fire, on the GUI thread. A stale result is recognised by the thread
    object that sent it: whoever started a newer one drops the older.
    """

    progressed = Signal(object)
    returned = Signal(object)
    failed = Signal(object)
    ended = Signal()

    def __init__(self, work: Callable[[], Iterator[Any]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self.finished.connect(self.ended)

    def cancel(self) -> None:
        """Ask the work to stop at its next yield."""
        self.requestInterruption()

    def run(self) -> None:
        """Work (Qt override; on the new thread)."""
        try:
            steps = self._work()
            try:
                while not self.isInterruptionRequested():
                    self.progressed.emit(next(steps))
            except StopIteration as stop:
                self.returned.emit(stop.value)
            finally:
                if isinstance(steps, Generator):
                    steps.close()
        except BaseException as error:  # noqa: BLE001 - the worker boundary: handed to the GUI thread, never swallowed
            self.failed.emit(error)


class AskedThread(QThread):
    """A thread that waits until something is asked of it, does that, and waits again.

    A subclass notes under `_wake` what is asked, calls `_wake.notify()`, and takes it in `run` with `_await`.
    """

    failed = Signal(object)
    """The exception that its work raised, for the GUI thread."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wake = threading.Condition()
        self._stopping = False

    def stop(self) -> None:
        """End the thread at its next step and wait for it."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self.wait()

    def _is_stopping(self) -> bool:
        return self._stopping

    def _await(self, asked: Callable[[], bool]) -> bool:
        """Wait, with `_wake` held, until something is asked; return False when the thread is to end instead."""
        self._wake.wait_for(lambda: self._stopping or asked())
        return not self._stopping


class SchedulerThread(QThread):
    """The one thread that model work runs on."""

    def __init__(self, scheduler: Scheduler, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scheduler = scheduler

    def run(self) -> None:
        """Work until the scheduler is stopped (Qt override; on the new thread)."""
        self._scheduler.run()

    def stop(self) -> None:
        """Cancel everything and join; each step of the work comes to its end first."""
        self._scheduler.stop()
        # Without a limit: Qt aborts the process when the thread object goes away before its thread has ended.
        self.wait()

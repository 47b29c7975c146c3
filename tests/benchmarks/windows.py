"""The real window under measurement: opened, watched and closed again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from PySide6.QtGui import QPaintEvent

from autoanno_gui.app import launch
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.ui.canvas.view import CanvasView
from autoanno_gui.ui.main_window import MainWindow
from tests.benchmarks.waiting import wait_for, wait_until

WINDOW = (1920, 1050)


@contextmanager
def open_window(*arguments: str | Path, size: tuple[int, int] = WINDOW) -> Iterator[MainWindow]:
    """Show the window in front, and close it whatever happens."""
    window = launch([str(argument) for argument in arguments])
    try:
        window.resize(*size)
        window.activateWindow()
        yield window
    finally:
        window.close()
        window.deleteLater()
        wait_for(0.05)


class Shown:
    """Counts the frames that a window has shown, and waits for more."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.count = 0
        self.finished = 0
        window.frame_shown.connect(self._note_frame)
        window.queue_finished.connect(self._note_end)

    def _note_frame(self, _path: object) -> None:
        self.count += 1

    def _note_end(self) -> None:
        self.finished += 1

    def wait(self, count: int) -> None:
        """Wait until this many frames were shown."""
        wait_until(lambda: self.count >= count, self._window.frame_shown)

    def wait_for_next(self, act: Callable[[], object]) -> None:
        """Do something that leads to another frame, and wait until that frame takes keys."""
        count, finished = self.count, self.finished
        act()
        wait_until(
            lambda: self.count > count or self.finished > finished,
            self._window.frame_shown,
            self._window.queue_finished,
        )


class Stopwatch:
    """Notes when the canvas has painted and when the store has acknowledged a decision.

    It wraps both methods in their classes, so it must be entered before the window is made. Times are seconds of
    `time.perf_counter`; `painted_cpu` are seconds that the GUI thread has worked.
    """

    def __init__(self) -> None:
        self.painted_at = 0.0
        self.painted_cpu = 0.0
        self.handed_over_at = 0.0
        self.acknowledged_at = 0.0
        self._paint = CanvasView.paintEvent
        self._submit = Store.submit

    def __enter__(self) -> Stopwatch:
        paint, submit, watch = self._paint, self._submit, self

        def timed_paint(view: CanvasView, event: QPaintEvent) -> None:
            paint(view, event)
            watch.painted_at, watch.painted_cpu = time.perf_counter(), time.thread_time()

        def timed_submit(store: Store, priority: Priority, work: Any) -> Any:  # noqa: ANN401 - any job of the store
            if priority is not Priority.DECISION:
                return submit(store, priority, work)
            watch.handed_over_at = time.perf_counter()
            future = submit(store, priority, work)
            future.add_done_callback(lambda _: watch.note_acknowledged())
            return future

        CanvasView.paintEvent = timed_paint  # type: ignore[method-assign]
        Store.submit = timed_submit  # type: ignore[method-assign]
        return self

    def note_acknowledged(self) -> None:
        """Note the time on the store's thread."""
        self.acknowledged_at = time.perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        CanvasView.paintEvent = self._paint  # type: ignore[method-assign]
        Store.submit = self._submit  # type: ignore[method-assign]

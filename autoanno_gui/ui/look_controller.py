"""Looks through the folder's pictures once, when the queue is to begin with what differs most from what is decided."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, Signal

from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.records import Progress
from autoanno_gui.review.similarity_job import similarity_job
from autoanno_gui.store.store_thread import Store
from autoanno_gui.ui.threads import GeneratorThread

FIRST_NEWS: Final = 256
"""After so many frames the queue hears of them, then each time that twice as many are known."""


class LookController(QObject):
    """Runs the job that notes what frames look like: one at a time, stopped and taken up again at any time."""

    progressed = Signal(object)
    """Progress."""
    looked = Signal()
    """Enough is known that is worth a new order."""
    ended = Signal()
    failed = Signal(str)
    """A sentence for people."""

    def __init__(self, store: Store, parent: QObject) -> None:
        super().__init__(parent)
        self._store = store
        self._thread: GeneratorThread | None = None
        self._next_news = FIRST_NEWS

    @property
    def running(self) -> bool:
        return self._thread is not None

    def start(self) -> None:
        """Go on where the last one stopped; does nothing while one is running."""
        if self._thread is not None:
            return
        store = self._store
        self._next_news = FIRST_NEWS
        self._thread = GeneratorThread(lambda: similarity_job(store), self)
        self._thread.progressed.connect(self._on_progress)
        self._thread.failed.connect(self._on_failed)
        self._thread.ended.connect(self._on_ended)
        self._thread.start(GeneratorThread.Priority.LowPriority)

    def stop(self) -> None:
        """Stop within one frame and wait for it; what was looked at is kept."""
        if self._thread is not None:
            self._thread.cancel()
            self._thread.wait()

    def _on_progress(self, progress: Progress) -> None:
        self.progressed.emit(progress)
        if progress.done >= self._next_news:
            self._next_news *= 2
            self.looked.emit()

    def _on_failed(self, error: BaseException) -> None:
        if not isinstance(error, KnownError):
            raise error
        self.failed.emit(f"The pictures could not be compared: {error}")

    def _on_ended(self) -> None:
        if self._thread is not None:
            self._thread.deleteLater()
            self._thread = None
        self.looked.emit()
        self.ended.emit()

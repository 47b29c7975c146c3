"""The thread that keeps the prediction index and sorts the queue; the newest request wins."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing

from PySide6.QtCore import QObject, QThread, Signal

from autoanno_gui.review.queue_keeper import News, QueueKeeper, SortRequest
from autoanno_gui.store.reader import Reader


class QueueThread(QThread):
    """Reads what changed in the project file, then sorts."""

    arranged = Signal(object)
    """SortedQueue."""
    failed = Signal(object)

    def __init__(self, open_reader: Callable[[], Reader], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open_reader = open_reader
        self._wake = threading.Condition()
        self._news = News(everything=True)
        self._request: SortRequest | None = None
        self._stopping = False

    def ask(self, request: SortRequest, news: News) -> None:
        """Ask for an order; what was asked for before and not begun is dropped."""
        with self._wake:
            self._news.merge(news)
            self._request = request
            self._wake.notify()

    def stop(self) -> None:
        """End the thread and wait for it."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self.wait()

    def run(self) -> None:
        """Work until stopped (Qt override; on the new thread)."""
        try:
            with closing(self._open_reader()) as reader:
                keeper = QueueKeeper(reader)
                while (task := self._next_task()) is not None:
                    request, news = task
                    if not keeper.update(news, stop=self._is_stopping):
                        break
                    if (found := keeper.sort(request, stop=self._is_stopping)) is not None:
                        self.arranged.emit(found)
        except BaseException as error:  # noqa: BLE001 - the worker boundary: handed to the GUI thread, never swallowed
            self.failed.emit(error)

    def _is_stopping(self) -> bool:
        return self._stopping

    def _next_task(self) -> tuple[SortRequest, News] | None:
        with self._wake:
            while not self._stopping and self._request is None:
                self._wake.wait()
            if self._stopping or self._request is None:
                return None
            task = self._request, self._news
            self._request, self._news = None, News()
            return task

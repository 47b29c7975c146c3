"""The thread that keeps the prediction index and sorts the queue; the newest request wins."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from PySide6.QtCore import QObject, Signal

from autoanno_gui.review.queue_keeper import News, QueueKeeper, SortRequest
from autoanno_gui.store.reader import Reader
from autoanno_gui.ui.threads import AskedThread


class QueueThread(AskedThread):
    """Reads what changed in the project file, then sorts."""

    arranged = Signal(object)
    """SortedQueue."""

    def __init__(self, open_reader: Callable[[], Reader], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open_reader = open_reader
        self._news = News(everything=True)
        self._request: SortRequest | None = None

    def ask(self, request: SortRequest, news: News) -> None:
        """Ask for an order; what was asked for before and not begun is dropped."""
        with self._wake:
            self._news.merge(news)
            self._request = request
            self._wake.notify()

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

    def _next_task(self) -> tuple[SortRequest, News] | None:
        with self._wake:
            if not self._await(lambda: self._request is not None) or self._request is None:
                return None
            task = self._request, self._news
            self._request, self._news = None, News()
            return task

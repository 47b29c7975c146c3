"""The thread that keeps the figures of the open project; what is asked for meanwhile is done together."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Signal

from autoanno_gui.core.prediction_index import PredictionIndex
from autoanno_gui.store.reader import Reader
from autoanno_gui.ui.threads import AskedThread

if TYPE_CHECKING:
    from autoanno_gui.review.metrics_keeper import MetricsKeeper

BREATH_SECONDS: Final = 0.002
"""Reading a long ledger is nearly all Python: the reviewer's keys get through in between."""


@dataclass(slots=True)
class MetricsNews:
    """What changed in the project file, and what is to be worked out.

    Attributes:
        frame_ids: frames whose decisions changed.
        everything: what all decisions mean may have changed.
        document: the whole report is wanted.
        drift: what the watch for drift says is wanted.
        sitting: uuid of a sitting whose figures are wanted, and the codes of causes that go with it.
        checks: whether the user wants blind frames and planted checks.
        index: the newest predictions of all frames.
    """

    frame_ids: set[int] = field(default_factory=set)
    everything: bool = False
    document: bool = False
    drift: bool = False
    sitting: tuple[str, tuple[str, ...]] | None = None
    checks: bool = True
    index: PredictionIndex | None = None

    def merge(self, other: MetricsNews) -> None:
        """Take in what is newer."""
        self.frame_ids |= other.frame_ids
        self.everything |= other.everything
        self.document |= other.document
        self.drift |= other.drift
        self.sitting = other.sitting or self.sitting
        self.checks = other.checks
        self.index = other.index or self.index

    @property
    def asks(self) -> bool:
        """Whether anything is to be worked out."""
        return self.document or self.drift or self.sitting is not None


class MetricsThread(AskedThread):
    """Reads what changed, then works out what was asked for."""

    reported = Signal(object, float)
    """The report, and the seconds that it took."""
    watched = Signal(object)
    """`drift` of the report."""
    sat = Signal(object)
    """The figures of a sitting, see `MetricsKeeper.session_document`."""
    done = Signal()
    """All that was asked for together is worked out."""

    def __init__(self, open_reader: Callable[[], Reader], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open_reader = open_reader
        self._news = MetricsNews()

    def ask(self, news: MetricsNews) -> None:
        """Ask for figures; what was asked for before and not begun is done together with it."""
        with self._wake:
            self._news.merge(news)
            self._wake.notify()

    def run(self) -> None:
        """Work until stopped (Qt override; on the new thread)."""
        try:
            # The window is painted before; what the figures need takes a while to import.
            from autoanno_gui.review.metrics_keeper import MetricsKeeper, StoppedError

            with closing(self._open_reader()) as reader:
                keeper = MetricsKeeper(reader, breathe=lambda: time.sleep(BREATH_SECONDS), stop=self._is_stopping)
                with suppress(StoppedError):
                    while (news := self._next_task()) is not None:
                        self._work(keeper, news)
                        self.done.emit()
        except BaseException as error:  # noqa: BLE001 - the worker boundary: handed to the GUI thread, never swallowed
            self.failed.emit(error)

    def _work(self, keeper: MetricsKeeper, news: MetricsNews) -> None:
        begun = time.monotonic()
        keeper.update(None if news.everything else news.frame_ids)
        # What somebody waits for comes first.
        if news.sitting is not None:
            session, causes = news.sitting
            self.sat.emit(keeper.session_document(session, causes=causes))
        found: dict[str, Any] | None = None
        if news.document:
            found = keeper.document(checks=news.checks, index=news.index)
            self.reported.emit(found, time.monotonic() - begun)
        if news.drift:
            self.watched.emit(found["drift"] if found is not None else keeper.drift().as_dict())

    def _next_task(self) -> MetricsNews | None:
        with self._wake:
            if not self._await(lambda: self._news.asks):
                return None
            task, self._news = self._news, MetricsNews()
            return task

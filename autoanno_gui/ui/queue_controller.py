"""Keeps the queue of the open project sorted: collects what changed and asks for a new order, once a second at most."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal, Slot

from autoanno_gui.core.confidence_table import ConfidenceTable
from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.prediction_index import PredictionIndex
from autoanno_gui.core.queue_filter import QueueFilter
from autoanno_gui.core.queue_settings import OrderName, QueueSettings
from autoanno_gui.review.queue_keeper import News, SortedQueue, SortRequest
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.ui.look_controller import LookController
from autoanno_gui.ui.queue_thread import QueueThread

INTERVAL_MS: Final = 1000
FEW_FRAMES: Final = 5000
"""With so many predicted frames the first one is opened only when the order is known: that takes a moment."""


class QueueController(QObject):
    """Brings new orders into a session's queue."""

    arranged = Signal()
    """The queue has a new order; index and table are newer, too."""
    failed = Signal(str)
    """A sentence for people."""

    def __init__(self, session: ReviewSession, *, checks: bool, parent: QObject) -> None:
        super().__init__(parent)
        self._session: Final = session
        self._checks: Final = checks
        self.index: PredictionIndex | None = None
        """The newest predictions of all frames, as of the last order."""
        self.table: ConfidenceTable | None = None
        """How the confidences are spread, as of the last order."""
        self.matches: NDArray[np.bool_] | None = None
        """(N,) by position, which frames the queue is narrowed to by their predictions; None for all."""
        self.matched = QueueFilter()
        """The filter that these are the answer to."""
        self._wanted = QueueFilter()
        self._news = News()
        self._busy = False
        self._again = False
        self._soon = False
        self._restart = False
        self._ended = False
        self._since = QElapsedTimer()
        self.looks: Final = LookController(session.store, self)
        self.looks.looked.connect(self.note_looks)
        self.looks.failed.connect(self.failed)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._ask)
        self._thread = QueueThread(session.store.reader, self)
        self._thread.arranged.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._thread.failed.connect(self._on_failed, Qt.ConnectionType.QueuedConnection)
        self._thread.start(QueueThread.Priority.LowPriority)

    def awaits_first(self) -> bool:
        """Whether the first frame to open is about to be known."""
        predicted = int(self._session.frames.predicted.sum())
        return self.index is None and not self._ended and 0 < predicted <= FEW_FRAMES

    # ------------------------------------------------------------------------------------------------ news
    def note_predicted(self, frame_ids: Iterable[int]) -> None:
        """Note that these frames have newer predictions, or none any more."""
        self._news.predicted.update(frame_ids)
        self.ask()

    def note_judged(self, frame_ids: Iterable[int]) -> None:
        """Note that the decisions on these frames changed."""
        self._news.judged.update(frame_ids)
        self.ask()

    def note_looks(self) -> None:
        """Note that more is known of what the frames look like."""
        self._news.looks = True
        self.ask()

    def note_classes(self) -> None:
        """Note that classes or class maps changed."""
        self._news.everything = True
        self.ask(soon=True)

    def use(self, settings: QueueSettings) -> None:
        """Order by other settings from now on; the project keeps them."""
        self._session.set_queue_settings(settings)
        self._restart = True
        self.ask(soon=True)
        self.look_if_wanted()

    def narrow(self, wanted: QueueFilter) -> None:
        """Find out which frames pass a filter."""
        if wanted != self._wanted:
            self._wanted = wanted
            self.ask(soon=True)

    def bring_first(self, frame_ids: Iterable[int]) -> None:
        """Let these frames come next, while they are undecided."""
        self._session.tuning_sample = tuple(frame_ids)
        self._restart = True
        self.ask(soon=True)

    def bring_trial_first(self) -> None:
        """Let the frames of the session's trial come next, while they are undecided."""
        self._restart = True
        self.ask(soon=True)

    def look_if_wanted(self) -> None:
        """Look through the pictures if the order needs to know what they look like."""
        if self._session.queue_settings.order is OrderName.DIFFERENT:
            self.looks.start()
        else:
            self.looks.stop()

    # ------------------------------------------------------------------------------------------------ asking
    def ask(self, *, soon: bool = False) -> None:
        """See to it that the queue gets a new order: at once if `soon` or the last one is a second old, else then."""
        if self._ended:
            return
        if self._busy:
            self._again = True
            self._soon |= soon
            return
        left = 0 if soon or not self._since.isValid() else INTERVAL_MS - self._since.elapsed()
        if left <= 0:
            self._timer.stop()
            self._ask()
        elif not self._timer.isActive():
            self._timer.start(left)

    def _ask(self) -> None:
        frames = self._session.frames
        if not len(frames):
            return
        news, self._news = self._news, News()
        self._busy, self._again, self._soon = True, False, False
        self._since.start()
        self._thread.ask(
            SortRequest(
                frames=self._session.queue.columns(by_name=self._by_name(self._session.queue_settings)),
                generation=frames.generation,
                settings=self._session.queue_settings,
                thresholds=self._session.thresholds,
                checks=self._checks,
                first=self._session.tuning_sample,
                trial=self._session.trials.frame_ids,
                hidden=self._session.trials.hidden(frames),
                restart=self._restart,
                wanted=self._wanted,
            ),
            news,
        )
        self._restart = False

    @staticmethod
    def _by_name(settings: QueueSettings) -> bool:
        return settings.order is OrderName.NATURAL

    @Slot(object)
    def _take(self, found: SortedQueue) -> None:
        if self._ended:
            return
        self._busy = False
        self.index, self.table = found.index, found.table
        stale = found.request.generation != self._session.frames.generation
        if stale:
            self._restart |= found.request.restart
        else:
            by_name = self._by_name(found.request.settings)
            self._session.queue.take_order(found.order, by_name=by_name, restart=found.request.restart)
            self.matched, self.matches = found.request.wanted, found.matches
            self.arranged.emit()
        if stale or self._again:
            self.ask(soon=self._soon)

    @Slot(object)
    def _on_failed(self, error: BaseException) -> None:
        closed, self._ended = self._ended, True
        if not closed:
            # Whoever waits for the first order goes on without.
            self.arranged.emit()
        if not isinstance(error, KnownError):
            raise error
        if not closed:
            self.failed.emit(f"The queue is not sorted any more: {error}")

    def close(self) -> None:
        """End the threads; nothing is lost."""
        self._ended = True
        self._timer.stop()
        self.looks.stop()
        self._thread.stop()

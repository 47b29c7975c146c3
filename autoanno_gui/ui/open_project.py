"""Everything that lives as long as one project is open in the window."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, Signal

from autoanno_gui.config import AppHome, Settings
from autoanno_gui.review.model_runner import ModelEvents, ModelRunner
from autoanno_gui.review.scheduler import Scheduler
from autoanno_gui.review.segmenter_runner import SegmenterEvents, SegmenterRunner
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.store.store_thread import Store
from autoanno_gui.ui.canvas.view import CanvasView
from autoanno_gui.ui.frame_display import KeyOf
from autoanno_gui.ui.prefetch import Prefetcher
from autoanno_gui.ui.review_presenter import ReviewPresenter
from autoanno_gui.ui.threads import SchedulerThread

QUICK_END_MS: Final = 100
"""Mostly the model's thread has nothing to do and ends at once; this long is waited for it."""


class OpenProject(QObject):
    """One project's store, session, presenter, look-ahead and model thread."""

    ended = Signal()
    """The model's thread has ended and the lock is released."""

    def __init__(
        self,
        store: Store,
        *,
        settings: Settings,
        canvas: CanvasView,
        home: AppHome,
        key_of: KeyOf,
        events: ModelEvents,
        segmenter_events: SegmenterEvents,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.store: Final = store
        self.session: Final = ReviewSession(store, reviewer=settings.reviewer, idle_cap=settings.idle_cap_seconds)
        self.prefetcher: Final = Prefetcher(store.root, self)
        self.presenter: Final = ReviewPresenter(self.session, canvas, self.prefetcher, key_of=key_of, parent=self)
        self.presenter.object_tour = settings.object_tour
        self.scheduler: Final = Scheduler()
        self.runner: Final = ModelRunner(self.scheduler, store, home=home.models_dir, events=events)
        self.segmenter: Final = SegmenterRunner(
            self.scheduler, store, home=home.models_dir, events=segmenter_events, detector=lambda: self.runner.detector
        )
        self._thread = SchedulerThread(self.scheduler, self)
        self._thread.start()
        self._released = False
        self.prefetcher.filled.connect(lambda full: self.scheduler.note_look_ahead(full=full))

    def close(self) -> None:
        """Keep the draft, stop the model and release the file.

        A model that is just being loaded cannot be stopped half-way: then the rest follows when it is, with `ended`.
        """
        self.prefetcher.close()
        self.presenter.close()
        self.scheduler.stop()
        if self._thread.wait(QUICK_END_MS):
            self.finish()
        else:
            self._thread.finished.connect(self.finish)

    def finish(self) -> None:
        """Wait for the model's thread and for what is being written, then release the lock."""
        if self._released:
            return
        self._released = True
        self._thread.stop()
        self.runner.close()
        self.segmenter.close()
        self.store.close()
        self.ended.emit()
        self.deleteLater()

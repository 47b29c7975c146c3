"""Everything that lives as long as one project is open in the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
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
from autoanno_gui.ui.queue_controller import QueueController
from autoanno_gui.ui.review_presenter import ReviewPresenter
from autoanno_gui.ui.threads import SchedulerThread

QUICK_END_MS: Final = 100
"""Mostly the model's thread has nothing to do and ends at once; this long is waited for it."""


class OpenProject(QObject):
    """One project's store, session, presenter, look-ahead and model thread."""

    closing = Signal()
    """The project is about to be let go; nothing may ask anything of it any more."""
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
        clock: Callable[[], float],
        checks: bool,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.store: Final = store
        self.session: Final = ReviewSession(
            store,
            reviewer=settings.reviewer,
            idle_cap=settings.idle_cap_seconds,
            clock=clock,
            checks=checks,
            check_every=settings.check_every,
        )
        self.prefetcher: Final = Prefetcher(store.root, self)
        self.presenter: Final = ReviewPresenter(self.session, canvas, self.prefetcher, key_of=key_of, parent=self)
        self.presenter.tour.enabled = settings.object_tour
        self.queue: Final = QueueController(self.session, checks=checks, parent=self)
        self.presenter.predictions_changed.connect(self.queue.note_predicted)
        self.presenter.decisions_changed.connect(self.queue.note_judged)
        self.presenter.class_maps_changed.connect(self.queue.note_classes)
        self.presenter.thresholds_changed.connect(self.queue.ask)
        self.scheduler: Final = Scheduler()
        self.runner: Final = ModelRunner(self.scheduler, store, home=home.models_dir, events=events)
        self.segmenter: Final = SegmenterRunner(
            self.scheduler, store, home=home.models_dir, events=segmenter_events, detector=lambda: self.runner.detector
        )
        self._thread = SchedulerThread(self.scheduler, self)
        self._thread.start()
        self._released = False
        self.prefetcher.filled.connect(lambda full: self.scheduler.note_look_ahead(full=full))

    def go_through(self, shown: NDArray[np.bool_] | None) -> None:
        """Let the next decisions lead to these frames, (N,) by position, before others; None for all."""
        self.session.queue.shown = shown
        self.presenter.display.prefetch()

    def close(self) -> None:
        """Keep the draft, stop the model and release the file.

        A model that is just being loaded cannot be stopped half-way: then the rest follows when it is, with `ended`.
        """
        self.closing.emit()
        self.prefetcher.close()
        self.queue.close()
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

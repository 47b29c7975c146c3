"""What comes from outside while a reviewer works on a frame: predictions, classes, a model that is in use or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from autoanno_gui.core.errors import FrameErrorCode
from autoanno_gui.core.records import FrameState
from autoanno_gui.review.prediction_job import PredictionProgress
from autoanno_gui.review.session import ReviewSession

CLASS_DELAY_MS: Final = 400


class ReviewNews(QObject):
    """Takes news into the session and tells who has to follow."""

    predictions_changed = Signal(list)
    """Ids of frames that have newer predictions, or none any more."""
    states_changed = Signal(list)
    """Ids of frames whose state or prediction changed."""
    classes_changed = Signal()
    class_maps_changed = Signal()
    """Predictions may mean other classes than before."""
    prediction_wanted = Signal(object)
    """The open frame has no prediction yet."""

    def __init__(self, session: ReviewSession, *, show_again: Callable[[], None], parent: QObject) -> None:
        """Serve a session; `show_again` puts objects on the screen that changed by themselves."""
        super().__init__(parent)
        self._session = session
        self._show_again = show_again
        self._closed = False
        self._known_classes = session.classes
        self._class_timer = QTimer(self, singleShot=True, interval=CLASS_DELAY_MS)
        self._class_timer.timeout.connect(self._look_for_classes)

    def on_predicted(self, progress: PredictionProgress) -> None:
        """Take finished predictions; the open frame shows them if it waited for them."""
        changed = []
        for frame_id, run_frame_id in progress.recorded:
            if self._session.predictions_arrived(frame_id, run_frame_id):
                self._show_again()
            changed.append(frame_id)
        for failure in progress.failures:
            if failure.frame_id in self._session.frames:
                self._on_prediction_failed(failure.frame_id, failure.code)
                changed.append(failure.frame_id)
        if changed:
            self.states_changed.emit(changed)
            self.predictions_changed.emit(changed)
            if not self._class_timer.isActive():
                self._class_timer.start()

    def _on_prediction_failed(self, frame_id: int, code: FrameErrorCode) -> None:
        frame = self._session.frames.get(frame_id)
        if code is not FrameErrorCode.PREDICTION_LOST:
            state = frame.state if frame.state.decided else FrameState.FAILED
            self._session.frames.update(replace(frame, error=code, state=state))
        if self._session.prediction_failed(frame_id):
            self._show_again()

    def _look_for_classes(self) -> None:
        """Show classes that a running prediction brought."""
        self._session.reload_classes()
        if self._session.classes != self._known_classes:
            self._known_classes = self._session.classes
            self.classes_changed.emit()

    def reload_classes(self) -> None:
        """Show changed classes, colours and class maps at once."""
        if self._closed:
            return
        self._session.reload_classes()
        self._known_classes = self._session.classes
        self._session.reload_predictions()
        self._show_again()
        self.classes_changed.emit()
        self.class_maps_changed.emit()

    def set_model_active(self, active: bool) -> None:
        """Note whether a model is in use for frames without predictions."""
        if self._session.set_model_active(active):
            self._show_again()
            frame = self._session.frame
            if self._session.waiting and frame is not None:
                self.prediction_wanted.emit(frame)

    def close(self) -> None:
        """End the sitting: what classes do from now on is none of it."""
        self._closed = True
        self._class_timer.stop()

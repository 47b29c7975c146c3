"""The line at the bottom: which frame, what just happened, which model, how far the job is."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QStatusBar, QToolButton, QWidget

from autoanno_gui.core.frame_list import STATES, FrameList
from autoanno_gui.core.records import Frame, Progress
from autoanno_gui.review.model_runner import LoadedModel
from autoanno_gui.review.prediction_job import PredictionProgress
from autoanno_gui.ui import theme
from autoanno_gui.ui.panels.drift_chip import DriftChip
from autoanno_gui.ui.wording import plain_tip

_SAID_MS: Final = 4000
_GAP: Final = 16
_SEPARATOR: Final = "  ·  "


class StatusLine(QStatusBar):
    """Quiet: fixed places, nothing moves when a text changes."""

    model_clicked = Signal()
    stop_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self._frame = ElidedLabel()
        self._said = ElidedLabel()
        self._said.setObjectName("saidLabel")
        self._said.setAccessibleName("What just happened")
        self._cursor = QLabel()
        self._cursor.setMinimumWidth(90)
        self._zoom = QLabel()
        self._zoom.setMinimumWidth(56)
        self._counts = QLabel()
        self._model = QToolButton()
        self._model.setText("No model")
        self._model.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._model.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._model.setAutoRaise(True)
        theme.set_icon(self._model, "model")
        self._model.clicked.connect(self.model_clicked)
        self.drift: Final = DriftChip()
        self._job = _JobStrip()
        self._job.stop.clicked.connect(self.stop_clicked)
        for label in (self._cursor, self._zoom, self._counts):
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            label.setObjectName("mutedLabel")
        left = QWidget()
        row = QHBoxLayout(left)
        row.setContentsMargins(_GAP // 2, 0, _GAP // 2, 0)
        row.setSpacing(_GAP)
        row.addWidget(self._frame)
        row.addWidget(self._said, 1)
        self.addWidget(left, 1)
        self._left = left
        for widget in (self.drift, self._cursor, self._zoom, self._counts, self._job, self._model):
            self.addPermanentWidget(widget)
        self._timer = QTimer(self, singleShot=True, interval=_SAID_MS)
        self._timer.timeout.connect(self.unsay)

    def say(self, text: str) -> None:
        """Show one line for a few seconds, in place of the frame's name where there is no room for both."""
        if text:
            self._said.setText(text)
            self._said.setToolTip(plain_tip(text))
            both = self._frame.sizeHint().width() + self._said.sizeHint().width() + 2 * _GAP
            self._frame.setVisible(both <= self._left.width())
            self._timer.start()

    def unsay(self) -> None:
        """Take away what was said last: it is not true any more."""
        self._timer.stop()
        self._said.clear()
        self._said.setToolTip("")
        self._frame.show()

    def show_frame(self, frame: Frame, *, place: int, count: int) -> None:
        """Name the open frame and its place in the queue."""
        size = f"{_SEPARATOR}{frame.width} × {frame.height}" if frame.width else ""
        self._frame.setText(f"{place + 1:,} / {count:,}{_SEPARATOR}{frame.path}{size}")

    def show_counts(self, frames: FrameList) -> None:
        """Show how far the review is."""
        # Counted once for all states: this runs at every decision, with 100,000 frames, too.
        numbers = np.bincount(frames.states, minlength=len(STATES))
        decided = sum(int(number) for state, number in zip(STATES, numbers, strict=True) if state.decided)
        self._counts.setText(f"{decided:,} of {len(frames):,} decided")
        parts = [f"{number:,} {state.value.replace('_', ' ')}" for state, number in zip(STATES, numbers, strict=True)]
        self._counts.setToolTip("\n".join(parts))

    def show_cursor(self, at: tuple[float, float] | None) -> None:
        """Show where the pointer is, in image pixels."""
        self._cursor.setText(f"{at[0]:.0f}, {at[1]:.0f}" if at is not None else "")

    def show_zoom(self, zoom: float) -> None:
        """Show the zoom; 1.0 is one image pixel per screen pixel."""
        self._zoom.setText(f"{zoom:.0%}")

    def show_model_loading(self, name: str) -> None:
        """Say that a model is being loaded."""
        self._model.setText(f"Loading {name}…")

    def show_model(self, model: LoadedModel | None) -> None:
        """Name the model in use and its device."""
        if model is None:
            self._model.setText("No model")
            self._model.setToolTip("Choose a model  [Ctrl+M]")
            return
        self._model.setText(f"{model.info.name}{_SEPARATOR}{model.device_name}")
        height, width = model.info.imgsz
        lines = [
            f"{model.info.task.value}, {len(model.info.classes)} classes, {width} × {height}, {model.info.backend}"
        ]
        if model.device_reason:
            lines.append(model.device_reason)
        self._model.setToolTip("\n".join(lines))

    def show_job(self, progress: PredictionProgress) -> None:
        """Show how far the prediction is."""
        self._job.show_progress(progress)

    def show_looking(self, progress: Progress) -> None:
        """Show how far the comparing of pictures is."""
        self._job.show_count("Comparing pictures", progress.done, progress.total)

    def hide_job(self) -> None:
        """Take the progress away."""
        self._job.hide()

    def clear(self) -> None:
        """Show that no project is open."""
        for label in (self._frame, self._said, self._cursor, self._zoom, self._counts):
            label.clear()
        self.show_model(None)
        self.hide_job()


class ElidedLabel(QLabel):
    """A label that is never the reason why a window grows: what does not fit is left out in the middle."""

    def minimumSizeHint(self) -> QSize:
        """Qt override."""
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt override."""
        painter = QPainter(self)
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()


class _JobStrip(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._text = QLabel()
        self._text.setObjectName("mutedLabel")
        self._bar = QProgressBar(textVisible=False)
        self._bar.setFixedSize(120, 6)
        self.stop = QToolButton()
        self.stop.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.stop.setAutoRaise(True)
        self.stop.setToolTip("Stop; what is done is kept")
        theme.set_icon(self.stop, "stop")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._text)
        row.addWidget(self._bar)
        row.addWidget(self.stop)
        self.hide()

    def show_progress(self, progress: PredictionProgress) -> None:
        left = progress.seconds_left
        time = f"{_SEPARATOR}{duration(left)} left" if left is not None else ""
        self._show(f"{_SEPARATOR}{progress.frames_per_second:.1f}/s{time}", progress.done, progress.total)

    def show_count(self, what: str, done: int, total: int) -> None:
        self._show(f"{_SEPARATOR}{what}", done, total)

    def _show(self, rest: str, done: int, total: int) -> None:
        self._bar.setRange(0, max(total, 1))
        self._bar.setValue(done)
        self._text.setText(f"{done:,} / {total:,}{rest}")
        self.setVisible(total > 1 and done < total)


def duration(seconds: float) -> str:
    """Return a duration for people: `45 s`, `3 min`, `1 h 20 min`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"

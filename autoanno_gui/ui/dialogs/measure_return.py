"""Measure what the model's proposals are worth: how many frames, how far it is, what came out, and the estimate."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from autoanno_gui.core.figures.seconds_per_box import BoxTime, SecondsPerBox, bounds
from autoanno_gui.core.trial import TRIAL_SIZE
from autoanno_gui.review.measure_return import TrialState
from autoanno_gui.ui.return_words import expected, result_sentence
from autoanno_gui.ui.wording import count_of

SIZES: Final = (10, 20, 40)
WAYS: Final = (
    (BoxTime.DRAWING, "usual drawing, as published"),
    (BoxTime.EXTREME_CLICKING, "extreme clicking, as published"),
    (BoxTime.OWN, "my own figure"),
)
ABOUT: Final = (
    "Frames are drawn at random, and a coin decides for each whether you label it by hand from nothing or review what "
    "the model proposed. Both are timed; the difference is what the model saves you."
)


class MeasureReturnDialog(QDialog):
    """Starts and stops the measurement and shows its result."""

    start_wanted = Signal(int)
    """How many frames are to be drawn; 0 goes on with those that are."""
    stop_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Measure Return")
        self.setMinimumWidth(520)
        self._state: TrialState | None = None
        self.said: Final = QLabel("Reading the figures…", wordWrap=True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.progress: Final = QLabel(wordWrap=True)
        self.progress.setTextFormat(Qt.TextFormat.PlainText)
        self.expected: Final = QLabel()
        self.sizes: Final = QComboBox()
        for size in SIZES:
            self.sizes.addItem(count_of(size, "frame"), size)
        self.sizes.setCurrentIndex(self.sizes.findData(TRIAL_SIZE))
        self.sizes.currentIndexChanged.connect(self._show_expected)
        self.ways: Final = QComboBox()
        for way, text in WAYS:
            self.ways.addItem(text, way)
        self.seconds_box: Final = QDoubleSpinBox(decimals=1, suffix=" s", singleStep=0.5)
        self.seconds_box.setAccessibleName("Seconds per box")
        self.ways.currentIndexChanged.connect(self._show_bounds)
        self._buttons: Final = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.start: Final = QPushButton("&Start")
        self.stop: Final = QPushButton("S&top")
        self.stop.setToolTip("Let the frames that are not decided go; what is measured is kept.")
        self._buttons.addButton(self.start, QDialogButtonBox.ButtonRole.ActionRole)
        self._buttons.addButton(self.stop, QDialogButtonBox.ButtonRole.ActionRole)
        self.start.clicked.connect(self._start)
        self.stop.clicked.connect(self.stop_wanted)
        self._buttons.rejected.connect(self.reject)
        self._lay_out()
        self._show_seconds(SecondsPerBox())
        self.set_busy(True)

    def _lay_out(self) -> None:
        about = QLabel(ABOUT, wordWrap=True)
        about.setObjectName("mutedLabel")
        self.expected.setObjectName("mutedLabel")
        row = QHBoxLayout()
        row.addWidget(self.ways, 1)
        row.addWidget(self.seconds_box)
        form = QFormLayout()
        form.addRow("&Draw", self.sizes)
        form.addRow("Takes", self.expected)
        by_hand = QLabel("A &box by hand")
        by_hand.setBuddy(self.ways)
        by_hand.setToolTip("What the estimate reckons with until the return is measured.")
        form.addRow(by_hand, row)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(about)
        layout.addWidget(self.said)
        layout.addWidget(self.progress)
        layout.addLayout(form)
        layout.addWidget(self._buttons)

    # ------------------------------------------------------------------------------------------------ what is shown
    def show_state(self, state: TrialState) -> None:
        """Show how far the measurement is and what it says."""
        self._state = state
        sentence, plain = result_sentence(state.figures), state.figures["plain"]["sentence"]
        self.said.setText(f"{sentence}\n\n{plain}" if plain else sentence)
        if state.done or state.left:
            left = f", {state.left:,} left" if state.left else ""
            self.progress.setText(f"{count_of(state.done, 'frame')} done{left}.")
        self.progress.setVisible(bool(state.done or state.left))
        if state.left and (drawn := self.sizes.findData(state.done + state.left)) >= 0:
            self.sizes.setCurrentIndex(drawn)
        self.start.setText("&Go On" if state.left else "&Start")
        self._show_seconds(state.seconds_per_box)
        self._show_expected()
        self._fit()
        self.set_busy(False)

    def show_fault(self, sentence: str) -> None:
        """Say why it did not start."""
        self.progress.setText(sentence)
        self.progress.show()
        self._fit()
        self.set_busy(False)

    def _fit(self) -> None:
        """Make room for sentences that came since the dialog was laid out."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
            self.resize(self.width(), max(self.height(), layout.totalHeightForWidth(self.width())))

    def set_busy(self, busy: bool) -> None:
        """Let nothing be started or stopped while something is read or drawn."""
        left = self._state.left if self._state is not None else 0
        self.start.setEnabled(not busy)
        self.stop.setEnabled(not busy and left > 0)
        self.sizes.setEnabled(not busy and left == 0)
        self.ways.setEnabled(not busy)
        self.seconds_box.setEnabled(not busy)
        if not busy and self.isVisible():
            self.start.setDefault(True)
            self.start.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_expected(self) -> None:
        if self._state is not None:
            size = self._state.left or int(self.sizes.currentData())
            self.expected.setText(expected(self._state.figures, size))

    def _show_seconds(self, seconds: SecondsPerBox) -> None:
        self.ways.setCurrentIndex(self.ways.findData(seconds.how))
        self._show_bounds()
        self.seconds_box.setValue(seconds.seconds)

    def _show_bounds(self) -> None:
        self.seconds_box.setRange(*bounds(BoxTime(self.ways.currentData())))

    # ------------------------------------------------------------------------------------------------ what was chosen
    @property
    def seconds(self) -> SecondsPerBox | None:
        """What the estimate is to reckon with from now on; None where nothing was changed."""
        if self._state is None:
            return None
        self.seconds_box.interpretText()
        chosen = SecondsPerBox(BoxTime(self.ways.currentData()), round(self.seconds_box.value(), 1))
        return chosen if chosen != self._state.seconds_per_box else None

    def _start(self) -> None:
        left = self._state.left if self._state is not None else 0
        self.start_wanted.emit(0 if left else int(self.sizes.currentData()))

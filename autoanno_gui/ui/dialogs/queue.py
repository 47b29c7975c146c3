"""How the queue of a project is ordered, and where the bounds of its steps lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from autoanno_gui.core.queue_settings import OrderName, QueueSettings
from autoanno_gui.ui.panels.queue_words import ORDERS

_APART: Final = 0.05
"""The borderline band is at least so wide."""


class QueueDialog(QDialog):
    """A short form; its defaults are those of `QueueSettings`."""

    def __init__(self, settings: QueueSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Queue Order")
        self._order = QComboBox()
        for name, text, _ in ORDERS:
            self._order.addItem(text, name)
        self._about = QLabel(wordWrap=True)
        self._about.setObjectName("mutedLabel")
        self._order.currentIndexChanged.connect(self._explain)
        self._low = _number(0.0, 1.0 - _APART, tip="From this confidence up a prediction is borderline.")
        self._high = _number(_APART, 1.0, tip="Up to this confidence a prediction is borderline.")
        self._low.valueChanged.connect(lambda value: self._high.setValue(max(self._high.value(), value + _APART)))
        self._high.valueChanged.connect(lambda value: self._low.setValue(min(self._low.value(), value - _APART)))
        self._spread = _number(
            0.0,
            10.0,
            step=0.1,
            tip="Crowded frames lie this many times the usual spread (interquartile range) above most others.",
        )
        self._least = QSpinBox(minimum=1, maximum=1000)
        self._least.setToolTip("A frame with fewer objects is never crowded.")
        self._ratio = _number(
            0.05, 1.0, tip="Two classes are close when the second scores at least this share of the first."
        )
        self._every = QSpinBox(minimum=2, maximum=1000)
        self._every.setToolTip("What is measured on the random sample speaks for the whole folder.")
        self._seed = QSpinBox(minimum=0, maximum=2**31 - 1)
        self._seed.setToolTip("Draws the random sample and the random orders; equal seeds draw equal ones.")
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok
            | QDialogButtonBox.StandardButton.Cancel
            | QDialogButtonBox.StandardButton.RestoreDefaults
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.defaults: Final = buttons.button(QDialogButtonBox.StandardButton.RestoreDefaults)
        self.defaults.clicked.connect(lambda: self._fill(QueueSettings()))
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addLayout(self._form())
        layout.addWidget(buttons)
        self._before = settings
        self._fill(settings)
        self.setMinimumWidth(440)

    def _form(self) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.addRow("&Order", self._order)
        form.addRow("", self._about)
        for title, field, row in (
            ("&Borderline", self._low, (self._low, "to", self._high, "confidence")),
            ("&Crowded", self._spread, (self._spread, "spreads above the usual number")),
            ("", self._least, ("and at least", self._least, "objects")),
            ("&Two classes close", self._ratio, (self._ratio, "of the best score")),
            ("&Random sample", self._every, ("one frame in", self._every)),
            ("&Seed", self._seed, (self._seed,)),
        ):
            label = QLabel(title)
            label.setBuddy(field)
            form.addRow(label, _in_a_row(row))
        return form

    def _fill(self, settings: QueueSettings) -> None:
        self._order.setCurrentIndex(self._order.findData(settings.order))
        self._explain()
        # The lower bound first: each keeps the other apart.
        self._low.setValue(settings.borderline_low)
        self._high.setValue(settings.borderline_high)
        self._low.setValue(settings.borderline_low)
        self._spread.setValue(settings.crowded_spread)
        self._least.setValue(settings.crowded_least)
        self._ratio.setValue(settings.ambiguous_ratio)
        self._every.setValue(settings.audit_every)
        self._seed.setValue(settings.seed)

    def _explain(self) -> None:
        self._about.setText(ORDERS[self._order.currentIndex()][2])

    def accept(self) -> None:
        """Qt override: a number that is being typed counts, too."""
        for box in self.findChildren(QAbstractSpinBox):
            box.interpretText()
        super().accept()

    @property
    def settings(self) -> QueueSettings:
        """The settings as they stand in the form."""
        return QueueSettings(
            order=OrderName(self._order.currentData()),
            borderline_low=round(self._low.value(), 2),
            borderline_high=round(self._high.value(), 2),
            crowded_spread=round(self._spread.value(), 2),
            crowded_least=self._least.value(),
            ambiguous_ratio=round(self._ratio.value(), 2),
            ambiguous_least=self._before.ambiguous_least,
            audit_every=self._every.value(),
            seed=self._seed.value(),
        )


def _number(lowest: float, highest: float, *, tip: str, step: float = 0.05) -> QDoubleSpinBox:
    box = QDoubleSpinBox(minimum=lowest, maximum=highest, singleStep=step, decimals=2)
    box.setKeyboardTracking(False)  # the 0.4 on the way to 0.45 would take the other bound along
    box.setToolTip(tip)
    return box


def _in_a_row(parts: Sequence[QWidget | str]) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    for part in parts:
        row.addWidget(QLabel(part) if isinstance(part, str) else part)
    row.addStretch(1)
    return row

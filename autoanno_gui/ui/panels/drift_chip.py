"""A chip in the status line that warns of drift: a sign and words, that lead to the chart and can be taken away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from autoanno_gui.ui import theme
from autoanno_gui.ui.panels.notice import WARNING
from autoanno_gui.ui.wording import button_text, plain_tip, quoted

WIDEST: Final = 260
"""Logical pixels of the words; what does not fit is left out in the middle."""


class DriftChip(QWidget):
    """Hidden without an alarm; never takes the focus."""

    clicked = Signal()
    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button, self.close_button = QToolButton(), QToolButton(autoRaise=True)
        self.button.setObjectName("driftChip")
        self.button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.button.clicked.connect(self.clicked)
        self.close_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.close_button.setToolTip("Take this warning away until there is a new one")
        self.close_button.setAccessibleName("Dismiss the drift warning")
        theme.set_icon(self.close_button, "cross")
        self.close_button.clicked.connect(self.dismissed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 4, 0)
        row.setSpacing(0)
        row.addWidget(self.button)
        row.addWidget(self.close_button)
        self.hide()

    def show_alarm(self, alarm: Mapping[str, Any] | None) -> None:
        """Show an alarm of the report, or none."""
        if alarm is not None:
            text = chip_text(alarm)
            self.button.setText(button_text(self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, WIDEST)))
            self.button.setToolTip(plain_tip(f"{quoted(alarm['sentence'])}\nClick to see the chart."))
            self.button.setAccessibleName(f"Drift warning: {quoted(alarm['sentence'])}")
        self.setVisible(alarm is not None)


def chip_text(alarm: Mapping[str, Any]) -> str:
    """Return the warning in a few words: `⚠ Drift: car since frame_0412`."""
    name = alarm["since"].rpartition("/")[2].rpartition(".")[0] or alarm["since"]
    what = "edit rate" if alarm["class"] is None else alarm["class"]
    return f"{WARNING} Drift: {what} since {name}"

"""The user's choices that hold for all projects."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, cast

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from autoanno_gui.config import MOST_BETWEEN_CHECKS, Settings, Theme

_THEMES: Final = (("Like the system", "system"), ("Light", "light"), ("Dark", "dark"))
_DEVICES: Final = (("The best one", "auto"), ("CPU", "cpu"), ("First GPU", "cuda:0"))


class SettingsDialog(QDialog):
    """A short form."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self._before = settings
        self._theme = QComboBox()
        for text, key in _THEMES:
            self._theme.addItem(text, key)
        self._theme.setCurrentIndex(self._theme.findData(settings.theme))
        self._reviewer = QLineEdit(settings.reviewer)
        self._idle = QDoubleSpinBox(minimum=5, maximum=600, decimals=0, suffix=" s", value=settings.idle_cap_seconds)
        self._device = QComboBox(editable=True)
        for text, key in _DEVICES:
            self._device.addItem(text, key)
        at = self._device.findData(settings.device)
        if at >= 0:
            self._device.setCurrentIndex(at)
        else:
            self._device.setEditText(settings.device)
        self._tolerance = QDoubleSpinBox(
            minimum=0, maximum=20, decimals=1, singleStep=0.5, suffix=" px", value=settings.mask_tolerance
        )
        self._tolerance.setToolTip("How far a mask's outline may lie off its pixels; 0 keeps every corner.")
        self._tour = QCheckBox("&Bring small objects near")
        self._tour.setToolTip("Tab zooms to them, and accepting a frame asks about those that cannot have been seen.")
        self._tour.setChecked(settings.object_tour)
        self._card = QCheckBox("Show a card at the &end of a session")
        self._card.setToolTip("Your edit rate, a likely cause, and a field for what you think.")
        self._card.setChecked(settings.session_card)
        self._checks = QSpinBox(minimum=0, maximum=MOST_BETWEEN_CHECKS, value=settings.check_every)
        self._checks.setSpecialValueText("Never")
        self._checks.setPrefix("once in ")
        self._checks.valueChanged.connect(self._name_decisions)
        self._name_decisions(settings.check_every)
        self._checks.setToolTip("A decided frame comes once more with one label altered; your labels stay as they are.")
        form = QFormLayout()
        form.addRow("&Theme", self._theme)
        form.addRow("&Reviewer", self._reviewer)
        form.addRow("&Pause after", self._idle)
        form.addRow("Run models &on", self._device)
        form.addRow("&Mask tolerance", self._tolerance)
        form.addRow("&Check yourself", self._checks)
        form.addRow(self._tour)
        form.addRow(self._card)
        hint = QLabel(
            "Decisions carry the reviewer's name. A longer pause does not count as work on a frame. "
            "Reviewer, pause, checks and device take effect when the next folder or model is opened.",
            wordWrap=True,
        )
        hint.setObjectName("mutedLabel")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(hint)
        layout.addWidget(buttons)
        self.setMinimumWidth(400)

    def _name_decisions(self, number: int) -> None:
        self._checks.setSuffix(" decision" if number == 1 else " decisions")

    @property
    def settings(self) -> Settings:
        """The settings as they stand in the form."""
        device = self._device.currentText()
        known = self._device.findText(device)
        return replace(
            self._before,
            theme=cast(Theme, self._theme.currentData()),
            reviewer=self._reviewer.text().strip() or self._before.reviewer,
            idle_cap_seconds=self._idle.value(),
            mask_tolerance=self._tolerance.value(),
            object_tour=self._tour.isChecked(),
            session_card=self._card.isChecked(),
            check_every=self._checks.value(),
            device=self._device.itemData(known) if known >= 0 else device.strip() or "auto",
        )

"""The card that closes a session: the edit rate of this sitting, our hypothesis, and a field for the reviewer's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from autoanno_gui.core.figures.figure_words import NO_FIGURE, counted, percent, percent_range, seconds_text
from autoanno_gui.ui.panels.metrics_words import ENOUGH_FRAMES, nodding_text, noted_text
from autoanno_gui.ui.panels.status import duration
from autoanno_gui.ui.wording import quoted

CAUSES: Final[Mapping[str, str]] = {
    "missed_small": "Small objects are missed",
    "missed_cut": "Objects at the border are missed",
    "missed_crowded": "Objects in a crowd are missed",
    "duplicates": "Two boxes on one object",
    "threshold_low": "The threshold is too low",
    "threshold_high": "The threshold is too high",
    "dark": "Dark frames",
    "blurred": "Blurred frames",
}
"""Causes that a reviewer may name, by the code of their hypothesis: whatever the figures say, they can be followed."""
TOO_FEW: Final = "Too few data in this session to name a cause."
NO_CAUSE: Final = "No single cause stands out from chance in this session."
SENTENCE_LENGTH: Final = 60
"""Characters of a hypothesis in the list of causes."""


class SessionCard(QDialog):
    """Esc or Skip closes it, and nothing is kept; Save keeps the reviewer's hypothesis."""

    def __init__(self, *, may_be_silenced: bool, parent: QWidget | None = None) -> None:
        """Show that the figures are on their way.

        Args:
            may_be_silenced: it came by itself, and the reviewer can say that it need not.
            parent: of the dialog.
        """
        super().__init__(parent)
        self.setWindowTitle("End of the Session")
        self._figures: Mapping[str, Any] | None = None
        self._rate, self._pace = QLabel("…"), QLabel("Working out the figures…", wordWrap=True)
        self._rate.setObjectName("bigFigure")
        self._pace.setObjectName("mutedLabel")
        self._ours, self._evidence = QLabel(wordWrap=True), QLabel(wordWrap=True)
        self._evidence.setObjectName("mutedLabel")
        self._last = QLabel(wordWrap=True)
        for label in (self._ours, self._evidence, self._last):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.text_edit = QPlainTextEdit(tabChangesFocus=True)
        self.text_edit.setPlaceholderText("Why was it as high or as low as it was?")
        self.text_edit.setFixedHeight(4 * self.fontMetrics().lineSpacing())
        self.text_edit.textChanged.connect(self._update_save)
        self.cause = QComboBox()
        self.cause.addItem("None of these: follow the edit rate", None)
        self.cause.setToolTip("Which figure the next round is held against.")
        self.cause.currentIndexChanged.connect(lambda _at: self._update_save())
        self.silence = QCheckBox("&Do not show this when I close the project")
        self.silence.setVisible(may_be_silenced)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save)
        self.skip = buttons.addButton("S&kip", QDialogButtonBox.ButtonRole.RejectRole)
        self.save: QPushButton = buttons.button(QDialogButtonBox.StandardButton.Save)
        self.save.setText("&Save")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._lay_out(buttons)
        self._update_save()
        self.text_edit.setFocus()

    def _lay_out(self, buttons: QDialogButtonBox) -> None:
        title, ours = QLabel("Edit rate of this session"), QLabel("Our hypothesis")
        title.setObjectName("sectionTitle")
        ours.setObjectName("sectionTitle")
        yours, about = QLabel("&Yours"), QLabel("&It is about")
        yours.setBuddy(self.text_edit)
        about.setBuddy(self.cause)
        hint = QLabel("It is held against the next round.")
        hint.setObjectName("mutedLabel")
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        for label in (title, self._rate, self._pace, self._last):
            layout.addWidget(label)
        layout.addSpacing(6)
        for label in (ours, self._ours, self._evidence):
            layout.addWidget(label)
        layout.addSpacing(6)
        for widget in (yours, self.text_edit, about, self.cause, hint, self.silence, buttons):
            layout.addWidget(widget)
        self._ours.setText("…")
        self._evidence.hide()
        self._last.hide()
        self.setMinimumWidth(420)

    # ------------------------------------------------------------------------------------------------ what is shown
    def show_figures(self, figures: Mapping[str, Any]) -> None:
        """Show the figures of the sitting, see `MetricsKeeper.session_document`."""
        self._figures = figures
        rate, judged = figures["edit_rate"], figures["estimates"]["so_far"]["frames"]
        self._rate.setText(percent(rate) if judged >= ENOUGH_FRAMES else NO_FIGURE)
        self._pace.setText(_pace(figures, judged))
        found = figures["hypotheses"]
        none = NO_CAUSE if judged >= ENOUGH_FRAMES else TOO_FEW
        self._ours.setText(quoted(found[0]["sentence"]) if found else none)
        self._evidence.setText(quoted(found[0]["evidence"]) if found else "")
        self._evidence.setVisible(bool(found))
        if notes := figures["hypothesis_notes"]:
            self._last.setText(f"Last time: {noted_text(notes[0])}")
            self._last.show()
        ours = {one["code"]: _short(one["sentence"]) for one in found}
        for code, words in (ours | {code: words for code, words in CAUSES.items() if code not in ours}).items():
            self.cause.addItem(words, code)
        self.adjustSize()
        self._update_save()

    def show_fault(self, sentence: str) -> None:
        """Say why there are no figures."""
        self._rate.setText(NO_FIGURE)
        self._pace.setText(sentence)
        self._ours.setText(NO_FIGURE)

    def _update_save(self) -> None:
        said = bool(self.text_edit.toPlainText().strip()) or self.cause.currentData() is not None
        self.save.setEnabled(said and self._figures is not None)
        (self.save if self.save.isEnabled() else self.skip).setDefault(True)

    @property
    def texts(self) -> tuple[str, str, str, str]:
        """The rate, what it rests on, our hypothesis, and how the last one fared."""
        last = "" if self._last.isHidden() else self._last.text()
        return self._rate.text(), self._pace.text(), self._ours.text(), last

    # ------------------------------------------------------------------------------------------------ what was said
    @property
    def note(self) -> dict[str, Any] | None:
        """Body of the event that keeps the reviewer's hypothesis; None before the figures are known."""
        figures, code = self._figures, self.cause.currentData()
        if figures is None:
            return None
        found = figures["hypotheses"]
        return {
            "session": figures["session"],
            "round": figures["round"],
            "text": self.text_edit.toPlainText().strip(),
            "code": code,
            "edit_rate": figures["edit_rate"],
            "figure": figures["figures"].get(code) if code is not None else None,
            "hypothesis": found[0]["code"] if found else None,
        }

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override: Ctrl+Enter saves, as in other fields of several lines."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if self.save.isEnabled():
                self.accept()
        else:
            super().keyPressEvent(event)


def _pace(figures: Mapping[str, Any], judged: int) -> str:
    decided = counted(figures["frames_decided"], "frame")
    if not figures["frames_decided"]:
        return "Nothing was decided in this session."
    seconds, median = sum(row["seconds"] for row in figures["by_session"]), figures["median_seconds_per_frame"]
    told = seconds > 0 and median is not None
    pace = f" in {duration(seconds)}, {seconds_text(median)} a frame (median)" if told else ""
    lines = [f"{decided}{pace}."]
    if judged < ENOUGH_FRAMES:
        lines.append(f"Not enough data yet for a rate ({judged:,} of {ENOUGH_FRAMES} frames).")
    else:
        candidates = counted(figures["candidates_shown"], "candidate")
        lines.append(f"{percent_range(figures['edit_rate_interval'])} with 95% confidence, over {candidates}.")
    if figures["nodding"]["marked"]:
        lines.append(nodding_text(figures))
    return "\n".join(lines)


def _short(sentence: str) -> str:
    text = quoted(sentence).rstrip(".")
    return text if len(text) <= SENTENCE_LENGTH else text[: SENTENCE_LENGTH - 1].rstrip() + "…"

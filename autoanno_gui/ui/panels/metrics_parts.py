"""The pieces that the metrics panel is put together from: large figures, lines of figures, reasons, sections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from autoanno_gui.ui.panels.metrics_words import Headline, Row, share_text
from autoanno_gui.ui.panels.tuner import PanelButton
from autoanno_gui.ui.wording import quoted

MOST_REASONS: Final = 5
NARROW: Final = 290
"""Logical pixels in which lines of figures have no room for all of their columns."""


def text_label(*, muted: bool = False, name: str = "") -> QLabel:
    """Return a label for sentences."""
    label = QLabel(wordWrap=True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    # A long word must not widen the panel: it scrolls down, not across.
    label.setMinimumWidth(1)
    if muted or name:
        label.setObjectName(name or "mutedLabel")
    return label


def link_button(text: str, tip: str) -> PanelButton:
    """Return a button that looks like a link: it leads somewhere, and changes nothing."""
    button = PanelButton(text)
    button.setObjectName("panelLink")
    button.setFlat(True)
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    button.setToolTip(tip)
    return button


class BigFigure(QWidget):
    """One large figure with its name and what it rests on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figure = QLabel()
        self._figure.setObjectName("bigFigure")
        self._title, self._under = text_label(), text_label(muted=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        for label in (self._figure, self._title, self._under):
            layout.addWidget(label)
        layout.addStretch(1)

    def show_headline(self, found: Headline) -> None:
        """Show another figure."""
        self._figure.setText(found.figure)
        self._title.setText(found.title)
        self._under.setText(found.under)
        self.setAccessibleName(f"Edit rate {found.title}: {found.figure}, {found.under}")

    @property
    def texts(self) -> tuple[str, str, str]:
        """Figure, name and what it rests on."""
        return self._figure.text(), self._title.text(), self._under.text()


class FigureLines(QWidget):
    """Figures one below the other: name, value, interval."""

    def __init__(self, lines: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = self._grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(2, 1)
        self._labels: list[tuple[QLabel, QLabel, QLabel]] = []
        for line in range(lines):
            name, value, rest = QLabel(), QLabel(), text_label(muted=True)
            value.setObjectName("figureValue")
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
            for label in (name, rest):
                label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
            for column, label in enumerate((name, value, rest)):
                grid.addWidget(label, line, column)
            self._labels.append((name, value, rest))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt override: where there is little room, names give way as well as intervals."""
        narrow = self.width() < NARROW
        if narrow != self._labels[0][0].wordWrap():
            for name, _, _ in self._labels:
                name.setWordWrap(narrow)
            self._grid.setColumnStretch(0, int(narrow))
        super().resizeEvent(event)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show as many figures as there are lines."""
        for labels, row in zip(self._labels, rows, strict=True):
            for label, text in zip(labels, (row.name, row.figure, row.rest), strict=True):
                label.setText(text)
                label.setToolTip(row.tip)

    @property
    def texts(self) -> list[tuple[str, str, str]]:
        """Name, value and interval of each line."""
        return [(name.text(), value.text(), rest.text()) for name, value, rest in self._labels]


class ReasonCard(QWidget):
    """One hypothesis: what is likely, how we know, what to do."""

    frames_wanted = Signal(str, list)
    """Name of a list, and the paths of its frames."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("reasonCard")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._found: Mapping[str, Any] = {}
        self._sentence = text_label(name="reasonSentence")
        self._evidence, self._advice = text_label(muted=True), text_label()
        self._share = QLabel()
        self._share.setObjectName("mutedLabel")
        self.frames = link_button("Show Frames", "Let the queue show only frames of this kind")
        self.frames.clicked.connect(self._show_frames)
        below = QHBoxLayout()
        below.setContentsMargins(0, 0, 0, 0)
        self._share.setWordWrap(True)
        below.addWidget(self._share, 1)
        below.addWidget(self.frames)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 6)
        layout.setSpacing(4)
        for label in (self._sentence, self._evidence, self._advice):
            layout.addWidget(label)
        layout.addLayout(below)

    def show_reason(self, found: Mapping[str, Any]) -> None:
        """Show another hypothesis of the report."""
        self._found = found
        self._sentence.setText(quoted(found["sentence"]))
        self._evidence.setText(quoted(found["evidence"]))
        self._advice.setText(quoted(found["advice"]))
        self._share.setText(share_text(found))
        self._share.setToolTip("One correction may count for several causes.")
        self.frames.setVisible(bool(found["frames"]))
        self.frames.setAccessibleName(f"Show frames: {quoted(found['sentence'])}")

    @property
    def texts(self) -> tuple[str, str, str, str]:
        """Sentence, evidence, advice and share."""
        return self._sentence.text(), self._evidence.text(), self._advice.text(), self._share.text()

    def _show_frames(self) -> None:
        self.frames_wanted.emit(quoted(self._found["sentence"]).rstrip("."), list(self._found["frames"]))


class Section(QWidget):
    """A heading with what stands under it."""

    def __init__(self, title: str, *widgets: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        heading = text_label(name="sectionTitle")
        heading.setText(title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(heading)
        for widget in widgets:
            if isinstance(widget, PanelButton):
                layout.addWidget(widget, 0, Qt.AlignmentFlag.AlignLeft)
            else:
                layout.addWidget(widget)
        self.widgets: Final = widgets

"""The metrics panel: the edit rate, why it is what it is, and how far to trust it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from autoanno_gui.ui.panels import metrics_words as words
from autoanno_gui.ui.panels.metrics_parts import (
    MOST_REASONS,
    BigFigure,
    FigureLines,
    ReasonCard,
    Section,
    link_button,
    text_label,
)
from autoanno_gui.ui.panels.metrics_rows import Breakdown
from autoanno_gui.ui.panels.tuner import PanelButton

LINES: Final = 5
RELIABILITY_HEIGHT: Final = 250.0
DRIFT_HEIGHT: Final = 150.0
NODS: Final = "Looked at too briefly"

Document = Mapping[str, Any]


class _Pages(QScrollArea):
    """Scrolled by the keys, since most of it is there to be read; Space turns a page and decides no frame."""

    def event(self, event: QEvent) -> bool:
        """Qt override."""
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Space:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                bar = self.verticalScrollBar()
                bar.setValue(bar.value() + bar.pageStep())
                return True
        return super().event(event)


class MetricsPanel(QWidget):
    """Shows the report of the open project, section by section; it knows nothing of where the report comes from."""

    shown = Signal()
    """The panel came into sight."""
    left = Signal()
    """Esc: whoever read here goes back to the image."""
    frames_wanted = Signal(str, list, dict)
    """Name of a list, the paths of its frames, and why each is on it, by path."""
    measure_wanted = Signal()
    drift_dismissed = Signal()
    """The alarm that is shown was read."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document: Document | None = None
        self._waiting: list[Callable[[Document], None]] = []
        self._drift_wanted = False
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._show_next)
        self._make_widgets()
        self._scroll = self._lay_out()
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(self._scroll)
        for widget in self.findChildren(QWidget):
            if widget.focusPolicy() is not Qt.FocusPolicy.NoFocus:
                widget.installEventFilter(self)
        self.clear()

    def _make_widgets(self) -> None:
        # QtSvg is there already, for the icons; the charts are our own text.
        from autoanno_gui.core.charts.parts import PARTS_HEIGHT
        from autoanno_gui.ui.panels.metrics_charts import ChartView

        self._state = text_label(muted=True)
        self.so_far, self.whole = BigFigure(), BigFigure()
        self._parts = ChartView(PARTS_HEIGHT)
        self.figures = FigureLines(LINES)
        self._why = text_label(muted=True)
        self.reasons = [ReasonCard() for _ in range(MOST_REASONS)]
        self._noted = text_label(muted=True)
        self.breakdown = Breakdown()
        self._drift, self._drift_read = text_label(), PanelButton("Dismiss Warning")
        self._drift_read.setToolTip("Take the warning away until there is a new one.")
        self._drift_charts = [ChartView(DRIFT_HEIGHT), ChartView(DRIFT_HEIGHT)]
        self._calibration, self._reliability = text_label(muted=True), ChartView(RELIABILITY_HEIGHT)
        self._return, self._plain = text_label(), text_label(muted=True)
        self._measure = link_button("Measure Return…", "Time frames by hand and by review, drawn at random.")
        self._stop, self._gain = text_label(), text_label(muted=True)
        self._blind, self._checks, self._nodding = text_label(), text_label(), text_label()
        self.second_look = PanelButton()
        self.second_look.setToolTip("Let the queue show only the frames that were accepted too fast.")
        self._balance = text_label()
        self._drift_read.clicked.connect(self.drift_dismissed)
        self._measure.clicked.connect(self.measure_wanted)
        self.second_look.clicked.connect(self._show_nods)
        for reason in self.reasons:
            reason.frames_wanted.connect(lambda name, frames: self.frames_wanted.emit(name, frames, {}))

    def _lay_out(self) -> QScrollArea:
        headlines = QWidget()
        row = QHBoxLayout(headlines)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(14)
        row.addWidget(self.so_far, 1)
        row.addWidget(self.whole, 1)
        self.drift_section = Section("Drift", self._drift, *self._drift_charts, self._drift_read)
        self._sections = (
            Section("Edit rate", headlines, self._parts, self.figures),
            Section("Why", self._why, *self.reasons, self._noted),
            Section("Breakdown", self.breakdown),
            self.drift_section,
            Section("Is the model as sure as it should be?", self._calibration, self._reliability),
            Section("Return on the model", self._return, self._plain, self._measure),
            Section("When can I stop?", self._stop, self._gain),
            Section("Can I trust it?", self._blind, self._checks, self._nodding, self.second_look),
            Section("Completeness and balance", self._balance),
        )
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(12, 10, 12, 12)
        layout.setSpacing(16)
        layout.addWidget(self._state)
        for section in self._sections:
            layout.addWidget(section)
        layout.addStretch(1)
        scroll = _Pages(widgetResizable=True)
        scroll.setObjectName("metricsPages")
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setAccessibleName("Metrics")
        scroll.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        return scroll

    @property
    def focus_target(self) -> QWidget:
        """What F6 gives the focus to."""
        return self._scroll

    @property
    def texts(self) -> dict[str, str]:
        """What the sections say in sentences, by what they are about; those that are hidden are left out."""
        labels = {
            "state": self._state,
            "why": self._why,
            "noted": self._noted,
            "drift": self._drift,
            "calibration": self._calibration,
            "return": self._return,
            "stop": self._stop,
            "gain": self._gain,
            "blind": self._blind,
            "checks": self._checks,
            "nodding": self._nodding,
            "balance": self._balance,
        }
        return {name: label.text() for name, label in labels.items() if label.isVisibleTo(self)}

    @property
    def settled(self) -> bool:
        """Whether all sections show the newest report."""
        return not self._waiting

    # ------------------------------------------------------------------------------------------------ what is shown
    def clear(self) -> None:
        """Show that no figures are there."""
        self._document, self._waiting = None, []
        self._next.stop()
        self._state.setText("No figures yet.")
        self._state.show()
        for section in self._sections:
            section.hide()
        self.breakdown.show_document(None)
        self._drift_wanted = False

    def show_fault(self, sentence: str) -> None:
        """Say why there are no newer figures; the last ones stay."""
        self._state.setText(sentence)
        self._state.show()

    def show_document(self, document: Document) -> None:
        """Show a report, a piece at a time: a key that comes meanwhile waits for one piece, not for all."""
        if document == self._document:
            return
        self._document = document
        self._waiting = [
            self._show_headline,
            self._show_reasons,
            self._show_breakdown,
            self._show_drift,
            self._show_calibration,
            self._show_return,
            self._show_trust,
        ]
        self._next.start()

    def _show_next(self) -> None:
        if self._document is not None and self._waiting:
            self._waiting.pop(0)(self._document)
        if self._waiting:
            self._next.start()
        elif self._document is not None:
            self._state.hide()
            for section in self._sections:
                section.show()
            if self._drift_wanted:
                self.show_drift()

    def show_drift(self) -> None:
        """Bring the drift chart into sight, as soon as it is there."""
        if not self.settled or self.drift_section.isHidden():
            self._drift_wanted = True
        else:
            self._drift_wanted = False
            # Once the layout has its say: sections may just have come.
            QTimer.singleShot(0, self, lambda: self._scroll.verticalScrollBar().setValue(self.drift_section.y() - 8))

    def offer_dismissal(self, *, alarm: bool) -> None:
        """Say whether there is a warning that can be taken away."""
        self._drift_read.setVisible(alarm)

    # ------------------------------------------------------------------------------------------------ sections
    def _show_headline(self, document: Document) -> None:
        from autoanno_gui.core.charts.parts import rate_parts

        self.so_far.show_headline(words.so_far(document))
        self.whole.show_headline(words.whole_folder(document))
        frames = document["estimates"]["so_far"]["frames"]
        self._parts.setVisible(frames >= words.ENOUGH_FRAMES and document["edit_rate"] is not None)
        self._parts.show_chart(partial(rate_parts, document))
        self.figures.show_rows(words.figure_rows(document))

    def _show_reasons(self, document: Document) -> None:
        _say(self._why, words.why_text(document))
        found = document["hypotheses"]
        for at, card in enumerate(self.reasons):
            if at < len(found):
                card.show_reason(found[at])
            card.setVisible(at < len(found))
        _say(self._noted, "\n".join(words.noted_texts(document)))

    def _show_breakdown(self, document: Document) -> None:
        self.breakdown.show_document(document)

    def _show_drift(self, document: Document) -> None:
        from autoanno_gui.core.charts.timeline import cusum

        drift = document["drift"]
        _say(self._drift, words.drift_text(document))
        charts = [one for one in drift["charts"] if len(one["points"]) > 1]
        rang = next((one for one in charts if one["alarm_at"] is not None and one["class"] is not None), None)
        shown = [*charts[:1], *([rang] if rang is not None else [])]
        for at, view in enumerate(self._drift_charts):
            view.setVisible(at < len(shown))
            view.show_chart(partial(cusum, shown[at]) if at < len(shown) else None)

    def _show_calibration(self, document: Document) -> None:
        from autoanno_gui.core.charts.reliability import reliability

        found = document["calibration"]
        _say(self._calibration, words.calibration_text(document))
        self._reliability.setVisible(bool(found["bins"]))
        self._reliability.show_chart(partial(reliability, found))

    def _show_return(self, document: Document) -> None:
        from autoanno_gui.ui.return_words import result_sentence

        _say(self._return, result_sentence(document["roi"]))
        _say(self._plain, document["roi"]["plain"]["sentence"])
        _say(self._stop, document["stop"]["sentence"])
        _say(self._gain, words.gain_text(document))

    def _show_trust(self, document: Document) -> None:
        _say(self._blind, words.blind_text(document))
        _say(self._checks, words.checks_text(document))
        _say(self._nodding, words.nodding_text(document))
        marked = document["nodding"]["marked"]
        self.second_look.setText(f"Second Look ({marked:,})")
        self.second_look.setVisible(marked > 0)
        _say(self._balance, "\n".join(words.balance_texts(document)))

    def _show_nods(self) -> None:
        if self._document is not None:
            nods = self._document["nodding"]["list"]
            said = {nod["frame"]: words.nod_words(nod) for nod in nods}
            self.frames_wanted.emit(NODS, [nod["frame"] for nod in nods], said)

    # ------------------------------------------------------------------------------------------------ Qt
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt override: what gets the focus comes into sight."""
        if event.type() == QEvent.Type.FocusIn and isinstance(watched, QWidget) and watched is not self._scroll:
            self._scroll.ensureWidgetVisible(watched, 0, 20)
        return False

    def showEvent(self, event: QEvent) -> None:
        """Qt override."""
        super().showEvent(event)  # type: ignore[arg-type]
        self.shown.emit()


def _say(label: QLabel, text: str) -> None:
    label.setText(text)
    label.setVisible(bool(text))

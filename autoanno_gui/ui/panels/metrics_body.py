"""The sections of the metrics panel: each shows one part of the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from autoanno_gui.core.figures.charts.parts import PARTS_HEIGHT, rate_parts
from autoanno_gui.core.figures.charts.reliability import reliability
from autoanno_gui.core.figures.charts.timeline import cusum
from autoanno_gui.ui.panels import metrics_words as words
from autoanno_gui.ui.panels.metrics_charts import ChartView
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
"""Name of the list of frames that were accepted too fast."""

Document = Mapping[str, Any]


class MetricsBody(QWidget):
    """Made when the panel is opened for the first time: a window that is just started has no use for it."""

    frames_wanted = Signal(str, list, dict)
    """Name of a list, the paths of its frames, and why each is on it, by path."""
    measure_wanted = Signal()
    drift_dismissed = Signal()
    focused = Signal(QWidget)
    """One of its widgets got the keys."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._nods: list[Mapping[str, Any]] = []
        self._make_figures()
        self._make_rest()
        headlines = QWidget()
        row = QHBoxLayout(headlines)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(14)
        row.addWidget(self.so_far, 1)
        row.addWidget(self.whole, 1)
        self._breakdown_section = Section("Breakdown", self.breakdown)
        self.drift_section: Final = Section("Drift", self._drift, *self._drift_charts, self.drift_read)
        self._sections: Final = (
            Section("Edit rate", headlines, self._parts, self.figures),
            Section("Why", self._why, *self.reasons, self._noted),
            self._breakdown_section,
            self.drift_section,
            Section("Is the model as sure as it should be?", self._calibration, self._reliability),
            Section("Return on the model", self._return, self._plain, self._measure),
            Section("When can I stop?", self._stop, self._gain),
            Section("Can I trust it?", self._blind, self._checks, self._nodding, self.second_look),
            Section("Completeness and balance", self._balance),
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(16)
        for section in self._sections:
            layout.addWidget(section)
        for widget in self.stops:
            widget.installEventFilter(self)

    @property
    def stops(self) -> list[QWidget]:
        """What takes the keys, in the order in which Tab goes along it."""
        among = (widget for section in self._sections for widget in section.findChildren(QWidget))
        # The list of a chooser is a window of its own.
        return [
            one for one in among if one.focusPolicy() is not Qt.FocusPolicy.NoFocus and one.window() is self.window()
        ]

    def _make_figures(self) -> None:
        self.so_far, self.whole = BigFigure(), BigFigure()
        self._parts = ChartView(PARTS_HEIGHT)
        self.figures = FigureLines(LINES)
        self._why, self._noted = text_label(muted=True), text_label(muted=True)
        self.reasons = [ReasonCard() for _ in range(MOST_REASONS)]
        for reason in self.reasons:
            reason.frames_wanted.connect(lambda name, frames: self.frames_wanted.emit(name, frames, {}))
        self.breakdown = Breakdown()
        self._drift, self.drift_read = text_label(), PanelButton("Dismiss Warning")
        self.drift_read.setToolTip("Take the warning away until there is a new one.")
        self.drift_read.clicked.connect(self.drift_dismissed)
        self._drift_charts = [ChartView(DRIFT_HEIGHT), ChartView(DRIFT_HEIGHT)]
        self._calibration, self._reliability = text_label(muted=True), ChartView(RELIABILITY_HEIGHT)

    def _make_rest(self) -> None:
        self._return, self._plain = text_label(), text_label(muted=True)
        self._measure = link_button("Measure Return…", "Time frames by hand and by review, drawn at random.")
        self._measure.clicked.connect(self.measure_wanted)
        self._stop, self._gain = text_label(), text_label(muted=True)
        self._blind, self._checks, self._nodding = text_label(), text_label(), text_label()
        self.second_look = PanelButton()
        self.second_look.setToolTip("Let the queue show only the frames that were accepted too fast.")
        self.second_look.clicked.connect(self._show_nods)
        self._balance = text_label()

    @property
    def texts(self) -> dict[str, str]:
        """What the sections say in sentences, by what they are about; those that are hidden are left out."""
        labels = {
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

    # ------------------------------------------------------------------------------------------------ sections
    def steps(self) -> list[Callable[[Document], None]]:
        """Return what shows a report, piece by piece."""
        return [
            self._show_headline,
            self._show_reasons,
            self._show_breakdown,
            self._show_drift,
            self._show_calibration,
            self._show_return,
            self._show_trust,
        ]

    def _show_headline(self, document: Document) -> None:
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
        self._breakdown_section.setVisible(document["candidates_shown"] > 0)
        self.breakdown.show_document(document)

    def _show_drift(self, document: Document) -> None:
        drift = document["drift"]
        _say(self._drift, words.drift_text(document))
        charts = [one for one in drift["charts"] if len(one["points"]) > 1]
        rang = next((one for one in charts if one["alarm_at"] is not None and one["class"] is not None), None)
        shown = [*charts[:1], *([rang] if rang is not None else [])]
        for at, view in enumerate(self._drift_charts):
            view.setVisible(at < len(shown))
            view.show_chart(partial(cusum, shown[at]) if at < len(shown) else None)

    def _show_calibration(self, document: Document) -> None:
        found = document["calibration"]
        _say(self._calibration, words.calibration_text(document))
        self._reliability.setVisible(bool(found["bins"]))
        self._reliability.show_chart(partial(reliability, found))

    def _show_return(self, document: Document) -> None:
        # Imported late: by now the thread that worked out the figures has what it needs.
        from autoanno_gui.ui.return_words import result_sentence

        _say(self._return, result_sentence(document["roi"]))
        _say(self._plain, document["roi"]["plain"]["sentence"])
        _say(self._stop, document["stop"]["sentence"])
        _say(self._gain, words.gain_text(document))

    def _show_trust(self, document: Document) -> None:
        _say(self._blind, words.blind_text(document))
        _say(self._checks, words.checks_text(document))
        _say(self._nodding, words.nodding_text(document))
        self._nods = document["nodding"]["list"]
        self.second_look.setText(f"Second Look ({len(self._nods):,})")
        self.second_look.setVisible(bool(self._nods))
        _say(self._balance, "\n".join(words.balance_texts(document)))

    def _show_nods(self) -> None:
        said = {nod["frame"]: words.nod_words(nod) for nod in self._nods}
        self.frames_wanted.emit(NODS, [nod["frame"] for nod in self._nods], said)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt override."""
        if event.type() == QEvent.Type.FocusIn and isinstance(watched, QWidget):
            self.focused.emit(watched)
        return False


def _say(label: QLabel, text: str) -> None:
    label.setText(text)
    label.setVisible(bool(text))

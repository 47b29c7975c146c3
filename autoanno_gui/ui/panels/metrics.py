"""The metrics panel: the edit rate, why it is what it is, and how far to trust it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QScrollBar, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from autoanno_gui.ui.panels.metrics_body import MetricsBody

Document = Mapping[str, Any]
LEAST_WIDTH: Final = 248
"""Logical pixels: in less, lines would be cut off at the side."""


_TURNS: Final[Mapping[int, QScrollBar.SliderAction]] = {
    Qt.Key.Key_Space: QScrollBar.SliderAction.SliderPageStepAdd,
    Qt.Key.Key_Home: QScrollBar.SliderAction.SliderToMinimum,
    Qt.Key.Key_End: QScrollBar.SliderAction.SliderToMaximum,
}


class _Pages(QScrollArea):
    """Scrolled by the keys, since most of it is there to be read; Space turns a page and decides no frame."""

    def event(self, event: QEvent) -> bool:
        """Qt override."""
        turn = _TURNS.get(event.key()) if isinstance(event, QKeyEvent) else None
        if turn is not None and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if turn is not None and event.type() == QEvent.Type.KeyPress:
            self.verticalScrollBar().triggerAction(turn)
            return True
        return super().event(event)


class MetricsPanel(QWidget):
    """Shows the report of the open project, section by section; it knows nothing of where the report comes from."""

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
        self._alarm = False
        self._body: MetricsBody | None = None
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._show_next)
        self._state = QLabel(wordWrap=True)
        self._state.setObjectName("mutedLabel")
        self._state.setTextFormat(Qt.TextFormat.PlainText)
        inside = QWidget()
        self.setMinimumWidth(LEAST_WIDTH)
        self._inside = QVBoxLayout(inside)
        self._inside.setContentsMargins(12, 10, 12, 12)
        self._inside.setSpacing(16)
        self._inside.addWidget(self._state)
        self._inside.addStretch(1)
        self._scroll = _Pages(widgetResizable=True)
        self._scroll.setObjectName("metricsPages")
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setAccessibleName("Metrics")
        self._scroll.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(inside)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(self._scroll)
        self.clear()

    @property
    def body(self) -> MetricsBody:
        """The sections, made when they are asked for first."""
        if self._body is None:
            from autoanno_gui.ui.panels.metrics_body import MetricsBody

            body = self._body = MetricsBody()
            body.hide()
            body.frames_wanted.connect(self.frames_wanted)
            body.measure_wanted.connect(self.measure_wanted)
            body.drift_dismissed.connect(self.drift_dismissed)
            body.focused.connect(lambda widget: self._scroll.ensureWidgetVisible(widget, 0, 20))
            body.drift_read.setVisible(self._alarm)
            self._inside.insertWidget(1, body)
            # Made after all else in the window: Tab would come to it by way of the tabs of the docks.
            for before, after in pairwise((self._scroll, *body.stops)):
                QWidget.setTabOrder(before, after)
        return self._body

    @property
    def focus_target(self) -> QWidget:
        """What F6 gives the focus to."""
        return self._scroll

    @property
    def in_sight(self) -> bool:
        """Whether anything of it can be seen: Qt calls it visible behind the tab of another panel, too."""
        return self.isVisible() and not self.visibleRegion().isEmpty()

    @property
    def texts(self) -> dict[str, str]:
        """What it says in sentences, by what they are about; those that are hidden are left out."""
        state = {} if self._state.isHidden() else {"state": self._state.text()}
        return state | ({} if self._body is None or self._body.isHidden() else self._body.texts)

    @property
    def document(self) -> Document | None:
        """The report that is shown, or about to be."""
        return self._document

    @property
    def settled(self) -> bool:
        """Whether all sections show the newest report."""
        return not self._waiting

    # ------------------------------------------------------------------------------------------------ what is shown
    def clear(self) -> None:
        """Show that no figures are there."""
        self._document, self._waiting, self._drift_wanted = None, [], False
        self._next.stop()
        self._say_state("No figures yet.")
        if self._body is not None:
            self._body.hide()

    def show_fault(self, sentence: str) -> None:
        """Say why there are no newer figures; the last ones stay."""
        self._say_state(sentence)

    def _say_state(self, sentence: str) -> None:
        self._state.setText(sentence)
        self._state.show()

    def show_document(self, document: Document) -> None:
        """Show a report, a piece at a time: a key that comes meanwhile waits for one piece, not for all."""
        if document == self._document:
            self._state.setHidden(self.settled)
            return
        self._document, self._waiting = document, self.body.steps()
        self._next.start()

    def _show_next(self) -> None:
        if self._document is not None and self._waiting:
            self._waiting.pop(0)(self._document)
        if self._waiting:
            self._next.start()
        elif self._document is not None:
            self._state.hide()
            self.body.show()
            if self._drift_wanted:
                self.show_drift()

    def show_drift(self) -> None:
        """Bring the drift chart into sight, as soon as it is there."""
        self._drift_wanted = self._document is None or not self.settled
        if not self._drift_wanted:
            # Once the layout has its say: sections may just have come.
            QTimer.singleShot(0, self, self._scroll_to_drift)

    def _scroll_to_drift(self) -> None:
        inside = self._scroll.widget()
        if inside is not None and self._body is not None:
            top = self._body.drift_section.mapTo(inside, self._body.drift_section.rect().topLeft()).y()
            self._scroll.verticalScrollBar().setValue(top - 8)

    def offer_dismissal(self, *, alarm: bool) -> None:
        """Say whether there is a warning of drift that can be taken away."""
        self._alarm = alarm
        if self._body is not None:
            self._body.drift_read.setVisible(alarm)

    # ------------------------------------------------------------------------------------------------ Qt
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

"""The tuner panel: which display threshold costs least, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from autoanno_gui.core.sampling import SAMPLE_SIZE
from autoanno_gui.core.tuner import PARTS, CurvePoint
from autoanno_gui.ui.panels.tuner_curve import TuneCurve
from autoanno_gui.ui.wording import count_of

if TYPE_CHECKING:
    from autoanno_gui.review.tuning import TuneResult

MOST_ROWS: Final = 4
"""Classes that are in sight at once; the list scrolls."""
EDGE: Final = 4
_PRESSING: Final = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)
_CLASS: Final = Qt.ItemDataRole.UserRole
_THRESHOLD: Final = Qt.ItemDataRole.UserRole + 1


class PanelButton(QPushButton):
    """A button that is pressed by Space and Enter while it has the focus: they would decide the frame otherwise."""

    def event(self, event: QEvent) -> bool:
        """Qt override."""
        if isinstance(event, QKeyEvent) and event.key() in _PRESSING:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress and event.key() != Qt.Key.Key_Space and not event.isAutoRepeat():
                self.click()
                return True
        return super().event(event)


class _ClassList(QListWidget):
    """Classes with a threshold of their own; Space ticks one instead of deciding the frame."""

    def event(self, event: QEvent) -> bool:
        """Qt override."""
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Space:
            event.accept()
            return True
        return super().event(event)


class TunerPanel(QWidget):
    """Starts the sample, shows the curve and what follows from it, and applies it when the user says so."""

    sample_wanted = Signal()
    labelled_wanted = Signal()
    applied = Signal(float, list)
    """The threshold, and (class id, threshold) of the classes that were ticked."""
    shown = Signal()
    """The panel came into sight."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._result: TuneResult | None = None
        self._present = 0.5
        self._sample_done = False
        self.sample_button = PanelButton(f"Review {SAMPLE_SIZE} Frames")
        self.sample_button.setToolTip(
            "Draw frames from the whole folder and review them with their ghosts on: label all that is there."
        )
        self.sample_button.clicked.connect(self.sample_wanted)
        self.labelled_button = PanelButton("Use Labelled Frames")
        self.labelled_button.setToolTip("Compare all frames that are labelled by now with what the model said.")
        self.labelled_button.clicked.connect(self.labelled_wanted)
        self._progress = _text(muted=True)
        self.curve = TuneCurve()
        self.curve.pointed.connect(self._show_point)
        self._readout = _text(muted=True)
        self._finding = _text()
        self._note = _text(muted=True)
        self.class_list = _ClassList()
        self.class_list.setAccessibleName("Classes with a threshold of their own")
        self.class_list.itemChanged.connect(lambda _item: self._name_button())
        self.apply_button = PanelButton()
        self.apply_button.clicked.connect(self._apply)
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        above: tuple[QWidget, ...] = (self.sample_button, self._progress, self.labelled_button)
        below: tuple[QWidget, ...] = (self._readout, self._finding, self._note, self.class_list, self.apply_button)
        for widget in above:
            layout.addWidget(widget)
        layout.addWidget(self.curve, 1)
        for widget in below:
            layout.addWidget(widget)
        # Scrolled: on a small screen the panels beside it keep their room.
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        self._scroll = scroll
        for widget in (self.sample_button, self.labelled_button, self.curve, self.class_list, self.apply_button):
            widget.installEventFilter(self)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(scroll)
        self.clear()

    @property
    def focus_target(self) -> QWidget:
        """What F6 gives the focus to."""
        return self.apply_button if self.apply_button.isVisibleTo(self) else self.sample_button

    @property
    def texts(self) -> tuple[str, str, str]:
        """How far the sample is, what was found out, and what has to be known about it."""
        return self._progress.text(), self._finding.text(), self._note.text()

    @property
    def readout(self) -> str:
        """What the curve says at its cursor."""
        return self._readout.text()

    # ------------------------------------------------------------------------------------------------ what is shown
    def clear(self) -> None:
        """Show that no project is open."""
        self.show_sample(0, 0)
        self.show_result(None)
        self.set_busy(False)

    def set_present(self, threshold: float) -> None:
        """Show the display threshold as it is now."""
        self._present = threshold
        self.curve.set_present(threshold)
        self._name_button()

    def show_sample(self, done: int, total: int) -> None:
        """Show how far the sample is; a total of 0: none was drawn."""
        if not total:
            text = "Nothing is drawn yet."
        elif done < total:
            text = f"{done} of {total} frames of the sample are labelled."
        else:
            text = f"All {total} frames of the sample are labelled."
        self._progress.setText(text)
        self.sample_button.setText(
            f"Go On: {done} of {total}"
            if 0 < done < total
            else f"Review {min(total, SAMPLE_SIZE) or SAMPLE_SIZE} Frames"
        )
        self._sample_done = 0 < total <= done
        self.sample_button.setEnabled(not self._sample_done)

    def set_busy(self, busy: bool, text: str = "") -> None:
        """Let nothing be started while something is computed."""
        self.sample_button.setEnabled(not busy and not self._sample_done)
        self.labelled_button.setEnabled(not busy)
        found = self._result.tuning.finding if self._result is not None else ""
        self._finding.setText(text if busy else found)

    def show_fault(self, sentence: str) -> None:
        """Say why there is no result."""
        self.show_result(None)
        self._finding.setText(sentence)

    def show_result(self, result: TuneResult | None) -> None:
        """Show what was found out, or nothing."""
        self._result = result
        tuning = result.tuning if result is not None else None
        self.curve.show_tuning(tuning)
        self._finding.setText(tuning.finding if tuning is not None else "")
        notes = [result.note, _times(result)] if result is not None else []
        self._note.setText(" ".join(note for note in notes if note))
        self._note.setVisible(bool(self._note.text()))
        self.class_list.clear()
        for one in result.per_class if result is not None else ():
            name = result.class_names.get(one.class_id, "?") if result is not None else ""
            item = QListWidgetItem(f"{name}: {one.threshold:.2f} (saves {one.gain:.1f} s a frame more)")
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
            item.setData(_CLASS, one.class_id)
            item.setData(_THRESHOLD, one.threshold)
            item.setCheckState(Qt.CheckState.Unchecked)
            self.class_list.addItem(item)
        rows = min(self.class_list.count(), MOST_ROWS)
        self.class_list.setFixedHeight(rows * max(self.class_list.sizeHintForRow(0), 1) + 2 * EDGE)
        self.class_list.setVisible(rows > 0)
        self._name_button()

    def _name_button(self) -> None:
        tuning = self._result.tuning if self._result is not None else None
        there = tuning is not None and tuning.recommended is not None and tuning.enough
        self.apply_button.setVisible(there)
        if tuning is None or tuning.recommended is None:
            return
        classes = len(self._ticked())
        text = f"Apply {tuning.recommended:.2f}" + (f" and {count_of(classes, 'class')}" if classes == 1 else "")
        text += f" and {classes} classes" if classes > 1 else ""
        self.apply_button.setText(text)
        same = abs(tuning.recommended - self._present) < 1e-9 and not classes
        self.apply_button.setEnabled(not same)
        self.apply_button.setToolTip("The threshold is there already." if same else "Set the display threshold.")

    def _ticked(self) -> list[tuple[int, float]]:
        items = [self.class_list.item(row) for row in range(self.class_list.count())]
        return [
            (item.data(_CLASS), item.data(_THRESHOLD)) for item in items if item.checkState() is Qt.CheckState.Checked
        ]

    def _apply(self) -> None:
        if self._result is not None and self._result.tuning.recommended is not None:
            self.applied.emit(self._result.tuning.recommended, self._ticked())

    def _show_point(self, point: CurvePoint | None) -> None:
        if point is None:
            self._readout.setText("")
            return
        parts = [f"{name} {seconds:.1f}" for name, seconds in zip(PARTS, point.parts, strict=True) if seconds >= 0.05]
        low, high = point.interval
        self._readout.setText(
            f"At {point.threshold:.2f}: {point.seconds:.1f} s ({low:.1f} to {high:.1f}), {point.actions:.1f} acts. "
            + ", ".join(parts).capitalize()
            + "."
        )

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt override: what gets the focus comes into sight."""
        if event.type() == QEvent.Type.FocusIn and isinstance(watched, QWidget):
            self._scroll.ensureWidgetVisible(watched)
        return False

    def showEvent(self, event: QEvent) -> None:
        """Qt override."""
        super().showEvent(event)  # type: ignore[arg-type]
        self.shown.emit()


def _times(result: TuneResult) -> str:
    return "Seconds are your own, from the decisions so far." if result.costs.measured else ""


def _text(*, muted: bool = False) -> QLabel:
    label = QLabel(wordWrap=True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    if muted:
        label.setObjectName("mutedLabel")
    return label

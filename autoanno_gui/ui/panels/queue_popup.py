"""A small sheet over the queue that narrows it: by class, by reason, by how certain the model was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QFormLayout, QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from autoanno_gui.core.queue import QueueReason
from autoanno_gui.core.queue_filter import LEAST, MOST, QueueFilter
from autoanno_gui.core.records import ClassRecord
from autoanno_gui.ui.panels.object_rows import class_icon
from autoanno_gui.ui.panels.queue_words import REASONS_TO_CHOOSE

_STEP: Final = 0.05


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What the sheet says: of the predictions, and of the reason."""

    predictions: QueueFilter = field(default_factory=QueueFilter)
    reason: QueueReason | None = None

    @property
    def is_open(self) -> bool:
        """Whether it leaves nothing out."""
        return self.predictions.is_open and self.reason is None


def words_for(narrowing: Narrowing, class_name: str | None) -> str:
    """Return what is filtered, such as `car · 0.40–0.60 · borderline`; empty when nothing is."""
    wanted = narrowing.predictions
    parts = [class_name] if class_name is not None else []
    if wanted.bounds_confidence:
        parts.append(f"{wanted.low:.2f}–{wanted.high:.2f}")
    parts += [text.lower() for reason, text in REASONS_TO_CHOOSE if reason is narrowing.reason]
    return " · ".join(parts)


class FilterSheet(QFrame):
    """Acts at once; Esc, Enter or a click beside it closes it."""

    changed = Signal(object)
    """The `Narrowing` that holds from now on."""
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("filterSheet")
        self._filling = False
        self._threshold = LEAST
        self._class = QComboBox()
        self._class.setAccessibleName("Class")
        self._class.setMaxVisibleItems(16)
        self._reason = QComboBox()
        self._reason.setAccessibleName("Reason")
        self._reason.addItem("Any", None)
        for reason, text in REASONS_TO_CHOOSE:
            self._reason.addItem(text, reason)
        self._low = _confidence_box("Lowest confidence", LEAST)
        self._high = _confidence_box("Highest confidence", MOST)
        bounds = QHBoxLayout()
        bounds.setSpacing(6)
        bounds.addWidget(self._low, 1)
        bounds.addWidget(QLabel("to"))
        bounds.addWidget(self._high, 1)
        self._clear = QPushButton("Clear")
        self._clear.clicked.connect(self.clear)
        form = QFormLayout(self)
        form.setContentsMargins(14, 12, 14, 12)
        form.setSpacing(8)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        form.addRow("Class", self._class)
        form.addRow("Confidence", bounds)
        form.addRow("Reason", self._reason)
        form.addRow("", self._clear)
        self._class.activated.connect(self._choose_class)
        self._class.currentIndexChanged.connect(self._tell)
        self._reason.currentIndexChanged.connect(self._tell)
        self._low.valueChanged.connect(lambda value: self._keep_apart(value, moved=self._low))
        self._high.valueChanged.connect(lambda value: self._keep_apart(value, moved=self._high))

    def show_at(
        self, place: QPoint, *, width: int, narrowing: Narrowing, classes: Sequence[ClassRecord], threshold: float
    ) -> None:
        """Open the sheet.

        Args:
            place: its upper left corner, on the screen.
            width: at least so wide, in logical pixels.
            narrowing: what holds now.
            classes: those that can be chosen.
            threshold: what a chosen class is shown from, until another range is set.
        """
        self._filling, self._threshold = True, threshold
        self._class.clear()
        self._class.addItem("Any", None)
        for record in classes:
            self._class.addItem(class_icon(record.colour), record.name, record.id)
        self._fill(narrowing)
        self.setMinimumWidth(width)
        self.ensurePolished()
        for child in self.findChildren(QWidget):
            child.ensurePolished()
        self.resize(self.sizeHint())
        room = self.screen().availableGeometry()
        left = max(room.left(), min(place.x(), room.right() - self.width()))
        top = max(room.top(), min(place.y(), room.bottom() - self.height()))
        self.move(left, top)
        self.show()
        self._class.setFocus(Qt.FocusReason.PopupFocusReason)

    def _fill(self, narrowing: Narrowing) -> None:
        self._filling = True
        self._class.setCurrentIndex(max(0, self._class.findData(narrowing.predictions.class_id)))
        self._reason.setCurrentIndex(max(0, self._reason.findData(narrowing.reason)))
        self._low.setValue(narrowing.predictions.low)
        self._high.setValue(narrowing.predictions.high)
        self._clear.setEnabled(not narrowing.is_open)
        self._filling = False

    @property
    def narrowing(self) -> Narrowing:
        """What the sheet says now."""
        low, high = round(self._low.value(), 2), round(self._high.value(), 2)
        reason = self._reason.currentData()  # Qt hands a plain text back
        return Narrowing(
            QueueFilter(self._class.currentData(), low, high), QueueReason(reason) if reason is not None else None
        )

    def clear(self) -> None:
        """Leave nothing out."""
        self._fill(Narrowing())
        self._tell()

    def _choose_class(self) -> None:
        # Of nearly every class there is a prediction of 0.05 on nearly every frame.
        if self._class.currentData() is not None and not self.narrowing.predictions.bounds_confidence:
            self._low.setValue(self._threshold)

    def _keep_apart(self, value: float, *, moved: QDoubleSpinBox) -> None:
        filling, self._filling = self._filling, True
        if moved is self._low:
            self._high.setValue(max(self._high.value(), value))
        else:
            self._low.setValue(min(self._low.value(), value))
        self._filling = filling
        self._tell()

    def _tell(self) -> None:
        if not self._filling:
            self._clear.setEnabled(not self.narrowing.is_open)
            self.changed.emit(self.narrowing)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override: Enter is done; Esc is Qt's own."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.close()
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Qt override."""
        super().hideEvent(event)
        self.closed.emit()


def _confidence_box(name: str, value: float) -> QDoubleSpinBox:
    box = QDoubleSpinBox(minimum=LEAST, maximum=MOST, singleStep=_STEP, decimals=2, value=value)
    box.setKeyboardTracking(False)  # the 0.4 on the way to 0.45 would take the other bound along
    box.setAccessibleName(name)
    return box

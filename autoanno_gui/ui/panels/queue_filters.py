"""What stands above the queue: its order, which frames it shows, and a search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from autoanno_gui.core.queue_settings import OrderName
from autoanno_gui.core.records import ClassRecord, FrameState
from autoanno_gui.ui import theme
from autoanno_gui.ui.panels.queue_popup import FilterSheet, Narrowing, words_for
from autoanno_gui.ui.panels.queue_words import FILTERS, ORDERS
from autoanno_gui.ui.wording import button_text, plain_tip

CHIP_WIDTH = 160
"""Logical pixels of the name of a list, the rest is in its tooltip."""


class QueueFilters(QWidget):
    """Order, states, filter button, search and count; below them in words what is filtered."""

    order_chosen = Signal(object)
    """Another `OrderName`."""
    states_chosen = Signal()
    """Another state was picked by hand."""
    changed = Signal()
    """States or text are others."""
    narrowed = Signal(object)
    """The `Narrowing` that holds from now on."""
    left = Signal()
    """The sheet of filters was closed."""
    list_dropped = Signal()
    """Somebody has seen enough of the list of frames that is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.narrowing = Narrowing()
        self.classes: Mapping[int, ClassRecord] = {}
        """Of the project, by id."""
        self.threshold = 0.5
        """What a chosen class is shown from at first."""
        self.order: Final = _order_chooser()
        self.order.activated.connect(lambda _row: self.order_chosen.emit(OrderName(self.order.currentData())))
        self.states: Final = _QuietChooser()
        self.states.setAccessibleName("Which frames the queue shows")
        for key, text, _ in FILTERS:
            self.states.addItem(text, key)
        self.states.currentIndexChanged.connect(self.changed)
        self.states.activated.connect(lambda _row: self.states_chosen.emit())
        self.button: Final = _KeyButton()
        self.button.setToolTip("Filter by class, confidence or reason")
        self.button.setAccessibleName("Filter by class, confidence or reason")
        self.button.setIconSize(QSize(16, 16))
        self.button.setCheckable(True)
        theme.set_icon(self.button, "filter")
        self.button.clicked.connect(self.open_sheet)
        self.search: Final = QLineEdit(placeholderText="Find by name", clearButtonEnabled=True)
        self.search.setAccessibleName("Find frames by name")
        self.search.textChanged.connect(self.changed)
        self._count = QLabel()
        self._count.setObjectName("mutedLabel")
        self._words = _FittingLabel()
        self._words.setObjectName("filterWords")
        self._clear = _KeyButton()
        self._clear.setToolTip("Show all again")
        self._clear.setAccessibleName("Clear the filter")
        self._clear.setIconSize(QSize(14, 14))
        theme.set_icon(self._clear, "cross")
        self._clear.clicked.connect(self._clear_all)
        self.chip: Final = _KeyButton()
        self.chip.setObjectName("listChip")
        self.chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.chip.clicked.connect(self.list_dropped)
        self._sheet: FilterSheet | None = None
        self._lay_out()
        self.show_list(None)
        self._show_words()

    def _lay_out(self) -> None:
        middle, lower, said = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for row in (middle, lower, said):
            row.setSpacing(6)
        middle.addWidget(self.states, 1)
        middle.addWidget(self.button)
        lower.addWidget(self.search, 1)
        lower.addWidget(self._count)
        said.setContentsMargins(2, 0, 0, 0)
        said.addWidget(self._words, 1)
        said.addWidget(self._clear)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.order)
        layout.addLayout(middle)
        layout.addLayout(lower)
        layout.addLayout(said)
        layout.addWidget(self.chip, 0, Qt.AlignmentFlag.AlignLeft)

    @property
    def key(self) -> str:
        """Which of `FILTERS` is chosen."""
        return str(self.states.currentData())

    @property
    def shown_states(self) -> tuple[FrameState, ...]:
        """The states that frames may be in."""
        return FILTERS[self.states.currentIndex()][2]

    def show_order(self, name: OrderName) -> None:
        """Show what the queue is ordered by."""
        self.order.setCurrentIndex(self.order.findData(name))
        self.order.setToolTip(self.order.itemData(self.order.currentIndex(), Qt.ItemDataRole.ToolTipRole))

    def show_count(self, shown: int, total: int) -> None:
        """Show how many frames there are, and how many of them are listed."""
        self._count.setText(f"{total:,}" if shown == total else f"{shown:,} of {total:,}")

    def show_list(self, words: str | None) -> None:
        """Show which list of frames is gone through, such as `Disagreements (12)`; None for none."""
        # A sentence with the name of a class in it must not widen the panel; the number at its end stays.
        fitting = self.fontMetrics().elidedText(words or "", Qt.TextElideMode.ElideMiddle, CHIP_WIDTH)
        self.chip.setText(f"{button_text(fitting)}  ×" if words is not None else "")
        self.chip.setAccessibleName(f"Leave the list {words}")
        self.chip.setToolTip(plain_tip(f"{words}\nShow all frames again"))
        self.chip.setVisible(words is not None)

    def open_sheet(self) -> None:
        """Show the sheet of filters under its button."""
        if self._sheet is None:
            self._sheet = FilterSheet(self)
            self._sheet.changed.connect(self.narrow)
            self._sheet.closed.connect(self._on_sheet_closed)
        classes = sorted(self.classes.values(), key=lambda record: (record.slot or 99, record.name.casefold()))
        self._sheet.show_at(
            self.mapToGlobal(QPoint(0, self.button.geometry().bottom() + 4)),
            width=self.width(),
            narrowing=self.narrowing,
            classes=classes,
            threshold=self.threshold,
        )

    def _on_sheet_closed(self) -> None:
        self._show_words()
        self.left.emit()

    def take_narrowing(self, narrowing: Narrowing) -> None:
        """Filter by something else, without telling."""
        self.narrowing = narrowing
        self._show_words()

    def narrow(self, narrowing: Narrowing) -> None:
        """Filter by something else, and tell."""
        if narrowing != self.narrowing:
            self.take_narrowing(narrowing)
            self.narrowed.emit(narrowing)

    def _clear_all(self) -> None:
        self.narrow(Narrowing())
        self.left.emit()

    def _show_words(self) -> None:
        class_id = self.narrowing.predictions.class_id
        record = self.classes.get(class_id) if class_id is not None else None
        words = words_for(self.narrowing, record.name if record is not None else None)
        self._words.show_words(words)
        self.button.setChecked(bool(words))
        for widget in (self._words, self._clear):
            widget.setVisible(bool(words))


class _FittingLabel(QLabel):
    """One line that is cut short with an ellipsis where there is no room."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_words(self, words: str) -> None:
        """Show a text; all of it is in the tooltip."""
        self.setToolTip(plain_tip(words))
        self.setAccessibleName(words)
        self._fit()

    def _fit(self) -> None:
        self.setText(self.fontMetrics().elidedText(self.toolTip(), Qt.TextElideMode.ElideRight, self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt override."""
        super().resizeEvent(event)
        self._fit()


class _QuietChooser(QComboBox):
    """Turning the wheel on the way down the panel changes nothing."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Qt override."""
        event.ignore()


class _OrderChooser(_QuietChooser):
    """Keys open its list: one arrow must not sort the whole queue."""

    def event(self, event: QEvent) -> bool:
        """Qt override: while it has the focus, Space is its own."""
        return _claims_space(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override."""
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up, *_PRESS):
            self.showPopup()
        else:
            super().keyPressEvent(event)


class _KeyButton(QToolButton):
    """A button that Space and Enter press, once the focus is on it."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def event(self, event: QEvent) -> bool:
        """Qt override: while it has the focus, Space is its own."""
        return _claims_space(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override."""
        if event.key() in _PRESS:
            self.click()
        else:
            super().keyPressEvent(event)


_PRESS: Final = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)


def _claims_space(event: QEvent) -> bool:
    """Keep Space from accepting the frame."""
    if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent) or event.key() not in _PRESS:
        return False
    event.accept()
    return True


def _order_chooser() -> QComboBox:
    chooser = _OrderChooser()
    chooser.setAccessibleName("Order of the queue")
    chooser.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    chooser.setMinimumContentsLength(12)
    for name, text, tip in ORDERS:
        chooser.addItem(text, name)
        chooser.setItemData(chooser.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
    chooser.setMaxVisibleItems(chooser.count())
    return chooser

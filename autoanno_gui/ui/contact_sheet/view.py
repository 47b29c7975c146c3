"""The page of the window that shows the contact sheet: which class, which page, the cells, and the keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from autoanno_gui.core.records import ClassRecord
from autoanno_gui.ui.contact_sheet.grid import SheetGrid
from autoanno_gui.ui.panels.object_rows import class_icon

_ID: Final = Qt.ItemDataRole.UserRole


class SheetView(QWidget):
    """Header, grid and hint, in this order from above."""

    class_chosen = Signal(int)
    """A project class."""
    all_wanted = Signal()
    """The whole class is wanted in place of what is like the last correction."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("contactSheet")
        self.grid: Final = SheetGrid()
        self.chooser: Final = QComboBox()
        self.chooser.setAccessibleName("Class on the sheet")
        # Its list has the keys while it is open; closed, it must not take them from the grid.
        self.chooser.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.chooser.setIconSize(QSize(12, 12))
        self.chooser.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.chooser.setMaxVisibleItems(20)
        self.chooser.activated.connect(lambda at: self.class_chosen.emit(self.chooser.itemData(at, _ID)))
        self.order: Final = QLabel()
        self.order.setObjectName("mutedLabel")
        self.all_button: Final = QToolButton(autoRaise=True)
        self.all_button.setText("Show All")
        self.all_button.setToolTip("Show every candidate of this class, the least certain first.")
        self.all_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.all_button.clicked.connect(self.all_wanted)
        self.place: Final = QLabel()
        header = QFrame()
        header.setObjectName("sheetHeader")
        row = QHBoxLayout(header)
        row.setContentsMargins(12, 7, 14, 7)
        row.setSpacing(10)
        row.addWidget(self.chooser)
        row.addWidget(self.order)
        row.addWidget(self.all_button)
        row.addStretch(1)
        row.addWidget(self.place)
        self.hint: Final = QLabel(wordWrap=True)
        self.hint.setObjectName("sheetHint")
        self.hint.setTextFormat(Qt.TextFormat.PlainText)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(header)
        column.addWidget(self.grid, 1)
        column.addWidget(self.hint)

    def show_classes(self, classes: Sequence[ClassRecord], counts: Mapping[int, int], *, current: int | None) -> None:
        """Offer the classes that have candidates, and the current one.

        Args:
            classes: of the project.
            counts: how many candidates each class has.
            current: the class on the sheet.
        """
        offered = [record for record in classes if counts.get(record.id) or record.id == current]
        offered.sort(key=lambda record: (record.slot or 99, record.name.casefold()))
        with QSignalBlocker(self.chooser):
            self.chooser.clear()
            for record in offered:
                self.chooser.addItem(class_icon(record.colour), _label(record.name, counts.get(record.id, 0)))
                self.chooser.setItemData(self.chooser.count() - 1, record.id, _ID)
            self.chooser.setCurrentIndex(self.chooser.findData(current, _ID) if current is not None else -1)

    def neighbour_of(self, by: int) -> int | None:
        """Return the class that is offered before or behind the current one, round the ends."""
        count = self.chooser.count()
        if not count:
            return None
        found: int = self.chooser.itemData((self.chooser.currentIndex() + by) % count, _ID)
        return found

    def show_count(self, record: ClassRecord, count: int) -> None:
        """Say how many candidates of a class are left."""
        at = self.chooser.findData(record.id, _ID)
        if at >= 0:
            self.chooser.setItemText(at, _label(record.name, count))
            self.chooser.setItemIcon(at, class_icon(record.colour))

    def show_place(self, *, page: int, pages: int, left: int, order: str, narrowed: bool) -> None:
        """Say where in the sheet the reviewer is.

        Args:
            page: from 1.
            pages: how many there are.
            left: how many objects are on all of them.
            order: what comes first.
            narrowed: whether the sheet can be widened to the whole class.
        """
        noun = "candidate" if left == 1 else "candidates"
        self.place.setText(f"page {page:,} of {pages:,}  ·  {left:,} {noun}" if left else "")
        self.order.setText(order)
        self.all_button.setVisible(narrowed)


def _label(name: str, count: int) -> str:
    return f"{name}  ·  {count:,}"

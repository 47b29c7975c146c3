"""Type to find a class, or to make a new one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from autoanno_gui.core.records import ClassRecord
from autoanno_gui.ui.panels.object_rows import class_icon

_ID: Final = Qt.ItemDataRole.UserRole


class ClassPicker(QDialog):
    """A field over a list. Enter takes the marked row; a name that no class has becomes a new class."""

    def __init__(self, classes: Sequence[ClassRecord], parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("classPicker")
        self.setWindowTitle("Class")
        self.resize(300, 320)
        self._classes = sorted(classes, key=lambda record: (record.slot or 99, record.name.casefold()))
        self.chosen: int | None = None
        """Id of the class that was chosen."""
        self.new_name = ""
        """Name of the class to make, when none was chosen."""
        self._field = QLineEdit(placeholderText="Find or create a class")
        self._field.setAccessibleName("Class name")
        self._field.textChanged.connect(self._fill)
        self._field.installEventFilter(self)
        self._list = QListWidget()
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setUniformItemSizes(True)
        self._list.setIconSize(QSize(12, 12))
        self._list.itemClicked.connect(lambda _item: self._take())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        layout.addWidget(self._field)
        layout.addWidget(self._list, 1)
        self._fill("")
        self._field.setFocus()

    def _fill(self, text: str) -> None:
        typed = text.strip()
        folded = typed.casefold()
        found = [record for record in self._classes if folded in record.name.casefold()]
        found.sort(key=lambda record: not record.name.casefold().startswith(folded))
        self._list.clear()
        for record in found:
            item = QListWidgetItem(class_icon(record.colour), self._label(record))
            item.setData(_ID, record.id)
            self._list.addItem(item)
        if typed and all(record.name.casefold() != folded for record in self._classes):
            item = QListWidgetItem(f"Create “{typed}”")
            self._list.addItem(item)
        self._list.setCurrentRow(0)

    @staticmethod
    def _label(record: ClassRecord) -> str:
        return f"{record.slot}   {record.name}" if record.slot else record.name

    def _take(self) -> None:
        if self._list.currentRow() < 0:
            return
        item = self._list.currentItem()
        self.chosen = item.data(_ID)
        self.new_name = self._field.text().strip() if self.chosen is None else ""
        self.accept()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt override: arrows move the mark while the field has the cursor."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                by = -1 if event.key() == Qt.Key.Key_Up else 1
                count = max(self._list.count(), 1)
                self._list.setCurrentRow((self._list.currentRow() + by) % count)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._take()
                return True
        return super().eventFilter(watched, event)

"""Which class of a model stands for which class of the project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from autoanno_gui.core.predictions import ModelInfo
from autoanno_gui.core.records import ClassRecord

_UNMAPPED: Final = -1
_CREATE: Final = -2


class ClassMapDialog(QDialog):
    """One row for each class of the model. An unmapped class stays in the project file and is never shown."""

    def __init__(
        self,
        model: ModelInfo,
        mapping: Mapping[int, int | None],
        classes: Sequence[ClassRecord],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Class Map")
        self.resize(480, 560)
        self._before = dict(mapping)
        text = QLabel(
            f"What “{model.name}” calls the class on the left is labelled as the class on the right. "
            "What is not mapped is kept, but never shown.",
            wordWrap=True,
        )
        self._table = QTableWidget(len(model.classes), 2)
        self._table.setHorizontalHeaderLabels(["The model's class", "Your class"])
        self._table.verticalHeader().hide()
        self._table.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        for column in range(2):
            self._table.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        for row, name in enumerate(model.classes):
            item = QTableWidgetItem(name)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self._table.setItem(row, 0, item)
            self._table.setCellWidget(row, 1, self._choice(name, mapping.get(row), classes))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(text)
        layout.addWidget(self._table, 1)
        layout.addWidget(buttons)

    @staticmethod
    def _choice(name: str, mapped: int | None, classes: Sequence[ClassRecord]) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(f"Your class for {name}")
        box.addItem("– not shown –", _UNMAPPED)
        for record in classes:
            box.addItem(record.name, record.id)
        if all(record.name != name for record in classes):
            box.addItem(f"New class “{name}”", _CREATE)
        box.setCurrentIndex(max(box.findData(mapped), 0) if mapped is not None else 0)
        return box

    @property
    def mapping(self) -> dict[int, int | None]:
        """Model class -> project class, for the rows that say something else than before."""
        found: dict[int, int | None] = {}
        for row in range(self._table.rowCount()):
            chosen = self._chosen(row)
            value = None if chosen == _UNMAPPED else chosen
            if chosen != _CREATE and value != self._before.get(row):
                found[row] = value
        return found

    @property
    def to_create(self) -> dict[int, str]:
        """Model class -> name, for the rows that ask for a class that the project does not have yet."""
        names = (self._table.item(row, 0) for row in range(self._table.rowCount()))
        named = {row: item.text() for row, item in enumerate(names) if item is not None}
        return {row: name for row, name in named.items() if self._chosen(row) == _CREATE}

    def _chosen(self, row: int) -> int:
        box = self._table.cellWidget(row, 1)
        assert isinstance(box, QComboBox)
        return int(box.currentData())

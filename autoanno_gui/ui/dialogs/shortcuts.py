"""The sheet of all keys; a double click or F2 on a row changes its key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from autoanno_gui.ui.shortcuts import ActionSpec, conflicts

_ID: Final = Qt.ItemDataRole.UserRole


class ShortcutsDialog(QDialog):
    """All commands with their keys, searchable; keys that two commands claim are refused."""

    def __init__(
        self, specs: Mapping[str, ActionSpec], defaults: Mapping[str, ActionSpec], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.resize(900, 680)
        self._specs = dict(specs)
        self._defaults = dict(defaults)
        self._search = QLineEdit(placeholderText="Find a command or a key", clearButtonEnabled=True)
        self._search.textChanged.connect(self._fill)
        self._list = QTreeWidget(columnCount=3)
        self._list.setHeaderLabels(["Command", "Keys", ""])
        self._list.setRootIsDecorated(False)
        self._list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self._list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self._list.currentItemChanged.connect(self._show_key)
        self._list.itemDoubleClicked.connect(lambda _item: self._ask_key())
        self._list.installEventFilter(self)
        self._key = QKeySequenceEdit(maximumSequenceLength=1, clearButtonEnabled=True)
        self._key.setAccessibleName("New key for the selected command")
        change = QPushButton("Use this key")
        change.clicked.connect(self._change)
        reset = QPushButton("Default")
        reset.clicked.connect(self._reset)
        self._message = QLabel(wordWrap=True)
        row = QHBoxLayout()
        row.addWidget(self._key, 1)
        row.addWidget(change)
        row.addWidget(reset)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self._search)
        layout.addWidget(self._list, 1)
        layout.addLayout(row)
        layout.addWidget(self._message)
        layout.addWidget(buttons)
        self._fill()

    @property
    def overrides(self) -> dict[str, tuple[str, ...]]:
        """The keys that differ from the default ones, by action id."""
        return {key: spec.keys for key, spec in self._specs.items() if spec.keys != self._defaults[key].keys}

    def _fill(self) -> None:
        wanted = self._search.text().casefold()
        kept = self._selected()
        self._list.clear()
        for spec in self._specs.values():
            keys = ", ".join(_native(key) for key in spec.keys) + (" (hold)" if spec.hold else "")
            text = spec.text.replace("&", "")
            if wanted and wanted not in f"{text} {keys} {spec.tip}".casefold():
                continue
            item = QTreeWidgetItem([text, keys, spec.tip])
            item.setData(0, _ID, spec.id)
            item.setToolTip(2, spec.tip)
            self._list.addTopLevelItem(item)
            if spec.id == kept:
                self._list.setCurrentItem(item)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt override: F2 on a row goes to the field for its key."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_F2:
            self._ask_key()
            return True
        return super().eventFilter(watched, event)

    def _ask_key(self) -> None:
        self._key.setFocus(Qt.FocusReason.OtherFocusReason)
        self._message.setText("Press the new key, then “Use this key”.")

    def _selected(self) -> str | None:
        item = self._list.currentItem()
        return str(item.data(0, _ID)) if item is not None else None

    def _show_key(self) -> None:
        selected = self._selected()
        self._message.clear()
        if selected is not None and self._specs[selected].keys:
            self._key.setKeySequence(QKeySequence(self._specs[selected].keys[0]))
        else:
            self._key.clear()

    def _change(self) -> None:
        selected = self._selected()
        key = self._key.keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        if selected is None:
            self._message.setText("Choose a command in the list first.")
            return
        if self._specs[selected].hold:
            self._message.setText("This key is held while you work, so it cannot be changed.")
            return
        changed = {**self._specs, selected: replace(self._specs[selected], keys=(key,) if key else ())}
        for clash, first, second in conflicts(changed):
            if selected in (first, second):
                other = self._specs[second if first == selected else first]
                self._message.setText(f"{_native(clash)} is already the key of “{other.text.replace('&', '')}”.")
                return
        self._specs = changed
        self._message.clear()
        self._fill()

    def _reset(self) -> None:
        selected = self._selected()
        if selected is not None:
            self._specs[selected] = self._defaults[selected]
            self._fill()
            self._show_key()


def _native(key: str) -> str:
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)

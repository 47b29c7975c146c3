"""A note on one frame."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget


class NoteDialog(QDialog):
    """A few lines of text; Ctrl+Enter keeps them."""

    def __init__(self, path: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Note")
        self.resize(440, 220)
        name = QLabel(path, wordWrap=True)
        name.setTextFormat(Qt.TextFormat.PlainText)
        name.setObjectName("mutedLabel")
        self._edit = QPlainTextEdit(text, tabChangesFocus=True)
        self._edit.setAccessibleName(f"Note on {path}")
        self._edit.selectAll()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(name)
        layout.addWidget(self._edit, 1)
        layout.addWidget(buttons)

    @property
    def text(self) -> str:
        """The note, empty to have none."""
        return self._edit.toPlainText().strip()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and event.modifiers() & (
            Qt.KeyboardModifier.ControlModifier
        ):
            self.accept()
        else:
            super().keyPressEvent(event)

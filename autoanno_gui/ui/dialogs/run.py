"""The one way in which dialogs are run."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QWidget


def run_modal(dialog: QDialog, *, back_to: QWidget) -> int:
    """Run a dialog to its end, give the keys back to `back_to`, and return the dialog's code."""
    code = dialog.exec()
    window = back_to.window()
    window.activateWindow()
    back_to.setFocus(Qt.FocusReason.PopupFocusReason)
    dialog.deleteLater()
    return int(code)

"""The one way in which dialogs are run."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QWidget

OF_THE_SCREEN: Final = 0.9
"""A dialog is never larger: the title bar has to fit, too."""


def run_modal(dialog: QDialog, *, back_to: QWidget) -> int:
    """Run a dialog to its end, give the keys back to `back_to`, and return the dialog's code."""
    window = back_to.window()
    room = window.screen().availableSize() * OF_THE_SCREEN
    if dialog.testAttribute(Qt.WidgetAttribute.WA_Resized) and dialog.size() != dialog.size().boundedTo(room):
        dialog.resize(dialog.size().boundedTo(room))
    code = dialog.exec()
    give_back(back_to)
    dialog.deleteLater()
    return int(code)


def give_back(to: QWidget) -> None:
    """Give the keys to a widget after a dialog: not every window manager brings its window in front by itself."""
    to.window().activateWindow()
    to.setFocus(Qt.FocusReason.PopupFocusReason)

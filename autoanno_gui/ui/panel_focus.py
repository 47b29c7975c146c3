"""Gives the keys back to the canvas: a panel has them only as long as somebody works in it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QWidget


class PanelFocus(QObject):
    """Esc anywhere in a panel goes back to the canvas, and so does every frame that is shown, unless somebody types."""

    def __init__(self, canvas: QWidget, panels: Sequence[QWidget]) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._panels = tuple(panels)
        for panel in panels:
            for widget in panel.findChildren(QWidget):
                if widget.focusPolicy() is not Qt.FocusPolicy.NoFocus:
                    widget.installEventFilter(self)
            for chooser in panel.findChildren(QComboBox):
                chooser.view().installEventFilter(self)  # its list has the keys while it is open

    def give_back(self) -> None:
        """Let the canvas have the keys."""
        self._canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def frame_shown(self) -> None:
        """Note that a frame is shown: whoever went on from inside a panel goes on in the canvas."""
        at = QApplication.focusWidget()
        if at is not None and not isinstance(at, QLineEdit) and any(panel.isAncestorOf(at) for panel in self._panels):
            self.give_back()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt override."""
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            list_open = QApplication.activePopupWidget() is not None
            if list_open and event.type() == QEvent.Type.KeyPress:
                QTimer.singleShot(0, self.give_back)  # an open list closes itself first
                return False
            if event.type() == QEvent.Type.KeyPress:
                self.give_back()
            return event.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease)
        return False

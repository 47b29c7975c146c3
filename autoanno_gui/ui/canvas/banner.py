"""Words over the canvas: the quiet strip at its lower edge, and the message in place of a frame that cannot be shown.

Both are children of the viewport and in no layout, so that showing them moves nothing.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

MARGIN: Final = 16
"""Logical pixels between the strip and the viewport's edge."""
NOTICE_WIDTH: Final = 440
"""Logical pixels at most, so that the lines of a message stay short."""


class Banner(QFrame):
    """One line, a title and a text, at the bottom of the viewport; the mouse goes through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("canvasBanner")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._title = QLabel(self)
        self._title.setObjectName("canvasBannerTitle")
        self._text = QLabel(self)
        self._text.setObjectName("canvasBannerText")
        for label in (self._title, self._text):
            label.setTextFormat(Qt.TextFormat.PlainText)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 9, 16, 9)
        layout.setSpacing(12)
        layout.addWidget(self._title)
        layout.addWidget(self._text)
        self.hide()

    def present(self, title: str, text: str) -> None:
        """Show these words, also to a screen reader."""
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self.setAccessibleName(f"{title} {text}".strip())
        self.show()
        self.place()

    def place(self) -> None:
        """Stand in the middle of the lower edge."""
        parent = self.parentWidget()
        if parent is None:
            return
        size = self.sizeHint()
        width = min(size.width(), parent.width() - 2 * MARGIN)
        left = (parent.width() - width) // 2
        self.setGeometry(left, parent.height() - size.height() - MARGIN, width, size.height())
        self.raise_()


class Notice(QFrame):
    """A calm message in the middle of the viewport."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("canvasNotice")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._title = QLabel(self)
        self._title.setObjectName("canvasNoticeTitle")
        self._text = QLabel(self)
        self._text.setObjectName("canvasNoticeText")
        for label in (self._title, self._text):
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            label.setTextFormat(Qt.TextFormat.PlainText)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 20)
        layout.setSpacing(8)
        layout.addWidget(self._title)
        layout.addWidget(self._text)
        self.hide()

    def present(self, title: str, text: str) -> None:
        self._title.setText(title)
        self._text.setText(text)
        self.setAccessibleName(f"{title}. {text}")
        self.show()
        self.place()

    def place(self) -> None:
        """Stand in the middle of the viewport."""
        parent = self.parentWidget()
        if parent is None:
            return
        width = min(NOTICE_WIDTH, parent.width())
        height = min(self.heightForWidth(width), parent.height())
        self.setGeometry((parent.width() - width) // 2, (parent.height() - height) // 2, width, height)

"""A sentence that must not be overlooked: it lies over the lower edge of the page and stays until it is taken away."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from autoanno_gui.ui import theme

WARNING: Final = "⚠"
MARGIN: Final = 12
LOWEST: Final = 52
"""Room for the button."""
FRAME_WIDTH: Final = 96
"""What mark, button and gaps take beside the text."""


class NoticeBar(QFrame):
    """Shows one fault or result at a time, never takes the focus, and moves nothing. Esc takes it away."""

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        self.setObjectName("noticeBar")
        self._page = page
        self._text = QLabel(wordWrap=True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._mark = QLabel(WARNING)
        self._mark.setObjectName("noticeMark")
        close = QToolButton(autoRaise=True)
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.setToolTip("Take this away  [Esc]")
        theme.set_icon(close, "cross")
        close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, MARGIN, 10, MARGIN)
        row.setSpacing(12)
        row.addWidget(self._mark)
        row.addWidget(self._text, 1)
        row.addWidget(close)
        page.installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence that is shown, empty when none is."""
        return self._text.text() if self.isVisible() else ""

    def show_text(self, sentence: str, *, mark: str = WARNING) -> None:
        """Show a sentence in place of an older one, behind a mark that says of what kind it is."""
        self._mark.setText(mark)
        self._text.setText(sentence)
        self._place()
        self.show()
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt override: keeps its place when the page is resized."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        page = self._page
        width = min(page.width() - 48, 760)
        height = max(self._text.heightForWidth(width - FRAME_WIDTH) + 2 * MARGIN, LOWEST)
        self.setGeometry((page.width() - width) // 2, page.height() - height - 24, width, height)

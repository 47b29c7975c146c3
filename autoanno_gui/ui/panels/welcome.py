"""What the window shows before a folder is open."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from autoanno_gui.resources import resource
from autoanno_gui.ui.wording import plain_tip

SHOWN_RECENT = 8


class WelcomePage(QWidget):
    """Open a folder, or one of the recent ones; folders can be dropped anywhere on the window."""

    folder_chosen = Signal(str)
    open_wanted = Signal()

    def __init__(self, recent: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("welcomePage")
        mark = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        mark.setPixmap(QIcon(str(resource("icons/autoanno.svg"))).pixmap(72, 72))
        title = QLabel("Open a folder of frames", alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        title.setObjectName("welcomeTitle")
        text = QLabel(
            "The model labels first, you decide. Drop a folder here, or press Ctrl+O.",
            alignment=Qt.AlignmentFlag.AlignCenter,
            wordWrap=True,  # the window must not need more than a small screen has
        )
        text.setObjectName("mutedLabel")
        self.open_button = QPushButton("Open Folder…")
        self.open_button.setDefault(True)
        self.open_button.clicked.connect(self.open_wanted)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addStretch(2)
        layout.addWidget(mark)
        layout.addWidget(title)
        layout.addWidget(text)
        layout.addSpacing(8)
        layout.addWidget(self.open_button, 0, Qt.AlignmentFlag.AlignCenter)
        layout.addSpacing(16)
        layout.addLayout(self._recent)
        layout.addStretch(3)
        self.show_recent(recent)

    def show_recent(self, folders: Sequence[str]) -> None:
        """List the folders that were open before, newest first."""
        while self._recent.count():
            taken = self._recent.takeAt(0)
            widget = taken.widget() if taken is not None else None
            if widget is not None:
                widget.deleteLater()
        for folder in folders[:SHOWN_RECENT]:
            button = QPushButton(f"{Path(folder).name}   {Path(folder).parent}", flat=True)
            button.setObjectName("recentFolder")
            button.setAccessibleName(f"Open {folder}")
            button.setToolTip(plain_tip(folder))
            button.setMinimumWidth(1)  # nor must a long path
            button.clicked.connect(lambda _checked=False, f=folder: self.folder_chosen.emit(f))
            self._recent.addWidget(button, 0, Qt.AlignmentFlag.AlignCenter)

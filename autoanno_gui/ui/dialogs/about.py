"""Version, licence, and what the program is built on."""

from __future__ import annotations

from importlib import metadata

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from autoanno_gui import __version__
from autoanno_gui.resources import resource

_SHOWN = ("PySide6", "ultralytics", "torch", "opencv-python", "numpy", "sqlite-utils")


class AboutDialog(QDialog):
    """A small card."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About autoanno")
        mark = QLabel()
        mark.setPixmap(QIcon(str(resource("icons/autoanno.svg"))).pixmap(64, 64))
        versions = "<br>".join(f"{name} {_version(name)}" for name in _SHOWN)
        text = QLabel(
            f"<h3>autoanno {__version__}</h3>"
            "<p>Review what a model labelled: offline, from the keyboard, with every decision kept.</p>"
            "<p>Free software under the GNU Affero General Public License, version 3 or later, without any warranty. "
            "It links Ultralytics YOLO, which is under the same licence; models that it trains or exports carry that "
            "licence, too.</p>"
            f"<p>{versions}</p>"
        )
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        text.setMinimumWidth(380)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        row = QHBoxLayout()
        row.setSpacing(20)
        row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(text, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 16)
        layout.addLayout(row)
        layout.addWidget(buttons)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "is not installed"

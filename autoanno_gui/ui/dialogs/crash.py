"""What a person sees of our own bugs: that the program goes on, and what to send."""

from __future__ import annotations

import platform
import traceback

from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from autoanno_gui import __version__


class CrashDialog(QDialog):
    """Shows one error with its trace; a second one while it is open only reaches the log."""

    _open: CrashDialog | None = None

    def __init__(self, error: BaseException, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Something went wrong")
        self.resize(720, 420)
        text = QLabel(
            "This is a fault of the program, not of your files. What you decided is saved, and you can go on. "
            "Please send the text below with a word on what you did.",
            wordWrap=True,
        )
        report = QPlainTextEdit(readOnly=True)
        report.setPlainText(describe(error))
        report.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(report.toPlainText()))
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addWidget(text)
        layout.addWidget(report, 1)
        layout.addWidget(buttons)

    @classmethod
    def report(cls, error: BaseException) -> None:
        """Show an error without stopping the event loop; does nothing while another one is shown."""
        if cls._open is not None or QApplication.instance() is None:
            return
        dialog = cls._open = cls(error, QApplication.activeWindow())
        dialog.finished.connect(cls._forget)
        dialog.show()

    @classmethod
    def _forget(cls) -> None:
        if cls._open is not None:
            cls._open.deleteLater()
        cls._open = None


def describe(error: BaseException) -> str:
    """Return what a bug report needs: versions and the trace."""
    trace = "".join(traceback.format_exception(error))
    return f"autoanno {__version__}, Python {platform.python_version()}, {platform.platform()}\n\n{trace}"

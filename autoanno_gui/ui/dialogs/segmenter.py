"""Choose what makes masks from boxes and clicks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from autoanno_gui.core.predictions import SegmenterInfo
from autoanno_gui.ui.dialogs.inspection import Inspection

_FILTER: Final = "SAM weights (*.pt *.pth);;All files (*)"
_BY_FILE: Final = "As the file says"

Inspect = Callable[[Path, str | None], SegmenterInfo]


class SegmenterDialog(QDialog):
    """GrabCut, or a SAM file on this computer, which says itself what it is unless the user knows better."""

    def __init__(
        self,
        *,
        current: SegmenterInfo | None,
        recent: str,
        architectures: Sequence[str],
        inspect: Inspect,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Choose Segmenter")
        self.resize(560, 300)
        self._inspect = inspect
        self._inspection = Inspection(self)
        self._inspection.found.connect(self._show)
        self._inspection.refused.connect(self._refuse)
        with_file = current is not None and bool(current.path)
        self._grabcut = QRadioButton("&GrabCut: no file needed, quick, follows colours")
        self._sam = QRadioButton("&SAM 2, SAM 2.1 or MobileSAM: a weights file on this computer")
        (self._sam if with_file else self._grabcut).setChecked(True)
        self._field = QLineEdit(current.path if current is not None and with_file else recent)
        self._field.setPlaceholderText("Such as sam2.1_t.pt; nothing is downloaded")
        self._field.setAccessibleName("Path of the weights")
        self._architecture = QComboBox()
        self._architecture.setAccessibleName("Architecture")
        self._architecture.addItem(_BY_FILE, None)
        for name in architectures:
            self._architecture.addItem(name, name)
        self._about = QLabel(wordWrap=True)
        self._about.setTextFormat(Qt.TextFormat.PlainText)
        self._about.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self._lay_out()
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        self._field.textChanged.connect(self._on_typed)
        self._architecture.activated.connect(self._look)
        self._grabcut.toggled.connect(self._look)
        self._look()

    def _lay_out(self) -> None:
        file = QPushButton("File…")
        file.clicked.connect(self._pick)
        row = QHBoxLayout()
        row.setContentsMargins(24, 0, 0, 0)
        row.addWidget(self._field, 1)
        row.addWidget(file)
        row.addWidget(self._architecture)
        layout = QVBoxLayout(self)
        layout.addWidget(self._grabcut)
        layout.addWidget(self._sam)
        layout.addLayout(row)
        layout.addWidget(self._about, 1)
        layout.addWidget(self._buttons)

    @property
    def path(self) -> Path | None:
        """The weights that were chosen; None for GrabCut."""
        return Path(self._field.text().strip()).expanduser().absolute() if self._sam.isChecked() else None

    @property
    def architecture(self) -> str | None:
        """The architecture that was chosen; None when the file tells."""
        chosen: str | None = self._architecture.currentData()
        return chosen

    def _pick(self) -> None:
        start = self._field.text() or str(Path.home())
        file, _ = QFileDialog.getOpenFileName(self, "Weights of the Segmenter", start, _FILTER)
        if file:
            self._field.setText(file)

    def _on_typed(self) -> None:
        if self._field.text().strip():
            self._sam.setChecked(True)
        self._look()

    def _look(self) -> None:
        """Read what the file says about itself, on a thread; an answer for an older path is dropped."""
        self._inspection.drop()
        path = self.path
        self._ok.setEnabled(path is None)
        if path is None:
            self._about.setText("It works on the pixels around the box or click, and needs nothing else.")
            return
        if not self._field.text().strip():
            self._about.setText("Choose the weights file. It stays on this computer, and no code in it is run.")
            return
        self._about.setText("Reading…")
        architecture = self.architecture
        self._inspection.ask(lambda: self._inspect(path, architecture))

    @property
    def _ok(self) -> QPushButton:
        return self._buttons.button(QDialogButtonBox.StandardButton.Ok)

    def _show(self, info: SegmenterInfo) -> None:
        self._about.setText(f"{info.name}: {info.kind}")
        self._ok.setEnabled(True)

    def _refuse(self, sentence: str) -> None:
        self._about.setText(sentence)

    def done(self, code: int) -> None:
        """Qt override: never leaves a thread behind."""
        self._inspection.finish()
        super().done(code)

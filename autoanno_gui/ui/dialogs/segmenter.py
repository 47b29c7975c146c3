"""Choose what makes masks from boxes and clicks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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

from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.records import SegmenterInfo
from autoanno_gui.ui.threads import GeneratorThread

_FILTER: Final = "SAM weights (*.pt *.pth);;All files (*)"
_BY_NAME: Final = "As the file says"

Inspect = Callable[[Path, str | None], SegmenterInfo]


class SegmenterDialog(QDialog):
    """GrabCut, or a SAM file on this computer and, where its name does not tell, its architecture."""

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
        self._thread: GeneratorThread | None = None
        self._found: SegmenterInfo | None = None
        with_file = bool(current is not None and current.path)
        self._grabcut = QRadioButton("&GrabCut: no file needed, quick, follows colours")
        self._sam = QRadioButton("&SAM 2, SAM 2.1 or MobileSAM: a weights file on this computer")
        self._grabcut.setChecked(not with_file)
        self._sam.setChecked(with_file)
        self._field = QLineEdit(current.path if current is not None and with_file else recent)
        self._field.setPlaceholderText("Such as sam2.1_t.pt; nothing is downloaded")
        self._field.setAccessibleName("Path of the weights")
        file = QPushButton("File…")
        file.clicked.connect(self._pick)
        self._architecture = QComboBox()
        self._architecture.setAccessibleName("Architecture")
        self._architecture.addItem(_BY_NAME, None)
        for name in architectures:
            self._architecture.addItem(name, name)
        self._about = QLabel(wordWrap=True)
        self._about.setTextFormat(Qt.TextFormat.PlainText)
        self._about.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
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
        self._field.textChanged.connect(self._on_typed)
        self._architecture.activated.connect(self._look)
        self._grabcut.toggled.connect(self._look)
        self._look()

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
        ok = self._buttons.button(QDialogButtonBox.StandardButton.Ok)
        self._thread = None
        path = self.path
        if path is None:
            self._about.setText("It works on the pixels around the box or click, and needs nothing else.")
            ok.setEnabled(True)
            return
        ok.setEnabled(False)
        if not self._field.text().strip():
            self._about.setText("Choose the weights file. It stays on this computer, and no code in it is run.")
            return
        self._about.setText("Reading…")
        architecture = self.architecture

        def work() -> Iterator[SegmenterInfo]:
            yield self._inspect(path, architecture)

        thread = self._thread = GeneratorThread(work, self)
        thread.progressed.connect(lambda info: self._show(thread, info))
        thread.failed.connect(lambda error: self._show_error(thread, error))
        thread.start()

    def _show(self, thread: GeneratorThread, info: SegmenterInfo) -> None:
        if thread is self._thread:
            self._about.setText(f"{info.name}: {info.kind}")
            self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(True)

    def _show_error(self, thread: GeneratorThread, error: BaseException) -> None:
        if thread is not self._thread:
            return
        if not isinstance(error, KnownError):
            raise error
        self._about.setText(str(error))

    def done(self, code: int) -> None:
        """Qt override: never leaves a thread behind."""
        for thread in self.findChildren(GeneratorThread):
            thread.wait()
        super().done(code)

"""Choose the model that labels the frames, and see what it is before it is used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from autoanno_gui.core.predictions import ModelInfo
from autoanno_gui.review.model_runner import LoadedModel
from autoanno_gui.ui.dialogs.inspection import Inspection

_FILTER = "Models (*.pt *.onnx *.engine *.torchscript *.xml);;All files (*)"


class ModelDialog(QDialog):
    """A path, a button for files and one for folders, and what the model says about itself."""

    def __init__(
        self,
        *,
        current: LoadedModel | None,
        recent: str,
        inspect: Callable[[Path], ModelInfo],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Choose Model")
        self.resize(560, 260)
        self._inspect = inspect
        self._inspection = Inspection(self)
        self._inspection.found.connect(self._show)
        self._inspection.refused.connect(self._refuse)
        self.path: Path | None = None
        """The model that was chosen."""
        self._field = QLineEdit(current.info.path if current is not None else recent)
        self._field.setPlaceholderText("A .pt or .onnx file, or a *_openvino_model folder, on this computer")
        self._field.setAccessibleName("Path of the model")
        self._field.textChanged.connect(self._look)
        file = QPushButton("File…")
        file.clicked.connect(self._pick_file)
        folder = QPushButton("Folder…")
        folder.clicked.connect(self._pick_folder)
        self._about = QLabel(wordWrap=True)
        self._about.setTextFormat(Qt.TextFormat.PlainText)
        self._about.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._use = self._buttons.addButton("Label the frames", QDialogButtonBox.ButtonRole.AcceptRole)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        row = QHBoxLayout()
        row.addWidget(self._field, 1)
        row.addWidget(file)
        row.addWidget(folder)
        layout = QVBoxLayout(self)
        layout.addLayout(row)
        if current is not None:
            in_use = QLabel(
                f"In use: {current.info.name} on {current.device_name}. {current.device_reason}", wordWrap=True
            )
            in_use.setObjectName("mutedLabel")
            in_use.setTextFormat(Qt.TextFormat.PlainText)
            layout.addWidget(in_use)
        layout.addWidget(self._about, 1)
        layout.addWidget(self._buttons)
        self._look()

    def _pick_file(self) -> None:
        file, _ = QFileDialog.getOpenFileName(self, "Model File", self._start_folder(), _FILTER)
        if file:
            # The weights of an OpenVINO model lie beside its .xml: the folder is the model.
            self._field.setText(str(Path(file).parent) if file.endswith(".xml") else file)

    def _pick_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Model Folder", self._start_folder())
        if folder:
            self._field.setText(folder)

    def _start_folder(self) -> str:
        typed = Path(self._field.text()) if self._field.text() else Path.home()
        return str(typed.parent)

    def _look(self) -> None:
        """Read what the model says about itself, on a thread; an answer for an older path is dropped."""
        self._use.setEnabled(False)
        self.path = None
        text = self._field.text().strip()
        if not text:
            self._inspection.drop()
            self._about.setText("The model stays on this computer; nothing is sent anywhere.")
            return
        path = Path(text).expanduser().absolute()
        self._about.setText("Reading…")
        self._inspection.ask(lambda: (path, self._inspect(path)))

    def _show(self, found: tuple[Path, ModelInfo]) -> None:
        self.path, info = found
        height, width = info.imgsz
        names = ", ".join(info.classes[:12]) + (", …" if len(info.classes) > 12 else "")
        fixed = " (fixed)" if info.fixed_imgsz else ""
        self._about.setText(
            f"{info.task.value}, {info.backend}, image size {width} × {height}{fixed}\n"
            f"{len(info.classes)} classes: {names}"
        )
        self._use.setEnabled(True)
        self._use.setDefault(True)

    def _refuse(self, sentence: str) -> None:
        self._about.setText(sentence)

    def done(self, code: int) -> None:
        """Qt override: never leaves a thread behind."""
        self._inspection.finish()
        super().done(code)

"""Export a dataset: what will be in it, where it goes, and how far it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from autoanno_gui.config import Settings
from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.keypoints import Skeleton
from autoanno_gui.core.records import FrameState, Progress
from autoanno_gui.core.task import Task
from autoanno_gui.datasets.plan import ExportFormat, ExportOptions, ExportReport, FileMode, default_format
from autoanno_gui.ui.threads import GeneratorThread
from autoanno_gui.ui.wording import count_of

FORMATS: Final = (
    ("Boxes (YOLO detect)", ExportFormat.YOLO_DETECT),
    ("Masks (YOLO segment)", ExportFormat.YOLO_SEGMENT),
    ("Keypoints (YOLO pose)", ExportFormat.YOLO_POSE),
    ("Oriented boxes (YOLO OBB)", ExportFormat.YOLO_OBB),
)
MOST_HELD_OUT: Final = 90
"""Percent of the frames that validation and test may take together."""
_LEFT_OUT: Final = (
    (FrameState.UNDECIDED, "not reviewed"),
    (FrameState.REJECTED, "waiting for hand labelling"),
    (FrameState.DEFERRED, "put off"),
    (FrameState.FAILED, "that cannot be read"),
)
_LABELLED: Final = (FrameState.ACCEPTED, FrameState.EDITED, FrameState.HAND_LABELLED)


def _labelled(counts: Mapping[FrameState, int]) -> int:
    return sum(counts.get(state, 0) for state in _LABELLED)


def _contents(counts: Mapping[FrameState, int]) -> str:
    """Say how much will be written, and what not."""
    labelled = _labelled(counts)
    if not labelled:
        return "There is nothing to export yet: accept a frame or label one by hand first."
    left_out = [f"{counts[state]:,} {word}" for state, word in _LEFT_OUT if counts.get(state, 0)]
    text = f"{count_of(labelled, 'labelled frame')} will be written as a YOLO dataset."
    return f"{text} Left out: {', '.join(left_out)}." if left_out else text


class ExportDialog(QDialog):
    """Target, split and the way of the pictures."""

    def __init__(
        self,
        counts: Mapping[FrameState, int],
        *,
        task: Task,
        skeleton: Skeleton | None,
        root: Path,
        settings: Settings,
        parent: QWidget | None = None,
    ) -> None:
        """Ask how to export.

        Args:
            counts: frames of the project in each state.
            task: what the project collects: the form of the labels that is proposed.
            skeleton: of a pose project.
            root: the frame root.
        """
        super().__init__(parent)
        self._skeleton = skeleton
        self.setWindowTitle("Export Dataset")
        self.setMinimumWidth(520)
        self._before = settings
        self._out = QLineEdit(str(_free_folder(root.parent / f"{root.name}-yolo-{date.today():%Y-%m-%d}")))
        self._out.setAccessibleName("Folder of the dataset")
        self._format = QComboBox()
        for words, choice in FORMATS:
            if choice is not ExportFormat.YOLO_POSE or skeleton is not None:
                self._format.addItem(words, choice)
        self._format.setCurrentIndex(self._format.findData(default_format(task)))
        _, val, test = settings.split_fractions
        self._val = QSpinBox(minimum=0, maximum=MOST_HELD_OUT, suffix=" %", value=round(val * 100))
        self._test = QSpinBox(minimum=0, maximum=MOST_HELD_OUT, suffix=" %", value=round(test * 100))
        self._links = QCheckBox("Hard links instead of copies, where the disk allows it")
        self._links.setChecked(settings.hard_links)
        hint = QLabel(
            "Frames of one clip stay in one part. A frame that was exported before stays in the part it was in. "
            "The folder must be new: nothing is ever overwritten.",
            wordWrap=True,
        )
        hint.setObjectName("mutedLabel")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        export = buttons.addButton("Export", QDialogButtonBox.ButtonRole.AcceptRole)
        export.setEnabled(_labelled(counts) > 0)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel(_contents(counts), wordWrap=True))
        layout.addLayout(self._form())
        layout.addWidget(hint)
        layout.addWidget(buttons)

    def _form(self) -> QFormLayout:
        browse = QPushButton("Browse…")
        browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.addWidget(self._out, 1)
        row.addWidget(browse)
        title = QLabel("&Folder")
        title.setBuddy(self._out)
        form = QFormLayout()
        form.addRow(title, row)
        form.addRow("&Labels", self._format)
        form.addRow("&Validation", self._val)
        form.addRow("&Test", self._test)
        form.addRow("", self._links)
        return form

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder for the dataset", str(Path(self._out.text()).parent))
        if folder:
            self._out.setText(str(Path(folder) / Path(self._out.text()).name))

    @property
    def out(self) -> Path:
        """The folder to write."""
        return Path(self._out.text()).expanduser().absolute()

    @property
    def settings(self) -> Settings:
        """The settings with what was chosen here, to be proposed the next time."""
        val = self._val.value()
        test = min(self._test.value(), MOST_HELD_OUT - val)
        fractions = ((100 - val - test) / 100, val / 100, test / 100)
        return replace(self._before, hard_links=self._links.isChecked(), split_fractions=fractions)

    @property
    def options(self) -> ExportOptions:
        """What to export."""
        settings = self.settings
        return ExportOptions(
            format=ExportFormat(self._format.currentData()),
            skeleton=self._skeleton,
            files=FileMode.HARD_LINK if settings.hard_links else FileMode.COPY,
            fractions=settings.split_fractions,
            seed=settings.split_seed,
        )


def _free_folder(folder: Path) -> Path:
    """Return the folder, with a number behind its name when there is one already."""
    names = (folder, *(folder.with_name(f"{folder.name}-{number}") for number in range(2, 1000)))
    return next((name for name in names if not os.path.lexists(name)), folder)


class ExportProgressDialog(QDialog):
    """Runs the export on a thread; Cancel leaves nothing behind; at the end it says what was written."""

    def __init__(
        self, work: Callable[[], Generator[Progress, None, ExportReport]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export Dataset")
        self.setMinimumWidth(520)
        self._bar = QProgressBar(textVisible=False)
        self._text = QLabel("Starting…", wordWrap=True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._notes = QPlainTextEdit(readOnly=True)
        self._notes.hide()
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self._text)
        layout.addWidget(self._bar)
        layout.addWidget(self._notes, 1)
        layout.addWidget(self._buttons)
        self.report: ExportReport | None = None
        """What was written, None when it was not."""
        self._thread = GeneratorThread(work, self)
        self._thread.progressed.connect(self._show_progress)
        self._thread.returned.connect(self._show_report)
        self._thread.failed.connect(self._show_error)
        self._thread.start()

    def _show_progress(self, progress: Progress) -> None:
        self._bar.setRange(0, progress.total)
        self._bar.setValue(progress.done)
        self._text.setText(f"{progress.text}…")

    def _show_report(self, report: ExportReport) -> None:
        self.report = report
        parts = [f"{number:,} {split}" for split, number in report.frames.items() if number]
        self._text.setText(
            f"The dataset is in {report.out}: {', '.join(parts)}, {count_of(report.objects, 'object')}, "
            f"{count_of(report.backgrounds, 'background image')}. It was read back and is complete."
        )
        self._notes.setPlainText("\n".join(report.notes))
        self._notes.setVisible(bool(report.notes))
        self._finish()

    def _show_error(self, error: BaseException) -> None:
        self._finish()
        if not isinstance(error, KnownError):
            self.reject()
            raise error
        self._text.setText(str(error))

    def _finish(self) -> None:
        self._bar.hide()
        self._buttons.setStandardButtons(QDialogButtonBox.StandardButton.Close)

    def done(self, code: int) -> None:
        """Qt override: a cancelled export cleans up before the dialog goes."""
        self._thread.cancel()
        self._thread.wait()
        super().done(code)

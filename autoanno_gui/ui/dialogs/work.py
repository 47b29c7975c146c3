"""A form, one button that starts a piece of work on a thread, its progress, and what came out."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from autoanno_gui.config import PROJECT_SUFFIX
from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.records import Progress
from autoanno_gui.ui.dialogs.run import OF_THE_SCREEN
from autoanno_gui.ui.threads import GeneratorThread

PROJECTS: Final = f"Projects (*{PROJECT_SUFFIX});;All files (*)"

Work = Callable[[], Generator[Progress, None, Any]]


class WorkDialog(QDialog):
    """Enter starts, Esc stops what is going on, and once more closes."""

    def __init__(self, title: str, *, about: str, verb: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(560)
        self.form: Final = QFormLayout()
        self.said: Final = QLabel(wordWrap=True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.said.hide()
        self._bar: Final = QProgressBar(textVisible=False)
        self._bar.hide()
        self.buttons: Final = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.start_button: Final = QPushButton(verb)
        self.buttons.addButton(self.start_button, QDialogButtonBox.ButtonRole.ActionRole)
        self.start_button.clicked.connect(self.start)
        self.buttons.rejected.connect(self.reject)
        self._thread: GeneratorThread | None = None
        self._about: Final = QLabel(about, wordWrap=True)
        self._about.setObjectName("mutedLabel")

    # ------------------------------------------------------------------------------------------------ for subclasses
    def lay_out(self, result: QWidget | None = None) -> None:
        """Put everything in its place, once the form has its rows: the keys go from there down to the buttons.

        Args:
            result: what shows what came out, under the sentence.
        """
        body = QVBoxLayout(self)
        body.setSpacing(10)
        body.addWidget(self._about)
        body.addLayout(self.form)
        body.addWidget(self._bar)
        body.addWidget(self.said)
        if result is not None:
            body.addWidget(result, 1)
        body.addWidget(self.buttons)
        self.start_button.setDefault(True)  # a button knows its dialog only now

    def work(self) -> Work | None:
        """Return what the button starts, None when something is missing that `say` has named."""
        raise NotImplementedError

    def show_result(self, result: Any) -> None:  # noqa: ANN401 - whatever the work returns
        """Show what came out."""
        raise NotImplementedError

    stopped_text = "Stopped; nothing was changed."
    """What is said when the work was stopped half-way."""

    def say(self, text: str) -> None:
        """Show a sentence under the form."""
        self.said.setText(text)
        self.said.setVisible(bool(text))
        self.make_room()

    def make_room(self, least: int = 0, *, wide: int = 0) -> None:
        """Grow so that nothing is cut off, as far as the screen has room.

        Args:
            least: height at least, logical pixels.
            wide: the same of the width.
        """
        layout = self.layout()
        if layout is not None:
            layout.activate()
            room = self.screen().availableSize() * OF_THE_SCREEN
            width = max(self.width(), min(wide, room.width()))
            self.resize(width, min(max(self.height(), least, layout.totalHeightForWidth(width)), room.height()))
            below = self.frameGeometry().bottom() - self.screen().availableGeometry().bottom()
            if below > 0 and self.isVisible():
                self.move(self.x(), max(self.y() - below, self.screen().availableGeometry().top()))

    # ------------------------------------------------------------------------------------------------ the work
    @property
    def running(self) -> bool:
        """Whether the work is going on."""
        return self._thread is not None

    def start(self) -> None:
        """Start the work, once."""
        work = self.work() if not self.running else None
        if work is None:
            return
        self.say("")
        thread = self._thread = GeneratorThread(work, self)
        self._set_busy(True)
        thread.progressed.connect(self._show_progress)
        thread.returned.connect(lambda result: self._end(thread, lambda: self.show_result(result)))
        thread.failed.connect(lambda error: self._end(thread, lambda: self._show_error(error)))
        thread.ended.connect(lambda: self._end(thread, lambda: self.say(self.stopped_text)))
        thread.ended.connect(thread.deleteLater)
        thread.start()

    def _end(self, thread: GeneratorThread, show: Callable[[], None]) -> None:
        if thread is self._thread:
            self._thread = None
            self._set_busy(False)
            show()

    def _set_busy(self, busy: bool) -> None:
        self._bar.setRange(0, 0)
        self._bar.setVisible(busy)
        self.start_button.setEnabled(not busy)
        close = self.buttons.button(QDialogButtonBox.StandardButton.Close)
        close.setText("Stop" if busy else "Close")
        (close if busy else self.start_button).setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_progress(self, progress: Progress) -> None:
        self._bar.setRange(0, progress.total)
        self._bar.setValue(progress.done)
        self.say(f"{progress.text}…")

    def _show_error(self, error: BaseException) -> None:
        if not isinstance(error, KnownError):
            self.reject()
            raise error
        self.say(str(error))

    def reject(self) -> None:
        """Qt override: stops the work first."""
        if self._thread is not None:
            self._thread.cancel()
        else:
            super().reject()

    def done(self, code: int) -> None:
        """Qt override: never leaves a thread behind."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.cancel()
            thread.wait()
        super().done(code)


class FileField(QWidget):
    """A path with a button that looks for a project file."""

    def __init__(self, path: Path | None, *, title: str, to_save: bool = False) -> None:
        super().__init__()
        self._title, self._to_save = title, to_save
        self.field: Final = QLineEdit(str(path) if path is not None else "")
        self.field.setAccessibleName(title)
        self.button: Final = QPushButton("File…")
        self.button.setAutoDefault(False)
        self.button.clicked.connect(self._pick)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.field, 1)
        row.addWidget(self.button)
        self.setFocusProxy(self.field)
        # Without it a label does not take it for a field, and its access key leads nowhere.
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    @property
    def path(self) -> Path | None:
        """What was chosen, absolute; None for nothing."""
        text = self.field.text().strip()
        return Path(text).expanduser().absolute() if text else None

    def _pick(self) -> None:
        start = self.field.text() or str(Path.home())
        ask = QFileDialog.getSaveFileName if self._to_save else QFileDialog.getOpenFileName
        file, _ = ask(self, self._title, start, PROJECTS)
        if file:
            self.field.setText(file)

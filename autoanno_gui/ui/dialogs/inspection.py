"""Reads what a file says about itself while its dialog is open; only the answer about the newest path counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from PySide6.QtCore import QObject, Signal

from autoanno_gui.core.errors import KnownError
from autoanno_gui.ui.threads import GeneratorThread


class Inspection(QObject):
    """One question at a time, each on a thread of its own."""

    found = Signal(object)
    """What the file is."""
    refused = Signal(str)
    """A sentence on why it cannot be used."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._thread: GeneratorThread | None = None

    def ask(self, look: Callable[[], Any]) -> None:
        """Look at a file on a thread; an answer to an earlier question is dropped.

        Args:
            look: returns what `found` tells; raises KnownError for what `refused` tells.
        """

        def work() -> Iterator[Any]:
            yield look()

        thread = self._thread = GeneratorThread(work, self)
        thread.progressed.connect(lambda answer: self.found.emit(answer) if thread is self._thread else None)
        thread.failed.connect(lambda error: self._refuse(thread, error))
        thread.start()

    def drop(self) -> None:
        """Take the question back."""
        self._thread = None

    def finish(self) -> None:
        """Wait for the threads, so that none is left behind."""
        for thread in self.findChildren(GeneratorThread):
            thread.wait()

    def _refuse(self, thread: GeneratorThread, error: BaseException) -> None:
        if thread is not self._thread:
            return
        if not isinstance(error, KnownError):
            raise error
        self.refused.emit(str(error))

"""Brings what happens on other threads to the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot


class GuiThreadBridge(QObject):
    """Calls functions from the event loop of the thread that made the bridge; calls die with it."""

    _call = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._call.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def post(self, function: Callable[[], None]) -> None:
        """Call `function` later on the bridge's thread; may be called from any thread."""
        self._call.emit(function)

    def when_done(self, future: Future[Any], callback: Callable[[Future[Any]], None]) -> None:
        """Call `callback(future)` on the bridge's thread once the future is resolved."""
        future.add_done_callback(lambda done: self.post(lambda: callback(done)))

    @Slot(object)
    def _run(self, function: Callable[[], None]) -> None:
        function()

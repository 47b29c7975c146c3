"""Started by `starting`: shows a window, tells when it was painted, and ends.

Usage: `python -m tests.benchmarks.start_child bare` or `... app ARGUMENTS`, the arguments being those of the program.
Prints one JSON document; times are of `time.monotonic`, which all processes share.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget


def main() -> None:
    """Show what was asked for."""
    kind, *arguments = sys.argv[1:]
    if kind == "bare":
        _bare()
    else:
        _app(arguments)


def _bare() -> None:
    """The floor: a window without anything in it."""
    from PySide6.QtWidgets import QApplication, QWidget

    application = QApplication([])
    window = QWidget()
    window.resize(1440, 900)
    _when_painted(window, lambda: (_tell(window=time.monotonic()), application.quit()))
    window.show()
    application.exec()


def _app(arguments: Sequence[str]) -> None:
    """The program as the command line starts it."""
    from autoanno_gui import app
    from autoanno_gui.cli import main as command_line

    seen: dict[str, float | bool] = {}
    launch = app.launch

    def watched(argv: Sequence[str]):  # type: ignore[no-untyped-def]  # noqa: ANN202 - the class would be imported early
        window = launch(argv)
        _when_painted(window, lambda: seen.setdefault("window", time.monotonic()))
        window.frame_shown.connect(lambda _path: finish(window))
        return window

    def finish(window: QWidget) -> None:
        _tell(**seen, frame=time.monotonic(), torch="torch" in sys.modules)
        window.close()

    app.launch = watched  # type: ignore[assignment]
    command_line(["gui", *arguments])


def _when_painted(window: QWidget, then) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Call `then` from the event loop once the window has been painted for the first time."""
    from PySide6.QtCore import QEvent, QObject, QTimer

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                window.removeEventFilter(self)
                QTimer.singleShot(0, then)
            return False

    window.installEventFilter(Watch(window))


def _tell(**seen: float | bool) -> None:
    print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    main()

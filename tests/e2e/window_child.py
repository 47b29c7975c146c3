"""Run as a process of its own by the kill tests: a window that somebody uses until it is killed or closes itself.

python -m tests.e2e.window_child review ARGUMENT...   presses Space on each frame; prints each path once its decision
                                                      is known to be safe
python -m tests.e2e.window_child predict ARGUMENT...  closes the window in the middle of the prediction job
"""

from __future__ import annotations

import sys

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from autoanno_gui.app import launch
from autoanno_gui.review.prediction_job import PredictionProgress
from autoanno_gui.ui.main_window import MainWindow


def say(text: object) -> None:
    print(text, flush=True)  # noqa: T201


def review(window: MainWindow) -> None:
    before: list[str] = []

    def on_shown(path: str) -> None:
        # This frame would not be announced if the decision before it had not been acknowledged.
        if before:
            say(before[-1])
        before.append(path)
        QTimer.singleShot(0, lambda: QTest.keyClick(window.canvas, Qt.Key.Key_Space))

    window.frame_shown.connect(on_shown)


def predict(window: MainWindow) -> None:
    closing: list[int] = []

    def on_progress(progress: PredictionProgress) -> None:
        if progress.done >= 5 and not closing:
            closing.append(progress.done)
            say(progress.done)
            window.close()

    window.models.job_progressed.connect(on_progress)


def main(what: str, arguments: list[str]) -> int:
    window = launch(arguments)
    {"review": review, "predict": predict}[what](window)
    return QApplication.exec()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))

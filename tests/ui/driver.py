"""Drives the real window as a person would: keys, the mouse, and waiting for what the window says."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from autoanno_gui.app import launch
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import open_report
from autoanno_gui.ui.main_window import MainWindow
from tests.projects import MadeProject

Key = Qt.Key
NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier
PATIENCE_MS = 20_000


class Driver:
    """One open window."""

    def __init__(self, qtbot: QtBot, arguments: list[str]) -> None:
        self._qtbot = qtbot
        self.window: MainWindow = launch(arguments)
        self.shown: list[str] = []
        self.finished = 0
        self._closed = False
        self.window.frame_shown.connect(self.shown.append)
        self.window.queue_finished.connect(self._note_finished)
        self.window.resize(1200, 800)

    @classmethod
    def on(cls, qtbot: QtBot, made: MadeProject) -> Driver:
        """Open a project and wait for its first frame."""
        driver = cls(qtbot, [str(made.folder), "--project", str(made.file)])
        driver.wait_for_frame(0)
        return driver

    def _note_finished(self) -> None:
        self.finished += 1

    @property
    def session(self) -> ReviewSession:
        assert self.window.presenter is not None
        return self.window.presenter.session

    @property
    def frame(self) -> str:
        """The open frame's path."""
        frame = self.session.frame
        assert frame is not None
        return frame.path

    def wait(self, condition) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        self._qtbot.waitUntil(condition, timeout=PATIENCE_MS)

    def wait_for_frame(self, after: int) -> None:
        """Wait until more than `after` frames have been shown, and the first scan is over."""
        self.wait(lambda: len(self.shown) > after)

    # ------------------------------------------------------------------------------------------------ hands
    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
        """Press and release one key on the canvas."""
        QTest.keyClick(self.window.canvas, key, modifier)

    def decide(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
        """Press a key that leads to another frame, and wait until the window takes the next key."""
        before, finished = len(self.shown), self.finished
        self.key(key, modifier)
        self.wait(lambda: len(self.shown) > before or self.finished > finished)

    def at(self, x: float, y: float) -> QPoint:
        """Return where an image pixel is in the viewport."""
        canvas = self.window.canvas
        return canvas.mapFromScene(QPointF(x, y))

    def drag(self, a: tuple[float, float], b: tuple[float, float], modifier: Qt.KeyboardModifier = NONE) -> None:
        """Drag from one image pixel to another."""
        viewport = self.window.canvas.viewport()
        button = Qt.MouseButton.LeftButton
        middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
        QTest.mousePress(viewport, button, modifier, self.at(*a))
        for point in (middle, b):
            QTest.mouseMove(viewport, self.at(*point))
        QTest.mouseRelease(viewport, button, modifier, self.at(*b))

    def click(self, x: float, y: float) -> None:
        """Click on an image pixel."""
        QTest.mouseClick(self.window.canvas.viewport(), Qt.MouseButton.LeftButton, NONE, self.at(x, y))

    # ------------------------------------------------------------------------------------------------ eyes
    def roles(self) -> dict[Role, int]:
        """Return how many objects are in each role, the hidden left out."""
        document = self.session.document
        assert document is not None
        found: dict[Role, int] = {}
        for item in document:
            role = document.role(item)
            if role is not Role.HIDDEN:
                found[role] = found.get(role, 0) + 1
        return found

    def selected_class(self) -> str | None:
        """Return the class name of the selected object."""
        document, selected = self.session.document, self.session.objects.selected
        item = document.get(selected) if document is not None and selected is not None else None
        return self.session.classes[item.class_id].name if item is not None else None

    def reader(self) -> Reader:
        """Return a reader of what is really in the project file."""
        return open_report(Path(self.session.store.file))

    def close(self) -> None:
        """Close the window and let go of it."""
        if not self._closed:
            self._closed = True
            self.window.close()
            self.window.deleteLater()

"""From the key to the painted next frame, with the accept of the frame before committed on each key."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from autoanno_gui.app import launch
from autoanno_gui.ui.canvas.view import CanvasView
from autoanno_gui.ui.main_window import MainWindow
from tests.benchmarks.figures import Figure, median, percentile
from tests.benchmarks.material import make_frames, make_project

KEY_SECONDS = 0.1
DROPPED = 5
BUDGET_MS = 16.0
WINDOW = (1920, 1050)


@dataclass
class Latencies:
    """Milliseconds from the key to the end of the paint, and to the acknowledged decision."""

    painted: list[float] = field(default_factory=list)
    shown: list[float] = field(default_factory=list)


def measure(folder: Path, *, name: str, width: int, height: int, count: int) -> Figure:
    """Review `count` frames at 10 keys a second in a real window."""
    frames, file = folder / name, folder / f"{name}.autoanno"
    make_frames(frames, count=count, width=width, height=height)
    make_project(file, frames, width=width, height=height)
    found = _review(frames, file, count)
    floor = _bare_paint(count=60)
    painted = found.painted[DROPPED:]
    p99 = percentile(painted, 0.99)
    detail = (
        f"p50 {median(painted):.2f} ms, p99 {p99:.2f} ms, max {max(painted):.2f} ms of {len(painted)} keys; "
        f"acknowledged p99 {percentile(found.shown[DROPPED:], 0.99):.2f} ms"
    )
    return Figure(f"next frame, {name}, p99", p99, "ms", floor, f"<= {BUDGET_MS:.0f} ms", p99 <= BUDGET_MS, detail)


class _PaintClock:
    """Notes when the canvas has finished painting; wraps the class, so it is there before the window is made."""

    def __init__(self) -> None:
        self.painted_at = 0.0
        self._original = CanvasView.paintEvent

    def __enter__(self) -> _PaintClock:
        original, clock = self._original, self

        def timed(view: CanvasView, event: QPaintEvent) -> None:
            original(view, event)
            clock.painted_at = time.perf_counter()

        CanvasView.paintEvent = timed  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        CanvasView.paintEvent = self._original  # type: ignore[method-assign]


def _review(frames: Path, file: Path, count: int) -> Latencies:
    found = Latencies()
    with _PaintClock() as clock:
        window = launch([str(frames), "--project", str(file)])
        window.resize(*WINDOW)
        shown: list[str] = []
        window.frame_shown.connect(shown.append)
        wait_until(lambda: bool(shown))
        wait_for(0.5)
        for _ in range(count - 1):
            pressed = time.perf_counter()
            before = len(shown)
            painted: list[float] = []
            connection = window.canvas.frame_painted.connect(lambda _id, p=painted: p.append(clock.painted_at))
            QTest.keyClick(window.canvas, Qt.Key.Key_Space)
            wait_until(lambda before=before: len(shown) > before)  # type: ignore[misc]
            acknowledged = time.perf_counter()
            window.canvas.frame_painted.disconnect(connection)
            found.painted.append((painted[0] - pressed) * 1000)
            found.shown.append((acknowledged - pressed) * 1000)
            wait_for(max(0.0, KEY_SECONDS - (time.perf_counter() - pressed)))
        close(window)
    return found


class _Bare(QWidget):
    """The floor: a widget that does nothing but draw an image that is ready."""

    def __init__(self, images: list[QImage]) -> None:
        super().__init__()
        self._images = images
        self.number = 0
        self.painted_at = 0.0

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawImage(0, 0, self._images[self.number % len(self._images)])
        painter.end()
        self.painted_at = time.perf_counter()


def _bare_paint(*, count: int) -> float:
    images = []
    for shade in (60, 180):
        image = QImage(1650, 930, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.darkGray if shade < 100 else Qt.GlobalColor.lightGray)
        images.append(image)
    widget = _Bare(images)
    widget.resize(1650, 930)
    widget.show()
    wait_for(0.2)
    taken = []
    for number in range(count):
        widget.number = number
        begun, before = time.perf_counter(), widget.painted_at
        widget.update()
        wait_until(lambda before=before: widget.painted_at > before)  # type: ignore[misc]
        taken.append((widget.painted_at - begun) * 1000)
    widget.close()
    return percentile(taken, 0.99)


def close(window: MainWindow) -> None:
    """Close a window and let go of it."""
    window.close()
    window.deleteLater()
    wait_for(0.05)


def wait_for(seconds: float) -> None:
    """Let the event loop run for a time."""
    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()


def wait_until(condition, timeout: float = 60.0) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Let the event loop run until a condition holds."""
    application = QApplication.instance()
    assert application is not None
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the window did not get there in time")
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50)

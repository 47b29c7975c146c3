"""From the key to the painted next frame, with the accept of the frame before committed on each key."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from autoanno_gui.ui.main_window import MainWindow
from tests.benchmarks.figures import Figure, median, percentile, spread
from tests.benchmarks.machine import SyncProbe
from tests.benchmarks.material import make_frames, make_project
from tests.benchmarks.waiting import wait_for, wait_until
from tests.benchmarks.windows import Shown, Stopwatch, open_window

SIZES: Final = {"1080p": (1920, 1080), "4K": (3840, 2160)}
KEY_SECONDS: Final = 0.1
HELD_SECONDS: Final = 1 / 30
DROPPED: Final = 5
BUDGET_MS: Final = 16.0
SYNC_MARGIN_MS: Final = 5.0


@dataclass
class Keys:
    """Milliseconds of each key, the first few left out."""

    painted: list[float] = field(default_factory=list)
    """From the key to the end of the next frame's paint."""
    worked: list[float] = field(default_factory=list)
    """What the GUI thread computed meanwhile."""
    acknowledged: list[float] = field(default_factory=list)
    """From the key to the store's word that the decision is on the disk."""
    open_again: list[float] = field(default_factory=list)
    """From the key until the window takes the next one."""
    syncs: list[float] = field(default_factory=list)
    """What a bare sync took on the same disk in the pause after each key."""
    viewport: QSize = field(default_factory=QSize)


@dataclass
class _Runs:
    keys: list[Keys] = field(default_factory=list)
    floors: list[float] = field(default_factory=list)


def measure(folder: Path, *, short: bool) -> list[Figure]:
    """Review at 10 keys a second, several times, at two sizes of frames; then move on at 30 keys a second."""
    repeats, count = (1, 16) if short else (3, 105)
    figures = []
    by_size = {}
    for name, (width, height) in SIZES.items():
        frames = folder / name
        make_frames(frames, count=count, width=width, height=height)
        runs = by_size[name] = _Runs()
        for repeat in range(repeats):
            file = folder / f"{name}_{repeat}.autoanno"
            make_project(file, frames, width=width, height=height)
            keys = _review(frames, file, count)
            runs.keys.append(keys)
            runs.floors.append(percentile(bare_paints(frames, viewport=keys.viewport, count=min(count, 50)), 0.99))
        figures.append(_painted(name, runs))
    figures.append(_acknowledged([keys for runs in by_size.values() for keys in runs.keys]))
    figures.append(_held(folder, count=count, floor=median(by_size["4K"].floors)))
    return figures


def _painted(name: str, runs: _Runs) -> Figure:
    value = median([percentile(keys.painted, 0.99) for keys in runs.keys])
    detail = (
        f"{spread([ms for keys in runs.keys for ms in keys.painted], 'ms')}; "
        f"GUI thread busy {spread([ms for keys in runs.keys for ms in keys.worked], 'ms')}; "
        f"next key taken after {spread([ms for keys in runs.keys for ms in keys.open_again], 'ms')}"
    )
    return Figure(
        name=f"next frame, {name}, 10 keys/s, p99",
        value=value,
        unit="ms",
        floor=median(runs.floors),
        budget=f"<= {BUDGET_MS:.0f} ms",
        met=value <= BUDGET_MS,
        detail=detail,
    )


def _acknowledged(runs: list[Keys]) -> Figure:
    value = median([percentile(keys.acknowledged, 0.99) for keys in runs])
    floor = median([percentile(keys.syncs, 0.99) for keys in runs])
    times, syncs = [ms for keys in runs for ms in keys.acknowledged], [ms for keys in runs for ms in keys.syncs]
    return Figure(
        name="decision acknowledged, p99",
        value=value,
        unit="ms",
        floor=floor,
        budget=f"<= sync + {SYNC_MARGIN_MS:.0f} ms",
        met=value <= floor + SYNC_MARGIN_MS,
        detail=f"from the key to the store's word: {spread(times, 'ms')}; sync {spread(syncs, 'ms')}",
    )


def _review(frames: Path, file: Path, count: int) -> Keys:
    """Accept each frame at 10 keys a second in a real window."""
    found = Keys()
    with Stopwatch() as watch, open_window(frames, "--project", file, "--checks", "off") as window:
        shown = Shown(window)
        shown.wait(1)
        assert window.presenter is not None
        window.presenter.tour.enabled = False
        wait_for(0.5)
        found.viewport = window.canvas.viewport().size()
        probe = SyncProbe(file.parent)
        for number in range(count - 1):
            begun, worked = time.perf_counter(), time.thread_time()
            painted: list[tuple[float, float]] = []

            def note(_id: int, to: list[tuple[float, float]] = painted) -> None:
                to.append((watch.painted_at, watch.painted_cpu))

            window.canvas.frame_painted.connect(note)
            shown.wait_for_next(lambda: press(window, Qt.Key.Key_Space))
            again = time.perf_counter()
            window.canvas.frame_painted.disconnect(note)
            if number >= DROPPED:
                found.painted.append((painted[0][0] - begun) * 1000)
                found.worked.append((painted[0][1] - worked) * 1000)
                found.acknowledged.append((watch.acknowledged_at - begun) * 1000)
                found.open_again.append((again - begun) * 1000)
            wait_for(KEY_SECONDS / 2 - (time.perf_counter() - begun))
            found.syncs.append(probe.measure())
            wait_for(KEY_SECONDS - (time.perf_counter() - begun))
        probe.close()
    return found


def _held(folder: Path, *, count: int, floor: float) -> Figure:
    """Hold D over frames of 4K: nothing is decided, and the keys come whether or not a frame was ready."""
    file = folder / "held.autoanno"
    make_project(file, folder / "4K", width=SIZES["4K"][0], height=SIZES["4K"][1])
    taken: list[float] = []
    with Stopwatch() as watch, open_window(folder / "4K", "--project", file, "--checks", "off") as window:
        Shown(window).wait(1)
        wait_for(0.5)
        for number in range(count - 1):
            begun, painted = time.perf_counter(), watch.painted_at
            press(window, Qt.Key.Key_D)
            wait_until(lambda painted=painted: watch.painted_at > painted, window.canvas.frame_painted)  # type: ignore[misc]
            if number >= DROPPED:
                taken.append((watch.painted_at - begun) * 1000)
            wait_for(HELD_SECONDS - (time.perf_counter() - begun))
    value = percentile(taken, 0.99)
    late = sum(ms > BUDGET_MS for ms in taken)
    return Figure(
        name="next frame, 4K, D held at 30/s, p99",
        value=value,
        unit="ms",
        floor=floor,
        budget=f"aim <= {BUDGET_MS:.0f} ms",
        met=None,
        detail=f"{spread(taken, 'ms')}; {late} over {BUDGET_MS:.0f} ms",
    )


def press(window: MainWindow, key: Qt.Key) -> None:
    """Press and release one key on the canvas."""
    QTest.keyClick(window.canvas, key)


class _Bare(QWidget):
    """The floor: a widget that does nothing but draw an image that is ready."""

    painted = Signal()

    def __init__(self, images: list[QImage], size: QSize) -> None:
        super().__init__()
        self._images = images
        self.number = 0
        self.painted_at = 0.0
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFixedSize(size)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawImage(0, 0, self._images[self.number % len(self._images)])
        painter.end()
        self.painted_at = time.perf_counter()
        self.painted.emit()


def bare_paints(frames: Path, *, viewport: QSize, count: int) -> list[float]:
    """Return the milliseconds of bare paints of ready images, in a widget as large as the canvas, some time apart."""
    images = [
        QImage(str(file))
        .scaled(viewport, Qt.AspectRatioMode.KeepAspectRatio)
        .convertToFormat(QImage.Format.Format_RGB32)
        for file in sorted(frames.iterdir())[:2]
    ]
    widget = _Bare(images, viewport)
    widget.show()
    wait_for(0.2)
    taken = []
    for number in range(count):
        widget.number = number
        begun, before = time.perf_counter(), widget.painted_at
        widget.update()
        wait_until(lambda before=before: widget.painted_at > before, widget.painted)  # type: ignore[misc]
        if number >= DROPPED:
            taken.append((widget.painted_at - begun) * 1000)
        wait_for(KEY_SECONDS / 2)
    widget.close()
    widget.deleteLater()
    return taken

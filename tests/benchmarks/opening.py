"""Opening a folder of very many frames: the first frame on the screen, memory, and how long the window stands still."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QLineEdit

from autoanno_gui.core.queue import QueueReason
from autoanno_gui.ui.main_window import MainWindow
from autoanno_gui.ui.panels.queue_popup import Narrowing
from tests.benchmarks.figures import Figure, median
from tests.benchmarks.machine import memory_bytes
from tests.benchmarks.material import make_many_frames
from tests.benchmarks.predicting import Ticker
from tests.benchmarks.waiting import wait_for, wait_until
from tests.benchmarks.windows import Stopwatch, open_window

BUDGET_SECONDS: Final = 1.0
BUDGET_BYTES: Final = 1024
PANEL_BUDGET_MS: Final = 5.0
FEW: Final = 2_000
FIRST_SEARCH: Final = "first search"
"""Reads all names, once for as long as the frames stay the same."""


@dataclass(frozen=True, slots=True)
class Opened:
    """One opening.

    Attributes:
        first: seconds until the first frame was painted.
        whole: seconds until the scan was over.
        longest: milliseconds of the longest gap in the event loop.
        memory: bytes of the process afterwards, None where the system does not tell.
    """

    first: float
    whole: float
    longest: float
    memory: int | None


def measure(folder: Path, *, short: bool) -> list[Figure]:
    """Open a small folder first, so that everything is loaded; then a huge one, as a new project and as a known one."""
    count = 20_000 if short else 100_000
    few, many = folder / "few", folder / "many"
    make_many_frames(few, count=FEW)
    make_many_frames(many, count=count)
    panel: dict[str, float] = {}
    new: list[Opened] = []
    known: list[Opened] = []
    with Stopwatch() as watch, open_window() as window:
        before = _open(window, watch, few, folder / "few.autoanno", FEW)
        for number in range(1 if short else 3):
            new.append(_open(window, watch, many, folder / f"many_{number}.autoanno", count))
            panel = _panel(window)
            _open(window, watch, few, folder / "few.autoanno", FEW)
            known.append(_open(window, watch, many, folder / f"many_{number}.autoanno", count))
            _open(window, watch, few, folder / "few.autoanno", FEW)
    dearest = max(ms for name, ms in panel.items() if name != FIRST_SEARCH)
    figures = [
        _first(f"open {count:,} new frames, first one painted", new),
        _first(f"open {count:,} known frames, first one painted", known),
        Figure(
            f"queue panel, {count:,} frames, dearest act",
            dearest,
            "ms",
            None,
            f"<= {PANEL_BUDGET_MS:.0f} ms",
            dearest <= PANEL_BUDGET_MS,
            ", ".join(f"{name} {ms:.1f}" for name, ms in panel.items()) + " ms of the GUI thread",
        ),
    ]
    if new[0].memory is not None and before.memory is not None:
        growth = (new[0].memory - before.memory) / (count - FEW)
        figures.insert(
            2,
            Figure(
                f"memory per frame, {count:,} new frames",
                growth,
                "bytes",
                None,
                f"<= {BUDGET_BYTES} bytes",
                growth <= BUDGET_BYTES,
                f"{before.memory / 1e6:.0f} MB with {FEW} frames open, {new[0].memory / 1e6:.0f} MB with all",
            ),
        )
    return figures


def _first(name: str, opened: list[Opened]) -> Figure:
    value = median([one.first for one in opened])
    detail = "; ".join(
        f"first {one.first:.2f} s, whole scan {one.whole:.1f} s, longest gap of the event loop {one.longest:.0f} ms"
        for one in opened
    )
    return Figure(name, value, "s", None, f"<= {BUDGET_SECONDS:.0f} s", value <= BUDGET_SECONDS, detail)


def _open(window: MainWindow, watch: Stopwatch, folder: Path, file: Path, count: int) -> Opened:
    """Open a folder in a window that may have another one open, and wait for the end of the scan."""
    projects = window.projects
    ended: list[bool] = []
    painted: list[float] = []

    def note_end() -> None:
        ended.append(True)

    def note_paint(_id: int) -> None:
        painted.append(watch.painted_at)

    projects.scan_ended.connect(note_end)
    window.canvas.frame_painted.connect(note_paint)
    ticker = Ticker()
    begun = time.perf_counter()
    window.open_folder(folder, project_file=file)
    wait_until(lambda: bool(ended and painted), projects.scan_ended, window.canvas.frame_painted)
    whole = time.perf_counter() - begun
    wait_for(0.3)
    longest = max(ticker.take())
    projects.scan_ended.disconnect(note_end)
    window.canvas.frame_painted.disconnect(note_paint)
    presenter = window.presenter
    if presenter is None or len(presenter.session.frames) != count:
        raise RuntimeError(f"not all of {count} frames came into the window")
    gc.collect()
    return Opened(painted[0] - begun, whole, longest, memory_bytes())


def _panel(window: MainWindow) -> dict[str, float]:
    """Return the milliseconds of the GUI thread for what the queue panel does over all frames."""
    panel = window.queue_panel
    search = panel.findChild(QLineEdit)
    assert search is not None
    bar = panel.table.verticalScrollBar()

    def turn_page(pages: int) -> None:
        bar.setValue(bar.value() + pages * bar.pageStep())
        panel.table.viewport().repaint()

    # The pictures of the page below are there before it is turned to.
    turn_page(2)
    wait_for(1.0)
    turn_page(-1)
    acts = {
        "page": partial(turn_page, 1),
        "frames found": panel.refresh_all,
        "sorted anew": panel.refresh_order,
        "reason": lambda: panel.filters.narrow(Narrowing(reason=QueueReason.UNPREDICTED)),
        "no reason": lambda: panel.filters.narrow(Narrowing()),
        "filter": lambda: panel.toggle_filter("undecided"),
        "no filter": lambda: panel.toggle_filter("undecided"),
        FIRST_SEARCH: lambda: search.setText("9"),
        "search": lambda: search.setText("99"),
        "no search": search.clear,
    }
    taken = {}
    for name, act in acts.items():
        begun = time.thread_time()
        act()
        taken[name] = (time.thread_time() - begun) * 1000
    return taken

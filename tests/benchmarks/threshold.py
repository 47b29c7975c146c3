"""From a change of the threshold to the repaint of 300 predictions on screen, and of the panels that follow them."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest

from autoanno_gui.core.mask import Mask
from autoanno_gui.core.outlines import Masks
from autoanno_gui.core.predictions import FramePredictions, FrameResult, ModelInfo, RunSettings
from autoanno_gui.core.records import Thresholds
from autoanno_gui.core.review_objects import Role
from autoanno_gui.core.task import Task
from autoanno_gui.imaging.scan import scan_folder
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.ui.main_window import MainWindow
from tests.benchmarks.figures import Figure, median, percentile
from tests.benchmarks.material import CLASSES, make_frames
from tests.benchmarks.waiting import wait_for, wait_until
from tests.benchmarks.windows import Shown, open_window

OBJECTS: Final = 300
POINTS: Final = 40
FRAME: Final = (3840, 2160)
BUDGET_MS: Final = 16.7
PERIOD: Final = 0.1
CHANGES: Final = 90
FEW_CHANGES: Final = 15
RUNS: Final = 3
WINDOW: Final = (1600, 950)
KINDS: Final = {"boxes": Task.DETECT, "masks": Task.SEGMENT}

Act: TypeAlias = Callable[[MainWindow, int], None]
"""Changes the threshold for the n-th time."""


@dataclass
class Taken:
    """Milliseconds of each change."""

    repainted: list[float] = field(default_factory=list)
    """Until the canvas is painted."""
    followed: list[float] = field(default_factory=list)
    """Until the list, the counts and the histogram are painted, too."""
    worked: list[float] = field(default_factory=list)
    """What the GUI thread computed meanwhile."""
    settled: list[float] = field(default_factory=list)
    """Until the picture of all masks is the final one; before that, changed ones are shown as a sketch."""
    bare: list[float] = field(default_factory=list)
    """A repaint of the canvas without any change."""


def measure(folder: Path, *, short: bool) -> list[Figure]:
    """Measure at one and at two device pixels per logical pixel, each in a process of its own as Qt wants it."""
    frames = folder / "frames"
    make_frames(frames, count=1, width=FRAME[0], height=FRAME[1])
    for kind, task in KINDS.items():
        _make_project(folder / f"{kind}.autoanno", frames, task)
    figures: list[Figure] = []
    runs, changes = (1, FEW_CHANGES) if short else (RUNS, CHANGES)
    for ratio in (1,) if short else (1, 2):
        with ProcessPoolExecutor(
            1, mp_context=multiprocessing.get_context("spawn"), initializer=_scale, initargs=(ratio,)
        ) as pool:
            figures += pool.submit(_measure_at, folder, ratio, runs=runs, changes=changes).result()
    return figures


def _scale(ratio: int) -> None:
    os.environ["QT_SCALE_FACTOR"] = str(ratio)


def _measure_at(folder: Path, ratio: int, *, runs: int, changes: int) -> list[Figure]:
    figures = []
    for kind in KINDS:
        taken: dict[str, list[Taken]] = {name: [] for name in ACTS}
        for _ in range(runs):
            with open_window(folder / "frames", "--project", folder / f"{kind}.autoanno", size=WINDOW) as window:
                _show_everything(window)
                for name, act in ACTS.items():
                    taken[name].append(_changes(window, act, changes))
        figures += [_figure(f"threshold {name}, {OBJECTS} {kind}, {ratio}x, p99", taken[name]) for name in ACTS]
    return figures


def _figure(name: str, runs: list[Taken]) -> Figure:
    value = median([percentile(run.repainted, 0.99) for run in runs])
    detail = (
        f"p50 {median([median(run.repainted) for run in runs]):.2f} ms; p99 of each run "
        + " ".join(f"{percentile(run.repainted, 0.99):.1f}" for run in runs)
        + f" ms of {len(runs[0].repainted)} changes; with all panels p50 "
        + f"{median([median(run.followed) for run in runs]):.2f}, p99 "
        + f"{median([percentile(run.followed, 0.99) for run in runs]):.2f} ms; GUI thread busy p50 "
        + f"{median([median(run.worked) for run in runs]):.2f}, p99 "
        + f"{median([percentile(run.worked, 0.99) for run in runs]):.2f} ms; final picture after p50 "
        + f"{median([median(run.settled) for run in runs]):.1f}, p99 "
        + f"{median([percentile(run.settled, 0.99) for run in runs]):.1f} ms"
    )
    floor = median([percentile(run.bare, 0.99) for run in runs])
    return Figure(name, value, "ms", floor, f"<= {BUDGET_MS} ms", value <= BUDGET_MS, detail)


# ---------------------------------------------------------------------------------------------------- what is shown
def _make_project(file: Path, folder: Path, task: Task) -> None:
    info = ModelInfo("/models/bench.pt", "bench.pt", task, CLASSES, (640, 640), "torch", "0" * 64)
    with Store.open(file, root=folder) as store:
        frames = [
            frame
            for block in scan_folder(folder)
            for frame in store.submit(Priority.OTHER, lambda w, b=block: w.add_frames(b)).result()  # type: ignore[misc]
        ]
        store.submit(Priority.OTHER, lambda w: w.set_project_task(task)).result()
        run = store.submit(Priority.OTHER, lambda w: w.start_run(RunSettings(info, (640, 640)), device="cpu")).result()
        results = [FrameResult(frame.id, _predictions(task)) for frame in frames]
        store.submit(Priority.OTHER, lambda w: w.record_results(run, results)).result()


def _predictions(task: Task) -> FramePredictions:
    """Return predictions that are all candidates or ghosts, at whatever threshold."""
    rng = np.random.default_rng(7)
    centres = rng.uniform((150, 150), (FRAME[0] - 150, FRAME[1] - 150), (OBJECTS, 2))
    sizes = rng.uniform(30, 140, (OBJECTS, 2))
    confidences = np.sort(rng.uniform(0.16, 0.95, OBJECTS))[::-1].astype(np.float32)
    classes = rng.integers(0, len(CLASSES), OBJECTS).astype(np.int32)
    top_classes = np.stack([classes, (classes + 1) % 3, (classes + 2) % 3], axis=1).astype(np.int32)
    top_scores = np.stack([confidences, confidences * 0.6, confidences * 0.1], axis=1).astype(np.float32)
    boxes = np.hstack([centres - sizes, centres + sizes]).astype(np.float32)
    outlines = None
    if task is Task.SEGMENT:
        turn = np.linspace(0.0, 2 * np.pi, POINTS, endpoint=False)
        swell = 0.9 + 0.1 * np.sin(3 * turn + rng.uniform(0, 6, (OBJECTS, 1)))
        rings = np.stack(
            [
                centres[:, :1] + sizes[:, :1] * swell * np.cos(turn),
                centres[:, 1:] + sizes[:, 1:] * swell * np.sin(turn),
            ],
            axis=2,
        )
        outlines = Masks.of([Mask.of_points(map(tuple, ring)) for ring in rings.tolist()])
    return FramePredictions(boxes, confidences, classes, top_classes, top_scores, outlines)


def _show_everything(window: MainWindow) -> None:
    """Show the frame with its ghosts, so that all predictions stay on screen whatever the threshold."""
    Shown(window).wait(1)
    assert window.presenter is not None
    session = window.presenter.session
    # Where the last run left it, some keys would change nothing.
    window.presenter.set_threshold(Thresholds().default)
    if not session.objects.ghosts_shown:
        window.presenter.toggle_ghosts()
    assert session.document is not None
    on_screen = session.document.in_role(Role.CANDIDATE, Role.GHOST)
    if len(on_screen) < OBJECTS * 0.98:  # a few ghosts repeat another object
        raise RuntimeError(f"{len(on_screen)} predictions are on screen, not {OBJECTS}")
    wait_for(1.0)


# ---------------------------------------------------------------------------------------------------- what is done
def _changes(window: MainWindow, act: Act, count: int) -> Taken:
    taken = Taken()
    painted: list[float] = []
    paint = window.canvas.paint_now

    def noted() -> None:
        paint()
        painted.append(time.perf_counter())

    window.canvas.paint_now = noted  # type: ignore[method-assign]
    overlay = window.canvas.scene_objects.overlay
    for number in range(count):
        painted.clear()
        begun, worked = time.perf_counter(), time.thread_time()
        act(window, number)
        # The canvas is painted by now; the panels are with what Qt paints next.
        QCoreApplication.sendPostedEvents(window, QEvent.Type.UpdateRequest)
        taken.followed.append((time.perf_counter() - begun) * 1000)
        taken.repainted.append((painted[0] - begun) * 1000)
        taken.worked.append((time.thread_time() - worked) * 1000)
        wait_until(lambda: overlay.settled, overlay.renewed)
        taken.settled.append((time.perf_counter() - begun) * 1000)
        wait_for(PERIOD - (time.perf_counter() - begun))
        begun = time.perf_counter()
        paint()
        taken.bare.append((time.perf_counter() - begun) * 1000)
    window.canvas.paint_now = paint  # type: ignore[method-assign]
    return taken


def _press(window: MainWindow, number: int) -> None:
    """Press = six times, then - six times: the threshold goes up and down by 0.05."""
    QTest.keyClick(window.canvas, Qt.Key.Key_Equal if number % 12 < 6 else Qt.Key.Key_Minus)


def _slide(window: MainWindow, number: int) -> None:
    """Move the slider as a hand does that drags it: far, and back."""
    value = 0.5 + 0.42 * np.sin(number * 0.9)
    assert window.presenter is not None
    window.presenter.set_threshold(float(value))


ACTS: Final[dict[str, Act]] = {"by key": _press, "by far": _slide}

"""A repaint of a 4K frame with 300 boxes or 300 masks, while they are selected, dragged and zoomed at."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from autoanno_gui.core.box import Box
from autoanno_gui.core.classes import PALETTE
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.presentation import ShownObject
from autoanno_gui.ui.canvas.image_item import FrameImage
from autoanno_gui.ui.canvas.view import CanvasView
from tests.benchmarks.figures import Figure, median, percentile
from tests.benchmarks.waiting import wait_for, wait_until

OBJECTS: Final = 300
POINTS: Final = 100
FRAME: Final = (3840, 2160)
VIEWPORT: Final = (1600, 900)
BUDGET_MS: Final = 16.7
PERIOD: Final = 1 / 60
REPAINTS: Final = 80
FEW_REPAINTS: Final = 15
RUNS: Final = 3
Step: TypeAlias = Callable[[CanvasView, Sequence[ShownObject], int], None]
"""Does the n-th thing of a kind; without objects, what of it also happens to the bare image."""
ROLES: Final = (Role.CANDIDATE, Role.CANDIDATE, Role.CONFIRMED, Role.GHOST)


def measure(folder: Path, *, short: bool) -> list[Figure]:
    """Measure at one and at two device pixels per logical pixel, each in a process of its own as Qt wants it."""
    figures: list[Figure] = []
    runs, repaints = (1, FEW_REPAINTS) if short else (RUNS, REPAINTS)
    for ratio in (1,) if short else (1, 2):
        with ProcessPoolExecutor(
            1, mp_context=multiprocessing.get_context("spawn"), initializer=_scale, initargs=(ratio,)
        ) as pool:
            figures += pool.submit(_measure_at, ratio, runs=runs, repaints=repaints).result()
    return figures


def _scale(ratio: int) -> None:
    os.environ["QT_SCALE_FACTOR"] = str(ratio)


def _measure_at(ratio: int, *, runs: int, repaints: int) -> list[Figure]:
    application = QApplication.instance() or QApplication(["many_objects"])
    rng = np.random.default_rng(7)
    kinds = {"boxes": _boxes(rng), "masks": _masks(rng)}
    figures = []
    with _open_view() as view:
        for act, step in ACTS.items():
            bare = [_repaints(view, (), step, repaints) for _ in range(runs)]
            for name, objects in kinds.items():
                if name == "masks" or step is not _drag_vertex:
                    taken = [_repaints(view, objects, step, repaints) for _ in range(runs)]
                    figures.append(_figure(f"repaint, {OBJECTS} {name}, {act}, {ratio}x, p99", taken, bare))
    del application
    return figures


def _figure(name: str, runs: Sequence[Sequence[float]], bare: Sequence[Sequence[float]]) -> Figure:
    """Return the median of the runs' p99, so that a burst of other work on the machine does not decide it."""
    value, floor = (median([percentile(run, 0.99) for run in some]) for some in (runs, bare))
    middle, bare_middle = (median([median(run) for run in some]) for some in (runs, bare))
    detail = (
        f"p50 {middle:.2f} ms, of the bare image {bare_middle:.2f} ms; p99 of each run "
        + " ".join(f"{percentile(run, 0.99):.1f}" for run in runs)
        + f" ms of {len(runs[0])} repaints"
    )
    return Figure(name, value, "ms", floor, f"<= {BUDGET_MS} ms", value <= BUDGET_MS, detail)


# ---------------------------------------------------------------------------------------------------- what is shown
def _boxes(rng: np.random.Generator) -> list[ShownObject]:
    return [_shown(i, Box(x - w, y - h, x + w, y + h)) for i, (x, y, w, h) in enumerate(_spots(rng))]


def _masks(rng: np.random.Generator) -> list[ShownObject]:
    turn = np.linspace(0.0, 2 * np.pi, POINTS, endpoint=False)
    found = []
    for i, (x, y, w, h) in enumerate(_spots(rng)):
        swell = 1.0 + 0.12 * np.sin(3 * turn + rng.uniform(0, 6)) + 0.04 * np.sin(17 * turn)
        points = np.stack([x + w * swell * np.cos(turn), y + h * swell * np.sin(turn)], axis=1)
        found.append(_shown(i, Mask.of_points(map(tuple, points.tolist()))))
    return found


def _spots(rng: np.random.Generator) -> list[list[float]]:
    """Return centres and half sizes."""
    centres = rng.uniform((150, 150), (FRAME[0] - 150, FRAME[1] - 150), (OBJECTS, 2))
    return np.hstack([centres, rng.uniform(30, 140, (OBJECTS, 2))]).tolist()


def _shown(index: int, geometry: Geometry) -> ShownObject:
    role, colour = ROLES[index % len(ROLES)], PALETTE[index % 8]
    return ShownObject(index, geometry, role, index % 8, f"class {index % 8}", colour, None, 0.3 + index / 1000)


@cache
def _frame() -> FrameImage:
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 255, (FRAME[1], FRAME[0], 4), np.uint8)
    pixels[..., 3] = 255
    image = QImage(pixels.data, *FRAME, 4 * FRAME[0], QImage.Format.Format_RGB32).copy()
    return FrameImage(1, image, *FRAME)


@cache
def _preview(width: int, height: int) -> QImage:
    """Return the frame as it is shown at first: scaled to the pixels of the screen."""
    return _frame().image.scaled(width, height)


@contextmanager
def _open_view() -> Iterator[CanvasView]:
    view = CanvasView()
    view.resize(*VIEWPORT)
    view.show()
    wait_for(0.1)
    try:
        yield view
    finally:
        view.close()
        view.deleteLater()
        wait_for(0.05)


# ---------------------------------------------------------------------------------------------------- what is done
def _repaints(view: CanvasView, objects: Sequence[ShownObject], step: Step, count: int) -> list[float]:
    """Return the milliseconds of each act and the repaint that follows it, at 60 a second."""
    full = _frame()
    width, height = view.preview_size()
    scale = min(width / full.width, height / full.height)
    preview = _preview(round(full.width * scale), round(full.height * scale))
    view.show_frame(FrameImage(1, preview, full.width, full.height), objects, selected=0 if objects else None)
    view.set_full_image(full)
    view.paint_now()
    overlay = view.scene_objects.overlay
    wait_until(lambda: overlay.settled, overlay.renewed)
    taken = []
    for number in range(count):
        begun = time.perf_counter()
        step(view, objects, number)
        view.paint_now()
        seconds = time.perf_counter() - begun
        taken.append(seconds * 1000)
        wait_for(max(0.0, PERIOD - seconds))
    view.state.drop_gesture()
    return taken


def _select(view: CanvasView, objects: Sequence[ShownObject], number: int) -> None:
    view.set_selected(objects[number * 7 % len(objects)].id if objects else None)


def _drag(view: CanvasView, objects: Sequence[ShownObject], number: int) -> None:
    if objects:
        view.state.live = {0: objects[0].geometry.moved(number, number / 2)}


def _drag_vertex(view: CanvasView, objects: Sequence[ShownObject], number: int) -> None:
    if objects and isinstance(mask := objects[0].geometry, Mask):
        ring = mask.parts[0].outer.copy()
        ring[5] += number
        view.state.live = {0: mask.with_ring(0, ring)}


def _zoom(view: CanvasView, objects: Sequence[ShownObject], number: int) -> None:
    view.zoom_by(1.04 if number % 60 < 30 else 1 / 1.04)


def _pan(view: CanvasView, objects: Sequence[ShownObject], number: int) -> None:
    if number == 0:
        view.actual_size()
    view.pan(-6.0 if number % 60 < 30 else 6.0, -3.0)


ACTS: Final[dict[str, Step]] = {
    "selecting": _select,
    "dragging one": _drag,
    "dragging a vertex": _drag_vertex,
    "zooming": _zoom,
    "panning": _pan,
}

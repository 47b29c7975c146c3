"""The prediction job against a plain loop, and the window while a model loads, predicts, and is reviewed meanwhile."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, QTimer

from autoanno_gui.core.records import Frame
from autoanno_gui.imaging.scan import scan_folder
from autoanno_gui.inference.engine import Detector
from autoanno_gui.inference.registry import load_detector, run_settings
from autoanno_gui.review.prediction_job import PredictionProgress, prediction_job
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.ui.main_window import MainWindow
from tests.benchmarks.figures import Figure, median, percentile, spread
from tests.benchmarks.material import default_model, make_frames
from tests.benchmarks.next_frame import DROPPED, KEY_SECONDS, press
from tests.benchmarks.plain_loop import PlainLoop
from tests.benchmarks.waiting import wait_for, wait_until
from tests.benchmarks.windows import Shown, Stopwatch, open_window

TICK_MS: Final = 5
LATENESS_BUDGET_MS: Final = 10.0
LOADING_BUDGET_MS: Final = 300.0
NEXT_FRAME_BUDGET_MS: Final = 16.7
OF_LOOP: Final = 0.95
OF_FORWARD: Final = 0.75
OF_LOOP_REVIEWING: Final = 0.4


@dataclass
class InWindow:
    """What was seen of the window, milliseconds."""

    idle: list[float] = field(default_factory=list)
    loading: list[float] = field(default_factory=list)
    predicting: list[float] = field(default_factory=list)
    painted: list[float] = field(default_factory=list)
    rate_reviewing: float = 0.0
    """Frames predicted a second while somebody reviewed."""


def measure(folder: Path, *, short: bool, model: Path | None = None, frames: Path | None = None) -> list[Figure]:
    """Watch the window first, in a process that has not imported a model runtime yet; then compare rates.

    Args:
        model: None for the bundled one.
        frames: folder for the rates; None for frames made here.
    """
    home = folder / "models"
    model = model or default_model(folder, home=home)
    made = folder / "frames"
    make_frames(made, count=400 if short else 1500, width=1920, height=1080)
    seen = _in_window(folder, made, model, seconds=1.0 if short else 6.0, keys=15 if short else 65)
    detector = load_detector(model, home=home)
    try:
        rates = _rates(folder, detector, frames or made, count=8 if short else 60, rounds=3 if short else 5)
    finally:
        detector.close()
    return [*_rate_figures(rates, detector), *_window_figures(seen, rates)]


# ---------------------------------------------------------------------------------------------------- rates
@dataclass(frozen=True, slots=True)
class Rates:
    """Frames a second of one round, and the milliseconds that all threads together computed for a frame."""

    job: float
    loop: float
    forward: float
    job_cpu: float
    loop_cpu: float


def _rates(folder: Path, detector: Detector, source: Path, *, count: int, rounds: int) -> list[Rates]:
    """Run job, loop and forward pass in turn, so that all of them see the same load."""
    settings = run_settings(detector)
    with Store.open(folder / "rates.autoanno", root=source) as store:
        frames: list[Frame] = []
        for block in scan_folder(source):
            frames += store.submit(Priority.OTHER, lambda w, b=block: w.add_frames(b)).result()  # type: ignore[misc]
            if len(frames) >= count:
                break
        frames = frames[:count]
        files = [source / frame.path for frame in frames]
        loop = PlainLoop(detector, settings)
        found = []
        for number in range(rounds + 1):
            stamps = [time.process_time()]
            job = _job_rate(store, detector, frames)
            stamps.append(time.process_time())
            plain = loop.rate(files)
            stamps.append(time.process_time())
            job_cpu, loop_cpu = ((b - a) * 1000 / len(files) for a, b in pairwise(stamps))
            if number:  # the first round only warms up
                found.append(Rates(job, plain, loop.forward_rate(files), job_cpu, loop_cpu))
    return found


def _job_rate(store: Store, detector: Detector, frames: list[Frame]) -> float:
    begun = time.perf_counter()
    for _ in prediction_job(store, detector, frames=frames):
        pass
    return len(frames) / (time.perf_counter() - begun)


def _rate_figures(rates: list[Rates], detector: Detector) -> list[Figure]:
    by_loop = sorted(rates, key=lambda one: one.job / one.loop)[len(rates) // 2]
    by_forward = sorted(rates, key=lambda one: one.job / one.forward)[len(rates) // 2]
    every = ", ".join(f"{one.job:.1f} / {one.loop:.1f} / {one.forward:.1f}" for one in rates)
    cpu = f"{median([one.job_cpu for one in rates]):.1f} and {median([one.loop_cpu for one in rates]):.1f} ms"
    detail = (
        f"{detector.info.name} on {detector.device}, batch {detector.batch_size}; job / loop / forward: {every}; "
        f"job and loop compute {cpu} a frame"
    )
    return [
        Figure(
            "prediction job, plain loop as floor",
            by_loop.job,
            "frames/s",
            by_loop.loop,
            f">= {OF_LOOP} of it",
            by_loop.job >= OF_LOOP * by_loop.loop,
            detail,
        ),
        Figure(
            "prediction job, forward pass as floor",
            by_forward.job,
            "frames/s",
            by_forward.forward,
            f">= {OF_FORWARD} of it",
            by_forward.job >= OF_FORWARD * by_forward.forward,
        ),
    ]


# ---------------------------------------------------------------------------------------------------- window
class Ticker:
    """A 5 ms timer on the GUI thread that notes how long it had to wait for its turn."""

    def __init__(self) -> None:
        self._gaps: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer(interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self._gaps.append(max(0.0, (now - self._last) * 1000 - TICK_MS))
        self._last = now

    def take(self) -> list[float]:
        """Return the lateness of the ticks since the last call, milliseconds."""
        gaps, self._gaps = self._gaps, []
        return gaps


def _in_window(folder: Path, frames: Path, model: Path, *, seconds: float, keys: int) -> InWindow:
    seen = InWindow()
    arguments = [frames, "--project", folder / "window.autoanno", "--checks", "off"]
    with Stopwatch() as watch, open_window(*arguments) as window:
        Shown(window).wait(1)
        wait_for(0.5)
        ticker = Ticker()
        wait_for(seconds / 2)
        seen.idle = ticker.take()
        loaded: list[object] = []
        window.models.model_loaded.connect(loaded.append)
        window.use_model(model)
        wait_until(lambda: bool(loaded), window.models.model_loaded, window.models.model_failed)
        seen.loading = ticker.take()
        done: list[PredictionProgress] = []
        window.models.job_progressed.connect(done.append)
        wait_for(0.3)
        ticker.take()
        wait_for(seconds)
        seen.predicting = ticker.take()
        wait_until(lambda: bool(done) and done[-1].done > 2 * keys, window.models.job_progressed)
        before, begun = done[-1].done, time.perf_counter()
        seen.painted = _review(window, watch, keys)
        seen.rate_reviewing = (done[-1].done - before) / (time.perf_counter() - begun)
        window.models.stop_job()
    return seen


def _review(window: MainWindow, watch: Stopwatch, keys: int) -> list[float]:
    """Accept frames at 10 keys a second while others are predicted; an empty one is confirmed."""
    shown = Shown(window)
    presenter = window.presenter
    assert presenter is not None
    presenter.tour.enabled = False
    taken = []
    for number in range(keys):
        if presenter.session.document is not None and presenter.session.document.looks_empty:
            press(window, Qt.Key.Key_Space)
            wait_for(KEY_SECONDS / 2)
        begun = time.perf_counter()
        at: list[float] = []

        def note(_id: int, to: list[float] = at) -> None:
            to.append(watch.painted_at)

        window.canvas.frame_painted.connect(note)
        shown.wait_for_next(lambda: press(window, Qt.Key.Key_Space))
        window.canvas.frame_painted.disconnect(note)
        if number >= DROPPED:
            taken.append((at[0] - begun) * 1000)
        wait_for(KEY_SECONDS - (time.perf_counter() - begun))
    return taken


def _window_figures(seen: InWindow, rates: list[Rates]) -> list[Figure]:
    lateness, floor = percentile(seen.predicting, 0.99), percentile(seen.idle, 0.99)
    gap, painted = max(seen.loading), percentile(seen.painted, 0.99)
    loop = median([one.loop for one in rates])
    return [
        Figure(
            "GUI while predicting, lateness of a 5 ms timer, p99",
            lateness,
            "ms",
            floor,
            f"<= {LATENESS_BUDGET_MS:.0f} ms",
            lateness <= LATENESS_BUDGET_MS,
            f"{spread(seen.predicting, 'ms')}; idle {spread(seen.idle, 'ms')}",
        ),
        Figure(
            "GUI while the model loads, longest gap",
            gap,
            "ms",
            max(seen.idle),
            f"<= {LOADING_BUDGET_MS:.0f} ms",
            gap <= LOADING_BUDGET_MS,
            spread(seen.loading, "ms"),
        ),
        Figure(
            "next frame while predicting, 10 keys/s, p99",
            painted,
            "ms",
            None,
            f"<= {NEXT_FRAME_BUDGET_MS} ms",
            painted <= NEXT_FRAME_BUDGET_MS,
            spread(seen.painted, "ms"),
        ),
        Figure(
            "prediction while reviewing, plain loop as floor",
            seen.rate_reviewing,
            "frames/s",
            loop,
            f">= {OF_LOOP_REVIEWING} of it",
            seen.rate_reviewing >= OF_LOOP_REVIEWING * loop,
        ),
    ]

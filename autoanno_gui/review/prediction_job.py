"""Predicts frames and stores the results, batch by batch; can be stopped and taken up again at any batch."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Generator, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from autoanno_gui.core.errors import FRAME_ERROR_TEXT, FrameErrorCode
from autoanno_gui.core.records import Frame, FrameResult, RunSettings
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.store.writer import Writer

if TYPE_CHECKING:
    from autoanno_gui.inference.engine import Detector

NEWS_AT_ONCE: Final = 256
"""So many frames at the most in one step of progress, so that a window stays quick."""


@dataclass(frozen=True, slots=True)
class FrameFailure:
    """One frame that could not be predicted.

    Attributes:
        path: escaped path relative to the frame root.
        detail: one sentence for people.
    """

    frame_id: int
    path: str
    code: FrameErrorCode
    detail: str


@dataclass(frozen=True, slots=True)
class PredictionProgress:
    """How far a prediction job is.

    Attributes:
        done: frames finished by this run, failed ones included.
        total: frames that this run has to do.
        predictions: objects found by this run.
        seconds: since the first frame was asked for.
        recorded: (frame id, its new run_frame id) that the store has acknowledged since the last step.
        failures: frames that failed since the last step.
    """

    done: int
    total: int
    predictions: int
    seconds: float
    recorded: tuple[tuple[int, int], ...] = ()
    failures: tuple[FrameFailure, ...] = ()

    @property
    def frames_per_second(self) -> float:
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Estimate for the rest, None before there is anything to go by."""
        return (self.total - self.done) * self.seconds / self.done if self.done else None


@dataclass(slots=True)
class _Tally:
    total: int
    started: float = field(default_factory=time.monotonic)
    done: int = 0
    predictions: int = 0


def pending_frames(store: Store, settings: RunSettings) -> list[Frame]:
    """Return the usable frames that have no finished prediction of these settings, in natural order."""
    with store.reader() as reader:
        return reader.pending_frames(settings)


def prediction_job(
    store: Store,
    detector: Detector,
    *,
    frames: Sequence[Frame] | None = None,
    skip: Container[int] = (),
    on_cut: Callable[[PredictionProgress], None] = lambda progress: None,
) -> Generator[PredictionProgress, None, None]:
    """Predict frames and store every result, yielding after each batch.

    Closing the generator stops it within one batch; what was predicted is stored, and the next job goes on from there.

    Args:
        store: the open project.
        detector: a loaded model, used from this thread only.
        frames: which ones; None for all that are pending.
        skip: ids to leave out, looked at as late as possible (frames that were predicted ahead of their turn).
        on_cut: called with what was stored but not yet yielded, when the generator is closed or the model fails.
    """
    # Imported late, like all that only a model needs: the window is painted before.
    from autoanno_gui.inference.pipeline import predict_frames
    from autoanno_gui.inference.registry import run_settings

    settings = run_settings(detector)
    everything = frames is None
    if frames is None:
        frames = pending_frames(store, settings)
    paths = {frame.id: frame.path for frame in frames}
    run_id = store.submit(
        Priority.PREDICTIONS, lambda writer: writer.start_run(settings, device=detector.device)
    ).result()
    tally = _Tally(total=len(frames))
    yield PredictionProgress(0, tally.total, 0, 0.0)
    if everything:
        repeated = store.submit(Priority.PREDICTIONS, lambda writer: writer.repeat_results(run_id)).result()
        for at in range(0, len(repeated), NEWS_AT_ONCE):
            yield PredictionProgress(0, tally.total, 0, 0.0, recorded=tuple(repeated[at : at + NEWS_AT_ONCE]))
    waiting: list[tuple[list[FrameResult], Future[list[tuple[int, int | None]]]]] = []
    try:
        wanted = _without(frames, skip, tally)
        for batch in predict_frames(detector, wanted, root=store.root, cancelled=lambda: False):
            results = [result for result in batch if result.frame_id not in skip]
            tally.total -= len(batch) - len(results)
            waiting.append((results, store.submit(Priority.PREDICTIONS, _recording(run_id, results))))
            # The batch before is acknowledged while the model works on the next: the device never waits for the disk.
            while waiting and (waiting[0][1].done() or len(waiting) > 2):
                yield _acknowledge(waiting.pop(0), tally, paths)
        while waiting:
            yield _acknowledge(waiting.pop(0), tally, paths)
    except BaseException:
        for item in waiting:
            on_cut(_acknowledge(item, tally, paths))
        raise


def _without(frames: Sequence[Frame], skip: Container[int], tally: _Tally) -> Iterator[Frame]:
    for frame in frames:
        if frame.id in skip:
            tally.total -= 1
        else:
            yield frame


def _recording(run_id: int, results: list[FrameResult]) -> Callable[[Writer], list[tuple[int, int | None]]]:
    return lambda writer: writer.record_results(run_id, results)


def _acknowledge(
    item: tuple[list[FrameResult], Future[list[tuple[int, int | None]]]], tally: _Tally, paths: dict[int, str]
) -> PredictionProgress:
    results, future = item
    recorded = tuple((frame_id, run_frame) for frame_id, run_frame in future.result() if run_frame is not None)
    failures = []
    for result in results:
        tally.done += 1
        if result.error is not None:
            detail = result.detail or FRAME_ERROR_TEXT[result.error]
            failures.append(FrameFailure(result.frame_id, paths[result.frame_id], result.error, detail))
        elif result.predictions is not None:
            tally.predictions += len(result.predictions)
    seconds = time.monotonic() - tally.started
    return PredictionProgress(tally.done, tally.total, tally.predictions, seconds, recorded, tuple(failures))

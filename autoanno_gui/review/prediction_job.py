"""Predicts frames and stores the results, batch by batch; can be stopped and taken up again at any batch."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Generator, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from autoanno_gui.core.errors import FRAME_ERROR_TEXT, FrameErrorCode
from autoanno_gui.core.predictions import FrameResult, RunSettings
from autoanno_gui.core.records import Frame
from autoanno_gui.review.project_task import follow_first_model
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


Recording: TypeAlias = Callable[[Writer], list[tuple[int, int | None]]]
"""Records results; returns (frame id, its new run_frame id or None for a failed frame)."""


class ResultLog:
    """Hands results to the store and says how far a job is, one step for each batch that was acknowledged.

    The device never waits for the disk: a batch is acknowledged while the next ones are worked on.
    """

    def __init__(self, store: Store, frames: Sequence[Frame]) -> None:
        self._store = store
        self._paths = {frame.id: frame.path for frame in frames}
        self._total = len(frames)
        self._done = self._predictions = 0
        self._started = time.monotonic()
        self._waiting: list[tuple[Sequence[FrameResult], Future[list[tuple[int, int | None]]]]] = []

    def add(self, results: Sequence[FrameResult], recording: Recording) -> None:
        """Queue a batch for the store."""
        self._waiting.append((results, self._store.submit(Priority.PREDICTIONS, recording)))

    def leave_out(self, count: int = 1) -> None:
        """Note that frames need not be done after all."""
        self._total -= count

    def progress(self, recorded: Sequence[tuple[int, int]] = ()) -> PredictionProgress:
        """Return how far the job is, with what was recorded apart from its batches."""
        return PredictionProgress(
            self._done, self._total, self._predictions, time.monotonic() - self._started, tuple(recorded)
        )

    def acknowledged(self, *, keep: int = 0) -> Iterator[PredictionProgress]:
        """Yield a step for each batch, oldest first, that is acknowledged or has more than `keep` others behind it."""
        while self._waiting and (self._waiting[0][1].done() or len(self._waiting) > keep):
            yield self._acknowledge(*self._waiting.pop(0))

    def _acknowledge(
        self, results: Sequence[FrameResult], future: Future[list[tuple[int, int | None]]]
    ) -> PredictionProgress:
        recorded = [(frame_id, run_frame) for frame_id, run_frame in future.result() if run_frame is not None]
        failures = []
        for result in results:
            self._done += 1
            if result.error is not None:
                detail = result.detail or FRAME_ERROR_TEXT[result.error]
                failures.append(FrameFailure(result.frame_id, self._paths[result.frame_id], result.error, detail))
            elif result.predictions is not None:
                self._predictions += len(result.predictions)
        return replace(self.progress(recorded), failures=tuple(failures))


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
    follow_first_model(store, detector.info)
    everything = frames is None
    if frames is None:
        frames = pending_frames(store, settings)
    run_id = start_run(store, settings, device=detector.device)
    log = ResultLog(store, frames)
    yield log.progress()
    if everything:
        yield from repeated_results(store, run_id, log)
    try:
        for batch in predict_frames(detector, _without(frames, skip, log), root=store.root, cancelled=lambda: False):
            results = [result for result in batch if result.frame_id not in skip]
            log.leave_out(len(batch) - len(results))
            log.add(results, _recording(run_id, results))
            yield from log.acknowledged(keep=2)
        yield from log.acknowledged()
    except BaseException:
        for progress in log.acknowledged():
            on_cut(progress)
        raise


def start_run(store: Store, settings: RunSettings, *, device: str) -> int:
    """Return the run of equal settings, or a new one."""
    return store.submit(Priority.PREDICTIONS, lambda writer: writer.start_run(settings, device=device)).result()


def repeated_results(store: Store, run_id: int, log: ResultLog) -> Iterator[PredictionProgress]:
    """Let a run that is taken up again speak for its frames once more, in steps."""
    repeated = store.submit(Priority.PREDICTIONS, lambda writer: writer.repeat_results(run_id)).result()
    for at in range(0, len(repeated), NEWS_AT_ONCE):
        yield log.progress(repeated[at : at + NEWS_AT_ONCE])


def _without(frames: Sequence[Frame], skip: Container[int], log: ResultLog) -> Iterator[Frame]:
    for frame in frames:
        if frame.id in skip:
            log.leave_out()
        else:
            yield frame


def _recording(run_id: int, results: Sequence[FrameResult]) -> Recording:
    return lambda writer: writer.record_results(run_id, results)

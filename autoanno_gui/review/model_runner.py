"""The model of the window: predicts the shown frame first and the folder after, all on the scheduler's thread.

Events come through callbacks on that thread; a window hands them on to its own by queued signals.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from autoanno_gui.core.predictions import ModelInfo
from autoanno_gui.core.records import Frame
from autoanno_gui.core.task import Task
from autoanno_gui.review.prediction_job import PredictionProgress, prediction_job
from autoanno_gui.review.scheduler import Scheduler, Urgency
from autoanno_gui.store.store_thread import Store

if TYPE_CHECKING:
    from autoanno_gui.inference.engine import Detector

JOB: Final = "prediction job"
SHOWN: Final = "shown frame"
LOAD: Final = "load model"
MASK_PASS: Final = "mask pass"
"""The segmenter's job, which may use the model too."""
MODEL_SETTING: Final = "model_path"
"""Setting of a project: the escaped path of the model in use."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """What a window says about the model that is ready.

    Attributes:
        device: as the runtime calls it, such as `cpu` or `cuda:0`.
        device_reason: why not the GPU; empty when it is used.
    """

    info: ModelInfo
    device: str
    device_reason: str

    @property
    def device_name(self) -> str:
        """For people: `CPU`, `GPU 0`."""
        kind, _, number = self.device.partition(":")
        return f"GPU {number}".strip() if kind == "cuda" else self.device.upper()


@dataclass(frozen=True, slots=True)
class ModelEvents:
    """Where the runner reports to; all are called on the scheduler's thread."""

    loading: Callable[[str], None]
    loaded: Callable[[LoadedModel], None]
    failed: Callable[[BaseException], None]
    """Loading a model, or predicting the shown frame, did not work."""
    progress: Callable[[PredictionProgress], None]
    job_ended: Callable[[BaseException | None], None]
    frame_predicted: Callable[[PredictionProgress], None]


class ModelRunner:
    """Owns the loaded detector. Only the scheduler's thread touches it."""

    def __init__(self, scheduler: Scheduler, store: Store, *, home: Path, events: ModelEvents) -> None:
        self._scheduler = scheduler
        self._store = store
        self._home = home
        self._events = events
        self._detector: Detector | None = None
        self._jobs = 0
        self._predicted_alone: set[int] = set()

    @property
    def detector(self) -> Detector | None:
        """The loaded model, for other work on the scheduler's thread; before another takes its place, the mask pass
        ends."""
        return self._detector

    def inspect(self, path: Path, *, task: Task | None = None) -> ModelInfo:
        """Return what a model file says about itself. Slow: not for a GUI thread. Raises ModelError."""
        from autoanno_gui.inference.registry import inspect_model

        return inspect_model(path, task=task, home=self._home)

    def load(self, path: Path, *, device: str = "auto", imgsz: int | None = None, task: Task | None = None) -> None:
        """Load a model in place of the present one; a failure leaves the present one in use, and its job running."""

        def work() -> Generator[None, None, None]:
            self._events.loading(path.name)
            from autoanno_gui.inference.registry import load_detector

            detector = load_detector(path, home=self._home, device=device, imgsz=imgsz, task=task)
            self._scheduler.cancel(JOB)
            self._scheduler.cancel(SHOWN)
            self._scheduler.cancel(MASK_PASS)
            try:
                yield  # what still uses the present model ends here
            except GeneratorExit:
                detector.close()
                raise
            before, self._detector = self._detector, detector
            if before is not None:
                before.close()
            self._events.loaded(LoadedModel(detector.info, detector.device, detector.device_reason))

        self._scheduler.submit(LOAD, work(), urgency=Urgency.PROMPT, on_failed=self._events.failed)

    def predict_shown(self, frame: Frame) -> None:
        """Predict the frame on the screen before anything else; a later call takes the place of an earlier one."""

        def work() -> Generator[Any, None, None]:
            if self._detector is None:
                return
            for progress in prediction_job(self._store, self._detector, frames=[frame], on_cut=report):
                report(progress)
                yield

        def report(progress: PredictionProgress) -> None:
            self._predicted_alone.update(frame_id for frame_id, _ in progress.recorded)
            if progress.done:
                self._events.frame_predicted(progress)

        self._scheduler.submit(SHOWN, work(), urgency=Urgency.SHOWN_FRAME, on_failed=self._events.failed)

    def start_job(self) -> None:
        """Predict all pending frames of the folder; a job that is still running ends first and is not reported."""
        self._jobs += 1
        job, failures = self._jobs, list[BaseException]()

        def work() -> Generator[Any, None, None]:
            if self._detector is None:
                return
            self._predicted_alone.clear()
            events, skip = self._events, self._predicted_alone
            for progress in prediction_job(self._store, self._detector, skip=skip, on_cut=events.progress):
                events.progress(progress)
                yield

        def ended() -> None:
            if failures or job == self._jobs:
                self._events.job_ended(failures[0] if failures else None)

        self._scheduler.submit(JOB, work(), urgency=Urgency.JOB, on_failed=failures.append, on_ended=ended)

    def close(self) -> None:
        """Let go of the model, once the scheduler's thread has ended."""
        if self._detector is not None:
            self._detector.close()
            self._detector = None

    def cancel_job(self) -> None:
        """Stop the job within one batch; everything it predicted is kept."""
        self._scheduler.cancel(JOB)

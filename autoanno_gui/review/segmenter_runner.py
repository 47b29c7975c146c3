"""The segmenter of the window: answers the reviewer's prompts at once and makes masks of a whole folder meanwhile.

All its work goes through the scheduler; events come through callbacks on that thread, and a window hands them on to its
own by queued signals.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from autoanno_gui.core.errors import FrameError, KnownError, ModelError, OutOfMemory
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.predictions import RunSettings, SegmenterInfo
from autoanno_gui.core.prompt import Prompt
from autoanno_gui.core.records import Frame
from autoanno_gui.imaging.masks import DEFAULT_TOLERANCE
from autoanno_gui.inference.embedding_cache import DEFAULT_BYTES
from autoanno_gui.review.frame_segmenter import FrameSegmenter, ScoredMask
from autoanno_gui.review.model_runner import MASK_PASS
from autoanno_gui.review.prediction_job import PredictionProgress
from autoanno_gui.review.scheduler import Scheduler, Urgency
from autoanno_gui.review.segment_job import segment_job
from autoanno_gui.store.store_thread import Store

if TYPE_CHECKING:
    from autoanno_gui.inference.engine import Detector

LOAD: Final = "load segmenter"
PROMPT: Final = "prompt"
AHEAD: Final = "encode ahead"


@dataclass(frozen=True, slots=True)
class LoadedSegmenter:
    """What a window says about the segmenter that is ready.

    Attributes:
        device: as the runtime calls it, such as `cpu` or `cuda:0`.
        device_reason: why not the GPU; empty when it is used, and for GrabCut, which has no use for one.
    """

    info: SegmenterInfo
    device: str
    device_reason: str


@dataclass(frozen=True, slots=True)
class SegmentAnswer:
    """What a segmenter made of a prompt.

    Attributes:
        generation: of the prompt, as it was asked.
        masks: surest first; empty when it found nothing.
        scores: 0..1 for each mask, only comparable within one answer.
        problem: a sentence when there is no mask because something went wrong; else empty.
    """

    generation: int
    frame_id: int
    masks: tuple[Mask, ...]
    scores: tuple[float, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SegmenterEvents:
    """Where the runner reports to; all are called on the scheduler's thread."""

    loading: Callable[[str], None]
    """With the name of the weights that are being loaded."""
    loaded: Callable[[LoadedSegmenter], None]
    """A segmenter is in use from now on: the one that was asked for, or GrabCut."""
    failed: Callable[[BaseException], None]
    """Loading one did not work and the one before stays; or the one in use failed and GrabCut takes its place."""
    answered: Callable[[SegmentAnswer], None]
    progress: Callable[[PredictionProgress], None]
    """Of the mask pass."""
    pass_ended: Callable[[BaseException | None], None]


class SegmenterRunner:
    """Owns the loaded segmenter. Only the scheduler's thread touches it.

    Attributes:
        tolerance: pixels by which outlines may be simplified; may be set from any thread.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        store: Store,
        *,
        home: Path,
        events: SegmenterEvents,
        detector: Callable[[], Detector | None] = lambda: None,
        cache_bytes: int = DEFAULT_BYTES,
    ) -> None:
        """Set up; GrabCut is loaded when it is first needed.

        Args:
            home: the program's own folder for models.
            detector: returns the loaded detector, which the mask pass may use; called on the scheduler's thread.
            cache_bytes: memory that the embeddings of the last frames may take.
        """
        self.tolerance = DEFAULT_TOLERANCE
        self._scheduler = scheduler
        self._store = store
        self._home = home
        self._events = events
        self._detector = detector
        self._cache_bytes = cache_bytes
        self._segmenter: FrameSegmenter | None = None
        self._passes = 0

    # ------------------------------------------------------------------------------------------------ which one
    def load(self, path: Path | None, *, architecture: str | None = None, device: str = "auto") -> None:
        """Load a segmenter in place of the present one; a failure leaves the present one in use.

        Args:
            path: of the weights; None for GrabCut.
            architecture: of the weights, where the file does not say; one of `inference.segmenters.ARCHITECTURES`.
            device: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.
        """

        def work() -> Generator[None, None, None]:
            if path is not None:  # GrabCut is there in no time
                self._events.loading(path.name)
            segmenter = self._opened(path, architecture=architecture, device=device)
            self._end_users()
            try:
                yield  # what still uses the present one ends here
            except GeneratorExit:
                segmenter.close()
                raise
            self._use(segmenter)

        self._scheduler.submit(LOAD, work(), urgency=Urgency.PROMPT, on_failed=self._events.failed)

    def _opened(self, path: Path | None, *, architecture: str | None = None, device: str = "auto") -> FrameSegmenter:
        # Imported late, like all that only a model needs: the window is painted before.
        from autoanno_gui.inference.segmenters import load_segmenter

        loaded = load_segmenter(path, home=self._home, device=device, architecture=architecture)
        return FrameSegmenter(loaded, self._store, cache_bytes=self._cache_bytes)

    def _end_users(self) -> None:
        """Cancel what uses the segmenter for longer than one step."""
        self._scheduler.cancel(AHEAD)
        self._scheduler.cancel(MASK_PASS)

    def _use(self, segmenter: FrameSegmenter) -> None:
        """Let a segmenter take the place of the present one."""
        before, self._segmenter = self._segmenter, segmenter
        if before is not None:
            before.close()
        self._events.loaded(LoadedSegmenter(segmenter.info, segmenter.device, segmenter.device_reason))

    def _ready(self) -> FrameSegmenter:
        """Return the segmenter in use; the first time it is GrabCut, unless another was asked for before."""
        if self._segmenter is None:
            self._use(self._opened(None))
        assert self._segmenter is not None
        return self._segmenter

    def close(self) -> None:
        """Let go of the segmenter, once the scheduler's thread has ended."""
        if self._segmenter is not None:
            self._segmenter.close()
            self._segmenter = None

    # ------------------------------------------------------------------------------------------------ prompts
    def ask(self, frame: Frame, prompt: Prompt, *, generation: int, candidates: int = 1) -> None:
        """Ask for masks of one object; a later call takes the place of an earlier one that was not answered yet.

        Args:
            frame: the one on the screen.
            prompt: not empty.
            generation: comes back with the answer, so that late ones can be told apart.
            candidates: how many masks to choose from, at the most.
        """

        def work() -> Generator[None, None, None]:
            found: list[ScoredMask] = []
            problem = ""
            try:
                found = yield from self._answer(frame, prompt, candidates)
            except KnownError as e:
                problem = str(e)
            masks, scores = tuple(each.mask for each in found), tuple(each.score for each in found)
            self._events.answered(SegmentAnswer(generation, frame.id, masks, scores, problem))

        self._scheduler.submit(PROMPT, work(), urgency=Urgency.PROMPT, on_failed=self._events.failed)

    def _answer(self, frame: Frame, prompt: Prompt, candidates: int) -> Generator[None, None, list[ScoredMask]]:
        segmenter = self._ready()
        try:
            return (yield from self._masks(segmenter, frame, prompt, candidates))
        except (ModelError, OutOfMemory) as e:
            if segmenter.is_grabcut:
                raise
            yield from self._fall_back(segmenter, e)
            return (yield from self._masks(self._ready(), frame, prompt, candidates))

    def _masks(
        self, segmenter: FrameSegmenter, frame: Frame, prompt: Prompt, candidates: int
    ) -> Generator[None, None, list[ScoredMask]]:
        embedding = yield from segmenter.encoded(frame)
        yield  # a newer prompt may have come while this one's frame was encoded
        return segmenter.outlines(embedding, prompt, candidates=candidates, tolerance=self.tolerance)

    def _fall_back(self, broken: FrameSegmenter, error: KnownError) -> Generator[None, None, None]:
        """Go on with GrabCut, and say so once."""
        grabcut = self._opened(None)
        failure = ModelError(f"{broken.info.name} failed, and GrabCut makes the masks from now on: {error}")
        failure.__cause__ = error
        self._events.failed(failure)
        self._end_users()
        try:
            yield  # they end here
        finally:  # also when a newer prompt has replaced the one that met the fault
            self._use(grabcut)

    def encode_ahead(self, frames: Sequence[Frame]) -> None:
        """Encode frames before the reviewer asks about them, most urgent first, when nothing else is to do; takes the
        place of an earlier call. Does nothing for a segmenter that encodes in no time."""

        def work() -> Generator[None, None, None]:
            segmenter = self._segmenter
            if segmenter is None or not segmenter.slow_to_encode:
                return
            for frame in frames:
                try:
                    yield from segmenter.encoded(frame)
                except FrameError:
                    continue
                except (ModelError, OutOfMemory):
                    return  # nobody waits for it: the next prompt will meet the same and say so
                yield

        self._scheduler.submit(AHEAD, work(), urgency=Urgency.BACKGROUND, on_failed=self._events.failed)

    # ------------------------------------------------------------------------------------------------ the whole folder
    def start_pass(self) -> None:
        """Make masks of the detector's boxes on all frames that have none yet; a pass that is still running ends first
        and is not reported."""
        self._passes += 1
        number, failures = self._passes, list[BaseException]()

        def work() -> Generator[Any, None, None]:
            detector, events = self._detector(), self._events
            steps = segment_job(
                self._store,
                self._ready(),
                self._settings(detector),
                detector=detector,
                tolerance=self.tolerance,
                on_cut=events.progress,
            )
            for progress in steps:
                if progress is not None:
                    events.progress(progress)
                yield

        def ended() -> None:
            if failures or number == self._passes:
                self._events.pass_ended(failures[0] if failures else None)

        self._scheduler.submit(MASK_PASS, work(), urgency=Urgency.JOB, on_failed=failures.append, on_ended=ended)

    def _settings(self, detector: Detector | None) -> RunSettings:
        """Return the settings of the detector whose boxes the pass takes: the loaded one, else the one before."""
        if detector is not None:
            from autoanno_gui.inference.registry import run_settings

            return run_settings(detector)
        with self._store.reader() as reader:
            settings = reader.newest_settings()
        if settings is None:
            raise ModelError("There are no proposals to make masks of; choose a model that predicts the frames first.")
        return settings

    def cancel_pass(self) -> None:
        """Stop the pass within one step; everything it made is kept."""
        self._scheduler.cancel(MASK_PASS)

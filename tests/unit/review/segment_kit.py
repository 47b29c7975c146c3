"""What tests of the segmenter share: a runner on a desk, and looks into what was stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.errors import ModelError
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.predictions import FramePredictions, RunSettings
from autoanno_gui.core.prompt import Prompt
from autoanno_gui.core.records import Frame
from autoanno_gui.inference import segmenters
from autoanno_gui.inference.segmenter import Segmenter
from autoanno_gui.review.prediction_job import PredictionProgress
from autoanno_gui.review.scheduler import Scheduler
from autoanno_gui.review.segmenter_runner import SegmentAnswer, SegmenterEvents, SegmenterRunner
from autoanno_gui.store.store_thread import Store
from tests.fakes import FakeDetector
from tests.projects import HEIGHT, MODEL, WIDTH
from tests.unit.review.fake_segmenter import FakeSegmenter

SETTINGS = RunSettings(MODEL, (640, 640))
"""Of the proposals in a made project."""
SQUARE = Box(20, 20, 81, 81)
"""The red square that is drawn on every frame."""
AROUND = Prompt(Box(14, 14, 86, 86))
"""A box drawn loosely around it."""

real_load = segmenters.load_segmenter


def frames(store: Store) -> list[Frame]:
    """Return all frames as the project file has them."""
    with store.reader() as reader:
        return [frame for block in reader.frames() for frame in block]


def stored(store: Store, number: int = 0) -> FramePredictions:
    """Return the newest predictions of a frame."""
    run_frame_id = frames(store)[number].run_frame_id
    assert run_frame_id is not None
    with store.reader() as reader:
        return reader.predictions(run_frame_id)[0]


def has_mask(store: Store, number: int = 0) -> bool:
    """Return whether the surest prediction of a frame has a mask."""
    return isinstance(stored(store, number).geometry(0), Mask)


def recorded(steps: Iterable[PredictionProgress]) -> list[int]:
    """Return the ids of the frames that were told to be stored, in order."""
    return [frame_id for step in steps for frame_id, _ in step.recorded]


def repaint(store: Store, number: int, colour: tuple[int, int, int]) -> None:
    """Replace a frame's file by a picture of one BGR colour."""
    picture = np.full((HEIGHT, WIDTH, 3), colour, np.uint8)
    (store.root / frames(store)[number].path).write_bytes(cv2.imencode(".png", picture)[1].tobytes())


class Desk:
    """A segmenter runner over a real project; its scheduler works on the test's thread.

    Attributes:
        kit: the segmenters by the file name under which they are loaded; without a path it is the real GrabCut.
        said: what was reported, in order.
    """

    def __init__(
        self, store: Store, home: Path, monkeypatch: pytest.MonkeyPatch, *, cache_bytes: int = 1 << 20
    ) -> None:
        self.store = store
        self.frames = frames(store)
        self.kit: dict[str, FakeSegmenter] = {}
        self.detector: FakeDetector | None = None
        self.said: list[str] = []
        self.answers: list[SegmentAnswer] = []
        self.failures: list[BaseException] = []
        self.steps: list[PredictionProgress] = []
        self.ended: list[BaseException | None] = []
        self.on_answer: Callable[[], None] = lambda: None
        self.on_progress: Callable[[], None] = lambda: None
        self.scheduler = Scheduler()
        monkeypatch.setattr(segmenters, "load_segmenter", self._load)
        events = SegmenterEvents(
            loading=lambda name: self.said.append(f"loading {name}"),
            loaded=lambda loaded: self.said.append(f"loaded {loaded.info.name}"),
            failed=self._on_failed,
            answered=self._on_answered,
            progress=self._on_progress,
            pass_ended=self._on_ended,
        )
        self.runner = SegmenterRunner(
            self.scheduler, store, home=home, events=events, detector=lambda: self.detector, cache_bytes=cache_bytes
        )

    def _load(self, path: Path | None, *, home: Path, device: str, architecture: str | None) -> Segmenter:
        if path is None:
            return real_load(None, home=home, device=device, architecture=architecture)
        if path.name not in self.kit:
            raise ModelError(f"There is no {path}.")
        return self.kit[path.name]

    def _on_failed(self, error: BaseException) -> None:
        self.failures.append(error)
        self.said.append("failed")

    def _on_answered(self, answer: SegmentAnswer) -> None:
        self.answers.append(answer)
        self.said.append(f"answer {answer.generation}")
        self.on_answer()

    def _on_progress(self, progress: PredictionProgress) -> None:
        self.steps.append(progress)
        self.on_progress()

    def _on_ended(self, error: BaseException | None) -> None:
        self.ended.append(error)
        self.said.append("ended")

    def use(self, segmenter: FakeSegmenter, name: str = "fake_sam.pt") -> FakeSegmenter:
        """Load a fake."""
        self.kit[name] = segmenter
        self.runner.load(Path(name))
        self.scheduler.run_until_idle()
        self.said.clear()
        return segmenter

    def ask(self, generation: int, prompt: Prompt = AROUND, *, number: int = 0, candidates: int = 1) -> None:
        self.runner.ask(self.frames[number], prompt, generation=generation, candidates=candidates)

    def answer(self, prompt: Prompt = AROUND, *, number: int = 0, candidates: int = 1) -> SegmentAnswer:
        """Ask and wait for the answer."""
        self.ask(len(self.answers) + 1, prompt, number=number, candidates=candidates)
        self.scheduler.run_until_idle()
        return self.answers[-1]

    def run_pass(self) -> None:
        """Make masks of the whole folder."""
        self.runner.start_pass()
        self.scheduler.run_until_idle()

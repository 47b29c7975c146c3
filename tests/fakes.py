"""Stand-ins that tests of several layers share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.errors import FrameErrorCode, OutOfMemory
from autoanno_gui.core.predictions import FramePredictions, ModelInfo
from autoanno_gui.core.task import Task

CLASSES = ("circle", "square", "triangle")


def fake_model_info(name: str = "fake.pt", *, classes: tuple[str, ...] = CLASSES) -> ModelInfo:
    """Return what the registry would say about the fake's model."""
    return ModelInfo(
        path=f"/models/{name}",
        name=name,
        task=Task.DETECT,
        classes=classes,
        imgsz=(64, 64),
        backend="torch",
        weights_hash=hashlib.sha256(repr((name, classes)).encode()).hexdigest(),
    )


class FakeDetector:
    """A detector without a model: what it predicts follows from the pixels alone.

    On a frame it sees one object for each 64 steps of the mean brightness (so none on a black one), side by side, each
    half as high as the frame. The first object is sure (0.9), each next one 0.2 less, and the class of the first is the
    blue value of the top left pixel modulo the number of classes.

    Attributes:
        batches: the number of frames of each call so far.
        closed: whether it was closed.
    """

    def __init__(
        self,
        *,
        batch_size: int = 1,
        info: ModelInfo | None = None,
        memory: int | None = None,
        out_of_memory: Callable[[NDArray[np.uint8]], bool] | None = None,
        fail: Callable[[NDArray[np.uint8]], FrameErrorCode | Exception | None] | None = None,
        on_batch: Callable[[Sequence[NDArray[np.uint8]]], None] | None = None,
    ) -> None:
        """Set up how it behaves.

        Args:
            memory: more frames than this at once are out of memory.
            out_of_memory: a frame for which this is true is out of memory even alone.
            fail: returns the error that stands in for a frame's predictions, an exception to raise, or None.
            on_batch: called first thing on each call.
        """
        self.info = info or fake_model_info()
        self.imgsz = self.info.imgsz
        self.device = "cpu"
        self.device_reason = "the fake has no GPU"
        self.batch_size = batch_size
        self.batches: list[int] = []
        self.closed = False
        self._memory = memory
        self._out_of_memory = out_of_memory
        self._fail = fail
        self._on_batch = on_batch

    def predict(self, frames: Sequence[NDArray[np.uint8]]) -> list[FramePredictions | FrameErrorCode]:
        """See `Detector.predict`."""
        if self.closed:
            raise RuntimeError("the detector is closed")
        if len({frame.shape for frame in frames}) > 1:
            raise ValueError("frames of several shapes in one batch")
        self.batches.append(len(frames))
        if self._on_batch is not None:
            self._on_batch(frames)
        too_many = self._memory is not None and len(frames) > self._memory
        if too_many or (self._out_of_memory is not None and any(map(self._out_of_memory, frames))):
            raise OutOfMemory("The fake's memory ran out; use a smaller model.")
        return [self._predict_one(frame) for frame in frames]

    def close(self) -> None:
        """Refuse further calls."""
        self.closed = True

    def _predict_one(self, frame: NDArray[np.uint8]) -> FramePredictions | FrameErrorCode:
        failure = self._fail(frame) if self._fail is not None else None
        if isinstance(failure, Exception):
            raise failure
        return failure if failure is not None else fake_predictions(frame, classes=len(self.info.classes))


def fake_predictions(frame: NDArray[np.uint8], *, classes: int = len(CLASSES)) -> FramePredictions:
    """Return what `FakeDetector` sees on a (height, width, 3) BGR frame."""
    height, width = frame.shape[:2]
    count = int(frame.mean() // 64)
    if count == 0:
        return FramePredictions.empty()
    step = width / count
    left = np.arange(count) * step
    boxes = np.stack(
        [left + step / 8, np.full(count, height / 4), left + step * 7 / 8, np.full(count, height * 3 / 4)], axis=1
    )
    confidences = np.round(0.9 - 0.2 * np.arange(count), 3).astype(np.float32)
    first = (int(frame[0, 0, 0]) + np.arange(count)) % classes
    top_classes = np.full((count, 3), -1, np.int32)
    top_scores = np.zeros((count, 3), np.float32)
    for place in range(min(3, classes)):
        top_classes[:, place] = (first + place) % classes
        top_scores[:, place] = confidences / (place + 1)
    return FramePredictions(boxes.astype(np.float32), confidences, first.astype(np.int32), top_classes, top_scores)

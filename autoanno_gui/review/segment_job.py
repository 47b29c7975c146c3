"""Makes masks of a detector's boxes, frame by frame; can be stopped and taken up again at any frame."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from autoanno_gui.core.errors import FRAME_ERROR_TEXT, FrameError, FrameErrorCode, OutOfMemory
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.outlines import Masks
from autoanno_gui.core.predictions import FramePredictions, FrameResult, RunSettings
from autoanno_gui.core.prompt import Prompt
from autoanno_gui.core.records import Frame
from autoanno_gui.imaging.decode import DecodedFrame
from autoanno_gui.imaging.light import measure
from autoanno_gui.imaging.masks import DEFAULT_TOLERANCE
from autoanno_gui.review.frame_segmenter import FrameSegmenter
from autoanno_gui.review.prediction_job import (
    PredictionProgress,
    Recording,
    ResultLog,
    pending_frames,
    repeated_results,
    start_run,
)
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.store.writer import Writer

if TYPE_CHECKING:
    from autoanno_gui.inference.engine import Detector

MASK_FLOOR: Final = 0.15
"""Boxes of less confidence are never shown, not even as ghosts: they are not worth the time."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of one frame.

    Attributes:
        result: of the detector and the segmenter together.
        boxes: what the detector found just now, on a frame that it had not looked at before.
    """

    result: FrameResult
    boxes: FrameResult | None = None


def segment_job(
    store: Store,
    segmenter: FrameSegmenter,
    settings: RunSettings,
    *,
    detector: Detector | None = None,
    tolerance: float = DEFAULT_TOLERANCE,
    on_cut: Callable[[PredictionProgress], None] = lambda progress: None,
) -> Generator[PredictionProgress | None, None, None]:
    """Make masks of a detector's boxes on all frames that have none of this segmenter, and store every result.

    A frame keeps the boxes, classes and confidences of the detector in their order; a box in which the segmenter finds
    nothing stays a box. Closing the generator stops it within one step; what was done is stored, and the next job goes
    on from there.

    Args:
        store: the open project.
        segmenter: used from this thread only, like the detector.
        settings: of the detector whose boxes are taken.
        detector: predicts the frames that it has not predicted yet; without it they are left out.
        tolerance: pixels by which the outlines may be simplified.
        on_cut: called with what was stored but not yet yielded, when the generator is closed or the segmenter fails.

    Yields:
        How far it is after each frame; None where only something more urgent may go first.

    Raises:
        ModelError: the segmenter or the detector failed in its runtime.
    """
    combined = replace(settings, segmenter=segmenter.info)
    frames = pending_frames(store, combined)
    run_id = start_run(store, combined, device=segmenter.device)
    boxes_run = start_run(store, settings, device=detector.device) if detector is not None else run_id
    log = ResultLog(store, frames)
    yield log.progress()
    yield from repeated_results(store, run_id, log)
    with store.reader() as reader:
        maker = _MaskMaker(store, reader, segmenter, settings=settings, detector=detector, tolerance=tolerance)
        try:
            for frame in frames:
                outcome = yield from maker.make(frame)
                if outcome is None:
                    log.leave_out()
                else:
                    log.add([outcome.result], _recording(run_id, boxes_run, outcome))
                yield from log.acknowledged(keep=2)
            yield from log.acknowledged()
            yield log.progress()
        except BaseException:
            for progress in log.acknowledged():
                on_cut(progress)
            raise


def _recording(run_id: int, boxes_run: int, outcome: _Outcome) -> Recording:
    def record(writer: Writer) -> list[tuple[int, int | None]]:
        # The boxes for themselves too: the detector does not look at the frame again, and another segmenter can start
        # from them.
        boxes = dict(writer.record_results(boxes_run, [outcome.boxes])) if outcome.boxes is not None else {}
        made = writer.record_results(run_id, [outcome.result])
        return [(frame_id, found if found is not None else boxes.get(frame_id)) for frame_id, found in made]

    return record


class _MaskMaker:
    """Does one frame after the other."""

    def __init__(
        self,
        store: Store,
        reader: Reader,
        segmenter: FrameSegmenter,
        *,
        settings: RunSettings,
        detector: Detector | None,
        tolerance: float,
    ) -> None:
        self._store: Final = store
        self._reader: Final = reader
        self._segmenter: Final = segmenter
        self._settings: Final = settings
        self._detector: Final = detector
        self._tolerance: Final = tolerance

    def make(self, frame: Frame) -> Generator[None, None, _Outcome | None]:
        """Return what becomes of a frame; None when there are no boxes to start from and nobody to find them."""
        try:
            image = self._segmenter.decode(frame)
        except FrameError as e:
            return _Outcome(FrameResult(frame.id, None, error=e.code, detail=e.detail))
        yield
        boxes: FrameResult | None = None
        try:
            predictions = self._stored(frame, image)
            if predictions is None:
                boxes = self._predicted(frame, image)
                if boxes is None or boxes.predictions is None:
                    return _Outcome(boxes) if boxes is not None else None
                predictions = boxes.predictions
                yield
            masks = yield from self._masks(frame, image, predictions)
        except OutOfMemory as e:
            return _Outcome(_result(frame, image, error=FrameErrorCode.PREDICTION_LOST, detail=str(e)), boxes)
        return _Outcome(_result(frame, image, replace(predictions, outlines=masks)), boxes)

    def _stored(self, frame: Frame, image: DecodedFrame) -> FramePredictions | None:
        """Return what the detector found in this very picture before."""
        note = self._store.submit(
            Priority.PREDICTIONS,
            lambda writer: writer.set_frame_header(frame.id, image.header, sha256=image.sha256),
        )
        note.result()  # from now on the reader knows whether the predictions are of what was decoded
        found = self._reader.source_predictions(frame.id, self._settings)
        return found[1] if found is not None else None

    def _predicted(self, frame: Frame, image: DecodedFrame) -> FrameResult | None:
        if self._detector is None:
            return None
        (found,) = self._detector.predict([image.pixels])
        if isinstance(found, FramePredictions):
            return _result(frame, image, found)
        return _result(frame, image, error=found, detail=FRAME_ERROR_TEXT[found])

    def _masks(self, frame: Frame, image: DecodedFrame, predictions: FramePredictions) -> Generator[None, None, Masks]:
        masks: list[Mask | None] = [None] * len(predictions)
        wanted = np.flatnonzero(predictions.confidences >= MASK_FLOOR).tolist()
        if wanted:
            embedding = self._segmenter.kept(frame.id, image.fingerprint) or self._segmenter.encode(image.pixels)
            yield
            for index in wanted:
                box = predictions.box(index).clipped(image.header.width, image.header.height)
                if box.area > 0.0:
                    found = self._segmenter.outlines(embedding, Prompt(box), tolerance=self._tolerance)
                    masks[index] = found[0].mask if found else None
                    yield
        return Masks.of(masks)


def _result(
    frame: Frame,
    image: DecodedFrame,
    predictions: FramePredictions | None = None,
    *,
    error: FrameErrorCode | None = None,
    detail: str = "",
) -> FrameResult:
    return FrameResult(
        frame.id,
        predictions,
        error=error,
        detail=detail,
        header=image.header,
        sha256=image.sha256,
        fingerprint=image.fingerprint,
        light=measure(image.pixels),
    )

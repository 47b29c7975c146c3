"""Frames in, results out: decode ahead on one thread, batches of one shape, and no bad frame stops the rest."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from autoanno_gui.core.errors import FRAME_ERROR_TEXT, FrameError, FrameErrorCode, OutOfMemory
from autoanno_gui.core.predictions import FramePredictions, FrameResult
from autoanno_gui.core.records import Frame
from autoanno_gui.imaging.decode import DecodedFrame, read_frame
from autoanno_gui.imaging.light import measure
from autoanno_gui.inference.engine import Detector

_MEMORY: Final = 256 << 20
"""Bytes of decoded pixels that may wait; the decoder always gets at least one frame to work on."""
_CANCEL_POLL: Final = 0.05

_Shape: TypeAlias = tuple[int, ...]
_Outcome: TypeAlias = FramePredictions | FrameErrorCode | OutOfMemory


def predict_frames(
    detector: Detector, frames: Iterable[Frame], *, root: Path, cancelled: Callable[[], bool]
) -> Iterator[list[FrameResult]]:
    """Predict frames and yield their results batch by batch, in the order of `frames`.

    Where a batch takes several frames, frames of another shape may overtake by at most two batches. `frames` is read on
    the caller's thread and only a few ahead. Each frame gives exactly one result: predictions, or an error when its
    file cannot be used, when the model gave it up, or when memory is out even for this frame alone.

    Args:
        root: the frame root.
        cancelled: asked before each batch and while waiting for the decoder; once true, nothing more is yielded.

    Raises:
        ModelError: the model failed in its runtime.
    """
    queue = _Decoder(frames, root=root, depth=2 * detector.batch_size + 1)
    batches = _Batches(detector)
    try:
        while not cancelled():
            if not queue.ready():
                continue
            item = queue.take()
            if item is None:
                break
            if isinstance(item, FrameResult):
                yield [item]
                continue
            batches.add(item)
            while not cancelled() and (batch := batches.due()) is not None:
                yield batches.predict(batch)
        while not cancelled() and (batch := batches.oldest()) is not None:
            yield batches.predict(batch)
    finally:
        queue.close()


@dataclass(frozen=True, slots=True)
class _Decoded:
    frame: Frame
    image: DecodedFrame

    @property
    def shape(self) -> _Shape:
        return self.image.pixels.shape

    def result(self, outcome: _Outcome) -> FrameResult:
        """Return what is known of the frame together with what the model said."""
        predictions: FramePredictions | None = None
        error: FrameErrorCode | None = None
        detail = ""
        if isinstance(outcome, FramePredictions):
            predictions = outcome
        elif isinstance(outcome, OutOfMemory):
            error, detail = FrameErrorCode.PREDICTION_LOST, str(outcome)
        else:
            error, detail = outcome, FRAME_ERROR_TEXT[outcome]
        image = self.image
        return FrameResult(
            self.frame.id,
            predictions,
            error=error,
            detail=detail,
            header=image.header,
            sha256=image.sha256,
            fingerprint=image.fingerprint,
            # Here and not where it is decoded: with a fast device the decoder is what all wait for.
            light=measure(image.pixels),
        )


class _Decoder:
    """Decodes frames in order on one thread, a few ahead of what was taken."""

    def __init__(self, frames: Iterable[Frame], *, root: Path, depth: int) -> None:
        self._frames = iter(frames)
        self._root = root
        self._depth = depth
        self._frame_bytes = 0
        self._waiting: deque[tuple[Frame, Future[DecodedFrame]]] = deque()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="decode")

    def ready(self) -> bool:
        """Wait a moment for the next frame; return whether `take` would not have to wait."""
        self._fill()
        if not self._waiting:
            return True
        future = self._waiting[0][1]
        return future.done() or bool(wait([future], timeout=_CANCEL_POLL).done)

    def take(self) -> _Decoded | FrameResult | None:
        """Return the next frame, the result of one that cannot be used, or None after the last."""
        self._fill()
        if not self._waiting:
            return None
        frame, future = self._waiting.popleft()
        try:
            image = future.result()
        except FrameError as e:
            return FrameResult(frame.id, None, error=e.code, detail=e.detail)
        except MemoryError:
            detail = "There is not enough memory to open this image; close other programs or make it smaller."
            return FrameResult(frame.id, None, error=FrameErrorCode.TOO_LARGE, detail=detail)
        self._frame_bytes = image.pixels.nbytes
        self._fill()
        return _Decoded(frame, image)

    def close(self) -> None:
        """Drop what was not begun and wait for the thread to end."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._waiting.clear()

    def _fill(self) -> None:
        fits = _MEMORY // self._frame_bytes if self._frame_bytes else self._depth
        while len(self._waiting) < max(1, min(self._depth, fits)):
            frame = next(self._frames, None)
            if frame is None:
                return
            self._waiting.append((frame, self._thread.submit(read_frame, self._root, frame.path)))


class _Batches:
    """Sorts frames by shape and predicts them, in smaller batches where memory ran out."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        # The shape whose first frame has waited longest comes first.
        self._groups: dict[_Shape, list[_Decoded]] = {}
        self._limits: dict[_Shape, int] = {}
        self._added = 0
        self._since: dict[_Shape, int] = {}

    def add(self, item: _Decoded) -> None:
        """Keep a frame until a batch is due."""
        self._added += 1
        if item.shape not in self._groups:
            self._groups[item.shape] = []
            self._since[item.shape] = self._added
        self._groups[item.shape].append(item)

    def due(self) -> list[_Decoded] | None:
        """Return a batch that is full, or whose first frame was overtaken by two batches; None when there is none."""
        size = self._detector.batch_size
        for shape, group in self._groups.items():
            if len(group) >= size:
                return self._groups.pop(shape)
        first = next(iter(self._groups), None)
        if first is None:
            return None
        overtaken = self._added - self._since[first] >= 2 * size
        return self.oldest() if overtaken or self._held_bytes() >= _MEMORY else None

    def _held_bytes(self) -> int:
        return sum(each.image.pixels.nbytes for group in self._groups.values() for each in group)

    def oldest(self) -> list[_Decoded] | None:
        """Return the batch whose first frame came first, None when there is none."""
        first = next(iter(self._groups), None)
        return None if first is None else self._groups.pop(first)

    def predict(self, batch: list[_Decoded]) -> list[FrameResult]:
        """Return the results of a batch; out of memory halves it, down to a single frame that becomes an error."""
        shape = batch[0].shape
        results: list[FrameResult] = []
        while len(results) < len(batch):
            size = self._limits.get(shape, len(batch))
            part = batch[len(results) : len(results) + size]
            outcomes: list[FramePredictions | FrameErrorCode] | list[OutOfMemory]
            try:
                outcomes = self._detector.predict([each.image.pixels for each in part])
            except OutOfMemory as e:
                self._limits[shape] = max(1, len(part) // 2)
                if len(part) > 1:
                    continue
                outcomes = [e]
            results.extend(each.result(outcome) for each, outcome in zip(part, outcomes, strict=True))
        return results

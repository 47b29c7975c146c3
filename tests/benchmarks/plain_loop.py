"""The floor of a prediction job: one loop of decode, letterbox, forward pass and suppression, without anything else.

It is what a competent script would be, with the quickest decoder there is, and uses the same model file, device,
threads, batch and network size as the job.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import simplejpeg

from autoanno_gui.core.predictions import RunSettings
from autoanno_gui.inference.engine import Detector


class PlainLoop:
    """A model loaded once more, by the library's own means."""

    def __init__(self, detector: Detector, settings: RunSettings) -> None:
        """Load the model of a detector, whose package is imported by now.

        Args:
            settings: where confidence, overlap and number of predictions are cut.
        """
        from ultralytics.data.augment import LetterBox
        from ultralytics.nn.autobackend import AutoBackend
        from ultralytics.utils.torch_utils import select_device

        info = detector.info
        self._settings = settings
        self._batch = detector.batch_size
        self._device = select_device(detector.device, verbose=False)
        self._model: Any = AutoBackend(info.path, device=self._device, verbose=False, end2end=False)
        self._model.eval()
        resizable = info.backend == "torch" or bool(getattr(self._model, "dynamic", False))
        self._letterbox = LetterBox(detector.imgsz, auto=resizable, stride=self._model.stride)

    def rate(self, files: Sequence[Path]) -> float:
        """Return frames a second from the files to boxes in frame pixels."""
        import torch
        from ultralytics.utils.nms import non_max_suppression
        from ultralytics.utils.ops import scale_boxes

        settings = self._settings
        begun = time.perf_counter()
        with torch.inference_mode():
            for frames in self._batches(files):
                batch = self._network_input(frames)
                found = non_max_suppression(
                    _first(self._model(batch)),
                    settings.floor,
                    settings.iou,
                    max_det=settings.max_det,
                    nc=len(settings.model.classes),
                    end2end=bool(getattr(self._model, "end2end", False)),
                    rotated=settings.model.task == "obb",
                )
                for rows, frame in zip(found, frames, strict=True):
                    scale_boxes(batch.shape[2:], rows[:, :4], frame.shape).cpu().numpy()
        return len(files) / (time.perf_counter() - begun)

    def forward_rate(self, files: Sequence[Path]) -> float:
        """Return frames a second of the forward pass alone, over inputs that are ready."""
        import torch

        count = 0
        with torch.inference_mode():
            inputs = [self._network_input(frames) for frames in self._batches(files[: max(self._batch, 4)])]
            begun = time.perf_counter()
            while count < len(files):
                batch = inputs[count // self._batch % len(inputs)]
                # Brought back to the host, so that a GPU has really finished.
                _first(self._model(batch)).sum().item()
                count += len(batch)
        return count / (time.perf_counter() - begun)

    def _batches(self, files: Sequence[Path]) -> Iterator[list[np.ndarray]]:
        frames: list[np.ndarray] = []
        for file in files:
            frame = _decode(file)
            if frames and (len(frames) == self._batch or frames[0].shape != frame.shape):
                yield frames
                frames = []
            frames.append(frame)
        if frames:
            yield frames

    def _network_input(self, frames: Sequence[np.ndarray]) -> Any:  # noqa: ANN401 - a tensor of a package not yet imported
        import torch

        boxed = [self._letterbox(image=frame)[..., ::-1].transpose(2, 0, 1) for frame in frames]
        pixels = torch.from_numpy(np.ascontiguousarray(np.stack(boxed))).to(self._device)
        return (pixels.half() if self._model.fp16 else pixels.float()) / 255


def _decode(file: Path) -> np.ndarray:
    data = file.read_bytes()
    if data[:2] == b"\xff\xd8":
        return simplejpeg.decode_jpeg(data, "BGR")
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def _first(output: Any) -> Any:  # noqa: ANN401 - nested lists of tensors
    while isinstance(output, list | tuple):
        output = output[0]
    return output

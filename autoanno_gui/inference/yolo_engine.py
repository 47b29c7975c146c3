"""The Ultralytics adapter: letterbox, network, suppression, and one conversion into plain arrays.

It drives Ultralytics' own stages rather than `model.predict`, which builds result objects that would only be taken
apart again, reports usage, and forgets all class scores but the best.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.errors import FrameErrorCode, ModelError, OutOfMemory
from autoanno_gui.core.predictions import FramePredictions, ModelInfo, RunSettings
from autoanno_gui.core.task import Task
from autoanno_gui.inference.runtime_errors import free_gpu, runtime_errors
from autoanno_gui.inference.yolo_devices import choose_device
from autoanno_gui.inference.yolo_metadata import Backend
from autoanno_gui.inference.yolo_outlines import Placement, extra_values, outlines_of, upright_boxes
from autoanno_gui.inference.yolo_runtime import LOGGER_NAME, import_ultralytics

if TYPE_CHECKING:
    from torch import Tensor, nn
    from ultralytics.nn.autobackend import AutoBackend

_logger: Final = logging.getLogger(__name__)
_GPU_BATCH: Final = 8
# More at once is no faster on a CPU, and a cancelled job would wait for it.
_CPU_BATCH: Final = 1
_TOP: Final = 3
_BYTE_TO_UNIT: Final = np.arange(256, dtype=np.float32) / np.float32(255)


def load_yolo(
    info: ModelInfo, *, network: nn.Module | None, device: str, imgsz: int | None, batch: int
) -> YoloDetector:
    """Return a detector that has already run once on an empty image.

    Args:
        network: the opened network of a `.pt` file; exports are loaded from `info.path`.
        device: as in `choose_device`.
        imgsz: side of the network input in pixels, None for the model's own.
        batch: frames at once of an export with a fixed input.

    Raises:
        ModelError: the device is not there, or the model does not run.
        OutOfMemory: the device is too small.
    """
    import_ultralytics()
    backend = Backend(info.backend)
    if backend is Backend.ONNX:
        import onnxruntime

        onnxruntime.disable_telemetry_events()
    chosen, reason = choose_device(device, backend)
    if chosen != "cpu" and device == "auto":
        try:
            return _load_on(info, network, device=chosen, reason=reason, imgsz=imgsz, batch=batch)
        except (ModelError, OutOfMemory) as e:
            _logger.warning("%s Going on with the CPU.", e)
            chosen, reason = "cpu", f"the model could not be run on {chosen}"
    return _load_on(info, network, device=chosen, reason=reason, imgsz=imgsz, batch=batch)


def _load_on(
    info: ModelInfo, network: nn.Module | None, *, device: str, reason: str, imgsz: int | None, batch: int
) -> YoloDetector:
    from ultralytics.nn.autobackend import AutoBackend
    from ultralytics.utils.torch_utils import select_device

    # Ultralytics suppresses overlaps with it once it is imported, else with something slower.
    import_module("torchvision")

    with runtime_errors(info, _exceptions_of(info), doing="while loading", opening=True):
        model = AutoBackend(
            network if network is not None else info.path,
            device=select_device(device, verbose=False),
            verbose=False,
            # YOLO26 has two heads; the one that needs suppression also gives the scores of all classes.
            end2end=False,
        )
        model.eval()
    detector = YoloDetector(info, model, device_reason=reason, imgsz=imgsz, batch=batch)
    detector.check()
    return detector


class YoloDetector:
    """A detect, segment, pose or OBB model. One thread at a time."""

    def __init__(
        self, info: ModelInfo, model: AutoBackend, *, device_reason: str, imgsz: int | None, batch: int
    ) -> None:
        """Wrap a loaded `AutoBackend`.

        Args:
            device_reason: why it does not run on a GPU, empty when it does.
            imgsz: side of the network input in pixels; None for the model's own, which a fixed input always keeps.
            batch: frames at once of an export with a fixed input.
        """
        from ultralytics.data.augment import LetterBox
        from ultralytics.utils.checks import check_imgsz

        resizable = info.backend == Backend.TORCH or bool(getattr(model, "dynamic", False))
        sides = [imgsz, imgsz] if resizable and imgsz is not None else list(info.imgsz)
        height, width = check_imgsz(sides, stride=model.stride, min_dim=2) if resizable else sides
        self.info: Final = info
        self.imgsz: Final = (int(height), int(width))
        self.device: Final = str(model.device)
        self.device_reason: Final = device_reason
        on_cpu = self.device == "cpu"
        self.batch_size: Final = _CPU_BATCH if on_cpu else _GPU_BATCH if resizable else batch
        self._settings: Final = RunSettings(info, self.imgsz)
        self._exceptions: Final = _exceptions_of(info)
        self._on_cpu: Final = on_cpu
        self._end2end: Final = bool(getattr(model, "end2end", False))
        # A fixed input is padded to its full size, any other one to the next multiple of the stride.
        self._letterbox: Final = LetterBox(self.imgsz, auto=resizable, stride=model.stride)
        self._model: Any = model

    def check(self) -> None:
        """Run an empty image through the model, and compare its output with what its file says.

        Raises:
            ModelError: it does not run, or puts out something else.
        """
        import torch

        with (
            runtime_errors(self.info, self._exceptions, doing="on its first run", opening=True),
            torch.inference_mode(),
        ):
            empty = np.full((*self.imgsz, 3), 114, np.uint8)
            batch = self._network_input([empty])
            output, prototypes = self._run(batch)
        if output.ndim != 3:
            shape = tuple(output.shape)
            raise ModelError(f"{self.info.path} puts out no predictions (shape {shape}); export it again.")
        coefficients = int(prototypes.shape[1]) if prototypes is not None and _covers(prototypes, batch) else 0
        if self.info.task is Task.SEGMENT and not coefficients:
            raise ModelError(f"{self.info.path} is a segment model but puts out no masks; export it again.")
        classes, extra = len(self.info.classes), extra_values(self.info, mask_coefficients=coefficients)
        if self._suppressed(output):
            found, expected = output.shape[2], 6 + extra
        else:
            found, expected = output.shape[1], 4 + classes + extra
        if found != expected:
            raise ModelError(
                f"{self.info.path} is a {self.info.task} model that names {classes} classes but puts out {found} "
                f"values instead of {expected} for each prediction; export it again."
            )

    def predict(self, frames: Sequence[NDArray[np.uint8]]) -> list[FramePredictions | FrameErrorCode]:
        """See `Detector.predict`."""
        import torch
        from ultralytics.utils.nms import non_max_suppression

        if self._model is None:
            raise RuntimeError("the detector is closed")
        if not frames:
            return []
        settings = self._settings
        with (
            runtime_errors(self.info, self._exceptions, doing="while predicting"),
            _SuppressionWatch() as watch,
            torch.inference_mode(),
        ):
            batch = self._network_input(frames)
            output, prototypes = self._run(batch)
            found, anchors = non_max_suppression(
                output,
                settings.floor,
                settings.iou,
                max_det=settings.max_det,
                nc=len(self.info.classes),
                end2end=self._end2end,
                rotated=self.info.task is Task.OBB,
                return_idxs=True,
            )
            rows = [each.float().cpu().numpy() for each in found]
            scores = [self._class_scores(output, i, anchors[i]) if len(rows[i]) else None for i in range(len(rows))]
            pixels = [
                _pixels(prototypes, i) if prototypes is not None and len(rows[i]) else None for i in range(len(rows))
            ]
        network = (int(batch.shape[2]), int(batch.shape[3]))
        results: list[FramePredictions | FrameErrorCode] = []
        for i, frame in enumerate(frames):
            if len(rows[i]):
                place = Placement.of(frame.shape[:2], imgsz=self.imgsz, network=network)
                results.append(self._convert(rows[i], scores[i], pixels[i], place))
            else:
                results.append(FrameErrorCode.PREDICTION_LOST if watch.gave_up else FramePredictions.empty())
        return results

    def close(self) -> None:
        """Give the model's memory back; the detector cannot be used afterwards."""
        self._model = None
        free_gpu(self.device)

    def _network_input(self, frames: Sequence[NDArray[np.uint8]]) -> Tensor:
        """Return the letterboxed (N, 3, H, W) RGB batch in 0..1 on the device."""
        import torch

        boxed = [self._letterbox(image=frame) for frame in frames]
        if not self._on_cpu:
            pixels = torch.from_numpy(np.stack(boxed)).to(self._model.device)
            pixels = pixels.permute(0, 3, 1, 2).contiguous().flip(1)
            return (pixels.half() if self._model.fp16 else pixels.float()).div_(255)
        # The same numbers as above, four times as fast: a table gives each byte its float, plane by plane.
        batch = np.empty((len(boxed), 3, *boxed[0].shape[:2]), np.float32)
        for image, planes in zip(boxed, batch, strict=True):
            for plane, out in zip(cv2.split(image), planes[::-1], strict=True):
                cv2.LUT(plane, _BYTE_TO_UNIT, dst=out)
        return torch.from_numpy(batch)

    def _run(self, batch: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the predictions of a batch, and of a segment model the (N, C, H, W) prototypes of its masks."""
        output = self._model(batch)
        # A network that was not exported puts what training needs beside its output.
        while isinstance(output, list | tuple) and isinstance(output[0], list | tuple):
            output = output[0]
        if not isinstance(output, list | tuple):
            return output, None
        return output[0], output[1] if self.info.task is Task.SEGMENT and len(output) > 1 else None

    def _suppressed(self, output: Tensor) -> bool:
        """Whether the network itself has removed duplicates: rows of box, confidence, class and no class scores."""
        return self._end2end or output.shape[-1] == 6

    def _class_scores(self, output: Tensor, index: int, anchors: Tensor) -> NDArray[np.float32] | None:
        """Return the (N, classes) scores of the kept predictions of one frame, None when the network has none."""
        if self._suppressed(output):
            return None
        scores = output[index, 4 : 4 + len(self.info.classes)].index_select(1, anchors.long())
        kept: NDArray[np.float32] = scores.T.float().cpu().numpy()
        return kept

    def _convert(
        self,
        rows: NDArray[np.float32],
        scores: NDArray[np.float32] | None,
        prototypes: NDArray[np.float32] | None,
        place: Placement,
    ) -> FramePredictions:
        """Turn (N, 6 or more) rows in network pixels into the predictions of one frame."""
        order = np.argsort(-rows[:, 4], kind="stable")
        order = order[np.isfinite(rows[order]).all(1)]
        boxes = upright_boxes(rows[order], self.info.task, place)
        has_area = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        order, boxes = order[has_area], boxes[has_area]
        rows = rows[order]
        confidences = rows[:, 4].copy()
        classes = rows[:, 5].astype(np.int32)
        if len(classes) and classes.max() >= len(self.info.classes):
            raise ModelError(
                f"{self.info.path} predicts class {classes.max()} but has no name for it; export it again."
            )
        top_classes, top_scores = _best_classes(classes, confidences, None if scores is None else scores[order])
        outlines = outlines_of(rows, self.info, prototypes, place)
        return FramePredictions(boxes, confidences, classes, top_classes, top_scores, outlines)


class _SuppressionWatch(logging.Handler):
    """Notices that Ultralytics ran out of its time limit and returned the rest of a batch as if it were empty."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.gave_up = False
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread and "NMS time limit" in record.getMessage():
            self.gave_up = True

    def __enter__(self) -> _SuppressionWatch:
        logging.getLogger(LOGGER_NAME).addHandler(self)
        return self

    def __exit__(self, *_details: object) -> None:
        logging.getLogger(LOGGER_NAME).removeHandler(self)
        self.close()


def _covers(prototypes: Tensor, batch: Tensor) -> bool:
    """Whether each pixel of the prototypes stands for the same whole number of network pixels both ways."""
    stride = int(batch.shape[2]) // int(prototypes.shape[2]) if prototypes.ndim == 4 else 0
    return stride > 0 and [stride * int(side) for side in prototypes.shape[2:]] == list(batch.shape[2:])


def _pixels(prototypes: Tensor, index: int) -> NDArray[np.float32]:
    """Return the (H, W, C) prototypes of one frame."""
    pixels: NDArray[np.float32] = prototypes[index].permute(1, 2, 0).float().contiguous().cpu().numpy()
    return pixels


def _best_classes(
    classes: NDArray[np.int32], confidences: NDArray[np.float32], scores: NDArray[np.float32] | None
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the (N, 3) best classes and their scores; the first is always the predicted class.

    Args:
        scores: (N, classes), None when only the predicted class is known.
    """
    count = len(classes)
    top_classes = np.full((count, _TOP), -1, np.int32)
    top_scores = np.zeros((count, _TOP), np.float32)
    top_classes[:, 0], top_scores[:, 0] = classes, confidences
    if scores is None:
        return top_classes, top_scores
    rest = scores.copy()
    row = np.arange(count)
    for place in range(1, min(_TOP, rest.shape[1])):
        rest[row, top_classes[:, place - 1]] = -np.inf
        top_classes[:, place] = rest.argmax(1)
        top_scores[:, place] = rest[row, top_classes[:, place]]
    return top_classes, top_scores


def _exceptions_of(info: ModelInfo) -> tuple[type[Exception], ...]:
    """Return what the runtime of a model raises when it fails."""
    if info.backend != Backend.ONNX:
        return (RuntimeError,)
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = [each for each in vars(state).values() if isinstance(each, type) and issubclass(each, Exception)]
    return (RuntimeError, *own)

"""What models are and what they proposed: records that layers hand to each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.box import Box, Boxes
from autoanno_gui.core.errors import FrameErrorCode
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.outlines import Outlines
from autoanno_gui.core.records import FrameHeader
from autoanno_gui.core.task import Task

if TYPE_CHECKING:
    from autoanno_gui.core.light import Light

CONFIDENCE_FLOOR: Final = 0.05
"""Predictions are stored from this confidence up, so that a threshold is a view and never a new model run."""


@dataclass(frozen=True, slots=True)
class FramePredictions:
    """What a model proposed for one frame: a struct of arrays by falling confidence, raw, never changed.

    Attributes:
        boxes: (N, 4) float32, xyxy pixels of the upright image.
        confidences: (N,) float32 in 0..1.
        classes: (N,) int32, the *model's* class numbers.
        top_classes: (N, 3) int32, the model's three best classes, -1 where unknown.
        top_scores: (N, 3) float32, their scores (independent sigmoids), 0 where unknown.
        outlines: N outlines that say more than the boxes; None where there are only boxes.
    """

    boxes: Boxes
    confidences: NDArray[np.float32]
    classes: NDArray[np.int32]
    top_classes: NDArray[np.int32]
    top_scores: NDArray[np.float32]
    outlines: Outlines | None = None

    def __post_init__(self) -> None:
        n = len(self.confidences)
        shapes = (self.boxes.shape, self.classes.shape, self.top_classes.shape, self.top_scores.shape)
        if shapes != ((n, 4), (n,), (n, 3), (n, 3)):
            raise ValueError(f"prediction arrays of unequal length: {shapes}")
        if self.outlines is not None and len(self.outlines) != n:
            raise ValueError(f"{len(self.outlines)} outlines for {n} predictions")

    def __len__(self) -> int:
        return len(self.confidences)

    @classmethod
    def empty(cls) -> FramePredictions:
        """Return the result of a frame on which the model saw nothing."""
        return cls(
            np.zeros((0, 4), np.float32),
            np.zeros(0, np.float32),
            np.zeros(0, np.int32),
            np.zeros((0, 3), np.int32),
            np.zeros((0, 3), np.float32),
        )

    def box(self, index: int) -> Box:
        """Return one row of `boxes` as a `Box`."""
        return Box(*self.boxes[index].tolist())

    def geometry(self, index: int) -> Geometry:
        """Return the richest outline that the model gave a prediction."""
        box = self.box(index)
        return self.outlines.at(index, box) if self.outlines is not None else box


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model file as the registry knows it.

    Attributes:
        path: absolute path of the file or folder.
        name: file name, for people.
        task: what it predicts.
        classes: names by class number.
        imgsz: (height, width) of the network input in pixels.
        backend: `torch`, `onnx`, `openvino`, `engine`, ...
        weights_hash: sha256 over the file, or over the files of the folder.
        fixed_imgsz: whether the input size is built into the file.
        kpt_shape: (keypoints, 2 or 3) of pose models.
        kpt_names: of their keypoints where the file has them, else empty; not kept in a project.
    """

    path: str
    name: str
    task: Task
    classes: tuple[str, ...]
    imgsz: tuple[int, int]
    backend: str
    weights_hash: str
    fixed_imgsz: bool = False
    kpt_shape: tuple[int, int] | None = None
    kpt_names: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class SegmenterInfo:
    """What makes masks from points and boxes.

    Attributes:
        name: for people, such as `GrabCut` or the file name of a SAM model.
        kind: `grabcut`, `mobile_sam`, `sam2_t`, `sam2.1_b`, ...: the architecture.
        weights_hash: sha256 of the weights file; empty without weights.
        path: absolute path of the weights file; empty without weights.
    """

    name: str
    kind: str
    weights_hash: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What a run's results depend on. Equal settings continue one run; any difference starts a new one.

    Attributes:
        segmenter: what turned the model's boxes into masks; None for the model's own outlines.
    """

    model: ModelInfo
    imgsz: tuple[int, int]
    iou: float = 0.7
    floor: float = CONFIDENCE_FLOOR
    max_det: int = 300
    segmenter: SegmenterInfo | None = None


@dataclass(frozen=True, slots=True)
class FrameResult:
    """The outcome of predicting one frame: either predictions (perhaps none) or an error."""

    frame_id: int
    predictions: FramePredictions | None
    error: FrameErrorCode | None = None
    detail: str = ""
    header: FrameHeader | None = None
    sha256: str | None = None
    """Hash of the bytes that were decoded."""
    fingerprint: tuple[int, int] | None = None
    """(bytes, mtime_ns) of the file that was decoded."""
    light: Light | None = None
    """Of the picture that was decoded."""

"""The plain records that layers hand to each other. Words are those of docs/glossary.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.box import Box, Boxes
from autoanno_gui.core.errors import FrameErrorCode
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.outlines import Outlines
from autoanno_gui.core.task import Task

CONFIDENCE_FLOOR: Final = 0.05
"""Predictions are stored from this confidence up, so that a threshold is a view and never a new model run."""


class FrameState(StrEnum):
    """Where a frame stands. All but `failed` follow from the adopted decision."""

    UNDECIDED = "undecided"
    ACCEPTED = "accepted"
    EDITED = "edited"
    REJECTED = "rejected"
    HAND_LABELLED = "hand_labelled"
    DEFERRED = "deferred"
    FAILED = "failed"

    @property
    def decided(self) -> bool:
        return self in (FrameState.ACCEPTED, FrameState.EDITED, FrameState.REJECTED, FrameState.HAND_LABELLED)

    @property
    def labelled(self) -> bool:
        """Whether an export takes the frame."""
        return self in (FrameState.ACCEPTED, FrameState.EDITED, FrameState.HAND_LABELLED)


class DecisionKind(StrEnum):
    ACCEPTED = "accepted"
    EDITED = "edited"
    REJECTED = "rejected"
    HAND_LABELLED = "hand_labelled"
    DEFERRED = "deferred"

    @property
    def state(self) -> FrameState:
        return FrameState(self.value)


class VerdictKind(StrEnum):
    ACCEPTED = "accepted"
    EDITED = "edited"
    REJECTED = "rejected"
    PROMOTED = "promoted"
    ADDED = "added"


class How(StrEnum):
    """By which act a verdict came about."""

    FRAME = "frame"
    """Accepting the frame accepted the candidate as shown."""
    OBJECT = "object"
    """The reviewer acted on this one object."""
    THRESHOLD = "threshold"
    """The reviewer raised the threshold over it while on the frame."""


class PresentationMode(StrEnum):
    """What a frame shows of its predictions."""

    NORMAL = "normal"
    HAND = "hand"
    """Labelled by hand: predictions stay hidden."""


@dataclass(frozen=True, slots=True)
class ScannedFile:
    """One image file met by a scan, before it has an id.

    Attributes:
        path: escaped path relative to the frame root, with forward slashes; the frame's identity.
        bytes: file size, 0 when it could not be read.
        mtime_ns: modification time.
        error: known already from the directory entry (for instance a link without target), else None.
    """

    path: str
    bytes: int
    mtime_ns: int
    error: FrameErrorCode | None = None


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """What an image file's header says.

    Attributes:
        width: pixels, after the EXIF turn.
        height: pixels, after the EXIF turn.
        flags: remarks worth showing, such as "16_bit", "multi_page:3", "alpha", "named_as:jpg_is:png".
    """

    width: int
    height: int
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """One image file of the folder. `width` and `height` are 0 until the file was first opened."""

    id: int
    path: str
    width: int = 0
    height: int = 0
    state: FrameState = FrameState.UNDECIDED
    error: FrameErrorCode | None = None
    flags: tuple[str, ...] = ()
    run_frame_id: int | None = None
    """The newest finished prediction of the frame, None while it has none."""

    @property
    def usable(self) -> bool:
        """Whether the frame can be shown, predicted and exported."""
        return self.error is None


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


@dataclass(frozen=True, slots=True)
class ClassRecord:
    """One class of the project. `id` never changes and is never given to another class.

    Attributes:
        colour: `#rrggbb`.
        slot: 1..9, the digit that sets it; None without one. Slots never reorder by themselves.
        used: whether any annotation ever had it; a used class can be merged but not removed.
        merged_into: the class that took its place, None while it lives.
    """

    id: int
    name: str
    colour: str
    slot: int | None = None
    used: bool = False
    merged_into: int | None = None


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The display threshold: strictly above it a prediction is a candidate.

    Attributes:
        default: 0..1 for all classes without an own value.
        per_class: project class id -> 0..1.
        ghost_floor: predictions from here up to the threshold are ghosts.
    """

    default: float = 0.5
    per_class: tuple[tuple[int, float], ...] = ()
    ghost_floor: float = 0.15
    _by_class: Mapping[int, float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_class", dict(self.per_class))

    def of(self, class_id: int) -> float:
        """Return the threshold that holds for a project class."""
        return self._by_class.get(class_id, self.default)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The final state of one object against its prediction.

    Attributes:
        prediction: index into the frame's predictions; None for a drawn object.
        class_id: the final project class; for a rejected one the class it was shown with.
        geometry: the final outline; None for a rejected one.
        class_changed: whether the class differs from the one that was shown first.
        iou: of the final outline with the prediction; None for drawn and rejected ones.
    """

    kind: VerdictKind
    how: How
    prediction: int | None
    class_id: int
    geometry: Geometry | None
    class_changed: bool = False
    iou: float | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """When a frame was looked at: seconds of a monotonic clock, kept raw; figures are computed, not stored.

    Attributes:
        shown_at: the frame's pixels and objects were painted.
        first_input_at: the first key or click on it; None when the decision was the first.
        decided_at: the decision key.
        active: seconds with the window in focus, pauses over the idle cap left out.
        wall_clock: ISO 8601 UTC of the decision.
    """

    shown_at: float
    first_input_at: float | None
    decided_at: float
    active: float
    wall_clock: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer decided about one frame, as it goes to the ledger.

    Attributes:
        uuid: made by the caller, so that a retry is idempotent.
        run_frame_id: the predictions that were judged; None for a frame without.
        shown: indices of the predictions that were shown as candidates.
        width: pixels of the upright picture that was judged; 0 where it is not known.
        height: the same.
    """

    uuid: str
    frame_id: int
    kind: DecisionKind
    mode: PresentationMode
    run_frame_id: int | None
    thresholds: Thresholds
    shown: tuple[int, ...]
    verdicts: tuple[Verdict, ...]
    timing: Timing
    reviewer: str
    session_uuid: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Annotation:
    """A human-confirmed object with its provenance, as an export takes it.

    Attributes:
        geometry: float pixels of the upright image.
        kind: the verdict that made it.
        confidence: of the prediction it came from; None for a drawn one.
        model: name of the model it came from; None for a drawn one.
        decided_at: ISO 8601 UTC.
    """

    class_id: int
    geometry: Geometry
    kind: VerdictKind
    confidence: float | None
    model: str | None
    reviewer: str
    decided_at: str


@dataclass(frozen=True, slots=True)
class LabelledFrame:
    """A frame that an export takes: labelled, with its objects (none for a confirmed-empty one).

    Attributes:
        reviewer: who made the decision that labels it.
        decided_at: ISO 8601 UTC of that decision.
        width: pixels of the upright picture that was judged then; 0 where it is not known.
        height: the same.
    """

    frame: Frame
    annotations: tuple[Annotation, ...]
    reviewer: str
    decided_at: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of a long job.

    Attributes:
        done: units finished.
        total: units in all, 0 while unknown.
        text: what is going on, for people.
    """

    done: int
    total: int
    text: str = ""

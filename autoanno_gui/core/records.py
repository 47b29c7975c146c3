"""The plain records that layers hand to each other. Words are those of docs/glossary.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from autoanno_gui.core.errors import FrameErrorCode
from autoanno_gui.core.geometry import Geometry


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
    BLIND = "blind"
    """Drawn at random to be labelled before the predictions are shown."""
    SETTLE = "settle"
    """Labelled blind; the predictions lie beside the labels now, each to be taken or left."""
    PLANTED = "planted"
    """A decided frame shown again with one altered label; never recorded as a decision."""

    @property
    def hides_predictions(self) -> bool:
        """Whether nothing may be seen of what the model proposed."""
        return self in (PresentationMode.HAND, PresentationMode.BLIND)

    @property
    def by_hand(self) -> bool:
        """Whether a frame decided like this is labelled by hand, so that it judges no candidates."""
        return self in (PresentationMode.HAND, PresentationMode.BLIND, PresentationMode.SETTLE)


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
        reason: why the frame stood where it did in the queue when it was decided (a `QueueReason`); empty where that is
            not known.
        in_stream: whether the frame belonged to the random stream then.
        origin: uuid of the project that the decision was merged from; empty for one that was made here.
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
    reason: str = ""
    in_stream: bool = False
    origin: str = ""


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

"""What the queue says of a frame, in the words and signs of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from autoanno_gui.core.errors import FRAME_ERROR_TEXT
from autoanno_gui.core.queue import QueueReason
from autoanno_gui.core.queue_settings import OrderName
from autoanno_gui.core.records import ClassRecord, Frame, FrameState
from autoanno_gui.ui.wording import count_of

GLYPHS: Final = {
    FrameState.UNDECIDED: "○",
    FrameState.ACCEPTED: "✓",
    FrameState.EDITED: "✎",
    FrameState.REJECTED: "✕",
    FrameState.HAND_LABELLED: "✚",
    FrameState.DEFERRED: "↷",
    FrameState.FAILED: "⚠",
}
NAMES: Final = {
    FrameState.UNDECIDED: "to review",
    FrameState.ACCEPTED: "accepted as the model said",
    FrameState.EDITED: "accepted with changes",
    FrameState.REJECTED: "waits for hand labelling",
    FrameState.HAND_LABELLED: "labelled by hand",
    FrameState.DEFERRED: "put off",
    FrameState.FAILED: "cannot be used",
}
FILTERS: Final[tuple[tuple[str, str, tuple[FrameState, ...]], ...]] = (
    ("all", "All frames", tuple(FrameState)),
    ("undecided", "To review", (FrameState.UNDECIDED, FrameState.DEFERRED)),
    ("labelled", "Labelled", (FrameState.ACCEPTED, FrameState.EDITED, FrameState.HAND_LABELLED)),
    ("rejected", "To label by hand", (FrameState.REJECTED,)),
    ("deferred", "Put off", (FrameState.DEFERRED,)),
    ("failed", "Cannot be used", (FrameState.FAILED,)),
)
ORDERS: Final[tuple[tuple[OrderName, str, str], ...]] = (
    (
        OrderName.REVIEW,
        "Four steps",
        "Frames with borderline predictions first, then those with far more objects than usual, then those with two "
        "close classes, then the rest at random.",
    ),
    (
        OrderName.UNCERTAIN,
        "Most doubt (recommended)",
        "The most expected errors for each object to look at. Where it was measured it found the most for your time.",
    ),
    (OrderName.LEAST_CONFIDENT, "Least certain object", "The frame with the least certain candidate first."),
    (OrderName.DIFFERENT, "Most different", "What looks least like the frames you have decided comes first."),
    (OrderName.COUNT, "Most objects", "The frames with the most candidates first."),
    (OrderName.CLASS, "Class by class", "Frames of one class after the other, by the class that each has most of."),
    (OrderName.RANDOM, "Random", "An order drawn once; the same whenever the folder is opened."),
    (OrderName.NATURAL, "File name", "By name, as a file manager lists them: frame_2 before frame_10."),
)
REASONS_TO_CHOOSE: Final[tuple[tuple[QueueReason, str], ...]] = (
    (QueueReason.BORDERLINE, "Borderline"),
    (QueueReason.CROWDED, "Crowded"),
    (QueueReason.AMBIGUOUS, "Two classes close"),
    (QueueReason.COVERAGE, "Nothing stands out"),
    (QueueReason.AUDIT, "Random sample"),
    (QueueReason.TUNING, "Tuning sample"),
    (QueueReason.MEASURE, "Measured"),
    (QueueReason.UNPREDICTED, "Not predicted yet"),
)
_SAID: Final = {
    QueueReason.BORDERLINE: "borderline",
    QueueReason.AMBIGUOUS: "two classes close",
    QueueReason.COVERAGE: "nothing stands out",
    QueueReason.AUDIT: "random sample",
    QueueReason.TUNING: "tuning sample",
    QueueReason.MEASURE: "measured",
    QueueReason.UNPREDICTED: "not predicted yet",
}
_SHORT: Final = {FrameState.ACCEPTED: "accepted", FrameState.REJECTED: "label by hand"}
_COUNTED: Final = {QueueReason.BORDERLINE, QueueReason.AMBIGUOUS}


def why(
    state: FrameState, reason: QueueReason, score: float, order: OrderName, classes: Mapping[int, ClassRecord]
) -> str:
    """Return in a few words why a frame stands where it does; its state, once that says more.

    Args:
        state: the frame's state now; the reason may be of before it was decided.
        reason: why the frame stands there.
        score: what that counts.
        order: what the queue is ordered by.
        classes: of the project, by id.
    """
    if state is not FrameState.UNDECIDED:
        return _SHORT.get(state, NAMES[state])
    if reason is QueueReason.CROWDED:
        return f"crowded: {count_of(round(score), 'object')}"
    if reason is QueueReason.ORDERED:
        return _ordered(order, score, classes)
    return _SAID.get(reason, NAMES[FrameState.UNDECIDED])


def _ordered(order: OrderName, score: float, classes: Mapping[int, ClassRecord]) -> str:
    match order:
        case OrderName.COUNT:
            return count_of(round(score), "object") if score > 0 else "no objects"
        case OrderName.LEAST_CONFIDENT:
            return f"least certain: {1.0 - score:.2f}" if score >= 0 else "no objects"
        case OrderName.CLASS:
            record = classes.get(-round(score))
            return f"mostly {record.name}" if record is not None else "no objects"
        case _:
            return NAMES[FrameState.UNDECIDED]


def tip(frame: Frame, said: str, reason: QueueReason, score: float) -> str:
    """Return all that can be said of a row: path, state, reason, and the number that its reason counts."""
    state = NAMES[frame.state]
    if frame.error is not None:
        return f"{frame.path}: {state}. {FRAME_ERROR_TEXT[frame.error]}"
    if frame.state is not FrameState.UNDECIDED:
        seen = "" if frame.run_frame_id is not None else ", not predicted yet"
        return f"{frame.path}: {state}{seen}"
    number = f" (score {score:.2f})" if reason in _COUNTED and score > 0 else ""
    because = "" if said == state else f", {said}"
    return f"{frame.path}: {state}{because}{number}"

"""The order in which frames come to review, with the reason for each place. Pure: arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.frame_list import STATE_NUMBER, STATES
from autoanno_gui.core.records import FrameState


class QueueReason(StrEnum):
    """Why a frame stands where it does in the queue."""

    UNPREDICTED = "unpredicted"
    """Undecided, and no model looked at it yet."""
    COVERAGE = "coverage"
    """Undecided; its turn in natural order."""
    BORDERLINE = "borderline"
    """A prediction is close to the threshold."""
    CROWDED = "crowded"
    """More objects than usual."""
    AMBIGUOUS = "ambiguous"
    """Two classes are close for one object."""
    AUDIT = "audit"
    """Drawn at random from all frames."""
    DEFERRED = "deferred"
    """Put off."""
    FAILED = "failed"
    """Its file cannot be used."""
    REJECTED = "rejected"
    """Waits for hand labelling."""
    DECIDED = "decided"
    """Has its labels."""


REASONS: Final = tuple(QueueReason)
"""The reasons by the number that stands for each in `QueueOrder.reasons`."""
REASON_NUMBER: Final = {reason: number for number, reason in enumerate(REASONS)}

_BY_STATE: Final[dict[FrameState, tuple[int, QueueReason]]] = {
    FrameState.UNDECIDED: (0, QueueReason.COVERAGE),
    FrameState.DEFERRED: (1, QueueReason.DEFERRED),
    FrameState.FAILED: (2, QueueReason.FAILED),
    FrameState.REJECTED: (3, QueueReason.REJECTED),
    FrameState.ACCEPTED: (4, QueueReason.DECIDED),
    FrameState.EDITED: (4, QueueReason.DECIDED),
    FrameState.HAND_LABELLED: (4, QueueReason.DECIDED),
}
_RANK: Final = np.array([_BY_STATE[state][0] for state in STATES], np.uint8)
_REASON: Final = np.array([REASON_NUMBER[_BY_STATE[state][1]] for state in STATES], np.uint8)


@dataclass(frozen=True, slots=True)
class QueueOrder:
    """A permutation of the frames and why each stands where it does; all arrays go by place in the queue.

    Attributes:
        positions: (N,) int32, the frame's position in natural order.
        reasons: (N,) uint8, numbers into `REASONS`.
        scores: (N,) float32, how much the place is worth a look; 0 where natural order decides.
    """

    positions: NDArray[np.int32]
    reasons: NDArray[np.uint8]
    scores: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.positions)

    def reason(self, place: int) -> QueueReason:
        """Return why the frame at this place stands there."""
        return REASONS[int(self.reasons[place])]


def order(
    states: NDArray[np.uint8] | Sequence[FrameState], predicted: NDArray[np.bool_] | Sequence[bool]
) -> QueueOrder:
    """Return natural order, undecided frames first; then the put off, failed, rejected and the other decided ones.

    Args:
        states: (N,) in natural order: numbers into `frame_list.STATES`, or the states themselves.
        predicted: (N,) whether each frame has a finished prediction.

    Raises:
        ValueError: the columns are of unequal length.
    """
    numbers = states if isinstance(states, np.ndarray) else _numbers(states)
    known = np.asarray(predicted, np.bool_)
    if numbers.shape != known.shape:
        raise ValueError(f"{len(numbers)} states but {len(known)} predicted flags")
    reasons = _REASON[numbers]
    unpredicted = (numbers == STATE_NUMBER[FrameState.UNDECIDED]) & ~known
    reasons[unpredicted] = REASON_NUMBER[QueueReason.UNPREDICTED]
    # A stable sort keeps natural order inside each rank; over bytes it is a radix sort.
    positions = np.argsort(_RANK[numbers], kind="stable").astype(np.int32)
    return QueueOrder(positions, reasons[positions], np.zeros(len(positions), np.float32))


def _numbers(states: Sequence[FrameState]) -> NDArray[np.uint8]:
    return np.fromiter((STATE_NUMBER[state] for state in states), np.uint8, len(states))

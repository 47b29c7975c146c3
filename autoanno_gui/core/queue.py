"""The order in which frames come to review, with the reason for each place. Pure and seeded: arrays in, arrays out.

The default order goes through four steps: frames with predictions of middling confidence (`borderline`), then those
with far more objects than usual (`crowded`), then those where two classes were close for one object (`ambiguous`), then
the rest at random (`coverage`). Through it runs a random stream (`audit`), drawn once from all frames: what is measured
on it speaks for the whole folder.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.frame_list import STATE_NUMBER, STATES, FrameColumns
from autoanno_gui.core.prediction_index import PredictionIndex
from autoanno_gui.core.queue_settings import OrderName, QueueSettings
from autoanno_gui.core.queue_tallies import FrameTallies, tally_frames
from autoanno_gui.core.records import FrameState, Thresholds


class QueueReason(StrEnum):
    """Why a frame stands where it does in the queue."""

    UNPREDICTED = "unpredicted"
    """Undecided, and no model looked at it yet."""
    COVERAGE = "coverage"
    """Undecided; its turn at random."""
    BORDERLINE = "borderline"
    """Predictions are within the bounds of the settings, in the middle of the confidences."""
    CROWDED = "crowded"
    """Far more objects than usual."""
    AMBIGUOUS = "ambiguous"
    """Two classes are close for one object."""
    ORDERED = "ordered"
    """Undecided; its turn in the order that the reviewer chose."""
    AUDIT = "audit"
    """Drawn at random from all frames."""
    TUNING = "tuning"
    """Of the sample that the threshold is tuned on."""
    MEASURE = "measure"
    """Drawn to measure what the proposals are worth: labelled from nothing, or reviewed."""
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
_WITHOUT_PREDICTIONS: Final = (OrderName.NATURAL, OrderName.RANDOM, OrderName.DIFFERENT)
"""Orders that need to know nothing of the predictions."""
_FORWARD: Final = (REASON_NUMBER[QueueReason.TUNING], REASON_NUMBER[QueueReason.MEASURE])
_DECIDED: Final = np.array([state.decided for state in STATES])
_WAITING: Final = 200
"""The step of frames that the model has not come to yet: the last one."""


@dataclass(frozen=True, slots=True)
class QueueOrder:
    """A permutation of the frames and why each stands where it does; all arrays go by place in the queue.

    Attributes:
        positions: (N,) int32, the frame's position in natural order.
        reasons: (N,) uint8, numbers into `REASONS`.
        scores: (N,) float32, how much the place is worth a look, as its reason counts it; 0 where nothing is counted.
    """

    positions: NDArray[np.int32]
    reasons: NDArray[np.uint8]
    scores: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.positions)

    def reason(self, place: int) -> QueueReason:
        """Return why the frame at this place stands there."""
        return REASONS[int(self.reasons[place])]


@dataclass(slots=True)
class _Ranks:
    """By position: what sorts the undecided frames (`step`, then falling `score`, then `tie`), and why."""

    step: NDArray[np.uint8]
    score: NDArray[np.float32]
    tie: NDArray[np.uint64]
    reason: NDArray[np.uint8]


def order(
    frames: FrameColumns,
    index: PredictionIndex | None = None,
    *,
    settings: QueueSettings | None = None,
    thresholds: Thresholds | None = None,
    checks: bool = True,
    first: Collection[int] = (),
    trial: Collection[int] = (),
    distances: NDArray[np.float32] | None = None,
) -> QueueOrder:
    """Return the frames in the order of review: the undecided ones as the settings say, then in natural order those
    put off, failed, rejected and decided.

    Args:
        frames: all of them, in natural order.
        index: their newest predictions; without it the names order what only predictions could.
        settings: which order, and its bounds.
        thresholds: what is a candidate now.
        checks: whether the random stream runs through the order.
        first: ids of frames that come before all others while they are undecided.
        trial: ids of frames that come before these still.
        distances: (N,) by position, how different each frame is from what is decided, nan where that is not known; for
            the order `DIFFERENT`.
    """
    settings = settings or QueueSettings()
    states, count = frames.states, len(frames.ids)
    random = drawn(frames.draws, seed=settings.seed)
    tallies = tally_frames(frames.ids, index, settings=settings, thresholds=thresholds or Thresholds())
    predicted = frames.predicted & tallies.known if index is not None else frames.predicted
    ranks = _ranks(settings.order, tallies, predicted, random, distances, known=index is not None)
    _bring_forward(ranks, frames.ids, first, QueueReason.TUNING)
    measured = _bring_forward(ranks, frames.ids, trial, QueueReason.MEASURE)
    undecided = np.flatnonzero(states == STATE_NUMBER[FrameState.UNDECIDED])
    # By position in the end, so that equal frames stay in natural order.
    keys = (undecided, ranks.tie[undecided], -ranks.score[undecided], ranks.step[undecided], ~measured[undecided])
    head = undecided[np.lexsort(keys)]
    if checks:
        head = _with_random_stream(head, states, predicted, random, ranks, settings)
    others = np.flatnonzero(states != STATE_NUMBER[FrameState.UNDECIDED])
    # A stable sort keeps natural order inside each rank; over bytes it is a radix sort.
    tail = others[np.argsort(_RANK[states[others]], kind="stable")]
    positions = np.concatenate([head, tail]).astype(np.int32)
    reasons = np.where(states == STATE_NUMBER[FrameState.UNDECIDED], ranks.reason, _REASON[states]).astype(np.uint8)
    scores = np.where(states == STATE_NUMBER[FrameState.UNDECIDED], ranks.score, 0.0).astype(np.float32)
    assert len(positions) == count
    return QueueOrder(positions, reasons[positions], scores[positions])


def drawn(draws: NDArray[np.uint32], *, seed: int) -> NDArray[np.uint64]:
    """Return (N,) a random number for each frame that follows from its path and the seed alone, so that frames found
    later change nothing about those that are there.

    Args:
        draws: (N,) checksums of the paths.
        seed: of the project.
    """
    # Splitmix64: each bit of checksum and seed changes about half of the result's.
    with np.errstate(over="ignore"):
        mixed = draws.astype(np.uint64) + np.uint64((seed * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) % 2**64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        result: NDArray[np.uint64] = mixed ^ (mixed >> np.uint64(31))
    return result


def in_random_stream(draws: NDArray[np.uint32], settings: QueueSettings) -> NDArray[np.bool_]:
    """Return (N,) whether each frame belongs to the random stream, whatever its state."""
    return _is_audit(drawn(draws, seed=settings.seed), settings.audit_every)


def is_blind(draws: NDArray[np.uint32], settings: QueueSettings) -> NDArray[np.bool_]:
    """Return (N,) whether each frame belongs to that half of the random stream which is labelled blind."""
    random = drawn(draws, seed=settings.seed)
    # By a bit that says nothing of membership and next to nothing of when a frame comes.
    blind: NDArray[np.bool_] = (random >> np.uint64(33)) & np.uint64(1) == 1
    return _is_audit(random, settings.audit_every) & blind


def _is_audit(random: NDArray[np.uint64], every: int) -> NDArray[np.bool_]:
    # By the lower half: what is sorted by the number goes by its upper half, and must not bring these frames first.
    found: NDArray[np.bool_] = (random & np.uint64(2**32 - 1)) < np.uint64(2**32 // every)
    return found


def _ranks(
    name: OrderName,
    tallies: FrameTallies,
    predicted: NDArray[np.bool_],
    random: NDArray[np.uint64],
    distances: NDArray[np.float32] | None,
    *,
    known: bool,
) -> _Ranks:
    count = len(predicted)
    natural = np.arange(count, dtype=np.uint64)
    if not known and name not in _WITHOUT_PREDICTIONS:
        # Until the predictions are looked through, nothing is known that could order the frames.
        name = OrderName.NATURAL
    ranks = _Ranks(
        step=np.ones(count, np.uint8),
        score=np.zeros(count, np.float32),
        tie=natural,
        reason=np.full(count, REASON_NUMBER[QueueReason.ORDERED], np.uint8),
    )
    match name:
        case OrderName.REVIEW:
            _rank_four_steps(ranks, tallies)
            ranks.tie = random
        case OrderName.UNCERTAIN:
            ranks.score = tallies.expected_errors
        case OrderName.LEAST_CONFIDENT:
            ranks.score = np.where(tallies.candidates > 0, 1.0 - tallies.least_confidence, -1.0).astype(np.float32)
        case OrderName.COUNT:
            ranks.score = tallies.candidates.astype(np.float32)
        case OrderName.CLASS:
            # Frames without a candidate come after the last class.
            ranks.score = -np.where(tallies.main_class >= 0, tallies.main_class, np.iinfo(np.int32).max).astype(
                np.float32
            )
        case OrderName.RANDOM:
            ranks.tie = random
        case OrderName.DIFFERENT:
            ranks.score = np.zeros(count, np.float32) if distances is None else np.nan_to_num(distances, nan=0.0)
        case OrderName.NATURAL:
            pass
    waiting = ~predicted
    ranks.reason[waiting] = REASON_NUMBER[QueueReason.UNPREDICTED]
    if name not in _WITHOUT_PREDICTIONS:
        # In natural order, as the model comes to them.
        ranks.step[waiting] = _WAITING
        ranks.score[waiting] = 0.0
        ranks.tie = np.where(waiting, natural, ranks.tie)
    return ranks


def _bring_forward(
    ranks: _Ranks, ids: NDArray[np.int64], chosen: Collection[int], reason: QueueReason
) -> NDArray[np.bool_]:
    """Let some frames come before all others, and return (N,) which ones these are."""
    found = np.isin(ids, np.fromiter(chosen, np.int64, len(chosen)))
    ranks.step[found], ranks.score[found] = 0, 0.0
    ranks.reason[found] = REASON_NUMBER[reason]
    return found


def _rank_four_steps(ranks: _Ranks, tallies: FrameTallies) -> None:
    ranks.step[:] = 4
    ranks.reason[:] = REASON_NUMBER[QueueReason.COVERAGE]
    # From the last step to the first: a frame that belongs to several counts for the first.
    for step, reason, scores in (
        (3, QueueReason.AMBIGUOUS, tallies.ambiguous),
        (2, QueueReason.CROWDED, np.where(tallies.crowded, tallies.candidates, 0)),
        (1, QueueReason.BORDERLINE, tallies.borderline),
    ):
        here = scores > 0
        ranks.step[here] = step
        ranks.score[here] = scores[here]
        ranks.reason[here] = REASON_NUMBER[reason]


def _with_random_stream(
    head: NDArray[np.int64],
    states: NDArray[np.uint8],
    predicted: NDArray[np.bool_],
    random: NDArray[np.uint64],
    ranks: _Ranks,
    settings: QueueSettings,
) -> NDArray[np.int64]:
    """Let the frames of the random stream come about once in `audit_every`, whatever else orders the queue.

    The n-th of them has its place in the n-th stretch of all decisions on the project, somewhere inside it, so that it
    comes closer with every decision and nobody can tell when. Where the order is random or by name they are met as
    often anyway, and stay where they are.
    """
    every = settings.audit_every
    audit = _is_audit(random, every)
    forward = np.isin(ranks.reason[head], _FORWARD)
    member = audit[head] & predicted[head] & ~forward
    moved, rest = head[member], head[~member]
    ranks.reason[moved] = REASON_NUMBER[QueueReason.AUDIT]
    if settings.order in (OrderName.RANDOM, OrderName.NATURAL):
        return head
    ranks.score[moved] = 0.0
    decided = _DECIDED[states]
    met = int((audit & decided).sum())
    moved = moved[np.argsort(random[moved], kind="stable")]
    inside = (random[moved] % np.uint64(every)).astype(np.int64)
    number = np.arange(len(moved))
    target = (met + number) * every + inside - int(decided.sum())
    # Behind tuning sample and trial, before the frames that the model has not come to. The n-th that is put in stands n
    # places further back than the gap it is put into.
    gaps = np.clip(target - number, np.count_nonzero(forward), np.count_nonzero(ranks.step[rest] < _WAITING))
    return np.insert(rest, gaps, moved)

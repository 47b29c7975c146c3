"""What of a decision counts for the figures: plain facts, small enough to fold a whole ledger of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.box import pairwise_iou
from autoanno_gui.core.figures.settling import BlindFact, Settled, blind_fact, settle
from autoanno_gui.core.records import Decision, DecisionKind, PresentationMode, Verdict, VerdictKind
from autoanno_gui.core.review_objects import SAME_GEOMETRY_IOU, MappedPredictions

Bounds: TypeAlias = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a model said about one object.

    Attributes:
        class_id: its class in the project; None when it is not mapped.
        bounds: of its outline, xyxy pixels; None where only class and confidence matter.
    """

    class_id: int | None
    confidence: float
    bounds: Bounds | None = None


@dataclass(frozen=True, slots=True)
class ObjectFact:
    """One verdict as the figures need it.

    Attributes:
        class_id: the final project class; for a rejected one the class it was shown with.
        proposed_class_id: the project class that the model proposed; None for a drawn one, or where it is not known.
        confidence: of the prediction; None for a drawn one, or where it is not known.
        class_changed: the final class is another than the proposed one.
        geometry_changed: the final outline overlaps the proposed one by less than 0.98.
        shown: it was a candidate while the frame was open; a ghost or drawn object was not.
        iou: of the final outline with the prediction; None for drawn and rejected ones.
        bounds: xyxy of the final outline (of a rejected one: of the prediction) as shares of the picture's width and
            height; None where the picture's size or the outline is not known.
        shifts: how far the left, top, right and bottom edge moved from the prediction, as shares of the prediction's
            width and height, to the right and down positive; None for drawn and rejected ones.
        crowding: the highest IoU of its bounds with those of another object that stayed on the frame.
    """

    kind: VerdictKind
    class_id: int
    proposed_class_id: int | None = None
    confidence: float | None = None
    class_changed: bool = False
    geometry_changed: bool = False
    shown: bool = True
    iou: float | None = None
    bounds: Bounds | None = None
    shifts: Bounds | None = None
    crowding: float = 0.0


@dataclass(frozen=True, slots=True)
class DecidedFrame:
    """One decision of the ledger as the figures need it.

    Attributes:
        model: name of the model that was judged; None where there was no prediction.
        active_seconds: with the window in focus, idle time left out; on the frame, and on pages of the contact sheet as
            far as they were about its objects.
        candidates_shown: how many predictions were shown as candidates.
        first: the frame's first decision that decides it and stands (see `mark_first`).
        adopted: the decision that says what state the frame is in.
        revoked: undone later; it counts for nothing.
        number: rises in the order of the ledger.
        path: the frame's.
        session: uuid of the sitting.
        reason: why the frame stood where it did in the queue (a `QueueReason`); empty where that is not known.
        in_stream: the frame belonged to the random stream.
        round: number of the round whose model was judged, from 1; 0 without predictions.
        wall_clock: ISO 8601 UTC.
        threshold: the common display threshold.
        settled: what became of each prediction of a labelled frame of the random stream; see `core.settling`.
        blind: how the labels of a frame that was labelled blind compare with its predictions.
    """

    frame_id: int
    kind: DecisionKind
    mode: PresentationMode
    reviewer: str
    model: str | None
    active_seconds: float
    candidates_shown: int = 0
    objects: tuple[ObjectFact, ...] = ()
    first: bool = True
    adopted: bool = True
    revoked: bool = False
    number: int = 0
    path: str = ""
    session: str = ""
    reason: str = ""
    in_stream: bool = False
    round: int = 0
    wall_clock: str = ""
    threshold: float = 0.5
    settled: tuple[Settled, ...] = ()
    blind: BlindFact | None = None

    @property
    def judges_predictions(self) -> bool:
        """Whether its objects count for edit rate and miss rate."""
        return self.mode is PresentationMode.NORMAL and self.kind in (DecisionKind.ACCEPTED, DecisionKind.EDITED)


def proposals_of(predictions: MappedPredictions | None, decision: Decision) -> dict[int, Proposal]:
    """Return what the model said about each prediction that a decision's verdicts name."""
    if predictions is None:
        return {}
    raw, class_ids = predictions.raw, predictions.class_ids
    named = {verdict.prediction for verdict in decision.verdicts if verdict.prediction is not None}
    boxes = raw.boxes.tolist()
    return {
        index: Proposal(class_ids[index], float(raw.confidences[index]), tuple(boxes[index]))
        for index in named
        if index < len(raw)
    }


def facts_from_decision(
    decision: Decision,
    *,
    proposals: Mapping[int, Proposal],
    model: str | None,
    first: bool,
    adopted: bool,
    revoked: bool = False,
    page_seconds: float = 0.0,
    predictions: MappedPredictions | None = None,
    number: int = 0,
    path: str = "",
    round_: int = 0,
) -> DecidedFrame:
    """Reduce a decision to what the figures need of it.

    Args:
        decision: as recorded.
        proposals: by prediction index; an absent one leaves its object out of the tables by class and confidence.
        model: name of the model whose predictions were judged; None without predictions.
        first: it is the frame's first decision that decides it and stands.
        adopted: it is the one that says what state the frame is in.
        revoked: it was undone.
        page_seconds: active time that pages of the contact sheet took for the frame's objects before.
        predictions: all of the frame, for a frame of the random stream; without them nothing is settled.
        number: of the decision, rising in the order of the ledger.
        path: the frame's.
        round_: of the model.
    """
    shown = frozenset(decision.shown)
    objects = tuple(_object_fact(verdict, shown, proposals, decision) for verdict in decision.verdicts)
    telling = decision.in_stream and predictions is not None and decision.kind.state.labelled
    blind = decision.mode in (PresentationMode.BLIND, PresentationMode.SETTLE)
    return DecidedFrame(
        frame_id=decision.frame_id,
        kind=decision.kind,
        mode=decision.mode,
        reviewer=decision.reviewer,
        model=model,
        active_seconds=decision.timing.active + page_seconds,
        candidates_shown=len(shown),
        objects=_with_crowding(objects),
        first=first,
        adopted=adopted,
        revoked=revoked,
        number=number,
        path=path,
        session=decision.session_uuid,
        reason=decision.reason,
        in_stream=decision.in_stream,
        round=round_,
        wall_clock=decision.timing.wall_clock,
        threshold=decision.thresholds.default,
        settled=settle(decision, predictions) if telling and predictions is not None else (),
        blind=blind_fact(decision, predictions) if blind and telling and predictions is not None else None,
    )


def _object_fact(
    verdict: Verdict, shown: frozenset[int], proposals: Mapping[int, Proposal], decision: Decision
) -> ObjectFact:
    index = verdict.prediction
    proposal = proposals.get(index) if index is not None else None
    proposed = proposal.bounds if proposal is not None else None
    final = verdict.geometry.bounds.as_tuple() if verdict.geometry is not None else None
    return ObjectFact(
        kind=verdict.kind,
        class_id=verdict.class_id,
        proposed_class_id=proposal.class_id if proposal is not None else None,
        confidence=proposal.confidence if proposal is not None else None,
        class_changed=verdict.class_changed,
        geometry_changed=verdict.iou is not None and verdict.iou < SAME_GEOMETRY_IOU,
        shown=index in shown,
        iou=verdict.iou,
        bounds=_shares(final or proposed, decision.width, decision.height),
        shifts=_shifts(proposed, final) if proposed is not None and final is not None else None,
    )


def _shares(bounds: Bounds | None, width: int, height: int) -> Bounds | None:
    if bounds is None or not (width and height):
        return None
    return bounds[0] / width, bounds[1] / height, bounds[2] / width, bounds[3] / height


def _shifts(proposed: Bounds, final: Bounds) -> Bounds | None:
    width, height = proposed[2] - proposed[0], proposed[3] - proposed[1]
    if width <= 0.0 or height <= 0.0:
        return None
    left, top, right, bottom = (after - before for before, after in zip(proposed, final, strict=True))
    return left / width, top / height, right / width, bottom / height


def _with_crowding(objects: tuple[ObjectFact, ...]) -> tuple[ObjectFact, ...]:
    """Note of each object how far it overlaps another one that stayed on the frame."""
    if len(objects) < 2 or all(item.bounds is None for item in objects):
        return objects
    bounds = np.array([item.bounds or (0.0, 0.0, 0.0, 0.0) for item in objects], np.float32)
    kept = np.array([item.kind is not VerdictKind.REJECTED for item in objects])
    overlaps: NDArray[np.float32] = pairwise_iou(bounds, bounds) * kept
    np.fill_diagonal(overlaps, 0.0)
    most = overlaps.max(axis=1)
    # Most stand alone: making a fact anew for each would cost on a whole ledger.
    return tuple(
        replace(item, crowding=float(crowding)) if crowding > 0.0 else item
        for item, crowding in zip(objects, most, strict=True)
    )


def mark_first(decisions: Iterable[DecidedFrame]) -> Iterator[DecidedFrame]:
    """Set `first` of decisions that come in the order of the ledger: the first that decides its frame and stands."""
    met: set[int] = set()
    for decision in decisions:
        counts = not decision.revoked and decision.kind.state.decided and decision.frame_id not in met
        if counts:
            met.add(decision.frame_id)
        yield decision if decision.first is counts else replace(decision, first=counts)

"""What of a decision counts for the figures: plain facts, small enough to fold a whole ledger of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from autoanno_gui.core.records import Decision, DecisionKind, PresentationMode, Verdict, VerdictKind
from autoanno_gui.core.review_objects import SAME_GEOMETRY_IOU, MappedPredictions


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a model said about one object: its class in the project (None: not mapped) and its confidence."""

    class_id: int | None
    confidence: float


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
    """

    kind: VerdictKind
    class_id: int
    proposed_class_id: int | None = None
    confidence: float | None = None
    class_changed: bool = False
    geometry_changed: bool = False
    shown: bool = True


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
    return {index: Proposal(class_ids[index], float(raw.confidences[index])) for index in named if index < len(raw)}


def facts_from_decision(
    decision: Decision,
    *,
    proposals: Mapping[int, Proposal],
    model: str | None,
    first: bool,
    adopted: bool,
    revoked: bool = False,
    page_seconds: float = 0.0,
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
    """
    shown = frozenset(decision.shown)
    return DecidedFrame(
        frame_id=decision.frame_id,
        kind=decision.kind,
        mode=decision.mode,
        reviewer=decision.reviewer,
        model=model,
        active_seconds=decision.timing.active + page_seconds,
        candidates_shown=len(shown),
        objects=tuple(_object_fact(verdict, shown, proposals) for verdict in decision.verdicts),
        first=first,
        adopted=adopted,
        revoked=revoked,
    )


def _object_fact(verdict: Verdict, shown: frozenset[int], proposals: Mapping[int, Proposal]) -> ObjectFact:
    index = verdict.prediction
    proposal = proposals.get(index) if index is not None else None
    return ObjectFact(
        kind=verdict.kind,
        class_id=verdict.class_id,
        proposed_class_id=proposal.class_id if proposal is not None else None,
        confidence=proposal.confidence if proposal is not None else None,
        class_changed=verdict.class_changed,
        geometry_changed=verdict.iou is not None and verdict.iou < SAME_GEOMETRY_IOU,
        shown=index in shown,
    )


def mark_first(decisions: Iterable[DecidedFrame]) -> Iterator[DecidedFrame]:
    """Set `first` of decisions that come in the order of the ledger: the first that decides its frame and stands."""
    met: set[int] = set()
    for decision in decisions:
        counts = not decision.revoked and decision.kind.state.decided and decision.frame_id not in met
        if counts:
            met.add(decision.frame_id)
        yield decision if decision.first is counts else replace(decision, first=counts)

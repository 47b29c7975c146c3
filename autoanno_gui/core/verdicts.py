"""The verdict on each object of a reviewed frame, and the way back: the object that a verdict stands for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from autoanno_gui.core.geometry import Geometry, overlap
from autoanno_gui.core.records import DecisionKind, How, PresentationMode, Verdict, VerdictKind
from autoanno_gui.core.review_objects import Mark, ReviewObject, Role


def verdict_on(
    item: ReviewObject, role: Role, *, origin: ReviewObject | None, shown: bool, mode: PresentationMode
) -> Verdict | None:
    """Judge an object by its final state against its prediction, for accepting the frame as it stands.

    Args:
        item: the object as it is now.
        role: how it takes part in the frame.
        origin: the object as the model proposed it; None for a drawn one.
        shown: whether it was shown as a candidate while the frame was open.
        mode: how the frame's predictions are shown.

    Returns:
        None for a prediction that nobody was asked about.
    """
    if origin is None:
        return Verdict(VerdictKind.ADDED, How.OBJECT, None, item.class_id, item.geometry)
    if role is Role.CANDIDATE:
        return Verdict(VerdictKind.ACCEPTED, How.FRAME, item.id, item.class_id, item.geometry, iou=1.0)
    if role is Role.CONFIRMED:
        changed_class = item.class_id != origin.class_id
        iou = overlap(item.geometry, origin.geometry)
        edited = changed_class or not item.same_outline(origin)
        kind = VerdictKind.PROMOTED if item.promoted else VerdictKind.EDITED if edited else VerdictKind.ACCEPTED
        return Verdict(kind, How.OBJECT, item.id, item.class_id, item.geometry, class_changed=changed_class, iou=iou)
    if not shown or (role is not Role.REJECTED and mode.by_hand):
        return None
    how = How.OBJECT if role is Role.REJECTED else How.THRESHOLD
    return Verdict(VerdictKind.REJECTED, how, item.id, origin.class_id, None)


def kind_of_decision(verdicts: Iterable[Verdict], *, by_hand: bool) -> DecisionKind:
    """Return what accepting a frame amounts to: a frame with only additions is edited."""
    if by_hand:
        return DecisionKind.HAND_LABELLED
    as_shown = all(verdict.kind is VerdictKind.ACCEPTED for verdict in verdicts)
    return DecisionKind.ACCEPTED if as_shown else DecisionKind.EDITED


def object_from_verdict(verdict: Verdict, *, object_id: int, origin: ReviewObject | None) -> ReviewObject | None:
    """Rebuild the object that a verdict was passed on, so that a decided frame can be opened again.

    Args:
        verdict: from the ledger.
        object_id: the id it gets in the document.
        origin: the object as the model proposed it; None for a drawn one.
    """
    if origin is None:
        return ReviewObject(object_id, verdict.geometry, verdict.class_id) if verdict.geometry is not None else None
    if verdict.kind is VerdictKind.REJECTED:
        return replace(origin, mark=Mark.REJECTED)
    geometry: Geometry = verdict.geometry or origin.geometry
    promoted = verdict.kind is VerdictKind.PROMOTED
    return ReviewObject(object_id, geometry, verdict.class_id, origin.confidence, Mark.ACCEPTED, promoted)

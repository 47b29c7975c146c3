"""Counts what a review takes by doing it: a second opinion on the tuner's counts."""

from __future__ import annotations

from collections import Counter
from typing import TypeAlias

from autoanno_gui.core.box import Box
from autoanno_gui.core.document import Document
from autoanno_gui.core.geometry import overlap
from autoanno_gui.core.keystrokes import Act
from autoanno_gui.core.records import VerdictKind
from autoanno_gui.core.review_objects import ReviewObject, Role

Truth: TypeAlias = list[tuple[int, Box]]
"""(project class, box) of each true object."""


def closest(items: list[ReviewObject], missing: dict[int, tuple[int, Box]]) -> tuple[int, ReviewObject] | None:
    """Return the next (true object, object) that belong together."""
    best: tuple[tuple[bool, float, int, int], int, ReviewObject] | None = None
    for item in items:
        for at, (class_id, box) in missing.items():
            iou = overlap(box, item.geometry)
            rank = (item.class_id != class_id, -iou, at, item.id)
            if iou >= 0.5 and (best is None or rank < best[0]):
                best = rank, at, item
    return (best[1], best[2]) if best is not None else None


def make_right(frame: Document, item: ReviewObject, true: tuple[int, Box], found: Counter[Act]) -> None:
    """Give an object the class and the outline that it should have."""
    class_id, box = true
    if item.class_id != class_id:
        frame.set_class(item.id, class_id=class_id)
        found[Act.CHANGE_CLASS] += 1
    if overlap(box, item.geometry) < 0.75:
        frame.set_geometry(item.id, box)
        found[Act.EDIT] += 1


def recount(frame: Document, truth: Truth) -> Counter[Act]:
    """Review a document until it equals the truth, and count what that took."""
    found: Counter[Act] = Counter({Act.LOOK: 1, Act.DECIDE: 1 if truth else 2})
    missing = dict(enumerate(truth))
    candidates = frame.in_role(Role.CANDIDATE)
    found[Act.LOOK_AT_OBJECT] += len(candidates)
    right: list[tuple[ReviewObject, tuple[int, Box]]] = []
    rest = list(candidates)
    while (pair := closest(rest, missing)) is not None:
        right.append((pair[1], missing.pop(pair[0])))
        rest.remove(pair[1])
    for item in rest:
        frame.reject(item.id)
    for item, true in right:
        make_right(frame, item, true, found)
    ghosts = len(frame.in_role(Role.GHOST))
    if (ghosts and missing) or not candidates:
        found[Act.LOOK_AT_OBJECT] += ghosts
        found[Act.SHOW_GHOSTS] += bool(candidates)
    while (pair := closest(frame.in_role(Role.GHOST), missing)) is not None:
        frame.adopt(pair[1].id)
        make_right(frame, pair[1], missing.pop(pair[0]), found)
    for class_id, box in missing.values():
        frame.add(box, class_id)
    kinds = Counter(verdict.kind for verdict in frame.verdicts())
    found[Act.DELETE] = kinds[VerdictKind.REJECTED]
    found[Act.PROMOTE] = kinds[VerdictKind.PROMOTED]
    found[Act.DRAW] = kinds[VerdictKind.ADDED]
    found[Act.ACCEPT] = len(right) - sum(
        item.class_id != class_id or overlap(box, item.geometry) < 0.75 for item, (class_id, box) in right
    )
    assert len(frame.in_role(Role.CANDIDATE, Role.CONFIRMED)) == len(truth)
    return found

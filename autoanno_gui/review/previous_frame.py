"""What a reviewer confirmed on the frame before, for the next one of the same clip."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from autoanno_gui.core.document import Document
from autoanno_gui.core.frame_list import FrameList
from autoanno_gui.core.geometry import Geometry, overlap
from autoanno_gui.core.keypoints import Keypoints
from autoanno_gui.core.records import Decision, Frame
from autoanno_gui.core.review_objects import Role
from autoanno_gui.core.split import group_of

SAME_OBJECT: Final = 0.6
"""An object that overlaps one of its class by this much is that object, already there."""
_REACH: Final = 1000
"""Frames that are looked back over: clips of several cameras lie between each other in natural order."""


def previous_of_clip(frames: FrameList, frame_id: int) -> Frame | None:
    """Return the frame of the same clip that comes before in natural order; files that cannot be used are passed over.

    None for the first one of its clip.
    """
    here = frames.position(frame_id)
    clip = group_of(frames.at(here).path)
    for position in range(here - 1, max(here - _REACH, 0) - 1, -1):
        frame = frames.at(position)
        if frame.usable and group_of(frame.path) == clip:
            return frame
    return None


def decided_objects(decision: Decision) -> list[tuple[Geometry, int]]:
    """Return (outline, project class) of what a decision made labels of."""
    return [(verdict.geometry, verdict.class_id) for verdict in decision.verdicts if verdict.geometry is not None]


def confirmed_objects(document: Document) -> list[tuple[Geometry, int]]:
    """Return (outline, project class) of what the reviewer confirmed or drew so far."""
    return [(item.geometry, item.class_id) for item in document.in_role(Role.CONFIRMED)]


def missing_from(document: Document, objects: Iterable[tuple[Geometry, int]]) -> list[tuple[Geometry, int]]:
    """Return the objects of which the document does not hold one of that class, nearly in that place, already."""
    there = document.in_role(Role.CANDIDATE, Role.CONFIRMED)
    missing = []
    for geometry, class_id in objects:
        fitted = document.fitted(geometry)
        same = (item.geometry for item in there if item.class_id == class_id)
        if fitted is not None and not any(_covers(fitted, other) for other in same):
            missing.append((geometry, class_id))
    return missing


def _covers(one: Geometry, other: Geometry) -> bool:
    if isinstance(one, Keypoints) or isinstance(other, Keypoints):
        # A body moves its points much further than its box from one frame to the next.
        return one.bounds.iou(other.bounds) >= SAME_OBJECT
    return one.bounds.iou(other.bounds) > 0.0 and overlap(one, other) >= SAME_OBJECT

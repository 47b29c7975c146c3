"""What the canvas shows at the moment, and what lies under a point of it. No drawing here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Flag, StrEnum, auto
from typing import Final

from autoanno_gui.core.geometry import Box
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.presentation import ShownObject

GRIP_REACH: Final = 7.0
"""Logical pixels around an edge or handle in which it can be grabbed."""
PICK_REACH: Final = 3.0
"""Logical pixels around an object in which a click still means it."""


class Side(StrEnum):
    LEFT = "left"
    TOP = "top"
    RIGHT = "right"
    BOTTOM = "bottom"


class Grip(Flag):
    """Which sides of a box a drag moves; a corner moves two."""

    LEFT = auto()
    TOP = auto()
    RIGHT = auto()
    BOTTOM = auto()


@dataclass(frozen=True, slots=True)
class SnapGuide:
    """Where the nearest side of the selected object would go.

    Attributes:
        box: the whole box after the snap, image pixels.
    """

    side: Side
    box: Box


@dataclass(slots=True)
class CanvasState:
    """Everything between the image and the pointer that is drawn over the image.

    Attributes:
        objects: by id, in drawing order.
        selected: id of the selected object.
        hovered: id of the object under the pointer.
        live: id and outline of an object that is being dragged.
        draft: rectangle being drawn.
        adopting: ghost that releasing the rough drag would adopt.
        crosshair: pointer of the box tool, image pixels.
        snap: preview of an edge snap.
        visible: False while the objects are hidden.
        revision: grows whenever the unselected objects must be laid out again.
    """

    objects: dict[int, ShownObject] = field(default_factory=dict)
    selected: int | None = None
    hovered: int | None = None
    live: tuple[int, Box] | None = None
    draft: Box | None = None
    adopting: int | None = None
    crosshair: tuple[float, float] | None = None
    snap: SnapGuide | None = None
    visible: bool = True
    revision: int = 0

    def set_objects(self, objects: Sequence[ShownObject], *, selected: int | None) -> None:
        self.objects = {shown.id: shown for shown in objects if shown.role is not Role.REJECTED}
        self.selected = selected
        self.revision += 1

    def set_object(self, object_id: int, shown: ShownObject | None) -> None:
        """Put one object in the place of what it was, or take it away."""
        if shown is None or shown.role is Role.REJECTED:
            self.objects.pop(object_id, None)
        else:
            self.objects[object_id] = shown
        self.revision += 1

    def drop_gesture(self) -> None:
        """Forget everything that only a running gesture shows."""
        self.live = self.draft = self.adopting = self.snap = None

    def selected_object(self) -> ShownObject | None:
        return self.objects.get(self.selected) if self.visible and self.selected is not None else None

    def box_of(self, shown: ShownObject) -> Box:
        """Return the outline as drawn now: that of the drag while there is one."""
        if self.live is not None and self.live[0] == shown.id:
            return self.live[1]
        return shown.geometry

    def ghosts(self) -> list[ShownObject]:
        return [shown for shown in self.objects.values() if shown.role is Role.GHOST] if self.visible else []

    def hits(self, x: float, y: float, reach: float) -> list[ShownObject]:
        """Return what lies under a point, smallest first; all in image pixels. Nothing while the objects are hidden.

        A click may miss an object by `reach`, but must be inside a ghost, since it adopts that.
        """
        if not self.visible:
            return []
        found = [
            shown
            for shown in self.objects.values()
            if _contains(shown.geometry, x, y, 0.0 if shown.role is Role.GHOST else reach)
        ]
        return sorted(found, key=lambda shown: shown.geometry.area)


def _contains(box: Box, x: float, y: float, reach: float) -> bool:
    return box.x1 - reach <= x <= box.x2 + reach and box.y1 - reach <= y <= box.y2 + reach


def grip_at(box: Box, x: float, y: float, reach: float) -> Grip | None:
    """Return the sides of `box` within `reach` of a point, None away from all; all in image pixels.

    Inside a small box the reach shrinks, so that its middle stays free for clicks.
    """
    inner_x, inner_y = min(reach, box.width / 4), min(reach, box.height / 4)
    if not (box.x1 - reach <= x <= box.x2 + reach and box.y1 - reach <= y <= box.y2 + reach):
        return None
    grip = Grip(0)
    if x <= box.x1 + inner_x:
        grip |= Grip.LEFT
    elif x >= box.x2 - inner_x:
        grip |= Grip.RIGHT
    if y <= box.y1 + inner_y:
        grip |= Grip.TOP
    elif y >= box.y2 - inner_y:
        grip |= Grip.BOTTOM
    return grip or None


def resized(box: Box, grip: Grip, dx: float, dy: float) -> Box:
    """Return the box with the gripped sides moved by (dx, dy); sides that cross change places."""
    return Box.spanning(
        box.x1 + (dx if Grip.LEFT in grip else 0.0),
        box.y1 + (dy if Grip.TOP in grip else 0.0),
        box.x2 + (dx if Grip.RIGHT in grip else 0.0),
        box.y2 + (dy if Grip.BOTTOM in grip else 0.0),
    )


def nearest_side(box: Box, x: float, y: float) -> Side:
    """Return which side of the box a snap to this point moves: the one nearest as a stretch, not as an endless line.

    Beyond a corner two are equally near; then it is the one that the point lies further out of.
    """
    beside = max(box.x1 - x, x - box.x2, 0.0)
    above = max(box.y1 - y, y - box.y2, 0.0)
    gaps = {
        Side.LEFT: (abs(x - box.x1), above),
        Side.RIGHT: (abs(x - box.x2), above),
        Side.TOP: (abs(y - box.y1), beside),
        Side.BOTTOM: (abs(y - box.y2), beside),
    }
    return min(gaps, key=lambda side: (math.hypot(*gaps[side]), -gaps[side][0]))


def with_side_at(box: Box, side: Side, x: float, y: float) -> Box:
    """Return the box with one side moved to the point; sides that cross change places."""
    match side:
        case Side.LEFT:
            return Box.spanning(x, box.y1, box.x2, box.y2)
        case Side.RIGHT:
            return Box.spanning(box.x1, box.y1, x, box.y2)
        case Side.TOP:
            return Box.spanning(box.x1, y, box.x2, box.y2)
        case Side.BOTTOM:
            return Box.spanning(box.x1, box.y1, box.x2, y)

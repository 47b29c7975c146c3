"""What the canvas shows at the moment, and what lies under a point of it. No drawing here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Flag, StrEnum, auto
from typing import Final

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.keypoints import Skeleton
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.prompt import Prompt
from autoanno_gui.core.review_objects import Role
from autoanno_gui.core.task import Task
from autoanno_gui.imaging.masks import MaskRaster
from autoanno_gui.review.presentation import ShownObject
from autoanno_gui.ui.canvas.mask_spots import nearest_edge

GRIP_REACH: Final = 7.0
"""Logical pixels around an edge or handle in which it can be grabbed."""
PICK_REACH: Final = 3.0
"""Logical pixels around an object in which a click still means it."""


class Side(StrEnum):
    """Of a box; an oriented box has them along its own axes."""

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
        box: the whole box after the snap, image pixels; with a side named along its own axes when it is oriented.
    """

    side: Side
    box: Box | OrientedBox


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the outline of the selected object that a drag would take hold of.

    Attributes:
        ring: of a mask, as counted by `Mask.rings`; 0 for anything else.
        index: of the vertex or keypoint; of the edge's first vertex.
        edge: whether it is the edge between two vertices, not a vertex.
    """

    ring: int
    index: int
    edge: bool = False


@dataclass(frozen=True, slots=True)
class BrushTip:
    """The brush or eraser under the pointer: centre and radius in image pixels."""

    x: float
    y: float
    radius: float
    erases: bool = False


@dataclass(slots=True)
class CanvasState:
    """Everything between the image and the pointer that is drawn over the image. Positions are image pixels.

    Attributes:
        objects: by id, in drawing order.
        selected: id of the selected object; of several the one that was selected last.
        also_selected: ids of the others.
        hovered: id of the object under the pointer.
        live: outlines of objects that are being changed by a gesture, by id.
        draft: outline being drawn.
        path: vertices of a polygon, edge or set of extreme points being placed; the pointer's own comes last.
        adopting: ghost that releasing the rough drag would adopt.
        band: the rubber band that selects what it touches.
        crosshair: pointer of a drawing tool.
        snap: preview of an edge snap.
        spot: vertex, edge or keypoint under the pointer.
        loupe: point that is shown magnified beside the pointer.
        prompt: what the segment tool asks for.
        preview: the mask that the segmenter answered with.
        paint: pixels under the brush.
        painted: the object in whose place `paint` is drawn; None for a new one.
        brush: the tip of the brush.
        next_point: which point of the skeleton the next click places.
        skeleton: of a pose project.
        task: of the project; None without one.
        visible: False while the objects are hidden.
        revision: grows whenever the unselected objects must be laid out again.
    """

    objects: dict[int, ShownObject] = field(default_factory=dict)
    selected: int | None = None
    also_selected: frozenset[int] = frozenset()
    hovered: int | None = None
    live: dict[int, Geometry] = field(default_factory=dict)
    draft: Geometry | None = None
    path: tuple[tuple[float, float], ...] = ()
    adopting: int | None = None
    band: Box | None = None
    crosshair: tuple[float, float] | None = None
    snap: SnapGuide | None = None
    spot: Spot | None = None
    loupe: tuple[float, float] | None = None
    prompt: Prompt | None = None
    preview: Mask | None = None
    paint: MaskRaster | None = None
    painted: int | None = None
    brush: BrushTip | None = None
    next_point: int | None = None
    skeleton: Skeleton | None = None
    task: Task | None = None
    visible: bool = True
    revision: int = 0

    def set_objects(
        self, objects: Sequence[ShownObject], *, selected: int | None, also: frozenset[int] = frozenset()
    ) -> None:
        self.objects = {shown.id: shown for shown in objects if shown.role is not Role.REJECTED}
        self.selected, self.also_selected = selected, also
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
        self.live = {}
        self.draft = self.adopting = self.snap = self.band = self.spot = self.loupe = None
        self.prompt = self.preview = self.paint = self.painted = None
        self.path = ()

    def selected_object(self) -> ShownObject | None:
        return self.objects.get(self.selected) if self.visible and self.selected is not None else None

    def selection(self) -> list[ShownObject]:
        """Return all selected objects, the one that was selected last at the end."""
        ids = [*sorted(self.also_selected), self.selected]
        return [self.objects[i] for i in ids if i in self.objects] if self.visible else []

    def outline_of(self, shown: ShownObject) -> Geometry:
        """Return the outline as drawn now: that of the gesture while there is one."""
        return self.live.get(shown.id, shown.geometry)

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
            if is_near(shown.geometry, x, y, 0.0 if shown.role is Role.GHOST else reach)
        ]
        return sorted(found, key=lambda shown: shown.geometry.area)


def is_near(geometry: Geometry, x: float, y: float, reach: float) -> bool:
    """Return whether a point is inside an outline or misses it by at most `reach`; image pixels.

    A hole of a mask is not inside of it.
    """
    if isinstance(geometry, OrientedBox):
        u, v = geometry.local(x, y)
        return abs(u) <= geometry.width / 2 + reach and abs(v) <= geometry.height / 2 + reach
    box = geometry.bounds
    if not (box.x1 - reach <= x <= box.x2 + reach and box.y1 - reach <= y <= box.y2 + reach):
        return False
    if not isinstance(geometry, Mask) or geometry.contains(x, y):
        return True
    edge = nearest_edge(geometry, x, y) if reach > 0.0 else None
    return edge is not None and edge.distance <= reach


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

"""Pictures of many shapes: what they have to show, how they are drawn, and how a part of one is replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter

from autoanno_gui.core.keypoints import Skeleton
from autoanno_gui.ui.canvas.camera import Viewpoint
from autoanno_gui.ui.canvas.shapes import REACH, Look, ShapePainter

MOST_CHANGES: Final = 12
"""With more changed shapes than this, a picture is drawn anew as a whole."""

Area: TypeAlias = NDArray[np.int32]
"""(4,) x1, y1, x2, y2, device pixels inside the viewport."""


@dataclass(frozen=True, eq=False)
class Order:
    """What a sheet has to show.

    Attributes:
        number: grows with every order.
        frame_id: of the frame that the shapes lie on.
        looks: by object id, in drawing order; never changed in place.
    """

    number: int
    frame_id: int
    viewpoint: Viewpoint
    skeleton: Skeleton | None
    looks: Mapping[int, Look]

    def shows_the_same(self, other: Order) -> bool:
        """Whether the picture of one is that of the other."""
        if not self.seen_alike(other):
            return False
        mine, theirs = self.looks, other.looks
        return mine is theirs or (mine == theirs and list(mine) == list(theirs))

    def seen_alike(self, other: Order) -> bool:
        """Whether what both have is drawn alike in both."""
        return (self.frame_id, self.viewpoint, self.skeleton) == (other.frame_id, other.viewpoint, other.skeleton)

    def has_something_of(self, other: Order) -> bool:
        """Whether the picture of one can stand in for that of the other: of the same frame, with a shape in common."""
        if self.frame_id != other.frame_id:
            return False
        return self.looks is other.looks or any(other.looks.get(i) == look for i, look in self.looks.items())

    @cached_property
    def areas(self) -> NDArray[np.int32]:
        """(N, 4) the areas that the shapes may touch; empty ones (x2 <= x1 or y2 <= y1) are out of sight."""
        return areas_of(self.looks.values(), self.viewpoint)

    @cached_property
    def weights(self) -> NDArray[np.int64]:
        """(N,) about how many vertices of each shape have to be stroked."""
        return np.array([look.weight for look in self.looks.values()], np.int64)

    def touching(self, area: Area) -> NDArray[np.bool_]:
        """Return (N,) which shapes may touch an area."""
        x1, y1, x2, y2 = self.areas.T
        touching = (x1 < area[2]) & (x2 > area[0]) & (y1 < area[3]) & (y2 > area[1])
        return np.asarray(touching & (x1 < x2) & (y1 < y2), np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """An order and the picture that was drawn for it: transparent, premultiplied, one pixel for each device pixel."""

    order: Order
    picture: QImage


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """What makes the sheet of one order that of another: pictures that take the place of some of its areas."""

    base: Order
    order: Order
    pieces: tuple[tuple[Area, QImage], ...]

    def apply(self, sheet: Sheet) -> Sheet:
        """Change the picture of a sheet in place; it has to be that of `base`."""
        painter = QPainter(sheet.picture)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        for area, piece in self.pieces:
            painter.drawImage(int(area[0]), int(area[1]), piece)
        painter.end()
        return Sheet(self.order, sheet.picture)


def areas_of(looks: Iterable[Look], viewpoint: Viewpoint) -> NDArray[np.int32]:
    """Return (N, 4) the areas that shapes may touch."""
    bounds = np.array([look.bounds.as_tuple() for look in looks], np.float64).reshape(-1, 4)
    reach = REACH * viewpoint.ratio
    corner = np.array([viewpoint.left, viewpoint.top] * 2)
    found = bounds * viewpoint.zoom + corner + np.array([-reach, -reach, reach, reach])
    limits = np.array([viewpoint.width, viewpoint.height] * 2)
    return np.asarray(np.clip(found, 0, limits), np.int32)


def changed_areas(before: Order, after: Order) -> list[Area] | None:
    """Return the areas in which the pictures of two orders differ; None when that is all, or too much to say."""
    if not before.seen_alike(after):
        return None
    ids = before.looks.keys() | after.looks.keys()
    changed = [i for i in ids if before.looks.get(i) != after.looks.get(i)]
    if len(changed) > MOST_CHANGES:
        return None
    looks = [look for i in changed for look in (before.looks.get(i), after.looks.get(i)) if look is not None]
    # Not by np.unique: for that numpy imports another part of itself, in the middle of a repaint.
    areas = {tuple(area.tolist()): area for area in areas_of(looks, after.viewpoint)}
    return [area for (x1, y1, x2, y2), area in areas.items() if x2 > x1 and y2 > y1]


def weight_of(areas: Iterable[Area], order: Order) -> int:
    """Return about how many vertices have to be stroked to draw these areas anew."""
    return sum(int(order.weights[order.touching(area)].sum()) for area in areas)


def draw_sheet(order: Order, shapes: ShapePainter, goes_on: Callable[[], bool] = lambda: True) -> Sheet:
    """Draw everything that is in sight; stop half-way once `goes_on` says no."""
    viewpoint = order.viewpoint
    picture = QImage(viewpoint.width, viewpoint.height, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(Qt.GlobalColor.transparent)
    everything = np.array([0, 0, viewpoint.width, viewpoint.height], np.int32)
    painter = QPainter(picture)
    _paint(painter, everything, order, shapes, goes_on)
    painter.end()
    return Sheet(order, picture)


def draw_patch(
    base: Order,
    order: Order,
    areas: Iterable[Area],
    shapes: ShapePainter,
    goes_on: Callable[[], bool] = lambda: True,
) -> Patch:
    """Draw the areas in which two orders differ."""
    pieces = []
    for area in areas:
        x1, y1, x2, y2 = area.tolist()
        piece = QImage(x2 - x1, y2 - y1, QImage.Format.Format_ARGB32_Premultiplied)
        piece.fill(Qt.GlobalColor.transparent)
        painter = QPainter(piece)
        painter.translate(-x1, -y1)
        _paint(painter, area, order, shapes, goes_on)
        painter.end()
        pieces.append((area, piece))
    return Patch(base, order, tuple(pieces))


def _paint(painter: QPainter, area: Area, order: Order, shapes: ShapePainter, goes_on: Callable[[], bool]) -> None:
    touching = order.touching(area).tolist()
    looks = [look for look, touches in zip(order.looks.values(), touching, strict=True) if touches]
    shapes.paint(painter, looks, order.viewpoint, skeleton=order.skeleton, goes_on=goes_on, replacing=True)

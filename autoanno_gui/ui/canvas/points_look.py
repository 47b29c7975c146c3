"""How keypoints look: little discs joined by the lines of the skeleton.

A visible point is filled, a hidden one hollow, one that is not labelled a small cross. Points of the right are diamonds
and those of the left and of the middle line are round; limbs of the left are lighter than those of the right.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import Final

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

from autoanno_gui.core.keypoints import Keypoints, Skeleton, Visibility
from autoanno_gui.core.review_objects import Role
from autoanno_gui.ui.canvas.camera import Viewpoint
from autoanno_gui.ui.canvas.strokes import Emphasis, Pens, Stroke, casing_colour

RADIUS: Final = 3.5
"""Logical pixels of a point at rest."""
SMALLEST_RADIUS: Final = 1.8
CROWDING: Final = 28.0
"""A point takes at most this part of the shorter side of the box, so that a small figure stays legible."""
_RADII: Final = {Emphasis.PLAIN: 0.0, Emphasis.HOVERED: 0.8, Emphasis.SELECTED: 1.5, Emphasis.EDITING: 0.5}
"""Logical pixels by which an emphasis makes points larger."""
_LIMB_WIDTHS: Final = {
    Emphasis.PLAIN: 1.5,
    Emphasis.HOVERED: 2.5,
    Emphasis.SELECTED: 2.0,
    Emphasis.EDITING: 1.0,
}
LIGHTER: Final = 0.55
"""How much white the limbs and points of the left have."""
_LEFT: Final = re.compile(r"\b(left|l)\b|^l_", re.IGNORECASE)
_RIGHT: Final = re.compile(r"\b(right|r)\b|^r_", re.IGNORECASE)


class BodySide(StrEnum):
    LEFT = "left"
    MIDDLE = "middle"
    RIGHT = "right"


class Glyph(StrEnum):
    FILLED = "filled"
    HOLLOW = "hollow"
    CROSS = "cross"


_GLYPHS: Final = {
    Visibility.VISIBLE: Glyph.FILLED,
    Visibility.HIDDEN: Glyph.HOLLOW,
    Visibility.UNLABELLED: Glyph.CROSS,
}


@lru_cache(maxsize=16)
def body_sides(skeleton: Skeleton) -> tuple[BodySide, ...]:
    """Return the side of every point: by the names of a mirrored pair, else its first point is the left one."""
    sides = []
    for index, (name, mirrored) in enumerate(zip(skeleton.names, skeleton.flip, strict=True)):
        if index == mirrored:
            sides.append(BodySide.MIDDLE)
        elif _RIGHT.search(name) or _LEFT.search(skeleton.names[mirrored]):
            sides.append(BodySide.RIGHT)
        elif _LEFT.search(name) or _RIGHT.search(skeleton.names[mirrored]) or index < mirrored:
            sides.append(BodySide.LEFT)
        else:
            sides.append(BodySide.RIGHT)
    return tuple(sides)


def paint_points(
    painter: QPainter,
    figure: Keypoints,
    viewpoint: Viewpoint,
    *,
    skeleton: Skeleton | None,
    role: Role,
    emphasis: Emphasis,
    colour: str,
) -> None:
    """Paint limbs and points of one object in device pixels, without the box around it."""
    sides = _sides_of(figure, skeleton)
    spots = [viewpoint.at(point.x, point.y) for point in figure.points]
    radius = point_radius(figure, viewpoint, role=role, emphasis=emphasis)
    limbs = list(_limbs(figure, skeleton, sides))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for side in BodySide:
        # They end at the rim of a hidden point: through that the image is to be seen.
        gaps = [radius if point.visibility is Visibility.HIDDEN else 0 for point in figure.points]
        lines = [_between(spots[a], spots[b], gaps[a], gaps[b]) for a, b, of_side in limbs if of_side is side]
        if lines:
            pens = _limb_pens(role, emphasis, _tone(colour, side), viewpoint.ratio)
            for pen in (pens.casing, pens.line):
                painter.setPen(pen)
                painter.drawLines(lines)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    shows_all = emphasis in (Emphasis.SELECTED, Emphasis.EDITING)
    for point, (x, y), side in zip(figure.points, spots, sides, strict=True):
        # Files have points that are not labelled in the image's corner, where a cross would only puzzle.
        if point.visibility or (shows_all and figure.box.contains(point.x, point.y)):
            picture = point_picture(_GLYPHS[point.visibility], side, colour, radius, viewpoint.ratio)
            half = picture.width() // 2
            painter.drawImage(round(x) - half, round(y) - half, picture)


def point_radius(figure: Keypoints, viewpoint: Viewpoint, *, role: Role, emphasis: Emphasis) -> int:
    """Return how large the points of an object are drawn, device pixels."""
    ratio = viewpoint.ratio
    room = min(figure.box.width, figure.box.height) * viewpoint.zoom / CROWDING
    largest = RADIUS * (0.75 if role is Role.GHOST and emphasis is Emphasis.PLAIN else 1.0) * ratio
    return round(min(largest, max(room, SMALLEST_RADIUS * ratio)) + _RADII[emphasis] * ratio)


def _sides_of(figure: Keypoints, skeleton: Skeleton | None) -> tuple[BodySide, ...]:
    if skeleton is None or len(skeleton) != len(figure.points):
        return (BodySide.MIDDLE,) * len(figure.points)
    return body_sides(skeleton)


def _limbs(
    figure: Keypoints, skeleton: Skeleton | None, sides: tuple[BodySide, ...]
) -> Iterator[tuple[int, int, BodySide]]:
    if skeleton is None or len(skeleton) != len(figure.points):
        return
    for a, b in skeleton.edges:
        if figure.points[a].visibility and figure.points[b].visibility:
            one, other = sides[a], sides[b]
            if one is BodySide.MIDDLE:
                one = other
            yield a, b, one if other in (one, BodySide.MIDDLE) else BodySide.MIDDLE


def _between(a: tuple[float, float], b: tuple[float, float], gap_a: float, gap_b: float) -> QLineF:
    """Return the line from a to b without its first and last stretch; a point where these are all of it."""
    (ax, ay), (bx, by) = a, b
    length = math.hypot(bx - ax, by - ay)
    start = min(gap_a / length, 1.0) if length else 0.0
    end = max(1.0 - gap_b / length, start) if length else 0.0
    return QLineF(ax + (bx - ax) * start, ay + (by - ay) * start, ax + (bx - ax) * end, ay + (by - ay) * end)


@lru_cache(maxsize=320)
def _limb_pens(role: Role, emphasis: Emphasis, colour: str, ratio: float) -> Pens:
    at_rest = emphasis in (Emphasis.PLAIN, Emphasis.HOVERED)
    on, off = {Role.GHOST: (2.0, 4.0), Role.CANDIDATE: (7.0, 4.0)}.get(role, (0.0, 0.0)) if at_rest else (0.0, 0.0)
    stroke = Stroke(_LIMB_WIDTHS[emphasis], 1.0, on=on, off=off, casing_opacity=0.4 if role is Role.GHOST else 0.6)
    return Pens.of(stroke, colour, ratio)


def _tone(colour: str, side: BodySide) -> str:
    if side is not BodySide.LEFT:
        return colour
    ink = QColor(colour)
    mixed = [round(value + (255 - value) * LIGHTER) for value in (ink.red(), ink.green(), ink.blue())]
    return QColor(*mixed).name()


@lru_cache(maxsize=512)
def point_picture(glyph: Glyph, side: BodySide, colour: str, radius: int, ratio: float) -> QImage:
    """Return the picture of a point, an odd number of device pixels wide and high, the point in its middle."""
    edge = max(1.0, ratio)
    half = radius + 2 * round(edge)
    size = 2 * half + 1
    picture = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(Qt.GlobalColor.transparent)
    ink = QColor(_tone(colour, side))
    casing = casing_colour(ink)
    casing.setAlphaF(0.75)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(half + 0.5, half + 0.5)
    match glyph:
        case Glyph.CROSS:
            _stroke(painter, _cross(radius * 0.7), casing, 1.2 * edge + 2 * edge)
            _stroke(painter, _cross(radius * 0.7), ink, 1.2 * edge)
        case Glyph.HOLLOW:
            outline = _outline(side, radius - 0.5 * edge)
            _stroke(painter, outline, casing, 3.2 * edge)
            _stroke(painter, outline, ink, 1.6 * edge)
        case Glyph.FILLED:
            painter.fillPath(_outline(side, radius + edge), casing)
            painter.fillPath(_outline(side, radius), ink)
    painter.end()
    return picture


def _outline(side: BodySide, radius: float) -> QPainterPath:
    path = QPainterPath()
    if side is BodySide.RIGHT:
        reach = radius * 1.2  # a diamond of the same area as the disc
        path.moveTo(0.0, -reach)
        for x, y in ((reach, 0.0), (0.0, reach), (-reach, 0.0)):
            path.lineTo(x, y)
        path.closeSubpath()
    else:
        path.addEllipse(QRectF(-radius, -radius, 2 * radius, 2 * radius))
    return path


def _cross(reach: float) -> QPainterPath:
    path = QPainterPath()
    for x in (-reach, reach):
        path.moveTo(QPointF(x, -reach))
        path.lineTo(QPointF(-x, reach))
    return path


def _stroke(painter: QPainter, path: QPainterPath, colour: QColor, width: float) -> None:
    painter.strokePath(path, QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))

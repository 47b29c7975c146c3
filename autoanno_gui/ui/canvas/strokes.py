"""How the outlines of the roles look, as strips of pixels for upright boxes and as pens for all other outlines.

Strips are baked once, then copied along the sides of every box: that costs a tenth of what Qt's dashed pens cost, and
300 boxes have 1,200 sides. Line and casing: along both its sides a line has a dark casing, so that it can be told from
any image. Roles differ in the pattern, not only in the colour, so that they can be told apart without seeing colours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QTransform

from autoanno_gui.core.review_objects import Role

STRIP_LENGTH: Final = 1024
"""Device pixels at most; longer sides are pieced together."""
DARK_INK: Final = 0.14
"""Relative luminance below which a class colour counts as dark."""
GAP_SHARE: Final = 0.6
"""How dark the gaps between dashes are, compared with the casing."""
_PEN_GAP_SHARE: Final = 0.8
"""The same for pens, whose casing is one line under dashes and gaps alike."""
_MITRE: Final = 0.8
"""Widths of the line by which a corner may stand out; a right angle needs 0.71."""
_TURNED: Final = QTransform().rotate(90)


class Emphasis(StrEnum):
    """How much an outline is brought forward."""

    PLAIN = "plain"
    HOVERED = "hovered"
    SELECTED = "selected"
    EDITING = "editing"
    """Being dragged: thin, so that the edge can be placed by eye."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """One kind of outline; lengths in logical pixels.

    Attributes:
        width: of the coloured line.
        casing: of the dark line on either side of it.
        on: length of a dash, 0 for a solid line.
        off: length of a gap.
        opacity: of the line, 0..1.
        casing_opacity: under the dashes and, lighter, in the gaps.
    """

    width: float
    casing: float
    on: float = 0.0
    off: float = 0.0
    opacity: float = 1.0
    casing_opacity: float = 0.62


_STROKES: Final[dict[tuple[Role, Emphasis], Stroke]] = {
    (Role.CANDIDATE, Emphasis.PLAIN): Stroke(2.0, 1.0, on=7.0, off=4.0),
    (Role.CANDIDATE, Emphasis.HOVERED): Stroke(3.0, 1.0, on=7.0, off=4.0),
    (Role.CANDIDATE, Emphasis.SELECTED): Stroke(3.0, 2.0, on=10.0, off=4.0, casing_opacity=0.8),
    (Role.CONFIRMED, Emphasis.PLAIN): Stroke(2.0, 1.0),
    (Role.CONFIRMED, Emphasis.HOVERED): Stroke(3.0, 1.0),
    (Role.CONFIRMED, Emphasis.SELECTED): Stroke(3.0, 2.0, casing_opacity=0.8),
    (Role.GHOST, Emphasis.PLAIN): Stroke(1.0, 1.0, on=2.0, off=4.0, casing_opacity=0.4),
    (Role.GHOST, Emphasis.HOVERED): Stroke(2.0, 1.0, on=2.0, off=4.0),
    (Role.GHOST, Emphasis.SELECTED): Stroke(3.0, 2.0, on=3.0, off=5.0, casing_opacity=0.8),
}
_EDITING: Final = Stroke(1.0, 1.0, casing_opacity=0.75)


_THINNER: Final = 1.0
"""Logical pixels by which the box around keypoints is thinner than a box that is the object itself."""
_SELECTED_MASK: Final = Stroke(2.0, 1.5, casing_opacity=0.75)
"""Solid whatever the role: between its vertices the line has to be seen all along."""


def stroke_of(role: Role, emphasis: Emphasis, *, thin: bool = False) -> Stroke:
    """Return the outline of a role; a rejected object never gets here."""
    stroke = _EDITING if emphasis is Emphasis.EDITING else _STROKES[(role, emphasis)]
    return replace(stroke, width=max(1.0, stroke.width - _THINNER)) if thin else stroke


class Strips:
    """The two strips of one stroke in one colour at one device pixel ratio, and how to lay them round a box."""

    __slots__ = ("_across", "_down", "_length", "_offset", "_thickness")

    def __init__(self, stroke: Stroke, colour: str, ratio: float) -> None:
        line = max(1, round(stroke.width * ratio))
        casing = round(stroke.casing * ratio)
        self._thickness = line + 2 * casing
        self._offset = line // 2 + casing
        self._across = _strip(stroke, colour, line, casing, ratio)
        self._down = self._across.transformed(_TURNED)
        self._length = self._across.width()

    @property
    def reach(self) -> int:
        """Device pixels by which the outline stands out beyond the box."""
        return self._offset

    def draw_frame(self, painter: QPainter, x1: int, y1: int, x2: int, y2: int, clip: tuple[int, int]) -> None:
        """Draw the outline of the box with these sides; device pixels. `clip` is the size of the viewport."""
        t, o = self._thickness, self._offset
        left, top = x1 - o, y1 - o
        right, bottom = x2 - o, y2 - o
        self.draw_across(painter, left, top, right - left + t, clip)
        if bottom > top:
            self.draw_across(painter, left, bottom, right - left + t, clip)
        if bottom - top > t:
            self.draw_down(painter, left, top + t, bottom - top - t, clip)
            if right > left:
                self.draw_down(painter, right, top + t, bottom - top - t, clip)

    def draw_across(self, painter: QPainter, x: int, y: int, length: int, clip: tuple[int, int]) -> None:
        """Draw a horizontal side; only what is inside the viewport, the pattern still counted from its start."""
        if y >= clip[1] or y + self._thickness <= 0:
            return
        skip = max(0, -x)
        end = min(length, clip[0] - x)
        while skip < end:
            phase = skip % self._length
            piece = min(end - skip, self._length - phase)
            painter.drawImage(x + skip, y, self._across, phase, 0, piece, self._thickness)
            skip += piece

    def draw_down(self, painter: QPainter, x: int, y: int, length: int, clip: tuple[int, int]) -> None:
        """Draw a vertical side."""
        if x >= clip[0] or x + self._thickness <= 0:
            return
        skip = max(0, -y)
        end = min(length, clip[1] - y)
        while skip < end:
            phase = skip % self._length
            piece = min(end - skip, self._length - phase)
            painter.drawImage(x, y + skip, self._down, 0, phase, self._thickness, piece)
            skip += piece


@lru_cache(maxsize=320)
def strips(role: Role, emphasis: Emphasis, colour: str, ratio: float, *, thin: bool = False) -> Strips:
    """Return the strips for drawing objects of a role in a class colour (`#rrggbb`); `thin` for boxes around points."""
    return Strips(stroke_of(role, emphasis, thin=thin), colour, ratio)


@lru_cache(maxsize=32)
def guide_strips(colour: str, ratio: float, *, dashed: bool = False, width: float = 1.0) -> Strips:
    """Return strips for guides: crosshairs, the rectangle being drawn, the line of a snap."""
    dash = 4.0 if dashed else 0.0
    return Strips(Stroke(width, 1.0, on=dash, off=dash, casing_opacity=0.5), colour, ratio)


@dataclass(frozen=True, slots=True)
class Pens:
    """The pens of one stroke in one colour, for painting in device pixels: first the casing, then the line over it."""

    casing: QPen
    line: QPen

    @classmethod
    def of(cls, stroke: Stroke, colour: str, ratio: float) -> Pens:
        line = max(1, round(stroke.width * ratio))
        edge = casing_colour(QColor(colour))
        edge.setAlphaF(stroke.casing_opacity * (_PEN_GAP_SHARE if stroke.on else 1.0))
        ink = QColor(colour)
        ink.setAlphaF(stroke.opacity)
        pens = cls(QPen(edge, line + 2 * round(stroke.casing * ratio)), QPen(ink, line))
        for pen in (pens.casing, pens.line):
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            # Right angles are mitred, sharper ones are cut off: no spikes.
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            pen.setMiterLimit(_MITRE)
        if stroke.on:
            pens.line.setDashPattern([stroke.on * ratio / line, stroke.off * ratio / line])
        return pens


@lru_cache(maxsize=320)
def pens(role: Role, emphasis: Emphasis, colour: str, ratio: float, *, of_mask: bool = False) -> Pens:
    """Return the pens for outlines of a role in a class colour (`#rrggbb`)."""
    solid = of_mask and emphasis is Emphasis.SELECTED
    return Pens.of(_SELECTED_MASK if solid else stroke_of(role, emphasis), colour, ratio)


@lru_cache(maxsize=32)
def guide_pens(colour: str, ratio: float, *, dashed: bool = False, width: float = 1.0) -> Pens:
    """Return pens for guides that are not upright."""
    dash = 4.0 if dashed else 0.0
    return Pens.of(Stroke(width, 1.0, on=dash, off=dash, casing_opacity=0.5), colour, ratio)


def casing_colour(ink: QColor) -> QColor:
    """Return black, or white for a dark class colour: that would drown in a dark casing on a dark image."""
    return QColor(0, 0, 0) if luminance(ink) >= DARK_INK else QColor(255, 255, 255)


def luminance(colour: QColor) -> float:
    """Return the relative luminance of WCAG, 0..1."""
    parts = []
    for value in (colour.redF(), colour.greenF(), colour.blueF()):
        parts.append(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def _strip(stroke: Stroke, colour: str, line: int, casing: int, ratio: float) -> QImage:
    """Return a horizontal strip whose length is a whole number of dashes."""
    on = max(1, round(stroke.on * ratio)) if stroke.on else STRIP_LENGTH
    off = max(1, round(stroke.off * ratio)) if stroke.on else 0
    length = STRIP_LENGTH // (on + off) * (on + off)
    ink = QColor(colour)
    edge = casing_colour(ink)
    gap = QColor(edge)
    edge.setAlphaF(stroke.casing_opacity)
    gap.setAlphaF(stroke.casing_opacity * GAP_SHARE)
    ink.setAlphaF(stroke.opacity)
    dash = QImage(on + off, line + 2 * casing, QImage.Format.Format_ARGB32_Premultiplied)
    dash.fill(gap)
    painter = QPainter(dash)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
    painter.fillRect(0, 0, on, line + 2 * casing, edge)
    painter.fillRect(0, casing, on, line, ink)
    painter.end()
    strip = QImage(length, line + 2 * casing, QImage.Format.Format_ARGB32_Premultiplied)
    painter = QPainter(strip)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
    painter.fillRect(strip.rect(), QBrush(dash))
    painter.end()
    return strip

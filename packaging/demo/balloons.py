"""A hot air balloon: striped cloth, light and shadow on it, the flame inside and the basket below."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QLinearGradient, QPainter, QPainterPath, QRadialGradient

from demo.canvas import HEIGHT, Canvas
from demo.palette import BALLOON_CLOTHS, NIGHT, WHITE, Rgb, Tone, mix, qcolour, ramp, rgb
from demo.scene import Thing
from demo.shapes import Point, oval, polygon, polyline, rectangle

Band = tuple[float, float, Rgb]  # from height, to height, colour

EDGE: Final = math.pi / 2  # the longitude where the cloth turns out of sight
CAP: Final = 0.72  # above this height the envelope is a part of a sphere, below it a cone
CAP_ANGLE: Final = math.radians(128)  # how much of a sphere
SPIRAL_ROWS: Final = 13


@dataclass(frozen=True, slots=True)
class Envelope:
    """The shape of the cloth, sewn from upright strips, the gores.

    A point of it has a longitude theta (radians, 0 facing the viewer) and a height v (0 the crown, 1 the mouth).
    One unit is the radius of the balloon.
    """

    gores: int
    turn: float  # by how many gores it is turned
    bend: float  # how far level rings are seen as arcs

    def point(self, theta: float, v: float) -> Point:
        """Return where a point of the cloth is seen."""
        if v < CAP:
            radius, y = math.sin(CAP_ANGLE * v / CAP), -math.cos(CAP_ANGLE * v / CAP)
        else:
            down = (v - CAP) / (1 - CAP)
            radius, y = 0.788 + (0.15 - 0.788) * (down * 0.86 + 0.14 * down * down), 0.616 + 0.84 * down
        return radius * math.sin(theta), y - self.bend * radius * math.cos(theta) * 2

    def seam(self, gore: int) -> QPainterPath:
        """Return the line at which a gore begins."""
        theta = min(self._longitude(gore), EDGE)
        return polyline(*[self.point(theta, i / 24) for i in range(25)])

    def patch(self, gore: int, v0: float, v1: float) -> QPainterPath | None:
        """Return the visible part of a gore between two heights, a little wider than it is; None if there is none."""
        left, right = max(self._longitude(gore), -EDGE), min(self._longitude(gore + 1.03), EDGE)
        if right <= left:
            return None
        heights = [v0 + (v1 - v0) * i / 18 for i in range(19)]
        return polygon(*[self.point(left, v) for v in heights], *[self.point(right, v) for v in reversed(heights)])

    def outline(self) -> QPainterPath:
        """Return the whole visible cloth."""
        heights = [i / 40 for i in range(41)]
        return polygon(*[self.point(-EDGE, v) for v in heights], *[self.point(EDGE, v) for v in reversed(heights)])

    def _longitude(self, gore: float) -> float:
        return (gore + self.turn) * 2 * math.pi / self.gores - EDGE


def paint_balloon(canvas: Canvas, thing: Thing, t: float, tone: Tone) -> None:
    """Paint a balloon of radius 1 around the centre of its envelope."""
    envelope = Envelope(
        gores=(12, 16, 20)[thing.seed % 3],
        turn=np.random.default_rng(thing.seed).uniform(0, 1),
        bend=0.16 * (0.62 - thing.y / HEIGHT),  # seen a little from below when high up
    )
    lit_side = 1 if canvas.sun[0] > thing.x else -1
    flame = canvas.look.burner * (0.55 + 0.45 * math.sin(thing.seed * 2.4 + t * 17))
    paint_cloth(canvas, envelope, thing, tone)
    paint_light(canvas, envelope.outline(), lit_side, flame)
    paint_basket(canvas, lit_side, flame, tone)


def bands_of(style: int, gore: int, a: Rgb, b: Rgb, accent: Rgb) -> Iterator[Band]:
    """Yield the colours of one gore from the crown to the mouth."""
    even = gore % 2 == 0
    colour = a if even else b
    if style == 0:  # stripes
        yield 0.0, 1.0, colour
    elif style == 1:  # stripes with a checked belt
        check, gap = (accent, b) if even else (b, accent)
        yield from ((0.0, 0.36, colour), (0.36, 0.455, check), (0.455, 0.55, gap), (0.55, 1.0, colour))
    elif style == 2:  # plain with belts
        yield from ((0.0, 0.14, accent), (0.14, 0.33, a), (0.33, 0.39, b), (0.39, 0.5, accent), (0.5, 0.56, b))
        yield from ((0.56, 0.86, a), (0.86, 1.0, accent))
    elif style == 3:  # a spiral
        for row in range(SPIRAL_ROWS):
            yield row / SPIRAL_ROWS, (row + 1) / SPIRAL_ROWS, (a, a, b, b, accent)[(gore + row) % 5]
    else:  # three colours
        yield from ((0.0, 0.93, (a, b, accent)[gore % 3]), (0.93, 1.0, a))


def paint_cloth(canvas: Canvas, envelope: Envelope, thing: Thing, tone: Tone) -> None:
    """Paint the coloured gores, with the seams between them where the balloon is large enough to show them."""
    a, b, accent = (tone(colour) for colour in BALLOON_CLOTHS[thing.seed % len(BALLOON_CLOTHS)])
    for gore in range(-1, envelope.gores // 2 + 1):
        for v0, v1, colour in bands_of(thing.style, gore, a, b, accent):
            patch = envelope.patch(gore, v0, v1 + 0.004)
            if patch is not None:
                canvas.fill(patch, qcolour(colour))
        if thing.size > 34 and gore >= 0:
            canvas.line(envelope.seam(gore), qcolour(NIGHT, 0.13), 0.012)


def paint_light(canvas: Canvas, outline: QPainterPath, lit_side: int, flame: float) -> None:
    """Paint sunlight and shadow over the cloth, and the glow of the flame through it."""
    shade = QRadialGradient(lit_side * 0.42, -0.42, 1.75)
    stops = (0, WHITE, 0.34), (0.3, WHITE, 0.06), (0.5, NIGHT, 0.05), (0.85, NIGHT, 0.4), (1, NIGHT, 0.46)
    canvas.fill(outline, ramp(shade, *stops))
    canvas.fill(outline, ramp(QLinearGradient(0, 0.5, 0, 1.5), (0, NIGHT, 0.0), (1, NIGHT, 0.22)), solid=False)
    if flame > 0.1:
        warm, ember = rgb("#ffb450"), rgb("#ff7a30")
        heat = (0, warm, 0.8 * flame), (0.4, warm, 0.42 * flame), (0.7, ember, 0.16 * flame), (1, ember, 0.0)
        canvas.painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Screen)
        canvas.fill(outline, ramp(QRadialGradient(0, 1.15, 1.75), *heat), solid=False)
        canvas.painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)


def paint_basket(canvas: Canvas, lit_side: int, flame: float, tone: Tone) -> None:
    """Paint the mouth with its flame, the ropes and the basket."""
    dark, wood = tone(rgb("#4a2f27")), tone(rgb("#a8713c"))
    for x in (-1, -0.33, 0.33, 1):
        canvas.line(polyline((x * 0.14, 1.44), (x * 0.115, 1.76)), qcolour(dark, 0.85), 0.018)
    canvas.fill(oval(0, 1.455, 0.15, 0.03), qcolour(mix(dark, rgb("#ffb347"), min(flame, 1) * 0.9)))
    if flame > 0.35:
        canvas.fill(oval(0, 1.53, 0.035, 0.085), qcolour(rgb("#fff2b0"), 0.95), solid=False)
    basket = QPainterPath()
    basket.addRoundedRect(QRectF(-0.135, 1.74, 0.27, 0.24), 0.05, 0.05)
    across = QLinearGradient(-0.135 * lit_side, 0, 0.135 * lit_side, 0)
    canvas.fill(basket, ramp(across, (0, mix(wood, NIGHT, 0.45), 1), (1, wood, 1)))
    canvas.fill(rectangle(-0.15, 1.735, 0.15, 1.775), qcolour(dark))

"""Kites and birds, and the people who hold the kites."""

from __future__ import annotations

import math

from demo.canvas import Canvas
from demo.palette import KITE_CLOTHS, NIGHT, WHITE, Rgb, Tone, mix, qcolour, rgb
from demo.scene import Thing
from demo.shapes import Point, curve, oval, polygon, polyline


def paint_kite(canvas: Canvas, thing: Thing, t: float, tone: Tone) -> None:
    """Paint a kite about two units high around its centre, and its tail below."""
    a, b = (tone(colour) for colour in KITE_CLOTHS[thing.seed % len(KITE_CLOTHS)])
    if thing.style == 1:  # a wide delta
        top, right, bottom, left, middle = (0.0, -0.8), (1.15, 0.35), (0.0, 0.62), (-1.15, 0.35), (0.0, 0.1)
    else:
        top, right, bottom, left, middle = (0.0, -1.0), (0.72, -0.22), (0.0, 1.15), (-0.72, -0.22), (0.0, -0.22)
    for corner, upper, lower in ((left, a, b), (right, b, a)):
        canvas.fill(polygon(top, corner, middle), qcolour(mix(upper, WHITE, 0.10)))
        canvas.fill(polygon(corner, bottom, middle), qcolour(mix(lower, NIGHT, 0.10)))
    canvas.fill(polygon(top, right, bottom), qcolour(NIGHT, 0.1), solid=False)
    spar = qcolour(tone(rgb("#5b3a29")), 0.75)
    canvas.line(polyline(top, bottom), spar, 0.035)
    canvas.line(curve(*left, (-0.3, middle[1] - 0.1, 0.3, middle[1] - 0.1, *right)), spar, 0.035)
    paint_tail(canvas, thing.seed, bottom, t, a, b)


def paint_tail(canvas: Canvas, seed: int, start: Point, t: float, a: Rgb, b: Rgb) -> None:
    """Paint the tail of a kite, waving, with five bows."""
    length, phase = 2.0 + (seed % 5) * 0.12, seed + t * 9
    along = [i / 40 for i in range(41)]
    points = [
        (math.sin(phase + u * 5.2) * 0.27 * min(1, u * 2.4) + u * 0.45, start[1] + u * length)  # still at the kite
        for u in along
    ]
    canvas.line(polyline(*points), qcolour(mix(a, NIGHT, 0.2)), 0.05)
    for bow, i in enumerate((9, 17, 25, 33, 40)):
        x, y = points[i]
        dx, dy = 0.2 - 0.014 * bow, 0.11
        colour = a if bow % 2 else b
        canvas.fill(polygon((x, y), (x - dx, y - dy), (x - dx, y + dy)), qcolour(colour))
        canvas.fill(polygon((x, y), (x + dx, y - dy), (x + dx, y + dy)), qcolour(mix(colour, NIGHT, 0.15)))


def paint_kite_line(canvas: Canvas, kite: Point, feet: Point) -> None:
    """Paint, in pixels, a person and the line from the raised hand to the kite."""
    (x, y), (foot_x, foot_y) = kite, feet
    hand = foot_x + math.copysign(9, x - foot_x), foot_y - 29
    dark = qcolour(mix(canvas.look.near, NIGHT, 0.5))
    sag = (x * 0.75 + foot_x * 0.25, y * 0.5 + foot_y * 0.5 + 20, hand[0], foot_y - 50, *hand)
    canvas.line(curve(x, y, sag), qcolour(WHITE, 0.55), 1.1)
    body = ((-5.5, -27), (5.5, -27), (4, -12), (5.5, 3), (1.5, 3), (0, -10), (-1.5, 3), (-5.5, 3), (-4, -12))
    canvas.fill(oval(foot_x, foot_y - 33, 4.6, 5), dark)
    canvas.fill(polygon(*[(foot_x + dx, foot_y + dy) for dx, dy in body]), dark)
    canvas.line(polyline((foot_x, foot_y - 25), hand), dark, 2.6)


def paint_bird(canvas: Canvas, thing: Thing, t: float, tone: Tone) -> None:
    """Paint a bird of wing span 2 that flies to the right, dark or (style 1) white with dark wing tips."""
    flap = 0.36 + 0.36 * math.sin(thing.seed * 1.7 + t * 46)
    dark, light = tone(rgb("#26314f")), tone(rgb("#f4f1ea"))
    white = thing.style == 1
    colour = light if white else dark
    wings = curve(
        -1, -flap, (-0.72, -flap - 0.2, -0.34, -0.3, 0, 0.0), (0.34, -0.3, 0.72, -flap - 0.2, 1, -flap),
        (0.66, -flap + 0.02, 0.38, -0.02, 0.12, 0.16), (0.04, 0.2, -0.04, 0.2, -0.12, 0.16),
        (-0.38, -0.02, -0.66, -flap + 0.02, -1, -flap),
    )  # fmt: skip
    body = curve(
        -0.3, 0.13, (-0.1, -0.04, 0.16, -0.06, 0.32, 0.06), (0.38, 0.08, 0.42, 0.11, 0.46, 0.13),
        (0.3, 0.24, 0.0, 0.28, -0.2, 0.2), (-0.3, 0.2, -0.4, 0.25, -0.5, 0.27), (-0.44, 0.2, -0.4, 0.16, -0.3, 0.13),
    )  # fmt: skip
    canvas.fill(wings, qcolour(colour))
    canvas.fill(body, qcolour(mix(colour, NIGHT, 0.12)))
    for side in (-1, 1) if white else ():
        tip = curve(
            side, -flap, (side * 0.9, -flap - 0.08, side * 0.8, -flap - 0.1, side * 0.72, -flap - 0.08),
            (side * 0.78, -flap, side * 0.86, -flap + 0.02, side, -flap),
        )  # fmt: skip
        canvas.fill(tip, qcolour(dark))

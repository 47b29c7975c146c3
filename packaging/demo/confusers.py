"""Things in the sky that have no label and are there to be mistaken for those that have."""

from __future__ import annotations

from PySide6.QtGui import QLinearGradient, QRadialGradient

from demo.canvas import Canvas
from demo.palette import BALLOON_CLOTHS, KITE_CLOTHS, NIGHT, WHITE, Tone, mix, qcolour, ramp, rgb
from demo.scene import Thing
from demo.shapes import curve, oval, polygon, polyline


def paint_plane(canvas: Canvas, thing: Thing, t: float, tone: Tone) -> None:
    """Paint an airliner of length 2 that flies to the right, and its trail."""
    trail = polygon((-0.9, -0.1), (-14, -0.5), (-14, 0.5), (-0.9, 0.1))
    canvas.fill(trail, ramp(QLinearGradient(-0.9, 0, -14, 0), (0, WHITE, 0.75), (1, WHITE, 0)), solid=False)
    body = tone(rgb("#eef2f6"))
    far_wing = polygon((-0.05, 0), (-0.55, -0.55), (-0.38, -0.55), (0.35, 0))
    fin = polygon((-0.72, -0.03), (-1.0, -0.4), (-0.85, -0.4), (-0.5, -0.08))
    near_wing = polygon((0.15, 0.04), (-0.5, 0.6), (-0.3, 0.6), (0.5, 0.04))
    canvas.fill(far_wing, qcolour(mix(body, NIGHT, 0.25)))
    canvas.fill(oval(0, 0, 1, 0.13), qcolour(body))
    canvas.fill(fin, qcolour(tone(rgb("#d7455b"))))
    canvas.fill(near_wing, qcolour(mix(body, NIGHT, 0.35)))


def paint_leaf(canvas: Canvas, thing: Thing, t: float, tone: Tone) -> None:
    """Paint a drifting leaf of length 2."""
    colour = tone(rgb(("#e07a2f", "#c8553d", "#8aa84f")[thing.seed % 3]))
    lower_edge = (0.5, 0.5, -0.4, 0.55, -1, 0.1)
    whole = curve(-1, 0.1, (-0.5, -0.62, 0.4, -0.55, 1, -0.05), lower_edge)
    lower_half = curve(-1, 0.1, (-0.4, -0.05, 0.4, -0.05, 1, -0.05), lower_edge)
    canvas.fill(whole, qcolour(colour))
    canvas.fill(lower_half, qcolour(NIGHT, 0.16), solid=False)
    canvas.line(polyline((-1.35, 0.22), (-1, 0.1), (1, -0.05)), qcolour(mix(colour, NIGHT, 0.4)), 0.07)


def paint_toy(canvas: Canvas, thing: Thing, t: float, tone: Tone) -> None:
    """Paint a toy balloon on a string, about two units wide."""
    colour = tone(BALLOON_CLOTHS[thing.seed % len(BALLOON_CLOTHS)][0])
    canvas.line(curve(0, 1.3, (0.3, 1.9, -0.3, 2.3, 0.1, 3.0)), qcolour(mix(colour, NIGHT, 0.3), 0.8), 0.06)
    skin = curve(
        0, 1.22, (-0.6, 0.95, -0.92, 0.3, -0.9, -0.15), (-0.86, -1.3, 0.86, -1.3, 0.9, -0.15),
        (0.92, 0.3, 0.6, 0.95, 0, 1.22),
    )  # fmt: skip
    stops = (0, mix(colour, WHITE, 0.6), 1.0), (0.35, colour, 1.0), (1, mix(colour, NIGHT, 0.45), 1.0)
    canvas.fill(skin, ramp(QRadialGradient(0.3, -0.5, 1.7), *stops))
    canvas.fill(polygon((0, 1.16), (-0.15, 1.36), (0.15, 1.36)), qcolour(mix(colour, NIGHT, 0.2)))


def paint_glider(canvas: Canvas, thing: Thing, t: float, tone: Tone) -> None:
    """Paint a paraglider: an arc of nine cells, two units wide, and the pilot below."""
    a, b = (tone(colour) for colour in KITE_CLOTHS[thing.seed % len(KITE_CLOTHS)])
    for cell in range(9):
        left, right = -1 + 2 * cell / 9, -1 + 2 * (cell + 1) / 9
        upper = [(u, 0.55 * u * u - 0.5) for u in (left, (left + right) / 2, right + 0.01)]
        lower = [(u * 0.96, y + 0.26 * (1.05 - u * u)) for u, y in reversed(upper)]
        canvas.fill(polygon(*upper, *lower), qcolour(b if cell % 3 == 1 else a))
        canvas.line(polyline((left * 0.95, upper[0][1] + 0.2), (0, 1.2)), qcolour(NIGHT, 0.4), 0.015)
    canvas.fill(oval(0, 1.3, 0.1, 0.16), qcolour(tone(rgb("#2b2d42"))))

"""Draw the bundled demo project and train its small model: ``python packaging/make_demo.py all``.

Everything is painted here with QPainter from seeded random numbers: no picture, font or texture comes from elsewhere.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

import cv2
import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QImage,
    QLinearGradient,
    QPainter,
    QPainterPath,
    QPen,
    QPolygonF,
    QRadialGradient,
    QTransform,
)

W, H = 1280, 800
CLASSES = ("balloon", "kite", "bird")
DEMO = Path(__file__).resolve().parents[1] / "resources" / "demo"
CLIP_FRAMES = 12
Rgb = tuple[float, float, float]
Label = tuple[int, float, float, float, float]


# --- colour -----------------------------------------------------------------------------------------------------------
def rgb(text: str) -> Rgb:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def mix(a: Rgb, b: Rgb, t: float) -> Rgb:
    t = min(max(t, 0.0), 1.0)
    return a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t


def vivid(c: Rgb, amount: float) -> Rgb:
    grey = 0.3 * c[0] + 0.59 * c[1] + 0.11 * c[2]
    return grey + (c[0] - grey) * amount, grey + (c[1] - grey) * amount, grey + (c[2] - grey) * amount


def qc(c: Rgb, alpha: float = 1.0) -> QColor:
    r, g, b = (int(min(max(v, 0), 255) + 0.5) for v in c)
    return QColor(r, g, b, int(min(max(alpha, 0), 1) * 255 + 0.5))


def ramp(gradient: QLinearGradient | QRadialGradient, *stops: tuple[float, Rgb, float]) -> QBrush:
    for position, colour, alpha in stops:
        gradient.setColorAt(position, qc(colour, alpha))
    return QBrush(gradient)


WHITE, NIGHT = rgb("#fffdf6"), rgb("#141a3a")


@dataclass(frozen=True)
class Theme:
    """One light of the day; two of them are blended over the length of a clip."""

    sky: tuple[Rgb, ...]  # from the top down to the horizon
    far: Rgb
    near: Rgb
    haze: Rgb
    glow: Rgb
    cloud: Rgb
    shade: Rgb
    light: Rgb  # what the light multiplies colours with, 255 = unchanged
    glow_power: float = 0.5
    stars: float = 0.0
    burner: float = 0.0

    def blend(self, other: Theme, t: float) -> Theme:
        values: dict[str, object] = {}
        for f in fields(self):
            a, b = getattr(self, f.name), getattr(other, f.name)
            if f.name == "sky":
                values[f.name] = tuple(mix(x, y, t) for x, y in zip(a, b, strict=True))
            else:
                values[f.name] = mix(a, b, t) if isinstance(a, tuple) else a + (b - a) * t
        return Theme(**values)  # type: ignore[arg-type]


def theme(sky: str, rest: str, glow_power: float, stars: float = 0.0, burner: float = 0.0) -> Theme:
    far, near, haze, glow, cloud, shade, light = map(rgb, rest.split())
    colours = tuple(map(rgb, sky.split()))
    return Theme(colours, far, near, haze, glow, cloud, shade, light, glow_power, stars, burner)


THEMES = {  # sky | far, near, haze, glow, cloud, shade, light
    "dawn": theme("#4a6aa5 #8b9ac6 #d3b2c6 #f7c6b0 #ffe2b4",
                  "#b49cc4 #2a3566 #f6c6bc #ffd9a0 #fff0e2 #c3a3bd #fff0e0", 0.75),
    "day": theme("#3a86c8 #62a8dc #95cbea #c8e6ee #f6f0d8",
                 "#9cc6d8 #1c6352 #d8ece0 #fff6d2 #ffffff #b4d0e4 #ffffff", 0.45),
    "golden": theme("#44699f #8f8db4 #dba099 #f8bb80 #ffe1a0",
                    "#c48c98 #43284f #f9b88c #ffdc8a #fff0dc #c08c98 #ffeed2", 0.85),
    "dusk": theme("#1d2455 #4a3d80 #9b5088 #e8795f #ffbd72",
                  "#7d4c7d #1c1838 #d9786f #ffb066 #e79a92 #6a477e #e6cfd8", 0.8, 0.75, 0.9),
    "overcast": theme("#8ea3b4 #aebdc8 #cad4d8 #dfe2de #efe9da",
                      "#a6b6bb #34504f #dcdfda #fffbea #f6f6f2 #a8b5bf #eeeeee", 0.2),
}  # fmt: skip

BALLOONS = [[rgb(c) for c in row.split()] for row in (
    "#e4572e #fff3dc #f3a712", "#d7263d #fff1e0 #1b998b", "#2878a8 #f8f1c4 #f5a65b", "#6a4c93 #ffca3a #ff924c",
    "#1d3557 #f1faee #e63946", "#ef476f #ffd166 #118ab2", "#e07a5f #f7e3c0 #3d405b", "#2a9d8f #e9c46a #e76f51",
    "#f3722c #f9c74f #577590",
)]  # fmt: skip
KITES = [[rgb(c) for c in row.split()] for row in (
    "#ef476f #ffd166", "#ff7b00 #fff0d0", "#06a77d #f1f7b5", "#3a86ff #ffbe0b", "#8338ec #ffd6f0", "#e63946 #a8dadc",
)]  # fmt: skip


# --- the canvas: colours and, beside them, which object every pixel shows ---------------------------------------------
class Canvas:
    def __init__(self, sky: np.ndarray, look: Theme, sun: tuple[float, float]) -> None:
        self.image = QImage(W, H, QImage.Format.Format_RGB32)
        self.pixels(self.image, 4)[..., :3] = sky
        self.index = QImage(W, H, QImage.Format.Format_Grayscale8)
        self.index.fill(0)
        self.p, self.ip = QPainter(self.image), QPainter(self.index)
        self.p.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.look, self.sun, self.ident, self.extent = look, sun, 0, QRectF()

    @staticmethod
    def pixels(image: QImage, channels: int) -> np.ndarray:
        return np.frombuffer(image.bits(), np.uint8).reshape(H, -1, channels)[:, :W]

    def fill(self, path: QPainterPath, brush: QBrush | QColor, solid: bool = True) -> None:
        """Paint a shape; a solid one also counts as visible surface of the current object (0: scenery)."""
        self.p.fillPath(path, brush)
        if solid:
            self.ip.setTransform(self.p.transform())
            self.ip.fillPath(path, QColor(self.ident, self.ident, self.ident))
            if self.ident:
                self.extent = self.extent.united(self.p.transform().mapRect(path.boundingRect()))

    def line(self, path: QPainterPath, colour: QColor, width: float) -> None:
        self.p.strokePath(path, QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))


def poly(*points: tuple[float, float], closed: bool = True) -> QPainterPath:
    path = QPainterPath()
    path.addPolygon(QPolygonF([QPointF(x, y) for x, y in points]))
    if closed:
        path.closeSubpath()
    return path


def quad(x0: float, y0: float, x1: float, y1: float) -> QPainterPath:
    return poly((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def oval(x: float, y: float, rx: float, ry: float) -> QPainterPath:
    path = QPainterPath()
    path.addEllipse(QPointF(x, y), rx, ry)
    return path


def curve(x: float, y: float, *cubics: tuple[float, float, float, float, float, float]) -> QPainterPath:
    path = QPainterPath(QPointF(x, y))
    for c in cubics:
        path.cubicTo(*c)
    return path


# --- objects ----------------------------------------------------------------------------------------------------------
@dataclass
class Thing:
    kind: str  # one of CLASSES, or a confuser: plane, leaf, toy, glider
    x: float
    y: float
    size: float
    vx: float = 0.0  # pixels over the whole clip
    vy: float = 0.0
    seed: int = 0
    layer: int = 9  # drawn before this hill layer; 9: in front of every hill
    haze: float = 0.0
    style: int = 0
    angle: float = 0.0
    anchor: float | None = None  # kites: where on the front ridge its flyer stands


Tone = Callable[[Rgb], Rgb]


def balloon(c: Canvas, o: Thing, t: float, tone: Tone) -> None:
    rng = np.random.default_rng(o.seed)
    a, b, accent = (tone(x) for x in BALLOONS[o.seed % len(BALLOONS)])
    gores, turn, side = (12, 16, 20)[o.seed % 3], rng.uniform(0, 1), 1 if c.sun[0] > o.x else -1
    bend = 0.16 * (0.62 - (o.y / H))  # seen a little from below when high up

    def at(theta: float, v: float) -> tuple[float, float]:
        phi = math.radians(128)
        if v < 0.72:
            r, y = math.sin(phi * v / 0.72), -math.cos(phi * v / 0.72)
        else:
            s = (v - 0.72) / 0.28
            r, y = 0.788 + (0.15 - 0.788) * (s * 0.86 + 0.14 * s * s), 0.616 + 0.84 * s
        return r * math.sin(theta), y - bend * r * math.cos(theta) * 2

    def patch(k0: float, k1: float, v0: float, v1: float) -> QPainterPath | None:
        lo, hi = ((k + turn) * 2 * math.pi / gores - math.pi / 2 for k in (k0, k1))
        lo, hi = max(lo, -math.pi / 2), min(hi, math.pi / 2)
        steps = [v0 + (v1 - v0) * i / 18 for i in range(19)]
        return poly(*[at(lo, v) for v in steps], *[at(hi, v) for v in reversed(steps)]) if hi > lo else None

    rows = 13
    for k in range(-1, gores // 2 + 1):
        even = k % 2 == 0
        if o.style == 0:  # stripes
            bands = [(0.0, 1.0, a if even else b)]
        elif o.style == 1:  # stripes with a checked belt
            bands = [(0.0, 0.36, a if even else b), (0.36, 0.455, accent if even else b),
                     (0.455, 0.55, b if even else accent), (0.55, 1.0, a if even else b)]  # fmt: skip
        elif o.style == 2:  # plain with belts
            bands = [(0.0, 0.14, accent), (0.14, 0.33, a), (0.33, 0.39, b), (0.39, 0.5, accent), (0.5, 0.56, b),
                     (0.56, 0.86, a), (0.86, 1.0, accent)]  # fmt: skip
        elif o.style == 3:  # spiral
            bands = [(i / rows, (i + 1) / rows, (a, a, b, b, accent)[(k + i) % 5]) for i in range(rows)]
        else:  # three colours
            bands = [(0.0, 0.93, (a, b, accent)[k % 3]), (0.93, 1.0, a)]
        for v0, v1, colour in bands:
            path = patch(k, k + 1.03, v0, v1 + 0.004)
            if path:
                c.fill(path, qc(colour))
        seam = poly(*[at(min((k + turn) * 2 * math.pi / gores - math.pi / 2, math.pi / 2), i / 24) for i in range(25)],
                    closed=False)  # fmt: skip
        if o.size > 34 and k >= 0:
            c.line(seam, qc(NIGHT, 0.13), 0.012)
    body = poly(*[at(-math.pi / 2, i / 40) for i in range(41)], *[at(math.pi / 2, i / 40) for i in range(40, -1, -1)])
    shade = QRadialGradient(side * 0.42, -0.42, 1.75)
    stops = (0, WHITE, 0.34), (0.3, WHITE, 0.06), (0.5, NIGHT, 0.05), (0.85, NIGHT, 0.4), (1, NIGHT, 0.46)
    c.fill(body, ramp(shade, *stops))
    c.fill(body, ramp(QLinearGradient(0, 0.5, 0, 1.5), (0, NIGHT, 0.0), (1, NIGHT, 0.22)), solid=False)
    glow = c.look.burner * (0.55 + 0.45 * math.sin(o.seed * 2.4 + t * 17))
    if glow > 0.1:
        warm, ember = rgb("#ffb450"), rgb("#ff7a30")
        heat = (0, warm, 0.8 * glow), (0.4, warm, 0.42 * glow), (0.7, ember, 0.16 * glow), (1, ember, 0.0)
        c.p.setCompositionMode(QPainter.CompositionMode.CompositionMode_Screen)
        c.fill(body, ramp(QRadialGradient(0, 1.15, 1.75), *heat), solid=False)
        c.p.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
    dark = tone(rgb("#4a2f27"))
    for x in (-1, -0.33, 0.33, 1):
        c.line(poly((x * 0.14, 1.44), (x * 0.115, 1.76), closed=False), qc(dark, 0.85), 0.018)
    c.fill(oval(0, 1.455, 0.15, 0.03), qc(mix(dark, rgb("#ffb347"), min(glow, 1) * 0.9)))
    if glow > 0.35:
        c.fill(oval(0, 1.53, 0.035, 0.085), qc(rgb("#fff2b0"), 0.95), solid=False)
    basket = QPainterPath()
    basket.addRoundedRect(QRectF(-0.135, 1.74, 0.27, 0.24), 0.05, 0.05)
    wood = tone(rgb("#a8713c"))
    c.fill(
        basket, ramp(QLinearGradient(-0.135 * side, 0, 0.135 * side, 0), (0, mix(wood, NIGHT, 0.45), 1), (1, wood, 1))
    )
    c.fill(quad(-0.15, 1.735, 0.15, 1.775), qc(dark))


def kite(c: Canvas, o: Thing, t: float, tone: Tone) -> None:
    a, b = (tone(x) for x in KITES[o.seed % len(KITES)])
    top, right, bottom, left, mid = (0.0, -1.0), (0.72, -0.22), (0.0, 1.15), (-0.72, -0.22), (0.0, -0.22)
    if o.style == 1:  # a wide delta
        top, right, bottom, left, mid = (0.0, -0.8), (1.15, 0.35), (0.0, 0.62), (-1.15, 0.35), (0.0, 0.1)
    for corner, colour, other in ((left, a, b), (right, b, a)):
        c.fill(poly(top, corner, mid), qc(mix(colour, WHITE, 0.10)))
        c.fill(poly(corner, bottom, mid), qc(mix(other, NIGHT, 0.10)))
    c.fill(poly(top, right, bottom), qc(NIGHT, 0.1), solid=False)
    spar = qc(tone(rgb("#5b3a29")), 0.75)
    c.line(poly(top, bottom, closed=False), spar, 0.035)
    c.line(curve(*left, (-0.3, mid[1] - 0.1, 0.3, mid[1] - 0.1, *right)), spar, 0.035)
    length, phase = 2.0 + (o.seed % 5) * 0.12, o.seed + t * 9
    points = [(math.sin(phase + u * 5.2) * 0.27 * min(1, u * 2.4) + u * 0.45, bottom[1] + u * length)
              for u in (i / 40 for i in range(41))]  # fmt: skip
    c.line(poly(*points, closed=False), qc(mix(a, NIGHT, 0.2)), 0.05)
    for n, i in enumerate((9, 17, 25, 33, 40)):
        x, y = points[i]
        dx, dy = 0.2 - 0.014 * n, 0.11
        c.fill(poly((x, y), (x - dx, y - dy), (x - dx, y + dy)), qc(a if n % 2 else b))
        c.fill(poly((x, y), (x + dx, y - dy), (x + dx, y + dy)), qc(mix(a if n % 2 else b, NIGHT, 0.15)))


def bird(c: Canvas, o: Thing, t: float, tone: Tone) -> None:
    flap = 0.36 + 0.36 * math.sin(o.seed * 1.7 + t * 46)
    dark, light = tone(rgb("#26314f")), tone(rgb("#f4f1ea"))
    colour = light if o.style == 1 else dark
    wings = curve(
        -1, -flap, (-0.72, -flap - 0.2, -0.34, -0.3, 0, 0.0), (0.34, -0.3, 0.72, -flap - 0.2, 1, -flap),
        (0.66, -flap + 0.02, 0.38, -0.02, 0.12, 0.16), (0.04, 0.2, -0.04, 0.2, -0.12, 0.16),
        (-0.38, -0.02, -0.66, -flap + 0.02, -1, -flap),
    )  # fmt: skip
    body = curve(
        -0.3, 0.13, (-0.1, -0.04, 0.16, -0.06, 0.32, 0.06), (0.38, 0.08, 0.42, 0.11, 0.46, 0.13),
        (0.3, 0.24, 0.0, 0.28, -0.2, 0.2), (-0.3, 0.2, -0.4, 0.25, -0.5, 0.27), (-0.44, 0.2, -0.4, 0.16, -0.3, 0.13),
    )  # fmt: skip
    c.fill(wings, qc(colour))
    c.fill(body, qc(mix(colour, NIGHT, 0.12)))
    if o.style == 1:
        for s in (-1, 1):
            c.fill(curve(s * 1.0, -flap, (s * 0.9, -flap - 0.08, s * 0.8, -flap - 0.1, s * 0.72, -flap - 0.08),
                         (s * 0.78, -flap, s * 0.86, -flap + 0.02, s, -flap)), qc(dark))  # fmt: skip


def plane(c: Canvas, o: Thing, t: float, tone: Tone) -> None:
    trail = poly((-0.9, -0.1), (-14, -0.5), (-14, 0.5), (-0.9, 0.1))
    c.fill(trail, ramp(QLinearGradient(-0.9, 0, -14, 0), (0, WHITE, 0.75), (1, WHITE, 0)), solid=False)
    body = tone(rgb("#eef2f6"))
    c.fill(poly((-0.05, 0), (-0.55, -0.55), (-0.38, -0.55), (0.35, 0)), qc(mix(body, NIGHT, 0.25)))
    c.fill(oval(0, 0, 1, 0.13), qc(body))
    c.fill(poly((-0.72, -0.03), (-1.0, -0.4), (-0.85, -0.4), (-0.5, -0.08)), qc(tone(rgb("#d7455b"))))
    c.fill(poly((0.15, 0.04), (-0.5, 0.6), (-0.3, 0.6), (0.5, 0.04)), qc(mix(body, NIGHT, 0.35)))


def leaf(c: Canvas, o: Thing, t: float, tone: Tone) -> None:
    colour = tone(rgb(("#e07a2f", "#c8553d", "#8aa84f")[o.seed % 3]))
    c.fill(curve(-1, 0.1, (-0.5, -0.62, 0.4, -0.55, 1, -0.05), (0.5, 0.5, -0.4, 0.55, -1, 0.1)), qc(colour))
    c.fill(
        curve(-1, 0.1, (-0.4, -0.05, 0.4, -0.05, 1, -0.05), (0.5, 0.5, -0.4, 0.55, -1, 0.1)),
        qc(NIGHT, 0.16),
        solid=False,
    )
    c.line(poly((-1.35, 0.22), (-1, 0.1), (1, -0.05), closed=False), qc(mix(colour, NIGHT, 0.4)), 0.07)


def toy(c: Canvas, o: Thing, t: float, tone: Tone) -> None:
    colour = tone(BALLOONS[o.seed % len(BALLOONS)][0])
    c.line(curve(0, 1.3, (0.3, 1.9, -0.3, 2.3, 0.1, 3.0)), qc(mix(colour, NIGHT, 0.3), 0.8), 0.06)
    skin = curve(0, 1.22, (-0.6, 0.95, -0.92, 0.3, -0.9, -0.15), (-0.86, -1.3, 0.86, -1.3, 0.9, -0.15),
                 (0.92, 0.3, 0.6, 0.95, 0, 1.22))  # fmt: skip
    stops = (0, mix(colour, WHITE, 0.6), 1.0), (0.35, colour, 1.0), (1, mix(colour, NIGHT, 0.45), 1.0)
    c.fill(skin, ramp(QRadialGradient(0.3, -0.5, 1.7), *stops))
    c.fill(poly((0, 1.16), (-0.15, 1.36), (0.15, 1.36)), qc(mix(colour, NIGHT, 0.2)))


def glider(c: Canvas, o: Thing, t: float, tone: Tone) -> None:
    a, b = (tone(x) for x in KITES[o.seed % len(KITES)])
    for i in range(9):
        u0, u1 = -1 + 2 * i / 9, -1 + 2 * (i + 1) / 9
        arc = [(u, 0.55 * u * u - 0.5) for u in (u0, (u0 + u1) / 2, u1 + 0.01)]
        c.fill(
            poly(*arc, *[(u * 0.96, y + 0.26 * (1.05 - u * u)) for u, y in reversed(arc)]), qc(b if i % 3 == 1 else a)
        )
        c.line(poly((u0 * 0.95, arc[0][1] + 0.2), (0, 1.2), closed=False), qc(NIGHT, 0.4), 0.015)
    c.fill(oval(0, 1.3, 0.1, 0.16), qc(tone(rgb("#2b2d42"))))


PAINTERS: dict[str, Callable[[Canvas, Thing, float, Tone], None]] = {
    "balloon": balloon, "kite": kite, "bird": bird, "plane": plane, "leaf": leaf, "toy": toy, "glider": glider,
}  # fmt: skip


# --- scenery ----------------------------------------------------------------------------------------------------------
@dataclass
class Scene:
    seed: int
    start: Theme
    end: Theme
    things: list[Thing] = field(default_factory=list)
    sun: tuple[float, float, float, float] = (900, 520, 40, -160)  # x, y, and how far it goes over the clip
    moon: bool = False
    clouds: int = 7
    horizon: float = 560


def ridge(rng: np.random.Generator, amp: float, sharp: float, shift: float) -> np.ndarray:
    """Heights of a hill line for x = 0, 4 .. W, by summing waves; sharp ones look like mountains."""
    x = np.arange(0, W + 8, 4) + shift
    y = np.zeros_like(x)
    for octave in range(5):
        wave, phase = rng.uniform(0.75, 1.3) * (1.0, 2.1, 4.3, 9.1, 19.0)[octave] / 900, rng.uniform(0, 2 * math.pi)
        s = np.sin(2 * math.pi * wave * x + phase)
        y += amp / (1.0, 2.2, 5.0, 13.0, 34.0)[octave] * ((1 - sharp) * s + sharp * (1 - 2 * np.abs(s)))
    return y


def cloud_layer(c: Canvas, rng: np.random.Generator, count: int, t: float, horizon: float) -> None:
    """Soft clouds: puffs with a lit top and a base that melts into the sky, blurred a little."""
    layer = QImage(W, H, QImage.Format.Format_ARGB32_Premultiplied)
    layer.fill(0)
    p, look = QPainter(layer), c.look
    for _ in range(count):  # high thin streaks
        x, y, w = rng.uniform(0, W) + t * 26, rng.uniform(20, horizon * 0.9), rng.uniform(140, 420)
        p.fillPath(
            oval(x, y, w, rng.uniform(2, 5)), ramp(QRadialGradient(x, y, w), (0, look.cloud, 0.3), (1, look.cloud, 0))
        )
    for near in sorted(rng.uniform(0, 1, count)):
        width, peak = 60 + 230 * near * rng.uniform(0.6, 1), rng.uniform(-0.45, 0.45)
        x, y = rng.uniform(-60, W + 60) + t * (20 + 50 * near), horizon * (0.88 - 0.76 * near) + rng.uniform(-30, 30)
        body, lit = mix(look.cloud, look.sky[2], 0.3 - 0.25 * near), math.copysign(0.35, c.sun[0] - x)
        puffs = []
        for i in range(13):
            u = (i - 6 + rng.uniform(-0.3, 0.3)) / 7.2
            puffs.append((u, (0.085 + 0.2 * math.exp(-(((u - peak) / 0.55) ** 2))) * rng.uniform(0.75, 1.1)))
        outline = QPainterPath()
        outline.setFillRule(Qt.FillRule.WindingFill)
        for u, r in [(-0.96, 0.06), (0.96, 0.06), *puffs]:
            outline.addEllipse(QPointF(x + u * width, y - r * width * 0.7), r * width, r * width)
        outline.addEllipse(QPointF(x, y - 0.04 * width), width * 1.05, width * 0.06)
        high = width * 0.36
        g = QLinearGradient(0, y - high, 0, y + width * 0.05)
        p.setClipRect(QRectF(0, 0, W, y + width * 0.05))
        p.fillPath(outline, ramp(g, (0, body, 0.95), (0.55, mix(body, look.shade, 0.5), 0.9), (1, look.shade, 0.0)))
        p.setClipPath(outline)
        for u, r in sorted(puffs, key=lambda v: -v[1]):  # every puff catches the light at its sunny upper side
            px, py, pr = x + u * width, y - r * width * 0.7, r * width
            g2 = QRadialGradient(px + lit * pr, py - pr * 0.5, pr * 1.35)
            p.fillPath(oval(px, py, pr, pr), ramp(g2, (0, body, 0.75), (0.45, body, 0.5), (1, look.shade, 0.0)))
        p.setClipping(False)
    p.end()
    a = Canvas.pixels(layer, 4)
    a[:] = cv2.GaussianBlur(a, (0, 0), 1.8)
    c.p.drawImage(0, 0, layer)


def spruce(x: float, y: float, h: float) -> QPainterPath:
    points = [(x, y - h)]
    for i in range(1, 5):
        w = h * 0.23 * i / 4
        points += [(x + w, y - h * (1 - i / 4.4)), (x + w * 0.55, y - h * (1 - i / 4.4) - h * 0.02)]
    left = [(2 * x - px, py) for px, py in reversed(points[1:])]
    return poly(*points, (x + h * 0.03, y - h * 0.06), (x + h * 0.03, y + 6), (x - h * 0.03, y + 6), *left)


def tree(c: Canvas, x: float, y: float, size: float, shade: Rgb, leafy: bool) -> None:
    if not leafy:
        c.fill(spruce(x, y, size), qc(shade))
        return
    trunk = 1 + size * 0.03
    c.fill(poly((x - trunk, y + 6), (x - 1, y - size * 0.4), (x + 1, y - size * 0.4), (x + trunk, y + 6)), qc(shade))
    sx = math.copysign(0.11, c.sun[0] - x)
    for dx, dy, r in ((0, 0.62, 0.3), (-0.17, 0.45, 0.22), (0.18, 0.48, 0.23)):
        px, py = x + dx * size, y - dy * size
        g = QRadialGradient(px + sx * size, py - 0.12 * size, 1.1 * r * size)
        c.fill(oval(px, py, r * size, r * size * 0.92), ramp(g, (0, mix(shade, c.look.glow, 0.2), 1), (1, shade, 1)))


def house(c: Canvas, x: float, y: float, s: float, wall: Rgb, roof: Rgb) -> None:
    c.fill(quad(x - s, y - s * 0.7, x + s, y + s), qc(wall))
    low, high = y - s * 0.6, y - s * 1.5
    c.fill(poly((x - s * 1.25, low), (x - s * 0.8, high), (x + s * 0.8, high), (x + s * 1.25, low)), qc(roof))
    window = mix(mix(wall, NIGHT, 0.55), rgb("#ffd27a"), c.look.burner * 1.2)
    for dx in (-0.55, 0.15):
        c.fill(quad(x + dx * s, y - s * 0.3, x + (dx + 0.4) * s, y + s * 0.15), qc(window))


def hill(c: Canvas, i: int, n: int, seed: int, t: float, horizon: float) -> np.ndarray:
    """One layer of hills, 0 the farthest; returns its line."""
    rng, look, depth = np.random.default_rng([seed, 77, i]), c.look, i / (n - 1)
    base = horizon - 46 + (H - horizon) * (0.06 + 0.86 * depth**1.15)
    pan = 8 + 60 * depth * depth
    top: np.ndarray = base + ridge(rng, 62 - 30 * depth, max(0.0, 0.62 - 1.1 * depth), t * pan)
    xs = np.arange(0, W + 8, 4)
    colour = vivid(mix(look.far, look.near, depth**0.85), 1.22)
    mist = mix(colour, look.haze, 0.62 - 0.4 * depth)
    if depth > 0.35:
        for group in range(int(7 + 6 * depth)):
            gx, span = rng.uniform(-40, W + 100), rng.uniform(20, 130)
            for _ in range(int(rng.integers(2, 8) if i < n - 1 else rng.integers(1, 6))):
                x, size = gx + rng.uniform(-1, 1) * span - t * pan, (9 + 62 * depth**2.4) * rng.uniform(0.6, 1.25)
                shade = mix(mix(colour, look.near, 0.45), NIGHT, rng.uniform(0.0, 0.22))
                tree(c, x, float(np.interp(x, xs, top)) + size * 0.07, size, shade, group % 3 == 2)
    if i == n - 3:
        x = rng.uniform(0.15, 0.85) * W
        for k in range(5):
            hx, s = x + (k - 2) * 27 + rng.uniform(-6, 6) - t * pan, rng.uniform(6.5, 9.5)
            wall, roof = mix(look.cloud, mist, 0.35), mix(rgb("#b5523b"), mist, 0.35)
            house(c, hx, float(np.interp(hx, xs, top)) - s * 0.2, s, wall, roof)
    for _ in range(420 if i == n - 1 else 0):  # grass on the nearest ridge
        x, h = rng.uniform(-20, W + 90) - t * pan, rng.uniform(3, 10)
        y = float(np.interp(x, xs, top))
        blade = poly((x - 1.4, y + 2), (x + rng.uniform(-4, 4), y - h), (x + 1.4, y + 2))
        c.fill(blade, qc(mix(colour, NIGHT, rng.uniform(0, 0.2))))
    outline = poly((-4, H + 4), *zip(xs.tolist(), top.tolist(), strict=True), (W + 8, H + 4))
    g = QLinearGradient(0, float(top.min()), 0, float(top.max()) + 110 + 50 * depth)
    c.fill(outline, ramp(g, (0, colour, 1), (0.35, mix(colour, mist, 0.3), 1), (1, mist, 1)))
    c.fill(outline, ramp(QRadialGradient(c.sun[0], base, 620), (0, look.glow, 0.32 - 0.2 * depth), (1, look.glow, 0)))
    c.line(poly(*zip(xs.tolist(), top.tolist(), strict=True), closed=False), qc(look.glow, 0.34 - 0.14 * depth), 1.3)
    return top


def fly(c: Canvas, x: float, y: float, gx: float, gy: float) -> None:
    """The line of a kite at x, y down to the person on the ridge who holds it."""
    hand, dark = gx + math.copysign(9, x - gx), qc(mix(c.look.near, NIGHT, 0.5))
    line = curve(x, y, (x * 0.75 + gx * 0.25, y * 0.5 + gy * 0.5 + 20, hand, gy - 50, hand, gy - 29))
    c.line(line, qc(WHITE, 0.55), 1.1)
    outline = ((-5.5, -27), (5.5, -27), (4, -12), (5.5, 3), (1.5, 3), (0, -10), (-1.5, 3), (-5.5, 3), (-4, -12))
    c.fill(oval(gx, gy - 33, 4.6, 5), dark)
    c.fill(poly(*[(gx + dx, gy + dy) for dx, dy in outline]), dark)
    c.line(poly((gx, gy - 25), (hand, gy - 29), closed=False), dark, 2.6)


def place(c: Canvas, o: Thing, t: float, mark: int, ground: np.ndarray) -> QRectF:
    """Paint an object where it is at time t; returns the extent of its solid parts."""
    x, y = o.x + o.vx * t, o.y + o.vy * t + o.size * 0.05 * math.sin(o.seed + t * 12)

    def tone(v: Rgb) -> Rgb:
        r, g, b = (v[i] * c.look.light[i] / 255 for i in range(3))
        return mix((r, g, b), c.look.haze, o.haze)

    if o.anchor is not None:
        gx = o.anchor + o.vx * t * 0.2
        fly(c, x, y, gx, float(np.interp(gx, np.arange(0, W + 8, 4), ground)))
    flip = -1 if o.kind in ("bird", "plane") and o.vx < 0 else 1
    sway = o.angle + 4 * math.sin(o.seed + t * 10) * (o.kind in ("kite", "leaf", "toy"))
    c.p.setTransform(QTransform().translate(x, y).rotate(sway).scale(flip * o.size, o.size))
    c.ident, c.extent = mark, QRectF()
    PAINTERS[o.kind](c, o, t, tone)
    c.p.resetTransform()
    c.ident = 0
    return c.extent


def draw(scene: Scene, t: float) -> tuple[np.ndarray, list[Label]]:
    """One frame at time t (0 .. 1) as a BGR array, and its boxes in YOLO form."""
    look = scene.start.blend(scene.end, t)
    sun = scene.sun[0] + scene.sun[2] * t, scene.sun[1] + scene.sun[3] * t
    yy, xx = np.mgrid[0:H, 0:W].astype(np.float32)
    stops = np.linspace(0, scene.horizon + 20, len(look.sky))
    sky = np.stack([np.interp(yy[:, 0], stops, [s[k] for s in look.sky]) for k in (2, 1, 0)], -1)[:, None, :]
    dist = np.hypot(xx - sun[0], (yy - sun[1]) * 1.25)
    glow = look.glow_power * (0.62 * np.exp(-((dist / 150) ** 1.2)) + 0.5 * np.exp(-((dist / 460) ** 1.5)))[..., None]
    sky = sky + (np.array(look.glow[::-1]) - sky) * np.clip(glow, 0, 1)
    noise = np.random.default_rng(scene.seed).random((2, H, W, 1), np.float32)
    c = Canvas(np.clip(sky + noise[0] - noise[1] + 0.5, 0, 255).astype(np.uint8), look, sun)

    rng = np.random.default_rng([scene.seed, 1])
    for _ in range(150 if look.stars > 0.02 else 0):
        x, y, r = rng.uniform(0, W), scene.horizon * 0.75 * rng.uniform(0, 1) ** 1.6, rng.uniform(0.5, 1.5)
        c.fill(oval(x, y, r, r), qc(WHITE, look.stars * rng.uniform(0.2, 1) * (1 - y / scene.horizon)))
    if scene.moon:
        c.fill(oval(*sun, 90, 90), ramp(QRadialGradient(*sun, 90), (0, WHITE, 0.3), (1, WHITE, 0)))
        c.fill(oval(*sun, 30, 30).subtracted(oval(sun[0] - 15, sun[1] - 8, 27, 27)), qc(rgb("#fff6dc")))
    else:
        disc = mix(look.glow, WHITE, 0.75)
        c.fill(oval(*sun, 37, 37), qc(disc, 0.35 + 0.65 * min(1, look.glow_power * 1.6)))
    cloud_layer(c, np.random.default_rng([scene.seed, 2]), scene.clouds, t, scene.horizon)

    layers, ground = 6, np.zeros(1)
    drawn: list[tuple[int, int, int, QRectF]] = []  # class, mark in the index, pixels painted, extent
    for layer in [*range(layers), 9]:
        for o in (o for o in scene.things if o.layer == layer):
            mark = len(drawn) + 1 if o.kind in CLASSES else 0
            extent = place(c, o, t, mark, ground)
            if mark:
                painted = int((Canvas.pixels(c.index, 1) == mark).sum())
                drawn.append((CLASSES.index(o.kind), mark, painted, extent))
        if layer < layers:
            ground = hill(c, layer, layers, scene.seed, t, scene.horizon)
    c.p.end()
    c.ip.end()

    index, labels = Canvas.pixels(c.index, 1)[..., 0], []
    for cls, ident, painted, extent in drawn:
        ys, xs = np.nonzero(index == ident)
        inside = extent.intersected(QRectF(0, 0, W, H))
        share = inside.width() * inside.height() / (extent.width() * extent.height())
        if len(xs) < 30 or len(xs) < 0.35 * painted or share < 0.2:
            continue
        x0, y0, x1, y1 = xs.min(), ys.min(), xs.max() + 1, ys.max() + 1
        labels.append((cls, (x0 + x1) / 2 / W, (y0 + y1) / 2 / H, (x1 - x0) / W, (y1 - y0) / H))
    return Canvas.pixels(c.image, 4)[..., :3].copy(), labels


# --- what is in the sky -----------------------------------------------------------------------------------------------
def random_scene(seed: int) -> tuple[Scene, float]:
    """A training frame: everything by chance. Gliders are left out on purpose, so that the model is unsure of them."""
    rng = np.random.default_rng([seed, 2024])
    a, b = (THEMES[str(n)] for n in rng.choice(list(THEMES), 2))
    horizon = rng.uniform(520, 590)
    sun = rng.uniform(60, W - 60), rng.uniform(90, horizon + 10), 0.0, 0.0
    scene = Scene(seed, a, b, [], sun, bool(rng.random() < 0.15), int(rng.integers(2, 11)), horizon)

    def add(kind: str, size: float, y: float, x: float | None = None, **more: object) -> None:
        spread = rng.uniform(-0.03, 1.03) * W if x is None else x
        seed = int(rng.integers(1, 10**6))
        scene.things.append(Thing(kind, spread, y, size, seed=seed, **more))  # type: ignore[arg-type]

    for _ in range(int(rng.integers(1, 7))):
        size = float(np.exp(rng.uniform(math.log(9), math.log(140))))
        layer = 9 if size > 60 else int(rng.choice([1, 2, 3, 4, 9]))
        y = rng.uniform(40, 430) if layer == 9 else rng.uniform(150, 480 + 20 * layer)
        add(
            "balloon",
            size,
            y,
            haze=max(0.0, rng.uniform(0.1, 0.5) - size / 130),
            layer=layer,
            style=int(rng.integers(0, 5)),
        )
    for _ in range(int(rng.integers(0, 5))):
        x = rng.uniform(0, W)
        anchor = x + rng.uniform(-300, 300) if rng.random() < 0.5 else None
        add("kite", rng.uniform(11, 44), rng.uniform(60, 520), x, anchor=anchor, angle=rng.uniform(-35, 35),
            style=int(rng.random() < 0.2), haze=rng.uniform(0, 0.2))  # fmt: skip
    for _ in range(int(rng.integers(0, 4))):
        fx, fy, size = rng.uniform(0, W), rng.uniform(40, 620), rng.uniform(11, 32)
        way, style = rng.choice([-1, 1]), int(rng.random() < 0.35)
        for _ in range(int(rng.integers(1, 5))):
            add("bird", size * rng.uniform(0.75, 1.25), fy + rng.normal(0, 45), fx + rng.normal(0, 80), vx=float(way),
                style=style, angle=rng.uniform(-15, 15), haze=rng.uniform(0, 0.2))  # fmt: skip
    for kind, chance, low, high in (("plane", 0.25, 10, 24), ("leaf", 0.3, 10, 24), ("toy", 0.15, 12, 26)):
        if rng.random() < chance:
            add(
                kind,
                rng.uniform(low, high),
                rng.uniform(60, 560),
                vx=float(rng.choice([-1, 1])),
                angle=rng.uniform(-30, 30),
            )
    rng.shuffle(scene.things)
    scene.things.sort(key=lambda o: o.kind == "balloon" and o.size < 60, reverse=True)
    return scene, float(rng.uniform(0, 1))


def flock(x: float, y: float, vx: float, vy: float, *birds: tuple[float, float, float], style: int = 0) -> list[Thing]:
    return [
        Thing(
            "bird", x + dx, y + dy, size, vx + dx * 0.4, vy, int(dx * 7 + dy * 3) % 991, style=style, angle=dx % 9 - 4
        )
        for dx, dy, size in birds
    ]


def clips() -> dict[str, Scene]:
    """The two bundled clips, composed by hand."""
    morning = Scene(41, THEMES["dawn"], THEMES["day"], sun=(905, 505, 60, -250), clouds=8, things=[
        Thing("balloon", 792, 458, 11, 25, -24, 13, layer=1, haze=0.42),
        Thing("balloon", 610, 470, 15, 40, -60, 2, layer=2, haze=0.36, style=1),
        Thing("balloon", 1010, 420, 25, -60, -30, 12, layer=9, haze=0.26),
        Thing("balloon", 205, 640, 44, 30, -330, 7, layer=4, haze=0.1, style=2),
        Thing("balloon", 700, 262, 58, -90, -30, 9, style=1, haze=0.06),
        Thing("balloon", 1365, 250, 88, -230, -40, 5, style=4),
        Thing("balloon", 372, 262, 118, 75, -28, 8, style=0),
        Thing("kite", 905, 250, 32, 60, -70, 3, anchor=690, angle=16),
        Thing("kite", 1090, 395, 23, -40, -110, 5, anchor=925, angle=-14, haze=0.05),
        Thing("kite", 605, 74, 10, 81, 14, 0, style=1, angle=-150, haze=0.1),
        Thing("kite", 120, 330, 20, 60, -110, 2, style=1, angle=10, haze=0.05),
        *flock(520, 120, 330, 20, (0, 0, 28), (62, 28, 23), (-58, 32, 22), (122, 62, 19)),
        *flock(1130, 610, -430, -60, (0, 0, 27), (66, 24, 24), style=1),
        Thing("plane", 840, 70, 15, 260, -14, 1, angle=-3),
        Thing("glider", 540, 420, 26, -190, 60, 3),
        Thing("leaf", -40, 520, 16, 620, 120, 1, angle=20),
    ])  # fmt: skip
    evening = Scene(58, THEMES["golden"], THEMES["dusk"], sun=(420, 372, -30, 165), clouds=7, things=[
        Thing("balloon", 560, 470, 13, -30, -20, 11, layer=1, haze=0.4),
        Thing("balloon", 330, 455, 20, 40, -40, 1, layer=2, haze=0.3, style=2),
        Thing("balloon", 725, 400, 33, 60, -60, 15, haze=0.18, style=1),
        Thing("balloon", 1085, 560, 40, -40, -200, 16, layer=4, haze=0.1),
        Thing("balloon", 560, 235, 70, 150, 20, 3, style=3),
        Thing("balloon", 925, 262, 124, -40, 30, 5, style=1),
        Thing("balloon", 110, 200, 82, -120, 40, 0, style=0),
        Thing("kite", 290, 250, 30, -50, 80, 1, anchor=640, angle=-18),
        Thing("kite", 1180, 210, 25, 50, 60, 4, anchor=1120, angle=12),
        Thing("kite", 700, 130, 18, 120, -30, 0, style=1, angle=-8),
        *flock(1240, 420, -270, -290, (0, 0, 25), (60, -24, 21), (68, 30, 21), (128, -54, 18)),
        *flock(130, 505, 150, -90, (0, 0, 21), (58, -18, 18), (-52, 26, 18)),
        Thing("plane", 420, 60, 14, -260, 20, 1, angle=4),
        Thing("toy", 640, 620, 17, 60, -420, 4),
        Thing("glider", 1000, 500, 24, 150, -20, 4),
        Thing("leaf", 1300, 300, 15, -560, 300, 0, angle=-25),
    ])  # fmt: skip
    return {"morning": morning, "evening": evening}


def yolo_text(labels: list[Label]) -> str:
    return "".join(f"{c} {x:.6f} {y:.6f} {w:.6f} {h:.6f}\n" for c, x, y, w, h in labels)


def save(path: Path, image: np.ndarray, quality: int = 88) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    ok, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1])
    if not ok:
        raise OSError(f"cannot encode {path}")
    path.write_bytes(data.tobytes())


def make_frames() -> None:
    for name, scene in clips().items():
        for i in range(CLIP_FRAMES):
            image, labels = draw(scene, i / (CLIP_FRAMES - 1))
            save(DEMO / "frames" / name / f"sky_{i + 1:04d}.jpg", image)
            text = DEMO / "labels" / name / f"sky_{i + 1:04d}.txt"
            text.parent.mkdir(parents=True, exist_ok=True)
            text.write_text(yolo_text(labels), encoding="utf-8")
    (DEMO / "classes.txt").write_text("\n".join(CLASSES) + "\n", encoding="utf-8")


# --- the model --------------------------------------------------------------------------------------------------------
IMGSZ = 640  # for whole frames; training sees crops at the same scale, which costs less than half as much
CROP_W, CROP_H, CROP_SIZE = 832, 520, 416


def stay_offline(work: Path) -> None:
    """Give Ultralytics a throw-away settings folder and a font, so that it asks the network for nothing."""
    import matplotlib

    os.environ.update(YOLO_OFFLINE="1", YOLO_AUTOINSTALL="0", YOLO_CONFIG_DIR=str(work), ULTRALYTICS_SAFE_LOAD="1")
    os.environ.pop("ULTRALYTICS_API_KEY", None)
    folder = work / "Ultralytics"
    folder.mkdir(parents=True, exist_ok=True)
    off = dict.fromkeys(
        ("sync", "clearml", "comet", "dvc", "mlflow", "raytune", "tensorboard", "wandb", "vscode_msg"), False
    )
    places = {k: str(work / k) for k in ("datasets_dir", "weights_dir", "runs_dir")}
    rest = {"settings_version": "0.0.8", "uuid": "0" * 64, "api_key": "", "openai_api_key": "", "openvino_msg": False}
    (folder / "settings.json").write_text(json.dumps({**rest, **off, **places}), encoding="utf-8")
    font = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    for name in ("Arial.ttf", "Arial.Unicode.ttf"):
        shutil.copy(font, folder / name)


def cropped(labels: list[Label], left: int, top: int) -> list[Label]:
    """The boxes inside a crop, as parts of it; what is mostly outside is dropped."""
    kept: list[Label] = []
    for cls, x, y, w, h in labels:
        x0, x1 = (max((x + s * w / 2) * W - left, 0) for s in (-1, 1))
        y0, y1 = (max((y + s * h / 2) * H - top, 0) for s in (-1, 1))
        x0, x1, y0, y1 = min(x0, CROP_W), min(x1, CROP_W), min(y0, CROP_H), min(y1, CROP_H)
        if (x1 - x0) * (y1 - y0) > 0.3 * w * h * W * H:
            box = (x0 + x1) / 2 / CROP_W, (y0 + y1) / 2 / CROP_H, (x1 - x0) / CROP_W, (y1 - y0) / CROP_H
            kept.append((cls, *box))
    return kept


def train_model(count: int, epochs: int) -> None:
    with tempfile.TemporaryDirectory(prefix="sky") as name:
        work = Path(name)
        stay_offline(work)
        for split, first, n in (("train", 10_000, count), ("val", 90_000, 40)):
            for seed in range(first, first + n):
                image, labels = draw(*random_scene(seed))
                rng = np.random.default_rng([seed, 3])
                for part in range(2):
                    x, y = int(rng.integers(0, W - CROP_W + 1)), int(rng.integers(0, H - CROP_H + 1))
                    save(work / "images" / split / f"{seed}_{part}.jpg", image[y : y + CROP_H, x : x + CROP_W])
                    text = work / "labels" / split / f"{seed}_{part}.txt"
                    text.parent.mkdir(parents=True, exist_ok=True)
                    text.write_text(yolo_text(cropped(labels, x, y)), encoding="utf-8")

        import torch
        from ultralytics import YOLO
        from ultralytics.utils import ROOT, YAML

        network = YAML.load(ROOT / "cfg" / "models" / "v8" / "yolov8.yaml")
        del network["scales"]
        network.update(nc=len(CLASSES), reg_max=8, depth_multiple=0.33, width_multiple=0.125)  # half as wide as YOLOv8n
        YAML.save(work / "net.yaml", network)
        torch.set_num_threads(2)
        model = YOLO(str(work / "net.yaml"), task="detect")
        model.train(
            data=str(data_yaml(work)), imgsz=CROP_SIZE, epochs=epochs, batch=8, nbs=8, val=False, device="cpu",
            workers=0, cache="ram", rect=True, mosaic=0.0, fliplr=0.5, scale=0.3, translate=0.08, hsv_h=0.01, hsv_s=0.3,
            hsv_v=0.2, erasing=0.0, optimizer="AdamW", lr0=0.002, lrf=0.02, cos_lr=True, warmup_epochs=1.0, amp=False,
            plots=False, seed=1, deterministic=True, patience=0, project=str(work / "runs"), name="sky",
        )  # fmt: skip
        publish(work / "runs" / "sky" / "weights" / "last.pt", DEMO / "sky.pt")


def publish(source: Path, target: Path) -> None:
    """Save the checkpoint with the weights and what loading needs, and nothing about the machine it was made on."""
    import torch
    import ultralytics

    model = torch.load(source, map_location="cpu", weights_only=False)["model"]  # written by ourselves just now
    args = {"task": "detect", "model": "sky.yaml", "imgsz": IMGSZ}
    model.args, model.names, model.criterion = dict(args), dict(enumerate(CLASSES)), None
    model.yaml = {**model.yaml, "yaml_file": "sky.yaml"}
    about = {"version": ultralytics.__version__, "license": "AGPL-3.0-or-later", "docs": "resources/demo/README.md"}
    target.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"epoch": -1, "best_fitness": None, "model": model, "ema": None, "updates": None, "optimizer": None,
                "train_args": args, "train_metrics": {}, "train_results": {}, "date": "", **about}, target)  # fmt: skip
    data = target.read_bytes()
    for word in (b"/tmp", b"/home", b"/root", str(source.parents[3]).encode(), str(DEMO.parents[1]).encode()):
        if word in data:
            raise SystemExit(f"{target.name} tells where it was made: {word.decode()}")


def check() -> None:
    """Compare the model with the drawn truth on the bundled frames and print every mistake."""
    with tempfile.TemporaryDirectory(prefix="sky") as name:
        work = Path(name)
        stay_offline(work)
        from ultralytics import YOLO

        model = YOLO(str(DEMO / "sky.pt"))
        total = dict.fromkeys(("right", "false", "missed", "wrong class"), 0)
        for path in sorted((DEMO / "frames").rglob("*.jpg")):
            label_file = (DEMO / "labels" / path.relative_to(DEMO / "frames")).with_suffix(".txt")
            lines = [line.split() for line in label_file.read_text(encoding="utf-8").splitlines()]
            free = {i: (int(c), [float(v) for v in box]) for i, (c, *box) in enumerate(lines)}
            boxes = model.predict(str(path), conf=0.05, verbose=False)[0].boxes
            found = [(int(c), float(p), b) for c, p, b in zip(boxes.cls, boxes.conf, boxes.xywhn.tolist(), strict=True)]
            notes = []
            for cls, conf, box in [f for f in found if f[1] >= 0.5]:
                near = max(free, key=lambda k: overlap(free[k][1], box), default=None)
                kind = "false"
                if near is not None and overlap(free[near][1], box) >= 0.5:
                    kind = "right" if free.pop(near)[0] == cls else "wrong class"
                total[kind] += 1
                if kind != "right":
                    notes.append(f"{kind}: {CLASSES[cls]} {conf:.2f} at {box[0]:.2f},{box[1]:.2f}")
            for cls, box in free.values():
                weak = max([p for c, p, b in found if c == cls and p < 0.5 and overlap(box, b) > 0.4], default=0.0)
                total["missed"] += 1
                notes.append(f"missed: {CLASSES[cls]} at {box[0]:.2f},{box[1]:.2f} (weak box {weak:.2f})")
            print(path.relative_to(DEMO / "frames"), len(lines), "; ".join(notes) or "all right")
            for kind, file in (("images", path), ("labels", label_file)):
                copy = work / kind / "val" / f"{path.parent.name}_{file.name}"
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, copy)
        scores = model.val(data=str(data_yaml(work)), imgsz=IMGSZ, workers=0, device="cpu", plots=False, verbose=False,
                           project=str(work / "runs"))  # fmt: skip
        print(total, f"mAP50 {scores.box.map50:.3f}, mAP50-95 {scores.box.map:.3f}")


def data_yaml(work: Path) -> Path:
    train = "train" if (work / "images" / "train").is_dir() else "val"
    names = "".join(f"  {i}: {c}\n" for i, c in enumerate(CLASSES))
    text = f"path: {work}\ntrain: images/{train}\nval: images/val\nnames:\n{names}"
    (work / "sky.yaml").write_text(text, encoding="utf-8")
    return work / "sky.yaml"


def overlap(a: Sequence[float], b: Sequence[float]) -> float:
    w = min(a[0] + a[2] / 2, b[0] + b[2] / 2) - max(a[0] - a[2] / 2, b[0] - b[2] / 2)
    h = min(a[1] + a[3] / 2, b[1] + b[3] / 2) - max(a[1] - a[3] / 2, b[1] - b[3] / 2)
    both = max(w, 0.0) * max(h, 0.0)
    return both / (a[2] * a[3] + b[2] * b[3] - both)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["frames", "train", "check", "all"])
    parser.add_argument("--count", type=int, default=500, help="training frames, two crops of each")
    parser.add_argument("--epochs", type=int, default=18)
    args = parser.parse_args()
    if args.what in ("frames", "all"):
        make_frames()
    if args.what in ("train", "all"):
        train_model(args.count, args.epochs)
    if args.what in ("check", "all"):
        check()


if __name__ == "__main__":
    main()

"""The sky: its colours, the stars, the sun or the moon, and the clouds."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QLinearGradient, QPainter, QPainterPath, QRadialGradient

from demo.canvas import HEIGHT, WIDTH, Canvas, pixels
from demo.palette import WHITE, mix, qcolour, ramp, rgb
from demo.shapes import Point, oval
from demo.themes import Theme


def backdrop(look: Theme, sun: Point, *, horizon: float, seed: int) -> NDArray[np.uint8]:
    """Return the empty sky with the glow around the sun, (HEIGHT, WIDTH, 3), blue first."""
    yy, xx = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    stops = np.linspace(0, horizon + 20, len(look.sky))
    columns = [np.interp(yy[:, 0], stops, [colour[channel] for colour in look.sky]) for channel in (2, 1, 0)]
    sky = np.stack(columns, -1)[:, None, :]
    away = np.hypot(xx - sun[0], (yy - sun[1]) * 1.25)
    glow = look.glow_power * (0.62 * np.exp(-((away / 150) ** 1.2)) + 0.5 * np.exp(-((away / 460) ** 1.5)))
    sky = sky + (np.array(look.glow[::-1]) - sky) * np.clip(glow, 0, 1)[..., None]
    # A little noise, or the slow change of colour would show as bands.
    noise = np.random.default_rng(seed).random((2, HEIGHT, WIDTH, 1), np.float32)
    rounded: NDArray[np.uint8] = np.clip(sky + noise[0] - noise[1] + 0.5, 0, 255).astype(np.uint8)
    return rounded


def paint_stars(canvas: Canvas, rng: np.random.Generator, horizon: float) -> None:
    """Paint the stars, most of them high up, fainter towards the horizon."""
    brightness = canvas.look.stars
    for _ in range(150 if brightness > 0.02 else 0):
        x, y, radius = rng.uniform(0, WIDTH), horizon * 0.75 * rng.uniform(0, 1) ** 1.6, rng.uniform(0.5, 1.5)
        alpha = brightness * rng.uniform(0.2, 1) * (1 - y / horizon)
        canvas.fill(oval(x, y, radius, radius), qcolour(WHITE, alpha))


def paint_sun(canvas: Canvas) -> None:
    """Paint the disc of the sun."""
    alpha = 0.35 + 0.65 * min(1, canvas.look.glow_power * 1.6)
    canvas.fill(oval(*canvas.sun, 37, 37), qcolour(mix(canvas.look.glow, WHITE, 0.75), alpha))


def paint_moon(canvas: Canvas) -> None:
    """Paint a crescent with a faint halo where the sun would be."""
    x, y = canvas.sun
    canvas.fill(oval(x, y, 90, 90), ramp(QRadialGradient(x, y, 90), (0, WHITE, 0.3), (1, WHITE, 0)))
    canvas.fill(oval(x, y, 30, 30).subtracted(oval(x - 15, y - 8, 27, 27)), qcolour(rgb("#fff6dc")))


def paint_clouds(canvas: Canvas, rng: np.random.Generator, count: int, t: float, horizon: float) -> None:
    """Paint thin streaks high up and, far to near, soft clouds; all blurred a little."""
    layer = QImage(WIDTH, HEIGHT, QImage.Format.Format_ARGB32_Premultiplied)
    layer.fill(0)
    painter = QPainter(layer)
    for _ in range(count):
        paint_streak(painter, canvas.look, rng, t, horizon)
    for near in sorted(rng.uniform(0, 1, count)):
        paint_cloud(painter, canvas, rng, near, t, horizon)
    painter.end()
    soft = pixels(layer, 4)
    soft[:] = cv2.GaussianBlur(soft, (0, 0), 1.8)
    canvas.painter.drawImage(0, 0, layer)


def paint_streak(painter: QPainter, look: Theme, rng: np.random.Generator, t: float, horizon: float) -> None:
    """Paint one thin high cloud."""
    x, y, width = rng.uniform(0, WIDTH) + t * 26, rng.uniform(20, horizon * 0.9), rng.uniform(140, 420)
    fade = QRadialGradient(x, y, width)
    painter.fillPath(oval(x, y, width, rng.uniform(2, 5)), ramp(fade, (0, look.cloud, 0.3), (1, look.cloud, 0)))


def paint_cloud(
    painter: QPainter, canvas: Canvas, rng: np.random.Generator, near: float, t: float, horizon: float
) -> None:
    """Paint one cloud, `near` 0 .. 1: puffs with a lit top, and a base that melts into the sky."""
    look = canvas.look
    width, peak = 60 + 230 * near * rng.uniform(0.6, 1), rng.uniform(-0.45, 0.45)
    x = rng.uniform(-60, WIDTH + 60) + t * (20 + 50 * near)
    y = horizon * (0.88 - 0.76 * near) + rng.uniform(-30, 30)
    puffs: list[tuple[float, float]] = []  # place and radius, as parts of the width; the largest are near the peak
    for i in range(13):
        u = (i - 6 + rng.uniform(-0.3, 0.3)) / 7.2
        puffs.append((u, (0.085 + 0.2 * math.exp(-(((u - peak) / 0.55) ** 2))) * rng.uniform(0.75, 1.1)))
    outline = QPainterPath()
    outline.setFillRule(Qt.FillRule.WindingFill)
    for u, r in [(-0.96, 0.06), (0.96, 0.06), *puffs]:
        outline.addEllipse(QPointF(x + u * width, y - r * width * 0.7), r * width, r * width)
    outline.addEllipse(QPointF(x, y - 0.04 * width), width * 1.05, width * 0.06)

    body, base = mix(look.cloud, look.sky[2], 0.3 - 0.25 * near), y + width * 0.05
    upright = QLinearGradient(0, y - width * 0.36, 0, base)
    painter.setClipRect(QRectF(0, 0, WIDTH, base))
    painter.fillPath(
        outline, ramp(upright, (0, body, 0.95), (0.55, mix(body, look.shade, 0.5), 0.9), (1, look.shade, 0.0))
    )
    painter.setClipPath(outline)
    sunward = math.copysign(0.35, canvas.sun[0] - x)
    for u, r in sorted(puffs, key=lambda puff: -puff[1]):  # each catches the light at its sunny upper side
        px, py, radius = x + u * width, y - r * width * 0.7, r * width
        light = QRadialGradient(px + sunward * radius, py - radius * 0.5, radius * 1.35)
        painter.fillPath(
            oval(px, py, radius, radius), ramp(light, (0, body, 0.75), (0.45, body, 0.5), (1, look.shade, 0.0))
        )
    painter.setClipping(False)

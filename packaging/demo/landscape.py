"""The land: layers of hills with trees, a village and grass, each layer before the one it hides."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QLinearGradient, QPainterPath, QRadialGradient

from demo.canvas import HEIGHT, WIDTH, Canvas
from demo.palette import NIGHT, Rgb, mix, qcolour, ramp, rgb, vivid
from demo.scene import HILLS
from demo.shapes import Point, oval, polygon, polyline, rectangle

RIDGE_X: Final = np.arange(0, WIDTH + 8, 4)
# Waves that make a ridge: how often each goes up and down over 900 pixels, and by what its height is divided.
WAVES: Final = ((1.0, 1.0), (2.1, 2.2), (4.3, 5.0), (9.1, 13.0), (19.0, 34.0))


@dataclass(frozen=True, slots=True)
class Ridge:
    """The upper edge of one layer of hills."""

    heights: NDArray[np.float64]  # y at every RIDGE_X

    def y(self, x: float) -> float:
        """Return how high the ground is at x; beyond the picture, what it is at its border."""
        return float(np.interp(x, RIDGE_X, self.heights))

    def points(self) -> list[Point]:
        """Return the edge from left to right."""
        return list(zip(RIDGE_X.tolist(), self.heights.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Hill:
    """One layer of hills as it is being painted."""

    ridge: Ridge
    depth: float  # 0 the farthest layer, 1 the nearest
    shift: float  # how far the camera has moved past it, in pixels
    colour: Rgb
    mist: Rgb  # what the colour fades into towards the foot


def paint_hill(canvas: Canvas, layer: int, seed: int, t: float, horizon: float) -> Ridge:
    """Paint one layer of hills, 0 the farthest; returns its edge."""
    rng, look, depth = np.random.default_rng([seed, 77, layer]), canvas.look, layer / (HILLS - 1)
    base = horizon - 46 + (HEIGHT - horizon) * (0.06 + 0.86 * depth**1.15)
    shift = t * (8 + 60 * depth * depth)
    colour = vivid(mix(look.far, look.near, depth**0.85), 1.22)
    hill = Hill(
        ridge=Ridge(base + waves(rng, 62 - 30 * depth, max(0.0, 0.62 - 1.1 * depth), shift)),
        depth=depth,
        shift=shift,
        colour=colour,
        mist=mix(colour, look.haze, 0.62 - 0.4 * depth),
    )
    nearest = layer == HILLS - 1
    if depth > 0.35:
        paint_woods(canvas, hill, rng, group=(1, 5) if nearest else (2, 7))
    if layer == HILLS - 3:
        paint_village(canvas, hill, rng)
    if nearest:
        paint_grass(canvas, hill, rng)
    paint_slope(canvas, hill, base)
    return hill.ridge


def waves(rng: np.random.Generator, height: float, sharp: float, shift: float) -> NDArray[np.float64]:
    """Return the ups and downs of a ridge at every RIDGE_X: rolling (sharp = 0) to like mountains (sharp = 1)."""
    x = RIDGE_X + shift
    y = np.zeros_like(x)
    for often, flatten in WAVES:
        frequency, phase = rng.uniform(0.75, 1.3) * often / 900, rng.uniform(0, 2 * math.pi)
        wave = np.sin(2 * math.pi * frequency * x + phase)
        y += height / flatten * ((1 - sharp) * wave + sharp * (1 - 2 * np.abs(wave)))
    return y


def paint_slope(canvas: Canvas, hill: Hill, base: float) -> None:
    """Paint the ground itself, over the feet of what grows on it, with the light of the sun on it."""
    look, depth, edge = canvas.look, hill.depth, hill.ridge.points()
    outline = polygon((-4, HEIGHT + 4), *edge, (WIDTH + 8, HEIGHT + 4))
    top, foot = float(hill.ridge.heights.min()), float(hill.ridge.heights.max()) + 110 + 50 * depth
    stops = (0, hill.colour, 1), (0.35, mix(hill.colour, hill.mist, 0.3), 1), (1, hill.mist, 1)
    canvas.fill(outline, ramp(QLinearGradient(0, top, 0, foot), *stops))
    sunlight = QRadialGradient(canvas.sun[0], base, 620)
    canvas.fill(outline, ramp(sunlight, (0, look.glow, 0.32 - 0.2 * depth), (1, look.glow, 0)))
    canvas.line(polyline(*edge), qcolour(look.glow, 0.34 - 0.14 * depth), 1.3)


def paint_woods(canvas: Canvas, hill: Hill, rng: np.random.Generator, *, group: tuple[int, int]) -> None:
    """Paint trees in groups, between `group` trees each; every third group has leaves, the others are spruces."""
    for number in range(int(7 + 6 * hill.depth)):
        middle, spread = rng.uniform(-40, WIDTH + 100), rng.uniform(20, 130)
        for _ in range(int(rng.integers(group[0], group[1] + 1))):
            x = middle + rng.uniform(-1, 1) * spread - hill.shift
            size = (9 + 62 * hill.depth**2.4) * rng.uniform(0.6, 1.25)
            shade = mix(mix(hill.colour, canvas.look.near, 0.45), NIGHT, rng.uniform(0.0, 0.22))
            y = hill.ridge.y(x) + size * 0.07
            if number % 3 == 2:
                paint_leafy_tree(canvas, x, y, size, shade)
            else:
                canvas.fill(spruce(x, y, size), qcolour(shade))


def spruce(x: float, y: float, height: float) -> QPainterPath:
    """Return the outline of a spruce that stands at x, y."""
    right = [(x, y - height)]
    for tier in range(1, 5):
        half, branch = height * 0.23 * tier / 4, y - height * (1 - tier / 4.4)
        right += [(x + half, branch), (x + half * 0.55, branch - height * 0.02)]
    left = [(2 * x - px, py) for px, py in reversed(right[1:])]
    trunk = height * 0.03
    foot = ((x + trunk, y - height * 0.06), (x + trunk, y + 6), (x - trunk, y + 6))
    return polygon(*right, *foot, *left)


def paint_leafy_tree(canvas: Canvas, x: float, y: float, size: float, shade: Rgb) -> None:
    """Paint a tree with a crown of three rounds, lit from where the sun is."""
    trunk = 1 + size * 0.03
    outline = polygon((x - trunk, y + 6), (x - 1, y - size * 0.4), (x + 1, y - size * 0.4), (x + trunk, y + 6))
    canvas.fill(outline, qcolour(shade))
    sunward = math.copysign(0.11, canvas.sun[0] - x)
    for dx, dy, radius in ((0, 0.62, 0.3), (-0.17, 0.45, 0.22), (0.18, 0.48, 0.23)):
        px, py = x + dx * size, y - dy * size
        light = QRadialGradient(px + sunward * size, py - 0.12 * size, 1.1 * radius * size)
        stops = (0, mix(shade, canvas.look.glow, 0.2), 1), (1, shade, 1)
        canvas.fill(oval(px, py, radius * size, radius * size * 0.92), ramp(light, *stops))


def paint_village(canvas: Canvas, hill: Hill, rng: np.random.Generator) -> None:
    """Paint a row of five houses."""
    middle = rng.uniform(0.15, 0.85) * WIDTH
    wall, roof = mix(canvas.look.cloud, hill.mist, 0.35), mix(rgb("#b5523b"), hill.mist, 0.35)
    for house in range(5):
        x, size = middle + (house - 2) * 27 + rng.uniform(-6, 6) - hill.shift, rng.uniform(6.5, 9.5)
        paint_house(canvas, x, hill.ridge.y(x) - size * 0.2, size, wall, roof)


def paint_house(canvas: Canvas, x: float, y: float, size: float, wall: Rgb, roof: Rgb) -> None:
    """Paint a house with two windows, lit when the burners of the balloons are seen."""
    canvas.fill(rectangle(x - size, y - size * 0.7, x + size, y + size), qcolour(wall))
    eaves, top = y - size * 0.6, y - size * 1.5
    gable = ((x - size * 1.25, eaves), (x - size * 0.8, top), (x + size * 0.8, top), (x + size * 1.25, eaves))
    canvas.fill(polygon(*gable), qcolour(roof))
    window = qcolour(mix(mix(wall, NIGHT, 0.55), rgb("#ffd27a"), canvas.look.burner * 1.2))
    for dx in (-0.55, 0.15):
        canvas.fill(rectangle(x + dx * size, y - size * 0.3, x + (dx + 0.4) * size, y + size * 0.15), window)


def paint_grass(canvas: Canvas, hill: Hill, rng: np.random.Generator) -> None:
    """Paint blades of grass along the edge."""
    for _ in range(420):
        x, height = rng.uniform(-20, WIDTH + 90) - hill.shift, rng.uniform(3, 10)
        y = hill.ridge.y(x)
        blade = polygon((x - 1.4, y + 2), (x + rng.uniform(-4, 4), y - height), (x + 1.4, y + 2))
        canvas.fill(blade, qcolour(mix(hill.colour, NIGHT, rng.uniform(0, 0.2))))

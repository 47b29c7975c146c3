"""Draw a scene at a moment: the picture and the boxes of what can be seen in it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QTransform

from demo.balloons import paint_balloon
from demo.canvas import SCENERY, Canvas
from demo.confusers import paint_glider, paint_leaf, paint_plane, paint_toy
from demo.flyers import paint_bird, paint_kite, paint_kite_line
from demo.labels import Label, Painted, visible_boxes
from demo.landscape import Ridge, paint_hill
from demo.palette import Rgb, Tone, mix
from demo.scene import CLASSES, HILLS, IN_FRONT, Kind, Scene, Thing
from demo.shapes import Point
from demo.sky import backdrop, paint_clouds, paint_moon, paint_stars, paint_sun

PAINTERS: Final[dict[Kind, Callable[[Canvas, Thing, float, Tone], None]]] = {
    "balloon": paint_balloon,
    "kite": paint_kite,
    "bird": paint_bird,
    "plane": paint_plane,
    "leaf": paint_leaf,
    "toy": paint_toy,
    "glider": paint_glider,
}


def draw(scene: Scene, t: float) -> tuple[NDArray[np.uint8], list[Label]]:
    """Return the frame at time t (0 .. 1), (HEIGHT, WIDTH, 3), blue first, and its labels."""
    look, sun = scene.look_at(t), scene.sun_at(t)
    canvas = Canvas(backdrop(look, sun, horizon=scene.horizon, seed=scene.seed), look, sun)
    paint_stars(canvas, np.random.default_rng([scene.seed, 1]), scene.horizon)
    if scene.moon:
        paint_moon(canvas)
    else:
        paint_sun(canvas)
    paint_clouds(canvas, np.random.default_rng([scene.seed, 2]), scene.clouds, t, scene.horizon)

    painted: list[Painted] = []
    for layer in range(HILLS):
        paint_things(canvas, scene, layer, t, painted)
        ground = paint_hill(canvas, layer, scene.seed, t, scene.horizon)
    paint_things(canvas, scene, IN_FRONT, t, painted, ground)
    return canvas.finish(), visible_boxes(canvas.marks(), painted)


def paint_things(
    canvas: Canvas, scene: Scene, layer: int, t: float, painted: list[Painted], ground: Ridge | None = None
) -> None:
    """Paint the things of one layer and add those that are labelled to `painted`.

    On the last layer, `ground` is the nearest hill, where people stand who hold kites.
    """
    for thing in scene.things:
        if thing.layer != layer:
            continue
        place = place_at(thing, t)
        if thing.anchor is not None and ground is not None:
            x = thing.anchor + thing.vx * t * 0.2
            paint_kite_line(canvas, place, (x, ground.y(x)))
        if thing.kind in CLASSES:
            mark = len(painted) + 1
            extent = paint_thing(canvas, thing, place, t, mark)
            area = int((canvas.marks() == mark).sum())
            painted.append(Painted(CLASSES.index(thing.kind), mark, area, extent))
        else:
            paint_thing(canvas, thing, place, t, SCENERY)


def place_at(thing: Thing, t: float) -> Point:
    """Return where a thing is at time t; everything bobs a little."""
    bob = thing.size * 0.05 * math.sin(thing.seed + t * 12)
    return thing.x + thing.vx * t, thing.y + thing.vy * t + bob


def paint_thing(canvas: Canvas, thing: Thing, place: Point, t: float, mark: int) -> QRectF:
    """Paint a thing at a place; returns the extent of its solid parts."""
    light, haze = canvas.look.light, canvas.look.haze

    def tone(colour: Rgb) -> Rgb:
        r, g, b = (colour[channel] * light[channel] / 255 for channel in range(3))
        return mix((r, g, b), haze, thing.haze)

    mirror = -1 if thing.kind in ("bird", "plane") and thing.vx < 0 else 1
    sway = 4 * math.sin(thing.seed + t * 10) if thing.kind in ("kite", "leaf", "toy") else 0.0
    transform = QTransform().translate(*place).rotate(thing.angle + sway).scale(mirror * thing.size, thing.size)
    canvas.begin_object(mark, transform)
    PAINTERS[thing.kind](canvas, thing, t, tone)
    return canvas.end_object()

"""Scenes made by chance, to train on.

Numbers are taken from the generator in the order in which they are written here, arguments of calls included: another
order gives other scenes, and so another model.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from demo.canvas import WIDTH
from demo.scene import IN_FRONT, Kind, Scene, Thing
from demo.themes import THEMES

# Kind, how probable it is, and its least and largest size. Gliders are left out on purpose, so that the model is unsure
# of those in the clips.
CONFUSERS: Final[tuple[tuple[Kind, float, float, float], ...]] = (
    ("plane", 0.25, 10, 24),
    ("leaf", 0.3, 10, 24),
    ("toy", 0.15, 12, 26),
)


def random_scene(seed: int) -> tuple[Scene, float]:
    """Return a scene and the time at which to draw it."""
    rng = np.random.default_rng([seed, 2024])
    start, end = (THEMES[str(name)] for name in rng.choice(list(THEMES), 2))
    horizon = rng.uniform(520, 590)
    sun = rng.uniform(60, WIDTH - 60), rng.uniform(90, horizon + 10), 0.0, 0.0
    moon, clouds = bool(rng.random() < 0.15), int(rng.integers(2, 11))
    things = [*balloons(rng), *kites(rng), *flocks(rng), *confusers(rng)]
    rng.shuffle(things)
    things.sort(key=lambda thing: thing.kind == "balloon" and thing.size < 60, reverse=True)  # far balloons go behind
    scene = Scene(seed, start, end, tuple(things), sun, clouds, moon, horizon)
    return scene, rng.uniform(0, 1)


def balloons(rng: np.random.Generator) -> Iterator[Thing]:
    """Yield one to six balloons; small ones may be behind hills."""
    for _ in range(int(rng.integers(1, 7))):
        size = float(np.exp(rng.uniform(math.log(9), math.log(140))))
        layer = IN_FRONT if size > 60 else int(rng.choice([1, 2, 3, 4, IN_FRONT]))
        yield Thing(
            "balloon",
            size=size,
            layer=layer,
            y=rng.uniform(40, 430) if layer == IN_FRONT else rng.uniform(150, 480 + 20 * layer),
            haze=max(0.0, rng.uniform(0.1, 0.5) - size / 130),
            style=int(rng.integers(0, 5)),
            x=anywhere(rng),
            seed=thing_seed(rng),
        )


def kites(rng: np.random.Generator) -> Iterator[Thing]:
    """Yield up to four kites; half of them are held by someone."""
    for _ in range(int(rng.integers(0, 5))):
        x = rng.uniform(0, WIDTH)
        yield Thing(
            "kite",
            x=x,
            anchor=x + rng.uniform(-300, 300) if rng.random() < 0.5 else None,
            size=rng.uniform(11, 44),
            y=rng.uniform(60, 520),
            angle=rng.uniform(-35, 35),
            style=int(rng.random() < 0.2),
            haze=rng.uniform(0, 0.2),
            seed=thing_seed(rng),
        )


def flocks(rng: np.random.Generator) -> Iterator[Thing]:
    """Yield up to three flocks of one to four birds."""
    for _ in range(int(rng.integers(0, 4))):
        x, y, size = rng.uniform(0, WIDTH), rng.uniform(40, 620), rng.uniform(11, 32)
        way, style = float(rng.choice([-1, 1])), int(rng.random() < 0.35)
        for _ in range(int(rng.integers(1, 5))):
            yield Thing(
                "bird",
                size=size * rng.uniform(0.75, 1.25),
                y=y + rng.normal(0, 45),
                x=x + rng.normal(0, 80),
                vx=way,
                style=style,
                angle=rng.uniform(-15, 15),
                haze=rng.uniform(0, 0.2),
                seed=thing_seed(rng),
            )


def confusers(rng: np.random.Generator) -> Iterator[Thing]:
    """Yield at most one of each kind that has no label."""
    for kind, chance, least, largest in CONFUSERS:
        if rng.random() < chance:
            yield Thing(
                kind,
                size=rng.uniform(least, largest),
                y=rng.uniform(60, 560),
                vx=float(rng.choice([-1, 1])),
                angle=rng.uniform(-30, 30),
                x=anywhere(rng),
                seed=thing_seed(rng),
            )


def anywhere(rng: np.random.Generator) -> float:
    """Return an x in the picture or just outside."""
    return rng.uniform(-0.03, 1.03) * WIDTH


def thing_seed(rng: np.random.Generator) -> int:
    """Return the number that decides on the colours and the swaying of a thing."""
    return int(rng.integers(1, 10**6))

"""What a scene is made of: its light, its sun, its weather and the things in its sky."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from demo.shapes import Point
from demo.themes import Theme

# The first three are labelled. The others are there to be mistaken for them.
Kind = Literal["balloon", "kite", "bird", "plane", "leaf", "toy", "glider"]
CLASSES: Final[tuple[Kind, ...]] = ("balloon", "kite", "bird")

HILLS: Final = 6  # layers, 0 the farthest
IN_FRONT: Final = 9  # the layer of all that is before every hill


@dataclass(frozen=True, slots=True)
class Thing:
    """Something in the sky. Places and sizes are in pixels, for the first frame of the clip."""

    kind: Kind
    x: float
    y: float
    size: float  # what one unit of its painter's coordinates becomes: about half its width
    vx: float = 0.0  # how far it flies over the whole clip
    vy: float = 0.0
    seed: int = 0  # decides on its colours and its swaying
    layer: int = IN_FRONT  # it is painted before, and so hidden by, the hills of this layer
    haze: float = 0.0  # how far it has faded into the distance, 0 .. 1
    style: int = 0  # the pattern of a balloon, the shape of a kite, the colour of a bird
    angle: float = 0.0  # degrees, clockwise
    anchor: float | None = None  # x of the person on the nearest hill who holds this kite; only for things in front


@dataclass(frozen=True, slots=True)
class Scene:
    """One place and the things in its sky; `t` runs from 0, the first frame of a clip, to 1, the last."""

    seed: int  # decides on the hills, the trees and the clouds
    start: Theme
    end: Theme
    things: tuple[Thing, ...]  # those of one layer are painted in this order
    sun: tuple[float, float, float, float]  # x, y, and how far it moves over the clip
    clouds: int
    moon: bool = False  # in place of the sun
    horizon: float = 560

    def look_at(self, t: float) -> Theme:
        """Return the light at time t."""
        return self.start.blend(self.end, t)

    def sun_at(self, t: float) -> Point:
        """Return where the sun or the moon stands at time t."""
        x, y, dx, dy = self.sun
        return x + dx * t, y + dy * t

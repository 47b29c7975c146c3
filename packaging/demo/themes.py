"""The lights of the day: everything that gives a scene its hour and its weather."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from demo.palette import Rgb, between, mix, rgb


@dataclass(frozen=True, slots=True)
class Theme:
    """One light of the day; a clip goes from one to another."""

    sky: tuple[Rgb, ...]  # from the top down to the horizon
    far: Rgb  # the farthest hill
    near: Rgb  # the nearest hill
    haze: Rgb  # what distance fades into
    glow: Rgb  # around the sun, and on every edge that it touches
    cloud: Rgb  # the lit side of a cloud
    shade: Rgb  # its other side
    light: Rgb  # what the colours of things are multiplied with; 255 leaves them alone
    glow_power: float  # of the sun, 0 .. 1
    stars: float  # how bright they are, 0 .. 1
    burner: float  # how far balloons and windows are lit from inside, 0 .. 1

    def blend(self, other: Theme, t: float) -> Theme:
        """Return the light on the way from this one (t = 0) to the other (t = 1)."""
        return Theme(
            sky=tuple(mix(a, b, t) for a, b in zip(self.sky, other.sky, strict=True)),
            far=mix(self.far, other.far, t),
            near=mix(self.near, other.near, t),
            haze=mix(self.haze, other.haze, t),
            glow=mix(self.glow, other.glow, t),
            cloud=mix(self.cloud, other.cloud, t),
            shade=mix(self.shade, other.shade, t),
            light=mix(self.light, other.light, t),
            glow_power=between(self.glow_power, other.glow_power, t),
            stars=between(self.stars, other.stars, t),
            burner=between(self.burner, other.burner, t),
        )


def _theme(*, sky: str, glow_power: float, stars: float = 0.0, burner: float = 0.0, **colours: str) -> Theme:
    return Theme(
        sky=tuple(map(rgb, sky.split())),
        glow_power=glow_power,
        stars=stars,
        burner=burner,
        **{name: rgb(colour) for name, colour in colours.items()},
    )


# Training scenes pick two of them by chance, so their order counts too.
THEMES: Final = {
    "dawn": _theme(
        sky="#4a6aa5 #8b9ac6 #d3b2c6 #f7c6b0 #ffe2b4",
        far="#b49cc4", near="#2a3566", haze="#f6c6bc", glow="#ffd9a0",
        cloud="#fff0e2", shade="#c3a3bd", light="#fff0e0", glow_power=0.75,
    ),
    "day": _theme(
        sky="#3a86c8 #62a8dc #95cbea #c8e6ee #f6f0d8",
        far="#9cc6d8", near="#1c6352", haze="#d8ece0", glow="#fff6d2",
        cloud="#ffffff", shade="#b4d0e4", light="#ffffff", glow_power=0.45,
    ),
    "golden": _theme(
        sky="#44699f #8f8db4 #dba099 #f8bb80 #ffe1a0",
        far="#c48c98", near="#43284f", haze="#f9b88c", glow="#ffdc8a",
        cloud="#fff0dc", shade="#c08c98", light="#ffeed2", glow_power=0.85,
    ),
    "dusk": _theme(
        sky="#1d2455 #4a3d80 #9b5088 #e8795f #ffbd72",
        far="#7d4c7d", near="#1c1838", haze="#d9786f", glow="#ffb066",
        cloud="#e79a92", shade="#6a477e", light="#e6cfd8", glow_power=0.8, stars=0.75, burner=0.9,
    ),
    "overcast": _theme(
        sky="#8ea3b4 #aebdc8 #cad4d8 #dfe2de #efe9da",
        far="#a6b6bb", near="#34504f", haze="#dcdfda", glow="#fffbea",
        cloud="#f6f6f2", shade="#a8b5bf", light="#eeeeee", glow_power=0.2,
    ),
}  # fmt: skip

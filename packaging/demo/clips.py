"""The two bundled clips, composed by hand."""

from __future__ import annotations

from demo.scene import Scene, Thing
from demo.themes import THEMES


def flock(x: float, y: float, vx: float, vy: float, *birds: tuple[float, float, float], style: int = 0) -> list[Thing]:
    """Return birds around x, y that spread a little as they fly; each is dx, dy and its size."""
    return [
        Thing(
            "bird", x + dx, y + dy, size, vx + dx * 0.4, vy, int(dx * 7 + dy * 3) % 991, style=style, angle=dx % 9 - 4
        )
        for dx, dy, size in birds
    ]


# Things: x, y, size, flight over the clip to the right and down, seed.
MORNING = Scene(
    41, THEMES["dawn"], THEMES["day"], sun=(905, 505, 60, -250), clouds=8, things=(
        Thing("balloon", 792, 458, 11, 25, -24, 13, layer=1, haze=0.42),
        Thing("balloon", 610, 470, 15, 40, -60, 2, layer=2, haze=0.36, style=1),
        Thing("balloon", 1010, 420, 25, -60, -30, 12, haze=0.26),
        Thing("balloon", 205, 640, 44, 30, -330, 7, layer=4, haze=0.1, style=2),
        Thing("balloon", 700, 262, 58, -90, -30, 9, style=1, haze=0.06),
        Thing("balloon", 1365, 250, 88, -230, -40, 5, style=4),
        Thing("balloon", 372, 262, 118, 75, -28, 8),
        Thing("kite", 905, 250, 32, 60, -70, 3, anchor=690, angle=16),
        Thing("kite", 1090, 395, 23, -40, -110, 5, anchor=925, angle=-14, haze=0.05),
        Thing("kite", 605, 74, 10, 81, 14, 0, style=1, angle=-150, haze=0.1),
        Thing("kite", 120, 330, 20, 60, -110, 2, style=1, angle=10, haze=0.05),
        *flock(520, 120, 330, 20, (0, 0, 28), (62, 28, 23), (-58, 32, 22), (122, 62, 19)),
        *flock(1130, 610, -430, -60, (0, 0, 27), (66, 24, 24), style=1),
        Thing("plane", 840, 70, 15, 260, -14, 1, angle=-3),
        Thing("glider", 540, 420, 26, -190, 60, 3),
        Thing("leaf", -40, 520, 16, 620, 120, 1, angle=20),
    ),
)  # fmt: skip
EVENING = Scene(
    58, THEMES["golden"], THEMES["dusk"], sun=(420, 372, -30, 165), clouds=7, things=(
        Thing("balloon", 560, 470, 13, -30, -20, 11, layer=1, haze=0.4),
        Thing("balloon", 330, 455, 20, 40, -40, 1, layer=2, haze=0.3, style=2),
        Thing("balloon", 725, 400, 33, 60, -60, 15, haze=0.18, style=1),
        Thing("balloon", 1085, 560, 40, -40, -200, 16, layer=4, haze=0.1),
        Thing("balloon", 560, 235, 70, 150, 20, 3, style=3),
        Thing("balloon", 925, 262, 124, -40, 30, 5, style=1),
        Thing("balloon", 110, 200, 82, -120, 40, 0),
        Thing("kite", 290, 250, 30, -50, 80, 1, anchor=640, angle=-18),
        Thing("kite", 1180, 210, 25, 50, 60, 4, anchor=1120, angle=12),
        Thing("kite", 700, 130, 18, 120, -30, 0, style=1, angle=-8),
        *flock(1240, 420, -270, -290, (0, 0, 25), (60, -24, 21), (68, 30, 21), (128, -54, 18)),
        *flock(130, 505, 150, -90, (0, 0, 21), (58, -18, 18), (-52, 26, 18)),
        Thing("plane", 420, 60, 14, -260, 20, 1, angle=4),
        Thing("toy", 640, 620, 17, 60, -420, 4),
        Thing("glider", 1000, 500, 24, 150, -20, 4),
        Thing("leaf", 1300, 300, 15, -560, 300, 0, angle=-25),
    ),
)  # fmt: skip
CLIPS = {"morning": MORNING, "evening": EVENING}

"""Colours as plain numbers that can be mixed, and the brushes made from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtGui import QBrush, QColor, QLinearGradient, QRadialGradient

Rgb = tuple[float, float, float]  # each 0 .. 255
Tone = Callable[[Rgb], Rgb]  # from the colour of a thing to how it looks in the light of a scene


def rgb(text: str) -> Rgb:
    """Read a colour such as ``#ffb450``."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def between(a: float, b: float, t: float) -> float:
    """Return the number that lies the part `t` of the way from `a` to `b`."""
    return a + (b - a) * t


def mix(a: Rgb, b: Rgb, t: float) -> Rgb:
    """Mix two colours: `a` at t = 0, `b` at t = 1, and no further."""
    t = min(max(t, 0.0), 1.0)
    return between(a[0], b[0], t), between(a[1], b[1], t), between(a[2], b[2], t)


def vivid(colour: Rgb, amount: float) -> Rgb:
    """Pull a colour away from grey (amount > 1) or towards it (amount < 1)."""
    grey = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]
    return between(grey, colour[0], amount), between(grey, colour[1], amount), between(grey, colour[2], amount)


def qcolour(colour: Rgb, alpha: float = 1.0) -> QColor:
    """Return the nearest colour that Qt can paint with."""
    r, g, b = (int(min(max(value, 0), 255) + 0.5) for value in colour)
    return QColor(r, g, b, int(min(max(alpha, 0), 1) * 255 + 0.5))


def ramp(gradient: QLinearGradient | QRadialGradient, *stops: tuple[float, Rgb, float]) -> QBrush:
    """Return a brush that runs through the stops, each a position 0 .. 1, a colour and an alpha."""
    for position, colour, alpha in stops:
        gradient.setColorAt(position, qcolour(colour, alpha))
    return QBrush(gradient)


def _rows(*rows: str) -> tuple[tuple[Rgb, ...], ...]:
    return tuple(tuple(rgb(colour) for colour in row.split()) for row in rows)


WHITE: Final = rgb("#fffdf6")  # a warm white
NIGHT: Final = rgb("#141a3a")  # a blue black: what shadows are mixed from

BALLOON_CLOTHS: Final = _rows(
    "#e4572e #fff3dc #f3a712",
    "#d7263d #fff1e0 #1b998b",
    "#2878a8 #f8f1c4 #f5a65b",
    "#6a4c93 #ffca3a #ff924c",
    "#1d3557 #f1faee #e63946",
    "#ef476f #ffd166 #118ab2",
    "#e07a5f #f7e3c0 #3d405b",
    "#2a9d8f #e9c46a #e76f51",
    "#f3722c #f9c74f #577590",
)
KITE_CLOTHS: Final = _rows(
    "#ef476f #ffd166",
    "#ff7b00 #fff0d0",
    "#06a77d #f1f7b5",
    "#3a86ff #ffbe0b",
    "#8338ec #ffd6f0",
    "#e63946 #a8dadc",
)

"""How a picture is lit, in two numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Light:
    """How a frame's picture is lit.

    Attributes:
        brightness: mean, 0..1.
        sharpness: the higher the sharper; comparable between frames of one project.
    """

    brightness: float
    sharpness: float

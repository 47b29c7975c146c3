"""What the keys do to an outline: pushing a side, growing, turning. All in float pixels of the upright image."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.keypoints import Keypoints
from autoanno_gui.core.mask import Mask, Ring
from autoanno_gui.core.oriented_box import OrientedBox

SideName = Literal["left", "top", "right", "bottom"]

SMALLEST: Final = 1.0
"""Pixels that a side keeps at least."""


def side_moved(geometry: Geometry, side: SideName, dx: float, dy: float) -> Geometry:
    """Return the outline with one side pushed; sides never cross.

    An oriented box goes by its own sides: its left and right ones follow `dx` along its width, its top and bottom ones
    `dy` along its height. A mask has no sides and moves as a whole.
    """
    match geometry:
        case Box():
            return _side_of_box(geometry, side, dx, dy)
        case Keypoints():
            return geometry.with_box(_side_of_box(geometry.box, side, dx, dy))
        case OrientedBox():
            half = Box(-geometry.width / 2, -geometry.height / 2, geometry.width / 2, geometry.height / 2)
            return geometry.with_sides(*_side_of_box(half, side, dx, dy).as_tuple())
        case Mask():
            return geometry.moved(dx, dy)


def grown(geometry: Geometry, dx: float, dy: float) -> Geometry:
    """Return the outline with its right side moved by `dx` and its lower side by `dy`; a mask is stretched to that."""
    if isinstance(geometry, Mask):
        return _stretched(geometry, dx, dy)
    return side_moved(side_moved(geometry, "right", dx, dy), "bottom", dx, dy)


def turned(geometry: Geometry, radians: float) -> Geometry | None:
    """Return an oriented box turned around its centre, clockwise on the screen; None for what cannot be turned."""
    return geometry.turned(radians) if isinstance(geometry, OrientedBox) else None


def _side_of_box(box: Box, side: SideName, dx: float, dy: float) -> Box:
    match side:
        case "left":
            return Box(min(box.x1 + dx, box.x2 - SMALLEST), box.y1, box.x2, box.y2)
        case "right":
            return Box(box.x1, box.y1, max(box.x2 + dx, box.x1 + SMALLEST), box.y2)
        case "top":
            return Box(box.x1, min(box.y1 + dy, box.y2 - SMALLEST), box.x2, box.y2)
        case "bottom":
            return Box(box.x1, box.y1, box.x2, max(box.y2 + dy, box.y1 + SMALLEST))


def _stretched(mask: Mask, dx: float, dy: float) -> Mask:
    bounds = mask.bounds
    wide, high = max(bounds.width, SMALLEST), max(bounds.height, SMALLEST)
    factors = np.array([max(wide + dx, SMALLEST) / wide, max(high + dy, SMALLEST) / high])
    corner = np.array([bounds.x1, bounds.y1])

    def stretch(ring: Ring) -> Ring:
        return np.asarray(corner + (ring - corner) * factors, np.float64)

    return Mask(tuple(part.mapped(stretch) for part in mask.parts))

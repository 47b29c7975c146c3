"""Where an oriented box can be taken hold of: on its sides and corners, and at the handle that turns it. No drawing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.box import Box
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.ui.canvas.camera import Camera
from autoanno_gui.ui.canvas.state import GRIP_REACH, Grip, grip_at

TURN_GAP: Final = 26.0
"""Logical pixels from a side to the handle that turns the box."""


class Turn(Enum):
    """The handle that turns an oriented box, beside the grips of its sides."""

    TURN = "turn"


@dataclass(frozen=True, slots=True)
class OrientedHandles:
    """Positions in float pixels of the upright image.

    Attributes:
        corners: (4, 2), in the order of `OrientedBox.corners`.
        sides: (4, 2) middles of the sides: top, right, bottom, left as an upright box has them.
        stem: the middle of the side from which the turn handle sticks out.
        turn: the turn handle.
    """

    corners: NDArray[np.float64]
    sides: NDArray[np.float64]
    stem: tuple[float, float]
    turn: tuple[float, float]


def local_sides(box: OrientedBox) -> Box:
    """Return the sides as an upright box around the origin: pixels along the box's own width and height."""
    return Box(-box.width / 2, -box.height / 2, box.width / 2, box.height / 2)


def obb_handles(box: OrientedBox, camera: Camera) -> OrientedHandles:
    """Return where the handles of a selected oriented box are.

    The turn handle sticks out of the top side; where that is out of sight, of the next side from which it is not.
    """
    w, h = box.width / 2, box.height / 2
    gap = camera.in_image(TURN_GAP)
    sides = ((0.0, -h), (w, 0.0), (0.0, h), (-w, 0.0))
    outward = ((0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0))
    stems = [box.at(u, v) for u, v in sides]
    turns = [box.at(u + gap * a, v + gap * b) for (u, v), (a, b) in zip(sides, outward, strict=True)]
    seen = camera.visible_box()
    place = next((i for i in (0, 2, 1, 3) if seen.contains(*turns[i])), 0)
    return OrientedHandles(box.corners, np.array(stems), stems[place], turns[place])


def obb_handle_at(box: OrientedBox, x: float, y: float, camera: Camera) -> Grip | Turn | None:
    """Return what a press at an image position takes hold of: the turn handle, sides (two at a corner), or nothing."""
    reach = camera.in_image(GRIP_REACH)
    turn_x, turn_y = obb_handles(box, camera).turn
    if (turn_x - x) ** 2 + (turn_y - y) ** 2 <= reach**2:
        return Turn.TURN
    return grip_at(local_sides(box), *box.local(x, y), reach)

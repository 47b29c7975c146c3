"""What the acts of review cost: a keystroke-level model, until the reviewer's own times are known.

Seconds of a practised person. A drag is pointing, pressing, pointing and letting go; drawing a box is pointing to its
corner and a drag. What is wrong is one `Tab` away, since the least certain objects come first in its round; a ghost is
two away, since others lie between that stand for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.task import Task

KEY: Final = 0.28
HAND: Final = 0.40
"""The hand goes from the keys to the mouse, or back."""
POINT: Final = 1.10
CLICK: Final = 0.20
DRAG: Final = POINT + POINT + 0.20
LOOK: Final = 1.2
"""Take in a frame."""
LOOK_AT_OBJECT: Final = 0.3
"""Take in one object that is shown on it."""
FIND_WRONG: Final = 1.35
"""Decide that an object is wrong."""


class Act(IntEnum):
    """What is counted of a review; the numbers are columns."""

    LOOK = 0
    """Take in the frame."""
    LOOK_AT_OBJECT = 1
    """Take in an object that is shown, ghosts included once they are."""
    DECIDE = 2
    """Accept the frame; a frame without objects takes two."""
    SHOW_GHOSTS = 3
    """Show the ghosts of the frame and hide them again."""
    ACCEPT = 4
    """A candidate that stays as proposed: nothing on top of looking at it."""
    DELETE = 5
    CHANGE_CLASS = 6
    EDIT = 7
    """Correct an outline."""
    PROMOTE = 8
    """Confirm a ghost."""
    DRAW = 9


ACTS: Final = len(Act)
VERBS: Final = (Act.DELETE, Act.CHANGE_CLASS, Act.EDIT, Act.PROMOTE, Act.DRAW)
"""The acts that one object takes."""

_AWAY_AND_BACK: Final = 2 * HAND
_OUTLINE: Final = {
    # What makes more of a box than a box: (seconds, actions) on top of drawing one, or of mending one.
    Task.DETECT: (0.0, 0.0),
    Task.SEGMENT: (KEY + FIND_WRONG, 1.0),  # the segmenter is asked, and its answer looked at
    Task.OBB: (POINT + CLICK, 1.0),
    Task.POSE: (0.0, 0.0),
}


@dataclass(frozen=True, slots=True)
class ActCosts:
    """Seconds and actions (keys, clicks, drags) of one of each `Act`.

    Attributes:
        seconds: by `Act`.
        actions: by `Act`.
        measured: the acts whose seconds come from the reviewer's own times.
    """

    seconds: tuple[float, ...]
    actions: tuple[float, ...]
    measured: tuple[Act, ...] = ()

    @classmethod
    def keystroke_level(cls, task: Task = Task.DETECT, *, keypoints: int = 0) -> ActCosts:
        """Return the costs of the keystroke-level model.

        Args:
            task: what is drawn and mended; boxes where nothing else is said.
            keypoints: how many points the skeleton of a pose project has.
        """
        more_seconds, more_actions = _OUTLINE[task]
        if task is Task.POSE:
            more_seconds, more_actions = keypoints * (POINT + CLICK), float(keypoints)
        costs: dict[Act, tuple[float, float]] = {
            Act.LOOK: (LOOK, 0.0),
            Act.LOOK_AT_OBJECT: (LOOK_AT_OBJECT, 0.0),
            Act.DECIDE: (KEY, 1.0),
            Act.SHOW_GHOSTS: (2 * KEY, 2.0),
            Act.ACCEPT: (0.0, 0.0),
            Act.DELETE: (FIND_WRONG + 2 * KEY, 2.0),  # reach it, X
            Act.CHANGE_CLASS: (FIND_WRONG + 2 * KEY, 2.0),  # reach it, a digit or W
            Act.EDIT: (FIND_WRONG + KEY + _AWAY_AND_BACK + DRAG, 2.0),  # reach it, drag a corner
            Act.PROMOTE: (3 * KEY, 3.0),  # reach it, Enter
            Act.DRAW: (_AWAY_AND_BACK + POINT + DRAG + more_seconds + KEY, 2.0 + more_actions),  # and a digit
        }
        return cls(tuple(costs[act][0] for act in Act), tuple(costs[act][1] for act in Act))

    def seconds_of(self, counts: NDArray[np.integer]) -> NDArray[np.float64]:
        """Return (...,) seconds of (..., ACTS) counted acts."""
        return np.asarray(counts @ np.array(self.seconds), np.float64)

    def actions_of(self, counts: NDArray[np.integer]) -> NDArray[np.float64]:
        """Return (...,) actions of (..., ACTS) counted acts."""
        return np.asarray(counts @ np.array(self.actions), np.float64)

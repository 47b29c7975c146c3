"""The keystroke-level model: what acts of a practised person cost, and a meter that adds them up.

Seconds. A drag is pointing, pressing, pointing and letting go; drawing a box is pointing to its corner and a drag.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final, Literal

Place = Literal["keys", "mouse"]

KEY: Final = 0.28
HAND: Final = 0.40
"""The hand goes from the keys to the mouse, or back."""
POINT: Final = 1.10
CLICK: Final = 0.20
DRAG: Final = POINT + POINT + 0.20
DRAW: Final = POINT + DRAG
LOOK: Final = 1.2
"""Take in a frame."""
LOOK_AT_OBJECT: Final = 0.3
"""Take in one object that is shown on it."""
FIND_WRONG: Final = 1.35
"""Decide that an object is wrong."""


@dataclass
class Meter:
    """Counts acts and their seconds. A chord is one key; a hand that is where it is needed costs nothing.

    Attributes:
        spent: the seconds by what they went to: looking, finding, keys, hand, clicking, dragging.
        in_dialogs: those of the seconds that went to typing in a dialog.
    """

    keys: int = 0
    clicks: int = 0
    drags: int = 0
    hand: Place = "keys"
    spent: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    in_dialogs: float = 0.0

    @property
    def seconds(self) -> float:
        """All seconds until now: a clock that only acts move on."""
        return sum(self.spent.values())

    @property
    def actions(self) -> int:
        """Keys, clicks and drags together."""
        return self.keys + self.clicks + self.drags

    def look(self, objects: int) -> None:
        """Take in a frame with so many objects shown."""
        self.spent["looking"] += LOOK + LOOK_AT_OBJECT * objects

    def look_at_more(self, objects: int) -> None:
        """Take in objects that have just appeared."""
        self.spent["looking"] += LOOK_AT_OBJECT * objects

    def find_wrong(self) -> None:
        """Decide that an object is wrong."""
        self.spent["finding"] += FIND_WRONG

    def press(self, count: int = 1) -> None:
        """Press keys."""
        if count:
            self._reach("keys")
            self.keys += count
            self.spent["keys"] += KEY * count

    def click(self) -> None:
        """Point somewhere and click."""
        self._reach("mouse")
        self.clicks += 1
        self.spent["clicking"] += POINT + CLICK

    def drag(self) -> None:
        """Drag a handle."""
        self._reach("mouse")
        self.drags += 1
        self.spent["dragging"] += DRAG

    def draw(self) -> None:
        """Point to a corner and draw a box."""
        self._reach("mouse")
        self.drags += 1
        self.spent["dragging"] += DRAW

    def price(self, seconds: float, where: Place, *, then: Place) -> float:
        """Return what acts at one place would cost from here on, with the hand going there and on to where it is needed
        next."""
        return seconds + HAND * ((self.hand != where) + (where != then))

    def _reach(self, where: Place) -> None:
        if self.hand != where:
            self.hand = where
            self.spent["hand"] += HAND

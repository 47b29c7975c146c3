"""How long one box takes by hand, as published, until the reviewer's own time is measured."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class BoxTime(StrEnum):
    """Where the seconds of one box are from."""

    DRAWING = "drawing"
    """The usual way: two corners, adjusted until the box is tight. 25.5 s by the median of Su, Deng and Fei-Fei,
    Crowdsourcing Annotations for Visual Object Detection, 2012 (drawing alone); 35 s with quality control."""
    EXTREME_CLICKING = "extreme_clicking"
    """Clicks on the four outermost points: 7 s by Papadopoulos and others, Extreme Clicking, 2017."""
    OWN = "own"
    """Given by the user."""


PUBLISHED: Final = {BoxTime.DRAWING: (25.5, 35.0), BoxTime.EXTREME_CLICKING: (7.0, 7.0)}
"""From and to, in seconds."""
LEAST: Final = 0.5
MOST: Final = 600.0


@dataclass(frozen=True, slots=True)
class SecondsPerBox:
    """What an estimate reckons with.

    Attributes:
        seconds: of one box by hand, 0.5 to 600; published ones stay within what was published.
    """

    how: BoxTime = BoxTime.DRAWING
    seconds: float = PUBLISHED[BoxTime.DRAWING][0]

    def __post_init__(self) -> None:
        """Raises ValueError for seconds that are not in the range of their source."""
        low, high = bounds(self.how)
        if not low <= self.seconds <= high:  # nan is not either
            raise ValueError(f"{self.seconds} s a box for {self.how}")

    def to_json(self) -> str:
        """Return it as text for the project file."""
        return json.dumps({"how": self.how.value, "seconds": self.seconds})

    @classmethod
    def from_json(cls, text: str | None) -> SecondsPerBox:
        """Return what the project keeps; what cannot be read is the default."""
        try:
            found = json.loads(text or "null")
            return cls(BoxTime(found["how"]), float(found["seconds"]))
        except (KeyError, TypeError, ValueError):  # json's own error is a ValueError
            return cls()


def bounds(how: BoxTime) -> tuple[float, float]:
    """Return the lowest and the highest seconds of a source."""
    return PUBLISHED.get(how, (LEAST, MOST))

"""In which order frames come to review, and where the bounds of the four steps lie; kept with the project."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum


class OrderName(StrEnum):
    """An order of review."""

    REVIEW = "review"
    """Borderline frames, then crowded ones, then ambiguous ones, then the rest at random."""
    UNCERTAIN = "uncertain"
    """The most expected errors for each object to look at."""
    LEAST_CONFIDENT = "least_confident"
    """The frame with the least certain candidate first."""
    COUNT = "count"
    """The most candidates first."""
    CLASS = "class"
    """Class after class, by the one that a frame has most of."""
    RANDOM = "random"
    NATURAL = "natural"
    """By file name."""
    DIFFERENT = "different"
    """What differs most from the frames that are decided first, near-duplicates of these last."""


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """How the queue of a project is ordered.

    Attributes:
        borderline_low: from this confidence up a prediction is borderline, 0..1.
        borderline_high: up to this one.
        crowded_spread: frames with more candidates than the third quartile plus this many interquartile ranges.
        crowded_least: a frame with fewer candidates is never crowded.
        ambiguous_ratio: a second class whose score is at least this share of the best one's is close.
        ambiguous_least: predictions less certain than this are not looked at for that.
        audit_every: the random stream takes one frame in this many.
        seed: draws the random stream and all random orders.
    """

    order: OrderName = OrderName.REVIEW
    borderline_low: float = 0.4
    borderline_high: float = 0.6
    crowded_spread: float = 1.5
    crowded_least: int = 8
    ambiguous_ratio: float = 0.5
    ambiguous_least: float = 0.25
    audit_every: int = 20
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises ValueError for bounds that mean nothing."""
        if not 0.0 <= self.borderline_low < self.borderline_high <= 1.0:
            raise ValueError(f"borderline from {self.borderline_low} to {self.borderline_high}")
        if not (0.0 <= self.ambiguous_least <= 1.0 and 0.0 < self.ambiguous_ratio <= 1.0):
            raise ValueError(f"ambiguous from {self.ambiguous_least} at a ratio of {self.ambiguous_ratio}")
        if not 0.0 <= self.crowded_spread < math.inf or self.crowded_least < 1:
            raise ValueError(f"crowded from {self.crowded_least} at a spread of {self.crowded_spread}")
        if not 2 <= self.audit_every < 2**32:
            raise ValueError(f"the random stream takes one frame in {self.audit_every}")

    def to_json(self) -> str:
        """Return the settings as text, for the project file."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | None) -> QueueSettings:
        """Return kept settings; what the text does not say, or says in a way that this version does not know, is as by
        default."""
        try:
            data = json.loads(text) if text is not None else {}
        except ValueError:
            data = {}
        known = {}
        for name, default in asdict(cls()).items():
            if isinstance(data, dict) and name in data:
                with suppress(TypeError, ValueError, OverflowError):
                    known[name] = type(default)(data[name])
        try:
            return cls(**known)
        except ValueError:
            # Whatever the bounds are, the random stream that was drawn goes on.
            return cls(seed=int(known.get("seed", 0)))

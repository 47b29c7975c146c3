"""One likely cause of corrections: what it is, how we know, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A cause that the figures point to.

    Attributes:
        code: of the rule, with what it is about where that can be several, as `confusion:3:7`; equal codes are the
            same cause, whenever they are found.
        sentence: the cause, for people.
        evidence: the numbers behind it, for people.
        advice: what to do about it.
        share: 0..1 of all corrections (edited and rejected candidates, missed objects) that it explains.
        frames: paths of frames that show it, newest first, at most 200.
        class_name: of the class that it is about; None when it is about all of them.
    """

    code: str
    sentence: str
    evidence: str
    advice: str
    share: float
    frames: tuple[str, ...] = ()
    class_name: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it ready for JSON, with `class` for the name of the class."""
        found = asdict(self)
        found["frames"] = list(self.frames)
        found["class"] = found.pop("class_name")
        return found

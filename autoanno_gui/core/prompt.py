"""What a reviewer asks a segmenter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from autoanno_gui.core.box import Box


class PromptPoint(NamedTuple):
    """A click, in float pixels of the upright image: on the object, or on what is not part of it."""

    x: float
    y: float
    positive: bool = True


@dataclass(frozen=True, slots=True)
class Prompt:
    """A box around one object, points on and beside it, or both. Everything is about one and the same object."""

    box: Box | None = None
    points: tuple[PromptPoint, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether it says nothing of where the object is: no box and no point on it."""
        return self.box is None and not any(point.positive for point in self.points)

    def with_point(self, point: PromptPoint) -> Prompt:
        return replace(self, points=(*self.points, point))

    def without_last(self) -> Prompt:
        """Return the prompt as it was before its last point; without points the box goes."""
        return replace(self, points=self.points[:-1]) if self.points else Prompt()

"""Which objects of a frame the reviewer can have seen: a small or hidden one is not accepted without a question."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

READABLE_PIXELS: Final = 6.0
"""Logical pixels of an object's shorter side on the screen from which it can be judged."""


class SeenObjects:
    """The objects of the open frame that were in view at a readable size at least once."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def note(self, object_id: int, short_side_px: float, in_view: bool) -> None:
        """Note how an object is shown now.

        Args:
            short_side_px: its shorter side on the screen, logical pixels.
            in_view: whether it lies in the part of the picture that the canvas shows.
        """
        if in_view and short_side_px >= READABLE_PIXELS:
            self._seen.add(object_id)

    def unseen(self, candidates: Iterable[int]) -> tuple[int, ...]:
        """Return those that were never seen, in the given order."""
        return tuple(object_id for object_id in candidates if object_id not in self._seen)

    def reset(self) -> None:
        """Start anew: another frame is shown."""
        self._seen.clear()


def unseen_question(count: int) -> str:
    """Return what to say before `count` candidates that were never seen are accepted with their frame."""
    if count == 1:
        return "1 candidate was never seen at a readable size or lies off screen."
    return f"{count} candidates were never seen at a readable size or lie off screen."

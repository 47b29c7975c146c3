"""Numbers in sentences."""

from __future__ import annotations


def count_of(number: int, noun: str) -> str:
    """Return the number with its noun: `1 frame`, `2,000 frames`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

"""Figures in words: shares, intervals and times as people read them, everywhere the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

NO_FIGURE: Final = "–"


def percent(share: float | None, *, exact: bool = False) -> str:
    """Return a share as a percentage: whole from 10 % on, with one digit below; `exact` leaves out a digit of 0."""
    if share is None:
        return NO_FIGURE
    value = share * 100
    # Rounded first: 9.96 is 10, not 10.0.
    digits = 0 if abs(round(value, 1)) >= 10 or value == 0 else 1
    text = f"{value:.{digits}f}"
    return (text.removesuffix(".0") if exact else text) + "%"


def percent_range(interval: Sequence[float] | None) -> str:
    """Return an interval of shares, such as "8.1% to 17%"."""
    return NO_FIGURE if interval is None else f"{percent(interval[0])} to {percent(interval[1])}"


def seconds_text(seconds: float | None) -> str:
    """Return a time that a person took, such as "4.2 s"."""
    return NO_FIGURE if seconds is None else f"{seconds:.1f} s"


def hours_text(hours: float | None) -> str:
    """Return a long time, such as "25 min" or "3.4 h"."""
    if hours is None:
        return NO_FIGURE
    return f"{hours * 60:.0f} min" if abs(hours) < 1 else f"{hours:.1f} h"


def counted(n: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun, such as "1 frame" or "1,200 frames"."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"

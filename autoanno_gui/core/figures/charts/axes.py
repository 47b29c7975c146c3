"""The frame of a chart: where a value lies in it, its grid and its ticks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Final

from autoanno_gui.core.figures.charts.drawing import GAP, SMALL, Anchor, Drawing, Point, text_width
from autoanno_gui.core.figures.figure_words import percent

TOPS: Final = {
    0.05: 5,
    0.1: 5,
    0.15: 3,
    0.2: 4,
    0.3: 3,
    0.4: 4,
    0.5: 5,
    0.6: 3,
    0.8: 4,
    1.0: 4,
}
"""Where an axis of shares may end -> in how many steps its ticks get there."""
_ROUND: Final = (1.0, 1.2, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


@dataclass(frozen=True, slots=True)
class Plot:
    """The rectangle in which the data are drawn, and the values at its sides.

    Attributes:
        left, top, right, bottom: logical pixels.
        x: values at the left and the right side.
        y: values at the bottom and the top side.
    """

    left: float
    top: float
    right: float
    bottom: float
    x: tuple[float, float] = (0.0, 1.0)
    y: tuple[float, float] = (0.0, 1.0)

    def at(self, x: float, y: float) -> Point:
        """Return where a value lies; beyond the sides it is put on them."""
        return self.at_x(x), self.at_y(y)

    def at_x(self, value: float) -> float:
        return self.left + _share(value, *self.x) * (self.right - self.left)

    def at_y(self, value: float) -> float:
        return self.bottom - _share(value, *self.y) * (self.bottom - self.top)


def _share(value: float, low: float, high: float) -> float:
    return min(max((value - low) / (high - low), 0.0), 1.0) if high > low else 0.5


def top_for(values: Iterable[float]) -> float:
    """Return where an axis of shares ends so that it holds all values."""
    highest = max(values, default=1.0)
    return next((top for top in TOPS if highest <= top), 1.0)


def top_for_numbers(highest: float) -> float:
    """Return a round number that is at least `highest`."""
    if highest <= 0:
        return 1.0
    power = 10.0 ** floor(log10(highest))
    return next(step * power for step in _ROUND if highest <= step * power * (1 + 1e-9))


def share_ticks(top: float) -> list[float]:
    """Return the ticks of an axis of shares that ends at `top`."""
    steps = TOPS.get(top, 4)
    return [top * step / steps for step in range(steps + 1)]


def share_axis(drawing: Drawing, plot: Plot, *, ticks: Sequence[float] | None = None) -> None:
    """Draw level grid lines and their shares at the left side."""
    for tick in share_ticks(plot.y[1]) if ticks is None else ticks:
        y = plot.at_y(tick)
        drawing.line((plot.left, y), (plot.right, y), drawing.palette.grid)
        drawing.text(
            (plot.left - GAP, y + SMALL / 3), percent(tick, exact=True), colour=drawing.palette.muted, anchor="end"
        )


def bottom_ticks(drawing: Drawing, plot: Plot, ticks: Sequence[tuple[float, str]]) -> None:
    """Write ticks below the plot: as many of them as fit beside each other, the first and the last before others."""
    taken: list[tuple[float, float]] = []
    order = [0, len(ticks) - 1, *range(1, len(ticks) - 1)] if len(ticks) > 1 else list(range(len(ticks)))
    for index in order:
        value, text = ticks[index]
        x, width = plot.at_x(value), text_width(text, SMALL)
        anchor: Anchor = "middle"
        if x + width / 2 > drawing.width:
            anchor = "end"
        elif x - width / 2 < 0:
            anchor = "start"
        start = {"start": x, "middle": x - width / 2, "end": x - width}[anchor]
        if any(start < end + GAP and start + width > begin - GAP for begin, end in taken):
            continue
        taken.append((start, start + width))
        drawing.line((x, plot.bottom), (x, plot.bottom + 3), drawing.palette.muted)
        drawing.text((x, plot.bottom + SMALL + 4), text, colour=drawing.palette.muted, anchor=anchor)


def whole_ticks(low: int, high: int, most: int) -> list[int]:
    """Return round numbers between two whole ones, and those two: about `most` in all."""
    if high - low < most:
        return list(range(low, high + 1))
    step = int(top_for_numbers(ceil((high - low) / max(most - 1, 1))))
    return [low, *range(low - low % step + step, high, step), high]

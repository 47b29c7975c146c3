"""How the edit rate went on, and the chart that watches it for drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from autoanno_gui.core.figures.charts.axes import Plot, bottom_ticks, share_axis, top_for, whole_ticks
from autoanno_gui.core.figures.charts.drawing import GAP, SMALL, Drawing, Palette, Size, nothing_yet, number, text_width
from autoanno_gui.core.figures.figure_words import percent

MOST_POINTS: Final = 500
"""Points of a chart of the watch for drift."""
_TICKS: Final = 6
_MARKS: Final = 40
"""More points than this are a line without marks."""
_DATE: Final = 10
"""Characters of an ISO time that are its date."""


def rate_over_time(
    rows: Sequence[Mapping[str, Any]],
    palette: Palette,
    size: Size,
    *,
    tick: str = "started",
    figure: str = "edit_rate",
    overall: float | None = None,
) -> str:
    """Return a rate with its band of 95 %, point after point.

    Args:
        rows: sessions, or any rows in the order of time; rows without the figure are left out.
        palette: colours.
        size: width and height in logical pixels; 320 x 200 and more reads well.
        tick: key of what is written below: an ISO time, a number or a name.
        figure: key of the rate; its interval is under `<figure>_interval`.
        overall: the rate of all, drawn as a dashed line.
    """
    title = f"{figure.replace('_', ' ').capitalize()} over time"
    told = [row for row in rows if row.get(figure) is not None]
    if len(told) < 2:
        return nothing_yet(palette, size, title)
    bands = [row.get(f"{figure}_interval") or (row[figure], row[figure]) for row in told]
    drawing = Drawing(size, palette)
    plot = Plot(
        44,
        SMALL + GAP,
        drawing.width - 14,
        drawing.height - SMALL - 10,
        x=(0, len(told) - 1),
        y=(0.0, top_for([*(high for _, high in bands), overall or 0.0])),
    )
    share_axis(drawing, plot)
    upper = [plot.at(place, high) for place, (_, high) in enumerate(bands)]
    lower = [plot.at(place, low) for place, (low, _) in enumerate(bands)]
    drawing.area([*upper, *reversed(lower)], palette.accent, opacity=0.22)
    if overall is not None:
        y = plot.at_y(overall)
        drawing.line((plot.left, y), (plot.right, y), palette.muted, width=1.5, dashes="4 3")
    points = [plot.at(place, row[figure]) for place, row in enumerate(told)]
    drawing.path(points, palette.accent)
    if len(points) <= _MARKS:
        for point in points:
            drawing.dot(point, 3.5, palette.accent, edge=palette.paper)
    last = percent(told[-1][figure])
    said = f"last {last}" + (f", all {percent(overall)} (dashed)" if overall is not None else "")
    drawing.text((plot.right, SMALL), said, anchor="end", room=plot.right - plot.left)
    bottom_ticks(drawing, plot, [(place, _tick(told[place], tick)) for place in whole_ticks(0, len(told) - 1, _TICKS)])
    return drawing.svg(f"{title}: {len(told):,} points, {said}")


def _tick(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    if isinstance(value, str) and value[4:5] == "-" and value[7:8] == "-":
        return value[:_DATE]
    return f"{value:,}" if isinstance(value, int) else str(value)[:16]


def cusum(chart: Mapping[str, Any], palette: Palette, size: Size, *, frames: int | None = None) -> str:
    """Return one chart of the watch for drift: the sum, its limit, and where it raised the alarm.

    Args:
        chart: with `class` (None for all), `limit`, `points` and `alarm_at` (a place in `points` or None).
        palette: colours.
        size: width and height in logical pixels; 320 x 160 and more reads well.
        frames: number of the last point's frame; without it the points are numbered from 1.
    """
    name = "all classes" if chart.get("class") is None else str(chart["class"])
    title = f"Corrections beyond what was expected, {name}"
    points, limit, alarm = chart.get("points") or [], chart.get("limit"), chart.get("alarm_at")
    if len(points) < 2 or limit is None:
        return nothing_yet(palette, size, title)
    drawing = Drawing(size, palette)
    top = max(limit * 1.25, max(points) * 1.08)
    plot = Plot(
        14, SMALL + GAP * 1.5, drawing.width - 14, drawing.height - SMALL - 10, x=(0, len(points) - 1), y=(0.0, top)
    )
    drawing.text((plot.left, SMALL), name, room=(plot.right - plot.left) / 2, bold=True)
    drawing.line((plot.left, plot.bottom), (plot.right, plot.bottom), palette.muted)
    places = [plot.at(place, value) for place, value in enumerate(points)]
    drawing.area([(plot.left, plot.bottom), *places, (plot.right, plot.bottom)], palette.accent, opacity=0.15)
    y = plot.at_y(limit)
    drawing.line((plot.left, y), (plot.right, y), palette.warn, width=1.5, dashes="6 4")
    drawing.path(places, palette.accent, width=1.8)
    numbers = _Numbers.of(len(points), frames or len(points))
    said = "below its limit"
    if alarm is not None and 0 <= alarm < len(points):
        x, at = places[alarm]
        drawing.line((x, plot.top), (x, plot.bottom), palette.warn, dashes="2 3")
        drawing.area([(x, at - 7), (x + 6.5, at + 5), (x - 6.5, at + 5)], palette.warn, edge=palette.paper)
        said = f"alarm at watched frame {numbers.frame(alarm):,}"
    drawing.text((plot.right, SMALL), said, anchor="end", room=(plot.right - plot.left) / 2 - GAP)
    _limit_word(drawing, plot, limit, points)
    first, last = numbers.first, numbers.frame(len(points) - 1)
    ticks = [(numbers.place(frame), f"{frame:,}") for frame in whole_ticks(first, last, _TICKS)]
    bottom_ticks(drawing, plot, ticks)
    return drawing.svg(f"{title}: {said}; limit {number(limit)}")


def _limit_word(drawing: Drawing, plot: Plot, limit: float, points: Sequence[float]) -> None:
    """Write "limit" on the side where the sum keeps further away from the line."""
    text, width = "limit", text_width("limit", SMALL)
    share = int(len(points) * min((width + GAP) / (plot.right - plot.left), 0.5)) + 1
    left_free = max(points[:share]) <= max(points[-share:])
    x = plot.left + 2 if left_free else plot.right - 2
    drawing.text((x, plot.at_y(limit) - 4), text, colour=drawing.palette.warn, anchor="start" if left_free else "end")


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Which frames the points stand for.

    Attributes:
        first: number of the first point's frame.
        step: frames from one point to the next.
    """

    first: int
    step: int

    @classmethod
    def of(cls, points: int, frames: int) -> _Numbers:
        """Return the numbers of points of which the last stands for the last of so many frames."""
        # Half of the most points: fewer are never thinned out, so that the frames before them are the warm-up.
        step = max(frames // points, 1) if points > MOST_POINTS // 2 else 1
        return cls(max(frames - points * step, 0) + 1, step)

    def frame(self, place: int) -> int:
        return self.first + place * self.step

    def place(self, frame: int) -> float:
        return (frame - self.first) / self.step

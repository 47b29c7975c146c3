"""How long frames took: a histogram with the median and the 90th percentile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from autoanno_gui.core.figures.charts.axes import Plot, bottom_ticks, top_for_numbers
from autoanno_gui.core.figures.charts.drawing import GAP, SMALL, Drawing, Palette, Size, nothing_yet
from autoanno_gui.core.figures.figure_words import seconds_text

TITLE: Final = "Active seconds of a frame"


def seconds_bars(
    bins: Sequence[Mapping[str, Any]],
    palette: Palette,
    size: Size,
    *,
    median: float | None = None,
    p90: float | None = None,
) -> str:
    """Return the histogram; bins are drawn equally wide.

    Args:
        bins: `from` and `to` in seconds (`to` None: no end) and `frames`, by rising time without gaps.
        palette: colours.
        size: width and height in logical pixels; 320 x 180 and more reads well.
        median: seconds, drawn as a line.
        p90: seconds that 9 of 10 frames did not exceed, drawn as a dashed line.
    """
    if not any(one["frames"] for one in bins):
        return nothing_yet(palette, size, TITLE)
    drawing = Drawing(size, palette)
    highest = max(one["frames"] for one in bins)
    top = top_for_numbers(highest)
    plot = Plot(
        44, SMALL * 2 + GAP * 2, drawing.width - 14, drawing.height - SMALL - 10, x=(0, len(bins)), y=(0.0, top)
    )
    for tick in (0.0, top / 2, top):
        y = plot.at_y(tick)
        drawing.line((plot.left, y), (plot.right, y), palette.grid)
        if tick == int(tick):
            drawing.text((plot.left - GAP, y + SMALL / 3), f"{tick:,.0f}", colour=palette.muted, anchor="end")
    for place, one in enumerate(bins):
        left, y = plot.at(place, one["frames"])
        width = plot.at_x(place + 1) - left
        drawing.rectangle((left + 1, y), (width - 2, plot.bottom - y), palette.accent, opacity=0.75, name="bar")
    drawing.line((plot.left, plot.bottom), (plot.right, plot.bottom), palette.muted)
    said = []
    for name, value, dashes in (("median", median, ""), ("9 of 10 within", p90, "5 4")):
        if value is not None:
            x = plot.at_x(_place(bins, value))
            drawing.line((x, plot.top - 4), (x, plot.bottom), palette.ink, width=1.5, dashes=dashes)
            said.append(f"{name} {seconds_text(value)}" + (" (dashed)" if dashes else " (line)"))
    drawing.text((plot.left, SMALL), "Frames", colour=palette.muted)
    drawing.text((plot.right, SMALL * 2 + 2), ", ".join(said), anchor="end", room=plot.right)
    edges = [(float(place), f"{one['from']:g}") for place, one in enumerate(bins)]
    end = bins[-1]["to"]
    bottom_ticks(drawing, plot, [*edges, (float(len(bins)), "more" if end is None else f"{end:g} s")])
    return drawing.svg(f"{TITLE}: {sum(one['frames'] for one in bins):,} frames" + "".join(f", {one}" for one in said))


def _place(bins: Sequence[Mapping[str, Any]], seconds: float) -> float:
    """Return where a time lies among equally wide bins."""
    for place, one in enumerate(bins):
        low, high = one["from"], one["to"]
        if high is None:
            return place + 0.5
        if seconds < high:
            return float(place + max(seconds - low, 0.0) / (high - low))
    return float(len(bins))

"""Is the model as sure as it should be? The share of right predictions against their confidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from autoanno_gui.core.figures.charts.axes import Plot, bottom_ticks, share_axis
from autoanno_gui.core.figures.charts.drawing import GAP, SMALL, Drawing, Palette, Size, nothing_yet
from autoanno_gui.core.figures.figure_words import percent

TITLE: Final = "Right predictions by confidence"
_FEW: Final = 10
"""A mark of fewer predictions than this is hollow."""
_STRIP: Final = 26.0


def reliability(calibration: Mapping[str, Any], palette: Palette, size: Size) -> str:
    """Return the reliability diagram with 95 % whiskers, the diagonal of a perfect model, and a strip of counts.

    Args:
        calibration: of the report's document.
        palette: colours.
        size: width and height in logical pixels; 320 x 260 and more reads well.
    """
    bins = [one for one in calibration.get("bins") or () if one.get("predictions")]
    if not bins:
        return nothing_yet(palette, size, TITLE)
    drawing = Drawing(size, palette)
    strip_bottom = drawing.height - SMALL * 2 - 14
    plot = Plot(44, SMALL * 2 + GAP * 2, drawing.width - 14, strip_bottom - _STRIP - 14)
    gap = calibration.get("gap")
    said = f"On average {percent(gap)} off the diagonal" if gap is not None else "95% whiskers"
    drawing.text((plot.right, SMALL), said, anchor="end", room=plot.right)
    drawing.text((0, SMALL * 2 + 4), "Share that was right", colour=palette.muted, room=plot.right)
    share_axis(drawing, plot)
    drawing.line(plot.at(0, 0), plot.at(1, 1), palette.muted, dashes="5 4")
    most = max(one["predictions"] for one in bins)
    for one in bins:
        centre = plot.at(one["confidence"], one["rate"])
        if one.get("rate_interval"):
            low, high = one["rate_interval"]
            drawing.whisker((centre[0], plot.at_y(low)), (centre[0], plot.at_y(high)))
        few = one["predictions"] < _FEW
        drawing.dot(centre, 4, palette.paper if few else palette.accent, edge=palette.accent)
        left, right = plot.at_x(one["from"]), plot.at_x(one["to"])
        height = max(_STRIP * one["predictions"] / most, 1.0)
        drawing.rectangle(
            (left + 1, strip_bottom - height),
            (right - left - 2, height),
            palette.accent,
            opacity=0.55,
            name="count",
        )
    drawing.text(
        (plot.left - GAP, strip_bottom - _STRIP + SMALL * 0.8), f"{most:,}", colour=palette.muted, anchor="end"
    )
    strip = Plot(plot.left, strip_bottom - _STRIP, plot.right, strip_bottom)
    drawing.line((strip.left, strip.bottom), (strip.right, strip.bottom), palette.muted)
    bottom_ticks(drawing, strip, [(tick / 4, percent(tick / 4, exact=True)) for tick in range(5)])
    drawing.text(
        (plot.right, drawing.height - 3),
        "Confidence, with the number of predictions",
        colour=palette.muted,
        anchor="end",
        room=plot.right,
    )
    return drawing.svg(f"{TITLE}: {said[0].lower()}{said[1:]}; {sum(one['predictions'] for one in bins):,} predictions")

"""What the edit rate is made of: a stacked bar whose pieces add up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from autoanno_gui.core.figures.charts.drawing import GAP, NORMAL, Drawing, Palette, Size, nothing_yet, text_width
from autoanno_gui.core.figures.figure_words import percent

TITLE: Final = "What the edit rate is made of"
PARTS_HEIGHT: Final = 128.0
"""Logical pixels that the bar and its legend need."""
_BAR: Final = 26.0
_LEGEND_ROW: Final = 22.0
_SWATCH: Final = 14.0


def shares(figures: Mapping[str, Any]) -> dict[str, float]:
    """Return the shares of candidates that were corrected in one way only, in both, or deleted; they add up.

    Class and geometry of one candidate can both change, and it is then in both parts of the edit rate.

    Args:
        figures: with `edit_rate` and `edit_rate_parts`; empty where there is no edit rate.
    """
    rate, parts = figures.get("edit_rate"), figures.get("edit_rate_parts")
    if rate is None or not parts or any(parts.get(name) is None for name in ("class_changed", "geometry_changed")):
        return {}
    deleted = parts.get("deleted") or 0.0
    edited = rate - deleted
    kinds, shapes = parts["class_changed"], parts["geometry_changed"]
    found = {
        "deleted": deleted,
        "wrong class": edited - shapes,
        "outline moved": edited - kinds,
        "class and outline": kinds + shapes - edited,
    }
    # Differences of floats: what is nothing may come out as a trace, or with a minus sign.
    return {name: max(round(share, 12), 0.0) + 0.0 for name, share in found.items()}


def rate_parts(figures: Mapping[str, Any], palette: Palette, size: Size) -> str:
    """Return the stacked bar with its legend; its whole length is the edit rate.

    Args:
        figures: of the report's document, or any row of a table that has an edit rate.
        palette: colours.
        size: width and height in logical pixels, `PARTS_HEIGHT` high or more.
    """
    found = shares(figures)
    total = sum(found.values())
    if not found:
        return nothing_yet(palette, size, TITLE)
    drawing = Drawing(size, palette)
    looks = (
        (palette.accent, None, ()),
        (palette.paper, palette.accent, ("rising",)),
        (palette.paper, palette.accent, ("falling",)),
        (palette.paper, palette.accent, ("rising", "falling")),
    )
    at = 1.0
    for (_, share), look in zip(found.items(), looks, strict=True):
        if total > 0 and share > 0:
            width = (drawing.width - 2) * share / total
            _piece(drawing, (at, 1), (width, _BAR), look)
            at += width
    if total == 0:
        drawing.rectangle((1, 1), (drawing.width - 2, _BAR), palette.paper, edge=palette.good)
        drawing.text(
            (drawing.width / 2, 1 + _BAR / 2 + NORMAL / 3), "No candidate was corrected", size=NORMAL, anchor="middle"
        )
    for place, ((name, share), look) in enumerate(zip(found.items(), looks, strict=True)):
        top = _BAR + GAP * 2 + _LEGEND_ROW * place
        _piece(drawing, (1, top), (_SWATCH, _SWATCH), look)
        value = percent(share)
        drawing.text((_SWATCH + GAP * 1.5, top + _SWATCH - 3), name, size=NORMAL, room=drawing.width - 90)
        room = max(text_width(percent(one), NORMAL) for one in found.values())
        named = max(text_width(one, NORMAL) for one in found)
        end = min(_SWATCH + GAP * 4 + named + room, drawing.width - 1)
        drawing.text((end, top + _SWATCH - 3), value, size=NORMAL, anchor="end", bold=True)
    return drawing.svg(f"{TITLE}: " + ", ".join(f"{name} {percent(share)}" for name, share in found.items()))


def _piece(
    drawing: Drawing, at: tuple[float, float], size: tuple[float, float], look: tuple[str, str | None, tuple[str, ...]]
) -> None:
    fill, edge, lines = look
    colour = edge or drawing.palette.paper
    drawing.rectangle(at, size, fill, edge=colour, name="piece")
    for each in lines:
        drawing.hatch(at, size, colour, rising=each == "rising")

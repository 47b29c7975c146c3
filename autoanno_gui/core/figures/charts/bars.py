"""One bar for each row of a table: a rate with its interval and how much it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from autoanno_gui.core.figures.charts.axes import Plot, bottom_ticks, share_ticks, top_for
from autoanno_gui.core.figures.charts.drawing import GAP, NORMAL, SMALL, Drawing, Palette, Size, nothing_yet, text_width
from autoanno_gui.core.figures.figure_words import percent

ROW: Final = 24.0
_BAR: Final = 12.0
_HEAD: Final = SMALL + 8
_FOOT: Final = SMALL + 10
_FEW: Final = 20
"""The bar of a row that rests on less is hatched."""
_HATCHED: Final = f"hatched: < {_FEW}"
_WIDEST_LABEL: Final = 0.34


def bars_height(rows: Sequence[Mapping[str, Any]]) -> float:
    """Return the height in logical pixels at which all rows are shown."""
    return _HEAD + _FOOT + ROW * max(len(rows), 1)


def rate_bars(
    rows: Sequence[Mapping[str, Any]],
    palette: Palette,
    size: Size,
    *,
    label: str,
    figure: str = "edit_rate",
    count: str = "candidates_shown",
    overall: float | None = None,
) -> str:
    """Return level bars, in the order of the rows; those for which there is no room are counted in a last line.

    Args:
        rows: of a table of the report's document; rows without the figure are left out.
        palette: colours.
        size: width and height in logical pixels, see `bars_height`.
        label: key of the row's name; "confidence" names a row by its `from` and `to`.
        figure: key of the rate; its interval is under `<figure>_interval`.
        count: key of what the rate rests on.
        overall: the rate of all, drawn as a dashed line.
    """
    told = [row for row in rows if row.get(figure) is not None]
    if not told:
        return nothing_yet(palette, size, _title(figure, label))
    drawing = Drawing(size, palette)
    fitting = max(int((drawing.height - _HEAD - _FOOT) / ROW + 1e-6), 1)
    shown = told if len(told) <= fitting else told[: max(fitting - 1, 1)]
    names = [row_name(row, label) for row in shown]
    widest = drawing.width * _WIDEST_LABEL
    few = any(row.get(count, 0) < _FEW for row in shown)
    label_room = min(max([text_width(name, NORMAL) for name in names] + [text_width(_HATCHED, SMALL) * few]), widest)
    figures = [(percent(row[figure]), f"{row.get(count, 0):,}") for row in shown]
    count_room = max([text_width(text, SMALL) for _, text in figures] + [text_width("of", SMALL)])
    rate_room = max(text_width(text, NORMAL) for text, _ in figures)
    plot = Plot(
        label_room + GAP * 1.5,
        _HEAD,
        drawing.width - count_room - rate_room - GAP * 3,
        _HEAD + ROW * len(shown),
        x=(0.0, top_for([*(_high(row, figure) for row in shown), overall or 0.0])),
    )
    drawing.text((drawing.width - 1, SMALL), "of", colour=palette.muted, anchor="end")
    if few:
        drawing.text((0, SMALL), _HATCHED, colour=palette.muted, room=label_room)
    _grid(drawing, plot, overall)
    for place, (row, name, (rate, rests)) in enumerate(zip(shown, names, figures, strict=True)):
        middle = plot.top + ROW * (place + 0.5)
        baseline = middle + NORMAL / 3
        drawing.text((0, baseline), name, size=NORMAL, room=label_room)
        _bar(drawing, plot, row, figure, middle, few=row.get(count, 0) < _FEW)
        drawing.text((drawing.width - count_room - GAP, baseline), rate, size=NORMAL, anchor="end")
        drawing.text((drawing.width - 1, baseline), rests, colour=palette.muted, anchor="end")
    if left_out := len(told) - len(shown):
        drawing.text(
            (0, plot.bottom + _FOOT + ROW / 2),
            f"and {left_out:,} more, see the table",
            colour=palette.muted,
            room=drawing.width,
        )
    return drawing.svg(f"{_title(figure, label)}: {', '.join(map(_spoken, names, figures))}")


def row_name(row: Mapping[str, Any], label: str) -> str:
    """Return what a row of a table is called."""
    if label == "confidence":
        return f"{row['from']:.2f}–{row['to']:.2f}"
    return str(row[label]) or "(no name)"


def _grid(drawing: Drawing, plot: Plot, overall: float | None) -> None:
    ticks = share_ticks(plot.x[1])
    for tick in ticks:
        x = plot.at_x(tick)
        drawing.line((x, plot.top), (x, plot.bottom), drawing.palette.grid)
    bottom_ticks(drawing, plot, [(tick, percent(tick, exact=True)) for tick in ticks])
    if overall is not None:
        x, said = plot.at_x(overall), f"all {percent(overall)}"
        half = text_width(said, SMALL) / 2
        drawing.line((x, plot.top - 3), (x, plot.bottom), drawing.palette.muted, width=1.5, dashes="4 3")
        centre = min(max(x, plot.left + half), drawing.width - half - text_width("of", SMALL) - GAP)
        drawing.text((centre, SMALL), said, colour=drawing.palette.muted, anchor="middle")


def _bar(drawing: Drawing, plot: Plot, row: Mapping[str, Any], figure: str, middle: float, *, few: bool) -> None:
    accent = drawing.palette.accent
    at, size = (plot.left, middle - _BAR / 2), (plot.at_x(row[figure]) - plot.left, _BAR)
    drawing.rectangle(at, size, drawing.palette.paper if few else accent, edge=accent, name="bar")
    if few:
        drawing.hatch(at, size, accent)
    if interval := row.get(f"{figure}_interval"):
        drawing.whisker((plot.at_x(interval[0]), middle), (plot.at_x(interval[1]), middle))


def _high(row: Mapping[str, Any], figure: str) -> float:
    interval = row.get(f"{figure}_interval")
    return float(interval[1] if interval else row[figure])


def _title(figure: str, label: str) -> str:
    return f"{figure.replace('_', ' ').capitalize()} by {label.replace('_', ' ')}"


def _spoken(name: str, figures: tuple[str, str]) -> str:
    return f"{name} {figures[0]} of {figures[1]}"

"""What a report page is made of: sections of cards, charts, tables and sentences, without any markup of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias

from autoanno_gui.core.figures.charts.drawing import NOT_ENOUGH, PAGE, Palette, Size
from autoanno_gui.core.figures.figure_words import NO_FIGURE, percent, percent_range

Document: TypeAlias = Mapping[str, Any]
Draw: TypeAlias = Callable[[Palette, Size], str]

NARROW: Final = 320.0
WIDE: Final = 720.0
"""Logical pixels; the page shows the one of its two drawings that fits."""
NOTHING: Final = f"{NOT_ENOUGH}."


@dataclass(frozen=True, slots=True)
class Card:
    """One figure: what it is, its value, its 95 % interval and what it rests on."""

    label: str
    value: str
    interval: str = ""
    rests_on: str = ""
    main: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart in two widths; the SVG is markup, all else is text."""

    caption: str
    narrow: str
    wide: str


class Cell(NamedTuple):
    """One cell of a table, with its interval or its count on a line of its own."""

    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; the first column names the row, `text` are sentences rather than numbers."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    text: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence with what speaks for it and what to do; `share` is how much it explains."""

    sentence: str
    details: tuple[tuple[str, str], ...] = ()
    share: str = ""


@dataclass(slots=True)
class Section:
    """A chapter of the page; one in which nothing stands says that there is not enough data yet."""

    id: str
    title: str
    lead: str = ""
    alarm: str = ""
    cards: list[Card] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)

    @property
    def bare(self) -> bool:
        return not (self.alarm or self.cards or self.charts or self.tables or self.findings or self.sentences)


def chart(caption: str, draw: Draw, *, height: float) -> Chart:
    """Draw a chart for narrow and for wide pages, in the colours of the page."""
    return Chart(caption, draw(PAGE, (NARROW, height)), draw(PAGE, (WIDE, height)))


def rate_card(document: Document, key: str, label: str, rests_on: str, *, main: bool = False) -> Card:
    """Return the card of a rate with its interval; without a value it says that there is not enough data yet."""
    if document.get(key) is None:
        return Card(label, NO_FIGURE, NOTHING, rests_on, main)
    return Card(label, percent(document[key]), percent_range(document.get(f"{key}_interval")), rests_on, main)


def number_card(
    document: Document, key: str, label: str, text: Callable[[float | None], str], rests_on: str = ""
) -> Card:
    """Return the card of any other figure, `text` says it in words."""
    value, interval = document.get(key), document.get(f"{key}_interval")
    if value is None:
        return Card(label, NO_FIGURE, NOTHING, rests_on)
    return Card(label, text(value), f"{text(interval[0])} to {text(interval[1])}" if interval else "", rests_on)


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[str | Cell]], *, text: bool = False) -> Table:
    """Return a table; cells without a note may be plain text."""
    cells = (tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in row) for row in rows)
    return Table(caption, tuple(columns), tuple(cells), text)


def rate_cell(row: Document, key: str) -> Cell:
    """Return a rate and its interval for a cell."""
    interval = row.get(f"{key}_interval")
    return Cell(percent(row.get(key)), percent_range(interval) if interval else "")


def number_cell(row: Document, key: str, text: Callable[[float | None], str]) -> Cell:
    """Return any other figure and its interval for a cell, `text` says it in words."""
    value, interval = row.get(key), row.get(f"{key}_interval")
    return Cell(text(value), f"{text(interval[0])} to {text(interval[1])}" if value is not None and interval else "")


def count_cell(row: Document, key: str) -> str:
    """Return a count for a cell."""
    value = row.get(key)
    return NO_FIGURE if value is None else f"{value:,}"


def part_cell(row: Document, part: str, count: str) -> Cell:
    """Return a part of the edit rate for a cell, with how many candidates it is."""
    share = (row.get("edit_rate_parts") or {}).get(part)
    return Cell(NO_FIGURE) if share is None else Cell(percent(share), count_cell(row, count))


def some(rows: Sequence[Document] | None) -> Sequence[Document]:
    """Return the rows, none where the document has no such table."""
    return rows or ()

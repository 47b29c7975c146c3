"""Charts as SVG text that QtSvg and every browser draw alike: shapes and texts only, no styles, scripts or filters.

Each chart is one function that takes plain data of the report's document, a palette and a size, and returns SVG text:

* `reliability.reliability(calibration, palette, size)`: share of right predictions against confidence.
* `bars.rate_bars(rows, palette, size, label=..., figure="edit_rate", count="candidates_shown", overall=None)`: one bar
  with its interval for each row of a table; `bars.bars_height(rows)` is the height that shows all rows.
* `parts.rate_parts(figures, palette, size)`: what the edit rate is made of, stacked; `parts.PARTS_HEIGHT`.
* `timeline.rate_over_time(rows, palette, size, tick="started", figure="edit_rate")`: by session, or over frames.
* `timeline.cusum(chart, palette, size, frames=None)`: one chart of `document["drift"]["charts"]`.
* `seconds.seconds_bars(bins, palette, size, median=None, p90=None)`: how long frames took.

Where there is too little to draw, the picture says so. Colour never stands alone: shape, hatching or a word goes with
it. Sizes are logical pixels; from 240 wide on nothing overlaps.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias
from xml.sax.saxutils import escape, quoteattr

Point: TypeAlias = tuple[float, float]
Size: TypeAlias = tuple[float, float]
Anchor: TypeAlias = Literal["start", "middle", "end"]

SMALL: Final = 11.0
"""Font size of ticks and counts, logical pixels."""
NORMAL: Final = 12.0
GAP: Final = 6.0
NOT_ENOUGH: Final = "Not enough data yet"
_NOT_XML: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NARROW: Final = frozenset("iljI.,:;'|!()[]ft/\\ ")
_WIDE: Final = frozenset("mwMW@%…–")


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of a chart: whatever SVG takes, `var(--name)` too where a browser draws it.

    Attributes:
        ink: text, marks that need to be read exactly.
        muted: ticks, counts.
        grid: lines behind the data.
        accent: the data.
        warn: an alarm, a limit.
        good: what is as it should be.
        paper: the ground behind; fills hollow marks.
    """

    ink: str
    muted: str
    grid: str
    accent: str
    warn: str
    good: str
    paper: str


LIGHT: Final = Palette("#1c1c1c", "#5a5a5a", "#d4d4d4", "#1767d2", "#9a4a00", "#1f7a3d", "#ffffff")
DARK: Final = Palette("#e6e6e6", "#a8a8a8", "#444444", "#5aa5ff", "#f0a050", "#6cc487", "#1c1c1c")
PAGE: Final = Palette(*(f"var(--{name})" for name in ("ink", "muted", "grid", "accent", "warn", "good", "paper")))
"""For SVG inside a page that says what the variables are."""


def text_width(text: str, size: float) -> float:
    """Return about how wide a text is in logical pixels, rather more than less: fonts differ."""
    return size * sum(_em(character) for character in text)


def _em(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if character in _NARROW:
        return 0.4
    if character in _WIDE:
        return 1.0
    return 0.75 if character.isupper() else 0.64


def elide(text: str, width: float, size: float) -> str:
    """Return the text, shortened with an ellipsis where it is wider than `width` logical pixels."""
    text = clean(text)
    if text_width(text, size) <= width:
        return text
    left = width - text_width("…", size)
    kept = 0
    for character in text:
        left -= size * _em(character)
        if left < 0:
            break
        kept += 1
    return text[:kept].rstrip() + "…"


def clean(text: str) -> str:
    """Return the text without what XML cannot hold, on one line."""
    return _NOT_XML.sub("\ufffd", text).replace("\n", " ").replace("\r", " ").replace("\t", " ")


def number(value: float) -> str:
    """Return a coordinate with two digits at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


@dataclass(slots=True)
class Drawing:
    """Elements of one picture, in the order in which they are painted."""

    size: Size
    palette: Palette
    _elements: list[str] = field(default_factory=list)

    @property
    def width(self) -> float:
        return self.size[0]

    @property
    def height(self) -> float:
        return self.size[1]

    def line(self, a: Point, b: Point, colour: str, *, width: float = 1.0, dashes: str = "") -> None:
        """Draw a straight line; `dashes` as SVG has them, such as "4 3"."""
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        self._elements.append(
            f'<line x1="{number(a[0])}" y1="{number(a[1])}" x2="{number(b[0])}" y2="{number(b[1])}" '
            f'stroke="{_attribute(colour)}" stroke-width="{number(width)}"{dashed}/>'
        )

    def path(self, points: Sequence[Point], colour: str, *, width: float = 2.0) -> None:
        """Draw straight lines from point to point."""
        self._elements.append(
            f'<polyline points="{_points(points)}" fill="none" stroke="{_attribute(colour)}" '
            f'stroke-width="{number(width)}" stroke-linejoin="round"/>'
        )

    def area(self, points: Sequence[Point], fill: str, *, opacity: float = 1.0, edge: str = "none") -> None:
        """Fill a closed outline."""
        self._elements.append(
            f'<polygon points="{_points(points)}" fill="{_attribute(fill)}" fill-opacity="{number(opacity)}" '
            f'stroke="{_attribute(edge)}"/>'
        )

    def rectangle(
        self, at: Point, size: Size, fill: str, *, edge: str = "none", opacity: float = 1.0, name: str = ""
    ) -> None:
        """Draw a rectangle from its top left corner; `name` is its class, for whoever reads the picture."""
        named = f' class="{_attribute(name)}"' if name else ""
        self._elements.append(
            f'<rect{named} x="{number(at[0])}" y="{number(at[1])}" width="{number(max(size[0], 0))}" '
            f'height="{number(max(size[1], 0))}" fill="{_attribute(fill)}" fill-opacity="{number(opacity)}" '
            f'stroke="{_attribute(edge)}"/>'
        )

    def dot(self, at: Point, radius: float, fill: str, *, edge: str) -> None:
        """Draw a filled circle."""
        self._elements.append(
            f'<circle cx="{number(at[0])}" cy="{number(at[1])}" r="{number(radius)}" fill="{_attribute(fill)}" '
            f'stroke="{_attribute(edge)}" stroke-width="1.5"/>'
        )

    def hatch(self, at: Point, size: Size, colour: str, *, step: float = 6.0, rising: bool = True) -> None:
        """Draw slanted lines inside a rectangle; patterns and clipping are not in every renderer."""
        (x, y), (width, height) = at, size
        offset = step
        while offset < width + height:
            # The line on which the distances from two sides add up to `offset`, cut at the rectangle.
            a = (min(offset, width), max(offset - width, 0.0))
            b = (max(offset - height, 0.0), min(offset, height))
            ends = [(x + dx, y + (dy if rising else height - dy)) for dx, dy in (a, b)]
            self.line(ends[0], ends[1], colour, width=1.2)
            offset += step

    def whisker(self, a: Point, b: Point, *, cap: float = 3.0) -> None:
        """Draw an interval, upright or level, with caps at its ends."""
        ink = self.palette.ink
        self.line(a, b, ink, width=1.2)
        for x, y in (a, b):
            level = a[1] == b[1]
            dx, dy = (0.0, cap) if level else (cap, 0.0)
            self.line((x - dx, y - dy), (x + dx, y + dy), ink, width=1.2)

    def text(
        self,
        at: Point,
        text: str,
        *,
        colour: str | None = None,
        size: float = SMALL,
        anchor: Anchor = "start",
        room: float | None = None,
        bold: bool = False,
    ) -> None:
        """Write one line; `at` is on its base line, `room` the width that it may take."""
        shown = clean(text) if room is None else elide(text, room, size)
        weight = ' font-weight="bold"' if bold else ""
        self._elements.append(
            f'<text x="{number(at[0])}" y="{number(at[1])}" font-family="sans-serif" font-size="{number(size)}" '
            f'text-anchor="{anchor}" fill="{_attribute(colour or self.palette.ink)}"'
            f"{weight}>{escape(shown)}</text>"
        )

    def svg(self, title: str) -> str:
        """Return the whole picture; `title` says in words what it shows."""
        said = clean(title)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{number(self.width)}" height="{number(self.height)}" '
            f'viewBox="0 0 {number(self.width)} {number(self.height)}" role="img" aria-label={quoteattr(said)}>'
            f"<title>{escape(said)}</title>{''.join(self._elements)}</svg>"
        )


def nothing_yet(palette: Palette, size: Size, title: str) -> str:
    """Return a picture that says that there is too little to draw."""
    drawing = Drawing(size, palette)
    middle = (drawing.width / 2, drawing.height / 2 + NORMAL / 3)
    drawing.text(middle, NOT_ENOUGH, colour=palette.muted, size=NORMAL, anchor="middle", room=drawing.width)
    return drawing.svg(f"{title}: {NOT_ENOUGH[0].lower()}{NOT_ENOUGH[1:]}")


def _attribute(text: str) -> str:
    return escape(clean(text), {'"': "&quot;"})


def _points(points: Iterable[Point]) -> str:
    return " ".join(f"{number(x)},{number(y)}" for x, y in points)

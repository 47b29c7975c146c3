"""What a measurement is, and the table of them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table.

    Attributes:
        value: what the product takes, in `unit`.
        floor: what the bare work takes in the same run, in `unit`; None where there is no such thing.
        budget: the most (or, for a rate, the least) that is allowed, in words.
        met: whether it is within the budget; None where it is shown for comparison only.
        detail: what else was seen, for those who want to know why.
    """

    name: str
    value: float
    unit: str
    floor: float | None
    budget: str
    met: bool | None
    detail: str = ""

    @property
    def ratio(self) -> float | None:
        """Value by floor; None without a floor."""
        return self.value / self.floor if self.floor else None

    def to_json(self) -> dict[str, object]:
        """Return the row as plain values, the ratio included."""
        return asdict(self) | {"ratio": self.ratio}


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share (0..1) of the values lies; the largest for few values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values: Sequence[float]) -> float:
    """Return the middle value."""
    return statistics.median(values)


def spread(values: Sequence[float], unit: str) -> str:
    """Return median, p99 and largest of some values in words."""
    p50, p99, most = median(values), percentile(values, 0.99), max(values)
    return f"p50 {p50:.2f}, p99 {p99:.2f}, max {most:.2f} {unit} of {len(values)}"


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as text, one row each, and the details below."""
    head = ("figure", "value", "floor", "ratio", "budget", "met")
    rows = [_row(figure) for figure in figures]
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    lines = [_line(head, widths), *(_line(row, widths) for row in rows)]
    lines += [f"\n{figure.name}:\n    {figure.detail}" for figure in figures if figure.detail]
    return "\n".join(lines)


def _row(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        f"{figure.value:.2f} {figure.unit}",
        f"{figure.floor:.2f} {figure.unit}" if figure.floor is not None else "–",
        f"{figure.ratio:.2f}" if figure.ratio is not None else "–",
        figure.budget,
        {True: "yes", False: "NO", None: "–"}[figure.met],
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()

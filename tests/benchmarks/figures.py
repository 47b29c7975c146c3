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
        met: whether it is within the budget; None where the budget cannot be judged on this machine.
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
        return self.value / self.floor if self.floor else None

    def to_json(self) -> dict[str, object]:
        return asdict(self) | {"ratio": self.ratio}


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share (0..1) of the values lies; the largest for few values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as text, one row each."""
    head = ("figure", "value", "floor", "ratio", "budget", "")
    rows = [
        (
            figure.name,
            f"{figure.value:.2f} {figure.unit}",
            f"{figure.floor:.2f} {figure.unit}" if figure.floor is not None else "–",
            f"{figure.ratio:.2f}" if figure.ratio is not None else "–",
            figure.budget,
            {True: "ok", False: "MISSED", None: ""}[figure.met],
        )
        for figure in figures
    ]
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)]
    lines += [f"\n{figure.name}: {figure.detail}" for figure in figures if figure.detail]
    return "\n".join(lines)

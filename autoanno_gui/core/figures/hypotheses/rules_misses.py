"""Causes that make a model miss objects: small ones, ones that the picture's border cuts, crowded ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from autoanno_gui.core.figures.fact_table import FactTable, Flags
from autoanno_gui.core.figures.figure_groups import EDGE_MARGIN, SIZE_LIMITS
from autoanno_gui.core.figures.hypotheses.scope import Finding, Scope, percent, rate

SMALL: Final = SIZE_LIMITS[1]
"""Share of the picture under which an object is small."""
CROWDED: Final = 0.2
"""Overlap (IoU) with another object from which on an object is crowded."""


def is_small(table: FactTable) -> Flags:
    """Return (M,) whether each object is small; False where its size is not known."""
    return np.less(table.area, SMALL)


def is_cut(table: FactTable) -> Flags:
    """Return (M,) whether each object reaches the picture's border; False where its place is not known."""
    bounds = table.bounds
    low, high = bounds[:, :2].min(axis=1), bounds[:, 2:].max(axis=1)
    found: Flags = (low <= EDGE_MARGIN) | (high >= 1 - EDGE_MARGIN)
    return found


def is_crowded(table: FactTable) -> Flags:
    """Return (M,) whether each object overlaps another."""
    found: Flags = table.crowding >= CROWDED
    return found


@dataclass(frozen=True, slots=True)
class _Kind:
    """Objects that a model may miss more often than others.

    Attributes:
        among: tells them.
        name: `small objects`.
        what: says in the evidence which ones those are.
    """

    among: Callable[[FactTable], Flags]
    name: str
    what: str
    advice: str


_KINDS: Final = {
    "missed_small": _Kind(
        is_small,
        "small objects",
        f"objects of less than {SMALL:.0%} of the picture",
        "Predict at a larger image size, or cut the pictures into tiles, and add small objects to the next round.",
    ),
    "missed_cut": _Kind(
        is_cut,
        "objects that the picture's border cuts",
        "objects at the border",
        "Look along the borders of each frame; train the next round on these frames, with cropping and translation "
        "among its augmentations.",
    ),
    "missed_crowded": _Kind(
        is_crowded,
        "objects in a crowd",
        "objects that overlap another",
        "Raise the model's IoU limit for non-maximum suppression, so that it keeps neighbours, and add crowded frames "
        "to the next round.",
    ),
}
CODES: Final = tuple(_KINDS)


def missed_kinds(scope: Scope) -> Iterator[Finding]:
    """Yield the kinds of objects that are missed more often than the rest."""
    known = scope.final & ~np.isnan(scope.table.area)
    for code, kind in _KINDS.items():
        inside = kind.among(scope.table)
        seen = scope.compare(scope.missed, known, inside)
        objects = scope.missed & known & inside
        if seen is None or not scope.often_enough(objects):
            continue
        found = scope.finding(
            code,
            f"{kind.name} missed",
            objects,
            sentence=f"The model misses {kind.name}.",
            evidence=f"It missed {seen.hits} of {seen.whole} {kind.what} ({percent(seen.rate)}), against "
            f"{percent(seen.rest)} of the rest.",
            advice=kind.advice,
            explained=seen.excess,
        )
        if found is not None:
            yield found


def missed_figure(scope: Scope, code: str) -> float | None:
    """Return how many objects of one kind were missed; `code` is one of `CODES`."""
    whole = scope.final & _KINDS[code].among(scope.table)
    return rate(scope.missed & whole, whole)

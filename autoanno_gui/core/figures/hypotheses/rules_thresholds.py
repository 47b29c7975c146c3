"""Causes that lie with the display threshold: it shows what is false, or hides what is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from autoanno_gui.core.figures.fact_table import Flags, Floats
from autoanno_gui.core.figures.hypotheses.scope import Finding, Scope, percent, rate
from autoanno_gui.core.records import VerdictKind

LOW: Final = "threshold_low"
HIGH: Final = "threshold_high"

ABOVE: Final = 0.1
BELOW: Final = 0.15
"""Confidence just above and just below the threshold."""
GHOST_FLOOR: Final = 0.15
MOSTLY_FALSE: Final = 0.5
"""Share of rejections just above the threshold from which on it is too low..."""
MOSTLY_RIGHT: Final = 0.75
"""...and share kept there from which on it may be too high."""
LEAST_SEEN: Final = 20
"""Candidates just above the threshold."""


def low_threshold(scope: Scope) -> Iterator[Finding]:
    """Yield that most candidates just above the threshold are false, and more of them than further up."""
    rejected = scope.judged & scope.table.is_verdict(VerdictKind.REJECTED)
    inside = _just_above(scope)
    objects = rejected & inside
    seen = scope.compare(rejected, scope.judged, inside)
    if seen is None or seen.whole < LEAST_SEEN or seen.rate < MOSTLY_FALSE:
        return
    if not scope.often_enough(objects):
        return
    threshold = _usual_threshold(scope, objects)
    found = scope.finding(
        LOW,
        "threshold too low",
        objects,
        sentence=f"The threshold of {threshold:.2f} is low for this model: most of what it shows just above it is "
        "false.",
        evidence=f"{seen.hits} of {seen.whole} candidates within {ABOVE} above the threshold were rejected "
        f"({percent(seen.rate)}), against {percent(seen.rest)} of those further up.",
        advice=f"Raise the threshold to about {threshold + ABOVE:.2f}, or let Tools > Tune Threshold count what each "
        "one costs you.",
        explained=seen.excess,
    )
    if found is not None:
        yield found


def high_threshold(scope: Scope) -> Iterator[Finding]:
    """Yield that many ghosts just below the threshold had to be confirmed, where candidates just above are right."""
    promoted = scope.missed & scope.table.is_verdict(VerdictKind.PROMOTED)
    below = _thresholds(scope) - scope.table.confidence
    objects = promoted & (below > 0) & (below <= BELOW)
    if not scope.often_enough(objects):
        return
    above = scope.judged & _just_above(scope)
    kept = rate(above & ~scope.table.is_verdict(VerdictKind.REJECTED), above)
    if kept is not None and kept < MOSTLY_RIGHT:
        return
    threshold = _usual_threshold(scope, objects)
    # Were they strewn over all ghosts, a lower threshold would bring up as much that is false.
    by_chance = min(1.0, BELOW / max(threshold - GHOST_FLOOR, BELOW))
    if by_chance == 1.0 or not scope.surely_beyond(objects, promoted, by_chance):
        return
    right = f", and {percent(kept)} of the candidates just above it were kept" if kept is not None else ""
    found = scope.finding(
        HIGH,
        "threshold too high",
        objects,
        sentence=f"The threshold of {threshold:.2f} is high for this model: it hides objects that you then confirm by "
        "hand.",
        evidence=f"{int(objects.sum())} of {int(scope.missed.sum())} missed objects were ghosts within {BELOW} below "
        f"the threshold{right}.",
        advice=f"Lower the threshold to about {max(threshold - BELOW, GHOST_FLOOR):.2f}, or let Tools > Tune Threshold "
        "count what each one costs you.",
    )
    if found is not None:
        yield found


def _thresholds(scope: Scope) -> Floats:
    """Return (M,) the common threshold of each object's frame."""
    return scope.table.threshold[scope.table.frame]


def _just_above(scope: Scope) -> Flags:
    above = scope.table.confidence - _thresholds(scope)
    found: Flags = (above >= 0) & (above < ABOVE)
    return found


def _usual_threshold(scope: Scope, objects: Flags) -> float:
    return float(np.median(_thresholds(scope)[objects]))


def low_figure(scope: Scope, about: str) -> float | None:
    """Return how many candidates are rejected ones just above the threshold."""
    rejected = scope.judged & scope.table.is_verdict(VerdictKind.REJECTED)
    return rate(rejected & _just_above(scope), scope.judged)


def high_figure(scope: Scope, about: str) -> float | None:
    """Return how many objects were ghosts just below the threshold that had to be confirmed."""
    below = _thresholds(scope) - scope.table.confidence
    promoted = scope.missed & scope.table.is_verdict(VerdictKind.PROMOTED)
    return rate(promoted & (below > 0) & (below <= BELOW), scope.final)

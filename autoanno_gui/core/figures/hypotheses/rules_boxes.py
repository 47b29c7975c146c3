"""Causes that lie with outlines: edges that are off the same way again and again, and two boxes for one object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from autoanno_gui.core.figures.fact_table import Flags
from autoanno_gui.core.figures.hypotheses.scope import DOUBT, LEAST_HIT_FRAMES, Finding, Scope, percent, rate
from autoanno_gui.core.records import VerdictKind

OFFSET: Final = "box"
DUPLICATES: Final = "duplicates"
EVERY_CLASS: Final = "all"

LEAST_BOXES: Final = 12
"""Boxes whose outline was corrected."""
LEAST_SHIFT: Final = 0.02
"""Median shift of an edge, as a share of the box, that is worth a word."""
MOVED: Final = 0.005
"""An edge that moved less than this share of the box stayed where it was."""
DOUBLE: Final = 0.5
"""Overlap (IoU) with another object from which on a candidate may be a second box for it."""

EDGES: Final = ("left", "top", "right", "bottom")


# ---------------------------------------------------------------------------------------------- offset and scale
@dataclass(frozen=True, slots=True)
class _Edge:
    """How one edge was corrected.

    Attributes:
        number: into `EDGES`.
        shift: median, as a share of the box; to the right and down positive.
        same: boxes on which it moved that way.
        other: boxes on which it moved the other way.
    """

    number: int
    shift: float
    same: int
    other: int

    @property
    def code(self) -> str:
        return f"{EDGES[self.number]}{'+' if self.shift > 0 else '-'}"


def offsets(scope: Scope) -> Iterator[Finding]:
    """Yield how boxes are off, for all classes where they agree, else for each class of which it is sure."""
    reshaped = _reshaped(scope)
    classes = [each for each in scope.classes(reshaped) if int(_of(scope, reshaped, each).sum()) >= LEAST_BOXES]
    tests = 2 * len(EDGES) * (len(classes) + 1)
    by_class = {each: _off(scope, _of(scope, reshaped, each), tests) for each in classes}
    whole = _off(scope, reshaped, tests)
    single = len(scope.classes(reshaped)) == 1
    if whole and not single and (_agree(scope, reshaped, classes, whole) or not any(by_class.values())):
        by_class = {None: whole}  # type: ignore[dict-item]
    for class_id, edges in by_class.items():
        objects = _of(scope, reshaped, class_id)
        if edges and (found := _offset(scope, objects, edges, class_id)) is not None:
            yield found


def _reshaped(scope: Scope) -> Flags:
    """Return (M,) candidates of which the outline alone was corrected."""
    table = scope.table
    found: Flags = scope.corrected & table.geometry_changed & ~table.class_changed & ~np.isnan(table.shifts[:, 0])
    return found


def _of(scope: Scope, objects: Flags, class_id: int | None) -> Flags:
    return objects if class_id is None else objects & (scope.table.class_id == class_id)


def _off(scope: Scope, objects: Flags, tests: int) -> list[_Edge]:
    """Return the edges that surely had to move the same way, most first."""
    if int(objects.sum()) < LEAST_BOXES or scope.frames_with(objects) < LEAST_HIT_FRAMES:
        return []
    found = []
    for number in range(len(EDGES)):
        shifts = scope.table.shifts[:, number]
        median = float(np.median(shifts[objects]))
        if abs(median) < LEAST_SHIFT:
            continue
        same, moved = _moved(scope, objects, number, median), objects & (np.abs(shifts) > MOVED)
        if scope.surely_beyond(same, moved, 0.5, doubt=DOUBT / tests):
            hits = int(same.sum())
            found.append(_Edge(number, median, hits, int(moved.sum()) - hits))
    return sorted(found, key=lambda edge: -abs(edge.shift))


def _moved(scope: Scope, objects: Flags, number: int, way: float) -> Flags:
    """Return (M,) which of the objects have an edge that moved the way of this sign."""
    found: Flags = objects & (scope.table.shifts[:, number] * np.sign(way) > MOVED)
    return found


def _agree(scope: Scope, reshaped: Flags, classes: list[int], edges: list[_Edge]) -> bool:
    """Whether the boxes of every class with enough of them are off the way that the boxes of all are."""
    strongest = edges[0]
    medians = [float(np.median(scope.table.shifts[_of(scope, reshaped, each), strongest.number])) for each in classes]
    return len(classes) > 1 and all(median * np.sign(strongest.shift) >= LEAST_SHIFT / 2 for median in medians)


def _offset(scope: Scope, objects: Flags, edges: list[_Edge], class_id: int | None) -> Finding | None:
    what = f"boxes of `{scope.name_of(class_id)}`" if class_id is not None else "boxes"
    how = _description({EDGES[edge.number]: edge.shift for edge in edges})
    affected = np.logical_or.reduce([_moved(scope, objects, edge.number, edge.shift) for edge in edges])
    moves = ", ".join(
        f"the {EDGES[edge.number]} edge had to go {_way(edge)} in {edge.same} of {edge.same + edge.other} "
        f"(median {percent(abs(edge.shift))} of the {'width' if edge.number % 2 == 0 else 'height'})"
        for edge in edges
    )
    return scope.finding(
        f"{OFFSET}:{EVERY_CLASS if class_id is None else class_id}:{edges[0].code}",
        f"{what} {how}",
        affected,
        sentence=f"The model's {what} are {how}.",
        evidence=f"Of {int(objects.sum())} {what} corrected on {scope.frames_with(objects)} frames, {moves}.",
        advice="Look whether the labels that the model was trained on were drawn by the same rule as yours; a round "
        "trained on your boxes takes such an offset away.",
        # Hands that move an edge either way would move as many the one way as the other.
        explained=max(edge.same - edge.other for edge in edges),
        class_id=class_id,
    )


def _way(edge: _Edge) -> str:
    if edge.number % 2 == 0:
        return "right" if edge.shift > 0 else "left"
    return "down" if edge.shift > 0 else "up"


def _description(shifts: dict[str, float]) -> str:
    """Return in words what is wrong with boxes whose edges have to move like this."""
    axes = (
        _axis(shifts, ("left", "right"), "width", small="narrow", large="wide", before="far left", after="far right"),
        _axis(shifts, ("top", "bottom"), "height", small="short", large="tall", before="high", after="low"),
    )
    return " and ".join(axis for axis in axes if axis)


def _axis(
    shifts: dict[str, float], edges: tuple[str, str], side: str, *, small: str, large: str, before: str, after: str
) -> str:
    low, high = (shifts.get(edge) for edge in edges)
    if low is not None and high is not None:
        if low * high > 0:
            return f"{percent(abs(low + high) / 2)} of their {side} too {before if low > 0 else after}"
        return f"{percent(abs(high - low))} too {small if high > 0 else large}"
    if low is not None:
        return f"{percent(abs(low))} too {small if low < 0 else large} {_at(edges[0])}"
    if high is not None:
        return f"{percent(abs(high))} too {small if high > 0 else large} {_at(edges[1])}"
    return ""


def _at(edge: str) -> str:
    return f"on the {edge}" if edge in ("left", "right") else f"at the {edge}"


def offset_figure(scope: Scope, about: str) -> float | None:
    """Return on how many boxes the edge had to go the named way; `about` is `CLASS:EDGE+` or `CLASS:EDGE-`."""
    of, edge = about.split(":")
    kept = scope.judged & ~scope.table.is_verdict(VerdictKind.REJECTED)
    kept = _of(scope, kept, None if of == EVERY_CLASS else int(of))
    moved = _moved(scope, _reshaped(scope), EDGES.index(edge[:-1]), 1.0 if edge.endswith("+") else -1.0)
    return rate(moved & kept, kept)


# ---------------------------------------------------------------------------------------------- two boxes for one
def duplicates(scope: Scope) -> Iterator[Finding]:
    """Yield that candidates over another object are rejected more often than the rest, where they are."""
    rejected = scope.judged & scope.table.is_verdict(VerdictKind.REJECTED)
    inside = scope.table.crowding >= DOUBLE
    objects = rejected & inside
    seen = scope.compare(rejected, scope.judged, inside)
    if seen is None or not scope.often_enough(objects):
        return
    found = scope.finding(
        DUPLICATES,
        "two boxes for one object",
        objects,
        sentence="The model puts two boxes on one object.",
        evidence=f"{seen.hits} of {seen.whole} candidates that overlap another object by half or more were rejected "
        f"({percent(seen.rate)}), against {percent(seen.rest)} of the rest.",
        advice="Export the model with a lower IoU limit for its non-maximum suppression, and look for double labels in "
        "what it was trained on.",
        explained=seen.excess,
    )
    if found is not None:
        yield found


def duplicates_figure(scope: Scope, about: str) -> float | None:
    """Return how many candidates are rejected ones that overlap another object by half or more."""
    rejected = scope.judged & scope.table.is_verdict(VerdictKind.REJECTED)
    return rate(rejected & (scope.table.crowding >= DOUBLE), scope.judged)

"""Causes that lie with classes: two that the model takes for each other, and one that it does not know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Final

import numpy as np

from autoanno_gui.core.figures.fact_table import UNKNOWN, Flags
from autoanno_gui.core.figures.hypotheses.scope import DOUBT, Finding, Scope, rate
from autoanno_gui.core.figures.intervals import wilson

CONFUSION: Final = "confusion"
UNKNOWN_CLASS: Final = "unknown_class"

LEAST_UNKNOWN: Final = 5
"""Objects of a class that the model does not know: that it misses them is no matter of chance."""
LEAST_CONFUSED: Final = 0.05
"""Where no other pair of classes is there to compare with, the rate of wrong names must surely be above this."""


# ---------------------------------------------------------------------------------------------- taken for each other
def confusions(scope: Scope) -> Iterator[Finding]:
    """Yield the pairs of classes that are mixed up more often than wrong names spread by chance would make it."""
    table = scope.table
    # What was renamed to a class that was merged since stands for no other class any more.
    renamed = scope.corrected & table.class_changed & (table.proposed != UNKNOWN) & (table.proposed != table.class_id)
    if not renamed.any():
        return
    ways = Counter(zip(table.proposed[renamed].tolist(), table.class_id[renamed].tolist(), strict=True))
    pairs = sorted({(min(way), max(way)) for way in ways})
    expected = _expected(scope, renamed)
    for a, b in pairs:
        objects = renamed & _between(scope, a, b)
        if not scope.often_enough(objects):
            continue
        by_chance = expected.get((a, b), 0.0) + expected.get((b, a), 0.0)
        either = scope.judged & np.isin(table.proposed, (a, b))
        hits, whole = int(objects.sum()), int(either.sum())
        if by_chance < 0.5:
            sure = scope.surely_beyond(objects, renamed, by_chance, doubt=DOUBT / len(pairs))
        else:
            sure = wilson(hits, whole)[0] > LEAST_CONFUSED
        if sure and (found := _confusion(scope, (a, b), objects, ways)) is not None:
            yield found


def _confusion(scope: Scope, pair: tuple[int, int], objects: Flags, ways: Counter[tuple[int, int]]) -> Finding | None:
    a, b = pair if ways[pair] >= ways[pair[::-1]] else pair[::-1]
    first, second = scope.name_of(a), scope.name_of(b)
    there, back = ways[a, b], ways[b, a]
    shown = {each: int((scope.judged & (scope.table.proposed == each)).sum()) for each in pair}
    evidence = f"{there} of {shown[a]} candidates shown as `{first}` became `{second}`"
    evidence += f", and {back} of {shown[b]} shown as `{second}` became `{first}`." if shown[b] else "."
    return scope.finding(
        f"{CONFUSION}:{min(pair)}:{max(pair)}",
        f"`{first}` and `{second}` mixed up",
        objects,
        sentence=f"The model mistakes `{second}` for `{first}`."
        if back < there / 4
        else f"The model mixes up `{first}` and `{second}`.",
        evidence=evidence,
        advice=f"Settle in one sentence what makes a `{first}` and what a `{second}`, then train the next round with "
        "more examples of both that look alike.",
        class_id=a,
    )


def _expected(scope: Scope, renamed: Flags) -> dict[tuple[int, int], float]:
    """Return what share of wrong names each way (proposed, final) would get if names were wrong by chance."""
    table = scope.table
    proposed = Counter(table.proposed[scope.judged & (table.proposed != UNKNOWN)].tolist())
    final = Counter(table.class_id[scope.final].tolist())
    weights = {(a, b): float(shown * there) for a, shown in proposed.items() for b, there in final.items() if a != b}
    whole = sum(weights.values())
    return {way: weight / whole for way, weight in weights.items()} if whole else {}


def _between(scope: Scope, a: int, b: int) -> Flags:
    proposed, final = scope.table.proposed, scope.table.class_id
    found: Flags = ((proposed == a) & (final == b)) | ((proposed == b) & (final == a))
    return found


def confusion_figure(scope: Scope, about: str) -> float | None:
    """Return how many candidates shown as one of two classes became the other; `about` is `A:B`."""
    a, b = (int(each) for each in about.split(":"))
    either = scope.judged & np.isin(scope.table.proposed, (a, b))
    return rate(scope.corrected & scope.table.class_changed & _between(scope, a, b), either)


# ---------------------------------------------------------------------------------------------- not known to the model
def unknown_classes(scope: Scope, known: Collection[int]) -> Iterator[Finding]:
    """Yield the classes that no class of the model stands for; none where nothing is known of the model's classes."""
    if not known:
        return
    for class_id in scope.classes(scope.final):
        if class_id in known:
            continue
        objects = _corrected_to(scope, class_id)
        number, frames = int(objects.sum()), scope.frames_with(objects)
        if number < LEAST_UNKNOWN:
            continue
        name = scope.name_of(class_id)
        renamed = int((objects & scope.corrected).sum())
        found = scope.finding(
            f"{UNKNOWN_CLASS}:{class_id}",
            f"`{name}` not known to the model",
            objects,
            sentence=f"The model does not know the class `{name}`.",
            evidence=f"{number} objects on {frames} frames: {number - renamed} had no candidate, and {renamed} were "
            "shown as something else.",
            advice=f"Train the next round on these labels; until then look for `{name}` on every frame, or map a class "
            "of the model to it if one means the same.",
            class_id=class_id,
        )
        if found is not None:
            yield found


def _corrected_to(scope: Scope, class_id: int) -> Flags:
    """Return (M,) objects of a class that the model missed or named otherwise."""
    found: Flags = (scope.missed | (scope.corrected & scope.table.class_changed)) & (scope.table.class_id == class_id)
    return found


def unknown_figure(scope: Scope, about: str) -> float | None:
    """Return how many objects of a class were missed or named otherwise."""
    class_id = int(about)
    return rate(_corrected_to(scope, class_id) & scope.final, scope.final & (scope.table.class_id == class_id))

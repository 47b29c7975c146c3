"""Causes that lie with frames: dark or blurred ones, a folder or clip that differs; and that there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from autoanno_gui.core.figures.fact_table import FactTable, Flags, Floats, Ints
from autoanno_gui.core.figures.hypotheses.chance import Contrast
from autoanno_gui.core.figures.hypotheses.clips import clip_of
from autoanno_gui.core.figures.hypotheses.hypothesis import Hypothesis
from autoanno_gui.core.figures.hypotheses.scope import DOUBT, ENOUGH_FRAMES, Finding, Scope, percent, rate
from autoanno_gui.core.figures.intervals import bootstrap_counted

DARK: Final = "dark"
BLURRED: Final = "blurred"
FOLDER: Final = "folder"
CLIP: Final = "clip"
GOOD: Final = "good"

FIFTH: Final = 0.2
MOST_IN_FIFTH: Final = 0.3
"""Where more frames than this are no brighter than the darkest fifth, they are all alike."""
LEAST_LIT: Final = 50
"""Frames of which the light must be known."""
LEAST_GROUP: Final = 10
"""Frames of one clip or folder, and of all others, before it is compared with them."""
MOST_GROUPS: Final = 2
GOOD_EDIT_RATE: Final = 0.05
GOOD_MISS_RATE: Final = 0.1
"""The upper ends of the intervals of a model that is simply good lie below these."""


def _could(scope: Scope) -> Flags:
    """Return (M,) the objects that could need a correction."""
    return scope.judged | scope.missed


def _compared(scope: Scope, among: Flags, inside: Flags, *, doubt: float = DOUBT) -> Contrast | None:
    """Compare how many objects needed a correction on (F,) some frames with the others among (F,) these; None where
    chance could do as much."""
    of_frame, own = scope.table.frame, among[scope.table.frame]
    return scope.compare(scope.needed & own, _could(scope) & own, inside[of_frame], doubt=doubt)


def _needed_rate(scope: Scope, inside: Flags) -> float | None:
    own = inside[scope.table.frame]
    return rate(scope.needed & own, _could(scope) & own)


# ---------------------------------------------------------------------------------------------- light
@dataclass(frozen=True, slots=True)
class _Light:
    """Texts about one measure of light."""

    column: str
    kind: str
    fifth: str
    advice: str


_LIGHTS: Final = {
    DARK: _Light(
        "brightness",
        "dark",
        "darkest fifth of the frames (brightness up to {limit:.2f} of 1)",
        "Label more dark frames for the next round, and train with stronger changes of brightness.",
    ),
    BLURRED: _Light(
        "sharpness",
        "blurred",
        "least sharp fifth of the frames",
        "Leave out frames on which nobody could tell what is there, and label more of the others for the next round.",
    ),
}


def poor_light(scope: Scope) -> Iterator[Finding]:
    """Yield that the darkest, or the least sharp, frames need more corrections; nothing where light is not known."""
    for code, texts in _LIGHTS.items():
        values = _light(scope.table, code)
        among = scope.rows & ~np.isnan(values)
        frames = int(among.sum())
        limit = _limit(values)
        inside = among & (values <= limit)
        if frames < LEAST_LIT or not LEAST_GROUP <= int(inside.sum()) <= MOST_IN_FIFTH * frames:
            continue
        seen, objects = _compared(scope, among, inside), scope.needed & inside[scope.table.frame]
        if seen is None or not scope.often_enough(objects):
            continue
        found = scope.finding(
            code,
            f"{texts.kind} frames",
            objects,
            sentence=f"The model does worse on {texts.kind} frames.",
            evidence=f"On the {texts.fifth.format(limit=limit)} {percent(seen.rate)} of {seen.whole} objects needed a "
            f"correction, against {percent(seen.rest)} on the others.",
            advice=texts.advice,
            explained=seen.excess,
        )
        if found is not None:
            yield found


def _light(table: FactTable, code: str) -> Floats:
    found: Floats = getattr(table, _LIGHTS[code].column)
    return found


def _limit(values: Floats) -> float:
    """Return up to which value a frame is in the lowest fifth of all that are known, whatever round they are of."""
    known = values[~np.isnan(values)]
    return float(np.quantile(known, FIFTH, method="lower")) if len(known) else 0.0


def light_figure(scope: Scope, code: str) -> float | None:
    """Return how many objects needed a correction on the frames of the lowest fifth."""
    values = _light(scope.table, code)
    return _needed_rate(scope, scope.rows & (values <= _limit(values)))


# ---------------------------------------------------------------------------------------------- folder or clip
def odd_groups(scope: Scope) -> Iterator[Finding]:
    """Yield the folders, or in one folder the clips, on which more objects needed a correction than on all others."""
    what, names, groups = _groups(scope)
    frames = np.bincount(groups[scope.rows], minlength=len(names))
    others = int(scope.rows.sum()) - frames
    tested = np.flatnonzero((frames >= LEAST_GROUP) & (others >= LEAST_GROUP)).tolist()
    worse = []
    for group in tested:
        inside = scope.rows & (groups == group)
        seen = _compared(scope, scope.rows, inside, doubt=DOUBT / len(tested))
        if seen is None:
            continue
        objects = scope.needed & inside[scope.table.frame]
        if scope.often_enough(objects):
            worse.append((seen, objects, group))
    worse.sort(key=lambda each: -each[0].excess)
    for seen, objects, group in worse[:MOST_GROUPS]:
        name = f"{what} `{names[group]}`" if names[group] else "top folder"
        found = scope.finding(
            f"{what}:{names[group]}",
            name,
            objects,
            sentence=f"The {name} differs from the rest: the model does worse there.",
            evidence=f"{percent(seen.rate)} of {seen.whole} objects on its {int(frames[group])} frames needed a "
            f"correction, against {percent(seen.rest)} on the others.",
            advice="Look at what is different there (place, camera, weather, time of day), and take enough of its "
            "frames into the next round.",
            explained=seen.excess,
        )
        if found is not None:
            yield found


def _groups(scope: Scope) -> tuple[str, tuple[str, ...], Ints]:
    """Return what groups are called, their names, and (F,) the group of each frame."""
    table = scope.table
    if len(np.unique(table.folder[scope.rows])) > 1:
        return FOLDER, table.folders, table.folder
    numbers: dict[str, int] = {}
    groups = [numbers.setdefault(clip_of(one.path), len(numbers)) for one in table.facts]
    return CLIP, tuple(numbers), np.array(groups, np.int64)


def folder_figure(scope: Scope, about: str) -> float | None:
    """Return how many objects needed a correction on the frames of a folder."""
    table = scope.table
    if about not in table.folders:
        return None
    return _needed_rate(scope, scope.rows & (table.folder == table.folders.index(about)))


def clip_figure(scope: Scope, about: str) -> float | None:
    """Return how many objects needed a correction on the frames of a clip."""
    own = np.array([clip_of(one.path) == about for one in scope.table.facts], np.bool_)
    return _needed_rate(scope, scope.rows & own)


# ---------------------------------------------------------------------------------------------- no cause at all
def simply_good(scope: Scope) -> Hypothesis | None:
    """Return that there is little to explain, where edit rate and miss rate are surely low."""
    frames = int(scope.rows.sum())
    if frames < ENOUGH_FRAMES or not scope.judged.any():
        return None
    edits = _interval(scope, scope.corrected, scope.judged)
    if edits >= GOOD_EDIT_RATE or (misses := _interval(scope, scope.missed, scope.final)) >= GOOD_MISS_RATE:
        return None
    corrected, judged = int(scope.corrected.sum()), int(scope.judged.sum())
    missed, final = int(scope.missed.sum()), int(scope.final.sum())
    return Hypothesis(
        GOOD,
        "The model is simply good on these frames.",
        f"On {frames} frames {corrected} of {judged} candidates were corrected (at most {percent(edits)}, with 95% "
        f"confidence), and {missed} of {final} objects were missed (at most {percent(misses)}).",
        "Go through the rest page by page on the contact sheet, and save drawing for frames that look new.",
        0.0,
    )


def _interval(scope: Scope, hits: Flags, whole: Flags) -> float:
    """Return the upper end of the interval of a rate over objects, resampled by frames or by things, the wider one."""
    ends = []
    for count in (scope.count, scope.things.count):
        pairs, counts = np.unique(np.stack([count(hits), count(whole)], axis=1), axis=0, return_counts=True)
        ends.append(bootstrap_counted(pairs.astype(np.float64), counts)[1])
    return max(ends)


def good_figure(scope: Scope, about: str) -> float | None:
    """Return the edit rate."""
    return rate(scope.corrected, scope.judged)

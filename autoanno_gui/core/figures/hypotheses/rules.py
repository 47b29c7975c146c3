"""Why the edit rate is what it is: rules over the facts of a ledger that name likely causes in plain sentences.

A rule speaks when there are enough data, when chance would hardly make a difference as large (see `scope.DOUBT`), and
when its cause explains a share of the corrections worth a word. Only the model that was judged last is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final

import numpy as np

from autoanno_gui.core.figures.fact_table import FactTable, Flags
from autoanno_gui.core.figures.hypotheses import (
    rules_boxes,
    rules_classes,
    rules_frames,
    rules_misses,
    rules_thresholds,
)
from autoanno_gui.core.figures.hypotheses.hypothesis import Hypothesis
from autoanno_gui.core.figures.hypotheses.scope import Finding, Scope, told_apart

MOST: Final = 5
"""More causes than this are no explanation."""

_FIGURES: Final[Mapping[str, Callable[[Scope, str], float | None]]] = {
    rules_classes.CONFUSION: rules_classes.confusion_figure,
    rules_classes.UNKNOWN_CLASS: rules_classes.unknown_figure,
    rules_boxes.OFFSET: rules_boxes.offset_figure,
    rules_boxes.DUPLICATES: rules_boxes.duplicates_figure,
    rules_thresholds.LOW: rules_thresholds.low_figure,
    rules_thresholds.HIGH: rules_thresholds.high_figure,
    rules_frames.FOLDER: rules_frames.folder_figure,
    rules_frames.CLIP: rules_frames.clip_figure,
    rules_frames.GOOD: rules_frames.good_figure,
}


def hypotheses(table: FactTable, class_names: Mapping[int, str], known_classes: Collection[int]) -> list[Hypothesis]:
    """Return the likely causes of the corrections, by falling share; none when the data are too few.

    Args:
        table: of the ledger.
        class_names: of the project, by id.
        known_classes: ids of the project classes that a class of the model is mapped to; empty where that is not known.
    """
    scope = Scope.of(table, _last_round(table), class_names)
    good = rules_frames.simply_good(scope)
    findings = (
        sorted(_findings(scope, known_classes), key=lambda found: -found.hypothesis.share) if scope.enough else []
    )
    told = told_apart(findings[: MOST - (good is not None)])
    return [*told, good] if good is not None else told


def _findings(scope: Scope, known_classes: Collection[int]) -> Iterator[Finding]:
    yield from rules_classes.confusions(scope)
    yield from rules_classes.unknown_classes(scope, known_classes)
    yield from rules_boxes.offsets(scope)
    yield from rules_boxes.duplicates(scope)
    yield from rules_misses.missed_kinds(scope)
    yield from rules_thresholds.low_threshold(scope)
    yield from rules_thresholds.high_threshold(scope)
    yield from rules_frames.poor_light(scope)
    yield from rules_frames.odd_groups(scope)


def _last_round(table: FactTable) -> Flags:
    """Return (F,) the frames whose model is of the round that was judged last."""
    judging = np.flatnonzero(table.judges)
    last: Flags = table.round == (table.round[judging[-1]] if len(judging) else 0)
    return last


def figure_of(code: str, table: FactTable, rows: Flags) -> float | None:
    """Return the rate that a cause has on some frames, so that two rounds can be compared; None without data.

    Args:
        code: of a `Hypothesis`; None is returned for one that no rule has.
        table: of the ledger.
        rows: (F,) the frames; those that judge no predictions are left out.
    """
    rule, _, about = code.partition(":")
    scope = Scope.of(table, rows, {})
    if rule in rules_misses.CODES:
        return rules_misses.missed_figure(scope, rule)
    if rule in (rules_frames.DARK, rules_frames.BLURRED):
        return rules_frames.light_figure(scope, rule)
    figure = _FIGURES.get(rule)
    return figure(scope, about) if figure is not None else None

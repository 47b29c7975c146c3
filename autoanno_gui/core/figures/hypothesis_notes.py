"""What reviewers noted about their edit rate, held against what later rounds showed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np

from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.figure_groups import frame_tallies
from autoanno_gui.core.figures.hypotheses.rules import figure_of
from autoanno_gui.core.figures.metric_report import Figures, edit_rate_of

HYPOTHESIS_NOTED: Final = "hypothesis"
"""Kind of the event that keeps a reviewer's hypothesis."""
LEAST_FRAMES: Final = 20
"""A later round has a say from so many frames on whose predictions were judged."""
SAME: Final = 0.1
"""A figure that changed by less than this share of what it was stayed the same."""


def hypothesis_notes(notes: Iterable[tuple[Mapping[str, Any], str]], table: FactTable) -> list[Figures]:
    """Return each note with the same figure as the rounds after it have it, the newest note first.

    A note that names no cause of ours is held against the edit rate.

    Args:
        notes: (body, wall clock) of the events, the oldest first. The body has the `session`, the `round` that was
            reviewed, the reviewer's `text`, the `code` of our hypothesis or None, and the `edit_rate` and the `figure`
            of that cause then.
        table: of the ledger.
    """
    return [_held_against(body, wall_clock, table) for body, wall_clock in notes][::-1]


def _held_against(body: Mapping[str, Any], wall_clock: str, table: FactTable) -> Figures:
    code, then = body.get("code"), body.get("figure")
    number = int(body.get("round") or 0)
    rows = table.judges & (table.round > number)
    now = None
    if rows.sum() >= LEAST_FRAMES:
        if code and then is not None:
            now = figure_of(str(code), table, rows)
        else:
            then = body.get("edit_rate")
            (tally,) = frame_tallies(table, np.where(rows, 0, -1), 1)
            now = edit_rate_of(tally)["edit_rate"]
    return {
        "session": body.get("session", ""),
        "wall_clock": wall_clock,
        "round": number,
        "text": body.get("text", ""),
        "code": code,
        "edit_rate": body.get("edit_rate"),
        "figure": body.get("figure"),
        "now": now,
        "verdict": _verdict(then, now),
    }


def _verdict(then: float | None, now: float | None) -> str:
    if then is None or now is None:
        return "too_early"
    if abs(now - then) <= SAME * then:
        return "same"
    return "better" if now < then else "worse"

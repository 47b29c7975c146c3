"""The reviewer's own times: what each act takes this person, worked out from how long decided frames took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.figures.facts import DecidedFrame
from autoanno_gui.core.keystrokes import ACTS, VERBS, Act, ActCosts
from autoanno_gui.core.records import VerdictKind

LEAST_FRAMES: Final = 30
"""Decided frames from which on the times are the reviewer's own."""
LEAST_OF_A_VERB: Final = 10
"""How often a verb must have been used before its time is."""
_OUTLIER: Final = 5.0
"""A frame that took this many times what the model says tells no more than one that took as long as that."""
_PACE: Final = (0.5, 5.0)
"""How much faster or slower than the model a person is taken to be."""


def acts_of(decision: DecidedFrame) -> NDArray[np.int64]:
    """Return (ACTS,) how often each `Act` was needed for a decision, as far as the ledger tells."""
    found = np.zeros(ACTS, np.int64)
    kinds = [fact.kind for fact in decision.objects]
    empty = all(kind is VerdictKind.REJECTED for kind in kinds)
    found[Act.LOOK] = 1
    found[Act.DECIDE] = 2 if empty else 1
    found[Act.DELETE] = kinds.count(VerdictKind.REJECTED)
    found[Act.PROMOTE] = kinds.count(VerdictKind.PROMOTED)
    found[Act.DRAW] = kinds.count(VerdictKind.ADDED)
    found[Act.ACCEPT] = kinds.count(VerdictKind.ACCEPTED)
    found[Act.CHANGE_CLASS] = sum(fact.class_changed for fact in decision.objects)
    found[Act.EDIT] = sum(fact.geometry_changed for fact in decision.objects)
    found[Act.LOOK_AT_OBJECT] = decision.candidates_shown + found[Act.PROMOTE]
    found[Act.SHOW_GHOSTS] = int(found[Act.PROMOTE] > 0)
    return found


def usable_times(decisions: Sequence[DecidedFrame]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return (F, ACTS) acts and (F,) active seconds of the decisions that tell what acts of review take: the first ones
    on their frames, with predictions to judge."""
    telling = [one for one in decisions if one.first and one.judges_predictions and one.active_seconds > 0.0]
    counts = np.array([acts_of(one) for one in telling], np.int64).reshape(-1, ACTS)
    return counts, np.array([one.active_seconds for one in telling])


def measured_costs(counts: NDArray[np.int64], seconds: NDArray[np.float64], model: ActCosts) -> ActCosts:
    """Return the costs with the reviewer's own times in place of the model's, where there are enough of them.

    A regression of the seconds on the acts, no time below zero, drawn to the model's times as if each of these had been
    observed once, and little impressed by outliers. The acts that are too rare follow the reviewer's pace: how much
    longer all frames took than the model says.

    Args:
        counts: (F, ACTS) acts of each decided frame.
        seconds: (F,) active seconds of each.
        model: what holds without measurements.
    """
    if len(counts) < LEAST_FRAMES:
        return model
    prices = np.array(model.seconds)
    expected = counts @ prices
    clipped = np.minimum(seconds, _OUTLIER * expected)
    pace = float(np.clip(np.median(clipped / expected), *_PACE))
    totals = counts.sum(axis=0)
    measured = [act for act in (Act.LOOK_AT_OBJECT, *VERBS) if totals[act] >= LEAST_OF_A_VERB]
    paced = prices * pace
    found = _fit(counts, clipped, paced, [Act.LOOK, *measured])
    return ActCosts(tuple(found.tolist()), model.actions, (Act.LOOK, *measured))


def _fit(
    counts: NDArray[np.int64], seconds: NDArray[np.float64], prior: NDArray[np.float64], free: Sequence[Act]
) -> NDArray[np.float64]:
    """Return (ACTS,) the prices, those of the acts in `free` fitted to the seconds, all others as in `prior`."""
    from scipy.optimize import least_squares  # half a second to import

    columns = list(free)
    fixed = prior.copy()
    fixed[columns] = 0.0
    left = seconds - counts @ fixed
    start = prior[columns]
    acts = counts[:, columns]
    noise = float(np.median(np.abs(left - acts @ start))) or 1.0

    def residuals(prices: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate([(acts @ prices - left) / noise, (prices - start) / start])

    fitted = least_squares(residuals, start, bounds=(0.0, np.inf), loss="soft_l1")
    result = fixed
    result[columns] = fitted.x
    return result

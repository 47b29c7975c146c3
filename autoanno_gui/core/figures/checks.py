"""The figures of the honesty guards: blind frames, planted checks, accepts without a look.

Each rate stands beside its 95 % interval as [low, high]; both are None where there is nothing to count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from math import hypot
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.intervals import wilson
from autoanno_gui.core.figures.metric_report import resampled, share_of
from autoanno_gui.core.figures.nodding import accepted_frames, nods
from autoanno_gui.core.planting import Alteration
from autoanno_gui.core.records import VerdictKind

Figures: TypeAlias = dict[str, Any]
"""Ready for JSON."""


def blind_figures(table: FactTable) -> Figures:
    """Return what frames that were labelled blind say about the model, and about how far the reviewer leans on it.

    The same two rates stand beside them for the frames of the random stream whose predictions were shown: who draws
    what the model missed when they are on their own, but lets it pass when the model has been there before, has a
    higher miss rate here than there.
    """
    facts = [fact.blind for fact in table.blind if fact.blind is not None]
    reviewed = table.in_stream & table.judges
    missed = _pairs((fact.missed, fact.objects) for fact in facts)
    unfounded = _pairs((fact.unfounded, fact.candidates) for fact in facts)
    passed = np.stack([table.per_frame(table.missed), table.per_frame(table.final)], axis=1)[reviewed]
    rejected = np.stack(
        [table.per_frame(table.judged & table.is_verdict(VerdictKind.REJECTED)), table.per_frame(table.judged)], axis=1
    )[reviewed]
    return {
        "frames": len(facts),
        "objects": sum(fact.objects for fact in facts),
        "missed": sum(fact.missed for fact in facts),
        **_rate("miss_rate", missed),
        **_rate("false_rate", unfounded),
        **_rate("review_miss_rate", passed),
        **_rate("review_reject_rate", rejected),
        **_difference("leaning_missed", missed, passed),
        **_difference("leaning_kept", unfounded, rejected),
        "late": sum(fact.late for fact in facts),
        **_rate("late_rate", _pairs((fact.late, fact.objects) for fact in facts)),
    }


def check_figures(events: Iterable[Mapping[str, Any]], enabled: bool) -> Figures:
    """Return how many planted checks the reviewer caught, and how far they agree with themselves on the rest.

    Args:
        events: bodies of the ledger's events of kind `check`. One that was left without a decision counts as planted
            and as passed over, in no rate.
        enabled: whether checks are on.
    """
    checks = list(events)
    answered = [check for check in checks if not check.get("passed_over")]
    caught = sum(bool(check.get("caught")) for check in answered)
    kept = _pairs((int(check.get("kept", 0)), int(check.get("objects", 0))) for check in answered)
    return {
        "enabled": enabled,
        "planted": len(checks),
        "caught": caught,
        "catch_rate": share_of(caught, len(answered)),
        "catch_rate_interval": list(wilson(caught, len(answered))) if answered else None,
        "passed_over": len(checks) - len(answered),
        "by_alteration": [_of_alteration(kind, answered) for kind in Alteration],
        **_rate("self_agreement", kept),
    }


def _of_alteration(kind: Alteration, answered: list[Mapping[str, Any]]) -> Figures:
    found = [check for check in answered if check.get("alteration") == kind.value]
    return {
        "alteration": kind.value,
        "planted": len(found),
        "caught": sum(bool(check.get("caught")) for check in found),
    }


def nodding_figures(table: FactTable) -> Figures:
    """Return how many accepts came faster than the frame can be looked at, and which, newest first."""
    frames, marked = accepted_frames(table), nods(table)
    return {
        "frames": frames,
        "marked": len(marked),
        "rate": share_of(len(marked), frames),
        "rate_interval": list(wilson(len(marked), frames)) if frames else None,
        "list": [
            {"frame": nod.path, "seconds": nod.seconds, "objects": nod.objects, "limit": nod.limit}
            for nod in reversed(marked)
        ],
    }


# ---------------------------------------------------------------------------------------------------- rates
def _pairs(pairs: Iterable[tuple[int, int]]) -> NDArray[np.int64]:
    return np.array(list(pairs), np.int64).reshape(-1, 2)


def _rate(name: str, pairs: NDArray[np.int64]) -> Figures:
    """Return the ratio of the sums of (frames, 2) numerators and denominators, and its interval over frames."""
    part, whole = pairs.sum(axis=0).tolist()
    frames = Counter((part, whole) for part, whole in pairs.tolist())
    return {name: share_of(part, whole), f"{name}_interval": resampled(frames) if whole else None}


def _difference(name: str, mine: NDArray[np.int64], theirs: NDArray[np.int64]) -> Figures:
    """Return the difference of two ratios over different frames.

    Its interval adds the distances to the ends of theirs as the sides of a right triangle (Newcombe 1998): unlike
    resampling both it keeps a width where a rate is 0 on every frame.
    """
    a, b = _rate("of", mine), _rate("of", theirs)
    if a["of"] is None or b["of"] is None:
        return {name: None, f"{name}_interval": None}
    (a_low, a_high), (b_low, b_high) = a["of_interval"], b["of_interval"]
    found = a["of"] - b["of"]
    below = hypot(a["of"] - a_low, b_high - b["of"])
    above = hypot(a_high - a["of"], b["of"] - b_low)
    return {name: found, f"{name}_interval": [found - below, found + above]}

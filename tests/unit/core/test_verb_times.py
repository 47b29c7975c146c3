"""The reviewer's own times in place of the keystroke-level model."""

from __future__ import annotations

import numpy as np
import pytest

from autoanno_gui.core.figures.facts import DecidedFrame, ObjectFact
from autoanno_gui.core.keystrokes import ACTS, Act, ActCosts
from autoanno_gui.core.records import DecisionKind, PresentationMode, VerdictKind
from autoanno_gui.core.verb_times import acts_of, measured_costs, usable_times

MODEL = ActCosts.keystroke_level()
SLOW = {Act.LOOK: 3.0, Act.LOOK_AT_OBJECT: 0.5, Act.DELETE: 4.0, Act.DRAW: 9.0}


def decisions(n: int, *, seed: int = 0, noise: float = 0.3, rare: Act | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return acts and seconds of a slow reviewer, who never promotes; `rare` is used three times only."""
    rng = np.random.default_rng(seed)
    counts = np.zeros((n, ACTS), np.int64)
    counts[:, [Act.LOOK, Act.DECIDE]] = 1
    counts[:, Act.LOOK_AT_OBJECT] = rng.integers(0, 9, n)
    for act in (Act.DELETE, Act.DRAW):
        counts[:, act] = rng.integers(0, 3, n) if act is not rare else np.arange(n) < 3
    prices = np.array(MODEL.seconds)
    for act, seconds in SLOW.items():
        prices[act] = seconds
    return counts, counts @ prices * np.exp(rng.normal(0.0, noise, n))


def test_few_frames_leave_the_model_as_it_is() -> None:
    assert measured_costs(*decisions(29), MODEL) == MODEL


@pytest.mark.parametrize("seed", range(3))
def test_many_frames_tell_what_each_act_takes(seed: int) -> None:
    found = measured_costs(*decisions(300, seed=seed), MODEL)
    for act, seconds in SLOW.items():
        assert act in found.measured
        assert found.seconds[act] == pytest.approx(seconds, rel=0.25)
    assert found.actions == MODEL.actions


def test_a_rare_act_follows_the_pace_of_the_others() -> None:
    found = measured_costs(*decisions(300, rare=Act.DRAW), MODEL)
    assert Act.DRAW not in found.measured
    assert Act.PROMOTE not in found.measured
    assert found.seconds[Act.PROMOTE] > MODEL.seconds[Act.PROMOTE]
    pace = found.seconds[Act.PROMOTE] / MODEL.seconds[Act.PROMOTE]
    assert found.seconds[Act.DRAW] == pytest.approx(MODEL.seconds[Act.DRAW] * pace)


def test_a_coffee_break_changes_little() -> None:
    counts, seconds = decisions(100)
    before = measured_costs(counts, seconds, MODEL)
    seconds[::10] += 55.0
    after = measured_costs(counts, seconds, MODEL)
    assert after.seconds[Act.DELETE] == pytest.approx(before.seconds[Act.DELETE], rel=0.35)
    assert after.seconds[Act.DRAW] == pytest.approx(before.seconds[Act.DRAW], rel=0.35)


def test_no_act_takes_less_than_no_time() -> None:
    counts, seconds = decisions(60)
    assert min(measured_costs(counts, np.full_like(seconds, 0.2), MODEL).seconds) >= 0.0


# --- what the ledger tells --------------------------------------------------------------------------------------------
def decision(*objects: ObjectFact, **changes: object) -> DecidedFrame:
    given = {
        "frame_id": 1,
        "kind": DecisionKind.EDITED,
        "mode": PresentationMode.NORMAL,
        "reviewer": "me",
        "model": None,
        "active_seconds": 5.0,
        "candidates_shown": 3,
        "objects": objects,
    }
    return DecidedFrame(**{**given, **changes})  # type: ignore[arg-type]


def test_verdicts_are_acts() -> None:
    found = acts_of(
        decision(
            ObjectFact(VerdictKind.ACCEPTED, 1),
            ObjectFact(VerdictKind.REJECTED, 1),
            ObjectFact(VerdictKind.EDITED, 1, class_changed=True, geometry_changed=True),
            ObjectFact(VerdictKind.PROMOTED, 1, shown=False),
            ObjectFact(VerdictKind.ADDED, 1, shown=False),
        )
    )
    assert {act.name for act in Act if found[act] == 1} == {
        *("LOOK", "DECIDE", "ACCEPT", "DELETE", "CHANGE_CLASS", "EDIT", "PROMOTE", "DRAW", "SHOW_GHOSTS")
    }
    assert found[Act.LOOK_AT_OBJECT] == 4
    assert acts_of(decision(ObjectFact(VerdictKind.REJECTED, 1)))[Act.DECIDE] == 2


def test_only_first_reviews_of_predictions_tell_times() -> None:
    counts, seconds = usable_times(
        [
            decision(active_seconds=4.0),
            decision(active_seconds=5.0, first=False),
            decision(active_seconds=6.0, mode=PresentationMode.HAND),
            decision(active_seconds=7.0, kind=DecisionKind.REJECTED),
            decision(active_seconds=0.0),
        ]
    )
    assert seconds.tolist() == [4.0]
    assert counts.shape == (1, ACTS)
    assert usable_times([])[0].shape == (0, ACTS)

"""What the charts of drift learn from, when their limits are set anew, and a simulation that is stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from autoanno_gui.core.figures import drift_limits, drift_monitor
from autoanno_gui.core.figures.drift_baseline import Candidates
from autoanno_gui.core.figures.drift_chart import BLOCK, LAG
from autoanno_gui.core.figures.drift_limits import Case, limits
from autoanno_gui.core.figures.drift_monitor import Monitor
from tests.unit.core.drift_kit import Round, Stretch, simulate, table


def monitor(plan: Round, seed: int) -> Monitor:
    found = Candidates.of_newest_round(table(simulate(plan, np.random.default_rng(seed))))
    assert found is not None
    return Monitor(found, alpha=0.1, horizon=500)


def test_a_climb_is_held_against_what_came_before_it_alone() -> None:
    forgotten = 0
    for seed in range(12):
        climbs = monitor(Round(rises_at=260, rise=1.8), seed).charts[0].climbs
        if not climbs:
            continue
        before, lagging = climbs[0].start // BLOCK * BLOCK, (climbs[0].rang // BLOCK - LAG) * BLOCK
        # Three candidates a frame, up to the block in which it began.
        assert climbs[0].baseline.candidates.sum() == 3 * min(before, lagging)
        forgotten += before < lagging
    assert forgotten >= 3, "by the time it rang, some of it had been learnt"


def test_limits_are_set_anew_as_the_round_grows_and_hold_for_another_horizon_after_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Case] = []

    def noted(case: Case, breathe: Callable[[], object]) -> tuple[float, ...]:
        asked.append(case)
        return limits(case, breathe)

    monkeypatch.setattr(drift_monitor, "limits", noted)
    monitor(Round(stretches=(Stretch(1010),)), 1)
    # At frames 180, 360, 500 and 1000.
    assert [case.later for case in asked] == [False, False, True, True]


def test_a_simulation_that_was_stopped_is_not_kept() -> None:
    case = Case(size=2, rate=0.2, shares=(0.6, 0.4, 0.0), cluster=0.1, warm_up=3, horizon=200, alpha=0.1, later=True)

    class Enough(Exception):
        pass

    breaths: list[int] = []

    def breathe() -> None:
        breaths.append(1)
        if len(breaths) == 40:
            raise Enough

    with pytest.raises(Enough):
        limits(case, breathe)
    assert case not in drift_limits._kept
    whole = limits(case)
    assert limits(case, breathe) == whole, "nothing is simulated a second time"
    assert len(breaths) == 40


def test_limits_after_the_first_horizon_are_for_another_one_alone() -> None:
    case = Case(size=2, rate=0.2, shares=(1.0,), cluster=0.0, warm_up=3, horizon=200, alpha=0.1, later=True)
    # The same draws, with a chart that has the time of both horizons to rise in.
    both = limits(replace(case, horizon=400, later=False))
    assert limits(case)[0] < 0.95 * both[0]

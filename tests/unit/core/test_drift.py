"""Drift: the charts by hand, what resets them, what must not make them ring, and how often they ring."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from math import log

import numpy as np
import pytest

from autoanno_gui.core.figures.drift import MOST_POINTS, Drift, watch
from autoanno_gui.core.figures.drift_baseline import Baseline, Candidates
from autoanno_gui.core.figures.drift_chart import cusum, design_effect, log_ratios
from autoanno_gui.core.figures.drift_limits import Case, limits
from autoanno_gui.core.figures.facts import DecidedFrame
from tests.unit.core.drift_kit import BEGAN, CLASSES, EASY, HARD, NAMES, Round, Stretch, frame, simulate, table

CAR = CLASSES[0]
THREE = (0.5, 0.3, 0.2)
EASY_HARD_EASY = Round(
    stretches=(
        Stretch(200, "ambiguous", EASY),
        Stretch(120, "borderline", HARD, factor=1.5),
        Stretch(120, "ambiguous", EASY),
        Stretch(60, "borderline", HARD, factor=1.5),
    )
)


def watched(plan: Round, seed: int = 1) -> Drift:
    return watch(table(simulate(plan, np.random.default_rng(seed))), NAMES)


def alarms(plan: Round, rounds: int, seed: int = 1) -> int:
    """Return in how many rounds a chart rings."""
    rng = np.random.default_rng(seed)
    return sum(watch(table(simulate(plan, rng)), NAMES).alarm is not None for _ in range(rounds))


def place_of(path: str) -> int:
    return int(path.removeprefix("frame_").removesuffix(".jpg"))


def candidates(frames: Sequence[DecidedFrame]) -> Candidates:
    found = Candidates.of_newest_round(table(frames))
    assert found is not None
    return found


# ----------------------------------------------------------------------------------------------------------- by hand
def test_a_candidate_scores_by_how_much_likelier_a_doubled_odds_makes_it() -> None:
    # Expected 1/2: the odds 1 become 2, the chance 2/3. A correction is 4/3 as likely then, none 2/3 as likely.
    scores = log_ratios(np.array([1.0, 0.0]), np.array([0.5, 0.5]))
    assert scores.tolist() == pytest.approx([log(4 / 3), log(2 / 3)])


def test_the_chart_adds_up_scores_and_never_falls_below_zero() -> None:
    up, down = log(4 / 3), log(2 / 3)
    points = cusum(np.array([down, up, up, down, down, up]))
    # 0.288, 0.575, 0.170 are left of two corrections and a miss; the next miss takes more than there is.
    assert points.tolist() == pytest.approx([0.0, up, 2 * up, 2 * up + down, 0.0, up])


def test_the_chart_goes_on_from_where_it_was() -> None:
    points = cusum(np.array([[-0.5, 0.25], [-2.0, 0.25]]), np.array([1.0, 1.0]))
    assert points.tolist() == [[0.5, 0.75], [0.0, 0.25]]


def test_errors_that_come_in_clusters_count_for_less() -> None:
    squares, variance = np.array([60.0, 20.0, 4.0]), np.array([20.0, 20.0, 20.0])
    # (60 + 20) / (20 + 20); as much as independent ones; less than those is no reason to count them for more.
    assert design_effect(squares, variance).tolist() == [2.0, 1.0, 1.0]


def test_the_expected_rate_shrinks_level_by_level() -> None:
    frames = [frame(place, [place < 5, place < 5, False, False]) for place in range(10)]
    found = candidates(frames)
    baseline = Baseline(len(found.class_ids), found.groups)
    baseline.learn(found, slice(0, 40))
    overall = (10 + 0.15 * 10) / (40 + 10)
    in_bin = (10 + 5 * overall) / (40 + 5)
    in_group = in_bin * (10 + 2) / (40 * in_bin + 2)
    cell = (10 + 20 * in_group) / (40 + 20)
    rate = cell * (10 + 2) / (40 * cell + 2)
    rates, weights = baseline.expected(found, slice(0, 1))
    assert rates.tolist() == pytest.approx([rate])
    assert rate == pytest.approx(0.25, abs=0.001)
    assert weights.tolist() == pytest.approx([40 / 90])


def test_what_is_hardly_known_is_not_charted() -> None:
    frames = [frame(place, [False] * 3) for place in range(20)]
    frames += [frame(20 + place, [True] * 3, reason="coverage") for place in range(13)]
    found = candidates(frames)
    baseline = Baseline(len(found.class_ids), found.groups)
    baseline.learn(found, slice(0, 99))
    _, weights = baseline.expected(found, np.array([0, 98]))
    # 60 candidates of the first reason, 39 of the other.
    assert weights.tolist() == pytest.approx([60 / 110, 0.0])


# ---------------------------------------------------------------------------------------------------------- watching
def test_nothing_is_said_of_an_empty_ledger() -> None:
    assert watch(table([]), NAMES).as_dict() == {
        "watching": False,
        "frames": 0,
        "false_alarm_rate": 0.1,
        "horizon": 500,
        "alarm": None,
        "charts": [],
    }


def test_nothing_is_said_before_enough_candidates_were_seen() -> None:
    # 167 frames have 500 candidates; the block of 20 in which that happens ends with the 180th.
    frames = simulate(Round(), np.random.default_rng(1))
    assert not watch(table(frames[:180]), NAMES).watching
    found = watch(table(frames[:181]), NAMES)
    assert found.watching
    assert found.frames == 181
    assert len(found.charts[0].points) == 1


def test_nor_before_enough_frames() -> None:
    crowded = simulate(Round(candidates=30), np.random.default_rng(1))
    assert not watch(table(crowded[:60]), NAMES).watching
    assert watch(table(crowded[:61]), NAMES).watching


def test_frames_that_no_round_predicted_are_left_out() -> None:
    frames = [replace(one, round=0) for one in simulate(Round(), np.random.default_rng(1))]
    assert watch(table(frames), NAMES).frames == 0


def test_frames_without_candidates_do_not_count() -> None:
    frames = simulate(Round(stretches=(Stretch(200),)), np.random.default_rng(1))
    empty = [frame(1000 + place, []) for place in range(300)]
    assert watch(table(frames + empty), NAMES).as_dict() == watch(table(frames), NAMES).as_dict()


# ------------------------------------------------------------------------------------------------------------- alarms
def test_a_doubled_edit_rate_is_told_with_since_when_and_by_how_much() -> None:
    frames = simulate(Round(rises_at=300), np.random.default_rng(4))
    found = watch(table(frames), NAMES)
    alarm = found.alarm
    assert alarm is not None
    assert alarm.class_name is None
    since = place_of(alarm.since)
    assert alarm.since_number == since + 1
    assert alarm.since_time == frames[since].wall_clock > BEGAN.isoformat()
    later = [item for one in frames[since:] for item in one.objects]
    assert alarm.observed == sum(item.kind.value == "edited" for item in later) / len(later)
    assert alarm.expected == pytest.approx(0.12, abs=0.03)
    assert alarm.frames == 500 - since
    assert alarm.sentence == (
        f"Since {alarm.since} the edit rate is {alarm.observed:.0%}, expected {alarm.expected:.0%}: "
        "the pictures or the objects may have changed."
    )
    chart = found.charts[0]
    assert chart.alarm_at is not None
    assert chart.points[chart.alarm_at] >= chart.limit > max(chart.points[: chart.alarm_at])
    assert json.loads(json.dumps(found.as_dict()))["alarm"]["since"] == alarm.since


def test_the_climb_began_where_the_chart_left_zero() -> None:
    found = [watched(Round(rises_at=300), seed).alarm for seed in range(11)]
    places = sorted(place_of(alarm.since) for alarm in found if alarm is not None)
    assert len(places) >= 10
    assert places[len(places) // 2] == pytest.approx(300, abs=10)


def test_the_class_that_drifts_is_named() -> None:
    named = []
    for seed in range(8):
        alarm = watched(Round(classes=THREE, candidates=4, rises_at=300, rise=3.0, rising=CAR), seed).alarm
        assert alarm is not None
        named.append(alarm.class_name)
        if alarm.class_name == "car":
            assert alarm.class_id == CAR
            assert "the edit rate of `car` is" in alarm.sentence
            assert alarm.observed > 2 * alarm.expected
    assert named.count("car") >= 7


def test_no_class_is_named_when_all_of_them_drift() -> None:
    named = [watched(Round(classes=THREE, candidates=5, rises_at=300, rise=3.0), seed).as_dict() for seed in range(5)]
    assert [found["alarm"]["class"] for found in named] == [None] * 5
    assert [chart["class"] for chart in named[0]["charts"]] == [None, "car", "bike", "bus"]


def test_a_climb_that_lasts_does_not_become_the_usual_rate() -> None:
    alarm = watched(Round(stretches=(Stretch(1200),), rises_at=300)).alarm
    assert alarm is not None
    assert alarm.until is None
    assert alarm.expected == pytest.approx(0.12, abs=0.03)
    assert alarm.observed == pytest.approx(0.24, abs=0.02)


def test_a_climb_that_ended_is_told_as_over_and_forgotten_after_the_horizon() -> None:
    stretches = (Stretch(300), Stretch(80, factor=3.0), Stretch(640))
    frames = simulate(Round(stretches=stretches), np.random.default_rng(2))
    over = watch(table(frames[:700]), NAMES).alarm
    assert over is not None
    assert over.until is not None
    assert place_of(over.since) == pytest.approx(300, abs=15)
    assert place_of(over.until) == pytest.approx(380, abs=15)
    assert over.observed == pytest.approx(0.36, abs=0.05)
    assert over.sentence.endswith("it is usual again.")
    assert watch(table(frames), NAMES).alarm is None


def test_an_improving_model_does_not_ring() -> None:
    assert watched(Round(rises_at=250, rise=0.3)).alarm is None


def test_a_climb_right_after_the_reason_changed_can_be_told() -> None:
    rng, told = np.random.default_rng(8), 0
    stretches = (Stretch(190, "borderline", HARD), Stretch(310, "coverage", EASY))
    for _ in range(20):
        plan = Round(stretches=stretches, rises_at=int(rng.integers(195, 300)), rise=3.0, classes=THREE)
        alarm = watch(table(simulate(plan, rng)), NAMES).alarm
        if alarm is not None:
            told += 1
            assert alarm.observed > alarm.expected > 0
    assert told >= 8


# ------------------------------------------------------------------------------------------------- what explains much
def test_a_new_model_starts_a_new_chart() -> None:
    first = simulate(Round(rises_at=300), np.random.default_rng(4))
    assert watch(table(first), NAMES).alarm is not None
    second = simulate(Round(stretches=(Stretch(400),), rate=0.4), np.random.default_rng(5), number=2)
    begun = watch(table(first + second[:40]), NAMES)
    assert not begun.watching
    assert begun.alarm is None
    assert begun.frames == 40
    found = watch(table(first + second), NAMES)
    assert found.watching
    assert found.alarm is None
    assert found.as_dict() == watch(table(second), NAMES).as_dict()


def test_a_queue_that_goes_from_easy_to_hard_and_back_does_not_ring() -> None:
    assert alarms(EASY_HARD_EASY, 20) <= 3


def test_it_would_ring_if_reasons_and_confidences_were_not_known() -> None:
    rng = np.random.default_rng(1)
    rang = 0
    for _ in range(5):
        blurred = [
            replace(one, reason="", objects=tuple(replace(item, confidence=0.7) for item in one.objects))
            for one in simulate(EASY_HARD_EASY, rng)
        ]
        rang += watch(table(blurred), NAMES).alarm is not None
    assert rang == 5


def test_a_reviewer_who_corrects_more_does_not_ring() -> None:
    rang = 0
    for seed in range(10):
        frames = simulate(Round(rises_at=250), np.random.default_rng(seed))
        rang += (
            watch(table(frames[:250] + [replace(one, reviewer="ben") for one in frames[250:]]), NAMES).alarm is not None
        )
    assert rang <= 2


# --------------------------------------------------------------------------------------------------- how often it rings
def test_without_drift_it_rings_as_often_as_stated() -> None:
    # 10 % of 60 rounds, within the central 95 % of a binomial.
    assert 2 <= alarms(Round(), 60) <= 11


def test_with_charts_of_classes_it_rings_no_oftener() -> None:
    assert 1 <= alarms(Round(classes=THREE), 30) <= 7


def test_errors_that_come_in_clusters_do_not_make_it_ring_oftener() -> None:
    assert alarms(Round(cluster=0.15), 40) <= 8


def test_a_doubling_rings_within_60_frames() -> None:
    rng, caught = np.random.default_rng(3), 0
    for _ in range(40):
        moment = int(rng.integers(180, 440))
        frames = simulate(Round(rises_at=moment), rng)[: moment + 60]
        caught += watch(table(frames), NAMES).alarm is not None
    assert caught >= 34


def test_limits_rise_with_the_horizon_and_the_rarity_of_false_alarms() -> None:
    case = Case(size=3, rate=0.12, shares=(1.0,), cluster=0.0, warm_up=8, horizon=500, alpha=0.1)
    assert limits(replace(case, alpha=0.05)) > limits(case)
    assert limits(replace(case, horizon=1000)) > limits(case)


def test_the_charts_of_classes_take_their_part_of_the_false_alarms() -> None:
    case = Case(size=3, rate=0.12, shares=(1.0,), cluster=0.0, warm_up=8, horizon=500, alpha=0.1)
    alone, shared = limits(case), limits(replace(case, shares=(0.5, 0.3, 0.2, 0.0)))
    assert len(shared) == 4
    assert shared[0] > alone[0]


def test_cases_are_rounded_so_that_limits_are_kept() -> None:
    def rounded(rate: float, share: float) -> Case:
        return Case.rounded(
            size=3.1, rate=rate, shares=np.array([share, 1 - share]), effect=1.01, warm_up=9, horizon=500, alpha=0.1
        )

    assert rounded(0.13, 0.61) == rounded(0.125, 0.58)
    assert rounded(0.13, 0.61) != rounded(0.26, 0.61)


# -------------------------------------------------------------------------------------------------------------- points
def test_long_charts_are_thinned_without_losing_their_peaks() -> None:
    frames = simulate(Round(stretches=(Stretch(1500),), rises_at=600, rise=2.5), np.random.default_rng(6))
    long, short = watch(table(frames), NAMES).charts[0], watch(table(frames[:675]), NAMES).charts[0]
    assert len(long.points) <= MOST_POINTS < 1500 - 180
    assert max(long.points) == 2.0
    assert short.alarm_at is not None
    assert long.alarm_at == short.alarm_at // 3

"""Intervals against published values, against simulation, and at their edges."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoanno_gui.core.figures.intervals import bootstrap_counted, median_interval, wilson
from tests.unit.core.builders import bootstrap_ratio


# Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
@pytest.mark.parametrize(
    ("successes", "n", "lo", "hi"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_values(successes: int, n: int, lo: float, hi: float) -> None:
    assert wilson(successes, n) == (pytest.approx(lo, abs=5e-5), pytest.approx(hi, abs=5e-5))


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_and_mirrors(case: tuple[int, int]) -> None:
    successes, n = case
    lo, hi = wilson(successes, n)
    assert 0.0 <= lo <= successes / n <= hi <= 1.0
    assert lo < hi
    mirrored = wilson(n - successes, n)
    assert mirrored == (pytest.approx(1 - hi), pytest.approx(1 - lo))
    wide = wilson(successes, n, level=0.99)
    assert wide[0] <= lo
    assert hi <= wide[1]


def test_wilson_reaches_the_ends_exactly() -> None:
    for n in range(1, 200):
        assert wilson(0, n)[0] == 0.0
        assert wilson(n, n)[1] == 1.0


def test_wilson_of_nothing_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("successes", "n", "level"), [(3, 2, 0.95), (-1, 2, 0.95), (1, 2, 1.0), (1, 2, 0.0)])
def test_wilson_refuses_nonsense(successes: int, n: int, level: float) -> None:
    with pytest.raises(ValueError, match=r"trials|level"):
        wilson(successes, n, level)


def test_bootstrap_is_seeded() -> None:
    shown = np.arange(1, 60) % 11 + 1
    wrong = shown * np.arange(1, 60) % 7 % shown
    assert bootstrap_ratio(wrong, shown, 5) == bootstrap_ratio(wrong, shown, 5)
    assert bootstrap_ratio(wrong, shown, 5) != bootstrap_ratio(wrong, shown, 6)


def test_bootstrap_does_not_depend_on_the_order_of_frames() -> None:
    rng = np.random.default_rng(0)
    shown = rng.integers(1, 9, 200)
    wrong = rng.binomial(shown, 0.3)
    mixed = rng.permutation(200)
    assert bootstrap_ratio(wrong, shown) == bootstrap_ratio(wrong[mixed], shown[mixed])


def test_bootstrap_agrees_with_resampling_frames_one_by_one() -> None:
    rng = np.random.default_rng(1)
    shown = rng.integers(0, 9, 150)
    wrong = rng.binomial(shown, 0.25)
    telling = np.flatnonzero(shown)
    drawn = rng.choice(telling, (4000, len(telling)))
    plain = np.quantile(wrong[drawn].sum(1) / shown[drawn].sum(1), [0.025, 0.975])
    assert bootstrap_ratio(wrong, shown) == pytest.approx(tuple(plain), abs=0.005)


def test_errors_that_cluster_in_frames_make_the_interval_wider_than_single_objects_would() -> None:
    shown = np.full(100, 10)
    scattered = np.full(100, 2) + np.tile([-1, 1], 50)
    clustered = np.where(np.arange(100) < 20, 10, 0)
    assert scattered.sum() == clustered.sum()
    spread = [hi - lo for lo, hi in (bootstrap_ratio(wrong, shown) for wrong in (scattered, clustered))]
    by_object = wilson(200, 1000)
    assert spread[1] > 3 * spread[0]
    assert spread[1] > 2 * (by_object[1] - by_object[0])


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(2)
    hits = 0
    for _ in range(200):
        shown = rng.integers(1, 8, 80)
        wrong = rng.binomial(shown, rng.beta(2, 6, 80))
        lo, hi = bootstrap_ratio(wrong, shown)
        hits += lo <= 0.25 <= hi
    assert 178 <= hits <= 199


def test_where_resampling_cannot_vary_whole_frames_are_the_trials() -> None:
    assert bootstrap_ratio([0] * 20, [5] * 20) == wilson(0, 20)
    assert bootstrap_ratio([5] * 20, [5] * 20) == wilson(20, 20)
    assert bootstrap_ratio([1], [2]) == wilson(0.5, 1)
    assert bootstrap_ratio([1] * 8, [4] * 8) == wilson(2, 8)


def test_frames_without_a_denominator_are_left_out() -> None:
    assert bootstrap_ratio([1, 0, 2, 0, 0], [4, 3, 5, 0, 0]) == bootstrap_ratio([1, 0, 2], [4, 3, 5])
    assert bootstrap_ratio([0, 0], [0, 0]) == (0.0, 1.0)
    assert bootstrap_ratio([], []) == (0.0, 1.0)


def test_counted_pairs_give_the_same_interval() -> None:
    pairs = np.array([[0.0, 2.0], [1.0, 2.0], [2.0, 3.0]])
    wrong, shown = [0] * 7 + [1] * 5 + [2] * 3, [2] * 12 + [3] * 3
    assert bootstrap_counted(pairs, [7, 5, 3], seed=4) == bootstrap_ratio(wrong, shown, 4)


@given(st.lists(st.integers(0, 6).flatmap(lambda d: st.tuples(st.integers(0, d), st.just(d))), max_size=30))
def test_the_bootstrap_interval_is_a_pair_of_shares(frames: list[tuple[int, int]]) -> None:
    lo, hi = bootstrap_ratio([n for n, _ in frames], [d for _, d in frames])
    assert 0.0 <= lo <= hi <= 1.0


def test_ten_thousand_frames_take_a_fraction_of_a_second() -> None:
    rng = np.random.default_rng(3)
    shown = rng.poisson(8, 10_000)
    wrong = rng.binomial(shown, 0.2)
    taken = []
    for _ in range(3):
        start = time.process_time()
        bootstrap_ratio(wrong, shown)
        taken.append(time.process_time() - start)
    # About 0.03 s; resampling frame by frame takes over a second.
    assert min(taken) < 0.25


def test_median_interval_by_rank() -> None:
    # 95 % of 100 values: ranks 40 and 61.
    assert median_interval(list(range(1, 101))) == (40.0, 61.0)
    assert median_interval([3.0]) == (3.0, 3.0)
    assert median_interval([1.0, 2.0, 4.0]) == (1.0, 4.0)
    with pytest.raises(ValueError, match="no values"):
        median_interval([])


def test_median_interval_covers_the_truth_at_least_as_often_as_it_says() -> None:
    rng = np.random.default_rng(4)
    samples = np.sort(rng.exponential(1.0, (1000, 41)))
    found = [median_interval(row) for row in samples]
    hits = sum(lo <= np.log(2) <= hi for lo, hi in found)
    assert 940 <= hits <= 995

"""The draw of the trial: pairs of like frames, and a coin for each."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoanno_gui.core.trial import Arm, Trial, draw_trial, only

TRIAL = Trial(3, "2026-01-01T00:00:00+00:00", "ann", 2, {"b.jpg": Arm.REVIEW, "a.jpg": Arm.HAND})


@given(
    st.dictionaries(st.text(min_size=1, max_size=4), st.integers(0, 9), max_size=30),
    st.integers(0, 40),
    st.integers(0, 2**31),
)
def test_arms_are_equal_in_number_and_no_frame_is_in_both(counts: dict[str, int], size: int, seed: int) -> None:
    arms = draw_trial(counts, size=size, seed=seed)
    each = Counter(arms.values())
    assert each[Arm.HAND] == each[Arm.REVIEW] == min(size, len(counts)) // 2
    assert arms.keys() <= counts.keys()
    assert arms == draw_trial(dict(reversed(counts.items())), size=size, seed=seed)


@pytest.mark.parametrize("seed", range(5))
def test_each_pair_comes_from_one_layer_of_candidates(seed: int) -> None:
    """20 frames with 0 .. 19 candidates and five pairs: each layer of four gives one frame to each arm."""
    counts = {f"{number:02}.jpg": number for number in range(20)}
    arms = draw_trial(counts, size=10, seed=seed)
    for arm in Arm:
        assert sorted(counts[path] // 4 for path, mine in arms.items() if mine is arm) == [0, 1, 2, 3, 4]


def test_the_coin_is_fair_and_chance_draws_among_equals() -> None:
    """Of two frames one is by hand in half of the draws: 100 of 200, give or take three times 7."""
    first = sum(draw_trial({"a": 1, "b": 1}, size=2, seed=seed)["a"] is Arm.HAND for seed in range(200))
    assert 79 <= first <= 121
    drawn = Counter(path for seed in range(200) for path in draw_trial(dict.fromkeys("abcd", 5), size=2, seed=seed))
    assert all(79 <= drawn[path] <= 121 for path in "abcd")


def test_a_trial_is_kept_as_text() -> None:
    assert Trial.from_json(TRIAL.to_json()) == TRIAL
    assert TRIAL.by_hand == {"a.jpg"}
    assert only(TRIAL, ["b.jpg", "c.jpg"]) == {"b.jpg": Arm.REVIEW}


@pytest.mark.parametrize(
    "text", [None, "", "null", "[]", "{", '{"arms": 1}', TRIAL.to_json().replace('"hand"', '"both"'), '{"arms": {}}']
)
def test_what_is_no_trial_is_none(text: str | None) -> None:
    assert Trial.from_json(text) is None

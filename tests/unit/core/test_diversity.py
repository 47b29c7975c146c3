"""How much frames differ from decided ones, against working it out pair by pair."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from autoanno_gui.core import diversity
from autoanno_gui.core.diversity import (
    FULL_DISTANCE,
    NEAR_DUPLICATE,
    Distances,
    distances_to_decided,
    diversity_scores,
)

Looks = NDArray[np.uint8]


def line(*places: int) -> Looks:
    """Return looks that lie on a line: the first number as place, the second always 5."""
    return np.array([(place, 5) for place in places], np.uint8)


def mask(count: int, *rows: int) -> NDArray[np.bool_]:
    found = np.zeros(count, np.bool_)
    found[list(rows)] = True
    return found


def everything(count: int) -> NDArray[np.bool_]:
    return np.ones(count, np.bool_)


def by_pairs(looks: Looks, known: NDArray[np.bool_], decided: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The same, slowly."""
    found = np.full(len(looks), np.nan)
    if not known.any():
        return found
    at = np.flatnonzero(decided & known)
    others = looks[at].astype(np.float64) if len(at) else looks[known].astype(np.float64).mean(axis=0)[None]
    for row in np.flatnonzero(known):
        found[row] = min(1.0, np.sqrt(((looks[row] - others) ** 2).sum(axis=1)).min() / FULL_DISTANCE)
    return found


# ------------------------------------------------------------------------------------------------ distances
def test_each_frame_is_compared_with_the_nearest_decided_one() -> None:
    found = distances_to_decided(line(0, 100, 120, 250), everything(4), mask(4, 0, 2))
    assert found.dtype == np.float32
    assert (found * FULL_DISTANCE).tolist() == pytest.approx([0, 20, 0, 130])


def test_frames_without_a_look_have_no_distance_and_stand_for_nothing() -> None:
    found = distances_to_decided(line(0, 100, 90), np.array([True, True, False]), mask(3, 0, 2))
    assert (found[:2] * FULL_DISTANCE).tolist() == pytest.approx([0, 100])
    assert np.isnan(found[2])


def test_with_nothing_decided_the_mean_stands_for_it() -> None:
    found = distances_to_decided(line(0, 30, 60), everything(3), mask(3))
    assert (found * FULL_DISTANCE).tolist() == pytest.approx([30, 0, 30])
    assert np.isnan(distances_to_decided(line(1, 2), mask(2), everything(2))).all()


def test_no_distance_is_above_one() -> None:
    looks = np.array([[0] * 9, [255] * 9], np.uint8)
    assert distances_to_decided(looks, everything(2), mask(2, 0)).tolist() == [0, 1]


def test_looks_that_are_too_long_to_be_exact_are_refused() -> None:
    with pytest.raises(ValueError, match="128"):
        Distances(np.zeros((1, 128), np.uint8), everything(1))


def test_twins_have_distance_zero_whatever_their_bytes() -> None:
    looks = np.random.default_rng(1).integers(0, 256, (300, 127), np.uint8)
    found = distances_to_decided(np.concatenate([looks, looks]), everything(600), mask(600, *range(300)))
    assert (found == 0).all()


@st.composite
def _histories(draw: st.DrawFn) -> tuple[Looks, NDArray[np.bool_], list[tuple[str, list[int]]]]:
    count = draw(st.integers(1, 12))
    byte = st.integers(0, 4) | st.integers(0, 255)
    looks = draw(st.lists(st.lists(byte, min_size=3, max_size=3), min_size=count, max_size=count))
    known = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    rows = st.lists(st.integers(0, count - 1), max_size=count)
    steps = draw(
        st.lists(
            st.tuples(st.sampled_from(["decided", "replaced", "forgotten", "appended", "stopped"]), rows), max_size=8
        )
    )
    return np.array(looks, np.uint8), np.array(known), steps


@settings(max_examples=300, deadline=None)
@given(_histories())
def test_whatever_happened_the_distances_are_those_of_a_new_start(
    history: tuple[Looks, NDArray[np.bool_], list[tuple[str, list[int]]]],
) -> None:
    looks, known, steps = history
    distances = Distances(looks, known)
    decided = mask(len(looks))
    for what, rows in steps:
        if what == "decided":  # some more, some no longer
            decided = decided.copy()
            decided[rows] ^= True
        elif what == "replaced":
            at = np.unique(np.array(rows, np.int64))
            looks = looks.copy()
            looks[at] = looks[at][:, ::-1] ^ 1
            known = known.copy()
            known[at] = True
            distances.replace(at, looks[at])
        elif what == "forgotten":
            known = known.copy()
            known[rows] = False
            distances.forget(np.array(rows, np.int64))
        elif what == "appended":
            more = looks[rows]
            distances.append(more, known[rows])
            looks, known = np.concatenate([looks, more]), np.concatenate([known, known[rows]])
            decided = np.concatenate([decided, mask(len(rows))])
        else:
            decided = ~decided
            asked = iter([False] * (len(rows) % 3))
            if not distances.update(decided, stop=lambda asked=asked: next(asked, True)):
                continue
        assert distances.update(decided)
        expected = by_pairs(looks, known, decided)
        assert np.allclose(distances.values(), expected, atol=1e-6, equal_nan=True)


def test_a_first_look_at_many_decided_frames_can_be_stopped_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diversity, "_ROWS", 32)
    monkeypatch.setattr(diversity, "_COLUMNS", 16)
    rng = np.random.default_rng(0)
    looks, decided = rng.integers(0, 256, (200, 7), np.uint8), rng.random(200) < 0.5
    distances = Distances(looks, everything(200))
    calls = 0
    for _ in range(1000):
        asked = 0

        def stop() -> bool:
            nonlocal asked
            asked += 1
            return asked > 10

        calls += 1
        if distances.update(decided, stop=stop):
            break
    assert 1 < calls < 20
    assert np.allclose(distances.values(), by_pairs(looks, everything(200), decided), atol=1e-6)


# ------------------------------------------------------------------------------------------------ order
def order_of(scores: NDArray[np.float32], waiting: NDArray[np.bool_]) -> list[int]:
    """Return the waiting rows by falling score, equal ones by position, as the queue sorts them."""
    rows = np.flatnonzero(waiting)
    return rows[np.argsort(-scores[rows], kind="stable")].tolist()


def scored(looks: Looks, decided: NDArray[np.bool_], **how: object) -> tuple[NDArray[np.float32], list[int]]:
    distances = Distances(looks, everything(len(looks)))
    assert distances.update(decided)
    scores = diversity_scores(distances, ~decided, **how)  # type: ignore[arg-type]
    assert scores is not None
    return scores, order_of(scores, ~decided)


def test_the_farthest_comes_first_and_the_next_differs_from_it_too() -> None:
    looks = line(0, 250, 245, 120, 2)  # the first is decided
    scores, order = scored(looks, mask(5, 0))
    # 245 is farther from what is decided than 120, but next to 250, which comes before.
    assert order == [1, 3, 2, 4]
    assert (scores[order] * FULL_DISTANCE).tolist() == pytest.approx([250, 120, 5, 2], abs=1e-3)


def test_near_duplicates_come_last_and_frames_without_a_look_before_them() -> None:
    looks = line(0, 3, 200, 9, 140)
    known = np.array([True, True, True, False, True])
    distances = Distances(looks, known)
    distances.update(mask(5, 0))
    scores = diversity_scores(distances, ~mask(5, 0))
    assert scores is not None
    assert order_of(scores, ~mask(5, 0)) == [2, 4, 3, 1]
    assert scores[3] == np.float32(NEAR_DUPLICATE)
    assert scores[1] < NEAR_DUPLICATE < scores[4]


def test_with_nothing_decided_the_most_usual_frame_comes_first() -> None:
    scores, order = scored(line(0, 110, 90, 200), mask(4))
    assert order[0] == 1  # the mean is 100: two are as close, and the first of them is taken
    assert order[1:] == [0, 3, 2]
    assert scores[1] == 1


def test_deciding_the_first_of_the_queue_leaves_the_rest_in_order() -> None:
    looks = np.random.default_rng(5).integers(0, 256, (60, 11), np.uint8)
    decided = mask(60, 7)
    order = scored(looks, decided, head=60)[1]
    while len(order) > 1:
        decided[order[0]] = True
        later = scored(looks, decided, head=60)[1]
        assert later == order[1:]
        order = later


def test_equal_frames_stay_in_natural_order() -> None:
    assert scored(line(*[200] * 5, 0), mask(6, 5))[1] == [0, 1, 2, 3, 4]
    assert scored(line(*[9] * 5), mask(5, 2))[1] == [0, 1, 3, 4]


def test_nothing_waits_or_nothing_is_known() -> None:
    distances = Distances(line(1, 2), mask(2))
    assert diversity_scores(distances, everything(2)) == pytest.approx([NEAR_DUPLICATE] * 2)
    assert len(scored(line(1, 2), everything(2))[1]) == 0
    empty = Distances(np.zeros((0, 4), np.uint8), mask(0))
    assert empty.update(mask(0))
    assert diversity_scores(empty, mask(0)).tolist() == []  # type: ignore[union-attr]


def slowly(looks: Looks, decided: NDArray[np.bool_], head: int) -> list[int]:
    """Farthest first, as it is written in the books."""
    squares = [
        min(int(((looks[row].astype(int) - looks[other]) ** 2).sum()) for other in np.flatnonzero(decided))
        for row in range(len(looks))
    ]
    waiting = np.flatnonzero(~decided).tolist()
    picked: list[int] = []
    for _ in range(min(head, len(waiting))):
        best = max(waiting, key=lambda row: squares[row])
        picked.append(best)
        waiting.remove(best)
        squares = [
            min(square, int(((looks[row].astype(int) - looks[best]) ** 2).sum())) for row, square in enumerate(squares)
        ]
    return picked + sorted(waiting, key=lambda row: (-squares[row], row))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 60), st.integers(1, 30), st.integers(1, 16))
def test_the_order_is_farthest_first(seed: int, count: int, head: int, pool: int) -> None:
    rng = np.random.default_rng(seed)
    looks = rng.integers(0, 120, (count, 5), np.uint8)
    decided = mask(count, *rng.choice(count, rng.integers(1, count), replace=False))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diversity, "_POOL", pool)  # so that it has to grow
        scores, order = scored(looks, decided, head=head)
    expected = slowly(looks, decided, head)
    squares = {row: scores[row] for row in expected}
    # Equal distances may be met in any order; what they are is the same at each place.
    assert [squares[row] for row in order] == pytest.approx(sorted(squares.values(), reverse=True))
    assert _profile(looks, decided, order, head) == _profile(looks, decided, expected, head)


def _profile(looks: Looks, decided: NDArray[np.bool_], order: list[int], head: int) -> list[int]:
    """Return how far each of the first frames was from all before it."""
    before = looks[decided].astype(int).tolist()
    found = []
    for row in order[:head]:
        found.append(min(int(((looks[row].astype(int) - other) ** 2).sum()) for other in np.array(before)))
        before.append(looks[row].astype(int).tolist())
    return found


def test_scoring_can_be_stopped() -> None:
    distances = Distances(line(1, 200, 90), everything(3))
    distances.update(mask(3, 0))
    assert diversity_scores(distances, ~mask(3, 0), stop=lambda: True) is None


def test_many_frames_are_quick() -> None:
    """Generous, for a busy machine: about 3 ms for one more decided frame, 0.1 s for the scores."""
    rng = np.random.default_rng(0)
    looks = rng.integers(90, 166, (100_000, 57), np.uint8)
    distances = Distances(looks, everything(100_000))
    decided = mask(100_000, 5)
    distances.update(decided)

    def decide_one() -> None:
        decided[rng.integers(100_000)] = True
        distances.update(decided)

    assert min(_seconds(decide_one) for _ in range(5)) < 0.03
    assert _seconds(lambda: diversity_scores(distances, ~decided)) < 3


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start

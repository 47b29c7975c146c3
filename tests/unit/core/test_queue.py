"""The order of review: natural order, undecided first, with a reason for each place."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoanno_gui.core.frame_list import STATE_NUMBER, STATES, FrameList
from autoanno_gui.core.queue import QueueReason, order
from autoanno_gui.core.records import Frame, FrameState

U, A, E, R, H, D, F = (
    FrameState.UNDECIDED,
    FrameState.ACCEPTED,
    FrameState.EDITED,
    FrameState.REJECTED,
    FrameState.HAND_LABELLED,
    FrameState.DEFERRED,
    FrameState.FAILED,
)
columns = st.lists(st.tuples(st.sampled_from(STATES), st.booleans()), max_size=40)


def test_undecided_then_put_off_then_failed_then_rejected_then_the_other_decided_ones() -> None:
    states = [H, R, F, U, D, A, U, E, F, R, D]
    found = order(states, [True] * len(states))
    assert found.positions.tolist() == [3, 6, 4, 10, 2, 8, 1, 9, 0, 5, 7]
    assert [found.reason(place) for place in range(len(found))] == [
        *[QueueReason.COVERAGE] * 2,
        *[QueueReason.DEFERRED] * 2,
        *[QueueReason.FAILED] * 2,
        *[QueueReason.REJECTED] * 2,
        *[QueueReason.DECIDED] * 3,
    ]
    assert found.scores.tolist() == [0.0] * 11


def test_an_undecided_frame_without_a_prediction_keeps_its_place_and_says_so() -> None:
    found = order([U, U, R, U], [True, False, False, True])
    assert found.positions.tolist() == [0, 1, 3, 2]
    assert [str(found.reason(place)) for place in range(4)] == ["coverage", "unpredicted", "coverage", "rejected"]


def test_no_frames() -> None:
    found = order([], [])
    assert len(found) == 0
    assert found.positions.dtype == np.int32


def test_the_columns_of_a_frame_list_are_taken_as_they_are() -> None:
    frames = FrameList()
    frames.extend([Frame(7, "a.jpg", state=A, run_frame_id=1), Frame(5, "b.jpg"), Frame(6, "c.jpg", run_frame_id=2)])
    found = order(frames.states, frames.predicted)
    assert [frames.at(int(position)).id for position in found.positions] == [5, 6, 7]
    assert found.reason(0) is QueueReason.UNPREDICTED
    assert frames.states.tolist() == [STATE_NUMBER[A], STATE_NUMBER[U], STATE_NUMBER[U]]


def test_columns_of_unequal_length_are_a_bug() -> None:
    with pytest.raises(ValueError, match="2 states but 1"):
        order([U, U], [True])


@given(columns)
def test_the_order_is_a_permutation_and_stable(rows: list[tuple[FrameState, bool]]) -> None:
    states, predicted = [state for state, _ in rows], [known for _, known in rows]
    found = order(states, predicted)
    assert sorted(found.positions.tolist()) == list(range(len(rows)))
    for state in STATES:
        places = [int(position) for position in found.positions if states[position] is state]
        assert places == sorted(places)
    undecided = [states[position] is U for position in found.positions]
    assert undecided == sorted(undecided, reverse=True)


@given(columns)
def test_numbers_and_states_give_the_same_order(rows: list[tuple[FrameState, bool]]) -> None:
    states, predicted = [state for state, _ in rows], [known for _, known in rows]
    by_state = order(states, predicted)
    by_number = order(np.array([STATE_NUMBER[state] for state in states], np.uint8), np.array(predicted, np.bool_))
    assert by_state.positions.tolist() == by_number.positions.tolist()
    assert by_state.reasons.tolist() == by_number.reasons.tolist()


def test_natural_order_holds_inside_each_state_of_a_large_folder() -> None:
    states = np.random.default_rng(1).integers(0, len(STATES), 100_000).astype(np.uint8)
    positions = order(states, np.ones(100_000, np.bool_)).positions
    for number in range(len(STATES)):
        assert np.array_equal(positions[states[positions] == number], np.flatnonzero(states == number))


def test_a_hundred_thousand_frames_take_milliseconds() -> None:
    rng = np.random.default_rng(0)
    states = rng.integers(0, len(STATES), 100_000).astype(np.uint8)
    predicted = rng.random(100_000) < 0.5
    taken = []
    for _ in range(5):
        start = time.process_time()
        order(states, predicted)
        taken.append(time.process_time() - start)
    assert min(taken) < 0.03

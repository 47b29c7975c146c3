"""Finding the next frames in a long queue, and new orders around what the reviewer has under the hands."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from autoanno_gui.core.queue import REASON_NUMBER, QueueOrder, QueueReason, in_random_stream, order
from autoanno_gui.core.queue_settings import OrderName, QueueSettings
from autoanno_gui.core.records import Frame, FrameState
from autoanno_gui.review.frame_queue import LOOK_AHEAD, FrameQueue
from tests.unit.core.queue_kit import apart, index_of

COUNT = 5_000


@pytest.fixture(scope="module")
def queue() -> FrameQueue:
    """Frames of which the first 3,000 in the queue are undecided but for a few, and then hardly any."""
    chance = random.Random(3)
    made = FrameQueue()
    made.take_frames(Frame(number, f"{number}.jpg") for number in range(COUNT))
    for number in range(COUNT):
        if chance.random() < (0.01 if number < 3_000 else 0.999):
            made.frames.update(Frame(number, f"{number}.jpg", state=FrameState.ACCEPTED))
    return made


@pytest.mark.parametrize("place", [-1, 0, 255, 256, 257, 2_999, 3_000, 4_990, COUNT - 1])
@pytest.mark.parametrize("wrap", [True, False])
@pytest.mark.parametrize("state", [FrameState.UNDECIDED, FrameState.ACCEPTED, FrameState.DEFERRED])
def test_following_frames_are_the_nearest_in_their_state(
    queue: FrameQueue, place: int, wrap: bool, state: FrameState
) -> None:
    behind = list(range(place + 1, COUNT)) + (list(range(max(place, 0))) if wrap else [])
    wanted = [at for at in behind if queue.at(at).state is state]
    for count in (1, 5, 400):
        assert queue.following(place, state, count=count, wrap=wrap) == wanted[:count]


# ---------------------------------------------------------------------------------------------------- new orders
U, A = FrameState.UNDECIDED, FrameState.ACCEPTED


def frame(number: int, state: FrameState = U) -> Frame:
    return Frame(number, f"{number}.jpg", state=state, run_frame_id=number)


def queue_of(count: int) -> FrameQueue:
    """Return frames 0, 1, ..., sorted once in the order of their numbers; their id is their number."""
    made = FrameQueue()
    made.take_frames(frame(number) for number in range(count))
    made.take_order(arranged(range(count)))
    return made


def arranged(positions: Iterable[int], reason: QueueReason = QueueReason.COVERAGE) -> QueueOrder:
    """Return an order of these positions; each frame's score is its position."""
    found = np.array(list(positions), np.int32)
    reasons = np.full(len(found), REASON_NUMBER[reason], np.uint8)
    return QueueOrder(found, reasons, found.astype(np.float32))


def ids(queue: FrameQueue) -> list[int]:
    """Return the frames in the order of review, and check that each is where it is said to be."""
    found = [queue.at(place).id for place in range(len(queue))]
    assert [queue.place_of(frame_id) for frame_id in found] == list(range(len(queue)))
    assert sorted(found) == sorted(one.id for one in queue.frames)
    return found


def decide(queue: FrameQueue, frame_id: int, state: FrameState = A) -> None:
    """Open a frame and decide it."""
    queue.opened(frame_id)
    queue.frames.update(replace(queue.frames.get(frame_id), state=state))


def test_before_anything_is_known_frames_stand_in_the_order_of_names_the_undecided_first() -> None:
    made = FrameQueue()
    made.take_frames([frame(0, A), frame(1)])
    made.take_frames([frame(2, A), frame(3)])
    assert ids(made) == [1, 3, 0, 2]


def test_nothing_keeps_its_place_while_nobody_looked_at_anything() -> None:
    made = queue_of(6)
    assert made.take_order(arranged([5, 3, 1, 0, 2, 4]))
    assert ids(made) == [5, 3, 1, 0, 2, 4]
    assert not made.take_order(arranged([5, 3, 1, 0, 2, 4]))


def test_what_is_open_and_what_comes_next_keep_their_places_under_a_new_order() -> None:
    made = queue_of(20)
    decide(made, 0)
    decide(made, 1)
    made.opened(2)
    ahead = made.look_ahead(2, count=LOOK_AHEAD)
    made.take_order(arranged([*reversed(range(2, 20)), 0, 1]))
    found = ids(made)
    assert found[:3] == [0, 1, 2]
    assert found[3 : 3 + LOOK_AHEAD] == list(range(3, 3 + LOOK_AHEAD))
    assert found[3 + LOOK_AHEAD :] == list(reversed(range(3 + LOOK_AHEAD, 20)))
    assert made.look_ahead(2, count=LOOK_AHEAD) == ahead


def test_a_frame_takes_its_reason_and_score_along() -> None:
    made = queue_of(20)
    made.opened(2)
    found = arranged(reversed(range(20)))
    found.reasons[:5] = REASON_NUMBER[QueueReason.BORDERLINE]
    made.take_order(found)
    assert [made.reason_of(frame_id) is QueueReason.BORDERLINE for frame_id in range(20)] == [False] * 15 + [True] * 5
    assert made.scores.tolist() == [float(frame_id) for frame_id in ids(made)]


def test_a_frame_left_undecided_keeps_its_place_behind_the_reviewer() -> None:
    made = queue_of(20)
    for frame_id in (0, 1, 2):
        made.opened(frame_id)
    made.take_order(arranged(reversed(range(20))))
    assert ids(made)[:3] == [0, 1, 2]
    assert made.at(made.following(made.place_of(2), U)[0]).id == 3


def test_frames_that_came_while_the_order_was_made_stand_at_its_end() -> None:
    made = queue_of(5)
    made.take_frames([frame(5), Frame(6, "6.jpg")])
    assert ids(made) == [0, 1, 2, 3, 4, 5, 6]
    made.take_order(arranged([4, 3, 2, 1, 0]))
    assert ids(made) == [4, 3, 2, 1, 0, 5, 6]
    assert made.reason_of(5) is QueueReason.COVERAGE
    assert made.reason_of(6) is QueueReason.UNPREDICTED


def test_another_order_that_was_asked_for_begins_right_behind_what_was_open() -> None:
    made = queue_of(20)
    for frame_id in (0, 7, 3):
        made.opened(frame_id)
    made.take_order(arranged(reversed(range(20))), restart=True)
    assert ids(made) == [0, 3, 7, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 6, 5, 4, 2, 1]


def test_in_the_order_of_names_frames_stay_among_their_neighbours_whatever_is_decided() -> None:
    made = FrameQueue()
    made.take_frames([frame(0, A), *(frame(number) for number in range(1, 8))])
    decide(made, 3)
    made.opened(4)
    settings = QueueSettings(OrderName.NATURAL)
    made.take_order(order(made.columns(by_name=True), settings=settings), by_name=True)
    assert ids(made) == [1, 2, 3, 4, 5, 6, 7, 0]
    assert made.columns(by_name=False).states.tolist()[3] != made.columns(by_name=True).states.tolist()[3]


def test_names_that_turn_out_to_stand_otherwise_change_nothing_in_the_queue() -> None:
    made = queue_of(8)
    decide(made, 0)
    made.opened(1)
    made.take_order(arranged([*reversed(range(8))]))
    before, shown = ids(made), made.reason_of(3)
    generation = made.frames.generation
    made.take_frames([], order=[7, 0, 6, 1, 5, 2, 4, 3])
    assert ids(made) == before
    assert made.frames.generation == generation + 1
    assert [one.id for one in made.frames] == [7, 0, 6, 1, 5, 2, 4, 3]
    assert made.reason_of(3) is shown
    # What was open is still known by its frame, not by its number in the order of names.
    made.take_order(arranged(range(8)), restart=True)
    assert ids(made)[:2] == [0, 1]


@pytest.mark.parametrize("sorted_before", [True, False])
def test_new_frames_and_another_order_of_names_at_once(sorted_before: bool) -> None:
    made = queue_of(3) if sorted_before else FrameQueue()
    if not sorted_before:
        made.take_frames(frame(number) for number in range(3))
    made.opened(1)
    made.take_frames([frame(3, A), frame(4)], order=[4, 0, 3, 1, 2])
    assert ids(made) == ([0, 1, 2, 3, 4] if sorted_before else [4, 0, 1, 2, 3])
    made.take_order(arranged(range(5)), restart=True)
    assert ids(made) == [1, 4, 0, 3, 2]


def test_nothing_at_all_can_be_sorted() -> None:
    made = FrameQueue()
    made.take_frames([])
    assert not made.take_order(arranged([]))
    assert made.first() is None


def test_frames_that_the_reviewer_wants_to_go_through_come_before_the_others() -> None:
    made = queue_of(10)
    made.shown = np.isin(np.arange(10), [2, 5, 8])
    assert made.following(5, U, count=10) == [8, 2, 6, 7, 9, 0, 1, 3, 4]
    assert made.following(5, U, count=10, wrap=False) == [8, 6, 7, 9]
    assert made.following(5, U, count=1) == [8]
    assert made.first() == made.frames.get(2)
    made.opened(2)
    assert made.look_ahead(2, count=3)[:3] == [5, 8, 3]
    made.take_order(arranged(reversed(range(10))))
    assert [made.place_of(frame_id) for frame_id in (2, 5, 8)] == [2, 5, 8]


@pytest.mark.parametrize("chosen", [[], [2]])
def test_frames_that_came_after_the_choice_are_among_the_others(chosen: list[int]) -> None:
    made = queue_of(3)
    made.shown = np.isin(np.arange(3), chosen)
    made.take_frames([frame(3)])
    assert sorted(made.following(-1, U, count=9)) == [0, 1, 2, 3]
    empty = FrameQueue()
    empty.shown = np.zeros(0, np.bool_)
    empty.take_frames([frame(0)])
    assert empty.following(-1, U) == [0]


@pytest.mark.parametrize("name", [OrderName.REVIEW, OrderName.UNCERTAIN])
def test_a_whole_review_meets_every_frame_once_and_the_random_stream_once_in_twenty(name: OrderName) -> None:
    """The order is made anew after each decision, and moves all it can."""
    count, chance = 400, np.random.default_rng(5)
    made = FrameQueue()
    made.take_frames(frame(number) for number in range(count))
    settings = QueueSettings(name, seed=7)
    belongs = in_random_stream(made.columns(by_name=False).draws, settings)
    met: list[int] = []
    here = None
    while len(met) < count:
        # Other predictions of all frames, each time.
        index = index_of({number: apart(float(chance.uniform(0.3, 0.7))) for number in range(count)})
        made.take_order(order(made.columns(by_name=False), index, settings=settings))
        if here is None:
            first = made.first()
            assert first is not None
            here = first.id
            made.opened(here)
            made.take_order(order(made.columns(by_name=False), index, settings=settings))
        ahead = [made.at(place).id for place in made.following(made.place_of(here), U, count=LOOK_AHEAD)]
        met.append(here)
        decide(made, here)
        if not ahead:
            break
        here = ahead[0]
        made.opened(here)
    assert sorted(met) == list(range(count))
    places = np.flatnonzero(belongs[met])
    whole = min(len(places), count // 20 - 2)
    # With the frames that were made ready already, one may come that much later.
    late = places[:whole] - np.arange(whole) * 20
    assert late.min() >= 0
    assert late.max() < 20 + 2 * LOOK_AHEAD


def test_a_new_order_of_a_hundred_thousand_frames_takes_milliseconds() -> None:
    made = FrameQueue()
    made.take_frames(frame(number) for number in range(100_000))
    found = arranged(np.random.default_rng(0).permutation(100_000).tolist())
    for number in range(0, 20_000, 2):
        made.opened(number)
    taken = []
    for _ in range(5):
        start = time.process_time()
        made.columns(by_name=False)
        made.take_order(found)
        taken.append(time.process_time() - start)
    assert min(taken) < 0.03

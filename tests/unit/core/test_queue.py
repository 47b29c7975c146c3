"""The order of review: the four steps, the random stream through them, other orders, and a reason for each place."""

from __future__ import annotations

import time
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoanno_gui.core.frame_list import STATE_NUMBER, STATES, FrameList
from autoanno_gui.core.prediction_index import IndexBuilder, PredictionBlock
from autoanno_gui.core.queue import QueueOrder, QueueReason, order
from autoanno_gui.core.queue_settings import OrderName, QueueSettings
from autoanno_gui.core.records import Frame, FrameState, Thresholds
from tests.unit.core.queue_kit import Found, apart, columns, index_of, reasons

U, A, E, R, H, D, F = (
    FrameState.UNDECIDED,
    FrameState.ACCEPTED,
    FrameState.EDITED,
    FrameState.REJECTED,
    FrameState.HAND_LABELLED,
    FrameState.DEFERRED,
    FrameState.FAILED,
)
SURE = apart(0.95)
BOX, SAME_BOX = (0, 0, 100, 100), (2, 1, 101, 100)


def review(*frames: list[Found] | None, **how: object) -> QueueOrder:
    """Sort frames 0, 1, ... with these predictions, None: not predicted; without the random stream unless asked for."""
    index = index_of({at: found for at, found in enumerate(frames) if found is not None})
    known = [at for at, found in enumerate(frames) if found is not None]
    return order(columns(len(frames), predicted=known), index, **({"checks": False} | how))  # type: ignore[arg-type]


def by_name(name: OrderName, *frames: list[Found] | None, **how: object) -> list[int]:
    return review(*frames, settings=QueueSettings(name), **how).positions.tolist()


# ---------------------------------------------------------------------------------------------------- the four steps
def test_frames_with_more_and_more_central_borderline_predictions_come_first() -> None:
    found = review(SURE, apart(0.58), apart(0.5), apart(0.41, 0.59, 0.9), apart(0.45, 0.55))
    assert found.positions.tolist() == [4, 3, 2, 1, 0]
    assert reasons(found) == ["borderline"] * 4 + ["coverage"]
    assert found.scores.tolist() == pytest.approx([3.0, 2.2, 2.0, 1.2, 0.0], abs=1e-5)


def test_crowded_frames_come_next_the_fullest_first() -> None:
    found = review(*[apart(*[0.9] * 3)] * 8, apart(*[0.9] * 20), apart(*[0.9] * 30), apart(0.5))
    assert found.positions[:3].tolist() == [10, 9, 8]
    assert reasons(found) == ["borderline", "crowded", "crowded"] + ["coverage"] * 8
    assert found.scores[1:3].tolist() == [30.0, 20.0]


def test_ambiguous_frames_come_after_the_crowded_ones() -> None:
    close, closer = [Found(0.9, 1, top=((1, 0.9), (2, 0.6)))], [Found(0.9, 1, top=((1, 0.9), (2, 0.8)))]
    found = review(*[SURE] * 6, close, closer, apart(*[0.9] * 9))
    assert found.positions[:3].tolist() == [8, 7, 6]
    assert reasons(found) == ["crowded", "ambiguous", "ambiguous"] + ["coverage"] * 6


def test_models_without_class_scores_say_ambiguous_by_two_boxes_on_one_object() -> None:
    end_to_end = [Found(0.9, 1, BOX), Found(0.7, 2, SAME_BOX)]
    twice_the_same = [Found(0.9, 1, BOX), Found(0.7, 1, SAME_BOX)]
    found = review(SURE, twice_the_same, end_to_end)
    assert found.positions[0] == 2
    assert reasons(found) == ["ambiguous", "coverage", "coverage"]


def test_a_frame_that_belongs_to_several_steps_counts_for_the_first() -> None:
    both = [Found(0.5, 1, top=((1, 0.5), (2, 0.5)))]
    found = review(SURE, [Found(0.9, 1, top=((1, 0.9), (2, 0.9)))], both)
    assert found.positions.tolist() == [2, 1, 0]
    assert reasons(found) == ["borderline", "ambiguous", "coverage"]


def test_equal_frames_and_the_rest_come_at_random_by_the_seed() -> None:
    frames = columns(400)
    index = index_of({at: apart(0.5) if at < 200 else SURE for at in range(400)})
    one = order(frames, index, checks=False).positions.tolist()
    other = order(frames, index, settings=QueueSettings(seed=1), checks=False).positions.tolist()
    for found in (one, other):
        assert sorted(found[:200]) == list(range(200))
        assert found[:200] != sorted(found[:200])
        assert found[200:] != sorted(found[200:])
    assert one != other
    assert one == order(frames, index, checks=False).positions.tolist()


def test_frames_on_which_the_model_found_nothing_are_the_rest() -> None:
    found = review([], SURE, [])
    assert reasons(found) == ["coverage"] * 3


def test_frames_without_a_prediction_come_last_in_natural_order() -> None:
    found = review(None, None, SURE, None, apart(0.5))
    assert found.positions.tolist() == [4, 2, 0, 1, 3]
    assert reasons(found) == ["borderline", "coverage"] + ["unpredicted"] * 3


def test_predictions_that_are_not_read_yet_count_as_none() -> None:
    found = order(columns(3), index_of({1: SURE}), checks=False)
    assert found.positions.tolist() == [1, 0, 2]
    assert reasons(found) == ["coverage", "unpredicted", "unpredicted"]


def test_predictions_that_no_longer_hold_count_as_none() -> None:
    found = order(columns(2, predicted=[0]), index_of({0: SURE, 1: apart(0.5)}), checks=False)
    assert reasons(found) == ["coverage", "unpredicted"]


def test_the_threshold_decides_what_is_crowded() -> None:
    frames = [apart(0.9)] * 9 + [apart(*[0.3] * 12)]
    assert "crowded" not in reasons(review(*frames))
    assert reasons(review(*frames, thresholds=Thresholds(0.2)))[0] == "crowded"


# ---------------------------------------------------------------------------------------------------- states
def test_undecided_then_put_off_then_failed_then_rejected_then_the_other_decided_ones() -> None:
    states = [H, R, F, U, D, A, U, E, F, R, D]
    found = order(columns(len(states), states=states), settings=QueueSettings(OrderName.NATURAL))
    assert found.positions.tolist() == [3, 6, 4, 10, 2, 8, 1, 9, 0, 5, 7]
    assert reasons(found) == [
        *["ordered"] * 2,
        *["deferred"] * 2,
        *["failed"] * 2,
        *["rejected"] * 2,
        *["decided"] * 3,
    ]
    assert found.scores.tolist() == [0.0] * 11


@pytest.mark.parametrize("name", OrderName)
def test_no_frames(name: OrderName) -> None:
    for index in (None, index_of({}), index_of({5: SURE})):
        found = order(columns(0), index, settings=QueueSettings(name))
        assert len(found) == 0
        assert found.positions.dtype == np.int32


def test_the_columns_of_a_frame_list_are_taken_as_they_are() -> None:
    frames = FrameList()
    frames.extend([Frame(7, "a.jpg", state=A, run_frame_id=1), Frame(5, "b.jpg"), Frame(6, "c.jpg", run_frame_id=2)])
    taken = frames.columns()
    found = order(taken)
    assert [frames.at(int(position)).id for position in found.positions] == [5, 6, 7]
    assert found.reason(0) is QueueReason.UNPREDICTED
    frames.update(Frame(5, "b.jpg", state=R, run_frame_id=3))
    assert taken.states.tolist() == [STATE_NUMBER[A], STATE_NUMBER[U], STATE_NUMBER[U]]
    assert taken.predicted.tolist() == [True, False, True]
    assert taken.draws.tolist() == [zlib.crc32(path) for path in (b"a.jpg", b"b.jpg", b"c.jpg")]


# ---------------------------------------------------------------------------------------------------- other orders
def test_natural_order_asks_for_no_predictions() -> None:
    frames = (SURE, None, apart(0.5), None)
    assert by_name(OrderName.NATURAL, *frames) == [0, 1, 2, 3]
    found = review(*frames, settings=QueueSettings(OrderName.NATURAL))
    assert reasons(found) == ["ordered", "unpredicted", "ordered", "unpredicted"]


def test_random_order_is_the_same_whatever_is_predicted() -> None:
    settings = QueueSettings(OrderName.RANDOM, seed=3)
    whole = order(columns(200), index_of(dict.fromkeys(range(200), SURE)), settings=settings).positions.tolist()
    assert whole != sorted(whole)
    assert whole == order(columns(200, predicted=[]), settings=settings).positions.tolist()


def test_by_the_least_certain_candidate() -> None:
    frames = (apart(0.9), apart(0.99, 0.55), [], apart(0.7, 0.2), None)
    assert by_name(OrderName.LEAST_CONFIDENT, *frames) == [1, 3, 0, 2, 4]


def test_by_the_number_of_candidates() -> None:
    assert by_name(OrderName.COUNT, apart(0.9), None, apart(0.9, 0.8), [], apart(0.7, 0.3)) == [2, 0, 4, 3, 1]


def test_by_class() -> None:
    frames = (apart(0.9, class_id=7), apart(0.9, class_id=2), [], apart(0.8, class_id=7), None)
    assert by_name(OrderName.CLASS, *frames) == [1, 0, 3, 2, 4]


def test_by_uncertain_objects_for_each_one_to_look_at() -> None:
    frames = (apart(*[0.95] * 9), apart(0.51, 0.3), [], apart(0.8))
    assert by_name(OrderName.UNCERTAIN, *frames) == [1, 3, 0, 2]


def test_the_most_different_first_and_what_is_not_known_last() -> None:
    distances = np.array([0.2, np.nan, 0.9, 0.5], np.float32)
    assert by_name(OrderName.DIFFERENT, *[SURE] * 4, distances=distances) == [2, 3, 0, 1]
    assert by_name(OrderName.DIFFERENT, *[SURE] * 4) == [0, 1, 2, 3]


@pytest.mark.parametrize("name", OrderName)
def test_until_predictions_are_read_names_take_their_place(name: OrderName) -> None:
    found = order(columns(50, predicted=range(10)), settings=QueueSettings(name), checks=False).positions.tolist()
    assert sorted(found) == list(range(50))
    assert (found == sorted(found)) is (name is not OrderName.RANDOM)


# ---------------------------------------------------------------------------------------------------- the sample
@pytest.mark.parametrize("name", OrderName)
@pytest.mark.parametrize("checks", [True, False])
def test_the_tuning_sample_comes_before_everything_while_it_is_undecided(name: OrderName, checks: bool) -> None:
    index = index_of({at: apart(0.5) for at in range(300)})
    sample = range(0, 300, 10)
    frames = columns(300, states=[A] * 11, predicted=range(150))
    found = order(frames, index, settings=QueueSettings(name), checks=checks, first=[*sample, 999])
    wanted = {at for at in sample if at > 10}
    assert set(found.positions[: len(wanted)].tolist()) == wanted
    assert reasons(found)[: len(wanted)] == ["tuning"] * len(wanted)
    assert "tuning" not in reasons(found)[len(wanted) :]


@pytest.mark.parametrize("name", OrderName)
@pytest.mark.parametrize("checks", [True, False])
def test_the_trial_comes_before_the_sample(name: OrderName, checks: bool) -> None:
    index = index_of({at: apart(0.5) for at in range(300)})
    trial, sample = (290, 200, 3, 150), (1, 150, 250)
    frames = columns(300, states=[A] * 4)
    found = order(frames, index, settings=QueueSettings(name), checks=checks, first=sample, trial=trial)
    assert set(found.positions[:3].tolist()) == {150, 200, 290}
    assert found.positions[3] == 250
    assert reasons(found)[:4] == ["measure"] * 3 + ["tuning"]
    assert "measure" not in reasons(found)[3:]


# ---------------------------------------------------------------------------------------------------- properties
predictions = st.one_of(
    st.none(),
    st.lists(
        st.builds(
            Found,
            st.integers(5, 100).map(lambda percent: percent / 100),
            st.integers(-1, 3),
            st.sampled_from([BOX, SAME_BOX, (300.0, 0.0, 400.0, 100.0)]),
        ),
        max_size=12,
    ),
)
folders = st.lists(st.tuples(st.sampled_from(STATES), predictions), max_size=40)
settings_of = st.builds(
    QueueSettings, order=st.sampled_from(OrderName), seed=st.integers(), audit_every=st.integers(2, 9)
)


@given(folders, settings_of, st.booleans(), st.sets(st.integers(0, 45), max_size=5))
def test_every_frame_appears_exactly_once(
    rows: list[tuple[FrameState, list[Found] | None]], settings: QueueSettings, checks: bool, first: set[int]
) -> None:
    index = index_of({at: found for at, (_, found) in enumerate(rows) if found is not None})
    frames = columns(
        len(rows),
        states=[state for state, _ in rows],
        predicted=[at for at, (_, found) in enumerate(rows) if found is not None],
    )
    found = order(frames, index, settings=settings, checks=checks, first=first)
    assert sorted(found.positions.tolist()) == list(range(len(rows)))
    assert (
        found.positions.tolist()
        == order(frames, index, settings=settings, checks=checks, first=first).positions.tolist()
    )
    # The undecided ones first, then the ranks of the other states, each in natural order.
    rank = {U: 0, D: 1, F: 2, R: 3, A: 4, E: 4, H: 4}
    ranks = [rank[rows[at][0]] for at in found.positions]
    assert ranks == sorted(ranks)
    for number in range(1, 5):
        places = [int(at) for at in found.positions if rank[rows[at][0]] == number]
        assert places == sorted(places)


# ---------------------------------------------------------------------------------------------------- speed
def many_predictions(frames: int, *, each: int) -> PredictionBlock:
    rng = np.random.default_rng(0)
    rows = frames * each
    confidences = np.sort((0.05 + 0.95 * rng.random((frames, each)) ** 3).astype(np.float32), axis=1)[:, ::-1]
    corners = rng.uniform(0, 900, (rows, 2))
    classes = rng.integers(0, 80, rows).astype(np.int32)
    scores = np.stack([confidences.ravel(), confidences.ravel() * rng.random(rows), np.zeros(rows)], axis=1)
    return PredictionBlock(
        frame_ids=np.arange(frames),
        run_frame_ids=np.arange(frames),
        sizes=np.full((frames, 2), 1000, np.int32),
        counts=np.full(frames, each, np.int32),
        boxes=np.concatenate([corners, corners + 60], axis=1).astype(np.float32),
        confidences=confidences.ravel().copy(),
        classes=classes,
        top_classes=np.stack([classes, (classes + 1) % 80, np.full(rows, -1)], axis=1).astype(np.int32),
        top_scores=scores.astype(np.float32),
    )


def test_a_hundred_thousand_frames_with_three_million_predictions_are_sorted_in_a_moment() -> None:
    builder = IndexBuilder()
    builder.add(many_predictions(100_000, each=30))
    index = builder.snapshot()
    frames = columns(100_000)
    taken = []
    for name in (OrderName.REVIEW, OrderName.UNCERTAIN, OrderName.CLASS):
        start = time.process_time()
        found = order(frames, index, settings=QueueSettings(name))
        taken.append(time.process_time() - start)
        assert np.array_equal(np.sort(found.positions), np.arange(100_000))
    assert max(taken) < 3.0


def test_the_order_of_names_takes_milliseconds() -> None:
    rng = np.random.default_rng(0)
    frames = replace(columns(100_000), states=rng.integers(0, len(STATES), 100_000).astype(np.uint8))
    taken = []
    for _ in range(5):
        start = time.process_time()
        order(frames, checks=False)
        taken.append(time.process_time() - start)
    assert min(taken) < 0.05

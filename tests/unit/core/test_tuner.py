"""What each threshold would have cost, and which one to take."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoanno_gui.core.box import Box
from autoanno_gui.core.class_tuner import ClassThreshold, class_thresholds
from autoanno_gui.core.keystrokes import ACTS, Act, ActCosts
from autoanno_gui.core.records import Thresholds
from autoanno_gui.core.review_costs import TunedFrame
from autoanno_gui.core.sampling import sample_frames
from autoanno_gui.core.task import Task
from autoanno_gui.core.tuner import THRESHOLDS, Tuning, curve_counts, recommend
from tests.unit.core.builders import BIKE, CAR, FAINT, FAINTER, ROWS, Row, boxes, prediction_rows
from tests.unit.core.builders import document as open_document
from tests.unit.core.builders import predictions as mapped
from tests.unit.core.builders import thresholds as any_thresholds
from tests.unit.core.recount import Truth, recount

CARS, BIKES = 10, 11
TRUTH: Truth = [(CARS, CAR), (BIKES, BIKE), (CARS, FAINT)]
COSTS = ActCosts.keystroke_level()


# --- a recount through a real document --------------------------------------------------------------------------------
def counted(counts: np.ndarray) -> Counter[Act]:
    return Counter({act: int(counts[act]) for act in Act if counts[act]})


def true_objects() -> st.SearchStrategy[Truth]:
    box = st.one_of(
        boxes(low=1),
        st.sampled_from([Box(10, 10, 40, 40), Box(10, 10, 40, 37), Box(10, 10, 40, 30), Box(8, 9, 44, 41)]),
    )
    return st.lists(st.tuples(st.sampled_from([CARS, BIKES]), box), max_size=4)


@given(rows=prediction_rows(max_size=8), truth=true_objects(), limits=any_thresholds())
@settings(max_examples=400, deadline=None)
def test_the_counts_are_those_of_a_review_in_a_document(rows: list[Row], truth: Truth, limits: Thresholds) -> None:
    frame = TunedFrame.of(mapped(rows), truth)
    expected = recount(open_document(rows, thresholds=limits), truth)
    assert counted(frame.counts(limits)) == +expected


@given(rows=prediction_rows(max_size=8), truth=true_objects())
@settings(max_examples=60, deadline=None)
def test_the_curve_equals_a_recount_at_all_thresholds(rows: list[Row], truth: Truth) -> None:
    curve = curve_counts(TunedFrame.of(mapped(rows), truth), ghost_floor=0.15)
    for value, counts in zip(THRESHOLDS, curve, strict=True):
        assert counted(counts) == +recount(open_document(rows, thresholds=Thresholds(value)), truth)


# --- single cases -----------------------------------------------------------------------------------------------------
def count(rows: list[Row], truth: Truth, threshold: float = 0.5) -> Counter[Act]:
    return counted(TunedFrame.of(mapped(rows), truth).counts(Thresholds(threshold)))


def test_a_frame_that_is_right_as_shown_takes_one_key() -> None:
    assert count(ROWS[:2], TRUTH[:2]) == {Act.LOOK: 1, Act.LOOK_AT_OBJECT: 2, Act.DECIDE: 1, Act.ACCEPT: 2}


def test_what_is_below_the_threshold_is_promoted_while_it_is_a_ghost_and_drawn_below_that() -> None:
    found = count(ROWS, [*TRUTH, (CARS, FAINTER)])
    assert (found[Act.PROMOTE], found[Act.DRAW], found[Act.SHOW_GHOSTS]) == (1, 1, 1)


def test_a_prediction_exactly_at_the_threshold_is_a_ghost() -> None:
    rows: list[Row] = [(CAR.as_tuple(), 0.5, 0)]
    assert count(rows, [(CARS, CAR)])[Act.PROMOTE] == 1


def test_a_wrong_class_and_a_wrong_outline_count_in_both() -> None:
    rows: list[Row] = [((10, 10, 50, 34), 0.9, 1)]  # overlaps by 0.8
    found = count(rows, [(CARS, CAR)])
    assert (found[Act.ACCEPT], found[Act.CHANGE_CLASS], found[Act.EDIT]) == (0, 1, 0)
    rows = [((10, 10, 50, 30), 0.9, 1)]  # overlaps by 0.67
    found = count(rows, [(CARS, CAR)])
    assert (found[Act.ACCEPT], found[Act.CHANGE_CLASS], found[Act.EDIT]) == (0, 1, 1)


def test_ghosts_cost_a_look_only_when_something_is_missing() -> None:
    assert count(ROWS, TRUTH[:2])[Act.LOOK_AT_OBJECT] == 2
    assert count(ROWS, TRUTH)[Act.LOOK_AT_OBJECT] == 3


def test_an_empty_frame_shows_its_ghosts_and_asks() -> None:
    assert count(ROWS, [], threshold=0.95) == {Act.LOOK: 1, Act.LOOK_AT_OBJECT: 3, Act.DECIDE: 2}


def test_a_class_that_is_not_mapped_is_not_there() -> None:
    assert count([(CAR.as_tuple(), 0.9, 2)], [(CARS, CAR)]) == {Act.LOOK: 1, Act.DECIDE: 1, Act.DRAW: 1}


# --- the curve and the recommendation ---------------------------------------------------------------------------------
def frame_of(scores_right: list[float], scores_wrong: list[float], drawn: int = 0, model_class: int = 0) -> TunedFrame:
    """Return a frame with right predictions, false ones beside them, and objects that no prediction covers."""
    right = [((10.0 * i, 0.0, 10.0 * i + 8, 8.0), score, model_class) for i, score in enumerate(scores_right)]
    wrong = [((10.0 * i, 20.0, 10.0 * i + 8, 28.0), score, model_class) for i, score in enumerate(scores_wrong)]
    truth = [(CARS + model_class, Box(*box)) for box, _, _ in right]
    truth += [(CARS + model_class, Box(10.0 * i, 60.0, 10.0 * i + 8, 68.0)) for i in range(drawn)]
    return TunedFrame.of(mapped(sorted(right + wrong, key=lambda row: -row[1])), truth)


def tuned(frames: list[TunedFrame], *, seed: int = 0) -> Tuning:
    counts = np.array([curve_counts(frame, ghost_floor=0.15) for frame in frames]).reshape(-1, 19, ACTS)
    return recommend(counts, COSTS, objects=sum(len(frame.true_classes) for frame in frames), seed=seed)


def some_frames(n: int = 20) -> list[TunedFrame]:
    """Right objects above 0.4, wrong ones up to 0.35."""
    rng = np.random.default_rng(3)
    return [frame_of(list(rng.uniform(0.4, 1, 4)), list(rng.uniform(0.05, 0.35, 12))) for _ in range(n)]


def test_it_takes_the_threshold_that_divides_right_from_wrong() -> None:
    found = tuned(some_frames())
    assert found.recommended in (0.35, 0.4)
    assert found.enough
    assert found.interval[0] <= found.recommended <= found.interval[1]
    assert str(found.recommended) in found.finding


def test_a_point_of_the_curve_adds_up() -> None:
    found = tuned(some_frames())
    for point in found.curve:
        assert sum(point.parts) == pytest.approx(point.seconds)
        assert point.interval[0] <= point.seconds <= point.interval[1]
        assert point.counts["accepted"] + point.counts["promoted"] + point.counts["drawn"] == found.objects
    row = found.curve[9].to_json()
    assert row["threshold"] == 0.5
    assert row["delete_seconds"] == 0.0
    assert row["promoted"] > 0


def test_equal_seeds_give_equal_answers() -> None:
    frames = some_frames()
    assert tuned(frames, seed=4) == tuned(frames, seed=4)


def test_a_flat_curve_says_so() -> None:
    found = tuned([frame_of([0.98] * 5, [], drawn=3) for _ in range(20)])
    assert found.flat
    assert found.enough
    assert "flat" in found.finding
    assert not tuned(some_frames()).flat


def test_few_frames_are_too_few() -> None:
    found = tuned(some_frames(5))
    assert not found.enough
    assert "too few" in found.finding


def test_frames_that_say_different_things_are_too_few() -> None:
    rng = np.random.default_rng(0)
    frames = [frame_of([0.9], list(rng.uniform(0.5, 0.9, 18))) for _ in range(2)]
    frames += [frame_of(list(rng.uniform(0.2, 0.4, 9)), []) for _ in range(8)]
    found = tuned(frames)
    assert not found.enough
    assert found.interval[1] - found.interval[0] >= 0.2
    assert "too few" in found.finding


def test_frames_without_objects_tell_nothing() -> None:
    for frames in ([], [frame_of([], [0.3]) for _ in range(20)]):
        found = tuned(frames)
        assert not found.enough
        assert "no object" in found.finding


# --- single classes ---------------------------------------------------------------------------------------------------
def per_class(frames: list[TunedFrame], common: float) -> tuple[ClassThreshold, ...]:
    steps = class_thresholds(frames, Thresholds(common), COSTS)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def test_a_class_with_another_optimum_gets_its_own_threshold() -> None:
    rng = np.random.default_rng(1)
    frames = [frame_of(list(rng.uniform(0.5, 1, 4)), list(rng.uniform(0.05, 0.45, 4))) for _ in range(20)]
    frames += [
        frame_of(list(rng.uniform(0.8, 1, 3)), list(rng.uniform(0.5, 0.75, 6)), model_class=1) for _ in range(20)
    ]
    (found,) = per_class(frames, 0.5)
    assert found.class_id == BIKES
    assert 0.7 <= found.threshold <= 0.8
    assert found.objects == 60
    assert found.gain > 0.0


@pytest.mark.parametrize("seed", range(5))
def test_no_class_gets_one_where_all_are_alike(seed: int) -> None:
    rng = np.random.default_rng(seed)
    frames = [
        frame_of(list(rng.uniform(0.3, 1, 3)), list(rng.uniform(0.05, 0.7, 4)), model_class=at % 2) for at in range(20)
    ]
    best = tuned(frames).recommended
    assert best is not None
    assert all(one.gain > 0.05 for one in per_class(frames, best))
    assert len(per_class(frames, best)) <= 1


def test_chance_alone_hardly_ever_gives_a_class_a_threshold() -> None:
    lucky = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        frames = [
            frame_of(list(rng.uniform(0.1, 1, 3)), list(rng.uniform(0.05, 0.9, 4)), model_class=at % 2)
            for at in range(10)
        ]
        best = tuned(frames).recommended
        assert best is not None
        lucky += bool(per_class(frames, best))
    assert lucky <= 2


def test_few_objects_of_a_class_do_not_carry_a_threshold() -> None:
    frames = [frame_of([0.9], [0.7] * 5, model_class=1) for _ in range(9)]
    assert per_class(frames, 0.5) == ()


# --- the sample -------------------------------------------------------------------------------------------------------
def test_a_sample_is_drawn_from_all_layers() -> None:
    # Numbers that have nothing to do with the order of the frames.
    counts = {frame_id: frame_id * 7919 % 1000 // 10 for frame_id in range(1, 1001)}
    sample = sample_frames(counts, seed=5)
    assert len(set(sample)) == 20
    assert sample == sample_frames(dict(reversed(counts.items())), seed=5)
    assert sample != sample_frames(counts, seed=6)
    layers = sorted(counts[frame_id] // 5 for frame_id in sample)
    assert all(abs(layer - at) <= 1 for at, layer in enumerate(layers))


def test_every_frame_has_the_same_chance() -> None:
    counts = {frame_id: 0 if frame_id < 40 else 5 for frame_id in range(60)}
    drawn = Counter(frame_id for seed in range(600) for frame_id in sample_frames(counts, seed=seed))
    assert set(drawn) == set(counts)
    assert min(drawn.values()) > 140
    assert max(drawn.values()) < 260


def test_of_few_frames_all_are_taken() -> None:
    assert sample_frames({3: 1, 1: 2}) == (1, 3)
    assert sample_frames({}) == ()


# --- costs ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("task", Task)
def test_what_is_more_than_a_box_takes_longer_to_draw(task: Task) -> None:
    costs = ActCosts.keystroke_level(task, keypoints=17)
    assert costs.seconds[Act.DRAW] >= COSTS.seconds[Act.DRAW]
    assert len(costs.seconds) == len(costs.actions) == ACTS


def test_a_review_costs_what_its_acts_cost() -> None:
    counts = np.zeros(ACTS, np.int64)
    counts[[Act.LOOK, Act.DECIDE, Act.LOOK_AT_OBJECT, Act.DELETE]] = 1, 1, 3, 1
    assert COSTS.seconds_of(counts) == pytest.approx(1.2 + 0.28 + 0.9 + 1.35 + 0.56)
    assert COSTS.actions_of(counts) == 3

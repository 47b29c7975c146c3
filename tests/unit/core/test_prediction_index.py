"""The columnar index: what is added, replaced, forgotten and judged, and that a snapshot never changes."""

from __future__ import annotations

import numpy as np
import pytest

from autoanno_gui.core.prediction_index import UNMAPPED, IndexBuilder, Judged, PredictionIndex
from autoanno_gui.core.records import Thresholds
from tests.unit.core.queue_kit import HEIGHT, WIDTH, Found, apart, block, index_of

BOX, SAME_BOX, OTHER_BOX = (0, 0, 100, 100), (2, 1, 101, 100), (300, 0, 400, 100)


def confidences(index: PredictionIndex, frame_id: int) -> list[float]:
    """Return those of one frame, in two digits."""
    at = index.frame_ids.tolist().index(frame_id)
    start, count = int(index.starts[at]), int(index.counts[at])
    assert (index.frame_of_row[start : start + count] == at).all()
    return [round(value, 2) for value in index.confidences[start : start + count].tolist()]


def judged(index: PredictionIndex, frame_id: int) -> list[Judged]:
    at = index.frame_ids.tolist().index(frame_id)
    start, count = int(index.starts[at]), int(index.counts[at])
    return [Judged(value) for value in index.judged[start : start + count].tolist()]


def copy_of(index: PredictionIndex) -> dict[str, list[object]]:
    return {name: getattr(index, name).tolist() for name in PredictionIndex.__slots__}


def runner_up(*found: Found) -> tuple[int, float]:
    """Return class and ratio of what comes next to the surest prediction of a frame."""
    index = index_of({1: found})
    return int(index.seconds[0]), round(float(index.ratios[0]), 3)


# ---------------------------------------------------------------------------------------------------- what is held
def test_an_empty_index_has_all_its_columns() -> None:
    index = IndexBuilder().snapshot()
    assert len(index) == len(index.frame_ids) == 0
    assert index.places.shape == (0, 3)
    assert index.candidates(Thresholds()).tolist() == []
    assert index.at_positions(np.array([1, 2])).tolist() == []


def test_frames_keep_their_predictions_apart_and_empty_ones_are_known() -> None:
    index = index_of({7: apart(0.9, 0.2), 3: [], 5: apart(0.4)})
    assert index.frame_ids.tolist() == [7, 3, 5]
    assert index.run_frame_ids.tolist() == [1007, 1003, 1005]
    assert index.counts.tolist() == [2, 0, 1]
    assert [confidences(index, frame_id) for frame_id in (7, 3, 5)] == [[0.9, 0.2], [], [0.4]]


def test_a_block_of_frames_without_any_prediction() -> None:
    index = index_of({1: [], 2: []})
    assert index.frame_ids.tolist() == [1, 2]
    assert len(index) == 0


def test_newer_predictions_take_the_place_of_the_former_ones() -> None:
    builder = IndexBuilder()
    builder.add(block({1: apart(0.9, 0.8), 2: apart(0.7)}))
    builder.add(block({1: apart(0.3)}))
    builder.add(block({1: apart(0.4, 0.35, 0.1)}))
    index = builder.snapshot()
    assert sorted(index.frame_ids.tolist()) == [1, 2]
    assert confidences(index, 1) == [0.4, 0.35, 0.1]
    assert confidences(index, 2) == [0.7]
    assert len(index) == 4


def test_forgotten_frames_are_gone_and_may_come_again() -> None:
    builder = IndexBuilder()
    builder.add(block({1: apart(0.9), 2: apart(0.7)}))
    builder.forget([1, 99])
    assert builder.snapshot().frame_ids.tolist() == [2]
    builder.forget([2])
    assert len(builder.snapshot()) == 0
    builder.add(block({1: apart(0.5)}))
    assert confidences(builder.snapshot(), 1) == [0.5]


def test_columns_grow_over_many_blocks() -> None:
    builder = IndexBuilder()
    for first in range(0, 600, 3):
        builder.add(block({first + at: apart(*np.linspace(0.9, 0.1, 4 + at)) for at in range(3)}))
    index = builder.snapshot()
    assert index.frame_ids.tolist() == list(range(600))
    assert len(index) == 200 * (4 + 5 + 6)
    assert confidences(index, 599)[0] == 0.9


def test_a_snapshot_stays_as_it_is_whatever_comes_later() -> None:
    builder = IndexBuilder()
    builder.add(block({1: apart(0.9, 0.5), 2: apart(0.7)}))
    builder.judge(1, {0: Judged.ACCEPTED})
    taken = builder.snapshot()
    before = copy_of(taken)
    builder.judge(1, {0: Judged.REJECTED, 1: Judged.EDITED})
    builder.judge(2, {0: Judged.PROMOTED})
    builder.add(block({frame_id: apart(0.6, 0.5, 0.4) for frame_id in range(3, 900)}))
    builder.add(block({1: apart(0.2)}))
    builder.forget([2])
    builder.snapshot()
    assert copy_of(taken) == before


def test_a_snapshot_cannot_be_written_to() -> None:
    index = index_of({1: apart(0.9)})
    with pytest.raises(ValueError, match="read-only"):
        index.confidences[0] = 0.0


# ---------------------------------------------------------------------------------------------------- verdicts
def test_verdicts_stand_by_the_index_of_their_prediction() -> None:
    builder = IndexBuilder()
    builder.add(block({1: apart(0.9), 2: apart(0.8, 0.7, 0.6)}))
    builder.judge(2, {2: Judged.REJECTED, 0: Judged.ACCEPTED})
    index = builder.snapshot()
    assert judged(index, 1) == [Judged.NOT_YET]
    assert judged(index, 2) == [Judged.ACCEPTED, Judged.NOT_YET, Judged.REJECTED]


def test_a_decision_that_is_undone_leaves_no_verdict() -> None:
    builder = IndexBuilder()
    builder.add(block({1: apart(0.9, 0.8)}))
    builder.judge(1, {0: Judged.ACCEPTED, 1: Judged.REJECTED})
    assert judged(builder.snapshot(), 1) == [Judged.ACCEPTED, Judged.REJECTED]
    builder.judge(1, {1: Judged.EDITED})
    assert judged(builder.snapshot(), 1) == [Judged.NOT_YET, Judged.EDITED]
    builder.judge(1, {})
    assert judged(builder.snapshot(), 1) == [Judged.NOT_YET, Judged.NOT_YET]


def test_verdicts_stay_while_other_frames_come_and_go() -> None:
    builder = IndexBuilder()
    builder.add(block({1: apart(0.9), 2: apart(0.8, 0.7), 3: apart(0.6)}))
    builder.judge(2, {1: Judged.EDITED})
    builder.judge(3, {0: Judged.ACCEPTED})
    builder.forget([1])
    builder.add(block({4: apart(0.5)}))
    index = builder.snapshot()
    assert judged(index, 2) == [Judged.NOT_YET, Judged.EDITED]
    assert judged(index, 3) == [Judged.ACCEPTED]
    assert judged(index, 4) == [Judged.NOT_YET]


def test_a_verdict_on_nothing_that_is_there_is_passed_over() -> None:
    builder = IndexBuilder()
    builder.add(block({1: apart(0.9), 2: apart(0.8)}))
    builder.judge(1, {0: Judged.ACCEPTED, 5: Judged.REJECTED})
    builder.judge(77, {0: Judged.ACCEPTED})
    index = builder.snapshot()
    assert judged(index, 1) == [Judged.ACCEPTED]
    assert judged(index, 2) == [Judged.NOT_YET]


# ---------------------------------------------------------------------------------------------------- candidates
def test_a_candidate_lies_strictly_above_the_threshold_of_its_class() -> None:
    index = index_of({1: [Found(0.5, 1), Found(0.51, 1), Found(0.4, 2), Found(0.3, 9)]})
    found = index.candidates(Thresholds(0.5, ((2, 0.35), (9, 0.3), (400, 0.1))))
    by_class = list(zip(index.classes.tolist(), found.tolist(), strict=True))
    # As a float32, 0.3 lies a little above 0.3: as the document counts it.
    assert by_class == [(1, True), (1, False), (2, True), (9, 0.30000001192092896 > 0.3)]


def test_what_is_not_mapped_is_never_a_candidate() -> None:
    index = index_of({1: [Found(0.9, UNMAPPED), Found(0.8, 1)]})
    assert index.candidates(Thresholds(0.1)).tolist() == [False, True]


# ---------------------------------------------------------------------------------------------------- places
def test_places_are_shares_of_the_frame() -> None:
    box = (WIDTH / 2, 0, WIDTH, HEIGHT / 2)
    assert index_of({1: [Found(0.9, box=box)]}).places.tolist() == [[191, 64, 128]]
    over_the_edge = (-50, -50, WIDTH * 2, HEIGHT * 2)
    assert index_of({1: [Found(0.9, box=over_the_edge)]}).places[0, 2] == 255


def test_places_are_in_the_middle_while_the_size_is_not_known() -> None:
    builder = IndexBuilder()
    builder.add(block({1: apart(0.9, 0.8)}, size=(0, 0)))
    assert builder.snapshot().places.tolist() == [[128, 128, 128]] * 2


# ---------------------------------------------------------------------------------------------------- runners-up
def test_the_second_best_of_three_scores_comes_next() -> None:
    assert runner_up(Found(0.6, 1, top=((1, 0.6), (2, 0.45), (3, 0.1)))) == (2, 0.75)


def test_a_class_that_stands_for_the_same_project_class_is_no_rival() -> None:
    assert runner_up(Found(0.6, 1, top=((1, 0.6), (1, 0.5), (3, 0.3)))) == (3, 0.5)


def test_a_class_that_is_not_mapped_is_no_rival() -> None:
    assert runner_up(Found(0.6, 1, top=((1, 0.6), (UNMAPPED, 0.5)))) == (UNMAPPED, 0.0)


def test_without_class_scores_and_overlaps_nothing_comes_next() -> None:
    assert runner_up(Found(0.6, 1)) == (UNMAPPED, 0.0)
    assert runner_up(Found(0.6, 1, BOX), Found(0.5, 2, OTHER_BOX)) == (UNMAPPED, 0.0)
    assert runner_up(Found(0.6, 1, BOX), Found(0.5, 1, SAME_BOX)) == (UNMAPPED, 0.0)


def test_a_box_of_another_class_over_the_same_object_comes_next() -> None:
    assert runner_up(Found(0.6, 1, BOX), Found(0.45, 2, SAME_BOX)) == (2, 0.75)


def test_only_the_surer_of_two_boxes_has_a_rival() -> None:
    index = index_of({1: [Found(0.6, 1, BOX), Found(0.45, 2, SAME_BOX)]})
    assert index.ratios.tolist() == pytest.approx([0.75, 0.0])


def test_the_closest_rival_counts_wherever_it_is_known_from() -> None:
    scores = ((1, 0.6), (4, 0.3))
    first = Found(0.6, 1, BOX, top=scores)
    assert runner_up(first, Found(0.45, 2, SAME_BOX), Found(0.2, 3, BOX)) == (2, 0.75)
    assert runner_up(first, Found(0.2, 3, SAME_BOX)) == (4, 0.5)


def test_boxes_of_two_frames_are_never_one_object() -> None:
    index = index_of({1: [Found(0.6, 1, BOX)], 2: [Found(0.5, 2, BOX)], 3: [Found(0.4, 3, BOX)]})
    assert index.ratios.tolist() == [0.0, 0.0, 0.0]


def test_weak_and_unmapped_boxes_make_nothing_ambiguous() -> None:
    assert runner_up(Found(0.15, 1, BOX), Found(0.12, 2, SAME_BOX)) == (UNMAPPED, 0.0)
    assert runner_up(Found(0.6, 1, BOX), Found(0.5, UNMAPPED, SAME_BOX)) == (UNMAPPED, 0.0)


def test_boxes_without_an_area_are_no_trouble() -> None:
    assert runner_up(Found(0.6, 1, (5, 5, 5, 5)), Found(0.5, 2, (5, 5, 5, 5))) == (UNMAPPED, 0.0)


def test_overlaps_agree_with_looking_at_each_pair() -> None:
    rng = np.random.default_rng(2)
    frames = {}
    for frame_id in range(30):
        corners = rng.integers(0, 3, (12, 2)) * 4
        frames[frame_id] = [
            Found(float(value), int(kind), (x, y, x + 20, y + 20))
            for value, kind, (x, y) in zip(
                np.round(rng.uniform(0.1, 0.9, 12), 3), rng.integers(-1, 3, 12), corners.tolist(), strict=True
            )
        ]
    index = index_of(frames)
    for at, found in enumerate(frames.values()):
        ordered = sorted(found, key=lambda one: -one.confidence)
        for row, one in enumerate(ordered):
            rivals = [
                other.confidence / one.confidence
                for other in ordered[row + 1 :]
                if min(one.class_id, other.class_id) != UNMAPPED
                and one.class_id != other.class_id
                and other.confidence >= 0.125
                and _iou(one, other) >= 0.6
            ]
            assert index.ratios[index.starts[at] + row] == pytest.approx(max(rivals, default=0.0), abs=1e-6)


def _iou(a: Found, b: Found) -> float:
    shared = max(0.0, 20 - abs(a.box[0] - b.box[0])) * max(0.0, 20 - abs(a.box[1] - b.box[1]))
    return shared / (800 - shared)


# ---------------------------------------------------------------------------------------------------- positions
def test_frames_are_found_among_others_in_any_order() -> None:
    index = index_of({5: [], 3: [], 9: []})
    assert index.at_positions(np.array([9, 1, 5, 4])).tolist() == [2, -1, 0]
    assert index.at_positions(np.zeros(0, np.int64)).tolist() == [-1, -1, -1]

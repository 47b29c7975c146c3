"""What the predictions say of each frame, on a few made-up ones."""

from __future__ import annotations

import numpy as np
import pytest

from autoanno_gui.core.prediction_index import UNMAPPED
from autoanno_gui.core.queue_settings import OrderName, QueueSettings
from autoanno_gui.core.queue_tallies import FrameTallies, tally_frames
from autoanno_gui.core.records import Thresholds
from tests.unit.core.queue_kit import Found, apart, index_of

BOX, SAME_BOX = (0, 0, 100, 100), (2, 1, 101, 100)


def tally(
    *frames: list[Found], settings: QueueSettings | None = None, thresholds: Thresholds | None = None
) -> FrameTallies:
    """Return the tallies of frames 0, 1, ..."""
    return tally_frames(
        np.arange(len(frames)),
        index_of(dict(enumerate(frames))),
        settings=settings or QueueSettings(),
        thresholds=thresholds or Thresholds(),
    )


def test_the_middle_of_the_band_counts_double_and_its_edges_once() -> None:
    found = tally(apart(0.5), apart(0.4), apart(0.6), apart(0.45), apart(0.39), apart(0.61), apart(0.4, 0.6))
    assert found.borderline.tolist() == pytest.approx([2.0, 1.0, 1.0, 1.5, 0.0, 0.0, 2.0], abs=1e-5)


def test_the_band_may_lie_elsewhere() -> None:
    settings = QueueSettings(borderline_low=0.2, borderline_high=0.3)
    assert tally(apart(0.25, 0.5), settings=settings).borderline.tolist() == pytest.approx([2.0], abs=1e-5)
    narrow = QueueSettings(borderline_low=0.5, borderline_high=np.nextafter(0.5, 1))
    assert tally(apart(0.5, 0.51), settings=narrow).borderline.tolist() == [2.0]


def test_crowded_is_far_out_of_the_usual_and_more_than_a_handful() -> None:
    frames = [apart(*[0.9] * count) for count in (1, 2, 2, 3, 3, 7, 9)]
    # Quartiles 2 and 5: the fence is at 9.5.
    assert tally(*frames).crowded.tolist() == [False] * 7
    assert tally(*frames, settings=QueueSettings(crowded_spread=0.5)).crowded.tolist() == [False] * 6 + [True]
    low = QueueSettings(crowded_spread=0.5, crowded_least=1)
    assert tally(*frames, settings=low).crowded.tolist() == [False] * 5 + [True, True]


def test_frames_that_are_all_alike_have_no_crowd() -> None:
    assert not tally(*[apart(*[0.9] * 30)] * 10).crowded.any()


def test_a_crowd_is_one_of_candidates() -> None:
    frames = [apart(0.9)] * 9 + [apart(*[0.3] * 40)]
    assert not tally(*frames).crowded.any()
    assert tally(*frames, thresholds=Thresholds(0.2)).crowded.tolist() == [False] * 9 + [True]


def test_ambiguous_is_the_sum_of_how_close_second_classes_come() -> None:
    close, far = ((1, 0.6), (2, 0.48)), ((1, 0.6), (2, 0.2))
    found = tally(
        [Found(0.6, 1, top=close)],
        [Found(0.6, 1, top=far)],
        [Found(0.6, 1, top=close), Found(0.5, 1, (300, 0, 400, 9), top=((1, 0.5), (3, 0.5)))],
        [Found(0.6, 1, BOX), Found(0.45, 2, SAME_BOX)],
        [Found(0.2, 1, top=((1, 0.2), (2, 0.19)))],
        [Found(0.6, UNMAPPED, top=((UNMAPPED, 0.6), (2, 0.5)))],
    )
    assert found.ambiguous.tolist() == pytest.approx([0.8, 0.0, 1.8, 0.75, 0.0, 0.0])


def test_the_least_certain_candidate_counts_not_what_lies_below_the_threshold() -> None:
    found = tally(apart(0.9, 0.7, 0.2), apart(0.2), [])
    assert found.least_confidence.tolist() == pytest.approx([0.7, 1.0, 1.0])


def test_expected_errors_are_false_candidates_and_missed_ghosts_for_each_object_to_look_at() -> None:
    found = tally(apart(0.9, 0.6), apart(0.9, 0.4), apart(0.9, 0.1), [])
    assert found.expected_errors.tolist() == pytest.approx([(0.1 + 0.4) / 3, (0.1 + 0.4) / 2, 0.1 / 2, 0.0])


def test_the_main_class_is_the_most_frequent_one_of_equals_the_first() -> None:
    def of(*classes: int) -> list[Found]:
        return [Found(0.9, class_id, (at * 10, 0, at * 10 + 9, 9)) for at, class_id in enumerate(classes)]

    frames = of(5, 2, 5), of(7, 2), of(), [Found(0.2, 4)]
    assert tally(*frames, settings=QueueSettings(order=OrderName.CLASS)).main_class.tolist() == [5, 2, -1, -1]
    assert tally(*frames).main_class.tolist() == [-1] * 4


def test_frames_without_predictions_are_not_known_and_those_with_none_found_are() -> None:
    ids = np.array([10, 20, 30])
    index = index_of({30: apart(0.9), 10: [], 99: apart(0.5)})
    found = tally_frames(ids, index, settings=QueueSettings(), thresholds=Thresholds())
    assert found.known.tolist() == [True, False, True]
    assert found.candidates.tolist() == [0, 0, 1]
    assert not found.borderline.any()


def test_nothing_at_all() -> None:
    for index in (None, index_of({})):
        found = tally_frames(np.zeros(0, np.int64), index, settings=QueueSettings(), thresholds=Thresholds())
        assert all(len(getattr(found, name)) == 0 for name in FrameTallies.__slots__)
    empty = tally_frames(np.arange(2), None, settings=QueueSettings(), thresholds=Thresholds())
    assert empty.known.tolist() == [False, False]
    assert empty.main_class.tolist() == [-1, -1]

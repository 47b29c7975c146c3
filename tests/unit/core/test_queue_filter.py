"""Which frames the queue is narrowed to by what the model found on them."""

from __future__ import annotations

import time

import numpy as np
import pytest

from autoanno_gui.core.prediction_index import UNMAPPED, IndexBuilder, PredictionIndex
from autoanno_gui.core.queue_filter import QueueFilter, matching
from tests.unit.core.queue_kit import Found, index_of

CAR, DOG = 3, 7


FRAMES = index_of(
    {
        0: [Found(0.9, CAR), Found(0.45, DOG)],
        1: [],
        2: [Found(0.4, DOG)],
        3: [Found(0.3, CAR), Found(0.1, CAR)],
        4: [Found(0.5, UNMAPPED)],
    }
)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (QueueFilter(), [0, 1, 2, 3, 4]),
        (QueueFilter(CAR), [0, 3]),
        (QueueFilter(DOG), [0, 2]),
        (QueueFilter(DOG, 0.41, 1.0), [0]),
        (QueueFilter(CAR, 0.2, 0.5), [3]),
        (QueueFilter(CAR, 0.31, 0.89), []),
        (QueueFilter(None, 0.05, 0.1), [3]),
        (QueueFilter(None, 0.4, 0.6), [0, 2]),
        (QueueFilter(99), []),
    ],
)
def test_one_prediction_of_the_class_within_the_range_is_enough(wanted: QueueFilter, found: list[int]) -> None:
    assert np.flatnonzero(matching(FRAMES, wanted)).tolist() == found


def test_both_bounds_belong_to_the_range() -> None:
    # In single precision 0.4 is a little more and 0.6 a little more than in double.
    for confidence in (0.4, 0.6, 0.7, 0.95):
        at = index_of({0: [Found(confidence, CAR)]})
        assert matching(at, QueueFilter(CAR, confidence, confidence)).all()


def test_only_the_widest_range_of_any_class_is_open() -> None:
    assert QueueFilter().is_open
    assert not QueueFilter(CAR).is_open
    assert not QueueFilter(None, 0.1).is_open
    assert not QueueFilter(None, 0.05, 0.9).is_open


def test_no_frames() -> None:
    assert matching(IndexBuilder().snapshot(), QueueFilter(CAR)).tolist() == []


def test_a_million_predictions_take_no_longer_than_a_blink() -> None:
    rng = np.random.default_rng(0)
    rows = 1_000_000
    many = PredictionIndex(
        **{
            **{name: getattr(FRAMES, name) for name in ("run_frame_ids", "starts", "counts")},
            "frame_ids": np.arange(100_000, dtype=np.int64),
            "confidences": rng.random(rows, np.float32),
            "classes": rng.integers(0, 80, rows).astype(np.int32),
            "seconds": np.zeros(rows, np.int32),
            "ratios": np.zeros(rows, np.float32),
            "places": np.zeros((rows, 3), np.uint8),
            "judged": np.zeros(rows, np.uint8),
            "frame_of_row": np.repeat(np.arange(100_000, dtype=np.int32), 10),
        }
    )
    begun = time.perf_counter()
    matching(many, QueueFilter(CAR, 0.4, 0.6))
    assert time.perf_counter() - begun < 0.5

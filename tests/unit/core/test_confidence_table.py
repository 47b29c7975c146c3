"""The histogram counts as candidates exactly what the document counts, at every step of the threshold."""

from __future__ import annotations

import numpy as np
import pytest

from autoanno_gui.core.confidence_table import BINS, EDGES, ConfidenceTable
from autoanno_gui.core.document import Document
from autoanno_gui.core.prediction_index import UNMAPPED, IndexBuilder, Judged
from autoanno_gui.core.predictions import FramePredictions
from autoanno_gui.core.records import Thresholds
from autoanno_gui.core.review_objects import MappedPredictions, Role
from tests.unit.core.queue_kit import Found, apart, block, index_of

STEPS = [round(0.05 + step / 100, 2) for step in range(96)]


def document_candidates(values: list[float], thresholds: Thresholds) -> int:
    """Return how many predictions of class 1 the document shows as candidates."""
    n = len(values)
    raw = FramePredictions(
        np.zeros((n, 4), np.float32),
        np.array(values, np.float32),
        np.zeros(n, np.int32),
        np.full((n, 3), -1, np.int32),
        np.zeros((n, 3), np.float32),
    )
    mapped = MappedPredictions.of(raw, run_frame_id=1, class_map={0: 1})
    document = Document(frame_id=1, width=10, height=10, predictions=mapped, thresholds=thresholds)
    return len(document.in_role(Role.CANDIDATE))


def test_the_edges_are_the_steps_of_the_threshold() -> None:
    assert EDGES.tolist() == STEPS
    assert BINS == 95


@pytest.mark.parametrize("value", [*STEPS, 0.0500001, 0.123, 0.3499, 0.35001, 0.999])
def test_table_index_and_document_agree_on_every_confidence_at_every_threshold(value: float) -> None:
    index = index_of({1: [Found(value)]})
    table = ConfidenceTable.of(index)
    for step in STEPS:
        thresholds = Thresholds(step)
        shown = document_candidates([value], thresholds)
        assert table.candidates(thresholds) == shown, step
        assert int(index.candidates(thresholds).sum()) == shown, step


def test_random_confidences_are_counted_as_the_document_counts_them() -> None:
    values = np.sort(np.random.default_rng(4).uniform(0.05, 1.0, 400).astype(np.float32))[::-1].tolist()
    table = ConfidenceTable.of(index_of({1: apart(*values)}))
    for step in STEPS[::7]:
        assert table.candidates(Thresholds(step)) == document_candidates(values, Thresholds(step))


def test_each_class_has_its_own_threshold_and_its_own_histogram() -> None:
    table = ConfidenceTable.of(index_of({1: [Found(0.9, 3), Found(0.4, 3), Found(0.4, 8)], 2: [Found(0.2, 3)]}))
    assert table.class_ids.tolist() == [3, 8]
    assert table.histogram().sum() == 4
    assert [int(table.histogram(class_id).sum()) for class_id in (3, 8, 99)] == [3, 1, 0]
    assert table.candidates(Thresholds(0.5)) == 1
    assert table.candidates(Thresholds(0.5, ((8, 0.3),))) == 2
    assert table.candidates(Thresholds(0.5, ((3, 0.1), (99, 0.1)))) == 3


def test_bins_hold_what_lies_above_their_lower_edge_up_to_the_upper_one() -> None:
    histogram = ConfidenceTable.of(index_of({1: apart(1.0, 0.5, 0.05)})).histogram()
    # 0.5 is exact in a float32; 0.05 is stored a little above.
    assert np.flatnonzero(histogram.sum(axis=1)).tolist() == [0, 44, 94]


def test_verdicts_are_counted_apart_and_unmapped_predictions_not_at_all() -> None:
    builder = IndexBuilder()
    builder.add(block({1: [Found(0.9), Found(0.8), Found(0.7), Found(0.6, UNMAPPED)]}))
    builder.judge(1, {0: Judged.ACCEPTED, 1: Judged.REJECTED})
    counts = ConfidenceTable.of(builder.snapshot()).histogram().sum(axis=0)
    assert counts.tolist() == [1, 1, 0, 1, 0]


def test_without_predictions_everything_is_zero() -> None:
    for index in (IndexBuilder().snapshot(), index_of({1: []}), index_of({1: [Found(0.9, UNMAPPED)]})):
        table = ConfidenceTable.of(index)
        assert table.counts.shape == (0, 95, 5)
        assert table.histogram().shape == (95, 5)
        assert table.histogram(1).sum() == 0
        assert table.candidates(Thresholds(0.1)) == 0

"""Small frames for the tests of core: predictions from plain rows, and strategies that make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from autoanno_gui.core.box import Box
from autoanno_gui.core.document import Document
from autoanno_gui.core.figures.intervals import Interval, bootstrap_counted
from autoanno_gui.core.predictions import FramePredictions
from autoanno_gui.core.records import PresentationMode, Thresholds, Verdict
from autoanno_gui.core.review_objects import Change, MappedPredictions, Role

WIDTH, HEIGHT = 200, 100
CLASS_MAP: Mapping[int, int | None] = {0: 10, 1: 11, 2: None}
"""Model class -> project class: 2 is unmapped by choice, any other was never mapped."""

Row = tuple[tuple[float, float, float, float], float, int]
"""xyxy pixels, confidence, model class."""

CAR = Box(10, 10, 50, 40)
BIKE = Box(60, 10, 90, 40)
FAINT = Box(120, 50, 150, 80)
FAINTER = Box(160, 50, 190, 80)
NEW = Box(5, 60, 25, 90)
ROWS: list[Row] = [
    (CAR.as_tuple(), 0.9, 0),
    (BIKE.as_tuple(), 0.6, 1),
    (FAINT.as_tuple(), 0.4, 0),
    (FAINTER.as_tuple(), 0.1, 0),
]
"""Two candidates, a ghost, and one too faint to be shown, under the default thresholds."""
HIGH = Thresholds(default=0.8)
LOW = Thresholds(default=0.3)


def predictions(
    rows: Sequence[Row], *, tops: Mapping[int, Sequence[tuple[int, float]]] | None = None, run_frame_id: int = 7
) -> MappedPredictions:
    """Return predictions by falling confidence; `tops` gives the best model classes and scores of a row."""
    n = len(rows)
    top_classes, top_scores = np.full((n, 3), -1, np.int32), np.zeros((n, 3), np.float32)
    for index, best in (tops or {}).items():
        for place, (model_class, score) in enumerate(best):
            top_classes[index, place], top_scores[index, place] = model_class, score
    raw = FramePredictions(
        np.array([row[0] for row in rows], np.float32).reshape(-1, 4),
        np.array([row[1] for row in rows], np.float32),
        np.array([row[2] for row in rows], np.int32),
        top_classes,
        top_scores,
    )
    return MappedPredictions.of(raw, run_frame_id=run_frame_id, class_map=CLASS_MAP)


def document(
    rows: Sequence[Row] | None,
    *,
    thresholds: Thresholds | None = None,
    mode: PresentationMode = PresentationMode.NORMAL,
    tops: Mapping[int, Sequence[tuple[int, float]]] | None = None,
) -> Document:
    """Return a document of 200 x 100 pixels; `rows` None: no predictions yet."""
    found = predictions(rows, tops=tops) if rows is not None else None
    return Document(frame_id=1, width=WIDTH, height=HEIGHT, predictions=found, thresholds=thresholds, mode=mode)


@st.composite
def boxes(draw: st.DrawFn, *, low: int = 0, margin: int = 0) -> Box:
    """Boxes of quarter pixels, which float32 holds exactly, at least `low` wide and high; `margin` lets them reach over
    the edge of the image."""
    x = st.integers(-margin * 4, (WIDTH + margin) * 4).map(lambda quarter: quarter / 4)
    y = st.integers(-margin * 4, (HEIGHT + margin) * 4).map(lambda quarter: quarter / 4)
    box = Box.spanning(draw(x), draw(y), draw(x), draw(y))
    left, top = min(box.x1, WIDTH + margin - low), min(box.y1, HEIGHT + margin - low)
    return Box(left, top, max(box.x2, left + low), max(box.y2, top + low))


def prediction_rows(max_size: int = 6) -> st.SearchStrategy[list[Row]]:
    """Rows by falling confidence, of mapped and unmapped classes, some on top of each other."""
    confidence = st.integers(5, 99).map(lambda percent: percent / 100)
    box = st.one_of(boxes(low=1), st.sampled_from([Box(10, 10, 40, 40), Box(10, 10, 42, 40)]))
    row = st.tuples(box.map(Box.as_tuple), confidence, st.integers(0, 3))
    return st.lists(row, max_size=max_size).map(lambda rows: sorted(rows, key=lambda item: -item[1]))


def thresholds() -> st.SearchStrategy[Thresholds]:
    """Default and per-class thresholds in steps of 0.05."""
    step = st.integers(1, 19).map(lambda steps: steps / 20)
    return st.builds(
        Thresholds,
        default=step,
        per_class=st.dictionaries(st.sampled_from([10, 11]), step).map(lambda found: tuple(sorted(found.items()))),
        ghost_floor=st.sampled_from([0.05, 0.15, 0.3]),
    )


def done(change: Change | None) -> int:
    """Return the object that a verb changed, which it must have."""
    assert change is not None
    return change.ids[0]


def by_prediction(frame: Document) -> dict[int | None, Verdict]:
    return {verdict.prediction: verdict for verdict in frame.verdicts()}


def roles(frame: Document) -> dict[int, Role]:
    return {item.id: frame.role(item) for item in frame}


def bootstrap_ratio(numerators: ArrayLike, denominators: ArrayLike, seed: int = 0) -> Interval:
    """Return the interval of sum(numerators) / sum(denominators), given frame by frame."""
    pairs = np.stack([np.asarray(numerators, np.float64), np.asarray(denominators, np.float64)], axis=1)
    distinct, counts = np.unique(pairs, axis=0, return_counts=True)
    return bootstrap_counted(distinct, counts, seed=seed)

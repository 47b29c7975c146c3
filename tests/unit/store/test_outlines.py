"""Every kind of outline: what a model proposed and what a reviewer confirmed come back bit for bit."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry, kind_of
from autoanno_gui.core.keypoints import Keypoint, Keypoints, Visibility
from autoanno_gui.core.mask import Mask, Part
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.outlines import KeypointSets, Masks, OrientedBoxes, Outlines
from autoanno_gui.core.predictions import FramePredictions, FrameResult
from autoanno_gui.core.records import DecisionKind, How, Verdict, VerdictKind
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Priority, Store
from tests.unit.store.builders import SETTINGS, add, decide, decision, predictions

SQUARE = Mask.of_box(Box(10.0, 10.0, 50.0, 50.0))
HOLED = Mask(
    (
        Part(
            np.array([[0.1, 0.2], [90.3, 1 / 3], [80.0, 70.7]]), (np.array([[20.0, 10.0], [40.0, 10.0], [30.0, 20.0]]),)
        ),
        Part(np.array([[100.0, 100.0], [120.0, 100.0], [110.0, 130.0], [101.0, 120.0]])),
    )
)


def store_predictions(store: Store, frame_id: int, found: FramePredictions) -> int:
    results = [FrameResult(frame_id, found)]
    run_id = store.submit(Priority.OTHER, lambda writer: writer.start_run(SETTINGS, device="cpu")).result()
    recorded = store.submit(Priority.PREDICTIONS, lambda writer: writer.record_results(run_id, results)).result()
    assert recorded[0][1] is not None
    return recorded[0][1]


def arrays(value: FramePredictions | Outlines) -> dict[str, NDArray[np.generic]]:
    found = {field.name: getattr(value, field.name) for field in fields(value)}
    return {name: array for name, array in found.items() if isinstance(array, np.ndarray)}


def assert_same(a: FramePredictions | Outlines, b: FramePredictions | Outlines) -> None:
    assert type(a) is type(b)
    assert len(a) == len(b)
    theirs = arrays(b)
    for name, array in arrays(a).items():
        assert (array.dtype, array.shape) == (theirs[name].dtype, theirs[name].shape), name
        assert array.tobytes() == theirs[name].tobytes(), name


RNG = np.random.default_rng(11)
MANY: dict[str, Outlines] = {
    "oriented boxes": OrientedBoxes(RNG.normal(0, 1e3, (3, 5)).astype(np.float32)),
    "keypoints": KeypointSets(RNG.normal(0, 1e3, (3, 17, 3)).astype(np.float32)),
    "keypoints without points": KeypointSets(np.zeros((3, 0, 3), np.float32)),
    "not contiguous": KeypointSets(RNG.normal(0, 1e3, (3, 4, 3)).astype(np.float32).T),
    "masks": Masks.of([SQUARE, None, HOLED]),
    "masks without any ring": Masks.of([None, None, None]),
}


@pytest.mark.parametrize("outlines", MANY.values(), ids=MANY.keys())
def test_outlines_of_a_frame_come_back_bit_for_bit(store: Store, reader: Reader, outlines: Outlines) -> None:
    frame = add(store, "a.jpg")[0]
    made = replace(predictions((0, 0.9), (1, 0.8), (2, 0.2)), outlines=outlines)
    found, _ = reader.predictions(store_predictions(store, frame.id, made))
    assert found.outlines is not None
    assert_same(found, made)
    assert_same(found.outlines, outlines)
    assert [found.geometry(index) for index in range(3)] == [made.geometry(index) for index in range(3)]
    for array in (*arrays(found).values(), *arrays(found.outlines).values()):
        assert not array.flags.writeable


@pytest.mark.parametrize(
    "outlines",
    [OrientedBoxes(np.zeros((0, 5), np.float32)), KeypointSets(np.zeros((0, 17, 3), np.float32)), Masks.of([])],
    ids=lambda outlines: type(outlines).__name__,
)
def test_a_frame_on_which_such_a_model_saw_nothing(store: Store, reader: Reader, outlines: Outlines) -> None:
    frame = add(store, "a.jpg")[0]
    found, _ = reader.predictions(
        store_predictions(store, frame.id, replace(FramePredictions.empty(), outlines=outlines))
    )
    assert found.outlines is not None
    assert_same(found.outlines, outlines)


def test_boxes_alone_take_no_more_room_than_before(store: Store, reader: Reader) -> None:
    frame = add(store, "a.jpg")[0]
    run_frame_id = store_predictions(store, frame.id, predictions((0, 0.9)))
    assert reader.predictions(run_frame_id)[0].outlines is None
    with closing(sqlite3.connect(store.file)) as conn:
        assert conn.execute("SELECT outline_kind, outlines FROM prediction").fetchall() == [("", None)]


# ---------------------------------------------------------------------------------------------------- annotations
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
BOX = st.builds(Box, NUMBER, NUMBER, NUMBER, NUMBER)
RING = st.lists(st.tuples(NUMBER, NUMBER), min_size=3, max_size=6).map(lambda points: np.array(points, np.float64))
GEOMETRY: st.SearchStrategy[Geometry] = st.one_of(
    BOX,
    st.builds(OrientedBox, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER),
    st.builds(
        Keypoints,
        BOX,
        st.lists(st.builds(Keypoint, NUMBER, NUMBER, st.sampled_from(Visibility)), max_size=4).map(tuple),
    ),
    st.lists(st.builds(Part, RING, st.lists(RING, max_size=2).map(tuple)), max_size=3).map(tuple).map(Mask),
)
OF_EACH_KIND: tuple[Geometry, ...] = (
    Box(0.1, -2.5, 1e9 / 3, 7.25),
    OrientedBox(0.1 + 0.2, 2 / 3, 30.0, 10.0, -1.25),
    Keypoints(
        Box(1.0, 2.0, 3.0, 4.0),
        (
            Keypoint(1 / 3, 2.0, Visibility.VISIBLE),
            Keypoint(5.0, 0.1 + 0.2, Visibility.HIDDEN),
            Keypoint(0.0, 0.0, Visibility.UNLABELLED),
        ),
    ),
    HOLED,
)


@pytest.fixture(scope="module")
def project() -> Iterator[tuple[Store, Reader]]:
    """One project for all examples; each decides the frame anew."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(Path(folder, "p.autoanno"), root=Path(folder)) as store,
        store.reader() as reader,
    ):
        store.submit(Priority.OTHER, lambda w: w.ledger.execute("PRAGMA synchronous = OFF")).result()
        store.submit(Priority.OTHER, lambda w: w.add_class("car")).result()
        add(store, "a.jpg")
        yield store, reader


@settings(max_examples=100, deadline=None, database=None)
@given(st.lists(GEOMETRY, min_size=1, max_size=3))
def test_any_outline_of_an_annotation_comes_back_exactly(
    project: tuple[Store, Reader], outlines: list[Geometry]
) -> None:
    store, reader = project
    verdicts = [Verdict(VerdictKind.ADDED, How.OBJECT, None, 1, geometry) for geometry in outlines]
    made = decision(1, DecisionKind.EDITED, *verdicts)
    decide(store, made)
    assert reader.decision(1) == made


def test_outlines_reach_all_readers_of_the_ledger(store: Store, reader: Reader) -> None:
    frame = add(store, "a.jpg")[0]
    class_id = store.submit(Priority.OTHER, lambda w: w.add_class("car")).result().id
    found = replace(predictions(*[(0, 0.9)] * 4), outlines=Masks.of([SQUARE, HOLED, None, SQUARE]))
    run_frame_id = store_predictions(store, frame.id, found)
    verdicts = [
        Verdict(VerdictKind.EDITED, How.OBJECT, index, class_id, geometry, iou=0.5)
        for index, geometry in enumerate(OF_EACH_KIND)
    ]
    made = decision(frame.id, DecisionKind.EDITED, *verdicts, run_frame_id=run_frame_id, shown=(0, 1, 2, 3))
    decide(store, made)

    assert reader.decision(frame.id) == made
    (entry,) = reader.decisions()
    assert entry.decision == made
    assert entry.predictions is not None
    assert entry.predictions.confidences.tolist() == found.confidences.tolist()
    assert entry.predictions.outlines is None, "no figure needs them, and all masks of a ledger are gigabytes"
    (labelled,) = reader.labelled_frames()
    assert tuple(annotation.geometry for annotation in labelled.annotations) == OF_EACH_KIND
    assert [annotation.confidence for annotation in labelled.annotations] == found.confidences.tolist()
    with closing(sqlite3.connect(store.file)) as conn:
        rows = conn.execute("SELECT geometry_kind, length(geometry) FROM annotation ORDER BY id").fetchall()
    assert rows == [
        ("box", 4 * 8),
        ("oriented_box", 5 * 8),
        ("keypoints", (4 + 3 * 3) * 8),
        ("mask", 4 + 3 * 8 + (3 + 3 + 4) * 16),
    ]
    assert [kind for kind, _ in rows] == [kind_of(geometry).value for geometry in OF_EACH_KIND]


@pytest.mark.parametrize(
    ("sql", "read"),
    [
        ("UPDATE annotation SET geometry_kind = 'circle'", lambda reader: reader.decision(1)),
        ("UPDATE annotation SET geometry_kind = 'circle', geometry = x'00'", lambda reader: reader.decision(1)),
        ("UPDATE prediction SET outline_kind = 'circle'", lambda reader: reader.predictions(1)),
    ],
)
def test_an_unknown_kind_is_refused(store: Store, reader: Reader, sql: str, read: object) -> None:
    frame = add(store, "a.jpg")[0]
    store.submit(Priority.OTHER, lambda w: w.add_class("car")).result()
    store_predictions(store, frame.id, replace(predictions((0, 0.9)), outlines=Masks.of([SQUARE])))
    decide(store, decision(frame.id, DecisionKind.EDITED, Verdict(VerdictKind.ADDED, How.OBJECT, None, 1, SQUARE)))
    with closing(sqlite3.connect(store.file)) as conn:
        conn.execute(sql)
        conn.commit()
    with pytest.raises(ValueError, match=r"unknown kind of .*: circle"):
        read(reader)  # type: ignore[operator]


def test_the_python_examples_of_the_docs_read_a_project(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = add(store, "a.jpg")[0]
    store.submit(Priority.OTHER, lambda w: w.add_class("car")).result()
    store_predictions(store, frame.id, predictions((0, 0.5)))
    decide(store, decision(frame.id, DecisionKind.EDITED, Verdict(VerdictKind.ADDED, How.OBJECT, None, 1, HOLED)))
    text = (Path(__file__).parents[3] / "docs" / "schema.md").read_text("utf-8")
    names: dict[str, object] = {}
    monkeypatch.chdir(store.file.parent)
    # Ultralytics changes how numpy prints, for the whole process.
    with np.printoptions(formatter={}):
        for block in text.split("```python\n")[1:]:
            exec(block.partition("```")[0], names)
    conn, rings = names["conn"], names["rings"]
    blob = conn.execute("SELECT geometry FROM annotation").fetchone()[0]  # type: ignore[attr-defined]
    conn.close()  # type: ignore[attr-defined]
    assert "a.jpg [[0.1 1.1 2.1 3.1]] [0.5]" in capsys.readouterr().out
    found = rings(blob)  # type: ignore[operator]
    assert [bool(hole) for _, hole in found] == [False, True, False]
    for (points, _), ring in zip(found, HOLED.rings, strict=True):
        assert points.tolist() == ring.tolist()

"""An unfinished frame keeps outlines of every kind, to the last bit."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoanno_gui.core.box import Box
from autoanno_gui.core.document import Document
from autoanno_gui.core.draft import draft_run_frame, encode_draft, restore_draft
from autoanno_gui.core.geometry import Geometry, GeometryKind, kind_of
from autoanno_gui.core.keypoints import Keypoint, Keypoints, Visibility
from autoanno_gui.core.mask import Mask, Part
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.records import PresentationMode
from autoanno_gui.core.review_objects import FIRST_DRAWN_ID, Mark, ReviewObject
from autoanno_gui.core.task import Task
from tests.unit.core.builders import ROWS, document, predictions

TASKS = {
    GeometryKind.BOX: Task.DETECT,
    GeometryKind.ORIENTED_BOX: Task.OBB,
    GeometryKind.KEYPOINTS: Task.POSE,
    GeometryKind.MASK: Task.SEGMENT,
}

HOLED = Mask(
    (
        Part(
            np.array([[0.1, 0.2], [90.3, 1 / 3], [80.0, 70.7]]), (np.array([[20.0, 10.0], [40.0, 10.0], [30.0, 20.0]]),)
        ),
        Part(np.array([[100.0, 60.0], [120.0, 60.0], [110.0, 0.1 + 0.2], [101.0, 70.0]])),
    )
)
POSE = Keypoints(
    Box(0.1, 2.0, 30.0, 1 / 3 + 40),
    (
        Keypoint(1 / 3, 2.0, Visibility.VISIBLE),
        Keypoint(5.0, 0.1 + 0.2, Visibility.HIDDEN),
        Keypoint(0.0, 0.0, Visibility.UNLABELLED),
    ),
)
OF_EACH_KIND: tuple[Geometry, ...] = (
    Box(0.1 + 0.2, 2.0, 1e3 / 7, 64.0),
    OrientedBox(50.1, 2 / 3, 30.0, 10.0, -1.25),
    POSE,
    HOLED,
    Mask(()),
)


def open_frame(geometry: Geometry) -> Document:
    """Return an untouched frame of a project that collects this kind."""
    keypoints = len(geometry.points) if isinstance(geometry, Keypoints) else 0
    return Document(
        frame_id=1,
        width=200,
        height=100,
        predictions=predictions(ROWS),
        task=TASKS[kind_of(geometry)],
        keypoints=keypoints,
    )


def kept_and_restored(*items: ReviewObject) -> list[ReviewObject]:
    """Return what is left of objects, all of one kind, that went into a draft and came out again."""
    frame, again = open_frame(items[0].geometry), open_frame(items[0].geometry)
    frame.restore(items)
    body = encode_draft(frame)
    assert body is not None
    assert isinstance(json.loads(body), dict)
    restore_draft(again, body)
    assert list(again) == list(frame)
    return [again.get(item.id) for item in items]  # type: ignore[misc]


@pytest.mark.parametrize("geometry", OF_EACH_KIND, ids=lambda geometry: kind_of(geometry).value)
def test_an_object_of_any_kind_comes_back_exactly(geometry: Geometry) -> None:
    drawn = ReviewObject(FIRST_DRAWN_ID, geometry, 10)
    edited = ReviewObject(1, geometry, 11, 0.6, Mark.ACCEPTED)
    promoted = ReviewObject(2, geometry, 10, 0.4, Mark.ACCEPTED, promoted=True)
    rejected = ReviewObject(0, geometry, 10, 0.9, Mark.REJECTED)
    items = [drawn, edited, promoted, rejected]
    assert kept_and_restored(*items) == items


NUMBER = st.floats(allow_nan=False, allow_infinity=False)
BOX = st.builds(Box, NUMBER, NUMBER, NUMBER, NUMBER)
RING = st.lists(st.tuples(NUMBER, NUMBER), min_size=3, max_size=6).map(lambda points: np.array(points, np.float64))
POINT = st.builds(Keypoint, NUMBER, NUMBER, st.sampled_from(Visibility))
GEOMETRY: st.SearchStrategy[Geometry] = st.one_of(
    BOX,
    st.builds(OrientedBox, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER),
    st.builds(Keypoints, BOX, st.lists(POINT, max_size=4).map(tuple)),
    st.lists(st.builds(Part, RING, st.lists(RING, max_size=2).map(tuple)), max_size=3).map(tuple).map(Mask),
)


@given(GEOMETRY)
def test_any_outline_comes_back_to_the_last_bit(geometry: Geometry) -> None:
    (item,) = kept_and_restored(ReviewObject(FIRST_DRAWN_ID, geometry, 10))
    assert item.geometry == geometry
    assert type(item.geometry) is type(geometry)


def test_a_mask_is_kept_even_bit_by_bit_where_numbers_compare_equal() -> None:
    mask = Mask.of_points([(-0.0, 0.0), (5e-324, 1.0), (1e308, 2.0)])
    (item,) = kept_and_restored(ReviewObject(FIRST_DRAWN_ID, mask, 10))
    assert isinstance(item.geometry, Mask)
    assert [ring.tobytes() for ring in item.geometry.rings] == [ring.tobytes() for ring in mask.rings]


def test_a_draft_of_the_first_version_comes_back() -> None:
    body = (
        b'{"version":1,"size":[200,100],"mode":"hand","run_frame_id":7,"shown":[0,1],"objects":['
        b'{"id":0,"box":[15.25,10.0,55.0,40.0],"class":10,"confidence":0.8999999761581421,"mark":"accepted",'
        b'"promoted":false},'
        b'{"id":1000000,"box":[5.0,60.0,25.0,90.1],"class":11,"confidence":null,"mark":"none","promoted":false}]}'
    )
    assert draft_run_frame(body) == 7
    frame = document(ROWS)
    restore_draft(frame, body)
    assert frame.mode is PresentationMode.HAND
    assert frame.made_on == (200, 100)
    assert frame.get(0) == ReviewObject(0, Box(15.25, 10.0, 55.0, 40.0), 10, 0.8999999761581421, Mark.ACCEPTED)
    assert frame.get(FIRST_DRAWN_ID) == ReviewObject(FIRST_DRAWN_ID, Box(5.0, 60.0, 25.0, 90.1), 11)


def test_an_unknown_kind_is_refused() -> None:
    frame = document(ROWS)
    frame.add(Box(5, 60, 25, 90), 11)
    data = json.loads(encode_draft(frame) or b"")
    data["objects"][0]["geometry"]["kind"] = "circle"
    with pytest.raises(ValueError, match="circle"):
        restore_draft(document(ROWS), json.dumps(data).encode())

"""Boxes: overlap, clipping, moving, snapping, and the way to YOLO's numbers and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoanno_gui.core.box import Box, pairwise_iou, yolo_to_box
from tests.unit.core.builders import HEIGHT, WIDTH, boxes

BOX = Box(40, 20, 100, 60)
anywhere = boxes(margin=50)
with_area = boxes(low=1, margin=50)
numbers = st.floats(-300, 300)


def rough(box: Box) -> tuple[float, float, float, float]:
    return pytest.approx(box.as_tuple(), abs=1e-9)


def test_spanning_takes_the_corners_in_any_order() -> None:
    assert Box.spanning(9, 2, 3, 8) == Box(3, 2, 9, 8)


def test_size_and_centre() -> None:
    assert (BOX.width, BOX.height, BOX.area, BOX.centre) == (60, 40, 2400, (70, 40))


def test_contains_its_edge_and_not_beyond() -> None:
    assert BOX.contains(40, 60)
    assert BOX.contains(70, 40)
    assert not BOX.contains(39.9, 40)


def test_moved_inside_stops_at_the_edge() -> None:
    assert BOX.moved_inside(500, -7, width=WIDTH, height=HEIGHT) == Box(140, 13, 200, 53)
    assert BOX.moved_inside(-500, 500, width=WIDTH, height=HEIGHT) == Box(0, 60, 60, 100)


def test_a_box_larger_than_the_image_cannot_be_moved_along_that_side() -> None:
    assert Box(-10, 20, 300, 60).moved_inside(5, 5, width=WIDTH, height=HEIGHT) == Box(-10, 25, 300, 65)


@pytest.mark.parametrize(
    ("other", "overlap"),
    [
        (Box(40, 20, 100, 60), 1.0),
        (Box(70, 20, 130, 60), 1 / 3),
        (Box(40, 20, 70, 60), 0.5),
        (Box(100, 20, 160, 60), 0.0),
        (Box(150, 70, 160, 80), 0.0),
    ],
)
def test_iou_values(other: Box, overlap: float) -> None:
    assert BOX.iou(other) == pytest.approx(overlap)


def test_iou_of_boxes_without_area() -> None:
    line = Box(3, 3, 3, 9)
    assert line.iou(line) == 1.0
    assert line.iou(Box(3, 3, 3, 8)) == 0.0


@given(anywhere, anywhere)
def test_iou_is_symmetric_and_a_share(a: Box, b: Box) -> None:
    assert a.iou(b) == b.iou(a)
    assert 0.0 <= a.iou(b) <= 1.0


@given(anywhere)
def test_a_box_overlaps_itself_fully(box: Box) -> None:
    assert box.iou(box) == 1.0


@given(with_area, st.lists(with_area, max_size=5))
def test_iou_over_arrays_agrees_with_single_boxes(box: Box, others: list[Box]) -> None:
    rows = np.array([other.as_tuple() for other in others], np.float32).reshape(-1, 4)
    singles = [box.iou(other) for other in others]
    one = np.array([box.as_tuple()], np.float32)
    assert pairwise_iou(one, rows)[0].tolist() == pytest.approx(singles, abs=1e-5)
    assert pairwise_iou(rows, rows).diagonal().tolist() == pytest.approx([1.0] * len(others))


def test_iou_of_no_boxes() -> None:
    nothing = np.zeros((0, 4), np.float32)
    assert pairwise_iou(nothing, np.array([BOX.as_tuple()], np.float32)).shape == (0, 1)


@given(anywhere)
def test_clipping_stays_inside_and_is_idempotent(box: Box) -> None:
    inside = box.clipped(WIDTH, HEIGHT)
    assert 0 <= inside.x1 <= inside.x2 <= WIDTH
    assert 0 <= inside.y1 <= inside.y2 <= HEIGHT
    assert inside.clipped(WIDTH, HEIGHT) == inside
    assert inside.area <= box.area


@given(boxes())
def test_clipping_leaves_a_box_inside_as_it_is(box: Box) -> None:
    assert box.clipped(WIDTH, HEIGHT) == box


@given(boxes(), numbers, numbers)
def test_moved_inside_keeps_the_size_and_the_image(box: Box, dx: float, dy: float) -> None:
    moved = box.moved_inside(dx, dy, width=WIDTH, height=HEIGHT)
    assert moved.width == pytest.approx(box.width)
    assert moved.height == pytest.approx(box.height)
    assert rough(moved) == moved.clipped(WIDTH, HEIGHT).as_tuple()
    assert abs(moved.x1 - box.x1) <= abs(dx) + 1e-9
    assert abs(moved.y1 - box.y1) <= abs(dy) + 1e-9


def test_yolo_row_of_a_known_box() -> None:
    assert yolo_to_box((0.35, 0.4, 0.3, 0.4), width=WIDTH, height=HEIGHT).as_tuple() == pytest.approx(BOX.as_tuple())

"""Rows of masks, turned boxes and keypoints: what goes out comes back, and never leaves the picture."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely import box, unary_union

from autoanno_gui.core.box import Box
from autoanno_gui.core.keypoints import Keypoint, Keypoints, Visibility
from autoanno_gui.core.mask import Mask, Part, mask_of_region
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.datasets.layout import ObjectFault, RowRemark
from autoanno_gui.datasets.yolo_rows import (
    Row,
    obb_row,
    parse_obb_row,
    parse_pose_row,
    parse_segment_row,
    pose_row,
    segment_row,
)
from tests.unit.datasets.builders import circle, mask, square

WIDTH, HEIGHT = 640, 480
SIZE = (WIDTH, HEIGHT)
NAN = float("nan")

Points = NDArray[np.float64]


def written_path(outline: Mask, *, width: int = WIDTH, height: int = HEIGHT) -> Points:
    """Return the path of a mask's row in pixels, as it is read back."""
    row = segment_row(outline, width=width, height=height)
    assert isinstance(row, Row)
    number, path = parse_segment_row(f"1 {row.values}", classes=2)
    assert number == 1
    return path * (width, height)


def windings(path: Points, probes: Points) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how often a path winds around each probe, and how often it is crossed on the way out."""
    ends = np.roll(path, -1, axis=0)
    down = (path[:, 1] < ends[:, 1])[:, None, None]
    # From the upper to the lower end whichever way it is walked, so that a bridge there and back is one line.
    upper, lower = np.where(down[:, 0], path, ends), np.where(down[:, 0], ends, path)
    (ax, ay), (bx, by) = upper.T[:, :, None], lower.T[:, :, None]
    x, y = probes.T
    spans = (ay <= y) & (y < by)
    hit = spans & (x < ax + (bx - ax) * (y - ay) / np.where(by > ay, by - ay, 1))
    return (hit * np.where(down[:, 0], 1, -1)).sum(axis=0), hit.sum(axis=0)


# ------------------------------------------------------------------------------------------------ masks
def test_a_polygon_keeps_its_points() -> None:
    row = segment_row(Mask.of_points([(64.5, 48.5), (320.5, 96.25), (128.5, 360.75)]), width=WIDTH, height=HEIGHT)
    assert row == Row("0.1007812 0.1010417 0.5007812 0.2005208 0.2007812 0.7515625")


def test_sides_on_a_border_between_pixels_lie_a_hair_inside() -> None:
    """So that a reader which cuts the decimals off does not take in the pixels beyond."""
    row = segment_row(mask((square(64, 48, 320),)), width=WIDTH, height=HEIGHT)
    assert row == Row("0.1000010 0.1000010 0.5999990 0.1000010 0.5999990 0.7666657 0.1000010 0.7666657")
    path = written_path(mask((square(64, 48, 320), square(128, 96, 64))))
    hole = path[(path > (120, 90)).all(axis=1) & (path < (200, 170)).all(axis=1)]
    assert np.allclose(hole.min(axis=0), (128, 96), rtol=0, atol=1e-3)
    assert (hole.min(axis=0) < (128, 96)).all(), "the side of the mask is not that of the hole"
    assert (hole.max(axis=0) > (192, 160)).all()


@st.composite
def _cells(draw: st.DrawFn) -> tuple[NDArray[np.bool_], float, tuple[float, float]]:
    """Return a small chart of filled cells, the side of a cell in pixels, and where the chart lies."""
    rows, columns = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    bits = np.array(draw(st.lists(st.booleans(), min_size=rows * columns, max_size=rows * columns)), bool)
    assume(bits.any())
    side = draw(st.sampled_from([1.0, 7.0, 32.0]) | st.floats(0.5, 60))
    left, top = draw(st.tuples(st.floats(0, 200), st.floats(0, 50)) | st.tuples(st.just(3.0), st.just(0.0)))
    return bits.reshape(rows, columns), side, (left, top)


@settings(max_examples=300, deadline=None)
@given(_cells())
@example((np.array([[1, 1, 1, 1, 1], [1, 0, 0, 0, 1], [1, 0, 1, 0, 1], [1, 0, 0, 0, 1], [1] * 5], bool), 32.0, (0, 0)))
@example((np.eye(5, dtype=bool), 16.0, (5, 5)))
def test_parts_and_holes_of_any_form_come_back_by_either_rule_of_filling(
    case: tuple[NDArray[np.bool_], float, tuple[float, float]],
) -> None:
    bits, side, corner = case
    y, x = np.nonzero(bits)
    outline = mask_of_region(unary_union([box(a, b, a + 1, b + 1) for a, b in zip(x, y, strict=True)]))
    outline = Mask(tuple(part.mapped(lambda ring: ring * side + corner) for part in outline.parts))
    path = written_path(outline)

    assert path.min() >= 0
    assert (path <= SIZE).all()
    y, x = np.indices(bits.shape)
    probes = np.column_stack([x.ravel() + 0.43, y.ravel() + 0.57]) * side + corner
    winding, crossings = windings(path, probes)
    assert (winding == bits.ravel()).all(), "nonzero"
    assert (crossings % 2 == bits.ravel()).all(), "even-odd"
    for ring in outline.rings:
        off = np.abs(path[:, None] - ring).max(axis=2).min(axis=0)
        assert off.max() <= 2.2e-6 * WIDTH, "each point of the mask is in the row"
    assert len(path) == outline.point_count + 2 * (len(list(outline.rings)) - 1), "a bridge costs two points"


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(0, 2 * math.pi - 1e-3), min_size=3, max_size=40, unique_by=lambda turn: round(turn, 2)),
    st.randoms(use_true_random=False),
    st.booleans(),
)
def test_ten_rounds_change_nothing_after_the_first(turns: list[float], draw: random.Random, whole: bool) -> None:
    radii = [draw.uniform(5, 300) for _ in turns]
    points = [(320 + r * math.cos(t), 240 + r * math.sin(t)) for t, r in zip(sorted(turns), radii, strict=True)]
    outline = Mask.of_points(np.round(points) if whole else points)
    assume(outline.is_simple and outline.bounds.y1 > 0 and outline.bounds.y2 < HEIGHT)
    assert_settled(outline)


def test_a_corner_that_points_straight_to_one_side_stays_where_it_is() -> None:
    assert_settled(Mask.of_points([(325, 240), (331, 287), (271, 237), (325, 192)]))


def assert_settled(outline: Mask) -> None:
    """Check that what was written once is written in the same way ever after."""
    first = row = segment_row(outline, width=WIDTH, height=HEIGHT)
    for _ in range(10):
        assert isinstance(row, Row)
        _, path = parse_segment_row(f"0 {row.values}", classes=1)
        row = segment_row(Mask.of_points(path * SIZE), width=WIDTH, height=HEIGHT)
    assert row == first


def test_a_written_mask_is_read_as_its_parts_and_holes_again() -> None:
    outline = mask((circle(100, 100, 50), circle(100, 100, 20)), (circle(300, 120, 40),), (square(60, 300, 64),))
    back = Mask.of_points(written_path(outline)).repaired()
    assert sorted(len(part.holes) for part in back.parts) == [0, 0, 1]
    assert back.iou(outline) == pytest.approx(1, abs=1e-4)


def test_bridges_are_the_shortest_there_are() -> None:
    """The third square is near to the second only, and the second to both."""
    outline = mask((square(10, 10, 20),), (square(10, 90, 20),), (square(10, 50, 20),))
    path = written_path(outline)
    edges = np.hypot(*np.diff(path, axis=0, append=path[:1]).T)
    assert edges.sum() == pytest.approx(3 * 4 * 20 + 2 * (20 + 20), abs=0.1)


@pytest.mark.parametrize(
    ("outline", "remarks"),
    [
        (mask((square(10, 10, 32),)), ()),
        (mask((square(10, 10, 32),), (square(60, 10, 32),)), (RowRemark.JOINED,)),
        (mask((square(10, 10, 32), square(20, 20, 8))), (RowRemark.KEYHOLE,)),
        (Mask.of_points([(10, 10), (50, 50), (50, 10), (10, 50)]), (RowRemark.REPAIRED, RowRemark.JOINED)),
        (Box(10, 10, 42, 42), (RowRemark.CORNERS,)),
        (OrientedBox(100, 100, 40, 20, 0.5), (RowRemark.CORNERS,)),
        (Keypoints.unplaced(Box(10, 10, 42, 42), 3), (RowRemark.CORNERS,)),
    ],
)
def test_a_row_says_in_what_it_differs_from_its_outline(
    outline: Mask | Box | OrientedBox | Keypoints, remarks: tuple[RowRemark, ...]
) -> None:
    row = segment_row(outline, width=WIDTH, height=HEIGHT)
    assert isinstance(row, Row)
    assert row.remarks == remarks


def test_boxes_become_their_corners() -> None:
    turned = OrientedBox(100.3, 100.4, 40, 20, 0.5)
    for outline, corners in [
        (Box(10.5, 20.5, 30.25, 60.25), [(10.5, 20.5), (30.25, 20.5), (30.25, 60.25), (10.5, 60.25)]),
        (turned, turned.corners),
    ]:
        row = segment_row(outline, width=WIDTH, height=HEIGHT)
        assert isinstance(row, Row)
        _, path = parse_segment_row(f"0 {row.values}", classes=1)
        assert np.allclose(path * SIZE, corners, rtol=0, atol=1e-4)


def test_a_crossing_outline_is_written_as_what_it_encloses() -> None:
    bow = Mask.of_points([(10, 10), (50, 50), (50, 10), (10, 50)])
    inside, outside = [(15.3, 30), (45.2, 30)], [(30, 15.3), (30, 45.2)]
    winding, _ = windings(written_path(bow), np.array(inside + outside))
    assert winding.tolist() == [1, 1, 0, 0]


def test_what_reaches_past_the_picture_is_cut() -> None:
    path = written_path(mask((square(-20, -20, 100), square(10, 10, 20))))
    back = Mask.of_points(path).repaired()
    assert back.area == pytest.approx(80 * 80 - 400, abs=0.5)
    assert back.bounds.as_tuple() == pytest.approx((0, 0, 80, 80), abs=1e-3)


@pytest.mark.parametrize(
    ("outline", "fault"),
    [
        (mask((square(-50, 10, 30),)), ObjectFault.OUTSIDE),
        (mask((square(-30, 10, 30),)), ObjectFault.OUTSIDE),
        (Box(700, 10, 730, 20), ObjectFault.OUTSIDE),
        (OrientedBox(-50, -50, 20, 20, 0.3), ObjectFault.OUTSIDE),
        (Mask(()), ObjectFault.NO_AREA),
        (Mask.of_points([(10, 10), (20, 20)]), ObjectFault.NO_AREA),
        (Mask.of_points([(10, 10), (20, 20), (30, 30)]), ObjectFault.NO_AREA),
        (Mask.of_points([(10, 10), (10, 10), (10, 10)]), ObjectFault.NO_AREA),
        (Mask.of_points([(10, 10), (20, NAN), (30, 10)]), ObjectFault.NO_AREA),
        (Mask.of_points([(10.5, 10.5), (10.50001, 10.5), (10.5, 10.50001)]), ObjectFault.NO_AREA),
        (Box(10, 20, 30, 20), ObjectFault.NO_AREA),
        (Box(30, 10, 20, 20), ObjectFault.NO_AREA),
        (Box(NAN, 10, 20, 20), ObjectFault.NO_AREA),
        (OrientedBox(100, 100, 0, 20, 0.3), ObjectFault.NO_AREA),
        (OrientedBox(100, 100, 20, 20, NAN), ObjectFault.NO_AREA),
    ],
)
@pytest.mark.parametrize("write", [segment_row, obb_row])
def test_what_has_no_place_in_the_picture_has_no_row(
    write: Callable[..., Row | ObjectFault], outline: Mask | Box | OrientedBox, fault: ObjectFault
) -> None:
    assert write(outline, width=WIDTH, height=HEIGHT) is fault


# ------------------------------------------------------------------------------------------------ turned boxes
@settings(max_examples=300, deadline=None)
@given(
    st.floats(0, WIDTH),
    st.floats(0, HEIGHT),
    st.floats(0.5, 700),
    st.floats(0.5, 700),
    st.floats(-math.pi / 2, math.pi / 2),
)
def test_corners_come_back_and_stay_inside(cx: float, cy: float, w: float, h: float, angle: float) -> None:
    turned = OrientedBox(cx, cy, w, h, angle)
    row = obb_row(turned, width=WIDTH, height=HEIGHT)
    if isinstance(row, ObjectFault):
        assert turned.clipped(*SIZE).area < 1e-3
        return
    number, corners = parse_obb_row(f"1 {row.values}", classes=2)
    assert number == 1
    assert corners.min() >= 0
    assert corners.max() <= 1
    wanted = turned.clipped(*SIZE).corners
    assert np.allclose(corners * SIZE, wanted.clip(0, SIZE), rtol=0, atol=1e-4), "clockwise from the box's own first"
    outside = np.abs(wanted - wanted.clip(0, SIZE)).max()
    if outside > 1e-3 or outside == 0:
        assert (row.remarks == (RowRemark.MOVED_CORNERS,)) == (outside > 0)


def test_other_outlines_become_the_rectangle_around_them() -> None:
    upright = obb_row(Box(64, 48, 128, 96), width=WIDTH, height=HEIGHT)
    values = "0.1000000 0.1000000 0.2000000 0.1000000 0.2000000 0.2000000 0.1000000 0.2000000"
    assert upright == Row(values)
    points = obb_row(Keypoints.unplaced(Box(64, 48, 128, 96), 4), width=WIDTH, height=HEIGHT)
    assert points == Row(values, (RowRemark.BOX,))

    turned = OrientedBox(300, 200, 120, 40, 0.4)
    diamond = Mask((Part(turned.corners), Part(circle(300, 200, 10))))
    row = obb_row(diamond, width=WIDTH, height=HEIGHT)
    assert isinstance(row, Row)
    assert row.remarks == (RowRemark.RECTANGLE,)
    back = OrientedBox.of_corners(parse_obb_row(f"0 {row.values}", classes=1)[1] * SIZE)
    assert back.iou(turned) == pytest.approx(1, abs=1e-4)


# ------------------------------------------------------------------------------------------------ keypoints
BOX = Box(64, 48, 128, 144)


def points(*values: tuple[float, float, int]) -> Keypoints:
    return Keypoints(BOX, tuple(Keypoint(x, y, Visibility(v)) for x, y, v in values))


def test_a_pose_row_is_the_box_and_the_points() -> None:
    geometry = points((64, 48, 2), (640, 480, 1), (NAN, 99, 0))
    row = pose_row(geometry, keypoints=3, width=WIDTH, height=HEIGHT)
    assert row == Row("0.1500000 0.2000000 0.1000000 0.2000000 0.1000000 0.1000000 2 1.0000000 1.0000000 1 0 0 0")
    number, xywh, placed = parse_pose_row(f"4 {row.values}", classes=5, keypoints=3)
    assert number == 4
    assert xywh.tolist() == [0.15, 0.2, 0.1, 0.2]
    assert placed.tolist() == [[0.1, 0.1, 2], [1, 1, 1], [0, 0, 0]]


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-50, 700), st.floats(-50, 550), st.sampled_from(Visibility)), min_size=1))
def test_keypoints_come_back_and_stay_inside(values: list[tuple[float, float, Visibility]]) -> None:
    geometry = points(*values)
    row = pose_row(geometry, keypoints=len(values), width=WIDTH, height=HEIGHT)
    assert isinstance(row, Row)
    _, _, placed = parse_pose_row(f"0 {row.values}", classes=1, keypoints=len(values))
    inside = [0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y, _ in values]
    for (x, y, v), there, back in zip(values, inside, placed, strict=True):
        wanted = [x / WIDTH, y / HEIGHT, v] if v and there else [0, 0, 0]
        assert np.allclose(back, wanted, rtol=0, atol=1e-7)
    lost = any(v and not there for (_, _, v), there in zip(values, inside, strict=True))
    assert (RowRemark.KEYPOINTS_OUTSIDE in row.remarks) == lost
    assert (RowRemark.NO_KEYPOINTS in row.remarks) == (not placed[:, 2].any())


@pytest.mark.parametrize("outline", [BOX, Mask.of_box(BOX), OrientedBox.of_box(BOX), Keypoints.unplaced(BOX, 2)])
def test_an_object_without_points_is_a_box_alone(outline: Box | Mask | OrientedBox | Keypoints) -> None:
    row = pose_row(outline, keypoints=2, width=WIDTH, height=HEIGHT)
    assert row == Row("0.1500000 0.2000000 0.1000000 0.2000000 0 0 0 0 0 0", (RowRemark.NO_KEYPOINTS,))


def test_what_does_not_fit_a_pose_dataset_has_no_row() -> None:
    size = {"width": WIDTH, "height": HEIGHT}
    assert pose_row(points((64, 48, 2)), keypoints=2, **size) is ObjectFault.WRONG_KEYPOINTS
    assert pose_row(Keypoints.unplaced(Box(700, 0, 800, 9), 2), keypoints=2, **size) is ObjectFault.OUTSIDE
    assert pose_row(Keypoints.unplaced(Box(9, 9, 9, 19), 2), keypoints=2, **size) is ObjectFault.NO_AREA


# ------------------------------------------------------------------------------------------------ other rows
def _refused(parse: Callable[..., object], rows: Sequence[str], **options: int) -> list[object]:
    return [pytest.param(parse, row, options, id=f"{parse.__name__}-{row}") for row in rows]


@pytest.mark.parametrize(
    ("parse", "row", "options"),
    [
        *_refused(
            parse_segment_row,
            [
                *("0 0.1 0.1 0.2 0.2", "0 0.1 0.1 0.2 0.2 0.3", "0 0.1 0.1 0.2 0.2 0.3 0.1 0.4", "", "0"),
                *("0 0.1 0.1 0.2 0.2 0.3 0.3", "0 0.1 0.1 0.1 0.1 0.1 0.1", "0 0.1 0.1 0.2 0.2 1.1 0.1"),
                *("0 0.1 0.1 0.2 0.2 nan 0.1", "0 0.1 0.1 0.2 0.2 -0.1 0.1", "0 0.1 0.1 0.2  0.2 0.3 0.1"),
                *("2 0.1 0.1 0.2 0.2 0.3 0.1", "0.0 0.1 0.1 0.2 0.2 0.3 0.1", "0 0.1 0.1 0.2 0.2 0.3 1e-1"),
            ],
        ),
        *_refused(
            parse_obb_row,
            [
                *("0 0.1 0.1 0.2 0.1 0.2 0.2", "0 0.1 0.1 0.2 0.1 0.2 0.2 0.1 0.2 0.1 0.1"),
                *("0 0.1 0.1 0.2 0.2 0.3 0.3 0.4 0.4", "0 0.1 0.1 0.2 0.1 0.2 0.2 0.1 1.2"),
                "2 0.1 0.1 0.2 0.1 0.2 0.2 0.1 0.2",
            ],
        ),
        *_refused(
            parse_pose_row,
            [
                *("0 0.5 0.5 0.2 0.2 0.5 0.5 2", "0 0.5 0.5 0.2 0.2 0.5 0.5 2 0.5 0.5 2 0.5 0.5 2"),
                *("0 0.5 0.5 0.2 0.2 0.5 0.5 2 0.5 0.5 3", "0 0.5 0.5 0.2 0.2 0.5 0.5 2 0.5 0.5 0.5"),
                *("0 0.5 0.5 0.2 0.2 0.5 0.5 2 0.5 0.5 0", "0 0.5 0.5 0.2 0.2 0.5 0.5 2 0.5 1.5 2"),
                *("0 0.05 0.5 0.2 0.2 0.5 0.5 2 0 0 0", "0 0.5 0.5 0.2 0 0.5 0.5 2 0 0 0"),
            ],
            keypoints=2,
        ),
    ],
)
def test_other_rows_are_refused(parse: Callable[..., object], row: str, options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(row, classes=2, **options)

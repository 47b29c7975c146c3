"""Boxes that are turned: corners and back, sides, clipping and overlap."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from shapely import Polygon

from autoanno_gui.core.box import Box
from autoanno_gui.core.oriented_box import OrientedBox

WIDTH, HEIGHT = 200, 100
UPRIGHT = OrientedBox(60, 40, 40, 20, 0.0)
TURNED = OrientedBox(60, 40, 40, 20, math.pi / 6)

lengths = st.floats(0.5, 150)
places = st.floats(-100, 300)
angles = st.floats(-10, 10)
oriented = st.builds(OrientedBox, places, places, lengths, lengths, angles)


def same(box: OrientedBox) -> OrientedBox:
    """Return what equals a box up to rounding; angles at both ends of their range are one and the same."""
    numbers = [box.cx, box.cy, box.width, box.height]
    cx, cy, width, height = (pytest.approx(number, rel=1e-6, abs=1e-6) for number in numbers)
    return OrientedBox(cx, cy, width, height, pytest.approx(box.angle, abs=1e-5))


class TestForm:
    def test_of_an_upright_box(self) -> None:
        box = OrientedBox.of_box(Box(40, 30, 80, 50))
        assert box == UPRIGHT
        assert box.bounds == Box(40, 30, 80, 50)
        assert box.corners.tolist() == [[40, 30], [80, 30], [80, 50], [40, 50]]
        assert (box.area, box.centre) == (800, (60, 40))

    def test_turns_clockwise_on_the_screen(self) -> None:
        right = UPRIGHT.at(20, 0)
        turned = OrientedBox(60, 40, 40, 20, math.pi / 2).at(20, 0)
        assert right == (80, 40)
        assert turned == pytest.approx((60, 60))

    @given(oriented)
    def test_bounds_are_around_the_corners(self, box: OrientedBox) -> None:
        assert box.bounds.as_tuple() == pytest.approx(Box.around(box.corners).as_tuple(), abs=1e-9)

    @given(oriented, places, places)
    def test_local_places_and_back(self, box: OrientedBox, x: float, y: float) -> None:
        assert box.at(*box.local(x, y)) == pytest.approx((x, y), abs=1e-9)

    @given(oriented)
    def test_normalising_keeps_the_rectangle(self, box: OrientedBox) -> None:
        normal = box.normalised()
        assert -math.pi / 2 <= normal.angle < math.pi / 2
        assert Polygon(normal.corners).hausdorff_distance(Polygon(box.corners)) < 1e-9
        assert normal.normalised() == normal

    @pytest.mark.parametrize("angle", [-math.pi / 2 - 1e-17, math.pi / 2, -math.pi / 2 - 1e-300, 3 * math.pi / 2])
    def test_the_end_of_the_range_is_the_start(self, angle: float) -> None:
        assert OrientedBox(0, 0, 3, 2, angle).normalised().angle == pytest.approx(-math.pi / 2)
        assert OrientedBox(0, 0, 3, 2, math.nextafter(-math.pi / 2, -9)).normalised().angle < math.pi / 2

    @given(oriented)
    def test_on_its_side_it_is_the_same_rectangle(self, box: OrientedBox) -> None:
        other = box.on_its_side()
        assert (other.width, other.height) == (box.height, box.width)
        assert Polygon(other.corners).hausdorff_distance(Polygon(box.corners)) < 1e-9

    @given(oriented, st.floats(-0.6, 0.6), st.floats(-0.6, 0.6))
    def test_contains_what_is_between_its_sides(self, box: OrientedBox, u: float, v: float) -> None:
        assume(abs(abs(u) - 0.5) > 1e-6 and abs(abs(v) - 0.5) > 1e-6)
        assert box.contains(*box.at(u * box.width, v * box.height)) == (abs(u) < 0.5 and abs(v) < 0.5)


class TestFromPoints:
    @given(oriented)
    def test_four_corners_give_the_box_back(self, box: OrientedBox) -> None:
        normal = box.normalised()
        assume(abs(normal.angle) < math.pi / 2 - 1e-3)
        assert OrientedBox.of_corners(box.corners) == same(normal)

    @given(oriented, st.integers(0, 3), st.booleans())
    def test_any_first_corner_and_direction_give_the_same_rectangle(
        self, box: OrientedBox, first: int, back: bool
    ) -> None:
        corners = np.roll(box.corners, first, axis=0)[:: -1 if back else 1]
        found = OrientedBox.of_corners(corners)
        assert Polygon(found.corners).hausdorff_distance(Polygon(box.corners)) < 1e-5
        assert found.width == pytest.approx(math.dist(corners[0], corners[1]), rel=1e-6, abs=1e-6)

    @given(oriented)
    def test_rounded_corners_keep_which_side_is_the_width(self, box: OrientedBox) -> None:
        assume(min(box.width, box.height) > 5)
        assert OrientedBox.of_corners(np.round(box.corners, 1)).width == pytest.approx(box.width, abs=1)

    def test_the_smallest_rectangle_around_many_points(self) -> None:
        rng = np.random.default_rng(2)
        inside = np.array([TURNED.at(u, v) for u, v in rng.uniform([-20, -10], [20, 10], (40, 2))])
        found = OrientedBox.of_corners(np.concatenate([inside, TURNED.corners]))
        assert found == same(TURNED)

    @pytest.mark.parametrize(
        ("points", "expected"),
        [
            ([(3, 4)], OrientedBox(3, 4, 0, 0, 0)),
            ([(3, 4)] * 4, OrientedBox(3, 4, 0, 0, 0)),
            ([(0, 0), (6, 8)], OrientedBox(3, 4, 10, 0, math.atan2(8, 6))),
            ([(0, 0), (3, 4), (6, 8), (1.5, 2)], OrientedBox(3, 4, 10, 0, math.atan2(8, 6))),
            ([(6, 1), (2, 1), (4, 1)], OrientedBox(4, 1, 4, 0, 0)),
        ],
    )
    def test_points_on_a_line_give_a_box_along_it(
        self, points: list[tuple[float, float]], expected: OrientedBox
    ) -> None:
        found = OrientedBox.of_corners(np.array(points, np.float64))
        assert found == same(expected)

    @given(oriented)
    def test_an_edge_and_a_point_on_the_other_side(self, box: OrientedBox) -> None:
        a, b, c, d = box.corners.tolist()
        for far in (c, d, [(c[0] + d[0]) / 2, (c[1] + d[1]) / 2]):
            found = OrientedBox.of_edge(*a, *b, *far)
            assert Polygon(found.corners).hausdorff_distance(Polygon(box.corners)) < 1e-6
            assert found.width == pytest.approx(box.width)
            assert -math.pi / 2 <= found.angle < math.pi / 2

    def test_the_point_may_lie_on_either_side_of_the_edge(self) -> None:
        below, above = (OrientedBox.of_edge(0, 10, 8, 10, 3, y) for y in (14, 6))
        assert below == OrientedBox(4, 12, 8, 4, 0)
        assert above == OrientedBox(4, 8, 8, 4, 0)

    def test_an_edge_without_length(self) -> None:
        assert OrientedBox.of_edge(3, 3, 3, 3, 3, 9) == OrientedBox(3, 6, 0, 6, 0)


class TestChanges:
    @given(oriented, angles)
    def test_turning_keeps_size_and_centre(self, box: OrientedBox, radians: float) -> None:
        turned = box.turned(radians)
        assert (turned.cx, turned.cy, turned.width, turned.height) == (box.cx, box.cy, box.width, box.height)
        assert math.sin(2 * (turned.angle - box.angle - radians)) == pytest.approx(0, abs=1e-9)
        assert -math.pi / 2 <= turned.angle < math.pi / 2

    def test_a_quarter_turn(self) -> None:
        assert UPRIGHT.turned(math.pi / 2).bounds.as_tuple() == pytest.approx((50, 20, 70, 60))

    @given(oriented)
    def test_its_own_sides_give_it_back(self, box: OrientedBox) -> None:
        w, h = box.width / 2, box.height / 2
        found = box.with_sides(-w, -h, w, h)
        assert Polygon(found.corners).hausdorff_distance(Polygon(box.corners)) < 1e-9

    def test_one_side_moves_and_the_others_stay(self) -> None:
        wider = TURNED.with_sides(-20, -10, 30, 10)
        assert (wider.width, wider.height, wider.angle) == (50, 20, TURNED.angle)
        assert wider.corners[[0, 3]] == pytest.approx(TURNED.corners[[0, 3]])

    def test_sides_that_cross_change_places(self) -> None:
        crossed = UPRIGHT.with_sides(25, 15, -20, -10)
        assert crossed.bounds == Box(40, 30, 85, 55)

    def test_moving_stops_where_the_bounds_meet_the_edge(self) -> None:
        moved = TURNED.moved_inside(500, -500, width=WIDTH, height=HEIGHT)
        assert moved.bounds.x2 == pytest.approx(WIDTH)
        assert moved.bounds.y1 == pytest.approx(0)
        assert (moved.width, moved.height, moved.angle) == (TURNED.width, TURNED.height, TURNED.angle)


class TestClipping:
    def test_inside_it_is_the_same(self) -> None:
        assert TURNED.clipped(WIDTH, HEIGHT) is TURNED

    def test_an_upright_one_is_cut_like_a_box(self) -> None:
        clipped = UPRIGHT.moved(-50, -35).clipped(WIDTH, HEIGHT)
        assert clipped.bounds.as_tuple() == pytest.approx((0, 0, 30, 15))
        assert clipped.angle == 0

    @given(oriented)
    def test_holds_what_is_inside_and_no_more_than_before(self, box: OrientedBox) -> None:
        clipped = box.clipped(WIDTH, HEIGHT)
        inside = Polygon(box.corners).intersection(Polygon([(0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT)]))
        assert clipped.angle == box.angle
        assert inside.difference(Polygon(clipped.corners).buffer(1e-6)).is_empty
        assert Polygon(clipped.corners).difference(Polygon(box.corners).buffer(1e-6)).is_empty
        if inside.area > 1e-6:
            assert clipped.area >= inside.area - 1e-6

    @pytest.mark.parametrize(
        "box", [TURNED.moved(500, 0), OrientedBox(-50, 10, 30, 0, 1), OrientedBox(0, -10, 40, 20, 0)]
    )
    def test_outside_no_area_is_left(self, box: OrientedBox) -> None:
        assert box.clipped(WIDTH, HEIGHT).area == 0


class TestOverlap:
    def test_values(self) -> None:
        assert UPRIGHT.iou(UPRIGHT.moved(20, 0)) == pytest.approx(1 / 3)
        assert UPRIGHT.iou(UPRIGHT.turned(math.pi / 2)) == pytest.approx(400 / 1200)
        square = OrientedBox(50, 50, 10, 10, 0)
        octagon = 100 * 2 * (math.sqrt(2) - 1)
        assert square.iou(square.turned(math.pi / 4)) == pytest.approx(octagon / (200 - octagon))

    def test_apart_or_side_by_side_there_is_none(self) -> None:
        assert UPRIGHT.iou(UPRIGHT.moved(40, 0)) == 0.0
        assert TURNED.iou(TURNED.moved(0, 90)) == 0.0

    @given(oriented, oriented)
    def test_is_symmetric_and_a_share(self, a: OrientedBox, b: OrientedBox) -> None:
        assert 0.0 <= a.iou(b) <= 1.0
        assert a.iou(b) == pytest.approx(b.iou(a), abs=1e-9)
        assert a.iou(a) == 1.0
        assert a.iou(a.on_its_side()) == pytest.approx(1.0)

    def test_without_area(self) -> None:
        line = OrientedBox(5, 5, 8, 0, 0.3)
        assert line.iou(line) == 1.0
        assert line.iou(line.moved(1, 0)) == line.iou(UPRIGHT) == UPRIGHT.iou(line) == 0.0

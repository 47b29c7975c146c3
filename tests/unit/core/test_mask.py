"""Masks: what is inside, parts and holes, and outlines that cross themselves or have no area."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon

from autoanno_gui.core.box import Box
from autoanno_gui.core.mask import Mask, Part, mask_of_region, region_iou

SQUARE = Mask.of_box(Box(10, 10, 20, 20))
BOW_TIE = Mask.of_points([(0, 0), (10, 10), (10, 0), (0, 10)])
HOLE = np.array([[12.0, 12], [18, 12], [18, 18], [12, 18]])
FRAME = Mask((Part(SQUARE.parts[0].outer, (HOLE,)),))
ISLAND = Part(np.array([[14.0, 14], [16, 14], [16, 16], [14, 16]]))
TARGET = Mask((*FRAME.parts, ISLAND))

WITHOUT_AREA = [
    Mask(()),
    Mask.of_points([]),
    Mask.of_points([(3, 4)]),
    Mask.of_points([(3, 4), (9, 12)]),
    Mask.of_points([(3, 4), (3, 4), (3, 4)]),
    Mask.of_points([(3, 4), (9, 12), (3, 4)]),
    Mask.of_points([(0, 0), (2, 3), (4, 6)]),
    Mask.of_points([(-5, 2), (500, 2), (7, 2), (30, 2)]),
    Mask.of_points([(0, 0), (8, 0), (8, 8), (8, 0)]),
    Mask((Part(np.zeros((0, 2))), Part(np.array([[1.0, 1]]), (np.array([[2.0, 2], [3, 3]]),)))),
]
degenerate = pytest.mark.parametrize("mask", WITHOUT_AREA)

whole = st.integers(-3, 8).map(float)
wild_rings = st.lists(st.tuples(whole, whole), max_size=8).map(lambda points: np.array(points).reshape(-1, 2))
wild_parts = st.builds(lambda outer, holes: Part(outer, tuple(holes)), wild_rings, st.lists(wild_rings, max_size=2))
wild_masks = st.lists(wild_parts, max_size=3).map(lambda parts: Mask(tuple(parts)))
"""Rings that cross, overlap, run along each other, or have no area."""


PLACES = np.random.default_rng(5).uniform(-4, 20, (500, 2)).tolist()
"""On no line between whole numbers."""


def holds(mask: Mask) -> set[tuple[float, float]]:
    """Return which of the places a mask contains."""
    return {(x, y) for x, y in PLACES if mask.contains(x, y)}


class TestForm:
    def test_a_box_and_its_numbers(self) -> None:
        assert SQUARE.bounds == Box(10, 10, 20, 20)
        assert (SQUARE.area, SQUARE.centre, SQUARE.point_count, SQUARE.hole_count) == (100, (15, 15), 4, 0)

    def test_holes_take_from_the_area_and_islands_give_it_back(self) -> None:
        assert (FRAME.area, FRAME.hole_count) == (64, 1)
        assert (TARGET.area, TARGET.hole_count, TARGET.point_count) == (68, 1, 12)

    def test_contains_by_the_even_odd_rule(self) -> None:
        assert [TARGET.contains(x, 15) for x in (9, 11, 13, 15, 17, 19, 21)] == [
            False,
            True,
            False,
            True,
            False,
            True,
            False,
        ]
        assert not BOW_TIE.contains(5, 2)
        assert BOW_TIE.contains(2, 5)

    def test_a_point_on_a_shared_side_is_in_one_of_the_two(self) -> None:
        left, right = Mask.of_box(Box(0, 0, 5, 5)), Mask.of_box(Box(5, 0, 9, 5))
        assert (left.contains(5, 2), right.contains(5, 2)) == (False, True)
        upper, lower = Mask.of_points([(0, 0), (7, 0), (7, 3), (0, 9)]), Mask.of_points([(0, 9), (7, 3), (7, 9)])
        on_the_side = [(0.7 * n, 9 - 0.6 * n) for n in range(1, 10)]
        assert [upper.contains(x, y) for x, y in on_the_side] == [not lower.contains(x, y) for x, y in on_the_side]

    def test_equal_masks_have_the_same_rings(self) -> None:
        same = Mask((Part(SQUARE.parts[0].outer.copy(), (HOLE.copy(),)),))
        assert same == FRAME
        assert hash(same) == hash(FRAME)
        assert FRAME not in (SQUARE, Mask((SQUARE.parts[0], Part(HOLE))), Mask(()))
        assert SQUARE.moved(0.1, 0) != SQUARE

    def test_moving_takes_the_holes_along(self) -> None:
        moved = FRAME.moved(3, -4)
        assert moved.bounds == Box(13, 6, 23, 16)
        assert Box.around(moved.parts[0].holes[0]) == Box(15, 8, 21, 14)
        assert FRAME.bounds == Box(10, 10, 20, 20)

    def test_moving_stops_at_the_edge(self) -> None:
        assert FRAME.moved_inside(500, -500, width=64, height=48).bounds == Box(54, 0, 64, 10)

    def test_a_ring_is_replaced_by_its_place(self) -> None:
        smaller = HOLE + 1
        assert TARGET.with_ring(1, smaller).parts[0].holes[0].tolist() == smaller.tolist()
        assert TARGET.with_ring(2, smaller).parts[1].outer.tolist() == smaller.tolist()

    def test_a_ring_of_two_points_goes(self) -> None:
        assert TARGET.with_ring(1, HOLE[:2]) == Mask((SQUARE.parts[0], ISLAND))
        assert TARGET.with_ring(0, HOLE[:2]) == Mask((ISLAND,))
        assert TARGET.with_ring(2, HOLE[:2]) == FRAME


class TestClipping:
    def test_inside_it_is_the_same_object(self) -> None:
        assert FRAME.clipped(64, 48) is FRAME

    def test_a_hole_over_the_edge_becomes_part_of_the_border(self) -> None:
        inside = FRAME.clipped(15, 48)
        assert inside.bounds == Box(10, 10, 15, 20)
        assert (inside.area, inside.hole_count) == (50 - 18, 0)

    def test_cut_into_pieces(self) -> None:
        comb = Mask.of_points([(0, 0), (9, 0), (9, 6), (6, 6), (6, 2), (3, 2), (3, 6), (0, 6)])
        pieces = comb.moved(0, -3).clipped(20, 20)
        assert sorted(Mask((part,)).area for part in pieces.parts) == [9, 9]

    def test_outside_nothing_is_left(self) -> None:
        assert FRAME.clipped(9, 9) == Mask(())
        assert FRAME.clipped(10, 10) == Mask(())

    @given(wild_masks, st.integers(0, 6), st.integers(0, 6))
    def test_keeps_exactly_what_is_inside(self, mask: Mask, width: int, height: int) -> None:
        inside = mask.clipped(width, height)
        kept = {(x, y) for x, y in holds(mask) if 0 < x < width and 0 < y < height}
        assert {(x, y) for x, y in holds(inside) if 0 < x < width and 0 < y < height} == kept
        assert not inside.parts or inside.bounds.clipped(width, height) == inside.bounds


class TestRegion:
    def test_of_a_target(self) -> None:
        assert TARGET.is_simple
        assert TARGET.region().area == 68
        assert TARGET.repaired() is TARGET

    def test_a_twisted_outline_gives_its_two_triangles(self) -> None:
        assert not BOW_TIE.is_simple
        repaired = BOW_TIE.repaired()
        assert repaired.is_simple
        assert sorted(Box.around(part.outer).as_tuple() for part in repaired.parts) == [
            (0, 0, 5, 10),
            (5, 0, 10, 10),
        ]
        assert repaired.area == 50

    def test_a_star_has_no_middle(self) -> None:
        star = Mask.of_points([(50 + 40 * math.sin(a), 50 - 40 * math.cos(a)) for a in np.arange(5) * 0.8 * math.pi])
        assert not star.repaired().contains(50, 50)
        assert star.repaired().contains(50, 20)

    @pytest.mark.parametrize(
        ("points", "area"),
        [
            ([(0, 0), (4, 0), (4, 4), (0, 4)] * 2, 0),
            ([(0, 0), (4, 0), (4, 4), (0, 4)] * 3, 16),
            ([(0, 0), (8, 0), (8, 4), (4, 4), (4, 0), (4, 4), (0, 4)], 32),
            ([(0, 0), (9, 0), (9, 9), (0, 9), (0, 0), (3, 3), (3, 6), (6, 6), (6, 3), (3, 3)], 72),
            ([(0, 0), (4, 0), (4, 4), (9, 9), (4, 4), (0, 4)], 16),
        ],
        ids=["twice round", "three times round", "a side there and back", "a bridge to a hole", "a spike"],
    )
    def test_sides_that_are_run_along_twice_do_not_count(self, points: list[tuple[float, float]], area: float) -> None:
        assert Mask.of_points(points).repaired().area == area

    def test_overlapping_parts_cancel_out(self) -> None:
        both = Mask((*SQUARE.parts, *SQUARE.moved(5, 0).parts))
        assert not both.is_simple
        assert both.repaired().area == 100
        assert Mask(SQUARE.parts * 2).repaired() == Mask(())

    def test_a_hole_outside_of_its_part_is_filled(self) -> None:
        mask = Mask((Part(SQUARE.parts[0].outer, (HOLE + 20,)),))
        assert mask.bounds == Box(10, 10, 38, 38)
        assert mask.contains(35, 35)
        assert mask.repaired().area == 136

    @given(wild_masks)
    @example(Mask.of_points([(0, 0), (0, 4), (0, 0), (3, 3), (3, 0)]))
    def test_repairing_keeps_what_is_inside(self, mask: Mask) -> None:
        repaired = mask.repaired()
        assert repaired.is_simple
        assert holds(repaired) == holds(mask)
        assert mask.region().is_valid
        assert mask.region().area == pytest.approx(repaired.area)

    @given(wild_masks)
    def test_the_area_is_that_of_the_region_unless_rings_cross(self, mask: Mask) -> None:
        if mask.is_simple:
            assert mask.area == pytest.approx(mask.region().area)
        assert mask.area >= 0

    def test_lines_and_points_of_a_geometry_are_dropped(self) -> None:
        triangle = Polygon([(0, 0), (4, 0), (0, 4)])
        mixed = triangle.intersection(Polygon([(0, 0), (2, 0), (2, -2)])).union(triangle).union(Point(9, 9))
        assert mask_of_region(mixed).area == 8
        assert mask_of_region(Point(1, 1)) == Mask(())

    @given(wild_masks)
    def test_of_a_geometry_and_back(self, mask: Mask) -> None:
        region = mask.region()
        assert mask_of_region(region).region().equals(region) or region.is_empty


class TestWithoutArea:
    @degenerate
    def test_nothing_fails(self, mask: Mask) -> None:
        assert mask.area == pytest.approx(0)
        assert mask.region().area == 0
        assert mask.repaired().area == 0
        assert mask.clipped(5, 5).area == 0
        assert not mask.contains(3, 4)
        assert mask.simplified(1) == mask
        assert mask.moved(1, 1).area == 0
        assert len(mask.sides) <= mask.point_count

    @degenerate
    def test_overlaps_only_itself(self, mask: Mask) -> None:
        assert mask.iou(mask) == 1.0
        assert mask.iou(SQUARE) == SQUARE.iou(mask) == 0.0
        assert mask.iou(mask.moved(1, 0)) == (1.0 if not mask.point_count and not mask.moved(1, 0).point_count else 0.0)

    def test_bounds_of_nothing_are_a_point_at_the_origin(self) -> None:
        assert Mask(()).bounds == Mask.of_points([]).bounds == Box(0, 0, 0, 0)
        assert Mask.of_points([(3, 4)]).bounds == Box(3, 4, 3, 4)

    @degenerate
    def test_rings_without_an_area_are_not_simple(self, mask: Mask) -> None:
        assert mask.is_simple == (not mask.parts)


class TestOverlap:
    @pytest.mark.parametrize(
        ("other", "overlap"),
        [
            (SQUARE, 1.0),
            (Mask.of_box(Box(15, 10, 25, 20)), 1 / 3),
            (FRAME, 0.64),
            (TARGET, 0.68),
            (Mask((ISLAND,)), 0.04),
            (Mask.of_box(Box(20, 10, 30, 20)), 0.0),
            (Mask.of_box(Box(40, 40, 50, 50)), 0.0),
        ],
    )
    def test_values(self, other: Mask, overlap: float) -> None:
        assert SQUARE.iou(other) == pytest.approx(overlap)
        assert other.iou(SQUARE) == SQUARE.iou(other)

    def test_the_hole_of_a_frame_is_not_the_frame(self) -> None:
        assert FRAME.iou(Mask((Part(HOLE),))) == 0.0

    @given(wild_masks, wild_masks)
    def test_is_symmetric_and_a_share(self, a: Mask, b: Mask) -> None:
        assert 0.0 <= a.iou(b) <= 1.0
        assert a.iou(b) == pytest.approx(b.iou(a))

    def test_of_regions_without_area(self) -> None:
        assert region_iou(MultiPolygon(), MultiPolygon()) == 0.0


class TestSimplifying:
    CIRCLE = Mask.of_points([(30 + 20 * math.cos(a), 30 + 20 * math.sin(a)) for a in np.arange(0, 6.28, 0.02)])

    def test_spares_points(self) -> None:
        mask = self.CIRCLE.simplified(0.5)
        assert mask.point_count < 30
        assert mask.iou(self.CIRCLE) > 0.97
        assert mask.region().hausdorff_distance(self.CIRCLE.region()) <= 0.5

    def test_without_tolerance_it_is_the_same(self) -> None:
        assert self.CIRCLE.simplified(0) is self.CIRCLE

    def test_keeps_parts_and_holes(self) -> None:
        mask = TARGET.simplified(3)
        assert [len(part.holes) for part in mask.parts] == [1, 0]

    @given(wild_masks, st.sampled_from([0.5, 2.0, 20.0]))
    def test_never_crosses_or_vanishes(self, mask: Mask, tolerance: float) -> None:
        simplified = mask.simplified(tolerance)
        assert simplified == mask or simplified.is_simple
        assert (simplified.region().area > 0) == (mask.region().area > 0)

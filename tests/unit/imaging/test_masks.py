"""Rasters and outlines: which pixels a mask holds, and the way back to rings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray
from shapely import LinearRing, MultiLineString, hausdorff_distance

from autoanno_gui.core.box import Box
from autoanno_gui.core.mask import Mask, Part
from autoanno_gui.imaging.masks import (
    MaskRaster,
    outline,
    raster_iou,
    rasterise,
)
from tests.rasters import paste

Bits = NDArray[np.bool_]
WIDTH, HEIGHT = 14, 11

quarters = st.integers(-16, 4 * (WIDTH + 4)).map(lambda n: n / 4)
rough_points = st.lists(st.tuples(quarters, quarters), min_size=3, max_size=9)
float_points = st.lists(st.tuples(st.floats(-4, WIDTH + 4), st.floats(-4, HEIGHT + 4)), min_size=3, max_size=9)
bitmaps = npst.arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9)))
seeds = st.integers(0, 2**32 - 1)


def bitmap(text: str) -> Bits:
    return np.array([[letter == "#" for letter in row] for row in text.split()])


def several_rings(rings: list[list[tuple[float, float]]]) -> Mask:
    """Return a mask of rings as they come, which may cross in any way."""
    return Mask(tuple(Part(np.array(ring, np.float64)) for ring in rings))


def filled(mask: Mask, width: int = WIDTH, height: int = HEIGHT) -> Bits:
    return paste(rasterise(mask, width=width, height=height), width=width, height=height)


def exactly_inside(mask: Mask, column: int, row: int) -> bool:
    """Whether a pixel's middle is inside by the even-odd rule, in exact numbers."""
    x, y = Fraction(2 * column + 1, 2), Fraction(2 * row + 1, 2)
    odd = False
    for ring in mask.rings:
        ends = [(Fraction(a), Fraction(b)) for a, b in ring.tolist()]
        for (ax, ay), (bx, by) in zip(ends, ends[1:] + ends[:1], strict=True):
            if (ay <= y < by or by <= y < ay) and ax + (y - ay) * (bx - ax) / (by - ay) <= x:
                odd = not odd
    return odd


def components(bits: Bits) -> list[Bits]:
    """Return the pieces that hang together over the sides of pixels."""
    count, labels = cv2.connectedComponents(bits.astype(np.uint8), connectivity=4)
    return [labels == label for label in range(1, count)]


class TestRasterise:
    def test_the_middle_of_a_pixel_decides(self) -> None:
        raster = rasterise(Mask.of_box(Box(1.6, 2.4, 4.6, 4.4)), width=WIDTH, height=HEIGHT)
        assert (raster.left, raster.top) == (2, 2)
        assert raster.bits.tolist() == [[True] * 3] * 2

    def test_middles_on_the_left_and_upper_side_count_and_on_the_others_not(self) -> None:
        raster = rasterise(Mask.of_box(Box(1.5, 2.5, 3.5, 4.5)), width=WIDTH, height=HEIGHT)
        assert (raster.left, raster.top, raster.bits.shape) == (1, 2, (2, 2))
        assert raster.area == 4

    def test_holes_islands_and_crossings_follow_the_even_odd_rule(self) -> None:
        mask = several_rings([[(0, 0), (9, 0), (9, 9), (0, 9)], [(2, 2), (7, 2), (7, 7), (2, 7)]])
        assert rasterise(mask, width=WIDTH, height=HEIGHT).area == 81 - 25
        twisted = Mask.of_points([(0, 0), (8, 8), (8, 0), (0, 8)])
        assert not twisted.contains(4.5, 1.5)
        assert not filled(twisted)[1, 4]
        assert filled(twisted)[4, 1]

    @given(st.lists(rough_points, min_size=1, max_size=3).map(several_rings))
    def test_agrees_with_exact_numbers(self, mask: Mask) -> None:
        expected = [[exactly_inside(mask, column, row) for column in range(WIDTH)] for row in range(HEIGHT)]
        assert filled(mask).tolist() == expected

    @given(st.lists(float_points, min_size=1, max_size=3).map(several_rings))
    def test_agrees_with_what_contains_a_point(self, mask: Mask) -> None:
        expected = [[mask.contains(x + 0.5, y + 0.5) for x in range(WIDTH)] for y in range(HEIGHT)]
        assert filled(mask).tolist() == expected

    @given(st.lists(st.floats(0, WIDTH), min_size=2, max_size=8), seeds)
    def test_two_regions_that_share_a_border_share_out_the_pixels(self, xs: list[float], seed: int) -> None:
        heights = np.sort(np.random.default_rng(seed).uniform(0, HEIGHT, len(xs) - 2)).tolist()
        border = list(zip(xs, [0.0, *heights, float(HEIGHT)], strict=True))
        left = Mask.of_points([(-1, 0), *border, (-1, HEIGHT)])
        right = Mask.of_points([(WIDTH + 1, HEIGHT), *border[::-1], (WIDTH + 1, 0)])
        assert np.array_equal(filled(left), ~filled(right))

    @given(float_points.map(Mask.of_points), st.integers(0, WIDTH), st.integers(0, HEIGHT))
    def test_cutting_at_the_image_leaves_the_rest_as_it_is(self, mask: Mask, width: int, height: int) -> None:
        assert np.array_equal(filled(mask, width, height), filled(mask)[:height, :width])

    @given(float_points.map(Mask.of_points))
    def test_is_cut_to_the_bounds_inside_the_image(self, mask: Mask) -> None:
        raster = rasterise(mask, width=WIDTH, height=HEIGHT)
        height, width = raster.bits.shape
        assert 0 <= raster.left <= raster.left + width <= WIDTH
        assert 0 <= raster.top <= raster.top + height <= HEIGHT
        if raster.area:
            around = mask.bounds
            assert around.x1 <= raster.left + 0.5 <= raster.left + width - 0.5 < around.x2
            assert around.y1 <= raster.top + 0.5 <= raster.top + height - 0.5 < around.y2

    @pytest.mark.parametrize(
        "mask",
        [
            Mask(()),
            Mask.of_points([]),
            Mask.of_points([(3, 3)]),
            Mask.of_points([(1, 1), (9, 9)]),
            Mask.of_points([(1, 1), (9, 9), (5, 5)]),
            Mask.of_box(Box(20, 2, 30, 9)),
            Mask.of_box(Box(-9, -9, -1, 30)),
            Mask.of_box(Box(2.6, 2.6, 3.4, 3.4)),
        ],
    )
    def test_without_a_pixel_the_raster_is_empty(self, mask: Mask) -> None:
        raster = rasterise(mask, width=WIDTH, height=HEIGHT)
        assert (raster.left, raster.top, raster.bits.shape, raster.area) == (0, 0, (0, 0), 0)

    def test_coordinates_far_outside_do_no_harm(self) -> None:
        assert filled(Mask.of_box(Box(-1e12, -1e12, 1e12, 1e12))).all()


class TestExactOutline:
    @given(bitmaps)
    @example(bitmap("#. .#"))
    @example(bitmap(".# #."))
    @example(bitmap("### #.# ##."))
    @example(bitmap("##### #.### ##.## ###.# #####"))
    @example(bitmap("##### ##.## #.#.# ##.## #####"))
    @example(bitmap("####### #.....# #.###.# #.#.#.# #.###.# #.....# #######"))
    def test_gives_the_raster_back(self, bits: Bits) -> None:
        height, width = bits.shape
        mask = outline(MaskRaster(3, 2, bits), tolerance=0)
        assert np.array_equal(filled(mask, width + 5, height + 4)[2 : height + 2, 3 : width + 3], bits)
        assert mask.area == np.count_nonzero(bits)
        assert mask.is_simple

    @given(bitmaps)
    def test_each_part_is_one_piece_with_its_own_holes(self, bits: Bits) -> None:
        height, width = bits.shape
        mask = outline(MaskRaster(0, 0, bits), tolerance=0)
        found = {filled(Mask((part,)), width, height).tobytes() for part in mask.parts}
        assert found == {piece.tobytes() for piece in components(bits)}

    @given(seeds, st.floats(0.05, 0.95))
    def test_holds_for_large_noise(self, seed: int, share: float) -> None:
        bits = np.random.default_rng(seed).random((40, 57)) < share
        mask = outline(MaskRaster(0, 0, bits), tolerance=0)
        assert np.array_equal(filled(mask, 57, 40), bits)
        assert mask.is_simple

    @given(bitmaps)
    def test_rings_turn_at_every_point_and_touch_themselves_nowhere(self, bits: Bits) -> None:
        for ring in outline(MaskRaster(0, 0, bits), tolerance=0).rings:
            steps = np.roll(ring, -1, axis=0) - ring
            assert np.array_equal(ring, np.round(ring))
            assert ((steps == 0).sum(axis=1) == 1).all()
            assert ((steps[:, 0] == 0) != (np.roll(steps, -1, axis=0)[:, 0] == 0)).all()
            assert len(np.unique(ring, axis=0)) == len(ring)

    def test_a_frame_with_an_island(self) -> None:
        mask = outline(MaskRaster(10, 20, bitmap("##### #...# #.#.# #...# #####")), tolerance=0)
        assert [len(part.holes) for part in mask.parts] == [1, 0]
        assert mask.parts[0].outer.tolist() == [[10, 20], [15, 20], [15, 25], [10, 25]]
        assert Box.around(mask.parts[0].holes[0]) == Box(11, 21, 14, 24)
        assert mask.parts[1].outer.tolist() == [[12, 22], [13, 22], [13, 23], [12, 23]]

    def test_a_hole_that_touches_the_border_stays_a_hole(self) -> None:
        mask = outline(MaskRaster(0, 0, bitmap(".### #.## #### ####")), tolerance=0)
        assert [len(part.holes) for part in mask.parts] == [1]

    def test_no_pixels_no_parts(self) -> None:
        for bits in (np.zeros((0, 0), np.bool_), np.zeros((4, 5), np.bool_)):
            assert outline(MaskRaster(1, 1, bits), tolerance=0) == Mask(())
            assert outline(MaskRaster(1, 1, bits)) == Mask(())


class TestSmallPieces:
    BITS = bitmap("######...#. #.##.#...## #.####..... ######..... .......##.. .......##.#")

    def test_small_parts_and_holes_go(self) -> None:
        mask = outline(MaskRaster(0, 0, self.BITS), tolerance=0, min_area=2)
        assert sorted(Mask((part,)).area for part in mask.parts) == [3, 4, 22]
        assert mask.hole_count == 1
        mask = outline(MaskRaster(0, 0, self.BITS), tolerance=0, min_area=4)
        assert sorted(Mask((part,)).area for part in mask.parts) == [4, 24]
        assert mask.hole_count == 0

    def test_the_largest_part_always_stays(self) -> None:
        mask = outline(MaskRaster(0, 0, self.BITS), tolerance=0, min_area=1000)
        assert [Mask((part,)).area for part in mask.parts] == [24]

    def test_an_island_goes_with_its_hole(self) -> None:
        bits = bitmap("##### #...# #.#.# #...# #####")
        assert filled(outline(MaskRaster(0, 0, bits), tolerance=0, min_area=10), 5, 5).all()

    @given(bitmaps, st.integers(0, 20))
    def test_what_stays_is_large_enough(self, bits: Bits, min_area: int) -> None:
        mask = outline(MaskRaster(0, 0, bits), tolerance=0, min_area=min_area)
        areas = [Mask((part,)).area for part in mask.parts]
        assert bool(areas) == bool(bits.any())
        assert all(area >= min_area for area in areas) or len(set(areas)) == 1
        assert all(Mask.of_points(hole.tolist()).area >= min_area for part in mask.parts for hole in part.holes)
        assert mask.is_simple


SIDE = 128
ROWS, COLUMNS = np.mgrid[0:SIDE, 0:SIDE] + 0.5


def ellipse(rng: np.random.Generator, x: float, y: float, low: float = 16, high: float = 55) -> Bits:
    """A turned ellipse at least 32 pixels long and half as wide, its middle off the grid."""
    length = rng.uniform(low, high)
    width, turn = length * rng.uniform(0.5, 1), rng.uniform(0, math.pi)
    dx, dy = COLUMNS - x - rng.random(), ROWS - y - rng.random()
    u, v = dx * math.cos(turn) + dy * math.sin(turn), dy * math.cos(turn) - dx * math.sin(turn)
    return (u / length) ** 2 + (v / width) ** 2 <= 1


def blob(rng: np.random.Generator) -> Bits:
    angle = np.arctan2(ROWS - 64.3, COLUMNS - 63.8)
    waves = sum(0.4 / (n + 1) * np.cos(n * angle + rng.uniform(0, 6.3)) for n in range(2, 6))
    return np.hypot(ROWS - 64.3, COLUMNS - 63.8) <= rng.uniform(20, 38) * (1 + waves)


def ring(rng: np.random.Generator) -> Bits:
    distance = np.hypot(COLUMNS - 64 - rng.random(), ROWS - 64 - rng.random())
    radius = rng.uniform(18, 60)
    return (distance <= radius) & (distance > radius * rng.uniform(0.3, 0.6))


def patches(rng: np.random.Generator) -> Bits:
    """Many parts with holes and islands."""
    return cv2.GaussianBlur(rng.random((SIDE, SIDE)), (0, 0), rng.uniform(4, 9)) > 0.5


def large_disc(rough: float) -> Bits:
    """A disc of 600 pixels whose border wavers by `rough` pixels."""
    rows, columns = np.mgrid[0:700, 0:700] + 0.5
    waver = cv2.GaussianBlur(np.random.default_rng(0).standard_normal((700, 700)), (0, 0), 1.5)
    return 300 - np.hypot(columns - 350, rows - 350) + rough * waver / waver.std() > 0


SHAPES: list[Callable[[np.random.Generator], Bits]] = [
    lambda rng: ellipse(rng, 64, 64),
    lambda rng: ellipse(rng, 32, 34, 16, 26) | ellipse(rng, 94, 92, 16, 30),
    blob,
    ring,
    patches,
]


def shapes(count: int) -> Iterator[Bits]:
    for number, make in enumerate(SHAPES):
        rng = np.random.default_rng(number)
        for _ in range(count):
            yield make(rng)


class TestSimplifiedOutline:
    def test_keeps_the_form_with_few_points(self) -> None:
        for bits in shapes(25):
            exact, mask = (outline(MaskRaster(0, 0, bits), tolerance=tolerance) for tolerance in (0, 1))
            found = filled(mask, SIDE, SIDE)
            assert np.count_nonzero(found & bits) / np.count_nonzero(found | bits) >= 0.99
            assert mask.area == pytest.approx(np.count_nonzero(bits), rel=0.005)
            assert mask.point_count <= exact.point_count / 2
            assert mask.is_simple

    @pytest.mark.parametrize("tolerance", [0.3, 0.5, 1, 2, 4])
    def test_stays_within_the_tolerance_of_the_border(self, tolerance: float) -> None:
        for bits in (*shapes(6), large_disc(rough=0), large_disc(rough=3)):
            exact, mask = (outline(MaskRaster(0, 0, bits), tolerance=t, min_area=200) for t in (0, tolerance))
            borders = [MultiLineString([LinearRing(ring) for ring in found.rings]) for found in (exact, mask)]
            assert hausdorff_distance(*borders, densify=0.05) <= tolerance + 0.5

    def test_grows_neither_more_nor_less_than_the_raster(self) -> None:
        shares = [outline(MaskRaster(0, 0, bits)).area / np.count_nonzero(bits) for bits in shapes(25)]
        assert np.mean(shares) == pytest.approx(1, abs=0.001)

    def test_a_large_object_has_few_points(self) -> None:
        rows, columns = np.mgrid[0:1000, 0:1400] + 0.5
        bits = ((columns - 700) / 690) ** 2 + ((rows - 500) / 480) ** 2 <= 1
        mask = outline(MaskRaster(0, 0, bits), tolerance=2)
        assert mask.point_count < 130
        assert raster_iou(rasterise(mask, width=1400, height=1000), MaskRaster(0, 0, bits)) > 0.998

    @given(bitmaps, st.sampled_from([0.5, 1, 3, 50]))
    def test_loses_no_part_and_crosses_nothing(self, bits: Bits, tolerance: float) -> None:
        self.check_topology(bits, tolerance)

    @given(seeds, st.floats(0.1, 0.9), st.sampled_from([1, 4]))
    def test_noise_keeps_its_parts_and_holes(self, seed: int, share: float, tolerance: float) -> None:
        self.check_topology(np.random.default_rng(seed).random((24, 31)) < share, tolerance)

    def test_specks_and_pinholes_beside_a_long_border_stay_on_their_side(self) -> None:
        bits = np.hstack([large_disc(rough=0)] * 2)
        for turn in np.arange(0, 6.2, 0.05).tolist():
            for distance, value in ((302, True), (297, False)):
                y, x = (350 + round(distance * part) for part in (math.sin(turn), math.cos(turn)))
                bits[y, x] = value
        self.check_topology(bits, 6)
        longest = sorted(map(len, outline(MaskRaster(0, 0, bits), tolerance=6).rings))[-2:]
        assert longest[0] < 45 < longest[1], "only the rings that would cross have more points"

    @pytest.mark.parametrize("outside", [True, False], ids=["speck", "pinhole"])
    def test_a_pixel_that_a_coarse_line_would_pass_by_stays_on_its_side(self, outside: bool) -> None:
        bits = large_disc(rough=0)
        coarse = filled(outline(MaskRaster(0, 0, bits), tolerance=12), 700, 700)
        wrong = coarse & ~bits if outside else bits & ~coarse
        apart = wrong & (cv2.blur((bits == outside).astype(np.float32), (3, 3)) == 0)
        y, x = np.unravel_index(np.argmax(cv2.distanceTransform(apart.astype(np.uint8), cv2.DIST_L2, 5)), bits.shape)
        assert apart[y, x]
        bits[y, x] = outside
        self.check_topology(bits, 12)

    @staticmethod
    def check_topology(bits: Bits, tolerance: float) -> None:
        exact, mask = (outline(MaskRaster(0, 0, bits), tolerance=t) for t in (0, tolerance))
        assert mask.is_simple
        assert [len(part.holes) for part in mask.parts] == [len(part.holes) for part in exact.parts]
        assert all(Mask((part,)).area > 0 for part in mask.parts)
        assert mask.point_count <= exact.point_count

    def test_a_rectangle_keeps_its_corners(self) -> None:
        mask = outline(MaskRaster(7, 5, np.ones((30, 50), np.bool_)), tolerance=1)
        assert mask.parts[0].outer.tolist() == [[7, 5], [57, 5], [57, 35], [7, 35]]

    def test_single_precision_holds_the_points(self) -> None:
        for bits in shapes(3):
            points = np.concatenate(list(outline(MaskRaster(3001, 2003, bits)).rings))
            assert np.array_equal(points.astype(np.float32).astype(np.float64), points)


class TestRasters:
    A = MaskRaster(2, 3, np.ones((4, 5), np.bool_))

    @pytest.mark.parametrize(
        ("left", "top", "overlap"), [(2, 3, 1.0), (4, 3, 12 / 28), (2, 5, 10 / 30), (7, 3, 0.0), (-9, -9, 0.0)]
    )
    def test_overlap(self, left: int, top: int, overlap: float) -> None:
        other = MaskRaster(left, top, np.ones((4, 5), np.bool_))
        assert raster_iou(self.A, other) == pytest.approx(overlap)
        assert raster_iou(other, self.A) == raster_iou(self.A, other)

    def test_overlap_of_nothing(self) -> None:
        empty = rasterise(Mask(()), width=9, height=9)
        assert raster_iou(empty, empty) == 0.0
        assert raster_iou(empty, self.A) == 0.0

    @given(bitmaps, st.integers(-12, 18), st.integers(-12, 18))
    def test_pasting_keeps_what_lies_inside(self, bits: Bits, left: int, top: int) -> None:
        whole = np.zeros((60, 60), np.bool_)
        whole[20 + top : 20 + top + bits.shape[0], 20 + left : 20 + left + bits.shape[1]] = bits
        assert np.array_equal(paste(MaskRaster(left, top, bits), width=WIDTH, height=HEIGHT), whole[20:31, 20:34])

    def test_outlines_overlap_as_their_rasters_do(self) -> None:
        rng = np.random.default_rng(3)
        a, b = (MaskRaster(left, 4, blob(rng)) for left in (0, 9))
        exact = [outline(raster, tolerance=0) for raster in (a, b)]
        assert exact[0].iou(exact[1]) == pytest.approx(raster_iou(a, b), abs=1e-9)

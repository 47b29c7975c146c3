"""The packed outlines of a frame: each comes back as it went in."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from autoanno_gui.core.box import Box
from autoanno_gui.core.keypoints import Keypoint, Keypoints, Visibility
from autoanno_gui.core.mask import Mask, Part
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.outlines import KEYPOINT_CONFIDENCE, KeypointSets, Masks, OrientedBoxes

BOX = Box(1, 2, 3, 4)

rings = npst.arrays(
    np.float64, st.tuples(st.integers(1, 6), st.just(2)), elements=st.integers(-4000, 80000).map(lambda n: n / 16)
)
parts = st.builds(lambda outer, holes: Part(outer, tuple(holes)), rings, st.lists(rings, max_size=3))
masks = st.lists(parts, min_size=1, max_size=3).map(lambda found: Mask(tuple(found)))


class TestMasks:
    @given(st.lists(st.none() | masks, max_size=6))
    def test_each_comes_back_with_its_parts_and_holes(self, given_masks: list[Mask | None]) -> None:
        packed = Masks.of(given_masks)
        assert len(packed) == len(given_masks)
        assert [packed.at(i, BOX) for i in range(len(packed))] == [mask or BOX for mask in given_masks]

    @given(st.lists(st.none() | masks, min_size=1, max_size=6))
    def test_packing_what_was_unpacked_changes_nothing(self, given_masks: list[Mask | None]) -> None:
        packed = Masks.of(given_masks)
        found = [packed.at(i, BOX) for i in range(len(packed))]
        again = Masks.of([mask if isinstance(mask, Mask) else None for mask in found])
        assert np.array_equal(again.points, packed.points)
        assert np.array_equal(again.rings, packed.rings)

    def test_without_any_ring_all_keep_their_boxes(self) -> None:
        packed = Masks.of([None, Mask(())])
        assert (packed.points.shape, packed.rings.shape) == ((0, 2), (0, 3))
        assert [packed.at(i, BOX) for i in range(2)] == [BOX, BOX]
        assert len(Masks.of([])) == 0

    def test_says_which_rings_are_holes(self) -> None:
        square = Mask.of_box(Box(0, 0, 9, 9)).parts[0].outer
        packed = Masks.of([None, Mask((Part(square, (square / 3,)), Part(square + 20))), Mask.of_box(BOX)])
        assert packed.rings.tolist() == [[1, 4, 0], [1, 4, 1], [1, 4, 0], [2, 4, 0]]
        assert (packed.points.dtype, packed.rings.dtype) == (np.float32, np.int32)

    @pytest.mark.parametrize(
        "found",
        [[[0, 4, 0]], [[0, 2, 0], [0, 2, 0]], [[0, 3, 0], [2, 2, 0]], [[1, 3, 0], [0, 2, 0]], [[-1, 5, 0]]],
        ids=["too few points", "too few in two", "no such prediction", "out of order", "before the first"],
    )
    def test_rings_that_do_not_fit_are_refused(self, found: list[list[int]]) -> None:
        with pytest.raises(ValueError, match="do not fit 5 points of 2 predictions"):
            Masks(2, np.zeros((5, 2), np.float32), np.array(found, np.int32))


def test_oriented_boxes_come_back_with_a_normal_angle() -> None:
    packed = OrientedBoxes(np.array([[5, 6, 7, 8, 0.5], [1, 2, 3, 4, 2.5]], np.float32))
    assert len(packed) == 2
    assert packed.at(0, BOX) == OrientedBox(5, 6, 7, 8, 0.5)
    found = packed.at(1, BOX)
    assert (found.cx, found.cy, found.width, found.height) == (1, 2, 3, 4)
    assert found.angle == pytest.approx(2.5 - math.pi)


def test_keypoints_are_visible_from_the_confidence_on() -> None:
    values = [[10, 20, 0.9], [30, 40, KEYPOINT_CONFIDENCE], [50, 60, 0.49]]
    packed = KeypointSets(np.array([values], np.float32))
    assert len(packed) == 1
    assert packed.at(0, BOX) == Keypoints(
        BOX,
        (
            Keypoint(10, 20, Visibility.VISIBLE),
            Keypoint(30, 40, Visibility.VISIBLE),
            Keypoint(50, 60, Visibility.UNLABELLED),
        ),
    )

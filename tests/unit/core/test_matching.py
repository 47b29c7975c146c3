"""Which proposal stands for which true object."""

from __future__ import annotations

import numpy as np
import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry, overlap
from autoanno_gui.core.keypoints import Keypoint, Keypoints, Visibility
from autoanno_gui.core.mask import Mask, Part
from autoanno_gui.core.matching import MATCH_IOU, candidate_pairs, match
from autoanno_gui.core.oriented_box import OrientedBox

CAR, BIKE = 10, 11
PLACE = Box(0, 0, 100, 100)
NEAR = Box(0, 0, 100, 90)
HALF = Box(0, 0, 100, 50)
LESS = Box(0, 0, 100, 49)


def stands_for(true: list[tuple[int, Geometry]], proposed: list[tuple[int | None, Geometry]]) -> dict[int, int]:
    pairs = match(candidate_pairs(true, proposed), np.ones(len(proposed), np.bool_))
    return {pair.true: pair.proposed for pair in pairs}


def test_the_closer_one_of_equal_class_stands_for_it() -> None:
    assert stands_for([(CAR, PLACE)], [(CAR, HALF), (CAR, NEAR)]) == {0: 1}


def test_an_equal_class_goes_before_a_closer_outline() -> None:
    assert stands_for([(CAR, PLACE)], [(BIKE, PLACE), (CAR, HALF)]) == {0: 1}


def test_another_class_stands_for_it_where_nothing_better_is_there() -> None:
    assert stands_for([(CAR, PLACE)], [(BIKE, NEAR)]) == {0: 0}


def test_half_an_overlap_is_enough_and_less_is_not() -> None:
    assert stands_for([(CAR, PLACE)], [(CAR, HALF)]) == {0: 0}
    assert stands_for([(CAR, PLACE)], [(CAR, LESS)]) == {}


def test_each_is_taken_once() -> None:
    assert stands_for([(CAR, PLACE), (CAR, NEAR)], [(CAR, PLACE)]) == {0: 0}
    assert stands_for([(CAR, PLACE)], [(CAR, PLACE), (CAR, PLACE)]) == {0: 0}


def test_what_has_no_class_in_the_project_stands_for_nothing() -> None:
    assert stands_for([(CAR, PLACE)], [(None, PLACE)]) == {}


def test_only_what_is_shown_stands_for_anything() -> None:
    pairs = candidate_pairs([(CAR, PLACE)], [(CAR, PLACE), (CAR, NEAR)])
    assert [pair.proposed for pair in match(pairs, np.array([False, True]))] == [1]
    assert match(pairs, np.array([False, False])) == []


def test_nothing_matches_nothing() -> None:
    assert candidate_pairs([], [(CAR, PLACE)]) == []
    assert candidate_pairs([(CAR, PLACE)], []) == []


def test_a_far_spot_of_a_mask_does_not_hide_that_it_overlaps() -> None:
    square = Mask.of_box(Box(0, 0, 100, 100))
    with_spot = Mask((*square.parts, *Mask.of_box(Box(900, 900, 905, 905)).parts))
    assert square.bounds.iou(with_spot.bounds) < MATCH_IOU
    assert stands_for([(CAR, square)], [(CAR, with_spot)]) == {0: 0}


def test_bounds_alone_do_not_make_masks_overlap() -> None:
    corner = Mask((Part(np.array([(0.0, 0.0), (100.0, 0.0), (0.0, 100.0)])),))
    other = Mask((Part(np.array([(100.0, 100.0), (100.0, 0.0), (0.0, 100.0)])),))
    assert stands_for([(CAR, corner)], [(CAR, other)]) == {}


@pytest.mark.parametrize(
    "outline",
    [
        OrientedBox.of_box(PLACE),
        Mask.of_box(PLACE),
        Keypoints(PLACE, (Keypoint(20, 30, Visibility.VISIBLE), Keypoint(50, 60, Visibility.HIDDEN))),
    ],
    ids=["oriented_box", "mask", "keypoints"],
)
def test_every_kind_of_outline_stands_for_its_like(outline: Geometry) -> None:
    (pair,) = candidate_pairs([(CAR, outline)], [(CAR, outline)])
    assert pair.iou == pytest.approx(overlap(outline, outline))
    assert pair.same_class

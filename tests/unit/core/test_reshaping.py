"""What the keys do to outlines of every kind."""

from __future__ import annotations

import math

import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.keypoints import Keypoint, Keypoints, Visibility
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.reshaping import SideName, grown, side_moved, turned

BOX = Box(10, 20, 30, 60)
POSE = Keypoints(BOX, (Keypoint(15, 25, Visibility.VISIBLE),))
MASK = Mask.of_box(BOX)


@pytest.mark.parametrize(
    ("side", "after"),
    [
        ("left", Box(13, 20, 30, 60)),
        ("right", Box(10, 20, 33, 60)),
        ("top", Box(10, 24, 30, 60)),
        ("bottom", Box(10, 20, 30, 64)),
    ],
)
def test_a_side_goes_alone(side: SideName, after: Box) -> None:
    assert side_moved(BOX, side, 3, 4) == after
    moved = side_moved(POSE, side, 3, 4)
    assert moved == POSE.with_box(after)


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_sides_never_cross(side: SideName) -> None:
    far = 500 if side in ("left", "top") else -500
    bounds = side_moved(BOX, side, far, far).bounds
    assert bounds.width >= 1
    assert bounds.height >= 1


def test_an_oriented_box_goes_by_its_own_sides() -> None:
    box = OrientedBox(50, 50, 40, 20, math.pi / 2)
    after = side_moved(box, "right", 6, 0)
    assert isinstance(after, OrientedBox)
    assert (after.width, after.height, after.angle) == (46, 20, box.angle)
    # Its width runs down the screen: the side at the bottom went down by 6.
    assert after.bounds.y2 == pytest.approx(76)
    assert after.bounds.y1 == pytest.approx(30)


@pytest.mark.parametrize("outline", [BOX, POSE, MASK])
def test_growing_moves_the_right_and_lower_sides(outline: Geometry) -> None:
    assert grown(outline, 5, 7).bounds == Box(10, 20, 35, 67)
    assert grown(outline, -500, -500).bounds == Box(10, 20, 11, 21)


def test_only_oriented_boxes_turn() -> None:
    box = OrientedBox(50, 50, 40, 20, 0.0)
    after = turned(box, math.radians(30))
    assert isinstance(after, OrientedBox)
    assert after.angle == pytest.approx(math.radians(30))
    assert after.centre == (50, 50)
    assert turned(BOX, 1.0) is None
    assert turned(MASK, 1.0) is None
    assert turned(POSE, 1.0) is None

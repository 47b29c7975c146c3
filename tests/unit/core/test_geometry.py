"""Outlines of any kind: overlap between kinds, and what a project of each task keeps of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry, GeometryKind, as_task, kind_of, outline_points, overlap
from autoanno_gui.core.keypoints import Keypoint, Keypoints, Visibility
from autoanno_gui.core.mask import Mask, Part
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.task import Task

BOX = Box(40, 20, 100, 60)
TILTED = OrientedBox(70, 40, 40, 20, math.pi / 6)
TRIANGLE = Mask.of_points([(40, 20), (100, 20), (40, 60)])
FRAME = Mask((Part(Mask.of_box(BOX).parts[0].outer, (Mask.of_box(Box(55, 30, 85, 50)).parts[0].outer,)),))
POSE = Keypoints(BOX, (Keypoint(50, 30, Visibility.VISIBLE), Keypoint(90, 50, Visibility.HIDDEN)))
ALL: list[Geometry] = [BOX, TILTED, TRIANGLE, FRAME, POSE]


def test_kinds() -> None:
    assert [kind_of(geometry) for geometry in ALL] == [
        GeometryKind.BOX,
        GeometryKind.ORIENTED_BOX,
        GeometryKind.MASK,
        GeometryKind.MASK,
        GeometryKind.KEYPOINTS,
    ]


class TestOverlap:
    @pytest.mark.parametrize(
        ("a", "b", "share"),
        [
            (BOX, BOX.moved(30, 0), 1 / 3),
            (BOX, OrientedBox.of_box(BOX), 1.0),
            (BOX, TILTED, 1 / 3),
            (BOX, TRIANGLE, 0.5),
            (BOX, FRAME, 0.75),
            (BOX, POSE, 1.0),
            (TILTED, Mask.of_points([tuple(corner) for corner in TILTED.corners.tolist()]), 1.0),
            (POSE, TRIANGLE, 0.5),
            (BOX, Mask.of_box(Box(100, 20, 130, 60)), 0.0),
            (BOX, Mask(()), 0.0),
        ],
    )
    def test_between_any_two_kinds(self, a: Geometry, b: Geometry, share: float) -> None:
        assert overlap(a, b) == pytest.approx(share)
        assert overlap(b, a) == pytest.approx(share)

    @pytest.mark.parametrize("geometry", ALL)
    def test_with_itself(self, geometry: Geometry) -> None:
        assert overlap(geometry, geometry) == pytest.approx(1.0)

    @pytest.mark.parametrize("geometry", ALL)
    def test_with_what_has_no_area(self, geometry: Geometry) -> None:
        for line in (
            Box(50, 30, 50, 50),
            OrientedBox(60, 40, 30, 0, 0.4),
            Mask.of_points([(50, 30), (60, 40), (70, 50)]),
        ):
            assert overlap(geometry, line) == overlap(line, geometry) == 0.0

    def test_crossing_rings_count_by_the_even_odd_rule(self) -> None:
        bow_tie = Mask.of_points([(40, 20), (100, 60), (100, 20), (40, 60)])
        assert overlap(BOX, bow_tie) == pytest.approx(0.5)


class TestOutlinePoints:
    def test_of_a_box_and_of_keypoints(self) -> None:
        corners = [[40, 20], [100, 20], [100, 60], [40, 60]]
        assert outline_points(BOX).tolist() == outline_points(POSE).tolist() == corners

    def test_of_a_mask_are_those_of_all_rings(self) -> None:
        assert len(outline_points(FRAME)) == 8
        assert outline_points(Mask(())).shape == (0, 2)

    def test_of_an_oriented_box_are_its_corners(self) -> None:
        assert np.array_equal(outline_points(TILTED), TILTED.corners)


class TestAsTask:
    @pytest.mark.parametrize("geometry", ALL)
    def test_a_detect_project_keeps_the_bounds(self, geometry: Geometry) -> None:
        assert as_task(geometry, Task.DETECT) == geometry.bounds

    @pytest.mark.parametrize(
        ("geometry", "kept"),
        [
            (BOX, OrientedBox(70, 40, 60, 40, 0)),
            (POSE, OrientedBox(70, 40, 60, 40, 0)),
            (TILTED, TILTED),
            (Mask.of_box(BOX), OrientedBox(70, 40, 60, 40, 0)),
            (FRAME, OrientedBox(70, 40, 60, 40, 0)),
            (Mask(()), OrientedBox(0, 0, 0, 0, 0)),
            (Mask.of_points([]), OrientedBox(0, 0, 0, 0, 0)),
        ],
    )
    def test_an_obb_project_keeps_a_rectangle(self, geometry: Geometry, kept: OrientedBox) -> None:
        assert as_task(geometry, Task.OBB) == kept

    def test_an_obb_project_keeps_the_smallest_rectangle_around_a_mask(self) -> None:
        mask = Mask.of_points([TILTED.at(u, v) for u, v in [(-20, 0), (0, -10), (20, -10), (20, 10), (-20, 10)]])
        found = as_task(mask, Task.OBB)
        assert isinstance(found, OrientedBox)
        assert found.iou(TILTED) == pytest.approx(1.0)

    @pytest.mark.parametrize(
        ("geometry", "kept"),
        [(BOX, BOX), (TRIANGLE, TRIANGLE), (FRAME, FRAME), (POSE, BOX), (OrientedBox.of_box(BOX), Mask.of_box(BOX))],
    )
    def test_a_segment_project_keeps_masks_and_boxes(self, geometry: Geometry, kept: Geometry) -> None:
        assert as_task(geometry, Task.SEGMENT) == kept

    def test_a_segment_project_keeps_a_turned_box_as_a_mask(self) -> None:
        found = as_task(TILTED, Task.SEGMENT)
        assert isinstance(found, Mask)
        assert found.parts[0].outer == pytest.approx(TILTED.corners)

    @pytest.mark.parametrize("geometry", ALL[:-1])
    def test_a_pose_project_asks_for_points(self, geometry: Geometry) -> None:
        assert as_task(geometry, Task.POSE, keypoints=4) == Keypoints.unplaced(geometry.bounds, 4)

    def test_a_pose_project_keeps_points_of_its_own_skeleton_only(self) -> None:
        assert as_task(POSE, Task.POSE, keypoints=2) == POSE
        assert as_task(POSE, Task.POSE, keypoints=5) == Keypoints.unplaced(BOX, 5)

    @pytest.mark.parametrize("task", Task)
    @pytest.mark.parametrize("geometry", ALL)
    def test_what_was_kept_stays(self, geometry: Geometry, task: Task) -> None:
        kept = as_task(geometry, task, keypoints=2)
        assert as_task(kept, task, keypoints=2) == kept

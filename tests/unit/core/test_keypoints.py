"""Keypoints: changes, clipping, similarity, and skeletons."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoanno_gui.core.box import Box
from autoanno_gui.core.keypoints import (
    COCO_PERSON,
    OKS_SCALE,
    Keypoint,
    Keypoints,
    Skeleton,
    Visibility,
    default_skeleton,
)
from tests.unit.core.builders import HEIGHT, WIDTH, boxes

UNLABELLED, HIDDEN, VISIBLE = Visibility
BOX = Box(40, 20, 100, 60)
POSE = Keypoints(BOX, (Keypoint(50, 30, VISIBLE), Keypoint(90, 50, HIDDEN), Keypoint(70, 40, UNLABELLED)))

points = st.builds(Keypoint, st.floats(-20, WIDTH + 20), st.floats(-20, HEIGHT + 20), st.sampled_from(list(Visibility)))
poses = st.builds(Keypoints, boxes(margin=20), st.lists(points, max_size=5).map(tuple))


class TestForm:
    def test_form_and_place_are_those_of_the_box(self) -> None:
        assert (POSE.bounds, POSE.area, POSE.centre) == (BOX, 2400, (70, 40))
        assert POSE.contains(41, 59)
        assert not POSE.contains(39, 30)

    def test_hidden_and_visible_points_are_labelled(self) -> None:
        assert POSE.labelled == (0, 1)

    def test_unplaced_points_wait_in_the_middle(self) -> None:
        pose = Keypoints.unplaced(BOX, 3)
        assert pose.points == (Keypoint(70, 40, UNLABELLED),) * 3
        assert pose.labelled == ()


class TestChanges:
    def test_one_point_changes(self) -> None:
        found = POSE.with_point(2, Keypoint(1, 2, VISIBLE))
        assert found.points == (*POSE.points[:2], Keypoint(1, 2, VISIBLE))
        assert found.box == BOX
        assert POSE.with_point(-1, Keypoint(1, 2, VISIBLE)) == found

    def test_there_is_no_point_beyond_the_last(self) -> None:
        with pytest.raises(IndexError):
            POSE.with_point(3, Keypoint(1, 2, VISIBLE))

    def test_the_box_changes_alone(self) -> None:
        assert POSE.with_box(Box(0, 0, 5, 5)) == Keypoints(Box(0, 0, 5, 5), POSE.points)

    def test_the_box_grows_to_labelled_points_only(self) -> None:
        far = Keypoints(BOX, (Keypoint(30, 70, HIDDEN), Keypoint(0, 0, UNLABELLED), Keypoint(50, 30, VISIBLE)))
        assert far.grown_to_points() == Keypoints(Box(30, 20, 100, 70), far.points)
        assert POSE.grown_to_points() == POSE

    def test_moving_takes_all_points_along(self) -> None:
        moved = POSE.moved(5, -5)
        assert moved.box == Box(45, 15, 105, 55)
        assert [(x, y) for x, y, _ in moved.points] == [(55, 25), (95, 45), (75, 35)]
        assert [point.visibility for point in moved.points] == [point.visibility for point in POSE.points]

    def test_moving_stops_where_the_box_meets_the_edge(self) -> None:
        assert POSE.moved_inside(500, -500, width=WIDTH, height=HEIGHT) == POSE.moved(100, -20)


class TestClipping:
    def test_a_point_outside_loses_its_label(self) -> None:
        pose = Keypoints(Box(150, 50, 250, 90), (Keypoint(210, 60, VISIBLE), Keypoint(200, 60, HIDDEN)))
        clipped = pose.clipped(WIDTH, HEIGHT)
        assert clipped.box == Box(150, 50, 200, 90)
        assert clipped.points == (Keypoint(200, 60, UNLABELLED), Keypoint(200, 60, HIDDEN))

    @given(poses)
    def test_everything_is_inside_and_stays_so(self, pose: Keypoints) -> None:
        clipped = pose.clipped(WIDTH, HEIGHT)
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y, _ in clipped.points)
        assert set(clipped.labelled) <= set(pose.labelled)
        assert clipped.clipped(WIDTH, HEIGHT) == clipped


class TestSimilarity:
    def test_of_the_same_is_one(self) -> None:
        assert POSE.iou(POSE) == 1.0

    def test_without_labelled_points_the_boxes_count(self) -> None:
        assert Keypoints.unplaced(BOX, 3).iou(Keypoints.unplaced(BOX.moved(30, 0), 3)) == pytest.approx(1 / 3)

    def test_a_point_that_lies_off_counts_less(self) -> None:
        off = math.sqrt(BOX.area) * OKS_SCALE
        moved = POSE.with_point(0, Keypoint(50 + off, 30, VISIBLE))
        assert POSE.iou(moved) == pytest.approx((1 + math.exp(-0.5)) / 2)

    @pytest.mark.parametrize("visibility", [UNLABELLED, HIDDEN])
    def test_a_point_that_is_seen_in_one_only_counts_nothing(self, visibility: Visibility) -> None:
        assert POSE.iou(POSE.with_point(0, Keypoint(50, 30, visibility))) == pytest.approx(0.5)

    def test_where_an_unlabelled_point_waits_makes_no_difference(self) -> None:
        assert POSE.iou(POSE.with_point(2, Keypoint(0, 0, UNLABELLED))) == 1.0

    def test_points_that_the_other_lacks_count_nothing(self) -> None:
        assert POSE.iou(Keypoints(BOX, POSE.points[:2])) == pytest.approx(2 / 3)

    def test_the_overlap_of_the_boxes_is_a_factor(self) -> None:
        assert POSE.iou(POSE.with_box(Box(40, 20, 100, 40))) == pytest.approx(0.5)

    @given(poses, poses)
    def test_is_symmetric_and_a_share(self, a: Keypoints, b: Keypoints) -> None:
        assert 0.0 <= a.iou(b) <= 1.0
        assert a.iou(b) == pytest.approx(b.iou(a))
        assert a.iou(a) == pytest.approx(1.0)


class TestSkeleton:
    def test_without_pairs_each_point_is_its_own_mirror_image(self) -> None:
        assert Skeleton(("a", "b", "c")).flip == (0, 1, 2)

    @pytest.mark.parametrize(
        ("edges", "flip"),
        [
            (((0, 3),), ()),
            (((-1, 0),), ()),
            ((), (0, 1)),
            ((), (0, 1, 2, 3)),
            ((), (0, 0, 2)),
            ((), (1, 2, 0)),
            ((), (0, 1, 7)),
        ],
        ids=["edge beyond", "edge before", "too few", "too many", "twice the same", "no pairs", "no such point"],
    )
    def test_edges_and_pairs_have_to_name_points(
        self, edges: tuple[tuple[int, int], ...], flip: tuple[int, ...]
    ) -> None:
        with pytest.raises(ValueError, match="name no point"):
            Skeleton(("a", "b", "c"), edges, flip)

    def test_of_a_person(self) -> None:
        assert len(COCO_PERSON) == 17
        for index, other in enumerate(COCO_PERSON.flip):
            name = COCO_PERSON.names[index]
            side = {"left": "right", "right": "left"}.get(name.split()[0])
            assert COCO_PERSON.names[other] == (f"{side} {name.split()[1]}" if side else name)
        mirrored = {frozenset(COCO_PERSON.flip[end] for end in edge) for edge in COCO_PERSON.edges}
        assert mirrored == {frozenset(edge) for edge in COCO_PERSON.edges}

    def test_of_a_model_that_says_only_how_many(self) -> None:
        assert default_skeleton(17) is COCO_PERSON
        assert default_skeleton(2) == Skeleton(("point 1", "point 2"))
        assert len(default_skeleton(0)) == 0

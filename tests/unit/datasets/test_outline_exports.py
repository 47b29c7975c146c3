"""Datasets of masks, turned boxes and keypoints: what their files say, and what of the objects they cannot hold."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from autoanno_gui.core.box import Box
from autoanno_gui.core.errors import ExportError
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.keypoints import COCO_PERSON, Keypoint, Keypoints, Skeleton, Visibility
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.task import Task
from autoanno_gui.datasets.plan import ExportFormat, ExportOptions, ExportReport, default_format
from autoanno_gui.datasets.writer import FORMATS
from tests.unit.datasets.builders import (
    annotated,
    by_source,
    circle,
    export,
    label_of,
    labelled,
    leftovers,
    make_plan,
    manifest,
    mask,
    square,
    write_picture,
)

SKELETON = Skeleton(("nose", "left eye", "right eye"), edges=((0, 1), (0, 2)), flip=(0, 2, 1))
MASK = mask((square(4, 4, 16), circle(12, 12, 4, points=12)), (square(30, 10, 16),))
TURNED = OrientedBox(32, 24, 20, 10, 0.5)
POINTS = Keypoints(
    Box(8, 12, 40, 36),
    (
        Keypoint(16, 24, Visibility.VISIBLE),
        Keypoint(32.125, 12, Visibility.HIDDEN),
        Keypoint(9, 9, Visibility.UNLABELLED),
    ),
)
OF_EACH: tuple[Geometry, ...] = (Box(16, 12, 32, 36), TURNED, MASK, POINTS)


def export_frame(
    root: Path,
    out: Path,
    outlines: tuple[Geometry, ...],
    format_: ExportFormat,
    *,
    skeleton: Skeleton | None = SKELETON,
) -> ExportReport:
    """Export one frame with these objects, all of class 1."""
    write_picture(root, "a.png")
    frames = [labelled(0, "a.png", [annotated(outline, 1) for outline in outlines])]
    return export(make_plan(frames, options=ExportOptions(format=format_, skeleton=skeleton)), root, out)


@pytest.mark.parametrize("task", Task)
def test_each_task_has_a_format(task: Task) -> None:
    assert default_format(task) == f"yolo-{task}"
    assert default_format(task) in FORMATS


def test_no_pose_dataset_is_planned_without_a_skeleton() -> None:
    for skeleton in (None, Skeleton(())):
        with pytest.raises(ExportError, match="no skeleton"):
            make_plan([labelled(0, "a.png")], options=ExportOptions(format=ExportFormat.YOLO_POSE, skeleton=skeleton))


@pytest.mark.parametrize(
    ("format_", "written", "columns"),
    [
        (ExportFormat.YOLO_DETECT, [None, ["box"], ["box"], ["box"]], [5, 5, 5, 5]),
        # Twelve points of the hole, two of a bridge to it, and the second part with its bridge.
        (ExportFormat.YOLO_SEGMENT, [["corners"], ["corners"], ["joined", "keyhole"], ["corners"]], [9, 9, 49, 9]),
        (ExportFormat.YOLO_OBB, [None, None, ["rectangle"], ["box"]], [9, 9, 9, 9]),
        (ExportFormat.YOLO_POSE, [["no_keypoints"], ["no_keypoints"], ["no_keypoints"], None], [14, 14, 14, 14]),
    ],
)
def test_any_outline_goes_into_any_dataset(
    root: Path, out: Path, format_: ExportFormat, written: list[list[str] | None], columns: list[int]
) -> None:
    report = export_frame(root, out, OF_EACH, format_)
    (entry,) = by_source(out).values()
    assert report.objects == 4
    assert manifest(out)["dataset"] == format_.value
    assert [thing.get("written") for thing in entry["objects"]] == written
    rows = label_of(out, entry).read_text().splitlines()
    assert [len(row.split(" ")) for row in rows] == columns
    assert all(row.startswith("1 ") for row in rows)


def test_the_manifest_keeps_every_outline_whole(root: Path, out: Path) -> None:
    export_frame(root, out, OF_EACH, ExportFormat.YOLO_DETECT)
    box, turned, region, points = by_source(out)["a.png"]["objects"]
    common = {"class", "xyxy", "geometry", "verdict", "confidence", "model", "reviewer", "decided_at"}
    assert box.keys() == common
    assert (box["geometry"], box["xyxy"]) == ("box", [16, 12, 32, 36])
    assert (turned["geometry"], turned["obb"]) == ("oriented_box", [32, 24, 20, 10, 0.5])
    assert turned["xyxy"] == pytest.approx(TURNED.bounds.as_tuple())
    assert (region["geometry"], region["xyxy"]) == ("mask", [4, 4, 46, 26])
    hole = region["parts"][0]["holes"][0]
    assert region["parts"] == [
        {"outer": [[4, 4], [20, 4], [20, 20], [4, 20]], "holes": [hole]},
        {"outer": [[30, 10], [46, 10], [46, 26], [30, 26]], "holes": []},
    ]
    assert hole[:3] == [[16, 12], [15.46, 14], [14, 15.46]]
    assert (points["geometry"], points["xyxy"]) == ("keypoints", [8, 12, 40, 36])
    assert points["keypoints"] == [[16, 24, 2], [32.125, 12, 1], [9, 9, 0]]


def test_what_a_dataset_cannot_hold_is_said_in_one_note_for_each_kind(root: Path, out: Path) -> None:
    bow = Mask.of_points([(4, 4), (20, 20), (20, 4), (4, 20)])
    report = export_frame(root, out, (*OF_EACH, bow), ExportFormat.YOLO_SEGMENT)
    assert report.notes[2:] == (
        "3 objects without a mask, written as the corners of a box: a.png.",
        "1 object with an outline that crosses itself, written as the region inside it: a.png.",
        "2 objects in several parts, joined by lines that training sees a pixel wide: a.png.",
    )
    assert not any("hole" in note for note in report.notes), "a hole is not lost"


def test_corners_beyond_the_picture_are_moved_and_counted(root: Path, out: Path) -> None:
    beyond = OrientedBox(8, 24, 30, 10, 0.5)
    report = export_frame(root, out, (TURNED, beyond), ExportFormat.YOLO_OBB)
    note = "1 object with corners beyond the picture, which were moved to its edge: a.png."
    assert report.notes[-1] == note
    turned, moved = by_source(out)["a.png"]["objects"]
    assert ("written" in turned, moved["written"]) == (False, ["moved_corners"])
    assert moved["obb"] == [8, 24, 30, 10, 0.5]
    values = [float(value) for value in label_of(out, by_source(out)["a.png"]).read_text().split()]
    assert min(values) >= 0


def test_a_pose_dataset_says_what_its_points_are(root: Path, out: Path) -> None:
    report = export_frame(root, out, (POINTS,), ExportFormat.YOLO_POSE)
    text = (out / "data.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(text) == {
        "train": "images/train",
        "val": "images/train",
        "nc": 2,
        "names": {0: "person", 1: "car"},
        "kpt_shape": [3, 3],
        "flip_idx": [0, 2, 1],
        "kpt_names": {0: list(SKELETON.names), 1: list(SKELETON.names)},
    }
    assert "flip_idx: [0, 2, 1]\n" in text, "readable"
    (row,) = label_of(out, by_source(out)["a.png"]).read_text().splitlines()
    assert row == "1 0.3750000 0.5000000 0.5000000 0.5000000 0.2500000 0.5000000 2 0.5019531 0.2500000 1 0 0 0"
    assert manifest(out)["skeleton"] == {"names": list(SKELETON.names), "edges": [[0, 1], [0, 2]], "flip": [0, 2, 1]}
    assert not any("mirror" in note for note in report.notes)


def test_names_of_points_survive_yaml(root: Path, out: Path) -> None:
    skeleton = Skeleton(("yes", "v\u00e9lo: 1", "null"), flip=(0, 2, 1))
    export_frame(root, out, (POINTS,), ExportFormat.YOLO_POSE, skeleton=skeleton)
    assert yaml.safe_load((out / "data.yaml").read_text(encoding="utf-8"))["kpt_names"][1] == list(skeleton.names)


def test_without_mirror_partners_training_is_kept_from_mirroring(root: Path, out: Path) -> None:
    """Or it would learn from mirrored pictures that left is right."""
    report = export_frame(root, out, (POINTS,), ExportFormat.YOLO_POSE, skeleton=Skeleton(("a", "b", "c")))
    assert "flip_idx" not in yaml.safe_load((out / "data.yaml").read_text())
    (note,) = (note for note in report.notes if "mirror" in note)
    assert "flip_idx: [0, 1, 2]" in note


def test_a_single_point_is_its_own_mirror_partner(root: Path, out: Path) -> None:
    one = Keypoints(POINTS.box, POINTS.points[:1])
    export_frame(root, out, (one,), ExportFormat.YOLO_POSE, skeleton=Skeleton(("middle",)))
    assert yaml.safe_load((out / "data.yaml").read_text())["flip_idx"] == [0]


def test_objects_with_other_points_than_the_skeleton_are_left_out_and_named(root: Path, out: Path) -> None:
    person = Keypoints.unplaced(Box(1, 1, 9, 9), len(COCO_PERSON))
    beyond = POINTS.with_point(0, Keypoint(70, 5, Visibility.VISIBLE))
    report = export_frame(root, out, (person, Box(16, 12, 32, 36), beyond), ExportFormat.YOLO_POSE)
    assert report.notes[2:] == (
        "1 object left out for having other keypoints than the project's skeleton: a.png.",
        "1 object without keypoints, written as a box alone: a.png.",
        "1 object with keypoints outside the picture, which were left out: a.png.",
    )
    entry = by_source(out)["a.png"]
    assert [(thing["reason"], len(thing["keypoints"])) for thing in entry["left_out"]] == [("wrong_keypoints", 17)]
    assert [thing["written"] for thing in entry["objects"]] == [["no_keypoints"], ["keypoints_outside"]]


def test_a_frame_whose_only_object_has_other_points_is_no_background(root: Path, out: Path) -> None:
    with pytest.raises(ExportError, match="None of its objects has the keypoints of the project's skeleton"):
        export_frame(root, out, (Keypoints.unplaced(Box(1, 1, 9, 9), 17),), ExportFormat.YOLO_POSE)
    assert not out.parent.exists() or leftovers(out) == []


def test_two_masks_that_share_their_box_are_two_objects(root: Path, out: Path) -> None:
    lower = Mask.of_points([(4, 4), (20, 20), (4, 20)])
    upper = Mask.of_points([(4, 4), (20, 4), (20, 20)])
    assert export_frame(root, out, (lower, upper, lower), ExportFormat.YOLO_SEGMENT).objects == 2
    assert [thing["reason"] for thing in by_source(out)["a.png"]["left_out"]] == ["repeated"]

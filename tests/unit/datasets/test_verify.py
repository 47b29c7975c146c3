"""What stands in a data.yaml is read back too, apart from the writer that cannot be caught half-way there."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.errors import ExportError
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.keypoints import Keypoints, Skeleton
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.datasets.layout import WrittenPicture
from autoanno_gui.datasets.plan import ExportFormat, ExportOptions
from autoanno_gui.datasets.verify import verify_yolo
from autoanno_gui.datasets.writer import FORMATS
from autoanno_gui.datasets.yolo_rows import parse_detect_row
from tests.unit.datasets.builders import (
    annotated,
    export,
    labelled,
    make_frames,
    make_plan,
    mask,
    square,
    write_picture,
)

PICTURES = [
    WrittenPicture("train", "a.png", 64, 48, 1),
    WrittenPicture("train", "b.png", 64, 48, 1),
    WrittenPicture("val", "c.png", 64, 48, 1),
]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    frames = make_frames(tmp_path / "frames", ["a.png", "b.png", "c.png"])
    export(make_plan(frames, splits={0: "train", 1: "train", 2: "val"}), tmp_path / "frames", tmp_path / "out")
    return tmp_path / "out"


def verify(dataset: Path, pictures: list[WrittenPicture] = PICTURES) -> list[WrittenPicture]:
    check_row = partial(parse_detect_row, classes=2)
    index = {"nc": 2, "names": {0: "person", 1: "car"}}
    return list(verify_yolo(dataset, index=index, pictures=pictures, check_row=check_row))


def test_an_export_passes(dataset: Path) -> None:
    assert verify(dataset) == PICTURES


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("train: ", "path: /somewhere/else\ntrain: ", "other keys"),
        ("train: ", "download: print(1)\ntrain: ", "other keys"),
        ("images/val", "images/gone", "its val folder holds no picture"),
        ("val: images/val\n", "", "its val folder holds no picture"),
        ("nc: 2", "nc: 3", "nc comes back changed"),
        ('"person"', "yes", "names comes back changed"),
        ('0: "person"', "- person", "cannot be read back"),
        ("nc: 2", "nc: [", "cannot be read back"),
    ],
)
def test_a_data_yaml_that_says_something_else_does_not(dataset: Path, old: str, new: str, said: str) -> None:
    file = dataset / "data.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(ExportError, match=said):
        verify(dataset)


@pytest.mark.parametrize(
    ("format_", "outline", "said"),
    [
        (ExportFormat.YOLO_DETECT, Box(16, 12, 32, 36), "4 values instead of 5"),
        (ExportFormat.YOLO_SEGMENT, mask((square(8, 8, 20),), (square(40, 8, 20),)), "values, which make no polygon"),
        (ExportFormat.YOLO_OBB, OrientedBox(32, 24, 20, 10, 0.5), "8 values instead of 9"),
        (ExportFormat.YOLO_POSE, Keypoints.unplaced(Box(16, 12, 32, 36), 3), "13 values instead of 14"),
    ],
)
def test_each_kind_reads_its_own_rows_back(tmp_path: Path, format_: ExportFormat, outline: Geometry, said: str) -> None:
    write_picture(tmp_path / "frames", "a.png")
    frames = [labelled(0, "a.png", [annotated(outline)])]
    skeleton = Skeleton(("a", "b", "c"), flip=(0, 2, 1))
    plan = make_plan(frames, options=ExportOptions(format=format_, skeleton=skeleton))
    out = tmp_path / "out"
    export(plan, tmp_path / "frames", out)
    pictures = [WrittenPicture("train", "a.png", 64, 48, 1)]
    assert list(FORMATS[format_].verify(out, plan=plan, pictures=pictures)) == pictures

    labels = out / "labels/train/a.txt"
    text = labels.read_text()
    labels.write_text(text.rsplit(" ", 1)[0] + "\n")
    with pytest.raises(ExportError, match=rf"a\.txt: line 1: .*{said}"):
        list(FORMATS[format_].verify(out, plan=plan, pictures=pictures))
    labels.write_text(text)
    for old, new in (("kpt_shape: [3, 3]", "kpt_shape: [3, 2]"), ("flip_idx: [0, 2, 1]", ""), ('"b"', '"B"')):
        index = out / "data.yaml"
        whole = index.read_text()
        assert (old in whole) == (format_ is ExportFormat.YOLO_POSE)
        if old in whole:
            index.write_text(whole.replace(old, new))
            with pytest.raises(ExportError, match=r"data\.yaml: (kpt_shape|flip_idx|kpt_names) comes back changed"):
                list(FORMATS[format_].verify(out, plan=plan, pictures=pictures))
            index.write_text(whole)


def test_a_data_yaml_that_is_gone_or_no_text_does_not(dataset: Path) -> None:
    (dataset / "data.yaml").write_bytes(b"names: \xff")
    with pytest.raises(ExportError, match=r"data\.yaml: it cannot be read back"):
        verify(dataset)
    (dataset / "data.yaml").unlink()
    with pytest.raises(ExportError, match=r"data\.yaml: it cannot be read back"):
        verify(dataset)


def test_two_pictures_of_one_stem_do_not(dataset: Path) -> None:
    (dataset / "images/train/a.jpg").write_bytes((dataset / "images/train/a.png").read_bytes())
    with pytest.raises(ExportError, match="two pictures share one label file"):
        verify(dataset, [*PICTURES, WrittenPicture("train", "a.jpg", 64, 48, 1)])


def test_a_whole_split_that_is_gone_does_not(dataset: Path) -> None:
    for file in (dataset / "labels/val").iterdir():
        file.unlink()
    (dataset / "labels/val").rmdir()
    with pytest.raises(ExportError, match="val: it is missing"):
        verify(dataset)

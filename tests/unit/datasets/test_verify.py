"""What stands in a data.yaml is read back too, apart from the writer that cannot be caught half-way there."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from autoanno_gui.core.errors import ExportError
from autoanno_gui.datasets.layout import WrittenPicture
from autoanno_gui.datasets.verify import verify_yolo
from autoanno_gui.datasets.yolo import parse_row
from tests.unit.datasets.builders import export, make_frames, make_plan

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
    check_row = partial(parse_row, classes=2)
    return list(verify_yolo(dataset, names=("person", "car"), pictures=pictures, check_row=check_row))


def test_an_export_passes(dataset: Path) -> None:
    assert verify(dataset) == PICTURES


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("train: ", "path: /somewhere/else\ntrain: ", "other keys"),
        ("train: ", "download: print(1)\ntrain: ", "other keys"),
        ("images/val", "images/gone", "its val folder holds no picture"),
        ("val: images/val\n", "", "its val folder holds no picture"),
        ("nc: 2", "nc: 3", "class names come back changed"),
        ('"person"', "yes", "class names come back changed"),
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

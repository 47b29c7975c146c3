"""Reads a written dataset back from the disk, before anybody is told that it is there."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from autoanno_gui.core.errors import ExportError, FrameError
from autoanno_gui.core.split import SPLITS
from autoanno_gui.datasets.layout import WrittenPicture
from autoanno_gui.imaging.decode import read_header


def verify_yolo(
    folder: Path,
    *,
    index: Mapping[str, object],
    pictures: Sequence[WrittenPicture],
    check_row: Callable[[str], object],
) -> Iterator[WrittenPicture]:
    """Check a YOLO dataset against what should stand there, one picture a step.

    Pictures and label files must pair up with none missing and none too many; each picture opens by its header with the
    size its labels were made for; each label file has the right number of rows, all good; data.yaml leads to folders
    with pictures and holds the rest of what it should, and nothing else.

    Args:
        index: what data.yaml holds besides the folders.
        check_row: raises ValueError for a row that is not right.

    Raises:
        ExportError: the first thing that differs.
    """
    _check_index(folder / "data.yaml", index)
    _check_files(folder, pictures)
    for picture in pictures:
        _check_picture(folder, picture)
        _check_labels(folder / "labels" / picture.split / f"{picture.stem}.txt", picture, check_row)
        yield picture


def _check_index(file: Path, expected: Mapping[str, object]) -> None:
    try:
        index = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as e:
        raise _fault(file, f"it cannot be read back ({e})") from e
    # `path` would tie the dataset to this machine; `download` is executed by Ultralytics.
    if not isinstance(index, dict) or not index.keys() <= {*SPLITS, *expected}:
        raise _fault(file, "it has other keys than it should")
    for key, value in expected.items():
        if index.get(key) != value:
            raise _fault(file, f"{key} comes back changed")
    for split in SPLITS:
        if split not in index and split == "test":
            continue
        images = file.parent / str(index.get(split))
        if not images.is_dir() or not any(images.iterdir()):
            raise _fault(file, f"its {split} folder holds no picture")


def _check_files(folder: Path, pictures: Sequence[WrittenPicture]) -> None:
    expected: dict[tuple[str, str], set[str]] = defaultdict(set)
    for picture in pictures:
        expected["images", picture.split].add(picture.file)
        expected["labels", picture.split].add(f"{picture.stem}.txt")
    if len(pictures) != sum(len(files) for (kind, _), files in expected.items() if kind == "labels"):
        raise _fault(folder, "two pictures share one label file")
    for kind in ("images", "labels"):
        for split in _listing(folder / kind):
            there = set(_listing(folder / kind / split))
            if differing := there ^ expected.pop((kind, split), set()):
                name = min(differing)
                raise _fault(folder / kind / split / name, "it is too many" if name in there else "it is missing")
    if expected:
        raise _fault(folder.joinpath(*min(expected)), "it is missing")


def _check_picture(folder: Path, picture: WrittenPicture) -> None:
    path = f"images/{picture.split}/{picture.file}"
    try:
        header = read_header(folder, path)
    except FrameError as e:
        raise _fault(folder / path, e.detail) from e
    if (header.width, header.height) != (picture.width, picture.height):
        raise _fault(folder / path, f"it is {header.width} x {header.height}, not {picture.width} x {picture.height}")


def _check_labels(file: Path, picture: WrittenPicture, check_row: Callable[[str], object]) -> None:
    try:
        text = file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as e:
        raise _fault(file, f"it cannot be read back ({e})") from e
    rows = text.splitlines()
    if len(rows) != picture.objects or len(set(rows)) != len(rows):
        raise _fault(file, f"it has {len(set(rows))} different rows instead of {picture.objects}")
    for at, row in enumerate(rows, 1):
        try:
            check_row(row)
        except ValueError as e:
            raise _fault(file, f"line {at}: {e}") from e


def _listing(folder: Path) -> Iterable[str]:
    try:
        return os.listdir(folder)
    except OSError as e:
        raise _fault(folder, f"it cannot be listed ({e.strerror})") from e


def _fault(file: Path, what: str) -> ExportError:
    return ExportError(f"The written dataset did not pass its own check: {file.name}: {what}; export again.")

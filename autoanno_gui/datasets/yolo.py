"""YOLO detect: `class cx cy w h` rows, and the data.yaml that Ultralytics trains from."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import yaml

from autoanno_gui.core.geometry import Box
from autoanno_gui.core.split import SPLITS
from autoanno_gui.datasets.layout import FrameLabels, ObjectFault, WrittenPicture
from autoanno_gui.datasets.plan import ExportItem, ExportPlan, count_splits
from autoanno_gui.datasets.verify import verify_yolo

DECIMALS: Final = 7
"""The finest steps that a trainer's float32 still tells apart: rows that differ as text differ in training too."""

_ONE: Final = 10**DECIMALS
# Edges lie on every second step. Then centre and size are whole steps, and centre plus half a size gives the edge back
# exactly: no reader that goes back to corners finds 1.00000005.
_EDGES: Final = _ONE // 2

_NUMBER: Final = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)


def box_row(box: Box, class_number: int, *, width: int, height: int) -> str | ObjectFault:
    """Return the row of an xyxy pixel box in an upright picture of `width` x `height` pixels, or why it has none.

    All five values and all four edges that follow from them lie in 0..1, and neither size is 0.
    """
    if not all(map(math.isfinite, box.as_tuple())) or box.width <= 0 or box.height <= 0:
        return ObjectFault.NO_AREA
    inside = box.clipped(width, height)
    if inside.width <= 0 or inside.height <= 0:
        return ObjectFault.OUTSIDE
    cx, w = _centre_and_size(inside.x1 / width, inside.x2 / width)
    cy, h = _centre_and_size(inside.y1 / height, inside.y2 / height)
    return f"{class_number} {_decimal(cx)} {_decimal(cy)} {_decimal(w)} {_decimal(h)}"


def parse_row(line: str, *, classes: int) -> tuple[int, tuple[float, float, float, float]]:
    """Return class number and normalised xywh (centre, size) of a row as `box_row` writes it.

    Raises:
        ValueError: anything else, in words.
    """
    parts = line.split(" ")
    if len(parts) != 5:
        raise ValueError(f"{len(parts)} values instead of 5")
    if not all(map(_NUMBER.fullmatch, parts)) or not parts[0].isdecimal():
        raise ValueError("a value is not a plain number")
    if (number := int(parts[0])) >= classes:
        raise ValueError(f"class {number} of only {classes}")
    cx, cy, w, h = (float(part) for part in parts[1:])
    if not (w > 0 and h > 0):
        raise ValueError("the box has no area")
    for centre, size in ((cx, w), (cy, h)):
        if centre - size / 2 < 0 or centre + size / 2 > 1:
            raise ValueError("the box reaches past the picture")
    return number, (cx, cy, w, h)


def data_yaml(names: Sequence[str], folders: Mapping[str, str]) -> str:
    """Return a data.yaml without a `path:` key, so that Ultralytics goes by where the file itself lies.

    Args:
        names: class names by class number; always quoted, so that yes, null and 1 stay words.
        folders: split -> folder of pictures relative to the file.
    """
    document = {**folders, "nc": len(names), "names": {at: _Quoted(name) for at, name in enumerate(names)}}
    return yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=math.inf)


class YoloDetect:
    """`images/<split>/<stem>.<ending>` beside `labels/<split>/<stem>.txt`, with a data.yaml above."""

    def picture_path(self, split: str, file: str) -> str:
        return f"images/{split}/{file}"

    def label_path(self, split: str, stem: str) -> str:
        return f"labels/{split}/{stem}.txt"

    def encode(self, item: ExportItem, *, plan: ExportPlan, width: int, height: int) -> FrameLabels:
        rows: dict[str, int] = {}
        left_out = []
        for at, annotation in enumerate(item.annotations):
            number = plan.class_numbers[annotation.class_id]
            row = box_row(annotation.geometry, number, width=width, height=height)
            if isinstance(row, ObjectFault):
                left_out.append((at, row))
            elif rows.setdefault(row, at) != at:
                left_out.append((at, ObjectFault.REPEATED))
        return FrameLabels("".join(f"{row}\n" for row in rows), tuple(rows.values()), tuple(left_out))

    def write_index(self, folder: Path, *, plan: ExportPlan, pictures: Sequence[WrittenPicture]) -> list[str]:
        folders, notes = _split_folders(pictures)
        (folder / "data.yaml").write_text(data_yaml(plan.names, folders), encoding="utf-8", newline="\n")
        return notes

    def verify(self, folder: Path, *, plan: ExportPlan, pictures: Sequence[WrittenPicture]) -> Iterator[WrittenPicture]:
        check_row = partial(parse_row, classes=len(plan.classes))
        return verify_yolo(folder, names=plan.names, pictures=pictures, check_row=check_row)


def _split_folders(pictures: Sequence[WrittenPicture]) -> tuple[dict[str, str], list[str]]:
    """Return the folder for each key of data.yaml, and notes.

    Ultralytics wants both train and val, and stops at a folder without pictures. A split may be empty here: one frame
    makes one group, and frames may fail while they are written. The key then points to the pictures that are there,
    rather than that some near-twins of the training frames are set apart: such a val would flatter just as much and
    cost training frames besides. The note says that the figures then prove nothing.
    """
    frames = count_splits(picture.split for picture in pictures)
    filled = [split for split in SPLITS if frames[split]]
    folders = {split: f"images/{split if frames[split] else filled[0]}" for split in ("train", "val")}
    notes = [
        f"No frame fell to {split}, so data.yaml points {split} to {folders[split]}; "
        "figures measured on pictures that were trained on say nothing about new ones."
        for split in folders
        if not frames[split]
    ]
    return folders | ({"test": "images/test"} if frames["test"] else {}), notes


def _centre_and_size(low: float, high: float) -> tuple[int, int]:
    """Return both in steps of 1 / `_ONE`, for edges in 0..1 with low < high."""
    first, last = round(low * _EDGES), round(high * _EDGES)
    if first == last:
        first, last = (first, last + 1) if last < _EDGES else (first - 1, last)
    return first + last, 2 * (last - first)


def _decimal(steps: int) -> str:
    """Write steps of 1 / `_ONE` with a point, whatever the locale."""
    whole, part = divmod(steps, _ONE)
    return f"{whole}.{part:0{DECIMALS}d}"


class _Quoted(str):
    """A string that is written between quotes even where YAML would not need them."""


class _Dumper(yaml.SafeDumper):
    pass


def _represent_quoted(dumper: yaml.SafeDumper, text: _Quoted) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style='"')


_Dumper.add_representer(_Quoted, _represent_quoted)

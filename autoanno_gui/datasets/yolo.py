"""YOLO datasets of all four kinds, with the data.yaml that Ultralytics trains from."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import yaml

from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.keypoints import Skeleton
from autoanno_gui.core.split import SPLITS
from autoanno_gui.datasets.layout import FrameLabels, ObjectFault, WrittenPicture
from autoanno_gui.datasets.plan import ExportItem, ExportPlan, count_splits
from autoanno_gui.datasets.verify import verify_yolo
from autoanno_gui.datasets.yolo_rows import (
    Row,
    detect_row,
    obb_row,
    parse_detect_row,
    parse_obb_row,
    parse_pose_row,
    parse_segment_row,
    pose_row,
    segment_row,
)


class _Yolo(ABC):
    """`images/<split>/<stem>.<ending>` beside `labels/<split>/<stem>.txt`, with a data.yaml above."""

    @abstractmethod
    def _row(self, geometry: Geometry, *, plan: ExportPlan, width: int, height: int) -> Row | ObjectFault:
        """Return what stands behind the class number, or why an object has no row."""

    @abstractmethod
    def _parser(self, plan: ExportPlan) -> Callable[[str], object]:
        """Return what raises ValueError for a row that this kind of dataset cannot have."""

    def _more(self, plan: ExportPlan) -> dict[str, object]:
        """Return what data.yaml says beyond folders and classes."""
        return {}

    def _notes(self, plan: ExportPlan) -> list[str]:
        return []

    def picture_path(self, split: str, file: str) -> str:
        return f"images/{split}/{file}"

    def label_path(self, split: str, stem: str) -> str:
        return f"labels/{split}/{stem}.txt"

    def encode(self, item: ExportItem, *, plan: ExportPlan, width: int, height: int) -> FrameLabels:
        rows: dict[str, int] = {}
        left_out = []
        remarks = []
        for at, annotation in enumerate(item.annotations):
            row = self._row(annotation.geometry, plan=plan, width=width, height=height)
            if isinstance(row, ObjectFault):
                left_out.append((at, row))
            elif rows.setdefault(f"{plan.class_numbers[annotation.class_id]} {row.values}", at) != at:
                left_out.append((at, ObjectFault.REPEATED))
            else:
                remarks += [(at, remark) for remark in row.remarks]
        text = "".join(f"{row}\n" for row in rows)
        return FrameLabels(text, tuple(rows.values()), tuple(left_out), tuple(remarks))

    def write_index(self, folder: Path, *, plan: ExportPlan, pictures: Sequence[WrittenPicture]) -> list[str]:
        folders, notes = _split_folders(pictures)
        text = data_yaml(plan.names, folders, self._more(plan))
        (folder / "data.yaml").write_text(text, encoding="utf-8", newline="\n")
        return notes + self._notes(plan)

    def verify(self, folder: Path, *, plan: ExportPlan, pictures: Sequence[WrittenPicture]) -> Iterator[WrittenPicture]:
        index = _index(plan.names, self._more(plan))
        return verify_yolo(folder, index=index, pictures=pictures, check_row=self._parser(plan))


class YoloDetect(_Yolo):
    """Rows are the upright box around each object: `class cx cy w h`."""

    def _row(self, geometry: Geometry, *, plan: ExportPlan, width: int, height: int) -> Row | ObjectFault:
        return detect_row(geometry, width=width, height=height)

    def _parser(self, plan: ExportPlan) -> Callable[[str], object]:
        return partial(parse_detect_row, classes=len(plan.classes))


class YoloSegment(_Yolo):
    """Rows are a polygon: `class x1 y1 ... xn yn`."""

    def _row(self, geometry: Geometry, *, plan: ExportPlan, width: int, height: int) -> Row | ObjectFault:
        return segment_row(geometry, width=width, height=height)

    def _parser(self, plan: ExportPlan) -> Callable[[str], object]:
        return partial(parse_segment_row, classes=len(plan.classes))


class YoloObb(_Yolo):
    """Rows are the corners of a turned rectangle: `class x1 y1 x2 y2 x3 y3 x4 y4`."""

    def _row(self, geometry: Geometry, *, plan: ExportPlan, width: int, height: int) -> Row | ObjectFault:
        return obb_row(geometry, width=width, height=height)

    def _parser(self, plan: ExportPlan) -> Callable[[str], object]:
        return partial(parse_obb_row, classes=len(plan.classes))


class YoloPose(_Yolo):
    """Rows are a box and keypoints: `class cx cy w h`, then `x y v` for each point of the skeleton."""

    def _row(self, geometry: Geometry, *, plan: ExportPlan, width: int, height: int) -> Row | ObjectFault:
        return pose_row(geometry, keypoints=len(_skeleton(plan)), width=width, height=height)

    def _parser(self, plan: ExportPlan) -> Callable[[str], object]:
        return partial(parse_pose_row, classes=len(plan.classes), keypoints=len(_skeleton(plan)))

    def _more(self, plan: ExportPlan) -> dict[str, object]:
        skeleton = _skeleton(plan)
        more: dict[str, object] = {"kpt_shape": [len(skeleton), 3]}
        if _knows_mirror(skeleton):
            more["flip_idx"] = list(skeleton.flip)
        return more | {"kpt_names": {number: list(skeleton.names) for number in range(len(plan.classes))}}

    def _notes(self, plan: ExportPlan) -> list[str]:
        skeleton = _skeleton(plan)
        if _knows_mirror(skeleton):
            return []
        return [
            "No keypoint has a mirror partner, so training will not mirror pictures; if each point stays itself in a "
            f"mirror, add flip_idx: {list(skeleton.flip)} to data.yaml."
        ]


def data_yaml(names: Sequence[str], folders: Mapping[str, str], more: Mapping[str, object] | None = None) -> str:
    """Return a data.yaml without a `path:` key, so that Ultralytics goes by where the file itself lies.

    Args:
        names: class names by class number.
        folders: split -> folder of pictures relative to the file.
        more: what comes behind the names. Words in it are quoted, as the names are, so that yes and 1 stay words.
    """
    document = {**folders, **{key: _styled(value) for key, value in _index(names, more or {}).items()}}
    return yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=math.inf)


def _index(names: Sequence[str], more: Mapping[str, object]) -> dict[str, object]:
    """Return what data.yaml holds besides the folders."""
    return {"nc": len(names), "names": dict(enumerate(names)), **more}


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


def _skeleton(plan: ExportPlan) -> Skeleton:
    """Return the skeleton, without which no pose dataset is planned."""
    if plan.options.skeleton is None:
        raise ValueError("a pose dataset without a skeleton")
    return plan.options.skeleton


def _knows_mirror(skeleton: Skeleton) -> bool:
    """Whether mirror partners were ever named. Where they were not, a mirrored picture would teach a model that left
    is right; Ultralytics mirrors none if `flip_idx` is missing."""
    return len(skeleton) == 1 or skeleton.flip != tuple(range(len(skeleton)))


class _Quoted(str):
    """A string that is written between quotes even where YAML would not need them."""


class _InLine(list[object]):
    """A list that is written on one line."""


class _Dumper(yaml.SafeDumper):
    pass


def _styled(value: object) -> object:
    match value:
        case str():
            return _Quoted(value)
        case list():
            return _InLine(map(_styled, value))
        case dict():
            return {key: _styled(one) for key, one in value.items()}
        case _:
            return value


def _represent_quoted(dumper: yaml.SafeDumper, text: _Quoted) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style='"')


def _represent_in_line(dumper: yaml.SafeDumper, values: _InLine) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=True)


_Dumper.add_representer(_Quoted, _represent_quoted)
_Dumper.add_representer(_InLine, _represent_in_line)

"""What happened while a dataset was written: counts for the report and sentences for a person."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final

from autoanno_gui.datasets.layout import FrameLabels, ObjectFault, RowRemark, WrittenPicture
from autoanno_gui.datasets.pictures import Change, Picture
from autoanno_gui.datasets.plan import ExportItem, ExportPlan, ExportReport, count_splits, counted

_MAX_NAMED: Final = 200
"""Failed frames get a note each up to here; manifest.json names them all."""


class _Remark(StrEnum):
    """What else is worth telling of one picture."""

    OTHER_ENDING = "other_ending"
    NOT_LINKED = "not_linked"
    TORN = "torn"


_SENTENCES: Final[Mapping[StrEnum, tuple[str, str]]] = {
    Change.REENCODED: ("picture", "written as PNG, because training would not see in the file what you saw"),
    Change.TRIMMED: ("JPEG", "written without what follows its end mark, which training would take for damage"),
    _Remark.OTHER_ENDING: ("picture", "given the ending of what the file really is"),
    _Remark.NOT_LINKED: ("picture", "copied, because the target allows no hard link to it"),
    _Remark.TORN: ("picture", "in another split than an identical one, which flatters the figures"),
    ObjectFault.OUTSIDE: ("object", "left out for lying outside the picture"),
    ObjectFault.NO_AREA: ("object", "left out for having no area"),
    ObjectFault.REPEATED: ("object", "left out for repeating another one exactly"),
    ObjectFault.WRONG_KEYPOINTS: ("object", "left out for having other keypoints than the project's skeleton"),
    RowRemark.BOX: ("object", "written as a plain box, because the dataset has no place for an outline"),
    RowRemark.CORNERS: ("object", "without a mask, written as the corners of a box"),
    RowRemark.RECTANGLE: ("object", "with a mask, written as the smallest rectangle around it"),
    RowRemark.REPAIRED: ("object", "with an outline that crosses itself, written as the region inside it"),
    RowRemark.JOINED: ("object", "in several parts, joined by lines that training sees a pixel wide"),
    RowRemark.MOVED_CORNERS: ("object", "with corners beyond the picture, which were moved to its edge"),
    RowRemark.NO_KEYPOINTS: ("object", "without keypoints, written as a box alone"),
    RowRemark.KEYPOINTS_OUTSIDE: ("object", "with keypoints outside the picture, which were left out"),
}
"""What is told of a picture or an object, in the order of the report. What is not in here loses nothing."""


class Tally:
    """Counts and remarks of one export. `pictures` and `failed` (source, reason) are for reading."""

    def __init__(self) -> None:
        self.pictures: list[WrittenPicture] = []
        self.failed: list[tuple[str, str]] = []
        self._remarks: dict[StrEnum, list[str]] = defaultdict(list)
        self._objects = 0
        self._backgrounds = 0
        self._split_of_content: dict[bytes, str] = {}

    def add(
        self, item: ExportItem, picture: Picture, labels: FrameLabels, *, written: WrittenPicture, linked: bool | None
    ) -> None:
        """Count one picture. `linked`: whether a hard link was made, None where none was wanted."""
        path = item.frame.path
        self.pictures.append(written)
        self._objects += len(labels.objects)
        self._backgrounds += not labels.objects
        if picture.change is not Change.NONE:
            self._remarks[picture.change].append(path)
        elif _ending(path) != picture.suffix:
            self._remarks[_Remark.OTHER_ENDING].append(path)
        if linked is False:
            self._remarks[_Remark.NOT_LINKED].append(path)
        content = bytes.fromhex(picture.sha256)
        if self._split_of_content.setdefault(content, item.split) != item.split:
            self._remarks[_Remark.TORN].append(path)
        for _, why in (*labels.left_out, *labels.remarks):
            self._remarks[why].append(path)

    def fail(self, path: str, reason: str) -> None:
        """Count a labelled frame that cannot be in the dataset."""
        self.failed.append((path, reason))

    def report(self, out: Path, *, plan: ExportPlan, notes: Sequence[str]) -> ExportReport:
        """Return the report; `notes` are those of the dataset format."""
        left_out = Counter(plan.left_out)
        left_out["failed"] += len(self.failed)
        return ExportReport(
            out=out,
            frames=count_splits(picture.split for picture in self.pictures),
            objects=self._objects,
            backgrounds=self._backgrounds,
            left_out=dict(left_out),
            notes=(*plan.notes, *notes, *self._notes()),
        )

    def _notes(self) -> Iterator[str]:
        for remark, (noun, what) in _SENTENCES.items():
            if paths := self._remarks[remark]:
                yield f"{counted(len(paths), noun)} {what}: {_some(list(dict.fromkeys(paths)))}."
        for path, reason in self.failed[:_MAX_NAMED]:
            yield f"{path} left out: {reason}"
        if (more := len(self.failed) - _MAX_NAMED) > 0:
            yield f"{counted(more, 'more frame')} left out; manifest.json names them."


def _ending(path: str) -> str:
    suffix = "." + path.rpartition(".")[2].lower()
    return {".jpeg": ".jpg", ".mpo": ".jpg"}.get(suffix, suffix)


def _some(paths: Sequence[str]) -> str:
    """Name the first three."""
    more = f" and {len(paths) - 3:,} more" if len(paths) > 3 else ""
    return ", ".join(paths[:3]) + more

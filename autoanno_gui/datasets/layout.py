"""What the writer asks of a dataset format. A new format is one class with these methods and a line in `writer`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from autoanno_gui.datasets.plan import ExportItem, ExportPlan


class ObjectFault(StrEnum):
    """Why a confirmed object is not in a label file."""

    OUTSIDE = "outside"
    NO_AREA = "no_area"
    REPEATED = "repeated"
    WRONG_KEYPOINTS = "wrong_keypoints"
    """It has another number of points than the project's skeleton."""


class RowRemark(StrEnum):
    """In what the row of an object differs from its outline."""

    BOX = "box"
    """The upright box around it, since rows of this kind hold no more."""
    CORNERS = "corners"
    """The corners of a box, where the object has no mask."""
    RECTANGLE = "rectangle"
    """The smallest rectangle around a mask."""
    REPAIRED = "repaired"
    """The region inside an outline that crosses itself."""
    JOINED = "joined"
    """Several parts on one path, with bridges between them that a trainer sees a pixel wide."""
    KEYHOLE = "keyhole"
    """Holes are kept, by bridges within the object that lead to them."""
    MOVED_CORNERS = "moved_corners"
    """Corners beyond the picture were moved to its edge."""
    NO_KEYPOINTS = "no_keypoints"
    """A box alone, with no point labelled."""
    KEYPOINTS_OUTSIDE = "keypoints_outside"
    """Points outside the picture are not labelled."""


@dataclass(frozen=True, slots=True)
class FrameLabels:
    """The label file of one picture.

    Attributes:
        text: its contents, empty for a picture without objects.
        objects: index into the item's annotations for each row.
        left_out: (index, why) of the annotations without a row.
        remarks: (index, in what its row differs) of those with one, several of one index together.
    """

    text: str
    objects: tuple[int, ...]
    left_out: tuple[tuple[int, ObjectFault], ...] = ()
    remarks: tuple[tuple[int, RowRemark], ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenPicture:
    """A picture that stands in the staging folder.

    Attributes:
        file: name within its split's folder.
        width: pixels, upright.
        height: pixels, upright.
        objects: rows in its label file.
    """

    split: str
    file: str
    width: int
    height: int
    objects: int

    @property
    def stem(self) -> str:
        return self.file.rpartition(".")[0]


class DatasetFormat(Protocol):
    """One way to lay out pictures and labels. Paths are relative to the dataset, with forward slashes."""

    def picture_path(self, split: str, file: str) -> str:
        """Return where a picture goes."""
        ...

    def label_path(self, split: str, stem: str) -> str:
        """Return where the label file of a picture goes."""
        ...

    def encode(self, item: ExportItem, *, plan: ExportPlan, width: int, height: int) -> FrameLabels:
        """Return the label file of one picture of `width` x `height` pixels."""
        ...

    def write_index(self, folder: Path, *, plan: ExportPlan, pictures: Sequence[WrittenPicture]) -> list[str]:
        """Write the files that describe the whole dataset; return notes for the report. Raises OSError."""
        ...

    def verify(self, folder: Path, *, plan: ExportPlan, pictures: Sequence[WrittenPicture]) -> Iterator[WrittenPicture]:
        """Read the dataset back, one picture a step.

        Raises:
            ExportError: anything that differs from what should stand there.
        """
        ...

"""What an export will hold, worked out before anything is written: knows no file format and touches no disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from autoanno_gui.core.classes import living_class
from autoanno_gui.core.errors import ExportError
from autoanno_gui.core.keypoints import Skeleton
from autoanno_gui.core.records import Annotation, ClassRecord, Frame, LabelledFrame, VerdictKind
from autoanno_gui.core.split import GROUP_RULE, SPLITS
from autoanno_gui.core.task import Task
from autoanno_gui.datasets.names import own_stem, target_stems

LEFT_OUT: Final[tuple[str, ...]] = ("undecided", "rejected", "deferred", "failed")
"""Why frames of the project are not in the dataset; the keys of `ExportReport.left_out`."""


class ExportFormat(StrEnum):
    YOLO_DETECT = "yolo-detect"
    YOLO_SEGMENT = "yolo-segment"
    YOLO_POSE = "yolo-pose"
    YOLO_OBB = "yolo-obb"


_TASK_FORMATS: Final[Mapping[Task, ExportFormat]] = {
    Task.DETECT: ExportFormat.YOLO_DETECT,
    Task.SEGMENT: ExportFormat.YOLO_SEGMENT,
    Task.POSE: ExportFormat.YOLO_POSE,
    Task.OBB: ExportFormat.YOLO_OBB,
}


def default_format(task: Task) -> ExportFormat:
    """Return the format that holds all that a project of `task` collects."""
    return _TASK_FORMATS[task]


class FileMode(StrEnum):
    """How a picture gets into the dataset."""

    COPY = "copy"
    HARD_LINK = "hard_link"
    """One file under two names: no second copy on the disk, but what is changed in place is changed in both.

    Pictures that a trainer could want to change, and those on another disk, are copied all the same.
    """


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What the user chose for an export.

    Attributes:
        fractions: of train, val and test, as the splits were dealt by; recorded in the manifest.
        seed: of the splits; recorded.
        checks: whether blind frames and planted checks were on during review; recorded.
        split_rule: how frames were grouped, in a sentence; recorded and noted.
        skeleton: of the project; without one there is no pose dataset.
    """

    format: ExportFormat = ExportFormat.YOLO_DETECT
    files: FileMode = FileMode.COPY
    fractions: tuple[float, float, float] = (0.8, 0.2, 0.0)
    seed: int = 0
    checks: bool = False
    split_rule: str = GROUP_RULE
    skeleton: Skeleton | None = None


@dataclass(frozen=True, slots=True)
class ExportItem:
    """One picture of the dataset-to-be.

    Attributes:
        labelled: the frame with its objects and the decision that labels it.
        stem: unique over all splits.
    """

    labelled: LabelledFrame
    split: str
    stem: str

    @property
    def frame(self) -> Frame:
        return self.labelled.frame

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        return self.labelled.annotations


@dataclass(frozen=True, slots=True)
class ExportClass:
    """One class of the dataset: its project class and those that were merged into that."""

    name: str
    project_class: int
    merged: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """The whole dataset-to-be.

    Attributes:
        items: in the order of the frames given.
        classes: by dataset class number, which runs from 0 without gaps.
        class_numbers: project class id (living or merged) -> dataset class number.
        left_out: by the keys of `LEFT_OUT`, as known from the store.
        notes: what a person should know, a sentence each.
    """

    options: ExportOptions
    items: tuple[ExportItem, ...]
    classes: tuple[ExportClass, ...]
    class_numbers: Mapping[int, int]
    left_out: Mapping[str, int]
    notes: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Class names by dataset class number."""
        return tuple(one.name for one in self.classes)

    def frames(self) -> dict[str, int]:
        """Return how many frames each split would get."""
        return count_splits(item.split for item in self.items)


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written.

    Attributes:
        frames: split -> number of pictures.
        objects: rows in label files.
        backgrounds: pictures confirmed to hold no object.
        left_out: by the keys of `LEFT_OUT`.
        notes: what a person should know, a sentence each.
    """

    out: Path
    frames: Mapping[str, int]
    objects: int
    backgrounds: int
    left_out: Mapping[str, int]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """Return the document that the command line prints."""
        return {
            "out": str(self.out),
            "frames": dict(self.frames),
            "objects": self.objects,
            "backgrounds": self.backgrounds,
            "left_out": dict(self.left_out),
            "notes": list(self.notes),
        }


def plan_export(
    frames: Iterable[LabelledFrame],
    *,
    classes: Sequence[ClassRecord],
    splits: Mapping[int, str],
    left_out: Mapping[str, int],
    options: ExportOptions,
) -> ExportPlan:
    """Return the plan of a dataset of all labelled `frames`. Pure: reads no file.

    Args:
        frames: with a decision that labels them; those without objects become background pictures.
        classes: all of the project's, merged ones included.
        splits: frame id -> `train`, `val` or `test`, for each of `frames` (see `core.split`).
        left_out: counts of the frames that are not given, by the keys of `LEFT_OUT`.

    Raises:
        ExportError: nothing is labelled, the project has no class, two classes have one name, or a pose dataset is
            wanted without a skeleton.
        ValueError: a frame without a labelling decision, a rejected object, a frame given twice or without a split.
    """
    labelled = list(frames)
    if not labelled:
        raise ExportError("No frame is labelled yet, so there is nothing to export; review some frames first.")
    if options.format is ExportFormat.YOLO_POSE and not options.skeleton:
        raise ExportError("The project has no skeleton to say what keypoints are; export another kind of dataset.")
    dataset_classes, numbers = _number_classes(classes)
    stems = target_stems(one.frame.path for one in labelled)
    if len(stems) != len(labelled):
        raise ValueError("a frame was given twice")
    items = tuple(_item(one, splits=splits, stems=stems, numbers=numbers) for one in labelled)

    renamed = sum(item.stem != own_stem(item.frame.path) for item in items)
    notes = [f"Split with seed {options.seed}: {options.split_rule}"]
    if renamed:
        notes.append(
            f"{counted(renamed, 'picture')} got another name, because the own one is not unique or not allowed on "
            "every system; manifest.json says which is which."
        )
    return ExportPlan(
        options=options,
        items=items,
        classes=dataset_classes,
        class_numbers=numbers,
        left_out={key: left_out.get(key, 0) for key in LEFT_OUT},
        notes=tuple(notes),
    )


def counted(number: int, noun: str) -> str:
    """Return "1 picture" or "2 pictures"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def count_splits(splits: Iterable[str]) -> dict[str, int]:
    """Return how often each split occurs, all three named."""
    count = Counter(splits)
    return {split: count[split] for split in SPLITS}


def _item(
    labelled: LabelledFrame, *, splits: Mapping[int, str], stems: Mapping[str, str], numbers: Mapping[int, int]
) -> ExportItem:
    frame = labelled.frame
    # The last gate of the rule that nothing becomes a label without a human decision.
    if not frame.state.labelled:
        raise ValueError(f"{frame.path} is {frame.state} and must not be exported")
    for annotation in labelled.annotations:
        if annotation.kind is VerdictKind.REJECTED:
            raise ValueError(f"{frame.path}: a rejected object must not be exported")
        if annotation.class_id not in numbers:
            raise ValueError(f"{frame.path}: unknown class {annotation.class_id}")
    split = splits.get(frame.id)
    if split not in SPLITS:
        raise ValueError(f"{frame.path} has no split: {split}")
    return ExportItem(labelled, split, stems[frame.path])


def _number_classes(classes: Sequence[ClassRecord]) -> tuple[tuple[ExportClass, ...], dict[int, int]]:
    """Number the living classes in the order of their ids; a merged one gets the number of the class it went into."""
    by_id = {record.id: record for record in classes}
    living = sorted(record.id for record in classes if record.merged_into is None)
    if not living:
        raise ExportError("The project has no class, so there is nothing to train on; add one first.")
    names = Counter(by_id[class_id].name for class_id in living)
    if twice := [name for name, times in names.items() if times > 1]:
        raise ExportError(f'Two classes have the name "{twice[0]}"; rename or merge one of them, then export again.')
    position = {class_id: at for at, class_id in enumerate(living)}
    numbers = {class_id: position[living_class(class_id, by_id)] for class_id in by_id}
    merged: dict[int, list[int]] = {class_id: [] for class_id in living}
    for class_id, number in sorted(numbers.items()):
        if class_id != living[number]:
            merged[living[number]].append(class_id)
    exported = tuple(ExportClass(by_id[class_id].name, class_id, tuple(merged[class_id])) for class_id in living)
    return exported, numbers

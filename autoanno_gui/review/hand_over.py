"""A sample for a second reviewer as a project of its own, and what that reviewer decided merged back."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.records import Progress
from autoanno_gui.store.hand_over import write_sample
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.reader_merging import ForeignClass, ForeignDecision
from autoanno_gui.store.store_thread import Priority, Store, open_report
from autoanno_gui.store.writer import Writer
from autoanno_gui.store.writer_merging import LeftOut, MergeTally

SAMPLE_SIZE: Final = 100
"""Frames that are proposed for a second reviewer."""
MERGE_FRAMES: Final = 8
"""Frames of one transaction of a merge: a decision that is being made waits for no more."""
_LEFT_OUT: Final = {
    LeftOut.UNKNOWN_FRAME: "this project does not have the frame",
    LeftOut.OTHER_PICTURE: "its file holds another picture here",
    LeftOut.OTHER_PREDICTIONS: "it judges predictions that this project does not have",
}


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A sample that was written.

    Attributes:
        frames: how many it has.
        unknown: paths that were asked for and that the project does not have.
    """

    target: Path
    frames: int
    unknown: tuple[str, ...] = ()


@dataclass(slots=True)
class Merged:
    """What became of a second reviewer's decisions.

    Attributes:
        merged: decisions that are new here.
        known: those that were here already.
        revoked: those that were here and are revoked from now on.
        frame_ids: frames whose decisions changed.
        reviewers: who made them.
        left_out: (path, why in words) of decisions that were not taken over.
        notes: sentences for people.
    """

    merged: int = 0
    known: int = 0
    revoked: int = 0
    frame_ids: set[int] = field(default_factory=set)
    reviewers: tuple[str, ...] = ()
    left_out: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def sample_of_labelled(reader: Reader, *, size: int = SAMPLE_SIZE, seed: int = 0) -> list[int]:
    """Draw frames at random for a second reviewer: of those labelled here, in natural order; all where there are fewer.

    Args:
        reader: of the project.
        size: how many.
        seed: equal seeds draw equal samples from equal frames.
    """
    labelled = [frame.id for block in reader.frames() for frame in block if frame.usable and frame.state.labelled]
    if len(labelled) <= size:
        return labelled
    chosen = np.random.default_rng(seed).choice(len(labelled), size=size, replace=False)
    return [labelled[at] for at in sorted(chosen.tolist())]


def hand_over(
    file: Path, target: Path, *, paths: Collection[str] | None = None, size: int = SAMPLE_SIZE, seed: int = 0
) -> Generator[Progress, None, HandedOver]:
    """Write frames of a project as the new project `target`: predictions and thresholds, never decisions.

    Args:
        file: the project, which is only read.
        target: must be absent.
        paths: of the frames; None draws them at random from those that are labelled.
        size: how many to draw.
        seed: of the draw.

    Raises:
        KnownError: there is no frame to hand over, or the target exists or cannot be written.
    """
    yield Progress(0, 2, "Choosing frames")
    unknown: tuple[str, ...] = ()
    with open_report(file) as reader:
        if paths is None:
            chosen = sample_of_labelled(reader, size=size, seed=seed)
        else:
            ids = {frame.path: frame.id for block in reader.frames() for frame in block}
            chosen = [ids[path] for path in dict.fromkeys(paths) if path in ids]
            unknown = tuple(path for path in dict.fromkeys(paths) if path not in ids)
    if not chosen:
        raise KnownError("There is no frame to hand over: label some first, so that the labels can be compared.")
    yield Progress(1, 2, "Writing the sample")
    write_sample(file, target, chosen)
    return HandedOver(target, len(chosen), unknown)


def merge_back(store: Store, file: Path) -> Generator[Progress, None, Merged]:
    """Take over what was decided in another project of the same frames; a second time changes nothing.

    The other file is only read. Each step is one transaction, whole or not at all, so that a merge that was stopped is
    ended by merging again. A frame that was decided here keeps that decision; one that was not adopts the merged one.

    Raises:
        KnownError: the file is this very project, is none, or cannot be read or written.
    """
    if _same_file(store.file, file):
        raise KnownError("That is the project that is open; choose the file of the second reviewer.")
    found = Merged()
    reviewers: Counter[str] = Counter()
    with open_report(file) as other:
        origin = other.setting("project_uuid", "") or ""
        frames, classes = other.judged_frames(), other.foreign_classes()
        yield Progress(0, len(frames), "Reading the other project")
        for at in range(0, len(frames), MERGE_FRAMES):
            decisions = other.foreign_decisions(frames[at : at + MERGE_FRAMES])
            if _classes_of(decisions) - classes.keys():
                classes = other.foreign_classes()  # somebody works on it meanwhile
            tally = store.submit(Priority.OTHER, _merging(decisions, classes, origin)).result()
            _add(found, tally)
            reviewers.update(decision.values["reviewer"] for decision in decisions)
            yield Progress(min(at + MERGE_FRAMES, len(frames)), len(frames), "Merging decisions")
        found.reviewers = tuple(name for name, _ in reviewers.most_common())
        found.notes = _notes(found, root=store.root, other_root=other.root())
    return found


def _merging(
    decisions: Sequence[ForeignDecision], classes: Mapping[int, ForeignClass], origin: str
) -> Callable[[Writer], MergeTally]:
    return lambda writer: writer.merge_decisions(decisions, classes, origin=origin)


def _classes_of(decisions: Sequence[ForeignDecision]) -> set[int]:
    return {one.verdict["class_id"] for decision in decisions for one in decision.verdicts}


def _add(found: Merged, tally: MergeTally) -> None:
    found.merged += tally.merged
    found.known += tally.known
    found.revoked += tally.revoked
    found.frame_ids |= tally.frame_ids
    found.left_out += [(path, _LEFT_OUT[why]) for path, why in tally.left_out]


def _notes(found: Merged, *, root: Path, other_root: Path) -> list[str]:
    notes = []
    if not _same_file(root, other_root):
        notes.append(f"Its frames are in another folder ({other_root}); they were told by their names.")
    for why, count in Counter(why for _, why in found.left_out).most_common():
        notes.append(f"Left out, since {why}: {count:,}.")
    return notes


def _same_file(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return os.path.abspath(one) == os.path.abspath(other)

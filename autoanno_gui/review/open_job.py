"""Opens a project and brings in its frames: first what the project knows, then what the folder holds by now."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from autoanno_gui.core.records import Frame
from autoanno_gui.review.scan_job import scan_job
from autoanno_gui.store.store_thread import Store


@dataclass(frozen=True, slots=True)
class ProjectOpened:
    """The project file is open and locked; frames follow."""

    store: Store


@dataclass(frozen=True, slots=True)
class FramesFound:
    """A block of frames, in natural order as far as they are new."""

    frames: list[Frame]


@dataclass(frozen=True, slots=True)
class FolderMissing:
    """The frame root is not where it was: the project can be reviewed no further until it is linked again."""

    root: Path


@dataclass(frozen=True, slots=True)
class ScanFinished:
    """The folder was scanned to its end.

    Attributes:
        changed: frames that are otherwise than they were found, such as those whose files are gone.
        order: the ids of all frames in natural order, where they were not found in it; None where they were.
        skipped: (path, reason) of sub-folders that could not be read.
    """

    changed: list[Frame]
    order: list[int] | None
    skipped: tuple[tuple[str, str], ...]


OpenStep: TypeAlias = ProjectOpened | FramesFound | FolderMissing | ScanFinished


def open_job(file: Path, *, root: Path | None) -> Iterator[OpenStep]:
    """Open (or, with a root, create) a project and yield its frames; for a worker thread.

    Args:
        file: the project file.
        root: the frame root of a new project; None takes the one that the project keeps.

    Raises:
        ProjectError, FolderError: as sentences for people. A store that was opened before is left to the caller.
    """
    store = Store.open(file, root=root)
    yield ProjectOpened(store)
    yield from frames_job(store)


def frames_job(store: Store) -> Iterator[OpenStep]:
    """Yield the frames of an open project, and scan its folder for what changed."""
    found: dict[int, Frame] = {}
    with store.reader() as reader:
        for block in reader.frames():
            found.update((frame.id, frame) for frame in block)
            yield FramesFound(block)
    if not os.path.isdir(store.root):  # `Path.is_dir` raises where it may not look
        yield FolderMissing(store.root)
        return
    skipped: list[tuple[str, str]] = []
    for block in scan_job(store, store.root, on_skip=lambda path, reason: skipped.append((path, reason))):
        found.update((frame.id, frame) for frame in block)
        yield FramesFound(block)
    with store.reader() as reader:
        frames = [frame for block in reader.frames() for frame in block]
    order = [frame.id for frame in frames]
    yield ScanFinished(
        changed=[frame for frame in frames if found.get(frame.id) != frame],
        order=order if order != list(found) else None,
        skipped=tuple(skipped),
    )

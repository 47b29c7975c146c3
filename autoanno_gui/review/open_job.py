"""Opens a project and brings in its frames: first what the project knows, then what the folder holds by now."""

from __future__ import annotations

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
        frames: all frames of the project in natural order, those whose files are gone included.
        skipped: (path, reason) of sub-folders that could not be read.
    """

    frames: list[Frame]
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
    with store.reader() as reader:
        for block in reader.frames():
            yield FramesFound(block)
    if not store.root.is_dir():
        yield FolderMissing(store.root)
        return
    skipped: list[tuple[str, str]] = []
    for block in scan_job(store, store.root, on_skip=lambda path, reason: skipped.append((path, reason))):
        yield FramesFound(block)
    with store.reader() as reader:
        frames = [frame for block in reader.frames() for frame in block]
    yield ScanFinished(frames, tuple(skipped))

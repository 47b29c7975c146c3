"""Brings a folder's frames into the project, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from autoanno_gui.core.errors import FolderError
from autoanno_gui.core.records import Frame, ScannedFile
from autoanno_gui.imaging.scan import scan_folder
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.store.writer import Writer


def scan_job(store: Store, root: Path, *, on_skip: Callable[[str, str], None] | None = None) -> Iterator[list[Frame]]:
    """Scan `root` and yield its frames in natural order as they are stored; at the end note which are gone.

    A project that was handed over as a sample takes no other frames of the folder than those it was given.

    Args:
        store: the open project.
        root: the frame root.
        on_skip: called with (path, reason) of each sub-folder that cannot be read.

    Raises:
        FolderError: when the root cannot be read or holds no image (any more). The frames that the project knows are
            then left as they are: a drive that is not connected must not mark them all as missing.
    """
    seen: set[int] = set()
    only = _handed_over(store)
    for block in scan_folder(root, on_skip=on_skip):
        if only is not None:
            block = [file for file in block if file.path in only]
        frames = store.submit(Priority.OTHER, _adding(block)).result()
        seen.update(frame.id for frame in frames)
        yield frames
    if not seen:
        raise no_images(root)
    store.submit(Priority.OTHER, lambda writer: writer.mark_missing(seen)).result()


def _handed_over(store: Store) -> set[str] | None:
    """Return the paths that a sample for a second reviewer holds; None for any other project."""
    if not store.is_sample:
        return None
    with store.reader() as reader:
        return {frame.path for block in reader.frames() for frame in block}


def no_images(root: Path) -> FolderError:
    """Return what to say of a folder without images."""
    return FolderError(
        f"There are no images in {root}: choose a folder with JPEG, PNG, BMP, TIFF or WebP files, also in sub-folders."
    )


def _adding(block: list[ScannedFile]) -> Callable[[Writer], list[Frame]]:
    return lambda writer: writer.add_frames(block)

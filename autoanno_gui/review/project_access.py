"""Finds and opens the project of a folder, for work and reports without a window."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autoanno_gui.config import AppHome, project_file_for
from autoanno_gui.core.errors import FolderError, ProjectError
from autoanno_gui.imaging.scan import scan_folder
from autoanno_gui.review.scan_job import no_images
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Store, open_report


def existing_project(home: AppHome, folder: Path | None, project: Path | None) -> Path:
    """Return the file of a project that is there: the named one, else that of the folder.

    Raises:
        FolderError: the folder by which the project is to be found does not exist.
        ProjectError: there is no such project.
        ValueError: neither a folder nor a project was given.
    """
    if project is not None:
        file = project
    elif folder is not None:
        file = project_file_for(home, _existing(folder))
    else:
        raise ValueError("neither a folder nor a project")
    if not os.path.lexists(file):
        where = f"{folder} has no project yet" if project is None else f"There is no project file {file}"
        raise ProjectError(f"{where}: open the folder, or run `autoanno scan` or `autoanno predict` on it first.")
    return file


def place_for_project(home: AppHome, folder: Path, project: Path | None) -> Path:
    """Return the project file of a folder, which need not exist yet.

    Raises:
        FolderError: the folder does not exist, cannot be read, or has no project and nothing to make one for.
    """
    root = _existing(folder)
    file = project if project is not None else project_file_for(home, root)
    if not os.path.lexists(file) and next(scan_folder(root), None) is None:
        raise no_images(root)
    return file


@contextmanager
def open_to_read(file: Path, folder: Path | None) -> Iterator[Reader]:
    """Open a project for a report; works while a window has it open.

    Args:
        file: the project file.
        folder: refuse a project whose frames are elsewhere; None takes any.

    Raises:
        ProjectError: it cannot be opened, or its frames are not those of `folder`.
    """
    with open_report(file) as reader:
        _check_root(file, reader.root(), folder)
        yield reader


@contextmanager
def open_to_work(file: Path, folder: Path | None, *, create: bool = False) -> Iterator[Store]:
    """Open a project for changes; `create` makes it when it is absent and a folder is given. Else as `open_to_read`."""
    with Store.open(file, root=folder.absolute() if create and folder is not None else None) as store:
        _check_root(file, store.root, folder)
        yield store


def _existing(folder: Path) -> Path:
    if not os.path.isdir(folder):  # `Path.is_dir` raises where it may not look
        raise FolderError(f"{folder} is not a folder: give the folder that holds the frames.")
    return folder.absolute()


def _check_root(file: Path, root: Path, folder: Path | None) -> None:
    """Refuse to work on other frames than those that were named."""
    if folder is not None and not _same_folder(root, folder):
        raise ProjectError(
            f"{file} is the project of {root} and not of {folder}; if its frames were moved there, open it in the "
            "window and choose File > Find the Folder Again."
        )


def _same_folder(one: Path, other: Path) -> bool:
    try:
        return os.path.abspath(one) == os.path.abspath(other) or os.path.samefile(one, other)
    except OSError:
        return False

"""Listing the image files of a folder: natural order, growing blocks, nothing opened."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from autoanno_gui.core.errors import FolderError, FrameErrorCode
from autoanno_gui.core.records import ScannedFile
from autoanno_gui.imaging.formats import IMAGE_SUFFIXES, suffix_of
from autoanno_gui.imaging.paths import escape_path

FIRST_BLOCK: Final = 64
LARGEST_BLOCK: Final = 4096

OnSkip = Callable[[str, str], None]
"""Called with the escaped relative path of a sub-folder that was left out, and a sentence that says why."""

_LITTER_FOLDERS: Final = frozenset({"__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information"})
_DIGITS: Final = re.compile("[0-9]+")


def natural_key(path: str) -> str:
    """Return a key that sorts relative paths as people count: `frame_2` before `frame_10`, capitals like small letters.

    Folder by folder, so that all frames of one folder stay together. Different paths never have equal keys.
    """
    return "\0".join([_segment_key(segment) for segment in path.split("/")])


def scan_folder(root: Path, *, on_skip: OnSkip | None = None) -> Iterator[list[ScannedFile]]:
    """List the image files below `root` in blocks of 64, then doubling to 4,096, in the order of `natural_key`.

    Hidden files and folders and other programs' litter are left out, and so is everything that is neither a file nor a
    link to one. A linked folder is followed once if it lies outside `root`; what lies inside is listed under its own
    path. An empty folder yields nothing.

    Raises:
        FolderError: at the call, when `root` is missing, is not a folder or cannot be read.
    """
    try:
        entries = _entries(os.fspath(root))
    except FileNotFoundError as e:
        raise FolderError(f"The folder {_shown(root)} is not there; choose another or connect its drive.") from e
    except NotADirectoryError as e:
        raise FolderError(f"{_shown(root)} is a file; choose the folder that holds the frames.") from e
    except OSError as e:
        raise FolderError(f"The folder {_shown(root)} cannot be read ({e.strerror}); check its permissions.") from e
    return _blocks(_files(root, entries, on_skip))


def _blocks(files: Iterator[ScannedFile]) -> Iterator[list[ScannedFile]]:
    size = FIRST_BLOCK
    block: list[ScannedFile] = []
    for file in files:
        block.append(file)
        if len(block) == size:
            yield block
            block = []
            size = min(2 * size, LARGEST_BLOCK)
    if block:
        yield block


def _files(root: Path, entries: list[os.DirEntry[str]], on_skip: OnSkip | None) -> Iterator[ScannedFile]:
    real_root = os.path.realpath(root)
    seen = {_identity(os.stat(root))}
    stack = [("", entries)]  # the folders on the way down, each with its entries still to come, last one first
    while stack:
        prefix, entries = stack[-1]
        if not entries:
            stack.pop()
            continue
        entry = entries.pop()
        path = prefix + escape_path(entry.name)
        if not _is_folder(entry):
            if (file := _scanned(entry, path)) is not None:
                yield file
            continue
        if entry.is_symlink() and _overlaps(os.path.realpath(entry.path), real_root):
            continue
        try:
            identity = _identity(os.stat(entry.path))
            if identity not in seen:
                seen.add(identity)
                stack.append((path + "/", _entries(entry.path)))
        except OSError as e:
            if on_skip is not None:
                on_skip(path, f"The folder {path} cannot be read ({e.strerror}); its frames are left out.")


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """Return what may matter in one folder, in falling order, so that the next one can be popped off the end."""
    with os.scandir(folder) as listing:
        entries = [entry for entry in listing if _wanted(entry)]
    entries.sort(key=lambda entry: _segment_key(escape_path(entry.name)), reverse=True)
    return entries


def _wanted(entry: os.DirEntry[str]) -> bool:
    name = entry.name
    if name[0] == "." or name in _LITTER_FOLDERS:
        return False
    try:
        if suffix_of(name) in IMAGE_SUFFIXES:
            return entry.is_file() or entry.is_dir() or (entry.is_symlink() and not os.path.exists(entry.path))
        return entry.is_dir()
    except OSError:  # a link that leads round in a circle or through a folder that may not be entered
        return suffix_of(name) in IMAGE_SUFFIXES


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _scanned(entry: os.DirEntry[str], path: str) -> ScannedFile | None:
    """Return the record of one file, None for one that went away or turned into something else meanwhile."""
    try:
        status = entry.stat()
    except OSError as e:
        if entry.is_symlink() and e.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return ScannedFile(path, 0, 0, FrameErrorCode.MISSING_TARGET)
        return None if isinstance(e, FileNotFoundError) else ScannedFile(path, 0, 0, FrameErrorCode.UNREADABLE)
    if not stat.S_ISREG(status.st_mode):
        return None
    error = FrameErrorCode.EMPTY_FILE if status.st_size == 0 else None
    return ScannedFile(path, status.st_size, status.st_mtime_ns, error)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _overlaps(folder: str, other: str) -> bool:
    """Whether one of two real paths lies inside the other."""
    try:
        return os.path.commonpath((folder, other)) in (folder, other)
    except ValueError:  # on two drives
        return False


def _segment_key(segment: str) -> str:
    # The name itself at the end tells apart what folds to the same (A and a, 7 and 007). NUL occurs in no file name and
    # sorts before everything else, so a name sorts before its own extensions.
    return f"{_DIGITS.sub(_number_key, segment.casefold())}\0{segment}"


def _number_key(match: re.Match[str]) -> str:
    """Return digits that sort as text the way the number sorts: its length in digits first."""
    digits = match[0].lstrip("0") or "0"
    nines, rest = divmod(len(digits) - 1, 9)
    return f"{'9' * nines}{rest}{digits}"


def _shown(root: Path) -> str:
    return str(root).encode("utf-8", "backslashreplace").decode("utf-8")

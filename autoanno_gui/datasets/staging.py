"""The hidden folder beside the target in which a dataset is written before it gets its name."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from autoanno_gui.core.errors import ExportError

if TYPE_CHECKING:
    from filelock import BaseFileLock

_NO_SPACE: Final = frozenset([errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)])

_LOCK: Final = ".lock"
"""Ending of the file beside a staging folder that its process keeps locked. The system drops the lock when the process
ends in whatever way, so a folder whose lock is free belongs to nobody any more."""


@contextmanager
def staging_folder(out: Path) -> Generator[Path, None, None]:
    """Make a folder beside `out` that goes away again unless it is renamed.

    What killed exports to the same `out` left there is removed first.

    Raises:
        ExportError: for each OSError on the way, also of the block.
    """
    staging = out.with_name(f"{_prefix(out)}{secrets.token_hex(4)}")
    parents: list[Path] = []
    lock: BaseFileLock | None = None
    try:
        for folder in reversed(out.parents):
            if not folder.exists():
                folder.mkdir()
                parents.append(folder)
        _remove_abandoned(out)
        # Before there is a folder, so that it never looks abandoned.
        lock = _take_lock(staging)
        if lock is None:
            _drop_lock(None, staging)
        staging.mkdir()
        yield staging
    except OSError as e:
        if e.errno in _NO_SPACE:
            raise ExportError(
                f"The disk is full, so the dataset {out} was not written; free some space or choose another disk."
            ) from e
        raise ExportError(
            f"The dataset {out} could not be written ({e.strerror or e}); check the folder or choose another."
        ) from e
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        _drop_lock(lock, staging)
        for folder in reversed(parents):
            with suppress(OSError):  # it holds the finished dataset, or somebody else's files by now
                folder.rmdir()


def flush_folder(staging: Path) -> None:
    """Have the dataset on the disk before it gets its name, so that a power cut leaves no finished-looking shell.

    One sync costs far less than flushing each of some hundred thousand small files; Windows knows only the latter, and
    there the two files that make it a dataset must do.
    """
    if hasattr(os, "sync"):
        os.sync()
        return
    for file in staging.iterdir():
        if file.is_file():
            with open(file, "r+b") as stream:
                os.fsync(stream.fileno())


def flush_name(folder: Path) -> None:
    """Have a new name in `folder` on the disk too. What it names is whole either way, so a system that cannot is not at
    fault."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _prefix(out: Path) -> str:
    short = os.fsdecode(os.fsencode(out.name)[:200])
    return f".{short}.partial-"


def _remove_abandoned(out: Path) -> None:
    """Remove staging folders for `out` whose process is gone; one without a lock file says nothing, so it stays."""
    with suppress(OSError):
        for name in os.listdir(out.parent):
            if name.startswith(_prefix(out)) and name.endswith(_LOCK):
                staging = out.with_name(name.removesuffix(_LOCK))
                if (lock := _take_lock(staging)) is not None:
                    shutil.rmtree(staging, ignore_errors=True)
                    _drop_lock(lock, staging)


def _take_lock(staging: Path) -> BaseFileLock | None:
    """Lock a staging folder for this process. None when another one has it, or where files cannot be locked."""
    from filelock import FileLock, Timeout  # asyncio comes with it

    lock = FileLock(f"{staging}{_LOCK}", timeout=0, thread_local=False)
    try:
        lock.acquire()
    except (Timeout, OSError, NotImplementedError):
        return None
    return lock


def _drop_lock(lock: BaseFileLock | None, staging: Path) -> None:
    if lock is not None:
        lock.release()
    with suppress(OSError):
        os.unlink(f"{staging}{_LOCK}")

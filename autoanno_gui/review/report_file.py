"""Writes a report to where the user said: a whole file or nothing, and never over what is no report."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import uuid4

from autoanno_gui.core.errors import ExportError

PAGES: Final = (".html", ".htm")
TABLES: Final = (".csv",)
_SQLITE: Final = b"SQLite format 3\0"


def check_report_file(file: Path, suffixes: Sequence[str] = (*PAGES, *TABLES)) -> None:
    """Refuse a file that a report must not become, before the work is done.

    Raises:
        ExportError: it is a project or a folder, or its name ends in none of the suffixes.
    """
    if file.suffix.lower() not in suffixes:
        raise ExportError(f"{file}: the name of this report must end in {' or '.join(suffixes)}.")
    if file.is_dir():
        raise ExportError(f"{file} is a folder: give the name of a file.")
    if not file.parent.is_dir():
        raise ExportError(f"{file.parent} is not a folder: make it first, or give another place.")
    if _head(file) == _SQLITE:
        raise ExportError(f"{file} is a project or another database and is never overwritten by a report.")


def write_report_file(file: Path, content: bytes) -> None:
    """Write a whole report or nothing: into a new file beside it, which then takes its place.

    Raises:
        ExportError: it cannot be written, or see `check_report_file`.
    """
    check_report_file(file)
    target = os.path.realpath(file)  # a link to a file that is kept elsewhere stays a link
    part = f"{target}.{uuid4().hex}.part"
    try:
        with open(part, "xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, target)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.remove(part)
        raise ExportError(f"{file} cannot be written: {error.strerror or error}.") from error


def _head(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(len(_SQLITE))
    except OSError:  # absent, most often; one that may not be read shows itself in writing
        return b""

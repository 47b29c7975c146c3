"""Connections to a project file: which files are ours, how they are opened and written, and whose fault an error is."""

from __future__ import annotations

import os
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote

from autoanno_gui.core.errors import ProjectError

APPLICATION_ID: Final = 0x61616E6F
"""`aano`, in bytes 68..71 of each project file."""

BUSY_TIMEOUT: Final = 5.0
"""Seconds to wait for a lock that another program holds."""

_MAGIC: Final = b"SQLite format 3\0"
_HEADER_SIZE: Final = 100

# File systems over a network: a WAL needs memory shared between processes, which they do not have.
_NETWORK: Final = re.compile(
    r"9p|afs|afpfs|beegfs|ceph|cifs|davfs2?|glusterfs|gvfsd-fuse|lustre|ncpfs|nfs4?|rclone|s3fs|smb[23]|smbfs|sshfs|vboxsf"
)

_SENTENCES: Final[dict[int, str]] = {
    sqlite3.SQLITE_FULL: "The disk is full: {file} could not be saved; free some space and try again.",
    sqlite3.SQLITE_READONLY: "{file} may not be written; check its permissions and those of its folder.",
    sqlite3.SQLITE_PERM: "{file} may not be opened; check its permissions and those of its folder.",
    sqlite3.SQLITE_BUSY: "{file} is locked by another program; close that program and try again.",
    sqlite3.SQLITE_IOERR: "{file} could not be read or written ({error}); check the disk and try again.",
    sqlite3.SQLITE_CANTOPEN: "{file} cannot be opened ({error}); check the permissions of its folder.",
    sqlite3.SQLITE_CORRUPT: "{file} is damaged ({error}); open a backup or a saved copy instead.",
    sqlite3.SQLITE_NOTADB: "{file} is damaged ({error}); open a backup or a saved copy instead.",
}


def shown_path(path: Path) -> str:
    """Return a path as text that can be printed, whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def project_error(error: sqlite3.Error, file: Path) -> ProjectError | None:
    """Return the sentence for a fault of the environment; None for a bug of ours."""
    code = getattr(error, "sqlite_errorcode", None)
    sentence = _SENTENCES.get(code & 0xFF) if code is not None else None
    return ProjectError(sentence.format(file=shown_path(file), error=error)) if sentence is not None else None


@contextmanager
def environment_faults(file: Path) -> Iterator[None]:
    """Turn SQLite's errors that are the environment's fault into `ProjectError`; all others pass as they are."""
    try:
        yield
    except sqlite3.Error as error:
        known = project_error(error, file)
        if known is None:
            raise
        raise known from error


@contextmanager
def damaged_rows(file: Path) -> Iterator[None]:
    """Turn what goes wrong when values of rows are unpacked into `ProjectError`: they are not as they were written."""
    try:
        yield
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise ProjectError(_SENTENCES[sqlite3.SQLITE_CORRUPT].format(file=shown_path(file), error=error)) from error


def check_ours(file: Path) -> int:
    """Return the schema version in a project file's header, without opening it as a database.

    Raises:
        ProjectError: the file is missing, cannot be read, or is not a project. It is never touched.
    """
    name = shown_path(file)
    if file.is_dir():
        raise ProjectError(f"{name} is a folder, not a project file.")
    if not file.exists():
        raise ProjectError(f"There is no project file {name}.")
    if not file.is_file():
        raise ProjectError(f"{name} is not an ordinary file and cannot be a project.")
    try:
        with file.open("rb") as stream:
            header = stream.read(_HEADER_SIZE)
    except OSError as error:
        raise ProjectError(f"{name} cannot be read ({error.strerror}); check its permissions.") from error
    if not header:
        raise ProjectError(f"{name} is empty and not a project.")
    ours = len(header) == _HEADER_SIZE and header.startswith(_MAGIC)
    if not ours or int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise ProjectError(f"{name} is not a project of this program; it was left as it is.")
    return int.from_bytes(header[60:64], "big")


def check_version(found: int, known: int, file: Path) -> None:
    """Raise `ProjectError` for a schema newer than `known`."""
    if found > known:
        raise ProjectError(
            f"{shown_path(file)} was made by a newer version of this program (schema {found}, this one knows {known}); "
            "update the program to open it."
        )


def schema_version(conn: sqlite3.Connection) -> int:
    """Return the version as the database has it, write-ahead log included."""
    return int(conn.execute("PRAGMA user_version").fetchone()[0])


def connect(
    file: Path,
    *,
    mode: Literal["ro", "rw", "rwc"],
    busy_timeout: float = BUSY_TIMEOUT,
    immutable: bool = False,
    any_thread: bool = False,
) -> sqlite3.Connection:
    """Open a connection in autocommit mode, in which only our own BEGIN starts a transaction."""
    path = file.absolute().as_posix()
    # An empty authority before the path, so that `//server/share` of Windows stays part of the path.
    uri = f"file://{'' if path.startswith('/') else '/'}{quote(os.fsencode(path))}?mode={mode}"
    if immutable:
        uri += "&immutable=1"
    return sqlite3.connect(uri, uri=True, timeout=busy_timeout, isolation_level=None, check_same_thread=not any_thread)


def open_writer(
    file: Path, *, synchronous: Literal["FULL", "NORMAL"], busy_timeout: float = BUSY_TIMEOUT
) -> sqlite3.Connection:
    """Open a connection that writes to a project file, which must exist.

    Raises:
        ProjectError: not ours, locked, damaged, or not writable.
    """
    check_ours(file)
    with environment_faults(file):
        conn = connect(file, mode="rw", busy_timeout=busy_timeout)
        try:
            journal = "DELETE" if on_network_share(file) else "WAL"
            conn.execute(f"PRAGMA journal_mode = {journal}").fetchone()
            conn.execute(f"PRAGMA synchronous = {synchronous}")
            conn.execute("PRAGMA fullfsync = ON")  # macOS: a plain fsync does not reach the disk there
            conn.execute("PRAGMA foreign_keys = ON")
            # A commit never pays for a checkpoint; the store thread makes them when it is idle.
            conn.execute("PRAGMA wal_autocheckpoint = 0").fetchone()
            with immediate(conn):  # a file that may not be written is found here and not at the first decision
                pass
        except BaseException:
            conn.close()
            raise
    return conn


def open_reader(file: Path, *, known: int, busy_timeout: float = BUSY_TIMEOUT) -> sqlite3.Connection:
    """Open a read-only connection to a project whose schema is the `known` version. It may change threads.

    Raises:
        ProjectError: not ours, damaged, of a newer schema, or of an older one that was not migrated yet.
    """
    check_version(check_ours(file), known, file)
    with environment_faults(file):
        conn = _connect_to_read(file, busy_timeout)
        try:
            found = schema_version(conn)
            check_version(found, known, file)
            if found < known:
                raise ProjectError(
                    f"{shown_path(file)} was made by an older version of this program; open it once in the window, "
                    "which brings it up to date."
                )
        except BaseException:
            conn.close()
            raise
    return conn


def _connect_to_read(file: Path, busy_timeout: float) -> sqlite3.Connection:
    conn = connect(file, mode="ro", busy_timeout=busy_timeout, any_thread=True)
    try:
        conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        conn.close()
        if os.access(file.parent, os.W_OK) or log_size(file) > 0:
            raise
        # Where no -shm file can be made, a project can only be read as it is; with an empty log nothing is missing.
        return connect(file, mode="ro", busy_timeout=busy_timeout, immutable=True, any_thread=True)
    return conn


@contextmanager
def immediate(conn: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Run the block as one write transaction.

    It takes the write lock at once: a deferred transaction that reads first and writes then fails without waiting.
    """
    conn.execute("BEGIN IMMEDIATE")
    try:
        yield conn
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:  # a full disk has already rolled it back
            conn.execute("ROLLBACK")
        raise


def _sibling(file: Path, suffix: str) -> Path:
    return file.with_name(file.name + suffix)


def remove_stale_logs(file: Path) -> None:
    """Remove logs that a deleted database left: SQLite would replay them into a new file of that name."""
    for suffix in ("-wal", "-shm", "-journal"):
        _sibling(file, suffix).unlink(missing_ok=True)


def log_size(file: Path) -> int:
    """Return the size of the write-ahead log in bytes."""
    try:
        return _sibling(file, "-wal").stat().st_size
    except FileNotFoundError:
        return 0


def on_network_share(file: Path) -> bool:
    """Return whether the file lies on a network share, where it cannot have a write-ahead log."""
    if sys.platform == "win32":
        import ctypes

        drive_remote = 4
        anchor = file.absolute().anchor
        return anchor.startswith("\\\\") or ctypes.windll.kernel32.GetDriveTypeW(anchor) == drive_remote
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return False
    kind = file_system(file.resolve(), mounts.read_text("utf-8", "surrogateescape")).removeprefix("fuse.")
    return _NETWORK.fullmatch(kind) is not None


def file_system(file: Path, mounts: str) -> str:
    """Return the type of the file system that holds a file, from the text of a mount table; empty if unknown."""
    found, depth = "", 0
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = Path(re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[1]))
        if file.is_relative_to(point) and len(point.parts) >= depth:
            found, depth = fields[2], len(point.parts)
    return found

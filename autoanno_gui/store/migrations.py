"""The schema and its numbered steps, which only go forward. Each table is described in docs/schema.md."""

from __future__ import annotations

import os
import sqlite3
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from autoanno_gui.core.errors import ProjectError
from autoanno_gui.store.connection import (
    APPLICATION_ID,
    BUSY_TIMEOUT,
    check_ours,
    check_version,
    connect,
    environment_faults,
    immediate,
    remove_stale_logs,
    schema_version,
    shown_path,
)
from autoanno_gui.store.rows import now, path_to_text

if TYPE_CHECKING:
    from sqlite_utils import Database

_LEDGER: Final = (
    """CREATE TABLE setting (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE frame (
        id INTEGER PRIMARY KEY,
        path TEXT NOT NULL UNIQUE,
        sort_key BLOB NOT NULL,
        bytes INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        width INTEGER NOT NULL DEFAULT 0,
        height INTEGER NOT NULL DEFAULT 0,
        flags TEXT NOT NULL DEFAULT '[]',
        sha256 TEXT,
        error TEXT,
        error_detail TEXT
    ) STRICT""",
    "CREATE INDEX frame_order ON frame(sort_key)",
    """CREATE TABLE class (
        id INTEGER PRIMARY KEY,
        uuid TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        colour TEXT NOT NULL,
        slot INTEGER CHECK (slot BETWEEN 1 AND 9),
        used INTEGER NOT NULL DEFAULT 0,
        merged_into INTEGER REFERENCES class(id),
        removed TEXT
    ) STRICT""",
    "CREATE UNIQUE INDEX class_name ON class(name) WHERE merged_into IS NULL AND removed IS NULL",
    "CREATE UNIQUE INDEX class_slot ON class(slot) WHERE slot IS NOT NULL",
    """CREATE TABLE model (
        id INTEGER PRIMARY KEY,
        weights_hash TEXT NOT NULL,
        task TEXT NOT NULL,
        name TEXT NOT NULL,
        path TEXT NOT NULL,
        classes TEXT NOT NULL,
        imgsz_h INTEGER NOT NULL,
        imgsz_w INTEGER NOT NULL,
        backend TEXT NOT NULL,
        fixed_imgsz INTEGER NOT NULL,
        kpt_shape TEXT,
        UNIQUE (weights_hash, task)
    ) STRICT""",
    """CREATE TABLE class_map (
        weights_hash TEXT NOT NULL,
        model_class INTEGER NOT NULL,
        class_id INTEGER REFERENCES class(id),
        PRIMARY KEY (weights_hash, model_class)
    ) STRICT""",
    """CREATE TABLE session (
        id INTEGER PRIMARY KEY,
        uuid TEXT NOT NULL UNIQUE,
        reviewer TEXT NOT NULL,
        started TEXT NOT NULL,
        ended TEXT
    ) STRICT""",
    """CREATE TABLE run (
        id INTEGER PRIMARY KEY,
        uuid TEXT NOT NULL UNIQUE,
        model_id INTEGER NOT NULL REFERENCES model(id),
        imgsz_h INTEGER NOT NULL,
        imgsz_w INTEGER NOT NULL,
        iou REAL NOT NULL,
        floor REAL NOT NULL,
        max_det INTEGER NOT NULL,
        device TEXT NOT NULL,
        started TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE run_frame (
        id INTEGER PRIMARY KEY,
        uuid TEXT NOT NULL,
        run_id INTEGER NOT NULL REFERENCES run(id),
        frame_id INTEGER NOT NULL REFERENCES frame(id),
        status TEXT NOT NULL CHECK (status IN ('done', 'failed')),
        error TEXT,
        detail TEXT,
        sha256 TEXT,
        bytes INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        finished TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX run_frame_frame ON run_frame(frame_id)",
    """CREATE TABLE prediction (
        run_frame_id INTEGER PRIMARY KEY REFERENCES run_frame(id),
        n INTEGER NOT NULL,
        boxes BLOB NOT NULL,
        confidences BLOB NOT NULL,
        classes BLOB NOT NULL,
        top_classes BLOB NOT NULL,
        top_scores BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE decision (
        id INTEGER PRIMARY KEY,
        uuid TEXT NOT NULL UNIQUE,
        frame_id INTEGER NOT NULL REFERENCES frame(id),
        reviewer TEXT NOT NULL,
        session_uuid TEXT NOT NULL REFERENCES session(uuid),
        run_frame_id INTEGER REFERENCES run_frame(id),
        kind TEXT NOT NULL,
        mode TEXT NOT NULL,
        thresholds TEXT NOT NULL,
        shown BLOB NOT NULL,
        shown_at REAL NOT NULL,
        first_input_at REAL,
        decided_at REAL NOT NULL,
        active REAL NOT NULL,
        wall_clock TEXT NOT NULL,
        width INTEGER NOT NULL DEFAULT 0,
        height INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    "CREATE INDEX decision_frame ON decision(frame_id)",
    """CREATE TABLE verdict (
        id INTEGER PRIMARY KEY,
        uuid TEXT NOT NULL,
        decision_id INTEGER NOT NULL REFERENCES decision(id),
        prediction INTEGER,
        kind TEXT NOT NULL,
        how TEXT NOT NULL,
        class_id INTEGER NOT NULL REFERENCES class(id),
        class_changed INTEGER NOT NULL,
        iou REAL
    ) STRICT""",
    "CREATE INDEX verdict_decision ON verdict(decision_id)",
    """CREATE TABLE annotation (
        id INTEGER PRIMARY KEY,
        uuid TEXT NOT NULL,
        decision_id INTEGER NOT NULL REFERENCES decision(id),
        verdict_id INTEGER NOT NULL UNIQUE REFERENCES verdict(id),
        class_id INTEGER NOT NULL REFERENCES class(id),
        geometry_kind TEXT NOT NULL,
        geometry BLOB NOT NULL
    ) STRICT""",
    "CREATE INDEX annotation_decision ON annotation(decision_id)",
    """CREATE TABLE revocation (
        id INTEGER PRIMARY KEY,
        uuid TEXT NOT NULL UNIQUE,
        decision_id INTEGER NOT NULL UNIQUE REFERENCES decision(id),
        reason TEXT NOT NULL,
        wall_clock TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE draft (
        frame_id INTEGER PRIMARY KEY REFERENCES frame(id),
        body BLOB NOT NULL,
        saved TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        uuid TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        body TEXT NOT NULL,
        wall_clock TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE note (
        frame_id INTEGER PRIMARY KEY REFERENCES frame(id),
        body TEXT NOT NULL,
        saved TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE split (
        frame_id INTEGER PRIMARY KEY REFERENCES frame(id),
        split TEXT NOT NULL CHECK (split IN ('train', 'val', 'test'))
    ) STRICT""",
    """CREATE TABLE frame_state (
        frame_id INTEGER PRIMARY KEY REFERENCES frame(id),
        state TEXT NOT NULL,
        decision_id INTEGER REFERENCES decision(id),
        run_frame_id INTEGER REFERENCES run_frame(id)
    ) STRICT""",
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the schema; `apply` runs inside the transaction that also records it."""

    number: int
    name: str
    apply: Callable[[Database], None]


def _ledger(db: Database) -> None:
    for statement in _LEDGER:
        db.execute(statement)


def _outlines(db: Database) -> None:
    """Predictions of other kinds than boxes, and runs whose boxes a segmenter turned into masks."""
    db.execute("ALTER TABLE prediction ADD COLUMN outline_kind TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE prediction ADD COLUMN outlines BLOB")
    for column in ("segmenter", "segmenter_kind", "segmenter_hash"):
        db.execute(f"ALTER TABLE run ADD COLUMN {column} TEXT")


def _similarity(db: Database) -> None:
    """What the frames look like, so that the queue can bring first what differs from all that is decided."""
    db.execute("""CREATE TABLE frame_look (
        frame_id INTEGER PRIMARY KEY REFERENCES frame(id),
        version INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        look BLOB NOT NULL
    ) STRICT""")


def _checks(db: Database) -> None:
    """Why a frame was decided when it was, decisions merged from other projects, and the light of the pictures."""
    db.execute("ALTER TABLE decision ADD COLUMN reason TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE decision ADD COLUMN in_stream INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE decision ADD COLUMN origin TEXT NOT NULL DEFAULT ''")
    db.execute("""CREATE TABLE frame_light (
        frame_id INTEGER PRIMARY KEY REFERENCES frame(id),
        bytes INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        brightness REAL NOT NULL,
        sharpness REAL NOT NULL
    ) STRICT""")


STEPS: Final[tuple[Step, ...]] = (
    Step(1, "ledger", _ledger),
    Step(2, "outlines", _outlines),
    Step(3, "similarity", _similarity),
    Step(4, "checks", _checks),
)
"""All steps in order. A released step never changes; a new one is added at the end."""

SCHEMA_VERSION: Final = STEPS[-1].number


def create(file: Path, *, root: Path, steps: Sequence[Step] = STEPS) -> None:
    """Make a new project file: complete or not at all. The caller holds the project's lock.

    Args:
        file: must be absent or empty.
        root: folder of the frames.
    """
    staged = file.with_name(f".{file.name}.new")
    settings = {"project_uuid": str(uuid.uuid4()), "root": path_to_text(root), "created": now()}
    with _file_faults(file), _staged(staged):
        with environment_faults(file), closing(connect(staged, mode="rwc")) as conn, immediate(conn):
            _apply(conn, steps)
            conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            conn.executemany("INSERT INTO setting(key, value) VALUES (?, ?)", settings.items())
        _put_in_place(staged, file)


def migrate(file: Path, *, steps: Sequence[Step] = STEPS, busy_timeout: float = BUSY_TIMEOUT) -> Path | None:
    """Bring a project up to date. Returns the backup that was made before, None when there was nothing to do.

    A step that fails leaves the project as it was. The caller holds the project's lock.

    Raises:
        ProjectError: not ours, of a newer schema, damaged, or the disk is full.
    """
    known = steps[-1].number
    check_version(check_ours(file), known, file)
    with environment_faults(file), closing(connect(file, mode="rw", busy_timeout=busy_timeout)) as conn:
        found = schema_version(conn)
        check_version(found, known, file)
        if found == known:
            return None
        backup = _free_name(file.with_name(f"{file.name}.backup-v{found}"))
        copy_database(conn, backup)
        with immediate(conn):
            _apply(conn, steps)
            broken = conn.execute("PRAGMA foreign_key_check").fetchone()
            if broken is not None:
                raise RuntimeError(f"the step left a row of {broken[0]} that refers to nothing")
        return backup


def copy_database(source: sqlite3.Connection, target: Path) -> None:
    """Copy a database as it is at this moment, complete or not at all. An existing target is not overwritten.

    Raises:
        ProjectError: the target exists or cannot be written.
    """
    staged = target.with_name(f".{target.name}.part")
    with _file_faults(target):
        try:
            target.open("xb").close()  # takes the name; replaced below
        except FileExistsError as error:
            raise ProjectError(f"{shown_path(target)} exists already; choose another name.") from error
        try:
            with _staged(staged):
                with environment_faults(target), closing(connect(staged, mode="rwc")) as copy:
                    source.backup(copy)
                _put_in_place(staged, target)
        except BaseException:
            target.unlink(missing_ok=True)
            raise


def _apply(conn: sqlite3.Connection, steps: Sequence[Step]) -> None:
    from sqlite_utils import Database, Migrations  # takes 160 ms to import, and most starts have nothing to migrate

    migrations = Migrations("autoanno_gui")
    for step in steps:
        migrations(name=f"{step.number:04d}_{step.name}")(step.apply)
    migrations.apply(Database(conn, recursive_triggers=False, execute_plugins=False))
    conn.execute(f"PRAGMA user_version = {steps[-1].number}")


def _free_name(path: Path) -> Path:
    candidate, number = path, 1
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.name}-{number}")
    return candidate


@contextmanager
def _file_faults(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ProjectError(
            f"{shown_path(file)} cannot be written ({error.strerror}); choose a folder that can be written."
        ) from error


@contextmanager
def _staged(staged: Path) -> Iterator[None]:
    """Make sure that nothing lies under the name before the block, and nothing half-made after a failed one."""
    remove_stale_logs(staged)
    staged.unlink(missing_ok=True)
    try:
        yield
    except BaseException:
        staged.unlink(missing_ok=True)
        raise


def _put_in_place(staged: Path, target: Path) -> None:
    remove_stale_logs(target)
    os.replace(staged, target)
    if os.name == "posix":  # the new name must be on the disk before anything is acknowledged under it
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

"""Writes some frames of a project as a project of their own, for a second reviewer: predictions, but no decisions."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from autoanno_gui.store.connection import connect, environment_faults, immediate, open_reader, remove_stale_logs
from autoanno_gui.store.migrations import SCHEMA_VERSION, copy_database, create
from autoanno_gui.store.rows import FRESH, SAMPLE_OF, STATE_QUERY, compact, text_to_path

_SETTINGS: Final[tuple[str, ...]] = ("task", "skeleton", "thresholds", "auto_classes", "queue")
"""What the second reviewer needs to see the same proposals in the same way."""
_WHOLE: Final = ("class", "model", "class_map", "run")
_OF_FRAMES: Final = ("frame", "frame_look", "frame_light")
_BLOCK: Final = 256


def write_sample(file: Path, target: Path, frame_ids: Sequence[int]) -> None:
    """Write frames of a project as the new project `target`, complete or not at all; `file` is only read.

    Classes, models, class maps, runs and predictions keep their identities. Each frame brings the predictions that its
    decision judged where it has one, else its newest; decisions, drafts, notes and events stay behind.

    Raises:
        ProjectError: the target exists or cannot be written, or `file` cannot be read.
    """
    staged = target.with_name(f".{target.name}.sample")
    with closing(open_reader(file, known=SCHEMA_VERSION)) as source:
        with environment_faults(file):
            source.execute("BEGIN")  # all of it as it is at this moment; it ends with the connection
            settings = dict(source.execute("SELECT key, value FROM setting").fetchall())
        create(staged, root=text_to_path(settings["root"]))
        try:
            with closing(connect(staged, mode="rw")) as made:
                with environment_faults(target), immediate(made):
                    _copy_settings(made, settings)
                    _copy_rows(source, made, frame_ids)
                copy_database(made, target)
        finally:
            staged.unlink(missing_ok=True)
            remove_stale_logs(staged)


def _copy_settings(made: sqlite3.Connection, settings: dict[str, str]) -> None:
    kept = {key: settings[key] for key in _SETTINGS if key in settings}
    kept |= {"root": settings["root"], SAMPLE_OF: settings["project_uuid"]}
    made.executemany("INSERT OR REPLACE INTO setting(key, value) VALUES (?, ?)", kept.items())


def _copy_rows(source: sqlite3.Connection, made: sqlite3.Connection, frame_ids: Sequence[int]) -> None:
    for table in _WHOLE:
        _copy(source, made, table, "1", "")
    made.execute("UPDATE class SET used = 0")  # no annotation here has it
    for at in range(0, len(frame_ids), _BLOCK):
        chosen = compact(list(frame_ids[at : at + _BLOCK]))
        for table in _OF_FRAMES:
            column = "id" if table == "frame" else "frame_id"
            _copy(source, made, table, f"{column} IN (SELECT value FROM json_each(?))", chosen)
        shown = compact([row[0] for row in source.execute(_SHOWN, (chosen,)).fetchall()])
        _copy(source, made, "run_frame", "id IN (SELECT value FROM json_each(?))", shown)
        _copy(source, made, "prediction", "run_frame_id IN (SELECT value FROM json_each(?))", shown)
    made.execute(f"INSERT INTO frame_state(frame_id, state, decision_id, run_frame_id) {STATE_QUERY}")


_JUDGED: Final = (
    "SELECT rf.id FROM decision d JOIN run_frame rf ON rf.id = d.run_frame_id "
    f"WHERE d.id = s.decision_id AND rf.status = 'done' AND {FRESH}"
)
_SHOWN: Final = (
    f"SELECT COALESCE(({_JUDGED}), s.run_frame_id) AS shown FROM frame_state s JOIN frame f ON f.id = s.frame_id "
    "WHERE s.frame_id IN (SELECT value FROM json_each(?)) AND shown IS NOT NULL"
)
"""The predictions that the second reviewer is shown of each frame."""


def _copy(source: sqlite3.Connection, made: sqlite3.Connection, table: str, condition: str, value: str) -> None:
    cursor = source.execute(f"SELECT * FROM {table} WHERE {condition}", (value,) if value else ())
    names = [column[0] for column in cursor.description]
    places = ", ".join("?" * len(names))
    while rows := cursor.fetchmany(_BLOCK):
        made.executemany(f"INSERT INTO {table}({', '.join(names)}) VALUES ({places})", rows)

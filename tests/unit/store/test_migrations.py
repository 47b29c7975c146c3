"""Making a project and bringing an older one up to date."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from autoanno_gui.core.errors import ProjectError
from autoanno_gui.core.records import DecisionKind
from autoanno_gui.store.connection import APPLICATION_ID
from autoanno_gui.store.migrations import SCHEMA_VERSION, STEPS, Step, create, migrate
from autoanno_gui.store.store_thread import Priority, Store, open_report
from autoanno_gui.store.writer_frames import StoredLook
from tests.unit.store.builders import SETTINGS, add, decide, decision, predict, predictions, verdict


def _with_remarks(db: Database) -> None:
    db.execute("CREATE TABLE remark (id INTEGER PRIMARY KEY, frame_id INTEGER REFERENCES frame(id), text TEXT) STRICT")
    db.execute("INSERT INTO remark(frame_id, text) SELECT id, 'from ' || path FROM frame")


def _breaking(db: Database) -> None:
    _with_remarks(db)
    raise ZeroDivisionError


def _orphaning(db: Database) -> None:
    _with_remarks(db)
    db.execute("INSERT INTO remark(frame_id, text) VALUES (999, 'of no frame')")


NEXT = (*STEPS, Step(SCHEMA_VERSION + 1, "remarks", _with_remarks))


def _rows(file: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as conn:
        return conn.execute(sql).fetchall()


@pytest.fixture
def old(file: Path) -> Path:
    """Return a closed project with two frames."""
    with Store.open(file, root=file.parent) as store:
        add(store, "a.jpg", "b.jpg")
    return file


def test_the_schema_has_this_version(old: Path) -> None:
    assert SCHEMA_VERSION == 4  # a released schema never changes: add a step, a test of it, and a line in the docs
    assert [step.number for step in STEPS] == list(range(1, SCHEMA_VERSION + 1))
    assert _rows(old, "PRAGMA user_version") == [(SCHEMA_VERSION,)]
    assert _rows(old, "PRAGMA application_id") == [(APPLICATION_ID,)]
    steps = [("0001_ledger",), ("0002_outlines",), ("0003_similarity",), ("0004_checks",)]
    assert _rows(old, "SELECT name FROM _sqlite_migrations ORDER BY id") == steps
    header = old.read_bytes()[:100]
    assert header[68:72] == b"aano"


def _as_version(number: int, project: Path, target: Path) -> list[str]:
    """Write what a project holds as a file of an older schema; return its tables."""
    create(target, root=project.parent, steps=STEPS[:number])
    with closing(sqlite3.connect(target)) as conn:
        conn.execute("DELETE FROM setting")
        conn.execute("ATTACH ? AS newer", (str(project),))
        tables = [row[0] for row in conn.execute("SELECT name FROM main.sqlite_master WHERE sql LIKE '%STRICT%'")]
        for table in tables:
            columns = ", ".join(row[1] for row in conn.execute(f"PRAGMA main.table_info({table})"))
            conn.execute(f"INSERT INTO {table}({columns}) SELECT {columns} FROM newer.{table}")
        conn.commit()
    return tables


def test_a_project_of_the_first_version_keeps_everything(file: Path, tmp_path: Path) -> None:
    with Store.open(tmp_path / "made.autoanno", root=tmp_path) as store, store.reader() as reader:
        frame, other = add(store, "a.jpg", "b.jpg")
        first, second = predict(store, [frame.id, other.id], (0, 0.9), (1, 0.4))
        class_id = reader.class_map("hash-a")[0] or 0
        made = decision(
            frame.id, DecisionKind.EDITED, verdict(class_id, prediction=1), verdict(class_id), run_frame_id=first
        )
        decide(store, made)
        store.submit(Priority.DRAFT, lambda w: w.save_draft(other.id, b"half")).result()
        store.submit(Priority.OTHER, lambda w: w.set_note(other.id, "look again")).result()
        store.submit(Priority.OTHER, lambda w: w.assign_splits({frame.id: "val"})).result()
        store.submit(Priority.OTHER, lambda w: w.record_event("export", {"frames": 1})).result()
        labelled = list(reader.labelled_frames())
    tables = _as_version(1, tmp_path / "made.autoanno", file)
    kept = {table: _rows(file, f"SELECT * FROM {table}") for table in tables}
    assert all(kept[table] for table in tables if table != "revocation"), "nothing to keep proves nothing"

    with Store.open(file) as store, store.reader() as reader:  # brings it up to date
        assert reader.integrity() == []
        assert reader.decision(frame.id) == made
        assert list(reader.labelled_frames()) == labelled
        found, weights_hash = reader.predictions(second or 0)
        assert (weights_hash, found.outlines, found.box(1)) == ("hash-a", None, predictions((0, 0.9), (1, 0.4)).box(1))
        assert reader.draft(other.id) == b"half"
        assert reader.pending_frames(SETTINGS) == []
        assert store.submit(Priority.OTHER, lambda w: w.start_run(SETTINGS, device="cpu")).result() == 1, "goes on"
        assert store.submit(Priority.OTHER, lambda w: w.rebuild_frame_state()).result() == 0

    backup = file.with_name("street.autoanno.backup-v1")
    for table in tables:
        assert _rows(backup, f"SELECT * FROM {table}") == kept[table]
        columns = ", ".join(str(row[1]) for row in _rows(backup, f"PRAGMA table_info({table})"))
        assert _rows(file, f"SELECT {columns} FROM {table}") == kept[table]
    assert _rows(backup, "PRAGMA user_version") == [(1,)]
    assert _rows(file, "SELECT outline_kind, outlines FROM prediction") == [("", None)] * 2
    assert _rows(file, "SELECT segmenter, segmenter_kind, segmenter_hash FROM run") == [(None, None, None)]
    # A file that grew up has the tables of one that is made today.
    assert _schema(file) == _schema(tmp_path / "made.autoanno")


def test_a_project_of_the_second_version_gets_room_for_looks(file: Path, tmp_path: Path) -> None:
    with Store.open(tmp_path / "made.autoanno", root=tmp_path) as store:
        frame, other = add(store, "a.jpg", "b.jpg")
        (run_frame_id,) = predict(store, [frame.id], (0, 0.9))
        with store.reader() as reader:
            class_id = reader.class_map("hash-a")[0] or 0
        decide(store, decision(frame.id, DecisionKind.ACCEPTED, verdict(class_id), run_frame_id=run_frame_id))
    tables = _as_version(2, tmp_path / "made.autoanno", file)
    kept = {table: _rows(file, f"SELECT * FROM {table}") for table in tables}
    assert "frame_look" not in tables

    with Store.open(file) as store, store.reader() as reader:  # brings it up to date
        assert reader.integrity() == []
        assert reader.frames_without_look(version=1) == [reader.frame(frame.id), other]
        look = StoredLook(other.id, 1, 100, 1_700_000_000_123_456_789, b"look")
        store.submit(Priority.OTHER, lambda w: w.record_looks([look])).result()
        assert reader.looks(version=1, size=4)[0].tolist() == [other.id]

    backup = file.with_name("street.autoanno.backup-v2")
    assert _rows(backup, "PRAGMA user_version") == [(2,)]
    assert _columns_of(backup, file, tables) == kept
    assert _schema(file) == _schema(tmp_path / "made.autoanno")


def test_decisions_of_the_third_version_were_made_here_outside_the_random_stream(file: Path, tmp_path: Path) -> None:
    with Store.open(tmp_path / "made.autoanno", root=tmp_path) as store:
        (frame,) = add(store, "a.jpg")
        (run_frame_id,) = predict(store, [frame.id], (0, 0.9))
        with store.reader() as reader:
            class_id = reader.class_map("hash-a")[0] or 0
        made = decision(frame.id, DecisionKind.ACCEPTED, verdict(class_id), run_frame_id=run_frame_id)
        decide(store, made)
    tables = _as_version(3, tmp_path / "made.autoanno", file)
    kept = {table: _rows(file, f"SELECT * FROM {table}") for table in tables}
    assert "frame_light" not in tables

    with Store.open(file) as store, store.reader() as reader:  # brings it up to date
        assert reader.integrity() == []
        found = reader.decision(frame.id)
        assert found == made
        assert found is not None
        assert (found.reason, found.in_stream, found.origin) == ("", False, "")

    assert _columns_of(file.with_name("street.autoanno.backup-v3"), file, tables) == kept
    assert _schema(file) == _schema(tmp_path / "made.autoanno")


def _columns_of(backup: Path, file: Path, tables: Iterable[str]) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of tables as far as the backup has their columns."""
    columns = {table: [str(row[1]) for row in _rows(backup, f"PRAGMA table_info({table})")] for table in tables}
    return {table: _rows(file, f"SELECT {', '.join(names)} FROM {table}") for table, names in columns.items()}


def _schema(file: Path) -> dict[object, list[tuple[object, ...]]]:
    tables = [row[0] for row in _rows(file, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: _rows(file, f"PRAGMA table_info({table})") for table in tables}


def test_every_table_and_column_is_described(old: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "schema.md").read_text("utf-8")
    for (table,) in _rows(
        old, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'"
    ):
        _, _, section = text.partition(f"\n### {table}\n")
        section = section.partition("\n### ")[0]
        assert section, f"docs/schema.md has no section on {table}"
        for _, column, *_ in _rows(old, f"PRAGMA table_info({table})"):
            assert f"\n| `{column}` |" in section, f"docs/schema.md does not describe {table}.{column}"


def test_the_example_queries_of_the_docs_run(old: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "schema.md").read_text("utf-8")
    queries = [part.partition("```")[0] for part in text.split("```sql\n")[1:]]
    assert len(queries) >= 3
    for query in queries:
        _rows(old, query)


def test_nothing_to_do_makes_no_backup(old: Path) -> None:
    before = old.read_bytes()
    assert migrate(old) is None
    assert old.read_bytes() == before
    assert sorted(os.listdir(old.parent)) == [old.name, old.name + ".lock"]


def test_a_migration_keeps_a_backup_and_all_rows(old: Path) -> None:
    backup = migrate(old, steps=NEXT)

    assert backup == old.with_name(f"street.autoanno.backup-v{SCHEMA_VERSION}")
    assert _rows(old, "PRAGMA user_version") == [(SCHEMA_VERSION + 1,)]
    assert _rows(old, "SELECT text FROM remark ORDER BY id") == [("from a.jpg",), ("from b.jpg",)]
    newest = f"{SCHEMA_VERSION + 1:04d}_remarks"
    assert _rows(old, "SELECT name FROM _sqlite_migrations ORDER BY id DESC LIMIT 1") == [(newest,)]
    with Store.open(backup) as store, store.reader() as reader:  # the backup is a project of the old version
        assert [frame.path for block in reader.frames() for frame in block] == ["a.jpg", "b.jpg"]


def test_a_migration_also_takes_what_is_only_in_the_log(old: Path) -> None:
    with closing(sqlite3.connect(old)) as conn:  # never checkpointed, as after a crash
        conn.execute("PRAGMA wal_autocheckpoint = 0")
        conn.execute("UPDATE frame SET path = 'late.jpg' WHERE path = 'b.jpg'")
        conn.commit()
        backup = migrate(old, steps=NEXT)
    assert backup is not None
    assert _rows(backup, "SELECT path FROM frame ORDER BY id") == [("a.jpg",), ("late.jpg",)]
    assert _rows(old, "SELECT text FROM remark ORDER BY id") == [("from a.jpg",), ("from late.jpg",)]


@pytest.mark.parametrize(("step", "error"), [(_breaking, ZeroDivisionError), (_orphaning, RuntimeError)])
def test_a_step_that_fails_leaves_the_project_as_it_was(old: Path, step: object, error: type[Exception]) -> None:
    dump = _dump(old)
    with pytest.raises(error):
        migrate(old, steps=(*STEPS, Step(SCHEMA_VERSION + 1, "broken", step)))  # type: ignore[arg-type]
    assert _dump(old) == dump
    assert _rows(old, "PRAGMA user_version") == [(SCHEMA_VERSION,)]

    # The next attempt does not overwrite the first backup.
    assert migrate(old, steps=NEXT) == old.with_name(f"street.autoanno.backup-v{SCHEMA_VERSION}-2")


def _dump(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as conn:
        return list(conn.iterdump())


def test_a_newer_project_is_refused_untouched(old: Path) -> None:
    migrate(old, steps=NEXT)
    before = old.read_bytes()
    newer = rf"street\.autoanno was made by a newer version .*schema {SCHEMA_VERSION + 1}.* update"
    for attempt in (lambda: Store.open(old), lambda: open_report(old)):
        with pytest.raises(ProjectError, match=newer):
            attempt()
    assert old.read_bytes() == before


def test_a_newer_version_that_is_only_in_the_log_is_seen(old: Path) -> None:
    with closing(sqlite3.connect(old)) as conn:
        conn.execute("PRAGMA wal_autocheckpoint = 0")
        conn.execute("PRAGMA user_version = 7")
        for attempt in (lambda: Store.open(old), lambda: open_report(old)):
            with pytest.raises(ProjectError, match="schema 7"):
                attempt()


def test_a_report_does_not_migrate(old: Path) -> None:
    with closing(sqlite3.connect(old)) as conn:
        conn.execute("PRAGMA user_version = 0")
    with pytest.raises(ProjectError, match="older version"):
        open_report(old)


def test_logs_of_a_deleted_project_do_not_reach_a_new_one_of_its_name(old: Path) -> None:
    with closing(sqlite3.connect(old)) as conn:
        conn.execute("PRAGMA wal_autocheckpoint = 0")
        conn.execute("UPDATE frame SET path = 'ghost.jpg' WHERE path = 'b.jpg'")
        conn.commit()
        shutil.copy(f"{old}-wal", old.parent / "left")
    old.unlink()
    (old.parent / "left").rename(f"{old}-wal")

    with Store.open(old, root=old.parent) as store, store.reader() as reader:
        assert reader.frame_count() == 0
        assert reader.integrity() == []


def test_what_a_crash_left_while_making_a_project_is_no_obstacle(file: Path) -> None:
    file.with_name(f".{file.name}.new").write_bytes(b"half a database")
    with Store.open(file, root=file.parent) as store:
        add(store, "a.jpg")
    assert sorted(os.listdir(file.parent)) == [file.name, file.name + ".lock"]

"""Which files are ours, and what is said about those that are not."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from autoanno_gui.core.errors import ProjectError
from autoanno_gui.store.connection import APPLICATION_ID, file_system
from autoanno_gui.store.store_thread import Store, open_report
from tests.unit.store.builders import add


def _other_database(file: Path) -> None:
    with closing(sqlite3.connect(file)) as conn:
        conn.execute("PRAGMA journal_mode = WAL").fetchone()
        conn.execute("CREATE TABLE frame (id INTEGER PRIMARY KEY)")
        conn.commit()


def _other_application(file: Path) -> None:
    with closing(sqlite3.connect(file)) as conn:
        conn.execute(f"PRAGMA application_id = {APPLICATION_ID + 1}")
        conn.execute("CREATE TABLE frame (id INTEGER PRIMARY KEY)")
        conn.commit()


FOREIGN = {
    "another SQLite file": _other_database,
    "another program's project": _other_application,
    "text": lambda file: file.write_text("SQLite format 3? No: a shopping list.\n" * 9),
    "a short binary": lambda file: file.write_bytes(b"SQLite format 3\0\1\2"),
}


@pytest.mark.parametrize("make", FOREIGN.values(), ids=FOREIGN.keys())
@pytest.mark.parametrize("create", [True, False])
def test_a_foreign_file_is_refused_and_left_as_it_was(file: Path, make: Callable[[Path], object], create: bool) -> None:
    make(file)
    before = file.read_bytes(), file.stat().st_mtime_ns

    with pytest.raises(ProjectError, match=r"street\.autoanno is not a project"):
        Store.open(file, root=file.parent, create=create)
    with pytest.raises(ProjectError, match=r"street\.autoanno is not a project"):
        open_report(file)

    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="is a folder"):
        Store.open(tmp_path, root=tmp_path)
    with pytest.raises(ProjectError, match="is a folder"):
        open_report(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no FIFOs there")
def test_a_fifo_is_refused_without_waiting_for_a_writer(file: Path) -> None:
    os.mkfifo(file)
    with pytest.raises(ProjectError, match="not an ordinary file"):
        Store.open(file, root=file.parent)


def test_a_missing_project_is_not_made_by_a_report_or_without_a_root(file: Path) -> None:
    for attempt in (
        lambda: open_report(file),
        lambda: Store.open(file),
        lambda: Store.open(file, root=file.parent, create=False),
    ):
        with pytest.raises(ProjectError, match=r"There is no project file .*street\.autoanno"):
            attempt()
    assert list(file.parent.iterdir()) == []


def test_an_empty_file_becomes_a_project_only_when_one_is_to_be_made(file: Path) -> None:
    file.touch()
    with pytest.raises(ProjectError, match="is empty"):
        Store.open(file)
    with Store.open(file, root=file.parent / "frames") as store:
        assert store.root == file.parent / "frames"


def test_a_project_in_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="does not exist"):
        Store.open(tmp_path / "nowhere" / "a.autoanno", root=tmp_path)


def test_a_damaged_project_is_named(file: Path) -> None:
    with Store.open(file, root=file.parent) as store:
        add(store, *[f"{n}.jpg" for n in range(200)])
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + bytes(range(256)) * ((len(whole) - 4096) // 256))

    with pytest.raises(ProjectError, match=r"street\.autoanno is damaged"):
        Store.open(file)

    file.write_bytes(whole)
    with Store.open(file) as store, store.reader() as reader:
        assert reader.frame_count() == 200


NAMES = ["what? #1 50%25.autoanno", "día d'été.autoanno", "a b\tc&d=e.autoanno"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_can_be_a_project(tmp_path: Path, name: str) -> None:
    with Store.open(tmp_path / name, root=tmp_path) as store:
        add(store, "a.jpg")
    assert sorted(os.listdir(tmp_path)) == sorted([name, name + ".lock"])
    with open_report(tmp_path / name) as reader:
        assert reader.frame_count() == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has file names that are not UTF-8")
def test_names_that_are_not_utf_8(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9 \\ x")
    folder.mkdir()
    file = folder / os.fsdecode(b"p\xff.autoanno")
    with Store.open(file, root=folder) as store:
        assert store.root == folder
        add(store, "a.jpg")
        with pytest.raises(ProjectError, match=r"caf\\xe9 \\ x/p\\xff.autoanno is open"):
            Store.open(file)
    with open_report(file) as reader:
        assert reader.root() == folder


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_project_on_a_read_only_medium_can_be_read_but_not_opened(tmp_path: Path) -> None:
    folder = tmp_path / "medium"
    folder.mkdir()
    file = folder / "a.autoanno"
    with Store.open(file, root=tmp_path) as store:
        add(store, "a.jpg")
    file.chmod(0o444)
    folder.chmod(0o555)
    try:
        with open_report(file) as reader:
            assert reader.frame_count() == 1
        with pytest.raises(ProjectError, match="permissions"):
            Store.open(file)
        with pytest.raises(ProjectError, match="permissions"):
            Store.open(folder / "new.autoanno", root=tmp_path)
    finally:
        folder.chmod(0o755)


def test_the_file_system_is_that_of_the_deepest_mount() -> None:
    mounts = (
        "/dev/sda1 / ext4 rw,relatime 0 0\n"
        "server:/home /home nfs4 rw 0 0\n"
        "/dev/sdb1 /home/ada/local ext4 rw 0 0\n"
        "//nas/My\\040Photos /mnt/My\\040Photos cifs rw 0 0\n"
        "broken line\n"
    )
    assert file_system(Path("/srv/p.autoanno"), mounts) == "ext4"
    assert file_system(Path("/home/ada/p.autoanno"), mounts) == "nfs4"
    assert file_system(Path("/home/ada/local/p.autoanno"), mounts) == "ext4"
    assert file_system(Path("/home2/p.autoanno"), mounts) == "ext4"
    assert file_system(Path("/mnt/My Photos/p.autoanno"), mounts) == "cifs"
    assert file_system(Path("/p.autoanno"), "") == ""

"""Bad input in the window: a sentence that names the file, and the window stays usable."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from autoanno_gui.core.records import FrameState
from autoanno_gui.core.review_objects import Role
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.store.writer import Writer
from tests.projects import USUAL, MadeProject, draw_frames, make_project
from tests.ui.conftest import Open
from tests.ui.driver import Driver, Key


def notice_of(driver: Driver) -> str:
    driver.wait(lambda: bool(driver.window.notice.text))
    return driver.window.notice.text


def test_a_folder_without_images_says_so_and_another_folder_opens(open_window: Open, tmp_path: Path) -> None:
    empty = tmp_path / "nothing"
    empty.mkdir()
    (empty / "notes.txt").write_text("no image")
    driver = open_window(arguments=[str(empty)])
    assert str(empty) in notice_of(driver)
    assert driver.window.presenter is None
    made = make_project(tmp_path)
    driver.window.open_folder(made.folder, project_file=made.file)
    driver.wait_for_frame(0)
    assert driver.frame == "frame_0.jpg"


def test_a_path_that_is_no_folder(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(arguments=[str(tmp_path / "gone")])
    assert "gone is not a folder" in notice_of(driver)


def test_a_project_file_that_is_not_ours_is_refused_and_left_alone(open_window: Open, made: MadeProject) -> None:
    foreign = made.file.with_name("foreign.autoanno")
    with sqlite3.connect(foreign) as conn:
        conn.execute("CREATE TABLE other(x)")
    conn.close()
    before = foreign.read_bytes()
    driver = open_window(arguments=[str(made.folder), "--project", str(foreign)])
    assert "foreign.autoanno" in notice_of(driver)
    assert foreign.read_bytes() == before


def test_a_locked_project_is_refused_and_the_open_one_stays(
    open_window: Open, made: MadeProject, tmp_path: Path
) -> None:
    other = make_project(tmp_path, [USUAL], name="other")
    driver = open_window(made)
    with Store.open(other.file):
        driver.window.open_folder(other.folder, project_file=other.file)
        assert "other.autoanno" in notice_of(driver)
    assert driver.frame == "frame_0.jpg"
    driver.decide(Key.Key_Space)
    assert driver.frame == "frame_1.jpg"


def test_escape_takes_the_notice_away(open_window: Open, made: MadeProject) -> None:
    driver = open_window(made)
    driver.window.show_error("Something is wrong with a file.")
    assert notice_of(driver)
    driver.key(Key.Key_Escape)
    assert not driver.window.notice.isVisible()


def test_a_damaged_frame_is_shown_as_such_and_the_next_key_goes_on(open_window: Open, made: MadeProject) -> None:
    file = made.folder / "frame_1.jpg"
    file.write_bytes(file.read_bytes()[:500])
    driver = open_window(made)
    driver.decide(Key.Key_Space)
    assert driver.shown[-1] == "frame_1.jpg"
    assert driver.session.fault is not None
    driver.decide(Key.Key_Space)
    assert driver.frame == "frame_2.jpg"
    driver.wait(lambda: driver.session.can_decide)
    with driver.reader() as reader:
        assert reader.counts()[FrameState.FAILED] == 1
        assert len(list(reader.decisions())) == 1


def test_a_frame_deleted_while_it_is_open(open_window: Open, made: MadeProject) -> None:
    driver = open_window(made)
    driver.drag((230, 30), (300, 100))
    (made.folder / "frame_0.jpg").unlink()
    driver.decide(Key.Key_D)
    driver.decide(Key.Key_D)
    driver.window.projects.project.prefetcher.forget_all()
    driver.decide(Key.Key_A)
    driver.decide(Key.Key_A)
    assert driver.session.fault is not None
    document = driver.session.document
    assert document is not None
    assert len(document.in_role(Role.CONFIRMED)) == 1
    driver.decide(Key.Key_D)
    assert driver.frame == "frame_1.jpg"


def fill_the_disk(writer: Writer) -> None:
    """Let the project file have no page left, as on a full disk."""
    ledger = writer.ledger
    ledger.execute("CREATE TABLE ballast(x)")
    pages = ledger.execute("PRAGMA page_count").fetchone()[0]
    ledger.execute(f"PRAGMA max_page_count = {pages}").fetchone()
    thousand = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) "
    for size in (3000, 200, 20):
        with pytest.raises(sqlite3.OperationalError, match="full"):
            ledger.execute(f"{thousand} INSERT OR FAIL INTO ballast SELECT zeroblob({size}) FROM n").fetchall()


def free_the_disk(writer: Writer) -> None:
    writer.ledger.execute("PRAGMA max_page_count = 1000000").fetchone()


def test_a_decision_that_cannot_be_written_brings_its_frame_back(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(make_project(tmp_path, [USUAL] * 80))
    store = driver.session.store
    store.submit(Priority.OTHER, fill_the_disk).result()
    decided = 0
    while not driver.window.notice.isVisible():
        assert decided < 79, "the full disk was never noticed"
        name = driver.frame
        driver.key(Key.Key_Space)
        driver.wait(lambda: driver.session.can_move and (driver.session.can_decide or driver.window.notice.isVisible()))
        decided += not driver.window.notice.isVisible()
    assert "was not saved" in driver.window.notice.text
    assert driver.frame == name
    driver.wait(lambda: driver.session.can_decide)
    with driver.reader() as reader:
        assert reader.counts()[FrameState.ACCEPTED] == decided
    assert driver.session.frames.count(FrameState.ACCEPTED) == decided
    store.submit(Priority.OTHER, free_the_disk).result()
    driver.decide(Key.Key_Space)
    with driver.reader() as reader:
        assert reader.counts()[FrameState.ACCEPTED] == decided + 1


def test_a_missing_model_is_named_and_hand_labelling_works(open_window: Open, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    draw_frames(folder, ["a.jpg", "b.jpg"])
    driver = open_window(arguments=[str(folder), "--model", str(tmp_path / "absent.pt")])
    driver.wait_for_frame(0)
    assert "absent.pt" in notice_of(driver)
    driver.key(Key.Key_Escape)
    driver.window.presenter.create_class("thing")
    driver.wait(lambda: len(driver.session.classes) == 1)
    driver.drag((20, 20), (80, 80))
    driver.decide(Key.Key_Space)
    with driver.reader() as reader:
        assert reader.counts()[FrameState.HAND_LABELLED] == 1


def test_a_project_whose_folder_is_gone_is_linked_again(open_window: Open, made: MadeProject) -> None:
    moved = made.folder.with_name("moved")
    made.folder.rename(moved)
    driver = open_window(arguments=["--project", str(made.file)])
    assert str(made.folder) in notice_of(driver)
    driver.window.projects.relink(moved)
    driver.wait(lambda: driver.window.presenter is not None and driver.session.can_decide)
    assert driver.frame == "frame_0.jpg"
    assert driver.roles()[Role.CANDIDATE] == 2


def test_no_window_leaves_threads_or_the_lock_behind(qtbot: QtBot, made: MadeProject) -> None:
    import threading

    driver = Driver.on(qtbot, made)
    driver.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "store"]
    with Store.open(made.file):
        pass

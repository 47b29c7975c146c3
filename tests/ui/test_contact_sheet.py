"""The contact sheet in the real window: keys, pictures, what is recorded, and what never is."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from autoanno_gui.core.errors import ProjectError
from autoanno_gui.core.judged_page import SheetItem
from autoanno_gui.core.records import FrameState, VerdictKind
from autoanno_gui.core.review_objects import Role
from autoanno_gui.imaging.crops import crop_around
from autoanno_gui.imaging.decode import read_frame
from autoanno_gui.review.sheet_reader import CropJob
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Priority
from autoanno_gui.ui.contact_sheet.controller import ContactSheetController
from autoanno_gui.ui.contact_sheet.crop_loader import CropLoader, Listed
from autoanno_gui.ui.contact_sheet.grid import PAD, PICTURE, Cell
from tests.projects import GHOST, SURE, UNSURE, USUAL, MadeProject, Proposal, make_project
from tests.ui.conftest import Open
from tests.ui.driver import CTRL, NONE, SHIFT, Driver, Key

CAT = Proposal((200, 20, 260, 80), 0, 0.6, second=0.5)
TWO_CATS = (SURE, CAT, UNSURE, GHOST)


def sheet(driver: Driver) -> ContactSheetController:
    return driver.window.contact_sheet


def press(driver: Driver, key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
    """Press a key on the sheet."""
    QTest.keyClick(sheet(driver).grid, key, modifier)


def open_sheet(driver: Driver, name: str | None = "cat") -> ContactSheetController:
    """Open the sheet of a class and wait until all of its page is on the screen."""
    driver.wait(lambda: driver.window.projects.project.queue.index is not None)
    driver.key(Key.Key_T)
    settle(driver)
    if name is not None and shown_class(driver) != name:
        sheet(driver).choose_class(next(r.id for r in driver.session.classes.values() if r.name == name))
        settle(driver)
    return sheet(driver)


def settle(driver: Driver) -> None:
    """Wait until the sheet takes the next key."""
    driver.wait(lambda: sheet(driver).ready and driver.session.can_move)


def shown_class(driver: Driver) -> str | None:
    record = driver.session.classes.get(sheet(driver).sheet.class_id or 0)
    return record.name if record is not None else None


def cells(driver: Driver) -> tuple[Cell, ...]:
    return sheet(driver).grid.cells


def texts(driver: Driver) -> list[str]:
    return [cell.text for cell in cells(driver)]


def said(driver: Driver) -> str:
    return driver.window.status._said.text()


def events(driver: Driver) -> list[tuple[str, dict[str, Any]]]:
    """Return (kind, body) of what the project file has of contact sheets."""
    with closing(sqlite3.connect(driver.session.store.file)) as conn:
        rows = conn.execute("SELECT kind, body FROM event WHERE kind LIKE 'contact%' ORDER BY id").fetchall()
    return [(kind, json.loads(body)) for kind, body in rows]


def roles_of(driver: Driver, object_ids: tuple[int, ...] = (0, 1, 2)) -> list[Role]:
    document = driver.session.document
    assert document is not None
    found = [document.get(object_id) for object_id in object_ids]
    return [document.role(item) for item in found if item is not None]


def hold_store(driver: Driver) -> Callable[[], None]:
    """Keep the store's thread busy until the returned function is called."""
    release = Event()
    driver.session.store.submit(Priority.DECISION, lambda _writer: release.wait(20))
    return release.set


# ------------------------------------------------------------------------------------------------ the whole way
def test_a_page_then_each_frame_then_the_ledger(driver: Driver) -> None:
    open_sheet(driver)
    assert texts(driver) == ["cat", "cat", "cat"]
    press(driver, Key.Key_X)
    press(driver, Key.Key_Right)
    slot = next(record.slot for record in driver.session.classes.values() if record.name == "dog")
    press(driver, Qt.Key(Key.Key_0 + (slot or 0)))
    assert texts(driver) == ["wrong", "now dog", "cat"]
    press(driver, Key.Key_Space)
    driver.wait(lambda: driver.session.can_move)
    assert said(driver) == "3 objects recorded: 1 accepted, 1 rejected, 1 of another class."
    ((kind, body),) = events(driver)
    assert kind == "contact_sheet"
    assert [row["verdict"] for row in body["objects"]] == ["rejected", "edited", "accepted"]
    assert body["seconds"] > 0
    with driver.reader() as reader:
        assert reader.counts()[FrameState.UNDECIDED] == 3
    assert cells(driver) == ()
    assert "No candidate of “cat” is left" in sheet(driver).grid.message
    press(driver, Key.Key_Escape)
    assert not sheet(driver).active
    assert driver.frame == "frame_0.jpg"
    assert roles_of(driver) == [Role.REJECTED, Role.CANDIDATE, Role.GHOST]
    for _ in range(3):
        driver.decide(Key.Key_Space)
    kinds = []
    with driver.reader() as reader:
        for frame in driver.session.frames:
            decision = reader.decision(frame.id)
            assert decision is not None
            kinds.append({verdict.prediction: verdict.kind for verdict in decision.verdicts})
    first = [found[0] for found in kinds]
    assert first == [VerdictKind.REJECTED, VerdictKind.EDITED, VerdictKind.ACCEPTED]
    assert [found[1] for found in kinds] == [VerdictKind.ACCEPTED] * 3


def test_enter_opens_the_frame_at_the_object_and_t_comes_back(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(make_project(tmp_path, [USUAL, TWO_CATS, TWO_CATS]))
    open_sheet(driver)
    press(driver, Key.Key_Right)
    press(driver, Key.Key_X)
    here = sheet(driver).current
    assert here is not None
    before = len(driver.shown)
    press(driver, Key.Key_Return)
    driver.wait_for_frame(before)
    assert driver.frame == "frame_2.jpg"
    assert driver.session.objects.selected == here.prediction == 1
    assert driver.window.canvas.hasFocus()
    assert not sheet(driver).active
    driver.key(Key.Key_T)
    settle(driver)
    assert sheet(driver).current == here
    assert texts(driver)[1] == "wrong", "marks that were not recorded stay"
    assert driver.window.canvas.focusProxy() is sheet(driver).grid


def test_what_was_judged_on_its_frame_leaves_the_sheet(driver: Driver) -> None:
    open_sheet(driver)
    press(driver, Key.Key_Return)
    driver.wait(lambda: driver.session.objects.selected == 0)
    driver.key(Key.Key_X)
    driver.key(Key.Key_T)
    settle(driver)
    assert [cell.item.frame_id for cell in cells(driver)] == [frame.id for frame in driver.session.frames][1:]
    press(driver, Key.Key_T)
    driver.decide(Key.Key_D)
    driver.decide(Key.Key_Space)
    driver.key(Key.Key_T)
    settle(driver)
    assert len(cells(driver)) == 1


def test_pages_are_what_fits_and_d_and_a_turn_them(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(make_project(tmp_path, [TWO_CATS] * 30))
    driver.window.resize(800, 600)
    open_sheet(driver)
    grid, capacity = sheet(driver).grid, sheet(driver).grid.capacity
    assert len(cells(driver)) == capacity < 60
    assert grid.rect().contains(grid.cell_rect(capacity - 1))
    first = cells(driver)[0].item
    press(driver, Key.Key_D)
    settle(driver)
    assert sheet(driver).view.place.text().startswith("page 2 of")
    press(driver, Key.Key_PageUp)
    settle(driver)
    press(driver, Key.Key_A)
    assert said(driver) == "This is the first page."
    press(driver, Key.Key_End)
    assert sheet(driver).sheet.cursor == capacity - 1
    press(driver, Key.Key_Home)
    press(driver, Key.Key_Down)
    assert sheet(driver).sheet.cursor == grid.columns
    press(driver, Key.Key_Up)
    press(driver, Key.Key_Up)
    press(driver, Key.Key_Left)
    assert sheet(driver).current == first
    press(driver, Key.Key_Tab)
    assert sheet(driver).sheet.cursor == 1
    assert events(driver) == []
    driver.window.resize(1400, 1000)
    driver.wait(lambda: len(cells(driver)) == min(60, sheet(driver).grid.capacity) > capacity)


def test_the_whole_sheet_page_by_page(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(make_project(tmp_path, [TWO_CATS] * 30))
    driver.window.resize(800, 600)
    open_sheet(driver)
    pages = sheet(driver).sheet.pages
    assert pages > 2
    for _ in range(pages):
        settle(driver)
        press(driver, Key.Key_Space)
    driver.wait(lambda: driver.session.can_move)
    bodies = [body for _, body in events(driver)]
    assert len(bodies) == pages
    judged = [(row["frame"], row["prediction"]) for body in bodies for row in body["objects"]]
    assert len(judged) == len(set(judged)) == 60


# ------------------------------------------------------------------------------------------------ nothing unseen
def test_a_page_is_not_recorded_before_it_was_painted(driver: Driver) -> None:
    open_sheet(driver)
    heard: list[str] = []

    def try_it() -> None:
        press(driver, Key.Key_Space)
        heard.append(said(driver))

    lister = sheet(driver)._lister
    assert lister is not None
    # The list is there, its pictures are not yet.
    lister.made.connect(try_it)
    sheet(driver).read_files_again()
    settle(driver)
    assert heard == ["3 objects still to come: a page is recorded when all of it was on the screen."]
    assert driver.session.can_move
    assert events(driver) == []
    press(driver, Key.Key_Space)
    driver.wait(lambda: len(events(driver)) == 1)


def test_a_picture_that_was_read_again_is_not_seen_before_it_was_painted(driver: Driver) -> None:
    open_sheet(driver)
    grid = sheet(driver).grid
    before = cells(driver)
    crop = before[1].crop
    assert crop is not None
    newer = [before[0], replace(before[1], crop=replace(crop)), *before[2:]]
    grid.show_cells(before, cursor=0)
    assert grid.unseen() == 0
    grid.show_cells(newer, cursor=0)
    assert grid.unseen() == 1
    press(driver, Key.Key_Space)
    assert "1 object still to come" in said(driver)
    driver.wait(lambda: grid.unseen() == 0)
    assert events(driver) == []


def test_a_part_of_a_cell_is_not_all_of_it(driver: Driver) -> None:
    open_sheet(driver)
    grid, shown = sheet(driver).grid, cells(driver)
    assert shown[0].crop is not None
    grid.show_cells([replace(shown[0], crop=replace(shown[0].crop)), *shown[1:]], cursor=0)
    whole = grid.cell_rect(0)
    grid.grab(whole.adjusted(0, 0, -whole.width() // 2, 0))
    assert grid.unseen() == 1
    grid.grab(whole)
    assert grid.unseen() == 0


def test_a_page_that_comes_back_has_to_be_painted_again(driver: Driver) -> None:
    open_sheet(driver)
    assert sheet(driver).grid.unseen() == 0
    press(driver, Key.Key_Escape)
    assert sheet(driver).grid.unseen() == 3


def test_the_answer_to_an_older_question_is_dropped(driver: Driver) -> None:
    open_sheet(driver)
    loader, lister = sheet(driver)._loader, sheet(driver)._lister
    assert loader is not None
    assert lister is not None
    answers: list[Listed] = []
    loader.listed.connect(answers.append)
    ids = {record.name: record.id for record in driver.session.classes.values()}
    sheet(driver).choose_class(ids["dog"])
    driver.wait(lambda: bool(answers))
    settle(driver)
    sheet(driver).choose_class(ids["cat"])
    loader.listed.emit(answers[0])
    assert sheet(driver).current is None, "still being read"
    settle(driver)
    assert shown_class(driver) == "cat"


def test_space_at_once_after_t_records_nothing(driver: Driver) -> None:
    driver.wait(lambda: driver.window.projects.project.queue.index is not None)
    driver.key(Key.Key_T)
    press(driver, Key.Key_Space)
    assert driver.session.can_move
    settle(driver)
    assert driver.frame == "frame_0.jpg"
    assert events(driver) == []


def test_a_damaged_file_is_never_confirmed(open_window: Open, made: MadeProject) -> None:
    driver = open_window(made)
    (made.folder / "frame_1.jpg").write_bytes(b"no picture at all")
    open_sheet(driver)
    crops = [cell.crop for cell in cells(driver)]
    assert [crop is not None and crop.image is not None for crop in crops] == [True, False, True]
    assert crops[1] is not None
    assert crops[1].fault
    press(driver, Key.Key_Space)
    driver.wait(lambda: len(events(driver)) == 1)
    driver.wait(lambda: "1 object could not be shown and stays unjudged" in said(driver))
    assert [row["frame"] for row in events(driver)[0][1]["objects"]] == ["frame_0.jpg", "frame_2.jpg"]
    assert cells(driver) == ()


def test_a_page_of_damaged_files_only_records_nothing(open_window: Open, made: MadeProject) -> None:
    driver = open_window(made)
    for name in made.names:
        (made.folder / name).write_bytes(b"no picture at all")
    open_sheet(driver)
    press(driver, Key.Key_Space)
    assert said(driver) == "3 objects could not be shown and stay unjudged."
    assert driver.session.can_move
    assert events(driver) == []


def test_a_notice_over_the_page_has_to_go_first(driver: Driver) -> None:
    open_sheet(driver)
    driver.window.show_error("Something happened.")
    press(driver, Key.Key_Space)
    assert "lies over the page" in said(driver)
    press(driver, Key.Key_Escape)
    assert sheet(driver).active
    assert events(driver) == []
    press(driver, Key.Key_Space)
    driver.wait(lambda: len(events(driver)) == 1)


def test_keys_of_the_image_do_not_reach_it(driver: Driver) -> None:
    open_sheet(driver)
    for key, modifier in ((Key.Key_X, SHIFT), (Key.Key_U, NONE), (Key.Key_M, NONE), (Key.Key_Minus, NONE)):
        press(driver, key, modifier)
        assert "not on the contact sheet" in said(driver)
    assert driver.session.thresholds.default == 0.5
    assert [frame.state for frame in driver.session.frames] == [FrameState.UNDECIDED] * 3
    assert roles_of(driver) == [Role.CANDIDATE, Role.CANDIDATE, Role.GHOST]


def test_a_second_space_waits_for_the_store(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(make_project(tmp_path, [TWO_CATS] * 30))
    driver.window.resize(800, 600)
    open_sheet(driver)
    release = hold_store(driver)
    press(driver, Key.Key_Space)
    driver.wait(lambda: sheet(driver).ready)
    press(driver, Key.Key_Space)
    assert said(driver) == "The last page is still being saved; press again."
    press(driver, Key.Key_Return)
    assert sheet(driver).active
    release()
    settle(driver)
    assert len(events(driver)) == 1


# ------------------------------------------------------------------------------------------------ undo, failure
def test_ctrl_z_takes_marks_back_then_the_page(driver: Driver) -> None:
    open_sheet(driver)
    press(driver, Key.Key_Delete)
    press(driver, Key.Key_Space)
    driver.wait(lambda: driver.session.can_move and not cells(driver))
    press(driver, Key.Key_Z, CTRL)
    driver.wait(lambda: len(cells(driver)) == 3)
    settle(driver)
    assert texts(driver) == ["wrong", "cat", "cat"], "as it was recorded"
    assert [kind for kind, _ in events(driver)] == ["contact_sheet", "contact_sheet_undone"]
    press(driver, Key.Key_X)
    assert texts(driver)[0] == "cat"
    press(driver, Key.Key_Z, CTRL)
    assert texts(driver)[0] == "wrong"
    press(driver, Key.Key_Z, CTRL | SHIFT)
    assert texts(driver)[0] == "cat"
    press(driver, Key.Key_Z, CTRL)
    assert roles_of(driver)[0] is Role.CANDIDATE
    press(driver, Key.Key_Z, CTRL | SHIFT)
    press(driver, Key.Key_Z, CTRL | SHIFT)
    driver.wait(lambda: not cells(driver) and driver.session.can_move)
    assert roles_of(driver)[0] is Role.REJECTED


def test_undo_works_on_the_image_too_as_one_step(driver: Driver) -> None:
    driver.key(Key.Key_X)
    open_sheet(driver)
    press(driver, Key.Key_Space)
    driver.wait(lambda: driver.session.can_move)
    press(driver, Key.Key_T)
    assert roles_of(driver) == [Role.CONFIRMED, Role.REJECTED, Role.GHOST]
    driver.key(Key.Key_Z, CTRL)
    driver.wait(lambda: driver.session.can_move)
    assert roles_of(driver) == [Role.CANDIDATE, Role.REJECTED, Role.GHOST]
    assert said(driver) == "Undone: page of 3 objects."
    driver.key(Key.Key_Z, CTRL)
    assert roles_of(driver) == [Role.CANDIDATE, Role.CANDIDATE, Role.GHOST]
    driver.key(Key.Key_Z, CTRL | SHIFT)
    driver.key(Key.Key_Z, CTRL | SHIFT)
    driver.wait(lambda: driver.session.can_move)
    assert roles_of(driver) == [Role.CONFIRMED, Role.REJECTED, Role.GHOST]


def test_undo_of_an_edit_shows_the_image_that_it_is_about(driver: Driver) -> None:
    driver.key(Key.Key_X)
    open_sheet(driver)
    press(driver, Key.Key_Z, CTRL)
    assert not sheet(driver).active
    assert roles_of(driver) == [Role.CANDIDATE, Role.CANDIDATE, Role.GHOST]


def test_a_page_that_cannot_be_saved_comes_back_with_its_marks(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(make_project(tmp_path, [TWO_CATS] * 30))
    driver.window.resize(800, 600)
    open_sheet(driver)
    press(driver, Key.Key_X)
    items = [cell.item for cell in cells(driver)]
    store = driver.session.store
    store.submit(Priority.OTHER, lambda w: w.ledger.execute("PRAGMA query_only = ON").fetchall()).result()
    press(driver, Key.Key_Space)
    driver.wait(lambda: bool(driver.window.notice.text))
    assert driver.window.notice.text.startswith("The page was not saved and is back.")
    settle(driver)
    assert [cell.item for cell in cells(driver)] == items
    assert texts(driver)[0] == "wrong"
    store.submit(Priority.OTHER, lambda w: w.ledger.execute("PRAGMA query_only = OFF").fetchall()).result()
    press(driver, Key.Key_Escape)
    press(driver, Key.Key_Space)
    driver.wait(lambda: len(events(driver)) == 1)
    assert events(driver)[0][1]["objects"][0]["verdict"] == "rejected"


# ------------------------------------------------------------------------------------------------ classes
def test_w_takes_the_second_choice_and_back(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(make_project(tmp_path, [TWO_CATS]))
    open_sheet(driver)
    press(driver, Key.Key_W)
    assert texts(driver) == ["now dog", "cat"]
    press(driver, Key.Key_W)
    assert texts(driver) == ["cat", "cat"]
    press(driver, Key.Key_Right)
    press(driver, Key.Key_W)
    assert said(driver) == "The model has no second choice for this object."


def test_c_finds_and_creates_a_class(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    open_sheet(driver)

    def type_into(text: str) -> Callable[[Any], int]:
        def run(dialog: Any) -> int:  # noqa: ANN401
            field = dialog.findChild(QLineEdit)
            QTest.keyClicks(field, text)
            QTest.keyClick(field, Key.Key_Return)
            return int(dialog.result())

        return run

    monkeypatch.setattr("autoanno_gui.ui.dialogs.class_picker.ClassPicker.exec", type_into("bi"))
    press(driver, Key.Key_C)
    assert texts(driver)[0] == "now bird"
    press(driver, Key.Key_Right)
    monkeypatch.setattr("autoanno_gui.ui.dialogs.class_picker.ClassPicker.exec", type_into("lynx"))
    press(driver, Key.Key_0)
    driver.wait(lambda: "now lynx" in texts(driver))
    settle(driver)
    assert texts(driver) == ["now bird", "now lynx", "cat"]
    assert sheet(driver).grid.hasFocus()


def test_a_click_in_the_class_panel_is_for_the_cell(driver: Driver) -> None:
    open_sheet(driver)
    dog = next(record.id for record in driver.session.classes.values() if record.name == "dog")
    driver.window.classes_panel.class_chosen.emit(dog)
    assert texts(driver)[0] == "now dog"
    assert sheet(driver).active
    assert roles_of(driver)[0] is Role.CANDIDATE


def test_classes_are_renamed_and_merged_without_leaving_the_sheet(driver: Driver) -> None:
    open_sheet(driver)
    ids = {record.name: record.id for record in driver.session.classes.values()}
    panel = driver.window.classes_panel
    press(driver, Key.Key_Right)
    panel.class_renamed.emit(ids["cat"], "kitten")
    driver.wait(lambda: texts(driver) == ["kitten"] * 3)
    assert sheet(driver).view.chooser.currentText() == "kitten  ·  3"
    assert sheet(driver).sheet.cursor == 1
    panel.class_merged.emit(ids["cat"], ids["dog"])
    driver.wait(lambda: shown_class(driver) == "dog" and sheet(driver).ready)
    assert sheet(driver).active
    assert events(driver) == []


def test_ctrl_down_goes_through_the_classes(driver: Driver) -> None:
    open_sheet(driver)
    press(driver, Key.Key_Down, CTRL)
    settle(driver)
    assert shown_class(driver) == "dog"
    press(driver, Key.Key_Up, CTRL)
    settle(driver)
    assert shown_class(driver) == "cat"


def test_more_like_this_from_the_image_and_from_the_sheet(open_window: Open, tmp_path: Path) -> None:
    pair = Proposal((20, 20, 80, 80), 0, 0.7, second=0.6)
    driver = open_window(make_project(tmp_path, [[CAT, UNSURE], [SURE, UNSURE], [pair, UNSURE]]))
    driver.wait(lambda: driver.window.projects.project.queue.index is not None)
    driver.key(Key.Key_T, SHIFT)
    assert "first: the sheet then shows its like" in said(driver)
    assert not sheet(driver).active
    driver.session.objects.select(0)
    driver.key(Key.Key_X)
    driver.key(Key.Key_T, SHIFT)
    settle(driver)
    ids = [frame.id for frame in driver.session.frames]
    assert [cell.item.frame_id for cell in cells(driver)] == [ids[2], ids[1]]
    assert sheet(driver).view.order.text() == "most like the last correction first"
    press(driver, Key.Key_X)
    press(driver, Key.Key_T, SHIFT)
    settle(driver)
    assert [cell.item.frame_id for cell in cells(driver)] == [ids[1]]
    sheet(driver).view.all_button.click()
    settle(driver)
    assert len(cells(driver)) == 2
    assert texts(driver).count("wrong") == 1
    assert events(driver) == []


# ------------------------------------------------------------------------------------------------ keys
def test_changed_keys_work_on_the_sheet(driver: Driver) -> None:
    driver.window.take_shortcuts(
        {"object.reject": ("Y",), "review.accept_frame": ("I",), "object.accept": ("Ctrl+Return",)}
    )
    open_sheet(driver)
    press(driver, Key.Key_X)
    press(driver, Key.Key_Space)
    press(driver, Key.Key_Return)
    assert texts(driver) == ["cat", "cat", "cat"]
    assert sheet(driver).active
    press(driver, Key.Key_Y)
    assert texts(driver)[0] == "wrong"
    assert "Y\u00a0wrong" in sheet(driver).view.hint.text()
    press(driver, Key.Key_I)
    driver.wait(lambda: len(events(driver)) == 1)


def test_a_held_key_marks_once_and_a_strange_key_does_nothing(driver: Driver) -> None:
    open_sheet(driver)
    grid = sheet(driver).grid
    for repeat in (False, True, True):
        QApplication.sendEvent(grid, QKeyEvent(QEvent.Type.KeyPress, Key.Key_X, NONE, "x", repeat))
    assert texts(driver)[0] == "wrong"
    QApplication.sendEvent(grid, QKeyEvent(QEvent.Type.KeyPress, 0x424, NONE, "Ф"))
    assert sheet(driver).active


def test_the_mouse_moves_the_cursor_and_opens(driver: Driver) -> None:
    open_sheet(driver)
    grid = sheet(driver).grid
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, NONE, grid.cell_rect(2).center())
    assert sheet(driver).sheet.cursor == 2
    assert events(driver) == []
    before = len(driver.shown)
    QTest.mouseDClick(grid, Qt.MouseButton.LeftButton, NONE, grid.cell_rect(1).center())
    driver.wait_for_frame(before)
    assert driver.frame == "frame_1.jpg"


def test_a_click_in_the_queue_shows_the_image(driver: Driver) -> None:
    open_sheet(driver)
    before = len(driver.shown)
    driver.window.queue_panel.frame_chosen.emit(driver.session.frames.at(2).id)
    driver.wait_for_frame(before)
    assert not sheet(driver).active
    assert driver.frame == "frame_2.jpg"


# ------------------------------------------------------------------------------------------------ around
def test_the_time_of_the_page_is_not_that_of_the_frame(driver: Driver) -> None:
    now = 100.0
    for timer in (driver.session.timer, sheet(driver).timer):
        timer._clock = lambda: now
        timer.frame_shown()
    open_sheet(driver)
    sheet(driver).timer.frame_shown()
    now = 130.0
    press(driver, Key.Key_Space)
    driver.wait(lambda: len(events(driver)) == 1)
    body = events(driver)[0][1]
    assert body["seconds"] == pytest.approx(30.0)
    assert [row["seconds"] for row in body["objects"]] == pytest.approx([10.0] * 3)
    press(driver, Key.Key_Escape)
    now = 132.0
    assert driver.session.timer.stop().active == pytest.approx(2.0)


def test_closing_in_the_middle_and_opening_another_project(driver: Driver, tmp_path: Path) -> None:
    open_sheet(driver)
    press(driver, Key.Key_X)
    press(driver, Key.Key_Space)
    other = make_project(tmp_path, [TWO_CATS], name="other")
    before = len(driver.shown)
    driver.window.open_folder(other.folder, project_file=other.file)
    driver.wait_for_frame(before)
    assert not sheet(driver).active
    open_sheet(driver)
    assert len(cells(driver)) == 2
    press(driver, Key.Key_Space)
    driver.close()
    with closing(sqlite3.connect(other.file)) as conn:
        assert conn.execute("SELECT count(*) FROM event WHERE kind = 'contact_sheet'").fetchone() == (1,)


def test_without_predictions_it_says_so(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(make_project(tmp_path, [None, None]))
    driver.wait(lambda: driver.window.projects.project.queue.index is not None)
    driver.key(Key.Key_T)
    driver.wait(lambda: "has a candidate" in sheet(driver).grid.message)
    press(driver, Key.Key_Space)
    press(driver, Key.Key_X)
    press(driver, Key.Key_Return)
    press(driver, Key.Key_T, SHIFT)
    press(driver, Key.Key_Escape)
    assert not sheet(driver).active


def test_what_was_being_read_when_the_thread_broke_is_read_by_the_next_one(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, frame = driver.session.store, driver.session.frames.at(0)
    assert frame.run_frame_id is not None
    times = 0

    def broken(_run_frame_id: int) -> None:
        raise ProjectError("The disk is gone.")

    def open_reader() -> Reader:
        nonlocal times
        times += 1
        reader = store.reader()
        if times == 1:
            monkeypatch.setattr(reader, "predictions", broken)
        return reader

    loader = CropLoader(store.root, open_reader, driver.window)
    faults: list[BaseException] = []
    loader.failed.connect(faults.append)
    item = SheetItem(frame.id, frame.run_frame_id, 0)
    job = CropJob(frame, (item,), (120, 100))
    loader.want([job])
    driver.wait(lambda: bool(faults))
    driver.wait(lambda: not loader._worker.isRunning())
    loader.want([job])
    driver.wait(lambda: loader.get(item, size=(120, 100)) is not None)
    loader.close()


def test_memory_is_bounded(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(make_project(tmp_path, [TWO_CATS] * 30))
    driver.window.resize(500, 400)
    open_sheet(driver)
    pages, capacity = sheet(driver).sheet.pages, sheet(driver).grid.capacity
    for _ in range(pages - 1):
        press(driver, Key.Key_D)
        settle(driver)
    loader = sheet(driver)._loader
    assert loader is not None
    assert len(loader) <= 2 * capacity + 100


# ------------------------------------------------------------------------------------------------ pixels
def test_the_crop_on_the_screen_is_the_decoded_one(driver: Driver) -> None:
    open_sheet(driver)
    grid = sheet(driver).grid
    item: SheetItem = cells(driver)[1].item
    frame = driver.session.frames.get(item.frame_id)
    decoded = read_frame(driver.session.store.root, frame.path)
    box = driver.session._documents._source.predictions(item.run_frame_id).geometry(item.prediction).bounds
    width, height = grid.picture_size
    wanted = crop_around(decoded.pixels, box, width=width, height=height).pixels
    ratio = grid.devicePixelRatioF()
    shot = grid.grab(grid.cell_rect(1)).toImage().convertToFormat(grid.grab().toImage().format().Format_RGB32)
    seen = np.frombuffer(shot.constBits(), np.uint8).reshape(shot.height(), shot.bytesPerLine() // 4, 4)[..., :3]
    # The upper left corner of the picture is outside of the object's box: there nothing is drawn over it.
    patch = wanted[2:10, 2:40, :3]
    found = [
        (y, x)
        for y in range(shot.height() - 8)
        for x in range(shot.width() - 38)
        if np.array_equal(seen[y : y + 8, x : x + 38], patch)
    ]
    assert found
    assert abs(shot.width() - grid.cell_rect(1).width() * ratio) <= 1.0


def test_the_outline_is_painted_that_is_judged(driver: Driver) -> None:
    open_sheet(driver)
    grid = sheet(driver).grid
    shown = cells(driver)
    crop = shown[0].crop
    assert crop is not None
    assert crop.image is not None
    x1, y1, x2, y2 = crop.box
    width, height, colour = crop.image.width(), crop.image.height(), QColor(shown[0].colour)
    left = PAD + (grid.cell_rect(0).width() - 2 * PAD - width) / 2
    top = PAD + (PICTURE.height() - height) / 2

    def is_line(x: float, y: float) -> bool:
        shot = grid.grab(grid.cell_rect(0)).toImage()
        return any(shot.pixelColor(round(left + x) + off, round(top + y)) == colour for off in (-1, 0, 1))

    middle = (y1 + y2) / 2
    assert is_line(x1, middle)
    assert is_line(x2, middle)
    triangle = QPointF(x1, y1), QPointF(x2, y2), QPointF(x1, y2)
    finer = replace(crop, outlines=(triangle,), points=(QPointF(x2 - 6, y1 + 6),))
    grid.show_cells([replace(shown[0], crop=finer), *shown[1:]], cursor=1)
    assert is_line(x1, middle)
    assert not is_line(x2, middle), "the box is not the outline"
    assert is_line(x2 - 6, y1 + 6)


@pytest.mark.parametrize("scale", ["2", "1.5"])
def test_it_is_sharp_on_a_scaled_screen(scale: str) -> None:
    env = {**os.environ, "QT_SCALE_FACTOR": scale}
    env.pop("PYTEST_CURRENT_TEST", None)
    chosen = "crop_on_the_screen or pages_are_what_fits or mouse_moves"
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, "-k", chosen],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:]

"""Faults that were found by hand in the real window, each with what is right instead."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QMainWindow, QMessageBox
from pytestqt.qtbot import QtBot

from autoanno_gui.config import Settings
from autoanno_gui.core.records import FrameState
from autoanno_gui.core.task import Task
from autoanno_gui.review.model_runner import LoadedModel
from autoanno_gui.ui import theme
from autoanno_gui.ui.dialogs.export import ExportDialog
from autoanno_gui.ui.dialogs.run import run_modal
from autoanno_gui.ui.window_layout import restore_layout
from tests.fakes import fake_model_info
from tests.projects import USUAL, MadeProject, make_project
from tests.ui.conftest import Open
from tests.ui.driver import SHIFT, Driver, Key


def focused(driver: Driver) -> None:
    """Wait until the window and its canvas have the focus."""
    driver.window.activateWindow()
    driver.window.canvas.setFocus()
    driver.wait(driver.window.canvas.hasFocus)


# ---------------------------------------------------------------------------------------------------- without a project
def test_escape_takes_a_notice_away_on_the_welcome_page(open_window: Open) -> None:
    driver = open_window(arguments=[])
    driver.window.activateWindow()
    driver.window.show_error("Something is wrong with a folder.")
    driver.window.welcome.open_button.setFocus()
    driver.wait(driver.window.welcome.open_button.hasFocus)
    QTest.keyClick(driver.window.welcome.open_button, Key.Key_Escape)
    assert not driver.window.notice.isVisible()


PLAIN: Final[dict[str, Any]] = {"task": Task.DETECT, "skeleton": None, "settings": Settings()}


def test_panels_wait_for_a_project(open_window: Open) -> None:
    window = open_window(arguments=[]).window
    panels = (window.queue_panel, window.threshold_panel, window.objects_panel, window.classes_panel)
    assert not any(panel.isEnabled() for panel in panels)
    assert window.threshold_panel.slider.value() == 50


def test_the_welcome_buttons_are_gone_as_soon_as_a_folder_is_opened(open_window: Open, made: MadeProject) -> None:
    driver = open_window(arguments=[])
    driver.window.open_folder(made.folder, project_file=made.file)
    assert not driver.window.welcome.open_button.isVisible()
    driver.wait_for_frame(0)
    assert all(panel.isEnabled() for panel in (driver.window.queue_panel, driver.window.classes_panel))


def test_the_welcome_page_is_back_when_opening_fails(open_window: Open, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.autoanno"
    foreign.write_text("no project")
    driver = open_window(arguments=[])
    driver.window.projects.open_project(foreign)
    driver.wait(lambda: bool(driver.window.notice.text))
    assert driver.window.welcome.open_button.isVisible()


def test_a_missing_folder_is_told_with_a_command_that_exists(open_window: Open, made: MadeProject) -> None:
    made.folder.rename(made.folder.with_name("moved"))
    driver = open_window(arguments=["--project", str(made.file)])
    driver.wait(lambda: bool(driver.window.notice.text))
    entry = driver.window.actions_["file.relink"].text().replace("&", "")
    assert f"File > {entry}" in driver.window.notice.text


# ---------------------------------------------------------------------------------------------------- focus
def test_a_frame_that_is_shown_takes_the_keys_back_from_a_panel(driver: Driver) -> None:
    focused(driver)
    driver.key(Key.Key_F6)
    table = driver.window.queue_panel.table
    assert table.hasFocus()
    before = len(driver.shown)
    QTest.keyClick(table, Key.Key_D)
    driver.wait_for_frame(before)
    assert driver.window.canvas.hasFocus()


def test_whoever_types_keeps_the_cursor_when_a_frame_is_shown(driver: Driver) -> None:
    focused(driver)
    field = driver.window.queue_panel._search
    field.setFocus()
    before = len(driver.shown)
    driver.window.actions_["review.next"].trigger()
    driver.wait_for_frame(before)
    assert field.hasFocus()


@pytest.mark.parametrize("name", ["search", "filter", "new class"])
def test_escape_leads_out_of_every_field(driver: Driver, name: str) -> None:
    focused(driver)
    window = driver.window
    fields = {
        "search": window.queue_panel._search,
        "filter": window.queue_panel._filter,
        "new class": window.classes_panel._new_name,
    }
    fields[name].setFocus()
    assert not window.canvas.hasFocus()
    QTest.keyClick(fields[name], Key.Key_Escape)
    assert window.canvas.hasFocus()


def test_several_classes_are_typed_one_after_the_other(driver: Driver) -> None:
    focused(driver)
    field = driver.window.classes_panel._new_name
    field.setFocus()
    for name in ("fox", "duck"):
        receiver = QApplication.focusWidget()
        assert receiver is field, "the next name would be taken for review keys"
        QTest.keyClicks(receiver, name)
        QTest.keyClick(receiver, Key.Key_Return)
        driver.wait(lambda name=name: name in [record.name for record in driver.session.classes.values()])
    assert driver.frame == "frame_0.jpg"


def test_a_chosen_filter_gives_the_keys_back(driver: Driver) -> None:
    focused(driver)
    box = driver.window.queue_panel._filter
    box.setFocus()
    QTest.keyClick(box, Key.Key_Down)
    assert box.currentData() == "undecided"
    assert driver.window.canvas.hasFocus()


# ---------------------------------------------------------------------------------------------------- review
def test_no_frame_to_label_by_hand_is_said_and_the_queue_stays(driver: Driver) -> None:
    driver.key(Key.Key_R, SHIFT)
    assert "To label by hand" in driver.window.status._said.text()
    assert driver.window.queue_panel.table.model().rowCount() == 3


def test_the_hand_queue_is_gone_through_to_its_end_before_other_frames(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(make_project(tmp_path, [USUAL] * 5))
    for _ in range(3):
        driver.decide(Key.Key_X, SHIFT)
    driver.decide(Key.Key_R, SHIFT)
    visited = []
    for _ in range(3):
        visited.append(driver.frame)
        driver.drag((220, 20), (300, 100))
        driver.decide(Key.Key_Space)
    assert visited == ["frame_0.jpg", "frame_1.jpg", "frame_2.jpg"]
    assert driver.frame == "frame_3.jpg"
    assert driver.session.frames.count(FrameState.HAND_LABELLED) == 3


def test_frames_put_off_again_do_not_come_round_for_ever(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(make_project(tmp_path, [USUAL] * 2))
    driver.decide(Key.Key_U)
    driver.decide(Key.Key_U)
    assert driver.finished == 1
    before = len(driver.shown)
    driver.window.queue_panel.toggle_filter("deferred")
    driver.wait_for_frame(before)
    driver.decide(Key.Key_U)
    driver.decide(Key.Key_U)
    assert driver.finished == 2


def test_the_end_of_the_queue_does_not_claim_what_is_put_off(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(make_project(tmp_path, [USUAL] * 2))
    driver.decide(Key.Key_Space)
    driver.decide(Key.Key_U)
    words = driver.window.canvas._banner.accessibleName()
    assert words.startswith("End of the queue")
    assert "1 put off" in words


def test_the_review_does_not_begin_behind_everything_with_a_frame_that_cannot_be_used(
    open_window: Open, made: MadeProject
) -> None:
    file = made.folder / "frame_0.jpg"
    file.write_bytes(file.read_bytes()[:500])
    driver = open_window(made)
    driver.wait(lambda: driver.session.fault is not None or driver.frame != "frame_0.jpg")
    driver.window.projects._leave_faulty_first()
    driver.wait(lambda: driver.session.can_decide)
    assert driver.frame == "frame_1.jpg"


def test_our_own_bug_in_a_commit_does_not_lock_the_review(
    qtbot: QtBot, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken: Future[int] = Future()
    broken.set_exception(RuntimeError("a bug"))
    with monkeypatch.context() as patch, qtbot.captureExceptions() as caught:
        patch.setattr(driver.session.store, "submit", lambda _priority, _work: broken)
        driver.key(Key.Key_Space)
        driver.wait(lambda: bool(caught))
    driver.wait(lambda: driver.session.can_decide)
    assert driver.frame == "frame_0.jpg"
    driver.decide(Key.Key_Space)
    assert driver.frame == "frame_1.jpg"


def test_no_less_certain_proposal_is_said_in_plain_words(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(make_project(tmp_path, [USUAL[:2], USUAL]))
    driver.key(Key.Key_G)
    assert "nothing less certain" in driver.window.status._said.text()
    driver.decide(Key.Key_D)
    driver.key(Key.Key_G)
    assert driver.window.status._said.text() == "1 less certain proposal hidden."


# ---------------------------------------------------------------------------------------------------- classes, look
def test_merging_classes_asks_first(driver: Driver) -> None:
    panel = driver.window.classes_panel
    cat, dog = (next(r for r in panel._classes if r.name == name) for name in ("cat", "dog"))
    merged: list[tuple[int, int]] = []
    panel.class_merged.connect(lambda a, b: merged.append((a, b)))

    def answer(button: QMessageBox.StandardButton) -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        assert "cannot be undone" in box.text()
        box.button(button).click()

    QTimer.singleShot(50, lambda: answer(QMessageBox.StandardButton.Cancel))
    panel._merge(cat, dog)
    assert merged == []
    QTimer.singleShot(50, lambda: answer(QMessageBox.StandardButton.Yes))
    panel._merge(cat, dog)
    assert merged == [(cat.id, dog.id)]


@pytest.mark.parametrize("name", ["light", "dark"])
def test_rows_take_the_colours_of_another_theme(driver: Driver, name: str) -> None:
    driver.window.set_theme("dark" if name == "light" else "light")
    driver.key(Key.Key_X)
    driver.window.set_theme(name)
    rows = driver.window.objects_panel.list.model()
    brushes = [rows.index(at, 0).data(Qt.ItemDataRole.ForegroundRole) for at in range(rows.rowCount())]
    colours = {brush.color().name() for brush in brushes}
    assert colours <= {theme.tokens().text, theme.tokens().muted}
    digits = driver.window.classes_panel.list.topLevelItem(0)
    assert digits.foreground(0).color().name() == theme.tokens().muted


def test_the_first_window_and_every_dialog_fit_the_screen(qtbot: QtBot, tmp_path: Path) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    restore_layout(window, tmp_path)
    screen = window.screen().availableSize()
    assert window.width() <= screen.width()
    assert window.height() <= screen.height()
    dialog = QDialog(window)
    dialog.resize(9000, 9000)
    sizes = []

    def look() -> None:
        sizes.append(dialog.size())
        dialog.reject()

    QTimer.singleShot(0, look)
    run_modal(dialog, back_to=window)
    assert sizes[0].width() <= screen.width()
    assert sizes[0].height() <= screen.height()


def test_a_dialog_without_a_size_of_its_own_has_room_for_what_is_in_it(qtbot: QtBot, tmp_path: Path) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    dialog = ExportDialog({FrameState.ACCEPTED: 1}, root=tmp_path / "frames", **PLAIN, parent=window)
    fits = []

    def look() -> None:
        fits.append(dialog.height() >= dialog.sizeHint().height())
        dialog.reject()

    QTimer.singleShot(50, look)
    run_modal(dialog, back_to=window)
    assert fits == [True]


def test_the_name_of_the_frame_is_not_cut_for_a_message_that_is_not_there(driver: Driver) -> None:
    driver.window.resize(760, 600)
    label = driver.window.status._frame
    driver.window.status._said.clear()
    driver.window.status.show_model(LoadedModel(fake_model_info(), "cpu", ""))
    driver.wait(lambda: label.width() >= label.sizeHint().width())
    assert driver.window.status._model.text().endswith("CPU")


def test_a_model_names_its_device_for_people() -> None:
    assert LoadedModel(fake_model_info(), "cuda:1", "").device_name == "GPU 1"


# ---------------------------------------------------------------------------------------------------- export, end
def test_a_second_export_on_one_day_is_proposed_beside_the_first(qtbot: QtBot, tmp_path: Path) -> None:
    def proposed() -> Path:
        dialog = ExportDialog({FrameState.ACCEPTED: 1}, root=tmp_path / "frames", **PLAIN)
        qtbot.addWidget(dialog)
        return dialog.out

    first = proposed()
    first.mkdir()
    assert proposed() == first.with_name(f"{first.name}-2")


@pytest.mark.parametrize(("labelled", "words"), [(0, "nothing to export yet"), (1, "1 labelled frame will")])
def test_the_export_says_how_much_it_writes_in_plain_words(
    qtbot: QtBot, tmp_path: Path, labelled: int, words: str
) -> None:
    dialog = ExportDialog({FrameState.ACCEPTED: labelled}, root=tmp_path / "frames", **PLAIN)
    qtbot.addWidget(dialog)
    assert any(words in label.text() for label in dialog.findChildren(QLabel))


def test_a_closed_window_is_gone_from_the_screen_while_the_model_comes_to_its_end(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    shut_down = driver.window.projects.shut_down

    def look() -> None:
        seen.append(driver.window.isVisible())
        shut_down()

    monkeypatch.setattr(driver.window.projects, "shut_down", look)
    driver.close()
    assert seen == [False]

"""Faults that were found while working with queue, threshold, tuner and contact sheet in a real window."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDoubleSpinBox, QWidget
from pytestqt.qtbot import QtBot

from autoanno_gui.core.queue_filter import QueueFilter
from autoanno_gui.core.queue_settings import OrderName, QueueSettings
from autoanno_gui.review.prediction_job import PredictionProgress
from autoanno_gui.ui.dialogs.queue import QueueDialog
from autoanno_gui.ui.panels.queue_popup import FilterSheet, Narrowing
from autoanno_gui.ui.panels.tuner import TunerPanel
from tests.projects import MadeProject, Proposal, make_project
from tests.ui.driver import Driver, Key
from tests.ui.test_queue_panel import focused, popups

CAT = (Proposal((20, 20, 80, 80), 0, 0.9),)


@pytest.fixture
def made(tmp_path: Path) -> MadeProject:
    return make_project(tmp_path, [CAT] * 4)


def choosers(driver: Driver) -> list[QWidget]:
    panel = driver.window.queue_panel.filters
    return [panel.order, panel.states, driver.window.threshold_panel.chooser]


@popups
@pytest.mark.parametrize("at", range(3))
def test_escape_closes_an_open_list_of_a_panel_and_goes_back_to_the_image(driver: Driver, at: int) -> None:
    focused(driver)
    chooser = choosers(driver)[at]
    chooser.setFocus()
    chooser.showPopup()
    popup = QApplication.activePopupWidget()
    assert popup is not None
    QTest.keyClick(popup.focusWidget() or popup, Key.Key_Escape)
    driver.wait(lambda: QApplication.activePopupWidget() is None)
    driver.wait(lambda: driver.window.focusWidget() is driver.window.canvas)


def typed(box: QDoubleSpinBox, text: str) -> None:
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, text)


def test_typing_one_bound_of_the_dialog_leaves_the_other_alone_where_they_do_not_meet(driver: Driver) -> None:
    dialog = QueueDialog(QueueSettings(), driver.window)
    low, high = (box for box in dialog.findChildren(QDoubleSpinBox) if "borderline" in box.toolTip())
    dialog.show()
    typed(high, "0.45")
    dialog.accept()
    assert (dialog.settings.borderline_low, dialog.settings.borderline_high) == (0.4, 0.45)
    typed(low, "0.43")
    dialog.accept()
    assert dialog.settings.borderline_high == 0.48, "they stay apart"


@popups
@pytest.mark.parametrize("end", [Key.Key_Return, Key.Key_Tab, Key.Key_Escape])
def test_typing_one_bound_of_the_filter_leaves_the_other_alone(driver: Driver, end: Key) -> None:
    filters = driver.window.queue_panel.filters
    filters.take_narrowing(Narrowing(QueueFilter(None, 0.43, 1.0)))
    filters.open_sheet()
    sheet = filters.findChild(FilterSheet)
    _low, high = sheet.findChildren(QDoubleSpinBox)
    typed(high, "0.45")
    QTest.keyClick(high, end)
    assert filters.narrowing.predictions == QueueFilter(None, 0.43, 0.45)
    sheet.close()


def test_a_message_is_read_whole_beside_a_running_job(driver: Driver) -> None:
    status = driver.window.status
    name, said = status._frame, status._said
    status.say("Undone.")
    assert name.isVisible(), "there is room for both"
    frame = replace(driver.session.frame, path="clips/morning/a_frame_with_a_rather_long_name_000123.jpg")
    status.show_frame(frame, place=0, count=20_000)
    status.show_job(PredictionProgress(1000, 20_000, 5_000, 30.0))
    driver.wait(lambda: status._job.isVisible() and status._left.width() < 700)
    status.say("20 objects recorded: 20 accepted.")
    driver.wait(lambda: said.width() >= said.sizeHint().width())
    assert not name.isVisible()
    status._timer.timeout.emit()
    assert name.isVisible()


def choose(driver: Driver, name: OrderName) -> None:
    order = driver.window.queue_panel.filters.order
    order.setCurrentIndex(order.findData(name))
    order.activated.emit(order.currentIndex())


def test_choosing_the_order_that_holds_goes_on_where_it_was_stopped(driver: Driver, qtbot: QtBot) -> None:
    project = driver.window.projects.project
    assert project is not None
    for _ in range(2):
        with qtbot.waitSignal(project.queue.looks.ended):
            choose(driver, OrderName.DIFFERENT)


class TestLongList:
    @pytest.fixture
    def made(self, tmp_path: Path) -> MadeProject:
        return make_project(tmp_path, [CAT] * 60)

    def test_another_order_brings_the_list_back_to_the_open_frame(self, driver: Driver) -> None:
        panel = driver.window.queue_panel
        bar = panel.table.verticalScrollBar()
        bar.setValue(bar.maximum())
        assert 0 not in panel.table.rows_in_sight()
        choose(driver, OrderName.RANDOM)
        driver.wait(lambda: panel._current_row() in panel.table.rows_in_sight())


def test_what_can_be_stopped_is_what_the_status_line_shows(driver: Driver, qtbot: QtBot) -> None:
    project, stop = driver.window.projects.project, driver.window.actions_["model.cancel"]
    assert project is not None
    assert not stop.isEnabled()
    with qtbot.waitSignal(project.queue.looks.progressed):
        choose(driver, OrderName.DIFFERENT)
    assert stop.isEnabled()
    with qtbot.waitSignal(project.queue.looks.ended):
        stop.trigger()
    assert not project.queue.looks.running
    assert not stop.isEnabled()


def test_f6_brings_a_panel_in_front_that_lies_behind_a_tab(driver: Driver) -> None:
    focused(driver)
    window = driver.window
    window.actions_["tools.tune"].trigger()
    driver.wait(window.tuner_panel.sample_button.hasFocus)
    window.canvas.setFocus()
    for _ in range(sum(panel.isVisible() for panel in window.panels)):
        window.actions_["focus.next_panel"].trigger()
        at = QApplication.focusWidget()
        assert at is not None
        driver.wait(lambda at=at: not at.visibleRegion().isEmpty())


class TestManyObjects:
    @pytest.fixture
    def made(self, tmp_path: Path) -> MadeProject:
        row = tuple(Proposal((4 * at, 10, 4 * at + 18, 40), 0, 0.99 - 0.006 * at) for at in range(70))
        return make_project(tmp_path, [row])

    def test_the_selected_object_stays_in_sight_when_a_panel_takes_the_room(self, driver: Driver) -> None:
        listed = driver.window.objects_panel.list
        before = listed.height()
        driver.window.actions_["tools.tune"].trigger()
        driver.wait(lambda: listed.height() < before)
        assert listed.viewport().rect().contains(listed.visualRect(listed.currentIndex()))


def test_what_gets_the_focus_in_the_tuner_comes_into_sight(qtbot: QtBot) -> None:
    panel = TunerPanel()
    qtbot.addWidget(panel)
    panel.resize(250, 70)
    panel.show()
    qtbot.waitUntil(panel.isActiveWindow)
    for widget in (panel.curve, panel.sample_button):
        assert widget.visibleRegion().isEmpty()
        widget.setFocus()
        assert not widget.visibleRegion().isEmpty()


def test_the_panel_says_no_longer_what_is_over(qtbot: QtBot) -> None:
    panel = TunerPanel()
    qtbot.addWidget(panel)
    panel.set_busy(True, "Drawing frames… 100%")
    assert panel.texts[1] == "Drawing frames… 100%"
    panel.set_busy(False)
    assert panel.texts[1] == ""


class TestFewObjects:
    @pytest.fixture
    def made(self, tmp_path: Path) -> MadeProject:
        return make_project(tmp_path, [CAT, CAT])

    def test_an_empty_sheet_offers_no_next_class_where_there_is_none(self, driver: Driver) -> None:
        sheet = driver.window.contact_sheet
        driver.window.actions_["review.contact_sheet"].trigger()
        driver.wait(lambda: sheet.ready)
        assert len(sheet.grid.cells) == 2
        driver.window.actions_["review.accept_frame"].trigger()
        driver.wait(lambda: not sheet.grid.cells)
        assert sheet.grid.message == "No frame that is still to be decided has a candidate. Esc goes back to the image."

    def test_a_mark_can_be_taken_back_after_a_look_at_the_frame(self, driver: Driver) -> None:
        sheet, actions = driver.window.contact_sheet, driver.window.actions_
        actions["review.contact_sheet"].trigger()
        driver.wait(lambda: sheet.ready)
        sheet.toggle_wrong()
        assert [cell.wrong for cell in sheet.grid.cells] == [True, False]
        before = len(driver.shown)
        sheet.open_frame()
        driver.wait(lambda: not sheet.active and (len(driver.shown) > before or driver.session.can_move))
        actions["review.contact_sheet"].trigger()
        driver.wait(lambda: sheet.ready)
        assert [cell.wrong for cell in sheet.grid.cells] == [True, False]
        actions["edit.undo"].trigger()
        assert [cell.wrong for cell in sheet.grid.cells] == [False, False]

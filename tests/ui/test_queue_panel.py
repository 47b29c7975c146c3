"""The queue panel in the real window: reasons, orders, filters and small pictures, by keys where a person uses keys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from autoanno_gui.config import AppHome, Settings
from autoanno_gui.core.queue import QueueOrder, QueueReason
from autoanno_gui.core.queue_filter import QueueFilter
from autoanno_gui.core.queue_settings import OrderName, QueueSettings
from autoanno_gui.core.records import Frame, FrameState
from autoanno_gui.ui.dialogs.queue import QueueDialog
from autoanno_gui.ui.panels.queue import QueuePanel
from autoanno_gui.ui.panels.queue_popup import FilterSheet, Narrowing
from autoanno_gui.ui.panels.queue_rows import PICTURE_ROW_HEIGHT, ROW_HEIGHT
from autoanno_gui.ui.thumbnails import Thumbnails
from tests.projects import USUAL, MadeProject, Proposal, draw_frames, make_project
from tests.ui.conftest import Open
from tests.ui.driver import SHIFT, Driver, Key
from tests.ui.test_window import in_dialog

CAT = (Proposal((20, 20, 80, 80), 0, 0.9),)
DOG = (Proposal((120, 40, 200, 120), 1, 0.8),)
UNSURE_CAT = (Proposal((20, 20, 80, 80), 0, 0.52),)
TWO_CLASSES = (Proposal((20, 20, 80, 80), 0, 0.8, second=0.7),)
HERD = tuple(Proposal((20 * at, 10, 20 * at + 18, 40), 0, 0.9) for at in range(12))

popups = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
"""The offscreen platform says so of every list or sheet that opens over the window."""


def panel_of(driver: Driver) -> QueuePanel:
    return driver.window.queue_panel


def listed(driver: Driver) -> list[str]:
    model = panel_of(driver).table.model()
    return [model.index(row, 1).data() for row in range(model.rowCount())]


def said(driver: Driver) -> dict[str, str]:
    """Return what each row says, by name."""
    model = panel_of(driver)._model
    rows = [model.row_at(row) for row in range(model.rowCount())]
    return {row.frame.path: row.said for row in rows if row is not None}


def class_id(driver: Driver, name: str) -> int:
    return next(record.id for record in driver.session.classes.values() if record.name == name)


def focused(driver: Driver) -> None:
    driver.window.activateWindow()
    driver.wait(driver.window.canvas.hasFocus)


# ---------------------------------------------------------------------------------------------------- reasons
class TestReasons:
    @pytest.fixture
    def made(self, tmp_path: Path) -> MadeProject:
        frames = [CAT, UNSURE_CAT, TWO_CLASSES, HERD, None, *[DOG] * 6]
        return make_project(tmp_path, frames, order=OrderName.REVIEW)

    def test_rows_say_why_in_words(self, driver: Driver) -> None:
        driver.wait(lambda: said(driver)["frame_1.jpg"] == "borderline")
        found = said(driver)
        assert found["frame_2.jpg"] == "two classes close"
        assert found["frame_3.jpg"] == "crowded: 12 objects"
        assert found["frame_4.jpg"] == "not predicted yet"
        assert found["frame_0.jpg"] in ("nothing stands out", "random sample")

    def test_the_score_is_in_the_tooltip_only(self, driver: Driver) -> None:
        driver.wait(lambda: said(driver)["frame_1.jpg"] == "borderline")
        model = panel_of(driver).table.model()
        tips = [model.index(row, 1).data(Qt.ItemDataRole.ToolTipRole) for row in range(model.rowCount())]
        assert "frame_1.jpg: to review, borderline (score 1.80)" in tips
        assert not any("1.80" in text for text in said(driver).values())

    def test_a_decided_frame_says_what_became_of_it(self, driver: Driver) -> None:
        driver.wait(lambda: said(driver)["frame_1.jpg"] == "borderline")
        first = driver.frame
        driver.decide(Key.Key_X, SHIFT)
        second = driver.frame
        driver.decide(Key.Key_U)
        driver.wait(lambda: said(driver)[second] == "put off")
        assert said(driver)[first] == "label by hand"

    def test_the_reason_filter_goes_by_the_queue(self, driver: Driver) -> None:
        driver.wait(lambda: said(driver)["frame_1.jpg"] == "borderline")
        panel_of(driver).filters.narrow(Narrowing(reason=QueueReason.CROWDED))
        assert listed(driver) == ["frame_3.jpg"]
        panel_of(driver).filters.narrow(Narrowing())
        assert len(listed(driver)) == 11


def test_other_orders_say_what_they_count(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(make_project(tmp_path, [CAT, HERD, DOG, ()], order=OrderName.COUNT))
    driver.wait(lambda: said(driver)["frame_1.jpg"] == "12 objects")
    assert said(driver)["frame_0.jpg"] == "1 object"
    assert said(driver)["frame_3.jpg"] == "no objects"
    panel_of(driver).change_settings(QueueSettings(OrderName.LEAST_CONFIDENT))
    driver.wait(lambda: said(driver)["frame_2.jpg"] == "least certain: 0.80")
    panel_of(driver).change_settings(QueueSettings(OrderName.CLASS))
    driver.wait(lambda: said(driver)["frame_2.jpg"] == "mostly dog")


# ---------------------------------------------------------------------------------------------------- following
class TestFollowing:
    @pytest.fixture
    def made(self, tmp_path: Path) -> MadeProject:
        return make_project(tmp_path, [USUAL] * 60)

    def test_another_order_leaves_the_open_frame_where_the_eye_has_it(self, driver: Driver) -> None:
        driver.wait(lambda: len(listed(driver)) == 60)
        panel = panel_of(driver)
        QAbstractItemModelTester(panel.table.model(), QAbstractItemModelTester.FailureReportingMode.Warning, panel)
        resets: list[bool] = []
        panel.table.model().modelReset.connect(lambda: resets.append(True))
        queue = driver.session.queue
        frame = queue.frames.at(30)
        panel.set_current(frame.id)
        top = panel.table.visualRect(panel.table.currentIndex()).top()
        queue.take_order(QueueOrder(queue.order[::-1].copy(), queue.reasons, queue.scores), by_name=True)
        panel.refresh_order()
        assert panel.table.currentIndex().siblingAtColumn(1).data() == frame.path
        assert [index.row() for index in panel.table.selectionModel().selectedRows()] == [29]
        assert panel.table.visualRect(panel.table.currentIndex()).top() == top
        assert listed(driver)[0] == "frame_59.jpg"
        assert not resets

    def test_who_looks_elsewhere_is_not_carried_off(self, driver: Driver) -> None:
        driver.wait(lambda: len(listed(driver)) == 60)
        panel, bar = panel_of(driver), panel_of(driver).table.verticalScrollBar()
        bar.setValue(bar.maximum())
        panel.refresh_order()
        assert bar.value() == bar.maximum() > 0

    def test_what_is_decided_keeps_its_row_until_the_filter_is_set_again(self, driver: Driver) -> None:
        panel = panel_of(driver)
        panel._filter.setCurrentIndex(panel._filter.findData("undecided"))
        driver.decide(Key.Key_Space)
        driver.wait(lambda: said(driver)["frame_0.jpg"] == "accepted")
        panel.refresh_order()
        assert "frame_0.jpg" in listed(driver)
        panel._filter.setCurrentIndex(panel._filter.findData("all"))
        panel._filter.setCurrentIndex(panel._filter.findData("undecided"))
        assert "frame_0.jpg" not in listed(driver)
        assert len(listed(driver)) == 59


# ---------------------------------------------------------------------------------------------------- filters
class TestFilters:
    @pytest.fixture
    def made(self, tmp_path: Path) -> MadeProject:
        return make_project(tmp_path, [CAT, CAT, DOG, CAT, UNSURE_CAT, DOG, None])

    @popups
    def test_the_sheet_is_reached_and_left_by_keys_alone(self, driver: Driver) -> None:
        focused(driver)
        panel = panel_of(driver)
        driver.key(Key.Key_F6)
        assert panel.table.hasFocus()
        for stop in (panel.filters.order, panel.filters.states, panel.filters.button):
            QTest.keyClick(focus(), Key.Key_Tab)
            assert stop.hasFocus()
        QTest.keyClick(focus(), Key.Key_Space)
        sheet = panel.filters.findChild(FilterSheet)
        assert sheet is not None
        assert sheet.isVisible()
        QTest.keyClicks(focus(), "dog")
        driver.wait(lambda: sorted(listed(driver)) == ["frame_2.jpg", "frame_5.jpg"])
        QTest.keyClick(sheet, Key.Key_Escape)
        assert not sheet.isVisible()
        assert driver.window.canvas.hasFocus()
        assert driver.frame == "frame_0.jpg"

    def test_the_next_frame_is_one_that_the_filter_shows(self, driver: Driver) -> None:
        panel_of(driver).filters.narrow(Narrowing(QueueFilter(class_id(driver, "dog"), 0.5)))
        driver.wait(lambda: len(listed(driver)) == 2)
        visited = []
        for _ in range(3):
            driver.decide(Key.Key_Space)
            visited.append(driver.frame)
        assert visited == ["frame_2.jpg", "frame_5.jpg", "frame_6.jpg"], "then the others"

    def test_it_is_said_in_words_and_cleared_by_one_click(self, driver: Driver) -> None:
        filters = panel_of(driver).filters
        narrowing = Narrowing(QueueFilter(class_id(driver, "cat"), 0.4, 0.6), QueueReason.UNPREDICTED)
        filters.narrow(narrowing)
        assert filters._words.toolTip() == "cat · 0.40–0.60 · not predicted yet"
        assert filters.button.isChecked()
        filters.narrow(Narrowing(narrowing.predictions))
        driver.wait(lambda: listed(driver) == ["frame_4.jpg"])
        assert filters._count.text() == "1 of 7"
        QTest.mouseClick(filters._clear, Qt.MouseButton.LeftButton)
        assert len(listed(driver)) == 7
        assert not filters._words.isVisibleTo(filters)
        assert driver.session.queue.shown is None

    @popups
    def test_a_chosen_class_is_shown_from_the_threshold_up(self, driver: Driver) -> None:
        filters = panel_of(driver).filters
        filters.open_sheet()
        sheet = filters.findChild(FilterSheet)
        assert sheet is not None
        sheet._class.setCurrentIndex(sheet._class.findText("cat"))
        sheet._class.activated.emit(sheet._class.currentIndex())
        assert sheet.narrowing.predictions == QueueFilter(class_id(driver, "cat"), 0.5, 1.0)
        sheet._high.setValue(0.3)
        assert sheet.narrowing.predictions.low == 0.3, "the bounds never cross"
        sheet._clear.click()
        assert filters.narrowing == Narrowing()
        sheet.close()

    def test_a_late_answer_to_another_filter_is_passed_over(self, driver: Driver) -> None:
        panel = panel_of(driver)
        panel.filters.narrow(Narrowing(QueueFilter(class_id(driver, "dog"))))
        panel.set_matches(QueueFilter(), None)
        panel.set_matches(QueueFilter(class_id(driver, "cat")), np.zeros(7, np.bool_))
        driver.wait(lambda: len(listed(driver)) == 2)
        matches = panel._model.filter.matches
        panel.filters.narrow(Narrowing())
        panel.set_matches(QueueFilter(class_id(driver, "dog")), matches)
        assert len(listed(driver)) == 7

    def test_another_folder_starts_without_a_filter(self, driver: Driver, tmp_path: Path) -> None:
        panel = panel_of(driver)
        panel.filters.narrow(Narrowing(reason=QueueReason.UNPREDICTED))
        panel._search.setText("frame_6")
        assert listed(driver) == ["frame_6.jpg"]
        other = make_project(tmp_path, [CAT] * 3, name="other")
        before = len(driver.shown)
        driver.window.open_folder(other.folder, project_file=other.file)
        driver.wait_for_frame(before)
        driver.wait(lambda: len(listed(driver)) == 3)
        assert panel._search.text() == ""

    @popups
    def test_an_order_chosen_by_keys_sorts_the_queue_and_is_kept(self, driver: Driver) -> None:
        focused(driver)
        panel = panel_of(driver)
        panel.filters.order.setFocus()
        QTest.keyClick(focus(), Key.Key_Down)
        assert driver.session.queue_settings.order is OrderName.NATURAL, "one arrow sorts nothing"
        panel.filters.order.hidePopup()
        at = panel.filters.order.findData(OrderName.LEAST_CONFIDENT)
        panel.filters.order.setCurrentIndex(at)
        panel.filters.order.activated.emit(at)
        driver.wait(lambda: listed(driver)[1] == "frame_4.jpg")
        assert driver.window.focusWidget() is driver.window.canvas
        with driver.reader() as reader:
            driver.wait(lambda: "least_confident" in (reader.setting("queue") or ""))


def focus() -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None
    return found


# ---------------------------------------------------------------------------------------------------- pictures
class TestPictures:
    @pytest.fixture
    def made(self, tmp_path: Path) -> MadeProject:
        return make_project(tmp_path, [USUAL] * 120)

    def test_only_rows_in_sight_and_a_page_each_side_get_one(self, driver: Driver) -> None:
        panel = panel_of(driver)
        driver.wait(lambda: pictured(panel, panel.table.rows_in_sight()))
        page = len(panel.table.rows_in_sight())
        driver.wait(lambda: pictured(panel, range(2 * page)))
        assert panel._thumbnails is not None
        assert len(panel._thumbnails) <= 2 * page + 1
        panel.table.verticalScrollBar().setValue(panel.table.verticalScrollBar().maximum())
        driver.wait(lambda: pictured(panel, panel.table.rows_in_sight()))
        assert not pictured(panel, [60])

    def test_compact_rows_have_none_and_the_choice_is_kept(self, driver: Driver) -> None:
        panel, action = panel_of(driver), driver.window.actions_["view.thumbnails"]
        assert panel.table.rowHeight(0) >= PICTURE_ROW_HEIGHT
        assert action.isChecked()
        action.trigger()
        assert panel.table.rowHeight(0) == ROW_HEIGHT
        assert panel._thumbnails is None
        assert not action.isChecked()
        assert not Settings.load(AppHome.find()).thumbnails
        panel.table.grab()
        action.trigger()
        assert action.isChecked()
        assert Settings.load(AppHome.find()).thumbnails
        driver.wait(lambda: pictured(panel, panel.table.rows_in_sight()))

    def test_rows_are_painted_in_every_state(self, driver: Driver) -> None:
        panel = panel_of(driver)
        driver.wait(lambda: pictured(panel, panel.table.rows_in_sight()))
        before = panel.table.viewport().grab().toImage()
        driver.decide(Key.Key_X, SHIFT)
        driver.decide(Key.Key_U)
        driver.wait(lambda: said(driver)["frame_1.jpg"] == "put off")
        assert panel.table.viewport().grab().toImage() != before


def pictured(panel: QueuePanel, rows: range | list[int]) -> bool:
    frames = [panel._model.frame(row) for row in rows]
    thumbnails = panel._thumbnails
    return thumbnails is not None and all(frame is not None and thumbnails.get(frame.id) for frame in frames)


class TestThumbnailThread:
    @pytest.fixture
    def thumbnails(self, tmp_path: Path, qtbot: QtBot) -> Thumbnails:
        draw_frames(tmp_path, [f"{number}.jpg" for number in range(1, 9)])
        (tmp_path / "9.jpg").write_bytes(b"no picture")
        made = Thumbnails(tmp_path)
        qtbot.addWidget(QWidget(), before_close_func=lambda _: made.close())
        return made

    def test_a_damaged_file_is_looked_at_once(self, thumbnails: Thumbnails, qtbot: QtBot) -> None:
        with qtbot.waitSignal(thumbnails.loaded):
            thumbnails.want([Frame(9, "9.jpg")], scale=1.0)
        assert thumbnails.get(9) is None
        assert thumbnails.is_damaged(9)
        with qtbot.assertNotEmitted(thumbnails.loaded):
            thumbnails.want([Frame(9, "9.jpg"), Frame(10, "10.jpg", state=FrameState.FAILED)], scale=1.0)
        thumbnails.close()

    def test_the_newest_request_takes_the_place_of_the_others(self, thumbnails: Thumbnails, qtbot: QtBot) -> None:
        loaded: list[int] = []
        thumbnails.loaded.connect(loaded.append)
        thumbnails.pause(True)
        thumbnails.want([Frame(1, "1.jpg"), Frame(2, "2.jpg")], scale=1.0)
        thumbnails.want([Frame(4, "4.jpg"), Frame(3, "3.jpg")], scale=1.0)
        assert not loaded
        thumbnails.pause(False)
        qtbot.waitUntil(lambda: len(loaded) == 2)
        assert loaded == [4, 3]
        thumbnails.close()

    def test_files_that_may_have_changed_are_read_again(self, thumbnails: Thumbnails, qtbot: QtBot) -> None:
        for _ in range(2):
            with qtbot.waitSignal(thumbnails.loaded):
                thumbnails.want([Frame(1, "1.jpg")], scale=2.0)
            thumbnails.distrust()
            shown = thumbnails.get(1)
            assert shown is not None, "the old one is shown meanwhile"
            assert shown.devicePixelRatio() == 2.0
        thumbnails.close()


# ---------------------------------------------------------------------------------------------------- dialog
def test_the_dialog_gives_back_what_it_was_given_and_restores_defaults(qtbot: QtBot) -> None:
    settings = QueueSettings(OrderName.COUNT, 0.2, 0.35, 2.5, 12, 0.75, 0.25, 50, 7)
    dialog = QueueDialog(settings)
    qtbot.addWidget(dialog)
    assert dialog.settings == settings
    dialog.defaults.click()
    assert dialog.settings == QueueSettings()
    dialog._low.setValue(0.9)
    assert 0.9 < dialog.settings.borderline_high <= 1.0, "the band is never empty"
    dialog._high.setValue(0.1)
    assert dialog.settings.borderline_low < 0.1 + 1e-9


def test_the_dialog_sorts_the_queue_of_the_open_project(driver: Driver) -> None:
    def choose(dialog: QueueDialog) -> None:
        dialog._order.setCurrentIndex(dialog._order.findData(OrderName.RANDOM))
        dialog._seed.setValue(5)
        dialog.accept()

    in_dialog(QueueDialog, choose)
    driver.window.actions_["review.queue_settings"].trigger()
    assert driver.session.queue_settings == QueueSettings(OrderName.RANDOM, seed=5)
    assert panel_of(driver).filters.order.currentText() == "Random"
    with driver.reader() as reader:
        driver.wait(lambda: '"seed":5' in (reader.setting("queue") or ""))

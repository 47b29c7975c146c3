"""The threshold panel and its keys on the real window: the view follows at once, and the panel says what holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from autoanno_gui.core.confidence_table import BINS, ConfidenceTable
from autoanno_gui.core.prediction_index import Judged
from autoanno_gui.core.review_objects import Role
from autoanno_gui.ui.panels.threshold import ThresholdPanel
from tests.projects import GHOST, SURE, UNSURE, MadeProject, Proposal, make_project
from tests.ui.conftest import Open
from tests.ui.driver import SHIFT, Driver, Key

LEFT = Qt.MouseButton.LeftButton


def class_of(driver: Driver, name: str) -> int:
    return next(record.id for record in driver.session.classes.values() if record.name == name)


def panel(driver: Driver) -> ThresholdPanel:
    return driver.window.threshold_panel


def choose(driver: Driver, name: str) -> None:
    chooser = panel(driver).chooser
    chooser.setCurrentIndex(next(row for row in range(chooser.count()) if chooser.itemText(row).startswith(name)))


def words(driver: Driver) -> str:
    """Return the line of counts."""
    return panel(driver)._counts.text()


def with_table(driver: Driver) -> None:
    """Wait until the panel knows the confidences of the folder."""
    driver.wait(lambda: "in the folder" in words(driver))


# ---------------------------------------------------------------------------------------------------- the common one
def test_keys_move_the_slider_and_all_counts_follow_at_once(driver: Driver) -> None:
    with_table(driver)
    assert words(driver) == "2 here  ·  6 in the folder"
    for _ in range(2):
        driver.key(Key.Key_Equal)
    assert panel(driver).slider.value() == 60
    # 0.6 as the model gave it, in 32 bits, is a little more than 0.6.
    assert words(driver) == "2 here  ·  6 in the folder"
    driver.key(Key.Key_Equal)
    assert words(driver) == "1 here  ·  3 in the folder"
    assert panel(driver)._ghosts.text() == "2"
    assert driver.window.objects_panel.list.model().rowCount() == 1
    assert len(driver.window.canvas.state.objects) == 1
    assert driver.roles() == {Role.CANDIDATE: 1, Role.GHOST: 2}


def test_the_slider_goes_by_hundredths_with_the_mouse_and_by_five_with_keys(driver: Driver) -> None:
    slider = panel(driver).slider
    slider.setValue(62)
    assert driver.session.thresholds.default == 0.62
    driver.window.activateWindow()
    slider.setFocus()
    driver.wait(slider.hasFocus)
    QTest.keyClick(slider, Key.Key_Right)
    assert driver.session.thresholds.default == 0.67
    assert slider.hasFocus()  # whoever came by key goes on by key
    QTest.keyClick(slider, Key.Key_Escape)
    assert driver.window.canvas.hasFocus()


def test_after_the_mouse_the_keys_belong_to_the_image(driver: Driver) -> None:
    driver.window.activateWindow()
    slider = panel(driver).slider
    slider.setFocus()
    driver.wait(slider.hasFocus)
    handle = QPoint(round(slider.place_of(50)), slider.height() // 2)
    QTest.mousePress(slider, LEFT, Qt.KeyboardModifier.NoModifier, handle)
    QTest.mouseMove(slider, handle + QPoint(30, 0))
    QTest.mouseRelease(slider, LEFT, Qt.KeyboardModifier.NoModifier, handle + QPoint(30, 0))
    assert driver.session.thresholds.default > 0.5
    assert driver.window.canvas.hasFocus()


def test_a_drag_in_the_histogram_moves_the_threshold(driver: Driver) -> None:
    histogram = panel(driver).histogram
    place = lambda value: QPoint(round(histogram.place_of(value)), 20)  # noqa: E731
    QTest.mousePress(histogram, LEFT, Qt.KeyboardModifier.NoModifier, place(0.7))
    assert driver.session.thresholds.default == pytest.approx(0.7, abs=0.011)
    QTest.mouseMove(histogram, place(0.3))
    assert driver.session.thresholds.default == pytest.approx(0.3, abs=0.011)
    assert panel(driver).slider.value() == pytest.approx(30, abs=1)
    QTest.mouseRelease(histogram, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(histogram.width() + 40, 20))
    QTest.mousePress(histogram, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(histogram.width() - 1, 20))
    assert driver.session.thresholds.default == 0.95


def test_histogram_and_slider_share_one_scale(driver: Driver) -> None:
    slider, histogram = panel(driver).slider, panel(driver).histogram
    for value in (5, 50, 95):
        assert histogram.place_of(value / 100) == pytest.approx(slider.place_of(value), abs=1.0)
    assert histogram.place_of(1.0) <= histogram.width()


def test_f6_leads_to_the_slider_and_on(driver: Driver) -> None:
    driver.window.activateWindow()
    driver.window.canvas.setFocus()
    driver.wait(driver.window.canvas.hasFocus)
    met = []
    for _ in range(5):
        driver.window.actions_["focus.next_panel"].trigger()
        met.append(QApplication.focusWidget())
    window = driver.window
    targets = [
        window.queue_panel.focus_target,
        window.threshold_panel.slider,
        window.objects_panel.list,
        window.classes_panel.list,
        window.canvas,
    ]
    assert met == targets
    panel(driver).chooser.setFocus()
    window.actions_["focus.next_panel"].trigger()
    assert window.objects_panel.list.hasFocus()


# ---------------------------------------------------------------------------------------------------- single classes
def test_a_chosen_class_gets_a_threshold_of_its_own_and_loses_it_by_reset(driver: Driver) -> None:
    with_table(driver)
    choose(driver, "dog")
    shown = panel(driver)
    assert words(driver) == "1 here  ·  3 in the folder"
    assert not shown._reset.isEnabled()
    shown.slider.setValue(70)
    dog = class_of(driver, "dog")
    assert driver.session.thresholds.per_class == ((dog, 0.7),)
    assert driver.roles() == {Role.CANDIDATE: 1, Role.GHOST: 2}
    assert words(driver) == "0 here  ·  0 in the folder"
    assert shown.chooser.currentText() == "dog ●"
    choose(driver, "All")
    assert (shown.slider.value(), words(driver)) == (50, "1 here  ·  3 in the folder")
    choose(driver, "dog")
    shown._reset.click()
    assert driver.session.thresholds.per_class == ()
    assert (shown.slider.value(), shown.chooser.currentText()) == (50, "dog")
    assert driver.roles() == {Role.CANDIDATE: 2, Role.GHOST: 1}


def test_shift_and_the_threshold_keys_mean_the_class_of_the_selected_object(driver: Driver) -> None:
    assert driver.selected_class() == "dog"
    driver.key(Key.Key_Equal, SHIFT)
    assert driver.window.status._said.text() == "dog: 0.55"
    assert panel(driver).chooser.class_id == class_of(driver, "dog")
    driver.key(Key.Key_Equal, SHIFT)
    driver.key(Key.Key_Equal, SHIFT)
    # The dog has left, but the key still means its class.
    assert driver.selected_class() == "cat"
    driver.key(Key.Key_Equal, SHIFT)
    assert driver.session.thresholds.per_class == ((class_of(driver, "dog"), 0.7),)
    driver.key(Key.Key_Minus, SHIFT)
    assert driver.window.status._said.text() == "dog: 0.65"
    # Another selection means another class.
    driver.key(Key.Key_Escape)
    driver.key(Key.Key_Tab)
    driver.key(Key.Key_Minus, SHIFT)
    assert driver.window.status._said.text() == "cat: 0.45"


@pytest.mark.parametrize(("text", "scan_code", "value"), [("_", 20, 0.45), ("+", 21, 0.55)])
def test_the_class_keys_count_by_place_where_no_letter_matches(
    driver: Driver, text: str, scan_code: int, value: float
) -> None:
    event = QKeyEvent(QEvent.Type.KeyPress, Key.Key_unknown, SHIFT, scan_code, 0, 0, text)
    QApplication.sendEvent(driver.window.canvas, event)
    assert driver.session.thresholds.per_class == ((class_of(driver, "dog"), value),)


def test_without_a_selected_object_the_class_keys_say_what_to_do(driver: Driver) -> None:
    driver.key(Key.Key_Escape)
    driver.key(Key.Key_Equal, SHIFT)
    assert driver.session.thresholds.per_class == ()
    assert "Select an object" in driver.window.status._said.text()


def test_the_menu_takes_the_threshold_of_a_class_away(driver: Driver) -> None:
    driver.key(Key.Key_Minus, SHIFT)
    driver.window.actions_["threshold.class_reset"].trigger()
    assert driver.session.thresholds.per_class == ()
    assert driver.window.status._said.text() == "dog: 0.50, as all classes"


def test_the_common_keys_show_the_common_threshold_again(driver: Driver) -> None:
    driver.key(Key.Key_Minus, SHIFT)
    driver.key(Key.Key_Minus)
    shown = panel(driver)
    assert shown.chooser.class_id is None
    assert shown.slider.value() == 45
    # The thresholds of single classes are marked in the histogram of all.
    assert shown.histogram._own == (0.45,)


def test_the_wheel_over_the_list_of_classes_chooses_none(driver: Driver) -> None:
    chooser = panel(driver).chooser
    none = Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton, none,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(chooser, event)
    assert chooser.class_id is None


def test_renamed_and_merged_classes_are_followed(driver: Driver) -> None:
    choose(driver, "dog")
    assert driver.window.presenter is not None
    driver.window.presenter.classes.rename(class_of(driver, "dog"), "wolf")
    driver.wait(lambda: panel(driver).chooser.currentText() == "wolf")
    driver.window.presenter.classes.merge(class_of(driver, "wolf"), class_of(driver, "cat"))
    driver.wait(lambda: panel(driver).chooser.class_id is None)


# ---------------------------------------------------------------------------------------------------- the histogram
def counts_in(histogram_: np.ndarray, at: int) -> dict[Judged, int]:
    return {judged: int(histogram_[at, judged]) for judged in Judged if histogram_[at, judged]}


def test_the_histogram_follows_the_decisions(driver: Driver) -> None:
    with_table(driver)
    shown = panel(driver).histogram
    sure = int(np.flatnonzero(shown._counts[80:].sum(axis=1))[0]) + 80
    assert counts_in(shown._counts, sure) == {Judged.NOT_YET: 3}
    driver.key(Key.Key_X)
    driver.decide(Key.Key_Space)
    driver.wait(lambda: counts_in(shown._counts, sure) == {Judged.ACCEPTED: 1, Judged.NOT_YET: 2})
    assert shown._counts[:, Judged.REJECTED].sum() == 1
    tip = shown.tip_at(shown.place_of(0.05 + (sure + 0.5) / 100))
    assert "1 accepted" in tip
    assert "2 not judged" in tip
    assert "ghosts from 0.15" in tip


def test_all_bars_are_drawn_in_light_and_dark(driver: Driver) -> None:
    shown = panel(driver).histogram
    counts = np.zeros((BINS, len(Judged)), np.int64)
    counts[:, Judged.NOT_YET] = 1000
    counts[50, :] = 40
    kept = np.linspace(0, 1, BINS)
    for name in ("light", "dark"):
        driver.window.set_theme(name)
        shown.show_counts(counts, kept=kept, threshold=0.5, ghost_floor=0.15, own=(0.3, 0.8))
        image = shown.grab().toImage()
        column = round(shown.place_of(0.555) * image.devicePixelRatio())
        colours = {image.pixelColor(column, y).name() for y in range(image.height())}
        assert len(colours) >= len(Judged)


def test_without_predictions_the_panel_says_so(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(make_project(tmp_path, [None, None]))
    shown = panel(driver)
    shown.show_table(None)
    assert words(driver) == "0 here"
    shown.histogram.grab()


def test_closing_the_project_clears_the_panel(driver: Driver) -> None:
    with_table(driver)
    driver.key(Key.Key_Minus, SHIFT)
    panel(driver).clear()
    assert (words(driver), panel(driver).slider.value(), panel(driver).chooser.count()) == ("0 here", 50, 1)


def test_the_folder_counts_what_each_classs_own_threshold_keeps(driver: Driver) -> None:
    with_table(driver)
    table = panel(driver)._table
    assert isinstance(table, ConfidenceTable)
    for name, value in (("dog", 0.7), ("bird", 0.2)):
        driver.session.set_threshold(value, class_of(driver, name))
    driver.window.panel_news.show_objects()
    assert words(driver) == f"2 here  ·  {table.candidates(driver.session.thresholds)} in the folder"
    assert table.candidates(driver.session.thresholds) == 6


# ---------------------------------------------------------------------------------------------------- ghosts and W
GHOSTS = (
    Proposal((20, 150, 60, 200), 0, 0.45),
    Proposal((80, 150, 120, 200), 1, 0.35),
    Proposal((140, 150, 180, 200), 2, 0.25),
)


class TestGhosts:
    @pytest.fixture
    def made(self, tmp_path: Path) -> MadeProject:
        return make_project(tmp_path, [(SURE, UNSURE, *GHOSTS)] * 2)

    def test_tab_goes_on_through_the_ghosts_by_falling_confidence(self, driver: Driver) -> None:
        driver.key(Key.Key_G)
        met = [driver.session.objects.selected]
        for _ in range(5):
            driver.key(Key.Key_Tab)
            met.append(driver.session.objects.selected)
        assert met == [1, 0, 2, 3, 4, 1]

    def test_enter_promotes_and_goes_on_with_the_next_ghost(self, driver: Driver) -> None:
        driver.key(Key.Key_G)
        for _ in range(2):
            driver.key(Key.Key_Tab)
        driver.key(Key.Key_Return)
        assert driver.session.objects.selected == 3
        driver.key(Key.Key_Return)
        driver.key(Key.Key_Return)
        assert driver.roles() == {Role.CANDIDATE: 2, Role.CONFIRMED: 3}
        # No ghost is left: the least certain candidate is next.
        assert driver.session.objects.selected == 1

    def test_confirmed_objects_come_after_the_ghosts(self, driver: Driver) -> None:
        driver.key(Key.Key_Return)
        driver.key(Key.Key_G)
        met = []
        for _ in range(5):
            met.append(driver.session.objects.selected)
            driver.key(Key.Key_Tab)
        assert met == [0, 2, 3, 4, 1]

    def test_a_rough_drag_adopts_outline_and_class(self, driver: Driver) -> None:
        # The class of the last drawn box is another one: a new box would take that.
        driver.drag((250, 20), (300, 70))
        driver.key(Key.Key_G)
        driver.drag((136, 147), (185, 203))
        document = driver.session.document
        assert document is not None
        item = document.get(4)
        assert item is not None
        assert (document.role(item), item.promoted) == (Role.CONFIRMED, True)
        assert item.geometry.as_tuple() == GHOSTS[2].box  # type: ignore[union-attr]
        assert driver.session.classes[item.class_id].name == "bird"
        assert driver.session.objects.selected == 4

    def test_a_click_promotes_with_outline_and_class(self, driver: Driver) -> None:
        driver.key(Key.Key_G)
        driver.click(100, 175)
        document = driver.session.document
        assert document is not None
        item = document.get(3)
        assert item is not None
        assert (item.promoted, driver.session.classes[item.class_id].name) == (True, "dog")

    def test_hidden_ghosts_take_neither_clicks_nor_drags(self, driver: Driver) -> None:
        driver.click(100, 175)
        driver.drag((136, 147), (185, 203))
        document = driver.session.document
        assert document is not None
        assert [item.drawn for item in document.in_role(Role.CONFIRMED)] == [True]


def test_the_tag_names_a_close_second_class_and_w_takes_it(driver: Driver) -> None:
    objects = driver.window.canvas.state.objects
    assert objects[1].second_choice == "bird"
    assert objects[0].second_choice is None  # its second class is nowhere near
    rows = driver.window.objects_panel.list.model()
    assert rows.index(1, 0).data() == "dog / bird?"
    driver.key(Key.Key_W)
    shown = driver.window.canvas.state.objects[1]
    assert (shown.class_name, shown.role, shown.second_choice) == ("bird", Role.CONFIRMED, None)
    assert rows.index(1, 0).data() == "bird"
    driver.key(Key.Key_Tab)
    assert driver.selected_class() == "cat"
    driver.key(Key.Key_W)
    assert driver.selected_class() == "cat"
    assert "no second choice" in driver.window.status._said.text()


def test_a_ghost_takes_its_second_class_by_w(open_window: Open, tmp_path: Path) -> None:
    torn = Proposal(GHOST.box, 2, 0.3, second=0.28)
    driver = open_window(make_project(tmp_path, [(SURE, torn)]))
    driver.key(Key.Key_G)
    assert driver.window.canvas.state.objects[1].second_choice == "cat"
    driver.key(Key.Key_Tab)
    driver.key(Key.Key_W)
    document = driver.session.document
    assert document is not None
    item = document.get(1)
    assert item is not None
    assert (item.promoted, driver.selected_class()) == (True, "cat")

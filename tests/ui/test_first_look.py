"""What somebody meets who uses the figures for the first time: by keys alone, on a small screen, with odd names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QDockWidget, QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from autoanno_gui.config import Settings
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.ui import window_layout
from autoanno_gui.ui.dialogs.compare import CompareDialog
from autoanno_gui.ui.dialogs.hand_over import HandOverDialog, MergeDialog
from autoanno_gui.ui.dialogs.measure_return import MeasureReturnDialog
from autoanno_gui.ui.dialogs.session_card import NO_CAUSE, TOO_FEW, SessionCard
from autoanno_gui.ui.dialogs.settings import SettingsDialog
from autoanno_gui.ui.panels.drift_chip import DriftChip
from autoanno_gui.ui.panels.metrics_rows import GROUPS, Breakdown
from autoanno_gui.ui.panels.metrics_words import blind_text, nodding_text, whole_folder
from autoanno_gui.ui.panels.queue_filters import CHIP_WIDTH
from autoanno_gui.ui.wording import plain_tip, quoted
from tests.metrics_kit import MANY, MOVED, open_ledger
from tests.projects import MadeProject, make_project
from tests.report_sample import sample
from tests.ui.conftest import Open
from tests.ui.driver import Driver, Key
from tests.ui.test_compare import finish
from tests.ui.test_metrics_panel import listed, show_metrics
from tests.ui.test_window import in_dialog

ODD = "<b>Überlanger</b> Name & mehr 🚲 " + "x" * 80
ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def made(tmp_path: Path) -> MadeProject:
    """Thirty frames, of which 25 are decided; one class has a name that looks like a page of the web."""
    made = make_project(tmp_path, [MANY] * 30)
    ledger = open_ledger(made)
    for number in range(25):
        ledger.decide(number, changes=[MOVED])
    ledger.close()
    with Store.open(made.file) as store, store.reader() as reader:
        first = reader.classes()[0].id
        store.submit(Priority.OTHER, lambda writer: writer.rename_class(first, ODD)).result()
    return made


@pytest.fixture
def opened(open_window: Open, made: MadeProject) -> Driver:
    """A window on it."""
    driver = open_window(made)
    driver.window.activateWindow()
    return driver


def press(key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key where the keys are."""
    at = QApplication.focusWidget()
    assert at is not None
    QTest.keyClick(at, key, modifier)


# --- keys -------------------------------------------------------------------------------------------------------------
def test_f7_opens_the_metrics_and_closes_them_again(opened: Driver) -> None:
    panel = show_metrics(opened)
    assert panel.focus_target.hasFocus()
    press(Key.Key_F7)
    assert not panel.isVisible()
    assert opened.window.canvas.hasFocus()
    press(Key.Key_F7)
    assert panel.focus_target.hasFocus()
    press(Key.Key_Escape)
    press(Key.Key_F7)
    assert panel.focus_target.hasFocus(), "who looks at the image only wants the keys there"


def test_tab_goes_from_the_page_to_what_stands_on_it_and_enter_shows_frames(opened: Driver) -> None:
    panel = show_metrics(opened)
    document = sample()
    document["hypotheses"] = [document["hypotheses"][0] | {"frames": ["frame_7.jpg", "frame_3.jpg"]}]
    panel.show_document(document)
    opened.wait(lambda: panel.settled and panel.body.reasons[0].frames.isVisible())
    press(Key.Key_Tab)
    assert panel.body.reasons[0].frames.hasFocus()
    press(Key.Key_Tab)
    assert panel.body.breakdown.chooser.hasFocus()
    press(Key.Key_Backtab)
    press(Key.Key_Return)
    opened.wait(lambda: opened.shown[-1] == "frame_7.jpg")
    assert listed(opened) == ["frame_7.jpg", "frame_3.jpg"]
    assert opened.window.canvas.hasFocus()


def test_end_and_home_go_to_the_ends_of_the_page(opened: Driver) -> None:
    panel = show_metrics(opened)
    bar = panel._scroll.verticalScrollBar()
    opened.wait(lambda: bar.maximum() > 0)
    press(Key.Key_End)
    assert bar.value() == bar.maximum()
    press(Key.Key_Home)
    assert bar.value() == 0


def test_every_access_key_of_the_dialogs_leads_somewhere(opened: Driver) -> None:
    store = opened.session.store
    dialogs: list[Callable[[], QDialog]] = [
        lambda: CompareDialog(store, opened.window),
        lambda: HandOverDialog(store, labelled=5, parent=opened.window),
        lambda: MergeDialog(store, opened.window),
        lambda: MeasureReturnDialog(opened.window),
        lambda: SessionCard(may_be_silenced=True, parent=opened.window),
    ]
    for make in dialogs:
        dialog = make()
        for label in dialog.findChildren(QLabel):
            if "&" in label.text():
                buddy = label.buddy()
                assert buddy is not None, label.text()
                # A label passes its key on only to what takes the focus by itself.
                assert buddy.focusPolicy() is not Qt.FocusPolicy.NoFocus, label.text()
        dialog.deleteLater()


def test_alt_p_goes_to_the_file_of_the_sample(opened: Driver) -> None:
    def look(dialog: HandOverDialog) -> None:
        assert dialog.size_box.hasFocus()
        press(Key.Key_P, ALT)
        reached.append(dialog.target.field.hasFocus())
        dialog.reject()

    reached: list[bool] = []
    in_dialog(HandOverDialog, look)
    opened.window.actions_["tools.hand_over"].trigger()
    assert reached == [True]


def test_a_report_that_fails_takes_its_word_back_and_the_image_has_the_keys(
    opened: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(tmp_path / "nowhere" / "a.html"), ""))
    opened.window.queue_panel.setFocus()
    opened.window.actions_["tools.save_report"].trigger()
    opened.wait(lambda: "is not a folder" in opened.window.notice.text)
    assert opened.window.canvas.hasFocus()
    opened.wait(lambda: "Writing" not in opened.window.status.findChild(QLabel, "saidLabel").text())


# --- names ------------------------------------------------------------------------------------------------------------
def test_names_that_look_like_markup_are_shown_as_they_are(opened: Driver) -> None:
    panel = show_metrics(opened)
    index = panel.body.breakdown.model.index(0, 0)
    assert index.data() == ODD
    tip = index.data(Qt.ItemDataRole.ToolTipRole)
    assert tip.startswith("<qt>&lt;b&gt;Überlanger&lt;/b&gt; Name &amp; mehr")
    assert "<br>Edit rate" in tip
    assert index.data(Qt.ItemDataRole.AccessibleDescriptionRole).startswith(ODD)
    assert plain_tip("12% of 30 frames") == "12% of 30 frames"


def test_a_long_name_widens_neither_the_queue_nor_the_status_line(opened: Driver, qtbot: QtBot) -> None:
    panel, before = opened.window.queue_panel, opened.window.queue_panel.minimumSizeHint().width()
    panel.show_list(f"The model takes {ODD} for a truck", [int(opened.session.frames.ids[3])])
    chip = panel.filters.chip
    assert chip.text().endswith("(1)  ×")
    assert "&" not in chip.text().replace("&&", "")
    assert chip.sizeHint().width() < CHIP_WIDTH + 60
    assert panel.minimumSizeHint().width() <= max(before, panel.minimumWidth())
    drift = DriftChip()
    qtbot.addWidget(drift)
    drift.show_alarm({"class": "Tom & Jerry", "since": "a/b.jpg", "sentence": f"Since b.jpg {ODD} drifts."})
    assert "Tom && Jerry since b" in drift.button.text()
    assert "<b>" not in drift.button.toolTip()


# --- comparing --------------------------------------------------------------------------------------------------------
def test_a_project_is_not_compared_with_itself(opened: Driver) -> None:
    said: list[str] = []

    def look(dialog: CompareDialog) -> None:
        dialog.file.field.setText(str(opened.session.store.file))
        finish(dialog)
        said.append(dialog.said.text())
        dialog.reject()

    in_dialog(CompareDialog, look)
    opened.window.actions_["tools.compare_reviewers"].trigger()
    assert said == ["That is the project that is open; choose the file of the other reviewer."]


# --- small screens ----------------------------------------------------------------------------------------------------
def test_the_window_fits_a_screen_of_720_by_450_with_the_metrics_open(
    open_window: Open, made: MadeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 1440 by 900 at twice the size.
    monkeypatch.setattr(window_layout, "room", lambda _window: window_layout.QSize(720, 405))
    driver = open_window(made)
    show_metrics(driver)
    driver.window.resize(720, 440)
    assert driver.window.width() <= 720
    assert driver.window.height() <= 440
    objects = driver.window.objects_panel.parentWidget()
    assert isinstance(objects, QDockWidget)
    tabs = {dock.windowTitle() for dock in driver.window.tabifiedDockWidgets(objects)}
    assert {"Classes", "Metrics"} <= tabs


def test_a_dialog_with_a_result_grows_no_larger_than_the_screen(opened: Driver) -> None:
    dialog = CompareDialog(opened.session.store, opened.window)
    dialog._tables.show()
    room = dialog.screen().availableSize()
    dialog.make_room(10 * room.height(), wide=10 * room.width())
    assert dialog.height() <= room.height()
    assert dialog.width() <= room.width()
    least = dialog.minimumSizeHint()
    assert least.height() <= 405
    assert dialog.minimumWidth() <= 648
    dialog.deleteLater()


# --- words ------------------------------------------------------------------------------------------------------------
def document(**parts: dict[str, Any]) -> dict[str, Any]:
    """Return the sample report with some figures changed."""
    found = sample()
    for key, changed in parts.items():
        found[key] = found[key] | changed
    return found


def test_the_two_estimates_of_the_folder_bear_different_names() -> None:
    stream = {"edit_rate": 0.1, "edit_rate_interval": [0.05, 0.2], "frames": 30}
    whole = {"edit_rate": 0.2, "edit_rate_interval": [0.1, 0.3]}
    drawn = whole_folder(document(estimates={"stream": stream, "whole": whole, "left": {"candidates": 9}}))
    assert drawn == ("10%", "frames drawn at random", "5.0% to 20%, 30 frames for the whole folder")
    # With nothing left there is nothing to estimate.
    known = whole_folder(document(estimates={"stream": stream, "whole": whole, "left": {"candidates": 0}}))
    assert known == ("20%", "whole folder (estimate)", "10% to 30%, no candidate is left")


def test_blind_frames_say_whether_the_review_leans_on_the_model() -> None:
    blind = {
        "frames": 1,
        "miss_rate": 0.3,
        "miss_rate_interval": [0.2, 0.4],
        "review_miss_rate": 0.1,
        "leaning_missed_interval": [0.05, 0.3],
    }
    said = blind_text(document(blind=blind))
    assert said.startswith("1 frame labelled blind: the model misses 30% of the objects (20% to 40%). ")
    assert said.endswith("you added 10%: objects that it misses seem to pass your review.")
    said = blind_text(document(blind=blind | {"leaning_missed_interval": [-0.1, 0.3]}))
    assert said.endswith("no sign so far that what it misses passes your review.")


def test_names_in_sentences_stand_in_quotation_marks() -> None:
    assert quoted("The model mistakes `cat` for `big dog`.") == "The model mistakes “cat” for “big dog”."
    assert quoted("A lone ` stays.") == "A lone ` stays."


def test_one_is_not_many(qtbot: QtBot) -> None:
    assert nodding_text(document(nodding={"frames": 1, "marked": 0})) == "The one accept took long enough for a look."
    settings = SettingsDialog(Settings(check_every=1))
    qtbot.addWidget(settings)
    assert settings._checks.text() == "once in 1 decision"
    settings._checks.setValue(2)
    assert settings._checks.text() == "once in 2 decisions"
    rows = Breakdown()
    qtbot.addWidget(rows)
    row = sample()["by_session"][0] | {"candidates_shown": 1, "frames_decided": 1}
    rows.model.show_rows(next(group for group in GROUPS if group.key == "by_session"), [row])
    tip = rows.model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "of 1 candidate\n" in tip
    assert "\n1 frame, " in tip


def test_a_session_without_a_cause_is_not_one_with_too_few_data(qtbot: QtBot) -> None:
    card = SessionCard(may_be_silenced=False)
    qtbot.addWidget(card)
    figures = sample() | {"hypotheses": [], "session": "a", "round": 1, "figures": {}, "hypothesis_notes": []}
    card.show_figures(figures)
    assert card.texts[2] == NO_CAUSE
    few = SessionCard(may_be_silenced=False)
    qtbot.addWidget(few)
    estimates = figures["estimates"] | {"so_far": figures["estimates"]["so_far"] | {"frames": 3}}
    few.show_figures(figures | {"estimates": estimates})
    assert few.texts[2] == TOO_FEW

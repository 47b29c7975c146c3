"""The metrics in the real window: worked out off the GUI thread, shown, followed, left by key."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDockWidget, QWidget
from pytestqt.qtbot import QtBot

from autoanno_gui.review.metrics_report import full_report
from autoanno_gui.ui import theme
from autoanno_gui.ui.panels.metrics import LEAST_WIDTH, MetricsPanel
from autoanno_gui.ui.panels.metrics_body import NODS
from autoanno_gui.ui.panels.metrics_charts import ChartView, spoken
from autoanno_gui.ui.theme import ThemeName
from tests.metrics_kit import DELETED, MANY, MOVED, open_ledger
from tests.projects import USUAL, MadeProject, make_project
from tests.report_sample import sample
from tests.ui.conftest import Open
from tests.ui.driver import Driver, Key

FRAMES = 40


def reviewed(folder: Path) -> MadeProject:
    """Make forty frames of which the first 25 are decided: on each one of eight candidates was moved, on the first
    also one deleted; three were accepted in no time."""
    made = make_project(folder, [MANY] * FRAMES)
    ledger = open_ledger(made)
    for number in range(25):
        nod = number in (20, 21, 22)
        changes = [] if nod else [MOVED, DELETED][: 2 if number == 0 else 1]
        ledger.decide(number, changes=changes, seconds=0.3 if nod else 4.0)
    ledger.close()
    return made


@pytest.fixture
def opened(open_window: Open, tmp_path: Path) -> Driver:
    """A window on a project that is reviewed in part."""
    driver = open_window(reviewed(tmp_path))
    driver.window.activateWindow()
    return driver


def show_metrics(driver: Driver) -> MetricsPanel:
    """Press the key of the panel, and wait for its figures."""
    driver.key(Key.Key_F7)
    panel = driver.window.metrics_panel
    driver.wait(panel.isVisible)
    settle(driver)
    return panel


def settle(driver: Driver) -> None:
    panel = driver.window.metrics_panel
    driver.wait(lambda: not driver.window.metrics.busy and panel.settled and "state" not in panel.texts)


def listed(driver: Driver) -> list[str]:
    model = driver.window.queue_panel.table.model()
    return [model.index(row, 1).data() for row in range(model.rowCount())]


# --- the dock ---------------------------------------------------------------------------------------------------------
def test_it_is_closed_until_somebody_asks_for_it_and_nothing_is_worked_out(opened: Driver) -> None:
    panel = opened.window.metrics_panel
    assert not panel.isVisible()
    assert panel.texts == {"state": "No figures yet."}
    show_metrics(opened)
    dock = panel.parentWidget()
    assert isinstance(dock, QDockWidget)
    assert dock.windowTitle() == "Metrics"
    tabs = opened.window.tabifiedDockWidgets(dock)
    assert {each.windowTitle() for each in tabs} >= {"Classes"}
    assert panel.focus_target.hasFocus()


def test_without_a_project_there_is_nothing_to_show(open_window: Open) -> None:
    driver = open_window(arguments=[])
    assert not driver.window.actions_["view.metrics"].isEnabled()
    assert not driver.window.actions_["review.end_session"].isEnabled()


def test_esc_gives_the_keys_back_and_f6_brings_them(opened: Driver) -> None:
    panel = show_metrics(opened)
    QTest.keyClick(panel.focus_target, Key.Key_Escape)
    opened.wait(opened.window.canvas.hasFocus)
    for _ in range(8):
        QTest.keyClick(opened.window.focusWidget(), Key.Key_F6)
        if panel.focus_target.hasFocus():
            break
    else:
        pytest.fail("F6 never came to the metrics")
    panel.body.breakdown.table.setFocus()
    QTest.keyClick(panel.body.breakdown.table, Key.Key_Escape)
    opened.wait(opened.window.canvas.hasFocus)


def test_space_turns_a_page_and_decides_no_frame(opened: Driver) -> None:
    panel = show_metrics(opened)
    bar = panel._scroll.verticalScrollBar()
    opened.wait(lambda: bar.maximum() > 0)
    assert bar.value() == 0
    QTest.keyClick(panel.focus_target, Key.Key_Space)
    assert bar.value() > 0
    assert opened.frame == "frame_25.jpg"
    assert len(opened.shown) == 1


# --- what it shows ----------------------------------------------------------------------------------------------------
def test_it_shows_the_figures_of_the_ledger(opened: Driver) -> None:
    panel = show_metrics(opened)
    # 22 moved and 1 deleted of 25 frames' 8 candidates: 23 of 200.
    assert panel.body.so_far.texts[:2] == ("12%", "so far, hard frames first")
    assert panel.body.so_far.texts[2].endswith("200 candidates")
    assert panel.body.whole.texts[1] == "whole folder (estimate)"
    assert panel.body.whole.texts[2].endswith("by what is left")
    figures = {name: (value, rest) for name, value, rest in panel.body.figures.texts}
    assert figures["Seconds a frame"] == ("4.0 s", "90% within 4.0\N{NO-BREAK SPACE}s")
    assert figures["Missed by the model"][0] == "0%"
    assert figures["Frames an hour"][1] == "25 of 40 frames"
    assert panel.texts["nodding"] == "3 of 3 accepts came faster than the frame can be looked at."
    assert panel.texts["stop"].startswith("15 frames left.")
    assert panel.texts["balance"].startswith("15 undecided.")


def test_too_few_frames_give_no_wild_numbers(driver: Driver) -> None:
    driver.decide(Key.Key_Space)
    panel = show_metrics(driver)
    few = "A rate needs 20 frames; this folder has 3"
    assert panel.body.so_far.texts == ("–", "so far, hard frames first", few)
    assert panel.body.whole.texts[0] == "–"
    assert {value for _, value, _ in panel.body.figures.texts} == {"–"}
    assert panel.texts["why"] == few
    assert not any(reason.isVisible() for reason in panel.body.reasons)


def test_the_breakdown_has_a_table_for_each_kind_of_group(opened: Driver) -> None:
    panel = show_metrics(opened)
    # The first candidate of each frame is a cat, the second a dog; four of each on 25 frames.
    assert [(name, rate, of) for name, rate, _, of in panel.body.breakdown.texts] == [
        ("cat", "22%", "100"),
        ("dog", "1.0%", "100"),
    ]
    seen = {}
    for at in range(panel.body.breakdown.chooser.count()):
        panel.body.breakdown.chooser.setCurrentIndex(at)
        seen[panel.body.breakdown.chooser.currentText()] = panel.body.breakdown.texts
    assert [row[0] for row in seen["By round"]] == ["Round 1"]
    assert [row[0] for row in seen["By place in the queue"]] == ["Borderline"]
    assert [row[0] for row in seen["By model"]] == ["test.pt"]
    assert all(rows for rows in seen.values())


def test_a_second_look_lists_the_frames_with_the_reason(opened: Driver) -> None:
    panel = show_metrics(opened)
    assert panel.body.second_look.text() == "Second Look (3)"
    panel.body.second_look.setFocus()
    QTest.keyClick(panel.body.second_look, Key.Key_Space)
    opened.wait(lambda: opened.shown[-1] == "frame_22.jpg")
    assert listed(opened) == ["frame_22.jpg", "frame_21.jpg", "frame_20.jpg"]
    assert opened.window.queue_panel.filters.chip.text() == f"{NODS} (3)  ×"
    row = opened.window.queue_panel._model.row_at(0)
    assert row is not None
    assert row.said == "0.3 s for 8 objects"


def test_a_reason_shows_its_frames_in_the_queue(opened: Driver) -> None:
    panel = show_metrics(opened)
    document = sample()
    document["hypotheses"][0]["frames"] = ["frame_7.jpg", "frame_3.jpg", "gone.jpg"]
    panel.show_document(document)
    opened.wait(lambda: panel.settled)
    first = panel.body.reasons[0]
    assert first.texts[0] == "The model takes a bus for a truck."
    assert first.texts[3] == "31% of the corrections"
    QTest.mouseClick(first.frames, Qt.MouseButton.LeftButton)
    opened.wait(lambda: opened.shown[-1] == "frame_7.jpg")
    assert listed(opened) == ["frame_7.jpg", "frame_3.jpg"]


def test_the_reviewers_own_hypotheses_come_back(opened: Driver) -> None:
    panel = show_metrics(opened)
    panel.show_document(sample())
    opened.wait(lambda: panel.settled)
    assert panel.texts["noted"] == "“I think it is the fog.”: 15% then, 9.0% now, better."


# --- following --------------------------------------------------------------------------------------------------------
def test_decisions_and_undo_are_followed(opened: Driver) -> None:
    panel = show_metrics(opened)
    opened.window.review(lambda presenter: presenter.open_frame(id_of(opened, "frame_30.jpg")))
    opened.wait(lambda: opened.shown[-1] == "frame_30.jpg")
    opened.decide(Key.Key_Space)
    opened.wait(lambda: ("Frames an hour", "26 of 40 frames") in [(a, c) for a, _, c in panel.body.figures.texts])
    opened.decide(Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    opened.wait(lambda: ("Frames an hour", "25 of 40 frames") in [(a, c) for a, _, c in panel.body.figures.texts])
    settle(opened)
    with opened.reader() as reader:
        assert panel.document == full_report(reader)


def id_of(driver: Driver, path: str) -> int:
    return next(frame.id for frame in driver.session.frames if frame.path == path)


def test_renamed_classes_are_shown_by_their_new_name(opened: Driver) -> None:
    panel = show_metrics(opened)
    cat = next(one.id for one in opened.session.classes.values() if one.name == "cat")
    presenter = opened.window.presenter
    assert presenter is not None
    presenter.classes.rename(cat, "tiger")
    opened.wait(lambda: [row[0] for row in panel.body.breakdown.texts] == ["tiger", "dog"])


def test_nothing_is_worked_out_for_a_panel_that_nobody_sees(opened: Driver) -> None:
    for _ in range(3):
        opened.decide(Key.Key_Space)
    assert not opened.window.metrics.busy
    assert opened.window.metrics_panel.texts == {"state": "No figures yet."}
    assert opened.window.metrics.decided == 3


def test_behind_a_tab_it_rests_and_comes_up_to_date_when_it_is_raised(opened: Driver) -> None:
    panel = show_metrics(opened)
    classes, dock = opened.window.classes_panel.parentWidget(), panel.parentWidget()
    assert isinstance(classes, QDockWidget)
    assert isinstance(dock, QDockWidget)
    classes.raise_()
    opened.wait(lambda: not panel.in_sight)
    opened.decide(Key.Key_Space)
    assert not opened.window.metrics.busy
    dock.raise_()
    opened.wait(lambda: ("Frames an hour", "26 of 40 frames") in [(a, c) for a, _, c in panel.body.figures.texts])


def test_another_project_begins_with_nothing_and_closing_ends_the_thread(opened: Driver, tmp_path: Path) -> None:
    panel = show_metrics(opened)
    other = make_project(tmp_path, [USUAL] * 2, name="other")
    before = len(opened.shown)
    opened.window.metrics.refresh()
    opened.window.open_folder(other.folder, project_file=other.file)
    opened.wait_for_frame(before)
    settle(opened)
    assert ("Frames an hour", "–", "0 of 2 frames") in panel.body.figures.texts
    opened.window.metrics.refresh()
    assert opened.window.metrics.busy
    opened.close()
    assert not opened.window.metrics.busy


def test_the_figures_are_worked_out_off_the_gui_thread(opened: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    from autoanno_gui.review import metrics_keeper

    threads: list[int] = []
    real = metrics_keeper.full_report

    def noted(*args: object, **how: object) -> object:
        threads.append(threading.get_ident())
        return real(*args, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(metrics_keeper, "full_report", noted)
    show_metrics(opened)
    assert threads
    assert threading.get_ident() not in threads


# --- the look ---------------------------------------------------------------------------------------------------------
def test_charts_follow_width_and_theme(qtbot: QtBot) -> None:
    drawn: list[tuple[str, float]] = []

    def draw(palette: object, size: tuple[float, float]) -> str:
        drawn.append((palette.ink, size[0]))  # type: ignore[attr-defined]
        return f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]}" height="9"><title>a &lt; b</title></svg>'

    view = ChartView(60)
    qtbot.addWidget(view)
    view.resize(300, 60)
    view.show_chart(draw)
    before = theme.current_theme()
    try:
        for name, width in (
            (ThemeName.DARK, 300),
            (ThemeName.DARK, 300),
            (ThemeName.LIGHT, 300),
            (ThemeName.LIGHT, 420),
        ):
            theme.apply_choice(name.value)
            view.resize(width, 60)
            view.grab()
    finally:
        theme.apply_choice(before.value)
    dark, light = theme.THEMES[ThemeName.DARK].text, theme.THEMES[ThemeName.LIGHT].text
    assert drawn == [(dark, 300.0), (light, 300.0), (light, 420.0)]
    assert view.accessibleName() == "a < b"


def test_what_a_chart_says_is_read_from_its_title() -> None:
    assert spoken('<svg aria-label="x"><title>Tom &amp; 3 &gt; 2</title></svg>') == "Tom & 3 > 2"
    assert spoken("<svg></svg>") == ""


@pytest.mark.parametrize("width", [LEAST_WIDTH, 350, 700])
def test_nothing_is_cut_off_at_the_side(qtbot: QtBot, width: int) -> None:
    panel = MetricsPanel()
    qtbot.addWidget(panel)
    panel.resize(width, 700)
    panel.show()
    panel.show_document(sample())
    qtbot.waitUntil(lambda: panel.settled)
    inside = panel._scroll.widget()
    qtbot.waitUntil(lambda: inside.width() <= panel._scroll.viewport().width())
    for child in inside.findChildren(QWidget):
        if child.isVisible() and child.window() is panel:
            right = child.mapTo(inside, child.rect().topRight()).x()
            assert right <= inside.width(), (child.objectName(), child.accessibleName())

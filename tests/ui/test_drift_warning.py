"""The warning of drift in the real window: seen in a real ledger, said once, taken away, back only with a new alarm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from autoanno_gui.ui import metrics_controller
from autoanno_gui.ui.panels.drift_chip import chip_text
from tests.metrics_kit import MANY, MOVED, drifting_project, open_ledger
from tests.projects import MadeProject, make_project
from tests.ui.conftest import Open
from tests.ui.driver import Driver, Key

SINCE = "Drift: edit rate since frame_90"


@pytest.fixture
def drifting(tmp_path: Path) -> MadeProject:
    """A project on which the edit rate rose from one in eight to five in eight at its 91st frame."""
    return drifting_project(tmp_path)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for drift as soon as a project is open."""
    monkeypatch.setattr(metrics_controller, "FIRST_WATCH_MS", 0)


def open_and_watch(open_window: Open, made: MadeProject) -> Driver:
    driver = open_window(made)
    driver.wait(lambda: watched(driver))
    return driver


def watched(driver: Driver) -> bool:
    """Whether the ledger was looked through."""
    return not driver.window.metrics.busy and driver.window.metrics.watches > 0


def chip_of(driver: Driver):  # type: ignore[no-untyped-def]  # noqa: ANN201
    return driver.window.status.drift


def look_again(driver: Driver) -> None:
    before = driver.window.metrics.watches
    driver.window.metrics.watch()
    driver.wait(lambda: driver.window.metrics.watches > before)


@pytest.mark.usefixtures("at_once")
def test_drift_in_the_ledger_is_told_with_a_sign_in_words_and_once(open_window: Open, drifting: MadeProject) -> None:
    said: list[str] = []
    driver = open_window(drifting)
    say = driver.window.status.say
    driver.window.status.say = lambda text: (said.append(text), say(text))  # type: ignore[method-assign,func-returns-value,assign]
    driver.wait(chip_of(driver).isVisible)
    assert chip_of(driver).button.text() == f"⚠ {SINCE}"
    alarm = driver.window.drift.alarm
    assert alarm is not None
    assert chip_of(driver).button.accessibleName() == f"Drift warning: {alarm['sentence']}"
    assert said == [alarm["sentence"]]
    look_again(driver)
    assert chip_of(driver).isVisible()
    assert said == [alarm["sentence"]], "it is told once"
    assert not driver.window.metrics_panel.isVisible(), "no panel opens by itself"
    assert driver.window.focusWidget() is driver.window.canvas


@pytest.mark.usefixtures("at_once")
def test_the_chip_opens_the_panel_at_the_chart(open_window: Open, drifting: MadeProject) -> None:
    driver = open_and_watch(open_window, drifting)
    QTest.mouseClick(chip_of(driver).button, Qt.MouseButton.LeftButton)
    panel = driver.window.metrics_panel
    driver.wait(lambda: panel.isVisible() and panel.settled and "drift" in panel.texts)
    alarm = driver.window.drift.alarm
    assert alarm is not None
    assert panel.texts["drift"] == alarm["sentence"]
    section = panel.body.drift_section
    driver.wait(lambda: 0 <= section.mapTo(panel, section.rect().topLeft()).y() < 40)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("way", ["chip", "panel"])
def test_it_is_taken_away_until_there_is_a_new_alarm(open_window: Open, drifting: MadeProject, way: str) -> None:
    driver = open_and_watch(open_window, drifting)
    alarm = dict(driver.window.drift.alarm or {})
    if way == "chip":
        QTest.mouseClick(chip_of(driver).close_button, Qt.MouseButton.LeftButton)
    else:
        driver.key(Key.Key_F7)
        panel = driver.window.metrics_panel
        driver.wait(lambda: panel.settled and panel.body.isVisible())
        panel.body.drift_read.setFocus()
        QTest.keyClick(panel.body.drift_read, Key.Key_Space)
        assert not panel.body.drift_read.isVisible()
    assert not chip_of(driver).isVisible()
    look_again(driver)
    assert not chip_of(driver).isVisible()
    driver.close()
    again = open_and_watch(open_window, drifting)
    assert not chip_of(again).isVisible(), "the project remembers"
    new = {"watching": True, "alarm": alarm | {"class": "cat", "since": "clip/frame_0412.png", "since_number": 400}}
    again.window.metrics.drift_watched.emit(new)
    assert chip_of(again).isVisible()
    assert chip_of(again).button.text() == "⚠ Drift: cat since frame_0412"
    again.window.metrics.drift_watched.emit(new | {"alarm": None})
    assert not chip_of(again).isVisible(), "with a new model it starts afresh"


@pytest.mark.usefixtures("at_once")
def test_a_steady_model_and_another_project_are_not_warned_of(
    open_window: Open, drifting: MadeProject, tmp_path: Path
) -> None:
    steady = make_project(tmp_path, [MANY] * 100, name="steady")
    ledger = open_ledger(steady)
    for number in range(100):
        ledger.decide(number, changes=[MOVED])
    ledger.close()
    driver = open_and_watch(open_window, drifting)
    assert chip_of(driver).isVisible()
    before = len(driver.shown)
    driver.window.open_folder(steady.folder, project_file=steady.file)
    driver.wait_for_frame(before)
    assert not chip_of(driver).isVisible()
    driver.wait(lambda: watched(driver))
    assert not chip_of(driver).isVisible()


def test_the_ledger_is_looked_through_once_in_ten_decisions(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(make_project(tmp_path, [MANY] * 30))
    metrics = driver.window.metrics
    for _ in range(9):
        driver.decide(Key.Key_Space)
    assert not metrics.busy
    assert metrics.watches == 0
    driver.decide(Key.Key_Space)
    driver.wait(lambda: metrics.watches == 1)
    for _ in range(9):
        driver.decide(Key.Key_Space)
    assert metrics.watches == 1
    assert not metrics.busy


@pytest.mark.parametrize(
    ("class_name", "since", "text"),
    [
        (None, "frame_0412.jpg", "⚠ Drift: edit rate since frame_0412"),
        ("car", "day 2/a.b.png", "⚠ Drift: car since a.b"),
        ("car", "noending", "⚠ Drift: car since noending"),
    ],
)
def test_the_words_of_the_chip(class_name: str | None, since: str, text: str) -> None:
    alarm: dict[str, Any] = {"class": class_name, "since": since}
    assert chip_text(alarm) == text

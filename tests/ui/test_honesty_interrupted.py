"""Blind frames and planted checks when something comes in between: a held key, a closed window, a file that is gone."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from autoanno_gui.core.check_outcome import final_labels
from autoanno_gui.core.queue_settings import OrderName, QueueSettings
from autoanno_gui.core.records import FrameState, PresentationMode
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.queue_keeper import QUEUE_SETTING
from autoanno_gui.store.store_thread import Priority, Store
from tests.projects import USUAL, MadeProject, make_project
from tests.ui.conftest import Open
from tests.ui.driver import CTRL, Driver, Key

FRAMES = 110
SETTINGS = QueueSettings(order=OrderName.RANDOM, audit_every=4)
BOX = (230.0, 20.0), (300.0, 90.0)


@pytest.fixture
def made(tmp_path: Path) -> MadeProject:
    """A folder that is large enough for checks."""
    made = make_project(tmp_path, [USUAL] * FRAMES)
    with Store.open(made.file) as store:
        store.submit(Priority.OTHER, lambda w: w.set_setting(QUEUE_SETTING, SETTINGS.to_json())).result()
    return made


def open_blind(driver: Driver) -> str:
    """Open a frame that is labelled blind; return its path."""
    session = driver.session
    blind = next(frame for frame in session.frames if session.guards.is_blind(frame))
    assert driver.window.presenter is not None
    driver.window.presenter.open_frame(blind.id)
    driver.wait(lambda: driver.shown[-1] == blind.path and session.objects.enabled)
    return blind.path


def mode_of(driver: Driver) -> PresentationMode:
    assert driver.session.document is not None
    return driver.session.document.mode


def hold_space(driver: Driver, times: int) -> None:
    """Press Space and keep it down, as a keyboard repeats it."""
    canvas = driver.window.canvas
    for at in range(times):
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, Key.Key_Space, Qt.KeyboardModifier.NoModifier, " ", at > 0)
            QApplication.sendEvent(canvas, event)


def decisions_on(driver: Driver, path: str) -> list[PresentationMode]:
    with driver.reader() as reader:
        return [entry.decision.mode for entry in reader.decisions() if entry.path == path]


def go_to_check(driver: Driver) -> None:
    for _ in range(60):
        if driver.session.planted:
            return
        if mode_of(driver) is PresentationMode.BLIND:
            driver.drag(*BOX)
        driver.decide(Key.Key_Space)
    raise AssertionError("no check came")


def often_checked(open_window: Open, made: MadeProject) -> Driver:
    home = Path(os.environ["AUTOANNO_HOME"])
    home.mkdir(parents=True, exist_ok=True)
    (home / "settings.json").write_text(json.dumps({"check_every": 4}))
    return open_window(made)


def test_a_held_space_labels_a_blind_frame_and_no_more(open_window: Open, made: MadeProject) -> None:
    driver = open_window(made)
    path = open_blind(driver)
    driver.drag(*BOX)
    before = len(driver.shown)
    hold_space(driver, 10)
    driver.wait(lambda: len(driver.shown) > before)
    assert (driver.frame, mode_of(driver)) == (path, PresentationMode.SETTLE)
    driver.decide(Key.Key_Space)
    assert driver.frame != path
    assert decisions_on(driver, path) == [PresentationMode.BLIND, PresentationMode.SETTLE]


def test_a_window_that_is_closed_before_the_reveal_keeps_the_labels(open_window: Open, made: MadeProject) -> None:
    driver = open_window(made)
    path = open_blind(driver)
    driver.drag(*BOX)
    driver.key(Key.Key_Space)
    driver.close()
    again = open_window(made)
    assert decisions_on(again, path) == [PresentationMode.BLIND]
    frame = next(frame for frame in again.session.frames if frame.path == path)
    assert frame.state is FrameState.HAND_LABELLED
    assert again.window.presenter is not None
    again.window.presenter.open_frame(frame.id)
    again.wait(lambda: again.shown[-1] == path)
    assert mode_of(again) is PresentationMode.SETTLE
    assert again.roles()[Role.CONFIRMED] == 1


def test_a_file_that_goes_before_the_reveal_takes_no_label_along(open_window: Open, made: MadeProject) -> None:
    driver = open_window(made)
    path = open_blind(driver)
    driver.drag(*BOX)
    (made.folder / path).unlink()
    driver.decide(Key.Key_Space)
    assert mode_of(driver) is PresentationMode.SETTLE
    driver.key(Key.Key_Z, CTRL)
    assert driver.roles()[Role.CONFIRMED] == 1
    driver.decide(Key.Key_Space)
    with driver.reader() as reader:
        found = [final_labels(entry.decision.verdicts) for entry in reader.decisions() if entry.path == path]
    assert [len(labels) for labels in found] == [1, 1]


def test_closing_on_a_check_that_was_worked_on_leaves_its_frame_alone(open_window: Open, made: MadeProject) -> None:
    driver = often_checked(open_window, made)
    go_to_check(driver)
    path = driver.frame
    with driver.reader() as reader:
        before = [entry.decision for entry in reader.decisions() if entry.path == path]
    driver.key(Key.Key_X)
    driver.drag(*BOX)
    driver.close()
    again = open_window(made)
    frame = next(frame for frame in again.session.frames if frame.path == path)
    with again.reader() as reader:
        assert [entry.decision for entry in reader.decisions() if entry.path == path] == before
        assert reader.draft(frame.id) is None
    assert frame.state is before[-1].kind.state


def test_what_is_copied_on_a_check_cannot_be_pasted_behind_it(open_window: Open, made: MadeProject) -> None:
    driver = often_checked(open_window, made)
    go_to_check(driver)
    for key in (Key.Key_A, Key.Key_C):
        driver.key(key, CTRL)
    driver.decide(Key.Key_Space)
    assert not driver.session.planted
    assert driver.session.document is not None
    before = list(driver.session.document)
    driver.key(Key.Key_V, CTRL)
    assert list(driver.session.document) == before

"""Blind frames and planted checks under real keys: what the window shows of them, and what it must not show."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel

from autoanno_gui.core.queue_settings import OrderName, QueueSettings
from autoanno_gui.core.records import FrameState, PresentationMode
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.queue_keeper import QUEUE_SETTING
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.ui.panels.status import StatusLine
from tests.projects import USUAL, MadeProject, copy_of, make_project
from tests.ui.conftest import Open
from tests.ui.driver import CTRL, SHIFT, Driver, Key

FRAMES = 110
SETTINGS = QueueSettings(order=OrderName.RANDOM, audit_every=4)
BOX = (230.0, 20.0), (300.0, 90.0)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> MadeProject:
    """A folder that is large enough for checks."""
    made = make_project(tmp_path_factory.mktemp("many"), [USUAL] * FRAMES)
    with Store.open(made.file) as store:
        store.submit(Priority.OTHER, lambda w: w.set_setting(QUEUE_SETTING, SETTINGS.to_json())).result()
    return made


@pytest.fixture
def fresh(many: MadeProject, tmp_path: Path) -> MadeProject:
    return copy_of(many, tmp_path)


def texts(driver: Driver) -> str:
    """Return all that the labels of panels and status line say."""
    window = driver.window
    places = [window.objects_panel, window.threshold_panel, window.findChild(StatusLine)]
    return "\n".join(label.text() for place in places if place is not None for label in place.findChildren(QLabel))


def open_blind(driver: Driver) -> None:
    session = driver.session
    blind = next(frame for frame in session.frames if session.guards.is_blind(frame))
    assert driver.window.presenter is not None
    if session.frame is not blind:
        driver.window.presenter.open_frame(blind.id)
        driver.wait(lambda: driver.shown[-1] == blind.path)
    assert session.document is not None
    assert session.document.mode is PresentationMode.BLIND


def listed(driver: Driver) -> int:
    """Return how many rows the list of objects has."""
    return driver.window.objects_panel.list.model().rowCount()


def lies_over_the_image(driver: Driver) -> bool:
    """Whether anything is painted over the picture that the hide key takes away."""
    canvas = driver.window.canvas
    shown = canvas.viewport().grab().toImage()
    canvas.set_overlay_visible(False)
    bare = canvas.viewport().grab().toImage()
    canvas.set_overlay_visible(True)
    return shown != bare


def test_a_blind_frame_is_labelled_revealed_and_settled_with_three_keys(open_window: Open, fresh: MadeProject) -> None:
    driver = open_window(fresh)
    open_blind(driver)
    path = driver.frame
    assert (listed(driver), lies_over_the_image(driver)) == (0, False)
    assert "0 proposed · 0 confirmed" in " ".join(texts(driver).split())
    assert "0 here" in texts(driver)
    driver.key(Key.Key_G)
    driver.key(Key.Key_Return)
    driver.key(Key.Key_Minus)
    assert driver.roles() == {}
    assert (listed(driver), lies_over_the_image(driver)) == (0, False)
    driver.key(Key.Key_Equal)
    driver.drag(*BOX)
    driver.decide(Key.Key_Space)
    assert driver.frame == path
    assert driver.roles() == {Role.CONFIRMED: 1, Role.GHOST: 3}
    assert (listed(driver), lies_over_the_image(driver)) == (4, True)
    driver.key(Key.Key_Return)
    assert driver.roles() == {Role.CONFIRMED: 2, Role.GHOST: 2}
    driver.decide(Key.Key_Space)
    assert driver.frame != path
    with driver.reader() as reader:
        modes = [entry.decision.mode for entry in reader.decisions() if entry.path == path]
    assert modes == [PresentationMode.BLIND, PresentationMode.SETTLE]


def test_ctrl_z_stops_at_the_reveal(open_window: Open, fresh: MadeProject) -> None:
    driver = open_window(fresh)
    driver.decide(Key.Key_X, SHIFT)
    open_blind(driver)
    driver.drag(*BOX)
    driver.decide(Key.Key_Space)
    for _ in range(3):
        driver.key(Key.Key_Z, CTRL)
    assert driver.session.document is not None
    assert driver.session.document.mode is PresentationMode.SETTLE
    assert driver.session.frames.count(FrameState.REJECTED) == 1


def test_without_checks_every_frame_shows_its_proposals(open_window: Open, fresh: MadeProject) -> None:
    driver = open_window(arguments=[str(fresh.folder), "--project", str(fresh.file), "--checks", "off"])
    driver.wait_for_frame(0)
    assert not driver.session.guards.hidden().any()
    assert not any(driver.session.guards.is_blind(frame) for frame in driver.session.frames)


def test_a_check_looks_like_any_frame_and_tells_at_once(open_window: Open, fresh: MadeProject) -> None:
    home = Path(os.environ["AUTOANNO_HOME"])
    home.mkdir(parents=True, exist_ok=True)
    (home / "settings.json").write_text(json.dumps({"check_every": 4}))
    driver = open_window(fresh)
    for _ in range(60):
        if driver.session.planted:
            break
        document = driver.session.document
        assert document is not None
        if document.mode is PresentationMode.BLIND:
            driver.drag(*BOX)
        driver.decide(Key.Key_Space)
    assert driver.session.planted
    selected = driver.window.queue_panel.table.currentIndex().row()
    marked = driver.session.queue.at(selected)
    assert marked.id == driver.session.listed_id
    assert marked.state is FrameState.UNDECIDED
    before = driver.session.frames.count(FrameState.ACCEPTED)
    driver.decide(Key.Key_Space)
    assert "That was a check" in texts(driver)
    assert driver.frame == marked.path
    assert driver.session.frames.count(FrameState.ACCEPTED) == before

"""A list of frames in the queue panel: only these, in their order, whatever was decided on them; quick at 100,000."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from autoanno_gui.core.queue_filter import QueueFilter
from autoanno_gui.core.records import Frame, FrameState
from autoanno_gui.ui.panels.queue import QueuePanel
from autoanno_gui.ui.panels.queue_popup import Narrowing
from tests.projects import USUAL, MadeProject, make_project
from tests.ui.driver import Driver, Key


@pytest.fixture
def made(tmp_path: Path) -> MadeProject:
    """Six frames with the usual proposals."""
    return make_project(tmp_path, [USUAL] * 6)


def panel_of(driver: Driver) -> QueuePanel:
    return driver.window.queue_panel


def listed(driver: Driver) -> list[str]:
    model = panel_of(driver).table.model()
    return [model.index(row, 1).data() for row in range(model.rowCount())]


def ids(driver: Driver, *numbers: int) -> list[int]:
    of_name = {frame.path: frame.id for frame in driver.session.frames}
    return [of_name[f"frame_{number}.jpg"] for number in numbers]


def show(driver: Driver, *numbers: int) -> None:
    panel_of(driver).show_list("Disagreements", ids(driver, *numbers))
    driver.wait(lambda: driver.shown[-1] == f"frame_{numbers[0]}.jpg")


def test_keys_go_through_the_list_in_its_order_whatever_was_decided(driver: Driver) -> None:
    for _ in range(4):
        driver.decide(Key.Key_Space)
    show(driver, 4, 0, 2)
    assert listed(driver) == ["frame_4.jpg", "frame_0.jpg", "frame_2.jpg"]
    assert panel_of(driver).filters.chip.text() == "Disagreements (3)  ×"
    visited = [driver.frame]
    for _ in range(2):
        driver.decide(Key.Key_Space)
        visited.append(driver.frame)
    assert visited == ["frame_4.jpg", "frame_0.jpg", "frame_2.jpg"]
    assert listed(driver) == visited, "what was settled keeps its row"
    driver.decide(Key.Key_Space)
    assert driver.frame == "frame_5.jpg", "after the last of them the queue goes on"


def test_walking_stays_in_the_list(driver: Driver) -> None:
    show(driver, 5, 1)
    driver.decide(Key.Key_D)
    assert driver.frame == "frame_1.jpg"
    driver.key(Key.Key_D)
    assert driver.frame == "frame_1.jpg"
    driver.decide(Key.Key_A)
    assert driver.frame == "frame_5.jpg"
    assert driver.session.look_ahead(count=1)[0] == ids(driver, 1)[0]


def test_from_a_frame_that_is_not_listed_the_keys_lead_into_the_list(driver: Driver) -> None:
    show(driver, 2, 3)
    before = len(driver.shown)
    driver.window.review(lambda presenter: presenter.open_frame(ids(driver, 0)[0]))
    driver.wait_for_frame(before)
    driver.decide(Key.Key_Space)
    assert driver.frame == "frame_2.jpg"


def test_the_chip_is_pressed_by_keys_and_shows_all_again(driver: Driver) -> None:
    driver.window.activateWindow()
    show(driver, 1, 4)
    chip = panel_of(driver).filters.chip
    assert chip.isVisible()
    chip.setFocus()
    driver.wait(chip.hasFocus)
    QTest.keyClick(chip, Key.Key_Space)
    assert len(listed(driver)) == 6
    assert not chip.isVisible()
    assert driver.window.focusWidget() is driver.window.canvas
    assert driver.frame == "frame_1.jpg", "the key that left the list decided nothing"
    driver.decide(Key.Key_D)
    assert driver.frame == "frame_2.jpg"


def test_rows_say_why_a_frame_is_listed(driver: Driver) -> None:
    driver.decide(Key.Key_Space)
    panel = panel_of(driver)
    (first,) = ids(driver, 0)
    panel.show_list("Looked at too briefly", [first], words={first: "0.4 s for 2 objects"})
    row = panel._model.row_at(0)
    assert row is not None
    assert row.said == "0.4 s for 2 objects"
    assert not row.is_quiet
    assert "0.4 s for 2 objects" in panel._model.index(0, 1).data(Qt.ItemDataRole.ToolTipRole)
    panel.clear_list()
    row = panel._model.row_at(0)
    assert row is not None
    assert row.said == "accepted"


def test_other_filters_open_for_the_list_and_work_inside_it(driver: Driver) -> None:
    driver.decide(Key.Key_Space)
    panel = panel_of(driver)
    panel.filters.narrow(Narrowing(QueueFilter(low=0.9)))
    panel._search.setText("frame_5")
    panel.toggle_filter("undecided")
    show(driver, 0, 2)
    assert (panel._search.text(), panel.filters.key, panel.filters.narrowing) == ("", "all", Narrowing())
    assert listed(driver) == ["frame_0.jpg", "frame_2.jpg"]
    panel._search.setText("frame_2")
    assert listed(driver) == ["frame_2.jpg"]
    panel._search.clear()
    assert listed(driver) == ["frame_0.jpg", "frame_2.jpg"]


def test_an_empty_list_changes_nothing(driver: Driver) -> None:
    said: list[str] = []
    panel_of(driver).said.connect(said.append)
    panel_of(driver).show_list("Disagreements", [10_000, -1])
    assert said == ["No frame is under “Disagreements”."]
    assert len(listed(driver)) == 6
    assert not panel_of(driver).filters.chip.isVisible()


def test_the_list_holds_its_frames_when_others_come_before_them(driver: Driver) -> None:
    show(driver, 3, 1)
    here = list(driver.session.frames)
    new = Frame(10_000, "a_new_one.jpg")
    driver.session.take_frames([new], order=[new.id, *[frame.id for frame in here]])
    panel_of(driver).refresh_all()
    assert listed(driver) == ["frame_3.jpg", "frame_1.jpg"]
    driver.decide(Key.Key_D)
    assert driver.frame == "frame_1.jpg"


def test_another_project_starts_without_a_list(driver: Driver, tmp_path: Path) -> None:
    show(driver, 3, 1)
    other = make_project(tmp_path, [USUAL] * 2, name="other")
    before = len(driver.shown)
    driver.window.open_folder(other.folder, project_file=other.file)
    driver.wait_for_frame(before)
    driver.wait(lambda: len(listed(driver)) == 2)
    assert not panel_of(driver).filters.chip.isVisible()


def test_a_long_list_in_a_long_queue_stalls_nothing(driver: Driver) -> None:
    frames = [
        Frame(1000 + at, f"clip_{at // 500}/frame_{at:06d}.jpg", state=FrameState.ACCEPTED, run_frame_id=at)
        for at in range(100_000)
    ]
    driver.session.take_frames(frames)
    panel = panel_of(driver)
    panel.refresh_all()
    wanted = np.arange(1000, 101_000, dtype=np.int64)[::-1].copy()
    panel.frame_chosen.disconnect()  # what opening a frame takes is the canvas's affair
    dearest = {"show": 1.0, "follow": 1.0, "clear": 1.0}
    for _ in range(6):
        for name, act in (
            ("show", lambda: panel.show_list("All", wanted)),
            ("follow", panel.refresh_order),
            ("clear", panel.clear_list),
        ):
            begun = time.thread_time()
            act()
            dearest[name] = min(dearest[name], time.thread_time() - begun)
        assert panel.table.model().rowCount() > 100_000
    assert {name: taken for name, taken in dearest.items() if taken > 0.005} == {}

"""What must stay quick however many frames there are, and right for all that."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from autoanno_gui.core.queue import QueueReason
from autoanno_gui.core.records import Frame
from autoanno_gui.ui.panels.queue_popup import Narrowing
from autoanno_gui.ui.prefetch import LoadedFrame, Prefetcher
from tests.projects import USUAL, MadeProject, draw_frames, make_project
from tests.ui.conftest import Open
from tests.ui.driver import Driver

NAMES = ("Äpfel.jpg", "birne_1.jpg", "sub/BIRNE_2.jpg", "sub/Quitte.jpg", "x/äpfel 2.jpg")


def listed(driver: Driver) -> list[str]:
    model = driver.window.queue_panel.table.model()
    return [model.index(row, 1).data() for row in range(model.rowCount())]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("äpfel", ["x/äpfel 2.jpg", "Äpfel.jpg"]),
        ("ÄPFEL 2", ["x/äpfel 2.jpg"]),
        ("birne_", ["birne_1.jpg", "sub/BIRNE_2.jpg"]),
        ("sub/q", ["sub/Quitte.jpg"]),
        ("jpgbirne", []),
        ("a name longer than any of them, and than all of them together, if one writes them one after the other", []),
    ],
)
def test_search_finds_names_whatever_their_case(tmp_path: Path, open_window: Open, text: str, found: list[str]) -> None:
    draw_frames(tmp_path / "frames", NAMES)
    driver = open_window(arguments=[str(tmp_path / "frames"), "--project", str(tmp_path / "p.autoanno")])
    driver.wait(lambda: len(listed(driver)) == len(NAMES))
    search = driver.window.queue_panel.findChild(QLineEdit)
    assert search is not None
    search.setText(text)
    assert sorted(listed(driver)) == sorted(found)
    search.clear()
    assert len(listed(driver)) == len(NAMES)


class TestLongQueue:
    @pytest.fixture
    def made(self, tmp_path: Path) -> MadeProject:
        return make_project(tmp_path, [USUAL] * 80)

    def test_the_open_frame_stays_in_sight_and_the_list_seldom_scrolls(self, driver: Driver) -> None:
        driver.wait(lambda: len(listed(driver)) == 80)
        panel = driver.window.queue_panel
        places = set()
        for frame in list(driver.session.frames):
            panel.set_current(frame.id)
            row = panel.table.currentIndex()
            assert row.siblingAtColumn(1).data() == frame.path
            assert panel.table.viewport().rect().contains(panel.table.visualRect(row))
            places.add(panel.table.verticalScrollBar().value())
        assert 2 <= len(places) <= 10


def test_nothing_that_a_person_does_to_a_long_queue_stalls_it(driver: Driver) -> None:
    frames = [Frame(1000 + at, f"clip_{at // 500}/frame_{at:06d}.jpg", run_frame_id=at) for at in range(100_000)]
    driver.session.take_frames(frames)
    panel, model = driver.window.queue_panel, driver.window.queue_panel.table.model()
    panel.refresh_all()
    assert model.rowCount() > 100_000
    bar = panel.table.verticalScrollBar()
    page = panel.table.viewport()

    def scroll() -> None:
        bar.setValue(bar.value() + bar.pageStep())
        page.repaint()

    def toggle_reason() -> None:
        reason = None if panel.filters.narrowing.reason else QueueReason.ORDERED
        panel.filters.narrow(Narrowing(reason=reason))

    acts = {
        "frames found": panel.refresh_all,
        "sorted anew": panel.refresh_order,
        "state": lambda: panel.toggle_filter("undecided"),
        "reason": toggle_reason,
        "scroll": scroll,
    }
    dearest = {name: min(seconds_of(act) for _ in range(6)) for name, act in acts.items()}
    assert {name: taken for name, taken in dearest.items() if taken > 0.005} == {}


def seconds_of(act: Callable[[], object]) -> float:
    begun = time.thread_time()
    act()
    return time.thread_time() - begun


def test_what_is_being_decoded_is_not_decoded_twice(tmp_path: Path, qtbot: QtBot) -> None:
    draw_frames(tmp_path, ["a.jpg"])
    prefetcher = Prefetcher(tmp_path)
    taken: list[LoadedFrame] = []
    prefetcher.loaded.connect(taken.append)
    again = QTimer(interval=0)
    again.timeout.connect(lambda: prefetcher.want([Frame(1, "a.jpg")], size=(200, 200)))
    again.start()
    qtbot.waitUntil(lambda: bool(taken))
    again.stop()
    with qtbot.waitSignal(prefetcher.loaded):
        prefetcher.want([Frame(2, "a.jpg")], size=(200, 200))
    prefetcher.close()
    assert [frame.frame_id for frame in taken] == [1, 2]

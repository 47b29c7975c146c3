"""The figures in the real window when something goes wrong, and when decisions come from elsewhere."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from autoanno_gui.review.hand_over import hand_over
from autoanno_gui.review.metrics_report import full_report
from autoanno_gui.store.store_thread import Store
from autoanno_gui.ui import metrics_controller
from autoanno_gui.ui.dialogs.hand_over import MergeDialog
from autoanno_gui.ui.dialogs.session_card import SessionCard
from autoanno_gui.ui.drift_warning import DISMISSED_SETTING
from autoanno_gui.ui.metrics_thread import MetricsThread
from tests.metrics_kit import MANY, MOVED, Ledger, open_ledger
from tests.projects import MadeProject, make_project
from tests.ui.conftest import Open
from tests.ui.driver import PATIENCE_MS, Driver, Key
from tests.ui.test_compare import finish, trigger
from tests.ui.test_window import in_dialog

DAMAGED = "is damaged"


@pytest.fixture
def made(tmp_path: Path) -> MadeProject:
    """Thirty frames of which the first 25 are decided: on each one of eight candidates was moved."""
    made = make_project(tmp_path, [MANY] * 30)
    ledger = open_ledger(made)
    for number in range(25):
        ledger.decide(number, changes=[MOVED])
    ledger.close()
    return made


@pytest.fixture
def opened(open_window: Open, made: MadeProject, monkeypatch: pytest.MonkeyPatch) -> Driver:
    """The metrics panel over it."""
    monkeypatch.setattr(metrics_controller, "INTERVAL_MS", 50)
    monkeypatch.setattr(metrics_controller, "FIRST_WATCH_MS", 600_000)
    driver = open_window(made)
    driver.window.activateWindow()
    driver.key(Key.Key_F7)
    driver.wait(lambda: driver.window.metrics_panel.document is not None)
    settle(driver)
    return driver


def settle(driver: Driver) -> None:
    panel = driver.window.metrics_panel
    driver.wait(lambda: not driver.window.metrics.busy and panel.settled and "state" not in panel.texts)


def set_thresholds(driver: Driver, text: str) -> None:
    """Write another value over that of the third decision, as a bad disk may."""
    with closing(sqlite3.connect(driver.session.store.file, isolation_level=None)) as conn:
        conn.execute("UPDATE decision SET thresholds = ? WHERE id = 3", (text,))


def whole(driver: Driver) -> str:
    with closing(sqlite3.connect(driver.session.store.file)) as conn:
        return str(conn.execute("SELECT thresholds FROM decision WHERE id = 3").fetchone()[0])


@pytest.mark.parametrize("garbage", ["not json", "[]", "{}", "null"])
def test_a_damaged_row_is_told_and_the_figures_come_back_with_it(opened: Driver, garbage: str) -> None:
    panel, text = opened.window.metrics_panel, whole(opened)
    before = panel.document
    set_thresholds(opened, garbage)
    opened.window.metrics.refresh()
    opened.wait(lambda: DAMAGED in panel.texts.get("state", ""))
    assert panel.document is before, "the last figures stay"
    set_thresholds(opened, text)
    opened.decide(Key.Key_Space)
    settle(opened)
    assert ("Frames an hour", "26 of 30 frames") in [(name, rest) for name, _, rest in panel.body.figures.texts]


def test_they_come_back_by_themselves_and_to_the_same_figures(opened: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_controller, "RETRY_MS", 50)
    panel, text = opened.window.metrics_panel, whole(opened)
    set_thresholds(opened, "not json")
    opened.window.metrics.refresh()
    opened.wait(lambda: DAMAGED in panel.texts.get("state", ""))
    set_thresholds(opened, text)
    settle(opened)


def test_the_card_of_a_sitting_says_why_there_are_no_figures_each_time(opened: Driver) -> None:
    set_thresholds(opened, "not json")
    said: list[str] = []

    def act(card: SessionCard) -> None:
        waited = 0  # a nested loop, since the dialog holds the window's
        while not any(DAMAGED in text for text in texts_of(card)) and waited < PATIENCE_MS:
            QTest.qWait(10)
            waited += 10
        said.extend(text for text in texts_of(card) if DAMAGED in text)
        QTest.keyClick(card, Key.Key_Escape)

    for _ in range(2):
        opened.window.metrics.refresh()
        in_dialog(SessionCard, act)
        trigger(opened, "review.end_session")
    assert len(said) == 2


def texts_of(card: SessionCard) -> list[str]:
    return [label.text() for label in card.findChildren(QLabel)]


def ask_at_once(driver: Driver) -> MetricsThread:
    """Let everything be worked out anew from now on. Returns who does it."""
    metrics = driver.window.metrics
    metrics.refresh()
    metrics.ask_sitting(driver.session.session_uuid, ())
    assert metrics._thread is not None
    return metrics._thread


def test_even_while_somebody_decides_and_decides_figures_come(opened: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"QUIET_MS": 600_000, "PATIENCE_MS": 0, "INTERVAL_MS": 0, "OF_THE_TIME": 0}.items():
        monkeypatch.setattr(metrics_controller, name, value)
    opened.decide(Key.Key_Space)
    settle(opened)
    assert ("Frames an hour", "26 of 30 frames") in [(name, rest) for name, _, rest in figures(opened)]


def test_a_fault_of_a_project_that_was_closed_is_not_told(opened: Driver) -> None:
    set_thresholds(opened, "not json")
    ask_at_once(opened).wait()  # its word of the fault waits for the window, which does not listen
    opened.window.metrics.set_project(None)
    QCoreApplication.sendPostedEvents()
    assert opened.window.metrics_panel.texts == {"state": "No figures yet."}


def test_figures_of_a_project_that_was_closed_are_not_shown(opened: Driver) -> None:
    reported = Event()
    thread = opened.window.metrics._thread
    assert thread is not None
    thread.reported.connect(lambda *_: reported.set(), Qt.ConnectionType.DirectConnection)
    ask_at_once(opened)
    assert reported.wait(PATIENCE_MS / 1000), "the report waits for the window"
    opened.window.metrics.set_project(None)
    QCoreApplication.sendPostedEvents()
    assert opened.window.metrics_panel.document is None


def figures(driver: Driver) -> list[tuple[str, str, str]]:
    return list(driver.window.metrics_panel.body.figures.texts)


@pytest.mark.parametrize("text", ["nonsense", "[1]", "7", '["cat", null]'])
def test_what_was_dismissed_and_cannot_be_read_is_nothing(open_window: Open, made: MadeProject, text: str) -> None:
    with closing(sqlite3.connect(made.file, isolation_level=None)) as conn:
        conn.execute("INSERT INTO setting(key, value) VALUES (?, ?)", (DISMISSED_SETTING, text))
    assert open_window(made).frame == "frame_25.jpg"


def test_merged_decisions_are_in_the_figures_and_none_of_this_sitting(opened: Driver, tmp_path: Path) -> None:
    sample, store = tmp_path / "bens.autoanno", opened.session.store
    names = [frame.path for frame in opened.session.frames]
    for _ in hand_over(store.file, sample, paths=names):
        pass
    with Store.open(sample) as theirs:
        ledger = Ledger(theirs, reviewer="ben")
        for number in range(14, 29):
            ledger.decide(number, changes=[MOVED] * 2)
    opened.decide(Key.Key_Space)
    settle(opened)

    def merge(dialog: MergeDialog) -> None:
        dialog.source.field.setText(str(sample))
        finish(dialog)
        QTest.keyClick(dialog, Key.Key_Escape)

    in_dialog(MergeDialog, merge)
    trigger(opened, "tools.merge_sample")
    panel = opened.window.metrics_panel
    opened.wait(lambda: ("Frames an hour", "29 of 30 frames") in [(a, c) for a, _, c in panel.body.figures.texts])
    settle(opened)
    assert opened.window.metrics.decided == 1
    with opened.reader() as reader:
        assert panel.document == full_report(reader)

"""Measuring the return in the real window: start it, review by keys, read the result; nothing shows what is hidden."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from autoanno_gui.core.figures.seconds_per_box import BoxTime, SecondsPerBox
from autoanno_gui.core.queue import QueueReason
from autoanno_gui.core.records import PresentationMode
from autoanno_gui.core.trial import Arm
from autoanno_gui.review.measure_return import stored_seconds, trial_state
from autoanno_gui.review.trial_keeper import stored_trial
from autoanno_gui.ui.dialogs.measure_return import MeasureReturnDialog
from tests.projects import USUAL, MadeProject, make_project
from tests.ui.conftest import Open
from tests.ui.driver import SHIFT, Driver, Key
from tests.ui.test_contact_sheet import open_sheet, press, sheet
from tests.ui.test_window import in_dialog

BOX = (230.0, 20.0), (300.0, 90.0)
HAND = [20.0, 30.0, 40.0, 50.0, 60.0]
REVIEW = [5.0, 10.0, 10.0, 10.0, 15.0]


class Clock:
    """Time that passes only when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def driver(open_window: Open, tmp_path: Path, clock: Clock) -> Driver:
    made = make_project(tmp_path, [USUAL] * 24)
    slow_model(made)
    return open_on(open_window, made, clock)


def slow_model(made: MadeProject) -> None:
    """Let the model have taken 9 s for each of the frames."""
    with closing(sqlite3.connect(made.file)) as conn, conn:
        conn.execute("UPDATE run SET started = '2026-01-01T10:00:00.000+00:00'")
        at = "strftime('%Y-%m-%dT%H:%M:%f+00:00', '2026-01-01 10:00:00', (id * 9) || ' seconds')"
        conn.execute(f"UPDATE run_frame SET finished = {at}")


def open_on(open_window: Open, made: MadeProject, clock: Clock) -> Driver:
    driver = open_window(arguments=[str(made.folder), "--project", str(made.file)])
    driver.window.projects.clock = clock
    driver.wait_for_frame(0)
    return driver


def with_dialog(driver: Driver, act: Callable[[MeasureReturnDialog], object]) -> None:
    """Choose the command of the menu and do something in the dialog once its figures are read."""

    def inside(dialog: MeasureReturnDialog) -> None:
        driver.wait(lambda: not driver.window.measured_return.busy)
        act(dialog)

    in_dialog(MeasureReturnDialog, inside)
    driver.window.actions_["tools.measure_return"].trigger()


def start(driver: Driver, *, smaller: bool = True) -> None:
    """Start a measurement of ten frames by keys, and wait for its first frame."""

    def by_keys(dialog: MeasureReturnDialog) -> None:
        assert dialog.start.hasFocus()
        if smaller:
            dialog.sizes.setFocus()
            QTest.keyClick(dialog.sizes, Key.Key_Up)
        QTest.keyClick(dialog.start, Key.Key_Space)
        driver.wait(lambda: not dialog.isVisible())

    with_dialog(driver, by_keys)
    session = driver.session
    driver.wait(
        lambda: session.frame is not None and session.frame.path in driver.shown[-1:] and arm_of(driver) is not None
    )
    driver.wait(driver.window.canvas.hasFocus)


def arm_of(driver: Driver) -> Arm | None:
    frame = driver.session.frame
    return driver.session.trials.arm_of(frame.id) if frame is not None else None


def review_all(driver: Driver, clock: Clock, frames: int = 10) -> None:
    """Label the open frame and those that follow, each in the seconds that its arm has next."""
    left = {Arm.HAND: list(HAND), Arm.REVIEW: list(REVIEW)}
    for _ in range(frames):
        arm = arm_of(driver)
        assert arm is not None
        assert driver.session.queue.reason_of(driver.session.frame.id) is QueueReason.MEASURE
        clock.now += left[arm].pop(0)
        if arm is Arm.HAND:
            driver.drag(*BOX)
        driver.decide(Key.Key_Space)


def go_to(driver: Driver, arm: Arm) -> None:
    """Put frames off until one of this arm is open."""
    while arm_of(driver) is not arm:
        driver.decide(Key.Key_U)


def words(driver: Driver) -> str:
    window = driver.window
    places = (window.objects_panel, window.threshold_panel, window.status)
    return " ".join(" ".join(label.text() for place in places for label in place.findChildren(QLabel)).split())


def lies_over_the_image(driver: Driver) -> bool:
    """Whether anything is painted over the picture that the hide key takes away."""
    canvas = driver.window.canvas
    shown = canvas.viewport().grab().toImage()
    canvas.set_overlay_visible(False)
    bare = canvas.viewport().grab().toImage()
    canvas.set_overlay_visible(True)
    return shown != bare


def test_both_ways_are_timed_and_the_result_is_said(driver: Driver, clock: Clock) -> None:
    start(driver)
    queue = driver.session.queue
    assert [queue.reason_of(queue.at(place).id) for place in range(12)].count(QueueReason.MEASURE) == 10
    review_all(driver, clock)
    window = driver.window
    driver.wait(lambda: window.notice.isVisible())
    assert window.notice.text == (
        "Measured. By hand 40.0 s a frame, by review 10.0 s: review is 4.0 times as fast (2.3 to 6.9). It has saved "
        "2 min so far (1 min to 5 min). The model is paid for after 8 frames."
    )  # 24 x 9 s at 30 s a frame
    assert arm_of(driver) is None
    driver.wait(window.canvas.hasFocus)
    with driver.reader() as reader:
        figures = trial_state(reader).figures
        reasons = [entry.decision.reason for entry in reader.decisions()]
    assert reasons == ["measure"] * 10
    assert (figures["hand_seconds_per_frame"], figures["review_seconds_per_frame"], figures["ratio"]) == (40, 10, 4)
    assert figures["saved_hours"] == pytest.approx(150 / 3600)
    texts: list[str] = []

    def read(dialog: MeasureReturnDialog) -> None:
        texts.extend([dialog.said.text(), dialog.progress.text(), dialog.expected.text(), dialog.start.text()])
        QTest.keyClick(dialog, Key.Key_Escape)

    with_dialog(driver, read)
    assert texts[0].startswith("By hand 40.0 s a frame")
    assert "over the 14 frames that are left: 9 min against 2 min." in texts[0]
    assert texts[1:] == ["10 frames done.", "about 8 min at your present pace", "&Start"]
    driver.wait(window.canvas.hasFocus)


def test_a_frame_by_hand_shows_no_proposal_anywhere(driver: Driver) -> None:
    assert (driver.window.objects_panel.list.model().rowCount(), lies_over_the_image(driver)) == (2, True)
    start(driver)
    go_to(driver, Arm.HAND)
    for key in (Key.Key_G, Key.Key_Return, Key.Key_Minus, Key.Key_M):
        driver.key(key)
    assert "drawn to be labelled by hand" in driver.window.status._said.text()
    driver.key(Key.Key_X, SHIFT)
    assert driver.session.document.mode is PresentationMode.HAND
    assert driver.roles() == {}
    assert (driver.window.objects_panel.list.model().rowCount(), lies_over_the_image(driver)) == (0, False)
    assert "0 proposed · 0 confirmed" in words(driver)
    assert "0 here" in words(driver)
    driver.key(Key.Key_Equal)
    hidden = {frame.id for frame in driver.session.frames if driver.session.hides(frame)}
    assert len(hidden) == 5
    open_sheet(driver)
    shown = {item.frame_id for item in sheet(driver).sheet.shown}
    assert shown
    assert hidden.isdisjoint(shown)
    press(driver, Key.Key_Escape)
    go_to(driver, Arm.REVIEW)
    assert driver.window.objects_panel.list.model().rowCount() == 2


def test_it_goes_on_where_it_was_and_can_be_stopped(driver: Driver, clock: Clock, open_window: Open) -> None:
    start(driver)
    review_all(driver, clock, frames=1)
    made = MadeProject(driver.session.store.root, driver.session.store.file, ())
    driver.close()
    again = open_on(open_window, made, clock)
    go_to(again, Arm.HAND)
    seen: list[str] = []

    def stop(dialog: MeasureReturnDialog) -> None:
        seen.extend([dialog.start.text(), dialog.progress.text()])
        assert not dialog.sizes.isEnabled()
        QTest.keyClick(dialog.stop, Key.Key_Space)
        again.wait(lambda: not again.window.measured_return.busy and dialog.start.isEnabled())
        seen.append(dialog.progress.text())
        QTest.keyClick(dialog, Key.Key_Escape)

    with_dialog(again, stop)
    assert seen == ["&Go On", "1 frame done, 9 left.", "1 frame done."]
    # The open frame shows its proposals again.
    assert again.session.document.mode is PresentationMode.NORMAL
    assert again.window.objects_panel.list.model().rowCount() == 2
    assert not again.session.hidden().any()
    with again.reader() as reader:
        trial = stored_trial(reader)
    assert trial is not None
    assert len(trial.arms) == 1


def test_a_stopped_one_is_not_said_to_be_done_when_one_of_its_frames_is_decided_again(
    driver: Driver, clock: Clock
) -> None:
    start(driver)
    first = driver.session.frame
    assert first is not None
    review_all(driver, clock, frames=1)
    sizes: list[str] = []

    def stop(dialog: MeasureReturnDialog) -> None:
        sizes.append(dialog.sizes.currentText())
        QTest.keyClick(dialog.stop, Key.Key_Space)
        driver.wait(lambda: not driver.window.measured_return.busy and dialog.start.isEnabled())
        QTest.keyClick(dialog, Key.Key_Escape)

    with_dialog(driver, stop)
    assert sizes == ["10 frames"], "as many as were drawn"
    driver.window.review(lambda presenter: presenter.open_frame(first.id))
    driver.wait(lambda: driver.shown[-1] == first.path)
    driver.drag((20.0, 150.0), (60.0, 200.0))
    driver.decide(Key.Key_Space)
    driver.wait(lambda: not driver.window.measured_return.busy)
    assert not driver.window.notice.isVisible()


def test_too_few_frames_are_told_in_the_dialog(open_window: Open, tmp_path: Path, clock: Clock) -> None:
    driver = open_on(open_window, make_project(tmp_path, [USUAL]), clock)
    texts: list[str] = []

    def try_it(dialog: MeasureReturnDialog) -> None:
        texts.append(dialog.expected.text())
        QTest.keyClick(dialog.start, Key.Key_Space)
        driver.wait(lambda: not driver.window.measured_return.busy and dialog.start.isEnabled())
        texts.append(dialog.progress.text())
        QTest.keyClick(dialog, Key.Key_Escape)

    with_dialog(driver, try_it)
    assert texts[0] == "not known yet: no frame is reviewed"
    assert "Measuring needs at least 2 frames" in texts[1]
    driver.wait(driver.window.canvas.hasFocus)


def test_the_seconds_of_a_box_are_chosen_by_keys_and_kept(driver: Driver, clock: Clock) -> None:
    clock.now += 5.0
    driver.decide(Key.Key_Space)
    texts: list[str] = []

    def choose(dialog: MeasureReturnDialog) -> None:
        texts.append(dialog.said.text())
        dialog.ways.setFocus()
        QTest.keyClick(dialog.ways, Key.Key_Down)
        assert dialog.seconds_box.value() == 7.0
        QTest.keyClick(dialog.ways, Key.Key_Down)
        dialog.seconds_box.setFocus()
        dialog.seconds_box.selectAll()
        QTest.keyClicks(dialog.seconds_box, "12.5")
        QTest.keyClick(dialog, Key.Key_Escape)

    with_dialog(driver, choose)
    # Two boxes of 25.5 s in place of 5 s.
    assert texts[0] == (
        "Not measured yet. Estimate, with 25.5 s a box by hand: review is 10.2 times as fast. It has saved 46 s so far."
    )

    def kept() -> bool:
        with driver.reader() as reader:
            return stored_seconds(reader) == SecondsPerBox(BoxTime.OWN, 12.5)

    driver.wait(kept)
    with_dialog(driver, lambda dialog: (texts.append(dialog.said.text()), dialog.reject()))
    assert "with 12.5 s a box by hand: review is 5.0 times as fast" in texts[1]
    assert QApplication.activeModalWidget() is None
    assert driver.window.focusWidget() is driver.window.canvas

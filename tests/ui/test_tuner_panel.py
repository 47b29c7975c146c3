"""The tuner in the real window: drawing the sample, reviewing it, reading the curve, applying what was found."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDockWidget

from autoanno_gui.core.class_tuner import ClassThreshold
from autoanno_gui.core.queue import QueueReason
from autoanno_gui.core.records import Progress
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review import tuning
from autoanno_gui.review.tuning import TuneResult
from autoanno_gui.review.tuning_sample import sample_state, stored_sample
from autoanno_gui.ui import theme
from autoanno_gui.ui.panels.tuner import TunerPanel
from autoanno_gui.ui.panels.tuner_curve import LAYERS
from autoanno_gui.ui.theme import ThemeName
from tests.projects import GHOST, SURE, USUAL, Proposal, make_project
from tests.ui.conftest import Open
from tests.ui.driver import Driver, Key

FAINT = Proposal((120, 40, 200, 120), 1, 0.35)
"""A true object below the usual threshold."""
HIDDEN_OBJECTS = (SURE, FAINT, Proposal(GHOST.box, 2, 0.33))


def open_on(
    open_window: Open, folder: Path, proposals: Sequence[Sequence[Proposal] | None] = (HIDDEN_OBJECTS,) * 24
) -> Driver:
    driver = open_window(make_project(folder, proposals))
    driver.window.resize(1400, 900)
    return driver


def panel_of(driver: Driver) -> TunerPanel:
    return driver.window.tuner_panel


def show_tuner(driver: Driver) -> TunerPanel:
    """Choose the command of the menu."""
    driver.window.actions_["tools.tune"].trigger()
    panel = panel_of(driver)
    driver.wait(panel.isVisible)
    driver.wait(lambda: not driver.window.tuner.busy)
    return panel


def start_sample(driver: Driver) -> None:
    """Press the button that has the focus, with Space as anyone would."""
    panel = panel_of(driver)
    panel.sample_button.setFocus()
    QTest.keyClick(panel.sample_button, Key.Key_Space)
    assert driver.window.tuner.busy
    driver.wait(lambda: not driver.window.tuner.busy)
    driver.wait(lambda: driver.session.frame is not None and driver.session.frame.id in sample_of(driver))
    driver.wait(lambda: driver.session.can_decide)
    if driver.session.frame is not None:
        here = driver.session.frame.id
        driver.wait(lambda: driver.session.queue.reason_of(here) is QueueReason.TUNING)


def label_frame(driver: Driver) -> None:
    """Confirm everything that is shown, ghosts included, and go on."""
    document = driver.session.document
    assert document is not None
    for item in document.in_role(Role.GHOST):
        driver.session.objects.adopt(item.id)
    driver.decide(Key.Key_Space)


def result_of(driver: Driver) -> TuneResult:
    assert panel_of(driver)._result is not None
    return panel_of(driver)._result


def sample_of(driver: Driver) -> tuple[int, ...]:
    with driver.reader() as reader:
        return stored_sample(reader)


# --- the dock ---------------------------------------------------------------------------------------------------------
def test_the_tuner_is_closed_until_somebody_asks_for_it(open_window: Open, tmp_path: Path) -> None:
    driver = open_on(open_window, tmp_path)
    panel = panel_of(driver)
    assert not panel.isVisible()
    show_tuner(driver)
    dock = panel.parentWidget()
    assert isinstance(dock, QDockWidget)
    assert dock.windowTitle() == "Tuner"
    assert panel.sample_button.hasFocus()
    assert panel.texts[0] == "Nothing is drawn yet."


def test_esc_gives_the_keys_back_and_f6_brings_them(open_window: Open, tmp_path: Path) -> None:
    driver = open_on(open_window, tmp_path)
    panel = show_tuner(driver)
    QTest.keyClick(panel.sample_button, Key.Key_Escape)
    driver.wait(driver.window.canvas.hasFocus)
    for _ in range(8):
        QTest.keyClick(driver.window.focusWidget(), Key.Key_F6)
        if panel.sample_button.hasFocus():
            return
    pytest.fail("F6 never came to the tuner")


def test_without_a_project_there_is_nothing_to_tune(open_window: Open) -> None:
    driver = open_window(arguments=[])
    assert not driver.window.actions_["tools.tune"].isEnabled()
    assert not panel_of(driver).isEnabled()


# --- the sample -------------------------------------------------------------------------------------------------------
def test_the_sample_comes_first_and_with_its_ghosts(open_window: Open, tmp_path: Path) -> None:
    driver = open_on(open_window, tmp_path)
    panel = show_tuner(driver)
    decided_before = driver.session.frames.states.copy()
    start_sample(driver)
    assert (driver.session.frames.states == decided_before).all()  # Space pressed the button and decided nothing
    sample = sample_of(driver)
    assert len(sample) == 20
    met = []
    for _ in range(3):
        assert driver.session.objects.ghosts_shown
        frame = driver.session.frame
        assert frame is not None
        met.append(frame.id)
        label_frame(driver)
    assert set(met) <= set(sample)
    driver.wait(lambda: panel.texts[0].startswith("3 of 20"))
    assert panel.sample_button.text() == "Go On: 3 of 20"


def test_the_curve_comes_when_the_sample_is_labelled_and_can_be_applied(open_window: Open, tmp_path: Path) -> None:
    driver = open_on(open_window, tmp_path, (HIDDEN_OBJECTS,) * 10)
    panel = show_tuner(driver)
    start_sample(driver)
    for _ in range(10):
        label_frame(driver)
    driver.wait(panel.apply_button.isVisible)
    result = result_of(driver)
    assert (result.source, result.tuning.frames) == ("sample", 10)
    recommended = result.tuning.recommended
    assert recommended is not None
    assert recommended < 0.35
    assert panel.apply_button.text() == f"Apply {recommended:.2f}"
    assert f"{recommended:.2f} costs least" in panel.texts[1]
    assert driver.session.thresholds.default == 0.5  # nobody has said so yet
    panel.apply_button.setFocus()
    QTest.keyClick(panel.apply_button, Key.Key_Return)
    assert driver.session.thresholds.default == recommended
    assert not panel.apply_button.isEnabled()
    assert driver.window.canvas.hasFocus()
    with driver.reader() as reader:
        assert sample_state(reader).complete


def test_a_sample_that_is_done_while_the_tuner_works_has_its_curve_too(
    open_window: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = open_on(open_window, tmp_path, (HIDDEN_OBJECTS,) * 9)
    panel = show_tuner(driver)
    start_sample(driver)
    for _ in range(8):
        label_frame(driver)
    release, at_work, tune = Event(), Event(), tuning.tune_job

    def slow(*args: Any, **how: Any) -> Generator[Progress, None, TuneResult]:  # noqa: ANN401 - as the real one
        at_work.set()
        while not release.wait(0.01):
            yield Progress(0, 0, "Waiting")
        return (yield from tune(*args, **how))

    monkeypatch.setattr(tuning, "tune_job", slow)
    panel.labelled_button.click()
    driver.wait(at_work.is_set)
    label_frame(driver)
    driver.wait(lambda: panel.texts[0].startswith("All 9"))
    release.set()
    driver.wait(lambda: not driver.window.tuner.busy)
    result = result_of(driver)
    assert (result.source, result.tuning.frames) == ("sample", 9)


def test_labelled_frames_serve_without_a_sample(open_window: Open, tmp_path: Path) -> None:
    driver = open_on(open_window, tmp_path, (USUAL,) * 10)
    panel = show_tuner(driver)
    panel.labelled_button.click()
    driver.wait(lambda: "No frame is labelled yet" in panel.texts[1])
    assert not panel.apply_button.isVisible()
    for _ in range(9):
        driver.decide(Key.Key_Space)
    panel.labelled_button.click()
    driver.wait(lambda: "costs least" in panel.texts[1])
    assert "not drawn at random" in panel.texts[2]
    assert result_of(driver).source == "labelled"


def test_a_sample_goes_on_where_it_was(open_window: Open, tmp_path: Path) -> None:
    made = make_project(tmp_path, (HIDDEN_OBJECTS,) * 24)
    driver = open_window(made)
    show_tuner(driver)
    start_sample(driver)
    label_frame(driver)
    sample = sample_of(driver)
    driver.close()
    driver = open_window(made)
    panel = show_tuner(driver)
    driver.wait(lambda: panel.texts[0].startswith("1 of 20"))
    start_sample(driver)
    assert sample_of(driver) == sample
    assert driver.session.frame is not None
    assert driver.session.frame.id in sample


# --- reading the curve ------------------------------------------------------------------------------------------------
def tuned(open_window: Open, folder: Path) -> Driver:
    driver = open_on(open_window, folder, (USUAL,) * 10)
    panel = show_tuner(driver)
    for _ in range(9):
        driver.decide(Key.Key_Space)
    panel.labelled_button.click()
    driver.wait(lambda: "costs least" in panel.texts[1])
    return driver


def test_arrow_keys_and_the_mouse_read_the_curve(open_window: Open, tmp_path: Path) -> None:
    driver = tuned(open_window, tmp_path)
    panel = panel_of(driver)
    result = result_of(driver)
    panel.curve.setFocus()
    QTest.keyClick(panel.curve, Key.Key_Right)
    assert panel.curve.cursor_point == result.tuning.at(result.tuning.recommended or 0.0)
    QTest.keyClick(panel.curve, Key.Key_Right)
    point = panel.curve.cursor_point
    assert point is not None
    assert f"At {point.threshold:.2f}: {point.seconds:.1f} s" in panel.readout
    assert f"{point.seconds:.1f} seconds" in panel.curve.accessibleDescription()

    def pointed() -> bool:
        # Again and again: what is read there may give the curve another height under the mouse.
        for left in (2, 1):
            QTest.mouseMove(panel.curve, QPoint(panel.curve.width() - left, panel.curve.height() // 2))
        return panel.curve.cursor_point == result.tuning.curve[-1]

    driver.wait(pointed)


def test_a_closed_project_leaves_no_curve(open_window: Open, tmp_path: Path) -> None:
    driver = tuned(open_window, tmp_path)
    driver.window.projects.close()
    assert panel_of(driver).texts == ("Nothing is drawn yet.", "", "")


def test_closing_the_window_in_the_middle_lets_go_of_everything(open_window: Open, tmp_path: Path) -> None:
    driver = tuned(open_window, tmp_path)
    panel_of(driver).labelled_button.click()
    assert driver.window.tuner.busy
    driver.close()
    assert not driver.window.tuner.busy


def test_classes_are_applied_only_when_they_are_ticked(open_window: Open, tmp_path: Path) -> None:
    driver = tuned(open_window, tmp_path)
    panel = panel_of(driver)
    found = result_of(driver)
    (class_id, record), *_ = driver.session.classes.items()
    own = ClassThreshold(class_id, 0.75, 12, 0.4)
    panel.show_result(
        TuneResult(found.source, found.sample, found.tuning, (own,), found.class_names, found.costs, found.now)
    )
    recommended = found.tuning.recommended
    assert panel.class_list.isVisible()
    assert panel.class_list.item(0).text().startswith(f"{record.name}: 0.75")
    assert panel.class_list.item(0).checkState() is Qt.CheckState.Unchecked
    panel.class_list.setFocus()
    panel.class_list.setCurrentRow(0)
    states = driver.session.frames.states.copy()
    QTest.keyClick(panel.class_list, Key.Key_Space)
    assert (driver.session.frames.states == states).all()
    assert panel.apply_button.text() == f"Apply {recommended:.2f} and 1 class"
    panel.apply_button.click()
    assert driver.session.thresholds.default == recommended
    assert driver.session.thresholds.of(class_id) == 0.75


@pytest.mark.parametrize("name", ThemeName)
def test_the_parts_differ_in_more_than_colour(open_window: Open, tmp_path: Path, name: ThemeName) -> None:
    driver = tuned(open_window, tmp_path)
    driver.window.set_theme(name.value)
    panel = panel_of(driver)
    picture = panel.curve.grab().toImage()
    colours = {
        picture.pixelColor(x, y).name() for x in range(0, picture.width(), 3) for y in range(0, picture.height(), 3)
    }
    tokens = theme.tokens()
    assert {tokens.field, tokens.strong_border} <= colours
    assert len({layer.pattern for layer in LAYERS}) == len(LAYERS)

"""A second reviewer in the real window: a sample handed over, merged, compared, and what differs settled by keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QTableWidget, QWidget

from autoanno_gui.config import AppHome, project_file_for
from autoanno_gui.core.records import FrameState
from autoanno_gui.review.hand_over import hand_over
from autoanno_gui.store.store_thread import Store, open_report
from autoanno_gui.ui.dialogs.compare import CompareDialog
from autoanno_gui.ui.dialogs.hand_over import HandOverDialog, MergeDialog
from autoanno_gui.ui.dialogs.work import WorkDialog
from tests.projects import USUAL, MadeProject, make_project
from tests.ui.conftest import Open
from tests.ui.driver import PATIENCE_MS, Driver, Key
from tests.ui.test_window import in_dialog
from tests.unit.review.agreement_kit import LEFT, MIDDLE, RIGHT, Hand

NAMES = tuple(f"frame_{number}.jpg" for number in range(4))


@pytest.fixture
def made(tmp_path: Path) -> MadeProject:
    """Four frames; Ann has labelled the first three."""
    made = make_project(tmp_path, [USUAL] * 4)
    with Store.open(made.file) as store:
        ann = Hand(store, "ann")
        ann.label(NAMES[0], [("cat", LEFT), ("dog", MIDDLE)])
        ann.label(NAMES[1], [("cat", LEFT)])
        ann.label(NAMES[2], [("cat", LEFT)])
    return made


@pytest.fixture
def bens(tmp_path: Path) -> Path:
    """Ben's project of the same frames: alike on one of them, worst on the third."""
    file = make_project(tmp_path, [USUAL] * 4, name="ben").file
    with Store.open(file) as store:
        ben = Hand(store, "ben")
        ben.label(NAMES[0], [("cat", LEFT), ("cat", MIDDLE)])
        ben.label(NAMES[1], [("cat", LEFT)])
        ben.label(NAMES[2], [("cat", LEFT), ("dog", MIDDLE), ("dog", RIGHT)])
    return file


def finish(dialog: WorkDialog) -> None:
    """Press Enter and wait until the work is done; a nested loop, since the dialog holds the window's."""
    QTest.keyClick(dialog, Key.Key_Return)
    assert dialog.running
    waited = 0
    while dialog.running and waited < PATIENCE_MS:
        QTest.qWait(10)
        waited += 10
    assert not dialog.running


def cells(table: QTableWidget) -> list[list[str]]:
    items = [[table.item(row, column) for column in range(table.columnCount())] for row in range(table.rowCount())]
    return [[item.text() if item is not None else "" for item in row] for row in items]


def listed(driver: Driver) -> list[tuple[str, str]]:
    model = driver.window.queue_panel._model
    rows = [model.row_at(row) for row in range(model.rowCount())]
    return [(row.frame.path, row.said) for row in rows if row is not None]


def trigger(driver: Driver, action: str) -> None:
    driver.window.activateWindow()
    driver.window.actions_[action].trigger()


def focus() -> QWidget | None:
    return QApplication.focusWidget()


# ---------------------------------------------------------------------------------------------------- comparing
def test_two_projects_are_compared_and_settled_by_keys(driver: Driver, bens: Path) -> None:
    found: dict[str, object] = {}

    def act(dialog: CompareDialog) -> None:
        assert focus() is dialog.file.field
        QTest.keyClicks(focus(), str(bens))
        finish(dialog)
        found["said"] = dialog.said.text().splitlines()[0]
        found["figures"] = cells(dialog.figures)
        found["classes"] = cells(dialog.classes)
        found["differences"] = cells(dialog.differences)
        assert focus() is dialog.settle_button
        QTest.keyClick(focus(), Key.Key_Return)

    in_dialog(CompareDialog, act)
    trigger(driver, "tools.compare_reviewers")
    assert found["said"] == "ann and ben: 3 frames in common. They differ on 2 frames."
    rows = dict(row for row in found["figures"])  # type: ignore[attr-defined]
    assert rows["Frames"] == "3"
    # Ann has 4 objects and Ben 6; three are in place and of one class.
    assert rows["F1 at IoU 0.50"].startswith("0.60  (")
    assert rows["Kappa of verdicts"] == "–"
    assert found["classes"][0][:3] == ["cat", "3 / 4", "0.86"]  # type: ignore[index]
    assert found["differences"] == [["frame_2.jpg", "dog only theirs ×2"], ["frame_0.jpg", "dog is their cat"]]

    driver.wait(lambda: driver.shown[-1] == "frame_2.jpg")
    assert driver.window.focusWidget() is driver.window.canvas
    assert driver.window.queue_panel.filters.chip.text() == "Disagreements (2)  ×"
    assert listed(driver) == [("frame_2.jpg", "dog only theirs ×2"), ("frame_0.jpg", "dog is their cat")]
    driver.decide(Key.Key_Space)
    assert driver.frame == "frame_0.jpg"


def test_settling_begins_with_the_frame_that_is_chosen(driver: Driver, bens: Path) -> None:
    def act(dialog: CompareDialog) -> None:
        dialog.file.field.setText(str(bens))
        finish(dialog)
        dialog.differences.setFocus()
        dialog.differences.selectRow(1)
        QTest.keyClick(dialog.differences, Key.Key_Return)

    in_dialog(CompareDialog, act)
    trigger(driver, "tools.compare_reviewers")
    driver.wait(lambda: driver.shown[-1] == "frame_0.jpg")
    assert [path for path, _ in listed(driver)] == ["frame_0.jpg", "frame_2.jpg"]


def test_what_cannot_be_compared_is_said_in_the_dialog(driver: Driver, tmp_path: Path) -> None:
    said: list[str] = []

    def act(dialog: CompareDialog) -> None:
        QTest.keyClick(dialog, Key.Key_Return)
        said.append(dialog.said.text())
        dialog.file.field.setText(str(tmp_path / "nothing.autoanno"))
        finish(dialog)
        said.append(dialog.said.text())
        dialog.here.setChecked(True)
        finish(dialog)
        said.append(dialog.said.text())
        QTest.keyClick(dialog, Key.Key_Escape)

    in_dialog(CompareDialog, act)
    trigger(driver, "tools.compare_reviewers")
    assert said[0] == "Choose the project file of the other reviewer."
    assert said[1].startswith("There is no project file")
    assert said[2].startswith("This project holds the labels of one reviewer only")
    assert driver.window.focusWidget() is driver.window.canvas


def test_escape_stops_the_comparison_and_leaves_the_dialog(driver: Driver, bens: Path) -> None:
    said: list[str] = []

    def act(dialog: CompareDialog) -> None:
        dialog.file.field.setText(str(bens))
        dialog.start()
        close = dialog.buttons.button(QDialogButtonBox.StandardButton.Close)
        assert close.text() == "Stop"
        QTest.keyClick(dialog, Key.Key_Escape)
        waited = 0
        while dialog.running and waited < PATIENCE_MS:
            QTest.qWait(10)
            waited += 10
        said.append(dialog.said.text())
        assert dialog.isVisible()
        assert close.text() == "Close"
        QTest.keyClick(dialog, Key.Key_Escape)
        assert not dialog.isVisible()

    in_dialog(CompareDialog, act)
    trigger(driver, "tools.compare_reviewers")
    assert said[0] == "Stopped." or said[0].startswith("ann and ben"), "it may have been quicker than the key"


# ---------------------------------------------------------------------------------------------------- hand over, merge
def test_the_whole_way_of_a_sample(driver: Driver, tmp_path: Path) -> None:
    sample = tmp_path / "sample.autoanno"
    said: list[str] = []

    def write(dialog: HandOverDialog) -> None:
        assert dialog.size_box.maximum() == 3
        dialog.target.field.setText(str(sample))
        finish(dialog)
        said.append(dialog.said.text())
        QTest.keyClick(dialog, Key.Key_Escape)

    in_dialog(HandOverDialog, write)
    trigger(driver, "tools.hand_over")
    assert said[0].startswith(f"The project of 3 frames is {sample}")
    with open_report(sample) as reader:
        assert [frame.path for block in reader.frames() for frame in block] == list(NAMES[:3])
    with Store.open(sample) as store:
        ben = Hand(store, "ben")
        ben.label(NAMES[0], [("dog", LEFT)])
        ben.label(NAMES[1], [("cat", LEFT)])

    def merge(dialog: MergeDialog) -> None:
        QTest.keyClicks(focus(), str(sample))
        finish(dialog)
        said.append(dialog.said.text())
        QTest.keyClick(dialog, Key.Key_Escape)

    in_dialog(MergeDialog, merge)
    trigger(driver, "tools.merge_sample")
    assert said[1] == "2 decisions by ben merged, 0 known already."

    def compare(dialog: CompareDialog) -> None:
        dialog.here.setChecked(True)
        finish(dialog)
        said.append(dialog.said.text().splitlines()[0])
        QTest.keyClick(dialog, Key.Key_Escape)

    in_dialog(CompareDialog, compare)
    trigger(driver, "tools.compare_reviewers")
    assert said[2] == "ann and ben: 2 frames in common. They differ on 1 frame."


def test_merged_labels_show_at_once(driver: Driver, bens: Path, tmp_path: Path) -> None:
    with Store.open(bens) as store:
        Hand(store, "ben").label(NAMES[3], [("fox", LEFT)])

    def merge(dialog: MergeDialog) -> None:
        dialog.source.field.setText(str(bens))
        finish(dialog)
        QTest.keyClick(dialog, Key.Key_Escape)

    in_dialog(MergeDialog, merge)
    trigger(driver, "tools.merge_sample")
    session = driver.session
    frame = next(frame for frame in session.frames if frame.path == NAMES[3])
    driver.wait(lambda: session.frames.get(frame.id).state is FrameState.EDITED)
    assert dict(listed(driver))["frame_3.jpg"] == "accepted with changes"
    assert "fox" in {record.name for record in session.classes.values()}
    assert dict(listed(driver))["frame_2.jpg"] == "accepted with changes"
    # The frame was open, and what is decided on it here is what counts.
    assert driver.frame == "frame_3.jpg"
    driver.decide(Key.Key_Space)
    with driver.reader() as reader:
        decision = reader.decision(frame.id)
        assert decision is not None
        assert (decision.origin, decision.reviewer) == ("", session.reviewer)


def test_without_labels_there_is_nothing_to_hand_over(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(make_project(tmp_path, [USUAL], name="fresh"))

    def act(dialog: HandOverDialog) -> None:
        assert not dialog.start_button.isEnabled()
        assert dialog.said.text().startswith("Label some frames first")
        QTest.keyClick(dialog, Key.Key_Escape)

    in_dialog(HandOverDialog, act)
    trigger(driver, "tools.hand_over")
    assert driver.window.focusWidget() is driver.window.canvas


def test_a_sample_is_not_taken_for_the_folders_own_project(driver: Driver, tmp_path: Path) -> None:
    root, own = driver.session.store.root, driver.session.store.file
    sample = tmp_path / "sample.autoanno"
    for _ in hand_over(own, sample, paths=NAMES[:2]):
        pass
    before = len(driver.shown)
    driver.window.projects.open_project(sample)
    driver.wait(lambda: len(driver.shown) > before)
    driver.wait(lambda: len(listed(driver)) == 2)
    assert driver.session.store.file == sample
    assert project_file_for(AppHome.find(), root) == own

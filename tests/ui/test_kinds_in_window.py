"""Kinds, copies, several objects and pictures in another light, in the real window with real keys."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QRadioButton
from pytestqt.qtbot import QtBot

from autoanno_gui.config import AppHome, Settings
from autoanno_gui.core.box import Box
from autoanno_gui.core.keypoints import COCO_PERSON, Keypoints, Skeleton
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.predictions import SegmenterInfo
from autoanno_gui.core.task import Task
from autoanno_gui.review.tour import READABLE_PIXELS
from autoanno_gui.ui.dialogs.segmenter import SegmenterDialog
from autoanno_gui.ui.dialogs.skeleton import SkeletonDialog
from autoanno_gui.ui.dialogs.task import TaskDialog
from autoanno_gui.ui.segment_controller import _Refined
from tests.projects import MadeProject, Proposal, make_project
from tests.ui.conftest import Open
from tests.ui.driver import Driver

Key = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier


def outlines(driver: Driver) -> list[object]:
    document = driver.session.document
    assert document is not None
    return [item.geometry for item in document]


# ------------------------------------------------------------------------------------------------ several objects
def test_all_are_selected_and_moved_in_one_step(driver: Driver) -> None:
    objects, before = driver.session.objects, outlines(driver)
    driver.key(Key.Key_A, CTRL)
    chosen = objects.selection
    assert len(chosen) >= 2
    driver.key(Key.Key_Down)
    document = driver.session.document
    assert document is not None
    for object_id in chosen:
        item, origin = document.get(object_id), document.origin(object_id)
        assert item is not None
        assert origin is not None
        assert item.geometry == origin.geometry.moved(0, 1)
    driver.key(Key.Key_Z, CTRL)
    assert outlines(driver) == before


def test_copies_are_drawn_beside_what_they_copy(driver: Driver) -> None:
    driver.key(Key.Key_C, CTRL)
    count = len(outlines(driver))
    driver.key(Key.Key_V, CTRL)
    driver.key(Key.Key_V, CTRL)
    now = outlines(driver)
    assert len(now) == count + 2
    assert len({str(outline) for outline in now}) == count + 2
    driver.key(Key.Key_Z, CTRL)
    driver.key(Key.Key_Z, CTRL)
    assert len(outlines(driver)) == count


# ------------------------------------------------------------------------------------------------ kinds
@pytest.mark.parametrize(("task", "kind"), [(Task.OBB, OrientedBox), (Task.POSE, Keypoints), (Task.SEGMENT, Box)])
def test_the_open_frame_shows_what_the_project_collects_now(driver: Driver, task: Task, kind: type) -> None:
    assert driver.window.presenter is not None
    driver.window.presenter.set_task(task, None)
    driver.wait(lambda: driver.session.task is task and driver.session.objects.enabled)
    assert {type(outline) for outline in outlines(driver)} == {kind}
    skeleton = driver.window.canvas.state.skeleton
    assert skeleton == (COCO_PERSON if task is Task.POSE else None)


def test_an_oriented_box_turns_by_key(driver: Driver) -> None:
    assert driver.window.presenter is not None
    driver.window.presenter.set_task(Task.OBB, None)
    driver.wait(lambda: driver.session.objects.enabled)
    selected = driver.session.objects.selected
    driver.key(Key.Key_Period)
    document = driver.session.document
    assert document is not None
    assert selected is not None
    item = document.get(selected)
    assert item is not None
    assert isinstance(item.geometry, OrientedBox)
    assert item.geometry.angle == pytest.approx(0.0174533, abs=1e-6)


def test_a_box_that_is_drawn_in_a_segment_project_can_become_a_mask(driver: Driver) -> None:
    assert driver.window.presenter is not None
    driver.window.presenter.set_task(Task.SEGMENT, None)
    driver.wait(lambda: driver.session.objects.enabled)
    selected = driver.session.objects.selected
    driver.key(Key.Key_S)

    def answered() -> bool:
        document = driver.session.document
        item = document.get(selected) if document is not None and selected is not None else None
        return item is not None and isinstance(item.geometry, Mask)

    driver.wait(answered)
    driver.key(Key.Key_Z, CTRL)
    assert not answered()


def selected(driver: Driver) -> Box:
    document, object_id = driver.session.document, driver.session.objects.selected
    item = document.get(object_id) if document is not None and object_id is not None else None
    assert item is not None
    assert isinstance(item.geometry, Box)
    return item.geometry


def test_all_answers_of_the_segmenter_are_one_step_to_undo(driver: Driver) -> None:
    before, said = selected(driver), list[str]()
    driver.window.segmenters.said.connect(said.append)
    for count in (1, 2, 3, 4):
        driver.key(Key.Key_S)
        driver.wait(lambda count=count: len(said) == count)  # type: ignore[misc]
    assert [re.findall("answer [0-9]", text)[0] for text in said[:2]] == ["answer 1", "answer 2"]
    steps = 0
    while driver.session.history.to_undo is not None:
        driver.key(Key.Key_Z, CTRL)
        steps += 1
    assert steps <= 1
    assert selected(driver) == before


def test_an_answer_that_changes_nothing_swallows_no_other_step(driver: Driver) -> None:
    """The first answer may be what the object is already; the second must then not be merged into the step before,
    which may be a decision."""
    driver.decide(Key.Key_Space)
    decided = driver.session.history.to_undo
    before = selected(driver)
    mask, other = Mask.of_box(before), Mask.of_box(Box(before.x1, before.y1, before.x2 - 5, before.y2))
    segmenters = driver.window.segmenters
    segmenters._refined = _Refined((mask, other, mask))
    document, object_id = driver.session.document, driver.session.objects.selected
    assert document is not None
    assert object_id is not None
    item = document.get(object_id)
    assert item is not None
    segmenters._give(item)
    assert driver.session.history.to_undo is decided
    driver.key(Key.Key_S)
    assert selected(driver) == other.bounds
    driver.key(Key.Key_Z, CTRL)
    assert selected(driver) == before
    assert driver.session.history.to_undo is decided


def test_a_segmenter_file_that_is_gone_leaves_grabcut_in_its_place(open_window: Open, made: MadeProject) -> None:
    home = AppHome.find()
    replace(Settings.load(home), segmenter=str(made.file.parent / "gone_sam2_t.pt")).save(home)
    driver = open_window(made)
    driver.wait(lambda: driver.window.segmenters.info is not None)
    info = driver.window.segmenters.info
    assert info is not None
    assert info.kind == "grabcut"
    assert "gone_sam2_t.pt" in driver.window.notice.text
    assert driver.window.objects_panel._segmenter.text() == "GrabCut"


# ------------------------------------------------------------------------------------------------ the object tour
SPECK = Proposal((200, 150, 202, 152), 0, 0.8)
FAR = Proposal((20, 20, 60, 60), 1, 0.9)


def test_tab_brings_a_speck_near_and_back(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(make_project(tmp_path, [[SPECK, FAR], [FAR]]))
    canvas, at_first = driver.window.canvas, driver.window.canvas.camera.zoom
    driver.key(Key.Key_Tab)
    driver.key(Key.Key_Tab)
    speck = next(i for i, shown in canvas.state.objects.items() if shown.geometry.area < 20)
    assert driver.session.objects.selected == speck
    assert canvas.short_side_on_screen(speck) >= 64
    driver.key(Key.Key_Tab)
    assert canvas.camera.zoom == at_first


def test_space_asks_about_a_speck_that_nobody_can_have_seen(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(make_project(tmp_path, [[SPECK, FAR], [FAR]]))
    path, canvas = driver.frame, driver.window.canvas
    speck = next(i for i, shown in canvas.state.objects.items() if shown.geometry.area < 20)
    assert canvas.short_side_on_screen(speck) < READABLE_PIXELS
    driver.key(Key.Key_Space)
    assert driver.session.unseen_asked
    assert driver.frame == path
    driver.decide(Key.Key_Space)
    assert driver.frame != path


def test_what_was_in_sight_before_the_view_moved_is_not_asked_about(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(make_project(tmp_path, [[FAR, Proposal((250, 180, 290, 220), 0, 0.6)], [FAR]]))
    canvas, path = driver.window.canvas, driver.frame
    canvas.zoom_by(6.0)
    canvas.pan(-3000.0, -3000.0)
    first = next(i for i, shown in canvas.state.objects.items() if shown.geometry.bounds.x1 == 20)
    assert not canvas.is_in_view(first)
    driver.key(Key.Key_Space)
    assert not driver.session.unseen_asked
    driver.wait(lambda: driver.frame != path)


# ------------------------------------------------------------------------------------------------ another light
def test_the_light_changes_what_is_shown_and_back(driver: Driver) -> None:
    canvas = driver.window.canvas
    before = canvas.grab().toImage()
    driver.key(Key.Key_L)
    assert driver.window.enhance_bar.isVisible()
    driver.wait(lambda: canvas.grab().toImage() != before)
    driver.key(Key.Key_L)
    assert not driver.window.enhance_bar.isVisible()
    driver.wait(lambda: canvas.grab().toImage() == before)


# ------------------------------------------------------------------------------------------------ dialogs
def test_the_kind_is_chosen_from_four(qtbot: QtBot) -> None:
    dialog = TaskDialog(Task.DETECT, labelled=3)
    qtbot.addWidget(dialog)
    assert dialog.task is Task.DETECT
    buttons = dialog.findChildren(QRadioButton)
    buttons[3].click()
    assert dialog.task is Task.OBB
    assert len(buttons) == len(Task)


def test_a_skeleton_is_edited_and_stays_whole(qtbot: QtBot) -> None:
    dialog = SkeletonDialog(COCO_PERSON, labelled=0)
    qtbot.addWidget(dialog)
    assert dialog.skeleton == COCO_PERSON
    dialog._points.setCurrentCell(1, 0)
    dialog._remove_point()
    found = dialog.skeleton
    assert found.names == ("nose", *COCO_PERSON.names[2:])
    assert found.flip[1] == 1  # the right eye has lost its partner
    assert all(end < len(found) for edge in found.edges for end in edge)
    dialog._fill(Skeleton(("left hand", "right hand", "head")))
    dialog._pair_sides()
    assert dialog.skeleton.flip == (1, 0, 2)
    dialog._ends[0].setCurrentIndex(0)
    dialog._ends[1].setCurrentIndex(2)
    dialog._join()
    dialog._join()
    assert dialog.skeleton.edges == ((0, 2),)


def test_points_without_a_name_of_their_own_are_refused(qtbot: QtBot) -> None:
    dialog = SkeletonDialog(Skeleton(("a", "b")), labelled=0)
    qtbot.addWidget(dialog)
    ok = dialog._buttons.button(QDialogButtonBox.StandardButton.Ok)
    assert ok.isEnabled()
    item = dialog._points.item(1, 0)
    assert item is not None
    item.setText("a")
    assert not ok.isEnabled()
    assert "name of its own" in dialog._note.text()


def test_a_segmenter_file_is_read_before_it_can_be_chosen(qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "sam2_t.pt"
    asked: list[tuple[Path, str | None]] = []

    def inspect(path: Path, architecture: str | None) -> SegmenterInfo:
        asked.append((path, architecture))
        return SegmenterInfo(path.name, "sam2_t", "0" * 64, str(path))

    dialog = SegmenterDialog(current=None, recent="", architectures=("sam2_t",), inspect=inspect)
    qtbot.addWidget(dialog)
    ok = dialog._buttons.button(QDialogButtonBox.StandardButton.Ok)
    assert ok.isEnabled()
    assert dialog.path is None
    dialog._field.setText(str(file))
    assert not ok.isEnabled()
    qtbot.waitUntil(ok.isEnabled)
    assert asked[-1] == (file, None)
    assert dialog.path == file
    assert "sam2_t" in dialog._about.text()

"""The tools in the real window: keys reach a busy tool, and each gesture becomes one step of the document."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.keypoints import Keypoints, Skeleton
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.records import PresentationMode
from autoanno_gui.core.task import Task
from autoanno_gui.ui.canvas.tools.tool import ToolName
from tests.ui.canvas_kit import Mouse
from tests.ui.driver import CTRL, NONE, SHIFT, Driver, Key

PAIR = Skeleton(("nose", "tail"), ((0, 1),))
CORNERS = [(20.0, 20.0), (60.0, 20.0), (60.0, 50.0)]


def begin(driver: Driver, task: Task, skeleton: Skeleton | None = None) -> Mouse:
    """Let the project collect one kind, with nothing on the frame but what is drawn."""
    assert driver.window.presenter is not None
    driver.window.presenter.set_task(task, skeleton)
    driver.wait(lambda: driver.session.objects.enabled)
    driver.key(Key.Key_M)
    assert driver.session.document is not None
    assert driver.session.document.mode is PresentationMode.HAND
    return Mouse(driver.window.canvas)


def drawn(driver: Driver) -> list[Geometry]:
    """Return the outlines of the document's own objects."""
    assert driver.session.document is not None
    return [item.geometry for item in driver.session.document if item.drawn]


def polygon(driver: Driver, mouse: Mouse) -> None:
    driver.key(Key.Key_P)
    for corner in CORNERS:
        mouse.tap(*corner)
    driver.key(Key.Key_Return)


def test_a_polygon_is_closed_with_enter_and_undone_in_one_step(driver: Driver) -> None:
    mouse = begin(driver, Task.SEGMENT)
    polygon(driver, mouse)
    (mask,) = drawn(driver)
    assert isinstance(mask, Mask)
    assert mask.area == pytest.approx(600, rel=0.01)
    assert driver.window.canvas.state.selected in driver.window.canvas.state.objects
    driver.key(Key.Key_Z, CTRL)
    assert drawn(driver) == []


def test_what_is_drawn_becomes_what_the_project_collects(driver: Driver) -> None:
    mouse = begin(driver, Task.DETECT)
    polygon(driver, mouse)
    (box,) = drawn(driver)
    assert isinstance(box, Box)
    assert box.as_tuple() == pytest.approx((20, 20, 60, 50), abs=0.01)


def test_backspace_and_escape_are_the_busy_tool_s(driver: Driver) -> None:
    mouse = begin(driver, Task.SEGMENT)
    polygon(driver, mouse)
    for corner in CORNERS[:2]:
        mouse.tap(*corner)
    for _ in range(2):
        driver.key(Key.Key_Backspace)
    assert len(drawn(driver)) == 1  # not rejected
    mouse.tap(*CORNERS[0])
    driver.key(Key.Key_Escape)
    assert not driver.window.canvas.busy
    assert driver.session.objects.selected is not None
    driver.key(Key.Key_Escape)
    assert driver.session.objects.selected is None


def test_two_strokes_are_two_steps_of_one_object(driver: Driver) -> None:
    mouse = begin(driver, Task.SEGMENT)
    driver.key(Key.Key_B)
    mouse.drag((40, 40), (70, 40))
    mouse.drag((70, 40), (70, 60))
    (mask,) = drawn(driver)
    assert isinstance(mask, Mask)
    assert mask.contains(70, 60)
    driver.key(Key.Key_Z, CTRL)
    (mask,) = drawn(driver)
    assert isinstance(mask, Mask)
    assert not mask.contains(70, 60)
    mouse.drag((40, 40), (40, 60))
    (mask,) = drawn(driver)
    assert isinstance(mask, Mask)
    assert (mask.contains(40, 60), mask.contains(70, 60)) == (True, False)


def test_an_oriented_box_is_drawn_turned_and_kept(driver: Driver) -> None:
    mouse = begin(driver, Task.OBB)
    driver.key(Key.Key_O)
    mouse.drag((30, 30), (70, 50))
    mouse.tap(40, 60)
    (box,) = drawn(driver)
    assert isinstance(box, OrientedBox)
    assert box.angle == pytest.approx(0.4636, abs=0.01)


def test_keypoints_are_placed_and_one_is_skipped_with_its_key(driver: Driver) -> None:
    mouse = begin(driver, Task.POSE, PAIR)
    driver.key(Key.Key_K)
    mouse.tap(40, 40)
    driver.key(Key.Key_T)
    (figure,) = drawn(driver)
    assert isinstance(figure, Keypoints)
    assert [int(point.visibility) for point in figure.points] == [2, 0]


def test_the_tool_keys_and_the_wipe_key(driver: Driver) -> None:
    begin(driver, Task.SEGMENT)
    canvas = driver.window.canvas
    for key, modifier, tool in (
        (Key.Key_R, NONE, ToolName.BOX),
        (Key.Key_R, CTRL, ToolName.EXTREME),
        (Key.Key_O, NONE, ToolName.OBB),
        (Key.Key_P, NONE, ToolName.POLYGON),
        (Key.Key_K, NONE, ToolName.KEYPOINTS),
        (Key.Key_B, NONE, ToolName.BRUSH),
        (Key.Key_B, SHIFT, ToolName.ERASER),
        (Key.Key_Q, NONE, ToolName.SEGMENT),
        (Key.Key_V, NONE, ToolName.SELECT),
    ):
        driver.key(key, modifier)
        assert canvas.tool is tool
    before = canvas.brush_radius
    QTest.keyClick(canvas, Qt.Key.Key_BracketRight)
    assert canvas.brush_radius == pytest.approx(before * 1.25)
    QTest.keyClick(canvas, Qt.Key.Key_BracketLeft)
    assert canvas.brush_radius == pytest.approx(before)


@pytest.mark.parametrize("leave", [Key.Key_D, Key.Key_U, Key.Key_Space])
def test_no_frame_is_left_while_something_is_half_drawn(driver: Driver, leave: Key) -> None:
    mouse, path = begin(driver, Task.SEGMENT), driver.frame
    driver.key(Key.Key_P)
    for corner in CORNERS:
        mouse.tap(*corner)
    under_way = driver.window.canvas.state.path
    driver.key(leave)
    assert driver.frame == path
    assert driver.window.canvas.state.path == under_way
    driver.key(Key.Key_Escape)
    if leave is Key.Key_Space:
        driver.key(leave)  # nothing is on the frame, so it asks
    driver.decide(leave)
    assert driver.frame != path
    assert driver.window.canvas.state.path == ()
    assert driver.window.canvas.tool is ToolName.POLYGON

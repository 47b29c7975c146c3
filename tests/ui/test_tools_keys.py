"""Keys that a busy tool needs reach it before any shortcut, and only then; and the mouse buttons it shares."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from autoanno_gui.core.box import Box
from autoanno_gui.core.keypoints import COCO_PERSON
from autoanno_gui.core.mask import Mask
from autoanno_gui.ui.canvas.tools.tool import ToolName
from autoanno_gui.ui.canvas.view import CanvasView
from autoanno_gui.ui.keyboard import CanvasKeys
from tests.ui.canvas_kit import RIGHT, Heard, Mouse, open_view, picture, shown

Key = Qt.Key
MASKS = [Mask.of_box(Box(100, 100, 150, 150)), Mask.of_box(Box(100, 100, 160, 150))]
SHORTCUTS = ("Return", "Enter", "Backspace", "W", "T", "Tab", "X")
MIDDLE = Qt.MouseButton.MiddleButton


@pytest.fixture
def view(qtbot: QtBot) -> CanvasView:
    view = open_view(qtbot)
    view.show_frame(picture(), [], selected=None)
    view.activateWindow()
    view.setFocus()
    qtbot.waitUntil(view.hasFocus)
    return view


@pytest.fixture
def triggered(view: CanvasView) -> list[str]:
    """What shortcuts of the canvas were triggered, by their keys."""
    found: list[str] = []
    for keys in SHORTCUTS:
        action = QAction(keys, view)
        action.setShortcut(QKeySequence(keys))
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(lambda _checked, keys=keys: found.append(keys))
        view.addAction(action)
    return found


def begin(view: CanvasView, mouse: Mouse, tool: ToolName) -> None:
    """Take a tool in hand and have something under way."""
    view.set_skeleton(COCO_PERSON)
    view.set_tool(tool)
    mouse.tap(100, 100)
    if tool is ToolName.SEGMENT:
        view.show_candidates(MASKS)


def press_all(view: CanvasView) -> None:
    for key in (Key.Key_Return, Key.Key_Enter, Key.Key_Backspace, Key.Key_W, Key.Key_T, Key.Key_Tab, Key.Key_X):
        QTest.keyClick(view, key)


def test_with_nothing_under_way_every_key_is_a_shortcut(view: CanvasView, triggered: list[str]) -> None:
    for tool in ToolName:
        view.set_tool(tool)
        triggered.clear()
        press_all(view)
        assert triggered == list(SHORTCUTS), tool


@pytest.mark.parametrize(
    ("tool", "claimed"),
    [
        (ToolName.EXTREME, {"Backspace"}),
        (ToolName.OBB, {"Backspace"}),
        (ToolName.POLYGON, {"Return", "Enter", "Backspace"}),
        (ToolName.KEYPOINTS, {"Return", "Enter", "Backspace", "T"}),
        (ToolName.SEGMENT, {"Return", "Enter", "Backspace", "W"}),
        (ToolName.BOX, set()),
        (ToolName.BRUSH, set()),
    ],
)
def test_a_busy_tool_takes_just_the_keys_it_needs(
    view: CanvasView, mouse: Mouse, triggered: list[str], tool: ToolName, claimed: set[str]
) -> None:
    for keys in SHORTCUTS:
        begin(view, mouse, tool)
        triggered.clear()
        QTest.keyClick(view, Key(QKeySequence(keys)[0].key()))
        assert (triggered == []) == (keys in claimed), keys
        view.cancel()
        view.set_tool(ToolName.SELECT)


def test_keys_with_ctrl_are_never_claimed(view: CanvasView, mouse: Mouse) -> None:
    begin(view, mouse, ToolName.SEGMENT)
    for key in (Key.Key_W, Key.Key_Return, Key.Key_Backspace):
        event = QKeyEvent(QEvent.Type.ShortcutOverride, key, Qt.KeyboardModifier.ControlModifier)
        assert not view.claims(event)


def test_a_claimed_letter_counts_by_its_place_under_another_layout(
    view: CanvasView, mouse: Mouse, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key at the place of W sends a Cyrillic letter: the tool gets it, not the shortcut of that place."""
    monkeypatch.setattr(sys, "platform", "linux")
    swapped: list[bool] = []
    swap = QAction("swap", view)
    swap.triggered.connect(lambda _checked: swapped.append(True))
    CanvasKeys(view, held={}, bare=lambda: {"W": swap}, on_input=lambda: None, claimed=view.claims)

    def press_w() -> None:
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, 0x0426, Qt.KeyboardModifier.NoModifier, 25, 0x0426, 0, "ц")
            QApplication.sendEvent(view, event)

    press_w()
    assert len(swapped) == 1
    begin(view, mouse, ToolName.SEGMENT)
    press_w()
    assert len(swapped) == 1
    assert view.state.preview == MASKS[1]


# ---------------------------------------------------------------------------------------------------- tools and buttons
def test_every_tool_can_be_taken_and_tells_it_once(view: CanvasView, heard: Heard) -> None:
    for tool in (*ToolName, ToolName.HAND):
        view.set_tool(tool)
        assert view.tool is tool
    assert heard.tools == list(ToolName)[1:]  # the first one was in hand already


@pytest.mark.parametrize("tool", list(ToolName))
def test_no_tool_minds_events_without_an_image(view: CanvasView, mouse: Mouse, heard: Heard, tool: ToolName) -> None:
    view.show_frame(None, [], selected=None)
    view.set_tool(tool)
    heard.said.clear()
    mouse.drag((10, 10), (60, 60))
    mouse.tap(10, 10, button=RIGHT)
    mouse.double(20, 20)
    mouse.wheel(20, 20, 120)
    press_all(view)
    assert (heard.acts, heard.prompts, heard.said, view.busy) == (0, [], [], False)


@pytest.mark.parametrize("tool", [tool for tool in ToolName if tool is not ToolName.SELECT])
def test_a_release_without_a_press_does_nothing(view: CanvasView, mouse: Mouse, heard: Heard, tool: ToolName) -> None:
    mouse.press(100, 100)
    mouse.press(100, 100, button=RIGHT)
    view.set_tool(tool)
    mouse.release(140, 140, button=RIGHT)
    mouse.release(140, 140)
    assert (heard.acts, heard.prompts, view.busy) == (0, [], False)


@pytest.mark.parametrize("tool", list(ToolName))
def test_the_middle_button_pans_in_every_tool(view: CanvasView, mouse: Mouse, heard: Heard, tool: ToolName) -> None:
    view.zoom_by(3.0)
    view.set_tool(tool)
    left = view.camera.left
    start = mouse.spot(200, 150)
    target = view.camera.to_image(start.x() + 40, start.y())
    mouse.press(200, 150, button=MIDDLE)
    mouse.move(*target)
    mouse.release(*target, button=MIDDLE)
    assert view.camera.left == pytest.approx(left + 40 * view.camera.ratio, abs=1)
    assert (heard.acts, heard.prompts, view.busy) == (0, [], False)


def test_the_left_button_waits_while_the_right_one_wipes(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.show_objects([shown(1, Mask.of_box(Box(100, 100, 200, 200)))], selected=1)
    view.set_tool(ToolName.BRUSH)
    mouse.press(100, 150, button=RIGHT)
    mouse.press(100, 150)
    mouse.move(150, 150)
    mouse.release(150, 150)
    assert view.busy
    mouse.release(150, 150, button=RIGHT)
    ((_, mask),) = heard.edited
    assert mask.area < 100 * 100


def test_a_button_whose_release_got_lost_works_again(view: CanvasView, heard: Heard) -> None:
    view.set_tool(ToolName.SEGMENT)
    Mouse(view).press(100, 100, button=RIGHT)  # the release goes to somebody else
    Mouse(view).tap(150, 150)
    assert len(heard.prompts) == 1


def test_only_the_select_tool_snaps_and_lights_objects_up(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.show_objects([shown(1, (100, 100, 200, 200))], selected=1)
    view.set_snap_held(True)
    view.set_tool(ToolName.POLYGON)
    mouse.move(150, 90)
    mouse.move(150, 150)
    assert view.state.snap is None
    assert heard.hovered == []


# ---------------------------------------------------------------------------------------------------- scaling
@pytest.mark.parametrize("scale", ["2", "1.5"])
def test_all_tools_agree_with_a_scaled_screen(scale: str) -> None:
    env = {**os.environ, "QT_SCALE_FACTOR": scale}
    env.pop("PYTEST_CURRENT_TEST", None)
    here = Path(__file__).parent
    files = sorted(str(path) for path in here.glob("test_tools_*.py") if path != Path(__file__))
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files, str(here / "test_canvas_sight.py")],
        env=env,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:]

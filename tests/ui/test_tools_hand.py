"""Moving the image about, and what tools keep while the pointer is away from the image."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from autoanno_gui.core.mask import Mask
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.ui.canvas.tools.tool import ToolName
from autoanno_gui.ui.canvas.view import CanvasView
from tests.ui.canvas_kit import Heard, Mouse, close_to, open_view, picture, shown

MIDDLE = Qt.MouseButton.MiddleButton
START = (200.0, 150.0)


@pytest.fixture
def view(qtbot: QtBot) -> CanvasView:
    """A view so near that the image can be moved every way."""
    view = open_view(qtbot)
    view.show_frame(picture(), [shown(1, (60, 60, 340, 240))], selected=1)
    view.zoom_by(2.0)
    return view


def leave(view: CanvasView) -> None:
    """Take the pointer away from the canvas."""
    QApplication.sendEvent(view.viewport(), QEvent(QEvent.Type.Leave))


def place_on_screen(view: CanvasView) -> tuple[float, float]:
    """Return where one point of the image is, logical pixels."""
    return view.camera.to_view(*START)


# ---------------------------------------------------------------------------------------------------- the hand
def test_the_image_follows_the_hand_and_no_object_does(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_tool(ToolName.HAND)
    x, y = place_on_screen(view)
    mouse.press(*START)
    assert view.busy
    mouse.move(210, 145)  # four logical pixels each
    mouse.release(210, 145)
    assert not view.busy
    mouse.move(10, 10)
    assert place_on_screen(view) == pytest.approx((x + 40, y - 20), abs=0.01)
    assert heard.acts == 0


@pytest.mark.parametrize("tool", [ToolName.HAND, ToolName.SELECT])
def test_a_drag_whose_release_got_lost_ends(view: CanvasView, heard: Heard, tool: ToolName) -> None:
    view.set_tool(tool)
    x, y = place_on_screen(view)
    dragging = Mouse(view)
    dragging.press(*START)
    dragging.move(START[0] + 10, START[1] + 10)
    assert view.busy
    moved = place_on_screen(view)
    Mouse(view).move(START[0] + 40, START[1] + 40)  # no button is down any more
    assert not view.busy
    assert place_on_screen(view) == moved
    assert (moved != (x, y)) is (tool is ToolName.HAND)
    assert heard.acts == 0


def test_the_hand_shows_itself(view: CanvasView, mouse: Mouse) -> None:
    view.set_tool(ToolName.HAND)
    mouse.move(*START)
    assert view.viewport().cursor().shape() is Qt.CursorShape.OpenHandCursor
    mouse.press(*START)
    assert view.viewport().cursor().shape() is Qt.CursorShape.ClosedHandCursor
    mouse.release(*START)
    assert view.viewport().cursor().shape() is Qt.CursorShape.OpenHandCursor


def test_hidden_objects_do_not_stop_the_hand(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_tool(ToolName.HAND)
    view.set_overlay_visible(False)
    before = place_on_screen(view)
    mouse.drag(START, (210, 160))
    assert math.dist(place_on_screen(view), before) > 10
    assert heard.said == []


@pytest.mark.parametrize("end", ["escape", "tool", "frame"])
def test_what_ends_the_hand(view: CanvasView, mouse: Mouse, end: str) -> None:
    view.set_tool(ToolName.HAND)
    mouse.press(*START)
    if end == "escape":
        assert view.cancel()
    elif end == "tool":
        view.set_tool(ToolName.SELECT)
    else:
        view.show_frame(picture(2), [], selected=None)
        view.zoom_by(2.0)
    before = place_on_screen(view)
    mouse.move(220, 170)
    assert place_on_screen(view) == before


# ---------------------------------------------------------------------------------------------------- lost releases
def test_a_frame_without_a_picture_in_mid_pan_does_not_leave_the_image_stuck_to_the_pointer(
    view: CanvasView, mouse: Mouse
) -> None:
    mouse.press(*START, button=MIDDLE)
    view.show_fault(2, "No picture", "The file is empty.")
    mouse.release(*START, button=MIDDLE)
    view.show_frame(picture(3), [], selected=None)
    view.zoom_by(2.0)
    before = place_on_screen(view)
    mouse.move(100, 100)
    mouse.move(180, 170)
    assert place_on_screen(view) == before
    mouse.drag((150, 100), (190, 140))
    assert place_on_screen(view) == before


def test_a_lost_release_of_the_middle_button_ends_the_pan(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    mouse.press(*START, button=MIDDLE)
    lost = Mouse(view)  # knows nothing of the button
    before = place_on_screen(view)
    lost.move(220, 170)
    assert place_on_screen(view) == before
    lost.move(200, 61)
    assert heard.hovered == [1]
    view.set_pan_held(True)
    assert view.viewport().cursor().shape() is Qt.CursorShape.OpenHandCursor


# ---------------------------------------------------------------------------------------------------- pointer away
def test_backspace_takes_a_vertex_back_on_the_screen_with_the_pointer_away(
    view: CanvasView, mouse: Mouse, heard: Heard
) -> None:
    view.set_tool(ToolName.POLYGON)
    places = [(150.0, 100.0), (240.0, 100.0), (200.0, 180.0), (160.0, 170.0)]
    for place in places:
        mouse.tap(*place)
    leave(view)
    QTest.keyClick(view, Qt.Key.Key_Backspace)
    assert np.allclose(list(dict.fromkeys(view.state.path)), places[:3], atol=0.01)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert close_to(heard.drawn[0], Mask.of_points(places[:3]))


def test_backspace_takes_just_the_end_of_the_edge_back_with_the_pointer_away(
    view: CanvasView, mouse: Mouse, heard: Heard
) -> None:
    view.set_tool(ToolName.OBB)
    mouse.tap(150, 100)
    mouse.tap(240, 100)
    leave(view)
    QTest.keyClick(view, Qt.Key.Key_Backspace)
    assert view.busy
    assert view.state.draft is None
    mouse.tap(150, 180)
    mouse.tap(200, 140)
    assert len(heard.drawn) == 1
    drawn = heard.drawn[0]
    assert isinstance(drawn, OrientedBox)
    assert drawn.bounds.as_tuple() == pytest.approx((150, 100, 200, 180), abs=0.01)


@pytest.mark.parametrize("tool", [ToolName.BOX, ToolName.EXTREME, ToolName.OBB, ToolName.POLYGON])
def test_what_is_half_drawn_waits_for_the_pointer_to_come_back(
    view: CanvasView, mouse: Mouse, heard: Heard, tool: ToolName
) -> None:
    view.set_tool(tool)
    mouse.tap(150, 100)
    leave(view)
    assert view.busy
    for place in ((240, 100), (240, 180), (150, 180)):
        if heard.drawn:
            break
        if tool is not ToolName.BOX or place == (240, 180):
            mouse.tap(*place)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert len(heard.drawn) == 1
    assert heard.drawn[0].bounds.as_tuple() == pytest.approx((150, 100, 240, 180), abs=0.01)


def test_another_tool_takes_the_line_of_a_snap_away(view: CanvasView, mouse: Mouse) -> None:
    mouse.move(70, 150)
    view.set_snap_held(True)
    assert view.state.snap is not None
    view.set_tool(ToolName.BOX)
    assert view.state.snap is None
    view.set_tool(ToolName.SELECT)
    assert view.state.snap is not None

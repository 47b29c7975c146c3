"""Drawing boxes by extreme points and oriented boxes by an edge, and what all tools that draw have in common."""

from __future__ import annotations

import math

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from autoanno_gui.core.box import Box
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.ui.canvas.tools.tool import MIN_SIDE, ToolName
from autoanno_gui.ui.canvas.view import CanvasView
from tests.ui.canvas_kit import HEIGHT, SHIFT, WIDTH, Heard, Mouse, close_to, open_view, picture, same_places

CORNERS = [(100.0, 100.0), (200.0, 100.0), (200.0, 180.0), (100.0, 180.0)]
DRAWING = [ToolName.BOX, ToolName.EXTREME, ToolName.OBB, ToolName.POLYGON]


@pytest.fixture
def view(qtbot: QtBot) -> CanvasView:
    view = open_view(qtbot)
    view.show_frame(picture(), [], selected=None)
    return view


# ---------------------------------------------------------------------------------------------------- extreme points
def test_four_clicks_in_any_order_make_the_box_around_them(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_tool(ToolName.EXTREME)
    assert heard.tools == [ToolName.EXTREME]
    for place in ((150, 60), (90, 120), (210, 110)):
        mouse.tap(*place)
    mouse.move(140, 170)
    assert same_places(view.state.path, [(150, 60), (90, 120), (210, 110), (140, 170)])
    assert close_to(view.state.draft or Box(0, 0, 0, 0), Box(90, 60, 210, 170))
    assert heard.drawn == []
    mouse.tap(140, 180)
    assert len(heard.drawn) == 1
    assert close_to(heard.drawn[0], Box(90, 60, 210, 180))
    assert (view.state.path, view.state.draft) == ((), None)


def test_backspace_takes_the_last_extreme_point_back(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_tool(ToolName.EXTREME)
    mouse.tap(10, 10)
    QTest.keyClick(view, Qt.Key.Key_Backspace)
    assert (view.state.path, view.state.draft, view.busy) == ((), None, False)
    for place in ((150, 60), (20, 20)):
        mouse.tap(*place)
    QTest.keyClick(view, Qt.Key.Key_Backspace)
    for place in ((90, 120), (210, 110), (140, 180)):
        mouse.tap(*place)
    assert close_to(heard.drawn[0], Box(90, 60, 210, 180))


def test_four_points_on_a_line_are_no_box(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_tool(ToolName.EXTREME)
    for x in (100, 120, 140, 160):
        mouse.tap(x, 100)
    assert heard.drawn == []
    assert "one line" in heard.said[-1]
    assert not view.busy


def test_extreme_points_beyond_the_border_are_on_it(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_tool(ToolName.EXTREME)
    for place in ((-4, 100), (50, -3), (WIDTH + 4, 150), (100, HEIGHT + 5)):
        mouse.tap(*place)
    assert heard.drawn == [Box(0, 0, WIDTH, HEIGHT)]


# ---------------------------------------------------------------------------------------------------- oriented boxes
@pytest.mark.parametrize("way", ["drag", "two clicks"])
def test_an_edge_and_a_width_make_an_oriented_box_at_any_scaling(
    view: CanvasView, mouse: Mouse, heard: Heard, way: str
) -> None:
    view.set_tool(ToolName.OBB)
    wanted = OrientedBox(200, 150, 120, 60, math.radians(30))
    a, b, opposite = wanted.at(-60, -30), wanted.at(60, -30), wanted.at(-10, 30)
    if way == "drag":
        mouse.press(*a)
        mouse.move(200, 120)
        assert same_places(view.state.path, [a, (200, 120)])
        mouse.move(*b)
        mouse.release(*b)
    else:
        mouse.tap(*a)
        mouse.tap(*b)
    mouse.move(*wanted.at(0, 10))
    assert close_to(view.state.draft or wanted, wanted.with_sides(-60, -30, 60, 10))
    assert heard.drawn == []
    mouse.tap(*opposite)
    assert len(heard.drawn) == 1
    assert close_to(heard.drawn[0], wanted)
    assert (view.state.path, view.state.draft) == ((), None)


def test_the_width_goes_to_either_side_of_the_edge(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_tool(ToolName.OBB)
    mouse.drag((100, 200), (200, 200))
    mouse.tap(150, 160)
    assert close_to(heard.drawn[0], OrientedBox(150, 180, 100, 40, 0.0))


def test_shift_keeps_the_edge_to_steps_of_fifteen_degrees(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_tool(ToolName.OBB)
    mouse.drag((100, 100), (200, 155), keys=SHIFT)  # 28.8 degrees
    mouse.tap(150, 220)
    (box,) = heard.drawn
    assert isinstance(box, OrientedBox)
    assert math.degrees(box.angle) == pytest.approx(30)
    assert box.at(-box.width / 2, -box.height / 2) == pytest.approx((100, 100))


def test_the_border_shortens_a_constrained_edge_and_does_not_bend_it(
    view: CanvasView, mouse: Mouse, heard: Heard
) -> None:
    view.set_tool(ToolName.OBB)
    mouse.drag((380, 100), (WIDTH + 5, 115), keys=SHIFT)  # 37 degrees; along 30 it would end beyond the border
    mouse.tap(350, 150)
    (box,) = heard.drawn
    assert isinstance(box, OrientedBox)
    assert math.degrees(box.angle) == pytest.approx(30)
    assert box.corners[:, 0].max() == pytest.approx(WIDTH)


def test_a_click_on_the_edge_itself_does_not_end_the_box(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_tool(ToolName.OBB)
    mouse.tap(100, 100)
    mouse.tap(100.5, 100)  # the same place again is no edge
    mouse.tap(200, 100)
    mouse.tap(150, 100.2)
    assert heard.drawn == []
    assert view.busy
    mouse.tap(150, 140)
    assert close_to(heard.drawn[0], OrientedBox(150, 120, 100, 40, 0.0))


def test_backspace_takes_the_edge_s_end_back(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_tool(ToolName.OBB)
    mouse.drag((100, 100), (150, 150))
    QTest.keyClick(view, Qt.Key.Key_Backspace)
    assert view.state.draft is None
    mouse.tap(200, 100)
    mouse.tap(150, 140)
    assert close_to(heard.drawn[0], OrientedBox(150, 120, 100, 40, 0.0))
    mouse.tap(100, 100)
    QTest.keyClick(view, Qt.Key.Key_Backspace)
    assert not view.busy
    assert view.state.path == ()


# ---------------------------------------------------------------------------------------------------- all of them
@pytest.mark.parametrize("end", ["escape", "tool", "frame", "fault"])
@pytest.mark.parametrize("tool", DRAWING)
def test_whatever_is_half_drawn_can_be_dropped(
    view: CanvasView, mouse: Mouse, heard: Heard, tool: ToolName, end: str
) -> None:
    view.set_tool(tool)
    mouse.tap(100, 100)
    mouse.tap(101, 160) if tool is not ToolName.BOX else None
    mouse.press(180, 120)
    mouse.move(190, 140)
    assert view.busy
    match end:
        case "escape":
            assert view.cancel()
        case "tool":
            view.set_tool(ToolName.SELECT)
        case "frame":
            view.show_frame(picture(2), [], selected=None)
        case "fault":
            view.show_fault(3, "This frame cannot be shown", "It is empty.")
    mouse.move(200, 150)
    mouse.release(200, 150)
    assert heard.acts == 0
    assert not view.busy
    assert (view.state.path, view.state.draft, view.state.live) == ((), None, {})


@pytest.mark.parametrize("tool", DRAWING)
def test_nothing_is_drawn_while_the_objects_are_hidden(
    view: CanvasView, mouse: Mouse, heard: Heard, tool: ToolName
) -> None:
    view.set_tool(tool)
    view.set_overlay_visible(False)
    for corner in CORNERS:
        mouse.tap(*corner)
    assert (heard.acts, view.busy) == (0, False)
    assert "hidden" in heard.said[-1]


@pytest.mark.parametrize("tool", DRAWING)
def test_panning_and_zooming_leave_what_is_half_drawn_in_peace(
    view: CanvasView, mouse: Mouse, heard: Heard, tool: ToolName
) -> None:
    view.set_tool(tool)
    mouse.tap(100, 100)
    mouse.wheel(150, 140, 240)
    mouse.drag((150, 140), (120, 120), button=Qt.MouseButton.MiddleButton)
    assert view.busy
    for place in ((180, 150),) if tool is ToolName.BOX else ((180, 100), (180, 150), (100, 150)):
        mouse.tap(*place)
    if tool is ToolName.POLYGON:
        QTest.keyClick(view, Qt.Key.Key_Return)
    assert len(heard.drawn) == 1
    bounds = heard.drawn[0].bounds
    assert (bounds.x1, bounds.y1, bounds.x2) == pytest.approx((100, 100, 180), abs=0.01)


def test_the_same_tool_again_keeps_what_is_under_way(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_tool(ToolName.POLYGON)
    mouse.tap(100, 100)
    view.set_tool(ToolName.POLYGON)
    assert view.busy
    assert heard.tools == [ToolName.POLYGON]


@pytest.mark.parametrize("left", range(40, 200, 7))
def test_a_box_of_just_the_least_width_is_drawn(view: CanvasView, mouse: Mouse, heard: Heard, left: int) -> None:
    view.set_tool(ToolName.BOX)
    view.camera.zoom_at(1.37, 100, 100)
    x, y = (round(value) for value in view.camera.to_view(left, 50))
    mouse.drag(view.camera.to_image(x, y), view.camera.to_image(x + MIN_SIDE, y + 40))
    assert len(heard.drawn) == 1

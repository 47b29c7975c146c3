"""Drawing new outlines: boxes by extreme points, oriented boxes by an edge, and polygons."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from autoanno_gui.core.box import Box
from autoanno_gui.core.mask import Mask, Part
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.ui.canvas.tools.tool import MIN_SIDE, ToolName
from autoanno_gui.ui.canvas.view import CanvasView
from tests.ui.canvas_kit import CTRL, HEIGHT, SHIFT, WIDTH, Heard, Mouse, close_to, open_view, picture, shown

CORNERS = [(100.0, 100.0), (200.0, 100.0), (200.0, 180.0), (100.0, 180.0)]
DRAWING = [ToolName.BOX, ToolName.EXTREME, ToolName.OBB, ToolName.POLYGON]


@pytest.fixture
def view(qtbot: QtBot) -> CanvasView:
    view = open_view(qtbot)
    view.show_frame(picture(), [], selected=None)
    return view


def same_places(found: Sequence[tuple[float, float]], expected: Sequence[tuple[float, float]]) -> bool:
    return len(found) == len(expected) and np.allclose(found, expected, rtol=0.0, atol=0.01)


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


# ---------------------------------------------------------------------------------------------------- polygons
def test_clicks_and_enter_make_a_mask_at_any_scaling(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_tool(ToolName.POLYGON)
    for corner in CORNERS:
        mouse.tap(*corner)
    mouse.move(90, 150)
    assert same_places(view.state.path, [*CORNERS, (90, 150)])
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert len(heard.drawn) == 1
    assert close_to(heard.drawn[0], Mask.of_points(CORNERS))
    assert view.state.path == ()
    assert not view.busy


def test_a_click_on_the_first_vertex_closes(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_tool(ToolName.POLYGON)
    for place in (*CORNERS, (101, 101)):
        mouse.tap(*place)
    assert close_to(heard.drawn[0], Mask.of_points(CORNERS))


def test_a_double_click_closes_with_its_place_as_the_last_vertex(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_tool(ToolName.POLYGON)
    for corner in CORNERS[:3]:
        mouse.tap(*corner)
    mouse.double(*CORNERS[3])
    assert close_to(heard.drawn[0], Mask.of_points(CORNERS))
    assert not view.busy


def test_a_double_click_on_the_first_vertex_begins_no_other_outline(
    view: CanvasView, mouse: Mouse, heard: Heard
) -> None:
    view.set_tool(ToolName.POLYGON)
    for corner in CORNERS:
        mouse.tap(*corner)
    mouse.double(*CORNERS[0])
    assert len(heard.drawn) == 1
    assert not view.busy
    mouse.tap(300, 200)
    assert view.busy


def test_two_vertices_are_no_outline(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_tool(ToolName.POLYGON)
    for corner in CORNERS[:2]:
        mouse.tap(*corner)
    for close in (lambda: QTest.keyClick(view, Qt.Key.Key_Enter), lambda: mouse.tap(*CORNERS[0])):
        close()
        assert heard.drawn == []
        assert "three points" in heard.said.pop()
        assert view.busy
    mouse.tap(*CORNERS[2])
    QTest.keyClick(view, Qt.Key.Key_Enter)
    assert close_to(heard.drawn[0], Mask.of_points(CORNERS[:3]))


def test_points_on_one_line_have_no_area(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_tool(ToolName.POLYGON)
    for x in (100, 150, 200):
        mouse.tap(x, 100)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert heard.drawn == []
    assert "no area" in heard.said[-1]


def test_an_outline_that_crosses_itself_is_told_as_drawn(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_tool(ToolName.POLYGON)
    bow = [CORNERS[0], CORNERS[2], CORNERS[1], CORNERS[3]]
    for corner in bow:
        mouse.tap(*corner)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert close_to(heard.drawn[0], Mask.of_points(bow))


def test_the_same_place_twice_is_one_vertex(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_tool(ToolName.POLYGON)
    for place in (CORNERS[0], CORNERS[1], CORNERS[1], CORNERS[2]):
        mouse.tap(*place)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert close_to(heard.drawn[0], Mask.of_points(CORNERS[:3]))


def test_vertices_beyond_the_border_are_on_it(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_tool(ToolName.POLYGON)
    for place in ((-5, -5), (WIDTH + 5, -5), (WIDTH, HEIGHT), (200, HEIGHT + 5)):
        mouse.tap(*place)
    QTest.keyClick(view, Qt.Key.Key_Return)
    expected = [(0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (200, HEIGHT)]
    assert close_to(heard.drawn[0], Mask.of_points(expected))


def circle(steps: int, *, radius: float = 60.0) -> list[tuple[float, float]]:
    turns = [2 * math.pi * step / steps for step in range(steps)]
    return [(200 + radius * math.cos(turn), 150 + radius * math.sin(turn)) for turn in turns]


def test_a_freehand_ring_closes_where_it_began_and_has_few_points(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_tool(ToolName.POLYGON)
    ring = circle(400)
    mouse.trail(*ring)
    (mask,) = heard.drawn
    assert isinstance(mask, Mask)
    assert 8 <= mask.point_count <= 60
    assert mask.iou(Mask.of_points(ring)) > 0.97
    assert not view.busy


def test_clicks_and_freehand_mix_and_backspace_takes_a_whole_stretch(
    view: CanvasView, mouse: Mouse, heard: Heard
) -> None:
    view.set_tool(ToolName.POLYGON)
    mouse.tap(100, 100)
    mouse.tap(200, 100)
    wave = [(200 + 20 * math.sin(y / 10), y) for y in range(110, 180)]
    mouse.trail(*wave)
    assert len(view.state.path) > 5
    QTest.keyClick(view, Qt.Key.Key_Backspace)
    assert same_places(view.state.path[:-1], [(100, 100), (200, 100)])
    mouse.trail((200, 120), (200, 140), (200, 160), (200, 180))  # straight: only its ends stay
    mouse.tap(100, 180)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert close_to(heard.drawn[0], Mask.of_points([(100, 100), (200, 100), (200, 120), (200, 180), (100, 180)]))


def test_backspace_under_the_button_drops_the_line_alone(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_tool(ToolName.POLYGON)
    for corner in CORNERS[:3]:
        mouse.tap(*corner)
    mouse.press(120, 200)
    mouse.move(140, 220)
    mouse.move(160, 240)
    QTest.keyClick(view, Qt.Key.Key_Return)  # not while the button is down
    assert heard.drawn == []
    QTest.keyClick(view, Qt.Key.Key_Backspace)
    mouse.release(160, 240)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert close_to(heard.drawn[0], Mask.of_points(CORNERS[:3]))


# ---------------------------------------------------------------------------------------------------- parts of a mask
def square(x1: float, y1: float, x2: float, y2: float) -> list[tuple[float, float]]:
    return [(x1, y1), (x2, y1), (x2, y2), (x1, y2)]


def draw_part(view: CanvasView, mouse: Mouse, corners: list[tuple[float, float]], keys: Qt.KeyboardModifier) -> None:
    mouse.tap(*corners[0], keys=keys)
    for corner in corners[1:]:
        mouse.tap(*corner)
    QTest.keyClick(view, Qt.Key.Key_Return)


@pytest.fixture
def with_mask(view: CanvasView) -> CanvasView:
    view.show_frame(picture(), [shown(1, Mask.of_points(square(50, 50, 150, 150)))], selected=1)
    view.set_tool(ToolName.POLYGON)
    return view


def test_shift_adds_a_part(with_mask: CanvasView, mouse: Mouse, heard: Heard) -> None:
    draw_part(with_mask, mouse, square(200, 50, 250, 100), SHIFT)
    ((object_id, mask),) = heard.edited
    assert isinstance(mask, Mask)
    assert (object_id, len(mask.parts), heard.drawn) == (1, 2, [])
    assert mask.area == pytest.approx(100 * 100 + 50 * 50)
    assert mask.contains(225, 75)


def test_a_part_that_overlaps_becomes_one_with_the_mask(with_mask: CanvasView, mouse: Mouse, heard: Heard) -> None:
    draw_part(with_mask, mouse, square(100, 60, 250, 100), SHIFT)
    ((_, mask),) = heard.edited
    assert isinstance(mask, Mask)
    assert len(mask.parts) == 1
    assert mask.area == pytest.approx(100 * 100 + 100 * 40)


def test_ctrl_cuts_a_hole_or_a_side(with_mask: CanvasView, mouse: Mouse, heard: Heard) -> None:
    draw_part(with_mask, mouse, square(80, 80, 120, 120), CTRL)
    draw_part(with_mask, mouse, square(100, 40, 200, 160), CTRL)
    hole, half = (outline for _, outline in heard.edited)
    assert isinstance(hole, Mask)
    assert isinstance(half, Mask)
    assert (hole.hole_count, hole.area) == (1, pytest.approx(100 * 100 - 40 * 40))
    assert not hole.contains(100, 100)
    assert half.bounds == Box(50, 50, 100, 150)


@pytest.mark.parametrize(
    ("corners", "keys", "hint"),
    [
        (square(40, 40, 160, 160), CTRL, "Nothing would be left"),
        (square(200, 40, 260, 160), CTRL, "does not touch"),
        (square(60, 60, 100, 100), SHIFT, "lies inside"),
    ],
    ids=["all", "beside", "inside"],
)
def test_a_part_that_changes_nothing_or_takes_all_is_refused(
    with_mask: CanvasView,
    mouse: Mouse,
    heard: Heard,
    corners: list[tuple[float, float]],
    keys: Qt.KeyboardModifier,
    hint: str,
) -> None:
    draw_part(with_mask, mouse, corners, keys)
    assert heard.acts == 0
    assert hint in heard.said[-1]
    assert not with_mask.busy


def test_a_part_keeps_the_other_parts_and_holes(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    outer, hole = (Mask.of_points(ring).parts[0].outer for ring in (square(50, 50, 150, 150), square(80, 80, 120, 120)))
    view.show_frame(picture(), [shown(1, Mask((Part(outer, (hole,)),)))], selected=1)
    view.set_tool(ToolName.POLYGON)
    draw_part(view, mouse, square(200, 50, 250, 100), SHIFT)
    ((_, mask),) = heard.edited
    assert isinstance(mask, Mask)
    assert (len(mask.parts), mask.hole_count) == (2, 1)


def test_without_a_selected_mask_no_part_is_begun(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.show_frame(picture(), [shown(1, (50, 50, 150, 150))], selected=1)
    view.set_tool(ToolName.POLYGON)
    mouse.tap(60, 60, keys=SHIFT)
    mouse.tap(60, 60, keys=CTRL)
    assert not view.busy
    assert [hint.startswith("Select a mask first") for hint in heard.said] == [True, True]


def test_a_mask_that_changes_meanwhile_drops_its_part(with_mask: CanvasView, mouse: Mouse, heard: Heard) -> None:
    mouse.tap(200, 50, keys=SHIFT)
    mouse.tap(250, 50)
    with_mask.update_object(2, shown(2, (10, 10, 30, 30)))
    assert with_mask.busy
    with_mask.update_object(1, None)
    assert not with_mask.busy
    assert heard.acts == 0


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
    top = view.camera.to_view(0, 50)[1]
    begin = view.camera.to_image(left, round(top))
    mouse.drag(begin, view.camera.to_image(left + MIN_SIDE, round(top) + 40))
    assert len(heard.drawn) == 1

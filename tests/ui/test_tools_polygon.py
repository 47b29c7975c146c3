"""The polygon tool: outlines of clicks and strokes, and parts of a mask."""

from __future__ import annotations

import math

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from autoanno_gui.core.box import Box
from autoanno_gui.core.mask import Mask, Part
from autoanno_gui.ui.canvas.tools.tool import ToolName
from autoanno_gui.ui.canvas.view import CanvasView
from tests.ui.canvas_kit import (
    CTRL,
    HEIGHT,
    SHIFT,
    WIDTH,
    Heard,
    Mouse,
    close_to,
    open_view,
    picture,
    same_places,
    shown,
)

CORNERS = [(100.0, 100.0), (200.0, 100.0), (200.0, 180.0), (100.0, 180.0)]


@pytest.fixture
def view(qtbot: QtBot) -> CanvasView:
    view = open_view(qtbot)
    view.show_frame(picture(), [], selected=None)
    return view


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

"""The select tool on a mask: its vertices and edges under the mouse, and what ends a drag."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from autoanno_gui.core.box import Box
from autoanno_gui.core.mask import Mask, Part
from autoanno_gui.ui.canvas.state import Spot
from autoanno_gui.ui.canvas.tools.tool import ToolName
from autoanno_gui.ui.canvas.view import CanvasView
from tests.ui.canvas_kit import HEIGHT, SHIFT, Heard, Keeper, Mouse, close_to, open_view, picture, show, shown

TRIANGLE = [(100.0, 100.0), (200.0, 100.0), (100.0, 200.0)]


@pytest.fixture
def view(qtbot: QtBot) -> CanvasView:
    return open_view(qtbot)


def test_a_vertex_follows_the_drag_at_any_scaling(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    show(view, Mask.of_points(TRIANGLE))
    mouse.press(201, 101)  # one pixel beside the vertex: it keeps that distance
    mouse.move(231, 91)
    assert close_to(view.state.live[1], Mask.of_points([(100, 100), (230, 90), (100, 200)]))
    assert view.state.loupe == pytest.approx((230, 90))
    assert view.state.spot == Spot(0, 1)
    assert heard.acts == 0
    mouse.release(231, 91)
    assert close_to(heard.edited[0][1], Mask.of_points([(100, 100), (230, 90), (100, 200)]))
    assert len(heard.steps) == 1
    assert view.state.loupe is None
    assert view.state.live == {}


def test_a_vertex_stops_at_the_border(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    show(view, Mask.of_points(TRIANGLE))
    mouse.drag((100, 200), (-5, HEIGHT + 4))
    assert close_to(heard.edited[0][1], Mask.of_points([(100, 100), (200, 100), (0, HEIGHT)]))


def test_an_edge_moves_both_its_vertices_and_stops_at_the_border(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    show(view, Mask.of_points(TRIANGLE))
    mouse.drag((150, 100), (160, 80))
    mouse.drag((150, 100), (150, -5))
    assert close_to(heard.edited[0][1], Mask.of_points([(110, 80), (210, 80), (100, 200)]))
    assert close_to(heard.edited[1][1], Mask.of_points([(100, 0), (200, 0), (100, 200)]))


def test_shift_click_on_an_edge_inserts_a_vertex_that_changes_nothing_else(
    view: CanvasView, mouse: Mouse, heard: Heard
) -> None:
    show(view, Mask.of_points(TRIANGLE))
    mouse.tap(150, 101, keys=SHIFT)  # beside the edge: the vertex goes on it
    assert heard.picked == []
    (object_id, mask), *more = heard.edited
    assert (object_id, more) == (1, [])
    assert close_to(mask, Mask.of_points([(100, 100), (150, 100), (200, 100), (100, 200)]))
    assert mask.area == pytest.approx(5000)


def test_shift_drag_inserts_a_vertex_and_drags_it_in_one_step(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    show(view, Mask.of_points(TRIANGLE))
    mouse.drag((100, 150), (60, 150), keys=SHIFT)  # the closing edge
    assert len(heard.steps) == 1
    assert close_to(heard.edited[0][1], Mask.of_points([*TRIANGLE, (60, 150)]))


def test_a_double_click_on_an_edge_inserts_a_vertex(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.object_picked.connect(view.set_selected)
    show(view, Mask.of_points(TRIANGLE), Box(140, 90, 160, 110))
    mouse.double(150, 100)  # the first click selects the small box that lies there, too
    assert close_to(heard.edited[0][1], Mask.of_points([(100, 100), (150, 100), (200, 100), (100, 200)]))
    assert heard.edited[0][0] == 1
    assert view.state.selected == 1
    assert len(heard.steps) == 1


def test_shift_click_on_a_vertex_deletes_it_but_never_the_last_three(
    view: CanvasView, mouse: Mouse, heard: Heard
) -> None:
    Keeper(view)
    show(view, Mask.of_points([(100, 100), (150, 80), (200, 100), (100, 200)]))
    mouse.tap(150, 80, keys=SHIFT)
    mouse.tap(100, 100, keys=SHIFT)
    assert len(heard.steps) == 1
    assert close_to(heard.edited[0][1], Mask.of_points(TRIANGLE))
    assert "three points" in heard.said[-1]
    assert close_to(view.state.objects[1].geometry, Mask.of_points(TRIANGLE))


def test_deleting_a_vertex_of_a_triangular_hole_takes_the_hole_away(
    view: CanvasView, mouse: Mouse, heard: Heard
) -> None:
    outer = Mask.of_box(Box(50, 50, 350, 250)).parts[0].outer
    hole = Mask.of_points([(150, 100), (250, 100), (200, 180)]).parts[0].outer
    show(view, Mask((Part(outer, (hole,)),)))
    mouse.tap(200, 180, keys=SHIFT)
    assert close_to(heard.edited[0][1], Mask((Part(outer),)))


def test_a_vertex_of_a_hole_can_be_dragged(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    outer = Mask.of_box(Box(50, 50, 350, 250)).parts[0].outer
    hole = Mask.of_points([(150, 100), (250, 100), (200, 180)]).parts[0].outer
    show(view, Mask((Part(outer, (hole,)),)))
    mouse.drag((200, 180), (210, 200))
    moved = Mask.of_points([(150, 100), (250, 100), (210, 200)]).parts[0].outer
    assert close_to(heard.edited[0][1], Mask((Part(outer, (moved,)),)))


def test_a_drag_away_from_the_outline_draws(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    show(view, Mask.of_points(TRIANGLE))
    mouse.drag((120, 120), (150, 150))
    assert close_to(heard.drawn[0], Box(120, 120, 150, 150))
    assert heard.edited == []


def test_the_middle_of_a_tiny_mask_stays_free_and_outside_it_can_be_grabbed(
    view: CanvasView, mouse: Mouse, heard: Heard
) -> None:
    show(view, Mask.of_box(Box(100, 100, 104, 104)))  # eight logical pixels
    mouse.drag((102, 102), (130, 130))
    assert len(heard.drawn) == 1
    mouse.drag((105.5, 105.5), (115.5, 115.5))
    assert close_to(heard.edited[0][1], Mask.of_points([(100, 100), (104, 100), (114, 114), (100, 104)]))


def test_the_spot_under_the_pointer_lights_up(view: CanvasView, mouse: Mouse) -> None:
    show(view, Mask.of_points(TRIANGLE))
    for place, spot in (
        ((200, 100), Spot(0, 1)),
        ((150, 100), Spot(0, 1 - 1, edge=True)),
        ((120, 120), None),
    ):
        mouse.move(*place)
        assert view.state.spot == spot
    mouse.move(200, 100)
    view.set_tool(ToolName.BOX)
    assert view.state.spot is None


def test_escape_restores_the_mask(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    show(view, Mask.of_points(TRIANGLE))
    mouse.press(200, 100)
    mouse.move(240, 100)
    assert view.cancel()
    assert (view.state.live, view.state.loupe) == ({}, None)
    mouse.release(240, 100)
    assert heard.acts == 0


def test_only_a_change_of_its_own_object_ends_a_drag(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    mask = Mask.of_points(TRIANGLE)
    show(view, mask, Box(300, 200, 340, 240))
    mouse.press(200, 100)
    mouse.move(240, 100)
    view.update_object(2, shown(2, (300, 200, 350, 250)))
    view.show_objects([shown(1, mask), shown(3, (10, 10, 30, 30))], selected=1)
    assert 1 in view.state.live
    view.update_object(1, shown(1, mask.moved(1, 1)))
    assert view.state.live == {}
    mouse.move(250, 100)
    mouse.release(250, 100)
    assert heard.acts == 0


def test_selecting_another_object_ends_a_drag(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    show(view, Box(100, 100, 200, 200), Box(300, 200, 340, 240))
    mouse.press(200, 200)
    mouse.move(220, 220)
    view.set_selected(2)
    mouse.release(220, 220)
    assert heard.acts == 0
    assert view.state.live == {}


def test_a_press_after_a_lost_release_begins_anew(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    show(view, Box(100, 100, 200, 200))
    mouse.press(200, 200)
    mouse.move(220, 220)
    mouse.tap(150, 150)
    assert view.state.live == {}
    assert heard.steps == []
    assert heard.picked == [1]


@pytest.mark.parametrize("end", ["frame", "tool"])
def test_another_frame_or_tool_ends_a_drag(view: CanvasView, mouse: Mouse, heard: Heard, end: str) -> None:
    show(view, Mask.of_points(TRIANGLE))
    mouse.press(200, 100)
    mouse.move(240, 100)
    if end == "frame":
        view.show_frame(picture(2), [shown(1, Mask.of_points(TRIANGLE))], selected=1)
    else:
        view.set_tool(ToolName.POLYGON)
    mouse.move(250, 100)
    mouse.release(250, 100)
    assert heard.acts == 0
    assert (view.state.live, view.state.loupe, view.state.path) == ({}, None, ())


def test_at_huge_zoom_a_vertex_moves_by_parts_of_a_pixel(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    show(view, Mask.of_points(TRIANGLE))
    view.zoom_by(1000, mouse.spot(200, 100))
    assert view.camera.zoom == 40.0
    mouse.drag((200, 100), (200.3, 100.2))
    assert close_to(heard.edited[0][1], Mask.of_points([(100, 100), (200.3, 100.2), (100, 200)]))

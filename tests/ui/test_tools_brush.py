"""Brush and eraser: strokes become outlines, one each, and nothing is lost between them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from autoanno_gui.core.box import Box
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.review_objects import Role
from autoanno_gui.imaging.masks import MaskCanvas, rasterise
from autoanno_gui.ui.canvas.state import BrushTip
from autoanno_gui.ui.canvas.tools.tool import ToolName
from autoanno_gui.ui.canvas.view import CanvasView
from tests.rasters import paste
from tests.ui.canvas_kit import ALT, HEIGHT, RIGHT, SHIFT, WIDTH, Heard, Keeper, Mouse, open_view, picture, shown

SQUARE = Mask.of_box(Box(100, 100, 200, 200))
RADIUS = 10.0


@pytest.fixture
def view(qtbot: QtBot) -> CanvasView:
    view = open_view(qtbot)
    view.mask_tolerance = 0.0
    view.show_frame(picture(), [], selected=None)
    view.set_tool(ToolName.BRUSH)
    while view.brush_radius > RADIUS:
        view.grow_brush(-1)
    view.grow_brush(np.log(RADIUS / view.brush_radius) / np.log(1.25))
    assert view.brush_radius == pytest.approx(RADIUS)
    return view


@pytest.fixture
def keeper(view: CanvasView) -> Keeper:
    return Keeper(view)


def bits(mask: object) -> NDArray[np.bool_]:
    """Return the pixels of a mask in the picture."""
    assert isinstance(mask, Mask)
    return paste(rasterise(mask, width=WIDTH, height=HEIGHT), width=WIDTH, height=HEIGHT)


def painted(
    *strokes: tuple[float, float, float, float], on: Mask | None = None, wipe: bool = False
) -> NDArray[np.bool_]:
    """Return the pixels that strokes of the usual width leave."""
    canvas = MaskCanvas.from_mask(on, WIDTH, HEIGHT) if on is not None else MaskCanvas(WIDTH, HEIGHT)
    for stroke in strokes:
        canvas.stroke(*stroke, RADIUS, erase=wipe)
    return canvas.bits


def select_square(view: CanvasView) -> None:
    view.show_objects([shown(1, SQUARE, Role.CONFIRMED)], selected=1)


# ---------------------------------------------------------------------------------------------------- painting
def test_a_stroke_on_nothing_draws_a_mask(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    mouse.press(100, 100)
    mouse.move(150, 120)
    raster = view.state.paint
    assert raster is not None
    assert np.array_equal(paste(raster, width=WIDTH, height=HEIGHT), painted((100, 100, 150, 120)))
    assert view.state.painted is None
    assert heard.acts == 0
    mouse.release(150, 120)
    assert len(heard.drawn) == 1
    assert np.array_equal(bits(heard.drawn[0]), painted((100, 100, 150, 120)))
    assert view.state.paint is None


def test_a_click_is_a_dab(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    mouse.tap(100, 100)
    assert np.array_equal(bits(heard.drawn[0]), painted((100, 100, 100, 100)))


def test_strokes_go_on_with_the_object_that_the_first_one_made(
    view: CanvasView, mouse: Mouse, heard: Heard, keeper: Keeper
) -> None:
    mouse.drag((100, 100), (150, 100))
    mouse.drag((150, 100), (150, 150))
    mouse.drag((150, 150), (160, 150))
    assert (len(heard.drawn), len(heard.steps)) == (1, 2)
    expected = painted((100, 100, 150, 100), (150, 100, 150, 150), (150, 150, 160, 150))
    assert np.array_equal(bits(view.state.selected_object().geometry), expected)  # type: ignore[union-attr]


def test_a_stroke_adds_to_the_selected_mask(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    select_square(view)
    mouse.press(200, 150)
    mouse.move(230, 150)
    assert view.state.painted == 1
    mouse.release(230, 150)
    assert heard.drawn == []
    ((object_id, mask),) = heard.edited
    assert object_id == 1
    assert np.array_equal(bits(mask), painted((200, 150, 230, 150), on=SQUARE))


def test_strokes_keep_pixels_that_the_outline_smooths_away(
    view: CanvasView, mouse: Mouse, heard: Heard, keeper: Keeper
) -> None:
    view.mask_tolerance = 3.0
    mouse.drag((100, 100), (150, 133))
    for _ in range(3):
        mouse.drag((300, 200), (320, 213))
        mouse.drag((300, 200), (320, 213), button=RIGHT)
    view.mask_tolerance = 0.0
    mouse.tap(300, 50)
    expected = painted((100, 100, 150, 133), (300, 50, 300, 50))
    assert np.array_equal(bits(heard.edited[-1][1]), expected)


def test_with_a_box_selected_a_new_mask_begins(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.show_objects([shown(1, (100, 100, 200, 200))], selected=1)
    mouse.drag((150, 150), (180, 150))
    assert heard.steps == []
    assert np.array_equal(bits(heard.drawn[0]), painted((150, 150, 180, 150)))


def test_painting_what_is_painted_changes_nothing(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    select_square(view)
    mouse.drag((130, 130), (160, 160))
    assert heard.acts == 0


def test_shift_draws_a_straight_line_from_the_last_end(
    view: CanvasView, mouse: Mouse, heard: Heard, keeper: Keeper
) -> None:
    mouse.drag((100, 100), (120, 100))
    mouse.tap(300, 200, keys=SHIFT)
    expected = painted((100, 100, 120, 100), (120, 100, 300, 200))
    assert np.array_equal(bits(heard.edited[-1][1]), expected)


def test_shift_without_a_stroke_before_is_a_dab(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    mouse.drag((20, 20), (60, 20))
    view.show_frame(picture(2), [], selected=None)
    mouse.tap(300, 200, keys=SHIFT)
    assert np.array_equal(bits(heard.drawn[-1]), painted((300, 200, 300, 200)))


def test_strokes_beyond_the_border_paint_what_is_inside(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    mouse.drag((WIDTH - 20, 150), (WIDTH + 5.5, 150))
    assert np.array_equal(bits(heard.drawn[0]), painted((WIDTH - 20, 150, WIDTH + 5.5, 150)))
    assert heard.drawn[0].bounds.x2 == WIDTH
    while view.brush_radius > 1:
        view.grow_brush(-1)
    mouse.tap(WIDTH + 5.5, 250)
    assert len(heard.drawn) == 1


# ---------------------------------------------------------------------------------------------------- wiping
@pytest.mark.parametrize("way", ["eraser", "right button"])
def test_wiping_takes_pixels_away_at_any_scaling(view: CanvasView, mouse: Mouse, heard: Heard, way: str) -> None:
    select_square(view)
    button = RIGHT if way == "right button" else Qt.MouseButton.LeftButton
    if way == "eraser":
        view.set_tool(ToolName.ERASER)
    mouse.press(150, 90, button=button)
    assert view.state.brush is not None
    assert view.state.brush.erases
    mouse.move(150, 210)
    mouse.release(150, 210, button=button)
    ((_, mask),) = heard.edited
    assert np.array_equal(bits(mask), painted((150, 90, 150, 210), on=SQUARE, wipe=True))
    assert isinstance(mask, Mask)
    assert len(mask.parts) == 2


def test_wiping_all_of_it_is_refused(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.show_objects([shown(1, Mask.of_box(Box(100, 100, 110, 110)))], selected=1)
    view.set_tool(ToolName.ERASER)
    mouse.drag((100, 100), (112, 112))
    assert heard.acts == 0
    assert "Nothing would be left" in heard.said[-1]
    mouse.tap(115, 115)
    assert len(heard.steps) == 1  # the pixels were put back before


@pytest.mark.parametrize("selected", [None, 1])
def test_the_eraser_needs_a_mask(view: CanvasView, mouse: Mouse, heard: Heard, selected: int | None) -> None:
    view.show_objects([shown(1, (100, 100, 200, 200))], selected=selected)
    view.set_tool(ToolName.ERASER)
    mouse.drag((150, 150), (180, 150))
    assert heard.acts == 0
    assert "Select a mask" in heard.said[-1]
    assert view.state.paint is None


# ---------------------------------------------------------------------------------------------------- dropping
def test_escape_restores_the_mask_under_the_brush(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    select_square(view)
    mouse.press(200, 150)
    mouse.move(230, 150)
    assert view.cancel()
    assert view.state.paint is None
    mouse.move(260, 150)
    mouse.release(260, 150)
    assert heard.acts == 0
    assert not view.cancel()
    mouse.tap(100, 100)
    assert np.array_equal(bits(heard.edited[0][1]), painted((100, 100, 100, 100), on=SQUARE))


@pytest.mark.parametrize("end", ["tool", "frame", "gone", "changed", "another"])
def test_a_stroke_ends_with_what_it_paints_on(view: CanvasView, mouse: Mouse, heard: Heard, end: str) -> None:
    view.show_objects([shown(1, SQUARE), shown(2, (10, 10, 40, 40))], selected=1)
    mouse.press(200, 150)
    mouse.move(230, 150)
    match end:
        case "tool":
            view.set_tool(ToolName.SELECT)
        case "frame":
            view.show_frame(picture(2), [shown(1, SQUARE)], selected=1)
        case "gone":
            view.update_object(1, None)
        case "changed":
            view.update_object(1, shown(1, SQUARE.moved(5, 5)))
        case "another":
            view.set_selected(2)
    assert view.state.paint is None
    mouse.release(240, 150)
    assert heard.acts == 0


def test_a_change_elsewhere_leaves_the_stroke_in_peace(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    select_square(view)
    mouse.press(200, 150)
    view.update_object(2, shown(2, (10, 10, 40, 40)))
    mouse.move(230, 150)
    mouse.release(230, 150)
    assert len(heard.steps) == 1


def test_after_an_undo_the_brush_goes_on_with_what_is_shown(
    view: CanvasView, mouse: Mouse, heard: Heard, keeper: Keeper
) -> None:
    select_square(view)
    mouse.drag((200, 150), (230, 150))
    view.update_object(1, shown(1, SQUARE))
    mouse.tap(100, 100)
    assert np.array_equal(bits(heard.edited[-1][1]), painted((100, 100, 100, 100), on=SQUARE))


def test_nothing_is_painted_while_the_objects_are_hidden(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    select_square(view)
    view.set_overlay_visible(False)
    mouse.drag((200, 150), (230, 150))
    mouse.drag((200, 150), (150, 150), button=RIGHT)
    assert heard.acts == 0
    assert "hidden" in heard.said[-1]


def test_hiding_in_mid_stroke_lets_it_end(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    select_square(view)
    mouse.press(200, 150)
    view.set_overlay_visible(False)
    mouse.move(230, 150)
    mouse.release(230, 150)
    assert np.array_equal(bits(heard.edited[0][1]), painted((200, 150, 230, 150), on=SQUARE))


# ---------------------------------------------------------------------------------------------------- the tip
def test_the_tip_follows_the_pointer_and_goes_with_the_tool(view: CanvasView, mouse: Mouse) -> None:
    mouse.move(50, 60)
    assert view.state.brush == BrushTip(pytest.approx(50), pytest.approx(60), pytest.approx(RADIUS))
    view.set_tool(ToolName.ERASER)
    assert view.state.brush is None
    mouse.move(50, 60)
    assert view.state.brush is not None
    assert view.state.brush.erases
    view.set_tool(ToolName.SELECT)
    assert view.state.brush is None


def test_alt_wheel_and_keys_change_its_size_within_limits(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    zoom = view.camera.zoom
    mouse.move(100, 100)
    mouse.wheel(100, 100, 120, keys=ALT)
    assert view.brush_radius == pytest.approx(RADIUS * 1.25)
    assert view.state.brush is not None
    assert view.state.brush.radius == view.brush_radius
    assert view.camera.zoom == zoom
    assert heard.said[-1] == "Brush: 25 pixels wide"
    view.grow_brush(-1)
    assert view.brush_radius == pytest.approx(RADIUS)
    view.grow_brush(100)
    assert view.brush_radius == 500
    view.grow_brush(-100)
    assert view.brush_radius == 1


def test_alt_wheel_still_zooms_with_another_tool(view: CanvasView, mouse: Mouse) -> None:
    view.set_tool(ToolName.SELECT)
    zoom, radius = view.camera.zoom, view.brush_radius
    mouse.wheel(100, 100, 120, keys=ALT)
    assert view.camera.zoom > zoom
    assert view.brush_radius == radius


def test_the_smallest_brush_paints_single_pixels_at_huge_zoom(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.grow_brush(-100)
    view.zoom_by(1000, mouse.spot(200, 150))
    mouse.drag((200.5, 150.5), (203.5, 150.5))
    found = bits(heard.drawn[0])
    assert found[150, 199:205].all()
    assert found.sum() <= 3 * 6


def test_shift_pressed_over_a_resting_brush_paints_nothing(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    mouse.move(100, 100)
    QTest.keyClick(view, Qt.Key.Key_Shift)
    assert (heard.acts, view.busy) == (0, False)

"""Bringing objects near: how large they are on the screen, and where the view goes."""

from __future__ import annotations

import math

import pytest
from pytestqt.qtbot import QtBot

from autoanno_gui.core.box import Box
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.ui.canvas.camera import MAX_ZOOM
from autoanno_gui.ui.canvas.sight import EASY_SIDE
from autoanno_gui.ui.canvas.view import CanvasView
from tests.ui.canvas_kit import Heard, open_view, picture, shown

SMALL, LARGE, CORNER = (100.0, 100.0, 110.0, 120.0), (200.0, 100.0, 300.0, 200.0), (0.0, 0.0, 8.0, 8.0)


@pytest.fixture
def view(qtbot: QtBot) -> CanvasView:
    """A fitted frame: one image pixel on two logical pixels."""
    view = open_view(qtbot)
    view.show_frame(picture(), [shown(1, SMALL), shown(2, LARGE), shown(3, CORNER)], selected=None)
    return view


def test_the_short_side_is_told_in_logical_pixels(view: CanvasView) -> None:
    turned = OrientedBox(200, 150, 120, 20, math.radians(45))
    view.update_object(4, shown(4, turned))
    assert view.short_side_on_screen(1) == pytest.approx(20)
    assert view.short_side_on_screen(4) == pytest.approx(40)  # its own side, not that of its bounds
    view.zoom_by(2.0)
    assert view.short_side_on_screen(1) == pytest.approx(40)
    assert view.short_side_on_screen(99) == 0.0


def test_in_view_is_what_has_its_middle_on_the_screen(view: CanvasView) -> None:
    assert [view.is_in_view(i) for i in (1, 2, 3, 99)] == [True, True, True, False]
    view.zoom_to(2)
    assert [view.is_in_view(i) for i in (1, 2, 3)] == [False, True, False]
    view.fit()
    view.set_overlay_visible(False)
    assert not view.is_in_view(1)


def test_a_small_object_is_enlarged_to_an_easy_size_with_its_surroundings(view: CanvasView, qtbot: QtBot) -> None:
    heard = Heard.of(view)
    view.reveal(1)
    assert view.short_side_on_screen(1) == pytest.approx(EASY_SIDE)
    assert view.camera.to_view(105, 110) == pytest.approx((412, 312), abs=1)
    assert len(heard.zoom) == 1
    zoom = view.camera.zoom
    view.reveal(1)
    assert view.camera.zoom == zoom
    assert len(heard.zoom) == 1


def test_an_object_at_the_border_is_enlarged_and_in_view(view: CanvasView) -> None:
    view.reveal(3)
    assert view.short_side_on_screen(3) == pytest.approx(EASY_SIDE)
    assert view.is_in_view(3)


def test_a_large_one_brings_the_whole_image_back_after_a_small_one(view: CanvasView) -> None:
    view.reveal(1)
    view.reveal(2)
    assert view.camera.fitted
    view.reveal(2)
    assert view.camera.fitted


def test_a_zoom_of_the_reviewer_s_own_stays(view: CanvasView) -> None:
    view.zoom_by(4.0)
    zoom = view.camera.zoom
    view.reveal(2)
    view.reveal(1)
    assert view.camera.zoom == zoom
    assert view.is_in_view(1)
    view.reveal(1)
    view.zoom_by(1.3)
    zoom = view.camera.zoom
    view.reveal(2)
    assert view.camera.zoom == zoom


def test_what_is_out_of_sight_comes_to_the_middle(view: CanvasView) -> None:
    view.zoom_to(2)
    zoom = view.camera.zoom
    view.update_object(4, shown(4, (10, 250, 60, 290)))
    assert not view.is_in_view(4)
    view.reveal(4)
    assert view.is_in_view(4)
    assert view.camera.zoom == zoom


@pytest.mark.parametrize("box", [Box(100, 100, 100, 100), Box(100, 100, 100.5, 200)], ids=["point", "hairline"])
def test_the_limit_of_zooming_is_kept(view: CanvasView, box: Box) -> None:
    view.update_object(4, shown(4, box))
    view.reveal(4)
    assert view.camera.zoom == MAX_ZOOM


def test_an_unknown_object_moves_nothing(view: CanvasView) -> None:
    view.reveal(99)
    view.zoom_to(99)
    assert view.camera.fitted


def test_another_frame_is_shown_whole_after_a_reveal(view: CanvasView) -> None:
    view.reveal(1)
    view.show_frame(picture(2), [shown(2, LARGE)], selected=None)
    view.zoom_by(3.0)
    zoom = view.camera.zoom
    view.reveal(2)
    assert view.camera.zoom == zoom


def test_the_same_frame_in_another_light_stays_where_it_is(view: CanvasView) -> None:
    view.zoom_by(3.0)
    place = view.camera.zoom, view.camera.origin
    view.renew_image(picture(1, colour="#ff0000"))
    assert (view.camera.zoom, view.camera.origin) == place
    assert view.grab().toImage().pixelColor(300, 500).red() == 0xFF
    view.renew_image(picture(9, colour="#00ff00"))  # of another frame: dropped
    assert view.grab().toImage().pixelColor(300, 500).red() == 0xFF
    assert view.state.objects.keys() == {1, 2, 3}

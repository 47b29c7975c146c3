"""Crowds of shapes: they are drawn in the background, and nobody must see that."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from autoanno_gui.ui.canvas.sheet_thread import SheetThread
from autoanno_gui.ui.canvas.view import CanvasView
from tests.ui.canvas_kit import Heard, open_view, picture
from tests.ui.shapes_kit import DARK, DARK_GREY, along, at, crowd, middle, pixels, settle


@pytest.fixture
def view(qtbot: QtBot) -> CanvasView:
    return open_view(qtbot)


def test_the_first_paint_of_a_frame_shows_every_object(view: CanvasView, qtbot: QtBot) -> None:
    objects = crowd()
    heard = Heard.of(view)
    view.show_frame(picture(colour=DARK), objects, selected=None)
    shot = pixels(view)  # nothing else has run since
    qtbot.waitUntil(lambda: heard.painted == [1])
    for shown in objects:
        x, y = shown.geometry.centre
        stripe = along(view, shot, (x, y), (x + 14, y), reach=0)
        assert stripe.max() > DARK_GREY + 60, shown.id


def test_shapes_follow_a_pan_and_a_zoom_at_once_and_settle_where_they_belong(view: CanvasView, qtbot: QtBot) -> None:
    objects = crowd()
    view.show_frame(picture(colour=DARK), objects, selected=None)
    settle(qtbot, view)
    view.zoom_by(1.5, middle(view))
    zoomed = pixels(view)
    assert at(view, zoomed, *objects[34].geometry.centre) > DARK_GREY + 20
    assert at(view, zoomed, 20 + 38 * 4 + 19, 24 + 48 * 3) == DARK_GREY  # between two of them
    settle(qtbot, view)
    view.pan(31, -17)
    panned = pixels(view)
    assert at(view, panned, *objects[34].geometry.centre) > DARK_GREY + 20
    assert at(view, panned, 20 + 38 * 4 + 19, 24 + 48 * 3) == DARK_GREY
    settled = settle(qtbot, view)
    viewpoint = view.camera.viewpoint
    view.show_frame(picture(2, colour=DARK), objects, selected=None)
    view.zoom_by(1.5, middle(view))
    view.pan(31, -17)
    assert view.camera.viewpoint == viewpoint
    assert np.array_equal(settle(qtbot, view), settled)


def test_nothing_of_the_frame_before_is_left(view: CanvasView, qtbot: QtBot) -> None:
    view.show_frame(picture(1, colour=DARK), [], selected=None)
    bare = pixels(view)
    view.show_frame(picture(2, colour=DARK), crowd(), selected=None)
    view.grab()  # a drawing of it is under way
    view.show_frame(picture(3, colour=DARK), [], selected=None)
    assert np.array_equal(pixels(view), bare)
    view.show_frame(picture(4, colour=DARK), crowd(), selected=None)
    settle(qtbot, view)
    view.show_frame(picture(5, colour=DARK), crowd(shift=19.0), selected=None)
    first = pixels(view)
    for shown in crowd()[::7]:
        assert at(view, first, *shown.geometry.centre) == DARK_GREY
    last = settle(qtbot, view)
    for shown in crowd()[::7]:
        assert at(view, last, *shown.geometry.centre) == DARK_GREY


def test_nothing_is_left_of_other_objects_on_the_same_frame(view: CanvasView, qtbot: QtBot) -> None:
    """A picture can be replaced under the same name, and then all of its objects are others."""
    view.show_frame(picture(colour=DARK), crowd(), selected=None)
    settle(qtbot, view)
    view.show_frame(picture(colour=DARK), crowd(shift=19.0), selected=None)
    first = pixels(view)
    for shown in crowd()[::7]:
        assert at(view, first, *shown.geometry.centre) == DARK_GREY


def test_an_object_of_a_crowd_never_vanishes_while_it_is_selected_and_left(view: CanvasView, qtbot: QtBot) -> None:
    objects = crowd(10, points=900)
    view.show_frame(picture(colour=DARK), objects, selected=None)
    rest = settle(qtbot, view)
    for selected in (3, 4, None):
        view.set_selected(selected)
        shot = pixels(view)
        for shown in objects:
            assert at(view, shot, *shown.geometry.centre) > DARK_GREY + 5, (selected, shown.id)
        settle(qtbot, view)
    assert np.array_equal(settle(qtbot, view), rest)


def test_changes_that_come_faster_than_they_are_drawn_settle_as_the_last_one(view: CanvasView, qtbot: QtBot) -> None:
    objects = crowd(10, points=900)
    view.show_frame(picture(colour=DARK), objects, selected=None)
    settle(qtbot, view)
    for step in range(12):
        view.set_selected(step % 5)
        view.pan(3 if step % 4 == 0 else 0, 0)
        view.grab()
        if step % 3 == 0:
            settle(qtbot, view)
    left, viewpoint = settle(qtbot, view), view.camera.viewpoint
    view.show_frame(picture(2, colour=DARK), objects, selected=11 % 5)
    view.pan(9, 0)
    assert view.camera.viewpoint == viewpoint
    assert np.array_equal(settle(qtbot, view), left)


def test_a_canvas_that_nobody_sees_draws_nothing_in_the_background(view: CanvasView, qtbot: QtBot) -> None:
    view.show_frame(picture(colour=DARK), crowd(), selected=None)
    settle(qtbot, view)
    assert running_threads()
    view.hide()
    assert running_threads() == []
    view.show()
    view.pan(11, 7)
    settle(qtbot, view)
    view.close()
    assert running_threads() == []


def running_threads() -> list[SheetThread]:
    # By type alone: `isinstance` asks each object for its class, and some of a model runtime's warn when asked.
    return [found for found in gc.get_objects() if type(found) is SheetThread and found.isRunning()]

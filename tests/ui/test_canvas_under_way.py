"""What is under way on the canvas: drafts, painted pixels, prompts and their answer, and the loupe."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.prompt import Prompt, PromptPoint
from autoanno_gui.imaging.masks import MaskRaster
from autoanno_gui.ui.canvas.image_item import FrameImage
from autoanno_gui.ui.canvas.loupe import loupe_place
from autoanno_gui.ui.canvas.state import BrushTip
from autoanno_gui.ui.canvas.view import CanvasView
from tests.ui.canvas_kit import open_view, picture
from tests.ui.shapes_kit import DARK, DARK_GREY, PAIR, TURNED, along, at, duty, figure, holed, pixels, seen


@pytest.fixture
def view(qtbot: QtBot) -> CanvasView:
    return open_view(qtbot)


def test_painted_pixels_take_the_place_of_their_object(view: CanvasView) -> None:
    view.show_frame(picture(colour=DARK), [seen(1, holed())], selected=1)
    bits = np.zeros((20, 30), np.bool_)
    bits[5:15, 5:25] = True
    view.state.paint, view.state.painted = MaskRaster(40, 220, bits), 1
    shot = pixels(view)
    assert at(view, shot, 120, 150) == DARK_GREY
    assert at(view, shot, 60.5, 230.5) > DARK_GREY + 50
    assert at(view, shot, 42.5, 230.5) == DARK_GREY
    view.zoom_by(2.5, QPointF(*view.camera.to_view(60, 230)))
    shot = pixels(view)
    assert at(view, shot, 45.2, 225.2) > at(view, shot, 60.5, 230.5)  # the border has more colour
    assert at(view, shot, 44.8, 224.8) == DARK_GREY


def test_the_brush_and_the_eraser_look_different(view: CanvasView) -> None:
    view.show_frame(picture(colour=DARK), [], selected=None)
    duties = []
    for erases in (False, True):
        view.state.brush = BrushTip(200, 150, 40, erases)
        shot = pixels(view)
        turn = np.linspace(0, 2 * np.pi, 360)
        spots = [(200 + 40 * np.cos(angle), 150 + 40 * np.sin(angle)) for angle in turn]
        around = [along(view, shot, spot, (spot[0] + 0.6, spot[1]), reach=1).max() for spot in spots]
        duties.append(np.mean(np.array(around) > DARK_GREY + 60))
    assert duties[0] == 1.0
    assert 0.3 < duties[1] < 0.9


def test_clicks_on_and_beside_the_object_look_different_without_colour(view: CanvasView) -> None:
    view.show_frame(picture(colour="#808080"), [], selected=None)
    view.state.prompt = Prompt(None, (PromptPoint(100, 100), PromptPoint(200, 100, positive=False)))
    shot = pixels(view)
    off = 2.6 * view.camera.ratio / view.camera.zoom
    assert at(view, shot, 100 - off, 100 - off) > 200
    assert at(view, shot, 200 - off, 100 - off) < 60
    assert at(view, shot, 100, 100) < 60
    assert at(view, shot, 200, 100) > 200


def test_an_offered_mask_is_hatched_and_has_its_holes(view: CanvasView) -> None:
    view.show_frame(picture(colour=DARK), [], selected=None)
    view.state.preview = holed()
    shot = pixels(view)
    inside = along(view, shot, (110, 150), (140, 150), reach=8)
    assert inside.max() > inside.min() + 40
    assert set(np.unique(along(view, shot, (170, 150), (230, 150), reach=8))) == {DARK_GREY}


def test_a_path_shows_when_a_click_would_close_it(view: CanvasView) -> None:
    view.show_frame(picture(colour=DARK), [], selected=None)
    corners = ((100.0, 100.0), (300.0, 100.0), (300.0, 200.0))
    view.state.path = (*corners, (200.0, 180.0))
    open_ = pixels(view)
    assert duty(along(view, open_, (120, 100), (280, 100), reach=1)) == 1.0
    assert 0.3 < duty(along(view, open_, (290, 198), (210, 182), reach=1)) < 0.9
    view.state.path = (*corners, (101.0, 101.0))
    closing = pixels(view)
    beside = 100 - 5 * view.camera.ratio / view.camera.zoom
    assert at(view, closing, beside, 100) != at(view, open_, beside, 100)


def test_the_band_and_drafts_of_every_kind_are_drawn(view: CanvasView) -> None:
    view.state.skeleton = PAIR
    view.show_frame(picture(colour=DARK), [], selected=None)
    bare = pixels(view)
    drafts: list[Geometry] = [Box(100, 100, 300, 200), TURNED, holed(), figure(2, 1, 0)]
    looks = []
    for draft in drafts:
        view.state.draft = draft
        looks.append(pixels(view))
        assert not np.array_equal(looks[-1], bare)
    view.state.draft = None
    view.state.band = Box(100, 100, 300, 200)
    band = pixels(view)
    assert at(view, band, 200, 150) != DARK_GREY
    assert 0.3 < duty(along(view, band, (110, 200), (290, 200), reach=1)) < 0.7


# ---------------------------------------------------------------------------------------------------- loupe
@pytest.mark.parametrize("point", [(200, 150), (0, 0), (400, 0), (0, 300), (400, 300), (390, 150)])
def test_the_loupe_is_in_the_viewport_and_not_under_the_pointer(view: CanvasView, point: tuple[float, float]) -> None:
    for zoom in (1.0, 8.0):
        view.zoom_by(zoom)
        place = loupe_place(view.camera, *point)
        assert QRectF(0, 0, view.camera.view_width, view.camera.view_height).contains(place)
        assert not place.contains(QPointF(*view.camera.viewpoint.at(*point)))


def test_the_loupe_magnifies_the_full_pixels_and_the_outline(view: CanvasView) -> None:
    full = QImage(400, 300, QImage.Format.Format_RGB32)
    full.fill(QColor(DARK))
    full.setPixelColor(200, 150, QColor("#ffffff"))
    preview = full.scaled(100, 75)
    preview.fill(QColor(DARK))
    view.show_frame(FrameImage(1, preview, 400, 300), [], selected=None)
    view.state.loupe = (200.5, 150.5)
    place = loupe_place(view.camera, 200.5, 150.5).toRect()

    def magnified() -> NDArray[np.uint8]:
        return pixels(view)[place.top() : place.bottom(), place.left() : place.right()]

    inner = slice(place.height() // 2 - 1, place.height() // 2 + 2)
    assert magnified()[inner, inner].max() == DARK_GREY
    view.set_full_image(FrameImage(1, full, 400, 300))
    assert magnified()[inner, inner].min() == 255
    before = magnified()
    corner = place.height() // 2 - round(1.5 * view.camera.zoom)  # of one pixel, shown four times as large
    assert before[corner, corner] == 255
    view.state.path = ((190.0, 150.5), (210.0, 150.5))
    assert not np.array_equal(magnified(), before)

"""What can be seen on the canvas: roles without colours, readable tags, sharp pixels, and the two themes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QAction, QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from autoanno_gui.core.box import Box
from autoanno_gui.core.classes import PALETTE
from autoanno_gui.core.review_objects import Role
from autoanno_gui.ui import theme
from autoanno_gui.ui.canvas.image_item import FrameImage
from autoanno_gui.ui.canvas.objects_item import CROWDED, CROWDED_TAGS
from autoanno_gui.ui.canvas.strokes import luminance
from autoanno_gui.ui.canvas.tags import TagLayout, TagMark, confidence_text, mark_of, pieces_of
from autoanno_gui.ui.canvas.view import CanvasView
from tests.ui.canvas_kit import open_view, picture, shown

BOX = (100.0, 100.0, 300.0, 200.0)
Grey = NDArray[np.uint8]


@pytest.fixture
def view(qtbot: QtBot) -> CanvasView:
    return open_view(qtbot)


@pytest.fixture(params=list(theme.ThemeName))
def look(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[theme.ThemeName]:
    before = theme.current_theme(), qapp.palette(), qapp.styleSheet(), qapp.style().objectName()
    theme.apply_theme(qapp, request.param)
    yield request.param
    theme.apply_theme(qapp, before[0])
    qapp.setStyle(before[3])
    qapp.setPalette(before[1])
    qapp.setStyleSheet(before[2])


def grey(view: CanvasView) -> Grey:
    """Return what is on the screen with all colour taken out, device pixels."""
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width()].copy()


def lower_side(view: CanvasView, box: tuple[float, float, float, float] = BOX) -> Grey:
    """Return the pixels across the middle of a box's lower side, where no tag is: (15 rows, N), grey."""
    x1, _, x2, y2 = view.camera.to_device(Box(*box))
    return grey(view)[y2 - 7 : y2 + 8, x1 + 60 : (x1 + x2) // 2 - 20]


def duty(side: Grey, background: int) -> float:
    """Return the share of columns in which the middle of the line is clearly drawn."""
    middle = side[6:9].astype(int)
    return float((np.abs(middle - background).max(axis=0) > 40).mean())


def thickness(side: Grey, background: int) -> int:
    """Return how many rows differ from the background at all."""
    return int((np.abs(side.astype(int) - background) > 12).any(axis=1).sum())


# ---------------------------------------------------------------------------------------------------- roles
def test_roles_differ_without_colour(view: CanvasView) -> None:
    """Yellow is as bright as can be, so the casing is dark and what counts as drawn is the bright line itself."""
    sides = {}
    for role, selected in ((Role.CANDIDATE, None), (Role.CONFIRMED, None), (Role.GHOST, None), (Role.CANDIDATE, 1)):
        view.show_frame(picture(colour="#404040"), [shown(1, BOX, role, colour="#ffdd00")], selected=selected)
        sides[role, selected] = lower_side(view)
    assert duty(sides[Role.CONFIRMED, None], 0x40) == 1.0
    assert 0.5 < duty(sides[Role.CANDIDATE, None], 0x40) < 0.8
    assert 0.2 < duty(sides[Role.GHOST, None], 0x40) < 0.45
    assert thickness(sides[Role.CANDIDATE, 1], 0x40) > thickness(sides[Role.CANDIDATE, None], 0x40)
    assert thickness(sides[Role.GHOST, None], 0x40) < thickness(sides[Role.CANDIDATE, None], 0x40)


@pytest.mark.parametrize("background", ["#000000", "#808080", "#ffffff"])
@pytest.mark.parametrize("colour", PALETTE)
def test_every_class_colour_reads_on_every_image(view: CanvasView, colour: str, background: str) -> None:
    view.show_frame(picture(colour=background), [shown(1, BOX, Role.CONFIRMED, colour=colour)], selected=None)
    side = lower_side(view).astype(int)
    assert side.max() - side.min() >= 60


def test_marks_tell_what_the_reviewer_did() -> None:
    assert mark_of(shown(1, BOX)) is TagMark.NONE
    assert mark_of(shown(1, BOX, Role.CONFIRMED)) is TagMark.TICK
    assert mark_of(shown(1, BOX, Role.CONFIRMED, edited=True)) is TagMark.PENCIL
    assert mark_of(shown(1, BOX, Role.CONFIRMED, drawn=True)) is TagMark.PLUS


def test_tags_with_different_marks_look_different(view: CanvasView) -> None:
    looks = []
    for changes in ({}, {"edited": True}, {"drawn": True}):
        view.show_frame(picture(), [shown(1, BOX, Role.CONFIRMED, **changes)], selected=None)
        looks.append(grey(view))
    assert all(not np.array_equal(a, b) for a, b in itertools.combinations(looks, 2))


def test_a_hidden_overlay_leaves_the_image_alone(view: CanvasView) -> None:
    view.show_frame(picture(), [], selected=None)
    bare = grey(view)
    view.show_objects([shown(1, BOX), shown(2, BOX, Role.CONFIRMED)], selected=1)
    assert not np.array_equal(grey(view), bare)
    view.set_overlay_visible(False)
    assert np.array_equal(grey(view), bare)


def test_one_updated_object_is_drawn_as_if_all_were_shown_anew(view: CanvasView) -> None:
    before, after = shown(1, BOX), shown(1, (50, 60, 90, 100), Role.CONFIRMED)
    other = shown(2, (310, 210, 390, 290), Role.GHOST)
    view.show_frame(picture(), [before, other], selected=None)
    view.update_object(1, after)
    updated = grey(view)
    view.show_objects([after, other], selected=None)
    assert np.array_equal(grey(view), updated)
    view.update_object(1, None)
    removed = grey(view)
    view.show_objects([other], selected=None)
    assert np.array_equal(grey(view), removed)


# ---------------------------------------------------------------------------------------------------- tags
@pytest.mark.parametrize(
    ("confidence", "text"), [(0.62, ".62"), (0.05, ".05"), (0.9991, ".99"), (1.0, ".99"), (0.125, ".13")]
)
def test_confidence_text(confidence: float, text: str) -> None:
    assert confidence_text(confidence) == text


def test_tags_name_class_confidence_and_a_close_second() -> None:
    def text(**about: object) -> str:
        return " ".join(piece.text for piece in pieces_of(shown(1, BOX, **about), selected=False))  # type: ignore[arg-type]

    assert text(confidence=0.62) == "kite .62"
    assert text(confidence=0.52, second="bird") == "kite .52 / bird?"
    assert text(role=Role.CONFIRMED, confidence=0.52, second="bird") == "kite"
    assert text(role=Role.CONFIRMED, drawn=True) == "kite"


@pytest.mark.parametrize(
    "box", [(0, 0, 60, 40), (740, 0, 800, 40), (0, 560, 60, 600), (-50, -50, 850, 650), (380, 10, 384, 14)]
)
def test_tags_stay_inside_the_viewport(box: tuple[int, int, int, int]) -> None:
    place = TagLayout(view=(800, 600), small=(), gap=3).place(box, 90, 18)
    assert place is not None
    assert 0 <= place[0] <= 800 - 90
    assert 0 <= place[1] <= 600 - 18


def test_tags_neither_overlap_nor_bury_small_objects() -> None:
    bird = (105, 82, 135, 96)  # just above the kite, where its tag would go first
    kite = (100, 100, 180, 150)
    layout = TagLayout(view=(800, 600), small=[bird], gap=3)
    first = layout.place(kite, 60, 18)
    second = layout.place(kite, 60, 18)
    assert first is not None
    assert second is not None
    assert first[1] >= kite[3]
    assert abs(first[0] - second[0]) >= 60 or abs(first[1] - second[1]) >= 18


def test_a_crowd_keeps_the_tags_of_the_least_certain(view: CanvasView) -> None:
    spots = [(x, y) for x in range(5, 390, 30) for y in range(10, 290, 40)]
    crowd = [shown(i, (x, y, x + 12, y + 10), name="k", confidence=0.3 + i * 0.005) for i, (x, y) in enumerate(spots)]
    assert len(crowd) > CROWDED
    view.show_frame(picture(), crowd, selected=None)
    view.grab()
    tagged = [i for i in range(len(crowd)) if view.scene_objects.tag_place(i) is not None]
    assert tagged == list(range(CROWDED_TAGS))


def test_selecting_moves_no_tag(view: CanvasView) -> None:
    objects = [shown(1, BOX), shown(2, (110, 90, 260, 190)), shown(3, (90, 110, 200, 210))]
    view.show_frame(picture(), objects, selected=None)
    view.grab()
    before = [view.scene_objects.tag_place(i) for i in (1, 2, 3)]
    view.set_selected(2)
    view.grab()
    assert [view.scene_objects.tag_place(i) for i in (1, 2, 3)] == before


# ---------------------------------------------------------------------------------------------------- pixels
def test_a_fitting_preview_is_copied_pixel_by_pixel(view: CanvasView) -> None:
    width, height = view.preview_size()
    noise = np.random.default_rng(4).integers(0, 255, (height, width, 4), np.uint8)
    noise[..., 3] = 255
    image = QImage(noise.data, width, height, 4 * width, QImage.Format.Format_RGB32)
    view.show_frame(FrameImage(1, image, 3 * width, 3 * height), [], selected=None)
    left, top = view.camera.origin
    seen = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32).copy(left, top, width, height)
    assert seen == image


def test_pixels_are_squares_when_zoomed_far_in(view: CanvasView) -> None:
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(QColor("#000000"))
    image.setPixelColor(20, 15, QColor("#ffffff"))
    view.show_frame(FrameImage(1, image, 40, 30), [], selected=None)
    values = np.unique(grey(view)[100:500, 100:700])
    assert view.camera.zoom > 3.0
    assert set(values.tolist()) <= {0, 255}


# ---------------------------------------------------------------------------------------------------- themes
def test_text_is_readable_in_both_themes(look: theme.ThemeName) -> None:
    colours = theme.tokens()
    for text in (colours.text, colours.muted, colours.warning, colours.bad):
        for surface in (colours.window, colours.panel, colours.field, colours.banner):
            assert contrast(text, surface) >= 4.5, (text, surface)
    assert contrast(colours.text, colours.selection) >= 4.5
    assert contrast(colours.muted, colours.canvas) >= 4.0
    assert contrast(colours.accent_text, colours.accent) >= 4.5
    assert contrast(colours.accent, colours.canvas) >= 3.0


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG."""
    dark, light = sorted(luminance(QColor(colour)) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def test_the_style_sheet_is_complete(look: theme.ThemeName, qapp: QApplication) -> None:
    sheet = theme.style_sheet(look)
    assert "$" not in sheet
    assert qapp.styleSheet() == sheet
    for path in re.findall(r'url\("([^"]+)"\)', sheet):
        assert not QImage(path).isNull(), path


def test_icons_take_the_colour_of_the_theme_and_change_with_it(qapp: QApplication, look: theme.ThemeName) -> None:
    action = QAction("Open")
    theme.set_icon(action, "open")
    for name in (look, *theme.ThemeName):
        theme.apply_theme(qapp, name)
        pixels = action.icon().pixmap(32, 32).toImage()
        inked = [pixels.pixelColor(x, y) for x in range(32) for y in range(32)]
        strongest = max(inked, key=QColor.alpha)
        assert strongest.name() == theme.tokens().text


def test_the_canvas_follows_the_theme(view: CanvasView, look: theme.ThemeName) -> None:
    view.show_frame(picture(), [], selected=None)
    assert view.grab().toImage().pixelColor(2, 2).name() == theme.tokens().canvas

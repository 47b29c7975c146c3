"""The select tool: picking, several objects at once, and editing oriented boxes and keypoints with the mouse."""

from __future__ import annotations

import math

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from autoanno_gui.core.box import Box
from autoanno_gui.core.keypoints import Keypoint, Keypoints, Skeleton, Visibility
from autoanno_gui.core.mask import Mask, Part
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.review_objects import Role
from autoanno_gui.ui.canvas.handles import obb_handles
from autoanno_gui.ui.canvas.state import Spot
from autoanno_gui.ui.canvas.view import CanvasView
from tests.ui.canvas_kit import (
    ALT,
    CTRL,
    RIGHT,
    SHIFT,
    WIDTH,
    Heard,
    Keeper,
    Mouse,
    close_to,
    open_view,
    picture,
    show,
    shown,
)

TRIANGLE = [(100.0, 100.0), (200.0, 100.0), (100.0, 200.0)]
TURNED = OrientedBox(200.0, 150.0, 120.0, 60.0, math.radians(30.0))
PAIR = Skeleton(("nose", "left hand", "right hand"), ((0, 1), (0, 2)))
FIGURE = Keypoints(
    Box(100, 100, 200, 200),
    (
        Keypoint(150, 120, Visibility.VISIBLE),
        Keypoint(120, 170, Visibility.HIDDEN),
        Keypoint(150, 150, Visibility.UNLABELLED),
    ),
)


@pytest.fixture
def view(qtbot: QtBot) -> CanvasView:
    return open_view(qtbot)


# ---------------------------------------------------------------------------------------------------- several
def test_ctrl_click_toggles_the_smallest_and_no_ghost(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    objects = [
        shown(1, (20, 20, 300, 250)),
        shown(2, (60, 60, 200, 200)),
        shown(3, (90, 90, 130, 130), Role.GHOST),
    ]
    view.show_frame(picture(), objects, selected=1)
    mouse.tap(110, 110, keys=CTRL)
    mouse.tap(350, 280, keys=CTRL)
    assert heard.toggled == [2]
    assert heard.acts == 1


def test_the_rubber_band_takes_what_it_touches(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    objects = [
        shown(1, (20, 20, 60, 60)),
        shown(2, (100, 20, 140, 60)),
        shown(3, (300, 200, 340, 240)),
        shown(4, (30, 30, 50, 50), Role.GHOST),
    ]
    view.show_frame(picture(), objects, selected=None)
    mouse.press(10, 10, keys=CTRL)
    mouse.move(110, 40, keys=CTRL)
    assert view.state.band == Box(10, 10, 110, 40)
    mouse.release(110, 40, keys=CTRL)
    assert view.state.band is None
    assert heard.banded == [(1, 2)]
    assert heard.drawn == []


def test_the_rubber_band_goes_by_the_outline_not_by_its_bounds(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    show(view, Mask.of_points(TRIANGLE), OrientedBox(300, 150, 100, 20, math.radians(45)), selected=None)
    mouse.drag((170, 170), (199, 199), keys=CTRL)  # in the corner that the triangle leaves free
    mouse.drag((322, 120), (340, 130), keys=CTRL)  # beside the turned box, inside its bounds
    mouse.drag((110, 110), (120, 120), keys=CTRL)  # inside of the triangle
    mouse.drag((310, 150), (330, 180), keys=CTRL)
    assert heard.banded == [(), (), (1,), (2,)]


def test_escape_drops_the_rubber_band(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    show(view, Box(20, 20, 60, 60))
    mouse.press(10, 10, keys=CTRL)
    mouse.move(110, 40, keys=CTRL)
    assert view.cancel()
    assert view.state.band is None
    mouse.release(110, 40, keys=CTRL)
    assert heard.acts == 0


def test_alt_drag_moves_all_selected_objects_in_one_step(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    first, second, third = Box(20, 20, 60, 60), Mask.of_points(TRIANGLE), Box(300, 200, 340, 240)
    view.show_frame(picture(), [shown(1, first), shown(2, second), shown(3, third)], selected=1, also=frozenset({2}))
    mouse.drag((350, 50), (360, 45), keys=ALT)
    mouse.drag((350, 50), (250, 50), keys=ALT)
    assert [sorted(step) for step in heard.steps] == [[1, 2], [1, 2]]
    assert close_to(heard.steps[0][1], first.moved(10, -5))
    assert close_to(heard.steps[0][2], second.moved(10, -5))
    assert close_to(heard.steps[1][1], first.moved(-20, 0))  # both stop with the first one at the border
    assert close_to(heard.steps[1][2], second.moved(-20, 0))


def test_moving_an_oriented_box_that_sticks_out_does_not_jump(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    outside = OrientedBox(40, 150, 120, 60, math.radians(30))
    assert outside.bounds.x1 < 0
    show(view, outside)
    mouse.drag((300, 100), (300, 110), keys=ALT)
    assert close_to(heard.edited[0][1], outside.moved(0, 10))


# ---------------------------------------------------------------------------------------------------- picking
def test_a_click_goes_by_the_outline_itself(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    hollow = Mask(
        (
            Part(
                Mask.of_box(Box(220, 40, 380, 200)).parts[0].outer,
                (Mask.of_box(Box(260, 80, 340, 160)).parts[0].outer,),
            ),
        )
    )
    show(view, Mask.of_points(TRIANGLE), hollow, OrientedBox(60, 250, 100, 16, math.radians(20)), selected=None)
    mouse.tap(110, 110)
    mouse.tap(180, 180)  # within the triangle's bounds only
    mouse.tap(152, 152)  # two pixels off its long side, four on the screen
    mouse.tap(151, 150)  # within reach of it
    mouse.tap(300, 120)  # in the hole
    mouse.tap(240, 120)
    mouse.tap(60, 250)
    mouse.tap(20, 264)  # within the turned box's bounds only
    assert heard.picked == [1, None, None, 1, None, 2, 3, None]


def test_of_nested_outlines_the_smallest_area_comes_first(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    thin = OrientedBox(150, 150, 180, 10, math.radians(45))  # larger bounds than the box, smaller area
    show(view, Box(100, 100, 200, 200), thin, selected=None)
    mouse.tap(150, 150)
    mouse.tap(150, 150)
    assert heard.picked == [2, 1]


# ---------------------------------------------------------------------------------------------------- oriented boxes
def test_a_corner_moves_along_the_box_s_own_axes_and_the_opposite_one_stays(
    view: CanvasView, mouse: Mouse, heard: Heard
) -> None:
    show(view, TURNED)
    start, end = TURNED.at(60, 30), TURNED.at(80, 45)
    mouse.press(*start)
    mouse.move(*end)
    assert view.state.loupe == pytest.approx(end)
    mouse.release(*end)
    assert close_to(heard.edited[0][1], TURNED.with_sides(-60, -30, 80, 45))


def test_a_side_moves_alone(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    show(view, TURNED)
    mouse.press(*TURNED.at(-60, 5))
    mouse.move(*TURNED.at(-90, 15))
    assert view.state.loupe is None
    mouse.release(*TURNED.at(-90, 15))
    assert close_to(heard.edited[0][1], TURNED.with_sides(-90, -30, 60, 30))


def test_the_turn_handle_turns_around_the_centre(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    show(view, TURNED)
    turn = obb_handles(TURNED, view.camera).turn
    reach = math.hypot(turn[0] - TURNED.cx, turn[1] - TURNED.cy)
    mouse.drag(turn, (TURNED.cx + reach, TURNED.cy))  # from the top to the right: up was at 30 degrees
    ((_, box),) = heard.edited
    assert close_to(box, OrientedBox(200, 150, 120, 60, math.radians(90)).normalised())


def test_shift_turns_in_steps_of_fifteen_degrees(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    show(view, TURNED.turned(math.radians(3)))
    turn = obb_handles(TURNED.turned(math.radians(3)), view.camera).turn
    mouse.drag(turn, TURNED.turned(math.radians(10)).at(0, -100), keys=SHIFT)
    ((_, box),) = heard.edited
    assert isinstance(box, OrientedBox)
    assert math.degrees(box.angle) == pytest.approx(45)


def test_pressing_shift_in_mid_turn_shows_at_once(view: CanvasView, mouse: Mouse) -> None:
    show(view, TURNED)
    mouse.press(*obb_handles(TURNED, view.camera).turn)
    mouse.move(*TURNED.turned(math.radians(4)).at(0, -100))
    QTest.keyPress(view, Qt.Key.Key_Shift)
    live = view.state.live[1]
    assert isinstance(live, OrientedBox)
    assert math.degrees(live.angle) == pytest.approx(30)
    QTest.keyRelease(view, Qt.Key.Key_Shift)
    live = view.state.live[1]
    assert isinstance(live, OrientedBox)
    assert math.degrees(live.angle) == pytest.approx(34, abs=0.1)


def test_the_turn_handle_is_never_out_of_sight(view: CanvasView) -> None:
    upright = OrientedBox(200, 20, 100, 38, 0.0)
    show(view, upright)
    assert view.camera.visible_box().contains(*obb_handles(upright, view.camera).turn)
    assert obb_handles(upright, view.camera).turn[1] > 39


@pytest.mark.parametrize(
    ("at", "side", "sides"),
    [
        ((75, 4), "right", (-60, -30, 75, 30)),
        ((3, -50), "top", (-60, -50, 60, 30)),
        ((-40, 2), "left", (-40, -30, 60, 30)),
    ],
)
def test_snap_moves_the_nearest_of_the_box_s_own_sides(
    view: CanvasView,
    mouse: Mouse,
    heard: Heard,
    at: tuple[float, float],
    side: str,
    sides: tuple[float, float, float, float],
) -> None:
    show(view, TURNED)
    view.set_snap_held(True)
    mouse.move(*TURNED.at(*at))
    assert view.state.snap is not None
    assert view.state.snap.side == side
    assert close_to(view.state.snap.box, TURNED.with_sides(*sides))
    mouse.press(*TURNED.at(*at))
    assert view.state.loupe == pytest.approx(TURNED.at(*at))
    mouse.release(*TURNED.at(*at))
    assert close_to(heard.edited[0][1], TURNED.with_sides(*sides))
    assert view.last_snapped_side == side


def test_snap_does_nothing_to_a_mask(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    show(view, Mask.of_points(TRIANGLE))
    view.set_snap_held(True)
    mouse.move(150, 50)
    assert view.state.snap is None
    mouse.tap(150, 50)
    assert heard.steps == []


# ---------------------------------------------------------------------------------------------------- keypoints
def test_a_keypoint_follows_the_drag_and_takes_its_box_along(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_skeleton(PAIR)
    show(view, FIGURE)
    mouse.press(150, 120)
    mouse.move(230, 90)
    assert view.state.loupe == pytest.approx((230, 90))
    assert view.state.spot == Spot(0, 0)
    mouse.release(230, 90)
    ((_, figure),) = heard.edited
    assert isinstance(figure, Keypoints)
    assert figure.points[0] == pytest.approx((230, 90, Visibility.VISIBLE))
    assert figure.points[1:] == FIGURE.points[1:]
    assert close_to(figure.box, Box(100, 90, 230, 200))


def test_an_unlabelled_point_becomes_visible_and_a_hidden_one_stays_hidden(
    view: CanvasView, mouse: Mouse, heard: Heard
) -> None:
    show(view, FIGURE)
    mouse.drag((150, 150), (160, 160))
    mouse.drag((120, 170), (125, 175))
    first, second = (outline for _, outline in heard.edited)
    assert isinstance(first, Keypoints)
    assert isinstance(second, Keypoints)
    assert first.points[2] == pytest.approx((160, 160, Visibility.VISIBLE))
    assert second.points[1] == pytest.approx((125, 175, Visibility.HIDDEN))


def test_a_labelled_point_goes_before_one_that_is_not_placed(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    show(view, FIGURE.with_point(1, Keypoint(151, 150, Visibility.VISIBLE)))
    mouse.drag((150, 150), (170, 150))
    ((_, figure),) = heard.edited
    assert isinstance(figure, Keypoints)
    assert figure.points[1] == pytest.approx((171, 150, Visibility.VISIBLE))


def test_shift_click_goes_through_the_visibilities(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    Keeper(view)
    show(view, FIGURE)
    for _ in range(3):
        mouse.tap(150, 120, keys=SHIFT)
    found = [outline.points[0].visibility for _, outline in heard.edited if isinstance(outline, Keypoints)]
    assert found == [Visibility.HIDDEN, Visibility.UNLABELLED, Visibility.VISIBLE]
    assert view.state.objects[1].geometry == FIGURE
    assert heard.picked == []


def test_the_box_around_keypoints_is_resized_alone(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    show(view, FIGURE)
    mouse.drag((200, 200), (220, 230))
    ((_, figure),) = heard.edited
    assert isinstance(figure, Keypoints)
    assert close_to(figure.box, Box(100, 100, 220, 230))
    assert figure.points == FIGURE.points


# ---------------------------------------------------------------------------------------------------- the rest
def test_a_mask_ghost_is_adopted_by_a_rough_box(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.show_frame(picture(), [shown(7, Mask.of_points(TRIANGLE), Role.GHOST)], selected=None)
    mouse.drag((95, 105), (190, 195))
    mouse.tap(180, 180)  # beside the triangle: a click must be inside
    mouse.tap(110, 110)
    assert heard.adopted == [7, 7]
    assert heard.picked == [None]


def test_nothing_is_edited_while_the_objects_are_hidden(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    show(view, Mask.of_points(TRIANGLE))
    view.set_overlay_visible(False)
    mouse.drag((200, 100), (240, 100))
    mouse.tap(150, 100, keys=SHIFT)
    mouse.drag((150, 150), (160, 160), keys=ALT)
    assert heard.acts == 0
    assert "hidden" in heard.said[-1]
    view.set_overlay_visible(True)
    mouse.drag((200, 100), (240, 100))
    assert len(heard.steps) == 1


def test_the_right_button_does_nothing_and_waits_for_the_left_one(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    show(view, Box(100, 100, 200, 200))
    mouse.tap(150, 150, button=RIGHT)
    mouse.press(200, 200)
    mouse.move(220, 220)
    mouse.tap(220, 220, button=RIGHT)
    assert 1 in view.state.live
    mouse.release(220, 220)
    assert [step[1] for step in heard.steps] == [Box(100, 100, 220, 220)]
    assert heard.acts == 1


def test_a_corner_s_loupe_stays_on_the_image(view: CanvasView, mouse: Mouse) -> None:
    show(view, Box(100, 100, 200, 200))
    mouse.press(200, 200)
    mouse.move(WIDTH + 5, 250)
    assert view.state.loupe == (WIDTH, 250)
    mouse.release(WIDTH + 5, 250)
    assert view.state.loupe is None

"""The keypoints tool: points in the order of the skeleton, on a new object or one that lacks some."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from autoanno_gui.core.box import Box
from autoanno_gui.core.keypoints import Keypoint, Keypoints, Skeleton, Visibility
from autoanno_gui.core.review_objects import Role
from autoanno_gui.ui.canvas.tools.tool import ToolName
from autoanno_gui.ui.canvas.view import CanvasView
from tests.ui.canvas_kit import HEIGHT, RIGHT, SHIFT, WIDTH, Heard, Keeper, Mouse, open_view, picture, shown

FIGURE = Skeleton(("nose", "left hand", "right hand"), ((0, 1), (0, 2)), (0, 2, 1))
HIDDEN, VISIBLE, UNLABELLED = Visibility.HIDDEN, Visibility.VISIBLE, Visibility.UNLABELLED
Key = Qt.Key


@pytest.fixture
def view(qtbot: QtBot) -> CanvasView:
    view = open_view(qtbot)
    view.set_skeleton(FIGURE)
    view.show_frame(picture(), [], selected=None)
    view.set_tool(ToolName.KEYPOINTS)
    return view


@pytest.fixture
def keeper(view: CanvasView) -> Keeper:
    return Keeper(view)


def points(outline: object) -> list[tuple[float, float, int]]:
    """Return (x, y, visibility) with whole pixels."""
    assert isinstance(outline, Keypoints)
    return [(round(x), round(y), int(visibility)) for x, y, visibility in outline.points]


def visibilities(outline: object) -> list[int]:
    assert isinstance(outline, Keypoints)
    return [int(point.visibility) for point in outline.points]


# ---------------------------------------------------------------------------------------------------- a new object
def test_clicks_place_the_points_in_order_at_any_scaling(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    assert view.state.next_point == 0
    mouse.tap(200, 100)
    assert view.state.next_point == 1
    assert heard.said[-1] == "left hand: click, Shift+click when hidden, T skips"
    mouse.tap(150, 180)
    assert heard.drawn == []
    draft = view.state.draft
    assert points(draft)[:2] == [(200, 100, 2), (150, 180, 2)]
    assert visibilities(draft)[2] == UNLABELLED
    mouse.tap(260, 190)
    assert len(heard.drawn) == 1
    assert points(heard.drawn[0]) == [(200, 100, 2), (150, 180, 2), (260, 190, 2)]
    # a tenth of the points' extent on each side
    assert heard.drawn[0].bounds.as_tuple() == pytest.approx((139, 91, 271, 199), abs=0.01)
    assert (view.state.draft, view.state.next_point, view.busy) == (None, 0, False)


def test_the_box_has_a_least_margin_and_stays_on_the_image(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    for place in ((3, 150), (20, 150), (40, 150)):
        mouse.tap(*place)
    assert heard.drawn[0].bounds.as_tuple() == pytest.approx((0, 142, 48, 158), abs=0.01)


@pytest.mark.parametrize("way", ["right button", "shift"])
def test_a_hidden_point(view: CanvasView, mouse: Mouse, heard: Heard, way: str) -> None:
    if way == "right button":
        mouse.tap(200, 100, button=RIGHT)
    else:
        mouse.tap(200, 100, keys=SHIFT)
    mouse.tap(150, 180)
    mouse.tap(260, 190)
    assert visibilities(heard.drawn[0]) == [HIDDEN, VISIBLE, VISIBLE]


def test_t_leaves_a_point_out_and_enter_ends_the_object(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    QTest.keyClick(view, Key.Key_T)
    assert view.state.next_point == 1
    mouse.tap(150, 180)
    QTest.keyClick(view, Key.Key_Return)
    assert visibilities(heard.drawn[0]) == [UNLABELLED, VISIBLE, UNLABELLED]
    assert heard.drawn[0].bounds.as_tuple() == pytest.approx((142, 172, 158, 188), abs=0.01)


def test_leaving_out_the_last_point_ends_the_object(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    mouse.tap(200, 100)
    mouse.tap(150, 180)
    QTest.keyClick(view, Key.Key_T)
    assert visibilities(heard.drawn[0]) == [VISIBLE, VISIBLE, UNLABELLED]


def test_leaving_out_all_points_draws_nothing(view: CanvasView, heard: Heard) -> None:
    for _ in range(3):
        QTest.keyClick(view, Key.Key_T)
    assert heard.acts == 0
    assert "No point" in heard.said[-1]
    assert (view.state.next_point, view.busy) == (0, False)


def test_backspace_takes_points_back_one_by_one(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    mouse.tap(10, 10)
    QTest.keyClick(view, Key.Key_T)
    QTest.keyClick(view, Key.Key_Backspace)
    assert view.state.next_point == 1
    QTest.keyClick(view, Key.Key_Backspace)
    assert (view.state.next_point, view.state.draft, view.busy) == (0, None, False)
    for place in ((200, 100), (150, 180), (260, 190)):
        mouse.tap(*place)
    assert points(heard.drawn[0]) == [(200, 100, 2), (150, 180, 2), (260, 190, 2)]


def test_what_was_left_out_does_not_ask_again_by_itself(
    view: CanvasView, mouse: Mouse, heard: Heard, keeper: Keeper
) -> None:
    mouse.tap(200, 100)
    QTest.keyClick(view, Key.Key_Return)
    mouse.tap(300, 100)  # the next object, though the first one is selected and lacks two points
    assert heard.steps == []
    assert view.state.next_point == 1
    QTest.keyClick(view, Key.Key_Return)
    assert len(heard.drawn) == 2
    view.set_tool(ToolName.KEYPOINTS)  # asked for anew, the selected one goes on
    mouse.tap(280, 150)
    ((object_id, outline),) = heard.edited
    assert object_id == view.state.selected
    assert points(outline)[:2] == [(300, 100, 2), (280, 150, 2)]


def test_a_point_goes_where_the_button_comes_up_and_is_magnified_until_then(
    view: CanvasView, mouse: Mouse, heard: Heard
) -> None:
    mouse.press(200, 100)
    mouse.move(210, 110)
    assert view.state.loupe == pytest.approx((210, 110))
    assert points(view.state.draft)[0] == (210, 110, 2)
    mouse.release(210, 110)
    assert view.state.loupe is None
    QTest.keyClick(view, Key.Key_Return)
    assert points(heard.drawn[0])[0] == (210, 110, 2)


def test_clicks_beside_the_image_place_nothing_and_on_its_border_they_do(
    view: CanvasView, mouse: Mouse, heard: Heard
) -> None:
    view.zoom_by(0.5)
    mouse.tap(-30, 100)
    assert (view.state.next_point, view.busy) == (0, False)
    mouse.tap(WIDTH + 1, HEIGHT + 1)
    QTest.keyClick(view, Key.Key_Return)
    assert points(heard.drawn[0])[0] == (WIDTH, HEIGHT, 2)
    assert heard.drawn[0].area > 0


# -------------------------------------------------------------------------------- one that lacks some
LACKING = Keypoints(
    Box(100, 100, 200, 200),
    (Keypoint(150, 150, UNLABELLED), Keypoint(120, 180, VISIBLE), Keypoint(150, 150, UNLABELLED)),
)


def select_lacking(view: CanvasView) -> None:
    view.show_objects([shown(1, LACKING, Role.CONFIRMED)], selected=1)


def test_the_selected_object_is_completed(view: CanvasView, mouse: Mouse, heard: Heard, keeper: Keeper) -> None:
    select_lacking(view)
    assert view.state.next_point == 0
    mouse.tap(150, 120)
    assert view.state.next_point == 2
    mouse.tap(230, 180, button=RIGHT)
    assert heard.drawn == []
    assert [sorted(step) for step in heard.steps] == [[1], [1]]
    assert points(heard.edited[-1][1]) == [(150, 120, 2), (120, 180, 2), (230, 180, 1)]
    assert heard.edited[-1][1].bounds.as_tuple() == pytest.approx((100, 100, 230, 200), abs=0.01)
    assert view.state.next_point == 0
    mouse.tap(300, 100)  # now the next object
    assert view.busy
    assert len(heard.steps) == 2


def test_backspace_takes_back_what_was_placed_on_it_and_never_rejects_it(
    view: CanvasView, mouse: Mouse, heard: Heard, keeper: Keeper
) -> None:
    select_lacking(view)
    mouse.tap(150, 120)
    QTest.keyClick(view, Key.Key_T)
    QTest.keyClick(view, Key.Key_Backspace)
    assert view.state.next_point == 2
    QTest.keyClick(view, Key.Key_Backspace)
    assert visibilities(heard.edited[-1][1]) == [UNLABELLED, VISIBLE, UNLABELLED]
    assert view.state.next_point == 0
    QTest.keyClick(view, Key.Key_Backspace)
    assert len(heard.steps) == 2
    assert visibilities(view.state.objects[1].geometry) == [UNLABELLED, VISIBLE, UNLABELLED]


def test_leaving_out_all_that_it_lacks_goes_on_to_the_next_object(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    select_lacking(view)
    QTest.keyClick(view, Key.Key_T)
    QTest.keyClick(view, Key.Key_T)
    mouse.tap(300, 100)
    assert heard.steps == []
    assert points(view.state.draft)[0] == (300, 100, 2)


def test_selecting_another_object_begins_with_its_own_points(
    view: CanvasView, mouse: Mouse, heard: Heard, keeper: Keeper
) -> None:
    view.show_objects([shown(1, LACKING), shown(2, LACKING.moved(100, 0))], selected=1)
    QTest.keyClick(view, Key.Key_T)
    assert view.state.next_point == 2
    view.set_selected(2)
    assert view.state.next_point == 0
    mouse.tap(250, 120)
    assert [object_id for object_id, _ in heard.edited] == [2]


def test_a_selected_box_or_a_complete_figure_begins_a_new_object(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    complete = LACKING.with_point(0, Keypoint(150, 120, VISIBLE)).with_point(2, Keypoint(190, 180, HIDDEN))
    for outline in (Box(100, 100, 200, 200), complete):
        view.show_objects([shown(1, outline)], selected=1)
        mouse.tap(150, 120)
        assert view.busy
        assert view.cancel()
    assert heard.acts == 0


# ---------------------------------------------------------------------------------------------------- ends
@pytest.mark.parametrize("end", ["escape", "tool", "frame", "skeleton"])
def test_a_half_placed_object_can_be_dropped(view: CanvasView, mouse: Mouse, heard: Heard, end: str) -> None:
    mouse.tap(200, 100)
    mouse.press(150, 180)
    match end:
        case "escape":
            assert view.cancel()
        case "tool":
            view.set_tool(ToolName.SELECT)
        case "frame":
            view.show_frame(picture(2), [], selected=None)
        case "skeleton":
            view.set_skeleton(Skeleton(("only",)))
    mouse.release(150, 180)
    if end == "skeleton":
        view.cancel()
    assert heard.drawn == []
    assert (view.state.draft, view.state.loupe, view.busy) == (None, None, False)
    assert view.state.next_point == (None if end == "tool" else 0)


def test_other_objects_may_change_meanwhile(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    mouse.tap(200, 100)
    view.show_objects([shown(5, LACKING)], selected=5)
    assert view.busy
    mouse.tap(150, 180)
    mouse.tap(260, 190)
    assert points(heard.drawn[0]) == [(200, 100, 2), (150, 180, 2), (260, 190, 2)]


@pytest.mark.parametrize("skeleton", [None, Skeleton(())], ids=["none", "empty"])
def test_without_a_skeleton_the_tool_says_so(
    view: CanvasView, mouse: Mouse, heard: Heard, skeleton: Skeleton | None
) -> None:
    view.set_skeleton(skeleton)
    view.set_tool(ToolName.SELECT)
    view.set_tool(ToolName.KEYPOINTS)
    assert "no skeleton" in heard.said.pop()
    mouse.tap(200, 100)
    QTest.keyClick(view, Key.Key_T)
    assert "no skeleton" in heard.said.pop()
    assert (heard.acts, view.busy, view.state.next_point) == (0, False, None)


def test_nothing_is_placed_while_the_objects_are_hidden(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_overlay_visible(False)
    mouse.tap(200, 100)
    mouse.tap(200, 100, button=RIGHT)
    QTest.keyClick(view, Key.Key_T)
    assert (heard.acts, view.busy, view.state.next_point) == (0, False, 0)
    assert "hidden" in heard.said[-1]

"""The canvas under a real mouse: what each act tells, and what it leaves alone."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from autoanno_gui.core.box import Box
from autoanno_gui.core.review_objects import Role
from autoanno_gui.ui.canvas.tools.tool import ToolName
from autoanno_gui.ui.canvas.view import CanvasView
from tests.ui.canvas_kit import HEIGHT, WIDTH, Heard, Mouse, open_view, picture, shown

ALT = Qt.KeyboardModifier.AltModifier
LARGE, MIDDLE, SMALL = (20.0, 20.0, 300.0, 250.0), (60.0, 60.0, 200.0, 200.0), (90.0, 90.0, 130.0, 130.0)
NESTED = [shown(1, LARGE), shown(2, MIDDLE), shown(3, SMALL)]


@pytest.fixture
def view(qtbot: QtBot) -> CanvasView:
    """A view with three nested objects, the middle one selected, that selects what is clicked."""
    view = open_view(qtbot)
    with qtbot.waitSignal(view.frame_painted):
        view.show_frame(picture(), NESTED, selected=2)
    view.object_picked.connect(view.set_selected)
    return view


def near(box: Box, expected: tuple[float, float, float, float], *, by: float = 0.01) -> bool:
    return all(abs(a - b) <= by for a, b in zip(box.as_tuple(), expected, strict=True))


# ---------------------------------------------------------------------------------------------------- selecting
def test_click_picks_the_smallest_then_the_next_below(mouse: Mouse, heard: Heard) -> None:
    for _ in range(4):
        mouse.click(110, 110)
    assert heard.picked == [3, 2, 1, 3]


def test_click_elsewhere_starts_again_with_the_smallest(mouse: Mouse, heard: Heard) -> None:
    mouse.click(110, 110)
    mouse.click(120, 120)
    assert heard.picked == [3, 3]


def test_click_beside_all_picks_nothing(mouse: Mouse, heard: Heard) -> None:
    mouse.click(350, 280)
    assert heard.picked == [None]


def test_a_tremble_is_a_click(mouse: Mouse, heard: Heard) -> None:
    mouse.drag((110, 110), (111, 110.5))
    assert heard.picked == [3]
    assert heard.drawn == []


def test_a_new_frame_forgets_where_one_clicked(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    mouse.click(110, 110)
    view.show_frame(picture(2), NESTED, selected=None)
    mouse.click(110, 110)
    assert heard.picked == [3, 3]


def test_nothing_is_picked_while_objects_are_hidden(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.show_objects([shown(1, SMALL, Role.GHOST)], selected=None)
    view.set_overlay_visible(False)
    mouse.click(110, 110)
    mouse.drag((90, 90), (130, 130))
    assert heard.acts == 0


def test_hover_tells_once_per_object(mouse: Mouse, heard: Heard) -> None:
    for x in (350, 110, 112, 180, 350):
        mouse.move(x, 150 if x == 180 else 110 if x < 350 else 290)
    assert heard.hovered == [3, 2, None]


# ---------------------------------------------------------------------------------------------------- drawing
def test_drag_draws_wherever_it_starts_at_any_scaling(mouse: Mouse, heard: Heard) -> None:
    mouse.drag((110.25, 110.5), (150.75, 160.125))
    assert len(heard.drawn) == 1
    assert near(heard.drawn[0], (110.25, 110.5, 150.75, 160.125))
    assert heard.picked == []


def test_drawing_stops_at_the_border_of_the_image(mouse: Mouse, heard: Heard) -> None:
    mouse.drag((350, 260), (WIDTH + 5, HEIGHT + 4))
    assert near(heard.drawn[0], (350, 260, WIDTH, HEIGHT))


def test_a_line_is_not_a_box(mouse: Mouse, heard: Heard) -> None:
    mouse.drag((310, 30), (380, 30.2))
    assert heard.acts == 0


def test_escape_drops_the_rectangle(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    mouse.press(310, 30)
    mouse.move(350, 80)
    assert view.state.draft is not None
    assert view.cancel()
    assert view.state.draft is None
    mouse.release(360, 90)
    assert heard.acts == 0
    assert not view.cancel()


def test_box_tool_draws_with_a_drag(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_tool(ToolName.BOX)
    assert view.tool is ToolName.BOX
    mouse.drag((60, 60), (150, 160))  # on a handle of the selected object, which is none of this tool's business
    assert near(heard.drawn[0], (60, 60, 150, 160))
    assert heard.edited == []


def test_box_tool_draws_with_two_clicks(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_tool(ToolName.BOX)
    mouse.press(210, 40)
    mouse.release(210, 40)
    mouse.move(260, 90)
    assert view.state.draft is not None
    assert heard.drawn == []
    mouse.press(280, 100)
    mouse.release(280, 100)
    assert near(heard.drawn[0], (210, 40, 280, 100))
    mouse.move(300, 120)
    assert view.state.draft is None


def test_another_tool_takes_the_crosshair_away(view: CanvasView, mouse: Mouse) -> None:
    view.set_tool(ToolName.BOX)
    mouse.move(100, 100)
    assert view.state.crosshair == pytest.approx((100, 100))
    view.set_tool(ToolName.SELECT)
    assert view.state.crosshair is None


# ---------------------------------------------------------------------------------------------------- editing
@pytest.mark.parametrize("zoom", [2.0, 0.7], ids=["enlarged", "reduced"])
def test_a_handle_resizes_at_any_scaling(view: CanvasView, mouse: Mouse, heard: Heard, zoom: float) -> None:
    view.zoom_by(zoom, QPointF(view.width() / 2, view.height() / 2))
    mouse.drag((201, 201), (221, 191))  # the corner at 200, 200, gripped one pixel beside it
    assert len(heard.edited) == 1
    object_id, box = heard.edited[0]
    assert object_id == 2
    assert near(box, (60, 60, 220, 190))


def test_a_side_moves_alone_and_may_cross(mouse: Mouse, heard: Heard) -> None:
    mouse.drag((60, 150), (230, 160))
    assert near(heard.edited[0][1], (200, 60, 230, 200))


def test_only_the_selected_object_has_handles(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_selected(None)
    mouse.drag((200, 150), (230, 250))
    assert heard.edited == []
    assert len(heard.drawn) == 1


def test_alt_drag_moves_inside_the_image(mouse: Mouse, heard: Heard) -> None:
    mouse.drag((350, 280), (360, 285), keys=ALT)
    mouse.drag((100, 100), (0, 100), keys=ALT)
    assert [object_id for object_id, _ in heard.edited] == [2, 2]
    assert near(heard.edited[0][1], (70, 65, 210, 205))
    assert near(heard.edited[1][1], (0, 60, 140, 200))  # the view was never told of the first: it starts from its own


def test_the_outline_follows_the_drag_and_escape_restores_it(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    mouse.press(200, 200)
    mouse.move(240, 240)
    assert view.state.outline_of(NESTED[1]) == Box(60, 60, 240, 240)
    assert heard.edited == []
    assert view.cancel()
    assert view.state.outline_of(NESTED[1]) == NESTED[1].geometry
    mouse.release(250, 250)
    assert heard.acts == 0


def test_whoever_hears_of_an_edit_still_sees_it(view: CanvasView, mouse: Mouse) -> None:
    seen: list[Box] = []
    state = view.state
    view.geometries_edited.connect(lambda edited: seen.extend(state.outline_of(state.objects[i]) for i in edited))
    mouse.drag((200, 200), (220, 220))
    assert near(seen[0], (60, 60, 220, 220))
    assert view.state.outline_of(NESTED[1]) == NESTED[1].geometry


def test_an_object_that_changes_under_the_drag_ends_it(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    mouse.press(200, 200)
    mouse.move(240, 240)
    view.update_object(2, None)
    mouse.release(250, 250)
    assert heard.acts == 0


@pytest.mark.parametrize(
    ("at", "side", "expected"),
    [
        ((50, 130), "left", (50, 60, 200, 200)),
        ((130, 75), "top", (60, 75, 200, 200)),
        ((230, 130), "right", (60, 60, 230, 200)),
        ((130, 280), "bottom", (60, 60, 200, 280)),
        ((260, 210), "right", (60, 60, 260, 200)),
    ],
)
def test_snap_moves_the_nearest_side(
    view: CanvasView,
    mouse: Mouse,
    heard: Heard,
    at: tuple[float, float],
    side: str,
    expected: tuple[float, float, float, float],
) -> None:
    assert view.last_snapped_side is None
    view.set_snap_held(True)
    mouse.move(*at)
    assert view.state.snap is not None
    assert view.state.snap.side == side
    assert near(view.state.snap.box, expected)
    mouse.press(*at)
    mouse.release(*at)
    assert heard.edited[0][0] == 2
    assert near(heard.edited[0][1], expected)
    assert view.last_snapped_side == side
    view.set_snap_held(False)
    assert view.state.snap is None
    view.set_selected(1)
    assert view.last_snapped_side is None


# ---------------------------------------------------------------------------------------------------- ghosts
def test_a_click_inside_a_ghost_adopts_it(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.show_objects([shown(1, LARGE), shown(2, MIDDLE, Role.GHOST)], selected=None)
    mouse.click(110, 110)
    assert heard.adopted == [2]
    assert heard.picked == []


def test_a_smaller_object_goes_before_a_ghost(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.show_objects([shown(1, LARGE, Role.GHOST), shown(2, MIDDLE)], selected=None)
    mouse.click(110, 110)
    mouse.click(110, 110)
    assert heard.picked == [2, 2]
    assert heard.adopted == []


def test_a_rough_drag_adopts_the_ghost_it_covers_best(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.show_objects([shown(1, LARGE, Role.GHOST), shown(2, MIDDLE, Role.GHOST)], selected=None)
    mouse.drag((50, 70), (190, 215))
    assert heard.adopted == [2]
    assert heard.drawn == []


def test_a_drag_elsewhere_draws_though_ghosts_are_shown(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.show_objects([shown(1, LARGE, Role.GHOST), shown(2, MIDDLE, Role.GHOST)], selected=None)
    mouse.drag((180, 180), (390, 290))
    assert heard.adopted == []
    assert len(heard.drawn) == 1

"""The canvas under a real mouse: what each act tells, and what it leaves alone."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from pytestqt.qtbot import QtBot

from autoanno_gui.core.box import Box
from autoanno_gui.core.review_objects import Role
from autoanno_gui.ui import theme
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


# ---------------------------------------------------------------------------------------------------- looking
def test_a_frame_is_fitted_and_centred(view: CanvasView, heard: Heard) -> None:
    view.show_frame(picture(2, width=900, height=300), [], selected=None)
    ratio = view.camera.ratio
    assert view.camera.zoom == pytest.approx(800 * ratio / 900)
    assert view.camera.to_view(450, 150) == pytest.approx((412, 312), abs=1)
    assert heard.zoom[-1] == view.camera.zoom


@pytest.mark.parametrize("turn", [120, 360, -120])
def test_the_wheel_keeps_what_is_under_the_pointer(view: CanvasView, mouse: Mouse, turn: int) -> None:
    spot = mouse.spot(130, 110)
    mouse.wheel(130, 110, turn)
    x, y = view.camera.to_image(spot.x(), spot.y())
    assert abs(x - 130) * view.camera.zoom <= 1.0
    assert abs(y - 110) * view.camera.zoom <= 1.0
    assert view.transform().m11() == pytest.approx(view.camera.zoom / view.camera.ratio)


def test_wheel_with_shift_and_ctrl_pans(view: CanvasView, mouse: Mouse) -> None:
    view.zoom_by(3.0)
    zoom, left, top = view.camera.zoom, view.camera.left, view.camera.top
    mouse.wheel(200, 150, -120, keys=Qt.KeyboardModifier.ShiftModifier)
    assert (view.camera.left < left, view.camera.top) == (True, top)
    mouse.wheel(200, 150, -120, keys=Qt.KeyboardModifier.ControlModifier)
    assert view.camera.top < top
    assert view.camera.zoom == zoom


def test_the_image_cannot_be_lost(view: CanvasView) -> None:
    middle = QPointF(view.viewport().width() / 2, view.viewport().height() / 2)
    for factor, dx, dy in ((5.0, 1e5, 1e5), (0.01, -1e5, -1e5), (1e9, 3e4, -7e5)):
        view.zoom_by(factor, QPointF(3, 3))
        view.pan(dx, dy)
        x, y = view.camera.to_image(middle.x(), middle.y())
        assert -1 <= x <= WIDTH + 1
        assert -1 <= y <= HEIGHT + 1
    view.fit()
    assert view.camera.to_view(WIDTH / 2, HEIGHT / 2) == pytest.approx((412, 312), abs=1)


@pytest.mark.parametrize("way", ["middle button", "held key", "hand tool"])
def test_panning_works_in_any_tool_and_does_nothing_else(
    view: CanvasView, mouse: Mouse, heard: Heard, way: str
) -> None:
    view.zoom_by(3.0)
    button = Qt.MouseButton.MiddleButton if way == "middle button" else Qt.MouseButton.LeftButton
    if way == "held key":
        view.set_pan_held(True)
    if way == "hand tool":
        view.set_tool(ToolName.HAND)
    left = view.camera.left
    start = mouse.spot(200, 150)
    target = view.camera.to_image(start.x() + 40, start.y())
    mouse.press(200, 150, button=button)
    mouse.move(*target)
    mouse.release(200, 150, button=button)
    assert view.camera.left == pytest.approx(left + 40 * view.camera.ratio, abs=1)
    assert heard.acts == 0


def test_zoom_to_an_object_shows_all_of_it(view: CanvasView) -> None:
    view.zoom_to(3)
    corners = [view.camera.to_view(x, y) for x in SMALL[::2] for y in SMALL[1::2]]
    area = QRectF(view.viewport().rect())
    assert all(area.contains(QPointF(*corner)) for corner in corners)
    assert view.camera.zoom > 2 * view.camera.ratio


def test_actual_size_is_one_device_pixel_per_image_pixel(view: CanvasView, heard: Heard) -> None:
    view.actual_size()
    assert view.camera.zoom == 1.0
    assert heard.zoom[-1] == 1.0


def test_a_fitted_image_follows_the_window_and_a_zoomed_one_stays(qtbot: QtBot, view: CanvasView) -> None:
    view.resize(1024, 624)
    qtbot.waitUntil(lambda: view.viewport().width() == 1024)
    assert view.camera.to_view(WIDTH / 2, HEIGHT / 2) == pytest.approx((512, 312), abs=1)
    view.zoom_by(4.0)
    zoom = view.camera.zoom
    view.resize(824, 624)
    qtbot.waitUntil(lambda: view.viewport().width() == 824)
    assert view.camera.zoom == zoom


def test_another_frame_is_shown_whole(view: CanvasView) -> None:
    view.zoom_by(3.0)
    view.show_frame(picture(2), [], selected=None)
    assert view.camera.fitted


def test_full_resolution_is_wanted_once_when_the_preview_is_enlarged(view: CanvasView, heard: Heard) -> None:
    preview = picture(7)
    large = type(preview)(7, preview.image, 4 * WIDTH, 4 * HEIGHT)
    view.resize(424, 324)
    view.show_frame(large, [], selected=None)
    first = len(heard.full)
    for _ in range(3):
        view.zoom_in()
    assert heard.full == [7]
    assert first == (0 if view.camera.ratio == 1.0 else 1)
    view.show_frame(large, [], selected=None)
    view.zoom_by(2.0)
    assert heard.full == [7, 7]
    view.set_full_image(picture(8, width=4 * WIDTH, height=4 * HEIGHT, colour="#ff0000"))  # of another frame: dropped
    assert view.grab().toImage().pixelColor(200, 150).red() == 0x80
    view.set_full_image(picture(7, width=4 * WIDTH, height=4 * HEIGHT, colour="#00ff00"))
    assert view.grab().toImage().pixelColor(200, 150).green() == 0xFF


def test_the_pointer_is_told_in_image_pixels(mouse: Mouse, heard: Heard) -> None:
    mouse.move(12.25, 30.5)
    assert heard.cursor[-1] == pytest.approx((12.25, 30.5))
    mouse.move(-3, 30)
    assert heard.cursor[-1] is None


# ---------------------------------------------------------------------------------------------------- painting
class _Order(QObject):
    """Notes the viewport's paints and the view's signal in the order in which they come."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self.events: list[str] = []
        view.viewport().installEventFilter(self)
        view.frame_painted.connect(lambda frame_id: self.events.append(f"painted {frame_id}"))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.events.append("paint")
        return False


def test_frame_painted_comes_once_and_after_the_paint(qtbot: QtBot, view: CanvasView) -> None:
    order = _Order(view)
    view.show_frame(picture(5), NESTED, selected=None)
    assert order.events == []
    with qtbot.waitSignal(view.frame_painted):
        pass
    assert order.events == ["paint", "painted 5"]
    view.viewport().repaint()
    view.set_selected(1)
    qtbot.waitUntil(lambda: order.events.count("paint") == 3)
    assert order.events.count("painted 5") == 1


def test_a_frame_that_was_replaced_before_the_paint_is_not_told(qtbot: QtBot, view: CanvasView) -> None:
    order = _Order(view)
    view.show_frame(picture(5), NESTED, selected=None)
    view.show_frame(picture(6), NESTED, selected=None)
    with qtbot.waitSignal(view.frame_painted):
        pass
    assert [event for event in order.events if event != "paint"] == ["painted 6"]


def test_a_fault_takes_the_place_of_the_image(qtbot: QtBot, view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    with qtbot.waitSignal(view.frame_painted) as painted:
        view.show_fault(9, "This frame cannot be shown", "kites/0004.jpg: The file is empty (0 bytes).")
    assert painted.args == [9]
    told = heard.acts
    mouse.click(110, 110)
    mouse.drag((20, 20), (100, 100))
    assert heard.acts == told
    assert view.grab().toImage().pixelColor(100, 100).name() == theme.tokens().canvas
    view.show_frame(picture(10), [], selected=None)
    assert view.grab().toImage().pixelColor(412, 312).red() == 0x80


def test_the_banner_moves_nothing_and_lets_the_mouse_through(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    before, place = view.grab().toImage(), view.camera.origin
    view.show_banner("Empty?", "Space again confirms that nothing is in this frame.")
    with_banner = view.grab().toImage()
    assert view.camera.origin == place
    assert with_banner != before
    height = before.height() * 3 // 4
    assert with_banner.copy(0, 0, before.width(), height) == before.copy(0, 0, before.width(), height)
    view.hide_banner()
    assert view.grab().toImage() == before
    view.show_banner("Empty?", "")
    mouse.drag((150, 270), (250, 295))
    assert len(heard.drawn) == 1


def test_thousands_of_repaint_requests_are_survived(view: CanvasView) -> None:
    for _ in range(5_000):
        view.viewport().update()
    assert view.grab().width() > 0


# ---------------------------------------------------------------------------------------------------- scaling
@pytest.mark.parametrize("scale", ["2", "1.5"])
def test_mouse_and_drawing_agree_on_a_scaled_screen(scale: str) -> None:
    env = {**os.environ, "QT_SCALE_FACTOR": scale}
    env.pop("PYTEST_CURRENT_TEST", None)
    chosen = "any_scaling or wheel_keeps or full_resolution or smallest_then or fitted_and"
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, "-k", chosen],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:]

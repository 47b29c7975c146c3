"""What the canvas shows: fitted, zoomed, panned, and painted in the right order."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from pytestqt.qtbot import QtBot

from autoanno_gui.ui import theme
from autoanno_gui.ui.canvas.tools.tool import ToolName
from autoanno_gui.ui.canvas.view import CanvasView
from tests.ui.canvas_kit import HEIGHT, WIDTH, Heard, Mouse, open_view, picture, shown

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

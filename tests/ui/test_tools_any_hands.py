"""Whatever is done in whatever order: nothing breaks, and every outline that is told can be kept."""

from __future__ import annotations

import random

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry, outline_points
from autoanno_gui.core.keypoints import Keypoints, Skeleton
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.review_objects import Role
from autoanno_gui.ui.canvas.tools.tool import ToolName
from autoanno_gui.ui.canvas.view import CanvasView
from tests.ui.canvas_kit import (
    ALT,
    CTRL,
    HEIGHT,
    NO_KEY,
    RIGHT,
    SHIFT,
    WIDTH,
    Heard,
    Keeper,
    Mouse,
    open_view,
    picture,
    shown,
)

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
KEYS = [Qt.Key(k) for k in (Qt.Key.Key_Return, Qt.Key.Key_Backspace, Qt.Key.Key_W, Qt.Key.Key_T, Qt.Key.Key_Shift)]
ACTS = 500


class Hands:
    """Does one thing after the other at random, from a seed."""

    def __init__(self, view: CanvasView, seed: int) -> None:
        self._view = view
        self._mouse = Mouse(view)
        self._random = random.Random(seed)
        self._acts = (self._drag, self._drag, self._tap, self._tap, self._double, self._move, self._press, self._key,
                      self._key, self._tool, self._wheel, self._frame, self._select, self._objects, self._held,
                      self._answer, self._escape, self._release)  # fmt: skip

    def act(self) -> None:
        self._random.choice(self._acts)()

    def _place(self) -> tuple[float, float]:
        """Return a place: often one where something can be grabbed, sometimes beside the image."""
        if self._view.state.objects and self._random.random() < 0.5:
            shown_object = self._random.choice(list(self._view.state.objects.values()))
            points = outline_points(shown_object.geometry)
            if len(points):
                x, y = self._random.choice(points.tolist())
                return x + self._random.uniform(-2, 2), y + self._random.uniform(-2, 2)
        return self._random.uniform(-15, WIDTH + 15), self._random.uniform(-15, HEIGHT + 15)

    def _modifier(self) -> Qt.KeyboardModifier:
        return self._random.choice([NO_KEY, NO_KEY, NO_KEY, SHIFT, CTRL, ALT])

    def _button(self) -> Qt.MouseButton:
        return self._random.choice([LEFT, LEFT, LEFT, RIGHT, MIDDLE])

    def _drag(self) -> None:
        self._mouse.drag(self._place(), self._place(), keys=self._modifier(), button=self._button())

    def _tap(self) -> None:
        self._mouse.tap(*self._place(), keys=self._modifier(), button=self._button())

    def _double(self) -> None:
        self._mouse.double(*self._place())

    def _move(self) -> None:
        self._mouse.move(*self._place(), keys=self._modifier())

    def _press(self) -> None:
        """Press and do something else before the release, if that comes at all."""
        self._mouse.press(*self._place(), keys=self._modifier(), button=self._random.choice([LEFT, LEFT, RIGHT]))

    def _release(self) -> None:
        self._mouse.release(*self._place(), button=self._random.choice([LEFT, LEFT, RIGHT]))

    def _key(self) -> None:
        QTest.keyClick(self._view, self._random.choice(KEYS))

    def _tool(self) -> None:
        self._view.set_tool(self._random.choice(list(ToolName)))

    def _wheel(self) -> None:
        self._mouse.wheel(*self._place(), self._random.choice([-240, -120, 120, 240]), keys=self._modifier())

    def _frame(self) -> None:
        if self._random.random() < 0.1:
            self._view.show_fault(9, "No picture", "It is empty.")
        else:
            self._view.show_frame(picture(self._random.randrange(9)), self._some_objects(), selected=1)

    def _select(self) -> None:
        ids = list(self._view.state.objects)
        self._view.set_selected(
            self._random.choice([None, *ids]), also=frozenset(self._random.sample(ids, len(ids) // 2))
        )

    def _objects(self) -> None:
        if self._view.state.objects and self._random.random() < 0.5:
            self._view.update_object(self._random.choice(list(self._view.state.objects)), None)
        elif self._view.camera.image_width:
            self._view.show_objects(self._some_objects(), selected=self._random.choice([None, 1, 2, 3, 4]))

    def _held(self) -> None:
        hold = self._random.choice([self._view.set_snap_held, self._view.set_pan_held, self._show_overlay])
        hold(True)
        self._random.choice([self._drag, self._press])()
        hold(False)

    def _show_overlay(self, held: bool) -> None:
        self._view.set_overlay_visible(not held)

    def _answer(self) -> None:
        self._view.show_candidates([Mask.of_box(Box(10, 10, 50, 50)), Mask.of_box(Box(10, 10, 80, 50))])

    def _escape(self) -> None:
        self._view.cancel()

    def _some_objects(self) -> list[object]:
        outlines: list[Geometry] = [
            Box(20, 20, 120, 90),
            OrientedBox(250, 80, 120, 50, 0.6),
            Mask.of_points([(40, 150), (160, 140), (180, 260), (60, 270), (110, 200)]),
            Keypoints.unplaced(Box(230, 150, 380, 290), 3),
            Box(300, 20, 306, 26),
        ]
        roles = [Role.CANDIDATE, Role.CONFIRMED, Role.CONFIRMED, Role.CANDIDATE, Role.GHOST]
        return [shown(i, outline, role) for i, (outline, role) in enumerate(zip(outlines, roles, strict=True), 1)]


def fits(outline: Geometry) -> bool:
    """Return whether an outline is finite, has an area, and lies in the picture; an oriented box in part."""
    points = outline_points(outline)
    bounds = outline.bounds
    finite = bool(np.isfinite(points).all()) and len(points) > 0
    if isinstance(outline, OrientedBox):
        return (
            finite and outline.area > 0 and bounds.x1 < WIDTH and bounds.x2 > 0 and bounds.y1 < HEIGHT and bounds.y2 > 0
        )
    inside = bounds.x1 >= -1e-6 and bounds.y1 >= -1e-6 and bounds.x2 <= WIDTH + 1e-6 and bounds.y2 <= HEIGHT + 1e-6
    return finite and inside and (outline.area > 0 or (isinstance(outline, Mask) and not outline.is_simple))


@pytest.mark.parametrize("seed", range(8))
def test_whatever_the_hands_do(qtbot: QtBot, seed: int) -> None:
    view = open_view(qtbot)
    view.set_skeleton(Skeleton(("nose", "left", "right")))
    view.show_frame(picture(), [], selected=None)
    heard, _ = Heard.of(view), Keeper(view)
    hands = Hands(view, seed)
    for _ in range(ACTS):
        hands.act()
    told = [*heard.drawn, *(outline for _, outline in heard.edited)]
    assert told != []
    assert [outline for outline in told if not fits(outline)] == []
    view.cancel()
    view.set_tool(ToolName.SELECT)
    state = view.state
    assert (state.live, state.draft, state.path, state.band, state.loupe) == ({}, None, (), None, None)
    assert (state.prompt, state.preview, state.paint, state.brush, state.next_point) == (None, None, None, None, None)
    assert not view.busy

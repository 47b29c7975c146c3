"""Tools that draw upright boxes: by two corners, or by the four extreme points of the object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from autoanno_gui.core.box import Box
from autoanno_gui.ui.canvas.tools.gestures import DrawGesture, is_meant
from autoanno_gui.ui.canvas.tools.placing import PlacingTool
from autoanno_gui.ui.canvas.tools.tool import CLICK_REACH, Pointer, Tool, ToolName

if TYPE_CHECKING:
    from autoanno_gui.ui.canvas.view import CanvasView

EXTREMES: Final = 4


class BoxTool(Tool):
    """Draws boxes only: with a drag or with two clicks, along crosshair lines."""

    name = ToolName.BOX

    def __init__(self, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self._pressed: Pointer | None = None
        self._drawing: DrawGesture | None = None
        self._first_click = False
        """The first of two clicks was made."""

    def press(self, at: Pointer) -> None:
        self._pressed = at
        if self._drawing is None:
            self._drawing = DrawGesture(self._canvas, at, adopts=False)

    def move(self, at: Pointer) -> None:
        self._canvas.state.crosshair = self._canvas.inside_image(at.x, at.y)
        if self._drawing is not None:
            self._drawing.move(at)
        self._canvas.refresh()

    def release(self, at: Pointer) -> None:
        drawing, pressed = self._drawing, self._pressed
        self._pressed = None
        if drawing is None or pressed is None:
            return
        if self._first_click or at.travelled(pressed) >= CLICK_REACH:
            self._drawing = None
            self._first_click = False
            drawing.release(at)
        else:
            self._first_click = True

    def leave(self) -> None:
        if self._canvas.state.crosshair is not None:
            self._canvas.state.crosshair = None
            self._canvas.refresh()

    @property
    def busy(self) -> bool:
        return self._drawing is not None

    def cancel(self) -> bool:
        busy = self._drawing is not None
        self._drawing = self._pressed = None
        self._first_click = False
        if busy:
            self._drop()
        return busy


class ExtremeTool(PlacingTool):
    """Draws a box around four clicks: the topmost, lowest, leftmost and rightmost points of the object, in any order.
    Backspace takes the last one back."""

    name = ToolName.EXTREME

    def press(self, at: Pointer) -> None:
        self._pressed = at

    def release(self, at: Pointer) -> None:
        pressed, self._pressed = self._pressed, None
        if pressed is None:
            return
        self._points.append(self._canvas.inside_image(at.x, at.y))
        if len(self._points) < EXTREMES:
            self._show(at)
            return
        box = Box.around(np.array(self._points))
        self.cancel()
        if is_meant(self._canvas, box):
            self._canvas.shape_drawn.emit(box)
        else:
            self._canvas.said.emit("The four points lie on one line: click on the top, bottom, left and right.")

    def _show(self, at: Pointer | None) -> None:
        state = self._canvas.state
        end = self._canvas.inside_image(at.x, at.y) if at is not None else self._points[-1]
        state.path = (*self._points, end)
        state.draft = Box.around(np.array(state.path))
        self._canvas.refresh()

"""Moves the image about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from autoanno_gui.ui.canvas.tools.tool import Pointer, Tool, ToolName

if TYPE_CHECKING:
    from autoanno_gui.ui.canvas.view import CanvasView


class HandTool(Tool):
    """The image follows the pressed button."""

    name = ToolName.HAND

    def __init__(self, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self._last: Pointer | None = None

    def press(self, at: Pointer) -> None:
        self._last = at

    def move(self, at: Pointer) -> None:
        if self._last is not None:
            self._canvas.pan(at.view_x - self._last.view_x, at.view_y - self._last.view_y)
            self._last = at

    def release(self, at: Pointer) -> None:
        self._last = None

    def lose_button(self) -> None:
        self.cancel()

    @property
    def busy(self) -> bool:
        return self._last is not None

    def cancel(self) -> bool:
        busy = self._last is not None
        self._last = None
        return busy

    def cursor(self, at: Pointer) -> Qt.CursorShape:
        return Qt.CursorShape.OpenHandCursor if self._last is None else Qt.CursorShape.ClosedHandCursor

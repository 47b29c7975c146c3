"""What tools have in common that take a fixed number of points, one click after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QKeyEvent

from autoanno_gui.ui.canvas.tools.tool import Pointer, Tool, is_backspace

if TYPE_CHECKING:
    from autoanno_gui.ui.canvas.view import CanvasView

Point = tuple[float, float]


class PlacingTool(Tool):
    """Keeps the points that were placed; Backspace takes the last one back, Esc all of them."""

    def __init__(self, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self._pressed: Pointer | None = None
        self._points: list[Point] = []
        """Image pixels, inside the image."""

    def move(self, at: Pointer) -> None:
        if self._points:
            self._show(at)

    def claims(self, event: QKeyEvent) -> bool:
        return bool(self._points) and is_backspace(event)

    def key(self, event: QKeyEvent) -> bool:
        if not self.claims(event):
            return False
        self._points.pop()
        self._pressed = None
        if self._points:
            self._show(self._canvas.pointer)
        else:
            self._drop()
        return True

    @property
    def busy(self) -> bool:
        return bool(self._points)

    def cancel(self) -> bool:
        busy = bool(self._points)
        self._points = []
        self._pressed = None
        if busy:
            self._drop()
        return busy

    def _show(self, at: Pointer | None) -> None:
        """Show what the points and the pointer make; the pointer is None while it is not over the viewport."""
        raise NotImplementedError

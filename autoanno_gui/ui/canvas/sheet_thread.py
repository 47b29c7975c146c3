"""The thread that draws crowds of shapes, so that zooming and panning never wait for them."""

from __future__ import annotations

import threading
import time
from typing import Final, TypeAlias

from PySide6.QtCore import QThread, Signal

from autoanno_gui.ui.canvas.shapes import ShapePainter
from autoanno_gui.ui.canvas.sheet import Order, Patch, Sheet, changed_areas, draw_patch, draw_sheet

STINT: Final = 0.001
"""Seconds of work after which the thread lets the others go on: Qt draws without giving Python's lock away, and a
thread that waits for it would take it back only after five milliseconds."""
BREATH: Final = 0.0002


_Task: TypeAlias = tuple[Order, Order | None]
"""An order, and that of the sheet to be patched."""


class SheetThread(QThread):
    """Draws the newest order; those that came before it and were not begun are dropped."""

    drawn = Signal(object)
    """`Sheet` or `Patch`, queued to the GUI thread."""
    failed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._shapes: Final = ShapePainter()
        self._news = threading.Condition()
        self._task: _Task | None = None
        self._under_way: _Task | None = None
        self._done: _Task | None = None
        self._newest: Sheet | Patch | None = None
        self._stopping = False
        self._may_draw = threading.Event()
        self._may_draw.set()
        self._breathed_at = 0.0

    def ask(self, order: Order, *, base: Order | None) -> None:
        """Ask for a sheet, or for a patch of the sheet of `base`. What is there or under way is not drawn again."""
        with self._news:
            if (order, base) not in (self._under_way, self._done):
                self._task = order, base
                self._news.notify_all()

    def drop(self) -> None:
        """Forget what was asked for; what is being drawn is still reported."""
        with self._news:
            self._task = None

    def pause(self) -> None:
        """Rest after the shape under way: whoever paints now needs the processor, and Python's lock."""
        self._may_draw.clear()

    def resume(self) -> None:
        self._may_draw.set()

    def await_sheet(self, order: Order, *, seconds: float) -> Sheet | None:
        """Return the sheet of an order once it is drawn, None if that takes longer."""
        with self._news:
            self._news.wait_for(lambda: self._newest is not None and self._newest.order is order, seconds)
            newest = self._newest
        return newest if isinstance(newest, Sheet) and newest.order is order else None

    def stop(self) -> None:
        """End the thread and join it."""
        self.resume()
        with self._news:
            self._stopping = True
            self._news.notify_all()
        self.wait()

    def run(self) -> None:
        """Draw until stopped (Qt override; on the new thread)."""
        while (task := self._next_task()) is not None:
            try:
                drawn = self._draw(*task)
            except BaseException as error:  # noqa: BLE001 - the worker boundary: handed to the GUI thread, never swallowed
                self.failed.emit(error)
                continue
            if self._still_wanted(drawn.order):
                with self._news:
                    self._newest, self._done = drawn, task
                    self._news.notify_all()
                self.drawn.emit(drawn)

    def _next_task(self) -> _Task | None:
        with self._news:
            self._under_way = None
            while not self._stopping and self._task is None:
                self._news.wait()
            task, self._task = self._task, None
            if self._stopping or task is None:
                return None
            self._under_way = task
            return task

    def _draw(self, order: Order, base: Order | None) -> Sheet | Patch:
        self._may_draw.wait()  # a large picture is work before the first shape is
        self._breathed_at = time.perf_counter()
        areas = changed_areas(base, order) if base is not None else None
        if base is not None and areas is not None:
            return draw_patch(base, order, areas, self._shapes, lambda: self._goes_on(order))
        return draw_sheet(order, self._shapes, lambda: self._goes_on(order))

    def _goes_on(self, order: Order) -> bool:
        self._may_draw.wait()
        if time.perf_counter() - self._breathed_at > STINT:
            time.sleep(BREATH)
            self._breathed_at = time.perf_counter()
        return self._still_wanted(order)

    def _still_wanted(self, order: Order) -> bool:
        """Whether the frame is still shown; a mere zoom or pan makes use of the sheet until the next one is there."""
        newer = self._task
        return not self._stopping and (newer is None or newer[0].frame_id == order.frame_id)

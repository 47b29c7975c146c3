"""All shapes at rest as one picture over the image, so that a repaint without changes costs one copy.

Little is drawn at once. What takes longer is drawn on a thread; until it is there, the picture that was shown before is
shown where it belongs now, so that nothing blinks, and what it lacks is sketched.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from PySide6.QtCore import QObject, QRectF, Qt, QThread, Signal, Slot
from PySide6.QtGui import QPainter

from autoanno_gui.ui.canvas.camera import Viewpoint
from autoanno_gui.ui.canvas.shapes import Look, ShapePainter
from autoanno_gui.ui.canvas.sheet import Order, Patch, Sheet, changed_areas, draw_patch, draw_sheet, weight_of
from autoanno_gui.ui.canvas.sheet_thread import SheetThread

AT_ONCE: Final = 1000
"""So many vertices are stroked in a few milliseconds."""
PATIENCE: Final = 0.010
"""Seconds for which the first paint of a frame waits for the thread; no other paint waits."""


class Overlay(QObject):
    """Shows shapes and keeps their picture up to date."""

    renewed = Signal()
    """A better picture is there: paint again."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shapes = ShapePainter()
        self._sheet: Sheet | None = None
        self._wanted: Order | None = None
        self._thread: SheetThread | None = None
        self._stop: Callable[[], object] = lambda: None
        self._rests = 0
        """How many blocks are under way in which the thread rests."""

    @property
    def settled(self) -> bool:
        """Whether the picture shows exactly what was asked for last."""
        sheet, wanted = self._sheet, self._wanted
        return wanted is None or not wanted.looks or (sheet is not None and sheet.order.shows_the_same(wanted))

    def paint(self, painter: QPainter, order: Order) -> None:
        """Paint all shapes in device pixels."""
        self._wanted = order
        if not order.looks:
            self._sheet = None
            self._drop()
            return
        if not self.settled:
            if self._sheet is not None and not self._sheet.order.has_something_of(order):
                self._sheet = None
            self._bring_up_to_date(order)
        sheet = self._sheet
        if sheet is not None:
            _show(painter, sheet, order.viewpoint)
        drawn: Mapping[int, Look] = sheet.order.looks if sheet is not None else {}
        if drawn is not order.looks:
            self._stand_in(painter, order, drawn)

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Let the thread rest while the canvas is painted; inside another such block until that one ends."""
        self._rests += 1
        if self._thread is not None:
            self._thread.pause()
        try:
            yield
        finally:
            self._rests -= 1
            if self._thread is not None and not self._rests:
                self._thread.resume()

    def close(self) -> None:
        """Stop the thread; it starts again when there is more to draw."""
        if self._thread is not None:
            self._stop()
            self._thread = None

    # ------------------------------------------------------------------------------------------------ drawing
    def _bring_up_to_date(self, order: Order) -> None:
        sheet = self._sheet
        areas = changed_areas(sheet.order, order) if sheet is not None else None
        if sheet is not None and areas is not None and weight_of(areas, order) <= AT_ONCE:
            self._sheet = draw_patch(sheet.order, order, areas, self._shapes).apply(sheet)
            self._drop()
        elif int(order.weights.sum()) <= AT_ONCE:
            self._sheet = draw_sheet(order, self._shapes)
            self._drop()
        else:
            thread = self._running_thread()
            thread.ask(order, base=sheet.order if sheet is not None and areas is not None else None)
            if sheet is None:
                thread.resume()
                self._sheet = thread.await_sheet(order, seconds=PATIENCE)
                thread.pause()

    def _stand_in(self, painter: QPainter, order: Order, drawn: Mapping[int, Look]) -> None:
        """Paint what the picture does not show yet."""
        lacking = [look for object_id, look in order.looks.items() if drawn.get(object_id) != look]
        if sum(look.weight for look in lacking) <= AT_ONCE:
            self._shapes.paint(painter, lacking, order.viewpoint, skeleton=order.skeleton)
        else:
            for look in lacking:
                self._shapes.sketch(painter, look, order.viewpoint)

    # ------------------------------------------------------------------------------------------------ thread
    def _running_thread(self) -> SheetThread:
        if self._thread is None:
            self._thread = SheetThread()
            self._thread.drawn.connect(self._take, Qt.ConnectionType.QueuedConnection)
            self._thread.failed.connect(self._raise, Qt.ConnectionType.QueuedConnection)
            self._thread.start(QThread.Priority.LowPriority)
            # Whoever throws the canvas away without hiding it first leaves no thread behind either.
            self._stop = weakref.finalize(self, self._thread.stop)
        return self._thread

    def _drop(self) -> None:
        if self._thread is not None:
            self._thread.drop()

    @Slot(object)
    def _take(self, drawn: Sheet | Patch) -> None:
        shown, wanted = self._sheet, self._wanted
        if wanted is None or not drawn.order.has_something_of(wanted):
            return  # another frame is shown now
        if isinstance(drawn, Patch):
            # The sheet may have become another one meanwhile: then the next paint asks for what it lacks.
            if shown is not None and shown.order is drawn.base:
                self._sheet = drawn.apply(shown)
            self.renewed.emit()
        elif shown is None or drawn.order.number > shown.order.number:
            self._sheet = drawn
            self.renewed.emit()

    @Slot(object)
    def _raise(self, error: BaseException) -> None:
        raise error


def _show(painter: QPainter, sheet: Sheet, viewpoint: Viewpoint) -> None:
    """Draw a picture where what it shows lies from this viewpoint."""
    before = sheet.order.viewpoint
    if before == viewpoint:
        painter.drawImage(0, 0, sheet.picture)
        return
    scale = viewpoint.zoom / before.zoom
    left = viewpoint.left - before.left * scale
    top = viewpoint.top - before.top * scale
    if scale == 1.0:
        painter.drawImage(round(left), round(top), sheet.picture)
        return
    # Only what is in sight: Qt scales with 16 bit coordinates.
    x1, y1 = max(0.0, -left / scale), max(0.0, -top / scale)
    x2 = min(float(before.width), (viewpoint.width - left) / scale)
    y2 = min(float(before.height), (viewpoint.height - top) / scale)
    if x2 > x1 and y2 > y1:
        target = QRectF(left + x1 * scale, top + y1 * scale, (x2 - x1) * scale, (y2 - y1) * scale)
        painter.drawImage(target, sheet.picture, QRectF(x1, y1, x2 - x1, y2 - y1))

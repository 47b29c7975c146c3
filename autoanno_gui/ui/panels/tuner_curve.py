"""The curve of the tuner: what a frame costs at each threshold, and what the seconds are spent on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from autoanno_gui.core.tuner import THRESHOLDS, CurvePoint, Tuning
from autoanno_gui.ui import theme

GAP: Final = 6.0
"""Logical pixels between what stands side by side."""
SWATCH: Final = 12.0
HIGHEST: Final = 3.0
"""The axis ends at this many times the least cost: what lies above is not worth comparing."""


class Layer(NamedTuple):
    """One part of the cost, from the bottom up: what it is called, which parts it joins, and how it is filled."""

    name: str
    parts: tuple[int, ...]
    colour: str
    pattern: Qt.BrushStyle


LAYERS: Final = (
    Layer("looking", (0,), "muted", Qt.BrushStyle.Dense6Pattern),
    Layer("deleting", (1,), "bad", Qt.BrushStyle.BDiagPattern),
    Layer("class, outline", (2,), "warning", Qt.BrushStyle.CrossPattern),
    Layer("adding missed", (3, 4), "accent", Qt.BrushStyle.FDiagPattern),
)


class TuneCurve(QWidget):
    """Stacked areas over the thresholds; arrow keys or the mouse move a cursor that reads the curve."""

    pointed = Signal(object)
    """The `CurvePoint` under the cursor; None without one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tuning: Tuning | None = None
        self._present = 0.5
        self._cursor: int | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Seconds a frame by threshold")

    # ------------------------------------------------------------------------------------------------ what is shown
    def show_tuning(self, tuning: Tuning | None) -> None:
        """Show a curve, or none."""
        self._tuning = tuning if tuning is not None and tuning.curve else None
        self._move_to(None)
        self.update()

    def set_present(self, threshold: float) -> None:
        """Mark the display threshold as it is now."""
        self._present = threshold
        self.update()

    @property
    def cursor_point(self) -> CurvePoint | None:
        """The point that is read."""
        return self._tuning.curve[self._cursor] if self._tuning is not None and self._cursor is not None else None

    def _move_to(self, at: int | None) -> None:
        self._cursor = at
        point = self.cursor_point
        self.setAccessibleDescription("" if point is None else f"{point.threshold:.2f}: {point.seconds:.1f} seconds")
        self.pointed.emit(point)
        self.update()

    # ------------------------------------------------------------------------------------------------ Qt
    def sizeHint(self) -> QSize:
        """Qt override."""
        line = self.fontMetrics().height()
        return QSize(16 * line, 13 * line)

    def minimumSizeHint(self) -> QSize:
        """Qt override."""
        line = self.fontMetrics().height()
        return QSize(10 * line, 9 * line)

    def changeEvent(self, event: QEvent) -> None:
        """Qt override: another theme or font is another picture."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self.updateGeometry()
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override: left and right move the cursor."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None or self._tuning is None:
            super().keyPressEvent(event)
            return
        now = self._cursor if self._cursor is not None else _nearest(self._tuning.recommended or self._present) - step
        self._move_to(min(max(now + step, 0), len(THRESHOLDS) - 1))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Qt override: the cursor follows the mouse."""
        if self._tuning is not None:
            plot = self._plot(QFontMetricsF(self.font()))
            share = (event.position().x() - plot.left()) / max(plot.width(), 1.0)
            self._move_to(_nearest(THRESHOLDS[0] + share * (THRESHOLDS[-1] - THRESHOLDS[0])))

    def leaveEvent(self, event: QEvent) -> None:
        """Qt override."""
        super().leaveEvent(event)
        self._move_to(None)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt override."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = QFontMetricsF(self.font())
        colours = theme.tokens()
        painter.fillRect(self.rect(), QColor(colours.field))
        if self._tuning is None:
            painter.setPen(QColor(colours.muted))
            text = "The curve comes when enough frames are labelled."
            painter.drawText(self.rect().adjusted(8, 8, -8, -8), _centred(wrap=True), text)
        else:
            self._paint(painter, self._tuning, metrics)
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 1.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    # ------------------------------------------------------------------------------------------------ painting
    def _plot(self, metrics: QFontMetricsF) -> QRectF:
        """Return where the curve is, between the labels."""
        left = metrics.horizontalAdvance("000") + 2 * GAP
        top = 2 * metrics.height() + 2 * GAP
        bottom = metrics.height() + self._legend_height(metrics) + 3 * GAP
        return QRectF(left, top, max(self.width() - left - 2 * GAP, 1.0), max(self.height() - top - bottom, 1.0))

    def _legend_height(self, metrics: QFontMetricsF) -> float:
        return 2 * (metrics.height() + 2.0)

    def _paint(self, painter: QPainter, tuning: Tuning, metrics: QFontMetricsF) -> None:
        plot = self._plot(metrics)
        values = [point.seconds for point in tuning.curve]
        highest = min(max(values), HIGHEST * min(values)) * 1.15
        frame = _Frame(plot, highest)
        self._paint_axes(painter, frame, metrics, best=tuning.recommended)
        painter.save()
        painter.setClipRect(plot)
        self._paint_interval(painter, frame, tuning)
        self._paint_layers(painter, frame, tuning.curve)
        self._paint_ends(painter, frame, tuning.curve)
        painter.restore()
        self._paint_markers(painter, frame, tuning, metrics)
        self._paint_legend(painter, plot, metrics)

    def _paint_axes(self, painter: QPainter, frame: _Frame, metrics: QFontMetricsF, *, best: float | None) -> None:
        colours, plot = theme.tokens(), frame.plot
        line = QPen(QColor(colours.strong_border), 1.0)
        step = _step(frame.highest)
        value = 0.0
        while value <= frame.highest:
            y = frame.y(value)
            painter.setPen(line)
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(QColor(colours.muted))
            where = QRectF(0.0, y - metrics.height() / 2, plot.left() - GAP, metrics.height())
            painter.drawText(where, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{value:g}")
            value += step
        # On the side where the name of the best threshold does not reach.
        right = best is not None and frame.x(best) < plot.center().x()
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRectF(GAP, GAP / 2, plot.right() - GAP, metrics.height()), side, "seconds a frame")
        wide = metrics.horizontalAdvance("0.0") + GAP
        for value in (0.1, 0.3, 0.5, 0.7, 0.9):
            where = QRectF(frame.x(value) - wide / 2, plot.bottom() + GAP / 2, wide, metrics.height())
            painter.drawText(where, _centred(), f"{value:.1f}")

    def _paint_interval(self, painter: QPainter, frame: _Frame, tuning: Tuning) -> None:
        """A band where the recommendation may lie."""
        if tuning.recommended is None:
            return
        left, right = (frame.x(end) for end in tuning.interval)
        band = QColor(theme.tokens().selection)
        painter.fillRect(QRectF(left, frame.plot.top(), max(right - left, 2.0), frame.plot.height()), band)

    def _paint_layers(self, painter: QPainter, frame: _Frame, curve: Sequence[CurvePoint]) -> None:
        below = [0.0] * len(curve)
        for layer in LAYERS:
            above = [
                low + sum(point.parts[part] for part in layer.parts) for low, point in zip(below, curve, strict=True)
            ]
            edge = [frame.at(point.threshold, value) for point, value in zip(curve, above, strict=True)]
            back = [frame.at(point.threshold, value) for point, value in zip(curve, below, strict=True)]
            area = QPolygonF([*edge, *reversed(back)])
            colour = QColor(getattr(theme.tokens(), layer.colour))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(_faint(colour))
            painter.drawPolygon(area)
            painter.setBrush(QBrush(colour, layer.pattern))
            painter.drawPolygon(area)
            painter.setPen(QPen(colour, 1.5))
            painter.drawPolyline(edge)
            below = above

    def _paint_ends(self, painter: QPainter, frame: _Frame, curve: Sequence[CurvePoint]) -> None:
        """The interval of the cost: two dotted lines around the upper edge."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.tokens().text), 1.0, Qt.PenStyle.DotLine))
        for end in (0, 1):
            painter.drawPolyline([frame.at(point.threshold, point.interval[end]) for point in curve])

    def _paint_markers(self, painter: QPainter, frame: _Frame, tuning: Tuning, metrics: QFontMetricsF) -> None:
        colours = theme.tokens()
        plot = frame.plot
        marks = [(self._present, f"{self._present:.2f} now", colours.text, Qt.PenStyle.DashLine, 1.0)]
        if tuning.recommended is not None:
            name = f"{tuning.recommended:.2f} best"
            marks.append((tuning.recommended, name, colours.accent, Qt.PenStyle.SolidLine, 2.0))
        if (point := self.cursor_point) is not None:
            marks.append((point.threshold, "", colours.muted, Qt.PenStyle.SolidLine, 1.0))
        for row, (value, name, colour, style, width) in enumerate(marks):
            x = frame.x(value)
            # Two lines of labels: they may stand at the same threshold.
            top = plot.top() - (row + 1 if name else 0) * metrics.height()
            painter.setPen(QPen(QColor(colour), width, style))
            painter.drawLine(QPointF(x, top + metrics.height() * bool(name)), QPointF(x, plot.bottom()))
            if name:
                wide = metrics.horizontalAdvance(name) + 2.0
                left = min(max(x - wide / 2, plot.left()), plot.right() - wide)
                painter.drawText(QRectF(left, top, wide, metrics.height()), _centred(), name)

    def _paint_legend(self, painter: QPainter, plot: QRectF, metrics: QFontMetricsF) -> None:
        colours = theme.tokens()
        column = (self.width() - 2 * GAP) / 2
        top = plot.bottom() + metrics.height() + 2 * GAP
        for at, layer in enumerate(LAYERS):
            left = GAP + (at % 2) * column
            y = top + (at // 2) * (metrics.height() + 2.0)
            swatch = QRectF(left, y + (metrics.height() - SWATCH) / 2, SWATCH, SWATCH)
            colour = QColor(getattr(colours, layer.colour))
            painter.setPen(QPen(colour, 1.0))
            painter.setBrush(_faint(colour))
            painter.drawRect(swatch)
            painter.setBrush(QBrush(colour, layer.pattern))
            painter.drawRect(swatch)
            painter.setPen(QColor(colours.text))
            where = QRectF(left + SWATCH + GAP, y, column - SWATCH - 2 * GAP, metrics.height())
            name = metrics.elidedText(layer.name, Qt.TextElideMode.ElideRight, where.width())
            painter.drawText(where, Qt.AlignmentFlag.AlignVCenter, name)


class _Frame:
    """Where thresholds and seconds are on the screen."""

    def __init__(self, plot: QRectF, highest: float) -> None:
        self.plot = plot
        self.highest = max(highest, 1e-6)

    def x(self, threshold: float) -> float:
        return self.plot.left() + self.plot.width() * (threshold - THRESHOLDS[0]) / (THRESHOLDS[-1] - THRESHOLDS[0])

    def y(self, seconds: float) -> float:
        return self.plot.bottom() - self.plot.height() * seconds / self.highest

    def at(self, threshold: float, seconds: float) -> QPointF:
        return QPointF(self.x(threshold), self.y(seconds))


def _nearest(threshold: float) -> int:
    return min(range(len(THRESHOLDS)), key=lambda at: abs(THRESHOLDS[at] - threshold))


def _step(highest: float) -> float:
    """Return a round number of seconds that divides an axis into four or five."""
    return next((step for step in (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0) if highest / step <= 5), highest / 4)


def _centred(*, wrap: bool = False) -> int:
    flags = int(Qt.AlignmentFlag.AlignCenter)
    return flags | int(Qt.TextFlag.TextWordWrap) if wrap else flags


def _faint(colour: QColor) -> QColor:
    faint = QColor(colour)
    faint.setAlphaF(0.25)
    return faint

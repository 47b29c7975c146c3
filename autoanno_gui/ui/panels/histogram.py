"""How the confidences of all predictions are spread, and what became of them: a picture to set the threshold in."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QToolTip, QWidget

from autoanno_gui.core.confidence_table import BINS, EDGES
from autoanno_gui.core.prediction_index import Judged
from autoanno_gui.ui import theme
from autoanno_gui.ui.theme import ThemeName

HEIGHT: Final = 58
"""Logical pixels."""
FULL_HEIGHT: Final = 9
"""So many predictions of one hundredth may fill the whole height, where no other has more."""
ROOM_ABOVE: Final = 4.0
DIMMED: Final = 0.3
STACK: Final = (Judged.REJECTED, Judged.PROMOTED, Judged.EDITED, Judged.ACCEPTED, Judged.NOT_YET)
"""From the bottom up: what is rare lies where the scale is coarsest, so that it can be seen."""
WORDS: Final = {
    Judged.REJECTED: "rejected",
    Judged.PROMOTED: "promoted",
    Judged.EDITED: "edited",
    Judged.ACCEPTED: "accepted",
    Judged.NOT_YET: "not judged",
}
_COLOURS: Final = {
    ThemeName.DARK: {
        Judged.REJECTED: "#f0776a",
        Judged.PROMOTED: "#b794f4",
        Judged.EDITED: "#e6b450",
        Judged.ACCEPTED: "#5fbf8a",
        Judged.NOT_YET: "#8c8c8c",
    },
    ThemeName.LIGHT: {
        Judged.REJECTED: "#c2382e",
        Judged.PROMOTED: "#7a4fc9",
        Judged.EDITED: "#b97a00",
        Judged.ACCEPTED: "#2b8a57",
        Judged.NOT_YET: "#8f8f8f",
    },
}


class ConfidenceHistogram(QWidget):
    """A bar for each hundredth, stacked by verdict; what the threshold hides is dimmed. A drag moves the threshold."""

    moved = Signal(float)
    released = Signal()
    """The hand that moved it is gone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Confidences of all predictions")
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setFixedHeight(HEIGHT)
        self._low, self._high = 0.0, 100.0
        self._counts: NDArray[np.int64] = np.zeros((BINS, len(Judged)), np.int64)
        self._kept: NDArray[np.float64] = np.ones(BINS)
        self._threshold = 0.5
        self._ghost_floor = 0.15
        self._own: tuple[float, ...] = ()
        self._bars: QPixmap | None = None
        self._bars_for: object = None

    def set_scale(self, low: float, high: float) -> None:
        """Say at which logical pixels the confidences 0.05 and 0.95 lie."""
        self._low, self._high = low, high
        self.update()

    def show_counts(
        self,
        counts: NDArray[np.int64],
        *,
        kept: NDArray[np.float64],
        threshold: float,
        ghost_floor: float,
        own: tuple[float, ...] = (),
    ) -> None:
        """Show a histogram.

        Args:
            counts: (95, 5) predictions by bin of the confidence table and number of `Judged`.
            kept: (95,) share of each bar that is above the threshold of its class, 0..1.
            threshold: the one that a drag moves.
            ghost_floor: from here up to the threshold predictions are ghosts.
            own: further thresholds, of single classes.
        """
        if not np.array_equal(counts, self._counts):
            self._bars = None
        self._counts, self._kept = counts, kept
        self._threshold, self._ghost_floor, self._own = threshold, ghost_floor, own
        total = int(counts.sum())
        self.setAccessibleDescription(f"{total:,} predictions, threshold {threshold:.2f}")
        self.update()

    # ------------------------------------------------------------------------------------------------ places
    def place_of(self, confidence: float) -> float:
        """Return where a confidence lies, logical pixels from the left."""
        return self._low + (confidence - 0.05) / 0.9 * (self._high - self._low)

    def confidence_at(self, x: float) -> float:
        """Return the confidence at a place, not limited to what a threshold can be."""
        return 0.05 + (x - self._low) / max(self._high - self._low, 1.0) * 0.9

    def sizeHint(self) -> QSize:
        return QSize(200, HEIGHT)

    # ------------------------------------------------------------------------------------------------ painting
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colours = theme.tokens()
        left, right = self._snapped(self.place_of(float(EDGES[0]))), self._snapped(self.place_of(1.0))
        bottom = self.height() - 1.0
        painter.fillRect(QRectF(left, 0, right - left, bottom), QColor(colours.field))
        if self._counts.any():
            self._paint_bars(painter, bottom)
        painter.fillRect(QRectF(left, bottom, right - left, 1), QColor(colours.strong_border))
        self._paint_marks(painter, bottom)
        if not self._counts.any():
            self._paint_words(painter, "No predictions")
        painter.end()

    def _paint_words(self, painter: QPainter, words: str) -> None:
        """Paint a text in the middle; no mark goes through it."""
        painter.setPen(QColor(theme.tokens().muted))  # without a pen a text has no size
        place = painter.boundingRect(self.rect(), Qt.AlignmentFlag.AlignCenter, words)
        painter.fillRect(place.adjusted(-4, 0, 4, 0), QColor(theme.tokens().field))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, words)

    def _paint_bars(self, painter: QPainter, bottom: float) -> None:
        """Paint all bars dimmed, and over them what is kept.

        Of a bar that holds classes with other thresholds the kept share stands below, the rest above it.
        """
        bars, heights, ratio = (
            self._drawn_bars(bottom),
            self._heights(bottom - ROOM_ABOVE)[-1],
            self.devicePixelRatioF(),
        )
        painter.setOpacity(DIMMED)
        painter.drawPixmap(0, 0, bars)
        painter.setOpacity(1.0)
        kept = np.where(self._kept >= 1.0, bottom, self._kept * heights)
        borders = [0, *(np.flatnonzero(np.diff(kept)) + 1).tolist(), BINS]
        for first, behind in pairwise(borders):
            height = float(kept[first])
            if height > 0.0:
                left = self._snapped(self.place_of(float(EDGES[first])))
                right = self._snapped(self.place_of(float(EDGES[behind])))
                place = QRectF(left, bottom - height, right - left, height)
                source = QRectF(left * ratio, place.top() * ratio, place.width() * ratio, height * ratio)
                painter.drawPixmap(place, bars, source)

    def _drawn_bars(self, bottom: float) -> QPixmap:
        """Return the picture of all bars; the same one as long as a mere threshold moves."""
        ratio = self.devicePixelRatioF()
        key = (self.width(), ratio, theme.current_theme(), self._low, self._high, self._ghost_floor)
        if self._bars is None or self._bars_for != key:
            pixmap = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            self._draw_bars(painter, bottom)
            painter.end()
            self._bars, self._bars_for = pixmap, key
        return self._bars

    def _draw_bars(self, painter: QPainter, bottom: float) -> None:
        heights = self._heights(bottom - ROOM_ABOVE)
        edges = [self._snapped(self.place_of(edge)) for edge in EDGES.tolist()]
        brushes = self._brushes()
        for at in np.flatnonzero(heights[-1]).tolist():
            lower = 0.0
            for brush, level in zip(brushes, heights, strict=True):
                upper = float(level[at])
                if upper > lower:
                    painter.fillRect(QRectF(edges[at], bottom - upper, edges[at + 1] - edges[at], upper - lower), brush)
                lower = upper

    def _heights(self, room: float) -> NDArray[np.float64]:
        """Return (5, 95) the upper ends of the stacked parts in logical pixels, by the square root of their counts.

        The noise below the ghosts is far more than all else: there bars are cut off.
        """
        stacked = np.cumsum(self._counts[:, [int(judged) for judged in STACK]], axis=1).T
        totals = stacked[-1]
        highest = totals[EDGES[:-1] >= self._ghost_floor].max(initial=FULL_HEIGHT)
        found = np.minimum(np.sqrt(stacked) * (room / np.sqrt(highest)), room)
        # A single one among thousands is still to be seen.
        return np.where(stacked > 0, np.maximum(found, 1.0), 0.0)

    def _brushes(self) -> list[QBrush]:
        colours = _COLOURS[theme.current_theme()]
        found = [QBrush(QColor(colours[judged])) for judged in STACK]
        found[STACK.index(Judged.REJECTED)].setStyle(Qt.BrushStyle.Dense3Pattern)
        return found

    def _paint_marks(self, painter: QPainter, bottom: float) -> None:
        colours = theme.tokens()
        floor = self._snapped(self.place_of(self._ghost_floor)) + 0.5
        painter.setPen(QPen(QColor(colours.muted), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(floor, 0), QPointF(floor, bottom))
        for value in self._own:
            at = self._snapped(self.place_of(value))
            painter.fillRect(QRectF(at, 0, 1, 6), QColor(colours.text))
        at = self._snapped(self.place_of(self._threshold))
        accent = QColor(colours.accent)
        painter.fillRect(QRectF(at - 0.5, 0, 2, bottom), accent)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(accent)
        middle = at + 0.5
        painter.drawPolygon(QPolygonF([QPointF(middle - 4, 0), QPointF(middle + 4, 0), QPointF(middle, 5)]))

    def _snapped(self, x: float) -> float:
        """Return the nearest border between two device pixels."""
        ratio = self.devicePixelRatioF()
        return round(x * ratio) / ratio

    # ------------------------------------------------------------------------------------------------ hands
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.moved.emit(self.confidence_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.moved.emit(self.confidence_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.released.emit()

    def event(self, event: QEvent) -> bool:
        """Qt override: the tip says what the bar under the pointer holds."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.tip_at(event.pos().x()), self)
            return True
        return super().event(event)

    def tip_at(self, x: float) -> str:
        """Return what the bar at a place holds, as rich text, with a legend of the colours."""
        at = min(max(int(np.searchsorted(EDGES, self.confidence_at(x))) - 1, 0), BINS - 1)
        colours = _COLOURS[theme.current_theme()]
        lines = [f"<b>Confidence {EDGES[at]:.2f} to {EDGES[at + 1]:.2f}</b>"]
        for judged in reversed(STACK):
            glyph = "▨" if judged is Judged.REJECTED else "■"
            count = int(self._counts[at, judged])
            lines.append(f'<span style="color:{colours[judged]}">{glyph}</span>&nbsp;{count:,} {WORDS[judged]}')
        lines.append(f"Dotted line: ghosts from {self._ghost_floor:.2f} up")
        return "<br>".join(lines)

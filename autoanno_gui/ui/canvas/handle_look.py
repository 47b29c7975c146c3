"""How what can be grabbed looks: white squares and knobs with a border in the accent colour. Device pixels."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

HANDLE: Final = 3.5
"""Logical pixels from the middle of a handle to its border."""
VERTEX: Final = 2.5
"""The same of a vertex: there are many."""
HOT_VERTEX: Final = 4.5
"""The same of the vertex under the pointer."""
_SHADOW: Final = QColor(0, 0, 0, 110)


def paint_square(painter: QPainter, x: float, y: float, *, accent: str, ratio: float, size: float = HANDLE) -> None:
    """Paint a square handle on a point."""
    _put(painter, x, y, _square(accent, round(size * ratio), max(1, round(ratio)), hot=False))


def paint_hot_square(painter: QPainter, x: float, y: float, *, accent: str, ratio: float) -> None:
    """Paint the vertex that a press would take hold of."""
    _put(painter, x, y, _square(accent, round(HOT_VERTEX * ratio), max(1, round(ratio)), hot=True))


def paint_knob(painter: QPainter, x: float, y: float, *, accent: str, ratio: float, size: float = HANDLE) -> None:
    """Paint a round handle on a point."""
    _put(painter, x, y, _knob(accent, size, ratio))


def paint_ring(painter: QPainter, x: float, y: float, *, colour: str, radius: float, ratio: float) -> None:
    """Paint a ring with casing around a point; `radius` in device pixels."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for ink, width in ((QColor(0, 0, 0, 170), 4.0), (QColor(colour), 2.0)):
        painter.setPen(QPen(ink, width * ratio))
        painter.drawEllipse(QPointF(x, y), radius, radius)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _put(painter: QPainter, x: float, y: float, picture: QImage) -> None:
    half = picture.width() // 2
    painter.drawImage(round(x) - half, round(y) - half, picture)


@lru_cache(maxsize=32)
def _square(accent: str, half: int, border: int, *, hot: bool) -> QImage:
    picture = _blank(2 * (half + border) + 1)
    painter = QPainter(picture)
    outer = QRect(border, border, 2 * half + 1, 2 * half + 1)
    painter.fillRect(picture.rect(), _SHADOW)
    painter.fillRect(outer, Qt.GlobalColor.white if hot else QColor(accent))
    painter.fillRect(outer.adjusted(border, border, -border, -border), QColor(accent) if hot else Qt.GlobalColor.white)
    painter.end()
    return picture


@lru_cache(maxsize=16)
def _knob(accent: str, size: float, ratio: float) -> QImage:
    radius = (size + 0.5) * ratio
    half = round(radius + 2 * ratio)
    picture = _blank(2 * half + 1)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    middle = QPointF(half + 0.5, half + 0.5)
    for ink, reach in ((_SHADOW, radius + ratio), (QColor(accent), radius), (QColor("white"), radius - ratio)):
        painter.setBrush(ink)
        painter.drawEllipse(middle, reach, reach)
    painter.end()
    return picture


def _blank(size: int) -> QImage:
    picture = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(Qt.GlobalColor.transparent)
    return picture

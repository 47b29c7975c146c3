"""The few shapes that everything is painted with. Coordinates run right and down."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath, QPolygonF

Point = tuple[float, float]
Cubic = tuple[float, float, float, float, float, float]  # two control points, then where the piece ends


def polyline(*points: Point) -> QPainterPath:
    """Return straight lines from point to point."""
    path = QPainterPath()
    path.addPolygon(QPolygonF([QPointF(x, y) for x, y in points]))
    return path


def polygon(*points: Point) -> QPainterPath:
    """Return the surface within straight lines from point to point."""
    path = polyline(*points)
    path.closeSubpath()
    return path


def rectangle(x0: float, y0: float, x1: float, y1: float) -> QPainterPath:
    """Return an upright rectangle, from two of its opposite corners."""
    return polygon((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def oval(x: float, y: float, rx: float, ry: float) -> QPainterPath:
    """Return an ellipse, from its centre and its two radii."""
    path = QPainterPath()
    path.addEllipse(QPointF(x, y), rx, ry)
    return path


def curve(x: float, y: float, *cubics: Cubic) -> QPainterPath:
    """Return a line that starts at x, y and is bent by Bézier pieces."""
    path = QPainterPath(QPointF(x, y))
    for cubic in cubics:
        path.cubicTo(*cubic)
    return path

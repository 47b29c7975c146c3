"""Paints what is not an upright box: turned boxes, masks and keypoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from autoanno_gui.core.box import Box
from autoanno_gui.core.keypoints import Keypoints, Skeleton
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.review_objects import Role
from autoanno_gui.ui.canvas.camera import Viewpoint
from autoanno_gui.ui.canvas.paths import PathCache
from autoanno_gui.ui.canvas.points_look import paint_points
from autoanno_gui.ui.canvas.strokes import Emphasis, Pens, pens

Shape: TypeAlias = Mask | OrientedBox | Keypoints
"""Everything that strips cannot draw."""

REACH: Final = 9.0
"""Logical pixels by which anything painted for a shape may stand out beyond its bounds."""
_FILLS: Final = {Role.CANDIDATE: 0.24, Role.CONFIRMED: 0.30, Role.GHOST: 0.08}
"""How much of its class colour a mask at rest has."""
_EMPHASISED_FILLS: Final = {Emphasis.HOVERED: 0.12, Emphasis.SELECTED: 0.10, Emphasis.EDITING: 0.06}
"""Lighter, so that the picture under it can be judged; a hovered one lies over the one at rest."""


_SKETCHED: Final = {
    Role.CANDIDATE: Qt.PenStyle.DashLine,
    Role.CONFIRMED: Qt.PenStyle.SolidLine,
    Role.GHOST: Qt.PenStyle.DotLine,
}


@dataclass(frozen=True)
class Look:
    """One shape and how it is to be drawn.

    Attributes:
        colour: `#rrggbb` of the class.
    """

    geometry: Shape
    role: Role
    colour: str
    emphasis: Emphasis = Emphasis.PLAIN

    @cached_property
    def bounds(self) -> Box:
        return self.geometry.bounds

    @cached_property
    def weight(self) -> int:
        """About how many vertices have to be stroked."""
        match self.geometry:
            case Mask():
                return self.geometry.point_count
            case Keypoints():
                return 2 * len(self.geometry.points)
            case _:
                return 4


class ShapePainter:
    """Paints shapes in device pixels; one for each thread."""

    def __init__(self) -> None:
        self._paths = PathCache()

    def paint(
        self,
        painter: QPainter,
        looks: Sequence[Look],
        viewpoint: Viewpoint,
        *,
        skeleton: Skeleton | None,
        goes_on: Callable[[], bool] = lambda: True,
        replacing: bool = False,
    ) -> None:
        """Paint shapes over each other, all fills before all lines so that no line is buried.

        Args:
            goes_on: asked before each shape; nothing more is painted once it says no.
            replacing: a fill takes the place of those below it, else nested masks would bury the image; only for an
                empty picture.
        """
        if replacing:
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        for look in looks:
            if isinstance(look.geometry, Mask) and goes_on():
                self.fill(painter, look, viewpoint)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        for look in looks:
            if goes_on():
                self.outline(painter, look, viewpoint, skeleton=skeleton)

    def fill(self, painter: QPainter, look: Look, viewpoint: Viewpoint) -> None:
        """Fill a mask by the even-odd rule."""
        ink = QColor(look.colour)
        ink.setAlphaF(_EMPHASISED_FILLS.get(look.emphasis) or _FILLS[look.role])
        # Not smoothed: the line covers the border.
        painter.fillPath(self._paths.path(look.geometry, viewpoint), ink)

    def outline(self, painter: QPainter, look: Look, viewpoint: Viewpoint, *, skeleton: Skeleton | None) -> None:
        """Paint the line of a mask or turned box, or the limbs and points of keypoints."""
        if isinstance(look.geometry, Keypoints):
            paint_points(
                painter,
                look.geometry,
                viewpoint,
                skeleton=skeleton,
                role=look.role,
                emphasis=look.emphasis,
                colour=look.colour,
            )
            return
        of_mask = isinstance(look.geometry, Mask)
        found = pens(look.role, look.emphasis, look.colour, viewpoint.ratio, of_mask=of_mask)
        path = self._paths.path(look.geometry, viewpoint)
        paint_line(painter, path, found)

    def sketch(self, painter: QPainter, look: Look, viewpoint: Viewpoint) -> None:
        """Paint a hairline in the pattern of the role: for crowds that cannot be drawn in time."""
        painter.setPen(QPen(QColor(look.colour), 0, _SKETCHED[look.role]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self._paths.path(look.geometry, viewpoint))


def paint_line(painter: QPainter, path: QPainterPath, pens: Pens) -> None:
    """Paint a line with its casing, smoothed. Smoothing is off again afterwards: pictures are copied faster without."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (pens.casing, pens.line):
        painter.setPen(pen)
        painter.drawPath(path)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

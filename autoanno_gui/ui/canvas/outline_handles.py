"""What can be grabbed of a selected outline that is no upright box: vertices, keypoints, turned sides."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPainterPath

from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.keypoints import Keypoints
from autoanno_gui.core.mask import Mask, Ring
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.ui.canvas.camera import Camera
from autoanno_gui.ui.canvas.handle_look import HANDLE, VERTEX, paint_hot_square, paint_knob, paint_ring, paint_square
from autoanno_gui.ui.canvas.handles import OrientedHandles
from autoanno_gui.ui.canvas.notes import paint_beside
from autoanno_gui.ui.canvas.shapes import paint_line
from autoanno_gui.ui.canvas.state import CanvasState, Side
from autoanno_gui.ui.canvas.strokes import guide_pens
from autoanno_gui.ui.canvas.tags import TagPainter

ROOM: Final = 8.0
"""Logical pixels from vertex to vertex, on average, from which on all of them are shown."""
AROUND_POINTER: Final = 48.0
"""Logical pixels around the pointer in which the vertices of a denser outline are shown."""
WARNING_COLOUR: Final = "#ffb000"
LONG_SIDE: Final = 42.0
"""Logical pixels from which on a side has a handle in its middle."""
OVER: Final = 24.0
"""Logical pixels by which the line of a snap is longer than the side."""
CROSSING_RADIUS: Final = 8.0


class OutlineHandles:
    """Paints them in device pixels."""

    def __init__(self, camera: Camera, state: CanvasState, tags: TagPainter) -> None:
        self._camera = camera
        self._state = state
        self._tags = tags
        self._pointer: tuple[float, float] | None = None
        self._dense = False
        """Whether what is shown depends on the pointer."""

    def point_at(self, place: tuple[float, float] | None) -> bool:
        """Note where the pointer is, image pixels; return whether something has to be painted anew."""
        self._pointer = place
        return self._dense and self._state.selected is not None

    # ------------------------------------------------------------------------------------------------ masks
    def paint_vertices(self, painter: QPainter, mask: Mask, *, accent: str) -> None:
        """Paint the vertices of all rings, or those near the pointer where they would hide the outline; and where it
        crosses itself."""
        viewpoint = self._camera.viewpoint
        rings = [self._on_screen(ring) for ring in mask.rings]
        points = np.concatenate(rings) if rings else np.zeros((0, 2))
        length = sum(float(np.hypot(*(np.roll(ring, -1, axis=0) - ring).T).sum()) for ring in rings)
        self._dense = length < ROOM * viewpoint.ratio * len(points)
        margin = VERTEX * viewpoint.ratio
        low, high = np.array([-margin, -margin]), np.array([viewpoint.width + margin, viewpoint.height + margin])
        if self._dense:
            reach = AROUND_POINTER * viewpoint.ratio
            pointer = viewpoint.at(*self._pointer) if self._pointer is not None else (-np.inf, -np.inf)
            points = points[np.hypot(*(points - pointer).T) < reach]
        for x, y in points[((points > low) & (points < high)).all(axis=1)].tolist():
            paint_square(painter, x, y, accent=accent, ratio=viewpoint.ratio, size=VERTEX)
        self._paint_crossings(painter, mask)

    def _paint_crossings(self, painter: QPainter, mask: Mask) -> None:
        shown = self._state.selected_object()
        if shown is None or not shown.crossing:
            return
        viewpoint = self._camera.viewpoint
        for x, y in crossings(mask):
            radius = CROSSING_RADIUS * viewpoint.ratio
            paint_ring(painter, *viewpoint.at(x, y), colour=WARNING_COLOUR, radius=radius, ratio=viewpoint.ratio)

    def _on_screen(self, ring: Ring) -> NDArray[np.float64]:
        viewpoint = self._camera.viewpoint
        return ring * viewpoint.zoom + (viewpoint.left, viewpoint.top)

    # ------------------------------------------------------------------------------------------------ the spot
    def paint_spot(self, painter: QPainter, geometry: Geometry, *, accent: str) -> None:
        """Mark the vertex, edge or keypoint that a press would take hold of."""
        spot = self._state.spot
        if spot is None:
            return
        if isinstance(geometry, Keypoints) and spot.index < len(geometry.points):
            self._paint_named_point(painter, geometry, spot.index, accent=accent)
        elif isinstance(geometry, Mask):
            ring = next((ring for i, ring in enumerate(geometry.rings) if i == spot.ring), None)
            if ring is None or spot.index >= len(ring):
                return  # the outline changed under the pointer
            a, b = self._on_screen(ring[[spot.index, (spot.index + 1) % len(ring)]]).tolist()
            if spot.edge:
                path = _line(a, b)
                paint_line(painter, path, guide_pens(accent, self._camera.ratio, width=3.0))
            else:
                paint_hot_square(painter, *a, accent=accent, ratio=self._camera.ratio)

    def _paint_named_point(self, painter: QPainter, figure: Keypoints, index: int, *, accent: str) -> None:
        viewpoint = self._camera.viewpoint
        ratio = viewpoint.ratio
        x, y = viewpoint.at(figure.points[index].x, figure.points[index].y)
        paint_ring(painter, x, y, colour=accent, radius=8.0 * ratio, ratio=ratio)
        skeleton = self._state.skeleton
        if skeleton is not None and index < len(skeleton):
            paint_beside(painter, skeleton.names[index], x, y, self._camera, self._tags)

    # ------------------------------------------------------------------------------------------------ turned boxes
    def paint_oriented(self, painter: QPainter, box: OrientedBox, handles: OrientedHandles, *, accent: str) -> None:
        """Squares on corners and long sides, and a knob on a stalk that turns the box."""
        viewpoint = self._camera.viewpoint
        ratio = viewpoint.ratio
        stem, turn = viewpoint.at(*handles.stem), viewpoint.at(*handles.turn)
        paint_line(painter, _line(stem, turn), guide_pens(accent, ratio))
        lengths = (box.width, box.height, box.width, box.height)
        for (x, y), length in zip(handles.sides.tolist(), lengths, strict=True):
            if length * viewpoint.zoom >= LONG_SIDE * ratio:
                paint_square(painter, *viewpoint.at(x, y), accent=accent, ratio=ratio)
        # On a tiny box they would hide all of it: there they go outside.
        out = HANDLE * ratio * 1.4 if min(box.width, box.height) * viewpoint.zoom < 4 * HANDLE * ratio else 0.0
        outward = handles.corners - box.centre
        outward *= out / np.maximum(np.hypot(*outward.T), 1e-9)[:, None]
        for x, y in (self._on_screen(handles.corners) + outward).tolist():
            paint_square(painter, x, y, accent=accent, ratio=ratio)
        paint_knob(painter, *turn, accent=accent, ratio=ratio)

    def paint_oriented_snap(self, painter: QPainter, after: OrientedBox, side: Side, *, accent: str) -> None:
        """Show where one side would go."""
        ends = {Side.TOP: (0, 1), Side.RIGHT: (1, 2), Side.BOTTOM: (2, 3), Side.LEFT: (3, 0)}[side]
        a, b = self._on_screen(after.corners[list(ends)])
        along = b - a
        over = along / max(float(np.hypot(*along)), 1e-9) * OVER * self._camera.ratio
        path = _line((a - over).tolist(), (b + over).tolist())
        paint_line(painter, path, guide_pens(accent, self._camera.ratio, width=2.0))


@lru_cache(maxsize=8)
def crossings(mask: Mask) -> tuple[tuple[float, float], ...]:
    """Return where the outline of a mask crosses itself, image pixels."""
    from shapely import LinearRing, MultiLineString, get_coordinates, node

    # Noding puts a point wherever lines cross: those that were not there before are the crossings.
    rings = [LinearRing(ring) for ring in mask.rings]
    known = set(map(tuple, get_coordinates(rings).tolist()))
    found = get_coordinates(node(MultiLineString([ring.coords for ring in rings])))
    return tuple(dict.fromkeys(point for x, y in found.tolist() if (point := (x, y)) not in known))


def _line(a: tuple[float, float] | list[float], b: tuple[float, float] | list[float]) -> QPainterPath:
    path = QPainterPath(QPointF(a[0], a[1]))
    path.lineTo(QPointF(b[0], b[1]))
    return path

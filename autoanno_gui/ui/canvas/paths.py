"""Outlines as painter paths in device pixels, kept as long as outline and viewpoint stay what they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QPainterPath, QPolygonF
from shiboken6 import VoidPtr

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.ui.canvas.camera import Viewpoint

FLATNESS: Final = 0.35
"""Device pixels by which a drawn outline may leave out vertices; stroking costs as much as it has vertices."""
WORTH_THINNING: Final = 12
"""Rings with fewer points are drawn as they are."""
KEPT_PATHS: Final = 2048


def polygon(points: NDArray[np.float64]) -> QPolygonF:
    """Return (N, 2) points as Qt wants them; copied as one block, since a point at a time costs more than drawing."""
    found = QPolygonF()
    found.resize(len(points))
    if len(points):
        block = np.frombuffer(memoryview(VoidPtr(found.data(), points.size * 8, True)), np.float64)  # type: ignore
        block[:] = points.ravel()
    return found


def path_of_rings(rings: Iterable[NDArray[np.float64]], viewpoint: Viewpoint) -> QPainterPath:
    """Return the closed rings (image pixels) as one path in device pixels that is filled by the even-odd rule."""
    path = QPainterPath()
    for ring in rings:
        path.addPolygon(polygon(_thinned(ring * viewpoint.zoom + (viewpoint.left, viewpoint.top))))
        path.closeSubpath()
    return path


def path_of(geometry: Geometry, viewpoint: Viewpoint) -> QPainterPath:
    """Return the outline in device pixels; of keypoints the box around them."""
    match geometry:
        case Mask():
            return path_of_rings(geometry.rings, viewpoint)
        case OrientedBox():
            return path_of_rings([geometry.corners], viewpoint)
        case _:
            return path_of_rings([_corners(geometry.bounds)], viewpoint)


class PathCache:
    """Keeps the paths of one viewpoint.

    Qt completes paths while it draws them, so threads must not share any: each has a cache of its own.
    """

    def __init__(self) -> None:
        self._viewpoint: Viewpoint | None = None
        self._paths: dict[int, tuple[Geometry, QPainterPath]] = {}

    def path(self, geometry: Geometry, viewpoint: Viewpoint) -> QPainterPath:
        if viewpoint != self._viewpoint or len(self._paths) > KEPT_PATHS:
            self._viewpoint = viewpoint
            self._paths.clear()
        # The entry holds on to the outline, so its id cannot become that of another one.
        kept = self._paths.get(id(geometry))
        if kept is None:
            kept = self._paths[id(geometry)] = (geometry, path_of(geometry, viewpoint))
        return kept[1]


def _thinned(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(ring) < WORTH_THINNING:
        return ring
    start = ring[0]  # float32 is fine near the ring, but not far from the image's corner
    thin = cv2.approxPolyDP((ring - start).astype(np.float32), FLATNESS, closed=True)[:, 0, :]
    return thin + start if len(thin) >= 3 else ring


def _corners(box: Box) -> NDArray[np.float64]:
    return np.array([(box.x1, box.y1), (box.x2, box.y1), (box.x2, box.y2), (box.x1, box.y2)])

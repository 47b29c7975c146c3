"""What the tests of drawn shapes share: objects of every kind, crowds of them, and looking at single pixels."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.keypoints import Keypoint, Keypoints, Skeleton, Visibility
from autoanno_gui.core.mask import Mask, Part
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.presentation import ShownObject
from autoanno_gui.ui.canvas.view import CanvasView

YELLOW = "#ffdd00"
DARK = "#404040"
DARK_GREY = 0x40
Pixels = NDArray[np.uint8]

SQUARE = [(100.0, 100.0), (300.0, 100.0), (300.0, 200.0), (100.0, 200.0)]
HOLE = [(150.0, 130.0), (250.0, 130.0), (250.0, 170.0), (150.0, 170.0)]
TURNED = OrientedBox(200.0, 150.0, 160.0, 60.0, 0.5)
PAIR = Skeleton(("middle", "left hand", "right hand"), ((0, 1), (0, 2)), (0, 2, 1))


def ring(points: list[tuple[float, float]]) -> NDArray[np.float64]:
    return np.array(points, np.float64)


def holed() -> Mask:
    """Return a rectangle of 200 x 100 pixels with a hole in its middle."""
    return Mask((Part(ring(SQUARE), (ring(HOLE),)),))


def figure(*visibility: int) -> Keypoints:
    """Return three points far from each other in a box of 200 x 100 pixels."""
    places = ((200.0, 120.0), (130.0, 170.0), (270.0, 170.0))
    points = tuple(Keypoint(*place, Visibility(v)) for place, v in zip(places, visibility, strict=True))
    return Keypoints(Box(100.0, 100.0, 300.0, 200.0), points)


def seen(
    object_id: int,
    geometry: Geometry,
    role: Role = Role.CONFIRMED,
    *,
    colour: str = YELLOW,
    crossing: bool = False,
) -> ShownObject:
    """Return an object as the presentation would describe it."""
    return ShownObject(object_id, geometry, role, 0, "kite", colour, None, 0.62, crossing=crossing)


def crowd(count: int = 60, *, points: int = 60, shift: float = 0.0) -> list[ShownObject]:
    """Return round masks side by side, too many to be drawn at once."""
    turn = np.linspace(0.0, 2 * math.pi, points, endpoint=False)
    # Wavy, so that leaving out vertices does not make them few.
    reach = 9.0 + 2.0 * np.cos(turn * points / 4)
    circle = np.stack([reach * np.cos(turn), reach * np.sin(turn)], axis=1)
    found = []
    for i in range(count):
        centre = np.array([20.0 + 38 * (i % 10) + shift, 24.0 + 48 * (i // 10)])
        found.append(seen(i, Mask((Part(circle + centre),))))
    return found


def pixels(view: CanvasView) -> Pixels:
    """Return what is on the screen: (H, W) grey, device pixels."""
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width()].copy()


def at(view: CanvasView, shot: Pixels, x: float, y: float) -> int:
    """Return the grey value on an image point."""
    left, top = view.camera.viewpoint.at(x, y)
    return int(shot[int(top), int(left)])


def along(
    view: CanvasView, shot: Pixels, start: tuple[float, float], end: tuple[float, float], *, reach: int = 2
) -> Pixels:
    """Return (2 * reach + 1, N) grey values a device pixel apart: a line between two image points, and beside it."""
    (ax, ay), (bx, by) = view.camera.viewpoint.at(*start), view.camera.viewpoint.at(*end)
    length = math.hypot(bx - ax, by - ay)
    steps = np.arange(int(length)) / length
    out = np.arange(-reach, reach + 1)[:, None]
    xs = ax + (bx - ax) * steps - out * (by - ay) / length
    ys = ay + (by - ay) * steps + out * (bx - ax) / length
    return shot[np.floor(ys).astype(int), np.floor(xs).astype(int)]


def duty(stripe: Pixels) -> float:
    """Return the share of a line's length on which it is bright."""
    return float((stripe.max(axis=0) > DARK_GREY + 60).mean())


def settle(qtbot: QtBot, view: CanvasView) -> Pixels:
    """Wait until everything is drawn as it should be; return what is on the screen then."""
    overlay = view.scene_objects.overlay
    view.grab()
    qtbot.waitUntil(lambda: bool(view.grab()) and overlay.settled, timeout=10_000)
    return pixels(view)


def middle(view: CanvasView) -> QPointF:
    return QPointF(view.viewport().width() / 2, view.viewport().height() / 2)

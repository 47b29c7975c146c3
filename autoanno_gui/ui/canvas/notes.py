"""Few words beside what is being drawn or pointed at: sizes, and names of keypoints."""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtGui import QPainter

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.ui.canvas.camera import Camera
from autoanno_gui.ui.canvas.tags import Piece, Tag, TagPainter, TagStyle

GAP: Final = 6.0
"""Logical pixels between a box and the text below it."""
BESIDE: Final = 12.0
"""Logical pixels between a point and the text beside it."""


def size_text(geometry: Geometry) -> str | None:
    """Return width and height in image pixels, with the angle of a turned box; None of outlines that have neither."""
    if not isinstance(geometry, Box | OrientedBox):
        return None
    text = f"{round(geometry.width)} \N{MULTIPLICATION SIGN} {round(geometry.height)}"
    if isinstance(geometry, OrientedBox):
        text += f"  {round(math.degrees(geometry.angle))}\N{DEGREE SIGN}"
    return text


def paint_size(painter: QPainter, geometry: Geometry, camera: Camera, tags: TagPainter) -> None:
    """Say the size below the lower right corner."""
    text = size_text(geometry)
    if text is not None:
        _, _, x2, y2 = camera.to_device(geometry.bounds)
        tag = _note(text, tags)
        gap = round(GAP * camera.ratio)
        fits = y2 + gap + tag.height <= round(camera.view_height)
        _draw(painter, tag, x2 - tag.width, y2 + gap if fits else y2 - gap - tag.height, camera)


def paint_beside(painter: QPainter, text: str, x: float, y: float, camera: Camera, tags: TagPainter) -> None:
    """Write a few words to the right of a point (device pixels), to the left where there is no room."""
    tag = _note(text, tags)
    gap = round(BESIDE * camera.ratio)
    fits = round(x) + gap + tag.width <= round(camera.view_width)
    left = round(x) + gap if fits else round(x) - gap - tag.width
    _draw(painter, tag, left, round(y) - tag.height // 2, camera)


def _note(text: str, tags: TagPainter) -> Tag:
    return tags.tag([Piece(text, TagStyle.OPEN, "#808080")])


def _draw(painter: QPainter, tag: Tag, x: int, y: int, camera: Camera) -> None:
    """Draw a tag, moved into the viewport."""
    x = min(max(x, 0), max(round(camera.view_width) - tag.width, 0))
    y = min(max(y, 0), max(round(camera.view_height) - tag.height, 0))
    tag.draw(painter, x, y)

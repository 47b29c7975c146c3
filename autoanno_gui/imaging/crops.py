"""Pieces of a frame around its objects, as a contact sheet shows them. Pure: pixels in, pixels out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.box import Box
from autoanno_gui.imaging.decode import to_bgra

MARGIN: Final = 0.18
"""Of the object's longer side, on each side of it: what is around it tells what it is."""
SMALLEST_PIECE: Final = 40.0
"""Image pixels: tiny objects keep their surroundings."""


@dataclass(frozen=True, slots=True)
class Crop:
    """A piece of a frame.

    Attributes:
        pixels: (h, w, 4) uint8 BGRA, contiguous, fitted into the size that was asked for.
        box: the object's box, xyxy in these pixels.
        corner: (x, y) of its upper left corner, in pixels of the frame.
        scale: (across, down) pixels of the piece for each pixel of the frame.
    """

    pixels: NDArray[np.uint8]
    box: tuple[float, float, float, float]
    corner: tuple[int, int]
    scale: tuple[float, float]

    def placed(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (N, 2) points of the frame in pixels of the piece."""
        return np.asarray((points - self.corner) * self.scale, np.float64)


def crop_around(pixels: NDArray[np.uint8], box: Box, *, width: int, height: int) -> Crop:
    """Cut an object out with a margin and scale the piece so that it just fits.

    Args:
        pixels: (H, W, 3) uint8 BGR, upright.
        box: in pixels of the picture; it may reach beyond its edges.
        width: of the result at most, in device pixels.
        height: the same.
    """
    frame_height, frame_width = pixels.shape[:2]
    margin = 2 * MARGIN * max(box.width, box.height)
    piece_width = max(box.width + margin, SMALLEST_PIECE)
    piece_height = max(box.height + margin, SMALLEST_PIECE)
    # As wide and high as the cell, so that surroundings fill it and not a bar of nothing.
    piece_width = max(piece_width, piece_height * width / height)
    piece_height = max(piece_height, piece_width * height / width)
    x, y = box.centre
    left, right = _inside(x, piece_width, frame_width)
    top, bottom = _inside(y, piece_height, frame_height)
    piece = pixels[top:bottom, left:right]
    scale = min(width / (right - left), height / (bottom - top))
    size = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    how = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_CUBIC
    scaled = np.asarray(cv2.resize(piece, size, interpolation=how), np.uint8)
    across, down = size[0] / (right - left), size[1] / (bottom - top)
    found = (box.x1 - left) * across, (box.y1 - top) * down, (box.x2 - left) * across, (box.y2 - top) * down
    return Crop(to_bgra(scaled), found, (left, top), (across, down))


def _inside(centre: float, length: float, room: int) -> tuple[int, int]:
    """Return where a stretch around `centre` begins and ends in whole pixels, moved inside the picture."""
    length = min(length, float(room))
    start = min(max(centre - length / 2, 0.0), room - length)
    first = int(start)
    return first, max(first + 1, min(room, round(start + length)))

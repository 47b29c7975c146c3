"""From pixels to Qt's images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage


def to_image(pixels: NDArray[np.uint8]) -> QImage:
    """Copy (H, W, 4) BGRA into a Format_RGB32 QImage that owns its memory."""
    height, width = pixels.shape[:2]
    image = QImage(width, height, QImage.Format.Format_RGB32)
    target = np.frombuffer(image.bits(), np.uint8).reshape(height, image.bytesPerLine())
    np.copyto(target[:, : width * 4], pixels.reshape(height, width * 4))
    return image

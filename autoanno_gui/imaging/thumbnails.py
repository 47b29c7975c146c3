"""Small pictures of frames for lists. Pure: a file in, pixels out; nothing is kept on the disk."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.imaging.decode import read_preview

WIDTH: Final = 56
"""Logical pixels, at most."""
HEIGHT: Final = 38


def read_thumbnail(root: Path, path: str, *, scale: float) -> NDArray[np.uint8]:
    """Return a frame as (h, w, 4) BGRA, upright, that just fits `WIDTH` x `HEIGHT` logical pixels; never enlarged.

    Args:
        root: of the frames.
        path: the frame's escaped path.
        scale: device pixels of the screen for each logical one.

    Raises:
        FrameError: exactly when the frame cannot be shown in full either.
    """
    return read_preview(root, path, width=round(WIDTH * scale), height=round(HEIGHT * scale)).pixels

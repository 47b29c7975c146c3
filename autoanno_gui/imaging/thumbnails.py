"""Small pictures for lists."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.imaging.decode import read_preview


def thumbnail(root: Path, path: str, *, size: int) -> NDArray[np.uint8]:
    """Return a frame as (h, w, 4) BGRA with its longer side at most `size` pixels, upright.

    Raises:
        FrameError: as `read_frame`.
    """
    return read_preview(root, path, width=size, height=size).pixels

"""Rasters as whole pictures, for comparing them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.imaging.masks import MaskCanvas, MaskRaster


def paste(raster: MaskRaster, *, width: int, height: int) -> NDArray[np.bool_]:
    """Return the (height, width) pixels of an image in which a raster lies; what lies outside is left out."""
    canvas = MaskCanvas(width, height)
    canvas.apply(raster)
    return canvas.bits

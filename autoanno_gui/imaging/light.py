"""How a picture is lit: its brightness, and how sharp its detail is, for the price of a small copy."""

from __future__ import annotations

from math import log10
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.light import Light

SIDE: Final = 320
"""Pixels of the longer side of the copy that is measured: blur that does not show at this size costs a model little."""

# In squared grey levels: a picture that has no contrast to speak of is not sharp.
_LEAST_DETAIL: Final = 0.5
_LEAST_CONTRAST: Final = 50.0


def measure(image: NDArray[np.uint8]) -> Light:
    """Return the light of an upright (H, W, 3) BGR picture.

    Sharpness is the variance of the Laplacian as a share of the variance of the grey levels, as a power of ten: a dark
    or hazy picture is not less sharp for that. At most four pixels are read for each one of the copy, whose mean takes
    some of the noise away.
    """
    height, width = image.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    grey = cv2.cvtColor(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), cv2.COLOR_BGR2GRAY)
    means, deviations = cv2.meanStdDev(grey)
    edges = cv2.Laplacian(grey, cv2.CV_16S, borderType=cv2.BORDER_REPLICATE)
    # With replicated borders its mean is 0, so that its variance is its mean square, which is quicker to work out.
    detail = cv2.norm(edges, cv2.NORM_L2) ** 2 / edges.size
    sharpness = log10((detail + _LEAST_DETAIL) / (float(deviations[0, 0]) ** 2 + _LEAST_CONTRAST))
    return Light(float(means[0, 0]) / 255, sharpness)

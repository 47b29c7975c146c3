"""Brightness and contrast for the eye: what the screen shows. No model and no export ever sees these pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

_TILES: Final = (8, 8)
_STRONGEST_CLIP: Final = 6.0
"""CLAHE's clip limit at full strength; 1.0 changes next to nothing."""


@dataclass(frozen=True, slots=True)
class Enhancement:
    """How the picture is shown.

    Attributes:
        brightness: -1..1, 0 leaves it as it is.
        contrast: -1..1, 0 leaves it as it is.
        local_contrast: 0..1, 0 leaves it as it is; brings out what is hidden in shadows and haze.
    """

    brightness: float = 0.0
    contrast: float = 0.0
    local_contrast: float = 0.0

    @property
    def neutral(self) -> bool:
        return not (self.brightness or self.contrast or self.local_contrast)

    def apply(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return (H, W, 4) BGRA pixels as they are to be shown; the given ones stay as they are."""
        if self.neutral:
            return pixels
        shown = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGRA2BGR), np.uint8)
        if self.local_contrast:
            shown = self._with_local_contrast(shown)
        if self.brightness or self.contrast:
            shown = np.asarray(cv2.LUT(shown, self._table()), np.uint8)
        return np.asarray(cv2.cvtColor(shown, cv2.COLOR_BGR2BGRA), np.uint8)

    def _with_local_contrast(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        # Only the lightness: colours stay what they are.
        lab = cv2.cvtColor(pixels, cv2.COLOR_BGR2Lab)
        limit = 1.0 + self.local_contrast * (_STRONGEST_CLIP - 1.0)
        lightness = cv2.createCLAHE(limit, _TILES).apply(np.ascontiguousarray(lab[:, :, 0]))
        lab[:, :, 0] = cv2.addWeighted(lightness, self.local_contrast, lab[:, :, 0], 1.0 - self.local_contrast, 0.0)
        return np.asarray(cv2.cvtColor(lab, cv2.COLOR_Lab2BGR), np.uint8)

    def _table(self) -> NDArray[np.uint8]:
        """Return what each of the 256 values becomes."""
        values = np.arange(256, dtype=np.float64) / 255.0
        slope = np.tan((np.clip(self.contrast, -0.98, 0.98) + 1.0) * np.pi / 4)
        # A gamma, not an offset: dark pictures become readable without their white burning out.
        bright = values ** (4.0**-self.brightness)
        table = (bright - 0.5) * slope + 0.5
        return np.asarray(np.clip(np.rint(table * 255.0), 0, 255), np.uint8)

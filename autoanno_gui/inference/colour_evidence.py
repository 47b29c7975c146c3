"""How likely each pixel is on an object, by a guess of where it is and by the colours there."""

from __future__ import annotations

from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Share: TypeAlias = NDArray[np.float32]
"""(height, width): 0..1, how likely each pixel is on the object."""

_STRESS: Final = 0.25
"""What certain pixels count for, by what all count for together: they are few, but somebody pointed at them."""


class ColourEvidence:
    """What the colours of a picture say about a guess of where an object is, and how strong their edges are.

    Attributes:
        edges: (height, width) strength of the change of colour.
    """

    _BINS: Final = 16
    _TRUST: Final = 1.8
    """Weight of the colours against the place: neighbouring pixels say much the same."""
    _ROUNDS: Final = 3
    _EDGE: Final = 5e-4
    """Variance (of values 0..1) below which a patch is even and is smoothed over."""
    _PATCH: Final = (5, 5)

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        """Look at (height, width, 3) BGR pixels."""
        lab = cv2.cvtColor(pixels, cv2.COLOR_BGR2LAB)
        # The two colour axes use little of their range.
        low, span = np.array([0, 68, 68], np.float32), np.array([256, 120, 120], np.float32)
        cells = (np.clip((lab - low) / span, 0, 0.999) * self._BINS).astype(np.intp)
        self._cell: Final = (cells[..., 0] * self._BINS + cells[..., 1]) * self._BINS + cells[..., 2]
        self._planes: Final = lab.astype(np.float32) / np.float32(255)
        self._means: Final = self._patch_mean(self._planes)
        self._variances: Final = self._patch_mean(self._planes * self._planes) - self._means * self._means
        self.edges: Final = self._edges()

    def weighed(self, guess: Share, *, inside: NDArray[np.bool_], outside: NDArray[np.bool_]) -> Share:
        """Return how likely each pixel is on the object by its place and its colour; 0 stays 0.

        Args:
            guess: by its place alone.
            inside: pixels that are certain to be on the object.
            outside: pixels that are certain not to be.
        """
        with np.errstate(divide="ignore"):
            by_place = np.log(guess) - np.log1p(-guess)
        share = guess
        for _ in range(self._ROUNDS):
            of_object = self._frequency(_stressed(share, inside))
            of_others = self._frequency(_stressed(1 - share, outside))
            odds = by_place + self._TRUST * np.log((of_object + 1e-4) / (of_others + 1e-4))
            with np.errstate(over="ignore"):
                share = self._smoothed((1 / (1 + np.exp(-odds))).astype(np.float32))
            share[guess == 0] = 0.0
        return share

    def _frequency(self, weights: Share) -> Share:
        """Return for each pixel how frequent its colour and similar ones are among all, which count by their weight."""
        bins = self._BINS
        counts: NDArray[np.float64] = np.bincount(self._cell.ravel(), weights.ravel(), bins**3)  # type: ignore[assignment]
        counts = counts.reshape(bins, bins, bins)
        for axis in range(3):
            counts = np.moveaxis(counts, axis, 0)
            near = counts.copy()
            near[1:] += counts[:-1] / 2
            near[:-1] += counts[1:] / 2
            counts = np.moveaxis(near, 0, axis)
        frequency: Share = (counts / max(counts.sum(), 1e-6)).astype(np.float32).ravel()[self._cell]
        return frequency

    def _smoothed(self, share: Share) -> Share:
        """Return a guess that is smooth except where colours change: the mean of one guided filter for each plane."""
        planes, means = self._planes, self._means
        mean = self._patch_mean(share)[..., None]
        slope = (self._patch_mean(planes * share[..., None]) - means * mean) / (
            self._variances + np.float32(self._EDGE)
        )
        smooth = self._patch_mean(slope) * planes + self._patch_mean(mean - slope * means)
        even: Share = smooth.mean(axis=2).clip(0, 1).astype(np.float32)
        return even

    def _patch_mean(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        return cv2.blur(values, self._PATCH).reshape(values.shape).astype(np.float32, copy=False)

    def _edges(self) -> NDArray[np.float32]:
        x, y = cv2.Sobel(self._planes, cv2.CV_32F, 1, 0), cv2.Sobel(self._planes, cv2.CV_32F, 0, 1)
        edges: NDArray[np.float32] = np.sqrt((x * x + y * y).sum(axis=2))
        return edges


def _stressed(weights: Share, certain: NDArray[np.bool_]) -> Share:
    """Return weights in which the certain pixels count for more."""
    count = np.count_nonzero(certain)
    if not count:
        return weights
    return weights + certain.astype(np.float32) * np.float32(_STRESS * float(weights.sum()) / count)

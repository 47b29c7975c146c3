"""What a picture looks like in a few dozen bytes, so that similar pictures are told without being read again.

A look is a coarse layout of brightness and colour, as MPEG-7's colour layout descriptor has it: the lowest frequencies
(a cosine transform of 32 x 32 cells) of brightness and of the two colour differences. Finer frequencies weigh more,
since photographs have less of them, and brightness is brought to one contrast, so that exposure counts little. Unlike
the bits of a perceptual hash these numbers change gradually, also in pictures without detail: how far apart two looks
are says how different the pictures are, not only whether they are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from autoanno_gui.imaging.decode import read_preview

LOOK_VERSION: Final = 1
"""Of the layout: looks of two versions cannot be compared. It is also the first byte of each look."""
LOOK_BYTES: Final = 57
"""The version, 36 numbers of brightness and twice 10 of colour, each with 128 for zero."""

_CELLS: Final = 32
_PREVIEW: Final = 2 * _CELLS  # pixels of the longer side: twice, so that the cells of a wide picture are means, too
_BRIGHTNESS: Final = 8  # frequencies (u, v) with u + v less than this many
_COLOUR: Final = 4
_FINER: Final = 0.5  # by how much the weight grows with each frequency
_CONTRAST: Final = np.float32(0.25)  # length to which the frequencies of brightness are brought
_FLAT: Final = np.float32(
    0.05
)  # pictures with less than about this contrast are not stretched, or noise would be all that counts
_MEAN_WEIGHT: Final = np.float32(0.5)
_COLOUR_WEIGHT: Final = 2.0
_STEPS: Final = 256.0  # per unit; what lies beyond a byte is cut off, as in pictures of one glaring colour


@dataclass(frozen=True, slots=True)
class Look:
    """The look of one image file.

    Attributes:
        values: (LOOK_BYTES,) uint8.
        fingerprint: (bytes, mtime_ns) of the file that was read.
    """

    values: NDArray[np.uint8]
    fingerprint: tuple[int, int]


def read_look(root: Path, path: str) -> Look:
    """Return the look of a frame, from a small preview.

    Raises:
        FrameError: the file cannot be read or gives no whole picture.
    """
    preview = read_preview(root, path, width=_PREVIEW, height=_PREVIEW)
    return Look(look_of(preview.pixels), preview.fingerprint)


def look_of(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (LOOK_BYTES,) uint8, the look of an upright (H, W, 3) BGR or (H, W, 4) BGRA picture of any size."""
    cells = cv2.resize(pixels, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)[..., :3]
    colours = cv2.cvtColor(np.ascontiguousarray(cells, np.float32) / 255, cv2.COLOR_BGR2YCrCb)
    planes = np.asarray(colours, np.float32) - np.float32(0.5)
    brightness = _lowest(planes[..., 0], _BRIGHTNESS)
    brightness[0] *= _MEAN_WEIGHT
    brightness[1:] *= _CONTRAST / (np.float32(np.linalg.norm(brightness[1:])) + _FLAT)
    hues = [_COLOUR_WEIGHT * _lowest(planes[..., plane], _COLOUR) for plane in (1, 2)]
    numbers = np.rint(np.concatenate([brightness, *hues]) * _STEPS) + 128
    look = np.empty(LOOK_BYTES, np.uint8)
    look[0] = LOOK_VERSION
    look[1:] = np.clip(numbers, 0, 255)
    return look


def _lowest(plane: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Return the weighted frequencies (u, v) with u + v < count of a plane, the mean first."""
    basis = _BASIS[count]
    frequencies = np.asarray(basis @ plane @ basis.T, np.float32)
    found: NDArray[np.float32] = frequencies[_CORNER[count]] * _WEIGHTS[count]
    return found


def _cosines(count: int) -> NDArray[np.float32]:
    """Return (count, _CELLS), the lowest rows of the cosine transform, scaled so that the first gives the mean."""
    at = np.arange(_CELLS) + 0.5
    basis = np.cos(np.pi * at * np.arange(count)[:, None] / _CELLS) * np.sqrt(2.0)
    basis[0] = 1.0
    return np.asarray(basis / _CELLS, np.float32)


_BASIS: Final[dict[int, NDArray[np.float32]]] = {count: _cosines(count) for count in (_BRIGHTNESS, _COLOUR)}
_SUMS: Final[dict[int, NDArray[np.int64]]] = {c: np.add.outer(np.arange(c), np.arange(c)) for c in _BASIS}
_CORNER: Final[dict[int, NDArray[np.bool_]]] = {c: sums < c for c, sums in _SUMS.items()}
_WEIGHTS: Final[dict[int, NDArray[np.float32]]] = {
    c: (1 + _FINER * sums[_CORNER[c]]).astype(np.float32) for c, sums in _SUMS.items()
}

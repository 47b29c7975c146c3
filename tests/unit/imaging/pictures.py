"""Pictures made for the tests: one scene in which a wrong turn, a mirror or swapped colours are seen at once."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

RED: Final = (30, 30, 220)
GREEN: Final = (60, 200, 30)
BLUE: Final = (220, 70, 40)
GREY: Final = (110, 110, 110)

# What a camera did to the upright picture before it stored it, by EXIF orientation.
_STORED: Final = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, -1),
}


def scene(width: int = 96, height: int = 64) -> NDArray[np.uint8]:
    """Return BGR pixels: grey, with red at the top left, green at the top right and blue at the bottom left."""
    pixels = np.full((height, width, 3), GREY, np.uint8)
    side = min(width, height) // 4
    pixels[:side, :side] = RED
    pixels[:side, -side:] = GREEN
    pixels[-side:, :side] = BLUE
    return pixels


def corners(pixels: NDArray[np.uint8]) -> list[str]:
    """Name the colours at the top left, top right, bottom left and bottom right."""
    names = {"red": RED, "green": GREEN, "blue": BLUE, "grey": GREY}
    places = (pixels[3, 3], pixels[3, -4], pixels[-4, 3], pixels[-4, -4])
    return [min(names, key=lambda name: int(np.abs(place[:3].astype(int) - names[name]).sum())) for place in places]


UPRIGHT: Final = ["red", "green", "blue", "grey"]


def noisy(width: int = 96, height: int = 64, seed: int = 0) -> NDArray[np.uint8]:
    """Return BGR pixels of soft noise, which no decoder gets right by chance."""
    small = np.random.default_rng(seed).integers(0, 255, (height // 4 + 1, width // 4 + 1, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def encode(pixels: NDArray[Any], suffix: str, *parameters: int) -> bytes:
    """Encode with OpenCV."""
    done, data = cv2.imencode(suffix, pixels, list(parameters))
    assert done
    return data.tobytes()


def encode_with_pillow(image: Image.Image | NDArray[np.uint8], file_format: str, **options: object) -> bytes:
    """Encode a Pillow image or BGR pixels with Pillow."""
    if isinstance(image, np.ndarray):
        image = Image.fromarray(np.ascontiguousarray(image[..., ::-1]))
    stream = io.BytesIO()
    image.save(stream, file_format, **options)
    return stream.getvalue()


def turned_file(upright: NDArray[np.uint8], file_format: str, orientation: int, **options: object) -> bytes:
    """Encode pixels as a camera stores them that was held so that `orientation` shows them upright."""
    stored = _STORED[orientation](upright)
    if file_format == "TIFF":
        return encode_with_pillow(stored, file_format, tiffinfo={0x0112: orientation}, **options)
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode_with_pillow(stored, file_format, exif=exif.tobytes(), **options)


def put(folder: Path, name: str, data: bytes) -> str:
    """Write a file and return its name."""
    (folder / name).write_bytes(data)
    return name

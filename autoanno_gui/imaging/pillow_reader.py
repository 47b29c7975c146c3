"""The two formats that Pillow decodes: AVIF, and the first frame of a GIF.

The plugin of a format that was sniffed is called directly. `PIL.Image.open` is never used: importing ultralytics
replaces it process-wide by one that tries to install a package when it meets a file that is no image.
"""

from __future__ import annotations

import struct
from io import BytesIO
from typing import BinaryIO, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, features
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile

from autoanno_gui.core.errors import FrameErrorCode
from autoanno_gui.imaging.formats import FormatProblem, Kind, RawHeader, unsupported
from autoanno_gui.imaging.tiff import ORIENTATION, valid_orientation

# What Pillow's plugins raise for damaged bytes.
_DAMAGE: Final = (OSError, RuntimeError, SyntaxError, ValueError, EOFError, IndexError, KeyError, struct.error)


def avif_header(stream: BinaryIO) -> RawHeader:
    """Read the header of an AVIF file."""
    try:
        image = _open_avif(stream)
        flags = ("alpha",) * ("A" in image.mode)
        orientation = valid_orientation(image.getexif().get(ORIENTATION, 1))
        return RawHeader(Kind.AVIF, *image.size, orientation, flags, getattr(image, "n_frames", 1))
    except _DAMAGE as e:
        raise FormatProblem(FrameErrorCode.DAMAGED) from e


def decode_with_pillow(header: RawHeader, data: bytes) -> NDArray[np.uint8]:
    """Return the first picture of an AVIF or GIF as (H, W, 3) BGR, not turned."""
    try:
        stream = BytesIO(data)
        image: ImageFile = GifImageFile(stream) if header.kind is Kind.GIF else _open_avif(stream)
        rgb = np.asarray(image.convert("RGB"))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as e:
        raise FormatProblem(FrameErrorCode.TOO_LARGE) from e
    except _DAMAGE as e:
        raise FormatProblem(FrameErrorCode.DAMAGED) from e
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), np.uint8)


def _open_avif(stream: BinaryIO) -> ImageFile:
    if not features.check("avif"):
        raise FormatProblem(FrameErrorCode.UNSUPPORTED_FORMAT, unsupported("AVIF (by this version of Pillow)"))
    from PIL.AvifImagePlugin import AvifImageFile  # not there in older versions

    return AvifImageFile(stream)

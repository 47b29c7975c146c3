"""What of a frame's file goes into a dataset: its bytes as they are, if a trainer sees in them what the reviewer saw.

Where it would not (deep colour, animations, pages) or would rewrite the file (a JPEG with something behind its end
mark), the dataset gets bytes of its own. The frame's file is only ever read.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import cv2

from autoanno_gui.core.errors import FrameError, FrameErrorCode
from autoanno_gui.core.records import FrameHeader
from autoanno_gui.imaging.decode import read_bytes, read_frame, read_header

MIN_SIDE: Final = 10
"""Ultralytics refuses pictures with a shorter side, in pixels."""

MAX_PIXELS: Final = 2 * (1024**3 // 4 // 3)
"""Pillow, by which Ultralytics checks each picture, refuses more."""

# Flags of headers whose values a trainer does not stretch as the screen does: it keeps the high byte.
_DEEP: Final = ("16_bit", "32_bit", "float", "stretched")

_JPEG: Final = b"\xff\xd8"
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_END_OF_JPEG: Final = b"\xff\xd9"
# Within compressed data FF 00 and restart marks are data; any other mark ends it.
_MARK_AFTER_DATA: Final = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")


class Change(StrEnum):
    """How the dataset's picture differs from the frame's file."""

    NONE = "none"
    TRIMMED = "trimmed"
    """The same JPEG without what stood behind its end mark."""
    REENCODED = "reencoded"
    """The pixels the reviewer saw, as PNG."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture ready to be placed.

    Attributes:
        data: the bytes for the dataset.
        sha256: of `data`.
        suffix: ending by content, with its dot.
        width: pixels, upright.
        height: pixels, upright.
    """

    data: bytes
    sha256: str
    suffix: str
    width: int
    height: int
    change: Change


def load_picture(root: Path, path: str) -> Picture:
    """Return the picture of a frame as a dataset takes it.

    Args:
        path: escaped path relative to the frame root.

    Raises:
        FrameError: the file is gone, damaged, or of a size that training refuses.
    """
    header = read_header(root, path)
    if min(header.width, header.height) < MIN_SIDE:
        raise FrameError(FrameErrorCode.TOO_SMALL, path)
    if header.width * header.height > MAX_PIXELS:
        raise FrameError(FrameErrorCode.TOO_LARGE, path, detail="The picture has more pixels than YOLO training opens.")
    data, _ = read_bytes(root, path)
    if data.startswith(_JPEG):
        if data.endswith(_END_OF_JPEG):
            return _picture(data, ".jpg", header)
        if end := _jpeg_end(data):
            return _picture(data[:end], ".jpg", header, Change.TRIMMED)
    if data.startswith(_PNG) and _is_whole_shallow_png(data):
        return _picture(data, ".png", header)

    frame = read_frame(root, path)
    suffix = _readable_suffix(data)
    if suffix and not any(flag.startswith(_DEEP) for flag in frame.header.flags):
        return _picture(data, suffix, frame.header)
    encoded, png = cv2.imencode(".png", frame.pixels)
    if not encoded:
        raise FrameError(FrameErrorCode.DAMAGED, path, detail="The picture cannot be written as PNG.")
    return _picture(png.tobytes(), ".png", frame.header, Change.REENCODED)


def _picture(data: bytes, suffix: str, header: FrameHeader, change: Change = Change.NONE) -> Picture:
    return Picture(data, hashlib.sha256(data).hexdigest(), suffix, header.width, header.height, change)


def _jpeg_end(data: bytes) -> int | None:
    """Return the offset behind the end mark of the first image in a JPEG file; None when it has none."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        mark = data[at + 1]
        if mark == 0xD9:
            return at + 2
        if mark == 0xFF:  # padding
            at += 1
            continue
        if mark == 0x01 or 0xD0 <= mark <= 0xD7:  # marks without a segment
            at += 2
            continue
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if mark == 0xDA:  # compressed data follow
            found = _MARK_AFTER_DATA.search(data, at)
            if found is None:
                return None
            at = found.start()
    return at + 2 if data[at : at + 2] == _END_OF_JPEG else None


def _is_whole_shallow_png(data: bytes) -> bool:
    """Return whether a PNG has 8 bits a channel or fewer, all its chunks are sound, and it is no animation."""
    at = len(_PNG)
    while len(data) >= at + 12:
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 8 + length
        if len(data) < end + 4 or zlib.crc32(data[at + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            return False
        if kind == b"IEND":
            return True
        if kind == b"acTL" or (kind == b"IHDR" and data[at + 16] > 8):
            return False
        at = end + 4
    return False


def _readable_suffix(data: bytes) -> str | None:
    """Return the ending of the other formats that every trainer reads as we do.

    The rest may be read: TIFF and AVIF by some builds, turned by some, the first page by some. PNG leaves no doubt.
    """
    if data[:2] == b"BM":
        return ".bmp"
    if data[4:12] == b"jP  \r\n\x87\n":
        return ".jp2"
    # The extended header's flags tell of an animation (2) and of EXIF (8), which older readers do not turn by.
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP" and not (data[12:16] == b"VP8X" and data[20] & 0x0A):
        return ".webp"
    return None

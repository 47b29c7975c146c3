"""The one way from an image file to pixels: for the model, the canvas, and the sizes in an export.

Flags of a header, each a remark worth showing:

* `16_bit`, `32_bit`, `float`: deeper than a trainer reads; `stretched:LOW..HIGH`: shown (and given to the model) with
  this range of values mapped to 0..255, so a trainer needs an 8-bit copy to see the same;
* `alpha`: transparency is dropped and the colours under it are seen, as a trainer does; `channels:N`: the first three
  of N are seen; `cmyk`;
* `multi_page:N`: the first of N pages or frames is shown;
* `too_small`: under 10 pixels on a side, which YOLO training refuses;
* `damaged_data`: a JPEG that decodes to its end in spite of faults in its data;
* `named_as:SUFFIX_is:FORMAT`: the name's ending belongs to another format.

`read_header` gives those that the header shows; `read_frame` may add `stretched` and `damaged_data`.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.errors import FrameError, FrameErrorCode
from autoanno_gui.core.records import FrameHeader
from autoanno_gui.imaging import pixels as _pixels
from autoanno_gui.imaging.formats import FormatProblem, Kind, RawHeader, name_mismatch, suffix_of
from autoanno_gui.imaging.headers import parse_header
from autoanno_gui.imaging.paths import frame_file

MAX_FILE_BYTES: Final = 2**31 - 1
"""The largest file that is read: OpenCV counts its bytes with a signed 32-bit number."""

SMALLEST_SIDE: Final = 10
"""Under this many pixels on a side Ultralytics refuses to train on a picture."""


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """One image file, decoded.

    Attributes:
        pixels: (H, W, 3) uint8 BGR, contiguous, upright.
        header: size of these pixels, and remarks.
        sha256: hash of the bytes that were decoded.
        fingerprint: (bytes, mtime_ns) of the file, as a scan gives them.
    """

    pixels: NDArray[np.uint8]
    header: FrameHeader
    sha256: str
    fingerprint: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Preview:
    """One image file scaled down for the screen.

    Attributes:
        pixels: (h, w, 4) uint8 BGRA, contiguous, upright, alpha 255.
        header: size of the picture in full, and remarks.
        fingerprint: (bytes, mtime_ns) of the file, as a scan gives them.
    """

    pixels: NDArray[np.uint8]
    header: FrameHeader
    fingerprint: tuple[int, int]


def read_frame(root: Path, path: str) -> DecodedFrame:
    """Read and decode a frame: its bytes once, the hash and the pixels from them.

    Raises:
        FrameError: the file cannot be read or gives no whole picture.
    """
    data, fingerprint = read_bytes(root, path)
    try:
        raw = parse_header(BytesIO(data))
        pixels, flags = _pixels.decode(raw, data)
    except FormatProblem as e:
        raise FrameError(e.code, path, detail=e.detail) from e
    header = _header(raw, path)
    header = replace(header, flags=header.flags + flags)
    return DecodedFrame(pixels, header, hashlib.sha256(data).hexdigest(), fingerprint)


def read_header(root: Path, path: str) -> FrameHeader:
    """Read a frame's upright size and remarks from its header only; what follows the header may still be damaged.

    Raises:
        FrameError: as `read_frame`, as far as the header shows it.
    """
    with _open(root, path) as stream:
        try:
            return _header(parse_header(stream), path)
        except FormatProblem as e:
            raise FrameError(e.code, path, detail=e.detail) from e
        except OSError as e:
            raise _unreadable(path, e) from e


def read_preview(root: Path, path: str, *, width: int, height: int) -> Preview:
    """Read a frame for the screen, scaled so that it just fits `width` x `height` device pixels and never enlarged.

    Raises:
        FrameError: exactly when `read_frame` does.
    """
    data, fingerprint = read_bytes(root, path)
    try:
        raw = parse_header(BytesIO(data))
        size = _fitting(raw.upright, (max(1, width), max(1, height)))
        pixels, flags = _preview_pixels(raw, data, size)
    except FormatProblem as e:
        raise FrameError(e.code, path, detail=e.detail) from e
    header = _header(raw, path)
    return Preview(pixels, replace(header, flags=header.flags + flags), fingerprint)


def read_bytes(root: Path, path: str) -> tuple[bytes, tuple[int, int]]:
    """Return all bytes of a frame's file, and its fingerprint (bytes, mtime_ns).

    Raises:
        FrameError: it cannot be read, is empty or is too large.
    """
    with _open(root, path) as stream:
        status = os.fstat(stream.fileno())
        try:
            data = stream.read()
        except OSError as e:
            raise _unreadable(path, e) from e
        except MemoryError as e:
            detail = "The file does not fit into the memory that is free; close other programs or make it smaller."
            raise FrameError(FrameErrorCode.TOO_LARGE, path, detail=detail) from e
    if not data:
        raise FrameError(FrameErrorCode.EMPTY_FILE, path)
    return data, (status.st_size, status.st_mtime_ns)


def to_bgra(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (H, W, 3) BGR as a new contiguous (H, W, 4) BGRA with alpha 255, as Qt's RGB32 has it."""
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2BGRA), np.uint8)


def _preview_pixels(raw: RawHeader, data: bytes, size: tuple[int, int]) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    stored = size[::-1] if raw.orientation >= 5 else size
    if raw.kind is Kind.JPEG and "cmyk" not in raw.flags:
        scaled = _pixels.decode_jpeg_scaled(data, width=stored[0], height=stored[1])
        if scaled is not None:
            return _pixels.turn(_resized(scaled, stored), raw.orientation), ()
    pixels, flags = _pixels.decode(raw, data)
    return to_bgra(_resized(pixels, size)), flags


def _resized(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Scale pixels down to (width, height)."""
    height, width = pixels.shape[:2]
    if (width, height) == size:
        return pixels
    # Linear reads two pixels a side: enough down to half the size, and several times as fast as the mean over areas.
    halved = 2 * size[0] >= width and 2 * size[1] >= height
    scaled = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR if halved else cv2.INTER_AREA)
    return np.asarray(scaled, np.uint8)


def _fitting(size: tuple[int, int], room: tuple[int, int]) -> tuple[int, int]:
    scale = min(room[0] / size[0], room[1] / size[1], 1.0)
    return min(room[0], max(1, round(size[0] * scale))), min(room[1], max(1, round(size[1] * scale)))


def _header(raw: RawHeader, path: str) -> FrameHeader:
    width, height = raw.upright
    suffix = suffix_of(path)
    flags = list(raw.flags)
    # Phones append a depth map or a gain map to a photo; only a file that calls itself a multi-picture one is that.
    if raw.pages > 1 and (raw.kind is not Kind.JPEG or suffix == "mpo"):
        flags.append(f"multi_page:{raw.pages}")
    if min(width, height) < SMALLEST_SIDE:
        flags.append("too_small")
    if (mismatch := name_mismatch(suffix, raw.kind)) is not None:
        flags.append(mismatch)
    return FrameHeader(width, height, tuple(flags))


def _open(root: Path, path: str) -> BinaryIO:
    """Open a frame's file, which must be a plain one with something in it."""
    file = frame_file(root, path)
    try:
        # Without blocking: a pipe that took the frame's place would otherwise be waited for.
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    except ValueError as e:  # a name that this system cannot have
        raise FrameError(FrameErrorCode.MISSING, path) from e
    except OSError as e:
        raise _unreadable(path, e, is_link=os.path.islink(file)) from e
    status = os.fstat(descriptor)
    problem = None
    if not stat.S_ISREG(status.st_mode):
        problem = FrameError(FrameErrorCode.NOT_AN_IMAGE, path, detail="This is not a file but a folder or a device.")
    elif status.st_size == 0:
        problem = FrameError(FrameErrorCode.EMPTY_FILE, path)
    elif status.st_size > MAX_FILE_BYTES:
        problem = FrameError(FrameErrorCode.TOO_LARGE, path, detail="The file is larger than 2 GB; make it smaller.")
    if problem is not None:
        os.close(descriptor)
        raise problem
    return open(descriptor, "rb")


def _unreadable(path: str, error: OSError, *, is_link: bool = False) -> FrameError:
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
        return FrameError(FrameErrorCode.MISSING_TARGET if is_link else FrameErrorCode.MISSING, path)
    if isinstance(error, PermissionError):
        return FrameError(FrameErrorCode.UNREADABLE, path)
    return FrameError(FrameErrorCode.UNREADABLE, path, detail=f"The file cannot be read ({error.strerror}).")

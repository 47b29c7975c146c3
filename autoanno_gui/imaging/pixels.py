"""From the bytes of a file to pixels: decoding, the EXIF turn, and the stretch of what is not 8-bit."""

from __future__ import annotations

import struct
from typing import Any, Final

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from autoanno_gui.core.errors import FrameErrorCode
from autoanno_gui.imaging.formats import FormatProblem, Kind, RawHeader, unsupported
from autoanno_gui.imaging.pillow_reader import decode_with_pillow

Pixels = NDArray[np.uint8]

# OpenCV writes lines of its own to stderr for each damaged file; here each is reported once, as a FrameError.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

_COLOUR: Final = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
_NO_MEMORY: Final = -4  # OpenCV's error code

_SAMPLE: Final = 1_000_000  # values that the range of a deep image is taken from
_TAIL: Final = 0.1  # per cent of them that may fall off either end, so that single hot pixels do not set the range
_ROWS_AT_ONCE: Final = 256

_CUT_SHORT: Final = "remature end"  # in libjpeg's words for a file, and for image data, that stop too early


def decode(header: RawHeader, data: bytes) -> tuple[Pixels, tuple[str, ...]]:
    """Return the first picture as (H, W, 3) BGR, contiguous and upright, and what was remarked on the way.

    8-bit files give bit for bit what OpenCV, and so a trainer, reads. Remarks: `stretched:LOW..HIGH` when values that
    are not 8-bit were mapped from that range, `damaged_data` when a JPEG decodes to its end in spite of faults.

    Raises:
        FormatProblem: `damaged`, `unsupported_format`, or `too_large` when memory is out.
    """
    flags: tuple[str, ...] = ()
    try:
        if header.kind is Kind.JPEG:
            pixels, flags = _decode_jpeg(header, data)
        elif header.kind in (Kind.AVIF, Kind.GIF):
            pixels = decode_with_pillow(header, data)
        else:
            pixels, flags = _to_bgr(_decode_with_opencv(header, data))
        if pixels.shape[:2] != (header.height, header.width):
            raise FormatProblem(FrameErrorCode.DAMAGED, "The image is not of the size that its header states.")
        return turn(pixels, header.orientation), flags
    except MemoryError as e:
        raise FormatProblem(FrameErrorCode.TOO_LARGE, _NO_MEMORY_TEXT) from e
    except cv2.error as e:  # while turning or converting
        if e.code != _NO_MEMORY:
            raise
        raise FormatProblem(FrameErrorCode.TOO_LARGE, _NO_MEMORY_TEXT) from e


def decode_jpeg_scaled(data: bytes, *, width: int, height: int) -> Pixels | None:
    """Return a JPEG as (h, w, 4) BGRA, not turned, decoded at the smallest cheap scale that covers a stored size.

    None when the file needs the careful way of `decode`, which then decides whether it is damaged.
    """
    try:
        pixels: Pixels = simplejpeg.decode_jpeg(data, "BGRA", min_width=width, min_height=height, min_factor=2)
    except ValueError:
        return None
    return pixels


def turn(pixels: Pixels, orientation: int) -> Pixels:
    """Return pixels turned upright for an EXIF orientation 1..8, contiguous."""
    if orientation in _MIRRORED:
        pixels = np.asarray(cv2.flip(pixels, 1), np.uint8)
    rotation = _ROTATION.get(orientation)
    return pixels if rotation is None else np.asarray(cv2.rotate(pixels, rotation), np.uint8)


_MIRRORED: Final = frozenset({2, 4, 5, 7})
_ROTATION: Final[dict[int, int]] = {
    3: cv2.ROTATE_180,
    4: cv2.ROTATE_180,
    5: cv2.ROTATE_90_COUNTERCLOCKWISE,
    6: cv2.ROTATE_90_CLOCKWISE,
    7: cv2.ROTATE_90_CLOCKWISE,
    8: cv2.ROTATE_90_COUNTERCLOCKWISE,
}
_NO_MEMORY_TEXT: Final = "The image does not fit into the memory that is free; close other programs or make it smaller."


def _decode_jpeg(header: RawHeader, data: bytes) -> tuple[Pixels, tuple[str, ...]]:
    message = ""
    try:
        if "cmyk" not in header.flags:
            return simplejpeg.decode_jpeg(data, "BGR"), ()
        simplejpeg.decode_jpeg(data, "CMYK")  # for its verdict; OpenCV converts the colours
    except ValueError as e:
        message = str(e)
        if _CUT_SHORT in message:
            raise FormatProblem(FrameErrorCode.DAMAGED) from e
    # Here also come faults that decoders pass over, such as stray bytes, and kinds of JPEG that only OpenCV reads.
    return _to_bgr(_decode_with_opencv(header, data))[0], ("damaged_data",) * message.startswith("Corrupt")


def _decode_with_opencv(header: RawHeader, data: bytes) -> NDArray[Any]:
    """Return pixels as OpenCV reads them: any depth, 1 to many channels, not turned."""
    flags = _COLOUR
    if header.kind is Kind.TIFF:
        # Colour conversion fails for grey floating point, and this decoder turns whatever the flags say.
        flags = cv2.IMREAD_UNCHANGED
        if header.turn_at is not None and header.orientation != 1:
            turned = bytearray(data)
            place, layout = header.turn_at
            struct.pack_into(layout, turned, place, 1)
            data = bytes(turned)
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as e:
        raise _problem(header, e.code) from e
    if pixels is None:
        raise _problem(header, 0)
    return pixels


def _to_bgr(pixels: NDArray[Any]) -> tuple[Pixels, tuple[str, ...]]:
    """Return any depth and number of channels as 8-bit BGR; what lies beyond the third channel is dropped."""
    if pixels.ndim == 3:
        pixels = pixels[..., 0] if pixels.shape[2] < 3 else pixels[..., :3]
    flags: tuple[str, ...] = ()
    if pixels.dtype != np.uint8:
        pixels, flags = _stretch(pixels)
    if pixels.ndim == 2:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR), np.uint8), flags
    return np.ascontiguousarray(pixels), flags


def _stretch(pixels: NDArray[Any]) -> tuple[Pixels, tuple[str, ...]]:
    """Map deep values to 0..255 over the range that the picture uses.

    16-bit values that use at least half of their range keep their high byte instead, which is what a trainer reads.
    """
    low, high = _used_range(pixels)
    if pixels.dtype == np.uint16 and (high - low >= 0x8000 or low == high):
        return (pixels >> 8).astype(np.uint8), ()
    flags = (f"stretched:{low:g}..{high:g}",)
    if pixels.dtype in (np.uint16, np.int16):  # as a table: several times as fast
        table = _mapped(np.arange(0x10000, dtype=np.uint16).view(pixels.dtype), low, high)
        return table[pixels.view(np.uint16)], flags
    result = np.empty(pixels.shape, np.uint8)
    for start in range(0, len(pixels), _ROWS_AT_ONCE):
        result[start : start + _ROWS_AT_ONCE] = _mapped(pixels[start : start + _ROWS_AT_ONCE], low, high)
    return result, flags


def _mapped(values: NDArray[Any], low: float, high: float) -> Pixels:
    scale = 255 / (high - low) if high > low else 0.0
    scaled = np.nan_to_num((values.astype(np.float64) - low) * scale, nan=0, posinf=255, neginf=0)
    return np.rint(np.clip(scaled, 0, 255)).astype(np.uint8)


def _used_range(pixels: NDArray[Any]) -> tuple[float, float]:
    """Return the lowest and highest value in use, single outliers left aside; not finite ones never count."""
    step = max(1, round((pixels.size / _SAMPLE) ** 0.5))
    sample = pixels[::step, ::step]
    sample = sample[np.isfinite(sample)]
    low, high = np.percentile(sample, (_TAIL, 100 - _TAIL)) if sample.size else (0, 0)
    if low == high:  # a flat picture, perhaps with one small object
        finite = pixels[np.isfinite(pixels)]
        low, high = (finite.min(), finite.max()) if finite.size else (0, 0)
    return float(low), float(high)


def _problem(header: RawHeader, code: int) -> FormatProblem:
    """Return why OpenCV gave no pixels."""
    if code == _NO_MEMORY:
        return FormatProblem(FrameErrorCode.TOO_LARGE, _NO_MEMORY_TEXT)
    if header.rare is not None:
        return FormatProblem(FrameErrorCode.UNSUPPORTED_FORMAT, unsupported(header.rare))
    return FormatProblem(FrameErrorCode.DAMAGED)

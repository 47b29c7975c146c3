"""What an image's header says, read with a few seeks and without decoding: size, turn, depth, pages."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import BinaryIO, Final

from autoanno_gui.core.errors import FrameErrorCode
from autoanno_gui.imaging.formats import HEAD_BYTES, FormatProblem, Kind, RawHeader, sniff
from autoanno_gui.imaging.pillow_reader import avif_header
from autoanno_gui.imaging.tiff import TagReader, exif_orientation, tiff_header

MAX_PIXELS: Final = 200_000_000
"""The largest picture that is opened, in pixels: about 600 MB as 8-bit colour, and twice that while it is decoded."""

MAX_SIDE: Final = 1 << 20
"""The longest side in pixels, OpenCV's own limit."""


def parse_header(stream: BinaryIO) -> RawHeader:
    """Read the header of a file that is open at its start, or of its bytes.

    Raises:
        FormatProblem: no image, an unsupported one, a header cut short, or a size that is impossible or too large.
    """
    kind = sniff(stream.read(HEAD_BYTES))
    stream.seek(0)
    header = _PARSERS[kind](stream)
    _check_size(header.width, header.height)
    return header


def _check_size(width: int, height: int) -> None:
    if width <= 0 or height <= 0:
        detail = f"The image declares an impossible size of {width} x {height} pixels."
        raise FormatProblem(FrameErrorCode.BAD_DIMENSIONS, detail)
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        limit = f"{MAX_PIXELS // 1_000_000} megapixels, {MAX_SIDE:,} a side"
        detail = f"The image has {width} x {height} pixels, more than can be opened safely ({limit})."
        raise FormatProblem(FrameErrorCode.TOO_LARGE, detail)


def _jpeg(stream: BinaryIO) -> RawHeader:
    size: tuple[int, int] | None = None
    orientation = 0
    pages = 1
    flags: list[str] = []
    rare = None
    stream.seek(2)
    while True:
        marker = _next_marker(stream)
        if marker in (0xD9, 0xDA) or (size is not None and marker is None):
            break
        if marker is None:
            raise FormatProblem(FrameErrorCode.DAMAGED)
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            continue  # these stand alone
        (length,) = struct.unpack(">H", _take(stream, 2))
        at = stream.tell()
        if marker == 0xE1 and not orientation and stream.read(6) == b"Exif\0\0":
            orientation = exif_orientation(stream.read(max(0, length - 8)))
        elif marker == 0xE2 and stream.read(4) == b"MPF\0":
            pages = _mpf_pages(stream.read(max(0, length - 6)))
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            precision, height, width, components = struct.unpack(">BHHB", _take(stream, 6))
            size = (width, height)
            flags = ["cmyk"] if components == 4 else []
            if marker not in (0xC0, 0xC1, 0xC2) or precision != 8:
                rare = f"A {precision}-bit, lossless or arithmetic JPEG"
        stream.seek(at + length - 2)
    if size is None:
        raise FormatProblem(FrameErrorCode.DAMAGED)
    return RawHeader(Kind.JPEG, *size, orientation or 1, tuple(flags), pages, rare=rare)


def _next_marker(stream: BinaryIO) -> int | None:
    """Return the next marker of a JPEG, None at the end; stray bytes before it are passed over, as decoders do."""
    for _ in range(_MOST_STRAY_BYTES):
        byte = stream.read(1)
        if not byte:
            return None
        if byte == b"\xff":
            while byte == b"\xff":
                byte = stream.read(1)
            if byte not in (b"", b"\0"):
                return byte[0]
    return None


def _mpf_pages(block: bytes) -> int:
    """Return the number of pictures that a multi-picture JPEG's index names."""
    try:
        reader = TagReader(BytesIO(block))
        return max(1, reader.directory(reader.first_at).first(0xB001, 1))
    except FormatProblem:
        return 1


def _png(stream: BinaryIO) -> RawHeader:
    start = _take(stream, 33)
    checksum = int.from_bytes(start[29:], "big")
    if start[:8] != b"\x89PNG\r\n\x1a\n" or start[12:16] != b"IHDR" or zlib.crc32(start[12:29]) != checksum:
        raise FormatProblem(FrameErrorCode.DAMAGED)
    width, height, depth, colour = struct.unpack(">iiBB", start[16:26])
    _check_size(width, height)
    bits = width * height * depth * _PNG_CHANNELS.get(colour, 1)
    end = stream.seek(0, os.SEEK_END)
    if bits > 8 * _DEFLATE_RATIO * end:
        raise FormatProblem(FrameErrorCode.DAMAGED)  # seen at once; a decoder would first fill the pixels it claims
    flags = ["16_bit"] if depth == 16 else []
    alpha = colour in (4, 6)
    orientation = 0
    pages = 1
    stream.seek(8)
    while len(head := stream.read(8)) == 8:
        length, name = struct.unpack(">I4s", head)
        at = stream.tell()
        if at + length + 4 > end:  # OpenCV would first make room for what it claims, up to 4 GB
            raise FormatProblem(FrameErrorCode.DAMAGED)
        if name == b"IEND":
            break
        if name == b"tRNS":
            alpha = True
        elif name == b"acTL":
            (pages,) = struct.unpack(">I", _take(stream, 4))
        elif name == b"eXIf" and length < _MOST_EXIF:
            block = stream.read(length)
            if zlib.crc32(name + block) == int.from_bytes(stream.read(4), "big"):
                orientation = exif_orientation(block.removeprefix(b"Exif\0\0"))
        stream.seek(at + length + 4)
    return RawHeader(Kind.PNG, width, height, orientation or 1, tuple(flags + ["alpha"] * alpha), max(1, pages))


def _webp(stream: BinaryIO) -> RawHeader:
    width = height = 0
    alpha = False
    orientation = 0
    pages = 0
    stream.seek(12)
    while len(head := stream.read(8)) == 8:
        name, length = struct.unpack("<4sI", head)
        at = stream.tell()
        if name == b"VP8X":
            bits, size = struct.unpack("<B3x6s", _take(stream, 10))
            width, height = (1 + int.from_bytes(size[i : i + 3], "little") for i in (0, 3))
            alpha = bool(bits & 0x10)
        elif name == b"VP8 " and not width:
            width, height = (side & 0x3FFF for side in struct.unpack("<6xHH", _take(stream, 10)))
        elif name == b"VP8L" and not width:
            (bits,) = struct.unpack("<xI", _take(stream, 5))
            width, height, alpha = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), bool(bits >> 28 & 1)
        elif name == b"ANMF":
            pages += 1
        elif name == b"EXIF":
            orientation = exif_orientation(stream.read(min(length, _MOST_EXIF)))
        stream.seek(at + length + length % 2)
    if not width:
        raise FormatProblem(FrameErrorCode.DAMAGED)
    return RawHeader(Kind.WEBP, width, height, orientation or 1, ("alpha",) * alpha, max(1, pages))


def _gif(stream: BinaryIO) -> RawHeader:
    stream.seek(6)
    width, height, packed = struct.unpack("<HHB2x", _take(stream, 7))
    _skip_palette(stream, packed)
    pages = 0
    while (block := stream.read(1)) in (b"!", b","):
        if block == b"!":
            stream.seek(1, os.SEEK_CUR)
        else:
            pages += 1
            if len(frame := stream.read(9)) < 9:
                break
            _skip_palette(stream, frame[8])
            stream.seek(1, os.SEEK_CUR)
        while length := stream.read(1):
            if length == b"\0":
                break
            stream.seek(length[0], os.SEEK_CUR)
    return RawHeader(Kind.GIF, width, height, pages=max(1, pages))


def _skip_palette(stream: BinaryIO, packed: int) -> None:
    if packed & 0x80:
        stream.seek(3 * 2 ** ((packed & 7) + 1), os.SEEK_CUR)


def _bmp(stream: BinaryIO) -> RawHeader:
    stream.seek(14)
    (size,) = struct.unpack("<I", _take(stream, 4))
    if size == 12:
        return RawHeader(Kind.BMP, *struct.unpack("<HH", _take(stream, 4)))
    if size not in (16, 40, 52, 56, 64, 108, 124):
        raise FormatProblem(FrameErrorCode.NOT_AN_IMAGE)
    width, height = struct.unpack("<ii", _take(stream, 8))
    stream.seek(14 + 52)
    alpha = size >= 56 and any(_take(stream, 4))
    return RawHeader(Kind.BMP, width, abs(height), flags=("alpha",) * alpha)


def _pnm(stream: BinaryIO) -> RawHeader:
    head = stream.read(4096)
    text = b"\n".join(line.split(b"#", 1)[0] for line in head.splitlines())
    words = text.split(maxsplit=4)
    wanted = 3 if head[1:2] in b"14" else 4  # bitmaps have no largest value
    try:
        width, height, *most = (int(word) for word in words[1:wanted])
    except ValueError as e:
        raise FormatProblem(FrameErrorCode.NOT_AN_IMAGE) from e
    return RawHeader(Kind.PNM, width, height, flags=("16_bit",) * (bool(most) and most[0] > 255))


def _jpeg2000(stream: BinaryIO) -> RawHeader:
    if stream.read(2) == b"\xff\x4f":
        right, bottom, left, top = struct.unpack(">6xIIII", _take(stream, 22))
        stream.seek(16, os.SEEK_CUR)
        components, depth = struct.unpack(">HB", _take(stream, 3))
        return _jpeg2000_header(right - left, bottom - top, components, depth)
    at, end = 0, stream.seek(0, os.SEEK_END)
    while at < end:
        stream.seek(at)
        length, name = struct.unpack(">I4s", _take(stream, 8))
        if name == b"jp2h":  # the box that holds the others
            at += 8
            continue
        if name == b"ihdr":
            height, width, components, depth = struct.unpack(">IIHB", _take(stream, 11))
            return _jpeg2000_header(width, height, components, depth)
        if length == 1:
            (length,) = struct.unpack(">Q", _take(stream, 8))
        if length < 8:
            break
        at += length
    raise FormatProblem(FrameErrorCode.DAMAGED)


def _jpeg2000_header(width: int, height: int, components: int, depth: int) -> RawHeader:
    flags = ["16_bit"] if 8 < (depth & 0x7F) + 1 <= 16 else []
    return RawHeader(Kind.JPEG2000, width, height, flags=tuple(flags + ["alpha"] * (components in (2, 4))))


def _take(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise FormatProblem(FrameErrorCode.DAMAGED)
    return data


_MOST_STRAY_BYTES: Final = 1 << 16
_MOST_EXIF: Final = 1 << 20
_PNG_CHANNELS: Final[dict[int, int]] = {2: 3, 4: 2, 6: 4}
_DEFLATE_RATIO: Final = 1032  # the most that deflate can compress
_PARSERS: Final[dict[Kind, Callable[[BinaryIO], RawHeader]]] = {
    Kind.JPEG: _jpeg,
    Kind.PNG: _png,
    Kind.WEBP: _webp,
    Kind.BMP: _bmp,
    Kind.TIFF: tiff_header,
    Kind.JPEG2000: _jpeg2000,
    Kind.AVIF: avif_header,
    Kind.GIF: _gif,
    Kind.PNM: _pnm,
}

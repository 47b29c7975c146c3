"""Directories of tags as TIFF, BigTIFF and EXIF hold them."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, Final

from autoanno_gui.core.errors import FrameErrorCode
from autoanno_gui.imaging.formats import FormatProblem, Kind, RawHeader, unsupported

ORIENTATION: Final = 0x0112

_INTEGERS: Final[dict[int, str]] = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_MOST_VALUES: Final = 64  # more than any tag that is looked at needs
_MOST_ENTRIES: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory.

    Attributes:
        tags: the whole-number tags, each with its first values; empty where the values lie outside the file.
        places: where each tag's first value starts, in bytes from the start of the stream, and its `struct` layout.
        next_at: offset of the next directory from the base, 0 at the end of the chain.
    """

    tags: dict[int, tuple[int, ...]]
    places: dict[int, tuple[int, str]]
    next_at: int

    def first(self, tag: int, default: int = 0) -> int:
        values = self.tags.get(tag, ())
        return values[0] if values else default


class TagReader:
    """Reads the directories of one TIFF structure that starts at `base` of a stream.

    Attributes:
        order: `<` or `>`, for `struct`.
        first_at: offset of the first directory from the base.

    Raises:
        FormatProblem: `damaged` when the structure is not there or a directory lies outside the stream.
    """

    def __init__(self, stream: BinaryIO, base: int = 0) -> None:
        self._stream = stream
        self._base = base
        self._end = stream.seek(0, os.SEEK_END)
        self.order: str = {b"II": "<", b"MM": ">"}.get(self._read(0, 2), "")
        version = self._numbers("H", 2)[0] if self.order else 0
        if version not in (42, 43):
            raise FormatProblem(FrameErrorCode.DAMAGED)
        self._big: Final = version == 43
        self._offset: Final = "Q" if self._big else "I"
        self.first_at: int = self._numbers(self._offset, 8 if self._big else 4)[0]

    def directory(self, at: int) -> Directory:
        """Read the directory at an offset from the base."""
        count_size, entry_size = (8, 20) if self._big else (2, 12)
        (count,) = self._numbers("Q" if self._big else "H", at)
        if count > _MOST_ENTRIES:
            raise FormatProblem(FrameErrorCode.DAMAGED)
        start = at + count_size
        end = start + count * entry_size
        entries = self._read(start, count * entry_size)
        tags: dict[int, tuple[int, ...]] = {}
        places: dict[int, tuple[int, str]] = {}
        for entry_at in range(0, len(entries), entry_size):
            tag, kind, length = struct.unpack_from(f"{self.order}HH{self._offset}", entries, entry_at)
            if kind in _INTEGERS and tag not in tags:
                tags[tag], place = self._values(_INTEGERS[kind], length, start + entry_at + (12 if self._big else 8))
                places[tag] = (self._base + place, self.order + _INTEGERS[kind])
        has_next = self._base + end + struct.calcsize("<" + self._offset) <= self._end  # some EXIF writers leave it out
        return Directory(tags, places, self._numbers(self._offset, end)[0] if has_next else 0)

    def _values(self, kind: str, length: int, place: int) -> tuple[tuple[int, ...], int]:
        """Return a tag's first values and their place; they stand in the entry itself where they fit."""
        if struct.calcsize("<" + kind) * length > struct.calcsize("<" + self._offset):
            (place,) = self._numbers(self._offset, place)
        try:
            return self._numbers(f"{min(length, _MOST_VALUES)}{kind}", place), place
        except FormatProblem:  # only this tag is lost
            return (), place

    def _numbers(self, layout: str, at: int) -> tuple[int, ...]:
        layout = self.order + layout
        return struct.unpack(layout, self._read(at, struct.calcsize(layout)))

    def _read(self, at: int, size: int) -> bytes:
        if self._base + at + size > self._end:
            raise FormatProblem(FrameErrorCode.DAMAGED)
        self._stream.seek(self._base + at)
        return self._stream.read(size)


def exif_orientation(block: bytes) -> int:
    """Return the turn 1..8 that an EXIF block asks for; 0 when it cannot be read, says nothing, or nothing sensible.

    The value is taken as 16 bits whatever its stated type, as OpenCV does.
    """
    try:
        reader = TagReader(BytesIO(block))
        place, _ = reader.directory(reader.first_at).places.get(ORIENTATION, (0, ""))
        (value,) = struct.unpack_from(reader.order + "H", block, place) if place else (0,)
    except (FormatProblem, struct.error):
        return 0
    return value if 1 <= value <= 8 else 0


def valid_orientation(value: int) -> int:
    """Return an EXIF orientation as it stands, 1 for a value that means nothing."""
    return value if 1 <= value <= 8 else 1


def tiff_header(stream: BinaryIO) -> RawHeader:
    """Read what a TIFF says about its first page, and how many pages there are."""
    reader = TagReader(stream)
    page = reader.directory(reader.first_at)
    if _DNG_VERSION in page.tags:
        raise FormatProblem(FrameErrorCode.UNSUPPORTED_FORMAT, unsupported("A raw photo (DNG)"))
    compression = page.first(_COMPRESSION, 1)
    if compression in _UNSUPPORTED_COMPRESSION:
        name = f"TIFF with {_UNSUPPORTED_COMPRESSION[compression]} compression"
        raise FormatProblem(FrameErrorCode.UNSUPPORTED_FORMAT, unsupported(name))
    if not page.tags.get(_WIDTH) or not page.tags.get(_HEIGHT):
        raise FormatProblem(FrameErrorCode.DAMAGED)
    return RawHeader(
        Kind.TIFF,
        page.first(_WIDTH),
        page.first(_HEIGHT),
        valid_orientation(page.first(ORIENTATION, 1)),
        _pixel_flags(page),
        _count_pages(reader, page),
        page.places.get(ORIENTATION),
        None if compression in _USUAL_COMPRESSION else f"TIFF with compression {compression}",
    )


def _pixel_flags(page: Directory) -> tuple[str, ...]:
    bits = max(page.tags.get(_BITS, ()), default=1)
    extra = len(page.tags.get(_EXTRA_SAMPLES, ()))
    samples = page.first(_SAMPLES, 1)
    flags = []
    if page.first(_SAMPLE_FORMAT, 1) == 3:
        flags.append("float")
    elif bits > 8:
        flags.append("16_bit" if bits <= 16 else "32_bit")
    if page.first(_PHOTOMETRIC) == 5:
        flags.append("cmyk")
    if samples > 4:
        flags.append(f"channels:{samples}")
    elif extra:
        flags.append("alpha")
    return tuple(flags)


def _count_pages(reader: TagReader, first: Directory) -> int:
    """Count the pages of full size; masks and smaller versions of a page are none."""
    pages = 1
    at = first.next_at
    seen = {reader.first_at}
    while at and at not in seen and len(seen) < _MOST_PAGES:
        seen.add(at)
        try:
            page = reader.directory(at)
        except FormatProblem:  # the first page may still be whole
            break
        pages += not page.first(_SUBFILE) & 5
        at = page.next_at
    return pages


_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 256, 257, 258, 259, 262
_SAMPLES, _EXTRA_SAMPLES, _SAMPLE_FORMAT, _DNG_VERSION = 277, 338, 339, 50706
_MOST_PAGES: Final = 10_000
_USUAL_COMPRESSION: Final = frozenset({1, 2, 3, 4, 5, 7, 8, 32773, 32946})
_UNSUPPORTED_COMPRESSION: Final[dict[int, str]] = {
    33003: "JPEG 2000",
    33005: "JPEG 2000",
    34712: "JPEG 2000",
    34887: "LERC",
    34925: "LZMA",
    50000: "Zstandard",
    50001: "WebP",
    50002: "JPEG XL",
}

"""Which files count as frames, and what a file is by its first bytes: names only say what it should be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from autoanno_gui.core.errors import FrameErrorCode


class Kind(StrEnum):
    """A format that can be decoded; the value is its usual file name ending."""

    JPEG = "jpg"
    PNG = "png"
    WEBP = "webp"
    BMP = "bmp"
    TIFF = "tif"
    JPEG2000 = "jp2"
    AVIF = "avif"
    GIF = "gif"
    PNM = "pnm"


_SUFFIXES: Final[dict[str, frozenset[str]]] = {
    Kind.JPEG: frozenset({"jpg", "jpeg", "jpe", "jfif", "mpo"}),
    Kind.PNG: frozenset({"png", "apng"}),
    Kind.WEBP: frozenset({"webp"}),
    Kind.BMP: frozenset({"bmp", "dib"}),
    Kind.TIFF: frozenset({"tif", "tiff"}),
    Kind.JPEG2000: frozenset({"jp2", "j2k", "j2c", "jpc", "jpf", "jpx"}),
    Kind.AVIF: frozenset({"avif", "avifs"}),
    Kind.GIF: frozenset({"gif"}),
    Kind.PNM: frozenset({"pnm", "pbm", "pgm", "ppm"}),
}

IMAGE_SUFFIXES: Final = frozenset({"dng", "heic", "heif", "hif", "jxl"}.union(*_SUFFIXES.values()))
"""Lower-case endings of the files that a scan lists. The first five are listed only to be refused by name."""

HEAD_BYTES: Final = 64
"""How many bytes of a file `sniff` looks at."""


@dataclass(frozen=True, slots=True)
class RawHeader:
    """A header as the file has it.

    Attributes:
        width, height: pixels as stored, before the turn.
        orientation: EXIF orientation 1..8.
        flags: remarks on the pixels: `16_bit`, `32_bit`, `float`, `alpha`, `cmyk`, `channels:N`.
        pages: pictures in the file, of which the first is shown.
        turn_at: place and `struct` layout of a TIFF's orientation, None where the decoder can be told not to turn.
        rare: names an unusual coding, should the decoder refuse the file.
    """

    kind: Kind
    width: int
    height: int
    orientation: int = 1
    flags: tuple[str, ...] = ()
    pages: int = 1
    turn_at: tuple[int, str] | None = None
    rare: str | None = None

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height in pixels after the turn."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)


class FormatProblem(Exception):
    """Why some bytes give no picture; becomes a `FrameError` where the file's name is known."""

    def __init__(self, code: FrameErrorCode, detail: str | None = None) -> None:
        super().__init__(detail or code.value)
        self.code: Final = code
        self.detail: Final = detail


def suffix_of(name: str) -> str:
    """Return a file name's ending in lower case without the dot, empty without one."""
    return name[name.rfind(".") + 1 :].lower() if "." in name else ""


def name_mismatch(suffix: str, kind: Kind) -> str | None:
    """Return the flag `named_as:png_is:jpg` when the ending belongs to another format, else None."""
    return None if not suffix or suffix in _SUFFIXES[kind] else f"named_as:{suffix}_is:{kind}"


def sniff(head: bytes) -> Kind:
    """Return the format that a file's first `HEAD_BYTES` show.

    Raises:
        FormatProblem: `unsupported_format` for a known one that is not decoded, `not_an_image` for anything else,
            `damaged` for zeros or a cut-off signature.
    """
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Kind.WEBP
    if head[4:8] == b"ftyp":
        return _sniff_container(head)
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3] in b" \t\r\n#":
        return Kind.PNM
    for signature, name in _UNSUPPORTED:
        if head.startswith(signature):
            raise FormatProblem(FrameErrorCode.UNSUPPORTED_FORMAT, unsupported(name))
    if not head.strip(b"\0"):
        raise FormatProblem(FrameErrorCode.DAMAGED, "The file begins with zeros only; copy it again from its source.")
    if any(signature.startswith(head) for signature, _ in _SIGNATURES):
        raise FormatProblem(FrameErrorCode.DAMAGED)
    raise FormatProblem(FrameErrorCode.NOT_AN_IMAGE, _what_instead(head))


def unsupported(name: str) -> str:
    """Return the sentence for a format that is known but not decoded."""
    return f"{name} is not supported; convert the file to JPEG or PNG."


_SIGNATURES: Final[tuple[tuple[bytes, Kind], ...]] = (
    (b"\xff\xd8", Kind.JPEG),
    (b"\x89PNG", Kind.PNG),  # the rest of it shows whether a transfer changed line ends: damaged, not something else
    (b"GIF87a", Kind.GIF),
    (b"GIF89a", Kind.GIF),
    (b"BM", Kind.BMP),
    (b"II*\0", Kind.TIFF),
    (b"MM\0*", Kind.TIFF),
    (b"II+\0", Kind.TIFF),
    (b"MM\0+", Kind.TIFF),
    (b"\0\0\0\x0cjP  \r\n\x87\n", Kind.JPEG2000),
    (b"\xff\x4f\xff\x51", Kind.JPEG2000),
)

_UNSUPPORTED: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"8BPS", "A Photoshop document"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"#?RGBE", "Radiance HDR"),
    (b"PF\n", "A floating point map (PFM)"),
    (b"Pf\n", "A floating point map (PFM)"),
    (b"P7\n", "A portable arbitrary map (PAM)"),
    (b"\0\0\1\0", "A Windows icon"),
    (b"DDS ", "A DirectDraw surface (DDS)"),
    (b"qoif", "QOI"),
    (b"<svg", "SVG"),
    (b"SIMPLE  =", "FITS"),
)

_HEIC: Final = (
    "This is a HEIC photo, which is not supported; convert it to JPEG or PNG"
    " (an iPhone saves JPEG with Settings > Camera > Formats > Most Compatible)."
)
_HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})


def _sniff_container(head: bytes) -> Kind:
    """Tell apart what shares the ISO container: AVIF, HEIC, camera raw, and films."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12]} | {head[at : at + 4] for at in range(16, end - 3, 4)}
    if brands & _AVIF_BRANDS:
        return Kind.AVIF
    if brands & _HEIC_BRANDS or brands & {b"mif1", b"msf1"}:
        raise FormatProblem(FrameErrorCode.UNSUPPORTED_FORMAT, _HEIC)
    if b"crx " in brands:
        raise FormatProblem(FrameErrorCode.UNSUPPORTED_FORMAT, unsupported("A Canon raw photo (CR3)"))
    raise FormatProblem(FrameErrorCode.NOT_AN_IMAGE, "The file is a video; take frames out of it first.")


def _what_instead(head: bytes) -> str | None:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(b"version https://git-lfs"):
        return "The file is a Git LFS pointer instead of the picture; run 'git lfs pull'."
    if text.startswith((b"<!doctype html", b"<html")):
        return "The file is a web page saved under an image's name; download the picture again."
    return None

"""What is refused, and with which code and sentence."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from autoanno_gui.core.errors import FrameError, FrameErrorCode
from autoanno_gui.core.records import FrameHeader
from autoanno_gui.imaging.decode import read_frame, read_header, read_preview
from autoanno_gui.imaging.headers import MAX_PIXELS
from tests.unit.imaging.pictures import UPRIGHT, corners, encode, encode_with_pillow, noisy, put, scene


def refusals(root: Path, path: str) -> set[FrameErrorCode]:
    """Return the codes with which the two decoding ways refuse a file."""
    codes = set()
    for read in (read_frame, lambda root, path: read_preview(root, path, width=40, height=30)):
        with pytest.raises(FrameError) as caught:
            read(root, path)
        assert caught.value.path == path
        assert str(caught.value).startswith(path)
        codes.add(caught.value.code)
    return codes


# ------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("suffix", "data"),
    [
        ("jpg", encode(noisy(), ".jpg")),
        ("jpg", encode(noisy(), ".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1)),
        ("jpg", encode(noisy(), ".jpg", cv2.IMWRITE_JPEG_RST_INTERVAL, 2)),
        ("jpg", encode_with_pillow(Image.fromarray(noisy()).convert("CMYK"), "JPEG")),
        ("png", encode(noisy(), ".png")),
        ("webp", encode(noisy(), ".webp")),
        ("bmp", encode(noisy(), ".bmp")),
        ("tif", encode(noisy(), ".tif")),
        ("jp2", encode(noisy(), ".jp2")),
        ("ppm", encode(noisy(), ".ppm")),
        ("gif", encode_with_pillow(Image.fromarray(noisy()).quantize(64), "GIF")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("share", [0.2, 0.6, 0.97])
def test_a_file_cut_short_is_damaged(tmp_path: Path, suffix: str, data: bytes, share: float) -> None:
    path = put(tmp_path, f"a.{suffix}", data)
    read_frame(tmp_path, path)
    put(tmp_path, path, data[: int(len(data) * share)])
    assert refusals(tmp_path, path) == {FrameErrorCode.DAMAGED}


def test_a_jpeg_without_its_end_mark_or_with_a_false_one_is_damaged(tmp_path: Path) -> None:
    data = encode(noisy(), ".jpg")
    assert refusals(tmp_path, put(tmp_path, "a.jpg", data[:-2])) == {FrameErrorCode.DAMAGED}
    middle = len(data) * 3 // 5
    early = data[:middle] + b"\xff\xd9" + data[middle + 2 :]
    assert refusals(tmp_path, put(tmp_path, "b.jpg", early)) == {FrameErrorCode.DAMAGED}


def test_a_jpeg_with_faults_that_trainers_pass_over_is_shown_with_a_remark(tmp_path: Path) -> None:
    data = bytearray(encode(noisy(320, 240), ".jpg"))
    middle = len(data) // 2
    data[middle : middle + 30] = bytes(30)
    reference = cv2.imdecode(np.frombuffer(bytes(data), np.uint8), cv2.IMREAD_COLOR)
    assert reference is not None
    path = put(tmp_path, "a.jpg", bytes(data))
    frame = read_frame(tmp_path, path)
    assert np.array_equal(frame.pixels, reference)
    assert frame.header.flags == ("damaged_data",)
    assert read_preview(tmp_path, path, width=50, height=50).header == frame.header


def test_a_jpeg_with_data_behind_it_is_good(tmp_path: Path) -> None:
    data = encode(noisy(), ".jpg")
    frame = read_frame(tmp_path, put(tmp_path, "a.jpg", data + b"\0" * 300 + b"maker"))
    assert np.array_equal(frame.pixels, read_frame(tmp_path, put(tmp_path, "b.jpg", data)).pixels)
    assert frame.header.flags == ()


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 40
DNG = encode_with_pillow(scene(), "TIFF", tiffinfo={50706: b"\x01\x04\0\0"})


@pytest.mark.parametrize(
    ("name", "data", "code", "says"),
    [
        ("a.heic", HEIC, "unsupported_format", "HEIC"),
        ("a.jpg", HEIC.replace(b"ftypheic", b"ftypmif1"), "unsupported_format", "HEIC"),
        ("a.dng", DNG, "unsupported_format", "DNG"),
        ("a.jxl", b"\xff\x0a" + bytes(range(60)), "unsupported_format", "JPEG XL"),
        ("a.png", b"8BPS" + bytes(60), "unsupported_format", "Photoshop"),
        ("a.jpg", b"<!DOCTYPE html><p>Not found", "not_an_image", "web page"),
        ("a.jpg", b"version https://git-lfs.github.com/spec/v1\n", "not_an_image", "git lfs pull"),
        ("a.jpg", b"\0\0\0\x18ftypisom\0\0\0\0isommp42", "not_an_image", "video"),
        ("a.jpg", b"BM is how this text begins, oddly", "not_an_image", "something else"),
        ("a.jpg", b"P5 as well", "not_an_image", "something else"),
        ("a.jpg", b"plain text", "not_an_image", "something else"),
        ("a.jpg", bytes(5000), "damaged", "zeros"),
        ("a.jpg", b"\xff\xd8\xff", "damaged", "damaged"),
        ("a.png", b"\x89P", "damaged", "damaged"),
        ("a.png", encode(scene(), ".png").replace(b"\r\n", b"\n"), "damaged", "damaged"),
        ("a.tif", encode(scene(), ".tif")[:8], "damaged", "damaged"),
        ("a.jpg", b"", "empty_file", "empty"),
    ],
)
def test_refusals_name_the_reason(tmp_path: Path, name: str, data: bytes, code: str, says: str) -> None:
    path = put(tmp_path, name, data)
    assert refusals(tmp_path, path) == {FrameErrorCode(code)}
    with pytest.raises(FrameError, match=says) as caught:
        read_header(tmp_path, path)
    assert caught.value.code == code


def test_compressed_tiffs_that_the_trainer_cannot_read_are_named(tmp_path: Path) -> None:
    data = bytearray(encode_with_pillow(scene(), "TIFF", compression="packbits"))
    at = data.index(b"\x03\x01\x03\x00\x01\x00\x00\x00\x05\x80")  # the compression tag
    data[at + 8 : at + 10] = (50000).to_bytes(2, "little")
    path = put(tmp_path, "a.tif", bytes(data))
    assert refusals(tmp_path, path) == {FrameErrorCode.UNSUPPORTED_FORMAT}
    with pytest.raises(FrameError, match="Zstandard"):
        read_header(tmp_path, path)


def png_header(width: int, height: int) -> bytes:
    """Return a small PNG whose header claims another size, with a right checksum."""
    chunk = b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\0\0\0"
    rest = encode(scene(), ".png")[33:]
    return b"\x89PNG\r\n\x1a\n\0\0\0\x0d" + chunk + zlib.crc32(chunk).to_bytes(4, "big") + rest


def bmp_header(width: int, height: int) -> bytes:
    data = bytearray(encode(scene(), ".bmp"))
    data[18:26] = width.to_bytes(4, "little", signed=True) + height.to_bytes(4, "little", signed=True)
    return bytes(data)


def jpeg_header(width: int, height: int) -> bytes:
    data = bytearray(encode(scene(), ".jpg"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return bytes(data)


def test_sizes_are_judged_from_the_header(tmp_path: Path) -> None:
    cases = {
        "bomb.png": (png_header(60000, 60000), FrameErrorCode.TOO_LARGE),
        "bomb.jpg": (jpeg_header(65500, 65500), FrameErrorCode.TOO_LARGE),
        "strip.png": (png_header(2_000_000, 1), FrameErrorCode.TOO_LARGE),
        "none.png": (png_header(0, 40), FrameErrorCode.BAD_DIMENSIONS),
        "none.jpg": (jpeg_header(40, 0), FrameErrorCode.BAD_DIMENSIONS),
        "negative.bmp": (bmp_header(-5, 40), FrameErrorCode.BAD_DIMENSIONS),
        "over.bmp": (bmp_header(20_001, 10_000), FrameErrorCode.TOO_LARGE),
        "lie.png": (png_header(14_000, 14_000), FrameErrorCode.DAMAGED),
        "chunk.png": (encode(scene(), ".png")[:33] + b"\xff\xff\xff\xf0IDAT" + bytes(100), FrameErrorCode.DAMAGED),
    }
    for name, (data, code) in cases.items():
        with pytest.raises(FrameError) as caught:
            read_header(tmp_path, put(tmp_path, name, data))
        assert (name, caught.value.code) == (name, code)
        assert refusals(tmp_path, name) == {code}
    assert MAX_PIXELS == 200_000_000
    assert read_header(tmp_path, put(tmp_path, "limit.bmp", bmp_header(20_000, -10_000))) == FrameHeader(20_000, 10_000)


# ------------------------------------------------------------------------------------------------ files


def test_files_that_are_not_there(tmp_path: Path) -> None:
    assert refusals(tmp_path, "nowhere/a.jpg") == {FrameErrorCode.MISSING}
    assert refusals(tmp_path, "../a.jpg") == {FrameErrorCode.MISSING}
    assert refusals(tmp_path, r"\ud800.jpg") == {FrameErrorCode.MISSING}
    (tmp_path / "folder.jpg").mkdir()
    assert refusals(tmp_path, "folder.jpg") <= {FrameErrorCode.NOT_AN_IMAGE, FrameErrorCode.UNREADABLE}


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX links and pipes")
def test_links_and_pipes(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", encode(scene(), ".jpg"))
    (tmp_path / "good.jpg").symlink_to("a.jpg")
    (tmp_path / "gone.jpg").symlink_to("b.jpg")
    (tmp_path / "round.jpg").symlink_to("round.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    assert corners(read_frame(tmp_path, "good.jpg").pixels) == UPRIGHT
    assert refusals(tmp_path, "gone.jpg") == refusals(tmp_path, "round.jpg") == {FrameErrorCode.MISSING_TARGET}
    assert refusals(tmp_path, "pipe.jpg") == {FrameErrorCode.NOT_AN_IMAGE}


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permissions do not hold for the superuser")
def test_a_file_without_read_permission(tmp_path: Path) -> None:
    path = put(tmp_path, "a.jpg", encode(scene(), ".jpg"))
    (tmp_path / path).chmod(0)
    assert refusals(tmp_path, path) == {FrameErrorCode.UNREADABLE}

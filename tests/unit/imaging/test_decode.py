from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, features

from autoanno_gui.core.errors import FrameError, FrameErrorCode
from autoanno_gui.core.records import FrameHeader
from autoanno_gui.imaging.decode import read_frame, read_header, read_preview, to_bgra
from autoanno_gui.imaging.scan import scan_folder
from tests.unit.imaging.pictures import UPRIGHT, corners, encode, encode_with_pillow, noisy, put, scene, turned_file

FORMATS = [
    ("JPEG", "jpg", {"quality": 95}),
    ("PNG", "png", {}),
    ("WEBP", "webp", {"lossless": True}),
    ("TIFF", "tif", {}),
    ("TIFF", "lzw.tif", {"compression": "tiff_lzw"}),
    pytest.param(
        "AVIF",
        "avif",
        {"quality": 95},
        marks=pytest.mark.skipif(not features.check("avif"), reason="Pillow lacks AVIF"),
    ),
]


# ------------------------------------------------------------------------------------------------ turn


@pytest.mark.parametrize(("file_format", "suffix", "options"), FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_of_every_format_is_shown_upright(
    tmp_path: Path, file_format: str, suffix: str, options: dict[str, Any], orientation: int
) -> None:
    path = put(tmp_path, f"a.{suffix}", turned_file(scene(96, 64), file_format, orientation, **options))
    frame = read_frame(tmp_path, path)
    assert frame.pixels.shape == (64, 96, 3)
    assert frame.pixels.dtype == np.uint8
    assert frame.pixels.flags.c_contiguous
    assert corners(frame.pixels) == UPRIGHT
    assert frame.header == read_header(tmp_path, path) == FrameHeader(96, 64)
    preview = read_preview(tmp_path, path, width=48, height=48)
    assert preview.pixels.shape == (32, 48, 4)
    assert preview.pixels.flags.c_contiguous
    assert corners(preview.pixels) == UPRIGHT
    assert preview.header == frame.header


def test_memory_that_is_out_while_turning_is_the_frames_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def rotate(*_: object) -> None:
        error = cv2.error("Failed to allocate 1234567890 bytes")
        error.code = -4
        raise error

    path = put(tmp_path, "a.png", turned_file(scene(), "PNG", 6))
    monkeypatch.setattr(cv2, "rotate", rotate)
    with pytest.raises(FrameError, match="does not fit into the memory") as caught:
        read_frame(tmp_path, path)
    assert caught.value.code is FrameErrorCode.TOO_LARGE


def test_a_late_exif_chunk_of_a_png_counts(tmp_path: Path) -> None:
    turned = turned_file(scene(), "PNG", 6)
    at = turned.index(b"eXIf") - 4
    length = 12 + int.from_bytes(turned[at : at + 4], "big")
    late = turned[:at] + turned[at + length : -12] + turned[at : at + length] + turned[-12:]
    path = put(tmp_path, "a.png", late)
    assert corners(read_frame(tmp_path, path).pixels) == UPRIGHT
    assert read_header(tmp_path, path) == FrameHeader(96, 64)


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_an_orientation_that_means_nothing_turns_nothing(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    for file_format, suffix in (("JPEG", "jpg"), ("PNG", "png")):
        data = encode_with_pillow(scene(), file_format, exif=exif.tobytes())
        assert corners(read_frame(tmp_path, put(tmp_path, f"a.{suffix}", data)).pixels) == UPRIGHT


def test_big_tiff_is_turned_too(tmp_path: Path) -> None:
    path = put(tmp_path, "a.tif", turned_file(scene(), "TIFF", 8, big_tiff=True))
    assert corners(read_frame(tmp_path, path).pixels) == UPRIGHT


# ------------------------------------------------------------------------------------------------ identity


def test_hash_and_fingerprint_are_those_of_the_file(tmp_path: Path) -> None:
    data = encode(noisy(), ".jpg")
    path = put(tmp_path, "a.jpg", data)
    frame = read_frame(tmp_path, path)
    (scanned,) = next(scan_folder(tmp_path))
    assert frame.sha256 == hashlib.sha256(data).hexdigest()
    assert frame.fingerprint == (scanned.bytes, scanned.mtime_ns) == (len(data), os.stat(tmp_path / path).st_mtime_ns)
    assert read_preview(tmp_path, path, width=10, height=10).fingerprint == frame.fingerprint


@pytest.mark.parametrize("quality", [40, 95])
@pytest.mark.parametrize("size", [(640, 480), (641, 359), (17, 11)])
def test_jpeg_pixels_equal_opencv(tmp_path: Path, quality: int, size: tuple[int, int]) -> None:
    data = encode(noisy(*size), ".jpg", cv2.IMWRITE_JPEG_QUALITY, quality)
    path = put(tmp_path, "a.jpg", data)
    reference = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert reference is not None
    assert np.array_equal(read_frame(tmp_path, path).pixels, reference)


# ------------------------------------------------------------------------------------------------ depth and channels


def test_narrow_16_bit_values_are_stretched(tmp_path: Path) -> None:
    deep = np.full((60, 80), 900, np.uint16)
    deep[20:40, 20:60] = 1900
    deep[0, 0] = 65535  # one hot pixel does not set the range
    for name in ("a.png", "a.tif"):
        frame = read_frame(tmp_path, put(tmp_path, name, encode(deep, name[1:])))
        assert frame.header.flags == ("16_bit", "stretched:900..1900")
        assert tuple(frame.pixels[50, 70]) == (0, 0, 0)
        assert tuple(frame.pixels[30, 30]) == (255, 255, 255)
        assert read_header(tmp_path, name).flags == ("16_bit",)
        preview = read_preview(tmp_path, name, width=40, height=40)
        assert preview.header == frame.header
        assert tuple(preview.pixels[15, 15]) == (255, 255, 255, 255)


def test_wide_16_bit_values_keep_the_high_byte_as_a_trainer_does(tmp_path: Path) -> None:
    pixels = noisy()
    pixels[0, 0], pixels[-1, -1] = 0, 255
    frame = read_frame(tmp_path, put(tmp_path, "a.png", encode(pixels.astype(np.uint16) * 256 + 77, ".png")))
    assert frame.header.flags == ("16_bit",)
    assert np.array_equal(frame.pixels, pixels)


def test_a_small_object_on_flat_16_bit_ground_is_seen(tmp_path: Path) -> None:
    deep = np.full((200, 200), 3000, np.uint16)
    deep[100:103, 100:103] = 3100
    frame = read_frame(tmp_path, put(tmp_path, "a.png", encode(deep, ".png")))
    assert tuple(frame.pixels[101, 101]) == (255, 255, 255)
    assert tuple(frame.pixels[0, 0]) == (0, 0, 0)


def test_a_flat_16_bit_picture_does_not_divide_by_zero(tmp_path: Path) -> None:
    frame = read_frame(tmp_path, put(tmp_path, "a.png", encode(np.full((20, 20), 0x4000, np.uint16), ".png")))
    assert (frame.pixels == 0x40).all()


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int16, np.int32])
def test_other_depths_are_stretched_and_flagged(tmp_path: Path, kind: type[np.generic]) -> None:
    ramp = np.tile(np.linspace(-100, 100, 64), (48, 1)).astype(kind)
    frame = read_frame(tmp_path, put(tmp_path, "a.tif", encode(ramp, ".tif")))
    row = frame.pixels[10, :, 0].astype(int)
    assert (row[0], row[-1]) == (0, 255)
    assert (np.diff(row) >= 0).all()
    wanted = {np.float32: "float", np.float64: "float", np.int16: "16_bit", np.int32: "32_bit"}
    assert frame.header.flags == (wanted[kind], "stretched:-100..100")


def test_values_that_are_no_numbers_do_not_spoil_the_range(tmp_path: Path) -> None:
    values = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (48, 1))
    values[5, 5], values[6, 6], values[7, 7] = np.nan, np.inf, -np.inf
    frame = read_frame(tmp_path, put(tmp_path, "a.tif", encode(values, ".tif")))
    assert frame.header.flags[1] == "stretched:0..1"
    assert [int(frame.pixels[i, i, 0]) for i in (5, 6, 7)] == [0, 255, 0]
    assert frame.pixels[20, 63, 0] == 255
    empty = read_frame(tmp_path, put(tmp_path, "b.tif", encode(np.full((20, 20), np.nan, np.float32), ".tif")))
    assert (empty.pixels == 0).all()


def test_colours_of_palette_alpha_grey_and_cmyk(tmp_path: Path) -> None:
    rgb = Image.fromarray(np.ascontiguousarray(scene()[..., ::-1]))
    clear = rgb.convert("RGBA")
    clear.putalpha(0)
    made = {
        "palette.png": (encode_with_pillow(rgb.quantize(16), "PNG"), ()),
        "palette_clear.png": (encode_with_pillow(rgb.quantize(16), "PNG", transparency=0), ("alpha",)),
        "clear.png": (encode_with_pillow(clear, "PNG"), ("alpha",)),
        "clear.webp": (encode_with_pillow(clear, "WEBP", lossless=True, exact=True), ("alpha",)),
        "print.jpg": (encode_with_pillow(rgb.convert("CMYK"), "JPEG", quality=95), ("cmyk",)),
        "print.tif": (encode_with_pillow(rgb.convert("CMYK"), "TIFF"), ("cmyk",)),
        "32.bmp": (encode_with_pillow(rgb.convert("RGBA"), "BMP"), ()),
        "a.jp2": (encode_with_pillow(rgb, "JPEG2000"), ()),
        "a.j2k": (encode_with_pillow(rgb, "JPEG2000", no_jp2=True), ()),
        "a.ppm": (encode_with_pillow(rgb, "PPM"), ()),
        "a.gif": (encode_with_pillow(rgb.quantize(16), "GIF"), ()),
    }
    for name, (data, flags) in made.items():
        frame = read_frame(tmp_path, put(tmp_path, name, data))
        assert (name, corners(frame.pixels)) == (name, UPRIGHT)
        assert (name, frame.header) == (name, FrameHeader(96, 64, flags))
        assert read_header(tmp_path, name) == frame.header
    grey = read_frame(tmp_path, put(tmp_path, "grey.jpg", encode_with_pillow(rgb.convert("L"), "JPEG")))
    assert grey.pixels.shape == (64, 96, 3)
    assert (grey.pixels[..., 0] == grey.pixels[..., 2]).all()


def test_further_pages_and_frames_are_named(tmp_path: Path) -> None:
    first = Image.fromarray(np.ascontiguousarray(scene()[..., ::-1]))
    more = {"save_all": True, "append_images": [first.rotate(180), first.rotate(90)]}
    for file_format, name in (
        ("TIFF", "a.tif"),
        ("WEBP", "a.webp"),
        ("PNG", "a.png"),
        ("GIF", "a.gif"),
        ("MPO", "a.mpo"),
    ):
        frame = read_frame(tmp_path, put(tmp_path, name, encode_with_pillow(first, file_format, **more)))
        assert (name, corners(frame.pixels)) == (name, UPRIGHT)
        assert (name, frame.header.flags[-1]) == (name, "multi_page:3")
    # A phone's photo with a depth map behind it is one picture to everybody.
    assert read_header(tmp_path, put(tmp_path, "b.jpg", encode_with_pillow(first, "MPO", **more))).flags == ()


def test_name_mismatch_and_small_size_are_remarks(tmp_path: Path) -> None:
    assert read_frame(tmp_path, put(tmp_path, "a.jpg", encode(scene(), ".png"))).header.flags == (
        "named_as:jpg_is:png",
    )
    assert read_frame(tmp_path, put(tmp_path, "a.JPEG", encode(scene(), ".jpg"))).header.flags == ()
    assert read_frame(tmp_path, put(tmp_path, "b.png", encode(scene(9, 30), ".png"))).header.flags == ("too_small",)
    assert read_frame(tmp_path, put(tmp_path, "c.png", encode(scene(10, 10), ".png"))).header.flags == ()


# ------------------------------------------------------------------------------------------------ previews


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize(
    ("size", "room", "wanted"),
    [
        ((1920, 1080), (1656, 930), (1653, 930)),
        ((640, 480), (1656, 930), (640, 480)),
        ((1000, 500), (100, 100), (100, 50)),
        ((500, 1000), (100, 100), (50, 100)),
        ((1200, 10), (60, 60), (60, 1)),
        ((300, 200), (0, 0), (1, 1)),
    ],
)
def test_a_preview_just_fits_and_is_never_enlarged(
    tmp_path: Path, suffix: str, size: tuple[int, int], room: tuple[int, int], wanted: tuple[int, int]
) -> None:
    path = put(tmp_path, f"a{suffix}", encode(noisy(*size), suffix))
    preview = read_preview(tmp_path, path, width=room[0], height=room[1])
    assert preview.pixels.shape == (wanted[1], wanted[0], 4)
    assert (preview.pixels[..., 3] == 255).all()
    assert (preview.header.width, preview.header.height) == size


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_preview_looks_like_the_frame(tmp_path: Path, suffix: str) -> None:
    pixels = np.asarray(cv2.GaussianBlur(noisy(800, 600), (0, 0), 6), np.uint8)
    path = put(tmp_path, f"a{suffix}", encode(pixels, suffix))
    frame = read_frame(tmp_path, path).pixels
    assert np.array_equal(read_preview(tmp_path, path, width=800, height=900).pixels, to_bgra(frame))
    for width in (700, 333, 120):
        preview = read_preview(tmp_path, path, width=width, height=900).pixels[..., :3]
        reference = cv2.resize(frame, preview.shape[1::-1], interpolation=cv2.INTER_AREA)
        assert np.abs(preview.astype(int) - reference).mean() < 1.5


# ------------------------------------------------------------------------------------------------ anything else

_SAMPLES = [
    ("a.jpg", turned_file(noisy(40, 30), "JPEG", 6)),
    ("a.png", turned_file(noisy(40, 30), "PNG", 6)),
    ("a.webp", turned_file(noisy(40, 30), "WEBP", 6)),
    ("a.tif", turned_file(noisy(40, 30), "TIFF", 6, compression="tiff_lzw")),
    ("a.bmp", encode(noisy(40, 30), ".bmp")),
    ("a.jp2", encode_with_pillow(noisy(40, 30), "JPEG2000")),
    ("a.gif", encode_with_pillow(Image.fromarray(noisy(40, 30)).quantize(32), "GIF")),
    ("a.pgm", encode(noisy(40, 30)[..., 0], ".pgm")),
]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sample=st.sampled_from(_SAMPLES),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4),
    early=st.booleans(),
    keep=st.floats(0.02, 1.0),
)
def test_whatever_the_bytes_a_frame_opens_or_is_refused_alike_by_both_ways(
    tmp_path: Path, sample: tuple[str, bytes], changes: list[tuple[float, int]], early: bool, keep: float
) -> None:
    name, good = sample
    data = bytearray(good)
    for place, value in changes:
        data[int(place * (min(200, len(data)) if early else len(data)))] = value
    put(tmp_path, name, bytes(data[: max(1, int(keep * len(data)))]))
    outcomes: list[FrameHeader | FrameErrorCode] = []
    for read in (read_frame, lambda root, path: read_preview(root, path, width=20, height=20)):
        try:
            outcomes.append(read(tmp_path, name).header)
        except FrameError as error:
            outcomes.append(error.code)
    assert outcomes[0] == outcomes[1]

"""Looks: what is one picture stays close together, what are two does not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from autoanno_gui.core.diversity import FULL_DISTANCE, NEAR_DUPLICATE
from autoanno_gui.core.errors import FrameError, FrameErrorCode
from autoanno_gui.imaging.similarity import LOOK_BYTES, LOOK_VERSION, look_of, read_look
from tests.unit.imaging.pictures import encode, noisy, put, scene, turned_file

Pixels = NDArray[np.uint8]

CHANGES: list[Callable[[Pixels], Pixels]] = [
    lambda picture: cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 50])[1], cv2.IMREAD_COLOR),
    lambda picture: cv2.resize(picture, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA),
    lambda picture: cv2.add(picture, (10, 10, 10, 0)),
]


def apart(one: Pixels, other: Pixels) -> float:
    """Return the distance of two looks as the queue counts it, 0..1."""
    return float(np.linalg.norm(one.astype(np.float64) - other)) / FULL_DISTANCE


def test_a_look_is_a_few_dozen_bytes_that_begin_with_their_version() -> None:
    look = look_of(scene())
    assert (look.shape, look.dtype) == ((LOOK_BYTES,), np.uint8)
    assert look[0] == LOOK_VERSION
    assert LOOK_BYTES < 64


def test_values_of_plain_pictures() -> None:
    """What is even has no frequencies but its means."""
    grey = look_of(np.full((40, 60, 3), 128, np.uint8))
    assert grey[1:].tolist() == [128] * 56
    white = look_of(np.full((40, 60, 3), 255, np.uint8))
    assert white[1] == 128 + 64  # half a unit above the middle, weighed by a half, at 256 steps a unit
    assert set(white[2:].tolist()) == {128}
    blue = look_of(np.full((40, 60, 3), (255, 0, 0), np.uint8))
    assert blue[37] < 128 < blue[47]  # less red than grey, more blue
    assert set(np.delete(blue[1:], [0, 36, 46]).tolist()) == {128}


def test_a_half_of_light_shows_in_the_frequency_across_it() -> None:
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:, 32:] = 255
    across = look_of(picture)[1:37].astype(int) - 128
    assert np.abs(across).argmax() == 1  # after the mean: (0, 1), one half wave to the right
    assert across[1] < 0
    assert look_of(picture[:, ::-1])[2] == 128 - across[1]
    down = look_of(picture.transpose(1, 0, 2).copy())[1:37].astype(int) - 128
    assert np.abs(down).argmax() == 8  # (1, 0), the first of the second row
    # As strong as contrast makes any picture, less what noise is given; the finer ones share it.
    assert 0.9 * 64 < np.linalg.norm(across[1:]) < 64


@pytest.mark.parametrize("change", CHANGES, ids=["quality 50", "scaled to 80 %", "brighter by 10"])
def test_the_same_photo_stays_close_and_others_are_far(shared: Path, change: Callable[[Pixels], Pixels]) -> None:
    files = sorted((shared / "data" / "coco128" / "images" / "train2017").glob("*.jpg"))[:40]
    if len(files) < 40:
        pytest.skip("the photos are not in the shared folder")
    photos = [cv2.imread(str(file)) for file in files]
    looks = [look_of(photo) for photo in photos]
    assert max(apart(look, look_of(change(photo))) for look, photo in zip(looks, photos, strict=True)) < 0.04
    pairs = [apart(looks[i], looks[j]) for i in range(40) for j in range(i)]
    assert min(pairs) > 0.2 > NEAR_DUPLICATE
    assert 0.3 < np.median(pairs) < 0.6


def test_neighbouring_frames_of_a_film_are_near_duplicates(shared: Path) -> None:
    folder = shared / "data" / "bedroom" / "images" / "train"
    names = sorted(file.name for file in folder.glob("*.jpg"))[:60]
    if len(names) < 60:
        pytest.skip("the film is not in the shared folder")
    looks = [read_look(folder, name).values for name in names]
    steps = [apart(one, other) for one, other in pairwise(looks)]
    assert max(steps) < NEAR_DUPLICATE


def test_pictures_without_detail_are_near_duplicates_whatever_their_noise() -> None:
    """The bits of a perceptual hash would be as good as random here."""
    dark = [np.random.default_rng(seed).integers(0, 8, (90, 120, 3), np.uint8) for seed in range(6)]
    looks = [look_of(picture) for picture in dark]
    assert max(apart(one, other) for one in looks for other in looks) < NEAR_DUPLICATE / 2


def test_a_file_has_the_look_of_its_upright_pixels(tmp_path: Path) -> None:
    upright = cv2.resize(scene(), (480, 320), interpolation=cv2.INTER_CUBIC)
    path = put(tmp_path, "a.jpg", turned_file(upright, "JPEG", 6, quality=95))
    found = read_look(tmp_path, path)
    assert apart(found.values, look_of(upright)) < 0.03
    status = (tmp_path / path).stat()
    assert found.fingerprint == (status.st_size, status.st_mtime_ns)


def test_a_damaged_file_says_so(tmp_path: Path) -> None:
    whole = encode(noisy(), ".jpg")
    path = put(tmp_path, "a.jpg", whole[: len(whole) // 2])
    with pytest.raises(FrameError) as failure:
        read_look(tmp_path, path)
    assert failure.value.code is FrameErrorCode.DAMAGED


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.sampled_from([3, 4]), st.integers(0, 2**32 - 1))
def test_any_size_has_a_look(width: int, height: int, channels: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)
    look = look_of(pixels)
    assert look.shape == (LOOK_BYTES,)
    assert np.array_equal(look, look_of(np.ascontiguousarray(pixels[..., :3]))), "transparency is not looked at"

"""Brightness and sharpness of pictures: what makes them change, and what does not."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from autoanno_gui.imaging.decode import read_frame
from autoanno_gui.imaging.light import measure

LITTLE = 0.2
"""Of sharpness: a blur of a pixel and a half takes several times as much."""


def texture(width: int = 640, height: int = 480, *, seed: int = 0) -> NDArray[np.uint8]:
    """Return a picture with detail of every size, as photographs have it: the same contrast at each scale."""
    rng = np.random.default_rng(seed)
    made = np.zeros((height, width, 3))
    for scale in (2, 4, 8, 16, 32, 64):
        cells = rng.normal(0.0, 40.0, size=(height // scale + 1, width // scale + 1, 3))
        made += cv2.resize(cells, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip(made + 128, 0, 255).astype(np.uint8)


def blurred(pixels: NDArray[np.uint8], sigma: float) -> NDArray[np.uint8]:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), np.uint8)


def noisy(pixels: NDArray[np.uint8], deviation: float) -> NDArray[np.uint8]:
    noise = np.random.default_rng(1).normal(0.0, deviation, size=pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("level", "brightness"), [(0, 0.0), (51, 0.2), (255, 1.0)])
def test_brightness_is_the_mean_of_the_grey_levels(level: int, brightness: float) -> None:
    assert measure(np.full((90, 160, 3), level, np.uint8)).brightness == pytest.approx(brightness)
    half = np.zeros((400, 640, 3), np.uint8)
    half[:, :320] = level
    assert measure(half).brightness == pytest.approx(brightness / 2)


def test_brightness_follows_the_eye() -> None:
    """Green looks brighter than red, and red than blue: 0.587, 0.299 and 0.114 of the luma."""
    found = [
        measure(np.full((9, 9, 3), colour, np.uint8)).brightness for colour in ((0, 255, 0), (0, 0, 255), (255, 0, 0))
    ]
    assert found == pytest.approx([0.587, 0.299, 0.114], abs=0.002)


def test_the_more_blurred_the_less_sharp() -> None:
    picture = texture()
    found = [measure(blurred(picture, sigma)).sharpness for sigma in (0.5, 1.5, 3.0, 6.0)]
    assert found == sorted(found, reverse=True)
    assert found[0] - found[1] > 3 * LITTLE
    assert found[0] - found[-1] > 1.0


def test_a_dark_or_hazy_picture_is_no_less_sharp() -> None:
    picture = texture()
    sharp = measure(picture).sharpness
    assert measure((picture * 0.3).astype(np.uint8)).sharpness == pytest.approx(sharp, abs=LITTLE)
    assert measure((picture * 0.3 + 150).astype(np.uint8)).sharpness == pytest.approx(sharp, abs=LITTLE)


def test_noise_does_not_make_a_blurred_picture_sharp() -> None:
    picture = texture()
    assert measure(noisy(blurred(picture, 4.0), 8.0)).sharpness < measure(picture).sharpness - 0.3


def test_a_picture_without_contrast_is_not_sharp() -> None:
    flat = noisy(np.full((480, 640, 3), 128, np.uint8), 1.0)
    assert measure(flat).sharpness < measure(blurred(texture(), 1.5)).sharpness


def test_size_of_the_file_counts_little() -> None:
    small = texture()
    large = cv2.resize(small, (1920, 1440), interpolation=cv2.INTER_CUBIC)
    assert measure(np.asarray(large, np.uint8)).sharpness == pytest.approx(measure(small).sharpness, abs=LITTLE)
    turned = np.ascontiguousarray(np.rot90(small))
    assert measure(turned).sharpness == pytest.approx(measure(small).sharpness, abs=LITTLE)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (10, 10)])
def test_pictures_of_any_shape_have_light(shape: tuple[int, int]) -> None:
    found = measure(np.full((*shape, 3), 102, np.uint8))
    assert found.brightness == pytest.approx(0.4)
    assert found.sharpness == pytest.approx(-2.0)


def test_photos_are_told_from_their_blurred_copies(shared: Path) -> None:
    files = sorted((shared / "data" / "coco128" / "images").rglob("*.jpg"))[:40]
    if not files:
        pytest.skip("the photos of coco128 are not in the shared folder")
    photos = [read_frame(file.parent, file.name).pixels for file in files]
    sharp = np.array([measure(photo).sharpness for photo in photos])
    soft = np.array([measure(blurred(photo, 2.0)).sharpness for photo in photos])
    assert (soft < sharp).all()
    # In any mixture of both, the least sharp fifth are blurred ones.
    mixed = np.concatenate([sharp, soft])
    assert np.mean(np.argsort(mixed)[: len(mixed) // 5] >= len(sharp)) > 0.9
    dark = np.array([measure((photo * 0.3).astype(np.uint8)).brightness for photo in photos])
    assert dark.max() < 0.3

"""Brightness and contrast for the eye."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from autoanno_gui.imaging.enhance import Enhancement


def picture() -> NDArray[np.uint8]:
    """A dim ramp with a faint square in its dark half, (64, 96, 4) BGRA."""
    ramp = np.linspace(10, 120, 96, dtype=np.float64)
    grey = np.repeat(ramp[None], 64, axis=0)
    grey[20:40, 10:30] += 6
    pixels = np.repeat(grey[:, :, None], 4, axis=2).astype(np.uint8)
    pixels[:, :, 3] = 255
    return pixels


def test_a_neutral_one_gives_the_same_pixels() -> None:
    pixels = picture()
    assert Enhancement().neutral
    assert Enhancement().apply(pixels) is pixels


@pytest.mark.parametrize("name", ["brightness", "contrast", "local_contrast"])
def test_the_given_pixels_stay_as_they_are(name: str) -> None:
    pixels = picture()
    before = pixels.copy()
    shown = Enhancement(**{name: 0.6}).apply(pixels)
    assert np.array_equal(pixels, before)
    assert shown.shape == pixels.shape
    assert shown.dtype == np.uint8
    assert not np.array_equal(shown, before)
    assert (shown[:, :, 3] == 255).all()


def test_brightness_lifts_the_dark_and_keeps_black_and_white() -> None:
    row = np.array([[[0] * 4, [30] * 4, [255] * 4]], np.uint8)
    brighter = Enhancement(brightness=0.5).apply(row)[0, :, 0].tolist()
    darker = Enhancement(brightness=-0.5).apply(row)[0, :, 0].tolist()
    assert brighter[0] == 0
    assert brighter[2] == 255
    assert brighter[1] > 60
    assert darker[0] == 0
    assert darker[2] == 255
    assert darker[1] < 10


def test_contrast_spreads_values_around_the_middle() -> None:
    row = np.array([[[100] * 4, [128] * 4, [156] * 4]], np.uint8)
    low, middle, high = Enhancement(contrast=0.4).apply(row)[0, :, 0].tolist()
    assert abs(middle - 128) <= 1
    assert high - low > 100
    flat = Enhancement(contrast=-1.0).apply(row)[0, :, 0]
    assert int(flat.max()) - int(flat.min()) <= 3


def test_local_contrast_brings_out_what_hides_in_the_shadow() -> None:
    pixels = picture()
    shown = Enhancement(local_contrast=1.0).apply(pixels)

    def step(image: NDArray[np.uint8]) -> float:
        return float(image[25:35, 12:28, 0].mean()) - float(image[45:60, 12:28, 0].mean())

    assert step(shown) > 1.5 * step(pixels)

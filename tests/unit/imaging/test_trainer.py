"""What the model is shown must be, bit for bit, what a trainer later reads from the same file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, features

from tests.unit.imaging.pictures import encode, encode_with_pillow, noisy, put, turned_file

REPOSITORY = Path(__file__).resolve().parents[3]
PHOTOS = REPOSITORY.parent / "shared" / "data" / "coco128" / "images"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of one picture in many codings, and of two files that are none."""
    folder = tmp_path_factory.mktemp("made")
    pixels = noisy(90, 61)
    rgb = Image.fromarray(np.ascontiguousarray(pixels[..., ::-1]))
    for file_format, suffix in (("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("TIFF", "tif"), ("AVIF", "avif")):
        if file_format == "AVIF" and not features.check("avif"):
            continue
        for orientation in range(1, 9):
            data = turned_file(pixels, file_format, orientation)
            put(folder, f"turn_{orientation}.{suffix}", data)
    for mode in ("1", "L", "LA", "P", "RGBA"):
        put(folder, f"mode_{mode}.png", encode_with_pillow(rgb.convert(mode), "PNG"))
        put(folder, f"mode_{mode}.tif", encode_with_pillow(rgb.convert(mode), "TIFF"))
    for mode in ("L", "CMYK"):
        put(folder, f"mode_{mode}.jpg", encode_with_pillow(rgb.convert(mode), "JPEG"))
    for subsampling in ("4:4:4", "4:2:2", "4:2:0", "4:1:1"):
        for progressive in (False, True):
            data = encode_with_pillow(rgb, "JPEG", subsampling=subsampling, progressive=progressive, quality=92)
            put(folder, f"sub_{subsampling.replace(':', '')}_{progressive}.jpg", data)
    put(folder, "rgb.jpg", encode_with_pillow(rgb, "JPEG", keep_rgb=True))
    put(folder, "deep.png", encode(pixels.astype(np.uint16) * 257, ".png"))
    put(folder, "a.bmp", encode(pixels, ".bmp"))
    put(folder, "a.jp2", encode(pixels, ".jp2"))
    put(folder, "page.jpg", b"<!doctype html><title>404</title><p>Not found")
    put(folder, "noise.png", bytes(range(1, 200)))
    return folder


@pytest.fixture(scope="module")
def answer(made: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what the comparing program prints, run once since it has to import torch."""
    home = str(tmp_path_factory.mktemp("trainer"))
    environment = {**os.environ, "YOLO_OFFLINE": "1", "YOLO_AUTOINSTALL": "0", "YOLO_CONFIG_DIR": home}
    folders = [str(folder) for folder in (made, PHOTOS) if folder.is_dir()]
    command = [sys.executable, "-m", "tests.unit.imaging.trainer_reads", *folders]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True)
    parsed: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return parsed


def test_real_photos_agree(answer: dict[str, Any]) -> None:
    if not PHOTOS.is_dir():
        pytest.skip("the real photos are not beside this repository")
    assert answer[str(PHOTOS)] == {"compared": len(list(PHOTOS.rglob("*.jpg"))), "different": [], "refused": {}}


def test_every_coding_agrees(made: Path, answer: dict[str, Any]) -> None:
    assert answer[str(made)]["different"] == []
    assert answer[str(made)]["compared"] == len(list(made.iterdir())) - 2 > 50


def test_what_is_no_image_is_refused_without_reaching_the_installer(made: Path, answer: dict[str, Any]) -> None:
    assert answer["replaced"], "ultralytics no longer replaces PIL.Image.open, so this proves nothing"
    assert answer[str(made)]["refused"] == {"page.jpg": "not_an_image", "noise.png": "not_an_image"}

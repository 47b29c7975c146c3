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


def compare(folder: Path, home: Path) -> dict[str, Any]:
    environment = {**os.environ, "YOLO_OFFLINE": "1", "YOLO_AUTOINSTALL": "0", "YOLO_CONFIG_DIR": str(home)}
    command = [sys.executable, "-m", "tests.unit.imaging.trainer_reads", str(folder)]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert answer["replaced"], "ultralytics no longer replaces PIL.Image.open: this test has lost a part of its point"
    return answer


def test_real_photos_agree(shared: Path, tmp_path: Path) -> None:
    photos = shared / "data" / "coco128" / "images"
    if not photos.is_dir():
        pytest.skip("coco128 is not in the shared folder")
    answer = compare(photos, tmp_path)
    assert (answer["different"], answer["refused"]) == ([], {})
    assert answer["compared"] >= 100


def test_formats_agree_and_what_is_no_image_is_refused_without_an_installer(tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    pixels = noisy(90, 61)
    rgb = Image.fromarray(np.ascontiguousarray(pixels[..., ::-1]))
    made = 0
    for file_format, suffix in (("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("TIFF", "tif"), ("AVIF", "avif")):
        if file_format == "AVIF" and not features.check("avif"):
            continue
        for orientation in range(1, 9):
            data = turned_file(pixels, file_format, orientation)
            put(folder, f"turn_{orientation}.{suffix}", data)
            made += 1
    for mode in ("1", "L", "LA", "P", "RGBA"):
        put(folder, f"mode_{mode}.png", encode_with_pillow(rgb.convert(mode), "PNG"))
        put(folder, f"mode_{mode}.tif", encode_with_pillow(rgb.convert(mode), "TIFF"))
        made += 2
    for mode in ("L", "CMYK"):
        put(folder, f"mode_{mode}.jpg", encode_with_pillow(rgb.convert(mode), "JPEG"))
        made += 1
    for subsampling in ("4:4:4", "4:2:2", "4:2:0", "4:1:1"):
        for progressive in (False, True):
            data = encode_with_pillow(rgb, "JPEG", subsampling=subsampling, progressive=progressive, quality=92)
            put(folder, f"sub_{subsampling.replace(':', '')}_{progressive}.jpg", data)
            made += 1
    put(folder, "rgb.jpg", encode_with_pillow(rgb, "JPEG", keep_rgb=True))
    put(folder, "deep.png", encode(pixels.astype(np.uint16) * 257, ".png"))
    put(folder, "a.bmp", encode(pixels, ".bmp"))
    put(folder, "a.jp2", encode(pixels, ".jp2"))
    made += 4
    put(folder, "page.jpg", b"<!doctype html><title>404</title><p>Not found")
    put(folder, "noise.png", bytes(range(1, 200)))
    answer = compare(folder, tmp_path / "home")
    assert answer["different"] == []
    assert answer["compared"] == made
    assert answer["refused"] == {"page.jpg": "not_an_image", "noise.png": "not_an_image"}

"""The bundled frames and their labels, written as files."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.clips import CLIPS
from demo.draw import draw
from demo.labels import write_labels
from demo.scene import CLASSES

CLIP_FRAMES: Final = 12
JPEG: Final = (cv2.IMWRITE_JPEG_QUALITY, 88, cv2.IMWRITE_JPEG_OPTIMIZE, 1)


def make_frames(demo: Path) -> None:
    """Draw both clips into `frames/` and write `labels/` and `classes.txt` beside it."""
    for name, scene in CLIPS.items():
        for i in range(CLIP_FRAMES):
            picture, labels = draw(scene, i / (CLIP_FRAMES - 1))
            stem = f"sky_{i + 1:04d}"
            write_picture(demo / "frames" / name / f"{stem}.jpg", picture)
            write_labels(demo / "labels" / name / f"{stem}.txt", labels)
    (demo / "classes.txt").write_text("".join(f"{name}\n" for name in CLASSES), encoding="utf-8")


def write_picture(file: Path, picture: NDArray[np.uint8]) -> None:
    """Write a picture, blue first, as JPEG, making the folder where it is missing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    ok, data = cv2.imencode(".jpg", picture, JPEG)
    if not ok:
        raise OSError(f"{file} cannot be encoded")
    file.write_bytes(data.tobytes())

"""A prepared home, a tiny YOLO with random weights, and drawn images: all that needs no weights from outside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from autoanno_gui.core.predictions import FramePredictions
from autoanno_gui.inference.engine import Detector
from autoanno_gui.inference.offline import prepare_offline

TINY_NAMES = {0: "circle", 1: "square", 2: "triangle"}
_TINY = """\
nc: 3
backbone:
  - [-1, 1, Conv, [8, 3, 2]]
  - [-1, 1, Conv, [16, 3, 2]]
  - [-1, 1, Conv, [16, 3, 2]]
head:
  - [[2], 1, Detect, [nc]]
"""

Image = NDArray[np.uint8]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home folder that is prepared before anything of this folder's tests imports a model runtime."""
    folder = tmp_path_factory.mktemp("inference_home")
    prepare_offline(folder)
    return folder


@pytest.fixture(scope="session")
def build_model(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function that saves a small YOLO of random weights and returns the path of its `.pt`."""

    def build(layout: str = _TINY, *, name: str = "tiny.pt", names: dict[int, str] | None = None) -> Path:
        import torch
        from ultralytics import YOLO

        folder = tmp_path_factory.mktemp("model")
        (folder / "layout.yaml").write_text(layout)
        torch.manual_seed(7)
        model = YOLO(str(folder / "layout.yaml"), verbose=False)
        head = model.model.model[-1]
        for branch in getattr(head, "cv3", ()):
            # Untrained scores are all alike and below the floor.
            torch.nn.init.normal_(branch[-1].weight, std=0.9)
            torch.nn.init.constant_(branch[-1].bias, -2.0)
        model.model.names = TINY_NAMES if names is None else names
        model.ckpt = {"train_args": {"imgsz": 96}}
        model.save(str(folder / name))
        return folder / name

    return build


@pytest.fixture(scope="session")
def tiny(build_model: Callable[..., Path]) -> Path:
    """Return a detect model of three classes for 96 pixels that finds something in any noise."""
    return build_model()


def predict(detector: Detector, image: Image) -> FramePredictions:
    """Return what a detector finds in one picture, which it can look at."""
    (found,) = detector.predict([image])
    assert isinstance(found, FramePredictions)
    return found


def drawn(seed: int, *, width: int, height: int) -> Image:
    """Return a BGR image of flat shapes on noise."""
    random = np.random.default_rng(seed)
    image = random.integers(60, 200, (height, width, 3), dtype=np.uint8)
    for kind in range(4):
        colour = tuple(int(v) for v in random.integers(0, 255, 3))
        size = int(random.integers(12, 28))
        x, y = int(random.integers(size, width - size)), int(random.integers(size, height - size))
        if kind % 3 == 0:
            cv2.circle(image, (x, y), size, colour, -1)
        elif kind % 3 == 1:
            cv2.rectangle(image, (x - size, y - size), (x + size, y + size), colour, -1)
        else:
            cv2.fillPoly(image, [np.array([[x, y - size], [x - size, y + size], [x + size, y + size]])], colour)
    return image

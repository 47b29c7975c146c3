"""Frames, projects and a model that the benchmarks make for themselves."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import cv2
import numpy as np

from autoanno_gui.core.predictions import FramePredictions, FrameResult, ModelInfo, RunSettings
from autoanno_gui.core.task import Task
from autoanno_gui.imaging.scan import scan_folder
from autoanno_gui.resources import resource
from autoanno_gui.store.store_thread import Priority, Store

CLASSES = ("circle", "square", "triangle")
DISTINCT_FRAMES = 8
LINKS_PER_FILE = 10_000
"""File systems allow only so many names for one file."""
_LAYOUT = """\
nc: 3
backbone:
  - [-1, 1, Conv, [16, 3, 2]]
  - [-1, 1, Conv, [32, 3, 2]]
  - [-1, 1, Conv, [64, 3, 2]]
head:
  - [[2], 1, Detect, [nc]]
"""


def make_frames(folder: Path, *, count: int, width: int, height: int, quality: int = 85) -> None:
    """Write JPEG frames with as much detail as a photo has; a few pictures under many names."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(7)
    noise = rng.normal(0, 5, (height, width, 1)).astype(np.float32)
    for number in range(count):
        file = folder / f"frame_{number:05}.jpg"
        if number >= DISTINCT_FRAMES:
            link_or_copy(folder / f"frame_{number % DISTINCT_FRAMES:05}.jpg", file)
            continue
        ok, data = cv2.imencode(".jpg", _picture(rng, noise, phase=number / 3), [cv2.IMWRITE_JPEG_QUALITY, quality])
        assert ok
        file.write_bytes(data.tobytes())


def _picture(rng: np.random.Generator, noise: np.ndarray, *, phase: float) -> np.ndarray:
    """Return smooth areas, noise and some edges, (height, width, 3) BGR."""
    height, width = noise.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    base = np.stack(
        [
            110 + 60 * np.sin(x / (width / 5) + phase),
            120 + 50 * np.cos(y / (height / 4) - phase),
            100 + 40 * np.sin((x + y) / 300),
        ],
        axis=2,
    )
    picture = np.clip(base + noise, 0, 255).astype(np.uint8)
    for _ in range(14):
        corner = rng.integers(0, [width, height])
        size = int(rng.integers(width // 40, width // 10))
        colour = tuple(int(value) for value in rng.integers(0, 255, 3))
        cv2.rectangle(picture, tuple(map(int, corner)), tuple(map(int, corner + size)), colour, -1)
    return picture


def make_many_frames(folder: Path, *, count: int) -> None:
    """Make a folder of many tiny frames, quickly: names of a few small files."""
    folder.mkdir(parents=True)
    ok, data = cv2.imencode(".jpg", np.full((24, 32, 3), 120, np.uint8))
    assert ok
    for number in range(count):
        file = folder / f"frame_{number:06}.jpg"
        first = number - number % LINKS_PER_FILE
        if number == first:
            file.write_bytes(data.tobytes())
        else:
            link_or_copy(folder / f"frame_{first:06}.jpg", file)


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where that does not go."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def make_project(file: Path, folder: Path, *, width: int, height: int, objects: int = 8) -> None:
    """Make a project of a folder in which every frame is predicted: some sure objects and some ghosts."""
    info = ModelInfo("/models/bench.pt", "bench.pt", Task.DETECT, CLASSES, (640, 640), "torch", "0" * 64)
    rng = np.random.default_rng(11)
    with Store.open(file, root=folder) as store:
        frames = []
        for block in scan_folder(folder):
            frames += store.submit(Priority.OTHER, lambda w, b=block: w.add_frames(b)).result()  # type: ignore[misc]
        run = store.submit(Priority.OTHER, lambda w: w.start_run(RunSettings(info, (640, 640)), device="cpu")).result()
        results = [FrameResult(frame.id, _predictions(rng, objects, width, height)) for frame in frames]
        store.submit(Priority.OTHER, lambda w: w.record_results(run, results)).result()


def _predictions(rng: np.random.Generator, objects: int, width: int, height: int) -> FramePredictions:
    count = objects + 6
    corner = rng.uniform(0, [width * 0.8, height * 0.8], (count, 2))
    size = rng.uniform(width / 40, width / 6, (count, 2))
    boxes = np.concatenate([corner, np.minimum(corner + size, [width, height])], axis=1).astype(np.float32)
    confidences = np.sort(np.concatenate([rng.uniform(0.55, 0.95, objects), rng.uniform(0.06, 0.4, 6)]))[::-1]
    classes = rng.integers(0, len(CLASSES), count).astype(np.int32)
    top_classes = np.stack([classes, (classes + 1) % 3, (classes + 2) % 3], axis=1).astype(np.int32)
    top_scores = np.stack([confidences, confidences * 0.6, confidences * 0.1], axis=1).astype(np.float32)
    return FramePredictions(boxes, confidences.astype(np.float32), classes, top_classes, top_scores)


def default_model(folder: Path, *, home: Path) -> Path:
    """Return the bundled model, or a small one of random weights where there is none."""
    try:
        return resource("demo/sky.pt")
    except FileNotFoundError:
        return _random_model(folder, home=home)


def _random_model(folder: Path, *, home: Path) -> Path:
    from autoanno_gui.inference.offline import prepare_offline

    prepare_offline(home)
    import torch
    from ultralytics import YOLO

    (folder / "layout.yaml").write_text(_LAYOUT, encoding="utf-8")
    torch.manual_seed(7)
    model = YOLO(str(folder / "layout.yaml"), verbose=False)
    for branch in model.model.model[-1].cv3:
        # Untrained scores are all alike and below the floor.
        torch.nn.init.normal_(branch[-1].weight, std=0.3)
        torch.nn.init.constant_(branch[-1].bias, -3.0)
    model.model.names = dict(enumerate(CLASSES))
    model.ckpt = {"train_args": {"imgsz": 640}}
    model.save(str(folder / "random.pt"))
    return folder / "random.pt"

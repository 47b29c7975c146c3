"""Frames and projects that the benchmarks make for themselves."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from autoanno_gui.core.records import FramePredictions, FrameResult, ModelInfo, RunSettings, Task
from autoanno_gui.imaging.scan import scan_folder
from autoanno_gui.store.store_thread import Priority, Store

CLASSES = ("circle", "square", "triangle")


def make_frames(folder: Path, *, count: int, width: int, height: int, quality: int = 85) -> None:
    """Write JPEG frames with as much detail as a photo has: smooth areas, edges and noise."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    noise = rng.normal(0, 9, (height, width, 1)).astype(np.float32)
    for number in range(count):
        phase = number / 7
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
            a = rng.integers(0, [width, height])
            size = int(rng.integers(width // 40, width // 10))
            colour = tuple(int(c) for c in rng.integers(0, 255, 3))
            cv2.rectangle(picture, tuple(map(int, a)), tuple(map(int, a + size)), colour, -1)
        ok, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        assert ok
        (folder / f"frame_{number:05}.jpg").write_bytes(data.tobytes())


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

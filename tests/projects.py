"""Small real projects for tests: drawn frames on the disk, predictions in a real project file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from autoanno_gui.core.predictions import FramePredictions, FrameResult, ModelInfo, RunSettings
from autoanno_gui.core.queue_settings import OrderName, QueueSettings
from autoanno_gui.core.task import Task
from autoanno_gui.imaging.scan import scan_folder
from autoanno_gui.review.queue_keeper import QUEUE_SETTING
from autoanno_gui.store.store_thread import Priority, Store

CLASSES = ("cat", "dog", "bird")
WIDTH, HEIGHT = 320, 240
MODEL = ModelInfo("/models/test.pt", "test.pt", Task.DETECT, CLASSES, (640, 640), "torch", "a" * 64)


@dataclass(frozen=True, slots=True)
class Proposal:
    """One predicted box: xyxy pixels, model class, confidence, and the score of the next-best class."""

    box: tuple[float, float, float, float]
    model_class: int
    confidence: float
    second: float = 0.0


SURE = Proposal((20, 20, 80, 80), 0, 0.9)
UNSURE = Proposal((120, 40, 200, 120), 1, 0.6, second=0.5)
GHOST = Proposal((220, 140, 300, 220), 2, 0.3)
NOISE = Proposal((5, 150, 40, 200), 0, 0.07)
USUAL = (SURE, UNSURE, GHOST, NOISE)


def predictions(proposals: Sequence[Proposal]) -> FramePredictions:
    """Return proposals as a model's result, by falling confidence."""
    ordered = sorted(proposals, key=lambda one: -one.confidence)
    n = len(ordered)
    classes = np.array([one.model_class for one in ordered], np.int32)
    scores = np.zeros((n, 3), np.float32)
    scores[:, 0] = [one.confidence for one in ordered]
    scores[:, 1] = [one.second for one in ordered]
    top = np.stack([classes, (classes + 1) % 3, np.full(n, -1)], axis=1).astype(np.int32)
    boxes = np.array([one.box for one in ordered], np.float32).reshape(n, 4)
    return FramePredictions(boxes, scores[:, 0].copy(), classes, top, scores)


def draw_frames(folder: Path, names: Sequence[str]) -> None:
    """Write small JPEG frames, each with its number in it."""
    for number, name in enumerate(names):
        picture = np.full((HEIGHT, WIDTH, 3), (90, 120, 60), np.uint8)
        cv2.rectangle(picture, (20, 20), (80, 80), (40, 40, 200), -1)
        cv2.putText(picture, str(number), (140, 200), cv2.FONT_HERSHEY_SIMPLEX, 2, (255, 255, 255), 3)
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(cv2.imencode(".jpg", picture)[1].tobytes())


@dataclass(frozen=True, slots=True)
class MadeProject:
    """A folder of frames and its project file; nobody has it open."""

    folder: Path
    file: Path
    names: tuple[str, ...]


def make_project(
    folder: Path,
    proposals: Sequence[Sequence[Proposal] | None] = (USUAL, USUAL, USUAL),
    *,
    name: str = "frames",
    order: OrderName = OrderName.NATURAL,
) -> MadeProject:
    """Make one frame for each element: its proposals, or None for a frame without a prediction.

    Args:
        order: of review; by name, so that a test can say which frame comes next.
    """
    root, file = folder / name, folder / f"{name}.autoanno"
    names = tuple(f"frame_{number}.jpg" for number in range(len(proposals)))
    draw_frames(root, names)
    with Store.open(file, root=root) as store:
        frames = []
        for block in scan_folder(root):
            frames += store.submit(Priority.OTHER, lambda w, b=block: w.add_frames(b)).result()
        run = store.submit(Priority.OTHER, lambda w: w.start_run(RunSettings(MODEL, (640, 640)), device="cpu")).result()
        results = [
            FrameResult(frame.id, predictions(found))
            for frame, found in zip(frames, proposals, strict=True)
            if found is not None
        ]
        store.submit(Priority.OTHER, lambda w: w.record_results(run, results)).result()
        queue = QueueSettings(order=order).to_json()
        store.submit(Priority.OTHER, lambda w: w.set_setting(QUEUE_SETTING, queue)).result()
    return MadeProject(root, file, names)


def copy_of(made: MadeProject, folder: Path) -> MadeProject:
    """Return the same folder of frames with a project file of its own."""
    file = folder / "frames.autoanno"
    file.write_bytes(made.file.read_bytes())
    return MadeProject(made.folder, file, made.names)

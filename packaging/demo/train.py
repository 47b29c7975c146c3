"""Train the demo's model from scratch on drawn scenes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from demo.canvas import HEIGHT, WIDTH
from demo.chance import random_scene
from demo.draw import draw
from demo.frames import write_picture
from demo.labels import cropped, write_labels
from demo.scene import CLASSES
from demo.workspace import IMGSZ, workspace, write_data_yaml

CHECKOUT: Final = Path(__file__).resolve().parents[2]

# Training sees crops, at the scale at which whole frames are predicted later; that costs less than half as much.
CROP_WIDTH, CROP_HEIGHT, CROP_IMGSZ = 832, 520, 416
CROPS: Final = 2  # of each frame
FIRST_SEED: Final = {"train": 10_000, "val": 90_000}
VAL_FRAMES: Final = 40

SETTINGS: Final[dict[str, Any]] = {
    "imgsz": CROP_IMGSZ,
    "batch": 8,
    "nbs": 8,
    "rect": True,
    # Two cores, the same result every time.
    "device": "cpu",
    "workers": 0,
    "cache": "ram",
    "amp": False,
    "seed": 1,
    "deterministic": True,
    # How fast it learns.
    "optimizer": "AdamW",
    "lr0": 0.002,
    "lrf": 0.02,
    "cos_lr": True,
    "warmup_epochs": 1.0,
    # How far the crops are varied.
    "mosaic": 0.0,
    "fliplr": 0.5,
    "scale": 0.3,
    "translate": 0.08,
    "hsv_h": 0.01,
    "hsv_s": 0.3,
    "hsv_v": 0.2,
    "erasing": 0.0,
    # The last epoch counts, whatever comes before.
    "patience": 0,
    "val": False,
    "plots": False,
}


def train_model(target: Path, *, count: int, epochs: int) -> None:
    """Train on crops of `count` drawn frames and write the model to `target`."""
    with workspace() as work:
        draw_crops(work, "train", count)
        draw_crops(work, "val", VAL_FRAMES)

        import torch
        from ultralytics import YOLO

        torch.set_num_threads(2)
        model = YOLO(str(write_network(work)), task="detect")
        data = write_data_yaml(work)
        model.train(data=str(data), epochs=epochs, project=str(work / "runs"), name="sky", **SETTINGS)
        publish(work / "runs" / "sky" / "weights" / "last.pt", target, work)


def draw_crops(work: Path, split: str, count: int) -> None:
    """Draw frames by chance and write crops of each, with their labels, where YOLO expects them."""
    for seed in range(FIRST_SEED[split], FIRST_SEED[split] + count):
        picture, labels = draw(*random_scene(seed))
        rng = np.random.default_rng([seed, 3])
        for part in range(CROPS):
            x, y = int(rng.integers(0, WIDTH - CROP_WIDTH + 1)), int(rng.integers(0, HEIGHT - CROP_HEIGHT + 1))
            crop = picture[y : y + CROP_HEIGHT, x : x + CROP_WIDTH]
            write_picture(work / "images" / split / f"{seed}_{part}.jpg", crop)
            crop_labels = cropped(labels, x, y, CROP_WIDTH, CROP_HEIGHT)
            write_labels(work / "labels" / split / f"{seed}_{part}.txt", crop_labels)


def write_network(work: Path) -> Path:
    """Write the description of the network: YOLOv8, half as wide as its smallest size."""
    from ultralytics.utils import ROOT, YAML

    network = YAML.load(ROOT / "cfg" / "models" / "v8" / "yolov8.yaml")
    del network["scales"]
    network.update(nc=len(CLASSES), reg_max=8, depth_multiple=0.33, width_multiple=0.125)
    file = work / "net.yaml"
    YAML.save(file, network)
    return file


def publish(checkpoint: Path, target: Path, work: Path) -> None:
    """Save the weights and what loading needs, and nothing about the machine they were made on.

    Raises:
        SystemExit: the file names a folder of this machine all the same.
    """
    import torch
    import ultralytics

    model = torch.load(checkpoint, map_location="cpu", weights_only=False)["model"]  # written by ourselves just now
    args = {"task": "detect", "model": "sky.yaml", "imgsz": IMGSZ}
    model.args, model.names, model.criterion = dict(args), dict(enumerate(CLASSES)), None
    model.yaml = {**model.yaml, "yaml_file": "sky.yaml"}
    content = {
        "epoch": -1,
        "best_fitness": None,
        "model": model,
        "ema": None,
        "updates": None,
        "optimizer": None,
        "train_args": args,
        "train_metrics": {},
        "train_results": {},
        "date": "",
        "version": ultralytics.__version__,
        "license": "AGPL-3.0-or-later",
        "docs": "resources/demo/README.md",
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    torch.save(content, target)
    data = target.read_bytes()
    for place in ("/tmp", "/home", "/root", str(work), str(CHECKOUT)):
        if place.encode() in data:
            raise SystemExit(f"{target.name} tells where it was made: {place}")

"""Shows datasets to Ultralytics and writes down what it makes of them; a program, so that tests stay free of torch.

python -m tests.unit.datasets.trainer_view HOME, where HOME/wanted.json is {"check": [DATA_YAML...], "train": [...]}.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

MAGENTA = (200, 40, 230)
"""BGR, the object of the hard frames."""


def check(data_yaml: str) -> dict[str, Any]:
    """Return what Ultralytics reads: class names, folders, and for each picture its complaints, rows and object."""
    from ultralytics.data.utils import check_det_dataset, img2label_paths, verify_image_label
    from ultralytics.utils.patches import imread

    data = check_det_dataset(data_yaml, autodownload=False)
    pictures = {}
    for split in ("train", "val", "test"):
        folder = Path(data_yaml).resolve().parent / "images" / split
        for file in sorted(folder.iterdir()) if folder.is_dir() else []:
            label = img2label_paths([str(file)])[0]
            result = verify_image_label((str(file), label, "", False, data["nc"], 0, 0, False))
            pixels = imread(str(file))
            pictures[f"images/{split}/{file.name}"] = {
                "message": result[-1],
                "missing": result[5],
                "rows": None if result[1] is None else result[1].tolist(),
                "size": result[2] and [result[2][1], result[2][0]],
                "read_size": [pixels.shape[1], pixels.shape[0]],
                "object": _object(pixels),
                "range": [int(pixels.min()), int(pixels.max())],
            }
    return {
        "names": list(data["names"].values()),
        "folders": {split: data.get(split) for split in ("train", "val", "test")},
        "pictures": pictures,
    }


def train(data_yaml: str, *, home: Path) -> dict[str, Any]:
    """Train a tiny model for one epoch; return how much of the dataset was seen."""
    import torch
    from ultralytics import YOLO

    torch.set_num_threads(1)
    conv = [-1, 1, "Conv"]
    tiny = {
        "nc": 2,
        "backbone": [[*conv, [8, 3, 2]], [*conv, [8, 3, 2]], [*conv, [16, 3, 2]]],
        "head": [[[2], 1, "Detect", ["nc"]]],
    }
    (home / "tiny.yaml").write_text(yaml.safe_dump(tiny))
    seen: dict[str, Any] = {}

    def note(trainer: Any) -> None:  # noqa: ANN401
        dataset = trainer.train_loader.dataset
        seen["train"] = len(dataset)
        seen["val"] = len(trainer.test_loader.dataset)
        seen["objects"] = sum(len(label["cls"]) for label in dataset.labels)
        seen["names"] = list(trainer.data["names"].values())

    model = YOLO(str(home / "tiny.yaml"), task="detect")
    model.add_callback("on_train_end", note)
    model.train(
        data=data_yaml, epochs=1, imgsz=64, batch=4, workers=0, plots=False, device="cpu", project=str(home / "runs")
    )
    return seen


def _object(pixels: np.ndarray) -> list[int] | None:
    """Return the xyxy box around all magenta pixels."""
    low, high = (tuple(value + tolerance for value in MAGENTA) for tolerance in (-60, 60))
    x, y, w, h = cv2.boundingRect(cv2.inRange(pixels, low, high))
    return [x, y, x + w, y + h] if w else None


def main() -> None:
    from autoanno_gui.inference.offline import prepare_offline

    home = Path(sys.argv[1])
    prepare_offline(home)
    wanted = json.loads((home / "wanted.json").read_text())
    answer = {file: check(file) for file in wanted["check"]}
    answer |= {file: train(file, home=home) for file in wanted["train"]}
    (home / "answer.json").write_text(json.dumps(answer))


if __name__ == "__main__":
    main()

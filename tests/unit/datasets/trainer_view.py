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

SIDE = 320
"""Pixels of the pictures of datasets that hold more than boxes; a multiple of the network's stride."""

FINE = 4
"""Times the pixels of the picture: there, what the trainer rounds no longer matters."""


def check(data_yaml: str) -> dict[str, Any]:
    """Return what Ultralytics reads: class names, folders, and for each picture its complaints, rows and object."""
    from ultralytics.data.utils import check_det_dataset, img2label_paths, verify_image_label
    from ultralytics.utils.patches import imread

    manifest = json.loads((Path(data_yaml).parent / "manifest.json").read_text(encoding="utf-8"))
    task = manifest["dataset"].removeprefix("yolo-")
    data = check_det_dataset(data_yaml, autodownload=False)
    keypoints = data.get("kpt_shape", (0, 0))
    pictures = {}
    for split in ("train", "val", "test"):
        folder = Path(data_yaml).resolve().parent / "images" / split
        for file in sorted(folder.iterdir()) if folder.is_dir() else []:
            label = img2label_paths([str(file)])[0]
            result = verify_image_label((str(file), label, "", task == "pose", data["nc"], *keypoints, False))
            pixels = imread(str(file))
            pictures[f"images/{split}/{file.name}"] = {
                "message": result[-1],
                "missing": result[5],
                "rows": None if result[1] is None else result[1].tolist(),
                "segments": [segment.tolist() for segment in result[3] or ()],
                "keypoints": None if result[4] is None else result[4].tolist(),
                "size": result[2] and [result[2][1], result[2][0]],
                "read_size": [pixels.shape[1], pixels.shape[0]],
                "object": _object(pixels),
                "range": [int(pixels.min()), int(pixels.max())],
            }
    if task != "detect":
        for folder in {data[split] for split in ("train", "val", "test") if data.get(split)}:
            for file, seen in load(folder, data, task).items():
                pictures[f"images/{Path(folder).name}/{file}"] |= seen
    return {
        "names": list(data["names"].values()),
        "keypoints": {key: data.get(key) for key in ("kpt_shape", "flip_idx", "kpt_names")},
        "folders": {split: data.get(split) for split in ("train", "val", "test")},
        "pictures": pictures,
    }


def load(folder: str, data: dict[str, Any], task: str) -> dict[str, dict[str, Any]]:
    """Return what a trainer gets to see of each picture at its own size; masks as the hex digits of their bits."""
    from ultralytics.cfg import get_cfg
    from ultralytics.data.dataset import YOLODataset
    from ultralytics.data.utils import polygon2mask

    settings = get_cfg(overrides={"mask_ratio": 1, "overlap_mask": False})
    dataset = YOLODataset(img_path=folder, data=data, task=task, imgsz=SIDE, augment=False, hyp=settings)
    seen = {}
    for at in range(len(dataset)):
        label = dataset.labels[at]
        filled, fine = (
            [polygon2mask((side, side), [(one * side).reshape(-1)]) for one in label["segments"]]
            for side in (SIDE, SIDE * FINE)
        )
        item = dataset[at]
        seen[Path(label["im_file"]).name] = {
            "filled": [hex_bits(one) for one in filled],
            "fine": [hex_bits(one) for one in fine],
            "masks": [hex_bits(one) for one in np.asarray(item["masks"])] if "masks" in item else [],
            "boxes": item["bboxes"].tolist(),
        }
    return seen


def hex_bits(mask: np.ndarray) -> str:
    return np.packbits(mask.astype(bool)).tobytes().hex()


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

"""Shows a dataset to Ultralytics and trains on it; a program, so that the trainer has a process of its own.

python -m tests.e2e.trainer HOME DATA_YAML WEIGHTS IMGSZ writes HOME/answer.json. Run it from any folder.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

MOST_PICTURES = 64
"""About as many pictures are trained on, however large the dataset is."""


def check(data_yaml: str) -> dict[str, Any]:
    """Return the class names, and for each picture its rows and what Ultralytics has to say against it."""
    from ultralytics.data.utils import check_det_dataset, img2label_paths, verify_image_label

    data = check_det_dataset(data_yaml, autodownload=False)
    pictures = {}
    for split in ("train", "val", "test"):
        folder = Path(data[split]) if data.get(split) else None
        for file in sorted(folder.iterdir()) if folder is not None else []:
            label = img2label_paths([str(file)])[0]
            result = verify_image_label((str(file), label, "", False, data["nc"], 0, 0, False))
            missing, _, _, corrupt, message = result[5:]
            pictures[f"images/{split}/{file.name}"] = {
                "problem": message or ("no label file" if missing else "corrupt" if corrupt else ""),
                "rows": [] if result[1] is None else result[1].tolist(),
            }
    return {"names": list(data["names"].values()), "pictures": pictures}


def train(data_yaml: str, weights: str, *, imgsz: int, pictures: int, home: Path) -> dict[str, Any]:
    """Train for one epoch; return how many pictures were seen, the losses, and whether validation went well."""
    import torch
    from ultralytics import YOLO

    torch.set_num_threads(2)
    seen: dict[str, Any] = {}

    def note(trainer: Any) -> None:  # noqa: ANN401
        seen["train"] = len(trainer.train_loader.dataset)
        seen["val"] = len(trainer.test_loader.dataset)
        seen["names"] = list(trainer.data["names"].values())
        losses = trainer.tloss
        seen["losses"] = [float(value) for value in (losses.values() if isinstance(losses, dict) else losses)]
        seen["saved"] = Path(trainer.last).is_file()

    model = YOLO(weights)
    model.add_callback("on_train_end", note)
    metrics = model.train(
        data=data_yaml,
        epochs=1,
        imgsz=imgsz,
        batch=16,
        fraction=min(1.0, MOST_PICTURES / pictures),
        workers=0,
        plots=False,
        device="cpu",
        project=str(home / "runs"),
    )
    return {**seen, "metrics": {key: float(value) for key, value in metrics.results_dict.items()}}


def main() -> None:
    from autoanno_gui.inference.offline import prepare_offline

    home, data_yaml, weights, imgsz = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    prepare_offline(home)
    answer = check(data_yaml)
    in_train = sum(name.startswith("images/train/") for name in answer["pictures"])
    answer["training"] = train(data_yaml, weights, imgsz=imgsz, pictures=in_train, home=home)
    (home / "answer.json").write_text(json.dumps(answer))


if __name__ == "__main__":
    main()

"""A throw-away folder in which Ultralytics trains and measures, kept off the network and off the user's settings."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from demo.scene import CLASSES

IMGSZ: Final = 640  # what the model predicts whole frames at

_REPORTING: Final = ("sync", "clearml", "comet", "dvc", "mlflow", "raytune", "tensorboard", "wandb", "vscode_msg")
_FOLDERS: Final = ("datasets_dir", "weights_dir", "runs_dir")


@contextmanager
def workspace() -> Iterator[Path]:
    """Make the folder and remove it afterwards. Import Ultralytics only inside it."""
    with tempfile.TemporaryDirectory(prefix="sky") as name:
        work = Path(name)
        _stay_offline(work)
        yield work


def write_data_yaml(work: Path) -> Path:
    """Write the file that tells Ultralytics about `images/train`, where there is one, and `images/val`."""
    train = "train" if (work / "images" / "train").is_dir() else "val"
    names = "".join(f"  {number}: {name}\n" for number, name in enumerate(CLASSES))
    file = work / "sky.yaml"
    file.write_text(f"path: {work}\ntrain: images/{train}\nval: images/val\nnames:\n{names}", encoding="utf-8")
    return file


def _stay_offline(work: Path) -> None:
    """Give Ultralytics settings of its own and the font it would download."""
    import matplotlib

    os.environ.update(YOLO_OFFLINE="1", YOLO_AUTOINSTALL="0", YOLO_CONFIG_DIR=str(work), ULTRALYTICS_SAFE_LOAD="1")
    os.environ.pop("ULTRALYTICS_API_KEY", None)
    folder = work / "Ultralytics"
    folder.mkdir()
    settings = {
        "settings_version": "0.0.8",
        "uuid": "0" * 64,
        "api_key": "",
        "openai_api_key": "",
        "openvino_msg": False,
        **dict.fromkeys(_REPORTING, False),
        **{name: str(work / name) for name in _FOLDERS},
    }
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    font = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    for name in ("Arial.ttf", "Arial.Unicode.ttf"):
        shutil.copy(font, folder / name)

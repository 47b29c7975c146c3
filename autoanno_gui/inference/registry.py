"""Tell what a model file is, refuse what cannot be used with a sentence, and load the rest."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from autoanno_gui.core.errors import ModelError
from autoanno_gui.core.predictions import ModelInfo, RunSettings
from autoanno_gui.core.task import Task
from autoanno_gui.inference.engine import Detector
from autoanno_gui.inference.offline import prepare_offline
from autoanno_gui.inference.yolo_checkpoint import open_checkpoint
from autoanno_gui.inference.yolo_devices import choose_device
from autoanno_gui.inference.yolo_engine import load_yolo
from autoanno_gui.inference.yolo_metadata import OPENVINO_SUFFIX, Backend, ModelFacts, read_export

if TYPE_CHECKING:
    from torch import nn

_BY_SUFFIX: Final = {
    ".pt": Backend.TORCH,
    ".onnx": Backend.ONNX,
    ".engine": Backend.ENGINE,
    ".torchscript": Backend.TORCHSCRIPT,
}
_PACKAGES: Final[dict[Backend, tuple[str, ...]]] = {
    Backend.ONNX: ("onnx", "onnxruntime"),
    Backend.OPENVINO: ("openvino",),
}
_KINDS: Final = "a .pt, .onnx, .engine or .torchscript file or an *_openvino_model folder"


@dataclass(frozen=True, slots=True)
class _Opened:
    """A model file that was found good; `network` is there for `.pt` files, which had to be opened to be read."""

    info: ModelInfo
    facts: ModelFacts
    network: nn.Module | None


def inspect_model(path: Path, *, task: Task | None = None, home: Path) -> ModelInfo:
    """Return what a model file is. Exports are read without their runtime and without torch.

    Args:
        path: a file, an `*_openvino_model` folder, or the `.xml` in such a folder.
        task: what it predicts, for an export that does not say.
        home: the program's own folder for models; what their runtimes keep goes there too.

    Raises:
        ModelError: it is missing, damaged, unsafe, not a YOLO, or of a task or kind that is not handled.
    """
    return _open(path, task=task, home=home).info


def load_detector(
    path: Path, *, home: Path, device: str = "auto", imgsz: int | None = None, task: Task | None = None
) -> Detector:
    """Load a model and run it once on an empty image, so that what is returned is known to work.

    Args:
        home: as in `inspect_model`.
        device: `auto` (a GPU where there is one), `cpu`, `cuda`, `cuda:N` or `mps`.
        imgsz: side of the network input in pixels; None for the size of the training. A size that is built into the
            file wins.
        task: what it predicts, for an export that does not say.

    Raises:
        ModelError: as `inspect_model`, or it does not run on the device.
        OutOfMemory: the device is too small for it.
    """
    opened = _open(path, task=task, home=home)
    backend = Backend(opened.info.backend)
    missing = [name for name in _PACKAGES.get(backend, ()) if find_spec(name) is None]
    if missing:
        raise ModelError(
            f"{opened.info.path} needs the package {' and '.join(missing)}; install autoanno_gui[backends]."
        )
    return load_yolo(opened.info, network=opened.network, device=device, imgsz=imgsz, batch=opened.facts.batch)


def best_device(home: Path) -> tuple[str, str]:
    """Return where a `.pt` model would run (`cuda:0`, `mps` or `cpu`) and why not on a GPU; empty when it would.

    Raises:
        ModelError: PyTorch is missing or too old.
    """
    prepare_offline(home)
    return choose_device("auto", Backend.TORCH)


def run_settings(detector: Detector) -> RunSettings:
    """Return what the results of this detector depend on."""
    return RunSettings(model=detector.info, imgsz=detector.imgsz)


def _open(path: Path, *, task: Task | None, home: Path) -> _Opened:
    prepare_offline(home)
    path = Path(os.path.abspath(path))
    try:
        path, backend = _identify(path, home=home)
        if backend is Backend.TORCH:
            network, facts = open_checkpoint(path)
        else:
            network, facts = None, read_export(path, backend)
        info = ModelInfo(
            path=str(path),
            name=path.name,
            task=_handled_task(path, facts, task=task),
            classes=facts.names,
            imgsz=facts.imgsz,
            backend=str(backend),
            weights_hash=_weights_hash(path),
            fixed_imgsz=facts.fixed,
            kpt_shape=facts.kpt_shape,
            kpt_names=facts.kpt_names,
        )
    except OSError as e:
        raise ModelError(f"{path} cannot be read ({e.strerror or e}); check its permissions and the disk.") from e
    return _Opened(info, facts, network)


def _identify(path: Path, *, home: Path) -> tuple[Path, Backend]:
    """Return the file or folder that is meant and its kind."""
    if not path.exists():
        raise ModelError(f"There is no {path}; put the model into {home}, or choose {_KINDS}.")
    if path.suffix.lower() == ".xml":
        path = path.parent
    if path.is_dir():
        if path.name.lower().endswith(OPENVINO_SUFFIX):
            return path, Backend.OPENVINO
        if any(path.glob("*.xml")):
            raise ModelError(f"{path} must have a name that ends in {OPENVINO_SUFFIX}; rename the folder.")
        raise ModelError(f"{path} is a folder without a model; choose {_KINDS}.")
    backend = _BY_SUFFIX.get(path.suffix.lower())
    if backend is None:
        raise ModelError(f"{path} is not a kind of model that can be opened; choose {_KINDS}.")
    if backend is Backend.ENGINE and find_spec("tensorrt") is None:
        raise ModelError(f"{path} needs TensorRT, which is not installed; use the .pt or .onnx file of the model.")
    return path, backend


def _handled_task(path: Path, facts: ModelFacts, *, task: Task | None) -> Task:
    if "RTDETR" in facts.head:
        raise ModelError(f"{path} is an RT-DETR, which is not handled; use a YOLO model.")
    if facts.channels != 3:
        raise ModelError(f"{path} expects images of {facts.channels} channels; only colour images are handled.")
    if facts.task is None and task is None:
        raise ModelError(f"{path} does not say what it predicts; give the task (detect, segment, pose or obb).")
    found = facts.task or str(task)
    if found not in list(Task):
        raise ModelError(f"{path} is a {found} model, which is not handled; use a detect, segment, pose or obb model.")
    if found == Task.POSE and facts.kpt_shape is None:
        raise ModelError(f"{path} does not say how many keypoints it predicts; export it again with `yolo export`.")
    return Task(found)


def _weights_hash(path: Path) -> str:
    """Return the sha256 of a file, or of the names and hashes of the files in a folder."""
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    total = hashlib.sha256()
    for inner in sorted(p for p in path.rglob("*") if p.is_file()):
        total.update(f"{inner.relative_to(path).as_posix()}\0{_weights_hash(inner)}\n".encode())
    return total.hexdigest()

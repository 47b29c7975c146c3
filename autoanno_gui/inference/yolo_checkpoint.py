"""Open `.pt` files, which are pickles, without running what may be in them."""

from __future__ import annotations

import pickle
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from autoanno_gui.core.errors import ModelError
from autoanno_gui.inference.yolo_metadata import ModelFacts, class_names, image_size, keypoint_names, keypoint_shape
from autoanno_gui.inference.yolo_runtime import import_ultralytics

if TYPE_CHECKING:
    from torch import nn

_PICKLE_START: Final = b"\x80"
_ZIP_START: Final = b"PK\x03\x04"
_FOREIGN: Final = re.compile(r"GLOBAL ([\w.]+)")


def open_checkpoint(path: Path) -> tuple[nn.Module, ModelFacts]:
    """Return the network of a `.pt` file on the CPU and what it says about itself.

    Only tensors, plain values and the network classes of PyTorch and Ultralytics are rebuilt; nothing else that the
    file names is imported or called.

    Raises:
        ModelError: damaged, holds code, not a YOLO, or made by a version that is not understood.
        OSError: it cannot be read.
    """
    check_container(path)
    import_ultralytics()
    from ultralytics.nn.tasks import BaseModel, RTDETRDetectionModel, load_checkpoint

    try:
        network, _ = load_checkpoint(str(path))
    except (TypeError, pickle.UnpicklingError, EOFError, RuntimeError) as e:
        raise ModelError(_refusal(path, e)) from e
    except ImportError as e:
        raise ModelError(f"{path} needs a Python package that is not installed ({e.name}).") from e
    except (AssertionError, AttributeError, IndexError, KeyError, ValueError) as e:
        raise ModelError(f"{path} cannot be opened as a YOLO checkpoint ({e}); copy or train it again.") from e
    if not isinstance(network, BaseModel):
        raise ModelError(_not_a_yolo(path))
    if isinstance(network, RTDETRDetectionModel):
        raise ModelError(f"{path} is an RT-DETR, which is not handled; use a YOLO model.")
    return network, _facts(path, network)


def check_container(path: Path, *, choice: str = "a YOLO checkpoint") -> None:
    """Refuse by the first bytes what cannot be a file of PyTorch, before any unpickler sees it.

    Args:
        choice: what to choose instead.

    Raises:
        ModelError: empty, cut short, or of another format.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(4)
    if not start:
        raise ModelError(f"{path} is empty; copy the model file again.")
    if start == _ZIP_START:
        if not zipfile.is_zipfile(path):
            raise ModelError(f"{path} is damaged or cut short; copy the model file again.")
    elif not start.startswith(_PICKLE_START):
        raise ModelError(f"{path} is not a PyTorch file, whatever its name says; choose {choice}.")


def _refusal(path: Path, error: Exception) -> str:
    """Return the sentence for a checkpoint that was not opened."""
    cause = error.__cause__
    reason = f"{cause or error}"
    named = _FOREIGN.search(reason)
    if named is not None:
        if named[1].startswith("ultralytics."):
            return f"{path} needs {named[1]}, which this Ultralytics does not have; install a newer ultralytics."
        if named[1].startswith("models."):
            return f"{path} was trained with the old YOLOv5 code; train it again with Ultralytics, or export to ONNX."
        return f"{path} was not opened since it contains code ({named[1]}) that a YOLO model has no need of."
    if "TorchScript" in reason or "TorchScript" in str(error):
        return f"{path} is a TorchScript archive; give it the ending .torchscript or use the original .pt file."
    if isinstance(cause, pickle.UnpicklingError):
        return f"{path} was not opened since it is not a plain YOLO checkpoint; it may be damaged or contain code."
    if cause is not None or not isinstance(error, TypeError):
        return f"{path} is damaged or cut short; copy the model file again."
    return _not_a_yolo(path)


def _not_a_yolo(path: Path) -> str:
    return f"{path} holds no YOLO network (perhaps bare weights); choose a checkpoint saved by Ultralytics."


def _facts(path: Path, network: nn.Module) -> ModelFacts:
    layout = getattr(network, "yaml", None) or {}
    arguments = getattr(network, "args", None) or {}
    try:
        kpt_shape = keypoint_shape(getattr(network, "kpt_shape", None) or layout.get("kpt_shape"))
        return ModelFacts(
            task=str(network.task),
            names=class_names(network.names),
            imgsz=image_size(arguments.get("imgsz", 640)),
            fixed=False,
            channels=int(layout.get("channels", 3)),
            kpt_shape=kpt_shape,
            kpt_names=keypoint_names(getattr(network, "kpt_names", None), kpt_shape),
        )
    except (AttributeError, TypeError, ValueError) as e:
        raise ModelError(f"{path} does not say what it predicts ({e}); train or save it again.") from e

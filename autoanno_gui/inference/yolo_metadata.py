"""What an exported model says about itself, read without the runtime that runs it and without torch."""

from __future__ import annotations

import ast
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any, Final, cast

import yaml

from autoanno_gui.core.errors import ModelError

OPENVINO_SUFFIX: Final = "_openvino_model"
_ENGINE_HEADER_LIMIT: Final = 1 << 20


class Backend(StrEnum):
    """The kinds of model files that can be opened."""

    TORCH = "torch"
    ONNX = "onnx"
    OPENVINO = "openvino"
    ENGINE = "engine"
    TORCHSCRIPT = "torchscript"


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is common to every kind of model file.

    Attributes:
        task: Ultralytics' name of it, None when the file does not say.
        names: class names by number.
        imgsz: (height, width) of the network input in pixels.
        fixed: whether the input size is built in.
        batch: frames at once that a fixed input takes.
        channels: of the input image.
        kpt_shape: (keypoints, 2 or 3) of pose models.
        kpt_names: of their keypoints, empty when unknown.
        head: class name of the network's last part, empty when unknown.
    """

    task: str | None
    names: tuple[str, ...]
    imgsz: tuple[int, int]
    fixed: bool
    batch: int = 1
    channels: int = 3
    kpt_shape: tuple[int, int] | None = None
    kpt_names: tuple[str, ...] = ()
    head: str = ""


def read_export(path: Path, backend: Backend) -> ModelFacts:
    """Return what the metadata of an export says.

    Args:
        path: the file, or the folder of an OpenVINO export.

    Raises:
        ModelError: damaged, or not exported by Ultralytics.
        OSError: it cannot be read.
    """
    if backend is Backend.ONNX:
        raw = _onnx(path)
    elif backend is Backend.OPENVINO:
        raw = _openvino(path)
    elif backend is Backend.ENGINE:
        raw = _engine(path)
    else:
        raw = _torchscript(path)
    if not raw:
        raise ModelError(
            f"{path} has no Ultralytics metadata, so its classes are unknown; export it again with `yolo export`."
        )
    try:
        return _facts(raw)
    except (KeyError, ValueError, TypeError, SyntaxError, RecursionError) as e:
        raise ModelError(
            f"The metadata of {path} cannot be understood ({e}); export it again with `yolo export`."
        ) from e


def class_names(names: object) -> tuple[str, ...]:
    """Return class names by number from the dict or list that Ultralytics keeps.

    Raises:
        ValueError: there are none, or the numbers have gaps.
    """
    if isinstance(names, Mapping):
        by_number = {int(number): str(name) for number, name in names.items()}
    elif isinstance(names, list | tuple):
        by_number = {number: str(name) for number, name in enumerate(names)}
    else:
        raise ValueError("no class names")
    if not by_number or sorted(by_number) != list(range(len(by_number))):
        raise ValueError("the class numbers have gaps" if by_number else "no class names")
    return tuple(by_number[number].strip() or f"class{number}" for number in range(len(by_number)))


def image_size(imgsz: object) -> tuple[int, int]:
    """Return (height, width) from one number or a pair.

    Raises:
        ValueError: it is neither.
    """
    sides: list[Any] = list(imgsz) if isinstance(imgsz, list | tuple) else [imgsz]
    if len(sides) not in (1, 2) or not all(isinstance(side, int) and side > 0 for side in sides):
        raise ValueError(f"image size {imgsz!r}")
    return sides[0], sides[-1]


def keypoint_shape(shape: object) -> tuple[int, int] | None:
    """Return (keypoints, 2 or 3), or None when there is none.

    Raises:
        ValueError: it is something else.
    """
    if shape is None:
        return None
    sides: list[Any] = list(shape) if isinstance(shape, list | tuple) else [shape]
    if len(sides) != 2 or not all(isinstance(side, int) for side in sides) or sides[0] < 1 or sides[1] not in (2, 3):
        raise ValueError(f"keypoint shape {shape!r}")
    return sides[0], sides[1]


def keypoint_names(names: object, shape: tuple[int, int] | None) -> tuple[str, ...]:
    """Return the names of a model's keypoints, which Ultralytics keeps for each class; empty when there are none.

    Names that differ between the classes, that do not fit their number, or that are only numbers do not count.
    """
    by_class = list(names.values()) if isinstance(names, Mapping) else [names]
    first = by_class[0] if by_class else None
    if shape is None or not isinstance(first, list | tuple) or any(each != first for each in by_class):
        return ()
    found = tuple(str(name).strip() for name in first)
    named = len(found) == shape[0] and all(found) and found != tuple(map(str, range(shape[0])))
    return found if named else ()


def _facts(raw: Mapping[str, Any]) -> ModelFacts:
    values: dict[str, Any] = {key: _literal(value) if key in _STRUCTURED else value for key, value in raw.items()}
    arguments = values.get("args")
    dynamic = arguments.get("dynamic", False) if isinstance(arguments, Mapping) else False
    task = values.get("task")
    kpt_shape = keypoint_shape(values.get("kpt_shape"))
    return ModelFacts(
        task=None if task is None else str(task),
        names=class_names(values["names"]),
        imgsz=image_size(values["imgsz"]),
        fixed=not dynamic,
        batch=int(values.get("batch", 1)),
        channels=int(values.get("channels", 3)),
        kpt_shape=kpt_shape,
        kpt_names=keypoint_names(values.get("kpt_names"), kpt_shape),
        head=str(values.get("head", "")),
    )


_STRUCTURED: Final = frozenset({"names", "imgsz", "kpt_shape", "kpt_names", "args"})


def _literal(value: object) -> object:
    """Return the value of a Python literal written as text (how one-file exports keep lists and dicts)."""
    return ast.literal_eval(value) if isinstance(value, str) else value


def _onnx(path: Path) -> dict[str, Any]:
    try:
        import onnx

        protobuf = import_module("google.protobuf.message")
    except ImportError as e:
        raise ModelError(f"{path} needs the packages onnx and onnxruntime; install autoanno_gui[backends].") from e
    try:
        model = onnx.load(str(path), load_external_data=False)
    except protobuf.DecodeError as e:
        raise ModelError(f"{path} is damaged or not an ONNX file; copy or export it again.") from e
    if not model.graph.node:
        raise ModelError(f"{path} is damaged or not an ONNX file; copy or export it again.")
    return {entry.key: entry.value for entry in model.metadata_props}


def _openvino(path: Path) -> dict[str, Any]:
    graphs = sorted(path.glob("*.xml"))
    if not graphs:
        raise ModelError(f"{path} holds no .xml model; copy the whole folder of the OpenVINO export again.")
    if not graphs[0].with_suffix(".bin").is_file():
        raise ModelError(f"{graphs[0].with_suffix('.bin')} is missing; copy the whole OpenVINO folder again.")
    sidecar = path / "metadata.yaml"
    if not sidecar.is_file():
        return {}
    try:
        raw = yaml.safe_load(sidecar.read_bytes())
    except (yaml.YAMLError, UnicodeDecodeError) as e:
        raise ModelError(f"{sidecar} is damaged; copy or export the model again.") from e
    return raw if isinstance(raw, dict) else {}


def _engine(path: Path) -> dict[str, Any]:
    """Read the JSON that Ultralytics puts in front of a TensorRT engine, after its length in four bytes."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(4), byteorder="little")
        if not 0 < length <= _ENGINE_HEADER_LIMIT:
            return {}
        try:
            raw = json.loads(file.read(length))
        except ValueError:
            return {}
    return raw if isinstance(raw, dict) else {}


def _torchscript(path: Path) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            name = next((n for n in archive.namelist() if n.endswith("extra/config.txt")), None)
            raw = json.loads(archive.read(name)) if name is not None else {}
    except (zipfile.BadZipFile, ValueError) as e:
        raise ModelError(f"{path} is damaged or not a TorchScript file; copy or export it again.") from e
    return cast("dict[str, Any]", raw) if isinstance(raw, dict) else {}

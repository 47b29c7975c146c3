from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from autoanno_gui.core.errors import ModelError
from autoanno_gui.core.predictions import ModelInfo
from autoanno_gui.inference.registry import inspect_model
from tests.unit.inference.test_registry import METADATA, ONNX_METADATA, onnx_file, openvino_folder

POSE = METADATA.replace("task: detect", "task: pose")
LAYOUT = """\
nc: 2
kpt_shape: [3, 2]
backbone:
  - [-1, 1, Conv, [16, 3, 2]]
head:
  - [[0], 1, Pose, [nc, [3, 2]]]
"""
TIPS = ("nose", "left hand", "right hand")


@pytest.fixture
def inspected(tmp_path: Path, home: Path) -> Callable[[str], ModelInfo]:
    """Return a function that inspects a pose export with these lines in its metadata; for one call."""

    def inspect(lines: str) -> ModelInfo:
        return inspect_model(openvino_folder(tmp_path, metadata=POSE + lines), home=home)

    return inspect


def test_an_export_tells_its_keypoints(inspected: Callable[[str], ModelInfo]) -> None:
    info = inspected(
        "kpt_shape: [3, 2]\nkpt_names: {0: [nose, left hand, right hand], 1: [nose, left hand, right hand]}"
    )
    assert (info.kpt_shape, info.kpt_names) == ((3, 2), TIPS)


@pytest.mark.parametrize(
    "names",
    [
        "",
        "kpt_names: {}",
        "kpt_names: {0: ['0', '1', '2'], 1: ['0', '1', '2']}",  # What Ultralytics writes when it was told none.
        "kpt_names: {0: [nose, left hand], 1: [nose, left hand]}",
        "kpt_names: {0: [nose, left hand, right hand], 1: [beak, left wing, right wing]}",
        "kpt_names: {0: [nose, left hand, '']}",
        "kpt_names: 3",
    ],
)
def test_names_that_say_nothing_do_not_count(names: str, inspected: Callable[[str], ModelInfo]) -> None:
    assert inspected(f"kpt_shape: [3, 2]\n{names}").kpt_names == ()


@pytest.mark.parametrize("shape", ["[17]", "[17, 4]", "[0, 3]", "17", "[a, 2]", "[2.5, 2]"])
def test_a_keypoint_shape_that_is_none_is_refused(shape: str, inspected: Callable[[str], ModelInfo]) -> None:
    with pytest.raises(ModelError, match=r"keypoint shape .*; export it again"):
        inspected(f"kpt_shape: {shape}")


def test_a_pose_export_without_keypoint_shape_is_refused(inspected: Callable[[str], ModelInfo]) -> None:
    with pytest.raises(ModelError, match="does not say how many keypoints"):
        inspected("")


def test_a_one_file_export_tells_its_keypoints(tmp_path: Path, home: Path) -> None:
    names = "{0: ['nose', 'left hand', 'right hand']}"
    metadata = {**ONNX_METADATA, "task": "pose", "kpt_shape": "[3, 3]", "kpt_names": names}
    info = inspect_model(onnx_file(tmp_path / "best.onnx", **metadata), home=home)
    assert (info.kpt_shape, info.kpt_names) == ((3, 3), TIPS)


def test_a_checkpoint_tells_its_keypoints(build_model: Callable[..., Path], home: Path, tmp_path: Path) -> None:
    path = build_model(LAYOUT)
    bare = inspect_model(path, home=home)
    assert (bare.kpt_shape, bare.kpt_names) == ((3, 2), ())
    from ultralytics import YOLO

    model = YOLO(str(path))
    model.model.kpt_names = {0: list(TIPS), 1: list(TIPS)}
    model.save(str(tmp_path / "named.pt"))
    assert inspect_model(tmp_path / "named.pt", home=home).kpt_names == TIPS

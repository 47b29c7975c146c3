from __future__ import annotations

import json
import os
import pickle
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from autoanno_gui.core.errors import ModelError, OutOfMemory
from autoanno_gui.core.predictions import CONFIDENCE_FLOOR
from autoanno_gui.core.task import Task
from autoanno_gui.inference.registry import best_device, inspect_model, load_detector, run_settings
from tests.unit.inference.test_offline import run_python

METADATA = """\
task: detect
stride: 32
batch: 1
imgsz: [64, 96]
names: {0: cat, 1: dog}
args: {dynamic: false, nms: false}
channels: 3
"""


class CallsOut:
    """Unpickling it would make a folder."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.target),)


def openvino_folder(parent: Path, *, metadata: str = METADATA, name: str = "best_openvino_model") -> Path:
    folder = parent / name
    folder.mkdir()
    (folder / "best.xml").write_text("<net/>")
    (folder / "best.bin").write_bytes(b"weights")
    (folder / "metadata.yaml").write_text(metadata)
    return folder


def onnx_file(path: Path, **metadata: str) -> Path:
    import onnx
    from onnx import TensorProto, helper

    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 64, 96])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3, 64, 96])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [value], [out])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    for key, text in metadata.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, text
    onnx.save(model, str(path))
    return path


ONNX_METADATA = {"task": "detect", "imgsz": "[64, 96]", "names": "{0: 'cat', 1: 'dog'}", "batch": "1"}


# What is told


def test_a_checkpoint_tells_what_it_is(tiny: Path, home: Path) -> None:
    info = inspect_model(tiny, home=home)
    assert info.path == str(tiny)
    assert info.name == "tiny.pt"
    assert info.task is Task.DETECT
    assert info.classes == ("circle", "square", "triangle")
    assert info.imgsz == (96, 96)
    assert info.backend == "torch"
    assert not info.fixed_imgsz
    assert info.kpt_shape is None
    assert len(info.weights_hash) == 64


def test_each_task_is_told(build_model: Callable[..., Path], home: Path) -> None:
    layout = "nc: 3\n{extra}backbone:\n" + "  - [-1, 1, Conv, [16, 3, 2]]\n" * 3 + "head:\n  - [[2], 1, {head}]\n"
    heads = {
        Task.SEGMENT: ("", "Segment, [nc, 4, 16]"),
        Task.OBB: ("", "OBB, [nc, 1]"),
        Task.POSE: ("kpt_shape: [5, 3]\n", "Pose, [nc, [5, 3]]"),
    }
    for task, (extra, head) in heads.items():
        info = inspect_model(build_model(layout.format(extra=extra, head=head)), home=home)
        assert info.task is task
        assert info.kpt_shape == ((5, 3) if task is Task.POSE else None)


def test_an_openvino_folder_tells_what_it_is_also_by_its_xml(tmp_path: Path, home: Path) -> None:
    folder = openvino_folder(tmp_path)
    info = inspect_model(folder, home=home)
    assert (info.task, info.classes, info.imgsz) == (Task.DETECT, ("cat", "dog"), (64, 96))
    assert (info.backend, info.fixed_imgsz) == ("openvino", True)
    assert inspect_model(folder / "best.xml", home=home) == info


def test_an_onnx_file_tells_what_it_is(tmp_path: Path, home: Path) -> None:
    metadata = {**ONNX_METADATA, "task": "pose", "kpt_shape": "[17, 3]", "args": "{'dynamic': True}"}
    info = inspect_model(onnx_file(tmp_path / "best.onnx", **metadata), home=home)
    assert (info.task, info.classes, info.imgsz) == (Task.POSE, ("cat", "dog"), (64, 96))
    assert (info.backend, info.fixed_imgsz, info.kpt_shape) == ("onnx", False, (17, 3))


def test_an_export_without_task_takes_the_given_one(tmp_path: Path, home: Path) -> None:
    folder = openvino_folder(tmp_path, metadata=METADATA.replace("task: detect\n", ""))
    assert inspect_model(folder, task=Task.OBB, home=home).task is Task.OBB
    with pytest.raises(ModelError, match="does not say what it predicts"):
        inspect_model(folder, home=home)


def test_exports_are_inspected_without_torch(tmp_path: Path, home: Path) -> None:
    script = f"""
import sys
from pathlib import Path
from autoanno_gui.inference.registry import inspect_model
for name in ("best_openvino_model", "best.onnx"):
    inspect_model(Path({str(tmp_path)!r}, name), home=Path({str(home)!r}))
assert not {{"torch", "ultralytics", "openvino", "onnxruntime"}} & set(sys.modules), sorted(sys.modules)
"""
    openvino_folder(tmp_path)
    onnx_file(tmp_path / "best.onnx", **ONNX_METADATA)
    run_python(script, home=tmp_path)


def test_the_hash_follows_the_bytes_and_not_the_name(tiny: Path, tmp_path: Path, home: Path) -> None:
    import hashlib

    copy = tmp_path / "other.pt"
    shutil.copy(tiny, copy)
    assert inspect_model(copy, home=home).weights_hash == hashlib.sha256(tiny.read_bytes()).hexdigest()
    folder = openvino_folder(tmp_path)
    before = inspect_model(folder, home=home).weights_hash
    assert inspect_model(shutil.copytree(folder, tmp_path / "b_openvino_model"), home=home).weights_hash == before
    (folder / "best.bin").write_bytes(b"other")
    assert inspect_model(folder, home=home).weights_hash != before


@pytest.mark.parametrize("name", ["it's yolov5n.pt", "yolov5n.pt", " spaced .pt", "ünï čode.pt"])
def test_a_name_that_ultralytics_would_look_for_online_is_opened(
    name: str, tiny: Path, tmp_path: Path, home: Path
) -> None:
    shutil.copy(tiny, tmp_path / name)
    assert len(inspect_model(tmp_path / name, home=home).classes) == 3


# What is refused


def refused(path: Path, home: Path) -> str:
    """Return the sentence with which a model is refused, after the checks that hold for all of them."""
    with pytest.raises(ModelError) as caught:
        load_detector(path, home=home, device="cpu")
    sentence = str(caught.value)
    assert path.name in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def test_a_missing_file_is_named_with_a_place_to_put_it(tmp_path: Path, home: Path) -> None:
    sentence = refused(tmp_path / "yolo11n.pt", home)
    assert str(tmp_path / "yolo11n.pt") in sentence
    assert f"into {home}" in sentence
    assert not (tmp_path / "yolo11n.pt").exists()


@pytest.mark.parametrize("keep", [0.5, 0.95])
def test_a_checkpoint_that_was_cut_short(keep: float, tiny: Path, tmp_path: Path, home: Path) -> None:
    whole = tiny.read_bytes()
    (tmp_path / "cut.pt").write_bytes(whole[: int(len(whole) * keep)])
    assert "damaged or cut short" in refused(tmp_path / "cut.pt", home)


def test_a_checkpoint_with_rotten_bytes(tiny: Path, tmp_path: Path, home: Path) -> None:
    whole = bytearray(tiny.read_bytes())
    whole[120:400] = bytes(280)
    (tmp_path / "rotten.pt").write_bytes(whole)
    refused(tmp_path / "rotten.pt", home)


@pytest.mark.parametrize(
    ("content", "phrase"),
    [
        (b"", "is empty"),
        (b"these are not weights\n", "is not a PyTorch file"),
        (b"\xff\xd8\xff\xe0JFIF", "is not a PyTorch file"),
        (b"\x80\x02not a pickle after all", "was not opened"),
    ],
)
def test_something_else_that_is_called_pt(content: bytes, phrase: str, tmp_path: Path, home: Path) -> None:
    (tmp_path / "best.pt").write_bytes(content)
    assert phrase in refused(tmp_path / "best.pt", home)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_bare_pickle_with_code_is_not_run(protocol: int, tmp_path: Path, home: Path) -> None:
    trace = tmp_path / "trace"
    (tmp_path / "evil.pt").write_bytes(pickle.dumps({"model": CallsOut(trace)}, protocol=protocol))
    refused(tmp_path / "evil.pt", home)
    assert not trace.exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_a_checkpoint_with_code_is_not_run(zipped: bool, tmp_path: Path, home: Path) -> None:
    import torch

    trace = tmp_path / "trace"
    file = tmp_path / "evil.pt"
    torch.save({"model": CallsOut(trace)}, file, _use_new_zipfile_serialization=zipped)
    sentence = refused(file, home)
    assert "not opened since it contains code" in sentence
    assert "mkdir" in sentence
    assert not trace.exists()


def test_the_evil_checkpoint_would_have_run(tmp_path: Path) -> None:
    import torch

    trace = tmp_path / "trace"
    torch.save({"model": CallsOut(trace)}, tmp_path / "evil.pt")
    torch.load(tmp_path / "evil.pt", weights_only=False)
    assert trace.is_dir()


def test_code_is_refused_also_when_ultralytics_was_imported_unprepared(tmp_path: Path) -> None:
    script = f"""
import os, sys
from pathlib import Path
import ultralytics.nn.tasks as tasks
assert not tasks.SAFE_LOAD
import torch
from autoanno_gui.core.errors import ModelError
from autoanno_gui.inference.registry import inspect_model
class CallsOut:
    def __reduce__(self):
        return os.mkdir, ({str(tmp_path / "trace")!r},)
file = Path({str(tmp_path / "evil.pt")!r})
torch.save({{"model": CallsOut()}}, file)
try:
    inspect_model(file, home=Path({str(tmp_path)!r}))
except ModelError:
    sys.exit(0)
sys.exit("it was opened")
"""
    run_python(script, home=tmp_path, YOLO_OFFLINE="1", YOLO_CONFIG_DIR=str(tmp_path))
    assert not (tmp_path / "trace").exists()


def test_bare_weights_and_foreign_networks_are_no_yolo(tmp_path: Path, home: Path) -> None:
    import torch

    torch.save({"layer.weight": torch.zeros(3)}, tmp_path / "state.pt")
    assert "holds no YOLO" in refused(tmp_path / "state.pt", home)
    torch.save({"model": torch.nn.Sequential(torch.nn.Linear(2, 2))}, tmp_path / "linear.pt")
    refused(tmp_path / "linear.pt", home)
    torch.save([1, 2, 3], tmp_path / "list.pt")
    refused(tmp_path / "list.pt", home)


def test_a_newer_ultralytics_is_asked_for(tiny: Path, tmp_path: Path, home: Path) -> None:
    file = tmp_path / "future.pt"
    with zipfile.ZipFile(tiny) as source, zipfile.ZipFile(file, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename.endswith("data.pkl"):
                assert b"DetectionModel" in content
                content = content.replace(b"DetectionModel", b"FutureeeeModel")
            target.writestr(entry.filename, content)
    assert "install a newer ultralytics" in refused(file, home)


def test_a_classifier_is_refused_by_name(build_model: Callable[..., Path], home: Path, tmp_path: Path) -> None:
    layout = "nc: 3\nbackbone:\n  - [-1, 1, Conv, [8, 3, 2]]\nhead:\n  - [-1, 1, Classify, [nc]]\n"
    assert "is a classify model" in refused(build_model(layout, name="cls.pt"), home)
    for task in ("classify", "semantic", "depth"):
        folder = openvino_folder(tmp_path, metadata=METADATA.replace("detect", task), name=f"{task}_openvino_model")
        assert f"is a {task} model, which is not handled" in refused(folder, home)


def test_images_of_other_than_three_channels_are_refused(tmp_path: Path, home: Path) -> None:
    folder = openvino_folder(tmp_path, metadata=METADATA.replace("channels: 3", "channels: 1"))
    assert "channels" in refused(folder, home)


def test_an_onnx_file_that_cannot_be_used(tmp_path: Path, home: Path) -> None:
    (tmp_path / "text.onnx").write_bytes(b"these are not weights" * 9)
    assert "is damaged or not an ONNX file" in refused(tmp_path / "text.onnx", home)
    (tmp_path / "empty.onnx").write_bytes(b"")
    assert "is damaged or not an ONNX file" in refused(tmp_path / "empty.onnx", home)
    whole = onnx_file(tmp_path / "whole.onnx", **ONNX_METADATA).read_bytes()
    (tmp_path / "cut.onnx").write_bytes(whole[: len(whole) // 2])
    refused(tmp_path / "cut.onnx", home)
    assert "no Ultralytics metadata" in refused(onnx_file(tmp_path / "foreign.onnx"), home)
    odd = onnx_file(tmp_path / "odd.onnx", **{**ONNX_METADATA, "names": "__import__('os').getcwd()"})
    assert "metadata of" in refused(odd, home)


def test_an_onnx_file_that_is_no_detector(tmp_path: Path, home: Path) -> None:
    assert "export it again" in refused(onnx_file(tmp_path / "identity.onnx", **ONNX_METADATA), home)


def test_an_openvino_folder_that_is_not_whole(tmp_path: Path, home: Path) -> None:
    folder = openvino_folder(tmp_path)
    assert "failed while loading" in refused(folder, home)
    (folder / "metadata.yaml").write_text("names: [a\n")
    assert "metadata.yaml is damaged" in refused_inside(folder, home)
    (folder / "metadata.yaml").unlink()
    assert "no Ultralytics metadata" in refused(folder, home)
    (folder / "best.bin").unlink()
    assert "best.bin is missing" in refused_inside(folder, home)
    (folder / "best.xml").unlink()
    assert "holds no .xml model" in refused(folder, home)


def refused_inside(folder: Path, home: Path) -> str:
    with pytest.raises(ModelError) as caught:
        inspect_model(folder, home=home)
    return str(caught.value)


def test_a_folder_of_another_name(tmp_path: Path, home: Path) -> None:
    assert "rename the folder" in refused(openvino_folder(tmp_path, name="my model"), home)
    (tmp_path / "frames").mkdir()
    assert "folder without a model" in refused(tmp_path / "frames", home)


def test_class_numbers_with_gaps_and_no_classes(tmp_path: Path, home: Path) -> None:
    gaps = openvino_folder(tmp_path, metadata=METADATA.replace("1: dog", "2: dog"))
    assert "gaps" in refused(gaps, home)
    none = openvino_folder(tmp_path, metadata=METADATA.replace("{0: cat, 1: dog}", "{}"), name="n_openvino_model")
    assert "no class names" in refused(none, home)


def test_other_kinds_of_files(tmp_path: Path, home: Path) -> None:
    for name in ("best.engine", "best.safetensors", "best.tflite", "best"):
        (tmp_path / name).write_bytes(b"something")
    assert "TensorRT" in refused(tmp_path / "best.engine", home)
    for name in ("best.safetensors", "best.tflite", "best"):
        assert "is not a kind of model that can be opened" in refused(tmp_path / name, home)
    (tmp_path / "best.torchscript").write_bytes(b"something")
    assert "damaged" in refused(tmp_path / "best.torchscript", home)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root and Windows may read everything")
def test_a_file_that_may_not_be_read(tiny: Path, tmp_path: Path, home: Path) -> None:
    shutil.copy(tiny, tmp_path / "locked.pt")
    (tmp_path / "locked.pt").chmod(0)
    assert "cannot be read" in refused(tmp_path / "locked.pt", home)


def test_rt_detr_is_refused_by_name(tmp_path: Path, home: Path) -> None:
    folder = openvino_folder(tmp_path, metadata=METADATA + "head: RTDETRDecoder\n")
    assert "RT-DETR" in refused(folder, home)


# Loading


def test_loading_tells_the_device_and_why_not_the_gpu(tiny: Path, home: Path) -> None:
    import torch

    detector = load_detector(tiny, home=home)
    if torch.cuda.is_available():
        assert (detector.device, detector.device_reason, detector.batch_size) == ("cuda:0", "", 8)
    else:
        assert detector.device == "cpu"
        assert detector.device_reason == "PyTorch sees no CUDA device"
        assert detector.batch_size == 1
    assert best_device(home) == (detector.device, detector.device_reason)
    assert load_detector(tiny, home=home, device="cpu").device_reason == "the CPU was asked for"


@pytest.mark.parametrize("device", ["cuda:99", "cuda", "7", "mps", "toaster"])
def test_a_device_that_is_not_there(device: str, tiny: Path, home: Path) -> None:
    import torch

    if (device == "cuda" and torch.cuda.is_available()) or (device == "mps" and torch.backends.mps.is_available()):
        pytest.skip("there is a GPU here")
    with pytest.raises(ModelError, match="choose auto"):
        load_detector(tiny, home=home, device=device)


def test_a_gpu_that_does_not_work_is_given_up(tiny: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from autoanno_gui.inference import yolo_engine

    monkeypatch.setattr(yolo_engine, "choose_device", lambda requested, backend: ("cuda:42", ""))
    detector = load_detector(tiny, home=home)
    assert detector.device == "cpu"
    assert detector.device_reason == "the model could not be run on cuda:42"
    assert len(detector.predict([np.zeros((40, 60, 3), np.uint8)])) == 1


def test_the_input_size_is_the_trainings_unless_given(tiny: Path, home: Path) -> None:
    settings = run_settings(load_detector(tiny, home=home))
    assert settings.imgsz == (96, 96)
    assert (settings.floor, settings.iou, settings.max_det) == (CONFIDENCE_FLOOR, 0.7, 300)
    other = load_detector(tiny, home=home, imgsz=150)
    assert other.imgsz == (160, 160)
    assert run_settings(other).model == settings.model
    assert run_settings(other) != settings


def test_a_network_that_does_not_fit_is_out_of_memory(tiny: Path, home: Path) -> None:
    with pytest.raises(OutOfMemory, match=r"tiny\.pt"):
        load_detector(tiny, home=home, device="cpu", imgsz=4_000_000)


def test_names_that_do_not_fit_the_network_are_refused(build_model: Callable[..., Path], home: Path) -> None:
    file = build_model(name="renamed.pt", names={0: "only"})
    assert "names 1 classes" in refused(file, home)


def test_images_still_open_with_pillow_itself(tiny: Path, home: Path, tmp_path: Path) -> None:
    from PIL import Image, UnidentifiedImageError

    load_detector(tiny, home=home)
    (tmp_path / "text.jpg").write_text(json.dumps({"not": "an image"}))
    with pytest.raises(UnidentifiedImageError):
        Image.open(tmp_path / "text.jpg")

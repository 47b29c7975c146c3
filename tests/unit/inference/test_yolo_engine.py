from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from autoanno_gui.core.box import Box
from autoanno_gui.core.errors import FrameErrorCode, ModelError, OutOfMemory
from autoanno_gui.core.predictions import CONFIDENCE_FLOOR, FramePredictions
from autoanno_gui.inference.engine import Detector
from autoanno_gui.inference.registry import load_detector
from tests.unit.inference.conftest import Image, drawn

REAL = (
    "yolov8n_int8_openvino_model",
    "yolo26n_int8_openvino_model",
    "yolo11n_int8.onnx",
    "pt/yolo11n.pt",
    "shapes-detect.pt",
    "shapes-obb.pt",
    "shapes-seg.pt",
    "shapes-pose.pt",
)


@dataclass(frozen=True)
class Loaded:
    """A model as we load it, as Ultralytics loads it, and images that suit it."""

    name: str
    ours: Detector
    direct: Any
    images: list[Image]

    def reference(self, image: Image, *, confidence: float = CONFIDENCE_FLOOR) -> tuple[NDArray[np.float32], ...]:
        """Return (boxes, confidences, classes) of a direct call, upright and inside the image."""
        (result,) = self.direct.predict([image], conf=confidence, iou=0.7, max_det=300, device="cpu", verbose=False)
        found = result.boxes if result.obb is None else result.obb
        boxes = found.xyxy.numpy().copy()
        boxes[:, 0::2] = boxes[:, 0::2].clip(0, image.shape[1])
        boxes[:, 1::2] = boxes[:, 1::2].clip(0, image.shape[0])
        good = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        return boxes[good], found.conf.numpy()[good], found.cls.numpy().astype(int)[good]


@pytest.fixture(scope="module", params=REAL)
def real(request: pytest.FixtureRequest, shared: Path, home: Path) -> Iterator[Loaded]:
    path = shared / "models" / request.param
    ours = load_detector(path, home=home, device="cpu")
    from ultralytics import YOLO

    if "shapes" in request.param:
        images = [drawn(seed, width=w, height=h) for seed, (w, h) in enumerate([(240, 160), (120, 200), (640, 480)])]
    else:
        photos = sorted((shared / "data" / "coco128" / "images").rglob("*.jpg"))[:6]
        images = [cv2.imread(str(photo)) for photo in photos]
        assert len({image.shape for image in images}) > 2
    yield Loaded(request.param, ours, YOLO(str(path), task=str(ours.info.task)), images)
    ours.close()


@pytest.fixture(scope="module")
def tiny_detector(tiny: Path, home: Path) -> Detector:
    return load_detector(tiny, home=home, device="cpu")


def predict(detector: Detector, image: Image) -> FramePredictions:
    (found,) = detector.predict([image])
    assert isinstance(found, FramePredictions)
    return found


# Against Ultralytics itself, with real weights


def test_results_equal_a_direct_call(real: Loaded) -> None:
    total = 0
    for image in real.images:
        boxes, confidences, classes = real.reference(image)
        found = predict(real.ours, image)
        np.testing.assert_allclose(found.boxes, boxes, atol=0.01)
        np.testing.assert_allclose(found.confidences, confidences, atol=1e-6)
        np.testing.assert_array_equal(found.classes, classes)
        total += len(found)
    assert total >= 5


def test_a_filter_equals_a_run_at_that_threshold(real: Loaded) -> None:
    image = real.images[0]
    found = predict(real.ours, image)
    for threshold in (0.1, 0.3):
        boxes, confidences, classes = real.reference(image, confidence=threshold)
        kept = found.confidences > threshold
        np.testing.assert_allclose(found.boxes[kept], boxes, atol=0.01)
        np.testing.assert_allclose(found.confidences[kept], confidences, atol=1e-6)
        np.testing.assert_array_equal(found.classes[kept], classes)


def test_predictions_are_plain_sorted_and_inside(real: Loaded) -> None:
    for image in real.images:
        found = predict(real.ours, image)
        height, width = image.shape[:2]
        assert found.boxes.dtype == found.confidences.dtype == found.top_scores.dtype == np.float32
        assert found.classes.dtype == found.top_classes.dtype == np.int32
        assert (np.diff(found.confidences) <= 0).all()
        assert (found.confidences > CONFIDENCE_FLOOR).all()
        assert (found.boxes >= 0).all()
        assert (found.boxes[:, [0, 2]] <= width).all()
        assert (found.boxes[:, [1, 3]] <= height).all()
        assert (found.boxes[:, 2:] > found.boxes[:, :2]).all()
        assert set(found.classes) <= set(range(len(real.ours.info.classes)))


def test_the_first_of_the_best_classes_is_the_class(real: Loaded) -> None:
    for image in real.images:
        found = predict(real.ours, image)
        np.testing.assert_array_equal(found.top_classes[:, 0], found.classes)
        np.testing.assert_array_equal(found.top_scores[:, 0], found.confidences)
        if real.name.startswith("yolo26n"):  # Its head gives one class for each box.
            assert (found.top_classes[:, 1:] == -1).all()
            assert (found.top_scores[:, 1:] == 0).all()
            continue
        assert (np.diff(found.top_scores, axis=1) <= 0).all()
        assert (found.top_scores >= 0).all()
        assert all(len(set(row)) == 3 for row in found.top_classes.tolist())
        assert (found.top_classes >= 0).all()


def test_exports_know_their_size_and_their_device(real: Loaded) -> None:
    fixed = not real.name.endswith(".pt")
    assert real.ours.info.fixed_imgsz is fixed
    side = 320 if real.name.endswith(".onnx") else 160 if "shapes" in real.name else 640
    assert real.ours.imgsz == (side, side)
    assert (real.ours.device, real.ours.batch_size) == ("cpu", 1)
    assert "CPU" in real.ours.device_reason


def test_a_fixed_size_cannot_be_changed(shared: Path, home: Path) -> None:
    detector = load_detector(shared / "models" / "yolo11n_int8.onnx", home=home, imgsz=640)
    assert detector.imgsz == (320, 320)


@pytest.mark.parametrize(("width", "height"), [(320, 120), (120, 320)])
def test_boxes_lie_on_the_objects_of_a_frame_that_is_not_square(
    width: int, height: int, shared: Path, home: Path
) -> None:
    detector = load_detector(shared / "models" / "shapes-detect.pt", home=home, device="cpu")
    image = np.full((height, width, 3), 128, np.uint8)
    centre = (width * 3 // 4, height * 3 // 4)
    cv2.circle(image, centre, 24, (30, 30, 220), -1)
    truth = Box(centre[0] - 24, centre[1] - 24, centre[0] + 24, centre[1] + 24)
    found = predict(detector, image)
    assert found.box(0).iou(truth) > 0.8
    assert detector.info.classes[found.classes[0]] == "circle"


# With random weights


def test_a_checkpoint_without_outside_weights_equals_a_direct_call(tiny: Path, tiny_detector: Detector) -> None:
    from ultralytics import YOLO

    images = [drawn(seed, width=w, height=h) for seed, (w, h) in enumerate([(240, 100), (90, 200)])]
    loaded = Loaded("tiny", tiny_detector, YOLO(str(tiny)), images)
    test_results_equal_a_direct_call(loaded)
    test_a_filter_equals_a_run_at_that_threshold(loaded)
    test_the_first_of_the_best_classes_is_the_class(loaded)


def test_a_batch_equals_single_frames(tiny_detector: Detector) -> None:
    images = [drawn(seed, width=200, height=140) for seed in range(3)]
    together = tiny_detector.predict(images)
    assert len(together) == 3
    for image, found in zip(images, together, strict=True):
        assert isinstance(found, FramePredictions)
        alone = predict(tiny_detector, image)
        np.testing.assert_allclose(found.boxes, alone.boxes, atol=0.01)
        np.testing.assert_array_equal(found.classes, alone.classes)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_export_of_any_size_takes_several_frames_at_once(tiny: Path, home: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    from ultralytics import YOLO

    copy = tmp_path / "dynamic.pt"
    shutil.copy(tiny, copy)
    YOLO(str(copy)).export(format="onnx", dynamic=True, simplify=False, device="cpu")
    detector = load_detector(tmp_path / "dynamic.onnx", home=home, imgsz=128, device="cpu")
    assert not detector.info.fixed_imgsz
    assert detector.imgsz == (128, 128)
    image = drawn(1, width=200, height=140)
    expected = predict(load_detector(tiny, home=home, imgsz=128, device="cpu"), image)
    for found in detector.predict([image, image]):
        assert isinstance(found, FramePredictions)
        np.testing.assert_allclose(found.confidences, expected.confidences, atol=1e-4)
        np.testing.assert_allclose(found.boxes, expected.boxes, atol=0.05)


@pytest.mark.filterwarnings("ignore")  # Tracing warns of everything that depends on the input.
def test_a_torchscript_export_is_told_and_run(tiny: Path, home: Path, tmp_path: Path) -> None:
    from ultralytics import YOLO

    copy = tmp_path / "traced.pt"
    shutil.copy(tiny, copy)
    YOLO(str(copy)).export(format="torchscript", imgsz=96, device="cpu")
    detector = load_detector(tmp_path / "traced.torchscript", home=home, device="cpu")
    assert (detector.info.backend, detector.info.fixed_imgsz, detector.imgsz) == ("torchscript", True, (96, 96))
    image = drawn(1, width=100, height=100)
    expected = predict(load_detector(tiny, home=home, device="cpu"), image)
    found = predict(detector, image)
    np.testing.assert_allclose(found.confidences, expected.confidences, atol=1e-4)
    np.testing.assert_allclose(found.boxes, expected.boxes, atol=0.05)


def test_one_class_has_no_second_best(build_model: Callable[..., Path], home: Path) -> None:
    layout = "nc: 1\nbackbone:\n" + "  - [-1, 1, Conv, [16, 3, 2]]\n" * 3 + "head:\n  - [[2], 1, Detect, [nc]]\n"
    detector = load_detector(build_model(layout, names={0: "thing"}), home=home, device="cpu")
    found = predict(detector, drawn(3, width=120, height=90))
    assert len(found) > 0
    assert (found.top_classes == [0, -1, -1]).all()
    assert (found.top_scores[:, 1:] == 0).all()


def test_a_frame_without_anything_gives_no_predictions(build_model: Callable[..., Path], home: Path) -> None:
    layout = "nc: 3\nbackbone:\n" + "  - [-1, 1, Conv, [4, 3, 2]]\n" * 3 + "head:\n  - [[2], 1, Detect, [nc]]\n"
    path = build_model(layout)
    import torch
    from ultralytics import YOLO

    model = YOLO(str(path))
    torch.nn.init.constant_(model.model.model[-1].cv3[0][-1].bias, -60.0)
    model.save(str(path))
    assert len(predict(load_detector(path, home=home, device="cpu"), drawn(0, width=90, height=90))) == 0


@pytest.mark.parametrize(("width", "height"), [(1500, 12), (12, 1500), (11, 11)])
def test_extreme_shapes_are_predicted(width: int, height: int, tiny_detector: Detector) -> None:
    image = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
    found = predict(tiny_detector, image)
    assert (found.boxes[:, 2:] > found.boxes[:, :2]).all()


def test_the_frame_is_not_written_to(tiny_detector: Detector) -> None:
    image = drawn(2, width=96, height=96)
    image.setflags(write=False)
    before = image.copy()
    predict(tiny_detector, image)
    np.testing.assert_array_equal(image, before)


def test_it_works_on_another_thread(tiny_detector: Detector) -> None:
    image = drawn(2, width=130, height=70)
    found: list[FramePredictions] = []
    worker = threading.Thread(target=lambda: found.append(predict(tiny_detector, image)))
    worker.start()
    worker.join(60)
    np.testing.assert_array_equal(found[0].boxes, predict(tiny_detector, image).boxes)


def test_frames_that_the_suppression_gave_up_are_not_called_empty(
    tiny_detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ultralytics.utils import nms

    images = [drawn(seed, width=96, height=96) for seed in range(3)]
    clock = iter(range(0, 10_000, 100))
    monkeypatch.setattr(nms, "time", SimpleNamespace(time=lambda: next(clock)))
    first, *rest = tiny_detector.predict(images)
    assert isinstance(first, FramePredictions)
    assert len(first) > 0
    assert rest == [FrameErrorCode.PREDICTION_LOST, FrameErrorCode.PREDICTION_LOST]
    monkeypatch.setattr(nms, "time", time)
    assert all(isinstance(each, FramePredictions) for each in tiny_detector.predict(images))


@pytest.mark.parametrize(
    "message", ["CUDA out of memory. Tried to allocate 2 GiB", "DefaultCPUAllocator: can't allocate memory"]
)
def test_out_of_memory_is_told_apart(message: str, tiny_detector: Detector, monkeypatch: pytest.MonkeyPatch) -> None:
    from ultralytics.nn.autobackend import AutoBackend

    monkeypatch.setattr(AutoBackend, "forward", failing(RuntimeError(message)))
    with pytest.raises(OutOfMemory, match=r"tiny\.pt"):
        tiny_detector.predict([drawn(0, width=96, height=96)])


def test_torchs_own_out_of_memory(tiny_detector: Detector, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from ultralytics.nn.autobackend import AutoBackend

    monkeypatch.setattr(AutoBackend, "forward", failing(torch.OutOfMemoryError("HIP out of memory")))
    with pytest.raises(OutOfMemory):
        tiny_detector.predict([drawn(0, width=96, height=96)])


def test_a_failing_runtime_is_a_sentence(tiny_detector: Detector, monkeypatch: pytest.MonkeyPatch) -> None:
    from ultralytics.nn.autobackend import AutoBackend

    monkeypatch.setattr(AutoBackend, "forward", failing(RuntimeError("device-side assert\nlong trace")))
    with pytest.raises(ModelError, match=r"tiny\.pt failed while predicting \(device-side assert\)"):
        tiny_detector.predict([drawn(0, width=96, height=96)])


def failing(error: Exception) -> Callable[..., None]:
    def forward(*_args: object, **_kwargs: object) -> None:
        raise error

    return forward


def test_a_closed_detector_refuses(tiny: Path, home: Path) -> None:
    detector = load_detector(tiny, home=home, device="cpu")
    detector.close()
    detector.close()
    with pytest.raises(RuntimeError, match="closed"):
        detector.predict([drawn(0, width=96, height=96)])


def test_nothing_is_printed(tiny: Path, home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    predict(load_detector(tiny, home=home, device="cpu"), drawn(0, width=96, height=96))
    assert capfd.readouterr().out == ""

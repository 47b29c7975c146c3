"""Outlines of YOLO models against what Ultralytics itself finds with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from autoanno_gui.core.box import Box
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.outlines import KeypointSets, Masks, OrientedBoxes
from autoanno_gui.core.predictions import CONFIDENCE_FLOOR, FramePredictions
from autoanno_gui.imaging.masks import rasterise
from autoanno_gui.inference.engine import Detector
from autoanno_gui.inference.registry import load_detector
from autoanno_gui.inference.yolo_outlines import Placement
from tests.unit.inference.conftest import Image, drawn, predict

if TYPE_CHECKING:
    from ultralytics.engine.results import Results


SEGMENT = ("pt/yolov8n-seg.pt", "yolov8n-seg_int8.onnx", "shapes-seg.pt")
POSE = ("pt/yolov8n-pose.pt", "yolov8n-pose_int8_openvino_model", "shapes-pose.pt")
OBB = ("shapes-obb.pt",)


@dataclass(frozen=True)
class Loaded:
    """A model as we load it, as Ultralytics loads it, and images that suit it."""

    ours: Detector
    direct: Any
    images: list[Image]

    def reference(self, image: Image) -> Results:
        """Return what a direct call of Ultralytics finds."""
        settings = {"conf": CONFIDENCE_FLOOR, "iou": 0.7, "max_det": 300, "device": "cpu", "verbose": False}
        result: Results = self.direct.predict([image], **settings)[0]
        return result


@pytest.fixture(scope="module")
def load(shared: Path, home: Path) -> Iterator[Callable[[str], Loaded]]:
    """Return a function that loads a real model once; skipped where there is none."""
    loaded: dict[str, Loaded] = {}

    def get(name: str) -> Loaded:
        if name not in loaded:
            path = shared / "models" / name
            ours = load_detector(path, home=home, device="cpu")
            from ultralytics import YOLO

            if "shapes" in name:
                sizes = [(240, 160), (120, 200), (640, 480), (163, 160), (160, 161), (320, 90)]
                images = [drawn(seed, width=width, height=height) for seed, (width, height) in enumerate(sizes)]
            else:
                folder = "coco8-pose" if "pose" in name else "coco128"
                images = [cv2.imread(str(p)) for p in sorted((shared / "data" / folder / "images").rglob("*.jpg"))[:8]]
            loaded[name] = Loaded(ours, YOLO(str(path), task=str(ours.info.task)), images)
        return loaded[name]

    yield get
    for each in loaded.values():
        each.ours.close()


@pytest.mark.parametrize("name", OBB)
def test_oriented_boxes_equal_a_direct_call(name: str, load: Callable[[str], Loaded]) -> None:
    model = load(name)
    total = 0
    for image in model.images:
        found, reference = predict(model.ours, image), model.reference(image).obb
        np.testing.assert_allclose(found.confidences, reference.conf.numpy(), atol=1e-6)
        if not len(found):
            continue
        assert isinstance(found.outlines, OrientedBoxes)
        np.testing.assert_allclose(found.outlines.values, reference.xywhr.numpy(), rtol=1e-5, atol=1e-3)
        for index, corners in enumerate(reference.xyxyxyxy.numpy()):
            geometry = found.geometry(index)
            assert isinstance(geometry, OrientedBox)
            theirs, ours = corners.tolist(), geometry.corners.tolist()
            assert all(min(math.dist(a, b) for b in ours) < 0.01 for a in theirs)
            inside = geometry.bounds.clipped(image.shape[1], image.shape[0])
            np.testing.assert_allclose(found.boxes[index], inside.as_tuple(), atol=0.01)
        total += len(found)
    assert total >= 5


@pytest.mark.parametrize("name", POSE)
def test_keypoints_equal_a_direct_call(name: str, load: Callable[[str], Loaded]) -> None:
    model = load(name)
    assert model.ours.info.kpt_shape == ((3, 3) if "shapes" in name else (17, 3))
    total = 0
    for image in model.images:
        found, reference = predict(model.ours, image), model.reference(image)
        np.testing.assert_allclose(found.boxes, reference.boxes.xyxy.numpy(), atol=0.01)
        if len(found):
            assert isinstance(found.outlines, KeypointSets)
            np.testing.assert_allclose(found.outlines.values, reference.keypoints.data.numpy(), rtol=1e-5, atol=1e-3)
            assert found.outlines.values.dtype == np.float32
        total += len(found)
    assert total >= 5


@pytest.mark.parametrize("name", SEGMENT)
def test_masks_equal_a_direct_call(name: str, load: Callable[[str], Loaded]) -> None:
    model = load(name)
    overlaps = []
    for image in model.images:
        found, reference = predict(model.ours, image), model.reference(image)
        assert len(found) >= len(reference)
        kept = 0
        for index, confidence in enumerate(found.confidences):
            mask = found.geometry(index)
            if isinstance(mask, Box):
                continue  # Ultralytics drops a prediction with an empty mask.
            assert isinstance(mask, Mask)
            np.testing.assert_allclose(confidence, reference.boxes.conf[kept], atol=1e-6)
            np.testing.assert_allclose(found.boxes[index], reference.boxes.xyxy[kept], atol=0.01)
            theirs = reference.masks.data[kept].numpy().astype(bool)
            overlaps.append(network_iou(mask, theirs, frame=image.shape[:2], imgsz=model.ours.imgsz))
            kept += 1
        assert kept == len(reference)
    assert len(overlaps) >= 10
    assert min(overlaps) >= 0.97
    assert np.mean(overlaps) >= 0.99


def network_iou(mask: Mask, theirs: NDArray[np.bool_], *, frame: tuple[int, ...], imgsz: tuple[int, int]) -> float:
    """Return the overlap of a mask in frame pixels with Ultralytics' one in network pixels, where the frame is."""
    height, width = theirs.shape
    place = Placement.of((frame[0], frame[1]), imgsz=imgsz, network=(height, width))
    shift = np.array([place.left, place.top])
    moved = Mask(tuple(part.mapped(lambda ring: ring / place.scale + shift) for part in mask.parts))
    raster = rasterise(moved, width=width, height=height)
    ours = np.zeros_like(theirs)
    rows, columns = raster.bits.shape
    ours[raster.top : raster.top + rows, raster.left : raster.left + columns] = raster.bits
    theirs = theirs.copy()
    theirs[: place.top] = theirs[place.top + place.height :] = False
    theirs[:, : place.left] = theirs[:, place.left + place.width :] = False
    return float(np.count_nonzero(ours & theirs) / np.count_nonzero(ours | theirs))


@pytest.mark.parametrize("name", SEGMENT)
def test_masks_lie_inside_their_boxes_and_have_few_points(name: str, load: Callable[[str], Loaded]) -> None:
    model = load(name)
    counts = []
    for image in model.images:
        found = predict(model.ours, image)
        height, width = image.shape[:2]
        # A pixel of the network that the box only touches, and what the outline may stray from its pixels.
        slack = 2 * max(height / model.ours.imgsz[0], width / model.ours.imgsz[1])
        for index in range(len(found)):
            geometry, box = found.geometry(index), found.box(index)
            if isinstance(geometry, Mask):
                inner = geometry.bounds
                assert min(inner.x1 - box.x1, inner.y1 - box.y1, box.x2 - inner.x2, box.y2 - inner.y2) > -slack
                assert inner.clipped(width, height) == inner
                assert geometry.is_simple
                counts.append(geometry.point_count)
    assert np.median(counts) < 60


def test_a_mask_lies_on_the_drawn_object(load: Callable[[str], Loaded]) -> None:
    image = np.full((300, 500, 3), 128, np.uint8)
    cv2.circle(image, (360, 190), 60, (30, 30, 220), -1)
    found = predict(load("shapes-seg.pt").ours, image)
    mask = found.geometry(0)
    assert isinstance(mask, Mask)
    angles = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    disc = Mask.of_points(zip(360 + 60 * np.cos(angles), 190 + 60 * np.sin(angles), strict=True))
    assert mask.iou(disc) > 0.8


def test_detect_models_have_boxes_only(tiny: Path, home: Path) -> None:
    found = predict(load_detector(tiny, home=home, device="cpu"), drawn(0, width=120, height=80))
    assert len(found) > 0
    assert found.outlines is None


@pytest.mark.parametrize("auto", [True, False])
def test_a_placement_is_where_the_letterbox_puts_the_frame(auto: bool) -> None:
    from ultralytics.data.augment import LetterBox

    random = np.random.default_rng(5)
    # In the first two the scaled height is a little more than a multiple of 32.
    sizes = [(1057, 1920), (97, 1920), (1, 700), (700, 1), (640, 640), (1080, 1920), (33, 32)]
    sizes += [(int(h), int(w)) for h, w in random.integers(1, 3000, (300, 2))]
    for imgsz in ((640, 640), (384, 640)):
        letterbox = LetterBox(imgsz, auto=auto, stride=32)
        for height, width in sizes:
            params = letterbox.get_params({"img": np.broadcast_to(np.uint8(0), (height, width, 3))})
            inner_width, inner_height = params["new_unpad"]
            network = (inner_height + params["top"] + params["bottom"], inner_width + params["left"] + params["right"])
            place = Placement.of((height, width), imgsz=imgsz, network=network)
            assert (place.left, place.top) == (params["left"], params["top"])
            assert (place.width, place.height) == (inner_width, inner_height)


def test_the_corners_of_a_frame_come_back() -> None:
    place = Placement.of((1057, 1920), imgsz=(640, 640), network=(352, 640))
    corners = np.array([[0, 0], [640, 352]], np.float32)
    np.testing.assert_allclose(place.to_frame(corners), [[0, 0], [1920, 1057]], atol=1e-3)
    np.testing.assert_allclose(place.inside(np.array([[-3, 999]], np.float32)), [[0, 1057]])


def test_a_batch_equals_single_frames(build_model: Callable[..., Path], home: Path) -> None:
    detector = load_detector(small_segment(build_model), home=home, device="cpu")
    images = [drawn(seed, width=200, height=140) for seed in range(3)]
    masks = 0
    for image, found in zip(images, detector.predict(images), strict=True):
        assert isinstance(found, FramePredictions)
        alone = predict(detector, image)
        for index in range(len(alone)):
            ours, theirs = found.geometry(index), alone.geometry(index)
            assert type(ours) is type(theirs)
            if isinstance(ours, Mask) and isinstance(theirs, Mask):
                masks += 1
                assert ours.iou(theirs) > 0.99
    assert masks > 10


@pytest.mark.filterwarnings("ignore")  # Tracing warns of everything that depends on the input.
@pytest.mark.parametrize(
    "head", ["Segment26, [nc, 4, 16]", "Pose, [nc, [5, 3]]", "OBB, [nc, 1]"], ids=["segment", "pose", "obb"]
)
@pytest.mark.parametrize("nms", [True, False, None])
def test_exports_equal_a_direct_call(
    nms: bool | None, head: str, build_model: Callable[..., Path], home: Path, tmp_path: Path
) -> None:
    """With the suppression in the file, with a head that needs none, and with neither."""
    pytest.importorskip("onnxruntime")
    import torch
    from ultralytics import YOLO

    extra = "end2end: True\nreg_max: 1\n" + ("kpt_shape: [5, 3]\n" if "Pose" in head else "")
    model = YOLO(str(build_model(small(head, extra=extra, width=48), name="made.pt")))
    torch.manual_seed(3)
    for branch in (*model.model.model[-1].cv3, *model.model.model[-1].one2one_cv3):
        torch.nn.init.normal_(branch[-1].weight, std=2.0)
        torch.nn.init.constant_(branch[-1].bias, -1.0)
    exported = model.export(format="onnx", nms=nms, simplify=False, device="cpu", imgsz=96)
    detector = load_detector(Path(exported), home=home, device="cpu")
    loaded = Loaded(detector, YOLO(exported), [])
    total = 0
    for seed in range(2):
        image = drawn(seed, width=200, height=140)
        found, reference = predict(detector, image), loaded.reference(image)
        total += len(found)
        if isinstance(found.outlines, KeypointSets):
            np.testing.assert_allclose(found.outlines.values, reference.keypoints.data.numpy(), atol=0.01)
        elif isinstance(found.outlines, OrientedBoxes):
            np.testing.assert_allclose(found.outlines.values, reference.obb.xywhr.numpy(), atol=0.01)
        elif isinstance(found.outlines, Masks):
            masks = [index for index in range(len(found)) if isinstance(found.geometry(index), Mask)]
            np.testing.assert_allclose(found.confidences[masks], reference.boxes.conf.numpy(), atol=1e-6)
    assert total >= 4


def small(head: str, *, extra: str = "", width: int = 16) -> str:
    """Return a layout of random weights."""
    convolutions = f"  - [-1, 1, Conv, [{width}, 3, 2]]\n" * 3
    return f"nc: 3\n{extra}backbone:\n{convolutions}head:\n  - [[2], 1, {head}]\n"


def small_segment(build_model: Callable[..., Path]) -> Path:
    return build_model(small("Segment, [nc, 4, 16]"), name="segment.pt")

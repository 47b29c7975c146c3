from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from autoanno_gui.core.box import Box
from autoanno_gui.core.errors import ModelError
from autoanno_gui.core.keypoints import Keypoints, Visibility
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.outlines import KeypointSets, Masks, OrientedBoxes
from autoanno_gui.core.predictions import CONFIDENCE_FLOOR, FramePredictions
from autoanno_gui.imaging.masks import rasterise
from autoanno_gui.inference.engine import Detector
from autoanno_gui.inference.registry import load_detector
from autoanno_gui.inference.yolo_outlines import Placement
from tests.unit.inference.conftest import Image, drawn

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


def predict(detector: Detector, image: Image) -> FramePredictions:
    (found,) = detector.predict([image])
    assert isinstance(found, FramePredictions)
    return found


# Against Ultralytics itself, with real weights


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


# Against the letterbox


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


# With networks that always put out the same numbers

SIDE = 64
# A frame of 200 x 100 is scaled by 0.32 into rows 16..48 of the network's 64 x 64 input.
FRAME = np.zeros((100, 200, 3), np.uint8)
METADATA = {
    "stride": "32",
    "imgsz": f"[{SIDE}, {SIDE}]",
    "names": "{0: 'cat', 1: 'dog'}",
    "batch": "1",
    "channels": "3",
    "end2end": "True",
}

Constant = Callable[..., Path]


@pytest.fixture
def constant(tmp_path: Path) -> Constant:
    """Return a function that makes an ONNX file whose outputs are the given arrays, whatever it is shown."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")

    def make(*outputs: ArrayLike, **metadata: str) -> Path:
        arrays = [np.asarray(output, np.float32) for output in outputs]
        helper, numpy_helper, kind = onnx.helper, onnx.numpy_helper, onnx.TensorProto.FLOAT
        names = [f"output{i}" for i in range(len(arrays))]
        nodes = [
            helper.make_node("Constant", [], [name], value=numpy_helper.from_array(array))
            for name, array in zip(names, arrays, strict=True)
        ]
        graph = helper.make_graph(
            nodes,
            "constant",
            [helper.make_tensor_value_info("images", kind, [1, 3, SIDE, SIDE])],
            [helper.make_tensor_value_info(n, kind, list(a.shape)) for n, a in zip(names, arrays, strict=True)],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        for key, text in {**METADATA, **metadata}.items():
            entry = model.metadata_props.add()
            entry.key, entry.value = key, text
        onnx.save(model, str(tmp_path / "constant.onnx"))
        return tmp_path / "constant.onnx"

    return make


def found_by(path: Path, home: Path) -> FramePredictions:
    return predict(load_detector(path, home=home, device="cpu"), FRAME)


def test_oriented_boxes_are_kept_raw_and_shown_canonical(constant: Constant, home: Path) -> None:
    rows = [[[32, 32, 16, 8, 0.9, 1, 2.0], [32, 32, 32, 4, 0.8, 0, 0.0], [62, 32, 16, 8, 0.7, 0, np.pi / 2]]]
    found = found_by(constant(rows, task="obb"), home)
    assert isinstance(found.outlines, OrientedBoxes)
    np.testing.assert_allclose(found.outlines.values[0], [100, 50, 50, 25, 2.0], rtol=1e-6)
    assert found.geometry(0) == OrientedBox(100, 50, 50, 25, pytest.approx(2.0 - np.pi))
    assert found.boxes[1].tolist() == [50.0, 43.75, 150.0, 56.25]
    # It reaches beyond the frame: the upright box is cut, the oriented one is not.
    np.testing.assert_allclose(found.boxes[2], [181.25, 25, 200, 75], atol=1e-3)
    np.testing.assert_allclose(found.outlines.values[2, :4], [193.75, 50, 50, 25], rtol=1e-6)


def test_keypoints_are_in_the_frame_and_keep_their_confidence(constant: Constant, home: Path) -> None:
    head = [16, 20, 48, 44, 0.9, 0]
    rows = [[[*head, 32, 32, 0.75, -9, 99, 0.25, 64, 16, 0.5]]]
    found = found_by(constant(rows, task="pose", kpt_shape="[3, 3]"), home)
    assert isinstance(found.outlines, KeypointSets)
    np.testing.assert_allclose(found.outlines.values, [[[100, 50, 0.75], [0, 100, 0.25], [200, 0, 0.5]]], atol=1e-4)
    shown = found.geometry(0)
    assert isinstance(shown, Keypoints)
    assert shown.box == found.box(0)
    assert [point.visibility for point in shown.points] == [
        Visibility.VISIBLE,
        Visibility.UNLABELLED,
        Visibility.VISIBLE,
    ]


def test_keypoints_without_a_confidence_are_sure(constant: Constant, home: Path) -> None:
    rows = [[[16, 20, 48, 44, 0.9, 0, 32, 32, 48, 40]]]
    found = found_by(constant(rows, task="pose", kpt_shape="[2, 2]"), home)
    assert isinstance(found.outlines, KeypointSets)
    np.testing.assert_allclose(found.outlines.values, [[[100, 50, 1], [150, 75, 1]]], atol=1e-4)


def halves() -> NDArray[np.float32]:
    """Return two prototypes of 16 x 16: positive in the left half, and positive in a part of the upper right."""
    prototypes = np.full((1, 2, 16, 16), -1, np.float32)
    prototypes[0, 0, :, :8] = 1
    prototypes[0, 1, 6:8, 10:14] = 1
    return prototypes


def test_masks_are_cut_to_their_box_and_to_the_frame(constant: Constant, home: Path) -> None:
    whole = [0, 0, 64, 64]
    rows = [[[*whole, 0.9, 0, 1, 0], [20, 24, 60, 40, 0.8, 1, 1, 0], [*whole, 0.7, 0, 0, 1]]]
    found = found_by(constant(rows, halves(), task="segment"), home)
    assert isinstance(found.outlines, Masks)
    left, inner, spot = (found.geometry(index) for index in range(3))
    # The edge between +1 and -1 is half-way between the middles of two prototype pixels: at column 32.
    assert covers(left, Box(0, 0, 100, 100))
    assert covers(inner, Box(62.5, 25, 100, 75))
    # The spot covers columns 40..56 and rows 24..32; enlarging rounds its corners.
    assert isinstance(spot, Mask)
    assert spot.bounds == Box(125, 25, 175, 50)
    assert spot.area == pytest.approx(50 * 25, rel=0.05)


def covers(geometry: object, box: Box) -> bool:
    """Whether a mask is a box."""
    return isinstance(geometry, Mask) and geometry.iou(Mask.of_box(box)) > 0.9999


def test_a_prediction_with_an_empty_mask_keeps_its_box(constant: Constant, home: Path) -> None:
    box = [40, 34, 60, 46]
    rows = [[[*box, 0.9, 0, 1, 0], [0, 20, 64, 40, 0.8, 1, 1, 0], [60.2, 20, 60.8, 40, 0.7, 0, -1, 0]]]
    found = found_by(constant(rows, halves(), task="segment"), home)
    assert len(found) == 3
    assert found.geometry(0) == found.box(0) == Box(125, 56.25, 187.5, 93.75)
    assert isinstance(found.geometry(1), Mask)
    # No network pixel lies in a box that thin.
    assert found.geometry(2) == found.box(2)


def test_specks_and_pinholes_are_dropped_but_never_all_of_a_mask(constant: Constant, home: Path) -> None:
    prototypes = np.full((1, 2, 16, 16), -1, np.float32)
    prototypes[0, 0, 5:9, 4:12] = 1
    prototypes[0, 0, 10, 14] = prototypes[0, 1, 10, 14] = 0.4  # A spot of two by two pixels, once enlarged.
    prototypes[0, 0, 7, 8] = -0.4
    rows = [[[0, 0, 64, 64, 0.9, 0, 1, 0], [0, 0, 64, 64, 0.8, 0, 0, 1]]]
    found = found_by(constant(rows, prototypes, task="segment"), home)
    whole, speck = found.geometry(0), found.geometry(1)
    assert isinstance(whole, Mask)
    assert isinstance(speck, Mask)
    assert (len(whole.parts), whole.hole_count) == (1, 0)
    assert speck.bounds == Box(178.125, 78.125, 184.375, 84.375)


NAN, INF = np.nan, np.inf
# Not in order; the second, third and fifth are no predictions: no number, no area, no number beside the box.
SCORES = (0.4, 0.99, 0.98, 0.6, 0.97, 0.8)
CORNERS = ([8, 20, 16, 28], [NAN, 20, 16, 28], [20, 20, 20, 28], [40, 20, 56, 40], [8, 20, 16, 28], [24, 24, 40, 40])
CENTRED = ([12, 24, 8, 8], [NAN, 24, 8, 8], [20, 24, 0, 8], [48, 30, 16, 20], [12, 24, 8, 8], [32, 32, 16, 16])


def rows_of(boxes: Sequence[list[float]], extras: Sequence[list[float]]) -> list[list[list[float]]]:
    return [[[*box, score, 0, *extra] for box, score, extra in zip(boxes, SCORES, extras, strict=True)]]


def test_oriented_boxes_stay_with_their_predictions(constant: Constant, home: Path) -> None:
    rows = rows_of(CENTRED, [[0.1], [0.2], [0.3], [0.4], [INF], [0.6]])
    found = found_by(constant(rows, task="obb"), home)
    np.testing.assert_allclose(found.confidences, [0.8, 0.6, 0.4])
    assert isinstance(found.outlines, OrientedBoxes)
    expected = [[100, 50, 50, 50, 0.6], [150, 43.75, 50, 62.5, 0.4], [37.5, 25, 25, 25, 0.1]]
    np.testing.assert_allclose(found.outlines.values, expected, rtol=1e-5)
    np.testing.assert_allclose(found.boxes[2], found.geometry(2).bounds.as_tuple(), rtol=1e-5)


def test_keypoints_stay_with_their_predictions(constant: Constant, home: Path) -> None:
    rows = rows_of(CORNERS, [[12, 24], [12, 24], [20, 24], [48, 30], [INF, 24], [32, 32]])
    found = found_by(constant(rows, task="pose", kpt_shape="[1, 2]"), home)
    np.testing.assert_allclose(found.confidences, [0.8, 0.6, 0.4])
    assert isinstance(found.outlines, KeypointSets)
    np.testing.assert_allclose(found.outlines.values[:, 0], [[100, 50, 1], [150, 43.75, 1], [37.5, 25, 1]], rtol=1e-5)


def test_masks_stay_with_their_predictions(constant: Constant, home: Path) -> None:
    rows = rows_of(CORNERS, [[1, 0], [1, 0], [1, 0], [-1, 0], [1, INF], [1, 0]])
    found = found_by(constant(rows, halves(), task="segment"), home)
    np.testing.assert_allclose(found.confidences, [0.8, 0.6, 0.4])
    assert covers(found.geometry(0), Box(75, 25, 100, 75))
    assert covers(found.geometry(1), Box(125, 12.5, 175, 75))
    assert covers(found.geometry(2), Box(25, 12.5, 50, 37.5))


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


# What is refused


def refused(path: Path, home: Path) -> str:
    with pytest.raises(ModelError) as caught:
        load_detector(path, home=home, device="cpu")
    sentence = str(caught.value)
    assert path.name in sentence
    assert sentence.endswith("export it again.")
    return sentence


RAW = {"end2end": "False"}


@pytest.mark.parametrize(
    ("task", "values", "expected"), [("detect", 7, 6), ("obb", 6, 7), ("obb", 8, 7), ("pose", 13, 12), ("pose", 57, 12)]
)
def test_another_number_of_values_than_the_file_says(
    task: str, values: int, expected: int, constant: Constant, home: Path
) -> None:
    path = constant(np.zeros((1, values, 84)), task=task, kpt_shape="[2, 3]", **RAW)
    sentence = refused(path, home)
    assert f"a {task} model that names 2 classes but puts out {values} values instead of {expected}" in sentence


def test_rows_of_another_length_than_the_file_says(constant: Constant, home: Path) -> None:
    sentence = refused(constant(np.zeros((1, 20, 9)), task="pose", kpt_shape="[2, 3]"), home)
    assert "puts out 9 values instead of 12" in sentence


def test_other_mask_coefficients_than_prototypes(constant: Constant, home: Path) -> None:
    path = constant(np.zeros((1, 6 + 32, 84)), np.zeros((1, 31, 16, 16)), task="segment", **RAW)
    assert "puts out 38 values instead of 37" in refused(path, home)


@pytest.mark.parametrize("prototypes", [None, (1, 32, 16), (1, 32, 15, 16), (1, 32, 16, 32), (1, 32, 128, 128)])
def test_a_segment_model_without_usable_masks(
    prototypes: tuple[int, ...] | None, constant: Constant, home: Path
) -> None:
    outputs = [np.zeros((1, 6 + 32, 84))] + ([] if prototypes is None else [np.zeros(prototypes)])
    assert "is a segment model but puts out no masks" in refused(constant(*outputs, task="segment", **RAW), home)

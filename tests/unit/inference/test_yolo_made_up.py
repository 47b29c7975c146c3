"""Outlines of networks that always put out the same numbers: what is kept, dropped and refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from autoanno_gui.core.box import Box
from autoanno_gui.core.errors import ModelError
from autoanno_gui.core.keypoints import Keypoints, Visibility
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.outlines import KeypointSets, Masks, OrientedBoxes
from autoanno_gui.core.predictions import FramePredictions
from autoanno_gui.inference.registry import load_detector
from tests.unit.inference.conftest import predict

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

"""Ultralytics itself reads masks, turned boxes and keypoints as they were exported."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from shapely import contains_xy

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.keypoints import COCO_PERSON, Keypoint, Keypoints, Visibility
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.datasets.plan import ExportFormat, ExportOptions
from tests.unit.datasets.builders import (
    annotated,
    ask_trainer,
    by_source,
    circle,
    export,
    labelled,
    make_plan,
    mask,
    square,
    write_picture,
)
from tests.unit.datasets.trainer_view import FINE, SIDE

EXACT = 1e-5

MASKS = {
    "one part": mask((square(20, 30, 32),)),
    "a step": Mask.of_points([(20, 20), (120, 20), (120, 60), (60, 60), (60, 120), (20, 120)]),
    "a hole": mask((square(10, 200, 32), square(18, 208, 12))),
    "many holes": mask(
        (square(100, 100, 200), *(square(110 + 60 * i, 120 + 50 * j, 40) for i in (0, 1) for j in (0, 1)))
    ),
    "two parts": mask((square(200, 20, 32),), (square(240, 20, 40),)),
    "parts, holes and an island": mask(
        (square(20, 20, 200), square(40, 40, 160)), (square(60, 60, 120), square(80, 80, 40)), (square(230, 40, 64),)
    ),
    "to the edges": mask((square(0, 0, SIDE), square(40, 40, 240))),
    "a large ring": mask((circle(160.3, 160.6, 150, points=200), circle(150, 170, 75, points=100))),
    "two discs": mask((circle(85.2, 90.1, 80),), (circle(225.7, 200.4, 90),)),
}
CURVED = ("a large ring", "two discs")
TURNED = [OrientedBox(160.3, 120.7, 120, 44, angle) for angle in np.linspace(-math.pi / 2, math.pi / 2, 9)[:-1]]
PERSON = Keypoints(
    Box(40, 50, 200, 300),
    tuple(Keypoint(45.5 + 8 * at, 60.25 + 13 * at, Visibility(at % 3)) for at in range(len(COCO_PERSON))),
)


def pixels_of(outline: Mask, *, times: int = 1) -> NDArray[np.bool_]:
    """Return the pixels of a picture, enlarged so many times, whose middle is inside by the even-odd rule."""
    middles = (np.arange(SIDE * times) + 0.5) / times
    return contains_xy(outline.region(), *np.meshgrid(middles, middles))


def bits(digits: str, *, times: int = 1) -> NDArray[np.bool_]:
    side = SIDE * times
    return np.unpackbits(np.frombuffer(bytes.fromhex(digits), np.uint8)).reshape(side, side).astype(bool)


def overlap(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    return float((a & b).sum() / (a | b).sum())


def export_each(folder: Path, outlines: Sequence[Geometry], format_: ExportFormat) -> Path:
    """Export a picture for each outline, and one without any object."""
    root, out = folder / "frames", folder / "out"
    frames = []
    for number, outline in enumerate([*outlines, None]):
        write_picture(root, f"{number:03}.png", width=SIDE, height=SIDE, seed=number)
        objects = [] if outline is None else [annotated(outline, number % 2)]
        frames.append(labelled(number, f"{number:03}.png", objects, size=(SIDE, SIDE)))
    export(make_plan(frames, options=ExportOptions(format=format_, skeleton=COCO_PERSON)), root, out)
    return out


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[list[dict[str, Any]], dict[str, Any]]]:
    """Return by kind what Ultralytics sees of each picture in the order of export, and of the whole dataset."""
    work = tmp_path_factory.mktemp("outlines")
    wanted = {
        "segment": (list(MASKS.values()), ExportFormat.YOLO_SEGMENT),
        "obb": (TURNED, ExportFormat.YOLO_OBB),
        "pose": ([PERSON, Box(30, 40, 100, 120)], ExportFormat.YOLO_POSE),
        "detect": ([MASKS["two parts"], TURNED[3], PERSON], ExportFormat.YOLO_DETECT),
    }
    outs = [export_each(work / kind, *one) for kind, one in wanted.items()]
    views = ask_trainer(check=outs, home=work / "home")
    pictures = [
        [view["pictures"][entry["file"]] for _, entry in sorted(by_source(out).items())]
        for out, view in zip(outs, views, strict=True)
    ]
    return dict(zip(wanted, zip(pictures, views, strict=True), strict=True))


def test_nothing_is_held_against_any_row(seen: dict[str, Any]) -> None:
    for kind, (pictures, view) in seen.items():
        assert view["names"] == ["person", "car"]
        for number, picture in enumerate(pictures):
            assert (picture["message"], picture["missing"]) == ("", 0), kind
            last = number == len(pictures) - 1
            assert [row[0] for row in picture["rows"]] == ([] if last else [number % 2]), kind


@pytest.mark.parametrize("name", MASKS)
def test_masks_keep_their_points_and_their_pixels(seen: dict[str, Any], name: str) -> None:
    picture = seen["segment"][0][list(MASKS).index(name)]
    outline = MASKS[name]
    (segment,) = (np.array(one) for one in picture["segments"])
    for ring in outline.rings:
        off = np.abs(segment[:, None] - ring / SIDE).max(axis=2).min(axis=0)
        assert off.max() <= EXACT
    (row,) = picture["rows"]
    b = outline.bounds
    assert np.allclose(row[1:], [*np.array(b.centre) / SIDE, b.width / SIDE, b.height / SIDE], rtol=0, atol=EXACT)
    # A trainer cuts decimals off and fills the pixels under the outline: half a pixel more around what is no pixel's
    # border. Enlarged, that is gone, and only what a bridge or a hole does is left.
    least = 0.98 if name in CURVED else 0.99
    assert overlap(bits(picture["filled"][0]), pixels_of(outline)) >= least
    assert overlap(bits(picture["masks"][0]), pixels_of(outline)) >= least
    assert overlap(bits(picture["fine"][0], times=FINE), pixels_of(outline, times=FINE)) >= 0.99


@pytest.mark.parametrize("name", ["one part", "a step", "a hole", "many holes", "to the edges"])
def test_masks_that_follow_pixels_are_read_pixel_by_pixel(seen: dict[str, Any], name: str) -> None:
    """Bridges to holes cost nothing: they lie within the object."""
    picture = seen["segment"][0][list(MASKS).index(name)]
    for way in ("filled", "masks"):
        assert np.array_equal(bits(picture[way][0]), pixels_of(MASKS[name])), way


def test_turned_boxes_are_read_as_they_are(seen: dict[str, Any]) -> None:
    pictures = seen["obb"][0][:-1]
    for box, picture in zip(TURNED, pictures, strict=True):
        (segment,) = picture["segments"]
        assert np.allclose(segment, box.corners / SIDE, rtol=0, atol=EXACT)
        ((cx, cy, w, h, angle),) = picture["boxes"]
        assert [cx, cy, w, h] == pytest.approx(
            [box.cx / SIDE, box.cy / SIDE, box.width / SIDE, box.height / SIDE], abs=EXACT
        )
        assert math.remainder(angle - box.angle, math.pi) == pytest.approx(0, abs=1e-4)


def test_keypoints_are_read_as_they_are(seen: dict[str, Any]) -> None:
    pictures, view = seen["pose"]
    assert view["keypoints"] == {
        "kpt_shape": [17, 3],
        "flip_idx": list(COCO_PERSON.flip),
        "kpt_names": {"0": list(COCO_PERSON.names), "1": list(COCO_PERSON.names)},
    }
    person, alone, empty = pictures
    wanted = [[x / SIDE, y / SIDE, v] if v else [0, 0, 0] for x, y, v in PERSON.points]
    assert np.allclose(person["keypoints"], [wanted], rtol=0, atol=EXACT)
    assert np.allclose(person["rows"][0][1:], [0.375, 0.546875, 0.5, 0.78125], rtol=0, atol=EXACT)
    assert not np.any(alone["keypoints"])
    assert empty["keypoints"] == []


def test_a_detect_dataset_holds_the_box_around_any_outline(seen: dict[str, Any]) -> None:
    for outline, picture in zip([MASKS["two parts"], TURNED[3], PERSON], seen["detect"][0][:-1], strict=True):
        ((_, cx, cy, w, h),) = picture["rows"]
        assert picture["segments"] == []
        back = np.array([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]) * SIDE
        assert np.allclose(back, outline.bounds.as_tuple(), rtol=0, atol=EXACT * SIDE)

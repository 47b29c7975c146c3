"""The benchmark of the orders counts what it says it counts, and runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.frame_list import FrameList
from autoanno_gui.core.prediction_index import IndexBuilder
from autoanno_gui.core.queue_settings import OrderName
from autoanno_gui.core.records import Frame, Thresholds
from tests.benchmarks.queue_order import FrameErrors, Material, count_errors, found_early, measure, text
from tests.benchmarks.truth import Label, Thing

ROOT = Path(__file__).resolve().parents[2]
LEFT, RIGHT, BELOW = Box(0, 0, 100, 100), Box(200, 0, 300, 100), Box(0, 200, 100, 300)


def test_each_thing_to_set_right_is_one_error() -> None:
    labels = [Label("cat", LEFT), Label("dog", RIGHT), Label("bird", BELOW)]
    candidates = [
        Thing(0, "cat", Box(0, 0, 100, 90)),  # right
        Thing(1, "cat", Box(0, 0, 100, 95)),  # the same once more
        Thing(2, "cat", Box(200, 0, 290, 100)),  # a dog, in truth
        Thing(3, "bird", Box(60, 260, 160, 360)),  # hardly touches the bird
    ]
    found = count_errors(labels, candidates)
    assert found == FrameErrors(objects=3, candidates=4, false_positives=2, wrong_classes=1, misses=1)
    assert (found.errors, found.looks) == (4, 5)


def test_equal_classes_pair_off_first() -> None:
    labels = [Label("cat", LEFT)]
    found = count_errors(labels, [Thing(0, "dog", LEFT), Thing(1, "cat", Box(0, 0, 100, 70))])
    assert (found.false_positives, found.wrong_classes, found.misses) == (1, 0, 0)


def test_empty_frames_take_one_look() -> None:
    assert count_errors([], []) == FrameErrors(0, 0, 0, 0, 0)
    assert count_errors([], []).looks == 1
    assert count_errors([Label("cat", LEFT)], []).misses == 1


def test_what_the_first_part_of_a_queue_finds() -> None:
    errors, looks = np.array([0, 4, 1, 3]), np.array([1, 2, 3, 4])
    found = found_early(errors, looks, np.array([1, 3, 2, 0], np.int32))
    assert found["frames_25"] == pytest.approx(4 / 2)
    assert found["frames_50"] == pytest.approx(7 / 6)
    # A quarter of the ten looks: both at the first frame, and an eighth of the second.
    assert found["looks_25"] == pytest.approx((4 + 3 / 8) / 2.5)
    assert found["share_25"] == pytest.approx((4 + 3 / 8) / 8)
    assert found["looks_50"] == pytest.approx((4 + 3 * 3 / 4) / 5)
    assert found["share_50"] == pytest.approx((4 + 3 * 3 / 4) / 8)


def test_frames_without_errors_find_nothing() -> None:
    found = found_early(np.zeros(3, int), np.ones(3, int), np.arange(3, dtype=np.int32))
    assert set(found.values()) == {0.0}


def test_orders_are_measured_by_what_stands_first_in_them() -> None:
    frames = FrameList()
    frames.extend(Frame(id=at, path=f"{at}.jpg", run_frame_id=at) for at in range(1, 5))
    wrong = (0, 8, 0, 0)
    material = Material(
        frames.columns(),
        IndexBuilder().snapshot(),
        np.array([0.1, 0.2, 0.9, 0.3], np.float32),
        tuple(FrameErrors(0, each, each, 0, 0) for each in wrong),
    )
    document = measure(material, thresholds=Thresholds(), seeds=100)
    assert (document["frames"], document["errors"], document["looks"]) == (4, 8, 12)
    assert document["orders"].keys() == {name.value for name in OrderName}
    natural = document["orders"]["natural"]
    assert natural["frames_50"] == {"mean": 0.8, "spread": 0.0}  # 8 errors in 10 looks
    assert document["orders"]["different"]["frames_50"]["mean"] == 0.0  # the third and the fourth come first
    random = document["orders"]["random"]["frames_25"]
    # The frame with all the errors is the first one in a quarter of the draws.
    assert random["mean"] == pytest.approx(8 / 9 / 4, abs=0.12)
    assert random["spread"] > 0.2
    assert "different" in text(document)


def test_the_benchmark_prints_one_document(shared: Path, tmp_path: Path) -> None:
    photos, model = shared / "data" / "coco128" / "images" / "train2017", shared / "models" / "yolo11n_int8.onnx"
    if not photos.is_dir() or not model.exists():
        pytest.skip("the photos or the model are not in the shared folder")
    frames = tmp_path / "frames"
    frames.mkdir()
    for file in sorted(photos.glob("*.jpg"))[:6]:
        shutil.copy(file, frames)
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    places = ["--frames", frames, "--labels", shared / "data" / "coco128" / "labels" / "train2017", "--model", model]
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.queue_order", *places, "--seeds", "5", "--json"],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(scratch)},
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["frames"] == 6
    assert document["looks"] == document["candidates"] + 6
    assert document["errors"] == sum(document[kind] for kind in ("false_positives", "wrong_classes", "misses"))
    assert all(0 < row["share_50"]["mean"] < 1 for row in document["orders"].values())
    assert list(scratch.iterdir()) == []

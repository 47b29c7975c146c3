"""Oriented boxes: from proposals through the window's keys to a dataset that Ultralytics reads."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from autoanno_gui.core.box import Box
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.outlines import OrientedBoxes
from autoanno_gui.core.predictions import FramePredictions, FrameResult, ModelInfo, RunSettings
from autoanno_gui.core.records import VerdictKind
from autoanno_gui.core.review_objects import ReviewObject, Role
from autoanno_gui.core.task import Task
from autoanno_gui.imaging.scan import scan_folder
from autoanno_gui.review.project_task import write_task
from autoanno_gui.store.store_thread import Priority, Store
from tests.e2e.kinds_kit import (
    NEAR,
    ROUNDED,
    accept,
    accept_rest,
    accept_until,
    click,
    copied,
    export_by_dialog,
    need,
    predicted,
    read_back,
    selected,
    undo_and_redo,
    verdicts_of,
)
from tests.projects import MadeProject
from tests.ui.conftest import Open
from tests.ui.driver import Driver, Key

pytestmark = pytest.mark.timeout(60)


def test_oriented_boxes_from_a_model_to_a_dataset(shared: Path, open_window: Open, tmp_path: Path) -> None:
    model = need(shared / "models" / "shapes-obb.pt")
    folder = tmp_path / "shapes"
    folder.mkdir()
    for grey in (40, 128):
        for size in (14, 18, 22):
            picture = cv2.imencode(".png", three_shapes(grey, size))[1]
            (folder / f"shapes_{grey}_{size}.png").write_bytes(picture.tobytes())
    driver = predicted(open_window, folder, model)
    assert driver.session.task is Task.OBB
    finish_oriented_boxes(driver, tmp_path / "dataset", least=4)


def three_shapes(grey: int, size: int) -> NDArray[np.uint8]:
    """Return a BGR picture of 160 pixels, as those that the model was trained on."""
    picture = np.full((160, 160, 3), grey, np.uint8)
    cv2.circle(picture, (40, 40), size, (40, 40, 220), -1)
    turned = cv2.boxPoints(((115, 50), (2 * size, 2 * size), 25)).astype(np.int32)
    cv2.fillPoly(picture, [turned], (60, 200, 60))
    corners = np.array([(75, 115 - size), (75 - size, 115 + size), (75 + size, 115 + size)], np.int32)
    cv2.fillPoly(picture, [corners], (220, 80, 40))
    return picture


DOTA = ModelInfo("/models/dota.pt", "dota.pt", Task.OBB, (), (1024, 1024), "torch", "d" * 64)


def test_oriented_boxes_of_aerial_pictures(shared: Path, open_window: Open, tmp_path: Path) -> None:
    source = need(shared / "data" / "dota8")
    folder = copied(sorted((source / "images").rglob("*.jpg")), tmp_path / "aerial")
    labels = {file.stem: file for file in (source / "labels").rglob("*.txt")}
    names = yaml.safe_load((source / "data.yaml").read_text(encoding="utf-8"))["names"]
    info = replace(DOTA, classes=tuple(names.values()))
    file = tmp_path / "aerial.autoanno"
    with Store.open(file, root=folder) as store:
        frames = []
        for block in scan_folder(folder):
            frames += store.submit(Priority.OTHER, lambda w, b=block: w.add_frames(b)).result()
        store.submit(Priority.OTHER, lambda w: write_task(w, Task.OBB, None)).result()
        settings = RunSettings(info, info.imgsz)
        run = store.submit(Priority.OTHER, lambda w: w.start_run(settings, device="cpu")).result()
        results = [FrameResult(frame.id, noisy(folder / frame.path, labels[Path(frame.path).stem])) for frame in frames]
        store.submit(Priority.OTHER, lambda w: w.record_results(run, results)).result()
    driver = open_window(MadeProject(folder, file, tuple(frame.path for frame in frames)))
    assert driver.session.task is Task.OBB
    finish_oriented_boxes(driver, tmp_path / "dataset", least=100)


def noisy(picture: Path, label: Path) -> FramePredictions:
    """Return the labels of a picture as a model would give them that is a little off."""
    random = np.random.default_rng(8)
    height, width = cv2.imread(str(picture)).shape[:2]
    rows = np.array(label.read_text().split(), np.float64).reshape(-1, 9)
    corners = rows[:, 1:].reshape(-1, 4, 2) * (width, height)
    boxes = [OrientedBox.of_corners(each) for each in corners]
    values = np.array([(b.cx, b.cy, b.width, b.height, b.angle) for b in boxes])
    values += random.normal(0, (0.8, 0.8, 0.4, 0.4, 0.02), values.shape)
    values[:, 2:4] = values[:, 2:4].clip(4)
    count = len(rows)
    classes = rows[:, 0].astype(np.int32)
    scores = np.linspace(0.95, 0.6, count, dtype=np.float32)
    top = np.stack([classes, np.full(count, -1), np.full(count, -1)], axis=1).astype(np.int32)
    outlines = OrientedBoxes(values.astype(np.float32))
    upright = np.array([outlines.at(i, Box(0, 0, 1, 1)).bounds.as_tuple() for i in range(count)], np.float32)
    top_scores = np.stack([scores, 0 * scores, 0 * scores], axis=1)
    return FramePredictions(upright, scores, classes, top, top_scores, outlines)


def finish_oriented_boxes(driver: Driver, out: Path, *, least: int) -> None:
    """Work on one box, accept the rest, export and read it back."""
    worked_on = accept_until(driver, lambda: inner_boxes(driver))
    item = inner_boxes(driver)[0]
    click(driver, *item.geometry.centre)
    assert selected(driver).id == item.id
    drag_a_side(driver, item)
    turn(driver)
    final = selected(driver)
    accept(driver)
    accept_rest(driver)
    assert verdicts_of(driver, worked_on)[item.id] is VerdictKind.EDITED
    export_by_dialog(driver, out)
    assert json.loads((out / "manifest.json").read_text(encoding="utf-8"))["dataset"] == "yolo-obb"
    pairs = read_back(driver, out)
    assert len(pairs) >= least
    inside = 0
    for pair in pairs:
        geometry = pair.annotation.geometry
        assert isinstance(geometry, OrientedBox)
        assert pair.polygon is not None
        corners = geometry.corners / pair.size
        if corners.min() >= 0 and corners.max() <= 1:
            inside += 1
            assert pair.polygon == pytest.approx(corners, abs=ROUNDED)
    assert inside > len(pairs) / 2
    assert final.geometry in [pair.annotation.geometry for pair in pairs]


def inner_boxes(driver: Driver) -> list[ReviewObject]:
    """Return the candidates that have room around them, largest first, those last that others lie on."""
    document, frame = driver.session.document, driver.session.frame
    assert document is not None
    assert frame is not None
    candidates = document.in_role(Role.CANDIDATE)
    found = []
    for item in candidates:
        b = item.geometry.bounds
        room = min(b.x1, b.y1, frame.width - b.x2, frame.height - b.y2)
        alone = not any(each.geometry.bounds.iou(b) for each in candidates if each.id != item.id)
        if alone and room > 0.02 * frame.width and min(b.width, b.height) > 0.04 * frame.width:
            found.append(item)
    return sorted(found, key=lambda item: -item.geometry.area)


def drag_a_side(driver: Driver, item: ReviewObject) -> None:
    """Widen the box to one side by 15 percent; the opposite side stays."""
    before = item.geometry
    assert isinstance(before, OrientedBox)
    more = 0.15 * before.width
    driver.drag(before.at(before.width / 2, 0), before.at(before.width / 2 + more, 0))
    after = selected(driver).geometry
    assert isinstance(after, OrientedBox)
    assert after.width == pytest.approx(before.width + more, abs=NEAR)
    assert (after.height, after.angle) == pytest.approx((before.height, before.angle))
    assert after.at(-after.width / 2, 0) == pytest.approx(before.at(-before.width / 2, 0))
    undo_and_redo(driver, item.id, before)


def turn(driver: Driver) -> None:
    """Turn by three degrees, which is one step to undo."""
    before = selected(driver)
    assert isinstance(before.geometry, OrientedBox)
    for _ in range(3):
        driver.key(Key.Key_Period)
    after = selected(driver)
    assert isinstance(after.geometry, OrientedBox)
    wanted = before.geometry.turned(math.radians(3))
    assert after.geometry.corners == pytest.approx(wanted.corners)
    undo_and_redo(driver, before.id, before.geometry)

"""Masks: from proposals through the window's keys to a dataset that Ultralytics reads."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from autoanno_gui.core.mask import Mask
from autoanno_gui.core.records import VerdictKind
from autoanno_gui.core.review_objects import ReviewObject, Role
from autoanno_gui.core.task import Task
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
    select_largest,
    selected,
    shares,
    shown,
    undo_and_redo,
    verdicts_of,
)
from tests.ui.conftest import Open
from tests.ui.driver import CTRL, Driver, Key

pytestmark = pytest.mark.timeout(60)


def loneliest(points: NDArray[np.float64]) -> int:
    """Return the index of the point that is farthest from all others: no press there is meant for another."""
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return int(distances.min(axis=1).argmax())


def same_ring(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Whether two rings go through the same places, from wherever and in whichever direction they start."""
    if a.shape != b.shape:
        return False
    turns = (np.roll(way, shift, axis=0) for way in (b, b[::-1]) for shift in range(len(b)))
    return any(np.abs(a - turn).max() < ROUNDED for turn in turns)


def test_masks_from_a_model_to_a_dataset(shared: Path, open_window: Open, tmp_path: Path) -> None:
    model = need(shared / "models" / "pt" / "yolov8n-seg.pt")
    source = need(shared / "data" / "coco128" / "images" / "train2017")
    folder = copied(sorted(source.glob("*.jpg"))[:12], tmp_path / "photos")
    driver = predicted(open_window, folder, model)
    assert driver.session.task is Task.SEGMENT
    # The first frame with two objects to work on; those before it are accepted as they are.
    worked_on = accept_until(driver, lambda: driver.roles().get(Role.CANDIDATE, 0) >= 2)
    rejected = selected(driver)
    driver.key(Key.Key_X)
    assert driver.session.document is not None
    assert driver.session.document.role(shown(driver, rejected.id)) is Role.REJECTED
    reshaped = drag_a_vertex(driver)
    added = draw_a_polygon(driver)
    accept(driver)
    accept_rest(driver)
    kinds = verdicts_of(driver, worked_on)
    assert (kinds[rejected.id], kinds[reshaped.id], kinds[None]) == (
        VerdictKind.REJECTED,
        VerdictKind.EDITED,
        VerdictKind.ADDED,
    )
    out = tmp_path / "dataset"
    export_by_dialog(driver, out)
    assert json.loads((out / "manifest.json").read_text(encoding="utf-8"))["dataset"] == "yolo-segment"
    pairs = read_back(driver, out)
    assert len(pairs) >= 12
    single = 0
    for pair in pairs:
        mask = pair.annotation.geometry
        assert isinstance(mask, Mask)
        assert pair.polygon is not None
        if len(list(mask.rings)) == 1 and mask.is_simple:
            single += 1
            assert same_ring(next(mask.rings) / pair.size, pair.polygon)
        assert pair.box == pytest.approx(shares(mask.bounds, pair.size), abs=ROUNDED)
    assert single > len(pairs) / 2
    exported = [pair.annotation.geometry for pair in pairs]
    assert reshaped.geometry in exported
    assert added.geometry in exported
    assert rejected.geometry not in exported


def drag_a_vertex(driver: Driver) -> ReviewObject:
    """Move one vertex of the largest mask outwards; nothing else of it moves."""
    item = select_largest(driver)
    assert isinstance(item.geometry, Mask)
    before = next(item.geometry.rings)
    index = loneliest(before)
    centre = np.array(item.geometry.centre)
    x, y = before[index]
    to_x, to_y = before[index] + 0.15 * (centre - before[index])
    driver.drag((x, y), (to_x, to_y))
    after = selected(driver)
    assert after.id == item.id
    assert isinstance(after.geometry, Mask)
    ring = next(after.geometry.rings)
    assert ring[index] == pytest.approx((to_x, to_y), abs=NEAR)
    others = np.arange(len(before)) != index
    assert np.array_equal(ring[others], before[others])
    undo_and_redo(driver, item.id, item.geometry)
    return selected(driver)


def draw_a_polygon(driver: Driver) -> ReviewObject:
    """Click a triangle and close it with Enter."""
    frame = driver.session.frame
    assert frame is not None
    driver.key(Key.Key_Escape)
    driver.key(Key.Key_1)
    corners = np.array([(0.1, 0.15), (0.35, 0.2), (0.2, 0.4)]) * (frame.width, frame.height)
    driver.key(Key.Key_P)
    for x, y in corners.tolist():
        click(driver, x, y)
    driver.key(Key.Key_Return)
    item = selected(driver)
    assert item.drawn
    assert isinstance(item.geometry, Mask)
    assert next(item.geometry.rings) == pytest.approx(corners, abs=NEAR)
    driver.key(Key.Key_Z, CTRL)
    assert driver.session.document is not None
    assert driver.session.document.get(item.id) is None
    driver.key(Key.Key_Y, CTRL)
    assert shown(driver, item.id) == item
    driver.key(Key.Key_V)
    return item

"""Keypoints: from proposals through the window's keys to a dataset that Ultralytics reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from autoanno_gui.core.keypoints import COCO_PERSON, Keypoints, Visibility
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
    undo_and_redo,
    verdicts_of,
)
from tests.ui.conftest import Open
from tests.ui.driver import SHIFT, Driver

pytestmark = pytest.mark.timeout(60)


def test_keypoints_from_a_model_to_a_dataset(shared: Path, open_window: Open, tmp_path: Path) -> None:
    model = need(shared / "models" / "pt" / "yolov8n-pose.pt")
    source = need(shared / "data" / "coco8-pose" / "images")
    driver = predicted(open_window, copied(sorted(source.rglob("*.jpg")), tmp_path / "photos"), model)
    assert driver.session.task is Task.POSE
    assert driver.session.skeleton == COCO_PERSON
    worked_on = accept_until(driver, lambda: driver.roles().get(Role.CANDIDATE))
    item = select_largest(driver)
    assert isinstance(item.geometry, Keypoints)
    index, hidden = drag_a_keypoint(driver, item), hide_a_keypoint(driver, item)
    assert index != hidden
    final = selected(driver)
    accept(driver)
    accept_rest(driver)
    assert verdicts_of(driver, worked_on)[item.id] is VerdictKind.EDITED
    out = tmp_path / "dataset"
    export_by_dialog(driver, out)
    data = yaml.safe_load((out / "data.yaml").read_text(encoding="utf-8"))
    assert data["kpt_shape"] == [17, 3]
    assert data["flip_idx"] == [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
    assert list(data["names"].values()) == ["person"]
    pairs = read_back(driver, out, keypoints=17)
    assert len(pairs) >= 8
    for pair in pairs:
        geometry = pair.annotation.geometry
        assert isinstance(geometry, Keypoints)
        assert pair.points is not None
        assert pair.box == pytest.approx(shares(geometry.box, pair.size), abs=ROUNDED)
        labelled = list(geometry.labelled)
        wanted = np.array([(x, y) for x, y, _ in geometry.points]) / pair.size
        assert pair.points[:, 2].tolist() == [int(point.visibility) for point in geometry.points]
        assert pair.points[labelled, :2] == pytest.approx(wanted[labelled], abs=ROUNDED)
    assert final.geometry in [pair.annotation.geometry for pair in pairs]


def drag_a_keypoint(driver: Driver, item: ReviewObject) -> int:
    """Move one point; the others stay."""
    before = item.geometry
    assert isinstance(before, Keypoints)
    index = lonely_visible(before)
    x, y, _ = before.points[index]
    centre_x, centre_y = before.box.centre
    to_x, to_y = x + 0.2 * (centre_x - x), y + 0.2 * (centre_y - y)
    driver.drag((x, y), (to_x, to_y))
    after = selected(driver).geometry
    assert isinstance(after, Keypoints)
    moved = after.points[index]
    assert (moved.x, moved.y) == pytest.approx((to_x, to_y), abs=NEAR)
    assert moved.visibility is Visibility.VISIBLE
    assert after == before.with_point(index, moved)
    undo_and_redo(driver, item.id, before)
    return index


def hide_a_keypoint(driver: Driver, item: ReviewObject) -> int:
    before = selected(driver).geometry
    assert isinstance(before, Keypoints)
    moved = next(i for i, point in enumerate(before.points) if point not in getattr(item.geometry, "points", ()))
    index = lonely_visible(before, but=moved)
    x, y, _ = before.points[index]
    click(driver, x, y, SHIFT)
    after = selected(driver).geometry
    assert after == before.with_point(index, before.points[index]._replace(visibility=Visibility.HIDDEN))
    return index


def lonely_visible(geometry: Keypoints, *, but: int | None = None) -> int:
    points = np.array([(x, y) if v else (-1e4 * (i + 1), -1e4) for i, (x, y, v) in enumerate(geometry.points)])
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    choices = [i for i in geometry.labelled if i != but]
    return max(choices, key=lambda i: float(distances[i].min()))

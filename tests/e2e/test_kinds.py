"""Masks, keypoints and oriented boxes: from proposals through the window's keys to a dataset that Ultralytics reads."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry, kind_of
from autoanno_gui.core.keypoints import COCO_PERSON, Keypoints, Visibility
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.outlines import OrientedBoxes
from autoanno_gui.core.predictions import FramePredictions, FrameResult, ModelInfo, RunSettings
from autoanno_gui.core.records import Annotation, DecisionKind, VerdictKind
from autoanno_gui.core.review_objects import ReviewObject, Role
from autoanno_gui.core.task import Task
from autoanno_gui.imaging.scan import scan_folder
from autoanno_gui.review.project_task import write_task
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.ui.dialogs.export import ExportDialog, ExportProgressDialog
from tests.e2e.conftest import finished_runs, query
from tests.e2e.reviewer import ledger
from tests.projects import UNSURE, USUAL, MadeProject, Proposal, make_project
from tests.ui.conftest import Open
from tests.ui.driver import CTRL, NONE, SHIFT, Driver, Key
from tests.ui.test_window import in_dialog

pytestmark = pytest.mark.timeout(60)

NEAR = 1.5
"""Image pixels by which a drag may miss: the pointer stands on whole pixels of the screen."""
ROUNDED = 1e-5
"""By which a written share of the picture may differ."""
RECTANGLE = Box(20, 20, 81, 81)
"""What is drawn on the frames of `make_project`."""
LOOSE = Proposal((13, 14, 90, 88), 0, 0.9)
"""A box that a detector might give it."""


# ------------------------------------------------------------------------------------------------ hands and eyes
def need(path: Path) -> Path:
    if not path.exists():
        pytest.skip(f"{path.name} is not in the shared folder")
    return path


def copied(pictures: Sequence[Path], folder: Path) -> Path:
    folder.mkdir()
    for picture in pictures:
        shutil.copyfile(picture, folder / picture.name)
    return folder


def predicted(open_window: Open, folder: Path, model: Path) -> Driver:
    """Open a window on a folder and let the model predict all of it."""
    driver = open_window(arguments=[str(folder), "--model", str(model), "--checks", "off"])
    count = sum(1 for _ in folder.iterdir())
    driver.wait(lambda: bool(driver.shown) and int(driver.session.frames.predicted.sum()) == count)
    driver.wait(lambda: not driver.window.models.job_running and driver.session.can_decide)
    return driver


def accept(driver: Driver) -> None:
    """Press Space, twice where the window asks: nothing is on the frame, or something too small to be seen."""
    before, finished = len(driver.shown), driver.finished
    driver.key(Key.Key_Space)
    if driver.session.empty_asked or driver.session.unseen_asked:
        driver.key(Key.Key_Space)
    driver.wait(lambda: len(driver.shown) > before or driver.finished > finished)


def accept_rest(driver: Driver) -> None:
    while not driver.finished:
        accept(driver)


def accept_until(driver: Driver, wanted: Callable[[], object]) -> str:
    """Accept frames as they are until one is worth working on; return its path."""
    while not wanted():
        accept(driver)
        assert not driver.finished, "no frame has what is wanted"
    return driver.frame


def shown(driver: Driver, object_id: int) -> ReviewObject:
    assert driver.session.document is not None
    item = driver.session.document.get(object_id)
    assert item is not None
    return item


def selected(driver: Driver) -> ReviewObject:
    object_id = driver.session.objects.selected
    assert object_id is not None
    return shown(driver, object_id)


def select_largest(driver: Driver) -> ReviewObject:
    """Go with Tab to the largest candidate."""
    assert driver.session.document is not None
    largest = max(driver.session.document.in_role(Role.CANDIDATE), key=lambda item: item.geometry.area)
    for _ in driver.session.document.in_role(Role.CANDIDATE, Role.CONFIRMED):
        if driver.session.objects.selected == largest.id:
            break
        driver.key(Key.Key_Tab)
    assert driver.session.objects.selected == largest.id
    return largest


def click(driver: Driver, x: float, y: float, modifier: Qt.KeyboardModifier = NONE) -> None:
    QTest.mouseClick(driver.window.canvas.viewport(), Qt.MouseButton.LeftButton, modifier, driver.at(x, y))


def undo_and_redo(driver: Driver, object_id: int, before: Geometry) -> None:
    """Both ways lead to exactly the outline that was there."""
    after = shown(driver, object_id).geometry
    assert after != before
    driver.key(Key.Key_Z, CTRL)
    assert shown(driver, object_id).geometry == before
    driver.key(Key.Key_Y, CTRL)
    assert shown(driver, object_id).geometry == after


def loneliest(points: NDArray[np.float64]) -> int:
    """Return the index of the point that is farthest from all others: no press there is meant for another."""
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return int(distances.min(axis=1).argmax())


def verdicts_of(driver: Driver, path: str) -> dict[int | None, VerdictKind]:
    with driver.reader() as reader:
        return {verdict.prediction: verdict.kind for verdict in ledger(reader)[path].verdicts}


def export_by_dialog(driver: Driver, out: Path) -> None:
    """Export with Ctrl+E as the dialog proposes it."""

    def fill(dialog: ExportDialog) -> None:
        dialog._out.setText(str(out))
        in_dialog(ExportProgressDialog, finish)
        dialog.accept()

    def finish(dialog: ExportProgressDialog) -> None:
        if dialog.report is None:
            QTimer.singleShot(20, lambda: finish(dialog))
        else:
            dialog.accept()

    in_dialog(ExportDialog, fill)
    driver.key(Key.Key_E, CTRL)
    assert (out / "data.yaml").is_file()


@dataclass(frozen=True)
class Pair:
    """An exported object and the row that Ultralytics reads; all lengths as shares of the picture.

    Attributes:
        size: (width, height) of the picture in pixels.
        box: (4,) centre and size.
        polygon: (N, 2), of rows that have one.
        points: (K, 3), of pose rows.
    """

    annotation: Annotation
    size: tuple[int, int]
    box: NDArray[np.float64]
    polygon: NDArray[np.float64] | None
    points: NDArray[np.float64] | None


def read_back(driver: Driver, out: Path, *, keypoints: int = 0) -> list[Pair]:
    """Let Ultralytics read every label; it must have no complaint, and rows and annotations must be as many."""
    from ultralytics.data.utils import img2label_paths, verify_image_label

    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    numbers = {entry["project_class"]: entry["number"] for entry in manifest["classes"]}
    with driver.reader() as reader:
        labelled = {each.frame.path: each for each in reader.labelled_frames()}
        names = {record.id: record.name for record in reader.classes()}
    data = yaml.safe_load((out / "data.yaml").read_text(encoding="utf-8"))
    assert {data["names"][number] for number in numbers.values()} == {names[class_id] for class_id in numbers}
    assert all(data["names"][number] == names[class_id] for class_id, number in numbers.items())
    assert len(manifest["images"]) == len(labelled)
    pairs: list[Pair] = []
    for entry in manifest["images"]:
        picture = str(out / entry["file"])
        label = img2label_paths([picture])[0]
        pose = keypoints > 0
        seen: Any = verify_image_label((picture, label, "", pose, len(numbers), keypoints, 3 if pose else 0, False))
        _, rows, shape, polygons, points, _, _, _, corrupt, message = seen
        assert (message, corrupt) == ("", 0), entry["file"]
        frame = labelled[entry["source"]]
        assert "left_out" not in entry
        assert len(rows) == len(frame.annotations), entry["file"]
        assert shape == (frame.height, frame.width)
        assert [int(row[0]) for row in rows] == [numbers[each.class_id] for each in frame.annotations]
        pairs += [
            Pair(
                annotation,
                (frame.width, frame.height),
                rows[at, 1:5].astype(np.float64),
                np.asarray(polygons[at], np.float64) if polygons else None,
                np.asarray(points[at], np.float64) if points is not None else None,
            )
            for at, annotation in enumerate(frame.annotations)
        ]
    return pairs


def same_ring(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Whether two rings go through the same places, from wherever and in whichever direction they start."""
    if a.shape != b.shape:
        return False
    turns = (np.roll(way, shift, axis=0) for way in (b, b[::-1]) for shift in range(len(b)))
    return any(np.abs(a - turn).max() < ROUNDED for turn in turns)


def shares(box: Box, size: tuple[int, int]) -> NDArray[np.float64]:
    return np.array([*box.centre, box.width, box.height]) / (*size, *size)


# ------------------------------------------------------------------------------------------------ masks
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


# ------------------------------------------------------------------------------------------------ keypoints
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


# ------------------------------------------------------------------------------------------------ oriented boxes
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


# ------------------------------------------------------------------------------------------------ the segmenter
def project_of(tmp_path: Path, task: Task, proposals: Sequence[Sequence[Proposal]]) -> MadeProject:
    """Make a project of a detector's boxes that collects `task`."""
    made = make_project(tmp_path, proposals)
    with Store.open(made.file, root=made.folder) as store:
        store.submit(Priority.OTHER, lambda w: write_task(w, task, None)).result()
    return made


def test_s_makes_a_mask_of_a_box(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(project_of(tmp_path, Task.SEGMENT, [[LOOSE], [LOOSE]]))
    before = selected(driver)
    assert before.geometry == Box(*LOOSE.box)
    driver.key(Key.Key_S)
    driver.wait(lambda: isinstance(selected(driver).geometry, Mask))
    after = selected(driver)
    assert isinstance(after.geometry, Mask)
    assert after.geometry.iou(Mask.of_box(RECTANGLE)) > 0.95
    assert after.class_id == before.class_id
    undo_and_redo(driver, before.id, before.geometry)
    accept(driver)
    with driver.reader() as reader:
        (decision,) = ledger(reader).values()
    assert decision.kind is DecisionKind.EDITED
    assert decision.verdicts[0].geometry == after.geometry


def test_s_tightens_a_box(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(project_of(tmp_path, Task.DETECT, [[LOOSE]]))
    before = selected(driver)
    driver.key(Key.Key_S)
    driver.wait(lambda: selected(driver).geometry != before.geometry)
    assert isinstance(selected(driver).geometry, Box)
    assert selected(driver).geometry.as_tuple() == pytest.approx(RECTANGLE.as_tuple(), abs=2)
    undo_and_redo(driver, before.id, before.geometry)


@pytest.mark.parametrize("task", [Task.SEGMENT, Task.DETECT])
def test_the_segment_tool_adds_what_is_clicked(open_window: Open, tmp_path: Path, task: Task) -> None:
    driver = open_window(project_of(tmp_path, task, [[UNSURE]]))
    driver.key(Key.Key_Escape)
    driver.key(Key.Key_2)
    driver.key(Key.Key_Q)
    click(driver, 50, 50)
    state = driver.window.canvas.state
    driver.wait(lambda: state.preview is not None)
    assert driver.roles() == {Role.CANDIDATE: 1}
    driver.key(Key.Key_Return)
    assert driver.roles() == {Role.CANDIDATE: 1, Role.CONFIRMED: 1}
    item = selected(driver)
    assert item.drawn
    assert driver.selected_class() == "dog"
    assert kind_of(item.geometry).value == ("mask" if task is Task.SEGMENT else "box")
    assert item.geometry.bounds.iou(RECTANGLE) > 0.9
    assert state.preview is None
    driver.key(Key.Key_Z, CTRL)
    assert driver.roles() == {Role.CANDIDATE: 1}


def test_boxes_to_masks_can_be_stopped_and_goes_on(open_window: Open, tmp_path: Path) -> None:
    proposals = [(LOOSE, *USUAL[1:])] * 3
    driver = open_window(project_of(tmp_path, Task.SEGMENT, proposals))
    segmenters = driver.window.segmenters
    steps: list[int] = []

    def stop(progress: Any) -> None:  # noqa: ANN401
        steps.append(progress.done)
        if progress.done == 1:
            segmenters.stop_pass()

    segmenters.pass_progressed.connect(stop)
    segmenters.start_pass()
    driver.wait(lambda: not segmenters.pass_running)
    made = masks_of(driver)
    assert 1 <= sum(bool(found) for found in made.values()) < 3
    segmenters.pass_progressed.disconnect(stop)
    segmenters.start_pass()
    driver.wait(lambda: not segmenters.pass_running)
    for path, found in masks_of(driver).items():
        # The box of 0.07 is not worth the time; all others have their mask.
        assert len(found) == 3, path
        assert found[0].iou(Mask.of_box(RECTANGLE)) > 0.95
        assert not made[path] or made[path] == found
    # Once the detector, once the segmenter: what was done before the stop was not done again.
    file = driver.session.store.file
    assert {path: len(runs) for path, runs in finished_runs(file).items()} == dict.fromkeys(driver_names(driver), 2)
    driver.decide(Key.Key_D)
    document = driver.session.document
    assert document is not None
    assert all(isinstance(item.geometry, Mask) for item in document.in_role(Role.CANDIDATE))


def driver_names(driver: Driver) -> Iterator[str]:
    yield from (row[0] for row in query(driver.session.store.file, "SELECT path FROM frame"))


def masks_of(driver: Driver) -> dict[str, list[Mask]]:
    """Return the masks among the newest predictions of each frame."""
    found: dict[str, list[Mask]] = {}
    with driver.reader() as reader:
        for block in reader.frames():
            for frame in block:
                assert frame.run_frame_id is not None
                predictions, _ = reader.predictions(frame.run_frame_id)
                outlines = (predictions.geometry(i) for i in range(len(predictions)))
                found[frame.path] = [each for each in outlines if isinstance(each, Mask)]
    return found

"""Hands and eyes for tests that lead masks, keypoints and oriented boxes through the window to a dataset."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.records import Annotation, VerdictKind
from autoanno_gui.core.review_objects import ReviewObject, Role
from autoanno_gui.ui.dialogs.export import ExportDialog, ExportProgressDialog
from tests.e2e.reviewer import ledger
from tests.ui.conftest import Open
from tests.ui.driver import CTRL, NONE, Driver, Key
from tests.ui.test_window import in_dialog

NEAR = 1.5
"""Image pixels by which a drag may miss: the pointer stands on whole pixels of the screen."""
ROUNDED = 1e-5
"""By which a written share of the picture may differ."""


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


def shares(box: Box, size: tuple[int, int]) -> NDArray[np.float64]:
    return np.array([*box.centre, box.width, box.height]) / (*size, *size)

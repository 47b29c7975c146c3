"""Real photos and genuine weights, from the command line through the window's keys to a dataset that trains."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from autoanno_gui.core.records import DecisionKind, VerdictKind
from autoanno_gui.imaging.scan import natural_key
from tests.e2e.conftest import command_line, finished_runs, hashes, train_on
from tests.e2e.reviewer import (
    Reviewer,
    check_export,
    check_ledger,
    check_training,
    export,
    labels_equal_decisions,
    ledger,
)
from tests.ui.conftest import Open
from tests.ui.driver import SHIFT, Key


@pytest.fixture
def photos(shared: Path, tmp_path: Path) -> Path:
    """Return a copy of 128 photos."""
    source = shared / "data" / "coco128" / "images" / "train2017"
    if not source.is_dir():
        pytest.skip("the photos of coco128 are not in the shared folder")
    folder = tmp_path / "photos"
    # Copied as plain files: those of the shared folder may be read-only.
    shutil.copytree(source, folder, copy_function=shutil.copyfile)
    return folder


def model_at(shared: Path, name: str) -> Path:
    path = shared / "models" / name
    if not path.exists():
        pytest.skip(f"{name} is not in the shared folder")
    return path


@pytest.mark.timeout(300)
def test_a_folder_of_photos_from_the_model_to_a_training(
    shared: Path, photos: Path, open_window: Open, tmp_path: Path
) -> None:
    if find_spec("openvino") is None:
        pytest.skip("the package openvino is not installed")
    model = model_at(shared, "yolov8n_int8_openvino_model")
    before = hashes(photos)
    assert len(before) == 128
    predict_by_command(photos, model)
    reviewer = review_everything(open_window, photos)
    second_sitting(open_window, photos, reviewer)
    driver = open_window(arguments=[str(photos)])
    driver.wait_for_frame(0)
    out = tmp_path / "dataset"
    report = export(driver, out)
    with driver.reader() as reader:
        check_export(reader, out, report)
        labels_equal_decisions(reader, out)
    assert hashes(photos) == before
    assert report.left_out["rejected"] > 0
    assert report.backgrounds > 0
    answer = train_on(out, weights=model_at(shared, "pt/yolo11n.pt"), home=tmp_path / "trainer")
    check_training(answer, report)
    assert 30 <= answer["training"]["train"] <= report.frames["train"]


def json_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def predict_by_command(photos: Path, model: Path) -> None:
    first = json_of(command_line("predict", photos, "--model", model, "--json"))
    assert (first["frames_predicted"], first["frames_predicted_now"], first["frames_failed"]) == (128, 128, 0)
    assert (first["device"], first["backend"], first["failures"]) == ("cpu", "openvino", [])
    assert first["predictions"] > 500
    assert first["frames_per_second"] > 0
    again = json_of(command_line("predict", photos, "--model", model, "--json"))
    assert (again["frames_predicted"], again["frames_predicted_now"]) == (128, 0)
    assert again["predictions"] == first["predictions"]


def review_everything(open_window: Open, photos: Path) -> Reviewer:
    """Go once through the whole folder with the keys."""
    driver = open_window(arguments=[str(photos), "--checks", "off"])
    driver.wait_for_frame(0)
    reviewer = Reviewer(driver)
    reviewer.review_all(128)
    assert set(reviewer.expected) == {file.name for file in photos.iterdir()}
    for act in ("reject_one", "change_class", "swap_class", "promote_ghost", "draw_missing", "undo_the_decision"):
        assert reviewer.acts[act] >= 3, reviewer.acts
    assert min(reviewer.acts[act] for act in ("confirm_empty", "rejected", "deferred")) >= 3, reviewer.acts
    check_ledger(reviewer)
    driver.close()
    return reviewer


def second_sitting(open_window: Open, photos: Path, reviewer: Reviewer) -> None:
    """Come back for what was put off, then label some of the rejected frames by hand."""
    driver = reviewer.driver = open_window(arguments=[str(photos), "--checks", "off"])
    driver.wait_for_frame(0)
    put_off = [path for path, (kind, _) in reviewer.expected.items() if kind is DecisionKind.DEFERRED]
    for path in sorted(put_off, key=natural_key):
        assert driver.frame == path
        reviewer.accept()
    assert driver.finished == 1
    rejected = [path for path, (kind, _) in reviewer.expected.items() if kind is DecisionKind.REJECTED]
    driver.decide(Key.Key_R, SHIFT)
    for path in sorted(rejected, key=natural_key)[:2]:
        assert driver.frame == path
        assert driver.roles() == {}
        frame = driver.session.frame
        assert frame is not None
        driver.drag((0.2 * frame.width, 0.2 * frame.height), (0.6 * frame.width, 0.7 * frame.height))
        reviewer.accept()
        assert reviewer.expected[path] == (DecisionKind.HAND_LABELLED, Counter([VerdictKind.ADDED]))
    check_ledger(reviewer)
    driver.close()


@pytest.mark.timeout(200)
def test_genuine_weights_in_the_window_while_reviewing(
    shared: Path, photos: Path, open_window: Open, tmp_path: Path
) -> None:
    model = model_at(shared, "pt/yolo11n.pt")
    folder = tmp_path / "few"
    folder.mkdir()
    names = sorted((file.name for file in photos.iterdir()), key=natural_key)[:24]
    for name in names:
        shutil.copyfile(photos / name, folder / name)
    before = hashes(folder)
    driver = open_window(arguments=[str(folder), "--model", str(model)])
    looked: list[str] = []

    def look_elsewhere(_name: str) -> None:
        for _ in range(5):
            driver.key(Key.Key_D)
        driver.key(Key.Key_Space)
        assert driver.session.waiting
        looked.append(driver.frame)

    # While the model is being loaded, the reviewer goes to another frame.
    driver.window.models.model_loading.connect(look_elsewhere)
    driver.wait(lambda: bool(looked) and not driver.session.waiting and driver.session.can_decide)
    assert looked == [names[5]] == [driver.frame]
    assert driver.shown[-1] == names[5]
    assert driver.roles()
    reviewer = Reviewer(driver)
    reviewer.accept()
    # Later frames have no prediction yet, and still this one is decided.
    assert driver.session.frames.predicted.sum() < len(names)
    assert driver.window.models.job_running
    driver.wait(lambda: not driver.window.models.job_running)
    runs = finished_runs(driver.session.store.file)
    assert runs.keys() == set(names)
    assert all(runs.values())
    assert min(runs, key=lambda name: runs[name][0]) == names[5]
    reviewer.review_all(len(names))
    assert len(reviewer.expected) == len(names)
    check_ledger(reviewer)
    with driver.reader() as reader:
        assert sum(len(decision.verdicts) for decision in ledger(reader).values()) > 20
        assert {record.name for record in reader.classes()} >= {"person", "bowl"}
    assert hashes(folder) == before

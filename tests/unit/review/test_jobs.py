"""Scanning, checking, exporting, opening, and what is reported about a project."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from autoanno_gui.config import AppHome, project_file_for, remember_project
from autoanno_gui.core.errors import ExportError, FolderError, FrameErrorCode, ModelError, ProjectError
from autoanno_gui.core.records import Frame, FrameState, Progress
from autoanno_gui.datasets.plan import ExportOptions, ExportReport
from autoanno_gui.review import demo, environment
from autoanno_gui.review.check_job import check_job
from autoanno_gui.review.demo import prepare_demo
from autoanno_gui.review.environment import environment_report
from autoanno_gui.review.export_job import export_job
from autoanno_gui.review.open_job import FolderMissing, FramesFound, ProjectOpened, ScanFinished, frames_job, open_job
from autoanno_gui.review.project_access import existing_project, open_to_read, open_to_work, place_for_project
from autoanno_gui.review.reports import metrics_report, project_report, queue_report, scan_report
from autoanno_gui.review.scan_job import scan_job
from autoanno_gui.store.store_thread import Priority, Store, open_report
from tests.projects import SURE, UNSURE, USUAL, MadeProject, draw_frames, make_project
from tests.unit.review.conftest import Sit
from tests.unit.review.sitting import Sitting

NAMES = ["b/frame_10.jpg", "b/frame_2.jpg", "a.jpg"]
ORDER = ["a.jpg", "b/frame_2.jpg", "b/frame_10.jpg"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    draw_frames(folder, NAMES)
    return folder


@pytest.fixture
def store(root: Path) -> Iterator[Store]:
    with Store.open(root.with_name("photos.autoanno"), root=root) as store:
        yield store


def scan(store: Store) -> list[Frame]:
    return [frame for block in scan_job(store, store.root) for frame in block]


def stored(store: Store) -> dict[str, Frame]:
    with store.reader() as reader:
        return {frame.path: frame for block in reader.frames() for frame in block}


# ------------------------------------------------------------------------------------------------ scan and check
def test_a_scan_brings_the_frames_in_natural_order_and_notes_what_went(store: Store, root: Path) -> None:
    assert [frame.path for frame in scan(store)] == ORDER
    (root / "a.jpg").unlink()
    draw_frames(root, ["c.jpg"])
    assert [frame.path for frame in scan(store)] == ["b/frame_2.jpg", "b/frame_10.jpg", "c.jpg"]
    assert stored(store)["a.jpg"].error is FrameErrorCode.MISSING
    draw_frames(root, ["a.jpg"])
    scan(store)
    assert stored(store)["a.jpg"].usable


def test_a_folder_that_lost_all_its_images_says_so_and_marks_none(store: Store, root: Path) -> None:
    scan(store)
    shutil.rmtree(root)
    root.mkdir()
    with pytest.raises(FolderError, match="There are no images in"):
        scan(store)
    assert all(frame.usable for frame in stored(store).values())


def test_a_check_finds_sizes_hashes_and_damage(store: Store, root: Path) -> None:
    scan(store)
    file = root / "a.jpg"
    whole = file.read_bytes()
    stamp = file.stat()
    file.write_bytes(whole[:200] + bytes(len(whole) - 200))
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    steps = list(check_job(store))
    assert [(step.done, step.total, step.text) for step in steps] == [(i + 1, 3, ORDER[i]) for i in range(3)]
    found = stored(store)
    assert (found["a.jpg"].error, found["a.jpg"].state) == (FrameErrorCode.DAMAGED, FrameState.FAILED)
    assert (found["b/frame_2.jpg"].width, found["b/frame_2.jpg"].height) == (320, 240)
    # Put right behind our back: size and time are those of before, so only reading it again can tell.
    file.write_bytes(whole)
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    scan(store)
    assert not stored(store)["a.jpg"].usable
    list(check_job(store))
    assert stored(store)["a.jpg"].usable
    assert stored(store)["a.jpg"].state is FrameState.UNDECIDED


def test_a_check_that_is_closed_leaves_no_thread(store: Store) -> None:
    scan(store)
    job = check_job(store)
    next(job)
    assert isinstance(job, Generator)
    job.close()
    assert len([frame for frame in stored(store).values() if frame.width]) <= 3


# ------------------------------------------------------------------------------------------------ opening
def test_a_new_project_opens_with_its_frames(root: Path, tmp_path: Path) -> None:
    steps = list(open_job(tmp_path / "new.autoanno", root=root))
    opened = steps[0]
    assert isinstance(opened, ProjectOpened)
    with opened.store:
        kinds = [type(step) for step in steps]
        assert kinds == [ProjectOpened, FramesFound, ScanFinished]
        last = steps[-1]
        assert isinstance(last, ScanFinished)
        found = [frame.path for step in steps if isinstance(step, FramesFound) for frame in step.frames]
        assert (found, last.changed, last.order, last.skipped) == (ORDER, [], None, ())
        # The second time what is known comes first.
        again = list(frames_job(opened.store))
        assert [type(step) for step in again] == [FramesFound, FramesFound, ScanFinished]


def test_a_project_whose_folder_is_gone_still_shows_its_frames(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "new.autoanno"
    for step in open_job(file, root=root):
        if isinstance(step, ProjectOpened):
            store = step.store
    store.close()
    root.rename(root.with_name("elsewhere"))
    steps = list(open_job(file, root=None))
    assert isinstance(steps[0], ProjectOpened)
    steps[0].store.close()
    assert [type(step) for step in steps[1:]] == [FramesFound, FolderMissing]


# ------------------------------------------------------------------------------------------------ export
def export(sitting: Sitting, out: Path, **options) -> ExportReport:
    job = export_job(sitting.store, out=out, options=ExportOptions(**options))
    while True:
        try:
            next(job)
        except StopIteration as stop:
            return stop.value


def splits(out: Path) -> dict[str, str]:
    """Return the split of each frame as the manifest has it."""
    images = json.loads((out / "manifest.json").read_text())["images"]
    return {item["source"]: item["split"] for item in images}


def test_a_frame_stays_in_its_split_from_one_export_to_the_next(sit_down: Sit, tmp_path: Path) -> None:
    made = make_project(tmp_path, [USUAL] * 12)
    sitting = sit_down(made)
    for _ in range(6):
        sitting.accept()
    half = export(sitting, tmp_path / "half", fractions=(0.5, 0.5, 0.0))
    assert (sum(half.frames.values()), half.objects, half.left_out["undecided"]) == (6, 12, 6)
    for _ in range(6):
        sitting.accept()
    export(sitting, tmp_path / "all", fractions=(0.9, 0.1, 0.0), seed=7)
    before, after = splits(tmp_path / "half"), splits(tmp_path / "all")
    assert len(after) == 12
    assert before.items() <= after.items()


def test_an_export_that_is_stopped_leaves_nothing_behind(sitting: Sitting, tmp_path: Path) -> None:
    sitting.accept()
    before = sorted(tmp_path.iterdir())
    job = export_job(sitting.store, out=tmp_path / "out", options=ExportOptions())
    assert next(job) == Progress(0, 0, "Reading decisions")
    next(job)
    assert len(list(tmp_path.iterdir())) > len(before)
    job.close()
    assert sorted(tmp_path.iterdir()) == before


def test_nothing_labelled_is_said(sitting: Sitting, tmp_path: Path) -> None:
    sitting.reject()
    sitting.defer()
    with pytest.raises(ExportError, match="No frame is labelled yet"):
        export(sitting, tmp_path / "out")


# ------------------------------------------------------------------------------------------------ reports
def test_the_list_of_frames(store: Store, root: Path) -> None:
    (root / "b" / "empty.png").touch()
    scan(store)
    list(check_job(store))
    with store.reader() as reader:
        report = scan_report(reader)
    assert report["root"] == str(root)
    assert report["frames"][0] == {
        "frame": "a.jpg",
        "width": 320,
        "height": 240,
        "state": "undecided",
        "error": None,
        "flags": [],
    }
    assert report["frames"][1] == {
        "frame": "b/empty.png",
        "width": None,
        "height": None,
        "state": "failed",
        "error": "empty_file",
        "flags": [],
    }


def test_the_queue_with_its_reasons(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[USUAL, None, USUAL, USUAL])
    sitting.go_to(0)
    sitting.accept()
    sitting.go_to(2)
    sitting.defer()
    with sitting.store.reader() as reader:
        report = queue_report(reader)
    assert report["order"] == "natural"
    assert [(row["frame"], row["reason"], row["state"]) for row in report["frames"]] == [
        ("frame_1.jpg", "unpredicted", "undecided"),
        ("frame_3.jpg", "ordered", "undecided"),
        ("frame_2.jpg", "deferred", "deferred"),
        ("frame_0.jpg", "decided", "accepted"),
    ]


def metrics(sitting: Sitting) -> dict[str, Any]:
    with sitting.store.reader() as reader:
        return metrics_report(reader)


def test_the_figures(sitting: Sitting) -> None:
    sitting.accept()
    sitting.session.objects.reject()
    sitting.accept()
    sitting.reject()
    found = metrics(sitting)
    assert (found["frames_total"], found["frames_predicted"], found["frames_decided"]) == (4, 4, 3)
    assert (found["candidates_shown"], found["candidates_rejected"], found["edit_rate"]) == (4, 1, 0.25)
    assert found["reject_rate"] == pytest.approx(1 / 3)
    assert [row["class"] for row in found["by_class"]] == ["cat", "dog"]


def test_merged_classes_are_one_row(sitting: Sitting) -> None:
    cat, dog = (sitting.document.get(number).class_id for number in (0, 1))
    sitting.accept()
    sitting.session.objects.select(0)
    sitting.session.objects.reject()
    sitting.accept()
    sitting.store.submit(Priority.OTHER, lambda writer: writer.merge_class(dog, cat)).result()
    found = metrics(sitting)
    (row,) = found["by_class"]
    assert (row["class_id"], row["class"]) == (cat, "cat")
    assert (row["candidates_shown"], row["candidates_accepted"], row["candidates_rejected"]) == (4, 3, 1)
    # Its final objects come from its candidates: none was missed.
    assert row["miss_rate"] == 0.0
    assert row["miss_rate_interval"][0] == 0.0
    assert (found["candidates_shown"], found["edit_rate"]) == (4, 0.25)


def test_a_class_of_which_nothing_was_kept_can_be_gone(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[(SURE, UNSURE), (SURE,)])
    cat, dog = (sitting.document.get(number).class_id for number in (0, 1))
    sitting.session.objects.select(1)
    sitting.session.objects.reject()
    sitting.accept()
    sitting.store.submit(Priority.OTHER, lambda writer: writer.remove_class(dog)).result()
    found = metrics(sitting)
    assert [row["class_id"] for row in found["by_class"]] == [cat]
    assert found["candidates_rejected"] == 1


def test_what_is_gone_or_changed_on_the_disk(made: MadeProject) -> None:
    (made.folder / "frame_1.jpg").unlink()
    os.utime(made.folder / "frame_2.jpg", ns=(5, 5))
    with open_report(made.file) as reader:
        report = project_report(reader)
    assert report == {
        "root": str(made.folder),
        "integrity": "ok",
        "frames": 4,
        "missing": ["frame_1.jpg"],
        "changed": ["frame_2.jpg"],
    }


# ------------------------------------------------------------------------------------------------ which project
def test_the_project_of_a_folder_is_found(root: Path, app_home: Path) -> None:
    home = AppHome.find()
    file = place_for_project(home, root, None)
    assert file == project_file_for(home, root)
    with pytest.raises(ProjectError, match="has no project yet"):
        existing_project(home, root, None)
    with open_to_work(file, root, create=True) as store:
        assert store.root == root
    assert existing_project(home, root, None) == file
    with open_to_read(file, root) as reader:
        assert reader.frame_count() == 0


def test_a_folder_with_nothing_to_review_gets_no_project(tmp_path: Path, app_home: Path) -> None:
    home, empty = AppHome.find(), tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(FolderError, match="There are no images"):
        place_for_project(home, empty, None)
    with pytest.raises(FolderError, match="is not a folder"):
        place_for_project(home, tmp_path / "absent", tmp_path / "some.autoanno")
    with pytest.raises(FolderError, match="is not a folder"):
        existing_project(home, tmp_path / "absent", None)
    with pytest.raises(ProjectError, match=r"There is no project file .*some\.autoanno"):
        existing_project(home, None, tmp_path / "some.autoanno")
    with pytest.raises(ValueError, match="neither"):
        existing_project(home, None, None)


def test_a_project_of_other_frames_is_refused(made: MadeProject, root: Path, tmp_path: Path) -> None:
    with (
        pytest.raises(ProjectError, match=r"is the project of .*frames and not of .*photos"),
        open_to_work(made.file, root, create=True),
    ):
        pass
    with pytest.raises(ProjectError, match="and not of"), open_to_read(made.file, root):
        pass
    # By another way to the same folder it is the same.
    link = tmp_path / "link"
    link.symlink_to(made.folder, target_is_directory=True)
    with open_to_work(made.file, link) as store:
        assert store.root == made.folder
    with open_to_read(made.file, None) as reader:
        assert reader.root() == made.folder


def test_a_project_that_was_linked_elsewhere_is_found_by_its_new_folder(made: MadeProject, app_home: Path) -> None:
    home = AppHome.find()
    moved = made.folder.rename(made.folder.with_name("moved"))
    with Store.open(made.file) as store:
        store.relink(moved).result()
    remember_project(home, moved, made.file)
    with open_to_read(existing_project(home, moved, None), moved) as reader:
        assert reader.frame_count() == 4


# ------------------------------------------------------------------------------------------------ demo and environment
@pytest.fixture
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A demo to be put in place, small enough to be drawn here."""
    folder = tmp_path / "bundled"
    draw_frames(folder / "demo" / "frames", ["sky_1.jpg", "sky_2.jpg"])
    (folder / "demo" / "sky.pt").touch()
    monkeypatch.setattr(demo, "resource", lambda name: folder / name)
    return folder


def test_the_demo_is_put_where_it_can_be_worked_on(bundled: Path, app_home: Path) -> None:
    home = AppHome.find()
    first = prepare_demo(home)
    assert first.frames.is_relative_to(app_home)
    assert sorted(file.name for file in first.frames.iterdir()) == ["sky_1.jpg", "sky_2.jpg"]
    assert first.model.exists()
    with Store.open(first.project, root=first.frames):
        pass
    assert prepare_demo(home) == first
    assert first.project.exists()
    assert prepare_demo(home, reset=True) == first
    assert not first.project.exists()
    assert len(list(first.frames.iterdir())) == 2


def test_a_demo_that_was_half_copied_is_copied_again(
    bundled: Path, app_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = AppHome.find()

    def cut_off(source: Path, target: Path) -> None:
        target.mkdir(parents=True)
        shutil.copy(source / "sky_1.jpg", target)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(demo.shutil, "copytree", cut_off)
        with pytest.raises(KeyboardInterrupt):
            prepare_demo(home)
    assert len(list(prepare_demo(home).frames.iterdir())) == 2


def test_a_home_that_cannot_be_written_is_named(bundled: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(FolderError, match=r"cannot be put into .*file"):
        prepare_demo(AppHome(blocked))


def test_the_environment(app_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_torch(_home: Path) -> tuple[str, str]:
        raise ModelError("PyTorch is not installed; install the package torch, 2.6 or newer.")

    monkeypatch.setattr(environment, "best_device", no_torch)
    report = environment_report(AppHome.find())
    # What is missing is part of the report, not the end of it.
    assert (report["device"], report["device_reason"]) == (
        "none",
        "PyTorch is not installed; install the package torch, 2.6 or newer.",
    )
    assert report["qt_platform"] == os.environ["QT_QPA_PLATFORM"]
    assert {"autoanno", "python", "os", "PySide6"} <= report["versions"].keys()
    assert report["home"] == str(app_home)

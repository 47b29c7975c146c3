"""What an export holds, frame by frame."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
import yaml
from PIL import Image

from autoanno_gui.core.errors import FRAME_ERROR_TEXT, ExportError, FrameErrorCode
from autoanno_gui.core.records import ClassRecord, FrameState, VerdictKind
from autoanno_gui.datasets.plan import ExportOptions, ExportPlan, FileMode
from autoanno_gui.datasets.writer import write_export
from tests.unit.datasets.builders import (
    annotation,
    by_source,
    export,
    files_below,
    label_of,
    labelled,
    leftovers,
    make_frames,
    make_plan,
    manifest,
    write_bytes,
    write_picture,
)

LINKED = ExportOptions(files=FileMode.HARD_LINK)
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs links and signals of POSIX")


# ---------------------------------------------------------------- what is written


def test_a_dataset_holds_what_was_decided(root: Path, out: Path) -> None:
    write_picture(root, "a.jpg", seed=1)
    write_picture(root, "b.png", seed=2)
    write_picture(root, "c.jpg", seed=3)
    objects = [annotation((16, 12, 32, 36), 1), annotation((-4, 0, 8, 60), 0, VerdictKind.ADDED)]
    frames = [
        labelled(1, "a.jpg", objects, state=FrameState.EDITED),
        labelled(2, "b.png"),
        labelled(3, "c.jpg", [annotation()], state=FrameState.HAND_LABELLED),
    ]
    plan = make_plan(frames, splits={1: "train", 2: "val", 3: "test"}, left_out={"undecided": 5, "deferred": 1})
    report = export(plan, root, out)

    assert report.to_json() == {
        "out": str(out),
        "frames": {"train": 1, "val": 1, "test": 1},
        "objects": 3,
        "backgrounds": 1,
        "left_out": {"undecided": 5, "rejected": 0, "deferred": 1, "failed": 0},
        "notes": list(plan.notes),
    }
    assert set(files_below(out)) == {
        "data.yaml",
        "manifest.json",
        *("images/train/a.jpg", "images/val/b.png", "images/test/c.jpg"),
        *("labels/train/a.txt", "labels/val/b.txt", "labels/test/c.txt"),
    }
    assert (out / "images/train/a.jpg").read_bytes() == (root / "a.jpg").read_bytes()
    assert (out / "labels/train/a.txt").read_bytes() == (
        b"1 0.3750000 0.5000000 0.2500000 0.5000000\n0 0.0625000 0.5000000 0.1250000 1.0000000\n"
    )
    assert (out / "labels/val/b.txt").read_bytes() == b""
    assert yaml.safe_load((out / "data.yaml").read_text(encoding="utf-8")) == {
        **{split: f"images/{split}" for split in ("train", "val", "test")},
        "nc": 2,
        "names": {0: "person", 1: "car"},
    }
    assert leftovers(out) == []


def test_the_manifest_leads_back_to_source_and_decision(root: Path, out: Path) -> None:
    make_frames(root, ["a/1.png", "b/1.png"])
    outside = annotation((100, 0, 120, 20), 1, VerdictKind.EDITED)
    frames = [labelled(1, "a/1.png", [annotation(), outside, annotation()]), labelled(2, "b/1.png")]
    classes = [ClassRecord(0, "person", "#000000"), ClassRecord(1, "man", "#000000", merged_into=0)]
    options = ExportOptions(fractions=(0.5, 0.5, 0.0), seed=9, checks=False, split_rule="By folder.")
    report = export(make_plan(frames, classes=classes, splits={1: "train", 2: "val"}, options=options), root, out)

    document = manifest(out)
    assert (document["format"], document["version"]) == ("autoanno-export", 1)
    assert document["app"]["name"] == "autoanno_gui"
    assert document["frame_root"] == "frames"
    assert document["classes"] == [{"number": 0, "name": "person", "project_class": 0, "merged": [1]}]
    assert document["split"] == {"rule": "By folder.", "seed": 9, "fractions": [0.5, 0.5, 0.0]}
    assert document["checks"] is False
    assert {key: document[key] for key in ("frames", "objects", "backgrounds", "left_out", "notes")} == {
        key: value for key, value in report.to_json().items() if key != "out"
    }
    provenance = {
        "class": 0,
        "xyxy": [16, 12, 32, 36],
        "geometry": "box",
        "verdict": "accepted",
        "confidence": 0.75,
        "model": "best.pt",
        "reviewer": "kim",
        "decided_at": "2025-03-01T10:00:00Z",
    }
    moved = {**provenance, "xyxy": [100, 0, 120, 20], "verdict": "edited", "reason": "outside"}
    sums = files_below(out)
    assert document["images"][0] == {
        "source": "a/1.png",
        "file": "images/train/1.png",
        "split": "train",
        "sha256": sums["images/train/1.png"],
        "change": "none",
        "width": 64,
        "height": 48,
        "decision": "accepted",
        "decided_at": "2025-03-01T10:00:00Z",
        "reviewer": "kim",
        "objects": [provenance],
        "left_out": [moved, {**provenance, "reason": "repeated"}],
    }
    background = by_source(out)["b/1.png"]
    assert background["file"] == "images/val/b_1.png"
    assert (background["objects"], background["reviewer"]) == ([], "kim")
    assert (background["decision"], background["decided_at"]) == ("accepted", "2025-03-01T10:00:00Z")
    assert any("1 object left out for lying outside the picture: a/1.png" in note for note in report.notes)
    assert any("1 object left out for repeating another one exactly: a/1.png" in note for note in report.notes)


def test_same_stems_keep_each_label_with_its_picture(root: Path, out: Path) -> None:
    paths = ["x.jpg", "x.png", "cam_a/0001.jpg", "cam_b/0001.jpg", "d/Frame.png", "d/frame.png"]
    for number, path in enumerate(paths):
        write_picture(root, path, seed=number)
    frames = [labelled(n, path, [annotation((0, 0, n + 1, 10))]) for n, path in enumerate(paths)]
    export(make_plan(frames), root, out)
    entries = by_source(out)
    assert len({entry["file"].casefold() for entry in entries.values()}) == len(paths)
    for number, path in enumerate(paths):
        assert (out / entries[path]["file"]).read_bytes() == (root / path).read_bytes()
        width = float(label_of(out, entries[path]).read_text().split()[3])
        assert width * 64 == pytest.approx(number + 1)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_not_utf8_are_exported(root: Path, out: Path) -> None:
    frames = make_frames(root, [r"bad_\xe9\xff.jpg", r"back\\slash.jpg", "n" * 247 + ".jpg"])
    assert os.path.exists(os.fsencode(root) + b"/bad_\xe9\xff.jpg")
    report = export(make_plan(frames), root, out)
    assert report.frames == {"train": 3, "val": 0, "test": 0}
    assert any(note.startswith("3 pictures got another name") for note in report.notes)
    assert by_source(out)[r"bad_\xe9\xff.jpg"]["file"] == "images/train/bad__xe9_xff.jpg"


def test_val_is_never_missing(root: Path, out: Path) -> None:
    report = export(make_plan(make_frames(root, ["a.png"])), root, out)
    index = yaml.safe_load((out / "data.yaml").read_text())
    assert (index["train"], index["val"], "test" in index) == ("images/train", "images/train", False)
    assert any("No frame fell to val" in note for note in report.notes)


def test_train_is_never_missing(root: Path, out: Path) -> None:
    plan = make_plan(make_frames(root, ["a.png", "b.png"]), splits={0: "test", 1: "val"})
    export(plan, root, out)
    index = yaml.safe_load((out / "data.yaml").read_text())
    assert (index["train"], index["val"], index["test"]) == ("images/val", "images/val", "images/test")


def test_progress_goes_through_two_rounds(plan: ExportPlan, root: Path, out: Path) -> None:
    steps = list(write_export(plan, root=root, out=out))
    assert [step.done for step in steps] == list(range(1, 13))
    assert {step.total for step in steps} == {12}


# ---------------------------------------------------------------- frames that went bad


def test_frames_that_went_bad_are_left_out_and_named(root: Path, out: Path) -> None:
    paths = [
        "gone.jpg",
        "cut.jpg",
        "cut.png",
        "empty.jpg",
        "grown.png",
        "tiny.png",
        "good.png",
        "nothing.png",
        "vast.png",
    ]
    for number, path in enumerate(paths):
        write_picture(root, path, seed=number)
    frames = [labelled(number, path, [annotation()]) for number, path in enumerate(paths)]
    (root / "gone.jpg").unlink()
    for name in ("cut.jpg", "cut.png"):
        (root / name).write_bytes((root / name).read_bytes()[:-400])
    (root / "empty.jpg").write_bytes(b"")
    write_picture(root, "grown.png", width=128, height=96)
    Image.new("1", (13_500, 13_500)).save(root / "vast.png")
    write_picture(root, "tiny.png", width=9, height=30)
    frames[5] = labelled(5, "tiny.png", [annotation((0, 0, 5, 5))], size=(9, 30))
    frames[7] = labelled(7, "nothing.png", [annotation((70, 0, 80, 10)), annotation((3, 3, 3, 9))])

    report = export(make_plan(frames, left_out={"failed": 2}), root, out)
    assert report.frames == {"train": 1, "val": 0, "test": 0}
    assert report.backgrounds == 0, "a frame whose objects lie outside was not confirmed to be empty"
    assert report.left_out["failed"] == 2 + 8
    for path in paths:
        named = [note for note in report.notes if note.startswith(f"{path} left out: ")]
        assert len(named) == (path != "good.png"), path
    assert "more pixels than YOLO training opens" in "".join(report.notes)
    assert "was 64 x 48 pixels when it was labelled and is 128 x 96 now" in "".join(report.notes)
    assert {entry["source"] for entry in manifest(out)["failed"]} == set(paths) - {"good.png"}
    assert set(by_source(out)) == {"good.png"}


@pytest.mark.parametrize("seen", [(64, 48), (128, 96), (0, 0)])
def test_a_picture_of_another_size_than_at_the_decision_is_left_out(
    root: Path, out: Path, seen: tuple[int, int]
) -> None:
    for path in ("with_a_box.png", "background.png"):
        write_picture(root, path, width=128, height=96)
    write_picture(root, "same.png")
    frames = [
        labelled(0, "with_a_box.png", [annotation()], seen=seen),
        labelled(1, "background.png", seen=seen),
        labelled(2, "same.png", [annotation()], seen=seen),
    ]
    report = export(make_plan(frames), root, out)
    assert set(by_source(out)) == {"same.png"}, "a label never follows from how big the picture was seen elsewhere"
    assert label_of(out, by_source(out)["same.png"]).read_text() == "0 0.3750000 0.5000000 0.2500000 0.5000000\n"
    assert (report.left_out["failed"], report.backgrounds) == (2, 0)
    why = "The picture was 64 x 48 pixels when it was labelled and is 128 x 96 now; open it again and check its boxes."
    assert manifest(out)["failed"] == [
        {"source": "with_a_box.png", "reason": why},
        {"source": "background.png", "reason": why},
    ]
    assert f"with_a_box.png left out: {why}" in report.notes


def test_without_a_size_at_the_decision_the_one_last_seen_counts(root: Path, out: Path) -> None:
    for path in ("never_seen.png", "same.png", "other.png"):
        write_picture(root, path)
    frames = [
        labelled(0, "never_seen.png", [annotation()], size=(0, 0)),
        labelled(1, "same.png", [annotation()], size=(0, 0), seen=(64, 48)),
        labelled(2, "other.png", [annotation()], size=(0, 0), seen=(65, 48)),
    ]
    assert export(make_plan(frames), root, out).left_out["failed"] == 1
    assert set(by_source(out)) == {"never_seen.png", "same.png"}


@pytest.mark.parametrize("error", [FrameErrorCode.DAMAGED, FrameErrorCode.MISSING])
def test_a_frame_that_the_project_holds_for_unusable_is_left_out(root: Path, out: Path, error: FrameErrorCode) -> None:
    """Also where its file would pass by its header: a JPEG can be damaged in the middle."""
    frames = make_frames(root, ["good.jpg", "bad.jpg"])
    frames[1] = labelled(1, "bad.jpg", [annotation()], error=error)
    report = export(make_plan(frames), root, out)
    assert set(by_source(out)) == {"good.jpg"}
    assert report.left_out["failed"] == 1
    (note,) = [note for note in report.notes if note.startswith("bad.jpg left out: ")]
    assert FRAME_ERROR_TEXT[error] in note
    assert note.endswith("Put it right and open the folder again.")


def test_more_failures_than_a_person_reads_are_in_the_manifest(root: Path, out: Path) -> None:
    frames = [labelled(number, f"gone_{number}.jpg") for number in range(300)]
    write_picture(root, "here.png")
    report = export(make_plan([*frames, labelled(300, "here.png")]), root, out)
    assert report.left_out["failed"] == 300
    assert report.notes[-1] == "100 more frames left out; manifest.json names them."
    assert len(manifest(out)["failed"]) == 300


def test_no_frame_left_is_an_error_that_names_the_first(root: Path, out: Path) -> None:
    with pytest.raises(ExportError, match=r"None of the labelled frames can be exported; the first is gone\.jpg"):
        export(make_plan([labelled(0, "gone.jpg")]), root, out)
    assert not out.parent.exists()


def test_a_folder_of_frames_that_is_not_there_is_named(plan: ExportPlan, root: Path, out: Path) -> None:
    with pytest.raises(ExportError, match=r"elsewhere is not there"):
        export(plan, root / "elsewhere", out)


def test_a_folder_of_frames_that_goes_away_ends_the_export(plan: ExportPlan, root: Path, out: Path) -> None:
    steps = write_export(plan, root=root, out=out)
    next(steps)
    root.rename(root.with_name("unplugged"))
    with pytest.raises(ExportError, match="went away"):
        next(steps)
    assert not out.parent.exists()


# ---------------------------------------------------------------- links


def test_hard_links_share_the_file(plan: ExportPlan, root: Path, out: Path) -> None:
    frames = make_frames(root, ["a.jpg", "b.png"])
    export(make_plan(frames, options=LINKED), root, out)
    for name in ("a.jpg", "b.png"):
        assert os.path.samefile(out / "images/train" / name, root / name)
    assert manifest(out)["files"] == "hard_link"


@posix_only
@pytest.mark.parametrize("mode", FileMode)
def test_a_frame_that_is_a_link_is_exported_as_a_picture(root: Path, out: Path, tmp_path: Path, mode: FileMode) -> None:
    data = write_picture(tmp_path, "elsewhere/real.png")
    (root / "link.png").symlink_to(tmp_path / "elsewhere" / "real.png")
    export(make_plan([labelled(0, "link.png")], options=ExportOptions(files=mode)), root, out)
    exported = out / "images/train/link.png"
    assert not exported.is_symlink()
    assert exported.read_bytes() == data
    assert os.path.samefile(exported, tmp_path / "elsewhere" / "real.png") == (mode is FileMode.HARD_LINK)


def test_without_hard_links_pictures_are_copied_with_a_note(root: Path) -> None:
    shm = Path("/dev/shm")
    if not os.access(shm, os.W_OK) or shm.stat().st_dev == root.stat().st_dev:
        pytest.skip("no second file system to export to")
    out = shm / f"autoanno-test-{os.getpid()}"
    frames = make_frames(root, ["a.jpg", "b.png"])
    try:
        report = export(make_plan(frames, options=LINKED), root, out)
        assert (out / "images/train/a.jpg").read_bytes() == (root / "a.jpg").read_bytes()
        assert any(note.startswith("2 pictures copied, because") for note in report.notes)
    finally:
        shutil.rmtree(out)


def test_what_a_trainer_would_repair_is_not_linked(root: Path, out: Path) -> None:
    data = write_picture(root, "a.jpg") + b"\0maker's data\xff"
    write_bytes(root, "a.jpg", data)
    report = export(make_plan([labelled(0, "a.jpg")], options=LINKED), root, out)
    assert not os.path.samefile(out / "images/train/a.jpg", root / "a.jpg")
    assert (out / "images/train/a.jpg").read_bytes() == data[: data.index(b"\0maker's")]
    assert (root / "a.jpg").read_bytes() == data
    assert any(note.startswith("1 JPEG written without") and note.endswith(": a.jpg.") for note in report.notes)


def test_identical_pictures_in_two_splits_are_told(root: Path, out: Path) -> None:
    for path in ("a.png", "b.png", "c.png"):
        write_picture(root, path, seed=path == "c.png")
    frames = [labelled(number, path) for number, path in enumerate(["a.png", "b.png", "c.png"])]
    report = export(make_plan(frames, splits={0: "train", 1: "val", 2: "val"}), root, out)
    assert any(note.startswith("1 picture in another split than an identical one") for note in report.notes)

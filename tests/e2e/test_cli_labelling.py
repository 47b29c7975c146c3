"""The verbs `scan` and `predict`: awkward frames, interruptions, and what is told on the way."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest

from autoanno_gui.config import AppHome, project_file_for
from autoanno_gui.imaging.paths import escape_path
from autoanno_gui.imaging.scan import natural_key
from autoanno_gui.store.store_thread import open_report
from tests.e2e.cli_kit import report, run
from tests.e2e.conftest import ROOT, command_line, finished_runs, hashes, make_frames
from tests.projects import MadeProject, draw_frames


# ------------------------------------------------------------------------------------------------ scan
@pytest.fixture(scope="module")
def hard_frames(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    script = shared / "hard_frames" / "make_hard_frames.py"
    if not script.is_file():
        pytest.skip("the generator of awkward frames is not in the shared folder")
    out = tmp_path_factory.mktemp("hard") / "set"
    command = [sys.executable, str(script), "--set", "dev", "--special", "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    return out


def test_awkward_frames_are_listed_as_their_manifest_says(hard_frames: Path) -> None:
    manifest = json.loads((hard_frames / "manifest.json").read_text())
    expected = {}
    for entry in manifest["entries"]:
        raw = os.fsdecode(bytes.fromhex(entry["path_bytes_hex"])) if "path_bytes_hex" in entry else entry["path"]
        if entry["listed_as_frame"]:
            expected[escape_path(raw)] = entry
    found = report("scan", hard_frames / "frames")
    assert found["root"] == str(hard_frames / "frames")
    names = [row["frame"] for row in found["frames"]]
    assert sorted(names) == sorted(expected)
    assert names == sorted(names, key=natural_key)
    wrong = {}
    for row in found["frames"]:
        entry = expected[row["frame"]]
        opens = (entry.get("displayed_width"), entry.get("displayed_height"), "undecided", None)
        fails = (None, None, "failed", entry.get("error", {}).get("code"))
        allowed = {True: [opens], False: [fails], None: [opens, fails]}[entry["must_open"]]
        got = (row["width"], row["height"], row["state"], row["error"])
        if got not in allowed or set(row) != {"frame", "width", "height", "state", "error", "flags"}:
            wrong[row["frame"]] = (got, allowed)
    assert wrong == {}
    assert len(names) > 80


def test_a_scan_for_people(photos: Path) -> None:
    (photos / "frame_1.png").write_bytes(b"")
    result = run("scan", photos)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"4 frames in {photos}, 1 cannot be used",
        "  frame_1.png: empty_file",
    ]
    assert "Reading" in result.stderr


def test_a_quick_scan_reads_nothing(photos: Path) -> None:
    rows = report("scan", photos, "--quick")["frames"]
    assert [row["frame"] for row in rows] == [f"frame_{number}.png" for number in range(4)]
    assert all(row["width"] is None for row in rows)
    assert all(row["width"] == 320 for row in report("scan", photos)["frames"])
    assert all(row["width"] == 320 for row in report("scan", photos, "--quick")["frames"])


def test_a_scan_shows_what_was_decided(reviewed: MadeProject) -> None:
    (reviewed.folder / "frame_3.jpg").unlink()
    rows = report("scan", reviewed.folder, "--project", reviewed.file)["frames"]
    assert [(row["state"], row["error"]) for row in rows] == [
        ("accepted", None),
        ("edited", None),
        ("rejected", None),
        ("failed", "missing"),
    ]


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names are Unicode there")
def test_names_that_are_not_unicode(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    draw_frames(folder, [os.fsdecode(b"b\xff.jpg"), "车辆.jpg"])
    found = report("scan", folder)
    assert [row["frame"] for row in found["frames"]] == ["b\\xff.jpg", "车辆.jpg"]
    assert os.fsencode(found["root"]) == os.fsencode(folder)
    done = command_line("scan", folder)
    assert done.returncode == 0
    assert "2 frames in" in done.stdout
    done = command_line("metrics", tmp_path / os.fsdecode(b"gone\xe9"))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "is not a folder" in done.stderr


# ------------------------------------------------------------------------------------------------ predict
def damage(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:500])


def test_a_prediction(photos: Path, tiny: Path, tmp_path: Path) -> None:
    damage(photos / "frame_1.png")
    before = hashes(photos)
    found = report("predict", photos, "--model", tiny, "--device", "cpu")
    objects = found["predictions"]
    assert objects > 0
    rate = found["frames_per_second"]
    assert rate == pytest.approx(4 / found["seconds"], rel=0.05)
    assert found == {
        "frames_predicted": 3,
        "frames_predicted_now": 3,
        "frames_failed": 1,
        "failures": [{"frame": "frame_1.png", "error": "damaged"}],
        "predictions": objects,
        "seconds": found["seconds"],
        "frames_per_second": rate,
        "device": "cpu",
        "backend": "torch",
    }
    again = report("predict", photos, "--model", tiny, "--device", "cpu")
    assert (again["frames_predicted"], again["frames_predicted_now"], again["predictions"]) == (3, 0, objects)
    file = project_file_for(AppHome.find(), photos)
    assert [len(runs) for runs in finished_runs(file).values()] == [1, 0, 1, 1]
    assert hashes(photos) == before
    reasons = [row["reason"] for row in report("queue", photos, "--checks", "off")["frames"]]
    assert set(reasons[:3]) <= {"borderline", "crowded", "ambiguous", "coverage"}
    assert reasons[3:] == ["failed"]

    masked = report("predict", photos, "--model", tiny, "--device", "cpu", "--segmenter", "grabcut")
    assert (masked["frames_masked_now"], masked["frames_predicted"], masked["predictions"]) == (3, 3, objects)
    again = report("predict", photos, "--model", tiny, "--device", "cpu", "--segmenter", "GrabCut")
    assert again["frames_masked_now"] == 0
    result = run("predict", photos, "--model", tiny, "--segmenter", tmp_path / "gone_sam2_t.pt")
    assert result.exit_code == 1
    assert "gone_sam2_t.pt" in result.stderr
    fresh = tmp_path / "masks.autoanno"
    report("predict", photos, "--project", fresh, "--model", tiny, "--device", "cpu", "--segmenter", "grabcut")
    with closing(sqlite3.connect(fresh)) as conn:
        assert conn.execute("SELECT value FROM setting WHERE key = 'task'").fetchone() == ("segment",)
        assert {kind for (kind,) in conn.execute("SELECT outline_kind FROM prediction")} == {"", "mask"}

    result = run("predict", photos, "--model", tiny, "--device", "cpu")
    assert result.stdout == f"0 frames predicted now, 3 in all, 1 failed, {objects} objects, 0.0 frames/s\n"
    assert "tiny.pt on cpu" in result.stderr


def test_progress_goes_to_stderr_with_speed_and_time_left(photos: Path, tiny: Path) -> None:
    damage(photos / "frame_2.png")
    result = run("predict", photos, "--model", tiny, "--json")
    json.loads(result.stdout)
    assert "frame_2.png: The file is damaged" in result.stderr
    assert re.search(r"Predicting: 100%.*4/4 \[\d\d:\d\d<\d\d:\d\d, +[\d.]+ ?frame/s\]", result.stderr)


def interrupt_after(command: list[str], *, frames: int) -> tuple[int, str, str]:
    """Send Ctrl+C to a prediction once this many frames are done; return exit code, stdout and stderr."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    assert process.stderr is not None
    said = b""
    while not (done := re.findall(rb"(\d+)/\d+ \[", said)) or int(done[-1]) < frames:
        byte = process.stderr.read(1)
        assert byte, f"it ended too early: {said.decode()}"
        said += byte
    process.send_signal(signal.SIGINT)
    out, rest = process.communicate(timeout=60)
    return process.returncode, out.decode(), (said + rest).decode()


def stop_and_go_on(folder: Path, model: Path, *options: str, total: int, frames: int) -> None:
    arguments = ["predict", str(folder), "--model", str(model), "--json", *options]
    code, out, errors = interrupt_after([sys.executable, "-m", "autoanno_gui", *arguments], frames=frames)
    assert (code, out) == (1, ""), errors
    assert "Traceback" not in errors
    last = errors.splitlines()[-1]
    file = project_file_for(AppHome.find(), folder)
    with open_report(file) as reader:
        assert reader.integrity() == []
        before, _ = reader.prediction_totals()
    assert last == f"autoanno: Stopped; {before} frames are predicted. Run the same command again to go on."
    assert frames <= before < total
    found = report("predict", folder, "--model", model, *options)
    assert (found["frames_predicted"], found["frames_predicted_now"]) == (total, total - before)
    assert found["frames_failed"] == 0
    assert [len(runs) for runs in finished_runs(file).values()] == [1] * total


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C cannot be sent to one process there")
def test_an_interrupted_prediction_goes_on_where_it_was(tmp_path: Path, tiny: Path) -> None:
    folder = tmp_path / "photos"
    make_frames(folder, 60)
    stop_and_go_on(folder, tiny, "--imgsz", "640", "--device", "cpu", total=60, frames=5)


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C cannot be sent to one process there")
def test_real_photos_interrupted_and_taken_up_again(shared: Path) -> None:
    folder = shared / "data" / "coco128" / "images" / "train2017"
    model = shared / "models" / "yolov8n_int8_openvino_model"
    if not folder.is_dir() or not model.is_dir():
        pytest.skip("the photos of coco128 or the OpenVINO model are not in the shared folder")
    if find_spec("openvino") is None:
        pytest.skip("the package openvino is not installed")
    stop_and_go_on(folder, model, total=128, frames=20)

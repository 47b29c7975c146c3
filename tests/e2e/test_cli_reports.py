"""The verbs `queue`, `metrics`, `doctor` and `export`."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from pathlib import Path

import pytest

from autoanno_gui import __version__
from autoanno_gui.config import AppHome, project_file_for
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.store.store_thread import Store
from tests.e2e.cli_kit import refused, report, run
from tests.e2e.conftest import command_line, hashes
from tests.projects import MadeProject


# ------------------------------------------------------------------------------------------------ reports
def test_the_queue(reviewed: MadeProject) -> None:
    found = report("queue", "--project", reviewed.file)
    assert found["order"] == "natural"
    assert [(row["frame"], row["reason"], row["state"]) for row in found["frames"]] == [
        ("frame_3.jpg", "ordered", "undecided"),
        ("frame_2.jpg", "rejected", "rejected"),
        ("frame_0.jpg", "decided", "accepted"),
        ("frame_1.jpg", "decided", "edited"),
    ]
    assert all(isinstance(row["score"], float) for row in found["frames"])
    lines = run("queue", "--project", reviewed.file).stdout.splitlines()
    assert lines[0].split() == ["1", "undecided", "ordered", "frame_3.jpg"]


def test_the_figures(reviewed: MadeProject) -> None:
    found = report("metrics", "--project", reviewed.file)
    counts = {
        "frames_total": 4,
        "frames_predicted": 4,
        "frames_failed": 0,
        "frames_decided": 3,
        "frames_accepted": 1,
        "frames_edited": 1,
        "frames_rejected": 1,
        "frames_hand_labelled": 0,
        "frames_deferred": 0,
        "candidates_shown": 4,
        "candidates_accepted": 3,
        "candidates_edited": 0,
        "candidates_rejected": 1,
        "annotations_promoted": 0,
        "annotations_added": 0,
    }
    assert {key: found[key] for key in counts} == counts
    assert (found["edit_rate"], found["miss_rate"]) == (0.25, 0.0)
    assert found["reject_rate"] == pytest.approx(1 / 3)
    for rate in ("edit_rate", "reject_rate", "miss_rate", "median_seconds_per_frame"):
        low, high = found[f"{rate}_interval"]
        assert low <= found[rate] <= high
    for table in ("by_class", "by_model", "by_reviewer", "by_confidence"):
        assert found[table], table
    text = run("metrics", "--project", reviewed.file).stdout
    assert re.search(r"^edit_rate +0\.250  \(", text, re.MULTILINE)


def test_figures_of_nothing_are_null(made: MadeProject) -> None:
    found = report("metrics", "--project", made.file)
    assert found["frames_decided"] == 0
    assert found["edit_rate"] is found["edit_rate_interval"] is found["reject_rate"] is None
    assert re.search(r"^edit_rate +–$", run("metrics", "--project", made.file).stdout, re.MULTILINE)


def test_the_doctor(made: MadeProject) -> None:
    assert report("doctor")["project"] is None
    (made.folder / "frame_0.jpg").unlink()
    os.utime(made.folder / "frame_2.jpg", ns=(5, 5))
    found = report("doctor", made.folder, "--project", made.file)
    assert {"versions", "device", "qt_platform", "project"} <= found.keys()
    assert found["versions"]["autoanno"] == __version__
    project = found["project"]
    assert (project["integrity"], project["frames"]) == ("ok", 4)
    assert (project["missing"], project["changed"]) == (["frame_0.jpg"], ["frame_2.jpg"])
    text = run("doctor", "--project", made.file).stdout
    assert "  integrity: ok" in text


def test_the_doctor_repairs_what_is_derived(reviewed: MadeProject) -> None:
    conn = sqlite3.connect(reviewed.file)
    with conn:
        conn.execute("UPDATE frame_state SET state = 'undecided', decision_id = NULL")
    conn.close()
    assert report("metrics", "--project", reviewed.file)["frames_accepted"] == 0
    report("doctor", "--project", reviewed.file, "--repair")
    states = [row["state"] for row in report("queue", "--project", reviewed.file)["frames"]]
    assert states == ["undecided", "rejected", "accepted", "edited"]


def test_reports_work_while_another_process_has_the_project_open(reviewed: MadeProject, tmp_path: Path) -> None:
    before = report("metrics", "--project", reviewed.file)
    with Store.open(reviewed.file) as store:
        session = ReviewSession(store, reviewer="ann")
        done = command_line("metrics", "--project", reviewed.file, "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == before
        assert report("queue", "--project", reviewed.file)["frames"]
        assert report("doctor", "--project", reviewed.file)["project"]["integrity"] == "ok"
        done = command_line("scan", reviewed.folder, "--project", reviewed.file)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert "is open in another window" in done.stderr
        for verb in (["export", "--out", tmp_path / "out"], ["doctor", "--repair"]):
            assert "is open in another window" in refused(*verb, "--project", reviewed.file)
        session.close()


# ------------------------------------------------------------------------------------------------ export
def test_an_export(reviewed: MadeProject, tmp_path: Path) -> None:
    before = hashes(reviewed.folder)
    found = report("export", "--project", reviewed.file, "--out", tmp_path / "out", "--val", "0.5", "--seed", "3")
    assert found["out"] == str(tmp_path / "out")
    assert set(found["frames"]) == {"train", "val", "test"}
    assert (sum(found["frames"].values()), found["objects"], found["backgrounds"]) == (2, 3, 0)
    assert found["left_out"] == {"undecided": 1, "rejected": 1, "deferred": 0, "failed": 0}
    assert found["notes"]
    labels = [file for file in (tmp_path / "out").rglob("*.txt") if file.parent.parent.name == "labels"]
    assert len(labels) == 2
    assert hashes(reviewed.folder) == before
    text = run("export", "--project", reviewed.file, "--out", tmp_path / "again", "--link").stdout
    assert text.splitlines()[0] == f"2 frames, 3 objects in {tmp_path / 'again'}"


def test_an_export_never_overwrites(reviewed: MadeProject, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report("export", "--project", reviewed.file, "--out", out)
    before = hashes(out)
    assert "exists already and is never overwritten" in refused("export", "--project", reviewed.file, "--out", out)
    assert hashes(out) == before
    inside = reviewed.folder / "out"
    assert "lies inside the folder of frames" in refused("export", "--project", reviewed.file, "--out", inside)


def test_nothing_to_export_yet(made: MadeProject, photos: Path, tmp_path: Path, app_home: Path) -> None:
    out = tmp_path / "out"
    assert "No frame is labelled yet" in refused("export", "--project", made.file, "--out", out)
    # Asking about a folder that has no project makes none.
    for verb in (["export", "--out", out], ["queue"], ["metrics"], ["doctor", "--repair"]):
        assert "has no project yet" in refused(*verb, photos)
    assert not project_file_for(AppHome.find(), photos).exists()
    assert not out.exists()

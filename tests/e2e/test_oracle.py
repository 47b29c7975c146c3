"""The oracle reviews as its policy says, counts and prices what it does, and the ledger says the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from autoanno_gui.core.box import Box
from autoanno_gui.resources import resource
from autoanno_gui.store.store_thread import open_report
from tests.benchmarks import oracle_figures as figures
from tests.benchmarks.keystrokes import DRAW, FIND_WRONG, HAND, KEY, LOOK, LOOK_AT_OBJECT
from tests.benchmarks.oracle_review import Reviewed, review, without_predictions
from tests.benchmarks.truth import Label, Truth
from tests.projects import CLASSES, GHOST, SURE, UNSURE, MadeProject, make_project

ROOT = Path(__file__).resolve().parents[2]
FRAMES = 8
BOX = Box(0, 0, 10, 10)


def run_oracle(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the oracle as a program whose temporary files go to a folder of the test."""
    folder.mkdir()
    return subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.oracle_review", *arguments],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=110,
    )


# ---------------------------------------------------------------------------------------------------- as a program
def test_it_makes_frames_equal_to_their_labels(tmp_path: Path) -> None:
    demo = [resource(f"demo/{name}") for name in ("frames", "labels", "sky.pt")]
    arguments = ["--frames", str(demo[0]), "--labels", str(demo[1]), "--model", str(demo[2])]
    done = run_oracle(tmp_path / "tmp", *arguments, "--limit", str(FRAMES), "--json")
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "tmp").iterdir()) == []
    found = json.loads(done.stdout)
    files = [file for folder in sorted(demo[1].iterdir()) for file in sorted(folder.iterdir())][:FRAMES]
    assert found["frames"] == FRAMES
    assert found["objects"] == sum(len(file.read_text().splitlines()) for file in files)
    assert (found["labels_equal"], found["unequal"]) == (True, [])
    assert (found["quality"]["0.5"], found["quality"]["0.75"]) == (1.0, 1.0)
    assert 0.75 <= found["quality"]["mean_iou"] <= 1.0
    assert found["verbs"]["oracle"] == found["verbs"]["ledger"]
    assert found["verbs_agree"]
    assert found["clocks_agree"]
    assert found["by_hand_clocks_agree"]
    actions = found["keys"] + found["clicks"] + found["drags"]
    assert found["actions_per_frame"] == pytest.approx(actions / FRAMES, abs=0.001)
    assert found["keys"] >= FRAMES
    assert sum(found["seconds_by_kind"].values()) == pytest.approx(FRAMES * found["seconds_per_frame"], abs=0.5)
    assert found["speedup"] == pytest.approx(found["by_hand_seconds_per_frame"] / found["seconds_per_frame"], rel=0.01)
    assert found["speedup"] <= found["speedup_attainable"]
    assert found["speedup_limit"] is None or found["speedup_limit"] > 1
    assert found["edit_rate"] == found["edit_rate_counted"]


def test_photos_end_up_equal_to_their_labels_and_the_ledger_agrees(shared: Path, tmp_path: Path) -> None:
    data, model = shared / "data" / "coco128", shared / "models" / "yolov8n_int8_openvino_model"
    arguments = ["--frames", str(data / "images"), "--labels", str(data / "labels"), "--model", str(model)]
    done = run_oracle(tmp_path / "tmp", *arguments, "--limit", "12", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["frames"], found["labels_equal"]) == (12, True)
    assert 0.1 < found["edit_rate"] == found["edit_rate_counted"]
    assert found["verbs_agree"]
    assert found["clocks_agree"]
    assert found["by_hand_clocks_agree"]
    assert found["by_hand_actions"]["drags"] == found["objects"] == 54
    assert 1.3 < found["speedup"] < found["speedup_attainable"] < found["speedup_limit"]


def test_a_model_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    frames = str(resource("demo/frames"))
    arguments = ["--frames", frames, "--labels", frames, "--model", str(tmp_path / "none.pt")]
    done = run_oracle(tmp_path / "tmp", *arguments, "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert "none.pt" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_threshold_that_no_key_reaches_is_wrong_usage(tmp_path: Path) -> None:
    done = run_oracle(
        tmp_path / "tmp", "--frames", "x", "--labels", "x", "--model", "x", "--threshold", "0.33", "--json"
    )
    assert done.returncode == 2
    assert "0.05, 0.10" in done.stderr


# ---------------------------------------------------------------------------------------------------- in the window
LABELS = {
    # Sure as it is; the unsure one of another class; the ghost.
    "frame_0.jpg": [Label("cat", Box(*SURE.box)), Label("bird", Box(*UNSURE.box)), Label("bird", Box(*GHOST.box))],
    # The unsure one 12 pixels further right, and something that nobody saw.
    "frame_1.jpg": [Label("dog", Box(132, 40, 212, 120)), Label("cat", Box(20, 150, 90, 230))],
    "frame_2.jpg": [],
}


@pytest.fixture
def made(tmp_path: Path) -> MadeProject:
    return make_project(tmp_path)


@pytest.fixture
def truth(tmp_path: Path) -> Truth:
    folder = tmp_path / "labels"
    folder.mkdir()
    (folder / "classes.txt").write_text("\n".join(CLASSES))
    for path, labels in LABELS.items():
        if labels:
            (folder / path).with_suffix(".txt").write_text("\n".join(map(row, labels)))
    return Truth(folder, names=())


def row(label: Label) -> str:
    """Return a row of a label file for a frame of a made project."""
    x, y = label.box.centre
    values = x / 320, y / 240, label.box.width / 320, label.box.height / 240
    return f"{CLASSES.index(label.name)} " + " ".join(f"{value:.8f}" for value in values)


def seconds_by_frame(done: Reviewed) -> dict[str, float]:
    return {acts.path: acts.seconds for acts in done.frames}


def test_each_verb_is_counted_and_priced_and_the_ledger_says_the_same(
    qtbot: QtBot, made: MadeProject, truth: Truth, tmp_path: Path
) -> None:
    done = review(made.folder, made.file, truth)
    look = LOOK + 2 * LOOK_AT_OBJECT
    # A digit for the class; G, a look at the ghost, Tab, Enter, G; Space.
    first = look + (FIND_WRONG + KEY) + (KEY + LOOK_AT_OBJECT + 3 * KEY) + KEY
    # An arrow with Ctrl; Tab and X; to the mouse, a box, and back for its digit; Space.
    second = look + (FIND_WRONG + KEY) + (FIND_WRONG + 2 * KEY) + (HAND + DRAW + HAND + KEY) + KEY
    # X twice; Space twice, since nothing is left.
    third = look + 2 * (FIND_WRONG + KEY) + 2 * KEY
    assert seconds_by_frame(done) == pytest.approx(dict(zip(LABELS, (first, second, third), strict=True)))
    assert (done.meter.keys, done.meter.clicks, done.meter.drags) == (6 + 5 + 4, 0, 1)
    verbs = sum((acts.verbs for acts in done.frames), Counter[str]())
    assert verbs == {
        "accepted": 1,
        "edited": 2,
        "class_changed": 1,
        "geometry_edited": 1,
        "rejected": 3,
        "promoted": 1,
        "added": 1,
    }
    with open_report(made.file) as reader:
        assert figures.ledger_verbs(reader) == verbs
        assert figures.metrics_agree(verbs, reader)
        assert not figures.metrics_agree(verbs + Counter(added=1), reader)
        active = figures.ledger_seconds(reader)
        assert active == pytest.approx(seconds_by_frame(done))
        assert figures.clocks_agree(done.frames, active)
    labels = figures.exported(made.file, made.folder, tmp_path / "dataset")
    assert labels.keys() == LABELS.keys()
    assert figures.unequal(done.frames, labels, tight=0.75) == []
    # The box that one arrow moved by 10 of the 12 pixels overlaps its label by 78 / 82.
    assert figures.unequal(done.frames, labels, tight=0.96) == ["frame_1.jpg"]
    found = figures.quality(done.frames, labels)
    assert (found["0.5"], found["0.75"], found["0.9"]) == (1.0, 1.0, 1.0)


def test_drawing_by_hand_is_the_same_window_without_predictions(
    qtbot: QtBot, made: MadeProject, truth: Truth, tmp_path: Path
) -> None:
    file = tmp_path / "by_hand.autoanno"
    without_predictions(file, made.folder, like=made.file)
    done = review(made.folder, file, truth)
    with open_report(file) as reader:
        assert figures.clocks_agree(done.frames, figures.ledger_seconds(reader))
        assert figures.ledger_verbs(reader) == {"added": 5}
    # The digit of the birds, two birds, a cat, its digit, Space.
    first = LOOK + KEY + HAND + 3 * DRAW + HAND + KEY + KEY
    # The cat first, since the last one was a cat; a dog and its digit.
    second = LOOK + HAND + 2 * DRAW + HAND + KEY + KEY
    assert seconds_by_frame(done) == pytest.approx(dict(zip(LABELS, (first, second, LOOK + 2 * KEY), strict=True)))


def test_a_class_that_the_model_does_not_know_is_typed_once(qtbot: QtBot, made: MadeProject, tmp_path: Path) -> None:
    folder = tmp_path / "foxes"
    folder.mkdir()
    (folder / "classes.txt").write_text("fox")
    for number in range(2):
        (folder / f"frame_{number}.txt").write_text("0 0.3 0.3 0.2 0.2\n0 0.7 0.7 0.2 0.2")
    file = tmp_path / "by_hand.autoanno"
    without_predictions(file, made.folder, like=made.file)
    done = review(made.folder, file, Truth(folder, names=()))
    # A fox; C, the three letters, Enter; another fox; Space.
    first = LOOK + (HAND + DRAW) + (HAND + 5 * KEY) + (HAND + DRAW) + (HAND + KEY)
    second = LOOK + HAND + 2 * DRAW + HAND + KEY
    assert [acts.seconds for acts in done.frames] == pytest.approx([first, second, LOOK + 2 * KEY])
    assert [acts.in_dialogs for acts in done.frames] == pytest.approx([4 * KEY, 0, 0])
    with open_report(file) as reader:
        assert figures.clocks_agree(done.frames, figures.ledger_seconds(reader))


def test_a_lower_threshold_is_reached_with_keys_and_shows_the_ghost_as_a_candidate(
    qtbot: QtBot, made: MadeProject, truth: Truth
) -> None:
    done = review(made.folder, made.file, truth, threshold=0.25)
    verbs = {acts.path: acts.verbs for acts in done.frames}
    with open_report(made.file) as reader:
        assert figures.ledger_verbs(reader) == sum(verbs.values(), Counter[str]())
    assert verbs["frame_0.jpg"] == {"accepted": 2, "edited": 1, "class_changed": 1}
    assert done.threshold == 0.25

"""The benchmarks run and print what they promise; how quick this machine happens to be is not judged here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.resources import resource
from tests.benchmarks.figures import Figure, percentile, table
from tests.benchmarks.keystrokes import DRAG, HAND, KEY, LOOK, POINT, Meter
from tests.benchmarks.oracle_review import by_hand_seconds, keys_to_type
from tests.benchmarks.truth import Label, Thing, Truth, covered, match

ROOT = Path(__file__).resolve().parents[2]
FRAMES = 8
ROWS = (
    "next frame, 1080p, 10 keys/s, p99",
    "next frame, 4K, 10 keys/s, p99",
    "decision acknowledged, p99",
    "start to first painted window",
    "start to first frame of a known project",
    "prediction job, plain loop as floor",
    "prediction job, forward pass as floor",
    "GUI while predicting, lateness of a 5 ms timer, p99",
    "GUI while the model loads, longest gap",
    "next frame while predicting, 10 keys/s, p99",
    "repaint, 300 boxes, zooming, 1x, p99",
    "repaint, 300 masks, zooming, 1x, p99",
)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module of the benchmarks whose temporary files go to a folder of the test."""
    folder.mkdir()
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=110,
    )


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the short benchmark printed; it left nothing behind."""
    folder = tmp_path_factory.mktemp("short") / "tmp"
    done = run(folder, "tests.benchmarks", "--short", "--json")
    assert done.returncode == 0, done.stderr
    assert list(folder.iterdir()) == []
    return json.loads(done.stdout)


def test_the_short_benchmark_prints_one_document_of_rows(short: dict[str, Any]) -> None:
    assert short["failed"] == {}
    assert short["machine"]["cores"] == os.cpu_count()
    rows = {row["name"]: row for row in short["figures"]}
    assert len(rows) == len(short["figures"])
    assert set(ROWS) <= rows.keys()
    for row in rows.values():
        assert row["value"] >= 0
        assert row["unit"]
        assert row["budget"]
        assert row["met"] in (True, False, None)
        if row["floor"] is None:
            assert row["ratio"] is None
        else:
            assert row["ratio"] == pytest.approx(row["value"] / row["floor"])


def test_nothing_is_off_by_an_order_of_magnitude(short: dict[str, Any]) -> None:
    rows = {row["name"]: row for row in short["figures"]}
    assert rows["next frame, 1080p, 10 keys/s, p99"]["value"] < 500
    assert rows["start to first painted window"]["ratio"] < 50
    assert rows["prediction job, plain loop as floor"]["ratio"] > 0.2
    assert next(row["value"] for name, row in rows.items() if name.startswith("memory per frame")) < 10_000


def test_the_oracle_makes_frames_equal_to_their_labels(tmp_path: Path) -> None:
    demo = [resource(f"demo/{name}") for name in ("frames", "labels", "sky.pt")]
    arguments = ["--frames", str(demo[0]), "--labels", str(demo[1]), "--model", str(demo[2])]
    done = run(tmp_path / "tmp", "tests.benchmarks.oracle_review", *arguments, "--limit", str(FRAMES), "--json")
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "tmp").iterdir()) == []
    found = json.loads(done.stdout)
    files = [file for folder in sorted(demo[1].iterdir()) for file in sorted(folder.iterdir())][:FRAMES]
    assert found["frames"] == FRAMES
    assert found["objects"] == sum(len(file.read_text().splitlines()) for file in files)
    assert (found["labels_equal"], found["unequal"]) == (True, [])
    actions = found["keys"] + found["clicks"] + found["drags"]
    assert found["actions_per_frame"] == pytest.approx(actions / FRAMES, abs=0.001)
    assert found["keys"] >= FRAMES
    assert found["speedup"] == pytest.approx(found["by_hand_seconds_per_frame"] / found["seconds_per_frame"], rel=0.01)
    assert found["speedup_limit"] is None or found["speedup_limit"] > 1
    assert 0 <= found["edit_rate"] <= 1


def test_a_model_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    frames = str(resource("demo/frames"))
    arguments = ["--frames", frames, "--labels", frames, "--model", str(tmp_path / "none.pt")]
    done = run(tmp_path / "tmp", "tests.benchmarks.oracle_review", *arguments, "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert "none.pt" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_table_has_a_row_for_each_figure() -> None:
    figures = [
        Figure("quick", 4.0, "ms", 2.0, "<= 5 ms", True, "seen once"),
        Figure("slow", 9.0, "ms", None, "<= 5 ms", False),
    ]
    lines = table(figures).splitlines()
    assert lines[0].split() == ["figure", "value", "floor", "ratio", "budget", "met"]
    assert lines[1].split() == ["quick", "4.00", "ms", "2.00", "ms", "2.00", "<=", "5", "ms", "yes"]
    assert lines[2].split() == ["slow", "9.00", "ms", "–", "–", "<=", "5", "ms", "NO"]
    assert "seen once" in lines[-1]


def test_percentile_is_the_value_below_which_a_share_lies() -> None:
    values = [float(value) for value in range(1, 101)]
    assert percentile(values, 0.99) == 100.0
    assert percentile(values, 0.5) == 51.0
    assert percentile([3.0], 0.99) == 3.0


def test_hands_cost_only_when_they_move() -> None:
    meter = Meter()
    meter.look(2)
    meter.press(2)
    meter.draw()
    meter.click()
    meter.press()
    assert (meter.keys, meter.clicks, meter.drags, meter.actions) == (3, 1, 1, 5)
    assert meter.seconds == pytest.approx(1.2 + 0.6 + 3 * 0.28 + 2 * 0.4 + (1.1 + 2.4) + (1.1 + 0.2))


def test_drawing_by_hand_takes_a_class_key_only_for_another_class() -> None:
    box = Box(0, 0, 10, 10)
    frames = [[Label("cat", box), Label("dog", box), Label("cat", box)], [Label("dog", box)], []]
    first = LOOK + (HAND + POINT + DRAG) + (HAND + KEY)  # a cat and its digit
    first += (HAND + POINT + DRAG) + (POINT + DRAG) + (HAND + KEY) + KEY  # a cat, a dog and its digit, Space
    second = LOOK + (HAND + POINT + DRAG) + (HAND + KEY)
    assert by_hand_seconds(frames, {"cat": 1, "dog": 2}) == pytest.approx(first + second + LOOK + KEY)


def test_typing_a_class_takes_the_letters_that_tell_it_apart() -> None:
    assert keys_to_type("car", ["car", "cat", "dog"]) == 5
    assert keys_to_type("dog", ["car", "cat", "dog"]) == 3


def test_an_object_of_the_right_class_goes_before_one_that_overlaps_more() -> None:
    labels = [Label("cat", Box(0, 0, 10, 10)), Label("dog", Box(100, 0, 110, 10))]
    things = [
        Thing(1, "dog", Box(0, 0, 10, 10)),
        Thing(2, "cat", Box(0, 0, 10, 8)),
        Thing(3, "cat", Box(100, 0, 110, 9)),
        Thing(4, "dog", Box(100, 6, 110, 16)),
    ]
    assert {at: thing.id for at, thing in match(labels, things).items()} == {0: 2, 1: 3}
    assert {at: thing.id for at, thing in match(labels, things, taken=[0]).items()} == {1: 3}


def test_labels_are_read_beside_their_frames_with_the_names_above_them(tmp_path: Path) -> None:
    folder = tmp_path / "labels"
    (folder / "day").mkdir(parents=True)
    (tmp_path / "classes.txt").write_text("cat\ndog\n")
    (folder / "day" / "a.txt").write_text("1 0.5 0.5 0.5 0.5\n0 0.1 0.1 0.2 0.1 0.2 0.4\n0 0.5 0.5 0.001 0.2\n")
    truth = Truth(folder, names=("unused",))
    labels = truth.labels("day/a.jpg", width=200, height=100)
    assert [label.name for label in labels] == ["dog", "cat"]
    assert labels[0].box.as_tuple() == pytest.approx((50, 25, 150, 75))
    assert labels[1].box.as_tuple() == pytest.approx((20, 10, 40, 40))
    assert truth.labels("day/b.jpg", width=200, height=100) == []
    (folder / "day" / "c.txt").write_text("2 0.5 0.5 0.5 0.5\n")
    with pytest.raises(ValueError, match=r"c\.txt"):
        truth.labels("day/c.jpg", width=200, height=100)


def test_a_label_counts_as_covered_whatever_the_class() -> None:
    import numpy as np

    labels = [Label("cat", Box(0, 0, 10, 10)), Label("dog", Box(50, 50, 60, 60))]
    assert covered(labels, np.array([[0, 0, 10, 9], [54, 50, 64, 60]], np.float32)) == 1
    assert covered(labels, np.zeros((0, 4), np.float32)) == 0

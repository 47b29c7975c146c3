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
from autoanno_gui.core.records import ClassRecord
from autoanno_gui.resources import resource
from autoanno_gui.store.store_thread import open_report
from tests.benchmarks import oracle_figures as figures
from tests.benchmarks.hands import keys_to_pick, picking
from tests.benchmarks.keystrokes import CLICK, DRAG, DRAW, FIND_WRONG, HAND, KEY, LOOK, LOOK_AT_OBJECT, POINT, Meter
from tests.benchmarks.oracle import Acts
from tests.benchmarks.oracle_figures import Proposed
from tests.benchmarks.oracle_plan import (
    Planner,
    Start,
    View,
    accepts_all,
    in_drawing_order,
    rejects_all,
    steps,
)
from tests.benchmarks.oracle_review import Reviewed, review, without_predictions
from tests.benchmarks.reshaping import Reshaping, ways
from tests.benchmarks.truth import Label, Thing, Truth, covered, match
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
    assert 0 <= found["edit_rate"] <= 1


def test_photos_end_up_equal_to_their_labels_and_the_ledger_agrees(shared: Path, tmp_path: Path) -> None:
    data, model = shared / "data" / "coco128", shared / "models" / "yolov8n_int8_openvino_model"
    arguments = ["--frames", str(data / "images"), "--labels", str(data / "labels"), "--model", str(model)]
    done = run_oracle(tmp_path / "tmp", *arguments, "--limit", "12", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["frames"], found["labels_equal"]) == (12, True)
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
    # C, the three letters, Enter; two foxes; Space.
    first = LOOK + 5 * KEY + HAND + 2 * DRAW + HAND + KEY
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


# ---------------------------------------------------------------------------------------------------- prices
def test_hands_cost_only_when_they_move() -> None:
    meter = Meter()
    meter.look(2)
    meter.press(2)
    meter.draw()
    meter.click()
    meter.press()
    assert (meter.keys, meter.clicks, meter.drags, meter.actions) == (3, 1, 1, 5)
    assert meter.seconds == pytest.approx(1.2 + 0.6 + 3 * 0.28 + 2 * 0.4 + (1.1 + 2.4) + (1.1 + 0.2))
    assert meter.spent["hand"] == pytest.approx(0.8)


def test_a_price_has_the_way_there_and_on_to_the_next_act() -> None:
    meter = Meter()
    assert meter.price(1.0, "keys", then="keys") == 1.0
    assert meter.price(1.0, "mouse", then="keys") == pytest.approx(1.8)
    assert meter.price(1.0, "mouse", then="mouse") == pytest.approx(1.4)
    meter.click()
    assert meter.price(1.0, "keys", then="mouse") == pytest.approx(1.8)


def test_typing_a_class_takes_the_letters_that_bring_it_up() -> None:
    names = ("bowl", "cat", "car", "scarf")
    classes = [ClassRecord(i, name, "#000000", None if i else 1) for i, name in enumerate(names)]
    assert picking("bowl", classes) == (0, 0)
    # By name: car, cat, scarf behind the one with a digit; "s" alone brings up scarf.
    assert picking("car", classes) == (0, 1)
    assert sum(picking("cat", classes)) == 2
    assert picking("scarf", classes) == (1, 0)
    # A new name is typed in full; those that contain it are listed before the row that creates it.
    assert picking("ca", classes) == (2, 3)
    assert picking("zebra", classes) == (5, 0)
    assert keys_to_pick("scarf", classes) == 3


def test_a_box_is_reshaped_by_arrows_a_snap_or_a_corner() -> None:
    size = {"width": 320, "height": 240}
    target = Box(100, 100, 200, 200)
    # 30 pixels too far right: two arrows with Ctrl bring it near enough.
    found = ways(Box(130, 100, 230, 200), target, least=0.75, **size)
    assert Reshaping(keys=("object.nudge_left_10", "object.nudge_left_10")) in found
    # Only the right side is off: one click with E puts it in its place, where it is the nearest side.
    found = ways(Box(100, 100, 230, 200), target, least=0.95, **size)
    assert Reshaping(snaps=((200, 150),)) in found
    assert Reshaping(snaps=((200, 150),)).seconds == pytest.approx(KEY + POINT + CLICK)
    found = ways(Box(100, 100, 320, 200), target, least=0.95, **size)
    assert not any(way.snaps for way in found)
    # Two neighbouring sides are off: one corner, or two clicks.
    found = ways(Box(70, 70, 200, 200), target, least=0.95, **size)
    assert Reshaping(corner=((70, 70), (100, 100))) in found
    assert [way.seconds for way in found if way.corner is not None] == [DRAG]
    assert [way.snaps for way in found if way.snaps] == [((100, 135), (150, 100))]
    # Opposite corners are off: nothing that takes less than drawing it anew.
    assert ways(Box(10, 10, 300, 230), target, least=0.9, **size) == []


# ---------------------------------------------------------------------------------------------------- plans
def test_a_view_is_what_the_threshold_makes_of_the_proposals() -> None:
    proposals = [
        (Thing(0, "cat", BOX), 0.9),
        (Thing(1, "dog", Box(50, 50, 60, 60)), 0.6),
        (Thing(2, "cat", Box(0, 0, 10, 9)), 0.4),  # the first one seen twice
        (Thing(3, "cat", Box(80, 80, 90, 90)), 0.3),
        (Thing(4, "cat", Box(20, 20, 30, 30)), 0.1),
    ]

    def ids(threshold: float) -> tuple[list[int], list[int]]:
        view = View.at(threshold, proposals, floor=0.15)
        return [thing.id for thing in view.candidates], [thing.id for thing in view.ghosts]

    assert ids(0.5) == ([1, 0], [3])
    assert ids(0.25) == ([3, 2, 1, 0], [])
    assert ids(0.9) == ([], [0, 1, 2, 3])


def test_tab_goes_the_shorter_way_round() -> None:
    assert [steps([5, 6, 7, 8], 5, each) for each in (5, 6, 7, 8)] == [0, 1, 2, -1]
    assert [steps([5, 6, 7, 8], None, each) for each in (5, 6, 7, 8)] == [1, 2, -2, -1]


def test_several_objects_go_at_once_only_where_nothing_else_would_go_with_them() -> None:
    label = Label("cat", BOX)
    things = {i: Thing(i, "cat", BOX) for i in range(3)}
    assert rejects_all(dict.fromkeys(range(3)), [2, 1, 0])
    assert not rejects_all(dict.fromkeys(range(2)), [1, 0])  # X twice is as quick
    assert not rejects_all(dict.fromkeys(range(3)), [3, 2, 1, 0])
    planner = Planner([label], 320, 240, 0.75, lambda _name: 1)
    assert accepts_all(dict.fromkeys(range(3), label), [0, 1, 2], planner.fits, things)
    assert not accepts_all(dict.fromkeys(range(2), label), [0, 1, 2], planner.fits, things)
    other = things | {1: Thing(1, "dog", BOX)}
    assert not accepts_all(dict.fromkeys(range(3), label), [0, 1, 2], planner.fits, other)


def test_ghosts_are_planned_where_showing_them_is_cheaper_than_drawing() -> None:
    ghost = Thing(1, "cat", Box(100, 100, 140, 140))
    clutter = [Thing(10 + i, "dog", Box(200, 10 * i, 208, 10 * i + 8)) for i in range(20)]
    planner = Planner([Label("cat", ghost.box)], 320, 240, 0.75, lambda _name: 1)
    start = Start(None, last_class="cat")
    few, many = View((), (ghost,)), View((), (ghost, *clutter))
    drawn, shown = planner.plans(few, shown=False)
    assert (drawn.ghosts, shown.ghosts) == (False, True)
    draw = HAND + DRAW + HAND + KEY
    assert planner.price(drawn, few, start) == pytest.approx(draw)
    # G, a look, Tab, Enter, G, Space.
    assert planner.price(shown, few, start) == pytest.approx(LOOK_AT_OBJECT + 5 * KEY)
    drawn, shown = planner.plans(many, shown=False)
    assert planner.price(drawn, many, start) == pytest.approx(draw)
    assert planner.price(shown, many, start) == pytest.approx(21 * LOOK_AT_OBJECT + 5 * KEY)


def test_boxes_are_drawn_class_by_class_single_ones_last() -> None:
    labels = [Label(name, BOX) for name in ("ant", "dog", "cat", "dog", "bee")]
    assert [label.name for label in in_drawing_order(labels, "cat")] == ["cat", "dog", "dog", "ant", "bee"]


# ---------------------------------------------------------------------------------------------------- figures
def test_an_object_of_the_right_class_goes_before_one_that_overlaps_more() -> None:
    labels = [Label("cat", BOX), Label("dog", Box(100, 0, 110, 10))]
    things = [
        Thing(1, "dog", BOX),
        Thing(2, "cat", Box(0, 0, 10, 8)),
        Thing(3, "cat", Box(100, 0, 110, 9)),
        Thing(4, "dog", Box(100, 6, 110, 16)),
    ]
    assert {at: thing.id for at, thing in match(labels, things).items()} == {0: 2, 1: 3}
    assert {at: thing.id for at, thing in match(labels, things, taken=[0]).items()} == {1: 3}
    assert {at: thing.id for at, thing in match(labels, things, least=0.85).items()} == {0: 1, 1: 3}


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
    labels = [Label("cat", BOX), Label("dog", Box(50, 50, 60, 60))]
    things = (Thing(0, "dog", Box(0, 0, 10, 9)), Thing(1, "dog", Box(54, 50, 64, 60)))
    found = covered(labels, things)
    assert [[(thing.id, round(overlap, 3)) for thing, overlap in each] for each in found] == [[(0, 0.9)], []]
    assert figures.uncovered(labels, Proposed(things, (0.9, 0.8))) == 1
    assert figures.uncovered(labels, Proposed()) == 2
    assert figures.unfit(labels, Proposed(things, (0.9, 0.8)), tight=0.75) == 2
    assert figures.unfit([Label("dog", BOX), labels[1]], Proposed(things, (0.9, 0.8)), tight=0.75) == 1


def test_no_policy_goes_below_looking_space_and_drawing_what_nothing_covers() -> None:
    labels = [Label("cat", BOX), Label("dog", Box(50, 50, 60, 60)), Label("cat", Box(80, 80, 90, 90))]
    things = (Thing(0, "cat", BOX), Thing(1, "cow", Box(20, 20, 30, 30)), Thing(2, "cat", Box(50, 50, 60, 60)))
    proposals = Proposed(things, (0.9, 0.5, 0.3))
    frame = LOOK + KEY
    # One as it is, one of another class, one to be drawn; the cow need not be seen.
    least = frame + LOOK_AT_OBJECT + (LOOK_AT_OBJECT + FIND_WRONG + KEY) + (DRAW + 2 * HAND)
    assert figures.least_seconds(labels, proposals, tight=0.75) == pytest.approx(least)
    # By a threshold the cow comes before the third; as ghosts, G and a look at it are all that it takes.
    by_threshold = least + LOOK_AT_OBJECT + KEY
    assert figures.seconds_by_threshold(labels, proposals, tight=0.75) == pytest.approx(by_threshold)
    assert figures.least_seconds([], proposals, tight=0.75) == pytest.approx(LOOK + 2 * KEY)
    assert figures.least_seconds(labels[:1], Proposed(), tight=0.75) == pytest.approx(frame + DRAW + 2 * HAND)


def test_quality_is_the_share_of_labels_that_an_object_of_the_same_class_matches() -> None:
    frames = [Acts("a.jpg", [Label("cat", BOX), Label("dog", Box(50, 50, 60, 60))]), Acts("b.jpg", [Label("cat", BOX)])]
    labels = {
        "a.jpg": [Label("cat", Box(0, 0, 10, 8)), Label("cat", Box(50, 50, 60, 60))],
        "b.jpg": [Label("cat", BOX)],
    }
    assert figures.quality(frames, labels) == {"0.5": 0.6667, "0.75": 0.6667, "0.9": 0.3333, "mean_iou": 0.9}
    assert figures.unequal(frames, labels, tight=0.75) == ["a.jpg"]
    assert figures.unequal(frames, {"b.jpg": labels["b.jpg"]}, tight=0.75) == ["a.jpg"]
    assert figures.quality([], {}) == {"0.5": None, "0.75": None, "0.9": None, "mean_iou": None}

"""What the oracle plans, prices and counts, by numbers that can be worked out on paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.records import ClassRecord
from tests.benchmarks import oracle_figures as figures
from tests.benchmarks.hands import keys_to_pick, picking
from tests.benchmarks.keystrokes import CLICK, DRAG, DRAW, FIND_WRONG, HAND, KEY, LOOK, LOOK_AT_OBJECT, POINT, Meter
from tests.benchmarks.oracle import Acts
from tests.benchmarks.oracle_figures import Proposed
from tests.benchmarks.oracle_plan import Planner, Start, View, accepts_all, in_drawing_order, rejects_all, steps
from tests.benchmarks.reshaping import Reshaping, ways
from tests.benchmarks.truth import Label, Thing, Truth, covered, match

BOX = Box(0, 0, 10, 10)


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

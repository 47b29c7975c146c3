"""How complete the labels are, and how they are spread over the classes."""

from __future__ import annotations

from autoanno_gui.core.figures.balance import balance
from autoanno_gui.core.figures.facts import DecidedFrame
from autoanno_gui.core.records import DecisionKind, FrameState, PresentationMode
from tests.unit.core.ledger_kit import BIKE, CAR, NAMES, drawn, frame, promoted, renamed, right, wrong

VAN = 12
STATES = {FrameState.UNDECIDED: 7, FrameState.DEFERRED: 2, FrameState.REJECTED: 3, FrameState.FAILED: 1}


def many(count: int, objects: int, class_id: int, *, start: int = 0) -> list[DecidedFrame]:
    """Return labelled frames with so many objects of a class each."""
    return [frame(start + number, *[right(0.9, class_id)] * objects) for number in range(count)]


def test_what_is_missing_is_counted_by_what_it_waits_for() -> None:
    found = balance(STATES, [], NAMES)
    waiting = ("undecided", "deferred", "waiting_for_hand", "failed")
    assert tuple(found[name] for name in waiting) == (7, 2, 3, 1)
    assert tuple(balance({}, [], NAMES)[name] for name in waiting) == (0, 0, 0, 0)


def test_annotations_of_adopted_labels_count() -> None:
    decisions = [
        frame(1, right(0.9), right(0.9), wrong(0.9), adopted=False),
        # Labelled anew: this is what an export takes.
        frame(1, right(0.9), renamed(0.8, CAR, BIKE), wrong(0.9), first=False),
        frame(2, promoted(0.3, CAR), drawn(CAR)),
        frame(3, drawn(BIKE), kind=DecisionKind.HAND_LABELLED, mode=PresentationMode.HAND),
        frame(4, right(0.9), revoked=True),
        # Labelled once, sent to hand labelling since: nothing of it is exported.
        frame(5, right(0.9), adopted=False),
        frame(5, kind=DecisionKind.REJECTED, first=False),
        frame(6, kind=DecisionKind.DEFERRED, first=False),
    ]
    found = balance(STATES, decisions, {**NAMES, VAN: "van"})
    # Cars: one on frame 1, two on frame 2. Bikes: one on frames 1 and 3 each.
    assert [(row["class"], row["annotations"], row["frames"], row["share"]) for row in found["classes"]] == [
        ("car", 3, 2, 3 / 5),
        ("bike", 2, 2, 2 / 5),
        ("van", 0, 0, 0.0),
    ]
    assert found["imbalance"] == 3 / 2
    assert found["notes"] == [
        "Without any example so far: van.",
        "Too few examples to learn from (under 100 annotations or 30 frames): "
        "bike (2 on 2 frames), car (3 on 2 frames).",
    ]


def test_a_class_has_enough_with_100_annotations_on_30_frames() -> None:
    def few(*decisions: DecidedFrame) -> list[bool]:
        return [row["few"] for row in balance({}, decisions, {CAR: "car"})["classes"]]

    assert few(*many(29, 4, CAR)) == [True]  # 116 on 29 frames
    assert few(*many(30, 3, CAR)) == [True]  # 90 on 30 frames
    assert few(*many(33, 3, CAR), frame(99, right(0.9))) == [False]  # 100 on 34 frames


def test_more_than_ten_to_one_is_out_of_balance() -> None:
    bikes = many(30, 4, BIKE, start=1000)
    assert balance({}, [*many(300, 4, CAR), *bikes], NAMES)["notes"] == []
    found = balance({}, [*many(315, 4, CAR), *bikes], NAMES)
    assert found["imbalance"] == 10.5
    (note,) = found["notes"]
    assert note == "Out of balance: car has about 10 times as many annotations as bike (1,260 to 120)."


def test_many_classes_without_an_example_are_not_all_named() -> None:
    names = {number: f"c{number}" for number in range(9)}
    notes = balance({}, many(40, 3, 0), names)["notes"]
    assert notes == ["Without any example so far: c1, c2, c3, c4, c5 and 3 more."]


def test_one_class_is_not_out_of_balance() -> None:
    found = balance({}, many(40, 3, CAR), {CAR: "car"})
    assert (found["imbalance"], found["notes"]) == (None, [])


def test_nothing_labelled_yet() -> None:
    found = balance({}, [], NAMES)
    assert [(row["class"], row["annotations"], row["share"], row["few"]) for row in found["classes"]] == [
        ("car", 0, None, True),
        ("bike", 0, None, True),
    ]
    assert (found["imbalance"], found["notes"]) == (None, [])

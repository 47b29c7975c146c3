"""Two reviewers compared: what each labelled on the frames that both labelled, in real project files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.records import DecisionKind, PresentationMode, VerdictKind
from autoanno_gui.review.comparison import Report, Side, compare, two_projects, within
from autoanno_gui.store.store_thread import Priority, Store
from tests.projects import USUAL, make_project
from tests.unit.review.agreement_kit import LEFT, MIDDLE, RIGHT, Hand, compared

NORMAL, BLIND, SETTLE, HAND = (
    PresentationMode.NORMAL,
    PresentationMode.BLIND,
    PresentationMode.SETTLE,
    PresentationMode.HAND,
)
ACCEPTED, EDITED, REJECTED = VerdictKind.ACCEPTED, VerdictKind.EDITED, VerdictKind.REJECTED
NAMES = tuple(f"frame_{number}.jpg" for number in range(4))


@pytest.fixture
def ann_store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(make_project(tmp_path, [USUAL] * 4, name="ann").file) as store:
        yield store


@pytest.fixture
def ben_store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(make_project(tmp_path, [USUAL] * 4, name="ben").file) as store:
        yield store


@pytest.fixture
def ann(ann_store: Store) -> Hand:
    return Hand(ann_store, "ann")


@pytest.fixture
def ben(ben_store: Store) -> Hand:
    return Hand(ben_store, "ben")


def between(first: Store, second: Store) -> Report:
    with first.reader() as a, second.reader() as b:
        return compared(two_projects(a, b))


def test_the_figures_of_two_projects(ann: Hand, ben: Hand, ann_store: Store, ben_store: Store) -> None:
    ann.label(NAMES[0], [("cat", LEFT), ("dog", MIDDLE)])
    ben.label(NAMES[0], [("cat", LEFT), ("cat", MIDDLE)])
    ann.label(NAMES[1], [("cat", LEFT)])
    ben.label(NAMES[1], [("cat", LEFT), ("dog", RIGHT)])
    ann.label(NAMES[2], [("dog", RIGHT)], kind=DecisionKind.ACCEPTED)
    ben.label(NAMES[2], [("dog", RIGHT)], kind=DecisionKind.ACCEPTED)
    ann.label(NAMES[3], [("dog", RIGHT)])
    found = between(ann_store, ben_store)
    assert (found["frames"], found["objects"], found["matched"]) == (3, [4, 5], 4)
    assert found["f1_50"] == found["f1_75"] == pytest.approx(2 * 3 / 9)
    assert found["mean_iou"] == 1.0
    # Pairs: cat cat, dog cat, cat cat, dog dog; by chance 1/2 * 3/4 + 1/2 * 1/4.
    assert found["kappa_class"] == pytest.approx((0.75 - 0.5) / 0.5)
    # Units: cat cat, dog cat, cat cat, none dog, dog dog. Coincidences, both ways round: cat 5 of 10 values (cat cat 4,
    # cat dog 1), dog 4 (dog dog 2, dog cat 1, dog none 1), none 1. alpha = 1 - 9 * (2 * 2) / (100 - 25 - 16 - 1).
    assert found["alpha"] == pytest.approx(1 - 9 * 4 / 58)
    assert found["disagreements"] == [
        {
            "frame": NAMES[0],
            "kinds": {"class": 1},
            "count": 1,
            "objects": [{"kind": "class", "classes": ["dog", "cat"], "bounds": [MIDDLE.as_tuple()] * 2}],
        },
        {
            "frame": NAMES[1],
            "kinds": {"missing": 1},
            "count": 1,
            "objects": [{"kind": "missing", "classes": [None, "dog"], "bounds": [None, RIGHT.as_tuple()]}],
        },
    ]
    assert found["reviewers"] == ["ann", "ben"]
    assert [row["class"] for row in found["by_class"]] == ["cat", "dog"]
    assert "Decided by one of the two only: 1." in found["notes"]


def test_the_worst_frame_comes_first(ann: Hand, ben: Hand, ann_store: Store, ben_store: Store) -> None:
    ann.label(NAMES[0], [("cat", LEFT)])
    ben.label(NAMES[0], [("dog", LEFT)])
    ann.label(NAMES[1], [("cat", LEFT), ("cat", MIDDLE), ("cat", RIGHT)])
    ben.label(NAMES[1], [])
    found = between(ann_store, ben_store)["disagreements"]
    assert [(row["frame"], row["kinds"]) for row in found] == [(NAMES[1], {"extra": 3}), (NAMES[0], {"class": 1})]


def test_verdicts_are_compared_where_both_judged_the_same_predictions(
    ann: Hand, ben: Hand, ann_store: Store, ben_store: Store
) -> None:
    # The two projects were predicted by runs of their own: the same weights found the same boxes.
    ann.label(NAMES[0], [], judged={0: ACCEPTED, 1: REJECTED})
    ben.label(NAMES[0], [], judged={0: ACCEPTED, 1: EDITED, 2: ACCEPTED})
    ann.label(NAMES[1], [], judged={0: ACCEPTED, 1: REJECTED})
    ben.label(NAMES[1], [], judged={0: ACCEPTED, 1: REJECTED})
    # By hand nothing is judged, whatever the ledger names.
    ann.label(NAMES[2], [("cat", LEFT)], kind=DecisionKind.HAND_LABELLED, mode=HAND)
    ben.label(NAMES[2], [], judged={0: ACCEPTED})
    found = between(ann_store, ben_store)
    assert found["verdicts"] == 4
    # accepted accepted twice, rejected edited, rejected rejected: 3 in 4; by chance 1/2 * 1/2 + 1/2 * 1/4.
    assert found["kappa_verdict"] == pytest.approx((0.75 - 0.375) / 0.625)


def test_other_predictions_are_not_shared(tmp_path: Path, ann: Hand, ann_store: Store) -> None:
    with Store.open(make_project(tmp_path, [USUAL[:2]] * 4, name="other").file) as other:
        ann.label(NAMES[0], [], judged={0: ACCEPTED})
        Hand(other, "ben").label(NAMES[0], [], judged={0: ACCEPTED})
        assert between(ann_store, other)["verdicts"] == 0


def test_blind_frames_are_told_apart_by_what_was_labelled_before_the_reveal(
    ann: Hand, ben: Hand, ann_store: Store, ben_store: Store
) -> None:
    by_hand = DecisionKind.HAND_LABELLED
    for hand, store, before in (
        (ann, ann_store, [("cat", LEFT)]),
        (ben, ben_store, [("cat", LEFT), ("dog", MIDDLE)]),
    ):
        hand.label(NAMES[0], before, kind=by_hand, mode=BLIND)
        # Settled in another sitting: the window was closed in between.
        Hand(store, "later").label(NAMES[0], [("cat", LEFT), ("dog", MIDDLE)], kind=by_hand, mode=SETTLE)
        hand.label(NAMES[1], [("cat", LEFT)])
    found = between(ann_store, ben_store)
    assert (found["frames"], found["f1_50"]) == (2, 1.0), "as they stand, they agree"
    assert (found["blind"]["frames"], found["blind"]["f1_50"]) == (1, pytest.approx(2 / 3))
    assert found["with_predictions"]["frames"] == 1
    assert found["disagreements"] == []


def test_labels_that_were_made_after_the_reveal_are_not_unseen_nor_verdicts(
    ann: Hand, ben: Hand, ann_store: Store, ben_store: Store
) -> None:
    for hand in (ann, ben):
        hand.label("frame_0.jpg", [("cat", LEFT)], mode=PresentationMode.BLIND)
        hand.label("frame_0.jpg", [("cat", LEFT)])  # looked at again another day
        hand.label("frame_1.jpg", [], mode=PresentationMode.SETTLE, judged={0: VerdictKind.ACCEPTED})
    with ann_store.reader() as a, ben_store.reader() as b:
        found = compared(two_projects(a, b))
    assert (found["frames"], found["blind"]["frames"], found["verdicts"]) == (2, 0, 0)


def test_only_what_both_labelled_counts(ann: Hand, ben: Hand, ann_store: Store, ben_store: Store) -> None:
    ann.label(NAMES[0], [], kind=DecisionKind.REJECTED)
    ben.label(NAMES[0], [("cat", LEFT)])
    ann.label(NAMES[1], [("cat", LEFT)])
    ben.label(NAMES[1], [], kind=DecisionKind.DEFERRED)
    ann.revoke(ann.label(NAMES[2], [("cat", LEFT)]))
    ben.label(NAMES[2], [("cat", LEFT)])
    found = between(ann_store, ben_store)
    assert found["frames"] == 0
    assert found["f1_50"] is found["alpha"] is found["kappa_class"] is None
    assert found["notes"] == [
        "There is no frame that both labelled.",
        "Decided by one of the two only: 1.",
        "Waiting for hand labelling with one of the two: 1.",
        "Put off by one of the two: 1.",
    ]


def test_different_pictures_of_one_name_are_left_out(ann: Hand, ben: Hand, ann_store: Store, ben_store: Store) -> None:
    for hand in (ann, ben):
        hand.label(NAMES[0], [("cat", LEFT)])
    ann.label(NAMES[1], [("cat", LEFT)])
    ben.label(NAMES[1], [("cat", LEFT)], size=(640, 480))
    found = between(ann_store, ben_store)
    assert found["frames"] == 1
    assert [row["frame"] for row in found["left_out"]] == [NAMES[1]]
    for number, store in enumerate((ann_store, ben_store)):
        with store.reader() as reader:
            frame = next(frame for block in reader.frames() for frame in block if frame.path == NAMES[0])
        statement = f"UPDATE frame SET sha256 = '{number}' WHERE id = {frame.id}"
        store.submit(Priority.OTHER, lambda w, s=statement: w.ledger.execute(s).fetchall()).result()
    found = between(ann_store, ben_store)
    assert [row["frame"] for row in found["left_out"]] == [NAMES[0], NAMES[1]]


def test_a_merged_class_counts_as_the_one_that_stands_for_it(
    ann: Hand, ben: Hand, ann_store: Store, ben_store: Store
) -> None:
    ann.label(NAMES[0], [("kitten", LEFT), ("dog", RIGHT)])
    ben.label(NAMES[0], [("cat", LEFT), ("dog", RIGHT)])
    assert between(ann_store, ben_store)["kappa_class"] == pytest.approx((0.5 - 0.25) / 0.75)
    with ann_store.reader() as reader:
        ids = {record.name: record.id for record in reader.classes()}
    ann_store.submit(Priority.OTHER, lambda w: w.merge_class(ids["kitten"], ids["cat"])).result()
    assert between(ann_store, ben_store)["kappa_class"] == 1.0


class TestWithinOneProject:
    def test_two_reviewers_by_their_names(self, ann: Hand, ann_store: Store) -> None:
        ann.label(NAMES[0], [("cat", LEFT)])
        ann.label(NAMES[1], [("cat", LEFT)])
        Hand(ann_store, "ben").label(NAMES[0], [("dog", LEFT)])
        with ann_store.reader() as reader:
            found = compared(within(reader))
        assert (found["reviewers"], found["frames"]) == (["ann", "ben"], 1)
        assert found["disagreements"][0]["kinds"] == {"class": 1}

    def test_the_same_reviewer_later(self, ann: Hand, ann_store: Store) -> None:
        ann.label(NAMES[0], [("cat", LEFT)])
        ann.label(NAMES[0], [("dog", LEFT)])  # a correction in the same sitting is no second look
        ann.label(NAMES[1], [("cat", LEFT)])
        with ann_store.reader() as reader, pytest.raises(KnownError, match="one reviewer only"):
            within(reader)
        later = Hand(ann_store, "ann")
        later.label(NAMES[0], [("dog", LEFT), ("cat", RIGHT)])
        with ann_store.reader() as reader:
            found = compared(within(reader))
        assert found["frames"] == 1
        assert [(row["frame"], row["kinds"]) for row in found["disagreements"]] == [(NAMES[0], {"missing": 1})]

    def test_one_reviewer_can_be_named(self, ann: Hand, ann_store: Store) -> None:
        ann.label(NAMES[0], [("cat", LEFT)])
        for name, label in (("ben", "cat"), ("eve", "dog")):
            Hand(ann_store, name).label(NAMES[0], [(label, LEFT)])
        with ann_store.reader() as reader:
            assert compared((Side(reader, reviewer="ann"), Side(reader, reviewer="ben")))["f1_50"] == 1.0
            assert compared((Side(reader, reviewer="ann"), Side(reader, reviewer="eve")))["f1_50"] == 0.0


def test_it_can_be_stopped(ann: Hand, ben: Hand, ann_store: Store, ben_store: Store) -> None:
    for hand in (ann, ben):
        hand.label(NAMES[0], [("cat", LEFT)])
    with ann_store.reader() as a, ben_store.reader() as b:
        steps = compare(*two_projects(a, b))
        assert next(steps).text == "Reading the first reviewer"
        steps.close()

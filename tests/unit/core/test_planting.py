"""Planted checks: when one comes, on which frame, what is altered, how it looks, and what counts as noticed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoanno_gui.core.box import Box
from autoanno_gui.core.check_outcome import Outcome, final_labels, judge, left_alone, sent_away
from autoanno_gui.core.document import Document
from autoanno_gui.core.geometry import Geometry, overlap
from autoanno_gui.core.keypoints import Keypoint, Keypoints, Visibility
from autoanno_gui.core.mask import Mask, Part
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.planted_predictions import to_predictions
from autoanno_gui.core.planting import Alteration, Label, Planted, Planter, alter, choose_frame
from autoanno_gui.core.records import PresentationMode, Thresholds, VerdictKind
from autoanno_gui.core.review_objects import MappedPredictions, Role
from autoanno_gui.core.task import Task
from tests.unit.core.builders import HEIGHT, WIDTH, boxes, predictions

CAR, BIKE = 10, 11
LEFT, MIDDLE, RIGHT = Box(10, 20, 50, 60), Box(80, 20, 120, 60), Box(150, 20, 190, 60)
LABELS: tuple[Label, ...] = ((CAR, LEFT), (BIKE, MIDDLE), (CAR, RIGHT))
POINTS = 2


# ---------------------------------------------------------------------------------------------------- strategies
def pose_of(box: Box) -> Keypoints:
    """Return a visible and a hidden point in a box."""
    cx, cy = box.centre
    return Keypoints(box, (Keypoint(box.x1, box.y1, Visibility.VISIBLE), Keypoint(cx, cy, Visibility.HIDDEN)))


def ring_of(box: Box) -> Mask:
    """Return a box with a hole of half its size."""
    quarter_w, quarter_h = box.width / 4, box.height / 4
    inner = Box(box.x1 + quarter_w, box.y1 + quarter_h, box.x2 - quarter_w, box.y2 - quarter_h)
    outer, hole = Mask.of_box(box).parts[0].outer, Mask.of_box(inner).parts[0].outer
    return Mask((Part(outer, (hole,)),))


def turned_in(box: Box) -> OrientedBox:
    """Return a turned box about in the middle of a box."""
    cx, cy = box.centre
    return OrientedBox(cx, cy, box.width * 0.7, box.height * 0.5, math.pi / 7)


FORMS: dict[Task, Callable[[Box], Geometry]] = {
    Task.DETECT: lambda box: box,
    Task.OBB: turned_in,
    Task.SEGMENT: ring_of,
    Task.POSE: pose_of,
}
tasks = st.sampled_from(list(FORMS))
every_task = pytest.mark.parametrize("task", list(FORMS))


@st.composite
def frames(draw: st.DrawFn) -> tuple[Task, tuple[Label, ...]]:
    """Frames with labels of one kind, some across each other."""
    task = draw(tasks)
    label = st.tuples(st.sampled_from([CAR, BIKE]), boxes(low=4).map(FORMS[task]))
    return task, tuple(draw(st.lists(label, min_size=1, max_size=5)))


def altered(labels: tuple[Label, ...], seed: int, *, classes: tuple[int, ...] = (CAR, BIKE)) -> Planted:
    found = alter(labels, width=WIDTH, height=HEIGHT, class_ids=classes, rng=np.random.default_rng(seed))
    assert found is not None
    return found


def one_of_each(task: Task = Task.DETECT) -> dict[Alteration, Planted]:
    """Return each alteration of the three labels."""
    labels = tuple((class_id, FORMS[task](outline.bounds)) for class_id, outline in LABELS)
    found = {planted.alteration: planted for planted in (altered(labels, seed) for seed in range(40))}
    assert len(found) == len(Alteration)
    return found


def shown_document(
    planted: Planted, task: Task = Task.DETECT, *, original: MappedPredictions | None = None
) -> Document:
    """Return the document that a reviewer gets of a check."""
    found = to_predictions(
        planted,
        thresholds=Thresholds(),
        rng=np.random.default_rng(0),
        original=original,
        task=task,
        keypoints=POINTS if task is Task.POSE else 0,
    )
    return Document(
        frame_id=1,
        width=WIDTH,
        height=HEIGHT,
        predictions=found,
        mode=PresentationMode.PLANTED,
        task=task,
        keypoints=POINTS if task is Task.POSE else 0,
    )


def object_at(document: Document, geometry: Geometry) -> int:
    """Return the object that lies where an outline is."""
    return max(document.in_role(Role.CANDIDATE), key=lambda item: overlap(item.geometry, geometry)).id


def outcome_of(planted: Planted, document: Document) -> Outcome:
    return judge(planted, final_labels(document.verdicts()))


# ---------------------------------------------------------------------------------------------------- when
def due_after(*, seed: int, decisions: int, every: int = 50) -> list[int]:
    """Return after which decisions, from 0, a check is owed when each is shown at once."""
    planter, found = Planter(seed=seed, every=every), []
    for number in range(decisions):
        planter.decided()
        if planter.owed:
            found.append(number)
            planter.shown()
    return found


class TestWhen:
    @given(st.integers(0, 2**64), st.integers(1, 60))
    def test_each_stretch_has_one(self, seed: int, every: int) -> None:
        found = due_after(seed=seed, decisions=every * 6, every=every)
        assert [number // every for number in found] == [0, 1, 2, 3, 4, 5]

    def test_nobody_can_tell_where(self) -> None:
        places = Counter(number % 50 for seed in range(500) for number in due_after(seed=seed, decisions=200))
        # 2,000 places over 50: 40 each, give or take 6.2.
        assert len(places) == 50
        assert max(places.values()) < 40 + 5 * 6.2

    def test_the_gaps_between_two_are_of_all_lengths(self) -> None:
        gaps = [b - a for seed in range(200) for a, b in pairwise(due_after(seed=seed, decisions=500))]
        assert min(gaps) <= 5
        assert max(gaps) >= 95

    def test_equal_seeds_draw_equal_places(self) -> None:
        assert due_after(seed=4, decisions=500) == due_after(seed=4, decisions=500)
        assert due_after(seed=4, decisions=500) != due_after(seed=5, decisions=500)

    def test_one_that_cannot_be_shown_yet_stays_owed_and_they_never_pile_up(self) -> None:
        planter = Planter(seed=1, every=5)
        for _ in range(23):
            planter.decided()
        assert planter.owed
        planter.shown()
        assert not planter.owed


class TestWhichFrame:
    def choose(
        self, eligible: list[int], *, recent: list[int] | None = None, checked: list[int] | None = None
    ) -> set[int | None]:
        rngs = [np.random.default_rng(seed) for seed in range(200)]
        return {choose_frame(eligible, recent=recent or [], checked=checked or [], rng=rng) for rng in rngs}

    def test_any_frame_that_can_be_shown(self) -> None:
        assert self.choose([3, 5, 8]) == {3, 5, 8}
        assert self.choose([]) == {None}

    def test_the_last_twenty_are_spared(self) -> None:
        decided = list(range(25))
        assert self.choose(decided, recent=decided) == {0, 1, 2, 3, 4}
        assert self.choose(decided[:20], recent=decided[:20]) == {None}

    def test_none_twice_while_others_remain(self) -> None:
        assert self.choose([1, 2, 3], checked=[1, 3]) == {2}
        assert self.choose([1, 2, 3], checked=[1, 3, 2, 3]) == {1, 2}


# ---------------------------------------------------------------------------------------------------- altering
class TestAlter:
    @given(frames(), st.integers(0, 2**32))
    def test_just_one_label_is_altered_and_it_stays_inside(
        self, frame: tuple[Task, tuple[Label, ...]], seed: int
    ) -> None:
        _, labels = frame
        planted = altered(labels, seed)
        assert planted.truth == labels
        assert planted.true_label == labels[planted.index]
        if planted.alteration is Alteration.REMOVED:
            assert planted.labels == planted.unaltered
            assert planted.altered_label is None
            return
        assert planted.altered_label is not None
        assert len(planted.labels) == len(labels)
        assert [a == b for a, b in zip(planted.labels, labels, strict=True)].count(False) == 1
        (class_id, shown), (true_class, true) = planted.altered_label, planted.true_label
        if planted.alteration is Alteration.CLASS:
            assert (shown, {class_id, true_class}) == (true, {CAR, BIKE})
            return
        assert class_id == true_class
        assert overlap(shown, true) <= 0.6
        bounds = shown.bounds
        assert min(bounds.x1, bounds.y1) >= 0
        assert bounds.x2 <= WIDTH
        assert bounds.y2 <= HEIGHT
        for _, other in planted.unaltered:
            assert overlap(shown, other) < 0.25 or overlap(shown, other) <= overlap(true, other)

    @given(tasks, boxes(low=4), st.integers(0, 2**32))
    def test_a_label_moves_by_a_quarter_to_two_fifths_of_its_size(self, task: Task, box: Box, seed: int) -> None:
        planted = altered(((CAR, FORMS[task](box)),), seed)
        if planted.alteration is not Alteration.SHIFTED:
            return
        assert planted.altered_label is not None
        before, after = planted.true_label[1], planted.altered_label[1]
        dx, dy = (b - a for a, b in zip(before.centre, after.centre, strict=True))
        sides = before.bounds.width, before.bounds.height
        if isinstance(before, OrientedBox):
            (ux, uy), (vx, vy) = before.axes
            dx, dy, sides = dx * ux + dy * uy, dx * vx + dy * vy, (before.width, before.height)
        shares = [abs(moved) / side for moved, side in zip((dx, dy), sides, strict=True)]
        assert max(shares) >= 0.25 - 1e-6
        assert all(share < 1e-6 or 0.25 - 1e-6 <= share <= 0.4 + 1e-6 for share in shares)
        assert (after.bounds.width, after.bounds.height) == pytest.approx((before.bounds.width, before.bounds.height))

    def test_each_kind_is_about_as_likely(self) -> None:
        found = Counter(altered(LABELS, seed).alteration for seed in range(600))
        # 200 each, give or take 11.5.
        assert all(abs(found[kind] - 200) < 4 * 11.5 for kind in Alteration)

    def test_any_label_can_be_the_one(self) -> None:
        assert {altered(LABELS, seed).index for seed in range(60)} == {0, 1, 2}

    def test_no_wrong_class_where_there_is_only_one(self) -> None:
        kinds = {altered(((CAR, LEFT),), seed, classes=(CAR,)).alteration for seed in range(60)}
        assert kinds == {Alteration.SHIFTED, Alteration.REMOVED}

    def test_a_label_as_large_as_the_picture_is_not_shifted(self) -> None:
        whole = ((CAR, Box(0, 0, WIDTH, HEIGHT)),)
        assert {altered(whole, seed).alteration for seed in range(60)} == {Alteration.CLASS, Alteration.REMOVED}

    def test_specks_are_left_alone_while_there_is_something_to_be_seen(self) -> None:
        speck = (CAR, Box(100, 90, 103, 93))
        assert {altered((*LABELS, speck), seed).index for seed in range(100)} == {0, 1, 2}
        assert altered((speck,), 0).index == 0

    def test_what_lies_under_another_label_is_not_removed(self) -> None:
        twins = ((CAR, LEFT), (CAR, LEFT.moved(2, 0)))
        assert Alteration.REMOVED not in {altered(twins, seed).alteration for seed in range(60)}

    def test_labels_that_cover_each_other_completely_can_not_all_be_altered(self) -> None:
        whole = Box(0, 0, WIDTH, HEIGHT)
        rng = np.random.default_rng(0)
        assert alter([(CAR, whole)] * 2, width=WIDTH, height=HEIGHT, class_ids=[CAR], rng=rng) is None

    def test_without_labels_there_is_nothing_to_alter(self) -> None:
        assert alter([], width=WIDTH, height=HEIGHT, class_ids=[CAR], rng=np.random.default_rng(0)) is None


# ---------------------------------------------------------------------------------------------------- how it looks
class TestLook:
    @given(frames(), st.integers(0, 2**32))
    def test_all_labels_are_candidates_and_nothing_else(self, frame: tuple[Task, tuple[Label, ...]], seed: int) -> None:
        task, labels = frame
        planted = altered(labels, seed)
        document = shown_document(planted, task)
        candidates = document.in_role(Role.CANDIDATE)
        assert len(candidates) == len(list(document)) == len(planted.labels)
        assert Counter(item.class_id for item in candidates) == Counter(class_id for class_id, _ in planted.labels)
        for _, geometry in planted.labels:
            assert max(overlap(item.geometry, geometry) for item in candidates) > 0.999

    def test_a_hidden_keypoint_stays_hidden(self) -> None:
        planted = one_of_each(Task.POSE)[Alteration.CLASS]
        document = shown_document(planted, Task.POSE)
        pose = next(iter(document)).geometry
        assert isinstance(pose, Keypoints)
        assert [point.visibility for point in pose.points] == [Visibility.VISIBLE, Visibility.HIDDEN]

    def test_a_box_in_a_segment_project_stays_one(self) -> None:
        planted = Planted(LABELS[:2], ((CAR, LEFT), (CAR, MIDDLE)), Alteration.CLASS, 1)
        document = shown_document(planted, Task.SEGMENT)
        assert {type(item.geometry) for item in document} == {Box}

    def test_the_confidences_are_those_that_the_model_gave(self) -> None:
        rows = [(LEFT.as_tuple(), 0.9, 0), (MIDDLE.moved(3, 0).as_tuple(), 0.6, 1), (RIGHT.as_tuple(), 0.3, 0)]
        planted = one_of_each()[Alteration.SHIFTED]
        document = shown_document(planted, original=predictions(rows))
        for (_, shown), (_, true) in zip(planted.labels, planted.truth, strict=True):
            confidence = document.get(object_at(document, shown))
            assert confidence is not None
            assert confidence.confidence is not None
            if true is RIGHT:
                assert 0.5 < confidence.confidence <= 0.95  # a ghost once: now it is a candidate like any other
            else:
                assert confidence.confidence == pytest.approx(0.9 if true is LEFT else 0.6)

    @pytest.mark.parametrize("default", [0.05, 0.5, 0.93, 0.95])
    def test_confidences_that_nobody_knows_are_above_the_threshold(self, default: float) -> None:
        thresholds = Thresholds(default=default, per_class=((BIKE, 0.7),))
        planted = one_of_each()[Alteration.CLASS]
        found = to_predictions(planted, thresholds=thresholds, rng=np.random.default_rng(0))
        document = Document(frame_id=1, width=WIDTH, height=HEIGHT, predictions=found, thresholds=thresholds)
        assert len(document.in_role(Role.CANDIDATE)) == 3
        assert all(item.confidence is not None and item.confidence < 1 for item in document)

    def test_ghosts_are_those_of_the_frame_but_none_where_a_label_was(self) -> None:
        away = Box(100, 70, 130, 95)
        rows = [(LEFT.moved(4, 0).as_tuple(), 0.4, 0), (away.as_tuple(), 0.3, 1), ((60, 70, 70, 90), 0.6, 0)]
        planted = Planted(LABELS, LABELS[1:], Alteration.REMOVED, 0)
        document = shown_document(planted, original=predictions(rows))
        # The last one is above the threshold and no label: the reviewer rejected it.
        assert [item.geometry for item in document.in_role(Role.GHOST)] == [away]

    def test_the_true_class_is_not_offered_beside_the_wrong_one(self) -> None:
        original = predictions([(LEFT.as_tuple(), 0.9, 0)], tops={0: [(0, 0.9), (1, 0.8)]})
        wrong = Planted(((CAR, LEFT),), ((BIKE, LEFT),), Alteration.CLASS, 0)
        assert [class_id for class_id, _ in shown_document(wrong, original=original).second_choices(0)] == [BIKE]
        moved = Planted(((CAR, LEFT),), ((CAR, LEFT.moved(12, 0)),), Alteration.SHIFTED, 0)
        second = shown_document(moved, original=original).second_choices(0)
        assert [class_id for class_id, _ in second] == [CAR, BIKE]
        assert [score for _, score in second] == pytest.approx([0.9, 0.8])


# ---------------------------------------------------------------------------------------------------- judging
class TestJudge:
    @given(frames(), st.integers(0, 2**32))
    def test_accepting_all_as_shown_catches_nothing(self, frame: tuple[Task, tuple[Label, ...]], seed: int) -> None:
        task, labels = frame
        planted = altered(labels, seed)
        outcome = outcome_of(planted, shown_document(planted, task))
        assert not outcome.caught
        assert (outcome.objects, outcome.kept) == (len(labels) - 1, len(labels) - 1)
        assert (outcome.changed, outcome.removed, outcome.added) == (0, 0, 0)

    @given(frames(), st.integers(0, 2**32))
    def test_putting_the_true_labels_back_catches_everything(
        self, frame: tuple[Task, tuple[Label, ...]], seed: int
    ) -> None:
        planted = altered(frame[1], seed)
        kept = len(planted.unaltered)
        assert judge(planted, planted.truth) == Outcome(caught=True, objects=kept, kept=kept)

    @every_task
    def test_each_alteration_mended_by_the_verbs_of_review(self, task: Task) -> None:
        for planted in one_of_each(task).values():
            document = shown_document(planted, task)
            class_id, true = planted.true_label
            if planted.altered_label is None:
                document.add(true, class_id)
            elif planted.alteration is Alteration.CLASS:
                document.set_class(object_at(document, true), class_id=class_id)
            else:
                document.set_geometry(object_at(document, planted.altered_label[1]), true)
            assert outcome_of(planted, document) == Outcome(caught=True, objects=2, kept=2), planted.alteration

    @every_task
    def test_deleting_what_is_wrong_and_drawing_it_anew(self, task: Task) -> None:
        for kind in (Alteration.SHIFTED, Alteration.CLASS):
            planted = one_of_each(task)[kind]
            document = shown_document(planted, task)
            assert planted.altered_label is not None
            document.reject(object_at(document, planted.altered_label[1]))
            assert outcome_of(planted, document) == Outcome(caught=True, objects=2, kept=2)
            document.add(planted.true_label[1], planted.true_label[0])
            assert outcome_of(planted, document) == Outcome(caught=True, objects=2, kept=2)

    def shifted(self) -> Planted:
        """Return the left one of the labels moved by 12 of its 40 pixels: an overlap of 28 / 52 = 0.54."""
        return Planted(LABELS, ((CAR, LEFT.moved(12, 0)), *LABELS[1:]), Alteration.SHIFTED, 0)

    @pytest.mark.parametrize(
        ("moved", "caught"),
        [
            (0, True),
            (5, True),  # 35 / 45 = 0.78
            (7, True),  # 33 / 47 = 0.70, which is 0.16 more than 0.54
            (8, False),  # 32 / 48 = 0.67
            (12, False),
            (14, False),  # pushed on in the wrong direction
        ],
    )
    def test_how_far_back_a_shifted_label_has_to_be_moved(self, moved: float, caught: bool) -> None:
        final = [(CAR, LEFT.moved(moved, 0)), *LABELS[1:]]
        assert judge(self.shifted(), final) == Outcome(caught=caught, objects=2, kept=2)

    def test_another_class_for_a_shifted_label_does_not_move_it_back(self) -> None:
        assert not judge(self.shifted(), [(BIKE, LEFT.moved(12, 0)), *LABELS[1:]]).caught

    def test_any_other_class_than_the_wrong_one_will_do(self) -> None:
        planted = Planted(LABELS, ((BIKE, LEFT), *LABELS[1:]), Alteration.CLASS, 0)
        assert judge(planted, [(99, LEFT), *LABELS[1:]]).caught
        assert not judge(planted, planted.labels).caught
        assert not judge(planted, [(BIKE, LEFT), (CAR, LEFT), *LABELS[1:]]).caught

    def test_what_was_removed_has_to_be_put_about_where_it_was(self) -> None:
        planted = Planted(LABELS, LABELS[1:], Alteration.REMOVED, 0)
        # 13 of 40 pixels off: 27 / 53 = 0.51; 14 off: 26 / 54 = 0.48.
        assert judge(planted, [*LABELS[1:], (BIKE, LEFT.moved(13, 0))]) == Outcome(caught=True, objects=2, kept=2)
        off = judge(planted, [*LABELS[1:], (CAR, LEFT.moved(14, 0))])
        assert off == Outcome(caught=False, objects=2, kept=2, added=1)

    def test_what_became_of_the_other_labels(self) -> None:
        labels = (*LABELS, (CAR, Box(10, 70, 40, 95)), (CAR, Box(60, 70, 90, 95)))
        planted = Planted(labels, labels[1:], Alteration.REMOVED, 0)
        final = [
            (BIKE, MIDDLE.moved(5, 0)),  # 35 / 45 = 0.78: as good as the same
            (BIKE, RIGHT),  # another class
            (CAR, Box(20, 70, 50, 95)),  # 20 / 40 = 0.5: moved
            (CAR, Box(100, 70, 130, 95)),  # new, in the place of one that is gone
        ]
        assert judge(planted, final) == Outcome(caught=False, objects=4, kept=1, changed=2, removed=1, added=1)

    def test_verdicts_become_the_labels_that_stay(self) -> None:
        planted = self.shifted()
        document = shown_document(planted)
        document.reject(object_at(document, RIGHT))
        verdicts = document.verdicts()
        assert Counter(verdict.kind for verdict in verdicts) == {VerdictKind.ACCEPTED: 2, VerdictKind.REJECTED: 1}
        assert sorted(class_id for class_id, _ in final_labels(verdicts)) == [CAR, BIKE]
        assert outcome_of(planted, document) == Outcome(caught=False, objects=2, kept=1, removed=1)

    def test_sending_it_away_shows_that_something_was_seen_and_leaving_it_shows_nothing(self) -> None:
        planted = self.shifted()
        assert (sent_away(planted).caught, sent_away(planted).passed_over) == (True, False)
        assert (left_alone(planted).caught, left_alone(planted).passed_over) == (False, True)

    def test_the_event_says_all_of_it(self) -> None:
        outcome = Outcome(caught=True, objects=5, kept=2, changed=2, removed=1, added=3)
        body = outcome.as_event(self.shifted(), reviewer="anna", session="s", frame="a.jpg", seconds=2.5)
        assert body == {
            "reviewer": "anna",
            "session": "s",
            "frame": "a.jpg",
            "alteration": "shifted",
            "caught": True,
            "passed_over": False,
            "seconds": 2.5,
            "objects": 5,
            "kept": 2,
            "added": 3,
            "changed": 2,
            "removed": 1,
        }
        assert replace(outcome, passed_over=True).as_event(
            self.shifted(), reviewer="anna", session="s", frame="a.jpg", seconds=2.5
        )["passed_over"]

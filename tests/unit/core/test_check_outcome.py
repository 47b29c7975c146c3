"""What counts as noticing a planted check, and what is said of the other labels."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoanno_gui.core.box import Box
from autoanno_gui.core.check_outcome import Outcome, final_labels, judge, left_alone, sent_away
from autoanno_gui.core.planting import Alteration, Label, Planted
from autoanno_gui.core.records import VerdictKind
from autoanno_gui.core.task import Task
from tests.unit.core.planting_kit import (
    BIKE,
    CAR,
    LABELS,
    LEFT,
    MIDDLE,
    RIGHT,
    altered,
    every_task,
    frames,
    object_at,
    one_of_each,
    outcome_of,
    shown_document,
)


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

    def test_a_label_that_was_shifted_a_little_has_to_be_about_right_again(self) -> None:
        """6 of 40 pixels off: 34 / 46 = 0.739; 5 off: 35 / 45 = 0.778, hardly more, but as good as the true one."""
        planted = Planted(LABELS, ((CAR, LEFT.moved(6, 0)), *LABELS[1:]), Alteration.SHIFTED, 0)
        assert not judge(planted, planted.labels).caught
        assert judge(planted, [(CAR, LEFT.moved(5, 0)), *LABELS[1:]]).caught

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

"""What is kept of a frame that is left, and of a sitting that ends."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from autoanno_gui.core.records import FrameState
from autoanno_gui.core.review_objects import Mark, Role
from autoanno_gui.review.outcome import Step
from tests.projects import USUAL, MadeProject, make_project
from tests.unit.review.conftest import Sit
from tests.unit.review.session_kit import BOX, draw, sit_again
from tests.unit.review.sitting import Sitting


def test_an_unfinished_frame_is_there_again_in_the_next_sitting(
    sitting: Sitting, sit_down: Sit, made: MadeProject
) -> None:
    drawn = draw(sitting)
    sitting.session.objects.select(1)
    sitting.session.objects.reject()
    sitting.done(sitting.session.next())
    sitting.session.objects.reject()
    again = sit_again(sitting, sit_down, made)
    assert again.document.get(drawn).geometry == BOX
    assert again.document.get(1).mark is Mark.REJECTED
    again.go_to(1)
    assert again.in_role(Role.REJECTED) == 1
    assert again.states == [FrameState.UNDECIDED] * 4


def test_a_draft_that_was_undone_is_dropped(sitting: Sitting) -> None:
    draw(sitting)
    sitting.session.save_draft()
    sitting.settle()
    assert sitting.draft(0) is not None
    sitting.undo()
    sitting.session.save_draft()
    sitting.settle()
    assert sitting.draft(0) is None


def test_a_draft_that_the_decision_overtook_stays_away(sitting: Sitting) -> None:
    with sitting.busy_store():
        draw(sitting)
        sitting.session.save_draft()
        outcome = sitting.session.accept_frame()
    assert outcome.commit is not None
    outcome.commit.result()
    sitting.settle()
    assert sitting.draft(0) is None
    assert sitting.stored_states[0] is FrameState.EDITED


def test_a_decision_does_not_cost_another_frame_its_draft(sitting: Sitting) -> None:
    session = sitting.session
    with sitting.busy_store():
        drawn = draw(sitting)
        session.next()
        sitting.paint()
        outcome = session.accept_frame()
    sitting.done(outcome)
    sitting.settle()
    assert str(drawn).encode() in (sitting.draft(0) or b"")


def test_taking_the_only_object_of_a_labelled_frame_away_is_kept(sit_down: Sit, tmp_path: Path) -> None:
    made = make_project(tmp_path, [None, USUAL])
    sitting = sit_down(made)
    sitting.go_to(0)
    drawn = draw(sitting)
    sitting.accept()
    sitting.go_to(0)
    sitting.session.objects.select(drawn)
    sitting.session.objects.reject()
    assert list(sitting.document) == []
    sitting.done(sitting.session.next())
    sitting = sit_again(sitting, sit_down, made)
    sitting.go_to(0)
    assert list(sitting.document) == []
    # Nothing was decided, so the labels stand.
    assert sitting.states[0] is FrameState.HAND_LABELLED
    assert len(sitting.decision(0).verdicts) == 1
    assert sitting.session.accept_frame().step is Step.ASK_EMPTY
    sitting.accept()
    assert sitting.decision(0).verdicts == ()
    assert sitting.draft(0) is None


def test_a_frame_that_is_put_off_keeps_what_was_done_on_it(sitting: Sitting, sit_down: Sit, made: MadeProject) -> None:
    drawn = draw(sitting)
    with sitting.busy_store():
        outcome = sitting.session.defer_frame()
        sitting.session.committed()  # as soon as that: the draft is still on its way
        sitting.session.open(sitting.ids[0])
        assert sitting.document.get(drawn) is not None
    assert outcome.commit is not None
    outcome.commit.result()
    again = sit_again(sitting, sit_down, made)
    assert again.number == 1
    again.go_to(0)
    assert again.document.get(drawn) is not None


def test_a_labelled_frame_that_is_put_off_keeps_its_labels(sitting: Sitting, sit_down: Sit, made: MadeProject) -> None:
    draw(sitting)
    sitting.accept()
    sitting.go_to(0)
    sitting.defer()
    again = sit_again(sitting, sit_down, made)
    assert again.states[0] is FrameState.DEFERRED
    again.go_to(0)
    assert again.in_role(Role.CONFIRMED) == 3
    again.accept()
    assert len(again.decision(0).verdicts) == 3


def test_the_end_of_a_sitting_is_recorded(sitting: Sitting, made: MadeProject) -> None:
    sitting.close()
    conn = sqlite3.connect(made.file)
    rows = conn.execute("SELECT reviewer, ended IS NOT NULL FROM session").fetchall()
    conn.close()
    assert rows == [("ann", 1)]

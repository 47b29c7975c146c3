"""Undo and redo of a sitting, across edits, decisions and frames."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.records import DecisionKind, FrameState, VerdictKind
from autoanno_gui.core.review_objects import FIRST_DRAWN_ID, Mark, Role
from autoanno_gui.review.outcome import NOTHING, Step
from autoanno_gui.store.store_thread import Priority
from tests.projects import UNSURE, USUAL, MadeProject, Proposal
from tests.unit.review.conftest import Sit
from tests.unit.review.session_kit import BOX, draw
from tests.unit.review.sitting import Sitting

EDGE = Proposal((0, 20, 60, 80), 0, 0.9)
"""It touches the left border."""


# ------------------------------------------------------------------------------------------------ undo and redo
def test_undo_goes_back_through_edits_and_decisions_across_frames(sitting: Sitting) -> None:
    session = sitting.session
    drawn = draw(sitting)
    sitting.accept()
    session.objects.select(0)
    session.objects.reject()
    sitting.done(session.next())
    assert sitting.number == 2

    outcome = sitting.undo()
    assert (outcome.step, outcome.text, sitting.number) == (Step.FRAME, "Undone: reject object.", 1)
    assert sitting.document.get(0).mark is Mark.NONE
    outcome = sitting.undo()
    assert (outcome.text, sitting.number) == ("Undone: frame edited.", 0)
    assert sitting.ledger == []
    assert sitting.document.get(drawn) is not None
    outcome = sitting.undo()
    assert (outcome.step, outcome.ids[0]) == (Step.OBJECTS, drawn)
    assert sitting.document.get(drawn) is None
    assert sitting.undo().text == "Nothing to undo."

    assert sitting.redo().text == "Redone: draw object."
    assert sitting.document.get(drawn) is not None
    assert sitting.redo().step is Step.FRAME
    assert sitting.number == 1
    assert [verdict.kind for verdict in sitting.decision(0).verdicts][-1] is VerdictKind.ADDED
    sitting.redo()
    assert sitting.document.get(0).mark is Mark.REJECTED
    assert sitting.redo().text == "Nothing to redo."
    assert len(sitting.ledger) == 1


def test_a_decision_that_is_redone_is_recorded_anew(sitting: Sitting) -> None:
    sitting.accept()
    before = sitting.decision(0)
    sitting.undo()
    sitting.redo()
    after = sitting.decision(0)
    assert after.uuid != before.uuid
    assert replace(after, uuid=before.uuid) == before


def test_undo_takes_the_frame_back_to_the_decision_before(sitting: Sitting) -> None:
    sitting.accept()
    sitting.go_to(0)
    sitting.session.objects.select(0)
    sitting.session.objects.reject()
    sitting.accept()
    assert sitting.states[0] is FrameState.EDITED
    sitting.undo()
    assert sitting.states[0] is sitting.stored_states[0] is FrameState.ACCEPTED
    assert sitting.in_role(Role.REJECTED) == 1


def test_undo_after_the_last_frame_brings_it_back(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[USUAL])
    draw(sitting)
    sitting.accept()
    assert sitting.undo().step is Step.FRAME
    assert not sitting.session.finished
    assert sitting.in_role(Role.CONFIRMED) == 1
    sitting.undo()
    assert sitting.in_role(Role.CONFIRMED) == 0


def test_a_new_decision_ends_what_could_be_redone(sitting: Sitting) -> None:
    sitting.accept()
    sitting.undo()
    sitting.reject()
    assert sitting.redo().text == "Nothing to redo."
    assert [entry.decision.kind for entry in sitting.ledger] == [DecisionKind.REJECTED]


# ------------------------------------------------------------------------------------------------ runs of nudges
def right(pixels: float) -> Callable[[Box], Box]:
    return lambda box: Box(box.x1 + pixels, box.y1, box.x2 + pixels, box.y2)


def test_a_run_of_nudges_is_one_step(sitting: Sitting) -> None:
    session = sitting.session
    session.objects.select(0)
    before = sitting.document.get(0).geometry
    for _ in range(3):
        session.objects.move_selected(right(1))
    assert sitting.document.get(0).geometry == right(3)(before)
    session.undo()
    assert sitting.document.get(0).geometry == before


def test_a_nudge_against_the_border_begins_no_run(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[(EDGE, UNSURE)] * 2)
    session = sitting.session
    sitting.accept()
    session.objects.select(0)
    stay: Callable[[Box], Box] = lambda box: box  # noqa: E731
    assert session.objects.move_selected(stay) is NOTHING
    assert session.objects.move_selected(right(1)).step is Step.OBJECTS
    assert sitting.undo().text == "Undone: move or resize."
    assert sitting.undo().text == "Undone: frame accepted."


# ------------------------------------------------------------------------------------------------ everything at once
def random_step(sitting: Sitting, random_: random.Random) -> None:
    session = sitting.session
    verb = random_.choice(
        [
            sitting.accept,
            sitting.accept,
            sitting.reject,
            sitting.defer,
            sitting.undo,
            sitting.undo,
            sitting.redo,
            lambda: sitting.done(session.next()),
            lambda: sitting.done(session.previous()),
            lambda: sitting.go_to(random_.randrange(len(sitting.ids))),
            session.objects.select_next,
            session.objects.accept,
            session.objects.reject,
            session.objects.swap_class,
            session.label_by_hand,
            lambda: session.objects.move_selected(right(random_.choice([-5, 0, 7]))),
            lambda: session.objects.add(BOX, min(session.classes)),
            lambda: session.set_threshold(random_.choice([0.2, 0.5, 0.8])),
        ]
    )
    verb()


@pytest.mark.parametrize("seed", range(6))
def test_whatever_was_done_session_and_ledger_agree_and_undo_leads_back(
    sit_down: Sit, made: MadeProject, seed: int
) -> None:
    sitting, random_ = sit_down(made), random.Random(seed)
    for _ in range(60):
        random_step(sitting, random_)
    assert sitting.states == sitting.stored_states
    assert sitting.store.submit(Priority.OTHER, lambda writer: writer.rebuild_frame_state()).result() == 0
    adopted = {entry.decision.frame_id: entry.decision.verdicts for entry in sitting.ledger if entry.adopted}
    undone = 0
    while sitting.session.history.to_undo is not None:
        sitting.undo()
        undone += 1
    assert undone > 5
    assert sitting.states == sitting.stored_states == [FrameState.UNDECIDED] * 4
    assert sitting.ledger == []
    for frame in range(4):
        sitting.go_to(frame)
        assert all(item.mark is Mark.NONE and item.id < FIRST_DRAWN_ID for item in sitting.document)
    for _ in range(undone):
        sitting.redo()
    assert sitting.states == sitting.stored_states
    again = {entry.decision.frame_id: entry.decision.verdicts for entry in sitting.ledger if entry.adopted}
    assert again == adopted


def test_labels_are_still_there_when_putting_their_frame_off_is_done_again(sitting: Sitting) -> None:
    draw(sitting)
    sitting.accept()
    sitting.go_to(0)
    sitting.defer()
    sitting.undo()
    sitting.undo()
    sitting.redo()
    sitting.redo()
    assert sitting.states[0] is FrameState.DEFERRED
    sitting.go_to(0)
    assert sitting.in_role(Role.CONFIRMED) == 3

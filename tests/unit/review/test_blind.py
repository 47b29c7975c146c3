"""Frames that are labelled before what the model proposed for them may be seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.queue_filter import QueueFilter
from autoanno_gui.core.records import DecisionKind, FrameState, PresentationMode, VerdictKind
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.fact_reader import read_facts
from autoanno_gui.review.honesty import LEAST_FRAMES
from autoanno_gui.review.outcome import Step
from autoanno_gui.review.queue_keeper import News, QueueKeeper, SortRequest
from tests.projects import GHOST, SURE, UNSURE, USUAL, MadeProject, make_project
from tests.unit.review.conftest import Sit
from tests.unit.review.honesty_kit import blind_numbers, open_blind
from tests.unit.review.session_kit import draw
from tests.unit.review.sheet_kit import sheet_of
from tests.unit.review.sitting import Sitting


@pytest.fixture
def sitting(sit_down: Sit, fresh: MadeProject) -> Sitting:
    return sit_down(fresh)


def label_as_the_model(sitting: Sitting, *boxes: tuple[float, float, float, float]) -> None:
    classes = {record.name: record.id for record in sitting.session.classes.values()}
    for box in boxes:
        sitting.session.objects.add(Box(*box), classes["cat"])


def test_about_half_of_the_random_stream_is_blind(sitting: Sitting) -> None:
    guards = sitting.session.guards
    stream = [number for number, frame_id in enumerate(sitting.ids) if guards.in_stream(frame_id)]
    blind = blind_numbers(sitting)
    assert 2 <= len(stream) <= 15
    assert blind
    assert set(blind) <= set(stream)
    assert np.flatnonzero(guards.hidden()).tolist() == blind


def test_nothing_is_blind_without_checks_or_in_a_small_folder(
    sit_down: Sit, fresh: MadeProject, tmp_path: Path
) -> None:
    off = sit_down(fresh, checks=False)
    assert not blind_numbers(off)
    assert not off.session.guards.hidden().any()
    off.close()
    small = sit_down(make_project(tmp_path, [USUAL] * (LEAST_FRAMES - 1), name="small"))
    assert not blind_numbers(small)


def test_nothing_of_the_predictions_can_be_seen_or_touched(sitting: Sitting) -> None:
    open_blind(sitting)
    session = sitting.session
    assert session.presentation is not None
    assert session.presentation.objects() == []
    counts = session.presentation.counts()
    assert (counts.candidates, counts.ghosts, counts.confirmed, counts.rejected) == (0, 0, 0, 0)
    session.objects.toggle_ghosts()
    session.set_threshold(0.05)
    session.objects.select_all()
    session.objects.accept()
    session.objects.reject()
    session.objects.adopt(0)
    assert session.label_by_hand().step is Step.NOTHING
    assert session.presentation.objects() == []
    assert sitting.document.shown == ()
    assert not sitting.document.has_traces


def test_the_contact_sheet_and_filters_leave_blind_frames_out(sitting: Sitting) -> None:
    blind = {sitting.ids[number] for number in blind_numbers(sitting)}
    assert blind.isdisjoint(item.frame_id for item in sheet_of(sitting, size=1000).shown)
    session = sitting.session
    with sitting.store.reader() as reader:
        keeper = QueueKeeper(reader)
        keeper.update(News(everything=True))
        wanted = QueueFilter(class_id=min(session.classes))
        request = SortRequest(
            session.frames.columns(), 0, session.queue_settings, session.thresholds, checks=True, wanted=wanted
        )
        found = keeper.sort(request)
    assert found is not None
    assert found.matches is not None
    passing = set(session.frames.ids[found.matches].tolist())
    assert passing == set(sitting.ids) - blind


def test_the_labels_are_safe_before_the_predictions_are_revealed(sitting: Sitting) -> None:
    number = open_blind(sitting)
    draw(sitting)
    outcome = sitting.session.accept_frame()
    assert outcome.step is Step.NOTHING
    assert sitting.document.mode is PresentationMode.BLIND
    assert not sitting.session.objects.enabled
    assert sitting.session.reveal().step is Step.NOTHING  # not before the store has acknowledged it
    sitting.done(outcome)
    assert sitting.number == number
    assert sitting.document.mode is PresentationMode.SETTLE
    stored = sitting.decision(number)
    assert (stored.kind, stored.mode) == (DecisionKind.HAND_LABELLED, PresentationMode.BLIND)
    assert [verdict.kind for verdict in stored.verdicts] == [VerdictKind.ADDED]
    assert stored.shown == ()
    assert stored.in_stream


def test_proposals_beside_the_labels_are_offers_that_nothing_accepts_by_itself(sitting: Sitting) -> None:
    number = open_blind(sitting)
    label_as_the_model(sitting, SURE.box)
    sitting.accept()
    # The sure one is agreed on; the unsure one and the ghost have no label.
    assert sitting.in_role(Role.CANDIDATE) == 0
    assert sorted(item.id for item in sitting.document.in_role(Role.GHOST)) == [1, 2]
    assert sitting.session.objects.selected == 1
    sitting.accept()
    stored = sitting.decision(number)
    assert (stored.kind, stored.mode) == (DecisionKind.HAND_LABELLED, PresentationMode.SETTLE)
    assert [verdict.kind for verdict in stored.verdicts] == [VerdictKind.ADDED]
    assert sitting.number != number


def test_a_proposal_of_another_class_on_a_label_is_shown(sitting: Sitting) -> None:
    open_blind(sitting)
    label_as_the_model(sitting, UNSURE.box)  # the model says dog
    sitting.accept()
    assert 1 in [item.id for item in sitting.document.in_role(Role.GHOST)]


def test_what_the_reviewer_missed_can_be_taken_from_the_model(sitting: Sitting) -> None:
    number = open_blind(sitting)
    label_as_the_model(sitting, SURE.box)
    sitting.accept()
    sitting.session.objects.accept()
    sitting.accept()
    kinds = [verdict.kind for verdict in sitting.decision(number).verdicts]
    assert sorted(kinds) == [VerdictKind.ADDED, VerdictKind.PROMOTED]


def test_undo_never_crosses_a_reveal(sitting: Sitting) -> None:
    sitting.accept()
    number = open_blind(sitting)
    draw(sitting)
    sitting.accept()
    before = list(sitting.document)
    outcome = sitting.undo()
    assert outcome.step is Step.NOTHING
    assert "since the model's proposals are shown" in outcome.text
    assert list(sitting.document) == before
    assert sitting.stored_states[0] is FrameState.ACCEPTED
    sitting.accept()
    sitting.undo()  # the settling, and no further
    assert (sitting.number, sitting.document.mode) == (number, PresentationMode.SETTLE)
    assert sitting.undo().step is Step.NOTHING
    assert sitting.stored_states[number] is FrameState.HAND_LABELLED
    assert sitting.decision(number).mode is PresentationMode.BLIND


def test_a_failed_save_reveals_nothing(sitting: Sitting) -> None:
    number = open_blind(sitting)
    draw(sitting)
    with sitting.failing_disk():
        outcome = sitting.session.accept_frame()
        assert outcome.commit is not None
        assert outcome.commit.exception(20) is not None
        back = sitting.session.commit_failed()
        sitting.done(back)
    assert (sitting.number, sitting.document.mode) == (number, PresentationMode.BLIND)
    assert sitting.session.reveal().step is Step.NOTHING
    assert sitting.in_role(Role.CONFIRMED) == 1
    sitting.accept()
    assert sitting.document.mode is PresentationMode.SETTLE


def test_an_empty_blind_frame_is_confirmed_once_and_settled_without_asking_again(sitting: Sitting) -> None:
    number = open_blind(sitting)
    assert sitting.accept().step is Step.ASK_EMPTY
    sitting.accept()
    assert sitting.document.mode is PresentationMode.SETTLE
    assert sorted(item.id for item in sitting.document.in_role(Role.GHOST)) == [0, 1, 2]
    sitting.accept()
    assert sitting.number != number
    assert sitting.decision(number).verdicts == ()


def test_a_draft_of_a_blind_frame_stays_blind(sitting: Sitting, sit_down: Sit, fresh: MadeProject) -> None:
    number = open_blind(sitting)
    draw(sitting)
    sitting.go_to(0 if number else 1)
    sitting.settle()
    sitting.close()
    again = sit_down(fresh)
    again.go_to(number)
    assert again.document.mode is PresentationMode.BLIND
    assert again.in_role(Role.CONFIRMED) == 1


def test_a_frame_that_was_labelled_blind_opens_for_settling_in_the_next_sitting(
    sitting: Sitting, sit_down: Sit, fresh: MadeProject
) -> None:
    number = open_blind(sitting)
    label_as_the_model(sitting, SURE.box)
    sitting.accept()
    sitting.close()
    again = sit_down(fresh)
    again.go_to(number)
    assert again.document.mode is PresentationMode.SETTLE
    assert again.in_role(Role.CONFIRMED) == 1
    assert again.in_role(Role.GHOST) == 2


def test_what_was_seen_before_the_folder_was_complete_is_not_hidden_any_more(sitting: Sitting) -> None:
    number = blind_numbers(sitting)[0]
    frame = sitting.session.frames.get(sitting.ids[number])
    sitting.session.guards.note_seen(frame.id)
    sitting.go_to(number)
    assert sitting.document.mode is PresentationMode.NORMAL
    assert not sitting.session.guards.hidden()[number]


def test_figures_compare_blind_labels_with_the_candidates(sitting: Sitting) -> None:
    """Candidates are SURE and UNSURE; labels are one on SURE, one on the ghost, one on nothing."""
    open_blind(sitting)
    label_as_the_model(sitting, SURE.box, GHOST.box, (100.0, 160.0, 140.0, 200.0))
    sitting.accept()
    sitting.accept()
    with sitting.store.reader() as reader:
        table = FactTable.of(read_facts(reader))
    (frame,) = table.blind
    assert frame.mode is PresentationMode.SETTLE
    fact = frame.blind
    assert fact is not None
    assert (fact.objects, fact.missed, fact.candidates, fact.unfounded, fact.late) == (3, 2, 2, 1, 0)
    # Of the predictions from the ghost floor up: SURE is right; UNSURE has no label; the ghost is a bird, labelled cat.
    assert [(round(one.confidence, 1), one.right, one.candidate) for one in frame.settled] == [
        (0.9, True, True),
        (0.6, False, True),
        (0.3, False, False),
    ]
    assert not table.judged.any()

"""Ways into a blind frame, out of it and back: whatever was seen is seen, and whatever was not stays hidden."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autoanno_gui.core.draft import encode_draft, summarise_draft
from autoanno_gui.core.errors import FrameErrorCode
from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.judged_page import SheetItem, SheetVerdict
from autoanno_gui.core.queue_filter import QueueFilter
from autoanno_gui.core.queue_settings import QueueSettings
from autoanno_gui.core.records import FrameState, PresentationMode, VerdictKind
from autoanno_gui.core.review_objects import Role
from autoanno_gui.core.trial import Arm, Trial
from autoanno_gui.review.fact_reader import read_facts
from autoanno_gui.review.honesty import LEAST_FRAMES
from autoanno_gui.review.outcome import Step
from autoanno_gui.review.queue_keeper import News, QueueKeeper, SortRequest
from autoanno_gui.store.store_thread import Priority
from tests.projects import USUAL, MadeProject, copy_of, make_project
from tests.unit.review.conftest import Sit
from tests.unit.review.honesty_kit import blind_numbers, open_blind
from tests.unit.review.session_kit import draw
from tests.unit.review.sitting import Sitting


@pytest.fixture
def sitting(sit_down: Sit, fresh: MadeProject) -> Sitting:
    return sit_down(fresh)


@pytest.fixture
def waiting(sit_down: Sit, fresh: MadeProject) -> tuple[Sitting, int, int]:
    """A frame of the blind half that waits for its predictions: its number, and where these are."""
    sitting = sit_down(fresh, model_active=True)
    number = next(number for number in blind_numbers(sitting) if number)
    frame = sitting.session.frames.get(sitting.ids[number])
    assert frame.run_frame_id is not None
    sitting.session.frames.update(replace(frame, run_frame_id=None))
    sitting.go_to(number)
    assert sitting.session.waiting
    return sitting, number, frame.run_frame_id


def fresh_of(made: MadeProject) -> MadeProject:
    """Return the project once more, with a file of its own."""
    folder = made.file.parent / "once_more"
    folder.mkdir()
    return copy_of(made, folder)


def leave(sitting: Sitting, number: int) -> None:
    sitting.go_to(0 if number else 1)
    sitting.settle()


# ------------------------------------------------------------------------------------------------ predictions that come
def test_what_was_drawn_while_the_frame_waited_does_not_reveal_its_predictions(
    waiting: tuple[Sitting, int, int],
) -> None:
    sitting, number, run_frame_id = waiting
    draw(sitting)
    assert sitting.session.predictions_arrived(sitting.ids[number], run_frame_id)
    assert sitting.document.mode is PresentationMode.BLIND
    assert (sitting.in_role(Role.CONFIRMED), sitting.in_role(Role.CANDIDATE, Role.GHOST)) == (1, 0)
    sitting.accept()
    assert sitting.document.mode is PresentationMode.SETTLE


def test_nor_does_it_where_the_frame_was_drawn_to_be_labelled_from_nothing(waiting: tuple[Sitting, int, int]) -> None:
    sitting, number, run_frame_id = waiting
    session = sitting.session
    assert session.frame is not None
    session.trials.take(Trial(1, "2026-01-01T10:00:00+00:00", "ann", 1, {session.frame.path: Arm.HAND}))
    draw(sitting)
    session.predictions_arrived(sitting.ids[number], run_frame_id)
    assert sitting.document.mode is PresentationMode.HAND
    assert sitting.in_role(Role.CANDIDATE, Role.GHOST) == 0


def test_nor_do_they_when_they_came_while_another_frame_was_open(
    waiting: tuple[Sitting, int, int], sit_down: Sit, fresh: MadeProject
) -> None:
    sitting, number, run_frame_id = waiting
    draw(sitting)
    leave(sitting, number)
    sitting.session.predictions_arrived(sitting.ids[number], run_frame_id)
    sitting.go_to(number)
    assert sitting.document.mode is PresentationMode.BLIND
    sitting.close()
    again = sit_down(fresh, model_active=True)
    again.go_to(number)
    assert again.document.mode is PresentationMode.BLIND
    assert again.in_role(Role.CONFIRMED) == 1


def test_labelling_by_hand_and_back_is_no_way_to_predictions_that_came_meanwhile(
    waiting: tuple[Sitting, int, int],
) -> None:
    sitting, number, run_frame_id = waiting
    session = sitting.session
    session.label_by_hand()
    session.predictions_arrived(sitting.ids[number], run_frame_id)
    assert sitting.document.mode is PresentationMode.HAND
    outcome = session.label_by_hand()
    assert sitting.document.mode is PresentationMode.BLIND
    assert "blind check" in outcome.text
    assert session.presentation is not None
    assert session.presentation.objects() == []
    assert sitting.ids[number] not in session.guards.seen


def test_a_filter_leaves_out_blind_frames_whose_predictions_are_newer_than_the_list_of_frames(
    waiting: tuple[Sitting, int, int],
) -> None:
    sitting, number, _ = waiting
    session = sitting.session
    with sitting.store.reader() as reader:
        keeper = QueueKeeper(reader)
        keeper.update(News(everything=True))
        wanted = QueueFilter(class_id=min(session.classes))
        found = keeper.sort(
            SortRequest(session.frames.columns(), 0, session.queue_settings, session.thresholds, wanted=wanted)
        )
    assert found is not None
    assert found.matches is not None
    assert not found.matches[number]
    assert session.hidden()[number]


def test_predictions_that_come_to_the_open_frame_are_seen(sit_down: Sit, fresh: MadeProject) -> None:
    sitting = sit_down(fresh, model_active=True)
    session = sitting.session
    number = next(number for number in range(1, 20) if number not in blind_numbers(sitting))
    frame = session.frames.get(sitting.ids[number])
    session.frames.update(replace(frame, run_frame_id=None))
    sitting.go_to(number)
    assert frame.run_frame_id is not None
    session.predictions_arrived(frame.id, frame.run_frame_id)
    assert frame.id in session.guards.seen


# ------------------------------------------------------------------------------------------------ what was seen
def test_whoever_looked_at_the_proposals_of_a_rejected_frame_labels_it_blind_no_more(sitting: Sitting) -> None:
    number = open_blind(sitting)
    sitting.reject()
    sitting.go_to(number)
    assert sitting.document.mode is PresentationMode.HAND
    sitting.session.label_by_hand()
    assert sitting.in_role(Role.CANDIDATE) == 2
    sitting.undo()
    assert (sitting.number, sitting.states[number]) == (number, FrameState.UNDECIDED)
    assert sitting.document.mode is PresentationMode.NORMAL
    assert not sitting.session.guards.hidden()[number]


def test_what_was_drawn_blind_before_that_is_labelled_by_hand_and_claims_nothing(sitting: Sitting) -> None:
    number = open_blind(sitting)
    draw(sitting)
    sitting.reject()
    sitting.go_to(number)
    sitting.session.label_by_hand()
    sitting.undo()
    assert sitting.number == number
    assert sitting.document.mode is PresentationMode.HAND
    sitting.accept()
    assert sitting.decision(number).mode is PresentationMode.HAND


def test_a_rejected_frame_that_nobody_looked_into_is_still_blind_after_undo(sitting: Sitting) -> None:
    number = open_blind(sitting)
    sitting.reject()
    sitting.go_to(number)
    sitting.undo()
    assert (sitting.number, sitting.document.mode) == (number, PresentationMode.BLIND)


def test_without_checks_a_draft_that_was_made_blind_is_labelled_by_hand(
    sitting: Sitting, sit_down: Sit, fresh: MadeProject
) -> None:
    number = open_blind(sitting)
    draw(sitting)
    leave(sitting, number)
    sitting.close()
    again = sit_down(fresh, checks=False)
    again.go_to(number)
    assert again.document.mode is PresentationMode.HAND
    assert again.in_role(Role.CONFIRMED) == 1
    again.session.label_by_hand()
    assert again.in_role(Role.CANDIDATE) == 2


def test_a_frame_whose_picture_was_replaced_has_nothing_to_lay_beside_its_labels(sitting: Sitting) -> None:
    number = open_blind(sitting)
    draw(sitting)
    sitting.session.note_replaced(sitting.ids[number])
    assert sitting.document.mode is PresentationMode.HAND
    sitting.accept()
    assert sitting.number != number
    assert sitting.decision(number).mode is PresentationMode.HAND


def test_a_blind_frame_whose_file_was_away_for_a_while_stays_blind(sitting: Sitting) -> None:
    number = open_blind(sitting)
    draw(sitting)
    session = sitting.session
    assert session.frame is not None
    session.note_fault(replace(session.frame, error=FrameErrorCode.MISSING, state=FrameState.FAILED), "It is gone.")
    leave(sitting, number)
    sitting.go_to(number)
    session.note_readable(sitting.ids[number])
    assert sitting.states[number] is FrameState.UNDECIDED
    assert sitting.document.mode is PresentationMode.BLIND
    assert sitting.in_role(Role.CONFIRMED) == 1


def test_a_blind_frame_that_is_put_off_stays_blind(sitting: Sitting) -> None:
    number = open_blind(sitting)
    sitting.defer()
    assert sitting.session.guards.hidden()[number]
    sitting.go_to(number)
    assert sitting.document.mode is PresentationMode.BLIND


# ------------------------------------------------------------------------------------------------ what was not seen
def test_a_draft_says_that_nothing_was_shown_and_what_is_taken_later_counts_as_late(
    sitting: Sitting, sit_down: Sit, fresh: MadeProject
) -> None:
    number = open_blind(sitting)
    draw(sitting)
    leave(sitting, number)
    sitting.close()
    again = sit_down(fresh)
    again.go_to(number)
    assert again.document.shown == ()
    draw(again)
    leave(again, number)
    body = again.draft(number)
    assert body is not None
    assert summarise_draft(body).shown == frozenset()
    again.go_to(number)
    again.accept()
    again.session.objects.select(0)  # what was a sure candidate
    again.session.objects.accept()
    again.accept()
    kinds = sorted(verdict.kind for verdict in again.decision(number).verdicts)
    assert kinds == [VerdictKind.ADDED, VerdictKind.ADDED, VerdictKind.PROMOTED]
    with again.store.reader() as reader:
        (frame,) = FactTable.of(read_facts(reader)).blind
    assert frame.blind is not None
    assert frame.blind.late == 1


def test_space_leaves_out_every_offer_even_when_all_are_selected(sitting: Sitting) -> None:
    number = open_blind(sitting)
    draw(sitting)
    sitting.accept()
    sitting.session.objects.select_all()
    sitting.session.set_threshold(0.05)
    sitting.session.set_threshold(0.5)
    assert sitting.accept().step is Step.FRAME
    assert [verdict.kind for verdict in sitting.decision(number).verdicts] == [VerdictKind.ADDED]


def test_labels_that_are_being_saved_are_no_draft_that_would_have_to_be_labelled_again(
    sitting: Sitting, sit_down: Sit, fresh: MadeProject
) -> None:
    number = open_blind(sitting)
    draw(sitting)
    outcome = sitting.session.accept_frame()
    assert outcome.commit is not None
    outcome.commit.result(20)
    sitting.close()  # before anything was revealed
    again = sit_down(fresh)
    assert again.draft(number) is None
    again.go_to(number)
    assert again.document.mode is PresentationMode.SETTLE
    assert again.in_role(Role.CONFIRMED) == 1


def test_an_object_of_a_blind_frame_is_not_judged_on_a_sheet_that_was_made_before(sitting: Sitting) -> None:
    number = blind_numbers(sitting)[0]
    session = sitting.session
    frame = session.frames.get(sitting.ids[number])
    assert frame.run_frame_id is not None
    class_id = min(session.classes)
    item = SheetItem(frame.id, frame.run_frame_id, 0)
    assert not session.pages.standing(item, class_id)
    outcome = session.pages.record({item: SheetVerdict(VerdictKind.ACCEPTED, class_id)}, class_id=class_id, seconds=1.0)
    assert outcome.commit is None
    session.guards.note_seen(frame.id)
    assert session.pages.standing(item, class_id)


def test_labels_that_were_made_blind_are_settled_whatever_an_older_draft_says(
    sitting: Sitting, sit_down: Sit, fresh: MadeProject
) -> None:
    number = open_blind(sitting)
    draw(sitting)
    body = encode_draft(sitting.document)
    sitting.accept()
    sitting.store.submit(Priority.OTHER, lambda w: w.save_draft(sitting.ids[number], body)).result()
    sitting.close()
    again = sit_down(fresh)
    again.go_to(number)
    assert again.document.mode is PresentationMode.SETTLE
    assert again.in_role(Role.CONFIRMED) == 1


# ------------------------------------------------------------------------------------------------ what is not blind
def test_a_small_folder_has_no_blind_frame_however_many_are_drawn(sit_down: Sit, tmp_path: Path) -> None:
    small = sit_down(make_project(tmp_path, [USUAL] * (LEAST_FRAMES - 1), name="small"))
    small.session.set_queue_settings(QueueSettings(audit_every=2))
    for number in range(1, 20):
        small.go_to(number)
        assert small.document.mode is PresentationMode.NORMAL
    assert not small.session.hidden().any()


def test_frames_of_the_tuning_sample_are_reviewed_with_their_ghosts(sitting: Sitting) -> None:
    session = sitting.session
    number = blind_numbers(sitting)[0]
    session.tuning_sample = (sitting.ids[number],)
    assert not session.hidden()[number]
    sitting.go_to(number)
    assert sitting.document.mode is PresentationMode.NORMAL
    assert session.objects.ghosts_shown


def test_a_frame_that_was_begun_with_its_proposals_in_sight_is_finished_like_that(
    sit_down: Sit, fresh: MadeProject
) -> None:
    before = sit_down(fresh, checks=False)
    probe = sit_down(fresh_of(fresh))
    number = blind_numbers(probe)[0]
    before.go_to(number)
    before.session.objects.accept()
    leave(before, number)
    before.close()
    again = sit_down(fresh)
    again.go_to(number)
    assert again.document.mode is PresentationMode.NORMAL
    assert again.in_role(Role.CONFIRMED) == 1


def test_hidden_positions_are_those_of_open_frames_only(sitting: Sitting) -> None:
    number = open_blind(sitting)
    before = set(np.flatnonzero(sitting.session.hidden()).tolist())
    draw(sitting)
    sitting.accept()
    assert before - set(np.flatnonzero(sitting.session.hidden()).tolist()) == {number}

"""Decided frames that come again with one label altered: no metric, no label and no step of the history knows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from autoanno_gui.core.check_outcome import final_labels
from autoanno_gui.core.planting import Alteration
from autoanno_gui.core.records import FrameState
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.outcome import Step
from autoanno_gui.review.reports import metrics_report
from autoanno_gui.store.store_thread import Priority
from tests.projects import USUAL, MadeProject, make_project
from tests.unit.review.conftest import Sit
from tests.unit.review.honesty_kit import EVERY, SPARED, accept, events, go_to_check
from tests.unit.review.session_kit import draw
from tests.unit.review.sitting import Sitting


@pytest.fixture
def sitting(sit_down: Sit, fresh: MadeProject) -> Sitting:
    return sit_down(fresh, check_every=EVERY)


def metrics(sitting: Sitting) -> dict[str, Any]:
    sitting.settle()
    with sitting.store.reader() as reader:
        return metrics_report(reader)


def test_a_decided_frame_comes_again_with_one_label_altered(sitting: Sitting) -> None:
    go_to_check(sitting)
    shown = sitting.session.checks.shown
    assert shown is not None
    frame = sitting.session.frame
    assert frame is not None
    assert frame.state.labelled
    truth = final_labels(sitting.decision(sitting.number).verdicts)
    seen = [(item.class_id, item.geometry) for item in sitting.document.in_role(Role.CANDIDATE)]
    assert len(set(truth) - set(seen)) == 1
    assert len(seen) == len(truth) - (shown.prepared.planted.alteration is Alteration.REMOVED)
    # The queue marks the frame that comes after it, so that no row tells.
    listed = sitting.session.frames.get(sitting.session.listed_id)
    assert listed.state is FrameState.UNDECIDED


def test_passing_it_by_is_an_event_and_nothing_else(sitting: Sitting) -> None:
    go_to_check(sitting)
    before, states, decisions = metrics(sitting), sitting.stored_states, len(sitting.ledger)
    assert sitting.session.frame is not None
    following, path = sitting.session.listed_id, sitting.session.frame.path
    outcome = sitting.accept()
    assert sitting.session.frame is not None
    assert sitting.session.frame.id == following
    assert "It slipped through. Your labels are as you left them." in outcome.text
    (event,) = events(sitting)
    assert (event["frame"], event["caught"], event["passed_over"]) == (path, False, False)
    assert event["objects"] == event["kept"]
    assert (sitting.stored_states, len(sitting.ledger)) == (states, decisions)
    after = metrics(sitting)
    assert (before["checks"]["planted"], after["checks"]["planted"]) == (0, 1)
    for key in after.keys() - {"checks", "notes"}:
        assert after[key] == before[key], key


def test_rejecting_the_frame_catches_it_and_leaves_its_labels(sitting: Sitting) -> None:
    go_to_check(sitting)
    number, labels = sitting.number, sitting.decision(sitting.number)
    outcome = sitting.reject()
    assert "You caught it" in outcome.text
    assert events(sitting)[0]["caught"] is True
    assert sitting.decision(number) == labels
    assert sitting.stored_states[number] is FrameState.ACCEPTED


def test_putting_right_what_was_altered_catches_it(sitting: Sitting) -> None:
    go_to_check(sitting)
    shown = sitting.session.checks.shown
    assert shown is not None
    planted = shown.prepared.planted
    true_class, geometry = planted.true_label
    session = sitting.session
    if planted.altered_label is None:
        session.objects.add(geometry, true_class)
    else:
        right = set(planted.unaltered)
        candidates = sitting.document.in_role(Role.CANDIDATE)
        wrong = next(item for item in candidates if (item.class_id, item.geometry) not in right)
        session.objects.select(wrong.id)
        session.objects.reject()
        session.objects.add(geometry, true_class)
    sitting.accept()
    (event,) = events(sitting)
    assert event["caught"] is True
    assert (event["kept"], event["added"], event["removed"]) == (event["objects"], 0, 0)


@pytest.mark.parametrize("leave", ["next", "open", "defer"])
def test_leaving_it_passes_it_over_and_leads_to_the_next_frame(sitting: Sitting, leave: str) -> None:
    go_to_check(sitting)
    following, number = sitting.session.listed_id, sitting.number
    session = sitting.session
    session.objects.reject()
    match leave:
        case "next":
            sitting.done(session.next())
        case "open":
            sitting.done(session.open(following))
        case "defer":
            sitting.defer()
    assert session.frame is not None
    assert session.frame.id == following
    (event,) = events(sitting)
    assert (event["passed_over"], event["caught"]) == (True, False)
    assert sitting.draft(number) is None
    assert sitting.stored_states[number].labelled


def test_previous_leads_to_the_frame_before_the_one_that_is_listed(sitting: Sitting) -> None:
    go_to_check(sitting)
    place = sitting.session.queue.place_of(sitting.session.listed_id)
    before = sitting.session.queue.at(place - 1).id
    sitting.done(sitting.session.previous())
    assert sitting.session.frame is not None
    assert sitting.session.frame.id == before


def test_opening_the_frame_itself_shows_its_true_labels(sitting: Sitting) -> None:
    go_to_check(sitting)
    number = sitting.number
    truth = final_labels(sitting.decision(number).verdicts)
    sitting.go_to(number)
    assert not sitting.session.planted
    assert [(i.class_id, i.geometry) for i in sitting.document.in_role(Role.CONFIRMED, Role.CANDIDATE)] == truth


def test_undo_takes_back_what_was_done_on_it_and_then_the_decision_before(sitting: Sitting) -> None:
    go_to_check(sitting)
    session = sitting.session
    decided = next(session.history.done())
    session.objects.reject()
    assert sitting.in_role(Role.REJECTED) == 1
    sitting.undo()
    assert session.planted
    assert sitting.in_role(Role.REJECTED) == 0
    sitting.undo()
    assert not session.planted
    assert session.frame is not None
    assert session.frame.id == decided.frame_id  # type: ignore[union-attr]
    assert session.frame.state is FrameState.UNDECIDED
    assert [event["passed_over"] for event in events(sitting)] == [True]


def test_no_step_on_it_can_be_undone_afterwards(sitting: Sitting) -> None:
    go_to_check(sitting)
    number = sitting.number
    before = list(sitting.session.history.done())
    sitting.session.objects.reject()
    draw(sitting)
    sitting.accept()
    assert list(sitting.session.history.done()) == before
    assert sitting.session.history.to_redo is None
    assert sitting.stored_states[number] is FrameState.ACCEPTED


def test_its_picture_is_made_ready_before_it_comes(sitting: Sitting) -> None:
    for _ in range(SPARED + 3 * EVERY):
        waiting = sitting.session.checks.waiting
        if waiting is not None:
            assert waiting.frame_id in sitting.session.look_ahead(count=5)
        accept(sitting)
        if sitting.session.planted:
            assert waiting is not None
            assert sitting.session.frame is not None
            assert waiting.frame_id == sitting.session.frame.id
            assert sitting.session.look_ahead(count=5)[0] == sitting.session.listed_id
            return
    raise AssertionError("no check came")


def test_there_is_none_without_checks_or_in_a_small_folder(sit_down: Sit, fresh: MadeProject, tmp_path: Path) -> None:
    off = sit_down(fresh, checks=False, check_every=1)
    small = sit_down(make_project(tmp_path, [USUAL] * 60, name="small"), check_every=1)
    for each in (off, small):
        for _ in range(SPARED + 10):
            accept(each)
            assert not each.session.planted


def test_a_decision_that_fails_brings_its_frame_back_from_behind_a_check(sitting: Sitting) -> None:
    session = sitting.session
    while session.checks.waiting is None:
        accept(sitting)
    number = sitting.number
    with sitting.failing_disk():
        outcome = session.accept_frame()
        assert session.planted
        assert outcome.commit is not None
        assert outcome.commit.exception(20) is not None
        sitting.done(session.commit_failed())
        sitting.settle()
    assert not session.planted
    assert sitting.number == number
    assert outcome.step is Step.FRAME


def test_a_check_made_for_other_thresholds_is_not_shown(sitting: Sitting) -> None:
    session = sitting.session
    while session.checks.waiting is None:
        accept(sitting)
    session.set_threshold(0.7)
    accept(sitting)
    assert not session.planted
    assert session.checks.waiting is not None  # it is still owed
    accept(sitting)
    assert session.planted


def test_labels_of_merged_classes_are_shown_as_what_they_are_today(sitting: Sitting) -> None:
    session = sitting.session
    by_name = {record.name: record.id for record in session.classes.values()}
    for _ in range(SPARED + 1):
        accept(sitting)
    sitting.store.submit(Priority.OTHER, lambda w: w.merge_class(by_name["cat"], by_name["dog"])).result()
    session.reload_classes()
    go_to_check(sitting)
    assert {item.class_id for item in sitting.document} <= set(session.classes)

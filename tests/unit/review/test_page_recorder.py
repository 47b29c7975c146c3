"""What a page of the contact sheet writes, what it leaves alone, and what is left when it cannot be written."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import replace

import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.errors import ProjectError
from autoanno_gui.core.history import PageEntry
from autoanno_gui.core.judged_page import JudgedPage
from autoanno_gui.core.records import (
    DecisionKind,
    FrameState,
    How,
    PresentationMode,
    VerdictKind,
)
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.commits import PageAct
from autoanno_gui.review.outcome import NOTHING
from autoanno_gui.review.reports import metrics_report
from autoanno_gui.store.store_thread import Priority
from tests.projects import (
    SURE,
    USUAL,
    Proposal,
)
from tests.unit.review.conftest import Sit
from tests.unit.review.sheet_kit import (
    TWO_CATS,
    class_of,
    drafts,
    events,
    record,
    sheet_of,
)
from tests.unit.review.sitting import Sitting


# ------------------------------------------------------------------------------------------------ recording
def test_a_page_is_drafts_of_its_frames_and_one_event(sitting: Sitting) -> None:
    sitting.session.next()
    sheet = sheet_of(sitting)
    first, second, third, _ = sheet.shown
    cat, dog = class_of(sitting, "cat"), class_of(sitting, "dog")
    sheet.toggle_wrong(first)
    sheet.set_class(second, dog)
    sitting.done(record(sitting, sheet, sheet.shown))
    assert drafts(sitting) == [{0: ("rejected", cat)}, {0: ("accepted", dog)}, *[{0: ("accepted", cat)}] * 2]
    ((kind, _, body),) = events(sitting)
    assert kind == "contact_sheet"
    assert (body["reviewer"], body["class"], body["seconds"]) == ("ann", cat, 6.0)
    rows = [(row["frame"], row["prediction"], row["verdict"], row["class"]) for row in body["objects"]]
    assert rows == [
        ("frame_0.jpg", 0, "rejected", cat),
        ("frame_1.jpg", 0, "edited", dog),
        ("frame_2.jpg", 0, "accepted", cat),
        ("frame_3.jpg", 0, "accepted", cat),
    ]
    assert sum(row["seconds"] for row in body["objects"]) == pytest.approx(6.0)
    assert {row["run_frame"] for row in body["objects"]} == {item.run_frame_id for item in sheet.shown}
    assert sitting.states == sitting.stored_states == [FrameState.UNDECIDED] * 4
    assert sitting.ledger == []
    assert len(sheet_of(sitting)) == 0
    assert third in sitting.session.pages.recorded


def test_the_frame_is_decided_only_when_it_was_looked_at_itself(sitting: Sitting) -> None:
    sheet = sheet_of(sitting)
    sheet.toggle_wrong(sheet.shown[1])
    sitting.done(record(sitting, sheet, sheet.shown))
    sitting.go_to(1)
    assert {item.id: sitting.document.role(item) for item in sitting.document if item.id < 3} == {
        0: Role.REJECTED,
        1: Role.CANDIDATE,
        2: Role.GHOST,
    }
    sitting.accept()
    decision = sitting.decision(1)
    verdicts = {verdict.prediction: (verdict.kind, verdict.how) for verdict in decision.verdicts}
    assert verdicts == {0: (VerdictKind.REJECTED, How.OBJECT), 1: (VerdictKind.ACCEPTED, How.FRAME)}
    sitting.go_to(2)
    sitting.accept()
    verdicts = {verdict.prediction: (verdict.kind, verdict.how) for verdict in sitting.decision(2).verdicts}
    assert verdicts == {0: (VerdictKind.ACCEPTED, How.OBJECT), 1: (VerdictKind.ACCEPTED, How.FRAME)}


def test_it_never_judges_what_was_not_named(sitting: Sitting) -> None:
    sheet = sheet_of(sitting)
    sitting.done(record(sitting, sheet, sheet.shown[:1]))
    assert [list(found) for found in drafts(sitting)] == [[0], [], [], []]


def test_several_objects_of_one_frame_and_what_was_edited_there_before(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[TWO_CATS, TWO_CATS])
    sitting.session.objects.add(Box(100, 150, 150, 200), class_of(sitting, "bird"))
    sitting.session.save_draft()
    sheet = sheet_of(sitting)
    sheet.toggle_wrong(sheet.shown[0])
    sitting.done(record(sitting, sheet, sheet.shown))
    here, there = drafts(sitting)
    assert {mark for mark, _ in here.values()} == {"none", "rejected", "accepted"}
    assert sorted(there) == [0, 2]
    assert sitting.in_role(Role.CONFIRMED) == 2
    assert sitting.in_role(Role.REJECTED) == 1
    assert not sitting.document.unsaved


def test_what_was_on_no_screen_does_not_count_as_shown(sit_down: Sit) -> None:
    doubtful_dog = Proposal((220, 150, 300, 230), 1, 0.35)
    sitting = sit_down(proposals=[USUAL, (SURE, doubtful_dog), (SURE, doubtful_dog), USUAL])
    sitting.session.set_threshold(0.3)
    sitting.go_to(2)
    sitting.session.objects.add(Box(100, 150, 150, 200), class_of(sitting, "bird"))
    sitting.go_to(0)
    sitting.session.history.clear()
    sitting.go_to(3)
    sheet = sheet_of(sitting)
    sitting.done(record(sitting, sheet, sheet.shown))
    sitting.session.set_threshold(0.5)
    for number in (1, 2):
        sitting.go_to(number)
        sitting.accept()
    never, once = sitting.decision(1), sitting.decision(2)
    assert (never.shown, [verdict.prediction for verdict in never.verdicts]) == ((0,), [0])
    assert once.shown == (0, 1)
    assert [verdict.how for verdict in once.verdicts if verdict.prediction == 1] == [How.THRESHOLD]


def test_a_frame_that_was_left_is_judged_by_the_thresholds_of_now(sit_down: Sit) -> None:
    doubtful = Proposal((220, 150, 300, 230), 0, 0.35)
    doubtful_dog = Proposal((220, 20, 300, 90), 1, 0.36)
    sitting = sit_down(proposals=[(SURE, doubtful, doubtful_dog), USUAL])
    sitting.session.objects.add(Box(100, 150, 150, 200), class_of(sitting, "bird"))
    sitting.go_to(1)
    sitting.session.set_threshold(0.3)
    sheet = sheet_of(sitting)
    assert len(sheet) == 3
    assert all(sitting.session.pages.standing(item, class_of(sitting, "cat")) for item in sheet.shown)
    sitting.done(record(sitting, sheet, sheet.shown))
    sitting.session.set_threshold(0.5)
    sitting.go_to(0)
    sitting.accept()
    decision = sitting.decision(0)
    kinds = {verdict.prediction: verdict.kind for verdict in decision.verdicts}
    assert kinds == {0: VerdictKind.ACCEPTED, 2: VerdictKind.ACCEPTED, None: VerdictKind.ADDED}
    assert decision.shown == (0, 2), "the dog was on no screen"


def test_a_threshold_that_is_moved_over_the_sheet_shows_nothing_on_the_frame_below(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[(SURE, Proposal((220, 20, 300, 90), 1, 0.36))])
    sitting.session.set_in_sight(False)
    sitting.session.set_threshold(0.3)
    sitting.session.set_threshold(0.5)
    sitting.session.set_in_sight(True)
    sitting.accept()
    assert sitting.decision(0).shown == (0,)
    assert [verdict.prediction for verdict in sitting.decision(0).verdicts] == [0]


def test_the_seconds_of_a_page_are_seconds_of_its_frames(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[USUAL] * 4, clock=lambda: 0.0)
    sheet = sheet_of(sitting)
    sitting.done(record(sitting, sheet, sheet.shown, seconds=8.0))
    sitting.undo()
    sitting.done(record(sitting, sheet, sheet.shown, seconds=6.0))
    for number in (0, 1):
        sitting.go_to(number)
        sitting.accept()
    assert [(entry.decision.timing.active, entry.page_seconds) for entry in sitting.ledger] == [(0.0, 1.5)] * 2
    with sitting.store.reader() as reader:
        assert metrics_report(reader)["median_seconds_per_frame"] == 1.5


def test_the_seconds_of_a_page_belong_to_the_decision_that_follows(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[USUAL] * 2, clock=lambda: 0.0)
    sheet = sheet_of(sitting)
    sitting.done(record(sitting, sheet, sheet.shown[:1], seconds=2.0))
    sitting.go_to(0)
    sitting.defer()
    sitting.go_to(0)
    sitting.accept()
    sitting.go_to(0)
    sitting.accept()
    kinds = [(entry.decision.kind, entry.page_seconds) for entry in sitting.ledger]
    assert kinds == [
        (DecisionKind.DEFERRED, 0.0),
        (DecisionKind.ACCEPTED, 2.0),
        (DecisionKind.ACCEPTED, 0.0),
    ]


def test_an_object_is_shown_only_while_it_stands(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[USUAL] * 6)
    pages, cat, items = sitting.session.pages, class_of(sitting, "cat"), sheet_of(sitting).shown
    sitting.accept()
    sitting.go_to(5)
    sitting.defer()
    sitting.done(pages.record(sheet_of(sitting).verdicts(items[4:5]), class_id=cat, seconds=1.0))
    sitting.session.predictions_arrived(sitting.ids[2], 999)
    sitting.session.note_replaced(sitting.ids[3])
    assert [pages.standing(item, cat) for item in items] == [False, True, False, False, False, True]
    assert not pages.standing(replace(items[1], frame_id=999), cat)


def test_a_list_that_is_made_before_the_page_is_saved_is_without_it(sitting: Sitting) -> None:
    sitting.session.next()
    sheet = sheet_of(sitting)
    with sitting.busy_store():
        outcome = record(sitting, sheet, sheet.shown[1:])
        assert [item.frame_id for item in sheet_of(sitting).shown] == sitting.ids[:1]
    sitting.done(outcome)


def test_an_older_draft_does_not_come_after_the_page(sitting: Sitting) -> None:
    sheet = sheet_of(sitting)
    with sitting.busy_store():
        sitting.session.objects.add(Box(100, 150, 150, 200), class_of(sitting, "bird"))
        sitting.session.save_draft()
        outcome = record(sitting, sheet, sheet.shown)
    sitting.done(outcome)
    assert [len(found) for found in drafts(sitting)] == [2, 1, 1, 1]


def test_nothing_else_is_recorded_or_decided_until_the_store_has_it(sitting: Sitting) -> None:
    sheet = sheet_of(sitting)
    with sitting.busy_store():
        outcome = record(sitting, sheet, sheet.shown[:2])
        assert record(sitting, sheet, sheet.shown[2:]) is NOTHING
        assert sitting.session.accept_frame() is NOTHING
        assert sitting.session.open(sitting.ids[2]) is NOTHING
        assert sitting.session.undo().commit is None
    sitting.done(outcome)
    assert len(events(sitting)) == 1


def test_an_object_that_was_judged_on_its_frame_meanwhile_is_left_out(sitting: Sitting) -> None:
    sheet = sheet_of(sitting)
    shown = sheet.shown
    sitting.session.objects.select(0)
    sitting.session.objects.reject()
    sitting.done(record(sitting, sheet, shown))
    assert drafts(sitting)[0] == {}, "the open frame is saved by its own draft"
    (_, _, body), *_ = events(sitting)
    assert [row["frame"] for row in body["objects"]] == ["frame_1.jpg", "frame_2.jpg", "frame_3.jpg"]
    assert sitting.in_role(Role.REJECTED) == 1


def test_what_another_writer_judged_meanwhile_is_left_out(sitting: Sitting) -> None:
    sheet = sheet_of(sitting)
    shown = sheet.shown
    sitting.done(record(sitting, sheet, shown[2:3]))
    sitting.session.pages.recorded.clear()
    seen: list[tuple[JudgedPage, PageAct, bool]] = []
    sitting.session.pages.on_settled = lambda *news: seen.append(news)
    sitting.done(record(sitting, sheet, shown[1:]))
    assert [row["frame"] for row in events(sitting)[1][2]["objects"]] == ["frame_1.jpg", "frame_3.jpg"]
    ((page, act, done),) = seen
    assert (page.asked, len(page), act, done) == (3, 2, PageAct.RECORD, True)


def test_a_page_of_which_nothing_stands_writes_nothing(sitting: Sitting) -> None:
    sheet = sheet_of(sitting)
    shown = sheet.shown
    sitting.done(record(sitting, sheet, shown[2:]))
    sitting.session.pages.recorded.clear()
    sitting.done(record(sitting, sheet, shown[2:]))
    assert len(events(sitting)) == 1
    entry = sitting.session.history.to_undo
    assert isinstance(entry, PageEntry)
    assert len(entry.page) == 2


def test_an_object_is_not_judged_as_a_class_that_it_no_longer_is_of(sitting: Sitting) -> None:
    sheet = sheet_of(sitting)
    cat, bird = class_of(sitting, "cat"), class_of(sitting, "bird")
    model = "a" * 64
    sitting.store.submit(Priority.OTHER, lambda w: w.set_class_map(model, {0: bird})).result()
    sitting.session.reload_classes()
    sitting.session.reload_predictions()
    outcome = record(sitting, sheet, sheet.shown)
    sitting.done(outcome)
    assert cat != bird
    assert events(sitting) == []
    assert drafts(sitting) == [{}, {}, {}, {}]


def test_a_frame_that_is_labelled_by_hand_is_left_alone(sitting: Sitting) -> None:
    sheet = sheet_of(sitting)
    sitting.session.label_by_hand()
    assert sitting.document.mode is PresentationMode.HAND
    sitting.done(record(sitting, sheet, sheet.shown))
    assert [list(found) for found in drafts(sitting)] == [[], [0], [0], [0]]


# ------------------------------------------------------------------------------------------------ failures
def test_what_was_done_on_the_frame_meanwhile_outlives_a_page_that_fails(sitting: Sitting) -> None:
    sheet = sheet_of(sitting)
    with sitting.failing_disk():
        outcome = record(sitting, sheet, sheet.shown)
        sitting.session.objects.select(0)
        sitting.session.objects.reject()
        assert outcome.commit is not None
        outcome.commit.exception(20)
        sitting.session.commit_failed()
    assert sitting.in_role(Role.REJECTED) == 1
    sitting.session.save_draft()
    assert drafts(sitting) == [{0: ("rejected", class_of(sitting, "cat"))}, {}, {}, {}]


def test_a_page_that_could_not_be_written_is_back_with_nothing_changed(sitting: Sitting) -> None:
    sheet = sheet_of(sitting)
    news: list[tuple[PageAct, bool]] = []
    sitting.session.pages.on_settled = lambda _page, act, done: news.append((act, done))
    with sitting.failing_disk():
        outcome = record(sitting, sheet, sheet.shown)
        assert outcome.commit is not None
        assert isinstance(outcome.commit.exception(20), ProjectError)
        failed = sitting.session.commit_failed()
    assert failed.text == "The page was not saved and is back."
    assert news == [(PageAct.RECORD, False)]
    assert sitting.in_role(Role.CONFIRMED) == 0
    assert sitting.session.history.to_undo is None
    assert sitting.session.pages.recorded == set()
    assert events(sitting) == []
    sitting.done(record(sitting, sheet, sheet.shown))
    assert len(events(sitting)) == 1


def test_an_undo_that_could_not_be_written_leaves_the_page(sitting: Sitting) -> None:
    sheet = sheet_of(sitting)
    sitting.done(record(sitting, sheet, sheet.shown))
    after = drafts(sitting)
    with sitting.failing_disk():
        outcome = sitting.session.undo()
        assert outcome.commit is not None
        assert isinstance(outcome.commit.exception(20), ProjectError)
        assert sitting.session.commit_failed().text == "The undo was not saved and the page stands."
    assert sitting.in_role(Role.CONFIRMED) == 1
    assert isinstance(sitting.session.history.to_undo, PageEntry)
    sitting.undo()
    sitting.redo()
    assert drafts(sitting) == after
    sitting.undo()
    with sitting.failing_disk():
        outcome = sitting.session.redo()
        assert outcome.commit is not None
        outcome.commit.exception(20)
        sitting.session.commit_failed()
    assert sitting.in_role(Role.CONFIRMED) == 0
    assert isinstance(sitting.session.history.to_redo, PageEntry)


def test_a_killed_page_is_all_or_nothing(sitting: Sitting) -> None:
    sheet = sheet_of(sitting)
    bad: Mapping[int, bytes | None] = {sitting.ids[0]: b"x", 999_999: b"x"}
    with pytest.raises(sqlite3.IntegrityError):
        sitting.store.submit(Priority.DRAFT, lambda w: w.record_page("u", "contact_sheet", {}, bad)).result()
    assert sitting.draft(0) is None
    assert len(sheet.shown) == 4

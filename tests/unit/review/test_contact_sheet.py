"""The contact sheet without a window: what is on it, what a page writes, and what undoing it leaves."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.errors import ProjectError
from autoanno_gui.core.history import PageEntry
from autoanno_gui.core.judged_page import JudgedPage, SheetItem
from autoanno_gui.core.keypoints import Skeleton
from autoanno_gui.core.mask import Mask, Part
from autoanno_gui.core.outlines import KeypointSets, Masks, Outlines
from autoanno_gui.core.prediction_index import PredictionIndex
from autoanno_gui.core.predictions import FrameResult, RunSettings
from autoanno_gui.core.records import (
    DecisionKind,
    FrameHeader,
    FrameState,
    How,
    PresentationMode,
    Thresholds,
    VerdictKind,
)
from autoanno_gui.core.review_objects import Mark, Role
from autoanno_gui.core.task import Task
from autoanno_gui.imaging.crops import crop_around
from autoanno_gui.review.commits import PageAct
from autoanno_gui.review.contact_sheet import ContactSheet
from autoanno_gui.review.outcome import NOTHING, Outcome
from autoanno_gui.review.queue_keeper import News, QueueKeeper
from autoanno_gui.review.reports import metrics_report
from autoanno_gui.review.sheet_list import (
    ListTask,
    MadeList,
    SheetRequest,
    counts_by_class,
    last_correction,
    likeness_of,
    make_list,
    open_rows,
    rows_of,
)
from autoanno_gui.review.sheet_marks import SheetMarks
from autoanno_gui.review.sheet_reader import REPLACED, CropJob, SheetReader
from autoanno_gui.store.store_thread import Priority
from tests.projects import (
    GHOST,
    HEIGHT,
    MODEL,
    SURE,
    UNSURE,
    USUAL,
    WIDTH,
    MadeProject,
    Proposal,
    make_project,
    predictions,
)
from tests.unit.review.conftest import Sit
from tests.unit.review.sitting import Sitting

OTHER_CAT = Proposal((200, 20, 260, 80), 0, 0.55, second=0.3)
TWO_CATS = (SURE, UNSURE, OTHER_CAT, GHOST)


def index_of(sitting: Sitting) -> PredictionIndex:
    with sitting.store.reader() as reader:
        keeper = QueueKeeper(reader)
        keeper.update(News(everything=True))
        return keeper.index


def class_of(sitting: Sitting, name: str) -> int:
    return next(record.id for record in sitting.session.classes.values() if record.name == name)


def list_of(sitting: Sitting, request: SheetRequest) -> MadeList:
    """Return what is on a sheet, as a window would ask for it."""
    session = sitting.session
    with sitting.store.reader() as reader:
        task = ListTask(
            request,
            index_of(sitting),
            session.frames.columns(),
            session.thresholds,
            tuple(session.pages.recorded),
            frozenset(session.classes),
        )
        return make_list(task, SheetReader(sitting.store.root, reader))


def sheet_of(sitting: Sitting, name: str = "cat", *, size: int = 100) -> ContactSheet:
    """Return the sheet of a class, the least certain first."""
    sheet, class_id = ContactSheet(), class_of(sitting, name)
    made = list_of(sitting, SheetRequest(class_id))
    sheet.set_page_size(size)
    sheet.fill(made.index, made.rows, class_id=class_id)
    return sheet


def record(sitting: Sitting, sheet: ContactSheet, items: Iterable[SheetItem], seconds: float = 6.0) -> Outcome:
    assert sheet.class_id is not None
    return sitting.session.pages.record(sheet.verdicts(items), class_id=sheet.class_id, seconds=seconds)


def events(sitting: Sitting) -> list[tuple[str, str, dict[str, Any]]]:
    """Return (kind, uuid, body) of what the ledger has of contact sheets."""
    sitting.settle()
    with closing(sqlite3.connect(sitting.store.file)) as conn:
        rows = conn.execute("SELECT kind, uuid, body FROM event WHERE kind LIKE 'contact%' ORDER BY id").fetchall()
    return [(kind, uuid, json.loads(body)) for kind, uuid, body in rows]


def drafts(sitting: Sitting) -> list[dict[int, tuple[str, int]]]:
    """Return by frame what its draft says of each touched object: mark and class."""
    sitting.settle()
    found = []
    for number in range(len(sitting.ids)):
        body = sitting.draft(number)
        rows = json.loads(body)["objects"] if body is not None else []
        found.append({row["id"]: (row["mark"], row["class"]) for row in rows})
    return found


# ------------------------------------------------------------------------------------------------ what is on it
def test_only_candidates_of_the_class_on_frames_to_be_decided_least_certain_first(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[TWO_CATS, USUAL, TWO_CATS, None])
    sitting.accept()
    sheet = sheet_of(sitting)
    found = [(sitting.ids.index(item.frame_id), item.prediction) for item in sheet.shown]
    assert found == [(2, 2), (1, 0), (2, 0)]
    assert [sheet.confidence(item) for item in sheet.shown] == pytest.approx([0.55, 0.9, 0.9])


def test_a_frame_that_was_put_off_stays_on_the_sheet(sitting: Sitting) -> None:
    sitting.defer()
    assert len(sheet_of(sitting)) == 4


def test_rejected_frames_and_those_labelled_by_hand_are_not_on_it(sitting: Sitting) -> None:
    sitting.reject()
    sitting.session.label_by_hand()
    sitting.session.objects.add(Box(230, 20, 300, 90), class_of(sitting, "cat"))
    sitting.session.save_draft()
    sitting.settle()
    assert [sitting.ids.index(item.frame_id) for item in sheet_of(sitting).shown] == [2, 3]


def test_an_object_that_a_draft_has_judged_is_not_on_it(sitting: Sitting) -> None:
    sitting.session.objects.select(0)
    sitting.session.objects.reject()
    sitting.session.save_draft()
    sitting.settle()
    assert [sitting.ids.index(item.frame_id) for item in sheet_of(sitting).shown] == [1, 2, 3]
    assert len(sheet_of(sitting, "dog")) == 4


def test_counts_follow_the_thresholds(sitting: Sitting) -> None:
    index, session = index_of(sitting), sitting.session
    frames = session.frames.columns()
    cat, dog, bird = (class_of(sitting, name) for name in ("cat", "dog", "bird"))
    low = Thresholds(default=0.2, per_class=((dog, 0.7),))
    assert counts_by_class(index, open_rows(index, frames, session.thresholds)) == {cat: 4, dog: 4}
    assert counts_by_class(index, open_rows(index, frames, low)) == {cat: 4, bird: 4}


def test_pages_hold_what_fits_and_at_most_a_hundred(sit_down: Sit) -> None:
    sheet = sheet_of(sit_down(proposals=[TWO_CATS] * 4), size=3)
    assert (len(sheet), sheet.pages, len(sheet.shown)) == (8, 3, 3)
    assert sheet.turn(1)
    assert sheet.turn(1)
    assert len(sheet.shown) == 2
    assert not sheet.turn(1)
    sheet.set_page_size(1000)
    assert sheet.page_size == 100
    assert sheet.pages == 1


def test_the_cursor_stays_on_its_object(sit_down: Sit) -> None:
    sheet = sheet_of(sit_down(proposals=[TWO_CATS] * 4), size=3)
    sheet.turn(1)
    sheet.move_to(2)
    here = sheet.current
    sheet.set_page_size(4)
    assert sheet.current == here
    sheet.set_aside(sheet.items_of(0)[:2])
    assert sheet.current == here
    sheet.move_to(99)
    assert sheet.cursor == len(sheet.shown) - 1
    sheet.set_aside(sheet.shown)
    assert sheet.current is not None


def test_an_empty_sheet_has_no_current_object(sitting: Sitting) -> None:
    sheet = sheet_of(sitting)
    sheet.set_aside(sheet.shown)
    assert (sheet.current, sheet.shown, sheet.pages) == (None, [], 1)
    sheet.move_to(3)
    assert sheet.current is None
    sheet.clear()
    assert (len(sheet), sheet.class_id) == (0, None)


def test_more_like_this_puts_the_same_pair_first_then_what_is_near(sit_down: Sit) -> None:
    near = Proposal((25, 25, 85, 85), 0, 0.8)
    far = Proposal((220, 150, 310, 230), 0, 0.7)
    pair = Proposal((220, 150, 310, 230), 0, 0.6, second=0.4)
    wrong = Proposal((20, 20, 80, 80), 0, 0.9, second=0.5)
    sitting = sit_down(proposals=[[wrong, UNSURE], [far], [near], [pair]])
    header = FrameHeader(WIDTH, HEIGHT)
    for frame_id in sitting.ids:
        write = sitting.store.submit(Priority.OTHER, lambda w, i=frame_id: w.set_frame_header(i, header, sha256=None))
        write.result()
    index, session = index_of(sitting), sitting.session
    item = SheetItem(sitting.ids[0], session.frames.get(sitting.ids[0]).run_frame_id or 0, 0)
    like = likeness_of(index, item, None)
    assert like is not None
    assert like.other_class == class_of(sitting, "dog")
    sheet = ContactSheet()
    sheet.set_page_size(10)
    made = list_of(sitting, SheetRequest(like.class_id, like))
    sheet.fill(made.index, made.rows, class_id=like.class_id, like=like)
    assert [sitting.ids.index(found.frame_id) for found in sheet.shown] == [3, 2, 1]


def test_the_last_correction_is_found_in_the_history(sitting: Sitting) -> None:
    session = sitting.session
    assert last_correction(session.history, session.frames) is None
    session.objects.select(0)
    session.objects.accept()
    assert last_correction(session.history, session.frames) is None
    session.objects.select(1)
    session.objects.set_class(class_of(sitting, "bird"))
    sitting.accept()
    found = last_correction(session.history, session.frames)
    assert found is not None
    assert (found[0].frame_id, found[0].prediction, found[1]) == (sitting.ids[0], 1, class_of(sitting, "bird"))
    session.objects.reject()
    found = last_correction(session.history, session.frames)
    assert found is not None
    assert (found[0].frame_id, found[1]) == (sitting.ids[1], None)
    sitting.undo()
    found = last_correction(session.history, session.frames)
    assert found is not None
    assert found[0].frame_id == sitting.ids[0]


def test_without_a_class_the_most_frequent_one_is_taken(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[TWO_CATS, [UNSURE]])
    assert list_of(sitting, SheetRequest(None)).request.class_id == class_of(sitting, "cat")
    assert list_of(sitting, SheetRequest(999)).request.class_id == class_of(sitting, "cat")
    sitting.session.set_threshold(0.95)
    made = list_of(sitting, SheetRequest(None))
    assert (made.request.class_id, dict(made.counts), len(made.rows)) == (None, {}, 0)


def test_rows_are_found_by_object(sitting: Sitting) -> None:
    index = index_of(sitting)
    items = sheet_of(sitting).shown
    assert rows_of(index, items).tolist() == [0, 4, 8, 12]
    strange = [replace(items[0], run_frame_id=999), replace(items[0], prediction=99), replace(items[0], frame_id=999)]
    assert rows_of(index, strange).tolist() == [-1, -1, -1]
    assert rows_of(index, []).tolist() == []


# ------------------------------------------------------------------------------------------------ marks
def test_marks_say_what_the_page_will_record(sitting: Sitting) -> None:
    sheet = sheet_of(sitting)
    first, second, third, fourth = sheet.shown
    cat, dog = class_of(sitting, "cat"), class_of(sitting, "dog")
    marks = SheetMarks(sheet)
    marks.toggle_wrong(first)
    marks.set_class(second, dog)
    marks.set_class(third, dog)
    marks.set_class(third, cat)
    marks.toggle_wrong(fourth)
    marks.toggle_wrong(fourth)
    kinds = [verdict.kind for verdict in sheet.verdicts(sheet.shown).values()]
    assert kinds == [VerdictKind.REJECTED, VerdictKind.EDITED, VerdictKind.ACCEPTED, VerdictKind.ACCEPTED]


def test_marks_are_undone_one_by_one(sitting: Sitting) -> None:
    sheet = sheet_of(sitting)
    first, second, *_ = sheet.shown
    marks = SheetMarks(sheet)
    marks.toggle_wrong(first)
    marks.set_class(second, class_of(sitting, "dog"))
    assert marks.undo()
    assert sheet.marks == {first: None}
    assert marks.redo()
    assert marks.undo()
    assert marks.undo()
    assert sheet.marks == {}
    assert not marks.undo()
    assert marks.redo()
    marks.forget()
    assert not marks.undo()
    assert sheet.marks == {first: None}


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


# ------------------------------------------------------------------------------------------------ undo
def test_undo_takes_the_page_back_and_redo_records_it_anew(sitting: Sitting) -> None:
    sheet = sheet_of(sitting)
    sheet.toggle_wrong(sheet.shown[0])
    sitting.done(record(sitting, sheet, sheet.shown))
    after = drafts(sitting)
    outcome = sitting.undo()
    assert outcome.text == "Undone: page of 4 objects."
    assert drafts(sitting) == [{}, {}, {}, {}]
    assert sitting.in_role(Role.CANDIDATE) == 2
    assert sitting.session.pages.recorded == set()
    sitting.redo()
    assert drafts(sitting) == after
    sitting.undo()
    kinds = [kind for kind, _, _ in events(sitting)]
    assert kinds == ["contact_sheet", "contact_sheet_undone"] * 2
    recorded, undone = events(sitting)[2:]
    assert undone[2]["page"] == recorded[1]
    assert events(sitting)[1][2]["page"] == events(sitting)[0][1] != recorded[1]
    assert len(sheet_of(sitting)) == 4


def test_undo_leaves_what_was_done_on_the_frames_before_and_after(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[TWO_CATS, TWO_CATS, TWO_CATS])
    bird = class_of(sitting, "bird")
    sitting.session.objects.add(Box(100, 150, 150, 200), bird)
    sitting.go_to(1)
    sheet = sheet_of(sitting)
    before = drafts(sitting)
    sitting.done(record(sitting, sheet, sheet.shown))
    sitting.go_to(2)
    sitting.session.objects.add(Box(100, 150, 150, 200), bird)
    sitting.accept()
    sitting.undo()
    sitting.undo()
    sitting.session.save_draft()
    assert len(drafts(sitting)[2]) == 2, "the drawn box is undone, the page is not"
    sitting.undo()
    assert drafts(sitting) == before
    for number, drawn in enumerate((1, 0, 0)):
        sitting.go_to(number)
        assert (sitting.in_role(Role.CANDIDATE), sitting.in_role(Role.CONFIRMED)) == (3, drawn)
    sitting.redo()
    sitting.redo()
    sitting.redo()
    assert sitting.stored_states[2] is FrameState.EDITED
    assert sum(verdict.how is How.OBJECT for verdict in sitting.decision(2).verdicts) == 3
    while sitting.session.history.to_undo is not None:
        sitting.undo()
    sitting.session.save_draft()
    assert drafts(sitting) == [{}, {}, {}]


def test_undo_survives_that_a_frame_was_opened_in_between(sitting: Sitting) -> None:
    sheet = sheet_of(sitting)
    sitting.done(record(sitting, sheet, sheet.shown))
    sitting.go_to(3)
    assert sitting.in_role(Role.CONFIRMED) == 1
    sitting.go_to(2)
    sitting.undo()
    assert sitting.in_role(Role.CONFIRMED) == 0
    assert sitting.document.get(0) == sitting.document.origin(0)
    sitting.go_to(3)
    assert sitting.in_role(Role.CONFIRMED) == 0
    assert drafts(sitting) == [{}, {}, {}, {}]


def test_a_nudge_after_a_page_is_a_step_of_its_own(sitting: Sitting) -> None:
    objects = sitting.session.objects
    objects.select(1)
    objects.move_selected(lambda outline: outline.moved(1, 0))
    sitting.session.save_draft()
    sheet = sheet_of(sitting)
    sitting.done(record(sitting, sheet, sheet.shown[1:]))
    objects.select(1)
    objects.move_selected(lambda outline: outline.moved(1, 0))
    sitting.undo()
    assert isinstance(sitting.session.history.to_undo, PageEntry)


def test_a_page_is_done_again_after_its_class_was_merged(sitting: Sitting) -> None:
    sheet = sheet_of(sitting)
    cat, dog = class_of(sitting, "cat"), class_of(sitting, "dog")
    sheet.toggle_wrong(sheet.shown[1])
    sitting.done(record(sitting, sheet, sheet.shown))
    sitting.go_to(1)
    sitting.undo()
    sitting.store.submit(Priority.OTHER, lambda w: w.merge_class(cat, into=dog)).result()
    sitting.session.reload_classes()
    sitting.session.reload_predictions()
    sitting.redo()
    assert sitting.in_role(Role.REJECTED) == 1
    sitting.go_to(0)
    assert sitting.in_role(Role.CONFIRMED) == 1
    assert [list(found) for found in drafts(sitting)] == [[0]] * 4
    sitting.undo()
    assert [list(found) for found in drafts(sitting)] == [[]] * 4


def test_what_is_done_again_is_what_the_ledger_says(sitting: Sitting) -> None:
    sheet = sheet_of(sitting)
    sitting.done(record(sitting, sheet, sheet.shown))
    sitting.undo()
    sitting.session.label_by_hand()
    sitting.redo()
    assert [list(found) for found in drafts(sitting)] == [[], [0], [0], [0]]
    assert [row["frame"] for row in events(sitting)[-1][2]["objects"]] == ["frame_1.jpg", "frame_2.jpg", "frame_3.jpg"]


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


# ------------------------------------------------------------------------------------------------ crops
def crops(sitting: Sitting, items: Sequence[SheetItem]) -> dict[SheetItem, Any]:
    with sitting.store.reader() as reader:
        frame = sitting.session.frames.get(items[0].frame_id)
        return SheetReader(sitting.store.root, reader).crops(CropJob(frame, tuple(items), (120, 100)))


def test_a_crop_shows_the_object_with_a_margin(sitting: Sitting) -> None:
    (item,) = sheet_of(sitting).shown[:1]
    found = crops(sitting, [item])[item]
    assert found.fault == ""
    assert found.choices == (class_of(sitting, "cat"),)
    height, width = found.crop.pixels.shape[:2]
    assert (width, height) == (120, 100)
    x1, y1, x2, y2 = found.crop.box
    assert 0 < x1 < x2 < width
    assert 0 < y1 < y2 < height
    middle = found.crop.pixels[int((y1 + y2) / 2), int((x1 + x2) / 2)]
    assert middle[2] > 150 > middle[1], "the red square"


@pytest.mark.parametrize("task", list(Task))
def test_a_crop_comes_with_the_outline_that_is_judged(sitting: Sitting, task: Task) -> None:
    sitting.done(sitting.session.set_task(task, None))
    (item,) = sheet_of(sitting).shown[:1]
    found = crops(sitting, [item])[item]
    x1, y1, x2, y2 = found.crop.box
    if task is Task.OBB:
        (outline,) = found.outlines
        assert outline.min(axis=0).tolist() == pytest.approx([x1, y1])
        assert outline.max(axis=0).tolist() == pytest.approx([x2, y2])
    else:
        assert found.outlines == (), "the box is all that the model said"
    assert found.points.shape == (0, 2), "no model has placed any"


def propose(sitting: Sitting, outlines: Outlines) -> SheetItem:
    """Let a model find the usual objects of the first frame with these outlines. Returns the first object."""
    frame_id, found = sitting.ids[0], replace(predictions(USUAL), outlines=outlines)
    settings = RunSettings(MODEL, (640, 640))
    run = sitting.store.submit(Priority.OTHER, lambda w: w.start_run(settings, device="cpu")).result()
    sitting.store.submit(Priority.OTHER, lambda w: w.record_results(run, [FrameResult(frame_id, found)])).result()
    with sitting.store.reader() as reader:
        run_frame_id = reader.frame(frame_id).run_frame_id
    assert run_frame_id is not None
    return SheetItem(frame_id, run_frame_id, 0)


def test_a_mask_and_keypoints_are_on_the_crop(sitting: Sitting) -> None:
    sitting.done(sitting.session.set_task(Task.SEGMENT, None))
    outer, hole = [(20, 20), (80, 20), (20, 80)], [(25, 25), (30, 25), (25, 30)]
    mask = Mask((Part(np.array(outer, np.float64), (np.array(hole, np.float64),)),))
    item = propose(sitting, Masks.of([mask, None, None, None]))
    found = crops(sitting, [item])[item]
    assert [len(ring) for ring in found.outlines] == [3, 3]
    assert found.outlines[0].min(axis=0).tolist() == pytest.approx(found.crop.box[:2])
    placed, unseen = (40.0, 50.0, 0.9), (0.0, 0.0, 0.1)
    sitting.done(sitting.session.set_task(Task.POSE, Skeleton(("nose", "tail"))))
    item = propose(sitting, KeypointSets(np.array([[placed, unseen]] * 4, np.float32)))
    found = crops(sitting, [item])[item]
    assert found.outlines == ()
    assert found.points.tolist() == [pytest.approx(found.crop.placed(np.array([placed[:2]]))[0].tolist())]


def test_points_of_a_picture_have_places_on_its_crop() -> None:
    found = crop_around(np.zeros((240, 320, 3), np.uint8), Box(100, 60, 160, 120), width=120, height=100)
    corners = np.array([(100.0, 60.0), (160.0, 120.0)])
    assert found.placed(corners).ravel().tolist() == pytest.approx(found.box)


@pytest.mark.parametrize("box", [Box(-20, -20, 30, 30), Box(300, 220, 340, 260), Box(0, 0, 320, 240), Box(5, 5, 5, 5)])
def test_a_crop_at_the_edge_stays_inside_the_picture(box: Box) -> None:
    pixels = np.full((240, 320, 3), 200, np.uint8)
    found = crop_around(pixels, box, width=120, height=100)
    assert found.pixels.shape[0] <= 100
    assert found.pixels.shape[1] <= 120
    assert (found.pixels[..., :3] > 190).all()


def test_a_tiny_picture_and_a_thin_one_have_crops() -> None:
    for shape in ((1, 1, 3), (1, 400, 3), (400, 1, 3)):
        found = crop_around(np.zeros(shape, np.uint8), Box(0, 0, 1, 1), width=120, height=100)
        assert 1 <= found.pixels.shape[0] <= 100
        assert 1 <= found.pixels.shape[1] <= 120


def test_a_damaged_or_replaced_file_gives_no_crop(sitting: Sitting, made: MadeProject) -> None:
    first, second, *_ = sheet_of(sitting).shown
    (made.folder / made.names[0]).write_bytes(b"nothing")
    found = crops(sitting, [first])[first]
    assert found.crop is None
    assert found.fault
    sitting.session.note_size(second.frame_id, width=10, height=10)
    assert crops(sitting, [second])[second].fault == REPLACED


# ------------------------------------------------------------------------------------------------ other tasks
def test_the_verdict_survives_a_restart(tmp_path: Path) -> None:
    made = make_project(tmp_path, [USUAL] * 2)
    first = Sitting(made).start()
    sheet = sheet_of(first)
    sheet.toggle_wrong(sheet.shown[0])
    first.done(record(first, sheet, sheet.shown))
    first.close()
    second = Sitting(made).start()
    try:
        assert len(sheet_of(second)) == 0
        item = second.document.get(0)
        assert item is not None
        assert item.mark is Mark.REJECTED
    finally:
        second.close()


@pytest.mark.parametrize("task", [Task.SEGMENT, Task.OBB, Task.POSE])
def test_objects_of_every_kind_are_judged_and_taken_back(sitting: Sitting, task: Task) -> None:
    sitting.done(sitting.session.set_task(task, None))
    sheet = sheet_of(sitting)
    assert crops(sitting, sheet.shown[:1])[sheet.shown[0]].crop is not None
    sheet.toggle_wrong(sheet.shown[0])
    sitting.done(record(sitting, sheet, sheet.shown))
    cat = class_of(sitting, "cat")
    assert drafts(sitting) == [{0: ("rejected", cat)}, *[{0: ("accepted", cat)}] * 3]
    sitting.undo()
    assert drafts(sitting) == [{}, {}, {}, {}]
    assert sitting.in_role(Role.CANDIDATE) == 2


# ------------------------------------------------------------------------------------------------ any order of acts
def state_of(sitting: Sitting) -> list[tuple[FrameState, dict[int, tuple[Mark, int, bool]]]]:
    """Return what a reviewer would find on each frame."""
    found = []
    for number, frame_id in enumerate(sitting.ids):
        sitting.go_to(number)
        objects = {item.id: (item.mark, item.class_id, item.promoted) for item in sitting.document}
        found.append((sitting.session.frames.get(frame_id).state, objects))
    sitting.session.save_draft()
    return found


def act_at_random(sitting: Sitting, chance: random.Random) -> None:
    objects = sitting.session.objects
    match chance.choice(["page", "page", "page", "reject", "class", "draw", "decide", "defer", "go", "undo", "redo"]):
        case "page":
            sheet = sheet_of(sitting, chance.choice(["cat", "dog"]), size=chance.randint(1, 5))
            for item in sheet.shown:
                if chance.random() < 0.3:
                    sheet.toggle_wrong(item)
                elif chance.random() < 0.3:
                    sheet.set_class(item, class_of(sitting, "bird"))
            if sheet.shown:
                sitting.done(record(sitting, sheet, sheet.shown))
        case "reject":
            objects.select(chance.randint(0, 3))
            objects.reject()
        case "class":
            objects.select(chance.randint(0, 2))
            objects.set_class(class_of(sitting, "bird"))
        case "draw":
            objects.add(Box(100, 150, 150 + chance.randint(0, 9), 200), class_of(sitting, "bird"))
        case "decide":
            sitting.accept()
        case "defer":
            sitting.defer()
        case "go":
            sitting.go_to(chance.randrange(len(sitting.ids)))
        case "undo":
            sitting.undo()
        case "redo":
            sitting.redo()


@pytest.mark.parametrize("seed", range(12))
def test_whatever_was_done_all_of_it_is_kept_and_all_of_it_can_be_undone(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    made = make_project(tmp_path, [TWO_CATS] * 4)
    sitting = Sitting(made).start()
    before = state_of(sitting)
    for _ in range(40):
        act_at_random(sitting, chance)
    redo_all(sitting)
    found = state_of(sitting)
    while sitting.session.history.to_undo is not None:
        sitting.undo()
    assert state_of(sitting) == before
    redo_all(sitting)
    assert state_of(sitting) == found
    sitting.close()
    again = Sitting(made).start()
    assert [strip(frame) for frame in state_of(again)] == [strip(frame) for frame in found]
    again.close()


def redo_all(sitting: Sitting) -> None:
    while sitting.session.history.to_redo is not None:
        sitting.redo()


def strip(frame: tuple[FrameState, dict[int, tuple[Mark, int, bool]]]) -> tuple[FrameState, list[tuple[Mark, int]]]:
    """Leave out what a decision does not keep: ids of drawn objects, and marks that say no more than the state does."""
    state, objects = frame
    kept = [(Mark.REJECTED if mark is Mark.REJECTED else Mark.NONE, class_id) for mark, class_id, _ in objects.values()]
    return state, sorted(kept)

"""The contact sheet without a window: what is on it, in which order, and its marks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.judged_page import SheetItem
from autoanno_gui.core.records import (
    FrameHeader,
    Thresholds,
    VerdictKind,
)
from autoanno_gui.review.contact_sheet import ContactSheet
from autoanno_gui.review.sheet_list import (
    SheetRequest,
    counts_by_class,
    last_correction,
    likeness_of,
    open_rows,
    rows_of,
)
from autoanno_gui.review.sheet_marks import SheetMarks
from autoanno_gui.store.store_thread import Priority
from tests.projects import (
    HEIGHT,
    UNSURE,
    USUAL,
    WIDTH,
    Proposal,
)
from tests.unit.review.conftest import Sit
from tests.unit.review.sheet_kit import (
    TWO_CATS,
    class_of,
    index_of,
    list_of,
    sheet_of,
)
from tests.unit.review.sitting import Sitting


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
    frames, nothing = session.frames.columns(), session.guards.hidden()
    cat, dog, bird = (class_of(sitting, name) for name in ("cat", "dog", "bird"))
    low = Thresholds(default=0.2, per_class=((dog, 0.7),))
    assert counts_by_class(index, open_rows(index, frames, session.thresholds, hidden=nothing)) == {cat: 4, dog: 4}
    assert counts_by_class(index, open_rows(index, frames, low, hidden=nothing)) == {cat: 4, bird: 4}


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

"""Pages of the contact sheet taken back and done again, among all other acts."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.history import PageEntry
from autoanno_gui.core.records import (
    FrameState,
    How,
)
from autoanno_gui.core.review_objects import Mark, Role
from autoanno_gui.store.store_thread import Priority
from tests.projects import (
    make_project,
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

"""The one undo list: linear over edits and decisions of all frames."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoanno_gui.core.history import KEPT_DECISIONS, DecisionEntry, EditEntry, Entry, History
from autoanno_gui.core.records import Decision, DecisionKind, FrameState, PresentationMode, Thresholds, Timing
from autoanno_gui.core.review_objects import Change
from tests.unit.core.builders import document


def edit(frame_id: int, name: str = "Accept object") -> EditEntry:
    return EditEntry(frame_id, Change(name, {0: None}, {0: None}))


def decision(frame_id: int, kind: DecisionKind = DecisionKind.ACCEPTED) -> DecisionEntry:
    made = Decision(
        uuid=f"decision-{frame_id}",
        frame_id=frame_id,
        kind=kind,
        mode=PresentationMode.NORMAL,
        run_frame_id=None,
        thresholds=Thresholds(),
        shown=(),
        verdicts=(),
        timing=Timing(0.0, None, 1.0, 1.0, "2026-01-01T00:00:00+00:00"),
        reviewer="anna",
        session_uuid="session",
    )
    return DecisionEntry(frame_id, made, document(None), FrameState.UNDECIDED)


def undo_all(history: History) -> list[Entry]:
    found = []
    while (entry := history.to_undo) is not None:
        found.append(entry)
        history.stepped_back()
    return found


def test_an_empty_history_has_nothing_to_undo_or_redo() -> None:
    history = History()
    assert history.to_undo is None
    assert history.to_redo is None
    history.stepped_back()
    history.stepped_forward()
    assert history.frames() == set()


def test_steps_are_named_for_people() -> None:
    assert edit(1, "Draw object").name == "Draw object"
    assert decision(1, DecisionKind.HAND_LABELLED).name == "Frame hand labelled"


def test_undo_goes_back_over_frames_in_one_line_and_redo_forward() -> None:
    history = History()
    steps: list[Entry] = [edit(1), decision(1), edit(2), edit(2), decision(2)]
    for step in steps:
        history.push(step)
    assert undo_all(history) == steps[::-1]
    for step in steps:
        assert history.to_redo is step
        history.stepped_forward()
    assert history.to_redo is None
    assert history.to_undo is steps[-1]


def test_a_new_step_forgets_what_was_undone() -> None:
    history = History()
    history.push(edit(1, "first"))
    history.push(edit(1, "second"))
    history.stepped_back()
    new = edit(2, "other")
    history.push(new)
    assert history.to_redo is None
    assert [entry.name for entry in undo_all(history)] == ["other", "first"]


def test_redoing_a_decision_puts_the_new_record_in_its_place() -> None:
    history = History()
    history.push(decision(1))
    history.push(edit(2))
    history.stepped_back()
    history.stepped_back()
    again = decision(1)
    history.stepped_forward(again)
    assert history.to_undo is again
    assert history.to_redo is not None
    assert history.to_redo.frame_id == 2


def test_a_failed_step_is_forgotten_and_what_was_done_since_stays() -> None:
    history = History()
    failed, since = decision(1), edit(2)
    for entry in (edit(1), failed, since):
        history.push(entry)
    history.drop(failed)
    assert history.to_undo is since
    assert history.to_redo is None
    assert [type(entry) for entry in undo_all(history)] == [EditEntry, EditEntry]


def test_the_last_fifty_decisions_are_kept_with_their_edits() -> None:
    history = History()
    for frame_id in range(KEPT_DECISIONS + 5):
        history.push(edit(frame_id))
        history.push(decision(frame_id))
    assert KEPT_DECISIONS == 50
    kept = undo_all(history)
    assert [entry.frame_id for entry in kept if isinstance(entry, DecisionEntry)] == list(range(54, 4, -1))
    assert [entry.frame_id for entry in kept if isinstance(entry, EditEntry)] == list(range(54, 4, -1))
    assert history.frames() == set(range(5, 55))


def test_edits_alone_are_not_cut() -> None:
    history = History()
    for _ in range(200):
        history.push(edit(1))
    assert len(undo_all(history)) == 200


def test_frames_of_undone_steps_are_still_needed_for_redo() -> None:
    history = History()
    history.push(edit(1))
    history.push(decision(2))
    undo_all(history)
    assert history.frames() == {1, 2}
    history.clear()
    assert history.frames() == set()
    assert history.to_redo is None


@given(st.lists(st.sampled_from(["edit", "decision", "back", "forward"]), max_size=60))
def test_the_history_is_a_line_with_one_place_in_it(acts: list[str]) -> None:
    history = History()
    done: list[Entry] = []
    undone: list[Entry] = []
    for at, act in enumerate(acts):
        if act in ("edit", "decision"):
            step = edit(at) if act == "edit" else decision(at)
            history.push(step)
            done.append(step)
            undone.clear()
        elif act == "back" and done:
            undone.append(done.pop())
            history.stepped_back()
        elif act == "forward" and undone:
            done.append(undone.pop())
            history.stepped_forward()
        assert history.to_undo is (done[-1] if done else None)
        assert history.to_redo is (undone[-1] if undone else None)


@pytest.mark.parametrize("undone", [0, 3])
def test_trimming_keeps_the_place(undone: int) -> None:
    history = History()
    steps = [decision(frame_id) for frame_id in range(KEPT_DECISIONS)]
    for step in steps:
        history.push(step)
    for _ in range(undone):
        history.stepped_back()
    new = decision(1000)
    history.push(new)
    kept = undo_all(history)
    assert kept == [new, *steps[: KEPT_DECISIONS - undone][::-1]][:KEPT_DECISIONS]

"""The document of a frame: what is put back when it is opened again, and what holds after any sequence of acts."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from autoanno_gui.core.box import Box
from autoanno_gui.core.document import Document
from autoanno_gui.core.draft import draft_run_frame, encode_draft, restore_draft
from autoanno_gui.core.records import How, PresentationMode, Thresholds, Verdict, VerdictKind
from autoanno_gui.core.review_objects import FIRST_DRAWN_ID, Change, Mark, ReviewObject, Role
from autoanno_gui.core.verdicts import object_from_verdict
from tests.unit.core.builders import (
    BIKE,
    CAR,
    FAINTER,
    HEIGHT,
    HIGH,
    NEW,
    ROWS,
    WIDTH,
    Row,
    boxes,
    by_prediction,
    document,
    done,
    prediction_rows,
    roles,
    thresholds,
)


# ------------------------------------------------------------------------------------------ saved and restored
def test_unsaved_follows_edits_and_saving() -> None:
    frame = document(ROWS)
    assert not frame.unsaved
    change = frame.accept(0)
    assert change is not None
    assert frame.unsaved
    frame.mark_saved()
    assert not frame.unsaved
    frame.revert(change)
    assert frame.unsaved
    frame.mark_saved(saved=False)
    assert frame.unsaved


def restored_from_verdicts(frame: Document, rows: list[Row]) -> Document:
    again = document(rows, thresholds=frame.thresholds, mode=frame.mode)
    objects = []
    for at, verdict in enumerate(frame.verdicts()):
        drawn = verdict.prediction is None
        object_id = FIRST_DRAWN_ID + at if verdict.prediction is None else verdict.prediction
        origin = None if drawn else again.origin(object_id)
        objects.append(object_from_verdict(verdict, object_id=object_id, origin=origin))
    again.restore([item for item in objects if item is not None], shown=frame.shown)
    return again


def judged(frame: Document) -> list[tuple[object, ...]]:
    """Return the verdicts without the act that they came about by: opening a frame again makes each explicit."""
    return [(v.kind, v.prediction, v.class_id, v.geometry, v.class_changed, v.iou) for v in frame.verdicts()]


def test_a_decided_frame_comes_back_as_it_was() -> None:
    frame = document([*ROWS[:3], (FAINTER.as_tuple(), 0.3, 1)])
    done(frame.set_class(0, class_id=11))
    done(frame.reject(1))
    done(frame.adopt(2))
    done(frame.add(NEW, 10))
    again = restored_from_verdicts(frame, [*ROWS[:3], (FAINTER.as_tuple(), 0.3, 1)])
    assert judged(again) == judged(frame)
    assert roles(again)[1] is Role.REJECTED
    assert roles(again)[3] is Role.GHOST
    assert not again.unsaved


def test_a_verdict_on_a_prediction_that_is_no_longer_mapped_comes_back_as_the_reviewers_own() -> None:
    rows: list[Row] = [(CAR.as_tuple(), 0.9, 2)]
    frame = document(rows)
    kept = ReviewObject(0, CAR, 10, 0.9, Mark.ACCEPTED)
    gone = ReviewObject(1, BIKE, 10, 0.8, Mark.REJECTED)
    frame.restore([kept, gone])
    assert frame.verdicts() == (Verdict(VerdictKind.ADDED, How.OBJECT, None, 10, CAR),)


def test_a_draft_brings_back_what_was_touched() -> None:
    frame = document(ROWS)
    frame.set_thresholds(HIGH)
    done(frame.set_geometry(0, CAR.moved(5, 0)))
    done(frame.adopt(2))
    new = done(frame.add(NEW, 11))
    body = encode_draft(frame)
    assert body is not None
    assert draft_run_frame(body) == 7
    again = document(ROWS, thresholds=HIGH)
    restore_draft(again, body)
    assert list(again) == list(frame)
    assert again.verdicts() == frame.verdicts()
    assert by_prediction(again)[1].how is How.THRESHOLD
    assert done(again.add(NEW, 10)) == new + 1


def test_a_draft_keeps_the_mode() -> None:
    frame = document(ROWS, mode=PresentationMode.HAND)
    done(frame.add(NEW, 11))
    again = document(ROWS)
    restore_draft(again, encode_draft(frame) or b"")
    assert again.mode is PresentationMode.HAND
    assert again.verdicts() == frame.verdicts()


def test_a_draft_keeps_the_size_of_the_picture_that_it_was_made_on() -> None:
    frame = document(ROWS)
    done(frame.add(NEW, 11))
    body = encode_draft(frame) or b""
    again = document(ROWS)
    again.width, again.height = 100, 50
    restore_draft(again, body)
    assert (again.made_on, again.size) == ((200, 100), (100, 50))
    assert list(again) == list(frame), "boxes are not scaled"
    done(again.add(Box(10, 10, 20, 20), 11))
    third = document(ROWS)
    restore_draft(third, encode_draft(again) or b"")
    assert third.made_on == (200, 100), "as long as nothing is decided, some of its boxes are of that picture"


def test_a_draft_without_a_size_can_be_read() -> None:
    frame = document(ROWS)
    done(frame.add(NEW, 11))
    data = json.loads(encode_draft(frame) or b"")
    del data["size"]
    again = document(ROWS)
    restore_draft(again, json.dumps(data).encode())
    assert again.made_on is None
    assert list(again) == list(frame)


def test_an_untouched_frame_has_no_draft() -> None:
    assert encode_draft(document(ROWS)) is None


# ------------------------------------------------------------------------------------------ any sequence of acts
VERBS = ("accept", "reject", "adopt", "set_class", "set_geometry", "add", "threshold")
Act = tuple[str, int, Box, int, Thresholds]
acts = st.lists(
    st.tuples(st.sampled_from(VERBS), st.integers(0, 9), boxes(margin=20), st.sampled_from([10, 11, 12]), thresholds()),
    max_size=12,
)


def perform(frame: Document, act: Act) -> Change | None:
    verb, pick, box, class_id, moved = act
    ids = [item.id for item in frame] or [0]
    object_id = ids[pick % len(ids)]
    match verb:
        case "accept":
            return frame.accept(object_id)
        case "reject":
            return frame.reject(object_id)
        case "adopt":
            return frame.adopt(object_id)
        case "set_class":
            return frame.set_class(object_id, class_id=class_id)
        case "set_geometry":
            return frame.set_geometry(object_id, box)
        case "add":
            return frame.add(box, class_id)
        case _:
            frame.set_thresholds(moved)
            return None


@given(prediction_rows(), thresholds(), acts)
def test_undoing_everything_gives_the_first_state_and_redoing_it_the_last(
    rows: list[Row], at: Thresholds, sequence: list[Act]
) -> None:
    frame = document(rows, thresholds=at)
    states = [list(frame)]
    changes = []
    for act in sequence:
        if (change := perform(frame, act)) is not None:
            changes.append(change)
            states.append(list(frame))
    for change, before in zip(reversed(changes), reversed(states[:-1]), strict=True):
        frame.revert(change)
        assert list(frame) == before
    assert not frame.has_traces
    for change, after in zip(changes, states[1:], strict=True):
        frame.apply(change)
        assert list(frame) == after


@given(prediction_rows(), thresholds(), acts)
def test_nothing_becomes_a_label_that_was_not_shown_as_a_candidate_or_acted_on(
    rows: list[Row], at: Thresholds, sequence: list[Act]
) -> None:
    frame = document(rows, thresholds=at)
    acted: set[int] = set()
    for act in sequence:
        if (change := perform(frame, act)) is not None:
            acted.update(change.ids)
    for verdict in frame.verdicts():
        if verdict.geometry is None or verdict.prediction is None or verdict.prediction in acted:
            continue
        _, confidence, model_class = rows[verdict.prediction]
        assert model_class in (0, 1)
        assert confidence > frame.thresholds.of(verdict.class_id) - 1e-6
        assert (verdict.kind, verdict.how) == (VerdictKind.ACCEPTED, How.FRAME)
    labelled = {verdict.prediction for verdict in frame.verdicts() if verdict.geometry is not None}
    unseen = {item.id for item in frame.in_role(Role.GHOST, Role.HIDDEN, Role.REJECTED)}
    unmapped = {index for index, row in enumerate(rows) if row[2] not in (0, 1)}
    assert not labelled & (unseen | unmapped)


@given(prediction_rows(), thresholds(), acts, thresholds())
def test_what_the_reviewer_confirmed_survives_every_threshold(
    rows: list[Row], at: Thresholds, sequence: list[Act], last: Thresholds
) -> None:
    frame = document(rows, thresholds=at)
    confirmed: set[int] = set()
    for act in sequence:
        change = perform(frame, act)
        for object_id in change.ids if change is not None else ():
            (confirmed.discard if act[0] == "reject" else confirmed.add)(object_id)
    frame.set_thresholds(last)
    assert {item.id for item in frame.in_role(Role.CONFIRMED)} == confirmed
    assert confirmed <= set(frame.review_order(ghosts=False))


def test_a_ghost_that_was_promoted_and_rejected_is_a_rejected_candidate_once_the_threshold_shows_it() -> None:
    frame = document([((10.0, 10.0, 40.0, 40.0), 0.3, 0)], thresholds=Thresholds(default=0.5))
    frame.accept(0)
    frame.reject(0)
    assert (frame.verdicts(), frame.shown) == ((), ())
    frame.set_thresholds(Thresholds(default=0.2))
    assert [verdict.kind for verdict in frame.verdicts()] == [VerdictKind.REJECTED]
    assert frame.shown == (0,)


@given(prediction_rows(), thresholds(), acts)
def test_each_shown_candidate_has_one_verdict_and_nothing_else_is_judged_as_one(
    rows: list[Row], at: Thresholds, sequence: list[Act]
) -> None:
    frame = document(rows, thresholds=at)
    for act in sequence:
        perform(frame, act)
    judged_as = (VerdictKind.ACCEPTED, VerdictKind.EDITED, VerdictKind.REJECTED)
    found = [verdict.prediction for verdict in frame.verdicts() if verdict.kind in judged_as]
    assert sorted(index for index in found if index is not None) == list(frame.shown)
    assert None not in found


@settings(max_examples=60)
@given(prediction_rows(), thresholds(), acts)
def test_opening_a_decided_frame_or_a_draft_again_changes_no_verdict(
    rows: list[Row], at: Thresholds, sequence: list[Act]
) -> None:
    frame = document(rows, thresholds=at)
    for act in sequence:
        perform(frame, act)
    again = restored_from_verdicts(frame, rows)
    assert judged(again) == judged(frame)
    assert again.decision_kind(again.verdicts()) is frame.decision_kind(frame.verdicts())
    drafted = document(rows, thresholds=frame.thresholds)
    if body := encode_draft(frame):
        restore_draft(drafted, body)
        assert drafted.verdicts() == frame.verdicts()


@given(prediction_rows(), thresholds(), acts)
def test_every_outline_lies_inside_the_image(rows: list[Row], at: Thresholds, sequence: list[Act]) -> None:
    frame = document(rows, thresholds=at)
    for act in sequence:
        perform(frame, act)
    for verdict in frame.verdicts():
        if verdict.geometry is not None:
            assert verdict.geometry == verdict.geometry.clipped(WIDTH, HEIGHT)
            assert verdict.geometry.area > 0

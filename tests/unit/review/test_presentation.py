"""What a view may show of a frame: never anything hidden, ghosts only when wanted."""

from __future__ import annotations

import pytest
from hypothesis import given

from autoanno_gui.core.box import Box
from autoanno_gui.core.document import Document
from autoanno_gui.core.records import ClassRecord, PresentationMode, Thresholds
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.presentation import Counts, Presentation
from tests.unit.core.builders import Row, document, prediction_rows, thresholds

CLASSES = {10: ClassRecord(10, "car", "#112233", slot=1), 11: ClassRecord(11, "bike", "#445566")}
NEW = Box(5, 60, 25, 90)
ROWS: list[Row] = [
    ((10, 10, 50, 40), 0.9, 0),
    ((60, 10, 90, 40), 0.6, 1),
    ((120, 50, 150, 80), 0.4, 0),
    ((160, 50, 190, 80), 0.1, 0),
]


def presented(frame: Document, *, ghosts: bool = False) -> Presentation:
    return Presentation(frame, CLASSES, show_ghosts=ghosts)


def test_candidates_are_shown_and_ghosts_only_when_wanted() -> None:
    frame = document(ROWS)
    assert [item.id for item in presented(frame).objects()] == [0, 1]
    assert [item.id for item in presented(frame, ghosts=True).objects()] == [0, 1, 2]
    assert presented(frame).shown(2) is None
    assert presented(frame, ghosts=True).shown(3) is None
    assert presented(frame).shown(99) is None


def test_an_object_is_described_by_its_class() -> None:
    shown = presented(document(ROWS)).shown(0)
    assert shown is not None
    assert (shown.class_name, shown.colour, shown.slot, shown.role) == ("car", "#112233", 1, Role.CANDIDATE)
    assert shown.confidence == pytest.approx(0.9)
    assert not shown.drawn
    assert not shown.edited


def test_a_class_that_is_not_known_still_has_a_name_and_colour() -> None:
    frame = document(ROWS)
    frame.set_class(0, class_id=77)
    shown = presented(frame).shown(0)
    assert shown is not None
    assert (shown.class_name, shown.slot, shown.edited) == ("class 77", None, True)
    assert shown.colour.startswith("#")


def test_drawn_and_rejected_objects() -> None:
    frame = document(ROWS)
    change = frame.add(NEW, 11)
    assert change is not None
    frame.reject(0)
    view = presented(frame)
    assert [item.id for item in view.objects()] == [0, 1, *change.ids]
    assert [item.id for item in view.on_canvas()] == [1, *change.ids]
    drawn = view.on_canvas()[-1]
    assert (drawn.drawn, drawn.geometry, drawn.confidence, drawn.role) == (True, NEW, None, Role.CONFIRMED)
    assert view.order() == [1, *change.ids]


def test_counts_name_the_ghosts_that_are_not_shown() -> None:
    frame = document(ROWS)
    frame.accept(0)
    assert presented(frame).counts() == Counts(candidates=1, confirmed=1, rejected=0, ghosts=1)
    frame.reject(1)
    assert presented(frame).counts() == Counts(candidates=0, confirmed=1, rejected=1, ghosts=1)


def test_hand_mode_shows_no_prediction_and_counts_none() -> None:
    frame = document(ROWS, mode=PresentationMode.HAND)
    change = frame.add(NEW, 10)
    assert change is not None
    view = presented(frame, ghosts=True)
    assert [item.id for item in view.objects()] == list(change.ids)
    assert view.order() == list(change.ids)
    assert view.counts() == Counts(candidates=0, confirmed=1, rejected=0, ghosts=0)


@pytest.mark.parametrize(
    ("scores", "second"),
    [
        ([(0, 0.8), (1, 0.4)], "bike"),
        ([(0, 0.8), (1, 0.39)], None),
        ([(0, 0.8), (2, 0.7), (1, 0.5)], "bike"),
        ([(0, 0.8)], None),
        ([], None),
        # The top scores do not agree with the class that was predicted: nothing is claimed.
        ([(1, 0.8), (0, 0.7)], None),
    ],
)
def test_a_close_second_class_is_named(scores: list[tuple[int, float]], second: str | None) -> None:
    shown = presented(document(ROWS, tops={0: scores})).shown(0)
    assert shown is not None
    assert shown.second_choice == second


def test_the_second_class_is_no_longer_named_once_another_was_chosen() -> None:
    frame = document(ROWS, tops={0: [(0, 0.8), (1, 0.7)]})
    frame.set_class(0, class_id=11)
    shown = presented(frame).shown(0)
    assert shown is not None
    assert shown.second_choice is None


@given(prediction_rows(), thresholds(), thresholds())
def test_nothing_hidden_is_ever_shown(rows: list[Row], at: Thresholds, moved: Thresholds) -> None:
    frame = document(rows, thresholds=at)
    frame.set_thresholds(moved)
    for ghosts in (False, True):
        view = presented(frame, ghosts=ghosts)
        shown = view.objects()
        for item in shown:
            _, confidence, model_class = rows[item.id]
            assert model_class in (0, 1)
            above = confidence > moved.of(item.class_id) - 1e-6
            assert above or (ghosts and confidence > moved.ghost_floor - 1e-6)
        assert sorted(view.order()) == sorted(item.id for item in shown)
        assert all(view.shown(item.id) == item for item in shown)
    frame.start_by_hand()
    assert presented(frame, ghosts=True).objects() == []


@given(prediction_rows(), thresholds())
def test_what_accepting_the_frame_labels_is_what_is_shown_without_ghosts(rows: list[Row], at: Thresholds) -> None:
    frame = document(rows, thresholds=at)
    labelled = [verdict.prediction for verdict in frame.verdicts() if verdict.geometry is not None]
    assert labelled == [item.id for item in presented(frame).on_canvas()]

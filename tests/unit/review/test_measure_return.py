"""The trial of a project: which frames it takes, what they show, and what is measured on them."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.seconds_per_box import BoxTime, SecondsPerBox
from autoanno_gui.core.predictions import RunSettings
from autoanno_gui.core.queue import QueueReason, in_random_stream
from autoanno_gui.core.queue_filter import QueueFilter
from autoanno_gui.core.queue_settings import QueueSettings
from autoanno_gui.core.records import FrameState, PresentationMode
from autoanno_gui.core.review_objects import Role
from autoanno_gui.core.trial import Arm, Trial
from autoanno_gui.review.fact_reader import read_facts
from autoanno_gui.review.measure_return import (
    return_report,
    set_seconds,
    start_trial,
    stop_trial,
    stored_seconds,
    trial_state,
)
from autoanno_gui.review.outcome import Step
from autoanno_gui.review.queue_keeper import News, QueueKeeper, SortedQueue, SortRequest
from autoanno_gui.review.reports import queue_report
from autoanno_gui.review.trial_keeper import TrialKeeper, stored_trial
from autoanno_gui.review.tuning_sample import SAMPLE_SETTING
from autoanno_gui.store.store_thread import Priority
from tests.projects import MODEL, SURE, UNSURE, USUAL, make_project
from tests.unit.review.conftest import Sit
from tests.unit.review.session_kit import draw
from tests.unit.review.sheet_kit import sheet_of
from tests.unit.review.sitting import Sitting

FRAMES = 24
T = TypeVar("T")


class Clock:
    """Time that passes only when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def run(job: Generator[object, None, T]) -> T:
    """Run a job to its end."""
    while True:
        try:
            next(job)
        except StopIteration as stop:
            found: T = stop.value
            return found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sitting(sit_down: Sit, tmp_path: Path, clock: Clock) -> Sitting:
    return sit_down(make_project(tmp_path, [USUAL] * FRAMES), clock=clock)


def begin(sitting: Sitting, size: int = 4) -> Trial:
    """Start a trial as the window does."""
    session = sitting.session
    trial = run(start_trial(sitting.store, reviewer="ann", size=size, seen=session.guards.seen))
    session.trials.take(trial)
    return trial


def numbers(sitting: Sitting, trial: Trial, arm: Arm) -> list[int]:
    frames = sitting.session.frames
    return [n for n, frame_id in enumerate(sitting.ids) if trial.arms.get(frames.get(frame_id).path) is arm]


def sort(sitting: Sitting, wanted: QueueFilter | None = None) -> SortedQueue:
    session = sitting.session
    with sitting.store.reader() as reader:
        keeper = QueueKeeper(reader)
        keeper.update(News(everything=True))
        found = keeper.sort(
            SortRequest(
                session.frames.columns(),
                0,
                session.queue_settings,
                session.thresholds,
                first=session.tuning_sample,
                trial=session.trials.frame_ids,
                hidden=session.trials.hidden(session.frames),
                wanted=wanted or QueueFilter(),
            )
        )
    assert found is not None
    return found


def label(sitting: Sitting, number: int, clock: Clock, seconds: float) -> None:
    """Open a frame, take so long, draw something if it is by hand, and decide."""
    sitting.go_to(number)
    clock.now += seconds
    if sitting.document.mode is PresentationMode.HAND:
        draw(sitting)
    sitting.accept()


def test_frames_that_say_something_else_or_were_looked_at_are_never_drawn(sitting: Sitting, clock: Clock) -> None:
    """Frame 0 was opened, 1 has a draft of an earlier sitting, 2 is decided, 3 put off, 4 of the tuning sample."""
    text = f'{{"frames": [{sitting.ids[4]}], "seed": 0}}'
    sitting.store.submit(Priority.OTHER, lambda writer: writer.set_setting(SAMPLE_SETTING, text)).result()
    sitting.go_to(1)
    draw(sitting)
    label(sitting, 2, clock, 1.0)
    sitting.go_to(3)
    sitting.defer()
    sitting.settle()
    sitting.session.guards._seen.clear()  # an earlier sitting left these
    sitting.session.guards.note_seen(sitting.ids[0])
    trial = begin(sitting, size=100)
    drawn = set(numbers(sitting, trial, Arm.HAND)) | set(numbers(sitting, trial, Arm.REVIEW))
    stream = set(np.flatnonzero(in_random_stream(sitting.session.frames.draws, QueueSettings())).tolist())
    possible = set(range(5, FRAMES)) - stream
    assert drawn <= possible
    assert len(drawn) == len(possible) // 2 * 2
    assert len(trial.by_hand) == len(drawn) // 2


def test_too_few_frames_are_an_error(sit_down: Sit, tmp_path: Path) -> None:
    sitting = sit_down(make_project(tmp_path, [USUAL, None, None]))
    with pytest.raises(KnownError, match="at least 2 frames"):
        run(start_trial(sitting.store, reviewer="ann", seen=sitting.session.guards.seen))


def test_the_trial_is_kept_and_goes_on_in_the_next_sitting(sitting: Sitting) -> None:
    trial = begin(sitting)
    with sitting.store.reader() as reader:
        assert stored_trial(reader) == trial
    assert (trial.reviewer, trial.round, len(trial.arms)) == ("ann", 1, 4)
    assert run(start_trial(sitting.store, reviewer="ben", size=10)) == trial  # not before these are decided
    with sitting.store.reader() as reader:
        keeper = TrialKeeper(reader)
        again = {reader.frame(frame_id).path: keeper.arm_of(frame_id) for frame_id in keeper.frame_ids}
    assert again == trial.arms


def test_its_frames_come_first_and_say_why(sitting: Sitting) -> None:
    sitting.session.tuning_sample = (sitting.ids[20],)
    trial = begin(sitting)
    found = sort(sitting).order
    mine = {n for arm in Arm for n in numbers(sitting, trial, arm)}
    assert set(found.positions[:4].tolist()) == mine
    reasons = [found.reason(place) for place in range(5)]
    assert reasons == [QueueReason.MEASURE] * 4 + [QueueReason.TUNING]
    with sitting.store.reader() as reader:
        rows = queue_report(reader)["frames"]
    assert [row["reason"] for row in rows].count("measure") == 4
    assert {row["frame"] for row in rows[:4]} == set(trial.arms)


def test_a_frame_by_hand_shows_nothing_of_the_proposals(sitting: Sitting) -> None:
    session, trial = sitting.session, begin(sitting)
    by_hand, reviewed = numbers(sitting, trial, Arm.HAND), numbers(sitting, trial, Arm.REVIEW)
    sitting.go_to(by_hand[0])
    assert sitting.document.mode is PresentationMode.HAND
    assert session.hides(session.frames.get(sitting.ids[by_hand[0]]))
    session.objects.toggle_ghosts()
    session.set_threshold(0.05)
    session.objects.select_all()
    session.objects.accept()
    session.objects.adopt(0)
    assert session.presentation is not None
    assert session.presentation.objects() == []
    assert session.presentation.counts().candidates == session.presentation.counts().ghosts == 0
    assert np.flatnonzero(session.hidden()).tolist() == by_hand
    on_sheet = {item.frame_id for item in sheet_of(sitting, size=1000).shown}
    assert on_sheet == set(sitting.ids) - {sitting.ids[number] for number in by_hand}
    passing = sort(sitting, QueueFilter(class_id=min(session.classes))).matches
    assert passing is not None
    assert set(np.flatnonzero(~passing).tolist()) == set(by_hand)
    sitting.go_to(reviewed[0])
    assert sitting.document.mode is PresentationMode.NORMAL
    assert sitting.in_role(Role.CANDIDATE, Role.CONFIRMED) > 0


def test_how_a_frame_is_labelled_is_not_for_the_reviewer_to_choose(sitting: Sitting) -> None:
    session, trial = sitting.session, begin(sitting)
    sitting.go_to(numbers(sitting, trial, Arm.HAND)[0])
    for verb in (session.label_by_hand, session.reject_frame):
        outcome = verb()
        assert outcome.step is Step.NOTHING
        assert "drawn to be labelled by hand" in outcome.text
    assert sitting.document.mode is PresentationMode.HAND
    number = numbers(sitting, trial, Arm.REVIEW)[0]
    sitting.go_to(number)
    assert "drawn to be reviewed" in session.label_by_hand().text
    assert sitting.document.mode is PresentationMode.NORMAL
    sitting.reject()
    assert sitting.stored_states[number] is FrameState.REJECTED
    sitting.go_to(number)
    assert sitting.document.mode is PresentationMode.HAND
    assert session.label_by_hand().step is Step.OBJECTS  # it is measured, so the choice is free again


def test_a_frame_that_is_left_or_put_off_stays_by_hand(sitting: Sitting, sit_down: Sit) -> None:
    number = numbers(sitting, begin(sitting), Arm.HAND)[0]
    sitting.go_to(number)
    draw(sitting)
    sitting.defer()
    sitting.settle()
    sitting.go_to(number)
    assert sitting.document.mode is PresentationMode.HAND
    assert sitting.in_role(Role.CONFIRMED) == 1
    assert sitting.session.hides(sitting.session.frames.get(sitting.ids[number]))
    sitting.accept()
    sitting.undo()
    assert sitting.document.mode is PresentationMode.HAND
    assert sitting.session.presentation is not None
    assert [item.drawn for item in sitting.session.presentation.objects()] == [True]


def test_both_ways_are_timed(sitting: Sitting, clock: Clock) -> None:
    """Ten frames: by hand 20, 30, 40, 50, 60 s, reviewed 5, 10, 10, 10, 15 s; each reviewed one has 2 objects."""
    trial = begin(sitting, size=10)
    sitting.session.queue.take_order(sort(sitting).order, restart=True)
    for arm, seconds in ((Arm.HAND, (20, 30, 40, 50, 60)), (Arm.REVIEW, (5, 10, 10, 10, 15))):
        for number, each in zip(numbers(sitting, trial, arm), seconds, strict=True):
            label(sitting, number, clock, each)
    assert {entry.decision.reason for entry in sitting.ledger} == {"measure"}
    set_seconds(sitting.store, SecondsPerBox(BoxTime.EXTREME_CLICKING, 7.0)).result()
    with sitting.store.reader() as reader:
        assert stored_seconds(reader).seconds == 7.0
        state = trial_state(reader)
        found = state.figures
        assert found == return_report(reader, FactTable.of(read_facts(reader)))
    assert (state.done, state.left) == (10, 0)
    assert found["measured"]
    assert (found["hand_seconds_per_frame"], found["review_seconds_per_frame"], found["ratio"]) == (40.0, 10.0, 4.0)
    assert found["saved_hours"] == pytest.approx((5 * 40 - 50) / 3600)
    assert found["estimate"]["hand_hours"] == pytest.approx(10 * 7 / 3600)
    assert f"over the {FRAMES - 10} frames" in found["plain"]["sentence"]


def test_stopping_keeps_what_is_measured_and_lets_the_rest_go(sitting: Sitting, clock: Clock) -> None:
    trial = begin(sitting)
    by_hand = numbers(sitting, trial, Arm.HAND)
    label(sitting, by_hand[0], clock, 20.0)
    left = run(stop_trial(sitting.store))
    sitting.session.trials.take(left)
    assert left is not None
    assert numbers(sitting, left, Arm.HAND) == by_hand[:1]
    assert not sitting.session.hidden().any()
    sitting.go_to(by_hand[1])
    assert sitting.document.mode is PresentationMode.NORMAL


def test_stopping_without_a_decision_leaves_no_trial(sitting: Sitting) -> None:
    begin(sitting)
    assert run(stop_trial(sitting.store)) is None
    with sitting.store.reader() as reader:
        assert stored_trial(reader) is None
        assert trial_state(reader).done == 0


def test_more_frames_are_added_to_a_trial_that_is_done_but_not_across_models(sitting: Sitting, clock: Clock) -> None:
    first = begin(sitting, size=2)
    for arm in Arm:
        label(sitting, numbers(sitting, first, arm)[0], clock, 5.0)
    second = begin(sitting, size=4)
    assert len(second.arms) == 6
    assert first.arms.items() <= second.arms.items()
    for arm in Arm:
        for number in numbers(sitting, second, arm):
            if not sitting.states[number].decided:
                label(sitting, number, clock, 5.0)
    other = RunSettings(replace(MODEL, weights_hash="b" * 64, name="next.pt"), (640, 640))
    sitting.store.submit(Priority.OTHER, lambda writer: writer.start_run(other, device="cpu")).result()
    third = begin(sitting, size=4)
    assert third.round == 2
    assert len(third.arms) == 4
    assert not third.arms.keys() & second.arms.keys()


def test_frames_of_both_kinds_are_in_both_arms(sit_down: Sit, tmp_path: Path) -> None:
    """Half of the frames have two candidates, half one: each arm gets as many of either, give or take one."""
    sitting = sit_down(make_project(tmp_path, [(SURE,), (SURE, UNSURE)] * 20))
    trial = begin(sitting, size=20)
    crowded = [sum(number % 2 for number in numbers(sitting, trial, arm)) for arm in Arm]
    assert abs(crowded[0] - crowded[1]) <= 1
    assert 4 <= crowded[0] <= 6

"""When a planted check comes, and when it does not: never where it would be recognised or could not be judged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from autoanno_gui.core.errors import FrameErrorCode
from autoanno_gui.core.records import FrameState, PresentationMode
from autoanno_gui.core.trial import Arm, Trial
from autoanno_gui.store.store_thread import Priority
from tests.projects import HEIGHT, WIDTH, MadeProject
from tests.unit.review.conftest import Sit
from tests.unit.review.honesty_kit import EVERY, SPARED, accept, prepare_check
from tests.unit.review.session_kit import draw
from tests.unit.review.sitting import Sitting


@pytest.fixture
def sitting(sit_down: Sit, fresh: MadeProject) -> Sitting:
    return sit_down(fresh, check_every=EVERY)


@pytest.mark.parametrize("act", ["looked at", "decided anew"])
def test_no_check_of_a_frame_that_was_just_looked_at(sitting: Sitting, act: str) -> None:
    prepare_check(sitting)
    session = sitting.session
    here = sitting.number
    assert session.checks.waiting is not None
    sitting.done(session.open(session.checks.waiting.frame_id))
    if act == "decided anew":
        session.objects.reject()
        sitting.accept()
    assert not session.planted
    assert session.checks.waiting is None or act == "decided anew"
    sitting.go_to(here)
    accept(sitting)
    if not session.planted:
        accept(sitting)
    assert session.planted  # another one is still owed


def test_no_check_of_a_frame_whose_labels_are_about_to_change(sitting: Sitting) -> None:
    drafted = []
    for _ in range(22):
        number = sitting.number
        accept(sitting)
        if sitting.session.planted:
            sitting.accept()
        following = sitting.number
        if sitting.states[number].labelled and sitting.states[number] is FrameState.ACCEPTED:
            sitting.go_to(number)
            draw(sitting)
            sitting.go_to(following)
            drafted.append(number)
    sitting.settle()
    assert len(drafted) > 15
    for _ in range(3 * EVERY):
        accept(sitting)
        if sitting.session.planted:
            assert sitting.number not in drafted
            return


def test_no_check_among_frames_that_are_labelled_by_hand(sitting: Sitting) -> None:
    session = sitting.session
    for _ in range(25):
        accept(sitting)
        if session.planted:
            sitting.accept()
    for _ in range(25):
        sitting.reject()
    session.queue.wanted = FrameState.REJECTED
    sitting.go_to(sitting.states.index(FrameState.REJECTED))
    for _ in range(12):
        assert not session.planted
        assert sitting.document.mode is PresentationMode.HAND
        draw(sitting)
        sitting.accept()


def test_no_check_before_a_frame_without_proposals(sitting: Sitting) -> None:
    session = sitting.session
    prepare_check(sitting)
    for frame in list(session.frames):
        if frame.state is FrameState.UNDECIDED and frame.id != session.listed_id:
            session.frames.update(replace(frame, run_frame_id=None))
    accept(sitting)
    assert not session.planted
    assert session.checks.waiting is not None


def test_frames_of_the_tuning_sample_have_no_check_among_them_and_come_as_one_without_ghosts(sitting: Sitting) -> None:
    session = sitting.session
    session.tuning_sample = tuple(sitting.ids[:30])
    accept(sitting)
    for _ in range(28):
        assert session.objects.ghosts_shown
        accept(sitting)
        assert not session.planted
    for _ in range(3 * EVERY):
        accept(sitting)
        if session.planted:
            break
    assert session.planted
    assert session.frame is not None
    assert session.frame.id in session.tuning_sample
    assert not session.objects.ghosts_shown


def test_a_check_waits_while_a_job_asks_for_classes_again_and_again(sitting: Sitting) -> None:
    prepare_check(sitting)
    waiting = sitting.session.checks.waiting
    sitting.session.reload_classes()
    horse = sitting.store.submit(Priority.OTHER, lambda w: w.add_class("horse")).result()
    sitting.session.reload_classes()
    assert sitting.session.checks.waiting is waiting
    sitting.store.submit(Priority.OTHER, lambda w: w.remove_class(horse.id)).result()
    sitting.session.reload_classes()
    assert sitting.session.checks.waiting is None


@pytest.mark.parametrize(
    "changed",
    [{"width": 640}, {"error": FrameErrorCode.MISSING}, {"state": FrameState.REJECTED}],
    ids=["another picture", "no picture", "no labels"],
)
def test_no_check_of_a_frame_that_is_not_as_it_was_decided(sitting: Sitting, changed: dict[str, Any]) -> None:
    prepare_check(sitting)
    session = sitting.session
    assert session.checks.waiting is not None
    frame = session.frames.get(session.checks.waiting.frame_id)
    session.frames.update(replace(frame, **changed))
    accept(sitting)
    assert not session.planted


def test_no_check_of_frames_whose_pictures_have_another_size_by_now(sitting: Sitting) -> None:
    session = sitting.session
    for _ in range(SPARED + 1):
        accept(sitting)
    grown = [frame for frame in session.frames if frame.state.labelled]
    for frame in grown:
        session.frames.update(replace(frame, width=frame.width * 2))
    for _ in range(10):
        accept(sitting)
        assert not session.planted
        assert session.checks.waiting is None


def test_no_check_among_frames_that_are_timed(sitting: Sitting) -> None:
    prepare_check(sitting)
    session = sitting.session
    undecided = [frame for frame in session.frames if frame.state is FrameState.UNDECIDED]
    arms = {frame.path: Arm.REVIEW for frame in undecided[:4] if frame is not session.frame}
    session.trials.take(Trial(1, "2026-01-01T10:00:00+00:00", "ann", 1, arms))
    waiting = session.checks.waiting
    for _ in arms:
        accept(sitting)
        assert not session.planted
    assert session.checks.waiting is waiting
    for _ in range(3):
        accept(sitting)
        if session.planted:
            return
    raise AssertionError("it does not come when they are done")


def test_only_own_labels_come_again(sitting: Sitting, sit_down: Sit, fresh: MadeProject) -> None:
    for _ in range(30):
        accept(sitting)
    anns = {frame.id for frame in sitting.session.frames if frame.state.labelled}
    sitting.close()
    ben = sit_down(fresh, check_every=1, reviewer="ben")
    for frame_id in ben.ids:
        ben.session.note_size(frame_id, width=WIDTH, height=HEIGHT)
    came = 0
    for _ in range(60):
        accept(ben)
        if ben.session.planted:
            came += 1
            assert ben.ids[ben.number] not in anns
    assert came > 5


def test_checks_come_as_often_as_they_are_said_to(sitting: Sitting) -> None:
    decided, came = len(sitting.ledger), 0
    while sitting.states.count(FrameState.UNDECIDED) > 20:
        accept(sitting)
        if sitting.session.planted:
            came += 1
            sitting.accept()
    stretches = (len(sitting.ledger) - decided - SPARED) / EVERY
    assert stretches - 3 <= came <= stretches + 3

"""The queue follows what happens, and never moves what the reviewer has under the hands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from autoanno_gui.core.errors import ProjectError
from autoanno_gui.core.prediction_index import Judged
from autoanno_gui.core.predictions import FrameResult, RunSettings
from autoanno_gui.core.queue import QueueReason, in_random_stream
from autoanno_gui.core.queue_settings import OrderName, QueueSettings
from autoanno_gui.core.records import FrameState
from autoanno_gui.review.frame_queue import LOOK_AHEAD
from autoanno_gui.review.prediction_job import PredictionProgress
from autoanno_gui.review.queue_keeper import QueueKeeper
from autoanno_gui.store.store_thread import Priority
from autoanno_gui.ui.queue_controller import QueueController
from tests.projects import MODEL, SURE, MadeProject, Proposal, make_project, predictions
from tests.ui.conftest import Open
from tests.ui.driver import CTRL, Driver, Key

BORDERLINE = Proposal((120, 40, 200, 120), 1, 0.55)
SEEN = LOOK_AHEAD + 1


def crowd(count: int, confidence: float) -> list[Proposal]:
    """Return so many small boxes that do not touch."""
    return [Proposal((at * 6, 10, at * 6 + 5, 15), 0, confidence) for at in range(count)]


def controller(driver: Driver) -> QueueController:
    assert driver.window.projects.project is not None
    return driver.window.projects.project.queue


def numbers(driver: Driver) -> list[int]:
    """Return the frames in the order of review, by their number in natural order."""
    return driver.session.queue.order.tolist()


def open_without_checks(open_window: Open, made: MadeProject) -> Driver:
    driver = open_window(arguments=[str(made.folder), "--project", str(made.file), "--checks", "off"])
    driver.wait_for_frame(0)
    return driver


def sort(driver: Driver, act: Callable[[], object]) -> None:
    """Do something that makes the queue be sorted anew, and wait until it is."""
    queue, heard = controller(driver), []
    # What was asked for before must not be taken for the answer.
    driver.wait(lambda: not queue._busy and not queue._timer.isActive())
    queue.arranged.connect(lambda: heard.append(True))
    act()
    driver.wait(lambda: bool(heard) and not queue._busy and not queue._timer.isActive())


def predict(driver: Driver, number: int, proposals: list[Proposal]) -> None:
    """Let newer predictions of a frame arrive, as a running job tells of them."""
    store, frame_id = driver.session.store, driver.session.frames.at(number).id
    run = store.submit(Priority.OTHER, lambda w: w.start_run(RunSettings(MODEL, (640, 640)), device="cpu")).result()
    results = [FrameResult(frame_id, predictions(proposals))]
    recorded = store.submit(Priority.OTHER, lambda w: w.record_results(run, results)).result()
    assert driver.window.presenter is not None
    driver.window.presenter.news.on_predicted(PredictionProgress(1, 1, 1, 1.0, recorded=tuple(recorded)))


@pytest.fixture
def by_count(open_window: Open, tmp_path: Path) -> Driver:
    """Twenty frames, the ones with most candidates first; number n has n faint predictions below the threshold."""
    frames = [[*crowd(20 - number, 0.9), *crowd(number * 3, 0.48)] for number in range(20)]
    driver = open_without_checks(open_window, make_project(tmp_path, frames, order=OrderName.COUNT))
    assert numbers(driver) == list(range(20))
    return driver


# ---------------------------------------------------------------------------------------------------- opening
def test_the_first_frame_is_the_one_most_worth_a_look(open_window: Open, tmp_path: Path) -> None:
    frames = [[SURE], [SURE], crowd(9, 0.95), [SURE], [BORDERLINE], None]
    driver = open_without_checks(open_window, make_project(tmp_path, frames, order=OrderName.REVIEW))
    assert driver.shown == ["frame_4.jpg"]
    assert numbers(driver)[:2] == [4, 2]
    assert numbers(driver)[-1] == 5
    reasons = [driver.session.queue.reason_of(driver.session.frames.at(at).id) for at in (4, 2, 0, 5)]
    assert reasons == [QueueReason.BORDERLINE, QueueReason.CROWDED, QueueReason.COVERAGE, QueueReason.UNPREDICTED]
    driver.decide(Key.Key_Space)
    assert driver.frame == "frame_2.jpg"


def test_a_folder_without_a_model_is_gone_through_by_name(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(make_project(tmp_path, [None, None, None], order=OrderName.REVIEW))
    assert driver.frame == "frame_0.jpg"
    assert numbers(driver) == [0, 1, 2]


def test_the_random_stream_runs_through_the_queue_unless_checks_are_off(open_window: Open, tmp_path: Path) -> None:
    made = make_project(tmp_path, [[BORDERLINE]] * 30, order=OrderName.REVIEW)
    settings = QueueSettings(seed=4, audit_every=4)

    def audits(driver: Driver) -> list[int]:
        sort(driver, lambda: controller(driver).use(settings))
        session = driver.session
        drawn = [at for at in range(30) if session.queue.reason_of(session.frames.at(at).id) is QueueReason.AUDIT]
        belongs = in_random_stream(session.frames.columns().draws, settings)
        assert drawn in ([], [at for at in range(30) if belongs[at]])
        return drawn

    driver = open_window(made)
    assert audits(driver)
    driver.close()
    assert audits(open_without_checks(open_window, made)) == []


def test_a_reading_error_does_not_keep_the_first_frame_away(
    open_window: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> bool:
        raise ProjectError("The disk is gone.")

    monkeypatch.setattr(QueueKeeper, "update", fail)
    driver = open_window(make_project(tmp_path, [[SURE], [BORDERLINE]], order=OrderName.REVIEW))
    assert driver.frame == "frame_0.jpg"
    driver.wait(lambda: "The disk is gone." in driver.window.notice.text)
    driver.decide(Key.Key_Space)
    assert driver.frame == "frame_1.jpg"


def test_a_bug_in_sorting_is_told_and_the_review_goes_on(
    qtbot: QtBot, tmp_path: Path, open_window: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QueueKeeper, "sort", lambda *_, **__: 1 / 0)
    with qtbot.captureExceptions() as caught:
        driver = open_window(make_project(tmp_path, [[SURE], [BORDERLINE]], order=OrderName.REVIEW))
        driver.wait(lambda: bool(caught))
    assert caught[0][0] is ZeroDivisionError
    assert driver.frame == "frame_0.jpg"


# ---------------------------------------------------------------------------------------------------- re-sorting
def test_a_threshold_key_sorts_the_queue_but_not_what_comes_next(by_count: Driver) -> None:
    sort(by_count, lambda: by_count.key(Key.Key_Minus))
    assert by_count.frame == "frame_0.jpg"
    assert numbers(by_count)[:SEEN] == list(range(SEEN))
    assert numbers(by_count)[SEEN:] == list(reversed(range(SEEN, 20)))
    by_count.decide(Key.Key_Space)
    assert by_count.frame == "frame_1.jpg"
    sort(by_count, lambda: by_count.key(Key.Key_Equal))
    assert numbers(by_count)[: SEEN + 1] == [*range(SEEN), 19]
    assert numbers(by_count)[SEEN + 1 :] == list(range(SEEN, 19))


def test_predictions_that_arrive_move_their_frame_but_not_what_comes_next(by_count: Driver) -> None:
    sort(by_count, lambda: predict(by_count, 15, crowd(40, 0.9)))
    assert numbers(by_count)[: SEEN + 1] == [*range(SEEN), 15]
    sort(by_count, lambda: predict(by_count, 2, [SURE]))
    assert numbers(by_count)[: SEEN + 1] == [*range(SEEN), 15]
    assert by_count.frame == "frame_0.jpg"


def test_an_order_of_frames_that_stand_otherwise_by_now_is_made_again(by_count: Driver) -> None:
    session = by_count.session
    backwards = [frame.id for frame in session.frames][::-1]

    def act() -> None:
        controller(by_count).ask(soon=True)
        session.take_frames([], order=backwards)

    sort(by_count, act)
    assert numbers(by_count) == list(reversed(range(20)))


def test_a_decision_and_its_undoing_reach_the_index(by_count: Driver) -> None:
    def judged() -> set[int]:
        index = controller(by_count).index
        assert index is not None
        at = index.frame_ids.tolist().index(by_count.session.frames.at(0).id)
        return set(index.judged[index.starts[at] : index.starts[at] + index.counts[at]].tolist())

    assert judged() == {Judged.NOT_YET}
    sort(by_count, lambda: by_count.decide(Key.Key_Space))
    assert judged() == {Judged.ACCEPTED}
    assert numbers(by_count) == list(range(20))
    sort(by_count, lambda: by_count.decide(Key.Key_Z, CTRL))
    assert judged() == {Judged.NOT_YET}
    assert by_count.frame == "frame_0.jpg"
    assert numbers(by_count) == list(range(20))
    assert by_count.session.frames.count(FrameState.UNDECIDED) == 20


def test_another_order_begins_right_behind_what_was_reviewed(by_count: Driver) -> None:
    by_count.decide(Key.Key_Space)
    assert by_count.frame == "frame_1.jpg"
    natural = QueueSettings(OrderName.LEAST_CONFIDENT)
    sort(by_count, lambda: predict(by_count, 12, [BORDERLINE, Proposal((0, 0, 5, 5), 0, 0.51)]))
    sort(by_count, lambda: controller(by_count).use(natural))
    assert numbers(by_count)[:3] == [0, 1, 12]
    by_count.decide(Key.Key_Space)
    assert by_count.frame == "frame_12.jpg"
    kept = by_count.session.store.reader()
    try:
        by_count.wait(lambda: QueueSettings.from_json(kept.setting("queue")) == natural)
    finally:
        kept.close()


def test_a_whole_review_under_a_restless_queue_meets_every_frame_once(open_window: Open, tmp_path: Path) -> None:
    frames = [crowd(12 - number, 0.9) for number in range(12)]
    driver = open_window(make_project(tmp_path, frames, order=OrderName.REVIEW))
    for turn in range(11):
        predict(driver, turn, [SURE, *crowd(1 + turn % 3, 0.45)])
        driver.key(Key.Key_Minus if turn % 2 else Key.Key_Equal)
        controller(driver).ask(soon=True)
        driver.decide(Key.Key_Space)
    driver.decide(Key.Key_Space)
    assert driver.finished == 1
    assert sorted(driver.shown) == sorted(f"frame_{number}.jpg" for number in range(12))
    assert driver.session.frames.count(FrameState.UNDECIDED) == 0


# ---------------------------------------------------------------------------------------------------- closing
def test_a_project_is_closed_while_its_queue_is_being_sorted(by_count: Driver) -> None:
    queue = controller(by_count)
    queue.note_classes()
    assert queue._busy
    before = by_count.shown[:]
    by_count.close()
    assert not queue._thread.isRunning()
    assert not queue._timer.isActive()
    assert by_count.shown == before


def test_what_is_sorted_when_another_project_is_open_already_is_dropped(
    open_window: Open, tmp_path: Path, by_count: Driver
) -> None:
    other = make_project(tmp_path, [[SURE]] * 3, name="other")
    controller(by_count).note_classes()
    by_count.window.projects.open_folder(other.folder, project_file=other.file)
    by_count.wait(lambda: by_count.window.projects.project is not None and len(by_count.session.frames) == 3)
    by_count.wait(lambda: by_count.shown[-1] == "frame_0.jpg" and by_count.session.can_decide)
    assert numbers(by_count) == [0, 1, 2]

"""What nobody has seen yet is never accepted, and news for one frame never lands on another."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from autoanno_gui.core.errors import ModelError
from autoanno_gui.core.predictions import FrameResult, RunSettings
from autoanno_gui.core.records import FrameState
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.model_runner import LoadedModel
from autoanno_gui.review.prediction_job import PredictionProgress
from autoanno_gui.store.store_thread import Priority
from autoanno_gui.ui import prefetch
from autoanno_gui.ui.review_presenter import ReviewPresenter
from tests.fakes import fake_model_info
from tests.projects import MODEL, USUAL, make_project, predictions
from tests.ui.conftest import Open
from tests.ui.driver import Driver, Key


class Paints(QObject):
    """Counts the paint events of a widget."""

    def __init__(self, widget: QObject) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


def presenter_of(driver: Driver) -> ReviewPresenter:
    assert driver.window.presenter is not None
    return driver.window.presenter


def predict(driver: Driver, frame_id: int) -> PredictionProgress:
    """Record the usual predictions of a frame and return the news of it."""
    store, settings = driver.session.store, RunSettings(MODEL, (640, 640))
    run = store.submit(Priority.OTHER, lambda w: w.start_run(settings, device="cpu")).result()
    result = FrameResult(frame_id, predictions(USUAL))
    ((_, run_frame_id),) = store.submit(Priority.OTHER, lambda w: w.record_results(run, [result])).result()
    assert run_frame_id is not None
    return PredictionProgress(1, 1, 1, 1.0, recorded=((frame_id, run_frame_id),))


@pytest.fixture
def waiting(open_window: Open, tmp_path: Path) -> Driver:
    """A window whose second frame has no prediction yet; a model is said to be on its way."""
    driver = open_window(make_project(tmp_path, [USUAL[:1], None, USUAL]))
    driver.session.model_active = True
    return driver


def test_proposals_are_painted_before_the_next_key_can_accept_them(waiting: Driver) -> None:
    presenter_of(waiting).open_frame(waiting.session.frames.at(1).id)
    waiting.wait(lambda: waiting.session.objects.enabled)
    assert waiting.session.waiting
    news = predict(waiting, waiting.session.frames.at(1).id)
    paints = Paints(waiting.window.canvas.viewport())
    presenter_of(waiting).news.on_predicted(news)
    assert paints.count == 1
    assert waiting.roles()[Role.CANDIDATE] == 2


def test_objects_never_lie_over_the_picture_of_the_frame_before(waiting: Driver) -> None:
    frame_id = waiting.session.frames.at(1).id
    news = predict(waiting, frame_id)
    before = list(waiting.window.canvas.state.objects.values())
    waiting.window.projects.project.prefetcher.forget_all()
    presenter_of(waiting).open_frame(frame_id)
    presenter_of(waiting).news.on_predicted(news)
    presenter_of(waiting).select_next()
    assert list(waiting.window.canvas.state.objects.values()) == before
    waiting.wait(lambda: waiting.session.can_decide)
    assert len(waiting.window.canvas.state.objects) == 2


def test_nothing_is_accepted_while_the_objects_are_hidden(driver: Driver) -> None:
    QTest.keyPress(driver.window.canvas, Key.Key_H)
    driver.key(Key.Key_Space)
    driver.key(Key.Key_Return)
    assert driver.session.can_decide
    assert Role.CONFIRMED not in driver.roles()
    QTest.keyRelease(driver.window.canvas, Key.Key_H)
    driver.decide(Key.Key_Space)
    assert driver.session.frames.count(FrameState.ACCEPTED) == 1


def test_a_new_class_goes_to_the_object_that_was_selected(driver: Driver) -> None:
    objects = driver.session.objects
    driver.key(Key.Key_Tab)
    selected = objects.selected
    assert selected != driver.session.document.review_order(ghosts=False)[0]
    presenter_of(driver).create_class("fox", use=True)
    driver.wait(lambda: Role.CONFIRMED in driver.roles())
    assert driver.session.document.in_role(Role.CONFIRMED)[0].id == selected
    assert driver.selected_class() == "fox"


def test_a_new_class_does_not_go_to_the_frame_that_is_opened_meanwhile(driver: Driver) -> None:
    written = Event()
    driver.session.store.submit(Priority.OTHER, lambda _writer: written.wait(20))
    presenter_of(driver).create_class("fox", use=True)
    driver.decide(Key.Key_D)
    assert driver.session.can_decide
    written.set()
    driver.wait(lambda: "fox" in [record.name for record in driver.session.classes.values()])
    assert Role.CONFIRMED not in driver.roles()


def test_a_bug_in_decoding_is_told_and_the_next_frame_still_comes(
    qtbot: QtBot, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.window.projects.project.prefetcher.forget_all()
    with monkeypatch.context() as patch, qtbot.captureExceptions() as caught:
        patch.setattr(prefetch, "read_preview", lambda *_where, **_size: 1 / 0)
        driver.key(Key.Key_D)
        driver.wait(lambda: bool(caught))
    assert caught[0][0] is ZeroDivisionError
    driver.decide(Key.Key_D)
    assert driver.frame == "frame_2.jpg"


def test_a_model_that_loads_after_another_one_failed_is_waited_for(waiting: Driver) -> None:
    models = waiting.window.models
    models._on_failed(ModelError("absent.pt does not exist."))
    assert not waiting.session.model_active
    models._on_loaded(LoadedModel(fake_model_info(), "cpu", ""))
    presenter_of(waiting).open_frame(waiting.session.frames.at(1).id)
    waiting.wait(lambda: waiting.session.objects.enabled)
    assert waiting.session.waiting

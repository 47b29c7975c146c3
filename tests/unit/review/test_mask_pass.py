"""The mask pass of the window: between prompts, with or without a detector, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.errors import ModelError
from autoanno_gui.core.prompt import Prompt
from autoanno_gui.inference import registry
from autoanno_gui.inference.registry import run_settings
from autoanno_gui.review.model_runner import LoadedModel, ModelEvents, ModelRunner
from autoanno_gui.review.prediction_job import pending_frames
from autoanno_gui.review.scheduler import Scheduler
from autoanno_gui.review.segmenter_runner import SegmenterEvents, SegmenterRunner
from tests.fakes import FakeDetector, fake_model_info
from tests.projects import GHOST, SURE, UNSURE, USUAL, Proposal
from tests.unit.review.conftest import OpenStore
from tests.unit.review.fake_segmenter import FakeSegmenter
from tests.unit.review.segment_kit import AROUND, Desk, frames, has_mask, recorded

Sit = Callable[..., Desk]


@pytest.fixture
def sit(open_store: OpenStore, app_home: Path, monkeypatch: pytest.MonkeyPatch) -> Sit:
    def make(fake: FakeSegmenter, *proposals: Sequence[Proposal] | None) -> Desk:
        desk = Desk(open_store(*proposals), app_home, monkeypatch)
        desk.use(fake)
        return desk

    return make


def test_the_pass_takes_the_boxes_of_the_detector_that_spoke_last(sit: Sit) -> None:
    desk = sit(FakeSegmenter(), USUAL, USUAL)
    desk.run_pass()
    assert desk.ended == [None]
    assert len(recorded(desk.steps)) == 2
    assert desk.steps[-1].done == 2


def test_the_pass_takes_the_loaded_detector_where_there_is_one(sit: Sit) -> None:
    desk = sit(FakeSegmenter(), None, USUAL)
    desk.detector = FakeDetector()
    desk.run_pass()
    assert len(recorded(desk.steps)) == 2
    assert pending_frames(desk.store, run_settings(desk.detector)) == []


def test_without_any_boxes_the_pass_says_what_to_do(sit: Sit) -> None:
    desk = sit(FakeSegmenter(), None)
    desk.run_pass()
    assert [str(error) for error in desk.ended] == [
        "There are no proposals to make masks of; choose a model that predicts the frames first."
    ]


def test_prompts_go_between_two_boxes_of_the_pass(sit: Sit) -> None:
    def ask(prompt: Prompt) -> None:
        if prompt.box == Box(*SURE.box) and not desk.answers:
            desk.runner.ask(frames(desk.store)[0], asked, generation=1)

    asked = Prompt(Box(100, 100, 110, 110))
    fake = FakeSegmenter(on_segment=ask)
    desk = sit(fake, USUAL)
    desk.run_pass()
    assert fake.prompts == [Prompt(Box(*SURE.box)), asked, Prompt(Box(*UNSURE.box)), Prompt(Box(*GHOST.box))]
    assert [answer.generation for answer in desk.answers] == [1]
    assert desk.ended == [None]


def test_the_pass_uses_what_was_encoded_for_a_prompt_and_leaves_the_cache_alone(sit: Sit) -> None:
    fake = FakeSegmenter()
    desk = sit(fake, USUAL, USUAL)
    desk.runner.ask(frames(desk.store)[0], Prompt(Box(0, 0, 9, 9)), generation=1)
    desk.run_pass()
    assert len(fake.encoded) == 2
    desk.runner.ask(frames(desk.store)[1], Prompt(Box(0, 0, 9, 9)), generation=2)
    desk.scheduler.run_until_idle()
    assert len(fake.encoded) == 3


def test_a_cancelled_pass_tells_all_that_it_stored(sit: Sit) -> None:
    desk = sit(FakeSegmenter(), *[USUAL] * 6)
    desk.on_progress = lambda: desk.runner.cancel_pass() if desk.steps[-1].done == 2 else None
    desk.run_pass()
    assert desk.ended == [None]
    done = recorded(desk.steps)
    assert 2 <= len(done) < 6
    masks = [has_mask(desk.store, number) for number in range(6)]
    assert masks == [frame.id in done for frame in frames(desk.store)]


def test_a_pass_that_is_started_again_is_one_pass(sit: Sit) -> None:
    desk = sit(FakeSegmenter(), *[USUAL] * 4)
    desk.on_progress = lambda: desk.runner.start_pass() if len(desk.steps) == 2 else None
    desk.run_pass()
    assert desk.said == ["ended"]
    assert sorted(recorded(desk.steps)) == [frame.id for frame in frames(desk.store)]


def test_another_segmenter_ends_the_pass_before_it_is_announced(sit: Sit) -> None:
    fake = FakeSegmenter()
    desk = sit(fake, *[USUAL] * 4)
    desk.on_progress = lambda: desk.runner.load(None) if desk.steps[-1].done == 1 else None
    desk.run_pass()
    assert desk.said == ["ended", "loaded GrabCut"]
    assert desk.ended == [None]
    assert fake.closed


def test_another_detector_ends_the_pass_before_it_takes_over(sit: Sit, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = sit(FakeSegmenter(), *[None] * 4)
    detectors: list[FakeDetector] = []

    def load(path: Path, **_how: object) -> FakeDetector:
        detectors.append(FakeDetector(info=fake_model_info(path.name)))
        return detectors[-1]

    def loaded(model: LoadedModel) -> None:
        desk.detector = detectors[-1]
        desk.said.append(model.info.name)

    monkeypatch.setattr(registry, "load_detector", load)
    told: list[object] = []
    events = ModelEvents(told.append, loaded, told.append, told.append, told.append, told.append)
    models = ModelRunner(desk.scheduler, desk.store, home=desk.store.root, events=events)
    models.load(Path("one.pt"))
    desk.scheduler.run_until_idle()
    assert models.detector is detectors[0]
    desk.on_progress = lambda: models.load(Path("two.pt")) if desk.steps[-1].done == 1 else None
    desk.run_pass()
    assert desk.said == ["one.pt", "ended", "two.pt"]
    assert desk.ended == [None]
    assert detectors[0].closed
    assert models.detector is detectors[1]
    models.close()


def test_a_segmenter_that_breaks_in_the_pass_ends_it_with_the_reason(sit: Sit) -> None:
    def breaks(prompt: Prompt) -> None:
        raise ModelError("The runtime broke.")

    desk = sit(FakeSegmenter(on_segment=breaks), USUAL)
    desk.run_pass()
    assert [str(error) for error in desk.ended] == ["The runtime broke."]


def test_a_segmenter_that_breaks_on_a_prompt_ends_the_pass_too(sit: Sit) -> None:
    def breaks(prompt: Prompt) -> None:
        if prompt == AROUND:
            raise ModelError("The runtime broke.")

    desk = sit(FakeSegmenter(on_segment=breaks), *[USUAL] * 4)
    last = frames(desk.store)[3]
    desk.on_progress = lambda: desk.runner.ask(last, AROUND, generation=7) if desk.steps[-1].done == 1 else None
    desk.run_pass()
    assert desk.said == ["failed", "ended", "loaded GrabCut", "answer 7"]
    assert desk.answers[0].masks
    assert 1 <= len(recorded(desk.steps)) < 4


def test_the_pass_needs_no_segmenter_to_be_chosen(open_store: OpenStore, app_home: Path) -> None:
    store = open_store((Proposal((14, 14, 86, 86), 1, 0.9),))
    told: list[object] = []
    ended: list[BaseException | None] = []
    events = SegmenterEvents(told.append, told.append, told.append, told.append, told.append, ended.append)
    scheduler = Scheduler()
    runner = SegmenterRunner(scheduler, store, home=app_home, events=events)
    runner.start_pass()
    scheduler.run_until_idle()
    runner.close()
    assert ended == [None]
    assert has_mask(store)

"""Masks for a whole folder: every box keeps its object, everything once, stopped and taken up again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from autoanno_gui.core.box import Box
from autoanno_gui.core.errors import FrameErrorCode, ModelError, OutOfMemory
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.predictions import FramePredictions, FrameResult
from autoanno_gui.core.prompt import Prompt
from autoanno_gui.core.records import FrameState
from autoanno_gui.imaging.decode import read_frame
from autoanno_gui.imaging.light import measure
from autoanno_gui.inference import segmenters
from autoanno_gui.inference.registry import run_settings
from autoanno_gui.inference.segmenter import Segmenter
from autoanno_gui.review.frame_segmenter import FrameSegmenter
from autoanno_gui.review.prediction_job import PredictionProgress, pending_frames, prediction_job
from autoanno_gui.review.segment_job import segment_job
from autoanno_gui.store.store_thread import Priority, Store
from tests.fakes import FakeDetector
from tests.projects import GHOST, HEIGHT, MODEL, NOISE, SURE, UNSURE, USUAL, WIDTH, Proposal
from tests.unit.review.conftest import OpenStore
from tests.unit.review.fake_segmenter import FakeSegmenter
from tests.unit.review.segment_kit import SETTINGS, SQUARE, frames, has_mask, recorded, repaint, stored

Steps = list[PredictionProgress]


@pytest.fixture
def grabcut(app_home: Path) -> Segmenter:
    return segmenters.load_segmenter(None, home=app_home)


def run(store: Store, segmenter: Segmenter, **how: object) -> Steps:
    """Do the whole job."""
    how.setdefault("settings", SETTINGS)
    job = segment_job(store, FrameSegmenter(segmenter, store), **how)
    return [step for step in job if step is not None]


def same_boxes(one: FramePredictions, other: FramePredictions) -> bool:
    names = ("boxes", "confidences", "classes", "top_classes", "top_scores")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


# ------------------------------------------------------------------------------------------------ what comes of a frame
def test_grabcut_makes_masks_of_the_stored_boxes(open_store: OpenStore, grabcut: Segmenter) -> None:
    around = Proposal((14, 14, 86, 86), 1, 0.9, second=0.4)
    store = open_store((around, NOISE), ())
    before = stored(store)
    steps = run(store, grabcut)
    after = stored(store)
    assert same_boxes(before, after)
    mask = after.geometry(0)
    assert isinstance(mask, Mask)
    assert mask.bounds.iou(SQUARE) > 0.9
    assert after.geometry(1) == before.box(1)  # too unsure to be worth the time
    assert len(stored(store, 1)) == 0
    assert recorded(steps) == [frame.id for frame in frames(store)]
    assert [(step.done, step.total) for step in (steps[0], steps[-1])] == [(0, 2), (2, 2)]
    assert steps[-1].predictions == 2


def test_every_object_keeps_its_class_where_masks_are_missing(open_store: OpenStore) -> None:
    """The fault of the usual tool: masks that are not found move the classes of those behind them."""
    store = open_store(USUAL)
    before = stored(store)
    run(store, FakeSegmenter(blind_to=lambda prompt: prompt.box == Box(*UNSURE.box)))
    after = stored(store)
    assert same_boxes(before, after)
    bounds = [after.geometry(index) for index in range(4)]
    assert isinstance(bounds[0], Mask)
    assert bounds[0].bounds == Box(*SURE.box)
    assert bounds[1] == Box(*UNSURE.box)
    assert isinstance(bounds[2], Mask)
    assert bounds[2].bounds == Box(*GHOST.box)
    assert bounds[3] == Box(*NOISE.box)


def test_the_light_of_the_pictures_is_noted_on_the_way(open_store: OpenStore) -> None:
    store = open_store(USUAL, ())
    run(store, FakeSegmenter())
    with store.reader() as reader:
        assert reader.lights() == {
            frame.id: measure(read_frame(store.root, frame.path).pixels) for frame in frames(store)
        }


def test_each_frame_is_encoded_once_and_only_when_a_box_is_worth_it(open_store: OpenStore) -> None:
    store = open_store(USUAL, (NOISE,), USUAL)
    fake = FakeSegmenter()
    run(store, fake)
    assert len(fake.encoded) == 2
    assert fake.prompts == [Prompt(Box(*one.box)) for one in (SURE, UNSURE, GHOST)] * 2


def test_all_that_can_become_a_ghost_gets_a_mask(open_store: OpenStore) -> None:
    store = open_store((replace(SURE, confidence=0.15), replace(UNSURE, confidence=0.149)))
    run(store, FakeSegmenter())
    assert [isinstance(stored(store).geometry(index), Mask) for index in (0, 1)] == [True, False]


def test_boxes_are_cut_to_the_picture_before_they_are_asked_about(open_store: OpenStore) -> None:
    over = Proposal((-20, 200, 60, 260), 0, 0.9)
    beside = Proposal((WIDTH + 5, 10, WIDTH + 50, 60), 0, 0.8)
    store = open_store((over, beside))
    fake = FakeSegmenter()
    run(store, fake)
    assert fake.prompts == [Prompt(Box(0, 200, 60, HEIGHT))]
    assert stored(store).geometry(1) == Box(*beside.box)


def test_the_results_are_a_run_of_their_own(open_store: OpenStore, grabcut: Segmenter) -> None:
    store = open_store(USUAL)
    run(store, grabcut)
    with store.reader() as reader:
        combined = replace(SETTINGS, segmenter=grabcut.info)
        assert reader.pending_frames(combined) == reader.pending_frames(SETTINGS) == []
        source = reader.source_predictions(frames(store)[0].id, SETTINGS)
        assert reader.newest_settings() == SETTINGS
    assert source is not None
    assert source[1].outlines is None


def test_another_segmenter_starts_from_the_boxes_again(open_store: OpenStore, grabcut: Segmenter) -> None:
    store = open_store(USUAL)
    run(store, grabcut)
    fake = FakeSegmenter()
    run(store, fake)
    assert fake.prompts[0] == Prompt(Box(*SURE.box))
    assert stored(store).geometry(0).bounds == Box(*SURE.box)
    # Taken up again, what the first one made is not made again but stands once more.
    steps = run(store, grabcut)
    assert recorded(steps) == [frames(store)[0].id]
    assert steps[-1].total == 0
    assert stored(store).geometry(0).bounds.iou(SQUARE) > 0.85


def test_a_detector_that_is_taken_up_again_does_not_take_the_masks_away(open_store: OpenStore) -> None:
    store = open_store(None, None)
    detector = FakeDetector()
    list(prediction_job(store, detector))
    run(store, FakeSegmenter(), settings=run_settings(detector), detector=detector)
    assert recorded(list(prediction_job(store, detector))) == []
    assert has_mask(store)


# ------------------------------------------------------------------------------------------------ frames without boxes
def test_frames_that_nobody_predicted_are_left_out(open_store: OpenStore) -> None:
    store = open_store(USUAL, None, USUAL)
    steps = run(store, FakeSegmenter())
    assert recorded(steps) == [frames(store)[number].id for number in (0, 2)]
    assert (steps[0].total, steps[-1].done, steps[-1].total) == (3, 2, 2)
    assert frames(store)[1].run_frame_id is None
    assert frames(store)[1].error is None


def test_a_detector_predicts_them_on_the_way_and_they_are_not_predicted_again(
    open_store: OpenStore,
) -> None:
    store = open_store(None, None, None)
    detector, fake = FakeDetector(), FakeSegmenter()
    steps = run(store, fake, settings=run_settings(detector), detector=detector)
    assert recorded(steps) == [frame.id for frame in frames(store)]
    assert detector.batches == [1, 1, 1]
    assert len(fake.encoded) == 3
    assert has_mask(store)
    assert pending_frames(store, run_settings(detector)) == []
    with store.reader() as reader:
        source = reader.source_predictions(frames(store)[0].id, run_settings(detector))
    assert source is not None
    assert same_boxes(source[1], stored(store))


def test_boxes_of_a_picture_that_was_replaced_are_not_used(open_store: OpenStore) -> None:
    store = open_store(None, None)
    detector, fake = FakeDetector(), FakeSegmenter()
    list(prediction_job(store, detector))
    repaint(store, 0, (200, 200, 200))  # on which the fake sees three objects
    run(store, fake, settings=run_settings(detector), detector=detector)
    assert [len(stored(store, number)) for number in (0, 1)] == [3, 1]
    repaint(store, 1, (0, 0, 0))
    steps = run(store, FakeSegmenter(info=replace(fake.info, weights_hash="6" * 64)), settings=run_settings(detector))
    assert recorded(steps) == [frames(store)[0].id]
    assert frames(store)[1].run_frame_id is None


# ------------------------------------------------------------------------------------------------ stopping and faults
@pytest.mark.parametrize("steps_done", [1, 4, 7, 12, 18])
def test_a_job_that_is_closed_goes_on_where_it_was(open_store: OpenStore, steps_done: int) -> None:
    store = open_store(*[USUAL] * 5)
    cut: Steps = []
    first = FakeSegmenter()
    job = segment_job(store, FrameSegmenter(first, store), SETTINGS, on_cut=cut.append)
    told = [step for _ in range(steps_done) if (step := next(job)) is not None]
    job.close()
    done = recorded([*told, *cut])
    assert len(done) < 5
    second = FakeSegmenter()
    rest = recorded(run(store, second))
    assert sorted(done + rest) == [frame.id for frame in frames(store)]
    assert len(second.encoded) == len(rest)
    assert all(has_mask(store, number) for number in range(5))


def test_damaged_frames_are_named_and_stop_nothing(open_store: OpenStore) -> None:
    store = open_store(USUAL, USUAL, USUAL)
    (store.root / "frame_1.jpg").write_bytes((store.root / "frame_1.jpg").read_bytes()[:200])
    steps = run(store, FakeSegmenter())
    failures = [failure for step in steps for failure in step.failures]
    assert [(failure.path, failure.code) for failure in failures] == [("frame_1.jpg", FrameErrorCode.DAMAGED)]
    assert len(recorded(steps)) == 2
    assert (steps[-1].done, steps[-1].total) == (3, 3)
    assert frames(store)[1].state is FrameState.FAILED


def test_a_frame_too_large_for_the_memory_is_an_error_and_keeps_its_boxes(open_store: OpenStore) -> None:
    store = open_store(None, None, None)

    def second(number: int) -> None:
        if number in (2, 3):
            raise OutOfMemory("The GPU's memory is full; use a smaller model.")

    detector = FakeDetector()
    steps = run(store, FakeSegmenter(on_encode=second), settings=run_settings(detector), detector=detector)
    failures = [failure for step in steps for failure in step.failures]
    assert [(failure.path, failure.code, failure.detail) for failure in failures] == [
        ("frame_1.jpg", FrameErrorCode.PREDICTION_LOST, "The GPU's memory is full; use a smaller model.")
    ]
    assert recorded(steps) == [frame.id for frame in frames(store)]
    assert [has_mask(store, number) for number in range(3)] == [True, False, True]
    assert frames(store)[1].error is None


def test_a_frame_that_the_detector_gives_up_is_an_error(open_store: OpenStore) -> None:
    store = open_store(None)
    detector = FakeDetector(fail=lambda frame: FrameErrorCode.PREDICTION_LOST)
    steps = run(store, FakeSegmenter(), settings=run_settings(detector), detector=detector)
    assert [failure.code for step in steps for failure in step.failures] == [FrameErrorCode.PREDICTION_LOST]
    assert frames(store)[0].run_frame_id is None


def test_a_segmenter_that_breaks_stops_the_job_and_what_is_done_is_kept(open_store: OpenStore) -> None:
    store = open_store(*[USUAL] * 4)

    def breaks(prompt: Prompt) -> None:
        if len(fake.prompts) == 7:
            raise ModelError("The runtime broke.")

    fake = FakeSegmenter(on_segment=breaks)
    cut: Steps = []
    job = segment_job(store, FrameSegmenter(fake, store), SETTINGS, on_cut=cut.append)
    told: Steps = []
    with pytest.raises(ModelError, match=r"The runtime broke\."):
        told.extend(step for step in job if step is not None)
    assert recorded([*told, *cut]) == [frame.id for frame in frames(store)[:2]]
    assert [has_mask(store, number) for number in range(4)] == [True, True, False, False]


def test_boxes_of_unknown_origin_are_given_masks_too(open_store: OpenStore) -> None:
    """Predictions without a hash of the picture, as an import makes them."""
    store = open_store(None)
    other = replace(SETTINGS, model=replace(MODEL, name="import", weights_hash="i" * 64))
    pixels: NDArray[np.float32] = np.array([[10, 10, 60, 60]], np.float32)
    one = np.zeros(1, np.int32)
    found = FramePredictions(
        pixels, np.ones(1, np.float32), one, np.full((1, 3), -1, np.int32), np.zeros((1, 3), np.float32)
    )
    run_id = store.submit(Priority.OTHER, lambda w: w.start_run(other, device="cpu")).result()
    result = FrameResult(frames(store)[0].id, found)
    store.submit(Priority.OTHER, lambda w: w.record_results(run_id, [result])).result()
    run(store, FakeSegmenter(), settings=other)
    assert stored(store).geometry(0).bounds == Box(10, 10, 60, 60)

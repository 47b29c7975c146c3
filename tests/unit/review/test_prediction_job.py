"""Predicting a folder: everything once, stopped and taken up again, bad frames named; and the model of the window."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from autoanno_gui.core.errors import FrameErrorCode, ModelError
from autoanno_gui.core.records import Frame, FrameState
from autoanno_gui.imaging.decode import read_frame
from autoanno_gui.imaging.light import measure
from autoanno_gui.inference import registry
from autoanno_gui.inference.registry import run_settings
from autoanno_gui.review.model_runner import LoadedModel, ModelEvents, ModelRunner
from autoanno_gui.review.prediction_job import PredictionProgress, pending_frames, prediction_job
from autoanno_gui.review.scan_job import scan_job
from autoanno_gui.review.scheduler import Scheduler
from autoanno_gui.store.store_thread import Store
from tests.fakes import FakeDetector, fake_model_info
from tests.projects import draw_frames

FRAMES = 10
Pixels = NDArray[np.uint8]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "frames"
    draw_frames(folder, [f"frame_{number}.jpg" for number in range(FRAMES)])
    return folder


@pytest.fixture
def store(root: Path) -> Iterator[Store]:
    with Store.open(root.with_name("frames.autoanno"), root=root) as store:
        scan(store)
        yield store


def scan(store: Store) -> None:
    for _ in scan_job(store, store.root):
        pass


def frames(store: Store) -> list[Frame]:
    with store.reader() as reader:
        return [frame for block in reader.frames() for frame in block]


def results(store: Store) -> Counter[int]:
    """Return how many finished results each frame has in the ledger."""
    conn = sqlite3.connect(f"file:{store.file}?mode=ro", uri=True)
    found = Counter(row[0] for row in conn.execute("SELECT frame_id FROM run_frame WHERE status = 'done'"))
    conn.close()
    return found


def recorded(steps: Sequence[PredictionProgress]) -> list[int]:
    return [frame_id for step in steps for frame_id, _ in step.recorded]


def damage(root: Path, number: int) -> None:
    file = root / f"frame_{number}.jpg"
    file.write_bytes(file.read_bytes()[:300])


# ------------------------------------------------------------------------------------------------ the job
@pytest.mark.parametrize("batch_size", [1, 4])
def test_every_frame_is_predicted_once(store: Store, batch_size: int) -> None:
    steps = list(prediction_job(store, FakeDetector(batch_size=batch_size)))
    ids = [frame.id for frame in frames(store)]
    assert recorded(steps) == ids
    assert results(store) == Counter(ids)
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert (steps[0].done, steps[0].total, steps[0].recorded) == (0, FRAMES, ())
    assert (steps[-1].done, steps[-1].total, steps[-1].predictions) == (FRAMES, FRAMES, FRAMES)
    stored = {frame.id: frame.run_frame_id for frame in frames(store)}
    assert dict(pair for step in steps for pair in step.recorded) == stored

    again = list(prediction_job(store, FakeDetector()))
    assert [(step.done, step.total) for step in again] == [(0, 0)]
    assert results(store) == Counter(ids)


def test_the_light_of_the_pictures_is_noted_on_the_way(store: Store, root: Path) -> None:
    damage(root, 0)
    list(prediction_job(store, FakeDetector(batch_size=3)))
    good = frames(store)[1:]
    with store.reader() as reader:
        assert reader.lights() == {frame.id: measure(read_frame(root, frame.path).pixels) for frame in good}


@pytest.mark.parametrize("stop_after", [0, 1, 3])
def test_a_job_that_is_closed_goes_on_where_it_was(store: Store, stop_after: int) -> None:
    cut: list[PredictionProgress] = []
    job = prediction_job(store, FakeDetector(), on_cut=cut.append)
    steps = [next(job) for _ in range(stop_after + 1)]
    job.close()
    # What was stored is what was told, whether by a step or on closing.
    assert Counter(recorded(steps) + recorded(cut)) == results(store)
    assert len(results(store)) < FRAMES
    rest = recorded(list(prediction_job(store, FakeDetector())))
    assert Counter(rest + recorded(steps) + recorded(cut)) == Counter(frame.id for frame in frames(store))
    assert set(results(store).values()) == {1}


def test_frames_that_cannot_be_used_are_named_and_stop_nothing(store: Store, root: Path) -> None:
    for number in (0, 4):
        damage(root, number)
    (root / "frame_7.jpg").unlink()
    steps = list(prediction_job(store, FakeDetector(batch_size=3)))
    failures = {failure.path: failure for step in steps for failure in step.failures}
    assert {path: failure.code for path, failure in failures.items()} == {
        "frame_0.jpg": FrameErrorCode.DAMAGED,
        "frame_4.jpg": FrameErrorCode.DAMAGED,
        "frame_7.jpg": FrameErrorCode.MISSING,
    }
    assert "damaged" in failures["frame_0.jpg"].detail
    assert len(recorded(steps)) == FRAMES - 3
    assert (steps[-1].done, steps[-1].total) == (FRAMES, FRAMES)
    assert [frame.state for frame in frames(store)].count(FrameState.FAILED) == 3
    # They are not tried again before their files change.
    assert pending_frames(store, run_settings(FakeDetector())) == []
    draw_frames(root, ["frame_4.jpg"])
    scan(store)
    assert recorded(list(prediction_job(store, FakeDetector()))) == [frames(store)[4].id]


def test_a_frame_that_the_model_gave_up_is_tried_again_next_time(store: Store) -> None:
    lost: list[Pixels] = []

    def fail(frame: Pixels) -> FrameErrorCode | None:
        lost.append(frame)
        return FrameErrorCode.PREDICTION_LOST if len(lost) == 3 else None

    steps = list(prediction_job(store, FakeDetector(fail=fail)))
    failures = [failure for step in steps for failure in step.failures]
    assert [(failure.path, failure.code) for failure in failures] == [("frame_2.jpg", FrameErrorCode.PREDICTION_LOST)]
    assert frames(store)[2].usable
    again = list(prediction_job(store, FakeDetector()))
    assert recorded(again) == [frames(store)[2].id]
    assert set(results(store).values()) == {1}


def test_a_model_that_fails_keeps_what_it_had(store: Store) -> None:
    calls: list[Pixels] = []

    def fail(frame: Pixels) -> ModelError | None:
        calls.append(frame)
        return ModelError("the runtime broke") if len(calls) == 5 else None

    cut: list[PredictionProgress] = []
    steps: list[PredictionProgress] = []
    job = prediction_job(store, FakeDetector(fail=fail), on_cut=cut.append)
    with pytest.raises(ModelError, match="the runtime broke"):
        steps.extend(job)
    assert len(results(store)) == 4
    assert Counter(recorded(steps) + recorded(cut)) == results(store)
    assert len(recorded(list(prediction_job(store, FakeDetector())))) == FRAMES - 4


def test_only_the_wanted_frames(store: Store) -> None:
    wanted = frames(store)[3:5]
    steps = list(prediction_job(store, FakeDetector(), frames=wanted))
    assert recorded(steps) == [frame.id for frame in wanted]
    assert steps[-1].total == 2


def test_what_was_predicted_ahead_of_its_turn_is_left_out(store: Store) -> None:
    skip: set[int] = set()
    job = prediction_job(store, FakeDetector(), skip=skip)
    next(job)
    # One is near enough to be decoded by now, one is not.
    skip.update(frame.id for frame in (frames(store)[1], frames(store)[8]))
    steps = list(job)
    assert set(recorded(steps)) == {frame.id for frame in frames(store)} - skip
    assert (steps[-1].done, steps[-1].total) == (FRAMES - 2, FRAMES - 2)


def test_a_frame_that_was_decoded_before_it_was_to_be_left_out_is_not_recorded(store: Store) -> None:
    skip: set[int] = set()
    ids = [frame.id for frame in frames(store)]
    detector = FakeDetector(on_batch=lambda batch: skip.add(ids[2]) if len(detector.batches) == 2 else None)
    steps = list(prediction_job(store, detector, skip=skip))
    assert recorded(steps) == [frame_id for frame_id in ids if frame_id != ids[2]]
    assert results(store)[ids[2]] == 0


def test_a_changed_file_and_another_model_are_new_work(store: Store, root: Path) -> None:
    list(prediction_job(store, FakeDetector()))
    file = root / "frame_6.jpg"
    draw_frames(root, ["frame_6.jpg"])
    os.utime(file, ns=(1, 1))
    scan(store)
    assert recorded(list(prediction_job(store, FakeDetector()))) == [frames(store)[6].id]
    other = FakeDetector(info=fake_model_info("other.pt", classes=("a", "b")))
    assert len(recorded(list(prediction_job(store, other)))) == FRAMES


def test_progress_tells_how_fast_and_how_long() -> None:
    assert PredictionProgress(0, 8, 0, 0.0).frames_per_second == 0.0
    assert PredictionProgress(0, 8, 0, 1.0).seconds_left is None
    progress = PredictionProgress(2, 8, 5, 4.0)
    assert (progress.frames_per_second, progress.seconds_left) == (0.5, 12.0)


# ---------------------------------------------------------------------------------------------- the model of the window
class Desk:
    """A runner whose scheduler works when the test says so, and what it reported."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store = store
        self.said: list[str] = []
        self.errors: list[BaseException | None] = []
        self.job: list[PredictionProgress] = []
        self.alone: list[PredictionProgress] = []
        self.detectors: list[FakeDetector] = []
        self.on_progress: Callable[[], None] = lambda: None
        self.on_load: Callable[[str], None] = lambda name: None
        self.model_error: ModelError | None = None
        self.scheduler = Scheduler()
        self.runner = ModelRunner(self.scheduler, store, home=store.file.parent, events=self._events())
        monkeypatch.setattr(registry, "load_detector", self._load)

    def _events(self) -> ModelEvents:
        return ModelEvents(
            loading=lambda name: self.said.append(f"loading {name}"),
            loaded=self._on_loaded,
            failed=self.errors.append,
            progress=self._on_progress,
            job_ended=self._on_job_ended,
            frame_predicted=self._on_frame,
        )

    def _load(self, path: Path, **_how: object) -> FakeDetector:
        if not path.name.endswith(".pt"):
            raise ModelError(f"There is no {path}.")
        detector = FakeDetector(info=fake_model_info(path.name), fail=lambda frame: self.model_error)
        self.detectors.append(detector)
        self.on_load(path.name)
        return detector

    def _on_loaded(self, model: LoadedModel) -> None:
        self.said.append(f"loaded {model.info.name}")

    def _on_progress(self, progress: PredictionProgress) -> None:
        self.job.append(progress)
        self.on_progress()

    def _on_frame(self, progress: PredictionProgress) -> None:
        self.alone.append(progress)
        self.said.append("frame")

    def _on_job_ended(self, error: BaseException | None) -> None:
        self.errors.append(error)
        self.said.append("job ended")

    def load(self, name: str = "one.pt") -> None:
        self.runner.load(Path(name))
        self.scheduler.run_until_idle()


@pytest.fixture
def desk(store: Store, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(store, monkeypatch)


def test_a_model_is_loaded_and_labels_the_folder(desk: Desk) -> None:
    desk.load()
    desk.runner.start_job()
    desk.scheduler.run_until_idle()
    assert desk.said == ["loading one.pt", "loaded one.pt", "job ended"]
    assert desk.errors == [None]
    assert len(recorded(desk.job)) == FRAMES


def test_without_a_model_a_job_ends_at_once(desk: Desk) -> None:
    desk.runner.start_job()
    desk.runner.predict_shown(frames(desk.store)[0])
    desk.scheduler.run_until_idle()
    assert (desk.said, desk.errors, desk.alone) == (["job ended"], [None], [])


def test_a_model_that_cannot_be_loaded_leaves_the_one_before_in_use(desk: Desk) -> None:
    desk.load()
    desk.load("absent.bin")
    assert [str(error) for error in desk.errors] == ["There is no absent.bin."]
    assert not desk.detectors[0].closed
    desk.runner.start_job()
    desk.scheduler.run_until_idle()
    assert len(results(desk.store)) == FRAMES


def test_the_shown_frame_goes_before_the_rest_and_is_not_done_twice(desk: Desk) -> None:
    desk.load()
    last = frames(desk.store)[-1]

    def show() -> None:
        if len(desk.job) == 3:
            desk.runner.predict_shown(last)

    desk.on_progress = show
    desk.runner.start_job()
    desk.scheduler.run_until_idle()
    assert recorded(desk.alone) == [last.id]
    assert len(recorded(desk.job)) == FRAMES - 1
    assert set(results(desk.store).values()) == {1}
    assert (desk.job[-1].done, desk.job[-1].total) == (FRAMES - 1, FRAMES - 1)


def test_a_cancelled_job_tells_all_that_it_stored(desk: Desk) -> None:
    desk.load()
    desk.on_progress = lambda: desk.runner.cancel_job() if len(desk.job) == 3 else None
    desk.runner.start_job()
    desk.scheduler.run_until_idle()
    assert desk.said[-1] == "job ended"
    assert desk.errors == [None]
    assert 0 < len(results(desk.store)) < FRAMES
    assert Counter(recorded(desk.job)) == results(desk.store)
    desk.on_progress = lambda: None
    desk.runner.start_job()
    desk.scheduler.run_until_idle()
    assert set(results(desk.store).values()) == {1}
    assert len(results(desk.store)) == FRAMES


def test_a_job_that_is_started_again_is_one_job(desk: Desk) -> None:
    desk.load()
    desk.on_progress = lambda: desk.runner.start_job() if len(desk.job) == 2 else None
    desk.runner.start_job()
    desk.scheduler.run_until_idle()
    assert desk.said.count("job ended") == 1
    assert desk.said[-1] == "job ended"
    assert len(results(desk.store)) == FRAMES


def test_another_model_may_come_in_the_middle_of_a_job(desk: Desk) -> None:
    desk.load()
    desk.on_progress = lambda: desk.runner.load(Path("two.pt")) if len(desk.job) == 3 else None
    desk.runner.start_job()
    desk.scheduler.run_until_idle()
    # The job of the first model ends before the second is announced, so that whoever hears of it can start anew.
    assert desk.said == ["loading one.pt", "loaded one.pt", "loading two.pt", "job ended", "loaded two.pt"]
    assert desk.errors == [None]
    assert [detector.closed for detector in desk.detectors] == [True, False]
    assert len(results(desk.store)) < FRAMES


def test_a_model_that_was_replaced_while_it_was_loaded_is_closed(desk: Desk) -> None:
    desk.on_load = lambda name: desk.runner.load(Path("two.pt")) if name == "one.pt" else None
    desk.load("one.pt")
    assert desk.said == ["loading one.pt", "loading two.pt", "loaded two.pt"]
    assert [(d.info.name, d.closed) for d in desk.detectors] == [("one.pt", True), ("two.pt", False)]


def test_a_model_that_breaks_ends_its_job_with_the_reason(desk: Desk) -> None:
    desk.load()
    desk.model_error = ModelError("the runtime broke")
    desk.runner.start_job()
    desk.scheduler.run_until_idle()
    assert [str(error) for error in desk.errors] == ["the runtime broke"]
    assert desk.said[-1] == "job ended"

"""The index that the queue is sorted by follows the project file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias, TypeVar

import numpy as np
import pytest

from autoanno_gui.core.frame_list import FrameList
from autoanno_gui.core.prediction_index import UNMAPPED, Judged, PredictionIndex
from autoanno_gui.core.predictions import FramePredictions, FrameResult, ModelInfo, RunSettings
from autoanno_gui.core.queue_settings import OrderName, QueueSettings
from autoanno_gui.core.records import Thresholds
from autoanno_gui.review.queue_keeper import News, QueueKeeper, SortRequest
from autoanno_gui.review.reports import queue_report
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.store.writer import Writer
from tests.projects import GHOST, MODEL, SURE, UNSURE, USUAL, Proposal, make_project, predictions
from tests.unit.review.conftest import Sit

Made = TypeVar("Made")
EVERYTHING = News(everything=True)
RIVALS = Proposal((100, 100, 180, 180), 0, 0.6, second=0.5)


class Kept:
    """A project file that someone writes to, and the keeper of its index."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.reader = store.reader()
        self.keeper = QueueKeeper(self.reader)
        self.ids = [frame.id for block in self.reader.frames() for frame in block]
        self.keeper.update(EVERYTHING)

    @property
    def index(self) -> PredictionIndex:
        return self.keeper.index

    def write(self, act: Callable[[Writer], Made]) -> Made:
        return self.store.submit(Priority.OTHER, act).result()

    def predict(self, number: int, found: FramePredictions, *, model: ModelInfo = MODEL) -> int:
        """Record newer predictions of a frame; return its id."""
        run = self.write(lambda w: w.start_run(RunSettings(model, (640, 640)), device="cpu"))
        self.write(lambda w: w.record_results(run, [FrameResult(self.ids[number], found)]))
        return self.ids[number]

    def rows(self, number: int) -> slice:
        at = self.index.frame_ids.tolist().index(self.ids[number])
        return slice(int(self.index.starts[at]), int(self.index.starts[at] + self.index.counts[at]))

    def confidences(self, number: int) -> list[float]:
        return [round(value, 2) for value in self.index.confidences[self.rows(number)].tolist()]

    def judged(self, number: int) -> list[Judged]:
        return [Judged(value) for value in self.index.judged[self.rows(number)].tolist()]

    def names(self, number: int) -> list[str | None]:
        """Return the names of the classes of a frame's predictions."""
        classes = {record.id: record.name for record in self.reader.classes()}
        return [classes.get(class_id) for class_id in self.index.classes[self.rows(number)].tolist()]

    def class_id(self, name: str) -> int:
        return next(record.id for record in self.reader.classes() if record.name == name)


Keep: TypeAlias = Callable[..., Kept]


@pytest.fixture
def keep(tmp_path: Path) -> Iterator[Keep]:
    """Make projects with these proposals, frame by frame, and read them."""
    opened: list[Kept] = []

    def open_(*proposals: Sequence[Proposal] | None) -> Kept:
        file = make_project(tmp_path, proposals, name=f"made{len(opened)}").file
        opened.append(Kept(Store.open(file)))
        return opened[-1]

    yield open_
    for kept in opened:
        kept.reader.close()
        kept.store.close()


# ---------------------------------------------------------------------------------------------------- reading
def test_all_predictions_are_read_at_first(keep: Keep) -> None:
    kept = keep(USUAL, None, [], [SURE])
    assert kept.index.frame_ids.tolist() == [kept.ids[0], kept.ids[2], kept.ids[3]]
    assert kept.confidences(0) == [0.9, 0.6, 0.3, 0.07]
    assert kept.confidences(2) == []
    assert kept.names(0) == ["cat", "dog", "bird", "cat"]
    assert kept.index.candidates(Thresholds()).tolist() == [True, True, False, False, True]


def test_sizes_that_are_not_known_are_no_trouble(keep: Keep) -> None:
    kept = keep([SURE])
    assert kept.index.places.tolist() == [[128, 128, 128]]


def test_a_project_without_a_model(keep: Keep) -> None:
    kept = keep(None, None)
    assert len(kept.index) == 0
    assert kept.keeper.table.candidates(Thresholds()) == 0
    assert order_of(kept) == [0, 1]


def test_newer_predictions_of_one_frame_take_the_place_of_the_former(keep: Keep) -> None:
    kept = keep(USUAL, USUAL, None)
    before = kept.index
    confidences = before.confidences.tolist()
    changed = {kept.predict(1, predictions([GHOST])), kept.predict(2, predictions([SURE, UNSURE]))}
    assert kept.keeper.update(News(predicted=changed))
    assert kept.confidences(0) == [0.9, 0.6, 0.3, 0.07]
    assert kept.confidences(1) == [0.3]
    assert kept.confidences(2) == [0.9, 0.6]
    assert before.confidences.tolist() == confidences


def test_a_frame_whose_file_was_replaced_has_no_predictions_any_more(keep: Keep) -> None:
    kept = keep([SURE], [UNSURE])
    kept.write(lambda w: w.bulk.execute("UPDATE frame_state SET run_frame_id = NULL WHERE frame_id = ?", kept.ids[:1]))
    kept.keeper.update(News(predicted={kept.ids[0]}))
    assert kept.index.frame_ids.tolist() == kept.ids[1:]


def test_nothing_new_is_not_read(keep: Keep) -> None:
    kept = keep([SURE])
    before = kept.index
    kept.predict(0, predictions([UNSURE]))
    assert kept.keeper.update(News())
    assert kept.index is before


def test_reading_can_be_given_up_and_done_again(keep: Keep) -> None:
    kept = keep([SURE], [UNSURE])
    assert not kept.keeper.update(EVERYTHING, stop=lambda: True)
    assert kept.keeper.update(EVERYTHING)
    assert len(kept.index) == 2


def test_more_frames_than_one_block(keep: Keep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autoanno_gui.store.reader_index.INDEX_BLOCK", 2)
    kept = keep(*[[SURE]] * 4, None, [UNSURE])
    assert kept.index.frame_ids.tolist() == [*kept.ids[:4], kept.ids[5]]
    kept.keeper.update(News(predicted=set(kept.ids)))
    assert len(kept.index) == 5


# ---------------------------------------------------------------------------------------------------- classes
def test_another_class_map_changes_what_predictions_mean(keep: Keep) -> None:
    kept = keep(USUAL)
    dog = kept.class_id("dog")
    kept.write(lambda w: w.set_class_map(MODEL.weights_hash, {0: dog, 2: None}))
    kept.keeper.update(EVERYTHING)
    assert kept.names(0) == ["dog", "dog", None, "dog"]
    assert UNMAPPED in kept.index.classes
    assert kept.keeper.table.class_ids.tolist() == [dog]


def test_a_merged_class_is_read_as_the_one_that_stands_for_it(keep: Keep) -> None:
    kept = keep([RIVALS, UNSURE, GHOST])
    assert kept.index.ratios[0] == pytest.approx(0.5 / 0.6)
    kept.write(lambda w: w.merge_class(kept.class_id("dog"), kept.class_id("cat")))
    kept.keeper.update(EVERYTHING)
    assert kept.names(0) == ["cat", "cat", "bird"]
    # Two classes of the model that mean the same cannot be mistaken for each other.
    assert kept.index.ratios[kept.rows(0)].tolist() == pytest.approx([0.0, 0.5 / 0.6, 0.0])


def test_a_class_that_a_running_prediction_brings_is_met_in_all_frames(keep: Keep) -> None:
    faint = replace(GHOST, confidence=0.1)
    kept = keep([faint, SURE], None)
    assert kept.names(0) == ["cat", None]
    changed = kept.predict(1, predictions([replace(GHOST, confidence=0.8)]))
    kept.keeper.update(News(predicted={changed}))
    assert kept.names(1) == ["bird"]
    assert kept.names(0) == ["cat", "bird"]


def test_each_model_has_its_own_classes(keep: Keep) -> None:
    kept = keep([SURE], [UNSURE], [SURE])
    names = tuple(f"kind {number}" for number in range(80))
    other = replace(MODEL, classes=names, weights_hash="b" * 64, name="other.pt")
    found = predictions([SURE])
    many = replace(found, classes=np.array([70], np.int32), top_classes=np.array([[70, 71, -1]], np.int32))
    changed = kept.predict(1, many, model=other)
    for news in (News(predicted={changed}), EVERYTHING):
        kept.keeper.update(news)
        assert [kept.names(number) for number in range(3)] == [["cat"], ["kind 70"], ["cat"]]


def test_a_class_that_the_model_has_no_name_for(keep: Keep) -> None:
    kept = keep([SURE], None)
    faint, sure = (
        replace(predictions([replace(SURE, confidence=value)]), classes=np.array([9], np.int32)) for value in (0.1, 0.9)
    )
    kept.keeper.update(News(predicted={kept.predict(1, faint)}))
    assert kept.names(1) == [None]
    kept.keeper.update(News(predicted={kept.predict(1, sure)}))
    assert kept.names(1) == ["class 9"]


def test_a_model_without_class_scores_has_no_rivals_but_overlapping_boxes(keep: Keep) -> None:
    twice = [replace(RIVALS, second=0.0), Proposal((102, 101, 180, 180), 1, 0.45)]
    kept = keep([SURE], twice)
    for number, found in enumerate(([SURE], twice)):
        bare = predictions(found)
        bare = replace(bare, top_classes=np.full_like(bare.top_classes, -1), top_scores=np.zeros_like(bare.top_scores))
        kept.keeper.update(News(predicted={kept.predict(number, bare)}))
    assert kept.index.ratios[kept.rows(0)].tolist() == [0.0]
    assert kept.index.ratios[kept.rows(1)].tolist() == pytest.approx([0.75, 0.0])


# ---------------------------------------------------------------------------------------------------- verdicts
def test_verdicts_follow_the_decision_and_its_undoing(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[USUAL, USUAL])
    kept = Kept(sitting.store)
    assert kept.judged(0) == [Judged.NOT_YET] * 4
    sitting.accept()
    kept.keeper.update(News(judged={kept.ids[0]}))
    assert kept.judged(0) == [Judged.ACCEPTED, Judged.ACCEPTED, Judged.NOT_YET, Judged.NOT_YET]
    assert kept.judged(1) == [Judged.NOT_YET] * 4
    sitting.undo()
    kept.keeper.update(News(judged={kept.ids[0]}))
    assert kept.judged(0) == [Judged.NOT_YET] * 4
    sitting.redo()
    kept.keeper.update(EVERYTHING)
    assert kept.judged(0) == [Judged.ACCEPTED, Judged.ACCEPTED, Judged.NOT_YET, Judged.NOT_YET]
    kept.reader.close()


def test_verdicts_on_former_predictions_say_nothing_about_newer_ones(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[USUAL, USUAL])
    kept = Kept(sitting.store)
    sitting.accept()
    kept.keeper.update(News(predicted={kept.predict(0, predictions([SURE]))}, judged={kept.ids[0]}))
    assert kept.judged(0) == [Judged.NOT_YET]
    kept.reader.close()


# ---------------------------------------------------------------------------------------------------- sorting
def order_of(kept: Kept, *, first: tuple[int, ...] = ()) -> list[int]:
    """Return the numbers of the frames in the order of review."""
    frames = FrameList()
    for block in kept.reader.frames():
        frames.extend(block)
    request = SortRequest(frames.columns(), frames.generation, QueueSettings(), Thresholds(), checks=False, first=first)
    found = kept.keeper.sort(request)
    assert found.request is request
    assert found.index is kept.index
    return found.order.positions.tolist()


def test_sorting_goes_by_what_was_read_last(keep: Keep) -> None:
    kept = keep([SURE], [replace(UNSURE, second=0.0)], [RIVALS], None)
    assert order_of(kept)[0] != 3
    assert order_of(kept)[3] == 3
    assert order_of(kept, first=(kept.ids[3],))[0] == 3
    kept.keeper.update(News(predicted={kept.predict(3, predictions([replace(SURE, confidence=0.5)]))}))
    assert order_of(kept)[0] == 3


def test_the_terminal_says_what_the_keeper_sorts(keep: Keep) -> None:
    kept = keep([SURE], [replace(UNSURE, second=0.0)], None)
    document = queue_report(kept.reader, settings=QueueSettings(), checks=False)
    assert [row["reason"] for row in document["frames"]] == ["borderline", "coverage", "unpredicted"]
    natural = queue_report(kept.reader)
    assert natural["order"] == OrderName.NATURAL.value
    assert [row["frame"] for row in natural["frames"]] == ["frame_0.jpg", "frame_1.jpg", "frame_2.jpg"]

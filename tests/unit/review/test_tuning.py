"""Tuning the threshold of a real project file: which frames, which truth, whose times."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.keystrokes import Act
from autoanno_gui.core.records import DecisionKind, How, Verdict, VerdictKind
from autoanno_gui.core.tuner import THRESHOLDS
from autoanno_gui.review.tuning import TuneResult, tune_job, tune_report
from autoanno_gui.review.tuning_sample import SAMPLE_SETTING, sample_job, sample_state, stored_sample
from autoanno_gui.store.store_thread import Priority, Store
from tests.projects import GHOST, SURE, UNSURE, USUAL, Proposal
from tests.unit.review.conftest import OpenStore
from tests.unit.store.builders import decide, decision


def finish(steps: Generator[Any, None, Any]) -> Any:  # noqa: ANN401 - whatever the job returns
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def class_ids(store: Store) -> dict[str, int]:
    with store.reader() as reader:
        return {record.name: record.id for record in reader.classes()}


def label(store: Store, frame_ids: Sequence[int], objects: Sequence[tuple[str, Proposal]] = ()) -> None:
    """Label frames with these objects, drawn by hand."""
    ids = class_ids(store)
    for frame_id in frame_ids:
        verdicts = [drawn(ids[name], proposal) for name, proposal in objects]
        decide(store, decision(frame_id, DecisionKind.HAND_LABELLED, *verdicts))


def drawn(class_id: int, proposal: Proposal) -> Verdict:
    return Verdict(VerdictKind.ADDED, How.OBJECT, None, class_id, Box(*proposal.box))


def frame_ids(store: Store) -> list[int]:
    with store.reader() as reader:
        return [frame.id for block in reader.frames() for frame in block]


TRUTH = (("cat", SURE), ("dog", UNSURE), ("bird", GHOST))


def report(store: Store) -> dict[str, Any]:
    with store.reader() as reader:
        return tune_report(reader)


# --- what is counted --------------------------------------------------------------------------------------------------
def test_labelled_frames_are_compared_with_their_predictions(open_store: OpenStore) -> None:
    store = open_store(*[USUAL] * 10)
    label(store, frame_ids(store), TRUTH)
    found = report(store)
    assert (found["frames"], found["objects"], found["source"]) == (10, 30, "labelled")
    assert [row["threshold"] for row in found["curve"]] == list(THRESHOLDS)
    at = {row["threshold"]: row for row in found["curve"]}
    counted = ("accepted", "deleted", "promoted", "drawn")
    assert [at[0.05][name] for name in counted] == [30, 10, 0, 0]
    assert [at[0.2][name] for name in counted] == [30, 0, 0, 0]
    assert [at[0.5][name] for name in counted] == [20, 0, 10, 0]
    assert [at[0.95][name] for name in counted] == [0, 0, 30, 0]
    assert found["recommended"] in (0.15, 0.2, 0.25)
    assert found["enough"]
    assert "drawn at random" in found["note"]


def test_the_adopted_decision_is_the_truth(open_store: OpenStore) -> None:
    store = open_store(*[USUAL] * 10)
    ids = frame_ids(store)
    label(store, ids, TRUTH)
    label(store, ids, TRUTH[:1])
    assert report(store)["objects"] == 10


def test_merged_classes_count_as_what_they_are_today(open_store: OpenStore) -> None:
    store = open_store(*[(SURE, UNSURE)] * 10)
    label(store, frame_ids(store), (("cat", SURE), ("cat", UNSURE)))
    ids = class_ids(store)
    assert report(store)["curve"][1]["class_changed"] == 10
    store.submit(Priority.OTHER, lambda writer: writer.merge_class(ids["dog"], into=ids["cat"])).result()
    assert report(store)["curve"][1]["class_changed"] == 0


def test_frames_without_predictions_or_labels_are_left_out(open_store: OpenStore) -> None:
    store = open_store(*[USUAL] * 3, None)
    ids = frame_ids(store)
    label(store, [ids[0], ids[3]], TRUTH)
    decide(store, decision(ids[1], DecisionKind.REJECTED))
    assert report(store)["frames"] == 1


def test_it_says_what_is_missing(open_store: OpenStore) -> None:
    store = open_store(USUAL, None)
    with pytest.raises(KnownError, match="No frame is labelled yet"):
        report(store)
    label(store, frame_ids(store)[1:])
    with pytest.raises(KnownError, match="No labelled frame has predictions"):
        report(store)


# --- the sample -------------------------------------------------------------------------------------------------------
def test_a_sample_is_drawn_once_and_kept(open_store: OpenStore) -> None:
    store = open_store(*[USUAL] * 30, None)
    drawn_now = finish(sample_job(store, seed=1))
    assert len(set(drawn_now)) == 20
    assert frame_ids(store)[-1] not in drawn_now
    assert finish(sample_job(store, seed=2)) == drawn_now
    with store.reader() as reader:
        assert stored_sample(reader) == drawn_now


def test_the_sample_is_taken_as_soon_as_it_is_labelled(open_store: OpenStore) -> None:
    store = open_store(*[USUAL] * 30)
    sample = finish(sample_job(store))
    others = [frame_id for frame_id in frame_ids(store) if frame_id not in sample]
    label(store, [*sample[:-1], *others], TRUTH)
    before = report(store)
    assert (before["source"], before["frames"]) == ("labelled", 29)
    assert before["sample"] == {"frames": 20, "labelled": 19}
    label(store, sample[-1:], TRUTH)
    found = report(store)
    assert (found["source"], found["frames"], found["note"]) == ("sample", 20, "")
    everything: TuneResult = finish(tune_job(store, source="labelled"))
    assert everything.tuning.frames == 30


def test_all_of_a_small_folder_is_a_sample(open_store: OpenStore) -> None:
    store = open_store(*[USUAL] * 9)
    sample = finish(sample_job(store))
    assert len(sample) == 9
    label(store, sample, TRUTH)
    assert report(store)["source"] == "sample"


def test_without_predictions_there_is_nothing_to_draw(open_store: OpenStore) -> None:
    store = open_store(None, None)
    with pytest.raises(KnownError, match="no threshold to tune"):
        finish(sample_job(store))


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", '{"frames": "x"}', '{"frames": [99, 98]}'])
def test_a_sample_that_cannot_be_read_is_none(open_store: OpenStore, text: str) -> None:
    store = open_store(*[USUAL] * 3)
    store.submit(Priority.OTHER, lambda writer: writer.set_setting(SAMPLE_SETTING, text)).result()
    with store.reader() as reader:
        assert not sample_state(reader).complete
    assert len(finish(sample_job(store))) == 3


# --- the job ----------------------------------------------------------------------------------------------------------
def test_a_job_can_be_stopped_and_lets_go_of_the_file(open_store: OpenStore) -> None:
    store = open_store(*[USUAL] * 20)
    label(store, frame_ids(store), TRUTH)
    steps = tune_job(store)
    assert next(steps).total == 20
    steps.close()


def test_the_times_of_the_reviewer_take_the_place_of_the_model(open_store: OpenStore) -> None:
    store = open_store(*[USUAL] * 40)
    ids = class_ids(store)
    for frame_id in frame_ids(store):
        with store.reader() as reader:
            run_frame = reader.frame(frame_id).run_frame_id
        made = decision(frame_id, DecisionKind.EDITED, drawn(ids["cat"], GHOST), run_frame_id=run_frame)
        decide(store, made)
    ours: TuneResult = finish(tune_job(store))
    assert Act.DRAW in ours.costs.measured
    assert "draw" in ours.to_json()["costs"]["measured"]
    other: TuneResult = finish(tune_job(store, reviewer="Grace"))
    assert other.costs.measured == ()

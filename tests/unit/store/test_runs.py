"""Models, runs, predictions and the classes that come with them."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autoanno_gui.core.errors import FRAME_ERROR_TEXT, FrameErrorCode
from autoanno_gui.core.predictions import FramePredictions, FrameResult, ModelInfo
from autoanno_gui.core.records import Frame, FrameHeader, FrameState
from autoanno_gui.core.task import Task
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Priority, Store
from tests.unit.store.builders import MODEL, SETTINGS, add, predict, predictions, scanned


def record(store: Store, *results: FrameResult) -> list[tuple[int, int | None]]:
    run_id = store.submit(Priority.OTHER, lambda writer: writer.start_run(SETTINGS, device="cpu")).result()
    return store.submit(Priority.PREDICTIONS, lambda writer: writer.record_results(run_id, results)).result()


def auto_classes(store: Store) -> None:
    store.submit(Priority.OTHER, lambda writer: writer.set_setting("auto_classes", "1")).result()


def same(a: FramePredictions, b: FramePredictions) -> bool:
    fields = ("boxes", "confidences", "classes", "top_classes", "top_scores")
    pairs = [(getattr(a, name), getattr(b, name)) for name in fields]
    return all(x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes() for x, y in pairs)


def test_predictions_come_back_bit_for_bit(store: Store, reader: Reader) -> None:
    frames = add(store, "a.jpg", "b.jpg")
    rng = np.random.default_rng(5)
    many = FramePredictions(
        rng.normal(0, 1e4, (300, 4)).astype(np.float32),
        np.sort(rng.random(300).astype(np.float32))[::-1],
        rng.integers(0, 2**31 - 1, 300).astype(np.int32),
        rng.integers(-1, 80, (300, 3)).astype(np.int32),
        rng.random((3, 300)).astype(np.float32).T,  # not contiguous
    )
    recorded = record(store, FrameResult(frames[0].id, many), FrameResult(frames[1].id, FramePredictions.empty()))

    (_, first), (_, second) = recorded
    assert first is not None
    assert second is not None
    found, weights_hash = reader.predictions(first)
    assert same(found, many)
    assert weights_hash == "hash-a"
    assert same(reader.predictions(second)[0], FramePredictions.empty())
    assert reader.frame(frames[1].id).run_frame_id == second
    assert reader.prediction_totals() == (2, 300)
    with pytest.raises(LookupError):
        reader.predictions(99)


def test_results_note_what_decoding_showed(store: Store, reader: Reader) -> None:
    frame = add(store, "a.jpg")[0]
    result = FrameResult(
        frame.id,
        predictions((0, 0.9)),
        header=FrameHeader(1920, 1080, ("multi_page:3",)),
        sha256="f" * 64,
        fingerprint=(100, 1_700_000_000_123_456_789),
    )
    run_frame_id = record(store, result)[0][1]
    assert reader.frame(frame.id) == Frame(
        frame.id, "a.jpg", 1920, 1080, flags=("multi_page:3",), run_frame_id=run_frame_id
    )


def test_a_failed_frame_is_recorded_and_never_stops_the_others(store: Store, reader: Reader) -> None:
    bad, lost, good = add(store, "a.jpg", "b.jpg", "c.jpg")
    recorded = record(
        store,
        FrameResult(bad.id, None, error=FrameErrorCode.DAMAGED, detail="It ends in the middle."),
        FrameResult(lost.id, None, error=FrameErrorCode.PREDICTION_LOST),
        FrameResult(good.id, predictions((0, 0.5))),
    )
    assert [run_frame_id is None for _, run_frame_id in recorded] == [True, True, False]
    assert reader.frame(bad.id).error is FrameErrorCode.DAMAGED
    assert reader.frame(bad.id).state is FrameState.FAILED
    # The image is fine and can be labelled by hand; only its prediction failed, and is tried again.
    assert reader.frame(lost.id) == lost
    assert [frame.id for frame in reader.pending_frames(SETTINGS)] == [lost.id]
    assert [(frame.id, frame.error, text) for frame, text in reader.failed_frames()] == [
        (bad.id, FrameErrorCode.DAMAGED, "It ends in the middle."),
        (lost.id, FrameErrorCode.PREDICTION_LOST, FRAME_ERROR_TEXT[FrameErrorCode.PREDICTION_LOST]),
    ]
    record(store, FrameResult(lost.id, predictions((0, 0.5))), FrameResult(bad.id, predictions((0, 0.5))))
    assert reader.failed_frames() == []
    assert reader.frame(bad.id).state is FrameState.UNDECIDED


def test_a_result_is_either_predictions_or_an_error(store: Store) -> None:
    frame = add(store, "a.jpg")[0]
    for result in (FrameResult(frame.id, None), FrameResult(frame.id, predictions(), error=FrameErrorCode.DAMAGED)):
        with pytest.raises(ValueError, match="either"):
            record(store, result)
    with pytest.raises(LookupError):
        store.submit(Priority.PREDICTIONS, lambda writer: writer.record_results(99, [])).result()


def test_equal_settings_continue_one_run(store: Store) -> None:
    def start(settings: object, device: str = "cpu") -> int:
        return store.submit(Priority.OTHER, lambda w: w.start_run(settings, device=device)).result()  # type: ignore[arg-type]

    first = start(SETTINGS)
    assert start(replace(SETTINGS, model=replace(MODEL, path="/moved/best.pt", name="best.pt")), "cuda:0") == first
    others = [
        replace(SETTINGS, imgsz=(640, 1280)),
        replace(SETTINGS, iou=0.6),
        replace(SETTINGS, floor=0.01),
        replace(SETTINGS, max_det=100),
        replace(SETTINGS, model=replace(MODEL, weights_hash="hash-b")),
        replace(SETTINGS, model=replace(MODEL, task=Task.POSE)),
    ]
    runs = [start(settings) for settings in others]
    assert len({first, *runs}) == 1 + len(others)
    assert [start(settings) for settings in others] == runs


def test_models_come_back_as_they_were_last_seen(store: Store, reader: Reader) -> None:
    pose = ModelInfo("/m/pose.onnx", "pose.onnx", Task.POSE, ("person",), (384, 640), "onnx", "h2", True, (17, 3))
    seen = [MODEL, pose, replace(MODEL, path="/elsewhere/yolo.pt")]
    if sys.platform == "linux":
        odd = os.fsdecode(b"m\xff\\.pt")
        seen.append(replace(MODEL, path=f"/m/{odd}", name=odd, weights_hash="h3"))
    for model in seen:
        settings = replace(SETTINGS, model=model)
        store.submit(Priority.OTHER, lambda w, s=settings: w.start_run(s, device="cpu")).result()
    assert reader.models() == [seen[2], pose, *seen[3:]]


def test_what_is_left_to_predict_depends_on_the_settings(store: Store, reader: Reader) -> None:
    frames = add(store, "f1.jpg", "f2.jpg", "f10.jpg", "f3.jpg")
    other = replace(SETTINGS, imgsz=(320, 320))
    assert [frame.path for frame in reader.pending_frames(SETTINGS)] == ["f1.jpg", "f2.jpg", "f3.jpg", "f10.jpg"]
    predict(store, [frames[0].id, frames[2].id], (0, 0.9))
    predict(store, [frames[1].id], settings=other)

    assert [frame.path for frame in reader.pending_frames(SETTINGS)] == ["f2.jpg", "f3.jpg"]
    assert [frame.path for frame in reader.pending_frames(other)] == ["f1.jpg", "f3.jpg", "f10.jpg"]
    store.submit(
        Priority.OTHER, lambda w: w.set_frame_error(frames[3].id, FrameErrorCode.DAMAGED, "It is damaged.")
    ).result()
    assert [frame.path for frame in reader.pending_frames(SETTINGS)] == ["f2.jpg"]
    add(store, "f1.jpg", size=7)
    assert [frame.path for frame in reader.pending_frames(SETTINGS)] == ["f1.jpg", "f2.jpg"]


def test_the_newest_prediction_of_the_file_as_it_is_counts(store: Store, reader: Reader) -> None:
    frame = add(store, "a.jpg")[0]
    first = predict(store, [frame.id], (0, 0.9))[0]
    second = predict(store, [frame.id], (0, 0.8), settings=replace(SETTINGS, iou=0.5))[0]
    assert first != second
    assert reader.frame(frame.id).run_frame_id == second

    add(store, "a.jpg", size=7)
    assert reader.frame(frame.id).run_frame_id is None
    third = predict(store, [frame.id], (0, 0.7))[0]
    assert reader.frame(frame.id).run_frame_id == third
    assert reader.predictions(first or 0)[0].confidences[0] == np.float32(0.9)  # kept for the decisions made over it


def test_a_result_of_a_file_that_changed_after_the_scan(store: Store, reader: Reader) -> None:
    frame = add(store, "a.jpg")[0]
    old = record(store, FrameResult(frame.id, predictions((0, 0.9)), sha256="old"))[0][1]
    new = record(store, FrameResult(frame.id, predictions((0, 0.8)), sha256="new", fingerprint=(8, 9)))[0][1]
    assert reader.fingerprints()[frame.id] == (8, 9)
    assert reader.frame(frame.id).run_frame_id == new
    # The next scan meets it as it was predicted.
    rescan = scanned("a.jpg", size=8, mtime_ns=9)
    assert store.submit(Priority.OTHER, lambda w: w.add_frames(rescan)).result()[0].run_frame_id == new
    # It changes again, and its contents turn out to be the old ones.
    add(store, "a.jpg", size=10)
    assert reader.frame(frame.id).run_frame_id is None
    store.submit(Priority.OTHER, lambda w: w.set_frame_header(frame.id, FrameHeader(1, 1), sha256="old")).result()
    assert reader.frame(frame.id).run_frame_id == old
    assert reader.pending_frames(SETTINGS) == []


def test_other_contents_under_the_same_fingerprint_make_predictions_stale(store: Store, reader: Reader) -> None:
    frame = add(store, "a.jpg")[0]
    record(store, FrameResult(frame.id, predictions((0, 0.9)), sha256="old"))
    store.submit(Priority.OTHER, lambda w: w.set_frame_header(frame.id, FrameHeader(1, 1), sha256="new")).result()
    assert reader.frame(frame.id).run_frame_id is None
    assert len(reader.pending_frames(SETTINGS)) == 1


# ---------------------------------------------------------------------------------------------------- classes
def test_model_classes_that_occur_become_project_classes(store: Store, reader: Reader) -> None:
    auto_classes(store)
    frame, other = add(store, "a.jpg", "b.jpg")
    predict(store, [frame.id], (2, 0.4), (1, 0.9), (1, 0.8), (3, 0.15), (0, 0.149))
    assert [(record.name, record.slot) for record in reader.classes()] == [("car", 1), ("dog", 2), ("traffic light", 3)]
    assert len({record.colour for record in reader.classes()}) == 3
    assert reader.class_map("hash-a") == {1: 1, 2: 2, 3: 3}

    predict(store, [other.id], (0, 0.2), (1, 0.9))
    assert [record.name for record in reader.classes()] == ["car", "dog", "traffic light", "person"]
    assert reader.class_map("hash-a") == {1: 1, 2: 2, 3: 3, 0: 4}


def test_classes_that_were_mapped_already_are_left_alone(store: Store, reader: Reader) -> None:
    auto_classes(store)
    frame = add(store, "a.jpg")[0]
    vehicle = store.submit(Priority.OTHER, lambda w: w.add_class("vehicle")).result()
    store.submit(Priority.OTHER, lambda w: w.set_class_map("hash-a", {1: vehicle.id, 0: None})).result()
    dog = store.submit(Priority.OTHER, lambda w: w.add_class(" dog ")).result()
    predict(store, [frame.id], (1, 0.9), (0, 0.8), (2, 0.7))
    assert reader.classes() == [vehicle, dog]
    assert reader.class_map("hash-a") == {0: None, 1: vehicle.id, 2: dog.id}


def test_two_models_share_the_class_of_a_name(store: Store, reader: Reader) -> None:
    auto_classes(store)
    frame = add(store, "a.jpg")[0]
    predict(store, [frame.id], (1, 0.9))
    other = replace(SETTINGS, model=replace(MODEL, weights_hash="hash-b", classes=("bus", "Car", " car\n")))
    predict(store, [frame.id], (2, 0.9), (1, 0.8), (7, 0.7), settings=other)
    assert [record.name for record in reader.classes()] == ["car", "Car", "class 7"]  # 7 is beyond its list of names
    assert reader.class_map("hash-b") == {2: 1, 1: 2, 7: 3}


def test_the_first_run_settles_whose_class_list_it_is(file: Path, store: Store, reader: Reader) -> None:
    frame = add(store, "a.jpg")[0]
    predict(store, [frame.id], (1, 0.9))  # no list yet: the model's
    assert [record.name for record in reader.classes()] == ["car"]
    assert reader.setting("auto_classes") == "1"
    predict(store, [frame.id], (2, 0.9))
    assert [record.name for record in reader.classes()] == ["car", "dog"]

    with Store.open(file.with_name("other.autoanno"), root=file.parent) as other, other.reader() as read:
        frame = add(other, "a.jpg")[0]
        other.submit(Priority.OTHER, lambda w: w.add_class("dog")).result()
        predict(other, [frame.id], (1, 0.9))  # the user's own list
        assert read.setting("auto_classes") == "0"
        assert [record.name for record in read.classes()] == ["dog"]


def test_a_list_of_ones_own_is_not_added_to(store: Store, reader: Reader) -> None:
    frame = add(store, "a.jpg")[0]
    dog = store.submit(Priority.OTHER, lambda w: w.add_class("dog")).result()
    predict(store, [frame.id], (1, 0.9), (2, 0.9))
    assert reader.classes() == [dog]
    assert reader.class_map("hash-a") == {2: dog.id}
    store.submit(Priority.OTHER, lambda w: w.set_class_map("hash-a", {2: None})).result()
    predict(store, [frame.id], (1, 0.9), (2, 0.9))
    assert reader.class_map("hash-a") == {2: None}
    assert reader.class_map("hash-b") == {}


def test_a_run_that_is_taken_up_again_speaks_for_its_frames_again(store: Store, reader: Reader) -> None:
    a, b = add(store, "a.jpg", "b.jpg")
    other = replace(SETTINGS, model=replace(MODEL, weights_hash="hash-b", name="b.pt"))
    first = record(store, FrameResult(a.id, predictions((0, 0.9))), FrameResult(b.id, predictions((0, 0.8))))
    run_b = store.submit(Priority.OTHER, lambda writer: writer.start_run(other, device="cpu")).result()
    store.submit(
        Priority.PREDICTIONS, lambda w: w.record_results(run_b, [FrameResult(a.id, predictions((0, 0.3)))])
    ).result()

    run_a = store.submit(Priority.OTHER, lambda writer: writer.start_run(SETTINGS, device="cpu")).result()
    repeated = store.submit(Priority.PREDICTIONS, lambda writer: writer.repeat_results(run_a)).result()

    assert [frame_id for frame_id, _ in repeated] == [a.id]
    assert reader.frame(a.id).run_frame_id == repeated[0][1]
    assert same(reader.predictions(repeated[0][1])[0], predictions((0, 0.9)))
    assert reader.predictions(repeated[0][1])[1] == "hash-a"
    assert reader.frame(b.id).run_frame_id == first[1][1]
    assert reader.pending_frames(SETTINGS) == []
    assert store.submit(Priority.PREDICTIONS, lambda writer: writer.repeat_results(run_a)).result() == []

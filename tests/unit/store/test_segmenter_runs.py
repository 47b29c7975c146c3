"""Runs in which a segmenter makes masks of a model's boxes."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.errors import FrameErrorCode
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.outlines import Masks
from autoanno_gui.core.predictions import FramePredictions, FrameResult, RunSettings, SegmenterInfo
from autoanno_gui.core.records import DecisionKind
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Priority, Store
from tests.unit.store.builders import MODEL, SETTINGS, add, decide, decision, predict, predictions, verdict

GRABCUT = SegmenterInfo("GrabCut", "grabcut")
SAM = SegmenterInfo("sam2.1_b.pt", "sam2.1_b", "hash-sam", "/models/sam2.1_b.pt")
WITH_GRABCUT = replace(SETTINGS, segmenter=GRABCUT)
WITH_SAM = replace(SETTINGS, segmenter=SAM)


def start(store: Store, settings: RunSettings) -> int:
    return store.submit(Priority.OTHER, lambda writer: writer.start_run(settings, device="cpu")).result()


def record(store: Store, settings: RunSettings, *results: FrameResult) -> list[int | None]:
    run_id = start(store, settings)
    recorded = store.submit(Priority.PREDICTIONS, lambda writer: writer.record_results(run_id, results)).result()
    return [run_frame_id for _, run_frame_id in recorded]


def masks(*found: tuple[int, float]) -> FramePredictions:
    """Return predictions with a mask each, which the segmenter put in place of their boxes."""
    boxes = predictions(*found)
    outlines = Masks.of([Mask.of_box(Box(float(index), 0.0, index + 9.0, 9.0)) for index in range(len(boxes))])
    return replace(boxes, outlines=outlines)


def test_equal_settings_include_the_segmenter(store: Store) -> None:
    all_settings = [
        SETTINGS,
        WITH_GRABCUT,
        WITH_SAM,
        replace(SETTINGS, segmenter=replace(SAM, kind="sam2.1_l")),
        replace(SETTINGS, segmenter=replace(SAM, weights_hash="hash-tuned")),
        replace(SETTINGS, segmenter=replace(SAM, weights_hash="")),
        replace(WITH_SAM, iou=0.5),
    ]
    runs = [start(store, settings) for settings in all_settings]
    assert len(set(runs)) == len(all_settings)
    assert [start(store, settings) for settings in all_settings] == runs
    moved = replace(SAM, name="best.pt", path="/elsewhere/best.pt")
    assert start(store, replace(SETTINGS, segmenter=moved)) == runs[2]
    with closing(sqlite3.connect(store.file)) as conn:
        rows = conn.execute("SELECT segmenter, segmenter_kind, segmenter_hash FROM run ORDER BY id LIMIT 3").fetchall()
    assert rows == [(None, None, None), ("GrabCut", "grabcut", ""), ("sam2.1_b.pt", "sam2.1_b", "hash-sam")]


def test_what_is_left_to_segment_is_its_own_list(store: Store, reader: Reader) -> None:
    a, b, c = add(store, "a.jpg", "b.jpg", "c.jpg")
    predict(store, [a.id, b.id, c.id], (0, 0.9))
    assert reader.pending_frames(SETTINGS) == []
    assert [frame.id for frame in reader.pending_frames(WITH_SAM)] == [a.id, b.id, c.id]
    record(store, WITH_SAM, FrameResult(a.id, masks((0, 0.9))))
    record(store, WITH_SAM, FrameResult(b.id, None, error=FrameErrorCode.PREDICTION_LOST))
    record(store, WITH_GRABCUT, FrameResult(c.id, masks((0, 0.9))))
    assert [frame.id for frame in reader.pending_frames(WITH_SAM)] == [b.id, c.id]
    assert [frame.id for frame in reader.pending_frames(WITH_GRABCUT)] == [a.id, b.id]
    assert reader.pending_frames(SETTINGS) == []


def test_the_source_of_a_segmenter_is_what_the_detector_found_last(store: Store, reader: Reader) -> None:
    frame, other = add(store, "a.jpg", "b.jpg")
    assert reader.source_predictions(frame.id, SETTINGS) is None
    predict(store, [frame.id], (0, 0.3), settings=replace(SETTINGS, iou=0.5))
    predict(store, [frame.id], (0, 0.4), settings=replace(SETTINGS, model=replace(MODEL, weights_hash="hash-b")))
    assert reader.source_predictions(frame.id, SETTINGS) is None, "of other settings"
    predict(store, [frame.id], (0, 0.5))
    newest = predict(store, [frame.id], (0, 0.6), (1, 0.2))[0]
    record(store, WITH_SAM, FrameResult(frame.id, masks((0, 0.6), (1, 0.2))))
    record(store, SETTINGS, FrameResult(frame.id, None, error=FrameErrorCode.PREDICTION_LOST))

    for settings in (SETTINGS, WITH_SAM, WITH_GRABCUT):
        found = reader.source_predictions(frame.id, settings)
        assert found is not None
        run_frame_id, boxes = found
        assert run_frame_id == newest
        assert boxes.outlines is None
        assert boxes.confidences.tolist() == predictions((0, 0.6), (1, 0.2)).confidences.tolist()
    assert reader.source_predictions(other.id, SETTINGS) is None
    add(store, "a.jpg", size=7)
    assert reader.source_predictions(frame.id, SETTINGS) is None, "the file changed since"


def test_the_newest_result_speaks_for_the_frame_whoever_made_it(store: Store, reader: Reader) -> None:
    frame = add(store, "a.jpg")[0]
    predict(store, [frame.id], (0, 0.9))
    (segmented,) = record(store, WITH_SAM, FrameResult(frame.id, masks((0, 0.9))))
    assert reader.frame(frame.id).run_frame_id == segmented
    detected = predict(store, [frame.id], (0, 0.8))[0]
    assert reader.frame(frame.id).run_frame_id == detected
    assert reader.prediction_totals() == (1, 1)


def test_a_run_of_masks_that_is_taken_up_again_speaks_with_its_masks(store: Store, reader: Reader) -> None:
    a, b, c = add(store, "a.jpg", "b.jpg", "c.jpg")
    predict(store, [a.id, b.id, c.id], (0, 0.9), (1, 0.5))
    made = masks((0, 0.9), (1, 0.5))
    record(store, WITH_SAM, *[FrameResult(frame.id, made) for frame in (a, b)])
    run_of_boxes, run_of_masks = start(store, SETTINGS), start(store, WITH_SAM)

    def repeat(run_id: int) -> dict[int, int]:
        return dict(store.submit(Priority.PREDICTIONS, lambda writer: writer.repeat_results(run_id)).result())

    assert repeat(run_of_masks) == {}
    assert repeat(run_of_boxes) == {}, "boxes do not take the place of the masks that were made of them"
    predict(store, [a.id, b.id], (0, 0.8), settings=replace(SETTINGS, model=replace(MODEL, weights_hash="hash-b")))
    boxes_again = repeat(run_of_boxes)
    assert sorted(boxes_again) == [a.id, b.id]
    assert reader.predictions(boxes_again[a.id])[0].outlines is None
    assert reader.frame(a.id).run_frame_id == boxes_again[a.id]

    masks_again = repeat(run_of_masks)
    assert sorted(masks_again) == [a.id, b.id]
    for frame in (a, b):
        run_frame_id = reader.frame(frame.id).run_frame_id
        assert run_frame_id == masks_again[frame.id]
        found, weights_hash = reader.predictions(run_frame_id)
        assert [found.geometry(index) for index in range(2)] == [made.geometry(index) for index in range(2)]
        assert weights_hash == "hash-a"
    assert repeat(run_of_masks) == {}
    source = reader.source_predictions(a.id, WITH_SAM)
    assert source is not None
    assert source[0] == boxes_again[a.id]
    assert [frame.id for frame in reader.pending_frames(WITH_SAM)] == [c.id]


def test_classes_stay_those_of_the_detector(store: Store, reader: Reader) -> None:
    frame = add(store, "a.jpg")[0]
    (run_frame_id,) = record(store, WITH_SAM, FrameResult(frame.id, masks((1, 0.9))))
    assert run_frame_id is not None
    assert reader.predictions(run_frame_id)[1] == "hash-a"
    assert reader.class_map("hash-a") == {1: reader.classes()[0].id}
    assert reader.class_map("hash-sam") == {}
    assert [model.name for model in reader.models()] == ["yolo.pt"]


@pytest.mark.parametrize(
    ("settings", "name"),
    [(SETTINGS, "yolo.pt"), (WITH_GRABCUT, "yolo.pt + GrabCut"), (WITH_SAM, "yolo.pt + sam2.1_b.pt")],
)
def test_annotations_name_all_that_proposed_them(
    store: Store, reader: Reader, settings: RunSettings, name: str
) -> None:
    frame = add(store, "a.jpg")[0]
    (run_frame_id,) = record(store, settings, FrameResult(frame.id, masks((0, 0.75))))
    class_id = reader.classes()[0].id
    decide(
        store,
        decision(
            frame.id,
            DecisionKind.EDITED,
            verdict(class_id, prediction=0),
            verdict(class_id),
            run_frame_id=run_frame_id,
        ),
    )
    (labelled,) = reader.labelled_frames()
    assert [(item.model, item.confidence) for item in labelled.annotations] == [(name, 0.75), (None, None)]
    (entry,) = reader.decisions()
    assert (entry.model, entry.weights_hash) == (name, "hash-a")
    assert entry.predictions is not None
    assert np.array_equal(entry.predictions.confidences, [0.75])


@pytest.mark.skipif(sys.platform != "linux", reason="file names are text elsewhere")
def test_a_name_that_is_no_text_comes_back(store: Store, reader: Reader) -> None:
    frame = add(store, "a.jpg")[0]
    odd = os.fsdecode(b"sam\xff\\.pt")
    settings = replace(SETTINGS, segmenter=replace(SAM, name=odd))
    (run_frame_id,) = record(store, settings, FrameResult(frame.id, masks((0, 0.75))))
    class_id = reader.classes()[0].id
    decide(store, decision(frame.id, DecisionKind.ACCEPTED, verdict(class_id, prediction=0), run_frame_id=run_frame_id))
    assert [entry.model for entry in reader.decisions()] == [f"yolo.pt + {odd}"]

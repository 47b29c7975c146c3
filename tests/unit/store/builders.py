"""Small records for the tests of the store."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import numpy as np

from autoanno_gui.core.box import Box
from autoanno_gui.core.predictions import FramePredictions, FrameResult, ModelInfo, RunSettings
from autoanno_gui.core.records import (
    Decision,
    DecisionKind,
    Frame,
    How,
    PresentationMode,
    ScannedFile,
    Thresholds,
    Timing,
    Verdict,
    VerdictKind,
)
from autoanno_gui.core.task import Task
from autoanno_gui.store.store_thread import Priority, Store

NAMES = ("person", "car", "dog", "traffic light")
MODEL = ModelInfo("/models/yolo.pt", "yolo.pt", Task.DETECT, NAMES, (640, 640), "torch", "hash-a")
SETTINGS = RunSettings(MODEL, (640, 640))


def scanned(*paths: str, size: int = 100, mtime_ns: int = 1_700_000_000_123_456_789) -> list[ScannedFile]:
    return [ScannedFile(path, size, mtime_ns) for path in paths]


def add(store: Store, *paths: str, size: int = 100) -> list[Frame]:
    files = scanned(*paths, size=size)
    return store.submit(Priority.OTHER, lambda writer: writer.add_frames(files)).result()


def predictions(*found: tuple[int, float]) -> FramePredictions:
    """Return predictions of (model class, confidence), each with numbers of its own."""
    n = len(found)
    return FramePredictions(
        np.arange(n * 4, dtype=np.float32).reshape(n, 4) + np.float32(0.1),
        np.array([confidence for _, confidence in found], np.float32),
        np.array([model_class for model_class, _ in found], np.int32),
        np.array([(model_class, 7, -1) for model_class, _ in found], np.int32).reshape(n, 3),
        np.array([(confidence, 0.3, 0.0) for _, confidence in found], np.float32).reshape(n, 3),
    )


def predict(
    store: Store, frame_ids: Sequence[int], *found: tuple[int, float], settings: RunSettings = SETTINGS
) -> list[int | None]:
    """Record the same predictions for each frame; return the run_frame ids."""
    results = [FrameResult(frame_id, predictions(*found)) for frame_id in frame_ids]
    run_id = store.submit(Priority.OTHER, lambda writer: writer.start_run(settings, device="cpu")).result()
    recorded = store.submit(Priority.PREDICTIONS, lambda writer: writer.record_results(run_id, results)).result()
    assert [frame_id for frame_id, _ in recorded] == list(frame_ids)
    return [run_frame_id for _, run_frame_id in recorded]


def verdict(
    class_id: int, kind: VerdictKind = VerdictKind.ACCEPTED, *, prediction: int | None = None, x: float = 0.1
) -> Verdict:
    geometry = Box(x, 0.2, x + 1 / 3, 1e3 + 0.7) if kind is not VerdictKind.REJECTED else None
    return Verdict(kind, How.OBJECT, prediction, class_id, geometry, iou=2 / 3 if prediction is not None else None)


def decision(
    frame_id: int,
    kind: DecisionKind = DecisionKind.ACCEPTED,
    *verdicts: Verdict,
    run_frame_id: int | None = None,
    shown: tuple[int, ...] = (),
    session_uuid: str = "session-1",
) -> Decision:
    return Decision(
        uuid=str(uuid.uuid4()),
        frame_id=frame_id,
        kind=kind,
        mode=PresentationMode.NORMAL,
        run_frame_id=run_frame_id,
        thresholds=Thresholds(0.35, ((2, 0.1 + 0.2),), 0.15),
        shown=shown,
        verdicts=verdicts,
        timing=Timing(1234.5678901234, None, 1240.1, 3.3, "2026-03-01T10:00:00.123+00:00"),
        reviewer="Ada",
        session_uuid=session_uuid,
    )


def decide(store: Store, made: Decision) -> int:
    return store.submit(Priority.DECISION, lambda writer: writer.record_decision(made)).result()


def revoke(store: Store, made: Decision) -> None:
    store.submit(Priority.DECISION, lambda writer: writer.revoke_decision(made.uuid, reason="undone")).result()

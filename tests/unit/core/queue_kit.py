"""Predictions of made-up frames as columns, for the tests of what sorts the queue."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from autoanno_gui.core.frame_list import STATE_NUMBER, FrameColumns
from autoanno_gui.core.prediction_index import UNMAPPED, IndexBuilder, PredictionBlock, PredictionIndex
from autoanno_gui.core.queue import QueueOrder
from autoanno_gui.core.records import FrameState

WIDTH, HEIGHT = 1000, 500
Tops = tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """One prediction: its confidence, its project class, where it is, and the model's best classes if it tells them."""

    confidence: float
    class_id: int = 1
    box: tuple[float, float, float, float] = (0, 0, 100, 100)
    top: Tops = ()


def apart(*confidences: float, class_id: int = 1) -> list[Found]:
    """Return predictions of one class that do not touch each other."""
    return [Found(value, class_id, (at * 10, 0, at * 10 + 9, 9)) for at, value in enumerate(confidences)]


def block(frames: dict[int, Sequence[Found]], *, size: tuple[int, int] = (WIDTH, HEIGHT)) -> PredictionBlock:
    """Return predictions by frame id as the store hands them over, by falling confidence."""
    rows = [found for each in frames.values() for found in sorted(each, key=lambda one: -one.confidence)]
    tops = [found.top + ((UNMAPPED, 0.0),) * (3 - len(found.top)) for found in rows]
    return PredictionBlock(
        frame_ids=np.array(list(frames), np.int64),
        run_frame_ids=np.array([1000 + frame_id for frame_id in frames], np.int64),
        sizes=np.array([size] * len(frames), np.int32).reshape(-1, 2),
        counts=np.array([len(each) for each in frames.values()], np.int32),
        boxes=np.array([found.box for found in rows], np.float32).reshape(-1, 4),
        confidences=np.array([found.confidence for found in rows], np.float32),
        classes=np.array([found.class_id for found in rows], np.int32),
        top_classes=np.array([[class_id for class_id, _ in top] for top in tops], np.int32).reshape(-1, 3),
        top_scores=np.array([[score for _, score in top] for top in tops], np.float32).reshape(-1, 3),
    )


def index_of(frames: dict[int, Sequence[Found]]) -> PredictionIndex:
    """Return an index of these predictions by frame id."""
    builder = IndexBuilder()
    builder.add(block(frames))
    return builder.snapshot()


def columns(
    count: int,
    *,
    states: Sequence[FrameState] = (),
    predicted: Iterable[int] | None = None,
    folder: str = "",
) -> FrameColumns:
    """Return frames with the ids 0, 1, ... in natural order.

    Args:
        states: of the first frames; the others are undecided.
        predicted: ids of those that have a prediction; None for all.
        folder: put before the paths, so that other random numbers are drawn.
    """
    known = np.ones(count, np.bool_)
    if predicted is not None:
        known = np.isin(np.arange(count), list(predicted))
    numbers = np.full(count, STATE_NUMBER[FrameState.UNDECIDED], np.uint8)
    numbers[: len(states)] = [STATE_NUMBER[state] for state in states]
    draws = np.array([zlib.crc32(f"{folder}{number}.jpg".encode()) for number in range(count)], np.uint32)
    return FrameColumns(np.arange(count, dtype=np.int64), numbers, known, draws)


def reasons(found: QueueOrder) -> list[str]:
    """Return the reasons in the order of the queue."""
    return [found.reason(place).value for place in range(len(found))]

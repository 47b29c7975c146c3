"""Reading the newest predictions of many frames at once, and what was decided about them, for the queue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.records import VerdictKind
from autoanno_gui.store.reader_frames import FrameReader
from autoanno_gui.store.rows import Row, compact

INDEX_BLOCK: Final = 512
"""Frames of one block: some hundred kilobytes."""


class StoredPredictions(NamedTuple):
    """The newest predictions of some frames, one frame's rows after the other's, with the models' own classes.

    Attributes:
        frame_ids: (F,) int64.
        run_frame_ids: (F,) int64.
        weights_hashes: F, of the models.
        sizes: (F, 2) int32, width and height in pixels, 0 where not known.
        counts: (F,) int32.
        boxes: (M, 4) float32, xyxy pixels.
        confidences: (M,) float32.
        classes: (M,) int32.
        top_classes: (M, 3) int32, -1 where not known.
        top_scores: (M, 3) float32.
    """

    frame_ids: NDArray[np.int64]
    run_frame_ids: NDArray[np.int64]
    weights_hashes: tuple[str, ...]
    sizes: NDArray[np.int32]
    counts: NDArray[np.int32]
    boxes: NDArray[np.float32]
    confidences: NDArray[np.float32]
    classes: NDArray[np.int32]
    top_classes: NDArray[np.int32]
    top_scores: NDArray[np.float32]


class IndexReader(FrameReader):
    """Reads whole columns of committed data."""

    def newest_predictions(self, frame_ids: Sequence[int] | None = None) -> Iterator[StoredPredictions]:
        """Yield the newest finished predictions in blocks, frames by rising id.

        Args:
            frame_ids: of these frames only; None for all.
        """
        chosen = compact(list(frame_ids)) if frame_ids is not None else None
        among = "AND s.frame_id IN (SELECT value FROM json_each(?))" if chosen is not None else ""
        sql = (
            "SELECT s.frame_id, s.run_frame_id, m.weights_hash, f.width, f.height, p.boxes, p.confidences, p.classes, "
            "p.top_classes, p.top_scores FROM frame_state s JOIN frame f ON f.id = s.frame_id "
            "JOIN prediction p ON p.run_frame_id = s.run_frame_id JOIN run_frame rf ON rf.id = s.run_frame_id "
            "JOIN run ON run.id = rf.run_id JOIN model m ON m.id = run.model_id "
            f"WHERE s.frame_id > ? {among} ORDER BY s.frame_id LIMIT {INDEX_BLOCK}"
        )
        last = -1
        while rows := self._rows(sql, last, *([chosen] if chosen is not None else [])):
            yield _block_of(rows)
            if len(rows) < INDEX_BLOCK:
                return
            last = rows[-1][0]

    def judged_predictions(self, frame_ids: Sequence[int] | None = None) -> dict[int, dict[int, VerdictKind]]:
        """Return by frame the verdicts of its adopted decision on its newest predictions, by their index.

        Args:
            frame_ids: of these frames only; None for all.
        """
        chosen = compact(list(frame_ids)) if frame_ids is not None else None
        among = "AND s.frame_id IN (SELECT value FROM json_each(?))" if chosen is not None else ""
        rows = self._rows(
            "SELECT s.frame_id, v.prediction, v.kind FROM frame_state s "
            "JOIN decision d ON d.id = s.decision_id AND d.run_frame_id = s.run_frame_id "
            f"JOIN verdict v ON v.decision_id = d.id WHERE v.prediction IS NOT NULL {among}",
            *([chosen] if chosen is not None else []),
        )
        found: dict[int, dict[int, VerdictKind]] = {}
        for frame_id, prediction, kind in rows:
            found.setdefault(frame_id, {})[prediction] = VerdictKind(kind)
        return found


def _block_of(rows: Sequence[Row]) -> StoredPredictions:
    # All blobs of a column at once: one by one they would take longer than reading them.
    frame_ids, run_frame_ids, hashes, widths, heights, boxes, confidences, classes, top_classes, top_scores = zip(
        *rows, strict=True
    )
    return StoredPredictions(
        np.array(frame_ids, np.int64),
        np.array(run_frame_ids, np.int64),
        hashes,
        np.array([widths, heights], np.int32).T,
        np.array([len(blob) // 4 for blob in confidences], np.int32),
        np.frombuffer(b"".join(boxes), "<f4").reshape(-1, 4),
        np.frombuffer(b"".join(confidences), "<f4"),
        np.frombuffer(b"".join(classes), "<i4"),
        np.frombuffer(b"".join(top_classes), "<i4").reshape(-1, 3),
        np.frombuffer(b"".join(top_scores), "<f4").reshape(-1, 3),
    )

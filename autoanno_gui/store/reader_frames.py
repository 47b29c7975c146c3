"""Reading frames, classes and predictions over one read-only connection. No read transaction stays open."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from autoanno_gui.core.errors import FRAME_ERROR_TEXT, FrameErrorCode
from autoanno_gui.core.keypoints import Skeleton
from autoanno_gui.core.predictions import FramePredictions, ModelInfo, RunSettings
from autoanno_gui.core.records import ClassRecord, Frame, FrameState, Thresholds
from autoanno_gui.core.task import Task
from autoanno_gui.store.blobs import ARRAY_COLUMNS, PREDICTION_COLUMNS, unpack_predictions
from autoanno_gui.store.connection import environment_faults
from autoanno_gui.store.rows import (
    FRAME_COLUMNS,
    FRAME_TABLES,
    FRESH,
    MODEL_COLUMNS,
    Row,
    compact,
    decode_skeleton,
    decode_thresholds,
    find_runs,
    frame_from_row,
    model_from_row,
    model_name_from_row,
    read_classes,
    text_to_path,
)

BLOCK: Final = 4096
"""Frames of one block of an iteration."""
SMALL_BLOCK: Final = 64
"""The same where each frame brings its objects with it: the masks of a crowded one take half a megabyte."""


class FrameReader:
    """Reads committed data. One thread at a time; the owner closes it. Methods raise `ProjectError` for a bad disk."""

    def __init__(self, conn: sqlite3.Connection, file: Path) -> None:
        self._conn: Final = conn
        self._file: Final = file

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; idempotent."""
        self._conn.close()

    def _rows(self, sql: str, *values: object) -> list[Row]:
        with environment_faults(self._file):
            return self._conn.execute(sql, values).fetchall()

    def _row(self, sql: str, *values: object) -> Row | None:
        rows = self._rows(sql, *values)
        return rows[0] if rows else None

    # ------------------------------------------------------------------------------------------------ settings
    def root(self) -> Path:
        """Return the folder of the frames as stored; it may be missing on the disk."""
        text = self.setting("root")
        if text is None:
            raise LookupError("the project has no root")
        return text_to_path(text)

    def setting(self, key: str, default: str | None = None) -> str | None:
        row = self._row("SELECT value FROM setting WHERE key = ?", key)
        return str(row[0]) if row is not None else default

    def thresholds(self) -> Thresholds:
        text = self.setting("thresholds")
        return decode_thresholds(text) if text is not None else Thresholds()

    def project_task(self) -> Task:
        """Return what kind of object the project collects; `detect` where the setting is absent or says none."""
        text = self.setting("task")
        return Task(text) if text in {task.value for task in Task} else Task.DETECT

    def skeleton(self) -> Skeleton | None:
        """Return what the keypoints of the project are; None where the setting is absent or cannot be read."""
        text = self.setting("skeleton")
        return decode_skeleton(text) if text is not None else None

    def integrity(self) -> list[str]:
        """Return what SQLite finds wrong with the file; empty when it is sound."""
        found = [str(row[0]) for row in self._rows("PRAGMA integrity_check")]
        return [] if found == ["ok"] else found

    # ------------------------------------------------------------------------------------------------ frames
    def frames(self) -> Iterator[list[Frame]]:
        """Yield all frames in natural order, in blocks."""
        for rows in self._frame_blocks():
            yield [frame_from_row(row) for row in rows]

    def _frame_blocks(self, condition: str = "1", *values: object, size: int = BLOCK) -> Iterator[list[Row]]:
        """Yield rows of `FRAME_COLUMNS` and the adopted decision, in natural order; each block is a read of its own."""
        key, last = b"", -1
        sql = (
            f"SELECT {FRAME_COLUMNS}, s.decision_id FROM {FRAME_TABLES} WHERE (f.sort_key, f.id) > (?, ?) "
            f"AND ({condition}) ORDER BY f.sort_key, f.id LIMIT {size}"
        )
        while rows := self._rows(sql, key, last, *values):
            yield rows
            if len(rows) < size:
                return
            last = rows[-1][0]
            key = self._rows("SELECT sort_key FROM frame WHERE id = ?", last)[0][0]

    def frame(self, frame_id: int) -> Frame:
        """Return a frame by id. Raises LookupError for an unknown one."""
        row = self._row(f"SELECT {FRAME_COLUMNS} FROM {FRAME_TABLES} WHERE f.id = ?", frame_id)
        if row is None:
            raise LookupError(f"no frame {frame_id}")
        return frame_from_row(row)

    def frame_by_path(self, path: str) -> Frame | None:
        """Return the frame of an escaped path."""
        row = self._row(f"SELECT {FRAME_COLUMNS} FROM {FRAME_TABLES} WHERE f.path = ?", path)
        return frame_from_row(row) if row is not None else None

    def frame_count(self) -> int:
        return int(self._rows("SELECT count(*) FROM frame")[0][0])

    def fingerprints(self) -> dict[int, tuple[int, int]]:
        """Return (bytes, mtime_ns) by frame id, as last seen."""
        return {row[0]: (row[1], row[2]) for row in self._rows("SELECT id, bytes, mtime_ns FROM frame")}

    def contents(self) -> dict[int, str]:
        """Return the sha256 of the file by frame id, of the frames whose file was read in full as it is now."""
        return dict(self._rows("SELECT id, sha256 FROM frame WHERE sha256 IS NOT NULL"))

    def counts(self) -> dict[FrameState, int]:
        """Return how many frames are in each state, all states named."""
        found: dict[str, int] = dict(self._rows("SELECT state, count(*) FROM frame_state GROUP BY state"))
        return {state: found.get(state.value, 0) for state in FrameState}

    def failed_frames(self) -> list[tuple[Frame, str]]:
        """Return the frames that cannot be used, and those that a model gave up on, each with its sentence.

        A frame that only its prediction failed carries no error elsewhere, since it can be labelled by hand; here it
        has the error of its prediction.
        """
        lost = (
            "s.run_frame_id IS NULL AND EXISTS (SELECT 1 FROM run_frame rf WHERE rf.frame_id = f.id "
            f"AND rf.error = '{FrameErrorCode.PREDICTION_LOST}' AND {FRESH})"
        )
        found: list[tuple[Frame, str]] = []
        for rows in self._frame_blocks(f"f.error IS NOT NULL OR {lost}"):
            details = self._details([row[0] for row in rows])
            for row in rows:
                code = row[5] if row[5] is not None else FrameErrorCode.PREDICTION_LOST.value
                frame = frame_from_row((*row[:5], code, *row[6:]))
                found.append((frame, details[frame.id] or FRAME_ERROR_TEXT[FrameErrorCode(code)]))
        return found

    def _details(self, frame_ids: Sequence[int]) -> dict[int, str | None]:
        newest = "(SELECT rf.detail FROM run_frame rf WHERE rf.frame_id = f.id ORDER BY rf.id DESC LIMIT 1)"
        sql = (
            f"SELECT f.id, CASE WHEN f.error IS NULL THEN {newest} ELSE f.error_detail END FROM frame f "
            "WHERE f.id IN (SELECT value FROM json_each(?))"
        )
        return dict(self._rows(sql, compact(frame_ids)))

    # ------------------------------------------------------------------------------------------------ classes, models
    def classes(self) -> list[ClassRecord]:
        """Return the classes by id: merged ones included, removed ones not."""
        with environment_faults(self._file):
            return read_classes(self._conn)

    def class_map(self, weights_hash: str) -> dict[int, int | None]:
        """Return model class -> project class: None when unmapped by choice, absent when never mapped."""
        return dict(self._rows("SELECT model_class, class_id FROM class_map WHERE weights_hash = ?", weights_hash))

    def models(self) -> list[ModelInfo]:
        """Return the models that made predictions, in the order of their first use."""
        return [model_from_row(row) for row in self._rows(f"SELECT {MODEL_COLUMNS} FROM model ORDER BY id")]

    # ------------------------------------------------------------------------------------------------ predictions
    def predictions(self, run_frame_id: int) -> tuple[FramePredictions, str]:
        """Return a finished prediction and its detector's weights hash. Raises LookupError for an unknown one."""
        found = self._predictions([run_frame_id])
        if run_frame_id not in found:
            raise LookupError(f"no finished prediction {run_frame_id}")
        predictions, _, weights_hash = found[run_frame_id]
        return predictions, weights_hash

    def newest_settings(self) -> RunSettings | None:
        """Return the settings of the detector whose results were recorded last, without a segmenter; None without any
        results."""
        columns = ", ".join(f"m.{name}" for name in MODEL_COLUMNS.split(", "))
        row = self._row(
            f"SELECT run.imgsz_h, run.imgsz_w, run.iou, run.floor, run.max_det, {columns} FROM run_frame rf "
            "JOIN run ON run.id = rf.run_id JOIN model m ON m.id = run.model_id "
            "WHERE rf.status = 'done' ORDER BY rf.id DESC LIMIT 1"
        )
        if row is None:
            return None
        height, width, iou, floor, max_det, *model = row
        return RunSettings(model_from_row(tuple(model)), (height, width), iou, floor, max_det)

    def source_predictions(self, frame_id: int, settings: RunSettings) -> tuple[int, FramePredictions] | None:
        """Return (run_frame_id, predictions) that a segmenter starts from: the newest finished ones of a frame.

        None while there are none, or none of the file as it is now.

        Args:
            frame_id: the frame.
            settings: of the detector; results that went through a segmenter do not count, whichever is named here.
        """
        with environment_faults(self._file):
            runs = compact(find_runs(self._conn, replace(settings, segmenter=None)))
        newest = self._row(
            "SELECT rf.id FROM run_frame rf JOIN frame f ON f.id = rf.frame_id WHERE rf.frame_id = ? "
            f"AND rf.status = 'done' AND rf.run_id IN (SELECT value FROM json_each(?)) AND {FRESH} "
            "ORDER BY rf.id DESC LIMIT 1",
            frame_id,
            runs,
        )
        return (newest[0], self.predictions(newest[0])[0]) if newest is not None else None

    def _predictions(
        self, run_frame_ids: Iterable[int], *, outlines: bool = True
    ) -> dict[int, tuple[FramePredictions, str, str]]:
        """Return (predictions, model name, weights hash) by run_frame; without outlines, which are most of a row, where
        nobody asks for them."""
        columns = ", ".join(f"p.{name}" for name in (PREDICTION_COLUMNS if outlines else ARRAY_COLUMNS))
        sql = (
            f"SELECT p.run_frame_id, m.name, run.segmenter, m.weights_hash, {columns} "
            "FROM prediction p JOIN run_frame rf ON rf.id = p.run_frame_id JOIN run ON run.id = rf.run_id "
            "JOIN model m ON m.id = run.model_id WHERE p.run_frame_id IN (SELECT value FROM json_each(?))"
        )
        return {
            run_frame_id: (unpack_predictions(tuple(blobs)), model_name_from_row(model, segmenter), weights_hash)
            for run_frame_id, model, segmenter, weights_hash, *blobs in self._rows(sql, compact(list(run_frame_ids)))
        }

    def pending_frames(self, settings: RunSettings) -> list[Frame]:
        """Return the usable frames, in natural order, that have no finished prediction of equal settings.

        A prediction made from a file that has changed since does not count; one that failed is tried again.
        """
        with environment_faults(self._file):
            runs = compact(find_runs(self._conn, settings))
        done = (
            "SELECT 1 FROM run_frame rf WHERE rf.frame_id = f.id AND rf.status = 'done' "
            f"AND rf.run_id IN (SELECT value FROM json_each(?)) AND {FRESH}"
        )
        blocks = self._frame_blocks(f"f.error IS NULL AND NOT EXISTS ({done})", runs)
        return [frame_from_row(row) for rows in blocks for row in rows]

    def prediction_totals(self) -> tuple[int, int]:
        """Return how many frames have a finished prediction, and how many objects those hold."""
        row = self._rows(
            "SELECT count(*), COALESCE(sum(p.n), 0) FROM frame_state s "
            "JOIN prediction p ON p.run_frame_id = s.run_frame_id"
        )[0]
        return int(row[0]), int(row[1])

"""Writes about models and what they predicted."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from autoanno_gui.core.classes import clean_name, match_by_name
from autoanno_gui.core.errors import FRAME_ERROR_TEXT, FrameErrorCode
from autoanno_gui.core.predictions import FramePredictions, FrameResult, ModelInfo, RunSettings
from autoanno_gui.store.blobs import PREDICTION_COLUMNS, pack_predictions
from autoanno_gui.store.connection import immediate
from autoanno_gui.store.rows import (
    FRESH,
    MODEL_COLUMNS,
    compact,
    find_runs,
    model_to_row,
    now,
    plain,
    read_classes,
    segmenter_to_row,
)
from autoanno_gui.store.writer_classes import ClassWrites
from autoanno_gui.store.writer_frames import FrameWrites
from autoanno_gui.store.writer_lights import LightWrites, StoredLight

AUTO_CLASSES: Final = "auto_classes"
"""Setting: with `1`, classes that a model finds become classes of the project; with `0`, the user's own list rules."""

AUTO_CLASS_CONFIDENCE: Final = 0.15
"""Below this a prediction is not even a ghost, so its class is of no interest yet."""

_DETECTOR_SETTINGS: Final = ("imgsz_h", "imgsz_w", "iou", "floor", "max_det")

_PREDICTION: Final = ", ".join(("n", *PREDICTION_COLUMNS))


@dataclass(frozen=True, slots=True)
class _Run:
    id: int
    weights_hash: str
    class_names: tuple[str, ...]
    mapped: set[int] | None
    """Model classes that need no further look; None when classes are not made automatically."""


class RunWrites(FrameWrites, ClassWrites, LightWrites):
    """Runs, results and the classes that come with them."""

    def start_run(self, settings: RunSettings, *, device: str) -> int:
        """Return the run of equal settings, or start one. Registers the model.

        Model classes that were never mapped are mapped to project classes of the same name, where there are any. The
        first run of a project settles whose class list it has: the user's own if there is one by then, else the classes
        that the model finds.
        """
        with immediate(self.ledger) as conn:
            _choose_class_list(conn)
            model_id = self._register_model(conn, settings.model)
            for model_class, class_id in match_by_name(settings.model.classes, read_classes(conn)).items():
                if class_id is not None:
                    _map_class(conn, settings.model.weights_hash, model_class, class_id)
            if runs := find_runs(conn, settings):
                return runs[-1]
            run_id = conn.execute(
                "INSERT INTO run(uuid, model_id, imgsz_h, imgsz_w, iou, floor, max_det, device, started, "
                "segmenter, segmenter_kind, segmenter_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    str(uuid.uuid4()),
                    model_id,
                    *settings.imgsz,
                    settings.iou,
                    settings.floor,
                    settings.max_det,
                    device,
                    now(),
                    *segmenter_to_row(settings.segmenter),
                ),
            ).lastrowid
            assert run_id is not None
            return run_id

    def _register_model(self, conn: sqlite3.Connection, model: ModelInfo) -> int:
        columns = MODEL_COLUMNS.split(", ")
        updates = ", ".join(f"{column} = excluded.{column}" for column in columns)
        row = conn.execute(
            f"INSERT INTO model({MODEL_COLUMNS}) VALUES ({', '.join('?' * len(columns))}) "
            f"ON CONFLICT(weights_hash, task) DO UPDATE SET {updates} RETURNING id",
            model_to_row(model),
        ).fetchall()
        return int(row[0][0])

    def record_results(self, run_id: int, results: Sequence[FrameResult]) -> list[tuple[int, int | None]]:
        """Record what a model made of frames, in short transactions.

        With the setting `auto_classes`, model classes that occur (confidence >= 0.15) and were never mapped get a
        project class of their name, most confident first.

        Returns:
            (frame_id, run_frame_id) in the given order; None as run_frame_id for a frame that failed.
        """
        run = self._run(run_id)
        return self._in_slices(results, lambda result: self._record_result(run, result))

    def repeat_results(self, run_id: int) -> list[tuple[int, int]]:
        """Let a run that is taken up again speak for the frames on which another run was the last to speak.

        What it found before is recorded once more; nothing is predicted twice and nothing is changed. A run of a
        detector never takes frames from one that made masks of its very results.

        Returns:
            (frame_id, run_frame_id) of the frames whose newest prediction is this run's again.
        """
        rows = self.bulk.execute(
            "SELECT max(rf.id) FROM run_frame rf JOIN frame f ON f.id = rf.frame_id "
            "JOIN frame_state s ON s.frame_id = f.id JOIN run_frame newest ON newest.id = s.run_frame_id "
            f"WHERE rf.run_id = ? AND rf.status = 'done' AND newest.run_id <> rf.run_id AND {FRESH} "
            "AND newest.run_id NOT IN (SELECT value FROM json_each(?)) GROUP BY rf.frame_id",
            (run_id, compact(self._refinements(run_id))),
        ).fetchall()
        return self._in_slices([int(row[0]) for row in rows], self._repeat)

    def _refinements(self, run_id: int) -> list[int]:
        """Return the runs that made masks of a detector's results; none for a run that made masks itself."""
        same = " AND ".join(f"r.{column} = o.{column}" for column in ("model_id", *_DETECTOR_SETTINGS))
        rows = self.bulk.execute(
            f"SELECT r.id FROM run r JOIN run o ON {same} "
            "WHERE o.id = ? AND o.segmenter_kind IS NULL AND r.segmenter_kind IS NOT NULL",
            (run_id,),
        )
        return [row[0] for row in rows.fetchall()]

    def _repeat(self, run_frame_id: int) -> tuple[int, int]:
        frame_id, new_id = self.bulk.execute(
            "INSERT INTO run_frame(uuid, run_id, frame_id, status, error, detail, sha256, bytes, mtime_ns, finished) "
            "SELECT ?, run_id, frame_id, status, error, detail, sha256, bytes, mtime_ns, ? FROM run_frame WHERE id = ? "
            "RETURNING frame_id, id",
            (str(uuid.uuid4()), now(), run_frame_id),
        ).fetchone()
        self.bulk.execute(
            f"INSERT INTO prediction(run_frame_id, {_PREDICTION}) "
            f"SELECT ?, {_PREDICTION} FROM prediction WHERE run_frame_id = ?",
            (new_id, run_frame_id),
        )
        self._cache_state(self.bulk, frame_id)
        return frame_id, new_id

    def _run(self, run_id: int) -> _Run:
        row = self.bulk.execute(
            "SELECT m.weights_hash, m.classes FROM run JOIN model m ON m.id = run.model_id WHERE run.id = ?", (run_id,)
        ).fetchone()
        if row is None:
            raise LookupError(f"no run {run_id}")
        setting = self.bulk.execute("SELECT value FROM setting WHERE key = ?", (AUTO_CLASSES,)).fetchone()
        mapped = None
        if setting == ("1",):
            rows = self.bulk.execute("SELECT model_class FROM class_map WHERE weights_hash = ?", (row[0],)).fetchall()
            mapped = {model_class for (model_class,) in rows}
        return _Run(run_id, row[0], tuple(json.loads(row[1])), mapped)

    def _record_result(self, run: _Run, result: FrameResult) -> tuple[int, int | None]:
        found = result.predictions
        self._note_file(result)
        detail = plain(result.detail or FRAME_ERROR_TEXT[result.error]) if result.error is not None else None
        run_frame_id = self.bulk.execute(
            "INSERT INTO run_frame(uuid, run_id, frame_id, status, error, detail, sha256, bytes, mtime_ns, finished) "
            "SELECT ?, ?, f.id, ?, ?, ?, ?, f.bytes, f.mtime_ns, ? FROM frame f WHERE f.id = ?",
            (
                str(uuid.uuid4()),
                run.id,
                "done" if found is not None else "failed",
                result.error,
                detail,
                result.sha256,
                now(),
                result.frame_id,
            ),
        ).lastrowid
        if found is not None:
            self.bulk.execute(
                f"INSERT INTO prediction(run_frame_id, {_PREDICTION}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (run_frame_id, len(found), *pack_predictions(found)),
            )
            if run.mapped is not None:
                for model_class in _occurring(found):
                    if model_class not in run.mapped:
                        self._class_for(run, model_class)
                        run.mapped.add(model_class)
        self._cache_state(self.bulk, result.frame_id)
        return result.frame_id, run_frame_id if found is not None else None

    def _note_file(self, result: FrameResult) -> None:
        """Write what decoding the file showed; the fingerprint is the newest that anyone has seen."""
        if (result.predictions is None) is (result.error is None):
            raise ValueError(f"a result has either predictions or an error: frame {result.frame_id}")
        if result.fingerprint is not None:
            self.bulk.execute(
                "UPDATE frame SET sha256 = NULL, bytes = ?, mtime_ns = ? WHERE id = ? AND (bytes, mtime_ns) <> (?, ?)",
                (*result.fingerprint, result.frame_id, *result.fingerprint),
            )
            if result.light is not None:
                self._record_light(StoredLight(result.frame_id, *result.fingerprint, result.light))
        if result.sha256 is not None:
            self.bulk.execute("UPDATE frame SET sha256 = ? WHERE id = ?", (result.sha256, result.frame_id))
        if result.header is not None:
            self._write_header(self.bulk, result.frame_id, result.header, sha256=None)
        # A model that gives up on an image says nothing against the image: it can still be labelled by hand.
        if result.error is not FrameErrorCode.PREDICTION_LOST:
            text = plain(result.detail or FRAME_ERROR_TEXT[result.error]) if result.error is not None else None
            self.bulk.execute(
                "UPDATE frame SET error = ?, error_detail = ? WHERE id = ?", (result.error, text, result.frame_id)
            )

    def _class_for(self, run: _Run, model_class: int) -> None:
        names = run.class_names
        name = clean_name(names[model_class]) if model_class < len(names) else ""
        name = name or f"class {model_class}"
        class_id = match_by_name([name], read_classes(self.bulk))[0]
        if class_id is None:
            class_id = self._add_class(self.bulk, name).id
        _map_class(self.bulk, run.weights_hash, model_class, class_id)


def _choose_class_list(conn: sqlite3.Connection) -> None:
    own = any(record.merged_into is None for record in read_classes(conn))
    conn.execute("INSERT OR IGNORE INTO setting(key, value) VALUES (?, ?)", (AUTO_CLASSES, "0" if own else "1"))


def _map_class(conn: sqlite3.Connection, weights_hash: str, model_class: int, class_id: int) -> None:
    conn.execute(
        "INSERT OR IGNORE INTO class_map(weights_hash, model_class, class_id) VALUES (?, ?, ?)",
        (weights_hash, model_class, class_id),
    )


def _occurring(found: FramePredictions) -> Iterator[int]:
    """Yield the model classes of predictions that may become candidates, by falling confidence, each once."""
    order = np.argsort(-found.confidences, kind="stable")
    sure = order[found.confidences[order] >= AUTO_CLASS_CONFIDENCE]
    yield from dict.fromkeys(int(model_class) for model_class in found.classes[sure])

"""How records look in rows: JSON texts and the shared parts of queries. See docs/schema.md."""

from __future__ import annotations

import json
import os
import sqlite3
from datetime import UTC, datetime
from operator import index
from pathlib import Path
from typing import Any, Final, TypeAlias

from autoanno_gui.core.errors import FrameErrorCode
from autoanno_gui.core.keypoints import Skeleton
from autoanno_gui.core.predictions import ModelInfo, RunSettings, SegmenterInfo
from autoanno_gui.core.records import ClassRecord, Frame, FrameState, Thresholds
from autoanno_gui.core.task import Task
from autoanno_gui.imaging.paths import escape_path, unescape_path
from autoanno_gui.imaging.scan import natural_key

Row: TypeAlias = tuple[Any, ...]

FRAME_COLUMNS: Final = "f.id, f.path, f.width, f.height, s.state, f.error, f.flags, s.run_frame_id"
FRAME_TABLES: Final = "frame f JOIN frame_state s ON s.frame_id = f.id"

CLASS_COLUMNS: Final = "id, name, colour, slot, used, merged_into"

MODEL_COLUMNS: Final = "path, name, task, classes, imgsz_h, imgsz_w, backend, weights_hash, fixed_imgsz, kpt_shape"

FRESH: Final = "COALESCE(rf.sha256 = f.sha256, rf.bytes = f.bytes AND rf.mtime_ns = f.mtime_ns)"
"""Whether a run_frame `rf` was made from the file that frame `f` is today: same contents or, while the contents of one
are not known, same fingerprint."""

SAMPLE_OF: Final = "sample_of"
"""Setting of a project that was handed over: uuid of the one it comes from. It takes no other frames of the folder."""

SESSION_STARTED: Final = "session"
"""Kind of the event that says of a sitting whether checks were on."""

NOT_REVOKED: Final = "NOT EXISTS (SELECT 1 FROM revocation r WHERE r.decision_id = d.id)"

ADOPTED_FIRST: Final = "ORDER BY d.origin = '' DESC, d.id DESC"
"""Which decision of a frame is adopted: the newest that was made here, else the newest that was merged."""

STATE_QUERY: Final = f"""
SELECT f.id,
       COALESCE(
           (SELECT d.kind FROM decision d WHERE d.frame_id = f.id AND {NOT_REVOKED} {ADOPTED_FIRST} LIMIT 1),
           CASE WHEN f.error IS NULL THEN 'undecided' ELSE 'failed' END),
       (SELECT d.id FROM decision d WHERE d.frame_id = f.id AND {NOT_REVOKED} {ADOPTED_FIRST} LIMIT 1),
       (SELECT rf.id FROM run_frame rf
        WHERE rf.frame_id = f.id AND rf.status = 'done' AND {FRESH} ORDER BY rf.id DESC LIMIT 1)
FROM frame f
"""
"""What the `frame_state` cache holds, worked out from the ledger: the only place that says how."""

_STATES: Final = {state.value: state for state in FrameState}
_ERRORS: Final = {code.value: code for code in FrameErrorCode}


def now() -> str:
    """Return the wall clock as ISO 8601 UTC with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def plain(text: str) -> str:
    """Return text that SQLite can store: half characters of undecodable file names become escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def path_to_text(path: str | Path) -> str:
    """Return an absolute path of any bytes as text; `text_to_path` gives it back exactly."""
    return escape_path(Path(os.path.abspath(path)).as_posix())


def text_to_path(text: str) -> Path:
    return Path(unescape_path(text))


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def frame_from_row(row: Row) -> Frame:
    """Return the frame of a row that starts with `FRAME_COLUMNS`."""
    frame_id, path, width, height, state, error, flags, run_frame_id = row[:8]
    return Frame(
        frame_id,
        path,
        width,
        height,
        _STATES[state],
        _ERRORS[error] if error is not None else None,
        tuple(json.loads(flags)) if flags != "[]" else (),
        run_frame_id,
    )


def class_from_row(row: Row) -> ClassRecord:
    """Return the class of a row of `CLASS_COLUMNS`."""
    class_id, name, colour, slot, used, merged_into = row
    return ClassRecord(class_id, name, colour, slot, bool(used), merged_into)


def read_classes(conn: sqlite3.Connection) -> list[ClassRecord]:
    """Return the classes by id: merged ones included, removed ones not."""
    rows = conn.execute(f"SELECT {CLASS_COLUMNS} FROM class WHERE removed IS NULL ORDER BY id").fetchall()
    return [class_from_row(row) for row in rows]


def model_from_row(row: Row) -> ModelInfo:
    """Return the model of a row of `MODEL_COLUMNS`."""
    path, name, task, classes, height, width, backend, weights_hash, fixed, kpt_shape = row
    return ModelInfo(
        path=str(text_to_path(path)),
        name=unescape_path(name),
        task=Task(task),
        classes=tuple(json.loads(classes)),
        imgsz=(height, width),
        backend=backend,
        weights_hash=weights_hash,
        fixed_imgsz=bool(fixed),
        kpt_shape=tuple(json.loads(kpt_shape)) if kpt_shape is not None else None,
    )


def model_to_row(model: ModelInfo) -> Row:
    """Return the values of `MODEL_COLUMNS`."""
    return (
        path_to_text(model.path),
        escape_path(model.name),
        model.task.value,
        compact(model.classes),
        *model.imgsz,
        model.backend,
        model.weights_hash,
        int(model.fixed_imgsz),
        compact(model.kpt_shape) if model.kpt_shape is not None else None,
    )


def segmenter_to_row(segmenter: SegmenterInfo | None) -> Row:
    """Return the values of a run's `segmenter`, `segmenter_kind` and `segmenter_hash`, all None without one."""
    if segmenter is None:
        return None, None, None
    return escape_path(segmenter.name), segmenter.kind, segmenter.weights_hash


def model_name_from_row(model: str, segmenter: str | None) -> str:
    """Return what the results of a run come from, for people: `yolo11n.pt`, or `yolo11n.pt + GrabCut`."""
    return " + ".join(unescape_path(name) for name in (model, segmenter) if name is not None)


def find_runs(conn: sqlite3.Connection, settings: RunSettings) -> list[int]:
    """Return the runs of equal settings, oldest first."""
    rows = conn.execute(
        "SELECT run.id FROM run JOIN model m ON m.id = run.model_id WHERE m.weights_hash = ? AND m.task = ? "
        "AND run.imgsz_h = ? AND run.imgsz_w = ? AND run.iou = ? AND run.floor = ? AND run.max_det = ? "
        "AND run.segmenter_kind IS ? AND run.segmenter_hash IS ? ORDER BY run.id",
        (
            settings.model.weights_hash,
            settings.model.task.value,
            *settings.imgsz,
            settings.iou,
            settings.floor,
            settings.max_det,
            *segmenter_to_row(settings.segmenter)[1:],
        ),
    )
    return [row[0] for row in rows.fetchall()]


def encode_thresholds(thresholds: Thresholds) -> str:
    return compact(
        {
            "default": thresholds.default,
            "per_class": thresholds.per_class,
            "ghost_floor": thresholds.ghost_floor,
        }
    )


def decode_thresholds(text: str) -> Thresholds:
    data = json.loads(text)
    per_class = tuple((int(class_id), float(value)) for class_id, value in data["per_class"])
    return Thresholds(data["default"], per_class, data["ghost_floor"])


def encode_skeleton(skeleton: Skeleton) -> str:
    return compact({"names": skeleton.names, "edges": skeleton.edges, "flip": skeleton.flip})


def decode_skeleton(text: str) -> Skeleton | None:
    """Return the skeleton of a setting, None for text that says none."""
    try:
        data = json.loads(text)
        names, edges, flip = data["names"], data["edges"], data["flip"]
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            return None
        return Skeleton(tuple(names), tuple((index(a), index(b)) for a, b in edges), tuple(map(index, flip)))
    except (KeyError, TypeError, ValueError):  # json's own error is a ValueError
        return None


def sort_key(path: str) -> bytes:
    """Return bytes that sort escaped paths in natural order."""
    return natural_key(path).encode("utf-8")

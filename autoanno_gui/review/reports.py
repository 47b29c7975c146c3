"""What the command line reports about a project: plain dictionaries, ready for JSON."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from autoanno_gui.core import queue
from autoanno_gui.core.document import MappedPredictions
from autoanno_gui.core.facts import facts_from_decision, proposals_of
from autoanno_gui.core.frame_list import FrameList
from autoanno_gui.core.metrics import Accumulator, report
from autoanno_gui.core.records import Frame, FrameState
from autoanno_gui.imaging.paths import frame_file
from autoanno_gui.store.reader import Reader

Report: TypeAlias = dict[str, Any]


def frames_of(reader: Reader) -> FrameList:
    """Return all frames of the project in natural order."""
    frames = FrameList()
    for block in reader.frames():
        frames.extend(block)
    return frames


def scan_report(reader: Reader) -> Report:
    """Return every frame with its upright size in pixels, state, error and flags."""
    return {"root": str(reader.root()), "frames": [_frame_row(frame) for frame in frames_of(reader)]}


def _frame_row(frame: Frame) -> Report:
    return {
        "frame": frame.path,
        "width": frame.width or None,
        "height": frame.height or None,
        "state": frame.state.value,
        "error": frame.error.value if frame.error is not None else None,
        "flags": list(frame.flags),
    }


def queue_report(reader: Reader) -> Report:
    """Return the frames in the order of review, each with the reason for its place."""
    frames = frames_of(reader)
    found = queue.order(frames.states, frames.predicted)
    rows = [
        {
            "frame": frames.at(int(position)).path,
            "reason": found.reason(place).value,
            "score": round(float(found.scores[place]), 4),
            "state": frames.at(int(position)).state.value,
        }
        for place, position in enumerate(found.positions)
    ]
    return {"order": "natural", "frames": rows}


def metrics_report(reader: Reader) -> Report:
    """Return the figures over all decisions, with intervals and tables."""
    accumulator = Accumulator()
    for entry in reader.decisions():
        mapped = None
        if entry.predictions is not None and entry.weights_hash is not None:
            class_map = reader.class_map(entry.weights_hash)
            run_frame_id = entry.decision.run_frame_id or 0
            mapped = MappedPredictions.of(entry.predictions, run_frame_id=run_frame_id, class_map=class_map)
        accumulator.add(
            facts_from_decision(
                entry.decision,
                proposals=proposals_of(mapped, entry.decision),
                model=entry.model,
                first=entry.first,
                adopted=entry.adopted,
            )
        )
    predicted, _ = reader.prediction_totals()
    return report(
        accumulator,
        frames_total=reader.frame_count(),
        frames_predicted=predicted,
        frames_failed=reader.counts()[FrameState.FAILED],
        class_names={record.id: record.name for record in reader.classes()},
    )


def project_report(reader: Reader) -> Report:
    """Return whether the project file is sound and which files are gone or changed since they were read."""
    root = reader.root()
    before = reader.fingerprints()
    missing, changed = [], []
    for frame, now in _fingerprints(reader, root):
        if now is None:
            missing.append(frame.path)
        elif now != before[frame.id]:
            changed.append(frame.path)
    return {
        "root": str(root),
        "integrity": reader.integrity() or "ok",
        "frames": reader.frame_count(),
        "missing": missing,
        "changed": changed,
    }


def _fingerprints(reader: Reader, root: Path) -> Iterator[tuple[Frame, tuple[int, int] | None]]:
    for block in reader.frames():
        for frame in block:
            try:
                found = Path(frame_file(root, frame.path)).stat()
            except OSError:
                yield frame, None
            else:
                yield frame, (found.st_size, found.st_mtime_ns)

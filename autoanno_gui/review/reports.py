"""What the command line reports about a project: plain dictionaries, ready for JSON."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from autoanno_gui.core.errors import FrameError
from autoanno_gui.core.frame_list import FrameList
from autoanno_gui.core.queue_settings import QueueSettings
from autoanno_gui.core.records import Frame
from autoanno_gui.imaging.paths import frame_file
from autoanno_gui.review.metrics_report import full_report
from autoanno_gui.review.queue_keeper import QUEUE_SETTING, News, QueueKeeper, SortRequest
from autoanno_gui.review.trial_keeper import TrialKeeper
from autoanno_gui.review.tuning_sample import stored_sample
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


def prediction_report(reader: Reader) -> Report:
    """Return how much of the project is predicted, and which frames could not be."""
    total, objects = reader.prediction_totals()
    failures = [
        {"frame": frame.path, "error": frame.error.value if frame.error else None}
        for frame, _ in reader.failed_frames()
    ]
    return {
        "frames_predicted": total,
        "frames_failed": len(failures),
        "failures": failures,
        "predictions": objects,
    }


def _frame_row(frame: Frame) -> Report:
    return {
        "frame": frame.path,
        "width": frame.width or None,
        "height": frame.height or None,
        "state": frame.state.value,
        "error": frame.error.value if frame.error is not None else None,
        "flags": list(frame.flags),
    }


def queue_report(reader: Reader, *, settings: QueueSettings | None = None, checks: bool = True) -> Report:
    """Return the frames in the order of review, each with the reason for its place.

    Args:
        reader: of the project.
        settings: another order than the one that the project keeps.
        checks: whether the random stream runs through the order.
    """
    frames = frames_of(reader)
    settings = settings or QueueSettings.from_json(reader.setting(QUEUE_SETTING))
    keeper = QueueKeeper(reader)
    keeper.update(News(everything=True))
    trial = TrialKeeper(reader)
    request = SortRequest(
        frames.columns(),
        frames.generation,
        settings,
        reader.thresholds(),
        checks=checks,
        first=stored_sample(reader),
        trial=trial.frame_ids,
        hidden=trial.hidden(frames),
    )
    sorted_queue = keeper.sort(request)
    assert sorted_queue is not None  # nothing stops it here
    found = sorted_queue.order
    rows = [
        {
            "frame": frames.at(int(position)).path,
            "reason": found.reason(place).value,
            "score": round(float(found.scores[place]), 4),
            "state": frames.at(int(position)).state.value,
        }
        for place, position in enumerate(found.positions)
    ]
    return {"order": settings.order.value, "frames": rows}


def metrics_report(reader: Reader, *, checks: bool | None = None) -> Report:
    """Return the figures over all decisions, with intervals and tables; `checks`: see `metrics_report.full_report`."""
    return full_report(reader, checks=checks)


def project_report(reader: Reader) -> Report:
    """Return whether the project file is sound and which files are gone or changed since they were read."""
    root = reader.root()
    before = reader.fingerprints()
    missing, changed = [], []
    for frame, now in _fingerprints(reader, root):
        if now is None:
            missing.append(frame.path)
        elif now != before.get(frame.id, now):  # a window may have added frames in the meantime
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
                found = os.stat(frame_file(root, frame.path))
            except (OSError, FrameError):
                yield frame, None
            else:
                yield frame, (found.st_size, found.st_mtime_ns)

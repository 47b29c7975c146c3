"""manifest.json: where each picture and each label of a dataset came from.

One picture a line, written as it comes, so that a dataset of any size needs no more memory than a small one. The file
as a whole is plain JSON, described in docs/formats.md.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, TextIO

from autoanno_gui import __version__
from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry, kind_of
from autoanno_gui.core.keypoints import Keypoints
from autoanno_gui.core.mask import Mask, Ring
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.records import Annotation
from autoanno_gui.datasets.layout import FrameLabels
from autoanno_gui.datasets.pictures import Picture
from autoanno_gui.datasets.plan import ExportFormat, ExportItem, ExportPlan, ExportReport

FORMAT: Final = "autoanno-export"
VERSION: Final = 1


class Manifest:
    """The manifest while it is written: `begin`, `add` for each picture, `finish`. All raise OSError."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._first = True

    def begin(self, plan: ExportPlan, *, frame_root: str) -> None:
        """Write what holds for the whole dataset. `frame_root`: escaped name of the folder of frames."""
        options = plan.options
        head: dict[str, object] = {
            "format": FORMAT,
            "version": VERSION,
            "app": {"name": "autoanno_gui", "version": __version__},
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "dataset": options.format.value,
            "frame_root": frame_root,
            "classes": [
                {"number": number, "name": one.name, "project_class": one.project_class, "merged": list(one.merged)}
                for number, one in enumerate(plan.classes)
            ],
            "split": {"rule": options.split_rule, "seed": options.seed, "fractions": list(options.fractions)},
            "files": options.files.value,
            "checks": options.checks,
        }
        if options.format is ExportFormat.YOLO_POSE and (skeleton := options.skeleton):
            head["skeleton"] = {"names": skeleton.names, "edges": skeleton.edges, "flip": skeleton.flip}
        members = ",\n".join(f"{json.dumps(key)}: {_line(value)}" for key, value in head.items())
        self._file.write("{\n" + members + ',\n"images": [')

    def add(self, item: ExportItem, *, plan: ExportPlan, labels: FrameLabels, picture: Picture, path: str) -> None:
        """Write one picture. `path`: within the dataset."""
        written = defaultdict(list)
        for at, remark in labels.remarks:
            written[at].append(remark.value)
        entry: dict[str, object] = {
            "source": item.frame.path,
            "file": path,
            "split": item.split,
            "sha256": picture.sha256,
            "change": picture.change.value,
            "width": picture.width,
            "height": picture.height,
            "decision": item.frame.state.value,
            "decided_at": item.labelled.decided_at,
            "reviewer": item.labelled.reviewer,
            "objects": [
                _object(item.annotations[at], plan) | ({"written": written[at]} if at in written else {})
                for at in labels.objects
            ],
        }
        if labels.left_out:
            entry["left_out"] = [
                _object(item.annotations[at], plan) | {"reason": why.value} for at, why in labels.left_out
            ]
        self._file.write(("\n" if self._first else ",\n") + _line(entry))
        self._first = False

    def finish(self, report: ExportReport, *, failed: Sequence[tuple[str, str]]) -> None:
        """Write the counts and what was left out. `failed`: (source, reason)."""
        tail = {
            "frames": dict(report.frames),
            "objects": report.objects,
            "backgrounds": report.backgrounds,
            "left_out": dict(report.left_out),
            "failed": [{"source": source, "reason": reason} for source, reason in failed],
            "notes": report.notes,
        }
        members = ",\n".join(f"{json.dumps(key)}: {_line(value)}" for key, value in tail.items())
        self._file.write("\n],\n" + members + "\n}\n")


def _object(annotation: Annotation, plan: ExportPlan) -> dict[str, object]:
    geometry = annotation.geometry
    return {
        "class": plan.class_numbers[annotation.class_id],
        "xyxy": list(geometry.bounds.as_tuple()),
        "geometry": kind_of(geometry).value,
        **_outline(geometry),
        "verdict": annotation.kind.value,
        "confidence": annotation.confidence,
        "model": annotation.model,
        "reviewer": annotation.reviewer,
        "decided_at": annotation.decided_at,
    }


def _outline(geometry: Geometry) -> dict[str, object]:
    """Return what an outline says beyond the box around it."""
    match geometry:
        case Mask():
            return {
                "parts": [
                    {"outer": _rounded(part.outer), "holes": [_rounded(hole) for hole in part.holes]}
                    for part in geometry.parts
                ]
            }
        case OrientedBox(cx, cy, width, height, angle):
            return {"obb": [cx, cy, width, height, angle]}
        case Keypoints():
            return {"keypoints": [[x, y, int(visibility)] for x, y, visibility in geometry.points]}
        case Box():
            return {}


def _rounded(ring: Ring) -> list[list[float]]:
    points: list[list[float]] = ring.round(2).tolist()
    return points


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)

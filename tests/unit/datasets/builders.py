"""Small folders of frames, their decisions, and exports of them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.box import Box
from autoanno_gui.core.errors import FrameErrorCode
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.mask import Mask, Part, Ring
from autoanno_gui.core.records import Annotation, ClassRecord, Frame, FrameState, LabelledFrame, VerdictKind
from autoanno_gui.datasets.plan import ExportOptions, ExportPlan, ExportReport, plan_export
from autoanno_gui.datasets.writer import write_export
from autoanno_gui.imaging.paths import frame_file

CLASSES = (ClassRecord(0, "person", "#112233"), ClassRecord(1, "car", "#445566"))
ROOT = Path(__file__).resolve().parents[3]


def pixels(width: int = 64, height: int = 48, *, seed: int = 0) -> NDArray[np.uint8]:
    """Return a BGR picture with content of its own."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def write_picture(root: Path, path: str, *, width: int = 64, height: int = 48, seed: int = 0) -> bytes:
    """Write a frame in the format that its ending names and return its bytes."""
    data = cv2.imencode("." + path.rpartition(".")[2], pixels(width, height, seed=seed))[1].tobytes()
    write_bytes(root, path, data)
    return data


def write_bytes(root: Path, path: str, data: bytes) -> None:
    file = Path(frame_file(root, path))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def annotation(
    box: Sequence[float] = (16, 12, 32, 36), class_id: int = 0, kind: VerdictKind = VerdictKind.ACCEPTED
) -> Annotation:
    return annotated(Box(*box), class_id, kind)


def annotated(geometry: Geometry, class_id: int = 0, kind: VerdictKind = VerdictKind.ACCEPTED) -> Annotation:
    drawn = kind is VerdictKind.ADDED
    return Annotation(
        class_id=class_id,
        geometry=geometry,
        kind=kind,
        confidence=None if drawn else 0.75,
        model=None if drawn else "best.pt",
        reviewer="kim",
        decided_at="2025-03-01T10:00:00Z",
    )


def labelled(
    frame_id: int,
    path: str,
    annotations: Iterable[Annotation] = (),
    *,
    size: tuple[int, int] = (64, 48),
    seen: tuple[int, int] | None = None,
    state: FrameState = FrameState.ACCEPTED,
    error: FrameErrorCode | None = None,
) -> LabelledFrame:
    """Return a decided frame. `size`: of the picture at the decision; `seen`: when it was last opened, if another."""
    frame = Frame(frame_id, path, *(seen or size), state, error)
    return LabelledFrame(frame, tuple(annotations), "kim", "2025-03-01T10:00:00Z", *size)


def square(x: float, y: float, side: float) -> Ring:
    return np.array([(x, y), (x + side, y), (x + side, y + side), (x, y + side)], np.float64)


def circle(x: float, y: float, radius: float, *, points: int = 60) -> Ring:
    turn = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return np.column_stack([x + radius * np.cos(turn), y + radius * np.sin(turn)])


def mask(*parts: tuple[Ring, ...]) -> Mask:
    """Return a mask of parts given as (outer, *holes)."""
    return Mask(tuple(Part(rings[0], rings[1:]) for rings in parts))


def make_plan(
    frames: Sequence[LabelledFrame],
    *,
    classes: Sequence[ClassRecord] = CLASSES,
    splits: Mapping[int, str] | None = None,
    left_out: Mapping[str, int] | None = None,
    options: ExportOptions | None = None,
) -> ExportPlan:
    """Plan an export; without `splits` every fourth frame goes to val."""
    dealt = {one.frame.id: "val" if at % 4 == 3 else "train" for at, one in enumerate(frames)}
    return plan_export(
        frames,
        classes=classes,
        splits=dealt if splits is None else splits,
        left_out=left_out or {},
        options=options or ExportOptions(),
    )


def make_frames(root: Path, paths: Sequence[str]) -> list[LabelledFrame]:
    """Write a picture for each path and label it with one box."""
    for seed, path in enumerate(paths):
        write_picture(root, path, seed=seed)
    return [labelled(number, path, [annotation()]) for number, path in enumerate(paths)]


def export(plan: ExportPlan, root: Path, out: Path) -> ExportReport:
    """Run an export to its end."""
    steps = write_export(plan, root=root, out=out)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def manifest(out: Path) -> dict[str, Any]:
    return json.loads((out / "manifest.json").read_text(encoding="utf-8"))


def by_source(out: Path) -> dict[str, dict[str, Any]]:
    """Return the manifest's pictures by the frame they came from."""
    return {entry["source"]: entry for entry in manifest(out)["images"]}


def label_of(out: Path, entry: Mapping[str, Any]) -> Path:
    """Return the label file that a trainer pairs with a picture of the manifest."""
    return out / (entry["file"].replace("images/", "labels/", 1).rpartition(".")[0] + ".txt")


def files_below(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file by its path."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def leftovers(out: Path) -> list[str]:
    """Return what lies where exports go, other than the target."""
    return sorted(set(os.listdir(out.parent)) - {out.name}) if out.parent.exists() else []


def ask_trainer(*, check: Sequence[Path] = (), train: Sequence[Path] = (), home: Path) -> list[dict[str, Any]]:
    """Let Ultralytics check and train datasets, offline; answers in order. Its working directory is `home`."""
    wanted = {
        "check": [str(out / "data.yaml") for out in check],
        "train": [str(out / "data.yaml") for out in train],
    }
    home.mkdir()
    (home / "wanted.json").write_text(json.dumps(wanted))
    command = [sys.executable, "-m", "tests.unit.datasets.trainer_view", str(home)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    answer = json.loads((home / "answer.json").read_text())
    return [answer[file] for file in wanted["check"] + wanted["train"]]

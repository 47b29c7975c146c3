"""What the oracle's work came to: the exported labels against the truth, the ledger against its acts, and bounds."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from autoanno_gui.core.box import yolo_to_box
from autoanno_gui.core.records import VerdictKind
from autoanno_gui.core.review_objects import SAME_GEOMETRY_IOU
from autoanno_gui.datasets.plan import ExportOptions, FileMode
from autoanno_gui.imaging.paths import unescape_path
from autoanno_gui.review.export_job import export_job
from autoanno_gui.review.reports import metrics_report
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Store
from tests.benchmarks.keystrokes import DRAW, FIND_WRONG, HAND, KEY, LOOK, LOOK_AT_OBJECT
from tests.benchmarks.oracle import Acts
from tests.benchmarks.truth import Label, Thing, covered, match

QUALITY_AT: Final = (0.5, 0.75, 0.9)
ROUNDED: Final = 1e-3
"""Overlap that decimals of a label file may cost."""
CLOCK_SECONDS: Final = 1e-6
FROM_METRICS: Final = {
    "accepted": "candidates_accepted",
    "edited": "candidates_edited",
    "rejected": "candidates_rejected",
    "promoted": "annotations_promoted",
    "added": "annotations_added",
}


@dataclass(frozen=True, slots=True)
class Proposed:
    """What the model proposed for a frame: things by falling confidence, and their confidences."""

    things: tuple[Thing, ...] = ()
    confidences: tuple[float, ...] = ()


# ---------------------------------------------------------------------------------------------------- the export
def exported(file: Path, root: Path, out: Path) -> dict[str, list[Label]]:
    """Export a project into a new folder and read its label files back: by the path of the frame."""
    with Store.open(file, root=root) as store:
        for _ in export_job(store, out=out, options=ExportOptions(files=FileMode.HARD_LINK)):
            pass
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    names = {entry["number"]: entry["name"] for entry in manifest["classes"]}
    return {entry["source"]: _rows(out, entry, names) for entry in manifest["images"]}


def _rows(out: Path, entry: Mapping[str, Any], names: Mapping[int, str]) -> list[Label]:
    file = out / unescape_path(entry["file"].replace("images/", "labels/", 1))
    found = []
    for line in file.with_suffix(".txt").read_text(encoding="utf-8").splitlines():
        number, x, y, w, h = map(float, line.split())
        box = yolo_to_box((x, y, w, h), width=entry["width"], height=entry["height"])
        found.append(Label(names[int(number)], box))
    return found


def unequal(frames: Iterable[Acts], labels: Mapping[str, Sequence[Label]], *, tight: float) -> list[str]:
    """Return the frames whose exported labels and true ones do not pair off one to one, of the same class and
    overlapping by `tight`."""
    return [acts.path for acts in frames if not _equal(acts.labels, labels.get(acts.path), tight)]


def _equal(wanted: Sequence[Label], found: Sequence[Label] | None, tight: float) -> bool:
    if found is None or len(found) != len(wanted):
        return False
    pairs = match(wanted, _things(found), least=tight - ROUNDED)
    return len(pairs) == len(wanted) and all(wanted[i].name == thing.name for i, thing in pairs.items())


def quality(frames: Iterable[Acts], labels: Mapping[str, Sequence[Label]]) -> dict[str, float | None]:
    """Return the share of the true labels that an exported one of the same class matches at each overlap, and the mean
    overlap of those that match at the least one."""
    hits, total, overlaps = Counter[float](), 0, []
    for acts in frames:
        total += len(acts.labels)
        things = _things(labels.get(acts.path, ()))
        for least in QUALITY_AT:
            pairs = match(acts.labels, things, least=least)
            same = {i: thing for i, thing in pairs.items() if thing.name == acts.labels[i].name}
            hits[least] += len(same)
            if least == QUALITY_AT[0]:
                overlaps += [thing.box.iou(acts.labels[i].box) for i, thing in same.items()]
    found: dict[str, float | None] = {str(at): round(hits[at] / total, 4) if total else None for at in QUALITY_AT}
    return found | {"mean_iou": round(float(np.mean(overlaps)), 4) if overlaps else None}


def _things(labels: Sequence[Label]) -> list[Thing]:
    return [Thing(i, label.name, label.box) for i, label in enumerate(labels)]


# ---------------------------------------------------------------------------------------------------- the ledger
def ledger_verbs(reader: Reader) -> Counter[str]:
    """Count the verdicts of the adopted decisions."""
    verbs: Counter[str] = Counter()
    for entry in reader.decisions():
        for verdict in entry.decision.verdicts if entry.adopted else ():
            verbs[verdict.kind.value] += 1
            if verdict.kind in (VerdictKind.EDITED, VerdictKind.PROMOTED):
                verbs["class_changed"] += verdict.class_changed
                verbs["geometry_edited"] += verdict.iou is not None and verdict.iou < SAME_GEOMETRY_IOU
    return +verbs


def metrics_agree(verbs: Mapping[str, int], reader: Reader) -> bool:
    """Whether the reported metrics count the same."""
    report = metrics_report(reader)
    return all(report[key] == verbs.get(verb, 0) for verb, key in FROM_METRICS.items())


def edit_rate(verbs: Mapping[str, int]) -> float | None:
    """Return the edit rate by the oracle's own count; None when it was shown no candidate."""
    corrected = verbs.get("edited", 0) + verbs.get("rejected", 0)
    shown = corrected + verbs.get("accepted", 0)
    return corrected / shown if shown else None


def ledger_seconds(reader: Reader) -> dict[str, float]:
    """Return the active seconds of the adopted decisions by the path of their frame."""
    return {entry.path: entry.decision.timing.active for entry in reader.decisions() if entry.adopted}


def clocks_agree(frames: Iterable[Acts], active: Mapping[str, float]) -> bool:
    """Whether the ledger has of each frame just the seconds of the model, with or without typing in a dialog."""
    return all(
        any(abs(acts.seconds - away - active.get(acts.path, 0.0)) < CLOCK_SECONDS for away in (0.0, acts.in_dialogs))
        for acts in frames
    )


# ---------------------------------------------------------------------------------------------------- bounds
def proposed(reader: Reader, path: str) -> Proposed:
    """Return all raw predictions of a frame, from the floor of the run up."""
    frame = reader.frame_by_path(path)
    if frame is None or frame.run_frame_id is None:
        return Proposed()
    raw, weights_hash = reader.predictions(frame.run_frame_id)
    names, class_map = {record.id: record.name for record in reader.classes()}, reader.class_map(weights_hash)
    classes = [class_map.get(number) for number in raw.classes.tolist()]
    things = (
        Thing(i, names[class_id] if class_id is not None else "", raw.box(i)) for i, class_id in enumerate(classes)
    )
    return Proposed(tuple(things), tuple(raw.confidences.tolist()))


def uncovered(labels: Sequence[Label], proposals: Proposed) -> int:
    """Return how many labels no prediction covers, of whatever class."""
    return sum(not found for found in covered(labels, proposals.things))


def unfit(labels: Sequence[Label], proposals: Proposed, *, tight: float) -> int:
    """Return how many labels no prediction stands for as it is: of their class, and overlapping them by `tight`."""
    found = covered(labels, proposals.things)
    return sum(
        not any(thing.name == label.name and overlap >= tight for thing, overlap in one)
        for label, one in zip(labels, found, strict=True)
    )


def least_seconds(labels: Sequence[Label], proposals: Proposed, *, tight: float) -> float:
    """Return what no policy can go below on a frame, however it gets to see just the right predictions and no other.

    The frame is looked at, and Space is pressed. Each label is drawn, or a prediction that covers it is looked at, and
    found wrong and changed with one key where it does not fit. The hand goes to the mouse and back where anything is
    drawn.
    """
    price = [
        _least_of(label, found, tight) for label, found in zip(labels, covered(labels, proposals.things), strict=True)
    ]
    return LOOK + KEY * (1 if labels else 2) + sum(price) + (2 * HAND if DRAW in price else 0.0)


def seconds_by_threshold(labels: Sequence[Label], proposals: Proposed, *, tight: float) -> float:
    """Return about what a frame takes when its own best threshold and ghost floor are found without any effort.

    A true prediction is only to be seen together with the false ones that the model is surer of. A false candidate is
    looked at, found wrong and rejected with one key; a false ghost is looked at; a true one takes one key; G takes one.
    """
    best = float("inf")
    for seen in range(len(proposals.things) + 1):
        pairs = match(labels, proposals.things[:seen])
        corrections = {
            thing.id: _correction(labels[i], thing, thing.box.iou(labels[i].box), tight) for i, thing in pairs.items()
        }
        as_candidate, as_ghost = [0.0], [0.0]
        for thing in proposals.things[:seen]:
            correction = corrections.get(thing.id, FIND_WRONG + KEY)
            as_candidate.append(as_candidate[-1] + correction)
            as_ghost.append(as_ghost[-1] + (max(KEY, correction) if thing.id in corrections else 0.0))
        missing = len(labels) - len(pairs)
        rest = LOOK_AT_OBJECT * seen + missing * DRAW + (2 * HAND if missing else 0.0)
        for candidates in range(seen + 1):
            ghosts = as_ghost[seen] - as_ghost[candidates] + (KEY if candidates < seen else 0.0)
            best = min(best, rest + as_candidate[candidates] + ghosts)
    return LOOK + KEY * (1 if labels else 2) + best


def _least_of(label: Label, found: Sequence[tuple[Thing, float]], tight: float) -> float:
    return min([DRAW] + [LOOK_AT_OBJECT + _correction(label, thing, overlap, tight) for thing, overlap in found])


def _correction(label: Label, thing: Thing, overlap: float, tight: float) -> float:
    return 0.0 if thing.name == label.name and overlap >= tight else FIND_WRONG + KEY

"""What reviewing costs somebody who knows the truth, against drawing everything by hand.

`python -m tests.benchmarks.oracle_review --frames DIR --labels DIR --model M [--limit N] [--json]`

The frames are predicted with the real model into a project in a temporary folder. Then an oracle drives the real
window by real key and mouse events until each frame equals its YOLO labels: false boxes rejected, wrong classes
corrected, less certain proposals confirmed, missing boxes drawn. A frame without a label file has no objects. The
folders that are given are only read.

Both arms are priced with the same keystroke-level model (`keystrokes`), hands included: reviewing pays for looking at
each object that is shown and for finding each wrong one; drawing by hand pays for neither, and takes the objects in the
order that needs the fewest class keys. `speedup` is seconds by hand / seconds of review; `speedup_limit` is objects /
objects that no prediction covers (overlap >= 0.5, any class; null when all are covered): whatever the program does,
those have to be drawn.

`labels_equal`: in each frame, what the project file holds afterwards and the labels pair off one to one, of the same
class and overlapping by at least 0.5, at least 0.7 where the box was drawn. `--tight` makes the oracle also reshape
proposals that overlap their label by less than that.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.records import LabelledFrame, VerdictKind
from autoanno_gui.imaging.paths import frame_file
from autoanno_gui.imaging.scan import scan_folder
from autoanno_gui.inference.registry import load_detector
from autoanno_gui.review.prediction_job import prediction_job
from autoanno_gui.review.reports import metrics_report
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Priority, Store, open_report
from tests.benchmarks.hands import Hands
from tests.benchmarks.keystrokes import Meter
from tests.benchmarks.machine import prepare_environment
from tests.benchmarks.material import link_or_copy
from tests.benchmarks.oracle import Oracle
from tests.benchmarks.truth import MATCH_IOU, Label, Thing, Truth, covered, match
from tests.benchmarks.waiting import wait_until
from tests.benchmarks.windows import open_window

DRAWN_IOU: Final = 0.7
WINDOW: Final = (1600, 1000)


@dataclass
class Reviewed:
    """What the oracle did.

    Attributes:
        labels: of each decided frame, by path.
        slots: class name -> digit, as the project has them at the end.
    """

    meter: Meter = field(default_factory=Meter)
    labels: dict[str, list[Label]] = field(default_factory=dict)
    slots: dict[str, int | None] = field(default_factory=dict)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the oracle and print what it took. Returns 1 with a line on stderr when a folder or the model is no good."""
    options = _parse(argv)
    with tempfile.TemporaryDirectory(prefix="autoanno_oracle_") as folder:
        work = Path(folder)
        prepare_environment(work / "home")
        try:
            document = run(
                work,
                frames=options.frames,
                labels=options.labels,
                model=options.model,
                limit=options.limit,
                tight=options.tight,
            )
        except (KnownError, ValueError) as error:
            print(f"oracle_review: {error}", file=sys.stderr)
            return 1
    if options.json:
        print(json.dumps(document, indent=2))
    else:
        print("\n".join(f"{key:28} {value}" for key, value in document.items()))
    return 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.oracle_review", description=__doc__)
    parser.add_argument("--frames", type=Path, required=True, metavar="DIR", help="folder of frames")
    parser.add_argument("--labels", type=Path, required=True, metavar="DIR", help="folder of YOLO labels")
    parser.add_argument("--model", type=Path, required=True, metavar="M", help="model that labels first")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N frames in natural order")
    parser.add_argument("--tight", type=float, default=MATCH_IOU, help="reshape what overlaps its label by less")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser.parse_args(argv)


def run(
    work: Path, *, frames: Path, labels: Path, model: Path, limit: int | None = None, tight: float = MATCH_IOU
) -> dict[str, Any]:
    """Predict, review, and return the document that is printed.

    Args:
        work: an empty folder to work in.
        tight: see `Oracle`.

    Raises:
        KnownError: frames or model cannot be used.
        ValueError: a label file cannot be understood.
    """
    root = frames.absolute() if limit is None else _first_frames(frames, work / "frames", limit=limit)
    file = work / "oracle.autoanno"
    names = _predict(file, root, model, home=work / "models")
    truth = Truth(labels, names=names)
    done = _review(root, file, truth, tight=tight)
    with open_report(file) as reader:
        return _document(reader, done)


def _first_frames(source: Path, target: Path, *, limit: int) -> Path:
    """Give the first frames of a folder second names in another one."""
    files = (file for block in scan_folder(source) for file in block)
    for one in islice(files, limit):
        copy = Path(frame_file(target, one.path))
        copy.parent.mkdir(parents=True, exist_ok=True)
        link_or_copy(Path(frame_file(source.absolute(), one.path)), copy)
    return target


def _predict(file: Path, root: Path, model: Path, *, home: Path) -> tuple[str, ...]:
    """Predict all frames of a folder into a new project. Returns the model's class names."""
    detector = load_detector(model, home=home)
    try:
        with Store.open(file, root=root) as store:
            for block in scan_folder(root):
                store.submit(Priority.OTHER, lambda w, b=block: w.add_frames(b)).result()  # type: ignore[misc]
            for progress in prediction_job(store, detector):
                if not progress.total:
                    raise ValueError(f"there are no frames in {root}")
        return detector.info.classes
    finally:
        detector.close()


def _review(root: Path, file: Path, truth: Truth, *, tight: float) -> Reviewed:
    """Decide every frame in the real window."""
    done = Reviewed()
    with open_window(root, "--project", file, "--checks", "off", size=WINDOW) as window:
        scanned: list[bool] = []
        window.projects.scan_ended.connect(lambda: scanned.append(True))
        hands = Hands(window, done.meter)
        hands.shown.wait(1)
        wait_until(lambda: bool(scanned), window.projects.scan_ended)
        oracle = Oracle(hands, truth, tight=tight)
        while not hands.shown.finished:
            path, labels = oracle.review()
            done.labels[path] = labels
        done.slots = {record.name: record.slot for record in hands.session.classes.values()}
    return done


# ---------------------------------------------------------------------------------------------------- the figures
def _document(reader: Reader, done: Reviewed) -> dict[str, Any]:
    count = max(len(done.labels), 1)
    objects = sum(len(labels) for labels in done.labels.values())
    uncovered = objects - _covered(reader, done)
    by_hand = by_hand_seconds(list(done.labels.values()), done.slots)
    unequal = _unequal(reader, done)
    return {
        "frames": len(done.labels),
        "objects": objects,
        "keys": done.meter.keys,
        "clicks": done.meter.clicks,
        "drags": done.meter.drags,
        "actions_per_frame": round(done.meter.actions / count, 3),
        "seconds_per_frame": round(done.meter.seconds / count, 3),
        "by_hand_seconds_per_frame": round(by_hand / count, 3),
        "speedup": round(by_hand / done.meter.seconds, 3) if done.meter.seconds else None,
        "speedup_limit": round(objects / uncovered, 3) if uncovered else None,
        "edit_rate": metrics_report(reader)["edit_rate"],
        "labels_equal": not unequal,
        "unequal": unequal,
    }


def by_hand_seconds(frames: Sequence[Sequence[Label]], slots: dict[str, int | None]) -> float:
    """Return what drawing all objects would take: a box gets the last class, another one takes a digit or typing."""
    meter = Meter()
    last: str | None = None
    for labels in frames:
        meter.look(0)
        for label in sorted(labels, key=lambda one: (one.name != last, one.name)):
            meter.draw()
            if label.name != last:
                meter.press(1 if slots.get(label.name) is not None else keys_to_type(label.name, slots))
                last = label.name
        meter.press()
    return meter.seconds


def keys_to_type(name: str, names: Sequence[str] | dict[str, int | None]) -> int:
    """Return the keys of finding a class by typing: C, as few letters as tell it from the others, Enter."""
    others = [other.casefold() for other in names if other != name]
    for count in range(1, len(name)):
        if not any(other.startswith(name[:count].casefold()) for other in others):
            return count + 2
    return len(name) + 2


def _covered(reader: Reader, done: Reviewed) -> int:
    found = 0
    for path, labels in done.labels.items():
        frame = reader.frame_by_path(path)
        if frame is not None and frame.run_frame_id is not None:
            found += covered(labels, reader.predictions(frame.run_frame_id)[0].boxes)
    return found


def _unequal(reader: Reader, done: Reviewed) -> list[str]:
    """Return the frames of which the project file says something else than the labels."""
    names = {record.id: record.name for record in reader.classes()}
    kept = {one.frame.path: one for one in reader.labelled_frames()}
    return [path for path, labels in done.labels.items() if not _equal(labels, kept.get(path), names)]


def _equal(labels: Sequence[Label], kept: LabelledFrame | None, names: dict[int, str]) -> bool:
    if kept is None or len(kept.annotations) != len(labels):
        return False
    things = [Thing(i, names[one.class_id], one.geometry) for i, one in enumerate(kept.annotations)]
    pairs = match(labels, things)
    return len(pairs) == len(labels) and all(
        labels[i].name == thing.name
        and (kept.annotations[thing.id].kind is not VerdictKind.ADDED or thing.box.iou(labels[i].box) >= DRAWN_IOU)
        for i, thing in pairs.items()
    )


if __name__ == "__main__":
    sys.exit(main())

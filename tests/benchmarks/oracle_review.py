"""What reviewing costs somebody who knows the truth, against drawing everything by hand.

`python -m tests.benchmarks.oracle_review --frames DIR --labels DIR --model M [--limit N] [--threshold T] [--json]`

The frames are predicted with the real model into a project in a temporary folder. Then an oracle drives the real
window by real key and mouse events until each frame equals its YOLO labels; its policy is written down in `oracle`. A
frame without a label file has no objects. The folders that are given are only read.

The other arm is the same oracle in the same window, over a second project that has the same frames and classes but no
predictions: it draws every object. Both arms are priced with the same keystroke-level model (`keystrokes`). That model
is also the clock of the window, so that the ledger's seconds must be the model's (`clocks_agree`; the window does not
count typing in its class dialog, `seconds_in_dialogs`).

`speedup` is seconds by hand / seconds of review. `speedup_limit` is objects / objects that no prediction covers
(overlap >= 0.5, any class; null when all are covered): those have to be drawn, whatever the program does. It leaves
out all looking and all fixing. `speedup_limit_as_kept` counts only predictions that may stay as they are, of the right
class and overlapping by `--tight`. `speedup_attainable` is by hand / the least that any policy can take under these
prices, even if the program showed just the right predictions; `speedup_by_threshold` is about the same where it has to
show the surest ones first.

`labels_equal`: in each frame, the label file of a real export and the true labels pair off one to one, of the same
class and overlapping by `--tight`. `quality`: the share of the true labels that an exported one of the same class
matches at each overlap. `verbs_agree`: what the oracle did is what the ledger's verdicts and `metrics` count.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

from autoanno_gui.core.errors import KnownError
from autoanno_gui.imaging.paths import frame_file
from autoanno_gui.imaging.scan import scan_folder
from autoanno_gui.inference.registry import load_detector
from autoanno_gui.review.prediction_job import prediction_job
from autoanno_gui.review.reports import metrics_report
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Priority, Store, open_report
from tests.benchmarks import oracle_figures as figures
from tests.benchmarks.hands import Hands
from tests.benchmarks.keystrokes import Meter
from tests.benchmarks.machine import prepare_environment
from tests.benchmarks.material import link_or_copy
from tests.benchmarks.oracle import KEEP_IOU, THRESHOLD_STEP, Acts, Oracle
from tests.benchmarks.truth import Truth
from tests.benchmarks.waiting import wait_until
from tests.benchmarks.windows import open_window

WINDOW: Final = (1600, 1000)
NO_PAUSE_SECONDS: Final = 3600.0


@dataclass
class Reviewed:
    """What the oracle did in one arm, frame by frame."""

    meter: Meter = field(default_factory=Meter)
    frames: list[Acts] = field(default_factory=list)
    threshold: float = 0.0


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked for.

    Attributes:
        threshold: display threshold to review with; None for the one that a new project has.
        tight: boxes that overlap their label by less are fixed.
    """

    frames: Path
    labels: Path
    model: Path
    limit: int | None = None
    threshold: float | None = None
    tight: float = KEEP_IOU


def main(argv: Sequence[str] | None = None) -> int:
    """Run the oracle and print what it took. Returns 1 with a line on stderr when a folder or the model is no good."""
    options = _parse(argv)
    task = Task(options.frames, options.labels, options.model, options.limit, options.threshold, options.tight)
    with tempfile.TemporaryDirectory(prefix="autoanno_oracle_") as folder:
        work = Path(folder)
        prepare_environment(work / "home")
        try:
            document = run(work, task)
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
    parser.add_argument("--threshold", type=_threshold, metavar="T", help="display threshold, a multiple of 0.05")
    parser.add_argument("--tight", type=float, default=KEEP_IOU, help="fix what overlaps its label by less")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser.parse_args(argv)


def _threshold(text: str) -> float:
    value = float(text)
    if not 0.05 <= value <= 0.95 or abs(value / THRESHOLD_STEP - round(value / THRESHOLD_STEP)) > 1e-6:
        raise argparse.ArgumentTypeError("the keys reach 0.05, 0.10, ... 0.95")
    return value


def run(work: Path, task: Task) -> dict[str, Any]:
    """Predict, review, draw by hand, export, and return the document that is printed.

    Args:
        work: an empty folder to work in.
        task: what is asked for.

    Raises:
        KnownError: frames or model cannot be used, or the export failed.
        ValueError: a label file cannot be understood.
    """
    root = task.frames.absolute() if task.limit is None else _first_frames(task, work / "frames")
    file, by_hand = work / "oracle.autoanno", work / "by_hand.autoanno"
    names = _predict(file, root, task.model, home=work / "models")
    truth = Truth(task.labels, names=names)
    without_predictions(by_hand, root, like=file)
    drawn = review(root, by_hand, truth, tight=task.tight)
    done = review(root, file, truth, tight=task.tight, threshold=task.threshold)
    labels = figures.exported(file, root, work / "exported")
    with open_report(file) as reader, open_report(by_hand) as other:
        document = _figures(reader, done, drawn, tight=task.tight)
        document |= _ledger(reader, done) | {"by_hand_clocks_agree": _clocks_agree(other, drawn)}
    differing = figures.unequal(done.frames, labels, tight=task.tight)
    return document | {
        "quality": figures.quality(done.frames, labels),
        "labels_equal": not differing,
        "unequal": differing,
    }


def _first_frames(task: Task, target: Path) -> Path:
    """Give the first frames of a folder second names in another one."""
    files = (file for block in scan_folder(task.frames) for file in block)
    for one in islice(files, task.limit):
        copy = Path(frame_file(target, one.path))
        copy.parent.mkdir(parents=True, exist_ok=True)
        link_or_copy(Path(frame_file(task.frames.absolute(), one.path)), copy)
    return target


def _predict(file: Path, root: Path, model: Path, *, home: Path) -> tuple[str, ...]:
    """Predict all frames of a folder into a new project. Returns the model's class names."""
    detector = load_detector(model, home=home)
    try:
        with Store.open(file, root=root) as store:
            _add_frames(store, root)
            for progress in prediction_job(store, detector):
                if not progress.total:
                    raise ValueError(f"there are no frames in {root}")
        return detector.info.classes
    finally:
        detector.close()


def without_predictions(file: Path, root: Path, *, like: Path) -> None:
    """Make a project of the same frames with the classes and digits of another one, but nothing that a model found."""
    with open_report(like) as reader:
        classes = reader.classes()
    with Store.open(file, root=root) as store:
        _add_frames(store, root)
        for one in sorted(classes, key=lambda record: record.id):
            store.submit(Priority.OTHER, lambda w, c=one: w.add_class(c.name, slot=c.slot)).result()  # type: ignore[misc]


def _add_frames(store: Store, root: Path) -> None:
    for block in scan_folder(root):
        store.submit(Priority.OTHER, lambda w, b=block: w.add_frames(b)).result()  # type: ignore[misc]


def review(
    root: Path, file: Path, truth: Truth, *, tight: float = KEEP_IOU, threshold: float | None = None
) -> Reviewed:
    """Decide every frame of a project in the real window, whose clock goes by the acts.

    Args:
        root: the folder of frames.
        file: the project.
        truth: the labels.
        tight: see `Oracle`.
        threshold: see `Oracle`.
    """
    done = Reviewed()
    with open_window(root, "--project", file, "--checks", "off", size=WINDOW) as window:
        window.projects.clock = lambda: done.meter.seconds
        # However many objects a frame has, looking at them is no pause.
        window.take_settings(replace(window.settings, idle_cap_seconds=NO_PAUSE_SECONDS))
        scanned: list[bool] = []
        window.projects.scan_ended.connect(lambda: scanned.append(True))
        hands = Hands(window, done.meter)
        hands.shown.wait(1)
        wait_until(lambda: bool(scanned), window.projects.scan_ended)
        done.threshold = threshold if threshold is not None else hands.session.thresholds.default
        oracle = Oracle(hands, truth, tight=tight, threshold=threshold)
        while not hands.shown.finished:
            done.frames.append(oracle.review())
    return done


# ---------------------------------------------------------------------------------------------------- the figures
def _figures(reader: Reader, done: Reviewed, drawn: Reviewed, *, tight: float) -> dict[str, Any]:
    meter, count = done.meter, max(len(done.frames), 1)
    by_hand = drawn.meter.seconds
    objects = sum(len(acts.labels) for acts in done.frames)
    pairs = [(acts.labels, figures.proposed(reader, acts.path)) for acts in done.frames]
    uncovered = sum(figures.uncovered(*pair) for pair in pairs)
    least = sum(figures.least_seconds(*pair, tight=tight) for pair in pairs)
    by_threshold = sum(figures.seconds_by_threshold(*pair, tight=tight) for pair in pairs)
    unfit = sum(figures.unfit(*pair, tight=tight) for pair in pairs)
    limit = objects / uncovered if uncovered else None
    speedup = by_hand / meter.seconds if meter.seconds else None
    return {
        "frames": len(done.frames),
        "objects": objects,
        "threshold": done.threshold,
        "keys": meter.keys,
        "clicks": meter.clicks,
        "drags": meter.drags,
        "actions_per_frame": round(meter.actions / count, 3),
        "seconds_per_frame": round(meter.seconds / count, 3),
        "by_hand_seconds_per_frame": round(by_hand / count, 3),
        "seconds_by_kind": _rounded(meter.spent),
        "by_hand_seconds_by_kind": _rounded(drawn.meter.spent),
        "by_hand_actions": {"keys": drawn.meter.keys, "clicks": drawn.meter.clicks, "drags": drawn.meter.drags},
        "speedup": _round(speedup),
        "speedup_limit": _round(limit),
        "speedup_limit_as_kept": _round(objects / unfit if unfit else None),
        "speedup_attainable": _round(by_hand / least if least else None),
        "speedup_by_threshold": _round(by_hand / by_threshold if by_threshold else None),
        "share_of_limit": _round(speedup / limit if speedup and limit else None),
    }


def _ledger(reader: Reader, done: Reviewed) -> dict[str, Any]:
    verbs: Counter[str] = sum((acts.verbs for acts in done.frames), Counter())
    kept = figures.ledger_verbs(reader)
    active = figures.ledger_seconds(reader)
    return {
        "edit_rate": metrics_report(reader)["edit_rate"],
        "edit_rate_counted": figures.edit_rate(verbs),
        "verbs": {"oracle": dict(sorted(verbs.items())), "ledger": dict(sorted(kept.items()))},
        "verbs_agree": verbs == kept and figures.metrics_agree(verbs, reader),
        "ledger_seconds_per_frame": round(sum(active.values()) / max(len(active), 1), 3),
        "seconds_in_dialogs": round(done.meter.in_dialogs, 2),
        "clocks_agree": _clocks_agree(reader, done),
    }


def _clocks_agree(reader: Reader, done: Reviewed) -> bool:
    return figures.clocks_agree(done.frames, figures.ledger_seconds(reader))


def _rounded(seconds: Mapping[str, float]) -> dict[str, float]:
    return {kind: round(value, 1) for kind, value in sorted(seconds.items())}


def _round(value: float | None) -> float | None:
    return round(value, 3) if value is not None else None


if __name__ == "__main__":
    sys.exit(main())

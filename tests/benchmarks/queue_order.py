"""How many errors of a model each order of review finds early, against frames whose truth is known.

`python -m tests.benchmarks.queue_order [--frames DIR --labels DIR --model M] [--threshold T] [--seeds N] [--json]`

The frames are predicted with the real model into a project in a temporary folder; the folders that are given are only
read. Nothing is decided: each order is what a new project shows, without the random stream.

On each frame candidates and true objects pair off by overlap (at least 0.5), equal classes first. A candidate that is
paired with an object of another class is a wrong class, one that is paired with none a false positive, and an object
without any candidate a miss: one error for each thing that a reviewer has to set right, so an object under a wrong
class is not missed besides. Looks are the candidates that are shown, and one more for each frame.

An order is worth something where it finds more errors per look than the same share of the queue at random. The share is
a quarter and a half of the frames, and a quarter and a half of all looks; of the frame at the border its part counts.
Orders that draw are given as mean and spread over the seeds of the project.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.diversity import Distances, diversity_scores
from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.frame_list import FrameColumns, FrameList
from autoanno_gui.core.prediction_index import PredictionIndex
from autoanno_gui.core.queue import order
from autoanno_gui.core.queue_settings import OrderName, QueueSettings
from autoanno_gui.core.records import Frame, Thresholds
from autoanno_gui.imaging.similarity import LOOK_BYTES
from autoanno_gui.inference.registry import load_detector
from autoanno_gui.review.prediction_job import prediction_job
from autoanno_gui.review.queue_keeper import News, QueueKeeper
from autoanno_gui.review.scan_job import scan_job
from autoanno_gui.review.similarity_job import looks_of, similarity_job
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Store
from tests.benchmarks.machine import prepare_environment
from tests.benchmarks.truth import Label, Thing, Truth, match

SHARED: Final = Path(__file__).resolve().parents[3] / "shared"
PHOTOS: Final = SHARED / "data" / "coco128"
SHARES: Final = (0.25, 0.5)
SEEDS: Final = 200
LOOK_AT_FRAME: Final = 1
"""Looks that a frame takes besides those at its candidates."""


@dataclass(frozen=True, slots=True)
class FrameErrors:
    """What a reviewer meets on one frame."""

    objects: int
    candidates: int
    false_positives: int
    wrong_classes: int
    misses: int

    @property
    def errors(self) -> int:
        return self.false_positives + self.wrong_classes + self.misses

    @property
    def looks(self) -> int:
        return self.candidates + LOOK_AT_FRAME


@dataclass(frozen=True, slots=True)
class Material:
    """The frames in natural order, with what the orders go by and what is wrong on each."""

    columns: FrameColumns
    index: PredictionIndex
    distances: NDArray[np.float32]
    frames: tuple[FrameErrors, ...]


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table. Returns 1 with a line on stderr when a folder or the model is no good."""
    options = _parse(argv)
    thresholds = Thresholds(options.threshold)
    with tempfile.TemporaryDirectory(prefix="autoanno_order_") as folder:
        work = Path(folder)
        prepare_environment(work / "home")
        try:
            material = prepare(work, options.frames, options.labels, options.model, thresholds=thresholds)
        except (KnownError, ValueError) as error:
            print(f"queue_order: {error}", file=sys.stderr)
            return 1
    document = {"threshold": options.threshold, **measure(material, thresholds=thresholds, seeds=options.seeds)}
    print(json.dumps(document, indent=2) if options.json else text(document))
    return 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.queue_order", description=__doc__)
    photos, labels = PHOTOS / "images" / "train2017", PHOTOS / "labels" / "train2017"
    model = SHARED / "models" / "yolov8n_int8_openvino_model"
    parser.add_argument("--frames", type=Path, default=photos, metavar="DIR", help="folder of frames")
    parser.add_argument("--labels", type=Path, default=labels, metavar="DIR", help="folder of YOLO labels")
    parser.add_argument("--model", type=Path, default=model, metavar="M", help="model that labels first")
    parser.add_argument("--threshold", type=float, default=0.5, metavar="T", help="display threshold")
    parser.add_argument("--seeds", type=int, default=SEEDS, metavar="N", help="how often orders are drawn")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args(argv)
    for path in (options.frames, options.labels, options.model):
        if not path.exists():
            parser.error(f"there is no {path}")
    return options


# ---------------------------------------------------------------------------------------------------- the material
def prepare(work: Path, frames: Path, labels: Path, model: Path, *, thresholds: Thresholds) -> Material:
    """Predict a folder and hold the candidates against the labels.

    Args:
        work: an empty folder to work in.
        frames: the frame root.
        labels: YOLO labels of the same names.
        model: what predicts.
        thresholds: what is a candidate.

    Raises:
        KnownError: frames or model cannot be used.
        ValueError: a label file cannot be understood.
    """
    root = frames.absolute()
    detector = load_detector(model, home=work / "models")
    try:
        with Store.open(work / "order.autoanno", root=root) as store:
            for _ in scan_job(store, root):
                pass
            for _ in prediction_job(store, detector):
                pass
            for _ in similarity_job(store):
                pass
            truth = Truth(labels, names=detector.info.classes)
            with store.reader() as reader:
                return _read(reader, truth, thresholds)
    finally:
        detector.close()


def _read(reader: Reader, truth: Truth, thresholds: Thresholds) -> Material:
    frames = FrameList()
    for block in reader.frames():
        frames.extend(block)
    keeper = QueueKeeper(reader)
    keeper.update(News(everything=True))
    errors = []
    for frame in frames:
        labels = truth.labels(frame.path, width=frame.width, height=frame.height)
        errors.append(count_errors(labels, _candidates(reader, frame, thresholds)))
    return Material(frames.columns(), keeper.index, _differences(reader, frames.ids), tuple(errors))


def _candidates(reader: Reader, frame: Frame, thresholds: Thresholds) -> list[Thing]:
    if frame.run_frame_id is None:
        return []
    found, weights_hash = reader.predictions(frame.run_frame_id)
    names = {record.id: record.name for record in reader.classes()}
    class_map = reader.class_map(weights_hash)
    classes = [class_map.get(number) for number in found.classes.tolist()]
    return [
        Thing(at, names[class_id], found.box(at))
        for at, class_id in enumerate(classes)
        if class_id is not None and found.confidences[at] > thresholds.of(class_id)
    ]


def _differences(reader: Reader, ids: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the scores of the order that brings what is different first, with nothing decided yet."""
    known_ids, known_looks = looks_of(reader)
    looks, known = np.zeros((len(ids), LOOK_BYTES), np.uint8), np.isin(ids, known_ids)
    looks[known] = known_looks[np.searchsorted(known_ids, ids[known])]
    distances = Distances(looks, known)
    distances.update(np.zeros(len(ids), np.bool_))
    # All of them: deciding the first ones leaves the others in this order.
    scores = diversity_scores(distances, np.ones(len(ids), np.bool_), head=len(ids))
    assert scores is not None
    return scores


def count_errors(labels: Sequence[Label], candidates: Sequence[Thing]) -> FrameErrors:
    """Hold what is shown on a frame against what is there."""
    pairs = match(labels, candidates)
    wrong = sum(labels[at].name != thing.name for at, thing in pairs.items())
    return FrameErrors(
        objects=len(labels),
        candidates=len(candidates),
        false_positives=len(candidates) - len(pairs),
        wrong_classes=wrong,
        misses=len(labels) - len(pairs),
    )


# ---------------------------------------------------------------------------------------------------- the figures
def measure(material: Material, *, thresholds: Thresholds, seeds: int = SEEDS) -> dict[str, Any]:
    """Return the document that is printed."""
    frames = material.frames
    errors, looks = np.array([each.errors for each in frames]), np.array([each.looks for each in frames])

    def positions(settings: QueueSettings) -> NDArray[np.int32]:
        return order(
            material.columns,
            material.index,
            settings=settings,
            thresholds=thresholds,
            checks=False,
            distances=material.distances,
        ).positions

    rows = {name.value: _over_seeds(positions, name, errors, looks, seeds) for name in OrderName}
    return {
        "frames": len(frames),
        **{kind: sum(getattr(each, kind) for each in frames) for kind in FrameErrors.__dataclass_fields__},
        "errors": int(errors.sum()),
        "looks": int(looks.sum()),
        "seeds": seeds,
        "errors_per_look": round(float(errors.sum() / looks.sum()), 4),
        "orders": rows,
    }


def _over_seeds(
    positions: Callable[[QueueSettings], NDArray[np.int32]],
    name: OrderName,
    errors: NDArray[np.int64],
    looks: NDArray[np.int64],
    seeds: int,
) -> dict[str, dict[str, float]]:
    settings = QueueSettings(order=name)
    drawn = [found_early(errors, looks, positions(replace(settings, seed=seed))) for seed in range(seeds)]
    return {
        key: {
            "mean": round(float(np.mean([each[key] for each in drawn])), 4),
            "spread": round(float(np.std([each[key] for each in drawn])), 4),
        }
        for key in drawn[0]
    }


def found_early(errors: NDArray[np.int64], looks: NDArray[np.int64], positions: NDArray[np.int32]) -> dict[str, float]:
    """Return how much the first part of a queue finds.

    Args:
        errors: (N,) by frame.
        looks: (N,) by frame, each at least 1.
        positions: (N,) the frames in their order.

    Returns:
        `frames_25`, `frames_50`: errors per look in these per cents of the frames; `looks_25`, `looks_50`: the same in
        these per cents of all looks; `share_25`, `share_50`: the share of all errors that those looks find.
    """
    met, seen = np.cumsum(errors[positions]), np.cumsum(looks[positions])
    starts = np.concatenate([[0], seen])  # of looks before each frame, and in all
    met = np.concatenate([[0], met])
    found = {}
    for share in SHARES:
        at = share * len(positions)
        places = np.arange(len(positions) + 1)
        found[f"frames_{share:.0%}".rstrip("%")] = float(np.interp(at, places, met) / np.interp(at, places, starts))
    for share in SHARES:
        here = float(np.interp(share * starts[-1], starts, met))
        found[f"looks_{share:.0%}".rstrip("%")] = here / float(share * starts[-1])
        found[f"share_{share:.0%}".rstrip("%")] = here / float(met[-1]) if met[-1] else 0.0
    return found


def text(document: dict[str, Any]) -> str:
    """Return the document as a table, with what each order finds as a multiple of what random finds."""
    keys = ("frames_25", "frames_50", "looks_25", "looks_50")
    random = document["orders"][OrderName.RANDOM.value]
    lines = [f"{key:20} {value}" for key, value in document.items() if key != "orders"]
    lines += ["", "errors per look (and as a multiple of random) in the first 25 % and 50 % of the frames and looks"]
    lines.append(f"{'order':18}" + "".join(f"{key:>24}" for key in keys) + f"{'of all errors':>20}")
    for name, row in document["orders"].items():
        cells = [
            f"{row[key]['mean']:.3f} ± {row[key]['spread']:.3f} ({row[key]['mean'] / random[key]['mean']:.2f}x)"
            if random[key]["mean"]
            else "-"
            for key in keys
        ]
        shares = f"{row['share_25']['mean']:.0%} / {row['share_50']['mean']:.0%}"
        lines.append(f"{name:18}" + "".join(f"{cell:>24}" for cell in cells) + f"{shares:>20}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

"""Compare the model with the drawn truth on the bundled frames."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from demo.labels import Label, overlap, read_labels
from demo.scene import CLASSES
from demo.workspace import IMGSZ, workspace, write_data_yaml

if TYPE_CHECKING:
    from ultralytics import YOLO

KINDS: Final = ("right", "false", "missed", "wrong class")
CONFIDENCE: Final = 0.5  # a box below is not counted, only told as a weak one
LEAST_CONFIDENCE: Final = 0.05


class Found(NamedTuple):
    """A box of the model: class, confidence, and x, y, w, h as parts of the picture."""

    cls: int
    confidence: float
    box: list[float]


def check(demo: Path) -> None:
    """Print every mistake of the model on every frame, then the totals."""
    with workspace() as work:
        from ultralytics import YOLO

        model = YOLO(str(demo / "sky.pt"))
        totals = dict.fromkeys(KINDS, 0)
        for picture in sorted((demo / "frames").rglob("*.jpg")):
            name = picture.relative_to(demo / "frames")
            label_file = (demo / "labels" / name).with_suffix(".txt")
            truth = read_labels(label_file)
            counts, notes = compare(truth, predict(model, picture))
            for kind in KINDS:
                totals[kind] += counts[kind]
            print(name, len(truth), "; ".join(notes) or "all right")
            for folder, file in (("images", picture), ("labels", label_file)):
                copy = work / folder / "val" / f"{name.parent.name}_{file.name}"
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, copy)
        scores = model.val(
            data=str(write_data_yaml(work)),
            imgsz=IMGSZ,
            workers=0,
            device="cpu",
            plots=False,
            verbose=False,
            project=str(work / "runs"),
        )
        print(totals, f"mAP50 {scores.box.map50:.3f}, mAP50-95 {scores.box.map:.3f}")


def predict(model: YOLO, picture: Path) -> list[Found]:
    """Return the boxes that the model finds, weak ones too."""
    boxes = model.predict(str(picture), conf=LEAST_CONFIDENCE, verbose=False)[0].boxes
    rows = zip(boxes.cls, boxes.conf, boxes.xywhn.tolist(), strict=True)
    return [Found(int(cls), float(confidence), box) for cls, confidence, box in rows]


def compare(truth: Iterable[Label], found: Iterable[Found]) -> tuple[Counter[str], list[str]]:
    """Match boxes to labels at IoU 0.5; returns how many there are of each kind, and the mistakes in words."""
    counts: Counter[str] = Counter()
    notes: list[str] = []
    free = list(truth)
    strong = [one for one in found if one.confidence >= CONFIDENCE]
    weak = [one for one in found if one.confidence < CONFIDENCE]
    for cls, confidence, box in strong:
        nearest = max(free, key=lambda label: overlap(label[1:], box), default=None)
        kind = "false"
        if nearest is not None and overlap(nearest[1:], box) >= 0.5:
            free.remove(nearest)
            kind = "right" if nearest.cls == cls else "wrong class"
        counts[kind] += 1
        if kind != "right":
            notes.append(f"{kind}: {CLASSES[cls]} {confidence:.2f} at {box[0]:.2f},{box[1]:.2f}")
    for label in free:
        counts["missed"] += 1
        near = [one.confidence for one in weak if one.cls == label.cls and overlap(label[1:], one.box) > 0.4]
        place = f"{label.x:.2f},{label.y:.2f}"
        notes.append(f"missed: {CLASSES[label.cls]} at {place} (weak box {max(near, default=0.0):.2f})")
    return counts, notes

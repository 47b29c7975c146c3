"""Labels: which boxes a frame has, and the text that YOLO reads them from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF

from demo.canvas import HEIGHT, WIDTH


class Label(NamedTuple):
    """A class and a box: centre and size as parts of the picture's width and height."""

    cls: int
    x: float
    y: float
    w: float
    h: float


class Painted(NamedTuple):
    """A labelled object as it was painted, before anything came in front of it."""

    cls: int
    mark: int  # its pixels in the map
    area: int  # how many there were
    extent: QRectF  # pixels, also beyond the picture


def visible_boxes(marks: NDArray[np.uint8], painted: Iterable[Painted]) -> list[Label]:
    """Return the boxes around what is still seen of each object, except of those mostly hidden or outside."""
    labels = []
    for cls, mark, area, extent in painted:
        ys, xs = np.nonzero(marks == mark)
        inside = extent.intersected(QRectF(0, 0, WIDTH, HEIGHT))
        share = inside.width() * inside.height() / (extent.width() * extent.height())
        if len(xs) < 30 or len(xs) < 0.35 * area or share < 0.2:
            continue
        x0, y0, x1, y1 = xs.min(), ys.min(), xs.max() + 1, ys.max() + 1
        box = (x0 + x1) / 2 / WIDTH, (y0 + y1) / 2 / HEIGHT, (x1 - x0) / WIDTH, (y1 - y0) / HEIGHT
        labels.append(Label(cls, *box))
    return labels


def cropped(labels: Iterable[Label], left: int, top: int, width: int, height: int) -> list[Label]:
    """Return the labels of a crop, given in pixels; a box that is mostly outside is dropped."""
    kept = []
    for cls, x, y, w, h in labels:
        x0, x1 = (min(max((x + side * w / 2) * WIDTH - left, 0), width) for side in (-1, 1))
        y0, y1 = (min(max((y + side * h / 2) * HEIGHT - top, 0), height) for side in (-1, 1))
        if (x1 - x0) * (y1 - y0) > 0.3 * w * h * WIDTH * HEIGHT:
            box = (x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height
            kept.append(Label(cls, *box))
    return kept


def write_labels(file: Path, labels: Iterable[Label]) -> None:
    """Write one row `class x y w h` for each label, making the folder where it is missing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = (f"{label.cls} {label.x:.6f} {label.y:.6f} {label.w:.6f} {label.h:.6f}\n" for label in labels)
    file.write_text("".join(rows), encoding="utf-8")


def read_labels(file: Path) -> list[Label]:
    """Read what `write_labels` wrote."""
    rows = [row.split() for row in file.read_text(encoding="utf-8").splitlines()]
    return [Label(int(cls), *map(float, box)) for cls, *box in rows]


def overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """Return intersection over union of two boxes, each x, y, w, h."""
    w = min(a[0] + a[2] / 2, b[0] + b[2] / 2) - max(a[0] - a[2] / 2, b[0] - b[2] / 2)
    h = min(a[1] + a[3] / 2, b[1] + b[3] / 2) - max(a[1] - a[3] / 2, b[1] - b[3] / 2)
    both = max(w, 0.0) * max(h, 0.0)
    return both / (a[2] * a[3] + b[2] * b[3] - both)

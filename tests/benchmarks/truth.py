"""The labels that the oracle knows: YOLO text files, their class names, and which objects stand for which label."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import yaml

from autoanno_gui.core.box import Box, pairwise_iou, yolo_to_box
from autoanno_gui.core.classes import clean_name
from autoanno_gui.imaging.paths import unescape_path

MATCH_IOU: Final = 0.5
"""From this overlap on, an object stands for a label."""
SMALLEST_SIDE: Final = 1.0
"""Pixels; what is thinner cannot be drawn and is left out."""


@dataclass(frozen=True, slots=True)
class Label:
    """One true object: its class by name, its box in pixels of the upright image, clipped to it."""

    name: str
    box: Box


@dataclass(frozen=True, slots=True)
class Thing:
    """One object of the program: a prediction, or an annotation."""

    id: int
    name: str
    box: Box


class Truth:
    """The labels of a folder of frames."""

    def __init__(self, folder: Path, *, names: Sequence[str]) -> None:
        """Take the label files of a folder, which lie there as the frames lie in theirs, or all side by side.

        Args:
            names: class names by number, for a folder that comes without.
        """
        self._folder = folder
        self.names = tuple(clean_name(name) for name in _names(folder) or names)

    def labels(self, path: str, *, width: int, height: int) -> list[Label]:
        """Return the labels of a frame, none without a file.

        Args:
            path: the frame's escaped path relative to the frame root.

        Raises:
            ValueError: a row is no label, or of a class that has no name.
        """
        raw = Path(unescape_path(path)).with_suffix(".txt")
        file = next((at for at in (self._folder / raw, self._folder / raw.name) if at.is_file()), None)
        if file is None:
            return []
        found = (self._label(line, file, width, height) for line in file.read_text(encoding="utf-8").splitlines())
        return [label for label in found if label is not None]

    def _label(self, line: str, file: Path, width: int, height: int) -> Label | None:
        cells = line.split()
        if not cells:
            return None
        number, values = int(float(cells[0])), [float(cell) for cell in cells[1:]]
        if len(values) < 4 or not 0 <= number < len(self.names):
            raise ValueError(f"{file}: {line!r} is not a box of one of {len(self.names)} classes")
        if len(values) > 5 and len(values) % 2 == 0:  # an outline: its box counts
            xs, ys = values[0::2], values[1::2]
            box = Box(min(xs) * width, min(ys) * height, max(xs) * width, max(ys) * height)
        else:
            x, y, w, h = values[:4]
            box = yolo_to_box((x, y, w, h), width=width, height=height)
        inside = box.clipped(width, height)
        if min(inside.width, inside.height) < SMALLEST_SIDE:
            return None
        return Label(self.names[number], inside)


def _names(folder: Path) -> list[str]:
    """Return the class names from `classes.txt` or `data.yaml` in the folder or one of the two above it."""
    for place in (folder, *folder.resolve().parents[:2]):
        if (plain := place / "classes.txt").is_file():
            return plain.read_text(encoding="utf-8").rstrip().splitlines()
        if (data := place / "data.yaml").is_file():
            names = yaml.safe_load(data.read_text(encoding="utf-8")).get("names")
            return [str(names[number]) for number in sorted(names)] if isinstance(names, dict) else list(names or [])
    return []


def match(
    labels: Sequence[Label], things: Sequence[Thing], *, taken: Iterable[int] = (), least: float = MATCH_IOU
) -> dict[int, Thing]:
    """Return for labels (by index) the object that stands for each: greedily by overlap, equal classes first.

    Args:
        taken: labels that have one already.
        least: the overlap from which on an object stands for a label.
    """
    found: dict[int, Thing] = {}
    if not labels or not things:
        return found
    closed = set(taken)
    overlaps = pairwise_iou(_array([label.box for label in labels]), _array([thing.box for thing in things]))
    pairs = [
        (labels[i].name != things[j].name, -float(overlaps[i, j]), int(i), int(j))
        for i, j in np.argwhere(overlaps >= least)
    ]
    used: set[int] = set()
    for _, _, i, j in sorted(pairs):
        if i not in closed and j not in used:
            closed.add(i)
            used.add(j)
            found[i] = things[j]
    return found


def covered(labels: Sequence[Label], things: Sequence[Thing]) -> list[list[tuple[Thing, float]]]:
    """Return for each label the predicted objects that cover it, of whatever class, with their overlaps."""
    found: list[list[tuple[Thing, float]]] = [[] for _ in labels]
    if not labels or not things:
        return found
    overlaps = pairwise_iou(_array([label.box for label in labels]), _array([thing.box for thing in things]))
    for i, j in np.argwhere(overlaps >= MATCH_IOU):
        found[int(i)].append((things[int(j)], float(overlaps[i, j])))
    return found


def _array(boxes: Sequence[Box]) -> np.ndarray:
    return np.array([box.as_tuple() for box in boxes], np.float32).reshape(-1, 4)

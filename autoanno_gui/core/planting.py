"""Planted checks: a frame that was decided already is shown again with one label altered, to see who notices.

Only the reviewer's own labels are altered, nothing of it ever becomes a label, and the answer is an event of the
ledger that no other figure counts. When one comes and where is drawn at random, so that nobody can wait for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

import numpy as np

from autoanno_gui.core.geometry import Geometry, overlap
from autoanno_gui.core.keypoints import Keypoints
from autoanno_gui.core.matching import MATCH_IOU, bounds_of
from autoanno_gui.core.oriented_box import OrientedBox

Label: TypeAlias = tuple[int, Geometry]
"""(project class, outline in pixels)."""

CHECK_EVERY: Final = 50
"""Decisions in a stretch that has one check."""
LEAST_FRAMES: Final = 100
"""A folder with fewer has no checks."""
SPARED_FRAMES: Final = 20
"""Decided so lately that the reviewer would know the frame again."""
LEAST_SHIFT: Final = 0.25
MOST_SHIFT: Final = 0.40
"""Of the object's size."""
SHIFTED_IOU: Final = 0.6
"""A shifted label overlaps the true one by no more than this."""
ONTO_ANOTHER: Final = 0.25
"""Overlap with another label from which a shifted one would lie on it, unless the true one does as well."""
EASY_SIDE: Final = 0.05
"""Objects whose shorter side is a smaller share of the picture's shorter one are altered only where there are no
others."""


class Alteration(StrEnum):
    """What is done to one label of the reviewer."""

    SHIFTED = "shifted"
    CLASS = "class"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Planted:
    """A frame's labels with one of them altered.

    Attributes:
        truth: as the reviewer left them.
        labels: as they are shown; without the altered one when that was removed.
        alteration: what was done.
        index: of the altered label in `truth`, and in `labels` unless it was removed.
    """

    truth: tuple[Label, ...]
    labels: tuple[Label, ...]
    alteration: Alteration
    index: int

    @property
    def true_label(self) -> Label:
        """The altered label as it was."""
        return self.truth[self.index]

    @property
    def altered_label(self) -> Label | None:
        """The altered label as it is shown; None when it was removed."""
        return None if self.alteration is Alteration.REMOVED else self.labels[self.index]

    @property
    def unaltered(self) -> tuple[Label, ...]:
        return self.truth[: self.index] + self.truth[self.index + 1 :]


# ---------------------------------------------------------------------------------------------------- when and which
class Planter:
    """Says after which decisions a check is to come: once in each stretch, at a place drawn at random."""

    def __init__(self, *, seed: int, every: int = CHECK_EVERY) -> None:
        """Start with a sitting.

        Args:
            seed: equal seeds draw equal places.
            every: decisions in a stretch, at least 1.
        """
        self.every: Final = every
        self._rng: Final = np.random.default_rng(seed)
        self._decided = 0
        self._place = int(self._rng.integers(every))
        self._owed = False

    @property
    def owed(self) -> bool:
        """Whether the next frame is to be a check. It stays so until one can be shown; they never pile up."""
        return self._owed

    def decided(self) -> None:
        """Count a decision that the reviewer made."""
        place = self._decided % self.every
        if place == 0 and self._decided:
            self._place = int(self._rng.integers(self.every))
        self._owed = self._owed or place == self._place
        self._decided += 1

    def shown(self) -> None:
        """Note that a check was shown."""
        self._owed = False


def choose_frame(
    eligible: Iterable[int],
    *,
    recent: Sequence[int],
    checked: Iterable[int],
    rng: np.random.Generator,
) -> int | None:
    """Return the frame to show again; None when there is none.

    Args:
        eligible: ids of frames that this reviewer labelled here, with at least one annotation and a usable file.
        recent: ids of the decided frames, oldest first; the last 20 are spared.
        checked: ids of frames that were shown as a check before, each as often as that happened; the ones that were so
            least often come first.
        rng: drawn from once.
    """
    spared = set(recent[-SPARED_FRAMES:])
    ids = sorted(set(eligible) - spared)
    if not ids:
        return None
    times = Counter(checked)
    least = min(times[frame_id] for frame_id in ids)
    return int(rng.choice([frame_id for frame_id in ids if times[frame_id] == least]))


# ---------------------------------------------------------------------------------------------------- altering
def alter(
    labels: Sequence[Label],
    *,
    width: int,
    height: int,
    class_ids: Collection[int],
    rng: np.random.Generator,
) -> Planted | None:
    """Alter one label of a frame; None without labels.

    Each kind of alteration is as likely where it can be done: a label is shifted only where it has room, and gets
    another class only where there is one.

    Args:
        labels: of the frame, as the reviewer left them.
        width: pixels of the upright picture.
        height: the same.
        class_ids: the project's classes.
        rng: drawn from.
    """
    truth = tuple(labels)
    for alteration in rng.permutation(len(_KINDS)).tolist():
        for index in _order(truth, min(width, height), rng):
            shown = _altered(truth, index, _KINDS[alteration], (width, height), class_ids, rng)
            if shown is not None:
                return Planted(truth, shown, _KINDS[alteration], index)
    return None


_KINDS: Final = tuple(Alteration)


def _order(truth: tuple[Label, ...], side: int, rng: np.random.Generator) -> list[int]:
    """Return indices in random order, objects that are hard to see last."""
    bounds = bounds_of([geometry for _, geometry in truth])
    hard = np.minimum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]) < EASY_SIDE * side
    found: list[int] = np.lexsort((rng.random(len(truth)), hard)).tolist()
    return found


def _altered(
    truth: tuple[Label, ...],
    index: int,
    alteration: Alteration,
    size: tuple[int, int],
    class_ids: Collection[int],
    rng: np.random.Generator,
) -> tuple[Label, ...] | None:
    class_id, geometry = truth[index]
    before, after = truth[:index], truth[index + 1 :]
    match alteration:
        case Alteration.REMOVED:
            return before + after if _stands_alone(geometry, before + after) else None
        case Alteration.CLASS:
            others = sorted(set(class_ids) - {class_id})
            return (*before, (int(rng.choice(others)), geometry), *after) if others else None
        case Alteration.SHIFTED:
            moved = _shifted(geometry, [other for _, other in before + after], size, rng)
            return (*before, (class_id, moved), *after) if moved is not None else None


def _stands_alone(geometry: Geometry, others: tuple[Label, ...]) -> bool:
    return all(overlap(geometry, other) < MATCH_IOU for _, other in others)


def _shifted(
    geometry: Geometry, others: Sequence[Geometry], size: tuple[int, int], rng: np.random.Generator
) -> Geometry | None:
    """Return the outline moved along one or both of its sides; None where it has no room for that."""
    bounds = geometry.bounds
    axes, sides = ((1.0, 0.0), (0.0, 1.0)), (bounds.width, bounds.height)
    if isinstance(geometry, OrientedBox):
        axes, sides = geometry.axes, (geometry.width, geometry.height)
    for at in rng.permutation(len(_WAYS)).tolist():
        along, across = (
            way * side * rng.uniform(LEAST_SHIFT, MOST_SHIFT) for way, side in zip(_WAYS[at], sides, strict=True)
        )
        moved = geometry.moved(along * axes[0][0] + across * axes[1][0], along * axes[0][1] + across * axes[1][1])
        if _inside(moved, size) and overlap(moved, geometry) <= SHIFTED_IOU and _keeps_off(moved, geometry, others):
            return moved
    return None


_WAYS: Final = tuple((x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y)


def _inside(geometry: Geometry, size: tuple[int, int]) -> bool:
    bounds, (width, height) = geometry.bounds, size
    points = [geometry.points[i] for i in geometry.labelled] if isinstance(geometry, Keypoints) else []
    return (
        bounds.x1 >= 0.0
        and bounds.y1 >= 0.0
        and bounds.x2 <= width
        and bounds.y2 <= height
        and all(0.0 <= point.x <= width and 0.0 <= point.y <= height for point in points)
    )


def _keeps_off(moved: Geometry, geometry: Geometry, others: Sequence[Geometry]) -> bool:
    return all((iou := overlap(moved, other)) < ONTO_ANOTHER or iou <= overlap(geometry, other) for other in others)

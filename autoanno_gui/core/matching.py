"""Which of the shown objects stands for which true one: by overlap, greedily, equal classes first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.box import Box, pairwise_iou
from autoanno_gui.core.geometry import Geometry, overlap

MATCH_IOU: Final = 0.5
"""From this overlap on, an object stands for a true one."""
KEPT_IOU: Final = 0.75
"""From this overlap on, its outline is left as it is."""
_NEAR: Final = 1e-3
"""Rounding of the quick overlaps of boxes."""


class Pair(NamedTuple):
    """One true object and one proposal that may stand for it.

    Attributes:
        true: index of the true object.
        proposed: index of the proposal.
        iou: how far they overlap, at least `MATCH_IOU`.
        same_class: whether their classes are equal.
    """

    true: int
    proposed: int
    iou: float
    same_class: bool


def candidate_pairs(
    true: Sequence[tuple[int, Geometry]], proposed: Sequence[tuple[int | None, Geometry]]
) -> list[Pair]:
    """Return all pairs that overlap enough, in the order in which they are to be taken: equal classes first, then by
    falling overlap, then by index.

    Args:
        true: (project class, outline) of each true object.
        proposed: the same of each proposal; one without a class stands for nothing.
    """
    pairs = []
    for i, j in _touching([geometry for _, geometry in true], [geometry for _, geometry in proposed]):
        (true_class, outline), (class_id, other) = true[i], proposed[j]
        if class_id is not None and (iou := overlap(outline, other)) >= MATCH_IOU:
            pairs.append(Pair(i, j, iou, true_class == class_id))
    return sorted(pairs, key=lambda pair: (not pair.same_class, -pair.iou, pair.true, pair.proposed))


def _touching(a: Sequence[Geometry], b: Sequence[Geometry]) -> Iterator[tuple[int, int]]:
    """Yield the pairs that can overlap by `MATCH_IOU`: of boxes those that do, of other outlines those whose bounds
    touch (a far spot of a mask widens its bounds without adding much to its area)."""
    if not a or not b:
        return
    both_boxes = np.outer([isinstance(one, Box) for one in a], [isinstance(one, Box) for one in b])
    near = pairwise_iou(bounds_of(a), bounds_of(b)) > np.where(both_boxes, MATCH_IOU - _NEAR, 0.0)
    yield from ((int(i), int(j)) for i, j in np.argwhere(near))


def bounds_of(outlines: Sequence[Geometry]) -> NDArray[np.float32]:
    """Return the (N, 4) bounds of outlines, xyxy pixels."""
    return np.array([one.bounds.as_tuple() for one in outlines], np.float32).reshape(-1, 4)


def match(pairs: Sequence[Pair], among: NDArray[np.bool_]) -> list[Pair]:
    """Return the pairs that stand when only some proposals are shown: each true object and each proposal once.

    Args:
        pairs: in the order of `candidate_pairs`.
        among: (M,) which proposals are shown.
    """
    taken_true: set[int] = set()
    taken: set[int] = set()
    found = []
    for pair in pairs:
        if among[pair.proposed] and pair.true not in taken_true and pair.proposed not in taken:
            taken_true.add(pair.true)
            taken.add(pair.proposed)
            found.append(pair)
    return found

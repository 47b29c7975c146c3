"""Predictions that say what the frame shows already, so that there is nothing to decide about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.box import pairwise_iou
from autoanno_gui.core.review_objects import ReviewObject

DUPLICATE_IOU: Final = 0.6
"""A prediction that overlaps a shown object by this much is the same object seen twice."""


def seen_twice(
    items: Iterable[ReviewObject], boxes: NDArray[np.float32], *, is_shown: Callable[[ReviewObject], bool]
) -> set[int]:
    """Return the ids of predictions that overlap a shown object, whatever its class.

    Args:
        items: the objects of a frame that are not rejected.
        boxes: (N, 4) of the predictions by id, xyxy pixels.
        is_shown: whether an object is on the screen for itself.
    """
    shown, others = _parted(items, is_shown)
    return _covered(shown, others, boxes)


def agreed(
    items: Iterable[ReviewObject], boxes: NDArray[np.float32], *, is_label: Callable[[ReviewObject], bool]
) -> set[int]:
    """Return the ids of predictions that a label of the same class covers; `items` and `boxes` as above.

    Args:
        is_label: whether an object is the reviewer's.
    """
    labels, others = _parted(items, is_label)
    found: set[int] = set()
    for class_id in {item.class_id for item in labels}:
        found |= _covered(_of_class(labels, class_id), _of_class(others, class_id), boxes)
    return found


def _parted(
    items: Iterable[ReviewObject], belongs: Callable[[ReviewObject], bool]
) -> tuple[list[ReviewObject], list[ReviewObject]]:
    parts: tuple[list[ReviewObject], list[ReviewObject]] = [], []
    for item in items:
        parts[not belongs(item)].append(item)
    return parts


def _of_class(items: Iterable[ReviewObject], class_id: int) -> list[ReviewObject]:
    return [item for item in items if item.class_id == class_id]


def _covered(shown: list[ReviewObject], others: list[ReviewObject], boxes: NDArray[np.float32]) -> set[int]:
    ids = np.array([item.id for item in others], np.int64)
    bounds = np.array([item.geometry.bounds.as_tuple() for item in shown], np.float32).reshape(-1, 4)
    return set(ids[(pairwise_iou(bounds, boxes[ids]) >= DUPLICATE_IOU).any(axis=0)].tolist())

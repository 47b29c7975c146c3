"""What a model proposed beyond upright boxes, for all predictions of one frame at once: plain arrays, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.box import Box
from autoanno_gui.core.keypoints import Keypoint, Keypoints, Visibility
from autoanno_gui.core.mask import Mask, Part
from autoanno_gui.core.oriented_box import OrientedBox

KEYPOINT_CONFIDENCE: Final = 0.5
"""Below this a model's keypoint counts as not seen."""


@dataclass(frozen=True, eq=False)
class OrientedBoxes:
    """Oriented boxes.

    Attributes:
        values: (N, 5) float32: cx, cy, width, height in pixels, angle in radians, as in `OrientedBox`.
    """

    values: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.values)

    def at(self, index: int, box: Box) -> OrientedBox:
        return OrientedBox(*self.values[index].tolist()).normalised()


@dataclass(frozen=True, eq=False)
class Masks:
    """Masks of all predictions, ring after ring.

    Attributes:
        count: N, the predictions; one without any ring keeps its box.
        points: (P, 2) float32 pixels of the upright image.
        rings: (R, 3) int32: index of the prediction (never falling), number of points, 1 for a hole of the outer ring
            before it and 0 for an outer ring.
    """

    count: int
    points: NDArray[np.float32]
    rings: NDArray[np.int32]

    def __post_init__(self) -> None:
        of, points, _ = self.rings.T
        if points.sum() != len(self.points) or np.any(np.diff(of, prepend=0, append=max(self.count - 1, 0)) < 0):
            raise ValueError(f"rings that do not fit {len(self.points)} points of {self.count} predictions")

    def __len__(self) -> int:
        return self.count

    @cached_property
    def _pixels(self) -> NDArray[np.float64]:
        return self.points.astype(np.float64)

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        return np.concatenate([[0], np.cumsum(self.rings[:, 1], dtype=np.int64)])

    @cached_property
    def _first_ring(self) -> NDArray[np.int64]:
        return np.searchsorted(self.rings[:, 0], np.arange(self.count + 1))

    def at(self, index: int, box: Box) -> Mask | Box:
        first, last = int(self._first_ring[index]), int(self._first_ring[index + 1])
        parts: list[Part] = []
        for ring in range(first, last):
            points = self._pixels[self._starts[ring] : self._starts[ring + 1]]
            if self.rings[ring, 2] and parts:
                parts[-1] = Part(parts[-1].outer, (*parts[-1].holes, points))
            else:
                parts.append(Part(points))
        return Mask(tuple(parts)) if parts else box

    @classmethod
    def of(cls, masks: list[Mask | None]) -> Masks:
        """Pack masks; None for a prediction that keeps its box."""
        rings, points = [], []
        for index, mask in enumerate(masks):
            for part in mask.parts if mask is not None else ():
                for hole, ring in enumerate(part.rings):
                    rings.append((index, len(ring), int(hole > 0)))
                    points.append(ring)
        flat = np.concatenate(points) if points else np.zeros((0, 2))
        return cls(len(masks), flat.astype(np.float32), np.array(rings, np.int32).reshape(-1, 3))


@dataclass(frozen=True, eq=False)
class KeypointSets:
    """Keypoints.

    Attributes:
        values: (N, K, 3) float32: x, y in pixels, confidence in 0..1.
    """

    values: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.values)

    def at(self, index: int, box: Box) -> Keypoints:
        return Keypoints(
            box,
            tuple(
                Keypoint(x, y, Visibility.VISIBLE if sure >= KEYPOINT_CONFIDENCE else Visibility.UNLABELLED)
                for x, y, sure in self.values[index].tolist()
            ),
        )


Outlines: TypeAlias = OrientedBoxes | Masks | KeypointSets

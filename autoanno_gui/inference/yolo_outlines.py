"""From a YOLO's rows in network pixels to frame pixels: boxes, oriented boxes, keypoints and masks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.mask import Mask
from autoanno_gui.core.outlines import KeypointSets, Masks, OrientedBoxes, Outlines
from autoanno_gui.core.predictions import ModelInfo
from autoanno_gui.core.task import Task
from autoanno_gui.imaging.masks import MaskRaster, outline

_TOLERANCE: Final = 1.0
"""Network pixels by which an outline may be simplified; of the network's own pixels it keeps more than 98 %."""

_SPECK: Final = 5.0
"""Network pixels: more than the smallest spot that one pixel of the prototypes leaves, which is two by two."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a frame lies in the network's input: scaled, in the middle, with padding around it.

    Attributes:
        frame: (height, width) in frame pixels.
        network: (height, width) of the whole input in network pixels.
        left: padding in network pixels.
        top: padding in network pixels.
        width: of the scaled frame in network pixels.
        height: of the scaled frame in network pixels.
    """

    frame: tuple[int, int]
    network: tuple[int, int]
    left: int
    top: int
    width: int
    height: int

    @classmethod
    def of(cls, frame: tuple[int, int], *, imgsz: tuple[int, int], network: tuple[int, int]) -> Placement:
        """Return where Ultralytics' letterbox puts a frame. All sizes are (height, width).

        Args:
            imgsz: what the frame is made to fit into.
            network: the real input, which is smaller than `imgsz` where padding was saved. The scale does not follow
                from it alone: a frame of 352.3 scaled rows goes into 352.
        """
        gain = min(imgsz[0] / frame[0], imgsz[1] / frame[1])
        height, width = (max(round(side * gain), 1) for side in frame)
        # An odd row or column of padding goes to the far side.
        top, left = round((network[0] - height) / 2 - 0.1), round((network[1] - width) / 2 - 0.1)
        return cls(frame, network, left, top, width, height)

    @property
    def scale(self) -> NDArray[np.float32]:
        """(2,) frame pixels of one network pixel along x and y."""
        return np.array([self.frame[1] / self.width, self.frame[0] / self.height], np.float32)

    def to_frame(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (..., 2) positions in frame pixels; some may lie outside."""
        return (points - np.array([self.left, self.top], np.float32)) * self.scale

    def inside(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (..., 2) positions in frame pixels; one outside the frame moves to its edge."""
        return self.clipped(self.to_frame(points))

    def clipped(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (..., 2) positions in frame pixels with those outside the frame moved to its edge."""
        return positions.clip(0, np.array(self.frame[::-1], np.float32))


def extra_values(info: ModelInfo, *, mask_coefficients: int) -> int:
    """Return how many values each prediction of a model has beyond its box and its classes."""
    match info.task:
        case Task.SEGMENT:
            return mask_coefficients
        case Task.POSE:
            return math.prod(info.kpt_shape or (0,))
        case Task.OBB:
            return 1
        case Task.DETECT:
            return 0


def upright_boxes(rows: NDArray[np.float32], task: Task, place: Placement) -> NDArray[np.float32]:
    """Return the (N, 4) xyxy boxes in frame pixels, cut to the frame; those of OBB models enclose the oriented ones.

    Args:
        rows: (N, 6 or more) box in network pixels, confidence, class, and what the task adds.
    """
    if task is not Task.OBB:
        return place.inside(rows[:, :4].reshape(-1, 2, 2)).reshape(-1, 4)
    centre, size, angle = np.split(_oriented(rows, place), [2, 4], axis=1)
    cos, sin = np.abs(np.cos(angle)), np.abs(np.sin(angle))
    reach = (size * cos + size[:, ::-1] * sin) / 2
    # A line that is turned would get a box with an area, which it does not have.
    reach[(size <= 0).any(1)] = 0
    return place.clipped(np.stack([centre - reach, centre + reach], axis=1)).reshape(-1, 4)


def outlines_of(
    rows: NDArray[np.float32], info: ModelInfo, prototypes: NDArray[np.float32] | None, place: Placement
) -> Outlines | None:
    """Return what the rows of one frame say beyond upright boxes, in frame pixels; None for a detect model.

    Args:
        rows: as in `upright_boxes`.
        prototypes: as in `decode_masks`; only of a segment model.
    """
    extra = rows[:, 6:]
    match info.task:
        case Task.OBB:
            return OrientedBoxes(_oriented(rows, place))
        case Task.POSE if info.kpt_shape is not None:
            return KeypointSets(_keypoints(extra.reshape(-1, *info.kpt_shape), place))
        case Task.SEGMENT if prototypes is not None:
            return decode_masks(rows[:, :4], extra, prototypes, place)
        case _:
            return None


def _oriented(rows: NDArray[np.float32], place: Placement) -> NDArray[np.float32]:
    """Return (N, 5) centre and size in frame pixels, and angle."""
    return np.concatenate([place.to_frame(rows[:, :2]), rows[:, 2:4] * place.scale, rows[:, -1:]], axis=1)


def _keypoints(points: NDArray[np.float32], place: Placement) -> NDArray[np.float32]:
    """Return (N, K, 3) keypoints from (N, K, 2 or 3) ones in network pixels; without a confidence it is 1."""
    sure = points[..., 2:] if points.shape[-1] == 3 else np.ones_like(points[..., :1])
    return np.concatenate([place.inside(points[..., :2]), sure], axis=-1)


def decode_masks(
    boxes: NDArray[np.float32], coefficients: NDArray[np.float32], prototypes: NDArray[np.float32], place: Placement
) -> Masks:
    """Return the masks of one frame's predictions in frame pixels; one that comes out empty has no rings.

    A mask is where the sum of the prototypes, each with its coefficient, is above zero once it is enlarged to network
    pixels; only what lies inside its box and inside the frame is computed.

    Args:
        boxes: (N, 4) xyxy in network pixels.
        coefficients: (N, C).
        prototypes: (height, width, C); `place.network` is a whole multiple of their size.
    """
    stride = place.network[0] // prototypes.shape[0]
    # A network pixel belongs to a box that holds its corner, as in Ultralytics.
    low, high = [place.left, place.top], [place.left + place.width, place.top + place.height]
    areas = np.ceil(boxes.reshape(-1, 2, 2)).clip(low, high).astype(int).reshape(-1, 4)
    masks = [
        _mask(area, weights, prototypes, stride=stride)
        for area, weights in zip(areas.tolist(), coefficients, strict=True)
    ]
    packed = Masks.of(masks)
    return Masks(packed.count, place.inside(packed.points), packed.rings)


def _mask(
    area: list[int], weights: NDArray[np.float32], prototypes: NDArray[np.float32], *, stride: int
) -> Mask | None:
    """Return one mask in network pixels, cut to the xyxy `area`; None when it is empty."""
    x1, y1, x2, y2 = area
    if x1 >= x2 or y1 >= y2:
        return None
    # One prototype pixel more on each side: what is between two of them is interpolated.
    left, top = max(x1 // stride - 1, 0), max(y1 // stride - 1, 0)
    logits = prototypes[top : y2 // stride + 2, left : x2 // stride + 2] @ weights
    height, width = logits.shape
    enlarged = cv2.resize(logits, (width * stride, height * stride), interpolation=cv2.INTER_LINEAR)
    x, y = left * stride, top * stride
    bits = enlarged[y1 - y : y2 - y, x1 - x : x2 - x] > 0
    return outline(MaskRaster(x1, y1, bits), tolerance=_TOLERANCE, min_area=_SPECK) if bits.any() else None

"""What a segmenter is to the rest of the program: an image is encoded once, then each prompt gives masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.predictions import SegmenterInfo
from autoanno_gui.core.prompt import Prompt
from autoanno_gui.imaging.masks import MaskRaster


class Embedding(Protocol):
    """What a segmenter keeps of one image, so that further prompts are cheap. Bound to the segmenter that made it."""

    @property
    def nbytes(self) -> int:
        """Memory it holds, for a cache bounded by bytes."""
        ...


@dataclass(frozen=True, slots=True)
class MaskCandidate:
    """One answer to a prompt.

    Attributes:
        raster: which pixels of the upright image belong to the object.
        score: 0..1, how sure the segmenter is; only comparable within one answer.
    """

    raster: MaskRaster
    score: float


class Segmenter(Protocol):
    """A loaded segmenter. It is used from one thread at a time.

    Attributes:
        info: what it is.
        device: where it runs, such as `cpu` or `cuda:0`.
        device_reason: why it does not run on a GPU; empty when it does, or has no use for one.
        slow_to_encode: whether encoding ahead of the reviewer pays.
    """

    @property
    def info(self) -> SegmenterInfo: ...

    @property
    def device(self) -> str: ...

    @property
    def device_reason(self) -> str: ...

    @property
    def slow_to_encode(self) -> bool: ...

    def encode(self, image: NDArray[np.uint8]) -> Embedding:
        """Return what is needed to answer prompts about an image.

        Args:
            image: (height, width, 3) uint8, BGR, upright.

        Raises:
            OutOfMemory: the device's memory is out.
            ModelError: it failed in its runtime.
        """
        ...

    def segment(self, embedding: Embedding, prompt: Prompt, *, candidates: int = 1) -> list[MaskCandidate]:
        """Return up to `candidates` masks for one prompt, surest first. Empty ones are left out.

        Args:
            embedding: of this segmenter.
            prompt: not empty.

        Raises:
            OutOfMemory: the device's memory is out.
            ModelError: it failed in its runtime.
        """
        ...

    def close(self) -> None:
        """Give its memory back; it cannot be used afterwards."""
        ...


def prompt_within(prompt: Prompt, *, width: int, height: int) -> Prompt:
    """Return what a prompt says about an image of `width` x `height` pixels: its box is cut to the image and dropped
    when that leaves no area, and points beside the image are left out. May be empty."""
    box = prompt.box.clipped(width, height) if prompt.box is not None else None
    points = tuple(point for point in prompt.points if 0.0 <= point.x <= width and 0.0 <= point.y <= height)
    return Prompt(box if box is not None and box.area > 0.0 else None, points)


def mask_candidate(bits: NDArray[np.bool_], score: float, *, left: int = 0, top: int = 0) -> MaskCandidate | None:
    """Return an answer cut to its pixels, None when there are none.

    Args:
        bits: (height, width), contiguous.
        score: limited to 0..1.
        left: column of `bits[0, 0]` in the upright image.
        top: row of `bits[0, 0]` in the upright image.
    """
    x, y, width, height = cv2.boundingRect(bits.view(np.uint8))
    if not width:
        return None
    raster = MaskRaster(left + x, top + y, bits[y : y + height, x : x + width].copy())
    return MaskCandidate(raster, min(max(score, 0.0), 1.0))

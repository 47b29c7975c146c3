"""A segmenter without weights: what it finds follows from the prompt alone, and how it behaves is up to the test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.predictions import SegmenterInfo
from autoanno_gui.core.prompt import Prompt
from autoanno_gui.imaging.masks import MaskRaster
from autoanno_gui.inference.segmenter import MaskCandidate

INFO = SegmenterInfo("fake_sam.pt", "fake", weights_hash="5" * 64, path="/models/fake_sam.pt")
POINT_RADIUS = 10


@dataclass(frozen=True, eq=False)
class FakeEmbedding:
    """Remembers its maker and picture."""

    maker: FakeSegmenter
    width: int
    height: int
    nbytes: int


class FakeSegmenter:
    """Fills the prompt's box, or a square of 20 pixels around its first point.

    Attributes:
        encoded: the mean colour (rounded) of each picture that was encoded, in order.
        prompts: the prompts that were answered, in order.
        closed: whether it was closed.
    """

    def __init__(
        self,
        *,
        info: SegmenterInfo = INFO,
        slow_to_encode: bool = True,
        nbytes: int = 1000,
        on_encode: Callable[[int], None] = lambda number: None,
        on_segment: Callable[[Prompt], None] = lambda prompt: None,
        blind_to: Callable[[Prompt], bool] = lambda prompt: False,
    ) -> None:
        """Set up how it behaves.

        Args:
            nbytes: what an embedding says of its size.
            on_encode: called first thing with the number of the call; may raise.
            on_segment: called first thing; may raise.
            blind_to: the prompts for which it finds nothing.
        """
        self.info = info
        self.device = "cpu"
        self.device_reason = ""
        self.slow_to_encode = slow_to_encode
        self.encoded: list[tuple[int, ...]] = []
        self.prompts: list[Prompt] = []
        self.closed = False
        self._nbytes = nbytes
        self._calls = 0
        self._on_encode = on_encode
        self._on_segment = on_segment
        self._blind_to = blind_to

    def encode(self, image: NDArray[np.uint8]) -> FakeEmbedding:
        """See `Segmenter.encode`."""
        if self.closed:
            raise RuntimeError("the segmenter is closed")
        self._calls += 1
        self._on_encode(self._calls)
        self.encoded.append(tuple(np.rint(image.mean(axis=(0, 1))).astype(int).tolist()))
        return FakeEmbedding(self, image.shape[1], image.shape[0], self._nbytes)

    def segment(self, embedding: FakeEmbedding, prompt: Prompt, *, candidates: int = 1) -> list[MaskCandidate]:
        """See `Segmenter.segment`."""
        if self.closed or embedding.maker is not self:
            raise RuntimeError("the segmenter is closed, or the embedding is another's")
        self._on_segment(prompt)
        self.prompts.append(prompt)
        if self._blind_to(prompt):
            return []
        left, top, right, bottom = self._square(prompt)
        bits = np.ones((min(bottom, embedding.height) - top, min(right, embedding.width) - left), np.bool_)
        return [MaskCandidate(MaskRaster(left, top, bits), 1.0 - number / 10) for number in range(candidates)]

    def _square(self, prompt: Prompt) -> tuple[int, int, int, int]:
        if prompt.box is not None:
            left, top, right, bottom = (round(side) for side in prompt.box.as_tuple())
            return left, top, right, bottom
        x, y, _ = prompt.points[0]
        return (
            max(round(x) - POINT_RADIUS, 0),
            max(round(y) - POINT_RADIUS, 0),
            round(x) + POINT_RADIUS,
            round(y) + POINT_RADIUS,
        )

    def close(self) -> None:
        """Refuse further calls."""
        self.closed = True

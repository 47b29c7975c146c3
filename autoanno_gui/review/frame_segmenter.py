"""A loaded segmenter at work on frames: each is decoded and encoded once as long as there is room for the result."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.errors import FrameError, FrameErrorCode, OutOfMemory
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.predictions import SegmenterInfo
from autoanno_gui.core.prompt import Prompt
from autoanno_gui.core.records import Frame
from autoanno_gui.imaging.decode import DecodedFrame, read_frame
from autoanno_gui.imaging.masks import outline
from autoanno_gui.imaging.paths import frame_file
from autoanno_gui.inference.embedding_cache import DEFAULT_BYTES, EmbeddingCache
from autoanno_gui.inference.segmenter import Embedding, Segmenter
from autoanno_gui.store.store_thread import Store

_Key: TypeAlias = tuple[int, tuple[int, int]]
"""Frame id and the fingerprint of the file that was decoded."""


class ScoredMask(NamedTuple):
    """One answer to a prompt: its outline, and 0..1 how sure the segmenter is."""

    mask: Mask
    score: float


class FrameSegmenter:
    """Owns a segmenter and the embeddings that it made; used from the scheduler's thread only."""

    def __init__(self, segmenter: Segmenter, store: Store, *, cache_bytes: int = DEFAULT_BYTES) -> None:
        self._segmenter: Final = segmenter
        self._store: Final = store
        self._cache: Final = EmbeddingCache(cache_bytes)
        self._decoded: tuple[_Key, NDArray[np.uint8]] | None = None
        """Pixels that wait to be encoded: a prompt that is replaced by the next one has not decoded them in vain."""

    @property
    def info(self) -> SegmenterInfo:
        return self._segmenter.info

    @property
    def is_grabcut(self) -> bool:
        """Whether it is the one that always works, since it needs no weights."""
        return self.info.kind == "grabcut"

    @property
    def device(self) -> str:
        return self._segmenter.device

    @property
    def device_reason(self) -> str:
        return self._segmenter.device_reason

    @property
    def slow_to_encode(self) -> bool:
        return self._segmenter.slow_to_encode

    def close(self) -> None:
        """Give all its memory back."""
        self._cache.clear()
        self._decoded = None
        self._segmenter.close()

    # ------------------------------------------------------------------------------------------------ encoding
    def encoded(self, frame: Frame) -> Generator[None, None, Embedding]:
        """Return a frame's embedding, which is kept; between decoding and encoding something else may go first.

        Raises:
            FrameError: the file cannot be read.
            OutOfMemory, ModelError: as `Segmenter.encode`.
        """
        key = self._key(frame)
        found = self._cache.get(key) if key is not None else None
        if found is not None:
            return found
        if self._decoded is None or self._decoded[0] != key:
            image = self.decode(frame)
            self._decoded = (frame.id, image.fingerprint), image.pixels
            key, pixels = self._decoded
            yield
        else:
            key, pixels = self._decoded
        found = self._cache.get(key)  # what went first may have been about the same frame
        if found is None:
            found = self.encode(pixels)
            self._cache.put(key, found)
        if self._decoded is not None and self._decoded[0] == key:
            self._decoded = None
        return found

    def _key(self, frame: Frame) -> _Key | None:
        """Return what stands for a frame's file as it is now; None when it cannot be looked at, and reading it will say
        why."""
        try:
            status = os.stat(frame_file(self._store.root, frame.path))
        except (OSError, ValueError):
            return None
        return frame.id, (status.st_size, status.st_mtime_ns)

    def kept(self, frame_id: int, fingerprint: tuple[int, int]) -> Embedding | None:
        """Return what is kept of a frame whose file has this (bytes, mtime_ns)."""
        return self._cache.get((frame_id, fingerprint))

    def decode(self, frame: Frame) -> DecodedFrame:
        """Read a frame. Raises FrameError when its file cannot be used."""
        try:
            return read_frame(self._store.root, frame.path)
        except MemoryError as e:
            detail = "There is not enough memory to open this image; close other programs or make it smaller."
            raise FrameError(FrameErrorCode.TOO_LARGE, frame.path, detail=detail) from e

    def encode(self, image: NDArray[np.uint8]) -> Embedding:
        """Return the embedding of (height, width, 3) BGR pixels without keeping it; out of memory is tried once more
        with nothing kept. Raises as `Segmenter.encode`."""
        try:
            return self._segmenter.encode(image)
        except OutOfMemory:
            self._cache.clear()
            return self._segmenter.encode(image)

    # ------------------------------------------------------------------------------------------------ asking
    def outlines(
        self, embedding: Embedding, prompt: Prompt, *, candidates: int = 1, tolerance: float
    ) -> list[ScoredMask]:
        """Return up to `candidates` masks for a prompt, surest first; out of memory is tried once more when nothing is
        kept.

        Args:
            embedding: of this segmenter.
            prompt: not empty.
            tolerance: pixels by which the outlines may be simplified.

        Raises:
            OutOfMemory, ModelError: as `Segmenter.segment`.
        """
        try:
            found = self._segmenter.segment(embedding, prompt, candidates=candidates)
        except OutOfMemory:
            self._cache.clear()
            found = self._segmenter.segment(embedding, prompt, candidates=candidates)
        masks = [ScoredMask(outline(each.raster, tolerance=tolerance), each.score) for each in found]
        return [each for each in masks if each.mask.parts]

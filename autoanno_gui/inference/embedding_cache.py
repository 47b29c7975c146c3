"""The embeddings of the images that were used last, as many as fit in memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

from autoanno_gui.inference.segmenter import Embedding

DEFAULT_BYTES: Final = 512 << 20


class EmbeddingCache:
    """Keeps embeddings by key and drops those not used for longest. For one thread."""

    def __init__(self, limit: int = DEFAULT_BYTES) -> None:
        """Start empty.

        Args:
            limit: bytes that all of them together may take; the newest is kept even when it alone takes more.
        """
        self._limit: Final = limit
        self._kept: Final[OrderedDict[Hashable, Embedding]] = OrderedDict()
        self._nbytes = 0

    @property
    def nbytes(self) -> int:
        """Memory that what is kept takes."""
        return self._nbytes

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept

    def get(self, key: Hashable) -> Embedding | None:
        """Return what is kept under a key, which from now on counts as used last; None when there is nothing."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: Hashable, embedding: Embedding) -> None:
        """Keep an embedding, in place of what was under its key."""
        self.drop(key)
        self._kept[key] = embedding
        self._nbytes += embedding.nbytes
        while self._nbytes > self._limit and len(self._kept) > 1:
            self.drop(next(iter(self._kept)))

    def drop(self, key: Hashable) -> None:
        """Forget what is under a key, if anything."""
        found = self._kept.pop(key, None)
        if found is not None:
            self._nbytes -= found.nbytes

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._nbytes = 0

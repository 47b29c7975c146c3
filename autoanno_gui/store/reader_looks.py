"""Reading what is stored of how the frames look, see `imaging.similarity`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.records import Frame
from autoanno_gui.store.reader_index import IndexReader
from autoanno_gui.store.rows import compact, frame_from_row

_FRESH = "k.version = ? AND k.bytes = f.bytes AND k.mtime_ns = f.mtime_ns"


class LookReader(IndexReader):
    """Reads the looks of frames whose files are as they were."""

    def looks(
        self, *, version: int, size: int, frame_ids: Sequence[int] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Return (K,) frame ids, rising, and their (K, size) looks.

        Args:
            version: of the looks.
            size: bytes of one; rows of another length, which only another program can have written, are left out.
            frame_ids: of these frames only; None for all.
        """
        chosen = compact(list(frame_ids)) if frame_ids is not None else None
        among = "AND f.id IN (SELECT value FROM json_each(?))" if chosen is not None else ""
        rows = self._rows(
            f"SELECT f.id, k.look FROM frame_look k JOIN frame f ON f.id = k.frame_id "
            f"WHERE {_FRESH} AND length(k.look) = ? {among} ORDER BY f.id",
            version,
            size,
            *([chosen] if chosen is not None else []),
        )
        ids = np.fromiter((row[0] for row in rows), np.int64, len(rows))
        return ids, np.frombuffer(b"".join(row[1] for row in rows), np.uint8).reshape(len(rows), size)

    def frames_without_look(self, *, version: int) -> list[Frame]:
        """Return the usable frames, in natural order, that have no look of this version, or one of another file."""
        known = f"SELECT 1 FROM frame_look k WHERE k.frame_id = f.id AND {_FRESH}"
        blocks = self._frame_blocks(f"f.error IS NULL AND NOT EXISTS ({known})", version)
        return [frame_from_row(row) for rows in blocks for row in rows]

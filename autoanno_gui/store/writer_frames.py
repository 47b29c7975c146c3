"""Writes about the files of the folder: what a scan found and what opening them showed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence, Set
from typing import Final, NamedTuple

from autoanno_gui.core.errors import FRAME_ERROR_TEXT, FrameErrorCode
from autoanno_gui.core.records import Frame, FrameHeader, FrameState, ScannedFile
from autoanno_gui.store.connection import immediate
from autoanno_gui.store.rows import FRAME_COLUMNS, FRAME_TABLES, compact, frame_from_row, plain, sort_key
from autoanno_gui.store.writer_base import WriterBase

# Faults of the moment, not of the bytes: a file that is met again is given another chance.
_PASSING: Final = frozenset({FrameErrorCode.MISSING, FrameErrorCode.MISSING_TARGET, FrameErrorCode.UNREADABLE})


class StoredLook(NamedTuple):
    """What one frame looks like, see `imaging.similarity`.

    Attributes:
        version: of the look.
        size: of the file that was read, in bytes.
        mtime_ns: its modification time.
    """

    frame_id: int
    version: int
    size: int
    mtime_ns: int
    look: bytes


class FrameWrites(WriterBase):
    """Frames are not part of the ledger: their rows follow the files."""

    def add_frames(self, files: Sequence[ScannedFile]) -> list[Frame]:
        """Insert new frames and bring known ones (by path) up to date; return them in the given order.

        A changed fingerprint makes what is known of the file unknown again and its predictions stale.
        """
        return self._in_slices(files, self._add_frame)

    def _add_frame(self, file: ScannedFile) -> Frame:
        row = self.bulk.execute(
            f"SELECT {FRAME_COLUMNS}, f.bytes, f.mtime_ns FROM {FRAME_TABLES} WHERE f.path = ?", (file.path,)
        ).fetchone()
        if row is None:
            return self._insert_frame(file)
        known = frame_from_row(row)
        if row[8:] != (file.bytes, file.mtime_ns):
            self.bulk.execute(
                "UPDATE frame SET bytes = ?, mtime_ns = ?, width = 0, height = 0, flags = '[]', sha256 = NULL "
                "WHERE id = ?",
                (file.bytes, file.mtime_ns, known.id),
            )
            error = file.error
        elif file.error is None and known.error in _PASSING:
            error = None
        else:
            error = file.error or known.error
            if error is known.error:
                return known
        return self._set_error(self.bulk, known.id, error)

    def _insert_frame(self, file: ScannedFile) -> Frame:
        error = file.error
        frame_id = self.bulk.execute(
            "INSERT INTO frame(path, sort_key, bytes, mtime_ns, error, error_detail) VALUES (?, ?, ?, ?, ?, ?)",
            (
                file.path,
                sort_key(file.path),
                file.bytes,
                file.mtime_ns,
                error,
                FRAME_ERROR_TEXT[error] if error else None,
            ),
        ).lastrowid
        assert frame_id is not None
        state = FrameState.UNDECIDED if error is None else FrameState.FAILED
        self.bulk.execute("INSERT INTO frame_state(frame_id, state) VALUES (?, ?)", (frame_id, state))
        return Frame(frame_id, file.path, state=state, error=error)

    def mark_missing(self, seen: Set[int]) -> int:
        """Note the end of a scan: frames it did not meet get the error `missing`, frames it met lose it.

        Returns:
            how many frames went missing since the last scan.
        """
        rows = self.bulk.execute("SELECT id, error FROM frame").fetchall()
        missing = FrameErrorCode.MISSING
        gone = [frame_id for frame_id, error in rows if frame_id not in seen and error != missing]
        back = [frame_id for frame_id, error in rows if frame_id in seen and error == missing]
        self._in_slices(gone, lambda frame_id: self._set_error(self.bulk, frame_id, missing))
        self._in_slices(back, lambda frame_id: self._set_error(self.bulk, frame_id, None))
        return len(gone)

    def record_looks(self, looks: Sequence[StoredLook]) -> None:
        """Note what frames look like, in place of what was known before. The frames must be there."""
        self._in_slices(looks, self._record_look)

    def _record_look(self, look: StoredLook) -> None:
        self.bulk.execute(
            "INSERT OR REPLACE INTO frame_look(frame_id, version, bytes, mtime_ns, look) VALUES (?, ?, ?, ?, ?)", look
        )

    def set_frame_header(self, frame_id: int, header: FrameHeader, *, sha256: str | None) -> None:
        """Note what opening a file showed.

        Args:
            frame_id: the frame.
            header: upright size and remarks.
            sha256: of its bytes when the file was decoded in full, which also clears any error; None when only its
                header was read.
        """
        with immediate(self.bulk) as conn:
            self._write_header(conn, frame_id, header, sha256=sha256)
            if sha256 is not None or self._frame(conn, frame_id).error in _PASSING:
                self._set_error(conn, frame_id, None)

    def set_frame_error(self, frame_id: int, code: FrameErrorCode, detail: str) -> None:
        """Note that a file cannot be used; `detail` is the sentence for people."""
        with immediate(self.bulk) as conn:
            self._set_error(conn, frame_id, code, detail)

    def _write_header(
        self, conn: sqlite3.Connection, frame_id: int, header: FrameHeader, *, sha256: str | None
    ) -> None:
        conn.execute(
            "UPDATE frame SET width = ?, height = ?, flags = ?, sha256 = COALESCE(?, sha256) WHERE id = ?",
            (header.width, header.height, compact(header.flags), sha256, frame_id),
        )

    def _set_error(
        self, conn: sqlite3.Connection, frame_id: int, code: FrameErrorCode | None, detail: str = ""
    ) -> Frame:
        text = plain(detail or FRAME_ERROR_TEXT[code]) if code is not None else None
        conn.execute("UPDATE frame SET error = ?, error_detail = ? WHERE id = ?", (code, text, frame_id))
        self._cache_state(conn, frame_id)
        return self._frame(conn, frame_id)

"""What all writes share: the two connections, short transactions, and the `frame_state` cache."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final, TypeVar

from autoanno_gui.core.records import Frame
from autoanno_gui.store.connection import immediate
from autoanno_gui.store.rows import FRAME_COLUMNS, FRAME_TABLES, STATE_QUERY, frame_from_row

SLICE_SECONDS: Final = 0.005
"""How long one transaction of a bulk write may last before waiting decisions get their turn."""

_CACHE_STATE: Final = (
    f"INSERT INTO frame_state(frame_id, state, decision_id, run_frame_id) {STATE_QUERY} WHERE f.id = ? "
    "ON CONFLICT(frame_id) DO UPDATE SET state = excluded.state, decision_id = excluded.decision_id, "
    "run_frame_id = excluded.run_frame_id"
)

T = TypeVar("T")
R = TypeVar("R")


class WriterBase:
    """Holds the connections; lives on the store thread.

    Attributes:
        ledger: commits reach the disk before they are acknowledged (synchronous=FULL).
        bulk: what can be worked out again: scans and predictions (synchronous=NORMAL).
        ticket: number of the job that is running, in the order of submission.
    """

    def __init__(
        self, ledger: sqlite3.Connection, bulk: sqlite3.Connection, *, breathe: Callable[[], None] = lambda: None
    ) -> None:
        self.ledger: Final = ledger
        self.bulk: Final = bulk
        self.ticket = 0
        self._breathe: Final = breathe

    def _in_slices(self, items: Sequence[T], work: Callable[[T], R]) -> list[R]:
        """Do the work for each item in short transactions of the bulk connection, letting decisions in between."""
        results: list[R] = []
        at = 0
        while at < len(items):
            with immediate(self.bulk):
                end = monotonic() + SLICE_SECONDS
                while at < len(items):
                    results.append(work(items[at]))
                    at += 1
                    if monotonic() >= end:
                        break
            self._breathe()
        return results

    def _cache_state(self, conn: sqlite3.Connection, frame_id: int) -> None:
        """Bring a frame's row of the cache up to date, inside the transaction that changed what it follows from."""
        conn.execute(_CACHE_STATE, (frame_id,))

    def _frame(self, conn: sqlite3.Connection, frame_id: int) -> Frame:
        row = conn.execute(f"SELECT {FRAME_COLUMNS} FROM {FRAME_TABLES} WHERE f.id = ?", (frame_id,)).fetchone()
        if row is None:
            raise LookupError(f"no frame {frame_id}")
        return frame_from_row(row)

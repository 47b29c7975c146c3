"""How long models were at work, from the stamps of their results."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Store
from tests.unit.store.builders import SETTINGS, add, predict


def test_steps_are_added_up_and_pauses_left_out(store: Store, reader: Reader) -> None:
    """Three frames of one run: 2.5 s after its start, 1.5 s later, and after an hour's pause, which counts as 10 s."""
    assert reader.prediction_seconds() == 0.0
    frames = add(store, "a.jpg", "b.jpg", "c.jpg")
    predict(store, [frame.id for frame in frames], (0, 0.9))
    with closing(sqlite3.connect(store.file)) as conn, conn:
        conn.execute("UPDATE run SET started = '2026-01-01T10:00:00.000+00:00'")
        for frame, stamp in zip(frames, ("10:00:02.500", "10:00:04.000", "11:00:04.000"), strict=True):
            conn.execute(
                "UPDATE run_frame SET finished = ? WHERE frame_id = ?", (f"2026-01-01T{stamp}+00:00", frame.id)
            )
    assert reader.prediction_seconds() == pytest.approx(14.0, abs=1e-3)


def test_runs_are_timed_apart(store: Store, reader: Reader) -> None:
    """Two runs, 3 s and 2 s from their start; the second began an hour later."""
    (frame,) = add(store, "a.jpg")
    predict(store, [frame.id], (0, 0.9))
    predict(store, [frame.id], (0, 0.8), settings=replace(SETTINGS, iou=0.5))
    with closing(sqlite3.connect(store.file)) as conn, conn:
        for number, (began, ended) in enumerate((("10:00:00", "10:00:03"), ("11:00:00", "11:00:02")), start=1):
            conn.execute("UPDATE run SET started = ? WHERE id = ?", (f"2026-01-01T{began}.000+00:00", number))
            conn.execute(
                "UPDATE run_frame SET finished = ? WHERE run_id = ?", (f"2026-01-01T{ended}.000+00:00", number)
            )
    assert reader.prediction_seconds() == pytest.approx(5.0, abs=1e-3)

"""What is stored of how frames look, and of which frames it is not known."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest

from autoanno_gui.core.errors import FrameErrorCode
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.store.writer_frames import StoredLook
from tests.unit.store.builders import add

MTIME = 1_700_000_000_123_456_789


def record(store: Store, *looks: StoredLook) -> None:
    store.submit(Priority.OTHER, lambda writer: writer.record_looks(looks)).result()


def look(frame_id: int, *values: int, version: int = 1, size: int = 100, mtime_ns: int = MTIME) -> StoredLook:
    return StoredLook(frame_id, version, size, mtime_ns, bytes(values))


def without(reader: Reader, *, version: int = 1) -> list[str]:
    return [frame.path for frame in reader.frames_without_look(version=version)]


def test_looks_come_back_as_one_array(store: Store, reader: Reader) -> None:
    frames = add(store, "b.jpg", "a.jpg", "c.jpg")
    record(store, look(frames[2].id, 1, 255, 0), look(frames[0].id, 7, 8, 9))

    ids, looks = reader.looks(version=1, size=3)
    assert ids.dtype == np.int64
    assert ids.tolist() == [frames[0].id, frames[2].id]
    assert looks.dtype == np.uint8
    assert looks.tolist() == [[7, 8, 9], [1, 255, 0]]
    ids, looks = reader.looks(version=1, size=3, frame_ids=[frames[1].id, frames[2].id])
    assert (ids.tolist(), looks.tolist()) == ([frames[2].id], [[1, 255, 0]])
    assert without(reader) == ["a.jpg"]


def test_nothing_stored_is_an_empty_array(store: Store, reader: Reader) -> None:
    add(store, "a.jpg")
    ids, looks = reader.looks(version=1, size=3)
    assert (ids.shape, looks.shape) == ((0,), (0, 3))


def test_a_newer_look_takes_the_place_of_the_older(store: Store, reader: Reader) -> None:
    frame = add(store, "a.jpg")[0]
    record(store, look(frame.id, 1))
    record(store, look(frame.id, 2))
    assert reader.looks(version=1, size=1)[1].tolist() == [[2]]


def test_a_look_of_another_file_does_not_count(store: Store, reader: Reader) -> None:
    changed, touched, same = add(store, "changed.jpg", "touched.jpg", "same.jpg")
    record(store, look(changed.id, 1, size=99), look(touched.id, 2, mtime_ns=MTIME - 1), look(same.id, 3))
    assert reader.looks(version=1, size=1)[0].tolist() == [same.id]
    assert without(reader) == ["changed.jpg", "touched.jpg"]

    add(store, "same.jpg", size=101)  # met again by a scan
    assert without(reader) == ["changed.jpg", "same.jpg", "touched.jpg"]


def test_looks_of_another_version_or_length_do_not_count(store: Store, reader: Reader) -> None:
    old, odd = add(store, "old.jpg", "odd.jpg")
    record(store, look(old.id, 1, 1, version=0), look(odd.id, 1, 1, 1))
    assert reader.looks(version=1, size=2)[0].tolist() == []
    assert without(reader) == ["old.jpg"]
    assert reader.looks(version=0, size=2)[0].tolist() == [old.id]


def test_frames_that_cannot_be_read_are_not_waited_for(store: Store, reader: Reader) -> None:
    damaged, _ = add(store, "a.jpg", "b.jpg")
    store.submit(Priority.OTHER, lambda w: w.set_frame_error(damaged.id, FrameErrorCode.DAMAGED, "")).result()
    assert without(reader) == ["b.jpg"]


def test_a_look_of_no_frame_is_a_bug(store: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        record(store, look(77, 1))

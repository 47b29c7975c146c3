"""The order of what is different, as far as it goes by the project file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from autoanno_gui.core.diversity import NEAR_DUPLICATE
from autoanno_gui.core.frame_list import FrameList
from autoanno_gui.core.queue import order
from autoanno_gui.core.queue_settings import OrderName, QueueSettings
from autoanno_gui.core.records import Frame, FrameState
from autoanno_gui.imaging.similarity import LOOK_BYTES, LOOK_VERSION
from autoanno_gui.review.look_keeper import LookKeeper
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.store.writer_frames import StoredLook
from tests.unit.store.builders import add, decide, decision

MTIME = 1_700_000_000_123_456_789


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "street.autoanno", root=tmp_path) as store:
        yield store


@pytest.fixture
def reader(store: Store) -> Iterator[Reader]:
    with store.reader() as reader:
        yield reader


def look(frame: Frame, place: int, size: int = 100) -> StoredLook:
    """Return a look at a place on a line."""
    values = np.full(LOOK_BYTES, 128, np.uint8)
    values[:2] = LOOK_VERSION, place
    return StoredLook(frame.id, LOOK_VERSION, size, MTIME, values.tobytes())


def record(store: Store, *looks: StoredLook) -> None:
    store.submit(Priority.OTHER, lambda writer: writer.record_looks(looks)).result()


def queue(reader: Reader, keeper: LookKeeper) -> list[str]:
    """Return the paths in the order of review."""
    frames = FrameList()
    for block in reader.frames():
        frames.extend(block)
    columns = frames.columns()
    scores = keeper.scores(columns)
    settings = QueueSettings(order=OrderName.DIFFERENT)
    return [frames.at(at).path for at in order(columns, settings=settings, checks=False, distances=scores).positions]


def test_what_differs_most_from_the_decided_comes_first_and_its_twins_last(store: Store, reader: Reader) -> None:
    a, b, c, d, _ = add(store, "a", "b", "c", "d", "e")
    record(store, look(a, 0), look(b, 2), look(c, 90), look(d, 200))
    keeper = LookKeeper(reader)
    keeper.update()
    # Nothing decided: c is the most usual one.
    assert queue(reader, keeper) == ["c", "d", "a", "e", "b"]
    decide(store, decision(d.id))
    assert queue(reader, keeper) == ["a", "c", "e", "b", "d"]
    decide(store, decision(a.id))
    assert queue(reader, keeper) == ["c", "e", "b", "a", "d"]


def test_looks_that_come_change_or_go_are_followed(store: Store, reader: Reader) -> None:
    a, b, c = add(store, "a", "b", "c")
    record(store, look(a, 0), look(b, 40))
    decide(store, decision(a.id))
    keeper = LookKeeper(reader)
    keeper.update()
    assert queue(reader, keeper) == ["b", "c", "a"]
    record(store, look(c, 120), look(b, 3))
    keeper.update([b.id, c.id])
    assert queue(reader, keeper) == ["c", "b", "a"]
    add(store, "c", size=101)  # another picture by now
    keeper.update([c.id])
    assert scored(reader, keeper)[2] == np.float32(NEAR_DUPLICATE)
    record(store, look(c, 1, size=101))
    keeper.update([c.id])
    assert queue(reader, keeper) == ["b", "c", "a"]


def scored(reader: Reader, keeper: LookKeeper) -> NDArray[np.float32]:
    frames = FrameList()
    for block in reader.frames():
        frames.extend(block)
    scores = keeper.scores(frames.columns())
    assert scores is not None
    return scores


def test_what_was_kept_bit_by_bit_is_what_is_read_at_once(store: Store, reader: Reader) -> None:
    frames = add(store, *(f"{number}" for number in range(40)))
    rng = np.random.default_rng(2)
    kept = LookKeeper(reader)
    kept.update()
    for step in range(12):
        some = [frames[at] for at in rng.choice(40, 6, replace=False)]
        record(store, *(look(frame, int(rng.integers(256))) for frame in some))
        kept.update([frame.id for frame in some])
        if step % 3 == 0:
            decide(store, decision(frames[int(rng.integers(40))].id))
        fresh = LookKeeper(reader)
        fresh.update()
        assert np.array_equal(scored(reader, kept) <= NEAR_DUPLICATE, scored(reader, fresh) <= NEAR_DUPLICATE)
        assert np.sort(scored(reader, kept)) == pytest.approx(np.sort(scored(reader, fresh)))


def test_it_can_be_stopped_and_goes_on(store: Store, reader: Reader) -> None:
    a, b = add(store, "a", "b")
    record(store, look(a, 0), look(b, 100))
    decide(store, decision(a.id))
    keeper = LookKeeper(reader)
    keeper.update()
    frames = FrameList()
    for block in reader.frames():
        frames.extend(block)
    assert frames.count(FrameState.UNDECIDED) == 1
    assert keeper.scores(frames.columns(), stop=lambda: True) is None
    assert keeper.scores(frames.columns()) is not None


def test_a_project_without_looks(store: Store, reader: Reader) -> None:
    add(store, "a", "b")
    keeper = LookKeeper(reader)
    keeper.update()
    keeper.update([1, 2, 3])
    assert scored(reader, keeper) == pytest.approx([NEAR_DUPLICATE] * 2)
    assert queue(reader, keeper) == ["a", "b"]

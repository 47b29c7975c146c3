"""Notes what every frame looks like, so that the queue can begin with what differs most from all that is decided."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.errors import FrameError
from autoanno_gui.core.records import Frame, Progress
from autoanno_gui.imaging.similarity import LOOK_BYTES, LOOK_VERSION, read_look
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.store.writer_frames import StoredLook

BLOCK: Final = 64
"""Looks that are stored at a time; so many are lost at most when the program is killed."""


def similarity_job(store: Store, *, frames: Sequence[Frame] | None = None) -> Iterator[Progress]:
    """Read the frames whose look is not known, and store their looks; for a worker thread.

    Closing the generator stops it within one frame; what was read is stored, and the next job goes on from there. A
    file that cannot be read is passed over: whoever shows or predicts the frame says what is wrong with it.

    One thread: a frame takes 1 to 4 ms, and the other cores belong to the reviewer and the model.

    Args:
        store: the open project.
        frames: which ones; None for all that have no look.

    Yields:
        How far it is, before the first and after each frame.
    """
    if frames is None:
        frames = pending_looks(store)
    block: list[StoredLook] = []
    waiting: deque[Future[None]] = deque()
    try:
        yield Progress(0, len(frames))
        for done, frame in enumerate(frames, 1):
            try:
                found = read_look(store.root, frame.path)
            except FrameError:
                pass
            else:
                block.append(StoredLook(frame.id, LOOK_VERSION, *found.fingerprint, found.values.tobytes()))
            if len(block) == BLOCK:
                waiting.append(_record(store, block))
                block = []
            while len(waiting) > 1:
                waiting.popleft().result()
            yield Progress(done, len(frames), frame.path)
    finally:
        if block:
            waiting.append(_record(store, block))
        for future in waiting:
            future.result()


def pending_looks(store: Store) -> list[Frame]:
    """Return the usable frames, in natural order, of whose file as it is now no look is stored."""
    with store.reader() as reader:
        return reader.frames_without_look(version=LOOK_VERSION)


def looks_of(reader: Reader, frame_ids: Sequence[int] | None = None) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return (K,) ids, rising, of the frames whose looks are known, and their (K, LOOK_BYTES) looks.

    Args:
        reader: of the project.
        frame_ids: these frames only; None for all.
    """
    return reader.looks(version=LOOK_VERSION, size=LOOK_BYTES, frame_ids=frame_ids)


def _record(store: Store, block: list[StoredLook]) -> Future[None]:
    return store.submit(Priority.OTHER, lambda writer: writer.record_looks(block))

"""Reads every frame of a project once, so that damaged files are known before anyone meets them."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from autoanno_gui.core.errors import FrameError
from autoanno_gui.core.records import Frame, FrameHeader, Progress
from autoanno_gui.imaging.decode import read_frame
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.store.writer import Writer

_WORKERS: Final = min(4, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class _Read:
    """What is kept of a frame that was decoded; its pixels are not."""

    header: FrameHeader
    sha256: str


def check_job(store: Store) -> Iterator[Progress]:
    """Decode all frames on a few threads and store their sizes, flags, hashes and errors."""
    with store.reader() as reader:
        frames = [frame for block in reader.frames() for frame in block]
    ahead: deque[tuple[Frame, Future[_Read | FrameError]]] = deque()
    waiting: deque[Future[None]] = deque()
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="check") as pool:
        rest = iter(frames)
        for done in range(1, len(frames) + 1):
            while len(ahead) < 2 * _WORKERS and (frame := next(rest, None)) is not None:
                ahead.append((frame, pool.submit(_read, store.root, frame)))
            frame, result = ahead.popleft()
            waiting.append(_record(store, frame, result.result()))
            while len(waiting) > 64:
                waiting.popleft().result()
            yield Progress(done, len(frames), frame.path)
    for future in waiting:
        future.result()


def _read(root: Path, frame: Frame) -> _Read | FrameError:
    try:
        found = read_frame(root, frame.path)
    except FrameError as error:
        return error
    return _Read(found.header, found.sha256)


def _record(store: Store, frame: Frame, found: _Read | FrameError) -> Future[None]:
    def work(writer: Writer) -> None:
        if isinstance(found, FrameError):
            writer.set_frame_error(frame.id, found.code, found.detail)
        else:
            writer.set_frame_header(frame.id, found.header, sha256=found.sha256)

    return store.submit(Priority.OTHER, work)

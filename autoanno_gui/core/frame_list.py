"""All frames of a project in natural order; 100,000 of them stay small and quick to search."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.records import Frame, FrameState

STATES: Final = tuple(FrameState)
"""The states by the number that stands for each in the state column."""
STATE_NUMBER: Final = {state: number for number, state in enumerate(STATES)}


@dataclass(frozen=True, slots=True)
class FrameColumns:
    """What sorting needs to know of all frames, in natural order; a copy that never changes.

    Attributes:
        ids: (N,) int64.
        states: (N,) uint8, numbers into `STATES`.
        predicted: (N,) bool, whether each frame has a finished prediction.
        draws: (N,) uint32, checksums of the paths: what random orders are drawn from.
    """

    ids: NDArray[np.int64]
    states: NDArray[np.uint8]
    predicted: NDArray[np.bool_]
    draws: NDArray[np.uint32]


class FrameList:
    """Frames by position, with their states and whether they are predicted as columns beside them."""

    def __init__(self) -> None:
        self._frames: list[Frame] = []
        self._position: dict[int, int] = {}
        self._columns: dict[str, NDArray[Any]] = {
            "ids": np.zeros(64, np.int64),
            "states": np.zeros(64, np.uint8),
            "predicted": np.zeros(64, np.bool_),
            "draws": np.zeros(64, np.uint32),
        }
        self.generation = 0
        """Grows whenever frames that are there change their position."""

    def __len__(self) -> int:
        return len(self._frames)

    def __iter__(self) -> Iterator[Frame]:
        return iter(self._frames)

    def __contains__(self, frame_id: int) -> bool:
        return frame_id in self._position

    def extend(self, frames: Iterable[Frame]) -> None:
        """Append frames, and bring known ones up to date."""
        for frame in frames:
            if frame.id in self._position:
                self.update(frame)
                continue
            at = len(self._frames)
            if at == len(self._columns["ids"]):
                for name, column in self._columns.items():
                    self._columns[name] = np.concatenate([column, np.zeros_like(column)])
            self._position[frame.id] = at
            self._frames.append(frame)
            self._columns["ids"][at] = frame.id
            self._columns["draws"][at] = zlib.crc32(frame.path.encode("utf-8", "surrogatepass"))
            self._note_columns(at, frame)

    def update(self, frame: Frame) -> None:
        """Put a newer record in place of the one with the same id. Raises KeyError when there is none."""
        at = self._position[frame.id]
        self._frames[at] = frame
        self._note_columns(at, frame)

    def sort(self, order: Iterable[int]) -> None:
        """Put the frames into the given order of ids (all of them)."""
        positions = np.fromiter((self._position[frame_id] for frame_id in order), np.int64, len(self._frames))
        self._frames = [self._frames[at] for at in positions]
        self._position = {frame.id: at for at, frame in enumerate(self._frames)}
        for column in self._columns.values():
            column[: len(positions)] = column[positions]
        self.generation += 1

    def _note_columns(self, at: int, frame: Frame) -> None:
        self._columns["states"][at] = STATE_NUMBER[frame.state]
        self._columns["predicted"][at] = frame.run_frame_id is not None

    def columns(self) -> FrameColumns:
        """Return a copy of all columns, for another thread."""
        return FrameColumns(**{name: column[: len(self._frames)].copy() for name, column in self._columns.items()})

    def at(self, position: int) -> Frame:
        return self._frames[position]

    def get(self, frame_id: int) -> Frame:
        """Return a frame by id. Raises KeyError when it is not in the list."""
        return self._frames[self._position[frame_id]]

    def position(self, frame_id: int) -> int:
        return self._position[frame_id]

    def positions(self, frame_ids: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return where frames stand, in the given order, without those that are not in the list."""
        if not len(self._frames):
            return np.zeros(0, np.int32)
        # Ids are row numbers, so that a table of all of them is small, and quicker than 100,000 look-ups.
        place = np.full(int(self.ids.max()) + 1, -1, np.int32)
        place[self.ids] = np.arange(len(self._frames), dtype=np.int32)
        known = place[frame_ids[(frame_ids >= 0) & (frame_ids < len(place))]]
        return known[known >= 0]

    @property
    def ids(self) -> NDArray[np.int64]:
        """(N,) in natural order; a view, to be read only."""
        return self._columns["ids"][: len(self._frames)]

    @property
    def draws(self) -> NDArray[np.uint32]:
        """(N,) checksums of the paths, in natural order; a view, to be read only."""
        return self._columns["draws"][: len(self._frames)]

    @property
    def states(self) -> NDArray[np.uint8]:
        """(N,) numbers into `STATES`, in natural order; a view, to be read only."""
        return self._columns["states"][: len(self._frames)]

    @property
    def predicted(self) -> NDArray[np.bool_]:
        """(N,) whether each frame has a finished prediction; a view, to be read only."""
        return self._columns["predicted"][: len(self._frames)]

    def count(self, *states: FrameState) -> int:
        """Return how many frames are in any of these states."""
        numbers = np.bincount(self.states, minlength=len(STATES))
        return int(sum(numbers[STATE_NUMBER[state]] for state in states))

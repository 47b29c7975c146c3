"""All frames of a project in natural order; 100,000 of them stay small and quick to search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.records import Frame, FrameState

STATES: Final = tuple(FrameState)
"""The states by the number that stands for each in the state column."""
STATE_NUMBER: Final = {state: number for number, state in enumerate(STATES)}


class FrameList:
    """Frames by position, with their states and whether they are predicted as columns beside them."""

    def __init__(self) -> None:
        self._frames: list[Frame] = []
        self._position: dict[int, int] = {}
        self._states = np.zeros(64, np.uint8)
        self._predicted = np.zeros(64, np.bool_)
        self._arrived = np.zeros(64, np.uint8)

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
            if at == len(self._states):
                self._states = np.concatenate([self._states, np.zeros_like(self._states)])
                self._predicted = np.concatenate([self._predicted, np.zeros_like(self._predicted)])
                self._arrived = np.concatenate([self._arrived, np.zeros_like(self._arrived)])
            self._position[frame.id] = at
            self._frames.append(frame)
            self._note_columns(at, frame)
            self._arrived[at] = self._states[at]

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
        for column in (self._states, self._predicted, self._arrived):
            column[: len(positions)] = column[positions]

    def _note_columns(self, at: int, frame: Frame) -> None:
        self._states[at] = STATE_NUMBER[frame.state]
        self._predicted[at] = frame.run_frame_id is not None

    def at(self, position: int) -> Frame:
        return self._frames[position]

    def get(self, frame_id: int) -> Frame:
        """Return a frame by id. Raises KeyError when it is not in the list."""
        return self._frames[self._position[frame_id]]

    def position(self, frame_id: int) -> int:
        return self._position[frame_id]

    @property
    def states(self) -> NDArray[np.uint8]:
        """(N,) numbers into `STATES`, in natural order; a view, to be read only."""
        return self._states[: len(self._frames)]

    @property
    def arrival_states(self) -> NDArray[np.uint8]:
        """(N,) numbers into `STATES`: how each frame was when it came into the list; a view, to be read only."""
        return self._arrived[: len(self._frames)]

    @property
    def predicted(self) -> NDArray[np.bool_]:
        """(N,) whether each frame has a finished prediction; a view, to be read only."""
        return self._predicted[: len(self._frames)]

    def count(self, *states: FrameState) -> int:
        """Return how many frames are in any of these states."""
        numbers = np.bincount(self.states, minlength=len(STATES))
        return int(sum(numbers[STATE_NUMBER[state]] for state in states))

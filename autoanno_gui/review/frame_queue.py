"""The order in which frames come to review, and where in it the reviewer is."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core import queue
from autoanno_gui.core.frame_list import STATE_NUMBER, FrameList
from autoanno_gui.core.records import Frame, FrameState

_NEAR: Final = 256
"""Places that are looked through first."""


class FrameQueue:
    """All frames in the order of review. Decisions do not reorder it, so that nothing moves under the hands."""

    def __init__(self) -> None:
        self.frames: Final = FrameList()
        self.wanted = FrameState.UNDECIDED
        """What the reviewer goes through; what is to review comes after."""
        self._order: NDArray[np.int32] = np.zeros(0, np.int32)
        self._place: NDArray[np.int32] = np.zeros(0, np.int32)

    def __len__(self) -> int:
        return len(self._order)

    def reorder(self) -> None:
        """Compute the order anew. A frame's place follows from its state when it came, not from what was decided since:
        frames that are found meanwhile do not move those that the reviewer has just left."""
        found = queue.order(self.frames.arrival_states, self.frames.predicted)
        self._order = np.asarray(found.positions, np.int32)
        self._place = np.empty_like(self._order)
        self._place[self._order] = np.arange(len(self._order), dtype=np.int32)

    @property
    def order(self) -> NDArray[np.int32]:
        """(N,) positions in `frames`, in the order of review."""
        return self._order

    def at(self, place: int) -> Frame:
        return self.frames.at(int(self._order[place]))

    def place_of(self, frame_id: int) -> int:
        return int(self._place[self.frames.position(frame_id)])

    def following(self, place: int, state: FrameState, *, count: int = 1, wrap: bool = True) -> list[int]:
        """Return up to `count` places of frames in a state, after `place` and then (if wanted) from the start."""
        found = self._places(state, place + 1, len(self), count)
        if wrap and len(found) < count:
            found += self._places(state, 0, max(place, 0), count - len(found))
        return found

    def _places(self, state: FrameState, start: int, end: int, count: int) -> list[int]:
        """Return the first `count` places from `start` up to `end` in a state; mostly they are near."""
        found: list[int] = []
        size = _NEAR
        while start < end and len(found) < count:
            stop = min(start + size, end)
            here = self.frames.states[self._order[start:stop]] == STATE_NUMBER[state]
            found += [start + int(at) for at in np.flatnonzero(here)[: count - len(found)]]
            start, size = stop, size * 8
        return found

    def first(self) -> Frame | None:
        """Return the frame to open first: the first undecided one, else the first put off, else the first."""
        if not len(self):
            return None
        for state in (FrameState.UNDECIDED, FrameState.DEFERRED):
            if places := self.following(-1, state):
                return self.at(places[0])
        return self.at(0)

    def next_place(self, place: int, *, state_before: FrameState) -> int | None:
        """Return where a decision leads to, None at the end.

        Args:
            place: of the frame that was just decided, or cannot be.
            state_before: of that frame; one of those put off, or of those to label by hand, is followed by the next.
        """
        now = self.at(place).state
        states = dict.fromkeys((self.wanted, FrameState.UNDECIDED))
        if state_before in (FrameState.DEFERRED, FrameState.REJECTED):
            states.setdefault(state_before)
        for state in states:
            # What is left in its state (put off again) must not come round and round.
            wrap = state is FrameState.UNDECIDED or (state is self.wanted and state is not now)
            if places := self.following(place, state, wrap=wrap):
                return places[0]
        return None

    def look_ahead(self, frame_id: int, *, count: int) -> list[int]:
        """Return the frames that the next keys may ask for: after the next decisions, then those beside it."""
        here = self.place_of(frame_id)
        places = self.following(here, self.wanted, count=count)
        if len(places) < count and self.wanted is not FrameState.UNDECIDED:
            places += self.following(here, FrameState.UNDECIDED, count=count - len(places))
        places += [place for place in (here + 1, here - 1) if 0 <= place < len(self)]
        ids = dict.fromkeys(self.at(place).id for place in places)
        ids.pop(frame_id, None)
        return list(ids)

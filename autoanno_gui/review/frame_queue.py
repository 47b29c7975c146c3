"""The order in which frames come to review, and where in it the reviewer is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core import queue
from autoanno_gui.core.frame_list import STATE_NUMBER, FrameColumns, FrameList
from autoanno_gui.core.queue import REASON_NUMBER, QueueOrder, QueueReason
from autoanno_gui.core.records import Frame, FrameState

LOOK_AHEAD: Final = 5
"""Frames after the open one that are made ready, and that a new order leaves where they are."""
_COVERAGE: Final = REASON_NUMBER[QueueReason.COVERAGE]
_UNPREDICTED: Final = REASON_NUMBER[QueueReason.UNPREDICTED]
_NEAR: Final = 256
"""Places that are looked through first."""


class FrameQueue:
    """All frames in the order of review.

    A new order never moves what the reviewer has under the hands: the frames that were decided or open in this sitting,
    the one that is open now, and those that come next keep their places; all others are arranged around them. In the
    order of names a frame keeps its place among its neighbours instead, whatever is decided about it in this sitting.
    """

    def __init__(self) -> None:
        self.frames: Final = FrameList()
        self.wanted = FrameState.UNDECIDED
        """What the reviewer goes through; what is to review comes after."""
        self.shown: NDArray[np.bool_] | None = None
        """(N,) by position, which frames the reviewer wants to go through; None for all."""
        self.listed: NDArray[np.int32] | None = None
        """(L,) positions of frames to go through in this order, whatever was decided on them; None for none."""
        self._order: NDArray[np.int32] = np.zeros(0, np.int32)
        self._reasons: NDArray[np.uint8] = np.zeros(0, np.uint8)
        self._scores: NDArray[np.float32] = np.zeros(0, np.float32)
        self._place: NDArray[np.int32] = np.zeros(0, np.int32)
        self._passed: NDArray[np.bool_] = np.zeros(0, np.bool_)
        """(N,) by position, which frames were open in this sitting."""
        self._arrived: NDArray[np.uint8] = np.zeros(0, np.uint8)
        """(N,) by position, the state of each frame when it came."""
        self._here: int | None = None
        self._sorted = False
        """Whether the order comes from more than names."""

    def __len__(self) -> int:
        return len(self._order)

    @property
    def order(self) -> NDArray[np.int32]:
        """(N,) positions in `frames`, in the order of review."""
        return self._order

    @property
    def reasons(self) -> NDArray[np.uint8]:
        """(N,) numbers into `queue.REASONS`, by place."""
        return self._reasons

    @property
    def scores(self) -> NDArray[np.float32]:
        """(N,) what each place is worth as its reason counts it, by place."""
        return self._scores

    @property
    def places(self) -> NDArray[np.int32]:
        """(N,) the place of each frame, by position; a view, to be read only."""
        return self._place

    def reason_of(self, frame_id: int) -> QueueReason:
        """Return why a frame stands where it does."""
        return queue.REASONS[int(self._reasons[self.place_of(frame_id)])]

    # ------------------------------------------------------------------------------------------------ arranging
    def take_frames(self, frames: Iterable[Frame], *, order: Sequence[int] | None = None) -> None:
        """Take frames as they were read; new ones come last until the next order.

        Args:
            frames: new ones, or newer records of known ones.
            order: ids of all frames, when they are to be put into another natural order.
        """
        self.frames.extend(frames)
        new = len(self.frames) - len(self._passed)
        self._passed = np.concatenate([self._passed, np.zeros(new, np.bool_)])
        self._arrived = np.concatenate([self._arrived, self.frames.states[len(self._arrived) :]])
        if new:
            self._use(_with_later_frames(QueueOrder(self._order, self._reasons, self._scores), self.frames))
        if order is not None:
            self._follow_sort(order)
        if not self._sorted:
            # Nothing better is known yet than the order of names.
            self.take_order(queue.order(self.columns(by_name=True), checks=False), plain=True)

    def _follow_sort(self, order: Sequence[int]) -> None:
        """Put the frames into another natural order; the queue stays as it is."""
        before = self.frames.ids.copy()
        self.frames.sort(order)
        rising = np.argsort(self.frames.ids, kind="stable")
        moved_to = rising[np.searchsorted(self.frames.ids, before, sorter=rising)].astype(np.int32)
        self._order = moved_to[self._order]
        for column in (self._passed, self._arrived):
            column[moved_to] = column.copy()
        self.shown = self.listed = None
        self._note_places()

    def columns(self, *, by_name: bool) -> FrameColumns:
        """Return what the frames are to be sorted by.

        Args:
            by_name: for the order of names: with the states in which the frames came.
        """
        found = self.frames.columns()
        return replace(found, states=self._arrived.copy()) if by_name else found

    def take_order(
        self, found: QueueOrder, *, plain: bool = False, by_name: bool = False, restart: bool = False
    ) -> bool:
        """Arrange all frames anew, around those that keep their places. Returns whether any frame moved.

        Args:
            found: an order of the frames that are there; those that came since go to its end.
            plain: nothing but the names is behind it, so that frames that come later may be put among these.
            by_name: it is the order of names, in which no frame is held back.
            restart: the reviewer asked for it: what was open in this sitting goes to the front, and the new order
                begins right behind it.
        """
        self._sorted = not plain
        found = _with_later_frames(found, self.frames)
        if plain or by_name:
            before, kept = self._order, np.zeros(0, np.int64)
        elif restart:
            passed = self._passed[self._order]
            before = np.concatenate([self._order[passed], self._order[~passed]])
            kept = np.arange(np.count_nonzero(passed))
        else:
            before, kept = self._order, self._kept_places()
        positions = _around(before, kept, found.positions)
        place = np.empty_like(positions)
        place[found.positions] = np.arange(len(positions), dtype=np.int32)
        at = place[positions]
        moved = not np.array_equal(positions, self._order)
        self._use(QueueOrder(positions, found.reasons[at], found.scores[at]))
        return moved

    def _kept_places(self) -> NDArray[np.int64]:
        """Return the places that a new order leaves alone."""
        passed = np.flatnonzero(self._passed[self._order])
        if self._here is None:
            return passed
        ahead = [self.place_of(frame_id) for frame_id in self.look_ahead(self._here, count=LOOK_AHEAD)]
        return np.union1d(passed, np.array(ahead, np.int64))

    def _use(self, found: QueueOrder) -> None:
        self._order, self._reasons, self._scores = found.positions, found.reasons, found.scores
        self._note_places()

    def _note_places(self) -> None:
        self._place = np.empty_like(self._order)
        self._place[self._order] = np.arange(len(self._order), dtype=np.int32)

    def opened(self, frame_id: int) -> None:
        """Note which frame the reviewer looks at."""
        self._here = frame_id
        self._passed[self.frames.position(frame_id)] = True

    # ------------------------------------------------------------------------------------------------ finding
    def at(self, place: int) -> Frame:
        return self.frames.at(int(self._order[place]))

    def place_of(self, frame_id: int) -> int:
        return int(self._place[self.frames.position(frame_id)])

    def following(self, place: int, state: FrameState, *, count: int = 1, wrap: bool = True) -> list[int]:
        """Return up to `count` places of frames in a state, after `place` and then (if wanted) from the start; those
        that the reviewer does not want to go through come after the others."""
        found = self._around(place, state, count, shown=True, wrap=wrap)
        if self.shown is not None and len(found) < count:
            found += self._around(place, state, count - len(found), shown=False, wrap=wrap)
        return found

    def _around(self, place: int, state: FrameState, count: int, *, shown: bool, wrap: bool) -> list[int]:
        found = self._places(state, place + 1, len(self), count, shown=shown)
        if wrap and len(found) < count:
            found += self._places(state, 0, max(place, 0), count - len(found), shown=shown)
        return found

    def _places(self, state: FrameState, start: int, end: int, count: int, *, shown: bool) -> list[int]:
        """Return the first `count` places from `start` up to `end` in a state; mostly they are near."""
        found: list[int] = []
        size = _NEAR
        while start < end and len(found) < count:
            stop = min(start + size, end)
            positions = self._order[start:stop]
            here = self.frames.states[positions] == STATE_NUMBER[state]
            if self.shown is not None:
                here &= _chosen(self.shown, positions) == shown
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
        if (listed := self._listed_beside(place, 1)) is not None:
            return listed
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

    def beside(self, place: int, by: int) -> int | None:
        """Return the place of the frame `by` rows down (or up) from one, None at either end."""
        if self.listed is not None:
            return self._listed_beside(place, by)
        return place + by if 0 <= place + by < len(self) else None

    def _listed_beside(self, place: int, by: int) -> int | None:
        """Return the place of the listed frame `by` further on; from a frame that is not listed, counted from outside
        the list."""
        if self.listed is None:
            return None
        found = np.flatnonzero(self.listed == self._order[place])
        at = (int(found[0]) if len(found) else -1 if by > 0 else len(self.listed)) + by
        return int(self._place[self.listed[at]]) if 0 <= at < len(self.listed) else None

    def look_ahead(self, frame_id: int, *, count: int) -> list[int]:
        """Return the frames that the next keys may ask for: after the next decisions, then those beside it."""
        here = self.place_of(frame_id)
        places = [place for by in range(1, count + 1) if (place := self._listed_beside(here, by)) is not None]
        places += self.following(here, self.wanted, count=count - len(places))
        if len(places) < count and self.wanted is not FrameState.UNDECIDED:
            places += self.following(here, FrameState.UNDECIDED, count=count - len(places))
        places += [place for place in (here + 1, here - 1) if 0 <= place < len(self)]
        ids = dict.fromkeys(self.at(place).id for place in places)
        ids.pop(frame_id, None)
        return list(ids)


def _around(before: NDArray[np.int32], kept: NDArray[np.int64], wanted: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the wanted order, but with what stood in the kept places of the order before still there."""
    positions = np.empty_like(wanted)
    positions[kept] = before[kept]
    is_kept = np.zeros(len(wanted), np.bool_)
    is_kept[before[kept]] = True
    free = np.ones(len(wanted), np.bool_)
    free[kept] = False
    positions[free] = wanted[~is_kept[wanted]]
    return positions


def _with_later_frames(found: QueueOrder, frames: FrameList) -> QueueOrder:
    """Return an order with the frames that came after it was made at its end."""
    later = np.arange(len(found), len(frames), dtype=np.int32)
    if not len(later):
        return found
    reasons = np.where(frames.predicted[later], _COVERAGE, _UNPREDICTED).astype(np.uint8)
    return QueueOrder(
        np.concatenate([found.positions, later]),
        np.concatenate([found.reasons, reasons]),
        np.concatenate([found.scores, np.zeros(len(later), np.float32)]),
    )


def _chosen(among: NDArray[np.bool_], positions: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return which positions are chosen; frames that came after the choice was made are not."""
    if not len(among):
        return np.zeros(len(positions), np.bool_)
    found: NDArray[np.bool_] = among[np.minimum(positions, len(among) - 1)] & (positions < len(among))
    return found

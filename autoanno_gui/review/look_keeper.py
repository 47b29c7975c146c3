"""Keeps how much the frames differ from the decided ones up to date with the project file, for the queue's thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.diversity import NEAR_DUPLICATE, Distances, diversity_scores
from autoanno_gui.core.frame_list import STATE_NUMBER, STATES, FrameColumns
from autoanno_gui.core.records import FrameState
from autoanno_gui.imaging.similarity import LOOK_BYTES
from autoanno_gui.review.similarity_job import looks_of
from autoanno_gui.store.reader import Reader

_DECIDED: Final = np.array([state.decided for state in STATES])
_UNDECIDED: Final = STATE_NUMBER[FrameState.UNDECIDED]
_NO_ROW: Final = -1


class LookKeeper:
    """The looks of one project. One thread at a time; nothing here is the only place of anything."""

    def __init__(self, reader: Reader) -> None:
        self._reader: Final = reader
        self._row_of: dict[int, int] = {}
        self._distances = _without_looks()

    def update(self, frame_ids: Sequence[int] | None = None) -> None:
        """Read what is stored of these frames; None for all, from the beginning."""
        ids, looks = looks_of(self._reader, frame_ids)
        if frame_ids is None:
            self._row_of, self._distances = {}, _without_looks()
        else:
            gone = set(frame_ids) - set(ids.tolist())
            lost = [self._row_of[frame_id] for frame_id in gone if frame_id in self._row_of]
            self._distances.forget(np.array(lost, np.int64))
        rows = self._rows(ids)
        known = rows != _NO_ROW
        self._distances.replace(rows[known], looks[known])
        self._row_of |= {frame_id: row for row, frame_id in enumerate(ids[~known].tolist(), len(self._distances))}
        self._distances.append(looks[~known], np.ones(int((~known).sum()), np.bool_))

    def scores(self, frames: FrameColumns, *, stop: Callable[[], bool] = lambda: False) -> NDArray[np.float32] | None:
        """Return (N,) by position what `core.queue.order` takes as `distances`: see `diversity_scores`.

        Args:
            frames: all of them; decided and undecided by their states.
            stop: asked every few milliseconds whether to give up; the next call goes on from there.

        Returns:
            None when it was stopped.
        """
        rows = self._rows(frames.ids)
        known = rows != _NO_ROW
        decided, waiting = np.zeros((2, len(self._distances)), np.bool_)
        decided[rows[known]] = _DECIDED[frames.states[known]]
        waiting[rows[known]] = frames.states[known] == _UNDECIDED
        if not self._distances.update(decided, stop=stop):
            return None
        found = diversity_scores(self._distances, waiting, stop=stop)
        if found is None:
            return None
        scores = np.full(len(rows), NEAR_DUPLICATE, np.float32)
        scores[known] = found[rows[known]]
        return scores

    def _rows(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return (N,) the rows of frames, `_NO_ROW` for those without."""
        return np.fromiter((self._row_of.get(frame_id, _NO_ROW) for frame_id in ids.tolist()), np.int64, len(ids))


def _without_looks() -> Distances:
    return Distances(np.zeros((0, LOOK_BYTES), np.uint8), np.zeros(0, np.bool_))

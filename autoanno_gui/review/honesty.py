"""Which frames are labelled blind, so that the figures do not only say how much the reviewer nods.

About half of the random stream is labelled before anything of its predictions may be seen: on the canvas, in a panel,
on the contact sheet, or by what a filter lets through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.frame_list import STATE_NUMBER, FrameColumns
from autoanno_gui.core.queue import in_random_stream, is_blind
from autoanno_gui.core.queue_settings import QueueSettings
from autoanno_gui.core.records import Frame, FrameState

if TYPE_CHECKING:
    from autoanno_gui.review.open_frame import OpenFrame

LEAST_FRAMES: Final = 100
"""In a smaller folder a sample of it says too little to be worth the trouble."""
OPEN: Final = (FrameState.UNDECIDED, FrameState.DEFERRED)
"""States of frames that wait for their labels."""


class HonestyGuards:
    """Says of the frames of a session which ones must not show what the model proposed."""

    def __init__(self, session: OpenFrame, *, enabled: bool) -> None:
        self._session: Final = session
        self.enabled: Final = enabled
        """Whether the user wants checks at all."""
        self._seen: Final[set[int]] = set()
        """Frames whose proposals were on the screen in this sitting while they were undecided: too late to hide."""

    @property
    def active(self) -> bool:
        """Whether frames are blind, and decided ones may come again with an alteration."""
        return self.enabled and len(self._session.frames) >= LEAST_FRAMES

    def in_stream(self, frame_id: int) -> bool:
        """Whether a frame belongs to the random stream, as far as there is one."""
        return self.enabled and bool(in_random_stream(self._draw(frame_id), self._session.queue_settings)[0])

    def is_blind(self, frame: Frame) -> bool:
        """Whether nothing of what the model proposed for a frame may be seen now."""
        if not self.active or frame.state not in OPEN or frame.run_frame_id is None or frame.id in self._seen:
            return False
        if frame.id in self._session.tuning_sample or self._session.trials.arm_of(frame.id) is not None:
            return False
        return bool(is_blind(self._draw(frame.id), self._session.queue_settings)[0])

    @property
    def seen(self) -> frozenset[int]:
        """Ids of frames whose proposals were on the screen in this sitting."""
        return frozenset(self._seen)

    def note_seen(self, frame_id: int) -> None:
        """Note that a frame was shown with what the model proposed."""
        self._seen.add(frame_id)

    def hidden(self) -> NDArray[np.bool_]:
        """Return (N,) by position, which frames must not show what the model proposed."""
        frames = self._session.frames
        found = np.zeros(len(frames), np.bool_)
        if self.active:
            found = blind_positions(frames.columns(), self._session.queue_settings)
            others = (*self._seen, *self._session.tuning_sample, *self._session.trials.frame_ids)
            found[[frames.position(i) for i in others if i in frames]] = False
        return found

    def _draw(self, frame_id: int) -> NDArray[np.uint32]:
        frames = self._session.frames
        at = frames.position(frame_id)
        return frames.draws[at : at + 1]


def blind_positions(frames: FrameColumns, settings: QueueSettings) -> NDArray[np.bool_]:
    """Return (N,) which frames of a folder that is large enough are still to be labelled blind, or will be once they
    are predicted or can be read: an index of predictions may know of these before the frame list does."""
    if len(frames.ids) < LEAST_FRAMES:
        return np.zeros(len(frames.ids), np.bool_)
    waiting = np.isin(frames.states, [STATE_NUMBER[state] for state in (*OPEN, FrameState.FAILED)])
    return waiting & is_blind(frames.draws, settings)

"""The trial of the open project: which of its frames are labelled from nothing, and what is not allowed on them."""

from __future__ import annotations

from typing import Final

from autoanno_gui.core.document import Document
from autoanno_gui.core.frame_list import FrameList
from autoanno_gui.core.records import Frame, FrameState, PresentationMode
from autoanno_gui.core.trial import Arm, Trial
from autoanno_gui.store.reader import Reader

TRIAL_SETTING: Final = "trial"
_OPEN: Final = (FrameState.UNDECIDED, FrameState.DEFERRED)


def stored_trial(reader: Reader) -> Trial | None:
    """Return the project's trial; None where there is none."""
    return Trial.from_json(reader.setting(TRIAL_SETTING))


class TrialKeeper:
    """Knows the frames of the trial by id. GUI thread only, like the session's reader."""

    def __init__(self, reader: Reader) -> None:
        self._reader: Final = reader
        self.trial: Trial | None = None
        self._arms: dict[int, Arm] = {}
        self.take(stored_trial(reader))

    def take(self, trial: Trial | None) -> None:
        """Keep to another trial from now on, or to none."""
        self.trial = trial
        arms = trial.arms if trial is not None else {}
        found = ((self._reader.frame_by_path(path), arm) for path, arm in arms.items())
        self._arms = {frame.id: arm for frame, arm in found if frame is not None}

    @property
    def frame_ids(self) -> tuple[int, ...]:
        """Ids of the trial's frames, whatever their state."""
        return tuple(self._arms)

    def arm_of(self, frame_id: int) -> Arm | None:
        """Return how a frame is labelled; None for one that is not of the trial."""
        return self._arms.get(frame_id)

    def runs_on(self, frame: Frame) -> bool:
        """Whether how long a frame takes is still to be measured."""
        return frame.id in self._arms and frame.state in _OPEN

    def hides(self, frame: Frame) -> bool:
        """Whether nothing of what the model proposed for a frame may be seen now: it is labelled from nothing."""
        return self.runs_on(frame) and self._arms[frame.id] is Arm.HAND

    def hidden(self, frames: FrameList) -> tuple[int, ...]:
        """Return the ids of the frames that must not show what the model proposed."""
        return tuple(i for i in self._arms if i in frames and self.hides(frames.get(i)))

    def hide(self, document: Document, frame: Frame, *, unseen: bool = False) -> None:
        """Let a frame of the trial be labelled from nothing where that was drawn.

        Args:
            unseen: its predictions have just come, so that nothing was done on it in their sight.
        """
        normal = document.mode is PresentationMode.NORMAL and document.predictions is not None
        if normal and (unseen or not document.has_traces) and self.hides(frame):
            document.start_by_hand()

    def refusal(self, frame: Frame) -> str:
        """Return why the reviewer cannot choose how a frame is labelled; empty where that is free."""
        if not self.runs_on(frame):
            return ""
        if self._arms[frame.id] is Arm.HAND:
            return (
                "This frame was drawn to be labelled by hand, so that the return can be measured; you can put it off."
            )
        return (
            "This frame was drawn to be reviewed, so that the return can be measured; you can reject it or put it off."
        )

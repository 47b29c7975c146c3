"""What keys and the threshold panel do to the display thresholds, the common one and those of single classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, Signal

from autoanno_gui.review.outcome import Outcome, Step
from autoanno_gui.review.session import ReviewSession

THRESHOLD_STEP: Final = 0.05
SELECT_FIRST: Final = Outcome(Step.NOTHING, text="Select an object: its class gets a threshold of its own.")


class ThresholdActs(QObject):
    """Verbs on the thresholds of one session."""

    moved = Signal(object)
    """The class whose threshold was moved, None for the common one; before the objects are shown."""

    def __init__(self, session: ReviewSession, *, show: Callable[[Outcome], None], parent: QObject) -> None:
        """Act on a session; `show` puts what a verb did on the screen."""
        super().__init__(parent)
        self._session = session
        self._show = show
        self._in_hand: int | None = None
        """The class that the last key moved. The next one means it when the object that it began with has left."""

    def set(self, value: float, class_id: int | None = None) -> None:
        """Set the common threshold, or that of one class."""
        self._done(self._session.set_threshold(value, class_id), class_id)

    def move(self, steps: int) -> None:
        """Move the common threshold by steps of 0.05."""
        self.set(self._session.thresholds.default + steps * THRESHOLD_STEP)

    def move_class(self, steps: int) -> None:
        """Move the threshold of the selected object's class by steps of 0.05."""
        class_id = self._class_meant()
        if class_id is None:
            self._show(SELECT_FIRST)
            return
        self.set(self._session.thresholds.of(class_id) + steps * THRESHOLD_STEP, class_id)
        self._in_hand = class_id

    def note_act(self) -> None:
        """Note that something was done: from now on the selected object says which class is meant."""
        self._in_hand = None

    def reset(self, class_id: int | None) -> None:
        """Let a class follow the common threshold again; None means all classes."""
        self._done(self._session.reset_threshold(class_id), class_id)

    def reset_class(self) -> None:
        """Let the class of the selected object follow the common threshold again."""
        class_id = self._class_meant()
        if class_id is None:
            self._show(SELECT_FIRST)
        else:
            self.reset(class_id)

    def _done(self, outcome: Outcome, class_id: int | None) -> None:
        self.moved.emit(class_id)
        self._show(outcome)

    def _class_meant(self) -> int | None:
        if self._in_hand is not None:
            return self._in_hand
        document, selected = self._session.document, self._session.objects.selected
        item = document.get(selected) if document is not None and selected is not None else None
        return item.class_id if item is not None else None

"""What is on its way to the ledger: at most one decision, revocation or page, until the store has acknowledged it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from autoanno_gui.core.history import DecisionEntry, History, PageEntry
from autoanno_gui.core.records import Decision
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.store.writer import Writer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class InFlight:
    """A decision or revocation on its way to the store.

    Attributes:
        entry: the step of the history that it is.
        revocation: whether it takes the entry's decision back.
        came_from: the frame that was open before.
    """

    entry: DecisionEntry
    revocation: bool
    came_from: int


class PageAct(StrEnum):
    """What is done with a page."""

    RECORD = "record"
    UNDO = "undo"
    REDO = "redo"


@dataclass(frozen=True, slots=True)
class PageInFlight:
    """A page of the contact sheet on its way to the store."""

    entry: PageEntry
    act: PageAct


class Commits:
    """Sends decisions and revocations to the store and moves the history along with them."""

    def __init__(self, store: Store, history: History) -> None:
        self._store: Final = store
        self._history: Final = history
        self._in_flight: InFlight | PageInFlight | None = None

    @property
    def busy(self) -> bool:
        return self._in_flight is not None

    def record(self, entry: DecisionEntry, *, redo: bool) -> Future[Any]:
        """Send a decision; with `redo` it takes the place of the step that was undone last."""
        decision = entry.decision
        commit = self._store.submit(Priority.DECISION, lambda writer: writer.record_decision(decision))
        if redo:
            self._history.stepped_forward(entry)
        else:
            self._history.push(entry)
        self._in_flight = InFlight(entry, revocation=False, came_from=entry.frame_id)
        return commit

    def revoke(self, entry: DecisionEntry, *, came_from: int) -> Future[Any]:
        """Take the newest decision of the history back."""
        revoked = entry.decision.uuid
        commit = self._store.submit(
            Priority.DECISION, lambda writer: writer.revoke_decision(revoked, reason="undone by the reviewer")
        )
        self._history.stepped_back()
        self._in_flight = InFlight(entry, revocation=True, came_from=came_from)
        return commit

    def send_page(self, entry: PageEntry, act: PageAct, work: Callable[[Writer], T]) -> Future[T]:
        """Send a page, or take back or redo the one that is next to undo or redo."""
        # In turn with the drafts: an older one of the same frame must not come after it.
        commit = self._store.submit(Priority.DRAFT, work)
        match act:
            case PageAct.RECORD:
                self._history.push(entry)
            case PageAct.UNDO:
                self._history.stepped_back()
            case PageAct.REDO:
                self._history.stepped_forward()
        self._in_flight = PageInFlight(entry, act)
        return commit

    def land(self) -> InFlight | PageInFlight | None:
        """Return what was in flight; it has been acknowledged, or has failed."""
        landed, self._in_flight = self._in_flight, None
        return landed

    def is_about(self, frame_id: int) -> bool:
        """Whether a decision on a frame, or its revocation, is on its way."""
        return isinstance(self._in_flight, InFlight) and self._in_flight.entry.frame_id == frame_id

    def decision_on(self, frame_id: int) -> Decision | None:
        """Return the decision on a frame that the project file does not show yet."""
        flight = self._in_flight
        if not isinstance(flight, InFlight) or flight.revocation or flight.entry.frame_id != frame_id:
            return None
        return flight.entry.decision

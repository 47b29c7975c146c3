"""A review without a window: a real project, its session, and what a presenter would tell it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

from autoanno_gui.core.document import Document
from autoanno_gui.core.records import Decision, FrameState
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.outcome import Outcome, Step
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.store.reader import LedgerEntry
from autoanno_gui.store.store_thread import Priority, Store
from tests.projects import HEIGHT, WIDTH, MadeProject

PATIENCE = 20.0


class Sitting:
    """One open project. Frames are named by their number in natural order."""

    def __init__(
        self,
        made: MadeProject,
        *,
        clock: Callable[[], float] = time.monotonic,
        model_active: bool = False,
        checks: bool = True,
        check_every: int = 0,
        reviewer: str = "ann",
    ) -> None:
        self.store = Store.open(made.file)
        self.session = ReviewSession(self.store, reviewer=reviewer, clock=clock, checks=checks, check_every=check_every)
        self.session.model_active = model_active
        self._closed = False
        with self.store.reader() as reader:
            for block in reader.frames():
                self.session.take_frames(block)
        self.ids = [frame.id for frame in self.session.frames]

    def start(self) -> Sitting:
        """Open and paint the first frame."""
        first = self.session.queue.first()
        assert first is not None
        self.session.open(first.id)
        self.paint()
        return self

    def close(self) -> None:
        """End the sitting; idempotent."""
        if not self._closed:
            self._closed = True
            self.session.close()
            self.store.close()

    # ------------------------------------------------------------------------------------------------ acts
    def paint(self) -> None:
        """Tell the size of the open frame, then that it is on the screen."""
        assert self.session.frame is not None
        self.session.note_size(self.session.frame.id, width=WIDTH, height=HEIGHT)
        self.session.frame_painted()

    def done(self, outcome: Outcome) -> Outcome:
        """Wait for the commit of a verb and paint the frame that it opened, as a presenter does."""
        if outcome.commit is not None:
            outcome.commit.result(PATIENCE)
            self.session.committed()
            if self.session.reveal().step is Step.FRAME:
                self.paint()
        if outcome.step is Step.FRAME:
            self.paint()
        return outcome

    def accept(self) -> Outcome:
        return self.done(self.session.accept_frame())

    def reject(self) -> Outcome:
        return self.done(self.session.reject_frame())

    def defer(self) -> Outcome:
        return self.done(self.session.defer_frame())

    def undo(self) -> Outcome:
        return self.done(self.session.undo())

    def redo(self) -> Outcome:
        return self.done(self.session.redo())

    def go_to(self, number: int) -> Outcome:
        return self.done(self.session.open(self.ids[number]))

    def settle(self) -> None:
        """Wait until the store has done all that was sent to it."""
        self.store.submit(Priority.OTHER, lambda writer: None).result(PATIENCE)

    @contextmanager
    def busy_store(self) -> Iterator[Event]:
        """Keep the store's thread from doing anything until the block ends or the event is set."""
        release = Event()
        started = Event()

        def hold(_writer: object) -> None:
            started.set()
            release.wait(PATIENCE)

        held = self.store.submit(Priority.OTHER, hold)
        started.wait(PATIENCE)
        try:
            yield release
        finally:
            release.set()
            held.result(PATIENCE)

    @contextmanager
    def failing_disk(self) -> Iterator[None]:
        """Let everything that goes to the ledger fail."""
        self._allow_writing(False)
        try:
            yield
        finally:
            self._allow_writing(True)

    def _allow_writing(self, allowed: bool) -> None:
        pragma = f"PRAGMA query_only = {'OFF' if allowed else 'ON'}"
        self.store.submit(Priority.OTHER, lambda writer: writer.ledger.execute(pragma).fetchall()).result(PATIENCE)

    # ------------------------------------------------------------------------------------------------ what is there
    @property
    def number(self) -> int:
        """Number of the open frame."""
        frame = self.session.frame
        assert frame is not None
        return self.ids.index(frame.id)

    @property
    def document(self) -> Document:
        assert self.session.document is not None
        return self.session.document

    def in_role(self, *roles: Role) -> int:
        return len(self.document.in_role(*roles))

    @property
    def states(self) -> list[FrameState]:
        """States of all frames as the session has them."""
        return [self.session.frames.get(frame_id).state for frame_id in self.ids]

    @property
    def stored_states(self) -> list[FrameState]:
        """States of all frames as the project file has them."""
        with self.store.reader() as reader:
            return [reader.frame(frame_id).state for frame_id in self.ids]

    @property
    def ledger(self) -> list[LedgerEntry]:
        """The decisions that stand."""
        with self.store.reader() as reader:
            return list(reader.decisions())

    def decision(self, number: int) -> Decision:
        with self.store.reader() as reader:
            found = reader.decision(self.ids[number])
        assert found is not None
        return found

    def draft(self, number: int) -> bytes | None:
        with self.store.reader() as reader:
            return reader.draft(self.ids[number])

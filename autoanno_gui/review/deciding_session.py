"""What the reviewer decides about the open frame, and what follows when the store has it, or could not take it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Final

from autoanno_gui.core.document import Document
from autoanno_gui.core.history import DecisionEntry
from autoanno_gui.core.planting import CHECK_EVERY
from autoanno_gui.core.records import Decision, DecisionKind, FrameState, PresentationMode, Verdict
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.commits import PageInFlight
from autoanno_gui.review.frame_session import FrameSession
from autoanno_gui.review.outcome import NOTHING, Outcome, Step
from autoanno_gui.review.page_recorder import PageRecorder
from autoanno_gui.review.planted_checks import PlantedChecks
from autoanno_gui.review.timing import IDLE_CAP_SECONDS
from autoanno_gui.review.tour import unseen_question
from autoanno_gui.store.store_thread import Priority, Store


class DecidingSession(FrameSession):
    """A sitting as far as it is about decisions: making them, sending them, and what comes after them."""

    def __init__(
        self,
        store: Store,
        *,
        reviewer: str,
        idle_cap: float = IDLE_CAP_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        checks: bool = True,
        check_every: int = CHECK_EVERY,
    ) -> None:
        super().__init__(store, idle_cap=idle_cap, clock=clock, checks=checks)
        self.reviewer: Final = reviewer
        self._revealed: Document | None = None
        """A frame that was labelled blind, and whose labels are safe now."""
        self._session_uuid: Final = store.submit(
            Priority.OTHER, lambda writer: writer.start_session(reviewer, checks=checks)
        ).result()
        self.pages: Final = PageRecorder(
            self,
            commits=self._commits,
            documents=self._documents,
            reviewer=reviewer,
            session_uuid=self._session_uuid,
        )
        """Records pages of the contact sheet."""
        self.checks: Final = PlantedChecks(
            self,
            self._reader,
            self._documents,
            reviewer=reviewer,
            session_uuid=self._session_uuid,
            every=check_every,
        )
        """Shows decided frames again with one label altered."""

    @property
    def session_uuid(self) -> str:
        """Of this sitting in the ledger."""
        return self._session_uuid

    # ------------------------------------------------------------------------------------------------ decisions
    def accept_frame(self, *, unseen: Collection[int] = ()) -> Outcome:
        """Accept all candidates as shown (or confirm emptiness, or finish hand labelling) and go on.

        Args:
            unseen: objects that were not yet in view at a readable size; before untouched candidates among them are
                accepted with the rest, the first call asks.
        """
        document = self.document
        if self._fault is not None:
            return self._leave_fault()
        if document is None or not self.can_decide:
            return NOTHING
        # Whoever labelled it blind has said already that it is empty.
        settling = document.mode is PresentationMode.SETTLE
        if document.looks_empty and not self.empty_asked and not settling:
            self._asked = Step.ASK_EMPTY
            return Outcome(Step.ASK_EMPTY)
        hardly_seen = tuple(item.id for item in document.in_role(Role.CANDIDATE) if item.id in unseen)
        if hardly_seen and not self.unseen_asked:
            self._asked = Step.ASK_UNSEEN
            return Outcome(Step.ASK_UNSEEN, hardly_seen, text=unseen_question(len(hardly_seen)))
        verdicts = document.verdicts()
        if self.planted:
            return self._end_check(verdicts)
        return self._decide(document, document.decision_kind(verdicts), verdicts)

    def reject_frame(self) -> Outcome:
        """Send the frame to hand labelling and go on."""
        if self._fault is not None:
            return self._leave_fault()
        if self.document is None or not self.can_decide:
            return NOTHING
        if self.planted:
            return self._end_check(None)
        if self.frames.get(self.document.frame_id).state is FrameState.REJECTED:
            return Outcome(Step.NOTHING, text="This frame already waits for hand labelling.")
        if self.frame is not None and self.trials.hides(self.frame):
            return Outcome(Step.NOTHING, text=self.trials.refusal(self.frame))
        return self._decide(self.document, DecisionKind.REJECTED, ())

    def defer_frame(self) -> Outcome:
        """Put the frame off and go on; what was done on it is kept as a draft."""
        if self._fault is not None:
            return self._leave_fault()
        if self.document is None or not self.can_decide:
            return NOTHING
        if self.planted:
            return self._enter(self.listed_id)
        if self.frames.get(self.document.frame_id).state.labelled:
            # Once it is put off, its labels come back only from the draft.
            self.document.mark_saved(saved=False)
        self.save_draft()
        return self._decide(self.document, DecisionKind.DEFERRED, ())

    @property
    def listed_id(self) -> int:
        """The frame that the queue has as the open one: of a planted check the one that it stands before."""
        shown = self.checks.shown
        return shown.before if shown is not None else super().listed_id

    def look_ahead(self, *, count: int) -> list[int]:
        """Return the frames that the next keys may ask for."""
        first = [self.listed_id] if self.planted else []
        first += [self.checks.waiting.frame_id] if self.checks.waiting is not None else []
        return [*first, *super().look_ahead(count=count)]

    def _end_check(self, verdicts: tuple[Verdict, ...] | None) -> Outcome:
        """Record what the reviewer made of a planted check (None: sent to hand labelling) and go on; its labels and
        the state of its frame stay as they were."""
        before = self.listed_id
        text = self.checks.end(verdicts, seconds=self.timer.stop().active)
        return replace(self._enter(before), text=text)

    def _leave_check(self, document: Document | None, *, frame_id: int) -> None:
        shown = self.checks.shown
        if shown is not None and document is not shown.document:
            self.checks.pass_over(seconds=self.timer.stop().active)
        self.checks.note_opened(frame_id)

    @property
    def empty_asked(self) -> bool:
        """Whether the next Space confirms that the frame holds no object."""
        return self._asked is Step.ASK_EMPTY

    @property
    def unseen_asked(self) -> bool:
        """Whether the next Space accepts candidates that were never seen well."""
        return self._asked is Step.ASK_UNSEEN

    def cancel_question(self) -> bool:
        """Take back what the next Space would answer. Returns whether anything was asked."""
        asked = self._asked is not None
        self._drop_question()
        return asked

    def label_by_hand(self) -> Outcome:
        """Switch the open frame between the model's proposals and labelling from nothing."""
        document, frame = self.document, self.frame
        if document is None or frame is None or not self.objects.enabled:
            return NOTHING
        if document.mode not in (PresentationMode.NORMAL, PresentationMode.HAND):
            return Outcome(Step.NOTHING, text="How this frame is shown is part of a check.")
        if refusal := self.trials.refusal(frame):
            return Outcome(Step.NOTHING, text=refusal)
        if document.mode is PresentationMode.NORMAL:
            document.start_by_hand()
            text = "The model's proposals are hidden: label this frame by hand."
        elif document.predictions is None and frame.run_frame_id is None and not self.model_active:
            return Outcome(Step.NOTHING, text="There is no model, so this frame is labelled by hand.")
        else:
            document.start_review()
            unseen = self._documents.end_waiting(document, frame, model_active=self.model_active)
            self._hide_if_blind(document, frame, unseen=unseen)
            self._note_seen()
            text = "Back to the model's proposals."
            if document.mode.hides_predictions:
                text = "The model's proposals come when this frame is labelled: it was drawn for a blind check."
        self._drop_question()
        self.look_at(document)
        return Outcome(Step.OBJECTS, tuple(item.id for item in document), text=text)

    def _decide(self, document: Document, kind: DecisionKind, verdicts: tuple[Verdict, ...]) -> Outcome:
        decision = Decision(
            uuid=str(uuid.uuid4()),
            frame_id=document.frame_id,
            kind=kind,
            mode=document.mode,
            run_frame_id=document.run_frame_id,
            thresholds=document.thresholds,
            shown=document.shown if document.mode is PresentationMode.NORMAL else (),
            verdicts=verdicts,
            timing=self.timer.stop(),
            reviewer=self.reviewer,
            session_uuid=self._session_uuid,
            width=document.width,
            height=document.height,
            reason=self.queue.reason_of(document.frame_id).value,
            in_stream=self.guards.in_stream(document.frame_id),
        )
        if kind.state.labelled or document.made_on is None:
            document.made_on = document.size
        return self._record(decision, document)

    def _record(self, decision: Decision, document: Document, *, redo: bool = False) -> Outcome:
        before = self.frames.get(decision.frame_id).state
        commit = self._commits.record(DecisionEntry(decision.frame_id, decision, document, before), redo=redo)
        self._set_state(decision.frame_id, decision.kind.state)
        if decision.kind is not DecisionKind.DEFERRED:
            # A frame that was put off comes back as it was left, even before its draft has reached the project file.
            self._documents.drop(decision.frame_id)
        if decision.mode is PresentationMode.BLIND and decision.kind.state.labelled:
            # Nothing is revealed before the labels are safe. They are no draft any more, whatever ends the sitting now.
            document.mark_saved()
            self._painted = False
            self._drop_question()
            self._update_enabled()
            return Outcome(Step.NOTHING, commit=commit)
        return replace(self._go_on(decision.frame_id, before, may_check=not redo), commit=commit)

    def reveal(self) -> Outcome:
        """Lay the predictions beside the labels that were made blind, once these are in the project file; what came
        before cannot be undone from now on."""
        document, self._revealed = self._revealed, None
        if document is None or self.document is not document:
            return NOTHING
        self.history.clear()
        self.objects.select(None)
        document.start_settling()
        document.mark_saved()
        return self._enter(document.frame_id, document)

    def _go_on(self, frame_id: int, state_before: FrameState, *, may_check: bool = True) -> Outcome:
        place = self.queue.next_place(self.queue.place_of(frame_id), state_before=state_before)
        if place is None:
            self._finish()
            return Outcome(Step.FINISHED)
        following = self.queue.at(place).id
        # Behind a step that is done again others may be left to redo: what is done on a check would drop these.
        if may_check and (check := self.checks.show(before=following)) is not None:
            return self._enter(check.frame_id, check.document)
        return self._enter(following)

    def _leave_fault(self) -> Outcome:
        if self.document is None or not self.can_move or not self._painted:
            return NOTHING
        if self.planted:
            following = self.listed_id
            self.checks.withdraw()
            return self._enter(following)
        self.save_draft()
        return self._go_on(self.document.frame_id, FrameState.UNDECIDED)

    def _set_state(self, frame_id: int, state: FrameState) -> None:
        self._judged.add(frame_id)
        self.frames.update(replace(self.frames.get(frame_id), state=state))

    # ------------------------------------------------------------------------------------------------ commit
    def committed(self) -> int | None:
        """Note that the store acknowledged what was in flight. Returns the frame whose decision changed by it."""
        landed = self._commits.land()
        if isinstance(landed, PageInFlight):
            self.pages.landed(landed)
            return None
        if landed is None:
            return None
        decision = landed.entry.decision
        if decision.mode is PresentationMode.BLIND and decision.kind.state.labelled and not landed.revocation:
            self._revealed = landed.entry.document
        frame_id = landed.entry.frame_id
        if landed.revocation:
            # What holds again may have come by a merge, of which the step that was undone knows nothing.
            self._set_state(frame_id, self._reader.frame(frame_id).state)
        else:
            self.checks.note_decided(frame_id)
        return frame_id

    def commit_failed(self) -> Outcome:
        """Take back what could not be written: the frame comes back with its document, nothing is lost.

        Returns:
            How to show it, with what to tell as its text.
        """
        landed = self._commits.land()
        if landed is None:
            return NOTHING
        if isinstance(landed, PageInFlight):
            return self.pages.failed(landed)
        entry = landed.entry
        self.checks.withdraw()  # what was done on it goes before the step that it came after
        if not landed.revocation or self.history.to_redo is not entry:
            self.save_draft()  # what was done on the open frame meanwhile
        if landed.revocation:
            self._set_state(entry.frame_id, entry.decision.kind.state)
            if self.history.to_redo is entry:
                self._documents.drop(entry.frame_id)
                self.history.stepped_forward()
            return replace(self._enter(landed.came_from), text="The undo was not saved and the decision stands.")
        self._set_state(entry.frame_id, entry.state_before)
        self.history.drop(entry)
        entry.document.mark_saved(saved=False)
        outcome = self._enter(entry.frame_id, entry.document)
        return replace(outcome, text="The decision was not saved and its frame is back.")

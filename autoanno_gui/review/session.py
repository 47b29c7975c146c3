"""The review of one project: which frame is open, what was decided, what can be undone, and when a key counts.

Qt-free and used from one thread only. Every verb returns an `Outcome` that says what a view has to redraw and, for a
decision, the future of its commit; the caller reports back with `frame_painted`, `committed` or `commit_failed`.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Final

from autoanno_gui.core.document import Document
from autoanno_gui.core.draft import encode_draft
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.history import DecisionEntry, EditEntry, PageEntry
from autoanno_gui.core.planting import CHECK_EVERY
from autoanno_gui.core.records import Decision, DecisionKind, Frame, FrameState, PresentationMode, Thresholds, Verdict
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.commits import PageInFlight
from autoanno_gui.review.frame_session import FrameSession
from autoanno_gui.review.outcome import NOTHING, Outcome, Step
from autoanno_gui.review.page_recorder import PageRecorder
from autoanno_gui.review.planted_checks import PlantedChecks
from autoanno_gui.review.previous_frame import confirmed_objects, decided_objects, missing_from, previous_of_clip
from autoanno_gui.review.timing import IDLE_CAP_SECONDS
from autoanno_gui.review.tour import unseen_question
from autoanno_gui.store.store_thread import Priority, Store

LOWEST_THRESHOLD: Final = 0.05
HIGHEST_THRESHOLD: Final = 0.95


class ReviewSession(FrameSession):
    """One reviewer's sitting over one project."""

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
        self._kept_thresholds = self.thresholds
        """As the project file has them, or is about to."""
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

    def _leave_check(self, document: Document | None) -> None:
        shown = self.checks.shown
        if shown is not None and document is not shown.document:
            self.checks.pass_over(seconds=self.timer.stop().active)

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
            self._documents.end_waiting(document, frame, model_active=self.model_active)
            text = "Back to the model's proposals."
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
            # Nothing is revealed before the labels are safe.
            self._painted = False
            self._drop_question()
            self._update_enabled()
            return Outcome(Step.NOTHING, commit=commit)
        return replace(self._go_on(decision.frame_id, before), commit=commit)

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

    def _go_on(self, frame_id: int, state_before: FrameState) -> Outcome:
        place = self.queue.next_place(self.queue.place_of(frame_id), state_before=state_before)
        if place is None:
            self._finish()
            return Outcome(Step.FINISHED)
        following = self.queue.at(place).id
        if (check := self.checks.show(before=following)) is not None:
            return self._enter(check.frame_id, check.document)
        return self._enter(following)

    def _leave_fault(self) -> Outcome:
        if self.document is None or not self.can_move or not self._painted:
            return NOTHING
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
        if not landed.revocation:
            self.checks.note_decided(landed.entry.frame_id)
        return landed.entry.frame_id

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

    # ------------------------------------------------------------------------------------------------ undo
    def undo(self) -> Outcome:
        """Undo the last edit, wherever it was made; else revoke the last decision and bring its frame back."""
        if self.can_move and self.checks.shown is not None and self.history.to_undo is self.checks.shown.after:
            # Nothing was done on it yet: what is meant lies behind the check, and that is left by this.
            left = self._enter(self.listed_id)
            undone = self.undo()
            return undone if undone.step is Step.FRAME else replace(left, text=undone.text)
        entry = self.history.to_undo
        if not self.can_move or entry is None:
            return Outcome(Step.NOTHING, text=self._nothing_to_undo() if entry is None else "")
        if isinstance(entry, EditEntry):
            outcome = self._replay(entry, revert=True)
            self.history.stepped_back()
            return outcome
        if isinstance(entry, PageEntry):
            return self.pages.undo(entry)
        came_from = self.document.frame_id if self.document is not None else entry.frame_id
        self.save_draft()
        commit = self._commits.revoke(entry, came_from=came_from)
        self._set_state(entry.frame_id, entry.state_before)
        entry.document.mark_saved(saved=False)
        text = f"Undone: {entry.name.lower()}."
        return replace(self._enter(entry.frame_id, entry.document), commit=commit, text=text)

    def _nothing_to_undo(self) -> str:
        if self.document is not None and self.document.mode is PresentationMode.SETTLE:
            return "Nothing to undo since the model's proposals are shown; the labels can still be changed."
        return "Nothing to undo."

    def redo(self) -> Outcome:
        """Do again what was undone last; a decision is recorded anew."""
        entry = self.history.to_redo
        if not self.can_move or entry is None:
            return Outcome(Step.NOTHING, text="Nothing to redo." if entry is None else "")
        if isinstance(entry, EditEntry):
            outcome = self._replay(entry, revert=False)
            self.history.stepped_forward()
            return outcome
        if isinstance(entry, PageEntry):
            return self.pages.redo(entry)
        self.save_draft()
        if entry.decision.kind is DecisionKind.DEFERRED:
            self._keep_labels(self.frames.get(entry.frame_id))
        decision = replace(entry.decision, uuid=str(uuid.uuid4()), session_uuid=self._session_uuid)
        return self._record(decision, entry.document, redo=True)

    def _keep_labels(self, frame: Frame) -> None:
        """Once a labelled frame is put off, its labels come back only from the draft."""
        if not frame.state.labelled:
            return
        document = self._document_of(frame)
        body = encode_draft(document, over_labels=True)
        self.on_write(self.store.submit(Priority.DRAFT, lambda writer: writer.save_draft(frame.id, body)))
        # The frame may come back before the draft has reached the project file.
        here = {self.document.frame_id} if self.document is not None else set()
        self._documents.keep(document, others=self.history.frames() | here)

    def _replay(self, entry: EditEntry, *, revert: bool) -> Outcome:
        moved = self.document is None or self.document.frame_id != entry.frame_id or self.finished
        if moved:
            self.save_draft()
            self._enter(entry.frame_id)
        outcome = self.objects.replay(entry.change, revert=revert)
        text = f"{'Undone' if revert else 'Redone'}: {entry.name.lower()}."
        return replace(outcome, step=Step.FRAME if moved else Step.OBJECTS, text=text)

    # ------------------------------------------------------------------------------------------------ view and keeping
    def copy_from_previous(self) -> Outcome:
        """Draw what is labelled, or was confirmed so far, on the frame before it in the same clip; what is there
        already is left out, and a mere proposal is never copied."""
        document = self.document
        if document is None or not self.objects.enabled:
            return NOTHING
        frame = previous_of_clip(self.frames, document.frame_id)
        if frame is None:
            return Outcome(Step.NOTHING, text="This is the first frame of its clip; there is nothing to copy.")
        name = frame.path.rpartition("/")[2]
        objects = self._confirmed_on(frame)
        if not objects:
            return Outcome(Step.NOTHING, text=f"Nothing is labelled on {name} yet.")
        missing = missing_from(document, objects)
        if not missing:
            return Outcome(Step.NOTHING, text=f"All objects of {name} are here already.")
        return self.objects.draw_copies(missing, name="Copy from previous frame")

    def _confirmed_on(self, frame: Frame) -> list[tuple[Geometry, int]]:
        """Return (outline, project class) of what the reviewer confirmed on another frame."""
        if frame.state.labelled:
            decision = self._commits.decision_on(frame.id) or self._reader.decision(frame.id)
            objects = decided_objects(decision) if decision is not None else []
        else:
            objects = confirmed_objects(self._document_of(frame))
        return [(geometry, self._documents.living_class(class_id)) for geometry, class_id in objects]

    def set_threshold(self, value: float, class_id: int | None = None) -> Outcome:
        """Set the display threshold of all classes without an own one, or that of one class; no model runs.

        Args:
            value: kept in steps of 0.01 from 0.05 to 0.95.
            class_id: a merged class means the one that stands for it today; one that is gone changes nothing.
        """
        value = round(min(max(value, LOWEST_THRESHOLD), HIGHEST_THRESHOLD), 2)
        if class_id is None:
            return self._take_thresholds(replace(self.thresholds, default=value), f"Threshold {value:.2f}")
        record = self.classes.get(self._documents.living_class(class_id))
        if record is None:
            return NOTHING
        own = dict(self.thresholds.per_class) | {record.id: value}
        return self._take_thresholds(_with_own(self.thresholds, own), f"{record.name}: {value:.2f}")

    def reset_threshold(self, class_id: int | None = None) -> Outcome:
        """Let a class, or without one every class, follow the common threshold again."""
        own = dict(self.thresholds.per_class)
        if class_id is None:
            return self._take_thresholds(_with_own(self.thresholds, {}), "All classes have the common threshold again.")
        record = self.classes.get(self._documents.living_class(class_id))
        if record is None or own.pop(record.id, None) is None:
            name = record.name if record is not None else "This class"
            return Outcome(Step.NOTHING, text=f"{name} has no threshold of its own.")
        text = f"{record.name}: {self.thresholds.default:.2f}, as all classes"
        return self._take_thresholds(_with_own(self.thresholds, own), text)

    def _take_thresholds(self, thresholds: Thresholds, text: str) -> Outcome:
        if thresholds == self.thresholds:
            return NOTHING
        self.thresholds = thresholds
        self._drop_question()
        return replace(self.objects.apply_thresholds(thresholds, in_sight=self.in_sight), text=text)

    def reload_classes(self) -> None:
        """Read classes and class maps again, after any of them changed; a class that is gone needs no threshold."""
        super().reload_classes()
        self.checks.follow_classes()
        own = {class_id: value for class_id, value in self.thresholds.per_class if class_id in self.classes}
        self._take_thresholds(_with_own(self.thresholds, own), "")
        self._save_thresholds()

    def save_draft(self) -> None:
        """Keep what was done on the open frame, and the thresholds."""
        super().save_draft()
        self._save_thresholds()

    def _save_thresholds(self) -> None:
        # Not at once: the store's thread would take turns with the repaint, several times while a slider is dragged.
        thresholds = self.thresholds
        if thresholds is not self._kept_thresholds:
            self._kept_thresholds = thresholds
            self.on_write(self.store.submit(Priority.DRAFT, lambda writer: writer.set_thresholds(thresholds)))

    def note(self, frame_id: int) -> str:
        """Return the note on a frame, empty without one."""
        return self._reader.note(frame_id)

    def set_note(self, frame_id: int, text: str) -> None:
        """Write a note on a frame; an empty one takes it away."""
        self.on_write(self.store.submit(Priority.OTHER, lambda writer: writer.set_note(frame_id, text)))

    def close(self) -> None:
        """Keep the open frame's draft and the thresholds, and end the sitting."""
        self.save_draft()
        session_uuid = self._session_uuid
        self.store.submit(Priority.OTHER, lambda writer: writer.end_session(session_uuid))
        self._reader.close()


def _with_own(thresholds: Thresholds, own: Mapping[int, float]) -> Thresholds:
    """Return thresholds with these ones of single classes."""
    return replace(thresholds, per_class=tuple(sorted(own.items())))

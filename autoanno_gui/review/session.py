"""The review of one project: which frame is open, what was decided, what can be undone, and when a key counts.

Qt-free and used from one thread only. Every verb returns an `Outcome` that says what a view has to redraw and, for a
decision, the future of its commit; the caller reports back with `frame_painted`, `committed` or `commit_failed`.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Final

from autoanno_gui.core.document import Document
from autoanno_gui.core.draft import encode_draft
from autoanno_gui.core.errors import FRAME_ERROR_TEXT
from autoanno_gui.core.frame_list import FrameList
from autoanno_gui.core.history import DecisionEntry, EditEntry, History
from autoanno_gui.core.records import (
    ClassRecord,
    Decision,
    DecisionKind,
    Frame,
    FrameState,
    PresentationMode,
    Thresholds,
    Verdict,
)
from autoanno_gui.review.document_source import DocumentSource
from autoanno_gui.review.frame_queue import FrameQueue
from autoanno_gui.review.object_editor import ObjectEditor
from autoanno_gui.review.outcome import NOTHING, Outcome, Step
from autoanno_gui.review.presentation import Presentation
from autoanno_gui.review.timing import IDLE_CAP_SECONDS, ActiveTimer
from autoanno_gui.store.store_thread import Priority, Store

LOWEST_THRESHOLD: Final = 0.05
HIGHEST_THRESHOLD: Final = 0.95


@dataclass(frozen=True, slots=True)
class _InFlight:
    """A decision or revocation on its way to the store."""

    entry: DecisionEntry
    revocation: bool
    came_from: int


class ReviewSession:
    """One reviewer's sitting over one project."""

    def __init__(
        self,
        store: Store,
        *,
        reviewer: str,
        idle_cap: float = IDLE_CAP_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store: Final = store
        self.reviewer: Final = reviewer
        self.queue: Final = FrameQueue()
        self.history: Final = History()
        self.timer: Final = ActiveTimer(clock=clock, idle_cap=idle_cap)
        self._reader: Final = store.reader()
        self._source: Final = DocumentSource(self._reader)
        self.objects: Final = ObjectEditor(self.history, self.timer, lambda: self._source.classes)
        self.objects.on_edit = self._after_edit
        self.thresholds: Thresholds = self._reader.thresholds()
        self.model_active = False
        self.finished = False
        self.on_write: Callable[[Future[None]], None] = lambda _future: None
        """Called with each write that nothing waits for, so that a failure can be told."""
        self._session_uuid: Final = store.submit(Priority.OTHER, lambda writer: writer.start_session(reviewer)).result()
        self._documents: dict[int, Document] = {}
        self._judged: set[int] = set()
        """Frames whose state this sitting changed."""
        self._painted = False
        self._in_flight: _InFlight | None = None
        self._empty_asked = False
        self._fault: str | None = None

    # ------------------------------------------------------------------------------------------------ what is open
    @property
    def frames(self) -> FrameList:
        """All frames in natural order."""
        return self.queue.frames

    @property
    def classes(self) -> Mapping[int, ClassRecord]:
        """The living classes by id."""
        return self._source.classes

    @property
    def document(self) -> Document | None:
        return self.objects.document

    @property
    def frame(self) -> Frame | None:
        """The open frame, None before the first one."""
        return self.frames.get(self.document.frame_id) if self.document is not None else None

    @property
    def presentation(self) -> Presentation | None:
        """What may be shown of the open frame."""
        if self.document is None:
            return None
        return Presentation(self.document, self.classes, show_ghosts=self.objects.ghosts_shown)

    @property
    def fault(self) -> str | None:
        """Why the open frame cannot be shown."""
        return self._fault

    @property
    def size_changed(self) -> tuple[int, int] | None:
        """(width, height) in pixels of the picture that the open frame's objects were made on, when it is now another;
        else None. Objects are never scaled by themselves: only the reviewer can tell whether they still fit."""
        document = self.document
        if document is None or self._fault is not None or document.size in (None, document.made_on):
            return None
        return document.made_on

    @property
    def waiting(self) -> bool:
        """Whether the open frame still waits for its prediction."""
        document = self.document
        if document is None or self._fault is not None:
            return False
        return document.predictions is None and document.mode is PresentationMode.NORMAL

    @property
    def can_decide(self) -> bool:
        """Whether a decision key counts: painted, nothing in flight, and something to judge or labelled by hand."""
        return self.objects.enabled and self._in_flight is None and not self.waiting

    @property
    def can_move(self) -> bool:
        """Whether another frame may be opened now: not while a decision is in flight."""
        return self._in_flight is None

    # ------------------------------------------------------------------------------------------------ moving
    def open(self, frame_id: int) -> Outcome:
        """Open any frame, keeping a draft of the one that is left."""
        here = self.document is not None and self.document.frame_id == frame_id and not self.finished
        if here or not self.can_move:
            return NOTHING
        self.save_draft()
        return self._enter(frame_id)

    def next(self) -> Outcome:
        """Go to the next frame of the queue without deciding."""
        return self._walk(1, "This is the last frame of the queue.")

    def previous(self) -> Outcome:
        """Go to the previous frame of the queue without deciding."""
        return self._walk(-1, "This is the first frame of the queue.")

    def _walk(self, by: int, at_end: str) -> Outcome:
        if self.document is None or not self.can_move:
            return NOTHING
        place = self.queue.place_of(self.document.frame_id) + by
        if not 0 <= place < len(self.queue):
            return Outcome(Step.NOTHING, text=at_end)
        return self.open(self.queue.at(place).id)

    def _enter(self, frame_id: int, document: Document | None = None) -> Outcome:
        frame = self.frames.get(frame_id)
        document = document or self._kept(frame) or self._read(frame)
        self._end_waiting(document, frame)
        if document.thresholds != self.thresholds:
            document.set_thresholds(self.thresholds)
        self._documents[frame_id] = document
        self._painted = self._empty_asked = self.finished = False
        self._fault = FRAME_ERROR_TEXT[frame.error] if frame.error is not None else None
        self.objects.enter(document)
        self._update_enabled()
        kept = self.history.frames() | {frame_id}
        self._documents = {key: value for key, value in self._documents.items() if key in kept}
        return Outcome(Step.FRAME)

    def _kept(self, frame: Frame) -> Document | None:
        """Return the document as it was left, unless it holds nothing but proposals that no longer stand."""
        document = self._documents.get(frame.id)
        if document is None or document.run_frame_id == frame.run_frame_id:
            return document
        return document if frame.state.decided or document.has_traces else None

    def _end_waiting(self, document: Document, frame: Frame) -> None:
        """Give a frame that was left while it waited what came since; without a model it is labelled by hand."""
        if document.predictions is not None or document.mode is not PresentationMode.NORMAL:
            return
        if frame.run_frame_id is not None:
            document.replace_predictions(self._source.predictions(frame.run_frame_id))
        elif not self.model_active:
            document.start_by_hand()

    def _read(self, frame: Frame) -> Document:
        return self._source.document(frame, thresholds=self.thresholds, model_active=self.model_active)

    def _update_enabled(self) -> None:
        self.objects.enabled = self.document is not None and self._painted and self._fault is None and not self.finished

    # ------------------------------------------------------------------------------------------------ news from outside
    def take_frames(self, frames: Iterable[Frame], *, order: Sequence[int] | None = None) -> bool:
        """Take frames as they were read from the project or the folder, new ones in natural order.

        Args:
            frames: a state that this sitting changed meanwhile is newer than the one that was read.
            order: ids of all frames, when they are to be put into another order.

        Returns:
            Whether the open frame must be shown again.
        """
        self.frames.extend(self._newest(frame) for frame in frames)
        if order is not None:
            self.frames.sort(order)
        self.queue.reorder()
        return self._drop_stale_document()

    def _drop_stale_document(self) -> bool:
        """Never leave proposals over a picture that they were not made for: its file was replaced."""
        document, frame = self.document, self.frame
        if document is None or frame is None or document.predictions is None or frame.run_frame_id is not None:
            return False
        if frame.state.decided or document.has_traces:
            return False
        self._documents.pop(frame.id, None)
        self._enter(frame.id)
        return True

    def _newest(self, frame: Frame) -> Frame:
        return replace(frame, state=self.frames.get(frame.id).state) if frame.id in self._judged else frame

    def frame_painted(self) -> None:
        """Note that the open frame's pixels and objects are on the screen: keys count from now on."""
        self._painted = True
        self._update_enabled()
        self.timer.frame_shown()

    def reload_classes(self) -> None:
        """Read classes and class maps again, after any of them changed."""
        self._source.reload_classes()
        for document in self._documents.values():
            document.follow_merges(self._source.merged)

    def reload_predictions(self) -> None:
        """Map the predictions of the open frame anew, after a class map changed; acts of the reviewer stay."""
        document = self.document
        self._documents = {key: kept for key, kept in self._documents.items() if kept is document or kept.has_traces}
        if document is not None and document.run_frame_id is not None and not document.has_traces:
            document.replace_predictions(self._source.predictions(document.run_frame_id))
            self.objects.enter(document)

    def set_model_active(self, active: bool) -> bool:
        """Note whether a model will predict what has no prediction yet. Returns whether the open
        frame changed."""
        self.model_active = active
        document = self.document
        if document is None or document.predictions is not None or (active and document.has_traces):
            return False
        state = self.frames.get(document.frame_id).state
        by_hand = not active or state in (FrameState.REJECTED, FrameState.HAND_LABELLED)
        mode = PresentationMode.HAND if by_hand else PresentationMode.NORMAL
        changed, document.mode = document.mode is not mode, mode
        return changed

    def predictions_arrived(self, frame_id: int, run_frame_id: int) -> bool:
        """Note a finished prediction. Returns whether the open frame was waiting for it and must be shown again."""
        if frame_id not in self.frames:
            return False
        self.frames.update(replace(self.frames.get(frame_id), run_frame_id=run_frame_id))
        document = self.document
        if document is None or document.frame_id != frame_id:
            if frame_id not in self.history.frames():
                self._documents.pop(frame_id, None)
            return False
        if not self.waiting:
            return False
        document.replace_predictions(self._source.predictions(run_frame_id))
        self.objects.enter(document)
        return True

    def prediction_failed(self, frame_id: int) -> bool:
        """Note that the model gave up on a frame: it is labelled by hand. Returns whether it is the open one."""
        document = self.document
        if document is None or document.frame_id != frame_id or not self.waiting:
            return False
        document.start_by_hand()
        return True

    def note_size(self, frame_id: int, *, width: int, height: int) -> None:
        """Take the upright size in pixels that the decoder found."""
        frame = self.frames.get(frame_id)
        if (frame.width, frame.height) != (width, height):
            self.frames.update(replace(frame, width=width, height=height))
        if self.document is not None and self.document.frame_id == frame_id:
            self.document.width, self.document.height = width, height

    def note_replaced(self, frame_id: int) -> None:
        """Note that a frame's file holds another picture now: what a model proposed for the old one is not shown."""
        self.frames.update(replace(self.frames.get(frame_id), run_frame_id=None))
        self._drop_stale_document()

    def note_fault(self, frame: Frame, detail: str) -> None:
        """Note that a frame's file cannot be used; while it is open, no key decides it."""
        self.frames.update(frame)
        if self.document is not None and self.document.frame_id == frame.id:
            self._fault = detail
            self._update_enabled()

    def note_readable(self, frame_id: int) -> None:
        """Note that the open frame's file can be read after all (it was repaired or put back)."""
        frame = self.frames.get(frame_id)
        if frame.error is not None:
            state = FrameState.UNDECIDED if frame.state is FrameState.FAILED else frame.state
            self.frames.update(replace(frame, error=None, state=state))
        if self.document is not None and self.document.frame_id == frame_id:
            self._fault = None
            self._update_enabled()

    # ------------------------------------------------------------------------------------------------ decisions
    def accept_frame(self) -> Outcome:
        """Accept all candidates as shown (or confirm emptiness, or finish hand labelling) and go on."""
        document = self.document
        if self._fault is not None:
            return self._leave_fault()
        if document is None or not self.can_decide:
            return NOTHING
        if document.looks_empty and not self._empty_asked:
            self._empty_asked = True
            return Outcome(Step.ASK_EMPTY)
        verdicts = document.verdicts()
        return self._decide(document, document.decision_kind(verdicts), verdicts)

    def reject_frame(self) -> Outcome:
        """Send the frame to hand labelling and go on."""
        if self._fault is not None:
            return self._leave_fault()
        if self.document is None or not self.can_decide:
            return NOTHING
        if self.frames.get(self.document.frame_id).state is FrameState.REJECTED:
            return Outcome(Step.NOTHING, text="This frame already waits for hand labelling.")
        return self._decide(self.document, DecisionKind.REJECTED, ())

    def defer_frame(self) -> Outcome:
        """Put the frame off and go on; what was done on it is kept as a draft."""
        if self._fault is not None:
            return self._leave_fault()
        if self.document is None or not self.can_decide:
            return NOTHING
        if self.frames.get(self.document.frame_id).state.labelled:
            # Once it is put off, its labels come back only from the draft.
            self.document.mark_saved(saved=False)
        self.save_draft()
        return self._decide(self.document, DecisionKind.DEFERRED, ())

    @property
    def empty_asked(self) -> bool:
        """Whether the next Space confirms that the frame holds no object."""
        return self._empty_asked

    def cancel_empty(self) -> bool:
        """Take the question "Empty?" back. Returns whether it was asked."""
        asked, self._empty_asked = self._empty_asked, False
        return asked

    def label_by_hand(self) -> Outcome:
        """Switch the open frame between the model's proposals and labelling from nothing."""
        document, frame = self.document, self.frame
        if document is None or frame is None or not self.objects.enabled:
            return NOTHING
        if document.mode is PresentationMode.NORMAL:
            document.start_by_hand()
            text = "The model's proposals are hidden: label this frame by hand."
        elif document.predictions is None and frame.run_frame_id is None and not self.model_active:
            return Outcome(Step.NOTHING, text="There is no model, so this frame is labelled by hand.")
        else:
            document.start_review()
            self._end_waiting(document, frame)
            text = "Back to the model's proposals."
        self._empty_asked = False
        self.objects.enter(document)
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
        )
        if kind.state.labelled or document.made_on is None:
            document.made_on = document.size
        return self._record(decision, document)

    def _record(self, decision: Decision, document: Document, *, redo: bool = False) -> Outcome:
        before = self.frames.get(decision.frame_id).state
        entry = DecisionEntry(decision.frame_id, decision, document, before)
        commit = self.store.submit(Priority.DECISION, lambda writer: writer.record_decision(decision))
        if redo:
            self.history.stepped_forward(entry)
        else:
            self.history.push(entry)
        self._in_flight = _InFlight(entry, revocation=False, came_from=decision.frame_id)
        self._set_state(decision.frame_id, decision.kind.state)
        if decision.kind is not DecisionKind.DEFERRED:
            # A frame that was put off comes back as it was left, even before its draft has reached the project file.
            self._documents.pop(decision.frame_id, None)
        return replace(self._go_on(decision.frame_id, before), commit=commit)

    def _go_on(self, frame_id: int, state_before: FrameState) -> Outcome:
        place = self.queue.next_place(self.queue.place_of(frame_id), state_before=state_before)
        if place is None:
            self.finished = True
            self._update_enabled()
            return Outcome(Step.FINISHED)
        return self._enter(self.queue.at(place).id)

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
        """Note that the store acknowledged what was in flight. Returns the frame that it was about."""
        in_flight, self._in_flight = self._in_flight, None
        return in_flight.entry.frame_id if in_flight is not None else None

    def commit_failed(self) -> Outcome:
        """Take back what could not be written: the frame comes back with its document, nothing is lost.

        Returns:
            How to show it, with what to tell as its text.
        """
        in_flight, self._in_flight = self._in_flight, None
        if in_flight is None:
            return NOTHING
        entry = in_flight.entry
        if not in_flight.revocation or self.history.to_redo is not entry:
            self.save_draft()  # what was done on the open frame meanwhile
        if in_flight.revocation:
            self._set_state(entry.frame_id, entry.decision.kind.state)
            if self.history.to_redo is entry:
                self._documents.pop(entry.frame_id, None)
                self.history.stepped_forward()
            return replace(self._enter(in_flight.came_from), text="The undo was not saved and the decision stands.")
        self._set_state(entry.frame_id, entry.state_before)
        self.history.drop(entry)
        entry.document.mark_saved(saved=False)
        outcome = self._enter(entry.frame_id, entry.document)
        return replace(outcome, text="The decision was not saved and its frame is back.")

    # ------------------------------------------------------------------------------------------------ undo
    def undo(self) -> Outcome:
        """Undo the last edit, wherever it was made; else revoke the last decision and bring its frame back."""
        entry = self.history.to_undo
        if not self.can_move or entry is None:
            return Outcome(Step.NOTHING, text="Nothing to undo." if entry is None else "")
        if isinstance(entry, EditEntry):
            outcome = self._replay(entry, revert=True)
            self.history.stepped_back()
            return outcome
        came_from = self.document.frame_id if self.document is not None else entry.frame_id
        self.save_draft()
        revoked = entry.decision.uuid
        commit = self.store.submit(
            Priority.DECISION, lambda writer: writer.revoke_decision(revoked, reason="undone by the reviewer")
        )
        self.history.stepped_back()
        self._in_flight = _InFlight(entry, revocation=True, came_from=came_from)
        self._set_state(entry.frame_id, entry.state_before)
        entry.document.mark_saved(saved=False)
        text = f"Undone: {entry.name.lower()}."
        return replace(self._enter(entry.frame_id, entry.document), commit=commit, text=text)

    def redo(self) -> Outcome:
        """Do again what was undone last; a decision is recorded anew."""
        entry = self.history.to_redo
        if not self.can_move or entry is None:
            return Outcome(Step.NOTHING, text="Nothing to redo." if entry is None else "")
        if isinstance(entry, EditEntry):
            outcome = self._replay(entry, revert=False)
            self.history.stepped_forward()
            return outcome
        self.save_draft()
        decision = replace(entry.decision, uuid=str(uuid.uuid4()), session_uuid=self._session_uuid)
        return self._record(decision, entry.document, redo=True)

    def _replay(self, entry: EditEntry, *, revert: bool) -> Outcome:
        moved = self.document is None or self.document.frame_id != entry.frame_id or self.finished
        if moved:
            self.save_draft()
            self._enter(entry.frame_id)
        outcome = self.objects.replay(entry.change, revert=revert)
        text = f"{'Undone' if revert else 'Redone'}: {entry.name.lower()}."
        return replace(outcome, step=Step.FRAME if moved else Step.OBJECTS, text=text)

    # ------------------------------------------------------------------------------------------------ view and keeping
    def set_threshold(self, value: float) -> Outcome:
        """Set the display threshold, 0.05..0.95; no model runs."""
        value = round(min(max(value, LOWEST_THRESHOLD), HIGHEST_THRESHOLD), 2)
        if value == self.thresholds.default:
            return NOTHING
        thresholds = self.thresholds = replace(self.thresholds, default=value)
        self.on_write(self.store.submit(Priority.DRAFT, lambda writer: writer.set_thresholds(thresholds)))
        self._empty_asked = False
        return replace(self.objects.apply_thresholds(thresholds), text=f"Threshold {value:.2f}")

    def _after_edit(self) -> None:
        self._empty_asked = False

    def save_draft(self) -> None:
        """Keep what was done on the open frame, so that leaving or losing the window loses nothing."""
        document = self.document
        if document is None or self.finished or not document.unsaved:
            return
        frame_id = document.frame_id
        body = encode_draft(document, over_labels=self.frames.get(frame_id).state.labelled)
        self.on_write(self.store.submit(Priority.DRAFT, lambda writer: writer.save_draft(frame_id, body)))
        document.mark_saved()
        document.made_on = document.made_on or document.size

    def note(self, frame_id: int) -> str:
        """Return the note on a frame, empty without one."""
        return self._reader.note(frame_id)

    def set_note(self, frame_id: int, text: str) -> None:
        """Write a note on a frame; an empty one takes it away."""
        self.on_write(self.store.submit(Priority.OTHER, lambda writer: writer.set_note(frame_id, text)))

    def close(self) -> None:
        """Keep the open frame's draft and end the sitting."""
        self.save_draft()
        session_uuid = self._session_uuid
        self.store.submit(Priority.OTHER, lambda writer: writer.end_session(session_uuid))
        self._reader.close()

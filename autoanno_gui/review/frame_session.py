"""How the open frame changes, and what is learnt about the frames meanwhile.

The half of a session that decides nothing; `review.session` adds what the reviewer decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from autoanno_gui.core.document import Document
from autoanno_gui.core.draft import encode_draft
from autoanno_gui.core.errors import FRAME_ERROR_TEXT
from autoanno_gui.core.keypoints import Skeleton
from autoanno_gui.core.predictions import ModelInfo
from autoanno_gui.core.queue_settings import QueueSettings
from autoanno_gui.core.records import Frame, FrameState, PresentationMode
from autoanno_gui.core.review_objects import Role
from autoanno_gui.core.task import Task
from autoanno_gui.review.honesty import OPEN
from autoanno_gui.review.open_frame import OpenFrame
from autoanno_gui.review.outcome import NOTHING, Outcome, Step
from autoanno_gui.review.project_task import model_skeleton, task_for_first_model, write_task
from autoanno_gui.review.queue_keeper import QUEUE_SETTING
from autoanno_gui.store.store_thread import Priority


class FrameSession(OpenFrame):
    """One sitting over one project, as far as it is about which frame is open."""

    # ------------------------------------------------------------------------------------------------ moving
    def open(self, frame_id: int) -> Outcome:
        """Open any frame, keeping a draft of the one that is left."""
        here = self.document is not None and self.document.frame_id == frame_id and not self.finished
        if (here and not self.planted) or not self.can_move:
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
        here = self.queue.place_of(self.listed_id)
        # The frame that a check stands before is the next one.
        place = here if self.planted and by > 0 else self.queue.beside(here, by)
        if place is None:
            return Outcome(Step.NOTHING, text=at_end)
        return self.open(self.queue.at(place).id)

    def _enter(self, frame_id: int, document: Document | None = None) -> Outcome:
        """Open a frame, with the document that it comes back with or its own."""
        frame = self.frames.get(frame_id)
        self._leave_check(document, frame_id=frame_id)
        document = document or self._document_of(frame)
        unseen = self._documents.end_waiting(document, frame, model_active=self.model_active)
        self._hide_if_blind(document, frame, unseen=unseen)
        if document.thresholds != self.thresholds:
            document.set_thresholds(self.thresholds)
        if document.mode is not PresentationMode.PLANTED:
            self._documents.keep(document, others=self.history.frames())
        self._painted = self.finished = False
        self._drop_question()
        self._fault = FRAME_ERROR_TEXT[frame.error] if frame.error is not None else None
        self.look_at(document)
        self.queue.opened(self.listed_id)
        self._update_enabled()
        return Outcome(Step.FRAME)

    def _hide_if_blind(self, document: Document, frame: Frame, *, unseen: bool = False) -> None:
        """Let a frame be labelled blind that is to be, unless its proposals were seen already, or from nothing where
        the trial says so; one that is blind no more shows them, or at least makes no claim to be.

        Args:
            unseen: its predictions have just come, so that nothing was done on it in their sight.
        """
        self.trials.hide(document, frame, unseen=unseen)
        blind = self.guards.is_blind(frame)
        if document.mode is PresentationMode.BLIND and not blind and frame.state in OPEN:
            if document.has_traces:
                # Its proposals beside labels that were made without them would be the same objects twice.
                document.start_by_hand()
            else:
                document.start_review()
        normal = document.mode is PresentationMode.NORMAL and document.predictions is not None
        if normal and blind and (unseen or not document.has_traces):
            document.start_blind()

    def _note_seen(self) -> None:
        """Note that the proposals of the open frame are on the screen, if they are."""
        document = self.document
        if document is None or document.predictions is None or document.mode is not PresentationMode.NORMAL:
            return
        if self._painted:
            self.guards.note_seen(document.frame_id)

    def look_at(self, document: Document) -> None:
        """Let keys act on the objects of a document from now on, or on what they have become; a frame of the tuning
        sample shows its ghosts, too, but not when it comes again as a check among others that do not."""
        sampled = document.frame_id in self.tuning_sample and document.mode is not PresentationMode.PLANTED
        self.objects.enter(document, with_ghosts=sampled)

    def _leave_check(self, document: Document | None, *, frame_id: int) -> None:
        """Note that a planted check is left, unless it is the document that is entered, and that a frame is seen."""

    def _document_of(self, frame: Frame) -> Document:
        return self._documents.of(frame, thresholds=self.thresholds, model_active=self.model_active)

    def save_draft(self) -> None:
        """Keep what was done on the open frame, so that leaving or losing the window loses nothing."""
        document = self.document
        if document is None or self.finished or not document.unsaved or self.planted:
            return
        frame_id = document.frame_id
        body = encode_draft(document, over_labels=self.frames.get(frame_id).state.labelled)
        self.on_write(self.store.submit(Priority.DRAFT, lambda writer: writer.save_draft(frame_id, body)))
        document.mark_saved()
        document.made_on = document.made_on or document.size

    def _update_enabled(self) -> None:
        self.objects.enabled = self.document is not None and self._painted and self._fault is None and not self.finished

    def set_queue_settings(self, settings: QueueSettings) -> None:
        """Order the queue in another way from now on; the project keeps it."""
        self.queue_settings = settings
        text = settings.to_json()
        self.on_write(self.store.submit(Priority.OTHER, lambda writer: writer.set_setting(QUEUE_SETTING, text)))

    # ------------------------------------------------------------------------------------------------ news from outside
    def take_frames(self, frames: Iterable[Frame], *, order: Sequence[int] | None = None) -> bool:
        """Take frames as they were read from the project or the folder, new ones in natural order.

        Args:
            frames: a state that this sitting changed meanwhile is newer than the one that was read.
            order: ids of all frames, when they are to be put into another order.

        Returns:
            Whether the open frame must be shown again.
        """
        self.queue.take_frames([self._newest(frame) for frame in frames], order=order)
        return self._drop_stale_document()

    def _drop_stale_document(self) -> bool:
        """Never leave proposals over a picture that they were not made for: its file was replaced."""
        document, frame = self.document, self.frame
        if document is None or frame is None or document.predictions is None or frame.run_frame_id is not None:
            return False
        if frame.state.decided:
            return False
        if document.has_traces:
            if document.mode is PresentationMode.BLIND:
                # There is nothing to lay beside the labels any more.
                document.start_by_hand()
            return False
        self._documents.drop(frame.id)
        self._enter(frame.id)
        return True

    def _newest(self, frame: Frame) -> Frame:
        """Return a frame that was read with the state that it has now: it may have been read before a decision of this
        sitting, or after a merge that gave it a label."""
        known = self.frames.get(frame.id).state if frame.id in self._judged else frame.state
        if known is not frame.state:
            known = known if self._commits.is_about(frame.id) else self._reader.frame(frame.id).state
        return replace(frame, state=known)

    def set_in_sight(self, in_sight: bool) -> None:
        """Note that something else stands in the place of the open frame, or does no longer."""
        self.in_sight = in_sight
        if in_sight and self.document is not None:
            self.document.set_thresholds(self.thresholds)

    def frame_painted(self) -> None:
        """Note that the open frame's pixels and objects are on the screen: keys count from now on."""
        self._painted = True
        self._update_enabled()
        self._note_seen()
        self.timer.frame_shown()

    def reload_classes(self) -> None:
        """Read classes and class maps again, after any of them changed."""
        self._documents.reload_classes()

    def reload_predictions(self) -> None:
        """Map the predictions of the open frame anew, after a class map changed; acts of the reviewer stay."""
        document = self.document
        self._documents.drop_untouched(but=document)
        if document is None or self.planted:
            return
        if document.run_frame_id is not None and not document.has_traces:
            deselected = self.objects.selected is None and bool(document.in_role(Role.CANDIDATE))
            self._documents.take_predictions(document, document.run_frame_id)
            self.look_at(document)
            if deselected:
                # Whoever took the selection away means the next box with a class, not some candidate.
                self.objects.select(None)

    def adopt_model(self, model: ModelInfo) -> Outcome:
        """Let a project on which nobody has worked yet follow the task of its first model; later ones never change it.

        Returns:
            How to show the open frame, when its objects are of another kind now.

        Raises:
            ProjectError: the project file cannot be written.
        """
        worked = self.history.to_undo is not None or (self.document is not None and self.document.has_traces)
        task = None if worked else task_for_first_model(self._reader, model)
        return self.set_task(task, model_skeleton(model)) if task is not None else NOTHING

    def set_task(self, task: Task, skeleton: Skeleton | None) -> Outcome:
        """Let the project collect another kind of object from now on. What was drawn or changed on undecided frames
        stays, as that kind, and so do the labels; earlier steps cannot be undone any more.

        Args:
            skeleton: what the keypoints are, for a pose project; None leaves it as it is.

        Returns:
            How to show the open frame, when its objects are of another kind now.

        Raises:
            ProjectError: the project file cannot be written.
        """
        if not self.can_move:
            return Outcome(Step.NOTHING, text="The last decision is still being saved; try again.")
        self.save_draft()
        # In turn with the drafts: when it is done, the file holds all that was done on any frame.
        self.store.submit(Priority.DRAFT, lambda writer: write_task(writer, task, skeleton)).result()
        document, finished = self.document, self.finished
        if not self._documents.reload_task():
            return NOTHING
        self.history.clear()
        if document is None:
            return NOTHING
        outcome = self._enter(self.listed_id)
        if finished:
            self._finish()
            return NOTHING
        return outcome

    def _finish(self) -> None:
        self.finished = True
        self._update_enabled()

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
                self._documents.drop(frame_id)
            return False
        if not self.waiting:
            return False
        self._documents.take_predictions(document, run_frame_id)
        self._hide_if_blind(document, self.frames.get(frame_id), unseen=True)
        self._note_seen()
        self.look_at(document)
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

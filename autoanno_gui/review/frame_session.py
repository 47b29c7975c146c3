"""Which frame of a project is open, what may be seen of it, and what is learnt about the frames meanwhile.

The half of a session that decides nothing; `review.session` adds what the reviewer decides.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.document import Document
from autoanno_gui.core.draft import encode_draft
from autoanno_gui.core.errors import FRAME_ERROR_TEXT
from autoanno_gui.core.frame_list import FrameList
from autoanno_gui.core.history import History
from autoanno_gui.core.keypoints import Skeleton
from autoanno_gui.core.predictions import ModelInfo
from autoanno_gui.core.queue_settings import QueueSettings
from autoanno_gui.core.records import ClassRecord, Frame, FrameState, PresentationMode, Thresholds
from autoanno_gui.core.review_objects import Role
from autoanno_gui.core.task import Task
from autoanno_gui.core.trial import Trial
from autoanno_gui.review.commits import Commits
from autoanno_gui.review.documents import Documents
from autoanno_gui.review.frame_queue import FrameQueue
from autoanno_gui.review.honesty import HonestyGuards
from autoanno_gui.review.object_editor import ObjectEditor
from autoanno_gui.review.outcome import NOTHING, Outcome, Step
from autoanno_gui.review.presentation import Presentation
from autoanno_gui.review.project_task import model_skeleton, task_for_first_model, write_task
from autoanno_gui.review.queue_keeper import QUEUE_SETTING
from autoanno_gui.review.timing import IDLE_CAP_SECONDS, ActiveTimer
from autoanno_gui.review.trial_keeper import TrialKeeper
from autoanno_gui.review.tuning_sample import stored_sample
from autoanno_gui.store.store_thread import Priority, Store


class FrameSession:
    """One sitting over one project, as far as it is about which frame is open."""

    def __init__(
        self,
        store: Store,
        *,
        idle_cap: float = IDLE_CAP_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        checks: bool = True,
    ) -> None:
        self.store: Final = store
        self.queue: Final = FrameQueue()
        self.history: Final = History()
        self.timer: Final = ActiveTimer(clock=clock, idle_cap=idle_cap)
        self._reader: Final = store.reader()
        self._documents: Final = Documents(self._reader)
        self._commits: Final = Commits(store, self.history)
        self.objects: Final = ObjectEditor(self.history, self.timer, lambda: self.classes)
        self.objects.on_edit = self._drop_question
        self.thresholds: Thresholds = self._reader.thresholds()
        self.queue_settings = QueueSettings.from_json(self._reader.setting(QUEUE_SETTING))
        self.tuning_sample: tuple[int, ...] = stored_sample(self._reader)
        """Frames that the threshold is tuned on: they come first, and with their ghosts."""
        self.trials: Final = TrialKeeper(self._reader)
        self.guards: Final = HonestyGuards(self, enabled=checks)
        self.model_active = False
        self.in_sight = True
        """Whether the open frame is on the screen; the contact sheet may stand in its place."""
        self.finished = False
        self.on_write: Callable[[Future[None]], None] = lambda _future: None
        """Called with each write that nothing waits for, so that a failure can be told."""
        self._judged: set[int] = set()
        """Frames whose state this sitting changed."""
        self._presentation: Presentation | None = None
        self._painted = False
        self._asked: Step | None = None
        """What the next Space answers."""
        self._fault: str | None = None

    # ------------------------------------------------------------------------------------------------ what is open
    @property
    def frames(self) -> FrameList:
        """All frames in natural order."""
        return self.queue.frames

    @property
    def classes(self) -> Mapping[int, ClassRecord]:
        """The living classes by id."""
        return self._documents.classes

    @property
    def task(self) -> Task:
        """What kind of object the project collects."""
        return self._documents.task

    @property
    def skeleton(self) -> Skeleton | None:
        """What the keypoints of the project are; a pose project always has one."""
        return self._documents.skeleton

    @property
    def trial(self) -> Trial | None:
        """What the return on the model is measured on; None without it."""
        return self.trials.trial

    @property
    def document(self) -> Document | None:
        return self.objects.document

    @property
    def frame(self) -> Frame | None:
        """The open frame, None before the first one."""
        return self.frames.get(self.document.frame_id) if self.document is not None else None

    @property
    def planted(self) -> bool:
        """Whether the open frame is a planted check: a decided one, shown again with one label altered."""
        return self.document is not None and self.document.mode is PresentationMode.PLANTED

    @property
    def listed_id(self) -> int:
        """The frame that the queue has as the open one: of a planted check the one that it stands before.

        Raises:
            LookupError: no frame is open.
        """
        if self.document is None:
            raise LookupError("no frame is open")
        return self.document.frame_id

    def look_ahead(self, *, count: int) -> list[int]:
        """Return the frames that the next keys may ask for; none before the first one."""
        return self.queue.look_ahead(self.listed_id, count=count) if self.document is not None else []

    @property
    def presentation(self) -> Presentation | None:
        """What may be shown of the open frame."""
        document, known = self.document, self._presentation
        if document is None:
            return None
        if known is None or not known.is_of(document, self.classes):
            known = self._presentation = Presentation(document, self.classes)
        known.show_ghosts = self.objects.ghosts_shown
        return known

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
        return self.objects.enabled and self.can_move and not self.waiting

    @property
    def can_move(self) -> bool:
        """Whether another frame may be opened now: not while a decision is in flight."""
        return not self._commits.busy

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
        self._leave_check(document)
        document = document or self._document_of(frame)
        self._documents.end_waiting(document, frame, model_active=self.model_active)
        self._hide_if_blind(document, frame)
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

    def hides(self, frame: Frame) -> bool:
        """Whether nothing of what the model proposed for a frame may be seen anywhere now."""
        return self.guards.is_blind(frame) or self.trials.hides(frame)

    def hidden(self) -> NDArray[np.bool_]:
        """Return (N,) by position, which frames those are."""
        found = self.guards.hidden()
        found[[self.frames.position(frame_id) for frame_id in self.trials.hidden(self.frames)]] = True
        return found

    def _hide_if_blind(self, document: Document, frame: Frame) -> None:
        """Let a frame be labelled blind that is to be, unless its proposals were seen already, or from nothing where
        the trial says so."""
        self.trials.hide(document, frame)
        normal = document.mode is PresentationMode.NORMAL and document.predictions is not None
        if normal and not document.has_traces and self.guards.is_blind(frame):
            document.start_blind()

    def look_at(self, document: Document) -> None:
        """Let keys act on the objects of a document from now on, or on what they have become; a frame of the tuning
        sample shows its ghosts, too."""
        self.objects.enter(document, with_ghosts=document.frame_id in self.tuning_sample)

    def _leave_check(self, document: Document | None) -> None:
        """Note that a planted check is left, unless it is the document that is entered."""

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

    def _drop_question(self) -> None:
        self._asked = None

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
        if frame.state.decided or document.has_traces:
            return False
        self._documents.drop(frame.id)
        self._enter(frame.id)
        return True

    def _newest(self, frame: Frame) -> Frame:
        return replace(frame, state=self.frames.get(frame.id).state) if frame.id in self._judged else frame

    def set_in_sight(self, in_sight: bool) -> None:
        """Note that something else stands in the place of the open frame, or does no longer."""
        self.in_sight = in_sight
        if in_sight and self.document is not None:
            self.document.set_thresholds(self.thresholds)

    def frame_painted(self) -> None:
        """Note that the open frame's pixels and objects are on the screen: keys count from now on."""
        self._painted = True
        self._update_enabled()
        document = self.document
        if document is not None and document.predictions is not None and document.mode is PresentationMode.NORMAL:
            self.guards.note_seen(document.frame_id)
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
        outcome = self._enter(document.frame_id)
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
        self._hide_if_blind(document, self.frames.get(frame_id))
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

"""Which frame of a project is open, and what may be seen of it and of the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.document import Document
from autoanno_gui.core.frame_list import FrameList
from autoanno_gui.core.history import History
from autoanno_gui.core.keypoints import Skeleton
from autoanno_gui.core.queue_settings import QueueSettings
from autoanno_gui.core.records import ClassRecord, Frame, PresentationMode, Thresholds
from autoanno_gui.core.task import Task
from autoanno_gui.core.trial import Trial
from autoanno_gui.review.commits import Commits
from autoanno_gui.review.documents import Documents
from autoanno_gui.review.frame_queue import FrameQueue
from autoanno_gui.review.honesty import HonestyGuards
from autoanno_gui.review.object_editor import ObjectEditor
from autoanno_gui.review.outcome import Step
from autoanno_gui.review.presentation import Presentation
from autoanno_gui.review.queue_keeper import QUEUE_SETTING
from autoanno_gui.review.timing import IDLE_CAP_SECONDS, ActiveTimer
from autoanno_gui.review.trial_keeper import TrialKeeper
from autoanno_gui.review.tuning_sample import stored_sample
from autoanno_gui.store.store_thread import Store


class OpenFrame:
    """What one sitting over one project knows of itself and of the frame that is open."""

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
        self._kept_thresholds = self.thresholds
        """As the project file has them, or is about to."""
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

    def hides(self, frame: Frame) -> bool:
        """Whether nothing of what the model proposed for a frame may be seen anywhere now."""
        return self.guards.is_blind(frame) or self.trials.hides(frame)

    def hidden(self) -> NDArray[np.bool_]:
        """Return (N,) by position, which frames those are."""
        found = self.guards.hidden()
        found[[self.frames.position(frame_id) for frame_id in self.trials.hidden(self.frames)]] = True
        return found

    def _drop_question(self) -> None:
        self._asked = None

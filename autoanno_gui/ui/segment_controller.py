"""The segmenter of the open project: what it is asked, and what becomes of its answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal

from autoanno_gui.config import Settings
from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.history import Entry
from autoanno_gui.core.keypoints import Keypoints
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.predictions import SegmenterInfo
from autoanno_gui.core.prompt import Prompt
from autoanno_gui.core.review_objects import ReviewObject
from autoanno_gui.core.task import Task
from autoanno_gui.review.outcome import Step
from autoanno_gui.review.prediction_job import PredictionProgress
from autoanno_gui.review.segmenter_runner import LoadedSegmenter, SegmentAnswer, SegmenterEvents, SegmenterRunner
from autoanno_gui.store.store_thread import Store
from autoanno_gui.ui.bridge import GuiThreadBridge
from autoanno_gui.ui.canvas.view import CanvasView
from autoanno_gui.ui.frame_display import KeyOf
from autoanno_gui.ui.open_project import OpenProject

CANDIDATES: Final = 3
"""How many answers are asked for; a key goes through them."""


@dataclass(slots=True)
class _Refined:
    """An object that the segmenter gave an outline, and its other answers."""

    masks: tuple[Mask, ...]
    at: int = 0
    now: ReviewObject | None = None
    """The object with the answer that it has now."""
    step: Entry | None = None
    """The undo step that gave it that; None while no answer has changed anything."""


class SegmentController(QObject):
    """Asks the segmenter for whatever project is open; the window listens."""

    segmenter_loaded = Signal(object)
    """LoadedSegmenter: what answers from now on."""
    pass_started = Signal()
    pass_progressed = Signal(object)
    """PredictionProgress."""
    pass_ended = Signal()
    failed = Signal(str)
    """A sentence for people."""
    said = Signal(str)

    def __init__(self, *, settings: Settings, canvas: CanvasView, key_of: KeyOf, parent: QObject) -> None:
        super().__init__(parent)
        self.settings = settings
        self.info: SegmenterInfo | None = None
        self.pass_running = False
        self._canvas = canvas
        self._key_of = key_of
        self._bridge = GuiThreadBridge(self)
        self._project: OpenProject | None = None
        self._generation = 0
        """Of the newest question; an answer to an older one is dropped."""
        self._refining: ReviewObject | None = None
        """The object that the newest question is about; None for the segment tool."""
        self._refined: _Refined | None = None
        self._asked_to_load = False
        """Whether the segmenter of the settings was asked for: not before the project's first frame is on the screen,
        since it may bring a whole model runtime with it."""
        canvas.prompt_changed.connect(self._on_prompt)

    # ------------------------------------------------------------------------------------------------ the project
    def events(self, store: Store) -> SegmenterEvents:
        """Return where the segmenter of a project reports to; the last words of one that was closed are dropped."""

        def post(handler: Callable[[], None]) -> None:
            self._bridge.post(lambda: handler() if self._project is not None and self._project.store is store else None)

        return SegmenterEvents(
            loading=lambda name: post(lambda: self.said.emit(f"Loading {name}…")),
            loaded=lambda segmenter: post(lambda: self._on_loaded(segmenter)),
            failed=lambda error: post(lambda: self._on_failed(error)),
            answered=lambda answer: post(lambda: self._on_answer(answer)),
            progress=lambda progress: post(lambda: self._on_progress(progress)),
            pass_ended=lambda error: post(lambda: self._on_pass_ended(error)),
        )

    def attach(self, project: OpenProject) -> None:
        """Serve a project from now on."""
        self._project = project
        project.presenter.frame_opened.connect(self._on_frame_opened)

    def detach(self) -> None:
        """Serve no project any more."""
        self._project = self._refining = self._refined = None
        self.info = None
        self.pass_running = self._asked_to_load = False

    @property
    def _runner(self) -> SegmenterRunner | None:
        return self._project.segmenter if self._project is not None else None

    def _use_settings(self) -> None:
        path = Path(self.settings.segmenter) if self.settings.segmenter else None
        if self._runner is not None:
            self._asked_to_load = True
            self._runner.tolerance = self.settings.mask_tolerance
            self._runner.load(
                path, architecture=self.settings.segmenter_architecture or None, device=self.settings.device
            )

    def take_settings(self, settings: Settings) -> None:
        """Answer with the segmenter of these settings from now on."""
        before, self.settings = self.settings, settings
        if self._asked_to_load and _choice(before) != _choice(settings):
            self._use_settings()
        if self._runner is not None:
            self._runner.tolerance = settings.mask_tolerance

    # ------------------------------------------------------------------------------------------------ questions
    def refine(self) -> None:
        """Give the selected object the outline that the segmenter finds in its box; again for its next answer."""
        item = self._selected()
        if self._project is None or item is None:
            self.said.emit(f"Select an object first, then {self._key_of('object.refine')} outlines it.")
            return
        if self._next_answer(item):
            return
        self._refining = item
        self._ask(Prompt(box=item.geometry.bounds))

    def _on_prompt(self, prompt: Prompt | None) -> None:
        self._refining = self._refined = None
        if prompt is None or prompt.empty:
            self._generation += 1
        else:
            self._ask(prompt)

    def _ask(self, prompt: Prompt) -> None:
        frame = self._project.session.frame if self._project is not None else None
        if self._runner is None or frame is None:
            return
        self._generation += 1
        self._runner.ask(frame, prompt, generation=self._generation, candidates=CANDIDATES)

    def _on_frame_opened(self) -> None:
        self._refining = self._refined = None
        self._generation += 1
        if self._asked_to_load:
            self._encode_ahead()
        else:
            self._use_settings()

    def _encode_ahead(self) -> None:
        """Let the runner encode the open frame and the next, before anybody asks about them."""
        project, runner = self._project, self._runner
        frame = project.session.frame if project is not None else None
        if project is None or runner is None or frame is None:
            return
        ahead = project.session.queue.look_ahead(frame.id, count=1)
        runner.encode_ahead([frame, *(project.session.frames.get(i) for i in ahead)])

    def _selected(self) -> ReviewObject | None:
        session = self._project.session if self._project is not None else None
        if session is None or session.document is None or session.objects.selected is None:
            return None
        return session.document.get(session.objects.selected)

    # ------------------------------------------------------------------------------------------------ answers
    def _on_answer(self, answer: SegmentAnswer) -> None:
        project = self._project
        frame = project.session.frame if project is not None else None
        if project is None or frame is None or answer.generation != self._generation or frame.id != answer.frame_id:
            return
        if answer.problem:
            self.failed.emit(answer.problem)
            return
        if self._refining is None:
            self._canvas.show_candidates(answer.masks)
            return
        item, self._refining = self._refining, None
        document = project.session.document
        if document is None or document.get(item.id) != item:
            return  # it was changed meanwhile: that is what the reviewer wants
        if not answer.masks:
            self.said.emit("The segmenter found nothing in this box.")
            return
        self._refined = _Refined(answer.masks)
        self._give(item)

    def _next_answer(self, item: ReviewObject) -> bool:
        """Give the object the next of the answers that are there; whether there was one."""
        refined = self._refined
        if self._project is None or refined is None or refined.now != item or len(refined.masks) < 2:
            return False
        if refined.step is not None and self._project.session.history.to_undo is not refined.step:
            return False  # something else was done since: the next answer would swallow it
        refined.at = (refined.at + 1) % len(refined.masks)
        self._give(item)
        return True

    def _give(self, item: ReviewObject) -> None:
        """Give an object the answer whose turn it is; all answers together are one step to undo."""
        refined, project = self._refined, self._project
        if refined is None or project is None:
            return
        session = project.session
        outline = _refined_outline(item.geometry, refined.masks[refined.at])
        outcome = session.objects.set_geometries({item.id: outline}, merge=refined.step is not None)
        project.presenter.apply(outcome)
        if outcome.step is Step.OBJECTS:
            refined.step = session.history.to_undo
        refined.now = self._selected()
        count = len(refined.masks)
        more = f" {self._key_of('object.refine')} again: another answer." if count > 1 else ""
        name = self.info.name if self.info is not None else "The segmenter"
        self.said.emit(f"{name}: answer {refined.at + 1} of {count}.{more}")

    # ------------------------------------------------------------------------------------------------ the whole folder
    def start_pass(self) -> None:
        """Make a mask of every proposed box of the folder; it goes on where it was stopped."""
        project = self._project
        if project is None or self._runner is None:
            return
        if project.session.task is not Task.SEGMENT:
            kinds = self._key_of("file.task")
            self.said.emit(f"This project does not collect masks; File > {kinds} changes that.")
            return
        self.pass_running = True
        self._runner.start_pass()
        self.pass_started.emit()

    def stop_pass(self) -> None:
        """Stop within one mask; what is done is kept."""
        if self._runner is not None and self.pass_running:
            self._runner.cancel_pass()

    def _on_progress(self, progress: PredictionProgress) -> None:
        if self._project is not None:
            self._project.presenter.news.on_predicted(progress)
            self.pass_progressed.emit(progress)

    def _on_pass_ended(self, error: BaseException | None) -> None:
        self.pass_running = False
        self.pass_ended.emit()
        if isinstance(error, KnownError):
            self.failed.emit(str(error))
        elif error is not None:
            raise error

    # ------------------------------------------------------------------------------------------------ events
    def _on_loaded(self, segmenter: LoadedSegmenter) -> None:
        self.info = segmenter.info
        self._refined = None
        self.segmenter_loaded.emit(segmenter)
        self._encode_ahead()

    def _on_failed(self, error: BaseException) -> None:
        if not isinstance(error, KnownError):
            raise error
        self.failed.emit(str(error))
        if self.info is None and self._runner is not None:
            self._runner.load(None)  # the file of the settings is gone or bad; GrabCut always answers


def _refined_outline(outline: Geometry, mask: Mask) -> Geometry:
    """Return what the segmenter's mask makes of an outline: keypoints keep their points and get a tight box."""
    return outline.with_box(mask.bounds) if isinstance(outline, Keypoints) else mask


def _choice(settings: Settings) -> tuple[str, str, str]:
    return settings.segmenter, settings.segmenter_architecture, settings.device

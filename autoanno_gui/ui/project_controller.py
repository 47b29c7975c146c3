"""Which project is open in the window: opening one, looking through its folder, and letting it go again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from autoanno_gui.config import AppHome, Settings, project_file_for, remember_project
from autoanno_gui.core.errors import KnownError
from autoanno_gui.review.open_job import (
    FolderMissing,
    FramesFound,
    OpenStep,
    ProjectOpened,
    ScanFinished,
    frames_job,
    open_job,
)
from autoanno_gui.review.outcome import Step
from autoanno_gui.store.store_thread import Store
from autoanno_gui.ui.canvas.view import CanvasView
from autoanno_gui.ui.frame_display import KeyOf
from autoanno_gui.ui.model_controller import ModelController
from autoanno_gui.ui.open_project import OpenProject
from autoanno_gui.ui.segment_controller import SegmentController
from autoanno_gui.ui.threads import GeneratorThread


class ProjectController(QObject):
    """Opens and closes projects; the window listens."""

    opening = Signal(str)
    """The name of the first project, as soon as it is on its way."""
    opened = Signal()
    closed = Signal()
    frames_changed = Signal()
    """Frames were found, or are in another natural order."""
    queue_arranged = Signal()
    """The queue has a new order."""
    scan_ended = Signal()
    folder_missing = Signal(object)
    failed = Signal(str)
    """A sentence for people."""
    said = Signal(str)

    def __init__(
        self,
        *,
        home: AppHome,
        settings: Settings,
        canvas: CanvasView,
        models: ModelController,
        segmenters: SegmentController,
        key_of: KeyOf,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.home: Final = home
        self.settings = settings
        self.project: OpenProject | None = None
        self.clock: Callable[[], float] = time.monotonic
        """What the reviewer's seconds are counted by in the projects opened from now on."""
        self.checks = True
        """Whether the random stream, blind frames and planted checks are on."""
        self._canvas = canvas
        self._models = models
        self._segmenters = segmenters
        self._key_of = key_of
        self._opener: GeneratorThread | None = None
        self._store_on_its_way: Store | None = None
        self._closing: list[OpenProject] = []
        """Projects whose model's thread has not ended yet."""
        self._first_shown = False

    # ------------------------------------------------------------------------------------------------ opening
    def open_folder(self, folder: Path, *, project_file: Path | None = None, model: Path | None = None) -> None:
        """Open a folder of frames with its project, made on first use.

        Args:
            folder: the frame root.
            project_file: where the project is; None for the usual place.
            model: a model to use from now on; None for the one that the project used last.
        """
        folder = folder.expanduser().absolute()
        if not os.path.isdir(folder):  # `Path.is_dir` raises where it may not look
            self.failed.emit(f"{folder} is not a folder: choose the folder that holds your frames.")
            return
        try:
            file = project_file.absolute() if project_file is not None else project_file_for(self.home, folder)
        except KnownError as error:
            self.failed.emit(str(error))
            return
        self._open(file, root=folder, model=model)

    def open_project(self, file: Path, *, model: Path | None = None) -> None:
        """Open a project file; its frames are where they were."""
        if not os.path.isfile(file):
            self.failed.emit(f"There is no project file {file}: open its folder of frames instead.")
            return
        self._open(file.absolute(), root=None, model=model)

    def _open(self, file: Path, *, root: Path | None, model: Path | None) -> None:
        self._discard_opener()
        self._models.ask_for(model)
        if self.project is not None and self.project.store.file.absolute() == file:
            store = self.project.store
            self.project.prefetcher.forget_all()
            self._start(lambda: frames_job(store))
            if model is not None:
                self._models.use_model(model)
            return
        for closing in list(self._closing):
            if closing.store.file.absolute() == file:
                closing.finish()

        def work() -> Iterator[OpenStep]:
            for step in open_job(file, root=root):
                if isinstance(step, ProjectOpened):
                    self._store_on_its_way = step.store
                yield step

        if self.project is None:
            self.opening.emit(root.name if root is not None else file.stem)
        self._start(work)

    def _discard_opener(self) -> None:
        """Stop opening; a store that was opened and not yet taken over is closed, so that its lock goes away."""
        opener, self._opener = self._opener, None
        if opener is not None:
            opener.cancel()
            opener.wait()
        store, self._store_on_its_way = self._store_on_its_way, None
        if store is not None:
            store.close()

    def _start(self, work: Callable[[], Iterator[Any]]) -> None:
        opener = GeneratorThread(work, self)
        opener.progressed.connect(lambda step: self._on_step(opener, step))
        opener.failed.connect(lambda error: self._on_open_failed(opener, error))
        opener.ended.connect(lambda: self._on_opener_ended(opener))
        self._opener = opener
        self._models.scan_begins()
        opener.start()

    def _on_opener_ended(self, opener: GeneratorThread) -> None:
        if opener is self._opener:
            self.scan_ended.emit()

    def _on_step(self, opener: GeneratorThread, step: OpenStep) -> None:
        if isinstance(step, ProjectOpened):
            if opener is self._opener:
                self._take(step.store)
            else:
                step.store.close()
        elif opener is self._opener and self.project is not None:
            if isinstance(step, FramesFound):
                if self.project.session.take_frames(step.frames):
                    self.project.presenter.show_open_frame()
                self.project.queue.ask()
                self._show_first()
                self.frames_changed.emit()
            elif isinstance(step, FolderMissing):
                self.folder_missing.emit(step.root)
            else:
                self._finish_scan(step)

    def _take(self, store: Store) -> None:
        self.close()
        self.project = OpenProject(
            store,
            settings=self.settings,
            canvas=self._canvas,
            home=self.home,
            key_of=self._key_of,
            events=self._models.events(store),
            segmenter_events=self._segmenters.events(store),
            clock=self.clock,
            checks=self.checks,
            parent=self,
        )
        self._store_on_its_way = None
        self._first_shown = False
        project = self.project
        project.queue.arranged.connect(lambda: self._on_arranged(project))
        project.queue.failed.connect(self.failed)
        self._models.attach(self.project)
        self._segmenters.attach(self.project)
        try:
            # A sample for a second review is opened beside the folder's own project, not in its place.
            remember_project(self.home, store.root, store.file, replace=not store.is_sample)
        except KnownError as error:  # the project can be worked on all the same
            self.failed.emit(str(error))
        self.opened.emit()

    def _show_first(self) -> None:
        project = self.project
        if project is None or self._first_shown or not len(project.session.queue):
            return
        if project.queue.awaits_first():
            return
        first = project.session.queue.first()
        if first is not None:
            self._first_shown = True
            project.session.open(first.id)
            project.presenter.show_open_frame()

    def _on_arranged(self, project: OpenProject) -> None:
        if project is self.project:
            self._show_first()
            self.queue_arranged.emit()

    def _finish_scan(self, step: ScanFinished) -> None:
        project = self.project
        if project is None:
            return
        news = step.changed or step.order is not None
        if news and project.session.take_frames(step.changed, order=step.order):
            project.presenter.show_open_frame()
        self._leave_faulty_first()
        project.queue.ask()
        project.queue.look_if_wanted()
        self.frames_changed.emit()
        for path, reason in step.skipped:
            self.said.emit(f"The sub-folder {path} was left out: {reason}")
        self._models.scan_ends()

    def _leave_faulty_first(self) -> None:
        """The scan puts what cannot be used behind everything: do not let the reviewer begin back there."""
        project = self.project
        session = project.session if project is not None else None
        if project is None or session is None or session.fault is None or session.history.to_undo is not None:
            return
        first = session.queue.first()
        if first is not None and session.open(first.id).step is Step.FRAME:
            project.presenter.show_open_frame()

    def _on_open_failed(self, opener: GeneratorThread, error: BaseException) -> None:
        if not isinstance(error, KnownError):
            raise error
        if opener is self._opener:
            self.failed.emit(str(error))
            if self.project is None:
                self.closed.emit()
            elif not self._first_shown:
                self.close()

    # ------------------------------------------------------------------------------------------------ the project file
    def save_copy(self, target: Path) -> None:
        """Write a copy of the project file, off the GUI thread."""
        project = self.project
        if project is None:
            return

        def work() -> Iterator[None]:
            project.store.save_copy(target)
            yield

        self.run(work, done=lambda: self.said.emit(f"A copy of the project is in {target}."))

    def relink(self, root: Path) -> None:
        """Point the project to where its frames are now, and open it anew."""
        project = self.project
        if project is None:
            return

        def work() -> Iterator[None]:
            project.store.relink(root).result()
            yield

        def reopen() -> None:
            if self.project is project:
                self.close()
                self._open(project.store.file, root=None, model=None)

        self.run(work, done=reopen)

    def run(self, work: Callable[[], Iterator[Any]], *, done: Callable[[], None]) -> GeneratorThread:
        """Run a piece of work on a thread of its own; known errors are shown."""
        thread = GeneratorThread(work, self)
        thread.returned.connect(lambda _value: done())
        thread.failed.connect(self._show_error)
        thread.ended.connect(thread.deleteLater)
        thread.start()
        return thread

    def _show_error(self, error: BaseException) -> None:
        if not isinstance(error, KnownError):
            raise error
        self.failed.emit(str(error))

    # ------------------------------------------------------------------------------------------------ closing
    def close(self) -> None:
        """Close the project; what its model is in the middle of ends in the background."""
        project, self.project = self.project, None
        self._models.detach()
        self._segmenters.detach()
        if project is None:
            return
        self._closing.append(project)
        project.ended.connect(lambda: self._closing.remove(project))
        project.close()
        self.closed.emit()

    def shut_down(self) -> None:
        """Close everything and wait for it; for the window's end."""
        self._discard_opener()
        for thread in self.findChildren(GeneratorThread):
            thread.wait()
        self.close()
        for project in list(self._closing):
            project.finish()

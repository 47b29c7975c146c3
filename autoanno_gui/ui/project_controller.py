"""The life of an open project in the window: its store, frames, session, model and threads, from open to close."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, Signal, Slot

from autoanno_gui.config import AppHome, Settings, project_file_for, remember_project
from autoanno_gui.core.errors import KnownError, ProjectError
from autoanno_gui.core.records import Frame, ModelInfo
from autoanno_gui.imaging.paths import escape_path, unescape_path
from autoanno_gui.review.model_runner import MODEL_SETTING, LoadedModel, ModelEvents, ModelRunner
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
from autoanno_gui.review.prediction_job import PredictionProgress
from autoanno_gui.review.scheduler import Scheduler
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.ui.bridge import GuiThreadBridge
from autoanno_gui.ui.canvas.view import CanvasView
from autoanno_gui.ui.prefetch import Prefetcher
from autoanno_gui.ui.review_presenter import ReviewPresenter
from autoanno_gui.ui.threads import GeneratorThread, SchedulerThread

JOB_STOPPED_SETTING: Final = "job_stopped"


class OpenProject(QObject):
    """Everything that lives as long as one project is open."""

    def __init__(
        self,
        store: Store,
        *,
        settings: Settings,
        canvas: CanvasView,
        home: AppHome,
        parent: QObject,
        events: ModelEvents,
    ) -> None:
        super().__init__(parent)
        self.store: Final = store
        self.session: Final = ReviewSession(store, reviewer=settings.reviewer, idle_cap=settings.idle_cap_seconds)
        self.prefetcher: Final = Prefetcher(store.root, self)
        self.presenter: Final = ReviewPresenter(self.session, canvas, self.prefetcher, self)
        self.scheduler: Final = Scheduler()
        self.runner: Final = ModelRunner(self.scheduler, store, home=home.models_dir, events=events)
        self._thread = SchedulerThread(self.scheduler, self)
        self._thread.start()
        self.prefetcher.filled.connect(lambda full: self.scheduler.note_look_ahead(full=full))

    def close(self) -> None:
        """Stop the model, keep the draft, wait for what is being written, release the lock."""
        self.prefetcher.close()
        self.presenter.close()
        self._thread.stop()
        self.runner.close()
        self.store.close()
        self.presenter.deleteLater()
        self.deleteLater()


class ProjectController(QObject):
    """Opens and closes projects and runs their model; the window listens."""

    opening = Signal(str)
    """The name of the first project, as soon as it is on its way."""
    opened = Signal()
    closed = Signal()
    frames_changed = Signal()
    """Frames were found, or the order of the queue changed."""
    scan_ended = Signal()
    folder_missing = Signal(object)
    failed = Signal(str)
    """A sentence for people."""
    said = Signal(str)
    model_loading = Signal(str)
    model_loaded = Signal(object)
    """LoadedModel."""
    model_failed = Signal(str)
    job_started = Signal()
    job_progressed = Signal(object)
    """PredictionProgress."""
    job_ended = Signal()

    def __init__(self, *, home: AppHome, settings: Settings, canvas: CanvasView, parent: QObject) -> None:
        super().__init__(parent)
        self.home: Final = home
        self.settings = settings
        self.project: OpenProject | None = None
        self.model: LoadedModel | None = None
        self.job_running = False
        self._canvas = canvas
        self._bridge = GuiThreadBridge(self)
        self._opener: GeneratorThread | None = None
        self._store_on_its_way: Store | None = None
        self._model_asked: Path | None = None
        self._loading: Path | None = None
        self._start_when_loaded = False
        self._asked_alone: int | None = None
        """The frame that the model was asked for out of turn and has not answered yet."""
        self._first_shown = False
        self._scan_over = False

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
        self._model_asked = model
        if self.project is not None and self.project.store.file.absolute() == file:
            store = self.project.store
            self.project.prefetcher.forget_all()
            self._start(lambda: frames_job(store))
            if model is not None:
                self.use_model(model)
            return

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
        if store is not None and (self.project is None or self.project.store is not store):
            store.close()

    def _start(self, work: Callable[[], Iterator[Any]]) -> None:
        opener = GeneratorThread(work, self)
        opener.progressed.connect(lambda step: self._on_step(opener, step))
        opener.failed.connect(lambda error: self._on_open_failed(opener, error))
        opener.ended.connect(lambda: self._on_opener_ended(opener))
        self._opener = opener
        self._scan_over = False
        opener.start()

    def _on_opener_ended(self, opener: GeneratorThread) -> None:
        if opener is self._opener:
            self._scan_over = True
            self.scan_ended.emit()

    def _on_step(self, opener: GeneratorThread, step: OpenStep) -> None:
        if isinstance(step, ProjectOpened):
            if opener is self._opener:
                self._take(step.store)
            else:
                step.store.close()
        elif opener is self._opener and self.project is not None:
            if isinstance(step, FramesFound):
                self.project.session.take_frames(step.frames)
                self._show_first()
                self.frames_changed.emit()
            elif isinstance(step, FolderMissing):
                self.folder_missing.emit(step.root)
            else:
                self._finish_scan(step)

    def _take(self, store: Store) -> None:
        self.close()

        def post(handler: Callable[[], None]) -> None:
            self._bridge.post(lambda: self._if_open(store, handler))

        events = ModelEvents(
            loading=lambda name: post(lambda: self.model_loading.emit(name)),
            loaded=lambda model: post(lambda: self._on_model_loaded(model)),
            failed=lambda error: post(lambda: self._on_model_failed(error)),
            progress=lambda progress: post(lambda: self._on_progress(progress)),
            job_ended=lambda error: post(lambda: self._on_job_ended(error)),
            frame_predicted=lambda progress: post(lambda: self._on_frame_predicted(progress)),
        )
        self.project = OpenProject(
            store, settings=self.settings, canvas=self._canvas, home=self.home, parent=self, events=events
        )
        self._first_shown = False
        self.project.presenter.prediction_wanted.connect(self._predict_shown)
        try:
            remember_project(self.home, store.root, store.file)
        except KnownError as error:  # the project can be worked on all the same
            self.failed.emit(str(error))
        self.project.session.model_active = self._model_path() is not None
        self.opened.emit()

    def _if_open(self, store: Store, handler: Callable[[], None]) -> None:
        """Handle what a project's model says; the last words of a project that was closed meanwhile are dropped."""
        if self.project is not None and self.project.store is store:
            handler()

    def _show_first(self) -> None:
        project = self.project
        if project is None or self._first_shown or not len(project.session.queue):
            return
        first = project.session.queue.first()
        if first is not None:
            self._first_shown = True
            project.session.open(first.id)
            project.presenter.show_open_frame()

    def _finish_scan(self, step: ScanFinished) -> None:
        project = self.project
        if project is None:
            return
        if step.changed or step.order is not None:
            project.session.take_frames(step.changed, order=step.order)
        self._leave_faulty_first()
        self.frames_changed.emit()
        for path, reason in step.skipped:
            self.said.emit(f"The sub-folder {path} was left out: {reason}")
        self._scan_over = True
        self._start_model()

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

    # ------------------------------------------------------------------------------------------------ model
    def _setting(self, key: str) -> str | None:
        if self.project is None:
            return None
        with self.project.store.reader() as reader:
            return reader.setting(key)

    def _write_setting(self, key: str, value: str) -> None:
        if self.project is not None:
            self.project.store.submit(Priority.OTHER, lambda writer: writer.set_setting(key, value))

    def _model_path(self) -> Path | None:
        if self._model_asked is not None:
            return self._model_asked
        kept = self._setting(MODEL_SETTING)
        return Path(unescape_path(kept)) if kept else None

    def _start_model(self) -> None:
        """After the scan: load the model if there is anything left for it to do."""
        project, path = self.project, self._model_path()
        if project is None or path is None:
            return
        asked = self._model_asked is not None
        stopped = self._setting(JOB_STOPPED_SETTING) == "1"
        unpredicted = any(frame.run_frame_id is None and frame.usable for frame in project.session.frames)
        if not asked and self.model is not None:
            # The folder was looked through again.
            if unpredicted and not stopped:
                self.start_job()
        elif asked or project.session.waiting or (unpredicted and not stopped):
            self.use_model(path, start=asked or not stopped)

    def use_model(self, path: Path, *, start: bool = True) -> None:
        """Load a model and, unless told otherwise, predict what it has not predicted yet."""
        if self.project is None:
            return
        self._loading = path
        self._start_when_loaded = start
        self.project.presenter.set_model_active(True)
        self.project.runner.load(path, device=self.settings.device)

    def start_job(self) -> None:
        """Predict all frames that the model has not predicted yet."""
        project = self.project
        if project is None:
            return
        if self.model is None:
            path = self._loading or self._model_path()
            if path is None:
                self.said.emit("Choose a model first: Model > Choose Model… (Ctrl+M).")
            elif path == self._loading:
                self._start_when_loaded = True
            else:
                self.use_model(path)
            return
        self._write_setting(JOB_STOPPED_SETTING, "0")
        self.job_running = True
        project.runner.start_job()
        self.job_started.emit()

    def stop_job(self) -> None:
        """Stop predicting within one batch; it goes on when the user says so."""
        if self.project is not None and self.job_running:
            self._write_setting(JOB_STOPPED_SETTING, "1")
            self.project.runner.cancel_job()

    def _predict_shown(self, frame: Frame) -> None:
        project = self.project
        if project is None:
            return
        if self.model is not None:
            self._predict_alone(project, frame)
        elif self._loading is None and self._scan_over and (path := self._model_path()) is not None:
            self.use_model(path, start=self._setting(JOB_STOPPED_SETTING) != "1")

    def _predict_alone(self, project: OpenProject, frame: Frame) -> None:
        if self._asked_alone != frame.id:
            self._asked_alone = frame.id
            project.runner.predict_shown(frame)

    def _on_model_loaded(self, model: LoadedModel) -> None:
        project = self.project
        if project is None:
            return
        self._loading = self._asked_alone = None
        self.model = model
        self._write_setting(MODEL_SETTING, escape_path(model.info.path))
        self.model_loaded.emit(model)
        frame = project.session.frame
        if project.session.waiting and frame is not None:
            self._predict_alone(project, frame)
        if self._start_when_loaded:
            self.start_job()

    def _on_model_failed(self, error: BaseException) -> None:
        self._loading = self._asked_alone = None
        if not isinstance(error, KnownError):
            raise error
        if self.project is not None and self.model is None:
            self._model_asked = None
            self.project.presenter.set_model_active(False)
        self.model_failed.emit(str(error))

    def _on_progress(self, progress: PredictionProgress) -> None:
        if self.project is not None:
            self.project.presenter.on_predicted(progress)
            self.job_progressed.emit(progress)

    def _on_frame_predicted(self, progress: PredictionProgress) -> None:
        self._asked_alone = None
        if self.project is not None:
            self.project.presenter.on_predicted(progress)

    def _on_job_ended(self, error: BaseException | None) -> None:
        self.job_running = False
        self.job_ended.emit()
        if isinstance(error, KnownError):
            self.failed.emit(str(error))
        elif error is not None:
            raise error

    @property
    def model_info(self) -> ModelInfo | None:
        return self.model.info if self.model is not None else None

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
        file = project.store.file
        try:
            project.store.relink(root).result()
        except ProjectError as error:
            self.failed.emit(str(error))
            return
        self.close()
        self._open(file, root=None, model=None)

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
    @Slot()
    def close(self) -> None:
        """Close the project: threads end, everything acknowledged, the lock is released."""
        project, self.project = self.project, None
        self.model = None
        self._loading = self._asked_alone = None
        self.job_running = False
        if project is not None:
            project.close()
            self.closed.emit()

    def shut_down(self) -> None:
        """Stop opening and wait for a copy that is being written, too; for the window's end."""
        self._discard_opener()
        for thread in self.findChildren(GeneratorThread):
            thread.wait()
        self.close()

"""The model of the open project: which one it is, when it is loaded, and what it has to predict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal

from autoanno_gui.config import Settings
from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.predictions import ModelInfo
from autoanno_gui.core.records import Frame
from autoanno_gui.imaging.paths import escape_path, unescape_path
from autoanno_gui.review.model_runner import MODEL_SETTING, LoadedModel, ModelEvents
from autoanno_gui.review.prediction_job import PredictionProgress
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.ui.bridge import GuiThreadBridge
from autoanno_gui.ui.frame_display import KeyOf
from autoanno_gui.ui.open_project import OpenProject
from autoanno_gui.ui.wording import count_of

JOB_STOPPED_SETTING: Final = "job_stopped"


class ModelController(QObject):
    """Loads models and runs the prediction job for whatever project is open; the window listens."""

    model_loading = Signal(str)
    model_loaded = Signal(object)
    """LoadedModel."""
    model_failed = Signal(str)
    job_started = Signal()
    job_progressed = Signal(object)
    """PredictionProgress."""
    job_ended = Signal()
    failed = Signal(str)
    """A sentence for people."""
    said = Signal(str)

    def __init__(self, *, settings: Settings, key_of: KeyOf, parent: QObject) -> None:
        super().__init__(parent)
        self.settings = settings
        self.model: LoadedModel | None = None
        self.job_running = False
        self._key_of = key_of
        self._bridge = GuiThreadBridge(self)
        self._project: OpenProject | None = None
        self._asked: Path | None = None
        """The model that was asked for when the project was opened."""
        self._loading: Path | None = None
        self._start_when_loaded = False
        self._asked_alone: int | None = None
        """The frame that the model was asked for out of turn and has not answered yet."""
        self._scan_over = False
        self._job_failures = 0
        """Frames that the running job could not predict, of `_job_total`."""
        self._job_total = 0

    @property
    def model_info(self) -> ModelInfo | None:
        return self.model.info if self.model is not None else None

    # ------------------------------------------------------------------------------------------------ the project
    def events(self, store: Store) -> ModelEvents:
        """Return where the model of a project reports to; the last words of one that was closed are dropped."""

        def post(handler: Callable[[], None]) -> None:
            self._bridge.post(lambda: handler() if self._project is not None and self._project.store is store else None)

        return ModelEvents(
            loading=lambda name: post(lambda: self.model_loading.emit(name)),
            loaded=lambda model: post(lambda: self._on_loaded(model)),
            failed=lambda error: post(lambda: self._on_failed(error)),
            progress=lambda progress: post(lambda: self._on_progress(progress)),
            job_ended=lambda error: post(lambda: self._on_job_ended(error)),
            frame_predicted=lambda progress: post(lambda: self._on_frame_predicted(progress)),
        )

    def ask_for(self, model: Path | None) -> None:
        """Note which model is to be used when the project's folder has been scanned; None for the project's own."""
        self._asked = model

    def attach(self, project: OpenProject) -> None:
        """Serve a project from now on."""
        self._project = project
        project.presenter.prediction_wanted.connect(self._predict_shown)
        project.session.model_active = self._path() is not None

    def detach(self) -> None:
        """Serve no project any more."""
        self._project = self.model = self._loading = self._asked_alone = None
        self.job_running = False

    def scan_begins(self) -> None:
        """Note that the folder is being scanned: loading a model waits, so that the first frame does not."""
        self._scan_over = False

    def scan_ends(self) -> None:
        """Note that the folder is known: load the model if there is anything left for it to do."""
        self._scan_over = True
        project, path = self._project, self._path()
        if project is None or path is None:
            return
        asked = self._asked is not None
        stopped = self._setting(JOB_STOPPED_SETTING) == "1"
        unpredicted = any(frame.run_frame_id is None and frame.usable for frame in project.session.frames)
        if not asked and self.model is not None:
            # The folder was looked through again.
            if unpredicted and not stopped:
                self.start_job()
        elif asked or project.session.waiting or (unpredicted and not stopped):
            self.use_model(path, start=asked or not stopped)

    def _path(self) -> Path | None:
        if self._asked is not None:
            return self._asked
        kept = self._setting(MODEL_SETTING)
        return Path(unescape_path(kept)) if kept else None

    def _setting(self, key: str) -> str | None:
        if self._project is None:
            return None
        with self._project.store.reader() as reader:
            return reader.setting(key)

    def _write_setting(self, key: str, value: str) -> None:
        if self._project is not None:
            self._project.store.submit(Priority.OTHER, lambda writer: writer.set_setting(key, value))

    # ------------------------------------------------------------------------------------------------ commands
    def use_model(self, path: Path, *, start: bool = True) -> None:
        """Load a model and, unless told otherwise, predict what it has not predicted yet."""
        if self._project is None:
            return
        self._loading = path
        self._start_when_loaded = start
        self._project.presenter.news.set_model_active(True)
        self._project.runner.load(path, device=self.settings.device)

    def start_job(self) -> None:
        """Predict all frames that the model has not predicted yet."""
        if self._project is None:
            return
        if self.model is None:
            path = self._loading or self._path()
            if path is None:
                self.said.emit(f"Choose a model first: Model > Choose Model… ({self._key_of('model.choose')}).")
            elif path == self._loading:
                self._start_when_loaded = True
            else:
                self.use_model(path)
            return
        self._write_setting(JOB_STOPPED_SETTING, "0")
        self.job_running = True
        self._job_failures = 0
        self._project.runner.start_job()
        self.job_started.emit()

    def stop_job(self) -> None:
        """Stop predicting within one batch; it goes on when the user says so."""
        if self._project is not None and self.job_running:
            self._write_setting(JOB_STOPPED_SETTING, "1")
            self._project.runner.cancel_job()

    def _predict_shown(self, frame: Frame) -> None:
        if self.model is not None:
            self._predict_alone(frame)
        elif self._loading is None and self._scan_over and (path := self._path()) is not None:
            self.use_model(path, start=self._setting(JOB_STOPPED_SETTING) != "1")

    def _predict_alone(self, frame: Frame) -> None:
        if self._project is not None and self._asked_alone != frame.id:
            self._asked_alone = frame.id
            self._project.runner.predict_shown(frame)

    # ------------------------------------------------------------------------------------------------ events
    def _on_loaded(self, model: LoadedModel) -> None:
        project = self._project
        if project is None:
            return
        self._loading = self._asked_alone = None
        self.model = model
        self._write_setting(MODEL_SETTING, escape_path(model.info.path))
        self.model_loaded.emit(model)
        project.presenter.adopt_model(model.info)
        if not project.session.model_active:  # one that was asked for before it failed meanwhile
            project.presenter.news.set_model_active(True)
        frame = project.session.frame
        if project.session.waiting and frame is not None:
            self._predict_alone(frame)
        if self._start_when_loaded:
            self.start_job()

    def _on_failed(self, error: BaseException) -> None:
        self._loading = self._asked_alone = None
        if self._project is not None and self.model is None:
            self._asked = None
            self._project.presenter.news.set_model_active(False)
        if not isinstance(error, KnownError):
            raise error
        self.model_failed.emit(str(error))

    def _on_progress(self, progress: PredictionProgress) -> None:
        if self._project is not None:
            self._job_failures += len(progress.failures)
            self._job_total = progress.total
            self._project.presenter.news.on_predicted(progress)
            self.job_progressed.emit(progress)

    def _on_frame_predicted(self, progress: PredictionProgress) -> None:
        self._asked_alone = None
        if self._project is not None:
            self._project.presenter.news.on_predicted(progress)

    def _on_job_ended(self, error: BaseException | None) -> None:
        self.job_running = False
        self.job_ended.emit()
        if isinstance(error, KnownError):
            self.failed.emit(str(error))
        elif error is not None:
            raise error
        elif self._job_failures:
            lost = count_of(self._job_failures, "frame")
            sentence = f"{lost} could not be predicted; the filter “Cannot be used” lists them."
            # A few bad files are nothing to stop for; when most are bad, something is wrong with the folder.
            most = self._job_failures > self._job_total / 2
            (self.failed if most else self.said).emit(sentence)

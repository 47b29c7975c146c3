"""Runs the measurement of the return: draws its frames, opens them, and says what came out."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject

from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.queue import QueueReason
from autoanno_gui.core.records import Frame, FrameState, PresentationMode
from autoanno_gui.core.trial import Trial
from autoanno_gui.ui.dialogs.run import run_modal
from autoanno_gui.ui.open_project import OpenProject
from autoanno_gui.ui.threads import GeneratorThread

if TYPE_CHECKING:
    from autoanno_gui.review.measure_return import TrialState
    from autoanno_gui.ui.dialogs.measure_return import MeasureReturnDialog
    from autoanno_gui.ui.main_window import MainWindow


class ReturnController(QObject):
    """Joins the dialog of the measurement with the open project."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window: Final = window
        self._project: OpenProject | None = None
        self._dialog: MeasureReturnDialog | None = None
        self._thread: GeneratorThread | None = None
        self._opening = False
        """Whether the first frame of the trial is to be opened once the queue has it in front."""
        self._had_left = False
        """Whether frames of the trial were still to be decided: only their end is worth a word."""
        window.projects.opened.connect(self._follow)

    def _follow(self) -> None:
        project = self._project = self._window.projects.project
        self._had_left = project is not None and bool(self._left(project))
        if project is not None:
            project.closing.connect(lambda: self._let_go(project))
            project.queue.arranged.connect(lambda: self._on_arranged(project))
            project.presenter.states_changed.connect(lambda ids: self._on_states_changed(project, ids))

    def _let_go(self, project: OpenProject) -> None:
        if project is not self._project:
            return
        self._project, self._opening = None, False
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.cancel()
            thread.wait()
        if self._dialog is not None:
            self._dialog.reject()

    @property
    def busy(self) -> bool:
        """Whether something is being read or drawn."""
        return self._thread is not None

    # ------------------------------------------------------------------------------------------------ the dialog
    def show_dialog(self) -> None:
        """Show how far the measurement is, and take what is chosen."""
        # Imported late: the figures are no part of starting up.
        from autoanno_gui.ui.dialogs.measure_return import MeasureReturnDialog

        project = self._project
        if project is None or self._dialog is not None or self.busy:
            return
        dialog = self._dialog = MeasureReturnDialog(self._window)
        dialog.start_wanted.connect(self._start)
        dialog.stop_wanted.connect(self._stop)
        self._read(dialog.show_state)
        run_modal(dialog, back_to=self._window.canvas)
        self._dialog = None
        self._keep_seconds(project, dialog)

    def _keep_seconds(self, project: OpenProject, dialog: MeasureReturnDialog) -> None:
        from autoanno_gui.review.measure_return import set_seconds

        seconds = dialog.seconds
        if seconds is not None and project is self._project:
            project.session.on_write(set_seconds(project.store, seconds))

    def _read(self, done: Callable[[TrialState], None]) -> None:
        project = self._project
        if project is None:
            return

        def work() -> Generator[None, None, TrialState]:
            from autoanno_gui.review.measure_return import trial_state

            with project.store.reader() as reader:
                found = trial_state(reader)
            yield
            return found

        self._run(work, done)

    # ------------------------------------------------------------------------------------------------ start and stop
    def _start(self, size: int) -> None:
        from autoanno_gui.review.measure_return import start_trial

        project = self._project
        if project is None:
            return
        session = project.session
        work = partial(start_trial, project.store, reviewer=session.reviewer, size=size, seen=session.guards.seen)
        self._run(work, self._begin)

    def _begin(self, trial: Trial) -> None:
        project = self._project
        if project is None:
            return
        project.session.trials.take(trial)
        self._opening = self._had_left = True
        project.queue.bring_trial_first()
        if self._dialog is not None:
            self._dialog.accept()

    def _on_arranged(self, project: OpenProject) -> None:
        left = self._left(project)
        if project is not self._project or not left:
            return
        self._had_left = True
        if not self._opening:
            return
        first = min((frame.id for frame in left), key=project.session.queue.place_of)
        undecided = any(frame.state is FrameState.UNDECIDED for frame in left)
        if project.session.queue.reason_of(first) is QueueReason.MEASURE or not undecided:
            self._opening = False
            self._window.review(lambda presenter: presenter.open_frame(first))

    def _stop(self) -> None:
        from autoanno_gui.review.measure_return import stop_trial

        project = self._project
        if project is not None:
            self._run(partial(stop_trial, project.store), self._end_trial)

    def _end_trial(self, trial: Trial | None) -> None:
        project = self._project
        if project is None:
            return
        session = project.session
        frame, document = session.frame, session.document
        was_hidden = frame is not None and session.trials.hides(frame)
        session.trials.take(trial)
        self._had_left = bool(self._left(project))
        project.queue.bring_trial_first()
        if was_hidden and document is not None and document.mode is PresentationMode.HAND and not document.has_traces:
            project.presenter.label_by_hand()
        if self._dialog is not None:
            self._read(self._dialog.show_state)

    # ------------------------------------------------------------------------------------------------ the end
    def _on_states_changed(self, project: OpenProject, frame_ids: Iterable[int]) -> None:
        mine = set(project.session.trials.frame_ids)
        if project is not self._project or mine.isdisjoint(frame_ids):
            return
        had, self._had_left = self._had_left, bool(self._left(project))
        if had and not self._had_left and not self.busy:
            self._read(self._show_result)

    def _show_result(self, state: TrialState) -> None:
        from autoanno_gui.ui.return_words import result_sentence

        done = "Measured. " if state.figures["measured"] else ""
        self._window.notice.show_text(f"{done}{result_sentence(state.figures)}", mark="✓")

    @staticmethod
    def _left(project: OpenProject) -> list[Frame]:
        """Return the frames of the trial that are still to be decided."""
        frames = project.session.frames
        found = (frames.get(frame_id) for frame_id in project.session.trials.frame_ids if frame_id in frames)
        return [frame for frame in found if frame.usable and not frame.state.decided]

    # ------------------------------------------------------------------------------------------------ the thread
    def _run(self, work: Callable[[], Generator[Any, None, Any]], done: Callable[[Any], None]) -> None:
        thread = self._thread = GeneratorThread(work, self)
        if self._dialog is not None:
            self._dialog.set_busy(True)
        thread.returned.connect(lambda value: self._on_returned(thread, done, value))
        thread.failed.connect(lambda error: self._on_failed(thread, error))
        thread.ended.connect(thread.deleteLater)
        thread.start()

    def _on_returned(self, thread: GeneratorThread, done: Callable[[Any], None], value: object) -> None:
        if thread is self._thread:
            self._thread = None
            done(value)

    def _on_failed(self, thread: GeneratorThread, error: BaseException) -> None:
        if thread is not self._thread:
            return
        self._thread = None
        if not isinstance(error, KnownError):
            raise error
        if self._dialog is not None:
            self._dialog.show_fault(str(error))
        else:
            self._window.show_error(str(error))

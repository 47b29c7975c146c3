"""Draws the sample of the tuner, notes when it is labelled, and lets the tuner work on a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Signal

from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.records import Progress
from autoanno_gui.core.sampling import SAMPLE_SIZE
from autoanno_gui.review.tuning_sample import sample_job, stored_sample
from autoanno_gui.ui.open_project import OpenProject
from autoanno_gui.ui.panels.tuner import TunerPanel
from autoanno_gui.ui.threads import GeneratorThread

if TYPE_CHECKING:
    from autoanno_gui.review.tuning import Source, TuneResult


class TunerController(QObject):
    """Joins the tuner panel with the open project."""

    sample_started = Signal(tuple)
    """Ids of the frames to review with their ghosts on, before others."""

    def __init__(self, panel: TunerPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._panel: Final = panel
        self._project: OpenProject | None = None
        self._sample: tuple[int, ...] = ()
        self._looked_up = False
        self._thread: GeneratorThread | None = None
        self._next: Source | None = None
        """What to tune on as soon as the thread is free."""
        panel.sample_wanted.connect(self.start_sample)
        panel.labelled_wanted.connect(lambda: self.tune("labelled"))
        panel.shown.connect(self._look_up)

    def set_project(self, project: OpenProject | None) -> None:
        """Work on another project from now on, or on none."""
        self.stop()
        self._project, self._sample, self._looked_up = project, (), False
        self._panel.clear()
        if project is None:
            return
        project.presenter.states_changed.connect(self._on_states_changed)
        project.presenter.thresholds_changed.connect(self._show_present)
        self._show_present()
        if self._panel.isVisible():
            self._look_up()

    def stop(self) -> None:
        """Give up what is being computed, and wait for its thread."""
        thread, self._thread, self._next = self._thread, None, None
        if thread is not None:
            thread.cancel()
            thread.wait()

    @property
    def busy(self) -> bool:
        """Whether something is being computed."""
        return self._thread is not None

    # ------------------------------------------------------------------------------------------------ the sample
    def _look_up(self) -> None:
        """Find out, once the panel is in sight, whether the project has a sample."""
        project = self._project
        if project is None or self._looked_up or self.busy:
            return
        self._looked_up = True

        def work() -> Generator[None, None, tuple[int, ...]]:
            with project.store.reader() as reader:
                found = stored_sample(reader)
            yield
            return found

        self._run(work, self._take_sample)

    def start_sample(self) -> None:
        """Draw the sample unless there is one, and open its first frame that is not decided."""
        project = self._project
        if project is not None and not self.busy:
            self._run(partial(sample_job, project.store), self._begin)

    def _begin(self, sample: tuple[int, ...]) -> None:
        self._take_sample(sample)
        project = self._project
        if project is None:
            return
        self.sample_started.emit(sample)
        frames = project.session.frames
        known = [frames.get(frame_id) for frame_id in sample if frame_id in frames]
        undecided = [frame for frame in known if frame.usable and not frame.state.decided]
        # One that waits for labelling by hand is not done either.
        left = undecided or [frame for frame in known if frame.usable and not frame.state.labelled]
        here = project.session.frame
        if here in left:
            if not project.session.objects.ghosts_shown:
                project.presenter.toggle_ghosts()
        elif left:
            project.presenter.open_frame(left[0].id)

    def _take_sample(self, sample: tuple[int, ...]) -> None:
        self._sample = sample
        self._looked_up = True
        if self._show_progress():
            self.tune("sample")

    def _on_states_changed(self, frame_ids: Iterable[int]) -> None:
        if self._sample and not set(frame_ids).isdisjoint(self._sample) and self._show_progress():
            self.tune("sample")

    def _show_progress(self) -> bool:
        """Show how far the sample is; return whether it is done."""
        project = self._project
        if project is None:
            return False
        frames = project.session.frames
        usable = [frame for frame_id in self._sample if frame_id in frames and (frame := frames.get(frame_id)).usable]
        done = sum(frame.state.labelled for frame in usable)
        self._panel.show_sample(done, len(usable))
        return done >= min(SAMPLE_SIZE, len(usable)) > 0

    # ------------------------------------------------------------------------------------------------ the tuner
    def tune(self, source: Source) -> None:
        """Work out the curve, now or as soon as the thread is free; the panel shows it."""
        project = self._project
        if project is None:
            return
        if self.busy:
            self._next = source
            return
        store, reviewer = project.store, project.session.reviewer

        def work() -> Generator[Progress, None, TuneResult]:
            from autoanno_gui.review.tuning import tune_job  # the window is painted before

            return (yield from tune_job(store, source=source, reviewer=reviewer))

        self._run(work, self._show_result)

    def _show_result(self, result: TuneResult) -> None:
        self._panel.show_result(result)
        self._show_present()

    def _show_present(self) -> None:
        if self._project is not None:
            self._panel.set_present(self._project.session.thresholds.default)

    # ------------------------------------------------------------------------------------------------ the thread
    def _run(self, work: Callable[[], Generator[Any, None, Any]], done: Callable[[Any], None]) -> None:
        thread = self._thread = GeneratorThread(work, self)
        thread.progressed.connect(lambda step: self._on_progress(thread, step))
        thread.returned.connect(lambda value: self._on_returned(thread, done, value))
        thread.failed.connect(lambda error: self._on_failed(thread, error))
        thread.ended.connect(thread.deleteLater)
        thread.start()

    def _on_progress(self, thread: GeneratorThread, step: Progress | None) -> None:
        if thread is self._thread and step is not None:
            share = f" {step.done / step.total:.0%}" if step.total else ""
            self._panel.set_busy(True, f"{step.text}…{share}")

    def _on_returned(self, thread: GeneratorThread, done: Callable[[Any], None], value: object) -> None:
        if thread is self._thread:
            self._end()
            done(value)
            self._go_on()

    def _on_failed(self, thread: GeneratorThread, error: BaseException) -> None:
        if thread is not self._thread:
            return
        self._end()
        if not isinstance(error, KnownError):
            raise error
        self._panel.show_fault(str(error))
        self._go_on()

    def _end(self) -> None:
        self._thread = None
        self._panel.set_busy(False)

    def _go_on(self) -> None:
        source, self._next = self._next, None
        if source is not None:
            self.tune(source)

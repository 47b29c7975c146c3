"""Lets the figures of the open project be worked out on a thread of its own, as often as somebody looks at them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.records import FrameState
from autoanno_gui.ui.metrics_thread import MetricsNews, MetricsThread
from autoanno_gui.ui.open_project import OpenProject
from autoanno_gui.ui.panels.metrics import MetricsPanel

INTERVAL_MS: Final = 2000
"""The panel is never brought up to date more often."""
OF_THE_TIME: Final = 5
"""Nor is more than one part in so many of the time spent on it: a long ledger takes longer."""
QUIET_MS: Final = 300
"""Nothing begins so soon after a decision: the next one may come at once..."""
PATIENCE_MS: Final = 10_000
"""...but nobody decides so fast for so long."""
WATCH_EVERY: Final = 10
"""Decisions between two looks for drift while the panel is out of sight."""
FIRST_WATCH_MS: Final = 3000
"""After opening, the frames come first."""
RETRY_MS: Final = 10_000
"""Whoever looks at the panel need do nothing for new figures after a fault that is over."""
_NO_MORE: Final = "There are no new figures any more; open the project again."
_DECIDED: Final = tuple(state for state in FrameState if state.decided)


class MetricsController(QObject):
    """Joins the metrics panel, and whoever asks for figures, with the open project."""

    drift_watched = Signal(object)
    """`drift` of the report."""
    sitting_ready = Signal(object)
    """The figures of the sitting, see `MetricsKeeper.session_document`."""
    failed = Signal(str)
    """A sentence for people: the figures that were asked for do not come."""

    def __init__(self, panel: MetricsPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._panel: Final = panel
        self._project: OpenProject | None = None
        self._checks = True
        self._thread: MetricsThread | None = None
        self._news = MetricsNews()
        self._busy = False
        self._broken = False
        """Whether working them out came upon a bug: then it is not tried again, since it would be told each time."""
        self._arranged = False
        """Whether the queue has read all predictions, so that the figures need not do it once more."""
        self._cost_ms = 0.0
        self.watches = 0
        """How often the ledger of the open project was looked through for drift."""
        self._decided: set[int] = set()
        self._since_watch = 0
        self._since_asked, self._since_decided = QElapsedTimer(), QElapsedTimer()
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._ask_when_due)
        self._first_watch = QTimer(self, singleShot=True)
        self._first_watch.timeout.connect(self._watch_first)

    # ------------------------------------------------------------------------------------------------ the project
    def set_project(self, project: OpenProject | None, *, checks: bool = True) -> None:
        """Work on another project from now on, or on none.

        Args:
            project: the open one.
            checks: whether the user wants blind frames and planted checks in it.
        """
        self.stop()
        self._project, self._checks = project, checks
        self._panel.clear()
        if project is None:
            return
        presenter = project.presenter
        presenter.decisions_changed.connect(lambda ids: self._on_decided(project, ids))
        presenter.classes_changed.connect(lambda: self._refresh(project))
        presenter.class_maps_changed.connect(lambda: self._refresh(project))
        project.closing.connect(lambda: self._let_go(project))
        project.queue.arranged.connect(lambda: self._on_arranged(project))
        if self._panel.in_sight:
            self.show_now()

    def _let_go(self, project: OpenProject) -> None:
        if project is self._project:
            self.stop()
            self._project = None

    def stop(self) -> None:
        """Give up what is being worked out, and wait for the thread."""
        self._timer.stop()
        self._first_watch.stop()
        self._end_thread()
        self._news, self._busy, self._broken, self._cost_ms = MetricsNews(everything=True), False, False, 0.0
        self._decided, self._since_watch, self._arranged, self.watches = set(), 0, False, 0
        self._since_asked.invalidate()
        self._since_decided.invalidate()

    def _end_thread(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.stop()
            thread.deleteLater()

    @property
    def busy(self) -> bool:
        """Whether figures are being worked out, or are about to be."""
        return self._busy or self._timer.isActive()

    @property
    def decided(self) -> int:
        """How many frames were decided in this sitting, and are."""
        return len(self._decided)

    # ------------------------------------------------------------------------------------------------ news
    def refresh(self) -> None:
        """Read everything anew: what all decisions mean may have changed, or others have come."""
        if self._project is not None:
            self._refresh(self._project)

    def watch(self) -> None:
        """Look for drift as soon as it may be."""
        self._since_watch = WATCH_EVERY
        self._schedule()

    def ask_sitting(self, session: str, causes: tuple[str, ...]) -> None:
        """Ask for the figures of a sitting at once; `sitting_ready` brings them.

        Args:
            session: its uuid.
            causes: codes of hypotheses whose figure is wanted.
        """
        self._news.sitting = session, causes
        if self._broken:
            self.failed.emit(_NO_MORE)
        elif not self._busy:
            self._ask()

    def _refresh(self, project: OpenProject) -> None:
        if project is self._project:
            self._news.everything = True
            self._schedule()

    def _on_decided(self, project: OpenProject, frame_ids: Iterable[int]) -> None:
        if project is not self._project:
            return
        frames = project.session.frames
        for frame_id in frame_ids:
            self._news.frame_ids.add(frame_id)
            self._since_watch += 1
            if frame_id in frames and frames.get(frame_id).state.decided:
                self._decided.add(frame_id)
            else:
                self._decided.discard(frame_id)
        self._since_decided.start()
        self._schedule()

    def show_now(self) -> None:
        """Bring the panel up to date as soon as can be: it came into sight."""
        self._news.document = True
        if self._project is not None and not self._busy and self._arranged:
            self._timer.start(0)

    def _on_arranged(self, project: OpenProject) -> None:
        if project is self._project and not self._arranged:
            self._arranged = True
            self._first_watch.start(FIRST_WATCH_MS)
            if self._panel.in_sight:
                self.show_now()

    def _watch_first(self) -> None:
        """Drift that was there when the project was opened is as true as any."""
        project = self._project
        if project is not None and project.session.frames.count(*_DECIDED):
            self.watch()

    # ------------------------------------------------------------------------------------------------ asking
    def _schedule(self) -> None:
        """See to it that what is wanted is asked for when its time has come."""
        if self._broken or self._busy or self._project is None or not self._arranged:
            return
        self._news.document |= self._panel.in_sight and bool(self._news.frame_ids or self._news.everything)
        self._news.drift |= self._since_watch >= WATCH_EVERY
        if self._news.asks:
            self._timer.start(self._due_in())

    def _due_in(self) -> int:
        """Return in how many milliseconds the next figures are due."""
        since = self._since_asked.elapsed() if self._since_asked.isValid() else PATIENCE_MS
        rest = max(INTERVAL_MS, OF_THE_TIME * self._cost_ms)
        quiet = QUIET_MS - self._since_decided.elapsed() if self._since_decided.isValid() else 0
        if since >= rest + PATIENCE_MS:
            quiet = 0
        return max(round(rest - since), round(quiet), 0)

    def _ask_when_due(self) -> None:
        if self._busy or self._project is None:
            return
        self._ask()

    def _ask(self) -> None:
        project = self._project
        if project is None or self._broken:
            return
        self._timer.stop()
        news, self._news = self._news, MetricsNews()
        news.checks, news.index = self._checks, project.queue.index
        if news.drift or news.document:
            self._since_watch = 0
        # The report has it all.
        news.drift |= news.document
        self._busy = True
        self._since_asked.start()
        self._running(project).ask(news)

    def _running(self, project: OpenProject) -> MetricsThread:
        if self._thread is None:
            thread = self._thread = MetricsThread(project.store.reader, self)
            thread.reported.connect(lambda report, seconds: self._on_reported(thread, report, seconds))
            thread.watched.connect(lambda drift: self._on_watched(thread, drift))
            thread.sat.connect(lambda figures: self._on_sat(thread, figures))
            thread.done.connect(lambda: self._on_done(thread))
            thread.failed.connect(lambda error: self._on_failed(thread, error))
            thread.start(MetricsThread.Priority.LowPriority)
        return self._thread

    # ------------------------------------------------------------------------------------------------ answers
    def _on_reported(self, thread: MetricsThread, report: dict[str, Any], seconds: float) -> None:
        if thread is self._thread:
            self._cost_ms = seconds * 1000
            self._panel.show_document(report)

    def _on_watched(self, thread: MetricsThread, drift: dict[str, Any]) -> None:
        if thread is self._thread:
            self.watches += 1
            self.drift_watched.emit(drift)

    def _on_sat(self, thread: MetricsThread, figures: dict[str, Any]) -> None:
        if thread is self._thread:
            self.sitting_ready.emit(figures)

    def _on_done(self, thread: MetricsThread) -> None:
        if thread is not self._thread:
            return
        self._busy = False
        if self._news.sitting is not None:
            self._ask()
        else:
            self._schedule()

    def _on_failed(self, thread: MetricsThread, error: BaseException) -> None:
        if thread is not self._thread:
            return
        # What the thread had read is gone with it. The next decision, or whoever looks at the panel, tries again.
        self._end_thread()
        self._busy = False
        self._broken = not isinstance(error, KnownError)
        sentence = _NO_MORE if self._broken else str(error)
        self._panel.show_fault(sentence)
        self.failed.emit(sentence)
        if self._broken:
            raise error
        if self._panel.in_sight:
            self._news.document = True
            self._timer.start(RETRY_MS)

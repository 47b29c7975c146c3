"""What the panels show of the open project: each piece of news goes to the panels that it concerns."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from autoanno_gui.ui.open_project import OpenProject
from autoanno_gui.ui.panels.status import StatusLine
from autoanno_gui.ui.project_controller import ProjectController
from autoanno_gui.ui.review_presenter import ReviewPresenter
from autoanno_gui.ui.window_building import Panels


class PanelNews(QObject):
    """Keeps panels and status line up to date with whichever project is open."""

    def __init__(self, panels: Panels, status: StatusLine, projects: ProjectController, *, parent: QObject) -> None:
        super().__init__(parent)
        self._panels = panels
        self._status = status
        self._projects = projects
        projects.queue_arranged.connect(self.show_order)

    @property
    def _presenter(self) -> ReviewPresenter | None:
        return self._projects.project.presenter if self._projects.project is not None else None

    def open(self, project: OpenProject) -> None:
        """Show a project that was opened, and follow it."""
        presenter = project.presenter
        presenter.frame_opened.connect(self.show_frame)
        presenter.objects_changed.connect(self.show_objects)
        presenter.states_changed.connect(self.show_states)
        presenter.classes_changed.connect(self.show_classes)
        presenter.thresholds.moved.connect(self._panels.threshold.show_class)
        self._panels.queue.set_session(project.session)
        self.show_classes()

    def clear(self) -> None:
        """Show nothing any more."""
        self._panels.queue.set_session(None)
        self._panels.threshold.clear()
        self._panels.objects.clear()
        self._panels.classes.show_classes([])
        self._status.clear()

    def show_frame(self) -> None:
        """Show which frame is open, and its objects."""
        presenter = self._presenter
        frame = presenter.session.frame if presenter is not None else None
        if presenter is None or frame is None:
            return
        queue = presenter.session.queue
        listed = presenter.session.listed_id
        self._panels.queue.set_current(listed)
        self._status.show_frame(frame, place=queue.place_of(listed), count=len(queue))
        self.show_objects()

    def show_objects(self) -> None:
        """Show the objects of the open frame, as far as they may be seen."""
        presenter = self._presenter
        presentation = presenter.session.presentation if presenter is not None else None
        if presenter is None or presentation is None:
            return
        session, objects, counts = presenter.session, presentation.objects(), presentation.counts()
        self._panels.objects.show_objects(objects, selected=session.objects.selected, counts=counts)
        self._panels.threshold.show_frame(
            objects, counts=counts, thresholds=session.thresholds, ghosts_shown=session.objects.ghosts_shown
        )
        self._panels.classes.set_current(session.objects.last_class)

    @Slot(list)
    def show_states(self, ids: list[int]) -> None:
        """Show frames whose state or prediction changed."""
        self._panels.queue.refresh_frames(ids)
        self._show_counts()

    def show_frames(self) -> None:
        """Show which frames there are now."""
        self._panels.queue.refresh_all()
        self._show_counts()

    def _show_counts(self) -> None:
        if self._presenter is not None:
            self._status.show_counts(self._presenter.session.frames)

    def show_order(self) -> None:
        """Show the queue in its new order."""
        project = self._projects.project
        frame = project.session.frame if project is not None else None
        if project is None:
            return
        self._panels.queue.set_matches(project.queue.matched, project.queue.matches)
        self._panels.queue.refresh_order()
        self._panels.threshold.show_table(project.queue.table)
        if frame is None:
            return
        queue = project.session.queue
        self._status.show_frame(frame, place=queue.place_of(project.session.listed_id), count=len(queue))
        # Its neighbours may be others now.
        project.presenter.display.prefetch()

    def show_classes(self) -> None:
        """Show the classes of the project."""
        if self._presenter is not None:
            classes = list(self._presenter.session.classes.values())
            self._panels.classes.show_classes(classes)
            self._panels.threshold.show_classes(classes)

"""What the panels around the image do: each signal meets the verb that it stands for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDockWidget

from autoanno_gui.ui.class_editor import ClassEditor
from autoanno_gui.ui.panel_focus import PanelFocus

if TYPE_CHECKING:
    from autoanno_gui.ui.main_window import MainWindow
    from autoanno_gui.ui.open_project import OpenProject
    from autoanno_gui.ui.threshold_acts import ThresholdActs


def connect_panels(window: MainWindow, focus: PanelFocus) -> None:
    """Connect welcome page, panels, status line and tool strip of a window."""
    review, actions = window.review, window.actions_
    window.welcome.folder_chosen.connect(lambda folder: window.open_folder(Path(folder)))
    window.welcome.open_wanted.connect(actions["file.open_folder"].trigger)
    queue = window.queue_panel
    queue.filter_chosen.connect(focus.give_back)
    queue.said.connect(window.status.say)
    queue.settings_changed.connect(lambda settings: _with_project(window, lambda p: p.queue.use(settings)))
    queue.filter_changed.connect(lambda wanted: _with_project(window, lambda p: p.queue.narrow(wanted)))
    queue.shown_changed.connect(lambda shown: _with_project(window, lambda p: p.go_through(shown)))
    queue.frame_chosen.connect(lambda frame_id: review(lambda p: p.open_frame(frame_id)))
    objects = window.objects_panel
    objects.object_chosen.connect(lambda object_id: review(lambda p: p.select(object_id)))
    objects.segmenter_clicked.connect(actions["model.segmenter"].trigger)
    _connect_threshold(window, focus)
    _connect_thumbnails(window)
    _connect_classes(window)
    _connect_tuner(window)
    _connect_metrics(window, focus)
    window.status.model_clicked.connect(actions["model.choose"].trigger)
    window.status.stop_clicked.connect(window.stop_jobs)
    window.canvas.cursor_moved.connect(window.status.show_cursor)
    window.canvas.zoom_changed.connect(window.status.show_zoom)
    window.canvas.tool_changed.connect(lambda tool: window.tool_strip.show_tool(tool.value))


def _connect_threshold(window: MainWindow, focus: PanelFocus) -> None:
    threshold = window.threshold_panel

    def with_thresholds(act: Callable[[ThresholdActs], object]) -> None:
        # The panel keeps the focus: whoever came by F6 goes on with the arrow keys.
        if window.presenter is not None:
            act(window.presenter.thresholds)

    threshold.threshold_changed.connect(lambda value, class_id: with_thresholds(lambda t: t.set(value, class_id)))
    threshold.reset_wanted.connect(lambda class_id: with_thresholds(lambda t: t.reset(class_id)))
    threshold.ghosts_toggled.connect(lambda: window.review(lambda p: p.toggle_ghosts()))
    threshold.left.connect(focus.give_back)


def _with_project(window: MainWindow, act: Callable[[OpenProject], object]) -> None:
    if window.projects.project is not None:
        act(window.projects.project)


def _connect_thumbnails(window: MainWindow) -> None:
    queue, projects, action = window.queue_panel, window.projects, window.actions_["view.thumbnails"]
    # What the next keys ask for is made ready first.
    projects.opened.connect(lambda: _with_project(window, lambda p: p.prefetcher.filled.connect(queue.note_look_ahead)))
    projects.scan_ended.connect(queue.read_thumbnails_again)
    action.setCheckable(True)
    action.setChecked(window.settings.thumbnails)
    queue.show_thumbnails(window.settings.thumbnails)


def _connect_tuner(window: MainWindow) -> None:
    def apply(value: float, classes: list[tuple[int, float]]) -> None:
        window.review(lambda p: p.set_threshold(value))
        for class_id, own in classes:
            window.review(lambda p, class_id=class_id, own=own: p.set_threshold(own, class_id))  # type: ignore[misc]

    window.tuner_panel.applied.connect(apply)
    window.tuner.sample_started.connect(lambda ids: _with_project(window, lambda p: p.queue.bring_first(ids)))


def _connect_metrics(window: MainWindow, focus: PanelFocus) -> None:
    panel, metrics = window.metrics_panel, window.metrics

    def follow() -> None:
        project = window.projects.project
        metrics.set_project(project, checks=window.projects.checks)
        window.drift.set_project(project)

    def show_frames(name: str, paths: list[str], words: dict[str, str]) -> None:
        project = window.projects.project
        if project is None:
            return
        wanted = {path: place for place, path in enumerate(paths)}
        found = sorted((wanted[one.path], one.id) for one in project.session.frames if one.path in wanted)
        said = {frame_id: words[paths[at]] for at, frame_id in found if paths[at] in words}
        window.queue_panel.show_list(name, [frame_id for _, frame_id in found], words=said)

    dock = panel.parentWidget()
    if isinstance(dock, QDockWidget):
        dock.visibilityChanged.connect(lambda visible: metrics.show_now() if visible else None)
    window.projects.opened.connect(follow)
    window.projects.closed.connect(follow)
    metrics.failed.connect(window.show_error)
    panel.left.connect(focus.give_back)
    panel.frames_wanted.connect(show_frames)
    panel.measure_wanted.connect(window.actions_["tools.measure_return"].trigger)


def _connect_classes(window: MainWindow) -> None:
    review, classes = window.review, window.classes_panel

    def create(name: str) -> None:
        # The field keeps the cursor: whoever lists several classes must not press review keys with the second one.
        if window.presenter is not None:
            window.presenter.create_class(name)

    def choose(class_id: int) -> None:
        if window.contact_sheet.active:
            window.contact_sheet.set_class(class_id)
            window.canvas.setFocus()
        else:
            review(lambda p: p.objects.set_class(class_id))

    def edit(change: Callable[[ClassEditor], object]) -> None:
        # It is about the project, whether the image or the contact sheet is shown.
        if window.presenter is not None:
            change(window.presenter.classes)
            window.canvas.setFocus()

    classes.class_chosen.connect(choose)
    classes.class_created.connect(create)
    classes.class_renamed.connect(lambda i, name: edit(lambda c: c.rename(i, name)))
    classes.class_recoloured.connect(lambda i, colour: edit(lambda c: c.recolour(i, colour)))
    classes.class_merged.connect(lambda i, into: edit(lambda c: c.merge(i, into)))
    classes.class_removed.connect(lambda i: edit(lambda c: c.remove(i)))
    classes.slots_changed.connect(lambda slots: edit(lambda c: c.set_slots(slots)))

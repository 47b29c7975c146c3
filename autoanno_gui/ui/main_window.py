"""The main window: puts canvas, panels and menus together and gives each command its handler."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu

from autoanno_gui.config import AppHome, Settings, Theme
from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.records import Progress
from autoanno_gui.core.task import Task
from autoanno_gui.imaging.enhance import Enhancement
from autoanno_gui.review.model_runner import LoadedModel
from autoanno_gui.ui import theme
from autoanno_gui.ui.actions import Actions
from autoanno_gui.ui.canvas.view import CanvasView
from autoanno_gui.ui.commands import commands
from autoanno_gui.ui.contact_sheet.commands import connect_sheet
from autoanno_gui.ui.contact_sheet.controller import ContactSheetController
from autoanno_gui.ui.dialogs.class_picker import ClassPicker
from autoanno_gui.ui.dialogs.note import NoteDialog
from autoanno_gui.ui.drift_warning import DriftWarning
from autoanno_gui.ui.enhance_bar import EnhanceBar
from autoanno_gui.ui.metrics_controller import MetricsController
from autoanno_gui.ui.model_controller import ModelController
from autoanno_gui.ui.panel_focus import PanelFocus
from autoanno_gui.ui.panel_news import PanelNews
from autoanno_gui.ui.panel_wiring import connect_panels
from autoanno_gui.ui.panels.notice import NoticeBar
from autoanno_gui.ui.panels.status import StatusLine
from autoanno_gui.ui.panels.welcome import WelcomePage
from autoanno_gui.ui.project_controller import ProjectController
from autoanno_gui.ui.return_controller import ReturnController
from autoanno_gui.ui.review_presenter import ReviewPresenter
from autoanno_gui.ui.segment_controller import SegmentController
from autoanno_gui.ui.shortcuts import load_specs
from autoanno_gui.ui.sitting_controller import SittingController
from autoanno_gui.ui.tool_strip import ToolStrip
from autoanno_gui.ui.tuner_controller import TunerController
from autoanno_gui.ui.window_building import add_docks, canvas_keys, fill_menus, make_panels, stack_pages
from autoanno_gui.ui.window_layout import keep_layout, restore_layout

OF_THE_FRAME: Final = (ClassPicker, NoteDialog)
"""Dialogs in which the reviewer works on the frame."""


class MainWindow(QMainWindow):
    """The window of one reviewer."""

    frame_shown = Signal(object)
    """The frame's escaped path, once it is painted and the decision before it is acknowledged."""
    queue_finished = Signal()

    def __init__(self, *, home: AppHome, settings: Settings) -> None:
        super().__init__()
        self.home: Final = home
        self.settings = settings
        self.setWindowTitle("autoanno")
        self.setAcceptDrops(True)
        self.canvas = CanvasView()
        self.welcome = WelcomePage(settings.recent_folders)
        self._pages = stack_pages(self, self.welcome, self.canvas)
        self.notice = NoticeBar(self._pages)
        self.panels: Final = make_panels()
        self.queue_panel, self.threshold_panel, self.objects_panel, self.classes_panel = self.panels[:4]
        self.tuner_panel, self.metrics_panel = self.panels[4:]
        docks = add_docks(self, self.panels)
        self.status = StatusLine()
        self.setStatusBar(self.status)
        self.actions_ = Actions(load_specs(settings.shortcuts), window=self, canvas=self.canvas)
        key_of = self.actions_.key_of
        self.tool_strip = ToolStrip(self.actions_, self)
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, self.tool_strip)
        self.enhance_bar = EnhanceBar(self._pages)
        self.models = ModelController(settings=settings, key_of=key_of, parent=self)
        self.segmenters = SegmentController(settings=settings, canvas=self.canvas, key_of=key_of, parent=self)
        self.projects = ProjectController(
            home=home,
            settings=settings,
            canvas=self.canvas,
            models=self.models,
            segmenters=self.segmenters,
            key_of=key_of,
            parent=self,
        )
        self.tuner = TunerController(self.tuner_panel, self)
        self.metrics = MetricsController(self.metrics_panel, self)
        self.drift = DriftWarning(self)
        self.sitting = SittingController(self)
        self.measured_return = ReturnController(self)
        self.contact_sheet = ContactSheetController(
            pages=self._pages,
            canvas=self.canvas,
            key_of=key_of,
            index=lambda: self.projects.project.queue.index if self.projects.project is not None else None,
            covered=self.notice.isVisible,
            parent=self,
        )
        self.actions_.connect_all(commands(self))
        self.recent_menu = QMenu("Open &Recent", self)
        self.menus = fill_menus(self, docks)
        self._show_recent()
        self._keys = canvas_keys(self)
        self.canvas.viewport().installEventFilter(self)
        self._panel_focus = PanelFocus(self.canvas, self.panels)
        self.canvas.mask_tolerance = settings.mask_tolerance
        connect_panels(self, self._panel_focus)
        connect_sheet(self)
        self.enhance_bar.changed.connect(self._enhance)
        self.panel_news = PanelNews(self.panels, self.status, self.projects, parent=self)
        self._connect_controllers()
        self._update_enabled()
        restore_layout(self, home.root)

    def _connect_controllers(self) -> None:
        projects = self.projects
        projects.opening.connect(self._on_opening)
        projects.opened.connect(self._on_opened)
        projects.closed.connect(self._on_closed)
        projects.frames_changed.connect(self._on_frames_changed)
        projects.folder_missing.connect(self._on_folder_missing)
        models = self.models
        models.model_loading.connect(self.status.show_model_loading)
        models.model_loaded.connect(self._on_model_loaded)
        models.model_failed.connect(self._on_model_failed)
        models.job_started.connect(self._update_enabled)
        models.job_progressed.connect(self.status.show_job)
        models.job_ended.connect(self._on_job_ended)
        segmenters = self.segmenters
        segmenters.segmenter_loaded.connect(self.objects_panel.show_segmenter)
        segmenters.pass_started.connect(self._update_enabled)
        segmenters.pass_progressed.connect(self.status.show_job)
        segmenters.pass_ended.connect(self._on_job_ended)
        for controller in (projects, models, segmenters):
            controller.failed.connect(self.show_error)
            controller.said.connect(self.status.say)

    # ------------------------------------------------------------------------------------------------ opening
    def open_folder(self, folder: Path, *, project_file: Path | None = None, model: Path | None = None) -> None:
        """Open a folder of frames; see `ProjectController.open_folder`."""
        self.projects.open_folder(folder, project_file=project_file, model=model)

    @property
    def presenter(self) -> ReviewPresenter | None:
        return self.projects.project.presenter if self.projects.project is not None else None

    def review(self, act: Callable[[ReviewPresenter], object]) -> None:
        """Do something with the open project, then give the keys back to the canvas."""
        if self.presenter is not None:
            self.contact_sheet.leave()
            act(self.presenter)
            self.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_opening(self, name: str) -> None:
        """The page with the buttons goes at once, so that a key that comes early presses none of them."""
        self._pages.setCurrentWidget(self.canvas)
        self.canvas.show_banner("Opening", name)
        self.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_opened(self) -> None:
        project = self.projects.project
        if project is None:
            return
        presenter = project.presenter
        presenter.frame_shown.connect(self._on_frame_shown)
        presenter.queue_finished.connect(self.queue_finished)
        presenter.said.connect(self.status.say)
        presenter.failed.connect(self.show_error)
        presenter.class_wanted.connect(self.actions_["object.pick_class"].trigger)
        presenter.task_changed.connect(self._show_task)
        project.queue.looks.progressed.connect(self._on_looking)
        project.queue.looks.ended.connect(self._on_job_ended)
        self._pages.setCurrentWidget(self.canvas)
        self.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        self._show_task()
        presenter.display.enhance(self.enhance_bar.enhancement)
        self.panel_news.open(project)
        self.remember_folder(project.store.root)
        self.setWindowTitle(f"{project.store.root.name} – autoanno")
        self.tuner.set_project(project)
        self._update_enabled()

    def _on_closed(self) -> None:
        self.tuner.set_project(None)
        self.canvas.show_frame(None, [], selected=None)
        self.canvas.hide_banner()
        self.panel_news.clear()
        self._pages.setCurrentWidget(self.welcome)
        self.setWindowTitle("autoanno")
        self._update_enabled()

    def remember_folder(self, folder: Path) -> None:
        """Put a folder on top of the recent ones."""
        self.take_settings(self.settings.with_recent_folder(str(folder)))
        self._show_recent()

    def _show_recent(self) -> None:
        folders = self.settings.recent_folders
        self.welcome.show_recent(folders)
        self.recent_menu.clear()
        for folder in folders:
            self.recent_menu.addAction(folder.replace("&", "&&"), partial(self.open_folder, Path(folder)))
        self.recent_menu.setEnabled(bool(folders))

    # ------------------------------------------------------------------------------------------------ news
    @Slot(object)
    def _on_frame_shown(self, path: str) -> None:
        self._update_enabled()
        self._panel_focus.frame_shown()
        self.frame_shown.emit(path)

    def _on_frames_changed(self) -> None:
        self.panel_news.show_frames()
        self._update_enabled()

    def _on_folder_missing(self, root: Path) -> None:
        self.show_error(
            f"The folder {root} is not there any more. File > {self.actions_['file.relink'].text().replace('&', '')} "
            "says where its frames are now."
        )

    @Slot(object)
    def _on_model_loaded(self, model: LoadedModel) -> None:
        self.status.show_model(model)
        self._update_enabled()

    @Slot(str)
    def _on_model_failed(self, sentence: str) -> None:
        self.status.show_model(self.models.model)
        self.show_error(sentence)
        self._update_enabled()

    def _on_looking(self, progress: Progress) -> None:
        if not (self.models.job_running or self.segmenters.pass_running):
            self.status.show_looking(progress)
            self.actions_["model.cancel"].setEnabled(True)

    def _on_job_ended(self) -> None:
        self.status.hide_job()
        self._update_enabled()

    def stop_jobs(self) -> None:
        """Stop what the status line shows: predicting, making masks or comparing pictures; what is done is kept."""
        if self.models.job_running or self.segmenters.pass_running:
            self.models.stop_job()
            self.segmenters.stop_pass()
        elif self.projects.project is not None:
            self.projects.project.queue.looks.stop()

    def _enhance(self, enhancement: Enhancement) -> None:
        self.actions_["view.enhance"].setChecked(self.enhance_bar.isVisibleTo(self._pages))
        if self.presenter is not None:
            self.presenter.display.enhance(enhancement)

    def _show_task(self) -> None:
        """Show what the project collects: its skeleton on the canvas, and only what makes sense in the menus."""
        project = self.projects.project
        if project is None:
            return
        self.canvas.set_task(project.session.task)
        self.canvas.set_skeleton(project.session.skeleton if project.session.task is Task.POSE else None)
        self.objects_panel.show_task(project.session.task)
        self._update_enabled()

    def show_error(self, sentence: str) -> None:
        """Show a fault of the environment: the sentence says what happened and what to do."""
        self.notice.show_text(sentence)

    def _update_enabled(self) -> None:
        project = self.projects.project
        open_ = project is not None
        for action_id in self.actions_.ids():
            area = action_id.split(".")[0]
            if area in ("review", "object", "tool", "tools", "threshold", "frame", "class", "model", "edit"):
                self.actions_[action_id].setEnabled(open_ or action_id == "edit.settings")
        for action_id in ("file.save_copy", "file.relink", "file.task", "file.export", "view.enhance", "view.metrics"):
            self.actions_[action_id].setEnabled(open_)
        self.actions_["file.skeleton"].setEnabled(project is not None and project.session.task is Task.POSE)
        for panel in self.panels:
            panel.setEnabled(open_)
        self.actions_["model.predict"].setEnabled(open_ and not self.models.job_running)
        self.actions_["model.make_masks"].setEnabled(open_ and not self.segmenters.pass_running)
        comparing = project is not None and project.queue.looks.running
        running = self.models.job_running or self.segmenters.pass_running or comparing
        self.actions_["model.cancel"].setEnabled(running)

    # ------------------------------------------------------------------------------------------------ input
    def note_input(self) -> None:
        """Note a key or a click on the image, or on what stands in its place."""
        project, timer = self.projects.project, self.contact_sheet.key_timer
        if project is not None and timer is not None:
            timer.note_input()
            project.scheduler.note_key()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt override: a click on the canvas is an input, too."""
        if event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.Wheel):
            self.note_input()
        elif event.type() == QEvent.Type.Resize:
            QTimer.singleShot(0, self, self._on_viewport_resized)
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override: Esc takes a notice away also where no image is shown."""
        if event.key() == Qt.Key.Key_Escape and self.notice.isVisible():
            self.notice.hide()
        else:
            super().keyPressEvent(event)

    def _on_viewport_resized(self) -> None:
        if self.presenter is not None and self.presenter.session.objects.enabled:
            self.presenter.display.prefetch()

    def changeEvent(self, event: QEvent) -> None:
        """Qt override: time counts only while the window, or a dialog about the frame, is in front."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.presenter is not None:
            timer = self.contact_sheet.key_timer or self.presenter.session.timer
            if self.isActiveWindow():
                timer.resume()
            elif not isinstance(QApplication.activeModalWidget(), OF_THE_FRAME):
                timer.pause()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Qt override: folders can be dropped."""
        if _folder_in(event.mimeData()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Qt override."""
        folder = _folder_in(event.mimeData())
        if folder is not None:
            self.open_folder(folder)

    # ------------------------------------------------------------------------------------------------ look and end
    def set_theme(self, name: Theme) -> None:
        """Change between "system", "light" and "dark"."""
        self.take_settings(replace(self.settings, theme=name))

    def take_settings(self, settings: Settings) -> None:
        """Use and keep changed settings."""
        before, self.settings = self.settings, settings
        self.projects.settings = self.models.settings = settings
        if self.presenter is not None:
            self.presenter.tour.enabled = settings.object_tour
        if settings != before:
            self.segmenters.take_settings(settings)
            self.canvas.mask_tolerance = settings.mask_tolerance
        if settings.theme != before.theme:
            theme.apply_choice(settings.theme)
        try:
            settings.save(self.home)
        except KnownError as error:
            self.show_error(str(error))

    def take_shortcuts(self, overrides: Mapping[str, tuple[str, ...]]) -> None:
        """Use and keep changed keys."""
        self.take_settings(replace(self.settings, shortcuts=overrides))
        self.actions_.rebind(load_specs(overrides))

    def use_model(self, path: Path) -> None:
        """Label with another model from now on, and propose it first the next time."""
        self.take_settings(replace(self.settings, last_model=str(path)))
        self.models.use_model(path)

    def escape(self) -> None:
        """Take back what is going on, from the outside in."""
        if self.notice.isVisible():
            self.notice.hide()
        elif self.contact_sheet.active:
            self.contact_sheet.leave()
        elif self.presenter is not None:
            self.presenter.escape()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Qt override: waits for what is being written, then releases threads and lock."""
        if event.spontaneous():
            # A program that closes the window waits for nobody.
            self.sitting.take_leave()
        keep_layout(self, self.home.root)
        # A model that is just being loaded cannot be interrupted: nobody has to watch a dead window meanwhile.
        self.hide()
        self.tuner.stop()
        self.metrics.stop()
        self.projects.shut_down()
        super().closeEvent(event)


def _folder_in(dropped: QMimeData) -> Path | None:
    """Return the first folder among what was dropped; a link to a page is none."""
    files = (url.toLocalFile() for url in dropped.urls())
    return next((Path(file) for file in files if os.path.isdir(file)), None)

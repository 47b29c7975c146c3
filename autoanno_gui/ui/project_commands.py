"""Commands about files: folders, projects, models, exports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QFileDialog

from autoanno_gui.config import PROJECT_SUFFIX
from autoanno_gui.core.keypoints import COCO_PERSON
from autoanno_gui.core.records import FrameState
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.ui.dialogs.class_map import ClassMapDialog
from autoanno_gui.ui.dialogs.model import ModelDialog
from autoanno_gui.ui.dialogs.run import run_modal
from autoanno_gui.ui.dialogs.segmenter import SegmenterDialog
from autoanno_gui.ui.dialogs.skeleton import SkeletonDialog
from autoanno_gui.ui.dialogs.task import TaskDialog

if TYPE_CHECKING:
    from autoanno_gui.ui.main_window import MainWindow


def open_folder(window: MainWindow) -> None:
    """Ask for a folder of frames and open it."""
    recent = window.settings.recent_folders
    folder = QFileDialog.getExistingDirectory(window, "Open Folder", recent[0] if recent else str(Path.home()))
    if folder:
        window.sitting.take_leave()
        window.open_folder(Path(folder))


def open_project(window: MainWindow) -> None:
    """Ask for a project file and open it."""
    file, _ = QFileDialog.getOpenFileName(
        window, "Open Project", str(window.home.projects_dir), f"Projects (*{PROJECT_SUFFIX});;All files (*)"
    )
    if file:
        window.sitting.take_leave()
        window.projects.open_project(Path(file))


def save_copy(window: MainWindow) -> None:
    """Ask where a copy of the project file goes and write it."""
    project = window.projects.project
    if project is None:
        return
    start = Path.home() / f"{project.store.root.name}{PROJECT_SUFFIX}"
    file, _ = QFileDialog.getSaveFileName(window, "Save a Copy", str(start), f"Projects (*{PROJECT_SUFFIX})")
    if file:
        window.projects.save_copy(Path(file))


def relink(window: MainWindow) -> None:
    """Ask where the frames are now."""
    folder = QFileDialog.getExistingDirectory(window, "Where are the frames now?", str(Path.home()))
    if folder:
        window.projects.relink(Path(folder))


def export(window: MainWindow) -> None:
    """Ask what to export and where to, then write it with progress."""
    # Imported late: writing datasets is no part of starting up.
    from autoanno_gui.review.export_job import export_job
    from autoanno_gui.ui.dialogs.export import ExportDialog, ExportProgressDialog

    project = window.projects.project
    if project is None:
        return
    counts = {state: project.session.frames.count(state) for state in FrameState}
    dialog = ExportDialog(
        counts,
        task=project.session.task,
        skeleton=project.session.skeleton,
        root=project.store.root,
        settings=window.settings,
        parent=window,
    )
    if run_modal(dialog, back_to=window.canvas) != QDialog.DialogCode.Accepted:
        return
    window.take_settings(dialog.settings)
    store, options, out = project.store, dialog.options, dialog.out
    progress = ExportProgressDialog(lambda: export_job(store, out=out, options=options), window)
    run_modal(progress, back_to=window.canvas)


def choose_task(window: MainWindow) -> None:
    """Choose what the project collects."""
    project = window.projects.project
    if project is None:
        return
    session = project.session
    dialog = TaskDialog(session.task, labelled=_labelled(session), parent=window)
    if run_modal(dialog, back_to=window.canvas) == QDialog.DialogCode.Accepted and dialog.task is not session.task:
        project.presenter.set_task(dialog.task, session.skeleton)


def edit_skeleton(window: MainWindow) -> None:
    """Edit the keypoints of the project."""
    project = window.projects.project
    if project is None:
        return
    session = project.session
    dialog = SkeletonDialog(session.skeleton or COCO_PERSON, labelled=_labelled(session), parent=window)
    if run_modal(dialog, back_to=window.canvas) == QDialog.DialogCode.Accepted:
        project.presenter.set_task(session.task, dialog.skeleton)


def _labelled(session: ReviewSession) -> int:
    return session.frames.count(*(state for state in FrameState if state.labelled))


def choose_segmenter(window: MainWindow) -> None:
    """Choose what makes masks from boxes and clicks."""
    from autoanno_gui.inference.segmenters import ARCHITECTURES, inspect_segmenter

    home = window.home.models_dir
    dialog = SegmenterDialog(
        current=window.segmenters.info,
        recent=window.settings.segmenter,
        architectures=ARCHITECTURES,
        inspect=lambda path, architecture: inspect_segmenter(path, home=home, architecture=architecture),
        parent=window,
    )
    if run_modal(dialog, back_to=window.canvas) == QDialog.DialogCode.Accepted:
        path = str(dialog.path) if dialog.path is not None else ""
        window.take_settings(replace(window.settings, segmenter=path, segmenter_architecture=dialog.architecture or ""))


def choose_model(window: MainWindow) -> None:
    """Choose the model that labels the frames."""
    project = window.projects.project
    if project is None:
        return
    dialog = ModelDialog(
        current=window.models.model, recent=window.settings.last_model, inspect=project.runner.inspect, parent=window
    )
    if run_modal(dialog, back_to=window.canvas) == QDialog.DialogCode.Accepted and dialog.path is not None:
        window.use_model(dialog.path)


def edit_class_map(window: MainWindow) -> None:
    """Show which class of the model stands for which class of the project, and take changes."""
    project, model = window.projects.project, window.models.model_info
    if project is None:
        return
    if model is None:
        window.status.say(f"Choose a model first: Model > Choose Model… ({window.actions_.key_of('model.choose')}).")
        return
    with project.store.reader() as reader:
        mapping = reader.class_map(model.weights_hash)
    dialog = ClassMapDialog(model, mapping, list(project.session.classes.values()), window)
    if run_modal(dialog, back_to=window.canvas) != QDialog.DialogCode.Accepted:
        return
    project.presenter.classes.set_map(model.weights_hash, dialog.mapping, create=dialog.to_create)

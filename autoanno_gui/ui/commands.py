"""What each command does: the one place where action ids meet their handlers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from autoanno_gui.ui import agreement_commands, project_commands, report_commands, window_commands
from autoanno_gui.ui.canvas.tools.tool import ToolName
from autoanno_gui.ui.contact_sheet.commands import routed
from autoanno_gui.ui.object_acts import STEPS
from autoanno_gui.ui.review_presenter import ReviewPresenter

if TYPE_CHECKING:
    from autoanno_gui.ui.main_window import MainWindow

Handlers = dict[str, Callable[[], object]]


def commands(window: MainWindow) -> Handlers:
    """Return a handler for every command of the table but the held keys, which the canvas watches itself."""
    return routed(window, {**_review(window), **_objects(window), **_view(window), **_files(window)})


def _review(window: MainWindow) -> Handlers:
    def act(verb: Callable[[ReviewPresenter], object]) -> Callable[[], object]:
        return lambda: verb(window.presenter) if window.presenter is not None else None

    return {
        "review.accept_frame": act(ReviewPresenter.accept_frame),
        "review.reject_frame": act(ReviewPresenter.reject_frame),
        "review.defer_frame": act(ReviewPresenter.defer_frame),
        "review.next": act(ReviewPresenter.next_frame),
        "review.previous": act(ReviewPresenter.previous_frame),
        "review.label_by_hand": act(ReviewPresenter.label_by_hand),
        "review.contact_sheet": window.contact_sheet.toggle,
        "review.more_like_this": window.contact_sheet.more_like_this,
        "review.hand_queue": lambda: window.queue_panel.toggle_filter("rejected"),
        "review.end_session": lambda: window.sitting.end_session(),
        "review.queue_settings": partial(window_commands.edit_queue, window),
        "edit.undo": act(ReviewPresenter.undo),
        "edit.redo": act(ReviewPresenter.redo),
        "edit.escape": lambda: window.escape(),
        "threshold.lower": act(lambda p: p.thresholds.move(-1)),
        "threshold.raise": act(lambda p: p.thresholds.move(1)),
        "threshold.class_lower": act(lambda p: p.thresholds.move_class(-1)),
        "threshold.class_raise": act(lambda p: p.thresholds.move_class(1)),
        "threshold.class_reset": act(lambda p: p.thresholds.reset_class()),
        "frame.note": partial(window_commands.edit_note, window),
    }


def _objects(window: MainWindow) -> Handlers:
    def act(verb: Callable[[ReviewPresenter], object]) -> Callable[[], object]:
        return lambda: verb(window.presenter) if window.presenter is not None else None

    handlers: Handlers = {
        "object.next": act(lambda p: p.select_next(1)),
        "object.previous": act(lambda p: p.select_next(-1)),
        "object.accept": act(ReviewPresenter.accept_object),
        "object.reject": act(ReviewPresenter.reject_object),
        "object.swap_class": act(ReviewPresenter.swap_class),
        "object.show_ghosts": act(ReviewPresenter.toggle_ghosts),
        "object.pick_class": partial(window_commands.pick_class, window),
        "class.create": partial(window_commands.create_class, window),
        "object.select_all": act(ReviewPresenter.select_all),
        "object.refine": lambda: window.segmenters.refine(),
        "object.repair": act(ReviewPresenter.repair_outline),
        "object.copy": act(ReviewPresenter.copy),
        "object.paste": act(ReviewPresenter.paste),
        "object.duplicate": act(ReviewPresenter.duplicate),
        "object.copy_previous": act(ReviewPresenter.copy_from_previous),
    }
    for slot in range(1, 10):
        handlers[f"object.set_class_{slot}"] = act(lambda p, slot=slot: p.set_class_slot(slot))  # type: ignore[misc]
    for direction in STEPS:
        for suffix, pixels in (("", 1.0), ("_10", 10.0)):
            handlers[f"object.nudge_{direction}{suffix}"] = act(
                lambda p, d=direction, n=pixels: p.objects.nudge(d, n)  # type: ignore[misc]
            )
            handlers[f"object.grow_{direction}{suffix}"] = act(
                lambda p, d=direction, n=pixels: p.objects.grow(d, n)  # type: ignore[misc]
            )
    for name, degrees in (("left", -1.0), ("right", 1.0), ("left_10", -10.0), ("right_10", 10.0)):
        handlers[f"object.turn_{name}"] = act(lambda p, n=degrees: p.objects.turn(n))  # type: ignore[misc]
    return handlers


def _view(window: MainWindow) -> Handlers:
    canvas = window.canvas

    def zoom_object() -> None:
        selected = window.presenter.session.objects.selected if window.presenter is not None else None
        if selected is not None:
            canvas.zoom_to(selected)

    return {
        **{f"tool.{tool.value}": partial(canvas.set_tool, tool) for tool in ToolName if tool is not ToolName.HAND},
        "tool.smaller_brush": partial(canvas.grow_brush, -1),
        "tool.larger_brush": partial(canvas.grow_brush, 1),
        "tools.tune": partial(window_commands.show_tuner, window),
        "tools.save_report": partial(report_commands.save_report, window),
        "tools.compare_reviewers": partial(agreement_commands.compare_reviewers, window),
        "tools.hand_over": partial(agreement_commands.hand_over_sample, window),
        "tools.merge_sample": partial(agreement_commands.merge_sample, window),
        "tools.measure_return": window.measured_return.show_dialog,
        "view.enhance": window.enhance_bar.toggle,
        "view.fit": canvas.fit,
        "view.zoom_object": zoom_object,
        "view.zoom_in": canvas.zoom_in,
        "view.zoom_out": canvas.zoom_out,
        "view.actual_size": canvas.actual_size,
        "view.thumbnails": partial(window_commands.toggle_thumbnails, window),
        "view.metrics": partial(window_commands.toggle_metrics, window),
        "view.theme": partial(window_commands.next_theme, window),
        "focus.next_panel": partial(window_commands.focus_next_panel, window),
    }


def _files(window: MainWindow) -> Handlers:
    return {
        "file.open_folder": partial(project_commands.open_folder, window),
        "file.open_project": partial(project_commands.open_project, window),
        "file.save_copy": partial(project_commands.save_copy, window),
        "file.relink": partial(project_commands.relink, window),
        "file.task": partial(project_commands.choose_task, window),
        "file.skeleton": partial(project_commands.edit_skeleton, window),
        "file.export": partial(project_commands.export, window),
        "file.quit": lambda: window.sitting.quit(),
        "edit.settings": partial(window_commands.edit_settings, window),
        "model.choose": partial(project_commands.choose_model, window),
        "model.class_map": partial(project_commands.edit_class_map, window),
        "model.predict": window.models.start_job,
        "model.cancel": window.stop_jobs,
        "model.segmenter": partial(project_commands.choose_segmenter, window),
        "model.make_masks": window.segmenters.start_pass,
        "help.shortcuts": partial(window_commands.show_shortcuts, window),
        "help.about": partial(window_commands.show_about, window),
    }

"""What the panels around the image do: each signal meets the verb that it stands for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from autoanno_gui.ui.panel_focus import PanelFocus

if TYPE_CHECKING:
    from autoanno_gui.ui.main_window import MainWindow


def connect_panels(window: MainWindow, focus: PanelFocus) -> None:
    """Connect welcome page, panels, status line and tool strip of a window."""
    review, actions = window.review, window.actions_
    window.welcome.folder_chosen.connect(lambda folder: window.open_folder(Path(folder)))
    window.welcome.open_wanted.connect(actions["file.open_folder"].trigger)
    queue = window.queue_panel
    queue.filter_chosen.connect(focus.give_back)
    queue.said.connect(window.status.say)
    queue.frame_chosen.connect(lambda frame_id: review(lambda p: p.open_frame(frame_id)))
    objects = window.objects_panel
    objects.object_chosen.connect(lambda object_id: review(lambda p: p.select(object_id)))
    objects.threshold_changed.connect(lambda value: review(lambda p: p.set_threshold(value)))
    objects.ghosts_toggled.connect(lambda: review(lambda p: p.toggle_ghosts()))
    objects.segmenter_clicked.connect(actions["model.segmenter"].trigger)
    _connect_classes(window)
    window.status.model_clicked.connect(actions["model.choose"].trigger)
    window.status.stop_clicked.connect(window.stop_jobs)
    window.canvas.cursor_moved.connect(window.status.show_cursor)
    window.canvas.zoom_changed.connect(window.status.show_zoom)
    window.canvas.tool_changed.connect(lambda tool: window.tool_strip.show_tool(tool.value))


def _connect_classes(window: MainWindow) -> None:
    review, classes = window.review, window.classes_panel

    def create(name: str) -> None:
        # The field keeps the cursor: whoever lists several classes must not press review keys with the second one.
        if window.presenter is not None:
            window.presenter.create_class(name)

    classes.class_chosen.connect(lambda class_id: review(lambda p: p.objects.set_class(class_id)))
    classes.class_created.connect(create)
    classes.class_renamed.connect(lambda i, name: review(lambda p: p.classes.rename(i, name)))
    classes.class_recoloured.connect(lambda i, colour: review(lambda p: p.classes.recolour(i, colour)))
    classes.class_merged.connect(lambda i, into: review(lambda p: p.classes.merge(i, into)))
    classes.class_removed.connect(lambda i: review(lambda p: p.classes.remove(i)))
    classes.slots_changed.connect(lambda slots: review(lambda p: p.classes.set_slots(slots)))

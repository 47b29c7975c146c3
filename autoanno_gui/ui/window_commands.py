"""Commands of the window itself: classes, notes, settings, help, look."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDockWidget, QWidget

from autoanno_gui.ui.dialogs.about import AboutDialog
from autoanno_gui.ui.dialogs.class_picker import ClassPicker
from autoanno_gui.ui.dialogs.note import NoteDialog
from autoanno_gui.ui.dialogs.queue import QueueDialog
from autoanno_gui.ui.dialogs.run import run_modal
from autoanno_gui.ui.dialogs.settings import SettingsDialog
from autoanno_gui.ui.dialogs.shortcuts import ShortcutsDialog
from autoanno_gui.ui.shortcuts import load_specs

if TYPE_CHECKING:
    from autoanno_gui.ui.main_window import MainWindow

TUNER_HEIGHT: Final = 460
"""Logical pixels that the tuner takes of the column it stands in, where there is room."""
METRICS_WIDTH, METRICS_HEIGHT = 350, 540
"""The same of the metrics, and the least width at which they read well."""
_THEMES: Final = ("system", "light", "dark")


def _accepted(dialog: QDialog, window: MainWindow) -> bool:
    return run_modal(dialog, back_to=window.canvas) == QDialog.DialogCode.Accepted


def pick_class(window: MainWindow) -> None:
    """Find or create a class by typing, for the selected object or the next box."""
    presenter = window.presenter
    if presenter is None:
        return
    picker = ClassPicker(list(presenter.session.classes.values()), window)
    if not _accepted(picker, window):
        presenter.objects.drop_pending()
    elif picker.chosen is not None:
        presenter.objects.set_class(picker.chosen)
    elif picker.new_name:
        presenter.create_class(picker.new_name, use=True)


def create_class(window: MainWindow) -> None:
    """Add a class to the project without using it."""
    window.classes_panel.start_create()


def edit_note(window: MainWindow) -> None:
    """Write a note on the open frame."""
    presenter = window.presenter
    frame = presenter.session.frame if presenter is not None else None
    if presenter is None or frame is None:
        return
    before = presenter.session.note(frame.id)
    dialog = NoteDialog(frame.path, before, window)
    if _accepted(dialog, window) and dialog.text != before:
        presenter.session.set_note(frame.id, dialog.text)
        window.status.say("Note saved." if dialog.text else "Note removed.")


def edit_queue(window: MainWindow) -> None:
    """Show what the queue is ordered by and take what was changed."""
    presenter = window.presenter
    if presenter is None:
        return
    dialog = QueueDialog(presenter.session.queue_settings, window)
    if _accepted(dialog, window):
        window.queue_panel.change_settings(dialog.settings)


def edit_settings(window: MainWindow) -> None:
    """Show the settings and take what was changed."""
    dialog = SettingsDialog(window.settings, window)
    if _accepted(dialog, window):
        window.take_settings(dialog.settings)


def show_shortcuts(window: MainWindow) -> None:
    """Show the sheet of all keys, where they can be changed."""
    dialog = ShortcutsDialog(window.actions_.specs, load_specs(), window)
    if _accepted(dialog, window):
        window.take_shortcuts(dialog.overrides)


def show_about(window: MainWindow) -> None:
    """Show version, licence and what the program is built on."""
    _accepted(AboutDialog(window), window)


def toggle_thumbnails(window: MainWindow) -> None:
    """Give the rows of the queue small pictures, or make them compact."""
    shown = not window.settings.thumbnails
    window.take_settings(replace(window.settings, thumbnails=shown))
    window.queue_panel.show_thumbnails(shown)
    window.actions_["view.thumbnails"].setChecked(shown)


def show_tuner(window: MainWindow) -> None:
    """Bring the tuner in front and give it the keys."""
    dock = window.tuner_panel.parentWidget()
    if isinstance(dock, QDockWidget):
        dock.show()
        dock.raise_()
        objects = window.objects_panel.parentWidget()
        apart = isinstance(objects, QDockWidget) and objects not in window.tabifiedDockWidgets(dock)
        if isinstance(objects, QDockWidget) and apart and objects.isVisible() and not dock.isFloating():
            # Its curve says more than the empty end of a list.
            whole = objects.height() + dock.height()
            window.resizeDocks([objects, dock], [whole - TUNER_HEIGHT, TUNER_HEIGHT], Qt.Orientation.Vertical)
    window.tuner_panel.focus_target.setFocus(Qt.FocusReason.OtherFocusReason)


def toggle_metrics(window: MainWindow) -> None:
    """Show the metrics; close them where they have the keys, and give these back to the image."""
    dock = window.metrics_panel.parentWidget()
    at = window.focusWidget()
    if isinstance(dock, QDockWidget) and window.metrics_panel.in_sight and dock.isAncestorOf(at):
        dock.hide()
        window.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
    else:
        show_metrics(window)


def show_metrics(window: MainWindow) -> None:
    """Bring the metrics in front and give them the keys."""
    dock = window.metrics_panel.parentWidget()
    if isinstance(dock, QDockWidget):
        dock.show()
        dock.raise_()
        objects = window.objects_panel.parentWidget()
        if not dock.isFloating() and dock.width() < METRICS_WIDTH:
            window.resizeDocks([dock], [METRICS_WIDTH], Qt.Orientation.Horizontal)
        apart = isinstance(objects, QDockWidget) and objects not in window.tabifiedDockWidgets(dock)
        if isinstance(objects, QDockWidget) and apart and objects.isVisible() and not dock.isFloating():
            rest = max(objects.height() + dock.height() - METRICS_HEIGHT, objects.minimumHeight(), 1)
            window.resizeDocks([objects, dock], [rest, METRICS_HEIGHT], Qt.Orientation.Vertical)
    window.metrics_panel.focus_target.setFocus(Qt.FocusReason.OtherFocusReason)


def next_theme(window: MainWindow) -> None:
    """Go from the system's look to light, to dark, and round."""
    now = window.settings.theme
    window.set_theme(_THEMES[(_THEMES.index(now) + 1) % len(_THEMES)])
    window.status.say(f"Theme: {window.settings.theme}")


def focus_next_panel(window: MainWindow) -> None:
    """Give the focus to the next panel, and from the last one back to the canvas."""
    stops: list[tuple[QWidget, QWidget]] = [(window.canvas, window.canvas)]
    stops += [(panel, panel.focus_target) for panel in window.panels if panel.focus_target.isVisible()]
    at = window.focusWidget()
    now = next((i for i, (place, _) in enumerate(stops) if place is at or place.isAncestorOf(at)), 0)
    panel, target = stops[(now + 1) % len(stops)]
    if isinstance(dock := panel.parentWidget(), QDockWidget):
        dock.raise_()  # it may lie behind the tab of another
    target.setFocus(Qt.FocusReason.TabFocusReason)

"""What the commands of the window mean while the contact sheet is shown: no key reaches a frame that nobody sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDialog

from autoanno_gui.ui.dialogs.class_picker import ClassPicker
from autoanno_gui.ui.dialogs.run import run_modal
from autoanno_gui.ui.keyboard import CanvasKeys
from autoanno_gui.ui.shortcuts import Context

if TYPE_CHECKING:
    from autoanno_gui.ui.main_window import MainWindow

Handlers = Mapping[str, Callable[[], object]]

_OF_THE_FRAME: Final = ("review", "object", "tool", "threshold", "frame")
"""Areas of commands that act on the open frame, which is out of sight."""
_ALSO_OF_THE_FRAME: Final = frozenset(
    {"view.fit", "view.zoom_object", "view.zoom_in", "view.zoom_out", "view.actual_size", "view.enhance"}
)
_ANYWHERE: Final = frozenset({"review.queue_settings"})


def connect_sheet(window: MainWindow) -> None:
    """Connect the contact sheet of a window with what is around it."""
    sheet, projects, bar = window.contact_sheet, window.projects, window.enhance_bar
    sheet.said.connect(window.status.say)
    sheet.failed.connect(window.show_error)
    sheet.grid.on_key = partial(press, window)

    def attach() -> None:
        if projects.project is not None:
            sheet.attach(projects.project, clock=projects.clock, idle_cap=window.settings.idle_cap_seconds)

    lit = False

    def keep_clear(shown: bool) -> None:
        """Let nothing lie over the cells."""
        nonlocal lit
        lit = bar.isVisible() if shown else lit
        bar.setVisible(lit and not shown)

    projects.opened.connect(attach)
    projects.scan_ended.connect(sheet.read_files_again)
    sheet.shown.connect(keep_clear)
    CanvasKeys(sheet.grid, held={}, bare=window.actions_.bare_keys, on_input=window.note_input)


def sheet_commands(window: MainWindow) -> Handlers:
    """Return what the sheet does by itself, by action id."""
    sheet = window.contact_sheet
    own: dict[str, Callable[[], object]] = {
        "review.accept_frame": sheet.record,
        "review.next": partial(sheet.turn, 1),
        "review.previous": partial(sheet.turn, -1),
        "review.contact_sheet": sheet.leave,
        "review.more_like_this": sheet.more_like_this,
        "object.accept": sheet.open_frame,
        "object.reject": sheet.toggle_wrong,
        "object.swap_class": sheet.swap_class,
        "object.pick_class": partial(_pick_class, window),
        "object.next": partial(sheet.move, across=1),
        "object.previous": partial(sheet.move, across=-1),
        "object.nudge_left": partial(sheet.move, across=-1),
        "object.nudge_right": partial(sheet.move, across=1),
        "object.nudge_up": partial(sheet.move, down=-1),
        "object.nudge_down": partial(sheet.move, down=1),
        "object.nudge_up_10": partial(sheet.next_class, -1),
        "object.nudge_down_10": partial(sheet.next_class, 1),
        "edit.undo": sheet.undo,
        "edit.redo": sheet.redo,
    }
    for slot in range(1, 10):
        own[f"object.set_class_{slot}"] = partial(_set_class_slot, window, slot)
    return own


def routed(window: MainWindow, handlers: Handlers) -> dict[str, Callable[[], object]]:
    """Return handlers that go to the sheet while it is shown, and to the image else."""
    own = sheet_commands(window)

    def act(action_id: str, handler: Callable[[], object]) -> object:
        if not window.contact_sheet.active:
            return handler()
        if action_id in own:
            return own[action_id]()
        if action_id in _ANYWHERE or not _is_of_the_frame(action_id):
            return handler()
        back = window.actions_.key_of("edit.escape")
        window.status.say(f"This works on the image, not on the contact sheet. {back} goes back to it.")
        return None

    return {action_id: partial(act, action_id, handler) for action_id, handler in handlers.items()}


def _is_of_the_frame(action_id: str) -> bool:
    return action_id.split(".")[0] in _OF_THE_FRAME or action_id in _ALSO_OF_THE_FRAME


def press(window: MainWindow, event: QKeyEvent) -> bool:
    """Do what a key means on the sheet, by the keys of the commands that the image has for itself. Returns whether it
    means anything."""
    sheet = window.contact_sheet
    plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    pressed = QKeySequence(event.key() | plain.value).toString()
    for action_id in (*sheet_commands(window), "edit.escape"):
        spec, action = window.actions_.specs[action_id], window.actions_[action_id]
        if spec.context is Context.CANVAS and pressed in {QKeySequence(key).toString() for key in spec.keys}:
            if action.autoRepeat() or not event.isAutoRepeat():
                action.trigger()
            return True
    if plain != Qt.KeyboardModifier.NoModifier:
        return False
    match event.key():
        case Qt.Key.Key_Home | Qt.Key.Key_End:
            sheet.move_to_end(last=event.key() == Qt.Key.Key_End)
        case Qt.Key.Key_PageUp | Qt.Key.Key_PageDown:
            sheet.turn(1 if event.key() == Qt.Key.Key_PageDown else -1)
        case _:
            return False
    return True


def _set_class_slot(window: MainWindow, slot: int) -> None:
    presenter = window.presenter
    classes = presenter.session.classes.values() if presenter is not None else ()
    record = next((record for record in classes if record.slot == slot), None)
    if record is not None:
        window.contact_sheet.set_class(record.id)
    else:
        pick = window.actions_.key_of("object.pick_class")
        window.status.say(f"No class has the digit {slot}. Press {pick} to find or create a class.")


def _pick_class(window: MainWindow) -> None:
    """Find or create the class of the object under the cursor by typing."""
    presenter, sheet = window.presenter, window.contact_sheet
    item = sheet.current
    if presenter is None or item is None:
        return
    picker = ClassPicker(list(presenter.session.classes.values()), window)
    if run_modal(picker, back_to=sheet.grid) != QDialog.DialogCode.Accepted:
        return
    if picker.chosen is not None:
        sheet.set_class(picker.chosen, item)
    elif picker.new_name:
        presenter.classes.create(picker.new_name, then=lambda class_id: sheet.set_class(class_id, item))

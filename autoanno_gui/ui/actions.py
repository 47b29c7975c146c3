"""Makes the QActions of the window from the table of commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from autoanno_gui.ui.keyboard import RepeatWatch
from autoanno_gui.ui.shortcuts import ActionSpec, Context

MENUS: Final = {
    "file": "&File",
    "edit": "&Edit",
    "review": "&Review",
    "object": "&Object",
    "view": "&View",
    "model": "&Model",
    "tools": "&Tools",
    "help": "&Help",
}
_CONTEXT: Final = {
    Context.WINDOW: Qt.ShortcutContext.WindowShortcut,
    Context.APPLICATION: Qt.ShortcutContext.ApplicationShortcut,
    Context.CANVAS: Qt.ShortcutContext.WidgetWithChildrenShortcut,
}


class Actions(QObject):
    """All commands as QActions; each one's objectName is its action id."""

    def __init__(self, specs: Mapping[str, ActionSpec], *, window: QWidget, canvas: QWidget) -> None:
        super().__init__(window)
        self._keys: Final = RepeatWatch(window)
        self.specs: Final = dict(specs)
        self._actions: dict[str, QAction] = {}
        for spec in specs.values():
            action = QAction(spec.text, window)
            action.setObjectName(spec.id)
            action.setAutoRepeat(spec.repeat)
            self._actions[spec.id] = action
            self._set_keys(action, spec)
            (canvas if spec.context is Context.CANVAS else window).addAction(action)

    def _set_keys(self, action: QAction, spec: ActionSpec) -> None:
        shown = QKeySequence(spec.keys[0]).toString(QKeySequence.SequenceFormat.NativeText) if spec.keys else ""
        if spec.hold:
            action.setText(f"{spec.text}\tHold {shown}")
            shown = f"hold {shown}"
        tip = f"{spec.tip}  [{shown}]" if shown else spec.tip
        action.setToolTip(tip)
        action.setStatusTip(tip)
        if spec.hold:
            return
        action.setShortcuts([QKeySequence(key) for key in spec.keys])
        action.setShortcutContext(_CONTEXT[spec.context])

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def key_of(self, action_id: str) -> str:
        """Return the key of a command as people write it; its menu entry when it has none."""
        keys = self.specs[action_id].keys
        if not keys:
            return self.specs[action_id].text.replace("&", "")
        return QKeySequence(keys[0]).toString(QKeySequence.SequenceFormat.NativeText)

    def __contains__(self, action_id: str) -> bool:
        return action_id in self._actions

    def ids(self) -> list[str]:
        return list(self._actions)

    def bare_keys(self) -> dict[str, QAction]:
        """Return the commands by their keys, but for those that last while a key is held."""
        return {key: self._actions[spec.id] for spec in self.specs.values() if not spec.hold for key in spec.keys}

    def connect_all(self, handlers: Mapping[str, Callable[[], object]]) -> None:
        """Give every command its handler. Raises KeyError when a handler names no command."""
        for action_id, handler in handlers.items():
            action = self._actions[action_id]
            action.triggered.connect(partial(self._call, action, handler))

    def _call(self, action: QAction, handler: Callable[[], object], _checked: bool = False) -> None:
        if action.autoRepeat() or not self._keys.repeating:
            handler()

    def rebind(self, specs: Mapping[str, ActionSpec]) -> None:
        """Take other keys, as the user chose them."""
        self.specs.update(specs)
        for spec in specs.values():
            self._set_keys(self._actions[spec.id], spec)

    def fill(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Put the commands into the menus of the bar, groups divided by separators."""
        menus: dict[str, QMenu] = {}
        last_group: dict[str, str] = {}
        for name, title in MENUS.items():
            specs = [spec for spec in self.specs.values() if spec.menu == name]
            if not specs:
                continue
            menu = menus[name] = bar.addMenu(title)
            menu.setToolTipsVisible(True)
            for spec in specs:
                if last_group.setdefault(name, spec.group) != spec.group:
                    menu.addSeparator()
                    last_group[name] = spec.group
                menu.addAction(self._actions[spec.id])
        return menus

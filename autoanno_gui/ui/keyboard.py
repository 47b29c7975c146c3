"""Bare keys under any keyboard layout, and keys that last while they are held.

Shortcuts go by letter. Under a layout whose letters match none (Cyrillic, Greek, ...) a key counts by its place on the
keyboard instead, as if the layout were US English.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence

_ROWS: Final = {2: "1234567890-=", 16: "QWERTYUIOP[]", 30: "ASDFGHJKL;'", 44: "ZXCVBNM,./"}
_BY_SCAN_CODE: Final = {first + i: key for first, row in _ROWS.items() for i, key in enumerate(row)}
_X11_OFFSET: Final = 8
_COMMANDS: Final = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
)
"""With one of these held, a key is no bare key."""


def key_by_place(event: QKeyEvent) -> str | None:
    """Return the US English key at the place of the pressed one, None where the platform does not tell."""
    code = int(event.nativeScanCode())
    if sys.platform.startswith("linux"):
        code -= _X11_OFFSET
    return _BY_SCAN_CODE.get(code)


class RepeatWatch(QObject):
    """Knows whether the key that was pressed last is only being held.

    X servers send a release and a press for each repetition, and Qt takes the two for a repetition only when it finds
    both in its queue; a busy moment makes them two presses. Both bear one time stamp, which no finger can do.
    """

    def __init__(self, window: QObject) -> None:
        super().__init__(window)
        self.repeating = False
        self._released = (0, 0)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt override."""
        if isinstance(event, QKeyEvent):
            here = int(event.nativeScanCode()), int(event.timestamp())
            if event.type() == QEvent.Type.KeyRelease:
                self._released = here
                self.repeating = self.repeating and event.isAutoRepeat()
            else:
                self.repeating = event.isAutoRepeat() or (here[1] > 0 and here == self._released)
        elif event.type() == QEvent.Type.WindowDeactivate:
            self.repeating = False  # the release goes to somebody else
        return False


class CanvasKeys(QObject):
    """An event filter on the canvas for what shortcuts cannot do."""

    def __init__(
        self,
        canvas: QObject,
        *,
        held: Mapping[str, Callable[[bool], None]],
        bare: Callable[[], Mapping[str, QAction]],
        on_input: Callable[[], None],
        claimed: Callable[[QKeyEvent], bool] = lambda event: False,
    ) -> None:
        """Watch the canvas.

        Args:
            canvas: the widget that has the review keys.
            held: key -> called with True when it goes down and False when it comes up.
            bare: returns the actions by their portable key sequence, for keys that no layout letter matched.
            on_input: called at every key and click.
            claimed: says whether the canvas itself needs a key now, for a tool that is busy.
        """
        super().__init__(canvas)
        self._held = dict(held)
        self._bare = bare
        self._on_input = on_input
        self._claimed = claimed
        self._down: set[str] = set()
        canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt override."""
        kind = event.type()
        if kind == QEvent.Type.ShortcutOverride:
            self._on_input()
        elif kind == QEvent.Type.FocusOut:
            self._release_all()
        elif isinstance(event, QKeyEvent):
            if kind == QEvent.Type.KeyPress:
                return self._press(event)
            if kind == QEvent.Type.KeyRelease:
                return self._release(event)
        return super().eventFilter(watched, event)

    def _name(self, event: QKeyEvent) -> str | None:
        if Qt.Key.Key_A <= event.key() <= Qt.Key.Key_Z:
            return chr(event.key())
        return key_by_place(event)

    def _press(self, event: QKeyEvent) -> bool:
        if self._claimed(event):
            return False
        name = self._name(event)
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        if plain and name in self._held:
            if not event.isAutoRepeat() and name not in self._down:
                self._down.add(name)
                self._held[name](True)
            return True
        return self._by_place(event)

    def _by_place(self, event: QKeyEvent) -> bool:
        """Trigger the action at this place of the keyboard, unless the key has a Latin letter: that goes by letter.

        The digits of a French keyboard count by their place, too, since they would need Shift.
        """
        text = event.text()
        place = key_by_place(event)
        unknown = not text.isascii() or (text.isprintable() and not text.isalpha())
        if place is None or not text or not unknown or event.modifiers() & _COMMANDS:
            return False
        shift = "Shift+" if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else ""
        action = self._bare().get(QKeySequence(shift + place).toString())
        if action is None or (event.isAutoRepeat() and not action.autoRepeat()):
            return False
        action.trigger()
        return True

    def _release(self, event: QKeyEvent) -> bool:
        name = self._name(event)
        if name in self._down and not event.isAutoRepeat():
            self._down.discard(name)
            self._held[name](False)
            return True
        return False

    def _release_all(self) -> None:
        for name in sorted(self._down):
            self._held[name](False)
        self._down.clear()

"""What all tools of the canvas share: one object each, so that no event handler asks which mode it is in.

A tool turns presses, moves and releases into one signal at the end; until then it only changes what the state shows,
so that Esc has nothing to undo.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from autoanno_gui.ui.keyboard import key_by_place

if TYPE_CHECKING:
    from autoanno_gui.ui.canvas.view import CanvasView

CLICK_REACH: Final = 4.0
"""Logical pixels up to which a press and release is a click."""
GRIP_START: Final = 2.0
"""The same on an edge: corrections there are often tiny."""
MIN_SIDE: Final = 2.0
"""Logical pixels; a rectangle thinner than this was not meant."""
MIN_AREA: Final = 1.0
"""Image pixels that a mask has at least."""
TURN_STEP: Final = math.radians(15.0)
"""Steps of an angle with Shift held."""

_SHIFT_AND_PAD: Final = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
_ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class ToolName(StrEnum):
    SELECT = "select"
    BOX = "box"
    EXTREME = "extreme"
    OBB = "obb"
    POLYGON = "polygon"
    KEYPOINTS = "keypoints"
    BRUSH = "brush"
    ERASER = "eraser"
    SEGMENT = "segment"
    HAND = "hand"


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where the pointer is: in logical pixels of the viewport and in pixels of the image (also beyond its border)."""

    view_x: float
    view_y: float
    x: float
    y: float
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier

    def travelled(self, other: Pointer) -> float:
        """Return the distance in logical pixels."""
        return math.hypot(self.view_x - other.view_x, self.view_y - other.view_y)

    @property
    def shift(self) -> bool:
        return bool(self.modifiers & Qt.KeyboardModifier.ShiftModifier)

    @property
    def ctrl(self) -> bool:
        return bool(self.modifiers & Qt.KeyboardModifier.ControlModifier)

    @property
    def alt(self) -> bool:
        return bool(self.modifiers & Qt.KeyboardModifier.AltModifier)


class Tool:
    """Nothing happens, and nothing is under way."""

    name: ToolName
    hovers: bool = False
    """Whether objects light up under the pointer."""

    def __init__(self, canvas: CanvasView) -> None:
        self._canvas = canvas

    # ------------------------------------------------------------------------------------------------ mouse
    def press(self, at: Pointer) -> None:
        """The left button went down."""

    def move(self, at: Pointer) -> None:
        """The pointer moved, with or without a button, or a modifier key changed."""

    def release(self, at: Pointer) -> None:
        """The left button went up."""

    def double(self, at: Pointer) -> None:
        """The left button went down again, soon and in the same place."""
        self.press(at)

    def press_other(self, at: Pointer) -> None:
        """The right button went down."""

    def release_other(self, at: Pointer) -> None:
        """The right button went up."""

    def lose_button(self) -> None:
        """The button is up, but its release went to somebody else: what was meant by it nobody knows."""

    # ------------------------------------------------------------------------------------------------ keys
    def claims(self, event: QKeyEvent) -> bool:
        """Return whether a key is for what is under way, and no shortcut may have it."""
        return False

    def key(self, event: QKeyEvent) -> bool:
        """Return whether the tool took the key."""
        return False

    # ------------------------------------------------------------------------------------------------ coming and going
    @property
    def busy(self) -> bool:
        """Whether something is under way that `cancel` would drop."""
        return False

    def enter(self) -> None:
        """The tool was taken in hand."""

    def exit(self) -> None:
        """Another tool takes over; nothing is under way any more."""
        self.leave()

    def leave(self) -> None:
        """The pointer left the viewport."""

    def cancel(self) -> bool:
        """Drop what is under way; return whether there was anything."""
        return False

    def forget(self) -> None:
        """Another frame is shown: nothing that belonged to the old one goes on."""
        self.cancel()

    def objects_changed(self) -> None:
        """The objects of the frame, or which are selected, changed: what has lost its ground ends."""

    def grow(self, steps: float) -> bool:
        """Make the tip larger or smaller; return whether the tool has one."""
        return False

    def cursor(self, at: Pointer) -> Qt.CursorShape:
        return Qt.CursorShape.CrossCursor

    def _drop(self) -> None:
        """Take away what the gesture shows."""
        self._canvas.state.drop_gesture()
        self._canvas.refresh()


def is_enter(event: QKeyEvent) -> bool:
    return event.key() in _ENTER and _unmodified(event)


def is_backspace(event: QKeyEvent) -> bool:
    return event.key() == Qt.Key.Key_Backspace and _unmodified(event)


def is_letter(event: QKeyEvent, letter: str) -> bool:
    """Return whether a bare key is this Latin letter, or under a layout without Latin letters stands in its place."""
    if event.modifiers() != Qt.KeyboardModifier.NoModifier:
        return False
    if Qt.Key.Key_A <= event.key() <= Qt.Key.Key_Z:
        return chr(event.key()) == letter
    return key_by_place(event) == letter


def _unmodified(event: QKeyEvent) -> bool:
    return not event.modifiers() & ~_SHIFT_AND_PAD

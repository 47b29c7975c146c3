"""Where the window and its panels were, kept from one start to the next."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Final

from PySide6.QtCore import QByteArray, QSettings, QSize
from PySide6.QtWidgets import QDockWidget, QMainWindow

LAYOUT_VERSION: Final = 2
FIRST_SIZE: Final = QSize(1440, 900)
"""Logical pixels, on a screen that has as many."""
OF_THE_SCREEN: Final = 0.9


def room(window: QMainWindow) -> QSize:
    """Return how large a window may be at first, in logical pixels."""
    return window.screen().availableSize() * OF_THE_SCREEN


def restore_layout(window: QMainWindow, folder: Path) -> None:
    """Put the window where it was; the first time, in a size that the screen has room for."""
    kept = _file(folder)
    geometry, state = kept.value("geometry"), kept.value("state")
    space = room(window)
    if not isinstance(state, QByteArray) and window.minimumSizeHint().height() > space.height():
        _put_in_tabs(window)
    window.resize(FIRST_SIZE.boundedTo(space))
    if isinstance(geometry, QByteArray):
        window.restoreGeometry(geometry)
    if isinstance(state, QByteArray):
        window.restoreState(state, LAYOUT_VERSION)


def _put_in_tabs(window: QMainWindow) -> None:
    """Put the objects behind one tab with the panels under them, where the screen is too low for both."""
    among = [window.findChild(QDockWidget, f"dock.{name}") for name in ("objects", "classes", "tuner", "metrics")]
    docks = [dock for dock in among if isinstance(dock, QDockWidget)]
    for first, second in pairwise(docks):
        hidden = second.isHidden()
        window.tabifyDockWidget(first, second)
        second.setHidden(hidden)
    docks[0].raise_()


def keep_layout(window: QMainWindow, folder: Path) -> None:
    """Note where the window and its panels are."""
    kept = _file(folder)
    kept.setValue("geometry", window.saveGeometry())
    kept.setValue("state", window.saveState(LAYOUT_VERSION))


def _file(folder: Path) -> QSettings:
    return QSettings(str(folder / "layout.ini"), QSettings.Format.IniFormat)

"""Windows for tests, closed again whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from autoanno_gui.ui.canvas.view import CanvasView
from tests.projects import MadeProject, make_project
from tests.ui.canvas_kit import Heard, Mouse
from tests.ui.driver import Driver

Open = Callable[..., Driver]


@pytest.fixture
def made(tmp_path: Path) -> MadeProject:
    """Three frames with the usual proposals."""
    return make_project(tmp_path)


@pytest.fixture
def open_window(qtbot: QtBot) -> Iterator[Open]:
    """Open windows on made projects, or with arguments."""
    opened: list[Driver] = []

    def open_(made: MadeProject | None = None, arguments: list[str] | None = None) -> Driver:
        driver = Driver.on(qtbot, made) if made is not None else Driver(qtbot, arguments or [])
        opened.append(driver)
        return driver

    yield open_
    for driver in opened:
        driver.close()


@pytest.fixture
def driver(open_window: Open, made: MadeProject) -> Driver:
    """A window on the usual project, its first frame shown."""
    return open_window(made)


@pytest.fixture
def mouse(view: CanvasView) -> Mouse:
    """A mouse over the canvas that each file sets up for itself."""
    return Mouse(view)


@pytest.fixture
def heard(view: CanvasView) -> Heard:
    """What that canvas tells."""
    return Heard.of(view)

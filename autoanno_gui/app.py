"""Composition root of the window: makes the application, the window, and the safety net under both."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from autoanno_gui import __version__
from autoanno_gui.config import AppHome, Settings
from autoanno_gui.logs import setup_logging
from autoanno_gui.resources import resource
from autoanno_gui.ui import theme
from autoanno_gui.ui.dialogs.crash import CrashDialog
from autoanno_gui.ui.main_window import MainWindow

log = logging.getLogger(__name__)

# `import cv2` points these at Qt libraries of its own, which are not the ones that PySide6 was built with.
_OPENCV_QT_VARIABLES: Final = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")


COLLECT_AFTER_MS: Final = 1000
"""By then the first frame is on the screen."""
RARELY: Final = 100
"""Collections among what is young before one among what is old, too."""
SWITCH_SECONDS: Final = 0.001
"""How long a thread keeps the interpreter while another waits for it. The store's thread asks for it several times for
each decision, and the reviewer's next key waits for the store."""


@dataclass(frozen=True, slots=True)
class GuiOptions:
    """What the command line asks of the window.

    Attributes:
        folder: the frames to open, None to start with the welcome page.
        project: the project file; None for the usual place of the folder.
        model: a model to label with.
        checks: whether blind frames and planted checks are on.
    """

    folder: Path | None = None
    project: Path | None = None
    model: Path | None = None
    checks: bool = True


def launch(argv: Sequence[str]) -> MainWindow:
    """Show the window and return it without entering the event loop; may be called again in one process.

    Args:
        argv: what follows `autoanno gui`: `[FOLDER] [--project FILE] [--model PATH] [--checks on|off]`.
    """
    return show_window(parse_arguments(argv))


def parse_arguments(argv: Sequence[str]) -> GuiOptions:
    """Return what the command line asks of the window; wrong usage ends the process with exit code 2."""
    parser = argparse.ArgumentParser(prog="autoanno", description="Review what a model labelled.")
    parser.add_argument("folder", nargs="?", type=Path, help="folder of frames to open, sub-folders included")
    parser.add_argument("--project", type=Path, metavar="FILE", help="project file (default: found by the folder)")
    parser.add_argument("--model", type=Path, metavar="PATH", help="model to label the frames with")
    parser.add_argument("--checks", choices=("on", "off"), default="on", help="blind frames and planted checks")
    found = parser.parse_args(list(argv))
    return GuiOptions(found.folder, found.project, found.model, found.checks == "on")


def show_window(options: GuiOptions) -> MainWindow:
    """Show the window; the folder is opened from the event loop, after the first paint."""
    home = AppHome.find()
    setup_logging(home)
    settings = Settings.load(home)
    _application(settings)
    window = MainWindow(home=home, settings=settings)
    window.projects.checks = options.checks
    window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    window.show()
    QTimer.singleShot(0, window, lambda: _open(window, options))
    return window


def _open(window: MainWindow, options: GuiOptions) -> None:
    if options.folder is not None:
        window.open_folder(options.folder, project_file=options.project, model=options.model)
    elif options.project is not None:
        window.projects.open_project(options.project, model=options.model)


def run(argv: Sequence[str]) -> int:
    """Show the window and stay until it is closed. Returns the exit code."""
    window = launch(argv)
    application = QApplication.instance()
    assert application is not None
    QTimer.singleShot(COLLECT_AFTER_MS, window, _collect_garbage)
    code = application.exec()
    log.info("closed %s", window.windowTitle())
    return code


def _collect_garbage() -> None:
    """Collect garbage from now on, but never again among what the start made: that stays to the end.

    Nor often among what is old: frames and figures of a large project are half a million objects, and looking through
    them keeps all threads waiting for a tenth of a second.
    """
    gc.freeze()
    gc.set_threshold(*gc.get_threshold()[:2], RARELY)
    gc.enable()


def _application(settings: Settings) -> QApplication:
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        theme.apply_choice(settings.theme)
        return existing
    for name in _OPENCV_QT_VARIABLES:
        if "cv2" in os.environ.get(name, ""):
            del os.environ[name]
    if settings.ui_scale is not None:
        os.environ.setdefault("QT_SCALE_FACTOR", str(settings.ui_scale))
    QApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    sys.setswitchinterval(SWITCH_SECONDS)
    application = QApplication([sys.argv[0]])
    application.setApplicationName("autoanno")
    application.setApplicationVersion(__version__)
    application.setDesktopFileName("autoanno")
    application.setWindowIcon(QIcon(str(resource("icons/autoanno.svg"))))
    theme.apply_choice(settings.theme)
    _catch_crashes()
    return application


def _catch_crashes() -> None:
    """Show our own bugs with a log to send; the program stays."""
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            before(kind, error, trace)
            return
        log.critical("uncaught", exc_info=(kind, error, trace))
        before(kind, error, trace)
        CrashDialog.report(error)

    sys.excepthook = hook
    threading.excepthook = lambda args: log.critical(
        "uncaught in %s",
        args.thread.name if args.thread else "a thread",
        exc_info=(args.exc_type, args.exc_value, args.exc_traceback) if args.exc_value is not None else None,
    )

"""What the main window is put together from: panels in docks, menus, and the keys that act on the image."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QStackedWidget, QWidget

from autoanno_gui.ui.keyboard import CanvasKeys
from autoanno_gui.ui.panels.classes import ClassesPanel
from autoanno_gui.ui.panels.metrics import MetricsPanel
from autoanno_gui.ui.panels.objects import ObjectsPanel
from autoanno_gui.ui.panels.queue import QueuePanel
from autoanno_gui.ui.panels.threshold import ThresholdPanel
from autoanno_gui.ui.panels.tuner import TunerPanel

if TYPE_CHECKING:
    from autoanno_gui.ui.main_window import MainWindow


class Panels(NamedTuple):
    """The panels around the image, in the order in which the focus goes through them."""

    queue: QueuePanel
    threshold: ThresholdPanel
    objects: ObjectsPanel
    classes: ClassesPanel
    tuner: TunerPanel
    metrics: MetricsPanel


class _Pages(QStackedWidget):
    """Needs no more room than the page that is shown: the others must not keep the window from a small screen."""

    def minimumSizeHint(self) -> QSize:
        """Qt override."""
        page = self.currentWidget()
        return super().minimumSizeHint() if page is None else page.minimumSizeHint().expandedTo(page.minimumSize())


def stack_pages(window: QMainWindow, *pages: QWidget) -> QStackedWidget:
    """Put pages in the middle of a window, of which one is shown at a time."""
    stack = _Pages()
    stack.currentChanged.connect(lambda _at: stack.updateGeometry())
    for page in pages:
        stack.addWidget(page)
    window.setCentralWidget(stack)
    return stack


def make_panels() -> Panels:
    """Return new panels that show nothing yet."""
    return Panels(QueuePanel(), ThresholdPanel(), ObjectsPanel(), ClassesPanel(), TunerPanel(), MetricsPanel())


def add_docks(window: QMainWindow, panels: Panels) -> list[QDockWidget]:
    """Put the panels where they stand at first, and return their docks."""
    left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
    docks = [
        _add_dock(window, "queue", "Queue", panels.queue, left),
        _add_dock(window, "threshold", "Threshold", panels.threshold, right),
        _add_dock(window, "objects", "Objects", panels.objects, right),
        _add_dock(window, "classes", "Classes", panels.classes, right),
        _add_dock(window, "tuner", "Tuner", panels.tuner, right),
        _add_dock(window, "metrics", "Metrics", panels.metrics, right),
    ]
    for first, second in pairwise(docks[-3:]):
        window.tabifyDockWidget(first, second)
        second.hide()
    return docks


def _add_dock(window: QMainWindow, name: str, title: str, panel: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
    dock = QDockWidget(title, window)
    dock.setObjectName(f"dock.{name}")
    dock.setWidget(panel)
    dock.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetClosable)
    window.addDockWidget(area, dock)
    return dock


def fill_menus(window: MainWindow, docks: list[QDockWidget]) -> dict[str, QMenu]:
    """Fill the menu bar, and return its menus by name."""
    # What lasts while a key is held can only say so in the menu.
    held = [spec for spec in window.actions_.specs.values() if spec.hold]
    window.actions_.connect_all({spec.id: partial(window.status.say, spec.tip) for spec in held})
    menus = window.actions_.fill(window.menuBar())
    menus["file"].insertMenu(window.actions_["file.open_project"], window.recent_menu)
    menus["view"].addSeparator()
    for dock in docks:
        menus["view"].addAction(dock.toggleViewAction())
    return menus


def canvas_keys(window: MainWindow) -> CanvasKeys:
    """Return what watches the keys of the image: those that last while they are held, and all that count as input."""
    canvas = window.canvas
    return CanvasKeys(
        canvas,
        held={
            "E": canvas.set_snap_held,
            "H": lambda held: canvas.set_overlay_visible(not held),
            "J": canvas.set_pan_held,
        },
        bare=window.actions_.bare_keys,
        on_input=window.note_input,
        claimed=canvas.claims,
    )

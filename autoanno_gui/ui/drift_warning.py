"""Warns once of each alarm of the watch for drift, and remembers which ones were taken away."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject

from autoanno_gui.store.store_thread import Priority
from autoanno_gui.ui.wording import quoted

if TYPE_CHECKING:
    from autoanno_gui.ui.main_window import MainWindow
    from autoanno_gui.ui.open_project import OpenProject

DISMISSED_SETTING: Final = "drift_dismissed"
"""Under this name the project keeps which alarm was taken away last."""

Key = tuple[str | None, int]


class DriftWarning(QObject):
    """Joins the watch for drift with the chip in the status line and the chart in the metrics panel."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window: Final = window
        self._project: OpenProject | None = None
        self._dismissed: Key | None = None
        self._alarm: Mapping[str, Any] | None = None
        window.metrics.drift_watched.connect(self._on_watched)
        window.status.drift.clicked.connect(self.show_chart)
        window.status.drift.dismissed.connect(self.dismiss)
        window.metrics_panel.drift_dismissed.connect(self.dismiss)

    def set_project(self, project: OpenProject | None) -> None:
        """Warn of another project from now on, or of none."""
        self._project, self._dismissed = project, None
        self._show(None)
        if project is not None:
            with project.store.reader() as reader:
                self._dismissed = _key(reader.setting(DISMISSED_SETTING) or "")

    @property
    def alarm(self) -> Mapping[str, Any] | None:
        """The alarm that is warned of."""
        return self._alarm

    def _on_watched(self, drift: Mapping[str, Any]) -> None:
        alarm = drift["alarm"]
        if alarm is not None and key_of(alarm) == self._dismissed:
            alarm = None
        new = alarm is not None and (self._alarm is None or key_of(alarm) != key_of(self._alarm))
        self._show(alarm)
        if new:
            self._window.status.say(quoted(alarm["sentence"]))

    def _show(self, alarm: Mapping[str, Any] | None) -> None:
        self._alarm = alarm
        self._window.status.drift.show_alarm(alarm)
        self._window.metrics_panel.offer_dismissal(alarm=alarm is not None)

    def dismiss(self) -> None:
        """Take the warning away until there is a new alarm."""
        alarm, project = self._alarm, self._project
        if alarm is None or project is None:
            return
        self._dismissed = key_of(alarm)
        text = json.dumps(self._dismissed)
        write = project.store.submit(Priority.OTHER, lambda writer: writer.set_setting(DISMISSED_SETTING, text))
        project.session.on_write(write)
        self._show(None)

    def show_chart(self) -> None:
        """Open the metrics panel at the drift chart."""
        from autoanno_gui.ui.window_commands import show_metrics

        show_metrics(self._window)
        self._window.metrics_panel.show_drift()


def key_of(alarm: Mapping[str, Any]) -> Key:
    """Return what tells an alarm from others: later frames change its figures, but not where it began."""
    return alarm["class"], int(alarm["since_number"])


def _key(text: str) -> Key | None:
    if not text:
        return None
    try:
        name, number = json.loads(text)
        return name, int(number)
    except (TypeError, ValueError):  # of another hand than ours: then the alarm is told once more
        return None

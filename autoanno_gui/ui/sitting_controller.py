"""Closes a sitting with a card: its figures, our hypothesis, and what the reviewer thinks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QDialog

from autoanno_gui.store.store_thread import Priority
from autoanno_gui.ui.dialogs.run import run_modal

if TYPE_CHECKING:
    from autoanno_gui.ui.dialogs.session_card import SessionCard
    from autoanno_gui.ui.main_window import MainWindow
    from autoanno_gui.ui.open_project import OpenProject

LEAST_DECISIONS: Final = 10
"""With fewer decisions in a sitting the card does not come by itself."""


class SittingController(QObject):
    """Shows the card when the reviewer asks for it or leaves by hand; never when a program closes the window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window: Final = window
        self._card: SessionCard | None = None
        self._seen = ""
        """The sitting whose card was shown."""

    def end_session(self) -> None:
        """Show the card of this sitting."""
        project = self._window.projects.project
        if project is not None:
            self._show(project, may_be_silenced=False)

    def take_leave(self) -> None:
        """Show the card before the reviewer leaves the project, if there is anything to say: once for a sitting."""
        project = self._window.projects.project
        if project is None or not self._window.settings.session_card or self._window.metrics.decided < LEAST_DECISIONS:
            return
        if project.session.session_uuid != self._seen and QApplication.activeModalWidget() is None:
            self._show(project, may_be_silenced=True)

    def quit(self) -> None:
        """Leave the program as the reviewer wants it."""
        self.take_leave()
        self._window.close()

    def _show(self, project: OpenProject, *, may_be_silenced: bool) -> None:
        # Imported late: nobody ends a session at once.
        from autoanno_gui.core.figures.hypothesis_notes import HYPOTHESIS_NOTED
        from autoanno_gui.ui.dialogs.session_card import CAUSES, SessionCard

        if self._card is not None:
            return
        session, metrics = project.session, self._window.metrics
        self._seen = session.session_uuid
        card = self._card = SessionCard(may_be_silenced=may_be_silenced, parent=self._window)
        ready = metrics.sitting_ready.connect(self._take_figures)
        fault = metrics.failed.connect(card.show_fault)
        closing = project.closing.connect(card.reject)
        metrics.ask_sitting(session.session_uuid, tuple(CAUSES))
        code = run_modal(card, back_to=self._window.canvas)
        self._card = None
        for connection in (ready, fault, closing):
            QObject.disconnect(connection)
        if may_be_silenced and card.silence.isChecked():
            self._window.take_settings(replace(self._window.settings, session_card=False))
        body = card.note
        if code == QDialog.DialogCode.Accepted and body is not None and self._window.projects.project is project:
            body = body | {"reviewer": session.reviewer}
            write = project.store.submit(Priority.OTHER, lambda writer: writer.record_event(HYPOTHESIS_NOTED, body))
            session.on_write(write)
            metrics.refresh()
            self._window.status.say("Your hypothesis is kept, and held against the next round.")

    def _take_figures(self, figures: Mapping[str, Any]) -> None:
        if self._card is not None:
            self._card.show_figures(figures)

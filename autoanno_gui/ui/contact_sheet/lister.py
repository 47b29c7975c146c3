"""Asks for the list of a contact sheet; the newest request is the only one that is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, Signal, Slot

from autoanno_gui.core.prediction_index import PredictionIndex
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.review.sheet_list import ListTask, SheetRequest
from autoanno_gui.ui.contact_sheet.crop_loader import CropLoader, Listed


class SheetLister(QObject):
    """Knows what the list of a session follows from."""

    made = Signal(object)
    """MadeList."""

    def __init__(
        self,
        session: ReviewSession,
        loader: CropLoader,
        *,
        index: Callable[[], PredictionIndex | None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session: Final = session
        self._loader: Final = loader
        self._index: Final = index
        self._generation = 0
        self._request: SheetRequest | None = None
        loader.listed.connect(self._on_listed)

    def ask(self, request: SheetRequest) -> bool:
        """Ask for a list; `made` follows. Returns False while there is no index yet."""
        self._generation += 1
        self._request = request
        index, session = self._index(), self._session
        if index is None:
            return False
        task = ListTask(
            request,
            index,
            session.frames.columns(),
            session.thresholds,
            tuple(session.pages.recorded),
            frozenset(session.classes),
            session.hidden(),
        )
        self._loader.make_list(self._generation, task)
        return True

    def ask_again(self) -> bool:
        """Ask once more for what there was no index for."""
        return self.ask(self._request) if self._request is not None else False

    @Slot(object)
    def _on_listed(self, listed: Listed) -> None:
        if listed.generation == self._generation:
            self.made.emit(listed.made)

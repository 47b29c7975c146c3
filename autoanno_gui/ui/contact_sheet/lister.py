"""Makes the list of a contact sheet: from the prediction index, the states of the frames, and their drafts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from autoanno_gui.core.judged_page import SheetItem
from autoanno_gui.core.prediction_index import PredictionIndex
from autoanno_gui.review.contact_sheet import (
    Likeness,
    counts_by_class,
    drafted_rows,
    least_certain_first,
    most_alike_first,
    open_rows,
    rows_of,
)
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.ui.contact_sheet.crop_loader import CropLoader, DraftsRead


@dataclass(frozen=True, slots=True)
class SheetRequest:
    """What is to be on the sheet.

    Attributes:
        class_id: None for the class that most candidates have.
        like: what it is ranked by; None for the least certain first.
        focus: the object that the cursor goes to; None for the first.
    """

    class_id: int | None
    like: Likeness | None = None
    focus: SheetItem | None = None


@dataclass(frozen=True, slots=True)
class MadeList:
    """What is on the sheet.

    Attributes:
        request: with the class that was found; None where there is no candidate at all.
        counts: candidates by class.
        rows: of the index, in the order in which they are shown.
    """

    request: SheetRequest
    index: PredictionIndex
    counts: Mapping[int, int]
    rows: NDArray[np.int64]


class SheetLister(QObject):
    """Answers the newest request only."""

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
        loader.drafts_read.connect(self._on_drafts)

    def ask(self, request: SheetRequest) -> bool:
        """Ask for a list; `made` follows. Returns False while there is no index yet."""
        self._generation += 1
        self._request = request
        index = self._index()
        if index is None:
            return False
        rows = open_rows(index, self._session.frames, self._session.thresholds)
        self._loader.read_drafts(self._generation, set(index.frame_ids[index.frame_of_row[rows]].tolist()))
        return True

    def ask_again(self) -> bool:
        """Ask once more for what there was no index for."""
        return self.ask(self._request) if self._request is not None else False

    @Slot(object)
    def _on_drafts(self, read: DraftsRead) -> None:
        index, request = self._index(), self._request
        if index is None or request is None or read.generation != self._generation:
            return
        session = self._session
        rows = open_rows(index, session.frames, session.thresholds) & ~drafted_rows(index, read.drafts)
        recorded = rows_of(index, list(session.pages.recorded))
        rows[recorded[recorded >= 0]] = False
        counts = {each: n for each, n in counts_by_class(index, rows).items() if each in session.classes}
        class_id, like, focus = request.class_id, request.like, request.focus
        if class_id not in session.classes:
            class_id, like, focus = max(counts, key=lambda each: counts[each], default=None), None, None
        if class_id is None:
            chosen = np.zeros(0, np.int64)
        elif like is not None:
            chosen = most_alike_first(index, rows, like)
        else:
            chosen = least_certain_first(index, rows, class_id)
        self.made.emit(MadeList(SheetRequest(class_id, like, focus), index, counts, chosen))

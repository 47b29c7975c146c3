"""The queue panel: every frame in the order of review, with its state; quick at 100,000 rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from autoanno_gui.core.frame_list import STATE_NUMBER, FrameList
from autoanno_gui.core.records import Frame, FrameState
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.ui import theme

GLYPHS: Final = {
    FrameState.UNDECIDED: "○",
    FrameState.ACCEPTED: "✓",
    FrameState.EDITED: "✎",
    FrameState.REJECTED: "✕",
    FrameState.HAND_LABELLED: "✚",
    FrameState.DEFERRED: "↷",
    FrameState.FAILED: "⚠",
}
NAMES: Final = {
    FrameState.UNDECIDED: "to review",
    FrameState.ACCEPTED: "accepted as the model said",
    FrameState.EDITED: "accepted with changes",
    FrameState.REJECTED: "waits for hand labelling",
    FrameState.HAND_LABELLED: "labelled by hand",
    FrameState.DEFERRED: "put off",
    FrameState.FAILED: "cannot be used",
}
FILTERS: Final[tuple[tuple[str, str, tuple[FrameState, ...]], ...]] = (
    ("all", "All frames", tuple(FrameState)),
    ("undecided", "To review", (FrameState.UNDECIDED, FrameState.DEFERRED)),
    ("labelled", "Labelled", (FrameState.ACCEPTED, FrameState.EDITED, FrameState.HAND_LABELLED)),
    ("rejected", "To label by hand", (FrameState.REJECTED,)),
    ("deferred", "Put off", (FrameState.DEFERRED,)),
    ("failed", "Cannot be used", (FrameState.FAILED,)),
)
ROW_HEIGHT: Final = 24
_ROLES: Final = frozenset(
    {
        int(Qt.ItemDataRole.DisplayRole),
        int(Qt.ItemDataRole.TextAlignmentRole),
        int(Qt.ItemDataRole.ToolTipRole),
        int(Qt.ItemDataRole.AccessibleTextRole),
        int(Qt.ItemDataRole.ForegroundRole),
    }
)
"""What the model answers; a view asks for more, for every cell that it paints."""
_ModelIndex = QModelIndex | QPersistentModelIndex


class _Names:
    """Paths, case folded, as one row of bytes: what 100,000 texts of their own would take 12 ms for, this does in 2."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._bytes = np.frombuffer("".join([f"{path}\0" for path in paths]).casefold().encode(), np.uint8)
        ends = np.flatnonzero(self._bytes == 0)
        self._starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends

    def having(self, text: str) -> NDArray[np.bool_]:
        """Return (N,) whether each path has a case folded text in it."""
        if not len(self._starts):
            return np.zeros(0, np.bool_)
        wanted = text.encode(errors="surrogatepass")
        places = max(0, len(self._bytes) - len(wanted) + 1)
        begins = np.zeros(len(self._bytes), np.bool_)
        begins[:places] = True
        for offset, byte in enumerate(wanted):
            begins[:places] &= self._bytes[offset : offset + places] == byte
        found: NDArray[np.bool_] = np.logical_or.reduceat(begins, self._starts)
        return found


class QueueModel(QAbstractTableModel):
    """Rows of the queue that pass the filter: state and name."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session: ReviewSession | None = None
        self._states: tuple[FrameState, ...] = tuple(FrameState)
        self._text = ""
        self._rows: NDArray[np.int32] = np.zeros(0, np.int32)
        self._row_of: NDArray[np.int32] = np.zeros(0, np.int32)
        self._names: _Names | None = None
        """What a search looks at; None until asked for."""

    def set_session(self, session: ReviewSession | None) -> None:
        self._session = session
        self.rebuild()

    def set_filter(self, states: Sequence[FrameState], text: str) -> None:
        self._states, self._text = tuple(states), text.casefold()
        self._find_rows()

    def rebuild(self) -> None:
        """Find the rows anew, after frames came or their order changed."""
        self._names = None
        self._find_rows()

    def _find_rows(self) -> None:
        """Keep the places in the queue whose frame passes the filter."""
        self.beginResetModel()
        self._rows = self._matching()
        count = len(self._session.queue) if self._session is not None else 0
        self._row_of = np.full(count, -1, np.int32)
        self._row_of[self._rows] = np.arange(len(self._rows), dtype=np.int32)
        self.endResetModel()

    def _matching(self) -> NDArray[np.int32]:
        if self._session is None:
            return np.zeros(0, np.int32)
        queue = self._session.queue
        keep = np.ones(len(queue), np.bool_)
        if len(self._states) < len(FrameState):
            numbers = [STATE_NUMBER[state] for state in self._states]
            keep = np.isin(queue.frames.states[queue.order], numbers)
        if self._text:
            keep &= self._named(queue.frames)[queue.order]
        return np.flatnonzero(keep).astype(np.int32)

    def _named(self, frames: FrameList) -> NDArray[np.bool_]:
        """Return for each frame in natural order whether its path has the text."""
        if self._names is None:
            self._names = _Names([frame.path for frame in frames])
        return self._names.having(self._text)

    def count(self, states: Sequence[FrameState]) -> int:
        """Return how many frames are in one of these states."""
        return self._session.frames.count(*states) if self._session is not None else 0

    def frame(self, row: int) -> Frame | None:
        if self._session is None or not 0 <= row < len(self._rows):
            return None
        return self._session.queue.at(int(self._rows[row]))

    def row_of(self, frame_id: int) -> int:
        """Return the row of a frame, -1 when the filter leaves it out."""
        if self._session is None or frame_id not in self._session.frames:
            return -1
        place = self._session.queue.place_of(frame_id)
        return int(self._row_of[place]) if place < len(self._row_of) else -1

    def refresh(self, ids: Sequence[int]) -> None:
        """Redraw the rows of frames; rows never leave while the reviewer is at work, only when the filter is set."""
        for frame_id in ids:
            row = self.row_of(frame_id)
            if row >= 0:
                self.dataChanged.emit(self.index(row, 0), self.index(row, 1))

    def rowCount(self, parent: _ModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Qt override."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _ModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Qt override."""
        return 0 if parent.isValid() else 2

    def data(self, index: _ModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own signature
        """Qt override."""
        if role not in _ROLES:
            return None
        frame = self.frame(index.row())
        if frame is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return GLYPHS[frame.state] if index.column() == 0 else frame.path
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == 0:
            return Qt.AlignmentFlag.AlignCenter
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            seen = "" if frame.run_frame_id is not None else ", not predicted yet"
            return f"{frame.path}: {NAMES[frame.state]}{seen}"
        if role == Qt.ItemDataRole.ForegroundRole and self._is_quiet(frame):
            return theme.muted_brush()
        return None

    @staticmethod
    def _is_quiet(frame: Frame) -> bool:
        return frame.state.decided or frame.run_frame_id is None


class QueuePanel(QWidget):
    """The list of frames with a filter and a search field."""

    frame_chosen = Signal(int)
    filter_chosen = Signal()
    """Somebody picked another filter by hand."""
    said = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session: ReviewSession | None = None
        self._model = QueueModel(self)
        self._current: int | None = None
        self._filter = QComboBox()
        self._filter.setAccessibleName("Which frames the queue shows")
        for key, text, _ in FILTERS:
            self._filter.addItem(text, key)
        self._filter.currentIndexChanged.connect(self._apply_filter)
        self._filter.activated.connect(lambda _row: self.filter_chosen.emit())
        self._search = QLineEdit(placeholderText="Find by name", clearButtonEnabled=True)
        self._search.setAccessibleName("Find frames by name")
        self._search.textChanged.connect(self._apply_filter)
        self._count = QLabel()
        self._count.setObjectName("mutedLabel")
        self.table = _Table(self._model)
        self.table.clicked.connect(self._choose)
        self.table.entered_row.connect(self._choose)
        top = QHBoxLayout()
        top.addWidget(self._filter, 1)
        top.addWidget(self._count)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addWidget(self._search)
        layout.addWidget(self.table, 1)

    @property
    def focus_target(self) -> QWidget:
        """What F6 gives the focus to."""
        return self.table

    def set_session(self, session: ReviewSession | None) -> None:
        self._session = session
        self._model.set_session(session)
        self._say_wanted()
        self._show_count()

    def refresh_all(self) -> None:
        """Show frames that were found, or another order."""
        self._model.rebuild()
        self._show_count()
        self._mark_current()

    def refresh_frames(self, ids: Sequence[int]) -> None:
        """Redraw the rows of some frames."""
        self._model.refresh(ids)

    def set_current(self, frame_id: int) -> None:
        """Mark the open frame and keep its row in sight."""
        self._current = frame_id
        self._mark_current()

    def toggle_filter(self, key: str) -> None:
        """Show only frames of one kind and open the first, or all again."""
        if self._filter.currentData() == key:
            key = "all"
        at = self._filter.findData(key)
        if not self._model.count(FILTERS[at][2]):
            self.said.emit(f"No frame is under “{FILTERS[at][1]}”.")
            return
        self._filter.setCurrentIndex(at)
        frame = self._model.frame(0)
        if frame is not None and key != "all":
            self.frame_chosen.emit(frame.id)

    def _mark_current(self) -> None:
        row = self._model.row_of(self._current) if self._current is not None else -1
        if row < 0:
            self.table.clearSelection()
            return
        index = self._model.index(row, 0)
        if not self.table.viewport().rect().contains(self.table.visualRect(index)):
            # By half a page: scrolled by a single row, the whole list would be painted anew at every frame.
            self.table.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
        self.table.selectRow(row)

    def _apply_filter(self) -> None:
        states = FILTERS[self._filter.currentIndex()][2]
        self._model.set_filter(states, self._search.text())
        self._say_wanted()
        self._show_count()
        self._mark_current()

    def _say_wanted(self) -> None:
        """Whoever looks at the frames to label by hand, or at those put off, goes through these."""
        if self._session is not None:
            key = self._filter.currentData()
            self._session.queue.wanted = FrameState(key) if key in ("rejected", "deferred") else FrameState.UNDECIDED

    def _show_count(self) -> None:
        self._count.setText(f"{self._model.rowCount():,}")

    def _choose(self, index: QModelIndex) -> None:
        frame = self._model.frame(index.row())
        if frame is not None:
            self.frame_chosen.emit(frame.id)


class _Table(QTableView):
    """Fixed rows, no grid: an item view that does not measure its contents stays quick."""

    entered_row = Signal(QModelIndex)

    def __init__(self, model: QueueModel) -> None:
        super().__init__()
        self.setModel(model)
        self.setAccessibleName("Queue")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideLeft)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.horizontalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.setColumnWidth(0, 30)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override: Enter opens the row."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.entered_row.emit(self.currentIndex())
            return
        super().keyPressEvent(event)

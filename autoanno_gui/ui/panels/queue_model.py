"""The rows of the queue panel: which frames pass the filter, in the order of review; quick at 100,000 frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from autoanno_gui.core.frame_list import STATE_NUMBER, STATES, FrameList
from autoanno_gui.core.queue import REASON_NUMBER, REASONS, QueueReason
from autoanno_gui.core.queue_settings import OrderName
from autoanno_gui.core.records import Frame, FrameState
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.ui import theme
from autoanno_gui.ui.panels.queue_words import GLYPHS, NAMES, tip, why
from autoanno_gui.ui.wording import plain_tip

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

    def __init__(self, frames: FrameList) -> None:
        self.of: Final = (len(frames), frames.generation)
        self._bytes = np.frombuffer("".join([f"{frame.path}\0" for frame in frames]).casefold().encode(), np.uint8)
        self._ends = np.flatnonzero(self._bytes == 0)

    def having(self, text: str) -> NDArray[np.bool_]:
        """Return (N,) whether each path has a case folded text in it."""
        found = np.zeros(len(self._ends), np.bool_)
        wanted = text.encode(errors="surrogatepass")
        places = max(0, len(self._bytes) - len(wanted) + 1)
        begins = np.ones(places, np.bool_)
        for offset, byte in enumerate(wanted):
            begins &= self._bytes[offset : offset + places] == byte
        found[np.searchsorted(self._ends, np.flatnonzero(begins))] = True
        return found


@dataclass(frozen=True, slots=True)
class Row:
    """One row, as it is painted."""

    frame: Frame
    said: str
    """Why the frame stands here, in a few words."""
    listed: bool = False
    """Whether it stands here for what was found out about it, whatever was decided."""

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is to be done here now."""
        if self.listed:
            return False
        return self.frame.state.decided or self.frame.run_frame_id is None


@dataclass(slots=True)
class Filter:
    """What a frame has to be to get a row.

    Attributes:
        states: one of these.
        text: in its path, case folded; empty for any.
        reason: why it stands where it does; None for any.
        matches: (N,) by position, what its predictions have to be; None for any. Frames that came later do not match.
        listed: (L,) positions of the only frames that may have a row, in the order of the rows; None for all, in the
            order of review.
        words: what the row of a listed frame says of it, by frame id.
    """

    states: tuple[FrameState, ...] = STATES
    text: str = ""
    reason: QueueReason | None = None
    matches: NDArray[np.bool_] | None = None
    listed: NDArray[np.int32] | None = None
    words: Mapping[int, str] = field(default_factory=dict)

    @property
    def narrows(self) -> bool:
        """Whether it asks for more than a state."""
        return bool(self.text) or any(part is not None for part in (self.reason, self.matches, self.listed))


class QueueModel(QAbstractTableModel):
    """Two columns, sign and name; the delegate of the view paints the rest from `row_at`.

    The rows are a snapshot of the queue: they change with `refresh` and `set_filter` only. A frame that the reviewer
    decides keeps its row until the filter is set again.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session: ReviewSession | None = None
        self.filter = Filter()
        self._positions: NDArray[np.int32] = np.zeros(0, np.int32)
        """(R,) the frame of each row, by its position in natural order."""
        self._reasons: NDArray[np.uint8] = np.zeros(0, np.uint8)
        self._scores: NDArray[np.float32] = np.zeros(0, np.float32)
        self._row_of: NDArray[np.int32] = np.zeros(0, np.int32)
        """(N,) the row of each frame by position, -1 without one."""
        self._states_then: NDArray[np.uint8] = np.zeros(0, np.uint8)
        """(N,) the states when the filter was set."""
        self.narrowed: NDArray[np.bool_] | None = None
        """(N,) whether each frame passes all of the filter but its state, by position; None when all do."""
        self._generation = 0
        self._order_name = OrderName.NATURAL
        """What the shown order was made by; by name until the first one comes."""
        self._names: _Names | None = None
        """What a search looks at; None until asked for."""

    def set_session(self, session: ReviewSession | None) -> None:
        self._session = session
        self._names = None
        self._order_name = OrderName.NATURAL
        self.set_filter(self.filter)

    def set_filter(self, wanted: Filter) -> None:
        """Show other frames."""
        self.beginResetModel()
        self.filter = wanted
        if self._session is not None:
            self._states_then = self._session.frames.states.copy()
        self._take(self._passing())
        self.endResetModel()

    def refresh(self, *, sorted_anew: bool = False) -> None:
        """Follow the queue after frames came or their order changed; selection and current row go with their frames."""
        session = self._session
        if session is None:
            return
        if sorted_anew:
            self._order_name = session.queue_settings.order
        keep = self._passing()
        moved = session.frames.generation != self._generation
        if moved:
            self._states_then = session.frames.states.copy()
        else:
            # Frames that came since stand as they came.
            self._states_then = np.concatenate([self._states_then, session.frames.states[len(self._states_then) :]])
            known = len(self._row_of)
            judged = session.frames.states[:known] != self._states_then[:known]
            keep[:known] |= (self._row_of >= 0) & judged
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        ids = [self._positions[index.row()] for index in held]
        self._take(keep)
        if moved:
            # Positions mean other frames now; who asked for another natural order marks the open frame anew.
            to = [QModelIndex() for _ in held]
        else:
            rows = [int(self._row_of[at]) for at in ids]
            to = [
                self.index(row, index.column()) if row >= 0 else QModelIndex()
                for row, index in zip(rows, held, strict=True)
            ]
        self.changePersistentIndexList(held, to)
        self.layoutChanged.emit()

    def _take(self, keep: NDArray[np.bool_]) -> None:
        """Give a row to each frame, by position, that is to be kept."""
        if self._session is None:
            self._positions = self._row_of = np.zeros(0, np.int32)
            return
        queue, listed = self._session.queue, self.filter.listed
        places = np.flatnonzero(keep[queue.order]) if listed is None else queue.places[listed[keep[listed]]]
        self._positions, self._reasons, self._scores = queue.order[places], queue.reasons[places], queue.scores[places]
        self._row_of = np.full(len(keep), -1, np.int32)
        self._row_of[self._positions] = np.arange(len(places), dtype=np.int32)
        self._generation = queue.frames.generation

    def _passing(self) -> NDArray[np.bool_]:
        """Return (N,) whether each frame passes the filter, by position."""
        if self._session is None:
            return np.zeros(0, np.bool_)
        frames = self._session.frames
        states = np.zeros(len(STATES), np.bool_)
        states[[STATE_NUMBER[state] for state in self.filter.states]] = True
        found: NDArray[np.bool_] = states[frames.states]
        self.narrowed = self._narrowed()
        return found if self.narrowed is None else found & self.narrowed

    def _narrowed(self) -> NDArray[np.bool_] | None:
        if self._session is None or not self.filter.narrows:
            return None
        queue = self._session.queue
        found = np.ones(len(queue.frames), np.bool_)
        if self.filter.reason is not None:
            found[queue.order] = queue.reasons == REASON_NUMBER[self.filter.reason]
        if self.filter.matches is not None:
            known = min(len(found), len(self.filter.matches))
            found[:known] &= self.filter.matches[:known]
            found[known:] = False
        if self.filter.listed is not None:
            found &= np.isin(np.arange(len(found)), self.filter.listed, kind="table")
        if self.filter.text:
            found &= self._named(queue.frames)
        return found

    def _named(self, frames: FrameList) -> NDArray[np.bool_]:
        """Return for each frame in natural order whether its path has the text."""
        if self._names is None or self._names.of != (len(frames), frames.generation):
            self._names = _Names(frames)
        return self._names.having(self.filter.text)

    # ------------------------------------------------------------------------------------------------ rows
    def count(self, states: Sequence[FrameState]) -> int:
        """Return how many frames are in one of these states."""
        return self._session.frames.count(*states) if self._session is not None else 0

    def total(self) -> int:
        """Return how many frames there are, whatever the filter."""
        return len(self._row_of)

    def frame(self, row: int) -> Frame | None:
        if self._session is None or not 0 <= row < len(self._positions):
            return None
        return self._session.frames.at(int(self._positions[row]))

    def row_of(self, frame_id: int) -> int:
        """Return the row of a frame, -1 when the filter leaves it out."""
        if self._session is None or frame_id not in self._session.frames:
            return -1
        position = self._session.frames.position(frame_id)
        return int(self._row_of[position]) if position < len(self._row_of) else -1

    def row_at(self, row: int) -> Row | None:
        """Return what a row shows, None when there is none."""
        frame = self.frame(row)
        session = self._session
        if frame is None or session is None:
            return None
        reason, score = REASONS[self._reasons[row]], float(self._scores[row])
        if (words := self.filter.words.get(frame.id)) is not None:
            return Row(frame, words, listed=True)
        return Row(frame, why(frame.state, reason, score, self._order_name, session.classes))

    def refresh_frames(self, ids: Sequence[int]) -> None:
        """Redraw the rows of frames; rows never leave while the reviewer is at work, only when the filter is set."""
        for frame_id in ids:
            row = self.row_of(frame_id)
            if row >= 0:
                self.dataChanged.emit(self.index(row, 0), self.index(row, 1))

    # ------------------------------------------------------------------------------------------------ Qt's side
    def rowCount(self, parent: _ModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Qt override."""
        return 0 if parent.isValid() else len(self._positions)

    def columnCount(self, parent: _ModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Qt override."""
        return 0 if parent.isValid() else 2

    def data(self, index: _ModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own signature
        """Qt override."""
        if role not in _ROLES:
            return None
        row = self.row_at(index.row())
        if row is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return GLYPHS[row.frame.state] if index.column() == 0 else row.frame.path
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == 0:
            return Qt.AlignmentFlag.AlignCenter
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            at = index.row()
            if row.listed:
                words = f"{row.frame.path}: {NAMES[row.frame.state]}, {row.said}"
            else:
                words = tip(row.frame, row.said, REASONS[self._reasons[at]], float(self._scores[at]))
            return plain_tip(words) if role == Qt.ItemDataRole.ToolTipRole else words
        if role == Qt.ItemDataRole.ForegroundRole and row.is_quiet:
            return theme.muted_brush()
        return None

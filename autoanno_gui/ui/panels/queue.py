"""The queue panel: every frame in the order of review, with its reason and state; quick at 100,000 rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, QSignalBlocker, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from autoanno_gui.core.queue_filter import QueueFilter
from autoanno_gui.core.queue_settings import OrderName, QueueSettings
from autoanno_gui.core.records import FrameState
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.ui.panels.queue_filters import QueueFilters
from autoanno_gui.ui.panels.queue_model import Filter, QueueModel
from autoanno_gui.ui.panels.queue_popup import Narrowing
from autoanno_gui.ui.panels.queue_rows import QueueTable
from autoanno_gui.ui.panels.queue_words import FILTERS
from autoanno_gui.ui.thumbnails import Thumbnails

_LEAST_WIDTH: Final = 232
"""Logical pixels: room for the names of the orders."""


class QueuePanel(QWidget):
    """The list of frames with its order, its filters and a search."""

    frame_chosen = Signal(int)
    filter_chosen = Signal()
    """Somebody picked another filter or order by hand, and is done with it."""
    settings_changed = Signal(object)
    """The `QueueSettings` that the queue is to be ordered by from now on."""
    filter_changed = Signal(object)
    """The `QueueFilter` that `set_matches` has to answer."""
    shown_changed = Signal(object)
    """(N,) bool by position, which frames the reviewer wants to go through; None for all."""
    said = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session: ReviewSession | None = None
        self._settings = QueueSettings()
        self._model = QueueModel(self)
        self._current: int | None = None
        self._thumbnails: Thumbnails | None = None
        self._with_thumbnails = True
        self._look_ahead_full = True
        self._generation = 0
        self._list_ids: NDArray[np.int64] | None = None
        """The frames of the list that is gone through, in its order."""
        self._asked = QueueFilter()
        self._awaits_matches = False
        """Whether somebody set a filter and it is not known yet which frames pass it."""
        self.filters = QueueFilters()
        self._filter, self._search = self.filters.states, self.filters.search
        self.filters.order_chosen.connect(self._choose_order)
        self.filters.changed.connect(self._apply_filter)
        self.filters.states_chosen.connect(self.filter_chosen)
        self.filters.narrowed.connect(self._narrow)
        self.filters.left.connect(self.filter_chosen)
        self.filters.list_dropped.connect(self._drop_list)
        self.table = QueueTable(self._model)
        self.table.clicked.connect(self._choose)
        self.table.entered_row.connect(self._choose)
        self.table.rested.connect(self._want_thumbnails)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        # The list first: from there, where F6 leads, Tab goes to what stands above it.
        layout.addWidget(self.table, 1)
        layout.insertWidget(0, self.filters)
        self.setMinimumWidth(_LEAST_WIDTH)

    @property
    def focus_target(self) -> QWidget:
        """What F6 gives the focus to."""
        return self.table

    # ------------------------------------------------------------------------------------------------ the project
    def set_session(self, session: ReviewSession | None) -> None:
        self._session = session
        self._asked, self._awaits_matches, self._look_ahead_full = QueueFilter(), False, True
        with QSignalBlocker(self._search):
            self._search.clear()
        self.filters.take_narrowing(Narrowing())
        self._list_ids = None
        self.filters.show_list(None)
        self._model.filter = Filter(states=self.filters.shown_states)
        self._open_thumbnails()
        if session is not None:
            self._generation = session.frames.generation
            self.filters.classes = session.classes
            self.set_settings(session.queue_settings)
        self._model.set_session(session)
        self._say_wanted()
        self._show_count()

    def set_settings(self, settings: QueueSettings) -> None:
        """Show what the queue is ordered by."""
        self._settings = settings
        self.filters.show_order(settings.order)

    def change_settings(self, settings: QueueSettings) -> None:
        """Show and tell that the queue is to be ordered by something else."""
        if settings != self._settings:
            self.set_settings(settings)
            self.settings_changed.emit(settings)

    def refresh_all(self) -> None:
        """Show frames that were found."""
        if self._session is not None and self._session.frames.generation != self._generation:
            # What matched was by position, and positions mean other frames now.
            self._generation = self._session.frames.generation
            self._model.filter = replace(self._model.filter, matches=None, listed=self._listed())
            self._session.queue.listed = self._model.filter.listed
        self._follow_queue(sorted_anew=False)

    def refresh_order(self) -> None:
        """Show the same frames in another order, and why each stands where it does now."""
        self._follow_queue(sorted_anew=True)

    def refresh_frames(self, ids: Sequence[int]) -> None:
        """Redraw the rows of some frames."""
        self._model.refresh_frames(ids)

    def set_current(self, frame_id: int) -> None:
        """Mark the open frame and keep its row in sight."""
        self._current = frame_id
        self._mark_current()

    def set_matches(self, asked: QueueFilter, matches: NDArray[np.bool_] | None) -> None:
        """Take the answer to `filter_changed`: (N,) by position, whether each frame passes; None for all.

        A newer answer to the same filter is shown with the next order.
        """
        if asked != self.filters.narrowing.predictions:
            return  # the answer to another filter, that came late
        wanted = replace(self._model.filter, matches=matches)
        if self._awaits_matches:
            self._awaits_matches = False
            self._set_filter(wanted)
        else:
            self._model.filter = wanted

    # ------------------------------------------------------------------------------------------------ lists
    def show_list(
        self, name: str, frame_ids: Sequence[int] | NDArray[np.int64], *, words: Mapping[int, str] | None = None
    ) -> None:
        """Show only these frames, in this order, and open the first; keys go through them, whatever was decided.

        Other filters open, so that all of the list is seen. Frames that the project does not have are left out.

        Args:
            name: of the list, such as `Disagreements`.
            frame_ids: each once; without any, nothing changes but that it is said.
            words: by frame id, why it is on the list; shown in its row in place of its state.
        """
        if self._session is None:
            return
        self._list_ids, before = np.asarray(frame_ids, np.int64), self._list_ids
        listed = self._listed()
        if listed is None or not len(listed):
            self._list_ids = before
            self.said.emit(f"No frame is under “{name}”.")
            return
        with QSignalBlocker(self._search), QSignalBlocker(self._filter):
            self._search.clear()
            self._filter.setCurrentIndex(self._filter.findData("all"))
        self.filters.take_narrowing(Narrowing())
        if not self._asked.is_open:
            self._asked, self._awaits_matches = QueueFilter(), False
            self.filter_changed.emit(self._asked)
        self.filters.show_list(f"{name} ({len(listed):,})")
        self._session.queue.listed = listed
        self._say_wanted()
        self._set_filter(Filter(states=self.filters.shown_states, listed=listed, words=words or {}))
        self.frame_chosen.emit(int(self._session.frames.ids[listed[0]]))

    def clear_list(self) -> None:
        """Show all frames again; other filters stay."""
        if self._list_ids is None:
            return
        self._list_ids = None
        self.filters.show_list(None)
        if self._session is not None:
            self._session.queue.listed = None
        self._set_filter(replace(self._model.filter, listed=None, words={}))

    def _drop_list(self) -> None:
        self.clear_list()
        self.filter_chosen.emit()

    def _listed(self) -> NDArray[np.int32] | None:
        """Return the positions of the frames of the list, in its order; None without one."""
        if self._list_ids is None or self._session is None:
            return None
        return self._session.frames.positions(self._list_ids)

    # ------------------------------------------------------------------------------------------------ following
    def _follow_queue(self, *, sorted_anew: bool) -> None:
        row = self._current_row()
        in_sight = row in self.table.rows_in_sight()
        bar = self.table.verticalScrollBar()
        value = bar.value()
        self._model.refresh(sorted_anew=sorted_anew)
        self._show_count()
        after = self._current_row()
        if in_sight and after >= 0:
            # The open frame stays where the eye has it.
            bar.setValue(value + after - row)
        elif bar.value() != value:
            bar.setValue(value)
        self._select_current()
        self.table.look_again()
        if self._model.filter.narrows:
            self.shown_changed.emit(self._model.narrowed)

    def _current_row(self) -> int:
        return self._model.row_of(self._current) if self._current is not None else -1

    def _mark_current(self) -> None:
        row = self._current_row()
        if row >= 0:
            self.table.bring_into_sight(row)
        self._select_current()

    def _select_current(self) -> None:
        row = self._current_row()
        if row < 0:
            self.table.clearSelection()
        elif row != self.table.currentIndex().row() or not self.table.selectionModel().hasSelection():
            self.table.selectionModel().setCurrentIndex(
                self._model.index(row, 0),
                self.table.selectionModel().SelectionFlag.ClearAndSelect
                | self.table.selectionModel().SelectionFlag.Rows,
            )

    # ------------------------------------------------------------------------------------------------ filters
    def toggle_filter(self, key: str) -> None:
        """Show only frames of one kind and open the first, or all again."""
        if self.filters.key == key:
            key = "all"
        at = self._filter.findData(key)
        if not self._model.count(FILTERS[at][2]):
            self.said.emit(f"No frame is under “{FILTERS[at][1]}”.")
            return
        self._filter.setCurrentIndex(at)
        frame = self._model.frame(0)
        if frame is not None and key != "all":
            self.frame_chosen.emit(frame.id)

    def _apply_filter(self) -> None:
        wanted = replace(self._model.filter, states=self.filters.shown_states, text=self._search.text().casefold())
        self._set_filter(wanted)
        self._say_wanted()

    def _narrow(self, narrowing: Narrowing) -> None:
        before = self._model.filter
        open_ = narrowing.predictions.is_open
        # Until it is known which frames match another filter, the list stays as it is.
        self._set_filter(replace(before, reason=narrowing.reason, matches=None if open_ else before.matches))
        if narrowing.predictions != self._asked:
            self._asked, self._awaits_matches = narrowing.predictions, not open_
            self.filter_changed.emit(narrowing.predictions)

    def _set_filter(self, wanted: Filter) -> None:
        narrowed_before = self._model.filter.narrows
        self._model.set_filter(wanted)
        self._show_count()
        self._mark_current()
        self.table.look_again()
        if narrowed_before or wanted.narrows:
            self.shown_changed.emit(self._model.narrowed)

    def _choose_order(self, name: OrderName) -> None:
        self._mark_current()  # whoever looked elsewhere in the list sees what comes next now
        # Also the order that holds: it goes on where it was stopped.
        self.set_settings(replace(self._settings, order=name))
        self.settings_changed.emit(self._settings)
        self.filter_chosen.emit()

    def _say_wanted(self) -> None:
        """Whoever looks at the frames to label by hand, or at those put off, goes through these."""
        if self._session is not None:
            key = self.filters.key
            self._session.queue.wanted = FrameState(key) if key in ("rejected", "deferred") else FrameState.UNDECIDED

    def _show_count(self) -> None:
        self.filters.show_count(self._model.rowCount(), self._model.total())
        if self._session is not None:
            self.filters.classes, self.filters.threshold = self._session.classes, self._session.thresholds.default

    def _choose(self, index: QModelIndex) -> None:
        frame = self._model.frame(index.row())
        if frame is not None:
            self.frame_chosen.emit(frame.id)

    # ------------------------------------------------------------------------------------------------ pictures
    def show_thumbnails(self, shown: bool) -> None:
        """Give each row its picture, or make the rows compact."""
        if shown != self._with_thumbnails:
            self._with_thumbnails = shown
            self._open_thumbnails()
            self._mark_current()

    def note_look_ahead(self, full: bool) -> None:
        """Note whether the frames that the next keys ask for are ready: before that, no small picture is made."""
        self._look_ahead_full = full
        if self._thumbnails is not None:
            self._thumbnails.pause(not full)

    def read_thumbnails_again(self) -> None:
        """Take it that files may have changed."""
        if self._thumbnails is not None:
            self._thumbnails.distrust()
            self.table.look_again()

    def _open_thumbnails(self) -> None:
        before, self._thumbnails = self._thumbnails, None
        if self._session is not None and self._with_thumbnails:
            self._thumbnails = Thumbnails(self._session.store.root, self)
            self._thumbnails.pause(not self._look_ahead_full)
            self._thumbnails.loaded.connect(self._on_thumbnail)
        self.table.show_pictures(self._thumbnails)
        self.table.look_again()
        if before is not None:
            before.close()
            before.deleteLater()

    def _on_thumbnail(self, frame_id: int) -> None:
        row = self._model.row_of(frame_id)
        if row in self.table.rows_in_sight():
            self.table.update_row(row)

    def _want_thumbnails(self) -> None:
        """Ask for the pictures of the rows in sight, then of a page below and one above."""
        if self._thumbnails is None or not self.isVisible():
            return
        rows = self.table.rows_in_sight()
        page = len(rows)
        nearby = [*rows, *range(rows.stop, rows.stop + page), *range(rows.start - 1, rows.start - 1 - page, -1)]
        frames = [frame for row in nearby if (frame := self._model.frame(row)) is not None]
        self._thumbnails.want(frames, scale=self.devicePixelRatioF())

    def showEvent(self, event: QShowEvent) -> None:
        """Qt override."""
        super().showEvent(event)
        self.table.look_again()

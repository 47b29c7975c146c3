"""The breakdown of the metrics panel: the edit rate by class, model, session and so on, one row for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QBrush, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QHeaderView, QTableView, QVBoxLayout, QWidget

from autoanno_gui.core.figures.figure_words import counted, percent, percent_range, seconds_text
from autoanno_gui.core.queue import QueueReason
from autoanno_gui.ui import theme
from autoanno_gui.ui.panels.queue_words import REASONS_TO_CHOOSE
from autoanno_gui.ui.wording import plain_tip

FEW: Final = 20
"""The figures of a row over fewer candidates than this are muted."""
MOST_ROWS: Final = 8
"""Rows that are in sight at once; the table scrolls."""
COLUMNS: Final = ("", "Rate", "95%", "Of")
_RIGHT: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_REASONS: Final = {reason.value: text for reason, text in REASONS_TO_CHOOSE}

Index = QModelIndex | QPersistentModelIndex


class Group(NamedTuple):
    """A way to break the figures down.

    Attributes:
        key: of the table in the report.
        title: in the chooser.
        name: what a row is called.
    """

    key: str
    title: str
    name: Callable[[Mapping[str, Any]], str]


def _started(row: Mapping[str, Any]) -> str:
    if not row["started"]:
        return "unknown"
    return datetime.fromisoformat(row["started"]).astimezone().strftime("%Y-%m-%d %H:%M")


def _reason(row: Mapping[str, Any]) -> str:
    reason = str(row["reason"])
    if reason == QueueReason.ORDERED.value:
        return "In the chosen order"
    return _REASONS.get(reason, reason.capitalize() or "Not known")


GROUPS: Final = (
    Group("by_class", "By class", lambda row: str(row["class"])),
    Group("by_model", "By model", lambda row: str(row["model"])),
    Group("by_round", "By round", lambda row: f"Round {row['round']}" if row["round"] else "No model"),
    Group("by_reviewer", "By reviewer", lambda row: str(row["reviewer"])),
    Group("by_session", "By session", _started),
    Group("by_reason", "By place in the queue", _reason),
    Group("by_confidence", "By confidence", lambda row: f"{row['from']:.2f}–{row['to']:.2f}"),
    Group("by_size", "By size of the object", lambda row: str(row["size"]).capitalize()),
    Group("by_place", "By place in the picture", lambda row: str(row["place"]).capitalize()),
)


class RowsModel(QAbstractTableModel):
    """Rows of one table of the report."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._group = GROUPS[0]
        self._rows: list[Mapping[str, Any]] = []

    def show_rows(self, group: Group, rows: Sequence[Mapping[str, Any]]) -> None:
        """Show other rows; one that nothing was judged in has no edit rate and is left out."""
        told = [row for row in rows if row["candidates_shown"]]
        if group == self._group and told == self._rows:
            return
        self.beginResetModel()
        self._group, self._rows = group, told
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own signature
        """Qt override."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Qt override."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Qt override."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section:
            return _RIGHT
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Qt override."""
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._texts(row)[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column():
            return _RIGHT
        if role == Qt.ItemDataRole.ForegroundRole and (index.column() > 1 or row["candidates_shown"] < FEW):
            return QBrush(theme.muted_brush())
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(self._tip(row))
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return self._tip(row)
        return None

    def _texts(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        rate, interval = row["edit_rate"], row["edit_rate_interval"]
        return self._group.name(row), percent(rate), _span(interval), f"{row['candidates_shown']:,}"

    def _tip(self, row: Mapping[str, Any]) -> str:
        parts = row["edit_rate_parts"]
        lines = [
            self._group.name(row),
            f"Edit rate {percent(row['edit_rate'])} ({percent_range(row['edit_rate_interval'])}) of "
            f"{counted(row['candidates_shown'], 'candidate')}",
            f"Class changed {percent(parts['class_changed'])}, outline moved {percent(parts['geometry_changed'])}, "
            f"deleted {percent(parts['deleted'])}",
        ]
        if row.get("miss_rate") is not None:
            lines.append(
                f"Missed by the model {percent(row['miss_rate'])} ({percent_range(row['miss_rate_interval'])})"
            )
        if row.get("frames_decided"):
            rejected = percent(row["reject_rate"])
            lines.append(f"{counted(row['frames_decided'], 'frame')}, {rejected} sent to hand labelling")
            if row["median_seconds_per_frame"] is not None:
                lines.append(f"{seconds_text(row['median_seconds_per_frame'])} a frame (median)")
        if row["candidates_shown"] < FEW:
            lines.append("Few candidates: take it with care")
        return "\n".join(lines)


def _span(interval: Sequence[float] | None) -> str:
    """Return an interval as short as can be: the panel is narrow."""
    return "" if interval is None else f"{percent(interval[0]).rstrip('%')}–{percent(interval[1])}"


class _Rows(QTableView):
    """Rows to be read; keys go along them, and Space decides no frame."""

    def event(self, event: QEvent) -> bool:
        """Qt override."""
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Space:
            event.accept()
            return True
        return super().event(event)


class Breakdown(QWidget):
    """A chooser of groups with the table of the chosen one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document: Mapping[str, Any] | None = None
        self.chooser = QComboBox()
        self.chooser.setAccessibleName("Break the edit rate down by")
        for group in GROUPS:
            self.chooser.addItem(group.title, group.key)
        self.chooser.currentIndexChanged.connect(lambda _at: self._show())
        self.model = RowsModel(self)
        self.table = _Rows()
        self.table.setModel(self.model)
        self.table.setAccessibleName("Edit rates of the parts")
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.setWordWrap(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(24)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.chooser)
        layout.addWidget(self.table)
        self._show()

    def show_document(self, document: Mapping[str, Any] | None) -> None:
        """Show the groups of another report, or none."""
        self._document = document
        self._show()

    @property
    def texts(self) -> list[tuple[str, ...]]:
        """What the table says, row by row."""
        columns = range(self.model.columnCount())
        return [
            tuple(self.model.index(row, column).data() for column in columns) for row in range(self.model.rowCount())
        ]

    def _show(self) -> None:
        group = GROUPS[self.chooser.currentIndex()]
        self.model.show_rows(group, self._document[group.key] if self._document is not None else [])
        rows = min(max(self.model.rowCount(), 1), MOST_ROWS)
        height = (
            rows * self.table.verticalHeader().defaultSectionSize() + self.table.horizontalHeader().sizeHint().height()
        )
        self.table.setFixedHeight(height + 2 * self.table.frameWidth() + 2)

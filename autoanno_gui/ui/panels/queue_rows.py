"""How the rows of the queue look: one delegate paints sign, picture, name and reason; and the table around them."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from autoanno_gui.core.records import Frame, FrameState
from autoanno_gui.imaging.thumbnails import HEIGHT, WIDTH
from autoanno_gui.ui import theme
from autoanno_gui.ui.panels.queue_model import QueueModel, Row
from autoanno_gui.ui.panels.queue_words import GLYPHS
from autoanno_gui.ui.thumbnails import Thumbnails

ROW_HEIGHT: Final = 24
"""Logical pixels of a row without a picture."""
PICTURE_ROW_HEIGHT: Final = 44
REST_MS: Final = 80
"""Scrolling rests when it stood still for so long; only then are pictures asked for."""
_SIGN_COLUMN: Final = 30
_PICTURE_COLUMN: Final = 8 + WIDTH + 8
_GAP: Final = 8
_LARGEST_SHARE: Final = 0.55
"""Of a compact row, that the reason may take from the name."""
_SIGN_WIDTH: Final = 18
_REMEMBERED: Final = 4096
"""Texts."""
_LEFT: Final = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
_RIGHT: Final = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
_ModelIndex = QModelIndex | QPersistentModelIndex


@lru_cache(maxsize=64)
def _colour(name: str) -> QColor:
    return QColor(name)


@lru_cache(maxsize=64)
def _pen(name: str) -> QPen:
    return QPen(QColor(name))


class _Texts:
    """Measures texts in one font, each only once."""

    def __init__(self, metrics: QFontMetrics) -> None:
        self.height: Final = metrics.height()
        self._metrics: Final = metrics
        self._fitted: dict[tuple[str, int], str] = {}
        self._advances: dict[str, int] = {}

    def words(self, text: str, width: int) -> str:
        """Return a text that fits, its end left out if need be."""
        return self._fit(text, width, Qt.TextElideMode.ElideRight)

    def path(self, text: str, width: int) -> str:
        """Return a path that fits: the whole, else its file name, else the end of that."""
        found = self._fit(text, width, Qt.TextElideMode.ElideLeft)
        if found == text or "/" not in text:
            return found
        return self._fit("…/" + text.rpartition("/")[2], width, Qt.TextElideMode.ElideLeft)

    def _fit(self, text: str, width: int, mode: Qt.TextElideMode) -> str:
        found = self._fitted.get((text, width))
        if found is None:
            if len(self._fitted) >= _REMEMBERED:
                self._fitted.clear()
            found = self._fitted[text, width] = self._metrics.elidedText(text, mode, width)
        return found

    def advance(self, text: str) -> int:
        """Return how wide a text is, in logical pixels."""
        found = self._advances.get(text)
        if found is None:
            if len(self._advances) >= _REMEMBERED:
                self._advances.clear()
            found = self._advances[text] = self._metrics.horizontalAdvance(text)
        return found


class QueueRows(QStyledItemDelegate):
    """Paints both columns, quickly: no style option is filled, no text is measured twice."""

    def __init__(self, model: QueueModel, parent: QObject) -> None:
        super().__init__(parent)
        self._model: Final = model
        self.pictures: Thumbnails | None = None
        """None in compact rows."""
        self.hovered = -1
        self._texts: _Texts | None = None

    def forget_font(self) -> None:
        """Measure texts anew."""
        self._texts = None

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _ModelIndex) -> None:
        """Qt override."""
        row = self._model.row_at(index.row())
        if row is None:
            return
        look = theme.tokens()
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        selected = bool(state & QStyle.StateFlag.State_Selected)
        enabled = bool(state & QStyle.StateFlag.State_Enabled)
        if selected:
            painter.fillRect(rect, _colour(look.selection))
        elif self.hovered == index.row():
            painter.fillRect(rect, _colour(look.panel))
        first = index.column() == 0
        if selected and first:
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), _colour(look.accent))
        if self._texts is None:
            # A copy: the option's own goes with the option.
            self._texts = _Texts(QFontMetrics(option.fontMetrics))
        text = look.disabled if not enabled else look.muted if row.is_quiet else look.text
        muted = look.muted if enabled else look.disabled
        if self.pictures is not None:
            if first:
                self._paint_picture(painter, rect, row.frame, look)
            else:
                self._paint_two_lines(painter, rect, row, self._texts, (text, muted))
        elif first:
            painter.setPen(_pen(_sign_colour(row.frame.state, text, look) if enabled else muted))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, GLYPHS[row.frame.state])
        else:
            self._paint_one_line(painter, rect, row, self._texts, (text, muted))

    def _paint_picture(self, painter: QPainter, rect: QRect, frame: Frame, look: theme.Tokens) -> None:
        pictures = self.pictures
        pixmap = pictures.get(frame.id) if pictures is not None else None
        box = QRect(rect.left() + 9, rect.top() + (rect.height() - HEIGHT) // 2, WIDTH, HEIGHT)
        if pixmap is not None:
            painter.drawPixmap(_centred(pixmap, box), pixmap)
            return
        painter.fillRect(box, _colour(look.pressed))
        if not frame.usable or (pictures is not None and pictures.is_damaged(frame.id)):
            painter.setPen(_pen(look.disabled))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, GLYPHS[FrameState.FAILED])

    @staticmethod
    def _paint_two_lines(painter: QPainter, rect: QRect, row: Row, texts: _Texts, colours: tuple[str, str]) -> None:
        width, line = rect.width() - _GAP, texts.height
        gap = max(1, min(4, (rect.height() - 2 * line) // 3))
        top = rect.top() + (rect.height() - 2 * line - gap) // 2
        painter.setPen(_pen(colours[0]))
        name = texts.path(row.frame.path, width)
        painter.drawText(QRect(rect.left(), top, width, line), _LEFT, name)
        lower = QRect(rect.left(), top + line + gap, _SIGN_WIDTH, line)
        painter.setPen(_pen(_sign_colour(row.frame.state, colours[1], theme.tokens())))
        painter.drawText(lower, _LEFT, GLYPHS[row.frame.state])
        painter.setPen(_pen(colours[1]))
        said = texts.words(row.said, width - _SIGN_WIDTH)
        painter.drawText(QRect(lower.right() + 1, lower.top(), width - _SIGN_WIDTH, line), _LEFT, said)

    @staticmethod
    def _paint_one_line(painter: QPainter, rect: QRect, row: Row, texts: _Texts, colours: tuple[str, str]) -> None:
        width = rect.width() - _GAP
        said = texts.words(row.said, int(width * _LARGEST_SHARE))
        painter.setPen(_pen(colours[1]))
        painter.drawText(QRect(rect.left(), rect.top(), width, rect.height()), _RIGHT, said)
        painter.setPen(_pen(colours[0]))
        room = width - texts.advance(said) - _GAP
        name = texts.path(row.frame.path, room)
        painter.drawText(QRect(rect.left(), rect.top(), room, rect.height()), _LEFT, name)


def _sign_colour(state: FrameState, usual: str, look: theme.Tokens) -> str:
    if state is FrameState.FAILED:
        return look.bad
    return look.warning if state is FrameState.REJECTED else usual


def _centred(pixmap: QPixmap, box: QRect) -> QPoint:
    scale = pixmap.devicePixelRatio()
    return QPoint(
        box.left() + round((box.width() - pixmap.width() / scale) / 2),
        box.top() + round((box.height() - pixmap.height() / scale) / 2),
    )


class QueueTable(QTableView):
    """Fixed rows, no grid: an item view that does not measure its contents stays quick."""

    entered_row = Signal(QModelIndex)
    rested = Signal()
    """Other rows are in sight, and have been for a moment."""

    def __init__(self, model: QueueModel) -> None:
        super().__init__()
        self.rows: Final = QueueRows(model, self)
        self.setModel(model)
        self.setItemDelegate(self.rows)
        self.setAccessibleName("Queue")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.horizontalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.entered.connect(self._hover)
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self.rested)
        self.verticalScrollBar().valueChanged.connect(self.look_again)
        self.show_pictures(None)

    def show_pictures(self, pictures: Thumbnails | None) -> None:
        """Paint tall rows with pictures, or compact ones without."""
        self.rows.pictures = pictures
        lines = 2 * self.fontMetrics().height() + 6
        height = ROW_HEIGHT if pictures is None else max(PICTURE_ROW_HEIGHT, lines)
        self.setColumnWidth(0, _SIGN_COLUMN if pictures is None else _PICTURE_COLUMN)
        if self.verticalHeader().defaultSectionSize() != height:
            self.verticalHeader().setMinimumSectionSize(min(height, ROW_HEIGHT))
            self.verticalHeader().setDefaultSectionSize(height)
        self.viewport().update()

    def look_again(self) -> None:
        """Tell, once things stand still, which rows are in sight."""
        self._rest.start()

    def rows_in_sight(self) -> range:
        """Return the rows that can be seen, in part, too."""
        first = self.rowAt(0)
        if first < 0:
            return range(0)
        last = self.rowAt(self.viewport().height() - 1)
        return range(first, (last if last >= 0 else self.model().rowCount() - 1) + 1)

    def bring_into_sight(self, row: int) -> None:
        """Scroll to a row when it is not in sight, and then so far that the next ones need no scrolling."""
        in_sight = self.rows_in_sight()
        index = self.model().index(row, 0)
        if self.viewport().rect().contains(self.visualRect(index)):
            return
        forward = bool(in_sight) and row >= in_sight[-1]
        hint = QAbstractItemView.ScrollHint.PositionAtTop if forward else QAbstractItemView.ScrollHint.PositionAtCenter
        self.scrollTo(self.model().index(max(0, row - 1) if forward else row, 0), hint)

    def update_row(self, row: int) -> None:
        """Paint one row anew."""
        top, height = self.rowViewportPosition(row), self.rowHeight(row)
        self.viewport().update(0, top, self.viewport().width(), height)

    def _hover(self, index: QModelIndex) -> None:
        self._set_hovered(index.row())

    def _set_hovered(self, row: int) -> None:
        before, self.rows.hovered = self.rows.hovered, row
        for each in {before, row} - {-1}:
            self.update_row(each)

    def viewportEvent(self, event: QEvent) -> bool:
        """Qt override: nothing is under a pointer that left."""
        if event.type() in (QEvent.Type.Leave, QEvent.Type.HoverLeave) and self.rows.hovered >= 0:
            self._set_hovered(-1)
        return super().viewportEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Qt override: rows are as high as two lines of text."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.rows.forget_font()
            self.show_pictures(self.rows.pictures)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt override."""
        super().resizeEvent(event)
        self.look_again()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override: Enter opens the row."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.entered_row.emit(self.currentIndex())
            return
        super().keyPressEvent(event)

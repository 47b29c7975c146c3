"""The rows of the object list: a model that is asked only for what is in sight, however many objects a frame has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.presentation import ShownObject
from autoanno_gui.ui import theme
from autoanno_gui.ui.wording import plain_tip

ID: Final = Qt.ItemDataRole.UserRole
CLASS, CONFIDENCE, STATE = range(3)
_GLYPH: Final = {Role.CANDIDATE: "○", Role.GHOST: "·", Role.CONFIRMED: "✓", Role.REJECTED: "✕"}
_WORD: Final = {
    Role.CANDIDATE: "proposed",
    Role.GHOST: "less certain",
    Role.CONFIRMED: "confirmed",
    Role.REJECTED: "rejected",
}
ICON_SIZE: Final = 12
MARGIN: Final = 6
"""Logical pixels beside the text of a cell."""
_LEFT: Final = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_ALIGNMENT: Final = {
    CONFIDENCE: Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
    STATE: Qt.AlignmentFlag.AlignCenter,
}
_ROLES: Final = frozenset(
    {
        int(Qt.ItemDataRole.DisplayRole),
        int(Qt.ItemDataRole.ForegroundRole),
        int(Qt.ItemDataRole.TextAlignmentRole),
        int(Qt.ItemDataRole.DecorationRole),
        int(Qt.ItemDataRole.FontRole),
        int(Qt.ItemDataRole.ToolTipRole),
        int(ID),
    }
)
"""What the model answers; a view asks for more, for every cell that it paints."""
_TOP: Final = QModelIndex()


class ObjectRows(QAbstractTableModel):
    """Class, confidence and state of each object."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._objects: list[ShownObject] = []
        self._struck = QFont()
        self._struck.setStrikeOut(True)

    def show_objects(self, objects: Sequence[ShownObject]) -> None:
        """Show other objects; the rows of those that are as they were are left alone."""
        before, now = self._objects, list(objects)
        if len(now) < len(before):
            self.beginRemoveRows(_TOP, len(now), len(before) - 1)
            self._objects = before[: len(now)]
            self.endRemoveRows()
        changed = [at for at, (one, other) in enumerate(zip(before, now, strict=False)) if one is not other]
        if len(now) > len(before):
            self.beginInsertRows(_TOP, len(before), len(now) - 1)
            self._objects = now
            self.endInsertRows()
        self._objects = now
        if changed:
            self.dataChanged.emit(self.index(changed[0], 0), self.index(changed[-1], STATE))

    def look_again(self) -> None:
        """Show all rows anew, in the colours of another theme."""
        if self._objects:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._objects) - 1, STATE))

    def object_at(self, row: int) -> ShownObject:
        return self._objects[row]

    def row_of(self, object_id: int | None) -> int | None:
        """Return the row of an object, None when it has none."""
        return next((at for at, shown in enumerate(self._objects) if shown.id == object_id), None)

    # ------------------------------------------------------------------------------------------------ Qt
    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _TOP) -> int:
        return 0 if parent.isValid() else len(self._objects)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = _TOP) -> int:
        return 0 if parent.isValid() else STATE + 1

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        if role not in _ROLES:
            return None
        shown, column = self._objects[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _text(shown, column)
            case Qt.ItemDataRole.ForegroundRole:
                quiet = shown.role in (Role.GHOST, Role.REJECTED)
                return theme.muted_brush() if quiet else theme.text_brush()
            case Qt.ItemDataRole.TextAlignmentRole:
                return _ALIGNMENT.get(column)
            case Qt.ItemDataRole.DecorationRole if column == CLASS:
                return class_icon(shown.colour)
            case Qt.ItemDataRole.FontRole if column == CLASS and shown.role is Role.REJECTED:
                return self._struck
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(f"{shown.class_name}: {_word(shown)}")
            case _ if role == ID:
                return shown.id
        return None


class ObjectDelegate(QStyledItemDelegate):
    """Draws cells by hand: with the style sheet it takes longer, and every change of the threshold draws all again."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Qt override."""
        rows, column, colours = index.model(), index.column(), theme.tokens()
        if not isinstance(rows, ObjectRows):
            return
        shown = rows.object_at(index.row())
        rect, state = option.rect, option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, QColor(colours.selection))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, QColor(colours.panel))
        left = rect.left() + MARGIN
        if column == CLASS:
            side = ICON_SIZE
            class_icon(shown.colour).paint(painter, left, rect.center().y() - side // 2 + 1, side, side)
            left += side + MARGIN
        room = QRect(left, rect.top(), rect.right() - MARGIN - left + 1, rect.height())
        font = QFont(option.font)
        font.setStrikeOut(column == CLASS and shown.role is Role.REJECTED)
        painter.setFont(font)
        quiet = shown.role in (Role.GHOST, Role.REJECTED)
        painter.setPen(QColor(colours.muted if quiet else colours.text))
        text = _text(shown, column)
        if column == CLASS:
            text = option.fontMetrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, _ALIGNMENT.get(column, _LEFT), text)


def _text(shown: ShownObject, column: int) -> str:
    if column == CONFIDENCE:
        return f"{shown.confidence:.2f}" if shown.confidence is not None else ""
    if column == STATE:
        edited = shown.edited and shown.role is Role.CONFIRMED
        return "✚" if shown.drawn else "✎" if edited else _GLYPH[shown.role]
    return f"{shown.class_name} / {shown.second_choice}?" if shown.second_choice else shown.class_name


def _word(shown: ShownObject) -> str:
    return "drawn" if shown.drawn else "edited" if shown.edited else _WORD[shown.role]


_icons: dict[str, QIcon] = {}


def class_icon(colour: str) -> QIcon:
    """Return a small swatch of a class colour (`#rrggbb`)."""
    if colour not in _icons:
        pixmap = QPixmap(24, 24)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        painter.drawRoundedRect(2, 2, 20, 20, 5, 5)
        painter.end()
        made = QIcon(pixmap)
        # Without a picture of its own the selected row would tint the swatch, and a class must keep its colour.
        made.addPixmap(pixmap, QIcon.Mode.Selected)
        _icons[colour] = made
    return _icons[colour]

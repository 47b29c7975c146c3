"""The cells of a page of the contact sheet, painted in one widget: pictures of objects, their marks, and a cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from autoanno_gui.core.judged_page import SheetItem
from autoanno_gui.review.contact_sheet import LARGEST_PAGE
from autoanno_gui.ui import theme
from autoanno_gui.ui.contact_sheet.crop_loader import LoadedCrop

PICTURE: Final = QSize(116, 104)
"""Logical pixels of a crop, at most."""
PAD: Final = 6
GAP: Final = 6
EDGE: Final = 10
_DIMMED: Final = 0.3
_HALO: Final = QColor(0, 0, 0, 150)


@dataclass(frozen=True, slots=True)
class Cell:
    """One object of the page.

    Attributes:
        name: of its class, the new one where it was changed.
        colour: `#rrggbb` of that class.
        confidence: 0..1.
        crop: None until it is loaded.
        wrong: the reviewer marked it as wrong.
        changed: the reviewer gave it another class.
    """

    item: SheetItem
    name: str
    colour: str
    confidence: float
    crop: LoadedCrop | None = None
    wrong: bool = False
    changed: bool = False

    @property
    def text(self) -> str:
        """What became of the object, in words."""
        return "wrong" if self.wrong else f"now {self.name}" if self.changed else self.name


class SheetGrid(QWidget):
    """Has the keys while the sheet is shown; what they mean is for others to say."""

    capacity_changed = Signal()
    """How many cells fit, or how large their pictures are in device pixels, may be another now."""
    cell_clicked = Signal(int)
    cell_opened = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sheetGrid")
        self.setAccessibleName("Contact sheet")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(self.cell_size + QSize(2 * EDGE, 2 * EDGE))
        self.on_key: Callable[[QKeyEvent], bool] = lambda event: False
        """Called with each key; returns whether it meant something."""
        self.message = ""
        """What is said in place of cells where there are none."""
        self._cells: tuple[Cell, ...] = ()
        self._cursor = 0
        self._seen: set[SheetItem] = set()
        """Objects whose picture, or its fault, was painted since the page was shown."""

    # ------------------------------------------------------------------------------------------------ what is shown
    def show_cells(self, cells: Sequence[Cell], *, cursor: int) -> None:
        """Show these cells; none more than `capacity` of them."""
        if [cell.item for cell in cells] != [cell.item for cell in self._cells]:
            self._seen.clear()
        # A picture that took the place of another has to be painted, too.
        pairs = zip(self._cells, cells, strict=False)
        self._seen -= {cell.item for before, cell in pairs if cell.crop is not before.crop}
        self._cells, self._cursor = tuple(cells), cursor
        self._describe()
        self.update()

    def set_cursor(self, cursor: int) -> None:
        """Move the cursor to another cell."""
        before, self._cursor = self._cursor, cursor
        for at in (before, cursor):
            self.update(self.cell_rect(at))
        self._describe()

    def _describe(self) -> None:
        cell = self._cells[self._cursor] if self._cursor < len(self._cells) else None
        self.setAccessibleDescription(f"{cell.text}, {cell.confidence:.2f}" if cell is not None else self.message)

    @property
    def cells(self) -> tuple[Cell, ...]:
        return self._cells

    def unseen(self) -> int:
        """Return how many objects of the page were not yet painted, or have no picture any more."""
        return sum(cell.crop is None or cell.item not in self._seen for cell in self._cells)

    # ------------------------------------------------------------------------------------------------ places
    @property
    def cell_size(self) -> QSize:
        """Size of a cell at least: its picture and a line of text."""
        return QSize(PICTURE.width() + 2 * PAD, PICTURE.height() + 2 * PAD + self._caption)

    @property
    def _caption(self) -> int:
        return self.fontMetrics().height() + 7

    @property
    def columns(self) -> int:
        return max(1, (self.width() - 2 * EDGE + GAP) // (self.cell_size.width() + GAP))

    @property
    def capacity(self) -> int:
        """How many whole cells fit, so that all of a page is on the screen."""
        rows = max(1, (self.height() - 2 * EDGE + GAP) // (self.cell_size.height() + GAP))
        return min(LARGEST_PAGE, self.columns * rows)

    @property
    def picture_size(self) -> tuple[int, int]:
        """(width, height) of a crop in device pixels, at most."""
        ratio = self.devicePixelRatioF()
        return round(PICTURE.width() * ratio), round(PICTURE.height() * ratio)

    def cell_rect(self, at: int) -> QRect:
        """Return where a cell is; the room that is left over widens the cells of a row alike."""
        row, column = divmod(at, self.columns)
        room = self.width() - 2 * EDGE + GAP
        left, right = room * column // self.columns, room * (column + 1) // self.columns
        height = self.cell_size.height()
        return QRect(EDGE + left, EDGE + row * (height + GAP), right - left - GAP, height)

    def cell_at(self, point: QPoint) -> int | None:
        """Return the number of the cell at a point."""
        return next((at for at in range(len(self._cells)) if self.cell_rect(at).contains(point)), None)

    # ------------------------------------------------------------------------------------------------ painting
    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt override."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(theme.tokens().canvas))
        if not self._cells:
            painter.setPen(QColor(theme.tokens().muted))
            room = self.rect().adjusted(40, 0, -40, 0)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.message)
        for at, cell in enumerate(self._cells):
            rect = self.cell_rect(at)
            if rect.intersects(event.rect()):
                self._paint_cell(painter, rect, cell, current=at == self._cursor)
                if cell.crop is not None and event.rect().contains(rect):
                    self._seen.add(cell.item)
        painter.end()

    def _paint_cell(self, painter: QPainter, rect: QRect, cell: Cell, *, current: bool) -> None:
        colours = theme.tokens()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.accent), 2) if current else QPen(QColor(colours.border), 1))
        painter.setBrush(QColor(colours.selection if current else colours.panel))
        inset = 1.0 if current else 0.5
        painter.drawRoundedRect(QRectF(rect).adjusted(inset, inset, -inset, -inset), 5, 5)
        picture = QRect(rect.left() + PAD, rect.top() + PAD, rect.width() - 2 * PAD, PICTURE.height())
        if cell.crop is None or cell.crop.image is None:
            self._paint_missing(painter, picture, cell.crop)
        else:
            self._paint_crop(painter, picture, cell, cell.crop)
        caption = QRect(picture.left() + 1, picture.bottom() + 3, picture.width() - 2, self._caption)
        self._paint_caption(painter, caption, cell)

    def _paint_missing(self, painter: QPainter, picture: QRect, crop: LoadedCrop | None) -> None:
        painter.setPen(QColor(theme.tokens().muted))
        text = "…" if crop is None else f"⚠\n{crop.fault}"
        painter.drawText(picture, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)

    def _paint_crop(self, painter: QPainter, picture: QRect, cell: Cell, crop: LoadedCrop) -> None:
        image = crop.image
        assert image is not None
        ratio = self.devicePixelRatioF()
        # On whole device pixels: a picture that lies between them is blurred.
        left = round((picture.left() + (picture.width() - image.width() / ratio) / 2) * ratio) / ratio
        top = round((picture.top() + (picture.height() - image.height() / ratio) / 2) * ratio) / ratio
        target = QRectF(left, top, image.width() / ratio, image.height() / ratio)
        painter.setOpacity(_DIMMED if cell.wrong else 1.0)
        painter.drawImage(target, image)
        painter.setClipRect(target)
        outline = self._outline(crop, target)
        for colour, width, radius in ((_HALO, 3.5, 3.5), (QColor(cell.colour), 1.75, 2.5)):
            painter.setPen(QPen(colour, width))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(outline)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            for point in crop.points:
                painter.drawEllipse(target.topLeft() + point / ratio, radius, radius)
        painter.setClipping(False)
        painter.setOpacity(1.0)
        if cell.wrong:
            self._paint_cross(painter, target)

    def _outline(self, crop: LoadedCrop, target: QRectF) -> QPainterPath:
        """Return what the page is about: the object's outline, or its box where there is nothing finer."""
        ratio, path = self.devicePixelRatioF(), QPainterPath()
        for ring in crop.outlines:
            path.addPolygon(QPolygonF([target.topLeft() + point / ratio for point in ring]))
            path.closeSubpath()
        if not crop.outlines:
            x1, y1, x2, y2 = (value / ratio for value in crop.box)
            box = QRectF(QPointF(x1, y1), QPointF(x2, y2)).translated(target.topLeft())
            path.addRect(box.intersected(target))
        return path

    def _paint_cross(self, painter: QPainter, target: QRectF) -> None:
        centre, arm = target.center(), min(target.width(), target.height()) * 0.22
        for colour, width in ((_HALO, 7.0), (QColor(theme.tokens().bad), 4.0)):
            painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLine(centre + QPointF(-arm, -arm), centre + QPointF(arm, arm))
            painter.drawLine(centre + QPointF(-arm, arm), centre + QPointF(arm, -arm))

    def _paint_caption(self, painter: QPainter, rect: QRect, cell: Cell) -> None:
        colours = theme.tokens()
        font = QFont(self.font())
        font.setBold(cell.wrong or cell.changed)
        metrics = QFontMetrics(font)
        confidence = f"{cell.confidence:.2f}"
        room = QFontMetrics(self.font()).horizontalAdvance(confidence)
        painter.setPen(QColor(colours.muted))
        painter.drawText(rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, confidence)
        swatch = 0
        if not cell.wrong:
            swatch = 14
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(cell.colour))
            painter.drawRoundedRect(QRectF(rect.left() + 1, rect.center().y() - 3.5, 9, 9), 2.5, 2.5)
        painter.setFont(font)
        painter.setPen(QColor(colours.bad if cell.wrong else colours.text))
        name = "✕ wrong" if cell.wrong else f"→ {cell.name}" if cell.changed else cell.name
        text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, rect.width() - room - swatch - 8)
        left = rect.adjusted(swatch, 0, 0, 0)
        painter.drawText(left, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        painter.setFont(self.font())

    # ------------------------------------------------------------------------------------------------ input
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override."""
        if not self.on_key(event):
            super().keyPressEvent(event)

    def focusNextPrevChild(self, _next: bool) -> bool:
        """Qt override: Tab moves the cursor."""
        return False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Qt override: a click moves the cursor."""
        at = self.cell_at(event.position().toPoint())
        if at is not None and event.button() is Qt.MouseButton.LeftButton:
            self.cell_clicked.emit(at)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Qt override: a double click opens the frame."""
        at = self.cell_at(event.position().toPoint())
        if at is not None and event.button() is Qt.MouseButton.LeftButton:
            self.cell_opened.emit(at)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt override."""
        super().resizeEvent(event)
        self.capacity_changed.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Qt override: what is not on the screen is seen only when it comes back."""
        super().hideEvent(event)
        self._seen.clear()

    def event(self, event: QEvent) -> bool:
        """Qt override: on another screen the pictures may need other sizes."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.capacity_changed.emit()
        return super().event(event)

"""The little labels beside the objects: what they say, how they look, and where they find room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPainterPath, QPen

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.review_objects import Role
from autoanno_gui.core.task import Task
from autoanno_gui.review.presentation import ShownObject
from autoanno_gui.ui.canvas.strokes import luminance

HEIGHT: Final = 18.0
FONT_SIZE: Final = 12.0
PADDING: Final = 5.0
STRIPE: Final = 3.0
MARK_WIDTH: Final = 11.0
RADIUS: Final = 3.0
GAP: Final = 1.0
MAX_TEXT: Final = 190.0
"""Logical pixels; longer names are elided in the middle."""
CACHED: Final = 1024

Rect: TypeAlias = tuple[int, int, int, int]
"""(x1, y1, x2, y2), device pixels."""


class TagStyle(StrEnum):
    OPEN = "open"
    """A proposal: dark, with a stripe of the class colour."""
    FILLED = "filled"
    """Settled by the reviewer: filled with the class colour, with a mark that says how."""
    SELECTED = "selected"
    """In the accent colour, whatever it is."""


class TagMark(StrEnum):
    NONE = "none"
    TICK = "tick"
    PENCIL = "pencil"
    PLUS = "plus"
    BOX = "box"
    WARNING = "warning"


class Piece(NamedTuple):
    """A part of a tag whose picture is kept. Names, and the hundred confidences, come again in every frame.

    Attributes:
        colour: of the class; empty where the picture does not depend on it.
        first: begins the tag, with the stripe or mark.
        last: ends it.
    """

    text: str
    style: TagStyle
    colour: str = ""
    mark: TagMark = TagMark.NONE
    first: bool = True
    last: bool = True


@dataclass(frozen=True, slots=True)
class Tag:
    """The pictures of a tag from left to right, and its size in device pixels."""

    pictures: tuple[QImage, ...]
    width: int
    height: int

    def draw(self, painter: QPainter, x: int, y: int) -> None:
        for picture in self.pictures:
            painter.drawImage(x, y, picture)
            x += picture.width()


def confidence_text(confidence: float) -> str:
    """Return two decimals without the leading zero; never rounded up to a certainty that no model has."""
    return f".{min(int(confidence * 100 + 0.5), 99):02d}"


def mark_of(shown: ShownObject) -> TagMark:
    if shown.role is not Role.CONFIRMED:
        return TagMark.NONE
    if shown.drawn:
        return TagMark.PLUS
    return TagMark.PENCIL if shown.edited else TagMark.TICK


def pieces_of(shown: ShownObject, *, selected: bool, task: Task | None = None) -> list[Piece]:
    """Return what the tag of an object shows: `kite .62`, `kite .52 / bird?`, or a mark and the name once settled; then
    marks for what is not as it should be: a box where the task asks for masks, an outline that crosses itself."""
    settled = shown.role is Role.CONFIRMED
    style = TagStyle.SELECTED if selected else TagStyle.FILLED if settled else TagStyle.OPEN
    pieces = [Piece(shown.class_name, style, shown.colour, mark_of(shown), last=False)]
    if not settled and shown.confidence is not None:
        pieces.append(Piece(confidence_text(shown.confidence), style, first=False, last=False))
        if shown.second_choice is not None:
            pieces.append(Piece(f"/ {shown.second_choice}?", style, first=False, last=False))
    back = shown.colour if style is TagStyle.FILLED else ""
    if task is Task.SEGMENT and isinstance(shown.geometry, Box):
        pieces.append(Piece("", style, back, TagMark.BOX, first=False, last=False))
    if shown.crossing:
        pieces.append(Piece("", style, back, TagMark.WARNING, first=False, last=False))
    pieces[-1] = pieces[-1]._replace(last=True)
    return pieces


def tagged_bounds(geometry: Geometry) -> Box:
    """Return the box beside which the tag of an object goes: of a mask in several parts, that of the largest."""
    if not isinstance(geometry, Mask) or len(geometry.parts) < 2:
        return geometry.bounds
    boxes = [Box.around(part.outer) for part in geometry.parts]
    return max(boxes, key=lambda box: box.area)


class TagPainter:
    """Draws tags as pictures and keeps them: most classes and confidences come again and again."""

    def __init__(self) -> None:
        self._accent = "#808080"
        self._accent_text = "#ffffff"
        self._ratio = 1.0
        self._font = QFont()
        self._metrics = QFontMetrics(self._font)
        self._pictures: dict[Piece, QImage] = {}
        self.generation = 0
        """Grows when tags look different from before, so that whoever laid them out does it again."""

    def prepare(self, font: QFont, ratio: float) -> None:
        """Take the widget's font and device pixel ratio; pictures made for others are dropped."""
        size = max(1, round(FONT_SIZE * ratio))
        if ratio == self._ratio and self._font.family() == font.family() and self._font.pixelSize() == size:
            return
        self._ratio = ratio
        self._font = QFont(font)
        self._font.setPixelSize(size)
        self._font.setWeight(QFont.Weight.Medium)
        self._metrics = QFontMetrics(self._font)
        self._pictures.clear()
        self.generation += 1

    def set_accent(self, accent: str, accent_text: str) -> None:
        self._accent, self._accent_text = accent, accent_text
        self._pictures.clear()
        self.generation += 1

    def tag(self, pieces: Sequence[Piece]) -> Tag:
        """Return the tag made of these pieces."""
        pictures = tuple([self._picture(piece) for piece in pieces])
        return Tag(pictures, sum([picture.width() for picture in pictures]), pictures[0].height())

    def _picture(self, piece: Piece) -> QImage:
        picture = self._pictures.get(piece)
        if picture is None:
            if len(self._pictures) >= CACHED:
                self._pictures.clear()
            picture = self._pictures[piece] = self._draw(piece)
        return picture

    def _draw(self, piece: Piece) -> QImage:
        ratio = self._ratio
        text = self._metrics.elidedText(piece.text, Qt.TextElideMode.ElideMiddle, round(MAX_TEXT * ratio))
        mark = MARK_WIDTH * ratio if piece.mark is not TagMark.NONE else 0.0
        start = (STRIPE + PADDING if piece.first else 2.0 if mark else 0.0) * ratio
        end = PADDING * ratio if piece.last else self._metrics.horizontalAdvance(" ")
        width = round(start + mark + self._metrics.horizontalAdvance(text) + end)
        height = round(HEIGHT * ratio)
        picture = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius = RADIUS * ratio
        shape = QPainterPath()
        # Corners that belong to a neighbouring piece are pushed out of the picture.
        shape.addRoundedRect(
            QRectF(0, 0, width, height).adjusted(0 if piece.first else -radius, 0, 0 if piece.last else radius, 0),
            radius,
            radius,
        )
        painter.setClipPath(shape)
        back, ink = self._colours(piece)
        painter.fillRect(0, 0, width, height, back)
        if piece.first and piece.style is not TagStyle.FILLED:
            painter.fillRect(QRectF(0, 0, STRIPE * ratio, height), QColor(piece.colour))
        if mark:
            _draw_mark(painter, piece.mark, QRectF(start - ratio, 0, mark - ratio, height), ink, ratio)
        painter.setFont(self._font)
        painter.setPen(ink)
        baseline = (height + self._metrics.capHeight()) / 2
        painter.drawText(QPointF(round(start + mark), round(baseline)), text)
        painter.end()
        return picture

    def _colours(self, piece: Piece) -> tuple[QColor, QColor]:
        if piece.style is TagStyle.SELECTED:
            return QColor(self._accent), QColor(self._accent_text)
        if piece.style is TagStyle.FILLED:
            back = QColor(piece.colour)
            return back, QColor("#101010") if luminance(back) > 0.25 else QColor("#ffffff")
        return QColor(20, 20, 20, 214), QColor("#f2f2f2")


def _draw_mark(painter: QPainter, mark: TagMark, area: QRectF, ink: QColor, ratio: float) -> None:
    pen = QPen(ink, (1.2 if mark in (TagMark.BOX, TagMark.WARNING) else 1.6) * ratio)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    cx, cy = area.center().x() - ratio, area.center().y()
    path = QPainterPath()
    points: dict[TagMark, Sequence[Sequence[tuple[float, float]]]] = {
        TagMark.TICK: [[(-3.2, 0.2), (-1.0, 2.5), (3.2, -2.7)]],
        TagMark.PLUS: [[(-3.2, 0.0), (3.2, 0.0)], [(0.0, -3.2), (0.0, 3.2)]],
        TagMark.PENCIL: [[(-3.2, 3.2), (-2.6, 0.9), (1.8, -3.3), (3.3, -1.8), (-0.9, 2.6), (-3.2, 3.2)]],
        TagMark.BOX: [[(-3.2, -3.0), (3.2, -3.0), (3.2, 3.0), (-3.2, 3.0), (-3.2, -3.0)]],
        TagMark.WARNING: [[(-4.2, 3.6), (0.0, -4.0), (4.2, 3.6), (-4.2, 3.6)], [(0.0, -1.2), (0.0, 1.0)]],
    }
    for line in points[mark]:
        path.moveTo(cx + line[0][0] * ratio, cy + line[0][1] * ratio)
        for x, y in line[1:]:
            path.lineTo(cx + x * ratio, cy + y * ratio)
    painter.drawPath(path)


class TagLayout:
    """Finds places for tags one after the other: outside above the box first, over nothing that matters.

    All lengths are device pixels.
    """

    def __init__(self, *, view: tuple[int, int], small: Iterable[Rect], gap: int) -> None:
        """`small` are boxes of about the size of a tag, which a tag would bury."""
        self._width, self._height = view
        self._small = list(small)
        self._taken: list[Rect] = []
        self._gap = gap

    def place(self, box: Rect, width: int, height: int, *, force: bool = False) -> tuple[int, int] | None:
        """Return the corner for a tag of `width` x `height` beside the outline `box`, None where it is too crowded.

        With `force` the first place inside the viewport is taken, whatever is there.
        """
        if box[0] >= self._width or box[1] >= self._height or box[2] <= 0 or box[3] <= 0:
            return None
        for x, y in self._places(box, width, height):
            if not 0 <= y <= self._height - height:
                continue
            x = min(max(x, 0), max(self._width - width, 0))
            rect = (x, y, x + width, y + height)
            if force or (self._free(rect) and not self._buries(rect, box)):
                self._taken.append(rect)
                return x, y
        return None

    def _places(self, box: Rect, width: int, height: int) -> Iterable[tuple[int, int]]:
        x1, y1, x2, y2 = box
        tall = y2 - y1 > 6 * height
        inset = 2 * self._gap
        inside = max(x1, 0) + inset, max(y1, 0) + inset
        yield x1, y1 - height - self._gap
        if tall:  # its lower edge is far from where one looks, and a corner is little of it
            yield inside
        yield x1, y2 + self._gap
        if x2 - x1 > 2 * width:
            yield x2 - width, y1 - height - self._gap
        if tall:
            yield min(x2, self._width) - width - inset, inside[1]
            yield inside[0], min(y2, self._height) - height - inset
        else:
            yield x2 + self._gap, y1
            yield x1 - width - self._gap, y1

    def _free(self, rect: Rect) -> bool:
        x1, y1, x2, y2 = rect
        for left, top, right, bottom in self._taken:
            if x1 < right and x2 > left and y1 < bottom and y2 > top:
                return False
        return True

    def _buries(self, rect: Rect, own: Rect) -> bool:
        x1, y1, x2, y2 = rect
        for small in self._small:
            left, top, right, bottom = small
            if x1 >= right or x2 <= left or y1 >= bottom or y2 <= top or small is own:
                continue
            covered = (min(x2, right) - max(x1, left)) * (min(y2, bottom) - max(y1, top))
            if 3 * covered > (right - left) * (bottom - top):
                return True
        return False

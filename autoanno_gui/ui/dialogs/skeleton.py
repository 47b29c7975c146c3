"""The keypoints of a project: their names, the lines between them, and which are each other's mirror image."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from autoanno_gui.core.keypoints import COCO_PERSON, Skeleton, mirror_pairs

_EDGE: Final = Qt.ItemDataRole.UserRole
_DOT: Final = 4.0


class SkeletonDialog(QDialog):
    """A table of points, a list of lines, and a drawing of both."""

    def __init__(self, skeleton: Skeleton, *, labelled: int, parent: QWidget | None = None) -> None:
        """Edit a skeleton.

        Args:
            labelled: how many frames have labels already.
        """
        super().__init__(parent)
        self.setWindowTitle("Skeleton")
        self.resize(720, 560)
        self._before = len(skeleton)
        self._labelled = labelled
        self._points = QTableWidget(0, 2)
        self._points.setHorizontalHeaderLabels(["Point", "Its mirror image"])
        self._points.setAccessibleName("Points")
        self._points.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        for column in range(2):
            self._points.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        self._points.itemChanged.connect(self._on_renamed)
        self._lines = QListWidget()
        self._lines.setAccessibleName("Lines between points")
        self._ends = (QComboBox(), QComboBox())
        for box, name in zip(self._ends, ("From", "To"), strict=True):
            box.setAccessibleName(name)
        self._drawing = _Drawing()
        self._note = QLabel(wordWrap=True)
        self._note.setObjectName("mutedLabel")
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        self._lay_out()
        self._fill(skeleton)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.addWidget(self._points, 0, 0)
        grid.addLayout(
            self._buttons_of(
                ("&Add point", self._add_point),
                ("&Remove point", self._remove_point),
                ("Pair left and ri&ght", self._pair_sides),
                ("COCO &person", lambda: self._fill(COCO_PERSON)),
            ),
            1,
            0,
        )
        right = QVBoxLayout()
        right.addWidget(self._drawing, 2)
        right.addWidget(self._lines, 1)
        ends = QHBoxLayout()
        for box in self._ends:
            ends.addWidget(box, 1)
        right.addLayout(ends)
        grid.addLayout(right, 0, 1)
        grid.addLayout(self._buttons_of(("&Join", self._join), ("Remove &line", self._remove_line)), 1, 1)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        layout = QVBoxLayout(self)
        layout.addLayout(grid, 1)
        layout.addWidget(self._note)
        layout.addWidget(self._buttons)

    def _buttons_of(self, *buttons: tuple[str, Callable[[], None]]) -> QGridLayout:
        """Return buttons two by two: at any font they have room for their words."""
        grid = QGridLayout()
        for number, (text, act) in enumerate(buttons):
            button = QPushButton(text, autoDefault=False)
            button.clicked.connect(act)
            grid.addWidget(button, number // 2, number % 2, Qt.AlignmentFlag.AlignTop)
        return grid

    # ------------------------------------------------------------------------------------------------ contents
    @property
    def skeleton(self) -> Skeleton:
        """The skeleton as it stands in the form."""
        return Skeleton(tuple(self._names()), tuple(self._edges()), tuple(self._partner(i) for i in self._rows()))

    def _rows(self) -> range:
        return range(self._points.rowCount())

    def _names(self) -> list[str]:
        items = (self._points.item(row, 0) for row in self._rows())
        return [item.text().strip() if item is not None else "" for item in items]

    def _edges(self) -> list[tuple[int, int]]:
        return [self._lines.item(row).data(_EDGE) for row in range(self._lines.count())]

    def _partner(self, row: int) -> int:
        box = self._points.cellWidget(row, 1)
        assert isinstance(box, QComboBox)
        return int(box.currentData())

    def _fill(self, skeleton: Skeleton) -> None:
        self._points.blockSignals(True)
        self._points.setRowCount(len(skeleton))
        for row, name in enumerate(skeleton.names):
            self._points.setItem(row, 0, QTableWidgetItem(name))
        self._points.blockSignals(False)
        self._show_partners(list(skeleton.flip))
        self._show_edges(list(skeleton.edges))
        self._check()

    def _show_partners(self, partners: list[int]) -> None:
        names = self._names()
        for row in self._rows():
            box = QComboBox()
            box.setAccessibleName(f"Mirror image of {names[row]}")
            for other, name in enumerate(names):
                box.addItem("itself" if other == row else name, other)
            box.setCurrentIndex(partners[row])
            box.activated.connect(lambda _index, row=row: self._on_paired(row))
            self._points.setCellWidget(row, 1, box)
        for end in self._ends:
            now = max(end.currentIndex(), 0)
            end.clear()
            end.addItems(names)
            end.setCurrentIndex(min(now, len(names) - 1))

    def _show_edges(self, edges: list[tuple[int, int]]) -> None:
        names = self._names()
        self._lines.clear()
        for edge in edges:
            item = QListWidgetItem(f"{names[edge[0]]} – {names[edge[1]]}")
            item.setData(_EDGE, edge)
            self._lines.addItem(item)
        self._drawing.show_skeleton(names, edges)

    # ------------------------------------------------------------------------------------------------ acts
    def _add_point(self) -> None:
        partners, row = [self._partner(i) for i in self._rows()], self._points.rowCount()
        self._points.blockSignals(True)
        self._points.insertRow(row)
        self._points.setItem(row, 0, QTableWidgetItem(f"point {row + 1}"))
        self._points.blockSignals(False)
        self._show_partners([*partners, row])
        self._show_edges(self._edges())
        self._points.setCurrentCell(row, 0)
        self._points.edit(self._points.currentIndex())
        self._check()

    def _remove_point(self) -> None:
        gone = self._points.currentRow()
        if gone < 0:
            return
        partners = [self._partner(i) for i in self._rows()]
        edges = [edge for edge in self._edges() if gone not in edge]

        def after(index: int) -> int:
            return index - (index > gone)

        kept = [after(i if partners[i] == gone else partners[i]) for i in self._rows() if i != gone]
        self._points.removeRow(gone)
        self._show_partners(kept)
        self._show_edges([(after(a), after(b)) for a, b in edges])
        self._check()

    def _on_renamed(self, _item: QTableWidgetItem) -> None:
        self._show_partners([self._partner(i) for i in self._rows()])
        self._show_edges(self._edges())
        self._check()

    def _on_paired(self, row: int) -> None:
        """A pair is one from both sides; whoever lost its partner stands for itself."""
        partners = [self._partner(i) for i in self._rows()]
        other = partners[row]
        for i in self._rows():
            if i not in (row, other) and partners[i] in (row, other):
                partners[i] = i
        partners[other], partners[row] = row, other
        self._show_partners(partners)

    def _pair_sides(self) -> None:
        """Pair points whose names differ only in left and right."""
        self._show_partners(list(mirror_pairs(self._names())))

    def _join(self) -> None:
        edge = self._ends[0].currentIndex(), self._ends[1].currentIndex()
        edges = self._edges()
        if edge[0] != edge[1] and edge not in edges and edge[::-1] not in edges:
            self._show_edges([*edges, edge])

    def _remove_line(self) -> None:
        row = self._lines.currentRow()
        if row >= 0:
            edges = self._edges()
            self._show_edges(edges[:row] + edges[row + 1 :])

    def _check(self) -> None:
        names = self._names()
        fault = ""
        if not names:
            fault = "A skeleton has at least one point."
        elif not all(names) or len(set(names)) < len(names):
            fault = "Each point needs a name of its own."
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not fault)
        if not fault and self._labelled and len(names) != self._before:
            fault = (
                "Objects that were labelled with another number of points keep their boxes; their points start anew."
            )
        self._note.setText(fault)


class _Drawing(QWidget):
    """The points on a circle and the lines between them."""

    def __init__(self) -> None:
        super().__init__()
        self._names: list[str] = []
        self._edges: list[tuple[int, int]] = []

    def sizeHint(self) -> QSize:
        """Qt override."""
        return QSize(260, 220)

    def show_skeleton(self, names: list[str], edges: list[tuple[int, int]]) -> None:
        self._names, self._edges = names, edges
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt override."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius = min(self.width(), self.height()) / 2 - 14
        middle = QPointF(self.width() / 2, self.height() / 2)
        count = max(len(self._names), 1)
        places = [
            middle + QPointF(math.sin(2 * math.pi * i / count), -math.cos(2 * math.pi * i / count)) * radius
            for i in range(count)
        ]
        ink = self.palette().text().color()
        painter.setPen(QPen(ink, 1.4))
        for a, b in self._edges:
            painter.drawLine(places[a], places[b])
        painter.setBrush(self.palette().highlight())
        for number, place in enumerate(places[: len(self._names)]):
            painter.drawEllipse(place, _DOT, _DOT)
            painter.drawText(place + QPointF(6, -4), str(number + 1))
        painter.end()

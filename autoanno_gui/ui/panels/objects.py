"""The object panel: what lies on the open frame, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QLabel, QToolButton, QTreeView, QVBoxLayout, QWidget

from autoanno_gui.core.task import Task
from autoanno_gui.review.presentation import Counts, ShownObject
from autoanno_gui.review.segmenter_runner import LoadedSegmenter
from autoanno_gui.ui import theme
from autoanno_gui.ui.panels.object_rows import CONFIDENCE, ICON_SIZE, ID, STATE, ObjectDelegate, ObjectRows

_COLLECTS: Final = {
    Task.DETECT: "Boxes",
    Task.SEGMENT: "Masks",
    Task.POSE: "Keypoints",
    Task.OBB: "Oriented boxes",
}


class _ObjectList(QTreeView):
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt override: the selected object stays in sight where a panel beside it takes room."""
        super().resizeEvent(event)
        self.scrollTo(self.currentIndex())


class ObjectsPanel(QWidget):
    """Objects with class, confidence and state, below their counts."""

    object_chosen = Signal(int)
    segmenter_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts = QLabel()
        self._counts.setObjectName("mutedLabel")
        self._rows = ObjectRows(self)
        self.list = _ObjectList()
        self.list.setModel(self._rows)
        self.list.setItemDelegate(ObjectDelegate(self.list))
        self.list.setAccessibleName("Objects of this frame")
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.list.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, self.list.header().ResizeMode.Stretch)
        for column, width in ((CONFIDENCE, 52), (STATE, 30)):
            self.list.header().setSectionResizeMode(column, self.list.header().ResizeMode.Fixed)
            self.list.header().resizeSection(column, width)
        self.list.clicked.connect(lambda index: self.object_chosen.emit(index.data(ID)))
        self.list.activated.connect(lambda index: self.object_chosen.emit(index.data(ID)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        layout.addWidget(self._counts)
        layout.addWidget(self.list, 1)
        self._task = QLabel()
        self._task.setObjectName("mutedLabel")
        self._segmenter = QToolButton(autoRaise=True)
        self._segmenter.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._segmenter.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        theme.set_icon(self._segmenter, "segment")
        self._segmenter.clicked.connect(self.segmenter_clicked)
        foot = QHBoxLayout()
        foot.addWidget(self._task, 1)
        foot.addWidget(self._segmenter)
        layout.addLayout(foot)

    @property
    def focus_target(self) -> QWidget:
        """What F6 gives the focus to."""
        return self.list

    def show_task(self, task: Task) -> None:
        """Say what the project collects."""
        self._task.setText(_COLLECTS[task])

    def show_segmenter(self, segmenter: LoadedSegmenter) -> None:
        """Say which segmenter answers, and where it runs."""
        info = segmenter.info
        self._segmenter.setText(info.name)
        lines = [f"Masks are made by {info.name} ({info.kind}) on {segmenter.device}; click to choose another."]
        lines += [text for text in (info.path, segmenter.device_reason) if text]
        self._segmenter.setToolTip("\n".join(lines))

    def show_objects(self, objects: Sequence[ShownObject], *, selected: int | None, counts: Counts) -> None:
        """Show the objects of the open frame.

        Args:
            objects: in the order in which they are to be listed.
            selected: id of the selected one.
            counts: of all roles, ghosts that are not shown included.
        """
        parts = [f"{counts.candidates} proposed", f"{counts.confirmed} confirmed"]
        if counts.rejected:
            parts.append(f"{counts.rejected} rejected")
        self._counts.setText("  ·  ".join(parts))
        self._rows.show_objects(objects)
        self._select(self._rows.row_of(selected))

    def _select(self, row: int | None) -> None:
        if row is None:
            self.list.clearSelection()
            self.list.setCurrentIndex(QModelIndex())
        elif row != self.list.currentIndex().row() or not self.list.selectionModel().hasSelection():
            self.list.setCurrentIndex(self._rows.index(row, 0))

    def changeEvent(self, event: QEvent) -> None:
        """Qt override: the rows take the colours of another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._rows.look_again()

    def clear(self) -> None:
        """Show that no frame is open."""
        self._rows.show_objects(())
        self._counts.clear()

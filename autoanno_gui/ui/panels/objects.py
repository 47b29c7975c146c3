"""The object panel: what lies on the open frame, and how much of what the model proposed is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QSlider,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from autoanno_gui.core.review_objects import Role
from autoanno_gui.core.task import Task
from autoanno_gui.review.presentation import Counts, ShownObject
from autoanno_gui.review.segmenter_runner import LoadedSegmenter
from autoanno_gui.ui import theme

_ID: Final = Qt.ItemDataRole.UserRole
_GLYPH: Final = {Role.CANDIDATE: "○", Role.GHOST: "·", Role.CONFIRMED: "✓", Role.REJECTED: "✕"}
_COLLECTS: Final = {
    Task.DETECT: "Boxes",
    Task.SEGMENT: "Masks",
    Task.POSE: "Keypoints",
    Task.OBB: "Oriented boxes",
}
_WORD: Final = {
    Role.CANDIDATE: "proposed",
    Role.GHOST: "less certain",
    Role.CONFIRMED: "confirmed",
    Role.REJECTED: "rejected",
}


class ObjectsPanel(QWidget):
    """Objects with class, confidence and state; the threshold below its counts."""

    object_chosen = Signal(int)
    threshold_changed = Signal(float)
    ghosts_toggled = Signal()
    segmenter_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[Sequence[ShownObject], int | None] = ((), None)
        self._threshold = QSlider(Qt.Orientation.Horizontal)
        self._threshold.setRange(1, 19)
        self._threshold.setValue(10)
        self._threshold.setPageStep(2)
        self._threshold.setObjectName("thresholdSlider")
        self._threshold.setAccessibleName("Display threshold")
        self._threshold.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._threshold.valueChanged.connect(lambda value: self.threshold_changed.emit(value * 0.05))
        self._value = QLabel("0.50")
        self._value.setMinimumWidth(32)
        self._ghosts = QToolButton()
        self._ghosts.setText("0")
        self._ghosts.setCheckable(True)
        self._ghosts.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._ghosts.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._ghosts.setToolTip("Show what the model was less certain of  [G]")
        theme.set_icon(self._ghosts, "ghost")
        self._ghosts.clicked.connect(self.ghosts_toggled)
        self._counts = QLabel()
        self._counts.setObjectName("mutedLabel")
        self.list = QTreeWidget(columnCount=3)
        self.list.setAccessibleName("Objects of this frame")
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.list.setIconSize(QSize(12, 12))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, self.list.header().ResizeMode.Stretch)
        for column, width in ((1, 52), (2, 30)):
            self.list.header().setSectionResizeMode(column, self.list.header().ResizeMode.Fixed)
            self.list.header().resizeSection(column, width)
        self.list.itemClicked.connect(lambda item: self.object_chosen.emit(item.data(0, _ID)))
        self.list.itemActivated.connect(lambda item: self.object_chosen.emit(item.data(0, _ID)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        layout.addLayout(self._threshold_row())
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

    def _threshold_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        title = QLabel("Threshold")
        title.setToolTip("Proposals above it are shown as candidates  [- and =]")
        row.addWidget(title)
        row.addWidget(self._threshold, 1)
        row.addWidget(self._value)
        row.addWidget(self._ghosts)
        return row

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

    def show_objects(
        self,
        objects: Sequence[ShownObject],
        *,
        selected: int | None,
        counts: Counts,
        threshold: float,
        ghosts_shown: bool,
    ) -> None:
        """Show the objects of the open frame.

        Args:
            objects: in the order in which they are to be listed.
            selected: id of the selected one.
            counts: of all roles, ghosts that are not shown included.
            threshold: the display threshold, 0..1.
            ghosts_shown: whether ghosts are among `objects`.
        """
        self._threshold.blockSignals(True)
        self._threshold.setValue(round(threshold / 0.05))
        self._threshold.blockSignals(False)
        self._value.setText(f"{threshold:.2f}")
        self._ghosts.setText(str(counts.ghosts))
        self._ghosts.setChecked(ghosts_shown)
        parts = [f"{counts.candidates} proposed", f"{counts.confirmed} confirmed"]
        if counts.rejected:
            parts.append(f"{counts.rejected} rejected")
        self._counts.setText("  ·  ".join(parts))
        self._fill(objects, selected)

    def _fill(self, objects: Sequence[ShownObject], selected: int | None) -> None:
        self._shown = objects, selected
        self.list.setUpdatesEnabled(False)
        while self.list.topLevelItemCount() > len(objects):
            self.list.takeTopLevelItem(self.list.topLevelItemCount() - 1)
        while self.list.topLevelItemCount() < len(objects):
            self.list.addTopLevelItem(QTreeWidgetItem())
        self.list.clearSelection()
        for at, shown in enumerate(objects):
            item = self.list.topLevelItem(at)
            if item is not None:
                _describe(item, shown)
                if shown.id == selected:
                    self.list.setCurrentItem(item)
        self.list.setUpdatesEnabled(True)

    def changeEvent(self, event: QEvent) -> None:
        """Qt override: the rows take the colours of another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._fill(*self._shown)

    def clear(self) -> None:
        """Show that no frame is open."""
        self._fill((), None)
        self._counts.clear()
        self._ghosts.setText("0")


def _describe(item: QTreeWidgetItem, shown: ShownObject) -> None:
    glyph = "✚" if shown.drawn else "✎" if shown.edited and shown.role is Role.CONFIRMED else _GLYPH[shown.role]
    word = "drawn" if shown.drawn else "edited" if shown.edited else _WORD[shown.role]
    second = f" / {shown.second_choice}?" if shown.second_choice else ""
    item.setData(0, _ID, shown.id)
    item.setText(0, f"{shown.class_name}{second}")
    item.setText(1, f"{shown.confidence:.2f}" if shown.confidence is not None else "")
    item.setText(2, glyph)
    item.setIcon(0, class_icon(shown.colour))
    item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    item.setTextAlignment(2, Qt.AlignmentFlag.AlignCenter)
    font = item.font(0)
    font.setStrikeOut(shown.role is Role.REJECTED)
    item.setFont(0, font)
    quiet = shown.role in (Role.GHOST, Role.REJECTED)
    for column in range(3):
        item.setForeground(column, theme.muted_brush() if quiet else theme.text_brush())
        item.setToolTip(column, f"{shown.class_name}: {word}")


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

"""The threshold panel: how much of what the model proposed is shown, for all classes or for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from autoanno_gui.core.confidence_table import BIN, BINS, EDGES, ConfidenceTable
from autoanno_gui.core.prediction_index import Judged
from autoanno_gui.core.records import ClassRecord, Thresholds
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.presentation import Counts, ShownObject
from autoanno_gui.review.session import HIGHEST_THRESHOLD, LOWEST_THRESHOLD
from autoanno_gui.ui import theme
from autoanno_gui.ui.panels.histogram import HEIGHT, ConfidenceHistogram
from autoanno_gui.ui.panels.object_rows import class_icon
from autoanno_gui.ui.panels.status import ElidedLabel

LOWEST, HIGHEST = round(LOWEST_THRESHOLD * 100), round(HIGHEST_THRESHOLD * 100)
STEP: Final = 5
"""Hundredths by which a key moves the slider."""
SLIDER_HEIGHT: Final = 22
EDGE: Final = 4.0
"""Logical pixels between the confidence 1 and the right edge of the panel."""


class ThresholdPanel(QWidget):
    """A slider under the histogram of all confidences. Moving it asks for another view of the same predictions."""

    threshold_changed = Signal(float, object)
    """The value, and the class that it is for: a class id, or None for all classes without an own one."""
    reset_wanted = Signal(object)
    """The class that is to follow the common threshold again."""
    ghosts_toggled = Signal()
    left = Signal()
    """The mouse that worked here let go: the keys belong to the image again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._thresholds = Thresholds()
        self._table: ConfidenceTable | None = None
        self._objects: Sequence[ShownObject] = ()
        self.chooser = ClassChooser()
        self.chooser.chosen.connect(self._show)
        self.chooser.left.connect(self.left)
        self._value = QLabel()
        self._value.setMinimumWidth(30)
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._reset = QToolButton()
        self._reset.setText("Reset")
        self._reset.setAccessibleName("Let this class follow the common threshold again")
        self._reset.clicked.connect(lambda: self.reset_wanted.emit(self.chooser.class_id))
        self._reset.clicked.connect(self.left)
        self._scale = _Scale()
        self.histogram: Final = self._scale.histogram
        self.slider: Final = self._scale.slider
        self.slider.valueChanged.connect(lambda value: self._move(value / 100))
        self.slider.sliderReleased.connect(self.left)
        self.histogram.moved.connect(self._move_by_hand)
        self.histogram.released.connect(self.left)
        self._counts = ElidedLabel()
        self._counts.setObjectName("mutedLabel")
        self._ghosts = QToolButton()
        self._ghosts.setText("0")
        self._ghosts.setCheckable(True)
        self._ghosts.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._ghosts.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._ghosts.setToolTip("Show what the model was less certain of  [G]")
        theme.set_icon(self._ghosts, "ghost")
        self._ghosts.clicked.connect(self.ghosts_toggled)
        self._lay_out()
        self._show()

    def _lay_out(self) -> None:
        head, foot = QHBoxLayout(), QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.chooser, 1)
        head.addWidget(self._value)
        head.addWidget(self._reset)
        foot.addWidget(self._counts, 1)
        foot.addWidget(self._ghosts)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 6)
        layout.setSpacing(6)
        layout.addLayout(head)
        layout.addWidget(self._scale)
        layout.addSpacing(-4)
        layout.addLayout(foot)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    @property
    def focus_target(self) -> QWidget:
        """What F6 gives the focus to."""
        return self.slider

    # ------------------------------------------------------------------------------------------------ what is shown
    def show_classes(self, classes: Sequence[ClassRecord]) -> None:
        """Offer the living classes: those with a digit first, by digit."""
        self.chooser.show_classes(classes, self._thresholds)
        self._show()

    def show_class(self, class_id: int | None) -> None:
        """Show the threshold of one class, or the common one."""
        if class_id != self.chooser.class_id:
            self.chooser.choose(class_id)
            self._show()

    def show_table(self, table: ConfidenceTable | None) -> None:
        """Show how the confidences of the whole project are spread; None where that is not known."""
        if table is not self._table:
            self._table = table
            self._show()

    def show_frame(
        self, objects: Sequence[ShownObject], *, counts: Counts, thresholds: Thresholds, ghosts_shown: bool
    ) -> None:
        """Show the thresholds, and how much of the open frame they let through.

        Args:
            objects: of the open frame.
            counts: of all roles, ghosts that are not shown included.
            thresholds: the display thresholds.
            ghosts_shown: whether ghosts are among `objects`.
        """
        if thresholds.per_class != self._thresholds.per_class:
            self.chooser.show_thresholds(thresholds)
        self._thresholds, self._objects = thresholds, objects
        self._ghosts.setText(f"{counts.ghosts:,}")
        self._ghosts.setChecked(ghosts_shown)
        self._show()

    def clear(self) -> None:
        """Show that no project is open."""
        self._thresholds, self._table, self._objects = Thresholds(), None, ()
        self._ghosts.setText("0")
        self._ghosts.setChecked(False)
        self.show_classes(())

    def changeEvent(self, event: QEvent) -> None:
        """Qt override: the picture takes the colours of another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.histogram.update()

    # ------------------------------------------------------------------------------------------------ showing
    def _show(self) -> None:
        thresholds, class_id = self._thresholds, self.chooser.class_id
        value = thresholds.default if class_id is None else thresholds.of(class_id)
        own = class_id is not None and any(class_id == one for one, _ in thresholds.per_class)
        self.slider.blockSignals(True)
        self.slider.setValue(round(value * 100))
        self.slider.blockSignals(False)
        self._value.setText(f"{value:.2f}")
        self._reset.setEnabled(own)
        self._reset.setToolTip(
            "Let this class follow the common threshold again"
            if own
            else "This class follows the common threshold"
            if class_id is not None
            else "A class that is chosen here can have a threshold of its own"
        )
        counts = self._table.histogram(class_id) if self._table is not None else np.zeros((BINS, len(Judged)), np.int64)
        others = () if class_id is not None else tuple(other for _, other in thresholds.per_class)
        self.histogram.show_counts(
            counts,
            kept=self._kept(counts, class_id),
            threshold=value,
            ghost_floor=thresholds.ghost_floor,
            own=others,
        )
        self._show_counts(class_id)

    def _kept(self, counts: NDArray[np.int64], class_id: int | None) -> NDArray[np.float64]:
        """Return (95,) the share of each bin above the threshold of its class."""
        thresholds, table = self._thresholds, self._table
        common = _above(thresholds.default if class_id is None else thresholds.of(class_id))
        if class_id is not None or table is None or not thresholds.per_class:
            return common
        totals = counts.sum(axis=1)
        kept = common * totals
        for one, value in thresholds.per_class:
            kept += (_above(value) - common) * table.histogram(one).sum(axis=1)
        found: NDArray[np.float64] = kept / np.maximum(totals, 1)
        return found

    def _show_counts(self, class_id: int | None) -> None:
        here = sum(shown.role is Role.CANDIDATE and class_id in (None, shown.class_id) for shown in self._objects)
        text = f"{here:,} here"
        if self._table is not None:
            text += f"  ·  {self._table.candidates(self._thresholds, class_id):,} in the folder"
        self._counts.setText(text)
        self._counts.setToolTip(f"Candidates, the proposals above the threshold: {text}")

    # ------------------------------------------------------------------------------------------------ hands
    def _move(self, value: float) -> None:
        self.threshold_changed.emit(value, self.chooser.class_id)

    def _move_by_hand(self, value: float) -> None:
        # Through the slider: it keeps the limits, and says nothing when nothing changed.
        self.slider.setValue(round(value * 100))


def _above(threshold: float) -> NDArray[np.float64]:
    """Return (95,) 1 for the bins above a threshold, 0 for the others."""
    above: NDArray[np.float64] = (EDGES[:-1] > threshold - BIN / 2).astype(np.float64)
    return above


class ClassChooser(QComboBox):
    """All classes, or one of them; one with a threshold of its own has a dot behind its name."""

    chosen = Signal()
    left = Signal()
    """The mouse chose, or changed its mind."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Class that the threshold is for")
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setIconSize(QSize(12, 12))
        self.setMaxVisibleItems(16)
        self._records: list[ClassRecord] = []
        self._by_mouse = False
        self.addItem("All classes", None)
        self.currentIndexChanged.connect(self.chosen)

    @property
    def class_id(self) -> int | None:
        """The class that was chosen, None for all."""
        found: int | None = self.currentData()
        return found

    def show_classes(self, classes: Sequence[ClassRecord], thresholds: Thresholds) -> None:
        """Offer these classes; the chosen one stays chosen as long as it is among them."""
        kept = self.class_id
        self._records = sorted(classes, key=lambda record: (record.slot or 99, record.id))
        self.blockSignals(True)
        self.clear()
        self.addItem("All classes", None)
        for record in self._records:
            self.addItem(class_icon(record.colour), record.name, record.id)
        self.blockSignals(False)
        self.show_thresholds(thresholds)
        self.choose(kept)

    def show_thresholds(self, thresholds: Thresholds) -> None:
        """Mark the classes that have a threshold of their own."""
        own = dict(thresholds.per_class)
        for row, record in enumerate(self._records, start=1):
            value = own.get(record.id)
            self.setItemText(row, record.name if value is None else f"{record.name} ●")
            tip = f"Own threshold: {value:.2f}" if value is not None else ""
            self.setItemData(row, tip, Qt.ItemDataRole.ToolTipRole)

    def choose(self, class_id: int | None) -> None:
        """Choose a class without telling; one that is not there means all."""
        self.blockSignals(True)
        self.setCurrentIndex(max(self.findData(class_id), 0) if class_id is not None else 0)
        self.blockSignals(False)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._by_mouse = True
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._by_mouse = False
        super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Qt override: whoever scrolls past does not choose."""
        event.ignore()

    def hidePopup(self) -> None:
        """Qt override: after the mouse, the keys belong to the image again."""
        super().hidePopup()
        if self._by_mouse:
            self._by_mouse = False
            self.left.emit()


class _Scale(QWidget):
    """The histogram above the slider, both on one scale."""

    def __init__(self) -> None:
        super().__init__()
        self.histogram = ConfidenceHistogram(self)
        self.slider = _Slider(self)
        self.setFixedHeight(HEIGHT + SLIDER_HEIGHT)
        self.setMinimumWidth(120)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        width, handle = self.width(), self.slider.handle_width()
        # The slider ends at 0.95, the histogram at 1.
        travel = (width - handle / 2 - EDGE) * (HIGHEST - LOWEST) / (100 - LOWEST)
        self.histogram.setGeometry(0, 0, width, HEIGHT)
        self.slider.setGeometry(0, HEIGHT, round(handle + travel), SLIDER_HEIGHT)
        self.histogram.set_scale(self.slider.place_of(LOWEST), self.slider.place_of(HIGHEST))


class _Slider(QSlider):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setRange(LOWEST, HIGHEST)
        self.setValue(50)
        self.setSingleStep(STEP)
        self.setPageStep(2 * STEP)
        self.setObjectName("thresholdSlider")
        self.setAccessibleName("Display threshold")
        self.setToolTip("Proposals above it are shown as candidates  [- and =]")

    def handle_width(self) -> float:
        """Return the width of the handle, logical pixels."""
        return float(self._handle(LOWEST)[1])

    def place_of(self, value: int) -> float:
        """Return where the middle of the handle lies for a value, logical pixels from the left."""
        left, width = self._handle(value)
        return left + width / 2

    def _handle(self, value: int) -> tuple[int, int]:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        option.sliderPosition = option.sliderValue = value
        control = QStyle.ComplexControl.CC_Slider
        rect = self.style().subControlRect(control, option, QStyle.SubControl.SC_SliderHandle, self)
        return rect.x(), rect.width()

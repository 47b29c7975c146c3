"""Sliders over the image for brightness and contrast: for the eye only, never for the model or an export."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from autoanno_gui.imaging.enhance import Enhancement
from autoanno_gui.ui import theme

FIRST: Final = Enhancement(brightness=0.1, contrast=0.1, local_contrast=0.5)
"""What the first press of the key does; after that, what the reviewer set."""
SETTLE_MS: Final = 60
"""A slider under way does not decode the frame for every step."""
MARGIN: Final = 12
_SLIDERS: Final = (
    ("Brightness", "brightness", -100),
    ("Contrast", "contrast", -100),
    ("Local contrast", "local_contrast", 0),
)


class EnhanceBar(QFrame):
    """Lies over the upper edge of the page while it is on, and moves nothing."""

    changed = Signal(object)
    """The `Enhancement` that holds from now on; a neutral one when it was switched off."""

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        self.setObjectName("enhanceBar")
        self._page = page
        self._timer = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._timer.timeout.connect(self._tell)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 8, 8)
        row.setSpacing(8)
        self._sliders: dict[str, QSlider] = {}
        for title, name, lowest in _SLIDERS:
            slider = QSlider(Qt.Orientation.Horizontal)
            slider.setRange(lowest, 100)
            slider.setPageStep(10)
            slider.setFixedWidth(110)
            slider.setAccessibleName(title)
            slider.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            slider.setValue(round(getattr(FIRST, name) * 100))
            slider.valueChanged.connect(self._timer.start)
            self._sliders[name] = slider
            row.addWidget(QLabel(title))
            row.addWidget(slider)
        reset = QToolButton(autoRaise=True)
        reset.setText("Reset")
        reset.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        reset.clicked.connect(self.reset)
        row.addWidget(reset)
        close = QToolButton(autoRaise=True)
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.setAccessibleName("Show the picture as it is")
        theme.set_icon(close, "cross")
        close.clicked.connect(self.toggle)
        row.addWidget(close)
        page.installEventFilter(self)
        self.hide()

    @property
    def enhancement(self) -> Enhancement:
        """How the picture is to be shown now."""
        if self.isHidden():
            return Enhancement()
        return Enhancement(**{name: slider.value() / 100 for name, slider in self._sliders.items()})

    @property
    def focus_target(self) -> QWidget:
        """What F6 gives the focus to."""
        return self._sliders["brightness"]

    def toggle(self) -> None:
        """Switch it on, as it was set last, or off."""
        self.setVisible(self.isHidden())
        self._place()
        self._tell()

    def reset(self) -> None:
        """Put all sliders to where they change nothing."""
        for slider in self._sliders.values():
            slider.setValue(0)

    def _tell(self) -> None:
        self._timer.stop()
        self.changed.emit(self.enhancement)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt override: keeps its place when the page is resized."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        size = self.sizeHint()
        width = min(size.width(), self._page.width() - 2 * MARGIN)
        self.setGeometry((self._page.width() - width) // 2, MARGIN, width, size.height())
        self.raise_()

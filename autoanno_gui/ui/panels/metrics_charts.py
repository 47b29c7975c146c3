"""Shows the charts of the report in a panel: drawn for its width and theme, and only when they are in sight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import unescape
from typing import Final

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QSizePolicy, QWidget

from autoanno_gui.core.figures.charts.drawing import DARK, LIGHT, Palette, Size
from autoanno_gui.ui import theme
from autoanno_gui.ui.theme import ThemeName
from autoanno_gui.ui.wording import plain_tip

Draw = Callable[[Palette, Size], str]


class ChartView(QWidget):
    """One chart of the report, as wide as the panel and of a fixed height."""

    def __init__(self, height: float, parent: QWidget | None = None) -> None:
        """Show nothing yet.

        Args:
            height: logical pixels.
            parent: of the widget.
        """
        super().__init__(parent)
        self.setFixedHeight(round(height))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._draw: Draw | None = None
        self._drawn: QPixmap | None = None
        self._drawn_for: tuple[ThemeName, int, int, float] | None = None

    def show_chart(self, draw: Draw | None) -> None:
        """Show another chart, or none.

        Args:
            draw: returns it as SVG text, for colours and a size in logical pixels.
        """
        self._draw, self._drawn_for = draw, None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt override."""
        if self._draw is None:
            return
        wanted = (theme.current_theme(), self.width(), self.height(), self.devicePixelRatioF())
        if wanted != self._drawn_for or self._drawn is None:
            self._drawn_for, self._drawn = wanted, self._rendered(self._draw)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._drawn)
        painter.end()

    def _rendered(self, draw: Draw) -> QPixmap:
        text = draw(palette(), (float(self.width()), float(self.height())))
        said = spoken(text)
        self.setAccessibleName(said)
        self.setToolTip(plain_tip(said))
        ratio = self.devicePixelRatioF()
        made = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        made.setDevicePixelRatio(ratio)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        QSvgRenderer(QByteArray(text.encode())).render(painter, QRectF(0, 0, self.width(), self.height()))
        painter.end()
        return made


_TITLE: Final = ("<title>", "</title>")


def spoken(svg: str) -> str:
    """Return what a chart says in words."""
    _, _, rest = svg.partition(_TITLE[0])
    return unescape(rest.partition(_TITLE[1])[0])


def palette() -> Palette:
    """Return the colours of charts in the theme in use."""
    colours = theme.tokens()
    own = DARK if theme.current_theme() is ThemeName.DARK else LIGHT
    return replace(
        own, ink=colours.text, muted=colours.muted, accent=colours.accent, warn=colours.warning, paper=colours.panel
    )

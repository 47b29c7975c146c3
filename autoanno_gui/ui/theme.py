"""How the whole program looks: colours as named tokens, one palette, one style sheet, and icons in the text's colour.

Neutral greys, so that the surroundings do not tint the photo; one accent for what is selected or comes next.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import lru_cache
from string import Template
from typing import Final
from weakref import WeakKeyDictionary

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QAction, QBrush, QColor, QGuiApplication, QIcon, QImage, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QApplication
from shiboken6 import isValid

from autoanno_gui.resources import resource

ICON_SIZES: Final = (16, 20, 32, 40)
"""Pixels: menus and tool bars at 100% and at 200%."""


class ThemeName(StrEnum):
    DARK = "dark"
    LIGHT = "light"


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one theme, `#rrggbb`.

    Attributes:
        canvas: around the image.
        window: tool bars, status bar, gaps.
        panel: docks, dialogs.
        field: lists, tables, text fields.
        raised: buttons.
        hover: under the pointer.
        pressed: held down.
        border: between areas.
        strong_border: around fields and buttons.
        text: normal text.
        muted: secondary text; still readable on every surface.
        disabled: text of what cannot be used now.
        accent: selection, focus, the default button.
        accent_text: on the accent.
        selection: behind selected rows, where text keeps its colour.
        banner: strip over the image.
        warning: needs attention; with a mark or word beside it, never alone, and so is the next.
        bad: failed.
    """

    canvas: str
    window: str
    panel: str
    field: str
    raised: str
    hover: str
    pressed: str
    border: str
    strong_border: str
    text: str
    muted: str
    disabled: str
    accent: str
    accent_text: str
    selection: str
    banner: str
    warning: str
    bad: str


THEMES: Final[dict[ThemeName, Tokens]] = {
    ThemeName.DARK: Tokens(
        canvas="#161616",
        window="#202020",
        panel="#262626",
        field="#1c1c1c",
        raised="#343434",
        hover="#3d3d3d",
        pressed="#2b2b2b",
        border="#121212",
        strong_border="#4a4a4a",
        text="#e6e6e6",
        muted="#a3a3a3",
        disabled="#6c6c6c",
        accent="#5aa5ff",
        accent_text="#0a1626",
        selection="#2c4766",
        banner="#2b2b2b",
        warning="#e6b450",
        bad="#f0776a",
    ),
    ThemeName.LIGHT: Tokens(
        canvas="#cfcfcf",
        window="#ececec",
        panel="#f4f4f4",
        field="#ffffff",
        raised="#ffffff",
        hover="#e2e2e2",
        pressed="#d4d4d4",
        border="#cccccc",
        strong_border="#b4b4b4",
        text="#1c1c1c",
        muted="#5e5e5e",
        disabled="#a0a0a0",
        accent="#1767d2",
        accent_text="#ffffff",
        selection="#cfe2fb",
        banner="#fbfbfb",
        warning="#8a5a00",
        bad="#b3261e",
    ),
}

_current = ThemeName.DARK
_tinted: WeakKeyDictionary[QAction | QAbstractButton, str] = WeakKeyDictionary()


def system_theme() -> ThemeName:
    """Return what the desktop asks for; dark where it does not say, since photos are judged best on dark."""
    scheme = QGuiApplication.styleHints().colorScheme()
    return ThemeName.LIGHT if scheme is Qt.ColorScheme.Light else ThemeName.DARK


def current_theme() -> ThemeName:
    return _current


def tokens() -> Tokens:
    """Return the colours of the theme in use."""
    return THEMES[_current]


def apply_theme(app: QApplication, name: ThemeName) -> None:
    """Give the whole program one look; windows that are open follow at once."""
    global _current
    _current = name
    colours = THEMES[name]
    app.setStyle("Fusion")
    app.setPalette(_palette(colours))
    app.setStyleSheet(style_sheet(name))
    for target, icon_name in list(_tinted.items()):
        # Python may hold on to a widget whose window is closed and gone.
        if isValid(target):
            target.setIcon(icon(icon_name))


def apply_choice(choice: str) -> None:
    """Apply what the user chose: "dark", "light", or "system" for what the desktop asks for."""
    app = QApplication.instance()
    if isinstance(app, QApplication):
        apply_theme(app, system_theme() if choice == "system" else ThemeName(choice))


def text_brush() -> QBrush:
    """Return the brush of normal text, for items that paint their own text."""
    return QBrush(QColor(tokens().text))


def muted_brush() -> QBrush:
    """Return the brush of secondary text."""
    return QBrush(QColor(tokens().muted))


def icon(name: str) -> QIcon:
    """Return `resources/icons/<name>.svg` in the text colour of the theme, greyed out where it is disabled."""
    return _icon(name, _current)


def set_icon(target: QAction | QAbstractButton, name: str) -> None:
    """Give an action or button its icon, and keep it in the colour of the theme from now on."""
    _tinted[target] = name
    target.setIcon(icon(name))


@lru_cache(maxsize=256)
def _icon(name: str, theme: ThemeName) -> QIcon:
    colours = THEMES[theme]
    renderer = QSvgRenderer(QByteArray(_svg(name)))
    made = QIcon()
    for size in ICON_SIZES:
        drawn = _drawn(renderer, size)
        made.addPixmap(_tint(drawn, colours.text), QIcon.Mode.Normal)
        made.addPixmap(_tint(drawn, colours.disabled), QIcon.Mode.Disabled)
    return made


def _drawn(renderer: QSvgRenderer, size: int) -> QImage:
    image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    return image


def _tint(drawn: QImage, colour: str) -> QPixmap:
    image = drawn.copy()
    painter = QPainter(image)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(image.rect(), QColor(colour))
    painter.end()
    return QPixmap.fromImage(image)


@lru_cache(maxsize=128)
def _svg(name: str) -> bytes:
    return resource(f"icons/{name}.svg").read_bytes()


def _palette(colours: Tokens) -> QPalette:
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    palette = QPalette()
    for key, value in (
        (role.Window, colours.panel),
        (role.WindowText, colours.text),
        (role.Base, colours.field),
        (role.AlternateBase, colours.panel),
        (role.Text, colours.text),
        (role.Button, colours.raised),
        (role.ButtonText, colours.text),
        (role.BrightText, colours.bad),
        (role.ToolTipBase, colours.raised),
        (role.ToolTipText, colours.text),
        (role.PlaceholderText, colours.muted),
        (role.Highlight, colours.accent),
        (role.HighlightedText, colours.accent_text),
        (role.Accent, colours.accent),
        (role.Link, colours.accent),
        (role.LinkVisited, colours.accent),
        (role.Light, colours.hover),
        (role.Midlight, colours.raised),
        (role.Mid, colours.strong_border),
        (role.Dark, colours.border),
        (role.Shadow, colours.border),
    ):
        palette.setColor(key, QColor(value))
    for key in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(group.Disabled, key, QColor(colours.disabled))
    palette.setColor(group.Disabled, role.Highlight, QColor(colours.strong_border))
    palette.setColor(group.Disabled, role.HighlightedText, QColor(colours.disabled))
    return palette


def style_sheet(name: ThemeName) -> str:
    """Return the style sheet of the program for one theme."""
    sheet = resource("style/app.qss")
    values = {"folder": sheet.parent.as_posix(), "theme": name.value}
    return Template(sheet.read_text("utf-8")).substitute(asdict(THEMES[name]), **values)

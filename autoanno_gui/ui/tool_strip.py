"""The narrow strip of tools beside the image."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QToolBar, QToolButton, QWidget

from autoanno_gui.ui import theme
from autoanno_gui.ui.actions import Actions

TOOLS: Final = (
    ("tool.select", "select"),
    ("tool.box", "box"),
    ("tool.extreme", "extreme"),
    ("tool.obb", "obb"),
    ("tool.polygon", "polygon"),
    ("tool.keypoints", "keypoints"),
    ("tool.brush", "brush"),
    ("tool.eraser", "eraser"),
    ("tool.segment", "segment"),
)
"""Action id and icon of each, in their order."""


class ToolStrip(QToolBar):
    """One button for each tool; the one in hand is pressed. It never takes the focus from the image."""

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__("Tools", parent)
        self.setObjectName("toolbar.tools")
        self.setMovable(False)
        self.setFloatable(False)
        self.setOrientation(Qt.Orientation.Vertical)
        self.setIconSize(QSize(20, 20))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self._actions = actions
        self._group = QActionGroup(self)
        for action_id, icon in TOOLS:
            action = actions[action_id]
            action.setCheckable(True)
            theme.set_icon(action, icon)
            self._group.addAction(action)
            self.addAction(action)
        self.addSeparator()
        enhance = actions["view.enhance"]
        enhance.setCheckable(True)
        theme.set_icon(enhance, "enhance")
        self.addAction(enhance)
        for button in self.findChildren(QToolButton):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.show_tool("select")

    def show_tool(self, name: str) -> None:
        """Show which tool is in hand, by the second half of its action id."""
        action_id = f"tool.{name}"
        if any(action_id == known for known, _ in TOOLS):
            self._actions[action_id].setChecked(True)

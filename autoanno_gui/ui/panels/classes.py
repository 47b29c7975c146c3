"""The class panel: the project's classes with their digits and colours, and everything that can be done to them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QColorDialog,
    QInputDialog,
    QLineEdit,
    QMenu,
    QMessageBox,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from autoanno_gui.core.classes import PALETTE
from autoanno_gui.core.records import ClassRecord
from autoanno_gui.ui import theme
from autoanno_gui.ui.panels.object_rows import class_icon
from autoanno_gui.ui.wording import plain_tip

_ID: Final = Qt.ItemDataRole.UserRole


class ClassesPanel(QWidget):
    """Click gives a class to the selected object; the menu (or F2, Alt+Up, Alt+Down) changes the classes themselves."""

    class_chosen = Signal(int)
    class_created = Signal(str)
    class_renamed = Signal(int, str)
    class_recoloured = Signal(int, str)
    class_merged = Signal(int, int)
    class_removed = Signal(int)
    slots_changed = Signal(object)
    """Class id -> 1..9 or None."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._classes: list[ClassRecord] = []
        self._current: int | None = None
        self.list = _ClassList()
        self.list.itemClicked.connect(lambda item: self.class_chosen.emit(item.data(0, _ID)))
        self.list.itemActivated.connect(lambda item: self.class_chosen.emit(item.data(0, _ID)))
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.list.rename_wanted.connect(self._rename)
        self.list.move_wanted.connect(self._move)
        self._new_name = QLineEdit(placeholderText="New class")
        self._new_name.setAccessibleName("Name of a new class")
        self._new_name.returnPressed.connect(self._create)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._new_name)

    @property
    def focus_target(self) -> QWidget:
        """What F6 gives the focus to."""
        return self.list

    def start_create(self) -> None:
        """Put the cursor into the field for a new class."""
        self._new_name.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_classes(self, classes: Sequence[ClassRecord]) -> None:
        """Show the living classes: those with a digit first, by digit."""
        self._classes = sorted(classes, key=lambda record: (record.slot or 99, record.id))
        kept = self._selected_id()
        self.list.clear()
        for record in self._classes:
            item = QTreeWidgetItem([str(record.slot or ""), record.name])
            item.setData(0, _ID, record.id)
            item.setIcon(1, class_icon(record.colour))
            item.setTextAlignment(0, Qt.AlignmentFlag.AlignCenter)
            item.setForeground(0, theme.muted_brush())
            item.setToolTip(1, plain_tip(f"{record.name} (class {record.id})"))
            self.list.addTopLevelItem(item)
            if record.id == kept:
                self.list.setCurrentItem(item)
        self._mark_current()

    def set_current(self, class_id: int | None) -> None:
        """Mark the class that the next drawn box gets."""
        if class_id != self._current:
            self._current = class_id
            self._mark_current()

    def changeEvent(self, event: QEvent) -> None:
        """Qt override: the digits take the colour of another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.show_classes(self._classes)

    def _mark_current(self) -> None:
        for at in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(at)
            if item is None:
                continue
            font = item.font(1)
            font.setBold(item.data(0, _ID) == self._current)
            item.setFont(1, font)

    def _selected_id(self) -> int | None:
        item = self.list.currentItem()
        return int(item.data(0, _ID)) if item is not None else None

    def _record(self, class_id: int) -> ClassRecord:
        return next(record for record in self._classes if record.id == class_id)

    def _create(self) -> None:
        name = self._new_name.text().strip()
        if name:
            self._new_name.clear()
            self.class_created.emit(name)

    # ------------------------------------------------------------------------------------------------ changing
    def _show_menu(self, at: QPoint) -> None:
        item = self.list.itemAt(at) or self.list.currentItem()
        if item is None:
            return
        record = self._record(int(item.data(0, _ID)))
        menu = QMenu(self)
        menu.addAction("Rename…\tF2", lambda: self._rename(record.id))
        colours = menu.addMenu("Colour")
        for colour in PALETTE:
            colours.addAction(class_icon(colour), colour, partial(self.class_recoloured.emit, record.id, colour))
        colours.addSeparator()
        colours.addAction("Other…", lambda: self._pick_colour(record))
        digits = menu.addMenu("Digit")
        for slot in range(1, 10):
            action = digits.addAction(self._slot_text(slot), partial(self._give_slot, record, slot))
            action.setCheckable(True)
            action.setChecked(record.slot == slot)
        digits.addSeparator()
        digits.addAction("None", lambda: self._give_slot(record, None))
        digits.addAction("Exchange with the one above\tAlt+Up", lambda: self._move(record.id, -1))
        digits.addAction("Exchange with the one below\tAlt+Down", lambda: self._move(record.id, 1))
        merge = menu.addMenu("Merge into")
        for other in self._classes:
            if other.id != record.id:
                merge.addAction(other.name, partial(self._merge, record, other))
        merge.setEnabled(len(self._classes) > 1)
        remove = menu.addAction("Remove", lambda: self.class_removed.emit(record.id))
        remove.setEnabled(not record.used)
        if record.used:
            remove.setText("Remove (in use: merge it instead)")
        menu.exec(self.list.viewport().mapToGlobal(at))

    def _slot_text(self, slot: int) -> str:
        owner = next((record.name for record in self._classes if record.slot == slot), None)
        return f"{slot}  ({owner})" if owner else str(slot)

    def _rename(self, class_id: int) -> None:
        record = self._record(class_id)
        name, ok = QInputDialog.getText(self, "Rename Class", f"New name of “{record.name}”:", text=record.name)
        if ok and name.strip() and name.strip() != record.name:
            self.class_renamed.emit(class_id, name.strip())

    def _merge(self, record: ClassRecord, into: ClassRecord) -> None:
        """Ask first: it is the one act on classes that undo does not take back."""
        question = f"Make every “{record.name}” a “{into.name}”, on all frames? This cannot be undone."
        buttons = QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.Cancel
        if QMessageBox.question(self, "Merge Classes", question, buttons) == QMessageBox.StandardButton.Yes:
            self.class_merged.emit(record.id, into.id)

    def _pick_colour(self, record: ClassRecord) -> None:
        colour = QColorDialog.getColor(QColor(record.colour), self, f"Colour of “{record.name}”")
        if colour.isValid():
            self.class_recoloured.emit(record.id, colour.name())

    def _give_slot(self, record: ClassRecord, slot: int | None) -> None:
        """Give a digit to a class; the one that had it takes the digit of this one, so that none is lost."""
        changes: dict[int, int | None] = {record.id: slot}
        owner = next((other for other in self._classes if slot is not None and other.slot == slot), None)
        if owner is not None and owner.id != record.id:
            changes[owner.id] = record.slot
        self.slots_changed.emit(changes)

    def _move(self, class_id: int, by: int) -> None:
        """Exchange the digit with the neighbour's."""
        at = next(i for i, record in enumerate(self._classes) if record.id == class_id)
        other = at + by
        if 0 <= other < len(self._classes):
            a, b = self._classes[at], self._classes[other]
            if a.slot != b.slot:
                self.slots_changed.emit({a.id: b.slot, b.id: a.slot})


class _ClassList(QTreeWidget):
    rename_wanted = Signal(int)
    move_wanted = Signal(int, int)

    def __init__(self) -> None:
        super().__init__(columnCount=2)
        self.setAccessibleName("Classes")
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setIconSize(QSize(12, 12))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.header().setStretchLastSection(True)
        self.header().setSectionResizeMode(0, self.header().ResizeMode.Fixed)
        self.header().resizeSection(0, 28)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override: F2 renames, Alt+Up and Alt+Down exchange digits."""
        item = self.currentItem()
        if item is not None and event.key() == Qt.Key.Key_F2:
            self.rename_wanted.emit(int(item.data(0, _ID)))
        elif (
            item is not None
            and event.modifiers() & Qt.KeyboardModifier.AltModifier
            and event.key()
            in (
                Qt.Key.Key_Up,
                Qt.Key.Key_Down,
            )
        ):
            self.move_wanted.emit(int(item.data(0, _ID)), -1 if event.key() == Qt.Key.Key_Up else 1)
        else:
            super().keyPressEvent(event)

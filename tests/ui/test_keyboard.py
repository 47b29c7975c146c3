"""Keys as real keyboards and real X servers send them, and the sheet where they are changed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from autoanno_gui.ui.dialogs.shortcuts import ShortcutsDialog
from autoanno_gui.ui.keyboard import CanvasKeys
from autoanno_gui.ui.shortcuts import load_specs
from tests.ui.driver import NONE, Driver, Key

ALT = Qt.KeyboardModifier.AltModifier


def test_the_menu_says_which_keys_are_held_and_what_for(driver: Driver) -> None:
    for action_id, key in (("object.snap_edge", "E"), ("view.hide_overlay", "H"), ("tool.hand", "J")):
        action = driver.window.actions_[action_id]
        assert action.text().endswith(f"\tHold {key}")
        assert f"[hold {key}]" in action.toolTip()
        action.trigger()
        assert driver.window.status._said.text() == load_specs()[action_id].tip


@pytest.mark.parametrize(
    ("text", "scan_code", "modifier", "heard"),
    [
        ("&", 10, NONE, ["1"]),  # French: digits would need Shift
        ("ф", 38, NONE, ["A"]),
        ("ф", 38, ALT, []),
        ("y", 52, NONE, []),  # German: Y is where Z is, but it has a letter of its own
    ],
)
def test_keys_without_a_latin_letter_count_by_their_place(
    driver: Driver, text: str, scan_code: int, modifier: Qt.KeyboardModifier, heard: list[str]
) -> None:
    actions = {key: driver.window.actions_[name] for key, name in
               (("1", "object.set_class_1"), ("A", "review.previous"), ("Z", "view.zoom_object"))}  # fmt: skip
    found: list[str] = []
    canvas = QLabel()
    keys = CanvasKeys(canvas, held={}, bare=lambda: actions, on_input=lambda: None)
    for key, action in actions.items():
        action.triggered.connect(lambda _checked=False, key=key: found.append(key))
    event = QKeyEvent(QEvent.Type.KeyPress, Key.Key_unknown, modifier, scan_code, 0, 0, text)
    keys.eventFilter(canvas, event)
    assert found == heard


def press(driver: Driver, kind: QEvent.Type, *, at: int) -> None:
    """Let the window see a Space key as an X server sends it, at a time in ms."""
    event = QKeyEvent(kind, Key.Key_Space, NONE, 65, 32, 0, " ")
    event.setTimestamp(at)
    QApplication.sendEvent(driver.window, event)


def test_a_held_key_decides_once_even_where_qt_takes_its_repetitions_for_presses(driver: Driver) -> None:
    accept = driver.window.actions_["review.accept_frame"]
    before = len(driver.shown)
    press(driver, QEvent.Type.ShortcutOverride, at=1000)
    accept.trigger()
    driver.wait_for_frame(before)
    press(driver, QEvent.Type.KeyRelease, at=1500)
    press(driver, QEvent.Type.ShortcutOverride, at=1500)
    accept.trigger()
    assert driver.frame == "frame_1.jpg"
    assert driver.session.can_decide
    press(driver, QEvent.Type.KeyRelease, at=1600)
    press(driver, QEvent.Type.ShortcutOverride, at=1700)
    driver.window.actions_["review.next"].trigger()
    driver.wait(lambda: driver.frame == "frame_2.jpg")


def test_a_held_key_still_moves_on_where_it_may(driver: Driver) -> None:
    press(driver, QEvent.Type.KeyRelease, at=1500)
    press(driver, QEvent.Type.ShortcutOverride, at=1500)
    driver.decide(Key.Key_D)
    assert driver.frame == "frame_1.jpg"


def test_the_sheet_of_keys_goes_to_the_field_by_double_click_and_f2(driver: Driver) -> None:
    sheet = ShortcutsDialog(load_specs(), load_specs(), driver.window)
    sheet.show()
    sheet.activateWindow()
    item = sheet._list.findItems("Accept Frame", Qt.MatchFlag.MatchExactly)[0]
    sheet._list.setCurrentItem(item)
    sheet._list.setFocus()
    driver.wait(sheet._list.hasFocus)
    QTest.keyClick(sheet._list, Key.Key_F2)
    assert sheet._key.isAncestorOf(QApplication.focusWidget()) or sheet._key.hasFocus()
    sheet._list.setFocus()
    sheet._list.itemDoubleClicked.emit(item, 0)
    assert not sheet._list.hasFocus()
    assert "Press the new key" in sheet._message.text()
    sheet.close()

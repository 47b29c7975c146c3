"""Dialogs in the middle of a frame: what they cost, and what they leave selected."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QDialog

from autoanno_gui.ui.dialogs.class_picker import ClassPicker
from autoanno_gui.ui.dialogs.note import NoteDialog
from autoanno_gui.ui.dialogs.settings import SettingsDialog
from tests.ui.driver import Driver, Key
from tests.ui.test_window import in_dialog, type_into


@pytest.mark.parametrize(
    ("action", "kind", "counted"),
    [
        ("object.pick_class", ClassPicker, 12.0),
        ("frame.note", NoteDialog, 12.0),
        ("edit.settings", SettingsDialog, 7.0),
    ],
)
def test_only_a_dialog_about_the_frame_counts_as_work_on_it(
    driver: Driver, action: str, kind: type[QDialog], counted: float
) -> None:
    now = 100.0
    driver.window.activateWindow()
    driver.wait(driver.window.isActiveWindow)
    timer = driver.session.timer
    timer._clock = lambda: now
    timer.frame_shown()

    def think(dialog: QDialog) -> None:
        nonlocal now
        assert not driver.window.isActiveWindow()
        now += 5.0
        dialog.reject()

    now += 4.0
    in_dialog(kind, think)
    driver.window.actions_[action].trigger()
    driver.wait(driver.window.isActiveWindow)
    now += 3.0
    assert timer.stop().active == pytest.approx(counted)


def test_a_new_class_with_nothing_selected_is_that_of_the_next_box(driver: Driver) -> None:
    driver.key(Key.Key_Escape)
    assert driver.session.objects.selected is None

    in_dialog(ClassPicker, lambda dialog: type_into(dialog, "lorry"))
    driver.key(Key.Key_C)
    driver.wait(lambda: any(record.name == "lorry" for record in driver.session.classes.values()))
    lorry = next(record.id for record in driver.session.classes.values() if record.name == "lorry")
    driver.wait(lambda: driver.session.objects.last_class == lorry)
    assert driver.session.objects.selected is None

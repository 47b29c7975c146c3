"""PySide6 6.12.0 loses a reference to None on each call of a method that returns nothing, which ends Python 3.11."""

from __future__ import annotations

import gc
import sys

import PySide6
import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot


def test_the_faulty_release_is_not_installed() -> None:
    assert PySide6.__version__ != "6.12.0"


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal from Python 3.12 on: its count tells nothing")
def test_void_calls_keep_the_references_to_none(qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.update()
    gc.collect()
    gc.disable()
    try:
        before = sys.getrefcount(None)
        for _ in range(100):
            widget.update()
        lost = before - sys.getrefcount(None)
    finally:
        gc.enable()
    assert abs(lost) < 10

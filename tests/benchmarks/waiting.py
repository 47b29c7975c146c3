"""Letting the event loop run, until a time is over or until a window says what is waited for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEventLoop, Qt, QTimer, SignalInstance

PATIENCE_SECONDS = 120.0


def wait_for(seconds: float) -> None:
    """Let the event loop run for a time."""
    loop = QEventLoop()
    timer = QTimer(singleShot=True, interval=max(0, round(seconds * 1000)), timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(loop.quit)
    timer.start()
    loop.exec()


def wait_until(condition: Callable[[], bool], *signals: SignalInstance, timeout: float = PATIENCE_SECONDS) -> None:
    """Let the event loop run until a condition holds; it is looked at whenever one of the signals fires.

    Raises:
        TimeoutError: it does not come to hold.
    """
    if condition():
        return
    loop = QEventLoop()

    def look(*_: Any) -> None:  # noqa: ANN401 - whatever the signal carries
        if condition():
            loop.quit()

    for signal in signals:
        signal.connect(look)
    patience = QTimer(singleShot=True, interval=round(timeout * 1000))
    patience.timeout.connect(loop.quit)
    patience.start()
    loop.exec()
    for signal in signals:
        signal.disconnect(look)
    if not condition():
        raise TimeoutError(f"the window did not get there within {timeout:.0f} seconds")

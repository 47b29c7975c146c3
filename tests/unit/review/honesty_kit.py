"""Folders that are large enough for the honesty guards, and how to get to what they do."""

from __future__ import annotations

from typing import Any

from autoanno_gui.core.check_outcome import CHECK_EVENT
from autoanno_gui.core.records import PresentationMode
from tests.unit.review.session_kit import draw
from tests.unit.review.sitting import Sitting

EVERY = 5
SPARED = 20


def blind_numbers(sitting: Sitting) -> list[int]:
    """Return which frames are to be labelled blind."""
    guards, frames = sitting.session.guards, sitting.session.frames
    return [number for number, frame_id in enumerate(sitting.ids) if guards.is_blind(frames.get(frame_id))]


def open_blind(sitting: Sitting) -> int:
    """Open the first frame that is to be labelled blind; return its number."""
    number = blind_numbers(sitting)[0]
    sitting.go_to(number)
    assert sitting.document.mode is PresentationMode.BLIND
    return number


def accept(sitting: Sitting) -> None:
    """Accept the open frame, whatever it asks; a blind one is labelled with one box and settled."""
    if sitting.document.mode is PresentationMode.BLIND:
        draw(sitting)
    for _ in range(3):
        before = sitting.session.document
        sitting.accept()
        if sitting.session.document is not before and sitting.document.mode is not PresentationMode.SETTLE:
            return


def prepare_check(sitting: Sitting) -> None:
    """Accept frames until the next decision leads to a check."""
    while sitting.session.checks.waiting is None:
        accept(sitting)


def go_to_check(sitting: Sitting) -> None:
    """Accept frames until a check is on the screen."""
    for _ in range(SPARED + 3 * EVERY):
        accept(sitting)
        if sitting.session.planted:
            return
    raise AssertionError("no check came")


def events(sitting: Sitting) -> list[dict[str, Any]]:
    """Return what the ledger has of checks."""
    sitting.settle()
    with sitting.store.reader() as reader:
        return [event.body for event in reader.events(CHECK_EVENT)]

"""Accepts that came faster than the frame can be looked at: marked for a second look, counted, never blocked.

How fast that is depends on how many objects were shown and on the reviewer's own pace, which is measured on the frames
that they accepted before and that were not marked: who nods from the start does not make nodding the usual pace.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.facts import DecidedFrame
from autoanno_gui.core.keystrokes import KEY, LOOK, LOOK_AT_OBJECT
from autoanno_gui.core.records import DecisionKind, PresentationMode

TOO_FAST: Final = 0.4
"""Less than this share of the time that the reviewer usually takes for as many objects is no look."""
LEAST_SECONDS: Final = 0.45
"""Nobody sees a picture, judges it and presses a key in less."""
SLOWEST_PACE: Final = 1.5
FASTEST_PACE: Final = 0.6
PACE_FRAMES: Final = 50
"""Frames of the reviewer that say what is usual."""
FRAMES_FOR_PACE: Final = 10
"""With fewer than these the keystroke-level model stands for the reviewer."""


@dataclass(frozen=True, slots=True)
class Nod:
    """One accept that came too fast.

    Attributes:
        row: of the frame in the table.
        path: the frame's.
        frame_id: the frame's.
        seconds: active seconds that it was looked at.
        objects: candidates that were shown.
        limit: seconds that would have been enough.
    """

    row: int
    path: str
    frame_id: int
    seconds: float
    objects: int
    limit: float


def expected_seconds(objects_shown: int) -> float:
    """Return the seconds of looking at a frame with so many objects and accepting it, by the keystroke-level model."""
    return LOOK + LOOK_AT_OBJECT * objects_shown + KEY


def limit_for(objects_shown: int, pace: float) -> float:
    """Return the seconds below which nobody looked at a frame.

    Args:
        objects_shown: candidates on it.
        pace: the reviewer's usual time as a share of the expected one; kept between 0.6 and 1.5.
    """
    pace = min(max(pace, FASTEST_PACE), SLOWEST_PACE)
    return max(LEAST_SECONDS, TOO_FAST * pace * expected_seconds(objects_shown))


@dataclass(slots=True)
class Pace:
    """How long one reviewer took of late, as shares of the expected seconds."""

    _recent: deque[float] = field(default_factory=deque)
    _sorted: list[float] = field(default_factory=list)

    def note(self, share: float) -> None:
        """Take in a frame that was looked at."""
        self._recent.append(share)
        insort(self._sorted, share)
        if len(self._recent) > PACE_FRAMES:
            del self._sorted[bisect_left(self._sorted, self._recent.popleft())]

    @property
    def value(self) -> float:
        """The median; 1.0 while there are too few frames."""
        n = len(self._sorted)
        return (self._sorted[(n - 1) // 2] + self._sorted[n // 2]) / 2 if n >= FRAMES_FOR_PACE else 1.0


def can_be_nod(fact: DecidedFrame) -> bool:
    """Whether a decision accepted what was shown without touching any of it, so that only its time tells."""
    return fact.kind is DecisionKind.ACCEPTED and fact.mode is PresentationMode.NORMAL and fact.candidates_shown > 0


def accepted_frames(table: FactTable) -> int:
    """Return how many frames could have been nodded through: accepted as shown, with at least one candidate."""
    return sum(map(can_be_nod, table.facts))


def nods(table: FactTable) -> list[Nod]:
    """Return the accepts that came too fast, in the order of the ledger."""
    paces: dict[str, Pace] = {}
    found = []
    for row, fact in enumerate(table.facts):
        if not can_be_nod(fact):
            continue
        pace = paces.setdefault(fact.reviewer, Pace())
        limit = limit_for(fact.candidates_shown, pace.value)
        if fact.active_seconds < limit:
            found.append(Nod(row, fact.path, fact.frame_id, fact.active_seconds, fact.candidates_shown, limit))
        else:
            pace.note(fact.active_seconds / expected_seconds(fact.candidates_shown))
    return found

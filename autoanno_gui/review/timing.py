"""How long a reviewer really looked at a frame: a monotonic clock, stopped while the window is away or idle."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from autoanno_gui.core.records import Timing

IDLE_CAP_SECONDS: Final = 60.0


class ActiveTimer:
    """Counts active seconds between a frame's paint and its decision.

    A gap between two inputs counts up to the idle cap, whatever its length; nothing counts while paused.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, idle_cap: float = IDLE_CAP_SECONDS) -> None:
        self._clock = clock
        self._idle_cap = idle_cap
        self._paused = False
        self._shown_at = clock()
        self._first_input_at: float | None = None
        self._counted_to = self._shown_at
        self._active = 0.0

    def frame_shown(self) -> None:
        """Start anew: the frame's pixels and objects have just been painted."""
        self._shown_at = self._counted_to = self._clock()
        self._first_input_at = None
        self._active = 0.0

    def note_input(self) -> None:
        """Note a key or a click on the frame."""
        self._count()
        if self._first_input_at is None:
            self._first_input_at = self._counted_to

    def pause(self) -> None:
        """Stop counting: the window lost the focus."""
        self._count()
        self._paused = True

    def resume(self) -> None:
        """Count again from now on."""
        self._count()
        self._paused = False

    def stop(self) -> Timing:
        """Return the stamps of the decision that is being made now."""
        self._count()
        return Timing(
            shown_at=self._shown_at,
            first_input_at=self._first_input_at,
            decided_at=self._counted_to,
            active=self._active,
            wall_clock=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )

    def _count(self) -> None:
        now = self._clock()
        if not self._paused:
            self._active += min(now - self._counted_to, self._idle_cap)
        self._counted_to = now

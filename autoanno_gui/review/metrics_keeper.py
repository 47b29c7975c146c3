"""Keeps the figures of an open project up to date: only the decisions that changed are read again.

Qt-free, for a thread of its own. All of it can be made anew from the project file at any time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from operator import attrgetter
from typing import Any, Final

import numpy as np

from autoanno_gui.core.figures.drift import ALPHA, HORIZON, Drift, watch
from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.facts import DecidedFrame
from autoanno_gui.core.figures.hypotheses.rules import figure_of
from autoanno_gui.core.figures.hypothesis_notes import HYPOTHESIS_NOTED, hypothesis_notes
from autoanno_gui.core.figures.metrics import BINS
from autoanno_gui.core.prediction_index import PredictionIndex
from autoanno_gui.review.fact_reader import read_facts
from autoanno_gui.review.metrics_report import CandidatesLeft, Report, candidates_left, full_report
from autoanno_gui.store.reader import Reader

READ_AT_ONCE: Final = 64
"""Decisions that are read before others may have the interpreter for a moment."""
LEFT_PATIENCE: Final = 20.0
"""So that no more than one part in twenty of the time is spent on counting what is left."""


class StoppedError(Exception):
    """Nobody waits for the figures any more."""


class MetricsKeeper:
    """The facts of all decisions of one project. One thread at a time."""

    def __init__(
        self,
        reader: Reader,
        *,
        breathe: Callable[[], object] = lambda: None,
        stop: Callable[[], bool] = lambda: False,
        left_patience: float = LEFT_PATIENCE,
    ) -> None:
        """Keep nothing yet.

        Args:
            reader: of the project.
            breathe: called between blocks of decisions and often while figures are worked out; may sleep.
            stop: asked as often whether to give up, with `StoppedError`.
            left_patience: what is left is counted again when it is this many times as old as the counting took.
        """
        self._reader: Final = reader
        self._let_others: Final = breathe
        self._stop: Final = stop
        self._left_patience: Final = left_patience
        self._by_frame: dict[int, list[DecidedFrame]] = {}
        self._sorted: list[DecidedFrame] | None = []
        self._left: CandidatesLeft | None = None
        self._left_due = 0.0
        self.complete = False
        """Whether the whole ledger was read."""

    def _breathe(self) -> None:
        self._let_others()
        if self._stop():
            raise StoppedError

    def update(self, frame_ids: Collection[int] | None = None) -> None:
        """Read the decisions on some frames again; the first time, and after one that did not come to its end, all.

        Args:
            frame_ids: whose decisions changed; None for all, after classes, their maps or models changed.
        """
        everything = frame_ids is None or not self.complete
        if not everything and not frame_ids:
            return
        self.complete = False
        found: dict[int, list[DecidedFrame]] = {}
        for number, fact in enumerate(read_facts(self._reader, None if everything else frame_ids)):
            found.setdefault(fact.frame_id, []).append(fact)
            if number % READ_AT_ONCE == READ_AT_ONCE - 1:
                self._breathe()
        self._sorted = None
        if everything:
            old, self._by_frame = self._by_frame, found
        else:
            old = {frame_id: self._by_frame.pop(frame_id, []) for frame_id in frame_ids or ()}
            self._by_frame |= found
        self.complete = True
        # All at once, letting go of them would keep the other threads waiting, too.
        while old:
            old.popitem()
            if len(old) % READ_AT_ONCE == 0:
                self._breathe()

    @property
    def facts(self) -> list[DecidedFrame]:
        """All decisions that stand, in the order of the ledger, as of the last update."""
        if self._sorted is None:
            among = [fact for facts in self._by_frame.values() for fact in facts]
            self._sorted = sorted(among, key=attrgetter("number"))
        return self._sorted

    # ------------------------------------------------------------------------------------------------ what they say
    def document(self, *, checks: bool = True, index: PredictionIndex | None = None) -> Report:
        """Return the report over all decisions, see `metrics_report.full_report`.

        Args:
            checks: whether the user wants blind frames and planted checks.
            index: newest predictions of all frames; read where not given. What is left of them is counted again only
                from time to time in a large folder.
        """
        begun = time.monotonic()
        if self._left is None or begun >= self._left_due:
            self._left = candidates_left(self._reader, index, breathe=self._breathe)
            now = time.monotonic()
            self._left_due = now + self._left_patience * (now - begun)
        self._breathe()
        return full_report(self._reader, checks=checks, facts=self.facts, left=self._left, breathe=self._breathe)

    def drift(self) -> Drift:
        """Return what the watch for drift says; needs little besides the facts."""
        names = {record.id: record.name for record in self._reader.classes()}
        return watch(FactTable.of(self.facts), names, breathe=self._breathe)

    def session_document(self, session: str, *, causes: Collection[str] = ()) -> dict[str, Any]:
        """Return the figures of one sitting, and what became of what was noted at the end of others.

        Args:
            session: uuid of the sitting.
            causes: codes of hypotheses whose figure is wanted, beside those that are found.

        Returns:
            The report over its decisions alone, with `session`, its `round` (of the model that was judged last, 0
            without predictions), `hypothesis_notes` held against the whole ledger, and `figures` of the causes by
            code, None where there are no data.
        """
        own = [fact for fact in self.facts if fact.session == session]
        nothing = CandidatesLeft(np.empty(0, np.int64), np.empty((0, BINS), np.int64))
        # A sitting is no round to be watched, and the reviewer waits for the card.
        unwatched = Drift(watching=False, frames=0, false_alarm_rate=ALPHA, horizon=HORIZON)
        found = full_report(self._reader, facts=own, left=nothing, drift=unwatched, breathe=self._breathe)
        notes = [(event.body, event.wall_clock) for event in self._reader.events(HYPOTHESIS_NOTED)]
        rounds = [fact.round for fact in own if fact.judges_predictions]
        table = FactTable.of(own, lights=self._reader.lights())
        rows = np.ones(len(table), np.bool_)
        codes = [*causes, *(one["code"] for one in found["hypotheses"])]
        return found | {
            "session": session,
            "figures": {code: figure_of(code, table, rows) for code in codes},
            "round": rounds[-1] if rounds else 0,
            "hypothesis_notes": hypothesis_notes(notes, FactTable.of(self.facts)) if notes else [],
        }

"""All figures of a project in one document: what the command line prints, and what panel and report page show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.check_outcome import CHECK_EVENT
from autoanno_gui.core.classes import living_class
from autoanno_gui.core.figures.balance import balance
from autoanno_gui.core.figures.checks import blind_figures, check_figures, nodding_figures
from autoanno_gui.core.figures.drift import Drift, watch
from autoanno_gui.core.figures.estimates import calibration, estimates
from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.facts import DecidedFrame
from autoanno_gui.core.figures.figure_groups import group_tables, time_figures
from autoanno_gui.core.figures.figure_series import series
from autoanno_gui.core.figures.hypotheses.rules import hypotheses
from autoanno_gui.core.figures.hypothesis_notes import HYPOTHESIS_NOTED, hypothesis_notes
from autoanno_gui.core.figures.metric_report import report
from autoanno_gui.core.figures.metrics import BINS, Accumulator, confidence_bin
from autoanno_gui.core.figures.stopping import stopping
from autoanno_gui.core.figures.trust_notes import trust_notes
from autoanno_gui.core.prediction_index import PredictionIndex
from autoanno_gui.core.records import ClassRecord, FrameState
from autoanno_gui.review.fact_reader import read_facts
from autoanno_gui.review.honesty import LEAST_FRAMES
from autoanno_gui.review.measure_return import return_report
from autoanno_gui.review.queue_keeper import News, QueueKeeper
from autoanno_gui.store.reader import Reader

Report: TypeAlias = dict[str, Any]
_COUNTED_AT_ONCE: Final = 512
"""Decisions that are counted without a breath."""
_OPEN: Final = (FrameState.UNDECIDED, FrameState.DEFERRED)


@dataclass(frozen=True, slots=True)
class CandidatesLeft:
    """The candidates of frames that are not decided.

    Attributes:
        class_ids: (C,) rising, the project classes that occur.
        counts: (C, 10) by class and bin of confidence.
    """

    class_ids: NDArray[np.int64]
    counts: NDArray[np.int64]


def full_report(
    reader: Reader,
    *,
    checks: bool | None = None,
    facts: Sequence[DecidedFrame] | None = None,
    left: CandidatesLeft | None = None,
    drift: Drift | None = None,
    breathe: Callable[[], object] = lambda: None,
) -> Report:
    """Return the figures over all decisions with their intervals, tables and what follows from them.

    Args:
        reader: of the project.
        checks: whether the user wants blind frames and planted checks; None for as it was in the newest sitting.
        facts: all decisions that stand, in the order of the ledger; read where not given.
        left: see `candidates_left`; read where not given, which takes seconds in a large folder.
        drift: what the watch for drift says; found out where not given, which takes seconds for a long ledger.
        breathe: called often; what it raises ends the call.
    """
    facts = list(read_facts(reader)) if facts is None else facts
    checks = reader.checks_wanted() if checks is None else checks
    left = candidates_left(reader, breathe=breathe) if left is None else left
    records = {record.id: record for record in reader.classes()}
    names = {record.id: record.name for record in records.values()}
    living = {record.id: record.name for record in records.values() if record.merged_into is None}
    accumulator = _accumulated(facts, breathe)
    table = FactTable.of(facts, lights=reader.lights())
    states, (predicted, _) = reader.counts(), reader.prediction_totals()
    frames, frames_left = reader.frame_count(), sum(states[state] for state in _OPEN)
    counted = report(
        accumulator,
        frames_total=frames,
        frames_predicted=predicted,
        frames_failed=states[FrameState.FAILED],
        class_names=names,
    )

    def sections() -> Iterator[Report]:
        """Yield what goes into the document, so that there is a breath between any two."""
        yield counted
        yield time_figures(table)
        yield group_tables(table, standing=accumulator)
        yield series(table)
        yield {"estimates": estimates(table, left.counts, left.class_ids)}
        yield {"calibration": calibration(table)}
        yield {"blind": blind_figures(table)}
        events = [event.body for event in reader.events(CHECK_EVENT)]
        yield {"checks": check_figures(events, enabled=checks and frames >= LEAST_FRAMES)}
        yield {"nodding": nodding_figures(table)}
        yield {"hypotheses": [one.as_dict() for one in hypotheses(table, names, known_classes(reader, records))]}
        notes = [(event.body, event.wall_clock) for event in reader.events(HYPOTHESIS_NOTED)]
        yield {"hypothesis_notes": hypothesis_notes(notes, table)}
        yield {"drift": (drift or watch(table, names, breathe=breathe)).as_dict()}
        yield {"roi": return_report(reader, table, frames_left=frames_left)}
        yield {"stop": stopping(table, frames_left)}
        yield {"balance": balance(states, facts, living)}

    found: Report = {}
    for section in sections():
        found |= section
        breathe()
    return found | {"notes": trust_notes(found)}


def _accumulated(facts: Sequence[DecidedFrame], breathe: Callable[[], object]) -> Accumulator:
    found = Accumulator()
    for number, fact in enumerate(facts):
        found.add(fact)
        if number % _COUNTED_AT_ONCE == _COUNTED_AT_ONCE - 1:
            breathe()
    return found


def candidates_left(
    reader: Reader, index: PredictionIndex | None = None, *, breathe: Callable[[], object] = lambda: None
) -> CandidatesLeft:
    """Count the candidates of the frames that are not decided.

    Args:
        reader: of the project.
        index: its newest predictions; read where not given.
        breathe: called often; what it raises ends the call.
    """
    if index is None:
        keeper = QueueKeeper(reader)
        keeper.update(News(everything=True))
        index = keeper.index
    waiting: list[int] = []
    for block in reader.frames():
        waiting += [frame.id for frame in block if frame.state in _OPEN]
        breathe()
    chosen = index.candidates(reader.thresholds())
    chosen &= np.isin(index.frame_ids, waiting)[index.frame_of_row]
    class_ids, rows = np.unique(index.classes[chosen], return_inverse=True)
    bins = np.array([confidence_bin(one) for one in index.confidences[chosen].tolist()], np.int64)
    counts = np.bincount(rows * BINS + bins, minlength=len(class_ids) * BINS)
    return CandidatesLeft(class_ids.astype(np.int64), counts.reshape(len(class_ids), BINS))


def known_classes(reader: Reader, records: Mapping[int, ClassRecord]) -> set[int]:
    """Return the living project classes that the newest model can name: those that its classes are mapped to, and those
    of the same name, which it may just not have met."""
    rounds = reader.rounds()
    newest = [model for model in reader.models() if rounds.get(model.weights_hash) == len(rounds)]
    mapped = [one for model in newest for one in reader.class_map(model.weights_hash).values()]
    named = {name for model in newest for name in model.classes}
    found = [one for one in mapped if one is not None and one in records]
    found += [record.id for record in records.values() if record.name in named]
    return {living_class(one, records) for one in found}

"""All figures of a project in one document: what the command line prints, and what panel and report page show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.balance import balance
from autoanno_gui.core.checks import CHECK_EVENT, blind_figures, check_figures, nodding_figures
from autoanno_gui.core.classes import living_class
from autoanno_gui.core.drift import watch
from autoanno_gui.core.estimates import calibration, estimates
from autoanno_gui.core.fact_table import FactTable
from autoanno_gui.core.facts import DecidedFrame
from autoanno_gui.core.figure_groups import group_tables, time_figures
from autoanno_gui.core.figure_series import series
from autoanno_gui.core.hypotheses.rules import hypotheses
from autoanno_gui.core.hypothesis_notes import HYPOTHESIS_NOTED, hypothesis_notes
from autoanno_gui.core.metric_report import report
from autoanno_gui.core.metrics import BINS, Accumulator, confidence_bin
from autoanno_gui.core.prediction_index import PredictionIndex
from autoanno_gui.core.records import ClassRecord, FrameState
from autoanno_gui.core.stopping import stopping
from autoanno_gui.core.trust_notes import trust_notes
from autoanno_gui.review.fact_reader import read_facts
from autoanno_gui.review.honesty import LEAST_FRAMES
from autoanno_gui.review.measure_return import return_report
from autoanno_gui.review.queue_keeper import News, QueueKeeper
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.rows import SESSION_STARTED

Report: TypeAlias = dict[str, Any]
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
) -> Report:
    """Return the figures over all decisions with their intervals, tables and what follows from them.

    Args:
        reader: of the project.
        checks: whether the user wants blind frames and planted checks; None for as it was in the newest sitting.
        facts: all decisions that stand, in the order of the ledger; read where not given.
        left: see `candidates_left`; read where not given, which takes seconds in a large folder.
    """
    facts = list(read_facts(reader)) if facts is None else facts
    if checks is None:
        sittings = reader.events(SESSION_STARTED)
        checks = bool(sittings[-1].body["checks"]) if sittings else True
    left = candidates_left(reader) if left is None else left
    records = {record.id: record for record in reader.classes()}
    names = {record.id: record.name for record in records.values()}
    living = {record.id: record.name for record in records.values() if record.merged_into is None}
    accumulator, table = Accumulator.of(facts), FactTable.of(facts, lights=reader.lights())
    states, (predicted, _) = reader.counts(), reader.prediction_totals()
    frames, frames_left = reader.frame_count(), sum(states[state] for state in _OPEN)
    counted = report(
        accumulator,
        frames_total=frames,
        frames_predicted=predicted,
        frames_failed=states[FrameState.FAILED],
        class_names=names,
    )
    found = {
        **counted,
        **time_figures(table),
        **group_tables(table, standing=accumulator),
        **series(table),
        "estimates": estimates(table, left.counts, left.class_ids),
        "calibration": calibration(table),
        "blind": blind_figures(table),
        "checks": check_figures(
            [event.body for event in reader.events(CHECK_EVENT)], enabled=checks and frames >= LEAST_FRAMES
        ),
        "nodding": nodding_figures(table),
        "hypotheses": [one.as_dict() for one in hypotheses(table, names, known_classes(reader, records))],
        "hypothesis_notes": hypothesis_notes(
            [(event.body, event.wall_clock) for event in reader.events(HYPOTHESIS_NOTED)], table
        ),
        "drift": watch(table, names).as_dict(),
        "roi": return_report(reader, table, frames_left=frames_left),
        "stop": stopping(table, frames_left),
        "balance": balance(states, facts, living),
    }
    return found | {"notes": trust_notes(found)}


def candidates_left(reader: Reader, index: PredictionIndex | None = None) -> CandidatesLeft:
    """Count the candidates of the frames that are not decided.

    Args:
        reader: of the project.
        index: its newest predictions; read where not given.
    """
    if index is None:
        keeper = QueueKeeper(reader)
        keeper.update(News(everything=True))
        index = keeper.index
    waiting = [frame.id for block in reader.frames() for frame in block if frame.state in _OPEN]
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

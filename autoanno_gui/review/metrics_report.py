"""All figures of a project in one document: what the command line prints, and panel and report show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from autoanno_gui.core.facts import DecidedFrame
from autoanno_gui.core.metric_report import report
from autoanno_gui.core.metrics import Accumulator
from autoanno_gui.core.records import FrameState
from autoanno_gui.review.fact_reader import read_facts
from autoanno_gui.store.reader import Reader

Report: TypeAlias = dict[str, Any]


def full_report(reader: Reader, *, checks: bool = True, facts: Sequence[DecidedFrame] | None = None) -> Report:
    """Return the figures over all decisions, with intervals and tables.

    Args:
        reader: of the project.
        checks: whether blind frames and planted checks are on.
        facts: all decisions that stand, in the order of the ledger; read where not given.
    """
    facts = list(read_facts(reader)) if facts is None else facts
    predicted, _ = reader.prediction_totals()
    return report(
        Accumulator.of(facts),
        frames_total=reader.frame_count(),
        frames_predicted=predicted,
        frames_failed=reader.counts()[FrameState.FAILED],
        class_names={record.id: record.name for record in reader.classes()},
    )

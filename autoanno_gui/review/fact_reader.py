"""Reads the ledger as the facts that every figure is worked out from."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

from autoanno_gui.core.classes import living_class
from autoanno_gui.core.figures.facts import DecidedFrame, facts_from_decision, proposals_of
from autoanno_gui.core.predictions import ModelInfo
from autoanno_gui.core.records import Decision
from autoanno_gui.core.review_objects import MappedPredictions
from autoanno_gui.store.reader import Reader


def read_facts(reader: Reader, frame_ids: Collection[int] | None = None) -> Iterator[DecidedFrame]:
    """Yield the facts of all decisions that stand, in the order of the ledger, merged classes resolved.

    Args:
        reader: of the project.
        frame_ids: of these frames only; None for all.
    """
    classes = {record.id: record for record in reader.classes()}
    living = {
        record.id: living_class(record.id, classes) for record in classes.values() if record.merged_into in classes
    }
    class_map, rounds = cache(reader.class_map), reader.rounds()
    names = _model_names(reader.models(), rounds)
    for entry in reader.decisions(frame_ids):
        decision, mapped = _with_classes(entry.decision, living), None
        if entry.predictions is not None and entry.weights_hash is not None:
            mapped = MappedPredictions.of(
                entry.predictions, run_frame_id=decision.run_frame_id or 0, class_map=class_map(entry.weights_hash)
            )
        yield facts_from_decision(
            decision,
            proposals=proposals_of(mapped, decision),
            model=names.get(entry.weights_hash, entry.model) if entry.weights_hash is not None else entry.model,
            first=entry.first,
            adopted=entry.adopted,
            page_seconds=entry.page_seconds,
            predictions=mapped if decision.in_stream else None,
            number=entry.number,
            path=entry.path,
            round_=rounds.get(entry.weights_hash, 0) if entry.weights_hash is not None else 0,
        )


def _model_names(models: Sequence[ModelInfo], rounds: Mapping[str, int]) -> dict[str, str]:
    """Return by weights hash what a model is called: its file's name, with the number of its round where an earlier
    one had that name. Training calls every model the same."""
    found: dict[str, str] = {}
    for model in sorted(models, key=lambda one: rounds.get(one.weights_hash, 0)):
        if model.weights_hash in found:
            continue
        taken = model.name in found.values()
        found[model.weights_hash] = f"{model.name} (round {rounds.get(model.weights_hash, 0)})" if taken else model.name
    return found


def _with_classes(decision: Decision, living: Mapping[int, int]) -> Decision:
    """Return the decision with merged classes replaced by those that stand for them today."""
    verdicts = tuple(
        replace(verdict, class_id=living[verdict.class_id]) if verdict.class_id in living else verdict
        for verdict in decision.verdicts
    )
    return replace(decision, verdicts=verdicts)

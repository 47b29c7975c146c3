"""Tunes the display threshold on frames of a project that are labelled: what each threshold would have cost on them."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.class_tuner import ClassThreshold, class_thresholds
from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.figures.facts import facts_from_decision
from autoanno_gui.core.geometry import Geometry, as_task
from autoanno_gui.core.keystrokes import Act, ActCosts
from autoanno_gui.core.records import Frame, FrameState, Progress, Thresholds
from autoanno_gui.core.review_costs import TunedFrame
from autoanno_gui.core.tuner import Tuning, curve_counts, recommend
from autoanno_gui.core.verb_times import measured_costs, usable_times
from autoanno_gui.review.document_source import DocumentSource
from autoanno_gui.review.tuning_sample import SampleState, known_frames, sample_state
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Store

MOST_FRAMES: Final = 1000
"""Of more labelled frames, so many are drawn."""
Source = Literal["sample", "labelled"]
_EVERY: Final = 16
"""Frames between two reports of progress."""


@dataclass(frozen=True, slots=True)
class TuneResult:
    """What the tuner found out.

    Attributes:
        source: where the truth comes from: the sample, or whatever is labelled.
        sample: the project's sample.
        tuning: the curve and the recommendation.
        per_class: thresholds of single classes that clearly pay.
        class_names: of these.
        costs: of the acts.
        now: the thresholds of the project as they are.
    """

    source: Source
    sample: SampleState
    tuning: Tuning
    per_class: tuple[ClassThreshold, ...]
    class_names: Mapping[int, str]
    costs: ActCosts
    now: Thresholds

    @property
    def note(self) -> str:
        """What has to be known about the frames; empty where there is nothing to say."""
        notes = []
        if self.source == "labelled":
            notes.append(
                "These frames were not drawn at random, and what nobody saw on them is missing from the truth: "
                "a reviewed sample says more."
            )
        if self.now.per_class:
            notes.append("The curve is that of one threshold for all; classes with one of their own keep it.")
        return " ".join(notes)

    def to_json(self) -> dict[str, Any]:
        """Return the document of `autoanno tune --json`."""
        tuning = self.tuning
        return {
            "frames": tuning.frames,
            "objects": tuning.objects,
            "source": self.source,
            "sample": {"frames": len(self.sample.frames), "labelled": self.sample.labelled},
            "present": self.now.default,
            "recommended": tuning.recommended,
            "interval": list(tuning.interval),
            "enough": tuning.enough,
            "flat": tuning.flat,
            "plateau": list(tuning.plateau),
            "excess": round(tuning.excess, 4),
            "why": tuning.finding,
            "note": self.note,
            "per_class": [
                {
                    "class": self.class_names.get(one.class_id, str(one.class_id)),
                    "threshold": one.threshold,
                    "objects": one.objects,
                    "seconds_saved_per_frame": round(one.gain, 4),
                }
                for one in self.per_class
            ],
            "costs": {
                "measured": [act.name.lower() for act in self.costs.measured],
                "seconds": {act.name.lower(): round(self.costs.seconds[act], 4) for act in Act},
                "actions": {act.name.lower(): self.costs.actions[act] for act in Act},
            },
            "curve": [point.to_json() for point in tuning.curve],
        }


# ---------------------------------------------------------------------------------------------------- the tuner
def tune_job(
    store: Store, *, seed: int = 0, source: Source | None = None, reviewer: str | None = None
) -> Generator[Progress, None, TuneResult]:
    """Tune the threshold of an open project, for a worker thread; see `tune_steps`."""
    with store.reader() as reader:
        return (yield from tune_steps(reader, seed=seed, source=source, reviewer=reviewer))


def tune_report(reader: Reader, *, seed: int = 0) -> dict[str, Any]:
    """Return the document of `autoanno tune --json`. Raises as `tune_steps`."""
    steps = tune_steps(reader, seed=seed)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            result: TuneResult = stop.value
            return result.to_json()


def tune_steps(
    reader: Reader, *, seed: int = 0, source: Source | None = None, reviewer: str | None = None
) -> Generator[Progress, None, TuneResult]:
    """Work out what each threshold would have cost on labelled frames.

    Args:
        reader: used from this thread only.
        seed: of the resampling, and of the draw where there are too many labelled frames.
        source: which frames; None takes the sample as soon as it is labelled, else all that is labelled.
        reviewer: whose times count; None for everybody's.

    Raises:
        KnownError: no labelled frame has predictions, as a sentence for people.
    """
    sample = sample_state(reader)
    if source is None:
        source = "sample" if sample.complete else "labelled"
    chosen = _frames_of(reader, sample, source, seed=seed)
    if not chosen:
        raise KnownError(_nothing(reader))
    documents = DocumentSource(reader)
    frames: list[TunedFrame] = []
    for frame in chosen:
        if len(frames) % _EVERY == 0:
            yield Progress(len(frames), len(chosen), "Comparing predictions with labels")
        frames.append(_tuned(reader, documents, frame))
    thresholds = reader.thresholds()
    counts: list[NDArray[np.int64]] = []
    for tuned in frames:
        if len(counts) % _EVERY == 0:
            yield Progress(len(counts), len(frames), "Counting")
        counts.append(curve_counts(tuned, ghost_floor=thresholds.ghost_floor))
    model = ActCosts.keystroke_level(documents.task, keypoints=documents.keypoints)
    costs = yield from _costs(reader, model, reviewer)
    objects = sum(len(tuned.true_classes) for tuned in frames)
    tuning = recommend(np.array(counts), costs, objects=objects, seed=seed)
    per_class: tuple[ClassThreshold, ...] = ()
    if tuning.enough and tuning.recommended is not None:
        common = Thresholds(tuning.recommended, (), thresholds.ghost_floor)
        steps = class_thresholds(frames, common, costs, seed=seed)
        per_class = yield from _reported(steps, "Looking at single classes")
    names = {record.id: record.name for record in documents.classes.values()}
    return TuneResult(source, sample, tuning, per_class, names, costs, thresholds)


def _reported(
    steps: Generator[None, None, tuple[ClassThreshold, ...]], text: str
) -> Generator[Progress, None, tuple[ClassThreshold, ...]]:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            found: tuple[ClassThreshold, ...] = stop.value
            return found
        yield Progress(0, 0, text)


def _frames_of(reader: Reader, sample: SampleState, source: Source, *, seed: int) -> list[Frame]:
    """Return the labelled frames with predictions that are to be taken."""
    if source == "sample":
        return [frame for frame in known_frames(reader, sample.frames) if frame.state.labelled]
    frames = [
        frame for block in reader.frames() for frame in block if frame.state.labelled and frame.run_frame_id is not None
    ]
    if len(frames) <= MOST_FRAMES:
        return frames
    taken = np.random.default_rng(seed).choice(len(frames), MOST_FRAMES, replace=False)
    return [frames[at] for at in sorted(taken.tolist())]


def _nothing(reader: Reader) -> str:
    counts = reader.counts()
    if any(count for state, count in counts.items() if state in FrameState and state.labelled):
        return "No labelled frame has predictions to compare it with: label the folder with a model first."
    return "No frame is labelled yet, so there is nothing to tune the threshold on: review some frames first."


def _tuned(reader: Reader, documents: DocumentSource, frame: Frame) -> TunedFrame:
    assert frame.run_frame_id is not None
    predictions = documents.predictions(frame.run_frame_id)
    merged = documents.merged
    living = tuple(merged.get(one, one) if one is not None else None for one in predictions.class_ids)
    decision = reader.decision(frame.id)
    truth: list[tuple[int, Geometry]] = [
        (
            merged.get(verdict.class_id, verdict.class_id),
            as_task(verdict.geometry, documents.task, keypoints=documents.keypoints),
        )
        for verdict in (decision.verdicts if decision is not None else ())
        if verdict.geometry is not None
    ]
    return TunedFrame.of(replace(predictions, class_ids=living), truth)


def _costs(reader: Reader, model: ActCosts, reviewer: str | None) -> Generator[Progress, None, ActCosts]:
    """Return what acts cost this reviewer, as far as the decisions of the project tell."""
    decided = []
    for entry in reader.decisions():
        if reviewer is not None and entry.decision.reviewer != reviewer:
            continue
        decided.append(
            facts_from_decision(
                entry.decision,
                proposals={},
                model=None,
                first=entry.first,
                adopted=entry.adopted,
                page_seconds=entry.page_seconds,
            )
        )
        if len(decided) % 64 == 0:
            yield Progress(len(decided), 0, "Reading times")
    return measured_costs(*usable_times(decided), model)

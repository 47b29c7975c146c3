"""The trial that measures the return on the model: drawn, kept with the project, stopped, and reported."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.roi import return_figures
from autoanno_gui.core.figures.seconds_per_box import SecondsPerBox
from autoanno_gui.core.frame_list import FrameList
from autoanno_gui.core.queue import in_random_stream
from autoanno_gui.core.queue_settings import QueueSettings
from autoanno_gui.core.records import FrameState, Progress
from autoanno_gui.core.trial import TRIAL_SIZE, Trial, draw_trial, only
from autoanno_gui.review.fact_reader import read_facts
from autoanno_gui.review.queue_keeper import QUEUE_SETTING
from autoanno_gui.review.trial_keeper import TRIAL_SETTING, stored_trial
from autoanno_gui.review.tuning_sample import stored_sample
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Priority, Store

SECONDS_SETTING: Final = "seconds_per_box"
LEAST_FRAMES: Final = 2
"""One for each arm."""


@dataclass(frozen=True, slots=True)
class TrialState:
    """How far the measurement is.

    Attributes:
        done: frames of the trial that are decided.
        left: its frames that are not, and can be used.
        seconds_per_box: what the estimate reckons with.
        figures: see `core.roi.return_figures`.
    """

    done: int
    left: int
    seconds_per_box: SecondsPerBox
    figures: Mapping[str, Any]


def start_trial(
    store: Store, *, reviewer: str, size: int = TRIAL_SIZE, seen: Collection[int] = (), seed: int | None = None
) -> Generator[Progress, None, Trial]:
    """Draw frames for the project's trial, store it, and return it; for a worker thread.

    Frames that are drawn already and not decided stay: whoever has seen them must not draw until others please. What is
    measured already stays, too, while the proposals come from the same model.

    Args:
        store: of the project.
        reviewer: whose time is measured.
        size: frames to be decided, both arms together.
        seen: ids of frames whose proposals were on the screen: nobody can label these from nothing any more.
        seed: None draws by the project's seed and by how many were drawn before.

    Raises:
        KnownError: too few frames are predicted, undecided and never looked at.
    """
    yield Progress(0, 0, "Drawing frames")
    with store.reader() as reader:
        model_round = max(reader.rounds().values(), default=0)
        before = stored_trial(reader)
        if before is not None and _waiting(reader, before):
            return before
        if before is not None and before.round != model_round:
            before = None
        drawn = before.arms if before is not None else {}
        settings = QueueSettings.from_json(reader.setting(QUEUE_SETTING))
        candidates: dict[str, int] = {}
        for found in _drawable(reader, settings, but=seen):
            candidates |= {path: count for path, count in found.items() if path not in drawn}
            yield Progress(len(candidates), 0, "Drawing frames")
    seed = settings.seed + len(drawn) if seed is None else seed
    arms = draw_trial(candidates, size=size, seed=seed)
    if not arms:
        raise KnownError(
            f"Measuring needs at least {LEAST_FRAMES} frames that a model has labelled and that you have neither "
            f"decided nor looked at; there are {len(candidates) or 'none'} here."
        )
    started = datetime.now(UTC).isoformat(timespec="seconds")
    trial = Trial(seed, started, reviewer, model_round, {**drawn, **arms})
    _keep(store, trial.to_json())
    return trial


def stop_trial(store: Store) -> Generator[Progress, None, Trial | None]:
    """Let go of the trial's frames that are not decided, and return what is left of it; for a worker thread."""
    yield Progress(0, 0, "Stopping")
    with store.reader() as reader:
        trial = stored_trial(reader)
        arms = only(trial, _decided(reader, trial)) if trial is not None else {}
    kept = replace(trial, arms=arms) if trial is not None and arms else None
    _keep(store, kept.to_json() if kept is not None else "")
    return kept


def set_seconds(store: Store, seconds: SecondsPerBox) -> Future[None]:
    """Let the estimate reckon with other seconds per box."""
    text = seconds.to_json()
    return store.submit(Priority.OTHER, lambda writer: writer.set_setting(SECONDS_SETTING, text))


def stored_seconds(reader: Reader) -> SecondsPerBox:
    """Return what the project's estimate reckons with."""
    return SecondsPerBox.from_json(reader.setting(SECONDS_SETTING))


def return_report(
    reader: Reader, table: FactTable, *, frames_left: int | None = None, setup_seconds: float | None = None
) -> dict[str, Any]:
    """Return the section `roi` of the report; see `core.roi.return_figures`.

    Args:
        reader: of the project.
        table: of its whole ledger.
        frames_left: undecided ones; counted where not given.
        setup_seconds: what the model cost; where not given, the time that predicting took.
    """
    seconds = stored_seconds(reader)
    if frames_left is None:
        frames_left = reader.counts().get(FrameState.UNDECIDED, 0)
    return return_figures(
        table,
        stored_trial(reader),
        seconds.seconds,
        seconds.how.value,
        frames_left=frames_left,
        setup_seconds=reader.prediction_seconds() if setup_seconds is None else setup_seconds,
    )


def trial_state(reader: Reader) -> TrialState:
    """Return how far the project's measurement is, and what it says; reads the whole ledger."""
    trial = stored_trial(reader)
    table = FactTable.of(read_facts(reader))
    return TrialState(
        done=len(_decided(reader, trial)) if trial is not None else 0,
        left=len(_waiting(reader, trial)) if trial is not None else 0,
        seconds_per_box=stored_seconds(reader),
        figures=return_report(reader, table),
    )


def _keep(store: Store, text: str) -> None:
    store.submit(Priority.OTHER, lambda writer: writer.set_setting(TRIAL_SETTING, text)).result()


def _decided(reader: Reader, trial: Trial) -> list[str]:
    frames = [reader.frame_by_path(path) for path in trial.arms]
    return [frame.path for frame in frames if frame is not None and frame.state.decided]


def _waiting(reader: Reader, trial: Trial) -> list[str]:
    frames = [reader.frame_by_path(path) for path in trial.arms]
    return [frame.path for frame in frames if frame is not None and frame.usable and not frame.state.decided]


def _drawable(reader: Reader, settings: QueueSettings, *, but: Collection[int]) -> Iterator[dict[str, int]]:
    """Yield (path -> candidates) of frames that may be drawn, in blocks: undecided, predicted, never touched, and of
    neither the tuning sample nor the random stream."""
    frames = FrameList()
    for block in reader.frames():
        frames.extend(block)
    in_stream = in_random_stream(frames.draws, settings)
    taken = {*but, *stored_sample(reader)}
    undecided = {
        frame.id: frame.path
        for frame, drawn in zip(frames, in_stream.tolist(), strict=True)
        if frame.state is FrameState.UNDECIDED and frame.usable and not drawn and frame.id not in taken
    }
    for frame_id in [frame_id for frame_id, _ in reader.drafts(undecided.keys())]:
        del undecided[frame_id]
    threshold = reader.thresholds().default
    for stored in reader.newest_predictions():
        frame_of = np.repeat(np.arange(len(stored.counts)), stored.counts)
        counts = np.bincount(frame_of[stored.confidences > threshold], minlength=len(stored.counts))
        pairs = zip(stored.frame_ids.tolist(), counts.tolist(), strict=True)
        yield {undecided[frame_id]: count for frame_id, count in pairs if frame_id in undecided}

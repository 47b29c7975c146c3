"""The frames that the threshold is tuned on: drawn once, kept with the project, reviewed with their ghosts."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Final

from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.records import Frame, Progress
from autoanno_gui.core.sampling import SAMPLE_SIZE, sample_frames
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Priority, Store

SAMPLE_SETTING: Final = "tuning_sample"


@dataclass(frozen=True, slots=True)
class SampleState:
    """How far the sample of a project is.

    Attributes:
        frames: ids of those of its frames that can be used.
        labelled: how many of them are labelled.
    """

    frames: tuple[int, ...] = ()
    labelled: int = 0

    @property
    def complete(self) -> bool:
        """Whether the threshold can be tuned on it."""
        return bool(self.frames) and self.labelled >= min(SAMPLE_SIZE, len(self.frames))


def stored_sample(reader: Reader) -> tuple[int, ...]:
    """Return the frame ids of the project's sample, empty where none was drawn."""
    text = reader.setting(SAMPLE_SETTING)
    try:
        found = json.loads(text)["frames"] if text is not None else []
        return tuple(int(frame_id) for frame_id in found)
    except (KeyError, TypeError, ValueError):  # json's own error is a ValueError
        return ()


def sample_job(store: Store, *, seed: int = 0) -> Generator[Progress, None, tuple[int, ...]]:
    """Draw the project's sample from all predicted frames that can be shown, store it, and return its frame ids.

    A sample that is there stays as it is: whoever has seen the result must not draw until another one pleases.

    Raises:
        KnownError: no frame is predicted.
    """
    yield Progress(0, 0, "Drawing frames")
    with store.reader() as reader:
        kept = stored_sample(reader)
        if kept and any(frame.usable for frame in known_frames(reader, kept)):
            return kept
        usable = {frame.id for block in reader.frames() for frame in block if frame.usable}
        counts: dict[int, int] = {}
        for stored in reader.newest_predictions():
            counts.update(zip(stored.frame_ids.tolist(), stored.counts.tolist(), strict=True))
            yield Progress(len(counts), len(usable), "Drawing frames")
    sample = sample_frames({key: count for key, count in counts.items() if key in usable}, seed=seed)
    if not sample:
        raise KnownError("No frame has been labelled by a model yet, so there is no threshold to tune.")
    text = json.dumps({"frames": sample, "seed": seed})
    store.submit(Priority.OTHER, lambda writer: writer.set_setting(SAMPLE_SETTING, text)).result()
    return sample


def sample_state(reader: Reader) -> SampleState:
    """Return how far the project's sample is."""
    frames = [frame for frame in known_frames(reader, stored_sample(reader)) if frame.usable and frame.run_frame_id]
    return SampleState(tuple(frame.id for frame in frames), sum(frame.state.labelled for frame in frames))


def known_frames(reader: Reader, frame_ids: Sequence[int]) -> list[Frame]:
    """Return those of the frames that the project still has."""
    found = []
    for frame_id in frame_ids:
        try:
            found.append(reader.frame(frame_id))
        except LookupError:
            continue
    return found

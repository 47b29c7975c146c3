"""Thresholds of single classes, where the frames carry them: a clear gain over the common threshold."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.keystrokes import ActCosts
from autoanno_gui.core.records import Thresholds
from autoanno_gui.core.review_costs import TunedFrame
from autoanno_gui.core.tuner import THRESHOLDS, resampled_means, smooth

LEAST_OBJECTS: Final = 10
"""True objects of a class, below which its own threshold would be guessed."""
LEAST_FRAMES_OF_CLASS: Final = 5
LEAST_GAIN: Final = 0.01
"""Share of the cost of a frame that an own threshold has to save."""
_DOUBT: Final = 0.05
"""Chance that a class without any gain gets a threshold of its own, over all classes together."""


@dataclass(frozen=True, slots=True)
class ClassThreshold:
    """The threshold of one class that costs clearly less than the common one.

    Attributes:
        class_id: project class.
        threshold: 0.05..0.95.
        objects: how many true objects it rests on.
        gain: seconds per frame that it saves.
    """

    class_id: int
    threshold: float
    objects: int
    gain: float


def class_thresholds(
    frames: Sequence[TunedFrame], common: Thresholds, costs: ActCosts, *, seed: int = 0
) -> Generator[None, None, tuple[ClassThreshold, ...]]:
    """Return the classes for which an own threshold clearly pays; yields now and then, so that it can be stopped.

    Each class is looked at by itself with all others at the common threshold. The gain has to stand when frames are
    drawn anew, also after allowing for how many classes and thresholds were tried.

    Args:
        frames: with the truth.
        common: the recommended threshold, with the ghost floor.
        costs: of the acts.
        seed: of the resampling.
    """
    tried = _classes_with_data(frames)
    before = costs.seconds_of(np.array([frame.counts(common) for frame in frames])) if tried else np.zeros(0)
    found = []
    for class_id, objects in tried.items():
        saved = np.empty((len(frames), len(THRESHOLDS)))
        for at, frame in enumerate(frames):
            # What the class has no part in costs the same whatever its threshold.
            if not (frame.classes == class_id).any():
                saved[at] = 0.0
                continue
            own = [Thresholds(common.default, ((class_id, value),), common.ghost_floor) for value in THRESHOLDS]
            saved[at] = before[at] - costs.seconds_of(np.array([frame.counts(one) for one in own]))
            yield
        best = int(smooth(saved.mean(axis=0)).argmax())
        gain = float(saved[:, best].mean())
        if THRESHOLDS[best] == common.default or gain < LEAST_GAIN * before.mean():
            continue
        if _least_gain(saved[:, best], doubt=_DOUBT / (2 * len(tried)), seed=seed) > 0.0:
            found.append(ClassThreshold(class_id, THRESHOLDS[best], objects, gain))
    return tuple(found) if _pays(frames, common, found, costs, before) else ()


def _classes_with_data(frames: Sequence[TunedFrame]) -> dict[int, int]:
    """Return class -> true objects of the classes that have enough of them, on enough frames."""
    objects: dict[int, int] = {}
    on_frames: dict[int, int] = {}
    for frame in frames:
        classes, counts = np.unique(frame.true_classes, return_counts=True)
        for class_id, count in zip(classes.tolist(), counts.tolist(), strict=True):
            objects[class_id] = objects.get(class_id, 0) + count
            on_frames[class_id] = on_frames.get(class_id, 0) + 1
    return {
        class_id: count
        for class_id, count in sorted(objects.items())
        if count >= LEAST_OBJECTS and on_frames[class_id] >= LEAST_FRAMES_OF_CLASS
    }


def _least_gain(saved: NDArray[np.float64], *, doubt: float, seed: int) -> float:
    """Return the gain per frame that is exceeded in all but a share `doubt` of the draws of frames."""
    means = np.concatenate(list(resampled_means(saved[:, None], seed=seed)))
    return float(np.quantile(means, doubt))


def _pays(
    frames: Sequence[TunedFrame],
    common: Thresholds,
    found: Sequence[ClassThreshold],
    costs: ActCosts,
    before: NDArray[np.float64],
) -> bool:
    """Return whether the thresholds save something also when they are taken together."""
    per_class = tuple((one.class_id, one.threshold) for one in found)
    together = Thresholds(common.default, per_class, common.ghost_floor)
    return (
        bool(found) and float(np.mean([costs.seconds_of(frame.counts(together)) for frame in frames])) < before.mean()
    )

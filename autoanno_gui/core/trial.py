"""The trial that measures what the model's proposals are worth: frames drawn at random, half labelled from nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Final

import numpy as np

TRIAL_SIZE: Final = 20


class Arm(StrEnum):
    """How a frame of the trial is labelled."""

    HAND = "hand"
    """From nothing: what the model proposed stays hidden until the frame is decided."""
    REVIEW = "review"
    """As usual."""


@dataclass(frozen=True)
class Trial:
    """Frames that were drawn at random, each assigned at random to one way of labelling.

    Attributes:
        seed: of the draw.
        started: ISO 8601 UTC, of the last draw.
        reviewer: whose time is measured.
        round: number of the round whose model proposes, from 1; 0 where that is not known.
        arms: by the frame's escaped path.
    """

    seed: int
    started: str
    reviewer: str
    round: int = 0
    arms: Mapping[str, Arm] = field(default_factory=dict)

    @cached_property
    def by_hand(self) -> frozenset[str]:
        """Paths of the frames that are labelled from nothing."""
        return frozenset(path for path, arm in self.arms.items() if arm is Arm.HAND)

    def to_json(self) -> str:
        """Return it as text for the project file."""
        arms = {path: arm.value for path, arm in self.arms.items()}
        return json.dumps(
            {"seed": self.seed, "started": self.started, "reviewer": self.reviewer, "round": self.round, "arms": arms}
        )

    @classmethod
    def from_json(cls, text: str | None) -> Trial | None:
        """Return a trial from the project file; None where there is none that can be read."""
        try:
            found = json.loads(text or "null")
            arms = {str(path): Arm(arm) for path, arm in found["arms"].items()}
            return cls(int(found["seed"]), str(found["started"]), str(found["reviewer"]), int(found["round"]), arms)
        except (AttributeError, KeyError, TypeError, ValueError):  # json's own error is a ValueError
            return None


def draw_trial(candidates: Mapping[str, int], *, size: int = TRIAL_SIZE, seed: int = 0) -> dict[str, Arm]:
    """Draw frames with few and with many candidates in due proportion, and toss for each pair which one is labelled
    from nothing, so that both arms have frames of the same kind.

    The frames are sorted by their number of candidates and cut into as many equal layers as there are pairs; each
    layer gives two.

    Args:
        candidates: path -> number of candidates, of all frames that can be drawn.
        size: how many to draw; an odd one, and more than there are frames, is lowered to the next even number.
        seed: equal seeds draw equally from equal frames.

    Returns:
        Arm by path, sorted by path.
    """
    paths = sorted(candidates)
    pairs = min(size, len(paths)) // 2
    if not pairs:
        return {}
    rng = np.random.default_rng(seed)
    counts = np.array([candidates[path] for path in paths])
    # Equal counts in random order, else the layers would follow the names.
    ranked = np.lexsort((rng.random(len(paths)), counts))
    arms: dict[str, Arm] = {}
    for layer in np.array_split(ranked, pairs):
        # In random order already, so that the first one is either.
        by_hand, reviewed = rng.choice(layer, 2, replace=False).tolist()
        arms[paths[by_hand]], arms[paths[reviewed]] = Arm.HAND, Arm.REVIEW
    return dict(sorted(arms.items()))


def only(trial: Trial, paths: Iterable[str]) -> dict[str, Arm]:
    """Return the arms of those frames of a trial that are among these."""
    kept = set(paths)
    return {path: arm for path, arm in trial.arms.items() if path in kept}

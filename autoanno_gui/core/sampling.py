"""A few frames that stand for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

SAMPLE_SIZE: Final = 20


def sample_frames(predictions: Mapping[int, int], *, size: int = SAMPLE_SIZE, seed: int = 0) -> tuple[int, ...]:
    """Return the ids of a sample: frames with few and with many predictions in due proportion, by rising id.

    The frames are sorted by their number of predictions and cut into `size` equal layers; each gives one frame.

    Args:
        predictions: frame id -> number of predictions, of all frames that can be taken.
        size: how many to draw; all frames where there are no more.
        seed: equal seeds draw equal samples from equal frames.
    """
    ids = np.array(sorted(predictions), np.int64)
    if len(ids) <= size:
        return tuple(ids.tolist())
    rng = np.random.default_rng(seed)
    counts = np.array([predictions[frame_id] for frame_id in ids.tolist()])
    # Equal counts in random order, else the layers would follow the names.
    ranked = ids[np.lexsort((rng.random(len(ids)), counts))]
    return tuple(sorted(int(rng.choice(layer)) for layer in np.array_split(ranked, size)))

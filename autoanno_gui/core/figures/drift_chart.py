"""The parts that the charts of a round share with the simulation that sets their limits."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

ODDS_RATIO: Final = 2.0
"""The climb that the charts are tuned to."""
BLOCK: Final = 20
"""Frames between two updates of the baseline."""
LAG: Final = 1
"""Blocks before the one that is charted that are not learnt yet: a climb does not become the usual rate at once."""
WARM_UP_FRAMES: Final = 60
WARM_UP_CANDIDATES: Final = 500
"""Both must be reached, at the end of a block, before anything is charted: the error of a rate that few candidates tell
would itself look like a drift."""
PRIOR_VARIANCE: Final = 20.0
"""How much variance of independent candidates is taken as seen before frames tell how errors cluster."""
MOST_EFFECT: Final = 10.0


def log_ratios(corrected: Floats, expected: Floats) -> Floats:
    """Return the log-likelihood ratio of a doubled odds against the expected probability, for each candidate."""
    found: Floats = corrected * np.log(ODDS_RATIO) - np.log1p((ODDS_RATIO - 1.0) * expected)
    return found


def design_effect(squares: Floats, variance: Floats) -> Floats:
    """Return how much more the corrections of frames vary than independent ones would, 1..10.

    Args:
        squares: sum over frames of (corrections - expected)^2.
        variance: sum over candidates of p (1 - p).
    """
    found: Floats = np.clip((squares + PRIOR_VARIANCE) / (variance + PRIOR_VARIANCE), 1.0, MOST_EFFECT)
    return found


def cusum(scores: Floats, start: Floats | float = 0.0) -> Floats:
    """Return the running sums that never fall below 0, along the last axis.

    Args:
        scores: (..., n).
        start: (...) value before the first score.
    """
    sums = np.cumsum(scores, axis=-1) + np.asarray(start)[..., None]
    found: Floats = sums - np.minimum(np.minimum.accumulate(sums, axis=-1), 0.0)
    return found

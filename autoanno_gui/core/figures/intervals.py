"""How far a measured rate can be trusted: two-sided intervals for shares, ratios and medians.

Objects of one frame stand or fall together, so that rates over objects are resampled by whole frames; a share of
frames has a closed form.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Interval: TypeAlias = tuple[float, float]

LEVEL: Final = 0.95
RESAMPLES: Final = 2000
CELLS_AT_ONCE: Final = 1_000_000
"""Weights drawn in one go: 8 MB."""


def wilson(successes: float, n: float, level: float = LEVEL) -> Interval:
    """Return Wilson's score interval of a share, inside 0..1; (0, 1) when nothing was observed.

    Raises:
        ValueError: successes outside 0..n, or a level outside 0..1.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes in {n} trials")
    z = _z(level)
    if n == 0:
        return 0.0, 1.0
    share = successes / n
    spread = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    middle = share + z * z / (2 * n)
    scale = 1 + z * z / n
    lo = 0.0 if successes == 0 else max((middle - spread) / scale, 0.0)
    hi = 1.0 if successes == n else min((middle + spread) / scale, 1.0)
    return lo, hi


def bootstrap_counted(
    pairs: NDArray[np.float64], counts: ArrayLike, *, seed: int = 0, level: float = LEVEL
) -> Interval:
    """Return the percentile interval of a ratio of sums over resampled frames.

    Frames with equal pairs are interchangeable: drawing how often each *pair* occurs is the same bootstrap, for less.
    Those without a denominator say nothing about the ratio and are left out. Where resampling cannot vary (one frame,
    or the same ratio in each), Wilson's interval with whole frames as the trials stands in: wide, but never of no width
    at all.

    Args:
        pairs: (K, 2) numerator and denominator of one frame, 0 <= numerator <= denominator.
        counts: (K,) how many frames have the pair.
        seed: equal seeds give equal intervals.
        level: two-sided.
    """
    _z(level)
    counts = np.asarray(counts, np.int64)
    telling = (pairs[:, 1] > 0) & (counts > 0)
    pairs, counts = pairs[telling], counts[telling]
    frames = int(counts.sum())
    if frames == 0:
        return 0.0, 1.0
    ratio = float(counts @ pairs[:, 0]) / float(counts @ pairs[:, 1])
    ratios = pairs[:, 0] / pairs[:, 1]
    if frames == 1 or np.ptp(ratios) == 0:
        return wilson(ratio * frames, frames, level)
    rng = np.random.default_rng(seed)
    rows = max(1, CELLS_AT_ONCE // len(counts))
    found = np.empty(RESAMPLES)
    for start in range(0, RESAMPLES, rows):
        size = min(rows, RESAMPLES - start)
        sums = rng.multinomial(frames, counts / frames, size=size) @ pairs
        found[start : start + size] = sums[:, 0] / sums[:, 1]
    lo, hi = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(lo), float(hi)


def median_interval(ordered: Sequence[float] | NDArray[np.float64], level: float = LEVEL) -> Interval:
    """Return the distribution-free interval of the median: two of the values, by rank.

    Args:
        ordered: rising, at least one value.
        level: two-sided; a handful of values cannot reach it, then it is their whole range.
    """
    n = len(ordered)
    if n == 0:
        raise ValueError("no values")
    reach = _z(level) * sqrt(n) / 2
    lo = max(int(np.floor(n / 2 - reach)) - 1, 0)
    hi = min(int(np.ceil(n / 2 + reach)), n - 1)
    return float(ordered[lo]), float(ordered[hi])


def _z(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"level {level} is not inside 0..1")
    return NormalDist().inv_cdf((1 + level) / 2)

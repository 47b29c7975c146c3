"""Whether chance alone would make a difference as large: no rule may speak of what noise looks like.

Objects of one frame stand or fall together. Each test is therefore made twice, over objects and over whole frames, and
the more doubtful answer counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.figures.fact_table import Floats, Ints


@dataclass(frozen=True, slots=True)
class Contrast:
    """How often something happens in one part of the data, and in the rest.

    Attributes:
        hits: how often it happened inside.
        whole: how often it could have happened inside.
        rate: hits / whole.
        rest: the rate outside.
        chance: of a rate inside this high, or higher, if inside and outside were the same.
        excess: hits beyond what the rate of the rest would have given, at least 0.
    """

    hits: int
    whole: int
    rate: float
    rest: float
    chance: float
    excess: float


def contrast(hits: Ints, whole: Ints, rest_hits: Ints, rest_whole: Ints) -> Contrast | None:
    """Compare what happened inside with the rest; None where one of them is empty.

    Args:
        hits: (F,) of each frame, inside.
        whole: (F,) of each frame, inside.
        rest_hits: (F,) of each frame, outside.
        rest_whole: (F,) of each frame, outside.
    """
    k, n, rest_k, rest_n = (int(each.sum()) for each in (hits, whole, rest_hits, rest_whole))
    if not (n and rest_n):
        return None
    rate, rest = k / n, rest_k / rest_n
    together = (k + rest_k) / (n + rest_n)
    # Under the common rate: the frames of the smaller part may all agree by chance and leave no spread of their own.
    pulls = (hits - together * whole) / n - (rest_hits - together * rest_whole) / rest_n
    doubt = max(hypergeometric_tail(k, n, k + rest_k, n + rest_n), _upper_tail(pulls))
    return Contrast(k, n, rate, rest, doubt, max(0.0, k - n * rest))


def beyond(hits: Ints, whole: Ints, rate: float) -> float:
    """Return the chance of so many hits or more where each trial hits with this rate.

    Args:
        hits: (F,) of each frame.
        whole: (F,) trials of each frame.
        rate: 0..1.
    """
    k, n = int(hits.sum()), int(whole.sum())
    return max(binomial_tail(k, n, rate), _upper_tail(hits - rate * whole)) if n else 1.0


def binomial_tail(k: int, n: int, rate: float) -> float:
    """Return the chance of k or more hits in n trials."""
    # Imported late: a window that was just opened needs no figures yet.
    from scipy.special import bdtrc

    return 1.0 if k <= 0 else float(bdtrc(k - 1, n, rate))


def hypergeometric_tail(k: int, drawn: int, marked: int, whole: int) -> float:
    """Return the chance of k or more marked ones among those drawn (Fisher's exact test, one side)."""
    from scipy.special import gammaln

    def ways(n: int, of: NDArray[np.int64] | int) -> Floats:
        found: Floats = gammaln(n + 1) - gammaln(np.asarray(of) + 1) - gammaln(n - np.asarray(of) + 1)
        return found

    counts = np.arange(max(k, drawn + marked - whole, 0), min(drawn, marked) + 1)
    logs = ways(marked, counts) + ways(whole - marked, drawn - counts) - ways(whole, drawn)
    return min(1.0, float(np.exp(logs).sum()))


def _upper_tail(pulls: Floats) -> float:
    """Return the chance of a sum of independent frames' pulls this high, or higher, where their mean is 0."""
    # Not as a product of vectors: the library would set several threads to so little.
    spread = sqrt(float(np.square(pulls).sum()))
    return 1.0 - NormalDist().cdf(float(pulls.sum()) / spread) if spread > 0.0 else 1.0

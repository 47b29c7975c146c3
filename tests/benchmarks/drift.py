"""How often the charts of drift ring without one, how soon they ring when the edit rate doubles, and what they take.

Each scenario is a round of 500 frames whose true edit rates are known. False alarms have to come at the stated rate
where the frames are as the charts take them to be; where the queue goes from hard to easy frames they may come less
often, never more. A doubling is caught when a chart rings within 60 frames.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import sqrt
from pathlib import Path
from typing import Final

import numpy as np

from autoanno_gui.core.figures.drift import ALPHA, HORIZON, Drift, watch
from tests.benchmarks.figures import Figure, median
from tests.unit.core.drift_kit import CLASSES, EASY, HARD, NAMES, Round, Stretch, simulate, table

WITHIN: Final = 60
MOMENTS: Final = (180, 440)
"""First and last frame at which the drift may begin: after the warm-up, early enough to be watched for 60 frames."""
MIXED: Final = (0.2,) * 5
HARD_FIRST: Final = (Stretch(200, "borderline", HARD), Stretch(60, "crowded", MIXED), Stretch(240, "coverage", EASY))
BACK_AGAIN: Final = (
    Stretch(150, "ambiguous", EASY),
    Stretch(150, "borderline", HARD, factor=1.5),
    Stretch(200, "coverage", EASY),
)
PLAIN: Final = Round()
REALISTIC: Final[Mapping[str, Round]] = {
    "mixed confidences": Round(stretches=(Stretch(500, "borderline", MIXED),)),
    "hard frames first": Round(stretches=HARD_FIRST, audited=20),
    "easy, hard, easy": Round(stretches=BACK_AGAIN, audited=20),
    "three classes": Round(classes=(0.5, 0.3, 0.2)),
    "clustered errors": Round(cluster=0.15),
    "clustered, 8 a frame": Round(cluster=0.15, candidates=8, varied=True),
    "all of it, 6 a frame": Round(
        stretches=HARD_FIRST, audited=20, cluster=0.1, candidates=6, varied=True, classes=(0.5, 0.3, 0.2)
    ),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of some rounds with a drift.

    Attributes:
        caught: share of those without an alarm before it.
        delay: median frames until the alarm, those that were not caught counting as 61.
        rounds: how many had no alarm before.
    """

    caught: float
    delay: float
    rounds: int


def measure(folder: Path, *, short: bool) -> list[Figure]:
    """Measure the plain round; unless it is to be short also realistic ones, a lower rate for comparison, and the time
    that a long round takes."""
    del folder
    if short:
        return _figures("plain", PLAIN, 10, caught_runs=10, budget=True)
    runs = 200
    found = _figures("plain", PLAIN, runs, caught_runs=2 * runs, budget=True)
    for name, plan in REALISTIC.items():
        found += _figures(name, plan, runs, caught_runs=runs, budget=False)
    at_five = catch(PLAIN, runs, alpha=0.05)
    found.append(Figure("drift, plain, stated 5%: caught", 100 * at_five.caught, "%", None, "–", None, _words(at_five)))
    one_class = catch(replace(REALISTIC["three classes"], rising=CLASSES[0]), runs, alpha=ALPHA)
    found.append(
        Figure("drift, one of three classes: caught", 100 * one_class.caught, "%", None, "–", None, _words(one_class))
    )
    return [*found, *_times()]


def _figures(name: str, plan: Round, runs: int, *, caught_runs: int, budget: bool) -> list[Figure]:
    false = false_alarms(plan, runs, alpha=ALPHA)
    reach = 1.96 * sqrt(ALPHA * (1 - ALPHA) / runs)
    least, most = (ALPHA - reach if budget else 0.0), ALPHA + reach
    outcome = catch(plan, caught_runs, alpha=ALPHA)
    return [
        Figure(
            f"drift, {name}: false alarms",
            100 * false,
            "%",
            None,
            f"{100 * least:.1f}-{100 * most:.1f} %",
            least <= false <= most,
            f"{runs} rounds of {HORIZON} frames, stated {ALPHA:.0%}",
        ),
        Figure(
            f"drift, {name}: caught",
            100 * outcome.caught,
            "%",
            None,
            ">= 90 %" if budget else "–",
            outcome.caught >= 0.9 if budget else None,
            _words(outcome),
        ),
    ]


def _words(outcome: Outcome) -> str:
    return f"within {WITHIN} frames, {outcome.rounds} rounds, median delay {outcome.delay:.0f} frames"


def false_alarms(plan: Round, runs: int, *, alpha: float, seed: int = 1) -> float:
    """Return the share of rounds without drift in which a chart rings."""
    rng = np.random.default_rng(seed)
    return sum(_watch(plan, rng, alpha=alpha).alarm is not None for _ in range(runs)) / runs


def catch(plan: Round, runs: int, *, alpha: float, seed: int = 2) -> Outcome:
    """Return how rounds go whose edit rate doubles at a random frame."""
    rng = np.random.default_rng(seed)
    delays = []
    for _ in range(runs):
        moment = int(rng.integers(*MOMENTS))
        frames = simulate(replace(plan, rises_at=moment), rng)[: moment + WITHIN]
        if watch(table(frames[:moment]), NAMES, alpha=alpha).alarm is not None:
            continue
        drift = watch(table(frames), NAMES, alpha=alpha)
        rang = [chart.alarm_at for chart in drift.charts if chart.alarm_at is not None]
        first = drift.frames - len(drift.charts[0].points) if drift.charts else 0
        delays.append(min(rang) + first - moment + 1 if rang else WITHIN + 1)
    return Outcome(sum(delay <= WITHIN for delay in delays) / len(delays), median(delays), len(delays))


def _watch(plan: Round, rng: np.random.Generator, *, alpha: float) -> Drift:
    return watch(table(simulate(plan, rng)), NAMES, alpha=alpha)


def _times() -> list[Figure]:
    stretches = (Stretch(4000, "borderline", HARD), Stretch(1000, "crowded", MIXED), Stretch(5000, "coverage", EASY))
    plan = Round(stretches=stretches, candidates=5, classes=(0.5, 0.3, 0.2), audited=20)
    facts = table(simulate(plan, np.random.default_rng(3)))
    took = []
    for _ in range(6):
        begun = time.perf_counter()
        watch(facts, NAMES)
        took.append(1000 * (time.perf_counter() - begun))
    return [
        Figure("drift, 10,000 frames x 5, first look", took[0], "ms", None, "–", None),
        Figure("drift, 10,000 frames x 5", median(took[1:]), "ms", None, "<= 150 ms", median(took[1:]) <= 150),
    ]

"""Simulated rounds of review whose true edit rates are known, for the tests and the benchmark of drift."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.facts import DecidedFrame, ObjectFact
from autoanno_gui.core.records import DecisionKind, PresentationMode, VerdictKind

NAMES: Final[Mapping[int, str]] = {10: "car", 11: "bike", 12: "bus"}
CLASSES: Final = tuple(NAMES)
BEGAN: Final = datetime(2025, 3, 1, 9, tzinfo=UTC)
HARD: Final = (0.35, 0.3, 0.2, 0.1, 0.05)
EASY: Final = (0.04, 0.06, 0.1, 0.3, 0.5)
"""How often confidences of 0.5, 0.6, 0.7, 0.8 and 0.9 occur on hard and on easy frames."""
RATES: Final = (0.32, 0.24, 0.16, 0.09, 0.05)
"""How often a candidate of each of these confidences is corrected."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Frames that came to review for one reason.

    Attributes:
        confidences: how often each of the five occurs; () for a single one, whose rate is that of the round.
        factor: by which their candidates are corrected more often than their confidences say.
    """

    frames: int
    reason: str = "borderline"
    confidences: tuple[float, ...] = ()
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Round:
    """What a round is like.

    Attributes:
        stretches: one after the other.
        candidates: on each frame; the mean of a Poisson distribution, at least one, where `varied`.
        varied: whether frames have different numbers of candidates.
        rate: of correction, where the confidences say nothing of it.
        classes: how often each of `CLASSES` occurs.
        cluster: correlation of corrections within a frame.
        rises_at: first frame of the drift; None without.
        rise: by which the rate is multiplied from there on.
        rising: the class that drifts; None for all.
        audited: every so many frames one of the random stream, of mixed confidences; 0 for none.
    """

    stretches: tuple[Stretch, ...] = (Stretch(500),)
    candidates: int = 3
    varied: bool = False
    rate: float = 0.12
    classes: tuple[float, ...] = (1.0,)
    cluster: float = 0.0
    rises_at: int | None = None
    rise: float = 2.0
    rising: int | None = None
    audited: int = 0

    @property
    def frames(self) -> int:
        return sum(stretch.frames for stretch in self.stretches)


def simulate(plan: Round, rng: np.random.Generator, *, number: int = 1) -> list[DecidedFrame]:
    """Return the decisions of one round of this number, named frame_0000.jpg and so on."""
    return list(_frames(plan, rng, number))


def _frames(plan: Round, rng: np.random.Generator, number: int) -> Iterator[DecidedFrame]:
    place = 0
    for stretch in plan.stretches:
        for _ in range(stretch.frames):
            audit = plan.audited and place % plan.audited == 0
            mix = EASY if audit and stretch.confidences else stretch.confidences
            size = max(1, int(rng.poisson(plan.candidates))) if plan.varied else plan.candidates
            classes = rng.choice(len(plan.classes), size, p=plan.classes)
            levels = rng.choice(len(mix), size, p=mix) if mix else np.full(size, 2)
            chances = (np.array(RATES)[levels] if mix else np.full(size, plan.rate)) * (1 if audit else stretch.factor)
            if plan.rises_at is not None and place >= plan.rises_at:
                here = np.array([plan.rising is None or CLASSES[index] == plan.rising for index in classes])
                chances = np.where(here, chances * plan.rise, chances)
            if plan.cluster:
                spread = plan.cluster * (1 - plan.rate) / plan.rate
                chances = chances * rng.gamma(1 / spread, spread)
            wrong = rng.random(size) < np.minimum(chances, 0.95)
            reason = "audit" if audit else stretch.reason
            yield frame(place, wrong.tolist(), levels.tolist(), classes.tolist(), reason=reason, number=number)
            place += 1


def frame(
    place: int,
    wrong: Sequence[bool],
    levels: Sequence[int] | None = None,
    classes: Sequence[int] | None = None,
    *,
    reason: str = "borderline",
    number: int = 1,
) -> DecidedFrame:
    """Return one decided frame: a candidate for each entry of `wrong`, edited where it is true."""
    levels, classes = levels or [2] * len(wrong), classes or [0] * len(wrong)
    objects = tuple(
        ObjectFact(
            VerdictKind.EDITED if bad else VerdictKind.ACCEPTED, CLASSES[index], CLASSES[index], 0.5 + 0.1 * level
        )
        for bad, level, index in zip(wrong, levels, classes, strict=True)
    )
    return DecidedFrame(
        frame_id=place + 1,
        kind=DecisionKind.EDITED if any(wrong) else DecisionKind.ACCEPTED,
        mode=PresentationMode.NORMAL,
        reviewer="anna",
        model=f"model_{number}",
        active_seconds=2.0,
        candidates_shown=len(objects),
        objects=objects,
        number=place + 1,
        path=f"frame_{place:04d}.jpg",
        session="first",
        reason=reason,
        round=number,
        wall_clock=(BEGAN + timedelta(seconds=5 * place)).isoformat(),
    )


def table(frames: Sequence[DecidedFrame]) -> FactTable:
    return FactTable.of(frames)

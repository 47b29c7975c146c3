"""Ledgers made for the tests of hypotheses: by hand, or at random without any structure that a rule could find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.facts import Bounds, DecidedFrame, ObjectFact
from autoanno_gui.core.figures.hypotheses.hypothesis import Hypothesis
from autoanno_gui.core.figures.hypotheses.rules import hypotheses
from autoanno_gui.core.light import Light
from autoanno_gui.core.records import DecisionKind, PresentationMode, VerdictKind

CAR, BIKE, VAN, TRAM = 10, 11, 12, 13
NAMES: Final = {CAR: "car", BIKE: "bike", VAN: "van", TRAM: "tram"}
MIDDLE: Bounds = (0.3, 0.3, 0.6, 0.6)
"""A medium-sized object far from the border."""
GOOD = ObjectFact(VerdictKind.ACCEPTED, CAR, CAR, 0.9, iou=1.0, bounds=MIDDLE, shifts=(0.0, 0.0, 0.0, 0.0))
FALSE = ObjectFact(VerdictKind.REJECTED, CAR, CAR, 0.9, bounds=MIDDLE)
DRAWN = ObjectFact(VerdictKind.ADDED, CAR, shown=False, bounds=MIDDLE)
GHOST = ObjectFact(VerdictKind.PROMOTED, CAR, CAR, 0.4, shown=False, iou=1.0, bounds=MIDDLE)


def elsewhere(item: ObjectFact, number: int) -> ObjectFact:
    """Return an object in one of four corners, so that on neighbouring frames of a clip it is another thing."""
    left, top = ((0.05, 0.05), (0.65, 0.05), (0.05, 0.65), (0.65, 0.65))[number % 4]
    return replace(item, bounds=(left, top, left + 0.3, top + 0.3))


def renamed(proposed: int, final: int) -> ObjectFact:
    return replace(GOOD, kind=VerdictKind.EDITED, class_id=final, proposed_class_id=proposed, class_changed=True)


def moved(left: float, top: float, right: float, bottom: float, *, class_id: int = CAR) -> ObjectFact:
    """Return a candidate whose edges had to go that far, as shares of the box."""
    return replace(
        GOOD,
        kind=VerdictKind.EDITED,
        class_id=class_id,
        proposed_class_id=class_id,
        geometry_changed=True,
        iou=0.8,
        shifts=(left, top, right, bottom),
    )


def frame(number: int, *objects: ObjectFact, path: str | None = None, **changes: object) -> DecidedFrame:
    """Return the first decision of a frame of round 1, by default of a clip of its own."""
    untouched = all(item.kind is VerdictKind.ACCEPTED for item in objects)
    made = DecidedFrame(
        frame_id=number,
        kind=DecisionKind.ACCEPTED if untouched else DecisionKind.EDITED,
        mode=PresentationMode.NORMAL,
        reviewer="anna",
        model="yolo.pt",
        active_seconds=2.0,
        candidates_shown=sum(item.shown for item in objects),
        objects=objects,
        number=number,
        path=path if path is not None else f"{number:04}_shot.jpg",
        round=1,
    )
    return replace(made, **changes)


def frames(*objects: Sequence[ObjectFact], start: int = 0) -> list[DecidedFrame]:
    """Return a frame for each of these groups of objects."""
    return [frame(start + number, *own) for number, own in enumerate(objects)]


def ask(
    decisions: Sequence[DecidedFrame],
    *,
    known: Sequence[int] = tuple(NAMES),
    lights: dict[int, Light] | None = None,
) -> list[Hypothesis]:
    return hypotheses(FactTable.of(decisions, lights=lights), NAMES, known)


def noise(seed: int, *, count: int = 150, spread: float = 0.0) -> tuple[list[DecidedFrame], dict[int, Light]]:
    """Return a ledger in which nothing has a cause, about one object in five needs a correction.

    Args:
        seed: of the draws.
        count: of frames.
        spread: how much more difficult some frames are than others, 0 for all alike.
    """
    rng = np.random.default_rng(seed)
    made, lights = [], {}
    for number in range(count):
        difficulty = float(rng.gamma(1 / spread, spread)) if spread else 1.0
        own = [_random_object(rng, difficulty) for _ in range(1 + rng.poisson(2.0))]
        folder = "abc"[int(rng.integers(3))]
        made.append(frame(number, *own, path=f"{folder}/{number:04}.jpg"))
        lights[number] = Light(float(rng.uniform()), float(rng.normal()))
    return made, lights


def _random_object(rng: np.random.Generator, difficulty: float) -> ObjectFact:
    class_id = int(rng.choice([CAR, BIKE, VAN, TRAM], p=[0.4, 0.3, 0.2, 0.1]))
    left, top = rng.uniform(0.0, 0.7, size=2)
    side = float(rng.choice([0.05, 0.2, 0.3]))
    made = replace(
        GOOD,
        class_id=class_id,
        proposed_class_id=class_id,
        confidence=float(rng.uniform(0.5, 1.0)),
        bounds=(0.0 if left < 0.1 else left, top, left + side, top + side),
        crowding=float(rng.choice([0.0, 0.3, 0.6])),
    )
    if rng.uniform() > 0.2 * difficulty:
        return made
    match int(rng.integers(5)):
        case 0:
            return replace(made, kind=VerdictKind.REJECTED, iou=None, shifts=None)
        case 1:
            others = [each for each in NAMES if each != class_id]
            wrong = int(rng.choice(others))
            return replace(made, kind=VerdictKind.EDITED, proposed_class_id=wrong, class_changed=True)
        case 2:
            shifts = tuple(float(each) for each in rng.normal(0.0, 0.08, size=4))
            return replace(made, kind=VerdictKind.EDITED, geometry_changed=True, iou=0.85, shifts=shifts)
        case 3:
            below = float(rng.uniform(0.15, 0.5))
            return replace(made, kind=VerdictKind.PROMOTED, shown=False, confidence=below)
    drawn = replace(made, kind=VerdictKind.ADDED, shown=False, confidence=None, proposed_class_id=None)
    return replace(drawn, iou=None, shifts=None)

"""A ledger of eight frames, small enough that every figure of it can be worked out by hand.

Objects are given as the class that was proposed and its confidence.

    frame  session  round  reason      decided as     seconds  objects
    1      s1 ann   1      borderline  accepted       2        car .92, car .97
    2      s1 ann   1      borderline  edited         4        car .92 accepted, car .72 moved, car .52 rejected
    3      s1 ann   1      audit (R)   edited         6        car .72 named bike, bike drawn
    4      s1 ann   1      coverage    rejected       8        4 candidates shown
    5      s2 bob   2      audit (R)   accepted       10       bike .92, car .92, car .97
    6      s2 bob   2      borderline  edited         12       car .52 rejected, bike .32 promoted, bike .92 accepted
    7      s2 bob   2      (none)      hand labelled  30       2 drawn bikes
    8      s2 bob   2      audit (R)   accepted       1        nothing: an empty frame

(R) belongs to the random stream. Frames 1, 2, 3, 5, 6 and 8 judge predictions.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.facts import Bounds, DecidedFrame, ObjectFact
from autoanno_gui.core.records import DecisionKind, PresentationMode, VerdictKind

CAR, BIKE = 10, 11
NAMES: Final = {CAR: "car", BIKE: "bike"}
MIDDLE: Final[Bounds] = (0.4, 0.4, 0.6, 0.6)
"""4 % of the picture, in its centre: medium."""
TINY_EDGE: Final[Bounds] = (0.0, 0.5, 0.02, 0.52)
"""0.04 %, at the left border: tiny."""
SMALL_SIDE: Final[Bounds] = (0.1, 0.45, 0.15, 0.55)
"""0.5 %, its centre at 12.5 % of the width: small."""
LARGE: Final[Bounds] = (0.2, 0.2, 0.8, 0.8)
"""36 %, in the centre: large."""


def right(confidence: float, class_id: int = CAR, *, bounds: Bounds | None = MIDDLE) -> ObjectFact:
    return ObjectFact(VerdictKind.ACCEPTED, class_id, class_id, confidence, iou=1.0, bounds=bounds)


def moved(confidence: float, class_id: int = CAR, *, bounds: Bounds | None = MIDDLE) -> ObjectFact:
    return replace(right(confidence, class_id, bounds=bounds), kind=VerdictKind.EDITED, geometry_changed=True, iou=0.8)


def renamed(confidence: float, proposed: int, final: int, *, bounds: Bounds | None = MIDDLE) -> ObjectFact:
    return ObjectFact(VerdictKind.EDITED, final, proposed, confidence, class_changed=True, iou=1.0, bounds=bounds)


def wrong(confidence: float, class_id: int = CAR, *, bounds: Bounds | None = MIDDLE) -> ObjectFact:
    return ObjectFact(VerdictKind.REJECTED, class_id, class_id, confidence, bounds=bounds)


def promoted(confidence: float, class_id: int, *, bounds: Bounds | None = MIDDLE) -> ObjectFact:
    return ObjectFact(VerdictKind.PROMOTED, class_id, class_id, confidence, shown=False, iou=1.0, bounds=bounds)


def drawn(class_id: int, *, bounds: Bounds | None = MIDDLE) -> ObjectFact:
    return ObjectFact(VerdictKind.ADDED, class_id, shown=False, bounds=bounds)


def frame(number: int, *objects: ObjectFact, **changes: object) -> DecidedFrame:
    """Return the first decision of a frame, accepted or edited as its objects say unless told otherwise."""
    untouched = all(item.kind is VerdictKind.ACCEPTED for item in objects)
    made = DecidedFrame(
        frame_id=number,
        kind=DecisionKind.ACCEPTED if untouched else DecisionKind.EDITED,
        mode=PresentationMode.NORMAL,
        reviewer="ann",
        model="yolo.pt",
        active_seconds=2.0,
        candidates_shown=sum(item.shown for item in objects),
        objects=objects,
        number=number,
        path=f"frame_{number}.jpg",
        session="s1",
        round=1,
        wall_clock=f"2026-03-01T10:{number % 60:02}:00+00:00",
    )
    return replace(made, **changes)


def ledger() -> list[DecidedFrame]:
    """Return the ledger above."""
    borderline = {"reason": "borderline"}
    stream = {"reason": "audit", "in_stream": True}
    second = {"session": "s2", "reviewer": "bob", "round": 2}
    return [
        frame(1, right(0.92), right(0.97, bounds=LARGE), active_seconds=2.0, **borderline),
        frame(2, right(0.92), moved(0.72, bounds=SMALL_SIDE), wrong(0.52), active_seconds=4.0, **borderline),
        frame(3, renamed(0.72, CAR, BIKE), drawn(BIKE, bounds=TINY_EDGE), active_seconds=6.0, **stream),
        frame(4, kind=DecisionKind.REJECTED, candidates_shown=4, active_seconds=8.0, reason="coverage"),
        frame(5, right(0.92, BIKE), right(0.92), right(0.97, bounds=LARGE), active_seconds=10.0, **stream, **second),
        frame(
            6,
            wrong(0.52, bounds=SMALL_SIDE),
            promoted(0.32, BIKE, bounds=TINY_EDGE),
            right(0.92, BIKE),
            active_seconds=12.0,
            **borderline,
            **second,
        ),
        frame(
            7,
            drawn(BIKE),
            drawn(BIKE),
            kind=DecisionKind.HAND_LABELLED,
            mode=PresentationMode.HAND,
            active_seconds=30.0,
            **second,
        ),
        frame(8, active_seconds=1.0, **stream, **second),
    ]


def table() -> FactTable:
    return FactTable.of(ledger())

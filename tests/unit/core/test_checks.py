"""Figures of the honesty guards, each worked out by hand from a small ledger."""

from __future__ import annotations

from dataclasses import replace
from math import hypot
from typing import Any

import pytest

from autoanno_gui.core.figures.checks import blind_figures, check_figures, nodding_figures
from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.facts import DecidedFrame, ObjectFact
from autoanno_gui.core.figures.intervals import wilson
from autoanno_gui.core.figures.settling import BlindFact
from autoanno_gui.core.records import DecisionKind, PresentationMode, VerdictKind
from tests.unit.core.builders import bootstrap_ratio
from tests.unit.core.test_nodding import frame, table_of

ACCEPTED, EDITED, REJECTED, PROMOTED, ADDED = VerdictKind


def blind(number: int, fact: BlindFact) -> DecidedFrame:
    """Return a frame that was labelled blind and settled after that."""
    return DecidedFrame(
        frame_id=number,
        kind=DecisionKind.HAND_LABELLED,
        mode=PresentationMode.SETTLE,
        reviewer="anna",
        model="yolo.pt",
        active_seconds=9.0,
        first=False,
        in_stream=True,
        blind=fact,
    )


def reviewed(number: int, *kinds: VerdictKind, in_stream: bool = True) -> DecidedFrame:
    """Return a frame that was reviewed with its predictions, with an object for each verdict."""
    shown = {kind: kind not in (PROMOTED, ADDED) for kind in VerdictKind}
    return DecidedFrame(
        frame_id=number,
        kind=DecisionKind.EDITED,
        mode=PresentationMode.NORMAL,
        reviewer="anna",
        model="yolo.pt",
        active_seconds=9.0,
        candidates_shown=sum(shown[kind] for kind in kinds),
        objects=tuple(ObjectFact(kind, 0, shown=shown[kind]) for kind in kinds),
        in_stream=in_stream,
    )


BLIND = [
    blind(1, BlindFact(objects=4, missed=2, candidates=3, unfounded=1, late=0)),
    blind(2, BlindFact(objects=2, missed=0, candidates=2, unfounded=0, late=1)),
    blind(3, BlindFact(objects=4, missed=1, candidates=5, unfounded=2, late=0)),
]
STREAM = [
    reviewed(4, ACCEPTED, ACCEPTED, ADDED),
    reviewed(5, ACCEPTED, EDITED, REJECTED),
    reviewed(6, ACCEPTED, ACCEPTED, PROMOTED, ACCEPTED, ACCEPTED),
]


def check(
    alteration: str, *, caught: bool, kept: int = 0, objects: int = 0, passed_over: bool = False
) -> dict[str, Any]:
    return {
        "reviewer": "anna",
        "session": "s",
        "frame": "a.jpg",
        "alteration": alteration,
        "caught": caught,
        "passed_over": passed_over,
        "seconds": 2.0,
        "objects": objects,
        "kept": kept,
        "added": 0,
        "changed": 0,
        "removed": 0,
    }


class TestBlind:
    def test_what_the_model_missed_and_made_up(self) -> None:
        found = blind_figures(FactTable.of(BLIND))
        assert (found["frames"], found["objects"], found["missed"], found["late"]) == (3, 10, 3, 1)
        assert found["miss_rate"] == pytest.approx(3 / 10)
        assert found["miss_rate_interval"] == pytest.approx(bootstrap_ratio([2, 0, 1], [4, 2, 4]))
        assert found["false_rate"] == pytest.approx(3 / 10)
        assert found["false_rate_interval"] == pytest.approx(bootstrap_ratio([1, 0, 2], [3, 2, 5]))
        assert found["late_rate"] == pytest.approx(1 / 10)
        assert found["late_rate_interval"] == pytest.approx(bootstrap_ratio([0, 1, 0], [4, 2, 4]))

    def test_beside_it_the_stream_as_it_was_reviewed(self) -> None:
        elsewhere = reviewed(7, ADDED, ADDED, REJECTED, in_stream=False)
        found = blind_figures(FactTable.of([*BLIND, *STREAM, elsewhere]))
        # Drawn or promoted: 1 of 3, 0 of 2, 1 of 5 objects. Rejected: 0 of 2, 1 of 3, 0 of 4 candidates.
        assert found["review_miss_rate"] == pytest.approx(2 / 10)
        assert found["review_miss_rate_interval"] == pytest.approx(bootstrap_ratio([1, 0, 1], [3, 2, 5]))
        assert found["review_reject_rate"] == pytest.approx(1 / 9)
        assert found["review_reject_rate_interval"] == pytest.approx(bootstrap_ratio([0, 1, 0], [2, 3, 4]))
        assert found["leaning_missed"] == pytest.approx(3 / 10 - 2 / 10)
        assert found["leaning_kept"] == pytest.approx(3 / 10 - 1 / 9)

    def test_the_interval_of_the_leaning_adds_both_uncertainties(self) -> None:
        found = blind_figures(FactTable.of([*BLIND, *STREAM]))
        (low, high), (other_low, other_high) = found["miss_rate_interval"], found["review_miss_rate_interval"]
        assert found["leaning_missed_interval"] == pytest.approx(
            [0.1 - hypot(0.3 - low, other_high - 0.2), 0.1 + hypot(high - 0.3, 0.2 - other_low)]
        )

    def test_where_nobody_ever_added_anything_the_leaning_still_has_a_width(self) -> None:
        nodded = [reviewed(number, ACCEPTED, ACCEPTED) for number in range(10, 30)]
        found = blind_figures(FactTable.of([*BLIND, *nodded]))
        assert found["review_miss_rate"] == 0.0
        high = wilson(0, 20)[1]
        low, above = found["leaning_missed_interval"]
        assert low == pytest.approx(0.3 - hypot(0.3 - found["miss_rate_interval"][0], high))
        assert above == pytest.approx(found["miss_rate_interval"][1])

    def test_without_frames_there_is_nothing_to_say(self) -> None:
        found = blind_figures(FactTable.of([]))
        assert (found["frames"], found["objects"], found["missed"], found["late"]) == (0, 0, 0, 0)
        rates = ("miss_rate", "false_rate", "review_miss_rate", "review_reject_rate", "leaning_missed", "leaning_kept")
        assert [found[name] for name in (*rates, "late_rate")] == [None] * 7
        assert [found[f"{name}_interval"] for name in (*rates, "late_rate")] == [None] * 7

    def test_blind_frames_alone_say_nothing_about_leaning(self) -> None:
        found = blind_figures(FactTable.of(BLIND))
        assert (found["leaning_missed"], found["leaning_missed_interval"]) == (None, None)

    def test_frames_confirmed_as_empty_have_no_miss_rate_but_a_false_rate(self) -> None:
        empty = blind(1, BlindFact(objects=0, missed=0, candidates=3, unfounded=3, late=0))
        found = blind_figures(FactTable.of([empty]))
        assert (found["miss_rate"], found["false_rate"]) == (None, 1.0)


def test_only_the_labels_that_stand_say_what_was_missed() -> None:
    """Of a frame that was settled after it was labelled blind, the second decision."""
    before = replace(BLIND[0], mode=PresentationMode.BLIND, first=True, adopted=False)
    found = blind_figures(FactTable.of([before, *BLIND]))
    assert (found["frames"], found["missed"]) == (3, 3)


class TestPlanted:
    EVENTS = (
        check("shifted", caught=True, kept=2, objects=3),
        check("class", caught=False, kept=4, objects=4),
        check("removed", caught=True, kept=0, objects=1),
        check("removed", caught=False, kept=2, objects=2),
        check("shifted", caught=True, kept=1, objects=5, passed_over=True),
    )

    def test_what_was_caught_and_how_far_the_reviewer_agrees_with_themselves(self) -> None:
        found = check_figures(self.EVENTS, True)
        assert found == {
            "enabled": True,
            "planted": 5,
            "caught": 2,
            "catch_rate": 2 / 4,
            "catch_rate_interval": pytest.approx(wilson(2, 4)),
            "passed_over": 1,
            "by_alteration": [
                {"alteration": "shifted", "planted": 1, "caught": 1},
                {"alteration": "class", "planted": 1, "caught": 0},
                {"alteration": "removed", "planted": 2, "caught": 1},
            ],
            "self_agreement": 8 / 10,
            "self_agreement_interval": pytest.approx(bootstrap_ratio([2, 4, 0, 2], [3, 4, 1, 2])),
        }

    def test_without_checks(self) -> None:
        found = check_figures([], False)
        assert (found["enabled"], found["planted"], found["catch_rate"], found["self_agreement"]) == (
            False,
            0,
            None,
            None,
        )
        assert (found["catch_rate_interval"], found["self_agreement_interval"]) == (None, None)

    def test_checks_that_were_all_passed_over_give_no_rate(self) -> None:
        found = check_figures([check("class", caught=False, passed_over=True)], True)
        assert (found["planted"], found["passed_over"], found["catch_rate"]) == (1, 1, None)


class TestNodding:
    def test_marked_frames_newest_first(self) -> None:
        # Of three objects 0.952 s would be a look, of one 0.712 s.
        frames = [frame(1, 2.0), frame(2, 0.5), frame(3, 2.0), frame(4, 0.4, shown=1), frame(5, 0.1, shown=0)]
        found = nodding_figures(table_of(frames))
        assert (found["frames"], found["marked"], found["rate"]) == (4, 2, 0.5)
        assert found["rate_interval"] == pytest.approx(wilson(2, 4))
        assert found["list"] == [
            {"frame": "frame_4.jpg", "seconds": 0.4, "objects": 1, "limit": pytest.approx(0.712)},
            {"frame": "frame_2.jpg", "seconds": 0.5, "objects": 3, "limit": pytest.approx(0.952)},
        ]

    def test_without_accepted_frames(self) -> None:
        assert nodding_figures(FactTable.of([])) == {
            "frames": 0,
            "marked": 0,
            "rate": None,
            "rate_interval": None,
            "list": [],
        }

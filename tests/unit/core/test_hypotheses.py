"""Which hypotheses are given at all: none by chance, none from too few data, the weightiest first."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.hypotheses.rules import MOST, figure_of
from autoanno_gui.core.records import PresentationMode
from tests.unit.core.hypothesis_kit import (
    BIKE,
    CAR,
    DRAWN,
    FALSE,
    GOOD,
    TRAM,
    VAN,
    ask,
    frames,
    moved,
    noise,
    renamed,
)

SMALL = (0.5, 0.5, 0.55, 0.55)
CONFUSED = frames(*[[GOOD, GOOD]] * 20, *[[GOOD, renamed(CAR, VAN)]] * 12, *[[FALSE]] * 8)


def test_noise_has_no_cause() -> None:
    speaking = 0
    for seed in range(200):
        decisions, lights = noise(seed, count=80, spread=(0.0, 0.5, 1.0)[seed % 3])
        speaking += bool(ask(decisions, lights=lights))
    assert speaking <= 10


def test_an_empty_ledger_has_no_hypothesis() -> None:
    assert ask([]) == []


def test_too_few_corrections_or_frames_say_nothing() -> None:
    assert [found.code for found in ask(CONFUSED)] == ["confusion:10:12"]
    assert ask(CONFUSED[:-1]) == []
    crammed = frames([GOOD] * 40, *[[renamed(CAR, VAN)] * 3] * 18)
    assert ask(crammed) == []
    assert [found.code for found in ask([*crammed, *frames([GOOD], start=30)])] == ["confusion:10:12"]


def test_frames_that_judge_no_prediction_say_nothing() -> None:
    assert ask([replace(one, mode=PresentationMode.HAND) for one in CONFUSED]) == []
    assert ask([replace(one, first=False) for one in CONFUSED]) == []


def test_only_the_model_that_was_judged_last_is_asked_about() -> None:
    newer = [replace(one, round=2) for one in frames(*[[GOOD]] * 10, start=100)]
    assert ask([*CONFUSED, *newer]) == []
    enough = [replace(one, round=2) for one in frames(*[[GOOD, DRAWN]] * 25, start=100)]
    assert ask([*CONFUSED, *enough, *newer]) == []
    again = [replace(one, round=2, frame_id=one.frame_id + 100) for one in CONFUSED]
    (found,) = ask([*frames(*[[DRAWN]] * 40, start=500), *again])
    assert found.share == 12 / 20


def test_the_weightiest_comes_first_and_says_that_another_is_about_the_same_objects() -> None:
    small = replace(DRAWN, class_id=TRAM, bounds=SMALL)
    decisions = frames(*[[GOOD, GOOD]] * 40, *[[GOOD, small]] * 20, *[[GOOD, renamed(CAR, VAN)]] * 12)
    by_class, by_size, confused = ask(decisions, known=[CAR, VAN, BIKE])
    # All 20 are of the class; the others are missed in none of 124 cases, so that all 20 are in excess as well.
    assert (by_class.code, by_class.share) == ("unknown_class:13", 20 / 32)
    assert (by_size.code, by_size.share) == ("missed_small", 20 / 32)
    assert (confused.code, confused.share) == ("confusion:10:12", 12 / 32)
    assert "too." not in by_class.evidence
    assert by_size.evidence.endswith("20 of these 20 objects count under “`tram` not known to the model” too.")
    assert "too." not in confused.evidence


def test_no_more_are_given_than_anyone_reads() -> None:
    unknown = [replace(DRAWN, class_id=each) for each in range(20, 28)]
    found = ask(frames(*[[GOOD, *unknown]] * 20))
    assert len(found) == MOST
    assert {each.share for each in found} == {1 / 8}
    assert found[0].class_name == "class 20"


def test_frames_that_show_it_come_newest_first_and_only_so_many() -> None:
    (found,) = ask(CONFUSED)
    assert found.frames == tuple(f"{number:04}_shot.jpg" for number in range(31, 19, -1))
    (many,) = ask(frames(*[[GOOD]] * 300, *[[GOOD, renamed(CAR, VAN)]] * 250))
    assert len(many.frames) == 200
    assert many.frames[0] == "0549_shot.jpg"


def test_it_is_fit_for_json() -> None:
    (found,) = ask(CONFUSED)
    assert json.loads(json.dumps(found.as_dict())) == {
        "code": "confusion:10:12",
        "sentence": "The model mistakes `van` for `car`.",
        "evidence": "12 of 72 candidates shown as `car` became `van`.",
        "advice": found.advice,
        "share": 0.6,
        "frames": list(found.frames),
        "class": "car",
    }


@pytest.mark.parametrize("code", ["", "no_such_rule", "folder:nowhere"])
def test_a_cause_that_nobody_knows_has_no_figure(code: str) -> None:
    table = FactTable.of(CONFUSED)
    assert figure_of(code, table, np.ones(len(table), np.bool_)) is None


def test_every_cause_can_be_followed_on_later_frames() -> None:
    cases = [
        (CONFUSED, [CAR, VAN]),
        (frames(*[[GOOD, replace(DRAWN, class_id=TRAM, bounds=SMALL)]] * 25, *[[GOOD]] * 9), [CAR]),
        (frames(*[[moved(0.0, 0.0, 0.1, 0.0)]] * 25), [CAR]),
    ]
    for decisions, known in cases:
        table = FactTable.of(decisions)
        given = ask(decisions, known=known)
        assert given
        for found in given:
            figure = figure_of(found.code, table, np.ones(len(table), np.bool_))
            assert figure is not None
            assert 0.0 < figure <= 1.0
            assert figure_of(found.code, table, np.zeros(len(table), np.bool_)) is None

"""Frames of a video: the same thing again and again is one observation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.facts import Bounds, DecidedFrame, ObjectFact
from autoanno_gui.core.figures.hypotheses.clips import Things
from autoanno_gui.core.figures.hypotheses.rules import hypotheses
from autoanno_gui.core.light import Light
from tests.unit.core.hypothesis_kit import BIKE, DRAWN, GOOD, NAMES, ask, frame, noise

SMALL: Bounds = (0.5, 0.5, 0.55, 0.55)


def at(left: float, *, item: ObjectFact = GOOD) -> ObjectFact:
    """Return an object of a tenth of the picture's sides, half-way down."""
    return replace(item, bounds=(left, 0.5, left + 0.1, 0.6))


def things(*decisions: DecidedFrame) -> list[int]:
    return Things(FactTable.of(decisions)).of_objects.tolist()


# ---------------------------------------------------------------------------------------------------- things
def test_a_thing_is_followed_from_frame_to_frame_as_it_moves_and_in_whatever_order_they_were_decided() -> None:
    second, first = frame(2, at(0.18), path="a_10.jpg"), frame(1, at(0.1), path="a_9.jpg")
    third = frame(3, at(0.26), at(0.7), path="a_11.jpg")
    # Rows: 0 of the second frame, 1 of the first, 2 and 3 of the third. The first picture is that of a_9.
    assert things(second, first, third) == [1, 1, 1, 3]


def test_it_may_be_gone_for_two_frames_but_not_for_three() -> None:
    def shots(gap: int) -> list[DecidedFrame]:
        return [frame(n, *([at(0.1)] if n in (0, gap + 1) else []), path=f"a_{n}.jpg") for n in range(gap + 2)]

    assert things(*shots(2)) == [0, 0]
    assert things(*shots(3)) == [0, 1]


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("b_2.jpg", at(0.1)),  # another clip
        ("b/a_2.jpg", at(0.1)),  # another folder
        ("a_2.jpg", replace(at(0.1), class_id=BIKE)),
        ("a_2.jpg", at(0.22)),  # the surroundings are twice as large: 0.08 of 0.32, IoU 0.25
        ("a_2.jpg", replace(GOOD, bounds=None)),
    ],
)
def test_what_is_another_thing(path: str, other: ObjectFact) -> None:
    assert things(frame(1, at(0.1), path="a_1.jpg"), frame(2, other, path=path)) == [0, 1]


def test_of_two_neighbours_each_goes_on_with_the_nearer_one() -> None:
    crowd = frame(1, at(0.1), at(0.2), path="a_1.jpg"), frame(2, at(0.19), at(0.11), path="a_2.jpg")
    assert things(*crowd) == [0, 1, 1, 0]


def test_drawn_and_shown_objects_can_be_the_same_thing() -> None:
    assert things(frame(1, at(0.1), path="1.jpg"), frame(2, at(0.1, item=DRAWN), path="2.jpg")) == [0, 0]
    assert things() == []
    assert things(frame(1)) == []


# ---------------------------------------------------------------------------------------------------- rules
def test_one_parked_car_that_is_missed_on_a_whole_clip_is_no_rule() -> None:
    missed = replace(DRAWN, bounds=SMALL)
    rest = [frame(100 + n, GOOD, GOOD) for n in range(40)]
    in_one_place = [frame(n, GOOD, missed, path=f"street_{n}.jpg") for n in range(30)]
    on_as_many_pictures = [replace(shot, path=f"{n}_street.jpg") for n, shot in enumerate(in_one_place)]
    assert ask([*in_one_place, *rest]) == []
    assert [found.code for found in ask([*on_as_many_pictures, *rest])] == ["missed_small"]


def test_one_parked_car_that_is_found_on_a_whole_clip_makes_no_good_model() -> None:
    in_one_place = [frame(n, GOOD, path=f"street_{n}.jpg") for n in range(200)]
    on_as_many_pictures = [replace(shot, path=f"{n}_street.jpg") for n, shot in enumerate(in_one_place)]
    assert ask(in_one_place) == []
    assert [found.code for found in ask(on_as_many_pictures)] == ["good"]


def scenes(seed: int, *, count: int, length: int, moving: float) -> tuple[list[DecidedFrame], dict[int, Light]]:
    """Return a ledger without any cause in which each picture of `noise` stays for a while, its objects on the move and
    judged nearly always alike."""
    rng = np.random.default_rng(seed)
    stills, lights = noise(seed, count=count)
    made, lit = [], {}
    for scene, still in enumerate(stills):
        ways = rng.normal(0.0, moving, size=(len(still.objects), 2)) if moving else np.zeros((len(still.objects), 2))
        for step in range(length):
            number = scene * length + step
            objects = [_moved(item, step * way) for item, way in zip(still.objects, ways, strict=True)]
            kept = [item for item in objects if rng.uniform() < 0.95]
            made.append(frame(number, *kept, path=f"video_{number:06}.jpg"))
            light = lights[scene]
            lit[number] = Light(light.brightness, light.sharpness)
    return [made[at] for at in rng.permutation(len(made))], lit


def _moved(item: ObjectFact, by: np.ndarray) -> ObjectFact:
    assert item.bounds is not None
    x, y = by.tolist()
    left, top, right, bottom = item.bounds
    return replace(item, bounds=(left + x, top + y, right + x, bottom + y))


@pytest.mark.parametrize(
    "made",
    [
        lambda seed: scenes(seed, count=10, length=15, moving=0.0),
        lambda seed: scenes(seed, count=30, length=5, moving=0.01),
    ],
    ids=["ten long scenes", "thirty short ones"],
)
def test_near_identical_frames_without_a_cause_say_nothing(
    made: Callable[[int], tuple[list[DecidedFrame], dict[int, Light]]],
) -> None:
    """Were each frame an observation of its own, a rule would speak in more than half of such projects."""
    spoke = 0
    for seed in range(40):
        decisions, lights = made(seed)
        spoke += any(
            found.code != "good" for found in hypotheses(FactTable.of(decisions, lights=lights), NAMES, list(NAMES))
        )
    assert spoke <= 4

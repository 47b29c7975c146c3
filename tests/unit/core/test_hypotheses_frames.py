"""What each rule about frames says, and when it is silent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.facts import DecidedFrame
from autoanno_gui.core.figures.hypotheses.clips import clip_of
from autoanno_gui.core.figures.hypotheses.hypothesis import Hypothesis
from autoanno_gui.core.figures.hypotheses.rules import figure_of
from autoanno_gui.core.light import Light
from tests.unit.core.hypothesis_kit import DRAWN, FALSE, GOOD, ask, elsewhere, frame, frames


def figure(
    code: str, decisions: Sequence[DecidedFrame], *, lights: dict[int, Light] | None = None, start: int = 0
) -> float | None:
    """Return the figure on the frames from `start` on."""
    table = FactTable.of(decisions, lights=lights)
    return figure_of(code, table, np.arange(len(table)) >= start)


# ---------------------------------------------------------------------------------------------------- light
def mixed(*, count: int = 60, bad: int = 12) -> list[DecidedFrame]:
    """Return frames of which every fifth needs a correction of both its objects, and every tenth of one."""
    return [
        frame(number, *([FALSE, DRAWN] if number % 5 == 0 and number < 5 * bad else [GOOD, GOOD]))
        if number % 10 != 1
        else frame(number, GOOD, FALSE)
        for number in range(count)
    ]


def poor(low: Light, *, count: int = 60) -> dict[int, Light]:
    """Return the light of frames of which every fifth is like this."""
    return {number: low if number % 5 == 0 else Light(0.5 + number / 1000, 1.0 + number) for number in range(count)}


DARK = poor(Light(0.1, 500.0))
BLURRED = poor(Light(0.9, -1.0))


@pytest.mark.parametrize(
    ("code", "lights", "sentence", "which"),
    [
        (
            "dark",
            DARK,
            "The model does worse on dark frames.",
            "darkest fifth of the frames (brightness up to 0.10 of 1)",
        ),
        ("blurred", BLURRED, "The model does worse on blurred frames.", "least sharp fifth of the frames"),
    ],
)
def test_frames_in_poor_light(code: str, lights: dict[int, Light], sentence: str, which: str) -> None:
    (found,) = ask(mixed(), lights=lights)
    assert found.code == code
    assert found.sentence == sentence
    # The other 48 frames: 6 of 96 objects.
    assert found.evidence == f"On the {which} 100% of 24 objects needed a correction, against 6% on the others."
    assert found.share == (24 - 24 * 6 / 96) / 30
    assert found.frames[0] == "0055_shot.jpg"
    assert figure(code, mixed(), lights=lights) == 1.0
    assert figure(code, mixed(bad=6), lights=lights) == 0.5
    assert figure(code, mixed(), lights={}) is None


def test_light_says_nothing_where_it_is_not_known_or_makes_no_difference() -> None:
    assert ask(mixed()) == []
    assert ask(mixed(), lights={number: light for number, light in DARK.items() if number < 49}) == []
    assert ask(mixed(), lights=dict.fromkeys(range(60), Light(0.1, 0.0))) == []
    shuffled = {number: DARK[(number + number // 5) % 60] for number in range(60)}
    assert ask(mixed(), lights=shuffled) == []


# ---------------------------------------------------------------------------------------------------- folder or clip
def night_and_day(night: str, day: str, *, worse: bool = True) -> list[DecidedFrame]:
    def shot(number: int, path: str, *, false: bool) -> DecidedFrame:
        return frame(number, elsewhere(GOOD, number), elsewhere(FALSE if false else GOOD, number), path=path)

    bad = [shot(n, f"{night}{n:03}.jpg", false=worse or n % 10 == 0) for n in range(30)]
    rest = [shot(30 + n, f"{day}{n:03}.jpg", false=n % 10 == 0) for n in range(40)]
    return [*bad, *rest]


def expect_night(found: Hypothesis, name: str) -> None:
    assert found.sentence == f"The {name} differs from the rest: the model does worse there."
    assert found.evidence == "50% of 60 objects on its 30 frames needed a correction, against 5% on the others."
    assert found.share == (30 - 60 * 4 / 80) / 34


def test_a_folder_that_differs() -> None:
    decisions = night_and_day("night/", "day/")
    (found,) = ask(decisions)
    assert found.code == "folder:night"
    expect_night(found, "folder `night`")
    assert figure("folder:night", decisions) == 0.5
    assert figure("folder:day", decisions) == 4 / 80
    assert figure("folder:night", decisions, start=30) is None


def test_a_clip_that_differs_where_all_lie_in_one_folder() -> None:
    decisions = night_and_day("all/night-", "all/day-")
    (found,) = ask(decisions)
    assert found.code == "clip:night"
    expect_night(found, "clip `night`")
    assert figure("clip:night", decisions) == 0.5


def test_the_folder_at_the_top_has_a_name_too() -> None:
    (found,) = ask(night_and_day("", "day/"))
    assert found.code == "folder:"
    expect_night(found, "top folder")
    assert figure("folder:", night_and_day("", "day/")) == 0.5


def test_folders_that_do_not_differ_or_have_few_frames_are_not_named() -> None:
    alike = [*night_and_day("night/", "day/", worse=False), *frames(*[[GOOD, FALSE]] * 20, start=70)]
    assert "folder:night" not in [found.code for found in ask(alike)]
    few = [frame(n, FALSE, FALSE, FALSE, path=f"night/{n}_shot.jpg") for n in range(9)]
    rest = [frame(100 + n, GOOD, path=f"day/{n}_shot.jpg") for n in range(50)]
    assert ask([*few, *rest]) == []
    one_more = frame(9, FALSE, FALSE, FALSE, path="night/9_shot.jpg")
    assert [found.code for found in ask([*few, one_more, *rest])] == ["folder:night"]


@pytest.mark.parametrize(
    ("path", "clip"),
    [
        ("a/b/street_0001.jpg", "street"),
        ("street-12-0001.png", "street-12"),
        ("000123.jpg", ""),
        ("cam2.frame.17.jpg", "cam2.frame"),
        ("photo.jpg", "photo"),
    ],
)
def test_names_of_clips(path: str, clip: str) -> None:
    assert clip_of(path) == clip


# ---------------------------------------------------------------------------------------------------- simply good
def test_a_model_that_is_simply_good() -> None:
    decisions = frames(*[[GOOD, GOOD, GOOD]] * 97, [GOOD, GOOD, FALSE], [GOOD, FALSE, DRAWN], [GOOD, GOOD, GOOD])
    (found,) = ask(decisions)
    assert (found.code, found.share, found.frames) == ("good", 0.0, ())
    assert found.sentence == "The model is simply good on these frames."
    assert found.evidence.startswith("On 100 frames 2 of 299 candidates were corrected (at most ")
    assert "and 1 of 298 objects were missed (at most " in found.evidence
    assert figure("good", decisions) == 2 / 299


def test_a_model_is_not_simply_good_by_few_frames_or_with_many_missed() -> None:
    assert ask(frames(*[[GOOD]] * 30)) == []
    assert ask(frames(*[[GOOD, GOOD]] * 100, *[[GOOD, DRAWN]] * 19)) == []
    assert [found.code for found in ask(frames(*[[GOOD]] * 80))] == ["good"]
    assert ask([]) == []


def test_a_good_model_is_still_told_what_it_misses() -> None:
    small = replace(DRAWN, bounds=(0.5, 0.5, 0.55, 0.55))
    found = ask(frames(*[[GOOD, GOOD, GOOD]] * 150, *[[GOOD, small]] * 20))
    assert [each.code for each in found] == ["missed_small", "good"]

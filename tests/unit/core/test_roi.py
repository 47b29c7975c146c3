"""What reviewing saves, on small ledgers whose values were worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from math import exp, inf, log, nan, sqrt
from typing import Any

import numpy as np
import pytest
from scipy.stats import t

from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.facts import DecidedFrame, ObjectFact
from autoanno_gui.core.figures.roi import return_figures
from autoanno_gui.core.figures.seconds_per_box import BoxTime, SecondsPerBox
from autoanno_gui.core.records import DecisionKind, PresentationMode, VerdictKind
from autoanno_gui.core.trial import Arm, Trial

KEPT = ObjectFact(VerdictKind.ACCEPTED, 1, 1, 0.9)
GONE = ObjectFact(VerdictKind.REJECTED, 1, 1, 0.6)
DRAWN = ObjectFact(VerdictKind.ADDED, 1, shown=False)
HAND = (20.0, 30.0, 40.0, 50.0, 60.0)
"""On average 40 s."""
REVIEW = (5.0, 10.0, 10.0, 10.0, 15.0)
"""On average 10 s."""


def by_hand(path: str, seconds: float, **more: Any) -> DecidedFrame:  # noqa: ANN401
    return _frame(path, seconds, DecisionKind.HAND_LABELLED, PresentationMode.HAND, (DRAWN,) * 3, **more)


def reviewed(path: str, seconds: float, *objects: ObjectFact, **more: Any) -> DecidedFrame:  # noqa: ANN401
    return _frame(path, seconds, DecisionKind.ACCEPTED, PresentationMode.NORMAL, objects, **more)


def refused(path: str, seconds: float) -> DecidedFrame:
    return _frame(path, seconds, DecisionKind.REJECTED, PresentationMode.NORMAL, ())


def _frame(
    path: str,
    seconds: float,
    kind: DecisionKind,
    mode: PresentationMode,
    objects: Sequence[ObjectFact],
    **more: Any,  # noqa: ANN401
) -> DecidedFrame:
    return DecidedFrame(
        frame_id=hash(path),
        kind=kind,
        mode=mode,
        reviewer="ann",
        model="m.pt",
        active_seconds=seconds,
        objects=tuple(objects),
        path=path,
        **more,
    )


def trial_of(hand: Sequence[float], review: Sequence[float]) -> tuple[Trial, list[DecidedFrame]]:
    frames = [by_hand(f"hand{at}", seconds) for at, seconds in enumerate(hand)]
    frames += [reviewed(f"review{at}", seconds, KEPT, KEPT, KEPT, GONE) for at, seconds in enumerate(review)]
    arms = {one.path: Arm.HAND if one.path.startswith("hand") else Arm.REVIEW for one in frames}
    return Trial(0, "", "ann", 1, arms), frames


def figures_of(
    trial: Trial | None,
    frames: Sequence[DecidedFrame],
    seconds: float = 7.0,
    **more: Any,  # noqa: ANN401
) -> dict[str, Any]:
    return return_figures(FactTable.of(frames), trial, seconds, "extreme_clicking", **more)


def test_the_ratio_is_that_of_the_mean_times() -> None:
    """Beside the trial 15 frames of 8 s: 20 reviewed ones took 50 + 120 = 170 s in place of 20 x 40 = 800 s."""
    trial, frames = trial_of(HAND, REVIEW)
    frames += [reviewed(f"more{at}", 8.0, KEPT, KEPT) for at in range(15)]
    found = figures_of(trial, frames, setup_seconds=301.0, frames_left=900)
    assert found["measured"]
    assert (found["frames_by_hand"], found["frames_reviewed"]) == (5, 5)
    assert (found["hand_seconds_per_frame"], found["review_seconds_per_frame"]) == (40.0, 10.0)
    assert found["ratio"] == 4.0
    assert found["spent_hours"] == pytest.approx(170 / 3600)
    assert found["saved_hours"] == pytest.approx(630 / 3600)
    assert found["break_even_frames"] == 11  # 301 s at 30 s a frame
    # Variances of the means, relative: 250 / 5 / 40 ** 2 = 0.03125 and 12.5 / 5 / 10 ** 2 = 0.025. The ratio has
    # 0.05625 ** 2 / (0.03125 ** 2 / 4 + 0.025 ** 2 / 4) = 7.90 degrees of freedom (t = 2.3111), the mean four (2.7764).
    assert found["ratio_interval"] == pytest.approx((4 * exp(-0.54812), 4 * exp(0.54812)), rel=1e-4)
    low, high = 40 * exp(-0.49081), 40 * exp(0.49081)
    assert found["saved_hours_interval"] == pytest.approx(((20 * low - 170) / 3600, (20 * high - 170) / 3600), rel=1e-4)
    assert found["pace"] == {"hand": 40.0, "review": 10.0}
    assert found["plain"] == {
        "frames": 10,
        "sentence": "Your 40.0 s a frame by hand and 10.0 s by review, over the 900 frames that are left: 10.0 h "
        "against 2.5 h.",
    }
    # 5 x 3 and 15 x 2 objects, 7 s each, would be 315 s.
    estimate = found["estimate"]
    assert estimate["marked"] is True
    assert (estimate["seconds_per_box"], estimate["how"]) == (7.0, "extreme_clicking")
    assert estimate["hand_hours"] == pytest.approx(315 / 3600)
    assert estimate["saved_hours"] == pytest.approx(145 / 3600)
    assert estimate["ratio"] == pytest.approx(315 / 170)
    assert estimate["break_even_frames"] == 42  # 145 s over 20 frames are 7.25 s each
    json.dumps(found)


def test_a_refused_frame_costs_its_review_and_a_frame_by_hand() -> None:
    """Five reviews of 10 s, one of which ended in hand labelling: 10 + 40 / 5 = 18 s a frame."""
    trial, frames = trial_of(HAND, REVIEW)
    frames[-1] = refused("review4", 15.0)
    found = figures_of(trial, frames)
    assert found["review_seconds_per_frame"] == 18.0
    assert found["ratio"] == pytest.approx(40 / 18)
    # Reviews in hand times, with 1 more for the refused one: 0.125, 0.25, 0.25, 0.25, 1.375: mean 0.45, and the mean of
    # them varies by 0.270 / 5. The time by hand weighs 10 / 18.
    varied, weight = 0.2703125 / 5 / 0.45**2, 0.03125 * (10 / 18) ** 2
    freedom = (varied + weight) ** 2 / (varied**2 / 4 + weight**2 / 4)
    low, high = found["ratio_interval"]
    assert low * high == pytest.approx((40 / 18) ** 2)
    assert log(high / low) / 2 / sqrt(varied + weight) == pytest.approx(float(t.ppf(0.975, freedom)))
    assert found["saved_hours"] == pytest.approx((4 * 40 - 50) / 3600)
    assert found["estimate"]["hand_hours"] == pytest.approx(4 * 3 * 7 / 3600)


def test_nothing_is_measured_before_each_arm_has_five_frames() -> None:
    trial, frames = trial_of(HAND, REVIEW[:4])
    found = figures_of(trial, frames)
    assert not found["measured"]
    assert (found["frames_by_hand"], found["frames_reviewed"]) == (5, 4)
    assert (found["hand_seconds_per_frame"], found["review_seconds_per_frame"]) == (40.0, 8.75)
    for name in ("ratio", "ratio_interval", "saved_hours", "saved_hours_interval", "break_even_frames"):
        assert found[name] is None


def test_only_first_decisions_made_the_way_that_was_drawn_count() -> None:
    """A frame that was labelled again, one by hand that was drawn for review, and the other way round."""
    trial, frames = trial_of(HAND, REVIEW)
    frames[0] = reviewed("hand0", 1.0, KEPT)
    frames[5] = by_hand("review0", 100.0)
    frames.append(by_hand("hand1", 500.0, first=False))
    frames.append(by_hand("elsewhere", 900.0))
    found = figures_of(trial, frames)
    assert (found["frames_by_hand"], found["frames_reviewed"]) == (4, 4)
    assert (found["hand_seconds_per_frame"], found["review_seconds_per_frame"]) == (45.0, 11.25)
    assert not found["measured"]


def test_a_frame_that_was_labelled_blind_or_refused_without_a_model_is_no_part_of_the_trial() -> None:
    trial, frames = trial_of(HAND, REVIEW)
    frames[0] = replace(frames[0], mode=PresentationMode.BLIND)
    frames[5] = replace(refused("review0", 5.0), model=None)
    found = figures_of(trial, frames)
    assert (found["frames_by_hand"], found["frames_reviewed"]) == (4, 4)
    assert found["spent_hours"] == pytest.approx(45 / 3600)


def test_without_a_trial_there_is_only_the_estimate() -> None:
    found = figures_of(None, [reviewed("a", 10.0, KEPT, KEPT), reviewed("b", 4.0, KEPT)], seconds=28.0)
    assert not found["measured"]
    assert found["plain"] == {"frames": 0, "sentence": ""}
    assert found["estimate"]["ratio"] == 6.0  # 3 x 28 s by hand, 14 s by review
    assert found["pace"] == {"hand": 42.0, "review": 7.0}


def test_without_a_decision_nothing_is_said() -> None:
    found = figures_of(None, [])
    assert (found["ratio"], found["estimate"]["ratio"], found["estimate"]["saved_hours"]) == (None, None, None)
    assert found["pace"] == {"hand": None, "review": None}


def test_a_model_that_costs_time_is_never_paid_for() -> None:
    trial, frames = trial_of(REVIEW, HAND)
    found = figures_of(trial, frames, setup_seconds=10.0)
    assert found["ratio"] == 0.25
    assert found["saved_hours"] == pytest.approx((5 * 10 - 200) / 3600)
    assert found["break_even_frames"] is None


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Times of five frames an arm that spread as people's do, 120 trials: 95 % is 114 and 93 % 111, give or take three
    times 2.8. The saved hours follow from the times by hand alone."""
    rng = np.random.default_rng(5)
    mean = float(np.exp(0.5**2 / 2))
    inside = saved_inside = 0
    for _ in range(120):
        hand, review = 40 * rng.lognormal(0, 0.5, 5), 10 * rng.lognormal(0, 0.5, 5)
        trial, frames = trial_of(hand.tolist(), review.tolist())
        found = figures_of(trial, frames)
        low, high = found["ratio_interval"]
        assert low < found["ratio"] < high
        inside += low <= 4.0 <= high
        low, high = found["saved_hours_interval"]
        saved_inside += low <= (5 * 40 * mean - review.sum()) / 3600 <= high
    assert inside >= 106
    assert saved_inside >= 103


def test_more_frames_say_more() -> None:
    def width(times: int) -> float:
        trial, frames = trial_of(HAND * times, REVIEW * times)
        low, high = figures_of(trial, frames)["ratio_interval"]
        return float(high - low)

    assert width(4) < width(2) / 1.3 < width(1) / 1.69


@pytest.mark.parametrize("seconds", [SecondsPerBox(), SecondsPerBox(BoxTime.OWN, 12.5)])
def test_seconds_per_box_are_kept_as_text(seconds: SecondsPerBox) -> None:
    assert SecondsPerBox.from_json(seconds.to_json()) == seconds


@pytest.mark.parametrize("text", [None, "", "1", '{"how": "guess", "seconds": 3}', '{"how": "own", "seconds": "x"}'])
def test_what_cannot_be_read_is_the_published_time(text: str | None) -> None:
    assert SecondsPerBox.from_json(text) == SecondsPerBox(BoxTime.DRAWING, 25.5)


@pytest.mark.parametrize(
    ("how", "seconds"),
    [(BoxTime.DRAWING, 20.0), (BoxTime.DRAWING, 35.1), (BoxTime.EXTREME_CLICKING, 8.0), (BoxTime.OWN, 0.0)],
)
def test_seconds_outside_what_was_published_are_refused(how: BoxTime, seconds: float) -> None:
    with pytest.raises(ValueError, match="s a box"):
        SecondsPerBox(how, seconds)


@pytest.mark.parametrize("seconds", [nan, inf, -1.0])
def test_seconds_that_are_no_time_are_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="s a box"):
        SecondsPerBox(BoxTime.OWN, seconds)
